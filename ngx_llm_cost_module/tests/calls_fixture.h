
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _CALLS_FIXTURE_H_INCLUDED_
#define _CALLS_FIXTURE_H_INCLUDED_


/* calls of tools that are paid one by one, of a request or of an answer */

#include "dialect_fixture.h"


typedef struct {
    int64_t  searches;
    int64_t  file_searches;
    int64_t  web_fetches;
    int64_t  code_sessions;
    int64_t  tool_calls;
} calls_t;


static void
expect_calls(const char *what, const llm_usage_t *u, const calls_t *want)
{
    if (u->searches != want->searches
        || u->file_searches != want->file_searches
        || u->web_fetches != want->web_fetches
        || u->code_sessions != want->code_sessions
        || u->tool_calls != want->tool_calls)
    {
        fail_msg("%s: %lld %lld %lld %lld %lld", what,
                 (long long) u->searches, (long long) u->file_searches,
                 (long long) u->web_fetches, (long long) u->code_sessions,
                 (long long) u->tool_calls);
    }
}


#endif /* _CALLS_FIXTURE_H_INCLUDED_ */
