
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_learn_table.h"

#include <string.h>


#define LLM_LEARN_MAGIC      0x334e5241454c4d4cULL
#define LLM_LEARN_WAYS       4

/* once there are enough, a line is drawn anew with every eighth answer */

#define LLM_LEARN_OFTEN      16
#define LLM_LEARN_EVERY      8


static uint64_t
llm_learn_sets(size_t size)
{
    if (size < sizeof(llm_learn_table_t)) {
        return 0;
    }

    return (size - sizeof(llm_learn_table_t)) / sizeof(llm_learn_place_t)
           / LLM_LEARN_WAYS;
}


llm_learn_table_t *
llm_learn_create(void *mem, size_t size)
{
    uint64_t            sets;
    llm_learn_table_t  *t;

    sets = llm_learn_sets(size);

    if (sets == 0) {
        return NULL;
    }

    t = mem;

    memset(t, 0, size);
    t->sets = sets;
    llm_learn_write(&t->magic, LLM_LEARN_MAGIC);

    return t;
}


llm_learn_table_t *
llm_learn_attach(void *mem, size_t size)
{
    llm_learn_table_t  *t;

    t = mem;

    if (size < sizeof(llm_learn_table_t) || t->magic != LLM_LEARN_MAGIC
        || t->sets == 0 || t->sets != llm_learn_sets(size))
    {
        return NULL;
    }

    return t;
}


/* never 0, which is an empty place */

uint64_t
llm_learn_key(const llm_str_t *vendor, const llm_str_t *model,
    llm_learn_class_e c)
{
    size_t    i;
    uint64_t  h;

    h = 0xcbf29ce484222325ULL;

    for (i = 0; i < vendor->len; i++) {
        h = (h ^ vendor->data[i]) * 0x100000001b3ULL;
    }

    h = (h ^ '/') * 0x100000001b3ULL;

    for (i = 0; i < model->len; i++) {
        h = (h ^ model->data[i]) * 0x100000001b3ULL;
    }

    h = (h ^ (0x100u + c)) * 0x100000001b3ULL;
    h ^= h >> 29;

    return h ? h : 1;
}


const char *
llm_learn_class_name(llm_learn_class_e c)
{
    static const char  *names[] = {
        "media", "calls", "tools", "schema", "text"
    };

    return c < LLM_LEARN_N ? names[c] : "";
}


llm_learn_class_e
llm_learn_class(unsigned marks)
{
    return (marks & LLM_MARK_MEDIA) ? LLM_LEARN_MEDIA
           : (marks & LLM_MARK_CALLS) ? LLM_LEARN_CALLS
           : (marks & LLM_MARK_TOOLS) ? LLM_LEARN_TOOLS
           : (marks & LLM_MARK_SCHEMA) ? LLM_LEARN_SCHEMA
           : LLM_LEARN_TEXT;
}


const llm_learn_place_t *
llm_learn_find(const llm_learn_table_t *t, uint64_t key)
{
    unsigned                  i;
    const llm_learn_place_t  *p;

    p = &t->places[key % t->sets * LLM_LEARN_WAYS];

    for (i = 0; i < LLM_LEARN_WAYS; i++) {
        if (llm_learn_read(&p[i].key) == key) {
            return &p[i];
        }
    }

    return NULL;
}


llm_learn_place_t *
llm_learn_take(llm_learn_table_t *t, uint64_t key)
{
    unsigned            i, oldest;
    llm_learn_place_t  *p;

    p = (llm_learn_place_t *) llm_learn_find(t, key);
    if (p) {
        return p;
    }

    p = &t->places[key % t->sets * LLM_LEARN_WAYS];
    oldest = 0;

    for (i = 0; i < LLM_LEARN_WAYS; i++) {

        if (llm_learn_read(&p[i].key) == 0) {
            oldest = i;
            break;
        }

        if (llm_learn_read(&p[i].used) < llm_learn_read(&p[oldest].used)) {
            oldest = i;
        }
    }

    p = &p[oldest];

    llm_learn_write(&p->n, 0);
    llm_learn_write(&p->line, 0);
    llm_learn_write(&p->share, 0);
    llm_learn_write(&p->tokens, 0);
    llm_learn_write(&p->kinds, 0);
    llm_learn_write(&p->outputs, 0);
    llm_learn_write(&p->output, 0);
    llm_learn_write(&p->key, key);

    return p;
}


/* what is read while somebody makes the place another's may be nothing */

static unsigned
llm_learn_pairs(const llm_learn_place_t *p, llm_learn_pair_t *pairs)
{
    uint64_t  n, v;
    unsigned  i, k;

    n = llm_learn_read(&p->n);

    if (n > LLM_LEARN_PAIRS) {
        n = LLM_LEARN_PAIRS;
    }

    for (i = 0, k = 0; i < n; i++) {
        v = llm_learn_read(&p->pairs[i]);

        pairs[k].counted = (uint32_t) (v >> 32);
        pairs[k].reported = (uint32_t) v;

        k += (pairs[k].counted != 0 && pairs[k].reported != 0);
    }

    return k;
}


static void
llm_learn_line(const llm_learn_place_t *p, llm_learn_line_t *line,
    llm_learn_above_t *above)
{
    uint64_t  v;

    v = llm_learn_read(&p->line);

    line->slope = (uint32_t) (v >> 32);
    line->offset = (int32_t) (uint32_t) v;

    above->share = (int64_t) llm_learn_read(&p->share);
    above->tokens = (int64_t) llm_learn_read(&p->tokens);
}


/*
 * A new line, or what the newest answer was above the old one.  What earlier
 * answers were above is forgotten by and by: an eighth with every line.
 */

static void
llm_learn_draw(llm_learn_place_t *p, const llm_learn_pair_t *newest,
    int again)
{
    unsigned           n;
    llm_learn_line_t   line;
    llm_learn_pair_t   pairs[LLM_LEARN_PAIRS];
    llm_learn_above_t  above;

    llm_learn_line(p, &line, &above);

    if (again) {
        n = llm_learn_pairs(p, pairs);
        llm_learn_fit(pairs, n, &line);

        above.share -= above.share / 8;
        above.tokens -= above.tokens / 8;

        llm_learn_raise(pairs, n, &line, &above);

        llm_learn_write(&p->kinds, llm_learn_kinds(pairs, n));
        llm_learn_write(&p->line,
                        (uint64_t) line.slope << 32 | (uint32_t) line.offset);

    } else {
        llm_learn_raise(newest, 1, &line, &above);
    }

    llm_learn_write(&p->share, (uint64_t) above.share);
    llm_learn_write(&p->tokens, (uint64_t) above.tokens);
}


static void
llm_learn_add_output(llm_learn_place_t *p, int64_t output)
{
    uint32_t  v, out[LLM_LEARN_PAIRS];
    uint64_t  n;
    unsigned  i, k;

    n = llm_learn_read(&p->outputs);

    llm_learn_write(&p->out[n % LLM_LEARN_PAIRS], (uint32_t) output);
    llm_learn_write(&p->outputs, ++n);

    if (n > LLM_LEARN_OFTEN && n % LLM_LEARN_EVERY) {
        return;
    }

    if (n > LLM_LEARN_PAIRS) {
        n = LLM_LEARN_PAIRS;
    }

    for (i = 0; i < n; i++) {
        v = llm_learn_read(&p->out[i]);

        for (k = i; k > 0 && out[k - 1] > v; k--) {
            out[k] = out[k - 1];
        }

        out[k] = v;
    }

    llm_learn_write(&p->output, (uint64_t) out[n / 2] + 1);
}


/* a request of nothing says nothing, nor does one of more than there is */

int
llm_learn_says(int64_t counted, int64_t reported)
{
    return counted > 0 && counted <= LLM_LEARN_MAX && reported > 0
           && reported <= LLM_LEARN_MAX;
}


void
llm_learn_put(llm_learn_place_t *p, const llm_learn_answer_t *a)
{
    uint64_t          n;
    llm_learn_pair_t  newest;

    if (a->output >= 0 && a->output <= LLM_LEARN_MAX) {
        llm_learn_add_output(p, a->output);
    }

    if (!llm_learn_says(a->counted, a->reported)) {
        return;
    }

    n = llm_learn_read(&p->n);

    llm_learn_write(&p->pairs[n % LLM_LEARN_PAIRS],
                    (uint64_t) a->counted << 32 | (uint64_t) a->reported);
    llm_learn_write(&p->n, ++n);

    newest.counted = (uint32_t) a->counted;
    newest.reported = (uint32_t) a->reported;

    llm_learn_draw(p, &newest,
                   n <= LLM_LEARN_OFTEN || n % LLM_LEARN_EVERY == 0);
}


void
llm_learn_add(llm_learn_table_t *t, uint64_t key, int64_t now,
    int64_t counted, int64_t reported, int64_t output)
{
    llm_learn_place_t   *p;
    llm_learn_answer_t   a;

    a.key = key;
    a.counted = counted;
    a.reported = reported;
    a.output = output;

    p = llm_learn_take(t, key);
    llm_learn_write(&p->used, (uint64_t) now);

    llm_learn_put(p, &a);
    llm_learn_tell(t, &a);
}


static int64_t
llm_learn_output_most(const llm_learn_place_t *p)
{
    int64_t   most, v;
    uint64_t  i, n;

    n = llm_learn_read(&p->outputs);

    if (n < LLM_LEARN_MIN) {
        return -1;
    }

    n = n < LLM_LEARN_PAIRS ? n : LLM_LEARN_PAIRS;
    most = 0;

    for (i = 0; i < n; i++) {
        v = llm_learn_read(&p->out[i]);
        most = v > most ? v : most;
    }

    return most;
}


int
llm_learn_get(const llm_learn_table_t *t, uint64_t key, llm_learn_t *l)
{
    const llm_learn_place_t  *p;

    p = llm_learn_find(t, key);

    if (p == NULL) {
        return LLM_DECLINED;
    }

    llm_learn_line(p, &l->line, &l->above);

    l->answers = llm_learn_read(&p->n);
    l->kinds = (unsigned) llm_learn_read(&p->kinds);
    l->output = (int64_t) llm_learn_read(&p->output) - 1;
    l->output_most = llm_learn_output_most(p);

    return LLM_OK;
}


void
llm_learn_judge(const llm_learn_table_t *t, const llm_str_t *vendor,
    const llm_str_t *model, llm_learn_class_e class, int64_t counted,
    int64_t *expect, int64_t *most)
{
    int64_t            v;
    llm_learn_t        l;
    llm_learn_class_e  c;

    if (llm_learn_get(t, llm_learn_key(vendor, model, class), &l) == LLM_OK
        && l.answers >= LLM_LEARN_MIN)
    {
        *expect = llm_learn_expect(&l, counted);
        *most = llm_learn_most(&l, counted);

        if (class == LLM_LEARN_MEDIA && *most < counted) {
            *most = counted;
        }

        return;
    }

    memset(&l, 0, sizeof(l));

    *expect = counted;
    *most = llm_learn_most(&l, counted);

    if (class == LLM_LEARN_MEDIA && *most - counted > LLM_LEARN_EXTRA) {
        *most = counted + LLM_LEARN_EXTRA;
    }

    for (c = 0; c < LLM_LEARN_N; c++) {

        if (llm_learn_get(t, llm_learn_key(vendor, model, c), &l) == LLM_OK
            && l.answers >= LLM_LEARN_MIN)
        {
            v = llm_learn_most(&l, counted);
            *most = v > *most ? v : *most;
        }
    }
}
