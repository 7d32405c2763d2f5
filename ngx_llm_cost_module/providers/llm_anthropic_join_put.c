
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_anthropic_reform.h"

#include <string.h>


/*
 * The message that llm_anthropic_join.c has gathered, as one document, with
 * its members in the order in which Anthropic writes them.
 */


static int
llm_anthropic_named(const llm_extra_t *e, const char *name)
{
    return e->name.len == strlen(name)
           && memcmp(e->name.data, name, e->name.len) == 0;
}


/* the pieces of an input are JSON once they are together */

static int
llm_anthropic_join_input(llm_anthropic_join_t *s, llm_text_t *t,
    const llm_anthropic_block_t *b)
{
    int         rc;
    llm_str_t   quoted, input;
    llm_json_t  j;
    llm_text_t  text;

    llm_text_init(&text, s->mem, s->max);
    llm_text_put(&text, "\"");
    llm_text_add(&text, b->input.data, b->input.len);
    llm_text_put(&text, "\"");

    if (text.rc != LLM_OK) {
        return text.rc;
    }

    quoted.data = text.data;
    quoted.len = text.len;

    memset(&j, 0, sizeof(llm_json_t));
    j.mem = s->mem;

    rc = llm_json_parse(&j, quoted.data, quoted.len);

    if (rc == LLM_OK) {
        rc = llm_json_string(&j, 0, &input, NULL);
    }

    if (rc == LLM_OK) {
        rc = llm_form_document(&input, s->mem, &j, 0);
    }

    if (rc == LLM_ERROR) {
        return LLM_ERROR;
    }

    if (rc != LLM_OK) {
        return LLM_DECLINED;
    }

    llm_text_str(t, &input);

    return LLM_OK;
}


static void
llm_anthropic_join_quoted(llm_text_t *t, const void *p, size_t n)
{
    llm_text_put(t, "\"");
    llm_text_add(t, p, n);
    llm_text_put(t, "\"");
}


static int
llm_anthropic_join_put_block(llm_anthropic_join_t *s, llm_text_t *t,
    const llm_anthropic_block_t *b)
{
    int                 rc;
    unsigned            n, citations, signature;
    const llm_extra_t  *e;

    rc = LLM_OK;
    citations = (b->citations.len != 0);
    signature = (b->signature.len != 0);

    llm_text_put(t, "{");

    for (n = 0, e = b->members; rc == LLM_OK && e; e = e->next) {

        llm_text_put(t, n++ ? "," : "");
        llm_anthropic_join_quoted(t, e->name.data, e->name.len);
        llm_text_put(t, ":");

        if (llm_anthropic_named(e, "text")
            || llm_anthropic_named(e, "thinking"))
        {
            llm_anthropic_join_quoted(t, b->text.data, b->text.len);

        } else if (llm_anthropic_named(e, "signature")) {
            llm_anthropic_join_quoted(t, b->signature.data, b->signature.len);
            signature = 0;

        } else if (llm_anthropic_named(e, "input") && b->input.len) {
            rc = llm_anthropic_join_input(s, t, b);

        } else if (llm_anthropic_named(e, "citations") && citations) {
            llm_text_put(t, "[");
            llm_text_add(t, b->citations.data, b->citations.len);
            llm_text_put(t, "]");
            citations = 0;

        } else {
            llm_text_str(t, &e->value);
        }
    }

    if (citations) {
        llm_text_put(t, ",\"citations\":[");
        llm_text_add(t, b->citations.data, b->citations.len);
        llm_text_put(t, "]");
    }

    if (signature) {
        llm_text_put(t, ",\"signature\":");
        llm_anthropic_join_quoted(t, b->signature.data, b->signature.len);
    }

    llm_text_put(t, "}");

    return rc;
}


/* members that a block must have begun with, to be given what came later */

static int
llm_anthropic_join_fits(const llm_anthropic_block_t *b)
{
    unsigned            text, input;
    const llm_extra_t  *e;

    text = 0;
    input = 0;

    for (e = b->members; e; e = e->next) {
        text += llm_anthropic_named(e, "text")
                || llm_anthropic_named(e, "thinking");
        input |= llm_anthropic_named(e, "input");
    }

    return text <= 1 && (text || b->text.len == 0)
           && (input || b->input.len == 0);
}


static int
llm_anthropic_join_put_blocks(llm_anthropic_join_t *s, llm_text_t *t)
{
    int       rc;
    unsigned  i;

    llm_text_put(t, "\"content\":[");

    for (i = 0; i < s->n; i++) {

        if (!llm_anthropic_join_fits(s->blocks[i])) {
            return LLM_DECLINED;
        }

        llm_text_put(t, i ? "," : "");

        rc = llm_anthropic_join_put_block(s, t, s->blocks[i]);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    llm_text_put(t, "]");

    return LLM_OK;
}


static void
llm_anthropic_join_put_member(llm_text_t *t, const llm_extra_t *e)
{
    llm_anthropic_join_quoted(t, e->name.data, e->name.len);
    llm_text_put(t, ":");
    llm_text_str(t, &e->value);
}


int
llm_anthropic_join_put(llm_anthropic_join_t *s, llm_text_t *t)
{
    int                 rc;
    unsigned            stopped, said;
    const llm_extra_t  *e;

    stopped = 0;
    said = 0;

    llm_text_put(t, "{");

    for (e = s->members; e; e = e->next) {
        stopped |= llm_anthropic_named(e, "stop_reason")
                   && e->value.data[0] == '"';

        llm_anthropic_join_put_member(t, e);
        llm_text_put(t, ",");

        if (llm_anthropic_named(e, "role")) {

            /* the content is where Anthropic has it: behind the role */

            said = 1;

            rc = llm_anthropic_join_put_blocks(s, t);
            if (rc != LLM_OK) {
                return rc;
            }

            llm_text_put(t, ",");
        }
    }

    if (!s->ended || !stopped || !said) {
        return LLM_DECLINED;
    }

    llm_text_put(t, "\"usage\":{");

    for (e = s->usage; e; e = e->next) {
        llm_anthropic_join_put_member(t, e);
        llm_text_put(t, e->next ? "," : "");
    }

    llm_text_put(t, "}}");

    return t->rc;
}
