
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


typedef struct {
    const llm_prices_t  *prices;
    const llm_str_t     *provider;
    const llm_str_t     *region;
} llm_price_look_t;


/* the row of PROVIDER/REGION/NAME, whatever of it is not empty */

static const llm_price_t *
llm_prices_find_joined(const llm_price_look_t *l, const llm_str_t *region,
    const llm_str_t *name)
{
    size_t            n;
    unsigned          i;
    llm_str_t         s;
    llm_price_row_t  *row;
    const llm_str_t  *parts[3];
    unsigned char     buf[LLM_PRICE_NAME_MAX * 3 + 16];

    parts[0] = l->provider;
    parts[1] = region;
    parts[2] = name;
    n = 0;

    for (i = 0; i < 3; i++) {

        if (parts[i]->len == 0 || n + parts[i]->len + 1 > sizeof(buf)) {
            continue;
        }

        if (n) {
            buf[n++] = '/';
        }

        memcpy(buf + n, parts[i]->data, parts[i]->len);
        n += parts[i]->len;
    }

    s.data = buf;
    s.len = n;

    row = llm_prices_get(l->prices, &s);

    return row ? &row->price : NULL;
}


/* PROVIDER/REGION/NAME, PROVIDER/NAME, NAME, and the same behind each slash */

static const llm_price_t *
llm_prices_find_path(const llm_price_look_t *l, const llm_str_t *name)
{
    unsigned            i;
    llm_str_t           rest;
    unsigned char      *slash;
    llm_price_row_t    *row;
    const llm_price_t  *p;

    static const llm_str_t  none = llm_string("");

    rest = *name;

    for (i = 0; i <= LLM_PRICE_SLASHES; i++) {

        p = NULL;

        if (l->provider->len && l->region->len) {
            p = llm_prices_find_joined(l, l->region, &rest);
        }

        if (p == NULL && l->provider->len) {
            p = llm_prices_find_joined(l, &none, &rest);
        }

        if (p) {
            return p;
        }

        row = llm_prices_get(l->prices, &rest);
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


/*
 * Bedrock's names say where a model runs and which version of it:
 * "us.anthropic.claude-3-5-sonnet-20240620-v1:0", and gateways put "bedrock/"
 * before that.  Without the region, which rows of some regions have for a
 * price of their own.
 */

static int
llm_price_unregion(llm_str_t *s)
{
    size_t              n, len;
    unsigned            i;
    unsigned char      *p;
    static const char  *regions[] = {
        "global.", "us-gov.", "us.", "eu.", "apac.", "au.", "jp.", "ca.", "in.",
        NULL
    };

    for (p = s->data + s->len; p > s->data && p[-1] != '/'; p--) { /* void */ }

    len = s->data + s->len - p;

    for (i = 0; regions[i]; i++) {
        n = strlen(regions[i]);

        if (len > n && memcmp(p, regions[i], n) == 0) {
            s->data = p + n;
            s->len = len - n;

            return 1;
        }
    }

    return 0;
}


/* the name, undated, and as "-latest" */

static const llm_price_t *
llm_prices_find_name(const llm_price_look_t *l, const llm_str_t *name,
    llm_match_e *how)
{
    llm_str_t           s;
    unsigned char       buf[LLM_PRICE_NAME_MAX + 16];
    const llm_price_t  *p;

    p = llm_prices_find_path(l, name);
    if (p) {
        return p;
    }

    s = *name;

    if (llm_price_undate(&s)) {
        p = llm_prices_find_path(l, &s);
        if (p) {
            *how = LLM_MATCH_UNDATED;
            return p;
        }
    }

    memcpy(buf, s.data, s.len);
    memcpy(buf + s.len, "-latest", sizeof("-latest") - 1);

    s.data = buf;
    s.len += sizeof("-latest") - 1;

    *how = LLM_MATCH_LATEST;

    return llm_prices_find_path(l, &s);
}


/* "ft:BASE:organization:suffix:id", perhaps behind a provider's prefix */

static const llm_price_t *
llm_prices_find_tuned(const llm_price_look_t *l, const llm_str_t *model)
{
    llm_str_t             s;
    llm_match_e           how;
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

    p = llm_prices_find_name(l, &s, &how);
    if (p) {
        return p;
    }

    s.data += 3;
    s.len -= 3;

    return llm_prices_find_name(l, &s, &how);
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
llm_prices_look(const llm_prices_t *t, const llm_str_t *model,
    const llm_str_t *provider, const llm_str_t *region, llm_match_e *how)
{
    llm_str_t           s;
    llm_match_e         match;
    llm_price_look_t    l;
    const llm_price_t  *p;

    if (how == NULL) {
        how = &match;
    }

    *how = LLM_MATCH_NONE;

    if (model->len == 0 || model->len > LLM_PRICE_NAME_MAX) {
        return NULL;
    }

    l.prices = t;
    l.provider = provider;
    l.region = region;

    *how = LLM_MATCH_NAME;
    p = llm_prices_find_path(&l, model);

    if (p == NULL) {
        *how = LLM_MATCH_TUNED;
        p = llm_prices_find_tuned(&l, model);
    }

    s = *model;

    if (p == NULL && llm_price_unregion(&s)) {
        *how = LLM_MATCH_REGION;
        p = llm_prices_find_path(&l, &s);
    }

    if (p == NULL) {
        p = llm_prices_find_name(&l, &s, how);
    }

    if (p == NULL) {
        *how = LLM_MATCH_REGEX;
        p = llm_prices_find_regex(t, model);
    }

    if (p == NULL) {
        *how = LLM_MATCH_NONE;
    }

    return p;
}


const llm_price_t *
llm_prices_tools(const llm_prices_t *t, const llm_str_t *provider)
{
    llm_match_e         how;
    const llm_price_t  *p;

    static const llm_str_t  name = llm_string("(tools)");
    static const llm_str_t  none = llm_string("");

    p = llm_prices_look(t, &name, provider, &none, &how);

    return how == LLM_MATCH_NAME ? p : NULL;
}


const llm_price_t *
llm_prices_find(const llm_prices_t *t, const llm_str_t *model,
    const llm_str_t *provider)
{
    static const llm_str_t  none = llm_string("");

    return llm_prices_look(t, model, provider, &none, NULL);
}


const llm_price_t *
llm_prices_next(const llm_prices_t *t, uint32_t *cursor)
{
    while (*cursor < t->size) {

        if (t->slots[(*cursor)++]) {
            return &t->slots[*cursor - 1]->price;
        }
    }

    return NULL;
}


const char *
llm_match_name(llm_match_e match)
{
    static const char  *names[] = {
        "none", "name", "tuned", "region", "undated", "latest", "expression"
    };

    return names[match];
}
