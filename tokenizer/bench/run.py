#!/usr/bin/env python3
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Runs the benchmark: the library and npm's tiktoken by turns, on one core.
#
#     run.py BENCH IMAGE TEXTS VOCABULARY OUT.json
#
# NODE_PATH must lead to tiktoken.  Each cell is the median of TURNS runs; a
# run of the library is itself a median of nine.

import json
import os
import statistics
import subprocess
import sys

TURNS = 3
KINDS = 'english', 'code', 'chinese', 'mixed'
MARKS = {                               # of fresh counting / npm tiktoken
    ('english', 1 << 20): (45, 75), ('code', 1 << 20): (45, 75),
    ('english', 1024): (35, 60), ('code', 1024): (35, 60),
    ('chinese', 1 << 20): (6, 14), ('mixed', 1 << 20): (15, 30),
}
UNITS = {'a': 'a', 'space': ' ', '^': '^', 'han': '\u4e2d'}

bench, image, texts, vocabulary, out = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))
reference = None
cells = {}


def library(*args):
    line = subprocess.run([bench, image, *map(str, args)], check=True,
                          stdout=subprocess.PIPE).stdout.split()
    return float(line[0]), int(line[1])


def tiktoken(block, a, b):
    reference.stdin.write('fresh %d %s %s\n' % (block, a, b))
    reference.stdin.flush()
    line = reference.stdout.readline().split()
    return float(line[0]), int(line[1])


def row(name, value, unit, first=None, goal=None, least=True):
    cells[name] = value
    mark = ''

    if first is not None:
        reached = (lambda m: value >= m) if least else (lambda m: value <= m)
        mark = 'first mark %g %s, goal %g %s' % (
            first, 'yes' if reached(first) else 'NO',
            goal, 'yes' if reached(goal) else 'no')

    print('%-40s %9.2f %-5s %s' % (name, value, unit, mark), flush=True)


def fresh(kind, block):
    a, b = ('%s/%s.%s' % (texts, kind, part) for part in 'ab')
    ours, theirs = [], []

    for _ in range(TURNS):
        mbs, tokens = library('fresh', block, a, b)
        ours.append(mbs)
        mbs, expected = tiktoken(block, a, b)
        theirs.append(mbs)

        if tokens != expected:
            sys.exit('%s: %d tokens, tiktoken has %d'
                     % (kind, tokens, expected))

    size = '1 MB' if block > 1024 else '1 KB'
    mine, other = statistics.median(ours), statistics.median(theirs)
    row('fresh %s %s' % (size, kind), mine, 'MB/s')
    row('fresh %s %s, npm tiktoken' % (size, kind), other, 'MB/s')
    row('fresh %s %s / npm tiktoken' % (size, kind), mine / other, '',
        *MARKS.get((kind, block), ()))


def other_texts(kind):
    a, b = ('%s/%s.%s' % (texts, kind, part) for part in 'ab')

    for how in 'cold', 'repeat':
        row('%s 1 MB %s' % (how, kind),
            statistics.median(library(how, 1 << 20, a, b)[0]
                              for _ in range(TURNS)), 'MB/s')


def adversarial():
    english = os.path.getsize('%s/english.b' % texts) / 1e3 \
        / cells['fresh 1 MB english']

    for name, args in [(n, ('run', u)) for n, u in UNITS.items()] \
            + [('random letters', ('letters',))]:
        times = [statistics.median(library(*args, n)[0]
                                   for _ in range(TURNS))
                 for n in (10 ** 4, 10 ** 5, 10 ** 6)]

        for n, t in zip(('10 KB', '100 KB', '1 MB'), times):
            row('%s of %s' % (n, name), t, 'ms')

        row('1 MB of %s / 1 MB of english' % name, times[2] / english, '',
            *((15, 7) if args[0] == 'letters' else (1.5, 1.0)), least=False)
        row('t(1 MB) / t(100 KB), %s' % name, times[2] / times[1], '',
            14, 12, least=False)


def main():
    global reference

    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    reference = subprocess.Popen(
        [os.environ.get('NODE', 'node'), here + '/reference.js', vocabulary],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    row('sum of bytes', library('sum', texts + '/english.b')[0], 'MB/s')

    for kind in KINDS:
        for block in 1 << 20, 1024:
            fresh(kind, block)

        other_texts(kind)

    row('cold english / fresh english',
        cells['cold 1 MB english'] / cells['fresh 1 MB english'], '',
        0.6, 0.75)
    adversarial()
    row('open an image', statistics.median(
        library('open')[0] for _ in range(TURNS)), 'ms', 2, 1, least=False)
    row('image', os.path.getsize(image) / 1e6, 'MB',
        *((11, 7) if vocabulary == 'cl100k_base' else (20, 12)), least=False)

    reference.stdin.close()
    reference.wait()

    with open(out, 'w') as f:
        json.dump({'vocabulary': vocabulary, 'cells': cells}, f, indent=1)
        f.write('\n')


main()
