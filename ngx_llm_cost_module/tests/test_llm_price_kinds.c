
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What every kind of unit costs.  Rows are of a price map; what is expected is
 * written as the sum that a person would write down, tokens times USD per
 * million tokens (a millionth of a USD is M pico-USD), rounded up once.
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
    "'regional_processing_uplift_multiplier_us':1.05"

#define VERTEX                                                                \
    "'input_cost_per_token':1e-6,'output_cost_per_token':10e-6,"              \
    "'regional_endpoint_uplift_multiplier':1.1"

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


typedef struct {
    const char   *row;
    llm_tier_e    tier;
    const char   *usage;                 /* and terms: at=, host= */
    int64_t       pico;
} kind_t;


/* Monday, 2026-11-23, at an hour */

#define MONDAY  "1795392000"


static const kind_t  kinds[] = {

    /* steps: the whole request moves with the first token above */

    { STEPS, D, "in=200000 out=1000", 200000 * M + 1000 * 4 * M },
    { STEPS, D, "in=200001 out=1000", 200001 * 2 * M + 1000 * 6 * M },
    { STEPS, D, "in=199999 out=0", 199999 * M },
    { STEPS, D, "in=300000 out=10 cached=100000",
      200000 * 2 * M + 100000 * M / 5 + 10 * 6 * M },
    { STEPS, D, "in=300000 out=0 write=300000", 300000 * 5 * M / 2 },
    { STEPS, D, "in=300000 out=0 hour=300000", 300000 * 4 * M },
    { STEPS, D, "in=300000 out=0 cached=100000 write=50000 hour=50000",
      100000 * M / 5 + 50000 * 5 * M / 2 + 50000 * 4 * M + 100000 * 2 * M },
    { STEPS, D, "in=100000 out=0 cached=50000 write=20000 hour=10000",
      50000 * M / 10 + 20000 * 5 * M / 4 + 10000 * 2 * M + 20000 * M },
    { STEPS, D, "in=200000 out=0 cached=200000", 200000 * M / 10 },
    { STEPS, D, "in=200001 out=0 cached=200001", 200001 * M / 5 },
    { STEPS, D, "in=0 out=500000", 500000 * 4 * M },
    { STEPS, D, "out=1", UNKNOWN },
    { STEPS, B, "in=200001 out=2", 200001 * M + 2 * 3 * M },
    { STEPS, F, "in=200001 out=2", 200001 * 2 * M + 2 * 6 * M },
    { XAI, D, "in=127999 out=10", 127999 * 3 * M + 10 * 15 * M },
    { XAI, D, "in=128000 out=10", 128000 * 6 * M + 10 * 30 * M },
    { XAI, D, "in=128001 out=10", 128001 * 6 * M + 10 * 30 * M },
    { TWO, D, "in=100 out=1", 100 * M + 2 * M },
    { TWO, D, "in=101 out=1", 101 * 3 * M + 2 * M },
    { TWO, D, "in=1000 out=1", 1000 * 3 * M + 2 * M },
    { TWO, D, "in=1001 out=1", 1001 * 5 * M + 7 * M },
    { RANGES, D, "in=32000 out=10", 32000 * M + 10 * 5 * M },
    { RANGES, D, "in=32001 out=10", 32001 * 2 * M + 10 * 8 * M },
    { RANGES, D, "in=32001 out=10 reasoning=4",
      32001 * 2 * M + 6 * 8 * M + 4 * 9 * M },
    { RANGES, D, "in=128000 out=1", 128000 * 2 * M + 8 * M },
    { RANGES, D, "in=128001 out=1", 128001 * 4 * M + 12 * M },
    { RANGES, D, "in=999999 out=1", 999999 * 4 * M + 12 * M },
    { RANGES, D, "in=40000 out=0 cached=10000",
      30000 * 2 * M + 10000 * M / 2 },
    { RANGES, D, "in=100 out=0 cached=10", 100 * M },
    { RANGES, D, "in=1 out=1", M + 5 * M },

    /* service tiers: each rate of the tier, else the plain one */

    { TIERS, D, "in=1000 out=100", 1000 * 2 * M + 100 * 8 * M },
    { TIERS, F, "in=1000 out=100", 1000 * M + 100 * 4 * M },
    { TIERS, P, "in=1000 out=100", 1000 * 4 * M + 100 * 16 * M },
    { TIERS, U, "in=1000 out=100", 1000 * 10 * M + 100 * 8 * M },
    { TIERS, F, "in=1000 out=0 cached=400", 600 * M + 400 * M / 2 },
    { TIERS, P, "in=1000 out=0 cached=400", 600 * 4 * M + 400 * M },
    { TIERS, U, "in=1000 out=0 cached=400", 600 * 10 * M + 400 * M / 2 },
    { TIERS, D, "in=1000 out=100 tier=1", 1000 * M + 100 * 4 * M },
    { TIERS, D, "in=1000 out=100 tier=2", 1000 * 4 * M + 100 * 16 * M },
    { TIERS, P, "in=1000 out=100 tier=0", 1000 * 2 * M + 100 * 8 * M },
    { TIERS, F, "in=1000 out=100 tier=0", 1000 * 2 * M + 100 * 8 * M },
    { TIERS, F, "in=1000 out=100 tier=4", 1000 * M + 100 * 4 * M },
    { TIERS, D, "in=272001 out=1", 272001 * 3 * M + 12 * M },
    { TIERS, P, "in=272001 out=1", 272001 * 6 * M + 12 * M },
    { TIERS, F, "in=272001 out=1", 272001 * 3 * M + 12 * M },
    { TIERS, B, "in=272001 out=2", 272001 * 3 * M / 2 + 2 * 6 * M },
    { TIERS, P, "in=272000 out=1", 272000 * 4 * M + 16 * M },

    /* batches: as listed, else half */

    { BATCHES, B, "in=1000 out=100", 1000 * 9 * M / 10 + 100 * 7 * M / 2 },
    { BATCHES, B, "in=1000 out=0 cached=400",
      600 * 9 * M / 10 + 400 * M / 4 },
    { BATCHES, D, "in=1000 out=100 tier=4",
      1000 * 9 * M / 10 + 100 * 7 * M / 2 },
    { BATCHES, B, "in=1000 out=100 tier=0", 1000 * 2 * M + 100 * 8 * M },
    { NO_BATCHES, B, "in=1000 out=1000",
      1000 * 3 * M / 2 + 1000 * 15 * M / 2 },
    { NO_BATCHES, B, "in=1000 out=0 cached=1000", 1000 * 3 * M / 20 },
    { NO_BATCHES, B, "in=1000 out=0 write=1000", 1000 * 15 * M / 8 },
    { NO_BATCHES, B, "in=1000 out=0 hour=1000", 1000 * 3 * M },
    { NO_BATCHES, B, "in=1000 out=0 cached=500 write=300 hour=200",
      500 * 3 * M / 20 + 300 * 15 * M / 8 + 200 * 3 * M },
    { MEDIA, B, "in=100 out=0 audio_input=100", 100 * 16 * M },
    { OCR, B, "pages=3", 3 * CENT / 5 },
    { OCR, B, "pages=3 pages_annotated=1", 2 * CENT / 5 + CENT / 2 },
    { TOOLS, B, "in=100 out=0 searches=1", 100 * M / 2 + CENT },
    { RERANK, B, "queries=1", CENT / 5 },

    /* caches: reads, writes of every lifetime, what is left of the input */

    { DAY, D, "in=1000 out=0 cached=1000", 1000 * M / 2 },
    { DAY, D, "in=1000 out=0 write=1000", 1000 * 25 * M / 4 },
    { DAY, D, "in=1000 out=0 hour=1000", 1000 * 10 * M },
    { DAY, D, "in=1000 out=0 day=1000", 1000 * 12 * M },
    { DAY, F, "in=1000 out=0 day=1000", 1000 * 6 * M },
    { DAY, B, "in=1000 out=0 day=1000", 1000 * 6 * M },
    { DAY, D, "in=1000 out=0 cached=100 write=200 hour=300 day=400",
      100 * M / 2 + 200 * 25 * M / 4 + 300 * 10 * M + 400 * 12 * M },
    { DAY, D, "in=1000 out=0 cached=100 write=200 hour=300 day=300",
      100 * M / 2 + 200 * 25 * M / 4 + 300 * 10 * M + 300 * 12 * M
      + 100 * 5 * M },
    { DAY, D, "in=1000 out=0 cached=0 write=0 hour=0 day=0", 1000 * 5 * M },
    { NO_BATCHES, D, "in=1000 out=0 day=1000", 1000 * 15 * M / 4 },
    { TIERS, D, "in=1000 out=0 write=1000", 1000 * 2 * M },
    { TIERS, D, "in=1000 out=0 hour=500 day=500", 1000 * 2 * M },
    { DAY, D, "in=10 out=0 cached=100", 10 * M / 2 },
    { DAY, D, "in=10 out=0 day=100 write=100", 10 * 12 * M },
    { DAY, D, "in=10 out=0 day=6 write=100", 6 * 12 * M + 4 * 25 * M / 4 },

    /* audio, pictures, video; and which of them was cached */

    { MEDIA, D, "in=1000 out=0 audio_input=300",
      700 * 4 * M + 300 * 32 * M },
    { MEDIA, D, "in=1000 out=0 image_input=300", 700 * 4 * M + 300 * 5 * M },
    { MEDIA, D, "in=1000 out=0 video_input=300", 700 * 4 * M + 300 * 8 * M },
    { MEDIA, D, "in=1000 out=0 audio_input=100 image_input=200 "
      "video_input=300",
      400 * 4 * M + 100 * 32 * M + 200 * 5 * M + 300 * 8 * M },
    { MEDIA, D, "in=0 out=1000 audio_output=300",
      700 * 16 * M + 300 * 64 * M },
    { MEDIA, D, "in=0 out=1000 image_output=300",
      700 * 16 * M + 300 * 40 * M },
    { MEDIA, D, "in=0 out=1000 video_output=300",
      700 * 16 * M + 300 * 50 * M },
    { MEDIA, D, "in=0 out=1000 audio_output=100 image_output=200 "
      "video_output=300",
      400 * 16 * M + 100 * 64 * M + 200 * 40 * M + 300 * 50 * M },
    { MEDIA, D, "in=1000 out=0 cached=200", 800 * 4 * M + 200 * 2 * M / 5 },
    { MEDIA, D, "in=1000 out=0 cached=200 audio_input=300 cached_audio=200",
      700 * 4 * M + 100 * 32 * M + 200 * 3 * M / 5 },
    { MEDIA, D, "in=1000 out=0 cached=200 audio_input=300 cached_audio=0",
      500 * 4 * M + 300 * 32 * M + 200 * 2 * M / 5 },
    { MEDIA, D, "in=1000 out=0 cached=200 image_input=300 cached_image=50",
      550 * 4 * M + 250 * 5 * M + 50 * M / 2 + 150 * 2 * M / 5 },
    { MEDIA, D, "in=1000 out=0 cached=500 audio_input=300 cached_audio=100 "
      "image_input=200 cached_image=200",
      300 * 4 * M + 200 * 32 * M + 100 * 3 * M / 5 + 200 * M / 2
      + 200 * 2 * M / 5 },
    { MEDIA, D, "in=1000 out=0 audio_input=1000 cached=1000 "
      "cached_audio=1000", 1000 * 3 * M / 5 },

    /* nobody says how much of the audio was cached: as if none */

    { MEDIA, D, "in=1000 out=0 cached=200 audio_input=300",
      500 * 4 * M + 300 * 32 * M + 200 * 2 * M / 5 },
    { MEDIA, D, "in=300 out=0 cached=200 audio_input=300", 300 * 32 * M },
    { TIERS, D, "in=1000 out=0 audio_input=500", 1000 * 2 * M },
    { TIERS, D, "in=1000 out=0 cached=400 audio_input=500 cached_audio=400",
      600 * 2 * M + 400 * M / 2 },
    { TIERS, D, "in=0 out=1000 image_output=500", 1000 * 8 * M },
    { MEDIA, D, "in=1000 out=0 video_input=500 cached=500 cached_video=500",
      500 * 4 * M + 500 * 2 * M / 5 },

    /* reasoning: the tier's rate, the tier's output, the plain rate */

    { REASONING, D, "in=0 out=1000 reasoning=400",
      600 * 4 * M + 400 * 6 * M },
    { REASONING, D, "in=0 out=1000 reasoning=1000", 1000 * 6 * M },
    { REASONING, D, "in=0 out=1000 reasoning=0", 1000 * 4 * M },
    { REASONING, D, "in=0 out=1000 reasoning=1500", 1000 * 6 * M },
    { REASONING, F, "in=0 out=1000 reasoning=400", 1000 * 2 * M },
    { REASONING, P, "in=0 out=1000 reasoning=400",
      600 * 4 * M + 400 * 12 * M },
    { REASONING, B, "in=0 out=1000 reasoning=400",
      600 * 2 * M + 400 * 3 * M },
    { TIERS, P, "in=0 out=1000 reasoning=400", 1000 * 16 * M },

    /* characters stand for the text's tokens */

    { SPEECH, D, "input_chars=1000", 1000 * 15 * M },
    { SPEECH, D, "in=300 out=0 input_chars=1000", 1000 * 15 * M },
    { SPEECH, D, "in=300 out=500 input_chars=0", 0 },
    { SPEECH, D, "input_chars=1", 15 * M },
    { OLD_VERTEX, D, "in=100 out=50 input_chars=400 output_chars=200",
      400 * 2 * M + 200 * 5 * M },
    { OLD_VERTEX, D, "in=100 out=50", 100 * 9 * M + 50 * 9 * M },
    { OLD_VERTEX, D, "in=128001 out=0 input_chars=10 output_chars=0",
      10 * 4 * M },
    { OLD_VERTEX, D, "in=100 out=0 input_chars=400 audio_input_ms=2500",
      400 * 2 * M + 5 * USD * 3 / 200000 },
    { OLD_VERTEX, D, "in=100 out=0 video_input_ms=500",
      100 * 9 * M + USD * 3 / 10000 },
    { OLD_VERTEX, D, "in=100 out=0 images_in=3 image_input=60",
      40 * 9 * M + 3 * CENT / 5 },
    { OLD_VERTEX, D, "in=100 out=0 images_in=0 image_input=60", 40 * 9 * M },

    /* seconds, in thousandths */

    { WHISPER, D, "audio_input_ms=60000", 60 * CENT / 100 },
    { WHISPER, D, "audio_input_ms=8470", 847 * CENT / 10000 },
    { WHISPER, D, "audio_input_ms=1", CENT / 100000 },
    { WHISPER, D, "audio_input_ms=0", 0 },
    { WHISPER, D, "in=10 out=10 audio_input_ms=1000", CENT / 100 },
    { WHISPER, D, "audio_input_ms=60000 audio_output_ms=60000",
      60 * CENT / 100 },
    { TRANSCRIBE, D, "in=120 out=40 audio_input=100",
      20 * 5 * M / 2 + 100 * 6 * M + 40 * 10 * M },
    { TRANSCRIBE, D, "audio_input_ms=9000 out=0", 9 * CENT / 100 },
    { TRANSCRIBE, D, "audio_input_ms=9000", UNKNOWN },
    { TRANSCRIBE, D, "in=120 out=40 audio_input=100 audio_input_ms=9000",
      20 * 5 * M / 2 + 9 * CENT / 100 + 40 * 10 * M },
    { VIDEO, D, "video_output_ms=8000", 8 * 30 * CENT },
    { VIDEO, D, "in=10 out=0 video_output_ms=500", 15 * CENT },
    { MACHINE, D, "in=1000 out=1000 request_ms=2500", CENT / 10 },
    { MACHINE, D, "request_ms=1", CENT / 25000 },
    { MACHINE, D, "in=1000 out=1000", UNKNOWN },
    { MACHINE, D, "in=1000 out=1000 request_ms=0", 0 },

    /* pictures by the piece, by the pixel, by the token */

    { DALLE, D, "images_out=3", 12 * CENT },
    { DALLE, D, "in=50 out=0 images_out=1", 4 * CENT },
    { DALLE, D, "images_out=0", 0 },
    { PIXELS, D, "pixels_out=1048576 images_out=1", 1048576 * 19000LL },
    { PIXELS, D, "pixels_out=2097152", 2097152 * 19000LL },
    { GPT_IMAGE, D, "in=100 out=4160", 100 * 5 * M + 4160 * 40 * M },
    { GPT_IMAGE, D, "in=400 out=4160 image_input=323",
      77 * 5 * M + 323 * 10 * M + 4160 * 40 * M },
    { GPT_IMAGE, D, "in=400 out=0 image_input=323 cached=323 "
      "cached_image=323", 77 * 5 * M + 323 * 5 * M / 2 },
    { GPT_IMAGE, D, "in=100 out=4160 image_output=4160 images_out=4",
      100 * 5 * M + 4160 * 40 * M },
    { GEMINI_IMAGE, D, "in=10 out=1300 image_output=1290",
      10 * 2 * M + 10 * 12 * M + 1290 * 120 * M },
    { GEMINI_IMAGE, D, "in=10 out=1300 image_output=1290 images_out=1",
      10 * 2 * M + 10 * 12 * M + 1290 * 120 * M },
    { GEMINI_IMAGE, D, "in=10 out=10 images_out=2",
      10 * 2 * M + 10 * 12 * M + 268 * CENT / 10 },

    /* pages and search units */

    { OCR, D, "pages=10", 4 * CENT },
    { OCR, D, "pages=10 pages_annotated=10", 5 * CENT },
    { OCR, D, "pages=10 pages_annotated=4", 24 * CENT / 10 + 2 * CENT },
    { OCR, D, "pages=0", 0 },
    { OCR, D, "in=500 out=500 pages=1", CENT * 4 / 10 },
    { RERANK, D, "queries=5", CENT },
    { RERANK, D, "in=900 out=0 queries=1", CENT / 5 },
    { RERANK, D, "", 0 },

    /* searches by their size, and other tools */

    { TOOLS, D, "in=100 out=10 searches=1", 100 * M + 10 * 2 * M + CENT },
    { TOOLS, D, "in=100 out=10 searches=3 search_size=0",
      100 * M + 10 * 2 * M + 3 * 6 * CENT / 10 },
    { TOOLS, D, "in=100 out=10 searches=3 search_size=1",
      100 * M + 10 * 2 * M + 3 * CENT },
    { TOOLS, D, "in=100 out=10 searches=3 search_size=2",
      100 * M + 10 * 2 * M + 3 * 14 * CENT / 10 },
    { TOOLS, D, "in=100 out=10 searches=0 search_size=2",
      100 * M + 10 * 2 * M },
    { TOOLS, D, "in=0 out=0 maps_queries=2", 5 * CENT },
    { TOOLS, D, "in=0 out=0 file_searches=4", CENT },
    { TOOLS, D, "in=0 out=0 code_sessions=2", 6 * CENT },
    { TOOLS, D, "in=0 out=0 web_fetches=7", 0 },
    { TOOLS, D, "in=0 out=0 tool_calls=7", 0 },
    { TOOLS, D, "in=1 out=1 searches=1 maps_queries=1 file_searches=1 "
      "code_sessions=1",
      3 * M + CENT + 5 * CENT / 2 + CENT / 4 + 3 * CENT },
    { TOOLS, P, "in=100 out=0 searches=1", 100 * M + CENT },
    { ONE_SIZE, D, "in=0 out=0 searches=1", 8 * CENT / 10 },
    { ONE_SIZE, D, "in=0 out=0 searches=1 search_size=0", CENT / 2 },
    { ONE_SIZE, D, "in=0 out=0 searches=1 search_size=1", 8 * CENT / 10 },
    { GEMINI_2, D, "in=100 out=0 searches=4", 100 * M + 35 * CENT / 10 },
    { GEMINI_2, D, "in=100 out=0 searches=1", 100 * M + 35 * CENT / 10 },
    { GEMINI_2, D, "in=100 out=0 searches=0", 100 * M },
    { GEMINI_3, D, "in=100 out=0 searches=4", 100 * M + 14 * CENT },
    { PER_PROMPT, D, "in=100 out=0 searches=4", 100 * M + 35 * CENT / 10 },
    { TIERS, D, "in=100 out=0 searches=4", 100 * 2 * M },
    { DEEP, D, "in=10 out=100 reasoning=50 citation_tokens=1000 searches=20",
      10 * 2 * M + 50 * 8 * M + 50 * 3 * M + 1000 * 2 * M + 10 * CENT
      + CENT / 10 },
    { DEEP, D, "in=0 out=0", CENT / 10 },

    /* surcharges: on tokens of every kind, not on tools */

    { CLAUDE, D, "in=1000 out=100", 1000 * 5 * M + 100 * 25 * M },
    { CLAUDE, D, "in=1000 out=100 geo=0", 1000 * 5 * M + 100 * 25 * M },
    { CLAUDE, D, "in=1000 out=100 geo=1",
      (1000 * 5 * M + 100 * 25 * M) / 10 * 11 },
    { CLAUDE, D, "in=1000 out=100 geo=2", 1000 * 5 * M + 100 * 25 * M },
    { CLAUDE, D, "in=1000 out=100 geo=3", 1000 * 5 * M + 100 * 25 * M },
    { CLAUDE, D, "in=1000 out=100 fast=1",
      (1000 * 5 * M + 100 * 25 * M) * 2 },
    { CLAUDE, D, "in=1000 out=100 fast=0", 1000 * 5 * M + 100 * 25 * M },
    { CLAUDE, D, "in=1000 out=100 fast=1 geo=1",
      (1000 * 5 * M + 100 * 25 * M) / 10 * 22 },
    { CLAUDE, D, "in=1000 out=0 cached=400 write=100 geo=1",
      (500 * 5 * M + 400 * M / 2 + 100 * 25 * M / 4) / 10 * 11 },
    { CLAUDE, D, "in=1000 out=0 searches=2 geo=1 fast=1",
      1000 * 5 * M / 10 * 22 + 2 * CENT },
    { CLAUDE, B, "in=1000 out=0 geo=1", 1000 * 5 * M / 2 / 10 * 11 },
    { CLAUDE, D, "in=3 out=0 geo=1", 3 * 11 * M / 2 },
    { HOSTS, D, "in=1000 out=10 host=2", (1000 * M + 100 * M) / 10 * 11 },
    { HOSTS, D, "in=1000 out=10 host=1", (1000 * M + 100 * M) / 20 * 21 },
    { HOSTS, D, "in=1000 out=10 host=0", 1000 * M + 100 * M },
    { HOSTS, D, "in=1000 out=10 host=3", 1000 * M + 100 * M },
    { HOSTS, D, "in=1000 out=10 geo=2", 1000 * M + 100 * M },
    { VERTEX, D, "in=1000 out=10 host=3", (1000 * M + 100 * M) / 10 * 11 },
    { VERTEX, D, "in=1000 out=10 host=1", (1000 * M + 100 * M) / 10 * 11 },
    { VERTEX, D, "in=1000 out=10 host=0", 1000 * M + 100 * M },

    /* hours of lower rates; the start is in, the end is not */

    { NIGHTS, D, "in=1000 out=100", 1000 * 28 * M / 100 + 100 * 11 * M / 10 },
    { NIGHTS, D, "in=1000 out=100 at=" MONDAY " hours=12",
      1000 * 28 * M / 100 + 100 * 11 * M / 10 },
    { NIGHTS, D, "in=1000 out=100 at=" MONDAY " minutes=989",
      1000 * 28 * M / 100 + 100 * 11 * M / 10 },
    { NIGHTS, D, "in=1000 out=100 at=" MONDAY " minutes=990",
      1000 * 14 * M / 100 + 100 * 55 * M / 100 },
    { NIGHTS, D, "in=1000 out=100 at=" MONDAY " hours=23",
      1000 * 14 * M / 100 + 100 * 55 * M / 100 },
    { NIGHTS, D, "in=1000 out=100 at=" MONDAY " minutes=29",
      1000 * 14 * M / 100 + 100 * 55 * M / 100 },
    { NIGHTS, D, "in=1000 out=100 at=" MONDAY " minutes=30",
      1000 * 28 * M / 100 + 100 * 11 * M / 10 },
    { NIGHTS, D, "in=1000 out=0 cached=400 at=" MONDAY " hours=20",
      600 * 14 * M / 100 + 400 * 7 * M / 100 },
    { NIGHTS, B, "in=1000 out=100 at=" MONDAY " hours=20",
      1000 * 14 * M / 100 + 100 * M / 2 },
    { WEEKENDS, D, "in=1000 out=0 at=" MONDAY " minutes=59",
      1000 * 15 * M / 100 },
    { WEEKENDS, D, "in=1000 out=0 at=" MONDAY " minutes=60",
      1000 * 3 * M / 10 },
    { WEEKENDS, D, "in=1000 out=0 at=" MONDAY " hours=5",
      1000 * 15 * M / 100 },
    { WEEKENDS, D, "in=1000 out=0 at=" MONDAY " hours=6",
      1000 * 3 * M / 10 },
    { WEEKENDS, D, "in=1000 out=0 at=" MONDAY " hours=9",
      1000 * 3 * M / 10 },
    { WEEKENDS, D, "in=1000 out=0 at=" MONDAY " hours=10",
      1000 * 15 * M / 100 },
    { WEEKENDS, D, "in=1000 out=0 at=" MONDAY " hours=104",
      1000 * 3 * M / 10 },
    { WEEKENDS, D, "in=1000 out=0 at=" MONDAY " hours=128",
      1000 * 15 * M / 100 },
    { WEEKENDS, D, "in=1000 out=0 at=" MONDAY " hours=152",
      1000 * 15 * M / 100 },
    { SHANGHAI, D, "in=1000 out=0 at=" MONDAY " hours=111",
      1000 * 4 * M },
    { SHANGHAI, D, "in=1000 out=0 at=" MONDAY " hours=112",
      1000 * M },
    { SHANGHAI, D, "in=1000 out=0 at=" MONDAY " hours=135",
      1000 * M },
    { SHANGHAI, D, "in=1000 out=0 at=" MONDAY " hours=136",
      1000 * 4 * M },

    /* an orchestration's own tokens, beside the others */

    { TIERS, D, "in=100 out=10 orch_input=50 orch_cached=20 orch_output=5",
      130 * 2 * M + 20 * M / 2 + 15 * 8 * M },
    { TIERS, D, "in=100 out=10 orch_input=50",
      150 * 2 * M + 10 * 8 * M },
    { TIERS, D, "in=100 out=10 orch_output=5", 100 * 2 * M + 15 * 8 * M },
    { TIERS, P, "in=0 out=0 orch_input=10 orch_output=1",
      10 * 4 * M + 16 * M },

    /* what nobody has: a rate, a number */

    { TOOLS, D, "in=100", UNKNOWN },
    { TOOLS, D, "searches=1", UNKNOWN },
    { "'output_cost_per_token':1e-6", D, "in=1 out=1", UNKNOWN },
    { "'input_cost_per_token':1e-6", D, "in=1 out=1", UNKNOWN },
    { "'search_context_cost_per_query':{'search_context_size_low':1}", D,
      "in=1 out=1", UNKNOWN },
    { "'mode':'chat'", D, "in=1 out=1", UNKNOWN }
};


static const llm_usage_t  unknown = LLM_USAGE_INIT;


static int
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

static void
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
            *prices_figure(u, p) = v;
        }
    }
}


static void
load_row(prices_t *t, const char *row)
{
    char  *p, map[2048];

    snprintf(map, sizeof(map), "{'m':{%s}}", row);

    for (p = map; *p; p++) {
        if (*p == '\'') {
            *p = '"';
        }
    }

    prices_init(t);

    if (prices_load(t, map) != LLM_OK) {
        fail_msg("%s: %s", row, t->err);
    }
}


/* the parts of a cost are the cost, each rounded up by itself */

static void
check_parts(const kind_t *k, const llm_price_parts_t *parts, int64_t nano)
{
    int64_t   sum;
    unsigned  i, n;

    if (nano < 0) {
        return;
    }

    for (i = 0, n = 0, sum = 0; i < LLM_RATE_N; i++) {
        assert_true(parts->parts[i] >= 0);

        sum += parts->parts[i];
        n += parts->parts[i] > 0;
    }

    if (sum < k->pico || sum > k->pico + n) {
        fail_msg("%s: %s: parts of %lld", k->row, k->usage, (long long) sum);
    }
}


static void
test_kinds(void **state)
{
    int64_t             nano, want;
    unsigned            i;
    prices_t            t;
    llm_usage_t         u;
    const kind_t       *k;
    llm_price_parts_t   parts;
    llm_price_terms_t   terms;

    (void) state;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        k = &kinds[i];

        load_row(&t, k->row);

        u = unknown;
        terms = prices_terms(k->tier);
        read_kind(k->usage, &u, &terms);

        nano = llm_price_cost(prices_find(&t, "m"), &terms, &u, &parts);
        want = k->pico < 0 ? -1 : (k->pico + 999) / 1000;

        if (nano != want) {
            fail_msg("%s: tier %d, %s: %lld, not %lld", k->row, k->tier,
                     k->usage, (long long) nano, (long long) want);
        }

        check_parts(k, &parts, nano);
        prices_free(&t);
    }

    print_message("%u rows\n", i);
    assert_true(i >= 200);
}


/* a cost never exceeds the worst case of its own figures */

static void
test_worst_of_kinds(void **state)
{
    int64_t            nano, worst;
    unsigned           i;
    prices_t           t;
    llm_usage_t        u;
    llm_price_terms_t  terms;

    (void) state;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {

        load_row(&t, kinds[i].row);

        u = unknown;
        terms = prices_terms(kinds[i].tier);
        read_kind(kinds[i].usage, &u, &terms);

        /* orchestrations have no bound, and upstream's own tier is another */

        u.orch_input = -1;
        u.orch_output = -1;
        u.tier = -1;

        nano = llm_price_cost(prices_find(&t, "m"), &terms, &u, NULL);
        worst = llm_price_worst(prices_find(&t, "m"), &terms, &u);

        if (nano > 0 && worst >= 0 && worst < nano) {
            fail_msg("%s: %s: %lld, reserved %lld", kinds[i].row,
                     kinds[i].usage, (long long) nano, (long long) worst);
        }

        prices_free(&t);
    }
}


typedef struct {
    const char   *row;
    llm_tier_e    tier;
    const char   *most;
    int64_t       pico;
} bound_t;


/* what is reserved: nothing for what a request cannot use */

static const bound_t  bounds[] = {

    /* plain text is not reserved at the rate of a cache for an hour */

    { STEPS, D, "in=1000 out=100", 1000 * M + 100 * 4 * M },
    { STEPS, D, "in=1000 out=100 write=-1", 1000 * 5 * M / 4 + 100 * 4 * M },
    { STEPS, D, "in=1000 out=100 hour=-1", 1000 * 2 * M + 100 * 4 * M },
    { STEPS, D, "in=1000 out=100 write=400 hour=100",
      100 * 2 * M + 400 * 5 * M / 4 + 500 * M + 100 * 4 * M },
    { STEPS, D, "in=1000 out=100 hour=5000", 1000 * 2 * M + 100 * 4 * M },
    { STEPS, D, "in=200001 out=1", 200001 * 2 * M + 6 * M },
    { STEPS, D, "in=200001 out=1 hour=-1", 200001 * 4 * M + 6 * M },
    { STEPS, B, "in=1000 out=100", 1000 * M / 2 + 100 * 2 * M },

    /* the tier asked for, or the one it may fall back to */

    { TIERS, F, "in=1000 out=100", 1000 * 2 * M + 100 * 8 * M },
    { TIERS, P, "in=1000 out=100", 1000 * 4 * M + 100 * 16 * M },
    { TIERS, B, "in=1000 out=100", 1000 * M + 100 * 4 * M },

    /* media, as much as the request brings */

    { MEDIA, D, "in=1000 out=10", 1000 * 4 * M + 10 * 16 * M },
    { MEDIA, D, "in=1000 out=10 audio_input=100",
      900 * 4 * M + 100 * 32 * M + 10 * 16 * M },
    { MEDIA, D, "in=1000 out=10 image_input=-1",
      1000 * 5 * M + 10 * 16 * M },
    { MEDIA, D, "in=1000 out=10 audio_output=-1",
      1000 * 4 * M + 10 * 64 * M },
    { MEDIA, D, "in=1000 out=10 audio_output=4 image_output=4",
      1000 * 4 * M + 4 * 64 * M + 4 * 40 * M + 2 * 16 * M },
    { REASONING, D, "in=0 out=10 reasoning=-1", 10 * 6 * M },
    { REASONING, D, "in=0 out=10 reasoning=0", 10 * 4 * M },

    /* tools: what is bounded, what is not */

    { TOOLS, D, "in=0 out=0 searches=5", 5 * 14 * CENT / 10 },
    { TOOLS, D, "in=0 out=0 searches=5 search_size=0", 5 * 6 * CENT / 10 },
    { TOOLS, D, "in=0 out=0 searches=-1 search_size=1",
      LLM_PRICE_CALLS * CENT },
    { TOOLS, D, "in=0 out=0 code_sessions=1", 3 * CENT },
    { TOOLS, D, "in=0 out=0 code_sessions=-1", LLM_PRICE_CALLS * 3 * CENT },
    { GEMINI_2, D, "in=0 out=0 searches=-1", 35 * CENT / 10 },
    { TIERS, D, "in=0 out=0 searches=-1 code_sessions=-1", 0 },

    /* surcharges that nobody excludes */

    { CLAUDE, D, "in=1000 out=0", 1000 * 5 * M / 10 * 11 },
    { CLAUDE, D, "in=1000 out=0 geo=0", 1000 * 5 * M },
    { CLAUDE, D, "in=1000 out=0 geo=0 fast=1", 1000 * 10 * M },
    { CLAUDE, D, "in=1000 out=0 geo=0 fast=-1", 1000 * 10 * M },
    { HOSTS, D, "in=1000 out=0 host=2", 1000 * M / 10 * 11 },

    /* beside tokens, only what is known can be bounded */

    { DALLE, D, "in=10 out=0 images_out=4", 16 * CENT },
    { DALLE, D, "in=10 out=0 images_out=-1", UNKNOWN },
    { GEMINI_IMAGE, D, "in=10 out=100 image_output=-1 images_out=-1",
      10 * 2 * M + 100 * 120 * M },
    { OLD_VERTEX, D, "in=10 out=0 images_in=-1 audio_input_ms=-1",
      10 * 9 * M },
    { SPEECH, D, "in=10 out=0 input_chars=40", 40 * 15 * M },
    { WHISPER, D, "in=0 out=0 audio_input_ms=1500", 15 * CENT / 1000 },
    { MACHINE, D, "in=10 out=0", 600 * CENT / 25 },
    { MACHINE, D, "in=10 out=0 request_ms=1000", CENT / 25 },
    { OCR, D, "in=0 out=0 pages=2 pages_annotated=2",
      2 * CENT * 4 / 10 + 2 * CENT / 2 },
    { DEEP, D, "in=0 out=0", CENT / 10 }
};


static void
test_bounds(void **state)
{
    int64_t             nano, want;
    unsigned            i;
    prices_t            t;
    llm_usage_t         most;
    const bound_t      *b;
    llm_price_terms_t   terms;

    (void) state;

    for (i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        b = &bounds[i];

        load_row(&t, b->row);

        llm_usage_text(&most, 0, 0);
        most.reasoning = 0;

        terms = prices_terms(b->tier);
        read_kind(b->most, &most, &terms);

        nano = llm_price_worst(prices_find(&t, "m"), &terms, &most);
        want = b->pico < 0 ? -1 : (b->pico + 999) / 1000;

        if (nano != want) {
            fail_msg("%s: %s: %lld, not %lld", b->row, b->most,
                     (long long) nano, (long long) want);
        }

        prices_free(&t);
    }
}


/* a machine that is rented by the hour */

static void
test_machines(void **state)
{
    prices_t            t;
    const llm_price_t  *p;

    (void) state;

    prices_init(&t);

    /* 3.60 USD an hour are a tenth of a cent a second */

    assert_int_equal(prices_add(&t, "a", "gpu_hour=3.60"), LLM_OK);
    p = prices_find(&t, "a");
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_REQUEST_SECOND),
                     USD / 1000);
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_INPUT), 0);
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_OUTPUT), 0);

    assert_int_equal(prices_add(&t, "b", "gpu_hour=3.60 gpus=8 parallel=16"),
                     LLM_OK);
    assert_int_equal(llm_price_rate(prices_find(&t, "b"), D,
                                    LLM_RATE_REQUEST_SECOND), USD / 2000);

    /* 2,000 tokens a second at 7.20 an hour: 1 USD per million */

    assert_int_equal(prices_add(&t, "c", "gpu_hour=3.60 gpus=2 "
                                "tokens_per_second=2000"), LLM_OK);
    p = prices_find(&t, "c");
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_INPUT), M);
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_OUTPUT), M);
    assert_int_equal(llm_price_rate(p, D, LLM_RATE_REQUEST_SECOND), -1);

    assert_int_equal(prices_add(&t, "d", "gpu_hour=0.000001"), LLM_OK);
    assert_int_equal(llm_price_rate(prices_find(&t, "d"), D,
                                    LLM_RATE_REQUEST_SECOND), 278);

    assert_int_equal(prices_add(&t, "e", "gpus=2 input=1"), LLM_BAD);
    assert_string_equal(t.err, "\"gpus\", \"parallel\" and "
                        "\"tokens_per_second\" need \"gpu_hour\"");
    assert_int_equal(prices_add(&t, "e", "gpu_hour=1 gpus=0"), LLM_BAD);
    assert_int_equal(prices_add(&t, "e", "gpu_hour=-1"), LLM_BAD);
    assert_int_equal(prices_add(&t, "e", "gpu_hour=x"), LLM_BAD);
    assert_int_equal(prices_add(&t, "e", "second=-0.1"), LLM_BAD);
    assert_int_equal(prices_add(&t, "e", "page=1001"), LLM_BAD);

    prices_free(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_worst_of_kinds),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_machines)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
