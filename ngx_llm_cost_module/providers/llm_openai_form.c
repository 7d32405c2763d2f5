
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_answer.h"


/*
 * Of the events of a stream nearly all are alike but for a piece of text.
 * One that has no usage has been read in full, and is kept as a form; of
 * those that match it later, only the text is looked at.  What else they say
 * (model, ends of choices, errors) has been noted and would be noted again
 * with the same values.  Whatever differs in any other byte is read in full.
 */

/* what llm_openai_event() never looks at, and what changes a lot */

static const char * const  llm_openai_unread[] = {
    "obfuscation", "p",              /* padding of OpenAI, of Mistral */
    "text", "summary",               /* reasoning_details of OpenRouter */
    "sequence_number", "item_id",    /* Responses */
    NULL
};


int
llm_openai_form_known(llm_answer_t *a, llm_openai_state_t *st,
    const llm_str_t *data)
{
    unsigned                   i, k;
    const llm_openai_fed_t    *fed;
    llm_json_hole_t            holes[LLM_JSON_FORM_HOLES];
    const llm_openai_form_t   *form;

    for (i = 0; i < LLM_OPENAI_FORMS; i++) {

        k = (st->form + i) % LLM_OPENAI_FORMS;
        form = st->forms[k];

        if (form && llm_json_form_match(&form->form, data, holes)) {
            break;
        }
    }

    if (i == LLM_OPENAI_FORMS) {
        return 0;
    }

    st->form = k;

    for (i = 0; i < form->feeds.n; i++) {
        fed = &form->feeds.e[i];
        llm_openai_feed(a, st, fed->choice, fed->part, &holes[fed->node]);
    }

    return 1;
}


/* a form without text is worth nothing; without memory neither is lost */

void
llm_openai_form_keep(llm_answer_t *a, llm_openai_state_t *st)
{
    unsigned             i, k, n;
    uint32_t             nodes[LLM_JSON_FORM_HOLES];
    uint32_t             have[LLM_JSON_FORM_HOLES];
    llm_openai_form_t   *form;

    if (st->feeds.n == 0 || st->feeds.n > LLM_JSON_FORM_HOLES) {
        return;
    }

    for (i = 0; i < st->feeds.n; i++) {
        have[i] = st->feeds.e[i].node;
    }

    n = llm_json_form_holes(&st->json, llm_openai_unread, have, st->feeds.n,
                            nodes, LLM_JSON_FORM_HOLES);

    form = st->forms[st->next_form];

    if (form == NULL) {

        form = llm_alloc(a->mem, sizeof(llm_openai_form_t));
        if (form == NULL) {
            return;
        }

        /* until there is a first one: matches nothing */

        form->form.n = 0;
        form->form.ntail = 0;
        form->form.len[0] = UINT32_MAX;

        st->forms[st->next_form] = form;
    }

    if (llm_json_form_make(&form->form, &st->json, nodes, n) != LLM_OK) {
        return;
    }

    form->feeds = st->feeds;

    for (i = 0; i < st->feeds.n; i++) {
        for (k = 0; k < n; k++) {
            if (nodes[k] == have[i]) {
                form->feeds.e[i].node = k;
            }
        }
    }

    st->form = st->next_form;
    st->next_form = (st->next_form + 1) % LLM_OPENAI_FORMS;
}
