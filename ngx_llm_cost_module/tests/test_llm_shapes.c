
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Every shape that a dialect asks about.  While a body is read it is written
 * down which member is looked for in which object, and with which word which
 * string is compared; each of these is tried then: the member with a value of
 * each type and left out, the word with what stands beside it and alone.  That
 * makes new bodies, which ask new questions, until there are none.
 *
 * A question is known by who asks it (the address of the call), of a member of
 * which name, in an object that says which type: not by its whole path, or
 * there would be no end.  What one path has brought to light is tried at the
 * dialect's other paths.  This is built with what llm_json_get() and its
 * like call wrapped.
 */

#include "llm_arena.h"

#include <sanitizer/common_interface_defs.h>
#include <signal.h>

#define FUZZ_PLAIN
#include "../../fuzz/dialects.c"
#include "../../fuzz/grow.h"
#include "fuzz_seeds.h"
#include "llm_dialect.h"


#define LONGEST    16384            /* bytes of a body */
#define ASKS       4096             /* new questions of one body */
#define NAME       64
#define KNOWN      (1 << 20)        /* questions in all, twice over */

#define HERE       __builtin_return_address(0)


typedef struct {
    uint32_t       node;            /* an object, or the string compared */
    int            word;
    char           name[NAME];
} ask_t;


/* of a node: what it stands in, and a hash of the name it has there */

typedef struct {
    uint32_t       parent;
    int            key;
    uint64_t       name;
    uint64_t       type;            /* an object's, where it is a known word */
} place_t;


typedef struct body_s  body_t;

struct body_s {
    body_t        *next;
    size_t         way;
    unsigned       what;
    uint8_t       *text;
    size_t         len;
    ask_t         *asks;
    size_t         n;
};


static struct {
    size_t         way;
    unsigned       what;            /* 0 a request, 1 an answer, 3 a stream */
    uint8_t       *text;
    size_t         len;
    llm_json_t     json;
    place_t       *places;
    ask_t          asks[ASKS];
    size_t         n;
    unsigned       on;              /* it is read */
    unsigned       deaf;
    fuzz_mem_t     mem;
} now;

static uint64_t  asked_before[KNOWN];
static uint64_t  words[KNOWN];
static size_t    known;
static unsigned  tries;
static body_t   *first, **last = &first;


uint32_t __real_llm_json_member(const llm_json_t *j, uint32_t obj,
    const char *key, size_t len);
size_t __real_llm_json_members(const llm_json_t *j, uint32_t obj,
    const llm_json_names_t *names, uint32_t *values);
const char *__real_llm_json_fields(const llm_json_t *j, uint32_t obj,
    const char * const *names, unsigned n, uint32_t *values);
int __real_llm_json_is(const llm_json_t *j, uint32_t node,
    const char *text, size_t len);
int __real_llm_json_begins(const llm_json_t *j, uint32_t node,
    const char *text, size_t len);
unsigned __real_llm_needs_types(const llm_json_t *j, uint32_t node,
    const llm_need_t *needs);

uint32_t __wrap_llm_json_member(const llm_json_t *j, uint32_t obj,
    const char *key, size_t len);
size_t __wrap_llm_json_members(const llm_json_t *j, uint32_t obj,
    const llm_json_names_t *names, uint32_t *values);
const char *__wrap_llm_json_fields(const llm_json_t *j, uint32_t obj,
    const char * const *names, unsigned n, uint32_t *values);
int __wrap_llm_json_is(const llm_json_t *j, uint32_t node,
    const char *text, size_t len);
int __wrap_llm_json_begins(const llm_json_t *j, uint32_t node,
    const char *text, size_t len);
unsigned __wrap_llm_needs_types(const llm_json_t *j, uint32_t node,
    const llm_need_t *needs);


/* 1: the set has it, where add is 1: from now on */

static int
has(uint64_t *set, uint64_t key, int add)
{
    size_t  i;

    key += (key == 0);

    for (i = key % KNOWN; set[i]; i = (i + 1) % KNOWN) {
        if (set[i] == key) {
            return 1;
        }
    }

    if (add) {
        set[i] = key;
        known++;
        assert_true(known < KNOWN / 2);
    }

    return 0;
}


static uint64_t
mixed(uint64_t h, const void *p, size_t n)
{
    hash(&h, p, n);

    return h * 31 + 7;
}


static uint64_t
string_at(const llm_json_t *j, uint32_t node)
{
    return mixed(5, j->data + j->nodes[node].start,
                 j->nodes[node].end - j->nodes[node].start);
}


static void
place_children(const llm_json_t *j, place_t *places, uint32_t node)
{
    uint64_t    word;
    uint32_t    i, object, value;

    object = (j->nodes[node].type == LLM_JSON_OBJECT);

    for (i = node + 1; i < j->nodes[node].next; i = j->nodes[value].next) {
        value = i + object;

        places[value].parent = node;
        places[value].name = object ? string_at(j, i)
                                    : places[node].name + 1;

        if (!object) {
            continue;
        }

        places[i].parent = node;
        places[i].key = 1;

        if (j->nodes[value].type == LLM_JSON_STRING
            && (__real_llm_json_is(j, i, "type", 4)
                || __real_llm_json_is(j, i, "role", 4)
                || __real_llm_json_is(j, i, "object", 6)))
        {
            word = string_at(j, value);
            places[node].type += has(words, word, 0) ? word : 0;
        }
    }
}


static void
placed(void)
{
    uint32_t           i;
    const llm_json_t  *j;

    j = &now.json;

    now.places = fuzz_alloc(&now.mem, (j->n + 1) * sizeof(place_t));
    memset(now.places, 0, (j->n + 1) * sizeof(place_t));
    now.places[0].parent = LLM_JSON_NONE;

    for (i = 0; i < j->n; i++) {
        if (j->nodes[i].type == LLM_JSON_OBJECT
            || j->nodes[i].type == LLM_JSON_ARRAY)
        {
            place_children(j, now.places, i);
        }
    }
}


/* somebody looks for a member of an object, or compares a string to a word */

static void
note(const llm_json_t *j, uint32_t node, const char *name, int word,
    void *site)
{
    ask_t     *a;
    uint64_t   key;
    place_t   *place;

    if (!now.on || now.deaf || node >= j->n || now.n == ASKS
        || *name == '\0' || strlen(name) >= NAME || strpbrk(name, "\"\\")
        || j->len != now.json.len
        || memcmp(j->data, now.json.data, j->len) != 0)
    {
        return;
    }

    place = &now.places[node];

    if (word && place->key) {
        node = place->parent;
        place = &now.places[node];
        word = 0;
    }

    if (j->nodes[node].type != (word ? LLM_JSON_STRING : LLM_JSON_OBJECT)) {
        return;
    }

    key = mixed(place->name * 3 + place->type + word, &site, sizeof(site));
    key = mixed(key + now.what, &ways[now.way].p, sizeof(void *));
    key = mixed(key, name, strlen(name));

    if (has(asked_before, key, 1)) {
        return;
    }

    if (word) {
        (void) has(words, mixed(5, name, strlen(name)), 1);
    }

    a = &now.asks[now.n++];
    a->node = node;
    a->word = word;
    strcpy(a->name, name);
}


uint32_t
__wrap_llm_json_member(const llm_json_t *j, uint32_t obj, const char *key,
    size_t len)
{
    note(j, obj, key, 0, HERE);

    return __real_llm_json_member(j, obj, key, len);
}


size_t
__wrap_llm_json_members(const llm_json_t *j, uint32_t obj,
    const llm_json_names_t *names, uint32_t *values)
{
    unsigned  i;

    for (i = 0; i < names->n; i++) {
        note(j, obj, (const char *) names->names[i].data, 0, HERE);
    }

    return __real_llm_json_members(j, obj, names, values);
}


const char *
__wrap_llm_json_fields(const llm_json_t *j, uint32_t obj,
    const char * const *names, unsigned n, uint32_t *values)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        note(j, obj, names[i], 0, HERE);
    }

    return __real_llm_json_fields(j, obj, names, n, values);
}


int
__wrap_llm_json_is(const llm_json_t *j, uint32_t node, const char *text,
    size_t len)
{
    note(j, node, text, 1, HERE);

    return __real_llm_json_is(j, node, text, len);
}


int
__wrap_llm_json_begins(const llm_json_t *j, uint32_t node, const char *text,
    size_t len)
{
    note(j, node, text, 1, HERE);

    return __real_llm_json_begins(j, node, text, len);
}


/* it compares every type in a body with every word that it knows */

unsigned
__wrap_llm_needs_types(const llm_json_t *j, uint32_t node,
    const llm_need_t *needs)
{
    unsigned  able;

    now.deaf++;
    able = __real_llm_needs_types(j, node, needs);
    now.deaf--;

    return able;
}


static void
show(void)
{
    static const char * const  names[] = { "request", "answer", "event",
                                           "stream" };

    (void) fprintf(stderr, "%s %s: %.*s\n", ways[now.way].path,
                   names[now.what], (int) now.len, now.text);
}


static void
aborted(int sig)
{
    show();
    (void) signal(sig, SIG_DFL);
    (void) raise(sig);
}


/* where it asks something new it is kept */

static void
try_body(const uint8_t *text, size_t len)
{
    uint8_t  *data;
    body_t   *b;

    if (len < 2 || len > LONGEST) {
        return;
    }

    data = malloc(len + 2);
    data[0] = (uint8_t) now.way;
    data[1] = (uint8_t) (now.what | (mixed(0, text, len) & 0xfc));
    memcpy(data + 2, text, len);

    now.text = data + 2;
    now.len = len;
    now.n = 0;

    memset(&now.json, 0, sizeof(llm_json_t));
    now.json.mem = fuzz_begin(&now.mem);

    if (llm_json_parse(&now.json, now.text, len) == LLM_OK) {
        placed();
        now.on = 1;
    }

    (void) LLVMFuzzerTestOneInput(data, len + 2);
    tries++;
    now.on = 0;
    fuzz_end(&now.mem);

    if (now.n) {
        b = malloc(sizeof(body_t));
        b->next = NULL;
        b->way = now.way;
        b->what = now.what;
        b->text = malloc(len);
        b->len = len;
        b->n = now.n;
        b->asks = malloc(now.n * sizeof(ask_t));
        memcpy(b->text, text, len);
        memcpy(b->asks, now.asks, now.n * sizeof(ask_t));

        *last = b;
        last = &b->next;
    }

    free(data);
}


/* the body with something else from one place to another */

static void
try_with(const body_t *b, size_t from, size_t to, const char *format,
    const char *one, const char *two)
{
    size_t    n;
    uint8_t  *text;

    text = malloc(b->len + 3 * NAME);
    memcpy(text, b->text, from);

    n = from + (size_t) snprintf((char *) text + from, 3 * NAME, format, one,
                                 two);

    memcpy(text + n, b->text + to, b->len - to);
    try_body(text, n + b->len - to);

    free(text);
}


static void
try_member(const body_t *b, const llm_json_t *j, const ask_t *a)
{
    size_t    i, from, to;
    uint32_t  value;

    static const char * const  values[] = {
        "null", "true", "0", "-1", "1e300", "\"\"", "\"x\"", "[]", "{}",
        "[null]", "{\"type\":null}", "[{}]"
    };

    value = __real_llm_json_member(j, a->node, a->name, strlen(a->name));

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {

        if (value != LLM_JSON_NONE) {
            try_with(b, grow_from(j, value), grow_to(j, value), "%s",
                     values[i], "");
            continue;
        }

        from = j->nodes[a->node].start + 1;
        try_with(b, from, from, j->nodes[a->node].next == a->node + 1
                                ? "\"%s\":%s" : "\"%s\":%s,",
                 a->name, values[i]);
    }

    if (value == LLM_JSON_NONE) {
        return;
    }

    from = grow_from(j, value - 1);
    to = grow_to(j, value);

    if (b->text[to] == ',') {
        to++;

    } else if (b->text[from - 1] == ',') {
        from--;
    }

    try_with(b, from, to, "%s", "", "");
}


static void
try_word(const body_t *b, const llm_json_t *j, const ask_t *a, uint32_t object)
{
    size_t                  len;
    char                    name[NAME];
    const llm_json_node_t  *key;

    try_with(b, grow_from(j, a->node), grow_to(j, a->node), "\"%s\"", a->name,
             "");

    if (object == LLM_JSON_NONE || j->nodes[object].type != LLM_JSON_OBJECT) {
        return;
    }

    key = &j->nodes[a->node - 1];
    len = key->end - key->start;

    if (len < NAME) {
        memcpy(name, j->data + key->start, len);
        name[len] = '\0';

        try_with(b, grow_from(j, object), grow_to(j, object),
                 "{\"%s\":\"%s\"}", name, a->name);
    }
}


static void
try_asks(const body_t *b)
{
    size_t       i;
    uint32_t    *parents;
    llm_json_t   j;
    fuzz_mem_t  *mem;

    mem = malloc(sizeof(fuzz_mem_t));
    memset(&j, 0, sizeof(llm_json_t));
    j.mem = fuzz_begin(mem);

    assert_int_equal(llm_json_parse(&j, b->text, b->len), LLM_OK);

    now.json = j;
    now.mem.n = 0;
    placed();

    parents = malloc(b->n * sizeof(uint32_t));

    for (i = 0; i < b->n; i++) {
        parents[i] = now.places[b->asks[i].node].parent;
    }

    fuzz_end(&now.mem);

    for (i = 0; i < b->n; i++) {
        if (b->asks[i].word) {
            try_word(b, &j, &b->asks[i], parents[i]);

        } else {
            try_member(b, &j, &b->asks[i]);
        }
    }

    free(parents);
    fuzz_end(mem);
    free(mem);
}


/* what other paths of the dialect have asked, and what that brings */

static void
try_way(body_t **done)
{
    size_t       i, len;
    body_t      *b;
    const char  *p;

    try_body((const uint8_t *) "{}", 2);

    for (i = 0; i < SEEDS; i++) {
        for (p = seeds[i]; *p; p += len + (p[len] != '\0')) {
            len = strcspn(p, "\n");
            try_body((const uint8_t *) p, len);
        }
    }

    for (b = *done; b; b = b->next) {
        if (b->what == now.what && ways[b->way].p == ways[now.way].p) {
            try_body(b->text, b->len);
        }
    }

    while (first) {
        b = first;
        first = b->next;
        last = first ? last : &first;

        try_asks(b);

        b->next = *done;
        *done = b;
    }
}


static void
test_shapes(void **state)
{
    body_t  *b, *done;

    (void) state;

    __sanitizer_set_death_callback(show);
    (void) signal(SIGABRT, aborted);

    done = NULL;

    for (now.way = 0; now.way < WAYS; now.way++) {
        for (now.what = 0; now.what < 4; now.what += now.what ? 2 : 1) {
            try_way(&done);
        }
    }

    print_message("%u bodies\n", tries);
    assert_true(tries > 50000);

    while (done) {
        b = done;
        done = b->next;
        free(b->text);
        free(b->asks);
        free(b);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_shapes)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
