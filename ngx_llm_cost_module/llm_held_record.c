
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_held.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>


/* A record of work by itself, as it is written down. */


#define LLM_HELD_HEAD       offsetof(llm_held_t, budgets)
#define LLM_HELD_BUDGETS_1  384


/* a budget in a record; name and key follow */

typedef struct {
    int64_t           start;
    int64_t           end;
    int64_t           limit;
    uint8_t           name;
    uint8_t           key;
    uint8_t           unit;
    uint8_t           period;
    uint8_t           observe;
    uint8_t           nalerts;
    uint8_t           alerts[LLM_ALERTS_MAX];
} llm_held_budget_t;


_Static_assert(sizeof(llm_held_budget_t) == LLM_HELD_BUDGET, "room for all");


static int llm_held_check(const llm_held_t *held);


size_t
llm_held_size(const llm_held_t *held)
{
    return LLM_HELD_HEAD + held->budgets_len;
}


size_t
llm_held_read(llm_held_t *held, const void *bytes, size_t len)
{
    size_t                size;
    const unsigned char  *p;

    if (len < LLM_HELD_HEAD) {
        return 0;
    }

    p = bytes;
    memcpy(held, p, LLM_HELD_HEAD);

    size = held->version == LLM_HELD_VERSION ? llm_held_size(held)
           : held->version == 1 ? LLM_HELD_HEAD + LLM_HELD_BUDGETS_1 : 0;

    if (size > len || size < llm_held_size(held) || !llm_held_check(held)) {
        return 0;
    }

    memcpy(held->budgets, p + LLM_HELD_HEAD, held->budgets_len);
    held->version = LLM_HELD_VERSION;

    return size;
}


static int
llm_held_check(const llm_held_t *held)
{
    return held->what >= LLM_HELD_FILE && held->what <= LLM_HELD_UNNAMED
           && held->model_len <= LLM_HELD_MODEL
           && held->path_len <= LLM_HELD_PATH
           && held->budgets_len <= LLM_HELD_BUDGETS
           && held->most[LLM_UNIT_USD] >= 0
           && held->most[LLM_UNIT_TOKENS] >= 0;
}


void
llm_held_pack(llm_held_t *held, const llm_budget_t *budgets, unsigned n)
{
    size_t              len;
    unsigned            i;
    unsigned char      *p;
    llm_held_budget_t   b;

    held->nbudgets = 0;
    held->budgets_len = 0;

    for (i = 0; i < n && i < LLM_BUDGETS_MAX; i++) {

        len = sizeof(llm_held_budget_t) + budgets[i].name.len
              + budgets[i].key.len;

        if (budgets[i].name.len > LLM_NAME_MAX
            || budgets[i].key.len > LLM_KEY_MAX
            || held->budgets_len + len > LLM_HELD_BUDGETS)
        {
            return;
        }

        memset(&b, 0, sizeof(llm_held_budget_t));

        b.start = budgets[i].start;
        b.end = budgets[i].end;
        b.limit = budgets[i].limit;
        b.name = (uint8_t) budgets[i].name.len;
        b.key = (uint8_t) budgets[i].key.len;
        b.unit = (uint8_t) budgets[i].unit;
        b.period = (uint8_t) budgets[i].period;
        b.observe = budgets[i].observe;
        b.nalerts = (uint8_t) budgets[i].nalerts;
        memcpy(b.alerts, budgets[i].alerts, LLM_ALERTS_MAX);

        p = held->budgets + held->budgets_len;

        memcpy(p, &b, sizeof(llm_held_budget_t));
        p += sizeof(llm_held_budget_t);

        memcpy(p, budgets[i].name.data, b.name);

        if (b.key) {
            memcpy(p + b.name, budgets[i].key.data, b.key);
        }

        held->budgets_len += (uint16_t) len;
        held->nbudgets++;
    }
}


unsigned
llm_held_unpack(const llm_held_t *held,
    llm_budget_t budgets[LLM_BUDGETS_MAX])
{
    size_t                 at;
    unsigned               n;
    llm_budget_t          *to;
    llm_held_budget_t      b;
    const unsigned char   *p;

    at = 0;

    for (n = 0; n < held->nbudgets && n < LLM_BUDGETS_MAX; n++) {

        if (at + sizeof(llm_held_budget_t) > held->budgets_len) {
            break;
        }

        p = held->budgets + at;
        memcpy(&b, p, sizeof(llm_held_budget_t));
        p += sizeof(llm_held_budget_t);

        at += sizeof(llm_held_budget_t) + b.name + b.key;

        if (at > held->budgets_len || b.name > LLM_NAME_MAX
            || b.key > LLM_KEY_MAX || b.unit >= LLM_UNIT_N
            || b.nalerts > LLM_ALERTS_MAX)
        {
            break;
        }

        to = &budgets[n];
        memset(to, 0, sizeof(llm_budget_t));

        to->name.data = (unsigned char *) p;
        to->name.len = b.name;
        to->key.data = (unsigned char *) p + b.name;
        to->key.len = b.key;
        to->unit = b.unit;
        to->period = b.period;
        to->start = b.start;
        to->end = b.end;
        to->limit = b.limit;
        to->observe = b.observe;
        to->nalerts = b.nalerts;
        memcpy(to->alerts, b.alerts, LLM_ALERTS_MAX);
    }

    return n;
}


void
llm_held_set(unsigned char *to, uint8_t *len, size_t size,
    const llm_str_t *s)
{
    *len = 0;

    if (s->len && s->len <= size) {
        memcpy(to, s->data, s->len);
        *len = (uint8_t) s->len;
    }
}


size_t
llm_held_text(const llm_held_t *held, unsigned char *to)
{
    unsigned  i;
    char      text[LLM_HELD_TEXT + 1];

    for (i = 0; i < LLM_HELD_NAME; i++) {
        (void) snprintf(text + 2 * i, 3, "%02x", held->work[i]);
    }

    i = 2 * LLM_HELD_NAME;
    i += (unsigned) snprintf(text + i, sizeof(text) - i,
                             ":%" PRId64 ":%" PRIu64, held->made,
                             held->id.seq);

    memcpy(to, text, i);

    return i;
}


int
llm_held_lapses(const llm_held_t *held, int64_t then)
{
    return held->what == LLM_HELD_WORK && held->id.seq != 0
           && !held->done && !held->lapsed
           && held->until - LLM_HELD_LATE <= then && held->until > then
           && memcmp(held->name, held->work, LLM_HELD_NAME) == 0;
}
