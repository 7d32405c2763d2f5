/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Pieces of text: how a batch of them is found, and the key by which a short
 * one is remembered.
 */

#ifndef LLM_TOK_PIECE_H_INCLUDED_
#define LLM_TOK_PIECE_H_INCLUDED_


#include "llm_tok_internal.h"


/*
 * Offsets are 32 bits wide: a batch ends when its text gets long, and a piece
 * of a gigabyte is cut.
 */
#define LLM_TOK_BATCH_BYTES  (1 << 20)
#define LLM_TOK_PIECE_BYTES  (1 << 30)

#define LLM_TOK_PACKED       14


typedef struct {
    const uint8_t    *p;            /* what is split up to here */
    const uint8_t    *end;
    llm_tok_scan_pt   scan;         /* or NULL: the vocabulary tells */
    const llm_vocab_t *v;
    llm_scratch_t    *s;
    llm_tok_cursor_t  cursor;       /* LLM_TOK_REGEX's */
    unsigned          grammar;
    int               simd;
} llm_tok_split_t;


void llm_tok_split_init(llm_tok_split_t *split, const llm_vocab_t *v,
    llm_scratch_t *s, const char *text, size_t len);

/*
 * The next pieces: how many, at least one if split->p < split->end, and where
 * each begins, counted from where split->p was.  at[] has LLM_TOK_BATCH + 4
 * elements; the one after the last piece tells where that ends.
 */
size_t llm_tok_split(llm_tok_split_t *split, uint32_t *at);

#if LLM_TOK_HAVE_AVX2
size_t llm_tok_split_avx2(llm_tok_split_t *split, uint32_t *at);
#endif

#if LLM_TOK_HAVE_AVX512
size_t llm_tok_split_avx512(llm_tok_split_t *split, uint32_t *at);
#endif

#if LLM_TOK_HAVE_NEON
size_t llm_tok_split_neon(llm_tok_split_t *split, uint32_t *at);
#endif

/*
 * The key of a long piece, and whether it has one: if, after a byte of ASCII
 * perhaps, it is up to LLM_TOK_PACKED characters of one block of 128, of two
 * bytes or of three below U+4000, then all of it fits.
 */
int llm_tok_pack(const uint8_t *p, uint32_t len, llm_tok_entry_t *key);

/*
 * What is remembered of a piece by its key, 0 if nothing is.  Most pieces that
 * come by do not come again soon: so a new one takes the last place of its set,
 * from which the next one puts it out, and only what is asked for there moves
 * to the first.
 */
unsigned llm_tok_recall_one(llm_tok_set_t *set, const llm_tok_entry_t *key);
void llm_tok_remember(llm_tok_set_t *set, const llm_tok_entry_t *key,
    size_t n);
void llm_tok_promote(llm_tok_set_t *set);
void llm_tok_forget(llm_scratch_t *s);

/*
 * Looks for pieces in what is remembered.  Returns how many are not: their
 * numbers are in s->unknown, their keys and hashes, if they are short, in
 * s->key and s->hash.  Adds the counts of the others.
 */
size_t llm_tok_recall(llm_scratch_t *s, const uint8_t *text,
    const uint8_t *end, size_t n, size_t *total);

#if LLM_TOK_HAVE_AVX2
size_t llm_tok_recall_avx2(llm_scratch_t *s, const uint8_t *text,
    const uint8_t *end, size_t n, size_t *total);
#endif

#if LLM_TOK_HAVE_AVX2
int llm_tok_valid_avx2(const uint8_t *p, size_t len, const uint8_t *end);
#endif

/* the same of a text, or 1 if it is a token; len is 1 to 15 */
unsigned llm_tok_recall_text(const llm_vocab_t *v, llm_scratch_t *s,
    const uint8_t *p, size_t len);

/*
 * Remembers which of the first n pieces in s->miss are tokens.  Writes the
 * numbers of those that are not, or are long, and returns how many.
 */
size_t llm_tok_know(const llm_vocab_t *v, llm_scratch_t *s, size_t n,
    uint16_t *rest);

#if LLM_TOK_HAVE_AVX2
size_t llm_tok_know_avx2(const llm_vocab_t *v, llm_scratch_t *s, size_t n,
    uint16_t *rest);
#endif

/* pieces of a text that are counted together */

typedef struct {
    const llm_vocab_t  *v;
    llm_scratch_t      *s;
    const uint8_t      *text;       /* where the batch begins */
    const uint8_t      *end;
    size_t              missed;     /* pieces that wait in the scratch */
} llm_tok_batch_t;

/*
 * The tokens of the pieces in s->miss, of which there are none afterwards: the
 * short ones of them are remembered.
 */
size_t llm_tok_count_missed(llm_tok_batch_t *b);

#define llm_tok_tiny_set(v, hash)                                             \
    ((v)->tiny + llm_tok_choose(hash, (v)->image->tiny_sets) * LLM_TOK_WAYS)
#define llm_tok_whole_set(v, hash)                                            \
    ((v)->whole + llm_tok_choose(hash, (v)->image->whole_sets) * LLM_TOK_WAYS)

/*
 * The tokens of a text, limit + 1 if there are more than that.  begins tells
 * whether it is not the rest of one that is counted in parts.
 */
size_t llm_tok_count_from(const llm_vocab_t *v, llm_scratch_t *s,
    const char *text, size_t len, size_t limit, int begins);

/*
 * Where the last piece of a text begins that begins there whatever follows, or
 * 0.  The text begins with a piece.
 */
size_t llm_tok_last_piece(const llm_vocab_t *v, llm_scratch_t *s,
    const uint8_t *p, size_t len);

/* where the first piece of a text ends, if there is no pattern */
const uint8_t *llm_tok_join_end(const llm_vocab_t *v, const uint8_t *p,
    const uint8_t *end);

/*
 * Appends the tokens of the space that a vocabulary puts before a text, with
 * those of the piece that it joins; returns where the next piece begins.
 */
const uint8_t *llm_tok_prepended(const llm_vocab_t *v, llm_scratch_t *s,
    const uint8_t *p, const uint8_t *end, llm_tok_out_t *out);


/* how long what is taken out of the text at p before anything else is, or 0 */
size_t llm_tok_taken(const llm_vocab_t *v, const uint8_t *p,
    const uint8_t *end);

/* what is known of a vocabulary without a pattern, when it is opened */
void llm_tok_join_init(llm_vocab_t *v);

/* whether a text of USER may begin with a byte */

#define llm_tok_is_user(v, c)                                                 \
    ((v)->image->user[(c) >> 6] >> ((c) & 63) & 1)


/* whether a token may have a character, of ASCII both, before another */

static inline uint64_t
llm_tok_joins_ascii(const llm_vocab_t *v, unsigned one, unsigned two)
{
    return v->join[one << 1 | two >> 6] >> (two & 63) & 1;
}


/* the same without a scanner */
const uint8_t *llm_tok_other_end(llm_tok_split_t *split, const uint8_t *p,
    const uint8_t *end);


/* where the piece that begins at p ends */

static inline const uint8_t *
llm_tok_piece_end(llm_tok_split_t *split, const uint8_t *p)
{
    const uint8_t  *end;

    end = split->end;

    if (llm_tok_unlikely(end - p > LLM_TOK_PIECE_BYTES)) {
        end = p + LLM_TOK_PIECE_BYTES;
    }

    if (llm_tok_unlikely(split->scan == NULL)) {
        return llm_tok_other_end(split, p, end);
    }

    return p + split->scan(p, end);
}


static inline uint64_t
llm_tok_load(const uint8_t *p)
{
    uint64_t  word;

    memcpy(&word, p, sizeof(word));

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif

    return word;
}


static inline uint64_t
llm_tok_load_half(const uint8_t *p)
{
    uint32_t  half;

    memcpy(&half, p, sizeof(half));

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    half = __builtin_bswap32(half);
#endif

    return half;
}


/* len is 1 to 15; what is loaded may overlap, but is all inside of the piece */

static inline void
llm_tok_key_inside(const uint8_t *p, uint32_t len, llm_tok_entry_t *key)
{
    key->hi = (uint64_t) len << 60;

    if (len >= 8) {
        key->lo = llm_tok_load(p);
        key->hi |= llm_tok_load(p + len - 8) >> 8 >> (8 * (15 - len));

    } else if (len >= 4) {
        key->lo = llm_tok_load_half(p)
                  | llm_tok_load_half(p + len - 4) << (8 * (len - 4));

    } else {
        key->lo = (uint64_t) p[0]
                  | (uint64_t) p[len / 2] << (8 * (len / 2))
                  | (uint64_t) p[len - 1] << (8 * (len - 1));
    }
}


/*
 * The same without a branch on len, which cannot be predicted; nothing is read
 * at or after end.
 */

static inline void
llm_tok_key(const uint8_t *p, uint32_t len, const uint8_t *end,
    llm_tok_entry_t *key)
{
    uint32_t  low;

    if (llm_tok_unlikely(end - p < 16)) {
        llm_tok_key_inside(p, len, key);
        return;
    }

    low = len < 8 ? len : 8;

    key->lo = llm_tok_load(p) & (UINT64_MAX >> (64 - 8 * low));
    key->hi = (llm_tok_load(p + 8) & ((1ULL << (8 * (len - low))) - 1))
              | (uint64_t) len << 60;
}


#endif /* LLM_TOK_PIECE_H_INCLUDED_ */
