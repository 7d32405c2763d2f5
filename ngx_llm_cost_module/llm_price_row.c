
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_table.h"
#include "llm_json.h"

#include <string.h>


/*
 * A row of the configuration.  Rates of tokens, characters and pixels are USD
 * per million, as vendors print them, those of everything else USD per one.
 */

#define LLM_PRICE_ROW_ARGS   64

/* in the order of llm_rate_e; "search" is all three of its sizes */

static const llm_price_name_t  llm_price_row_names[] = {
    { llm_string("input"), LLM_RATE_INPUT, 6 },
    { llm_string("output"), LLM_RATE_OUTPUT, 6 },
    { llm_string("cached_input"), LLM_RATE_CACHED_INPUT, 6 },
    { llm_string("cached_audio"), LLM_RATE_CACHED_AUDIO, 6 },
    { llm_string("cached_image"), LLM_RATE_CACHED_IMAGE, 6 },
    { llm_string("cache_write"), LLM_RATE_CACHE_WRITE, 6 },
    { llm_string("cache_write_1h"), LLM_RATE_CACHE_WRITE_1H, 6 },
    { llm_string("cache_write_day"), LLM_RATE_CACHE_WRITE_DAY, 6 },
    { llm_string("audio_input"), LLM_RATE_AUDIO_INPUT, 6 },
    { llm_string("image_input"), LLM_RATE_IMAGE_INPUT, 6 },
    { llm_string("video_input"), LLM_RATE_VIDEO_INPUT, 6 },
    { llm_string("reasoning"), LLM_RATE_REASONING, 6 },
    { llm_string("audio_output"), LLM_RATE_AUDIO_OUTPUT, 6 },
    { llm_string("image_output"), LLM_RATE_IMAGE_OUTPUT, 6 },
    { llm_string("video_output"), LLM_RATE_VIDEO_OUTPUT, 6 },
    { llm_string("citation"), LLM_RATE_CITATION, 6 },
    { llm_string("input_chars"), LLM_RATE_INPUT_CHAR, 6 },
    { llm_string("output_chars"), LLM_RATE_OUTPUT_CHAR, 6 },
    { llm_string("audio_second"), LLM_RATE_AUDIO_INPUT_SECOND, 0 },
    { llm_string("video_second"), LLM_RATE_VIDEO_INPUT_SECOND, 0 },
    { llm_string("audio_output_second"), LLM_RATE_AUDIO_OUTPUT_SECOND, 0 },
    { llm_string("video_output_second"), LLM_RATE_VIDEO_OUTPUT_SECOND, 0 },
    { llm_string("second"), LLM_RATE_REQUEST_SECOND, 0 },
    { llm_string("input_image"), LLM_RATE_INPUT_IMAGE, 0 },
    { llm_string("output_image"), LLM_RATE_OUTPUT_IMAGE, 0 },
    { llm_string("input_pixels"), LLM_RATE_INPUT_PIXEL, 6 },
    { llm_string("output_pixels"), LLM_RATE_OUTPUT_PIXEL, 6 },
    { llm_string("page"), LLM_RATE_PAGE, 0 },
    { llm_string("annotated_page"), LLM_RATE_PAGE_ANNOTATED, 0 },
    { llm_string("query"), LLM_RATE_QUERY, 0 },
    { llm_string("request"), LLM_RATE_REQUEST, 0 },
    { llm_string("search_low"), LLM_RATE_SEARCH_LOW, 0 },
    { llm_string("search_medium"), LLM_RATE_SEARCH_MEDIUM, 0 },
    { llm_string("search_high"), LLM_RATE_SEARCH_HIGH, 0 },
    { llm_string("maps_query"), LLM_RATE_MAPS_QUERY, 0 },
    { llm_string("file_search"), LLM_RATE_FILE_SEARCH, 0 },
    { llm_string("web_fetch"), LLM_RATE_WEB_FETCH, 0 },
    { llm_string("code_session"), LLM_RATE_CODE_SESSION, 0 },
    { llm_string("tool_call"), LLM_RATE_TOOL_CALL, 0 },
    { llm_string(""), LLM_RATE_N, 0 }
};


const llm_str_t *
llm_rate_name(llm_rate_e rate)
{
    return &llm_price_row_names[rate].name;
}


/*
 * A machine that is rented by the hour: what its time costs a second, or,
 * where it is said how many tokens a second come out of it, a token.
 */

typedef struct {
    int64_t           hour;              /* pico-USD, -1: not rented */
    int64_t           gpus;
    int64_t           parallel;          /* requests at once */
    int64_t           tokens;            /* a second, of all; 0: not said */
} llm_price_gpu_t;


typedef struct {
    llm_prices_t     *prices;
    llm_price_t       row;
    llm_price_gpu_t   gpu;
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

    /* the row is the configuration's, wherever its figures are from */

    c->row.source.len = 0;
    c->row.date.len = 0;

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
 * A plain name says the price in every tier, above every step and at every
 * hour: what the base lists there was made for another price.
 */

static void
llm_price_row_replace(llm_price_t *p, llm_rate_e rate)
{
    unsigned  i, tier;

    if (p->hours) {
        p->hours->rates[rate] = -1;
    }

    for (tier = 0; tier < LLM_TIER_N; tier++) {

        if (p->rates[tier]) {
            p->rates[tier][rate] = -1;
        }

        for (i = 0; i < p->nsteps; i++) {
            if (p->steps[i].rates[tier]) {
                p->steps[i].rates[tier][rate] = -1;
            }
        }
    }
}


static int
llm_price_row_parse(llm_price_row_ctx_t *c, const llm_price_key_t *key,
    const llm_str_t *name, const llm_str_t *value, int64_t *v)
{
    const char  *unit;

    if (llm_parse_scaled(value->data, value->len, LLM_PRICE_SCALE - key->per,
                         v)
        == LLM_OK
        && *v >= 0 && *v <= LLM_PRICE_RATE_MAX)
    {
        return LLM_OK;
    }

    unit = " per million tokens";

    if (key->rate >= LLM_RATE_UNITS) {
        unit = key->per ? " per million" : "";
    }

    return llm_price_error(c->err, c->errsize,
                           "\"%.*s\" of \"%.*s\" is not a price in USD%s",
                           (int) value->len, value->data, (int) name->len,
                           name->data, unit);
}


static int
llm_price_row_rate(llm_price_row_ctx_t *c, const llm_price_key_t *key,
    const llm_str_t *name, const llm_str_t *value)
{
    int       rc;
    int64_t   v, *slot;

    rc = llm_price_row_parse(c, key, name, value, &v);
    if (rc != LLM_OK) {
        return rc;
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


/* parameters that are no rates; LLM_DECLINED: none of them */

static int
llm_price_row_other(llm_price_row_ctx_t *c, const llm_str_t *name,
    const llm_str_t *value)
{
    int              rc;
    unsigned         i;
    llm_price_key_t  key;

    if (llm_price_row_is(name, "max_output")) {
        return llm_price_row_limit(c, name, value, &c->row.max_output);
    }

    if (llm_price_row_is(name, "max_input")) {
        return llm_price_row_limit(c, name, value, &c->row.max_input);
    }

    if (llm_price_row_is(name, "gpus")) {
        return llm_price_row_limit(c, name, value, &c->gpu.gpus);
    }

    if (llm_price_row_is(name, "parallel")) {
        return llm_price_row_limit(c, name, value, &c->gpu.parallel);
    }

    if (llm_price_row_is(name, "tokens_per_second")) {
        return llm_price_row_limit(c, name, value, &c->gpu.tokens);
    }

    memset(&key, 0, sizeof(llm_price_key_t));

    if (llm_price_row_is(name, "gpu_hour")) {
        key.rate = LLM_RATE_REQUEST_SECOND;
        return llm_price_row_parse(c, &key, name, value, &c->gpu.hour);
    }

    if (llm_price_row_is(name, "search")) {

        for (i = LLM_RATE_SEARCH_LOW; i <= LLM_RATE_SEARCH_HIGH; i++) {
            key.rate = i;
            llm_price_row_replace(&c->row, i);

            rc = llm_price_row_rate(c, &key, name, value);
            if (rc != LLM_OK) {
                return rc;
            }
        }

        return LLM_OK;
    }

    return LLM_DECLINED;
}


static int
llm_price_row_arg(llm_price_row_ctx_t *c, llm_price_pass_e pass,
    const llm_str_t *name, const llm_str_t *value)
{
    int              rc, special;
    llm_price_key_t  key;

    if (llm_price_row_is(name, "base")) {
        return pass == LLM_PRICE_PASS_BASE ? llm_price_row_base(c, value)
                                           : LLM_OK;
    }

    if (llm_price_key(llm_price_row_names, name, &key) != LLM_OK) {

        rc = pass == LLM_PRICE_PASS_PLAIN
             ? llm_price_row_other(c, name, value) : LLM_OK;

        if (rc != LLM_DECLINED) {
            return rc;
        }

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


static int64_t
llm_price_row_divide(llm_int128_t a, llm_int128_t b)
{
    a = a / b + (a % b != 0);

    return a > LLM_PRICE_RATE_MAX ? LLM_PRICE_RATE_MAX : (int64_t) a;
}


/* a rented machine's hour as a price of seconds, or of tokens */

static int
llm_price_row_machine(llm_price_row_ctx_t *c)
{
    int64_t          *slot;
    unsigned          i;
    llm_int128_t      hour;
    llm_price_gpu_t  *gpu;
    llm_price_key_t   key;

    gpu = &c->gpu;

    if (gpu->hour < 0) {
        return (gpu->gpus || gpu->parallel || gpu->tokens)
               ? llm_price_error(c->err, c->errsize,
                                 "\"gpus\", \"parallel\" and "
                                 "\"tokens_per_second\" need \"gpu_hour\"")
               : LLM_OK;
    }

    memset(&key, 0, sizeof(llm_price_key_t));

    hour = (llm_int128_t) gpu->hour * (gpu->gpus ? gpu->gpus : 1);
    key.rate = gpu->tokens ? LLM_RATE_INPUT : LLM_RATE_REQUEST_SECOND;

    for (i = 0; i < (gpu->tokens ? 2 : 1); i++) {

        llm_price_row_replace(&c->row, key.rate);

        if (llm_price_slot(c->prices, &c->row, &key, &slot) != LLM_OK) {
            return LLM_ERROR;
        }

        *slot = llm_price_row_divide(hour, 3600 * (llm_int128_t)
                                     (gpu->tokens ? gpu->tokens
                                      : gpu->parallel ? gpu->parallel : 1));

        key.rate = LLM_RATE_OUTPUT;
    }

    return LLM_OK;
}


static int
llm_price_row_priced(const llm_price_t *p)
{
    unsigned  rate;

    for (rate = 0; rate < LLM_RATE_N; rate++) {
        if (llm_price_rate(p, LLM_TIER_DEFAULT, rate) >= 0) {
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

    memset(&c.gpu, 0, sizeof(llm_price_gpu_t));
    c.gpu.hour = -1;

    if (model->len == 0 || model->len > LLM_PRICE_NAME_MAX) {
        return llm_price_error(err, errsize, "model name is empty or longer "
                               "than %d bytes", LLM_PRICE_NAME_MAX);
    }

    rc = llm_price_row_args(&c, args, nargs);

    if (rc == LLM_OK) {
        rc = llm_price_row_machine(&c);
    }

    if (rc != LLM_OK) {
        return rc;
    }

    if (!llm_price_row_priced(&c.row)) {
        return llm_price_error(err, errsize,
                               "no price: input= and output=, or base=");
    }

    if (llm_price_complete(t, &c.row) != LLM_OK
        || llm_prices_text(t, &c.row.model, model) != LLM_OK)
    {
        return LLM_ERROR;
    }

    if (model->data[0] == '~') {
        return llm_price_regex_add(t, &c.row, err, errsize);
    }

    rc = llm_prices_put(t, &c.row, 0);

    if (rc == LLM_DECLINED) {
        return llm_price_error(err, errsize, "duplicate price of \"%.*s\"",
                               (int) model->len, model->data);
    }

    return rc;
}
