
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_bedrock.h"
#include "llm_anthropic.h"
#include "llm_templated.h"


/*
 * Converse, asked of a model whose template is known: Bedrock puts its words
 * into those of the model's maker.
 */

#define LLM_CONVERSE_CITED     590      /* how to cite from a document */
#define LLM_CONVERSE_PAGE      1500     /* seen and read */


typedef enum {
    LLM_BEDROCK_SAID = 0,
    LLM_BEDROCK_SYSTEM,
    LLM_BEDROCK_TOOLS,
    LLM_BEDROCK_CONFIG,
    LLM_BEDROCK_MORE,
    LLM_BEDROCK_SHOWN
} llm_bedrock_shown_e;


typedef enum {
    LLM_CONVERSE_TEXT = 0,
    LLM_CONVERSE_CALL,
    LLM_CONVERSE_RESULT,
    LLM_CONVERSE_THOUGHT,
    LLM_CONVERSE_DOCUMENT,
    LLM_CONVERSE_FOUND,
    LLM_CONVERSE_JSON,
    LLM_CONVERSE_CACHE,
    LLM_CONVERSE_GUARD,
    LLM_CONVERSE_N
} llm_converse_e;

static const char * const  llm_converse_names[] = {
    "text", "toolUse", "toolResult", "reasoningContent", "document",
    "searchResult", "json", "cachePoint", "guardContent"
};


typedef struct {
    llm_templated_t      lt;
    llm_input_t          in;              /* pictures and the like */
    unsigned             cites:1;         /* the model is told how to cite */
} llm_converse_t;


/* what is no text: as of any model on Bedrock */

static void
llm_converse_media(llm_converse_t *c, uint32_t block)
{
    c->in.tokens = 0;
    llm_bedrock_walk(&c->in, block, 0);
    c->lt.cc->fixed += c->in.tokens;
    c->lt.cc->text.failed |= c->in.failed;
}


static int
llm_converse_is_text(const llm_json_t *j, uint32_t format)
{
    size_t  i;

    static const char * const  texts[] = { "txt", "md", "csv", "html" };

    for (i = 0; i < sizeof(texts) / sizeof(char *); i++) {
        if (llm_given(j, format) && llm_json_equal(j, format, texts[i])) {
            return 1;
        }
    }

    return 0;
}


/* a document of text is read as it is, of others pages are */

static void
llm_converse_source(llm_converse_t *c, uint32_t format, uint32_t source)
{
    uint32_t             text, bytes;
    llm_str_t            s;
    llm_openai_count_t  *cc;

    cc = c->lt.cc;

    text = llm_json_get(cc->j, source, "text");
    bytes = llm_json_get(cc->j, source, "bytes");

    if (llm_given(cc->j, text)) {
        llm_count_string(cc, text);
        return;
    }

    if (llm_count_kind(cc, bytes) == LLM_JSON_STRING
        && llm_converse_is_text(cc->j, format))
    {
        llm_count_data(cc, bytes, &s);

        c->in.tokens = 0;
        llm_input_base64(&c->in, &s);
        cc->tokens += c->in.tokens;
        cc->text.failed |= c->in.failed;
        return;
    }

    cc->fixed += llm_given(cc->j, bytes) ? LLM_CONVERSE_PAGE : 0;
    llm_converse_media(c, source);
}


/* what may be cited: a document, or what a search has found */

static void
llm_converse_document(llm_converse_t *c, uint32_t document)
{
    uint32_t             i, f[5];
    llm_openai_count_t  *cc;

    static const char * const  names[] = {
        "source", "format", "title", "content", "citations"
    };

    cc = c->lt.cc;

    llm_json_fields(cc->j, document, names, 5, f);

    if (llm_given(cc->j, f[4]) && !c->cites) {
        c->cites = 1;
        cc->fixed += LLM_CONVERSE_CITED;
    }

    llm_count_string(cc, f[2]);

    if (llm_count_kind(cc, f[0]) == LLM_JSON_OBJECT) {
        llm_converse_source(c, f[1], f[0]);

    } else {
        llm_count_string(cc, f[0]);
    }

    if (llm_count_kind(cc, f[3]) == LLM_JSON_ARRAY) {
        for (i = f[3] + 1; i < llm_json_next(cc->j, f[3]);
             i = llm_json_next(cc->j, i))
        {
            llm_count_string(cc, llm_json_get(cc->j, i, "text"));
        }
    }
}


static void
llm_converse_call(llm_converse_t *c, uint32_t call)
{
    uint32_t  f[2];

    static const char * const  names[] = { "name", "input" };

    llm_json_fields(c->lt.cc->j, call, names, 2, f);
    llm_templated_call(&c->lt, f[0], f[1]);
}


/* {"reasoningText":{"text":...}}: thoughts; others are closed */

static void
llm_converse_thought(llm_converse_t *c, uint32_t thought)
{
    const llm_json_t  *j;

    j = c->lt.cc->j;

    thought = llm_json_get(j, thought, "reasoningText");
    llm_templated_thoughts(&c->lt, llm_json_get(j, thought, "text"));
}


/* a part of a result: text, a value, or media */

static void
llm_converse_result_part(llm_converse_t *c, uint32_t part)
{
    uint32_t             f[LLM_CONVERSE_N];
    llm_openai_count_t  *cc;

    cc = c->lt.cc;

    llm_json_fields(cc->j, part, llm_converse_names, LLM_CONVERSE_N, f);

    if (llm_given(cc->j, f[LLM_CONVERSE_TEXT])) {
        llm_count_string(cc, f[LLM_CONVERSE_TEXT]);

    } else if (llm_given(cc->j, f[LLM_CONVERSE_JSON])) {
        llm_openai_render(&cc->extra, cc->j, f[LLM_CONVERSE_JSON],
                          LLM_OPENAI_COMPACT);
        llm_count_text(cc, &cc->extra);

    } else if (llm_given(cc->j, f[LLM_CONVERSE_DOCUMENT])) {
        llm_converse_document(c, f[LLM_CONVERSE_DOCUMENT]);

    } else if (llm_given(cc->j, f[LLM_CONVERSE_FOUND])) {
        llm_converse_document(c, f[LLM_CONVERSE_FOUND]);

    } else {
        llm_converse_media(c, part);
    }
}


static void
llm_converse_result(llm_converse_t *c, uint32_t result)
{
    uint32_t                i, content;
    const llm_json_node_t  *v;

    llm_templated_message(&c->lt, LLM_TEMPLATED_RESULT);

    content = llm_json_get(c->lt.cc->j, result, "content");

    if (llm_count_kind(c->lt.cc, content) != LLM_JSON_ARRAY) {
        return;
    }

    v = c->lt.cc->j->nodes;

    for (i = content + 1; i < llm_json_next(c->lt.cc->j, content);
         i = v[i].next)
    {
        llm_converse_result_part(c, i);
    }
}


/* what a guardrail is to look at: {"text":{"text":...}} */

static int
llm_converse_guarded(llm_converse_t *c, uint32_t guarded)
{
    uint32_t           text;
    const llm_json_t  *j;

    j = c->lt.cc->j;
    text = llm_json_get(j, llm_json_get(j, guarded, "text"), "text");

    llm_count_string(c->lt.cc, text);

    return llm_given(j, text);
}


/* one block; of a user's message those that follow results are one of text */

static void
llm_converse_block(llm_converse_t *c, uint32_t block,
    llm_templated_role_e role)
{
    uint32_t             f[LLM_CONVERSE_N];
    llm_openai_count_t  *cc;

    cc = c->lt.cc;

    llm_json_fields(cc->j, block, llm_converse_names, LLM_CONVERSE_N, f);

    if (llm_given(cc->j, f[LLM_CONVERSE_CACHE])) {
        llm_bedrock_mark(&c->in, f[LLM_CONVERSE_CACHE]);

    } else if (llm_given(cc->j, f[LLM_CONVERSE_TEXT])) {

        if (role == LLM_TEMPLATED_ASSISTANT) {
            llm_templated_said(&c->lt, f[LLM_CONVERSE_TEXT]);

        } else {
            llm_count_string(cc, f[LLM_CONVERSE_TEXT]);
        }

    } else if (llm_given(cc->j, f[LLM_CONVERSE_CALL])) {
        llm_converse_call(c, f[LLM_CONVERSE_CALL]);

    } else if (llm_given(cc->j, f[LLM_CONVERSE_RESULT])) {
        llm_converse_result(c, f[LLM_CONVERSE_RESULT]);

    } else if (llm_given(cc->j, f[LLM_CONVERSE_THOUGHT])) {
        llm_converse_thought(c, f[LLM_CONVERSE_THOUGHT]);

    } else if (llm_given(cc->j, f[LLM_CONVERSE_DOCUMENT])) {
        llm_converse_document(c, f[LLM_CONVERSE_DOCUMENT]);

    } else if (llm_given(cc->j, f[LLM_CONVERSE_FOUND])) {
        llm_converse_document(c, f[LLM_CONVERSE_FOUND]);

    } else if (!llm_converse_guarded(c, f[LLM_CONVERSE_GUARD])) {
        llm_converse_media(c, block);
    }
}


/* the first block that is of this kind, or not of it */

static int
llm_converse_has(const llm_openai_count_t *cc, uint32_t content,
    llm_converse_e kind, int is)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    if (llm_count_kind(cc, content) != LLM_JSON_ARRAY) {
        return 0;
    }

    v = cc->j->nodes;

    for (i = content + 1; i < llm_json_next(cc->j, content); i = v[i].next) {

        if (llm_given(cc->j, llm_json_get(cc->j, i, llm_converse_names[kind]))
            == is)
        {
            return 1;
        }
    }

    return 0;
}


static llm_templated_role_e
llm_converse_role(const llm_openai_count_t *cc, uint32_t message)
{
    return llm_templated_role(cc->j, llm_json_get(cc->j, message, "role"));
}


/* a user's message that brings more than results begins a turn */

static uint32_t
llm_converse_turn(const llm_openai_count_t *cc, uint32_t messages)
{
    uint32_t                i, turn;
    const llm_json_node_t  *v;

    v = cc->j->nodes;
    turn = 0;

    for (i = messages + 1; i < llm_json_next(cc->j, messages); i = v[i].next) {

        if (llm_converse_role(cc, i) == LLM_TEMPLATED_USER
            && llm_converse_has(cc, llm_json_get(cc->j, i, "content"),
                                LLM_CONVERSE_RESULT, 0))
        {
            turn = i;
        }
    }

    return turn;
}


static void
llm_converse_message(llm_converse_t *c, uint32_t message)
{
    uint32_t                i, content;
    llm_openai_count_t     *cc;
    llm_templated_role_e    role;
    const llm_json_node_t  *v;

    cc = c->lt.cc;
    v = cc->j->nodes;

    role = llm_converse_role(cc, message);
    content = llm_json_get(cc->j, message, "content");

    if (role == LLM_TEMPLATED_ASSISTANT) {
        llm_templated_assistant(&c->lt, llm_converse_has(cc, content,
                                                       LLM_CONVERSE_TEXT, 1));

    } else if (!llm_converse_has(cc, content, LLM_CONVERSE_RESULT, 1)) {
        llm_templated_message(&c->lt, LLM_TEMPLATED_USER);
    }

    if (llm_count_kind(cc, content) != LLM_JSON_ARRAY) {
        return;
    }

    for (i = content + 1; i < llm_json_next(cc->j, content); i = v[i].next) {
        llm_converse_block(c, i, role);
    }
}


/* a mark of the cache among the tools */

static void
llm_converse_marks(llm_converse_t *c, uint32_t tools)
{
    uint32_t                i, mark;
    const llm_json_node_t  *v;

    v = c->lt.cc->j->nodes;

    if (llm_count_kind(c->lt.cc, tools) != LLM_JSON_ARRAY) {
        return;
    }

    for (i = tools + 1; i < llm_json_next(c->lt.cc->j, tools); i = v[i].next) {

        mark = llm_json_get(c->lt.cc->j, i, "cachePoint");

        if (llm_given(c->lt.cc->j, mark)) {
            llm_bedrock_mark(&c->in, mark);
        }
    }
}


/* {"toolChoice":{"any":{}}}, or a tool's name */

static void
llm_converse_tools(llm_converse_t *c, uint32_t config)
{
    uint32_t             tools, choice;
    llm_openai_count_t  *cc;

    cc = c->lt.cc;

    tools = llm_json_get(cc->j, config, "tools");
    choice = llm_json_get(cc->j, config, "toolChoice");

    llm_templated_tools(&c->lt, tools);
    llm_converse_marks(c, tools);

    if (llm_count_kind(cc, choice) == LLM_JSON_OBJECT
        && !llm_given(cc->j, llm_json_get(cc->j, choice, "auto")))
    {
        llm_templated_forced(&c->lt);
    }
}


/* a schema is shown to Claudes; others are held to it without being told */

static void
llm_converse_format(llm_converse_t *c, uint32_t config)
{
    size_t               i;
    uint32_t             f[3];
    llm_openai_count_t  *cc;

    static const char * const  names[] = { "name", "description", "schema" };

    static const char * const  path[] = {
        "textFormat", "structure", "jsonSchema"
    };

    cc = c->lt.cc;

    for (i = 0; i < 3; i++) {
        config = llm_json_get(cc->j, config, path[i]);
    }

    if (cc->media == NULL || llm_count_kind(cc, config) != LLM_JSON_OBJECT) {
        return;
    }

    llm_json_fields(cc->j, config, names, 3, f);
    cc->fixed += c->lt.t->format;

    for (i = 0; i < 3; i++) {
        llm_count_string(cc, f[i]);
    }
}


/* that thoughts are asked for, which is told but where they are as many as it
   takes */

static void
llm_converse_thinks(llm_converse_t *c, uint32_t more)
{
    size_t               i;
    uint32_t             node, type;
    llm_openai_count_t  *cc;

    static const char * const  names[] = {
        "thinking", "reasoning_config", "reasoningConfig"
    };

    cc = c->lt.cc;

    for (i = 0; i < 3; i++) {

        node = llm_json_get(cc->j, more, names[i]);
        type = llm_json_get(cc->j, node, "type");

        if (llm_given(cc->j, type) && llm_json_equal(cc->j, type, "enabled")) {
            cc->fixed += c->lt.t->thinking;
        }
    }
}


static void
llm_converse_all(llm_converse_t *c, const uint32_t *f)
{
    uint32_t                i, turn, messages;
    llm_openai_count_t     *cc;
    const llm_json_node_t  *v;

    cc = c->lt.cc;
    v = cc->j->nodes;

    messages = f[LLM_BEDROCK_SAID];
    turn = llm_converse_turn(cc, messages);

    if (llm_count_kind(cc, f[LLM_BEDROCK_SYSTEM]) == LLM_JSON_ARRAY
        && llm_json_next(cc->j, f[LLM_BEDROCK_SYSTEM])
           > f[LLM_BEDROCK_SYSTEM] + 1)
    {
        llm_templated_message(&c->lt, LLM_TEMPLATED_SYSTEM);

        for (i = f[LLM_BEDROCK_SYSTEM] + 1;
             i < llm_json_next(cc->j, f[LLM_BEDROCK_SYSTEM]);
             i = v[i].next)
        {
            llm_converse_block(c, i, LLM_TEMPLATED_SYSTEM);
        }
    }

    for (i = messages + 1; i < llm_json_next(cc->j, messages); i = v[i].next) {
        c->lt.going_on = (i > turn);
        llm_converse_message(c, i);
    }

    llm_converse_tools(c, f[LLM_BEDROCK_TOOLS]);

    llm_converse_format(c, f[LLM_BEDROCK_CONFIG]);
    llm_converse_thinks(c, f[LLM_BEDROCK_MORE]);
    llm_templated_end(&c->lt, LLM_JSON_NONE);
}


int
llm_bedrock_converse(llm_request_t *q, llm_counter_t *counter)
{
    uint32_t               f[LLM_BEDROCK_SHOWN];
    llm_converse_t         c;
    llm_template_t         claude;
    llm_openai_count_t     cc;
    const llm_template_t  *t;

    static const char * const  names[] = {
        "messages", "system", "toolConfig", "outputConfig",
        "additionalModelRequestFields"
    };

    llm_count_init(&cc, q, counter);
    t = llm_templated_of(&cc, &claude);
    llm_json_fields(&q->json, 0, names, LLM_BEDROCK_SHOWN, f);

    if (t == NULL || llm_kind_of(&q->json, f[LLM_BEDROCK_SAID])
                     != LLM_JSON_ARRAY)
    {
        return LLM_DECLINED;
    }

    llm_input_init(&c.in, q, counter);
    llm_templated_begin(&c.lt, &cc, t);
    c.cites = 0;

    llm_converse_all(&c, f);

    return llm_count_done(&cc);
}
