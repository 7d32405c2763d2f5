
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* The line of a few pairs, what they are above it, and what follows of both. */

#include "llm_arena.h"
#include "llm_learn.h"


#define ONE  65536


typedef struct {
    unsigned           n;
    llm_learn_pair_t   pairs[6];
    llm_learn_line_t   line;
    llm_learn_above_t  above;
} fit_t;


static const fit_t  fits[] = {

    /* nothing; exact; the same for all; of one nothing but an offset */

    { 0, { { 0, 0 } }, { ONE, 0 }, { 0, 0 } },
    { 3, { { 10, 10 }, { 20, 20 }, { 30, 30 } }, { ONE, 0 }, { 0, 0 } },
    { 1, { { 100, 150 } }, { ONE, 50 }, { 0, 0 } },
    { 3, { { 100, 90 }, { 200, 190 }, { 300, 290 } }, { ONE, -10 },
      { 0, 0 } },

    /* a slope, of few counts and of enough */

    { 3, { { 100, 200 }, { 200, 400 }, { 300, 600 } }, { 2 * ONE, 0 },
      { 0, 0 } },
    { 4, { { 100, 50 }, { 200, 100 }, { 300, 150 }, { 400, 200 } },
      { ONE / 2, 0 }, { 0, 0 } },

    /* both */

    { 4, { { 100, 250 }, { 200, 450 }, { 300, 650 }, { 400, 850 } },
      { 2 * ONE, 50 }, { 0, 0 } },

    /* what is above: the most in tokens, and the most as a share */

    { 5, { { 100, 100 }, { 1000, 1000 }, { 200, 300 }, { 2000, 2150 },
           { 50, 50 } },
      { ONE, 0 }, { ONE / 2 + 1, 150 } },
    { 3, { { 100, 100 }, { 100, 100 }, { 100, 60 } }, { ONE, 0 }, { 0, 0 } },
    { 3, { { 100, 100 }, { 100, 101 }, { 100, 100 } }, { ONE, 0 },
      { ONE / 100 + 1, 1 } }
};


static void
test_fits(void **state)
{
    unsigned           i;
    llm_learn_line_t   line;
    llm_learn_above_t  above, more;

    (void) state;

    for (i = 0; i < sizeof(fits) / sizeof(fits[0]); i++) {
        llm_learn_fit(fits[i].pairs, fits[i].n, &line);

        memset(&above, 0, sizeof(above));
        llm_learn_raise(fits[i].pairs, fits[i].n, &line, &above);

        if (line.slope != fits[i].line.slope
            || line.offset != fits[i].line.offset
            || above.share != fits[i].above.share
            || above.tokens != fits[i].above.tokens)
        {
            fail_msg("row %u: %u %d, above %lld %lld", i, line.slope,
                     line.offset, (long long) above.share,
                     (long long) above.tokens);
        }

        /* what was higher stays */

        more.share = above.share + 7;
        more.tokens = above.tokens + 7;
        llm_learn_raise(fits[i].pairs, fits[i].n, &line, &more);

        assert_int_equal(more.share, above.share + 7);
        assert_int_equal(more.tokens, above.tokens + 7);
    }
}


typedef struct {
    llm_learn_t  l;
    int64_t      counted;
    int64_t      expect;
    int64_t      most;
} known_t;


#define KNOWN(slope, offset, share, tokens, kinds)                            \
    { 64, { slope, offset }, { share, tokens }, kinds, -1, -1 }

#define EXACT  KNOWN(ONE, 0, 0, 0, 50)

#define EDGE   (INT64_MAX / (4 * ONE) - 100000)


static const known_t  knowns[] = {
    { EXACT, 1000, 1000, 1052 },
    { EXACT, 0, 0, 0 },
    { EXACT, -1, -1, -1 },
    { KNOWN(ONE, 0, 0, 0, 51), 1000, 1000, 1052 },
    { KNOWN(ONE, 0, 0, 0, 4), 1000, 1000, 1282 },
    { KNOWN(ONE, 0, 0, 0, 1), 1000, 1000, 2032 },
    { KNOWN(ONE, 0, 0, 0, 0), 1000, 1000, 2032 },

    /* the smaller of both */

    { KNOWN(ONE, 0, ONE / 10, 50, 50), 100, 100, 143 },
    { KNOWN(ONE, 0, ONE / 10, 50, 50), 1000, 1000, 1102 },
    { KNOWN(ONE, 0, -1, 50, 50), 1000, 1000, 1052 },
    { KNOWN(ONE, 0, ONE, INT64_MAX, 50), 1000, 1000, 2052 },

    /* an offset takes three quarters at most, and the last token never */

    { KNOWN(ONE, -5, 0, 0, 50), 1000, 995, 1046 },
    { KNOWN(ONE, -990, 0, 0, 50), 1000, 250, 287 },
    { KNOWN(ONE / 4, -5, 0, 0, 50), 1, 1, 33 },
    { KNOWN(0, 0, 0, 0, 50), 1000, 250, 287 },
    { KNOWN(UINT32_MAX, INT32_MAX, 0, 0, 50), 1000, 104000, 106112 },

    /* what would be more than there is */

    { KNOWN(4 * ONE, 100000, 0, 0, 50), EDGE, EDGE * 4 + 100000,
      EDGE * 4 + 100000 + (EDGE * 4 + 100000) / 50 + 32 },
    { KNOWN(4 * ONE, 100000, 0, 0, 50), EDGE + 1, EDGE + 1,
      EDGE + 1 + (EDGE + 1) / 50 + 32 },
    { KNOWN(4 * ONE, 0, 0, 0, 50), INT64_MAX / (4 * ONE) + 1,
      INT64_MAX / (4 * ONE) + 1,
      INT64_MAX / (4 * ONE) + 1 + (INT64_MAX / (4 * ONE) + 1) / 50 + 32 },
    { KNOWN(ONE, 0, 0, 0, 1), INT64_MAX / 2 - 100000000,
      INT64_MAX / 2 - 100000000, INT64_MAX - 199999969 },
    { KNOWN(ONE, 0, ONE, 100000000, 1), INT64_MAX / 2 - 50000000,
      INT64_MAX / 2 - 50000000, INT64_MAX / 2 - 50000000 },
    { EXACT, INT64_MAX, INT64_MAX, INT64_MAX }
};


static void
test_knowns(void **state)
{
    unsigned        i;
    const known_t  *k;

    (void) state;

    for (i = 0; i < sizeof(knowns) / sizeof(knowns[0]); i++) {
        k = &knowns[i];

        if (llm_learn_expect(&k->l, k->counted) != k->expect
            || llm_learn_most(&k->l, k->counted) != k->most)
        {
            fail_msg("row %u: %lld, %lld", i,
                     (long long) llm_learn_expect(&k->l, k->counted),
                     (long long) llm_learn_most(&k->l, k->counted));
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_fits),
        cmocka_unit_test(test_knowns)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
