
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_responses_answer.h"

#include <string.h>


/*
 * Answers of the Responses API.  A stream says its usage once, in the response
 * that its last event holds; what comes before is text, counted for the case
 * that this event never comes.
 */

#define LLM_RESPONSES_EVENT_NODES  65536

#define LLM_RESPONSES_PART_TEXT    1
#define LLM_RESPONSES_PART_HIDDEN  2
#define LLM_RESPONSES_PART_CALL    4


typedef struct {
    llm_openai_state_t     text;      /* first: it is that one's, too */
    llm_responses_calls_t  calls;     /* of the items that have come */
} llm_responses_state_t;


typedef enum {
    LLM_RESPONSE_STATUS = 0,
    LLM_RESPONSE_MODEL,
    LLM_RESPONSE_TIER,
    LLM_RESPONSE_USAGE,
    LLM_RESPONSE_ERROR,
    LLM_RESPONSE_INCOMPLETE,
    LLM_RESPONSE_OUTPUT,
    LLM_RESPONSE_ID,
    LLM_RESPONSE_TOOLS,
    LLM_RESPONSE_LIST,
    LLM_RESPONSE_N
} llm_response_e;

static const char * const  llm_response_names[] = {
    "status", "model", "service_tier", "usage", "error", "incomplete_details",
    "output", "id", "tool_usage", "tools"
};


static llm_responses_state_t *
llm_responses_state(llm_answer_t *a)
{
    llm_responses_state_t  *st;

    st = llm_answer_state(a, sizeof(llm_responses_state_t));

    if (st) {
        st->text.json.mem = a->mem;
        st->text.json.max = LLM_RESPONSES_EVENT_NODES;
    }

    return st;
}


static int
llm_responses_is(const llm_json_t *j, uint32_t node, const char *text)
{
    return node != LLM_JSON_NONE && llm_json_equal(j, node, text);
}


/* text of a whole answer, or of what came of it */

static void
llm_responses_text(llm_answer_t *a, llm_openai_state_t *st,
    const llm_json_t *j, uint32_t output)
{
    int64_t                 n;
    uint32_t                i, k, f[4];
    llm_openai_choice_t    *ch;
    const llm_json_node_t  *v;

    static const char * const  names[] = { "content", "name", "arguments",
                                           "input" };

    v = j->nodes;

    for (n = 0, i = output + 1; i < llm_json_next(j, output);
         i = v[i].next, n++)
    {
        ch = llm_openai_choice_at(a, st, n);

        if (ch == NULL || v[i].type != LLM_JSON_OBJECT) {
            return;
        }

        llm_json_fields(j, i, names, 4, f);

        if (llm_kind_of(j, f[0]) == LLM_JSON_ARRAY) {

            for (k = f[0] + 1; k < llm_json_next(j, f[0]); k = v[k].next) {
                llm_openai_feed_node(a, st, ch, LLM_RESPONSES_PART_TEXT, j,
                                     llm_json_get(j, k, "text"));
                llm_openai_feed_node(a, st, ch, LLM_RESPONSES_PART_TEXT, j,
                                     llm_json_get(j, k, "refusal"));
            }
        }

        if (f[2] != LLM_JSON_NONE || f[3] != LLM_JSON_NONE) {
            ch->calls = 1;
            llm_openai_feed_node(a, st, ch, LLM_RESPONSES_PART_CALL, j, f[1]);
            llm_openai_feed_node(a, st, ch, LLM_RESPONSES_PART_CALL + 1, j,
                                 f[2] != LLM_JSON_NONE ? f[2] : f[3]);
        }
    }
}


/*
 * Usage is said with the end, as are all items of the output again: both go
 * before what was counted of them on the way.
 */

static void
llm_responses_usage(llm_answer_t *a, llm_responses_state_t *st,
    const llm_json_t *j, const uint32_t *f)
{
    uint32_t                i, usage, output;
    const llm_json_node_t  *v;

    v = j->nodes;
    usage = f[LLM_RESPONSE_USAGE];
    output = f[LLM_RESPONSE_OUTPUT];

    if (llm_answer_part(a, j, usage, LLM_JSON_OBJECT) != LLM_JSON_NONE) {
        a->usage.searches = -1;
        a->usage.file_searches = -1;
        a->usage.code_sessions = -1;

        llm_openai_usage(a, j, usage);
    }

    if (llm_kind_of(j, output) == LLM_JSON_ARRAY
        && llm_json_next(j, output) > output + 1)
    {
        memset(&st->calls, 0, sizeof(llm_responses_calls_t));

        for (i = output + 1; i < llm_json_next(j, output); i = v[i].next) {
            llm_responses_call(a, &st->calls, j, i);
        }
    }
}


/* whether it has ended, and how; until then a tier is the one asked for */

static int
llm_responses_status(llm_answer_t *a, const llm_json_t *j, const uint32_t *f)
{
    uint32_t  reason;

    a->error |= llm_given(j, f[LLM_RESPONSE_ERROR]);

    a->deferred = (llm_responses_is(j, f[LLM_RESPONSE_STATUS], "queued")
                   || llm_responses_is(j, f[LLM_RESPONSE_STATUS],
                                       "in_progress"));

    if (!a->deferred && f[LLM_RESPONSE_STATUS] != LLM_JSON_NONE) {
        a->finished = 1;
        a->told.ended = 1;
    }

    reason = llm_kind_of(j, f[LLM_RESPONSE_INCOMPLETE]) == LLM_JSON_OBJECT
             ? llm_json_get(j, f[LLM_RESPONSE_INCOMPLETE], "reason")
             : LLM_JSON_NONE;

    if (llm_responses_is(j, reason, "max_output_tokens")) {
        a->truncated = 1;
    }

    return a->deferred ? LLM_OK
                       : llm_answer_keep(a, j, f[LLM_RESPONSE_TIER],
                                         &a->service_tier);
}


/* a response, as the answer or in an event of a stream */

static int
llm_responses_response(llm_answer_t *a, llm_responses_state_t *st,
    const llm_json_t *j, uint32_t obj)
{
    uint32_t  f[LLM_RESPONSE_N];

    if (llm_answer_part(a, j, obj, LLM_JSON_OBJECT) == LLM_JSON_NONE) {
        return LLM_OK;
    }

    llm_json_fields(j, obj, llm_response_names, LLM_RESPONSE_N, f);

    if (llm_answer_keep(a, j, f[LLM_RESPONSE_MODEL], &a->model) != LLM_OK
        || llm_responses_status(a, j, f) != LLM_OK)
    {
        return LLM_ERROR;
    }

    /* that of a prompt by name or a preset is known from here on */

    if (a->q && a->q->model.len && a->q->model.data[0] == '(') {
        a->served = a->model;
    }

    llm_responses_usage(a, st, j, f);

    /* one in the background is asked for later, by its name */

    if (a->q && a->q->route.step
        && llm_answer_keep(a, j, f[LLM_RESPONSE_ID], &a->told.id) != LLM_OK)
    {
        return LLM_ERROR;
    }

    if (!a->stream && llm_kind_of(j, f[LLM_RESPONSE_OUTPUT]) == LLM_JSON_ARRAY)
    {
        llm_responses_text(a, &st->text, j, f[LLM_RESPONSE_OUTPUT]);
    }

    if (a->deferred) {
        return LLM_OK;
    }

    a->items = NULL;

    if (llm_answer_part(a, j, f[LLM_RESPONSE_TOOLS], LLM_JSON_OBJECT)
        != LLM_JSON_NONE
        && llm_responses_tools(a, j, f[LLM_RESPONSE_TOOLS],
                               f[LLM_RESPONSE_LIST]) != LLM_OK)
    {
        return LLM_ERROR;
    }

    return llm_responses_drawn(a, j, f[LLM_RESPONSE_OUTPUT]);
}


int
llm_responses_answer(llm_answer_t *a, const llm_json_t *j)
{
    uint32_t                object;
    llm_responses_state_t  *st;

    st = llm_responses_state(a);
    if (st == NULL) {
        return LLM_ERROR;
    }

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    if (llm_responses_response(a, st, j, 0) != LLM_OK) {
        return LLM_ERROR;
    }

    /* what was compacted or decided has no status: it is there or not */

    object = llm_json_get(j, 0, "object");

    if (llm_responses_is(j, object, "response.compaction")
        || llm_given(j, llm_json_get(j, 0, "answers")))
    {
        a->finished = 1;
    }

    llm_openai_finish(a);

    return LLM_OK;
}


/* which text a delta belongs to; 0: none that is counted */

static int64_t
llm_responses_part(const llm_json_t *j, uint32_t type)
{
    size_t  i;

    static const struct {
        const char  *type;
        int64_t      part;
    } parts[] = {
        { "response.output_text.delta",
          LLM_RESPONSES_PART_TEXT },
        { "response.function_call_arguments.delta",
          LLM_RESPONSES_PART_CALL + 1 },
        { "response.refusal.delta", LLM_RESPONSES_PART_TEXT },
        { "response.reasoning_text.delta",
          LLM_RESPONSES_PART_HIDDEN },
        { "response.reasoning_summary_text.delta",
          LLM_RESPONSES_PART_HIDDEN },
        { "response.custom_tool_call_input.delta",
          LLM_RESPONSES_PART_CALL + 1 },
        { "response.mcp_call_arguments.delta",
          LLM_RESPONSES_PART_CALL + 1 },
        { "response.code_interpreter_call_code.delta",
          LLM_RESPONSES_PART_CALL + 1 }
    };

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {

        if (llm_json_equal(j, type, parts[i].type)) {
            return parts[i].part;
        }
    }

    return 0;
}


typedef enum {
    LLM_RESPONSES_EV_TYPE = 0,
    LLM_RESPONSES_EV_DELTA,
    LLM_RESPONSES_EV_INDEX,
    LLM_RESPONSES_EV_RESPONSE,
    LLM_RESPONSES_EV_ITEM,
    LLM_RESPONSES_EV_N
} llm_responses_event_e;

static const char * const  llm_responses_event_names[] = {
    "type", "delta", "output_index", "response", "item"
};


/* the item of the output that an event is about */

static llm_openai_choice_t *
llm_responses_choice(llm_answer_t *a, llm_openai_state_t *st,
    const uint32_t *f)
{
    int64_t  index;

    if (llm_kind_of(&st->json, f[LLM_RESPONSES_EV_INDEX]) != LLM_JSON_NUMBER
        || llm_json_int(&st->json, f[LLM_RESPONSES_EV_INDEX], &index)
           != LLM_OK)
    {
        index = 0;
    }

    return llm_openai_choice_at(a, st, index);
}


static int
llm_responses_delta(llm_answer_t *a, llm_openai_state_t *st,
    const uint32_t *f, int64_t part)
{
    llm_openai_choice_t  *ch;

    ch = llm_responses_choice(a, st, f);
    if (ch == NULL) {
        return LLM_ERROR;
    }

    if (part >= LLM_RESPONSES_PART_CALL) {
        ch->calls = 1;
    }

    llm_openai_feed_node(a, st, ch, part, &st->json,
                         f[LLM_RESPONSES_EV_DELTA]);

    llm_openai_form_keep(a, st);

    return LLM_OK;
}


/* a call begins: its name is in the item, not in a delta */

static int
llm_responses_added(llm_answer_t *a, llm_openai_state_t *st,
    const uint32_t *f)
{
    uint32_t              name;
    llm_openai_choice_t  *ch;

    if (llm_kind_of(&st->json, f[LLM_RESPONSES_EV_ITEM]) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    name = llm_json_get(&st->json, f[LLM_RESPONSES_EV_ITEM], "name");

    if (llm_kind_of(&st->json, name) != LLM_JSON_STRING) {
        return LLM_OK;
    }

    ch = llm_responses_choice(a, st, f);
    if (ch == NULL) {
        return LLM_ERROR;
    }

    ch->calls = 1;
    llm_openai_feed_node(a, st, ch, LLM_RESPONSES_PART_CALL, &st->json, name);

    return LLM_OK;
}


static int
llm_responses_read(llm_answer_t *a, llm_responses_state_t *st)
{
    int64_t            part;
    uint32_t           f[LLM_RESPONSES_EV_N], type;
    const llm_json_t  *j;

    j = &st->text.json;

    llm_json_fields(j, 0, llm_responses_event_names, LLM_RESPONSES_EV_N, f);

    type = f[LLM_RESPONSES_EV_TYPE];

    if (llm_kind_of(j, type) == LLM_JSON_STRING) {

        part = llm_responses_part(j, type);

        if (part) {
            return llm_responses_delta(a, &st->text, f, part);
        }

        if (llm_json_equal(j, type, "error")) {
            a->error = 1;
        }

        if (llm_json_equal(j, type, "response.output_item.added")) {
            return llm_responses_added(a, &st->text, f);
        }

        if (llm_json_equal(j, type, "response.output_item.done")) {
            llm_responses_call(a, &st->calls, j, f[LLM_RESPONSES_EV_ITEM]);
            return LLM_OK;
        }
    }

    if (llm_given(j, llm_json_get(j, 0, "error"))) {
        a->error = 1;
    }

    return llm_responses_response(a, st, j, f[LLM_RESPONSES_EV_RESPONSE]);
}


int
llm_responses_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data)
{
    int                     rc;
    llm_json_t             *j;
    llm_responses_state_t  *st;

    a->stream = 1;

    st = llm_responses_state(a);
    if (st == NULL) {
        return LLM_ERROR;
    }

    if (type->len == 5 && memcmp(type->data, "error", 5) == 0) {
        a->error = 1;
    }

    if (llm_openai_form_known(a, &st->text, data)) {
        return LLM_EVENT_PASS;
    }

    j = &st->text.json;
    rc = llm_json_parse(j, data->data, data->len);

    if (rc == LLM_ERROR) {
        return LLM_ERROR;
    }

    if (rc != LLM_OK || llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_EVENT_PASS;
    }

    st->text.feeds.n = 0;

    return llm_responses_read(a, st) == LLM_OK ? LLM_EVENT_PASS : LLM_ERROR;
}


/* calls that were made before a stream broke off are paid for */

void
llm_responses_finish(llm_answer_t *a)
{
    llm_responses_state_t  *st;

    st = a->state;

    if (st) {
        llm_responses_called(a, &st->calls);
    }
}
