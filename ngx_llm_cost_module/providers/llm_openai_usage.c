
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"

#include <string.h>


/*
 * Usage objects.  The figures of one object replace those of an earlier one
 * field by field, never add up: many servers repeat a running total.
 */

/* where a figure is */

#define LLM_OPENAI_IN_USAGE   0
#define LLM_OPENAI_IN_PROMPT  1          /* prompt_tokens_details */
#define LLM_OPENAI_IN_OUTPUT  2          /* completion_tokens_details */
#define LLM_OPENAI_IN_TOOLS   3          /* of tools that the vendor ran */


/* other members of a usage object */

typedef enum {
    LLM_OPENAI_TOTAL_NODE = 0,
    LLM_OPENAI_PROMPT_NODE,
    LLM_OPENAI_PROMPT_LAST = LLM_OPENAI_PROMPT_NODE + 3,
    LLM_OPENAI_OUTPUT_NODE,
    LLM_OPENAI_OUTPUT_LAST = LLM_OPENAI_OUTPUT_NODE + 2,
    LLM_OPENAI_TOOLS_NODE,
    LLM_OPENAI_TOOLS_LAST = LLM_OPENAI_TOOLS_NODE + 2,
    LLM_OPENAI_CACHED_NODE,
    LLM_OPENAI_CALLS_NODE,
    LLM_OPENAI_CREATION_NODE,
    LLM_OPENAI_XTOOLS_NODE,
    LLM_OPENAI_PLUGINS_NODE,                   /* the last that is an object */
    LLM_OPENAI_SIZE_NODE,
    LLM_OPENAI_COST_NODE,
    LLM_OPENAI_TICKS_NODE,
    LLM_OPENAI_OWN_KEY_NODE,
    LLM_OPENAI_COST_PARTS_NODE,
    LLM_OPENAI_SECONDS_NODE,
    LLM_OPENAI_TIER_NODE,
    LLM_OPENAI_SOURCES_NODE,
    LLM_OPENAI_MARKET_NODE,
    LLM_OPENAI_USAGE_NODES
} llm_openai_usage_node_e;


typedef struct {
    unsigned     in;
    unsigned     len;
    const char  *name;
    size_t       field;          /* of llm_usage_t; of members: none */
    unsigned     more;           /* beside the rows before, not instead; 2: and
                                    not if the very one before it is said */
} llm_openai_figure_t;


#define llm_figure(in, name, f)                                               \
    { in, sizeof(name) - 1, name, offsetof(llm_usage_t, f), 0 }

#define llm_figure_more(in, name, f)                                          \
    { in, sizeof(name) - 1, name, offsetof(llm_usage_t, f), 1 }

#define llm_figure_else(in, name, f)                                          \
    { in, sizeof(name) - 1, name, offsetof(llm_usage_t, f), 2 }

#define llm_member(name)                                                      \
    { LLM_OPENAI_IN_USAGE, sizeof(name) - 1, name, 0, 0 }

/*
 * Of two rows for one field the first that is said holds.  A 0 is not: who
 * writes down every name that there is has one where the number is beside it.
 */

static const llm_openai_figure_t  llm_openai_figures[] = {
    llm_figure(LLM_OPENAI_IN_USAGE, "prompt_tokens", input),
    llm_figure(LLM_OPENAI_IN_USAGE, "input_tokens", input),
    llm_figure(LLM_OPENAI_IN_USAGE, "num_input_text_tokens",
               input),                          /* Microsoft's own pictures */
    llm_figure(LLM_OPENAI_IN_USAGE, "completion_tokens", output),
    llm_figure(LLM_OPENAI_IN_USAGE, "output_tokens", output),
    llm_figure(LLM_OPENAI_IN_USAGE, "num_output_tokens", output),

    llm_figure(LLM_OPENAI_IN_PROMPT, "cached_tokens", cached_input),
    llm_figure(LLM_OPENAI_IN_USAGE, "prompt_cache_hit_tokens",
               cached_input),                                    /* DeepSeek */
    llm_figure(LLM_OPENAI_IN_USAGE, "cached_tokens",
               cached_input),                                    /* Moonshot */
    llm_figure(LLM_OPENAI_IN_USAGE, "num_cached_tokens",
               cached_input),                                    /* Mistral */
    llm_figure(LLM_OPENAI_IN_USAGE, "cache_read_input_tokens",
               cached_input),                 /* gateways, of Claude's usage */
    llm_figure(LLM_OPENAI_IN_PROMPT, "cache_read_input_tokens",
               cached_input),                                  /* Perplexity */
    llm_figure(LLM_OPENAI_IN_USAGE, "cached_input_tokens",
               cached_input),                     /* Fireworks, of decisions */

    llm_figure(LLM_OPENAI_IN_PROMPT, "cache_write_tokens", cache_write),
    llm_figure(LLM_OPENAI_IN_PROMPT, "cache_creation_tokens", cache_write),
    llm_figure(LLM_OPENAI_IN_PROMPT, "cache_creation_input_tokens",
               cache_write),                                       /* Qwen's */
    llm_figure(LLM_OPENAI_IN_USAGE, "cache_creation_input_tokens",
               cache_write),                                     /* Vercel */

    llm_figure(LLM_OPENAI_IN_PROMPT, "audio_tokens", audio_input),
    llm_figure(LLM_OPENAI_IN_PROMPT, "image_tokens", image_input),
    llm_figure(LLM_OPENAI_IN_USAGE, "num_input_image_tokens", image_input),

    llm_figure(LLM_OPENAI_IN_OUTPUT, "reasoning_tokens", reasoning),
    llm_figure(LLM_OPENAI_IN_USAGE, "reasoning_tokens", reasoning),

    llm_figure(LLM_OPENAI_IN_PROMPT, "video_tokens", video_input),
    llm_figure(LLM_OPENAI_IN_PROMPT, "orchestration_input_tokens",
               orch_input),
    llm_figure(LLM_OPENAI_IN_PROMPT, "orchestration_input_cached_tokens",
               orch_cached),
    llm_figure(LLM_OPENAI_IN_OUTPUT, "orchestration_output_tokens",
               orch_output),

    llm_figure(LLM_OPENAI_IN_OUTPUT, "audio_tokens", audio_output),
    llm_figure(LLM_OPENAI_IN_OUTPUT, "image_tokens", image_output),

    llm_figure(LLM_OPENAI_IN_TOOLS, "web_search_requests", searches),
    llm_figure(LLM_OPENAI_IN_TOOLS, "web_search_calls", searches),
    llm_figure(LLM_OPENAI_IN_PROMPT, "web_search_requests",
               searches),                                        /* LiteLLM */
    llm_figure(LLM_OPENAI_IN_USAGE, "num_search_queries", searches),
    llm_figure_more(LLM_OPENAI_IN_TOOLS, "x_posts_fetched", searches),
    llm_figure_else(LLM_OPENAI_IN_TOOLS, "x_search_calls", searches),
    llm_figure(LLM_OPENAI_IN_TOOLS, "web_fetch_requests", web_fetches),
    llm_figure(LLM_OPENAI_IN_TOOLS, "file_search_calls", file_searches),
    llm_figure(LLM_OPENAI_IN_TOOLS, "collections_search_calls",
               file_searches),
    llm_figure(LLM_OPENAI_IN_TOOLS, "code_interpreter_calls",
               code_sessions),
    llm_figure(LLM_OPENAI_IN_TOOLS, "code_execution_calls", code_sessions),
    llm_figure(LLM_OPENAI_IN_TOOLS, "document_search_calls", tool_calls),
    llm_figure(LLM_OPENAI_IN_TOOLS, "attachment_search_calls", tool_calls),
    llm_figure_more(LLM_OPENAI_IN_TOOLS, "x_users_fetched", tool_calls),
    llm_figure(LLM_OPENAI_IN_PROMPT, "google_maps_grounding_requests",
               maps_queries),                                     /* LiteLLM */
    llm_figure(LLM_OPENAI_IN_USAGE, "citation_tokens", citation_tokens)
};

#define LLM_OPENAI_FIGURES                                                    \
    (sizeof(llm_openai_figures) / sizeof(llm_openai_figure_t))


/* in the order of llm_openai_usage_node_e */

static const llm_openai_figure_t  llm_openai_members[] = {
    llm_member("total_tokens"),
    llm_member("prompt_tokens_details"),
    llm_member("input_tokens_details"),                         /* Responses */
    llm_member("input_token_details"),                              /* audio */
    llm_member("prompt_token_details"),                           /* Mistral */
    llm_member("completion_tokens_details"),
    llm_member("output_tokens_details"),
    llm_member("output_token_details"),
    llm_member("server_tool_use_details"),                         /* Vercel */
    llm_member("server_side_tool_usage_details"),                     /* xAI */
    llm_member("server_tool_use"),               /* OpenRouter, of any model */
    llm_member("cached_tokens_details"),                    /* of pictures */
    llm_member("tool_calls_details"),                          /* Perplexity */
    llm_member("cache_creation"),                      /* OpenRouter's Claude */
    llm_member("x_tools"),                                  /* Qwen, of tools */
    llm_member("plugins"),                                  /* ... of a chat */
    llm_member("search_context_size"),                         /* Perplexity */
    llm_member("cost"),
    llm_member("cost_in_usd_ticks"),
    llm_member("is_byok"),                                     /* OpenRouter */
    llm_member("cost_details"),
    llm_member("prompt_audio_seconds"),                           /* Mistral */
    llm_member("service_tier"),
    llm_member("num_sources_used"),                                   /* xAI */
    llm_member("market_cost")                                      /* Vercel */
};


/*
 * The members of an object, looked for in one pass: nodes[i] is set to the
 * last value of row i's name, and left alone where there is none.
 */

static void
llm_openai_find(const llm_json_t *j, uint32_t obj, unsigned in,
    const llm_openai_figure_t *f, size_t n, uint32_t *nodes)
{
    size_t                  k;
    uint32_t                i, end;
    const llm_json_node_t  *key;

    if (llm_kind_of(j, obj) != LLM_JSON_OBJECT) {
        return;
    }

    end = llm_json_next(j, obj);

    for (i = obj + 1; i < end; i = llm_json_next(j, i + 1)) {
        key = llm_json_node(j, i);

        for (k = 0; k < n; k++) {

            if (f[k].in == in
                && (key->escaped || key->end - key->start == f[k].len)
                && llm_json_equal(j, i, f[k].name))
            {
                nodes[k] = i + 1;
                break;
            }
        }
    }
}


/*
 * Parts of one figure.  LLM_UNUSABLE is one that stands there and cannot be
 * read, beside which 0 is not said: what is known is the others, or nothing.
 */

static int64_t
llm_openai_plus(int64_t v, int64_t n, uint32_t node)
{
    if (n < 0 && node != LLM_JSON_NONE) {
        n = LLM_UNUSABLE;
    }

    if (v <= 0 && n <= 0 && (v == LLM_UNUSABLE || n == LLM_UNUSABLE)) {
        return LLM_UNUSABLE;
    }

    return llm_sum(llm_said(v), llm_said(n));
}


/* a number of 10^-scale, -1 where it is none: of usd as nano-usd, if 9 */

static int64_t
llm_openai_amount(const llm_json_t *j, uint32_t node, int scale)
{
    int64_t                 v;
    const llm_json_node_t  *n;

    if (!llm_openai_given(j, node)) {
        return -1;
    }

    n = llm_json_node(j, node);

    if ((n->type != LLM_JSON_NUMBER && n->type != LLM_JSON_STRING)
        || llm_parse_scaled(j->data + n->start, n->end - n->start, scale, &v)
           != LLM_OK
        || v < 0 || v > LLM_NANO_MAX)
    {
        return -1;
    }

    return v;
}


/*
 * What upstream says that it takes: a number (OpenRouter), an object
 * (Perplexity), or ticks of 10^-10 usd (xAI).  With a key of the payer's own
 * OpenRouter's number is its fee alone; what the provider takes is beside it.
 */

static int64_t
llm_openai_reported(const llm_json_t *j, const uint32_t *m)
{
    int64_t   sum, beside;
    uint32_t  cost, node;

    cost = m[LLM_OPENAI_COST_NODE];

    if (cost == LLM_JSON_NONE) {
        return llm_openai_amount(j, m[LLM_OPENAI_TICKS_NODE], -1);
    }

    if (llm_kind_of(j, cost) == LLM_JSON_OBJECT) {
        cost = llm_json_get(j, cost, "total_cost");
    }

    sum = llm_openai_amount(j, cost, 9);

    if (sum >= 0
        && llm_kind_of(j, m[LLM_OPENAI_OWN_KEY_NODE]) == LLM_JSON_TRUE)
    {
        node = llm_json_get(j, m[LLM_OPENAI_COST_PARTS_NODE],
                            "upstream_inference_cost");
        beside = llm_openai_amount(j, node, 9);

        /* the fee is not all of it, if that cannot be read */

        sum = (beside < 0 && llm_given(j, node)) ? -1 : llm_sum(sum, beside);
    }

    return sum > LLM_NANO_MAX ? -1 : sum;
}


int64_t
llm_openai_usage_cost(const llm_json_t *j, uint32_t obj)
{
    uint32_t  m[LLM_OPENAI_USAGE_NODES];

    memset(m, 0xff, sizeof(m));                /* LLM_JSON_NONE */

    llm_openai_find(j, obj, LLM_OPENAI_IN_USAGE, llm_openai_members,
                    LLM_OPENAI_USAGE_NODES, m);

    return llm_openai_reported(j, m);
}


/* how it was processed, and what is charged beside the tokens */

static void
llm_openai_beside(llm_answer_t *a, const llm_json_t *j, const uint32_t *m,
    llm_usage_t *u)
{
    llm_str_t  size;

    if (llm_kind_of(j, m[LLM_OPENAI_SIZE_NODE]) == LLM_JSON_STRING
        && llm_json_string(j, m[LLM_OPENAI_SIZE_NODE], &size, NULL) == LLM_OK)
    {
        u->search_size = llm_search_find(&size);

        /* Perplexity says no number where it searches once, for a fee */

        if (u->searches < 0) {
            u->searches = 1;
        }
    }

    /* what its live search has found; what tools have is not charged so */

    if (u->searches < 0 && a->kind != LLM_KIND_RESPONSES) {
        u->searches = llm_answer_figure(a, j, m[LLM_OPENAI_SOURCES_NODE]);
    }

    u->audio_input_ms = llm_openai_amount(j, m[LLM_OPENAI_SECONDS_NODE], 3);
    u->reported_cost = llm_openai_reported(j, m);

    /* without memory for it, it is the one that was asked for */

    (void) llm_answer_keep(a, j, m[LLM_OPENAI_TIER_NODE], &a->service_tier);
}


/* tokens that a cache wrote, by how long it keeps them: the first said hold */

static void
llm_openai_longer(llm_answer_t *a, const llm_json_t *j, uint32_t details,
    int64_t part[3])
{
    int64_t   n;
    uint32_t  f[4];
    unsigned  i, k;

    static const char * const  names[] = {
        "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens",
        "ephemeral_12h_input_tokens", "ttl_12h_tokens"
    };

    llm_json_fields(j, llm_answer_part(a, j, details, LLM_JSON_OBJECT), names,
                    4, f);

    for (i = 0; i < 4; i++) {
        k = (i < 2) ? i : 2;
        n = llm_answer_figure(a, j, f[i]);
        part[k] = (part[k] < 0 && n > 0) ? n : part[k];
    }
}


/*
 * LiteLLM says in details of the prompt what is for an hour or for 12, OpenAI
 * what is for 12 of them, OpenRouter beside them what Claude's is.  All of it
 * is what was written: where the sum of that is less, it was left out, or is
 * the 0 of one who writes down every name that there is.
 */

static void
llm_openai_kept(llm_answer_t *a, const llm_json_t *j, const uint32_t *m,
    llm_usage_t *u)
{
    int64_t   part[] = { -1, -1, -1 }, longer;
    uint32_t  i;

    for (i = LLM_OPENAI_PROMPT_NODE; i <= LLM_OPENAI_PROMPT_LAST; i++) {
        llm_openai_longer(a, j, llm_json_get(j, m[i],
                                             "cache_creation_token_details"),
                          part);
        llm_openai_longer(a, j, llm_json_get(j, m[i],
                                             "cache_write_tokens_details"),
                          part);
    }

    llm_openai_longer(a, j, m[LLM_OPENAI_CREATION_NODE], part);

    u->cache_write_1h = part[1];
    u->cache_write_day = part[2];

    longer = llm_sum(part[1], part[2]);

    if (u->cache_write < llm_sum(part[0], longer)) {
        u->cache_write = llm_sum(part[0], longer);
    }

    if (longer > 0) {
        u->cache_write -= longer;
    }
}


/* of what was read from a cache, what is of a picture or sound */

static void
llm_openai_cached(llm_answer_t *a, const llm_json_t *j, uint32_t details,
    llm_usage_t *u)
{
    details = llm_answer_part(a, j, details, LLM_JSON_OBJECT);

    if (details == LLM_JSON_NONE) {
        return;
    }

    u->cached_image = llm_answer_figure(a, j, llm_json_get(j, details,
                                                     "cached_image_tokens"));

    if (u->cached_image < 0) {
        u->cached_image = llm_answer_figure(a, j, llm_json_get(j, details,
                                                           "image_tokens"));
    }

    u->cached_audio = llm_answer_figure(a, j, llm_json_get(j, details,
                                                           "audio_tokens"));
}


/* {"web_search":{"invocation":2}}: tools that Perplexity has run */

static void
llm_openai_invoked(llm_answer_t *a, const llm_json_t *j, uint32_t calls,
    llm_usage_t *u)
{
    size_t    i;
    int64_t  *v;
    uint32_t  tool, n;

    static const struct {
        const char  *tool;
        size_t       field;
    } tools[] = {
        { "web_search", offsetof(llm_usage_t, searches) },
        { "image_search", offsetof(llm_usage_t, searches) },
        { "fetch_url", offsetof(llm_usage_t, web_fetches) },
        { "sandbox", offsetof(llm_usage_t, code_sessions) },
        { "people_search", offsetof(llm_usage_t, tool_calls) },
        { "finance_search", offsetof(llm_usage_t, tool_calls) }
    };

    for (i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
        tool = llm_answer_part(a, j, llm_json_get(j, calls, tools[i].tool),
                               LLM_JSON_OBJECT);

        if (tool != LLM_JSON_NONE) {
            n = llm_json_get(j, tool, "invocation");
            v = (int64_t *) ((char *) u + tools[i].field);
            *v = llm_openai_plus(*v, llm_answer_figure(a, j, n), n);
        }
    }

    for (i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
        v = (int64_t *) ((char *) u + tools[i].field);
        *v = llm_said(*v);
    }
}


/* parts of what was read from a cache, by what they are */

static void
llm_openai_kinds(llm_answer_t *a, const llm_json_t *j, const uint32_t *m,
    llm_usage_t *u)
{
    uint32_t  i;

    llm_openai_cached(a, j, m[LLM_OPENAI_CACHED_NODE], u);

    for (i = LLM_OPENAI_PROMPT_NODE; i <= LLM_OPENAI_PROMPT_LAST; i++) {
        llm_openai_cached(a, j, llm_json_get(j, m[i],
                                             "cached_tokens_details"), u);
    }
}


/* where members and figures of a usage object are, or LLM_JSON_NONE */

static void
llm_openai_locate(llm_answer_t *a, const llm_json_t *j, uint32_t obj,
    uint32_t *m, uint32_t *nodes)
{
    unsigned  i, in;

    memset(m, 0xff, LLM_OPENAI_USAGE_NODES * sizeof(uint32_t));
    memset(nodes, 0xff, LLM_OPENAI_FIGURES * sizeof(uint32_t));

    llm_openai_find(j, obj, LLM_OPENAI_IN_USAGE, llm_openai_members,
                    LLM_OPENAI_USAGE_NODES, m);
    llm_openai_find(j, obj, LLM_OPENAI_IN_USAGE, llm_openai_figures,
                    LLM_OPENAI_FIGURES, nodes);

    for (i = LLM_OPENAI_PROMPT_NODE; i <= LLM_OPENAI_PLUGINS_NODE; i++) {
        m[i] = llm_answer_part(a, j, m[i], LLM_JSON_OBJECT);
    }

    for (i = LLM_OPENAI_PROMPT_NODE; i <= LLM_OPENAI_TOOLS_LAST; i++) {
        in = (i <= LLM_OPENAI_PROMPT_LAST) ? LLM_OPENAI_IN_PROMPT
             : (i <= LLM_OPENAI_OUTPUT_LAST) ? LLM_OPENAI_IN_OUTPUT
                                             : LLM_OPENAI_IN_TOOLS;

        llm_openai_find(j, m[i], in, llm_openai_figures, LLM_OPENAI_FIGURES,
                        nodes);
    }
}


static void
llm_openai_figured(llm_answer_t *a, const llm_json_t *j, const uint32_t *nodes,
    llm_usage_t *u)
{
    size_t    i;
    int64_t  *v, n;

    for (i = 0; i < LLM_OPENAI_FIGURES; i++) {
        v = (int64_t *) ((char *) u + llm_openai_figures[i].field);

        if (llm_openai_figures[i].more == 2
            && llm_openai_given(j, nodes[i - 1]))
        {
            continue;
        }

        if (*v <= 0 || llm_openai_figures[i].more) {
            n = llm_answer_figure(a, j, nodes[i]);
            *v = llm_openai_plus(*v, n, nodes[i]);
        }
    }

    for (i = 0; i < LLM_OPENAI_FIGURES; i++) {
        v = (int64_t *) ((char *) u + llm_openai_figures[i].field);
        *v = llm_said(*v);
    }
}


void
llm_openai_usage(llm_answer_t *a, const llm_json_t *j, uint32_t obj)
{
    unsigned     i;
    uint32_t     nodes[LLM_OPENAI_FIGURES], m[LLM_OPENAI_USAGE_NODES];
    llm_usage_t  u = LLM_USAGE_INIT;

    llm_openai_locate(a, j, obj, m, nodes);
    llm_openai_figured(a, j, nodes, &u);
    llm_openai_plugged(a, j, m[LLM_OPENAI_XTOOLS_NODE],
                       m[LLM_OPENAI_PLUGINS_NODE], &u);
    llm_openai_beside(a, j, m, &u);

    llm_openai_both(j, obj, &u);
    llm_openai_kept(a, j, m, &u);
    llm_openai_total(a, &u, llm_answer_figure(a, j, m[LLM_OPENAI_TOTAL_NODE]),
                     llm_openai_given(j, m[LLM_OPENAI_MARKET_NODE]));
    llm_openai_kinds(a, j, m, &u);
    llm_openai_invoked(a, j, m[LLM_OPENAI_CALLS_NODE], &u);

    for (i = LLM_OPENAI_TOOLS_NODE; i <= LLM_OPENAI_TOOLS_LAST; i++) {
        llm_openai_fetched(a, j, m[i], &u);
    }

    if (u.input >= 0 || u.output >= 0) {
        a->usage_seen = 1;
    }

    llm_usage_merge(&a->usage, &u);
}
