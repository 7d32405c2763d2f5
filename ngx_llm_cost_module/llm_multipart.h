
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_MULTIPART_H_INCLUDED_
#define _LLM_MULTIPART_H_INCLUDED_


/*
 * The parts of a multipart/form-data body (RFC 7578), in place and in one
 * pass.  What is priced by a part must be what upstream reads there: anything
 * that two readers could take for two things is refused.
 */

#include "llm_core.h"


#define LLM_MULTIPART_BOUNDARY   200     /* bytes of it */
#define LLM_MULTIPART_HEAD       8192    /* bytes of a part's header */
#define LLM_MULTIPART_PARTS      256


typedef struct {
    llm_str_t             name;
    llm_str_t             data;
    unsigned              file:1;        /* it has a file name */
} llm_part_t;


typedef struct {
    const unsigned char  *p;             /* behind a delimiter */
    const unsigned char  *last;
    unsigned char         delimiter[LLM_MULTIPART_BOUNDARY + 4];
    size_t                len;           /* of CRLF, "--" and the boundary */
    unsigned              parts;
    const char           *err;           /* of a failure: static text */
} llm_multipart_t;


/* the media type is multipart/form-data, with or without parameters: 1 */

int llm_multipart_is(const llm_str_t *type);

/* a body of this media type: LLM_OK, LLM_BAD with err */

int llm_multipart_init(llm_multipart_t *m, const llm_str_t *type,
    const llm_str_t *body);

/* LLM_OK, LLM_DECLINED: there is no other part, LLM_BAD with err */

int llm_multipart_next(llm_multipart_t *m, llm_part_t *part);


#endif /* _LLM_MULTIPART_H_INCLUDED_ */
