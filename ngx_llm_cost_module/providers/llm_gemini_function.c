
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"

#include <string.h>


/*
 * A tool as models of 2.5 are shown it, found from recorded requests: the
 * declaration of a function in a programming language, with its parameters
 * once more in the comment, and a class of its own for each object among them.
 * Figures are tokens around what is counted.
 */

#define LLM_CODE_TOOL       18
#define LLM_CODE_PARAMS     (-1)
#define LLM_CODE_PARAM      9            /* its name is there twice */
#define LLM_CODE_UNTOLD     1            /* some parameter is not described */
#define LLM_CODE_OPTIONAL   4
#define LLM_CODE_CHOICE     1            /* a value of an enum, a default */
#define LLM_CODE_CLASS      29
#define LLM_CODE_MEMBER     5
#define LLM_CODE_TYPE       2            /* one more of several */


static void llm_gemini_code_params(llm_input_t *in, uint32_t node,
    uint32_t tool, int64_t each);


/* what a string comes to, apart from the sum */

static int64_t
llm_gemini_tokens(llm_input_t *in, uint32_t node)
{
    int64_t  before, n;

    before = in->tokens;
    llm_input_string(in, node);

    n = in->tokens - before;
    in->tokens = before;

    return n;
}


/* lines of a text but the first are set in, unless they are already */

static void
llm_gemini_code_lines(llm_input_t *in, uint32_t node)
{
    size_t     i;
    llm_str_t  s;

    llm_input_data(in, node, &s);

    for (i = 1; i < s.len; i++) {
        in->tokens += (s.data[i - 1] == '\n' && s.data[i] > ' ');
    }
}


static unsigned
llm_gemini_requires(llm_input_t *in, uint32_t list, uint32_t name)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    if (llm_kind_of(in->j, list) != LLM_JSON_ARRAY) {
        return 0;
    }

    for (i = list + 1; i < llm_json_next(in->j, list); i = v[i].next) {
        if (llm_json_alike(in->j, i, name)) {
            return 1;
        }
    }

    return 0;
}


/* an object is a class, whose name is of the function's and its own */

static void
llm_gemini_code_class(llm_input_t *in, uint32_t schema, uint32_t tool,
    uint32_t name, uint32_t description)
{
    in->tokens += LLM_CODE_CLASS + 2 * (llm_gemini_tokens(in, tool)
                                        + llm_gemini_tokens(in, name))
                  + llm_gemini_tokens(in, description);

    llm_gemini_code_params(in, schema, tool, LLM_CODE_MEMBER);
}


/* what the type of a parameter is: an array's is its items' */

static void
llm_gemini_code_type(llm_input_t *in, uint32_t schema, uint32_t tool,
    uint32_t name, uint32_t description)
{
    uint32_t                i, f[4];
    const llm_json_node_t  *v;

    static const char * const  names[] = {
        "enum", "properties", "items", "anyOf"
    };

    if (llm_kind_of(in->j, schema) != LLM_JSON_OBJECT) {
        return;
    }

    v = in->j->nodes;
    llm_json_fields(in->j, schema, names, 4, f);

    if (llm_kind_of(in->j, f[0]) == LLM_JSON_ARRAY) {
        schema = f[0];

        for (i = schema + 1; i < llm_json_next(in->j, schema); i = v[i].next) {
            in->tokens += LLM_CODE_CHOICE;
            llm_gemini_words(in, i);
        }
    }

    if (llm_kind_of(in->j, f[1]) == LLM_JSON_OBJECT
        && llm_json_next(in->j, f[1]) > f[1] + 1)
    {
        llm_gemini_code_class(in, schema, tool, name, description);
    }

    llm_gemini_code_type(in, f[2], tool, name, description);

    if (llm_kind_of(in->j, f[3]) == LLM_JSON_ARRAY) {
        schema = f[3];

        for (i = schema + 1; i < llm_json_next(in->j, schema); i = v[i].next) {
            in->tokens += LLM_CODE_TYPE;
            llm_gemini_code_type(in, i, tool, name, description);
        }
    }
}


/* 1: it is described */

static unsigned
llm_gemini_code_param(llm_input_t *in, uint32_t name, uint32_t schema,
    uint32_t tool, unsigned required)
{
    uint32_t  value, description;

    in->tokens += 2 * llm_gemini_tokens(in, name);

    if (llm_kind_of(in->j, schema) != LLM_JSON_OBJECT) {
        return 0;
    }

    description = llm_json_get(in->j, schema, "description");
    llm_input_string(in, description);

    value = llm_json_get(in->j, schema, "default");

    if (llm_given(in->j, value)) {
        in->tokens += LLM_CODE_CHOICE;
        llm_gemini_words(in, value);

    } else if (!required) {
        in->tokens += LLM_CODE_OPTIONAL;
    }

    llm_gemini_code_type(in, schema, tool, name, description);

    return llm_kind_of(in->j, description) == LLM_JSON_STRING;
}


static void
llm_gemini_code_params(llm_input_t *in, uint32_t node, uint32_t tool,
    int64_t each)
{
    uint32_t                i, name, list, required;
    unsigned                untold;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    if (llm_kind_of(in->j, node) != LLM_JSON_OBJECT) {
        return;
    }

    list = llm_json_get(in->j, node, "properties");
    required = llm_json_get(in->j, node, "required");

    if (llm_kind_of(in->j, list) != LLM_JSON_OBJECT
        || llm_json_next(in->j, list) == list + 1)
    {
        return;
    }

    untold = 0;
    in->tokens += LLM_CODE_PARAMS;

    for (i = list + 1; i < llm_json_next(in->j, list); i = v[i].next) {
        name = i;
        i = v[i].next;

        in->tokens += each;
        untold |= !llm_gemini_code_param(in, name, i, tool,
                                         llm_gemini_requires(in, required,
                                                             name));
    }

    in->tokens += untold ? LLM_CODE_UNTOLD : 0;
}


void
llm_gemini_function_params(llm_input_t *in, uint32_t name, uint32_t schema)
{
    llm_gemini_code_params(in, schema, name, LLM_CODE_PARAM);
}


void
llm_gemini_function(llm_input_t *in, uint32_t name, uint32_t description,
    uint32_t schema)
{
    in->tokens += LLM_CODE_TOOL;

    llm_gemini_code_lines(in, description);
    llm_gemini_function_params(in, name, schema);
}
