
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* events of every framing: the same from pieces of every length */

#include "llm_arena.h"
#include "llm_frame.h"
#include "llm_eventstream.h"
#include "eventstream_fixture.h"


/* what came out, as text: "type|data\n" an event */

typedef struct {
    llm_frames_t  frames;
    llm_arena_t   arena;
    char         *out;
    size_t        len;
    unsigned      events;
    unsigned      stop_at;
    size_t        last_end;
} run_t;


static int
run_event(void *data, const llm_str_t *type, const llm_str_t *text, size_t end)
{
    run_t  *r;

    r = data;

    r->out = realloc(r->out, r->len + type->len + text->len + 3);

    r->len += sprintf(r->out + r->len, "%.*s|%.*s\n", (int) type->len,
                      type->data, (int) text->len, text->data);
    r->events++;
    r->last_end = end;

    return r->events == r->stop_at ? LLM_DECLINED : LLM_OK;
}


static void
run_init(run_t *r, llm_framing_e framing)
{
    memset(r, 0, sizeof(run_t));
    llm_arena_init(&r->arena);

    r->frames.handler = run_event;
    r->frames.data = r;
    r->frames.mem = &r->arena.mem;

    assert_int_equal(llm_frames_init(&r->frames, framing), LLM_OK);
}


static void
run_free(run_t *r)
{
    llm_arena_free(&r->arena);
    free(r->out);
}


/* pieces are copies: nothing may be kept that points into an old one */

static int
run_feed(run_t *r, const void *text, size_t len, size_t piece)
{
    int             rc;
    size_t          at, n;
    unsigned char  *copy;

    rc = LLM_OK;

    for (at = 0; at < len && rc == LLM_OK; at += n) {
        n = (len - at < piece) ? len - at : piece;

        copy = malloc(n);
        memcpy(copy, (const char *) text + at, n);

        rc = llm_frames_feed(&r->frames, copy, n);

        memset(copy, 'X', n);
        free(copy);
    }

    return rc;
}


static void
run_expect(run_t *r, const char *want, size_t piece)
{
    if (r->len != strlen(want)
        || (r->len && memcmp(r->out, want, r->len) != 0))
    {
        fail_msg("in pieces of %zu: \"%.*s\" instead of \"%s\"", piece,
                 (int) r->len, r->out, want);
    }
}


static void
check_bytes(llm_framing_e framing, const void *text, size_t len,
    const char *want, int lost)
{
    run_t   r;
    size_t  piece, at;

    for (piece = 1; piece <= len; piece++) {
        run_init(&r, framing);
        assert_int_equal(run_feed(&r, text, len, piece), LLM_OK);
        assert_int_equal(llm_frames_finish(&r.frames), LLM_OK);
        run_expect(&r, want, piece);
        assert_int_equal(r.frames.lost, lost);
        run_free(&r);
    }

    for (at = 1; at < len; at++) {
        run_init(&r, framing);
        assert_int_equal(run_feed(&r, text, at, at), LLM_OK);
        assert_int_equal(run_feed(&r, (const char *) text + at, len - at,
                                  len), LLM_OK);
        assert_int_equal(llm_frames_finish(&r.frames), LLM_OK);
        run_expect(&r, want, at);
        run_free(&r);
    }
}


static void
check(llm_framing_e framing, const char *text, const char *want, int lost)
{
    check_bytes(framing, text, strlen(text), want, lost);
}


static void
test_lines(void **state)
{
    (void) state;

    check(LLM_FRAMING_NDJSON, "{\"a\":1}\n{\"b\":2}\n",
          "|{\"a\":1}\n|{\"b\":2}\n", 0);
    check(LLM_FRAMING_NDJSON, "\r\n{\"a\":1}\r\n\n  {\"b\":2}  \r\n\r\n",
          "|{\"a\":1}\n|{\"b\":2}\n", 0);

    /* the last needs no end */

    check(LLM_FRAMING_NDJSON, "{\"a\":1}\n{\"b\":",
          "|{\"a\":1}\n|{\"b\":\n", 0);
    check(LLM_FRAMING_NDJSON, "\n\n \n", "", 0);
}


static void
test_values(void **state)
{
    (void) state;

    check(LLM_FRAMING_ARRAY, "[{\"a\":1}\n,\r\n{\"b\":[{}]}]",
          "|{\"a\":1}\n|{\"b\":[{}]}\n", 0);
    check(LLM_FRAMING_ARRAY, "[{\"a\":\"]},{\\\"\\\\\"},{\"b\":2}",
          "|{\"a\":\"]},{\\\"\\\\\"}\n|{\"b\":2}\n", 0);

    /* one after another, without an array */

    check(LLM_FRAMING_ARRAY, " {\"a\":1}{\"b\":\n2}\n[3]\n",
          "|{\"a\":1}\n|{\"b\":\n2}\n|[3]\n", 0);

    /* what is no object is got over */

    check(LLM_FRAMING_ARRAY, "[1,\"{\",null,[2],-0.5e+3 , {\"a\":1} ]\n",
          "|[2]\n|{\"a\":1}\n", 0);
    check(LLM_FRAMING_ARRAY, "[]", "", 0);

    /* cut off, and no JSON at all */

    check(LLM_FRAMING_ARRAY, "[{\"a\":1},{\"b\":", "|{\"a\":1}\n", 0);
    check(LLM_FRAMING_ARRAY, "<html>{\"a\":1}</html>", "", 1);
    check(LLM_FRAMING_ARRAY, "error: {\"a\":1}", "", 1);
    check(LLM_FRAMING_ARRAY, "[{\"a\":1}]<{\"b\":1}", "|{\"a\":1}\n", 1);
    check(LLM_FRAMING_ARRAY, "{\"a\":1},{\"b\":1}", "|{\"a\":1}\n", 1);
    check(LLM_FRAMING_ARRAY, "{\"a\":1}]", "|{\"a\":1}\n", 1);
}


static void
test_values_whole(void **state)
{
    run_t     r;
    unsigned  i;

    static const struct {
        const char  *text;
        int          whole;
    } rows[] = {
        { "", 0 }, { "[", 0 }, { "[]", 1 }, { "[{}", 0 }, { "[{}]", 1 },
        { "{}", 1 }, { "{}\n", 1 }, { "{\"a", 0 }, { "[1", 0 }, { "[1]", 1 },
        { "[{}] x", 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        run_init(&r, LLM_FRAMING_ARRAY);
        run_feed(&r, rows[i].text, strlen(rows[i].text), 2);

        assert_int_equal(llm_values_whole(r.frames.reader), rows[i].whole);
        run_free(&r);
    }
}


static void
test_sse(void **state)
{
    (void) state;

    check(LLM_FRAMING_SSE, "event: x\ndata: {\"a\":1}\n\n", "x|{\"a\":1}\n", 0);
    check(LLM_FRAMING_SSE, "\r\n: c\r\ndata: {\"a\":1}\r\n\r\n",
          "|{\"a\":1}\n", 0);

    /* JSON under the wrong name */

    check(LLM_FRAMING_SSE, "{\"error\":{\n\"code\":429}}", "|{\"error\":{\n"
          "\"code\":429}}\n", 0);
    check(LLM_FRAMING_SSE, "\r\n [{\"error\":1}]", "|{\"error\":1}\n", 0);
}


/* a stream of three messages, one of them an exception */

static size_t
three(unsigned char *out)
{
    size_t  n;

    n = eventstream_put(out, "event", "messageStart", "{\"role\":\"x\"}");
    n += eventstream_put(out + n, "event", "metadata", "");
    n += eventstream_put(out + n, "exception", "throttlingException",
                         "{\"message\":\"slow\"}");

    return n;
}


static void
test_eventstream(void **state)
{
    size_t         n;
    unsigned char  out[1024];

    (void) state;

    n = three(out);

    check_bytes(LLM_FRAMING_AWS, out, n,
                "messageStart|{\"role\":\"x\"}\nmetadata|\n"
                "error|{\"message\":\"slow\"}\n", 0);

    /* cut in the middle of the last */

    check_bytes(LLM_FRAMING_AWS, out, n - 1,
                "messageStart|{\"role\":\"x\"}\nmetadata|\n", 0);
}


/* whatever bit is wrong, nothing of that message or behind it is read */

static void
test_eventstream_crc(void **state)
{
    run_t          r;
    size_t         n, first, bit;
    unsigned char  out[1024];

    (void) state;

    n = three(out);
    first = eventstream_put(out, "event", "messageStart", "{\"role\":\"x\"}");

    for (bit = 0; bit < first * 8; bit++) {
        out[bit / 8] ^= (unsigned char) (1 << bit % 8);

        run_init(&r, LLM_FRAMING_AWS);
        assert_int_equal(run_feed(&r, out, n, 7), LLM_OK);
        run_expect(&r, "", bit);
        assert_int_equal(r.frames.lost, 1);
        run_free(&r);

        out[bit / 8] ^= (unsigned char) (1 << bit % 8);
    }
}


/* CRCs are right, lengths or headers are not */

static void
test_eventstream_bad(void **state)
{
    size_t         n;
    unsigned char  out[1024];

    (void) state;

    /* shorter than it can be */

    memset(out, 0, sizeof(out));
    eventstream_seal(out, 12, 15);
    check_bytes(LLM_FRAMING_AWS, out, 40, "", 1);

    /* longer than it may be */

    eventstream_u32(out, LLM_EVENTSTREAM_MAX + 1);
    eventstream_u32(out + 8, crc32(0, out, 8));
    check_bytes(LLM_FRAMING_AWS, out, 40, "", 1);

    /* headers longer than the message */

    n = eventstream_put(out, "event", "x", "");
    eventstream_seal(out, n - 3, n);
    check_bytes(LLM_FRAMING_AWS, out, n, "", 1);

    /* a header that goes past the headers */

    n = eventstream_put(out, "event", "x", "payload");
    out[12] = 200;
    eventstream_seal(out, n - 11, n);
    check_bytes(LLM_FRAMING_AWS, out, n, "", 1);

    /* of no known type */

    n = eventstream_put(out, "event", "x", "");
    out[12 + 1 + out[12]] = 10;
    eventstream_seal(out, n - 4, n);
    check_bytes(LLM_FRAMING_AWS, out, n, "", 1);

    /* no headers at all: an event without a type */

    memset(out, 0, sizeof(out));
    memcpy(out + 12, "{}", 2);
    eventstream_seal(out, 12, 18);
    check_bytes(LLM_FRAMING_AWS, out, 18, "|{}\n", 0);
}


/* headers of every type go by */

static void
test_eventstream_types(void **state)
{
    size_t          i, n;
    unsigned char   out[1024], *p;

    static const unsigned char  lens[] = { 0, 0, 1, 2, 4, 8, 0, 0, 8, 16 };

    (void) state;

    memset(out, 0, sizeof(out));
    p = out + 12;

    for (i = 0; i < sizeof(lens); i++) {
        *p++ = 1;
        *p++ = (unsigned char) ('a' + i);
        *p++ = (unsigned char) i;

        if (i == 6 || i == 7) {
            *p++ = 0;
            *p++ = 3;
            p += 3;
        }

        p += lens[i];
    }

    p = eventstream_header(p, ":event-type", "metadata");
    n = p - out;
    memcpy(p, "{}", 2);
    eventstream_seal(out, n, n + 6);

    check_bytes(LLM_FRAMING_AWS, out, n + 6, "metadata|{}\n", 0);
}


/* too long: got over, counted, and nothing of it kept */

static void
check_long(llm_framing_e framing, const void *text, size_t len,
    const char *want)
{
    run_t     r;
    unsigned  i;

    static const size_t  pieces[] = { 4096, 65537, SIZE_MAX };

    for (i = 0; i < 3; i++) {
        run_init(&r, framing);
        assert_int_equal(run_feed(&r, text, len, pieces[i]), LLM_OK);
        assert_int_equal(llm_frames_finish(&r.frames), LLM_OK);
        run_expect(&r, want, pieces[i]);
        assert_int_equal(r.frames.lost, 1);
        assert_true(r.arena.used < 5 * LLM_SSE_MAX);
        run_free(&r);
    }
}


static void
test_long(void **state)
{
    char    *text;
    size_t   n, size;

    (void) state;

    size = 4 * LLM_SSE_MAX + 4096;
    text = malloc(size);

    memset(text, 'x', size);
    memcpy(text, "{\"a\":1}\n{\"b\":\"", 14);
    memcpy(text + size - 11, "\"}\n{\"c\":2}\n", 11);

    check_long(LLM_FRAMING_NDJSON, text, size, "|{\"a\":1}\n|{\"c\":2}\n");
    check_long(LLM_FRAMING_ARRAY, text, size, "|{\"a\":1}\n|{\"c\":2}\n");

    n = 3 * LLM_SSE_MAX;
    memset(text, 'x', size);
    eventstream_seal((unsigned char *) text, 12, n);
    n += eventstream_put((unsigned char *) text + n, "event", "m", "{}");

    check_long(LLM_FRAMING_AWS, text, n, "m|{}\n");

    free(text);
}


/* a handler that stops is asked no more, and told where its event ended */

static void
test_stop(void **state)
{
    run_t          r;
    size_t         n;
    unsigned char  out[1024];

    (void) state;

    run_init(&r, LLM_FRAMING_NDJSON);
    r.stop_at = 1;
    assert_int_equal(run_feed(&r, "{}\n{}\n", 6, 6), LLM_DECLINED);
    assert_int_equal(r.events, 1);
    assert_int_equal(r.last_end, 3);
    run_free(&r);

    run_init(&r, LLM_FRAMING_ARRAY);
    r.stop_at = 2;
    assert_int_equal(run_feed(&r, "[{},{},{}]", 10, 10), LLM_DECLINED);
    assert_int_equal(r.last_end, 6);
    run_free(&r);

    n = three(out);
    run_init(&r, LLM_FRAMING_AWS);
    r.stop_at = 1;
    assert_int_equal(run_feed(&r, out, n, n), LLM_DECLINED);
    assert_int_equal(r.last_end, (size_t) out[2] << 8 | out[3]);
    run_free(&r);
}


/* without memory it fails, and does not go on wrongly */

static void
test_no_memory(void **state)
{
    run_t          r;
    unsigned       i;
    unsigned char  out[1024];

    (void) state;

    three(out);

    for (i = LLM_FRAMING_NDJSON; i <= LLM_FRAMING_AWS; i++) {
        run_init(&r, i);
        r.arena.left = 0;

        assert_int_equal(run_feed(&r, i == LLM_FRAMING_AWS
                                      ? (char *) out : "{\"a\":1", 6, 6),
                         LLM_ERROR);
        run_free(&r);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_values_whole),
        cmocka_unit_test(test_sse),
        cmocka_unit_test(test_eventstream),
        cmocka_unit_test(test_eventstream_crc),
        cmocka_unit_test(test_eventstream_bad),
        cmocka_unit_test(test_eventstream_types),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_no_memory)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
