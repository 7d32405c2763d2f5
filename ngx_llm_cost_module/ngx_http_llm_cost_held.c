
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <ngx_config.h>
#include <openssl/evp.h>

#include "ngx_http_llm_cost.h"


/*
 * What takes several requests: a file of requests is uploaded, a batch is made
 * of it, asked for, and read.
 *
 *   FILE     counted, and refused if no budget could hold it; costs nothing.
 *            Its id leads to a record of what it can cost
 *   START    reserves what the record of its file says; PARTS what is in it.
 *            At the end of its answer the reservation is left to itself: the
 *            id of the work leads to it.  Where it cannot be left, all of it
 *            is billed at once
 *   RUN      the same, for what it bounds itself
 *   STATE    free; work that is over is settled, if its answer says what was
 *            used; else the file that will say it leads to it, too
 *   RESULTS  free; the sum of what they say settles the work
 *
 * Settled is once: who claims the record does it.  What nobody asks for is
 * charged in full when the reservation expires.
 */


#define NGX_HTTP_LLM_COST_HELD_FILE    (30 * 86400)    /* a file is known */
#define NGX_HTTP_LLM_COST_HELD_WINDOW  86400           /* work takes, */
#define NGX_HTTP_LLM_COST_HELD_GRACE   86400           /* ... is asked for */
#define NGX_HTTP_LLM_COST_HELD_LATE    86000           /* ... later, even */


struct ngx_http_llm_cost_tally_s {
    ngx_pool_t                 *pool;           /* of one result */
    llm_mem_t                   mem;
    ngx_http_llm_cost_ctx_t     line;
    u_char                      model[NGX_HTTP_LLM_COST_MODEL_MAX];
    llm_usage_t                 usage;
    int64_t                     cost;           /* -1: not known */
};


static ngx_int_t ngx_http_llm_cost_held_name(ngx_http_llm_cost_ctx_t *ctx,
    const llm_str_t *object, u_char name[LLM_HELD_NAME], uint64_t *payer);
static ngx_int_t ngx_http_llm_cost_held_find(ngx_http_llm_cost_ctx_t *ctx,
    const llm_str_t *object);
static ngx_uint_t ngx_http_llm_cost_held_fits(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_held_forget(ngx_http_llm_cost_ctx_t *ctx);
static ngx_int_t ngx_http_llm_cost_held_record(ngx_http_llm_cost_ctx_t *ctx,
    llm_held_t *record);
static ngx_uint_t ngx_http_llm_cost_held_claim(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_held_bind(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_held_cost(ngx_http_llm_cost_ctx_t *ctx,
    const llm_usage_t *usage, int64_t cost);
static void ngx_http_llm_cost_held_all(ngx_http_llm_cost_ctx_t *ctx);
static ngx_uint_t ngx_http_llm_cost_held_state(ngx_http_llm_cost_ctx_t *ctx);
static int ngx_http_llm_cost_held_result(llm_answer_t *a,
    const llm_answer_t *one);
static void ngx_http_llm_cost_held_cleanup(void *data);


/* a request that is free, and may tell of something */

ngx_int_t
ngx_http_llm_cost_held_start(ngx_http_llm_cost_ctx_t *ctx)
{
    return ngx_http_llm_cost_held_find(ctx, &ctx->q.route.object);
}


/* a request that has been read: FILE, START or PARTS */

ngx_int_t
ngx_http_llm_cost_held_admit(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_refusal_t                        f;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    if (ctx->q.costless) {
        return ngx_http_llm_cost_admit_counted(ctx, NGX_ABORT, &f);
    }

    if (ctx->q.route.step == LLM_LONG_START) {
        return ngx_http_llm_cost_held_find(ctx, &ctx->q.object);
    }

    if (ctx->q.route.step == LLM_LONG_RUN) {
        llcf = ngx_http_get_module_loc_conf(ctx->request,
                                            ngx_http_llm_cost_module);
        ctx->adm.lasts = 1;

        return ngx_http_llm_cost_admit_counted(ctx,
                           ngx_http_llm_cost_find_price(ctx, llcf, &f), &f);
    }

    return ngx_http_llm_cost_parts_begin(ctx);
}


static ngx_int_t
ngx_http_llm_cost_held_find(ngx_http_llm_cost_ctx_t *ctx,
    const llm_str_t *object)
{
    ngx_int_t                       rc;
    uint64_t                        payer;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    rc = ngx_http_llm_cost_held_name(ctx, object, ctx->name, &payer);

    if (rc == NGX_OK) {
        ctx->state = NGX_HTTP_LLM_COST_FINDING;
        rc = lmcf->store->find(ctx);
    }

    if (rc == NGX_AGAIN) {
        return ngx_http_llm_cost_wait(ctx->request);
    }

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->state = NGX_HTTP_LLM_COST_FOUND;

    return ngx_http_llm_cost_held_found(ctx);
}


/* ... or was not: a record of another kind is none */

ngx_int_t
ngx_http_llm_cost_held_found(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_refusal_t                        f;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    if (ctx->record && (ctx->record->done
                        || !ngx_http_llm_cost_held_fits(ctx)))
    {
        ctx->record = NULL;
    }

    if (ctx->q.route.step >= LLM_LONG_STATE) {

        if (ctx->record == NULL && ctx->q.route.step == LLM_LONG_MORE
            && llcf->enforced)
        {
            ngx_http_llm_cost_invalid(ctx, &f, "names a run that did not "
                "begin here, or is over", "run_id");
            return ngx_http_llm_cost_refuse(ctx, &f);
        }

        if (ctx->record == NULL) {
            ctx->state = NGX_HTTP_LLM_COST_ANSWERED;
            return NGX_DECLINED;
        }

        ctx->cost = 0;
        ctx->state = NGX_HTTP_LLM_COST_FORWARD;
        ctx->sent = ngx_current_msec;
        ngx_http_llm_cost_limit_encodings(ctx->request);

        return NGX_DECLINED;
    }

    if (ctx->record) {
        ctx->q.model.data = ctx->record->model;
        ctx->q.model.len = ctx->record->model_len;

        return ngx_http_llm_cost_admit_counted(ctx, NGX_OK, &f);
    }

    if (!llcf->enforced) {
        return ngx_http_llm_cost_admit_counted(ctx, NGX_ABORT, &f);
    }

    ngx_http_llm_cost_invalid(ctx, &f, "names a file whose requests were not "
        "counted here for this endpoint: upload it through this server",
        "input_file_id");

    return ngx_http_llm_cost_admit_counted(ctx, NGX_DECLINED, &f);
}


static ngx_uint_t
ngx_http_llm_cost_held_fits(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_str_t   *endpoint;
    llm_held_t  *record;

    record = ctx->record;
    endpoint = &ctx->q.endpoint;

    switch (ctx->q.route.step) {

    case LLM_LONG_START:
        return record->what == LLM_HELD_FILE
               && (endpoint->len == 0
                   || (endpoint->len == record->path_len
                       && ngx_memcmp(endpoint->data, record->path,
                                     endpoint->len) == 0));

    case LLM_LONG_STATE:
    case LLM_LONG_MORE:
        return record->what == LLM_HELD_WORK;

    case LLM_LONG_RESULTS:
        return record->what == LLM_HELD_RESULTS
               || (record->what == LLM_HELD_WORK
                   && ngx_memcmp(record->name, record->work, LLM_HELD_NAME)
                      == 0);

    default:
        return 0;
    }
}


/*
 * Whose it is goes into the name, so that it is not found by others: the user
 * that llm_user makes, who may have a new token by tomorrow; else the key,
 * since anybody can say x-user-id.
 */

static ngx_int_t
ngx_http_llm_cost_held_name(ngx_http_llm_cost_ctx_t *ctx,
    const llm_str_t *object, u_char name[LLM_HELD_NAME], uint64_t *payer)
{
    size_t                               len;
    u_char                              *p, md[EVP_MAX_MD_SIZE], buf[1024];
    ngx_str_t                           *who;
    ngx_uint_t                           user;
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    user = (llcf->user != NULL || ctx->key_id.len == 0);
    who = user ? &ctx->user : &ctx->key_id;

    if (object->len == 0
        || who->len + ctx->vendor.len + object->len + 16 > sizeof(buf))
    {
        return NGX_DECLINED;
    }

    p = buf;
    *p++ = user ? 'u' : 'k';
    *p++ = (u_char) (who->len >> 8);
    *p++ = (u_char) who->len;
    p = ngx_cpymem(p, who->data, who->len);
    len = p - buf;

    if (!EVP_Digest(buf, len, md, NULL, EVP_sha256(), NULL)) {
        return NGX_ERROR;
    }

    ngx_memcpy(payer, md, sizeof(uint64_t));

    *p++ = (u_char) ctx->vendor.len;
    p = ngx_cpymem(p, ctx->vendor.data, ctx->vendor.len);
    p = ngx_cpymem(p, object->data, object->len);

    if (!EVP_Digest(buf, p - buf, md, NULL, EVP_sha256(), NULL)) {
        return NGX_ERROR;
    }

    ngx_memcpy(name, md, LLM_HELD_NAME);

    return NGX_OK;
}


void
ngx_http_llm_cost_held_worst(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t     *most;
    llm_held_t  *record;

    record = ctx->record;
    most = ctx->adm.most;

    if (record) {
        most[LLM_UNIT_USD] = record->most[LLM_UNIT_USD];
        most[LLM_UNIT_TOKENS] = record->most[LLM_UNIT_TOKENS];

        ctx->q.input_tokens = record->input;
        ctx->max_output = record->output;
        ctx->most_input = most[LLM_UNIT_TOKENS] - record->output;

    } else {
        ngx_http_llm_cost_parts_worst(ctx, NULL);
    }

    most[LLM_UNIT_REQUESTS] = 1;

    ngx_memcpy(ctx->adm.least, most, sizeof(ctx->adm.least));

    ctx->adm.lasts = (ctx->q.route.step != LLM_LONG_FILE);
}


/* the answer is whole, or will not become it */

ngx_uint_t
ngx_http_llm_cost_held_begun(ngx_http_llm_cost_ctx_t *ctx)
{
    time_t                          until;
    llm_held_t                      record;
    ngx_uint_t                      told;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    /* a run goes on, whoever has left it; one that has ended is settled now */

    told = ctx->answer.told.id.len && !ctx->answer.error
           && (ctx->q.route.step == LLM_LONG_RUN
               ? !(ctx->answer.told.ended && ctx->answer.usage_seen)
               : ctx->complete && !ctx->cut);

    if (ctx->q.route.step == LLM_LONG_FILE) {
        ngx_http_llm_cost_held_forget(ctx);

        if (told && ngx_http_llm_cost_held_record(ctx, &record) == NGX_OK) {
            (void) lmcf->store->keep(&record);
        }

        return 1;
    }

    if (!told || ngx_http_llm_cost_held_record(ctx, &record) != NGX_OK) {
        return 0;
    }

    until = record.until - NGX_HTTP_LLM_COST_HELD_LATE;

    /*
     * First the record: a reservation that nobody finds is charged in full,
     * and one that is not left is billed now, which claims the record.
     */

    if (lmcf->store->keep(&record) != NGX_OK) {
        ngx_log_error(NGX_LOG_WARN, ctx->request->connection->log, 0,
                      "llm_zone has no room for another batch: all that it "
                      "can cost is billed now");
        return 0;
    }

    if (ctx->held && lmcf->store->leave(ctx, until) != NGX_OK) {
        ctx->record = &record;
        (void) ngx_http_llm_cost_held_claim(ctx);
        ctx->record = NULL;

        return 0;
    }

    ngx_http_llm_cost_held_forget(ctx);

    return 1;
}


/* nothing is spent now */

static void
ngx_http_llm_cost_held_forget(ngx_http_llm_cost_ctx_t *ctx)
{
    ctx->usage.input = 0;
    ctx->usage.output = 0;
    ctx->cost = 0;
    ctx->source = NGX_HTTP_LLM_COST_SOURCE_NONE;
    ctx->spent[LLM_UNIT_USD] = 0;
    ctx->spent[LLM_UNIT_TOKENS] = 0;
    ctx->spent[LLM_UNIT_REQUESTS] = !ctx->counted_request;
}


/* of what the answer has just named */

static ngx_int_t
ngx_http_llm_cost_held_record(ngx_http_llm_cost_ctx_t *ctx,
    llm_held_t *record)
{
    time_t  now;

    if (ctx->record) {
        *record = *ctx->record;

    } else {
        ngx_memzero(record, sizeof(llm_held_t));

        if (ctx->parts) {
            ngx_http_llm_cost_parts_worst(ctx, record);

        } else {
            record->exact = 1;
            record->kind = (uint8_t) ctx->q.kind;
            llm_held_set(record->model, &record->model_len, LLM_HELD_MODEL,
                         &ctx->q.model);
        }
    }

    now = ngx_time();

    record->version = LLM_HELD_VERSION;
    record->done = 0;
    record->made = now;
    record->input = ctx->q.input_tokens;
    record->output = ctx->max_output;
    record->id = ctx->adm.id;
    ngx_memcpy(record->most, ctx->adm.most, sizeof(record->most));

    if (ctx->q.route.step == LLM_LONG_FILE) {
        record->what = LLM_HELD_FILE;
        record->until = now + NGX_HTTP_LLM_COST_HELD_FILE;
        ngx_memzero(&record->id, sizeof(llm_hold_id_t));

    } else {
        record->what = LLM_HELD_WORK;
        record->until = now + NGX_HTTP_LLM_COST_HELD_LATE
                        + (ctx->q.route.step == LLM_LONG_RUN
                           ? 0 : NGX_HTTP_LLM_COST_HELD_GRACE)
                        + (ctx->q.window ? ctx->q.window
                                         : NGX_HTTP_LLM_COST_HELD_WINDOW);
        llm_held_pack(record, ctx->budgets, ctx->adm.n);

        if (!ctx->held) {
            ngx_memzero(&record->id, sizeof(llm_hold_id_t));
        }
    }

    if (ngx_http_llm_cost_held_name(ctx, &ctx->answer.told.id, record->name,
                                    &record->payer)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memcpy(record->work, record->name, LLM_HELD_NAME);

    return NGX_OK;
}


/* the filter is about to read an answer that may hold results */

ngx_int_t
ngx_http_llm_cost_held_listen(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_pool_cleanup_t         *cln;
    ngx_http_request_t         *r;
    ngx_http_llm_cost_tally_t  *tally;

    if (ctx->q.route.step != LLM_LONG_RESULTS || ctx->record == NULL) {
        return NGX_OK;
    }

    r = ctx->request;

    cln = ngx_pool_cleanup_add(r->pool, 0);
    tally = ngx_pcalloc(r->pool, sizeof(ngx_http_llm_cost_tally_t));

    if (cln == NULL || tally == NULL) {
        return NGX_ERROR;
    }

    tally->pool = ngx_create_pool(ngx_pagesize, r->connection->log);
    if (tally->pool == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_llm_cost_held_cleanup;
    cln->data = tally->pool;

    tally->mem.alloc = ngx_http_llm_cost_pool_alloc;
    tally->mem.ctx = tally->pool;
    tally->usage = (llm_usage_t) LLM_USAGE_INIT;

    ctx->tally = tally;
    ctx->answer.scratch = &tally->mem;
    ctx->answer.result = ngx_http_llm_cost_held_result;
    ctx->answer.result_data = ctx;

    return NGX_OK;
}


static void
ngx_http_llm_cost_held_cleanup(void *data)
{
    ngx_destroy_pool(data);
}


/* the price of a result is that of the model that was asked for, if all
   asked for one; else of the one that answered */

static int
ngx_http_llm_cost_held_result(llm_answer_t *a, const llm_answer_t *one)
{
    int64_t                     cost;
    llm_str_t                   model;
    llm_usage_t                 usage;
    ngx_http_llm_cost_ctx_t    *ctx, *line;
    ngx_http_llm_cost_tally_t  *tally;

    ctx = a->result_data;
    tally = ctx->tally;
    line = &tally->line;
    usage = one->usage;

    if (one->usage_bad) {
        tally->cost = -1;
    }

    if (!one->usage_seen || tally->cost < 0) {
        goto done;
    }

    model = one->model;

    if (ctx->record->model_len) {
        model.data = ctx->record->model;
        model.len = ctx->record->model_len;
    }

    if (model.len > NGX_HTTP_LLM_COST_MODEL_MAX) {
        model.len = 0;
    }

    if (line->request == NULL || model.len != line->q.model.len
        || ngx_memcmp(model.data, line->q.model.data, model.len) != 0)
    {
        ngx_memzero(line, sizeof(ngx_http_llm_cost_ctx_t));

        line->request = ctx->request;
        line->vendor = ctx->vendor;
        line->batch = ctx->record->batch;
        line->mem = ctx->mem;
        ngx_http_llm_cost_question_init(line);

        ngx_memcpy(tally->model, model.data, model.len);
        line->q.kind = one->kind;
        line->q.model.data = tally->model;
        line->q.model.len = model.len;

        ngx_http_llm_cost_price_find(line);
    }

    if (usage.output < 0 && !llm_kind_has_output(one->kind)) {
        usage.output = 0;
    }

    if (line->price == NULL || usage.input < 0 || usage.output < 0) {
        tally->cost = -1;
        goto done;
    }

    (void) llm_usage_normalize(&usage);

    line->answer.items = one->items;

    cost = ngx_http_llm_cost_price_usage(line, &usage);

    tally->cost = (cost < 0 || cost > LLM_NANO_MAX - tally->cost)
                  ? -1 : tally->cost + cost;

    llm_usage_add(&tally->usage, &usage);

done:

    ngx_reset_pool(tally->pool);

    return LLM_OK;
}


ngx_uint_t
ngx_http_llm_cost_held_told(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_usage_t                 none = LLM_USAGE_INIT;
    ngx_http_llm_cost_tally_t  *tally;

    ctx->source = NGX_HTTP_LLM_COST_SOURCE_NONE;
    ctx->cost = 0;

    if (ctx->record == NULL || ctx->answer_status != NGX_HTTP_OK || ctx->free
        || !ctx->complete || ctx->cut || ctx->answer.error)
    {
        return 0;
    }

    if (ctx->q.route.step != LLM_LONG_RESULTS) {
        return ctx->unread ? 0 : ngx_http_llm_cost_held_state(ctx);
    }

    tally = ctx->tally;

    if (tally == NULL || (ctx->unread && ctx->answer.state == NULL)
        || !ngx_http_llm_cost_held_claim(ctx))
    {
        return 0;
    }

    if (ctx->unread || tally->cost < 0) {

        /* a result was too long to be read, or does not say what it used */

        ngx_http_llm_cost_held_all(ctx);

    } else if (tally->usage.input < 0) {
        none.input = 0;
        none.output = 0;
        ngx_http_llm_cost_held_cost(ctx, &none, 0);

    } else {
        ngx_http_llm_cost_held_cost(ctx, &tally->usage, tally->cost);
    }

    return 1;
}


static ngx_uint_t
ngx_http_llm_cost_held_state(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t       cost;
    llm_usage_t   usage = LLM_USAGE_INIT;
    llm_answer_t *a;

    a = &ctx->answer;

    ngx_http_llm_cost_held_bind(ctx);

    if (!a->told.ended) {
        return 0;
    }

    if (a->told.unused) {

        if (!ngx_http_llm_cost_held_claim(ctx)) {
            return 0;
        }

        usage.input = 0;
        usage.output = 0;
        ngx_http_llm_cost_held_cost(ctx, &usage, 0);

        return 1;
    }

    /* a sum of nothing is said by those who say none, but for runs */

    if (!a->usage_seen || a->usage_bad || a->usage.input < ctx->record->batch
        || !ctx->record->exact)
    {
        return 0;
    }

    ctx->batch = ctx->record->batch;
    ctx->q.kind = ctx->record->kind;
    ctx->q.model.data = ctx->record->model;
    ctx->q.model.len = ctx->record->model_len;

    ngx_http_llm_cost_price_find(ctx);

    if (ctx->price == NULL) {
        return 0;
    }

    usage = a->usage;
    usage.output = ngx_max(usage.output, 0);

    (void) llm_usage_normalize(&usage);

    cost = ngx_http_llm_cost_price_usage(ctx, &usage);

    if (cost < 0 || cost > LLM_NANO_MAX
        || !ngx_http_llm_cost_held_claim(ctx))
    {
        return 0;
    }

    ngx_http_llm_cost_held_cost(ctx, &usage, cost);

    return 1;
}


/* the file that it names leads to the same money; that of what has failed
   says nothing that is charged */

static void
ngx_http_llm_cost_held_bind(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_held_t                      record;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    record = *ctx->record;
    record.what = LLM_HELD_RESULTS;

    if (ngx_http_llm_cost_held_name(ctx, &ctx->answer.told.file, record.name,
                                    &record.payer)
        == NGX_OK)
    {
        (void) lmcf->store->keep(&record);
    }
}


/* what the reservation was made of, for whoever settles it now */

static ngx_uint_t
ngx_http_llm_cost_held_claim(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_held_t                      record;
    llm_budget_t                   *budgets;
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    budgets = ngx_pcalloc(ctx->request->pool,
                          LLM_BUDGETS_MAX * sizeof(llm_budget_t));

    if (budgets == NULL || lmcf->zone->held == NULL
        || llm_held_claim(lmcf->zone->held, ctx->record->work, ngx_time())
           != LLM_OK)
    {
        return 0;
    }

    if (ctx->held) {
        return 1;
    }

    /* by whatever name it is asked for, and on whatever node */

    record = *ctx->record;
    record.done = 1;
    (void) lmcf->store->keep(&record);

    ngx_memcpy(record.name, record.work, LLM_HELD_NAME);
    record.what = LLM_HELD_WORK;
    (void) lmcf->store->keep(&record);

    ctx->budgets = budgets;
    ctx->adm.budgets = budgets;
    ctx->adm.n = llm_held_unpack(ctx->record, budgets);
    ctx->adm.id = ctx->record->id;
    ctx->adm.granted[LLM_UNIT_REQUESTS] = 1;
    ctx->held = (ctx->record->id.seq != 0);

    return 1;
}


static void
ngx_http_llm_cost_held_cost(ngx_http_llm_cost_ctx_t *ctx,
    const llm_usage_t *usage, int64_t cost)
{
    ctx->usage = *usage;
    ctx->usage.input = ngx_max(usage->input, 0);
    ctx->usage.output = ngx_max(usage->output, 0);

    ctx->cost = cost;
    ctx->source = NGX_HTTP_LLM_COST_SOURCE_UPSTREAM;
    ctx->q.model.data = ctx->record->model;
    ctx->q.model.len = ctx->record->model_len;

    ctx->spent[LLM_UNIT_USD] = cost;
    ctx->spent[LLM_UNIT_TOKENS] = ctx->usage.input + ctx->usage.output;
    ctx->spent[LLM_UNIT_REQUESTS] = 1;
}


static void
ngx_http_llm_cost_held_all(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_usage_t  usage = LLM_USAGE_INIT;

    usage.output = ctx->record->output;
    usage.input = ctx->record->most[LLM_UNIT_TOKENS] - usage.output;

    ngx_http_llm_cost_held_cost(ctx, &usage, ctx->record->most[LLM_UNIT_USD]);

    ctx->source = NGX_HTTP_LLM_COST_SOURCE_COUNTED;
}


ngx_int_t
ngx_http_llm_cost_held_zone_find(ngx_http_llm_cost_ctx_t *ctx)
{
    llm_held_t                *record;
    ngx_http_llm_cost_zone_t  *z;

    z = ngx_http_llm_cost_zone();
    ctx->record = NULL;

    if (z->held == NULL) {
        return NGX_OK;
    }

    record = ngx_palloc(ctx->request->pool, sizeof(llm_held_t));
    if (record == NULL) {
        return NGX_ERROR;
    }

    if (llm_held_get(z->held, ctx->name, ngx_time(), record) == LLM_OK) {
        ctx->record = record;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_held_zone_keep(const llm_held_t *record)
{
    ngx_http_llm_cost_zone_t  *z;

    z = ngx_http_llm_cost_zone();

    if (z->held == NULL
        || llm_held_put(z->held, record, ngx_time()) != LLM_OK)
    {
        return NGX_DECLINED;
    }

    if (z->held_fd > 0) {
        (void) llm_held_file_add(z->held, z->held_fd, record);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_llm_cost_held_zone_leave(ngx_http_llm_cost_ctx_t *ctx, time_t until)
{
    if (llm_ledger_leave(ngx_http_llm_cost_zone()->ledger, &ctx->adm.id,
                         until)
        != LLM_OK)
    {
        return NGX_DECLINED;
    }

    ctx->held = 0;

    return NGX_OK;
}
