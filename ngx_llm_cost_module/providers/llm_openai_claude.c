
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"
#include "llm_anthropic.h"

#include <string.h>


/*
 * Chat with a Claude, which gateways and clouds translate: the model sees what
 * Anthropic puts around tools, calls and results, whatever the client wrote
 * them as.  llm_anthropic_count.c has the figures.
 */

#define LLM_CLAUDE_FILE        10000    /* a document whose end is not seen */
#define LLM_CLAUDE_FILE_BYTES  8        /* of base64, for one token */


typedef struct {
    llm_input_t          in;              /* tokens: of texts alone */
    const llm_claude_t  *claude;
    int64_t              fixed;
} llm_openai_claude_t;


int
llm_openai_is_claude(const llm_str_t *model)
{
    size_t  i;

    for (i = 0; i + 6 <= model->len; i++) {
        if (memcmp(model->data + i, "claude", 6) == 0) {
            return 1;
        }
    }

    return 0;
}


/* a picture by its address or in it: {"url":...}, or the address itself */

static void
llm_claude_picture(llm_openai_claude_t *oc, uint32_t url)
{
    llm_str_t             s = llm_string("");
    const unsigned char  *comma;

    if (llm_kind_of(oc->in.j, url) == LLM_JSON_OBJECT) {
        url = llm_json_get(oc->in.j, url, "url");
    }

    if (llm_kind_of(oc->in.j, url) == LLM_JSON_STRING) {
        llm_input_data(&oc->in, url, &s);
        comma = memchr(s.data, ',', s.len);

        if (comma && s.len > 5 && memcmp(s.data, "data:", 5) == 0) {
            s.len -= comma + 1 - s.data;
            s.data = (unsigned char *) comma + 1;
        }
    }

    oc->fixed += llm_anthropic_pixels(&s);
}


static void
llm_claude_part(llm_openai_claude_t *oc, uint32_t part)
{
    int64_t   n;
    uint32_t  f[3], data;

    static const char * const  names[] = { "text", "image_url", "file" };

    if (llm_kind_of(oc->in.j, part) != LLM_JSON_OBJECT) {
        return;
    }

    llm_json_fields(oc->in.j, part, names, 3, f);

    llm_input_string(&oc->in, f[0]);

    if (llm_given(oc->in.j, f[1])) {
        llm_claude_picture(oc, f[1]);
    }

    if (llm_given(oc->in.j, f[2])) {
        data = llm_kind_of(oc->in.j, f[2]) == LLM_JSON_OBJECT
               ? llm_json_get(oc->in.j, f[2], "file_data") : LLM_JSON_NONE;
        n = 0;

        if (llm_kind_of(oc->in.j, data) == LLM_JSON_STRING) {
            n = (oc->in.j->nodes[data].end - oc->in.j->nodes[data].start)
                / LLM_CLAUDE_FILE_BYTES;
        }

        oc->fixed += n > LLM_CLAUDE_FILE ? n : LLM_CLAUDE_FILE;
    }
}


static void
llm_claude_call(llm_openai_claude_t *oc, uint32_t call)
{
    uint32_t  function;

    oc->fixed += oc->claude->call;

    if (llm_kind_of(oc->in.j, call) != LLM_JSON_OBJECT) {
        return;
    }

    function = llm_json_get(oc->in.j, call, "function");

    if (llm_kind_of(oc->in.j, function) == LLM_JSON_OBJECT) {
        llm_input_string(&oc->in, llm_json_get(oc->in.j, function, "name"));
        llm_input_string(&oc->in,
                         llm_json_get(oc->in.j, function, "arguments"));
    }
}


static void
llm_claude_message(llm_openai_claude_t *oc, uint32_t message)
{
    uint32_t                i, f[3];
    const llm_json_node_t  *v;

    static const char * const  names[] = {
        "content", "tool_calls", "tool_call_id"
    };

    if (llm_kind_of(oc->in.j, message) != LLM_JSON_OBJECT) {
        return;
    }

    v = oc->in.j->nodes;
    llm_json_fields(oc->in.j, message, names, 3, f);

    oc->fixed += LLM_ANTHROPIC_MESSAGE;
    oc->fixed += llm_given(oc->in.j, f[2]) ? oc->claude->result : 0;

    llm_input_string(&oc->in, f[0]);

    if (llm_kind_of(oc->in.j, f[0]) == LLM_JSON_ARRAY) {
        for (i = f[0] + 1; i < v[f[0]].next; i = v[i].next) {
            llm_claude_part(oc, i);
        }
    }

    if (llm_kind_of(oc->in.j, f[1]) == LLM_JSON_ARRAY) {
        for (i = f[1] + 1; i < v[f[1]].next; i = v[i].next) {
            llm_claude_call(oc, i);
        }
    }
}


/* {"type":"function","function":{...}}, or what is in it, as it once was */

static void
llm_claude_tool(llm_openai_claude_t *oc, uint32_t tool)
{
    uint32_t  function;

    oc->fixed += oc->claude->tool;

    if (llm_kind_of(oc->in.j, tool) != LLM_JSON_OBJECT) {
        return;
    }

    function = llm_json_get(oc->in.j, tool, "function");

    if (llm_kind_of(oc->in.j, function) == LLM_JSON_OBJECT) {
        tool = function;
    }

    llm_input_string(&oc->in, llm_json_get(oc->in.j, tool, "name"));
    llm_input_string(&oc->in, llm_json_get(oc->in.j, tool, "description"));
    llm_input_value(&oc->in, llm_json_get(oc->in.j, tool, "parameters"));
}


static void
llm_claude_tools(llm_openai_claude_t *oc, uint32_t tools)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = oc->in.j->nodes;

    if (llm_kind_of(oc->in.j, tools) != LLM_JSON_ARRAY
        || v[tools].next == tools + 1)
    {
        return;
    }

    oc->fixed += oc->claude->tools;

    for (i = tools + 1; i < v[tools].next; i = v[i].next) {
        llm_claude_tool(oc, i);
    }
}


static void
llm_claude_asked(llm_openai_claude_t *oc, const uint32_t *f)
{
    uint32_t           choice, format;
    const llm_json_t  *j;

    j = oc->in.j;
    choice = f[LLM_OPENAI_TOOL_CHOICE];

    if (llm_kind_of(j, choice) == LLM_JSON_OBJECT
        || (llm_kind_of(j, choice) == LLM_JSON_STRING
            && llm_json_equal(j, choice, "required")))
    {
        oc->fixed += oc->claude->forced;
    }

    if (llm_kind_of(j, f[LLM_OPENAI_RESPONSE_FORMAT]) == LLM_JSON_OBJECT) {
        format = llm_json_get(j, f[LLM_OPENAI_RESPONSE_FORMAT],
                              "json_schema");

        if (llm_given(j, format)) {
            oc->fixed += oc->claude->format;
            llm_input_value(&oc->in, format);
        }
    }
}


int
llm_openai_claude_count(llm_request_t *q, llm_counter_t *c)
{
    int                     rc;
    uint32_t                i, messages, f[LLM_OPENAI_FIELDS];
    const llm_json_node_t  *v;
    llm_openai_claude_t     oc;

    memset(&oc, 0, sizeof(llm_openai_claude_t));

    llm_input_init(&oc.in, q, c);

    oc.in.estimate = 1;
    oc.claude = llm_anthropic_claude(&q->model);
    oc.fixed = LLM_ANTHROPIC_BASE;

    llm_openai_fields(&q->json, f);

    v = q->json.nodes;
    messages = f[LLM_OPENAI_MESSAGES];

    for (i = messages + 1; i < v[messages].next; i = v[i].next) {
        llm_claude_message(&oc, i);
    }

    llm_claude_tools(&oc, f[LLM_OPENAI_TOOLS]);
    llm_claude_tools(&oc, f[LLM_OPENAI_FUNCTIONS]);
    llm_claude_asked(&oc, f);

    rc = llm_input_end(&oc.in);

    q->input_tokens = oc.in.tokens * oc.claude->percent / 100 + oc.fixed;

    return rc;
}
