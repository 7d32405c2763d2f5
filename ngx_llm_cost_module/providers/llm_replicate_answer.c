
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_replicate.h"


/*
 * A prediction: what was begun, or how it stands.  Which of tokens, pictures
 * and seconds is charged, the price of its model says; all that the answer
 * tells of them is read, and what it does not tell stays unknown.
 */


enum {
    LLM_REPLICATE_ID = 0,
    LLM_REPLICATE_MODEL,
    LLM_REPLICATE_STATUS,
    LLM_REPLICATE_STARTED,
    LLM_REPLICATE_INPUT,
    LLM_REPLICATE_OUTPUT,
    LLM_REPLICATE_METRICS,
    LLM_REPLICATE_FIELDS
};

static const char * const  llm_replicate_names[] = {
    "id", "model", "status", "started_at", "input", "output", "metrics"
};


static int
llm_replicate_is(const llm_json_t *j, uint32_t node, const char *text)
{
    return llm_kind_of(j, node) == LLM_JSON_STRING
           && llm_json_equal(j, node, text);
}


/* milliseconds, rounded up, of seconds */

static int64_t
llm_replicate_ms(llm_answer_t *a, const llm_json_t *j, uint32_t node)
{
    int64_t                 ms;
    const llm_json_node_t  *n;

    if (!llm_given(j, node)) {
        return -1;
    }

    n = llm_json_node(j, node);

    if (llm_kind_of(j, node) == LLM_JSON_NUMBER
        && llm_parse_scaled(j->data + n->start, n->end - n->start, 3, &ms)
           == LLM_OK
        && ms >= 0 && ms <= LLM_DIALECT_FIGURE_MAX)
    {
        return ms;
    }

    a->usage_bad = 1;

    return -1;
}


static void
llm_replicate_metrics(llm_answer_t *a, const llm_json_t *j, uint32_t metrics)
{
    uint32_t      f[5];
    llm_usage_t  *u;

    static const char * const  names[] = {
        "input_token_count", "output_token_count", "image_output_count",
        "video_output_duration_seconds", "predict_time"
    };

    llm_json_fields(j, llm_answer_part(a, j, metrics, LLM_JSON_OBJECT), names,
                    5, f);

    u = &a->usage;

    u->input = llm_answer_figure(a, j, f[0]);
    u->output = llm_answer_figure(a, j, f[1]);
    u->images_out = llm_answer_figure(a, j, f[2]);
    u->video_output_ms = llm_replicate_ms(a, j, f[3]);
    u->request_ms = llm_replicate_ms(a, j, f[4]);
}


static int64_t
llm_replicate_files(const llm_json_t *j, uint32_t node)
{
    int64_t   files;
    uint32_t  i;

    for (files = 0, i = node; i < llm_json_next(j, node); i++) {
        files += llm_replicate_file(j, i);
    }

    return files;
}


/* pictures that came, unless they were said, and those that were sent */

static void
llm_replicate_pictures(llm_answer_t *a, const llm_json_t *j, uint32_t input,
    uint32_t output)
{
    int64_t  files;

    files = llm_replicate_files(j, output);

    if (a->usage.images_out < 0 && files) {
        a->usage.images_out = files;
    }

    if (llm_given(j, input)) {
        a->usage.images_in = llm_replicate_files(j, input);
    }
}


/* a text, or pieces of one; of anything else that is no file, what it is
   written as */

static void
llm_replicate_count(llm_answer_t *a, llm_plain_t *st, const llm_json_t *j,
    uint32_t output)
{
    uint32_t  i;

    switch (llm_kind_of(j, output)) {

    case LLM_JSON_STRING:
        break;

    case LLM_JSON_ARRAY:
        if (llm_kind_of(j, output + 1) == LLM_JSON_STRING) {
            break;
        }

        /* fall through */

    default:
        llm_output_value(&st->output, a, 1, j, output);
        return;
    }

    for (i = output; i < llm_json_next(j, output); i++) {
        if (!llm_replicate_file(j, i)) {
            llm_output_string(&st->output, a, 1, j, i);
        }
    }
}


static int
llm_replicate_said(const llm_usage_t *u)
{
    return u->input >= 0 || u->output >= 0 || u->images_out >= 0
           || u->video_output_ms >= 0 || u->request_ms >= 0;
}


/* it was given up before a machine had it */

static void
llm_replicate_unused(llm_answer_t *a)
{
    a->told.unused = 1;
    a->usage.input = 0;
    a->usage.output = 0;
    a->usage.images_in = -1;
    a->usage_seen = 1;
}


/*
 * Who has waited for it gets its output while it is still said to be worked on
 * (the SDKs ask no further then): what that does not say is counted.
 */

static int
llm_replicate_waited(const llm_answer_t *a, const llm_json_t *j,
    const uint32_t *f)
{
    return a->q && a->q->route.step == LLM_LONG_RUN
           && llm_given(j, f[LLM_REPLICATE_OUTPUT])
           && (llm_replicate_is(j, f[LLM_REPLICATE_STATUS], "processing")
               || llm_replicate_is(j, f[LLM_REPLICATE_STATUS], "succeeded"));
}


static void
llm_replicate_state(llm_answer_t *a, llm_plain_t *st, const llm_json_t *j,
    const uint32_t *f)
{
    int  failed, waited;

    failed = (llm_replicate_is(j, f[LLM_REPLICATE_STATUS], "failed")
              || llm_replicate_is(j, f[LLM_REPLICATE_STATUS], "canceled")
              || llm_replicate_is(j, f[LLM_REPLICATE_STATUS], "aborted"));
    waited = llm_replicate_waited(a, j, f);

    a->told.ended = (failed || waited || llm_replicate_is(j,
                                         f[LLM_REPLICATE_STATUS],
                                         "succeeded"));
    if (!a->told.ended) {
        return;
    }

    llm_replicate_metrics(a, j, f[LLM_REPLICATE_METRICS]);
    llm_replicate_pictures(a, j, f[LLM_REPLICATE_INPUT],
                           f[LLM_REPLICATE_OUTPUT]);

    if (waited && a->usage.output < 0) {
        llm_replicate_count(a, st, j, f[LLM_REPLICATE_OUTPUT]);
    }

    if (failed && !llm_given(j, f[LLM_REPLICATE_OUTPUT])) {

        if (!llm_given(j, f[LLM_REPLICATE_STARTED]) && !a->usage_bad
            && !llm_replicate_said(&a->usage))
        {
            llm_replicate_unused(a);
            return;
        }

        if (a->usage.images_out < 0) {
            a->usage.images_out = 0;
        }
    }

    a->usage_seen = (waited || llm_replicate_said(&a->usage));
}


static int
llm_replicate_read(llm_answer_t *a, llm_plain_t *st, const llm_json_t *j)
{
    uint32_t  f[LLM_REPLICATE_FIELDS];

    a->finished = 1;

    if (llm_kind_of(j, 0) == LLM_JSON_OBJECT) {

        llm_json_fields(j, 0, llm_replicate_names, LLM_REPLICATE_FIELDS, f);

        if (llm_answer_keep(a, j, f[LLM_REPLICATE_ID], &a->told.id) != LLM_OK
            || llm_answer_keep(a, j, f[LLM_REPLICATE_MODEL], &a->model)
               != LLM_OK)
        {
            return LLM_ERROR;
        }

        llm_replicate_state(a, st, j, f);
    }

    a->deferred = !a->usage_seen;

    return LLM_OK;
}


int
llm_replicate_answer(llm_answer_t *a, const llm_json_t *j)
{
    return llm_plain_answer(a, j, llm_replicate_read);
}


/* none of its answers is a stream: that is at an address of its own */

int
llm_replicate_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data)
{
    (void) type;

    return llm_plain_event(a, data, llm_replicate_read);
}
