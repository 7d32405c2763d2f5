
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_VIDEO_H_INCLUDED_
#define _LLM_VIDEO_H_INCLUDED_


/*
 * Video that is made, by the second: xAI's in the OpenAI dialect, Veo in the
 * Gemini dialect.  What it costs is known when it is asked for; work goes on in
 * the background, and whoever asks for it is told whether it was made.
 */

#include "llm_dialect.h"


int llm_video_xai_parse(llm_request_t *q);
int llm_video_xai_answer(llm_answer_t *a, const llm_json_t *j);

int llm_video_veo_parse(llm_request_t *q);
int llm_video_veo_answer(llm_answer_t *a, const llm_json_t *j);

/* the tokens of what was said: no list has a price for them */

int llm_video_count(llm_request_t *q, llm_counter_t *c);


#endif /* _LLM_VIDEO_H_INCLUDED_ */
