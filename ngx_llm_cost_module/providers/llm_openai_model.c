
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"
#include "llm_thinks.h"

#include <string.h>


/*
 * What the name of a model says of it, and what such a model does by itself:
 * thinks without showing it, or searches the web.
 */


/*
 * OpenAI's reasoning models show nothing of it in this dialect.  Others do,
 * unless they are told not to: by OpenRouter's members, or by Groq's.
 */

int
llm_openai_thinks(const llm_request_t *q, uint32_t effort)
{
    uint32_t           node;
    const llm_json_t  *j;

    j = &q->json;

    if (effort != LLM_JSON_NONE && llm_json_equal(j, effort, "none")) {
        return 0;
    }

    if (llm_openai_family(&q->model) >= LLM_OPENAI_O_SERIES
        || llm_thinks_unseen(&q->model))
    {
        return 1;
    }

    node = llm_json_get(j, 0, "reasoning");

    if (llm_kind_of(j, node) == LLM_JSON_OBJECT
        && llm_kind_of(j, llm_json_get(j, node, "exclude")) == LLM_JSON_TRUE)
    {
        return 1;
    }

    node = llm_json_get(j, 0, "reasoning_format");

    return (llm_kind_of(j, node) == LLM_JSON_STRING
            && llm_json_equal(j, node, "hidden"))
           || llm_kind_of(j, llm_json_get(j, 0, "include_reasoning"))
              == LLM_JSON_FALSE;
}


/*
 * Who searches the web for every request is paid for one search each, and says
 * nothing of it in the usage: models of OpenAI that are made for that, others
 * that are asked to, and Perplexity's.  What its research will take is open.
 */

void
llm_openai_parse_search(llm_request_t *q, uint32_t options)
{
    size_t     i;
    llm_str_t  s;

    s = llm_openai_bare(&q->model);

    if (llm_openai_is(&s, "sonar-deep")) {
        q->most.searches = -1;

    } else if (llm_openai_is(&s, "sonar") || llm_given(&q->json, options)) {
        q->most.searches = 1;
        q->searches = 1;
    }

    for (i = 0; i + 7 <= s.len; i++) {
        if (memcmp(s.data + i, "-search", 7) == 0) {
            q->most.searches = 1;
            q->searches = 1;
        }
    }

    q->most.search_size = -1;
    llm_openai_parse_search_size(q, llm_json_get(&q->json, options,
                                                 "search_context_size"));
}


/* Azure's: it gives a request to a model of its own choice, for a fee */

int
llm_openai_routed(const llm_str_t *model)
{
    size_t  i;

    for (i = 0; i + 12 <= model->len; i++) {
        if (memcmp(model->data + i, "model", 5) == 0
            && (model->data[i + 5] == '-' || model->data[i + 5] == '_')
            && memcmp(model->data + i + 6, "router", 6) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/*
 * The answer names the model that was chosen, and has its price; the fee is one
 * for each token of input, at the price of the router.
 */

void
llm_openai_routed_fee(llm_answer_t *a)
{
    llm_usage_item_t         *item;

    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    if (a->q == NULL || !llm_openai_routed(&a->q->model)
        || a->model.len == 0 || llm_openai_routed(&a->model))
    {
        return;
    }

    a->served = a->model;

    /* without memory for it, the fee is lost */

    item = (a->usage.input < 0) ? NULL
           : llm_alloc(a->mem, sizeof(llm_usage_item_t));

    if (item == NULL) {
        return;
    }

    item->model = a->q->model;
    item->usage = unknown;
    item->usage.input = a->usage.input;
    item->usage.output = 0;

    item->next = a->items;
    a->items = item;
}


/* the larger one, of two */

void
llm_openai_parse_search_size(llm_request_t *q, uint32_t node)
{
    int64_t    found;
    llm_str_t  size;

    if (llm_kind_of(&q->json, node) == LLM_JSON_STRING
        && llm_json_string(&q->json, node, &size, NULL) == LLM_OK)
    {
        found = llm_search_find(&size);

        if (found > q->most.search_size) {
            q->most.search_size = found;
        }
    }
}


int
llm_openai_ends(const llm_str_t *s, const char *end)
{
    size_t  n;

    n = strlen(end);

    return s->len >= n && memcmp(s->data + s->len - n, end, n) == 0;
}


int
llm_openai_is(const llm_str_t *model, const char *prefix)
{
    size_t  n;

    n = strlen(prefix);

    return model->len >= n && memcmp(model->data, prefix, n) == 0;
}


llm_str_t
llm_openai_bare(const llm_str_t *model)
{
    size_t     i;
    llm_str_t  s;

    s = *model;

    if (s.len == 0) {
        return s;
    }

    for (i = s.len; i > 0 && s.data[i - 1] != '/'; i--) { /* void */ }

    s.data += i;
    s.len -= i;

    if (llm_openai_is(&s, "ft:")) {
        s.data += 3;
        s.len -= 3;

        return s;
    }

    /* as Bedrock has it, with and without where: "global.openai.gpt-5.6" */

    for (i = 0; i + 7 <= s.len; i++) {

        if (memcmp(s.data + i, "openai.", 7) == 0) {
            s.data += i + 7;
            s.len -= i + 7;
            break;
        }
    }

    return s;
}


llm_openai_family_e
llm_openai_family(const llm_str_t *model)
{
    llm_str_t  s;

    s = llm_openai_bare(model);

    if (llm_openai_is(&s, "gpt-5") || llm_openai_is(&s, "gpt-6")) {
        return LLM_OPENAI_GPT5;
    }

    if (llm_openai_is(&s, "gpt-3.5") || llm_openai_is(&s, "gpt-35")
        || llm_openai_is(&s, "gpt-4") || llm_openai_is(&s, "chatgpt-4o"))
    {
        return LLM_OPENAI_CLASSIC;
    }

    if (s.len >= 2 && s.data[0] == 'o' && s.data[1] >= '1' && s.data[1] <= '9'
        && (s.len == 2 || s.data[2] == '-' || s.data[2] == ':'))
    {
        return LLM_OPENAI_O_SERIES;
    }

    return LLM_OPENAI_OTHER;
}
