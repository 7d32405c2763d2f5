
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _DIALECT_FIXTURE_H_INCLUDED_
#define _DIALECT_FIXTURE_H_INCLUDED_


/* a request or an answer of any dialect, with the memory that it lives in */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "llm_arena.h"
#include "llm_provider.h"


typedef struct {
    const llm_provider_t  *p;
    llm_arena_t            arena;
    llm_request_t          q;
    llm_answer_t           a;
    llm_path_e             path;
    int                    rc;
} dialect_t;


static inline llm_str_t
str(const char *s)
{
    llm_str_t  v;

    v.data = (unsigned char *) s;
    v.len = strlen(s);

    return v;
}


/*
 * JSON in which the first letter of each name and each string is an escape: it
 * says what it has said before.  From malloc().
 */

static inline char *
spelled(const char *json)
{
    char      *text, *p;
    unsigned   string;

    text = malloc(6 * strlen(json) + 1);
    assert_non_null(text);

    string = 0;

    for (p = text; *json; json++) {

        *p++ = *json;

        if (string && *json == '\\') {
            *p++ = *++json;

        } else if (*json == '"') {
            string = !string;

            if (string && isalpha((unsigned char) json[1])) {
                p += sprintf(p, "\\u%04x", (unsigned char) *++json);
            }
        }
    }

    *p = '\0';

    return text;
}


static inline llm_path_e
route_of(const llm_provider_t *p, llm_route_t *r, const char *method,
    const char *path)
{
    memset(r, 0, sizeof(llm_route_t));

    r->method = str(method);
    r->path = str(path);

    return p->path(r);
}


/* fields of a header: names, each with its value behind it, and NULL */

static inline const llm_str_t *
fixture_header(void *ctx, const char *name)
{
    char             **h;
    static llm_str_t   v[4];
    static unsigned    n;

    for (h = ctx; h && *h; h += 2) {
        if (strcmp(*h, name) == 0) {
            n = (n + 1) % 4;
            v[n] = str(h[1]);
            return &v[n];
        }
    }

    return NULL;
}


/* a request; f->rc is what parse() says of it */

static inline void
ask_with(dialect_t *f, const llm_provider_t *p, const char *path,
    const char **headers, const char *body)
{
    size_t  len;

    memset(f, 0, sizeof(dialect_t));
    llm_arena_init(&f->arena);

    len = strlen(body);

    f->p = p;
    f->path = route_of(p, &f->q.route, "POST", path);
    f->q.route.headers.get = fixture_header;
    f->q.route.headers.ctx = headers;
    f->q.provider = p;
    f->q.kind = f->q.route.kind;
    f->q.path = f->q.route.path;
    f->q.mem = &f->arena.mem;
    f->q.json.mem = &f->arena.mem;
    f->q.body.data = llm_arena_copy(&f->arena, body, len);
    f->q.body.len = len;

    assert_int_equal(llm_json_parse(&f->q.json, f->q.body.data, len), LLM_OK);

    f->rc = p->parse(&f->q);
    f->p = f->q.provider;
}


static inline void
ask(dialect_t *f, const llm_provider_t *p, const char *path, const char *body)
{
    ask_with(f, p, path, NULL, body);
}


static inline void
done(dialect_t *f)
{
    llm_arena_free(&f->arena);
}


/* it is refused, with these words about that member */

static inline void
expect_bad(const llm_provider_t *p, const char *path, const char *body,
    const char *param, const char *err)
{
    dialect_t  f;

    ask(&f, p, path, body);

    if (f.rc != LLM_BAD || strcmp(f.q.err, err) != 0
        || (param ? f.q.param == NULL || strcmp(f.q.param, param) != 0
                  : f.q.param != NULL))
    {
        fail_msg("%s: %d, %s %s", body, f.rc, f.q.param ? f.q.param : "-",
                 f.q.err ? f.q.err : "-");
    }

    done(&f);
}


typedef struct {
    const char  *path;
    const char  *body;
    const char  *param;             /* NULL: none is named */
    const char  *err;
} bad_t;


static inline void
expect_all_bad(const llm_provider_t *p, const bad_t *rows, size_t n)
{
    for ( ; n; n--, rows++) {
        expect_bad(p, rows->path, rows->body, rows->param, rows->err);
    }
}


/* the body with what is wanted written into it: a maximum, another model */

static inline void
expect_edit_as(dialect_t *f, int64_t max, const char *model, const char *want)
{
    char         out[4096];
    size_t       n, from;
    unsigned     i;
    llm_edits_t  e;

    memset(&e, 0, sizeof(e));
    e.set_max_output = max;
    e.set_model = str(model);

    assert_int_equal(f->rc, LLM_OK);
    assert_int_equal(f->p->edit(&f->q, &e), LLM_OK);

    for (n = 0, from = 0, i = 0; i < e.n; i++) {
        memcpy(out + n, f->q.body.data + from, e.e[i].start - from);
        n += e.e[i].start - from;
        memcpy(out + n, e.e[i].text.data, e.e[i].text.len);
        n += e.e[i].text.len;
        from = e.e[i].end;
    }

    memcpy(out + n, f->q.body.data + from, f->q.body.len - from);
    n += f->q.body.len - from;
    out[n] = '\0';

    assert_string_equal(out, want);
}


static inline void
expect_edit(dialect_t *f, int64_t max, const char *want)
{
    expect_edit_as(f, max, "", want);
}


/* an answer to f's request begins */

static inline void
answer_begin(dialect_t *f, llm_counter_t *c)
{
    llm_answer_init(&f->a, &f->arena.mem, f->q.kind, c);
    f->a.q = &f->q;
}


/* ... is whole */

static inline void
answer_json(dialect_t *f, const char *body)
{
    size_t      len;
    llm_json_t  j;

    memset(&j, 0, sizeof(j));
    j.mem = &f->arena.mem;
    len = strlen(body);

    assert_int_equal(llm_json_parse(&j, llm_arena_copy(&f->arena, body, len),
                                    len), LLM_OK);
    assert_int_equal(f->p->answer(&f->a, &j), LLM_OK);
}


/* what a whole answer says that was used; bad: and what cannot be so */

static inline void
expect_answer(const llm_provider_t *p, const char *path, const char *asked,
    const char *answer, int64_t input, int64_t output, unsigned bad)
{
    dialect_t  f;

    ask(&f, p, path, asked);
    answer_begin(&f, NULL);
    answer_json(&f, answer);

    if (f.a.usage.input != input || f.a.usage.output != output
        || f.a.usage_bad != bad)
    {
        fail_msg("%s: %lld %lld %u", answer, (long long) f.a.usage.input,
                 (long long) f.a.usage.output, f.a.usage_bad);
    }

    assert_int_equal(f.a.usage_seen, input >= 0 || output >= 0);
    done(&f);
}


/* ... goes on */

static inline void
answer_event(dialect_t *f, const char *type, const char *text)
{
    size_t      len;
    llm_str_t   t, s;

    len = strlen(text);
    t = str(type);
    s.data = llm_arena_copy(&f->arena, text, len);
    s.len = len;

    f->a.stream = 1;
    assert_int_equal(f->p->event(&f->a, &t, &s), LLM_EVENT_PASS);
}


/* the error object of a refusal */

static inline void
expect_error(const llm_provider_t *p, llm_refuse_e why, unsigned status,
    const char *code, const char *message, const char *want)
{
    size_t          n;
    llm_refusal_t   f;
    unsigned char  *buf;

    memset(&f, 0, sizeof(f));

    f.why = why;
    f.status = status;
    f.code = str(code);
    f.message = str(message);

    n = p->error(NULL, &f);
    buf = malloc(n + 1);

    assert_int_equal(p->error(buf, &f), n);
    buf[n] = '\0';
    assert_string_equal((char *) buf, want);

    free(buf);
}


/* a counter of which a byte is a token: what is counted shows */

static inline size_t
count_bytes(llm_counter_t *c, const unsigned char *text, size_t len)
{
    (void) c;
    (void) text;

    return len;
}


/* what is not said is not touched by what is said later, and never negative */

static inline void
expect_usage_sane(const llm_usage_t *u)
{
    size_t  i;

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {
        assert_true(((const int64_t *) u)[i] >= -1);
    }
}


#endif /* _DIALECT_FIXTURE_H_INCLUDED_ */
