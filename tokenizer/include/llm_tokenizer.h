/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * llm_tokenizer: counts the tokens of a text as the published byte-pair
 * encodings do, exactly, in linear time and without allocation.
 *
 * Use
 *
 *     llm_vocab_t    *v;
 *     llm_scratch_t  *s;
 *     char            err[256];
 *
 *     if (llm_vocab_open(&v, "o200k_base.llmv", err, sizeof(err)) != 0) {
 *         ... err says which file and what is wrong with it ...
 *     }
 *
 *     s = llm_scratch_init(aligned_alloc(64, llm_scratch_size()),
 *                          llm_scratch_size());
 *
 *     n = llm_count(v, s, text, len);
 *
 * Threads.  A vocabulary is read-only after opening: any number of threads,
 * and of processes after fork(), use one at the same time.  A scratch belongs
 * to one thread at a time.  The library keeps no global state.
 *
 * Text.  Any bytes, any length, NUL included, no terminator needed.  What is
 * not valid UTF-8 is counted as Python's bytes.decode("utf-8", "replace")
 * would hand it to tiktoken: one U+FFFD for every maximal subpart of an
 * ill-formed sequence; an encoded surrogate is three of them.  The text of
 * a special token ("<|endoftext|>") is ordinary text, as in tiktoken's
 * encode_ordinary(): what a user writes is never control.  Where a vocabulary
 * calls for it the text is normalized to NFC (Qwen's) or NFKC (Claude's) first,
 * or a space is put before it (Mistral's).
 *
 * Time is linear in the length of the text for every text, and memory is the
 * scratch alone: neither a stack that grows nor an allocation.  (The one text
 * that is not counted as tiktoken would has a piece, such as a word, of more
 * than a gigabyte, which is cut there.  Text that has to be normalized is cut
 * where a piece has more than 32 kilobytes or a letter more than 1,000 marks,
 * and see llm_scratch_cut() for split patterns that have no scanner.)
 */

#ifndef LLM_TOKENIZER_H_INCLUDED_
#define LLM_TOKENIZER_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif


/*
 * Vocabularies.
 */

typedef struct llm_vocab_s    llm_vocab_t;


/*
 * Maps a vocabulary image, as the tool llm-vocab writes it, read-only into
 * memory, checks it and touches its pages.  Returns 0 and sets *v, or returns
 * -1, sets *v to NULL and leaves a sentence without a newline in err: what
 * is wrong, and with which file.  An image that is truncated or altered, of
 * another format version or of a machine with the other byte order is refused.
 * One that was made to lie, with a checksum that is right, is refused or gives
 * wrong counts, but never leads out of its memory, nor takes more than linear
 * time.
 *
 * The file may be replaced by rename() while it is mapped, but must not be
 * written to or truncated.
 */
int llm_vocab_open(llm_vocab_t **v, const char *path, char *err,
    size_t errsize);

/* Unmaps.  NULL is allowed.  No scratch keeps a pointer to a vocabulary. */
void llm_vocab_close(llm_vocab_t *v);

/* "o200k_base": the name that the image was compiled under. */
const char *llm_vocab_name(const llm_vocab_t *v);

/* One more than the largest id that llm_encode() may give. */
size_t llm_vocab_size(const llm_vocab_t *v);


/*
 * Scratch: the working memory of one thread, which also remembers the counts
 * of the pieces of text that came by.  It remembers them for one vocabulary
 * at a time: another one may be used at any moment and the counts stay right,
 * but it starts cold (about 30 microseconds to forget).  Who serves several
 * vocabularies in turn is faster with a scratch for each.
 */

typedef struct llm_scratch_s  llm_scratch_t;

/* What llm_scratch_init() needs: a constant, at most 700,000 bytes. */
size_t llm_scratch_size(void);

/*
 * Makes a scratch of the caller's memory, which needs no clearing and no
 * later call to end it.  NULL if mem is NULL, is not aligned to 64 bytes or
 * has less than llm_scratch_size() bytes.
 */
llm_scratch_t *llm_scratch_init(void *mem, size_t size);


/*
 * Which instructions the scratch's thread uses.  llm_scratch_init() picks the
 * best that the processor has, AVX-512 where it has VBMI, too; the results are
 * the same with all of them.
 * For tests and measurements: returns 0, or -1 and changes nothing if this
 * processor or build has no such path.
 */
#define LLM_SIMD_SCALAR  0
#define LLM_SIMD_AVX2    1
#define LLM_SIMD_NEON    2
#define LLM_SIMD_AVX512  3

int llm_scratch_simd(llm_scratch_t *s, int simd);


/*
 * Whether a piece of a text was cut since the last call of this, so that its
 * count may be off by a few tokens for each cut: where a vocabulary's split
 * pattern, which has no scanner here and is left to PCRE2, runs into a limit of
 * it or of the time that a text may take (it is cut after 256 bytes then); or
 * where text that is normalized has a piece of more than 32 kilobytes.
 */
int llm_scratch_cut(llm_scratch_t *s);


/*
 * Counting.
 */

/* The number of tokens of a text.  Never fails; text may be NULL if !len. */
size_t llm_count(const llm_vocab_t *v, llm_scratch_t *s, const char *text,
    size_t len);

/*
 * The same, but gives up as soon as there are more than limit tokens, and
 * then returns limit + 1 (SIZE_MAX is no limit).
 */
size_t llm_count_limit(const llm_vocab_t *v, llm_scratch_t *s,
    const char *text, size_t len, size_t limit);


/*
 * Ids.
 */

/*
 * Writes the first max ids of a text and returns how many the whole text has,
 * as snprintf() does: more than max means that ids were left out.  A text of
 * len bytes has at most 3 * len + 1 ids (each byte that is no UTF-8 becomes the
 * three bytes of U+FFFD, and NFC makes no text longer than that), with NFKC
 * 11 * len, and at most len + 1 if it is valid UTF-8 and not to be normalized.
 */
size_t llm_encode(const llm_vocab_t *v, llm_scratch_t *s, const char *text,
    size_t len, uint32_t *ids, size_t max);

/*
 * Writes the first max bytes of what n ids stand for and returns how many
 * bytes there are.  No terminator.  The ids of special tokens give their
 * text; an id that the vocabulary does not have gives nothing.  The ids of
 * a text cut anywhere may give bytes that are no valid UTF-8.
 */
size_t llm_decode(const llm_vocab_t *v, const uint32_t *ids, size_t n,
    char *out, size_t max);


/*
 * Counting a text that arrives in parts, such as the deltas of a stream.
 *
 *     llm_count_stream_t  cs;
 *
 *     llm_count_stream_init(&cs, v, s);
 *     llm_count_stream_feed(&cs, delta, len);         as often as need be
 *     n = llm_count_stream_finish(&cs, &estimate);
 *
 * The result is llm_count() of the concatenation, wherever it was cut, inside
 * a character too.  Memory is the structure alone.  It holds back the end of
 * the text until it knows where a piece begins that no later byte can move.
 * A text that shows no such place over LLM_COUNT_STREAM_CARRY bytes (one word
 * of 4,096 letters, a line of 4,096 hyphens) is cut there, each part is
 * counted by itself, and *estimate says so; a cut adds or takes few tokens.  So
 * it does from the first 4,096 bytes on if a pattern looks behind, which none
 * that is published does.
 *
 * The vocabulary and the scratch are the caller's and must outlive the last
 * call; other texts may use them in between.
 */

#define LLM_COUNT_STREAM_CARRY  4096

typedef struct {
    const llm_vocab_t  *vocab;
    llm_scratch_t      *scratch;
    size_t              count;       /* tokens before carry[0] */
    size_t              len;         /* bytes held back in carry */
    int                 estimate;    /* a piece was cut */
    int                 begun;       /* something is counted already */
    char                carry[LLM_COUNT_STREAM_CARRY];
} llm_count_stream_t;

void llm_count_stream_init(llm_count_stream_t *cs, const llm_vocab_t *v,
    llm_scratch_t *s);

void llm_count_stream_feed(llm_count_stream_t *cs, const char *text,
    size_t len);

/*
 * The tokens of all that was fed so far, as if the text ended here.  Changes
 * nothing: more may be fed, and it may be called again.  estimate may be NULL.
 */
size_t llm_count_stream_finish(const llm_count_stream_t *cs, int *estimate);


/*
 * Models.
 */

/*
 * The name of the vocabulary that a model uses, a static string, never NULL.
 * Understands the names of OpenAI's models with their dates and variants
 * ("gpt-4o-mini-2024-07-18"), of fine-tuned ones ("ft:gpt-4o-mini:org::id")
 * and with a provider in front ("openai/gpt-4o"), and those of the families of
 * Claude, DeepSeek, Gemini, Gemma, Llama 3, Mistral and Qwen.  *estimate (may
 * be NULL) is set to 0, or to 1 if the vocabulary only stands in: one of the
 * same maker's, or o200k_base where the model is unknown.
 */
const char *llm_model_vocab(const char *model, size_t len, int *estimate);


/*
 * The table behind it, for listings: the i-th row's regular expression for the
 * whole of a model's name, in *vocab its vocabulary, and whether that stands
 * in.  The first row that matches counts.  NULL past the end.
 */
const char *llm_model_row(size_t i, const char **vocab, int *estimate);


#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif


#endif /* LLM_TOKENIZER_H_INCLUDED_ */
