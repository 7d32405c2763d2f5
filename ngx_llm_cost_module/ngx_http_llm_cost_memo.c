
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * The memo of token counts in the zone.  Nothing depends on it but time: it
 * may be absent, and then texts are counted.
 */


llm_memo_t *
ngx_http_llm_cost_memo_create(ngx_http_llm_cost_zone_t *z, void *mem,
    size_t size)
{
    llm_memo_t  *memo;

    memo = llm_memo_create(mem, size);

    if (memo == NULL) {
        ngx_log_error(NGX_LOG_WARN, z->shm_zone->shm.log, 0,
                      "llm_zone \"%V\" has no memo of token counts: the "
                      "system gives no random numbers",
                      &z->shm_zone->shm.name);
        return NULL;
    }

    llm_memo_open(memo, &z->memo);

    return memo;
}


ngx_int_t
ngx_http_llm_cost_memo_attach(ngx_http_llm_cost_zone_t *z, void *mem,
    size_t size, const char **err)
{
    llm_memo_t  *memo;

    if (mem == NULL) {
        return NGX_OK;
    }

    memo = llm_memo_attach(mem, size, err);
    if (memo == NULL) {
        return NGX_ERROR;
    }

    llm_memo_open(memo, &z->memo);

    return NGX_OK;
}


/* how a counter with vocabulary and scratch counts */

void
ngx_http_llm_cost_memo_counter(ngx_http_llm_cost_zone_t *z, llm_counter_t *c)
{
    if (z == NULL || z->memo.memo == NULL) {
        c->count = llm_counter_plain;
        c->data = NULL;
        return;
    }

    c->count = llm_memo_count;
    c->data = &z->memo;
}
