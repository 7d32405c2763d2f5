
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Keys of requests, for t/util/cache_keys.py.  Reads "DIALECT PATH LENGTH\n"
 * and LENGTH bytes of a body, again and again; writes a line for each: 32 hex
 * digits of its canonical form, "-" where it has none, "!" for a bad request.
 */

#include "llm_provider.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define KEYS_ARENA  (64 * 1024 * 1024)


typedef struct {
    unsigned char  *data;
    size_t          used;
} keys_arena_t;


static void *
keys_alloc(void *ctx, size_t size)
{
    void          *p;
    keys_arena_t  *a = ctx;

    size = (size + 15) & ~(size_t) 15;

    if (size > KEYS_ARENA - a->used) {
        return NULL;
    }

    p = a->data + a->used;
    a->used += size;

    return p;
}


static void
keys_update(void *ctx, const void *p, size_t n)
{
    (void) EVP_DigestUpdate(ctx, p, n);
}


static void
keys_print(const char *dialect, const char *path, unsigned char *body,
    size_t len, llm_mem_t *mem)
{
    int             i, rc;
    llm_str_t       name;
    llm_route_t     route;
    EVP_MD_CTX     *md;
    llm_request_t   q;
    unsigned char   digest[EVP_MAX_MD_SIZE];

    memset(&route, 0, sizeof(route));
    memset(&q, 0, sizeof(q));

    name.data = (unsigned char *) dialect;
    name.len = strlen(dialect);

    llm_str_set(&route.method, "POST");
    route.path.data = (unsigned char *) path;
    route.path.len = strlen(path);

    q.provider = llm_provider_find(&name);

    if (q.provider == NULL || q.provider->path(&route) != LLM_PATH_METERED) {
        printf("!\n");
        return;
    }

    q.kind = route.kind;
    q.path = route.path;
    q.route = route;
    q.body.data = body;
    q.body.len = len;
    q.mem = mem;
    q.json.mem = mem;

    if (llm_json_parse(&q.json, body, len) != LLM_OK
        || q.provider->parse(&q) != LLM_OK)
    {
        printf("!\n");
        return;
    }

    md = EVP_MD_CTX_new();

    if (md == NULL || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) {
        printf("?\n");
        return;
    }

    rc = q.provider->canonical(&q, keys_update, md);

    (void) EVP_DigestFinal_ex(md, digest, NULL);
    EVP_MD_CTX_free(md);

    if (rc != LLM_OK) {
        printf(rc == LLM_DECLINED ? "-\n" : "?\n");
        return;
    }

    for (i = 0; i < 16; i++) {
        printf("%02x", digest[i]);
    }

    printf("\n");
}


int
main(void)
{
    char            dialect[64], path[256];
    size_t          len;
    llm_mem_t       mem;
    keys_arena_t    arena;
    unsigned char  *body;

    arena.data = malloc(KEYS_ARENA);
    mem.alloc = keys_alloc;
    mem.ctx = &arena;

    while (arena.data
           && scanf("%63s %255s %zu", dialect, path, &len) == 3
           && getchar() == '\n')
    {
        arena.used = 0;
        body = keys_alloc(&arena, len + 1);

        if (body == NULL || fread(body, 1, len, stdin) != len) {
            return 1;
        }

        keys_print(dialect, path, body, len, &mem);
    }

    return fflush(stdout) != 0;
}
