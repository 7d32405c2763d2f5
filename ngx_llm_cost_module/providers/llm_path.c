
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_path.h"

#include <string.h>


#define LLM_PATH_MODEL_MAX   256


int
llm_path_method(const llm_str_t *method, const char *methods)
{
    size_t       n;
    const char  *end;

    for ( ;; ) {
        end = strchr(methods, ' ');
        n = end ? (size_t) (end - methods) : strlen(methods);

        if (method->len == n && memcmp(method->data, methods, n) == 0) {
            return 1;
        }

        if (end == NULL) {
            return 0;
        }

        methods = end + 1;
    }
}


/*
 * The whole of the text is the pattern.  A star tries the shortest text first;
 * patterns have few of them, and a text is bounded, so is the work.
 */

static int
llm_path_glob(const unsigned char *p, const unsigned char *last,
    const char *pattern, llm_str_t *star)
{
    int                   any;
    const unsigned char  *from;

    for ( /* void */ ; *pattern != '*'; p++, pattern++) {

        if (*pattern == '\0') {
            return p == last;
        }

        if (p == last || *p != (unsigned char) *pattern) {
            return 0;
        }
    }

    any = (pattern[1] == '*');
    pattern += 1 + any;

    for (from = p; p < last && (any || *p != '/'); /* void */ ) {
        p++;

        if (llm_path_glob(p, last, pattern, NULL)) {

            if (star) {
                star->data = (unsigned char *) from;
                star->len = p - from;
            }

            return 1;
        }
    }

    return 0;
}


/* what follows the last star, from behind: few rows of a table get past it */

static int
llm_path_ends(const unsigned char *p, const unsigned char *last,
    const char *pattern)
{
    size_t  n;

    for (n = strlen(pattern); n && pattern[n - 1] != '*'; n--) {

        if (p == last || last[-1] != (unsigned char) pattern[n - 1]) {
            return 0;
        }

        last--;
    }

    return 1;
}


/* where a path ends, less one slash; NULL: it matches nothing */

static const unsigned char *
llm_path_end(const llm_str_t *path)
{
    const unsigned char  *last;

    if (path->len == 0 || path->len > LLM_PATH_MAX) {
        return NULL;
    }

    last = path->data + path->len;

    return (path->len > 1 && last[-1] == '/') ? last - 1 : last;
}


/*
 * Text in front of the first star is compared before a star is tried, so that
 * the slashes of a long path cost a comparison each.
 */

static int
llm_path_fits(const llm_str_t *path, const unsigned char *last,
    const char *pattern, llm_str_t *star)
{
    const unsigned char  *p;

    if (star) {
        star->data = NULL;
        star->len = 0;
    }

    if (!llm_path_ends(path->data, last, pattern)) {
        return 0;
    }

    for (p = path->data; p < last; p++) {
        if (*p == '/' && llm_path_glob(p, last, pattern, star)) {
            return 1;
        }
    }

    return 0;
}


int
llm_path_matches(const llm_str_t *path, const char *pattern, llm_str_t *star)
{
    const unsigned char  *last;

    last = llm_path_end(path);

    return last && llm_path_fits(path, last, pattern, star);
}


int
llm_path_has(const llm_str_t *path, const char *segment)
{
    size_t                n;
    const unsigned char  *p, *last;

    n = strlen(segment);
    last = path->data + path->len;

    for (p = path->data; (size_t) (last - p) >= n; p++) {

        if (memcmp(p, segment, n) == 0 && (p + n == last || p[n] == '/')) {
            return 1;
        }
    }

    return 0;
}


const llm_path_row_t *
llm_path_find(const llm_path_row_t *rows, size_t n, llm_route_t *route,
    llm_str_t *star)
{
    char                  end;
    size_t                i;
    const unsigned char  *last;

    last = llm_path_end(&route->path);

    for (i = 0; last && i < n; i++) {

        /* most rows end in another letter */

        end = rows[i].pattern[strlen(rows[i].pattern) - 1];

        if (end != '*' && (unsigned char) end != last[-1]) {
            continue;
        }

        if (llm_path_fits(&route->path, last, rows[i].pattern, star)
            && llm_path_method(&route->method, rows[i].methods))
        {
            route->kind = rows[i].kind;
            route->op = rows[i].op;

            return &rows[i];
        }
    }

    return NULL;
}


const llm_str_t *
llm_route_header(const llm_route_t *route, const char *name)
{
    if (route->headers.get == NULL) {
        return NULL;
    }

    return route->headers.get(route->headers.ctx, name);
}


int
llm_path_model(const llm_str_t *name)
{
    size_t  i;

    if (name->len == 0 || name->len > LLM_PATH_MODEL_MAX) {
        return 0;
    }

    for (i = 0; i < name->len; i++) {
        if (name->data[i] < 0x20 || name->data[i] == 0x7f) {
            return 0;
        }
    }

    return 1;
}
