/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Pieces where there is no pattern, as in SentencePiece's vocabularies: all of
 * the text is one, but it is parted wherever no token can reach across, which
 * changes nothing and lets short parts be remembered.
 */

#include "llm_tok_piece.h"


/* a character, and what it is to its neighbours */

typedef struct {
    size_t    len;
    uint32_t  before;           /* to the one before it */
    uint32_t  after;
    int       block;            /* it is U+2581, and a space */
} llm_tok_edge_t;


static inline void
llm_tok_edge(const llm_vocab_t *v, const uint8_t *p, const uint8_t *end,
    llm_tok_edge_t *e)
{
    uint32_t  c;

    e->block = 0;

    if (llm_tok_likely(*p < 0x80)) {
        e->len = 1;
        e->before = *p;
        e->after = *p;
        return;
    }

    e->len = llm_tok_char_at(p, end, &c);

    if (v->chars) {
        e->block = c == 0x2581;
        e->before = e->block ? ' ' : c;
        e->after = e->before;

    } else {
        e->before = c == 0xfffd ? 0xef : *p;
        e->after = c == 0xfffd ? 0xbd : p[e->len - 1];
    }
}


static inline int
llm_tok_joins(const llm_vocab_t *v, uint32_t one, uint32_t two)
{
    uint64_t  bit;

    bit = llm_tok_join_bit(one, two, v->image->join_bits);

    return (int) (v->join[bit >> 6] >> (bit & 63) & 1)
           && !(two == ' ' && (v->image->flags & LLM_TOK_APART));
}


/*
 * Whether each letter of ASCII ends what a space follows, and whether neither
 * begins what is taken out of a text.
 */

static void
llm_tok_join_words(llm_vocab_t *v)
{
    unsigned  c;

    v->apart = 1;
    v->words = !llm_tok_is_user(v, ' ');

    for (c = 'A'; c <= 'z'; c++) {
        if (c <= 'Z' || c >= 'a') {
            v->apart &= !llm_tok_joins(v, c, ' ');
            v->words &= !llm_tok_is_user(v, c);
        }
    }
}


/* which bit of USER_BEGIN is that of a text's first three bytes */

static inline uint32_t
llm_tok_user_bit(const uint8_t *p)
{
    return ((uint32_t) p[0] << 16 | (uint32_t) p[1] << 8 | p[2])
           * 2654435761u >> 20;
}


static void
llm_tok_user_init(llm_vocab_t *v, uint32_t i)
{
    size_t          n, len;
    uint8_t         first;
    uint32_t        bit;
    const char     *text;
    const uint8_t  *p;

    text = llm_tok_name(v, v->user[i], &len);
    p = (const uint8_t *) text;
    first = len ? *p : 0;

    if (v->user_to[first] == 0) {
        v->user_from[first] = i;
    }

    v->user_to[first] = i + 1;

    if (len < 3) {
        v->user_short |= len < 2 || p[1] != first;

    } else {
        bit = llm_tok_user_bit(p);
        v->user_begin[bit >> 6] |= 1ULL << (bit & 63);
    }

    /* they are in order: so the n-th is a run of n, or they are not all runs */

    for (n = 0; n < len && p[n] == first; n++) { /* void */ }

    n = n == len && len == i - v->user_from[first] + 1 && len < 256 ? len : 0;
    v->user_run[first] = len == 1 || v->user_run[first] ? (uint8_t) n : 0;
}


/* nearly all places of a text are ruled out as the beginning of one of USER */

void
llm_tok_join_init(llm_vocab_t *v)
{
    uint32_t  i;

    for (i = 0; i < v->image->users; i++) {
        llm_tok_user_init(v, i);
    }

    llm_tok_join_words(v);
}


/* what the bytes p are to those of a text of USER: below, a prefix, above */

static int
llm_tok_user_order(const llm_vocab_t *v, size_t i, const uint8_t *p, size_t n,
    size_t *len)
{
    int          order;
    const char  *text;

    text = llm_tok_name(v, v->user[i], len);
    order = memcmp(p, text, n < *len ? n : *len);

    return order || n <= *len ? order : 1;
}


/*
 * The longest text of USER that this one begins with, or 0.  Those that have
 * the first n bytes of the text lie together; each byte makes them fewer.
 */

static size_t
llm_tok_user(const llm_vocab_t *v, const uint8_t *p, const uint8_t *end)
{
    size_t  n, low, high, at, to, middle, len, found;

    low = v->user_from[*p];
    high = v->user_to[*p];
    found = 0;

    if (low < high) {
        (void) llm_tok_name(v, v->user[low], &len);
        found = len == 1;
    }

    for (n = 2; n <= LLM_TOK_MAX_USER && n <= (size_t) (end - p); n++) {

        for (at = low, to = high; at < to; ) {
            middle = at + (to - at) / 2;

            if (llm_tok_user_order(v, middle, p, n, &len) > 0) {
                at = middle + 1;

            } else {
                to = middle;
            }
        }

        low = at;

        for (to = high; at < to; ) {
            middle = at + (to - at) / 2;

            if (llm_tok_user_order(v, middle, p, n, &len) >= 0) {
                at = middle + 1;

            } else {
                to = middle;
            }
        }

        high = at;

        if (low >= high) {
            break;
        }

        /* the shortest of them comes first */

        (void) llm_tok_name(v, v->user[low], &len);
        found = len == n ? n : found;
    }

    return found;
}


/* as many of a byte as USER has, at most */

static size_t
llm_tok_user_run(const llm_vocab_t *v, const uint8_t *p, const uint8_t *end)
{
    size_t  n, most;

    most = v->user_run[*p];
    most = most < (size_t) (end - p) ? most : (size_t) (end - p);

    for (n = 1; n < most && p[n] == *p; n++) { /* void */ }

    return n;
}


size_t
llm_tok_taken(const llm_vocab_t *v, const uint8_t *p, const uint8_t *end)
{
    size_t          n;
    uint32_t        bit;
    llm_tok_edge_t  e;

    if (llm_tok_is_user(v, *p)) {
        if (v->user_run[*p]) {
            return llm_tok_user_run(v, p, end);
        }

        if (end - p >= 3 && !v->user_short) {
            bit = llm_tok_user_bit(p);

            if (!(v->user_begin[bit >> 6] >> (bit & 63) & 1)) {
                return 0;
            }
        }

        return llm_tok_user(v, p, end);
    }

    if (*p != 0xe2 || v->image->runs < 2) {
        return 0;
    }

    for (n = 0; n < v->image->runs && p + 3 * n < end; n++) {
        llm_tok_edge(v, p + 3 * n, end, &e);

        if (!e.block) {
            break;
        }
    }

    return n > 1 ? 3 * n : 0;
}


/* most bytes begin nothing that is: 0xe2 begins U+2581 */

#define llm_tok_may_be_taken(v, c)                                            \
    (llm_tok_is_user(v, c) || (c) == 0xe2)


/* as one function: gcc parts it else, and each piece is a call more */

__attribute__((noinline)) const uint8_t *
llm_tok_join_end(const llm_vocab_t *v, const uint8_t *p, const uint8_t *end)
{
    size_t          n;
    uint32_t        last;
    llm_tok_edge_t  e;

    if (llm_tok_may_be_taken(v, *p)) {
        n = llm_tok_taken(v, p, end);

        if (n) {
            return p + n;
        }
    }

    llm_tok_edge(v, p, end, &e);

    for (p += e.len; p < end; p += e.len) {
        last = e.after;
        llm_tok_edge(v, p, end, &e);

        if (!llm_tok_joins(v, last, e.before)
            || (llm_tok_may_be_taken(v, *p) && llm_tok_taken(v, p, end)))
        {
            break;
        }

        /* in a run of a letter that begins none of USER it stays so */

        if (*p == p[-1] && *p < 0x80 && !llm_tok_is_user(v, *p)) {
            while (end - p > 1 && p[1] == *p) {
                p++;
            }
        }
    }

    return p;
}


/*
 * The space that comes before a text belongs to its first piece: the tokens of
 * both, and where the rest begins.
 */

const uint8_t *
llm_tok_prepended(const llm_vocab_t *v, llm_scratch_t *s, const uint8_t *p,
    const uint8_t *end, llm_tok_out_t *out)
{
    size_t          n;
    llm_tok_edge_t  e;

    if (p == end) {
        return p;
    }

    llm_tok_edge(v, p, end, &e);

    if (e.before == ' ' && (v->image->flags & LLM_TOK_ONCE)) {
        return p;
    }

    n = llm_tok_joins(v, ' ', e.before)
        ? (size_t) (llm_tok_join_end(v, p, end) - p) : 0;

    if (n >= sizeof(s->normal)) {
        llm_tok_bpe_long(v, s, p, n, 1, out);

    } else {
        s->normal[0] = ' ';
        memcpy(s->normal + 1, p, n);
        llm_tok_bpe(v, s, s->normal, n + 1, out);
    }

    return p + n;
}
