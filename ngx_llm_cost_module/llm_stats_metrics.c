
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What only grows: figures for the metrics endpoint.
 */

#include <string.h>

#include "llm_stats_region.h"


static llm_stats_slot_t *llm_set_find(llm_stats_t *st,
    const llm_stats_event_t *e);


llm_stats_slot_t *
llm_stats_set_add(llm_stats_t *st, const llm_stats_event_t *e,
    const llm_stats_totals_t *t)
{
    llm_stats_set_t   *set;
    llm_stats_slot_t  *slot;

    slot = llm_set_find(st, e);
    set = slot ? &slot->set : &st->other;

    llm_redo_add(&st->redo, &set->count, t->count);
    llm_redo_add(&st->redo, &set->input, t->input);
    llm_redo_add(&st->redo, &set->output, t->output);
    llm_redo_add(&st->redo, &set->cost, t->cost);

    return slot;
}


/*
 * The slot of these labels, taken if it is free.  Sets never leave, since
 * counters must not go back; where many have come, the next ones go into
 * "other".
 */

static llm_stats_slot_t *
llm_set_find(llm_stats_t *st, const llm_stats_event_t *e)
{
    unsigned           i;
    uint64_t           hash;
    llm_stats_set_t    set;
    llm_stats_slot_t  *slot;

    memset(&set, 0, sizeof(llm_stats_set_t));
    set.provider_len = llm_stats_cut(set.provider, &e->provider);
    set.model_len = llm_stats_cut(set.model, &e->model);
    set.status_class = e->status < 1000 ? e->status / 100 : 0;

    hash = llm_stats_set_hash(st, set.provider, set.provider_len, set.model,
                              set.model_len, set.status_class << 8);

    for (i = 0; i < LLM_STATS_PROBES; i++) {
        slot = llm_stats_slot(st, (hash + i) % st->sets_max);

        if (slot->hash == hash) {
            return slot;
        }

        if (slot->hash == 0) {

            /* one store makes it visible, and it is empty until then */

            slot->set = set;
            slot->calls = 0;
            __atomic_store_n(&slot->hash, hash, __ATOMIC_RELEASE);

            return slot;
        }
    }

    return NULL;
}


/* both labels are padded with zeros to whole words */

uint64_t
llm_stats_set_hash(llm_stats_t *st, const unsigned char *provider,
    size_t provider_len, const unsigned char *model, size_t model_len,
    uint64_t more)
{
    size_t    n, m;
    uint64_t  hash, words[2 * LLM_STATS_LABEL / 8 + 1];

    n = (provider_len + 7) / 8;
    m = (model_len + 7) / 8;

    words[0] = more << 16 | model_len << 8 | provider_len;
    memcpy(&words[1], provider, n * 8);
    memcpy(&words[1 + n], model, m * 8);

    hash = llm_shm_hash(st->seed, words, 1 + n + m);

    return hash | (hash == 0);
}


int
llm_stats_next_set(llm_stats_t *st, uint32_t *cursor, llm_stats_set_t *set)
{
    int                rc;
    llm_stats_slot_t  *slot;

    if (llm_stats_lock(st) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;

    while (rc == LLM_DECLINED && *cursor < st->sets_max) {
        slot = llm_stats_slot(st, *cursor);
        *cursor += 1;

        if (slot->hash != 0) {
            *set = slot->set;
            rc = LLM_OK;
        }
    }

    if (rc == LLM_DECLINED && *cursor == st->sets_max) {
        *cursor += 1;

        if (st->other.count != 0) {
            *set = st->other;
            memcpy(set->provider, "other", 5);
            memcpy(set->model, "other", 5);
            set->provider_len = 5;
            set->model_len = 5;
            set->other = 1;
            rc = LLM_OK;
        }
    }

    llm_stats_unlock(st);

    return rc;
}


void
llm_stats_lifetime(llm_stats_t *st, llm_stats_totals_t *totals)
{
    memset(totals, 0, sizeof(llm_stats_totals_t));

    if (llm_stats_lock(st) == LLM_OK) {
        *totals = st->lifetime;
        llm_stats_unlock(st);
    }
}


void
llm_stats_refuse(llm_stats_t *st, const llm_str_t *code)
{
    size_t                len;
    unsigned              i;
    llm_stats_refusal_t  *r;

    len = code->len < LLM_STATS_CODE ? code->len : LLM_STATS_CODE;

    if (len == 0 || llm_stats_lock(st) != LLM_OK) {
        return;
    }

    /* codes are ours: the last place is for what nobody expects */

    for (i = 0; i < LLM_STATS_CODES - 1; i++) {
        r = &st->refusals[i];

        if (r->len == 0
            || (r->len == len && memcmp(r->code, code->data, len) == 0))
        {
            break;
        }
    }

    r = &st->refusals[i];

    if (r->len == 0) {
        memcpy(r->code, i < LLM_STATS_CODES - 1 ? (char *) code->data
                                                : "other",
               i < LLM_STATS_CODES - 1 ? len : 5);
        __atomic_store_n(&r->len, i < LLM_STATS_CODES - 1 ? len : 5,
                         __ATOMIC_RELEASE);
    }

    llm_redo_add(&st->redo, &r->count, 1);
    (void) llm_redo_commit(&st->redo);

    llm_stats_unlock(st);
}


int
llm_stats_next_refusal(llm_stats_t *st, uint32_t *cursor,
    llm_stats_refusal_t *refusal)
{
    int  rc;

    if (llm_stats_lock(st) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;

    while (rc == LLM_DECLINED && *cursor < LLM_STATS_CODES) {
        if (st->refusals[*cursor].count != 0) {
            *refusal = st->refusals[*cursor];
            rc = LLM_OK;
        }

        *cursor += 1;
    }

    llm_stats_unlock(st);

    return rc;
}


void
llm_stats_count(llm_stats_t *st, llm_stats_counter_e counter, int64_t n)
{
    if ((unsigned) counter >= LLM_STATS_COUNTER_N || n <= 0
        || llm_stats_lock(st) != LLM_OK)
    {
        return;
    }

    llm_redo_add(&st->redo, &st->counters[counter], n);
    (void) llm_redo_commit(&st->redo);

    llm_stats_unlock(st);
}


int64_t
llm_stats_counter(llm_stats_t *st, llm_stats_counter_e counter)
{
    int64_t  n;

    if ((unsigned) counter >= LLM_STATS_COUNTER_N
        || llm_stats_lock(st) != LLM_OK)
    {
        return 0;
    }

    n = st->counters[counter];

    llm_stats_unlock(st);

    return n;
}
