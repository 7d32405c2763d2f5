
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Space-Saving: who spends most, of names without end, in a fixed number of
 * places.  What a place is said to have is what its name spent since it is
 * there and, at most, what it may have spent before: as much as whoever left
 * last.  That bound never falls, so that whoever spends more than the total
 * divided by the places has one.
 *
 * As in llm_stats_calls.c, what one request adds is added without the redo
 * record; only a name that leaves does so with it.
 */

#include <string.h>

#include "llm_stats_region.h"


static uint8_t llm_top_group(llm_stats_ranks_t *ranks, const llm_str_t *tag);
static llm_stats_place_t *llm_top_place(llm_stats_t *st, unsigned tags,
    uint8_t group, const llm_str_t *name);
static llm_stats_place_t *llm_top_free(llm_stats_t *st, unsigned tags);
static void llm_top_leave(llm_stats_t *st, llm_stats_ranks_t *ranks,
    llm_stats_place_t *p);
static void llm_top_row(llm_stats_top_t *top, const llm_stats_group_t *g,
    const llm_stats_amounts_t *amounts);


void
llm_stats_top_add(llm_stats_t *st, llm_stats_dim_e dim, const llm_str_t *tag,
    const llm_str_t *name, const llm_stats_totals_t *t)
{
    uint8_t               group;
    unsigned              tags;
    llm_stats_ranks_t    *ranks;
    llm_stats_place_t    *p;
    llm_stats_amounts_t  *to;

    tags = dim == LLM_STATS_TAG;
    ranks = &st->ranks[tags];
    group = tags ? llm_top_group(ranks, tag) : 0;

    /* a name that is "other" cannot be told from the rest where it is shown */

    p = NULL;

    if (name->len != 0 && group < LLM_STATS_GROUPS - 1
        && !(name->len == 5 && memcmp(name->data, "other", 5) == 0))
    {
        p = llm_top_place(st, tags, group, name);
    }

    to = p ? &p->own : &ranks->groups[group].rest;

    to->count += t->count;
    to->input += t->input;
    to->output += t->output;
    to->cost += t->cost;
}


/*
 * Names of tags come from the configuration, but from any of its places: for
 * what are too many, and for "other", there is the last group.
 */

static uint8_t
llm_top_group(llm_stats_ranks_t *ranks, const llm_str_t *tag)
{
    size_t              len;
    uint32_t            i;
    llm_stats_group_t  *g;
    unsigned char       text[LLM_STATS_LABEL];

    len = llm_stats_cut(text, tag);

    if (len == 0 || (len == 5 && memcmp(text, "other", 5) == 0)) {
        return LLM_STATS_GROUPS - 1;
    }

    for (i = 0; i < ranks->ngroups; i++) {
        g = &ranks->groups[i];

        if (g->len == len && memcmp(g->name, text, len) == 0) {
            return i;
        }
    }

    if (i == LLM_STATS_GROUPS - 1) {
        return i;
    }

    g = &ranks->groups[i];
    memcpy(g->name, text, len);
    g->len = len;
    __atomic_store_n(&ranks->ngroups, i + 1, __ATOMIC_RELEASE);

    return i;
}


static llm_stats_place_t *
llm_top_place(llm_stats_t *st, unsigned tags, uint8_t group,
    const llm_str_t *name)
{
    size_t              len;
    uint8_t            *hint;
    uint32_t            i;
    uint64_t            hash, words[LLM_STATS_LABEL / 8 + 1];
    llm_stats_place_t  *p, *places;

    memset(words, 0, sizeof(words));
    len = llm_stats_cut((unsigned char *) &words[1], name);
    words[0] = 2 | group << 8 | len << 16;

    hash = llm_shm_hash(st->seed, words, 1 + (len + 7) / 8);
    hash |= hash == 0;

    places = llm_stats_places(st, tags);
    hint = &st->ranks[tags].hints[hash % LLM_STATS_HINTS];

    if (*hint < st->ranks[tags].used && places[*hint].hash == hash) {
        return &places[*hint];
    }

    for (i = 0; i < st->ranks[tags].used; i++) {
        if (places[i].hash == hash) {
            *hint = i;
            return &places[i];
        }
    }

    p = llm_top_free(st, tags);

    /* out of reach until its hash is there */

    memcpy(p->name, &words[1], LLM_STATS_LABEL);
    p->name_len = len;
    p->group = group;
    memset(&p->own, 0, sizeof(llm_stats_amounts_t));
    p->had_count = st->ranks[tags].least_count;
    p->had_cost = st->ranks[tags].least_cost;
    __atomic_store_n(&p->hash, hash, __ATOMIC_RELEASE);

    *hint = p - places;

    return p;
}


/* a place that is free, or is made so; one whose worker died is as good */

static llm_stats_place_t *
llm_top_free(llm_stats_t *st, unsigned tags)
{
    int64_t             cost, count, least_cost, least_count;
    uint32_t            i;
    llm_stats_place_t  *p, *least;
    llm_stats_ranks_t  *ranks;

    ranks = &st->ranks[tags];
    p = llm_stats_places(st, tags);

    if (ranks->used < st->top_max) {
        p = &p[ranks->used];
        p->hash = 0;
        __atomic_store_n(&ranks->used, ranks->used + 1, __ATOMIC_RELEASE);

        return p;
    }

    least = NULL;
    least_cost = 0;
    least_count = 0;

    for (i = 0; i < ranks->used; i++, p++) {

        if (p->hash == 0) {
            return p;
        }

        cost = p->own.cost + p->had_cost;
        count = p->own.count + p->had_count;

        if (least == NULL || cost < least_cost
            || (cost == least_cost && count < least_count))
        {
            least = p;
            least_cost = cost;
            least_count = count;
        }
    }

    llm_top_leave(st, ranks, least);

    return least;
}


/*
 * What the name had goes into "other", in one step with its leaving.  Called
 * while the redo record is empty.
 */

static void
llm_top_leave(llm_stats_t *st, llm_stats_ranks_t *ranks, llm_stats_place_t *p)
{
    int64_t               cost, count;
    uint64_t              zero;
    llm_stats_amounts_t  *rest;

    zero = 0;
    rest = &ranks->groups[p->group].rest;
    cost = p->own.cost + p->had_cost;
    count = p->own.count + p->had_count;

    llm_redo_add(&st->redo, &rest->count, p->own.count);
    llm_redo_add(&st->redo, &rest->input, p->own.input);
    llm_redo_add(&st->redo, &rest->output, p->own.output);
    llm_redo_add(&st->redo, &rest->cost, p->own.cost);
    llm_redo_set64(&st->redo, &ranks->least_cost, &cost);
    llm_redo_set64(&st->redo, &ranks->least_count, &count);
    llm_redo_set64(&st->redo, &p->hash, &zero);
    (void) llm_redo_commit(&st->redo);
}


/* the places, then what is in none of them */

int
llm_stats_next_top(llm_stats_t *st, llm_stats_dim_e dim, uint32_t *cursor,
    llm_stats_top_t *top)
{
    int                 rc;
    uint32_t            i;
    unsigned            tags;
    llm_stats_place_t  *p;
    llm_stats_ranks_t  *ranks;

    tags = dim == LLM_STATS_TAG;
    ranks = &st->ranks[tags];

    if (llm_stats_lock(st) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;

    while (rc == LLM_DECLINED && *cursor < st->top_max + LLM_STATS_GROUPS) {
        i = *cursor;
        *cursor += 1;

        if (i < st->top_max) {
            p = &llm_stats_places(st, tags)[i];

            if (i < ranks->used && p->hash != 0 && p->own.count != 0) {
                llm_top_row(top, &ranks->groups[p->group], &p->own);
                memcpy(top->name, p->name, LLM_STATS_LABEL);
                top->name_len = p->name_len;
                rc = LLM_OK;
            }

        } else if (ranks->groups[i - st->top_max].rest.count != 0) {
            llm_top_row(top, &ranks->groups[i - st->top_max],
                        &ranks->groups[i - st->top_max].rest);
            memcpy(top->name, "other", 5);
            top->name_len = 5;
            top->other = 1;

            if (tags && top->tag_len == 0) {
                memcpy(top->tag, "other", 5);
                top->tag_len = 5;
            }

            rc = LLM_OK;
        }
    }

    llm_stats_unlock(st);

    return rc;
}


static void
llm_top_row(llm_stats_top_t *top, const llm_stats_group_t *g,
    const llm_stats_amounts_t *amounts)
{
    memset(top, 0, sizeof(llm_stats_top_t));
    memcpy(top->tag, g->name, g->len);
    top->tag_len = g->len;
    top->count = amounts->count;
    top->input = amounts->input;
    top->output = amounts->output;
    top->cost = amounts->cost;
}


int64_t
llm_stats_missed(llm_stats_t *st, llm_stats_dim_e dim)
{
    int64_t  cost;

    if (llm_stats_lock(st) != LLM_OK) {
        return 0;
    }

    cost = st->ranks[dim == LLM_STATS_TAG].least_cost;

    llm_stats_unlock(st);

    return cost;
}
