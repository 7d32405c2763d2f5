
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_cohere.h"

#include <string.h>


/*
 * What Cohere bills of a chat, which is less than its models read: texts, and
 * of a tool its name, its description and the schema of its parameters.  What
 * is around them, calls and their identifiers it does not bill.  This was found
 * from recorded requests.
 */


/* none of eight bytes is a digit */

static inline int
llm_cohere_digitless(const unsigned char *p)
{
    uint64_t  x;

    memcpy(&x, p, 8);

    /* of a digit they are 0 to 9, which the sum leaves below 0x80 */

    x ^= 0x3030303030303030ULL;
    x |= (x & 0x7f7f7f7f7f7f7f7fULL) + 0x7676767676767676ULL;

    return (x & 0x8080808080808080ULL) == 0x8080808080808080ULL;
}


/* its tokenizer has a token for every digit, ours one for up to three */

static size_t
llm_cohere_digits(llm_counter_t *c, const unsigned char *text, size_t len)
{
    size_t          i, run, extra;
    llm_counter_t  *plain;

    plain = c->data;
    extra = 0;

    for (i = 0; i < len; i++) {

        while (len - i > 8 && llm_cohere_digitless(text + i)) {
            i += 8;
        }

        if ((unsigned char) (text[i] - '0') > 9) {
            continue;
        }

        run = i++;

        while (i < len && (unsigned char) (text[i] - '0') <= 9) {
            i++;
        }

        run = i - run;
        extra += run - (run + 2) / 3;
    }

    return plain->count(plain, text, len) + extra;
}


void
llm_cohere_counter(llm_counter_t *c, llm_counter_t *plain)
{
    memset(c, 0, sizeof(llm_counter_t));

    c->vocab = plain->vocab;
    c->scratch = plain->scratch;
    c->count = llm_cohere_digits;
    c->data = plain;
    c->estimate = plain->estimate;
}


void
llm_cohere_tools(llm_input_t *in, uint32_t tools)
{
    uint32_t                i, fn, f[3];
    const llm_json_node_t  *v;

    static const char * const  names[] = { "name", "description",
                                           "parameters" };

    v = in->j->nodes;

    if (llm_kind_of(in->j, tools) != LLM_JSON_ARRAY) {
        llm_input_value(in, tools);
        return;
    }

    for (i = tools + 1; i < llm_json_next(in->j, tools); i = v[i].next) {

        fn = llm_json_get(in->j, i, "function");

        if (llm_kind_of(in->j, fn) != LLM_JSON_OBJECT) {
            llm_input_value(in, i);                       /* version 1 */
            continue;
        }

        llm_json_fields(in->j, fn, names, 3, f);

        llm_input_string(in, f[0]);
        llm_input_string(in, f[1]);
        llm_input_value(in, f[2]);
    }
}
