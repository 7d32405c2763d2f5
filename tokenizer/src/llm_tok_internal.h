/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * What the library's files share.
 */

#ifndef LLM_TOK_INTERNAL_H_INCLUDED_
#define LLM_TOK_INTERNAL_H_INCLUDED_


#include "../include/llm_tokenizer.h"
#include "llm_tok_class.h"
#include "llm_tok_image.h"
#include "llm_tok_regex.h"

#include <string.h>


#if defined(__x86_64__) && defined(__GNUC__)
#define LLM_TOK_HAVE_AVX2  1
#endif

/* compilers that know it, and what uses AVX2 besides */

#if LLM_TOK_HAVE_AVX2 && (__GNUC__ >= 6 || __clang_major__ >= 4)
#define LLM_TOK_HAVE_AVX512  1
#endif

#define llm_tok_has_avx2(simd)                                                \
    ((simd) == LLM_SIMD_AVX2 || (simd) == LLM_SIMD_AVX512)

#if defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LLM_TOK_HAVE_NEON  1
#endif

#define llm_tok_likely(x)    __builtin_expect(!!(x), 1)
#define llm_tok_unlikely(x)  __builtin_expect(!!(x), 0)

#define LLM_TOK_NONE    UINT32_MAX

/* what loops do, counted for the fuzzers: it must grow with the text only */

#ifdef LLM_TOK_STEPS
extern uint64_t  llm_tok_steps;
#define llm_tok_step()  llm_tok_steps++
#else
#define llm_tok_step()  (void) 0
#endif

#define LLM_TOK_WINDOW  4096        /* bytes that a merge may look back over */
#define LLM_TOK_DEAD    128         /* words of a ring of bits, > the window */
#define LLM_TOK_BATCH   256         /* pieces found before they are counted */
#define LLM_TOK_MISSED  64          /* pieces looked for at the same time */
#define LLM_TOK_MISSES  (LLM_TOK_MISSED + LLM_TOK_BATCH)
#define LLM_TOK_LONG    16          /* pieces from here on are packed, or not
                                       remembered */
#define LLM_TOK_SPANNED 31          /* bytes of texts merged by their spans */
#define LLM_TOK_BRIEF   64          /* remembered texts that are as short */

#define LLM_TOK_LANES   8           /* texts walked side by side */
#define LLM_TOK_AHEAD   32          /* texts walked before they are merged */
#define LLM_TOK_GREEDY  LLM_TOK_MERGE   /* tokens of each that are kept */
#define LLM_TOK_MERGE   64          /* bytes of texts merged side by side */
#define LLM_TOK_MERGE_BITS  6
#define LLM_TOK_MERGE_LANES  16
#define LLM_TOK_ROUNDS  384         /* bytes of a text merged by itself */
#define LLM_TOK_PATIENCE  16        /* wrong tokens before slices are tried */
#define LLM_TOK_SETS    8192        /* of four remembered pieces */
#define LLM_TOK_MEMO    (1 << LLM_TOK_MEMO_BITS)
#define LLM_TOK_MEMO_BITS  13       /* pairs of tokens */
#define LLM_TOK_NORMAL  40960       /* bytes of normalized text at a time */


struct llm_vocab_s {
    const llm_tok_image_t  *image;
    const uint32_t         *byte;
    const uint64_t         *root;
    const uint64_t         *node;
    const uint64_t         *rec;
    const uint64_t         *pair;
    const uint64_t         *filter;
    const uint64_t         *tiny;
    const llm_tok_entry_t  *whole;
    const uint32_t         *ids;        /* NULL if a token's is its index */
    const uint32_t         *special_ids;
    const uint64_t         *near;
    const uint64_t         *border;
    const uint64_t         *wide;
    const uint16_t         *wide_at;
    const uint32_t         *named;
    const uint32_t         *ofs;
    const uint32_t         *by_id;
    const uint32_t         *rank;
    uint32_t                regular;    /* tokens below have no need of it */
    const uint32_t         *except;
    const uint64_t         *join;
    const uint32_t         *user;
    const char             *text;
    llm_tok_regex_t        *regex;      /* LLM_TOK_REGEX's */
    uint32_t                user_from[256];     /* of USER, by first byte */
    uint32_t                user_to[256];
    uint8_t                 user_run[256];      /* all are 1 to n of it, or 0 */
    uint64_t                user_begin[64];     /* bits of three bytes */
    unsigned                user_short;         /* one has less than three */
    unsigned                words;      /* none of USER begins like a word */
    unsigned                apart;      /* a space after a letter is */
    uint64_t                filter_mask;
    uint64_t                seed;
    uint32_t                buckets;
    unsigned                grammar;
    unsigned                nfc;        /* a form, or 0 */
    unsigned                chars;
    unsigned                prepend;
    size_t                  mapped;
};


/* the length of a token's bytes */

size_t llm_tok_far_length(const llm_vocab_t *v, uint32_t token);

static inline size_t
llm_tok_length(const llm_vocab_t *v, uint32_t token)
{
    uint32_t  len;

    len = llm_tok_len(v->rec[token]);

    return llm_tok_likely(len < LLM_TOK_FAR)
           ? len : llm_tok_far_length(v, token);
}


/*
 * A remembered piece is an entry with its count in the lower half of the last
 * byte.  Length 0 is that of a longer one that has been packed, or, if all of
 * it is 0, a free one.  The halves of those of a set lie side by side, so that
 * all four are compared at once.
 */

#define LLM_TOK_COUNT_MASK     (15ULL << 56)

typedef struct {
    uint64_t         lo[LLM_TOK_WAYS];
    uint64_t         hi[LLM_TOK_WAYS];
} llm_tok_set_t;

#define llm_tok_known(s, hash)   ((s)->known[(hash) & (LLM_TOK_SETS - 1)])


/* a piece that is not remembered; a key of nothing never will be */

typedef struct {
    const uint8_t   *p;
    uint64_t         hash;
    llm_tok_entry_t  key;
    uint32_t         len;
} llm_tok_miss_t;

#define llm_tok_has_key(miss)  (((miss)->key.lo | (miss)->key.hi) != 0)


struct llm_scratch_s {
    uint64_t         vocab;     /* the checksum of what is remembered */
    int              simd;
    llm_tok_set_t    known[LLM_TOK_SETS] __attribute__((aligned(64)));
    uint64_t         memo[LLM_TOK_MEMO];
    llm_tok_entry_t  brief[LLM_TOK_BRIEF];
    llm_tok_entry_t  key[LLM_TOK_BATCH];
    uint64_t         hash[LLM_TOK_BATCH];
    uint32_t         unknown[LLM_TOK_BATCH];    /* pieces not remembered */
    llm_tok_miss_t   miss[LLM_TOK_MISSES];
    uint32_t         stack[LLM_TOK_WINDOW + 1];
    uint64_t         dead[LLM_TOK_DEAD];
    uint32_t         at[LLM_TOK_BATCH + 4];     /* where pieces begin */
    uint8_t          repaired[LLM_TOK_WINDOW];
    uint8_t          normal[LLM_TOK_NORMAL];
    int              cut;       /* a piece was, since somebody asked */
    void            *match;     /* PCRE2's, in the arena; NULL at first */
    size_t           arena_used;
    uint8_t          arena[LLM_TOK_REGEX_ARENA] __attribute__((aligned(16)));
};


/* where ids go: n counts all of them, ids (if any) takes the first max */

typedef struct {
    uint32_t        *ids;
    size_t           max;
    size_t           n;
    const uint32_t  *map;       /* token index to id, or NULL: the same */
} llm_tok_out_t;


static inline void
llm_tok_emit(llm_tok_out_t *out, const uint32_t *token, size_t n)
{
    size_t  i;

    for (i = 0; i < n && out->n + i < out->max; i++) {
        out->ids[out->n + i] = out->map ? out->map[token[i]] : token[i];
    }

    out->n += n;
}


/*
 * Images.
 */

#define LLM_TOK_SUM_LANES  8

/* what looks at all of an image, for a kind of processor */

typedef struct {
    void      (*add)(const char *p, size_t len, uint64_t *first,
                     uint64_t *second);
    uint64_t  (*nodes)(const uint64_t *node, size_t n, uint64_t most,
                       uint64_t room);
    uint64_t  (*tokens)(const llm_vocab_t *v, size_t from, size_t to);
} llm_tok_checks_t;

#if LLM_TOK_HAVE_AVX2
extern const llm_tok_checks_t  llm_tok_checks_avx2;
#endif

const llm_tok_checks_t *llm_tok_checks(void);

/* these return NULL, or what is wrong; contents also if something else is */
const char *llm_tok_check_magic(const llm_tok_image_t *image, size_t size);
const char *llm_tok_check_header(const llm_tok_image_t *image, size_t size);
const char *llm_tok_check_contents(const llm_vocab_t *v, const char *wrong);


/*
 * Text.
 */

/*
 * The length of the character at p < end, and in *c its code point.  What is
 * ill-formed is U+FFFD of the length of its maximal subpart.
 */
size_t llm_tok_char(const uint8_t *p, const uint8_t *end, uint32_t *c);

/* the same, at once for what most text is; p < end */

static inline size_t
llm_tok_char_at(const uint8_t *p, const uint8_t *end, uint32_t *c)
{
    if (*p < 0x80) {
        *c = *p;
        return 1;
    }

    if ((*p & 0xf0) == 0xe0 && *p != 0xed && end - p > 2
        && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80)
    {
        *c = (*p & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);

        if (llm_tok_likely(*c >= 0x800)) {
            return 3;
        }
    }

    if (*p >= 0xc2 && *p < 0xe0 && end - p > 1 && (p[1] & 0xc0) == 0x80) {
        *c = (*p & 0x1fu) << 6 | (p[1] & 0x3fu);
        return 2;
    }

    return llm_tok_char(p, end, c);
}


/*
 * In a long run of the same character not each one is looked at: as long as
 * what stands before p, of len bytes, repeats itself it is passed over.  Not
 * the last time, for if it is ill-formed it depends on what follows.
 */

#define LLM_TOK_RUN  512

static inline const uint8_t *
llm_tok_same(const uint8_t *p, const uint8_t *end, size_t len)
{
    const uint8_t  *start;

    /* 24 is a multiple of the length of any character */

    for (start = p; end - p >= 24 && memcmp(p, p - len, 24) == 0; p += 24) {
        llm_tok_step();
    }

    return p == start ? p : p - len;
}


int llm_tok_valid(const uint8_t *p, size_t len);

/* whether a text has the bytes that its tokens are made of */
int llm_tok_as_is(const llm_vocab_t *v, const uint8_t *p, size_t len);

/*
 * Writes those bytes: U+FFFD over what is ill-formed, and a space over U+2581
 * where these are the same.  Returns the length, or SIZE_MAX if it is more than
 * room.
 */
size_t llm_tok_repair(const llm_vocab_t *v, const uint8_t *p, size_t len,
    uint8_t *out, size_t room);

/*
 * Writes text from *p on with U+FFFD over what is ill-formed until it ends or
 * there is no room, and moves *p.  Returns the number of bytes written.
 */
size_t llm_tok_mend(const uint8_t **p, const uint8_t *end, uint8_t *out,
    size_t room);

/*
 * The length of the first piece of the text, not 0 if p < end.  What is
 * ill-formed has the class of U+FFFD.
 */
typedef size_t (*llm_tok_scan_pt)(const uint8_t *p, const uint8_t *end);

/* NULL if it takes more than the text to tell */
llm_tok_scan_pt llm_tok_scanner(unsigned grammar);

/*
 * The largest n <= len so that a piece begins at text[n] whatever stands
 * before text and after it, 0 if there is none.
 */
size_t llm_tok_certain(unsigned grammar, const uint8_t *text, size_t len);


/*
 * Normalization: form is LLM_TOK_NFC or LLM_TOK_NFKC.
 */

/* whether a text is normalized already; most texts are */
int llm_tok_is_nfc(unsigned form, const uint8_t *p, size_t len);

/* whether a character stays as it is, and its neighbours do not change it */
int llm_tok_is_inert(unsigned form, uint32_t c);

/*
 * Normalizes text from *p on, until it ends or there may be no room for
 * more, and moves *p.  Returns the number of bytes written.  What one call
 * leaves off the next goes on with: it stops where nothing combines.
 */
size_t llm_tok_nfc(unsigned form, const uint8_t **p, const uint8_t *end,
    uint8_t *out, size_t room);


/*
 * Merging.
 */

/* the n-th name; not trusted, but inside of the image */
const char *llm_tok_name(const llm_vocab_t *v, size_t n, size_t *len);

/* writes the bytes of a token or special, at most LLM_TOK_MAX_TOKEN */
size_t llm_tok_spell(const llm_vocab_t *v, size_t index, char *out);

/* the token that a piece is though no merge makes it, or SIZE_MAX */
size_t llm_tok_exception(const llm_vocab_t *v, const uint8_t *p, size_t n);

/* appends the tokens of a piece */
void llm_tok_bpe(const llm_vocab_t *v, llm_scratch_t *s, const uint8_t *p,
    size_t n, llm_tok_out_t *out);

/* a text with what taking the longest token everywhere makes of it */

typedef struct {
    const uint8_t  *p;
    uint32_t        len;        /* not 0 */
    uint32_t        piece;      /* the caller's */
    uint32_t        tokens;     /* more than there is room for: not known */
    uint64_t        unsure;     /* bits of those that may join the one before */
    uint32_t        token[LLM_TOK_GREEDY];
} llm_tok_text_t;

void llm_tok_greedy(const llm_vocab_t *v, llm_tok_text_t *text, size_t n);

/* brings near what the next function asks first */
void llm_tok_bpe_fetch(const llm_vocab_t *v, const llm_scratch_t *s,
    const llm_tok_text_t *text);

/* how many these are if that is the encoding of the text, 0 if it is not */
size_t llm_tok_bpe_greedy(const llm_vocab_t *v, llm_scratch_t *s,
    const llm_tok_text_t *text);

/*
 * The tokens of each text, of at most LLM_TOK_MERGE bytes of valid UTF-8, which
 * are the smallest parts.
 */
void llm_tok_merge_texts(const llm_vocab_t *v, int simd,
    llm_tok_text_t *text, size_t n);

#if LLM_TOK_HAVE_AVX2
void llm_tok_merge_avx2(const llm_vocab_t *v, llm_tok_text_t *text,
    size_t n);

/*
 * How many tokens each text has, of at most LLM_TOK_AHEAD texts of at most
 * LLM_TOK_SPANNED bytes, which are the smallest parts; 0 if it cannot tell.
 */
void llm_tok_count_spans(const llm_vocab_t *v, llm_tok_text_t *text,
    size_t n);
#endif

/* the tokens of one text of at most LLM_TOK_ROUNDS bytes, and how many */
size_t llm_tok_merge_rounds(const llm_vocab_t *v, const uint8_t *p, size_t n,
    uint32_t *token);

/*
 * llm_tok_bpe() in slices; returns -1 if these cannot be joined.  With space
 * one comes before the text.
 */
int llm_tok_bpe_slices(const llm_vocab_t *v, llm_scratch_t *s,
    const uint8_t *p, size_t n, int space, llm_tok_out_t *out);

/* the same without looking back: slower, but by a bounded factor */
void llm_tok_bpe_forward(const llm_vocab_t *v, const uint8_t *p, size_t n,
    int space, llm_tok_out_t *out);

/* in slices, or if these cannot be joined without looking back */
void llm_tok_bpe_long(const llm_vocab_t *v, llm_scratch_t *s,
    const uint8_t *p, size_t n, int space, llm_tok_out_t *out);

/*
 * Pairs of tokens: whether one may merge, by its hash, where what is known of
 * it lies, and the token that it makes, or LLM_TOK_NONE.
 */

static inline int
llm_tok_pair_may_be(const llm_vocab_t *v, uint64_t hash)
{
    uint64_t  bit;

    bit = hash & v->filter_mask;

    return (int) (v->filter[bit >> 6] >> (bit & 63) & 1);
}


#define llm_tok_pair_fetch_filter(v, hash)                                    \
    __builtin_prefetch((v)->filter + (((hash) & (v)->filter_mask) >> 6))

#define llm_tok_pair_bucket(v, hash)                                          \
    ((v)->pair + llm_tok_choose((hash) >> 32, (v)->buckets) * LLM_TOK_BUCKET)


static inline uint32_t
llm_tok_pair_find(const llm_vocab_t *v, uint64_t key, uint64_t hash)
{
    int              i;
    uint32_t         token;
    const uint64_t  *pair;

    pair = llm_tok_pair_bucket(v, hash);
    token = LLM_TOK_NONE;

    for (i = 0; i < LLM_TOK_BUCKET; i++) {
        token = (pair[i] & LLM_TOK_PAIR_KEY) == key
                ? llm_tok_pair_token(pair[i]) : token;
    }

    if ((pair[llm_tok_pair_slot(hash)] & llm_tok_pair_away(hash)) == 0) {
        return token;
    }

    pair = llm_tok_pair_bucket(v, llm_tok_other_pair(hash));

    for (i = 0; i < LLM_TOK_BUCKET; i++) {
        token = (pair[i] & LLM_TOK_PAIR_KEY) == key
                ? llm_tok_pair_token(pair[i]) : token;
    }

    return token;
}


/* whether the encoding of two tokens' bytes is these two tokens */
int llm_tok_pair_valid(const llm_vocab_t *v, uint32_t one, uint32_t two);

#define llm_tok_memo_at(key)                                                  \
    ((key) * 0x9e3779b97f4a7c15ULL >> (64 - LLM_TOK_MEMO_BITS))

/* the same, and remembers it */

static inline int
llm_tok_pair_fits(const llm_vocab_t *v, llm_scratch_t *s, uint32_t one,
    uint32_t two)
{
    int        valid;
    uint64_t   key, *memo;

    /* the top bit tells an entry of tokens 0 and 0 from a free one */

    key = llm_tok_pair_key(one, two) << 1 | 1ULL << 63;
    memo = &s->memo[llm_tok_memo_at(key)];

    if ((*memo & ~1ULL) == key) {
        return (int) (*memo & 1);
    }

    valid = llm_tok_pair_valid(v, one, two);
    *memo = key | (uint64_t) valid;

    return valid;
}


#endif /* LLM_TOK_INTERNAL_H_INCLUDED_ */
