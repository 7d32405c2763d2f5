
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"
#include "llm_batch.h"


/*
 * Mistral's batch jobs.  They hold their requests, or name a file of them that
 * was uploaded before: its requests say neither what they ask for nor of which
 * model, the job does.
 */


typedef enum {
    LLM_JOB_REQUESTS = 0,
    LLM_JOB_MODEL,
    LLM_JOB_ENDPOINT,
    LLM_JOB_HOURS,
    LLM_JOB_FILES,
    LLM_JOB_AGENT,
    LLM_JOB_FIELDS
} llm_openai_job_e;

static const char * const  llm_openai_job_names[LLM_JOB_FIELDS] = {
    "requests", "model", "endpoint", "timeout_hours", "input_files", "agent_id"
};


/* the requests that are in the job, or else the file that they are in */

static int
llm_openai_job_list(llm_request_t *q, const uint32_t *f)
{
    uint32_t  list, files;

    list = f[LLM_JOB_REQUESTS];
    files = f[LLM_JOB_FILES];

    if (!llm_given(&q->json, files)
        || (llm_kind_of(&q->json, files) == LLM_JSON_ARRAY
            && llm_json_next(&q->json, files) == files + 1))
    {
        if (llm_kind_of(&q->json, list) != LLM_JSON_ARRAY
            || llm_json_next(&q->json, list) == list + 1)
        {
            return llm_request_bad(q, "requests", "must hold the requests");
        }

        return llm_request_array(q, list, "requests", 1);
    }

    if (llm_given(&q->json, list)) {
        return llm_request_bad(q, "requests", "and input_files must not be in "
                                              "one job");
    }

    if (llm_kind_of(&q->json, files) != LLM_JSON_ARRAY
        || llm_kind_of(&q->json, files + 1) != LLM_JSON_STRING
        || llm_json_next(&q->json, files) != llm_json_next(&q->json, files + 1))
    {
        return llm_request_bad(q, "input_files", "must name one file");
    }

    q->route.step = LLM_LONG_START;

    return llm_request_string(q, files + 1, "input_files", &q->object);
}


static int
llm_openai_job_model(llm_request_t *q, uint32_t model, uint32_t agent)
{
    if (!llm_given(&q->json, agent)) {
        return llm_request_model(q, model, "model");
    }

    if (llm_given(&q->json, model)) {
        return llm_request_bad(q, "agent_id", "and model must not be in one "
                                              "job");
    }

    return llm_request_model(q, agent, "agent_id");
}


int
llm_openai_job_parse(llm_request_t *q)
{
    int       rc;
    int64_t   hours;
    uint32_t  f[LLM_JOB_FIELDS];

    rc = llm_request_object(q, 0, NULL, llm_openai_job_names, LLM_JOB_FIELDS,
                            f);

    if (rc == LLM_OK) {
        rc = llm_openai_job_list(q, f);
    }

    if (rc == LLM_OK) {
        rc = llm_openai_job_model(q, f[LLM_JOB_MODEL], f[LLM_JOB_AGENT]);
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, f[LLM_JOB_ENDPOINT], "endpoint",
                                &q->endpoint);
    }

    hours = 24;

    if (rc == LLM_OK) {
        rc = llm_request_number(q, f[LLM_JOB_HOURS], "timeout_hours", 1,
                                LLM_LONG_MOST / 3600, &hours);
    }

    q->window = hours * 3600;

    return rc;
}


int
llm_openai_job_inner(llm_request_t *q, llm_inner_t *in)
{
    in->path = q->endpoint;
    in->model = q->model;

    return llm_batch_inner(q, llm_json_get(&q->json, 0, "requests"), "body",
                           "requests.body", in);
}
