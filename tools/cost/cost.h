
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _COST_H_INCLUDED_
#define _COST_H_INCLUDED_


/*
 * llm-cost: what LLM calls will cost, before they are made, with the price
 * and token code of the module.
 *
 *   cost_main.c    options
 *   cost_calls.c   estimate, compare, monthly: calls at the price map's rates
 *   cost_case.c    breakeven, roi: is it worth it?
 *   cost_count.c   tokens of a file or of a request's body
 *
 * Amounts are nano-USD, and every figure is printed with its formula.  A month
 * has 30 days.
 */

#include "llm_core.h"
#include "llm_price.h"


#define COST_DAYS   30
#define COST_NONE   -1                   /* an option that was not given */


typedef struct {
    const char    *model;
    const char    *data;                 /* directory of vocabularies, prices */
    const char    *prices;
    int64_t        input;                /* tokens a request */
    int64_t        output;
    int64_t        cached;               /* of input */
    int64_t        images;               /* made, or read: counted apart */
    int64_t        audio;                /* seconds a request */
    int64_t        requests;             /* a day */
    int64_t        gpu_hour;             /* nano-USD */
    int64_t        gpus;
    int64_t        invest;               /* nano-USD */
    int64_t        saving;               /* nano-USD a month */
    int64_t        hours;                /* of work */
    int64_t        rate;                 /* nano-USD an hour */
    llm_prices_t  *map;
    llm_mem_t     *mem;
} cost_t;


/* each returns an exit status; files are what is left of the command line */

int cost_estimate(cost_t *c, char **files, int n);
int cost_compare(cost_t *c, char **files, int n);
int cost_monthly(cost_t *c, char **files, int n);
int cost_breakeven(cost_t *c, char **files, int n);
int cost_roi(cost_t *c, char **files, int n);

/* the cost of a request, or -1 after a message: no such row, no such rate */

int64_t cost_request(cost_t *c, const llm_price_t **row);

/* 0: c->input is that of the file, and c->model if its body names one */

int cost_count(cost_t *c, const char *name);

int cost_fail(const char *format, const char *arg);

/* an amount in buf, "$0.0001" or to the cent; returns buf */

const char *cost_usd(int64_t nano, char *buf);

/* a share in tenths of a percent */

long long cost_tenths(int64_t part, int64_t whole);


#endif /* _COST_H_INCLUDED_ */
