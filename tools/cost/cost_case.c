
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "cost.h"

#include <stdio.h>


#define COST_MONTH_HOURS  (24 * COST_DAYS)


/* own machines by the hour against an API by the request */

int
cost_breakeven(cost_t *c, char **files, int n)
{
    char                a[40], b[40];
    int64_t             cost, own, month;
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

    own = c->gpu_hour * (c->gpus == COST_NONE ? 1 : c->gpus);
    month = own * COST_MONTH_HOURS;

    (void) printf("own machines: %s a month\n  = %s an hour x %d hours\n",
                  cost_usd(month, a), cost_usd(own, b), COST_MONTH_HOURS);

    (void) printf("break even: %lld requests a month, %lld a day, %lld a "
                  "second\n  = %s / %s a request, rounded up\n",
                  (long long) ((month + cost - 1) / cost),
                  (long long) ((month + cost * COST_DAYS - 1)
                               / (cost * COST_DAYS)),
                  (long long) (own / 3600 / cost + 1),
                  cost_usd(month, a), cost_usd(cost, b));

    if (c->requests != COST_NONE) {
        (void) printf("at %lld requests a day the API costs %s a month: %s\n",
                      (long long) c->requests,
                      cost_usd(cost * c->requests * COST_DAYS, a),
                      cost * c->requests * COST_DAYS > month
                      ? "own machines are cheaper" : "the API is cheaper");
    }

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
