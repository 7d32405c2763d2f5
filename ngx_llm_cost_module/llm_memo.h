
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_MEMO_H_INCLUDED_
#define _LLM_MEMO_H_INCLUDED_


/*
 * The memo of token counts, in one region of memory shared by processes.
 *
 * The turns of a conversation bring the same messages again and again.  The
 * memo maps a keyed hash of (vocabulary, text) to the text's tokens, so that
 * an old message costs one pass of the hash and two cache lines.  The region
 * has a fixed size; what is not used again leaves.
 *
 * Counts stay exact.  There are two ways in which they might not:
 *
 * Two texts with one hash.  A client chooses texts, so the hash has a secret
 * key, of the region, from the system's random numbers; without them there is
 * no memo.  A text is cut into blocks of 1 KB.
 *
 *   block   four sums of NH, with words of 32 bits and Toeplitz keys.  For any
 *           two different blocks of one length, chosen without knowing the
 *           key, and any four differences, these are what the sums differ by
 *           with a probability of at most 2^-128 (Black and others, "UMAC",
 *           CRYPTO '99, which RFC 4418 made from it).  The first two are a
 *           number A and the others a number B, each less two of its 128 bits:
 *           both agree with a probability of at most 16 * 2^-128 = 2^-124.
 *   text    a polynomial over the field of p = 2^127 - 1 elements, at a secret
 *           random point (r, s), one of 2^244: with y = s * (generation and
 *           vocabulary) + r * length, for each block y = s * (y + A) + r * B.
 *           So every number has a power of its own, and none has none.
 *   halves  of the 128 bits that are kept and compared: SipHash-1-3 of the
 *           polynomial's value, which alone says where in the table an entry
 *           is, so that nothing is learned of the key from which texts are
 *           counted fast; and the value's lower 64 bits.
 *
 * Two texts of up to n blocks that differ have equal numbers with a probability
 * of at most 2^-124, or of 0 where their lengths differ.  Other numbers give
 * values with a certain difference at no more than (n + 1) * 2^-122 of all
 * points (Schwartz and Zippel: the degree is n + 1, and r and s are of sets of
 * 2^122).  The difference is 0, or the lower 64 bits are the same for 2^64
 * others, and then SipHash is in one of 2^64 cases.  Together that is at most
 * 2^-124 + (n + 1) * 2^-121, or below 2^-110 for texts of 1 MB: who tries 2^40
 * of them against a memo of 2^20 entries succeeds with a probability below
 * 2^-50, as far as SipHash cannot be told from a random function.  The same
 * bound holds for one text and two vocabularies or generations.
 *
 * Half an entry.  An entry is three words, stored one by one and without a
 * lock: both halves of the hash, less the count, and the count.  A reader
 * takes the count c only if both other words plus c are the halves of its own
 * hash.  Whatever words of whatever entries meet in a slot, because several
 * write to it or one was killed: a word of the reader's own entry fits no
 * other count than its own (a text has one count), and two words that are
 * none of its own fit by a chance like the above.  There is nothing to repair,
 * and nobody ever waits.
 */

#include "llm_core.h"
#include "llm_provider.h"


/*
 * Shorter texts are counted: nearly as fast as they can be looked up, and they
 * would take the place of longer ones.
 */

#define LLM_MEMO_MIN         32


typedef struct llm_memo_s      llm_memo_t;
typedef struct llm_memo_row_s  llm_memo_row_t;

typedef void (*llm_memo_nh_pt)(const llm_memo_row_t *k,
    const unsigned char *p, size_t n, uint64_t *sum);


/* a memo as one configuration uses it; the data of a counter */

typedef struct {
    llm_memo_t              *memo;
    uint64_t                 generation;
    uint64_t                 last;            /* set asked for */
    llm_memo_nh_pt           nh;              /* this processor's */
} llm_memo_view_t;


typedef struct {
    uint64_t                 h[2];            /* the first says where */
} llm_memo_key_t;


/*
 * mem has size bytes and is aligned to a page.  create: NULL if the region is
 * too small or there are no random numbers.  attach: NULL and *err, static, if
 * the region is not of this version or size.
 */

llm_memo_t *llm_memo_create(void *mem, size_t size);
llm_memo_t *llm_memo_attach(void *mem, size_t size, const char **err);

/*
 * A view that no other call gave, so that entries never outlive what they
 * depend on: the image that is behind a vocabulary's address, the tokenizer's
 * code.  Call it once for a configuration, before fork(); the first turn of
 * a conversation after a reload is counted anew.
 */

void llm_memo_open(llm_memo_t *m, llm_memo_view_t *view);

/* a counter's count() whose data is a view; exactly llm_counter_plain() */

size_t llm_memo_count(llm_counter_t *c, const unsigned char *text,
    size_t len);


/* for llm_memo_count() and tests */

void llm_memo_key(const llm_memo_view_t *view, const void *vocab,
    const unsigned char *text, size_t len, llm_memo_key_t *key);

/* the count, or 0: not known */

uint64_t llm_memo_get(llm_memo_t *m, const llm_memo_key_t *key);

/* count is not 0, and the same whenever the key is */

void llm_memo_put(llm_memo_t *m, const llm_memo_key_t *key, uint64_t count);


#endif /* _LLM_MEMO_H_INCLUDED_ */
