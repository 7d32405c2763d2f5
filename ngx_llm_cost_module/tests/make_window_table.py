#!/usr/bin/env python3
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Writes window_table.h: windows of budgets as Python's zoneinfo sees them,
# found by walking the clock minute by minute, which is slow and simple.
#
#   python3 make_window_table.py > window_table.h
#
# Zones are asked for years whose rules are history and do not change any more;
# rules for the future are asked in zones of our own, given as POSIX strings
# (but none with a date of the form "n", which zoneinfo puts a day too early).

import io
import struct
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ZONES = [
    ("UTC", [2024]),
    ("Europe/Kyiv", [2020, 2021]),
    ("Europe/Berlin", [2019]),
    ("Europe/London", [2019]),
    ("Europe/Dublin", [2019]),
    ("America/New_York", [2023]),
    ("America/Sao_Paulo", [2017, 2018]),
    ("America/Havana", [2018]),
    ("America/Santiago", [2018]),
    ("America/Asuncion", [2017]),
    ("America/St_Johns", [2010]),
    ("America/Caracas", [2016]),
    ("Asia/Beirut", [2022, 2023]),
    ("Asia/Amman", [2021]),
    ("Asia/Tehran", [2021]),
    ("Asia/Kolkata", [2023]),
    ("Asia/Kathmandu", [2023]),
    ("Asia/Pyongyang", [2018]),
    ("Africa/Casablanca", [2019]),
    ("Antarctica/Troll", [2019]),
    ("Australia/Lord_Howe", [2019]),
    ("Australia/Sydney", [2019]),
    ("Pacific/Chatham", [2019]),
    ("Pacific/Apia", [2011]),
]

RULES = [
    ("EET-2EEST,M3.5.0/3,M10.5.0/4", [2050]),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", [2051]),
    ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", [2052]),
    ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", [2053]),
    ("IST-1GMT0,M10.5.0,M3.5.0/1", [2054]),
    ("AAA5BBB,J60/0,J300/0", [2055, 2056]),
    ("<+0545>-5:45", [2060]),
]


def rule_zone(text):
    header = struct.pack(">4sc15x6I", b"TZif", b"2", 0, 0, 0, 0, 1, 4)
    block = struct.pack(">iBB4s", 0, 0, 0, b"UTC\0")
    data = (header + block) * 2 + b"\n" + text.encode() + b"\n"
    return ZoneInfo.from_file(io.BytesIO(data))


def offset(zone, t):
    d = datetime.fromtimestamp(t, timezone.utc).astimezone(zone)
    return int(d.utcoffset().total_seconds())


def changes(zone, year):
    t = int(datetime(year, 1, 1, tzinfo=timezone.utc).timestamp()) - 86400
    found = []
    for hour in range(t, t + 368 * 86400, 3600):
        if offset(zone, hour) != offset(zone, hour + 3600):
            for minute in range(hour, hour + 3600, 60):
                if offset(zone, minute) != offset(zone, minute + 60):
                    found.append(minute + 60)
    return found


def midnight(zone, date, known={}):
    key = (zone, date)
    if key not in known:
        t = int(datetime(date.year, date.month, date.day,
                         tzinfo=timezone.utc).timestamp())
        known[key] = next(m for m in range(t - 27 * 3600, t + 28 * 3600, 60)
                          if datetime.fromtimestamp(m, zone).date() >= date)
    return known[key]


def hour(zone, now):
    def same(t):
        off = offset(zone, t)
        return off, (t + off) // 3600

    first = now // 60 * 60
    here = same(first)
    start = end = first
    while same(start - 60) == here:
        start -= 60
    while same(end) == here:
        end += 60
    return start, end


def windows(zone, now):
    one = timedelta(days=1)
    day = datetime.fromtimestamp(now, zone).date()
    while midnight(zone, day + one) <= now:
        day += one
    monday = day - one * day.weekday()
    first = day.replace(day=1)
    after = (first + one * 31).replace(day=1)
    return (*hour(zone, now),
            midnight(zone, day), midnight(zone, day + one),
            midnight(zone, monday), midnight(zone, monday + one * 7),
            midnight(zone, first), midnight(zone, after))


def instants(zone, year):
    for t in changes(zone, year):
        yield from (t - 86400, t - 3601, t - 1, t, t + 1799, t + 3600,
                    t + 86399)
    for month, day in ((1, 1), (2, 28), (3, 1), (12, 31)):
        yield int(datetime(year, month, day, 4, 29, 59,
                           tzinfo=timezone.utc).timestamp())


def main():
    print("\n/*\n * Copyright (C) 2026 the ngx_llm_cost_module authors\n *\n"
          " * Made by make_window_table.py.\n */\n\n")
    print("static const char  *window_zones[] = {")
    for name, _ in ZONES + RULES:
        print('    "%s",' % name)
    print("};\n\n")
    print("/* zone, now; hour, day, week, month as [start, end) - now */\n")
    print("static const int64_t  window_rows[][10] = {")
    for i, (name, years) in enumerate(ZONES + RULES):
        zone = ZoneInfo(name) if i < len(ZONES) else rule_zone(name)
        for year in years:
            for now in instants(zone, year):
                row = [w - now for w in windows(zone, now)]
                print("    {%d,%d,%s}," % (i, now, ",".join(map(str, row))))
    print("};")


main()
