/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * The vocabulary image: what tools/llm-vocab writes and llm_vocab_open() maps.
 *
 * A header and read-only arrays at 64-byte boundaries, without pointers, in
 * the byte order of the machine that wrote it.  Tokens have an index: their
 * place in the order in which merges apply, bytes first.  The id that the world
 * knows is IDS[index].
 *
 * A merge may be wanted earlier than the merges that make its parts (a few of
 * Llama 3's are).  Its token has an index after theirs all the same, and is
 * marked as irregular, as is every token that is made of one: where those
 * meet, RANK tells the order.  They are the last ones, and the RANK of the
 * others is their index times LLM_TOK_BETWEEN, unless those between two of them
 * are more.
 */

#ifndef LLM_TOK_IMAGE_H_INCLUDED_
#define LLM_TOK_IMAGE_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


#define LLM_TOK_MAGIC         "LLMVOCAB"
#define LLM_TOK_VERSION       10
#define LLM_TOK_ENDIAN        0x01020304

#define LLM_TOK_MAX_TOKENS    (1 << 18)
#define LLM_TOK_MAX_TOKEN     1024        /* bytes of the longest token */
#define LLM_TOK_MAX_USER      1024        /* ... of what USER names */
#define LLM_TOK_MAX_NAME      48
#define LLM_TOK_MAX_PATTERN   16384

#define LLM_TOK_GPT2          1
#define LLM_TOK_CL100K        2
#define LLM_TOK_O200K         3
#define LLM_TOK_QWEN          4           /* cl100k, each digit by itself */
#define LLM_TOK_DEEPSEEK      5
#define LLM_TOK_TEKKEN        6           /* o200k, digit by digit, no 's */
#define LLM_TOK_JOIN          7           /* no pattern: JOIN tells */
#define LLM_TOK_REGEX         8           /* PATTERN, for PCRE2 */

/*
 * Flags.  CHARS: the characters that have a token are the smallest parts, not
 * their bytes, which stand for the others only; and a space and U+2581 are the
 * same.  PREPEND: a space comes before the text, with ONCE only if there is
 * none.  APART: each space begins a piece.  LATE: spaces join each other only
 * when nothing else joins any more.
 */
#define LLM_TOK_NFC           1           /* normalize the text first */
#define LLM_TOK_CHARS         2
#define LLM_TOK_PREPEND       4
#define LLM_TOK_ONCE          8
#define LLM_TOK_APART         16
#define LLM_TOK_NFKC          32
#define LLM_TOK_LATE          64
#define LLM_TOK_FLAGS         127

/*
 * A trie node, in a double array: bits 0-7 its label and bit 8 "in use", which
 * a child must show to be the parent's; bits 9-31 where its children start
 * (child c is node[base + c]), 0 if there are none; bits 45-63 the index of
 * the token that ends here plus one, or 0; bits 37-40, if that has up to
 * LLM_TOK_SHORT bytes, how many of them the first of its two tokens has.
 */
#define llm_tok_node(label, base, left, token)                                \
    ((uint64_t) (label) | 0x100 | (uint64_t) (base) << 9                      \
     | (uint64_t) (left) << 37 | (uint64_t) (token) << 45)
#define llm_tok_node_check(n)   ((unsigned) (n) & 0x1ff)
#define llm_tok_node_base(n)    ((uint32_t) (n) >> 9)
#define llm_tok_node_token(n)   ((uint32_t) ((n) >> 45))

/*
 * ROOT has the nodes of two bytes, which need neither a label nor the length of
 * a first token.  In their place are BEFORE, the order of the first merge that
 * joins something that ends with the one byte and the other byte alone; AFTER,
 * that of the first one of the one byte alone and something that begins with
 * the other; and LATE, whether a merge that this token is a part of comes
 * before the one that makes it.
 *
 * So two bytes that are a token, not LATE, whose order is below the BEFORE of
 * the byte before them and the first of them, and below the AFTER of the second
 * and the byte after them, are merged before anything else is merged with one
 * of them; and all such pairs of a text may be merged first, since what that
 * makes possible earlier than it should be comes after them anyway.
 *
 * An order is an index plus one with five binary digits: later ones may have
 * the same, none a smaller one.
 */
#define LLM_TOK_ROOT_LATE      (1ULL << 44)
#define LLM_TOK_ROOT_SHIFT     32
#define LLM_TOK_ROOT_BEFORE    0x1ffULL
#define LLM_TOK_ROOT_AFTER     (LLM_TOK_ROOT_BEFORE << LLM_TOK_ROOT_SHIFT)
#define llm_tok_root_before(r)  ((uint32_t) ((r) & LLM_TOK_ROOT_BEFORE))
#define llm_tok_root_after(r)                                                 \
    llm_tok_root_before((r) >> LLM_TOK_ROOT_SHIFT)

/* the exponent and what comes after the first digit, as a float has them */

static inline uint32_t
llm_tok_root_order(uint32_t n)
{
    uint32_t  exponent;

    exponent = 31 - (uint32_t) __builtin_clz(n);

    return exponent << 4 | (uint32_t) ((uint64_t) n << 4 >> exponent & 15);
}


/*
 * A token: the two tokens whose merge makes it (itself for one of the smallest
 * parts), the longest token that is a proper prefix of it (itself if none), its
 * length, and whether it is irregular.  A length of LLM_TOK_FAR or more is that
 * of its name.
 */
#define LLM_TOK_MASK            0x3ffff
#define llm_tok_rec(left, right, prefix, len)                                 \
    ((uint64_t) (left) | (uint64_t) (right) << 18                             \
     | (uint64_t) (prefix) << 36 | (uint64_t) (len) << 54)
#define llm_tok_left(r)         ((uint32_t) (r) & LLM_TOK_MASK)
#define llm_tok_right(r)        ((uint32_t) ((r) >> 18) & LLM_TOK_MASK)
#define llm_tok_prefix(r)       ((uint32_t) ((r) >> 36) & LLM_TOK_MASK)
#define llm_tok_len(r)          ((uint32_t) ((r) >> 54) & 0xff)
#define LLM_TOK_FAR             255
#define LLM_TOK_IRREGULAR       (1ULL << 62)
#define LLM_TOK_BETWEEN         128

/*
 * Which token a pair of tokens merges into: 64-byte buckets.  A pair may be
 * in either of two (a cuckoo table), in the second only if the first is full.
 * Then a bit that its hash chooses among the eight highest of the eight in the
 * first bucket tells that it is worth looking into the other.
 */
#define LLM_TOK_BUCKET          8
#define LLM_TOK_NO_PAIR         0x3fffffffffffffULL
#define LLM_TOK_PAIR_KEY        0xfffffffffULL
#define llm_tok_pair_key(l, r)  ((uint64_t) (l) | (uint64_t) (r) << 18)
#define llm_tok_pair(key, t)    ((key) | (uint64_t) (t) << 36)
#define llm_tok_pair_token(p)   ((uint32_t) ((p) >> 36) & LLM_TOK_MASK)
#define llm_tok_pair_slot(hash)  ((hash) >> 20 & 7)
#define llm_tok_pair_away(hash)  (1ULL << (56 + ((hash) >> 23 & 7)))

/*
 * Which texts of up to 15 bytes are one token, in two tables.  Up to 7 bytes:
 * 8 bytes each, the text and in the last byte its length, four to a set.
 * Longer ones: 16 bytes each, the text and in the last byte its length in the
 * upper half, four to a 64-byte set.  Each may be in either of two sets (a
 * cuckoo table): so two loads, in parallel, tell.
 */
#define LLM_TOK_TINY            7
#define LLM_TOK_SHORT           15
#define LLM_TOK_WAYS            4


/*
 * What is known of characters beside each other: see llm_tok_near.h.
 *
 * NEAR: two bits for each two parts of three bytes, by their hash: whether a
 * token begins with both, if they are characters, and whether a merge joins two
 * tokens that end and begin with them.
 *
 * BORDER: of each byte and the one after it a bit, whether a merge joins tokens
 * that end and begin with them of which one is shorter than three bytes.
 *
 * WIDE: of each character of three bytes that is a token the trie's node, in
 * blocks of 64 that WIDE_AT names.  PLAIN: no token has after it a part only of
 * another such character.
 */
#define LLM_TOK_NEAR_BEGIN      1ULL
#define LLM_TOK_NEAR_JOIN       2ULL
#define LLM_TOK_WIDE_AT         1024
#define LLM_TOK_WIDE_PLAIN      1ULL

/* sections, in the order in which they lie in the file */

enum {
    LLM_TOK_SEC_BYTE = 0,   /* uint32_t[256]: index of each byte's token */
    LLM_TOK_SEC_ROOT,       /* uint64_t[65536]: node of each two bytes */
    LLM_TOK_SEC_NODE,       /* uint64_t[nodes] */
    LLM_TOK_SEC_REC,        /* uint64_t[tokens] */
    LLM_TOK_SEC_PAIR,       /* uint64_t[buckets * 8] */
    LLM_TOK_SEC_FILTER,     /* uint64_t[filter / 64]: may a pair exist */
    LLM_TOK_SEC_TINY,       /* uint64_t[tiny_sets * 4] */
    LLM_TOK_SEC_WHOLE,      /* llm_tok_entry_t[whole_sets * 4] */
    LLM_TOK_SEC_NEAR,       /* uint64_t[(1 << near_bits) / 32] */
    LLM_TOK_SEC_BORDER,     /* uint64_t[65536 / 64] */
    LLM_TOK_SEC_WIDE_AT,    /* uint16_t[1024]: block of 64 characters */
    LLM_TOK_SEC_WIDE,       /* uint64_t[wide_blocks * 64] */
    LLM_TOK_SEC_IDS,        /* uint32_t[specials], or of tokens, too */
    LLM_TOK_SEC_NAMED,      /* uint32_t[named]: indexes, ascending */
    LLM_TOK_SEC_OFS,        /* uint32_t[named + specials + 1]: of their names */
    LLM_TOK_SEC_BY_ID,      /* uint32_t[by_id]: indexes, their ids ascend */
    LLM_TOK_SEC_RANK,       /* uint32_t[ranks]: of each token's merge */
    LLM_TOK_SEC_EXCEPT,     /* uint32_t[1 << except_bits] */
    LLM_TOK_SEC_JOIN,       /* uint64_t[256 + (1 << join_bits) / 64] */
    LLM_TOK_SEC_USER,       /* uint32_t[users]: of names, which ascend */
    LLM_TOK_SEC_PATTERN,    /* of each step, with a NUL behind it */
    LLM_TOK_SEC_TEXT,       /* the names */
    LLM_TOK_SECTIONS
};


typedef struct {
    char      magic[8];
    uint32_t  version;
    uint32_t  endian;
    uint64_t  size;          /* of the file */
    uint64_t  sum;           /* llm_tok_sum() of all that follows this field */
    uint32_t  grammar;
    uint32_t  tokens;
    uint32_t  specials;
    uint32_t  max_len;
    uint32_t  nodes;
    uint32_t  buckets;
    uint32_t  filter_bits;
    uint32_t  text;
    uint32_t  tiny_sets;
    uint32_t  whole_sets;
    uint32_t  flags;
    uint32_t  ids;           /* one more than the largest id of a token */
    uint32_t  by_id;         /* 0 if a token's id is its index */
    uint32_t  ranks;         /* 0 if no token is irregular, or tokens */
    uint32_t  except_bits;   /* 0 if there are no exceptions */
    uint32_t  join_bits;     /* 0 if there is a pattern */
    uint32_t  users;
    uint32_t  runs;          /* U+2581 in a row that are a token, or 0 */
    uint32_t  pattern;       /* bytes of PATTERN */
    uint32_t  near_bits;
    uint32_t  wide_blocks;   /* the first is empty */
    uint32_t  gaps;          /* bits of how many spaces are a piece */
    uint32_t  named;         /* tokens that have a name */
    uint32_t  reserved;      /* 0 */
    uint64_t  seed;          /* odd, of the hash of pairs */
    uint64_t  user[4];       /* with which bytes those of USER begin */
    char      name[LLM_TOK_MAX_NAME];
    uint64_t  offset[LLM_TOK_SECTIONS];
} llm_tok_image_t;

#define LLM_TOK_SUMMED  (offsetof(llm_tok_image_t, sum) + sizeof(uint64_t))


/*
 * The bytes of a token are those of the two that it is made of.  Only what is
 * not made of others has its bytes written down, a name: the smallest parts,
 * and specials, which come after all tokens; and what is compared with a text
 * as a whole: USER, exceptions, and tokens of LLM_TOK_FAR bytes.
 *
 * Exceptions are texts that are one token if they are a whole piece, but that
 * no merge makes ("ignore_merges").  A hash table of the numbers of names plus
 * one, 0 for a free place; none is further than LLM_TOK_PROBES from where its
 * hash says.
 */
#define LLM_TOK_PROBES   16

/*
 * Without a pattern all of the text is one piece.  JOIN tells whether a token
 * may have a character before another: where none has, no merge is made, and so
 * the text may be parted there as if a pattern had.  Two of ASCII have a bit of
 * their own, others a bit that their hash says.  If the parts of tokens are
 * bytes, it is the last one of a character and the first one of the next.
 *
 * GAPS has bit n if n spaces with no more of them on either side that begin
 * such a part are tokens by themselves, whatever follows: all merges of spaces
 * come before any of a space and something else, no token has two spaces and
 * then something else, and the last of these tokens is more than one space.
 *
 * USER names texts that are one token wherever they are, before anything else
 * is looked at (the user-defined symbols of SentencePiece).
 */


typedef struct {
    uint64_t  lo;
    uint64_t  hi;
} llm_tok_entry_t;


/* a number below n that a hash of 32 bits chooses */

#define llm_tok_choose(hash, n)                                               \
    ((size_t) ((uint64_t) (uint32_t) (hash) * (n) >> 32))


/* the upper half of the hash chooses the first set, the lower the second */

static inline uint64_t
llm_tok_entry_hash(const llm_tok_entry_t *key)
{
    uint64_t  h;

    h = (key->lo ^ (key->hi * 0x9e3779b97f4a7c15ULL)) * 0xd6e8feb86659fd93ULL;

    return h ^ (h >> 32);
}

/*
 * The hash of pairs: the upper half chooses the first bucket, the lowest bits
 * the bit of the filter, and those turned by 24 bits the second bucket.
 */

static inline uint64_t
llm_tok_pair_hash(uint64_t key, uint64_t seed)
{
    uint64_t  h;

    h = (key ^ (key >> 15)) * seed;

    return h ^ (h >> 29);
}

#define llm_tok_other_pair(hash)  ((hash) << 24 | (hash) >> 40)


/* the bit of JOIN, bits is not 0 */

static inline uint64_t
llm_tok_join_bit(uint32_t one, uint32_t two, unsigned bits)
{
    if (((one | two) & ~127u) == 0) {
        return one << 7 | two;
    }

    return 128 * 128 + (((uint64_t) one << 21 | two) * 0x9e3779b97f4a7c15ULL
                        >> (64 - bits));
}


static inline uint32_t
llm_tok_text_hash(const uint8_t *p, size_t len)
{
    uint32_t  h;

    for (h = 2166136261u; len; len--) {
        h = (h ^ *p++) * 16777619u;
    }

    return h ^ (h >> 15);
}


/* of NEAR, for two parts of three bytes */

static inline uint64_t
llm_tok_near_at(uint32_t one, uint32_t two, unsigned bits)
{
    return ((uint64_t) two << 24 | one) * 0x9e3779b97f4a7c15ULL >> (64 - bits);
}


/* the size in bytes of each section that the header's counts call for */
void llm_tok_section_sizes(const llm_tok_image_t *image,
    uint64_t size[LLM_TOK_SECTIONS]);

/*
 * A 64-bit checksum, fast enough to run at every start.  Any change within one
 * aligned 8-byte word, and so any single flipped bit, changes it.
 */
#define LLM_TOK_CHUNK  16384

/* hears of each chunk, from one place in the data to another, as it was read */
typedef void (*llm_tok_seen_pt)(void *ctx, size_t from, size_t to);

uint64_t llm_tok_sum(const void *data, size_t len, llm_tok_seen_pt seen,
    void *ctx);


#endif /* LLM_TOK_IMAGE_H_INCLUDED_ */
