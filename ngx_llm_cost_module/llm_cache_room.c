
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_cache_region.h"

#include <string.h>


/* the room of the cache: runs of units, what is copied into chains, its sum */


#define LLM_CACHE_LOOKS  64           /* runs that are looked at */


static uint32_t llm_cache_next_free(llm_cache_t *c, uint32_t unit);
static uint32_t llm_cache_run_length(llm_cache_t *c, uint32_t unit,
    uint32_t max);
static void llm_cache_mark_units(llm_cache_t *c, uint32_t unit, uint32_t n,
    unsigned is_free);
static inline void llm_cache_sum_words(uint64_t h[4], const uint64_t w[4]);
static inline uint64_t llm_cache_mix(uint64_t h);


uint32_t
llm_cache_room_for(size_t size)
{
    size += sizeof(llm_cache_run_t) + sizeof(llm_cache_node_t);

    return (uint32_t) ((size + LLM_CACHE_UNIT - 1) / LLM_CACHE_UNIT);
}


void
llm_cache_room_reset(llm_cache_t *c)
{
    memset(llm_cache_map(c), 0, c->words * sizeof(uint64_t));
    memset(llm_cache_summary(c), 0, (c->words + 63) / 64 * sizeof(uint64_t));

    c->cursor = 0;
    c->free = 0;

    llm_cache_mark_units(c, 0, c->units, 1);
}


uint32_t
llm_cache_room_take(llm_cache_t *c, uint32_t want, uint32_t min)
{
    uint32_t          unit, len, best, best_len, looks, begin;
    unsigned          around;
    llm_cache_run_t  *run;

    best = 0;
    best_len = 0;
    around = 0;
    begin = c->cursor;
    unit = begin;

    for (looks = 0; looks < LLM_CACHE_LOOKS || best_len < min; /* void */) {

        unit = llm_cache_next_free(c, unit);

        if (unit >= c->units) {

            if (around++) {
                break;
            }

            unit = 0;
            continue;
        }

        if (around && unit >= begin) {
            break;
        }

        len = llm_cache_run_length(c, unit, want);

        if (len > best_len) {
            best = unit;
            best_len = len;
        }

        if (len == want) {
            break;
        }

        unit += len;
        looks++;
    }

    if (best_len < min) {
        return 0;
    }

    llm_cache_mark_units(c, best, best_len, 0);
    c->cursor = best + best_len;

    run = llm_cache_run(c, best + 1);
    run->next = 0;
    run->units = best_len;

    return best + 1;
}


void
llm_cache_room_give(llm_cache_t *c, uint32_t i)
{
    uint32_t          next;
    llm_cache_run_t  *run;

    c->cursor = i - 1;

    while (i) {
        run = llm_cache_run(c, i);
        next = run->next;

        llm_cache_mark_units(c, i - 1, run->units, 1);

        i = next;
    }
}


/* the first free unit from there on, or the number of units */

static uint32_t
llm_cache_next_free(llm_cache_t *c, uint32_t unit)
{
    uint32_t   word, last;
    uint64_t   bits, *map, *summary;

    if (unit >= c->units) {
        return c->units;
    }

    map = llm_cache_map(c);
    summary = llm_cache_summary(c);

    word = unit / 64;
    bits = map[word] & (~0ULL << unit % 64);

    if (bits) {
        return word * 64 + (uint32_t) __builtin_ctzll(bits);
    }

    word++;
    last = (c->words + 63) / 64;

    if (word >= c->words) {
        return c->units;
    }

    unit = word / 64;
    bits = summary[unit] & (~0ULL << word % 64);

    while (bits == 0) {

        if (++unit == last) {
            return c->units;
        }

        bits = summary[unit];
    }

    word = unit * 64 + (uint32_t) __builtin_ctzll(bits);

    return word * 64 + (uint32_t) __builtin_ctzll(map[word]);
}


static uint32_t
llm_cache_run_length(llm_cache_t *c, uint32_t unit, uint32_t max)
{
    uint32_t   len, n;
    uint64_t   used, *map;

    map = llm_cache_map(c);
    len = 0;

    while (len < max && unit < c->units) {
        used = ~map[unit / 64] >> unit % 64;
        n = used ? (uint32_t) __builtin_ctzll(used) : 64 - unit % 64;

        if (n == 0) {
            break;
        }

        len += n;
        unit += n;

        if (unit % 64) {
            break;
        }
    }

    return len < max ? len : max;
}


static void
llm_cache_mark_units(llm_cache_t *c, uint32_t unit, uint32_t n,
    unsigned is_free)
{
    uint32_t   word, k;
    uint64_t   bits, *map, *summary;

    map = llm_cache_map(c);
    summary = llm_cache_summary(c);

    if (is_free) {
        c->free += n;

    } else {
        c->free -= n;
    }

    while (n) {
        word = unit / 64;
        k = 64 - unit % 64;
        k = k < n ? k : n;

        bits = (k == 64 ? ~0ULL : (1ULL << k) - 1) << unit % 64;

        if (is_free) {
            map[word] |= bits;

        } else {
            map[word] &= ~bits;
        }

        if (map[word]) {
            summary[word / 64] |= 1ULL << word % 64;

        } else {
            summary[word / 64] &= ~(1ULL << word % 64);
        }

        unit += k;
        n -= k;
    }
}


void
llm_cache_copy_in(llm_cache_t *c, uint32_t i, const void *data, size_t size)
{
    size_t                n, off;
    llm_cache_run_t      *run;
    const unsigned char  *p;

    p = data;
    off = sizeof(llm_cache_run_t) + sizeof(llm_cache_node_t);

    while (size) {
        run = llm_cache_run(c, i);

        n = (size_t) run->units * LLM_CACHE_UNIT - off;
        n = n < size ? n : size;

        memcpy((unsigned char *) run + off, p, n);

        p += n;
        size -= n;
        off = sizeof(llm_cache_run_t);
        i = run->next;
    }
}


void
llm_cache_copy_out(llm_cache_t *c, uint32_t i, void *buf, size_t size)
{
    size_t            n, off;
    unsigned char    *p;
    llm_cache_run_t  *run;

    p = buf;
    off = sizeof(llm_cache_run_t) + sizeof(llm_cache_node_t);

    while (size) {
        run = llm_cache_run(c, i);

        n = (size_t) run->units * LLM_CACHE_UNIT - off;
        n = n < size ? n : size;

        memcpy(p, (unsigned char *) run + off, n);

        p += n;
        size -= n;
        off = sizeof(llm_cache_run_t);
        i = run->next;
    }
}


void
llm_cache_sum(const void *data, size_t size, uint32_t sum[2])
{
    size_t                i;
    uint64_t              h[4], w[4];
    const unsigned char  *p;

    p = data;

    for (i = 0; i < 4; i++) {
        h[i] = size + i;
    }

    for (i = size / sizeof(w); i; i--, p += sizeof(w)) {
        memcpy(w, p, sizeof(w));
        llm_cache_sum_words(h, w);
    }

    if (size % sizeof(w)) {
        memset(w, 0, sizeof(w));
        memcpy(w, p, size % sizeof(w));
        llm_cache_sum_words(h, w);
    }

    h[0] = llm_cache_mix(h[0] + llm_cache_mix(h[1]));
    h[0] = llm_cache_mix(h[0] + llm_cache_mix(h[2]));
    h[0] = llm_cache_mix(h[0] + llm_cache_mix(h[3]));

    sum[0] = (uint32_t) h[0];
    sum[1] = (uint32_t) (h[0] >> 32);
}


/* four words, which do not wait for each other */

static inline void
llm_cache_sum_words(uint64_t h[4], const uint64_t w[4])
{
    h[0] = llm_cache_mix(h[0] ^ w[0]);
    h[1] = llm_cache_mix(h[1] ^ w[1]);
    h[2] = llm_cache_mix(h[2] ^ w[2]);
    h[3] = llm_cache_mix(h[3] ^ w[3]);
}


/* for every word another one */

static inline uint64_t
llm_cache_mix(uint64_t h)
{
    h *= 0x9e3779b97f4a7c15;

    return h ^ h >> 32;
}
