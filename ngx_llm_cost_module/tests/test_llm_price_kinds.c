
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Every row of price_kinds.h costs what is written there, and never more than
 * what would have been reserved for it.
 */

#include "price_kinds.h"


#define KINDS  (sizeof(kinds) / sizeof(kinds[0]))

_Static_assert(KINDS >= 240, "a row for each rule");


/* the parts of a cost are the cost, each rounded up by itself */

static void
check_parts(const kind_t *k, const llm_price_parts_t *parts, int64_t nano)
{
    int64_t   sum;
    unsigned  i, n;

    if (nano < 0) {
        return;
    }

    for (i = 0, n = 0, sum = 0; i < LLM_RATE_N; i++) {
        assert_true(parts->parts[i] >= 0);

        sum += parts->parts[i];
        n += parts->parts[i] > 0;
    }

    if (sum < k->pico || sum > k->pico + n) {
        fail_msg("%s: %s: parts of %lld", k->row, k->usage, (long long) sum);
    }
}


static void
test_kinds(void **state)
{
    int64_t             nano, want;
    unsigned            i;
    prices_t            t;
    llm_usage_t         u;
    const kind_t       *k;
    llm_price_parts_t   parts;
    llm_price_terms_t   terms;

    (void) state;

    for (i = 0; i < KINDS; i++) {
        k = &kinds[i];

        load_row(&t, k->row);

        u = unknown;
        terms = prices_terms(k->tier);
        read_kind(k->usage, &u, &terms);

        nano = llm_price_cost(prices_find(&t, "m"), &terms, &u, &parts);
        want = k->pico < 0 ? -1 : (k->pico + 999) / 1000;

        if (nano != want) {
            fail_msg("%s: tier %d, %s: %lld, not %lld", k->row, k->tier,
                     k->usage, (long long) nano, (long long) want);
        }

        check_parts(k, &parts, nano);
        prices_free(&t);
    }

}


/* a cost never exceeds the worst case of its own figures */

static void
test_worst_of_kinds(void **state)
{
    int64_t            nano, worst;
    unsigned           i;
    prices_t           t;
    llm_usage_t        u;
    llm_price_terms_t  terms;

    (void) state;

    for (i = 0; i < KINDS; i++) {

        load_row(&t, kinds[i].row);

        u = unknown;
        terms = prices_terms(kinds[i].tier);
        read_kind(kinds[i].usage, &u, &terms);

        /* orchestrations have no bound, and upstream's own tier is another */

        u.orch_input = -1;
        u.orch_output = -1;
        u.tier = -1;

        nano = llm_price_cost(prices_find(&t, "m"), &terms, &u, NULL);
        worst = llm_price_worst(prices_find(&t, "m"), &terms, &u);

        if (nano > 0 && worst >= 0 && worst < nano) {
            fail_msg("%s: %s: %lld, reserved %lld", kinds[i].row,
                     kinds[i].usage, (long long) nano, (long long) worst);
        }

        prices_free(&t);
    }
}


/* what has another measure than tokens, and no price of them */

static void
test_by_unit(void **state)
{
    unsigned  i;
    prices_t  t;

    static const struct {
        const char  *row;
        int          by_unit;
    } rows[] = {
        { "'mode':'chat'", 0 },
        { "'input_cost_per_token':1e-6", 0 },
        { "'input_cost_per_request':1", 0 },
        { "'cost_per_second':1", 0 },
        { "'file_search_cost_per_1k_calls':1", 0 },
        { "'input_cost_per_character':1", 1 },
        { "'output_cost_per_video_per_second':1", 1 },
        { "'input_cost_per_image':1", 1 },
        { "'input_cost_per_query':1", 1 },
        { "'input_cost_per_query':1,'output_cost_per_token':1e-6", 0 },
        { "'input_cost_per_query':1,'input_cost_per_token_above_1k_tokens':"
          "1e-6", 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        load_row(&t, rows[i].row);

        if (llm_price_by_unit(prices_find(&t, "m")) != rows[i].by_unit) {
            fail_msg("%s", rows[i].row);
        }

        prices_free(&t);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_worst_of_kinds),
        cmocka_unit_test(test_by_unit)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
