
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_LEARN_H_INCLUDED_
#define _LLM_LEARN_H_INCLUDED_


/*
 * What counts of models without a published tokenizer are worth.  Such a
 * request is counted with the nearest vocabulary; the answer says how many
 * tokens it really had.  From the last answers of a model and a class of
 * content follow a slope and an offset (what the vocabulary is off by, and
 * what upstream puts around every request of this class), and how far above
 * that an answer was at most, as a share and in tokens: both bound every answer
 * that was seen, and the smaller one is what is reserved.
 *
 * The table is one region of memory of a fixed size, shared by processes.
 * Words are stored one by one and without a lock: a reader may see a pair of
 * one answer and the line of another, which is an estimate all the same.
 * Nothing a client or an upstream sends makes a slope, an offset or a margin
 * leave its bounds, and no exact count is ever changed.
 */

#include "llm_core.h"
#include "llm_marks.h"


#define LLM_LEARN_PAIRS      64      /* answers that are remembered */
#define LLM_LEARN_MIN        4       /* ... before what they say is used */
#define LLM_LEARN_EXTRA      32      /* tokens of every reserve */


/* what a request holds; the dearest to misjudge first */

typedef enum {
    LLM_LEARN_MEDIA = 0,             /* pictures, documents, sound, and
                                        what is not in the request */
    LLM_LEARN_CALLS,                 /* tools, and calls of them */
    LLM_LEARN_TOOLS,
    LLM_LEARN_SCHEMA,
    LLM_LEARN_TEXT,
    LLM_LEARN_N
} llm_learn_class_e;

const char *llm_learn_class_name(llm_learn_class_e c);


/*
 * The class of a request by its marks.  A text that is just the same word may
 * be taken for another class, which makes an estimate worse and nothing else.
 */

llm_learn_class_e llm_learn_class(unsigned marks);


/* tokens = counted * slope / 65536 + offset */

typedef struct {
    uint32_t         slope;
    int32_t          offset;
} llm_learn_line_t;


typedef struct {
    int64_t          share;          /* in 1/65536 of the line */
    int64_t          tokens;
} llm_learn_above_t;                 /* the most that an answer was above it */


typedef struct {
    uint64_t         answers;        /* so far */
    llm_learn_line_t line;
    llm_learn_above_t above;
    unsigned         kinds;          /* different counts that are remembered */
    int64_t          output;         /* median of the outputs, -1: none */
    int64_t          output_most;    /* of those that are remembered; -1: too
                                        few of them */
} llm_learn_t;


typedef struct llm_learn_table_s  llm_learn_table_t;

/* mem has size bytes and is aligned to 64; NULL: too small */

llm_learn_table_t *llm_learn_create(void *mem, size_t size);
llm_learn_table_t *llm_learn_attach(void *mem, size_t size);


/* who the figures are of: a vendor's model, and a class */

uint64_t llm_learn_key(const llm_str_t *vendor, const llm_str_t *model,
    llm_learn_class_e c);

/* an answer to a request of so many counted tokens; -1: not said.  Where the
   table is full the model that was asked for longest ago leaves */

void llm_learn_add(llm_learn_table_t *t, uint64_t key, int64_t now,
    int64_t counted, int64_t reported, int64_t output);

/*
 * A fleet: what was added here and is still to be told, at most once; and the
 * last answers of all nodes to a model and class, newest first, which take the
 * place of those that are remembered here.  LLM_DECLINED: there are fewer of
 * them, since whoever keeps them for the fleet has lost some.
 */

#define LLM_LEARN_NEWS       64

typedef struct {
    uint64_t         key;
    int64_t          counted;        /* -1: the count was exact */
    int64_t          reported;
    int64_t          output;         /* -1: not said */
} llm_learn_answer_t;

unsigned llm_learn_news(llm_learn_table_t *t, llm_learn_answer_t *answers,
    unsigned max);
int llm_learn_fleet(llm_learn_table_t *t, uint64_t key, int64_t now,
    const llm_learn_answer_t *answers, unsigned n);

/* an answer as it is written for the fleet; LLM_BAD: it is none */

int llm_learn_read_answer(const llm_str_t *s, llm_learn_answer_t *a);

/* how far the answers of the fleet are known here */

uint64_t llm_learn_seen(const llm_learn_table_t *t);
void llm_learn_see(llm_learn_table_t *t, uint64_t seen);


/* LLM_DECLINED: nothing is known */

int llm_learn_get(const llm_learn_table_t *t, uint64_t key, llm_learn_t *l);


/*
 * The tokens that such a request has as a rule, and at most: with fewer than
 * LLM_LEARN_MIN answers the count, and at most a quarter more.  most is never
 * less than expect.
 */

int64_t llm_learn_expect(const llm_learn_t *l, int64_t counted);
int64_t llm_learn_most(const llm_learn_t *l, int64_t counted);

/*
 * Both for a request to a model.  Of a class that nothing is known of yet the
 * count is expected, and at most a quarter more, or what it would be in any
 * other class of the model.  Pictures and documents are counted as the most
 * that they can be: whatever others were, no less is reserved, and of the first
 * no more than the tokens that may stand around them.
 */

void llm_learn_judge(const llm_learn_table_t *t, const llm_str_t *vendor,
    const llm_str_t *model, llm_learn_class_e class, int64_t counted,
    int64_t *expect, int64_t *most);


/* the line of some pairs, newest or oldest first; for tests and add */

typedef struct {
    uint32_t         counted;
    uint32_t         reported;
} llm_learn_pair_t;

void llm_learn_fit(const llm_learn_pair_t *pairs, unsigned n,
    llm_learn_line_t *line);

/* how many of them are of different counts */

unsigned llm_learn_kinds(const llm_learn_pair_t *pairs, unsigned n);

/* above is raised to what these pairs are above the line */

void llm_learn_raise(const llm_learn_pair_t *pairs, unsigned n,
    const llm_learn_line_t *line, llm_learn_above_t *above);


#endif /* _LLM_LEARN_H_INCLUDED_ */
