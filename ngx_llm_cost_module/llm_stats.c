
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Statistics: the region, and what one request adds to it.
 */

#include <string.h>

#include "llm_stats_region.h"


#define llm_stats_align(n)   (((n) + 15) & ~(uint64_t) 15)
#define llm_stats_clamp(n, min, max)                                          \
    ((n) < (min) ? (min) : (n) > (max) ? (max) : (n))

/* rows and labels come in groups; each has a bucket, too */
#define LLM_STATS_GROUP                                                       \
    (LLM_STATS_PER_LABEL * (sizeof(llm_stats_entry_t) + sizeof(uint32_t))     \
     + sizeof(llm_stats_label_t) + sizeof(uint32_t))


static int llm_stats_layout(llm_stats_t *st, size_t size);
static uint64_t llm_stats_layout_fixed(llm_stats_t *st, uint64_t off,
    size_t left);
static void llm_stats_layout_tables(llm_stats_t *st, uint64_t off,
    size_t size);
static void llm_stats_measure(const llm_stats_event_t *e,
    llm_stats_totals_t *t);
static int64_t llm_stats_amount(int64_t n);
static void llm_stats_sum(llm_stats_t *st, llm_stats_totals_t *to,
    const llm_stats_totals_t *t);
static void llm_stats_sum_row(llm_stats_t *st, llm_stats_entry_t *row,
    const llm_stats_totals_t *t);


llm_stats_t *
llm_stats_create(void *mem, size_t size)
{
    llm_stats_t  *st;

    if (((uintptr_t) mem & 15) || size < LLM_STATS_SIZE_MIN) {
        return NULL;
    }

    st = mem;
    memset(st, 0, sizeof(llm_stats_t));

    st->version = LLM_STATS_VERSION;
    st->header_size = sizeof(llm_stats_t);
    st->size = size;

    if (llm_stats_layout(st, size) != LLM_OK
        || llm_shm_mutex_init(&st->mutex) != LLM_OK)
    {
        return NULL;
    }

    llm_redo_init(&st->redo, st);
    llm_shm_seed(st->seed, (uintptr_t) mem);

    memset(llm_stats_at(st, label_buckets_off), 0,
           st->labels_max * sizeof(uint32_t));
    memset(llm_stats_at(st, row_buckets_off), 0,
           st->rows_max * sizeof(uint32_t));
    memset(llm_stats_at(st, sets_off), 0,
           st->sets_max * sizeof(llm_stats_slot_t));
    memset(llm_stats_at(st, calls_off), 0,
           st->calls_max * sizeof(llm_stats_calls_slot_t));
    memset(llm_stats_at(st, tops_off), 0,
           2 * st->top_max * sizeof(llm_stats_place_t));
    memset(llm_stats_at(st, alerts_off), 0,
           st->alerts_max * sizeof(llm_stats_alert_t));

    __atomic_store_n(&st->magic, LLM_STATS_MAGIC, __ATOMIC_RELEASE);

    return st;
}


llm_stats_t *
llm_stats_attach(void *mem, size_t size, const char **err)
{
    llm_stats_t  *st;

    st = mem;

    if (((uintptr_t) mem & 15) || size < LLM_STATS_SIZE_MIN) {
        *err = "the region is too small or not aligned";
        return NULL;
    }

    if (st->magic != LLM_STATS_MAGIC) {
        *err = "the region holds no statistics";
        return NULL;
    }

    if (st->version != LLM_STATS_VERSION
        || st->header_size != sizeof(llm_stats_t))
    {
        *err = "the statistics are of another version";
        return NULL;
    }

    if (st->size != size) {
        *err = "the statistics are of another size";
        return NULL;
    }

    return st;
}


static int
llm_stats_layout(llm_stats_t *st, size_t size)
{
    uint64_t  off;

    if (size > UINT32_MAX) {
        size = UINT32_MAX;
    }

    off = llm_stats_align(sizeof(llm_stats_t));

    if (size < off + LLM_STATS_GROUP * 2) {
        return LLM_LIMIT;
    }

    off = llm_stats_layout_fixed(st, off, size - off);

    /* 64: what the alignment of the tables may take */

    if (size < off + 64 + LLM_STATS_USERS * sizeof(uint32_t)
               + LLM_STATS_GROUP)
    {
        return LLM_LIMIT;
    }

    llm_stats_layout_tables(st, off, size);

    return LLM_OK;
}


/* alerts, label sets, call histograms, top spenders: a share of left each */

static uint64_t
llm_stats_layout_fixed(llm_stats_t *st, uint64_t off, size_t left)
{
    size_t  n;

    n = left / 8 / sizeof(llm_stats_alert_t);
    st->alerts_max = llm_stats_clamp(n, 8, LLM_STATS_ALERTS);
    st->alerts_off = off;
    off = llm_stats_align(off + st->alerts_max * sizeof(llm_stats_alert_t));

    n = left / 8 / sizeof(llm_stats_slot_t);
    st->sets_max = llm_stats_clamp(n, 8, LLM_STATS_SETS);
    st->sets_off = off;
    off = llm_stats_align(off + st->sets_max * sizeof(llm_stats_slot_t));

    n = left / 8 / sizeof(llm_stats_calls_slot_t);
    st->calls_max = llm_stats_clamp(n, 2, LLM_STATS_CALLS);
    st->calls_off = off;
    off = llm_stats_align(off + st->calls_max
                                * sizeof(llm_stats_calls_slot_t));

    n = left / 16 / sizeof(llm_stats_place_t);
    st->top_max = llm_stats_clamp(n, 8, LLM_STATS_TOP);
    st->tops_off = off;

    return llm_stats_align(off + 2 * st->top_max * sizeof(llm_stats_place_t));
}


/* users, labels and rows, with their hash tables: all that is left of size */

static void
llm_stats_layout_tables(llm_stats_t *st, uint64_t off, size_t size)
{
    size_t  n;

    n = size - off;
    st->users_max = llm_stats_clamp(n / LLM_STATS_GROUP / 2, 8,
                                    LLM_STATS_USERS);
    st->users_off = off;
    off = llm_stats_align(off + st->users_max * sizeof(uint32_t));

    n = (size - off - 64) / LLM_STATS_GROUP;
    st->labels_max = n;
    st->rows_max = n * LLM_STATS_PER_LABEL;

    st->label_buckets_off = off;
    off = llm_stats_align(off + st->labels_max * sizeof(uint32_t));
    st->row_buckets_off = off;
    off = llm_stats_align(off + st->rows_max * sizeof(uint32_t));
    st->labels_off = off;
    off = llm_stats_align(off + st->labels_max * sizeof(llm_stats_label_t));
    st->rows_off = off;
}


int
llm_stats_lock(llm_stats_t *st)
{
    return llm_redo_lock(&st->mutex, &st->redo, st->size);
}


void
llm_stats_unlock(llm_stats_t *st)
{
    llm_shm_unlock(&st->mutex);
}


void
llm_stats_add(llm_stats_t *st, const llm_stats_event_t *e)
{
    unsigned            i, n;
    uint64_t            hour;
    llm_stats_slot_t   *slot;
    llm_stats_entry_t  *rows[LLM_STATS_TAGS + LLM_STATS_DIM_N];
    llm_stats_totals_t  t;

    llm_stats_measure(e, &t);

    /* hour and day 0 are the unused ones */

    hour = e->time < 86400 ? 24 : e->time / 3600;

    if (hour > UINT32_MAX) {
        hour = UINT32_MAX;
    }

    if (llm_stats_lock(st) != LLM_OK) {
        return;
    }

    llm_stats_turn(st, hour);

    n = 0;
    rows[n++] = llm_stats_row(st, hour, LLM_STATS_MODEL, &e->model, NULL);
    rows[n++] = llm_stats_row(st, hour, LLM_STATS_PROVIDER, &e->provider,
                              NULL);
    rows[n++] = llm_stats_row(st, hour, LLM_STATS_ENDPOINT, &e->endpoint,
                              NULL);
    rows[n++] = llm_stats_row(st, hour, LLM_STATS_USER, &e->user, NULL);

    for (i = 0; i < e->ntags && i < LLM_STATS_TAGS; i++) {
        rows[n++] = llm_stats_row(st, hour, LLM_STATS_TAG, &e->tag_values[i],
                                  &e->tag_names[i]);
        llm_stats_top_add(st, LLM_STATS_TAG, &e->tag_names[i],
                          &e->tag_values[i], &t);
    }

    llm_stats_top_add(st, LLM_STATS_USER, NULL, &e->user, &t);

    llm_stats_sum(st, &st->hours[hour % LLM_STATS_RING].totals, &t);
    llm_stats_sum(st, &st->lifetime, &t);
    slot = llm_stats_set_add(st, e, &t);

    while (n--) {
        if (rows[n]) {
            llm_stats_sum_row(st, rows[n], &t);
        }
    }

    (void) llm_redo_commit(&st->redo);

    llm_stats_calls_add(st, e, slot);

    llm_stats_unlock(st);
}


static void
llm_stats_measure(const llm_stats_event_t *e, llm_stats_totals_t *t)
{
    t->count = 1;
    t->input = llm_stats_amount(e->input);
    t->cached = llm_stats_amount(e->cached);
    t->output = llm_stats_amount(e->output);
    t->reasoning = llm_stats_amount(e->reasoning);
    t->cost = llm_stats_amount(e->cost);
    t->saved = llm_stats_amount(e->saved);
    t->hits = e->cache == LLM_STATS_CACHE_HIT;
    t->misses = e->cache == LLM_STATS_CACHE_MISS;
    t->calls = e->called;
    t->unpriced = e->cost < 0;
}


/* what is unknown adds nothing: "unpriced" says how often that was so */

static int64_t
llm_stats_amount(int64_t n)
{
    return n < 0 ? 0 : n > LLM_STATS_MOST ? LLM_STATS_MOST : n;
}


static void
llm_stats_sum(llm_stats_t *st, llm_stats_totals_t *to,
    const llm_stats_totals_t *t)
{
    size_t          i;
    int64_t        *p;
    const int64_t  *d;

    /* totals are nothing but int64_t */

    p = (int64_t *) to;
    d = (const int64_t *) t;

    for (i = 0; i < sizeof(llm_stats_totals_t) / sizeof(int64_t); i++) {
        if (d[i] != 0) {
            llm_redo_add(&st->redo, &p[i], d[i]);
        }
    }
}


static void
llm_stats_sum_row(llm_stats_t *st, llm_stats_entry_t *row,
    const llm_stats_totals_t *t)
{
    llm_redo_add(&st->redo, &row->count, t->count);
    llm_redo_add(&st->redo, &row->input, t->input);
    llm_redo_add(&st->redo, &row->output, t->output);
    llm_redo_add(&st->redo, &row->cost, t->cost);
}


void
llm_stats_totals(llm_stats_t *st, int64_t from, int64_t to,
    llm_stats_totals_t *totals)
{
    size_t             i, k;
    int64_t           *sum, *part;
    llm_stats_hour_t  *h;

    memset(totals, 0, sizeof(llm_stats_totals_t));

    if (llm_stats_lock(st) != LLM_OK) {
        return;
    }

    sum = (int64_t *) totals;

    for (i = 0; i < LLM_STATS_RING; i++) {
        h = &st->hours[i];

        if (h->hour == 0 || (int64_t) h->hour < from
            || (int64_t) h->hour >= to)
        {
            continue;
        }

        part = (int64_t *) &h->totals;

        for (k = 0; k < sizeof(llm_stats_totals_t) / sizeof(int64_t); k++) {
            sum[k] += part[k];
        }
    }

    llm_stats_unlock(st);
}
