
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_OPENAI_ANSWER_H_INCLUDED_
#define _LLM_OPENAI_ANSWER_H_INCLUDED_


/* what _answer.c, which reads figures, and _output.c, which counts, share */

#include "llm_json_form.h"
#include "llm_openai.h"


/* choices that are told apart; any above share the last place */

#define LLM_OPENAI_CHOICES      128

/* text of one choice: parts are counted by themselves, in turn */

typedef struct {
    llm_count_stream_t   *text;           /* NULL: none was counted */
    int64_t               tokens;         /* of the parts before */
    int64_t               part;
    int64_t               calls;          /* tool calls seen */
    unsigned              finished:1;
} llm_openai_choice_t;


/* a string of an event that is counted, and for whom */

typedef struct {
    uint32_t              node;
    llm_openai_choice_t  *choice;
    int64_t               part;
} llm_openai_fed_t;


/* text of an event in the order in which it is counted */

typedef struct {
    unsigned              n;              /* above the bound: there is more */
    llm_openai_fed_t      e[LLM_JSON_FORM_HOLES];
} llm_openai_feeds_t;


/* an event that said nothing new but its text; many follow that are like it */

typedef struct {
    llm_json_form_t       form;
    llm_openai_feeds_t    feeds;          /* node: which hole */
} llm_openai_form_t;

/* choices and tool calls take turns: as many forms are kept at once */

#define LLM_OPENAI_FORMS      4


typedef struct {
    llm_json_t            json;           /* of an event; nodes are kept */
    llm_openai_feeds_t    feeds;          /* what was counted of it */
    unsigned char        *text;           /* for strings with escapes */
    size_t                size;
    unsigned              usage:1;        /* other than x_groq's was seen */
    unsigned              done:1;         /* [DONE] */
    unsigned              uncounted:1;    /* memory failed: count no more */
    unsigned              form;           /* the one that matched last */
    unsigned              next_form;      /* the one to be replaced next */
    llm_openai_form_t    *forms[LLM_OPENAI_FORMS];
    uint64_t              executed;       /* tools, a bit for an index */
    unsigned              nchoices;       /* above every index seen */
    llm_openai_choice_t  *choices[LLM_OPENAI_CHOICES];
} llm_openai_state_t;


/*
 * Streams.  known: the event has a form that was kept, and its text is now
 * counted: 1.  keep: the event that was just read, if one like it needs no
 * more than that.
 */

int llm_openai_form_known(llm_answer_t *a, llm_openai_state_t *st,
    const llm_str_t *data);
void llm_openai_form_keep(llm_answer_t *a, llm_openai_state_t *st);


/* the choices of a whole answer or of a chunk: text and ends; LLM_ERROR */

int llm_openai_choices(llm_answer_t *a, llm_openai_state_t *st,
    const llm_json_t *j, uint32_t choices);

/* text of a choice: a part that begins ends the one before it */

void llm_openai_feed(llm_answer_t *a, llm_openai_state_t *st,
    llm_openai_choice_t *ch, int64_t part, const llm_json_hole_t *text);

/* ... from a node, which is written down for the events that are alike */

void llm_openai_feed_node(llm_answer_t *a, llm_openai_state_t *st,
    llm_openai_choice_t *ch, int64_t part, const llm_json_t *j, uint32_t node);

/* ... of any value, as it is written */

void llm_openai_feed_raw(llm_answer_t *a, llm_openai_state_t *st,
    llm_openai_choice_t *ch, int64_t part, const llm_json_t *j, uint32_t node);

/* the state, made with the first event; NULL: no memory */

llm_openai_state_t *llm_openai_state(llm_answer_t *a);

/* a choice's record, made with the first sight of its index; or NULL */

llm_openai_choice_t *llm_openai_choice_at(llm_answer_t *a,
    llm_openai_state_t *st, int64_t index);

/*
 * llm_openai_hosts.c: where in an answer of such a host is what others have at
 * its root, and text that others do not have; LLM_OK, LLM_ERROR.
 */

int llm_openai_host_answer(llm_answer_t *a, llm_openai_state_t *st,
    const llm_json_t *j, uint32_t *obj);

/* the usage is said at the end, and nothing else says that it has come */

int llm_openai_host_ended(const llm_answer_t *a);

/* every choice that was begun has ended */

int llm_openai_all_finished(const llm_openai_state_t *st);

/* the tokens of all that was fed, into a->counted_output */

void llm_openai_count_output(llm_answer_t *a, const llm_openai_state_t *st);


#endif /* _LLM_OPENAI_ANSWER_H_INCLUDED_ */
