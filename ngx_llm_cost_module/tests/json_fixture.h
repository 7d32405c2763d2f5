
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _JSON_FIXTURE_H_INCLUDED_
#define _JSON_FIXTURE_H_INCLUDED_


#include "llm_arena.h"
#include "llm_json.h"


/* a text in memory of its own length, so that nobody reads behind it */

static inline int
json_parse(llm_arena_t *a, llm_json_t *j, const void *text, size_t len)
{
    memset(j, 0, sizeof(llm_json_t));
    j->mem = &a->mem;

    return llm_json_parse(j, llm_arena_copy(a, text, len), len);
}


static inline int
json_result(const void *text, size_t len)
{
    int          rc;
    llm_json_t   j;
    llm_arena_t  a;

    llm_arena_init(&a);
    rc = json_parse(&a, &j, text, len);

    if (rc == LLM_OK) {
        assert_true(j.n > 0);
        assert_int_equal(j.nodes[0].next, j.n);

    } else {
        assert_non_null(j.err);
        assert_true(j.err_pos <= len);
    }

    llm_arena_free(&a);

    return rc;
}


#endif /* _JSON_FIXTURE_H_INCLUDED_ */
