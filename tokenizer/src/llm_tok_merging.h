/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Byte-pair encoding of short texts as the definition has it, lowest rank
 * first, leftmost first, several texts side by side: each merge asks a table
 * that is larger than the caches about two pairs, and while one text waits for
 * the answer the others go on.
 *
 * Code, not declarations: a file for each kind of processor includes it once,
 * after llm_tok_near.h, llm_tok_sure.h and after it has defined LLM_TOK_TARGET,
 * what its functions are compiled for;
 * llm_tok_least(), the least of n integers, more of which can be read, up to a
 * multiple of 16; and llm_tok_merged(), what a pair of tokens merges into.
 */


#define LLM_TOK_NO_MERGE  INT32_MAX


/*
 * A place is the byte where a token begins.  The order of a place tells when it
 * would merge with the one after it: the rank of the merge, then the place.
 */

typedef struct {
    llm_tok_text_t  *text;
    uint64_t         alive;             /* bits of the places in use */
    uint32_t         places;
    uint32_t         asked;             /* a bit for each question */
    uint32_t         found;             /* ... that may have an answer */
    uint32_t         place[2];          /* who asks */
    uint64_t         key[2];
    uint64_t         hash[2];
    uint32_t         token[LLM_TOK_MERGE];
    uint32_t         made[LLM_TOK_MERGE];
    int32_t          order[LLM_TOK_MERGE]
                         __attribute__((aligned(16)));
} llm_tok_merge_t;


LLM_TOK_TARGET static inline int32_t
llm_tok_order(const llm_vocab_t *v, uint32_t token, unsigned place)
{
    uint32_t  rank;

    rank = token < v->regular ? token * LLM_TOK_BETWEEN : v->rank[token];

    return (int32_t) (rank << LLM_TOK_MERGE_BITS | place);
}


/* the token of a character of more than one byte plus one; 0: its bytes are */

LLM_TOK_TARGET static inline uint32_t
llm_tok_merge_char(const llm_vocab_t *v, const uint8_t *p, uint32_t *len)
{
    uint64_t  node;

    if (*p < 0xe0) {
        *len = 2;
        return llm_tok_node_token(v->root[(unsigned) p[0] << 8 | p[1]]);
    }

    if (*p < 0xf0) {
        *len = 3;
        return llm_tok_node_token(llm_tok_wide(v, p));
    }

    *len = 4;
    node = v->root[(unsigned) p[0] << 8 | p[1]];
    node = llm_tok_child(v, node, p[2]);

    return llm_tok_node_token(llm_tok_child(v, node, p[3]));
}


/* the smallest parts of a text where these are characters, and their places */

LLM_TOK_TARGET static inline void
llm_tok_merge_chars(const llm_vocab_t *v, llm_tok_merge_t *m)
{
    uint32_t        i, n, len, token;
    const uint8_t  *p;

    p = m->text->p;
    n = m->text->len;
    m->alive = 0;

    for (i = 0; i < n; i += len) {
        len = 1;
        token = p[i] < 0xc0 ? 0 : llm_tok_merge_char(v, p + i, &len);
        len = token ? len : 1;

        m->token[i] = token ? token - 1 : v->byte[p[i]];
        m->alive |= 1ULL << i;
    }
}


/*
 * Which tokens of a set of places, given as bits, merge with the next one: all
 * of them ask at the same time.  Whether one may merge at all cannot be
 * predicted: so a list is made of those without a branch.
 */

LLM_TOK_TARGET static inline void
llm_tok_merge_first(const llm_vocab_t *v, llm_tok_merge_t *m, uint64_t ask)
{
    uint32_t  i, n, at, may, token, place[LLM_TOK_MERGE];
    uint64_t  after, key[LLM_TOK_MERGE], hash[LLM_TOK_MERGE];

    for (n = 0; ask; ask &= ask - 1, n++) {
        at = (uint32_t) __builtin_ctzll(ask);
        after = m->alive & ~1ULL << at;

        if (after == 0) {
            break;
        }

        place[n] = at;
        key[n] = llm_tok_pair_key(m->token[at],
                                  m->token[__builtin_ctzll(after)]);
        hash[n] = llm_tok_pair_hash(key[n], v->seed);
        llm_tok_pair_fetch_filter(v, hash[n]);
    }

    for (i = 0, may = 0; i < n; i++) {
        place[may] = place[i];
        key[may] = key[i];
        hash[may] = hash[i];
        may += (uint32_t) llm_tok_pair_may_be(v, hash[i]);
    }

    for (i = 0; i < may; i++) {
        __builtin_prefetch(llm_tok_pair_bucket(v, hash[i]));
    }

    for (i = 0; i < may; i++) {
        token = llm_tok_merged(v, key[i], hash[i]);

        if (token < v->image->tokens) {
            m->made[place[i]] = token;
            m->order[place[i]] = llm_tok_order(v, token, place[i]);
        }
    }
}


/*
 * The smallest parts of a text where these are bytes.  Which two are merged
 * before anything else is are merged; the other pairs of two are in ROOT, and
 * only the pairs beside one that has been merged are asked about.
 */

LLM_TOK_TARGET static inline uint64_t
llm_tok_merge_bytes(const llm_vocab_t *v, llm_tok_merge_t *m)
{
    uint32_t        i, n, token;
    uint64_t        sure, left, root[LLM_TOK_MERGE + LLM_TOK_SURE_MORE];
    const uint8_t  *p;

    p = m->text->p;
    n = m->text->len - 1;

    for (i = 0; i < n; i++) {
        root[i + 1] = v->root[(unsigned) p[i] << 8 | p[i + 1]];
        token = llm_tok_node_token(root[i + 1]);

        m->token[i] = v->byte[p[i]];
        m->made[i] = token - 1;
        m->order[i] = token ? llm_tok_order(v, token - 1, i)
                            : LLM_TOK_NO_MERGE;
    }

    m->token[n] = v->byte[p[n]];
    sure = llm_tok_sure(root, n);
    m->alive &= ~(sure << 1);

    for (left = sure; left; left &= left - 1) {
        i = (uint32_t) __builtin_ctzll(left);

        m->token[i] = m->made[i];
        m->order[i] = LLM_TOK_NO_MERGE;
        m->order[i + 1] = LLM_TOK_NO_MERGE;
        m->order[i - (i > 0)] = LLM_TOK_NO_MERGE;
    }

    return sure | (sure >> 1 & m->alive);
}


LLM_TOK_TARGET static inline void
llm_tok_merge_start(const llm_vocab_t *v, llm_tok_merge_t *m,
    llm_tok_text_t *text)
{
    uint32_t  i, n;
    uint64_t  ask;

    n = text->len;

    m->text = text;
    m->places = n;
    m->alive = UINT64_MAX >> (LLM_TOK_MERGE - n);
    m->asked = 0;
    m->found = 0;

    for (i = (n - 1) / 16 * 16; i < (n + 15) / 16 * 16; i++) {
        m->order[i] = LLM_TOK_NO_MERGE;
    }

    if (v->chars && !llm_tok_are_ascii(text->p, n)) {
        for (i = 0; i < n; i++) {
            m->order[i] = LLM_TOK_NO_MERGE;
        }

        llm_tok_merge_chars(v, m);
        ask = m->alive;

    } else {
        ask = llm_tok_merge_bytes(v, m);
    }

    llm_tok_merge_first(v, m, ask);
}


/* a question: whether the token at a place merges with that at the next one */

LLM_TOK_TARGET static inline void
llm_tok_merge_ask(const llm_vocab_t *v, llm_tok_merge_t *m, int i,
    unsigned place, unsigned next)
{
    uint64_t  key, hash;

    key = llm_tok_pair_key(m->token[place], m->token[next]);
    hash = llm_tok_pair_hash(key, v->seed);
    llm_tok_pair_fetch_filter(v, hash);

    m->place[i] = place;
    m->key[i] = key;
    m->hash[i] = hash;
}


/*
 * Most questions are sorted out by the filter, which has been fetched.  Whether
 * one is cannot be predicted, so what is fetched for nothing is m itself.
 */

LLM_TOK_TARGET static inline uint32_t
llm_tok_merge_filter(const llm_vocab_t *v, const llm_tok_merge_t *m, int i)
{
    uint32_t     may;
    uint64_t     hash;
    const void  *bucket;

    hash = m->hash[i];
    may = m->asked >> i & (uint32_t) llm_tok_pair_may_be(v, hash) & 1;
    bucket = llm_tok_pair_bucket(v, hash);
    __builtin_prefetch(may ? bucket : m);

    return may << i;
}


LLM_TOK_TARGET static inline int32_t
llm_tok_merge_answer(const llm_vocab_t *v, llm_tok_merge_t *m, int i,
    int32_t least)
{
    int32_t   order;
    uint32_t  token, place;

    token = llm_tok_merged(v, m->key[i], m->hash[i]);

    if (llm_tok_unlikely(token >= v->image->tokens)) {
        return least;
    }

    place = m->place[i];
    order = llm_tok_order(v, token, place);
    m->made[place] = token;
    m->order[place] = order;

    return order < least ? order : least;
}


/*
 * Takes the answers and returns the least order of all places.  That is looked
 * for first, for the processor cannot load at once what was stored in parts.
 */

LLM_TOK_TARGET static inline int32_t
llm_tok_merge_next(const llm_vocab_t *v, llm_tok_merge_t *m)
{
    int32_t  least;

    least = llm_tok_least(m->order, m->places);

    if (m->found & 1) {
        least = llm_tok_merge_answer(v, m, 0, least);
    }

    if (m->found & 2) {
        least = llm_tok_merge_answer(v, m, 1, least);
    }

    m->found = 0;

    return least;
}


/*
 * One merge, or what it waits for; returns 0 if there is none left.  Whether
 * there is a place before it or after it cannot be predicted: both questions
 * are written down, and bits tell which are asked.
 */

LLM_TOK_TARGET static inline int
llm_tok_merge_step(const llm_vocab_t *v, llm_tok_merge_t *m)
{
    int32_t   order;
    unsigned  place, other;
    uint64_t  alive, before, after;

    llm_tok_step();

    if (m->asked) {
        m->found = llm_tok_merge_filter(v, m, 0)
                   | llm_tok_merge_filter(v, m, 1);
        m->asked = 0;

        if (m->found) {
            return 1;
        }
    }

    order = llm_tok_merge_next(v, m);

    if (order == LLM_TOK_NO_MERGE) {
        return 0;
    }

    /* the next place goes, and this one has their token */

    place = (unsigned) order & (LLM_TOK_MERGE - 1);
    alive = m->alive;
    before = alive & ((1ULL << place) - 1);
    after = alive & ~1ULL << place;
    other = (unsigned) __builtin_ctzll(after);
    after &= after - 1;

    m->alive = alive ^ 1ULL << other;
    m->token[place] = m->made[place];
    m->order[other] = LLM_TOK_NO_MERGE;
    m->order[place] = LLM_TOK_NO_MERGE;

    other = 63 - (unsigned) __builtin_clzll(before | 1);
    m->order[other] = before ? LLM_TOK_NO_MERGE : m->order[other];
    llm_tok_merge_ask(v, m, 0, other, place);

    other = after ? (unsigned) __builtin_ctzll(after) : place;
    llm_tok_merge_ask(v, m, 1, place, other);

    m->asked = (before != 0) | (unsigned) (after != 0) << 1;

    return 1;
}


LLM_TOK_TARGET static inline void
llm_tok_merge_end(const llm_tok_merge_t *m)
{
    uint64_t         alive;
    llm_tok_text_t  *text;

    text = m->text;
    text->tokens = 0;

    for (alive = m->alive; alive; alive &= alive - 1) {
        text->token[text->tokens++] = m->token[__builtin_ctzll(alive)];
    }
}


LLM_TOK_TARGET static inline void
llm_tok_merge_lanes(const llm_vocab_t *v, llm_tok_text_t *text, size_t n)
{
    size_t            i, lanes, next;
    llm_tok_merge_t  *lane[LLM_TOK_MERGE_LANES], *last;
    llm_tok_merge_t   all[LLM_TOK_MERGE_LANES];

    lanes = n < LLM_TOK_MERGE_LANES ? n : LLM_TOK_MERGE_LANES;

    for (next = 0; next < lanes; next++) {
        lane[next] = &all[next];
        llm_tok_merge_start(v, lane[next], &text[next]);
    }

    while (lanes) {
        for (i = 0; i < lanes; i++) {
            if (llm_tok_likely(llm_tok_merge_step(v, lane[i]))) {
                continue;
            }

            llm_tok_merge_end(lane[i]);

            if (next < n) {
                llm_tok_merge_start(v, lane[i], &text[next++]);
                continue;
            }

            last = lane[--lanes];
            lane[lanes] = lane[i];
            lane[i] = last;
        }
    }
}
