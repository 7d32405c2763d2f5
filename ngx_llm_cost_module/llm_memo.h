
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
 * an old message costs one pass of the hash and two cache lines: a twentieth
 * of counting it.  The region has a fixed size; what is not used again
 * leaves.
 *
 * Counts stay exact.  There are two ways in which they might not:
 *
 * Two texts with one hash.  A client chooses texts, so the hash has a secret
 * key, of the region, from the system's random numbers; without them there is
 * no memo.  A text is cut into blocks of 1 KB, zeros behind the last one.
 *
 *   block   two sums (A, B) of NH, with words of 64 bits and Toeplitz keys.
 *           For any two different blocks, chosen without knowing the key,
 *           both sums agree with a probability of at most 2^-128 (Black and
 *           others, "UMAC", CRYPTO '99; with these words, Krovetz, "VMAC").
 *           Of each sum 126 bits are used: 16 * 2^-128 = 2^-124.
 *   text    a polynomial over the field of p = 2^127 - 1 elements, at a secret
 *           random point.  Its coefficients, the last without a power of the
 *           point: generation and vocabulary, 2n values of n blocks, length.
 *   halves  of the 128 bits that are kept and compared: SipHash-1-3 of the
 *           polynomial's value, which alone says where in the table an entry
 *           is, so that nothing is learned of the key from which texts are
 *           counted fast; and the value's lower 64 bits.
 *
 * Two texts of n KB that differ have equal coefficients with a probability of
 * at most 2^-124; other coefficients give equal values in at most 2n + 1 of
 * 2^127 points.  Where the values differ, the lower 64 bits are the same for
 * 2^64 of 2^127 differences, so with a probability of (2n + 1) * 2^-63 (0 if
 * only the length differs), and SipHash is in one of 2^64 cases.  Together
 * that is below 2^-124 + n * 2^-124, or 2^-113 for texts of 1 MB: who tries
 * 2^40 of them against a memo of 2^20 entries succeeds with a probability
 * below 2^-53, as far as SipHash cannot be told from a random function.  The
 * same bound holds for one text and two vocabularies or generations.
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
 * Shorter texts are counted: as fast as they can be looked up, and they would
 * take the place of longer ones.
 */

#define LLM_MEMO_MIN         64


typedef struct llm_memo_s    llm_memo_t;


/* a memo as one configuration uses it; the data of a counter */

typedef struct {
    llm_memo_t              *memo;
    uint64_t                 generation;
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
