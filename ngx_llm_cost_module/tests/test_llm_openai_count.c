
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What is counted: here a token is a byte, and the texts are kept, so that the
 * framing shows letter by letter.  That tokens add up to what is billed is
 * shown by the recordings.
 */

#include "seen_fixture.h"


static int64_t
count(const char *body, int estimate)
{
    return strstr(body, "\"input\"")
           ? count_at("/v1/embeddings", LLM_KIND_EMBEDDINGS, body, estimate)
           : count_at("/v1/chat/completions", LLM_KIND_CHAT, body, estimate);
}


static void
test_messages(void **state)
{
    (void) state;

    assert_int_equal(count("{\"model\":\"gpt-4o\",\"messages\":["
                           "{\"role\":\"system\",\"content\":\"Be kind.\"},"
                           "{\"role\":\"user\",\"content\":\"H\\u00e9\\n\"},"
                           "{\"role\":\"assistant\",\"content\":\"\"},"
                           "{\"content\":null}]}", 0), 4 * 3 + 3);
    assert_string_equal(seen.text, "system|Be kind.|user|H\xc3\xa9\n|"
                                   "assistant|");

    /* text beside text is one text; a name has a separator */

    assert_int_equal(count("{\"model\":\"gpt-4o\",\"messages\":["
                           "{\"role\":\"user\",\"name\":\"Ann\",\"content\":["
                           "{\"type\":\"text\",\"text\":\"a\"},"
                           "{\"type\":\"text\",\"text\":\"b\\n\"},"
                           "{\"type\":\"refusal\",\"refusal\":\"c\"}]},"
                           "{\"role\":\"user\",\"name\":\"user\","
                           "\"content\":\"d\"}]}", 0), 2 * 3 + 1 + 3);
    assert_string_equal(seen.text, "user|ab\nc|Ann|user|d|user|");

    /* a model that thinks before it answers */

    assert_int_equal(count("{\"model\":\"gpt-5-mini\",\"messages\":["
                           "{\"role\":\"user\",\"content\":\"a\"},"
                           "{\"role\":\"assistant\",\"content\":\"b\"}]}", 0),
                     2 * 3 + 2 + 2);
    assert_int_equal(count("{\"model\":\"o3-mini\",\"messages\":["
                           "{\"role\":\"assistant\",\"content\":\"b\"}]}", 0),
                     3 + 2);

    /* nobody knows how others do it */

    assert_int_equal(count("{\"model\":\"palmyra-x4\",\"messages\":["
                           "{\"role\":\"user\",\"content\":\"a\"}]}", 1), 6);

    /* unless it is published */

    assert_int_equal(count("{\"model\":\"llama-3\",\"messages\":["
                           "{\"role\":\"user\",\"content\":\"a\"}]}", 1),
                     1 + 5 + 4);
    assert_string_equal(seen.text, "a|");
    assert_int_equal(count("{\"model\":\"gpt-4o-search-preview\",\"messages\":["
                           "{\"role\":\"user\",\"content\":\"a\"}]}", 1), 6);

    /* nothing at all */

    count("{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\","
          "\"content\":[{\"type\":\"text\",\"text\":\"\"},\"\"]},"
          "{\"role\":\"user\",\"content\":[]}]}", 0);
    assert_string_equal(seen.text, "user|user|");

    /* what upstream will refuse is counted all the same */

    count("{\"model\":\"gpt-4o\",\"messages\":[]}", 0);
    count("{\"model\":\"gpt-4o\",\"messages\":[{\"role\":5,"
          "\"content\":{\"a\":[1, 2]}}]}", 1);
    assert_string_equal(seen.text, "{\"a\":[1,2]}|");
}


#define TOOLS(f)  "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\","   \
                  "\"content\":\"Hi\"}],\"tools\":[" f "]}"
#define TOOL(d, p)                                                            \
    "{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":"    \
    "\"" d "\",\"parameters\":{\"type\":\"object\",\"properties\":{" p "}}}}"

static void
tool(const char *parameters, const char *want)
{
    char  body[4096], text[4096];

    sprintf(body, TOOLS("{\"type\":\"function\",\"function\":{\"name\":\"f\","
                        "\"parameters\":%s}}"), parameters);
    sprintf(text, "# Tools\n\n## functions\n\nnamespace functions {\n\n"
                  "type f = %s => any;\n\n} // namespace functions|user|Hi|",
            want);

    assert_int_equal(count(body, 0), 3 + 3 + 4 - 1);
    assert_string_equal(seen.text, text);
}


#define P(p)   "{\"type\":\"object\",\"properties\":{" p "}}"

static void
test_tools(void **state)
{
    (void) state;

    tool("{}", "()");
    tool("null", "()");
    tool("{\"type\":\"object\",\"properties\":{}}", "()");

    /* one line where nothing is said about anything */

    tool("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},"
         "\"b\":{\"type\":\"string\"}},\"required\":[\"a\"],"
         "\"additionalProperties\":false}",
         "(_: {a: number, b?: string})");
    tool(P("\"a\":{\"enum\":[\"x\",\"y\\n\",1.50,null]}"),
         "(_: {a?: \"x\" | \"y\\n\" | 1.50 | null})");
    tool(P("\"a\":{\"const\":\"k\"},\"b\":{\"type\":\"null\"},\"c\":true"),
         "(_: {a?: \"k\", b?: null, c?: any})");
    tool(P("\"a\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
           "\"b\":{\"type\":\"array\"}"),
         "(_: {a?: string[], b?: any[]})");
    tool(P("\"a\":{\"type\":\"array\",\"items\":{\"enum\":[1,2]}}"),
         "(_: {a?: Array<1 | 2>})");
    tool(P("\"a\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}"),
         "(_: {a?: string | null})");
    tool(P("\"a\":{\"type\":[\"string\",\"null\"]}"),
         "(_: {a?: string | null})");
    tool(P("\"a\":{\"type\":\"object\"},\"b\":" P("\"c\":{}")),
         "(_: {a?: object, b?: {c?: any}})");
    tool(P("\"a\":{\"type\":\"array\",\"items\":" P("\"c\":{}") "}"),
         "(_: {a?: Array<{c?: any}>})");

    /* a line for each where there is something to say */

    tool(P("\"a\":{\"type\":\"string\",\"title\":\" A \",\"description\":"
           "\"  one \\n\\n  two\\n\",\"minLength\":1}"),
         "(_: {\n// A\n//\n// one\n//\n// two\na?: string,\n})");
    tool(P("\"a\":{\"type\":\"integer\",\"default\":5},\"b\":{}"),
         "(_: {\na?: number, // default: 5\nb?: any,\n})");
    tool(P("\"a\":{\"type\":\"array\",\"default\":[1,{\"k\":\"\xc3\xa9\"}]}"),
         "(_: {\na?: any[], // default: [1, {\"k\": \"\xc3\xa9\"}]\n})");
    tool(P("\"a\":{\"anyOf\":[{\"type\":\"string\",\"format\":\"date\"},"
           "{\"type\":\"null\"}]}"),
         "(_: {\na?:\n | string // format: date\n | null,\n})");
    tool(P("\"a\":{\"type\":[\"string\",\"null\"],\"description\":\"D\"}"),
         "(_: {\n// D\na?:\n | string // D\n | null, // D\n})");
    tool(P("\"a\":{\"anyOf\":[{\"type\":\"string\",\"format\":\"date\"},"
           "{\"type\":\"null\"}],\"default\":null}"),
         "(_: {\na?: string | null, // default: null\n})");
    tool(P("\"a\":" P("\"b\":{\"title\":\"B\"}")),
         "(_: {\na?: {\n// B\nb?: any,\n},\n})");
    tool(P("\"a\":{\"type\":\"array\",\"items\":{\"title\":\"I\","
           "\"type\":\"object\",\"properties\":{\"b\":{}}}}"),
         "(_: {\na?: Array<\n// I\n{b?: any}\n>,\n})");
    tool("{\"title\":\"T\",\"description\":\"D\",\"properties\":{\"a\":{}}}",
         "(_: // T\n//\n// D\n{a?: any})");

    /* references */

    tool("{\"$defs\":{\"X\":{\"type\":\"integer\",\"title\":\"no\"}},"
         "\"properties\":{\"a\":{\"$ref\":\"#/$defs/X\",\"title\":\"yes\"}}}",
         "(_: {\n// yes\na?: number,\n})");
    tool("{\"$defs\":{\"X\":{\"type\":\"integer\"}},\"properties\":"
         "{\"a\":{\"allOf\":[{\"$ref\":\"#/$defs/X\"}]}}}",
         "(_: {a?: number})");
    tool("{\"$defs\":{\"X\":{\"type\":\"integer\"}},\"properties\":"
         "{\"a\":{\"$ref\":\"#\\/$defs\\/X\"}}}",
         "(_: {a?: number})");
    tool(P("\"a\":{\"$ref\":\"#/nowhere/X\"},\"b\":{\"$ref\":\"http://x\"}"),
         "(_: {a?: any, b?: any})");
}


/* where it goes, and what it costs there */

static void
test_tools_placed(void **state)
{
    (void) state;

    assert_int_equal(count("{\"model\":\"gpt-4o\",\"messages\":["
                           "{\"role\":\"system\",\"content\":\"S\"},"
                           "{\"role\":\"user\",\"content\":\"U\"}],"
                           "\"functions\":[{\"name\":\"f\",\"description\":"
                           "\" D\\n \\n E \"}]}", 0),
                     3 + 3 + 3 - 1);
    assert_string_equal(seen.text,
                        "system|S\n\n# Tools\n\n## functions\n\n"
                        "namespace functions {\n\n// D\n//\n// E\n"
                        "type f = () => any;\n\n} // namespace functions|"
                        "user|U|");

    assert_int_equal(count("{\"model\":\"gpt-5\",\"messages\":["
                           "{\"role\":\"developer\",\"content\":\"S\"}],"
                           "\"tools\":[{\"function\":{\"name\":\"f\"}}]}", 0),
                     3 + 2 - 1 + 82 + 3);

    /* a gateway asks for Responses, where a model is not told as much */

    assert_int_equal(count("{\"model\":\"openai/gpt-5\",\"messages\":["
                           "{\"role\":\"developer\",\"content\":\"S\"}],"
                           "\"tools\":[{\"function\":{\"name\":\"f\"}}]}", 1),
                     3 + 2 - 1 + 3);

    /* no messages, other kinds of tools */

    count("{\"model\":\"gpt-4o\",\"messages\":[],\"tools\":["
          "{\"function\":{\"name\":\"f\"}}]}", 0);
    assert_true(strstr(seen.text, "type f") != NULL);

    count("{\"model\":\"gpt-4o\",\"messages\":[],\"tools\":["
          "{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}]}", 1);
    assert_true(strstr(seen.text, "\"custom\"") != NULL);

    count("{\"model\":\"gpt-4o\",\"messages\":[],\"tools\":[]}", 0);
    assert_string_equal(seen.text, "");

    /* models of June 2023 have a line a member, and no titles */

    count("{\"model\":\"gpt-4-0613\",\"messages\":[],\"tools\":["
          "{\"function\":{\"name\":\"f\",\"parameters\":"
          P("\"a\":{\"type\":\"string\",\"title\":\"A\"}") "}}]}", 0);
    assert_true(strstr(seen.text, "f = (_: {\na?: string,\n}) =>") != NULL);

    /* a call that the client demands */

    assert_int_equal(count("{\"model\":\"gpt-4o\",\"messages\":[],\"tools\":["
                           "{\"function\":{\"name\":\"f\"}}],\"tool_choice\":"
                           "{\"type\":\"function\",\"function\":"
                           "{\"name\":\"f\"}}}", 0), 3 + 4 - 1 + 4);
    assert_true(strstr(seen.text, "| to=functions.f|") != NULL);

    assert_int_equal(count("{\"model\":\"gpt-4\",\"messages\":[],\"functions\":"
                           "[{\"name\":\"f\"}],\"function_call\":"
                           "{\"name\":\"f\"}}", 0), 3 + 4 - 1 + 4);
    assert_true(strstr(seen.text, "functions|f|") != NULL);
}


#define CALL(id, name, args)                                                  \
    "{\"id\":\"" id "\",\"type\":\"function\",\"function\":{\"name\":\""      \
    name "\",\"arguments\":\"" args "\"}}"

static void
test_calls(void **state)
{
    (void) state;

    /* arguments are written again, without white space */

    assert_int_equal(count("{\"model\":\"gpt-4o\",\"messages\":["
                           "{\"role\":\"assistant\",\"content\":\"Well\","
                           "\"tool_calls\":["
                           CALL("1", "f", "{ \\\"a\\\": \\\"\\\\u00e9\\\" }")
                           "]},"
                           "{\"role\":\"tool\",\"tool_call_id\":\"1\","
                           "\"content\":\"R\"}]}", 0),
                     3 + 1 + 3 + 1 + 3 + 1 + 2 + 3);
    assert_string_equal(seen.text, "Well| to=functions.f|{\"a\":\"\xc3\xa9\"}|"
                                   "f|R|");

    count("{\"model\":\"gpt-4o\",\"messages\":["
          "{\"role\":\"assistant\",\"tool_calls\":["
          CALL("1", "f", "not {json") "]}]}", 0);
    assert_string_equal(seen.text, " to=functions.f|not {json|");

    count("{\"model\":\"gpt-4\",\"messages\":["
          "{\"role\":\"assistant\",\"tool_calls\":["
          CALL("1", "f", "{}") "]}]}", 0);
    assert_string_equal(seen.text, "f|{}|");

    count("{\"model\":\"gpt-4o\",\"messages\":["
          "{\"role\":\"assistant\",\"function_call\":{\"name\":\"g\","
          "\"arguments\":\"{}\"}},{\"role\":\"function\",\"name\":\"g\","
          "\"content\":\"R\"}]}", 0);
    assert_string_equal(seen.text, " to=functions.g|{}|g|R|");

    /* an empty list is no call */

    count("{\"model\":\"gpt-4o\",\"messages\":["
          "{\"role\":\"assistant\",\"content\":\"a\",\"tool_calls\":[]}]}", 0);
    assert_string_equal(seen.text, "assistant|a|");
}


static void
test_parallel_calls(void **state)
{
    (void) state;

    assert_int_equal(count("{\"model\":\"gpt-4o\",\"messages\":["
                           "{\"role\":\"assistant\",\"content\":null,"
                           "\"tool_calls\":["
                           CALL("1", "f", "{\\\"a\\\": 1}") ","
                           CALL("2", "g", "oops\\\"") "]},"
                           "{\"role\":\"tool\",\"tool_call_id\":\"1\","
                           "\"content\":\"{\\\"r\\\":[1,\\\"\\u00e9\\\"]}\"},"
                           "{\"role\":\"tool\",\"tool_call_id\":\"2\","
                           "\"content\":[{\"type\":\"text\","
                           "\"text\":\"\\u00e9\\n\"}]},"
                           "{\"role\":\"user\",\"content\":\"U\"}]}", 0),
                     3 + 1 + 3 + 1 + 2 + 3 + 3);
    assert_string_equal(seen.text,
                        " to=multi_tool_use.parallel|"
                        "{\"tool_uses\":[{\"recipient_name\":\"functions.f\","
                        "\"parameters\":{\"a\":1}},{\"recipient_name\":"
                        "\"functions.g\",\"parameters\":\"oops\\\"\"}]}|"
                        "multi_tool_use.parallel|"
                        "[{\"r\": [1, \"\\u00e9\"]}, \"\xc3\xa9\\n\"]|"
                        "user|U|");
}


static void
test_schema(void **state)
{
    (void) state;

    assert_int_equal(count("{\"model\":\"gpt-4o\",\"messages\":["
                           "{\"role\":\"system\",\"content\":\"S\"},"
                           "{\"role\":\"assistant\",\"content\":\"A\"}],"
                           "\"response_format\":{\"type\":\"json_schema\","
                           "\"json_schema\":{\"name\":\"N\",\"description\":"
                           "\"D\",\"strict\":true,\"schema\":{\"title\" : "
                           "\"\xc3\xa9\xf0\x9f\x98\x80\",\"required\":[\"a\"],"
                           "\"additionalProperties\":false,\"properties\":"
                           "{\"required\":{\"default\":1,\"type\":"
                           "\"integer\"}}}}}}", 0),
                     3 + 3 + 2 + 2 + 3);
    assert_string_equal(seen.text,
                        "system|S\n\n# Response Formats\n\n## N\n\n// D\n"
                        "{\"title\":\"\\u00e9\\ud83d\\ude00\",\"properties\":"
                        "{\"required\":{\"type\":\"integer\"}}}|"
                        "N|assistant|A|N|");

    assert_int_equal(count("{\"model\":\"gpt-4o\",\"messages\":[],"
                           "\"response_format\":{\"type\":\"json_object\"}}",
                           0), 3);
}


#define IMAGE(model, url)                                                     \
    "{\"model\":\"" model "\",\"messages\":[{\"role\":\"user\",\"content\":[" \
    "{\"type\":\"image_url\",\"image_url\":{" url "}}]}]}"

/* 1x1 and 1024x1024 in PNG, 640x480 in GIF, 2048x100 in JPEG */

#define PNG1     "\"url\":\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAE" \
                 "AAAABCAYAAAAfFcSJ\""
#define PNG1024  "\"url\":\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAABAA" \
                 "AAAQACAYAAAAfFcSJ\""
#define GIF640   "\"url\":\"data:image/gif;base64,R0lGODlhgALgAQAAAAA=\""
#define JPEG     "\"url\":\"data:image/jpeg;base64,/9j/4AAEAAD/wAARCABkCAADA" \
                 "SIAAhEBAxEB\""

static void
test_images(void **state)
{
    (void) state;

    assert_int_equal(count(IMAGE("gpt-4o", PNG1), 0), 6 + 85 + 170);
    assert_int_equal(count(IMAGE("gpt-4o-mini", PNG1), 0), 6 + 2833 + 5667);
    assert_int_equal(count(IMAGE("gpt-4o", PNG1024), 0), 6 + 85 + 4 * 170);
    assert_int_equal(count(IMAGE("gpt-4o", GIF640), 0), 6 + 85 + 2 * 170);
    assert_int_equal(count(IMAGE("gpt-4o", JPEG), 0), 6 + 85 + 4 * 170);
    assert_int_equal(count(IMAGE("gpt-4o", PNG1024 ",\"detail\":\"low\""), 0),
                     6 + 85);
    assert_int_equal(count(IMAGE("gpt-5", PNG1), 0), 5 + 70 + 140);
    assert_int_equal(count(IMAGE("gpt-4.1-mini", PNG1024), 1), 6 + 1659);

    /* as large as it may be where the size is not to be seen */

    assert_int_equal(count(IMAGE("gpt-4o", "\"url\":\"https://x/y.png\""), 1),
                     6 + 85 + 8 * 170);
    assert_int_equal(count(IMAGE("gpt-4o", "\"url\":\"data:image/png;base64,"
                                 "iVBORw0KGgo\""), 1), 6 + 85 + 8 * 170);
    assert_int_equal(count(IMAGE("gpt-4o", "\"url\":\"data:image/png\""), 1),
                     6 + 85 + 8 * 170);
    assert_int_equal(count(IMAGE("gpt-4o", "\"url\":7"), 1),
                     6 + 85 + 8 * 170);

    /* what is neither text nor picture is guessed, and says so */

    count("{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":"
          "[{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AAAA\"}},"
          "{\"type\":\"file\",\"file\":{}}]}]}", 1);
}


static void
test_embeddings(void **state)
{
    (void) state;

    assert_int_equal(count("{\"model\":\"e\",\"input\":\"a\\nb\"}", 0), 0);
    assert_string_equal(seen.text, "a\nb|");
    assert_int_equal(count("{\"model\":\"e\",\"input\":[\"a\",\"b\"]}", 0), 0);
    assert_string_equal(seen.text, "a|b|");
    assert_int_equal(count("{\"model\":\"e\",\"input\":[1,2,3]}", 0), 3);
    assert_int_equal(count("{\"model\":\"e\",\"input\":[[1,2],[3],[]]}", 0),
                     3);
}


/* the two names under which messages were framed in more than one way */

static void
test_unsure_models(void **state)
{
    (void) state;

    assert_int_equal(count("{\"model\":\"gpt-3.5-turbo-0301\",\"messages\":"
                           "[{\"role\":\"user\",\"content\":\"a\"}]}", 1), 6);
    assert_int_equal(count("{\"model\":\"gpt-35-turbo\",\"messages\":"
                           "[{\"role\":\"user\",\"content\":\"a\"}]}", 1), 6);
    assert_int_equal(count("{\"model\":\"gpt-35-turbo-0125\",\"messages\":"
                           "[{\"role\":\"user\",\"content\":\"a\"}]}", 0), 6);
}


/*
 * How OpenAI shows a schema that refers to itself is not known: it ends where
 * it would begin again, and the count says that it is an estimate.
 */

static void
recursive(const char *parameters, const char *want)
{
    char  body[2048], text[2048];

    sprintf(body, TOOLS("{\"function\":{\"name\":\"f\","
                        "\"parameters\":%s}}"), parameters);
    sprintf(text, "# Tools\n\n## functions\n\nnamespace functions {\n\n"
                  "type f = (_: %s) => any;\n\n} // namespace functions|"
                  "user|Hi|", want);

    count(body, 1);
    assert_string_equal(seen.text, text);
}


#define TREE  P("\"left\":{\"$ref\":\"#%s\"},\"right\":{\"$ref\":"         \
                "\"#%s\"},\"value\":{\"type\":\"string\"}")

static void
test_recursive_schemas(void **state)
{
    char  tree[512], body[1024];

    (void) state;

    sprintf(tree, TREE, "", "");
    recursive(tree, "{left?: any, right?: any, value?: string}");

    sprintf(tree, TREE, "/$defs/N", "/$defs/N");
    sprintf(body, "{\"$defs\":{\"N\":%s},\"$ref\":\"#/$defs/N\"}", tree);
    recursive(body, "{left?: any, right?: any, value?: string}");

    /* twice side by side is not within itself */

    sprintf(body, "{\"$defs\":{\"N\":%s},\"properties\":{\"a\":{\"$ref\":"
            "\"#/$defs/N\"},\"b\":{\"$ref\":\"#/$defs/N\"}}}", tree);
    recursive(body, "{a?: {left?: any, right?: any, value?: string}, "
              "b?: {left?: any, right?: any, value?: string}}");

    /* through an array, variants, and variants that have a line each */

    recursive(P("\"a\":{\"type\":\"array\",\"items\":{\"$ref\":\"#\"}}"),
              "{a?: Array<any>}");
    recursive("{\"properties\":{\"a\":{\"$ref\":\"#/A\"}},\"A\":{\"type\":"
              "\"array\",\"items\":{\"$ref\":\"#/A\"}}}", "{a?: any[]}");
    recursive("{\"properties\":{\"a\":{\"$ref\":\"#/A\"}},\"A\":{\"anyOf\":"
              "[{\"$ref\":\"#/A\"},{\"type\":\"null\"}]}}",
              "{a?: any | null}");
    recursive("{\"properties\":{\"a\":{\"$ref\":\"#/A\"}},\"A\":{\"anyOf\":"
              "[{\"$ref\":\"#/A\",\"format\":\"F\"},"
              "{\"properties\":{\"b\":{\"$ref\":\"#/A\"}}}]}}",
              "{\na?:\n | any // format: F\n | {b?: any},\n}");
}


/* nor does what else a body holds, or how it is written, change such a count */

static void
test_bounded_by_tools(void **state)
{
    int      i;
    char    *p, *q, *one, *two;
    size_t   n;
    int64_t  tokens;

    (void) state;

    one = malloc(1 << 20);
    two = malloc(1 << 20);

    p = one + sprintf(one, "{\"model\":\"gpt-4o\",\"messages\":[],"
                      "\"tools\":[{\"function\":{\"name\":\"f\","
                      "\"parameters\":{\"d\":{\"description\":\"");

    for (i = 0; i < 500; i++) {
        p = stpcpy(p, "\xc3\xa9\xf0\x9f\x98\x80");
    }

    p = stpcpy(p, "\",\"enum\":[1,null]},\"properties\":{\"x\":{}");

    for (i = 0; i < 200; i++) {
        p += sprintf(p, ",\"p%d\":{\"$ref\":\"#/d\"}", i);
    }

    sprintf(p, "}}}}]}");
    tokens = count(one, 1);
    n = seen.len;
    assert_true(n > 10000 && n < 40000);

    sprintf(two, "{\"max_tokens\":5,\"metadata\":{\"a\":\"%0*d\"},%s", 60000,
            0, one + 1);
    assert_int_equal(count(two, 1), tokens);
    assert_int_equal(seen.len, n);

    for (p = two, q = one; *q; q++) {
        if (*q == ':' || *q == ',') {
            p += sprintf(p, " \n%c\t", *q);

        } else if (*q == '\xc3') {
            p += sprintf(p, "\\u00e9\\ud83d\\ude00");
            q += 5;

        } else {
            *p++ = *q;
        }
    }

    *p = '\0';
    assert_int_equal(count(two, 1), tokens);
    assert_int_equal(seen.len, n);

    free(one);
    free(two);
}


/* schemas that double with every step, or have very many members, end, too */

static void
test_hostile_schemas(void **state)
{
    char   *body, *p;
    int     i;

    (void) state;

    count(TOOLS("{\"function\":{\"name\":\"f\",\"parameters\":{\"$ref\":\"#\","
                "\"properties\":{\"a\":{\"$ref\":\"#/properties/a\"}}}}}"), 0);

    /* words where schemas should be are not all of it once more */

    count(TOOLS("{\"function\":{\"name\":\"f\",\"parameters\":{\"properties\":"
                "{\"a\":{\"anyOf\":[\"x\",\"y\"]},"
                "\"b\":{\"oneOf\":[\"x\",\"y\"]}}}}}"), 0);
    assert_true(seen.len < 200);

    body = malloc(1 << 20);
    p = body + sprintf(body, "{\"model\":\"gpt-4o\",\"messages\":[],\"tools\":"
                       "[{\"function\":{\"name\":\"f\",\"parameters\":{"
                       "\"properties\":{\"x\":{\"$ref\":\"#/$defs/d0\"}},"
                       "\"$defs\":{");

    for (i = 0; i < 60; i++) {
        p += sprintf(p, "\"d%d\":{\"anyOf\":[{\"$ref\":\"#/$defs/d%d\"},"
                     "{\"$ref\":\"#/$defs/d%d\"}]},", i, i + 1, i + 1);
    }

    sprintf(p, "\"d60\":{\"type\":\"string\"}}}}}]}");
    count(body, 1);
    assert_true(seen.len < 20000);

    /* many definitions, each for one member: more to look at than is done */

    p = body + sprintf(body, "{\"model\":\"gpt-4o\",\"messages\":[],\"tools\":"
                       "[{\"function\":{\"name\":\"f\",\"parameters\":{"
                       "\"properties\":{\"x\":{}");

    for (i = 0; i < 600; i++) {
        p += sprintf(p, ",\"p%d\":{\"$ref\":\"#/$defs/d%d\"}", i, i);
    }

    p += sprintf(p, "},\"$defs\":{\"d\":{}");

    for (i = 0; i < 600; i++) {
        p += sprintf(p, ",\"d%d\":{\"type\":\"string\",\"description\":"
                     "\"what is said of it\"}", i);
    }

    sprintf(p, "}}}}]}");
    count(body, 1);
    assert_true(seen.len
                > 600 * strlen("// what is said of it\np10?: string,"));

    /* many members, all of them required, in the wrong order */

    p = body + sprintf(body, "{\"model\":\"gpt-4o\",\"messages\":[],\"tools\":"
                       "[{\"function\":{\"name\":\"f\",\"parameters\":{"
                       "\"properties\":{\"x\":{}");

    for (i = 0; i < 8000; i++) {
        p += sprintf(p, ",\"p%d\":{}", i);
    }

    p += sprintf(p, "},\"required\":[\"x\"");

    for (i = 8000; i > 0; i--) {
        p += sprintf(p, ",\"p%d\"", i - 1);
    }

    sprintf(p, "]}}}]}");
    count(body, 1);

    free(body);
}


/* every allocation may fail: then the count fails, and nothing else */

static void
test_no_memory(void **state)
{
    int        rc;
    size_t     left, failed;
    fixture_t  f;

    static const char  body[] =
        "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\","
        "\"content\":\"a\\nb\"},{\"role\":\"assistant\",\"tool_calls\":["
        CALL("1", "f", "{\\\"a\\\": 1}") "," CALL("2", "g", "{}") "]},"
        "{\"role\":\"tool\",\"content\":\"r\\n\"},{\"role\":\"user\","
        "\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
        "\"data:x,\\/\"}}]}],\"tools\":[" TOOL("D\\n", "\"a\":{\"title\":"
        "\"\\u0041\",\"default\":\"\\n\"}") "],\"response_format\":{\"type\":"
        "\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{}}}}";

    (void) state;

    seen.counter.count = see;
    seen.counter.data = &seen;
    failed = 0;

    for (left = 0; left < 20000; left += 64) {
        chat(&f, body);
        f.arena.left = left;

        rc = llm_openai.count(&f.q, &seen.counter);

        assert_true(rc == LLM_OK || rc == LLM_ERROR);
        failed += (rc == LLM_ERROR);
        done(&f);
    }

    assert_int_equal(rc, LLM_OK);
    assert_true(failed > 3);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_tools),
        cmocka_unit_test(test_tools_placed),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_parallel_calls),
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_embeddings),
        cmocka_unit_test(test_unsure_models),
        cmocka_unit_test(test_recursive_schemas),
        cmocka_unit_test(test_bounded_by_tools),
        cmocka_unit_test(test_hostile_schemas),
        cmocka_unit_test(test_no_memory)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
