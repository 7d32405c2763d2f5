
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_answer.h"

#include <string.h>


/*
 * Hosts whose requests and answers are OpenAI's, but for their paths:
 * Databricks, Snowflake's Cortex, IBM's watsonx, Cloudflare's Workers AI, and
 * what Vertex AI has of Mistral and AI21.
 * None of them is asked for the usage of a stream: it is not known whether they
 * take that.
 */


int
llm_openai_hosted(const llm_request_t *q)
{
    switch (q->kind) {

    case LLM_KIND_CHAT:
    case LLM_KIND_COMPLETION:
    case LLM_KIND_EMBEDDINGS:
        return q->route.op >= LLM_OPENAI_DATABRICKS
               && q->route.op <= LLM_OPENAI_VERTEX_STREAM;

    default:
        return 0;
    }
}


/* the path of a watsonx deployment names it, that of a model does not */

void
llm_openai_host_route(llm_route_t *route, const llm_str_t *star)
{
    static const llm_str_t  vendors[] = {
        llm_string("databricks"),
        llm_string("snowflake"),
        llm_string("watsonx"),
        llm_string("watsonx"),
        llm_string("cloudflare"),
        llm_string("vertex_ai"),
        llm_string("vertex_ai")
    };

    if (route->op < LLM_OPENAI_DATABRICKS
        || route->op > LLM_OPENAI_VERTEX_STREAM)
    {
        return;
    }

    route->vendor = vendors[route->op - LLM_OPENAI_DATABRICKS];
    route->model = *star;
}


/*
 * What is asked for shows in the body alone.  Some of these hosts serve models
 * of every kind at one path: those that are not for text are not read.
 */

static int
llm_openai_host_kind(llm_request_t *q, const uint32_t *f)
{
    if (llm_openai_given(&q->json, f[LLM_OPENAI_MESSAGES])) {
        return LLM_OK;
    }

    switch (q->route.op) {

    case LLM_OPENAI_SNOWFLAKE:
    case LLM_OPENAI_WATSONX:
    case LLM_OPENAI_WATSONX_STREAM:
        return LLM_OK;
    }

    if (llm_kind_of(&q->json, f[LLM_OPENAI_PROMPT]) == LLM_JSON_STRING
        && !llm_given(&q->json, llm_json_get(&q->json, 0, "image"))
        && !llm_given(&q->json, llm_json_get(&q->json, 0, "num_steps")))
    {
        q->kind = LLM_KIND_COMPLETION;
        return LLM_OK;
    }

    if (llm_openai_given(&q->json, f[LLM_OPENAI_INPUT])
        && q->route.op == LLM_OPENAI_DATABRICKS)
    {
        q->kind = LLM_KIND_EMBEDDINGS;
        return LLM_OK;
    }

    return LLM_DECLINED;
}


int
llm_openai_host_parse(llm_request_t *q, const uint32_t *f)
{
    int  rc;

    rc = llm_openai_host_kind(q, f);
    if (rc != LLM_OK) {
        return rc;
    }

    /* no other model is written into any of them */

    q->model_in_path = 1;

    if (q->route.model.len) {
        return llm_request_path_model(q, "model");
    }

    if (q->route.op == LLM_OPENAI_SNOWFLAKE) {
        return llm_request_model(q, f[LLM_OPENAI_MODEL], "model");
    }

    return llm_request_model(q, llm_json_get(&q->json, 0, "model_id"),
                             "model_id");
}


/*
 * Cloudflare puts what its models say into an envelope, but for that of a
 * stream; many of them say one text, and have no choices.
 */

int
llm_openai_host_answer(llm_answer_t *a, llm_openai_state_t *st,
    const llm_json_t *j, uint32_t *obj)
{
    uint32_t              node;
    llm_openai_choice_t  *ch;

    if (!llm_openai_hosted(a->q)) {
        return LLM_OK;
    }

    node = llm_json_get(j, 0, "result");

    if (llm_kind_of(j, node) == LLM_JSON_OBJECT) {
        *obj = node;
    }

    node = llm_json_get(j, *obj, "response");

    if (llm_kind_of(j, node) != LLM_JSON_STRING) {
        return LLM_OK;
    }

    ch = llm_openai_choice_at(a, st, 0);
    if (ch == NULL) {
        return LLM_ERROR;
    }

    llm_openai_feed_node(a, st, ch, 1, j, node);

    ch->finished = !a->stream;

    return LLM_OK;
}


int
llm_openai_host_ended(const llm_answer_t *a)
{
    return a->q && a->usage_seen && llm_openai_hosted(a->q)
           && a->q->route.op == LLM_OPENAI_SNOWFLAKE;
}
