
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic_reform.h"

#include <string.h>


/*
 * The stream that would have brought a message: its beginning, each block with
 * all it holds in one delta, its end.
 */

typedef struct {
    const llm_json_t     *j;
    llm_text_t           *out;
    int64_t               index;       /* of the block */
} llm_anthropic_split_t;


static void
llm_anthropic_split_event(llm_anthropic_split_t *s, const char *type)
{
    llm_text_put(s->out, "event: ");
    llm_text_put(s->out, type);
    llm_text_put(s->out, "\ndata: {\"type\":\"");
    llm_text_put(s->out, type);
    llm_text_put(s->out, "\"");
}


static void
llm_anthropic_split_of(llm_anthropic_split_t *s, const char *type)
{
    llm_anthropic_split_event(s, type);
    llm_text_put(s->out, ",\"index\":");
    llm_text_number(s->out, s->index);
}


static void
llm_anthropic_split_value(llm_anthropic_split_t *s, const char *name,
    uint32_t node)
{
    llm_str_t  raw;

    raw = llm_form_raw(s->j, node);

    llm_text_put(s->out, name);
    llm_text_value(s->out, &raw);
}


static void
llm_anthropic_split_end(llm_anthropic_split_t *s)
{
    llm_text_put(s->out, "}\n\n");
}


/* of the output only that it has begun is known by then */

static int
llm_anthropic_split_start(llm_anthropic_split_t *s, uint32_t usage)
{
    int64_t                output;
    uint32_t               node;
    llm_text_t             begun;
    llm_form_swap_t        outside[5];
    const llm_form_swap_t  inside[] = { { "output_tokens", "1" },
                                        { NULL, NULL } };
    const llm_form_swap_t  none[] = { { NULL, NULL } };

    node = llm_json_get(s->j, usage, "output_tokens");

    if (!llm_form_is(s->j, node, LLM_JSON_NUMBER)
        || llm_json_int(s->j, node, &output) != LLM_OK)
    {
        return LLM_DECLINED;
    }

    llm_text_init(&begun, s->out->mem, s->out->max);
    llm_form_object(&begun, s->j, usage, output > 1 ? inside : none);
    llm_text_add(&begun, "", 1);

    if (begun.rc != LLM_OK) {
        return begun.rc;
    }

    outside[0].name = "content";
    outside[0].value = "[]";
    outside[1].name = "stop_reason";
    outside[1].value = "null";
    outside[2].name = "stop_sequence";
    outside[2].value = "null";
    outside[3].name = "usage";
    outside[3].value = (char *) begun.data;
    outside[4].name = NULL;

    llm_anthropic_split_event(s, "message_start");
    llm_text_put(s->out, ",\"message\":");
    llm_form_object(s->out, s->j, 0, outside);
    llm_anthropic_split_end(s);

    return LLM_OK;
}


/* one delta; what is empty needs none */

static void
llm_anthropic_split_text(llm_anthropic_split_t *s, const char *type,
    const char *member, uint32_t node)
{
    if (llm_form_inside(s->j, node).len == 0) {
        return;
    }

    llm_anthropic_split_of(s, "content_block_delta");
    llm_text_put(s->out, ",\"delta\":{\"type\":\"");
    llm_text_put(s->out, type);
    llm_text_put(s->out, "\",\"");
    llm_text_put(s->out, member);
    llm_anthropic_split_value(s, "\":", node);
    llm_text_put(s->out, "}");
    llm_anthropic_split_end(s);
}


static void
llm_anthropic_split_citations(llm_anthropic_split_t *s, uint32_t list)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    if (!llm_form_is(s->j, list, LLM_JSON_ARRAY)) {
        return;
    }

    v = s->j->nodes;

    for (i = list + 1; i < llm_json_next(s->j, list); i = v[i].next) {
        llm_anthropic_split_of(s, "content_block_delta");
        llm_text_put(s->out, ",\"delta\":{\"type\":\"citations_delta\"");
        llm_anthropic_split_value(s, ",\"citation\":", i);
        llm_text_put(s->out, "}");
        llm_anthropic_split_end(s);
    }
}


/* the input of a tool is text in a stream */

static void
llm_anthropic_split_input(llm_anthropic_split_t *s, uint32_t node)
{
    llm_str_t  raw;

    if (llm_json_next(s->j, node) == node + 1) {
        return;
    }

    raw = llm_form_raw(s->j, node);

    llm_anthropic_split_of(s, "content_block_delta");
    llm_text_put(s->out, ",\"delta\":{\"type\":\"input_json_delta\","
                         "\"partial_json\":\"");
    llm_text_escape(s->out, &raw);
    llm_text_put(s->out, "\"}");
    llm_anthropic_split_end(s);
}


/* text and thoughts come in pieces, which begin with nothing */

static void
llm_anthropic_split_said(llm_anthropic_split_t *s, uint32_t block)
{
    uint32_t  f[4];

    static const char * const  names[] = { "text", "thinking", "signature",
                                           "citations" };

    static const llm_form_swap_t  pieces[] = {
        { "text", "\"\"" }, { "thinking", "\"\"" }, { "signature", "\"\"" },
        { "citations", "[]" }, { NULL, NULL }
    };

    static const llm_form_swap_t  text[] = { { "text", "\"\"" },
                                             { NULL, NULL } };

    llm_json_fields(s->j, block, names, 4, f);

    if (f[3] != LLM_JSON_NONE && llm_kind_of(s->j, f[3]) != LLM_JSON_ARRAY) {
        f[3] = LLM_JSON_NONE;
        llm_form_object(s->out, s->j, block, text);

    } else {
        llm_form_object(s->out, s->j, block, pieces);
    }

    llm_anthropic_split_end(s);

    llm_anthropic_split_text(s, "thinking_delta", "thinking", f[1]);
    llm_anthropic_split_text(s, "text_delta", "text", f[0]);
    llm_anthropic_split_text(s, "signature_delta", "signature", f[2]);
    llm_anthropic_split_citations(s, f[3]);
}


/* a call, whose input the SDK puts together; what a tool brought is whole */

static void
llm_anthropic_split_whole(llm_anthropic_split_t *s, uint32_t block,
    uint32_t type)
{
    uint32_t  input;
    unsigned  tool;

    static const llm_form_swap_t  called[] = { { "input", "{}" },
                                               { NULL, NULL } };
    static const llm_form_swap_t  whole[] = { { NULL, NULL } };

    input = llm_json_get(s->j, block, "input");

    tool = llm_form_is(s->j, input, LLM_JSON_OBJECT)
           && (llm_json_equal(s->j, type, "tool_use")
               || llm_json_equal(s->j, type, "server_tool_use"));

    llm_form_object(s->out, s->j, block, tool ? called : whole);
    llm_anthropic_split_end(s);

    if (tool) {
        llm_anthropic_split_input(s, input);
    }
}


static int
llm_anthropic_split_block(llm_anthropic_split_t *s, uint32_t block)
{
    uint32_t  type;

    type = llm_json_get(s->j, block, "type");

    if (!llm_form_is(s->j, type, LLM_JSON_STRING)) {
        return LLM_DECLINED;
    }

    llm_anthropic_split_of(s, "content_block_start");
    llm_text_put(s->out, ",\"content_block\":");

    if (llm_json_equal(s->j, type, "text")
        || llm_json_equal(s->j, type, "thinking"))
    {
        llm_anthropic_split_said(s, block);

    } else {
        llm_anthropic_split_whole(s, block, type);
    }

    llm_anthropic_split_of(s, "content_block_stop");
    llm_anthropic_split_end(s);

    return LLM_OK;
}


static void
llm_anthropic_split_stop(llm_anthropic_split_t *s, uint32_t usage)
{
    unsigned  i;
    uint32_t  node;

    static const char * const  late[] = { "stop_sequence", "stop_details",
                                          "container" };

    llm_anthropic_split_event(s, "message_delta");
    llm_anthropic_split_value(s, ",\"delta\":{\"stop_reason\":",
                              llm_json_get(s->j, 0, "stop_reason"));

    for (i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
        node = llm_json_get(s->j, 0, late[i]);

        if (node != LLM_JSON_NONE) {
            llm_text_put(s->out, ",\"");
            llm_text_put(s->out, late[i]);
            llm_anthropic_split_value(s, "\":", node);
        }
    }

    llm_anthropic_split_value(s, "},\"usage\":", usage);

    node = llm_json_get(s->j, 0, "context_management");

    if (node != LLM_JSON_NONE) {
        llm_anthropic_split_value(s, ",\"context_management\":", node);
    }

    llm_anthropic_split_end(s);

    llm_anthropic_split_event(s, "message_stop");
    llm_anthropic_split_end(s);
}


int
llm_anthropic_split(const llm_request_t *q, const llm_str_t *body,
    llm_text_t *out)
{
    int                     rc;
    uint32_t                i, type, content, usage;
    llm_json_t              j;
    const llm_json_node_t  *v;
    llm_anthropic_split_t   s;

    rc = llm_form_document(body, q->mem, &j, 0);
    if (rc != LLM_OK) {
        return rc;
    }

    memset(&s, 0, sizeof(llm_anthropic_split_t));

    s.j = &j;
    s.out = out;
    v = j.nodes;

    type = llm_json_get(&j, 0, "type");
    content = llm_json_get(&j, 0, "content");
    usage = llm_json_get(&j, 0, "usage");

    if (!llm_form_is(&j, type, LLM_JSON_STRING)
        || !llm_json_equal(&j, type, "message")
        || !llm_form_is(&j, content, LLM_JSON_ARRAY)
        || !llm_form_is(&j, usage, LLM_JSON_OBJECT)
        || !llm_form_is(&j, llm_json_get(&j, 0, "stop_reason"),
                        LLM_JSON_STRING))
    {
        return LLM_DECLINED;
    }

    rc = llm_anthropic_split_start(&s, usage);

    for (i = content + 1; rc == LLM_OK && i < llm_json_next(&j, content);
         i = v[i].next)
    {
        if (v[i].type != LLM_JSON_OBJECT || s.index == LLM_FORM_ITEMS) {
            return LLM_DECLINED;
        }

        rc = llm_anthropic_split_block(&s, i);
        s.index++;
    }

    if (rc != LLM_OK) {
        return rc;
    }

    llm_anthropic_split_stop(&s, usage);

    return out->rc;
}


int
llm_anthropic_reform(const llm_request_t *q, const llm_form_t *from,
    const llm_form_t *to, const llm_str_t *body, llm_text_t *out)
{
    if (from->framing == LLM_FRAMING_SSE && to->framing == LLM_FRAMING_JSON) {
        return llm_anthropic_join(q, body, out);
    }

    if (from->framing == LLM_FRAMING_JSON && to->framing == LLM_FRAMING_SSE) {
        return llm_anthropic_split(q, body, out);
    }

    return LLM_DECLINED;
}
