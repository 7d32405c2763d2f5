
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_cohere.h"
#include "llm_huggingface.h"
#include "llm_path.h"
#include "llm_canon.h"


/*
 * Cohere's dialect: chat of both versions, generate, embed and rerank (which
 * Voyage, Jina, vLLM and others speak, too), and Voyage's own embeddings, which
 * are like them.  This is what it is asked for; _answer.c reads what came.
 */

#define LLM_COHERE_IMAGE         1600      /* tokens of a picture, at most */
#define LLM_COHERE_CHUNK         500       /* tokens of a document */
#define LLM_COHERE_UNIT          100       /* documents of a search unit */
#define LLM_COHERE_MEDIA         32000     /* tokens of an input of Voyage's */
#define LLM_COHERE_CHOICES_MAX   128


static llm_path_e llm_cohere_path(llm_route_t *route);
static int llm_cohere_parse(llm_request_t *q);
static int llm_cohere_count(llm_request_t *q, llm_counter_t *c);
static int llm_cohere_edit(llm_request_t *q, llm_edits_t *e);
static size_t llm_cohere_error(unsigned char *buf, const llm_refusal_t *f);
static int llm_cohere_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx);
static llm_framing_e llm_cohere_framing(const llm_request_t *q,
    const llm_str_t *type);
static unsigned llm_cohere_status(const llm_route_t *route,
    const llm_refusal_t *f);


static const llm_path_row_t  llm_cohere_paths[] = {
    { "POST", "/v2/chat", LLM_PATH_METERED, LLM_KIND_CHAT, LLM_COHERE_CHAT },
    { "POST", "/v1/chat", LLM_PATH_METERED, LLM_KIND_CHAT,
      LLM_COHERE_CHAT_V1 },
    { "POST", "/v1/generate", LLM_PATH_METERED, LLM_KIND_COMPLETION,
      LLM_COHERE_GENERATE },
    { "POST", "/v1/embed", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS,
      LLM_COHERE_EMBED },
    { "POST", "/v2/embed", LLM_PATH_METERED, LLM_KIND_EMBEDDINGS,
      LLM_COHERE_EMBED },
    { "POST", "/contextualizedembeddings", LLM_PATH_METERED,
      LLM_KIND_EMBEDDINGS, LLM_COHERE_EMBED_TEXTS },
    { "POST", "/multimodalembeddings", LLM_PATH_METERED,
      LLM_KIND_EMBEDDINGS, LLM_COHERE_EMBED_MEDIA },
    { "POST", "/rerank", LLM_PATH_METERED, LLM_KIND_RERANK,
      LLM_COHERE_RERANK },
    { "POST", "/tokenize", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/detokenize", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/v1/check-api-key", LLM_PATH_FREE, LLM_KIND_OTHER, 0 },
    { "POST", "/v1/summarize", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/v1/classify", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 },
    { "POST", "/v1/embed-jobs", LLM_PATH_UNSUPPORTED, LLM_KIND_OTHER, 0 }
};


enum {
    LLM_COHERE_MODEL = 0,
    LLM_COHERE_STREAM,
    LLM_COHERE_MAX,
    LLM_COHERE_N,
    LLM_COHERE_MESSAGES,
    LLM_COHERE_MESSAGE,
    LLM_COHERE_PROMPT,
    LLM_COHERE_TEXTS,
    LLM_COHERE_IMAGES,
    LLM_COHERE_INPUTS,
    LLM_COHERE_QUERY,
    LLM_COHERE_DOCUMENTS,
    LLM_COHERE_TOOLS,
    LLM_COHERE_TOOL_RESULTS,
    LLM_COHERE_HISTORY,
    LLM_COHERE_PREAMBLE,
    LLM_COHERE_CONNECTORS,
    LLM_COHERE_INPUT,
    LLM_COHERE_FIELDS
};

static const char * const  llm_cohere_names[] = {
    "model", "stream", "max_tokens", "num_generations", "messages", "message",
    "prompt", "texts", "images", "inputs", "query", "documents", "tools",
    "tool_results", "chat_history", "preamble", "connectors", "input"
};


/* what of a request is in the key of the cache: llm_canon.h */

static const char * const  llm_cohere_less[] = {
    "stream", NULL
};

static const char * const  llm_cohere_verbatim[] = {
    "tools", "tool_results", "documents", "parameters", "response_format",
    NULL
};

static const char * const  llm_cohere_state[] = {
    "conversation_id", "connectors", NULL
};

static const llm_canon_t  llm_cohere_canon = {
    llm_cohere_less, llm_cohere_verbatim, llm_cohere_state
};


const llm_provider_t  llm_cohere = {
    llm_string("cohere"),
    llm_cohere_path,
    llm_cohere_parse,
    llm_cohere_count,
    llm_cohere_edit,
    llm_cohere_answer,
    llm_cohere_event,
    llm_cohere_finish,
    llm_cohere_error,
    llm_cohere_canonical,
    llm_cohere_framing,
    llm_huggingface_headers,                       /* TEI's, of a ranking */
    NULL,
    llm_cohere_status,
    NULL,
    NULL
};


static llm_path_e
llm_cohere_path(llm_route_t *route)
{
    const llm_path_row_t  *row;

    row = llm_path_find(llm_cohere_paths,
                        sizeof(llm_cohere_paths) / sizeof(llm_path_row_t),
                        route, NULL);

    return row ? row->what : LLM_PATH_UNKNOWN;
}


/*
 * Of the old calls the model may be left out: Cohere takes these then.  A
 * server that has one model for rankings, and so names none, has a price of
 * this name.
 */

static int
llm_cohere_parse_model(llm_request_t *q, uint32_t node)
{
    const llm_json_node_t  *v;

    v = q->json.nodes;

    if (llm_given(&q->json, node)
        && !(v[node].type == LLM_JSON_STRING && v[node].start == v[node].end))
    {
        return llm_request_model(q, node, "model");
    }

    switch (q->route.op) {

    case LLM_COHERE_CHAT_V1:
        llm_str_set(&q->model, "command-r-plus-08-2024");
        return LLM_OK;

    case LLM_COHERE_GENERATE:
        llm_str_set(&q->model, "command");
        return LLM_OK;

    case LLM_COHERE_RERANK:
        llm_str_set(&q->model, "rerank");
        return LLM_OK;

    default:
        return llm_request_model(q, node, "model");
    }
}


/* a list that has two names: the one that is there */

static unsigned
llm_cohere_list(const llm_request_t *q, const uint32_t *f, unsigned one,
    unsigned other)
{
    return llm_given(&q->json, f[one]) || !llm_given(&q->json, f[other])
           ? one : other;
}


static int
llm_cohere_parse_rank(llm_request_t *q, const uint32_t *f)
{
    int        rc;
    unsigned   i;
    llm_str_t  s;

    /* a ranking of Bedrock's own has the same path, and names a model
       elsewhere */

    if (llm_given(&q->json, llm_json_get(&q->json, 0, "sources"))) {
        return LLM_DECLINED;
    }

    rc = llm_request_string(q, f[LLM_COHERE_QUERY], "query", &s);
    i = llm_cohere_list(q, f, LLM_COHERE_DOCUMENTS, LLM_COHERE_TEXTS);

    if (rc == LLM_OK && !llm_given(&q->json, f[i])) {
        return llm_request_bad(q, "documents", "is required");
    }

    return rc == LLM_OK ? llm_request_array(q, f[i], llm_cohere_names[i], 0)
                        : rc;
}


/* what an answer is made from has to be there */

static int
llm_cohere_parse_input(llm_request_t *q, const uint32_t *f)
{
    int        rc;
    unsigned   i;
    llm_str_t  s;

    switch (q->route.op) {

    case LLM_COHERE_CHAT:
        return llm_given(&q->json, f[LLM_COHERE_MESSAGES])
               ? llm_request_array(q, f[LLM_COHERE_MESSAGES], "messages", 1)
               : llm_request_bad(q, "messages", "is required");

    case LLM_COHERE_CHAT_V1:
        rc = llm_request_array(q, f[LLM_COHERE_HISTORY], "chat_history", 1);

        return rc == LLM_OK ? llm_request_string(q, f[LLM_COHERE_MESSAGE],
                                                 "message", &s)
                            : rc;

    case LLM_COHERE_GENERATE:
        return llm_request_string(q, f[LLM_COHERE_PROMPT], "prompt", &s);

    case LLM_COHERE_EMBED:
        rc = llm_request_array(q, f[LLM_COHERE_TEXTS], "texts", 0);

        if (rc == LLM_OK) {
            rc = llm_request_array(q, f[LLM_COHERE_IMAGES], "images", 0);
        }

        return rc == LLM_OK ? llm_request_array(q, f[LLM_COHERE_INPUTS],
                                                "inputs", 1)
                            : rc;

    case LLM_COHERE_EMBED_TEXTS:
    case LLM_COHERE_EMBED_MEDIA:
        i = llm_cohere_list(q, f, LLM_COHERE_INPUTS, LLM_COHERE_INPUT);

        return llm_given(&q->json, f[i])
               ? llm_request_array(q, f[i], llm_cohere_names[i],
                                   q->route.op == LLM_COHERE_EMBED_MEDIA)
               : llm_request_bad(q, "inputs", "is required");

    default: /* LLM_COHERE_RERANK */
        return llm_cohere_parse_rank(q, f);
    }
}


/* Writer's chat is at the path of the first version's, and OpenAI's else */

static int
llm_cohere_is_writer(const llm_request_t *q)
{
    return q->route.op == LLM_COHERE_CHAT_V1
           && llm_kind_of(&q->json, llm_json_get(&q->json, 0, "messages"))
              == LLM_JSON_ARRAY
           && llm_json_get(&q->json, 0, "message") == LLM_JSON_NONE;
}


static int
llm_cohere_parse(llm_request_t *q)
{
    int       rc, stream;
    uint32_t  f[LLM_COHERE_FIELDS];

    if (llm_cohere_is_writer(q)) {
        q->provider = &llm_openai;
        q->route.op = 0;

        return llm_openai.parse(q);
    }

    q->max_output = -1;
    q->choices = 1;
    stream = 0;

    /* a row without a price by the token will do: count() says how many */

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    rc = llm_request_object(q, 0, NULL, llm_cohere_names, LLM_COHERE_FIELDS,
                            f);

    if (rc == LLM_OK) {
        rc = llm_cohere_parse_model(q, f[LLM_COHERE_MODEL]);
    }

    if (rc == LLM_OK) {
        rc = llm_request_bool(q, f[LLM_COHERE_STREAM], "stream", &stream);
    }

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[LLM_COHERE_MAX], "max_tokens", 1,
                                LLM_DIALECT_TOKENS_MAX, &q->max_output);
    }

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[LLM_COHERE_N], "num_generations", 1,
                                LLM_COHERE_CHOICES_MAX, &q->choices);
    }

    if (rc == LLM_OK) {
        rc = llm_cohere_parse_input(q, f);
    }

    q->stream = stream;

    if (llm_kind_has_output(q->kind)) {
        q->can_fit = 1;

    } else {
        q->max_output = 0;
        q->choices = 1;
    }

    return rc;
}


/* texts of messages; a picture is as large as it can be */

static void
llm_cohere_messages(llm_input_t *in, uint32_t list)
{
    uint32_t                i, k, content;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    if (llm_kind_of(in->j, list) != LLM_JSON_ARRAY) {
        return;
    }

    for (i = list + 1; i < llm_json_next(in->j, list); i = v[i].next) {

        content = llm_json_get(in->j, i, "content");

        llm_input_string(in, llm_json_get(in->j, i, "tool_plan"));
        llm_input_string(in, llm_json_get(in->j, i, "message"));

        if (llm_kind_of(in->j, content) != LLM_JSON_ARRAY) {
            llm_input_string(in, content);
            continue;
        }

        for (k = content + 1; k < llm_json_next(in->j, content);
             k = v[k].next)
        {
            if (llm_given(in->j, llm_json_get(in->j, k, "image_url"))
                || llm_given(in->j, llm_json_get(in->j, k, "image")))
            {
                in->tokens += LLM_COHERE_IMAGE;
                in->q->most.image_input = -1;
                in->q->most.images_in++;
                continue;
            }

            llm_input_strings(in, k);
        }
    }
}


void
llm_cohere_units(llm_input_t *in, uint32_t query, uint32_t documents)
{
    int64_t                 base, n, each;
    uint32_t                i;
    const llm_json_node_t  *v;

    llm_input_string(in, query);

    v = in->j->nodes;
    n = 0;
    each = in->tokens;

    for (i = documents + 1; llm_kind_of(in->j, documents) == LLM_JSON_ARRAY
         && i < llm_json_next(in->j, documents); i = v[i].next)
    {
        /* one that is too long counts as several, each with the query */

        base = in->tokens;
        llm_input_strings(in, i);
        n += (in->tokens - base) / LLM_COHERE_CHUNK + 1;

        if (i > documents + 1) {
            in->tokens += each;
        }
    }

    in->q->most.queries = n / LLM_COHERE_UNIT + 1;
}


/* a picture or a film is as large as an input can be */

static void
llm_cohere_media(llm_input_t *in, uint32_t list)
{
    int64_t                 base;
    uint32_t                i, k, content;
    const llm_json_node_t  *v;

    v = in->j->nodes;

    for (i = list + 1; i < llm_json_next(in->j, list); i = v[i].next) {

        content = llm_json_get(in->j, i, "content");
        base = in->tokens;

        if (llm_kind_of(in->j, content) != LLM_JSON_ARRAY) {
            llm_input_strings(in, content);
            continue;
        }

        for (k = content + 1; k < llm_json_next(in->j, content);
             k = v[k].next)
        {
            if (llm_kind_of(in->j, k) == LLM_JSON_OBJECT
                && !llm_given(in->j, llm_json_get(in->j, k, "text")))
            {
                in->tokens = base + LLM_COHERE_MEDIA;
                break;
            }

            llm_input_strings(in, k);
        }
    }
}


/* Voyage's; LLM_OK, LLM_ERROR */

static int
llm_cohere_count_inputs(llm_input_t *in, const uint32_t *f)
{
    uint32_t  list;

    list = f[llm_cohere_list(in->q, f, LLM_COHERE_INPUTS, LLM_COHERE_INPUT)];

    if (in->q->route.op == LLM_COHERE_EMBED_MEDIA) {
        llm_cohere_media(in, list);

    } else {
        llm_input_strings(in, list);
    }

    return llm_input_end(in);
}


static int
llm_cohere_count(llm_request_t *q, llm_counter_t *c)
{
    uint32_t       f[LLM_COHERE_FIELDS], images;
    llm_input_t    in;
    llm_counter_t  digits;

    llm_input_init(&in, q, c);

    in.estimate = 1;

    llm_json_fields(&q->json, 0, llm_cohere_names, LLM_COHERE_FIELDS, f);

    if (q->route.op == LLM_COHERE_RERANK) {
        llm_cohere_units(&in, f[LLM_COHERE_QUERY],
                         f[llm_cohere_list(q, f, LLM_COHERE_DOCUMENTS,
                                           LLM_COHERE_TEXTS)]);
        return llm_input_end(&in);
    }

    if (q->route.op == LLM_COHERE_EMBED_TEXTS
        || q->route.op == LLM_COHERE_EMBED_MEDIA)
    {
        return llm_cohere_count_inputs(&in, f);
    }

    llm_cohere_counter(&digits, c);
    in.c = &digits;

    llm_cohere_messages(&in, f[LLM_COHERE_MESSAGES]);
    llm_cohere_messages(&in, f[LLM_COHERE_HISTORY]);
    llm_cohere_messages(&in, f[LLM_COHERE_INPUTS]);

    llm_input_string(&in, f[LLM_COHERE_MESSAGE]);
    llm_input_string(&in, f[LLM_COHERE_PROMPT]);
    llm_input_string(&in, f[LLM_COHERE_PREAMBLE]);
    llm_input_strings(&in, f[LLM_COHERE_TEXTS]);
    llm_input_strings(&in, f[LLM_COHERE_DOCUMENTS]);
    llm_cohere_tools(&in, f[LLM_COHERE_TOOLS]);
    llm_input_value(&in, f[LLM_COHERE_TOOL_RESULTS]);

    if (llm_given(&q->json, f[LLM_COHERE_CONNECTORS])) {
        q->most.searches = -1;
    }

    images = f[LLM_COHERE_IMAGES];

    if (llm_kind_of(&q->json, images) == LLM_JSON_ARRAY) {
        q->most.image_input = -1;
        q->most.images_in = llm_json_next(&q->json, images) - images - 1;
        in.tokens += LLM_COHERE_IMAGE * q->most.images_in;
    }

    return llm_input_end(&in);
}


static int
llm_cohere_edit(llm_request_t *q, llm_edits_t *e)
{
    e->n = 0;

    return llm_edit_max(q, e, 0, "max_tokens", "\"max_tokens\":");
}


/* a 429 is repeated by Cohere's SDKs; 402 is the status of a spent account */

static unsigned
llm_cohere_status(const llm_route_t *route, const llm_refusal_t *f)
{
    (void) route;

    return (f->why == LLM_REFUSE_BUDGET) ? 402 : f->status;
}


static size_t
llm_cohere_error(unsigned char *buf, const llm_refusal_t *f)
{
    llm_writer_t  w;

    w.buf = buf;
    w.len = 0;

    llm_write(&w, "{\"message\":\"");
    llm_write_escaped(&w, &f->message);
    llm_write(&w, "\",\"code\":\"");
    llm_write_escaped(&w, &f->code);
    llm_write(&w, "\"}");

    return w.len;
}


static int
llm_cohere_canonical(llm_request_t *q,
    void (*update)(void *ctx, const void *p, size_t n), void *ctx)
{
    return llm_canonical(q, &llm_cohere_canon, update, ctx);
}


/* the first version streams a value a line, as application/stream+json */

static llm_framing_e
llm_cohere_framing(const llm_request_t *q, const llm_str_t *type)
{
    llm_framing_e  framing;

    framing = llm_framing_of(type);

    return (q->stream && framing == LLM_FRAMING_JSON) ? LLM_FRAMING_NDJSON
                                                      : framing;
}
