
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Input of Gemini: a token is a byte here, so that what is counted and what is
 * put around it can be told apart.
 */

#include "dialect_fixture.h"


extern const llm_provider_t  llm_gemini;

#define GENERATE  "/v1beta/models/gemini-2.5-flash:generateContent"
#define STREAM    "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
#define OLD       "/v1beta/models/gemini-2.0-flash:generateContent"
#define THREE     "/v1beta/models/gemini-3-pro-preview:generateContent"
#define VERTEX    "/v1/projects/p/locations/l/publishers/google/models/"      \
                  "gemini-2.5-pro:generateContent"
#define EMBED     "/v1beta/models/gemini-embedding-001:embedContent"
#define BATCH     "/v1beta/models/gemini-embedding-001:batchEmbedContents"

#define FILM(about)                                                           \
    "{\"contents\":[{\"parts\":[{\"inlineData\":{\"mimeType\":\"video/mp4\"," \
    "\"data\":\"AAAA\"},\"videoMetadata\":" about "}]}]}"


static void
count(const char *path, const char *body, int64_t tokens, unsigned estimate)
{
    dialect_t      f;
    llm_counter_t  c;

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask(&f, &llm_gemini, path, body);
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.p->count(&f.q, &c), LLM_OK);

    if (f.q.input_tokens != tokens || f.q.estimate != estimate) {
        fail_msg("%s: %lld %u", body, (long long) f.q.input_tokens,
                 f.q.estimate);
    }

    done(&f);
}


static void
test_count(void **state)
{
    (void) state;

    count(GENERATE, "{\"contents\":[{\"parts\":[{\"text\":\"abc\"},"
          "{\"text\":\"d\\u00e9\"}]}],\"systemInstruction\":{\"parts\":"
          "{\"text\":\"xy\"}}}", 1 + 3 + 3 + 1 + 2, 0);
    count(OLD, "{\"contents\":[{\"parts\":[{\"text\":\"abc\"}]}]}", 3, 0);
    count(VERTEX, "{\"contents\":[{\"parts\":[{\"text\":\"abc\"}]}]}", 3, 0);
    count(THREE, "{\"contents\":[{\"parts\":[{\"text\":\"abc\"}]},{\"parts\":"
          "[\"d\"]}]}", 1 + 3 + 1 + 1, 0);

    /* pictures by their size, or as large as can be */

    count(GENERATE, "{\"contents\":[{\"parts\":[{\"inlineData\":{\"mimeType\":"
          "\"image/png\",\"data\":\"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAf"
          "FcSJ\"}}]}]}", 1 + 258, 1);
    count(GENERATE, "{\"contents\":[{\"parts\":[{\"inline_data\":{"
          "\"mime_type\":\"image/png\",\"data\":\"iVBO\"}}]}]}",
          1 + 258 * 16, 1);
    count(GENERATE, "{\"contents\":[{\"parts\":[{\"fileData\":{\"mimeType\":"
          "\"image/jpeg\",\"fileUri\":\"gs://a\"}}]}]}", 1 + 258 * 16, 1);
    count(GENERATE, "{\"contents\":[{\"parts\":[{\"fileData\":{\"mimeType\":"
          "\"application/pdf\"}}]}]}", 1 + 258 * 1000, 1);
    count(GENERATE, "{\"contents\":[{\"parts\":[{\"fileData\":{}}]}]}",
          1 + 1000000, 1);

    count(THREE, "{\"contents\":[{\"parts\":[{\"fileData\":{\"mimeType\":"
          "\"image/jpeg\",\"fileUri\":\"gs://a\"}}]}]}", 1 + 1120, 1);
    count(THREE, "{\"contents\":[{\"parts\":[{\"fileData\":{\"mimeType\":"
          "\"image/jpeg\"},\"mediaResolution\":{\"level\":"
          "\"MEDIA_RESOLUTION_ULTRA_HIGH\"}}]}]}", 1 + 2240, 1);
    count(THREE, "{\"contents\":[{\"parts\":[{\"file_data\":{\"mime_type\":"
          "\"application/pdf\"}}]}]}", 1 + 560 * 1000, 1);

    /* of a film as many frames a second are looked at as are asked for */

    count(THREE, FILM("{}"), 1 + 263, 1);
    count(THREE, FILM("{\"fps\":0.5}"), 1 + 263, 1);
    count(THREE, FILM("{\"fps\":5}"), 1 + 5 * 263, 1);
    count(THREE, FILM("{\"fps\":2.5}"), 1 + 3 * 263, 1);
    count(THREE, FILM("{\"fps\":24}"), 1 + 24 * 263, 1);
    count(THREE, FILM("{\"fps\":1e9}"), 1 + 24 * 263, 1);
    count(THREE, FILM("{\"fps\":-3}"), 1 + 24 * 263, 1);
    count(THREE, FILM("{\"fps\":\"5\"}"), 1 + 24 * 263, 1);
    count(THREE, FILM("[]"), 1 + 263, 1);
    count(THREE, "{\"contents\":[{\"parts\":[{\"video_metadata\":{\"fps\":4},"
          "\"inline_data\":{\"mime_type\":\"video/mp4\",\"data\":\"AAAA\"}}"
          "]}]}", 1 + 4 * 263, 1);

    /* a text that is a file is a text; one that is cut short, too */

    count(GENERATE, "{\"contents\":[{\"parts\":[{\"inlineData\":{"
          "\"mimeType\":\"text/plain\",\"data\":\"YWJjZA==\"}}]}]}",
          1 + 4, 1);
    count(GENERATE, "{\"contents\":[{\"parts\":[{\"inlineData\":{"
          "\"mimeType\":\"text/plain\",\"data\":\"YWJjZ\"}}]}]}",
          1 + 3, 1);
    count(GENERATE, "{\"contents\":[{\"parts\":[{\"inlineData\":{"
          "\"mimeType\":\"text/plain\",\"data\":\"***\"}}]}]}", 1, 1);

    count(EMBED, "{\"content\":{\"parts\":[{\"text\":\"abcd\"}]}}", 4, 0);
    count(BATCH, "{\"requests\":[{\"content\":{\"parts\":[{\"text\":\"abcd\"}"
          "]}},{\"content\":{\"parts\":[{\"text\":\"e\"}]}}]}", 5, 0);
}


/* {"name":"ff","description":"ddd"} and its parameters */

static void
tool(const char *path, const char *description, const char *parameters,
    int64_t tokens)
{
    char  body[1024];

    snprintf(body, sizeof(body), "{\"contents\":[],\"tools\":[{"
             "\"functionDeclarations\":[{\"name\":\"ff\",\"description\":"
             "\"%s\"%s%s}]}]}", description, *parameters ? "," : "",
             parameters);

    count(path, body, tokens, 1);
}


#define ONE    "\"parameters\":{\"type\":\"OBJECT\",\"properties\":{\"a\":"   \
               "{\"type\":\"STRING\",\"description\":\"eeee\"}},"            \
               "\"required\":[\"a\"]}"
#define NONE   "\"parametersJsonSchema\":{\"type\":\"object\","              \
               "\"properties\":{},\"additionalProperties\":false}"
#define CHOICE "\"parameters\":{\"type\":\"OBJECT\",\"properties\":{\"a\":"   \
               "{\"type\":\"STRING\",\"enum\":[\"x\",\"y\"],"               \
               "\"default\":\"x\"},\"b\":{\"type\":\"INTEGER\"}}}"
#define DEEP   "\"parameters\":{\"type\":\"OBJECT\",\"properties\":{\"w\":"   \
               "{\"type\":\"OBJECT\",\"description\":\"eeee\","              \
               "\"properties\":{\"s\":{\"type\":\"STRING\"}},"               \
               "\"required\":[\"s\"]}},\"required\":[\"w\"]}"


static void
test_tools(void **state)
{
    (void) state;

    /* the strings, names and types, and nothing more */

    tool(OLD, "ddd", "", 2 + 3);
    tool(OLD, "ddd", ONE, 2 + 3 + 6 + 1 + 6 + 4 + 1);
    tool(VERTEX, "ddd", ONE, 2 + 3 + 6 + 1 + 6 + 4 + 1);
    tool(VERTEX, "ddd", NONE, 2 + 3);
    tool(OLD, "", CHOICE, 2 + 6 + 1 + 6 + 3 + 1 + 7);

    /* a function: a parameter is there twice, an object is a class */

    tool(GENERATE, "ddd", "", 18 + 2 + 3);
    tool(GENERATE, "ddd", NONE, 18 + 2 + 3);
    tool(GENERATE, "ddd", ONE, 18 + 2 + 3 - 1 + 9 + 2 + 4);
    tool(GENERATE, "d\\nd\\n d", "", 18 + 2 + 6 + 1);
    tool(GENERATE, "", CHOICE, 18 + 2 - 1 + 1 + 9 + 2 + 2 * 2 + 2 + 9 + 2 + 4);
    tool(GENERATE, "", DEEP, 18 + 2 - 1 + 9 + 2 + 4
                             + 29 + 2 * 3 + 4 - 1 + 1 + 5 + 2);

    /* strings between marks, brackets that close are one */

    tool(THREE, "", "", 6 + 2);
    tool(THREE, "", NONE, 13 + 2);
    tool(THREE, "ddd", NONE, 18 + 2 + 3);
    tool(THREE, "ddd", ONE, 18 + 2 + 3 + 21 - 2 + 2 + 4);
}


/* a turn of calls: what is around the texts, arguments and result */

#define CALL   "{\"functionCall\":{\"name\":\"ff\",\"args\":{\"a\":\"xyz\"}}"
#define RESULT "{\"functionResponse\":{\"name\":\"ff\",\"response\":{"       \
               "\"r\":12}"


static void
calls(const char *path, const char *last, int64_t tokens)
{
    char  body[4096], signature[1024];

    memset(signature, 'A', sizeof(signature));
    signature[600] = '\0';

    snprintf(body, sizeof(body), "{\"contents\":[{\"role\":\"user\",\"parts\":"
             "[{\"text\":\"q\"}]},{\"role\":\"model\",\"parts\":[" CALL
             ",\"thoughtSignature\":\"%s\"}]},{\"role\":\"user\",\"parts\":"
             "[" RESULT "}}]}%s]}", signature, last);

    count(path, body, tokens, 1);
}


static void
test_calls(void **state)
{
    static const char  more[] = ",{\"role\":\"user\",\"parts\":"
                                "[{\"text\":\"q\"}]}";

    (void) state;

    calls(OLD, "", 1 + 2 + 1 + 3 + 2 + 1 + 1);
    calls(VERTEX, "", 11 + 600 / 6);

    /* 2.5: JSON; in streams what was thought in this turn */

    calls(GENERATE, "", 3 + 1 + 5 + 2 + 11 + 5 + 2 + 8);
    calls(STREAM, "", 37 + (600 - 60) / 7);
    calls(STREAM, more, 37 + 2);

    calls(THREE, "", 3 + 1 + 2 + (1 + 2 + 1 + 2 + 3) + 2 + (1 + 2 + 1 + 2)
                     + (600 - 96) * 10 / 48);
    calls(THREE, more, 3 + 1 + 2 + 9 + 2 + 6 + 2);

    /* a file in a result */

    count(THREE, "{\"contents\":[{\"parts\":[" RESULT ",\"parts\":[{"
          "\"fileData\":{\"mimeType\":\"image/png\"}}]}}]}]}",
          1 + 2 + 6 + 1120, 1);

    /* what cannot be a call is none */

    count(THREE, "{\"contents\":[{\"parts\":[{\"functionCall\":[1]},"
          "{\"functionResponse\":\"x\"},7,null,{\"thoughtSignature\":1}]}]}",
          1, 1);
    count(GENERATE, "{\"contents\":[],\"tools\":[{\"functionDeclarations\":"
          "[1,{\"name\":1,\"description\":[],\"parameters\":{\"properties\":"
          "{\"a\":1,\"b\":{\"enum\":1,\"items\":2,\"anyOf\":3}},"
          "\"required\":4}}]}]}", 18 - 1 + 1 + 2 * (9 + 2 + 4) - 4, 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_tools),
        cmocka_unit_test(test_calls)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
