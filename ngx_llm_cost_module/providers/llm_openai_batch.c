
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"
#include "llm_batch.h"
#include "llm_media.h"

#include <string.h>


/*
 * Batches: a file of requests, one a line, is uploaded; a batch is made of it;
 * when that is done, another file has an answer a line.  The file is counted
 * when it is uploaded, since nobody sees it later.
 *
 * Those in a file for Mistral say neither what they ask for nor of which
 * model: the job does (llm_openai_job.c).  Until then their tokens are counted
 * as those of this model.
 */

#define LLM_OPENAI_BATCH_MODEL  "mistral-large-latest"


/* what an upload is for; Together has a word of its own */

static int
llm_openai_batch_file(llm_request_t *q)
{
    int                rc;
    llm_media_field_t  f[] = {
        { "purpose", LLM_MEDIA_TEXT, { 0, NULL }, 0, 0 },
        { "file", LLM_MEDIA_FILE, { 0, NULL }, 0, 0 }
    };

    if (!q->route.raw) {
        return llm_request_bad(q, "Content-Type",
                               "must be multipart/form-data");
    }

    rc = llm_media_fields(q, f, 2);
    if (rc != LLM_OK) {
        return rc;
    }

    if (!llm_media_equal(&f[0].value, "batch")
        && !llm_media_equal(&f[0].value, "batch-api"))
    {
        q->costless = 1;
        return LLM_OK;
    }

    if (f[1].n != 1) {
        return llm_request_bad(q, "file", f[1].n ? "must not occur more than "
                                                   "once" : "is required");
    }

    q->requests = f[1].value;

    return LLM_OK;
}


int64_t
llm_openai_window(const llm_str_t *s)
{
    int64_t  n;

    if (s->len < 2 || s->len > 4
        || llm_parse_int(s->data, s->len - 1, &n) != LLM_OK || n < 1)
    {
        return 0;
    }

    switch (s->data[s->len - 1]) {

    case 'h':
        n *= 3600;
        break;

    case 'd':
        n *= 86400;
        break;

    default:
        return 0;
    }

    return n < LLM_LONG_MOST ? n : LLM_LONG_MOST;
}


static int
llm_openai_batch_start(llm_request_t *q)
{
    int        rc;
    uint32_t   f[4];
    llm_str_t  window = llm_string("");

    static const char * const  names[] = { "input_file_id", "endpoint",
                                           "completion_window", "name" };

    rc = llm_request_object(q, 0, NULL, names, 4, f);

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[0], names[0], &q->object);
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[1], names[1], &q->endpoint);
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[2], names[2], &window);
    }

    /* xAI's has a name, and gets its requests later: it is of no file */

    if (rc == LLM_OK && q->object.len == 0
        && llm_kind_of(&q->json, f[3]) != LLM_JSON_STRING)
    {
        rc = llm_request_bad(q, names[0], "is required");
    }

    q->window = llm_openai_window(&window);

    return rc;
}


int
llm_openai_batch_parse(llm_request_t *q)
{
    q->max_output = 0;
    q->choices = 1;
    q->stateful = 1;
    q->sealed = 1;

    llm_usage_text(&q->most, 0, 0);
    q->bounded = 1;

    switch (q->route.step) {

    case LLM_LONG_FILE:
        return llm_openai_batch_file(q);

    case LLM_LONG_PARTS:
        return llm_openai_job_parse(q);

    default:
        return llm_openai_batch_start(q);
    }
}


/* the next line that is not empty; 0: there is none */

static int
llm_openai_batch_line(const llm_str_t *text, size_t *at, llm_str_t *line)
{
    const unsigned char  *p, *lf, *last;

    if (text->len == 0) {
        return 0;
    }

    last = text->data + text->len;

    for (p = text->data + *at; p < last; p = lf + 1) {

        lf = memchr(p, '\n', last - p);
        if (lf == NULL) {
            lf = last;
        }

        line->data = (unsigned char *) p;
        line->len = lf - p;

        while (line->len && (line->data[line->len - 1] == '\r'
                             || line->data[line->len - 1] == ' '
                             || line->data[line->len - 1] == '\t'))
        {
            line->len--;
        }

        if (line->len) {
            *at = (lf < last ? lf + 1 : last) - text->data;
            return 1;
        }

        if (lf == last) {
            break;
        }
    }

    *at = text->len;

    return 0;
}


/* what is asked for without a url shows by what it is asked of */

static int
llm_openai_batch_unnamed(const llm_json_t *j, uint32_t body, llm_inner_t *in)
{
    size_t  i;

    static const struct {
        const char  *member;
        llm_str_t    path;
    } paths[] = {
        { "messages", llm_string("/v1/chat/completions") },
        { "prompt", llm_string("/v1/fim/completions") },
        { "input", llm_string("/v1/embeddings") }
    };

    for (i = 0; llm_kind_of(j, body) == LLM_JSON_OBJECT
                && i < sizeof(paths) / sizeof(paths[0]); i++)
    {
        if (llm_given(j, llm_json_get(j, body, paths[i].member))) {
            in->path = paths[i].path;
            in->unnamed = 1;
            llm_str_set(&in->model, LLM_OPENAI_BATCH_MODEL);

            return 1;
        }
    }

    return 0;
}


int
llm_openai_batch_inner(llm_request_t *q, llm_inner_t *in)
{
    int          rc;
    uint32_t     f[2];
    llm_str_t    line;
    llm_json_t   j;
    const char  *twice;

    static const char * const  names[] = { "url", "body" };

    if (q->route.step == LLM_LONG_PARTS) {
        return llm_openai_job_inner(q, in);
    }

    if (!llm_openai_batch_line(&q->requests, &in->at, &line)) {
        return LLM_DECLINED;
    }

    memset(&j, 0, sizeof(llm_json_t));
    j.mem = in->mem;
    j.max = LLM_BATCH_NODES;

    rc = llm_json_parse(&j, line.data, line.len);

    if (rc == LLM_ERROR) {
        return rc;
    }

    if (rc != LLM_OK || llm_kind_of(&j, 0) != LLM_JSON_OBJECT) {
        return llm_request_bad(q, "file", "must hold a JSON object a line");
    }

    twice = llm_json_fields(&j, 0, names, 2, f);

    if (twice) {
        return llm_request_bad(q, twice, "must not occur more than once");
    }

    if (f[0] == LLM_JSON_NONE && llm_openai_batch_unnamed(&j, f[1], in)) {
        /* void */

    } else if (llm_kind_of(&j, f[0]) != LLM_JSON_STRING) {
        return llm_request_bad(q, "url", "must be a string in each line");

    } else if (llm_json_string(&j, f[0], &in->path, NULL) != LLM_OK) {
        return LLM_ERROR;
    }

    if (llm_kind_of(&j, f[1]) != LLM_JSON_OBJECT) {
        return llm_request_bad(q, "body", "must be an object in each line");
    }

    in->body.data = line.data + llm_json_node(&j, f[1])->start;
    in->body.len = llm_json_size(&j, f[1]);
    in->n++;

    return LLM_OK;
}


static int
llm_openai_batch_is(const llm_json_t *j, uint32_t node,
    const char * const *names)
{
    for ( /* void */ ; llm_kind_of(j, node) == LLM_JSON_STRING && *names;
         names++)
    {
        if (llm_json_equal(j, node, *names)) {
            return 1;
        }
    }

    return 0;
}


/*
 * A batch that could not begin has used nothing.  One that has no file of
 * results when it is over has none to show: what fails is not charged.
 */

static int
llm_openai_batch_state(llm_answer_t *a, const llm_json_t *j)
{
    int64_t      n;
    uint32_t     f[6], file;
    llm_told_t  *told;

    static const char * const  names[] = { "status", "output_file_id",
                                           "output_file", "usage", "model",
                                           "succeeded_requests" };
    static const char * const  over[] = { "completed", "expired", "cancelled",
                                          "failed", "SUCCESS", "FAILED",
                                          "TIMEOUT_EXCEEDED", "CANCELLED",
                                          NULL };
    static const char * const  failed[] = { "failed", NULL };

    told = &a->told;

    llm_json_fields(j, 0, names, 6, f);

    file = f[1] != LLM_JSON_NONE ? f[1] : f[2];

    if (llm_answer_keep(a, j, file, &told->file) != LLM_OK
        || llm_answer_keep(a, j, f[4], &a->model) != LLM_OK)
    {
        return LLM_ERROR;
    }

    told->ended = llm_openai_batch_is(j, f[0], over);
    told->unused = llm_openai_batch_is(j, f[0], failed)
                   || (told->ended && file != LLM_JSON_NONE
                       && told->file.len == 0
                       && (llm_kind_of(j, f[5]) != LLM_JSON_NUMBER
                           || (llm_json_int(j, f[5], &n) == LLM_OK
                               && n == 0)));

    if (told->ended && llm_kind_of(j, f[3]) == LLM_JSON_OBJECT) {
        llm_openai_usage(a, j, f[3]);
    }

    return LLM_OK;
}


int
llm_openai_batch_answer(llm_answer_t *a, const llm_json_t *j)
{
    uint32_t  id, error;

    if (llm_kind_of(j, 0) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    a->finished = 1;
    a->deferred = 1;

    id = llm_json_get(j, 0, "id");
    error = llm_json_get(j, 0, "error");

    a->error |= llm_given(j, error);

    if (llm_answer_keep(a, j, id, &a->told.id) != LLM_OK) {
        return LLM_ERROR;
    }

    return a->q && a->q->route.step == LLM_LONG_FILE
           ? LLM_OK : llm_openai_batch_state(a, j);
}


/* a line is an answer to a request of a path that only its object tells */

static llm_kind_e
llm_openai_batch_kind(const llm_json_t *j)
{
    size_t    i;
    uint32_t  object;

    static const struct {
        const char  *object;
        llm_kind_e   kind;
    } kinds[] = {
        { "chat.completion", LLM_KIND_CHAT },
        { "response", LLM_KIND_RESPONSES },
        { "list", LLM_KIND_EMBEDDINGS },
        { "text_completion", LLM_KIND_COMPLETION }
    };

    object = llm_json_get(j, 0, "object");

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (llm_kind_of(j, object) == LLM_JSON_STRING
            && llm_json_equal(j, object, kinds[i].object))
        {
            return kinds[i].kind;
        }
    }

    return LLM_KIND_CHAT;
}


/* one that was answered with 400 and more, or not at all, costs nothing */

static int
llm_openai_batch_result(llm_batch_t *b, llm_answer_t *one)
{
    int       rc;
    int64_t   status;
    uint32_t  response, node;

    response = llm_json_get(&b->line, 0, "response");

    if (llm_kind_of(&b->line, response) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    node = llm_json_get(&b->line, response, "status_code");

    if (llm_kind_of(&b->line, node) == LLM_JSON_NUMBER
        && llm_json_int(&b->line, node, &status) == LLM_OK && status >= 400)
    {
        return LLM_OK;
    }

    one->usage_bad = 1;

    node = llm_json_get(&b->line, response, "body");

    if (llm_kind_of(&b->line, node) != LLM_JSON_OBJECT) {
        return LLM_OK;
    }

    rc = llm_batch_body(b, node);

    if (rc != LLM_OK) {
        return rc == LLM_ERROR ? rc : LLM_OK;
    }

    one->kind = llm_openai_batch_kind(&b->body);
    one->usage_bad = 0;

    if (llm_openai_answer(one, &b->body) != LLM_OK) {
        return LLM_ERROR;
    }

    one->usage_bad |= !one->usage_seen;

    return LLM_OK;
}


int
llm_openai_batch_event(llm_answer_t *a, const llm_str_t *data)
{
    return llm_batch_event(a, data, llm_openai_batch_result);
}
