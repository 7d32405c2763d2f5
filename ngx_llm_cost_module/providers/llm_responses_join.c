
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_responses.h"
#include "llm_form.h"

#include <string.h>


/*
 * A stream of Responses as a document.  It ends with an event that holds the
 * whole response, so that the document is a part of it.
 */

typedef struct {
    llm_str_t             response;
    unsigned              items;       /* that were done */
    unsigned              whole:1;
} llm_responses_join_t;


/* the answer that the last event holds, if it has all that was shown before */

static int
llm_responses_join_last(llm_responses_join_t *s, const llm_json_t *j)
{
    unsigned                n;
    uint32_t                i, response, output;
    const llm_json_node_t  *v;

    response = llm_json_get(j, 0, "response");

    if (!llm_form_is(j, response, LLM_JSON_OBJECT)) {
        return LLM_DECLINED;
    }

    output = llm_json_get(j, response, "output");

    if (!llm_form_is(j, output, LLM_JSON_ARRAY)) {
        return LLM_DECLINED;
    }

    /* some leave out of the last event what they have shown before */

    v = j->nodes;

    for (n = 0, i = output + 1; i < v[output].next; i = v[i].next) {
        n++;
    }

    if (n != s->items) {
        return LLM_DECLINED;
    }

    s->response = llm_form_raw(j, response);
    s->whole = 1;

    return LLM_OK;
}


static int
llm_responses_join_event(void *data, const llm_form_event_t *e)
{
    llm_responses_join_t *s = data;

    uint32_t  type;

    if (e->j == NULL) {
        return llm_form_done(e) ? LLM_OK : LLM_DECLINED;
    }

    if (s->whole || llm_kind_of(e->j, 0) != LLM_JSON_OBJECT) {
        return LLM_DECLINED;
    }

    type = llm_json_get(e->j, 0, "type");

    if (!llm_form_is(e->j, type, LLM_JSON_STRING)
        || llm_json_equal(e->j, type, "error")
        || llm_json_equal(e->j, type, "response.failed"))
    {
        return LLM_DECLINED;
    }

    if (llm_json_equal(e->j, type, "response.output_item.done")) {
        s->items++;
        return LLM_OK;
    }

    if (!llm_json_equal(e->j, type, "response.completed")
        && !llm_json_equal(e->j, type, "response.incomplete"))
    {
        return LLM_OK;
    }

    return llm_responses_join_last(s, e->j);
}


int
llm_responses_join(const llm_request_t *q, const llm_str_t *body,
    llm_text_t *out)
{
    int                   rc;
    llm_responses_join_t  s;

    memset(&s, 0, sizeof(llm_responses_join_t));

    rc = llm_form_events(body, q->mem, llm_responses_join_event, &s);
    if (rc != LLM_OK) {
        return rc;
    }

    if (!s.whole) {
        return LLM_DECLINED;
    }

    llm_text_str(out, &s.response);

    return out->rc;
}
