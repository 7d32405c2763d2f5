
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_cache_region.h"

#include <string.h>


/* Who stays and who gives room: the queues of the cache. */


#define LLM_CACHE_SPARE       32      /* of the room, for few pieces */


static uint32_t llm_cache_last(llm_cache_t *c, llm_cache_queue_e queue);
static void llm_cache_evict(llm_cache_t *c);


/* three quarters at most are kept: what is new always has room for a trial */

void
llm_cache_touch(llm_cache_t *c, uint32_t i)
{
    uint32_t  last;

    llm_cache_unlink(c, i);
    llm_cache_push(c, i, LLM_CACHE_KEPT);

    while (c->queued[LLM_CACHE_KEPT] > c->units / 4 * 3) {
        last = llm_cache_last(c, LLM_CACHE_KEPT);

        if (last == i) {
            break;
        }

        llm_cache_unlink(c, last);
        llm_cache_push(c, last, LLM_CACHE_TRIAL);
    }
}


void
llm_cache_push(llm_cache_t *c, uint32_t i, llm_cache_queue_e queue)
{
    llm_cache_node_t   *node;
    llm_cache_queue_t  *q;

    node = llm_cache_node(c, i);
    q = &c->queues[node->owner][queue];

    node->queue = (uint8_t) queue;
    node->prev = 0;
    node->next = q->first;

    if (q->first) {
        llm_cache_node(c, q->first)->prev = i;

    } else {
        q->last = i;
    }

    q->first = i;
    q->units += node->units;
    c->queued[queue] += node->units;
}


void
llm_cache_unlink(llm_cache_t *c, uint32_t i)
{
    llm_cache_node_t   *node;
    llm_cache_queue_t  *q;

    node = llm_cache_node(c, i);
    q = &c->queues[node->owner][node->queue];

    if (node->prev) {
        llm_cache_node(c, node->prev)->next = node->next;

    } else {
        q->first = node->next;
    }

    if (node->next) {
        llm_cache_node(c, node->next)->prev = node->prev;

    } else {
        q->last = node->prev;
    }

    q->units -= node->units;
    c->queued[node->queue] -= node->units;
}


/* of the payer that has most in the queue, the one that it used longest ago */

static uint32_t
llm_cache_last(llm_cache_t *c, llm_cache_queue_e queue)
{
    unsigned  i, most;

    most = 0;

    for (i = 1; i < LLM_CACHE_OWNERS; i++) {
        if (c->queues[i][queue].units > c->queues[most][queue].units) {
            most = i;
        }
    }

    return c->queues[most][queue].last;
}


static void
llm_cache_evict(llm_cache_t *c)
{
    uint32_t           i;
    uint64_t           hash;
    llm_cache_node_t  *node;

    i = llm_cache_last(c, c->queued[LLM_CACHE_TRIAL] ? LLM_CACHE_TRIAL
                                                     : LLM_CACHE_KEPT);
    node = llm_cache_node(c, i);

    hash = llm_cache_hash(c, node->key);
    llm_cache_mark(c)[hash % c->marks] = (uint32_t) (hash >> 32) | 1;

    c->models[node->slot].evictions++;

    llm_cache_drop(c, i);
}


uint32_t
llm_cache_room(llm_cache_t *c, size_t size)
{
    size_t             left;
    uint32_t           i, want, min, first, *link;

    first = 0;
    link = &first;
    left = sizeof(llm_cache_node_t) + size;
    min = llm_cache_room_for(0);

    want = llm_cache_room_for(size) + c->units / LLM_CACHE_SPARE;

    while (c->free < want) {
        llm_cache_evict(c);
    }

    for ( ;; ) {
        want = (uint32_t) ((left + sizeof(llm_cache_run_t)
                            + LLM_CACHE_UNIT - 1)
                           / LLM_CACHE_UNIT);

        i = llm_cache_room_take(c, want, min);

        if (i == 0) {
            llm_cache_evict(c);
            continue;
        }

        *link = i;

        if (llm_cache_run(c, i)->units == want) {
            return first;
        }

        left -= (size_t) llm_cache_run(c, i)->units * LLM_CACHE_UNIT
                - sizeof(llm_cache_run_t);
        link = &llm_cache_run(c, i)->next;
        min = 1;
    }
}


unsigned
llm_cache_marked(llm_cache_t *c, uint64_t hash)
{
    uint32_t  *mark;

    mark = &llm_cache_mark(c)[hash % c->marks];

    if (*mark != ((uint32_t) (hash >> 32) | 1)) {
        return 0;
    }

    *mark = 0;

    return 1;
}
