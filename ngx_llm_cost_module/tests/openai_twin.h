
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _OPENAI_TWIN_H_INCLUDED_
#define _OPENAI_TWIN_H_INCLUDED_


/*
 * A stream read twice: as it is, and by a twin that forgets every form, so
 * that it parses each event in full.  Both must know the same at any time.
 */

#include "llm_arena.h"
#include "llm_openai_answer.h"


typedef struct {
    llm_answer_t  a;
    llm_answer_t  full;
    unsigned      events;
    unsigned      known;         /* not parsed */
} twin_t;


static inline void
twin_begin(twin_t *t, llm_mem_t *mem, llm_kind_e kind, llm_counter_t *c)
{
    memset(t, 0, sizeof(twin_t));
    llm_answer_init(&t->a, mem, kind, c);
    llm_answer_init(&t->full, mem, kind, c);
}


static inline void
twin_check(const twin_t *t)
{
    const llm_answer_t  *a, *b;

    a = &t->a;
    b = &t->full;

    assert_memory_equal(&a->usage, &b->usage, sizeof(llm_usage_t));
    assert_int_equal(a->model.len, b->model.len);
    assert_int_equal(a->service_tier.len, b->service_tier.len);

    if (a->model.len) {
        assert_memory_equal(a->model.data, b->model.data, a->model.len);
    }

    assert_int_equal(a->usage_seen, b->usage_seen);
    assert_int_equal(a->usage_bad, b->usage_bad);
    assert_int_equal(a->finished, b->finished);
    assert_int_equal(a->error, b->error);
    assert_int_equal(a->truncated, b->truncated);
}


static inline int
twin_event(twin_t *t, const llm_str_t *type, const llm_str_t *data)
{
    int                  rc;
    const unsigned char *parsed;
    llm_openai_state_t  *st;

    /* parsing leaves the text's address behind */

    parsed = NULL;
    st = t->a.state;

    if (st) {
        st->json.data = NULL;
    }

    rc = llm_openai_event(&t->a, type, data);
    st = t->a.state;
    parsed = st->json.data;

    assert_int_equal(llm_openai_event(&t->full, type, data), rc);

    st = t->full.state;
    memset(st->forms, 0, sizeof(st->forms));

    t->events++;
    t->known += (parsed == NULL && data->len > 6);

    twin_check(t);

    return rc;
}


static inline void
twin_end(twin_t *t)
{
    llm_openai_finish(&t->a);
    llm_openai_finish(&t->full);
    twin_check(t);
    assert_int_equal(t->a.counted_output, t->full.counted_output);
}


#endif /* _OPENAI_TWIN_H_INCLUDED_ */
