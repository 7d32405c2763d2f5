
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_carry.h"

#include <string.h>


#define LLM_CARRY_MIN        512


int
llm_carry_add(llm_carry_t *c, llm_mem_t *mem, const unsigned char *p,
    size_t len)
{
    size_t          size;
    unsigned char  *data;

    if (len == 0) {
        return LLM_OK;
    }

    if (len > c->size - c->len) {

        size = c->size ? c->size * 2 : LLM_CARRY_MIN;

        while (size < c->len + len) {
            size *= 2;
        }

        data = llm_alloc(mem, size);
        if (data == NULL) {
            return LLM_ERROR;
        }

        if (c->len) {
            memcpy(data, c->data, c->len);
        }

        c->data = data;
        c->size = size;
    }

    memcpy(c->data + c->len, p, len);
    c->len += len;

    return LLM_OK;
}
