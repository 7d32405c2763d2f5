
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_tape.h"

#include <stdlib.h>
#include <string.h>


#define LLM_TAPE_MIN  4096            /* bytes of the first chunk */
#define LLM_TAPE_MAX  65536


struct llm_tape_chunk_s {
    llm_tape_chunk_t  *next;
    uint32_t           refs;          /* readers, the tape's ends, and the
                                         chunk in front */
    uint32_t           hidden;
    size_t             len;
    size_t             size;
    unsigned char      data[];
};


static llm_tape_chunk_t *
llm_tape_chunk(size_t size, unsigned hidden)
{
    llm_tape_chunk_t  *c;

    c = malloc(sizeof(llm_tape_chunk_t) + size);
    if (c == NULL) {
        return NULL;
    }

    c->next = NULL;
    c->refs = 2;
    c->hidden = hidden;
    c->len = 0;
    c->size = size;

    return c;
}


/* what a chunk held it holds no more when it goes */

static void
llm_tape_free(llm_tape_chunk_t *c)
{
    llm_tape_chunk_t  *next;

    while (c && --c->refs == 0) {
        next = c->next;
        free(c);
        c = next;
    }
}


int
llm_tape_init(llm_tape_t *t)
{
    t->head = llm_tape_chunk(LLM_TAPE_MIN, 0);
    t->tail = t->head;
    t->len = 0;

    return t->head ? LLM_OK : LLM_ERROR;
}


int
llm_tape_add(llm_tape_t *t, const void *p, size_t len, unsigned hidden)
{
    size_t                size, n;
    llm_tape_chunk_t     *c, *last;
    const unsigned char  *data;

    data = p;

    while (len) {
        c = t->tail;

        if (c->len == c->size || c->hidden != hidden) {

            size = c->size < LLM_TAPE_MAX ? 2 * c->size : LLM_TAPE_MAX;

            c = llm_tape_chunk(hidden && len < size ? len : size, hidden);
            if (c == NULL) {
                return LLM_ERROR;
            }

            last = t->tail;
            last->next = c;
            t->tail = c;

            llm_tape_free(last);
        }

        n = c->size - c->len < len ? c->size - c->len : len;

        memcpy(c->data + c->len, data, n);

        c->len += n;
        t->len += n;
        data += n;
        len -= n;
    }

    return LLM_OK;
}


void
llm_tape_forget(llm_tape_t *t)
{
    llm_tape_free(t->head);
    t->head = NULL;
}


void
llm_tape_end(llm_tape_t *t)
{
    llm_tape_forget(t);
    llm_tape_free(t->tail);
    t->tail = NULL;
}


size_t
llm_tape_copy(const llm_tape_t *t, unsigned hidden, unsigned char *dst)
{
    size_t                   n;
    const llm_tape_chunk_t  *c;

    n = 0;

    for (c = t->head; c; c = c->next) {
        if (hidden || !c->hidden) {
            memcpy(dst + n, c->data, c->len);
            n += c->len;
        }
    }

    return n;
}


void
llm_tape_open(const llm_tape_t *t, llm_tape_reader_t *r)
{
    memset(r, 0, sizeof(llm_tape_reader_t));

    r->held = t->head;
    r->held->refs++;
    r->chunk = r->held;
}


int
llm_tape_next(llm_tape_reader_t *r, unsigned hidden, llm_str_t *piece)
{
    size_t             n;
    llm_tape_chunk_t  *c;

    for ( ;; ) {
        c = r->chunk;

        n = c->len - r->pos;

        if (n) {
            piece->data = c->data + r->pos;
            piece->len = n;

            r->pos = c->len;
            r->at += n;

            if (hidden || !c->hidden) {
                return 1;
            }
        }

        if (c->next == NULL) {
            return 0;
        }

        r->chunk = c->next;
        r->pos = 0;
    }
}


void
llm_tape_done(llm_tape_reader_t *r)
{
    r->done = r->at;

    if (r->held != r->chunk) {
        r->chunk->refs++;
        llm_tape_free(r->held);
        r->held = r->chunk;
    }
}


void
llm_tape_close(llm_tape_reader_t *r)
{
    llm_tape_free(r->held);
    r->held = NULL;
}
