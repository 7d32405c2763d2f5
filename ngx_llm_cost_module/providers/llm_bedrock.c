
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_bedrock.h"
#include "llm_template.h"
#include "llm_path.h"
#include "llm_canon.h"
#include "llm_thinks.h"

#include <string.h>


/*
 * Amazon Bedrock: converse, which is the same for all models, and invoke,
 * whose body is that of the model's maker.  A request is signed over its body,
 * so that no byte of it may change: no usage is asked for, nothing is fitted.
 */

#define LLM_BEDROCK_CHOICES_MAX  128


static llm_path_e llm_bedrock_path(llm_route_t *route);
static int llm_bedrock_parse(llm_request_t *q);
static int llm_bedrock_edit(llm_request_t *q, llm_edits_t *e);
static size_t llm_bedrock_error(unsigned char *buf, const llm_refusal_t *f);
static int llm_bedrock_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx);
static llm_framing_e llm_bedrock_framing(const llm_request_t *q,
    const llm_str_t *type);
static unsigned llm_bedrock_status(const llm_route_t *route,
    const llm_refusal_t *f);


/* a model may be an ARN, with slashes in it */

static const llm_path_row_t  llm_bedrock_paths[] = {
    { "POST", "/model/**/converse", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_BEDROCK_CONVERSE },
    { "POST", "/model/**/converse-stream", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_BEDROCK_CONVERSE_STREAM },
    { "POST", "/model/**/invoke", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_BEDROCK_INVOKE },
    { "POST", "/model/**/invoke-with-response-stream", LLM_PATH_METERED,
      LLM_KIND_CHAT, LLM_BEDROCK_INVOKE_STREAM },
    { "POST", "/model/**/count-tokens", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/model/**/invoke-with-bidirectional-stream",
      LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/async-invoke", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "GET", "/async-invoke", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "GET", "/async-invoke/**", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/guardrail/*/version/*/apply", LLM_PATH_METERED,
      LLM_KIND_MODERATION, LLM_BEDROCK_GUARD },
    { "POST", "/guardrail-checks/invoke", LLM_PATH_UNSUPPORTED,
      LLM_KIND_OTHER, 0 },
    { "POST", "/rerank", LLM_PATH_METERED, LLM_KIND_RERANK, LLM_BEDROCK_RANK }
};


/* what bounds the output of an answer, by the names of the models' makers */

static const char * const  llm_bedrock_limits[] = {
    "max_tokens", "maxTokens", "max_tokens_to_sample", "max_gen_len",
    "max_completion_tokens", "max_new_tokens", "maxTokenCount"
};

#define LLM_BEDROCK_LIMITS                                                    \
    (sizeof(llm_bedrock_limits) / sizeof(char *))

static const char * const  llm_bedrock_choices[] = {
    "num_generations", "numResults", "n"
};

#define LLM_BEDROCK_CHOICES                                                   \
    (sizeof(llm_bedrock_choices) / sizeof(char *))

enum {
    LLM_BEDROCK_MESSAGES = 0,
    LLM_BEDROCK_INFERENCE,
    LLM_BEDROCK_TEXT_CONFIG,
    LLM_BEDROCK_TIER,
    LLM_BEDROCK_THINKING,
    LLM_BEDROCK_MORE,
    LLM_BEDROCK_FIELDS
};

static const char * const  llm_bedrock_names[] = {
    "messages", "inferenceConfig", "textGenerationConfig", "serviceTier",
    "thinking", "additionalModelRequestFields"
};


/* what of a request is in the key of the cache: llm_canon.h */

static const char * const  llm_bedrock_less[] = {
    "requestMetadata", NULL
};

static const char * const  llm_bedrock_verbatim[] = {
    "toolConfig", "input", "json", "tools",
    "additionalModelRequestFields", NULL
};

static const char * const  llm_bedrock_state[] = {
    "s3Location", NULL
};

static const llm_canon_t  llm_bedrock_canon = {
    llm_bedrock_less, llm_bedrock_verbatim, llm_bedrock_state
};


const llm_provider_t  llm_bedrock = {
    llm_string("bedrock"),
    llm_bedrock_path,
    llm_bedrock_parse,
    llm_bedrock_count,
    llm_bedrock_edit,
    llm_bedrock_answer,
    llm_bedrock_event,
    llm_bedrock_finish,
    llm_bedrock_error,
    llm_bedrock_canonical,
    llm_bedrock_framing,
    llm_bedrock_headers,
    NULL,
    llm_bedrock_status,
    NULL,
    NULL
};


llm_str_t
llm_bedrock_model(const llm_str_t *id)
{
    size_t     i;
    llm_str_t  s;

    s = *id;

    if (s.len < 4 || memcmp(s.data, "arn:", 4) != 0) {
        return s;
    }

    for (i = s.len; i > 0; i--) {

        if (s.data[i - 1] == '/') {
            s.data += i;
            s.len -= i;
            break;
        }
    }

    return s;
}


/* others have the path of rankings, too, but sign in another way */

static int
llm_bedrock_signed(const llm_route_t *route)
{
    const llm_str_t  *header;

    header = llm_route_header(route, "authorization");

    return header && header->len > 5 && memcmp(header->data, "AWS4-", 5) == 0;
}


static llm_path_e
llm_bedrock_path(llm_route_t *route)
{
    llm_str_t              star;
    const llm_path_row_t  *row;

    row = llm_path_find(llm_bedrock_paths,
                        sizeof(llm_bedrock_paths) / sizeof(llm_path_row_t),
                        route, &star);
    if (row == NULL) {
        return LLM_PATH_UNKNOWN;
    }

    if (row->op == LLM_BEDROCK_RANK && !llm_bedrock_signed(route)) {
        route->kind = LLM_KIND_OTHER;
        route->op = LLM_BEDROCK_NONE;

        return LLM_PATH_UNKNOWN;
    }

    llm_str_set(&route->vendor, "bedrock");

    if (row->what != LLM_PATH_METERED) {
        return row->what;
    }

    route->model = llm_bedrock_model(&star);

    if (route->op == LLM_BEDROCK_INVOKE) {

        if (llm_model_holds(&route->model, "embed")) {
            route->kind = LLM_KIND_EMBEDDINGS;

        } else if (llm_model_holds(&route->model, "rerank")) {
            route->kind = LLM_KIND_RERANK;

        } else if (llm_model_holds(&route->model, "stability.")
                   || llm_model_holds(&route->model, "nova-canvas")
                   || llm_model_holds(&route->model, "image-generator"))
        {
            route->kind = LLM_KIND_IMAGES;
        }
    }

    return row->what;
}


/* the largest of all that are there: which one counts, the model decides */

static int
llm_bedrock_limit(llm_request_t *q, uint32_t obj, const char * const *names,
    size_t n, int64_t max, int64_t *v)
{
    int       rc;
    size_t    i;
    int64_t   one;
    uint32_t  f[LLM_BEDROCK_LIMITS];

    rc = llm_request_object(q, obj, NULL, names, (unsigned) n, f);

    for (i = 0; i < n && rc == LLM_OK; i++) {
        one = *v;
        rc = llm_request_number(q, f[i], names[i], 1, max, &one);
        *v = (one > *v) ? one : *v;
    }

    return rc;
}


static int
llm_bedrock_parse_config(llm_request_t *q, uint32_t obj, const char *name)
{
    if (!llm_given(&q->json, obj)) {
        return LLM_OK;
    }

    if (llm_kind_of(&q->json, obj) != LLM_JSON_OBJECT) {
        return llm_request_bad(q, name, "must be an object");
    }

    return llm_bedrock_limit(q, obj, llm_bedrock_limits, LLM_BEDROCK_LIMITS,
                             LLM_DIALECT_TOKENS_MAX, &q->max_output);
}


/* {"serviceTier":{"type":"priority"}}, or a header */

static int
llm_bedrock_parse_tier(llm_request_t *q, uint32_t tier)
{
    const llm_str_t  *header;

    if (llm_kind_of(&q->json, tier) == LLM_JSON_OBJECT) {
        return llm_request_string(q, llm_json_get(&q->json, tier, "type"),
                                  "serviceTier.type", &q->service_tier);
    }

    header = llm_route_header(&q->route, "x-amzn-bedrock-service-tier");

    if (header) {
        q->service_tier = *header;
    }

    return LLM_OK;
}


/* Claude as Anthropic has it, in either way; Nova by a name of its own */

static int
llm_bedrock_thinks(const llm_request_t *q, const uint32_t *f)
{
    uint32_t           more;
    const llm_json_t  *j;

    j = &q->json;
    more = f[LLM_BEDROCK_MORE];

    return llm_thinks_asked(j, f[LLM_BEDROCK_THINKING])
           || llm_thinks_asked(j, llm_json_get(j, more, "thinking"))
           || llm_thinks_asked(j, llm_json_get(j, more, "reasoning_config"))
           || llm_thinks_asked(j, llm_json_get(j, more, "reasoningConfig"));
}


/* what only a body of "invoke" can have; converse has one form for all */

static int
llm_bedrock_parse_invoke(llm_request_t *q, const uint32_t *f)
{
    int  rc;

    rc = llm_bedrock_parse_config(q, f[LLM_BEDROCK_TEXT_CONFIG],
                                  "textGenerationConfig");
    if (rc == LLM_OK) {
        rc = llm_bedrock_parse_config(q, 0, NULL);
    }

    if (rc == LLM_OK) {
        rc = llm_bedrock_limit(q, 0, llm_bedrock_choices, LLM_BEDROCK_CHOICES,
                               LLM_BEDROCK_CHOICES_MAX, &q->choices);
    }

    if (!llm_kind_has_output(q->kind) || q->kind == LLM_KIND_IMAGES) {
        q->max_output = 0;
    }

    llm_bedrock_units(q);

    return rc;
}


static int
llm_bedrock_parse(llm_request_t *q)
{
    int       rc;
    uint32_t  f[LLM_BEDROCK_FIELDS];

    q->max_output = -1;
    q->choices = 1;
    q->sealed = 1;
    q->stream = q->route.op == LLM_BEDROCK_CONVERSE_STREAM
                || q->route.op == LLM_BEDROCK_INVOKE_STREAM;

    if (q->route.op == LLM_BEDROCK_RANK) {
        return llm_bedrock_rank_parse(q);
    }

    if (q->route.op == LLM_BEDROCK_GUARD) {
        return llm_bedrock_guard_parse(q);
    }

    if (llm_request_path_model(q, "modelId") != LLM_OK) {
        return LLM_BAD;
    }

    rc = llm_request_object(q, 0, NULL, llm_bedrock_names, LLM_BEDROCK_FIELDS,
                            f);

    if (rc == LLM_OK) {
        rc = llm_request_array(q, f[LLM_BEDROCK_MESSAGES], "messages", 1);
    }

    if (rc == LLM_OK) {
        rc = llm_bedrock_parse_config(q, f[LLM_BEDROCK_INFERENCE],
                                      "inferenceConfig");
    }

    if (rc == LLM_OK) {
        rc = llm_bedrock_parse_tier(q, f[LLM_BEDROCK_TIER]);
    }

    q->unseen = llm_bedrock_thinks(q, f);

    if (rc != LLM_OK || q->route.op <= LLM_BEDROCK_CONVERSE_STREAM) {
        return rc;
    }

    return llm_bedrock_parse_invoke(q, f);
}


/* signed: nothing can be changed */

static int
llm_bedrock_edit(llm_request_t *q, llm_edits_t *e)
{
    (void) q;

    e->n = 0;

    return LLM_OK;
}


/* names of the service's own exceptions, which its SDKs raise */

static const char *
llm_bedrock_type(llm_refuse_e why)
{
    switch (why) {

    case LLM_REFUSE_BUDGET:
        return "ServiceQuotaExceededException";

    case LLM_REFUSE_UNKNOWN_PATH:
        return "ResourceNotFoundException";

    case LLM_REFUSE_NO_KEY:
        return "AccessDeniedException";

    case LLM_REFUSE_STORE:
        return "ServiceUnavailableException";

    case LLM_REFUSE_UPSTREAM:
    case LLM_REFUSE_NOT_CACHED:
        return "InternalServerException";

    default:
        return "ValidationException";
    }
}


/* a 429 is repeated by every AWS SDK, whatever else the answer says */

static unsigned
llm_bedrock_status(const llm_route_t *route, const llm_refusal_t *f)
{
    (void) route;

    return (f->why == LLM_REFUSE_BUDGET) ? 400 : f->status;
}


static size_t
llm_bedrock_error(unsigned char *buf, const llm_refusal_t *f)
{
    llm_writer_t  w;

    w.buf = buf;
    w.len = 0;

    llm_write(&w, "{\"__type\":\"");
    llm_write(&w, llm_bedrock_type(f->why));
    llm_write(&w, "\",\"message\":\"");
    llm_write_escaped(&w, &f->message);
    llm_write(&w, "\",\"reason\":\"");
    llm_write_escaped(&w, &f->code);
    llm_write(&w, "\"}");

    return w.len;
}


static int
llm_bedrock_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    return llm_canonical(q, &llm_bedrock_canon, update, ctx);
}


/* whatever it is called: a stream comes in no other frames (but a proxy's) */

static llm_framing_e
llm_bedrock_framing(const llm_request_t *q, const llm_str_t *type)
{
    llm_framing_e  framing;

    framing = llm_framing_of(type);

    return (q->stream && framing != LLM_FRAMING_SSE) ? LLM_FRAMING_AWS
                                                     : framing;
}
