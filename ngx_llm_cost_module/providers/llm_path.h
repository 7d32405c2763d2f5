
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_PATH_H_INCLUDED_
#define _LLM_PATH_H_INCLUDED_


/*
 * Tables of (method, path) pairs.  A pattern is matched against the last
 * segments of a path, whatever stands before them: a location may stand for a
 * part of the path, and a proxy in front may have added one.
 *
 *   *     one or more characters of one segment
 *   **    one or more characters, slashes among them
 *
 * What the first of either stands for is the star.  One slash at the end of a
 * path does not count.
 */

#include "llm_provider.h"


#define LLM_PATH_MAX         2048    /* a longer path is not known */


typedef struct {
    const char           *methods;          /* "POST", "GET DELETE" */
    const char           *pattern;          /* "/chat/completions" */
    llm_path_e            what;
    llm_kind_e            kind;
    unsigned              op;
} llm_path_row_t;


/*
 * The first row that matches, or NULL; route->kind and op are set from it, and
 * star (which may be NULL) is empty where the pattern has none.
 */

const llm_path_row_t *llm_path_find(const llm_path_row_t *rows, size_t n,
    llm_route_t *route, llm_str_t *star);

/* the path ends in the pattern, at a slash of it */

int llm_path_matches(const llm_str_t *path, const char *pattern,
    llm_str_t *star);

/* the segment is in the path: "/deployments" */

int llm_path_has(const llm_str_t *path, const char *segment);

/* the method is one of these */

int llm_path_method(const llm_str_t *method, const char *methods);

/* a header field of the request, or NULL */

const llm_str_t *llm_route_header(const llm_route_t *route, const char *name);

/*
 * A model's name from a path: 1, or 0 where it is empty, longer than 256
 * bytes or holds control characters.
 */

int llm_path_model(const llm_str_t *name);


#endif /* _LLM_PATH_H_INCLUDED_ */
