
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Which row a name gets, and the rows of a configuration. */

#include "price_fixture.h"


#define D  LLM_TIER_DEFAULT


static void
check_find(prices_t *t, const char *model, const char *provider,
    const char *row)
{
    const char  *name;

    name = prices_name(t, model, provider);

    if (strcmp(name, row) != 0) {
        fail_msg("%s of \"%s\": %s, not %s", model, provider, name, row);
    }
}


static void
check_add(prices_t *t, const char *model, const char *args)
{
    if (prices_add(t, model, args) != LLM_OK) {
        fail_msg("%s %s: %s", model, args, t->err);
    }
}


static void
check_refused(const char *model, const char *args, const char *err)
{
    prices_t  t;

    prices_init(&t);

    check_add(&t, "base", "input=1 output=2");

    assert_int_equal(prices_add(&t, model, args), LLM_BAD);
    assert_string_equal(t.err, err);

    prices_free(&t);
}


static void
add_all(prices_t *t, const char *const *names)
{
    for ( /* void */ ; *names; names++) {
        check_add(t, *names, "input=1 output=1");
    }
}


static void
test_prefix(void **state)
{
    prices_t            t;
    static const char  *rows[] = {
        "gpt-4o", "azure/gpt-4o", "groq/llama", "meta/llama",
        "openrouter/meta/llama", "a/b/c/d/e", NULL
    };

    (void) state;

    prices_init(&t);
    add_all(&t, rows);

    check_find(&t, "gpt-4o", "", "gpt-4o");
    check_find(&t, "gpt-4o", "openai", "gpt-4o");
    check_find(&t, "gpt-4o", "azure", "azure/gpt-4o");
    check_find(&t, "azure/gpt-4o", "openai", "azure/gpt-4o");
    check_find(&t, "openai/gpt-4o", "", "gpt-4o");
    check_find(&t, "openai/gpt-4o", "azure", "azure/gpt-4o");
    check_find(&t, "openrouter/openai/gpt-4o", "", "gpt-4o");
    check_find(&t, "1/2/3/4/gpt-4o", "", "gpt-4o");
    check_find(&t, "1/2/3/4/5/gpt-4o", "", "-");

    check_find(&t, "llama", "groq", "groq/llama");
    check_find(&t, "llama", "", "-");
    check_find(&t, "meta/llama", "", "meta/llama");
    check_find(&t, "meta/llama", "openrouter", "openrouter/meta/llama");
    check_find(&t, "meta/llama", "groq", "meta/llama");
    check_find(&t, "other/llama", "groq", "groq/llama");

    check_find(&t, "", "", "-");
    check_find(&t, "/", "", "-");
    check_find(&t, "gpt-4o/", "", "-");
    check_find(&t, "GPT-4o", "", "-");
    check_find(&t, "gpt-4", "", "-");

    prices_free(&t);
}


/* Bedrock's profiles of several regions, with a row of their own or without */

static void
test_region(void **state)
{
    prices_t            t;
    static const char  *rows[] = {
        "anthropic.claude-3", "us.anthropic.claude-3", "bedrock/amazon.nova",
        "meta.llama", "global.", "x", NULL
    };

    (void) state;

    prices_init(&t);
    add_all(&t, rows);

    check_find(&t, "us.anthropic.claude-3", "bedrock", "us.anthropic.claude-3");
    check_find(&t, "eu.anthropic.claude-3", "bedrock", "anthropic.claude-3");
    check_find(&t, "apac.anthropic.claude-3", "", "anthropic.claude-3");
    check_find(&t, "us-gov.anthropic.claude-3-20240307", "",
               "anthropic.claude-3");
    check_find(&t, "global.amazon.nova", "bedrock", "bedrock/amazon.nova");
    check_find(&t, "jp.meta.llama", "", "meta.llama");
    check_find(&t, "au.meta.llama", "", "meta.llama");
    check_find(&t, "ca.meta.llama", "", "meta.llama");
    check_find(&t, "in.meta.llama", "", "meta.llama");
    check_find(&t, "bedrock/eu.meta.llama", "", "meta.llama");
    check_find(&t, "a/bedrock/us.anthropic.claude-3", "",
               "us.anthropic.claude-3");
    check_find(&t, "eu./meta.llama", "", "meta.llama");
    check_find(&t, "bedrock/eu.", "", "-");

    check_find(&t, "us.eu.meta.llama", "", "-");
    check_find(&t, "xx.meta.llama", "", "-");
    check_find(&t, "usmeta.llama", "", "-");
    check_find(&t, "us.", "", "-");
    check_find(&t, "global.", "", "global.");
    check_find(&t, "us.x", "", "x");

    prices_free(&t);
}


static void
test_date(void **state)
{
    prices_t            t;
    static const char  *rows[] = {
        "gpt-4o", "gpt-4o-2024-05-13", "azure/gpt-4o", "claude-3-opus-latest",
        "gpt-4", "claude-3-5-sonnet", "mistral-large-latest", "-latest", NULL
    };

    (void) state;

    prices_init(&t);
    add_all(&t, rows);

    check_find(&t, "gpt-4o-2024-05-13", "", "gpt-4o-2024-05-13");
    check_find(&t, "gpt-4o-2024-08-06", "", "gpt-4o");
    check_find(&t, "gpt-4o-2024-08-06", "azure", "azure/gpt-4o");
    check_find(&t, "openai/gpt-4o-2024-08-06", "", "gpt-4o");
    check_find(&t, "gpt-4o-latest", "", "gpt-4o");
    check_find(&t, "gpt-4-0613", "", "gpt-4");
    check_find(&t, "gpt-4-0125-preview", "", "-");
    check_find(&t, "claude-3-5-sonnet-20241022", "", "claude-3-5-sonnet");
    check_find(&t, "claude-3-5-sonnet@20240620", "", "claude-3-5-sonnet");
    check_find(&t, "claude-3-5-sonnet@2024-06-20", "", "claude-3-5-sonnet");
    check_find(&t, "claude-3-5-sonnet@latest", "", "claude-3-5-sonnet");
    check_find(&t, "claude-3-5-sonnet@default", "", "claude-3-5-sonnet");
    check_find(&t, "claude-3-opus-20240229", "", "claude-3-opus-latest");
    check_find(&t, "claude-3-opus", "", "claude-3-opus-latest");
    check_find(&t, "mistral-large-2411", "", "mistral-large-latest");

    /* no dates */

    check_find(&t, "gpt-4o-2024-8-6", "", "-");
    check_find(&t, "gpt-4o-24", "", "-");
    check_find(&t, "gpt-4o-123456", "", "-");
    check_find(&t, "gpt-4o2024-08-06", "", "-");
    check_find(&t, "-2024-08-06", "", "-");
    check_find(&t, "@default", "", "-");

    prices_free(&t);
}


static void
test_tuned(void **state)
{
    prices_t            t;
    static const char  *rows[] = {
        "gpt-4o-mini", "ft:gpt-4o-2024-08-06", "gpt-4o", "ft:o4-mini",
        "ft:gpt-4.1:acme::9", NULL
    };

    (void) state;

    prices_init(&t);
    add_all(&t, rows);

    check_find(&t, "ft:gpt-4o-2024-08-06:acme::1", "", "ft:gpt-4o-2024-08-06");
    check_find(&t, "ft:o4-mini-2025-04-16:acme:x:1", "", "ft:o4-mini");
    check_find(&t, "ft:gpt-4o-mini-2024-07-18:acme::1", "", "gpt-4o-mini");
    check_find(&t, "ft:gpt-4o-2024-05-13:acme::1", "", "gpt-4o");
    check_find(&t, "openai/ft:gpt-4o-mini:acme::1", "", "gpt-4o-mini");
    check_find(&t, "ft:gpt-4o-mini", "", "gpt-4o-mini");
    check_find(&t, "ft:gpt-4.1:acme::9", "", "ft:gpt-4.1:acme::9");
    check_find(&t, "ft:unknown:acme::1", "", "-");
    check_find(&t, "ft:", "", "-");
    check_find(&t, "ft::", "", "-");
    check_find(&t, "xft:gpt-4o-mini", "", "-");

    prices_free(&t);
}


static void
test_regex(void **state)
{
    prices_t  t;

    (void) state;

    prices_init(&t);

    check_add(&t, "gpt-4o", "input=1 output=1");
    check_add(&t, "~^prod-", "input=2 output=2");
    check_add(&t, "~^prod-chat$", "input=3 output=3");
    check_add(&t, "~*^stage-", "base=gpt-4o");
    check_add(&t, "~4o", "input=9 output=9");

    check_find(&t, "prod-chat", "", "~^prod-");
    check_find(&t, "Prod-chat", "", "-");
    check_find(&t, "STAGE-1", "", "~*^stage-");
    check_find(&t, "gpt-4o-2024-08-06", "", "gpt-4o");
    check_find(&t, "gpt-4o-large", "", "~4o");
    check_find(&t, "x/prod-1", "", "-");

    prices_free(&t);
}


/* by which rule a row was found, said or not */

static void
test_how(void **state)
{
    uint32_t     cursor = 0;
    unsigned     i;
    prices_t     t;
    llm_str_t    model, none = llm_string("");
    llm_match_e  how;

    static const struct {
        const char  *model;
        const char  *how;
    } rows[] = {
        { "gpt-4o", "name" },
        { "openai/gpt-4o", "name" },
        { "ft:gpt-4o:org::id", "tuned" },
        { "us.anthropic.x-v1:0", "region" },
        { "gpt-4o-2024-08-06", "undated" },
        { "new", "latest" },
        { "prod-1", "expression" },
        { "other", "none" },
        { "", "none" }
    };

    (void) state;

    prices_init(&t);

    check_add(&t, "gpt-4o", "input=1 output=1");
    check_add(&t, "anthropic.x-v1:0", "input=1 output=1");
    check_add(&t, "new-latest", "input=1 output=1");
    check_add(&t, "~^prod-", "input=2 output=2");

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        model = prices_str(&t, rows[i].model);
        how = LLM_MATCH_LATEST;

        if ((llm_prices_look(t.table, &model, &none, &none, &how) == NULL)
            != (strcmp(rows[i].how, "none") == 0)
            || strcmp(llm_match_name(how), rows[i].how) != 0)
        {
            fail_msg("%s: %s", rows[i].model, llm_match_name(how));
        }
    }

    /* all rows with a name, each once */

    for (i = 0; llm_prices_next(t.table, &cursor); i++) { /* void */ }

    assert_int_equal(i, 3);

    prices_free(&t);
}


/* an expression that takes for ever takes no longer than its limit, and does
   not match */

static void
test_regex_limits(void **state)
{
    char         name[LLM_PRICE_NAME_MAX + 2];
    prices_t     t;

    (void) state;

    prices_init(&t);

    check_add(&t, "~^(a+)+$", "input=1 output=1");
    check_add(&t, "~(x+x+)+y", "input=1 output=1");

    memset(name, 'a', sizeof(name));
    name[LLM_PRICE_NAME_MAX] = '!';
    name[LLM_PRICE_NAME_MAX + 1] = '\0';

    check_find(&t, name, "", "-");
    check_find(&t, name + 1, "", "-");

    memset(name, 'x', LLM_PRICE_NAME_MAX);
    check_find(&t, name + 1, "", "-");

    check_find(&t, "aaaa", "", "~^(a+)+$");

    /* without our limit, PCRE2's own would let this one come to an end */

    check_add(&t, "~^(?:(b+)+c|.*)$", "input=1 output=1");
    check_find(&t, "bbbbd", "", "~^(?:(b+)+c|.*)$");
    check_find(&t, "bbbbbbbbbbbbbbbbbbbbd", "", "-");

    prices_free(&t);
}


static void
test_long_names(void **state)
{
    char      name[LLM_PRICE_NAME_MAX + 2], longer[10001];
    prices_t  t;

    (void) state;

    prices_init(&t);

    memset(longer, 'm', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    check_find(&t, longer, "p", "-");

    memset(name, 'm', sizeof(name) - 1);
    name[LLM_PRICE_NAME_MAX + 1] = '\0';

    assert_int_equal(prices_add(&t, name, "input=1 output=1"), LLM_BAD);
    check_find(&t, name, name, "-");

    check_add(&t, name + 1, "input=1 output=1");
    check_find(&t, name + 1, name, name + 1);
    check_find(&t, name + 1, name + 1, name + 1);

    memcpy(name, "ft:", 3);
    check_find(&t, name, "p", "-");

    prices_free(&t);
}


static void
test_many(void **state)
{
    char                name[32], args[64];
    unsigned            i;
    prices_t            t;
    const llm_price_t  *p;

    (void) state;

    prices_init(&t);

    for (i = 0; i < 3000; i++) {
        snprintf(name, sizeof(name), "model-x%u", i);
        snprintf(args, sizeof(args), "input=%u output=1", i);
        check_add(&t, name, args);
    }

    for (i = 0; i < 3000; i++) {
        snprintf(name, sizeof(name), "model-x%u", i);
        p = prices_find(&t, name);
        assert_int_equal(llm_price_rate(p, D, LLM_RATE_INPUT),
                         (int64_t) i * 1000000);
    }

    assert_null(prices_find(&t, "model-x3000"));

    prices_free(&t);
}


static void
test_base(void **state)
{
    prices_t            t;
    const llm_price_t  *p, *base;

    (void) state;

    prices_init(&t);

    check_add(&t, "big", "input=1 output=10 cached_input=0.1 input_flex=0.5 "
              "output_batch=4 input_above_200k=2 output_above_200k=15 "
              "max_output=8192 max_input=1000000");
    check_add(&t, "mine", "input=3.00 base=big-2025-01-01");
    check_add(&t, "tuned", "input_above_200k=7 base=mine output=0 "
              "max_output=16");
    base = prices_find(&t, "big");

    p = prices_find(&t, "mine");

    assert_string_equal((char *) p->vocabulary.data, "big-2025-01-01");
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_INPUT), 3000000);
    assert_int_equal(llm_price_rate(p, LLM_TIER_FLEX, LLM_RATE_INPUT), -1);
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_OUTPUT), 10000000);
    assert_int_equal(llm_price_rate(p, LLM_TIER_BATCH, LLM_RATE_OUTPUT),
                     4000000);
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_CACHED_INPUT),
                     100000);
    assert_int_equal(p->nsteps, 1);
    assert_int_equal(prices_step(p, 0, 0, LLM_RATE_INPUT), -1);
    assert_int_equal(prices_step(p, 0, 0, LLM_RATE_OUTPUT), 15000000);
    assert_int_equal(p->max_output, 8192);
    assert_int_equal(p->max_input, 1000000);

    p = prices_find(&t, "tuned");

    assert_string_equal((char *) p->vocabulary.data, "big-2025-01-01");
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_OUTPUT), 0);
    assert_int_equal(llm_price_rate(p, LLM_TIER_BATCH, LLM_RATE_OUTPUT), -1);
    assert_int_equal(prices_step(p, 0, 0, LLM_RATE_INPUT), 7000000);
    assert_int_equal(p->max_output, 16);

    /* it is the configuration's row, whoever says what its base costs */

    prices_map(&t, "{'said':{'input_cost_per_token':0.000001,"
                    "'output_cost_per_token':0.000002,"
                    "'source':'https://prices.example',"
                    "'date':'2026-01-01'}}");
    check_add(&t, "ours", "input=3 base=said");
    p = prices_find(&t, "said");
    assert_int_equal(p->source.len, 22);
    assert_int_equal(p->date.len, 10);
    p = prices_find(&t, "ours");
    assert_int_equal(p->source.len, 0);
    assert_int_equal(p->date.len, 0);
    base = prices_find(&t, "big");

    /* a copy leaves its base alone */

    assert_int_equal(prices_step(base, 0, 0, LLM_RATE_INPUT), 2000000);
    assert_int_equal(prices_step(base, 0, 0, LLM_RATE_OUTPUT), 15000000);
    assert_int_equal(base->vocabulary.len, 0);

    prices_free(&t);
}


/* every rate by its name; of tokens, characters, pixels a million are priced */

static void
test_names(void **state)
{
    char                args[2048];
    size_t              n;
    int64_t             unit;
    unsigned            i;
    prices_t            t;
    const llm_price_t  *p;

    (void) state;

    prices_init(&t);

    for (i = 0, n = 0; i < LLM_RATE_N; i++) {
        n += snprintf(args + n, sizeof(args) - n, "%s%s=%u", i ? " " : "",
                      llm_rate_name(i)->data, i + 1);
    }

    check_add(&t, "all", args);
    p = prices_find(&t, "all");

    for (i = 0; i < LLM_RATE_N; i++) {
        unit = (i < LLM_RATE_AUDIO_INPUT_SECOND || i == LLM_RATE_INPUT_PIXEL
                || i == LLM_RATE_OUTPUT_PIXEL) ? 1000000 : 1000000000000;

        assert_int_equal(llm_price_rate(p, D, i), (i + 1) * unit);
    }

    check_add(&t, "steps", "input=1 cache_write_1h_above_5k=11 "
              "cache_write_above_5_batch=12 input_above_7_tokens_batches=13");

    p = prices_find(&t, "steps");

    assert_int_equal(p->nsteps, 3);
    assert_int_equal(p->steps[0].above, 5);
    assert_int_equal(prices_step(p, 0, LLM_TIER_BATCH, LLM_RATE_CACHE_WRITE),
                     12000000);
    assert_int_equal(p->steps[1].above, 7);
    assert_int_equal(prices_step(p, 1, LLM_TIER_BATCH, LLM_RATE_INPUT),
                     13000000);
    assert_int_equal(p->steps[2].above, 5000);
    assert_int_equal(prices_step(p, 2, D, LLM_RATE_CACHE_WRITE_1H), 11000000);

    check_add(&t, "searches", "input=1 output=1 search=0.01 search_high=0.02");

    p = prices_find(&t, "searches");

    for (i = LLM_RATE_SEARCH_LOW; i < LLM_RATE_SEARCH_HIGH; i++) {
        assert_int_equal(llm_price_rate(p, D, i), 10000000000);
    }

    prices_free(&t);
}


static void
test_refused(void **state)
{
    (void) state;

    check_refused("", "input=1 output=1",
                  "model name is empty or longer than 512 bytes");
    check_refused("m", "", "no price: input= and output=, or base=");
    check_refused("m", "max_output=5",
                  "no price: input= and output=, or base=");
    check_refused("m", "input", "\"input\" is not NAME=VALUE");
    check_refused("m", "input=", "\"input=\" is not NAME=VALUE");
    check_refused("m", "=1", "\"=1\" is not NAME=VALUE");
    check_refused("m", "inputs=1", "unknown parameter \"inputs\"");
    check_refused("m", "input_cheap=1", "unknown parameter \"input_cheap\"");
    check_refused("m", "input_above_=1", "unknown parameter \"input_above_\"");
    check_refused("m", "input_above_0k=1",
                  "unknown parameter \"input_above_0k\"");
    check_refused("m", "input_above_9999999999999=1",
                  "unknown parameter \"input_above_9999999999999\"");
    check_refused("m", "input=-1", "\"-1\" of \"input\" is not a price in USD "
                  "per million tokens");
    check_refused("m", "input=nan", "\"nan\" of \"input\" is not a price in "
                  "USD per million tokens");
    check_refused("m", "input=$3", "\"$3\" of \"input\" is not a price in USD "
                  "per million tokens");
    check_refused("m", "input=1e99", "\"1e99\" of \"input\" is not a price in "
                  "USD per million tokens");
    check_refused("m", "input=1000000000.1", "\"1000000000.1\" of \"input\" "
                  "is not a price in USD per million tokens");
    check_refused("m", "input=1 output=1 input=2",
                  "duplicate parameter \"input\"");
    check_refused("m", "base=none", "base model \"none\" has no price");
    check_refused("m", "base=base max_output=0",
                  "\"0\" of \"max_output\" is not a number of tokens");
    check_refused("m", "base=base max_input=1.5",
                  "\"1.5\" of \"max_input\" is not a number of tokens");
    check_refused("m", "input_above_1=1 input_above_2=1 input_above_3=1 "
                  "input_above_4=1 input_above_5=1", "more than 4 steps");
    check_refused("base", "input=1", "duplicate price of \"base\"");
    check_refused("~", "input=1", "empty expression");
    check_refused("~*", "input=1", "empty expression");
    check_refused("~(", "input=1", "expression \"(\": missing closing "
                  "parenthesis at offset 1");
    check_refused("m", "\033[2J\377=1",
                  "unknown parameter \"?[2J?\"");
}


static void
test_tiers(void **state)
{
    unsigned            i;
    llm_str_t           s;
    static const struct {
        const char     *name;
        llm_tier_e      tier;
    } tiers[] = {
        { "flex", LLM_TIER_FLEX }, { "priority", LLM_TIER_PRIORITY },
        { "fast", LLM_TIER_PRIORITY }, { "ultrafast", LLM_TIER_ULTRAFAST },
        { "batch", LLM_TIER_BATCH }, { "default", D },
        { "auto", D }, { "", D },
        { "fle", D }, { "flexx", D }
    };

    (void) state;

    for (i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++) {
        s.data = (unsigned char *) tiers[i].name;
        s.len = strlen(tiers[i].name);

        assert_int_equal(llm_tier_find(&s), tiers[i].tier);
    }
}


/* a table without expressions needs no destroying: nothing is left behind */

static void
test_not_destroyed(void **state)
{
    prices_t  t;

    (void) state;

    prices_init(&t);
    check_add(&t, "m", "input=1 output=1");
    check_find(&t, "none", "", "-");

    llm_arena_free(&t.arena);
}


/* at every place where memory may run out */

static void
test_no_memory(void **state)
{
    int           rc;
    size_t        left;
    prices_t      t;
    llm_str_t     name, args[2];

    (void) state;

    rc = LLM_ERROR;

    for (left = 0; rc != LLM_OK; left += 8) {
        assert_true(left < 100000);

        llm_arena_init(&t.arena);

        name = prices_str(&t, "model");
        args[0] = prices_str(&t, "input=1");
        args[1] = prices_str(&t, "input_above_5=2");

        t.arena.left = left;

        t.table = llm_prices_create(&t.arena.mem);

        if (t.table) {
            rc = llm_prices_add(t.table, &name, args, 2, t.err,
                                sizeof(t.err));
            assert_true(rc == LLM_OK || rc == LLM_ERROR);

            llm_prices_destroy(t.table);
        }

        llm_arena_free(&t.arena);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_region),
        cmocka_unit_test(test_date),
        cmocka_unit_test(test_tuned),
        cmocka_unit_test(test_regex),
        cmocka_unit_test(test_how),
        cmocka_unit_test(test_regex_limits),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_base),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_tiers),
        cmocka_unit_test(test_not_destroyed),
        cmocka_unit_test(test_no_memory)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
