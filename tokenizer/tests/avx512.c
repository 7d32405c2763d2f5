/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * The scanner for AVX-512 as any x86 processor can run it: SIMDe does in plain
 * C what its instructions do.
 */

#include "../src/llm_tok_piece.h"


#if LLM_TOK_HAVE_AVX512

#include <immintrin.h>

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>

#define __m512i               simde__m512i
#define LLM_TOK_TARGET        __attribute__((target("bmi,popcnt")))
#define llm_tok_split_avx512  test_split_avx512

#include "../src/llm_tok_avx512.c"

#endif
