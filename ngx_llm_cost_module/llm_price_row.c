
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_table.h"
#include "llm_json.h"

#include <string.h>


/*
 * A row of the configuration.  Rates are USD per million tokens, so that six
 * more places make pico-USD per token.
 */

#define LLM_PRICE_ROW_SCALE  6

#define LLM_PRICE_ROW_ARGS   64

/* an expression works on a name that a client sends */

#define LLM_PRICE_MATCHES    10000
#define LLM_PRICE_HEAP       1024        /* KB */


static const llm_price_name_t  llm_price_row_names[] = {
    { llm_string("input"), LLM_RATE_INPUT },
    { llm_string("output"), LLM_RATE_OUTPUT },
    { llm_string("cached_input"), LLM_RATE_CACHED_INPUT },
    { llm_string("cache_write"), LLM_RATE_CACHE_WRITE },
    { llm_string("cache_write_1h"), LLM_RATE_CACHE_WRITE_1H },
    { llm_string("audio_input"), LLM_RATE_AUDIO_INPUT },
    { llm_string("image_input"), LLM_RATE_IMAGE_INPUT },
    { llm_string("reasoning"), LLM_RATE_REASONING },
    { llm_string("audio_output"), LLM_RATE_AUDIO_OUTPUT },
    { llm_string("image_output"), LLM_RATE_IMAGE_OUTPUT },
    { llm_string(""), LLM_RATE_N }
};


typedef struct {
    llm_prices_t     *prices;
    llm_price_t       row;
    char             *err;
    size_t            errsize;
} llm_price_row_ctx_t;


/* "name=value" */

static int
llm_price_row_split(llm_price_row_ctx_t *c, const llm_str_t *arg,
    llm_str_t *name, llm_str_t *value)
{
    unsigned char  *eq;

    eq = arg->len ? memchr(arg->data, '=', arg->len) : NULL;

    if (eq == NULL || eq == arg->data || eq + 1 == arg->data + arg->len) {
        return llm_price_error(c->err, c->errsize,
                               "\"%.*s\" is not NAME=VALUE", (int) arg->len,
                               arg->data);
    }

    name->data = arg->data;
    name->len = eq - arg->data;

    value->data = eq + 1;
    value->len = arg->data + arg->len - (eq + 1);

    return LLM_OK;
}


#define llm_price_row_is(s, text)                                             \
    ((s)->len == sizeof(text) - 1                                             \
     && memcmp((s)->data, text, sizeof(text) - 1) == 0)


static int
llm_price_row_base(llm_price_row_ctx_t *c, const llm_str_t *name)
{
    const llm_price_t       *base;
    static const llm_str_t   none = llm_string("");

    base = llm_prices_find(c->prices, name, &none);
    if (base == NULL) {
        return llm_price_error(c->err, c->errsize,
                               "base model \"%.*s\" has no price",
                               (int) name->len, name->data);
    }

    if (llm_price_copy(c->prices, &c->row, base) != LLM_OK) {
        return LLM_ERROR;
    }

    /* a base that has one itself hands it on; it ends at a real model */

    if (base->vocabulary.len) {
        return LLM_OK;
    }

    return llm_prices_text(c->prices, &c->row.vocabulary, name);
}


static int
llm_price_row_limit(llm_price_row_ctx_t *c, const llm_str_t *name,
    const llm_str_t *value, int64_t *limit)
{
    int64_t  v;

    if (llm_parse_int(value->data, value->len, &v) != LLM_OK || v <= 0) {
        return llm_price_error(c->err, c->errsize,
                               "\"%.*s\" of \"%.*s\" is not a number of "
                               "tokens",
                               (int) value->len, value->data,
                               (int) name->len, name->data);
    }

    *limit = v;

    return LLM_OK;
}


/*
 * A plain name says the price in every tier and above every step: what the
 * base lists there was made for another price.
 */

static void
llm_price_row_replace(llm_price_t *p, llm_rate_e rate)
{
    unsigned  i, tier;

    for (tier = 0; tier < LLM_TIER_N; tier++) {
        p->rates[tier][rate] = -1;

        for (i = 0; i < p->nsteps; i++) {
            p->steps[i].rates[tier][rate] = -1;
        }
    }
}


static int
llm_price_row_rate(llm_price_row_ctx_t *c, const llm_price_key_t *key,
    const llm_str_t *name, const llm_str_t *value)
{
    int       rc;
    int64_t   v, *slot;

    if (llm_parse_scaled(value->data, value->len, LLM_PRICE_ROW_SCALE, &v)
        != LLM_OK
        || v < 0 || v > LLM_PRICE_RATE_MAX)
    {
        return llm_price_error(c->err, c->errsize,
                               "\"%.*s\" of \"%.*s\" is not a price in USD "
                               "per million tokens",
                               (int) value->len, value->data,
                               (int) name->len, name->data);
    }

    rc = llm_price_slot(c->prices, &c->row, key, &slot);

    if (rc == LLM_LIMIT) {
        return llm_price_error(c->err, c->errsize,
                               "more than %d steps", LLM_PRICE_STEPS);
    }

    if (rc != LLM_OK) {
        return rc;
    }

    *slot = v;

    return LLM_OK;
}


/*
 * Order of arguments does not matter: they are read in three passes, base=,
 * then the plain names, then the names of tiers and steps.
 */

typedef enum {
    LLM_PRICE_PASS_BASE = 0,
    LLM_PRICE_PASS_PLAIN,
    LLM_PRICE_PASS_SPECIAL,
    LLM_PRICE_PASS_END
} llm_price_pass_e;


static int
llm_price_row_arg(llm_price_row_ctx_t *c, llm_price_pass_e pass,
    const llm_str_t *name, const llm_str_t *value)
{
    int              special;
    llm_price_key_t  key;

    if (llm_price_row_is(name, "base")) {
        return pass == LLM_PRICE_PASS_BASE ? llm_price_row_base(c, value)
                                           : LLM_OK;
    }

    if (llm_price_row_is(name, "max_output")) {
        return pass == LLM_PRICE_PASS_PLAIN
               ? llm_price_row_limit(c, name, value, &c->row.max_output)
               : LLM_OK;
    }

    if (llm_price_row_is(name, "max_input")) {
        return pass == LLM_PRICE_PASS_PLAIN
               ? llm_price_row_limit(c, name, value, &c->row.max_input)
               : LLM_OK;
    }

    if (llm_price_key(llm_price_row_names, name, &key) != LLM_OK) {
        return llm_price_error(c->err, c->errsize,
                               "unknown parameter \"%.*s\"", (int) name->len,
                               name->data);
    }

    special = (key.above != 0 || key.tier != LLM_TIER_DEFAULT);

    if (pass != (special ? LLM_PRICE_PASS_SPECIAL : LLM_PRICE_PASS_PLAIN)) {
        return LLM_OK;
    }

    if (!special) {
        llm_price_row_replace(&c->row, key.rate);
    }

    return llm_price_row_rate(c, &key, name, value);
}


static int
llm_price_row_args(llm_price_row_ctx_t *c, const llm_str_t *args,
    unsigned nargs)
{
    int               rc;
    unsigned          i, k;
    llm_str_t         names[LLM_PRICE_ROW_ARGS], value;
    llm_price_pass_e  pass;

    if (nargs > LLM_PRICE_ROW_ARGS) {
        return llm_price_error(c->err, c->errsize, "too many parameters");
    }

    for (pass = LLM_PRICE_PASS_BASE; pass < LLM_PRICE_PASS_END; pass++) {

        for (i = 0; i < nargs; i++) {

            if (llm_price_row_split(c, &args[i], &names[i], &value)
                != LLM_OK)
            {
                return LLM_BAD;
            }

            for (k = 0; k < i; k++) {
                if (names[k].len == names[i].len
                    && memcmp(names[k].data, names[i].data, names[i].len)
                       == 0)
                {
                    return llm_price_error(c->err, c->errsize,
                                           "duplicate parameter \"%.*s\"",
                                           (int) names[i].len,
                                           names[i].data);
                }
            }

            rc = llm_price_row_arg(c, pass, &names[i], &value);
            if (rc != LLM_OK) {
                return rc;
            }
        }
    }

    return LLM_OK;
}


/* what all expressions match with: made with the first of them, so that a
   table without any holds nothing of PCRE2's */

static int
llm_price_row_matcher(llm_prices_t *t)
{
    if (t->match == NULL) {
        t->match = pcre2_match_data_create(1, NULL);
    }

    if (t->limits == NULL) {
        t->limits = pcre2_match_context_create(NULL);
    }

    if (t->match == NULL || t->limits == NULL) {
        return LLM_ERROR;
    }

    (void) pcre2_set_match_limit(t->limits, LLM_PRICE_MATCHES);
    (void) pcre2_set_depth_limit(t->limits, LLM_PRICE_MATCHES);
    (void) pcre2_set_heap_limit(t->limits, LLM_PRICE_HEAP);

    return LLM_OK;
}


static int
llm_price_row_regex(llm_price_row_ctx_t *c)
{
    int                 code;
    size_t              pos;
    uint32_t            options;
    llm_str_t           pattern;
    llm_price_regex_t  *re;
    unsigned char       text[128];

    pattern = c->row.model;
    pattern.data++;
    pattern.len--;

    options = 0;

    if (pattern.len && *pattern.data == '*') {
        pattern.data++;
        pattern.len--;
        options = PCRE2_CASELESS;
    }

    if (pattern.len == 0) {
        return llm_price_error(c->err, c->errsize, "empty expression");
    }

    re = llm_alloc(&c->prices->mem, sizeof(llm_price_regex_t));
    if (re == NULL || llm_price_row_matcher(c->prices) != LLM_OK) {
        return LLM_ERROR;
    }

    re->code = pcre2_compile(pattern.data, pattern.len, options, &code, &pos,
                             NULL);

    if (re->code == NULL) {
        (void) pcre2_get_error_message(code, text, sizeof(text));

        return llm_price_error(c->err, c->errsize,
                               "expression \"%.*s\": %s at offset %zu",
                               (int) pattern.len, pattern.data, text, pos);
    }

    re->price = c->row;
    re->next = NULL;

    *c->prices->regex_last = re;
    c->prices->regex_last = &re->next;

    return LLM_OK;
}


static int
llm_price_row_priced(const llm_price_t *p)
{
    unsigned  rate;

    for (rate = 0; rate < LLM_RATE_N; rate++) {
        if (p->rates[LLM_TIER_DEFAULT][rate] >= 0) {
            return 1;
        }
    }

    return 0;
}


int
llm_prices_add(llm_prices_t *t, const llm_str_t *model, const llm_str_t *args,
    unsigned nargs, char *err, size_t errsize)
{
    int                  rc;
    llm_price_row_ctx_t  c;

    c.prices = t;
    c.err = err;
    c.errsize = errsize;

    llm_price_init(&c.row);

    if (model->len == 0 || model->len > LLM_PRICE_NAME_MAX) {
        return llm_price_error(err, errsize, "model name is empty or longer "
                               "than %d bytes", LLM_PRICE_NAME_MAX);
    }

    rc = llm_price_row_args(&c, args, nargs);
    if (rc != LLM_OK) {
        return rc;
    }

    if (!llm_price_row_priced(&c.row)) {
        return llm_price_error(err, errsize,
                               "no price: input= and output=, or base=");
    }

    if (llm_prices_text(t, &c.row.model, model) != LLM_OK) {
        return LLM_ERROR;
    }

    if (model->data[0] == '~') {
        return llm_price_row_regex(&c);
    }

    rc = llm_prices_put(t, &c.row, 0);

    if (rc == LLM_DECLINED) {
        return llm_price_error(err, errsize, "duplicate price of \"%.*s\"",
                               (int) model->len, model->data);
    }

    return rc;
}
