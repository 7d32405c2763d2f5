
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Histograms of what went upstream.
 *
 * They are changed under the lock but without the redo record, which would
 * cost more than all the rest of them: nobody is billed by a histogram, and
 * what a worker that is killed in here leaves is a sum without its count, or
 * the other way round, of one request.
 */

#include <string.h>

#include "llm_stats_region.h"


static unsigned llm_hist_bits(uint64_t n);
static void llm_hist_add(llm_stats_hist_t *h, unsigned i, int64_t value);
static void llm_hist_merge(llm_stats_hist_t *h, const llm_stats_hist_t *from);
static llm_stats_calls_t *llm_calls_get(llm_stats_t *st,
    const llm_stats_event_t *e, llm_stats_slot_t *slot, unsigned error);
static uint32_t llm_calls_find(llm_stats_t *st, const llm_stats_calls_t *c);


static const char *llm_operations[LLM_STATS_OP_N] = {
    "other",
    "chat",
    "generate_content",
    "text_completion",
    "embeddings",
    "image_generation",
    "speech",
    "transcription",
    "moderation",
    "rerank",
    "ocr",
    "batch"
};


const char *
llm_stats_operation(unsigned op)
{
    return llm_operations[op < LLM_STATS_OP_N ? op : LLM_STATS_OP_OTHER];
}


void
llm_stats_hist_tokens(llm_stats_hist_t *h, int64_t n)
{
    llm_hist_add(h, n > 1 ? (llm_hist_bits(n - 1) + 1) / 2 : 0, n);
}


void
llm_stats_hist_ms(llm_stats_hist_t *h, int64_t ms)
{
    llm_hist_add(h, ms > 10 ? llm_hist_bits((ms + 9) / 10 - 1) : 0, ms);
}


void
llm_stats_hist_us(llm_stats_hist_t *h, int64_t us)
{
    llm_hist_add(h, us > 20 ? llm_hist_bits((us + 19) / 20 - 1) : 0, us);
}


static unsigned
llm_hist_bits(uint64_t n)
{
    return n ? 64 - __builtin_clzll(n) : 0;
}


static void
llm_hist_add(llm_stats_hist_t *h, unsigned i, int64_t value)
{
    h->buckets[i < LLM_STATS_BUCKETS ? i : LLM_STATS_BUCKETS - 1]++;
    h->sum += value > 0 ? value : 0;
}


static void
llm_hist_merge(llm_stats_hist_t *h, const llm_stats_hist_t *from)
{
    unsigned  i;

    for (i = 0; i < LLM_STATS_BUCKETS; i++) {
        h->buckets[i] += from->buckets[i];
    }

    h->sum += from->sum;
}


/* tokens and durations are bounded here: sums have to stay numbers */

void
llm_stats_calls_add(llm_stats_t *st, const llm_stats_event_t *e,
    llm_stats_slot_t *slot)
{
    unsigned            error;
    llm_stats_calls_t  *c;

    if (e->overhead >= 0 && e->overhead < LLM_STATS_MOST) {
        llm_stats_hist_us(&st->overhead, e->overhead);
    }

    if (!e->called) {
        return;
    }

    c = llm_calls_get(st, e, slot, 0);

    if (e->input > 0 && e->input < LLM_STATS_MOST) {
        llm_stats_hist_tokens(&c->hists[LLM_STATS_HIST_INPUT], e->input);
    }

    if (e->output > 0 && e->output < LLM_STATS_MOST) {
        llm_stats_hist_tokens(&c->hists[LLM_STATS_HIST_OUTPUT], e->output);
    }

    if (e->first_chunk >= 0 && e->first_chunk < LLM_STATS_MOST) {
        llm_stats_hist_ms(&c->hists[LLM_STATS_HIST_FIRST], e->first_chunk);
    }

    if (e->chunks) {
        llm_hist_merge(&c->hists[LLM_STATS_HIST_CHUNK], e->chunks);
    }

    error = e->status >= 400 && e->status < 1000 ? e->status
                                                 : e->lost ? LLM_STATS_LOST
                                                           : 0;

    if (error) {
        c = llm_calls_get(st, e, slot, error);
    }

    if (e->duration >= 0 && e->duration < LLM_STATS_MOST) {
        llm_stats_hist_ms(&c->hists[LLM_STATS_HIST_DURATION], e->duration);
    }
}


/*
 * A set of metrics remembers what it was called with last, which is nearly
 * always what it is called with now.  A request whose set is "other" is in
 * "other" here, too.
 */

static llm_stats_calls_t *
llm_calls_get(llm_stats_t *st, const llm_stats_event_t *e,
    llm_stats_slot_t *slot, unsigned error)
{
    uint32_t            i;
    llm_stats_calls_t   key, *c;

    if (slot == NULL) {
        return &st->other_calls;
    }

    i = slot->calls;

    if (i != 0 && i <= st->calls_max) {
        c = &llm_stats_calls(st, i - 1)->calls;

        if (c->operation == e->operation && c->error == error) {
            return c;
        }
    }

    memset(&key, 0, offsetof(llm_stats_calls_t, hists));
    memcpy(key.provider, slot->set.provider, LLM_STATS_LABEL);
    memcpy(key.model, slot->set.model, LLM_STATS_LABEL);
    key.provider_len = slot->set.provider_len;
    key.model_len = slot->set.model_len;
    key.operation = e->operation;
    key.error = error;

    i = llm_calls_find(st, &key);

    if (i == 0) {
        return &st->other_calls;
    }

    slot->calls = i;

    return &llm_stats_calls(st, i - 1)->calls;
}


/* index plus one; 0: the places near its own are taken */

static uint32_t
llm_calls_find(llm_stats_t *st, const llm_stats_calls_t *c)
{
    unsigned                 n;
    uint32_t                 i;
    uint64_t                 hash;
    llm_stats_calls_slot_t  *slot;

    hash = llm_stats_set_hash(st, c->provider, c->provider_len, c->model,
                              c->model_len,
                              1 | c->operation << 8 | c->error << 16);

    for (n = 0; n < LLM_STATS_PROBES; n++) {
        i = (hash + n) % st->calls_max;
        slot = llm_stats_calls(st, i);

        if (slot->hash == hash) {
            return i + 1;
        }

        if (slot->hash == 0) {
            memcpy(&slot->calls, c, offsetof(llm_stats_calls_t, hists));
            memset(slot->calls.hists, 0, sizeof(slot->calls.hists));
            __atomic_store_n(&slot->hash, hash, __ATOMIC_RELEASE);

            return i + 1;
        }
    }

    return 0;
}


int
llm_stats_next_calls(llm_stats_t *st, uint32_t *cursor,
    llm_stats_calls_t *calls)
{
    int                      rc;
    llm_stats_calls_slot_t  *slot;

    if (llm_stats_lock(st) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;

    while (rc == LLM_DECLINED && *cursor < st->calls_max) {
        slot = llm_stats_calls(st, *cursor);
        *cursor += 1;

        if (slot->hash != 0) {
            *calls = slot->calls;
            rc = LLM_OK;
        }
    }

    if (rc == LLM_DECLINED && *cursor == st->calls_max) {
        *cursor += 1;
        *calls = st->other_calls;

        memcpy(calls->provider, "other", 5);
        memcpy(calls->model, "other", 5);
        calls->provider_len = 5;
        calls->model_len = 5;
        calls->other = 1;
        rc = LLM_OK;
    }

    llm_stats_unlock(st);

    return rc;
}


void
llm_stats_overhead(llm_stats_t *st, llm_stats_hist_t *h)
{
    memset(h, 0, sizeof(llm_stats_hist_t));

    if (llm_stats_lock(st) == LLM_OK) {
        *h = st->overhead;
        llm_stats_unlock(st);
    }
}
