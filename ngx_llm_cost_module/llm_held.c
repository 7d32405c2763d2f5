
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_held.h"
#include "llm_shm.h"

#include <string.h>


#define LLM_HELD_MAGIC  0x32646c6568ULL



/*
 * Places are searched one after another, by a tag each that lies apart from
 * the records.  A tag of 0 is a free place: it is set after the record, so
 * that a worker which dies in between leaves nothing that is half written.
 */

struct llm_held_table_s {
    uint64_t          magic;
    uint64_t          size;
    uint32_t          record;
    uint32_t          n;
    uint64_t          file_pos;
    pthread_mutex_t   mutex;
    uint64_t          tags[];
};


_Static_assert(sizeof(llm_held_t) % 16 == 0, "records lie side by side");


static llm_held_t *
llm_held_at(llm_held_table_t *t, uint32_t i)
{
    return (llm_held_t *) ((unsigned char *) t + t->size) - (i + 1);
}


llm_held_table_t *
llm_held_create(void *mem, size_t size)
{
    size_t             n;
    llm_held_table_t  *t;

    size &= ~(size_t) 15;

    if (size < sizeof(llm_held_table_t)) {
        return NULL;
    }

    n = (size - sizeof(llm_held_table_t))
        / (sizeof(llm_held_t) + sizeof(uint64_t));

    if (n == 0) {
        return NULL;
    }

    memset(mem, 0, size);

    t = mem;
    t->size = size;
    t->record = sizeof(llm_held_t);
    t->n = (uint32_t) n;

    if (llm_shm_mutex_init(&t->mutex) != LLM_OK) {
        return NULL;
    }

    t->magic = LLM_HELD_MAGIC;

    return t;
}


llm_held_table_t *
llm_held_attach(void *mem, size_t size)
{
    llm_held_table_t  *t;

    t = mem;

    return (t->magic == LLM_HELD_MAGIC && t->record == sizeof(llm_held_t)
            && t->size == (size & ~(size_t) 15)) ? t : NULL;
}


static int
llm_held_lock(llm_held_table_t *t)
{
    switch (llm_shm_lock(&t->mutex)) {

    case LLM_OK:
        return LLM_OK;

    case LLM_SHM_DIED:
        return llm_shm_repaired(&t->mutex);

    default:
        return LLM_ERROR;
    }
}


/* names are digests: any part of one is as good as another */

static uint64_t
llm_held_tag(const unsigned char *name)
{
    uint64_t  tag;

    memcpy(&tag, name, sizeof(uint64_t));

    return tag ? tag : 1;
}


static llm_held_t *
llm_held_find(llm_held_table_t *t, const unsigned char *name, uint32_t *at)
{
    uint32_t     i;
    uint64_t     tag;
    llm_held_t  *h;

    tag = llm_held_tag(name);

    for (i = 0; i < t->n; i++) {

        if (t->tags[i] != tag) {
            continue;
        }

        h = llm_held_at(t, i);

        if (memcmp(h->name, name, LLM_HELD_NAME) == 0) {
            *at = i;
            return h;
        }
    }

    return NULL;
}


/*
 * A free place, or that of what may leave: what is over, then what is done,
 * then a file of this payer, then a file; of several the oldest.
 */

static int
llm_held_place(llm_held_table_t *t, uint64_t payer, int64_t now, uint32_t *at)
{
    int          rank, best;
    int64_t      oldest;
    uint32_t     i;
    llm_held_t  *h;

    best = 0;
    oldest = 0;

    for (i = 0; i < t->n; i++) {

        if (t->tags[i] == 0) {
            *at = i;
            return LLM_OK;
        }

        h = llm_held_at(t, i);

        rank = h->until <= now ? 4
               : h->done == LLM_HELD_DONE ? 3
               : h->what != LLM_HELD_FILE && h->what != LLM_HELD_UNNAMED ? 0
               : h->payer == payer ? 2 : 1;

        if (rank && (rank > best || (rank == best && h->made < oldest))) {
            best = rank;
            oldest = h->made;
            *at = i;
        }
    }

    return best ? LLM_OK : LLM_LIMIT;
}


int
llm_held_put(llm_held_table_t *t, const llm_held_t *held, int64_t now)
{
    int          rc;
    uint8_t      done, lapsed, stays;
    uint32_t     i;
    llm_held_t  *h;

    if (llm_held_lock(t) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_OK;
    done = held->done;
    lapsed = held->lapsed;
    stays = 0;
    h = llm_held_find(t, held->name, &i);

    if (h) {
        done |= h->done;
        lapsed |= h->lapsed;
        stays = (h->done & LLM_HELD_OWED)
                && !(held->done & LLM_HELD_OWED);

    } else {
        rc = llm_held_place(t, held->payer, now, &i);
    }

    if (rc == LLM_OK && !stays) {
        h = llm_held_at(t, i);

        t->tags[i] = 0;
        memcpy(h, held, llm_held_size(held));
        h->done = done;
        h->lapsed = lapsed;
        __sync_synchronize();
        t->tags[i] = llm_held_tag(held->name);
    }

    llm_shm_unlock(&t->mutex);

    return rc;
}


int
llm_held_get(llm_held_table_t *t, const unsigned char *name, int64_t now,
    llm_held_t *held)
{
    int          rc;
    uint32_t     i;
    llm_held_t  *h;

    if (llm_held_lock(t) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_held_find(t, name, &i);

    if (h && h->until > now) {
        memcpy(held, h, llm_held_size(h));
        rc = LLM_OK;
    }

    llm_shm_unlock(&t->mutex);

    return rc;
}


int
llm_held_claim(llm_held_table_t *t, const unsigned char *work, int64_t now)
{
    int          rc;
    uint32_t     i;
    llm_held_t  *h;

    if (llm_held_lock(t) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_held_find(t, work, &i);

    if (h && !h->done && h->until > now) {
        h->done = LLM_HELD_DONE;
        rc = LLM_OK;
    }

    llm_shm_unlock(&t->mutex);

    return rc;
}


int
llm_held_clear(llm_held_table_t *t, const unsigned char *work, unsigned done,
    uint32_t owner, llm_held_t *held)
{
    int          rc;
    uint32_t     i;
    llm_held_t  *h;

    if (llm_held_lock(t) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_held_find(t, work, &i);

    if (h && (h->done & (done | LLM_HELD_OWED))) {

        if (h->done & LLM_HELD_OWED) {
            h->output = owner;
        }

        h->done &= (uint8_t) ~done;
        memcpy(held, h, llm_held_size(h));
        rc = LLM_OK;
    }

    llm_shm_unlock(&t->mutex);

    return rc;
}


void
llm_held_born(llm_held_table_t *t, uint32_t owner)
{
    uint32_t     i;
    llm_held_t  *h;

    if (llm_held_lock(t) != LLM_OK) {
        return;
    }

    for (i = 0; i < t->n; i++) {
        h = llm_held_at(t, i);

        if (t->tags[i] && (h->done & LLM_HELD_OWED)
            && h->output == (int64_t) owner)
        {
            h->output = 0;
        }
    }

    llm_shm_unlock(&t->mutex);
}


int
llm_held_told(llm_held_table_t *t, const llm_hold_id_t *id, int told,
    llm_held_t *held)
{
    int          rc;
    uint32_t     i;
    llm_held_t  *h;

    if (llm_held_lock(t) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;

    for (i = 0; i < t->n && rc != LLM_OK; i++) {
        h = llm_held_at(t, i);

        if (t->tags[i] && (h->done & LLM_HELD_UNSETTLED)
            && h->id.seq == id->seq && h->id.node == id->node)
        {
            if (told) {
                h->done &= (uint8_t) ~(LLM_HELD_UNSETTLED|LLM_HELD_UNTOLD);

            } else {
                h->done |= LLM_HELD_UNTOLD;
            }

            memcpy(held, h, llm_held_size(h));
            rc = LLM_OK;
        }
    }

    llm_shm_unlock(&t->mutex);

    return rc;
}


uint64_t *
llm_held_file_pos(llm_held_table_t *t)
{
    return &t->file_pos;
}


unsigned
llm_held_used(llm_held_table_t *t)
{
    uint32_t  i;
    unsigned  n;

    n = 0;

    for (i = 0; i < t->n; i++) {
        n += (t->tags[i] != 0);
    }

    return n;
}


int
llm_held_next(llm_held_table_t *t, uint32_t *cursor, llm_held_t *held)
{
    int          rc;
    llm_held_t  *h;

    rc = LLM_DECLINED;

    if (llm_held_lock(t) != LLM_OK) {
        return LLM_ERROR;
    }

    while (rc != LLM_OK && *cursor < t->n) {

        if (t->tags[*cursor]) {
            h = llm_held_at(t, *cursor);
            memcpy(held, h, llm_held_size(h));
            rc = LLM_OK;
        }

        (*cursor)++;
    }

    llm_shm_unlock(&t->mutex);

    return rc;
}
