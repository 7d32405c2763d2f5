
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic_usage.h"
#include "llm_openai_answer.h"

#include <string.h>


/*
 * Answers.  A stream says its usage twice: the input with the first event, the
 * output with one of the last, which may repeat the input, larger than before.
 * So what was said last holds, member by member; only the first says how much
 * was written to the cache for an hour.
 */

#define LLM_ANTHROPIC_EVENT_NODES  65536

#define LLM_ANTHROPIC_PART_TEXT    1
#define LLM_ANTHROPIC_PART_HIDDEN  2
#define LLM_ANTHROPIC_PART_CALL    4


typedef struct {
    llm_openai_state_t       text;        /* first: it is that one's, too */
    llm_anthropic_figures_t  said;
    int64_t                  begun;       /* output, when it had just begun */
    int64_t                  searches;    /* of the web, that were seen */
    unsigned                 ended:1;     /* the output is known */
} llm_anthropic_state_t;


static llm_anthropic_state_t *
llm_anthropic_state(llm_answer_t *a)
{
    llm_anthropic_state_t  *st;

    st = a->state;

    if (st == NULL) {

        st = llm_answer_state(a, sizeof(llm_anthropic_state_t));
        if (st == NULL) {
            return NULL;
        }

        st->text.json.mem = a->mem;
        st->text.json.max = LLM_ANTHROPIC_EVENT_NODES;
        st->said = llm_anthropic_unknown;
        st->begun = -1;
    }

    return st;
}


/* what a gateway takes; Anthropic does not say it */

static void
llm_anthropic_cost(llm_answer_t *a, const llm_json_t *j, uint32_t usage)
{
    int64_t  cost;

    cost = llm_openai_usage_cost(j, usage);

    if (cost >= 0) {
        a->usage.reported_cost = cost;
    }
}


/* a usage object; first: the output in it has only begun */

static int
llm_anthropic_usage(llm_answer_t *a, llm_anthropic_state_t *st,
    const llm_json_t *j, uint32_t usage, unsigned first)
{
    uint32_t                  list;
    llm_anthropic_figures_t   said;

    if (llm_answer_part(a, j, usage, LLM_JSON_OBJECT) == LLM_JSON_NONE) {
        return LLM_OK;
    }

    llm_anthropic_read(a, j, usage, &st->said);

    if (first) {
        st->begun = st->said.output;
        st->said.output = -1;

    } else if (st->said.output >= 0) {
        st->ended = 1;
    }

    said = st->said;
    list = llm_answer_part(a, j, llm_json_get(j, usage, "iterations"),
                           LLM_JSON_ARRAY);

    if (list != LLM_JSON_NONE
        && llm_anthropic_iterations(a, j, list, &said) != LLM_OK)
    {
        return LLM_ERROR;
    }

    llm_anthropic_convert(&said, &a->usage);
    llm_anthropic_place(a, j, usage);
    llm_anthropic_cost(a, j, usage);

    if (a->usage.input >= 0 || a->usage.output >= 0) {
        a->usage_seen = 1;
    }

    /* what is said at the beginning of a stream is not repeated at its end */

    return llm_answer_replace(a, j, llm_json_get(j, usage, "service_tier"),
                              &a->service_tier);
}


static void
llm_anthropic_reason(llm_answer_t *a, const llm_json_t *j, uint32_t reason)
{
    if (llm_kind_of(j, reason) == LLM_JSON_STRING
        && llm_json_equal(j, reason, "max_tokens"))
    {
        a->truncated = 1;
    }
}


/* the text of a block, whole or begun */

static void
llm_anthropic_feed(llm_answer_t *a, llm_anthropic_state_t *st,
    llm_openai_choice_t *ch, const llm_json_t *j, uint32_t block)
{
    uint32_t  f[5];

    static const char * const  names[] = { "text", "thinking", "name",
                                           "partial_json", "input" };

    if (llm_kind_of(j, block) != LLM_JSON_OBJECT) {
        return;
    }

    llm_json_fields(j, block, names, 5, f);

    llm_openai_feed_node(a, &st->text, ch, LLM_ANTHROPIC_PART_TEXT, j, f[0]);
    llm_openai_feed_node(a, &st->text, ch, LLM_ANTHROPIC_PART_HIDDEN, j, f[1]);

    if (llm_kind_of(j, f[2]) == LLM_JSON_STRING) {
        ch->calls = 1;
        llm_openai_feed_node(a, &st->text, ch, LLM_ANTHROPIC_PART_CALL, j,
                             f[2]);
    }

    llm_openai_feed_node(a, &st->text, ch, LLM_ANTHROPIC_PART_CALL + 1, j,
                         f[3]);

    /* what is called with is an object here: its text is near enough */

    if (!a->stream && llm_kind_of(j, f[4]) == LLM_JSON_OBJECT) {
        llm_openai_feed_raw(a, &st->text, ch, LLM_ANTHROPIC_PART_CALL + 1, j,
                            f[4]);
    }
}


static int
llm_anthropic_content(llm_answer_t *a, llm_anthropic_state_t *st,
    const llm_json_t *j, uint32_t content)
{
    int64_t                 n;
    uint32_t                i;
    llm_openai_choice_t    *ch;
    const llm_json_node_t  *v;

    v = j->nodes;

    if (llm_kind_of(j, content) != LLM_JSON_ARRAY) {
        return LLM_OK;
    }

    for (n = 0, i = content + 1; i < v[content].next; i = v[i].next, n++) {

        ch = llm_openai_choice_at(a, &st->text, n);
        if (ch == NULL) {
            return LLM_ERROR;
        }

        llm_anthropic_feed(a, st, ch, j, i);
    }

    return LLM_OK;
}


int
llm_anthropic_answer(llm_answer_t *a, const llm_json_t *j)
{
    uint32_t                f[6];
    llm_anthropic_state_t  *st;

    static const char * const  names[] = { "type", "model", "usage",
                                           "stop_reason", "content", "error" };

    if (a->kind == LLM_KIND_COMPLETION) {
        return llm_anthropic_complete_answer(a, j);
    }

    if (a->kind == LLM_KIND_BATCH) {
        return llm_anthropic_batch_answer(a, j);
    }

    st = llm_anthropic_state(a);
    if (st == NULL) {
        return LLM_ERROR;
    }

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    llm_json_fields(j, 0, names, 6, f);

    if (llm_answer_keep(a, j, f[1], &a->model) != LLM_OK
        || llm_anthropic_usage(a, st, j, f[2], 0) != LLM_OK)
    {
        return LLM_ERROR;
    }

    llm_anthropic_reason(a, j, f[3]);

    a->error |= llm_given(j, f[5]);
    a->finished = llm_given(j, f[3]);

    if (llm_anthropic_content(a, st, j, f[4]) != LLM_OK) {
        return LLM_ERROR;
    }

    llm_anthropic_finish(a);

    return LLM_OK;
}


typedef enum {
    LLM_ANTHROPIC_EV_TYPE = 0,
    LLM_ANTHROPIC_EV_INDEX,
    LLM_ANTHROPIC_EV_DELTA,
    LLM_ANTHROPIC_EV_BLOCK,
    LLM_ANTHROPIC_EV_MESSAGE,
    LLM_ANTHROPIC_EV_USAGE,
    LLM_ANTHROPIC_EV_ERROR,
    LLM_ANTHROPIC_EV_N
} llm_anthropic_event_e;

static const char * const  llm_anthropic_event_names[] = {
    "type", "index", "delta", "content_block", "message", "usage", "error"
};


/* searches are named as they are made, and told in the usage at the end */

static int
llm_anthropic_searches(const llm_json_t *j, uint32_t block)
{
    uint32_t  f[2];

    static const char * const  names[] = { "type", "name" };

    if (llm_kind_of(j, block) != LLM_JSON_OBJECT) {
        return 0;
    }

    llm_json_fields(j, block, names, 2, f);

    return llm_kind_of(j, f[0]) == LLM_JSON_STRING
           && llm_kind_of(j, f[1]) == LLM_JSON_STRING
           && llm_json_equal(j, f[0], "server_tool_use")
           && llm_json_equal(j, f[1], "web_search");
}


static int
llm_anthropic_text(llm_answer_t *a, llm_anthropic_state_t *st,
    const llm_json_t *j, const uint32_t *f)
{
    int64_t               index;
    uint32_t              block;
    llm_openai_choice_t  *ch;

    if (llm_kind_of(j, f[LLM_ANTHROPIC_EV_INDEX]) != LLM_JSON_NUMBER
        || llm_json_int(j, f[LLM_ANTHROPIC_EV_INDEX], &index) != LLM_OK)
    {
        index = 0;
    }

    ch = llm_openai_choice_at(a, &st->text, index);
    if (ch == NULL) {
        return LLM_ERROR;
    }

    block = f[LLM_ANTHROPIC_EV_DELTA];

    if (!llm_given(j, block)) {
        block = f[LLM_ANTHROPIC_EV_BLOCK];
        st->searches += llm_anthropic_searches(j, block);
    }

    llm_anthropic_feed(a, st, ch, j, block);

    if (llm_given(j, f[LLM_ANTHROPIC_EV_DELTA])) {
        llm_openai_form_keep(a, &st->text);
    }

    return LLM_OK;
}


static int
llm_anthropic_message(llm_answer_t *a, llm_anthropic_state_t *st,
    const llm_json_t *j, uint32_t message)
{
    if (llm_kind_of(j, message) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    if (llm_answer_keep(a, j, llm_json_get(j, message, "model"), &a->model)
        != LLM_OK)
    {
        return LLM_ERROR;
    }

    return llm_anthropic_usage(a, st, j, llm_json_get(j, message, "usage"), 1);
}


/* every event but those of text */

static int
llm_anthropic_other(llm_answer_t *a, llm_anthropic_state_t *st,
    const llm_json_t *j, const uint32_t *f)
{
    uint32_t  type, delta;

    type = f[LLM_ANTHROPIC_EV_TYPE];
    delta = f[LLM_ANTHROPIC_EV_DELTA];

    if (llm_given(j, f[LLM_ANTHROPIC_EV_ERROR])) {
        a->error = 1;
    }

    if (llm_kind_of(j, type) == LLM_JSON_STRING) {

        if (llm_json_equal(j, type, "message_stop")) {
            a->finished = 1;
        }

        if (llm_json_equal(j, type, "error")) {
            a->error = 1;
        }
    }

    if (llm_kind_of(j, delta) == LLM_JSON_OBJECT) {
        llm_anthropic_reason(a, j, llm_json_get(j, delta, "stop_reason"));
    }

    if (llm_anthropic_message(a, st, j, f[LLM_ANTHROPIC_EV_MESSAGE])
        != LLM_OK)
    {
        return LLM_ERROR;
    }

    return llm_anthropic_usage(a, st, j, f[LLM_ANTHROPIC_EV_USAGE], 0);
}


int
llm_anthropic_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data)
{
    int                     rc;
    uint32_t                f[LLM_ANTHROPIC_EV_N];
    llm_json_t             *j;
    llm_anthropic_state_t  *st;

    if (a->kind == LLM_KIND_COMPLETION) {
        return llm_anthropic_complete_event(a, data);
    }

    if (a->kind == LLM_KIND_BATCH) {
        return llm_anthropic_batch_event(a, data);
    }

    a->stream = 1;

    st = llm_anthropic_state(a);
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

    llm_json_fields(j, 0, llm_anthropic_event_names, LLM_ANTHROPIC_EV_N, f);

    rc = llm_given(j, f[LLM_ANTHROPIC_EV_INDEX])
         ? llm_anthropic_text(a, st, j, f)
         : llm_anthropic_other(a, st, j, f);

    return rc == LLM_OK ? LLM_EVENT_PASS : LLM_ERROR;
}


/*
 * A stream that was cut has said how much was read, but not what came of it,
 * nor of what was searched for.
 */

void
llm_anthropic_finish(llm_answer_t *a)
{
    llm_anthropic_state_t  *st;

    if (a->kind == LLM_KIND_COMPLETION) {
        llm_anthropic_complete_finish(a);
        return;
    }

    if (a->kind == LLM_KIND_BATCH) {
        a->finished = 1;
        return;
    }

    st = a->state;

    if (st == NULL) {
        return;
    }

    llm_answer_served(a);

    if (!st->ended && a->usage.searches < st->searches && st->searches) {
        a->usage.searches = st->searches;
    }

    if (a->usage_seen) {
        llm_openai_search_made(a);
    }

    if (a->counter && a->usage.output < 0) {

        llm_openai_count_output(a, &st->text);

        if (a->counted_output < st->begun) {
            a->counted_output = st->begun;
        }
    }
}
