
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_price_table.h"


/* Prices whose model is an expression. */


/* an expression works on a name that a client sends */

#define LLM_PRICE_MATCHES    10000
#define LLM_PRICE_HEAP       1024        /* KB */


/* what all expressions match with: made with the first of them, so that a
   table without any holds nothing of PCRE2's */

static int
llm_price_matcher(llm_prices_t *t)
{
    if (t->match == NULL) {
        t->match = pcre2_match_data_create(1, NULL);
    }

    if (t->limits == NULL) {
        t->limits = pcre2_match_context_create(NULL);
    }

    if (t->match == NULL || t->limits == NULL) {
        return LLM_ERROR;
    }

    (void) pcre2_set_match_limit(t->limits, LLM_PRICE_MATCHES);
    (void) pcre2_set_depth_limit(t->limits, LLM_PRICE_MATCHES);
    (void) pcre2_set_heap_limit(t->limits, LLM_PRICE_HEAP);

    return LLM_OK;
}


int
llm_price_regex_add(llm_prices_t *t, const llm_price_t *price, char *err,
    size_t errsize)
{
    int                 code;
    size_t              pos;
    uint32_t            options;
    llm_str_t           pattern;
    llm_price_regex_t  *re;
    unsigned char       text[128];

    pattern = price->model;
    pattern.data++;
    pattern.len--;

    options = 0;

    if (pattern.len && *pattern.data == '*') {
        pattern.data++;
        pattern.len--;
        options = PCRE2_CASELESS;
    }

    if (pattern.len == 0) {
        return llm_price_error(err, errsize, "empty expression");
    }

    re = llm_alloc(&t->mem, sizeof(llm_price_regex_t));
    if (re == NULL || llm_price_matcher(t) != LLM_OK) {
        return LLM_ERROR;
    }

    re->code = pcre2_compile(pattern.data, pattern.len, options, &code, &pos,
                             NULL);

    if (re->code == NULL) {
        (void) pcre2_get_error_message(code, text, sizeof(text));

        return llm_price_error(err, errsize,
                               "expression \"%.*s\": %s at offset %zu",
                               (int) pattern.len, pattern.data, text, pos);
    }

    re->price = *price;
    re->next = NULL;

    *t->regex_last = re;
    t->regex_last = &re->next;

    return LLM_OK;
}
