
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_media.h"


/*
 * Mistral's OCR: charged by the page, more for a page with annotations.  How
 * many pages a document has its reader finds out, unless the request names
 * those that it wants.
 */

#define LLM_OCR_PAGES        1000        /* of a document, at most */


/* pages that are named: a list of numbers, or a text such as "0-4,7" */

static int
llm_ocr_pages(llm_request_t *q, uint32_t node, int64_t *n)
{
    uint32_t                i;
    const llm_json_node_t  *v;

    v = q->json.nodes;

    if (!llm_given(&q->json, node)
        || llm_kind_of(&q->json, node) == LLM_JSON_STRING)
    {
        return LLM_OK;
    }

    if (llm_kind_of(&q->json, node) == LLM_JSON_NUMBER) {
        *n = 1;
        return LLM_OK;
    }

    if (llm_kind_of(&q->json, node) != LLM_JSON_ARRAY) {
        return llm_request_bad(q, "pages", "must be an array");
    }

    for (*n = 0, i = node + 1; i < llm_json_next(&q->json, node);
         i = v[i].next)
    {
        (*n)++;
    }

    return LLM_OK;
}


static int
llm_ocr_is_image(const llm_request_t *q, uint32_t document)
{
    return llm_kind_of(&q->json, document) == LLM_JSON_OBJECT
           && llm_given(&q->json, llm_json_get(&q->json, document,
                                               "image_url"));
}


int
llm_ocr_parse(llm_request_t *q)
{
    int       rc;
    int64_t   n;
    uint32_t  f[5];

    static const char * const  names[] = {
        "model", "document", "pages", "bbox_annotation_format",
        "document_annotation_format"
    };

    rc = llm_request_object(q, 0, NULL, names, 5, f);

    if (rc == LLM_OK) {
        rc = llm_request_model(q, f[0], "model");
    }

    if (rc == LLM_OK && llm_kind_of(&q->json, f[1]) != LLM_JSON_OBJECT) {
        rc = llm_request_bad(q, "document", llm_given(&q->json, f[1])
                                            ? "must be an object"
                                            : "is required");
    }

    n = llm_ocr_is_image(q, f[1]) ? 1 : LLM_OCR_PAGES;

    if (rc == LLM_OK) {
        rc = llm_ocr_pages(q, f[2], &n);
    }

    q->max_output = 0;
    q->most.pages = n;

    if (llm_given(&q->json, f[3]) || llm_given(&q->json, f[4])) {
        q->most.pages_annotated = n;
    }

    return rc;
}


int
llm_ocr_answer(llm_answer_t *a, const llm_json_t *j)
{
    int64_t   n;
    uint32_t  usage;

    usage = llm_json_get(j, 0, "usage_info");

    if (llm_answer_part(a, j, usage, LLM_JSON_OBJECT) == LLM_JSON_NONE) {
        return LLM_OK;
    }

    n = llm_answer_figure(a, j, llm_json_get(j, usage, "pages_processed"));

    if (n < 0) {
        return LLM_OK;
    }

    a->usage.pages = n;
    a->usage_seen = 1;

    if (a->q && a->q->most.pages_annotated) {
        a->usage.pages_annotated = n;
    }

    return LLM_OK;
}
