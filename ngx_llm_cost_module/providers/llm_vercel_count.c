
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_vercel.h"
#include "llm_anthropic.h"
#include "llm_cohere.h"
#include "llm_gemini.h"
#include "llm_image.h"
#include "llm_templated.h"

#include <string.h>


/*
 * The input of a request for Vercel's AI Gateway: by the template of the model
 * where it is known.  What the gateway makes of it for the provider that it
 * chooses is not seen, so that all is an estimate.
 */

#define LLM_VERCEL_IMAGE         2240      /* of models that say no rule */
#define LLM_VERCEL_FILE          20000     /* a document that is elsewhere */
#define LLM_VERCEL_FILE_BYTES    8         /* of base64, for one token */
#define LLM_VERCEL_AUDIO_BYTES   64


/* of a model that nothing is known of: a role, and what is around a message */

static const llm_template_t  llm_vercel_template = {
    .system = 4, .user = 4, .assistant = 4,
    .shown = LLM_TEMPLATE_LIST, .call = 8, .result = 4
};


/* {"type":"data","data":""}, or a string: base64, or the address of it */

static void
llm_vercel_data(llm_openai_count_t *cc, uint32_t part, llm_str_t *s)
{
    uint32_t  node;

    node = llm_json_get(cc->j, part, "data");

    if (llm_count_kind(cc, node) == LLM_JSON_OBJECT) {
        node = llm_json_get(cc->j, node, "data");
    }

    llm_count_data(cc, node, s);

    if (!llm_image_inline(s) && s->len > 4 && memcmp(s->data, "http", 4) == 0) {
        s->len = 0;
    }
}


static int64_t
llm_vercel_picture(llm_openai_count_t *cc, const llm_str_t *s)
{
    int64_t   n;
    uint32_t  w, h;
    unsigned  estimate;

    if (llm_claude_is(&cc->q->model)) {
        return llm_anthropic_picture(&cc->q->model, s);
    }

    llm_image_base64(s, &w, &h);

    estimate = 0;
    n = llm_openai_picture(cc->q, LLM_JSON_NONE, w, h, &estimate);

    return n > LLM_VERCEL_IMAGE ? n : LLM_VERCEL_IMAGE;
}


/* what it may be billed as, and how much of that it is */

static void
llm_vercel_file(llm_openai_count_t *cc, uint32_t part)
{
    uint32_t      type;
    llm_str_t     s = llm_string("");
    llm_input_t   in;
    llm_usage_t  *most;

    most = &cc->q->most;
    type = llm_json_get(cc->j, part, "mediaType");

    llm_vercel_data(cc, part, &s);

    if (llm_json_starts(cc->j, type, "image/")) {
        most->image_input = -1;
        most->cached_image = -1;
        cc->fixed += llm_vercel_picture(cc, &s);
        return;
    }

    if (llm_json_starts(cc->j, type, "text/")) {
        llm_input_init(&in, cc->q, cc->c);
        llm_input_base64(&in, &s);
        cc->tokens += in.tokens;
        cc->text.failed |= in.failed;
    }

    /* a film has pictures and sound, and so may have what is not known */

    most->image_input = -1;
    most->cached_image = -1;
    most->audio_input = -1;
    most->cached_audio = -1;
    most->video_input = -1;
    most->cached_video = -1;

    cc->fixed += s.len == 0 ? LLM_VERCEL_FILE
                 : (int64_t) s.len
                   / (llm_json_starts(cc->j, type, "audio/")
                      ? LLM_VERCEL_AUDIO_BYTES : LLM_VERCEL_FILE_BYTES);
}


/* {"type":"text","value":""}, "json", or "content" of several parts */

static void
llm_vercel_output(llm_openai_count_t *cc, uint32_t output)
{
    uint32_t                i, value;
    const llm_json_node_t  *v;

    v = cc->j->nodes;
    value = llm_json_get(cc->j, output, "value");

    if (llm_count_kind(cc, value) == LLM_JSON_ARRAY
        && llm_json_starts(cc->j, llm_json_get(cc->j, output, "type"),
                           "content"))
    {
        for (i = value + 1; i < llm_json_next(cc->j, value); i = v[i].next) {

            if (llm_given(cc->j, llm_json_get(cc->j, i, "mediaType"))) {
                llm_vercel_file(cc, i);

            } else {
                llm_count_string(cc, llm_json_get(cc->j, i, "text"));
            }
        }

        return;
    }

    if (llm_count_kind(cc, value) == LLM_JSON_STRING) {
        llm_count_string(cc, value);
        return;
    }

    cc->text.len = 0;

    if (llm_given(cc->j, value)) {
        llm_openai_render(&cc->text, cc->j, value, LLM_OPENAI_COMPACT);
    }

    llm_count_text(cc, &cc->text);
}


static void
llm_vercel_part(llm_templated_t *lt, uint32_t part)
{
    uint32_t             type, f[4];
    llm_openai_count_t  *cc;

    static const char * const  names[] = {
        "text", "toolName", "input", "output"
    };

    cc = lt->cc;
    type = llm_json_get(cc->j, part, "type");

    llm_json_fields(cc->j, part, names, 4, f);

    if (llm_json_starts(cc->j, type, "tool-call")) {
        llm_templated_call(lt, f[1], f[2]);

    } else if (llm_json_starts(cc->j, type, "tool-result")) {
        llm_templated_message(lt, LLM_TEMPLATED_RESULT);
        llm_vercel_output(cc, f[3]);

    } else if (llm_json_starts(cc->j, type, "reasoning")
               && !llm_given(cc->j, llm_json_get(cc->j, part, "data")))
    {
        llm_templated_thoughts(lt, f[0]);

    } else if (llm_given(cc->j, llm_json_get(cc->j, part, "data"))) {
        llm_vercel_file(cc, part);

    } else {
        llm_count_string(cc, f[0]);
    }
}


static void
llm_vercel_parts(llm_templated_t *lt, uint32_t list)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = lt->cc->j->nodes;

    if (llm_count_kind(lt->cc, list) != LLM_JSON_ARRAY) {
        llm_count_string(lt->cc, list);
        return;
    }

    for (i = list + 1; i < llm_json_next(lt->cc->j, list); i = v[i].next) {
        llm_vercel_part(lt, i);
    }
}


static void
llm_vercel_messages(llm_templated_t *lt, uint32_t prompt)
{
    uint32_t                i, turn;
    llm_openai_count_t     *cc;
    llm_templated_role_e    role;
    const llm_json_node_t  *v;

    cc = lt->cc;
    v = cc->j->nodes;

    if (llm_count_kind(cc, prompt) != LLM_JSON_ARRAY) {
        return;
    }

    turn = llm_chat_turn(cc, prompt);

    for (i = prompt + 1; i < llm_json_next(cc->j, prompt); i = v[i].next) {

        lt->going_on = (i > turn);
        role = llm_templated_role(cc->j, llm_json_get(cc->j, i, "role"));

        if (role == LLM_TEMPLATED_ASSISTANT) {
            llm_templated_assistant(lt, 1);

        } else if (role != LLM_TEMPLATED_RESULT) {
            llm_templated_message(lt, role);
        }

        llm_vercel_parts(lt, llm_json_get(cc->j, i, "content"));
    }
}


/* two forms of showing tools look for an object that is not in these */

static const llm_template_t *
llm_vercel_shown(llm_openai_count_t *cc, llm_template_t *t)
{
    const llm_template_t  *found;

    found = llm_templated_of(cc, t);

    if (found == NULL) {
        found = &llm_vercel_template;
    }

    if (found != t) {
        *t = *found;
    }

    if (t->shown == LLM_TEMPLATE_TYPES || t->shown == LLM_TEMPLATE_WORDS) {
        t->shown = LLM_TEMPLATE_LIST;
    }

    return t;
}


/* {"type":"text","values":[...]} are the documents of a ranking */

static int
llm_vercel_count_list(llm_request_t *q, llm_counter_t *c, const uint32_t *f)
{
    llm_input_t  in;

    llm_input_init(&in, q, c);

    in.estimate = 1;

    if (q->kind == LLM_KIND_RERANK) {
        llm_cohere_units(&in, f[LLM_VERCEL_QUERY],
                         llm_json_get(&q->json, f[LLM_VERCEL_DOCUMENTS],
                                      "values"));

    } else {
        llm_input_strings(&in, f[LLM_VERCEL_VALUES]);
    }

    return llm_input_end(&in);
}


int
llm_vercel_count(llm_request_t *q, llm_counter_t *c)
{
    uint32_t            f[LLM_VERCEL_FIELDS];
    llm_template_t      t;
    llm_templated_t     lt;
    llm_openai_count_t  cc;

    llm_json_fields(&q->json, 0, llm_vercel_names, LLM_VERCEL_FIELDS, f);

    if (!llm_kind_has_output(q->kind)) {
        return llm_vercel_count_list(q, c, f);
    }

    llm_count_init(&cc, q, c);
    llm_gemini_modalities_out(q, LLM_JSON_NONE);

    llm_templated_begin(&lt, &cc, llm_vercel_shown(&cc, &t));

    llm_vercel_messages(&lt, f[LLM_VERCEL_PROMPT]);
    llm_vercel_parts(&lt, f[LLM_VERCEL_STATE]);

    if (llm_given(&q->json, f[LLM_VERCEL_QUESTIONS])) {
        cc.text.len = 0;
        llm_openai_render(&cc.text, cc.j, f[LLM_VERCEL_QUESTIONS],
                          LLM_OPENAI_SPACED);
        llm_count_text(&cc, &cc.text);
    }

    llm_templated_tools(&lt, f[LLM_VERCEL_TOOLS]);
    llm_templated_end(&lt, llm_json_get(&q->json, f[LLM_VERCEL_FORMAT],
                                        "schema"));

    return llm_count_done(&cc);
}
