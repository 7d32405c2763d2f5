
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_FLIGHT_H_INCLUDED_
#define _LLM_FLIGHT_H_INCLUDED_


/*
 * Who is asking upstream for what right now, over all workers: a table of
 * cache keys in shared memory, so that of many requests for one answer one
 * goes upstream, the leader, and the others wait for what it brings.
 *
 * The table is a hint, not a promise: where a set of eight places is full, or
 * a leader takes too long, a request goes alone.  Nothing is allocated; a
 * worker that died leads nothing.
 *
 * An answer that was kept between a request's look into the cache and its
 * question here must not be missed.  No two clocks are compared for that: the
 * table numbers what happens in it, and a request brings the number of the
 * last landing before its look.
 */

#include "llm_core.h"


#define LLM_FLIGHT_KEY       32       /* bytes of a cache key */
#define LLM_FLIGHT_SIZE_MIN  4096

typedef struct llm_flights_s  llm_flights_t;

llm_flights_t *llm_flights_create(void *mem, size_t size, uint64_t seed);
llm_flights_t *llm_flights_attach(void *mem, size_t size);


/* the last landing so far: to be read before the cache is looked into */

uint64_t llm_flights_landed(llm_flights_t *f);


typedef enum {
    LLM_FLIGHT_LEAD = 0,              /* go upstream, then land */
    LLM_FLIGHT_BUSY,                  /* somebody is on the way: wait */
    LLM_FLIGHT_LOOK,                  /* somebody landed: look again */
    LLM_FLIGHT_ALONE                  /* go upstream, nobody waits for it */
} llm_flight_e;

typedef enum {
    LLM_LANDED_KEPT = 1,              /* the answer is in the cache */
    LLM_LANDED_FAILED,                /* somebody else may try */
    LLM_LANDED_UNFIT                  /* such an answer is never kept: whoever
                                         waits for it goes alone */
} llm_landed_e;

typedef struct {
    uint32_t          slot;           /* index plus one; 0: leads nothing */
    uint32_t          unused;
    uint64_t          number;
} llm_flight_t;


/*
 * since: the last landing before the look; now in milliseconds of the system's
 * monotonic clock, a flight older than patience is overtaken.  owner is a
 * process id.  LEAD fills flight.
 */

llm_flight_e llm_flight_enter(llm_flights_t *f, const unsigned char *key,
    uint64_t since, uint64_t owner, uint64_t now, uint64_t patience,
    llm_flight_t *flight);

/* BUSY or LOOK, for one that waits */

llm_flight_e llm_flight_poll(llm_flights_t *f, const unsigned char *key,
    uint64_t now, uint64_t patience);

/* 1: somebody has found it on the way */

int llm_flight_followed(llm_flights_t *f, const llm_flight_t *flight);

/* once for each LEAD; flight leads nothing afterwards, again is harmless */

void llm_flight_land(llm_flights_t *f, llm_flight_t *flight,
    llm_landed_e how);


#endif /* _LLM_FLIGHT_H_INCLUDED_ */
