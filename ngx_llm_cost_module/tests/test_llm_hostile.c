
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Bad input, of every dialect alike: each member of a request and of an answer
 * has been replaced by what it cannot be, left out, or said twice.  What is
 * wrong is refused with a word about it; what cannot be used is unknown, never
 * negative and never nothing at all.
 */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_bedrock, llm_cohere,
                             llm_gemini, llm_ollama;


typedef struct {
    const llm_provider_t  *p;
    const char            *path;
    const char            *request;
    const char            *answer;
    int64_t                input;         /* that the answer says */
    int64_t                output;        /* -1: there is none */
    const char            *first;         /* two events that disagree */
    const char            *second;
    const char            *error;         /* an event after usage */
    const char            *type;          /* of events */
} dialect_row_t;


#define CHAT_REQUEST(model)                                                   \
    "{\"model\":\"" model "\",\"messages\":[{\"role\":\"user\",\"content\":[" \
    "{\"type\":\"text\",\"text\":\"hi\"},{\"type\":\"image_url\","            \
    "\"image_url\":{\"url\":\"https://a/b.png\",\"detail\":\"low\"}}]},"      \
    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c\"," \
    "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":" \
    "\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"1\"}]" \
    ",\"n\":1,\"max_tokens\":9,\"max_completion_tokens\":8,\"stream\":false," \
    "\"service_tier\":\"flex\",\"tools\":[{\"type\":\"function\","            \
    "\"function\":{\"name\":\"f\",\"description\":\"d\",\"parameters\":{" \
    "\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"," \
    "\"enum\":[\"x\"]}}}}}],\"tool_choice\":\"auto\",\"response_format\":{" \
    "\"type\":\"json_schema\",\"json_schema\":{\"name\":\"s\",\"schema\":{" \
    "\"type\":\"object\"}}}}"

#define CHAT_ANSWER                                                           \
    "{\"model\":\"m\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"," \
    "\"message\":{\"role\":\"assistant\",\"content\":\"a\"}}],\"usage\":{" \
    "\"prompt_tokens\":20,\"completion_tokens\":10,\"total_tokens\":30," \
    "\"prompt_tokens_details\":{\"cached_tokens\":4}," \
    "\"completion_tokens_details\":{\"reasoning_tokens\":3}}}"

static const dialect_row_t  rows[] = {

    { &llm_openai, "/v1/chat/completions", CHAT_REQUEST("claude-3.7-sonnet"),
      CHAT_ANSWER, 20, 10, NULL, NULL, NULL, "" },

    { &llm_openai, "/v1/chat/completions", CHAT_REQUEST("gpt-4o"), CHAT_ANSWER,
      20, 10,
      "{\"choices\":[],\"usage\":{\"prompt_tokens\":1,"
      "\"completion_tokens\":2}}",
      "{\"choices\":[],\"usage\":{\"prompt_tokens\":20,"
      "\"completion_tokens\":10}}",
      "{\"error\":{\"message\":\"no\",\"type\":\"server_error\"}}", "" },

    { &llm_openai, "/v1/completions",
      "{\"model\":\"m\",\"prompt\":[\"a\",\"b\"],\"max_tokens\":5,\"n\":1,"
      "\"best_of\":1,\"suffix\":\"s\",\"echo\":false,\"stream\":false}",
      "{\"model\":\"m\",\"choices\":[{\"text\":\"a\",\"index\":0}],"
      "\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":10,"
      "\"total_tokens\":30}}", 20, 10, NULL, NULL, NULL, "" },

    { &llm_openai, "/v1/embeddings",
      "{\"model\":\"m\",\"input\":[\"a\",\"b\"],\"dimensions\":3,"
      "\"encoding_format\":\"float\"}",
      "{\"model\":\"m\",\"data\":[],\"usage\":{\"prompt_tokens\":20,"
      "\"total_tokens\":20}}", 20, -1, NULL, NULL, NULL, "" },

    { &llm_openai, "/v1/responses",
      "{\"model\":\"gpt-5\",\"instructions\":\"be\",\"input\":[{\"role\":"
      "\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"hi\"},"
      "{\"type\":\"input_image\",\"image_url\":\"https://a/b\"}]},{\"type\":"
      "\"function_call\",\"name\":\"f\",\"arguments\":\"{}\",\"call_id\":"
      "\"c\"},{\"type\":\"function_call_output\",\"call_id\":\"c\","
      "\"output\":\"1\"}],\"tools\":[{\"type\":\"function\",\"name\":\"f\","
      "\"parameters\":{\"type\":\"object\"}},{\"type\":\"web_search\"}],"
      "\"max_output_tokens\":9,\"background\":false,\"stream\":false,"
      "\"store\":true,\"previous_response_id\":null,\"text\":{\"format\":{"
      "\"type\":\"text\"}},\"reasoning\":{\"effort\":\"low\"}}",
      "{\"model\":\"m\",\"status\":\"completed\",\"output\":[],\"usage\":{"
      "\"input_tokens\":20,\"input_tokens_details\":{\"cached_tokens\":4},"
      "\"output_tokens\":10,\"output_tokens_details\":{"
      "\"reasoning_tokens\":3},\"total_tokens\":30}}", 20, 10,
      "{\"type\":\"response.in_progress\",\"response\":{\"usage\":{"
      "\"input_tokens\":1,\"output_tokens\":2}}}",
      "{\"type\":\"response.completed\",\"response\":{\"status\":"
      "\"completed\",\"usage\":{\"input_tokens\":20,\"output_tokens\":10}}}",
      "{\"type\":\"error\",\"message\":\"no\"}", "" },

    { &llm_anthropic, "/v1/messages",
      "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":9,\"system\":[{"
      "\"type\":\"text\",\"text\":\"s\",\"cache_control\":{\"type\":"
      "\"ephemeral\",\"ttl\":\"1h\"}}],\"messages\":[{\"role\":\"user\","
      "\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"url\","
      "\"url\":\"https://a\"}},{\"type\":\"document\",\"source\":{"
      "\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":"
      "\"AAAA\"}}]},{\"role\":\"assistant\",\"content\":[{\"type\":"
      "\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}]},{\"role\":"
      "\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":"
      "\"t\",\"content\":\"x\"}]}],\"tools\":[{\"name\":\"f\","
      "\"description\":\"d\",\"input_schema\":{\"type\":\"object\"}}],"
      "\"tool_choice\":{\"type\":\"auto\"},\"thinking\":{\"type\":"
      "\"enabled\",\"budget_tokens\":4},\"stream\":false}",
      "{\"type\":\"message\",\"model\":\"m\",\"content\":[],\"usage\":{"
      "\"input_tokens\":14,\"cache_creation_input_tokens\":2,"
      "\"cache_read_input_tokens\":4,\"cache_creation\":{"
      "\"ephemeral_5m_input_tokens\":1,\"ephemeral_1h_input_tokens\":1},"
      "\"output_tokens\":10}}", 20, 10,
      "{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":"
      "3,\"output_tokens\":1}}}",
      "{\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"input_tokens\":"
      "20,\"output_tokens\":10}}",
      "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}", NULL },

    { &llm_gemini, "/v1beta/models/gemini-2.5-flash:generateContent",
      "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"a\"},{"
      "\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"iVBO\"}},{"
      "\"fileData\":{\"mimeType\":\"image/png\",\"fileUri\":\"gs://a\"}}]},{"
      "\"role\":\"model\",\"parts\":[{\"functionCall\":{\"name\":\"f\","
      "\"args\":{\"a\":1}},\"thoughtSignature\":\"AAAA\"}]},{\"role\":"
      "\"user\",\"parts\":[{\"functionResponse\":{\"name\":\"f\","
      "\"response\":{\"r\":\"x\"}}}]}],\"systemInstruction\":{\"parts\":[{"
      "\"text\":\"s\"}]},\"generationConfig\":{\"maxOutputTokens\":9,"
      "\"candidateCount\":1,\"responseModalities\":[\"TEXT\"]},\"tools\":[{"
      "\"functionDeclarations\":[{\"name\":\"f\",\"description\":\"d\","
      "\"parameters\":{\"type\":\"OBJECT\",\"properties\":{\"a\":{\"type\":"
      "\"STRING\",\"enum\":[\"x\"]}},\"required\":[\"a\"]}}]}]}",
      "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},"
      "\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":"
      "20,\"cachedContentTokenCount\":4,\"candidatesTokenCount\":7,"
      "\"thoughtsTokenCount\":3,\"totalTokenCount\":30,"
      "\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":20}]},"
      "\"modelVersion\":\"m\"}", 20, 10,
      "{\"usageMetadata\":{\"promptTokenCount\":1,"
      "\"candidatesTokenCount\":2}}",
      "{\"usageMetadata\":{\"promptTokenCount\":20,"
      "\"candidatesTokenCount\":10}}",
      "{\"error\":{\"code\":500,\"status\":\"INTERNAL\"}}", "" },

    { &llm_bedrock, "/model/amazon.nova-lite-v1:0/converse",
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"a\"},{"
      "\"image\":{\"format\":\"png\",\"source\":{\"bytes\":\"iVBO\"}}},{"
      "\"toolResult\":{\"toolUseId\":\"t\",\"content\":[{\"text\":\"x\"}]}}]}]"
      ",\"system\":[{\"text\":\"s\"}],\"inferenceConfig\":{\"maxTokens\":9},"
      "\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"f\","
      "\"inputSchema\":{\"json\":{\"type\":\"object\"}}}}]}}",
      "{\"output\":{\"message\":{\"content\":[{\"text\":\"a\"}]}},"
      "\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":16,"
      "\"outputTokens\":10,\"totalTokens\":30,\"cacheReadInputTokens\":4,"
      "\"cacheWriteInputTokens\":0}}", 20, 10,
      "{\"usage\":{\"inputTokens\":1,\"outputTokens\":2}}",
      "{\"usage\":{\"inputTokens\":20,\"outputTokens\":10}}", NULL,
      "metadata" },

    { &llm_cohere, "/v2/chat",
      "{\"model\":\"command-r\",\"messages\":[{\"role\":\"user\",\"content\":"
      "[{\"type\":\"text\",\"text\":\"a\"}]}],\"max_tokens\":9,\"stream\":"
      "false,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
      "\"parameters\":{}}}],\"documents\":[\"d\"]}",
      "{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},"
      "\"finish_reason\":\"COMPLETE\",\"usage\":{\"billed_units\":{"
      "\"input_tokens\":20,\"output_tokens\":10},\"tokens\":{"
      "\"input_tokens\":25,\"output_tokens\":12}}}", 20, 10, NULL, NULL,
      NULL, "" },

    { &llm_ollama, "/api/chat",
      "{\"model\":\"llama3\",\"messages\":[{\"role\":\"user\",\"content\":"
      "\"a\",\"images\":[\"iVBO\"]}],\"options\":{\"num_predict\":9},"
      "\"stream\":false,\"tools\":[{\"type\":\"function\",\"function\":{"
      "\"name\":\"f\",\"parameters\":{}}}]}",
      "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":"
      "\"a\"},\"done\":true,\"prompt_eval_count\":20,\"eval_count\":10}",
      20, 10, NULL, NULL, NULL, "" }
};

#define ROWS  (sizeof(rows) / sizeof(rows[0]))


/* what a value is replaced by */

static const char * const  wrong[] = {
    "null", "true", "-1", "1.5", "1e400", "1000000000", "99999999999999999999",
    "0", "\"\"", "\"x\"", "\"7\"", "[]", "{}", "[null]", "[[[1]]]",
    "{\"a\":{\"type\":7}}", "[{\"type\":[]}]", "\"\\ud800\\u0000\""
};

#define WRONG  (sizeof(wrong) / sizeof(wrong[0]))

#define GONE   WRONG             /* the member is left out */
#define TWICE  (WRONG + 1)       /* it is there twice */


/* the text with node i replaced; 0: it cannot be */

static size_t
spoil(const llm_json_t *j, uint32_t i, unsigned key, size_t how, char *out)
{
    size_t       start, end, n, len;
    const char  *text;

    start = j->nodes[i].start - (j->nodes[i].type == LLM_JSON_STRING);
    end = j->nodes[i].end + (j->nodes[i].type == LLM_JSON_STRING);
    text = (const char *) j->data;

    if (how >= GONE) {

        if (!key) {
            return 0;
        }

        /* from the key on, and the comma on one of its sides */

        start = j->nodes[i - 1].start - 1;
    }

    n = 0;

    if (how == TWICE) {
        len = end - start;
        memcpy(out, text, end);
        n = end;
        n += sprintf(out + n, ",%.*s", (int) len, text + start);

    } else if (how == GONE) {

        if (text[start - 1] == ',') {
            start--;

        } else if (text[end] == ',') {
            end++;
        }

        memcpy(out, text, start);
        n = start;

    } else {
        memcpy(out, text, start);
        n = start + sprintf(out + start, "%s", wrong[how]);
    }

    memcpy(out + n, text + end, j->len - end);
    n += j->len - end;
    out[n] = '\0';

    return n;
}


/* is node i the value of a member? */

static unsigned
is_value(const llm_json_t *j, uint32_t i)
{
    uint32_t  k, parent;

    parent = LLM_JSON_NONE;

    for (k = 0; k < i; k++) {
        if (j->nodes[k].next > i && j->nodes[k].type == LLM_JSON_OBJECT) {
            parent = k;
        }
    }

    if (parent == LLM_JSON_NONE) {
        return 0;
    }

    for (k = parent + 1; k < j->nodes[parent].next; k = j->nodes[k].next) {

        if (k == i) {
            return 0;                               /* the key */
        }

        k = j->nodes[k].next;

        if (k == i) {
            return 1;
        }
    }

    return 0;
}


static unsigned
is_key(const llm_json_t *j, uint32_t i)
{
    return i + 1 < j->n && j->nodes[i].type == LLM_JSON_STRING
           && j->data[j->nodes[i].end + 1] == ':';
}


static void
request(const dialect_row_t *row, const char *body)
{
    dialect_t      f;
    llm_edits_t    e;
    llm_counter_t  c;

    ask(&f, row->p, row->path, body);

    if (f.rc != LLM_OK) {
        assert_int_equal(f.rc, LLM_BAD);
        assert_non_null(f.q.err);
        done(&f);
        return;
    }

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    if (f.q.max_output < -1 || f.q.choices < 1 || f.q.choices > 1024
        || f.q.model.len > 256
        || (f.q.model.len == 0 && f.q.kind != LLM_KIND_RESPONSES)
        || row->p->count(&f.q, &c) != LLM_OK || f.q.input_tokens < 0)
    {
        fail_msg("%s %s: model %zu, max %lld, n %lld, input %lld", row->path,
                 body, f.q.model.len, (long long) f.q.max_output,
                 (long long) f.q.choices, (long long) f.q.input_tokens);
    }

    memset(&e, 0, sizeof(e));
    e.set_max_output = 16;
    assert_int_equal(row->p->edit(&f.q, &e), LLM_OK);

    done(&f);
}


static void
each(const char *text, const dialect_row_t *row,
    void (*with)(const dialect_row_t *row, const char *body))
{
    char         body[8192];
    size_t       how;
    uint32_t     i;
    unsigned     value;
    llm_json_t   j;
    llm_arena_t  a;

    llm_arena_init(&a);
    memset(&j, 0, sizeof(j));
    j.mem = &a.mem;

    assert_true(strlen(text) < 4000);
    assert_int_equal(llm_json_parse(&j, (const unsigned char *) text,
                                    strlen(text)), LLM_OK);

    with(row, text);

    for (i = 1; i < j.n; i++) {

        if (is_key(&j, i)) {
            continue;
        }

        value = is_value(&j, i);

        for (how = 0; how <= TWICE; how++) {
            if (spoil(&j, i, value, how, body)) {
                with(row, body);
            }
        }
    }

    llm_arena_free(&a);
}


static void
test_requests(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < ROWS; i++) {
        each(rows[i].request, &rows[i], request);
    }
}


/* nothing negative, no part above its whole, no silent 0 */

static void
answer(const dialect_row_t *row, const char *body)
{
    size_t         i;
    int64_t       *v;
    dialect_t      f;
    llm_usage_t   *u;

    ask(&f, row->p, row->path, row->request);
    answer_begin(&f, NULL);
    answer_json(&f, body);

    u = &f.a.usage;
    v = (int64_t *) u;

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {
        if (v[i] < -1 || v[i] > 2000000000000LL) {
            fail_msg("%s %s: field %zu is %lld", row->path, body, i,
                     (long long) v[i]);
        }
    }

    (void) llm_usage_normalize(u);
    assert_int_equal(llm_usage_normalize(u), 0);

    assert_true(u->cached_input <= u->input || u->input < 0);
    assert_true(u->reasoning <= u->output || u->output < 0);

    /* 0 has to be said, or be what a part that is left out stands for */

    if ((u->input == 0 || (u->output == 0 && row->output >= 0))
        && strstr(body, ":0,") == NULL && strstr(body, ":0}") == NULL
        && strstr(body, "null") == NULL
        && strlen(body) + 8 >= strlen(row->answer))
    {
        fail_msg("%s %s: %lld and %lld", row->path, body,
                 (long long) u->input, (long long) u->output);
    }

    done(&f);
}


static void
test_answers(void **state)
{
    size_t     i;
    dialect_t  f;

    (void) state;

    for (i = 0; i < ROWS; i++) {
        ask(&f, rows[i].p, rows[i].path, rows[i].request);
        assert_int_equal(f.rc, LLM_OK);
        answer_begin(&f, NULL);
        answer_json(&f, rows[i].answer);

        if (f.a.usage.input != rows[i].input
            || (f.a.usage.output != rows[i].output && rows[i].output >= 0)
            || f.a.usage_bad || !f.a.usage_seen)
        {
            fail_msg("%s: %lld and %lld", rows[i].path,
                     (long long) f.a.usage.input,
                     (long long) f.a.usage.output);
        }

        done(&f);
        each(rows[i].answer, &rows[i], answer);
    }
}


/* a total that contradicts its parts takes nothing away from them */

static void
test_totals(void **state)
{
    char         body[4096], *at;
    size_t       i, k;
    dialect_t    f;

    static const char * const  names[] = {
        "\"total_tokens\":", "\"totalTokenCount\":", "\"totalTokens\":"
    };
    static const char * const  totals[] = { "1", "9999" };

    (void) state;

    for (i = 0; i < ROWS * 3 * 2; i++) {
        k = i / 6;
        strcpy(body, rows[k].answer);
        at = strstr(body, names[i / 2 % 3]);

        if (at == NULL) {
            continue;
        }

        at += strlen(names[i / 2 % 3]);
        memmove(at + strlen(totals[i % 2]), at + 2, strlen(at + 2) + 1);
        memcpy(at, totals[i % 2], strlen(totals[i % 2]));

        ask(&f, rows[k].p, rows[k].path, rows[k].request);
        answer_begin(&f, NULL);
        answer_json(&f, body);

        if (f.a.usage.input < rows[k].input
            || f.a.usage.output < rows[k].output)
        {
            fail_msg("%s: %lld and %lld", body, (long long) f.a.usage.input,
                     (long long) f.a.usage.output);
        }

        done(&f);
    }
}


/* the last of two usages holds, and an error after it takes nothing away */

static const char *
type_of(const dialect_row_t *row, const char *event)
{
    return row->type ? row->type
           : strstr(event, "message_start") ? "message_start"
           : strstr(event, "message_delta") ? "message_delta" : "error";
}


static void
test_events(void **state)
{
    size_t                i;
    dialect_t             f;
    const dialect_row_t  *row;

    (void) state;

    for (i = 0; i < ROWS; i++) {
        row = &rows[i];

        if (row->first == NULL) {
            continue;
        }

        ask(&f, row->p, row->path, row->request);
        answer_begin(&f, NULL);
        f.a.stream = 1;

        llm_str_t  t, s;

        t = str(type_of(row, row->first));
        s = str(row->first);
        assert_true(row->p->event(&f.a, &t, &s) >= 0);

        t = str(type_of(row, row->second));
        s = str(row->second);
        assert_true(row->p->event(&f.a, &t, &s) >= 0);

        if (row->error) {
            t = str(type_of(row, row->error));
            s = str(row->error);
            assert_true(row->p->event(&f.a, &t, &s) >= 0);
        }

        row->p->finish(&f.a);

        if (f.a.usage.input != 20 || f.a.usage.output != 10
            || !f.a.usage_seen || (row->error && !f.a.error))
        {
            fail_msg("%s: %lld and %lld, error %d", row->path,
                     (long long) f.a.usage.input,
                     (long long) f.a.usage.output, f.a.error);
        }

        done(&f);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_events)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
