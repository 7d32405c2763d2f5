
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Replicate: models of all kinds, whose work goes on after the request. */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_replicate;

#define ANY     "/v1/predictions"
#define MODEL   "/v1/models/meta/llama/predictions"
#define OURS    "/v1/deployments/us/ours/predictions"
#define HASH    "5797a99edc939ea0e9242d5e8c9cb3bc"                            \
                "7d125b1eac21bda852e5cb79ede2cd9b"

#define TWENTY  "aaaaaaaaaaaaaaaaaaaa"
#define LONG    TWENTY TWENTY TWENTY TWENTY TWENTY

#define FIVE    "\\u0061\\u0061\\u0061\\u0061\\u0061"
#define ESCAPED FIVE FIVE FIVE FIVE

#define ASKED   "{\"input\":{\"prompt\":\"hi\"}}"


static void
test_paths(void **state)
{
    size_t       i;
    llm_route_t  r;

    static const struct {
        const char  *method;
        const char  *path;
        llm_path_e   what;
        llm_long_e   step;
        const char  *model;
        const char  *object;
    } rows[] = {
        { "POST", ANY, LLM_PATH_METERED, LLM_LONG_RUN, "", "" },
        { "POST", ANY "/", LLM_PATH_METERED, LLM_LONG_RUN, "", "" },
        { "POST", MODEL, LLM_PATH_METERED, LLM_LONG_RUN, "meta/llama", "" },
        { "POST", OURS, LLM_PATH_METERED, LLM_LONG_RUN, "us/ours", "" },
        { "POST", "/v1/models/llama/predictions", LLM_PATH_UNKNOWN, 0, "",
          "" },
        { "POST", "/v1/models/a/b/c/predictions", LLM_PATH_UNKNOWN, 0, "",
          "" },
        { "PUT", MODEL, LLM_PATH_UNKNOWN, 0, "", "" },
        { "GET", ANY "/p1", LLM_PATH_TOLD, LLM_LONG_STATE, "", "p1" },
        { "POST", ANY "/p1/cancel", LLM_PATH_TOLD, LLM_LONG_STATE, "", "p1" },
        { "POST", ANY "/p1", LLM_PATH_UNKNOWN, 0, "", "" },
        { "GET", ANY, LLM_PATH_FREE, 0, "", "" },
        { "GET", "/v1/models/meta/llama", LLM_PATH_FREE, 0, "", "" },
        { "GET", "/v1/models/meta/llama/versions", LLM_PATH_FREE, 0, "", "" },
        { "GET", "/v1/models/meta/llama/versions/v", LLM_PATH_FREE, 0, "",
          "" },
        { "QUERY", "/v1/models", LLM_PATH_FREE, 0, "", "" },
        { "GET", "/v1/collections/c", LLM_PATH_FREE, 0, "", "" },
        { "GET", "/v1/hardware", LLM_PATH_FREE, 0, "", "" },
        { "POST", "/v1/files", LLM_PATH_FREE, 0, "", "" },
        { "GET", "/v1/deployments/us/ours", LLM_PATH_FREE, 0, "", "" },
        { "POST", "/v1/trainings/t/cancel", LLM_PATH_FREE, 0, "", "" },
        { "POST", "/v1/deployments", LLM_PATH_UNSUPPORTED, 0, "", "" },
        { "PATCH", "/v1/deployments/us/ours", LLM_PATH_UNSUPPORTED, 0, "",
          "" },
        { "POST", "/v1/models/a/b/versions/v/trainings",
          LLM_PATH_UNSUPPORTED, 0, "", "" },
        { "POST", "/v1/models", LLM_PATH_UNKNOWN, 0, "", "" }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        if (route_of(&llm_replicate, &r, rows[i].method, rows[i].path)
            != rows[i].what
            || r.step != rows[i].step
            || r.model.len != strlen(rows[i].model)
            || memcmp(r.model.data ? (char *) r.model.data : "",
                      rows[i].model, r.model.len) != 0
            || r.object.len != strlen(rows[i].object)
            || memcmp(r.object.data ? (char *) r.object.data : "",
                      rows[i].object, r.object.len) != 0)
        {
            fail_msg("%s %s", rows[i].method, rows[i].path);
        }
    }
}


static void
test_model(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *path;
        const char  *body;
        const char  *model;
    } rows[] = {
        { MODEL, "{\"version\":\"other/cheap\",\"input\":{}}", "meta/llama" },
        { OURS, ASKED, "us/ours" },
        { ANY, "{\"version\":\"a/b\",\"input\":{}}", "a/b" },
        { ANY, "{\"version\":\"a/b:" HASH "\",\"input\":{}}", "a/b" },
        { ANY, "{\"version\":\"a\\u002fb\\u003a" HASH "\",\"input\":{}}",
          "a/b" },
        { ANY, "{\"version\":\"" HASH "\",\"input\":{}}", HASH },
        { ANY, "{\"version\":\"b:c\",\"input\":{}}", "b:c" },
        { ANY, "{\"version\":\":c\",\"input\":{}}", ":c" },
        { ANY, "{\"model\":\"a/b\",\"input\":{}}", "a/b" },
        { ANY, "{\"version\":null,\"model\":\"a/b\",\"input\":{}}", "a/b" },
        { ANY, "{\"version\":\"dear/one\",\"model\":\"a/b\",\"input\":{}}",
          "dear/one" }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(&f, &llm_replicate, rows[i].path, rows[i].body);

        if (f.rc != LLM_OK || f.q.model.len != strlen(rows[i].model)
            || memcmp(f.q.model.data, rows[i].model, f.q.model.len) != 0)
        {
            fail_msg("%s: %d %.*s", rows[i].body, f.rc, (int) f.q.model.len,
                     f.q.model.data);
        }

        assert_true(f.q.stateful && f.q.model_in_path && f.q.bounded);
        assert_false(f.q.stream || f.q.can_fit || f.q.can_inject);
        assert_int_equal(f.q.window, 3600);
        done(&f);
    }
}


static void
test_bad(void **state)
{
    static const bad_t  rows[] = {
        { ANY, "[]", NULL, "the request body must be a JSON object" },
        { ANY, "{}", "version", "is required" },
        { ANY, "{\"version\":7}", "version", "must be a string" },
        { ANY, "{\"version\":\"\"}", "version", "must not be empty" },
        { ANY, "{\"version\":\"a\",\"version\":\"b\"}", "version",
          "must not occur more than once" },
        { ANY, "{\"version\":\"a\"}", "input", "is required" },
        { MODEL, "{}", "input", "is required" },
        { MODEL, "{\"input\":null}", "input", "is required" },
        { MODEL, "{\"input\":[]}", "input", "must be an object" },
        { MODEL, "{\"input\":\"a\"}", "input", "must be an object" },
        { MODEL, "{\"input\":{},\"input\":{}}", "input",
          "must not occur more than once" },
        { MODEL, "{\"input\":{\"max_tokens\":1,\"max_tokens\":2}}",
          "max_tokens", "must not occur more than once" },
        { MODEL, "{\"input\":{\"num_outputs\":1,\"num_outputs\":2}}",
          "num_outputs", "must not occur more than once" },
        { MODEL, "{\"input\":{\"duration\":1,\"duration\":2}}",
          "duration", "must not occur more than once" }
    };

    (void) state;

    expect_all_bad(&llm_replicate, rows, sizeof(rows) / sizeof(bad_t));
}


/* what an input may be used for at most, whatever it is called */

static void
test_most(void **state)
{
    size_t     i;
    char       body[256];
    dialect_t  f;

    static const struct {
        const char  *input;
        int64_t      tokens;
        int64_t      pictures;
        int64_t      ms;
    } rows[] = {
        { "", -1, 1, 15000 },
        { "\"max_tokens\":7", 7, 1, 15000 },
        { "\"max_new_tokens\":7", 7, 1, 15000 },
        { "\"max_length\":7", 7, 1, 15000 },
        { "\"max_completion_tokens\":7", 7, 1, 15000 },
        { "\"max_output_tokens\":7", 7, 1, 15000 },
        { "\"max_tokens\":1,\"max_length\":900", 900, 1, 15000 },
        { "\"max_tokens\":900,\"max_length\":1", 900, 1, 15000 },
        { "\"max_tokens\":\"7\"", 7, 1, 15000 },
        { "\"max_tokens\":\"\\u0037\"", 7, 1, 15000 },
        { "\"max_tokens\":\"" TWENTY TWENTY TWENTY TWENTY "\"", -1, 1,
          15000 },
        { "\"max_tokens\":null", -1, 1, 15000 },
        { "\"max_tokens\":0", -1, 1, 15000 },
        { "\"max_tokens\":-5,\"max_length\":1", -1, 1, 15000 },
        { "\"max_tokens\":{},\"max_length\":1", -1, 1, 15000 },
        { "\"max_tokens\":\"many\"", -1, 1, 15000 },
        { "\"max_tokens\":6.5", 7, 1, 15000 },
        { "\"max_tokens\":1e30", INT32_MAX, 1, 15000 },
        { "\"num_outputs\":4", -1, 4, 15000 },
        { "\"num_images\":4,\"n\":2", -1, 4, 15000 },
        { "\"num_outputs\":\"4\"", -1, 4, 15000 },
        { "\"num_outputs\":0", -1, 1, 15000 },
        { "\"max_images\":[4]", -1, 1, 15000 },
        { "\"n\":1e18", -1, 1000000000000, 15000 },
        { "\"duration\":5", -1, 1, 5000 },
        { "\"duration\":\"8\"", -1, 1, 8000 },
        { "\"seconds\":0.0101", -1, 1, 11 },
        { "\"duration\":-1", -1, 1, 15000 },
        { "\"duration\":\"auto\",\"seconds\":1", -1, 1, 15000 },
        { "\"duration\":1e30", -1, 1, 1000000000000 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(body, sizeof(body), "{\"input\":{%s}}", rows[i].input);
        ask(&f, &llm_replicate, MODEL, body);

        if (f.rc != LLM_OK || f.q.max_output != rows[i].tokens
            || f.q.most.images_out != rows[i].pictures
            || f.q.most.video_output_ms != rows[i].ms)
        {
            fail_msg("%s: %d %lld %lld %lld", rows[i].input, f.rc,
                     (long long) f.q.max_output,
                     (long long) f.q.most.images_out,
                     (long long) f.q.most.video_output_ms);
        }

        done(&f);
    }

    /* what may be charged, and nothing here bounds, is no 0 */

    ask(&f, &llm_replicate, MODEL, ASKED);
    assert_int_equal(f.q.most.pixels_out, -1);
    assert_int_equal(f.q.most.input_chars, -1);
    assert_int_equal(f.q.most.audio_output_ms, -1);
    assert_int_equal(f.q.most.image_input, -1);
    assert_int_equal(f.q.most.request_ms, -1);
    done(&f);
}


static void
test_cancel_after(void **state)
{
    size_t       i;
    dialect_t    f;
    const char  *headers[] = { "cancel-after", NULL, NULL };

    static const struct {
        const char  *value;
        int64_t      ms;
    } rows[] = {
        { "30", 30000 },
        { "30s", 30000 },
        { "5m", 300000 },
        { "1h", 3600000 },
        { "1h30m45s", 5445000 },
        { "1209600", 1209600000 },
        { "1209601", -1 },
        { "337h", -1 },
        { "99999999999999999999", -1 },
        { "0", -1 },
        { "", -1 },
        { "m", -1 },
        { "5d", -1 },
        { "-5", -1 },
        { "5 m", -1 },
        { "1.5", -1 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        headers[1] = rows[i].value;
        ask_with(&f, &llm_replicate, MODEL, headers, ASKED);

        if (f.rc != LLM_OK || f.q.most.request_ms != rows[i].ms) {
            fail_msg("%s: %lld", rows[i].value,
                     (long long) f.q.most.request_ms);
        }

        done(&f);
    }
}


static void
test_count(void **state)
{
    size_t         i;
    dialect_t      f;
    llm_counter_t  c;

    static const struct {
        const char  *body;
        int64_t      tokens;
        int64_t      files;
    } rows[] = {
        { "{\"input\":{}}", 0, 0 },
        { "{\"input\":{\"prompt\":\"hello\",\"system_prompt\":\"be\","
          "\"seed\":7}}", 7, 0 },
        { "{\"input\":{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
          "}}", 6, 0 },
        { "{\"input\":{\"image\":\"https://x/\",\"prompt\":\"hi\"}}",
          1602, 1 },
        { "{\"input\":{\"images\":[\"data:image/png;base64,AAAA\","
          "\"http://x/\"]}}", 3200, 2 },
        { "{\"input\":{\"a\":{\"b\":[\"data:,a\",\"bc\"]}}}", 1603, 1 },

        /* what is a text to its model is one, whatever it begins with */

        { "{\"input\":{\"prompt\":\"data:,hello\"}}", 11, 0 },
        { "{\"input\":{\"my_text\":[\"https://x/\"]}}", 10, 0 },
        { "{\"input\":{\"\\u0070rompt\":\"data:,hello\"}}", 11, 0 },
        { "{\"input\":{\"\\u0069mage\":\"data:,hello\"}}", 1600, 1 },
        { "{\"input\":{\"" LONG "\":\"data:,hello\"}}", 11, 0 },
        { "{\"input\":{\"" LONG LONG LONG LONG "\":\"data:,hello\"}}", 11,
          0 },
        { "{\"input\":{\"a" TWENTY TWENTY TWENTY "\":\"data:,a\"}}", 1600, 1 },
        { "{\"input\":{\"\\u0061" ESCAPED ESCAPED ESCAPED "\":\"data:,a\"}}",
          1600, 1 }
    };

    (void) state;

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(&f, &llm_replicate, MODEL, rows[i].body);
        assert_int_equal(f.p->count(&f.q, &c), LLM_OK);

        if (f.q.input_tokens != rows[i].tokens
            || f.q.most.images_in != rows[i].files)
        {
            fail_msg("%s: %lld %lld", rows[i].body,
                     (long long) f.q.input_tokens,
                     (long long) f.q.most.images_in);
        }

        assert_true(f.q.estimate);
        done(&f);
    }

    ask(&f, &llm_replicate, MODEL, "{\"input\":{\"max_tokens\":90}}");
    expect_edit(&f, 50, "{\"input\":{\"max_tokens\":90}}");
    done(&f);
}


#define OVER(more)  "{\"id\":\"p\",\"status\":\"succeeded\",\"started_at\":"  \
                    "\"2026\"," more "}"
#define GIVEN_UP(more)  "{\"id\":\"p\",\"status\":\"canceled\"," more "}"

/* in the order of tokens, pictures, ms of a film and of a machine */

static const struct {
    const char  *answer;
    const char  *want;
} states[] = {
    { "[]", "- -1 -1 -1 -1 -1" },
    { "7", "- -1 -1 -1 -1 -1" },
    { "{}", "- -1 -1 -1 -1 -1" },
    { "{\"id\":7,\"status\":7,\"output\":7,\"metrics\":7}",
      "- -1 -1 -1 -1 -1" },
    { "{\"id\":\"p\",\"status\":\"starting\"}", "- -1 -1 -1 -1 -1" },
    { "{\"id\":\"p\",\"status\":\"processing\",\"output\":[\"a\"],"
      "\"metrics\":{\"predict_time\":1}}", "- -1 -1 -1 -1 -1" },
    { OVER("\"metrics\":{\"input_token_count\":9,\"output_token_count\":5,"
           "\"predict_time\":1.5}"), "ended seen 9 5 -1 -1 1500" },
    { OVER("\"metrics\":{\"input_token_count\":9,\"predict_time\":null}"),
      "ended seen 9 -1 -1 -1 -1" },
    { OVER("\"metrics\":{\"predict_time\":0.0000001}"),
      "ended seen -1 -1 -1 -1 1" },
    { OVER("\"metrics\":{\"predict_time\":0}"), "ended seen -1 -1 -1 -1 0" },
    { OVER("\"metrics\":{\"predict_time\":3.5e-05}"),
      "ended seen -1 -1 -1 -1 1" },
    { OVER("\"metrics\":{\"predict_time\":-1}"),
      "ended bad -1 -1 -1 -1 -1" },
    { OVER("\"metrics\":{\"predict_time\":\"1\"}"),
      "ended bad -1 -1 -1 -1 -1" },
    { OVER("\"metrics\":{\"predict_time\":1e30,\"input_token_count\":[]}"),
      "ended bad -1 -1 -1 -1 -1" },
    { OVER("\"metrics\":{\"image_output_count\":2},\"output\":[\"https://a\","
           "\"https://b\",\"https://c\"]"), "ended seen -1 -1 2 -1 -1" },
    { OVER("\"output\":[\"https://a\",\"http://b\",\"data:c\"]"),
      "ended seen -1 -1 3 -1 -1" },
    { OVER("\"output\":\"https://a\""), "ended seen -1 -1 1 -1 -1" },
    { OVER("\"output\":{\"image\":\"https://a\",\"seed\":7}"),
      "ended seen -1 -1 1 -1 -1" },
    { OVER("\"output\":[\"text\"]"), "ended -1 -1 -1 -1 -1" },
    { OVER("\"output\":null"), "ended -1 -1 -1 -1 -1" },
    { OVER("\"metrics\":{\"video_output_duration_seconds\":10.042}"),
      "ended seen -1 -1 -1 10042 -1" },
    { OVER("\"metrics\":{\"image_output_count\":1.5}"),
      "ended bad -1 -1 -1 -1 -1" },

    /* what was never begun costs nothing, and what nobody can tell is held */

    { GIVEN_UP("\"started_at\":null"), "ended unused seen 0 0 -1 -1 -1" },
    { "{\"id\":\"p\",\"status\":\"aborted\"}",
      "ended unused seen 0 0 -1 -1 -1" },
    { GIVEN_UP("\"started_at\":\"2026\""), "ended seen -1 -1 0 -1 -1" },
    { GIVEN_UP("\"metrics\":{\"predict_time\":2}"),
      "ended seen -1 -1 0 -1 2000" },
    { GIVEN_UP("\"metrics\":{\"predict_time\":{}}"),
      "ended seen bad -1 -1 0 -1 -1" },
    { GIVEN_UP("\"output\":[\"https://a\"]"), "ended seen -1 -1 1 -1 -1" },
    { GIVEN_UP("\"output\":[\"a\"]"), "ended -1 -1 -1 -1 -1" },
    { "{\"id\":\"p\",\"status\":\"failed\",\"error\":\"x\",\"started_at\":"
      "\"2026\",\"metrics\":{\"predict_time\":2}}",
      "ended seen -1 -1 0 -1 2000" }
};


static void
said(const dialect_t *f, char *out, size_t size)
{
    const llm_usage_t  *u;

    u = &f->a.usage;

    snprintf(out, size, "%s%s%s%s%s%lld %lld %lld %lld %lld",
             f->a.told.ended ? "ended " : "",
             f->a.told.unused ? "unused " : "",
             f->a.usage_seen ? "seen " : "", f->a.usage_bad ? "bad " : "",
             !f->a.told.ended ? "- " : "",
             (long long) u->input, (long long) u->output,
             (long long) u->images_out, (long long) u->video_output_ms,
             (long long) u->request_ms);
}


/* to who asks how it stands */

static void
test_told(void **state)
{
    char       out[256];
    size_t     i;
    dialect_t  f;

    (void) state;

    for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        ask(&f, &llm_replicate, MODEL, ASKED);
        f.q.route.step = LLM_LONG_STATE;
        answer_begin(&f, NULL);
        answer_json(&f, states[i].answer);

        said(&f, out, sizeof(out));

        if (strcmp(out, states[i].want) != 0) {
            fail_msg("%s: %s", states[i].answer, out);
        }

        assert_true(f.a.finished);
        assert_int_equal(f.a.deferred, !f.a.usage_seen);
        expect_usage_sane(&f.a.usage);
        done(&f);
    }
}


/* to who has begun it, and perhaps waited */

static void
test_waited(void **state)
{
    char       out[256];
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *answer;
        const char  *want;
    } rows[] = {
        { "{\"id\":\"p\",\"status\":\"starting\",\"output\":null}",
          "- -1 -1 -1 -1 -1" },
        { "{\"id\":\"p\",\"status\":\"starting\",\"output\":\"a\"}",
          "- -1 -1 -1 -1 -1" },
        { "{\"id\":\"p\",\"status\":\"processing\",\"output\":null}",
          "- -1 -1 -1 -1 -1" },
        { "{\"id\":\"p\",\"status\":\"processing\",\"output\":"
          "[\"https://a\",\"https://b\"]}", "ended seen -1 -1 2 -1 -1" },
        { "{\"id\":\"p\",\"status\":\"processing\",\"output\":"
          "[\"he\",\"llo\"]}", "ended seen -1 -1 -1 -1 -1" },
        { OVER("\"output\":\"hello\""), "ended seen -1 -1 -1 -1 -1" },
        { OVER("\"output\":[\"he\",\"llo\"],\"metrics\":{"
               "\"input_token_count\":9,\"output_token_count\":2}"),
          "ended seen 9 2 -1 -1 -1" },
        { OVER("\"output\":null"), "ended -1 -1 -1 -1 -1" }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(&f, &llm_replicate, MODEL, ASKED);
        answer_begin(&f, NULL);
        answer_json(&f, rows[i].answer);
        said(&f, out, sizeof(out));

        if (strcmp(out, rows[i].want) != 0) {
            fail_msg("%s: %s", rows[i].answer, out);
        }

        done(&f);
    }

    /* who asked is not known: nothing is taken for what was waited for */

    ask(&f, &llm_replicate, MODEL, ASKED);
    answer_begin(&f, NULL);
    f.a.q = NULL;
    answer_json(&f, rows[3].answer);
    assert_false(f.a.told.ended || f.a.usage_seen);
    done(&f);
}


static void
test_pictures_sent(void **state)
{
    dialect_t  f;

    (void) state;

    ask(&f, &llm_replicate, MODEL, ASKED);
    answer_begin(&f, NULL);
    answer_json(&f, "{\"id\":\"p\",\"model\":\"meta/llama\",\"status\":"
                "\"succeeded\",\"input\":{\"prompt\":\"a\",\"images\":["
                "\"https://a\",\"https://b\"]},\"output\":\"https://c\"}");
    assert_int_equal(f.a.usage.images_in, 2);
    assert_int_equal(f.a.usage.images_out, 1);
    assert_memory_equal(f.a.told.id.data, "p", 1);
    assert_memory_equal(f.a.model.data, "meta/llama", 10);
    done(&f);

    /* a stream is none of its answers */

    ask(&f, &llm_replicate, MODEL, ASKED);
    answer_begin(&f, NULL);
    answer_event(&f, "output", "hello");
    answer_event(&f, "done", "{}");
    assert_false(f.a.usage_seen);
    assert_true(f.a.deferred);
    done(&f);
}


static void
test_error(void **state)
{
    size_t         i;
    dialect_t      f;
    llm_refusal_t  r;

    static const struct {
        unsigned  status;
        unsigned  sent;
    } rows[] = {
        { 429, 402 }, { 400, 400 }, { 404, 404 }, { 503, 503 }
    };

    (void) state;

    expect_error(&llm_replicate, LLM_REFUSE_BUDGET, 402, "budget_exceeded",
                 "\"x\" is spent",
                 "{\"title\":\"budget_exceeded\",\"detail\":\"\\\"x\\\" is "
                 "spent\",\"status\":402}");

    ask(&f, &llm_replicate, MODEL, ASKED);
    memset(&r, 0, sizeof(r));

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        r.status = rows[i].status;
        assert_int_equal(f.p->status(&f.q.route, &r), rows[i].sent);
    }

    done(&f);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_most),
        cmocka_unit_test(test_cancel_after),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_waited),
        cmocka_unit_test(test_pictures_sent),
        cmocka_unit_test(test_error)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
