
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_gemini.h"


/*
 * Searches that an answer rests on: Google is paid for each, and its usage does
 * not tell of them.
 */


/* a search that was not seen before; too many to remember are all counted */

static void
llm_gemini_query(llm_gemini_searches_t *st, const llm_json_t *j, uint32_t node)
{
    unsigned                i;
    uint64_t                h;
    const llm_json_node_t  *v;
    const unsigned char    *p;

    v = llm_json_node(j, node);

    if (v->type != LLM_JSON_STRING || v->end == v->start) {
        return;
    }

    h = 0xcbf29ce484222325ULL;

    for (p = j->data + v->start; p < j->data + v->end; p++) {
        h = (h ^ *p) * 0x100000001b3ULL;
    }

    for (i = 0; i < st->nqueries && i < LLM_GEMINI_QUERY_WORDS; i++) {
        if (st->queries[i] == h) {
            return;
        }
    }

    if (st->nqueries < LLM_GEMINI_QUERY_WORDS) {
        st->queries[st->nqueries] = h;
    }

    st->nqueries++;
}


/*
 * Searches of the web and for pictures; and a question to maps, which is one
 * for the answer, as far as it can be seen.
 */

void
llm_gemini_grounding(llm_answer_t *a, llm_gemini_searches_t *st,
    const llm_json_t *j, uint32_t candidate)
{
    unsigned                k;
    uint32_t                i, f[3];
    const llm_json_node_t  *v;

    static const char * const  names[] = { "webSearchQueries",
                                           "imageSearchQueries",
                                           "groundingChunks" };

    v = j->nodes;
    i = llm_json_get(j, candidate, "groundingMetadata");

    llm_json_fields(j, llm_answer_part(a, j, i, LLM_JSON_OBJECT), names, 3, f);

    for (k = 0; k < 2; k++) {

        if (llm_answer_part(a, j, f[k], LLM_JSON_ARRAY) == LLM_JSON_NONE) {
            continue;
        }

        for (i = f[k] + 1; i < llm_json_next(j, f[k]); i = v[i].next) {
            llm_gemini_query(st, j, i);
        }
    }

    if (st->nqueries) {
        a->usage.searches = st->nqueries;
    }

    if (llm_answer_part(a, j, f[2], LLM_JSON_ARRAY) == LLM_JSON_NONE) {
        return;
    }

    for (i = f[2] + 1; i < llm_json_next(j, f[2]); i = v[i].next) {

        if (llm_given(j, llm_json_get(j, i, "maps"))) {
            a->usage.maps_queries = 1;
            break;
        }
    }
}
