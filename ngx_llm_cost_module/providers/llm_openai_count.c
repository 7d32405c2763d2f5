
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_templated.h"
#include "llm_responses.h"
#include "llm_media.h"

#include <string.h>


/*
 * The input tokens of a request: the texts, and what OpenAI puts around them.
 * The rules were found from the prompt_tokens of recorded requests.  For
 * models of other makers they are an estimate.
 */


static const char * const  llm_message_names[] = {
    "role", "content", "name", "tool_calls", "function_call", "refusal",
    "audio"
};


void
llm_count_bytes(llm_openai_count_t *cc, const void *p, size_t n)
{
    if (n) {
        cc->tokens += cc->c->count(cc->c, p, n);
    }
}


void
llm_count_text(llm_openai_count_t *cc, llm_openai_text_t *t)
{
    llm_count_bytes(cc, t->data, t->len);
    t->len = 0;
}


unsigned
llm_count_kind(const llm_openai_count_t *cc, uint32_t node)
{
    return (node == LLM_JSON_NONE) ? 0 : llm_kind_of(cc->j, node);
}


void
llm_count_string(llm_openai_count_t *cc, uint32_t node)
{
    const llm_json_node_t  *v;

    if (llm_count_kind(cc, node) != LLM_JSON_STRING) {
        return;
    }

    v = llm_json_node(cc->j, node);

    if (!v->escaped) {
        llm_count_bytes(cc, cc->j->data + v->start, v->end - v->start);
        return;
    }

    cc->text.len = 0;
    llm_openai_put_string(&cc->text, cc->j, node);
    llm_count_text(cc, &cc->text);
}


int
llm_count_empty(const llm_openai_count_t *cc, uint32_t node)
{
    const llm_json_node_t  *v;

    v = cc->j->nodes;

    switch (llm_count_kind(cc, node)) {

    case LLM_JSON_STRING:
        return v[node].end == v[node].start;

    case LLM_JSON_ARRAY:
        return llm_json_next(cc->j, node) == node + 1;

    case LLM_JSON_OBJECT:
    case LLM_JSON_NUMBER:
        return 0;
    }

    return 1;
}


static void
llm_count_plain(llm_openai_count_t *cc, const uint32_t *f,
    const llm_openai_text_t *tail)
{
    uint32_t  role, name;

    cc->tokens += LLM_OPENAI_PER_MESSAGE;

    llm_count_string(cc, f[LLM_MESSAGE_ROLE]);
    llm_count_content(cc, f[LLM_MESSAGE_CONTENT], tail);
    llm_count_string(cc, f[LLM_MESSAGE_REFUSAL]);

    name = f[LLM_MESSAGE_NAME];

    if (llm_count_kind(cc, name) == LLM_JSON_STRING) {
        llm_count_string(cc, name);

        /* a name that equals the role is not parted from it */

        role = f[LLM_MESSAGE_ROLE];
        cc->tokens += (role == LLM_JSON_NONE
                       || !llm_json_alike(cc->j, role, name));
    }

    if (llm_openai_given(cc->j, f[LLM_MESSAGE_AUDIO])) {
        cc->estimate = 1;
    }
}


/* a schema's name goes in front of every reply that follows it */

void
llm_count_schema_name(llm_openai_count_t *cc)
{
    if (cc->schema != LLM_JSON_NONE && !cc->reasoning) {
        llm_count_string(cc, cc->schema);
        cc->tokens += 2;
    }
}


/* tools and schema without a system message to put them in */

void
llm_count_extra(llm_openai_count_t *cc)
{
    cc->tokens += LLM_OPENAI_PER_MESSAGE + 1;
    llm_count_text(cc, &cc->extra);
}


/* one message, or a run of results; returns the last that was counted */

static uint32_t
llm_count_message(llm_openai_count_t *cc, uint32_t i, uint32_t last)
{
    uint32_t                  f[LLM_MESSAGE_N], role;
    const llm_openai_text_t  *tail;

#define llm_role(s)                                                           \
    (role != LLM_JSON_NONE && llm_json_equal(cc->j, role, s))

    tail = NULL;

    llm_json_fields(cc->j, i, llm_message_names, LLM_MESSAGE_N, f);
    role = f[LLM_MESSAGE_ROLE];

    if (cc->extra.len) {

        if (llm_role("system") || llm_role("developer")) {
            tail = &cc->extra;
            cc->tokens += (cc->family >= LLM_OPENAI_O_SERIES) ? 3 : 0;

        } else {
            llm_count_extra(cc);
        }
    }

    if (llm_role("assistant")) {

        if (llm_count_calls(cc, f)) {
            return i;
        }

        cc->tokens += cc->reasoning ? 2 : 0;
        llm_count_schema_name(cc);

    } else if (llm_role("tool") || llm_role("function")) {
        return llm_count_results(cc, f, i, last);
    }

    llm_count_plain(cc, f, tail);
    cc->extra.len = 0;

    return i;
}


static void
llm_count_chat(llm_openai_count_t *cc)
{
    uint32_t                i, f[LLM_OPENAI_FIELDS], messages;
    const llm_json_node_t  *v;

    v = cc->j->nodes;

    llm_openai_fields(cc->j, f);
    messages = f[LLM_OPENAI_MESSAGES];

    llm_count_tools(cc, f[LLM_OPENAI_TOOLS], f[LLM_OPENAI_FUNCTIONS]);
    llm_count_schema_named(cc, llm_count_format(cc,
                                          f[LLM_OPENAI_RESPONSE_FORMAT]));

    for (i = messages + 1; i < llm_json_next(cc->j, messages); i = v[i].next) {
        i = llm_count_message(cc, i, llm_json_next(cc->j, messages));
    }

    if (cc->extra.len) {
        llm_count_extra(cc);
    }

    if (!cc->functions) {
        llm_count_schema_name(cc);
    }

    llm_count_forced(cc, f[LLM_OPENAI_TOOL_CHOICE],
                     f[LLM_OPENAI_FUNCTION_CALL]);

    /* the reply begins; upstream may look things up and read them, too */

    cc->tokens += cc->reply;
    cc->estimate |= llm_openai_given(cc->j, f[LLM_OPENAI_WEB_SEARCH]);
}


/* a text, texts, tokens, or arrays of tokens: only texts have to be counted */

static void
llm_count_texts(llm_openai_count_t *cc, llm_openai_field_e field)
{
    uint32_t                i, input, f[LLM_OPENAI_FIELDS];
    const llm_json_node_t  *v;

    v = cc->j->nodes;

    llm_openai_fields(cc->j, f);
    input = f[field];

    if (input == LLM_JSON_NONE) {
        return;
    }

    for (i = input; i < llm_json_next(cc->j, input); i++) {

        if (v[i].type == LLM_JSON_STRING) {
            llm_count_string(cc, i);

        } else if (v[i].type == LLM_JSON_NUMBER) {
            cc->tokens++;
        }
    }
}


/* what a model's name says about framing */

static void
llm_count_model(llm_openai_count_t *cc)
{
    llm_str_t  model;

    model = llm_openai_bare(&cc->q->model);

    cc->family = llm_openai_family(&cc->q->model);

    cc->reasoning = cc->family >= LLM_OPENAI_O_SERIES
                    && !llm_openai_is(&model, "o3-mini");

    cc->reply = (cc->family >= LLM_OPENAI_O_SERIES
                 && !llm_openai_is(&model, "o1-mini")) ? 2 : 3;

    cc->old = llm_openai_ends(&model, "-0613")
              || (model.len == 5 && llm_openai_is(&model, "gpt-4"));

    /*
     * gpt-3.5-turbo-0301 framed a message with three tokens or with four, and
     * Azure's "gpt-35-turbo" does not say whether it is that one.
     */

    cc->estimate |= cc->family == LLM_OPENAI_OTHER
                    || llm_openai_ends(&model, "-0301")
                    || (model.len == 12
                        && llm_openai_is(&model, "gpt-35-turbo"))
                    || llm_openai_is(&model, "o1-preview")
                    || llm_openai_is(&model, "gpt-4o-search")
                    || llm_openai_is(&model, "gpt-4o-mini-search")
                    || llm_openai_is(&model, "gpt-5-search");
}


void
llm_count_init(llm_openai_count_t *cc, llm_request_t *q, llm_counter_t *c)
{
    memset(cc, 0, sizeof(llm_openai_count_t));

    cc->q = q;
    cc->c = c;
    cc->j = &q->json;
    cc->text.mem = q->mem;
    cc->extra.mem = q->mem;
    cc->args.mem = q->mem;
    cc->call = LLM_JSON_NONE;
    cc->schema = LLM_JSON_NONE;
    cc->estimate = c->estimate;
}


int
llm_count_done(llm_openai_count_t *cc)
{
    if (cc->text.failed || cc->extra.failed) {
        return LLM_ERROR;
    }

    cc->q->input_tokens = cc->tokens;
    cc->q->estimate = cc->estimate || cc->c->estimate;

    return LLM_OK;
}


/* texts, or a chat, in what its model is shown */

static void
llm_count_input(llm_openai_count_t *cc)
{
    llm_template_t         claude;
    const llm_template_t  *t;

    switch (cc->q->kind) {

    case LLM_KIND_EMBEDDINGS:
        llm_count_texts(cc, LLM_OPENAI_INPUT);
        return;

    case LLM_KIND_COMPLETION:
        llm_count_texts(cc, LLM_OPENAI_PROMPT);
        llm_count_texts(cc, LLM_OPENAI_SUFFIX);
        return;

    default:
        llm_count_model(cc);
    }

    t = (cc->family == LLM_OPENAI_OTHER) ? llm_templated_of(cc, &claude)
                                         : NULL;

    if (cc->q->kind == LLM_KIND_RESPONSES) {
        llm_responses_count(cc, t);

    } else if (t) {
        llm_openai_templated(cc, t);

    } else {
        llm_count_chat(cc);
    }
}


int
llm_openai_count(llm_request_t *q, llm_counter_t *c)
{
    llm_openai_count_t  cc;

    if (llm_media_is(q->kind)) {
        return llm_media_count(q, c);
    }

    if (q->kind == LLM_KIND_BATCH) {
        q->input_tokens = 0;
        return LLM_OK;
    }

    if (q->kind == LLM_KIND_RUN) {

        /* what the server keeps is not seen: parse() has the bound, or -1 */

        return LLM_OK;
    }

    llm_count_init(&cc, q, c);
    llm_count_input(&cc);

    return llm_count_done(&cc);
}
