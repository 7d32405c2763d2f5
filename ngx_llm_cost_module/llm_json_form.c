
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_json_form.h"
#include "llm_json_lex.h"

#include <string.h>


int
llm_json_form_make(llm_json_form_t *f, const llm_json_t *j,
    const uint32_t *nodes, unsigned n)
{
    size_t    len, from, to;
    unsigned  i;

    if (n > LLM_JSON_FORM_HOLES) {
        return LLM_DECLINED;
    }

    for (len = j->len, i = 0; i < n; i++) {
        len -= j->nodes[nodes[i]].end - j->nodes[nodes[i]].start;
    }

    if (len > LLM_JSON_FORM_TEXT) {
        return LLM_DECLINED;
    }

    len = 0;
    from = 0;

    for (i = 0; i <= n; i++) {
        to = (i < n) ? j->nodes[nodes[i]].start : j->len;

        memcpy(f->text + len, j->data + from, to - from);
        len += to - from;
        f->len[i] = (unsigned) (to - from);

        if (i < n) {
            from = j->nodes[nodes[i]].end;
        }
    }

    f->n = n;

    return LLM_OK;
}


int
llm_json_form_match(const llm_json_form_t *f, const llm_str_t *text,
    llm_json_hole_t *holes)
{
    unsigned              i;
    const unsigned char  *p, *last, *form, *end, *stop;

    p = text->data;
    last = p + text->len;
    form = f->text;

    for (i = 0; /* void */ ; i++) {

        if ((size_t) (last - p) < f->len[i]
            || memcmp(p, form, f->len[i]) != 0)
        {
            return 0;
        }

        p += f->len[i];
        form += f->len[i];

        if (i == f->n) {
            return p == last;
        }

        end = llm_json_text_end(p, last, &holes[i].escaped, &stop);
        if (end == NULL) {
            return 0;
        }

        holes[i].text.data = (unsigned char *) p;
        holes[i].text.len = end - p;
        p = end;
    }
}


static int
llm_json_form_named(const llm_json_t *j, uint32_t key,
    const char * const *names)
{
    for ( /* void */ ; *names; names++) {
        if (llm_json_equal(j, key, *names)) {
            return 1;
        }
    }

    return 0;
}


static int
llm_json_form_listed(uint32_t node, const uint32_t *have, unsigned nhave)
{
    while (nhave--) {
        if (have[nhave] == node) {
            return 1;
        }
    }

    return 0;
}


unsigned
llm_json_form_holes(const llm_json_t *j, const char * const *names,
    const uint32_t *have, unsigned nhave, uint32_t *nodes, unsigned max)
{
    unsigned                n, depth, key, value;
    uint32_t                i;
    const llm_json_node_t  *v;

    /* of each depth: values are in an object; what came last is a key */
    unsigned char           object[LLM_JSON_DEPTH + 1];
    unsigned char           keyed[LLM_JSON_DEPTH + 1];

    n = 0;
    object[0] = 0;
    keyed[0] = 0;

    for (i = 0; i < j->n; i++) {
        v = &j->nodes[i];
        depth = v->depth;

        value = keyed[depth];
        key = object[depth] && !value;
        keyed[depth] = (unsigned char) key;

        if (v->type == LLM_JSON_OBJECT || v->type == LLM_JSON_ARRAY) {
            object[depth + 1] = (v->type == LLM_JSON_OBJECT);
            keyed[depth + 1] = 0;
            continue;
        }

        if (v->type != LLM_JSON_STRING || key
            || (!llm_json_form_listed(i, have, nhave)
                && !(value && llm_json_form_named(j, i - 1, names))))
        {
            continue;
        }

        if (n == max) {
            return max + 1;
        }

        nodes[n++] = i;
    }

    return n;
}
