
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_FORM_H_INCLUDED_
#define _LLM_FORM_H_INCLUDED_


/*
 * What dialects need to give an answer that is kept in one form in another:
 * a document out of a stream, a stream out of a document (reform() of
 * llm_provider_t).
 *
 * Values are never built anew.  What a text says is copied as it is spelled,
 * number by number and escape by escape; the pieces of a string are put one
 * behind the other.  So nothing is lost on the way, and a value that this code
 * has never heard of passes as it is, or the answer is declined.
 */

#include "llm_core.h"
#include "llm_json.h"
#include "llm_provider.h"


/* what an answer of n bytes may become: larger is nobody's earnest */

#define LLM_FORM_MAX(n)      (8 * (n) + 65536)

#define LLM_FORM_CHOICES     128
#define LLM_FORM_ITEMS       1024        /* blocks, calls, parts */


/* text that grows up to a bound; rc says why it does so no more */

struct llm_text_s {
    llm_mem_t            *mem;
    unsigned char        *data;
    size_t                len;
    size_t                size;
    size_t                max;
    int                   rc;           /* LLM_OK, LLM_LIMIT, LLM_ERROR */
};

void llm_text_init(llm_text_t *t, llm_mem_t *mem, size_t max);
void llm_text_add(llm_text_t *t, const void *p, size_t n);
void llm_text_put(llm_text_t *t, const char *s);
void llm_text_str(llm_text_t *t, const llm_str_t *s);
void llm_text_number(llm_text_t *t, int64_t n);

/* a value in one line, as an event needs it: line ends are outside strings */

void llm_text_value(llm_text_t *t, const llm_str_t *value);

/* the text as the inside of a JSON string */

void llm_text_escape(llm_text_t *t, const llm_str_t *s);


/* a value as it is spelled, a string with its quotes; empty for NONE */

llm_str_t llm_form_raw(const llm_json_t *j, uint32_t node);

/* the inside of a string, its escapes as they are; empty for what is none */

llm_str_t llm_form_inside(const llm_json_t *j, uint32_t node);

int llm_form_same(const llm_str_t *one, const llm_str_t *two);

/* there is a value of this type */

int llm_form_is(const llm_json_t *j, uint32_t node, unsigned type);


/*
 * Members that are carried along: nobody here knows them, and who asks gets
 * them as they came.  Null and {} are as good as nothing; a second value that
 * differs from the first is LLM_DECLINED, since only its maker knows what the
 * two are together.
 */

typedef struct llm_extra_s  llm_extra_t;

struct llm_extra_s {
    llm_str_t             name;         /* inside of the string */
    llm_str_t             value;
    llm_extra_t          *next;
};

int llm_extra_keep(llm_extra_t **list, llm_mem_t *mem, const llm_json_t *j,
    uint32_t key);

/*
 * The same, but that a later value takes the place of the former, and that null
 * is kept until there is a value.
 */

int llm_extra_set(llm_extra_t **list, llm_mem_t *mem, const llm_json_t *j,
    uint32_t key);

/* ,"name":value of each, in one line */

void llm_extra_write(llm_text_t *t, const llm_extra_t *list);

/*
 * The members of an object: values[i] is that of names[i] or LLM_JSON_NONE.
 * All others go to the list; where list is NULL only null may stand there.
 * LLM_OK, LLM_DECLINED (also for what is no object, and for a name that comes
 * twice), LLM_ERROR.
 */

int llm_form_members(const llm_json_t *j, uint32_t obj,
    const char * const *names, unsigned n, uint32_t *values,
    llm_extra_t **list, llm_mem_t *mem);


/*
 * An object as it is, in one line, but that some members have other values or,
 * where value is NULL, are left out.
 */

typedef struct {
    const char           *name;         /* NULL ends the list */
    const char           *value;
} llm_form_swap_t;

void llm_form_object(llm_text_t *t, const llm_json_t *j, uint32_t obj,
    const llm_form_swap_t *swap);


/*
 * The events of a stream that is there as a whole.  The text, and what of it is
 * noted, stays where it is until the memory goes; the nodes do not.  j is NULL
 * for what is no JSON; start and end are the event's place in the body.
 */

typedef struct {
    llm_str_t             type;
    llm_str_t             text;
    const llm_json_t     *j;
    size_t                start;
    size_t                end;
} llm_form_event_t;

typedef int (*llm_form_event_pt)(void *data, const llm_form_event_t *e);

/* LLM_OK, what the handler returned, LLM_DECLINED, LLM_ERROR */

int llm_form_events(const llm_str_t *body, llm_mem_t *mem,
    llm_form_event_pt handler, void *data);

/* what some send behind the last event: [DONE] */

int llm_form_done(const llm_form_event_t *e);

/* a document: an object, or an array where that is set; LLM_DECLINED */

int llm_form_document(const llm_str_t *body, llm_mem_t *mem, llm_json_t *j,
    unsigned array);


#endif /* _LLM_FORM_H_INCLUDED_ */
