
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Requests, answers and streams that grow at any place of theirs: what is done
 * for one grows with its length, not with its square.  This is built with code
 * that counts what it does from branch to branch, and with a memcpy(),
 * memchr() and memcmp() that count, too.
 */

#include "llm_arena.h"

#define FUZZ_PLAIN
#include "../../fuzz/dialects.c"
#include "../../fuzz/grow.h"
#include "fuzz_seeds.h"


#define SIZE   32768
#define NODES  64                   /* of a seed, at most */
#define EVERY  19                   /* a node and a kind: each such way */


void __sanitizer_cov_trace_pc(void);
void *__real_memcpy(void *to, const void *from, size_t n);
void *__real_memchr(const void *p, int c, size_t n);
int __real_memcmp(const void *a, const void *b, size_t n);
void *__wrap_memcpy(void *to, const void *from, size_t n);
void *__wrap_memchr(const void *p, int c, size_t n);
int __wrap_memcmp(const void *a, const void *b, size_t n);


void
__sanitizer_cov_trace_pc(void)
{
    steps++;
}


void *
__wrap_memcpy(void *to, const void *from, size_t n)
{
    steps += n / 16;

    return __real_memcpy(to, from, n);
}


void *
__wrap_memchr(const void *p, int c, size_t n)
{
    void  *found;

    found = __real_memchr(p, c, n);
    steps += (found ? (size_t) ((char *) found - (char *) p) : n) / 16;

    return found;
}


int
__wrap_memcmp(const void *a, const void *b, size_t n)
{
    steps += n / 16;

    return __real_memcmp(a, b, n);
}


/* as a request, an answer, or an event that is the only one */

static void
read_as(size_t way, unsigned what, const uint8_t *body, size_t len)
{
    way_t             w;
    uint8_t          *copy;
    llm_route_t       route;
    static reading_t  in;

    route_of(&route, way, 0);

    copy = malloc(len);
    memcpy(copy, body, len);

    if (what == 0 && route.step < LLM_LONG_STATE) {
        reading(&in, ways[way].p, &route, copy, len);
        read_over(&in);
    }

    if (what) {
        reading(&in, ways[way].p, &route, (const uint8_t *) "", 0);

        w.q = &in.q;
        w.type = ways[way].type;
        w.framing = framing_of(way, 0);

        if (what == 1) {
            answer(&w, copy, len);

        } else {
            in_pieces(&w, copy, len, (uint8_t) len);
        }

        read_over(&in);
    }

    free(copy);
}


/* steps_bounded() fails where they are too many; returns how often it grew */

static unsigned
grown(const char *seed, size_t len, unsigned *turn, uint8_t *out)
{
    size_t              n, way;
    uint32_t            i;
    unsigned            what, times;
    llm_json_t          j;
    static fuzz_mem_t   m;

    times = 0;

    memset(&j, 0, sizeof(j));
    j.mem = fuzz_begin(&m);

    if (llm_json_parse(&j, (const unsigned char *) seed, len) == LLM_OK) {

        for (i = 0; i < j.n && i < NODES; i++) {
            n = grow(&j, i, SIZE, out);

            for (what = 0; n && what < 3; what++) {
                for (way = (*turn)++ % EVERY; way < WAYS; way += EVERY) {
                    read_as(way, what, out, n);
                    times++;
                }
            }
        }
    }

    fuzz_end(&m);

    return times;
}


static void
test_grown(void **state)
{
    size_t       i;
    uint8_t     *out;
    unsigned     turn, times;
    const char  *p, *eol;

    (void) state;

    out = malloc(4 * SIZE);
    turn = 0;
    times = 0;

    for (i = 0; i < SEEDS; i++) {
        for (p = seeds[i]; *p; p = eol + (*eol != '\0')) {
            eol = p + strcspn(p, "\n");
            times += grown(p, eol - p, &turn, out);
        }
    }

    free(out);

    assert_true(times > 2000);
}


/* a tool that the provider runs, as often as there is room for it */

static void
test_hosted(void **state)
{
    size_t    i, n, way;
    uint8_t  *out;

    static const char * const  types[] = {
        "image_generation", "web_search", "file_search", "code_interpreter",
        "shell", "mcp", "computer", "custom", "namespace", "tool_search"
    };

    (void) state;

    out = malloc(SIZE + 256);

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {

        n = sprintf((char *) out, "{\"model\":\"m\",\"input\":\"a\","
                    "\"messages\":[],\"tools\":[");

        while (n < SIZE) {
            n += sprintf((char *) out + n, "{\"type\":\"%s\"},", types[i]);
        }

        n += sprintf((char *) out + n - 1, "]}") - 1;

        for (way = 0; way < WAYS; way++) {
            read_as(way, 0, out, n);
        }
    }

    free(out);
}


/* parts of an answer that have a usage each, which is little or nothing */

static void
test_usages(void **state)
{
    size_t    i, n, way;
    uint8_t  *out;

    static const char * const  parts[] = {
        "{\"usage\":{}}", "{\"usage\":{\"a\":1}}", "{\"usage\":[]}"
    };

    (void) state;

    out = malloc(SIZE + 256);

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {

        n = sprintf((char *) out, "{\"choices\":[");

        while (n < SIZE) {
            n += sprintf((char *) out + n, "%s,", parts[i]);
        }

        n += sprintf((char *) out + n - 1, "]}") - 1;

        for (way = 0; way < WAYS; way++) {
            read_as(way, 1, out, n);
            read_as(way, 2, out, n);
        }
    }

    free(out);
}


/*
 * Schemas of a function that are large, deep, or refer to themselves: what is
 * open at the end is closed there.  Quotes are single ones.
 */

typedef struct {
    const char  *head;
    unsigned     times;
    const char  *piece;             /* %1$u: the how manyth, %2$u: the next */
    const char  *middle;
    const char  *fill;              /* as often as there is room */
} schema_t;


static const schema_t  schemas[] = {

    /* all refer to all */

    { "'properties':{'x':{", 0, "", "}", ",'p%1$u':{'$ref':'#'}" },
    { "'$ref':'#/a/a0','a':{'x':{}", 5, ",'a%1$u':{'properties':{"
      "'p':{'$ref':'#/a/a0'},'q':{'$ref':'#/a/a1'},'r':{'$ref':'#/a/a2'},"
      "'s':{'$ref':'#/a/a3'},'t':{'$ref':'#/a/a4'}}}", "", "" },
    { "'properties':{'x':{'$ref':'#/a/a0'}},'a':{'x':{}", 3, ",'a%1$u':{"
      "'anyOf':[{'$ref':'#/a/a0','format':'f'},{'$ref':'#/a/a1'},"
      "{'type':'array','items':{'$ref':'#/a/a2'}}]}", "", "" },

    /* each twice to the next one */

    { "'properties':{'x':{'$ref':'#/a/a0'}},'a':{'x':{}", 60, ",'a%1$u':{"
      "'anyOf':[{'$ref':'#/a/a%2$u'},{'$ref':'#/a/a%2$u'}]}", "", "" },
    { "'properties':{'x':{'$ref':'#/a/a0'}},'a':{'x':{}", 9, ",'a%1$u':{"
      "'properties':{'p':{'$ref':'#/a/a%2$u'},'q':{'$ref':'#/a/a%2$u'}}}", "",
      "" },

    /* all to the last of many, or to one that is large */

    { "'properties':{'x':{", 0, "", "}", ",'p%1$u':{'$ref':'#/properties/p1'}"
      },
    { "'a':{'enum':[0", 1500, ",%1$u", "]},'properties':{'x':{}",
      ",'p%1$u':{'$ref':'#/a'}" },
    { "'properties':{'x':{'description':'D", 8000, "D", "','type':[1",
      ",'null'" },

    /* what is required, in another order, and is not there */

    { "'required':['x'", 1200, ",'p%2$u'", "],'properties':{'x':{}",
      ",'p%1$u':{}" },
    { "'required':['x'", 1200, ",'q%2$u'", "],'properties':{'x':{}",
      ",'p%1$u':{}" },

    /* one within another */

    { "", 55, "'properties':{'p':{", "'properties':{'x':{}", ",'p%1$u':{}" },
    { "'properties':{'p':{", 60, "'type':'array','items':{",
      "'properties':{'x':{}", ",'p%1$u':{}" },
    { "'properties':{'p':{", 60, "'type':'array','items':{",
      "'enum':[' | '", ",'| |'" }
};


/* as one function of a chat; returns its length */

static size_t
schema_body(const schema_t *s, char *out)
{
    char      *p, open[256], *last;
    unsigned   i, depth;

    p = out + sprintf(out, "{'model':'gpt-4o','messages':[],'tools':[{"
                           "'function':{'name':'f','parameters':{");
    p = stpcpy(p, s->head);

    for (i = 0; i < s->times; i++) {
        p += sprintf(p, s->piece, i, i + 1, s->times - i);
    }

    p = stpcpy(p, s->middle);

    for (i = 0; *s->fill && p < out + SIZE; i++) {
        p += sprintf(p, s->fill, i, i + 1);
    }

    depth = 0;

    for (last = p, p = out; p < last; p++) {

        if (*p == '\'') {
            *p = '"';

        } else if (*p == '{' || *p == '[') {
            open[depth++] = (*p == '{') ? '}' : ']';

        } else if (*p == '}' || *p == ']') {
            depth--;
        }
    }

    while (depth) {
        *p++ = open[--depth];
    }

    return p - out;
}


static void
test_schemas(void **state)
{
    char    *out;
    size_t   i, n, way;

    (void) state;

    out = malloc(2 * SIZE);

    for (i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        n = schema_body(&schemas[i], out);

        for (way = 0; way < WAYS; way++) {
            read_as(way, 0, (const uint8_t *) out, n);
        }
    }

    free(out);
}


/* the same event again and again */

static void
test_events(void **state)
{
    size_t       i, n, len, way;
    uint8_t     *out;
    const char  *p;

    (void) state;

    out = malloc(2 * SIZE);

    for (i = 0; i < SEEDS; i++) {
        for (p = seeds[i]; *p; p += len + (p[len] != '\0')) {
            len = strcspn(p, "\n");

            for (n = 0; n < SIZE; n += len + 1) {
                memcpy(out + n, p, len);
                out[n + len] = '\n';
            }

            for (way = i % EVERY; way < WAYS; way += EVERY) {
                read_as(way, 2, out, n);
            }
        }
    }

    free(out);
}


/*
 * Texts that are short, and the same word one behind the other: no model's
 * tokens end where they do.
 */

static void
test_words(void **state)
{
    size_t    i, n, way;
    uint8_t  *out;

    static const char * const  words[] = {
        "uhratoization\",\"authorization",
        "uhratoization\",\"uhratoization\",\"authorization",
        "modetttttttttttttttttttttttttttttttttttttttttttttttttttttttttte",
        "aaabaaaaaaaaaaabaaaaaaaabaaaaaaaaaabaaaaaaab", "tttttttttttttttu"
    };

    (void) state;

    assert_non_null(counter());

    out = malloc(SIZE + 256);

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {

        n = sprintf((char *) out, "{\"input\":[");

        while (n < SIZE) {
            n += sprintf((char *) out + n, "\"%s\",", words[i]);
        }

        n += sprintf((char *) out + n - 1, "]}") - 1;

        for (way = 0; way < WAYS; way++) {
            read_as(way, 1, out, n);
        }
    }

    free(out);
}


/* short names with escapes, where figures are looked for by many names */

static void
test_escaped(void **state)
{
    size_t    i, n, way;
    uint8_t  *out;

    static const char * const  names[] = {
        "\\u9D00s", "\\u9D00", "\\n", "\\u0069nput_token"
    };

    (void) state;

    out = malloc(SIZE + 256);

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {

        n = sprintf((char *) out, "{\"usage\":{");

        while (n < SIZE) {
            n += sprintf((char *) out + n, "\"%s\":[],", names[i]);
        }

        n += sprintf((char *) out + n - 1, "}}") - 1;

        for (way = 0; way < WAYS; way++) {
            read_as(way, 1, out, n);
        }
    }

    free(out);
}


int
main(void)
{
    char         vocab[4096];
    const char  *dir;

    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_grown),
        cmocka_unit_test(test_hosted),
        cmocka_unit_test(test_usages),
        cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_escaped)
    };

    dir = getenv("LLM_VOCAB_DIR");
    snprintf(vocab, sizeof(vocab), "%s/o200k_base.llmv",
             dir ? dir : "build/vocab");
    setenv("LLM_VOCAB", vocab, 0);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
