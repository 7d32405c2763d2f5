
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LEDGER_FIXTURE_H_INCLUDED_
#define _LEDGER_FIXTURE_H_INCLUDED_


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "llm_ledger.h"


#define T0   1700000000              /* "now" of the tests */
#define DAY  86400


/* a shared region as nginx would map one */

static inline llm_ledger_t *
ledger_new(size_t counters, size_t holds)
{
    void    *mem;
    size_t   size;

    size = llm_ledger_size(counters, holds);
    mem = mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS,
               -1, 0);
    assert_true(mem != MAP_FAILED);
    memset(mem, 0xa5, size);

    return llm_ledger_create(mem, size, 0x1122334455667788ULL);
}


static inline void
ledger_free(llm_ledger_t *l, size_t counters, size_t holds)
{
    munmap(l, llm_ledger_size(counters, holds));
}


static inline llm_budget_t
budget(const char *name, const char *key, llm_unit_e unit, int64_t limit)
{
    llm_budget_t  b;

    memset(&b, 0, sizeof(b));

    b.name.data = (unsigned char *) name;
    b.name.len = strlen(name);
    b.key.data = (unsigned char *) key;
    b.key.len = strlen(key);
    b.unit = unit;
    b.period = LLM_PERIOD_DAY;
    b.start = T0 - T0 % DAY;
    b.end = b.start + DAY;
    b.limit = limit;
    b.nalerts = 2;
    b.alerts[0] = 80;
    b.alerts[1] = 100;

    return b;
}


static inline llm_admission_t
admission(llm_budget_t *budgets, unsigned n, int64_t usd)
{
    llm_admission_t  a;

    memset(&a, 0, sizeof(a));

    a.budgets = budgets;
    a.n = n;
    a.most[LLM_UNIT_USD] = a.least[LLM_UNIT_USD] = usd;
    a.most[LLM_UNIT_TOKENS] = a.least[LLM_UNIT_TOKENS] = 100;
    a.most[LLM_UNIT_REQUESTS] = a.least[LLM_UNIT_REQUESTS] = 1;
    a.now = T0;
    a.expires = T0 + 600;
    a.owner = 1;

    return a;
}


static inline void
spend(llm_ledger_t *l, llm_budget_t *b, unsigned n, int64_t held, int64_t usd,
    llm_balance_t *balances)
{
    int64_t          spent[LLM_UNIT_N] = { usd, 10, 1 };
    llm_admission_t  a;

    a = admission(b, n, held);
    assert_int_equal(llm_ledger_reserve(l, &a), LLM_LEDGER_FITS);
    assert_int_equal(llm_ledger_settle(l, &a.id, spent, balances, n), LLM_OK);
}


static inline int
view_find(llm_ledger_t *l, const char *name, const char *key,
    llm_counter_view_t *v)
{
    uint32_t  cursor;

    for (cursor = 0; llm_ledger_next(l, &cursor, v) == LLM_OK; /* void */ ) {
        if (v->name_len == strlen(name) && v->key_len == strlen(key)
            && memcmp(v->name, name, v->name_len) == 0
            && memcmp(v->key, key, v->key_len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


#endif /* _LEDGER_FIXTURE_H_INCLUDED_ */
