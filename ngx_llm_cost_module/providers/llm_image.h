
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_IMAGE_H_INCLUDED_
#define _LLM_IMAGE_H_INCLUDED_


#include "llm_dialect.h"


/*
 * The size of a picture, from its first bytes (PNG, JPEG, GIF, WebP) without
 * decoding it; 0 by 0 where it cannot be seen.
 */

void llm_image_base64(const llm_str_t *data, uint32_t *w, uint32_t *h);

/*
 * Of an address "data:TYPE;base64,..." what is behind the comma; 0: it is
 * another, and stays.
 */

int llm_image_inline(llm_str_t *url);


/*
 * Models see a picture in square patches.  One that is larger than a model
 * takes is made smaller until its longer side and the number of patches that
 * cover it fit.
 */

typedef struct {
    uint32_t             patch;           /* pixels of its side */
    uint32_t             side;            /* pixels of the longer one */
    uint32_t             patches;
} llm_image_fit_t;

/* patches of a picture whose size was seen */

int64_t llm_image_patches(uint32_t w, uint32_t h, const llm_image_fit_t *fit);


#endif /* _LLM_IMAGE_H_INCLUDED_ */
