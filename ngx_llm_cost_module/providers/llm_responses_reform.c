
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_responses.h"
#include "llm_form.h"

#include <string.h>


/*
 * Responses in another form: a document as a stream, in which every item of the
 * output is announced, brought in pieces, and shown once more.
 */

typedef struct {
    const llm_json_t     *j;
    llm_text_t           *out;
    int64_t               sequence;
    int64_t               item;        /* its place in the output */
    llm_str_t             id;          /* of the item, with quotes */
} llm_responses_split_t;


/* a part of a text: of a message, or of a summary */

typedef struct {
    const char           *member;      /* "text" */
    const char           *index;       /* "content_index" */
    const char           *added;       /* events; NULL: none */
    const char           *delta;
    const char           *done;
    const char           *finished;
} llm_responses_part_t;


static const llm_responses_part_t  llm_responses_text = {
    "text", "content_index", "response.content_part.added",
    "response.output_text.delta", "response.output_text.done",
    "response.content_part.done"
};

static const llm_responses_part_t  llm_responses_refusal = {
    "refusal", "content_index", "response.content_part.added",
    "response.refusal.delta", "response.refusal.done",
    "response.content_part.done"
};

static const llm_responses_part_t  llm_responses_thought = {
    "text", "content_index", "response.content_part.added",
    "response.reasoning_text.delta", "response.reasoning_text.done",
    "response.content_part.done"
};

static const llm_responses_part_t  llm_responses_summary = {
    "text", "summary_index", "response.reasoning_summary_part.added",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.reasoning_summary_part.done"
};


/* an event up to what is its own */

static void
llm_responses_split_event(llm_responses_split_t *s, const char *type)
{
    llm_text_put(s->out, "event: ");
    llm_text_put(s->out, type);
    llm_text_put(s->out, "\ndata: {\"type\":\"");
    llm_text_put(s->out, type);
    llm_text_put(s->out, "\",\"sequence_number\":");
    llm_text_number(s->out, s->sequence++);
}


/* ... of an item of the output */

static void
llm_responses_split_of(llm_responses_split_t *s, const char *type)
{
    llm_responses_split_event(s, type);

    llm_text_put(s->out, ",\"item_id\":");
    llm_text_str(s->out, &s->id);
    llm_text_put(s->out, ",\"output_index\":");
    llm_text_number(s->out, s->item);
}


/* ... of a part of it */

static void
llm_responses_split_part_of(llm_responses_split_t *s, const char *type,
    const llm_responses_part_t *p, int64_t index)
{
    llm_responses_split_of(s, type);

    llm_text_put(s->out, ",\"");
    llm_text_put(s->out, p->index);
    llm_text_put(s->out, "\":");
    llm_text_number(s->out, index);
}


static void
llm_responses_split_value(llm_responses_split_t *s, const char *name,
    uint32_t node)
{
    llm_str_t  raw;

    raw = llm_form_raw(s->j, node);

    llm_text_put(s->out, ",\"");
    llm_text_put(s->out, name);
    llm_text_put(s->out, "\":");
    llm_text_value(s->out, &raw);
}


static void
llm_responses_split_end(llm_responses_split_t *s)
{
    llm_text_put(s->out, "}\n\n");
}


/* the whole of it, but for what is still to come */

static void
llm_responses_split_begin(llm_responses_split_t *s, const char *type)
{
    static const llm_form_swap_t  swap[] = {
        { "status", "\"in_progress\"" },
        { "output", "[]" },
        { "usage", "null" },
        { "completed_at", "null" },
        { "incomplete_details", "null" },
        { NULL, NULL }
    };

    llm_responses_split_event(s, type);
    llm_text_put(s->out, ",\"response\":");
    llm_form_object(s->out, s->j, 0, swap);
    llm_responses_split_end(s);
}


static void
llm_responses_split_added(llm_responses_split_t *s, uint32_t item,
    const llm_form_swap_t *swap)
{
    llm_responses_split_event(s, "response.output_item.added");
    llm_text_put(s->out, ",\"output_index\":");
    llm_text_number(s->out, s->item);
    llm_text_put(s->out, ",\"item\":");
    llm_form_object(s->out, s->j, item, swap);
    llm_responses_split_end(s);
}


static void
llm_responses_split_done(llm_responses_split_t *s, uint32_t item)
{
    llm_responses_split_event(s, "response.output_item.done");
    llm_text_put(s->out, ",\"output_index\":");
    llm_text_number(s->out, s->item);
    llm_responses_split_value(s, "item", item);
    llm_responses_split_end(s);
}


/* what a text refers to */

static void
llm_responses_split_annotations(llm_responses_split_t *s, uint32_t list,
    int64_t index)
{
    int64_t                 n;
    uint32_t                i;
    const llm_json_node_t  *v;

    if (!llm_form_is(s->j, list, LLM_JSON_ARRAY)) {
        return;
    }

    v = s->j->nodes;

    for (n = 0, i = list + 1; i < llm_json_next(s->j, list); i = v[i].next) {

        llm_responses_split_part_of(s, "response.output_text.annotation.added",
                                    &llm_responses_text, index);
        llm_text_put(s->out, ",\"annotation_index\":");
        llm_text_number(s->out, n++);
        llm_responses_split_value(s, "annotation", i);
        llm_responses_split_end(s);
    }
}


static int
llm_responses_split_part(llm_responses_split_t *s,
    const llm_responses_part_t *p, uint32_t part, int64_t index)
{
    uint32_t   text, probs;
    llm_str_t  inside;

    static const llm_form_swap_t  swap[] = {
        { "text", "\"\"" }, { "refusal", "\"\"" }, { "annotations", "[]" },
        { "logprobs", "[]" }, { NULL, NULL }
    };

    text = llm_json_get(s->j, part, p->member);

    if (!llm_form_is(s->j, text, LLM_JSON_STRING)) {
        return LLM_DECLINED;
    }

    probs = (p == &llm_responses_text) ? llm_json_get(s->j, part, "logprobs")
                                       : LLM_JSON_NONE;

    llm_responses_split_part_of(s, p->added, p, index);
    llm_text_put(s->out, ",\"part\":");
    llm_form_object(s->out, s->j, part, swap);
    llm_responses_split_end(s);

    inside = llm_form_inside(s->j, text);

    if (inside.len) {
        llm_responses_split_part_of(s, p->delta, p, index);
        llm_responses_split_value(s, "delta", text);

        if (probs != LLM_JSON_NONE) {
            llm_responses_split_value(s, "logprobs", probs);
        }

        llm_responses_split_end(s);
    }

    if (p == &llm_responses_text) {
        llm_responses_split_annotations(s, llm_json_get(s->j, part,
                                                        "annotations"),
                                        index);
    }

    llm_responses_split_part_of(s, p->done, p, index);
    llm_responses_split_value(s, p->member, text);

    if (probs != LLM_JSON_NONE) {
        llm_responses_split_value(s, "logprobs", probs);
    }

    llm_responses_split_end(s);

    llm_responses_split_part_of(s, p->finished, p, index);
    llm_responses_split_value(s, "part", part);
    llm_responses_split_end(s);

    return LLM_OK;
}


/* the parts of a message, or of a thought; a type that is not known: no */

static int
llm_responses_split_parts(llm_responses_split_t *s, uint32_t item,
    const char *member, unsigned summary)
{
    int                          rc;
    int64_t                      n;
    uint32_t                     i, list, type;
    const llm_json_node_t       *v;
    const llm_responses_part_t  *p;

    v = s->j->nodes;
    list = llm_json_get(s->j, item, member);

    if (!llm_given(s->j, list)) {
        return LLM_OK;
    }

    if (llm_kind_of(s->j, list) != LLM_JSON_ARRAY) {
        return LLM_DECLINED;
    }

    for (n = 0, i = list + 1; i < v[list].next; i = v[i].next, n++) {

        if (v[i].type != LLM_JSON_OBJECT || n == LLM_FORM_ITEMS) {
            return LLM_DECLINED;
        }

        type = llm_json_get(s->j, i, "type");

        if (!llm_form_is(s->j, type, LLM_JSON_STRING)) {
            return LLM_DECLINED;
        }

        p = summary && llm_json_equal(s->j, type, "summary_text")
                ? &llm_responses_summary
            : llm_json_equal(s->j, type, "output_text") ? &llm_responses_text
            : llm_json_equal(s->j, type, "refusal") ? &llm_responses_refusal
            : llm_json_equal(s->j, type, "reasoning_text")
                ? &llm_responses_thought : NULL;

        if (p == NULL) {
            return LLM_DECLINED;
        }

        rc = llm_responses_split_part(s, p, i, n);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


/* a call: its input in one piece */

static int
llm_responses_split_call(llm_responses_split_t *s, uint32_t item,
    const char *member, const char *delta, const char *done)
{
    uint32_t   text;
    llm_str_t  inside;

    text = llm_json_get(s->j, item, member);

    if (!llm_form_is(s->j, text, LLM_JSON_STRING)) {
        return LLM_DECLINED;
    }

    inside = llm_form_inside(s->j, text);

    if (inside.len) {
        llm_responses_split_of(s, delta);
        llm_responses_split_value(s, "delta", text);
        llm_responses_split_end(s);
    }

    llm_responses_split_of(s, done);
    llm_responses_split_value(s, member, text);
    llm_responses_split_end(s);

    return LLM_OK;
}


/* it is announced, and what it is made of follows in pieces */

static int
llm_responses_split_pieces(llm_responses_split_t *s, uint32_t item,
    uint32_t type)
{
    int  rc;

    static const llm_form_swap_t  swap[] = {
        { "status", "\"in_progress\"" }, { "content", "[]" },
        { "summary", "[]" }, { "arguments", "\"\"" }, { "input", "\"\"" },
        { NULL, NULL }
    };

    static const llm_form_swap_t  none[] = { { NULL, NULL } };

    if (llm_json_equal(s->j, type, "message")) {
        llm_responses_split_added(s, item, swap);
        return llm_responses_split_parts(s, item, "content", 0);
    }

    if (llm_json_equal(s->j, type, "reasoning")) {
        llm_responses_split_added(s, item, swap);
        rc = llm_responses_split_parts(s, item, "summary", 1);

        return (rc == LLM_OK)
               ? llm_responses_split_parts(s, item, "content", 0) : rc;
    }

    if (llm_json_equal(s->j, type, "function_call")) {
        llm_responses_split_added(s, item, swap);
        return llm_responses_split_call(s, item, "arguments",
                                "response.function_call_arguments.delta",
                                "response.function_call_arguments.done");
    }

    if (llm_json_equal(s->j, type, "custom_tool_call")) {
        llm_responses_split_added(s, item, swap);
        return llm_responses_split_call(s, item, "input",
                                "response.custom_tool_call_input.delta",
                                "response.custom_tool_call_input.done");
    }

    /* of tools that the provider runs: there is nothing to wait for */

    llm_responses_split_added(s, item, none);

    return LLM_OK;
}


static int
llm_responses_split_item(llm_responses_split_t *s, uint32_t item)
{
    int       rc;
    uint32_t  id, type;

    id = llm_json_get(s->j, item, "id");
    type = llm_json_get(s->j, item, "type");

    if (!llm_form_is(s->j, type, LLM_JSON_STRING)) {
        return LLM_DECLINED;
    }

    s->id = llm_form_raw(s->j, id);

    if (!llm_form_is(s->j, id, LLM_JSON_STRING)) {
        llm_str_set(&s->id, "\"\"");
    }

    rc = llm_responses_split_pieces(s, item, type);

    if (rc == LLM_OK) {
        llm_responses_split_done(s, item);
    }

    return rc;
}


static int
llm_responses_split(const llm_request_t *q, const llm_str_t *body,
    llm_text_t *out)
{
    int                     rc;
    uint32_t                i, status, output;
    unsigned                complete;
    llm_json_t              j;
    const llm_json_node_t  *v;
    llm_responses_split_t   s;

    rc = llm_form_document(body, q->mem, &j, 0);
    if (rc != LLM_OK) {
        return rc;
    }

    memset(&s, 0, sizeof(llm_responses_split_t));

    s.j = &j;
    s.out = out;
    v = j.nodes;

    status = llm_json_get(&j, 0, "status");
    output = llm_json_get(&j, 0, "output");

    if (!llm_form_is(&j, status, LLM_JSON_STRING)
        || !llm_form_is(&j, output, LLM_JSON_ARRAY)
        || llm_form_is(&j, llm_json_get(&j, 0, "error"), LLM_JSON_OBJECT))
    {
        return LLM_DECLINED;
    }

    complete = llm_json_equal(&j, status, "completed");

    if (!complete && !llm_json_equal(&j, status, "incomplete")) {
        return LLM_DECLINED;
    }

    llm_responses_split_begin(&s, "response.created");
    llm_responses_split_begin(&s, "response.in_progress");

    for (i = output + 1; i < llm_json_next(&j, output); i = v[i].next) {

        if (v[i].type != LLM_JSON_OBJECT || s.item == LLM_FORM_ITEMS) {
            return LLM_DECLINED;
        }

        rc = llm_responses_split_item(&s, i);
        if (rc != LLM_OK) {
            return rc;
        }

        s.item++;
    }

    llm_responses_split_event(&s, complete ? "response.completed"
                                           : "response.incomplete");
    llm_responses_split_value(&s, "response", 0);
    llm_responses_split_end(&s);

    return out->rc;
}


int
llm_responses_reform(const llm_request_t *q, const llm_form_t *from,
    const llm_form_t *to, const llm_str_t *body, llm_text_t *out)
{
    /* obfuscation and the like change nothing that is said */

    if (from->framing == LLM_FRAMING_SSE && to->framing == LLM_FRAMING_JSON) {
        return llm_responses_join(q, body, out);
    }

    if (from->framing == LLM_FRAMING_JSON && to->framing == LLM_FRAMING_SSE) {
        return llm_responses_split(q, body, out);
    }

    return LLM_DECLINED;
}
