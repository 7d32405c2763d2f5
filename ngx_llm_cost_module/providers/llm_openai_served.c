
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"
#include "llm_price.h"

#include <string.h>


/*
 * Tools that a host runs for whatever model it serves, and is paid for beside
 * the tokens.  OpenRouter's are in the dialects of others, too.
 */


/* OpenRouter takes no more steps than these for one request, of all its tools
   together (docs/guides/features/server-tools, November 2026) */

#define LLM_OPENAI_STEPS     30

/* results that are in the price of a search; each one more is paid as a page
   that is read (server-tools/web-search), and so is what a mode costs more */

#define LLM_OPENAI_RESULTS   10
#define LLM_OPENAI_RESULTS_MAX  1000


/* the larger of two numbers of calls; -1, no bound, is LLM_PRICE_CALLS */

int64_t
llm_openai_more_calls(int64_t a, int64_t b)
{
    int64_t  x, y;

    x = a < 0 ? LLM_PRICE_CALLS : a;
    y = b < 0 ? LLM_PRICE_CALLS : b;

    return y > x ? b : a;
}


/* other models at work for this one, whose names and prices are not told */

static int
llm_openai_asking(const llm_json_t *j, uint32_t type)
{
    size_t  i;

    static const char * const  types[] = {
        "openrouter:advisor", "openrouter:fusion", "openrouter:subagent",
        "openrouter:image_generation"
    };

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (llm_json_starts(j, type, types[i])) {
            return 1;
        }
    }

    return 0;
}


/*
 * A machine of OpenRouter's is paid by the second, which nothing bounds and no
 * answer tells.  Its bash runs at the client's, unless it is asked to run
 * there.
 */

static int
llm_openai_machine(const llm_json_t *j, uint32_t tool, uint32_t type)
{
    uint32_t  engine;

    if (llm_json_starts(j, type, "openrouter:shell")
        || llm_json_starts(j, type, "openrouter:browser_use"))
    {
        return 1;
    }

    if (!llm_json_starts(j, type, "openrouter:bash")) {
        return 0;
    }

    engine = llm_json_get(j, llm_json_get(j, tool, "parameters"), "engine");

    return llm_json_starts(j, engine, "openrouter");
}


int
llm_openai_crowd(const llm_json_t *j, uint32_t tool)
{
    uint32_t  type;

    type = llm_json_get(j, tool, "type");

    return llm_openai_asking(j, type) || llm_openai_machine(j, tool, type);
}


/* a number from 0 on, or otherwise */

static int64_t
llm_openai_count_of(const llm_json_t *j, uint32_t obj, const char *name,
    int64_t otherwise)
{
    int64_t   n;
    uint32_t  node;

    node = llm_json_get(j, obj, name);

    return (llm_kind_of(j, node) == LLM_JSON_NUMBER
            && llm_json_int(j, node, &n) == LLM_OK && n >= 0)
           ? n : otherwise;
}


int64_t
llm_openai_uses(const llm_request_t *q, uint32_t tool)
{
    int64_t            n, uses;
    const llm_json_t  *j;

    j = &q->json;

    n = LLM_OPENAI_STEPS;

    if (!llm_given(j, llm_json_get(j, 0, "stop_server_tools_when"))) {
        uses = llm_openai_count_of(j, 0, "max_tool_calls", n);
        n = uses < n ? uses : n;
    }

    uses = llm_openai_count_of(j, tool, "max_uses", n);
    n = uses < n ? uses : n;

    uses = llm_openai_count_of(j, llm_json_get(j, tool, "parameters"),
                               "max_uses", n);

    return uses < n ? uses : n;
}


/* what each search costs beside itself, by a tool or what it is told */

static void
llm_openai_pages(llm_request_t *q, uint32_t obj)
{
    int64_t            n;
    uint32_t           mode;
    const llm_json_t  *j;

    j = &q->json;

    n = llm_openai_count_of(j, obj, "max_results", 0);
    n = n > LLM_OPENAI_RESULTS_MAX ? LLM_OPENAI_RESULTS_MAX : n;
    n = n > LLM_OPENAI_RESULTS ? n - LLM_OPENAI_RESULTS : 0;

    mode = llm_json_get(j, obj, "mode");

    if (llm_json_starts(j, mode, "deep-reasoning")) {
        n += 8;

    } else if (llm_json_starts(j, mode, "deep")) {
        n += 5;
    }

    if (n > q->search_pages) {
        q->search_pages = n;
    }
}


void
llm_openai_parse_pages(llm_request_t *q, uint32_t tool)
{
    llm_openai_pages(q, tool);
    llm_openai_pages(q, llm_json_get(&q->json, tool, "parameters"));
}


/* Moonshot's own tool, which its answers call by name */

static int
llm_openai_builtin(const llm_json_t *j, uint32_t tool, uint32_t type)
{
    return llm_json_starts(j, type, "builtin_function")
           && llm_json_starts(j, llm_json_get(j, llm_json_get(j, tool,
                                                              "function"),
                                              "name"),
                              LLM_OPENAI_BUILTIN_SEARCH);
}


/*
 * Z.ai's, which says what it has found but not how often it looked: once, at
 * least.
 */

static int
llm_openai_looks(const llm_json_t *j, uint32_t tool)
{
    uint32_t  search;

    search = llm_json_get(j, tool, "web_search");

    return llm_kind_of(j, search) == LLM_JSON_OBJECT
           && llm_kind_of(j, llm_json_get(j, search, "enable"))
              != LLM_JSON_FALSE;
}


/* a tool that the host runs: how often it may, few requests say */

static int
llm_openai_parse_tool(llm_request_t *q, uint32_t tool)
{
    size_t     i;
    int64_t   *most;
    uint32_t   type;

    static const struct {
        const char  *begins;
        size_t       field;
        unsigned     routed;              /* OpenRouter's */
    } types[] = {
        { "web_search", offsetof(llm_usage_t, searches), 0 },
        { "browser_search", offsetof(llm_usage_t, searches), 0 },
        { "openrouter:web_search", offsetof(llm_usage_t, searches), 1 },
        { "openrouter:web_fetch", offsetof(llm_usage_t, web_fetches), 1 },
        { "code_interpreter", offsetof(llm_usage_t, code_sessions), 0 }
    };

    if (llm_openai_crowd(&q->json, tool)) {
        return LLM_DECLINED;
    }

    type = llm_json_get(&q->json, tool, "type");

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (llm_json_starts(&q->json, type, types[i].begins)) {
            most = (int64_t *) ((char *) &q->most + types[i].field);
            *most = llm_openai_more_calls(*most, types[i].routed
                                             ? llm_openai_uses(q, tool) : -1);

            llm_openai_parse_pages(q, tool);
            q->searches |= llm_openai_looks(&q->json, tool);
        }
    }

    if (llm_openai_builtin(&q->json, tool, type)) {
        q->most.searches = llm_openai_more_calls(q->most.searches, -1);
    }

    return LLM_OK;
}


/*
 * OpenRouter's own search is made once for each request.  Where the model's
 * maker may search in its place, that is as often as the model likes.
 */

static void
llm_openai_parse_web(llm_request_t *q, uint32_t plugin)
{
    uint32_t           engine;
    const llm_json_t  *j;

    j = &q->json;

    if (llm_kind_of(j, llm_json_get(j, plugin, "enabled")) == LLM_JSON_FALSE) {
        return;
    }

    engine = llm_json_get(j, plugin, "engine");

    q->most.searches = llm_openai_more_calls(q->most.searches,
                           llm_kind_of(j, engine) == LLM_JSON_STRING
                           && !llm_json_starts(j, engine, "native")
                           && !llm_json_starts(j, engine, "auto") ? 1 : -1);
    q->searches = 1;

    llm_openai_pages(q, plugin);
}


/* "web" searches, "web-fetch" reads, "fusion" asks several models */

static int
llm_openai_parse_plugin(llm_request_t *q, uint32_t plugin)
{
    uint32_t  id;

    id = llm_json_get(&q->json, plugin, "id");

    if (llm_json_starts(&q->json, id, "fusion")) {
        return LLM_DECLINED;
    }

    if (llm_json_starts(&q->json, id, "web-fetch")) {
        q->most.web_fetches = llm_openai_more_calls(q->most.web_fetches,
                                                llm_openai_uses(q, plugin));

    } else if (llm_json_starts(&q->json, id, "web")) {
        llm_openai_parse_web(q, plugin);
    }

    return LLM_OK;
}


/* the plugin "web" in a word behind the model's name, whose price holds */

static void
llm_openai_parse_online(llm_request_t *q)
{
    static const char  online[] = ":online";

    if (!llm_openai_ends(&q->model, online)) {
        return;
    }

    q->most.searches = llm_openai_more_calls(q->most.searches, -1);
    q->searches = 1;

    q->priced = q->model;
    q->priced.len -= sizeof(online) - 1;
}


int
llm_openai_parse_plugins(llm_request_t *q)
{
    int       rc;
    uint32_t  i, list;

    rc = LLM_OK;
    list = llm_json_get(&q->json, 0, "plugins");

    llm_openai_parse_online(q);

    for (i = list + 1; llm_kind_of(&q->json, list) == LLM_JSON_ARRAY
         && rc == LLM_OK && i < llm_json_next(&q->json, list);
         i = llm_json_next(&q->json, i))
    {
        rc = llm_openai_parse_plugin(q, i);
    }

    return rc;
}


/*
 * Tools that the host runs: Groq's, Moonshot's and Z.ai's by their types,
 * OpenRouter's as plugins, too, and the searches of xAI and Qwen, which stand
 * by themselves.
 */

int
llm_openai_parse_served(llm_request_t *q, uint32_t tools)
{
    int       rc;
    uint32_t  i;

    rc = LLM_OK;

    for (i = tools + 1; llm_kind_of(&q->json, tools) == LLM_JSON_ARRAY
         && rc == LLM_OK && i < llm_json_next(&q->json, tools);
         i = llm_json_next(&q->json, i))
    {
        rc = llm_openai_parse_tool(q, i);
    }

    if (rc == LLM_OK) {
        rc = llm_openai_parse_plugins(q);
    }

    i = llm_json_get(&q->json, 0, "search_parameters");

    if (llm_kind_of(&q->json, i) == LLM_JSON_OBJECT
        && !llm_json_starts(&q->json, llm_json_get(&q->json, i, "mode"),
                            "off"))
    {
        q->most.searches = llm_openai_more_calls(q->most.searches, -1);
    }

    i = llm_json_get(&q->json, 0, "enable_search");

    if (llm_kind_of(&q->json, i) == LLM_JSON_TRUE) {
        q->most.searches = llm_openai_more_calls(q->most.searches, -1);
    }

    return rc;
}


void
llm_openai_search_made(llm_answer_t *a)
{
    if (a->q && a->q->searches && a->usage.searches < 0) {
        a->usage.searches = 1;
    }
}


void
llm_openai_fetched(llm_answer_t *a, const llm_json_t *j, uint32_t tools,
    llm_usage_t *u)
{
    uint32_t  node;

    node = llm_json_get(j, tools, "tool_calls_executed");

    if (u->web_fetches < 0 && a->q && a->q->most.web_fetches
        && a->kind != LLM_KIND_RESPONSES && llm_openai_given(j, node))
    {
        u->web_fetches = llm_answer_figure(a, j, node);
    }
}
