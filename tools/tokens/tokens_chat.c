/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "../../tokenizer/tools/llm_tokens.h"
#include "llm_json.h"
#include "llm_provider.h"

#include <stdlib.h>
#include <string.h>


/*
 * llm-tokens --chat.  A dialect counts a whole request, as upstream does.  What
 * is a part's is found by leaving it out: first the tools, then the schema of
 * the answer, then the images; of the rest, what did not come as text to the
 * counter is framing.
 */

#define TOKENS_PARTS  3


/* memory of one request, given back as a whole */

typedef struct tokens_block_s  tokens_block_t;

struct tokens_block_s {
    tokens_block_t  *next;
};

typedef struct {
    llm_counter_t    counter;           /* first: count() finds the rest */
    long long        texts;
    tokens_block_t  *blocks;
    llm_mem_t        mem;
} tokens_count_t;


typedef struct {
    const llm_json_t  *json;
    unsigned           without;         /* bits of the parts left out */
    char              *out;
    size_t             len;
} tokens_edit_t;


static const struct {
    const char  *name;
    unsigned     part;
} tokens_members[] = {
    { "tools", 1 }, { "functions", 1 }, { "tool_choice", 1 },
    { "function_call", 1 }, { "parallel_tool_calls", 1 }, { "toolConfig", 1 },
    { "tool_config", 1 }, { "response_format", 2 },
};

static const char * const  tokens_images[] = {
    "image_url", "input_image", "image"
};


static void *
tokens_alloc(void *ctx, size_t size)
{
    tokens_count_t  *t;
    tokens_block_t  *b;

    t = ctx;

    b = malloc(sizeof(tokens_block_t) + 16 + size);
    if (b == NULL) {
        return NULL;
    }

    b->next = t->blocks;
    t->blocks = b;

    return (char *) b + 16;
}


static void
tokens_free(tokens_count_t *t)
{
    tokens_block_t  *b;

    while (t->blocks) {
        b = t->blocks;
        t->blocks = b->next;
        free(b);
    }
}


static size_t
tokens_count_text(llm_counter_t *c, const unsigned char *text, size_t len)
{
    size_t  n;

    n = llm_counter_plain(c, text, len);
    ((tokens_count_t *) c)->texts += (long long) n;

    return n;
}


static void
tokens_put(tokens_edit_t *e, size_t from, size_t to)
{
    memcpy(e->out + e->len, e->json->data + from, to - from);
    e->len += to - from;
}


/* whether a value is an image by its "type", or by what it holds */

static int
tokens_is_image(const llm_json_t *j, uint32_t node)
{
    size_t    i;
    uint32_t  type;

    if (j->nodes[node].type != LLM_JSON_OBJECT) {
        return 0;
    }

    if (llm_json_get(j, node, "inlineData") != LLM_JSON_NONE
        || llm_json_get(j, node, "inline_data") != LLM_JSON_NONE)
    {
        return 1;
    }

    type = llm_json_get(j, node, "type");

    for (i = 0; i < sizeof(tokens_images) / sizeof(char *); i++) {
        if (type != LLM_JSON_NONE
            && llm_json_equal(j, type, tokens_images[i]))
        {
            return 1;
        }
    }

    return 0;
}


/* whether a member of the request, or an element of a content, is left out */

static int
tokens_is_left_out(const tokens_edit_t *e, uint32_t parent, uint32_t node)
{
    size_t    i;

    if (parent == 0) {
        for (i = 0; i < sizeof(tokens_members) / sizeof(tokens_members[0]);
             i++)
        {
            if ((e->without & tokens_members[i].part)
                && llm_json_equal(e->json, node, tokens_members[i].name))
            {
                return 1;
            }
        }
    }

    return (e->without & 4)
           && e->json->nodes[parent].type == LLM_JSON_ARRAY
           && tokens_is_image(e->json, node);
}


/* strings have their quotes outside of them */

static void
tokens_put_value(tokens_edit_t *e, uint32_t node)
{
    int                     first;
    uint32_t                i;
    unsigned                object;
    const llm_json_node_t  *v;

    v = e->json->nodes;

    if (v[node].type == LLM_JSON_STRING) {
        tokens_put(e, v[node].start - 1, v[node].end + 1);
        return;
    }

    if (v[node].type != LLM_JSON_OBJECT && v[node].type != LLM_JSON_ARRAY) {
        tokens_put(e, v[node].start, v[node].end);
        return;
    }

    object = v[node].type == LLM_JSON_OBJECT;
    e->out[e->len++] = object ? '{' : '[';
    first = 1;

    for (i = node + 1; i < v[node].next; i = v[i].next) {

        if (tokens_is_left_out(e, node, i)) {
            i += object;
            continue;
        }

        if (!first) {
            e->out[e->len++] = ',';
        }

        first = 0;

        if (object) {
            tokens_put_value(e, i);
            e->out[e->len++] = ':';
            i++;
        }

        tokens_put_value(e, i);
    }

    e->out[e->len++] = object ? '}' : ']';
}


/* which request this is, told by its members */

static const char *
tokens_path(const llm_json_t *j, int embeddings)
{
    if (llm_json_get(j, 0, "contents") != LLM_JSON_NONE) {
        return "/v1beta/models/%:generateContent";
    }

    if (llm_json_get(j, 0, "messages") != LLM_JSON_NONE) {
        return "/v1/chat/completions";
    }

    if (llm_json_get(j, 0, "prompt") != LLM_JSON_NONE) {
        return "/v1/completions";
    }

    return embeddings ? "/v1/embeddings" : "/v1/responses";
}


static const char *
tokens_route(llm_request_t *q, const char *path, const char *model)
{
    int                            n;
    char                          *p;
    const char                    *at;
    const llm_provider_t * const  *provider;

    at = strchr(path, '%');
    n = at ? (int) (at - path) : (int) strlen(path);

    p = llm_alloc(q->mem, strlen(path) + strlen(model) + 1);
    if (p == NULL) {
        return "no memory";
    }

    memcpy(p, path, (size_t) n);
    p[n] = '\0';

    if (at) {
        strcat(p, model);
        strcat(p, at + 1);
    }

    for (provider = llm_providers; *provider; provider++) {
        llm_str_set(&q->route.method, "POST");
        q->route.path.data = (unsigned char *) p;
        q->route.path.len = strlen(p);

        if ((*provider)->path(&q->route) == LLM_PATH_METERED) {
            q->provider = *provider;
            q->kind = q->route.kind;
            q->path = q->route.path;

            return NULL;
        }
    }

    return "it is the request of no API that is known";
}


/* parses one body; the model is that of the option, the path or the body */

static const char *
tokens_parse(llm_request_t *q, tokens_count_t *t, const char *body, size_t len,
    const char *model)
{
    int          rc;
    const char  *wrong;

    q->mem = &t->mem;
    q->json.mem = &t->mem;
    q->body.data = (unsigned char *) body;
    q->body.len = len;

    rc = llm_json_parse(&q->json, q->body.data, len);

    if (rc != LLM_OK || q->json.nodes[0].type != LLM_JSON_OBJECT) {
        return rc == LLM_OK ? "it is no JSON object" : q->json.err;
    }

    wrong = tokens_route(q, tokens_path(&q->json, model
                                        && strstr(model, "embed")),
                         model ? model : "");
    if (wrong) {
        return wrong;
    }

    rc = q->provider->parse(q);

    /* an option may name the model that the body does not */

    if (rc != LLM_OK && (q->param == NULL || strcmp(q->param, "model") != 0)) {
        return q->err ? q->err : "it cannot be read";
    }

    if (model) {
        q->model.data = (unsigned char *) model;
        q->model.len = strlen(model);
    }

    return q->model.len ? NULL : "it names no model: give -m";
}


/* the tokens of the body without some parts, or -1; texts is set as well */

static long long
tokens_without(tokens_count_t *t, tokens_chat_t *c, const llm_request_t *whole,
    unsigned without, const char *model)
{
    llm_request_t  q;
    tokens_edit_t  e;

    memset(&q, 0, sizeof(llm_request_t));

    e.json = &whole->json;
    e.without = without;
    e.len = 0;
    e.out = llm_alloc(&t->mem, whole->body.len + 1);

    if (e.out == NULL) {
        return -1;
    }

    tokens_put_value(&e, 0);

    if (tokens_parse(&q, t, e.out, e.len, model) != NULL) {
        return -1;
    }

    t->counter.vocab = c->vocab;
    t->counter.scratch = c->scratch;
    t->counter.count = tokens_count_text;
    t->counter.estimate = c->estimate != 0;
    t->texts = 0;

    if (q.provider->count(&q, &t->counter) != LLM_OK) {
        return -1;
    }

    c->estimate |= q.estimate;

    return q.input_tokens;
}


const char *
tokens_chat(tokens_chat_t *c, const char *body, size_t len, const char *model,
    tokens_vocab_pt open, void *ctx)
{
    unsigned         i, without;
    long long        n[TOKENS_PARTS + 1];
    const char      *wrong;
    llm_request_t    q;
    tokens_count_t   t;

    memset(&q, 0, sizeof(llm_request_t));
    memset(&t, 0, sizeof(tokens_count_t));

    t.mem.alloc = tokens_alloc;
    t.mem.ctx = &t;

    wrong = tokens_parse(&q, &t, body, len, model);

    if (wrong == NULL && q.model.len >= sizeof(c->model)) {
        wrong = "its model has too long a name";
    }

    if (wrong == NULL) {
        memcpy(c->model, q.model.data, q.model.len);
        c->model[q.model.len] = '\0';
        wrong = open(ctx, c);
    }

    for (i = 0, without = 0; wrong == NULL && i <= TOKENS_PARTS; i++) {
        n[i] = tokens_without(&t, c, &q, without, c->model);
        wrong = n[i] < 0 ? "it cannot be counted" : NULL;
        without |= 1u << i;
    }

    if (wrong == NULL) {
        c->total = n[0];
        c->tools = n[0] - n[1];
        c->format = n[1] - n[2];
        c->images = n[2] - n[3];
        c->messages = t.texts;
        c->framing = n[3] - t.texts;
    }

    tokens_free(&t);

    return wrong;
}
