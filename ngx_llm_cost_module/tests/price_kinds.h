
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _PRICE_KINDS_H_INCLUDED_
#define _PRICE_KINDS_H_INCLUDED_


/*
 * What every kind of unit costs.  What is expected is written as the sum that
 * a person would write down: tokens times USD per million tokens, M is a
 * millionth of a USD; of calls, pages and seconds in USD and CENT.  It is
 * rounded up once, to the nano-dollar.
 */

#include "price_maps.h"


typedef struct {
    const char   *row;
    llm_tier_e    tier;
    const char   *usage;                 /* and terms: at=, host= */
    int64_t       pico;
} kind_t;


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

    /* a part at the whole's rate has none of its own, wherever it is */

    { REPEATED, D, "in=1000 out=0 image_input=400", 1000 * M },
    { REPEATED, D, "in=300000 out=0 image_input=300000", 300000 * 2 * M },
    { REPEATED, D, "in=300000 out=0 audio_input=100000",
      200000 * 2 * M + 100000 * 3 * M },
    { REPEATED, P, "in=1000 out=100 image_input=1000 audio_output=100",
      1000 * 2 * M + 100 * 8 * M },
    { REPEATED, P, "in=1000 out=0 audio_input=1000", 1000 * 3 * M },
    { REPEATED, F, "in=1000 out=0 image_input=1000", 1000 * M / 2 },
    { REPEATED, B, "in=1000 out=0 image_input=1000", 1000 * 8 * M / 10 },
    { REPEATED, B, "in=1000 out=0 audio_input=1000", 1000 * 15 * M / 10 },

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

    /* a decision is one, whatever tier its answer says */

    { DECIDED, E, "in=1000 out=100", 1000 * 2 * M },
    { DECIDED, E, "in=1000 out=100 tier=0", 1000 * 2 * M },
    { DECIDED, E, "in=1000 out=100 tier=2", 1000 * 2 * M },
    { DECIDED, E, "in=1001 out=100", 1001 * 6 * M },
    { DECIDED, D, "in=1000 out=100", 1000 * 2 * M + 100 * 8 * M },
    { TIERS, E, "in=1000 out=100", 1000 * 2 * M + 100 * 8 * M },
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
    { "'input_cost_per_second':1e-4,'output_cost_per_second':4e-4", D,
      "request_ms=2500", CENT / 10 },
    { "'input_cost_per_second':4e-4,'output_cost_per_second':1e-4", D,
      "request_ms=2500", CENT / 10 },
    { MACHINE, D, "in=1000 out=1000", UNKNOWN },
    { MACHINE, D, "in=1000 out=1000 request_ms=0", 0 },

    /* pictures by the piece, by the pixel, by the token */

    { DALLE, D, "images_out=3", 12 * CENT },
    { DALLE, D, "in=50 out=0 images_out=1", 4 * CENT },
    { DALLE, D, "images_out=0", 0 },
    { DALLE, D, "images_in=2 images_out=3", 12 * CENT },
    { PIXELS, D, "pixels_in=100 pixels_out=2097152", 2097152 * 19000LL },
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
    { "'ocr_cost_per_page':4e-3,'annotation_cost_per_page':0,'mode':'ocr'", D,
      "pages=3 pages_annotated=2", CENT * 4 / 10 },
    { "'ocr_cost_per_page':4e-3,'mode':'ocr'", D, "pages=3 pages_annotated=2",
      CENT * 12 / 10 },
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
    { HOSTS, D, "in=1000 out=10 host=3", (1000 * M + 100 * M) / 10 * 11 },
    { HOSTS, D, "in=1000 out=10 host=4", (1000 * M + 100 * M) / 10 * 12 },
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

    /* seconds that come out, pixels that go in */

    { VOICE, D, "audio_output_ms=2400", 24 * CENT / 200 },
    { VOICE, D, "in=20 out=0 audio_output_ms=1", CENT / 20000 },
    { FILM, D, "in=100 out=0 video_output_ms=4000",
      100 * M + 4 * 35 * CENT },
    { FILM, D, "in=100 video_output_ms=4000", 100 * M + 4 * 35 * CENT },
    { FILM, D, "in=100", UNKNOWN },
    { FILM, D, "in=100 out=1 video_output=1 video_output_ms=4000",
      100 * M + 2 * M },
    { FILM, D, "in=100 out=50 video_output=50 video_output_ms=4000",
      100 * M + 50 * 2 * M },
    { FILM, D, "in=100 out=0 audio_output_ms=1500 video_output_ms=500",
      100 * M + 3 * CENT / 10 + 35 * CENT / 2 },
    { SIGHT, D, "in=100 out=10 pixels_in=786432",
      100 * M + 10 * 2 * M + 786432 * 5000LL },
    { SIGHT, B, "in=100 out=10 pixels_in=1000",
      100 * M / 2 + 10 * M + 1000 * 5000LL },

    /* calls that maps have no key for; rows of the configuration */

    { CALLS, D, "in=10 out=10 web_fetches=3", 10 * 3 * M + 3 * CENT },
    { CALLS, D, "in=10 out=10 tool_calls=7", 10 * 3 * M + 14 * CENT / 10 },
    { CALLS, D, "in=0 out=0 web_fetches=1 tool_calls=1 searches=1",
      CENT + CENT / 5 + 3 * CENT },
    { CALLS, B, "in=10 out=10 web_fetches=3", 5 * 3 * M + 3 * CENT },
    { OWN, D, "in=200000 out=10 cached=1000 write=500 hour=500",
      198000 * 3 * M + 1000 * 3 * M / 10 + 500 * 15 * M / 4 + 500 * 6 * M
      + 10 * 15 * M + CENT / 20 },
    { OWN, D, "in=200001 out=10",
      200001 * 6 * M + 10 * 45 * M / 2 + CENT / 20 },
    { OWN, P, "in=200001 out=10",
      200001 * 6 * M + 10 * 27 * M + CENT / 20 },
    { OWN, P, "in=1000 out=10", 1000 * 3 * M + 10 * 18 * M + CENT / 20 },
    { OWN, B, "in=1000 out=10", 1000 * M + 10 * 15 * M / 2 + CENT / 20 },

    /* places, one of each */

    { EUROPE, D, "in=1000 out=10 geo=2", (1000 * M + 100 * M) / 2 * 3 },
    { EUROPE, D, "in=1000 out=10 geo=1", (1000 * M + 100 * M) / 5 * 6 },
    { EUROPE, D, "in=1000 out=10 geo=3", 1000 * M + 100 * M },
    { EUROPE, B, "in=1000 out=10 geo=2", (500 * M + 50 * M) / 2 * 3 },

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


#endif /* _PRICE_KINDS_H_INCLUDED_ */
