
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_dialect.h"


/* what looks like a part inside of a tool's result is taken for one, too */

unsigned
llm_needs_types(const llm_json_t *j, uint32_t node, const llm_need_t *needs)
{
    uint32_t           i, type;
    unsigned           able;
    const llm_need_t  *need;

    if (node == LLM_JSON_NONE) {
        return 0;
    }

    able = 0;

    for (i = node; i < llm_json_next(j, node); i++) {

        if (llm_kind_of(j, i) != LLM_JSON_OBJECT) {
            continue;
        }

        type = llm_json_get(j, i, "type");

        if (type == LLM_JSON_NONE) {
            continue;
        }

        for (need = needs; need->type; need++) {
            if (llm_json_equal(j, type, need->type)) {
                able |= need->able;
            }
        }
    }

    return able;
}
