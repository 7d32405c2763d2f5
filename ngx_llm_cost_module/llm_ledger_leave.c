
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * A reservation of work that goes on when its request is over: a batch, a run.
 * It is in the region as any other, so a restart and a copy keep it; no worker
 * inherits or renews it.
 */

#include "llm_ledger_region.h"


int
llm_ledger_leave(llm_ledger_t *l, const llm_hold_id_t *id, int64_t expires)
{
    int              rc;
    llm_hold_t      *h;
    llm_hold_meta_t  meta;

    if (llm_ledger_lock(l) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    h = llm_hold_find(l, id);

    if (h && h->meta.state == LLM_HOLD_OPEN) {
        meta = h->meta;
        meta.keep = 0;
        meta.noted = 0;

        llm_redo_set64(&l->redo, &h->meta, &meta);
        llm_redo_set64(&l->redo, &h->expires, &expires);
        llm_redo_set32(&l->redo, &h->owner, LLM_LEDGER_NOBODY);
        rc = llm_redo_commit(&l->redo);
    }

    llm_ledger_unlock(l);

    return rc;
}
