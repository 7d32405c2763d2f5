
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _DIALECTS_ANSWER_H_INCLUDED_
#define _DIALECTS_ANSWER_H_INCLUDED_


/*
 * What must hold of an answer: figures are sane, a stream says the same in
 * whatever pieces it comes, and so does an answer in the form that the cache
 * makes of it.
 */

#include "dialects_stream.h"
#include "llm_form.h"
#include "llm_frame.h"
#include "steps.h"


/* a vocabulary for what is counted on its way: LLM_VOCAB names a file */

static llm_counter_t *
counter(void)
{
    char                  err[256];
    void                 *mem;
    const char           *name;
    static int            tried;
    static llm_vocab_t   *vocab;
    static llm_counter_t  c;

    name = getenv("LLM_VOCAB");

    if (!tried && name && *name) {
        fuzz_assert(llm_vocab_open(&vocab, name, err, sizeof(err)) == 0);
        fuzz_assert(posix_memalign(&mem, 64, llm_scratch_size()) == 0);

        c.vocab = vocab;
        c.scratch = llm_scratch_init(mem, llm_scratch_size());
        c.count = llm_counter_plain;
    }

    tried = 1;

    return vocab ? &c : NULL;
}


static int
result(llm_answer_t *a, const llm_answer_t *one)
{
    (void) a;

    fuzz_assert(one->usage_seen || one->usage.input == -1);

    return LLM_OK;
}


static void
begin(llm_answer_t *a, const way_t *w)
{
    llm_answer_init(a, w->q->mem, w->q->kind, counter());

    a->q = w->q;
    a->scratch = w->q->mem;
    a->result = result;
}


static void
sane(llm_answer_t *a)
{
    size_t             i;
    int64_t           *v;
    llm_usage_item_t  *item;

    v = (int64_t *) &a->usage;

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {
        fuzz_assert(v[i] >= -1);
    }

    for (item = a->items; item; item = item->next) {
        v = (int64_t *) &item->usage;

        for (i = 0; i < LLM_USAGE_FIELDS; i++) {
            fuzz_assert(v[i] >= -1);
        }
    }

    fuzz_assert(a->counted_output >= 0);

    (void) llm_usage_normalize(&a->usage);
    fuzz_assert(llm_usage_normalize(&a->usage) == 0);
}


static void
event(llm_answer_t *a, const way_t *w, const uint8_t *p, size_t len)
{
    llm_str_t  type, text;

    text.data = (unsigned char *) p;
    text.len = len;
    type = event_type(w, &text);

    fuzz_assert(w->q->provider->event(a, &type, &text) >= 0);
}


static int
on_event(void *data, const llm_str_t *type, const llm_str_t *text, size_t end)
{
    llm_answer_t  *a;

    (void) end;

    a = data;
    fuzz_assert(a->q->provider->event(a, type, text) >= 0);

    return LLM_OK;
}


/* piece is 0: all at once; or it says in what pieces, some of one byte */

static void
feed(llm_answer_t *a, const way_t *w, const uint8_t *p, size_t len,
    unsigned piece)
{
    size_t         at, n;
    uint8_t       *copy;
    uint64_t       seed, since;
    llm_frames_t   f;

    begin(a, w);
    a->stream = 1;
    seed = piece;
    since = steps;

    memset(&f, 0, sizeof(f));
    f.handler = on_event;
    f.data = a;
    f.mem = w->q->mem;

    fuzz_assert(llm_frames_init(&f, w->framing) == LLM_OK);

    for (at = 0; at < len; at += n) {
        n = len - at;

        if (piece) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            n = 1 + (size_t) (seed >> 33) % (2 << piece % 10);
            n = (n < len - at) ? n : len - at;
        }

        copy = malloc(n);
        memcpy(copy, p + at, n);
        fuzz_assert(llm_frames_feed(&f, copy, n) == LLM_OK);
        free(copy);
    }

    fuzz_assert(llm_frames_finish(&f) == LLM_OK);
    w->q->provider->finish(a);
    steps_bounded(since, len, "stream");
}


static void
must_say_same(const llm_answer_t *a, const llm_answer_t *b, const char *how)
{
    size_t          i;
    const int64_t  *v, *u;

    v = (const int64_t *) &a->usage;
    u = (const int64_t *) &b->usage;

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {
        if (v[i] != u[i]) {
            fprintf(stderr, "%s: field %zu is %lld and %lld\n", how, i,
                    (long long) v[i], (long long) u[i]);
            abort();
        }
    }

    fuzz_assert(a->usage_seen == b->usage_seen);
}


/* the stream whole, and in pieces that the input chooses */

static void
in_pieces(const way_t *w, const uint8_t *p, size_t len, uint8_t piece)
{
    size_t        n;
    uint8_t      *text;
    llm_answer_t  a, b;

    text = streamed(w, p, len, &n);

    feed(&a, w, text, n, 0);
    feed(&b, w, text, n, 1 + piece);

    must_say_same(&a, &b, "pieces");

    fuzz_assert(a.finished == b.finished && a.error == b.error
                && a.truncated == b.truncated && a.deferred == b.deferred
                && a.usage_bad == b.usage_bad
                && a.counted_output == b.counted_output
                && a.model.len == b.model.len
                && a.service_tier.len == b.service_tier.len);
    sane(&a);

    free(text);
}


/* a whole answer is read; 0: it is no JSON */

static int
whole(llm_answer_t *a, const way_t *w, const uint8_t *p, size_t len)
{
    uint64_t    since;
    llm_json_t  j;

    memset(&j, 0, sizeof(j));
    j.mem = w->q->mem;

    begin(a, w);
    since = steps;

    if (llm_json_parse(&j, p, len) != LLM_OK) {
        return 0;
    }

    fuzz_assert(w->q->provider->answer(a, &j) == LLM_OK);
    steps_bounded(since, len, "answer");

    return 1;
}


static int
formed(const way_t *w, llm_framing_e from, llm_framing_e to, unsigned usage,
    const llm_str_t *body, llm_str_t *out)
{
    int         rc;
    uint64_t    since;
    llm_form_t  a, b;
    llm_text_t  text;

    a.framing = from;
    a.usage = (from == LLM_FRAMING_SSE);
    b.framing = to;
    b.usage = usage;

    llm_text_init(&text, w->q->mem, LLM_FORM_MAX(body->len));

    since = steps;
    rc = w->q->provider->reform(w->q, &a, &b, body, &text);
    steps_bounded(since, LLM_FORM_MAX(body->len) / 8, "form");

    fuzz_assert(rc == LLM_OK || rc == LLM_DECLINED || rc == LLM_LIMIT);

    out->data = text.data;
    out->len = text.len;

    return rc == LLM_OK;
}


/*
 * A document as a stream, and that as a document: where there is such a form,
 * the same has been used.
 */

static void
document_formed(const way_t *w, const uint8_t *p, size_t len)
{
    llm_str_t     body, there, back;
    llm_answer_t  a, b, c;

    body.data = (unsigned char *) p;
    body.len = len;

    if (!formed(w, LLM_FRAMING_JSON, w->framing, 1, &body, &there)) {
        return;
    }

    fuzz_assert(whole(&a, w, p, len));

    if (!a.usage_seen) {
        return;
    }

    feed(&b, w, there.data, there.len, 0);
    must_say_same(&a, &b, "as a stream");

    if (formed(w, w->framing, LLM_FRAMING_JSON, 0, &there, &back)) {
        fuzz_assert(whole(&c, w, back.data, back.len));
        must_say_same(&a, &c, "as a stream and back");
    }
}


static int
holds(const uint8_t *p, size_t len, const char *word)
{
    size_t  n;

    for (n = strlen(word); len >= n; p++, len--) {
        if (memcmp(p, word, n) == 0) {
            return 1;
        }
    }

    return 0;
}


/*
 * A usage leaves out what one before it has said, or all of it: a document has
 * what the last one says, and no more.
 */

static int
says_less(const way_t *w, const uint8_t *p, size_t len)
{
    size_t          i;
    const int64_t  *u;
    llm_answer_t    a;
    const uint8_t  *eol, *last;
    unsigned char   said[LLM_USAGE_FIELDS] = { 0 };

    for (last = p + len; p < last; p = eol + 1) {
        eol = memchr(p, '\n', last - p);
        eol = eol ? eol : last;

        begin(&a, w);
        a.stream = 1;
        event(&a, w, p, eol - p);

        if (!a.usage_seen && !holds(p, eol - p, "usage")) {
            continue;
        }

        u = (const int64_t *) &a.usage;

        for (i = 0; i < LLM_USAGE_FIELDS; i++) {

            if (u[i] < 0 && said[i]) {
                return 1;
            }

            said[i] |= (u[i] >= 0);
        }
    }

    return 0;
}


/* another form of stream, or the same one with its usage or without */

static void
stream_streamed(const way_t *w, const llm_str_t *body, const llm_answer_t *a,
    int less)
{
    way_t         to;
    unsigned      i;
    llm_str_t     there;
    llm_answer_t  b;

    to = *w;

    for (i = 0; i < 4; i++) {
        to.framing = (i & 1) ? LLM_FRAMING_ARRAY : LLM_FRAMING_SSE;

        if (!formed(w, w->framing, to.framing, i >> 1, body, &there)) {
            continue;
        }

        feed(&b, &to, there.data, there.len, 0);

        if (i >> 1 && a->usage_seen && !less) {
            must_say_same(a, &b, "as another stream");
        }

        sane(&b);
    }
}


static void
stream_formed(const way_t *w, const uint8_t *p, size_t len)
{
    int           less;
    size_t        n;
    uint8_t      *text;
    llm_str_t     body, there;
    llm_answer_t  a, b;

    text = streamed(w, p, len, &n);
    body.data = text;
    body.len = n;

    feed(&a, w, text, n, 0);
    less = says_less(w, p, len);

    if (formed(w, w->framing, LLM_FRAMING_JSON, 0, &body, &there)) {
        fuzz_assert(whole(&b, w, there.data, there.len));

        /* a figure of the beginning is not that of the end, nor a bad one */

        if (a.usage_seen && !b.usage_bad && a.usage.output >= 0 && !less) {
            must_say_same(&a, &b, "as a document");
        }
    }

    stream_streamed(w, &body, &a, less);

    free(text);
}


/* what a header says in front of it: figures and names, good and bad ones */

static const llm_str_t *
said(void *ctx, const char *name)
{
    uint64_t  *h;

    static const llm_str_t  values[] = {
        llm_string("12"), llm_string("0"), llm_string("-1"), llm_string("1.5"),
        llm_string("1e400"), llm_string("9223372036854775807"), llm_string(""),
        llm_string("priority"), llm_string("optimized"), llm_string("flex"),
        llm_string("0.000000001")
    };

    h = ctx;
    *h = *h * 6364136223846793005ULL + (unsigned char) name[strlen(name) - 1];

    return (*h >> 40) % 4 ? &values[(*h >> 33)
                                    % (sizeof(values) / sizeof(values[0]))]
                          : NULL;
}


static void
headed(const way_t *w, const uint8_t *p, size_t len, int document)
{
    uint64_t       seed;
    llm_json_t     j;
    llm_answer_t   a;
    llm_headers_t  h;

    if (w->q->provider->headers == NULL) {
        return;
    }

    seed = crc32(0, p, (uInt) len);
    h.get = said;
    h.ctx = &seed;

    begin(&a, w);
    fuzz_assert(w->q->provider->headers(&a, &h) == LLM_OK);
    sane(&a);

    memset(&j, 0, sizeof(j));
    j.mem = w->q->mem;

    if (!document) {
        event(&a, w, p, len);
        w->q->provider->finish(&a);

    } else if (llm_json_parse(&j, p, len) == LLM_OK) {
        fuzz_assert(w->q->provider->answer(&a, &j) == LLM_OK);
    }

    sane(&a);
}


static void
answer(const way_t *w, const uint8_t *p, size_t len)
{
    llm_answer_t  a;

    if (!whole(&a, w, p, len)) {
        return;
    }

    sane(&a);
    headed(w, p, len, 1);

    if (w->q->provider->reform && !w->q->one_form) {
        document_formed(w, p, len);
    }
}


static void
stream(const way_t *w, const uint8_t *p, size_t len, uint8_t piece)
{
    llm_answer_t    a;
    const uint8_t  *eol, *from, *last;

    begin(&a, w);

    /* events are alike, and what is alike is not read again in full */

    for (from = p, last = p + len; from < last; from = eol + 1) {
        eol = memchr(from, '\n', last - from);
        eol = eol ? eol : last;

        event(&a, w, from, eol - from);
    }

    w->q->provider->finish(&a);
    sane(&a);

    headed(w, p, len, 0);
    in_pieces(w, p, len, piece);

    if (w->q->provider->reform && !w->q->one_form) {
        stream_formed(w, p, len);
    }
}


#endif /* _DIALECTS_ANSWER_H_INCLUDED_ */
