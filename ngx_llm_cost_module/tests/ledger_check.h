
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LEDGER_CHECK_H_INCLUDED_
#define _LEDGER_CHECK_H_INCLUDED_


/*
 * The invariants of a ledger's region (docs/budgets.md), checked slot by slot.
 * Returns what is wrong, or NULL.  Takes and leaves the lock.
 */

#include "ledger_fixture.h"
#include "llm_ledger_region.h"


static inline const char *
ledger_check(llm_ledger_t *l)
{
    const char  *wrong;

    if (llm_ledger_lock(l) != LLM_OK) {
        return "the lock is beyond repair";
    }

    wrong = llm_ledger_check(l, 1);

    llm_ledger_unlock(l);

    return wrong;
}


static inline void
assert_ledger(llm_ledger_t *l)
{
    const char  *wrong;

    wrong = ledger_check(l);

    if (wrong) {
        fail_msg("ledger: %s", wrong);
    }
}


#endif /* _LEDGER_CHECK_H_INCLUDED_ */
