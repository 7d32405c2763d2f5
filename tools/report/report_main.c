
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "report.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>


#ifndef LLM_DATA_DIR
#define LLM_DATA_DIR  "/usr/share/llm-cost"
#endif

#define REPORT_TTL    3600


typedef struct {
    const char    *format;
    const char    *prices;
    size_t         top;
    int64_t        ttl;
} report_options_t;


static void *report_alloc(void *ctx, size_t size);
static int report_fail(const char *format, const char *arg);

static const struct option  report_long[] = {
    { "by",        required_argument, NULL, 'b' },
    { "from",      required_argument, NULL, 'f' },
    { "to",        required_argument, NULL, 't' },
    { "format",    required_argument, NULL, 'o' },
    { "top",       required_argument, NULL, 'n' },
    { "prices",    required_argument, NULL, 'p' },
    { "cache-ttl", required_argument, NULL, 'c' },
    { "help",      no_argument,       NULL, 'h' },
    { NULL, 0, NULL, 0 }
};


/* breakdowns by their names; tags are members "tag_NAME" of the log */

static const struct {
    const char  *name;
    const char  *member;
} report_known[] = {
    { "model", "model" },
    { "user", "user" },
    { "endpoint", "uri" },
    { "provider", "provider" },
    { "key", "api_key_id" },
    { "status", "status" },
    { "source", "usage_source" },
    { NULL, NULL }
};


static llm_mem_t  report_mem = { report_alloc, NULL };


static void *
report_alloc(void *ctx, size_t size)
{
    (void) ctx;

    return malloc(size);
}


static int
report_fail(const char *format, const char *arg)
{
    (void) fprintf(stderr, "llm-report: ");
    (void) fprintf(stderr, format, arg);
    (void) fputc('\n', stderr);

    return 2;
}


static void
report_usage(FILE *f)
{
    (void) fprintf(f,
        "usage: llm-report [--by NAME]... [--from TIME] [--to TIME]\n"
        "                  [--format text|json|csv|html] [--top N]\n"
        "                  [--prices FILE] [--cache-ttl SECONDS] [LOG]...\n\n"
        "LOG is written by the log_format of examples/nginx/log_format.conf,\n"
        "plain or gzip; \"-\" or none is standard input.  NAME is model,\n"
        "user, day, endpoint, provider, key, status, source or tag:NAME.\n"
        "TIME is 2026-11-22 or 2026-11-22T03:04:05Z.\n");
}


static int
report_by(report_t *rp, const char *name)
{
    char                *member;
    unsigned             i;
    report_breakdown_t  *b;

    if (rp->nby == REPORT_BREAKDOWNS) {
        return report_fail("more than 16 breakdowns, \"%s\" is too many",
                           name);
    }

    for (i = 0; i < rp->nby; i++) {
        if (strcmp((char *) rp->by[i].name.data, name) == 0) {
            return report_fail("--by %s: is there twice", name);
        }
    }

    b = &rp->by[rp->nby];
    b->name.data = (unsigned char *) name;
    b->name.len = strlen(name);

    for (i = 0; report_known[i].name; i++) {
        if (strcmp(report_known[i].name, name) == 0) {
            b->member = report_known[i].member;
        }
    }

    if (b->member == NULL && strncmp(name, "tag:", 4) == 0 && name[4]
        && strlen(name) < 256)
    {
        member = malloc(strlen(name) + 1);

        if (member) {
            (void) sprintf(member, "tag_%s", name + 4);
            b->member = member;
        }
    }

    if (b->member == NULL && strcmp(name, "day") != 0) {
        return report_fail("--by %s: not model, user, day, endpoint, provider,"
                           " key, status, source or tag:NAME", name);
    }

    if (report_table_init(&b->table) != 0) {
        return report_fail("%s", strerror(ENOMEM));
    }

    rp->nby++;

    return 0;
}


static int
report_number(const char *text, int64_t *n)
{
    return llm_parse_int((const unsigned char *) text, strlen(text), n)
           == LLM_OK && *n > 0 && *n <= INT32_MAX ? 0 : -1;
}


static int
report_bound(const char *text, int64_t *time)
{
    llm_str_t  s;

    s.data = (unsigned char *) text;
    s.len = strlen(text);
    *time = report_time(&s);

    return *time < 0 ? -1 : 0;
}


static int
report_option(report_t *rp, report_options_t *o, int c, const char *arg)
{
    int64_t  n;

    switch (c) {

    case 'b':
        return report_by(rp, arg);

    case 'f':
        return report_bound(arg, &rp->from) == 0 ? 0
               : report_fail("--from %s: not a time such as 2026-11-22", arg);

    case 't':
        return report_bound(arg, &rp->to) == 0 ? 0
               : report_fail("--to %s: not a time such as 2026-11-22", arg);

    case 'o':
        o->format = arg;

        return strcmp(arg, "text") == 0 || strcmp(arg, "json") == 0
               || strcmp(arg, "csv") == 0 || strcmp(arg, "html") == 0 ? 0
               : report_fail("--format %s: not text, json, csv or html", arg);

    case 'n':
        if (report_number(arg, &n) != 0) {
            return report_fail("--top %s: not a positive number", arg);
        }

        o->top = n;
        return 0;

    case 'c':
        return report_number(arg, &o->ttl) == 0 ? 0
               : report_fail("--cache-ttl %s: not a positive number", arg);

    case 'p':
        o->prices = arg;
        return 0;

    case 'h':
        report_usage(stdout);
        exit(0);

    default:
        report_usage(stderr);
        return 2;
    }
}


/* the shipped map, if it is there; one that was asked for must be */

static int
report_prices(report_t *rp, const report_options_t *o)
{
    char         err[256];
    FILE        *f;
    size_t       len;
    const char  *name;

    static char  text[16 * 1024 * 1024];

    name = o->prices ? o->prices : LLM_DATA_DIR "/prices/prices.json";
    f = fopen(name, "rb");

    if (f == NULL) {
        return o->prices ? report_fail("%s: cannot be read", name) : 0;
    }

    len = fread(text, 1, sizeof(text), f);
    (void) fclose(f);

    rp->prices = llm_prices_create(rp->mem);

    if (rp->prices == NULL || len == sizeof(text)
        || llm_prices_load(rp->prices, (unsigned char *) text, len, err,
                           sizeof(err)) != LLM_OK)
    {
        return report_fail("%s: no price map", name);
    }

    return 0;
}


/* a log that has nothing of ours is a mistake, not an empty bill */

static int
report_plausible(const report_t *rp)
{
    if (rp->lines == 0 || rp->lines > rp->broken + rp->foreign) {
        return 0;
    }

    return report_fail("none of the %s: llm-report reads lines that the "
                       "log_format of examples/nginx/log_format.conf writes",
                       rp->foreign ? "lines has \"time\", \"usage_source\" "
                                     "and \"cost\""
                                   : "lines is a JSON object");
}


static int
report_files(report_t *rp, char **argv, int argc)
{
    int  i, rc;

    if (argc == 0) {
        return report_read(rp, "-");
    }

    rc = 0;

    for (i = 0; i < argc; i++) {
        rc |= report_read(rp, argv[i]);
    }

    return rc;
}


static void
report_write(report_t *rp, const report_options_t *o)
{
    report_table_sort_names(&rp->days);

    if (strcmp(o->format, "json") == 0) {
        report_json(rp, o->top);

    } else if (strcmp(o->format, "csv") == 0) {
        report_csv(rp);

    } else if (strcmp(o->format, "html") == 0) {
        report_html(rp, o->top);

    } else {
        report_text(rp, o->top);
    }
}


int
main(int argc, char **argv)
{
    int               c, rc;
    report_options_t  o;

    static report_t  rp;

    memset(&o, 0, sizeof(report_options_t));
    o.format = "text";
    o.top = REPORT_TOP;
    o.ttl = REPORT_TTL;

    rp.mem = &report_mem;
    rp.json.mem = &report_mem;
    rp.first = -1;
    rp.to = INT64_MAX;

    while ((c = getopt_long(argc, argv, "", report_long, NULL)) != -1) {
        rc = report_option(&rp, &o, c, optarg);

        if (rc != 0) {
            return rc;
        }
    }

    if (rp.nby == 0
        && (report_by(&rp, "model") || report_by(&rp, "user")
            || report_by(&rp, "day") || report_by(&rp, "endpoint")))
    {
        return 2;
    }

    rp.waste = report_waste_create(o.ttl);
    rp.works = calloc(REPORT_WORKS, sizeof(report_seen_t));

    if (rp.waste == NULL || rp.works == NULL
        || report_table_init(&rp.days) != 0)
    {
        return report_fail("%s", strerror(ENOMEM));
    }

    rc = report_prices(&rp, &o);

    if (rc == 0) {
        rc = report_files(&rp, argv + optind, argc - optind) ? 1 : 0;
    }

    if (rc == 0) {
        rc = report_plausible(&rp);
    }

    if (rc) {
        return rc;
    }

    report_write(&rp, &o);

    return (fflush(stdout) == 0) ? 0 : report_fail("%s", strerror(errno));
}
