
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_AUDIO_H_INCLUDED_
#define _LLM_AUDIO_H_INCLUDED_


/*
 * How long a recording is, from the bytes of its file: WAV, MP3, FLAC, Ogg
 * (Opus, Vorbis) and MP4 say it.  What a file claims is taken for no less than
 * its bytes can be at LLM_AUDIO_RATE_MAX.
 */

#include "llm_core.h"


/* bits a millisecond */

#define LLM_AUDIO_RATE_MIN   6          /* the least that Opus is made for */
#define LLM_AUDIO_RATE_MAX   3072       /* 48 kHz, two channels of 32 bits */


/*
 * Milliseconds.  exact is 1 where the file says them; otherwise they are the
 * most that so many bytes can be, at LLM_AUDIO_RATE_MIN.
 */

int64_t llm_audio_ms(const unsigned char *p, size_t len, unsigned *exact);

/* that most, of a file of so many bytes that cannot be seen */

int64_t llm_audio_most(size_t len);


#endif /* _LLM_AUDIO_H_INCLUDED_ */
