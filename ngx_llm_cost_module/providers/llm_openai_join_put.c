
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_join.h"


/* The document, out of what has been put together. */


static void
llm_openai_put_value(llm_text_t *t, const char *name, const llm_str_t *value)
{
    if (value->len) {
        llm_text_put(t, name);
        llm_text_str(t, value);
    }
}


static void
llm_openai_put_pieces(llm_text_t *t, const char *name,
    const llm_openai_pieces_t *p)
{
    llm_text_put(t, name);

    if (!p->given) {
        llm_text_put(t, "null");
        return;
    }

    llm_text_put(t, "\"");
    llm_text_add(t, p->text.data, p->text.len);
    llm_text_put(t, "\"");
}


static void
llm_openai_put_function(llm_text_t *t, const llm_openai_tool_t *tool)
{
    llm_text_put(t, "{\"name\":");

    if (tool->name.len) {
        llm_text_str(t, &tool->name);

    } else {
        llm_text_put(t, "\"\"");
    }

    llm_text_put(t, ",\"arguments\":\"");
    llm_text_add(t, tool->arguments.text.data, tool->arguments.text.len);
    llm_text_put(t, "\"}");
}


static int
llm_openai_put_tools(llm_text_t *t, const llm_openai_part_t *p)
{
    unsigned                  i;
    const llm_openai_tool_t  *tool;

    llm_text_put(t, ",\"tool_calls\":[");

    for (i = 0; i < p->ntools; i++) {
        tool = &p->tools[i];

        /* a call that never came, or that is none of a function */

        if (!tool->begun || tool->id.len <= 2) {
            return LLM_DECLINED;
        }

        llm_text_put(t, i ? ",{\"id\":" : "{\"id\":");
        llm_text_str(t, &tool->id);
        llm_text_put(t, ",\"type\":");

        if (tool->type.len) {
            llm_text_str(t, &tool->type);

        } else {
            llm_text_put(t, "\"function\"");
        }

        llm_text_put(t, ",\"function\":");
        llm_openai_put_function(t, tool);
        llm_extra_write(t, tool->extra);
        llm_text_put(t, "}");
    }

    llm_text_put(t, "]");

    return LLM_OK;
}


/* a message that says nothing but why not has no content */

static unsigned
llm_openai_put_silent(const llm_openai_part_t *p)
{
    return !p->say[LLM_OPENAI_SAY_CONTENT].given
           || (p->say[LLM_OPENAI_SAY_CONTENT].text.len == 0
               && p->say[LLM_OPENAI_SAY_REFUSAL].text.len);
}


static int
llm_openai_put_message(llm_text_t *t, llm_openai_part_t *p)
{
    int       rc;
    unsigned  i;

    static const char * const  names[] = {
        ",\"content\":", ",\"refusal\":", ",\"reasoning\":",
        ",\"reasoning_content\":"
    };

    if (llm_openai_put_silent(p)) {
        p->say[LLM_OPENAI_SAY_CONTENT].given = 0;
    }

    p->say[LLM_OPENAI_SAY_CONTENT].named = 1;

    llm_text_put(t, ",\"message\":{\"role\":");

    if (p->role.len > 2) {
        llm_text_str(t, &p->role);

    } else {
        llm_text_put(t, "\"assistant\"");
    }

    for (i = 0; i < LLM_OPENAI_SAY_N; i++) {
        if (p->say[i].named) {
            llm_openai_put_pieces(t, names[i], &p->say[i]);
        }
    }

    rc = LLM_OK;

    if (p->ntools) {
        rc = llm_openai_put_tools(t, p);
    }

    if (p->function.begun) {
        llm_text_put(t, ",\"function_call\":");
        llm_openai_put_function(t, &p->function);
    }

    llm_extra_write(t, p->message);
    llm_text_put(t, "}");

    return rc;
}


static void
llm_openai_put_probs(llm_text_t *t, const llm_openai_part_t *p)
{
    unsigned  i;

    static const char * const  names[] = { "{\"content\":", ",\"refusal\":" };

    llm_text_put(t, ",\"logprobs\":");

    if (p->plain.len) {
        llm_text_str(t, &p->plain);
        return;
    }

    if (!p->probs[0].given && !p->probs[1].given) {
        llm_text_put(t, "null");
        return;
    }

    for (i = 0; i < 2; i++) {

        llm_text_put(t, names[i]);

        if (p->probs[i].given) {
            llm_text_put(t, "[");
            llm_text_add(t, p->probs[i].text.data, p->probs[i].text.len);
            llm_text_put(t, "]");

        } else {
            llm_text_put(t, "null");
        }
    }

    llm_text_put(t, "}");
}


static int
llm_openai_put_choice(const llm_openai_join_t *s, llm_text_t *t,
    llm_openai_part_t *p)
{
    int  rc;

    /* a choice without an end was cut */

    if (p->finish.len <= 2) {
        return LLM_DECLINED;
    }

    rc = LLM_OK;

    llm_text_put(t, "{\"index\":");
    llm_text_number(t, p->index);

    if (s->completion) {
        llm_openai_put_pieces(t, ",\"text\":", &p->text);

    } else {
        rc = llm_openai_put_message(t, p);
    }

    llm_openai_put_probs(t, p);
    llm_text_put(t, ",\"finish_reason\":");
    llm_text_str(t, &p->finish);
    llm_extra_write(t, p->extra);
    llm_text_put(t, "}");

    return rc;
}


static int
llm_openai_put_choices(llm_openai_join_t *s, llm_text_t *t)
{
    int       rc;
    int64_t   index;
    unsigned  i, n;

    n = 0;

    for (index = 0; n < s->n && index < LLM_FORM_CHOICES; index++) {

        for (i = 0; i < s->n && s->parts[i]->index != index; i++) {
            /* void */
        }

        if (i == s->n) {
            continue;
        }

        if (n++) {
            llm_text_put(t, ",");
        }

        rc = llm_openai_put_choice(s, t, s->parts[i]);
        if (rc != LLM_OK) {
            return rc;
        }
    }

    return LLM_OK;
}


int
llm_openai_join_put(llm_openai_join_t *s, llm_text_t *t)
{
    int  rc;

    if (s->top[LLM_OPENAI_TOP_ID].len == 0
        || s->top[LLM_OPENAI_TOP_USAGE].len == 0 || s->n == 0)
    {
        return LLM_DECLINED;
    }

    llm_text_put(t, "{\"id\":");
    llm_text_str(t, &s->top[LLM_OPENAI_TOP_ID]);
    llm_text_put(t, s->completion ? ",\"object\":\"text_completion\""
                                  : ",\"object\":\"chat.completion\"");

    llm_openai_put_value(t, ",\"created\":", &s->top[LLM_OPENAI_TOP_CREATED]);
    llm_openai_put_value(t, ",\"model\":", &s->top[LLM_OPENAI_TOP_MODEL]);

    llm_text_put(t, ",\"choices\":[");

    rc = llm_openai_put_choices(s, t);
    if (rc != LLM_OK) {
        return rc;
    }

    llm_text_put(t, "],\"usage\":");
    llm_text_str(t, &s->top[LLM_OPENAI_TOP_USAGE]);

    llm_openai_put_value(t, ",\"x_groq\":", &s->top[LLM_OPENAI_TOP_GROQ]);
    llm_openai_put_value(t, ",\"sla_metrics\":", &s->top[LLM_OPENAI_TOP_SLA]);
    llm_openai_put_value(t, ",\"service_tier\":", &s->top[LLM_OPENAI_TOP_TIER]);
    llm_openai_put_value(t, ",\"system_fingerprint\":",
                         &s->top[LLM_OPENAI_TOP_FINGERPRINT]);

    llm_extra_write(t, s->extra);
    llm_text_put(t, "}");

    return t->rc;
}
