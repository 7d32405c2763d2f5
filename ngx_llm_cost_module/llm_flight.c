
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_flight.h"
#include "llm_shm.h"

#include <string.h>


#define LLM_FLIGHT_MAGIC  0x31746867696c66ULL
#define LLM_FLIGHT_WAYS   8

/* how a slot is found: free, on the way, or as llm_landed_e says */

#define LLM_FLIGHT_FREE   0
#define LLM_FLIGHT_AIR    4


typedef struct {
    unsigned char     key[LLM_FLIGHT_KEY];
    uint64_t          owner;
    uint64_t          begun;
    uint64_t          number;         /* of its beginning, then its landing */
    uint32_t          state;
    uint32_t          followed;       /* somebody waits for it */
} llm_flight_slot_t;


struct llm_flights_s {
    uint64_t          magic;
    uint64_t          size;
    uint64_t          seed[2];
    uint64_t          landed;         /* number of the last landing */
    uint64_t          number;         /* of beginnings and landings */
    uint32_t          sets;
    uint32_t          unused;
    pthread_mutex_t   mutex;
    llm_flight_slot_t slots[];
};


llm_flights_t *
llm_flights_create(void *mem, size_t size, uint64_t seed)
{
    llm_flights_t  *f;

    if (size < LLM_FLIGHT_SIZE_MIN) {
        return NULL;
    }

    memset(mem, 0, size);

    f = mem;
    f->size = size;
    f->sets = (uint32_t) ((size - sizeof(llm_flights_t))
                          / (LLM_FLIGHT_WAYS * sizeof(llm_flight_slot_t)));

    llm_shm_seed(f->seed, seed);

    if (llm_shm_mutex_init(&f->mutex) != LLM_OK) {
        return NULL;
    }

    f->magic = LLM_FLIGHT_MAGIC;

    return f;
}


llm_flights_t *
llm_flights_attach(void *mem, size_t size)
{
    llm_flights_t  *f;

    f = mem;

    return (f->magic == LLM_FLIGHT_MAGIC && f->size == size) ? f : NULL;
}


/* what a dead worker was writing is one slot: at worst somebody goes alone */

static int
llm_flights_lock(llm_flights_t *f)
{
    switch (llm_shm_lock(&f->mutex)) {

    case LLM_OK:
        return LLM_OK;

    case LLM_SHM_DIED:
        return llm_shm_repaired(&f->mutex);

    default:
        return LLM_ERROR;
    }
}


static llm_flight_slot_t *
llm_flight_set(llm_flights_t *f, const unsigned char *key)
{
    uint64_t  words[LLM_FLIGHT_KEY / sizeof(uint64_t)];

    memcpy(words, key, LLM_FLIGHT_KEY);

    return &f->slots[llm_shm_hash(f->seed, words, LLM_FLIGHT_KEY / 8)
                     % f->sets * LLM_FLIGHT_WAYS];
}


static llm_flight_slot_t *
llm_flight_find(llm_flights_t *f, const unsigned char *key)
{
    unsigned            i;
    llm_flight_slot_t  *s;

    s = llm_flight_set(f, key);

    for (i = 0; i < LLM_FLIGHT_WAYS; i++) {
        if (s[i].state != LLM_FLIGHT_FREE
            && memcmp(s[i].key, key, LLM_FLIGHT_KEY) == 0)
        {
            return &s[i];
        }
    }

    return NULL;
}


static int
llm_flight_in_air(const llm_flight_slot_t *s, uint64_t now, uint64_t patience)
{
    return s->state == LLM_FLIGHT_AIR
           && now < s->begun + patience
           && !llm_shm_gone((uint32_t) s->owner);
}


/* a free place of the key's set, else that of the flight that landed first */

static llm_flight_slot_t *
llm_flight_place(llm_flights_t *f, const unsigned char *key, uint64_t now,
    uint64_t patience)
{
    unsigned            i;
    llm_flight_slot_t  *s, *best;

    s = llm_flight_set(f, key);
    best = NULL;

    for (i = 0; i < LLM_FLIGHT_WAYS; i++) {

        if (s[i].state == LLM_FLIGHT_FREE) {
            return &s[i];
        }

        if (!llm_flight_in_air(&s[i], now, patience)
            && (best == NULL || s[i].number < best->number))
        {
            best = &s[i];
        }
    }

    return best;
}


uint64_t
llm_flights_landed(llm_flights_t *f)
{
    return __atomic_load_n(&f->landed, __ATOMIC_ACQUIRE);
}


llm_flight_e
llm_flight_enter(llm_flights_t *f, const unsigned char *key, uint64_t since,
    uint64_t owner, uint64_t now, uint64_t patience, llm_flight_t *flight)
{
    llm_flight_e        rc;
    llm_flight_slot_t  *s;

    if (llm_flights_lock(f) != LLM_OK) {
        return LLM_FLIGHT_ALONE;
    }

    s = llm_flight_find(f, key);

    if (s && llm_flight_in_air(s, now, patience)) {
        s->followed = 1;
        rc = LLM_FLIGHT_BUSY;
        goto done;
    }

    if (s && s->state == LLM_LANDED_KEPT && s->number > since) {
        rc = LLM_FLIGHT_LOOK;
        goto done;
    }

    if (s && s->state == LLM_LANDED_UNFIT && s->number > since) {
        rc = LLM_FLIGHT_ALONE;
        goto done;
    }

    if (s == NULL) {
        s = llm_flight_place(f, key, now, patience);
    }

    if (s == NULL) {
        rc = LLM_FLIGHT_ALONE;
        goto done;
    }

    memcpy(s->key, key, LLM_FLIGHT_KEY);
    s->owner = owner;
    s->begun = now;
    s->number = ++f->number;
    s->state = LLM_FLIGHT_AIR;
    s->followed = 0;

    flight->slot = (uint32_t) (s - f->slots) + 1;
    flight->number = s->number;
    rc = LLM_FLIGHT_LEAD;

done:

    llm_shm_unlock(&f->mutex);

    return rc;
}


llm_flight_e
llm_flight_poll(llm_flights_t *f, const unsigned char *key, uint64_t now,
    uint64_t patience)
{
    llm_flight_e        rc;
    llm_flight_slot_t  *s;

    if (llm_flights_lock(f) != LLM_OK) {
        return LLM_FLIGHT_LOOK;
    }

    s = llm_flight_find(f, key);
    rc = (s && llm_flight_in_air(s, now, patience)) ? LLM_FLIGHT_BUSY
                                                    : LLM_FLIGHT_LOOK;

    llm_shm_unlock(&f->mutex);

    return rc;
}


int
llm_flight_followed(llm_flights_t *f, const llm_flight_t *flight)
{
    int                 rc;
    llm_flight_slot_t  *s;

    if (flight->slot == 0 || llm_flights_lock(f) != LLM_OK) {
        return 0;
    }

    s = &f->slots[flight->slot - 1];
    rc = (s->state == LLM_FLIGHT_AIR && s->number == flight->number
          && s->followed);

    llm_shm_unlock(&f->mutex);

    return rc;
}


/* one that was overtaken finds another number in its place */

void
llm_flight_land(llm_flights_t *f, llm_flight_t *flight, llm_landed_e how)
{
    llm_flight_slot_t  *s;

    if (flight->slot == 0 || llm_flights_lock(f) != LLM_OK) {
        return;
    }

    s = &f->slots[flight->slot - 1];
    flight->slot = 0;

    if (s->state == LLM_FLIGHT_AIR && s->number == flight->number) {
        s->state = how;
        s->number = ++f->number;
        __atomic_store_n(&f->landed, s->number, __ATOMIC_RELEASE);
    }

    llm_shm_unlock(&f->mutex);
}
