
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_OPENAI_ANSWER_H_INCLUDED_
#define _LLM_OPENAI_ANSWER_H_INCLUDED_


/* what _answer.c, which reads figures, and _output.c, which counts, share */

#include "llm_openai.h"


/* choices that are told apart; any above share the last place */

#define LLM_OPENAI_CHOICES      128

/* text of one choice: parts are counted by themselves, in turn */

typedef struct {
    llm_count_stream_t    text;
    int64_t               tokens;         /* of the parts before */
    int64_t               part;
    int64_t               calls;          /* tool calls seen */
    unsigned              finished:1;
} llm_openai_choice_t;


typedef struct {
    llm_json_t            json;           /* of an event; nodes are kept */
    unsigned char        *text;           /* for strings with escapes */
    size_t                size;
    unsigned              usage:1;        /* other than x_groq's was seen */
    unsigned              done:1;         /* [DONE] */
    unsigned              uncounted:1;    /* memory failed: count no more */
    llm_openai_choice_t  *choices[LLM_OPENAI_CHOICES];
} llm_openai_state_t;


/* the choices of a whole answer or of a chunk: text and ends; LLM_ERROR */

int llm_openai_choices(llm_answer_t *a, llm_openai_state_t *st,
    const llm_json_t *j, uint32_t choices);

/* every choice that was begun has ended */

int llm_openai_all_finished(const llm_openai_state_t *st);

/* the tokens of all that was fed, into a->counted_output */

void llm_openai_count_output(llm_answer_t *a, const llm_openai_state_t *st);


#endif /* _LLM_OPENAI_ANSWER_H_INCLUDED_ */
