
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic.h"
#include "llm_price.h"

#include <string.h>


/*
 * Batches of messages.  What they will use is known a day later, to whoever
 * reads the results: the most that their requests can cost, at the rates of a
 * batch, is billed when they are sent, once, and the results are free.
 */

#define LLM_BATCH_MAX        100000      /* requests of a batch */


typedef struct {
    llm_request_t        *q;
    llm_counter_t        *c;             /* NULL: parse only */
    llm_json_t            json;          /* of one request; nodes are kept */
    unsigned              n;
    int64_t               input;
    int64_t               output;
    unsigned              estimate:1;
} llm_batch_t;


/* what several can use: a bound of all of them only where each has one */

static void
llm_batch_most(llm_usage_t *most, const llm_usage_t *one)
{
    size_t          i;
    int64_t        *to;
    const int64_t  *from;

    to = (int64_t *) most;
    from = (const int64_t *) one;

    for (i = 0; i < LLM_USAGE_FIELDS; i++) {
        to[i] = (to[i] < 0 || from[i] < 0) ? -1 : to[i] + from[i];
    }

    most->fast = (most->fast != 0);
}


/* calls without a bound, in a batch of which only some may make them */

static void
llm_batch_calls(llm_usage_t *one)
{
    if (one->searches < 0) {
        one->searches = LLM_PRICE_CALLS;
    }

    if (one->web_fetches < 0) {
        one->web_fetches = LLM_PRICE_CALLS;
    }

    if (one->code_sessions < 0) {
        one->code_sessions = LLM_PRICE_CALLS;
    }
}


static int
llm_batch_one(llm_batch_t *b, uint32_t params)
{
    int                     rc;
    llm_request_t          *q, one;
    const llm_json_node_t  *v;

    q = b->q;
    v = &q->json.nodes[params];

    memset(&one, 0, sizeof(llm_request_t));

    one.provider = q->provider;
    one.kind = LLM_KIND_CHAT;
    one.mem = q->mem;
    one.body.data = (unsigned char *) q->json.data + v->start;
    one.body.len = v->end - v->start;
    one.json = b->json;

    rc = llm_json_parse(&one.json, one.body.data, one.body.len);

    if (rc == LLM_OK) {
        rc = llm_anthropic_parse(&one);
    }

    if (rc == LLM_OK && one.max_output < 0) {
        one.err = "is required";
        one.param = "max_tokens";
        rc = LLM_BAD;
    }

    if (rc == LLM_OK && b->n && (one.model.len != q->model.len
                                 || memcmp(one.model.data, q->model.data,
                                           q->model.len) != 0))
    {
        one.err = "must be the same in all requests of a batch here";
        one.param = "model";
        rc = LLM_BAD;
    }

    if (rc != LLM_OK) {
        q->err = one.err ? one.err : "cannot be read";
        q->param = one.param ? one.param : "requests.params";
        return rc;
    }

    q->model = one.model;
    b->output += one.max_output;

    llm_batch_calls(&one.most);
    llm_batch_most(&q->most, &one.most);

    if (b->c) {

        if (llm_anthropic_count(&one, b->c) != LLM_OK) {
            return LLM_ERROR;
        }

        b->input += one.input_tokens;
        b->estimate |= one.estimate;
    }

    b->json = one.json;
    b->n++;

    return LLM_OK;
}


static int
llm_batch_all(llm_batch_t *b)
{
    int                     rc;
    uint32_t                i, list, params;
    llm_request_t          *q;
    const llm_json_node_t  *v;

    static const char * const  names[] = { "requests" };

    q = b->q;
    b->json.mem = q->mem;

    rc = llm_request_object(q, 0, NULL, names, 1, &list);

    if (rc == LLM_OK && !llm_given(&q->json, list)) {
        rc = llm_request_bad(q, "requests", "is required");
    }

    if (rc == LLM_OK) {
        rc = llm_request_array(q, list, "requests", 1);
    }

    v = q->json.nodes;

    for (i = list + 1; rc == LLM_OK && i < v[list].next; i = v[i].next) {

        params = llm_json_get(&q->json, i, "params");

        if (llm_kind_of(&q->json, params) != LLM_JSON_OBJECT
            || llm_json_duplicate(&q->json, i, "params"))
        {
            return llm_request_bad(q, "requests.params", "must be an object");
        }

        if (b->n == LLM_BATCH_MAX) {
            return llm_request_bad(q, "requests", "are too many");
        }

        rc = llm_batch_one(b, params);
    }

    if (rc == LLM_OK && b->n == 0) {
        rc = llm_request_bad(q, "requests", "must not be empty");
    }

    return rc;
}


static void
llm_batch_begin(llm_batch_t *b, llm_request_t *q, llm_counter_t *c)
{
    memset(b, 0, sizeof(llm_batch_t));

    b->q = q;
    b->c = c;

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;
}


int
llm_anthropic_batch_parse(llm_request_t *q)
{
    int          rc;
    llm_batch_t  b;

    q->choices = 1;
    q->stateful = 1;

    llm_batch_begin(&b, q, NULL);

    rc = llm_batch_all(&b);
    q->max_output = b.output;

    return rc;
}


int
llm_anthropic_batch_count(llm_request_t *q, llm_counter_t *c)
{
    llm_batch_t  b;

    llm_batch_begin(&b, q, c);

    if (llm_batch_all(&b) != LLM_OK) {
        return LLM_ERROR;
    }

    q->input_tokens = b.input;
    q->estimate = b.estimate;

    return LLM_OK;
}


/* it has been taken; what comes of it nobody will tell */

void
llm_anthropic_batch_answer(llm_answer_t *a, const llm_json_t *j)
{
    a->finished = 1;
    a->deferred = 1;
    a->error |= llm_given(j, llm_json_get(j, 0, "error"));
}
