
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "ngx_http_llm_cost_redis.h"


/*
 * The zone's ledger behind Redis.  While Redis answers it is the journal of
 * this node's reservations and the last known state of their counters.  While
 * Redis is away it admits, as llm_store_failure says:
 *
 *   closed   no request that an enforced budget applies to
 *   open     every request; it is counted, and merged later
 *   local    for each budget this node's share of what others have left in it,
 *            as far as is known, and an allowance in usd beyond that
 *
 * The share is divided by the number of nodes that were there.  Of a counter
 * that Redis has never told of there is none, unless its window began while
 * Redis was away already.  The counter remembers until its window ends how much
 * was admitted so: however often Redis goes away, it is one share and one
 * allowance.
 *
 * What was admitted so is settled in the ledger at once, and goes to the
 * record of what Redis has not confirmed: Redis does not know its identity and
 * adds it in full, once.
 */


#define NGX_HTTP_LLM_COST_ORPHAN_SILENCE  60    /* s between complaints */


static void ngx_http_llm_cost_redis_soften(llm_budget_t *copy,
    const llm_budget_t *budgets, ngx_uint_t n);
static ngx_uint_t ngx_http_llm_cost_redis_enforced(
    ngx_http_llm_cost_ctx_t *ctx);
static ngx_int_t ngx_http_llm_cost_redis_share(llm_budget_t *b,
    int64_t allowance);
static ngx_int_t ngx_http_llm_cost_redis_reserve_local(
    ngx_http_llm_cost_ctx_t *ctx, llm_budget_t *budgets);
static void ngx_http_llm_cost_redis_reserve_alone(
    ngx_http_llm_cost_ctx_t *ctx, llm_budget_t *budgets);


/*
 * Redis decides: in the journal nothing is reserved before it has, so that the
 * counters stay as Redis has told of them.  A reservation of no request is one
 * that Redis has not confirmed.
 */

ngx_int_t
ngx_http_llm_cost_redis_journal(ngx_http_llm_cost_ctx_t *ctx,
    llm_hold_id_t *id)
{
    int              rc;
    llm_budget_t     budgets[LLM_BUDGETS_MAX];
    llm_admission_t  a;

    ngx_http_llm_cost_redis_soften(budgets, ctx->adm.budgets, ctx->adm.n);

    a = ctx->adm;
    a.budgets = budgets;
    a.hit = 0;

    ngx_memzero(a.most, sizeof(a.most));
    ngx_memzero(a.least, sizeof(a.least));

    rc = llm_ledger_reserve(ngx_http_llm_cost_zone()->ledger, &a);

    if (rc == LLM_LEDGER_FITS) {
        *id = a.id;
        return NGX_OK;
    }

    return rc == LLM_LEDGER_FULL ? NGX_DECLINED : NGX_ERROR;
}


static void
ngx_http_llm_cost_redis_soften(llm_budget_t *copy,
    const llm_budget_t *budgets, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        copy[i] = budgets[i];
        copy[i].observe = 1;
    }
}


void
ngx_http_llm_cost_redis_unjournal(const llm_hold_id_t *id)
{
    (void) llm_ledger_cancel(ngx_http_llm_cost_zone()->ledger, id);
}


void
ngx_http_llm_cost_redis_close_journal(ngx_http_llm_cost_redis_op_t *op)
{
    llm_ledger_t  *l;

    l = ngx_http_llm_cost_zone()->ledger;

    if (op->spends) {
        if (llm_ledger_settle_there(l, &op->id, op->spent, op->source)
            != LLM_OK)
        {
            ngx_http_llm_cost_held_zone_told(&op->id, 1);
        }

    } else {
        (void) llm_ledger_cancel(l, &op->id);
    }
}


/*
 * It is on record, which does not outlive nginx; where the zone does, whoever
 * starts next finds there what Redis may not have heard of.
 */

int
ngx_http_llm_cost_redis_pend(ngx_http_llm_cost_redis_op_t *op,
    llm_balance_t *balances, ngx_uint_t n)
{
    llm_ledger_end_t  end;

    end.spent = op->spends ? op->spent : NULL;
    end.source = op->source;
    end.owner = (uint32_t) ngx_pid;
    end.time = (int64_t) ngx_time();
    end.sent = (op->sent != 0);

    return llm_ledger_pend(ngx_http_llm_cost_zone()->ledger, &op->id, &end,
                           balances, n);
}


/* what Redis has just said of these counters, for a time without it */

void
ngx_http_llm_cost_redis_shadow(const llm_budget_t *budgets,
    const llm_balance_t *balances, ngx_uint_t n, uint64_t stamp)
{
    ngx_uint_t     i;
    llm_ledger_t  *l;

    l = ngx_http_llm_cost_zone()->ledger;

    /* while it is away, the zone knows more than a late reply */

    if (ngx_http_llm_cost_redis_box()->state == NGX_HTTP_LLM_COST_STORE_AWAY) {
        return;
    }

    for (i = 0; i < n; i++) {
        (void) llm_ledger_shadow(l, &budgets[i],
                                 ngx_max(balances[i].spent, 0),
                                 ngx_max(balances[i].reserved, 0), stamp);

        /* PATCH budgets, on whichever node: it holds here, too */

        if (balances[i].limit != budgets[i].limit) {
            (void) llm_ledger_patch(l, &budgets[i], balances[i].limit);
        }
    }
}


void
ngx_http_llm_cost_redis_patched(const llm_counter_view_t *c)
{
    llm_budget_t     budgets[LLM_BUDGETS_MAX];
    llm_hold_view_t  v;

    v.n = 1;
    v.counters[0] = *c;

    ngx_http_llm_cost_redis_adopt_budgets(&v, budgets);

    (void) llm_ledger_patch(ngx_http_llm_cost_zone()->ledger, budgets,
                            c->limit);
}


ngx_int_t
ngx_http_llm_cost_redis_local(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_int_t                            rc;
    ngx_uint_t                           i, policy, unknown;
    llm_budget_t                         budgets[LLM_BUDGETS_MAX];
    const ngx_http_llm_cost_loc_conf_t  *llcf;

    llcf = ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_llm_cost_module);

    policy = ngx_http_llm_cost_redis_enforced(ctx)
             ? llcf->store_failure : NGX_HTTP_LLM_COST_FAIL_OPEN;

    if (policy == NGX_HTTP_LLM_COST_FAIL_CLOSED) {
        ctx->verdict = NGX_HTTP_LLM_COST_STORE_DOWN;
        ctx->entry = NULL;
        return NGX_OK;
    }

    /* what cannot be written down until Redis is back is not admitted */

    if (!ngx_http_llm_cost_redis_box_room()) {
        ctx->verdict = NGX_HTTP_LLM_COST_FULL;
        ctx->entry = NULL;
        return NGX_OK;
    }

    if (policy == NGX_HTTP_LLM_COST_FAIL_OPEN) {
        ngx_http_llm_cost_redis_soften(budgets, ctx->adm.budgets, ctx->adm.n);

        return ngx_http_llm_cost_redis_reserve_local(ctx, budgets);
    }

    unknown = 0;

    for (i = 0; i < ctx->adm.n; i++) {
        budgets[i] = ctx->adm.budgets[i];

        if (ngx_http_llm_cost_redis_share(&budgets[i], llcf->store_allowance)
            != NGX_OK)
        {
            unknown |= 1 << i;
        }
    }

    rc = ngx_http_llm_cost_redis_reserve_local(ctx, budgets);

    if (rc == NGX_OK && ctx->verdict == NGX_HTTP_LLM_COST_SHORT
        && (unknown & (1 << ctx->adm.refused)))
    {
        /* it is not the payer who has used it up */

        ctx->verdict = NGX_HTTP_LLM_COST_STORE_DOWN;
    }

    return rc;
}


/*
 * How far this node may go alone; NGX_DECLINED: nothing is known.  What it has
 * admitted so is not counted as others', so that the share is the same before
 * and after, and in the next outage as well.
 */

static ngx_int_t
ngx_http_llm_cost_redis_share(llm_budget_t *b, int64_t allowance)
{
    int                             known;
    int64_t                         others, share;
    ngx_uint_t                      nodes;
    llm_balance_t                   now;
    ngx_http_llm_cost_redis_box_t  *box;

    if (b->observe || b->limit == LLM_NO_LIMIT) {
        return NGX_OK;
    }

    box = ngx_http_llm_cost_redis_box();

    known = (llm_ledger_peek(ngx_http_llm_cost_zone()->ledger, b, &now)
             == LLM_OK);

    if (!known && b->start >= (int64_t) box->since) {
        known = 1;
    }

    others = ngx_max(now.spent + now.reserved - now.alone, 0);

    /* of how many, it has never heard */

    nodes = box->nodes;

    if (nodes == 0) {
        known = 0;
    }

    share = known && others < now.limit
            ? (now.limit - others) / (int64_t) nodes : 0;

    if (b->unit == LLM_UNIT_USD) {
        share += ngx_min(allowance, INT64_MAX - share);
    }

    b->capped = 1;
    b->cap = share;

    return known ? NGX_OK : NGX_DECLINED;
}


static ngx_uint_t
ngx_http_llm_cost_redis_enforced(ngx_http_llm_cost_ctx_t *ctx)
{
    ngx_uint_t  i;

    for (i = 0; i < ctx->adm.n; i++) {
        if (!ctx->adm.budgets[i].observe
            && ctx->adm.budgets[i].limit != LLM_NO_LIMIT)
        {
            return 1;
        }
    }

    return 0;
}


/*
 * NGX_DECLINED: Redis is back, and the reservation is given back.  Else it is
 * the request's, if the verdict says so, until it is settled here.
 */

static ngx_int_t
ngx_http_llm_cost_redis_reserve_local(ngx_http_llm_cost_ctx_t *ctx,
    llm_budget_t *budgets)
{
    ngx_uint_t                      hit, away;
    ngx_http_llm_cost_redis_box_t  *box;

    box = ngx_http_llm_cost_redis_box();
    away = (box->state == NGX_HTTP_LLM_COST_STORE_AWAY);
    hit = ctx->adm.hit;

    ngx_http_llm_cost_redis_reserve_alone(ctx, budgets);

    if (ctx->verdict < 0) {
        return NGX_ERROR;
    }

    ngx_http_llm_cost_alert_admission(ctx);

    if (ctx->verdict != NGX_HTTP_LLM_COST_FITS) {
        ctx->entry = NULL;
        return NGX_OK;
    }

    ctx->local = 1;
    ctx->held = 1;

    (void) ngx_atomic_fetch_add(&box->locals, 1);

    if (away && box->state != NGX_HTTP_LLM_COST_STORE_AWAY) {

        /* who made the node ready may not have told Redis of this one */

        ctx->local = 0;
        ctx->held = 0;
        ctx->adm.hit = hit;

        ngx_http_llm_cost_redis_revoke(&ctx->adm.id);

        return NGX_DECLINED;
    }

    if (hit) {
        ctx->adm.hit = 1;
        ctx->verdict = NGX_HTTP_LLM_COST_HIT;
    }

    return NGX_OK;
}


/* in the zone, as what no other store has allowed; a hit is held as well, so
   that its request is merged */

static void
ngx_http_llm_cost_redis_reserve_alone(ngx_http_llm_cost_ctx_t *ctx,
    llm_budget_t *budgets)
{
    llm_budget_t     *asked;
    llm_admission_t  *a;

    a = &ctx->adm;
    asked = a->budgets;

    if (a->hit) {
        a->hit = 0;
        a->most[LLM_UNIT_USD] = 0;
        a->most[LLM_UNIT_TOKENS] = 0;
        a->least[LLM_UNIT_USD] = 0;
        a->least[LLM_UNIT_TOKENS] = 0;
    }

    a->budgets = budgets;
    a->alone = 1;

    ctx->verdict = llm_ledger_reserve(ngx_http_llm_cost_zone()->ledger, a);

    a->alone = 0;
    a->budgets = asked;
}


/* admitted here, settled here; what it spent is merged when Redis is back */

void
ngx_http_llm_cost_redis_settle_local(ngx_http_llm_cost_ctx_t *ctx,
    ngx_http_llm_cost_redis_op_t *op)
{
    /* a cancellation as well: it may be Redis's since a join */

    if (ngx_http_llm_cost_redis_box_add(op, 0) != NGX_OK) {
        ngx_http_llm_cost_redis_orphan(&op->id,
                                       op->spends ? op->spent : NULL);

    } else if (ngx_http_llm_cost_redis_pend(op, ctx->adm.balances, ctx->adm.n)
               == LLM_OK && op->spends)
    {
        ngx_http_llm_cost_alert_settled(ctx);
    }

    ngx_http_llm_cost_redis_free(op);

    (void) ngx_http_llm_cost_redis_outbox_send(
                                           ngx_http_llm_cost_redis_money(), 0);
}


/*
 * Its end can be neither sent nor written down.  It stays open in the zone, as
 * what a dead worker has left, with its amounts, and is settled from there;
 * that of work in its record.  spent is NULL for a cancelled one.  The log says
 * so once a minute: where there is room for none there may be thousands.
 */

void
ngx_http_llm_cost_redis_orphan(const llm_hold_id_t *id, const int64_t *spent)
{
    llm_ledger_t   *l;

    static time_t   next;

    l = ngx_http_llm_cost_zone()->ledger;

    (void) llm_ledger_note(l, id, spent);

    if (llm_ledger_disown(l, id) != LLM_OK) {
        ngx_http_llm_cost_held_zone_told(id, 0);
    }

    if (ngx_time() < next) {
        return;
    }

    next = ngx_time() + NGX_HTTP_LLM_COST_ORPHAN_SILENCE;

    ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, 0,
                  "llm cost: no memory, or no room in journal= of llm_redis, "
                  "for settlements: they stay in llm_zone until there is");
}


/*
 * Whether Redis has reserved for this identity is not known.  It is closed: if
 * the reservation is there it leaves, and if it comes later it is refused.  It
 * leaves the journal when that is confirmed, or on record: were this worker to
 * die before, or to have no memory for it, another one would close it.
 */

void
ngx_http_llm_cost_redis_revoke(const llm_hold_id_t *id)
{
    ngx_http_llm_cost_redis_op_t  *op;

    op = ngx_http_llm_cost_redis_op(ngx_http_llm_cost_redis_settled, NULL);
    if (op == NULL) {
        (void) llm_ledger_disown(ngx_http_llm_cost_zone()->ledger, id);
        return;
    }

    op->id = *id;

    if (ngx_http_llm_cost_redis_settlement(op, NULL) != NGX_OK) {
        (void) llm_ledger_disown(ngx_http_llm_cost_zone()->ledger, id);
        ngx_http_llm_cost_redis_free(op);
        return;
    }

    ngx_http_llm_cost_redis_send_end(op);
}


/* the request's strings do not outlive it */

ngx_int_t
ngx_http_llm_cost_redis_copy_budgets(ngx_http_llm_cost_redis_op_t *op,
    const llm_budget_t *budgets, ngx_uint_t n)
{
    size_t       size;
    u_char      *p;
    ngx_uint_t   i;

    size = n * sizeof(llm_budget_t);

    for (i = 0; i < n; i++) {
        size += budgets[i].name.len + budgets[i].key.len;
    }

    op->budgets = ngx_alloc(size, ngx_cycle->log);
    if (op->budgets == NULL) {
        return NGX_ERROR;
    }

    op->nbudgets = n;
    p = (u_char *) &op->budgets[n];

    for (i = 0; i < n; i++) {
        op->budgets[i] = budgets[i];

        op->budgets[i].name.data = p;
        p = ngx_cpymem(p, budgets[i].name.data, budgets[i].name.len);

        op->budgets[i].key.data = p;

        if (budgets[i].key.len) {
            p = ngx_cpymem(p, budgets[i].key.data, budgets[i].key.len);
        }
    }

    return NGX_OK;
}
