
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_api.h"


/* the text of llm_api's answers, written once from its start to its end */


static u_char *ngx_http_llm_cost_out_room(ngx_http_llm_cost_out_t *o,
    size_t len);


void
ngx_http_llm_cost_out(ngx_http_llm_cost_out_t *o, const char *text)
{
    ngx_http_llm_cost_out_bytes(o, text, ngx_strlen(text));
}


void
ngx_http_llm_cost_out_bytes(ngx_http_llm_cost_out_t *o, const void *data,
    size_t len)
{
    u_char  *p;

    p = ngx_http_llm_cost_out_room(o, len);

    if (p && len) {
        o->pos = ngx_cpymem(p, data, len);
    }
}


void
ngx_http_llm_cost_out_int(ngx_http_llm_cost_out_t *o, int64_t n)
{
    u_char  *p;

    p = ngx_http_llm_cost_out_room(o, NGX_INT64_LEN);

    if (p) {
        o->pos = ngx_sprintf(p, "%L", n);
    }
}


void
ngx_http_llm_cost_out_usd(ngx_http_llm_cost_out_t *o, int64_t nano)
{
    u_char  *p, *last;

    p = ngx_http_llm_cost_out_room(o, LLM_USD_LEN + 1);

    if (p == NULL) {
        return;
    }

    last = p + llm_usd_print(p, nano);

    while (last[-1] == '0') {
        last--;
    }

    if (last[-1] == '.') {
        last--;
    }

    o->pos = last;
}


void
ngx_http_llm_cost_out_string(ngx_http_llm_cost_out_t *o, const void *data,
    size_t len)
{
    u_char     *p;
    llm_str_t   s;

    s.data = (u_char *) data;
    s.len = len;

    p = ngx_http_llm_cost_out_room(o, llm_json_escape(NULL, &s) + 2);

    if (p) {
        *p++ = '"';
        p += llm_json_escape(p, &s);
        *p++ = '"';
        o->pos = p;
    }
}


void
ngx_http_llm_cost_out_ratio(ngx_http_llm_cost_out_t *o, uint64_t a,
    uint64_t b)
{
    u_char    *p;
    uint64_t   n;

    p = ngx_http_llm_cost_out_room(o, NGX_INT64_LEN + sizeof(".0000"));

    if (p) {
        n = b ? (uint64_t) (((unsigned __int128) a * 10000 + b / 2) / b) : 0;
        o->pos = ngx_sprintf(p, "%uL.%04uL", n / 10000, n % 10000);
    }
}


void
ngx_http_llm_cost_out_time(ngx_http_llm_cost_out_t *o, int64_t t)
{
    u_char  *p;

    if (t == INT64_MAX) {
        ngx_http_llm_cost_out(o, "null");
        return;
    }

    p = ngx_http_llm_cost_out_room(o, 32);

    if (p) {
        *p++ = '"';
        p += llm_time_print(p, t);
        *p++ = '"';
        o->pos = p;
    }
}


static u_char *
ngx_http_llm_cost_out_room(ngx_http_llm_cost_out_t *o, size_t len)
{
    u_char  *p;
    size_t   size;

    if (o->failed) {
        return NULL;
    }

    if ((size_t) (o->end - o->pos) >= len) {
        return o->pos;
    }

    size = ngx_max((size_t) (o->end - o->start) * 2,
                   (size_t) (o->pos - o->start) + len);
    size = ngx_max(size, 4096);

    p = ngx_pnalloc(o->pool, size);
    if (p == NULL) {
        o->failed = 1;
        return NULL;
    }

    if (o->start) {
        ngx_memcpy(p, o->start, o->pos - o->start);
        (void) ngx_pfree(o->pool, o->start);
    }

    o->pos = p + (o->pos - o->start);
    o->start = p;
    o->end = p + size;

    return o->pos;
}
