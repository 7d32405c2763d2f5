
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _OPENAI_FIXTURE_H_INCLUDED_
#define _OPENAI_FIXTURE_H_INCLUDED_


#include "llm_arena.h"
#include "llm_provider.h"


/* a request with the memory that it lives in */

typedef struct {
    llm_arena_t     arena;
    llm_request_t   q;
    int             rc;
} fixture_t;


static inline void
request_at(fixture_t *f, const char *path, llm_kind_e kind, const char *body)
{
    size_t  len;

    memset(f, 0, sizeof(fixture_t));
    llm_arena_init(&f->arena);

    len = strlen(body);

    f->q.provider = &llm_openai;
    f->q.kind = kind;
    f->q.path.data = (unsigned char *) path;
    f->q.path.len = strlen(path);
    f->q.mem = &f->arena.mem;
    f->q.json.mem = &f->arena.mem;

    assert_int_equal(llm_json_parse(&f->q.json,
                                    llm_arena_copy(&f->arena, body, len), len),
                     LLM_OK);

    f->rc = llm_openai.parse(&f->q);
}


static inline void
chat(fixture_t *f, const char *body)
{
    request_at(f, "/v1/chat/completions", LLM_KIND_CHAT, body);
}


static inline void
done(fixture_t *f)
{
    llm_arena_free(&f->arena);
}


#endif /* _OPENAI_FIXTURE_H_INCLUDED_ */
