
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#define _GNU_SOURCE                          /* memmem() */

#include "llm_vercel.h"
#include "llm_templated.h"

#include <string.h>


/*
 * What a request for Vercel's AI Gateway asks of the providers that may serve
 * it, and which tools they or the gateway run.
 */


typedef enum {
    LLM_TOLD_TIER = 0,
    LLM_TOLD_SNAKE_TIER,
    LLM_TOLD_SPEED,
    LLM_TOLD_SEARCH,
    LLM_TOLD_FALLBACKS,
    LLM_TOLD_N
} llm_told_e;

static const char * const  llm_told_names[LLM_TOLD_N] = {
    "serviceTier", "service_tier", "speed", "searchParameters", "fallbacks"
};


/* of several the dearest: which provider it will be is not known */

static int
llm_vercel_tier(llm_request_t *q, uint32_t node)
{
    int        rc;
    llm_str_t  tier = llm_string("");

    static const unsigned char  rank[LLM_TIER_N] = { 2, 1, 3, 4, 0 };

    rc = llm_request_string(q, node, "serviceTier", &tier);

    if (rc == LLM_OK && tier.len
        && (q->service_tier.len == 0
            || rank[llm_tier_find(&tier)]
               > rank[llm_tier_find(&q->service_tier)]))
    {
        q->service_tier = tier;
    }

    return rc;
}


/*
 * What Claude thinks is put on top of the maximum: the SDK adds the budget to
 * what it sends.  Members of this name may be in any object of a provider's.
 */

static int
llm_vercel_budget(llm_request_t *q, uint32_t group)
{
    int       rc;
    int64_t   n;
    uint32_t  node;

    node = llm_json_get(&q->json, group, "budgetTokens");
    n = 0;

    rc = llm_request_number(q, node, "budgetTokens", 0,
                            LLM_DIALECT_TOKENS_MAX, &n);

    if (rc == LLM_OK && n > 0) {
        q->can_fit = 0;
        q->max_output += (q->max_output >= 0) ? n : 0;
    }

    return rc;
}


static int
llm_vercel_told(llm_request_t *q, uint32_t told)
{
    int                     rc;
    uint32_t                i, f[LLM_TOLD_N];
    const llm_json_node_t  *v;

    if (llm_kind_of(&q->json, told) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    v = q->json.nodes;

    llm_json_fields(&q->json, told, llm_told_names, LLM_TOLD_N, f);

    rc = llm_vercel_tier(q, f[LLM_TOLD_TIER]);

    if (rc == LLM_OK) {
        rc = llm_vercel_tier(q, f[LLM_TOLD_SNAKE_TIER]);
    }

    if (llm_json_starts(&q->json, f[LLM_TOLD_SPEED], "fast")) {
        q->most.fast = 1;
    }

    if (llm_given(&q->json, f[LLM_TOLD_SEARCH])) {
        q->most.searches = -1;
    }

    if (llm_given(&q->json, f[LLM_TOLD_FALLBACKS])) {
        q->crowd = 1;
    }

    for (i = told + 1; rc == LLM_OK && i < llm_json_next(&q->json, told);
         i = v[i + 1].next)
    {
        if (llm_kind_of(&q->json, i + 1) == LLM_JSON_OBJECT) {
            rc = llm_vercel_budget(q, i + 1);
        }
    }

    return rc;
}


/* what a cache writes is charged: Claude's by its marks, others' unasked */

static void
llm_vercel_caches(llm_request_t *q)
{
    uint32_t                i;
    unsigned                k;
    const llm_json_node_t  *v;

    static const char * const  names[] = {
        "cacheControl", "cache_control", "cachePoint", "caching",
        "promptCacheOptions", "promptCacheRetention"
    };

    q->most.cache_write = llm_claude_is(&q->model) ? 0 : -1;

    for (i = 0; i < q->json.n; i++) {
        v = llm_json_node(&q->json, i);

        if (v->type != LLM_JSON_STRING
            || (v->end - v->start > 20 && !v->escaped))
        {
            continue;
        }

        for (k = 0; k < sizeof(names) / sizeof(names[0]); k++) {

            if (llm_json_equal(&q->json, i, names[k])) {
                q->most.cache_write = -1;
                q->most.cache_write_1h = -1;
                q->most.cache_write_day = -1;
                return;
            }
        }
    }
}


int
llm_vercel_options(llm_request_t *q, const uint32_t *f)
{
    int                     rc;
    uint32_t                i, options, gateway;
    const llm_json_node_t  *v;

    v = q->json.nodes;
    options = f[LLM_VERCEL_OPTIONS];

    rc = llm_request_object(q, options, "providerOptions", NULL, 0, NULL);
    if (rc != LLM_OK) {
        return rc;
    }

    llm_vercel_caches(q);

    /* a Claude that is to think without a budget has one of the SDK's */

    if (llm_kind_of(&q->json, f[LLM_VERCEL_REASONING]) == LLM_JSON_STRING
        && !llm_json_equal(&q->json, f[LLM_VERCEL_REASONING], "none")
        && !llm_json_equal(&q->json, f[LLM_VERCEL_REASONING],
                           "provider-default"))
    {
        q->can_fit = 0;
        q->max_output = -1;
    }

    if (!llm_given(&q->json, options)) {
        return LLM_OK;
    }

    for (i = options + 1; rc == LLM_OK && i < llm_json_next(&q->json, options);
         i = v[i + 1].next)
    {
        rc = llm_vercel_told(q, i + 1);
    }

    gateway = llm_json_get(&q->json, options, "gateway");

    return rc == LLM_OK
           ? llm_request_others(q, llm_json_get(&q->json, gateway, "models"))
           : rc;
}


/*
 * Tools by the end of their id: "openai.web_search_preview",
 * "anthropic.web_search_20250305", "google.google_search",
 * "gateway.perplexity_search".  Those that ask other models come first.
 */

static const struct {
    const char  *word;
    int          field;                 /* -1: other models are asked */
} llm_vercel_served[] = {
    { "advisor", -1 },
    { "image_generation", -1 },
    { "subagent", -1 },
    { "file_search", offsetof(llm_usage_t, file_searches) },
    { "rag_store", offsetof(llm_usage_t, file_searches) },
    { "maps", offsetof(llm_usage_t, maps_queries) },
    { "search", offsetof(llm_usage_t, searches) },
    { "fetch", offsetof(llm_usage_t, web_fetches) },
    { "code_", offsetof(llm_usage_t, code_sessions) },
    { "shell", offsetof(llm_usage_t, code_sessions) }
};

#define LLM_VERCEL_ID      1024        /* bytes of an id with escapes */
#define LLM_VERCEL_SERVED  (sizeof(llm_vercel_served)                         \
                            / sizeof(llm_vercel_served[0]))


/*
 * The row of a tool that is run elsewhere, or LLM_VERCEL_SERVED.  No id with
 * escapes is that long: what it asks for is taken for what costs most.
 */

static size_t
llm_vercel_row(const llm_json_t *j, uint32_t tool)
{
    size_t                  i;
    uint32_t                id;
    llm_str_t               s;
    unsigned char           buf[LLM_VERCEL_ID];
    const llm_json_node_t  *v;

    id = llm_json_get(j, tool, "id");

    if (!llm_json_starts(j, llm_json_get(j, tool, "type"), "provider")
        || llm_kind_of(j, id) != LLM_JSON_STRING)
    {
        return LLM_VERCEL_SERVED;
    }

    v = llm_json_node(j, id);

    if (v->escaped && v->end - v->start > LLM_VERCEL_ID) {
        return 0;
    }

    (void) llm_json_string(j, id, &s, buf);

    for (i = 0; i < LLM_VERCEL_SERVED; i++) {
        if (memmem(s.data, s.len, llm_vercel_served[i].word,
                   strlen(llm_vercel_served[i].word)))
        {
            break;
        }
    }

    return i;
}


static int64_t *
llm_vercel_field(llm_usage_t *u, size_t row)
{
    return (int64_t *) ((char *) u + llm_vercel_served[row].field);
}


/* one that has a maximum is used that often, others as they like */

static void
llm_vercel_tool(llm_request_t *q, uint32_t tool, size_t row)
{
    int64_t    n, *most;
    uint32_t   node;

    if (llm_vercel_served[row].field < 0) {
        q->crowd = 1;
        return;
    }

    q->stateful = 1;
    most = llm_vercel_field(&q->most, row);
    node = llm_json_get(&q->json, llm_json_get(&q->json, tool, "args"),
                        "maxUses");

    if (*most < 0 || llm_kind_of(&q->json, node) != LLM_JSON_NUMBER
        || llm_json_int(&q->json, node, &n) != LLM_OK || n < 0
        || n > LLM_DIALECT_TOKENS_MAX)
    {
        *most = -1;
        return;
    }

    *most += n;
}


int
llm_vercel_tools(llm_request_t *q, uint32_t tools)
{
    size_t    row;
    uint32_t  i;
    unsigned  n;

    if (llm_kind_of(&q->json, tools) != LLM_JSON_ARRAY) {
        return LLM_OK;
    }

    n = 0;

    for (i = tools + 1; i < llm_json_next(&q->json, tools);
         i = llm_json_next(&q->json, i))
    {
        row = llm_vercel_row(&q->json, i);

        if (row == LLM_VERCEL_SERVED) {
            continue;
        }

        if (++n > LLM_VERCEL_RUN) {
            return llm_request_bad(q, "tools", "must have no more than 64 "
                                   "that a provider runs");
        }

        llm_vercel_tool(q, i, row);
    }

    return LLM_OK;
}


unsigned
llm_vercel_run(const llm_json_t *j, uint32_t *run)
{
    uint32_t  i, tools;
    unsigned  n;

    tools = llm_json_get(j, 0, "tools");

    if (llm_kind_of(j, tools) != LLM_JSON_ARRAY) {
        return 0;
    }

    n = 0;

    for (i = tools + 1; i < llm_json_next(j, tools) && n < LLM_VERCEL_RUN;
         i = llm_json_next(j, i))
    {
        if (llm_vercel_row(j, i) < LLM_VERCEL_SERVED) {
            run[n++] = i;
        }
    }

    return n;
}


int64_t *
llm_vercel_called(const llm_json_t *j, uint32_t tool, llm_usage_t *u)
{
    size_t  row;

    row = llm_vercel_row(j, tool);

    return row < LLM_VERCEL_SERVED && llm_vercel_served[row].field >= 0
           ? llm_vercel_field(u, row) : NULL;
}
