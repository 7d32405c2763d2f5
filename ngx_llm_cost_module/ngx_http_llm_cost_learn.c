
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * Counts of models without a published tokenizer: corrected by what answers
 * have said, per vendor, model and class of content.  An exact count is left
 * as it is; the answers to it still tell how long answers are.
 */


static uint64_t
ngx_http_llm_cost_learn_of(ngx_http_llm_cost_ctx_t *ctx)
{
    return llm_learn_key(&ctx->vendor, &ctx->q.model,
                         llm_learn_class(ctx->marks));
}


static llm_learn_table_t *
ngx_http_llm_cost_learn_table(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    return lmcf->zone ? lmcf->zone->learn : NULL;
}


/* input as it is expected, and the most of it, for the reservation */

void
ngx_http_llm_cost_learn_correct(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_request_t      *q;
    llm_learn_table_t  *t;

    q = &ctx->q;

    ctx->counted = q->input_tokens;
    ctx->most_input = q->input_tokens;

    t = q->estimate ? ngx_http_llm_cost_learn_table(ctx) : NULL;

    if (t) {
        llm_learn_judge(t, &ctx->vendor, &q->model,
                        llm_learn_class(ctx->marks), ctx->counted,
                        &q->input_tokens, &ctx->most_input);
    }
}


/* output that is expected, where that is to be reserved: no more than most */

int64_t
ngx_http_llm_cost_learn_output(ngx_http_llm_cost_ctx_t *ctx, int64_t most)
{
    llm_learn_t         l;
    llm_learn_table_t  *t;

    t = ngx_http_llm_cost_learn_table(ctx);

    if (t == NULL
        || llm_learn_get(t, ngx_http_llm_cost_learn_of(ctx), &l) != LLM_OK
        || l.output_most < 0)
    {
        return most;
    }

    return ngx_min(most, l.output_most);
}


/* what upstream has reported of a complete answer */

void
ngx_http_llm_cost_learn_answer(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_learn_table_t  *t;

    t = ngx_http_llm_cost_learn_table(ctx);

    if (t) {
        llm_learn_add(t, ngx_http_llm_cost_learn_of(ctx), ngx_time(),
                      ctx->q.estimate ? ctx->counted : -1, ctx->usage.input,
                      ctx->usage.output);
    }
}
