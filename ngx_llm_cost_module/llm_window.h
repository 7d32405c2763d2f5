
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_WINDOW_H_INCLUDED_
#define _LLM_WINDOW_H_INCLUDED_


#include "llm_core.h"


/*
 * Budget windows.  A window is [start, end) in UTC seconds; its start is in
 * the counter's key, so that nothing is ever reset.  Days, weeks (from Monday)
 * and months begin at local midnight of the budget's zone (where midnight does
 * not exist on a day of change, at the first instant of that local day); hours
 * and minutes begin at local hours and minutes, and an hour that occurs twice
 * is two windows.  "total" is [0, INT64_MAX).
 *
 * Zone data is read from the system's TZif files once, at configuration.
 */

typedef enum {
    LLM_PERIOD_MINUTE = 0,
    LLM_PERIOD_HOUR,
    LLM_PERIOD_DAY,
    LLM_PERIOD_WEEK,
    LLM_PERIOD_MONTH,
    LLM_PERIOD_TOTAL,
    LLM_PERIOD_N
} llm_period_e;


typedef struct llm_zone_s  llm_zone_t;       /* opaque, lives in mem */

/* name as in Europe/Kyiv; "UTC" needs no file.  NULL with err on failure */

llm_zone_t *llm_zone_load(llm_mem_t *mem, const char *name, char *err,
    size_t errsize);

/* the same from the bytes of a TZif file */

llm_zone_t *llm_zone_parse(llm_mem_t *mem, const unsigned char *data,
    size_t len, char *err, size_t errsize);

void llm_window_find(const llm_zone_t *z, llm_period_e period, int64_t now,
    int64_t *start, int64_t *end);

/* "day" -> LLM_PERIOD_DAY; LLM_BAD */

int llm_period_parse(const llm_str_t *text, llm_period_e *period);
const char *llm_period_name(llm_period_e period);

/* "2026-11-22T00:00:00Z"; buf of at least 21 bytes; returns the length */

size_t llm_time_print(unsigned char *buf, int64_t t);


#endif /* _LLM_WINDOW_H_INCLUDED_ */
