
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_arena.h"
#include "llm_usage.h"


/* the structure is worked through as an array of figures */

static void
test_init(void **state)
{
    size_t       i;
    int64_t     *v;
    llm_usage_t  u = LLM_USAGE_INIT;

    (void) state;

    v = (int64_t *) &u;

    assert_int_equal(sizeof(llm_usage_t) % sizeof(int64_t), 0);

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {
        assert_int_equal(v[i], -1);
    }
}


static void
test_merge(void **state)
{
    llm_usage_t  u = LLM_USAGE_INIT, v = LLM_USAGE_INIT;

    (void) state;

    u.input = 10;
    u.cached_input = 4;
    u.reasoning = 3;

    /* what is said replaces, zero too; what is not said leaves */

    v.input = 8;
    v.output = 0;
    v.reasoning = 0;
    v.reported_cost = 5;
    llm_usage_merge(&u, &v);

    assert_int_equal(u.input, 8);
    assert_int_equal(u.output, 0);
    assert_int_equal(u.cached_input, 4);
    assert_int_equal(u.reasoning, 0);
    assert_int_equal(u.reported_cost, 5);
    assert_int_equal(u.audio_input, -1);
}


static void
test_consistent(void **state)
{
    llm_usage_t  u = LLM_USAGE_INIT;

    (void) state;

    assert_int_equal(llm_usage_normalize(&u), 0);

    u.input = 100;
    u.output = 50;
    u.cached_input = 60;
    u.cache_write = 30;
    u.cache_write_1h = 10;
    u.audio_input = 70;           /* audio may be cached */
    u.image_input = 30;
    u.reasoning = 50;

    assert_int_equal(llm_usage_normalize(&u), 0);
    assert_int_equal(u.cached_input, 60);
    assert_int_equal(u.audio_input, 70);
    assert_int_equal(u.reasoning, 50);
}


/* a part above its whole is cut, where it is cheapest first */

static void
test_contradictory(void **state)
{
    llm_usage_t  u = LLM_USAGE_INIT;

    (void) state;

    u.input = 100;
    u.output = 10;
    u.cached_input = 90;
    u.cache_write = 30;
    u.reasoning = 11;

    assert_int_equal(llm_usage_normalize(&u), 1);
    assert_int_equal(u.cached_input, 70);
    assert_int_equal(u.cache_write, 30);
    assert_int_equal(u.reasoning, 10);
    assert_int_equal(llm_usage_normalize(&u), 0);

    u.cache_write = 101;
    u.cache_write_1h = 5;
    assert_int_equal(llm_usage_normalize(&u), 1);
    assert_int_equal(u.cached_input, 0);
    assert_int_equal(u.cache_write, 95);
    assert_int_equal(u.cache_write_1h, 5);
}


static void
test_out_of_range(void **state)
{
    llm_usage_t  u = LLM_USAGE_INIT;

    (void) state;

    u.input = -5;
    u.output = 1000000000001LL;
    u.cached_input = 7;           /* of nobody knows how many */
    u.reported_cost = LLM_NANO_MAX + 1;

    assert_int_equal(llm_usage_normalize(&u), 1);
    assert_int_equal(u.input, -1);
    assert_int_equal(u.output, -1);
    assert_int_equal(u.cached_input, 7);
    assert_int_equal(u.reported_cost, -1);
    assert_int_equal(llm_usage_normalize(&u), 0);
}


/* audio that was cached is inside what was cached and inside the audio */

static void
test_overlap(void **state)
{
    llm_usage_t  u = LLM_USAGE_INIT;

    (void) state;

    u.input = 100;
    u.cached_input = 30;
    u.audio_input = 20;
    u.image_input = 40;
    u.cached_audio = 20;
    u.cached_image = 10;

    assert_int_equal(llm_usage_normalize(&u), 0);

    u.cached_audio = 21;

    assert_int_equal(llm_usage_normalize(&u), 1);
    assert_int_equal(u.cached_audio, 20);

    u.cached_image = 15;

    assert_int_equal(llm_usage_normalize(&u), 1);
    assert_int_equal(u.cached_audio, 15);
    assert_int_equal(u.cached_image, 15);

    u.image_input = 14;
    u.video_input = 2;
    u.cached_image = 15;
    u.cached_video = 3;
    u.cached_audio = 1;

    assert_int_equal(llm_usage_normalize(&u), 1);
    assert_int_equal(u.cached_image, 14);
    assert_int_equal(u.cached_video, 2);
    assert_int_equal(u.cached_audio, 1);

    u.tier = LLM_TIER_N;
    u.geo = LLM_GEO_US;
    u.fast = 2;
    u.search_size = LLM_SEARCH_HIGH;
    u.orch_input = 5;
    u.orch_cached = 6;

    assert_int_equal(llm_usage_normalize(&u), 1);
    assert_int_equal(u.tier, -1);
    assert_int_equal(u.geo, LLM_GEO_US);
    assert_int_equal(u.fast, -1);
    assert_int_equal(u.search_size, LLM_SEARCH_HIGH);
    assert_int_equal(u.orch_cached, 5);
    assert_int_equal(llm_usage_normalize(&u), 0);
}


static void
test_add(void **state)
{
    llm_usage_t  u = LLM_USAGE_INIT, v = LLM_USAGE_INIT;

    (void) state;

    u.input = 10;
    u.searches = 1;
    u.tier = LLM_TIER_FLEX;
    u.reported_cost = 7;

    v.input = 5;
    v.output = 3;
    v.searches = 2;
    v.tier = LLM_TIER_PRIORITY;
    v.reported_cost = 8;

    llm_usage_add(&u, &v);

    assert_int_equal(u.input, 15);
    assert_int_equal(u.output, 3);
    assert_int_equal(u.searches, 3);
    assert_int_equal(u.tier, LLM_TIER_PRIORITY);
    assert_int_equal(u.reported_cost, 15);
    assert_int_equal(u.cached_input, -1);

    v.input = INT64_MAX;
    v.reported_cost = INT64_MAX;
    llm_usage_add(&u, &v);

    assert_int_equal(u.input, INT64_MAX);
    assert_int_equal(u.reported_cost, INT64_MAX);
    assert_int_equal(llm_usage_normalize(&u), 1);
    assert_int_equal(u.input, -1);
    assert_int_equal(u.reported_cost, -1);
}


/* 0 cannot be, -1 may be without a bound: text is the least, any the most */

static void
test_bounds(void **state)
{
    size_t       i;
    int64_t     *v;
    llm_usage_t  text, any;

    static const size_t  unbounded[] = {
        offsetof(llm_usage_t, cached_input),
        offsetof(llm_usage_t, reasoning),
        offsetof(llm_usage_t, request_ms),
        offsetof(llm_usage_t, tier),
        offsetof(llm_usage_t, geo),
        offsetof(llm_usage_t, search_size),
        offsetof(llm_usage_t, reported_cost)
    };

    static const size_t  kinds[] = {
        offsetof(llm_usage_t, cache_write),
        offsetof(llm_usage_t, cache_write_1h),
        offsetof(llm_usage_t, cache_write_day),
        offsetof(llm_usage_t, audio_input),
        offsetof(llm_usage_t, image_input),
        offsetof(llm_usage_t, video_input),
        offsetof(llm_usage_t, cached_audio),
        offsetof(llm_usage_t, cached_image),
        offsetof(llm_usage_t, cached_video),
        offsetof(llm_usage_t, audio_output),
        offsetof(llm_usage_t, image_output),
        offsetof(llm_usage_t, video_output),
        offsetof(llm_usage_t, fast)
    };

    (void) state;

    llm_usage_text(&text, 0, 0);
    llm_usage_any(&any, 0, 0);

    for (i = 0; i < sizeof(unbounded) / sizeof(unbounded[0]); i++) {
        v = (int64_t *) ((char *) &text + unbounded[i]);
        assert_int_equal(*v, -1);
        *v = 0;

        v = (int64_t *) ((char *) &any + unbounded[i]);
        assert_int_equal(*v, -1);
        *v = 0;
    }

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        v = (int64_t *) ((char *) &any + kinds[i]);
        assert_int_equal(*v, -1);
        *v = 0;
    }

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {
        assert_int_equal(((int64_t *) &text)[i], 0);
        assert_int_equal(((int64_t *) &any)[i], 0);
    }

    llm_usage_text(&text, 5, 7);
    assert_int_equal(text.input, 5);
    assert_int_equal(text.output, 7);
}


static void
test_nothing(void **state)
{
    size_t       i;
    llm_usage_t  u;

    static const size_t  beside[] = {
        offsetof(llm_usage_t, input_chars), offsetof(llm_usage_t, pages),
        offsetof(llm_usage_t, queries), offsetof(llm_usage_t, searches),
        offsetof(llm_usage_t, request_ms)
    };

    (void) state;

    memset(&u, 0, sizeof(u));
    assert_int_equal(llm_usage_nothing(&u), 1);

    /* how it was processed is no use of anything */

    u.tier = LLM_TIER_FLEX;
    u.search_size = LLM_SEARCH_HIGH;
    assert_int_equal(llm_usage_nothing(&u), 1);

    /* what is not said is not nothing */

    u.input = -1;
    assert_int_equal(llm_usage_nothing(&u), 0);
    u.input = 0;
    u.output = -1;
    assert_int_equal(llm_usage_nothing(&u), 0);
    u.output = 1;
    assert_int_equal(llm_usage_nothing(&u), 0);
    u.output = 0;

    for (i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
        *(int64_t *) ((char *) &u + beside[i]) = 1;
        assert_int_equal(llm_usage_nothing(&u), 0);
        *(int64_t *) ((char *) &u + beside[i]) = 0;
    }
}


/* the order in which parts above their whole are cut, and all of them */

static void
test_cut(void **state)
{
    llm_usage_t  u = LLM_USAGE_INIT;

    (void) state;

    u.input = 10;
    u.image_input = 0;
    u.video_input = 6;
    u.audio_input = 8;
    u.output = 10;
    u.reasoning = 4;
    u.image_output = 5;
    u.video_output = 2;
    u.audio_output = 9;

    assert_int_equal(llm_usage_normalize(&u), 1);
    assert_int_equal(u.image_input, 0);
    assert_int_equal(u.video_input, 2);
    assert_int_equal(u.audio_input, 8);
    assert_int_equal(u.reasoning, 0);
    assert_int_equal(u.image_output, 0);
    assert_int_equal(u.video_output, 1);
    assert_int_equal(u.audio_output, 9);

    /* how it was processed: the last of each, and one behind it */

    u.tier = LLM_TIER_N - 1;
    u.geo = LLM_GEO_N - 1;
    u.search_size = LLM_SEARCH_N - 1;
    u.fast = 1;
    assert_int_equal(llm_usage_normalize(&u), 0);

    u.geo = LLM_GEO_N;
    u.search_size = LLM_SEARCH_N;
    assert_int_equal(llm_usage_normalize(&u), 1);
    assert_int_equal(u.geo, -1);
    assert_int_equal(u.search_size, -1);
    assert_int_equal(u.tier, LLM_TIER_N - 1);

    u.tier = -2;
    u.input = -2;
    assert_int_equal(llm_usage_normalize(&u), 1);
    assert_int_equal(u.tier, -1);
    assert_int_equal(u.input, -1);
}


/* nothing is added to nothing, and a cost of nothing is a cost */

static void
test_add_zero(void **state)
{
    llm_usage_t  u = LLM_USAGE_INIT, v = LLM_USAGE_INIT;

    (void) state;

    u.input = 0;
    u.reported_cost = 0;
    v.input = 5;
    v.reported_cost = 3;
    llm_usage_add(&u, &v);
    assert_int_equal(u.input, 5);
    assert_int_equal(u.reported_cost, 3);

    v.input = 0;
    v.output = 0;
    v.reported_cost = 0;
    llm_usage_add(&u, &v);
    assert_int_equal(u.input, 5);
    assert_int_equal(u.output, 0);
    assert_int_equal(u.reported_cost, 3);
}


/* each part is within its own whole, also where that is none */

static void
test_parts(void **state)
{
    size_t       i;
    int64_t     *v;
    llm_usage_t  u;

#define AT(f)  offsetof(llm_usage_t, f) / sizeof(int64_t)

    static const struct {
        size_t  whole, part;
    } parts[] = {
        { AT(input), AT(cached_input) },
        { AT(input), AT(cache_write) },
        { AT(input), AT(cache_write_1h) },
        { AT(input), AT(cache_write_day) },
        { AT(input), AT(image_input) },
        { AT(input), AT(video_input) },
        { AT(input), AT(audio_input) },
        { AT(output), AT(reasoning) },
        { AT(output), AT(image_output) },
        { AT(output), AT(video_output) },
        { AT(output), AT(audio_output) },
        { AT(audio_input), AT(cached_audio) },
        { AT(image_input), AT(cached_image) },
        { AT(video_input), AT(cached_video) },
        { AT(cached_input), AT(cached_audio) },
        { AT(cached_input), AT(cached_image) },
        { AT(cached_input), AT(cached_video) },
        { AT(orch_input), AT(orch_cached) },
        { AT(pages), AT(pages_annotated) }
    };

#undef AT

    (void) state;

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        u = (llm_usage_t) LLM_USAGE_INIT;
        v = (int64_t *) &u;

        v[parts[i].part] = 1;
        assert_int_equal(llm_usage_normalize(&u), 0);

        v[parts[i].whole] = 1;
        assert_int_equal(llm_usage_normalize(&u), 0);
        assert_int_equal(v[parts[i].part], 1);

        v[parts[i].whole] = 0;
        assert_int_equal(llm_usage_normalize(&u), 1);
        assert_int_equal(v[parts[i].part], 0);
        assert_int_equal(v[parts[i].whole], 0);

        v[parts[i].whole] = 7;
        v[parts[i].part] = 8;
        assert_int_equal(llm_usage_normalize(&u), 1);
        assert_int_equal(v[parts[i].part], 7);
        assert_int_equal(llm_usage_normalize(&u), 0);
    }
}


static void
test_names(void **state)
{
    size_t  i;
    static const struct {
        llm_str_t     name;
        llm_tier_e    tier;
        llm_geo_e     geo;
        llm_search_e  search;
    } names[] = {
        { llm_string(""), LLM_TIER_DEFAULT, LLM_GEO_GLOBAL,
          LLM_SEARCH_MEDIUM },
        { llm_string("auto"), LLM_TIER_DEFAULT, LLM_GEO_OTHER,
          LLM_SEARCH_MEDIUM },
        { llm_string("global"), LLM_TIER_DEFAULT, LLM_GEO_GLOBAL,
          LLM_SEARCH_MEDIUM },
        { llm_string("not_available"), LLM_TIER_DEFAULT, LLM_GEO_GLOBAL,
          LLM_SEARCH_MEDIUM },
        { llm_string("us"), LLM_TIER_DEFAULT, LLM_GEO_US, LLM_SEARCH_MEDIUM },
        { llm_string("eu"), LLM_TIER_DEFAULT, LLM_GEO_EU, LLM_SEARCH_MEDIUM },
        { llm_string("us-east5"), LLM_TIER_DEFAULT, LLM_GEO_OTHER,
          LLM_SEARCH_MEDIUM },
        { llm_string("low"), LLM_TIER_DEFAULT, LLM_GEO_OTHER, LLM_SEARCH_LOW },
        { llm_string("high"), LLM_TIER_DEFAULT, LLM_GEO_OTHER,
          LLM_SEARCH_HIGH },
        { llm_string("flex"), LLM_TIER_FLEX, LLM_GEO_OTHER,
          LLM_SEARCH_MEDIUM },
        { llm_string("fast"), LLM_TIER_PRIORITY, LLM_GEO_OTHER,
          LLM_SEARCH_MEDIUM },
        { llm_string("batch"), LLM_TIER_BATCH, LLM_GEO_OTHER,
          LLM_SEARCH_MEDIUM },
        { llm_string("ultrafast"), LLM_TIER_ULTRAFAST, LLM_GEO_OTHER,
          LLM_SEARCH_MEDIUM },
        { llm_string("ON_DEMAND"), LLM_TIER_DEFAULT, LLM_GEO_OTHER,
          LLM_SEARCH_MEDIUM },
        { llm_string("ON_DEMAND_PRIORITY"), LLM_TIER_PRIORITY, LLM_GEO_OTHER,
          LLM_SEARCH_MEDIUM },
        { llm_string("FLEX"), LLM_TIER_FLEX, LLM_GEO_OTHER,
          LLM_SEARCH_MEDIUM }
    };

    (void) state;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(llm_tier_find(&names[i].name), names[i].tier);
        assert_int_equal(llm_geo_find(&names[i].name), names[i].geo);
        assert_int_equal(llm_search_find(&names[i].name), names[i].search);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_init),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_consistent),
        cmocka_unit_test(test_contradictory),
        cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_add_zero),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_names)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
