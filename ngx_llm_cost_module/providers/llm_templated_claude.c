
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_templated.h"
#include "llm_anthropic.h"

#include <string.h>


/*
 * A Claude in the dialects of others, which gateways and clouds translate: the
 * model sees what Anthropic puts around tools, calls and results, whatever the
 * client wrote them as.  llm_anthropic_count.c has the figures.
 */

#define LLM_CLAUDE_FILE        10000    /* a document whose end is not seen */
#define LLM_CLAUDE_FILE_BYTES  8        /* of base64, for one token */


int
llm_claude_is(const llm_str_t *model)
{
    return llm_model_holds(model, "claude");
}


/* results that follow each other are one message, and so are calls */

void
llm_claude_template(const llm_str_t *model, llm_template_t *t)
{
    const llm_claude_t  *claude;

    claude = llm_anthropic_claude(model);

    memset(t, 0, sizeof(llm_template_t));

    t->start = LLM_ANTHROPIC_BASE;
    t->system = LLM_ANTHROPIC_MESSAGE;
    t->user = LLM_ANTHROPIC_MESSAGE;
    t->assistant = LLM_ANTHROPIC_MESSAGE;
    t->results = LLM_ANTHROPIC_MESSAGE;

    t->shown = LLM_TEMPLATE_PARTS;
    t->tools = claude->tools;
    t->tool = claude->tool;
    t->forced = claude->forced;
    t->thinking = LLM_ANTHROPIC_THOUGHTS;
    t->call = claude->call;
    t->result = claude->result;
    t->format = claude->format;
    t->percent = claude->percent;
}


/* a picture by its address or in it: {"url":...}, or the address itself */

static int64_t
llm_claude_picture(llm_openai_count_t *cc, uint32_t url)
{
    llm_str_t  s;

    if (llm_count_kind(cc, url) == LLM_JSON_OBJECT) {
        url = llm_json_get(cc->j, url, "url");
    }

    llm_count_data(cc, url, &s);

    (void) llm_image_inline(&s);

    return llm_anthropic_picture(&cc->q->model, &s);
}


void
llm_claude_media(llm_openai_count_t *cc, uint32_t part)
{
    int64_t            n;
    uint32_t           data, f[3];
    llm_str_t          s;
    const llm_json_t  *j;

    static const char * const  names[] = { "image_url", "file", "file_data" };

    j = cc->j;
    llm_json_fields(j, part, names, 3, f);

    if (llm_given(j, f[0])) {
        cc->fixed += llm_claude_picture(cc, f[0]);
        return;
    }

    data = llm_given(j, f[1]) ? llm_json_get(j, f[1], "file_data") : f[2];

    llm_count_data(cc, data, &s);
    n = (int64_t) s.len / LLM_CLAUDE_FILE_BYTES;

    cc->fixed += n > LLM_CLAUDE_FILE ? n : LLM_CLAUDE_FILE;
}
