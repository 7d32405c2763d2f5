
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"
#include "llm_path.h"
#include "llm_canon.h"
#include "llm_video.h"
#include "llm_thinks.h"

#include <stdio.h>
#include <string.h>


/*
 * Google's dialect, of the Gemini API and of Vertex AI: generateContent and
 * streamGenerateContent, embedContent and batchEmbedContents.  The model is in
 * the path, the key may be in the arguments.
 */

static int llm_gemini_parse(llm_request_t *q);
static int llm_gemini_edit(llm_request_t *q, llm_edits_t *e);
static size_t llm_gemini_error(unsigned char *buf, const llm_refusal_t *f);
static unsigned llm_gemini_refusal_status(const llm_route_t *route,
    const llm_refusal_t *f);
static int llm_gemini_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx);
static llm_framing_e llm_gemini_framing(const llm_request_t *q,
    const llm_str_t *type);


/* members of the root, in the order of llm_gemini_field_e */

static const char * const  llm_gemini_camel[] = {
    "contents", "systemInstruction", "tools", "generationConfig",
    "cachedContent", "serviceTier", "content", "requests"
};

static const char * const  llm_gemini_snake[] = {
    "contents", "system_instruction", "tools", "generation_config",
    "cached_content", "service_tier", "content", "requests"
};


/* what a program may decide upon, by llm_refuse_e */

typedef struct {
    llm_refuse_e   why;
    const char    *status;
} llm_gemini_status_t;

static const llm_gemini_status_t  llm_gemini_statuses[] = {
    { LLM_REFUSE_BUDGET, "RESOURCE_EXHAUSTED" },
    { LLM_REFUSE_UNKNOWN_PATH, "NOT_FOUND" },
    { LLM_REFUSE_NO_KEY, "PERMISSION_DENIED" },
    { LLM_REFUSE_STORE, "UNAVAILABLE" },
    { LLM_REFUSE_UPSTREAM, "UNAVAILABLE" },
    { LLM_REFUSE_UPGRADE, "UNIMPLEMENTED" },
    { LLM_REFUSE_NOT_CACHED, "DEADLINE_EXCEEDED" }
};


/* what of a request is in the key of the cache: llm_canon.h */

static const char * const  llm_gemini_less[] = {
    "labels", NULL
};

static const char * const  llm_gemini_verbatim[] = {
    "tools", "args", "response", "responseSchema", "response_schema",
    "responseJsonSchema", "response_json_schema", NULL
};

static const char * const  llm_gemini_state[] = {
    "cachedContent", "cached_content", "fileData", "file_data",
    "continuationToken", "continuation_token", NULL
};

static const llm_canon_t  llm_gemini_canon = {
    llm_gemini_less, llm_gemini_verbatim, llm_gemini_state
};


const llm_provider_t  llm_gemini = {
    llm_string("gemini"),
    llm_gemini_path,
    llm_gemini_parse,
    llm_gemini_count,
    llm_gemini_edit,
    llm_gemini_answer,
    llm_gemini_event,
    llm_gemini_finish,
    llm_gemini_error,
    llm_gemini_canonical,
    llm_gemini_framing,
    llm_gemini_headers,
    NULL,
    llm_gemini_refusal_status,
    llm_gemini_reform,
    llm_gemini_batch_inner
};


uint32_t
llm_gemini_get(const llm_json_t *j, uint32_t obj, const char *camel,
    const char *snake)
{
    uint32_t  node;

    node = llm_json_get(j, obj, camel);

    return node == LLM_JSON_NONE ? llm_json_get(j, obj, snake) : node;
}


int
llm_gemini_fields(llm_request_t *q, uint32_t f[LLM_GEMINI_FIELDS])
{
    return llm_gemini_members(q, 0, NULL, llm_gemini_camel, llm_gemini_snake,
                              LLM_GEMINI_FIELDS, f);
}


/* it goes on where another one ended, or is kept for one that will */

static int
llm_gemini_continues(const llm_json_t *j)
{
    return llm_given(j, llm_gemini_get(j, 0, "continuationToken",
                                       "continuation_token"))
           || llm_kind_of(j, llm_json_get(j, 0, "store")) == LLM_JSON_TRUE;
}


/*
 * Tools that Google runs: what they find is not the same tomorrow.  A tool is
 * a member of an object, of which there may be one or a list.
 */

static int
llm_gemini_runs(const llm_json_t *j, uint32_t tools)
{
    uint32_t                i, end, key;
    const llm_json_node_t  *v;

    v = j->nodes;

    if (!llm_given(j, tools)) {
        return 0;
    }

    end = llm_json_next(j, tools);
    i = (llm_kind_of(j, tools) == LLM_JSON_ARRAY) ? tools + 1 : tools;

    for ( /* void */ ; i < end; i = v[i].next) {

        if (v[i].type != LLM_JSON_OBJECT) {
            return 1;
        }

        for (key = i + 1; key < v[i].next; key = v[key + 1].next) {
            if (!llm_json_equal(j, key, "functionDeclarations")
                && !llm_json_equal(j, key, "function_declarations"))
            {
                return 1;
            }
        }
    }

    return 0;
}


/*
 * In which form the answer is wanted: a stream is one array, unless the
 * arguments say otherwise.  What they say in any other way is not understood,
 * and has an entry of its own.
 */

static void
llm_gemini_parse_form(llm_request_t *q)
{
    size_t                i, n;
    const unsigned char  *p;

    static const char  alt[] = "alt=";

    q->framing = q->stream ? LLM_FRAMING_ARRAY : LLM_FRAMING_JSON;

    for (n = q->path.len; n > 0 && q->path.data[n - 1] != ':'; n--) {
        /* void */
    }

    q->same_path = n;

    p = q->route.args.data;
    n = q->route.args.len;

    for (i = 0; i + sizeof(alt) - 1 <= n; i++) {

        if (memcmp(p + i, alt, sizeof(alt) - 1) != 0) {
            continue;
        }

        if ((i == 0 || p[i - 1] == '&') && i + 7 <= n
            && memcmp(p + i, "alt=sse", 7) == 0
            && (i + 7 == n || p[i + 7] == '&'))
        {
            q->framing = LLM_FRAMING_SSE;

        } else {
            q->one_form = 1;
        }
    }
}


static int
llm_gemini_parse_chat(llm_request_t *q, const uint32_t *f)
{
    int  rc;

    if (!llm_given(&q->json, f[LLM_GEMINI_CONTENTS])) {
        return llm_request_bad(q, "contents", "is required");
    }

    /* one may stand for an array of one, as everywhere in Google's JSON */

    if (llm_kind_of(&q->json, f[LLM_GEMINI_CONTENTS]) == LLM_JSON_ARRAY) {
        rc = llm_request_array(q, f[LLM_GEMINI_CONTENTS], "contents", 1);

    } else {
        rc = llm_request_object(q, f[LLM_GEMINI_CONTENTS], "contents", NULL,
                                0, NULL);
    }

    if (rc == LLM_OK
        && llm_kind_of(&q->json, f[LLM_GEMINI_TOOLS]) != LLM_JSON_OBJECT)
    {
        rc = llm_request_array(q, f[LLM_GEMINI_TOOLS], "tools", 0);
    }

    if (rc == LLM_OK) {
        rc = llm_gemini_parse_config(q, f[LLM_GEMINI_CONFIG]);
    }

    q->stream = (q->route.op == LLM_GEMINI_STREAM);
    q->stateful = llm_given(&q->json, f[LLM_GEMINI_CACHED])
                  || llm_gemini_continues(&q->json)
                  || llm_gemini_runs(&q->json, f[LLM_GEMINI_TOOLS]);
    q->unseen = llm_gemini_thinks(q, f[LLM_GEMINI_CONFIG]);
    q->can_fit = 1;

    llm_gemini_parse_form(q);

    return rc;
}


static int
llm_gemini_parse_embed(llm_request_t *q, const uint32_t *f)
{
    q->max_output = 0;

    if (q->route.op == LLM_GEMINI_EMBED) {

        if (!llm_given(&q->json, f[LLM_GEMINI_CONTENT])) {
            return llm_request_bad(q, "content", "is required");
        }

        return llm_request_object(q, f[LLM_GEMINI_CONTENT], "content", NULL,
                                  0, NULL);
    }

    if (!llm_given(&q->json, f[LLM_GEMINI_REQUESTS])) {
        return llm_request_bad(q, "requests", "is required");
    }

    return llm_request_array(q, f[LLM_GEMINI_REQUESTS], "requests", 1);
}


/*
 * Every item of a batch names a model of its own, which must be the one of the
 * path: another would be billed at the wrong rate.
 */

static int
llm_gemini_parse_models(llm_request_t *q, uint32_t requests)
{
    int                     rc;
    uint32_t                i;
    llm_str_t               s;
    const llm_json_node_t  *v;

    v = q->json.nodes;

    for (i = requests + 1; i < llm_json_next(&q->json, requests);
         i = v[i].next)
    {
        s.len = 0;
        rc = llm_request_string(q, llm_json_get(&q->json, i, "model"),
                                "requests.model", &s);
        if (rc != LLM_OK) {
            return rc;
        }

        if (s.len == 0) {
            continue;
        }

        if (s.len < q->model.len
            || memcmp(s.data + s.len - q->model.len, q->model.data,
                      q->model.len) != 0)
        {
            return llm_request_bad(q, "requests.model",
                                   "must be the model of the path");
        }
    }

    return LLM_OK;
}


/* in the body, else in Vertex's header */

static int
llm_gemini_parse_tier(llm_request_t *q, uint32_t node)
{
    int               rc;
    const llm_str_t  *header;

    rc = llm_request_string(q, node, "serviceTier", &q->service_tier);

    if (rc != LLM_OK || q->service_tier.len) {
        return rc;
    }

    header = llm_route_header(&q->route,
                              "x-vertex-ai-llm-shared-request-type");
    if (header) {
        q->service_tier = *header;
    }

    return LLM_OK;
}


static int
llm_gemini_parse(llm_request_t *q)
{
    int       rc;
    uint32_t  f[LLM_GEMINI_FIELDS];

    if (q->route.op == LLM_GEMINI_INTERACT) {
        return llm_interactions_parse(q);
    }

    if (q->route.op == LLM_GEMINI_PREDICT) {
        return llm_gemini_predict_parse(q);
    }

    if (q->route.op == LLM_GEMINI_BATCH) {
        return llm_gemini_batch_parse(q);
    }

    if (q->route.op == LLM_GEMINI_FILM) {
        q->route.step = LLM_LONG_RUN;
        return llm_video_veo_parse(q);
    }

    q->max_output = -1;
    q->choices = 1;

    if (llm_request_path_model(q, "model") != LLM_OK) {
        return LLM_BAD;
    }

    rc = llm_gemini_fields(q, f);

    if (rc == LLM_OK) {
        rc = llm_gemini_parse_tier(q, f[LLM_GEMINI_TIER]);
    }

    if (rc != LLM_OK) {
        return rc;
    }

    if (q->kind == LLM_KIND_CHAT) {
        return llm_gemini_parse_chat(q, f);
    }

    rc = llm_gemini_parse_embed(q, f);

    if (rc == LLM_OK && q->route.op == LLM_GEMINI_EMBED_BATCH) {
        rc = llm_gemini_parse_models(q, f[LLM_GEMINI_REQUESTS]);
    }

    return rc;
}


/* the model is in the path, and no usage has to be asked for */

static int
llm_gemini_edit(llm_request_t *q, llm_edits_t *e)
{
    int64_t    v;
    uint32_t   f[LLM_GEMINI_FIELDS], max;

    if (q->route.op == LLM_GEMINI_INTERACT) {
        return llm_interactions_edit(q, e);
    }

    e->n = 0;

    if (e->set_max_output <= 0 || !q->can_fit) {
        return LLM_OK;
    }

    (void) llm_gemini_fields(q, f);

    if (f[LLM_GEMINI_CONFIG] == LLM_JSON_NONE) {
        return llm_edit_member(q, e, 0,
                               "\"generationConfig\":{\"maxOutputTokens\":",
                               e->set_max_output, "}");
    }

    if (!llm_given(&q->json, f[LLM_GEMINI_CONFIG])) {
        return llm_edit_value(q, e, f[LLM_GEMINI_CONFIG],
                              "{\"maxOutputTokens\":", e->set_max_output, "}");
    }

    max = llm_gemini_get(&q->json, f[LLM_GEMINI_CONFIG], "maxOutputTokens",
                         "max_output_tokens");

    if (max == LLM_JSON_NONE) {
        return llm_edit_member(q, e, f[LLM_GEMINI_CONFIG],
                               "\"maxOutputTokens\":", e->set_max_output, "");
    }

    if (llm_json_int(&q->json, max, &v) == LLM_OK && v <= e->set_max_output) {
        return LLM_OK;
    }

    return llm_edit_number(q, e, max, e->set_max_output);
}


static size_t
llm_gemini_error(unsigned char *buf, const llm_refusal_t *f)
{
    size_t        i;
    char          code[sizeof("4294967295")];
    const char   *status;
    llm_writer_t  w;

    status = "INVALID_ARGUMENT";

    for (i = 0; i < sizeof(llm_gemini_statuses) / sizeof(llm_gemini_status_t);
         i++)
    {
        if (llm_gemini_statuses[i].why == f->why) {
            status = llm_gemini_statuses[i].status;
        }
    }

    snprintf(code, sizeof(code), "%u", f->status);

    w.buf = buf;
    w.len = 0;

    llm_write(&w, "{\"error\":{\"code\":");
    llm_write(&w, code);
    llm_write(&w, ",\"message\":\"");
    llm_write_escaped(&w, &f->message);
    llm_write(&w, "\",\"status\":\"");
    llm_write(&w, status);
    llm_write(&w, "\",\"details\":[{\"@type\":"
                  "\"type.googleapis.com/google.rpc.ErrorInfo\","
                  "\"reason\":\"");
    llm_write_escaped(&w, &f->code);
    llm_write(&w, "\",\"domain\":\"llm_cost\"}]}}");

    return w.len;
}


/* Google's SDK repeats a 429 of interactions, and of nothing else */

static unsigned
llm_gemini_refusal_status(const llm_route_t *route, const llm_refusal_t *f)
{
    return (route->op == LLM_GEMINI_INTERACT && f->why == LLM_REFUSE_BUDGET)
           ? 402 : f->status;
}


static int
llm_gemini_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    return llm_canonical(q, &llm_gemini_canon, update, ctx);
}


/* a stream that is not asked for as events is one array that grows */

static llm_framing_e
llm_gemini_framing(const llm_request_t *q, const llm_str_t *type)
{
    llm_framing_e  framing;

    framing = llm_framing_of(type);

    if (framing == LLM_FRAMING_JSON && q->route.op == LLM_GEMINI_STREAM) {
        return LLM_FRAMING_ARRAY;
    }

    return framing;
}
