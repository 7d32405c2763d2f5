
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic.h"
#include "llm_openai.h"
#include "llm_template.h"

#include <string.h>


/*
 * The input of a request.  Claude's tokenizer is not published: texts are
 * counted with the nearest vocabulary, and all of it is an estimate.  What
 * stands around the texts is from Anthropic's documentation and from recorded
 * requests.
 */

#define LLM_ANTHROPIC_BUDGET      35      /* of a task, which it is told */
#define LLM_ANTHROPIC_TEXT_FILE   600     /* how to cite from it */
#define LLM_ANTHROPIC_FILE        10000   /* a document that is elsewhere */
#define LLM_ANTHROPIC_FILE_BYTES  8       /* of base64, for one token */
#define LLM_ANTHROPIC_FILE_MIN    2000
#define LLM_ANTHROPIC_SEALED      6       /* characters, for one token */
#define LLM_ANTHROPIC_SERVER      4000    /* tools that it describes, and what
                                             comes of them */


/* patches of pictures, as Anthropic's guide to vision has them */

static const llm_image_fit_t  llm_claude_image = { 28, 1568, 1568 };
static const llm_image_fit_t  llm_claude_large = { 28, 2576, 4784 };


/* the Sonnet of the first is told the least of tools, as Anthropic says */

static const llm_claude_t  llm_claude_sonnet_3 = {
    175, 76, 12, 16, 12, 0, 118, 0, &llm_claude_image
};

static const llm_claude_t  llm_claude_3 = {
    290, 95, 12, 16, 12, 0, 118, 0, &llm_claude_image
};

static const llm_claude_t  llm_claude_4 = {
    340, 0, 12, 24, 20, 150, 118, 0, &llm_claude_image
};

static const llm_claude_t  llm_claude_45 = {
    500, 105, 24, 36, 28, 150, 118, 17, &llm_claude_image
};

/*
 * From 4.7 on: another tokenizer, which makes more tokens of a text, and
 * larger pictures.
 */

static const llm_claude_t  llm_claude_47 = {
    500, 105, 24, 36, 28, 150, 138, 0, &llm_claude_large
};


/* names of models that are not of the last generation */

static const struct {
    const char          *part;
    const llm_claude_t  *claude;
} llm_claudes[] = {
    { "claude-3-7", &llm_claude_4 },
    { "claude-3.7", &llm_claude_4 },
    { "claude-3-sonnet", &llm_claude_sonnet_3 },
    { "claude-3", &llm_claude_3 },
    { "claude-2", &llm_claude_3 },
    { "claude-instant", &llm_claude_3 },
    { "-4-0", &llm_claude_4 },
    { "-4-1", &llm_claude_4 },
    { "claude-4-", &llm_claude_4 },
    { "-4-5", &llm_claude_45 },
    { "-4.5", &llm_claude_45 },
    { "-4-6", &llm_claude_45 },
    { "-4.6", &llm_claude_45 },
    { "-4.1", &llm_claude_4 },
    { "-4-2025", &llm_claude_4 },
    { "-4@2025", &llm_claude_4 }
};


typedef struct {
    llm_input_t          in;              /* tokens: of texts alone */
    const llm_claude_t  *claude;
    int64_t              fixed;
    unsigned             thoughts:1;      /* the model sees them again */
} llm_anthropic_input_t;


/* what tools of Anthropic's own have brought in, in recorded requests */

static const struct {
    const char  *type;
    int64_t      tokens;
} llm_anthropic_hosted[] = {
    { "web_search", 12000 },
    { "web_fetch", 8000 },
    { "code_execution", 5000 },
    { "tool_search", 1500 },
    { "computer", 1500 },
    { "memory", 1500 },
    { "bash", 300 },
    { "text_editor", 800 },
    { "advisor", 1200 },
    { NULL, 0 }
};


typedef enum {
    LLM_BLOCK_TYPE = 0,
    LLM_BLOCK_TEXT,
    LLM_BLOCK_SOURCE,
    LLM_BLOCK_CONTENT,
    LLM_BLOCK_NAME,
    LLM_BLOCK_INPUT,
    LLM_BLOCK_THINKING,
    LLM_BLOCK_TITLE,
    LLM_BLOCK_STDOUT,
    LLM_BLOCK_STDERR,
    LLM_BLOCK_SEALED,
    LLM_BLOCK_SIGNATURE,
    LLM_BLOCK_DATA,
    LLM_BLOCK_N
} llm_block_e;

static const char * const  llm_block_names[] = {
    "type", "text", "source", "content", "name", "input", "thinking", "title",
    "stdout", "stderr", "encrypted_content", "signature", "data"
};


static void llm_anthropic_content(llm_anthropic_input_t *ai, uint32_t node,
    unsigned depth);


/* a picture whose size cannot be seen is the largest there is */

int64_t
llm_anthropic_picture(const llm_str_t *model, const llm_str_t *data)
{
    uint32_t                w, h;
    const llm_image_fit_t  *fit;

    fit = llm_anthropic_claude(model)->image;

    llm_image_base64(data, &w, &h);

    return (w && h) ? llm_image_patches(w, h, fit) : (int64_t) fit->patches;
}


static void
llm_anthropic_image(llm_anthropic_input_t *ai, uint32_t source)
{
    uint32_t            data;
    llm_str_t           s = llm_string("");
    const llm_json_t   *j;

    j = ai->in.j;

    data = llm_kind_of(j, source) == LLM_JSON_OBJECT
           ? llm_json_get(j, source, "data") : LLM_JSON_NONE;

    llm_input_data(&ai->in, data, &s);
    ai->fixed += llm_anthropic_picture(&ai->in.q->model, &s);
}


static void
llm_anthropic_document(llm_anthropic_input_t *ai, uint32_t source,
    unsigned depth)
{
    int64_t   n;
    uint32_t  type, data;

    if (llm_kind_of(ai->in.j, source) != LLM_JSON_OBJECT) {
        ai->fixed += LLM_ANTHROPIC_FILE;
        return;
    }

    type = llm_json_get(ai->in.j, source, "type");
    data = llm_json_get(ai->in.j, source, "data");

    if (llm_given(ai->in.j, type) && llm_json_equal(ai->in.j, type, "text")) {
        ai->fixed += LLM_ANTHROPIC_TEXT_FILE;
        llm_input_string(&ai->in, data);
        return;
    }

    if (llm_given(ai->in.j, type)
        && llm_json_equal(ai->in.j, type, "content"))
    {
        llm_anthropic_content(ai, llm_json_get(ai->in.j, source, "content"),
                              depth + 1);
        return;
    }

    if (llm_kind_of(ai->in.j, data) != LLM_JSON_STRING) {
        ai->fixed += LLM_ANTHROPIC_FILE;
        return;
    }

    n = llm_json_size(ai->in.j, data) / LLM_ANTHROPIC_FILE_BYTES;

    ai->fixed += (n < LLM_ANTHROPIC_FILE_MIN) ? LLM_ANTHROPIC_FILE_MIN : n;
}


/* base64 of some 4.5 bytes for each token */

static void
llm_anthropic_sealed(llm_anthropic_input_t *ai, uint32_t node)
{
    llm_str_t  s;

    llm_input_data(&ai->in, node, &s);
    ai->fixed += (int64_t) s.len / LLM_ANTHROPIC_SEALED;
}


/* thoughts, or what they are sealed as where no client is shown them */

static void
llm_anthropic_thoughts(llm_anthropic_input_t *ai, const uint32_t *f)
{
    llm_str_t  s;

    if (!ai->thoughts) {
        return;
    }

    llm_anthropic_sealed(ai, f[LLM_BLOCK_DATA]);
    llm_input_data(&ai->in, f[LLM_BLOCK_THINKING], &s);

    if (s.len) {
        llm_input_string(&ai->in, f[LLM_BLOCK_THINKING]);

    } else {
        llm_anthropic_sealed(ai, f[LLM_BLOCK_SIGNATURE]);
    }
}


static void
llm_anthropic_block(llm_anthropic_input_t *ai, uint32_t block, unsigned depth)
{
    uint32_t  f[LLM_BLOCK_N];

#define llm_block(s)                                                          \
    (llm_given(ai->in.j, f[LLM_BLOCK_TYPE])                                   \
     && llm_json_equal(ai->in.j, f[LLM_BLOCK_TYPE], s))

    llm_json_fields(ai->in.j, block, llm_block_names, LLM_BLOCK_N, f);

    if (llm_block("image")) {
        llm_anthropic_image(ai, f[LLM_BLOCK_SOURCE]);
        return;
    }

    if (llm_block("document")) {
        llm_anthropic_document(ai, f[LLM_BLOCK_SOURCE], depth);
        return;
    }

    if (llm_block("container_upload")) {
        ai->fixed += LLM_ANTHROPIC_FILE;
        return;
    }

    if (llm_block("tool_use") || llm_block("server_tool_use")
        || llm_block("mcp_tool_use"))
    {
        ai->fixed += ai->claude->call;
    }

    llm_input_string(&ai->in, f[LLM_BLOCK_NAME]);
    llm_input_string(&ai->in, f[LLM_BLOCK_TEXT]);

    llm_anthropic_thoughts(ai, f);

    /* what tools that Anthropic ran have brought */

    llm_input_string(&ai->in, f[LLM_BLOCK_TITLE]);
    llm_input_string(&ai->in, f[LLM_BLOCK_STDOUT]);
    llm_input_string(&ai->in, f[LLM_BLOCK_STDERR]);
    llm_anthropic_sealed(ai, f[LLM_BLOCK_SEALED]);

    llm_input_value(&ai->in, f[LLM_BLOCK_INPUT]);

    if (llm_kind_of(ai->in.j, f[LLM_BLOCK_CONTENT]) != 0) {
        ai->fixed += ai->claude->result;
        llm_anthropic_content(ai, f[LLM_BLOCK_CONTENT], depth + 1);
    }
}


/* a text, or blocks; depth is bounded by the scanner */

static void
llm_anthropic_content(llm_anthropic_input_t *ai, uint32_t node, unsigned depth)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = ai->in.j->nodes;

    switch (llm_kind_of(ai->in.j, node)) {

    case LLM_JSON_STRING:
        llm_input_string(&ai->in, node);
        return;

    case LLM_JSON_OBJECT:
        llm_anthropic_block(ai, node, depth);
        return;

    case LLM_JSON_ARRAY:
        break;

    default:
        return;
    }

    for (i = node + 1; i < llm_json_next(ai->in.j, node); i = v[i].next) {

        if (v[i].type == LLM_JSON_OBJECT) {
            llm_anthropic_block(ai, i, depth);
        }
    }
}


/* a tool is its description and schema, or what its maker's text comes to */

static void
llm_anthropic_tool(llm_anthropic_input_t *ai, uint32_t tool)
{
    size_t    i;
    uint32_t  f[5];

    static const char * const  names[] = { "type", "name", "description",
                                           "input_schema", "defer_loading" };

    llm_json_fields(ai->in.j, tool, names, 5, f);

    if (llm_kind_of(ai->in.j, f[4]) == LLM_JSON_TRUE) {

        /* not shown until a search finds it, which has its own figure */

        return;
    }

    for (i = 0; llm_anthropic_hosted[i].type; i++) {

        if (llm_json_starts(ai->in.j, f[0], llm_anthropic_hosted[i].type)) {
            ai->fixed += llm_anthropic_hosted[i].tokens;
            return;
        }
    }

    ai->fixed += ai->claude->tool;

    llm_input_string(&ai->in, f[1]);
    llm_input_string(&ai->in, f[2]);
    llm_input_value(&ai->in, f[3]);
}


static void
llm_anthropic_tools(llm_anthropic_input_t *ai, uint32_t tools)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = ai->in.j->nodes;

    if (llm_kind_of(ai->in.j, tools) != LLM_JSON_ARRAY
        || llm_json_next(ai->in.j, tools) == tools + 1)
    {
        return;
    }

    ai->fixed += ai->claude->tools;

    for (i = tools + 1; i < llm_json_next(ai->in.j, tools); i = v[i].next) {
        llm_anthropic_tool(ai, i);
    }
}


/* the generation of a model, by its name */

const llm_claude_t *
llm_anthropic_claude(const llm_str_t *model)
{
    size_t  i, k;

    for (i = 0; i < sizeof(llm_claudes) / sizeof(llm_claudes[0]); i++) {
        if (llm_model_holds(model, llm_claudes[i].part)) {
            return llm_claudes[i].claude;
        }
    }

    /* "claude-sonnet-4" as gateways have it, "claude-opus-4:beta" */

    for (k = 0; k + 2 <= model->len; k++) {
        if (memcmp(model->data + k, "-4", 2) == 0
            && (k + 2 == model->len || model->data[k + 2] == ':'))
        {
            return &llm_claude_4;
        }
    }

    return &llm_claude_47;
}


static void
llm_anthropic_format(llm_anthropic_input_t *ai, const uint32_t *f)
{
    uint32_t           config, node, format;
    const llm_json_t  *j;

    j = ai->in.j;
    config = f[LLM_ANTHROPIC_CONFIG];
    format = f[LLM_ANTHROPIC_FORMAT];

    if (llm_kind_of(j, config) == LLM_JSON_OBJECT) {
        node = llm_json_get(j, config, "format");
        format = llm_given(j, node) ? node : format;

        if (llm_given(j, llm_json_get(j, config, "task_budget"))) {
            ai->fixed += LLM_ANTHROPIC_BUDGET;
        }
    }

    if (llm_given(j, format)) {
        ai->fixed += ai->claude->format;
        llm_input_value(&ai->in, format);
    }
}


/*
 * What a request asks for besides its texts: a tool that must be called, an
 * answer in a schema, thoughts, servers that Anthropic calls.
 */

static void
llm_anthropic_asked(llm_anthropic_input_t *ai, const uint32_t *f)
{
    uint32_t           type, servers, i;
    const llm_json_t  *j;

#define llm_type(s)                                                           \
    (llm_kind_of(j, type) == LLM_JSON_STRING && llm_json_equal(j, type, s))

    j = ai->in.j;

    if (llm_kind_of(j, f[LLM_ANTHROPIC_TOOL_CHOICE]) == LLM_JSON_OBJECT) {
        type = llm_json_get(j, f[LLM_ANTHROPIC_TOOL_CHOICE], "type");

        if (llm_type("any") || llm_type("tool")) {
            ai->fixed += ai->claude->forced;
        }
    }

    llm_anthropic_format(ai, f);

    if (llm_kind_of(j, f[LLM_ANTHROPIC_THINKING]) == LLM_JSON_OBJECT) {
        type = llm_json_get(j, f[LLM_ANTHROPIC_THINKING], "type");

        ai->fixed += llm_type("adaptive") ? ai->claude->adaptive
                     : llm_type("disabled") ? 0 : LLM_ANTHROPIC_THOUGHTS;
    }

#undef llm_type

    servers = f[LLM_ANTHROPIC_SERVERS];

    if (llm_kind_of(j, servers) == LLM_JSON_ARRAY) {
        for (i = servers + 1; i < llm_json_next(j, servers);
             i = llm_json_next(j, i))
        {
            ai->fixed += LLM_ANTHROPIC_SERVER;
        }
    }
}


int
llm_anthropic_count(llm_request_t *q, llm_counter_t *c)
{
    int                     rc;
    uint32_t                i, messages, f[LLM_ANTHROPIC_FIELDS];
    const llm_json_node_t  *v;
    llm_anthropic_input_t   ai;

    if (q->kind == LLM_KIND_COMPLETION) {
        return llm_anthropic_complete_count(q, c);
    }

    if (q->kind == LLM_KIND_BATCH) {
        q->input_tokens = 0;
        return LLM_OK;
    }

    memset(&ai, 0, sizeof(llm_anthropic_input_t));

    llm_input_init(&ai.in, q, c);

    ai.claude = llm_anthropic_claude(&q->model);
    ai.fixed = LLM_ANTHROPIC_BASE;
    ai.in.estimate = 1;

    llm_json_fields(&q->json, 0, llm_anthropic_names, LLM_ANTHROPIC_FIELDS, f);

    v = q->json.nodes;
    messages = f[LLM_ANTHROPIC_MESSAGES];

    llm_anthropic_content(&ai, f[LLM_ANTHROPIC_SYSTEM], 0);

    for (i = messages + 1; i < llm_json_next(&q->json, messages);
         i = v[i].next)
    {
        /* thoughts are shown again as long as tools are being called */

        ai.thoughts = (v[i].next < v[messages].next
                       && v[v[i].next].next == v[messages].next);
        ai.fixed += LLM_ANTHROPIC_MESSAGE;

        llm_anthropic_content(&ai, llm_json_get(&q->json, i, "content"), 0);
    }

    llm_anthropic_tools(&ai, f[LLM_ANTHROPIC_TOOLS]);
    llm_anthropic_asked(&ai, f);

    rc = llm_input_end(&ai.in);

    q->input_tokens = ai.in.tokens * ai.claude->percent / 100 + ai.fixed;

    return rc;
}
