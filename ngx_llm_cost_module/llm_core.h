
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_CORE_H_INCLUDED_
#define _LLM_CORE_H_INCLUDED_


/*
 * What every pure file of the module shares.  Nothing here knows nginx; a
 * llm_str_t has the layout of an ngx_str_t, so that glue code may cast.
 */

#include <stddef.h>
#include <stdint.h>


typedef struct {
    size_t           len;
    unsigned char   *data;
} llm_str_t;


#define llm_string(s)        { sizeof(s) - 1, (unsigned char *) s }
#define llm_str_set(p, s)                                                     \
    (p)->len = sizeof(s) - 1; (p)->data = (unsigned char *) s


/*
 * Memory comes from whoever calls: an nginx pool or malloc in tests.  Nothing
 * is given back one by one; all of it dies with the caller's pool.
 */

typedef struct {
    void           *(*alloc)(void *ctx, size_t size);
    void            *ctx;
} llm_mem_t;


#define llm_alloc(m, size)   (m)->alloc((m)->ctx, size)


/* a letter of ASCII in lower case, any other byte as it is */

static inline unsigned char
llm_lower(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') ? c | 0x20 : c;
}


/* 1: the n bytes at p are text, in letters of any case; text has small ones */

static inline int
llm_lower_equal(const unsigned char *p, const char *text, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (llm_lower(p[i]) != (unsigned char) text[i]) {
            return 0;
        }
    }

    return 1;
}


/* results of pure functions; anything below zero is a failure */

#define LLM_OK               0
#define LLM_ERROR           -1    /* no memory, or our own fault */
#define LLM_BAD             -2    /* the input is wrong; err says where */
#define LLM_LIMIT           -3    /* a stated bound was passed */
#define LLM_DECLINED        -4    /* not found, or not mine */


/* money: nano-USD for amounts, pico-USD for rates; -1 where unknown */

#define LLM_NANO             1000000000LL
#define LLM_NANO_MAX         9000000000000000LL     /* 9,000,000 USD */

typedef __int128             llm_int128_t;


/*
 * What a request may ask of a model beyond text in and text out, and what a
 * row of the price map says that a model can.
 */

#define LLM_ABLE_TOOLS       0x01
#define LLM_ABLE_IMAGES      0x02
#define LLM_ABLE_AUDIO_IN    0x04
#define LLM_ABLE_AUDIO_OUT   0x08
#define LLM_ABLE_FILES       0x10
#define LLM_ABLE_SCHEMA      0x20
#define LLM_ABLE_REASONING   0x40
#define LLM_ABLE_SEARCH      0x80


#endif /* _LLM_CORE_H_INCLUDED_ */
