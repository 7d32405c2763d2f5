
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_table.h"

#include <string.h>


/*
 * A name as a client sends it, and the names that price lists use for the same
 * thing.  The number of look-ups is bounded: slashes are, and every name is
 * made of the client's by cutting, with one prefix and one suffix.
 */

#define LLM_PRICE_SLASHES    4


/* PROVIDER/NAME, NAME, and the same behind each slash */

static const llm_price_t *
llm_prices_find_path(const llm_prices_t *t, const llm_str_t *name,
    const llm_str_t *provider)
{
    size_t            n;
    unsigned          i;
    llm_str_t         s, rest;
    llm_price_row_t  *row;
    unsigned char    *slash, buf[LLM_PRICE_NAME_MAX * 2 + 16];

    rest = *name;
    n = 0;

    if (provider->len && provider->len <= LLM_PRICE_NAME_MAX) {
        memcpy(buf, provider->data, provider->len);
        buf[provider->len] = '/';
        n = provider->len + 1;
    }

    for (i = 0; i <= LLM_PRICE_SLASHES; i++) {

        if (n) {
            memcpy(buf + n, rest.data, rest.len);

            s.data = buf;
            s.len = n + rest.len;

            row = llm_prices_get(t, &s);
            if (row) {
                return &row->price;
            }
        }

        row = llm_prices_get(t, &rest);
        if (row) {
            return &row->price;
        }

        slash = memchr(rest.data, '/', rest.len);
        if (slash == NULL) {
            break;
        }

        rest.len -= slash + 1 - rest.data;
        rest.data = slash + 1;

        if (rest.len == 0) {
            break;
        }
    }

    return NULL;
}


/* the text ends in a date of this form, where 0 stands for any digit */

static int
llm_price_ends(const llm_str_t *s, const char *form)
{
    size_t                i, n;
    const unsigned char  *p;

    n = strlen(form);

    if (s->len <= n) {
        return 0;
    }

    p = s->data + s->len - n;

    for (i = 0; i < n; i++) {
        if (form[i] == '0' ? (unsigned) p[i] - '0' > 9 : p[i] != form[i]) {
            return 0;
        }
    }

    return 1;
}


static int
llm_price_undate(llm_str_t *s)
{
    unsigned            i;
    static const char  *forms[] = {
        "-latest", "-0000-00-00", "-00000000", "-0000",
        "@latest", "@default", "@0000-00-00", "@00000000", NULL
    };

    for (i = 0; forms[i]; i++) {
        if (llm_price_ends(s, forms[i])) {
            s->len -= strlen(forms[i]);
            return 1;
        }
    }

    return 0;
}


/* the name, undated, and as "-latest" */

static const llm_price_t *
llm_prices_find_name(const llm_prices_t *t, const llm_str_t *name,
    const llm_str_t *provider)
{
    llm_str_t           s;
    unsigned char       buf[LLM_PRICE_NAME_MAX + 16];
    const llm_price_t  *p;

    p = llm_prices_find_path(t, name, provider);
    if (p) {
        return p;
    }

    s = *name;

    if (llm_price_undate(&s)) {
        p = llm_prices_find_path(t, &s, provider);
        if (p) {
            return p;
        }
    }

    memcpy(buf, s.data, s.len);
    memcpy(buf + s.len, "-latest", sizeof("-latest") - 1);

    s.data = buf;
    s.len += sizeof("-latest") - 1;

    return llm_prices_find_path(t, &s, provider);
}


/* "ft:BASE:organization:suffix:id", perhaps behind a provider's prefix */

static const llm_price_t *
llm_prices_find_tuned(const llm_prices_t *t, const llm_str_t *model,
    const llm_str_t *provider)
{
    llm_str_t             s;
    unsigned char        *colon;
    const llm_price_t    *p;
    const unsigned char  *last;

    last = model->data + model->len;
    s.data = model->data;

    for (s.len = model->len; s.len; s.len--) {
        if (model->data[s.len - 1] == '/') {
            s.data = model->data + s.len;
            break;
        }
    }

    s.len = last - s.data;

    if (s.len <= 3 || memcmp(s.data, "ft:", 3) != 0) {
        return NULL;
    }

    colon = memchr(s.data + 3, ':', s.len - 3);
    if (colon) {
        s.len = colon - s.data;
    }

    if (s.len == 3) {
        return NULL;
    }

    p = llm_prices_find_name(t, &s, provider);
    if (p) {
        return p;
    }

    s.data += 3;
    s.len -= 3;

    return llm_prices_find_name(t, &s, provider);
}


static const llm_price_t *
llm_prices_find_regex(const llm_prices_t *t, const llm_str_t *model)
{
    llm_price_regex_t  *re;

    for (re = t->regex; re; re = re->next) {

        /* a limit that was passed is no match: no price, not a wrong one */

        if (pcre2_match(re->code, model->data, model->len, 0, 0, t->match,
                        t->limits)
            >= 0)
        {
            return &re->price;
        }
    }

    return NULL;
}


const llm_price_t *
llm_prices_find(const llm_prices_t *t, const llm_str_t *model,
    const llm_str_t *provider)
{
    const llm_price_t  *p;

    if (model->len == 0 || model->len > LLM_PRICE_NAME_MAX) {
        return NULL;
    }

    p = llm_prices_find_path(t, model, provider);
    if (p) {
        return p;
    }

    p = llm_prices_find_tuned(t, model, provider);
    if (p) {
        return p;
    }

    p = llm_prices_find_name(t, model, provider);
    if (p) {
        return p;
    }

    return llm_prices_find_regex(t, model);
}
