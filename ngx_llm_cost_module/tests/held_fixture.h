
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _HELD_FIXTURE_H_INCLUDED_
#define _HELD_FIXTURE_H_INCLUDED_


/* a table of few places, and records in it by short names */

#include "llm_held.h"
#include "ledger_fixture.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>


#define ROOM  4

static unsigned char      mem[16384] __attribute__((aligned(16)));
static llm_held_table_t  *t;


static inline int
setup(void **state)
{
    size_t  size;

    (void) state;

    for (size = 64; llm_held_create(mem, size) == NULL; size += 16) {
        /* the smallest table has one place */
    }

    /* a size is rounded down, which must not cost a place */

    t = llm_held_create(mem, size + (ROOM - 1) * (sizeof(llm_held_t) + 8)
                             + 15);

    return t ? 0 : -1;
}


static inline llm_held_t
held(const char *name, llm_held_e what, int64_t made, int64_t until)
{
    llm_held_t  h;

    memset(&h, 0, sizeof(h));

    memcpy(h.name, name, strlen(name));
    memcpy(h.work, name, strlen(name));
    h.version = LLM_HELD_VERSION;
    h.what = what;
    h.made = made;
    h.until = until;
    h.payer = 1;

    return h;
}


static inline int
put(const char *name, llm_held_e what, int64_t made, uint64_t payer)
{
    llm_held_t  h;

    h = held(name, what, made, 1000);
    h.payer = payer;

    return llm_held_put(t, &h, made);
}


static inline int
get(const char *name, int64_t now)
{
    llm_held_t     h;
    unsigned char  n[LLM_HELD_NAME] = "";

    memcpy(n, name, strlen(name));

    return llm_held_get(t, n, now, &h);
}


static inline int
claim(const char *name, int64_t now)
{
    unsigned char  n[LLM_HELD_NAME] = "";

    memcpy(n, name, strlen(name));

    return llm_held_claim(t, n, now);
}


#endif /* _HELD_FIXTURE_H_INCLUDED_ */
