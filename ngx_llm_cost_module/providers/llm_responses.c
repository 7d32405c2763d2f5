
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_responses.h"
#include "llm_canon.h"
#include "llm_price.h"


/*
 * Requests of the Responses API.  What a model reads may be on the server (a
 * previous response, a conversation, a prompt by name): such answers are not
 * kept in the cache, and where the input cannot be seen its count is an
 * estimate.
 */


#define LLM_RESPONSES_AGENTS_USUAL  3
#define LLM_RESPONSES_AGENTS_MAX    1000

/* posts that one search of X brings, each of which is paid: a guess */

#define LLM_RESPONSES_POSTS         50


/* tools that the provider runs, by what their types begin with */

typedef struct {
    const char  *type;
    size_t       field;
    const char  *container;
    unsigned     alone;              /* it is paid without one, too */
    int64_t      each;               /* of what a call brings, if not 0 */
} llm_responses_run_t;

#define llm_run(type, field)                                                  \
    { type, offsetof(llm_usage_t, field), NULL, 1, 0 }

static const llm_responses_run_t  llm_responses_runs[] = {
    llm_run("web_search", searches),
    llm_run("openrouter:web_search", searches),
    llm_run("image_search", searches),                      /* Perplexity's */
    { "x_search", offsetof(llm_usage_t, searches), NULL, 1,
      LLM_RESPONSES_POSTS },
    llm_run("openrouter:web_fetch", web_fetches),
    llm_run("fetch_url", web_fetches),
    llm_run("people_search", tool_calls),
    llm_run("finance_search", tool_calls),
    llm_run("file_search", file_searches),
    llm_run("collections_search", file_searches),                  /* xAI's */
    { "code_interpreter", offsetof(llm_usage_t, code_sessions), "container",
      1, 0 },
    llm_run("code_execution", code_sessions),
    llm_run("sandbox", code_sessions),                      /* Perplexity's */
    { "shell", offsetof(llm_usage_t, code_sessions), "environment", 0, 0 },
    { NULL, 0, NULL, 0, 0 }
};


const char * const  llm_responses_names[LLM_RESPONSES_FIELDS] = {
    "model", "input", "instructions", "stream", "max_output_tokens", "tools",
    "tool_choice", "text", "service_tier", "background",
    "previous_response_id", "conversation", "prompt", "store",
    "max_tool_calls", "multi_agent", "models", "preset"
};


/* what of a request is in the key of the cache: llm_canon.h */

static const char * const  llm_responses_less[] = {
    "stream", "stream_options", "user", "metadata", "safety_identifier",
    "prompt_cache_key", "prompt_cache_retention", NULL
};

static const char * const  llm_responses_verbatim[] = {
    "tools", "text", NULL
};

static const char * const  llm_responses_state[] = {
    "file_id", "previous_response_id", "conversation", "prompt", "plugins",
    "preset", NULL
};

static const llm_canon_t  llm_responses_canon = {
    llm_responses_less, llm_responses_verbatim, llm_responses_state
};


int
llm_responses_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    return llm_canonical(q, &llm_responses_canon, update, ctx);
}


static int
llm_responses_parse_input(llm_request_t *q, const uint32_t *f)
{
    uint32_t  input;

    input = f[LLM_RESPONSES_INPUT];

    if (!llm_given(&q->json, input)) {

        /* it has another name, something is on the server, or there is nothing
           to answer to */

        if (q->route.op == LLM_RESPONSES_DECIDE
            || llm_given(&q->json, f[LLM_RESPONSES_PREVIOUS])
            || llm_given(&q->json, f[LLM_RESPONSES_CONVERSATION])
            || llm_given(&q->json, f[LLM_RESPONSES_PROMPT])
            || llm_given(&q->json, f[LLM_RESPONSES_INSTRUCTIONS]))
        {
            return LLM_OK;
        }

        return llm_request_bad(q, "input", "is required");
    }

    if (llm_kind_of(&q->json, input) == LLM_JSON_STRING) {
        return LLM_OK;
    }

    if (llm_kind_of(&q->json, input) != LLM_JSON_ARRAY) {
        return llm_request_bad(q, "input", "must be a string or an array");
    }

    return llm_request_array(q, input, "input", 1);
}


/* its type is one of these */

static int
llm_responses_typed(const llm_json_t *j, uint32_t obj,
    const char * const *types)
{
    uint32_t  type;

    type = llm_json_get(j, obj, "type");

    if (llm_kind_of(j, type) != LLM_JSON_STRING) {
        return 0;
    }

    while (*types && !llm_json_equal(j, type, *types)) {
        types++;
    }

    return *types != NULL;
}


/*
 * The answer depends on more than what was sent: on an item that the server
 * has, or on what a tool of the provider's finds in the world today.
 */

static int
llm_responses_refers(const llm_json_t *j, const uint32_t *f)
{
    uint32_t              i, input;
    llm_responses_walk_t  w;

    static const char * const  ours[] = {
        "function", "custom", "local_shell", "apply_patch",
        "computer_use_preview", NULL
    };

    static const char * const  theirs[] = { "item_reference", NULL };

    input = f[LLM_RESPONSES_INPUT];

    llm_responses_walk(&w, j, f[LLM_RESPONSES_TOOLS], input);

    while ((i = llm_responses_walk_next(&w)) != LLM_JSON_NONE) {
        if (!llm_responses_typed(j, i, ours)) {
            return 1;
        }
    }

    if (llm_kind_of(j, input) != LLM_JSON_ARRAY) {
        return 0;
    }

    for (i = input + 1; i < llm_json_next(j, input); i = llm_json_next(j, i)) {
        if (llm_responses_typed(j, i, theirs)) {
            return 1;
        }
    }

    return 0;
}


/*
 * Of a list (OpenRouter's, Perplexity's) any may answer.  Which one a prompt by
 * name or a preset takes, the server knows: no price has these names.
 */

static int
llm_responses_parse_model(llm_request_t *q, const uint32_t *f)
{
    int  rc;

    rc = llm_request_others(q, f[LLM_RESPONSES_MODELS]);

    if (rc != LLM_OK) {
        return rc;
    }

    if (llm_given(&q->json, f[LLM_RESPONSES_MODEL])) {
        return llm_request_model(q, f[LLM_RESPONSES_MODEL], "model");
    }

    if (q->nothers) {
        q->model = q->others[0];

    } else if (llm_given(&q->json, f[LLM_RESPONSES_PROMPT])) {
        llm_str_set(&q->model, "(prompt)");

    } else if (llm_given(&q->json, f[LLM_RESPONSES_PRESET])) {
        llm_str_set(&q->model, "(preset)");

    } else {
        return llm_request_bad(q, "model", "is required");
    }

    return LLM_OK;
}


/* members that are texts, two of which only have to be some */

static int
llm_responses_parse_texts(llm_request_t *q, const uint32_t *f)
{
    int        rc;
    llm_str_t  s;

    rc = llm_request_string(q, f[LLM_RESPONSES_INSTRUCTIONS], "instructions",
                            &s);

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[LLM_RESPONSES_PREVIOUS],
                                "previous_response_id", &s);
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[LLM_RESPONSES_TIER], "service_tier",
                                &q->service_tier);
    }

    return rc;
}


/* in the background, within the time that it says ("2h"), or an hour */

static int
llm_responses_later(llm_request_t *q)
{
    int        rc;
    uint32_t   options;
    llm_str_t  window = llm_string("");

    options = llm_json_get(&q->json, 0, "background_options");

    rc = llm_request_string(q, llm_json_get(&q->json, options,
                                            "completion_window"),
                            "background_options.completion_window", &window);

    q->route.step = LLM_LONG_RUN;
    q->window = llm_openai_window(&window);

    if (q->window < LLM_RESPONSES_WINDOW) {
        q->window = LLM_RESPONSES_WINDOW;
    }

    return rc;
}


/* how it is done: at once or later, in pieces or not, kept or not */

static int
llm_responses_parse_ways(llm_request_t *q, const uint32_t *f)
{
    int  rc, stream, store, background;

    stream = 0;
    store = 0;
    background = 0;

    rc = llm_request_bool(q, f[LLM_RESPONSES_STREAM], "stream", &stream);

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, f[LLM_RESPONSES_BACKGROUND], "background",
                              &background);
    }

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, f[LLM_RESPONSES_STORE], "store", &store);
    }

    if (rc != LLM_OK) {
        return rc;
    }

    q->stream = stream;
    q->stateful = store || background
                  || q->route.op != LLM_RESPONSES_CREATE
                  || llm_responses_refers(&q->json, f);

    return background ? llm_responses_later(q) : LLM_OK;
}


/* a tool that the provider runs, by its type */

static void
llm_responses_hosted(llm_request_t *q, uint32_t tool, uint32_t type,
    int64_t most)
{
    size_t                      i;
    int64_t                    *field;
    uint32_t                    node;
    const llm_responses_run_t  *run;

    run = NULL;

    for (i = 0; llm_responses_runs[i].type; i++) {
        if (llm_json_starts(&q->json, type, llm_responses_runs[i].type)) {
            run = &llm_responses_runs[i];
            break;
        }
    }

    if (run == NULL) {
        return;
    }

    field = (int64_t *) ((char *) &q->most + run->field);

    node = run->container ? llm_json_get(&q->json, tool, run->container)
                          : LLM_JSON_NONE;

    if (llm_given(&q->json, node)) {

        /* each container is one more */

        most = llm_responses_sessions(&q->json, node);
        *field = *field < 0 ? -1 : *field + most;

    } else if (run->alone) {

        if (run->each) {
            most = run->each * (most < 0 ? LLM_PRICE_CALLS : most);
        }

        *field = llm_openai_more_calls(*field, most);
    }
}


/*
 * Tools that the provider runs and is paid for: as many calls as are allowed.
 * One container is made for a request; code without one is charged by the
 * call, and a shell without one is the client's.
 */

static int
llm_responses_tool(llm_request_t *q, uint32_t tool, int64_t most)
{
    uint32_t  type;

    type = llm_json_get(&q->json, tool, "type");

    if (llm_openai_crowd(&q->json, tool)) {
        return LLM_DECLINED;
    }

    if (llm_json_starts(&q->json, type, "image_generation")) {
        return llm_responses_paints(q, tool, most);
    }

    if (llm_json_starts(&q->json, type, "openrouter:")) {
        most = llm_openai_uses(q, tool);
    }

    if (llm_json_starts(&q->json, type, "web_search")
        || llm_json_starts(&q->json, type, "openrouter:web_search"))
    {
        llm_openai_parse_pages(q, tool);
    }

    llm_responses_hosted(q, tool, type, most);

    return LLM_OK;
}


/* who asks models that nobody names is refused when all else is known */

static int
llm_responses_asks(llm_request_t *q, int rc)
{
    q->crowd |= (rc == LLM_DECLINED);

    return rc == LLM_DECLINED ? LLM_OK : rc;
}


static int
llm_responses_parse_tools(llm_request_t *q, const uint32_t *f)
{
    int                   rc;
    int64_t               most;
    uint32_t              tool;
    llm_responses_walk_t  w;

    most = -1;

    rc = llm_request_array(q, f[LLM_RESPONSES_TOOLS], "tools", 1);

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[LLM_RESPONSES_MAX_CALLS],
                                "max_tool_calls", 0, LLM_DIALECT_TOKENS_MAX,
                                &most);
    }

    q->most.search_size = -1;

    llm_responses_walk(&w, &q->json, f[LLM_RESPONSES_TOOLS],
                       f[LLM_RESPONSES_INPUT]);

    while (rc == LLM_OK
           && (tool = llm_responses_walk_next(&w)) != LLM_JSON_NONE)
    {
        rc = llm_responses_asks(q, llm_responses_tool(q, tool, most));

        llm_openai_parse_search_size(q, llm_json_get(&q->json, tool,
                                                     "search_context_size"));
    }

    return rc == LLM_OK ? llm_responses_asks(q, llm_openai_parse_plugins(q))
                        : rc;
}


/*
 * Agents that work for this one, each of which may say as much.  How many there
 * will be in all, nothing bounds: those that may be at work at once are
 * reserved.
 */

static int
llm_responses_parse_agents(llm_request_t *q, uint32_t agents)
{
    int      rc, enabled;
    int64_t  n;

    n = LLM_RESPONSES_AGENTS_USUAL;
    enabled = 0;

    rc = llm_request_object(q, agents, "multi_agent", NULL, 0, NULL);

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, llm_json_get(&q->json, agents, "enabled"),
                              "multi_agent.enabled", &enabled);
    }

    if (rc == LLM_OK) {
        rc = llm_request_number(q, llm_json_get(&q->json, agents,
                                                "max_concurrent_subagents"),
                                "multi_agent.max_concurrent_subagents", 0,
                                LLM_RESPONSES_AGENTS_MAX, &n);
    }

    if (enabled) {
        q->choices = 1 + n;
        q->stateful = 1;
    }

    return rc;
}


/* others have decisions, too, and ask for them in words of their own */

static int
llm_responses_is_decision(const llm_request_t *q, const uint32_t *f)
{
    return (llm_given(&q->json, f[LLM_RESPONSES_INPUT])
            || llm_given(&q->json, llm_json_get(&q->json, 0, "state")))
           && llm_given(&q->json, llm_json_get(&q->json, 0, "questions"));
}


int
llm_responses_parse(llm_request_t *q)
{
    int       rc;
    uint32_t  f[LLM_RESPONSES_FIELDS];

    q->max_output = -1;
    q->choices = 1;
    q->can_fit = (q->route.op == LLM_RESPONSES_CREATE);

    if (llm_kind_of(&q->json, 0) != LLM_JSON_OBJECT) {
        return llm_request_bad(q, NULL,
                               "the request body must be a JSON object");
    }

    rc = llm_request_object(q, 0, NULL, llm_responses_names,
                            LLM_RESPONSES_FIELDS, f);

    if (rc == LLM_OK && q->route.op == LLM_RESPONSES_DECIDE
        && !llm_responses_is_decision(q, f))
    {
        return LLM_DECLINED;
    }

    q->decides = (q->route.op == LLM_RESPONSES_DECIDE);

    if (rc == LLM_OK) {
        rc = llm_responses_parse_model(q, f);
    }

    if (rc == LLM_OK) {
        rc = llm_responses_parse_input(q, f);
    }

    if (rc == LLM_OK) {
        rc = llm_responses_parse_texts(q, f);
    }

    if (rc == LLM_OK) {
        rc = llm_responses_parse_tools(q, f);
    }

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[LLM_RESPONSES_MAX_OUTPUT],
                                "max_output_tokens", 1, LLM_DIALECT_TOKENS_MAX,
                                &q->max_output);
    }

    if (rc == LLM_OK) {
        rc = llm_responses_parse_ways(q, f);
    }

    if (rc == LLM_OK) {
        rc = llm_responses_parse_agents(q, f[LLM_RESPONSES_AGENTS]);
    }

    q->crowd |= llm_openai_routed(&q->model);

    return rc == LLM_OK && q->crowd ? LLM_DECLINED : rc;
}


int
llm_responses_edit(llm_request_t *q, llm_edits_t *e)
{
    int       rc;
    uint32_t  f[LLM_RESPONSES_FIELDS];

    e->n = 0;
    rc = LLM_OK;

    llm_json_fields(&q->json, 0, llm_responses_names, LLM_RESPONSES_FIELDS, f);

    if (e->set_max_output > 0 && q->can_fit) {

        if (f[LLM_RESPONSES_MAX_OUTPUT] == LLM_JSON_NONE) {
            rc = llm_edit_member(q, e, 0, "\"max_output_tokens\":",
                                 e->set_max_output, "");

        } else if (q->max_output < 0 || q->max_output > e->set_max_output) {
            rc = llm_edit_number(q, e, f[LLM_RESPONSES_MAX_OUTPUT],
                                 e->set_max_output);
        }
    }

    if (rc == LLM_OK && e->set_model.len) {
        rc = llm_openai_edit_model(q, e, f[LLM_RESPONSES_MODEL]);
    }

    return rc;
}
