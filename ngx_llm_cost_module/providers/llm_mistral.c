
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_dialect.h"
#include "llm_path.h"

#include <string.h>


/*
 * What Mistral has beside OpenAI's chat: conversations, which it keeps, and the
 * judgement of texts.  Two of these paths are OpenAI's, too, where they cost
 * nothing: the body says whose it is.
 */

#define LLM_MISTRAL_KEPT         "(conversation)"   /* whose model it knows */


typedef enum {
    LLM_MISTRAL_NONE = 0,
    LLM_MISTRAL_START,
    LLM_MISTRAL_APPEND,
    LLM_MISTRAL_RESTART,
    LLM_MISTRAL_JUDGE,
    LLM_MISTRAL_JUDGE_SHARED
} llm_mistral_op_e;


static llm_path_e llm_mistral_path(llm_route_t *route);
static int llm_mistral_parse(llm_request_t *q);
static int llm_mistral_count(llm_request_t *q, llm_counter_t *c);
static int llm_mistral_edit(llm_request_t *q, llm_edits_t *e);
static int llm_mistral_answer(llm_answer_t *a, const llm_json_t *j);
static int llm_mistral_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data);
static size_t llm_mistral_error(unsigned char *buf, const llm_refusal_t *f);
static int llm_mistral_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx);


static const llm_path_row_t  llm_mistral_paths[] = {
    { "POST", "/conversations", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_MISTRAL_START },
    { "POST", "/conversations/*", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_MISTRAL_APPEND },
    { "POST", "/conversations/*/restart", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_MISTRAL_RESTART },
    { "POST", "/chat/moderations", LLM_PATH_METERED, LLM_KIND_MODERATION,
      LLM_MISTRAL_JUDGE },
    { "POST", "/classifications", LLM_PATH_METERED, LLM_KIND_MODERATION,
      LLM_MISTRAL_JUDGE },
    { "POST", "/moderations", LLM_PATH_METERED, LLM_KIND_MODERATION,
      LLM_MISTRAL_JUDGE_SHARED }
};


enum {
    LLM_MISTRAL_MODEL = 0,
    LLM_MISTRAL_AGENT,
    LLM_MISTRAL_INPUT,
    LLM_MISTRAL_INPUTS,
    LLM_MISTRAL_INSTRUCTIONS,
    LLM_MISTRAL_TOOLS,
    LLM_MISTRAL_ARGS,
    LLM_MISTRAL_STREAM,
    LLM_MISTRAL_FIELDS
};

static const char * const  llm_mistral_names[] = {
    "model", "agent_id", "input", "inputs", "instructions", "tools",
    "completion_args", "stream"
};


const llm_provider_t  llm_mistral = {
    llm_string("mistral"),
    llm_mistral_path,
    llm_mistral_parse,
    llm_mistral_count,
    llm_mistral_edit,
    llm_mistral_answer,
    llm_mistral_event,
    llm_plain_finish,
    llm_mistral_error,
    llm_mistral_canonical,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL
};


static llm_path_e
llm_mistral_path(llm_route_t *route)
{
    const llm_path_row_t  *row;

    row = llm_path_find(llm_mistral_paths,
                        sizeof(llm_mistral_paths) / sizeof(llm_path_row_t),
                        route, NULL);

    return row ? row->what : LLM_PATH_UNKNOWN;
}


/*
 * OpenAI's conversations are made of items and notes, and are no work.  Where
 * nothing is said one is OpenAI's when it is made, and goes on as Mistral's.
 */

static int
llm_mistral_kept(const llm_request_t *q)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = q->json.nodes;

    if (q->route.op == LLM_MISTRAL_RESTART
        || (q->route.op == LLM_MISTRAL_APPEND && v[0].next == 1))
    {
        return 0;
    }

    for (i = 1; i < v[0].next; i = v[i + 1].next) {
        if (!llm_json_equal(&q->json, i, "items")
            && !llm_json_equal(&q->json, i, "metadata"))
        {
            return 0;
        }
    }

    return 1;
}


/* connectors that Mistral runs: how often, the request does not say */

static int
llm_mistral_parse_tools(llm_request_t *q, uint32_t tools)
{
    int       rc;
    uint32_t  i, type;

    rc = llm_request_array(q, tools, "tools", 1);

    if (rc != LLM_OK || llm_kind_of(&q->json, tools) != LLM_JSON_ARRAY) {
        return rc;
    }

    for (i = tools + 1; i < llm_json_next(&q->json, tools);
         i = llm_json_next(&q->json, i))
    {
        type = llm_json_get(&q->json, i, "type");

        if (llm_json_starts(&q->json, type, "web_search")) {
            q->most.searches = -1;

        } else if (llm_json_starts(&q->json, type, "code_interpreter")) {
            q->most.code_sessions = -1;

        } else if (llm_json_starts(&q->json, type, "document_library")) {
            q->most.file_searches = -1;
        }
    }

    return rc;
}


/* of one that goes on, and of a model by the name of an agent */

static int
llm_mistral_parse_model(llm_request_t *q, const uint32_t *f)
{
    if (q->route.op == LLM_MISTRAL_APPEND
        || q->route.op == LLM_MISTRAL_RESTART)
    {
        llm_str_set(&q->model, LLM_MISTRAL_KEPT);
        q->model_in_path = 1;

        return LLM_OK;
    }

    if (!llm_given(&q->json, f[LLM_MISTRAL_MODEL])
        && llm_given(&q->json, f[LLM_MISTRAL_AGENT]))
    {
        q->model_in_path = 1;
        return llm_request_model(q, f[LLM_MISTRAL_AGENT], "agent_id");
    }

    return llm_request_model(q, f[LLM_MISTRAL_MODEL], "model");
}


static int
llm_mistral_parse_talk(llm_request_t *q, const uint32_t *f)
{
    int                        rc, stream;
    uint32_t                   max;
    llm_str_t                  s;
    static const char * const  args[] = { "max_tokens" };

    if (llm_mistral_kept(q)) {
        q->costless = 1;
        return LLM_OK;
    }

    stream = 0;

    q->stateful = 1;
    q->can_fit = 1;

    rc = llm_mistral_parse_model(q, f);

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[LLM_MISTRAL_INSTRUCTIONS],
                                "instructions", &s);
    }

    if (rc == LLM_OK) {
        rc = llm_mistral_parse_tools(q, f[LLM_MISTRAL_TOOLS]);
    }

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, f[LLM_MISTRAL_STREAM], "stream", &stream);
    }

    if (rc == LLM_OK) {
        rc = llm_request_object(q, f[LLM_MISTRAL_ARGS], "completion_args",
                                args, 1, &max);
    }

    q->stream = stream;

    if (rc != LLM_OK) {
        return rc;
    }

    return llm_request_number(q, max, "max_tokens", 1, LLM_DIALECT_TOKENS_MAX,
                              &q->max_output);
}


static int
llm_mistral_parse(llm_request_t *q)
{
    int       rc;
    uint32_t  f[LLM_MISTRAL_FIELDS];

    q->max_output = -1;
    q->choices = 1;

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    if (llm_kind_of(&q->json, 0) != LLM_JSON_OBJECT) {
        return llm_request_bad(q, NULL,
                               "the request body must be a JSON object");
    }

    rc = llm_request_object(q, 0, NULL, llm_mistral_names,
                            LLM_MISTRAL_FIELDS, f);

    if (rc != LLM_OK) {
        return rc;
    }

    if (q->kind == LLM_KIND_CHAT) {
        return llm_mistral_parse_talk(q, f);
    }

    q->max_output = 0;

    /* whoever else has this path takes nothing for it */

    if (q->route.op == LLM_MISTRAL_JUDGE_SHARED
        && !llm_json_starts(&q->json, f[LLM_MISTRAL_MODEL], "mistral")
        && !llm_json_starts(&q->json, f[LLM_MISTRAL_MODEL], "ministral"))
    {
        q->costless = 1;
        return LLM_OK;
    }

    return llm_request_model(q, f[LLM_MISTRAL_MODEL], "model");
}


/* all words that are in it; what Mistral has kept is not seen */

static int
llm_mistral_count(llm_request_t *q, llm_counter_t *c)
{
    uint32_t     f[LLM_MISTRAL_FIELDS];
    llm_input_t  in;

    llm_input_init(&in, q, c);
    in.estimate = 1;

    llm_json_fields(&q->json, 0, llm_mistral_names, LLM_MISTRAL_FIELDS, f);

    llm_input_strings(&in, f[LLM_MISTRAL_INPUT]);
    llm_input_strings(&in, f[LLM_MISTRAL_INPUTS]);
    llm_input_string(&in, f[LLM_MISTRAL_INSTRUCTIONS]);
    llm_input_value(&in, f[LLM_MISTRAL_TOOLS]);

    return llm_input_end(&in);
}


static int
llm_mistral_edit(llm_request_t *q, llm_edits_t *e)
{
    int  rc;

    e->n = 0;

    rc = llm_edit_max_in(q, e, "completion_args", "max_tokens",
                         "\"completion_args\":{\"max_tokens\":");

    if (rc == LLM_OK && e->set_model.len && !q->model_in_path) {
        rc = llm_edit_string(q, e, llm_json_get(&q->json, 0, "model"),
                             &e->set_model);
    }

    return rc;
}


/*
 * What connectors brought in stands beside prompt_tokens, and all of it is in
 * the total.  Calls of them are said by their names.
 */

static void
llm_mistral_usage(llm_answer_t *a, const llm_json_t *j, uint32_t usage)
{
    int64_t      prompt, total, brought;
    uint32_t     f[5];
    llm_usage_t  u = LLM_USAGE_INIT;

    static const char * const  names[] = {
        "prompt_tokens", "completion_tokens", "total_tokens",
        "connector_tokens", "connectors"
    };

    if (llm_answer_part(a, j, usage, LLM_JSON_OBJECT) == LLM_JSON_NONE) {
        return;
    }

    llm_json_fields(j, usage, names, 5, f);

    prompt = llm_answer_figure(a, j, f[0]);
    u.output = llm_answer_figure(a, j, f[1]);
    total = llm_answer_figure(a, j, f[2]);
    brought = llm_answer_figure(a, j, f[3]);

    u.input = (prompt >= 0 && brought > 0) ? prompt + brought : prompt;

    if (u.output >= 0 && total - u.output >= prompt) {
        u.input = total - u.output;
    }

    f[4] = llm_answer_part(a, j, f[4], LLM_JSON_OBJECT);

    u.searches = llm_answer_figure(a, j, llm_json_get(j, f[4], "web_search"));
    total = llm_answer_figure(a, j, llm_json_get(j, f[4],
                                                 "web_search_premium"));
    u.searches = llm_sum(u.searches, total);

    u.code_sessions = llm_answer_figure(a, j,
                                        llm_json_get(j, f[4],
                                                     "code_interpreter"));
    u.file_searches = llm_answer_figure(a, j,
                                        llm_json_get(j, f[4],
                                                     "document_library"));

    a->usage_seen |= (u.input >= 0 || u.output >= 0);
    llm_usage_merge(&a->usage, &u);
}


/* a text, a piece of one, or a list of pieces; what a call is made with */

static void
llm_mistral_output(llm_answer_t *a, llm_plain_t *st,
    const llm_json_t *j, uint32_t entry)
{
    uint32_t  i, content;

    content = llm_json_get(j, entry, "content");

    llm_output_string(&st->output, a, 1, j, content);
    llm_output_string(&st->output, a, 1, j, llm_json_get(j, content, "text"));
    llm_output_string(&st->output, a, 2, j,
                      llm_json_get(j, entry, "arguments"));

    if (llm_kind_of(j, content) != LLM_JSON_ARRAY) {
        return;
    }

    for (i = content + 1; i < llm_json_next(j, content);
         i = llm_json_next(j, i))
    {
        llm_output_string(&st->output, a, 1, j, llm_json_get(j, i, "text"));
    }
}


/* the model is said by what it said; of a conversation that went on it is the
   only one that does */

static int
llm_mistral_entry(llm_answer_t *a, llm_plain_t *st,
    const llm_json_t *j, uint32_t entry)
{
    if (llm_answer_keep(a, j, llm_json_get(j, entry, "model"), &a->model)
        != LLM_OK)
    {
        return LLM_ERROR;
    }

    if (a->q && (a->q->route.op == LLM_MISTRAL_APPEND
                 || a->q->route.op == LLM_MISTRAL_RESTART))
    {
        a->served = a->model;
    }

    llm_mistral_output(a, st, j, entry);

    return LLM_OK;
}


static int
llm_mistral_read_event(llm_answer_t *a, llm_plain_t *st, const llm_json_t *j)
{
    uint32_t  kind;

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    kind = llm_json_get(j, 0, "type");

    if (llm_json_starts(j, kind, "conversation.response.done")) {
        a->finished = 1;
        llm_mistral_usage(a, j, llm_json_get(j, 0, "usage"));

    } else if (llm_json_starts(j, kind, "conversation.response.error")) {
        a->error = 1;
    }

    return llm_mistral_entry(a, st, j, 0);
}


static int
llm_mistral_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data)
{
    (void) type;

    return llm_plain_event(a, data, llm_mistral_read_event);
}


static int
llm_mistral_read(llm_answer_t *a, llm_plain_t *st, const llm_json_t *j)
{
    uint32_t  i, list;

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    /* judgements have no usage of their own, as far as is known */

    llm_mistral_usage(a, j, llm_json_get(j, 0, "usage"));

    if (a->kind != LLM_KIND_CHAT && a->usage.output < 0) {
        a->usage.output = 0;
    }

    a->finished = 1;
    a->error |= llm_json_starts(j, llm_json_get(j, 0, "object"), "error");

    list = llm_json_get(j, 0, "outputs");

    for (i = list + 1; llm_kind_of(j, list) == LLM_JSON_ARRAY
         && i < llm_json_next(j, list); i = llm_json_next(j, i))
    {
        if (llm_mistral_entry(a, st, j, i) != LLM_OK) {
            return LLM_ERROR;
        }
    }

    return LLM_OK;
}


static int
llm_mistral_answer(llm_answer_t *a, const llm_json_t *j)
{
    return llm_plain_answer(a, j, llm_mistral_read);
}


static size_t
llm_mistral_error(unsigned char *buf, const llm_refusal_t *f)
{
    return llm_openai.error(buf, f);
}


/* no answer of it is kept */

static int
llm_mistral_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    (void) q;
    (void) update;
    (void) ctx;

    return LLM_DECLINED;
}
