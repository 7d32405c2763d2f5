
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Every recorded request, and the same written otherwise: each letter of its
 * strings as an escape, white space wherever JSON has room for it.  A client
 * may do so by habit (PHP's encoder escapes every "/") or to pay less; all that
 * is read of it must be the same.
 */

#include "traffic_vocabs.h"


/*
 * A longer string without a space is no text, and is left as it is.  Shorter
 * ones may be, and what a file costs is guessed from its bytes.
 */

#define DATA    256
#define FILES   1               /* of a hundred requests */


static const llm_str_t *
header(void *ctx, const char *name)
{
    static llm_str_t  s;

    s.data = (unsigned char *) text(ctx, name);
    s.len = strlen((char *) s.data);

    return s.len ? &s : NULL;
}


/* a string from its first quote on; returns what is behind its last one */

static const char *
write_string(const char *p, char **to)
{
    int          data;
    char        *q;
    size_t       n;
    const char  *end;

    for (end = p + 1; *end != '"'; end += (*end == '\\') ? 2 : 1) { /* void */ }

    data = end - p > DATA && memchr(p, ' ', end - p) == NULL;
    q = *to;
    *q++ = *p++;

    while (p < end) {

        if (*p == '\\') {
            n = (p[1] == 'u') ? 6 : 2;
            memcpy(q, p, n);
            q += n;
            p += n;
            continue;
        }

        if (!data && *p >= ' ' && *p < 0x7f) {
            q += sprintf(q, (*p & 1) ? "\\u%04x" : "\\u%04X", *p);
            p++;
            continue;
        }

        *q++ = *p++;
    }

    *q++ = '"';
    *to = q;

    return end + 1;
}


static char *
otherwise(const char *p)
{
    char  *body, *q;

    body = malloc(6 * strlen(p) + 16);
    q = body;

    while (*p) {

        if (*p == '"') {
            p = write_string(p, &q);
            continue;
        }

        if (strchr("{}[],:", *p)) {
            q += sprintf(q, "\r\n%c\t ", *p++);
            continue;
        }

        *q++ = *p++;
    }

    *q = '\0';

    return body;
}


typedef struct {
    llm_arena_t    arena;
    llm_request_t  q;
    int            rc;
    int            cached;                /* canonical's answer */
    char           canon[1 << 16];        /* what of it there is room for */
    size_t         ncanon;
} reading_t;


static void
canon(void *ctx, const void *p, size_t n)
{
    reading_t  *in = ctx;

    n = (n < sizeof(in->canon) - in->ncanon)
        ? n : sizeof(in->canon) - in->ncanon;

    memcpy(in->canon + in->ncanon, p, n);
    in->ncanon += n;
}


/* 0: no dialect meters it, or it is no JSON */

static int
reads(json_t *r, const char *body, reading_t *in)
{
    size_t          i;
    llm_route_t    *route;
    llm_counter_t   c;
    llm_request_t  *q;

    q = &in->q;
    in->ncanon = 0;
    memset(q, 0, sizeof(llm_request_t));
    llm_arena_init(&in->arena);

    route = &q->route;
    route->method.data = (unsigned char *) "POST";
    route->method.len = 4;
    route->path.data = (unsigned char *) text(r, "url_path");
    route->path.len = strcspn((char *) route->path.data, "?");
    route->headers.get = header;
    route->headers.ctx = json_object_get(r, "request_headers");

    for (i = 0; llm_providers[i]; i++) {
        if (llm_providers[i]->path(route) == LLM_PATH_METERED) {
            break;
        }
    }

    q->provider = llm_providers[i];
    q->kind = route->kind;
    q->path = route->path;
    q->mem = &in->arena.mem;
    q->json.mem = q->mem;
    q->max_output = -1;
    q->choices = 1;
    q->body.data = (unsigned char *) body;
    q->body.len = strlen(body);

    if (q->provider == NULL || route->raw
        || llm_json_parse(&q->json, q->body.data, q->body.len) != LLM_OK)
    {
        llm_arena_free(&in->arena);
        return 0;
    }

    in->rc = q->provider->parse(q);

    if (in->rc == LLM_OK) {
        assert_non_null(counter_of(&c, "gpt-4o"));
        assert_int_equal(q->provider->count(q, &c), LLM_OK);
        in->cached = q->provider->canonical(q, canon, in);
    }

    return 1;
}


static int
same(const llm_str_t *a, const llm_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}


/* what differs, or NULL */

static const char *
difference(const reading_t *a, const reading_t *b)
{
    unsigned              i;
    const llm_request_t  *p, *q;

#define llm_differs(what)  if (p->what != q->what) { return #what; }
#define llm_differ(what)   if (!same(&p->what, &q->what)) { return #what; }

    p = &a->q;
    q = &b->q;

    if (a->rc != b->rc) {
        return "parse";
    }

    if (a->rc != LLM_OK) {
        return NULL;
    }

    llm_differ(model);
    llm_differ(priced);
    llm_differ(service_tier);
    llm_differ(guest.model);
    llm_differs(guest.calls);
    llm_differs(nothers);
    llm_differs(max_output);
    llm_differs(choices);
    llm_differs(stream);
    llm_differs(usage_asked);
    llm_differs(can_inject);
    llm_differs(can_fit);
    llm_differs(stateful);
    llm_differs(unseen);
    llm_differs(bounded);
    llm_differs(framing);
    llm_differs(estimate);

    if (q->input_tokens < p->input_tokens
        || (q->input_tokens > p->input_tokens && !p->estimate))
    {
        return "input_tokens";
    }

    for (i = 0; i < p->nothers; i++) {
        llm_differ(others[i]);
    }

    if (memcmp(&p->most, &q->most, sizeof(llm_usage_t)) != 0
        || memcmp(&p->guest.most, &q->guest.most, sizeof(llm_usage_t)) != 0)
    {
        return "most";
    }

    return (a->cached == b->cached && a->ncanon == b->ncanon
            && memcmp(a->canon, b->canon, a->ncanon) == 0) ? NULL : "canonical";
}


static void
test_forms(void **state)
{
    char        *body;
    size_t       i;
    json_t      *r;
    unsigned     n, wrong, more;
    reading_t   *a, *b;
    const char  *what;

    (void) state;

    if (records == NULL || vocabs[1] == NULL) {
        print_message("# no recordings or no vocabularies\n");
        skip();
    }

    a = malloc(sizeof(reading_t));
    b = malloc(sizeof(reading_t));
    n = 0;
    wrong = 0;
    more = 0;

    json_array_foreach(records, i, r) {

        if (!reads(r, text(r, "request_body"), a)) {
            continue;
        }

        body = otherwise(text(r, "request_body"));

        what = reads(r, body, b) ? difference(a, b) : "JSON";
        more += (b->q.input_tokens > a->q.input_tokens);
        n++;

        if (what) {
            wrong++;
            print_message("# %s %s: %s (%lld, %lld tokens)\n", text(r, "id"),
                          text(r, "api"), what, (long long) a->q.input_tokens,
                          (long long) b->q.input_tokens);
        }

        llm_arena_free(&a->arena);
        llm_arena_free(&b->arena);
        free(body);
    }

    free(a);
    free(b);

    print_message("# %u requests, %u hold files\n", n, more);
    assert_int_equal(wrong, 0);
    assert_true(traffic_within(more, ceil(n * FILES / 100.0) - 1));
    assert_true(traffic_more(n, 3000));
}


static int
load_all(void **state)
{
    int  rc;

    rc = load(state);

    json_decref(records);
    records = NULL;
    traffic_load(NULL);

    return rc;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_forms)
    };

    return cmocka_run_group_tests(tests, load_all, unload);
}
