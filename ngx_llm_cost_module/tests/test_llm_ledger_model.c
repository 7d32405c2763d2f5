
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Random admissions, settlements, cancels, repeats, notes, sweeps and patches,
 * over days that pass, beside a model that is too simple to be wrong: arrays,
 * walked from end to end.
 */

#include "llm_arena.h"

#include "ledger_check.h"


#define BUDGETS     14
#define COUNTERS    4096
#define HOLDS       200
#define ROUNDS      60000


typedef struct {
    unsigned         budget;          /* index */
    int64_t          start;
    int64_t          spent;
    int64_t          reserved;
    int64_t          patched;         /* -1: not */
} counter_t;


typedef struct {
    llm_hold_id_t    id;
    int              state;           /* 0 closed, 1 open, 2 expired */
    int              dead;
    int              noted;
    int              unlogged;        /* kept, and no log has it */
    unsigned         request;
    int64_t          expires;
    int64_t          amount[LLM_UNIT_N];
    int64_t          note[LLM_UNIT_N];
    unsigned         n;
    unsigned         counters[LLM_BUDGETS_MAX];
} hold_t;


typedef struct {
    llm_ledger_t    *l;
    uint64_t         seed;
    int64_t          now;
    llm_budget_t     budgets[BUDGETS];
    counter_t        counters[COUNTERS];
    unsigned         ncounters;
    hold_t           holds[HOLDS];
    unsigned         verdicts[4];
    unsigned         late;
    unsigned         swept;
    unsigned         hits;
    unsigned         requests;
    unsigned         due;             /* lines of requests that are settled */
    unsigned         lines;
    unsigned         inherited;
} model_t;


static uint32_t
roll(model_t *m, uint32_t n)
{
    return llm_random(&m->seed) % n;
}


static void
model_budgets(model_t *m)
{
    unsigned       i;
    llm_budget_t  *b;
    static char    names[BUDGETS][8];

    for (i = 0; i < BUDGETS; i++) {
        sprintf(names[i], "b%u", i / 2);
        b = &m->budgets[i];

        *b = budget(names[i], i & 1 ? "key" : "", (i / 2) % LLM_UNIT_N,
                    i == 13 ? LLM_NO_LIMIT : 30000);
        b->observe = i >= 10 && i < 12;

        if (b->unit == LLM_UNIT_REQUESTS) {
            b->limit = 60;
        }

        b->period = i & 1 ? LLM_PERIOD_DAY : LLM_PERIOD_WEEK;
    }
}


static void
model_window(model_t *m, llm_budget_t *b)
{
    int64_t  size;

    size = b->period == LLM_PERIOD_DAY ? DAY : 7 * DAY;
    b->start = m->now - m->now % size;
    b->end = b->start + size;
}


static unsigned
model_counter(model_t *m, unsigned budget)
{
    unsigned    i;
    counter_t  *c;

    model_window(m, &m->budgets[budget]);

    for (i = 0; i < m->ncounters; i++) {
        c = &m->counters[i];

        if (c->budget == budget && c->start == m->budgets[budget].start) {
            return i;
        }
    }

    assert_true(m->ncounters < COUNTERS);

    c = &m->counters[m->ncounters];
    memset(c, 0, sizeof(*c));
    c->budget = budget;
    c->start = m->budgets[budget].start;
    c->patched = -1;

    return m->ncounters++;
}


/* what the ledger must say, by the law alone */

static int
model_verdict(model_t *m, const llm_admission_t *a, const unsigned *counters,
    int64_t granted[LLM_UNIT_N], unsigned *refused)
{
    int            u, rc;
    int64_t        limit, room, end;
    unsigned       i;
    counter_t     *c;
    llm_budget_t  *b;

    for (u = 0; u < LLM_UNIT_N; u++) {
        granted[u] = a->hit && u != LLM_UNIT_REQUESTS ? 0 : a->most[u];
    }

    rc = LLM_LEDGER_FITS;
    end = 0;

    for (i = 0; i < a->n; i++) {
        c = &m->counters[counters[i]];
        b = &m->budgets[c->budget];

        if (b->observe || (a->hit && b->unit != LLM_UNIT_REQUESTS)) {
            continue;
        }

        limit = c->patched >= 0 ? c->patched : b->limit;

        if (a->least[b->unit] > limit) {
            *refused = i;
            return LLM_LEDGER_NEVER;
        }

        room = limit - c->spent - c->reserved;
        room = room < 0 ? 0 : room;

        if (a->least[b->unit] > room) {
            if (b->end > end) {
                end = b->end;
                *refused = i;
            }

            rc = LLM_LEDGER_SHORT;
        }

        if (granted[b->unit] > room) {
            granted[b->unit] = room;
        }
    }

    return rc;
}


static hold_t *
model_free_hold(model_t *m)
{
    unsigned  i;

    for (i = 0; i < HOLDS; i++) {
        if (m->holds[i].state == 0) {
            return &m->holds[i];
        }
    }

    return NULL;
}


static void
model_reserve(model_t *m)
{
    int              u, rc;
    hold_t          *h;
    int64_t          granted[LLM_UNIT_N];
    unsigned         i, n, refused, at, counters[LLM_BUDGETS_MAX];
    counter_t       *c;
    llm_budget_t     list[LLM_BUDGETS_MAX], *b;
    llm_admission_t  a;

    h = model_free_hold(m);

    if (h == NULL) {
        return;
    }

    /* some budgets in some order, none twice */

    at = roll(m, BUDGETS);
    n = roll(m, BUDGETS);

    for (i = 0; i < n; i++) {
        counters[i] = model_counter(m, (at + i * 3) % BUDGETS);
        list[i] = m->budgets[(at + i * 3) % BUDGETS];
    }

    memset(&a, 0, sizeof(a));
    a.budgets = list;
    a.n = n;
    a.now = m->now;
    a.expires = m->now + roll(m, 2000);
    a.hit = roll(m, 8) == 0;
    a.owner = roll(m, 5);
    a.keep = roll(m, 2) && (!a.hit || a.owner == 0);
    m->requests++;
    memcpy(a.request_id, &m->requests, sizeof(m->requests));

    for (u = 0; u < LLM_UNIT_N; u++) {
        a.most[u] = u == LLM_UNIT_REQUESTS ? 1 : roll(m, 1500);
        a.least[u] = u == LLM_UNIT_REQUESTS || roll(m, 2)
                     ? a.most[u] : roll(m, a.most[u] + 1);
    }

    if (roll(m, 200) == 0) {
        a.most[0] = 40000;
        a.least[0] = 31000;
    }

    refused = 0;
    rc = model_verdict(m, &a, counters, granted, &refused);
    assert_int_equal(llm_ledger_reserve(m->l, &a), rc);
    m->verdicts[rc]++;

    if (rc != LLM_LEDGER_FITS) {
        assert_int_equal(a.refused, refused);
        return;
    }

    for (u = 0; u < LLM_UNIT_N; u++) {
        assert_int_equal(a.granted[u], granted[u]);
    }

    assert_true((a.id.seq == 0) == (a.hit && !a.keep));
    m->hits += a.hit;
    m->due += a.hit && a.keep;

    for (i = 0; i < n; i++) {
        c = &m->counters[counters[i]];
        b = &list[i];

        if (a.hit) {
            c->spent += b->unit == LLM_UNIT_REQUESTS;

        } else {
            c->reserved += granted[b->unit];
        }

        assert_int_equal(a.balances[i].spent, c->spent);
        assert_int_equal(a.balances[i].reserved, c->reserved);
        assert_true(a.balances[i].limit == (c->patched >= 0 ? c->patched
                                                            : b->limit));
    }

    if (!a.hit) {
        memset(h, 0, sizeof(*h));
        h->id = a.id;
        h->state = 1;
        h->dead = a.owner == 0;
        h->unlogged = a.keep;
        h->request = m->requests;
        h->expires = a.expires;
        h->n = n;
        memcpy(h->amount, granted, sizeof(granted));
        memcpy(h->counters, counters, sizeof(counters));
    }
}


/* spent NULL: nothing, not even a request */

static void
model_finish(model_t *m, hold_t *h, const int64_t *spent)
{
    int64_t     amount;
    unsigned    i;
    counter_t  *c;
    llm_unit_e  unit;

    for (i = 0; i < h->n; i++) {
        c = &m->counters[h->counters[i]];
        unit = m->budgets[c->budget].unit;

        amount = spent == NULL ? 0
                 : unit == LLM_UNIT_REQUESTS ? h->amount[unit] : spent[unit];

        if (h->state == 1) {
            c->reserved -= h->amount[unit];

        } else {
            amount -= h->amount[unit];
        }

        c->spent += amount;
    }
}


static void model_balances(model_t *m, const hold_t *h,
    const llm_balance_t *bal);


static void
model_settle(model_t *m)
{
    int            u;
    hold_t        *h;
    int64_t        spent[LLM_UNIT_N];
    llm_balance_t  bal[LLM_BUDGETS_MAX];

    h = &m->holds[roll(m, HOLDS)];

    if (h->state == 2 && h->expires <= m->now - DAY) {
        return;
    }

    for (u = 0; u < LLM_UNIT_N; u++) {
        spent[u] = roll(m, h->amount[u] + (roll(m, 10) ? 1 : 300));
    }

    if (h->state == 0) {

        /* closed, or never opened */

        assert_int_equal(llm_ledger_settle(m->l, &h->id, spent, bal, 4),
                         LLM_DECLINED);
        assert_int_equal(llm_ledger_cancel(m->l, &h->id), LLM_DECLINED);
        return;
    }

    m->late += h->state == 2;

    if (roll(m, 4) == 0) {
        assert_int_equal(llm_ledger_cancel(m->l, &h->id), LLM_OK);
        model_finish(m, h, NULL);
        h->state = 0;
        return;
    }

    /* a request has its line before or after it is settled, or never */

    if (h->unlogged && roll(m, 3) == 0) {
        assert_int_equal(llm_ledger_logged(m->l, &h->id), LLM_OK);
        h->unlogged = 0;
    }

    assert_int_equal(llm_ledger_settle(m->l, &h->id, spent, bal, h->n),
                     LLM_OK);
    model_finish(m, h, spent);
    h->state = 0;

    assert_int_equal(llm_ledger_settle(m->l, &h->id, spent, bal, h->n),
                     LLM_DECLINED);

    if (h->unlogged && h->dead && roll(m, 2)) {
        m->due++;

    } else {
        assert_int_equal(llm_ledger_logged(m->l, &h->id),
                         h->unlogged ? LLM_OK : LLM_DECLINED);
    }

    model_balances(m, h, bal);
}


static void
model_balances(model_t *m, const hold_t *h, const llm_balance_t *bal)
{
    unsigned    i;
    counter_t  *c;

    for (i = 0; i < h->n; i++) {
        c = &m->counters[h->counters[i]];
        assert_int_equal(bal[i].spent, c->spent);
        assert_int_equal(bal[i].reserved, c->reserved);
    }
}


static void
model_note(model_t *m)
{
    int      u;
    hold_t  *h;

    h = &m->holds[roll(m, HOLDS)];

    for (u = 0; u < LLM_UNIT_N; u++) {
        h->note[u] = h->state == 1 ? roll(m, 1000) : 0;
    }

    assert_int_equal(llm_ledger_note(m->l, &h->id, h->note),
                     h->state == 1 ? LLM_OK : LLM_DECLINED);
    h->noted = 1;

    if (h->state == 1) {
        h->expires = m->now + roll(m, 3000);
    }

    assert_int_equal(llm_ledger_renew(m->l, &h->id, h->expires),
                     h->state == 1 ? LLM_OK : LLM_DECLINED);
}


static int
owner_0_is_gone(uint32_t owner)
{
    return owner == 0;
}


/* a line: of one that was noted, or of one that was settled before */

static int
model_line(void *data, const llm_hold_view_t *v)
{
    model_t *m = data;

    hold_t    *h;
    unsigned   i, request;

    assert_true(v->unlogged);
    m->lines++;

    if (v->settled) {
        assert_true(m->due > 0);
        m->due--;
        return LLM_OK;
    }

    memcpy(&request, v->request_id, sizeof(request));

    for (i = 0; i < HOLDS; i++) {
        h = &m->holds[i];

        if (h->request == request && h->unlogged) {
            assert_true(h->dead && h->noted);
            assert_int_equal(v->granted[LLM_UNIT_USD], h->note[0]);
            assert_int_equal(v->granted[LLM_UNIT_TOKENS], h->note[1]);
            h->unlogged = 0;
            return LLM_OK;
        }
    }

    fail_msg("a line of a request that nobody has made");

    return LLM_ERROR;
}


static void
model_inherit(model_t *m)
{
    hold_t             *h;
    unsigned            i, n;
    llm_ledger_heir_t   heir = { owner_0_is_gone, model_line, NULL, m };

    n = m->due;

    for (i = 0; i < HOLDS; i++) {
        n += m->holds[i].state == 1 && m->holds[i].dead;
    }

    assert_int_equal(llm_ledger_inherit(m->l, &heir, 1000), n);
    assert_int_equal(m->due, 0);
    m->inherited += n;

    for (i = 0; i < HOLDS; i++) {
        h = &m->holds[i];

        if (h->state == 1 && h->dead) {
            assert_false(h->noted && h->unlogged);
            model_finish(m, h, h->noted ? h->note : NULL);
            h->state = 0;
        }
    }

    assert_int_equal(llm_ledger_inherit(m->l, &heir, 1000), 0);
}


static void
model_sweep(model_t *m)
{
    int       charge;
    hold_t   *h;
    int64_t   nothing[LLM_UNIT_N] = { 0, 0, 0 };
    unsigned  i, n;

    model_inherit(m);

    charge = roll(m, 2);
    n = 0;

    for (i = 0; i < HOLDS; i++) {
        h = &m->holds[i];

        if (h->state == 1 && h->expires <= m->now) {
            model_finish(m, h, charge ? h->amount : nothing);
            h->state = 2;
            n++;

            if (!charge) {
                h->amount[LLM_UNIT_USD] = 0;
                h->amount[LLM_UNIT_TOKENS] = 0;
            }

        } else if (h->state == 2 && h->expires <= m->now - DAY) {

            /* may have gone, or wait for an older one to go */

            h->state = 0;
            h->id.seq = 0;
        }
    }

    m->swept += n;
    assert_int_equal(llm_ledger_sweep(m->l, m->now, charge, 1000), n);
}


static void
model_patch(model_t *m)
{
    int64_t   limit;
    unsigned  i;

    i = model_counter(m, roll(m, BUDGETS));
    limit = 100 + roll(m, 40000);

    assert_int_equal(llm_ledger_patch(m->l, &m->budgets[m->counters[i].budget],
                                      limit), LLM_OK);
    m->counters[i].patched = limit;
}


static int
model_is(model_t *m, const counter_t *c, const llm_counter_view_t *v)
{
    llm_budget_t  *b;

    b = &m->budgets[c->budget];

    return c->start == v->start && b->name.len == v->name_len
           && memcmp(b->name.data, v->name, v->name_len) == 0
           && b->key.len == v->key_len;
}


/* every counter of the ledger is the model's, and every live one is there */

static void
model_compare(model_t *m)
{
    uint32_t              cursor;
    unsigned              i;
    counter_t            *c;
    llm_counter_view_t    v;
    static unsigned char  seen[COUNTERS];

    memset(seen, 0, sizeof(seen));
    cursor = 0;

    while (llm_ledger_next(m->l, &cursor, &v) == LLM_OK) {
        for (i = 0; i < m->ncounters; i++) {
            if (model_is(m, &m->counters[i], &v)) {
                break;
            }
        }

        assert_true(i < m->ncounters);
        assert_false(seen[i]);
        assert_int_equal(v.spent, m->counters[i].spent);
        assert_int_equal(v.reserved, m->counters[i].reserved);
        seen[i] = 1;
    }

    for (i = 0; i < m->ncounters; i++) {
        c = &m->counters[i];
        model_window(m, &m->budgets[c->budget]);

        if (c->spent + c->reserved > 0
            && c->start == m->budgets[c->budget].start)
        {
            assert_true(seen[i]);
        }
    }
}


static void
agrees_with_the_model(void **state)
{
    unsigned        i, what;
    model_t        *m;
    static model_t  model;

    (void) state;

    m = &model;
    m->seed = 20261121;
    m->now = T0;
    m->l = ledger_new(2000, 600);
    model_budgets(m);

    for (i = 0; i < ROUNDS; i++) {
        what = roll(m, 100);

        if (what < 45) {
            model_reserve(m);

        } else if (what < 85) {
            model_settle(m);

        } else if (what < 92) {
            model_note(m);

        } else if (what < 94) {
            model_sweep(m);

        } else if (what < 95) {
            model_patch(m);

        } else {
            m->now += roll(m, 400) == 0 ? 3 * DAY : roll(m, 900);
        }

        if (i % 500 == 0) {
            assert_ledger(m->l);
            model_compare(m);
        }
    }

    /* the run went everywhere */

    assert_true(m->verdicts[LLM_LEDGER_FITS] > 1000);
    assert_true(m->verdicts[LLM_LEDGER_SHORT] > 1000);
    assert_true(m->verdicts[LLM_LEDGER_NEVER] > 20);
    assert_int_equal(m->verdicts[LLM_LEDGER_FULL], 0);
    assert_true(m->late > 100 && m->swept > 100 && m->hits > 100);
    assert_true(m->inherited > 100 && m->lines > 100);

    ledger_free(m->l, 2000, 600);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(agrees_with_the_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
