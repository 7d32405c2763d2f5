
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#define _GNU_SOURCE                          /* memmem() */

#include "llm_thinks.h"
#include "llm_dialect.h"

#include <string.h>


/*
 * By the beginning of a name; the first that fits decides.  Gemini has thought
 * by default since 2.5, of its small models only where it is asked; xAI shows
 * the thoughts of grok-3-mini, and of nothing that came later.
 */

static const struct {
    llm_str_t            prefix;
    int                  thinks;
} llm_thinks_models[] = {
    { llm_string("gemini-1"), 0 },
    { llm_string("gemini-2.0"), 0 },
    { llm_string("gemini-2.5-flash-lite"), 0 },
    { llm_string("gemini-embedding"), 0 },
    { llm_string("gemini-pro-vision"), 0 },
    { llm_string("gemini-"), 1 },
    { llm_string("grok-4"), 1 },
    { llm_string("grok-5"), 1 }
};

#define LLM_THINKS_MODELS    (sizeof(llm_thinks_models)                       \
                              / sizeof(llm_thinks_models[0]))


int
llm_thinks_unseen(const llm_str_t *model)
{
    unsigned          i;
    llm_str_t         name;
    const llm_str_t  *prefix;

    /* a prompt by name has none */

    if (model->len == 0) {
        return 0;
    }

    name = *model;

    for (i = name.len; i > 0 && name.data[i - 1] != '/'; i--) {
        /* void */
    }

    name.data += i;
    name.len -= i;

    if (memmem(name.data, name.len, "non-reasoning",
               sizeof("non-reasoning") - 1))
    {
        return 0;
    }

    for (i = 0; i < LLM_THINKS_MODELS; i++) {
        prefix = &llm_thinks_models[i].prefix;

        if (name.len >= prefix->len
            && memcmp(name.data, prefix->data, prefix->len) == 0)
        {
            return llm_thinks_models[i].thinks;
        }
    }

    return 0;
}


int
llm_thinks_asked(const llm_json_t *j, uint32_t thinking)
{
    uint32_t  type;

    if (llm_kind_of(j, thinking) != LLM_JSON_OBJECT) {
        return 0;
    }

    type = llm_json_get(j, thinking, "type");

    return llm_kind_of(j, type) != LLM_JSON_STRING
           || !llm_json_equal(j, type, "disabled");
}
