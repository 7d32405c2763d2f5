
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost.h"


/*
 * A request's price: its row and the terms of its admission, the most that it
 * can cost, and what a usage of it costs.
 */


static const llm_price_t *ngx_http_llm_cost_row(ngx_http_llm_cost_ctx_t *ctx,
    const llm_str_t *model);
static ngx_uint_t ngx_http_llm_cost_priced(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_terms(ngx_http_llm_cost_ctx_t *ctx);
static const llm_str_t *ngx_http_llm_cost_unpriced(
    ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_place(ngx_http_llm_cost_ctx_t *ctx);
static void ngx_http_llm_cost_tools(ngx_http_llm_cost_ctx_t *ctx);
static int64_t ngx_http_llm_cost_price_tokens(ngx_http_llm_cost_ctx_t *ctx,
    llm_usage_t *usage);
static void ngx_http_llm_cost_most(ngx_http_llm_cost_ctx_t *ctx,
    int64_t output, llm_usage_t *most);


/* calls of tools that the provider runs, which stand beside the tokens */

static const size_t  ngx_http_llm_cost_calls[] = {
    offsetof(llm_usage_t, searches),
    offsetof(llm_usage_t, search_size),
    offsetof(llm_usage_t, maps_queries),
    offsetof(llm_usage_t, file_searches),
    offsetof(llm_usage_t, web_fetches),
    offsetof(llm_usage_t, code_sessions),
    offsetof(llm_usage_t, tool_calls)
};


/* sets ctx->price, NULL where there is none, and ctx->terms */

void
ngx_http_llm_cost_price_find(ngx_http_llm_cost_ctx_t *ctx)
{
    const llm_str_t    *unpriced;
    const llm_price_t  *price;

    ngx_http_llm_cost_terms(ctx);
    ngx_http_llm_cost_place(ctx);
    ngx_http_llm_cost_tools(ctx);

    ctx->unpriced = &ctx->q.model;
    ctx->price = ngx_http_llm_cost_row(ctx, &ctx->q.model);

    /* a model that is charged by the picture has a row for each kind of it */

    if (ctx->q.priced.len
        && (ctx->price == NULL || llm_price_by_unit(ctx->price)))
    {
        price = ngx_http_llm_cost_row(ctx, &ctx->q.priced);
        if (price) {
            ctx->price = price;
        }
    }

    if (ctx->price == NULL) {
        return;
    }

    if (!ngx_http_llm_cost_priced(ctx)
        || (!ctx->q.bounded && llm_price_by_unit(ctx->price)))
    {
        ctx->price = NULL;
        return;
    }

    unpriced = ngx_http_llm_cost_unpriced(ctx);

    if (unpriced) {
        ctx->unpriced = unpriced;
        ctx->price = NULL;
    }
}


static void
ngx_http_llm_cost_terms(ngx_http_llm_cost_ctx_t *ctx)
{
    ctx->terms.tier = llm_tier_find(&ctx->q.service_tier);
    ctx->terms.when = ngx_time();

    if (ctx->q.decides) {
        ctx->terms.tier = LLM_TIER_DECISION;
    }

    if (ctx->batch || ctx->q.kind == LLM_KIND_BATCH) {
        ctx->terms.tier = LLM_TIER_BATCH;
    }
}


/* of the other models that may be asked, each has to have a row; NULL: so */

static const llm_str_t *
ngx_http_llm_cost_unpriced(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_uint_t            i;
    const llm_request_t  *q;

    q = &ctx->q;

    for (i = 0; i < q->nothers; i++) {

        if (ngx_http_llm_cost_row(ctx, &q->others[i]) == NULL) {
            return &q->others[i];
        }
    }

    if (q->guest.model.len
        && ngx_http_llm_cost_row(ctx, &q->guest.model) == NULL)
    {
        return &q->guest.model;
    }

    return NULL;
}


/* the row of a model where this request goes, or NULL */

static const llm_price_t *
ngx_http_llm_cost_row(ngx_http_llm_cost_ctx_t *ctx, const llm_str_t *model)
{
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    return llm_prices_look(lmcf->prices, model, &ctx->vendor, &ctx->region,
                           NULL);
}


/* one of the models that may answer, in place of the one asked for */

static const llm_price_t *
ngx_http_llm_cost_other(ngx_http_llm_cost_ctx_t *ctx, ngx_uint_t i)
{
    const llm_price_t  *price;

    price = ngx_http_llm_cost_row(ctx, &ctx->q.others[i]);

    return price ? price : ctx->price;
}


/*
 * A row may hold no price, or none for what this request produces.  The last
 * answer is remembered: it is that of most requests of the same second.
 */

static ngx_uint_t
ngx_http_llm_cost_priced(ngx_http_llm_cost_ctx_t *ctx)
{
    int                       output;
    llm_usage_t               one;
    const llm_price_terms_t  *t;

    static struct {
        const llm_price_t    *price;
        ngx_cycle_t          *cycle;
        llm_price_terms_t     terms;
        int                   output;
        ngx_uint_t            priced;
    } last;

    t = &ctx->terms;
    output = llm_kind_has_output(ctx->q.kind);

    if (last.price != ctx->price || last.cycle != ngx_cycle
        || last.terms.tier != t->tier || last.terms.host != t->host
        || last.terms.when != t->when || last.output != output)
    {
        llm_usage_any(&one, 1, output);

        last.price = ctx->price;
        last.cycle = (ngx_cycle_t *) ngx_cycle;
        last.terms = *t;
        last.output = output;
        last.priced = (llm_price_worst(ctx->price, t, &one) >= 0);
    }

    return last.priced;
}


/* where the request goes, as far as the host and the path say it */

static void
ngx_http_llm_cost_place(ngx_http_llm_cost_ctx_t *ctx)
{
    const ngx_http_llm_cost_target_t  *t;

    ctx->terms.host = llm_vendor_region_of_path(&ctx->q.path, &ctx->region);

    if (ctx->region.len == 0) {
        t = ngx_http_llm_cost_target(ctx->request);

        if (t->upstream) {
            ctx->terms.host = t->geo;
            ctx->region = t->region;
        }
    }
}


/* calls of tools that the host runs, whosever the model is */

static void
ngx_http_llm_cost_tools(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_http_llm_cost_main_conf_t  *lmcf;

    lmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_llm_cost_module);

    ctx->terms.tools = llm_prices_tools(lmcf->prices, &ctx->vendor);
}


static void
ngx_http_llm_cost_copy(llm_usage_t *to, const llm_usage_t *from,
    const size_t *fields, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        *(int64_t *) ((u_char *) to + fields[i]) =
                               *(int64_t *) ((u_char *) from + fields[i]);
    }
}


/*
 * The most of every kind: as the dialect says it.  Of one that does not, but
 * knows what a request needs of its model, a request is text and that.  Any
 * other may be whatever its model has a rate by the token for.
 */

static void
ngx_http_llm_cost_most(ngx_http_llm_cost_ctx_t *ctx, int64_t output,
    llm_usage_t *most)
{
    int             needs;
    llm_request_t  *q;

    q = &ctx->q;

    if (q->bounded) {
        *most = q->most;

        most->input = ctx->most_input;
        most->output = output;

        llm_usage_pages(most, q->search_pages, LLM_PRICE_CALLS);

        return;
    }

    llm_usage_any(most, ctx->most_input, output);

    ngx_http_llm_cost_copy(most, &q->most, ngx_http_llm_cost_calls,
                           sizeof(ngx_http_llm_cost_calls) / sizeof(size_t));

    llm_usage_pages(most, q->search_pages, LLM_PRICE_CALLS);

    needs = q->provider->needs ? q->provider->needs(q, &q->model) : -1;

    if (needs < 0) {
        return;
    }

    /* OpenAI's cache is written without being asked */

    if (!(ctx->marks & LLM_MARK_CACHE)) {
        most->cache_write_1h = 0;
    }

    if (!(ctx->marks & LLM_MARK_RETENTION)) {
        most->cache_write_day = 0;
    }

    if (!(needs & (LLM_ABLE_IMAGES | LLM_ABLE_FILES))) {
        most->image_input = 0;
        most->cached_image = 0;
    }

    if (!(needs & LLM_ABLE_AUDIO_IN)) {
        most->audio_input = 0;
        most->cached_audio = 0;
    }

    if (!(needs & LLM_ABLE_AUDIO_OUT)) {
        most->audio_output = 0;
    }
}


/* ... of all calls of the model that a tool asks; -1: not known */

static int64_t
ngx_http_llm_cost_guest(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t             calls, one;
    llm_usage_t         most;
    const llm_guest_t  *guest;
    const llm_price_t  *price;

    guest = &ctx->q.guest;

    if (guest->model.len == 0) {
        return 0;
    }

    price = ngx_http_llm_cost_row(ctx, &guest->model);
    if (price == NULL) {
        return -1;
    }

    calls = guest->calls < 0 ? LLM_PRICE_CALLS : guest->calls;
    most = guest->most;

    if (most.input < 0) {
        most.input = ctx->most_input + ngx_max(ctx->q.max_output, 0);
    }

    if (most.output < 0) {
        most.output = price->max_output;
    }

    if (most.output < 0) {
        return -1;
    }

    one = llm_price_worst(price, &ctx->terms, &most);

    return (one < 0 || (one && calls > LLM_NANO_MAX / one)) ? -1 : calls * one;
}


/* nano-USD, of a request with a price; above LLM_NANO_MAX, which fits no
   limit, where a rate or a number is missing */

int64_t
ngx_http_llm_cost_price_worst(ngx_http_llm_cost_ctx_t *ctx, int64_t output)
{
    int64_t      worst, one, guest;
    ngx_uint_t   i;
    llm_usage_t  most;

    guest = ngx_http_llm_cost_guest(ctx);
    ngx_http_llm_cost_most(ctx, output, &most);

    worst = llm_price_worst(ctx->price, &ctx->terms, &most);

    for (i = 0; worst >= 0 && i < ctx->q.nothers; i++) {
        one = llm_price_worst(ngx_http_llm_cost_other(ctx, i), &ctx->terms,
                              &most);
        worst = one < 0 ? one : ngx_max(worst, one);
    }

    return (worst < 0 || guest < 0 || worst > LLM_NANO_MAX - guest)
           ? LLM_NANO_MAX + 1 : worst + guest;
}


int64_t
ngx_http_llm_cost_price_fit(ngx_http_llm_cost_ctx_t *ctx, int64_t amount)
{
    int64_t      fit, one;
    ngx_uint_t   i;
    llm_usage_t  most;

    one = ngx_http_llm_cost_guest(ctx);

    if (one < 0 || one > amount) {
        return 0;
    }

    amount -= one;

    ngx_http_llm_cost_most(ctx, 0, &most);

    fit = llm_price_fit(ctx->price, &ctx->terms, &most, amount);

    for (i = 0; i < ctx->q.nothers; i++) {
        one = llm_price_fit(ngx_http_llm_cost_other(ctx, i), &ctx->terms,
                            &most, amount);
        fit = ngx_min(fit, one);
    }

    return fit;
}


/*
 * What is charged beside tokens, or in their place: as the answer says it, or
 * as the request bounds it; of calls those that were made.  Its other figures
 * are unknown.
 */

llm_usage_t
ngx_http_llm_cost_price_units(ngx_http_llm_cost_ctx_t *ctx)
{
    int64_t     *from, *most, *to;
    ngx_uint_t   i;
    llm_usage_t  u = LLM_USAGE_INIT;

    static const size_t  units[] = {
        offsetof(llm_usage_t, input_chars),
        offsetof(llm_usage_t, audio_input_ms),
        offsetof(llm_usage_t, images_out),
        offsetof(llm_usage_t, pixels_out),
        offsetof(llm_usage_t, pages),
        offsetof(llm_usage_t, queries)
    };

    u.reported_cost = ctx->answer.usage.reported_cost;

    ngx_http_llm_cost_copy(&u, &ctx->answer.usage, ngx_http_llm_cost_calls,
                           sizeof(ngx_http_llm_cost_calls) / sizeof(size_t));

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {

        from = (int64_t *) ((u_char *) &ctx->answer.usage + units[i]);
        most = (int64_t *) ((u_char *) &ctx->q.most + units[i]);
        to = (int64_t *) ((u_char *) &u + units[i]);

        if (*from >= 0) {
            *to = *from;

        } else if (ctx->q.bounded && *most > 0) {
            *to = *most;
        }
    }

    return u;
}


/* the row charges something of this usage that is no token */

ngx_uint_t
ngx_http_llm_cost_price_by_unit(ngx_http_llm_cost_ctx_t *ctx,
    llm_usage_t *usage)
{
    int64_t    *units;
    ngx_uint_t  i;

    static const struct {
        llm_rate_e  rate;
        size_t      unit;
    } rows[] = {
        { LLM_RATE_INPUT_CHAR, offsetof(llm_usage_t, input_chars) },
        { LLM_RATE_AUDIO_INPUT_SECOND, offsetof(llm_usage_t,
                                                audio_input_ms) },
        { LLM_RATE_VIDEO_OUTPUT_SECOND, offsetof(llm_usage_t,
                                                 video_output_ms) },
        { LLM_RATE_OUTPUT_IMAGE, offsetof(llm_usage_t, images_out) },
        { LLM_RATE_OUTPUT_PIXEL, offsetof(llm_usage_t, pixels_out) },
        { LLM_RATE_REQUEST_SECOND, offsetof(llm_usage_t, request_ms) },
        { LLM_RATE_PAGE, offsetof(llm_usage_t, pages) }
    };

    if (ctx->price == NULL) {
        return 0;
    }

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        units = (int64_t *) ((u_char *) usage + rows[i].unit);

        if (*units >= 0
            && llm_price_rate(ctx->price, LLM_TIER_DEFAULT, rows[i].rate) >= 0)
        {
            return 1;
        }
    }

    return 0;
}


/* tokens are free, and what is charged in their place this usage lacks */

ngx_uint_t
ngx_http_llm_cost_price_lacks(ngx_http_llm_cost_ctx_t *ctx,
    llm_usage_t *usage)
{
    return ctx->price && llm_price_by_unit(ctx->price)
           && !ngx_http_llm_cost_price_by_unit(ctx, usage);
}


/*
 * What a usage costs by our own prices, with what was billed beside it: items
 * of other models are priced as those, by a row of theirs or not at all.
 */

int64_t
ngx_http_llm_cost_price_usage(ngx_http_llm_cost_ctx_t *ctx,
    const llm_usage_t *usage)
{
    int64_t             cost, one;
    ngx_uint_t          n;
    llm_usage_t         u;
    llm_usage_item_t   *item;
    const llm_price_t  *price;

    u = *usage;

    llm_usage_pages(&u, ctx->q.search_pages, 0);

    /* of work that is told of, the time that this takes says nothing */

    if (u.request_ms < 0 && ctx->record == NULL
        && ctx->request->upstream && ctx->request->upstream->state)
    {
        u.request_ms = ngx_current_msec - ctx->request->upstream->start_time;
    }

    cost = ngx_http_llm_cost_price_tokens(ctx, &u);
    n = 0;

    for (item = ctx->answer.items; item && cost >= 0; item = item->next) {

        if (n++ == NGX_HTTP_LLM_COST_ITEMS) {
            return -1;
        }

        price = item->model.len ? ngx_http_llm_cost_row(ctx, &item->model)
                                : ctx->price;
        if (price == NULL) {
            return -1;
        }

        u = item->usage;
        (void) llm_usage_normalize(&u);

        one = llm_price_cost(price, &ctx->terms, &u, NULL);

        if (one < 0 || cost > LLM_NANO_MAX - one) {
            return -1;
        }

        cost += one;
    }

    return cost;
}


/*
 * At the price of the model that has answered.  Where several were allowed and
 * the one that did has no row of its name, it is the dearest of those.
 */

static int64_t
ngx_http_llm_cost_price_tokens(ngx_http_llm_cost_ctx_t *ctx,
    llm_usage_t *usage)
{
    int64_t             cost, one;
    ngx_uint_t          i;
    const llm_price_t  *price;

    price = ctx->answer.served.len
            ? ngx_http_llm_cost_row(ctx, &ctx->answer.served) : NULL;

    if (price) {
        return llm_price_cost(price, &ctx->terms, usage, NULL);
    }

    cost = llm_price_cost(ctx->price, &ctx->terms, usage, NULL);

    for (i = 0; cost >= 0 && i < ctx->q.nothers; i++) {
        one = llm_price_cost(ngx_http_llm_cost_other(ctx, i), &ctx->terms,
                             usage, NULL);
        cost = one < 0 ? one : ngx_max(cost, one);
    }

    return cost;
}
