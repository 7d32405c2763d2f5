
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * A usage object of Anthropic's, figure by figure: what a cache has read and
 * written for 5 minutes and for an hour, what tools did, and iterations, of
 * which advice is billed beside the answer.
 */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_anthropic;


#define PATH     "/v1/messages"
#define REQUEST  "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[]}"


static void
answer(dialect_t *f, const char *usage)
{
    char  body[4096];

    snprintf(body, sizeof(body), "{\"type\":\"message\",\"model\":\"m\","
             "\"content\":[],\"stop_reason\":\"end_turn\",\"usage\":{%s}}",
             usage);

    ask(f, &llm_anthropic, PATH, REQUEST);
    assert_int_equal(f->rc, LLM_OK);

    answer_begin(f, NULL);
    answer_json(f, body);
}


typedef struct {
    int64_t  input;
    int64_t  output;
    int64_t  cached;
    int64_t  written;
    int64_t  hour;
    int64_t  thinking;
    int64_t  searches;
    int64_t  fetches;
} figures_t;


static void
expect(const char *usage, const llm_usage_t *u, const figures_t *want)
{
    if (u->input != want->input || u->output != want->output
        || u->cached_input != want->cached
        || u->cache_write != want->written
        || u->cache_write_1h != want->hour
        || u->reasoning != want->thinking
        || u->searches != want->searches || u->web_fetches != want->fetches)
    {
        fail_msg("%s: %lld %lld, %lld %lld %lld, %lld, %lld %lld", usage,
                 (long long) u->input, (long long) u->output,
                 (long long) u->cached_input, (long long) u->cache_write,
                 (long long) u->cache_write_1h, (long long) u->reasoning,
                 (long long) u->searches, (long long) u->web_fetches);
    }
}


#define IN_OUT  "\"input_tokens\":10,\"output_tokens\":7"
#define CACHE   "\"cache_creation_input_tokens\":50,"                         \
                "\"cache_read_input_tokens\":300,"


static void
test_figures(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *usage;
        figures_t    want;
    } rows[] = {
        { IN_OUT, { 10, 7, -1, -1, -1, -1, -1, -1 } },
        { CACHE IN_OUT, { 360, 7, 300, 50, -1, -1, -1, -1 } },
        { CACHE "\"input_tokens\":0,\"output_tokens\":0",
          { 350, 0, 300, 50, -1, -1, -1, -1 } },
        { CACHE "\"output_tokens\":7", { -1, 7, 300, 50, -1, -1, -1, -1 } },

        /* the hour's part is no part of the 5 minutes' */

        { CACHE "\"cache_creation\":{\"ephemeral_5m_input_tokens\":30,"
          "\"ephemeral_1h_input_tokens\":20}," IN_OUT,
          { 360, 7, 300, 30, 20, -1, -1, -1 } },
        { CACHE "\"cache_creation\":{\"ephemeral_1h_input_tokens\":50},"
          IN_OUT, { 360, 7, 300, 0, 50, -1, -1, -1 } },
        { CACHE "\"cache_creation\":{\"ephemeral_5m_input_tokens\":50},"
          IN_OUT, { 360, 7, 300, 50, -1, -1, -1, -1 } },
        { CACHE "\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,"
          "\"ephemeral_1h_input_tokens\":0}," IN_OUT,
          { 360, 7, 300, 50, 0, -1, -1, -1 } },

        /* what is said of the parts alone is in the input too */

        { "\"cache_creation\":{\"ephemeral_5m_input_tokens\":30,"
          "\"ephemeral_1h_input_tokens\":20},\"cache_read_input_tokens\":300,"
          IN_OUT, { 360, 7, 300, 30, 20, -1, -1, -1 } },
        { "\"cache_creation\":{\"ephemeral_5m_input_tokens\":0},"
          IN_OUT, { 10, 7, -1, 0, -1, -1, -1, -1 } },

        /* ... and beside the 0 of one who writes down every name */

        { "\"cache_creation_input_tokens\":0,\"cache_creation\":{"
          "\"ephemeral_5m_input_tokens\":30,"
          "\"ephemeral_1h_input_tokens\":20}," IN_OUT,
          { 60, 7, -1, 30, 20, -1, -1, -1 } },
        { "\"cache_creation_input_tokens\":0,\"cache_creation\":{"
          "\"ephemeral_5m_input_tokens\":30}," IN_OUT,
          { 40, 7, -1, 30, -1, -1, -1, -1 } },
        { "\"cache_creation_input_tokens\":0,\"cache_creation\":{"
          "\"ephemeral_5m_input_tokens\":0}," IN_OUT,
          { 10, 7, -1, 0, -1, -1, -1, -1 } },

        /* more for an hour than was written at all */

        { "\"cache_creation_input_tokens\":5,\"cache_creation\":{"
          "\"ephemeral_1h_input_tokens\":8}," IN_OUT,
          { 15, 7, -1, 0, 8, -1, -1, -1 } },

        { "\"output_tokens_details\":{\"thinking_tokens\":4},"
          "\"server_tool_use\":{\"web_search_requests\":2,"
          "\"web_fetch_requests\":3}," IN_OUT,
          { 10, 7, -1, -1, -1, 4, 2, 3 } },
        { "\"server_tool_use\":null,\"output_tokens_details\":[],"
          "\"cache_creation\":7," IN_OUT,
          { 10, 7, -1, -1, -1, -1, -1, -1 } },

        /* a part of the input that cannot be read leaves it unknown */

        { "\"cache_read_input_tokens\":\"many\"," IN_OUT,
          { -1, 7, -1, -1, -1, -1, -1, -1 } },
        { "\"cache_creation_input_tokens\":-1,\"cache_creation\":{"
          "\"ephemeral_1h_input_tokens\":8}," IN_OUT,
          { -1, 7, -1, -1, 8, -1, -1, -1 } }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        answer(&f, rows[i].usage);
        expect(rows[i].usage, &f.a.usage, &rows[i].want);
        assert_null(f.a.items);
        done(&f);
    }
}


#define MESSAGE  "{\"type\":\"message\",\"input_tokens\":4,"                   \
                 "\"output_tokens\":2,\"cache_read_input_tokens\":1}"
#define PACKED   "{\"type\":\"compaction\",\"input_tokens\":100,"             \
                 "\"output_tokens\":20,\"cache_creation_input_tokens\":30,"   \
                 "\"cache_creation\":{\"ephemeral_5m_input_tokens\":10,"      \
                 "\"ephemeral_1h_input_tokens\":20}}"
#define PACKED_PARTS  "{\"type\":\"compaction\",\"input_tokens\":100,"        \
                 "\"output_tokens\":20,\"cache_creation\":{"                  \
                 "\"ephemeral_5m_input_tokens\":10,"                          \
                 "\"ephemeral_1h_input_tokens\":20}}"
#define ANOTHER  "{\"type\":\"fallback_message\",\"model\":\"other\","         \
                 "\"input_tokens\":10,\"output_tokens\":7}"
#define ADVICE   "{\"type\":\"advisor_message\",\"model\":\"dear\","           \
                 "\"input_tokens\":5,\"output_tokens\":6,"                    \
                 "\"cache_read_input_tokens\":2}"
#define TOOLS    "\"server_tool_use\":{\"web_search_requests\":2},"           \
                 "\"output_tokens_details\":{\"thinking_tokens\":3},"
#define PARTS(p) "\"iterations\":[" p "]," IN_OUT


static void
test_iterations(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *usage;
        figures_t    want;
        const char  *served;
    } rows[] = {

        /* they say what the totals say */

        { PARTS(MESSAGE "," MESSAGE),
          { 10, 7, -1, -1, -1, -1, -1, -1 }, "" },
        { PARTS(""), { 10, 7, -1, -1, -1, -1, -1, -1 }, "" },

        /* but for passes that compacted, which are in no total */

        { TOOLS PARTS(PACKED "," MESSAGE),
          { 135, 22, 1, 10, 20, 3, 2, -1 }, "" },
        { TOOLS PARTS(MESSAGE "," PACKED "," MESSAGE),
          { 140, 24, 2, 10, 20, 3, 2, -1 }, "" },
        { "\"server_tool_use\":{\"web_fetch_requests\":4}," PARTS(PACKED),
          { 130, 20, -1, 10, 20, -1, -1, 4 }, "" },
        { PARTS(PACKED_PARTS "," PACKED_PARTS),
          { 260, 40, -1, 20, 40, -1, -1, -1 }, "" },

        /* of a model that stood in the totals hold, and its price */

        { PARTS(MESSAGE "," ANOTHER), { 10, 7, -1, -1, -1, -1, -1, -1 },
          "other" },
        { PARTS(PACKED "," ANOTHER), { 10, 7, -1, -1, -1, -1, -1, -1 },
          "other" },

        /* what is no part of an answer */

        { PARTS("7,[],{},{\"type\":null},\"compaction\"," MESSAGE),
          { 10, 7, -1, -1, -1, -1, -1, -1 }, "" }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        answer(&f, rows[i].usage);
        expect(rows[i].usage, &f.a.usage, &rows[i].want);

        assert_null(f.a.items);
        assert_int_equal(f.a.served.len, strlen(rows[i].served));
        assert_memory_equal(f.a.served.data ? (char *) f.a.served.data : "",
                            rows[i].served, f.a.served.len);
        done(&f);
    }
}


/* each advice is an item with its own model and its own figures */

static void
test_advice(void **state)
{
    dialect_t          f;
    llm_usage_item_t  *item;

    static const figures_t  all = { 10, 7, -1, -1, -1, -1, -1, -1 };
    static const figures_t  dear = { 7, 6, 2, -1, -1, -1, -1, -1 };
    static const figures_t  own = { 1, 3, -1, -1, -1, -1, -1, -1 };

    (void) state;

    answer(&f, PARTS(MESSAGE "," ADVICE ",{\"type\":\"advisor_message\","
                     "\"input_tokens\":1,\"output_tokens\":3}," MESSAGE));

    expect("advice", &f.a.usage, &all);

    /* the last one first, which is of no model but the answer's */

    item = f.a.items;
    assert_non_null(item);
    expect("own", &item->usage, &own);
    assert_int_equal(item->model.len, 0);

    item = item->next;
    assert_non_null(item);
    expect("dear", &item->usage, &dear);
    assert_int_equal(item->model.len, 4);
    assert_memory_equal(item->model.data, "dear", 4);
    assert_null(item->next);

    done(&f);

    /* beside a pass that compacted it is in no sum */

    static const figures_t  packed = { 130, 20, -1, 10, 20, -1, -1, -1 };

    answer(&f, PARTS(ADVICE "," PACKED));
    expect("packed", &f.a.usage, &packed);
    assert_non_null(f.a.items);
    assert_null(f.a.items->next);
    done(&f);
}


/* an event that says the iterations again takes the place of the former */

static void
test_events(void **state)
{
    dialect_t  f;

    static const figures_t  want = { 360, 9, 300, 50, -1, -1, 2, -1 };

    (void) state;

    ask(&f, &llm_anthropic, PATH, REQUEST);
    answer_begin(&f, NULL);

    answer_event(&f, "message_start", "{\"type\":\"message_start\","
                 "\"message\":{\"model\":\"m\",\"usage\":{" CACHE
                 "\"input_tokens\":10,\"output_tokens\":1}}}");
    answer_event(&f, "message_delta", "{\"type\":\"message_delta\","
                 "\"usage\":{\"output_tokens\":5,\"iterations\":["
                 ADVICE "]}}");
    answer_event(&f, "message_delta", "{\"type\":\"message_delta\","
                 "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{"
                 "\"output_tokens\":9,\"server_tool_use\":{"
                 "\"web_search_requests\":2},\"iterations\":["
                 ADVICE "]}}");
    llm_anthropic.finish(&f.a);

    expect("events", &f.a.usage, &want);
    assert_non_null(f.a.items);
    assert_null(f.a.items->next);
    done(&f);
}


static void
test_place(void **state)
{
    dialect_t  f;

    (void) state;

    answer(&f, "\"inference_geo\":\"us\",\"speed\":\"fast\"," IN_OUT);
    assert_int_equal(f.a.usage.geo, LLM_GEO_US);
    assert_int_equal(f.a.usage.fast, 1);
    done(&f);

    answer(&f, "\"inference_geo\":\"global\",\"speed\":\"standard\"," IN_OUT);
    assert_int_equal(f.a.usage.geo, LLM_GEO_GLOBAL);
    assert_int_equal(f.a.usage.fast, 0);
    done(&f);

    answer(&f, "\"inference_geo\":7,\"speed\":null," IN_OUT);
    assert_int_equal(f.a.usage.geo, -1);
    assert_int_equal(f.a.usage.fast, -1);
    done(&f);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_iterations),
        cmocka_unit_test(test_advice),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_place)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
