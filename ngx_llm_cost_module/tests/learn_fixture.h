
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LEARN_FIXTURE_H_INCLUDED_
#define _LEARN_FIXTURE_H_INCLUDED_


/* a table of what answers have said, and who its figures are of */

#include "llm_arena.h"
#include "llm_learn_table.h"


#define TEST_SIZE            65536


static inline llm_learn_table_t *
table(void **mem)
{
    assert_int_equal(posix_memalign(mem, 64, TEST_SIZE), 0);

    return llm_learn_create(*mem, TEST_SIZE);
}


static inline uint64_t
key(const char *model, llm_learn_class_e c)
{
    llm_str_t  v = llm_string("anthropic"), m;

    m.data = (unsigned char *) model;
    m.len = strlen(model);

    return llm_learn_key(&v, &m, c);
}


#endif /* _LEARN_FIXTURE_H_INCLUDED_ */
