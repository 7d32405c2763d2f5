/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * The loops that look at all of an image when it is opened.
 *
 * Code, not declarations: a file for each kind of processor includes it once,
 * after it has defined LLM_TOK_TARGET, what its functions are compiled for, and
 * LLM_TOK_VECTOR, the bytes of its vectors, which the compiler makes of
 * whatever the processor has.
 */


typedef uint64_t  llm_tok_vector_t
    __attribute__((vector_size(LLM_TOK_VECTOR)));

#define LLM_TOK_IN_VECTOR  (LLM_TOK_VECTOR / sizeof(uint64_t))


/*
 * A changed word changes the first sum of its lane, and the second tells words
 * that changed places; half of its bits move down, for a sum that only ever
 * carries up would hardly see the topmost ones.
 */

LLM_TOK_TARGET static inline void
llm_tok_add_word(const char *p, llm_tok_vector_t *first,
    llm_tok_vector_t *second)
{
    llm_tok_vector_t  word;

    memcpy(&word, p, sizeof(word));
    *first += word;
    *second += *first ^ *first >> 32;
}


/*
 * Adds len bytes, a multiple of 64, to the two sums of each of 8 lanes.  Not a
 * loop over the vectors: compilers would keep them in memory.
 */

LLM_TOK_TARGET static void
llm_tok_sum_add(const char *p, size_t len, uint64_t first[LLM_TOK_SUM_LANES],
    uint64_t second[LLM_TOK_SUM_LANES])
{
    const char        *end;
    llm_tok_vector_t   one[64 / LLM_TOK_VECTOR], two[64 / LLM_TOK_VECTOR];

    memcpy(one, first, sizeof(one));
    memcpy(two, second, sizeof(two));

    for (end = p + len; p < end; p += 64) {
        __builtin_prefetch(p + LLM_TOK_CHUNK / 2);
        llm_tok_add_word(p, &one[0], &two[0]);
        llm_tok_add_word(p + LLM_TOK_VECTOR, &one[1], &two[1]);
#if LLM_TOK_VECTOR == 16
        llm_tok_add_word(p + 32, &one[2], &two[2]);
        llm_tok_add_word(p + 48, &one[3], &two[3]);
#endif
    }

    memcpy(first, one, sizeof(one));
    memcpy(second, two, sizeof(two));
}


LLM_TOK_TARGET static inline uint64_t
llm_tok_any(const llm_tok_vector_t *v)
{
    size_t    i;
    uint64_t  any;

    for (i = 0, any = 0; i < LLM_TOK_IN_VECTOR; i++) {
        any |= (*v)[i];
    }

    return any;
}


/*
 * Whether something of n nodes is above its limit: the highest bit tells, which
 * is that of a difference.  So the loops need no way out.
 */

LLM_TOK_TARGET static uint64_t
llm_tok_bad_nodes(const uint64_t *node, size_t n, uint64_t most,
    uint64_t room)
{
    size_t            i;
    uint64_t          bad;
    llm_tok_vector_t  all, some, zero;

    zero = (llm_tok_vector_t) { 0 };
    all = zero;
    bad = 0;

    for (i = 0; i + LLM_TOK_IN_VECTOR <= n; i += LLM_TOK_IN_VECTOR) {
        __builtin_prefetch((const char *) (node + i) + LLM_TOK_CHUNK);
        memcpy(&some, node + i, sizeof(some));
        all |= zero + most - ((some & UINT32_MAX) >> 9);
        all |= zero + room - (some >> 45);
    }

    for ( /* void */ ; i < n; i++) {
        bad |= most - llm_tok_node_base(node[i]);
        bad |= room - llm_tok_node_token(node[i]);
    }

    return bad | llm_tok_any(&all);
}


static uint64_t
llm_tok_bad_token(const llm_vocab_t *v, size_t i)
{
    size_t    len;
    uint64_t  bad, rec;

    rec = v->rec[i];

    bad = i - llm_tok_left(rec);
    bad |= i - llm_tok_right(rec);
    bad |= v->image->tokens - 1 - (uint64_t) llm_tok_prefix(rec);
    bad |= (uint64_t) llm_tok_len(rec) - 1;

    if (llm_tok_len(rec) == LLM_TOK_FAR) {
        len = llm_tok_length(v, (uint32_t) i);
        bad |= (uint64_t) len - LLM_TOK_FAR;
        bad |= LLM_TOK_MAX_TOKEN - (uint64_t) len;
    }

    return bad;
}


/* the same of tokens from one to another */

LLM_TOK_TARGET static uint64_t
llm_tok_bad_tokens(const llm_vocab_t *v, size_t from, size_t to)
{
    size_t            i, j;
    uint64_t          bad;
    llm_tok_vector_t  all, far, at, some, len, zero;

    zero = (llm_tok_vector_t) { 0 };
    all = zero;
    far = zero;
    bad = 0;

    for (j = 0; j < LLM_TOK_IN_VECTOR; j++) {
        at[j] = from + j;
    }

    for (i = from; i + LLM_TOK_IN_VECTOR <= to; i += LLM_TOK_IN_VECTOR) {
        __builtin_prefetch((const char *) (v->rec + i) + LLM_TOK_CHUNK);
        memcpy(&some, v->rec + i, sizeof(some));
        len = some >> 54 & 0xff;
        all |= at - (some & LLM_TOK_MASK);
        all |= at - (some >> 18 & LLM_TOK_MASK);
        all |= zero + (v->image->tokens - 1) - (some >> 36 & LLM_TOK_MASK);
        all |= len - 1;
        far |= LLM_TOK_FAR - 1 - len;
        at += LLM_TOK_IN_VECTOR;
    }

    i = llm_tok_any(&far) >> 63 ? from : i;

    for ( /* void */ ; i < to; i++) {
        bad |= llm_tok_bad_token(v, i);
    }

    return bad | llm_tok_any(&all);
}
