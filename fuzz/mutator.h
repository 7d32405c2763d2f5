
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _MUTATOR_H_INCLUDED_
#define _MUTATOR_H_INCLUDED_


/*
 * Changes of JSON that leave it JSON: members and elements come, go, are said
 * twice, change their names, types and values.  Names are those in the file
 * FUZZ_WORDS, one a line.  What is no JSON is left to libFuzzer, and so is
 * every fourth change.
 */

#include "fuzz.h"
#include "llm_json.h"


#define FUZZ_WORDS_MAX  4096


size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed);
int LLVMFuzzerInitialize(int *argc, char ***argv);


static char    *fuzz_words[FUZZ_WORDS_MAX];
static size_t   fuzz_nwords;


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    FILE        *f;
    char         line[256];
    size_t       n;
    const char  *name;

    (void) argc;
    (void) argv;

    name = getenv("FUZZ_WORDS");
    f = (name && *name) ? fopen(name, "r") : NULL;

    while (f && fuzz_nwords < FUZZ_WORDS_MAX && fgets(line, 256, f)) {
        n = strcspn(line, "\n");
        line[n] = '\0';
        fuzz_words[fuzz_nwords++] = strdup(line);
    }

    if (f) {
        fclose(f);
    }

    return 0;
}


typedef struct {
    uint64_t             seed;
    const llm_json_t    *j;
    uint8_t             *out;
    size_t               len;
    size_t               max;
} fuzz_change_t;


static uint32_t
fuzz_any(fuzz_change_t *c, uint32_t n)
{
    c->seed = c->seed * 6364136223846793005ULL + 1442695040888963407ULL;

    return (uint32_t) (c->seed >> 33) % (n ? n : 1);
}


static void
fuzz_put(fuzz_change_t *c, const void *p, size_t n)
{
    if (n <= c->max - c->len) {
        memcpy(c->out + c->len, p, n);
        c->len += n;
    }
}


static void
fuzz_puts(fuzz_change_t *c, const char *s)
{
    fuzz_put(c, s, strlen(s));
}


static const char *
fuzz_word(fuzz_change_t *c)
{
    return fuzz_nwords ? fuzz_words[fuzz_any(c, (uint32_t) fuzz_nwords)]
                       : "type";
}


/* where a node is, a string with its quotes */

static void
fuzz_span(const llm_json_t *j, uint32_t i, size_t *from, size_t *to)
{
    unsigned  quote;

    quote = (j->nodes[i].type == LLM_JSON_STRING);
    *from = j->nodes[i].start - quote;
    *to = j->nodes[i].end + quote;
}


static int
fuzz_is_key(const llm_json_t *j, uint32_t i)
{
    size_t  at;

    if (j->nodes[i].type != LLM_JSON_STRING) {
        return 0;
    }

    at = (size_t) j->nodes[i].end + 1;
    at += strspn((const char *) j->data + at, " \t\r\n");

    return at < j->len && j->data[at] == ':';
}


static void
fuzz_value(fuzz_change_t *c)
{
    size_t  from, to;

    static const char * const  values[] = {
        "null", "true", "false", "0", "1", "2", "-1", "1.5", "1e3", "128",
        "129", "100000", "2147483647", "1000000000000", "1000000000001",
        "9223372036854775807", "1e400", "\"\"", "\"0\"", "\"12\"", "\"a\"",
        "[]", "{}", "[1,2]", "[[1]]", "[\"a\",\"b\"]", "\"auto\"",
        "\"data:image/png;base64,iVBORw0KGgo=\"", "\"https://a/b\""
    };

    switch (fuzz_any(c, 4)) {

    case 0:
        fuzz_puts(c, "\"");
        fuzz_puts(c, fuzz_word(c));
        fuzz_puts(c, "\"");
        break;

    case 1:
        fuzz_puts(c, "{\"");
        fuzz_puts(c, fuzz_any(c, 2) ? "type" : fuzz_word(c));
        fuzz_puts(c, "\":\"");
        fuzz_puts(c, fuzz_word(c));
        fuzz_puts(c, "\"}");
        break;

    case 2:
        fuzz_span(c->j, fuzz_any(c, c->j->n), &from, &to);
        fuzz_put(c, c->j->data + from, to - from);
        break;

    default:
        fuzz_puts(c, values[fuzz_any(c, sizeof(values) / sizeof(*values))]);
    }
}


/* a member or an element in front of the others */

static void
fuzz_insert(fuzz_change_t *c, uint32_t obj)
{
    fuzz_puts(c, c->j->nodes[obj].type == LLM_JSON_OBJECT ? "{" : "[");

    if (c->j->nodes[obj].type == LLM_JSON_OBJECT) {
        fuzz_puts(c, "\"");
        fuzz_puts(c, fuzz_word(c));
        fuzz_puts(c, "\":");
    }

    fuzz_value(c);

    if (c->j->nodes[obj].next > obj + 1) {
        fuzz_puts(c, ",");
    }
}


/* what is cut out of the text, with the comma before or behind it */

static void
fuzz_cut(const llm_json_t *j, uint32_t i, size_t *from, size_t *to)
{
    size_t  a, b;

    fuzz_span(j, i, from, to);

    if (fuzz_is_key(j, i)) {
        fuzz_span(j, i + 1, &a, to);
    }

    a = *from;
    b = *to + strspn((const char *) j->data + *to, " \t\r\n");

    if (j->data[b] == ',') {
        *to = b + 1;
        return;
    }

    while (a > 0 && strchr(" \t\r\n", j->data[a - 1])) {
        a--;
    }

    if (a > 0 && j->data[a - 1] == ',') {
        *from = a - 1;
    }
}


/* as a rule not once more; or often, as far as there is room */

static void
fuzz_more(fuzz_change_t *c, size_t from, size_t end)
{
    size_t    need;
    uint32_t  n;

    need = c->j->len - from + end - from + 2;

    for (n = fuzz_any(c, 4) ? 0 : 1 << fuzz_any(c, 12); n; n--) {

        if (c->max - c->len < need) {
            return;
        }

        fuzz_puts(c, ",");
        fuzz_put(c, c->j->data + from, end - from);
    }
}


/* one change of the value whose text is j's; 0: none was made */

static int
fuzz_change(fuzz_change_t *c)
{
    size_t            from, to, end;
    uint32_t          i;
    const llm_json_t  *j;

    j = c->j;
    i = fuzz_any(c, j->n);
    fuzz_span(j, i, &from, &to);

    switch (fuzz_any(c, 6)) {

    case 0:                                         /* away */

        if (i == 0 || (!fuzz_is_key(j, i) && fuzz_is_key(j, i - 1))) {
            return 0;
        }

        fuzz_cut(j, i, &from, &to);
        fuzz_put(c, j->data, from);
        break;

    case 1:                                         /* once more */

        if (i == 0) {
            return 0;
        }

        i = (!fuzz_is_key(j, i) && fuzz_is_key(j, i - 1)) ? i - 1 : i;
        fuzz_span(j, i, &from, &end);
        fuzz_span(j, fuzz_is_key(j, i) ? i + 1 : i, &to, &end);

        fuzz_put(c, j->data, end);
        fuzz_more(c, from, end);
        fuzz_puts(c, ",");
        to = from;
        break;

    case 2:                                         /* another name */

        if (!fuzz_is_key(j, i)) {
            return 0;
        }

        fuzz_put(c, j->data, from);
        fuzz_puts(c, "\"");
        fuzz_puts(c, fuzz_word(c));
        fuzz_puts(c, "\"");
        break;

    case 3:                                         /* one more */

        if (j->nodes[i].type > LLM_JSON_ARRAY) {
            return 0;
        }

        fuzz_put(c, j->data, from);
        fuzz_insert(c, i);
        to = from + 1;
        break;

    case 4:                                         /* in an array */

        if (fuzz_is_key(j, i)) {
            return 0;
        }

        fuzz_put(c, j->data, from);
        fuzz_puts(c, "[");
        fuzz_put(c, j->data + from, to - from);
        fuzz_puts(c, "]");
        break;

    default:                                        /* another value */

        if (fuzz_is_key(j, i)) {
            return 0;
        }

        fuzz_put(c, j->data, from);
        fuzz_value(c);
    }

    fuzz_put(c, j->data + to, j->len - to);

    return 1;
}


/* the part that is changed: a request, an answer, or a line of it */

static void
fuzz_part(fuzz_change_t *c, const uint8_t *data, size_t size, int lines,
    size_t *from, size_t *to)
{
    const uint8_t  *p, *end;

    *from = 2;
    *to = size;

    p = memchr(data + 2, '\0', size - 2);

    if (p && fuzz_any(c, 3) == 0) {
        *to = p - data;
        return;
    }

    *from = p ? (size_t) (p - data) + 1 : 2;

    if (!lines || *from >= size) {
        return;
    }

    *from += fuzz_any(c, (uint32_t) (size - *from));

    while (*from > 2 && data[*from - 1] != '\n' && data[*from - 1] != '\0') {
        (*from)--;
    }

    end = memchr(data + *from, '\n', size - *from);
    *to = end ? (size_t) (end - data) : size;
}


size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed)
{
    int                 i, done;
    size_t              from, to;
    uint8_t            *text;
    llm_json_t          j;
    fuzz_change_t       c;
    static fuzz_mem_t   m;

    memset(&c, 0, sizeof(c));
    c.seed = seed;

    if (size < 4 || fuzz_any(&c, 4) == 0) {
        return LLVMFuzzerMutate(data, size, max);
    }

    fuzz_part(&c, data, size, (data[1] & 3) == 3, &from, &to);

    memset(&j, 0, sizeof(j));
    j.mem = fuzz_begin(&m);

    text = malloc(to - from + 1);
    memcpy(text, data + from, to - from);
    text[to - from] = '\0';

    done = 0;

    if (llm_json_parse(&j, text, to - from) == LLM_OK) {
        c.j = &j;
        c.max = max;
        c.out = malloc(max);
        fuzz_put(&c, data, from);

        for (i = 0; i < 8 && !done; i++) {
            done = fuzz_change(&c);
        }

        fuzz_put(&c, data + to, size - to);

        if (done) {
            memcpy(data, c.out, c.len);
            size = c.len;
        }

        free(c.out);
    }

    free(text);
    fuzz_end(&m);

    return done ? size : LLVMFuzzerMutate(data, size, max);
}


#endif /* _MUTATOR_H_INCLUDED_ */
