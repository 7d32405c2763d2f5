
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "cost.h"
#include "llm_json.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#ifndef LLM_DATA_DIR
#define LLM_DATA_DIR  "/usr/share/llm-cost"
#endif

#define COST_HELP  1

enum { COST_TEXT, COST_COUNT, COST_MONEY };


static void *
cost_alloc(void *ctx, size_t size)
{
    (void) ctx;

    return malloc(size);
}


static llm_mem_t  cost_mem = { cost_alloc, NULL };
static cost_t     cost_all;


/* an option is one row */

static const struct {
    const char  *name;
    int          kind;
    void        *field;
} cost_options[] = {
    { "model",          COST_TEXT,  &cost_all.model },
    { "data",           COST_TEXT,  &cost_all.data },
    { "prices",         COST_TEXT,  &cost_all.prices },
    { "input",          COST_COUNT, &cost_all.input },
    { "output",         COST_COUNT, &cost_all.output },
    { "cached",         COST_COUNT, &cost_all.cached },
    { "images",         COST_COUNT, &cost_all.images },
    { "audio-seconds",  COST_COUNT, &cost_all.audio },
    { "daily-requests", COST_COUNT, &cost_all.requests },
    { "gpu-hour",       COST_MONEY, &cost_all.gpu_hour },
    { "gpus",           COST_COUNT, &cost_all.gpus },
    { "invest",         COST_MONEY, &cost_all.invest },
    { "saving",         COST_MONEY, &cost_all.saving },
    { "hours",          COST_COUNT, &cost_all.hours },
    { "rate",           COST_MONEY, &cost_all.rate },
};

#define COST_OPTIONS  (sizeof(cost_options) / sizeof(cost_options[0]))


static const struct {
    const char  *name;
    int        (*run)(cost_t *c, char **files, int n);
} cost_commands[] = {
    { "estimate", cost_estimate },
    { "compare", cost_compare },
    { "monthly", cost_monthly },
    { "breakeven", cost_breakeven },
    { "roi", cost_roi },
    { NULL, NULL }
};


int
cost_fail(const char *format, const char *arg)
{
    (void) fprintf(stderr, "llm-cost: ");
    (void) fprintf(stderr, format, arg);
    (void) fputc('\n', stderr);

    return 2;
}


/* at least two places, and no more than there are: "1,275.00" is "$1275.00" */

const char *
cost_usd(int64_t nano, char *buf)
{
    unsigned char  text[LLM_USD_LEN];

    (void) snprintf(buf, 40, "$%.*s", (int) llm_usd_print_short(text, nano),
                    text);

    return buf;
}


static int
cost_usage_text(FILE *f)
{
    (void) fprintf(f,
        "usage: llm-cost estimate  --model M [--output N] [FILE]...\n"
        "       llm-cost compare   [--input N] [--output N] [FILE]\n"
        "       llm-cost monthly   --model M --daily-requests N\n"
        "                          --input N --output N [FILE]\n"
        "       llm-cost breakeven --model M --input N --output N\n"
        "                          --gpu-hour USD [--gpus N]\n"
        "                          [--daily-requests N]\n"
        "       llm-cost roi       --saving USD --invest USD\n"
        "       llm-cost roi       --saving USD --hours N --rate USD\n\n"
        "FILE is a text or the body of a request.  --cached N of the input,\n"
        "--images N made and --audio-seconds N read by a request; --prices\n"
        "FILE and --data DIRECTORY instead of what is installed.\n");

    return 2;
}


static int
cost_option(unsigned i, const char *arg)
{
    int       rc;
    int64_t  *n;

    if (cost_options[i].kind == COST_TEXT) {
        *(const char **) cost_options[i].field = arg;
        return 0;
    }

    n = cost_options[i].field;

    rc = (cost_options[i].kind == COST_MONEY)
         ? llm_usd_parse((const unsigned char *) arg, strlen(arg), n)
         : llm_parse_int((const unsigned char *) arg, strlen(arg), n);

    if (rc != LLM_OK || *n < 0
        || (cost_options[i].kind == COST_COUNT && *n > 1000000000000LL))
    {
        (void) fprintf(stderr, "llm-cost: --%s %s: not %s\n",
                       cost_options[i].name, arg,
                       cost_options[i].kind == COST_MONEY
                       ? "an amount such as 2.50" : "a number from 0 to 1e12");
        return 2;
    }

    return 0;
}


static int
cost_prices(cost_t *c)
{
    FILE    *f;
    char     name[4096], err[256], unread[LLM_PRICE_UNREAD_LEN];
    size_t   len;

    static unsigned char  text[16 * 1024 * 1024];

    (void) snprintf(name, sizeof(name), "%s/prices/prices.json", c->data);

    if (c->prices == NULL) {
        c->prices = name;
    }

    f = fopen(c->prices, "rb");

    if (f == NULL) {
        return cost_fail("%s: cannot be read, --data or --prices say where "
                         "prices are", c->prices);
    }

    len = fread(text, 1, sizeof(text), f);
    (void) fclose(f);

    c->map = llm_prices_create(c->mem);

    if (c->map == NULL || len == sizeof(text)
        || llm_prices_load(c->map, text, len, err, sizeof(err)) != LLM_OK)
    {
        return cost_fail("%s: no price map", c->prices);
    }

    if (llm_prices_unread(c->map, unread)) {
        (void) cost_fail("the price map has prices that are not understood, "
                         "under %s", unread);
    }

    return 0;
}


int
main(int argc, char **argv)
{
    int            c, rc, command;
    unsigned       i;
    struct option  options[COST_OPTIONS + 2];

    memset(options, 0, sizeof(options));

    for (i = 0; i < COST_OPTIONS; i++) {
        options[i].name = cost_options[i].name;
        options[i].has_arg = required_argument;
        options[i].val = 256 + (int) i;

        if (cost_options[i].kind != COST_TEXT) {
            *(int64_t *) cost_options[i].field = COST_NONE;
        }
    }

    options[i].name = "help";
    options[i].val = COST_HELP;

    cost_all.data = LLM_DATA_DIR;
    cost_all.mem = &cost_mem;

    for (command = 0; argc > 1 && cost_commands[command].name; command++) {
        if (strcmp(argv[1], cost_commands[command].name) == 0) {
            break;
        }
    }

    if (argc < 2 || cost_commands[command].name == NULL) {
        return (argc > 1 && strcmp(argv[1], "--help") == 0)
               ? cost_usage_text(stdout) & 0 : cost_usage_text(stderr);
    }

    argc--;
    argv++;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == COST_HELP) {
            return cost_usage_text(stdout) & 0;
        }

        rc = c < 256 ? cost_usage_text(stderr) : cost_option(c - 256, optarg);

        if (rc) {
            return rc;
        }
    }

    rc = cost_commands[command].run == cost_roi ? 0 : cost_prices(&cost_all);

    return rc ? rc : cost_commands[command].run(&cost_all, argv + optind,
                                                argc - optind);
}
