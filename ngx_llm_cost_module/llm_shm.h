
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_SHM_H_INCLUDED_
#define _LLM_SHM_H_INCLUDED_


/*
 * What regions of memory shared by workers have in common: a lock that
 * survives its holder, and a hash that nobody can aim at one chain without
 * knowing the seed.
 */

#include <pthread.h>

#include "llm_core.h"


int llm_shm_mutex_init(pthread_mutex_t *mutex);

/*
 * LLM_OK; LLM_SHM_DIED: locked, but the last holder died with the lock, so
 * repair first and then call llm_shm_repaired(); LLM_ERROR: beyond repair.
 */

#define LLM_SHM_DIED  1

int llm_shm_lock(pthread_mutex_t *mutex);
int llm_shm_repaired(pthread_mutex_t *mutex);
void llm_shm_unlock(pthread_mutex_t *mutex);

/*
 * Whether the process that had this number has died.  The system gives numbers
 * again: one that is not in our process group is none of this nginx, whose
 * master and workers, also those of an upgrade, all are forks of one process.
 */

int llm_shm_gone(uint32_t pid);

/* a seed that is not known outside; fallback where the system has none */

void llm_shm_seed(uint64_t seed[2], uint64_t fallback);

/* SipHash-1-3 of whole words */

uint64_t llm_shm_hash(const uint64_t seed[2], const uint64_t *words,
    size_t n);


#endif /* _LLM_SHM_H_INCLUDED_ */
