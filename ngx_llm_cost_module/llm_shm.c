
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

#include "llm_shm.h"


#define llm_rotl(x, b)  (((x) << (b)) | ((x) >> (64 - (b))))


typedef struct {
    uint64_t         v[4];
} llm_sip_t;


static inline void llm_sip_round(llm_sip_t *s);


int
llm_shm_mutex_init(pthread_mutex_t *mutex)
{
    int                  rc;
    pthread_mutexattr_t  attr;

    if (pthread_mutexattr_init(&attr) != 0) {
        return LLM_ERROR;
    }

    rc = LLM_ERROR;

    if (pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0
        && pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0
        && pthread_mutex_init(mutex, &attr) == 0)
    {
        rc = LLM_OK;
    }

    pthread_mutexattr_destroy(&attr);

    return rc;
}


int
llm_shm_lock(pthread_mutex_t *mutex)
{
    switch (pthread_mutex_lock(mutex)) {

    case 0:
        return LLM_OK;

    case EOWNERDEAD:
        return LLM_SHM_DIED;

    default:
        return LLM_ERROR;
    }
}


int
llm_shm_repaired(pthread_mutex_t *mutex)
{
    return pthread_mutex_consistent(mutex) == 0 ? LLM_OK : LLM_ERROR;
}


void
llm_shm_unlock(pthread_mutex_t *mutex)
{
    (void) pthread_mutex_unlock(mutex);
}


int
llm_shm_gone(uint32_t pid)
{
    /* -1: there is none, or none of our session */

    return pid == 0 || getpgid((pid_t) pid) != getpgrp();
}


void
llm_shm_seed(uint64_t seed[2], uint64_t fallback)
{
    ssize_t  n;

    n = getrandom(seed, 2 * sizeof(uint64_t), GRND_NONBLOCK);

    if (n != (ssize_t) (2 * sizeof(uint64_t))) {
        seed[0] = fallback;
        seed[1] = ~fallback * 0x9e3779b97f4a7c15ULL;
    }
}


uint64_t
llm_shm_hash(const uint64_t seed[2], const uint64_t *words, size_t n)
{
    size_t     i;
    llm_sip_t  s;

    s.v[0] = seed[0] ^ 0x736f6d6570736575ULL;
    s.v[1] = seed[1] ^ 0x646f72616e646f6dULL;
    s.v[2] = seed[0] ^ 0x6c7967656e657261ULL;
    s.v[3] = seed[1] ^ 0x7465646279746573ULL;

    for (i = 0; i < n; i++) {
        s.v[3] ^= words[i];
        llm_sip_round(&s);
        s.v[0] ^= words[i];
    }

    /* the last word of SipHash holds the length and no bytes here */

    s.v[3] ^= (uint64_t) n << 59;
    llm_sip_round(&s);
    s.v[0] ^= (uint64_t) n << 59;

    s.v[2] ^= 0xff;
    llm_sip_round(&s);
    llm_sip_round(&s);
    llm_sip_round(&s);

    return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}


static inline void
llm_sip_round(llm_sip_t *s)
{
    s->v[0] += s->v[1];
    s->v[1] = llm_rotl(s->v[1], 13) ^ s->v[0];
    s->v[0] = llm_rotl(s->v[0], 32);

    s->v[2] += s->v[3];
    s->v[3] = llm_rotl(s->v[3], 16) ^ s->v[2];

    s->v[0] += s->v[3];
    s->v[3] = llm_rotl(s->v[3], 21) ^ s->v[0];

    s->v[2] += s->v[1];
    s->v[1] = llm_rotl(s->v[1], 17) ^ s->v[2];
    s->v[2] = llm_rotl(s->v[2], 32);
}
