
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _PRICE_MAPS_H_INCLUDED_
#define _PRICE_MAPS_H_INCLUDED_


/*
 * Rows of a price map, with ' for ", and usages as text: "in=1000 cached=400".
 * A row of the configuration is written as it would be there.
 */

#include "price_fixture.h"


#define M   1000000LL                    /* 1 USD per million, in pico-USD */
#define USD 1000000000000LL
#define CENT (USD / 100)

#define D  LLM_TIER_DEFAULT
#define F  LLM_TIER_FLEX
#define P  LLM_TIER_PRIORITY
#define U  LLM_TIER_ULTRAFAST
#define B  LLM_TIER_BATCH
#define E  LLM_TIER_DECISION

#define UNKNOWN  -1


/* 1, 4 USD; a read 0.1, writes 1.25, 2; everything else above 200,000 */

#define STEPS                                                                 \
    "'input_cost_per_token':1e-6,'output_cost_per_token':4e-6,"               \
    "'cache_read_input_token_cost':1e-7,"                                     \
    "'cache_creation_input_token_cost':1.25e-6,"                              \
    "'cache_creation_input_token_cost_above_1hr':2e-6,"                       \
    "'input_cost_per_token_above_200k_tokens':2e-6,"                          \
    "'output_cost_per_token_above_200k_tokens':6e-6,"                         \
    "'cache_read_input_token_cost_above_200k_tokens':2e-7,"                   \
    "'cache_creation_input_token_cost_above_200k_tokens':2.5e-6,"             \
    "'cache_creation_input_token_cost_above_1hr_above_200k_tokens':4e-6"

#define XAI                                                                   \
    "'input_cost_per_token':3e-6,'output_cost_per_token':15e-6,"              \
    "'input_cost_per_token_above_128k_tokens':6e-6,"                          \
    "'output_cost_per_token_above_128k_tokens':30e-6,"                        \
    "'litellm_provider':'xai'"

#define TWO                                                                   \
    "'input_cost_per_token':1e-6,'output_cost_per_token':2e-6,"               \
    "'input_cost_per_token_above_100_tokens':3e-6,"                           \
    "'input_cost_per_token_above_1k_tokens':5e-6,"                            \
    "'output_cost_per_token_above_1k_tokens':7e-6"

/* a list of ranges; the first one is the row */

#define RANGES                                                                \
    "'tiered_pricing':["                                                      \
    "{'range':[0,32000],'input_cost_per_token':1e-6,"                         \
    "'output_cost_per_token':5e-6},"                                          \
    "{'range':[32000,128000],'input_cost_per_token':2e-6,"                    \
    "'output_cost_per_token':8e-6,'output_cost_per_reasoning_token':9e-6,"    \
    "'cache_read_input_token_cost':5e-7},"                                    \
    "{'range':[128000,256000],'input_cost_per_token':4e-6,"                   \
    "'output_cost_per_token':12e-6}]"

/* flex half, priority double, and what each of them leaves out */

#define DECIDED                                                               \
    "'input_cost_per_token':2e-6,'output_cost_per_token':8e-6,"               \
    "'output_cost_per_token_decisions':0,"                                    \
    "'input_cost_per_token_above_1000_tokens':5e-6,"                          \
    "'input_cost_per_token_above_1000_tokens_decisions':6e-6"

#define TIERS                                                                 \
    "'input_cost_per_token':2e-6,'output_cost_per_token':8e-6,"               \
    "'cache_read_input_token_cost':5e-7,"                                     \
    "'input_cost_per_token_flex':1e-6,'output_cost_per_token_flex':4e-6,"     \
    "'input_cost_per_token_priority':4e-6,"                                   \
    "'output_cost_per_token_priority':16e-6,"                                 \
    "'cache_read_input_token_cost_priority':1e-6,"                            \
    "'input_cost_per_token_ultrafast':10e-6,"                                 \
    "'input_cost_per_token_above_272k_tokens':3e-6,"                          \
    "'output_cost_per_token_above_272k_tokens':12e-6,"                        \
    "'input_cost_per_token_above_272k_tokens_priority':6e-6"

#define BATCHES                                                               \
    "'input_cost_per_token':2e-6,'output_cost_per_token':8e-6,"               \
    "'cache_read_input_token_cost':5e-7,"                                     \
    "'input_cost_per_token_batches':0.9e-6,"                                  \
    "'output_cost_per_token_batches':3.5e-6"

#define NO_BATCHES                                                            \
    "'input_cost_per_token':3e-6,'output_cost_per_token':15e-6,"              \
    "'cache_read_input_token_cost':3e-7,"                                     \
    "'cache_creation_input_token_cost':3.75e-6,"                              \
    "'cache_creation_input_token_cost_above_1hr':6e-6"

/* caches of three lifetimes */

#define DAY                                                                   \
    "'input_cost_per_token':5e-6,'output_cost_per_token':30e-6,"              \
    "'cache_read_input_token_cost':5e-7,"                                     \
    "'cache_creation_input_token_cost':6.25e-6,"                              \
    "'cache_creation_input_token_cost_above_1hr':10e-6,"                      \
    "'cache_creation_input_token_cost_above_12hr':12e-6,"                     \
    "'cache_creation_input_token_cost_above_12hr_flex':6e-6"

/* speech, pictures and video by the token */

#define MEDIA                                                                 \
    "'input_cost_per_token':4e-6,'output_cost_per_token':16e-6,"              \
    "'input_cost_per_audio_token':32e-6,'input_cost_per_image_token':5e-6,"   \
    "'input_cost_per_video_token':8e-6,"                                      \
    "'cache_read_input_token_cost':4e-7,"                                     \
    "'cache_read_input_audio_token_cost':6e-7,"                               \
    "'cache_read_input_image_token_cost':5e-7,"                               \
    "'output_cost_per_audio_token':64e-6,"                                    \
    "'output_cost_per_image_token':40e-6,"                                    \
    "'output_cost_per_video_token':50e-6"

#define REPEATED                                                              \
    "'input_cost_per_token':1e-6,'output_cost_per_token':4e-6,"               \
    "'input_cost_per_image_token':1e-6,'input_cost_per_audio_token':3e-6,"    \
    "'output_cost_per_audio_token':4e-6,"                                     \
    "'input_cost_per_token_above_200k_tokens':2e-6,"                          \
    "'output_cost_per_token_above_200k_tokens':8e-6,"                         \
    "'input_cost_per_token_priority':2e-6,"                                   \
    "'output_cost_per_token_priority':8e-6,"                                  \
    "'input_cost_per_token_flex':5e-7,'input_cost_per_token_batches':8e-7"

#define REASONING                                                             \
    "'input_cost_per_token':1e-6,'output_cost_per_token':4e-6,"               \
    "'output_cost_per_reasoning_token':6e-6,"                                 \
    "'output_cost_per_token_flex':2e-6,"                                      \
    "'output_cost_per_reasoning_token_priority':12e-6"

#define SPEECH                                                                \
    "'input_cost_per_character':15e-6,'mode':'audio_speech'"

#define OLD_VERTEX                                                            \
    "'input_cost_per_character':2e-6,'output_cost_per_character':5e-6,"       \
    "'input_cost_per_token':9e-6,'output_cost_per_token':9e-6,"               \
    "'input_cost_per_character_above_128k_tokens':4e-6,"                      \
    "'input_cost_per_audio_per_second':3e-5,"                                 \
    "'input_cost_per_video_per_second':6e-4,'input_cost_per_image':2e-3"

#define WHISPER                                                               \
    "'input_cost_per_second':1e-4,'output_cost_per_second':1e-4,"             \
    "'mode':'audio_transcription'"

#define TRANSCRIBE                                                            \
    "'input_cost_per_second':1e-4,'input_cost_per_token':2.5e-6,"             \
    "'input_cost_per_audio_token':6e-6,'output_cost_per_token':10e-6,"        \
    "'mode':'audio_transcription'"

#define VIDEO                                                                 \
    "'output_cost_per_second':0.1,'output_cost_per_second_4k':0.3,"           \
    "'mode':'video_generation'"

#define MACHINE                                                               \
    "'input_cost_per_second':4e-4,'output_cost_per_second':4e-4,"             \
    "'mode':'chat'"

#define DALLE                                                                 \
    "'input_cost_per_image':0.04,'output_cost_per_token':0,"                  \
    "'mode':'image_generation'"

#define PIXELS                                                                \
    "'input_cost_per_pixel':1.9e-8,'output_cost_per_token':0,"                \
    "'mode':'image_generation'"

#define GPT_IMAGE                                                             \
    "'input_cost_per_token':5e-6,'input_cost_per_image_token':10e-6,"         \
    "'cache_read_input_token_cost':1.25e-6,"                                  \
    "'cache_read_input_image_token_cost':2.5e-6,"                             \
    "'output_cost_per_image_token':40e-6,'mode':'image_generation'"

#define GEMINI_IMAGE                                                          \
    "'input_cost_per_token':2e-6,'output_cost_per_token':12e-6,"              \
    "'output_cost_per_image':0.134,'output_cost_per_image_token':120e-6"

#define OCR                                                                   \
    "'ocr_cost_per_page':4e-3,'annotation_cost_per_page':5e-3,"               \
    "'ocr_cost_per_page_batches':2e-3,'mode':'ocr'"

#define RERANK                                                                \
    "'input_cost_per_query':2e-3,'input_cost_per_token':0,"                   \
    "'output_cost_per_token':0,'mode':'rerank'"

/* tools: sizes of searches, and every other call */

#define TOOLS                                                                 \
    "'input_cost_per_token':1e-6,'output_cost_per_token':2e-6,"               \
    "'search_context_cost_per_query':{'search_context_size_low':0.006,"       \
    "'search_context_size_medium':0.01,'search_context_size_high':0.014},"    \
    "'google_maps_grounding_cost_per_query':0.025,"                           \
    "'file_search_cost_per_1k_calls':2.5,"                                    \
    "'code_interpreter_cost_per_session':0.03"

#define ONE_SIZE                                                              \
    "'input_cost_per_token':1e-6,'output_cost_per_token':2e-6,"               \
    "'search_context_cost_per_query':{'search_context_size_low':0.005,"       \
    "'search_context_size_high':0.008}"

#define GEMINI_2                                                              \
    "'input_cost_per_token':1e-6,'output_cost_per_token':2e-6,"               \
    "'search_context_cost_per_query':{'search_context_size_medium':0.035},"   \
    "'litellm_provider':'gemini'"

#define GEMINI_3  GEMINI_2 ",'web_search_billing_unit':'per_query'"

#define PER_PROMPT                                                            \
    "'input_cost_per_token':1e-6,'output_cost_per_token':2e-6,"               \
    "'search_context_cost_per_query':{'search_context_size_medium':0.035},"   \
    "'web_search_billing_unit':'per_prompt'"

#define DEEP                                                                  \
    "'input_cost_per_token':2e-6,'output_cost_per_token':8e-6,"               \
    "'output_cost_per_reasoning_token':3e-6,'citation_cost_per_token':2e-6,"  \
    "'search_context_cost_per_query':{'search_context_size_medium':0.005},"   \
    "'input_cost_per_request':0.001"

/* surcharges on tokens, not on tools */

#define CLAUDE                                                                \
    "'input_cost_per_token':5e-6,'output_cost_per_token':25e-6,"              \
    "'cache_read_input_token_cost':5e-7,"                                     \
    "'cache_creation_input_token_cost':6.25e-6,"                              \
    "'search_context_cost_per_query':{'search_context_size_medium':0.01},"    \
    "'provider_specific_entry':{'us':1.1,'fast':2,'note':'none'}"

#define HOSTS                                                                 \
    "'input_cost_per_token':1e-6,'output_cost_per_token':10e-6,"              \
    "'regional_processing_uplift_multiplier_eu':1.1,"                         \
    "'regional_processing_uplift_multiplier_us':1.05,"                        \
    "'fedramp_uplift_multiplier':1.2"

#define VERTEX                                                                \
    "'input_cost_per_token':1e-6,'output_cost_per_token':10e-6,"              \
    "'regional_endpoint_uplift_multiplier':1.1"

#define EUROPE                                                                \
    "'input_cost_per_token':1e-6,'output_cost_per_token':10e-6,"              \
    "'provider_specific_entry':{'us':1.2,'eu':1.5}"

/* voices and films by the second that comes */

#define VOICE                                                                 \
    "'output_cost_per_second':0.0005,'mode':'audio_speech'"

#define FILM                                                                  \
    "'input_cost_per_token':1e-6,'output_cost_per_token':2e-6,"               \
    "'output_cost_per_video_per_second':0.35,"                                \
    "'output_cost_per_audio_per_second':0.002"

#define SIGHT                                                                 \
    "'input_cost_per_token':1e-6,'output_cost_per_token':2e-6,"               \
    "'input_cost_per_pixel':5e-9"

/* what only the configuration has a price for */

#define CALLS  "input=1 output=2 web_fetch=0.01 tool_call=0.002 search=0.03"

#define OWN                                                                   \
    "input=3 output=15 cached_input=0.3 cache_write=3.75 cache_write_1h=6 "   \
    "input_above_200k=6 output_above_200k=22.5 output_priority=18 "           \
    "output_above_200k_priority=27 input_batch=1 request=0.0005"

/* from 16:30 to 00:30, every day */

#define NIGHTS                                                                \
    "'input_cost_per_token':0.28e-6,'output_cost_per_token':1.1e-6,"          \
    "'cache_read_input_token_cost':7e-8,"                                     \
    "'output_cost_per_token_batches':0.5e-6,"                                 \
    "'off_peak_pricing':{'hours_utc':'16:30-00:30',"                          \
    "'input_cost_per_token':0.14e-6,'output_cost_per_token':0.55e-6}"

/* some hours of working days, and whole weekends */

#define WEEKENDS                                                              \
    "'input_cost_per_token':3e-7,'output_cost_per_token':12e-7,"              \
    "'off_peak_pricing':{'input_cost_per_token':1.5e-7,"                      \
    "'output_cost_per_token':6e-7,'windows':["                                \
    "{'hours_utc':['00:00-01:00','04:00-06:00','10:00-00:00'],"               \
    "'weekdays':[1,2,3,4,5]},"                                                \
    "{'hours_utc':'00:00-00:00','weekdays':['Sat','sunday']}]}"

/* the same days, on a calendar that is 8 hours ahead */

#define SHANGHAI                                                              \
    "'input_cost_per_token':4e-6,'output_cost_per_token':4e-6,"               \
    "'off_peak_pricing':{'input_cost_per_token':1e-6,'windows':["             \
    "{'hours_utc':'00:00-00:00','weekdays':[6]}],"                            \
    "'weekday_timezone':'Asia/Shanghai'}"


/* Monday, 2026-11-23, at an hour */

#define MONDAY  "1795392000"


static const llm_usage_t  unknown = LLM_USAGE_INIT;


static inline int
check_time(llm_price_terms_t *terms, const char *name, int64_t v)
{
    if (strcmp(name, "at") == 0) {
        terms->when = v;

    } else if (strcmp(name, "hours") == 0) {
        terms->when += v * 3600;

    } else if (strcmp(name, "minutes") == 0) {
        terms->when += v * 60;

    } else if (strcmp(name, "host") == 0) {
        terms->host = (llm_geo_e) v;

    } else {
        return 0;
    }

    return 1;
}


/* what the text names, over what u says */

static inline void
read_kind(const char *text, llm_usage_t *u, llm_price_terms_t *terms)
{
    char     *p, *eq, *save, buf[256];
    int64_t   v;

    snprintf(buf, sizeof(buf), "%s", text);

    for (p = strtok_r(buf, " ", &save); p; p = strtok_r(NULL, " ", &save)) {

        eq = strchr(p, '=');
        assert_non_null(eq);
        *eq = '\0';

        v = strtoll(eq + 1, NULL, 10);

        if (!check_time(terms, p, v)) {
            *usage_figure(u, p) = v;
        }
    }
}


static inline void
load_row(prices_t *t, const char *row)
{
    char  *p, map[2048];

    prices_init(t);

    if (row[0] != '\'') {

        if (prices_add(t, "m", row) != LLM_OK) {
            fail_msg("%s: %s", row, t->err);
        }

        return;
    }

    snprintf(map, sizeof(map), "{'m':{%s}}", row);

    for (p = map; *p; p++) {
        if (*p == '\'') {
            *p = '"';
        }
    }

    if (prices_load(t, map) != LLM_OK) {
        fail_msg("%s: %s", row, t->err);
    }
}


#endif /* _PRICE_MAPS_H_INCLUDED_ */
