
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_table.h"

#include <string.h>


/*
 * The table of prices.  It grows while the configuration is read and is const
 * from then on; what it outgrows stays in the caller's pool, at most as much
 * again.  Row addresses never change, so a row found may be kept.
 */

#define LLM_PRICES_SIZE      256         /* slots to begin with */


llm_prices_t *
llm_prices_create(llm_mem_t *mem)
{
    llm_prices_t  *t;

    t = llm_alloc(mem, sizeof(llm_prices_t));
    if (t == NULL) {
        return NULL;
    }

    memset(t, 0, sizeof(llm_prices_t));

    t->mem = *mem;
    t->regex_last = &t->regex;
    t->size = LLM_PRICES_SIZE;

    t->slots = llm_alloc(mem, t->size * sizeof(llm_price_row_t *));
    if (t->slots == NULL) {
        return NULL;
    }

    memset(t->slots, 0, t->size * sizeof(llm_price_row_t *));

    return t;
}


void
llm_prices_destroy(llm_prices_t *t)
{
    llm_price_regex_t  *re;

    for (re = t->regex; re; re = re->next) {
        pcre2_code_free(re->code);
    }

    t->regex = NULL;
    t->regex_last = &t->regex;

    pcre2_match_data_free(t->match);
    pcre2_match_context_free(t->limits);

    t->match = NULL;
    t->limits = NULL;
}


int
llm_prices_text(llm_prices_t *t, llm_str_t *to, const llm_str_t *from)
{
    unsigned char  *p;

    p = llm_alloc(&t->mem, from->len + 1);
    if (p == NULL) {
        return LLM_ERROR;
    }

    if (from->len) {
        memcpy(p, from->data, from->len);
    }

    p[from->len] = '\0';

    to->data = p;
    to->len = from->len;

    return LLM_OK;
}


/* FNV-1a: the keys are the configuration's, nobody can make them collide */

static size_t
llm_prices_hash(const llm_str_t *name)
{
    size_t    i;
    uint64_t  h;

    h = 0xcbf29ce484222325ULL;

    for (i = 0; i < name->len; i++) {
        h = (h ^ name->data[i]) * 0x100000001b3ULL;
    }

    return (size_t) (h ^ h >> 32);
}


static llm_price_row_t **
llm_prices_slot(llm_price_row_t **slots, size_t size, const llm_str_t *name)
{
    size_t            i;
    const llm_str_t  *model;

    for (i = llm_prices_hash(name); /* void */ ; i++) {
        i &= size - 1;

        if (slots[i] == NULL) {
            return &slots[i];
        }

        model = &slots[i]->price.model;

        if (model->len == name->len
            && memcmp(model->data, name->data, name->len) == 0)
        {
            return &slots[i];
        }
    }
}


llm_price_row_t *
llm_prices_get(const llm_prices_t *t, const llm_str_t *name)
{
    return *llm_prices_slot(t->slots, t->size, name);
}


static int
llm_prices_grow(llm_prices_t *t)
{
    size_t             i, size;
    llm_price_row_t  **slots;

    size = t->size * 2;

    slots = llm_alloc(&t->mem, size * sizeof(llm_price_row_t *));
    if (slots == NULL) {
        return LLM_ERROR;
    }

    memset(slots, 0, size * sizeof(llm_price_row_t *));

    for (i = 0; i < t->size; i++) {
        if (t->slots[i]) {
            *llm_prices_slot(slots, size, &t->slots[i]->price.model)
                = t->slots[i];
        }
    }

    t->slots = slots;
    t->size = size;

    return LLM_OK;
}


int
llm_prices_put(llm_prices_t *t, const llm_price_t *p, unsigned map)
{
    llm_price_row_t  *row, **slot;

    slot = llm_prices_slot(t->slots, t->size, &p->model);
    row = *slot;

    if (row) {
        if (row->map == 0 || row->map == map) {
            return LLM_DECLINED;
        }

    } else {
        row = llm_alloc(&t->mem, sizeof(llm_price_row_t));
        if (row == NULL) {
            return LLM_ERROR;
        }

        *slot = row;
        t->n++;
    }

    row->price = *p;
    row->map = map;
    row->alias = 0;

    if (t->n * 2 > t->size) {
        return llm_prices_grow(t);
    }

    return LLM_OK;
}
