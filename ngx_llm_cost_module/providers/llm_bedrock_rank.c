
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_bedrock.h"


/*
 * Rankings: by a model that is invoked, or by the agents' runtime, whose body
 * names the model.  They are charged by the search, which is a query and 100
 * pieces of documents; how many it was no answer says.
 */

#define LLM_BEDROCK_PIECES  100
#define LLM_BEDROCK_PIECE   2000      /* bytes of one: some 500 tokens */


/* modelArn: three objects deep */

int
llm_bedrock_rank_parse(llm_request_t *q)
{
    int        rc;
    size_t     i;
    uint32_t   node;
    llm_str_t  arn = llm_string("");

    static const char * const  path[] = {
        "rerankingConfiguration", "bedrockRerankingConfiguration",
        "modelConfiguration"
    };

    node = 0;
    rc = LLM_OK;

    for (i = 0; rc == LLM_OK && i < sizeof(path) / sizeof(path[0]); i++) {

        node = llm_json_get(&q->json, node, path[i]);

        rc = llm_given(&q->json, node)
             ? llm_request_object(q, node, path[i], NULL, 0, NULL)
             : llm_request_bad(q, path[i], "is required");
    }

    if (rc == LLM_OK) {
        rc = llm_request_string(q, llm_json_get(&q->json, node, "modelArn"),
                                "modelArn", &arn);
    }

    if (rc == LLM_OK) {
        rc = llm_request_array(q, llm_json_get(&q->json, 0, "queries"),
                               "queries", 1);
    }

    if (rc == LLM_OK) {
        rc = llm_request_array(q, llm_json_get(&q->json, 0, "sources"),
                               "sources", 1);
    }

    if (rc != LLM_OK) {
        return rc;
    }

    q->model = llm_bedrock_model(&arn);
    q->max_output = 0;

    llm_bedrock_units(q);

    return llm_request_model_name(q, "modelArn");
}


int64_t
llm_bedrock_searches(const llm_request_t *q)
{
    int64_t                 n;
    uint32_t                i, list;
    const llm_json_node_t  *v;

    v = q->json.nodes;
    list = llm_json_get(&q->json, 0, q->route.op == LLM_BEDROCK_RANK
                                     ? "sources" : "documents");

    if (llm_kind_of(&q->json, list) != LLM_JSON_ARRAY) {
        return 1;
    }

    for (n = 0, i = list + 1; i < llm_json_next(&q->json, list);
         i = v[i].next)
    {
        n += (int64_t) (v[i].end - v[i].start) / LLM_BEDROCK_PIECE + 1;
    }

    n = (n + LLM_BEDROCK_PIECES - 1) / LLM_BEDROCK_PIECES;

    return n ? n : 1;
}
