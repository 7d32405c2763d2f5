
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "cost.h"

#include <stdio.h>


#define COST_MONTH_HOURS  (24 * COST_DAYS)


static int64_t cost_up(llm_int128_t n, llm_int128_t by);
static int cost_beside(const cost_t *c, int64_t cost, int64_t own);


/* own machines by the hour against an API by the request */

int
cost_breakeven(cost_t *c, char **files, int n)
{
    char                a[40], b[40];
    int64_t             cost, own, month, second;
    const llm_price_t  *row;

    (void) files;

    if (n || c->gpu_hour == COST_NONE || c->input == COST_NONE) {
        return cost_fail("%s", "breakeven needs --model, --input, --output "
                               "and --gpu-hour");
    }

    cost = cost_request(c, &row);

    if (cost < 0) {
        return 1;
    }

    if (cost == 0) {
        return cost_fail("%s: costs nothing, no machine is cheaper", c->model);
    }

    if (c->gpus == COST_NONE) {
        c->gpus = 1;
    }

    if ((llm_int128_t) c->gpu_hour * c->gpus * COST_MONTH_HOURS
        > LLM_NANO_MAX)
    {
        return cost_fail("%s", "machines for more than 9,000,000 USD a month");
    }

    own = c->gpu_hour * c->gpus;
    month = own * COST_MONTH_HOURS;
    second = cost_up((llm_int128_t) own * 100, (llm_int128_t) cost * 3600);

    (void) printf("own machines: %s a month\n  = %s an hour x %d hours\n",
                  cost_usd(month, a), cost_usd(own, b), COST_MONTH_HOURS);

    (void) printf("break even: %lld requests a month, %lld a day, %lld.%02lld "
                  "a second\n  = %s / %s a request, rounded up\n",
                  (long long) cost_up(month, cost),
                  (long long) cost_up(month, (llm_int128_t) cost * COST_DAYS),
                  (long long) second / 100, (long long) second % 100,
                  cost_usd(month, a), cost_usd(cost, b));

    return c->requests == COST_NONE ? 0 : cost_beside(c, cost, month);
}


static int64_t
cost_up(llm_int128_t n, llm_int128_t by)
{
    return (int64_t) ((n + by - 1) / by);
}


static int
cost_beside(const cost_t *c, int64_t cost, int64_t own)
{
    char          a[40];
    llm_int128_t  month;

    month = (llm_int128_t) cost * c->requests * COST_DAYS;

    if (month > LLM_NANO_MAX) {
        return cost_fail("%s", "the API for more than 9,000,000 USD a month");
    }

    (void) printf("at %lld requests a day the API costs %s a month: %s\n",
                  (long long) c->requests, cost_usd((int64_t) month, a),
                  month > own ? "own machines are cheaper"
                              : "the API is cheaper");

    return 0;
}


/*
 * --invest and --saving: what a purchase brings back in a year.  --hours,
 * --rate and --saving: what an optimisation does in three.
 */

int
cost_roi(cost_t *c, char **files, int n)
{
    char       a[40], b[40], d[40];
    int64_t    invest, gain, tenths;
    unsigned   months, work;

    (void) files;

    work = (c->hours != COST_NONE && c->rate != COST_NONE);

    if (work && (llm_int128_t) c->hours * c->rate > LLM_NANO_MAX) {
        return cost_fail("%s", "work for more than 9,000,000 USD");
    }

    if (n || c->saving == COST_NONE || c->saving == 0
        || (c->invest == COST_NONE && !work))
    {
        return cost_fail("%s", "roi needs --saving, and --invest or --hours "
                               "and --rate");
    }

    months = work ? 36 : 12;
    invest = work ? c->hours * c->rate : c->invest;

    if (invest <= 0 || invest > LLM_NANO_MAX
        || c->saving > LLM_NANO_MAX / months)
    {
        return cost_fail("%s", "amounts must be above 0 and at most 9,000,000 "
                               "USD");
    }

    gain = c->saving * months - invest;
    tenths = cost_tenths(gain, invest);

    (void) printf("cost: %s\n", cost_usd(invest, a));

    if (work) {
        (void) printf("  = %lld hours x %s\n", (long long) c->hours,
                      cost_usd(c->rate, a));
    }

    (void) printf("return in %u months: %s%lld.%lld %%\n  = (%s a month x %u "
                  "- %s) / %s\n", months, tenths < 0 ? "-" : "",
                  (long long) (tenths < 0 ? -tenths : tenths) / 10,
                  (long long) (tenths < 0 ? -tenths : tenths) % 10,
                  cost_usd(c->saving, a), months, cost_usd(invest, b),
                  cost_usd(invest, d));

    tenths = (int64_t) ((llm_int128_t) invest * 10 / c->saving);

    (void) printf("paid back after %lld.%lld months\n  = %s / %s a month\n",
                  (long long) tenths / 10, (long long) tenths % 10,
                  cost_usd(invest, a), cost_usd(c->saving, b));

    return 0;
}


long long
cost_tenths(int64_t part, int64_t whole)
{
    return (long long) ((llm_int128_t) part * 1000 / whole);
}
