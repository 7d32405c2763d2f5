
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The last alerts, in a ring of the statistics' region.
 */

#include <string.h>

#include "llm_stats_region.h"


void
llm_alert_add(llm_stats_t *st, const llm_alert_t *alert)
{
    uint64_t            seq, none;
    llm_stats_alert_t  *a;

    if (llm_stats_lock(st) != LLM_OK) {
        return;
    }

    seq = st->alerts_seq + 1;
    a = llm_stats_alert(st, seq % st->alerts_max);

    /* the old one leaves before the new one is written over it */

    none = 0;
    llm_redo_set64(&st->redo, &a->seq, &none);
    (void) llm_redo_commit(&st->redo);

    a->alert = *alert;

    if (a->alert.budget_len > LLM_NAME_MAX) {
        a->alert.budget_len = LLM_NAME_MAX;
    }

    if (a->alert.key_len > LLM_KEY_MAX) {
        a->alert.key_len = LLM_KEY_MAX;
    }

    if (a->alert.text_len > LLM_STATS_TEXT) {
        a->alert.text_len = LLM_STATS_TEXT;
    }

    llm_redo_set64(&st->redo, &a->seq, &seq);
    llm_redo_set64(&st->redo, &st->alerts_seq, &seq);
    llm_redo_add(&st->redo, &st->counters[alert->error
                                          ? LLM_STATS_ALERT_ERRORS
                                          : LLM_STATS_ALERT_WARNINGS], 1);
    (void) llm_redo_commit(&st->redo);

    llm_stats_unlock(st);
}


int
llm_alert_next(llm_stats_t *st, uint64_t *cursor, llm_alert_t *alert)
{
    int                 rc;
    uint64_t            seq;
    llm_stats_alert_t  *a;

    if (llm_stats_lock(st) != LLM_OK) {
        return LLM_ERROR;
    }

    rc = LLM_DECLINED;
    seq = *cursor == 0 ? st->alerts_seq : *cursor - 1;

    /* one that a killed worker did not finish is left out */

    for ( /* void */ ; seq != 0 && seq + st->alerts_max > st->alerts_seq;
          seq--)
    {
        a = llm_stats_alert(st, seq % st->alerts_max);

        if (a->seq == seq) {
            *alert = a->alert;
            *cursor = seq;
            rc = LLM_OK;
            break;
        }
    }

    llm_stats_unlock(st);

    return rc;
}
