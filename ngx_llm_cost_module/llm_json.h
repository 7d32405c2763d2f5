
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_JSON_H_INCLUDED_
#define _LLM_JSON_H_INCLUDED_


/*
 * A bounded, strict (RFC 8259) JSON scanner.  One pass over the text writes a
 * flat array of nodes in document order; no value is copied, every node knows
 * its bytes, so that a request can be spliced and hashed in place.
 *
 *   {"a":[1,2]}   ->   0 OBJECT  next 5
 *                      1 STRING "a" (the key)  next 2
 *                      2 ARRAY   next 5
 *                      3 NUMBER 1   4 NUMBER 2
 *
 * Children of the container i start at i + 1; the next sibling of a node n is
 * n.next; the container ends where the walk reaches its own next.  In an
 * object keys and values alternate.
 *
 * Refused: anything after the value, depth above LLM_JSON_DEPTH, more nodes
 * than the limit, invalid UTF-8, unescaped control characters, numbers that
 * the grammar does not know, lone surrogate escapes are accepted (Python and
 * JavaScript clients send them) and read as U+FFFD.
 */

#include "llm_core.h"

#include <string.h>


#define LLM_JSON_DEPTH       128

#define LLM_JSON_OBJECT      1
#define LLM_JSON_ARRAY       2
#define LLM_JSON_STRING      3
#define LLM_JSON_NUMBER      4
#define LLM_JSON_TRUE        5
#define LLM_JSON_FALSE       6
#define LLM_JSON_NULL        7

#define LLM_JSON_NONE        UINT32_MAX         /* "no such node" */


typedef struct {
    uint32_t          start;     /* first byte; of a string: after the quote */
    uint32_t          end;       /* after the last; of a string: the quote */
    uint32_t          next;      /* node after this value and its children */
    uint8_t           type;
    uint8_t           escaped;   /* string holds at least one backslash */
    uint16_t          depth;
} llm_json_node_t;


typedef struct {
    const unsigned char  *data;
    size_t                len;
    llm_json_node_t      *nodes;
    uint32_t              n;
    uint32_t              max;       /* bound on n; 0: one per two bytes */
    uint32_t              size;      /* nodes allocated */
    llm_mem_t            *mem;

    /* of a failure */
    const char           *err;       /* static text: "unexpected character" */
    size_t                err_pos;   /* byte offset */
} llm_json_t;


/*
 * LLM_OK, LLM_BAD (err, err_pos), LLM_LIMIT (err), LLM_ERROR (no memory).
 * A fresh llm_json_t is all zero but for mem (and max).  One that is used
 * again keeps its nodes, so that parsing event after event allocates once.
 */

int llm_json_parse(llm_json_t *j, const unsigned char *data, size_t len);

/*
 * A node, its type, and the node after it.  Where there is no such node it is
 * one without bytes, and both are 0, so that a walk over the children of none
 * ends before it begins.  What was looked up is read by these alone; an index
 * into nodes[] is for walks, whose bounds are known.
 */

extern const llm_json_node_t  llm_json_none;


static inline const llm_json_node_t *
llm_json_node(const llm_json_t *j, uint32_t node)
{
    return node < j->n ? &j->nodes[node] : &llm_json_none;
}


static inline unsigned
llm_kind_of(const llm_json_t *j, uint32_t node)
{
    return llm_json_node(j, node)->type;
}


/* bytes as it is written, a string without its quotes */

static inline size_t
llm_json_size(const llm_json_t *j, uint32_t node)
{
    return llm_json_node(j, node)->end - llm_json_node(j, node)->start;
}


static inline uint32_t
llm_json_next(const llm_json_t *j, uint32_t node)
{
    return llm_json_node(j, node)->next;
}


/*
 * Value node of a key in the object at index obj, or LLM_JSON_NONE; the last
 * of several, as most readers of JSON have it.  Here and below a node may be
 * LLM_JSON_NONE: it has no members, is no text and no number.
 */

uint32_t llm_json_member(const llm_json_t *j, uint32_t obj, const char *key,
    size_t len);


/* the length of a name that is written out is a constant here */

static inline uint32_t
llm_json_get(const llm_json_t *j, uint32_t obj, const char *key)
{
    return llm_json_member(j, obj, key, strlen(key));
}


/*
 * Several members in one pass: values[i] is the value node of names[i] or
 * LLM_JSON_NONE.  Returns the first name that occurs twice, or NULL.
 */

const char *llm_json_fields(const llm_json_t *j, uint32_t obj,
    const char * const *names, unsigned n, uint32_t *values);

/*
 * The same where there are many names and many objects: names are in the order
 * of their lengths, first[] is the first of each length, or n where there is
 * none, up to the longest.  Returns how many members there are.
 */

typedef struct {
    const llm_str_t      *names;
    const unsigned char  *first;
    unsigned              n;
    unsigned              longest;
} llm_json_names_t;

size_t llm_json_members(const llm_json_t *j, uint32_t obj,
    const llm_json_names_t *names, uint32_t *values);

/*
 * One of the names that a key of the object is but for the case of its letters
 * (which readers in Go and .NET pass over), or NULL.
 */

const char *llm_json_miscased(const llm_json_t *j, uint32_t obj,
    const char * const *names, unsigned n);

/* the key occurs more than once in the object (refused for metered fields) */

int llm_json_duplicate(const llm_json_t *j, uint32_t obj, const char *key);

/* the string equals the text, or begins with it, escapes resolved */

int llm_json_is(const llm_json_t *j, uint32_t node, const char *text,
    size_t len);
int llm_json_begins(const llm_json_t *j, uint32_t node, const char *text,
    size_t len);


static inline int
llm_json_equal(const llm_json_t *j, uint32_t node, const char *text)
{
    return llm_json_is(j, node, text, strlen(text));
}


static inline int
llm_json_starts(const llm_json_t *j, uint32_t node, const char *text)
{
    return llm_json_begins(j, node, text, strlen(text));
}


/* two strings are the same, however they are written; also of two texts */

int llm_json_alike(const llm_json_t *j, uint32_t one, uint32_t two);
int llm_json_alike_of(const llm_json_t *j, uint32_t one,
    const llm_json_t *other, uint32_t two);

/*
 * The string with its escapes resolved.  Without escapes it points into the
 * document; otherwise it is decoded into memory of j->mem (or into buf, if buf
 * is not NULL, which must hold end - start bytes).  LLM_OK, LLM_BAD and an
 * empty text where there is no node, LLM_ERROR.
 */

int llm_json_string(const llm_json_t *j, uint32_t node, llm_str_t *s,
    unsigned char *buf);

/*
 * Any UTF-8 text as the inside of a JSON string; what is not UTF-8 becomes
 * U+FFFD.  Returns the length; buf NULL: only that.
 */

size_t llm_json_escape(unsigned char *buf, const llm_str_t *text);

/*
 * A number as an exact integer: "1", "1.0", "1e3" and "-0" are integers, "1.5"
 * is LLM_BAD, out of int64 is LLM_LIMIT (with *v clamped to INT64_MAX or MIN).
 */

int llm_json_int(const llm_json_t *j, uint32_t node, int64_t *v);

/* same on text: also used for numbers sent as strings and for price maps */

int llm_parse_int(const unsigned char *p, size_t len, int64_t *v);

/*
 * A decimal number scaled by 10^scale, exact; with digits left over it is
 * rounded up (away from zero): "3e-7", scale 12 -> 300000.  LLM_BAD, LLM_LIMIT.
 */

int llm_parse_scaled(const unsigned char *p, size_t len, int scale,
    int64_t *v);


#endif /* _LLM_JSON_H_INCLUDED_ */
