
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_json_form.h"
#include "llm_json_lex.h"

#include <string.h>


/*
 * Brackets and white space at the end of a text are outside of its strings.
 * They are taken off, from behind, and compared by themselves.
 */

static int
llm_json_form_space(unsigned char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}


/* digits, as many as there are: where they end; NULL: there is no number */

static const unsigned char *
llm_json_form_digits(const unsigned char *p, const unsigned char *last)
{
    const unsigned char  *from;

    for (from = p; p < last && *p >= '0' && *p <= '9'; p++) { /* void */ }

    return (p == from || (*from == '0' && p > from + 1)) ? NULL : p;
}


/* the text without its tail, which is written down */

static size_t
llm_json_form_cut(llm_json_form_t *f, const llm_json_t *j, size_t from)
{
    size_t         len;
    unsigned char  c;

    f->ntail = 0;

    for (len = j->len; len > from; len--) {
        c = j->data[len - 1];

        if (c == '}' || c == ']') {

            if (f->ntail == LLM_JSON_FORM_TAIL) {
                break;
            }

            f->tail[f->ntail++] = c;

        } else if (!llm_json_form_space(c)) {
            break;
        }
    }

    return len;
}


int
llm_json_form_make(llm_json_form_t *f, const llm_json_t *j,
    const uint32_t *nodes, unsigned n)
{
    size_t                  len, from, to;
    unsigned                i;
    const llm_json_node_t  *v;

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

    for (i = 0; i < n; i++) {
        v = &j->nodes[nodes[i]];
        to = v->start;

        memcpy(f->text + len, j->data + from, to - from);
        len += to - from;

        f->len[i] = (unsigned) (to - from);
        f->number[i] = (v->type == LLM_JSON_NUMBER);

        from = v->end;
    }

    to = llm_json_form_cut(f, j, from);

    memcpy(f->text + len, j->data + from, to - from);

    f->len[n] = (unsigned) (to - from);
    f->n = n;

    return LLM_OK;
}


/* the end of the text in front of a tail that is the form's, or NULL */

static const unsigned char *
llm_json_form_end(const llm_json_form_t *f, const unsigned char *p,
    const unsigned char *last)
{
    unsigned  i;

    for (i = 0; last > p; last--) {

        if (llm_json_form_space(last[-1])) {
            continue;
        }

        if (i == f->ntail || last[-1] != f->tail[i]) {
            break;
        }

        i++;
    }

    return (i == f->ntail) ? last : NULL;
}


int
llm_json_form_match(const llm_json_form_t *f, const llm_str_t *text,
    llm_json_hole_t *holes)
{
    unsigned              i;
    const unsigned char  *p, *last, *form, *end, *stop;

    if (text->len == 0) {
        return 0;
    }

    p = text->data;
    last = llm_json_form_end(f, p, p + text->len);
    form = f->text;

    if (last == NULL) {
        return 0;
    }

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

        holes[i].escaped = 0;

        end = f->number[i] ? llm_json_form_digits(p, last)
                           : llm_json_text_end(p, last, &holes[i].escaped,
                                               &stop);
        if (end == NULL) {
            return 0;
        }

        holes[i].text.data = (unsigned char *) p;
        holes[i].text.len = end - p;
        p = end;
    }
}


/* a string, or a number that is nothing but digits */

static int
llm_json_form_fits(const llm_json_t *j, const llm_json_node_t *v)
{
    const unsigned char  *end;

    if (v->type == LLM_JSON_STRING) {
        return 1;
    }

    end = j->data + v->end;

    return v->type == LLM_JSON_NUMBER
           && llm_json_form_digits(j->data + v->start, end) == end;
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

        if (key || !llm_json_form_fits(j, v)
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
