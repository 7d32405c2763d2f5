
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic.h"
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


/* figures as they are said: they exclude one another */

typedef struct {
    int64_t               input;
    int64_t               written;
    int64_t               read;
    int64_t               written_5m;
    int64_t               written_1h;
    int64_t               output;
    int64_t               thinking;
    int64_t               searches;
    int64_t               fetches;
} llm_anthropic_figures_t;

typedef struct {
    llm_openai_state_t       text;        /* first: it is that one's, too */
    llm_anthropic_figures_t  said;
    int64_t                  begun;       /* output, when it had just begun */
    unsigned                 ended:1;     /* the output is known */
} llm_anthropic_state_t;


static const llm_anthropic_figures_t  llm_anthropic_unknown = {
    -1, -1, -1, -1, -1, -1, -1, -1, -1
};


typedef struct {
    const char  *name;
    size_t       field;
} llm_anthropic_figure_t;

#define llm_figure(name, f)  { name, offsetof(llm_anthropic_figures_t, f) }

static const llm_anthropic_figure_t  llm_anthropic_usage_figures[] = {
    llm_figure("input_tokens", input),
    llm_figure("cache_creation_input_tokens", written),
    llm_figure("cache_read_input_tokens", read),
    llm_figure("output_tokens", output)
};


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


static int64_t
llm_anthropic_member(llm_answer_t *a, const llm_json_t *j, uint32_t obj,
    const char *name)
{
    if (llm_kind_of(j, obj) != LLM_JSON_OBJECT) {
        return -1;
    }

    return llm_answer_figure(a, j, llm_json_get(j, obj, name));
}


/* the figures of an object, a usage or an iteration of one */

static void
llm_anthropic_read(llm_answer_t *a, const llm_json_t *j, uint32_t obj,
    llm_anthropic_figures_t *said)
{
    size_t    i;
    int64_t   v, *to;
    uint32_t  node;

#define llm_anthropic_take(to, from)                                          \
    v = from;                                                                 \
    if (v >= 0) {                                                             \
        to = v;                                                               \
    }

    for (i = 0; i < sizeof(llm_anthropic_usage_figures)
                    / sizeof(llm_anthropic_figure_t); i++)
    {
        to = (int64_t *) ((char *) said
                          + llm_anthropic_usage_figures[i].field);

        llm_anthropic_take(*to, llm_anthropic_member(a, j, obj,
                                    llm_anthropic_usage_figures[i].name));
    }

    node = llm_json_get(j, obj, "cache_creation");

    llm_anthropic_take(said->written_5m, llm_anthropic_member(a, j, node,
                                                "ephemeral_5m_input_tokens"));
    llm_anthropic_take(said->written_1h, llm_anthropic_member(a, j, node,
                                                "ephemeral_1h_input_tokens"));

    node = llm_json_get(j, obj, "output_tokens_details");

    llm_anthropic_take(said->thinking,
                       llm_anthropic_member(a, j, node, "thinking_tokens"));

    node = llm_json_get(j, obj, "server_tool_use");

    llm_anthropic_take(said->searches,
                       llm_anthropic_member(a, j, node,
                                            "web_search_requests"));
    llm_anthropic_take(said->fetches,
                       llm_anthropic_member(a, j, node,
                                            "web_fetch_requests"));
}


/*
 * ... in the form of all dialects: input holds what was read and written.  Of
 * what was written, the hour's part is known or not; the rest is of 5 minutes.
 */

static void
llm_anthropic_convert(const llm_anthropic_figures_t *said, llm_usage_t *u)
{
    int64_t  hour;

    u->input = said->input < 0 ? -1
               : llm_sum(said->input, llm_sum(said->written, said->read));
    u->output = said->output;
    u->cached_input = said->read;
    u->cache_write = said->written;

    if (said->written_5m >= 0 || said->written_1h >= 0) {

        hour = said->written_1h < 0 ? 0 : said->written_1h;
        u->cache_write_1h = said->written_1h;

        if (said->written < 0) {
            u->cache_write = said->written_5m;

        } else {
            u->cache_write = said->written > hour ? said->written - hour : 0;
        }
    }

    u->reasoning = said->thinking;
    u->searches = said->searches;
    u->web_fetches = said->fetches;
}


/* one more answer that is billed beside this one, at its own model's price */

static int
llm_anthropic_advice(llm_answer_t *a, const llm_json_t *j, uint32_t obj)
{
    llm_usage_item_t         *item;
    llm_anthropic_figures_t   said;

    static const llm_usage_t  unknown = LLM_USAGE_INIT;

    item = llm_alloc(a->mem, sizeof(llm_usage_item_t));
    if (item == NULL) {
        return LLM_ERROR;
    }

    said = llm_anthropic_unknown;
    llm_anthropic_read(a, j, obj, &said);

    item->usage = unknown;
    item->model.len = 0;
    item->model.data = NULL;

    llm_anthropic_convert(&said, &item->usage);

    if (llm_answer_keep(a, j, llm_json_get(j, obj, "model"), &item->model)
        != LLM_OK)
    {
        return LLM_ERROR;
    }

    item->next = a->items;
    a->items = item;

    return LLM_OK;
}


static void
llm_anthropic_add(int64_t *to, int64_t v)
{
    *to = llm_sum(*to, v);
}


/*
 * Iterations are the parts of an answer.  They say nothing new, but for two:
 * what an advisor said is in no total; and passes that compacted the context
 * are not in the totals either, unless another model stood in at the end.
 */

static int
llm_anthropic_iterations(llm_answer_t *a, const llm_json_t *j, uint32_t list,
    llm_anthropic_figures_t *said)
{
    uint32_t                  i, type;
    unsigned                  compacted, fallback;
    const llm_json_node_t    *v;
    llm_anthropic_figures_t   sum, one;

    v = j->nodes;
    sum = llm_anthropic_unknown;
    compacted = 0;
    fallback = 0;

    a->items = NULL;

    for (i = list + 1; i < v[list].next; i = v[i].next) {

        if (v[i].type != LLM_JSON_OBJECT) {
            continue;
        }

        type = llm_json_get(j, i, "type");

        if (!llm_given(j, type)) {
            continue;
        }

        if (llm_json_equal(j, type, "advisor_message")) {

            if (llm_anthropic_advice(a, j, i) != LLM_OK) {
                return LLM_ERROR;
            }

            continue;
        }

        compacted |= llm_json_equal(j, type, "compaction");
        fallback |= llm_json_equal(j, type, "fallback_message");

        one = llm_anthropic_unknown;
        llm_anthropic_read(a, j, i, &one);

        llm_anthropic_add(&sum.input, one.input);
        llm_anthropic_add(&sum.output, one.output);
        llm_anthropic_add(&sum.written, one.written);
        llm_anthropic_add(&sum.read, one.read);
        llm_anthropic_add(&sum.written_5m, one.written_5m);
        llm_anthropic_add(&sum.written_1h, one.written_1h);
    }

    if (compacted && !fallback) {

        sum.thinking = said->thinking;
        sum.searches = said->searches;
        sum.fetches = said->fetches;

        *said = sum;
    }

    return LLM_OK;
}


static void
llm_anthropic_served(llm_answer_t *a, const llm_json_t *j, uint32_t usage)
{
    uint32_t   node;
    llm_str_t  s;

    node = llm_json_get(j, usage, "inference_geo");

    if (llm_kind_of(j, node) == LLM_JSON_STRING
        && llm_json_string(j, node, &s, NULL) == LLM_OK)
    {
        a->usage.geo = llm_geo_find(&s);
    }

    node = llm_json_get(j, usage, "speed");

    if (llm_kind_of(j, node) == LLM_JSON_STRING) {
        a->usage.fast = llm_json_equal(j, node, "fast");
    }
}


/* a usage object; first: the output in it has only begun */

static int
llm_anthropic_usage(llm_answer_t *a, llm_anthropic_state_t *st,
    const llm_json_t *j, uint32_t usage, unsigned first)
{
    uint32_t                  list;
    llm_str_t                 tier;
    llm_anthropic_figures_t   said;

    if (!llm_given(j, usage)) {
        return LLM_OK;
    }

    if (j->nodes[usage].type != LLM_JSON_OBJECT) {
        a->usage_bad = 1;
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
    list = llm_json_get(j, usage, "iterations");

    if (llm_kind_of(j, list) == LLM_JSON_ARRAY
        && llm_anthropic_iterations(a, j, list, &said) != LLM_OK)
    {
        return LLM_ERROR;
    }

    llm_anthropic_convert(&said, &a->usage);
    llm_anthropic_served(a, j, usage);

    if (a->usage.input >= 0 || a->usage.output >= 0) {
        a->usage_seen = 1;
    }

    /* what is said at the beginning of a stream is not repeated at its end */

    tier.len = 0;

    if (llm_answer_keep(a, j, llm_json_get(j, usage, "service_tier"), &tier)
        != LLM_OK)
    {
        return LLM_ERROR;
    }

    if (tier.len) {
        a->service_tier = tier;
    }

    return LLM_OK;
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


int
llm_anthropic_answer(llm_answer_t *a, const llm_json_t *j)
{
    int64_t                 n;
    uint32_t                i, f[6];
    llm_openai_choice_t    *ch;
    const llm_json_node_t  *v;
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

    v = j->nodes;

    if (v[0].type != LLM_JSON_OBJECT) {
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

    if (llm_kind_of(j, f[4]) == LLM_JSON_ARRAY) {

        for (n = 0, i = f[4] + 1; i < v[f[4]].next; i = v[i].next, n++) {

            ch = llm_openai_choice_at(a, &st->text, n);
            if (ch == NULL) {
                return LLM_ERROR;
            }

            llm_anthropic_feed(a, st, ch, j, i);
        }
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

    if (rc != LLM_OK || j->nodes[0].type != LLM_JSON_OBJECT) {
        return LLM_EVENT_PASS;
    }

    st->text.feeds.n = 0;

    llm_json_fields(j, 0, llm_anthropic_event_names, LLM_ANTHROPIC_EV_N, f);

    rc = llm_given(j, f[LLM_ANTHROPIC_EV_INDEX])
         ? llm_anthropic_text(a, st, j, f)
         : llm_anthropic_other(a, st, j, f);

    return rc == LLM_OK ? LLM_EVENT_PASS : LLM_ERROR;
}


/* a stream that was cut has said how much was read, but not what came of it */

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

    if (a->counter && a->usage.output < 0) {

        llm_openai_count_output(a, &st->text);

        if (a->counted_output < st->begun) {
            a->counted_output = st->begun;
        }
    }
}
