
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_count.h"

#include <string.h>


/*
 * Tools and schemas of a chat, as a model is shown them.
 */


/* "function": {"name": ...} of a call that the client demands */

void
llm_count_forced(llm_openai_count_t *cc, uint32_t choice, uint32_t call)
{
    uint32_t  fn, name;

    fn = call;

    if (llm_count_kind(cc, choice) == LLM_JSON_OBJECT) {

        /* Responses has no object of its own for it */

        fn = (cc->q->kind == LLM_KIND_RESPONSES)
             ? choice : llm_json_get(cc->j, choice, "function");
    }

    if (llm_count_kind(cc, fn) != LLM_JSON_OBJECT
        || cc->family == LLM_OPENAI_GPT5)
    {
        return;
    }

    name = llm_json_get(cc->j, fn, "name");

    if (name == LLM_JSON_NONE) {
        return;
    }

    cc->tokens += 4;

    if (cc->old) {
        llm_count_string(cc, name);
        return;
    }

    cc->text.len = 0;
    llm_openai_puts(&cc->text, " to=functions.");
    llm_openai_put_string(&cc->text, cc->j, name);
    llm_count_text(cc, &cc->text);
}


/*
 * Gateways, whose names of models have a maker in front, ask for Responses
 * where they are asked for a chat.
 */

static int
llm_count_forwarded(const llm_openai_count_t *cc)
{
    return cc->q->kind != LLM_KIND_RESPONSES && cc->q->model.len
           && memchr(cc->q->model.data, '/', cc->q->model.len) != NULL;
}


/* tools as text; some models get more than that */

void
llm_count_tools(llm_openai_count_t *cc, uint32_t tools, uint32_t functions)
{
    llm_openai_tools_t  r;

    if (llm_count_empty(cc, tools) && llm_count_empty(cc, functions)) {
        return;
    }

    memset(&r, 0, sizeof(llm_openai_tools_t));

    r.text = &cc->extra;
    r.json = cc->j;
    r.old = cc->old;

    llm_openai_tools(&r, tools, functions);

    cc->functions = 1;
    cc->estimate |= r.estimate;
    cc->tokens--;

    if (cc->family == LLM_OPENAI_GPT5 && llm_count_forwarded(cc)) {
        cc->estimate = 1;

    } else if (cc->family == LLM_OPENAI_GPT5) {
        cc->tokens += LLM_OPENAI_GPT5_TOOLS;

    } else if (cc->family == LLM_OPENAI_O_SERIES) {
        cc->tokens++;
    }
}


/* the schema that a response format of chat holds */

uint32_t
llm_count_format(llm_openai_count_t *cc, uint32_t format)
{
    uint32_t  type;

    type = llm_json_get(cc->j, format, "type");

    if (type == LLM_JSON_NONE || !llm_json_equal(cc->j, type, "json_schema")) {
        return LLM_JSON_NONE;
    }

    return llm_json_get(cc->j, format, "json_schema");
}


void
llm_count_schema_named(llm_openai_count_t *cc, uint32_t named)
{
    uint32_t            f[3];
    llm_openai_text_t  *t;

    static const char * const  names[] = { "name", "description", "schema" };

    if (named == LLM_JSON_NONE) {
        return;
    }

    llm_json_fields(cc->j, named, names, 3, f);

    t = &cc->extra;

    if (t->len) {
        llm_openai_puts(t, "\n\n");
    }

    llm_openai_puts(t, "# Response Formats\n\n## ");
    llm_openai_put_string(t, cc->j, f[0]);
    llm_openai_puts(t, "\n\n");

    if (!llm_count_empty(cc, f[1])) {
        llm_openai_puts(t, "// ");
        llm_openai_put_string(t, cc->j, f[1]);
        llm_openai_puts(t, "\n");
    }

    if (f[2] != LLM_JSON_NONE) {
        llm_openai_render(t, cc->j, f[2], LLM_OPENAI_COMPACT
                          | LLM_OPENAI_ASCII | LLM_OPENAI_SCHEMA);
    }

    cc->schema = f[0];
}
