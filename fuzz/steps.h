
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _STEPS_H_INCLUDED_
#define _STEPS_H_INCLUDED_


/*
 * What the module's code does is counted where it is built for that: a step is
 * a piece of code between two branches.  No clock, so no machine is too slow.
 * What is read takes at most so many steps a byte: no input is known to take
 * half of it, and one whose work grows with its square takes more at once.
 */

#include "fuzz.h"


#define STEPS_FIRST  10000             /* whatever the input */
#define STEPS_BYTE   80


/* the compiler's calls: the Makefile gives them these names */

void steps_guard(uint32_t *guard);
void steps_guards(uint32_t *start, uint32_t *stop);


static uint64_t  steps;


void
steps_guard(uint32_t *guard)
{
    (void) guard;

    steps++;
}


void
steps_guards(uint32_t *start, uint32_t *stop)
{
    (void) start;
    (void) stop;
}


/* since then, for so many bytes */

static inline void
steps_bounded(uint64_t since, size_t size, const char *what)
{
    uint64_t  n;

    n = steps - since;

    if (n > STEPS_FIRST + STEPS_BYTE * (uint64_t) size) {
        fprintf(stderr, "%s: %llu steps for %zu bytes\n", what,
                (unsigned long long) n, size);
        abort();
    }
}


#endif /* _STEPS_H_INCLUDED_ */
