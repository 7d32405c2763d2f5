/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Byte-pair encoding of one piece in linear time.
 *
 * A sequence of tokens is the encoding of its bytes if and only if each two
 * neighbours are the encoding of theirs.  So the encoding is found from the
 * left with the longest token that goes with the one before, and where none
 * does, the one before was wrong and is shortened.  A place from which no
 * way on was found is marked dead and never tried again.
 */

#include "llm_tok_internal.h"


/* the longest token that the text begins with, and its length */

static inline uint32_t
llm_tok_longest(const llm_vocab_t *v, const uint8_t *p, size_t n,
    size_t *len)
{
    size_t    i;
    uint32_t  token;
    uint64_t  node;

    *len = 1;

    if (n < 2) {
        return v->byte[*p];
    }

    node = v->root[(unsigned) p[0] << 8 | p[1]];
    token = llm_tok_node_token(node);
    *len = token ? 2 : 1;

    for (i = 2; i < n && llm_tok_node_base(node); i++) {
        llm_tok_step();
        node = v->node[llm_tok_node_base(node) + p[i]];

        if (llm_tok_node_check(node) != (p[i] | 0x100u)) {
            break;
        }

        if (llm_tok_node_token(node)) {
            token = llm_tok_node_token(node);
            *len = i + 1;
        }
    }

    return token ? token - 1 : v->byte[*p];
}


typedef struct {
    size_t    base;             /* what lies before it is final */
    size_t    depth;            /* tokens on the stack, the first at base */
    size_t    pos;              /* where they end, and token is tried */
    size_t    len;              /* token's */
    uint32_t  token;
    uint32_t  last;             /* the token before pos, or none */
    uint32_t  before;           /* the token before base, or none */
    int       longest;          /* there is none longer than token */
} llm_tok_merging_t;

#define llm_tok_dead_word(s, at)                                              \
    ((s)->dead[((at) >> 6) & (LLM_TOK_DEAD - 1)])
#define llm_tok_dead_bit(at)  (1ULL << ((at) & 63))


/*
 * Makes the older half of the window final, which frees its places.  Returns
 * -1 if the tokens are not as long as the image said.
 */

static int
llm_tok_settle(const llm_vocab_t *v, llm_scratch_t *s, llm_tok_merging_t *m,
    llm_tok_out_t *out)
{
    size_t  n, end;

    end = m->base;

    for (n = 0; n < m->depth && end < m->base + LLM_TOK_WINDOW / 2; n++) {
        end += llm_tok_length(v, s->stack[n]);
    }

    if (end > m->pos || m->pos - end >= LLM_TOK_WINDOW) {
        return -1;
    }

    llm_tok_emit(out, s->stack, n);
    m->before = s->stack[n - 1];
    m->depth -= n;
    memmove(s->stack, s->stack + n, m->depth * sizeof(s->stack[0]));

    for ( /* void */ ; m->base < end; m->base++) {
        llm_tok_dead_word(s, m->base) &= ~llm_tok_dead_bit(m->base);
    }

    return 0;
}


/*
 * How many bytes from pos on are what stands period bytes before them; not more
 * than a window.
 */

static size_t
llm_tok_repeats(const uint8_t *p, size_t n, size_t pos, size_t period)
{
    size_t          i;
    uint64_t        one, two;
    const uint8_t  *before;

    n = n - pos < LLM_TOK_WINDOW ? n - pos : LLM_TOK_WINDOW;
    p += pos;
    before = p - period;

    for (i = 0; i + sizeof(one) <= n; i += sizeof(one)) {
        memcpy(&one, p + i, sizeof(one));
        memcpy(&two, before + i, sizeof(two));

        if (one != two) {
            break;
        }
    }

    while (i < n && p[i] == before[i]) {
        i++;
    }

    return i;
}


/*
 * After a token that was the longest there and comes a second time: as long as
 * the text repeats itself for as far as any token is long, it comes again.
 */

static void
llm_tok_bpe_again(const llm_vocab_t *v, llm_scratch_t *s,
    llm_tok_merging_t *m, const uint8_t *p, size_t n)
{
    size_t  left, end;

    for (left = llm_tok_repeats(p, n, m->pos, m->len);
         left > v->image->max_len && left >= m->len; left -= m->len)
    {
        end = m->pos + m->len;

        if (end - m->base >= LLM_TOK_WINDOW
            || (llm_tok_dead_word(s, end) & llm_tok_dead_bit(end)))
        {
            break;
        }

        s->stack[m->depth++] = m->token;
        m->pos = end;
    }
}


/*
 * The token goes on the stack, and the next one is the longest that there is.
 * Returns -1 as llm_tok_settle() does.
 */

static inline int
llm_tok_bpe_take(const llm_vocab_t *v, llm_scratch_t *s, llm_tok_merging_t *m,
    const uint8_t *p, size_t n, llm_tok_out_t *out)
{
    s->stack[m->depth++] = m->token;
    m->pos += m->len;

    if (m->token == m->last && m->longest) {
        llm_tok_bpe_again(v, s, m, p, n);
    }

    m->last = m->token;

    if (m->pos == n) {
        return 0;
    }

    if (llm_tok_unlikely(m->pos - m->base >= LLM_TOK_WINDOW
                         || m->depth >= LLM_TOK_WINDOW)
        && llm_tok_settle(v, s, m, out) != 0)
    {
        return -1;
    }

    m->token = llm_tok_longest(v, p + m->pos, n - m->pos, &m->len);
    m->longest = 1;

    return 0;
}


/*
 * The token is not the right one: the next shorter is tried, and where there is
 * none, one that is shorter than the last one taken.  Returns -1 if that is not
 * on the stack.
 */

static inline int
llm_tok_bpe_shorten(const llm_vocab_t *v, llm_scratch_t *s,
    llm_tok_merging_t *m)
{
    size_t    len;
    uint32_t  shorter;

    m->longest = 0;
    shorter = llm_tok_prefix(v->rec[m->token]);
    len = llm_tok_length(v, shorter);

    if (len < m->len) {
        m->token = shorter;
        m->len = len;
        return 0;
    }

    if (m->depth == 0) {
        return -1;
    }

    llm_tok_dead_word(s, m->pos) |= llm_tok_dead_bit(m->pos);

    m->token = m->last;
    m->len = llm_tok_length(v, m->token);

    if (m->len > m->pos - m->base) {
        return -1;
    }

    m->pos -= m->len;
    m->depth--;
    m->last = m->depth ? s->stack[m->depth - 1] : m->before;

    return 0;
}


/*
 * Returns 0, or -1 if the way back leads before base: no text is known for
 * which it does, but then what was settled may be wrong.  An image whose
 * tokens are not as long as it says leads there, too, not out of bounds.
 * Returns 1 when the longest token was the wrong one more often than patience
 * allows.
 */

static int
llm_tok_bpe_back(const llm_vocab_t *v, llm_scratch_t *s, const uint8_t *p,
    size_t n, size_t patience, llm_tok_out_t *out)
{
    size_t             end, failed;
    llm_tok_merging_t  m;

    memset(&m, 0, sizeof(m));
    m.last = LLM_TOK_NONE;
    m.before = LLM_TOK_NONE;
    m.longest = 1;
    m.token = llm_tok_longest(v, p, n, &m.len);

    for (failed = 0; m.pos < n; ) {
        llm_tok_step();
        end = m.pos + m.len;

        if (end <= n
            && !(llm_tok_dead_word(s, end) & llm_tok_dead_bit(end))
            && (m.last == LLM_TOK_NONE
                || llm_tok_pair_fits(v, s, m.last, m.token)))
        {
            if (llm_tok_bpe_take(v, s, &m, p, n, out) != 0) {
                return -1;
            }

            continue;
        }

        if (++failed > patience + m.pos / 32) {
            return 1;
        }

        if (llm_tok_bpe_shorten(v, s, &m) != 0) {
            return -1;
        }
    }

    llm_tok_emit(out, s->stack, m.depth);

    return 0;
}


static void
llm_tok_dead_clear(llm_scratch_t *s, size_t n)
{
    size_t  words;

    words = n / 64 + 1;
    memset(s->dead, 0, (words < LLM_TOK_DEAD ? words : LLM_TOK_DEAD)
                       * sizeof(s->dead[0]));
}


void
llm_tok_bpe_long(const llm_vocab_t *v, llm_scratch_t *s, const uint8_t *p,
    size_t n, int space, llm_tok_out_t *out)
{
    size_t  before;

    before = out->n;

    if (llm_tok_bpe_slices(v, s, p, n, space, out) != 0) {
        out->n = before;
        llm_tok_bpe_forward(v, p, n, space, out);
    }
}


void
llm_tok_bpe(const llm_vocab_t *v, llm_scratch_t *s, const uint8_t *p,
    size_t n, llm_tok_out_t *out)
{
    int       rc;
    size_t    before, patience, repaired, except;
    uint32_t  token;

    if (llm_tok_unlikely(!llm_tok_as_is(v, p, n))) {
        repaired = llm_tok_repair(v, p, n, s->repaired, sizeof(s->repaired));

        if (repaired == SIZE_MAX) {
            llm_tok_bpe_long(v, s, p, n, 0, out);
            return;
        }

        p = s->repaired;
        n = repaired;
    }

    except = llm_tok_exception(v, p, n);

    if (except != SIZE_MAX) {
        token = (uint32_t) except;
        llm_tok_emit(out, &token, 1);
        return;
    }

    before = out->n;
    patience = n <= LLM_TOK_MERGE ? SIZE_MAX / 2 : LLM_TOK_PATIENCE;
    llm_tok_dead_clear(s, n);
    rc = llm_tok_bpe_back(v, s, p, n, patience, out);

    if (rc > 0) {
        out->n = before;
        rc = llm_tok_bpe_slices(v, s, p, n, 0, out);

        if (rc != 0) {
            out->n = before;
            llm_tok_dead_clear(s, n);
            rc = llm_tok_bpe_back(v, s, p, n, SIZE_MAX / 2, out);
        }
    }

    if (rc != 0) {
        out->n = before;
        llm_tok_bpe_forward(v, p, n, 0, out);
    }
}


void
llm_tok_bpe_fetch(const llm_vocab_t *v, const llm_scratch_t *s,
    const llm_tok_text_t *text)
{
    size_t    i;
    uint64_t  unsure, key, hash;

    for (unsure = text->unsure; unsure; unsure &= unsure - 1) {
        i = (size_t) __builtin_ctzll(unsure);
        key = llm_tok_pair_key(text->token[i - 1], text->token[i]);
        hash = llm_tok_pair_hash(key, v->seed);

        __builtin_prefetch(&s->memo[llm_tok_memo_at(key << 1 | 1ULL << 63)]);
        llm_tok_pair_fetch_filter(v, hash);
        __builtin_prefetch(llm_tok_pair_bucket(v, hash));
    }
}


size_t
llm_tok_bpe_greedy(const llm_vocab_t *v, llm_scratch_t *s,
    const llm_tok_text_t *text)
{
    size_t    i;
    uint64_t  unsure;

    if (text->tokens > LLM_TOK_GREEDY) {
        return 0;
    }

    for (unsure = text->unsure; unsure; unsure &= unsure - 1) {
        i = (size_t) __builtin_ctzll(unsure);

        if (!llm_tok_pair_fits(v, s, text->token[i - 1], text->token[i])) {
            return 0;
        }
    }

    return text->tokens;
}
