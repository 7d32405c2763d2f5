
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The ledger's counters: a chained hash over fixed slots, and the budgets'
 * names, which are few, in a table of their own.
 *
 * A counter is found by name, key, unit, period and start of its window.
 */

#include <string.h>

#include "llm_ledger_region.h"


/* start, a word of small fields, name, key: zero-padded */
#define LLM_SLOT_WORDS    (2 + (LLM_NAME_MAX + LLM_KEY_MAX) / 8)


static llm_slot_t *llm_slot_room(llm_ledger_t *l, int64_t now);
static int llm_slot_name(llm_ledger_t *l, const llm_str_t *text);
static int llm_slot_is(llm_ledger_t *l, const llm_slot_t *c,
    const llm_budget_t *b, uint32_t hash);
static void llm_slot_fill(llm_slot_t *c, const llm_budget_t *b,
    llm_slot_meta_t *meta);
static void llm_slot_remove(llm_ledger_t *l, llm_slot_t *c);


int
llm_budget_check(const llm_budget_t *b)
{
    unsigned  i;

    if (b->name.len == 0 || b->name.len > LLM_NAME_MAX
        || b->key.len > LLM_KEY_MAX
        || (unsigned) b->unit >= LLM_UNIT_N
        || (unsigned) b->period >= LLM_PERIOD_N
        || b->limit < 0 || b->nalerts > LLM_ALERTS_MAX
        || b->start < 0 || b->start >= LLM_SLOT_ENDLESS
        || b->start >= b->end)
    {
        return LLM_BAD;
    }

    for (i = 0; i < b->nalerts; i++) {
        if (b->alerts[i] == 0) {
            return LLM_BAD;
        }
    }

    return LLM_OK;
}


int64_t
llm_slot_end(const llm_slot_t *c)
{
    return c->end == LLM_SLOT_ENDLESS ? INT64_MAX : c->end;
}


uint32_t
llm_slot_hash(llm_ledger_t *l, const llm_budget_t *b)
{
    unsigned char  *p;
    uint64_t        words[LLM_SLOT_WORDS];

    memset(words, 0, sizeof(words));

    words[0] = (uint64_t) b->start;
    words[1] = b->unit | b->period << 8 | b->name.len << 16
               | (uint64_t) b->key.len << 32;

    p = (unsigned char *) &words[2];

    memcpy(p, b->name.data, b->name.len);

    if (b->key.len) {
        memcpy(p + b->name.len, b->key.data, b->key.len);
    }

    return (uint32_t) llm_shm_hash(l->seed, words,
                              2 + (b->name.len + b->key.len + 7) / 8);
}


llm_slot_t *
llm_slot_find(llm_ledger_t *l, const llm_budget_t *b, uint32_t hash)
{
    uint32_t     i;
    llm_slot_t  *c;

    for (i = *llm_ledger_bucket(l, hash);
         i != 0 && i <= l->counters_max;
         i = c->next)
    {
        c = llm_ledger_slot(l, i);

        if (llm_slot_is(l, c, b, hash)) {
            return c;
        }
    }

    return NULL;
}


static int
llm_slot_is(llm_ledger_t *l, const llm_slot_t *c, const llm_budget_t *b,
    uint32_t hash)
{
    llm_ledger_name_t  *name;

    if (c->hash != hash || c->start != b->start || c->meta.unit != b->unit
        || c->meta.period != b->period || c->key_len != b->key.len
        || c->name >= LLM_LEDGER_NAMES)
    {
        return 0;
    }

    name = &l->names[c->name];

    return name->len == b->name.len
           && memcmp(name->text, b->name.data, b->name.len) == 0
           && (b->key.len == 0
               || memcmp(c->key, b->key.data, b->key.len) == 0);
}


llm_slot_t *
llm_slot_make(llm_ledger_t *l, const llm_budget_t *b, uint32_t hash,
    int64_t now)
{
    int              name;
    uint32_t         i, *bucket;
    llm_slot_t      *c;
    llm_slot_meta_t  meta;

    c = llm_slot_room(l, now);
    name = llm_slot_name(l, &b->name);

    if (c == NULL || name == LLM_DECLINED) {
        return NULL;
    }

    /* nobody reaches this slot before the commit below */

    llm_slot_fill(c, b, &meta);

    c->hash = hash;
    c->name = name;

    i = llm_ledger_slot_index(l, c);
    *llm_ledger_own(l, i) = 0;

    llm_ledger_touch(l, c, sizeof(llm_slot_t));
    llm_ledger_touch(l, llm_ledger_own(l, i), sizeof(int64_t));

    bucket = llm_ledger_bucket(l, hash);

    if (i == l->counters_free) {
        llm_redo_set32(&l->redo, &l->counters_free, c->next);

    } else {
        llm_redo_set32(&l->redo, &l->counters_top, l->counters_top + 1);
    }

    llm_redo_set64(&l->redo, &c->meta, &meta);
    llm_redo_set32(&l->redo, &c->next, *bucket);
    llm_redo_set32(&l->redo, bucket, i);
    llm_redo_set32(&l->redo, &l->counters_used, l->counters_used + 1);
    llm_redo_set32(&l->redo, &l->names[name].refs, l->names[name].refs + 1);

    if ((uint32_t) name == l->names_top) {
        llm_redo_set32(&l->redo, &l->names_top, l->names_top + 1);
    }

    return llm_redo_commit(&l->redo) == LLM_OK ? c : NULL;
}


/* what makes it used is left to the caller's commit: the new meta */

static void
llm_slot_fill(llm_slot_t *c, const llm_budget_t *b, llm_slot_meta_t *meta)
{
    c->spent = 0;
    c->reserved = 0;
    c->limit = b->limit;
    c->alone = 0;
    c->start = b->start;
    c->end = b->end < LLM_SLOT_ENDLESS ? b->end : LLM_SLOT_ENDLESS;
    c->holds = 0;
    c->key_len = b->key.len;

    memset(c->key, 0, LLM_KEY_MAX);

    if (b->key.len) {
        memcpy(c->key, b->key.data, b->key.len);
    }

    memset(meta, 0, sizeof(llm_slot_meta_t));

    if (b->nalerts) {
        memcpy(meta->alerts, b->alerts, b->nalerts);
    }

    meta->flags = LLM_SLOT_USED | (b->observe ? LLM_SLOT_OBSERVE : 0);
    meta->period = b->period;
    meta->unit = b->unit;
}


static llm_slot_t *
llm_slot_room(llm_ledger_t *l, int64_t now)
{
    if (l->counters_free == 0 && l->counters_top >= l->counters_max) {

        /* rather forget what is over than refuse who is here */

        llm_slot_reap(l, now, LLM_LEDGER_PRESS);
    }

    if (l->counters_free != 0 && l->counters_free <= l->counters_max) {
        return llm_ledger_slot(l, l->counters_free);
    }

    if (l->counters_top < l->counters_max) {
        return llm_ledger_slot(l, l->counters_top + 1);
    }

    return NULL;
}


/* names come from the configuration: tens, so that a walk is cheap enough */

static int
llm_slot_name(llm_ledger_t *l, const llm_str_t *text)
{
    int                 i, free, top;
    llm_ledger_name_t  *name;

    top = l->names_top < LLM_LEDGER_NAMES ? l->names_top : LLM_LEDGER_NAMES;
    free = top < LLM_LEDGER_NAMES ? top : LLM_DECLINED;

    for (i = 0; i < top; i++) {
        name = &l->names[i];

        if (name->refs == 0) {
            free = i;

        } else if (name->len == text->len
                   && memcmp(name->text, text->data, text->len) == 0)
        {
            return i;
        }
    }

    if (free != LLM_DECLINED) {

        /* without a counter of that name, so out of reach */

        name = &l->names[free];
        name->refs = 0;
        name->len = text->len;
        memcpy(name->text, text->data, text->len);

        llm_ledger_touch(l, name, sizeof(llm_ledger_name_t));
    }

    return free;
}


void
llm_slot_touch(llm_ledger_t *l, llm_slot_t *c, const llm_budget_t *b,
    llm_slot_meta_t *meta)
{
    uint8_t   fired;
    unsigned  i, k;

    if (!(c->meta.flags & LLM_SLOT_PATCHED) && c->limit != b->limit) {
        llm_redo_set64(&l->redo, &c->limit, &b->limit);
    }

    *meta = c->meta;
    meta->flags &= ~LLM_SLOT_OBSERVE;

    if (b->observe) {
        meta->flags |= LLM_SLOT_OBSERVE;
    }

    /* thresholds may have been configured anew: what was raised stays so */

    memset(meta->alerts, 0, LLM_ALERTS_MAX);
    fired = 0;

    for (i = 0; i < b->nalerts; i++) {
        meta->alerts[i] = b->alerts[i];

        for (k = 0; k < LLM_ALERTS_MAX; k++) {
            if (c->meta.alerts[k] == b->alerts[i]
                && (c->meta.fired & (1 << k)))
            {
                fired |= 1 << i;
            }
        }
    }

    meta->fired = fired;
}


void
llm_slot_set_meta(llm_ledger_t *l, llm_slot_t *c,
    const llm_slot_meta_t *meta)
{
    if (memcmp(&c->meta, meta, sizeof(llm_slot_meta_t)) != 0) {
        llm_redo_set64(&l->redo, &c->meta, meta);
    }
}


uint8_t
llm_slot_cross(llm_slot_meta_t *meta, int64_t spent, int64_t limit)
{
    uint8_t   crossed;
    unsigned  i;

    if (spent == 0 || limit == LLM_NO_LIMIT) {
        return 0;
    }

    crossed = 0;

    for (i = 0; i < LLM_ALERTS_MAX && meta->alerts[i] != 0; i++) {
        if (!(meta->fired & (1 << i))
            && (llm_int128_t) spent * 100
               >= (llm_int128_t) limit * meta->alerts[i])
        {
            crossed |= 1 << i;
        }
    }

    meta->fired |= crossed;

    return crossed;
}


void
llm_slot_reap(llm_ledger_t *l, int64_t ended, unsigned n)
{
    llm_slot_t  *c;

    if (n > l->counters_top) {
        n = l->counters_top;
    }

    while (n--) {
        l->hand = l->hand < l->counters_top ? l->hand + 1 : 1;

        c = llm_ledger_slot(l, l->hand);

        if ((c->meta.flags & LLM_SLOT_USED)
            && llm_slot_end(c) <= ended && c->holds == 0)
        {
            llm_slot_remove(l, c);
        }
    }
}


static void
llm_slot_remove(llm_ledger_t *l, llm_slot_t *c)
{
    uint32_t            i, *link;
    llm_slot_meta_t     meta;
    llm_ledger_name_t  *name;

    i = llm_ledger_slot_index(l, c);
    link = llm_ledger_bucket(l, c->hash);

    while (*link != i) {
        if (*link == 0 || *link > l->counters_max) {
            return;
        }

        link = &llm_ledger_slot(l, *link)->next;
    }

    name = &l->names[c->name % LLM_LEDGER_NAMES];
    memset(&meta, 0, sizeof(llm_slot_meta_t));

    llm_redo_set32(&l->redo, link, c->next);
    llm_redo_set32(&l->redo, &c->next, l->counters_free);
    llm_redo_set32(&l->redo, &l->counters_free, i);
    llm_redo_set32(&l->redo, &l->counters_used, l->counters_used - 1);
    llm_redo_set32(&l->redo, &name->refs, name->refs - 1);
    llm_redo_set64(&l->redo, &c->meta, &meta);

    (void) llm_redo_commit(&l->redo);
}
