
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "report.h"


int64_t
report_see(report_seen_t *table, size_t size, size_t *n, uint64_t key,
    int64_t now)
{
    size_t   i;
    int64_t  before;

    key += (key == 0);

    for (i = key & (size - 1); table[i].key; i = (i + 1) & (size - 1)) {

        if (table[i].key == key) {
            before = table[i].time;
            table[i].time = now;
            return before;
        }
    }

    if (*n < size / 4 * 3) {
        (*n)++;
        table[i].key = key;
        table[i].time = now;
    }

    return -1;
}
