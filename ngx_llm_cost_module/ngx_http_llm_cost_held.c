
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
 * charged in full when the reservation expires (_held_lapse.c).
 */


#define NGX_HTTP_LLM_COST_HELD_FILE    (30 * 86400)    /* a file is known */
#define NGX_HTTP_LLM_COST_HELD_WINDOW  86400           /* work takes, */
#define NGX_HTTP_LLM_COST_HELD_GRACE   86400           /* ... is asked for */


static ngx_int_t ngx_http_llm_cost_held_find(ngx_http_llm_cost_ctx_t *ctx,
    const llm_str_t *object);
static ngx_int_t ngx_http_llm_cost_held_model(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_refusal_t *f);
static ngx_uint_t ngx_http_llm_cost_held_fits(ngx_http_llm_cost_ctx_t *ctx);
static ngx_int_t ngx_http_llm_cost_held_hand_over(
    ngx_http_llm_cost_ctx_t *ctx, llm_held_t *record);
static void ngx_http_llm_cost_held_forget(ngx_http_llm_cost_ctx_t *ctx);
static ngx_int_t ngx_http_llm_cost_held_record(ngx_http_llm_cost_ctx_t *ctx,
    llm_held_t *record);
static void ngx_http_llm_cost_held_record_file(ngx_http_llm_cost_ctx_t *ctx,
    llm_held_t *record);
static void ngx_http_llm_cost_held_record_work(ngx_http_llm_cost_ctx_t *ctx,
    llm_held_t *record);


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
    ngx_int_t                            rc;
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
        rc = (ctx->record->what == LLM_HELD_UNNAMED)
             ? ngx_http_llm_cost_held_model(ctx, llcf, &f) : NGX_OK;

        ctx->q.model.data = ctx->record->model;
        ctx->q.model.len = ctx->record->model_len;

        return ngx_http_llm_cost_admit_counted(ctx, rc, &f);
    }

    if (!llcf->enforced) {
        return ngx_http_llm_cost_admit_counted(ctx, NGX_ABORT, &f);
    }

    ngx_http_llm_cost_invalid(ctx, &f, "names a file whose requests were not "
        "counted here for this endpoint: upload it through this server",
        "input_file_id");

    return ngx_http_llm_cost_admit_counted(ctx, NGX_DECLINED, &f);
}


/*
 * The work names the model of all requests of its file: now it is known what
 * their tokens cost, and how long an answer without a maximum can be.
 */

static ngx_int_t
ngx_http_llm_cost_held_model(ngx_http_llm_cost_ctx_t *ctx,
    const ngx_http_llm_cost_loc_conf_t *llcf, llm_refusal_t *f)
{
    int64_t      open, each;
    ngx_int_t    rc;
    llm_kind_e   kind;
    llm_held_t  *record;

    record = ctx->record;
    kind = ctx->q.kind;

    ctx->q.kind = record->kind;
    ctx->batch = 1;

    rc = ngx_http_llm_cost_find_price(ctx, llcf, f);

    if (rc == NGX_OK) {
        ctx->q.max_output = -1;
        each = ngx_http_llm_cost_most_output(ctx, llcf);
        ctx->q.max_output = 0;

        open = record->most[LLM_UNIT_REQUESTS];
        open = (each && open > LLM_NANO_MAX / each) ? LLM_NANO_MAX
                                                    : open * each;

        ctx->most_input = record->most[LLM_UNIT_TOKENS] - record->output;
        record->output += open;
        record->most[LLM_UNIT_TOKENS] += open;

        if (ctx->price) {
            record->most[LLM_UNIT_USD] =
                        ngx_http_llm_cost_price_worst(ctx, record->output);
        }
    }

    record->what = LLM_HELD_FILE;
    llm_held_set(record->model, &record->model_len, LLM_HELD_MODEL,
                 &ctx->q.model);

    /* what begins has no price of its own */

    ctx->q.kind = kind;
    ctx->batch = 0;
    ctx->price = NULL;

    return rc;
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
        return record->what == (ctx->q.model.len ? LLM_HELD_UNNAMED
                                                 : LLM_HELD_FILE)
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

ngx_int_t
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

    if (ngx_http_llm_cost_held_hand_over(ctx, &record) != NGX_OK) {
        return 0;
    }

    ngx_http_llm_cost_held_forget(ctx);

    /* whoever settles it has the request in his line of the log, too */

    ctx->spent[LLM_UNIT_REQUESTS] = 0;

    return 1;
}


/*
 * The reservation outlives the request, for whoever finds the record.  That
 * comes first: a reservation that nobody finds is charged in full, and one that
 * is not left is billed now, which claims the record.
 */

static ngx_int_t
ngx_http_llm_cost_held_hand_over(ngx_http_llm_cost_ctx_t *ctx,
    llm_held_t *record)
{
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    if (lmcf->store->keep(record) != NGX_OK) {
        ngx_log_error(NGX_LOG_WARN, ctx->request->connection->log, 0,
                      "llm_zone has no room for another batch: all that it "
                      "can cost is billed now");
        return NGX_DECLINED;
    }

    if (ctx->held
        && lmcf->store->leave(ctx, record->until - LLM_HELD_LATE) != NGX_OK)
    {
        ctx->record = record;
        (void) ngx_http_llm_cost_held_claim(ctx);
        ctx->record = NULL;

        record->done = LLM_HELD_DONE;
        (void) lmcf->store->keep(record);

        return NGX_DECLINED;
    }

    return NGX_OK;
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
    if (ctx->record) {
        *record = *ctx->record;

    } else {
        ngx_memzero(record, sizeof(llm_held_t));

        if (ctx->parts) {
            ngx_http_llm_cost_parts_worst(ctx, record);

        } else {
            record->exact = !ctx->q.sure;
            record->kind = (uint8_t) ctx->q.kind;
            llm_held_set(record->model, &record->model_len, LLM_HELD_MODEL,
                         &ctx->q.model);
        }
    }

    record->version = LLM_HELD_VERSION;
    record->done = 0;
    record->made = ngx_time();
    record->input = ctx->q.input_tokens;
    record->output = ctx->max_output;
    record->id = ctx->adm.id;
    ngx_memcpy(record->most, ctx->held ? ctx->adm.granted : ctx->adm.most,
               sizeof(record->most));

    if (ctx->q.route.step == LLM_LONG_FILE) {
        ngx_http_llm_cost_held_record_file(ctx, record);

    } else {
        ngx_http_llm_cost_held_record_work(ctx, record);
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


/* nothing is held for a file: what is made of it will be */

static void
ngx_http_llm_cost_held_record_file(ngx_http_llm_cost_ctx_t *ctx,
    llm_held_t *record)
{
    int64_t  open;

    record->what = LLM_HELD_FILE;
    record->until = record->made + NGX_HTTP_LLM_COST_HELD_FILE;
    ngx_memzero(&record->id, sizeof(llm_hold_id_t));

    open = ngx_http_llm_cost_parts_open(ctx);

    if (open >= 0) {
        record->what = LLM_HELD_UNNAMED;
        record->most[LLM_UNIT_REQUESTS] = open;
    }
}


/* the reservation that goes over to it, if there is one, and its budgets */

static void
ngx_http_llm_cost_held_record_work(ngx_http_llm_cost_ctx_t *ctx,
    llm_held_t *record)
{
    record->what = LLM_HELD_WORK;
    record->until = record->made + LLM_HELD_LATE
                    + (ctx->q.route.step == LLM_LONG_RUN
                       ? 0 : NGX_HTTP_LLM_COST_HELD_GRACE)
                    + (ctx->q.window ? ctx->q.window
                                     : NGX_HTTP_LLM_COST_HELD_WINDOW);
    llm_held_pack(record, ctx->budgets, ctx->adm.n);

    if (!ctx->held) {
        ngx_memzero(&record->id, sizeof(llm_hold_id_t));
    }
}
