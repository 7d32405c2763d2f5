
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_arena.h"

#include "llm_window.h"
#include "llm_zone.h"
#include "window_table.h"


#define WINDOW_ZONES  (sizeof(window_zones) / sizeof(window_zones[0]))
#define WINDOW_ROWS   (sizeof(window_rows) / sizeof(window_rows[0]))


static llm_arena_t  arena;


static int
set_up(void **state)
{
    (void) state;

    llm_arena_init(&arena);

    return 0;
}


static int
tear_down(void **state)
{
    (void) state;

    llm_arena_free(&arena);

    return 0;
}


/* a TZif file of version 2 with n changes and a rule */

static size_t
tzif(unsigned char *p, const int64_t *at, const unsigned char *types,
    unsigned n, const int32_t *offsets, unsigned ntypes, const char *rule)
{
    unsigned        i, k, v;
    unsigned char  *start;

    start = p;

    for (v = 0; v < 2; v++) {
        memset(p, 0, 44);
        memcpy(p, "TZif2", 5);
        p[35] = v ? n : 0;
        p[39] = v ? ntypes : 1;
        p[43] = 4;
        p += 44;

        for (i = 0; v && i < n; i++) {
            for (k = 0; k < 8; k++) {
                *p++ = (uint64_t) at[i] >> (56 - 8 * k);
            }
        }

        for (i = 0; v && i < n; i++) {
            *p++ = types[i];
        }

        for (i = 0; i < (v ? ntypes : 1); i++) {
            for (k = 0; k < 4; k++) {
                *p++ = (uint32_t) offsets[i] >> (24 - 8 * k);
            }

            *p++ = 0;
            *p++ = 0;
        }

        memcpy(p, "XXX", 4);
        p += 4;
    }

    *p++ = '\n';
    memcpy(p, rule, strlen(rule));
    p += strlen(rule);
    *p++ = '\n';

    return p - start;
}


static llm_zone_t *
zone_of(const char *name)
{
    char                  err[128];
    size_t                n;
    llm_zone_t           *z;
    unsigned char         file[512];
    static const int32_t  zero[1] = { 0 };

    if (strpbrk(name, ",<") == NULL) {
        z = llm_zone_load(&arena.mem, name, err, sizeof(err));

    } else {
        n = tzif(file, NULL, NULL, 0, zero, 1, name);
        z = llm_zone_parse(&arena.mem, llm_arena_copy(&arena, file, n), n,
                           err, sizeof(err));
    }

    if (z == NULL) {
        fail_msg("%s: %s", name, err);
    }

    return z;
}


/* rows that another implementation made: see make_window_table.py */

static void
agrees_with_the_table(void **state)
{
    unsigned        i, k;
    int64_t         start, end;
    const int64_t  *row;
    llm_zone_t     *zones[WINDOW_ZONES];

    (void) state;

    for (i = 0; i < WINDOW_ZONES; i++) {
        zones[i] = zone_of(window_zones[i]);
    }

    for (i = 0; i < WINDOW_ROWS; i++) {
        row = window_rows[i];

        for (k = LLM_PERIOD_HOUR; k <= LLM_PERIOD_MONTH; k++) {
            llm_window_find(zones[row[0]], k, row[1], &start, &end);

            if (start - row[1] != row[2 * k] || end - row[1] != row[2 * k + 1])
            {
                fail_msg("%s at %lld, %s: %lld .. %lld, expected %lld .. %lld",
                         window_zones[row[0]], (long long) row[1],
                         llm_period_name(k), (long long) (start - row[1]),
                         (long long) (end - row[1]), (long long) row[2 * k],
                         (long long) row[2 * k + 1]);
            }
        }
    }
}


static void
assert_window(const char *zone, llm_period_e period, int64_t now,
    const char *from, const char *to)
{
    int64_t        start, end;
    unsigned char  buf[2][32];

    llm_window_find(zone_of(zone), period, now, &start, &end);
    assert_int_equal(llm_time_print(buf[0], start), 20);
    assert_int_equal(llm_time_print(buf[1], end), 20);
    assert_string_equal(buf[0], from);
    assert_string_equal(buf[1], to);
}


/* the same, but by hand: nobody's library is asked */

static void
known_days(void **state)
{
    (void) state;

    /* 23, 25 hours; an hour twice, and a month that ends with the change */

    assert_window("Europe/Berlin", LLM_PERIOD_DAY, 1711843200,
                  "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z");
    assert_window("Europe/Berlin", LLM_PERIOD_DAY, 1729987200,
                  "2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z");
    assert_window("Europe/Berlin", LLM_PERIOD_HOUR, 1729988100,
                  "2024-10-27T00:00:00Z", "2024-10-27T01:00:00Z");
    assert_window("Europe/Berlin", LLM_PERIOD_HOUR, 1729991700,
                  "2024-10-27T01:00:00Z", "2024-10-27T02:00:00Z");
    assert_window("Europe/Berlin", LLM_PERIOD_MONTH, 1711843200,
                  "2024-02-29T23:00:00Z", "2024-03-31T22:00:00Z");

    /* midnight did not exist: the day began at what was shown as 01:00 */

    assert_window("America/Sao_Paulo", LLM_PERIOD_DAY, 1541300400,
                  "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z");
    assert_window("America/Sao_Paulo", LLM_PERIOD_DAY, 1541300399,
                  "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z");

    /* it existed twice: the day before lasts until the first */

    assert_window("America/St_Johns", LLM_PERIOD_DAY, 1289097060 + 1800,
                  "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z");

    /* half an hour is set back: one whole hour, then a half */

    assert_window("Australia/Lord_Howe", LLM_PERIOD_HOUR, 1554562800,
                  "2019-04-06T15:00:00Z", "2019-04-06T15:30:00Z");

    /* 30 December 2011 was left out */

    assert_window("Pacific/Apia", LLM_PERIOD_WEEK, 1325239200,
                  "2011-12-26T10:00:00Z", "2012-01-01T10:00:00Z");

    /* day 59 from 0 is 1 March, or 29 February, as glibc has it, too */

    assert_window("AAA5BBB,59/0,299/25", LLM_PERIOD_DAY, 2687490000,
                  "2055-03-01T05:00:00Z", "2055-03-02T04:00:00Z");
    assert_window("AAA5BBB,59/0,299/25", LLM_PERIOD_DAY, 2718939600,
                  "2056-02-28T05:00:00Z", "2056-02-29T05:00:00Z");

    /* daylight time all the year: it ends when it begins again */

    assert_window("EST5EDT,0/0,J365/25", LLM_PERIOD_DAY, 2682309600,
                  "2054-12-31T04:00:00Z", "2055-01-01T04:00:00Z");
    assert_window("EST5EDT,0/0,J365/25", LLM_PERIOD_DAY, 2682309600 + 86400,
                  "2055-01-01T04:00:00Z", "2055-01-02T04:00:00Z");

    assert_window("Asia/Kolkata", LLM_PERIOD_HOUR, 1700000000,
                  "2023-11-14T21:30:00Z", "2023-11-14T22:30:00Z");
    assert_window("UTC", LLM_PERIOD_MINUTE, 1700000000,
                  "2023-11-14T22:13:00Z", "2023-11-14T22:14:00Z");
    assert_window("UTC", LLM_PERIOD_WEEK, 1700000000,
                  "2023-11-13T00:00:00Z", "2023-11-20T00:00:00Z");
    assert_window("UTC", LLM_PERIOD_MONTH, 1709164800,
                  "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z");
    assert_window("UTC", LLM_PERIOD_DAY, -1,
                  "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z");
}


/* walking from window to window, none overlaps and none is empty */

static void
windows_follow_each_other(void **state)
{
    unsigned     i, k, n;
    int64_t      t, start, end, next, stop;
    llm_zone_t  *z;

    (void) state;

    for (i = 0; i < WINDOW_ZONES; i++) {
        z = zone_of(window_zones[i]);

        for (k = LLM_PERIOD_HOUR; k <= LLM_PERIOD_MONTH; k++) {
            t = k == LLM_PERIOD_HOUR ? 1262304000 + 86400 * 300 : 0;
            stop = k == LLM_PERIOD_HOUR ? t + 86400 * 600 : 2100000000;

            llm_window_find(z, k, t, &start, &end);

            for (n = 0; end < stop; n++) {
                assert_true(start <= t && t < end);
                t = end;
                llm_window_find(z, k, t, &start, &next);
                assert_int_equal(start, end);
                assert_true(next > end);
                end = next;
            }

            assert_true(n > 700);
        }
    }
}


static void
total_has_no_end(void **state)
{
    int64_t  start, end;

    (void) state;

    llm_window_find(zone_of("UTC"), LLM_PERIOD_TOTAL, 5, &start, &end);
    assert_int_equal(start, 0);
    assert_true(end == INT64_MAX);

    /* a clock out of its mind */

    llm_window_find(zone_of("Europe/Kyiv"), LLM_PERIOD_DAY, INT64_MAX,
                    &start, &end);
    assert_true(start < end);
    llm_window_find(zone_of("Europe/Kyiv"), LLM_PERIOD_MONTH, INT64_MIN,
                    &start, &end);
    assert_true(start < end);
}


static void
dates_both_ways(void **state)
{
    int      month, day;
    int64_t  d, year, py;
    int      pm, pd;

    (void) state;

    llm_date(-800000, &py, &pm, &pd);

    for (d = -799999; d < 3000000; d++) {
        llm_date(d, &year, &month, &day);

        assert_int_equal(llm_days(year, month, day), d);
        assert_true(year == py ? month == pm ? day == pd + 1
                                             : month == pm + 1 && day == 1
                               : year == py + 1 && month == 1 && day == 1);
        py = year;
        pm = month;
        pd = day;
    }

    assert_int_equal(llm_days(2000, 2, 29), 11016);
    assert_int_equal(llm_days(1969, 12, 31), -1);
}


static void
names_of_periods(void **state)
{
    llm_str_t      day = llm_string("day"), da = llm_string("da");
    llm_str_t      none = llm_string("");
    unsigned char  buf[32];
    llm_period_e   p;

    (void) state;

    assert_int_equal(llm_period_parse(&day, &p), LLM_OK);
    assert_int_equal(p, LLM_PERIOD_DAY);
    assert_int_equal(llm_period_parse(&da, &p), LLM_BAD);
    assert_int_equal(llm_period_parse(&none, &p), LLM_BAD);
    assert_string_equal(llm_period_name(LLM_PERIOD_TOTAL), "total");
    assert_string_equal(llm_period_name(77), "");

    assert_int_equal(llm_time_print(buf, 1795305600), 20);
    assert_string_equal(buf, "2026-11-22T00:00:00Z");
    assert_int_equal(llm_time_print(buf, INT64_MAX), 20);
    assert_string_equal(buf, "9999-12-31T23:59:59Z");
}


static void
wrong_names(void **state)
{
    char         err[200];
    unsigned     i;
    const char  *names[] = {
        "", "/etc/passwd", "../../../etc/passwd", "Europe/Kyiv ", "No/Such",
        "Europe", "zone.tab", "Europe/Kyiv\n", "Europe/..", ".",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    };

    (void) state;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        err[0] = '\0';
        assert_null(llm_zone_load(&arena.mem, names[i], err, sizeof(err)));
        assert_true(err[0] != '\0');
    }

    assert_null(llm_zone_load(&arena.mem, "No/Such", err, sizeof(err)));
    assert_non_null(strstr(err, "is the package tzdata installed?"));

    arena.left = 100;
    assert_null(llm_zone_load(&arena.mem, "Europe/Kyiv", err, sizeof(err)));
    assert_string_equal(err, "no memory");
}


static llm_zone_t *
parse(const unsigned char *file, size_t n, char *err, size_t size)
{
    return llm_zone_parse(&arena.mem, llm_arena_copy(&arena, file, n), n,
                          err, size);
}


static void
rejects(const int64_t *at, unsigned n, int32_t offset, unsigned type,
    const char *rule, const char *why)
{
    char           err[200];
    size_t         size;
    unsigned       i;
    int32_t        offsets[2] = { 0, 0 };
    unsigned char  file[1024], types[8];

    offsets[1] = offset;

    for (i = 0; i < 8; i++) {
        types[i] = type;
    }

    size = tzif(file, at, types, n, offsets, 2, rule);
    assert_null(parse(file, size, err, sizeof(err)));
    assert_non_null(strstr(err, why));
}


static void
hostile_files(void **state)
{
    char           err[200];
    size_t         size, i;
    int64_t        at[3] = { 100, 200, 300 }, back[2] = { 200, 200 };
    int64_t        start, end;
    int32_t        offsets[2] = { 3600, 7200 };
    uint64_t       seed;
    unsigned       k, bytes;
    unsigned char  file[512], bad[512], types[3] = { 0, 1, 0 };
    llm_zone_t    *z;

    (void) state;

    rejects(back, 2, 3600, 1, "UTC0", "ascend");
    rejects(at, 3, 3600 * 27, 1, "UTC0", "offset is out of range");
    rejects(at, 3, 3600, 2, "UTC0", "offset is out of range");
    rejects(at, 3, 3600, 1, "UTC", "rule at the end cannot be read");
    rejects(at, 3, 3600, 1, "UTC99", "rule at the end cannot be read");
    rejects(at, 3, 3600, 1, "UTC0X", "rule at the end cannot be read");
    rejects(at, 3, 3600, 1, "A0", "rule at the end cannot be read");
    rejects(at, 3, 3600, 1, "<A0", "rule at the end cannot be read");
    rejects(at, 3, 3600, 1, "EET-2EEST", "rule at the end cannot be read");
    rejects(at, 3, 3600, 1, "EET-2EEST,M13.1.0,M1.1.0", "rule at the end");
    rejects(at, 3, 3600, 1, "EET-2EEST,M3.0.0,M1.1.0", "rule at the end");
    rejects(at, 3, 3600, 1, "EET-2EEST,M3.1.7,M1.1.0", "rule at the end");
    rejects(at, 3, 3600, 1, "EET-2EEST,J0,J5", "rule at the end");
    rejects(at, 3, 3600, 1, "EET-2EEST,1,366", "rule at the end");
    rejects(at, 3, 3600, 1, "EET-2EEST,1/168,300", "rule at the end");
    rejects(at, 3, 3600, 1, "EET-2EEST,1,300x", "rule at the end");
    rejects(at, 3, 3600, 1, "EET-2EEST,M99999999999.1.0,300", "rule at the");

    /* cut at every byte, and every byte changed: an answer or an error */

    size = tzif(file, at, types, 3, offsets, 2, "EET-2EEST,M3.5.0,M10.5.0");
    assert_non_null(parse(file, size, err, sizeof(err)));

    for (i = 0; i < size; i++) {
        assert_null(parse(file, i, err, sizeof(err)));
    }

    seed = 1;

    for (i = 0; i < 20000; i++) {
        memcpy(bad, file, size);
        bytes = 1 + i % 4;

        for (k = 0; k < bytes; k++) {
            bad[llm_random(&seed) % size] = llm_random(&seed);
        }

        z = parse(bad, size, err, sizeof(err));

        for (k = 0; z && k < LLM_PERIOD_N; k++) {
            llm_window_find(z, k, llm_random(&seed) % 2500000000U, &start,
                            &end);
            assert_true(start < end);
        }

        if (i % 100 == 0) {
            llm_arena_free(&arena);
            llm_arena_init(&arena);
        }
    }
}


/* version 1, and a leap-second file */

static void
versions(void **state)
{
    char           err[200];
    int64_t        start, end;
    llm_zone_t    *z;
    unsigned char  file[64];

    (void) state;

    memset(file, 0, sizeof(file));
    memcpy(file, "TZif", 4);
    file[35] = 1;
    file[39] = 1;
    memcpy(file + 44, "\xff\xff\xff\x9c\x00", 5);      /* at -100, type 0 */
    memcpy(file + 49, "\x00\x00\x0e\x10\x00\x00", 6);  /* an hour east */

    z = parse(file, 55, err, sizeof(err));
    assert_non_null(z);
    llm_window_find(z, LLM_PERIOD_DAY, 1700000000, &start, &end);
    assert_int_equal(start, 1700000000 - 1700000000 % 86400 - 3600);
    assert_null(parse(file, 54, err, sizeof(err)));

    file[31] = 1;
    assert_null(parse(file, 63, err, sizeof(err)));
    assert_non_null(strstr(err, "leap seconds"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(agrees_with_the_table, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(known_days, set_up, tear_down),
        cmocka_unit_test_setup_teardown(windows_follow_each_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(total_has_no_end, set_up, tear_down),
        cmocka_unit_test(dates_both_ways),
        cmocka_unit_test_setup_teardown(names_of_periods, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hostile_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(versions, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
