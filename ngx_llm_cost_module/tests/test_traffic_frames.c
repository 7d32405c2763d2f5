
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Recorded streams in Amazon's frames, in which every value that a message of
 * its kind has is once what it cannot be: see eventstream_spoiled.h.
 */

#include "traffic_answer.h"
#include "eventstream_spoiled.h"


extern const llm_provider_t  llm_bedrock;


typedef struct {
    json_t         *r;
    llm_usage_t     want;                 /* of the stream as it is */
    unsigned        tried;
} check_t;


/* 1: bytes of it were lost */

static unsigned
read_record(llm_arena_t *a, json_t *r, llm_request_t *q, llm_answer_t *answer,
    const unsigned char *body, size_t len)
{
    llm_frames_t  f;

    llm_arena_init(a);
    memset(q, 0, sizeof(llm_request_t));
    memset(&f, 0, sizeof(f));

    decode(a, text(r, "url_path"), &q->route);

    q->route.method.data = (unsigned char *) "POST";
    q->route.method.len = 4;
    q->route.headers.get = header;
    q->route.headers.ctx = json_object_get(r, "request_headers");

    assert_int_equal(llm_bedrock.path(&q->route), LLM_PATH_METERED);

    q->provider = &llm_bedrock;
    q->kind = q->route.kind;
    q->path = q->route.path;
    request(a, r, q);

    llm_answer_init(answer, &a->mem, q->kind, NULL);
    answer->q = q;

    f.handler = on_event;
    f.data = answer;
    f.mem = &a->mem;

    assert_int_equal(llm_frames_init(&f, LLM_FRAMING_AWS), LLM_OK);
    assert_int_equal(llm_frames_feed(&f, body, len), LLM_OK);
    assert_int_equal(llm_frames_finish(&f), LLM_OK);

    llm_bedrock.finish(answer);

    return f.lost;
}


static void
check_spoiled(void *ctx, const unsigned char *body, size_t len,
    const spoiled_t *how)
{
    check_t        *c;
    unsigned        lost;
    llm_arena_t     a;
    llm_answer_t    answer;
    llm_request_t   q;

    c = ctx;
    c->tried++;

    lost = read_record(&a, c->r, &q, &answer, body, len);
    spoiled_check(text(c->r, "id"), how, &answer, lost, &c->want);

    llm_arena_free(&a);
}


static unsigned
check_record(json_t *r, json_t *tried)
{
    char            name[256];
    char           *body;
    size_t          len;
    check_t         c;
    llm_arena_t     a;
    llm_answer_t    answer;
    llm_request_t   q;

    memset(&c, 0, sizeof(c));
    c.r = r;

    body = body_of(r, &len);

    assert_int_equal(read_record(&a, r, &q, &answer, (unsigned char *) body,
                                 len), 0);
    c.want = answer.usage;
    llm_arena_free(&a);

    /* makers of models have members of their own */

    snprintf(name, sizeof(name), "%s %s", text(r, "api"),
             text(r, "model_requested"));
    spoiled_each((unsigned char *) body, len, name, tried, check_spoiled, &c);

    free(body);

    return c.tried;
}


static int
load(void **state)
{
    static const char * const  apis[] = { "bedrock.converse", "bedrock.invoke",
                                          NULL };

    (void) state;

    traffic_load(apis);

    return 0;
}


static int
unload(void **state)
{
    (void) state;

    json_decref(records);

    return 0;
}


static void
test_frames(void **state)
{
    size_t     i;
    json_t    *r, *tried;
    unsigned   streams, bodies;

    (void) state;

    if (records == NULL) {
        skip();
    }

    streams = 0;
    bodies = 0;
    tried = json_object();

    json_array_foreach(records, i, r) {
        if (strcmp(text(json_object_get(r, "framing"), "framing"),
                   "aws-eventstream") == 0)
        {
            bodies += check_record(r, tried);
            streams++;
        }
    }

    json_decref(tried);

    print_message("# %u streams, %u that are spoiled\n", streams, bodies);
    assert_true(traffic_more(streams, 40));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_frames)
    };

    return cmocka_run_group_tests(tests, load, unload);
}
