
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_learn_table.h"
#include "llm_json.h"


/*
 * What estimates are worth, among nodes: what was learned here and is still to
 * be told, and what all of them have learned.  Without a lock, as the rest of
 * the table: a piece of news that is being written while it is read is left
 * out.
 */


/* where news come faster than they are told, the oldest are not */

void
llm_learn_tell(llm_learn_table_t *t, const llm_learn_answer_t *a)
{
    uint64_t           turn;
    llm_learn_news_t  *w;

    turn = __atomic_fetch_add(&t->added, 1, __ATOMIC_RELAXED);
    w = &t->news[turn % LLM_LEARN_NEWS];

    __atomic_store_n(&w->turn, 0, __ATOMIC_RELEASE);

    llm_learn_write(&w->key, a->key);
    llm_learn_write(&w->pair, llm_learn_says(a->counted, a->reported)
                              ? (uint64_t) a->counted << 32
                                | (uint64_t) a->reported : 0);
    llm_learn_write(&w->output, a->output >= 0 && a->output <= LLM_LEARN_MAX
                                ? (uint64_t) a->output + 1 : 0);

    __atomic_store_n(&w->turn, turn + 1, __ATOMIC_RELEASE);
}


/* LLM_DECLINED: it is being written, or has been written over */

static int
llm_learn_heard(const llm_learn_table_t *t, uint64_t turn,
    llm_learn_answer_t *a)
{
    uint64_t                 pair, output;
    const llm_learn_news_t  *w;

    w = &t->news[turn % LLM_LEARN_NEWS];

    if (__atomic_load_n(&w->turn, __ATOMIC_ACQUIRE) != turn + 1) {
        return LLM_DECLINED;
    }

    a->key = llm_learn_read(&w->key);
    pair = llm_learn_read(&w->pair);
    output = llm_learn_read(&w->output);

    __atomic_thread_fence(__ATOMIC_ACQUIRE);

    a->counted = pair ? (int64_t) (pair >> 32) : -1;
    a->reported = pair ? (int64_t) (uint32_t) pair : -1;
    a->output = (int64_t) output - 1;

    return llm_learn_read(&w->turn) == turn + 1 ? LLM_OK : LLM_DECLINED;
}


unsigned
llm_learn_news(llm_learn_table_t *t, llm_learn_answer_t *answers,
    unsigned max)
{
    uint64_t  from, told, added;
    unsigned  n;

    told = llm_learn_read(&t->told);
    added = llm_learn_read(&t->added);
    from = told;

    if (added - from > LLM_LEARN_NEWS) {
        from = added - LLM_LEARN_NEWS;
    }

    for (n = 0; n < max && from < added; from++) {
        n += (llm_learn_heard(t, from, &answers[n]) == LLM_OK);
    }

    /* somebody else was faster: nothing is told twice */

    if (!__atomic_compare_exchange_n(&t->told, &told, from, 0,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
    {
        return 0;
    }

    return n;
}


uint64_t
llm_learn_seen(const llm_learn_table_t *t)
{
    return llm_learn_read(&t->seen);
}


/*
 * The rings are written anew with the oldest first.  What is not told yet is
 * not among the answers of the fleet, and comes on top.
 */

int
llm_learn_fleet(llm_learn_table_t *t, uint64_t key, int64_t now,
    const llm_learn_answer_t *answers, unsigned n)
{
    uint64_t             turn, added;
    unsigned             i, pairs, outputs;
    llm_learn_place_t   *p;
    llm_learn_answer_t   a;

    if (key == 0) {
        return LLM_DECLINED;
    }

    for (i = 0, pairs = 0, outputs = 0; i < n; i++) {
        pairs += llm_learn_says(answers[i].counted, answers[i].reported);
        outputs += (answers[i].output >= 0
                    && answers[i].output <= LLM_LEARN_MAX);
    }

    p = (llm_learn_place_t *) llm_learn_find(t, key);

    if (p && (pairs < llm_min(llm_learn_read(&p->n), LLM_LEARN_PAIRS)
              || outputs < llm_min(llm_learn_read(&p->outputs),
                                   LLM_LEARN_PAIRS)))
    {
        return LLM_DECLINED;
    }

    if (p == NULL) {
        p = llm_learn_take(t, key);
        llm_learn_write(&p->used, (uint64_t) now);
    }

    llm_learn_write(&p->n, 0);
    llm_learn_write(&p->outputs, 0);

    for (i = n; i > 0; i--) {
        llm_learn_put(p, &answers[i - 1]);
    }

    added = llm_learn_read(&t->added);
    turn = llm_learn_read(&t->told);

    if (added - turn > LLM_LEARN_NEWS) {
        turn = added - LLM_LEARN_NEWS;
    }

    for ( /* void */ ; turn < added; turn++) {
        if (llm_learn_heard(t, turn, &a) == LLM_OK && a.key == key) {
            llm_learn_put(p, &a);
        }
    }

    return LLM_OK;
}


void
llm_learn_see(llm_learn_table_t *t, uint64_t seen)
{
    llm_learn_write(&t->seen, seen);
}


/* "COUNTED REPORTED OUTPUT", -1 for what is not said */

int
llm_learn_read_answer(const llm_str_t *s, llm_learn_answer_t *a)
{
    size_t                from, at;
    int64_t              *v[3];
    unsigned              i;

    v[0] = &a->counted;
    v[1] = &a->reported;
    v[2] = &a->output;

    for (i = 0, at = 0; i < 3; i++, at++) {

        for (from = at; at < s->len && s->data[at] != ' '; at++);

        if (llm_parse_int(s->data + from, at - from, v[i]) != LLM_OK
            || *v[i] < -1 || *v[i] > LLM_LEARN_MAX
            || (at == s->len) != (i == 2))
        {
            return LLM_BAD;
        }
    }

    return LLM_OK;
}
