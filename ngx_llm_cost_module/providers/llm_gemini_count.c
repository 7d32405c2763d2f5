
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"
#include "llm_video.h"

#include <string.h>


/*
 * Input tokens: the texts of a request and what stands for a file in it.
 * Google does not publish how it puts them together, so that what is more
 * than plain text is an estimate, and on the safe side.
 */

#define LLM_GEMINI_CALL          4          /* around what was run */
#define LLM_GEMINI_CONTENT_END   1
#define LLM_GEMINI_FPS           24         /* frames a second, at most */

/* what is on the server, and is made of more than fits into most prompts; what
   is found in a store of files */

#define LLM_GEMINI_CACHED_TOKENS  32768
#define LLM_GEMINI_FOUND_TOKENS   8000


typedef struct {
    llm_input_t         *in;
    llm_gemini_style_e   style;
    int64_t              content;       /* around a content */
    uint32_t             turn;          /* the contents from here on are the
                                           turn that is going on */
} llm_gemini_input_t;


static void llm_gemini_part(llm_gemini_input_t *gi, uint32_t part,
    unsigned now);


/* parts are a list, or one; now: of the turn that is going on */

static void
llm_gemini_parts(llm_gemini_input_t *gi, uint32_t parts, unsigned now)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = gi->in->j->nodes;

    if (llm_kind_of(gi->in->j, parts) != LLM_JSON_ARRAY) {

        if (llm_given(gi->in->j, parts)) {
            llm_gemini_part(gi, parts, now);
        }

        return;
    }

    for (i = parts + 1; i < llm_json_next(gi->in->j, parts); i = v[i].next) {
        llm_gemini_part(gi, i, now);
    }
}


/* frames of a film that are looked at in a second: 1, unless it is asked for
   more, up to 24 */

static int64_t
llm_gemini_frames(const llm_json_t *j, uint32_t part)
{
    int64_t                 fps;
    uint32_t                node;
    const llm_json_node_t  *v;

    node = llm_json_get(j, llm_gemini_get(j, part, "videoMetadata",
                                          "video_metadata"), "fps");

    if (!llm_given(j, node)) {
        return 1;
    }

    v = llm_json_node(j, node);

    if (v->type != LLM_JSON_NUMBER
        || llm_parse_scaled(j->data + v->start, v->end - v->start, 0, &fps)
           != LLM_OK
        || fps < 0 || fps > LLM_GEMINI_FPS)
    {
        return LLM_GEMINI_FPS;
    }

    return fps > 1 ? fps : 1;
}


static void
llm_gemini_files(llm_input_t *in, uint32_t part)
{
    int64_t   before;
    uint32_t  node, level;
    unsigned  ultra;

    level = llm_gemini_get(in->j, part, "mediaResolution",
                           "media_resolution");
    level = llm_json_get(in->j, level, "level");
    ultra = llm_kind_of(in->j, level) == LLM_JSON_STRING
            && llm_json_equal(in->j, level, "MEDIA_RESOLUTION_ULTRA_HIGH");

    node = llm_gemini_get(in->j, part, "inlineData", "inline_data");

    if (llm_given(in->j, node)) {
        before = in->tokens;

        llm_gemini_media(in, node, llm_json_get(in->j, node, "data"), ultra);

        in->tokens = before + (in->tokens - before)
                              * llm_gemini_frames(in->j, part);
    }

    node = llm_gemini_get(in->j, part, "fileData", "file_data");

    if (llm_given(in->j, node)) {
        llm_gemini_media(in, node, LLM_JSON_NONE, ultra);
    }
}


/* a call, or its result, which may hold files of its own */

static void
llm_gemini_calls(llm_gemini_input_t *gi, uint32_t part, unsigned now)
{
    uint32_t      node;
    llm_input_t  *in;

    in = gi->in;
    node = llm_gemini_get(in->j, part, "functionCall", "function_call");

    if (!llm_given(in->j, node)) {
        node = llm_gemini_get(in->j, part, "functionResponse",
                              "function_response");
    }

    if (!llm_given(in->j, node)) {
        return;
    }

    in->estimate = 1;
    llm_gemini_call(in, gi->style, node);
    llm_gemini_parts(gi, llm_json_get(in->j, node, "parts"), now);
}


/* what Google's servers have run */

static void
llm_gemini_code(llm_input_t *in, uint32_t part)
{
    uint32_t  node;

    node = llm_gemini_get(in->j, part, "executableCode", "executable_code");

    if (!llm_given(in->j, node)) {
        node = llm_gemini_get(in->j, part, "codeExecutionResult",
                              "code_execution_result");
    }

    if (llm_given(in->j, node)) {
        in->estimate = 1;
        in->tokens += LLM_GEMINI_CALL;
        llm_input_value(in, node);
    }
}


/* depth is bounded by the scanner */

static void
llm_gemini_part(llm_gemini_input_t *gi, uint32_t part, unsigned now)
{
    uint32_t      node;
    llm_input_t  *in;

    in = gi->in;

    if (llm_kind_of(in->j, part) == LLM_JSON_STRING) {
        llm_input_string(in, part);
        return;
    }

    if (llm_kind_of(in->j, part) != LLM_JSON_OBJECT) {
        return;
    }

    llm_input_string(in, llm_json_get(in->j, part, "text"));

    llm_gemini_files(in, part);
    llm_gemini_calls(gi, part, now);
    llm_gemini_code(in, part);

    node = llm_gemini_get(in->j, part, "thoughtSignature",
                          "thought_signature");

    if (now && llm_given(in->j, node)) {
        in->estimate = 1;
        llm_gemini_thoughts(in, gi->style, node);
    }
}


/* {"role":..., "parts":[...]}; parts may be one, and a content a text */

static void
llm_gemini_content(llm_gemini_input_t *gi, uint32_t content, unsigned now)
{
    gi->in->tokens += gi->content;

    if (llm_kind_of(gi->in->j, content) == LLM_JSON_STRING) {
        llm_input_string(gi->in, content);
        return;
    }

    llm_gemini_parts(gi, llm_json_get(gi->in->j, content, "parts"), now);
}


static void
llm_gemini_contents(llm_gemini_input_t *gi, uint32_t contents)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = gi->in->j->nodes;

    if (llm_kind_of(gi->in->j, contents) != LLM_JSON_ARRAY) {

        if (llm_given(gi->in->j, contents)) {
            llm_gemini_content(gi, contents, 0);
        }

        return;
    }

    for (i = contents + 1; i < llm_json_next(gi->in->j, contents);
         i = v[i].next)
    {
        llm_gemini_content(gi, i, i > gi->turn);
    }
}


/* somebody says something: not a model, nor the result of a call */

static unsigned
llm_gemini_says(const llm_json_t *j, uint32_t content)
{
    uint32_t                i, role, parts;
    const llm_json_node_t  *v;

    if (llm_kind_of(j, content) != LLM_JSON_OBJECT) {
        return llm_kind_of(j, content) == LLM_JSON_STRING;
    }

    v = j->nodes;
    role = llm_json_get(j, content, "role");

    if (llm_kind_of(j, role) == LLM_JSON_STRING
        && llm_json_equal(j, role, "model"))
    {
        return 0;
    }

    parts = llm_json_get(j, content, "parts");

    if (llm_kind_of(j, parts) != LLM_JSON_ARRAY) {
        return llm_given(j, parts);
    }

    for (i = parts + 1; i < llm_json_next(j, parts); i = v[i].next) {

        if (llm_kind_of(j, i) == LLM_JSON_OBJECT
            && llm_given(j, llm_json_get(j, i, "text")))
        {
            return 1;
        }
    }

    return 0;
}


static uint32_t
llm_gemini_turn(const llm_json_t *j, uint32_t contents)
{
    uint32_t                i, turn;
    const llm_json_node_t  *v;

    turn = 0;

    if (llm_kind_of(j, contents) != LLM_JSON_ARRAY) {
        return 0;
    }

    v = j->nodes;

    for (i = contents + 1; i < llm_json_next(j, contents); i = v[i].next) {
        if (llm_gemini_says(j, i)) {
            turn = i;
        }
    }

    return turn;
}


/* tools that Google runs, each of whose calls may cost */

static void
llm_gemini_runs(llm_input_t *in, uint32_t tool)
{
    size_t    i;
    int64_t  *n;

    static const struct {
        const char  *camel;
        const char  *snake;
        size_t       field;
        int64_t      tokens;             /* that it brings in */
    } runs[] = {
        { "googleSearch", "google_search",
          offsetof(llm_usage_t, searches), 0 },
        { "googleSearchRetrieval", "google_search_retrieval",
          offsetof(llm_usage_t, searches), 0 },
        { "enterpriseWebSearch", "enterprise_web_search",
          offsetof(llm_usage_t, searches), 0 },
        { "googleMaps", "google_maps",
          offsetof(llm_usage_t, maps_queries), 0 },
        { "fileSearch", "file_search",
          offsetof(llm_usage_t, file_searches),
          LLM_GEMINI_FOUND_TOKENS }
    };

    for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {

        if (llm_given(in->j, llm_gemini_get(in->j, tool, runs[i].camel,
                                            runs[i].snake)))
        {
            n = (int64_t *) ((char *) &in->q->most + runs[i].field);
            *n = -1;
            in->tokens += runs[i].tokens;
        }
    }
}


/* {"functionDeclarations":[...]} */

static void
llm_gemini_tool(llm_gemini_input_t *gi, uint32_t tool)
{
    uint32_t                i, list;
    llm_input_t            *in;
    const llm_json_node_t  *v;

    in = gi->in;
    v = in->j->nodes;
    in->estimate = 1;

    llm_gemini_runs(in, tool);

    list = llm_gemini_get(in->j, tool, "functionDeclarations",
                          "function_declarations");

    if (llm_kind_of(in->j, list) != LLM_JSON_ARRAY) {
        return;
    }

    for (i = list + 1; i < llm_json_next(in->j, list); i = v[i].next) {
        llm_gemini_declaration(in, gi->style, i);
    }
}


static void
llm_gemini_tools(llm_gemini_input_t *gi, uint32_t tools)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = gi->in->j->nodes;

    switch (llm_kind_of(gi->in->j, tools)) {

    case LLM_JSON_OBJECT:
        llm_gemini_tool(gi, tools);
        break;

    case LLM_JSON_ARRAY:
        for (i = tools + 1; i < llm_json_next(gi->in->j, tools);
             i = v[i].next)
        {
            llm_gemini_tool(gi, i);
        }
    }
}


static void
llm_gemini_embeddings(llm_gemini_input_t *gi, const uint32_t *f)
{
    uint32_t                i, list;
    const llm_json_t       *j;

    j = gi->in->j;

    if (gi->in->q->route.op == LLM_GEMINI_EMBED) {
        llm_gemini_content(gi, f[LLM_GEMINI_CONTENT], 0);
        return;
    }

    list = f[LLM_GEMINI_REQUESTS];

    for (i = list + 1; i < llm_json_next(j, list); i = llm_json_next(j, i)) {
        llm_gemini_content(gi, llm_json_get(j, i, "content"), 0);
    }
}


int
llm_gemini_count(llm_request_t *q, llm_counter_t *c)
{
    uint32_t            f[LLM_GEMINI_FIELDS];
    llm_input_t         in;
    llm_gemini_input_t  gi;

    if (q->route.op == LLM_GEMINI_INTERACT) {
        return llm_interactions_count(q, c);
    }

    if (q->route.op == LLM_GEMINI_PREDICT) {
        return llm_gemini_predict_count(q, c);
    }

    if (q->route.op == LLM_GEMINI_BATCH) {
        q->input_tokens = 0;
        return LLM_OK;
    }

    if (q->route.op == LLM_GEMINI_FILM) {
        return llm_video_count(q, c);
    }

    llm_input_init(&in, q, c);
    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    (void) llm_gemini_fields(q, f);
    llm_gemini_modalities_out(q, f[LLM_GEMINI_CONFIG]);

    memset(&gi, 0, sizeof(llm_gemini_input_t));
    gi.in = &in;
    gi.style = llm_gemini_style(q);

    if (q->kind == LLM_KIND_EMBEDDINGS) {
        llm_gemini_embeddings(&gi, f);
        return llm_input_end(&in);
    }

    gi.content = (gi.style == LLM_GEMINI_WORDS) ? 0 : LLM_GEMINI_CONTENT_END;
    gi.turn = llm_gemini_turn(in.j, f[LLM_GEMINI_CONTENTS]);

    llm_gemini_contents(&gi, f[LLM_GEMINI_SYSTEM]);
    llm_gemini_contents(&gi, f[LLM_GEMINI_CONTENTS]);
    llm_gemini_tools(&gi, f[LLM_GEMINI_TOOLS]);

    /* a schema bounds what may be said, and is not read by the model */

    if (llm_given(&q->json, f[LLM_GEMINI_CACHED])) {
        in.tokens += LLM_GEMINI_CACHED_TOKENS;
        in.estimate = 1;
    }

    return llm_input_end(&in);
}
