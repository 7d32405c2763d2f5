
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_ollama.h"
#include "llm_templated.h"

#include <string.h>


/*
 * The input of Ollama's requests: by the template of the model where it is
 * known.  Ollama has its own copies of templates, so that all is an estimate.
 */

#define LLM_OLLAMA_IMAGE         1600      /* tokens of a picture, at most */


/* of a model that nothing is known of: a role, and what is around a message */

static const llm_template_t  llm_ollama_template = {
    .system = 4, .user = 4, .assistant = 4,
    .shown = LLM_TEMPLATE_LIST, .call = 8, .result = 4
};


typedef enum {
    LLM_SAID_ROLE = 0,
    LLM_SAID_CONTENT,
    LLM_SAID_THINKING,
    LLM_SAID_CALLS,
    LLM_SAID_IMAGES,
    LLM_SAID_N
} llm_said_e;

static const char * const  llm_said_names[] = {
    "role", "content", "thinking", "tool_calls", "images"
};


static void
llm_ollama_images(llm_openai_count_t *cc, uint32_t list)
{
    if (llm_count_kind(cc, list) == LLM_JSON_ARRAY) {
        cc->fixed += LLM_OLLAMA_IMAGE * (llm_json_next(cc->j, list) - list - 1);
        cc->q->most.image_input = -1;
    }
}


/* [{"function":{"name":"","arguments":{}}}] */

static void
llm_ollama_calls(llm_templated_t *lt, uint32_t calls)
{
    uint32_t                i, fn, f[2];
    const llm_json_node_t  *v;

    static const char * const  names[] = { "name", "arguments" };

    v = lt->cc->j->nodes;

    if (llm_count_kind(lt->cc, calls) != LLM_JSON_ARRAY) {
        return;
    }

    for (i = calls + 1; i < llm_json_next(lt->cc->j, calls); i = v[i].next) {

        fn = llm_json_get(lt->cc->j, i, "function");
        llm_json_fields(lt->cc->j, fn, names, 2, f);
        llm_templated_call(lt, f[0], f[1]);
    }
}


static void
llm_ollama_message(llm_templated_t *lt, uint32_t message)
{
    uint32_t              f[LLM_SAID_N];
    llm_templated_role_e  role;

    llm_json_fields(lt->cc->j, message, llm_said_names, LLM_SAID_N, f);

    role = llm_templated_role(lt->cc->j, f[LLM_SAID_ROLE]);

    if (role == LLM_TEMPLATED_ASSISTANT) {
        llm_templated_assistant(lt, !llm_count_empty(lt->cc,
                                                     f[LLM_SAID_CONTENT]));
        llm_templated_thoughts(lt, f[LLM_SAID_THINKING]);
        llm_templated_said(lt, f[LLM_SAID_CONTENT]);
        llm_ollama_calls(lt, f[LLM_SAID_CALLS]);

    } else {
        llm_templated_message(lt, role);
        llm_count_string(lt->cc, f[LLM_SAID_CONTENT]);
    }

    llm_ollama_images(lt->cc, f[LLM_SAID_IMAGES]);
}


/* a prompt is what a user says, unless the request brings its own template */

static void
llm_ollama_prompt(llm_templated_t *lt, const uint32_t *f, int framed)
{
    llm_openai_count_t  *cc;

    cc = lt->cc;

    if (!llm_count_empty(cc, f[LLM_OLLAMA_SYSTEM])) {

        if (framed) {
            llm_templated_message(lt, LLM_TEMPLATED_SYSTEM);
        }

        llm_count_string(cc, f[LLM_OLLAMA_SYSTEM]);
    }

    if (framed && llm_given(cc->j, f[LLM_OLLAMA_PROMPT])) {
        llm_templated_message(lt, LLM_TEMPLATED_USER);
    }

    llm_count_string(cc, f[LLM_OLLAMA_PROMPT]);
    llm_count_string(cc, f[LLM_OLLAMA_SUFFIX]);
    llm_count_string(cc, f[LLM_OLLAMA_TEMPLATE]);
    llm_ollama_images(cc, f[LLM_OLLAMA_IMAGES]);

    /* tokens of what was said before */

    if (llm_count_kind(cc, f[LLM_OLLAMA_CONTEXT]) == LLM_JSON_ARRAY) {
        cc->fixed += llm_json_next(cc->j, f[LLM_OLLAMA_CONTEXT])
                     - f[LLM_OLLAMA_CONTEXT] - 1;
    }
}


static void
llm_ollama_texts(llm_openai_count_t *cc, uint32_t input)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = cc->j->nodes;

    if (llm_count_kind(cc, input) != LLM_JSON_ARRAY) {
        llm_count_string(cc, input);
        return;
    }

    for (i = input + 1; i < llm_json_next(cc->j, input); i = v[i].next) {
        llm_count_string(cc, i);
    }
}


static const llm_template_t *
llm_ollama_shown(llm_openai_count_t *cc, int framed, llm_template_t *t)
{
    const llm_template_t  *found;

    if (!framed) {
        memset(t, 0, sizeof(llm_template_t));
        return t;
    }

    found = llm_templated_of(cc, t);

    return found ? found : &llm_ollama_template;
}


int
llm_ollama_count(llm_request_t *q, llm_counter_t *c)
{
    int                     framed;
    uint32_t                i, list, turn, f[LLM_OLLAMA_FIELDS];
    llm_template_t          t;
    llm_templated_t         lt;
    llm_openai_count_t      cc;
    const llm_json_node_t  *v;

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    llm_json_fields(&q->json, 0, llm_ollama_names, LLM_OLLAMA_FIELDS, f);

    llm_count_init(&cc, q, c);

    framed = q->kind != LLM_KIND_EMBEDDINGS
             && llm_count_empty(&cc, f[LLM_OLLAMA_TEMPLATE])
             && llm_kind_of(&q->json, f[LLM_OLLAMA_RAW]) != LLM_JSON_TRUE;

    llm_templated_begin(&lt, &cc, llm_ollama_shown(&cc, framed, &t));

    v = q->json.nodes;
    list = f[LLM_OLLAMA_MESSAGES];

    if (llm_kind_of(&q->json, list) == LLM_JSON_ARRAY) {

        turn = llm_chat_turn(&cc, list);

        for (i = list + 1; i < llm_json_next(&q->json, list); i = v[i].next) {
            lt.going_on = (i > turn);
            llm_ollama_message(&lt, i);
        }
    }

    llm_ollama_prompt(&lt, f, framed);
    llm_ollama_texts(&cc, f[LLM_OLLAMA_INPUT]);
    llm_templated_tools(&lt, f[LLM_OLLAMA_TOOLS]);
    llm_templated_end(&lt, LLM_JSON_NONE);

    return llm_count_done(&cc);
}
