
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_responses_answer.h"

#include "llm_media.h"


/*
 * Tools that the provider runs.  What they have used is said by the usage, by
 * tool_usage, or by the items of the output alone; and of a stream that breaks
 * off by those items that had come by then.
 */


static int
llm_responses_is(const llm_json_t *j, uint32_t node, const char *text)
{
    return node != LLM_JSON_NONE && llm_json_equal(j, node, text);
}


static void
llm_responses_walk_list(llm_responses_walk_t *w, uint32_t list)
{
    w->tool = 0;
    w->end = 0;

    if (llm_kind_of(w->j, list) == LLM_JSON_ARRAY) {
        w->tool = list + 1;
        w->end = llm_json_next(w->j, list);
    }
}


void
llm_responses_walk(llm_responses_walk_t *w, const llm_json_t *j,
    uint32_t tools, uint32_t input)
{
    w->j = j;
    w->item = 0;
    w->items = 0;

    if (llm_kind_of(j, input) == LLM_JSON_ARRAY) {
        w->item = input + 1;
        w->items = llm_json_next(j, input);
    }

    llm_responses_walk_list(w, tools);
}


uint32_t
llm_responses_walk_next(llm_responses_walk_t *w)
{
    uint32_t  node;

    while (w->tool >= w->end) {

        if (w->item >= w->items) {
            return LLM_JSON_NONE;
        }

        node = w->item;
        w->item = llm_json_next(w->j, node);

        llm_responses_walk_list(w, llm_json_get(w->j, node, "tools"));
    }

    node = w->tool;
    w->tool = llm_json_next(w->j, node);

    return node;
}


/* a tool of the request: the first one of this type, or LLM_JSON_NONE */

static uint32_t
llm_responses_tool(const llm_answer_t *a, const char *type)
{
    uint32_t               tool;
    const llm_json_t      *j;
    llm_responses_walk_t   w;

    if (a->q == NULL || a->q->json.n == 0) {
        return LLM_JSON_NONE;
    }

    j = &a->q->json;

    llm_responses_walk(&w, j, llm_json_get(j, 0, "tools"),
                       llm_json_get(j, 0, "input"));

    do {
        tool = llm_responses_walk_next(&w);

    } while (tool != LLM_JSON_NONE
             && !llm_responses_is(j, llm_json_get(j, tool, "type"), type));

    return tool;
}


/*
 * A session is as dear as the container's memory is large.  What runs on the
 * client's machine is no session.
 */

int64_t
llm_responses_sessions(const llm_json_t *j, uint32_t container)
{
    size_t    i;
    uint32_t  memory;

    static const struct {
        const char  *memory;
        int64_t      sessions;
    } sizes[] = {
        { "4g", 4 },
        { "16g", 16 },
        { "64g", 64 }
    };

    if (llm_kind_of(j, container) != LLM_JSON_OBJECT) {
        return 1;
    }

    if (llm_responses_is(j, llm_json_get(j, container, "type"), "local")) {
        return 0;
    }

    memory = llm_json_get(j, container, "memory_limit");

    if (llm_kind_of(j, memory) != LLM_JSON_STRING) {
        return 1;
    }

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if (llm_json_equal(j, memory, sizes[i].memory)) {
            return sizes[i].sessions;
        }
    }

    return 1;
}


/* ... of the tool that made it, as it was asked for */

static int64_t
llm_responses_asked(const llm_answer_t *a, const char *type,
    const char *member)
{
    uint32_t  tool;

    tool = llm_responses_tool(a, type);

    return tool == LLM_JSON_NONE
           ? 1 : llm_responses_sessions(&a->q->json,
                                        llm_json_get(&a->q->json, tool,
                                                     member));
}


/* one call after another runs in the same container, which is paid once */

static int
llm_responses_another(llm_responses_calls_t *calls, const llm_json_t *j,
    uint32_t id)
{
    uint64_t                h;
    const unsigned char    *p;
    const llm_json_node_t  *v;

    h = 0xcbf29ce484222325ULL;
    v = llm_json_node(j, id);

    for (p = j->data + v->start; p < j->data + v->end; p++) {
        h = (h ^ *p) * 0x100000001b3ULL;
    }

    if (calls->sessions && h == calls->container) {
        return 0;
    }

    calls->container = h;

    return 1;
}


/* to open a page that was found, or to look in it, costs nothing */

static int
llm_responses_searched(const llm_json_t *j, uint32_t item)
{
    uint32_t  action, type;

    action = llm_json_get(j, item, "action");
    type = (llm_kind_of(j, action) == LLM_JSON_OBJECT)
           ? llm_json_get(j, action, "type") : LLM_JSON_NONE;

    return type == LLM_JSON_NONE || llm_json_equal(j, type, "search");
}


void
llm_responses_call(llm_answer_t *a, llm_responses_calls_t *calls,
    const llm_json_t *j, uint32_t item)
{
    uint32_t  type, where;

    if (llm_kind_of(j, item) != LLM_JSON_OBJECT) {
        return;
    }

    type = llm_json_get(j, item, "type");

    if (llm_kind_of(j, type) != LLM_JSON_STRING) {
        return;
    }

    if (llm_json_equal(j, type, "web_search_call")) {
        calls->searches += llm_responses_searched(j, item);

    } else if (llm_json_equal(j, type, "openrouter:web_search")) {
        calls->searches++;

    } else if (llm_json_equal(j, type, "openrouter:web_fetch")) {
        calls->fetches++;

    } else if (llm_json_equal(j, type, "file_search_call")) {
        calls->files++;

    } else if (llm_json_equal(j, type, "code_interpreter_call")) {

        if (llm_responses_another(calls, j,
                                  llm_json_get(j, item, "container_id")))
        {
            calls->sessions += llm_responses_asked(a, "code_interpreter",
                                                   "container");
        }

    } else if (llm_json_equal(j, type, "shell_call")) {

        /* one that the client runs has no container */

        where = llm_json_get(j, item, "environment");
        where = llm_kind_of(j, where) == LLM_JSON_OBJECT
                ? llm_json_get(j, where, "container_id") : LLM_JSON_NONE;

        if (llm_kind_of(j, where) == LLM_JSON_STRING
            && llm_responses_another(calls, j, where))
        {
            calls->sessions += llm_responses_asked(a, "shell", "environment");
        }
    }
}


/* what is said elsewhere goes before what was counted */

void
llm_responses_called(llm_answer_t *a, const llm_responses_calls_t *calls)
{
    if (calls->searches && a->usage.searches < 0) {
        a->usage.searches = calls->searches;
    }

    if (calls->files && a->usage.file_searches < 0) {
        a->usage.file_searches = calls->files;
    }

    if (calls->fetches && a->usage.web_fetches < 0) {
        a->usage.web_fetches = calls->fetches;
    }

    if (a->usage_seen) {
        llm_openai_search_made(a);
    }

    if (calls->sessions && a->usage.code_sessions < 0) {
        a->usage.code_sessions = calls->sessions;
    }

    if (a->usage.searches > 0 && a->q) {
        a->usage.search_size = a->q->most.search_size;
    }
}


/* the first tool of a list that makes pictures: an answer repeats the list */

static uint32_t
llm_responses_paint(const llm_json_t *j, uint32_t list)
{
    uint32_t              tool;
    llm_responses_walk_t  w;

    llm_responses_walk(&w, j, list, LLM_JSON_NONE);

    do {
        tool = llm_responses_walk_next(&w);

    } while (tool != LLM_JSON_NONE
             && !llm_responses_is(j, llm_json_get(j, tool, "type"),
                                  "image_generation"));

    return tool;
}


/* the model of the tool that makes pictures, as it was asked for */

static llm_str_t
llm_responses_painter(const llm_answer_t *a)
{
    uint32_t   tool, model;
    llm_str_t  s = llm_string(LLM_RESPONSES_PAINTER);

    tool = llm_responses_tool(a, "image_generation");

    if (tool != LLM_JSON_NONE) {
        model = llm_json_get(&a->q->json, tool, "model");

        if (llm_kind_of(&a->q->json, model) == LLM_JSON_STRING) {
            (void) llm_json_string(&a->q->json, model, &s, NULL);
        }
    }

    return s;
}


int
llm_responses_drawn(llm_answer_t *a, const llm_json_t *j, uint32_t output)
{
    int                     rc;
    uint32_t                i;
    const llm_json_node_t  *v;

    v = j->nodes;
    rc = LLM_OK;

    for (i = output + 1; rc == LLM_OK
         && llm_kind_of(j, output) == LLM_JSON_ARRAY
         && i < llm_json_next(j, output);
         i = v[i].next)
    {
        rc = llm_images_drawn(a, j, llm_json_get(j, i, "svg_usage"));
    }

    return rc;
}


/*
 * What tools have used, where a response says it: searches, and the tokens of
 * pictures, which are billed beside it at the price of the model that made
 * them.
 */

int
llm_responses_tools(llm_answer_t *a, const llm_json_t *j, uint32_t tools,
    uint32_t list)
{
    int64_t            searches;
    uint32_t           node;
    llm_answer_t       made;
    llm_usage_item_t  *item;

    node = llm_answer_part(a, j, llm_json_get(j, tools, "web_search"),
                           LLM_JSON_OBJECT);
    searches = llm_answer_figure(a, j, llm_json_get(j, node, "num_requests"));

    if (searches >= 0) {
        a->usage.searches = searches;
    }

    node = llm_json_get(j, tools, "image_gen");

    if (llm_answer_part(a, j, node, LLM_JSON_OBJECT) == LLM_JSON_NONE) {
        return LLM_OK;
    }

    llm_answer_init(&made, a->mem, LLM_KIND_IMAGES, NULL);
    llm_openai_usage(&made, j, node);

    a->usage_bad |= made.usage_bad;

    if (!made.usage_seen || llm_usage_nothing(&made.usage)) {
        return LLM_OK;
    }

    item = llm_alloc(a->mem, sizeof(llm_usage_item_t));
    if (item == NULL) {
        return LLM_ERROR;
    }

    /* all of it is a picture, unless it is said how much is */

    if (made.usage.image_output < 0) {
        made.usage.image_output = made.usage.output;
    }

    item->next = NULL;
    item->model.len = 0;
    item->usage = made.usage;

    if (llm_answer_keep(a, j, llm_json_get(j, llm_responses_paint(j, list),
                                           "model"), &item->model) != LLM_OK)
    {
        return LLM_ERROR;
    }

    if (item->model.len == 0) {
        item->model = llm_responses_painter(a);
    }

    a->items = item;

    return LLM_OK;
}
