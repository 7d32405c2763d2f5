
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_answer.h"
#include "llm_responses.h"
#include "llm_media.h"

#include <string.h>


/*
 * Answers, whole or event by event.  Every figure is taken when it goes by;
 * the text is counted while it goes by, in bounded memory, for the case that
 * no usage ever comes: a stream that was not asked for it, or was cut.
 */

/* of an event; more values than this are not a chunk of a chat */

#define LLM_OPENAI_EVENT_NODES  65536


typedef enum {
    LLM_OPENAI_CHOICES_NODE = 0,
    LLM_OPENAI_USAGE_NODE,
    LLM_OPENAI_MODEL_NODE,
    LLM_OPENAI_TIER_NODE,
    LLM_OPENAI_ERROR_NODE,
    LLM_OPENAI_GROQ_NODE,
    LLM_OPENAI_DATA_NODE,
    LLM_OPENAI_ANSWER_FIELDS
} llm_openai_answer_field_e;

static const char * const  llm_openai_answer_names[] = {
    "choices", "usage", "model", "service_tier", "error", "x_groq", "data"
};


llm_openai_state_t *
llm_openai_state(llm_answer_t *a)
{
    llm_openai_state_t  *st;

    if (a->state == NULL) {

        st = llm_alloc(a->mem, sizeof(llm_openai_state_t));
        if (st == NULL) {
            return NULL;
        }

        memset(st, 0, sizeof(llm_openai_state_t));

        st->json.mem = a->mem;
        st->json.max = LLM_OPENAI_EVENT_NODES;

        a->state = st;
    }

    return a->state;
}


/* a copy of the string, unless there is one already */

static int
llm_openai_keep(llm_answer_t *a, const llm_json_t *j, uint32_t node,
    llm_str_t *to)
{
    size_t          len;
    llm_str_t       s;
    unsigned char  *p;

    if (to->len || llm_kind_of(j, node) != LLM_JSON_STRING)
    {
        return LLM_OK;
    }

    len = llm_json_size(j, node);

    if (len == 0 || len > 1024) {
        return LLM_OK;
    }

    p = llm_alloc(a->mem, len);
    if (p == NULL) {
        return LLM_ERROR;
    }

    llm_json_string(j, node, &s, p);

    if (s.data != p) {
        memcpy(p, s.data, s.len);
    }

    to->data = p;
    to->len = s.len;

    return LLM_OK;
}


/* usage, with Groq's second place for it where there is no first */

static void
llm_openai_figures(llm_answer_t *a, llm_openai_state_t *st,
    const llm_json_t *j, const uint32_t *f)
{
    uint32_t  usage;

    usage = f[LLM_OPENAI_USAGE_NODE];

    if (llm_answer_part(a, j, usage, LLM_JSON_OBJECT) != LLM_JSON_NONE) {
        st->usage = 1;
        llm_openai_usage(a, j, usage);

        return;
    }

    if (st->usage) {
        return;
    }

    usage = llm_json_get(j, llm_answer_part(a, j, f[LLM_OPENAI_GROQ_NODE],
                                            LLM_JSON_OBJECT),
                         "usage");

    if (llm_answer_part(a, j, usage, LLM_JSON_OBJECT) != LLM_JSON_NONE) {
        llm_openai_usage(a, j, usage);
    }
}


/* a search that the request is known to make, and its size */

static void
llm_openai_sized(llm_answer_t *a)
{
    if (a->q == NULL || a->kind != LLM_KIND_CHAT) {
        return;
    }

    llm_openai_search_made(a);

    if (a->q->most.searches && a->usage.search_size < 0) {
        a->usage.search_size = a->q->most.search_size;
    }
}


/* what a whole answer and a chunk have in common */

static int
llm_openai_read(llm_answer_t *a, llm_openai_state_t *st, const llm_json_t *j,
    uint32_t *f)
{
    uint32_t  obj;

    obj = 0;

    if (a->q && a->q->route.op == LLM_OPENAI_CLOUDFLARE
        && llm_openai_host_answer(a, st, j, &obj) != LLM_OK)
    {
        return LLM_ERROR;
    }

    llm_json_fields(j, obj, llm_openai_answer_names, LLM_OPENAI_ANSWER_FIELDS,
                    f);

    if (llm_openai_keep(a, j, f[LLM_OPENAI_MODEL_NODE], &a->model) != LLM_OK
        || llm_openai_keep(a, j, f[LLM_OPENAI_TIER_NODE], &a->service_tier)
           != LLM_OK)
    {
        return LLM_ERROR;
    }

    llm_openai_figures(a, st, j, f);

    if (a->usage_seen) {
        llm_openai_sized(a);
    }

    if (llm_openai_given(j, f[LLM_OPENAI_ERROR_NODE])) {
        a->error = 1;
    }

    return llm_openai_choices(a, st, j, f[LLM_OPENAI_CHOICES_NODE]);
}


/*
 * An event that is there for its usage alone.  Anything else in it may be of
 * interest to the client (Azure's filter results come with no choices, too).
 */

static int
llm_openai_only_usage(const llm_json_t *j, const uint32_t *f)
{
    size_t                  k;
    uint32_t                i, choices, usage;
    const llm_json_node_t  *v;

    static const char * const  known[] = {
        "id", "object", "created", "model", "choices", "usage",
        "service_tier", "system_fingerprint", "obfuscation", "provider",
        "x_groq"
    };

    v = j->nodes;
    choices = f[LLM_OPENAI_CHOICES_NODE];
    usage = f[LLM_OPENAI_USAGE_NODE];

    if (llm_kind_of(j, choices) != LLM_JSON_ARRAY
        || llm_json_next(j, choices) != choices + 1
        || llm_kind_of(j, usage) != LLM_JSON_OBJECT)
    {
        return 0;
    }

    for (i = 1; i < v[0].next; i = v[i + 1].next) {

        for (k = 0; k < sizeof(known) / sizeof(char *); k++) {
            if (llm_json_equal(j, i, known[k])) {
                break;
            }
        }

        if (k == sizeof(known) / sizeof(char *)) {
            return 0;
        }
    }

    return 1;
}


/* a piece of a chat or of a completion */

static int
llm_openai_chunk(llm_answer_t *a, const llm_str_t *type, const llm_str_t *data)
{
    int                  rc;
    uint32_t             f[LLM_OPENAI_ANSWER_FIELDS];
    llm_json_t          *j;
    llm_openai_state_t  *st;

    a->stream = 1;

    st = llm_openai_state(a);
    if (st == NULL) {
        return LLM_ERROR;
    }

    if (data->len == 6 && memcmp(data->data, "[DONE]", 6) == 0) {
        st->done = 1;
        a->finished = 1;

        return LLM_EVENT_PASS;
    }

    if (type->len == 5 && memcmp(type->data, "error", 5) == 0) {
        a->error = 1;
    }

    if (llm_openai_form_known(a, st, data)) {
        return LLM_EVENT_PASS;
    }

    j = &st->json;
    rc = llm_json_parse(j, data->data, data->len);

    if (rc != LLM_OK || llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return rc == LLM_ERROR ? LLM_ERROR : LLM_EVENT_PASS;
    }

    st->feeds.n = 0;

    if (llm_openai_read(a, st, j, f) != LLM_OK) {
        return LLM_ERROR;
    }

    if (llm_openai_only_usage(j, f)) {
        return LLM_EVENT_USAGE;
    }

    if (!llm_openai_given(j, f[LLM_OPENAI_USAGE_NODE])
        && f[LLM_OPENAI_GROQ_NODE] == LLM_JSON_NONE)
    {
        llm_openai_form_keep(a, st);
    }

    return LLM_EVENT_PASS;
}


int
llm_openai_event(llm_answer_t *a, const llm_str_t *type, const llm_str_t *data)
{
    if (a->kind == LLM_KIND_RESPONSES) {
        return llm_responses_event(a, type, data);
    }

    if (llm_media_is(a->kind)) {
        return llm_media_event(a, data);
    }

    if (a->kind == LLM_KIND_BATCH) {
        return llm_openai_batch_event(a, data);
    }

    if (a->kind == LLM_KIND_RUN) {
        return llm_openai_run_event(a, type, data);
    }

    return llm_openai_chunk(a, type, data);
}


void
llm_openai_finish(llm_answer_t *a)
{
    llm_openai_state_t  *st;

    if (llm_media_is(a->kind)) {
        llm_media_finish(a);
        return;
    }

    if (a->kind == LLM_KIND_BATCH) {
        a->finished = 1;
        return;
    }

    if (a->kind == LLM_KIND_RUN) {
        return;
    }

    llm_answer_served(a);
    llm_openai_routed_fee(a);

    if (a->kind == LLM_KIND_RESPONSES) {
        llm_responses_finish(a);
    }

    st = a->state;

    if (st == NULL) {
        return;
    }

    if (st->done || llm_openai_all_finished(st)
        || llm_openai_host_ended(a))
    {
        a->finished = 1;
    }

    if (a->counter && a->usage.output < 0) {
        llm_openai_count_output(a, st);
    }

    if (a->counted_output > 0) {
        llm_openai_sized(a);
    }
}


int
llm_openai_answer(llm_answer_t *a, const llm_json_t *j)
{
    uint32_t             f[LLM_OPENAI_ANSWER_FIELDS], data;
    llm_openai_state_t  *st;

    if (a->kind == LLM_KIND_RESPONSES) {
        return llm_responses_answer(a, j);
    }

    if (llm_media_is(a->kind)) {
        return llm_media_answer(a, j);
    }

    if (a->kind == LLM_KIND_BATCH) {
        return llm_openai_batch_answer(a, j);
    }

    if (a->kind == LLM_KIND_RUN) {
        return llm_openai_run_answer(a, j);
    }

    st = llm_openai_state(a);
    if (st == NULL) {
        return LLM_ERROR;
    }

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    if (llm_openai_read(a, st, j, f) != LLM_OK) {
        return LLM_ERROR;
    }

    /* xAI's that are asked for later have a name and nothing else yet */

    a->deferred = (a->kind == LLM_KIND_CHAT && !a->usage_seen
                   && f[LLM_OPENAI_CHOICES_NODE] == LLM_JSON_NONE
                   && llm_given(j, llm_json_get(j, 0, "request_id")));

    data = f[LLM_OPENAI_DATA_NODE];

    if (a->kind == LLM_KIND_EMBEDDINGS
        && llm_kind_of(j, data) == LLM_JSON_ARRAY)
    {
        a->finished = 1;
    }

    llm_openai_finish(a);

    return LLM_OK;
}
