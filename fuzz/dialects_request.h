
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _DIALECTS_REQUEST_H_INCLUDED_
#define _DIALECTS_REQUEST_H_INCLUDED_


/*
 * What must hold of a request, whatever is asked for: bounds are sane, edits
 * write what is wanted and nothing else, another spelling reads the same, and
 * of a member that is said twice either the last one counts or it is refused.
 */

#include "dialects_refused.h"
#include "steps.h"

#include <strings.h>


#define FUZZ_MAX    16                 /* the maximum that fit writes */
#define FUZZ_DATA   256                /* longer strings may be no text */
#define FUZZ_TWICE  16384              /* a longer body is read once */


typedef struct {
    fuzz_mem_t             mem;
    llm_request_t          q;
    const llm_provider_t  *asked;      /* whose path it is */
    int                    rc;         /* LLM_LIMIT: no JSON, or too much */
    int                    cached;     /* canonical's answer */
    uint64_t               canon;
} reading_t;


static size_t
count_bytes(llm_counter_t *c, const unsigned char *text, size_t len)
{
    (void) c;
    (void) text;

    return len;
}


static void
hash(void *ctx, const void *p, size_t n)
{
    size_t     i;
    uint64_t  *h;

    h = ctx;

    for (i = 0; i < n; i++) {
        *h = (*h ^ ((const unsigned char *) p)[i]) * 0x100000001b3ULL;
    }
}


/* a name with escapes is unescaped for each name that is looked for */

static size_t
dear(const uint8_t *body, size_t size)
{
    size_t  i, n;

    for (i = 0, n = size; i < size; i++) {
        n += (body[i] == '\\') ? 24 : 0;
    }

    return n;
}


/*
 * Reads the body as route says: everything that the module takes from it.  The
 * body has to stay as long as the reading.
 */

static void
reading(reading_t *in, const llm_provider_t *p, const llm_route_t *route,
    const uint8_t *body, size_t size)
{
    uint64_t        since;
    llm_counter_t   c;
    llm_request_t  *q;

    q = &in->q;
    since = steps;

    memset(q, 0, sizeof(llm_request_t));
    q->mem = fuzz_begin(&in->mem);
    in->asked = p;
    q->provider = p;
    q->route = *route;
    q->kind = route->kind;
    q->path = route->path;
    q->body.data = (unsigned char *) body;
    q->body.len = size;
    q->json.mem = q->mem;

    in->canon = 0xcbf29ce484222325ULL;
    in->cached = LLM_DECLINED;
    in->rc = LLM_LIMIT;

    if (!route->raw && llm_json_parse(&q->json, body, size) != LLM_OK) {
        return;
    }

    in->rc = p->parse(q);
    p = q->provider;

    if (in->rc != LLM_OK) {
        fuzz_assert(in->rc == LLM_DECLINED || q->err != NULL);
        return;
    }

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    fuzz_assert(p->count(q, &c) == LLM_OK);
    fuzz_assert(q->input_tokens >= (q->kind == LLM_KIND_RUN ? -1 : 0));

    in->cached = p->canonical(q, hash, &in->canon);

    if (p->needs) {
        fuzz_assert(p->needs(q, &q->model) >= LLM_DECLINED);
    }

    steps_bounded(since, dear(body, size), "request");
}


static void
read_over(reading_t *in)
{
    fuzz_end(&in->mem);
}


static int
same_text(const llm_str_t *a, const llm_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}


/* the same bounds, or some that allow for more */

static int
within(const llm_usage_t *a, const llm_usage_t *b, int wider)
{
    size_t          i;
    const int64_t  *u, *v;

    u = (const int64_t *) a;
    v = (const int64_t *) b;

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {
        if (u[i] != v[i] && !(wider && u[i] >= 0 && (v[i] < 0 || v[i] > u[i])))
        {
            return 0;
        }
    }

    return 1;
}


/*
 * A context is compacted from so many bytes of a body on: the longer one may
 * have as many, and the other not.
 */

static int
compacted(const llm_request_t *p, const llm_request_t *q)
{
    const llm_request_t  *one, *none;

    one = p->guest.model.len ? p : q;
    none = p->guest.model.len ? q : p;

    return one->guest.model.len && none->guest.model.len == 0
           && one->body.len > none->body.len
           && llm_json_get(&none->json, 0, "context_management")
              != LLM_JSON_NONE;
}


/* what differs of that which decides about money, or NULL */

static const char *
differs(const reading_t *a, const reading_t *b, int wider)
{
    unsigned              i;
    const llm_request_t  *p, *q;

#define fuzz_differs(what)  if (p->what != q->what) { return #what; }
#define fuzz_differ(what)                                                     \
    if (!same_text(&p->what, &q->what)) { return #what; }

    p = &a->q;
    q = &b->q;

    fuzz_differ(model);
    fuzz_differ(priced);
    fuzz_differ(service_tier);
    fuzz_differs(nothers);
    fuzz_differs(choices);
    fuzz_differs(stream);
    fuzz_differs(usage_asked);
    fuzz_differs(stateful);
    fuzz_differs(crowd);
    fuzz_differs(unseen);
    fuzz_differs(bounded);
    fuzz_differs(whole);
    fuzz_differs(one_form);
    fuzz_differs(framing);
    fuzz_differs(costless);
    fuzz_differs(window);

    for (i = 0; i < p->nothers; i++) {
        fuzz_differ(others[i]);
    }

    if (!within(&p->most, &q->most, wider)) {
        return "most";
    }

    if (compacted(p, q)) {
        return NULL;
    }

    fuzz_differ(guest.model);
    fuzz_differs(guest.calls);

    return within(&p->guest.most, &q->guest.most, wider) ? NULL : "guest.most";
}


static void
must_be_same(const reading_t *a, const reading_t *b, int wider,
    const char *how)
{
    const char  *what;

    what = differs(a, b, wider);

    if (what) {
        fprintf(stderr, "%s: %s differs\n%.*s\n%.*s\n", how, what,
                (int) a->q.body.len, a->q.body.data,
                (int) b->q.body.len, b->q.body.data);
        abort();
    }
}


/* requests in a request lie within it, and there is an end of them */

static void
inner(llm_request_t *q)
{
    size_t       at;
    llm_inner_t  in;

    memset(&in, 0, sizeof(in));
    in.mem = q->mem;

    while (q->provider->inner(q, &in) == LLM_OK) {
        at = in.body.data - q->body.data;
        fuzz_assert(at <= q->body.len && in.body.len <= q->body.len - at);
        fuzz_assert(in.n <= q->body.len);
    }
}


/* the body with the edits in it; what is not edited is as it was */

static uint8_t *
splice(const llm_str_t *body, const llm_edits_t *e, size_t *len)
{
    size_t    from;
    uint8_t  *out, *p;
    unsigned  i;

    *len = body->len;

    for (i = 0; i < e->n; i++) {
        fuzz_assert(e->e[i].start <= e->e[i].end && e->e[i].end <= body->len
                    && (i == 0 || e->e[i - 1].end <= e->e[i].start));
        *len += e->e[i].text.len;
    }

    out = malloc(*len + 1);
    p = out;

    for (from = 0, i = 0; i < e->n; i++) {
        memcpy(p, body->data + from, e->e[i].start - from);
        p += e->e[i].start - from;
        memcpy(p, e->e[i].text.data, e->e[i].text.len);
        p += e->e[i].text.len;
        from = e->e[i].end;
    }

    memcpy(p, body->data + from, body->len - from);
    *len = p - out + body->len - from;

    return out;
}


/*
 * A maximum, a wish for usage, and perhaps another model are written in: what
 * is then read is that, and else what it was.
 */

static void
edited(reading_t *in, const llm_route_t *route, unsigned model)
{
    size_t            len;
    uint8_t          *body;
    llm_edits_t       e;
    llm_request_t    *q, *r;
    static reading_t  out;

    q = &in->q;
    r = &out.q;

    memset(&e, 0, sizeof(e));
    e.set_max_output = FUZZ_MAX;
    e.inject_usage = q->can_inject;

    if (model && !q->model_in_path) {
        llm_str_set(&e.set_model, "another \"model\"");
    }

    fuzz_assert(q->provider->edit(q, &e) == LLM_OK);

    body = splice(&q->body, &e, &len);

    if (route->raw) {
        free(body);
        return;
    }

    reading(&out, in->asked, route, body, len);

    if (e.n == 0) {
        fuzz_assert(out.rc == LLM_OK);

    } else if (out.rc != LLM_OK) {
        fprintf(stderr, "edited: %d %s %s\n%.*s\n%.*s\n", out.rc,
                r->param ? r->param : "", r->err ? r->err : "",
                (int) q->body.len, q->body.data, (int) len, body);
        abort();
    }

    fuzz_assert(!q->can_fit
                || (r->max_output >= 0 && r->max_output <= FUZZ_MAX));
    fuzz_assert(q->can_fit || r->max_output == q->max_output);
    fuzz_assert(!q->can_inject || r->usage_asked);

    /* what is meant to differ; a guest writes no more than the answer may */

    r->usage_asked = q->usage_asked;

    if (r->guest.most.output == r->max_output) {
        r->guest.most.output = q->guest.most.output;
    }

    if (e.set_model.len == 0) {

        if (r->input_tokens != q->input_tokens) {
            fprintf(stderr, "edited: %lld, not %lld\n%.*s\n%.*s\n",
                    (long long) r->input_tokens, (long long) q->input_tokens,
                    (int) q->body.len, q->body.data, (int) len, body);
            abort();
        }

        must_be_same(in, &out, 0, "edited");
    }

    read_over(&out);
    free(body);
}


/* a string from its first quote on, each letter as an escape */

static const uint8_t *
respell_string(const uint8_t *p, uint8_t **to)
{
    int             data;
    size_t          n;
    uint8_t        *q;
    const uint8_t  *end;

    for (end = p + 1; *end != '"'; end += (*end == '\\') ? 2 : 1) { /* void */ }

    data = end - p > FUZZ_DATA && memchr(p, ' ', end - p) == NULL;
    q = *to;
    *q++ = *p++;

    while (p < end) {

        if (*p == '\\') {
            n = (p[1] == 'u') ? 6 : 2;
            memcpy(q, p, n);
            q += n;
            p += n;

        } else if (!data && *p >= ' ' && *p < 0x7f) {
            q += sprintf((char *) q, (*p & 1) ? "\\u%04x" : "\\u%04X", *p);
            p++;

        } else {
            *q++ = *p++;
        }
    }

    *q++ = '"';
    *to = q;

    return end + 1;
}


/* the same, with white space all over and other escapes */

static uint8_t *
respelled(const uint8_t *p, size_t len, size_t *n)
{
    uint8_t        *out, *q;
    const uint8_t  *last;

    out = malloc(6 * len + 1);
    q = out;

    for (last = p + len; p < last; ) {

        if (*p == '"') {
            p = respell_string(p, &q);
            continue;
        }

        if (strchr("{}[],:", *p)) {
            *q++ = '\r';
            *q++ = *p++;
            *q++ = '\t';
            continue;
        }

        *q++ = *p++;
    }

    *n = q - out;

    return out;
}


/* text that may be half a surrogate pair: its spelling is a part of the key */

static int
half(const llm_str_t *body)
{
    size_t  i;

    for (i = 0; i + 3 < body->len; i++) {
        if (memcmp(body->data + i, "\xef\xbf\xbd", 3) == 0
            || strncasecmp((char *) body->data + i, "\\ud", 3) == 0
            || strncasecmp((char *) body->data + i, "\\uf", 3) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static void
spelled(reading_t *in, const llm_route_t *route)
{
    size_t            len;
    uint8_t          *body;
    llm_request_t    *q, *r;
    static reading_t  out;

    q = &in->q;
    r = &out.q;

    body = respelled(q->body.data, q->body.len, &len);

    reading(&out, in->asked, route, body, len);

    if (out.rc != in->rc) {
        fprintf(stderr, "spelled: %d, not %d, %s\n%.*s\n", out.rc, in->rc,
                r->err ? r->err : q->err ? q->err : "", (int) q->body.len,
                q->body.data);
        abort();
    }

    if (in->rc == LLM_OK) {
        must_be_same(in, &out, 0, "spelled");

        fuzz_assert(r->max_output == q->max_output);
        fuzz_assert(r->can_fit == q->can_fit
                    && r->can_inject == q->can_inject);
        fuzz_assert(r->input_tokens == q->input_tokens
                    || (r->input_tokens > q->input_tokens && q->estimate));
        fuzz_assert(out.cached == in->cached);
        fuzz_assert(in->cached != LLM_OK || out.canon == in->canon
                    || half(&q->body));
    }

    read_over(&out);
    free(body);
}


/* a member in front of an object's first one, or behind its last one */

static uint8_t *
with_member(const llm_request_t *q, uint32_t obj, uint32_t key,
    const char *value, int behind, int other_case, size_t *len)
{
    int                     before;
    size_t                  at, n;
    uint8_t                *out, *p;
    const llm_json_node_t  *o, *k;

    o = &q->json.nodes[obj];
    k = &q->json.nodes[key];
    at = behind ? o->end - 1 : o->start + 1;
    before = behind;
    n = k->end - k->start;

    out = malloc(q->body.len + n + strlen(value) + 8);

    memcpy(out, q->body.data, at);
    p = out + at;

    if (before) {
        *p++ = ',';
    }

    *p++ = '"';
    memcpy(p, q->body.data + k->start, n);

    if (other_case) {
        *p = (uint8_t) (*p ^ 0x20);
    }

    p += n;
    p += sprintf((char *) p, "\":%s", value);

    if (!before) {
        *p++ = ',';
    }

    memcpy(p, q->body.data + at, q->body.len - at);
    *len = p - out + q->body.len - at;

    return out;
}


/*
 * A member that is there already: in front of the others it is refused, or the
 * one behind counts as for most readers.  Written in another case at the end,
 * where readers in Go would take it, it is refused if it were in its own case.
 */

static void
twice(reading_t *in, const llm_route_t *route, uint64_t seed)
{
    int               letter, refused;
    size_t            len;
    uint8_t          *body;
    uint32_t          obj, key, k;
    unsigned          n;
    const char       *value;
    llm_request_t    *q;
    static reading_t  out;

    static const char * const  values[] = {
        "null", "1", "true", "\"x\"", "[]", "{}", "-1", "100000"
    };

    q = &in->q;
    obj = 0;

    /* the root, or any object in it */

    if (q->json.nodes[0].type != LLM_JSON_OBJECT) {
        return;
    }

    if (seed & 3) {
        obj = (uint32_t) ((seed >> 28) % q->json.n);

        while (q->json.nodes[obj].type != LLM_JSON_OBJECT) {
            obj--;
        }
    }

    if (q->json.nodes[obj].next == obj + 1) {
        return;
    }

    key = obj + 1;

    for (n = (seed >> 16) % 8; n; n--) {
        k = q->json.nodes[key + 1].next;
        key = (k < q->json.nodes[obj].next) ? k : key;
    }

    value = values[(seed >> 24) % 8];
    body = with_member(q, obj, key, value, 0, 0, &len);

    reading(&out, in->asked, route, body, len);
    refused = (out.rc != LLM_OK);

    if (out.rc == LLM_OK) {
        must_be_same(in, &out, 1, "twice");
        fuzz_assert(out.q.max_output == q->max_output);
    }

    read_over(&out);
    free(body);

    letter = q->body.data[q->json.nodes[key].start] | 0x20;

    if (!refused || letter < 'a' || letter > 'z'
        || q->json.nodes[key].escaped)
    {
        return;
    }

    body = with_member(q, obj, key, value, 1, 1, &len);
    reading(&out, in->asked, route, body, len);

    if (out.rc == LLM_OK) {
        fprintf(stderr, "case: not refused\n%.*s\n", (int) len, body);
        abort();
    }

    read_over(&out);
    free(body);
}


static void
request(const llm_provider_t *p, const llm_route_t *route,
    const uint8_t *body, size_t size)
{
    uint64_t          seed;
    llm_request_t    *q;
    static reading_t  in;

    q = &in.q;

    reading(&in, p, route, body, size);

    seed = 0;
    hash(&seed, body, size);
    refused(q, seed);

    if (in.rc == LLM_OK) {

        fuzz_assert(q->max_output >= -1 && q->choices >= 1);
        fuzz_assert(q->model.len <= 256);

        /* a response may be asked for by the name of its prompt alone */

        fuzz_assert(q->model.len > 0 || q->kind == LLM_KIND_RESPONSES
                    || q->kind == LLM_KIND_BATCH || q->costless);

        if (q->requests.len || route->step == LLM_LONG_PARTS) {
            inner(q);
        }

        edited(&in, route, seed & 1);

        if (!route->raw && size <= FUZZ_TWICE) {
            twice(&in, route, seed >> 1);
        }
    }

    if (in.rc != LLM_LIMIT && !route->raw && size <= FUZZ_TWICE) {
        spelled(&in, route);
    }

    read_over(&in);
}


#endif /* _DIALECTS_REQUEST_H_INCLUDED_ */
