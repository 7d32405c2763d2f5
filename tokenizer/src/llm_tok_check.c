/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Checks of an image that is opened: a file may say anything.
 */

#include "llm_tok_internal.h"


#define LLM_TOK_TARGET
#define LLM_TOK_VECTOR  16

#include "llm_tok_checking.h"


static const llm_tok_checks_t  llm_tok_checks_plain = {
    llm_tok_sum_add, llm_tok_bad_nodes, llm_tok_bad_tokens
};


const llm_tok_checks_t *
llm_tok_checks(void)
{
#if LLM_TOK_HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) {
        return &llm_tok_checks_avx2;
    }
#endif

    return &llm_tok_checks_plain;
}


const char *
llm_tok_check_magic(const llm_tok_image_t *image, size_t size)
{
    if (memcmp(image->magic, LLM_TOK_MAGIC, sizeof(image->magic)) != 0) {
        return "is not a vocabulary image";
    }

    if (image->endian != LLM_TOK_ENDIAN) {
        return "was written on a machine with the other byte order";
    }

    if (image->version != LLM_TOK_VERSION) {
        return "has another format version, compile it again";
    }

    if (image->size != size) {
        return "is truncated or has something appended";
    }

    return NULL;
}


const char *
llm_tok_check_header(const llm_tok_image_t *image, size_t size)
{
    int       i;
    uint64_t  need[LLM_TOK_SECTIONS], end;

    if (image->tokens < 256 || image->tokens > LLM_TOK_MAX_TOKENS
        || image->specials > LLM_TOK_MAX_TOKENS || image->nodes < 256
        || image->buckets == 0 || image->tiny_sets == 0
        || image->whole_sets == 0 || image->filter_bits < 6
        || image->filter_bits > 32 || image->except_bits > 24
        || image->near_bits < 6 || image->near_bits > 32
        || image->wide_blocks == 0 || image->wide_blocks > LLM_TOK_WIDE_AT + 1
        || (image->by_id && image->by_id != image->tokens + image->specials)
        || (image->ranks && image->ranks != image->tokens)
        || image->users > LLM_TOK_MAX_TOKENS
        || image->named > image->tokens
        || (image->grammar == LLM_TOK_JOIN) != (image->join_bits > 0)
        || (image->grammar == LLM_TOK_REGEX) != (image->pattern > 0)
        || image->pattern > LLM_TOK_MAX_PATTERN
        || (image->join_bits && image->join_bits < 6)
        || image->join_bits > 28
        || (image->flags & ~LLM_TOK_FLAGS)
        || memchr(image->name, '\0', LLM_TOK_MAX_NAME) == NULL)
    {
        return "has an impossible header";
    }

    if (llm_tok_scanner(image->grammar) == NULL
        && image->grammar != LLM_TOK_JOIN && image->grammar != LLM_TOK_REGEX)
    {
        return "needs a split pattern that this library does not have";
    }

    llm_tok_section_sizes(image, need);
    end = sizeof(*image);

    for (i = 0; i < LLM_TOK_SECTIONS; i++) {
        if (image->offset[i] < end || image->offset[i] & 63
            || image->offset[i] > size || need[i] > size - image->offset[i])
        {
            return "has sections outside of the file";
        }

        end = image->offset[i] + need[i];
    }

    return NULL;
}


/*
 * What is checked while the sum is made, when a chunk is in the nearest cache.
 * The sign of each difference tells whether a value is above its limit.
 */

typedef struct {
    const llm_vocab_t       *v;
    const llm_tok_checks_t  *checks;
    uint64_t                 bad;
} llm_tok_check_t;


/* the elements of n words at base that are between two places in the image */

static void
llm_tok_check_part(const llm_vocab_t *v, const uint64_t *base, size_t n,
    size_t from, size_t to, size_t *first, size_t *last)
{
    size_t  at;

    at = (size_t) ((const char *) base - (const char *) v->image);
    from = from < at ? 0 : (from - at) / sizeof(uint64_t);
    to = to < at ? 0 : (to - at) / sizeof(uint64_t);

    *first = from < n ? from : n;
    *last = to < n ? to : n;
}


static void
llm_tok_check_nodes(llm_tok_check_t *c, const uint64_t *node, size_t n,
    size_t from, size_t to)
{
    size_t  first, last;

    llm_tok_check_part(c->v, node, n, from, to, &first, &last);
    c->bad |= c->checks->nodes(node + first, last - first,
                               c->v->image->nodes - 256,
                               c->v->image->tokens);
}


static void
llm_tok_check_chunk(void *ctx, size_t from, size_t to)
{
    size_t              first, last;
    llm_tok_check_t    *c;
    const llm_vocab_t  *v;

    c = ctx;
    v = c->v;
    from += LLM_TOK_SUMMED;
    to += LLM_TOK_SUMMED;

    llm_tok_check_nodes(c, v->root, 65536, from, to);
    llm_tok_check_nodes(c, v->node, v->image->nodes, from, to);
    llm_tok_check_nodes(c, v->wide, v->image->wide_blocks * 64, from, to);

    llm_tok_check_part(v, v->rec, v->image->tokens, from, to, &first, &last);
    c->bad |= c->checks->tokens(v, first, last);
}


static int
llm_tok_check_indexes(const llm_vocab_t *v)
{
    uint64_t  bad, all, i;

    bad = 0;
    all = (uint64_t) v->image->tokens + v->image->specials;

    for (i = 0; i < v->image->by_id; i++) {
        bad |= all - 1 - v->by_id[i];
    }

    for (i = 0; i < v->image->named; i++) {
        bad |= v->image->tokens - 1 - (uint64_t) v->named[i];
    }

    for (i = 0; i < v->image->users; i++) {
        bad |= (uint64_t) v->image->named + v->image->specials - 1 - v->user[i];
    }

    for (i = 0; i < LLM_TOK_WIDE_AT; i++) {
        bad |= v->image->wide_blocks - 1 - (uint64_t) v->wide_at[i];
    }

    return bad >> 63 != 0;
}


static const char *
llm_tok_check_tables(const llm_vocab_t *v)
{
    int       i;

    for (i = 0; i < 256; i++) {
        if (v->byte[i] >= v->image->tokens
            || llm_tok_len(v->rec[v->byte[i]]) != 1)
        {
            return "has no token for some byte";
        }
    }

    if (llm_tok_check_indexes(v)) {
        return "has tables that lead nowhere";
    }

    return NULL;
}


const char *
llm_tok_check_contents(const llm_vocab_t *v, const char *wrong)
{
    uint64_t         sum;
    llm_tok_check_t  check;

    check.v = v;
    check.checks = llm_tok_checks();
    check.bad = 0;

    sum = llm_tok_sum((const char *) v->image + LLM_TOK_SUMMED,
                      v->mapped - LLM_TOK_SUMMED,
                      wrong ? NULL : llm_tok_check_chunk, &check);

    if (sum != v->image->sum) {
        return "is damaged: its checksum is wrong";
    }

    if (wrong) {
        return wrong;
    }

    return check.bad >> 63 ? "has tables that lead nowhere"
                           : llm_tok_check_tables(v);
}
