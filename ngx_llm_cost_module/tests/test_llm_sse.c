
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_arena.h"
#include "llm_sse.h"


/* what came out, as text: "type|data\n" an event */

typedef struct {
    llm_sse_t     sse;
    llm_arena_t   arena;
    char         *out;
    size_t        len;
    size_t        size;
    size_t        last_end;
    unsigned      stop_at;
} run_t;


static void
run_put(run_t *r, const void *p, size_t n)
{
    if (n == 0) {
        return;
    }

    if (r->len + n > r->size) {
        r->size = (r->len + n) * 2;
        r->out = realloc(r->out, r->size);
    }

    memcpy(r->out + r->len, p, n);
    r->len += n;
}


static int
run_event(void *data, const llm_str_t *type, const llm_str_t *text, size_t end)
{
    run_t  *r;

    r = data;

    run_put(r, type->data, type->len);
    run_put(r, "|", 1);
    run_put(r, text->data, text->len);
    run_put(r, "\n", 1);

    r->last_end = end;

    return (r->stop_at && r->sse.events == r->stop_at) ? LLM_DECLINED : LLM_OK;
}


static void
run_init(run_t *r)
{
    memset(r, 0, sizeof(run_t));
    llm_arena_init(&r->arena);

    r->sse.handler = run_event;
    r->sse.data = r;
    r->sse.mem = &r->arena.mem;
}


static void
run_free(run_t *r)
{
    llm_arena_free(&r->arena);
    free(r->out);
}


/* pieces are copies: nothing may be kept that points into an old one */

static void
run_feed(run_t *r, const char *text, size_t len)
{
    char  *piece;

    piece = malloc(len);
    memcpy(piece, text, len);

    assert_int_equal(llm_sse_feed(&r->sse, (unsigned char *) piece, len),
                     LLM_OK);

    memset(piece, 'X', len);
    free(piece);
}


static void
run_expect(run_t *r, const char *text, const char *want, size_t piece)
{
    if (r->len != strlen(want)
        || (r->len && memcmp(r->out, want, r->len) != 0))
    {
        fail_msg("%s in pieces of %zu: %.*s instead of %s", text, piece,
                 (int) r->len, r->out, want);
    }
}


/* the same events from pieces of every length, and from any two pieces */

static void
check(const char *text, const char *want)
{
    run_t   r;
    size_t  len, piece, at;

    len = strlen(text);

    for (piece = 1; piece <= len; piece++) {
        run_init(&r);

        for (at = 0; at < len; at += piece) {
            run_feed(&r, text + at, at + piece > len ? len - at : piece);
        }

        assert_int_equal(llm_sse_finish(&r.sse), LLM_OK);
        run_expect(&r, text, want, piece);
        assert_int_equal(r.sse.consumed, len);
        run_free(&r);
    }

    for (at = 1; at < len; at++) {
        run_init(&r);
        run_feed(&r, text, at);
        run_feed(&r, text + at, len - at);
        assert_int_equal(llm_sse_finish(&r.sse), LLM_OK);
        run_expect(&r, text, want, at);
        run_free(&r);
    }
}


static void
test_events(void **state)
{
    (void) state;

    check("data: a\n\n", "|a\n");
    check("data:a\n\ndata:  b\n\n", "|a\n| b\n");
    check("data: a\r\n\r\ndata: b\r\n\r\n", "|a\n|b\n");
    check("data: a\r\rdata: b\r\r", "|a\n|b\n");
    check("data: a\n\r\ndata: b\r\n\n", "|a\n|b\n");
    check("data: a\n\n\n\n\ndata: b\n\n", "|a\n|b\n");
    check("data: a\r\n\r\n\r\n\r\ndata: b\r\n\r\n", "|a\n|b\n");

    /* more than one line of data */

    check("data: a\ndata: b\ndata:\ndata: c\n\n", "|a\nb\n\nc\n");
    check("data\n\n", "|\n");
    check("data:\n\n", "|\n");
    check("data\ndata\n\n", "|\n\n");
    check("data\ndata: x\n\n", "|\nx\n");

    /* types, other fields, comments */

    check("event: ping\ndata: {}\n\ndata: x\n\n", "ping|{}\n|x\n");
    check("data: {}\nevent:ping\n\n", "ping|{}\n");
    check("event: a\nevent: b\ndata: x\n\n", "b|x\n");
    check("event: lost\n\ndata: x\n\n", "|x\n");
    check("event\ndata: x\n\n", "|x\n");
    check("id: 1\nretry: 5\ndata: x\nfoo: bar\ndatas: y\ndat: z\n: c\n\n",
          "|x\n");
    check(": OPENROUTER PROCESSING\n\n: c\n\ndata: x\n\n", "|x\n");
    check(":\ndata: x\n:data: y\n\n", "|x\n");
    check("data : x\n\n", "");
    check(" data: x\n\n", "");

    /* a type is cut, never dropped */

    check("event: 0123456789012345678901234567890123456789012345678901234567"
          "890123456789\ndata: x\n\n",
          "0123456789012345678901234567890123456789012345678901234567890123"
          "|x\n");

    /* the end of a stream ends an event */

    check("data: x", "|x\n");
    check("data: x\n", "|x\n");
    check("data: x\r", "|x\n");
    check("data: x\r\n", "|x\n");
    check("data: a\n\ndata: b\ndata: c", "|a\n|b\nc\n");
    check("event: e", "");
    check("dat", "");

    /* a byte order mark, once and at the start only */

    check("\xef\xbb\xbf" "data: x\n\n", "|x\n");
    check("\xef\xbb\xbf\xef\xbb\xbf" "data: x\n\n", "");
    check("\xef\xbb" "data: x\n\ndata: y\n\n", "|y\n");
    check("\xef" "data: x\n\ndata: y\n\n", "|y\n");
    check("\xef\xbb\xbf", "");
    check("\xef", "");
    check("data: \xef\xbb\xbfx\n\n", "|\xef\xbb\xbfx\n");
}


static void
test_random(void **state)
{
    char      text[200];
    run_t     whole, r;
    size_t    len, at, n;
    unsigned  i, k, part;
    uint64_t  seed;

    static const char * const  parts[] = {
        "data:", "data: ", "data", "event:", "event: x", ":", " ", "\n",
        "\r\n", "\r", "\n\n", "\r\n\r\n", "abc", "{\"a\":1}", "\xef\xbb\xbf"
    };

    (void) state;

    seed = 42;
    n = 0;

    for (i = 0; i < 3000; i++) {

        for (len = 0, k = llm_random(&seed) % 20; k; k--) {
            part = llm_random(&seed) % 15;
            memcpy(text + len, parts[part], strlen(parts[part]));
            len += strlen(parts[part]);
        }

        run_init(&whole);

        if (len) {
            run_feed(&whole, text, len);
        }

        llm_sse_finish(&whole.sse);
        n += whole.sse.events;

        run_init(&r);

        for (at = 0; at < len; at += k) {
            k = 1 + llm_random(&seed) % 5;
            k = at + k > len ? len - at : k;
            run_feed(&r, text + at, k);
        }

        llm_sse_finish(&r.sse);

        assert_int_equal(r.len, whole.len);
        assert_true(r.len == 0 || memcmp(r.out, whole.out, r.len) == 0);
        assert_int_equal(r.sse.events, whole.sse.events);

        run_free(&r);
        run_free(&whole);
    }

    assert_true(n > 1500);
}


/* end: what of the call's input belongs to the event */

static void
test_end(void **state)
{
    run_t  r;

    (void) state;

    run_init(&r);

    run_feed(&r, "data: a\n\nda", 11);
    assert_int_equal(r.last_end, 9);
    assert_false(llm_sse_at_boundary(&r.sse));

    run_feed(&r, "ta: b\r\n\r\n", 9);
    assert_int_equal(r.last_end, 9);
    assert_true(llm_sse_at_boundary(&r.sse));

    run_feed(&r, "data: c\r\n\r", 10);
    assert_int_equal(r.last_end, 10);
    assert_true(llm_sse_at_boundary(&r.sse));

    run_feed(&r, "\ndata: d\n\n", 10);
    assert_int_equal(r.last_end, 10);
    assert_int_equal(r.sse.events, 4);

    run_feed(&r, "event: e\n", 9);
    assert_false(llm_sse_at_boundary(&r.sse));

    run_free(&r);
}


static void
test_boundary_at_start(void **state)
{
    run_t  r;

    (void) state;

    run_init(&r);
    assert_true(llm_sse_at_boundary(&r.sse));
    run_feed(&r, "\xef", 1);
    assert_false(llm_sse_at_boundary(&r.sse));
    run_feed(&r, "\xbb\xbf", 2);
    assert_true(llm_sse_at_boundary(&r.sse));
    run_free(&r);
}


static void
test_stopped(void **state)
{
    run_t  r;

    (void) state;

    run_init(&r);
    r.stop_at = 2;

    assert_int_equal(llm_sse_feed(&r.sse, (unsigned char *)
                                  "data: a\n\ndata: b\n\ndata: c\n\n", 27),
                     LLM_DECLINED);
    run_expect(&r, "stopped", "|a\n|b\n", 0);
    run_free(&r);
}


/*
 * Where events begin and end, at every split: what a filter that cuts events
 * out goes by.  Comments and blank lines are no part of them.
 */

typedef struct {
    llm_sse_t     sse;
    size_t        before;        /* bytes of the calls before this one */
    size_t        begun;         /* of the event that was not whole then */
    size_t        at[8][2];
    unsigned      n;
} spans_t;


static int
span_event(void *data, const llm_str_t *type, const llm_str_t *text,
    size_t end)
{
    spans_t  *s;

    (void) type;
    (void) text;

    s = data;

    /* half a comment or mark that an earlier call ended in is no part of it */

    s->at[s->n][0] = (s->begun != SIZE_MAX && s->sse.start == 0)
                     ? s->begun : s->before + s->sse.start;
    s->at[s->n++][1] = s->before + end;
    s->begun = SIZE_MAX;

    return LLM_OK;
}


static void
span_feed(spans_t *s, const char *p, size_t len)
{
    char  *copy;

    copy = malloc(len);
    memcpy(copy, p, len);
    assert_int_equal(llm_sse_feed(&s->sse, (unsigned char *) copy, len),
                     LLM_OK);
    free(copy);

    if (llm_sse_at_boundary(&s->sse)) {
        s->begun = SIZE_MAX;

    } else if (s->begun == SIZE_MAX || s->sse.start) {
        s->begun = s->before + s->sse.start;
    }

    s->before += len;
}


static void
test_spans(void **state)
{
    size_t       i, k;
    spans_t      s;
    llm_arena_t  a;

    static const char  text[] =
        "\xef\xbb\xbf: c\n\ndata: 1\n\n"           /* 8 to 17 */
        ":c\ndata:2\n\n\n"                          /* 20 to 28 */
        "id: 1\nevent: x\ndata: 3\ndata: 3\n\n"    /* 29 to 61 */
        "data: 4\r\n\r\n\r\n"                      /* 61 to 72 */
        "data: 5\r:c\r\rdata\n\n";                 /* 74 to 86, to 92 */

    static const size_t  want[6][2] = {
        { 8, 17 }, { 20, 28 }, { 35, 61 }, { 61, 72 }, { 74, 86 }, { 86, 92 }
    };

    (void) state;

    for (i = 0; i < sizeof(text); i++) {

        llm_arena_init(&a);
        memset(&s, 0, sizeof(s));
        s.sse.handler = span_event;
        s.sse.data = &s;
        s.sse.mem = &a.mem;
        s.begun = SIZE_MAX;

        span_feed(&s, text, i);
        span_feed(&s, text + i, sizeof(text) - 1 - i);

        assert_int_equal(s.n, 6);

        for (k = 0; k < 6; k++) {
            assert_int_equal(s.at[k][0], want[k][0]);

            /* the LF of a CR that ended a call is in the next one */

            if (!(text[i - (i > 0)] == '\r' && want[k][1] == i + 1)) {
                assert_int_equal(s.at[k][1], want[k][1]);
            }
        }

        llm_arena_free(&a);
    }
}


/* one in place: nothing is copied, nothing is allocated */

static void
test_in_place(void **state)
{
    run_t  r;

    (void) state;

    run_init(&r);
    r.arena.left = 0;

    run_feed(&r, "event: x\ndata: a\n\ndata: b\r\n\r\n: c\n\n", 34);
    run_expect(&r, "in place", "x|a\n|b\n", 0);
    run_free(&r);
}


static void
test_no_memory(void **state)
{
    run_t  r;

    (void) state;

    run_init(&r);
    r.arena.left = 100;

    assert_int_equal(llm_sse_feed(&r.sse, (unsigned char *) "data: a", 7),
                     LLM_ERROR);
    run_free(&r);
}


/*
 * LLM_SSE_MAX bytes of data are delivered and one more is not, whatever the
 * pieces; the events around it are untouched, and memory stays bounded.
 */

static void
oversize(size_t data, size_t lines, size_t piece, unsigned dropped)
{
    char    *text, *p;
    run_t    r;
    size_t   i, len, at;

    /* data bytes in so many lines, the line feeds between them included */

    text = malloc(data + 8 * lines + 64);
    p = text + sprintf(text, "data: before\n\n: c\nevent: big\n");

    for (i = 0; i < lines; i++) {
        len = (data - (lines - 1)) / lines;

        if (i == lines - 1) {
            len = data - (lines - 1) - len * (lines - 1);
        }

        p += sprintf(p, "data: ");
        memset(p, 'a', len);
        p += len;
        *p++ = '\n';
    }

    p += sprintf(p, "\ndata: after\n\n");
    len = p - text;

    run_init(&r);

    for (at = 0; at < len; at += piece) {
        run_feed(&r, text + at, at + piece > len ? len - at : piece);
    }

    assert_int_equal(r.sse.dropped, dropped);
    assert_int_equal(r.sse.events, 3 - dropped);
    assert_memory_equal(r.out, "|before\n", 8);
    assert_memory_equal(r.out + r.len - 7, "|after\n", 7);
    assert_int_equal(r.len, dropped ? 15 : 15 + 5 + data);
    assert_true(r.arena.used <= 8 * LLM_SSE_MAX);

    run_free(&r);
    free(text);
}


static void
test_oversize(void **state)
{
    size_t  i, lines;

    static const size_t  pieces[] = { 4096, 65536, 99999, 1 << 26 };

    (void) state;

    for (i = 0; i < 4; i++) {
        for (lines = 1; lines < 4; lines++) {
            oversize(LLM_SSE_MAX, lines, pieces[i], 0);
            oversize(LLM_SSE_MAX + 1, lines, pieces[i], 1);
            oversize(5 * LLM_SSE_MAX, lines, pieces[i], 1);
        }
    }
}


/* an endless line of no known field takes no memory either */

static void
test_endless_line(void **state)
{
    int     i;
    run_t   r;
    char   *text;

    (void) state;

    text = malloc(65536);
    memset(text, 'x', 65536);

    run_init(&r);
    run_feed(&r, "data: a\n", 8);

    for (i = 0; i < 200; i++) {
        run_feed(&r, text, 65536);
    }

    run_feed(&r, "\ndata: b\n\n", 10);
    run_expect(&r, "endless", "|a\nb\n", 65536);
    assert_true(r.arena.used <= 8 * LLM_SSE_MAX);

    run_free(&r);
    free(text);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_boundary_at_start),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_oversize),
        cmocka_unit_test(test_endless_line)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
