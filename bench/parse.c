
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What reading a request takes beside counting its text: requests of about
 * 10 KB with six tools and a history, in several dialects, each with a text
 * of its own.
 *
 *     parse IMAGE A B
 *
 * Read is all but the tokens: JSON, limits, tools, the framing of messages,
 * where each text is counted as one token.  Counted is what the same takes
 * with the tokenizer, less that: cold, where it knows no word yet when a round
 * of requests begins, and fresh, where A has warmed it and no text was seen
 * before.  The texts are cut from B.  Built by bench/counting.
 */

#include "llm_provider.h"
#include "bench.h"


#define BENCH_BODY      (64 * 1024)
#define BENCH_MESSAGES  8
#define BENCH_TEXT      900
#define BENCH_REQUESTS  40
#define BENCH_BLOCKS    4096


extern const llm_provider_t  llm_anthropic, llm_bedrock, llm_cohere,
                             llm_gemini, llm_mistral, llm_ollama, llm_openai;


/* %s: a tool's number; a message's role and its text */

typedef struct {
    const llm_provider_t  *provider;
    const char            *path;
    const char            *head;
    const char            *tool;
    const char            *middle;
    const char            *message;
    const char            *tail;
    const char            *assistant;
} bench_dialect_t;


typedef struct {
    unsigned char          p[BENCH_BODY];
    size_t                 len;
} bench_body_t;


typedef struct {
    llm_mem_t              mem;
    void                  *blocks[BENCH_BLOCKS];
    size_t                 n;
} bench_mem_t;


#define BENCH_SCHEMA                                                          \
    "{\"type\":\"object\",\"properties\":{"                                   \
    "\"city\":{\"type\":\"string\",\"description\":\"Name of the city, and "  \
    "of its country where there are several\"},"                              \
    "\"days\":{\"type\":\"integer\",\"description\":\"How many days\"},"      \
    "\"unit\":{\"type\":\"string\",\"enum\":[\"celsius\",\"kelvin\"]},"       \
    "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}},"         \
    "\"required\":[\"city\"]}"

#define BENCH_FUNCTION                                                        \
    "{\"type\":\"function\",\"function\":{\"name\":\"forecast_%s\","          \
    "\"description\":\"The weather of the next days\",\"parameters\":"        \
    BENCH_SCHEMA "}}"

#define BENCH_SAID  "{\"role\":\"%s\",\"content\":\"%s\"}"


static const bench_dialect_t  dialects[] = {

    { &llm_openai, "/v1/chat/completions",
      "{\"model\":\"gpt-4o\",\"max_tokens\":100,\"tools\":[", BENCH_FUNCTION,
      "],\"messages\":[", BENCH_SAID, "]}", "assistant" },

    { &llm_openai, "/v1/responses",
      "{\"model\":\"gpt-5\",\"max_output_tokens\":100,\"tools\":[",
      "{\"type\":\"function\",\"name\":\"forecast_%s\",\"parameters\":"
      BENCH_SCHEMA "}",
      "],\"input\":[", BENCH_SAID, "]}", "assistant" },

    { &llm_anthropic, "/v1/messages",
      "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":100,\"tools\":[",
      "{\"name\":\"forecast_%s\",\"input_schema\":" BENCH_SCHEMA "}",
      "],\"messages\":[", BENCH_SAID, "]}", "assistant" },

    { &llm_gemini, "/v1beta/models/gemini-2.5-flash:generateContent",
      "{\"tools\":[{\"functionDeclarations\":[",
      "{\"name\":\"forecast_%s\",\"parameters\":" BENCH_SCHEMA "}",
      "]}],\"contents\":[",
      "{\"role\":\"%s\",\"parts\":[{\"text\":\"%s\"}]}", "]}", "model" },

    { &llm_bedrock, "/model/amazon.nova-lite-v1:0/converse",
      "{\"inferenceConfig\":{\"maxTokens\":100},\"toolConfig\":{\"tools\":[",
      "{\"toolSpec\":{\"name\":\"forecast_%s\",\"inputSchema\":{\"json\":"
      BENCH_SCHEMA "}}}",
      "]},\"messages\":[",
      "{\"role\":\"%s\",\"content\":[{\"text\":\"%s\"}]}", "]}", "assistant" },

    { &llm_cohere, "/v2/chat",
      "{\"model\":\"command-a-03-2025\",\"max_tokens\":100,\"tools\":[",
      BENCH_FUNCTION, "],\"messages\":[", BENCH_SAID, "]}", "assistant" },

    { &llm_ollama, "/api/chat",
      "{\"model\":\"qwen3\",\"options\":{\"num_predict\":100},\"tools\":[",
      BENCH_FUNCTION, "],\"messages\":[", BENCH_SAID, "]}", "assistant" }
};


static bench_body_t   bodies[BENCH_REQUESTS];
static bench_mem_t    memory;
static llm_counter_t  counter;


static void *
bench_alloc(void *ctx, size_t size)
{
    bench_mem_t  *m = ctx;

    if (m->n == BENCH_BLOCKS) {
        return NULL;
    }

    return m->blocks[m->n++] = malloc(size);
}


static size_t
bench_one(llm_counter_t *c, const unsigned char *text, size_t len)
{
    (void) c;
    (void) text;

    return len != 0;
}


static void
bench_put(bench_body_t *b, const char *format, const char *one,
    const char *two)
{
    b->len += snprintf((char *) b->p + b->len, BENCH_BODY - b->len, format,
                       one, two);

    if (b->len >= BENCH_BODY) {
        bench_die("a body is too long");
    }
}


/* BENCH_TEXT bytes or so of the text as JSON has them */

static void
bench_cut(const bench_text_t *t, size_t *at, char *out)
{
    size_t  end;

    end = *at + BENCH_TEXT;

    if (end + 4 > t->len) {
        bench_die("the text is too short");
    }

    while ((t->p[end] & 0xc0) == 0x80) {
        end++;
    }

    for (/* void */; *at < end; (*at)++) {

        switch (t->p[*at]) {

        case '"':
        case '\\':
            *out++ = '\\';
            *out++ = (char) t->p[*at];
            break;

        case '\n':
            *out++ = '\\';
            *out++ = 'n';
            break;

        default:
            *out++ = (t->p[*at] < ' ') ? ' ' : (char) t->p[*at];
        }
    }

    *out = '\0';
}


static void
bench_write(const bench_dialect_t *d, const bench_text_t *t)
{
    char           text[2 * BENCH_TEXT + 16], number[2];
    size_t         at, i;
    bench_body_t  *b;

    at = 0;

    for (b = bodies; b < bodies + BENCH_REQUESTS; b++) {
        b->len = 0;
        bench_put(b, "%s", d->head, NULL);

        for (i = 0; i < 6; i++) {
            (void) snprintf(number, sizeof(number), "%d", (int) i);
            bench_put(b, i ? ",%s" : "%s", "", NULL);
            bench_put(b, d->tool, number, NULL);
        }

        bench_put(b, "%s", d->middle, NULL);

        for (i = 0; i < BENCH_MESSAGES; i++) {
            bench_cut(t, &at, text);
            bench_put(b, i ? ",%s" : "%s", "", NULL);
            bench_put(b, d->message, i % 2 ? d->assistant : "user", text);
        }

        bench_put(b, "%s", d->tail, NULL);
    }
}


static void
bench_request(const bench_dialect_t *d, const bench_body_t *b)
{
    llm_route_t    route;
    llm_request_t  q;

    memset(&route, 0, sizeof(llm_route_t));
    llm_str_set(&route.method, "POST");
    route.path.data = (unsigned char *) d->path;
    route.path.len = strlen(d->path);

    if (d->provider->path(&route) != LLM_PATH_METERED) {
        bench_die(d->path);
    }

    memset(&q, 0, sizeof(llm_request_t));
    q.mem = &memory.mem;
    q.provider = d->provider;
    q.route = route;
    q.kind = route.kind;
    q.path = route.path;
    q.body.data = (unsigned char *) b->p;
    q.body.len = b->len;
    q.json.mem = q.mem;

    if (llm_json_parse(&q.json, b->p, b->len) != LLM_OK
        || d->provider->parse(&q) != LLM_OK
        || d->provider->count(&q, &counter) != LLM_OK)
    {
        bench_die(d->path);
    }

    while (memory.n) {
        free(memory.blocks[--memory.n]);
    }
}


/* microseconds a request; a is NULL: cold */

static double
bench_pass(const bench_dialect_t *d, const bench_text_t *a)
{
    double   us;
    size_t   i;

    counter.scratch = llm_scratch_init(counter.scratch, llm_scratch_size());

    if (a) {
        (void) llm_count(counter.vocab, counter.scratch, (char *) a->p,
                         a->len);
    }

    us = bench_us();

    for (i = 0; i < BENCH_REQUESTS; i++) {
        bench_request(d, &bodies[i]);
    }

    return (bench_us() - us) / BENCH_REQUESTS;
}


static void
bench_dialect(const bench_dialect_t *d, const bench_text_t *a,
    const bench_text_t *b)
{
    int     turn;
    double  read, cold, fresh, t[3][BENCH_TURNS];

    bench_write(d, b);

    for (turn = 0; turn < BENCH_TURNS; turn++) {
        counter.count = bench_one;
        t[0][turn] = bench_pass(d, a);

        counter.count = llm_counter_plain;
        t[1][turn] = bench_pass(d, a);
        t[2][turn] = bench_pass(d, NULL);
    }

    read = bench_median(t[0]);
    fresh = bench_median(t[1]) - read;
    cold = bench_median(t[2]) - read;

    (void) printf("%-48s %5zu bytes: read %5.1f us, counted cold %6.1f us: "
                  "%.2f (mark 0.5), fresh %6.1f us: %.2f\n", d->path,
                  bodies[0].len, read, cold, read / cold, fresh,
                  read / fresh);
}


int
main(int argc, char **argv)
{
    char          err[256];
    size_t        i;
    llm_vocab_t  *vocab;
    bench_text_t  a, b;

    vocab = NULL;

    if (argc != 4 || llm_vocab_open(&vocab, argv[1], err, sizeof(err)) != 0) {
        bench_die(argc != 4 ? "usage: parse IMAGE A B" : err);
    }

    a = bench_read(argv[2]);
    b = bench_read(argv[3]);

    counter.vocab = vocab;
    counter.scratch = bench_scratch();

    memory.mem.alloc = bench_alloc;
    memory.mem.ctx = &memory;

    for (i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        bench_dialect(&dialects[i], &a, &b);
    }

    return 0;
}
