
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"
#include "llm_form.h"

#include <string.h>


/*
 * Gemini's answers in another form.  A stream is made of documents, as events
 * or as the elements of an array, so that one document is a stream as it is.
 * The other way the parts of each candidate are put one behind the other; text
 * that is nothing but text, and went on in the next part, is one part.
 */

typedef enum {
    LLM_GEMINI_PART_OTHER = 0,
    LLM_GEMINI_PART_TEXT,
    LLM_GEMINI_PART_THOUGHT
} llm_gemini_part_e;


typedef struct {
    int64_t               index;
    llm_str_t             role;
    llm_str_t             finish;
    llm_text_t            parts;
    llm_gemini_part_e     open;        /* a text that may go on */
    llm_extra_t          *extra;
    unsigned              indexed:1;
    unsigned              spoken:1;    /* it has a content */
} llm_gemini_candidate_t;


typedef struct {
    llm_mem_t               *mem;
    size_t                   max;
    llm_text_t              *out;      /* of an array or events */
    llm_gemini_candidate_t  *list[LLM_FORM_CHOICES];
    unsigned                 n;
    llm_extra_t             *first;    /* members: what the first one said */
    llm_extra_t             *last;     /* ... the last one */
    llm_extra_t             *extra;
    unsigned                 array:1;
    unsigned                 begun:1;
} llm_gemini_reform_t;


static int
llm_gemini_has(const llm_extra_t *list, const llm_str_t *name)
{
    for ( /* void */ ; list; list = list->next) {
        if (llm_form_same(&list->name, name)) {
            return 1;
        }
    }

    return 0;
}


/* a value that comes once, or again and the same */

static int
llm_gemini_once(llm_str_t *to, const llm_json_t *j, uint32_t node)
{
    llm_str_t  value;

    if (!llm_given(j, node)) {
        return LLM_OK;
    }

    value = llm_form_raw(j, node);

    if (to->len && !llm_form_same(to, &value)) {
        return LLM_DECLINED;
    }

    *to = value;

    return LLM_OK;
}


/* what else than text is in a part makes it one of its own */

static llm_gemini_part_e
llm_gemini_part(const llm_json_t *j, uint32_t part, uint32_t *text)
{
    uint32_t           key;
    llm_gemini_part_e  what;

    what = LLM_GEMINI_PART_OTHER;
    *text = llm_json_get(j, part, "text");

    if (!llm_form_is(j, *text, LLM_JSON_STRING)) {
        return what;
    }

    what = LLM_GEMINI_PART_TEXT;

    for (key = part + 1; key < llm_json_next(j, part);
         key = llm_json_next(j, key + 1))
    {
        if (llm_json_equal(j, key, "thought")
            && llm_kind_of(j, key + 1) == LLM_JSON_TRUE)
        {
            what = LLM_GEMINI_PART_THOUGHT;

        } else if (!llm_json_equal(j, key, "text")) {
            return LLM_GEMINI_PART_OTHER;
        }
    }

    return what;
}


/* the end of a text that went on until here */

static void
llm_gemini_close(llm_gemini_candidate_t *c)
{
    if (c->open) {
        llm_text_put(&c->parts, c->open == LLM_GEMINI_PART_THOUGHT
                                ? "\",\"thought\":true}" : "\"}");
        c->open = LLM_GEMINI_PART_OTHER;
    }
}


static int
llm_gemini_join_part(llm_gemini_candidate_t *c, const llm_json_t *j,
    uint32_t part)
{
    uint32_t           text;
    llm_str_t          s;
    llm_gemini_part_e  what;

    if (llm_kind_of(j, part) != LLM_JSON_OBJECT) {
        return LLM_DECLINED;
    }

    what = llm_gemini_part(j, part, &text);

    if (what != c->open) {
        llm_gemini_close(c);
    }

    if (what == LLM_GEMINI_PART_OTHER) {
        s = llm_form_raw(j, part);
        llm_text_put(&c->parts, c->parts.len ? "," : "");
        llm_text_str(&c->parts, &s);

        return c->parts.rc;
    }

    if (!c->open) {
        llm_text_put(&c->parts, c->parts.len ? ",{\"text\":\""
                                             : "{\"text\":\"");
        c->open = what;
    }

    s = llm_form_inside(j, text);
    llm_text_str(&c->parts, &s);

    return c->parts.rc;
}


static int
llm_gemini_join_content(llm_gemini_candidate_t *c, const llm_json_t *j,
    uint32_t content)
{
    int                     rc;
    uint32_t                i, f[2];
    const llm_json_node_t  *v;

    static const char * const  names[] = { "parts", "role" };

    if (content == LLM_JSON_NONE) {
        return LLM_OK;
    }

    v = j->nodes;
    c->spoken = 1;

    rc = llm_form_members(j, content, names, 2, f, NULL, NULL);

    if (rc == LLM_OK) {
        rc = llm_gemini_once(&c->role, j, f[1]);
    }

    if (rc != LLM_OK || f[0] == LLM_JSON_NONE) {
        return rc;
    }

    if (llm_kind_of(j, f[0]) != LLM_JSON_ARRAY) {
        return LLM_DECLINED;
    }

    for (i = f[0] + 1; rc == LLM_OK && i < llm_json_next(j, f[0]);
         i = v[i].next)
    {
        rc = llm_gemini_join_part(c, j, i);
    }

    return rc;
}


/* the one of this index, new if it was not there; LLM_DECLINED: too many */

static int
llm_gemini_candidate_at(llm_gemini_reform_t *s, int64_t index,
    llm_gemini_candidate_t **candidate)
{
    unsigned                 i;
    llm_gemini_candidate_t  *c;

    for (i = 0; i < s->n; i++) {

        if (s->list[i]->index == index) {
            *candidate = s->list[i];
            return LLM_OK;
        }
    }

    if (s->n == LLM_FORM_CHOICES) {
        return LLM_DECLINED;
    }

    c = llm_alloc(s->mem, sizeof(llm_gemini_candidate_t));
    if (c == NULL) {
        return LLM_ERROR;
    }

    memset(c, 0, sizeof(llm_gemini_candidate_t));
    c->index = index;
    llm_text_init(&c->parts, s->mem, s->max);

    s->list[s->n++] = c;
    *candidate = c;

    return LLM_OK;
}


static int
llm_gemini_join_candidate(llm_gemini_reform_t *s, const llm_json_t *j,
    uint32_t node)
{
    int                      rc;
    int64_t                  index;
    uint32_t                 f[3], at;
    llm_gemini_candidate_t  *c;

    static const char * const  names[] = { "index", "content",
                                           "finishReason" };

    index = 0;

    if (!llm_form_is(j, node, LLM_JSON_OBJECT)) {
        return LLM_DECLINED;
    }

    at = llm_json_get(j, node, "index");

    if (at != LLM_JSON_NONE
        && (llm_kind_of(j, at) != LLM_JSON_NUMBER
            || llm_json_int(j, at, &index) != LLM_OK || index < 0))
    {
        return LLM_DECLINED;
    }

    rc = llm_gemini_candidate_at(s, index, &c);
    if (rc != LLM_OK) {
        return rc;
    }

    c->indexed |= (at != LLM_JSON_NONE);

    rc = llm_form_members(j, node, names, 3, f, &c->extra, s->mem);

    if (rc == LLM_OK) {
        rc = llm_gemini_once(&c->finish, j, f[2]);
    }

    if (rc == LLM_OK) {
        rc = llm_gemini_join_content(c, j, f[1]);
    }

    return rc;
}


static int
llm_gemini_join_top(llm_gemini_reform_t *s, const llm_json_t *j,
    uint32_t key)
{
    llm_str_t  name;

    if (llm_json_equal(j, key, "error")) {
        return LLM_DECLINED;
    }

    /* what is counted is counted anew in every event */

    if (llm_json_equal(j, key, "usageMetadata")) {
        return llm_extra_set(&s->last, s->mem, j, key);
    }

    if (llm_json_equal(j, key, "responseId")
        || llm_json_equal(j, key, "modelVersion")
        || llm_json_equal(j, key, "createTime"))
    {
        name = llm_form_inside(j, key);

        return llm_gemini_has(s->first, &name)
               ? LLM_OK : llm_extra_keep(&s->first, s->mem, j, key);
    }

    return llm_extra_keep(&s->extra, s->mem, j, key);
}


static int
llm_gemini_join_chunk(llm_gemini_reform_t *s, const llm_json_t *j,
    uint32_t chunk)
{
    int                     rc;
    uint32_t                i, key;
    unsigned                seen;
    const llm_json_node_t  *v;

    v = j->nodes;
    seen = 0;

    if (llm_kind_of(j, chunk) != LLM_JSON_OBJECT) {
        return LLM_DECLINED;
    }

    for (key = chunk + 1; key < llm_json_next(j, chunk);
         key = v[key + 1].next)
    {
        if (!llm_json_equal(j, key, "candidates")) {

            rc = llm_gemini_join_top(s, j, key);
            if (rc != LLM_OK) {
                return rc;
            }

            continue;
        }

        if (seen++ || v[key + 1].type != LLM_JSON_ARRAY) {
            return LLM_DECLINED;
        }

        for (i = key + 2; i < v[key + 1].next; i = v[i].next) {
            rc = llm_gemini_join_candidate(s, j, i);
            if (rc != LLM_OK) {
                return rc;
            }
        }
    }

    return LLM_OK;
}


static void
llm_gemini_put_candidate(llm_text_t *t, llm_gemini_candidate_t *c)
{
    llm_gemini_close(c);

    llm_text_put(t, "{\"finishReason\":");
    llm_text_str(t, &c->finish);

    if (c->spoken) {
        llm_text_put(t, ",\"content\":{");

        if (c->parts.len) {
            llm_text_put(t, "\"parts\":[");
            llm_text_add(t, c->parts.data, c->parts.len);
            llm_text_put(t, c->role.len ? "]," : "]");
        }

        if (c->role.len) {
            llm_text_put(t, "\"role\":");
            llm_text_str(t, &c->role);
        }

        llm_text_put(t, "}");
    }

    if (c->indexed) {
        llm_text_put(t, ",\"index\":");
        llm_text_number(t, c->index);
    }

    llm_extra_write(t, c->extra);
    llm_text_put(t, "}");
}


static int
llm_gemini_join_put(llm_gemini_reform_t *s, llm_text_t *t)
{
    unsigned   i;
    llm_str_t  blocked;

    /* a question that was blocked has no answer, and that is all of it */

    llm_str_set(&blocked, "promptFeedback");

    if (s->last == NULL || (s->n == 0 && !llm_gemini_has(s->extra, &blocked)))
    {
        return LLM_DECLINED;
    }

    llm_text_put(t, "{");

    for (i = 0; i < s->n; i++) {
        llm_text_put(t, i ? "," : "\"candidates\":[");
        llm_gemini_put_candidate(t, s->list[i]);

        if (s->list[i]->finish.len == 0) {
            return LLM_DECLINED;
        }

        if (s->list[i]->parts.rc != LLM_OK) {
            return s->list[i]->parts.rc;
        }
    }

    llm_text_put(t, s->n ? "]," : "");
    llm_text_put(t, "\"usageMetadata\":");
    llm_text_str(t, &s->last->value);
    llm_extra_write(t, s->first);
    llm_extra_write(t, s->extra);
    llm_text_put(t, "}");

    return t->rc;
}


/* a document in a stream of another kind */

static int
llm_gemini_put_chunk(llm_gemini_reform_t *s, const llm_str_t *chunk)
{
    if (s->array) {
        llm_text_put(s->out, s->begun ? ",\r\n" : "[");
        llm_text_str(s->out, chunk);

    } else {
        llm_text_put(s->out, "data: ");
        llm_text_value(s->out, chunk);
        llm_text_put(s->out, "\r\n\r\n");
    }

    s->begun = 1;

    return s->out->rc;
}


static int
llm_gemini_chunk(llm_gemini_reform_t *s, const llm_json_t *j,
    uint32_t node)
{
    llm_str_t  raw;

    if (s->out == NULL) {
        return llm_gemini_join_chunk(s, j, node);
    }

    if (llm_kind_of(j, node) != LLM_JSON_OBJECT) {
        return LLM_DECLINED;
    }

    raw = llm_form_raw(j, node);

    return llm_gemini_put_chunk(s, &raw);
}


static int
llm_gemini_reform_event(void *data, const llm_form_event_t *e)
{
    llm_gemini_reform_t *s = data;

    return e->j ? llm_gemini_chunk(s, e->j, 0) : LLM_DECLINED;
}


static int
llm_gemini_reform_elements(llm_gemini_reform_t *s, const llm_str_t *body)
{
    int         rc;
    uint32_t    i;
    llm_json_t  j;

    rc = llm_form_document(body, s->mem, &j, 1);

    for (i = 1; rc == LLM_OK && i < llm_json_next(&j, 0);
         i = llm_json_next(&j, i))
    {
        rc = llm_gemini_chunk(s, &j, i);
    }

    return rc;
}


static int
llm_gemini_reform_read(llm_gemini_reform_t *s, llm_framing_e framing,
    const llm_str_t *body)
{
    int         rc;
    llm_json_t  j;

    switch (framing) {

    case LLM_FRAMING_JSON:
        rc = llm_form_document(body, s->mem, &j, 0);

        return rc == LLM_OK ? llm_gemini_chunk(s, &j, 0) : rc;

    case LLM_FRAMING_SSE:
        return llm_form_events(body, s->mem, llm_gemini_reform_event, s);

    case LLM_FRAMING_ARRAY:
        return llm_gemini_reform_elements(s, body);

    default:
        return LLM_DECLINED;
    }
}


int
llm_gemini_reform(const llm_request_t *q, const llm_form_t *from,
    const llm_form_t *to, const llm_str_t *body, llm_text_t *out)
{
    int                   rc;
    llm_gemini_reform_t  *s;

    if (q->kind != LLM_KIND_CHAT
        || (to->framing != LLM_FRAMING_JSON && to->framing != LLM_FRAMING_SSE
            && to->framing != LLM_FRAMING_ARRAY))
    {
        return LLM_DECLINED;
    }

    s = llm_alloc(q->mem, sizeof(llm_gemini_reform_t));
    if (s == NULL) {
        return LLM_ERROR;
    }

    memset(s, 0, sizeof(llm_gemini_reform_t));

    s->mem = q->mem;
    s->max = out->max;
    s->out = (to->framing == LLM_FRAMING_JSON) ? NULL : out;
    s->array = (to->framing == LLM_FRAMING_ARRAY);

    rc = llm_gemini_reform_read(s, from->framing, body);
    if (rc != LLM_OK) {
        return rc;
    }

    if (s->out == NULL) {
        return llm_gemini_join_put(s, out);
    }

    if (!s->begun) {
        return LLM_DECLINED;
    }

    llm_text_put(out, s->array ? "]" : "");

    return out->rc;
}
