
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_JSON_FORM_H_INCLUDED_
#define _LLM_JSON_FORM_H_INCLUDED_


/*
 * The form of a text that has been parsed: all of it but the insides of some
 * values, the holes: strings, and counters, which are digits.  A text that
 * equals the form byte for byte, with some valid value in place of each hole,
 * is JSON with the same nodes, types and values, only those are others.  White
 * space between the brackets at the end may differ: some pad with it.
 *
 *   {"id":7,"delta":{"content":"Hel"},"usage":null}      parsed, made a form
 *   {"id":7,"delta":{"content":"lo "},"usage":null}      matches, not parsed
 *
 * The events of a stream are such texts.  Whoever has read one event needs
 * nothing of the next but its holes; comparing takes a small part of the time
 * that parsing does.
 */

#include "llm_json.h"


#define LLM_JSON_FORM_TEXT   1024       /* bytes that are not in holes */
#define LLM_JSON_FORM_HOLES  8
#define LLM_JSON_FORM_TAIL   16         /* brackets at the end, at most */


typedef struct {
    unsigned              n;                          /* holes */
    unsigned              len[LLM_JSON_FORM_HOLES + 1];  /* around them */
    unsigned              ntail;
    unsigned char         number[LLM_JSON_FORM_HOLES];   /* hole is digits */
    unsigned char         tail[LLM_JSON_FORM_TAIL];      /* from the end */
    unsigned char         text[LLM_JSON_FORM_TEXT];
} llm_json_form_t;


/* what is in a hole, in the text; escapes are not resolved */

typedef struct {
    llm_str_t             text;
    unsigned              escaped;
} llm_json_hole_t;


/*
 * The form of a document with holes at n nodes: strings and counters that are
 * values, in ascending order.  LLM_OK, or LLM_DECLINED where it would be too
 * large; f is then as it was.
 */

int llm_json_form_make(llm_json_form_t *f, const llm_json_t *j,
    const uint32_t *nodes, unsigned n);

/* 1 if the text has the form; holes has room for LLM_JSON_FORM_HOLES */

int llm_json_form_match(const llm_json_form_t *f, const llm_str_t *text,
    llm_json_hole_t *holes);

/*
 * The nodes of strings and counters, in ascending order, whose key is one of
 * names (NULL ends them), wherever they are, or that are among the have nodes.
 * Returns their number, or max + 1 where there are more than max.
 */

unsigned llm_json_form_holes(const llm_json_t *j, const char * const *names,
    const uint32_t *have, unsigned nhave, uint32_t *nodes, unsigned max);


#endif /* _LLM_JSON_FORM_H_INCLUDED_ */
