/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Finds where pieces begin in ASCII text, 64 bytes at a time: the patterns as
 * algebra of the masks that llm_tok_masks.h describes.
 *
 * A block always begins where a piece begins, and patterns do not look back,
 * so nothing is carried from block to block: what lies before the block does
 * not matter, and what may depend on bytes after it is left to the next one.
 *
 * Code, not declarations: a file for each kind of processor includes it once,
 * after it has defined llm_tok_classify(), LLM_TOK_TARGET, what its functions
 * are compiled for, and llm_tok_lowest(), the number of the lowest bit set.
 */


/* the runs of spaces that a line end follows, which begin no piece */

LLM_TOK_TARGET static inline uint64_t
llm_tok_trailing(const llm_tok_masks_t *m)
{
    unsigned  at;
    uint64_t  ends, runs, below, outside;

    runs = 0;

    for (ends = m->space & llm_tok_before(m->line); ends; ends &= ends - 1) {
        at = (unsigned) __builtin_ctzll(ends);
        below = (2ULL << at) - 1;
        outside = ~m->space & below;
        runs |= outside ? below & ~((2ULL << (63 - __builtin_clzll(outside)))
                                    - 1)
                        : below;
    }

    return runs;
}


/* \p{N}{1,3} */

LLM_TOK_TARGET static inline uint64_t
llm_tok_groups(const llm_tok_masks_t *m)
{
    uint64_t  starts, group, four;

    group = m->digit & ~llm_tok_after(m->digit);
    four = m->digit & m->digit << 1 & m->digit << 2 & m->digit << 3;

    for (starts = 0; group; group = group << 3 & four) {
        starts |= group;
    }

    return starts;
}


/*
 * What the grammars have in common.  chain: what goes on after a line end;
 * ends: before what the last one of several spaces is not apart.
 */

LLM_TOK_TARGET static inline uint64_t
llm_tok_common(const llm_tok_masks_t *m, uint64_t chain, uint64_t ends,
    uint64_t *prefix)
{
    uint64_t  absorbed, other, line, white, runs, starts;

    /* [^\s\p{L}\p{N}]+[\r\n]*: line ends and what follows join punctuation */

    absorbed = m->line & llm_tok_after(m->other);
    other = m->other;
    line = m->line;
    white = m->white;

    if (absorbed) {
        absorbed |= chain & ~(chain + absorbed);
        other &= ~absorbed;
        line &= ~absorbed;
        white &= ~absorbed;
    }

    /* a blank joins what follows; alone, punctuation joins a word */

    runs = other & ~llm_tok_after(other);
    *prefix = runs & ~llm_tok_after(m->blank);
    starts = *prefix;
    starts |= m->letter & ~llm_tok_after(m->letter | m->space | *prefix);

    /* \s*[\r\n]+, \s+ but for the last, and the last */

    starts |= white & ~llm_tok_after(white);
    starts |= m->space & ~llm_tok_before(m->white | ends) & ~m->last;
    starts |= m->space & ~llm_tok_after(m->space) & llm_tok_after(line)
              & ~llm_tok_trailing(m);

    return starts | 1;
}


/* how long the contraction at an apostrophe is, or 0; at + 2 < 64 */

static inline unsigned
llm_tok_contracted(const uint8_t *p, const llm_tok_masks_t *m, unsigned at)
{
    unsigned  c, d;

    if (at + 1 >= m->len) {
        return 0;
    }

    c = p[at + 1] | 0x20;

    if (c == 's' || c == 't' || c == 'm' || c == 'd') {
        return 2;
    }

    if (at + 2 >= m->len) {
        return 0;
    }

    d = p[at + 2] | 0x20;

    return ((c == 'r' || c == 'v') && d == 'e') || (c == 'l' && d == 'l')
           ? 3 : 0;
}


LLM_TOK_TARGET static inline uint64_t
llm_tok_starts_o200k(const uint8_t *p, const llm_tok_masks_t *m,
    unsigned grammar)
{
    unsigned  at, n, end;
    uint64_t  starts, prefix, marks;

    starts = llm_tok_common(m, m->line | m->slash, 0, &prefix);
    starts |= m->upper & llm_tok_after(m->lower);

    if (grammar == LLM_TOK_TEKKEN) {
        return starts | m->digit;
    }

    starts |= llm_tok_groups(m);

    /* the suffix of a word: no second one follows it */

    marks = m->apostrophe & llm_tok_after(m->letter);

    for (end = 0; marks; marks &= marks - 1) {
        at = (unsigned) __builtin_ctzll(marks);
        n = llm_tok_contracted(p, m, at);

        if (n && (at != end || end == 0)) {
            end = at + n;
            starts &= ~(((1ULL << n) - 1) << at);
            starts |= end < m->len ? 1ULL << end : 0;
        }
    }

    return starts;
}


LLM_TOK_TARGET static inline uint64_t
llm_tok_starts_cl100k(const uint8_t *p, const llm_tok_masks_t *m,
    unsigned grammar)
{
    unsigned  at, n;
    uint64_t  starts, prefix, marks;

    starts = llm_tok_common(m, m->line, 0, &prefix);
    starts |= grammar == LLM_TOK_QWEN ? m->digit : llm_tok_groups(m);
    marks = m->apostrophe & prefix & llm_tok_before(m->letter);

    for ( /* void */ ; marks; marks &= marks - 1) {
        at = (unsigned) __builtin_ctzll(marks);
        n = llm_tok_contracted(p, m, at);

        if (n && at + n < m->len) {
            starts |= 1ULL << (at + n);
        }
    }

    return starts;
}


/*
 * Digits are parted from the rest first, so that spaces before them have an end
 * of text behind them.  An apostrophe is punctuation like any other.
 */

LLM_TOK_TARGET static inline uint64_t
llm_tok_starts_deepseek(llm_tok_masks_t *m)
{
    uint64_t  prefix;

    llm_tok_masks_cut(m, m->control);

    return llm_tok_common(m, m->line, m->digit, &prefix) | llm_tok_groups(m);
}


/*
 * 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 */

LLM_TOK_TARGET static inline uint64_t
llm_tok_starts_gpt2(const uint8_t *p, const llm_tok_masks_t *m)
{
    unsigned  at, n;
    uint64_t  starts, marks;

    starts = m->letter & ~llm_tok_after(m->letter);
    starts |= m->digit & ~llm_tok_after(m->digit);
    starts |= m->other & ~llm_tok_after(m->other);
    starts &= ~llm_tok_after(m->blank);
    starts |= m->white & ~llm_tok_after(m->white);
    starts |= m->white & ~llm_tok_before(m->white) & ~m->last;

    marks = starts & m->apostrophe & llm_tok_before(m->lower);

    for ( /* void */ ; marks; marks &= marks - 1) {
        at = (unsigned) __builtin_ctzll(marks);
        n = llm_tok_contracted(p, m, at);

        if (n && (n == 2 || (m->lower >> (at + 2) & 1))) {
            starts &= ~(1ULL << (at + 1));
            starts |= at + n < m->len ? 1ULL << (at + n) : 0;
        }
    }

    return starts | 1;
}


/* by the pattern; grammar is a constant where this is inlined */

LLM_TOK_TARGET static inline uint64_t
llm_tok_starts(const uint8_t *p, llm_tok_masks_t *m, unsigned grammar)
{
    switch (grammar) {

    case LLM_TOK_O200K:
    case LLM_TOK_TEKKEN:
        return llm_tok_starts_o200k(p, m, grammar);

    case LLM_TOK_DEEPSEEK:
        return llm_tok_starts_deepseek(m);

    case LLM_TOK_GPT2:
        return llm_tok_starts_gpt2(p, m);

    default:
        return llm_tok_starts_cl100k(p, m, grammar);
    }
}


/* where runs of spaces end that are pieces by themselves */

LLM_TOK_TARGET static inline uint64_t
llm_tok_gaps(const llm_tok_masks_t *m, uint64_t starts, uint32_t gaps)
{
    unsigned  at, first;
    uint64_t  last, below;

    last = m->blank & llm_tok_after(m->blank) & ~llm_tok_before(m->blank)
           & ~m->last;

    for ( /* void */ ; last; last &= last - 1) {
        at = (unsigned) llm_tok_lowest(last);
        below = ~m->blank & ((1ULL << at) - 1);
        first = below ? 64 - (unsigned) __builtin_clzll(below) : 0;

        if (at - first < 31) {
            starts |= (starts >> first & gaps >> (at - first + 1) & 1)
                      << (at + 1);
        }
    }

    return starts;
}


/*
 * Without a pattern: where JOIN says that no token reaches across, which need
 * not be asked inside of words, and around what is taken out of the text.  p is
 * the text, not a copy.  If what is taken reaches the end of the block, the
 * last start is its, and *to is where it ends.
 */

LLM_TOK_TARGET static inline uint64_t
llm_tok_starts_join(const llm_vocab_t *v, const uint8_t *p,
    const uint8_t *end, const llm_tok_masks_t *m, size_t *to)
{
    size_t    n;
    unsigned  at;
    uint64_t  starts, known, ask, taken;

    starts = v->apart ? m->blank & llm_tok_after(m->letter) : 0;
    starts = v->image->flags & LLM_TOK_APART ? m->blank : starts;
    known = (m->letter & llm_tok_after(m->letter | m->blank))
            | (m->blank & llm_tok_after(m->blank)) | starts;
    known = v->words ? known & ~1ULL : 0;
    starts |= 1;

    for (ask = ((m->last - 1) | m->last) & ~known; ask; ask &= ask - 1)
    {
        at = (unsigned) llm_tok_lowest(ask);

        if (llm_tok_unlikely(llm_tok_is_user(v, p[at]))) {
            n = llm_tok_taken(v, p + at, end);

            if (at + n >= m->len) {
                *to = at + n;
                starts = (starts & ((1ULL << at) - 1)) | 1ULL << at;

                return v->image->gaps ? llm_tok_gaps(m, starts, v->image->gaps)
                                      : starts;
            }

            if (n) {
                taken = ((1ULL << n) - 1) << at;
                ask &= ~taken | 1ULL << at;
                starts &= ~taken;
                starts |= 1ULL << at | 1ULL << (at + n);
                continue;
            }
        }

        if (at) {
            starts |= (llm_tok_joins_ascii(v, p[at - 1], p[at]) ^ 1) << at;
        }
    }

    return v->image->gaps ? llm_tok_gaps(m, starts, v->image->gaps) : starts;
}


/* keeps the starts that hold whatever follows the block */

LLM_TOK_TARGET static inline uint64_t
llm_tok_settled(const llm_tok_masks_t *m, uint64_t starts)
{
    uint64_t  zone;

    if (m->last & m->white) {
        zone = ~m->white & (m->last - 1);
        zone = zone ? (4ULL << (63 - __builtin_clzll(zone))) - 1 : 1;

        return starts & zone;
    }

    zone = m->apostrophe & (m->last | m->last >> 1 | m->last >> 2);

    if (zone) {
        starts &= (zone & -zone) - 1;
    }

    return starts | 1;
}


LLM_TOK_TARGET static inline uint32_t *
llm_tok_put(uint64_t starts, uint32_t base, uint32_t *at)
{
    int  i, n;

    n = __builtin_popcountll(starts);

    for (i = 0; i < n; i += 4) {
        at[i] = base + (uint32_t) llm_tok_lowest(starts);
        starts &= starts - 1;
        at[i + 1] = base + (uint32_t) llm_tok_lowest(starts);
        starts &= starts - 1;
        at[i + 2] = base + (uint32_t) llm_tok_lowest(starts);
        starts &= starts - 1;
        at[i + 3] = base + (uint32_t) llm_tok_lowest(starts);
        starts &= starts - 1;
    }

    return at + n;
}


static inline int
llm_tok_is_ascii(const uint8_t *p)
{
    return (llm_tok_load(p) & 0x8080808080808080ULL) == 0;
}


LLM_TOK_TARGET static inline size_t
llm_tok_split_ascii(llm_tok_split_t *split, uint32_t *at, unsigned grammar)
{
    size_t           left, to;
    uint8_t          copy[LLM_TOK_BLOCK];
    uint32_t        *next, *end;
    uint64_t         starts, last;
    const uint8_t   *p, *start, *block;
    llm_tok_masks_t  m;

    start = split->p;
    p = start;
    next = at;
    end = at + LLM_TOK_BATCH - LLM_TOK_BLOCK;

    while (next < end) {
        left = (size_t) (split->end - p);
        block = p;

        if (llm_tok_unlikely(left < LLM_TOK_BLOCK)) {
            if (left == 0) {
                break;
            }

            memset(copy, 0, sizeof(copy));
            memcpy(copy, p, left);
            block = copy;
        }

        if (llm_tok_is_ascii(block)) {
            llm_tok_classify(block, left < LLM_TOK_BLOCK ? (unsigned) left
                                                         : LLM_TOK_BLOCK, &m);
            to = 0;
            starts = grammar == LLM_TOK_JOIN
                     ? llm_tok_starts_join(split->v, p, split->end, &m, &to)
                     : llm_tok_starts(block, &m, grammar);

            if (grammar == LLM_TOK_JOIN && to) {
                next = llm_tok_put(starts, (uint32_t) (p - start), next);
                p += to;
                continue;
            }

            if (left <= LLM_TOK_BLOCK && m.len == left) {
                next = llm_tok_put(starts, (uint32_t) (p - start), next);
                p = split->end;
                break;
            }

            starts = grammar == LLM_TOK_JOIN ? starts
                                             : llm_tok_settled(&m, starts);
            last = 1ULL << (63 - __builtin_clzll(starts));

            if (llm_tok_likely(last != 1)) {
                next = llm_tok_put(starts & ~last, (uint32_t) (p - start),
                                   next);
                p += __builtin_ctzll(last);
                continue;
            }
        }

        *next++ = (uint32_t) (p - start);
        p = llm_tok_piece_end(split, p);

        if (p - start > LLM_TOK_BATCH_BYTES) {
            break;
        }
    }

    *next = (uint32_t) (p - start);
    split->p = p;

    return (size_t) (next - at);
}


LLM_TOK_TARGET static inline size_t
llm_tok_split_blocks(llm_tok_split_t *split, uint32_t *at)
{
    switch (split->grammar) {

    case LLM_TOK_O200K:
        return llm_tok_split_ascii(split, at, LLM_TOK_O200K);

    case LLM_TOK_QWEN:
        return llm_tok_split_ascii(split, at, LLM_TOK_QWEN);

    case LLM_TOK_TEKKEN:
        return llm_tok_split_ascii(split, at, LLM_TOK_TEKKEN);

    case LLM_TOK_DEEPSEEK:
        return llm_tok_split_ascii(split, at, LLM_TOK_DEEPSEEK);

    case LLM_TOK_GPT2:
        return llm_tok_split_ascii(split, at, LLM_TOK_GPT2);

    case LLM_TOK_JOIN:
        return llm_tok_split_ascii(split, at, LLM_TOK_JOIN);

    default:
        return llm_tok_split_ascii(split, at, LLM_TOK_CL100K);
    }
}
