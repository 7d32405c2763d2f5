
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _DIALECTS_REFUSED_H_INCLUDED_
#define _DIALECTS_REFUSED_H_INCLUDED_


/* A refusal in the dialect's words is JSON, whatever it has to say. */

#include "fuzz.h"
#include "llm_provider.h"


#define REFUSED_MAX  256               /* bytes of the body in it */


static void
refused(const llm_request_t *q, uint64_t seed)
{
    size_t          n;
    uint8_t        *text;
    llm_json_t      j;
    llm_refusal_t   f;

    memset(&f, 0, sizeof(f));
    f.why = 1 + seed % LLM_REFUSE_NOT_CACHED;
    f.status = 400 + seed % 200;
    f.message.data = q->body.data;
    f.message.len = q->body.len < REFUSED_MAX ? q->body.len : REFUSED_MAX;
    f.param.data = (unsigned char *) q->param;
    f.param.len = q->param ? strlen(q->param) : 0;
    llm_str_set(&f.code, "a \"code\"");

    n = q->provider->error(NULL, &f);
    text = malloc(n);
    fuzz_assert(q->provider->error(text, &f) == n);

    memset(&j, 0, sizeof(j));
    j.mem = q->mem;
    fuzz_assert(llm_json_parse(&j, text, n) == LLM_OK);

    if (q->provider->status) {
        n = q->provider->status(&q->route, &f);
        fuzz_assert(n >= 400 && n < 600);
    }

    free(text);
}


#endif /* _DIALECTS_REFUSED_H_INCLUDED_ */
