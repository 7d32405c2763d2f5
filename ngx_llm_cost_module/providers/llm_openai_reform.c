
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_reform.h"
#include "llm_responses.h"


/*
 * Which way a kept answer goes: a document becomes a stream, a stream becomes
 * a document, and of a stream its usage is cut out, or known to be in it.
 */

const char * const  llm_openai_top[LLM_OPENAI_TOP_N] = {
    "id", "object", "created", "model", "choices", "usage",
    "system_fingerprint", "service_tier", "error", "x_groq", "sla_metrics",
    "obfuscation", "p"
};


typedef struct {
    const llm_str_t      *body;
    llm_text_t           *out;
    size_t                done;        /* bytes of the body */
    unsigned              seen:1;      /* usage, anywhere */
} llm_openai_restream_t;


/* an event that holds its usage and no choice is cut out */

static int
llm_openai_restream_event(void *data, const llm_form_event_t *e)
{
    llm_openai_restream_t *r = data;

    uint32_t  choices;

    if (e->j == NULL || llm_kind_of(e->j, 0) != LLM_JSON_OBJECT
        || !llm_form_is(e->j, llm_json_get(e->j, 0, "usage"),
                        LLM_JSON_OBJECT))
    {
        return LLM_OK;
    }

    r->seen = 1;

    choices = llm_json_get(e->j, 0, "choices");

    if (choices != LLM_JSON_NONE
        && (llm_kind_of(e->j, choices) != LLM_JSON_ARRAY
            || llm_json_next(e->j, choices) > choices + 1))
    {
        return LLM_OK;
    }

    llm_text_add(r->out, r->body->data + r->done, e->start - r->done);
    r->done = e->end;

    return r->out->rc;
}


static int
llm_openai_restream(const llm_request_t *q, unsigned usage,
    const llm_str_t *body, llm_text_t *out)
{
    int                    rc;
    llm_openai_restream_t  r;

    r.body = body;
    r.out = out;
    r.done = 0;
    r.seen = 0;

    rc = llm_form_events(body, q->mem, llm_openai_restream_event, &r);
    if (rc != LLM_OK) {
        return rc;
    }

    if (usage) {

        /* one that nobody asked for will do as well */

        out->len = 0;
        r.done = 0;

        if (!r.seen) {
            return LLM_DECLINED;
        }
    }

    llm_text_add(out, body->data + r.done, body->len - r.done);

    return (out->rc == LLM_OK && out->len == 0) ? LLM_DECLINED : out->rc;
}


int
llm_openai_reform(const llm_request_t *q, const llm_form_t *from,
    const llm_form_t *to, const llm_str_t *body, llm_text_t *out)
{
    if (q->kind == LLM_KIND_RESPONSES) {
        return llm_responses_reform(q, from, to, body, out);
    }

    if (q->kind != LLM_KIND_CHAT && q->kind != LLM_KIND_COMPLETION) {
        return LLM_DECLINED;
    }

    if (from->framing == LLM_FRAMING_SSE && to->framing == LLM_FRAMING_SSE) {
        return llm_openai_restream(q, to->usage, body, out);
    }

    if (from->framing == LLM_FRAMING_SSE && to->framing == LLM_FRAMING_JSON) {
        return llm_openai_join(q, body, out);
    }

    if (from->framing == LLM_FRAMING_JSON && to->framing == LLM_FRAMING_SSE) {
        return llm_openai_split(q, to->usage, body, out);
    }

    return LLM_DECLINED;
}
