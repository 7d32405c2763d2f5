
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What the memo of token counts saves: conversations of 40 messages, counted
 * for the first time and again.
 *
 *     memo IMAGE A B
 *
 * A warms the tokenizer; the messages, of 200 to 2,000 bytes, are cut from B.
 * All conversations are counted before any is counted again.  Then, for texts
 * of one length, what counting a new one costs and what looking it up does.
 * tokenizer/bench/texts.py makes A and B.  Built by bench/counting.
 */

#include <sys/mman.h>

#include "llm_memo.h"
#include "bench.h"


#define BENCH_MESSAGES  40
#define BENCH_REGION    (2 * 1024 * 1024)     /* of a zone of 32 MB */
#define BENCH_MIN       200
#define BENCH_MAX       2000


enum {
    BENCH_PLAIN = 0,
    BENCH_PLAIN_AGAIN,
    BENCH_COLD,
    BENCH_WARM,
    BENCH_WAYS
};


static llm_memo_view_t  view;
static llm_counter_t    plain;
static llm_counter_t    memo;
static size_t           tokens;
static unsigned         sum;              /* so that no loop is left out */


/* nothing is remembered but A */

static void
bench_forget(const bench_text_t *a)
{
    plain.scratch = llm_scratch_init(plain.scratch, llm_scratch_size());
    memo.scratch = plain.scratch;

    llm_memo_open(view.memo, &view);

    (void) llm_count(plain.vocab, plain.scratch, (char *) a->p, a->len);
}


/* the bytes of the next message, which does not end inside of a character */

static size_t
bench_next(const bench_text_t *t, size_t at, unsigned *seed)
{
    size_t  n;

    *seed = *seed * 1103515245 + 12345;
    n = BENCH_MIN + (*seed >> 16) % (BENCH_MAX - BENCH_MIN + 1);

    while ((t->p[at + n] & 0xc0) == 0x80) {
        n++;
    }

    return n;
}


/* microseconds for a conversation; *at and *seed go on to the next one */

static double
bench_conversation(llm_counter_t *c, const bench_text_t *t, size_t *at,
    unsigned *seed)
{
    size_t  i, pos, n[BENCH_MESSAGES];
    double  us;

    static const unsigned char  role[2][10] = { "user", "assistant" };

    pos = *at;

    for (i = 0; i < BENCH_MESSAGES; i++) {
        n[i] = bench_next(t, pos, seed);
        pos += n[i];
    }

    /* the JSON parser has just read all of it */

    for (i = *at; i < pos; i++) {
        sum += t->p[i];
    }

    pos = *at;
    us = bench_us();

    for (i = 0; i < BENCH_MESSAGES; i++) {
        tokens += c->count(c, role[i % 2], i % 2 ? 9 : 4);
        tokens += c->count(c, t->p + pos, n[i]);
        pos += n[i];
    }

    us = bench_us() - us;
    *at = pos;

    return us;
}


/* all conversations that the text holds; microseconds for one */

static double
bench_pass(llm_counter_t *c, const bench_text_t *t, unsigned *n)
{
    size_t    at;
    double    us;
    unsigned  seed;

    at = 0;
    us = 0;
    seed = 1;
    tokens = 0;

    for (*n = 0; at + BENCH_MESSAGES * (BENCH_MAX + 4) < t->len; (*n)++) {
        us += bench_conversation(c, t, &at, &seed);
    }

    if (*n == 0) {
        bench_die("the text is too short");
    }

    return us / *n;
}


static void
bench_conversations(const bench_text_t *a, const bench_text_t *b)
{
    int             way, turn;
    double          t[BENCH_WAYS][BENCH_TURNS], us[BENCH_WAYS];
    size_t          expected;
    unsigned        n;
    llm_counter_t  *c;

    static const char * const  names[] = {
        "without memo, first time", "without memo, again",
        "memo, first time (cold)", "memo, again (warm)"
    };

    n = 1;

    for (turn = 0; turn < BENCH_TURNS; turn++) {
        for (way = 0; way < BENCH_WAYS; way++) {

            c = (way < BENCH_COLD) ? &plain : &memo;

            if (way == BENCH_PLAIN || way == BENCH_COLD) {
                bench_forget(a);
            }

            expected = tokens;
            t[way][turn] = bench_pass(c, b, &n);

            if (expected && tokens != expected) {
                bench_die("counts differ");
            }
        }
    }

    (void) printf("%u conversations of %d messages, %zu tokens each\n",
                  n, BENCH_MESSAGES, tokens / n);

    for (way = 0; way < BENCH_WAYS; way++) {
        us[way] = bench_median(t[way]);
        (void) printf("%-28s %8.1f us\n", names[way], us[way]);
    }

    if (sum == 0) {
        bench_die("the text is empty");
    }

    (void) printf("%-28s %8.1f times (first mark 8, goal 20)\n",
                  "warm is faster than cold", us[BENCH_COLD] / us[BENCH_WARM]);
}


/* nanoseconds for a text of len bytes */

static double
bench_length(llm_counter_t *c, const bench_text_t *t, size_t len)
{
    size_t  at, n;
    double  us;

    us = bench_us();

    for (n = 0, at = 0; at + len <= t->len && n < 4000; at += len, n++) {
        tokens += c->count(c, t->p + at, len);
    }

    return (bench_us() - us) * 1e3 / (double) n;
}


static void
bench_lengths(const bench_text_t *a, const bench_text_t *b)
{
    int     turn;
    size_t  len;
    double  t[4][BENCH_TURNS];

    (void) printf("\n%8s %12s %12s %12s %12s\n", "bytes", "count ns",
                  "again ns", "store ns", "look up ns");

    for (len = 16; len <= 65536; len *= 2) {

        for (turn = 0; turn < BENCH_TURNS; turn++) {
            bench_forget(a);
            t[0][turn] = bench_length(&plain, b, len);
            t[1][turn] = bench_length(&plain, b, len);

            bench_forget(a);
            t[2][turn] = bench_length(&memo, b, len);
            t[3][turn] = bench_length(&memo, b, len);
        }

        (void) printf("%8zu %12.0f %12.0f %12.0f %12.0f\n", len,
                      bench_median(t[0]), bench_median(t[1]),
                      bench_median(t[2]), bench_median(t[3]));
    }
}


int
main(int argc, char **argv)
{
    void         *mem;
    char          err[256];
    llm_vocab_t  *vocab;
    bench_text_t  a, b;

    vocab = NULL;

    if (argc != 4 || llm_vocab_open(&vocab, argv[1], err, sizeof(err)) != 0) {
        bench_die(argc != 4 ? "usage: memo IMAGE A B" : err);
    }

    a = bench_read(argv[2]);
    b = bench_read(argv[3]);

    mem = mmap(NULL, BENCH_REGION, PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    view.memo = (mem == MAP_FAILED) ? NULL
                                    : llm_memo_create(mem, BENCH_REGION);

    if (view.memo == NULL) {
        bench_die("no memory");
    }

    plain.vocab = vocab;
    plain.scratch = llm_scratch_init(bench_scratch(), llm_scratch_size());
    plain.count = llm_counter_plain;

    memo = plain;
    memo.count = llm_memo_count;
    memo.data = &view;

    bench_conversations(&a, &b);
    bench_lengths(&a, &b);

    return 0;
}
