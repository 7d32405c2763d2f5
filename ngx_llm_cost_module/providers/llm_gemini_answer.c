
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"
#include "llm_video.h"

#include <string.h>


/*
 * Answers, whole or element by element.  Nearly every event of a stream says
 * what has been used so far: the last object that says anything replaces all
 * before it.  A counter that is not in it is 0, not unknown.
 */

#define LLM_GEMINI_EVENT_NODES   65536
#define LLM_GEMINI_CANDIDATES    32
#define LLM_GEMINI_TIER_MAX      64      /* bytes of its name in a header */

#define LLM_GEMINI_TEXT          1
#define LLM_GEMINI_THOUGHT       2
#define LLM_GEMINI_CALL          3
#define LLM_GEMINI_PARTS         4


typedef struct {
    llm_json_t             json;     /* of an event; nodes are kept */
    llm_output_t           output;
    uint32_t               begun;    /* candidates, a bit each */
    uint32_t               ended;
    llm_gemini_searches_t  searches;
} llm_gemini_state_t;


/* of the root */

enum {
    LLM_GEMINI_A_CANDIDATES = 0,
    LLM_GEMINI_A_USAGE,
    LLM_GEMINI_A_MODEL,
    LLM_GEMINI_A_FEEDBACK,
    LLM_GEMINI_A_ERROR,
    LLM_GEMINI_A_EMBEDDING,
    LLM_GEMINI_A_EMBEDDINGS,
    LLM_GEMINI_A_N
};

static const char * const  llm_gemini_answer_names[] = {
    "candidates", "usageMetadata", "modelVersion", "promptFeedback", "error",
    "embedding", "embeddings"
};


/* of a usage */

enum {
    LLM_GEMINI_U_PROMPT = 0,
    LLM_GEMINI_U_CANDIDATES,
    LLM_GEMINI_U_RESPONSE,           /* the name of the Live API */
    LLM_GEMINI_U_THOUGHTS,
    LLM_GEMINI_U_TOOLS,
    LLM_GEMINI_U_CACHED,
    LLM_GEMINI_U_TOTAL,
    LLM_GEMINI_U_FIGURES,

    LLM_GEMINI_U_PROMPT_BY = LLM_GEMINI_U_FIGURES,
    LLM_GEMINI_U_PROMPT_BY_OLD,
    LLM_GEMINI_U_TOOLS_BY,
    LLM_GEMINI_U_CACHED_BY,
    LLM_GEMINI_U_OUTPUT_BY,
    LLM_GEMINI_U_RESPONSE_BY,        /* of the Live API, too */
    LLM_GEMINI_U_TRAFFIC,
    LLM_GEMINI_U_TIER,
    LLM_GEMINI_U_N
};

static const char * const  llm_gemini_usage_names[] = {
    "promptTokenCount", "candidatesTokenCount", "responseTokenCount",
    "thoughtsTokenCount", "toolUsePromptTokenCount",
    "cachedContentTokenCount", "totalTokenCount",
    "promptTokensDetails", "promptTokenDetails",
    "toolUsePromptTokensDetails", "cacheTokensDetails",
    "candidatesTokensDetails", "responseTokensDetails", "trafficType",
    "serviceTier"
};


/* names of kinds, and the numbers that some clients get instead */

typedef struct {
    const char  *name;
    int64_t      number;
} llm_gemini_modality_t;

enum {
    LLM_GEMINI_IMAGE = 0,
    LLM_GEMINI_VIDEO,
    LLM_GEMINI_AUDIO,
    LLM_GEMINI_MODALITIES
};

static const llm_gemini_modality_t  llm_gemini_modalities[] = {
    { "IMAGE", 2 },
    { "VIDEO", 3 },
    { "AUDIO", 4 }
};


/* tokens by kind, added to what v has */

static void
llm_gemini_details(llm_answer_t *a, const llm_json_t *j, uint32_t list,
    int64_t v[LLM_GEMINI_MODALITIES])
{
    int64_t                 n, number;
    unsigned                k;
    uint32_t                i, f[2];
    const llm_json_node_t  *nodes;

    static const char * const  names[] = { "modality", "tokenCount" };

    if (llm_answer_part(a, j, list, LLM_JSON_ARRAY) == LLM_JSON_NONE) {
        return;
    }

    nodes = j->nodes;

    for (i = list + 1; i < llm_json_next(j, list); i = nodes[i].next) {

        llm_json_fields(j, llm_answer_part(a, j, i, LLM_JSON_OBJECT), names, 2,
                        f);
        n = llm_answer_figure(a, j, f[1]);

        if (n < 0 || f[0] == LLM_JSON_NONE) {
            continue;
        }

        /* a modality may be its number: a string's is none of these */

        if (llm_json_int(j, f[0], &number) != LLM_OK) {
            number = -1;
        }

        for (k = 0; k < LLM_GEMINI_MODALITIES; k++) {
            if (number == llm_gemini_modalities[k].number
                || (llm_kind_of(j, f[0]) == LLM_JSON_STRING
                    && llm_json_equal(j, f[0],
                                      llm_gemini_modalities[k].name)))
            {
                v[k] = llm_sum(v[k], n);
            }
        }
    }
}


/* the parts of a usage by what they are */

static void
llm_gemini_kinds(llm_answer_t *a, const llm_json_t *j, const uint32_t *f,
    llm_usage_t *u)
{
    int64_t  in[] = { -1, -1, -1 }, cached[] = { -1, -1, -1 };
    int64_t  out[] = { -1, -1, -1 };

    llm_gemini_details(a, j, f[LLM_GEMINI_U_PROMPT_BY], in);
    llm_gemini_details(a, j, f[LLM_GEMINI_U_PROMPT_BY_OLD], in);
    llm_gemini_details(a, j, f[LLM_GEMINI_U_TOOLS_BY], in);
    llm_gemini_details(a, j, f[LLM_GEMINI_U_CACHED_BY], cached);
    llm_gemini_details(a, j, f[LLM_GEMINI_U_OUTPUT_BY], out);
    llm_gemini_details(a, j, f[LLM_GEMINI_U_RESPONSE_BY], out);

    u->image_input = in[LLM_GEMINI_IMAGE];
    u->video_input = in[LLM_GEMINI_VIDEO];
    u->audio_input = in[LLM_GEMINI_AUDIO];

    u->cached_image = cached[LLM_GEMINI_IMAGE];
    u->cached_video = cached[LLM_GEMINI_VIDEO];
    u->cached_audio = cached[LLM_GEMINI_AUDIO];

    u->image_output = out[LLM_GEMINI_IMAGE];
    u->video_output = out[LLM_GEMINI_VIDEO];
    u->audio_output = out[LLM_GEMINI_AUDIO];
}


/* of two sums one is not known, and the total is: it is what is left */

static void
llm_gemini_rest(llm_usage_t *u, int64_t total)
{
    if (u->input < 0 && u->output >= 0 && total >= u->output) {
        u->input = total - u->output;

    } else if (u->output < 0 && u->input >= 0 && total >= u->input) {
        u->output = total - u->input;
    }
}


/*
 * Prompt and what tools brought in are input, candidates and thoughts output.
 * Where the total is larger than its parts, the difference is output: it has
 * to be paid, and output is what providers forget to break down.  What is not
 * there is 0, unless something is there that cannot be read.
 */

static void
llm_gemini_sum(llm_usage_t *u, const int64_t *v, llm_kind_e kind,
    unsigned bad)
{
    int64_t  total;

    total = v[LLM_GEMINI_U_TOTAL];

    u->input = llm_said(llm_sum(v[LLM_GEMINI_U_PROMPT],
                                v[LLM_GEMINI_U_TOOLS]));
    u->output = llm_said(llm_sum(v[LLM_GEMINI_U_CANDIDATES] != -1
                                 ? v[LLM_GEMINI_U_CANDIDATES]
                                 : v[LLM_GEMINI_U_RESPONSE],
                                 v[LLM_GEMINI_U_THOUGHTS]));

    u->cached_input = llm_said(v[LLM_GEMINI_U_CACHED]);
    u->reasoning = llm_said(v[LLM_GEMINI_U_THOUGHTS]);

    if (kind == LLM_KIND_EMBEDDINGS) {
        u->output = 0;
    }

    if (bad) {
        llm_gemini_rest(u, total);
        return;
    }

    if (u->input < 0) {

        /* nothing of it but the total, or the output and the total */

        u->input = (total > 0) ? total - (u->output > 0 ? u->output : 0) : 0;
        u->input = (u->input > 0) ? u->input : 0;
    }

    u->output = (u->output > 0) ? u->output : 0;

    if (kind != LLM_KIND_EMBEDDINGS && total - u->input > u->output) {
        u->output = total - u->input;
    }
}


/* blocked: nothing was asked of the model, so that no counter at all is 0 */

static void
llm_gemini_usage(llm_answer_t *a, const llm_json_t *j, uint32_t obj,
    int blocked)
{
    int                i, said;
    unsigned           bad;
    int64_t            v[LLM_GEMINI_U_FIGURES], searches, maps;
    uint32_t           f[LLM_GEMINI_U_N];
    llm_usage_t        u = LLM_USAGE_INIT;
    const llm_usage_t  unknown = LLM_USAGE_INIT;

    if (llm_answer_part(a, j, obj, LLM_JSON_OBJECT) == LLM_JSON_NONE) {
        return;
    }

    llm_json_fields(j, obj, llm_gemini_usage_names, LLM_GEMINI_U_N, f);

    /* what an earlier event said badly does not make this one's total so */

    bad = a->usage_bad;
    a->usage_bad = 0;

    for (said = 0, i = 0; i < LLM_GEMINI_U_FIGURES; i++) {
        v[i] = llm_answer_addend(a, j, f[i]);
        said |= (v[i] >= 0);
    }

    llm_gemini_sum(&u, v, a->kind, a->usage_bad);
    a->usage_bad |= bad;

    if (!said && !blocked) {
        return;
    }

    llm_gemini_kinds(a, j, f, &u);

    /* these are no part of it */

    searches = a->usage.searches;
    maps = a->usage.maps_queries;
    a->usage = unknown;
    a->usage.searches = searches;
    a->usage.maps_queries = maps;
    a->usage_seen = 1;

    llm_usage_merge(&a->usage, &u);
}


/* the tier that it was served in, which each event says again */

static int
llm_gemini_tier(llm_answer_t *a, const llm_json_t *j, uint32_t usage)
{
    uint32_t  node;

    node = llm_json_get(j, usage, "trafficType");

    if (llm_kind_of(j, node) != LLM_JSON_STRING) {
        node = llm_json_get(j, usage, "serviceTier");
    }

    return llm_answer_keep(a, j, node, &a->service_tier);
}


/* ... and the header, which not every body repeats; in either case */

int
llm_gemini_headers(llm_answer_t *a, const llm_headers_t *h)
{
    size_t            i;
    unsigned char    *p;
    const llm_str_t  *s;

    s = h->get(h->ctx, "x-gemini-service-tier");

    if (s && s->len && s->len <= LLM_GEMINI_TIER_MAX) {

        p = llm_alloc(a->mem, s->len);
        if (p == NULL) {
            return LLM_ERROR;
        }

        for (i = 0; i < s->len; i++) {
            p[i] = llm_lower(s->data[i]);
        }

        a->service_tier.data = p;
        a->service_tier.len = s->len;
    }

    return llm_answer_headers(a, h);
}


static void
llm_gemini_out(llm_answer_t *a, llm_gemini_state_t *st, const llm_json_t *j,
    uint32_t candidate, int64_t index)
{
    uint32_t                i, f[5], parts;
    int64_t                 base;
    const llm_json_node_t  *v;

    static const char * const  names[] = { "text", "thought", "functionCall",
                                           "executableCode",
                                           "codeExecutionResult" };

    parts = llm_json_get(j, llm_json_get(j, candidate, "content"), "parts");

    if (a->counter == NULL || llm_kind_of(j, parts) != LLM_JSON_ARRAY) {
        return;
    }

    v = j->nodes;
    base = index * LLM_GEMINI_PARTS;

    for (i = parts + 1; i < llm_json_next(j, parts); i = v[i].next) {

        llm_json_fields(j, i, names, 5, f);

        llm_output_string(&st->output, a,
                          base + (llm_kind_of(j, f[1]) == LLM_JSON_TRUE
                                  ? LLM_GEMINI_THOUGHT : LLM_GEMINI_TEXT),
                          j, f[0]);
        llm_output_value(&st->output, a, base + LLM_GEMINI_CALL, j, f[2]);
        llm_output_value(&st->output, a, base + LLM_GEMINI_CALL, j, f[3]);
    }
}


static void
llm_gemini_candidates(llm_answer_t *a, llm_gemini_state_t *st,
    const llm_json_t *j, uint32_t list)
{
    int64_t                 index;
    uint32_t                i, node;
    const llm_json_node_t  *v;

    if (llm_kind_of(j, list) != LLM_JSON_ARRAY) {
        return;
    }

    v = j->nodes;

    for (i = list + 1; i < llm_json_next(j, list); i = v[i].next) {

        node = llm_json_get(j, i, "index");

        if (node == LLM_JSON_NONE || llm_json_int(j, node, &index) != LLM_OK
            || index < 0 || index >= LLM_GEMINI_CANDIDATES)
        {
            index = 0;
        }

        st->begun |= 1U << index;

        llm_gemini_out(a, st, j, i, index);
        llm_gemini_grounding(a, &st->searches, j, i);

        node = llm_json_get(j, i, "finishReason");

        if (llm_given(j, node)) {
            st->ended |= 1U << index;

            if (llm_json_equal(j, node, "MAX_TOKENS")) {
                a->truncated = 1;
            }
        }
    }
}


static unsigned
llm_gemini_op(const llm_answer_t *a)
{
    return a->q ? a->q->route.op : LLM_GEMINI_NONE;
}


/* what a whole answer and an element of a stream have in common */

static int
llm_gemini_read(llm_answer_t *a, llm_gemini_state_t *st, const llm_json_t *j)
{
    int       blocked;
    uint32_t  f[LLM_GEMINI_A_N];

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    llm_json_fields(j, 0, llm_gemini_answer_names, LLM_GEMINI_A_N, f);

    if (llm_answer_keep(a, j, f[LLM_GEMINI_A_MODEL], &a->model) != LLM_OK
        || llm_gemini_tier(a, j, f[LLM_GEMINI_A_USAGE]) != LLM_OK)
    {
        return LLM_ERROR;
    }

    if (llm_given(j, f[LLM_GEMINI_A_ERROR])) {
        a->error = 1;
    }

    /* a prompt that is blocked has no candidates */

    blocked = llm_given(j, llm_json_get(j, f[LLM_GEMINI_A_FEEDBACK],
                                        "blockReason"));

    if (blocked
        || llm_given(j, f[LLM_GEMINI_A_EMBEDDING])
        || llm_given(j, f[LLM_GEMINI_A_EMBEDDINGS]))
    {
        a->finished = 1;
    }

    llm_gemini_candidates(a, st, j, f[LLM_GEMINI_A_CANDIDATES]);
    llm_gemini_usage(a, j, f[LLM_GEMINI_A_USAGE], blocked);

    return LLM_OK;
}


int
llm_gemini_event(llm_answer_t *a, const llm_str_t *type, const llm_str_t *data)
{
    int                  rc;
    llm_gemini_state_t  *st;

    (void) type;

    if (llm_gemini_op(a) == LLM_GEMINI_INTERACT) {
        return llm_interactions_event(a, data);
    }

    a->stream = 1;

    st = llm_answer_state(a, sizeof(llm_gemini_state_t));
    if (st == NULL) {
        return LLM_ERROR;
    }

    st->json.mem = a->mem;
    st->json.max = LLM_GEMINI_EVENT_NODES;

    rc = llm_json_parse(&st->json, data->data, data->len);

    if (rc == LLM_OK) {
        rc = llm_gemini_read(a, st, &st->json);
    }

    return (rc == LLM_ERROR) ? LLM_ERROR : LLM_EVENT_PASS;
}


void
llm_gemini_finish(llm_answer_t *a)
{
    llm_gemini_state_t  *st;

    if (llm_gemini_op(a) == LLM_GEMINI_INTERACT) {
        llm_interactions_finish(a);
        return;
    }

    st = a->state;

    if (st == NULL) {
        return;
    }

    if (st->begun && st->begun == st->ended) {
        a->finished = 1;
    }

    a->counted_output = llm_output_tokens(&st->output);

    llm_answer_served(a);
}


int
llm_gemini_answer(llm_answer_t *a, const llm_json_t *j)
{
    llm_gemini_state_t  *st;

    if (llm_gemini_op(a) == LLM_GEMINI_INTERACT) {
        return llm_interactions_answer(a, j);
    }

    if (llm_gemini_op(a) == LLM_GEMINI_PREDICT) {
        return llm_gemini_predict_answer(a, j);
    }

    if (llm_gemini_op(a) == LLM_GEMINI_BATCH) {
        return llm_gemini_batch_answer(a, j);
    }

    if (llm_gemini_op(a) == LLM_GEMINI_FILM) {
        return llm_video_veo_answer(a, j);
    }

    st = llm_answer_state(a, sizeof(llm_gemini_state_t));

    if (st == NULL || llm_gemini_read(a, st, j) != LLM_OK) {
        return LLM_ERROR;
    }

    llm_gemini_finish(a);

    return LLM_OK;
}
