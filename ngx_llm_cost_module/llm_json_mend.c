
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_json_mend.h"


/*
 * One pass over the text, with the open containers on a stack.  It notes the
 * last place where the text could end with nothing but a quote and brackets
 * added: between the characters of a string that is a value, and behind
 * values.  What is open there is still on the stack at the end, since every
 * bracket that closes is such a place, too.
 */

typedef struct {
    unsigned char         stack[LLM_JSON_DEPTH];    /* what would close it */
    unsigned              depth;
    unsigned              escape;      /* bytes of an escape still to come */
    unsigned              key:1;       /* a string here is a member's name */
    unsigned              string:1;

    size_t                safe;
    unsigned              safe_depth;
    unsigned              safe_string;
} llm_json_mend_t;


static void
llm_json_mend_safe(llm_json_mend_t *m, size_t at)
{
    m->safe = at;
    m->safe_depth = m->depth;
    m->safe_string = m->string;
}


static void
llm_json_mend_string(llm_json_mend_t *m, unsigned char c, size_t at)
{
    if (m->escape) {
        m->escape = (m->escape == 5) ? ((c == 'u') ? 4 : 0) : m->escape - 1;
        return;
    }

    /* in front of a character, not inside of one */

    if (!m->key && (c & 0xc0) != 0x80) {
        llm_json_mend_safe(m, at);
    }

    if (c == '\\') {
        m->escape = 5;

    } else if (c == '"') {
        m->string = 0;

        if (!m->key) {
            llm_json_mend_safe(m, at + 1);
        }
    }
}


static int
llm_json_mend_token(llm_json_mend_t *m, unsigned char c, size_t at)
{
    switch (c) {

    case '"':
        m->string = 1;
        break;

    case '{': case '[':
        if (m->depth == LLM_JSON_DEPTH) {
            return LLM_LIMIT;
        }

        m->stack[m->depth++] = (c == '{') ? '}' : ']';
        m->key = (c == '{');
        llm_json_mend_safe(m, at + 1);
        break;

    case '}': case ']':
        m->depth -= (m->depth > 0);
        m->key = 0;
        llm_json_mend_safe(m, at + 1);
        break;

    case ',':
        llm_json_mend_safe(m, at);
        m->key = (m->depth && m->stack[m->depth - 1] == '}');
        break;

    case ':':
        m->key = 0;
        break;
    }

    return LLM_OK;
}


int
llm_json_mend(const unsigned char *text, size_t len, size_t *cut,
    unsigned char *tail, size_t *n)
{
    size_t           i;
    llm_json_mend_t  m;

    m.depth = 0;
    m.escape = 0;
    m.key = 0;
    m.string = 0;

    llm_json_mend_safe(&m, 0);

    for (i = 0; i < len; i++) {

        if (m.string) {
            llm_json_mend_string(&m, text[i], i);

        } else if (llm_json_mend_token(&m, text[i], i) != LLM_OK) {
            return LLM_LIMIT;
        }
    }

    *cut = m.safe;
    *n = 0;

    if (m.safe_string) {
        tail[(*n)++] = '"';
    }

    for (i = m.safe_depth; i > 0; i--) {
        tail[(*n)++] = m.stack[i - 1];
    }

    return LLM_OK;
}
