#!/usr/bin/env python3
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Runs the benchmark: the library, npm's tiktoken and gpt-tokenizer by turns,
# on one core.
#
#     run.py BENCH IMAGES TEXTS OUT.json CHART.svg
#
# NODE_PATH must lead to both packages.  Each cell is the median of TURNS runs;
# a run of the library is itself a median of nine.

import json
import os
import statistics
import subprocess
import sys

import chart

TURNS = 3
MAIN = 'o200k_base'
OTHERS = ('cl100k_base', 'p50k_base', 'r50k_base', 'llama3', 'qwen3',
          'deepseek_v3', 'claude', 'mistral', 'gemma3', 'gemini', 'tekken')
KINDS = 'english', 'code', 'chinese', 'mixed'
BLOCKS = {'1 MB': 1 << 20, '1 KB': 1024}
MARKS = {                               # of fresh counting / npm tiktoken
    ('english', '1 MB'): (45, 75), ('code', '1 MB'): (45, 75),
    ('english', '1 KB'): (35, 60), ('code', '1 KB'): (35, 60),
    ('chinese', '1 MB'): (6, 14), ('mixed', '1 MB'): (15, 30),
}
UNITS = {'a': 'a', 'space': ' ', '^': '^', 'han': '\u4e2d',
         'random letters': ''}
SIZES = {'10 KB': 10 ** 4, '100 KB': 10 ** 5, '1 MB': 10 ** 6}

bench, images, texts, out, picture = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))
cells = {}
missed = []


class Reference:
    """A JavaScript package, in a process of its own that stays warm."""

    def __init__(self, package):
        self.name = package
        self.process = subprocess.Popen(
            [os.environ.get('NODE', 'node'), here + '/reference.js', package,
             MAIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        self.process.stdin.write('\t'.join(map(str, words)) + '\n')
        self.process.stdin.flush()
        value, tokens = self.process.stdout.readline().split()
        return float(value), int(tokens)


def library(*args, vocabulary=MAIN):
    image = '%s/%s.llmv' % (images, vocabulary)
    line = subprocess.run([bench, image, *map(str, args)], check=True,
                          stdout=subprocess.PIPE).stdout.split()
    return float(line[0]), int(line[1])


def median(measure, *args, **names):
    return statistics.median(measure(*args, **names)[0] for _ in range(TURNS))


def row(name, value, unit, first=None, goal=None, least=True):
    cells[name] = value
    mark = ''

    if goal is not None:
        met = {m: value >= m if least else value <= m for m in (first, goal)}
        mark = 'first mark %g %s, goal %g %s' % (
            first, 'yes' if met[first] else 'NO',
            goal, 'yes' if met[goal] else 'no')

        if not met[goal]:
            missed.append('%s: %.2f, goal %g' % (name, value, goal))

    print('%-44s %9.2f %-5s %s' % (name, value, unit, mark), flush=True)


def parts(kind):
    return ['%s/%s.%s' % (texts, kind, part) for part in 'ab']


def fresh(kind, size, references):
    values = {'': []}
    block = BLOCKS[size]

    for _ in range(TURNS):
        mbs, tokens = library('fresh', block, *parts(kind))
        values[''].append(mbs)

        for reference in references:
            mbs, theirs = reference.ask('fresh', block, *parts(kind))
            values.setdefault(reference.name, []).append(mbs)

            if reference.name == 'tiktoken' and tokens != theirs:
                sys.exit('%s: %d tokens, tiktoken has %d'
                         % (kind, tokens, theirs))

    name = 'fresh %s %s' % (size, kind)
    ours = statistics.median(values.pop(''))
    row(name, ours, 'MB/s')

    for package in values:
        theirs = statistics.median(values[package])
        row('%s, npm %s' % (name, package), theirs, 'MB/s')
        row('%s / npm %s' % (name, package), ours / theirs, '',
            *(MARKS.get((kind, size), ()) if package == 'tiktoken' else ()))


def beside_english(unit, vocabulary=MAIN):
    """1 MB of it and English by turns: its ms, and times those of 1 MB."""

    size = os.path.getsize('%s/english.b' % texts) / 1e3
    times, ratios = [], []

    for _ in range(TURNS):
        ms = library('run', unit, SIZES['1 MB'], vocabulary=vocabulary)[0]
        mbs = library('fresh', BLOCKS['1 MB'], *parts('english'),
                      vocabulary=vocabulary)[0]
        times.append(ms)
        ratios.append(ms * mbs / size)

    return statistics.median(times), statistics.median(ratios)


def adversarial(references):
    for name, unit in UNITS.items():
        times = {}

        for size, n in SIZES.items():
            if size == '1 MB':
                times[size], ratio = beside_english(unit)
            else:
                times[size] = median(library, 'run', unit, n)

            row('%s of %s' % (size, name), times[size], 'ms')

        # theirs take time that grows with the square

        for reference in references:
            row('10 KB of %s, npm %s' % (name, reference.name),
                reference.ask('run', unit, 10 ** 4)[0], 'ms')

        row('1 MB of %s / 1 MB of english' % name, ratio,
            '', *((1.5, 1.0) if unit else (15, 7)), least=False)
        row('t(1 MB) / t(100 KB), %s' % name,
            times['1 MB'] / times['100 KB'], '', 14, 12, least=False)


def beside(other, kind, size):
    """Another vocabulary, each time after the main one."""

    main, value = [], []
    args = ('fresh', BLOCKS[size], *parts(kind))

    for _ in range(TURNS):
        main.append(library(*args)[0])
        value.append(library(*args, vocabulary=other)[0])

    row('%s, fresh %s %s' % (other, size, kind), statistics.median(value),
        'MB/s')
    row('%s / %s, %s %s' % (other, MAIN, size, kind),
        statistics.median(value) / statistics.median(main), '', 0.5, 0.5)


def vocabularies():
    """At least half as fast as the main one is to be."""

    for other in OTHERS:
        for kind in KINDS:
            for size in BLOCKS:
                beside(other, kind, size)

        for name, unit in UNITS.items():
            row('%s, 1 MB of %s / 1 MB of english' % (other, name),
                beside_english(unit, other)[1],
                '', *((3, 2) if unit else (30, 14)), least=False)


def opening():
    row('open an image', median(library, 'open'), 'ms', 2, 1, least=False)

    for name, first, goal in (MAIN, 20, 12), ('cl100k_base', 11, 7):
        row('image of ' + name,
            os.path.getsize('%s/%s.llmv' % (images, name)) / 1e6, 'MB',
            first, goal, least=False)


def main():
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    references = [Reference('tiktoken'), Reference('gpt-tokenizer')]

    row('sum of bytes', median(library, 'sum', texts + '/english.b'), 'MB/s')

    for kind in KINDS:
        for size in BLOCKS:
            fresh(kind, size, references)

        for how in 'cold', 'repeat':
            for size, block in BLOCKS.items():
                row('%s %s %s' % (how, size, kind),
                    median(library, how, block, *parts(kind)), 'MB/s')

    values = []

    for _ in range(3 * TURNS):      # by turns: the machine has others to serve
        cold, fresh_ = (library(how, 1 << 20, *parts('english'))[0]
                        for how in ('cold', 'fresh'))
        values.append(cold / fresh_)

    row('cold english / fresh english', statistics.median(values), '',
        0.6, 0.75)

    adversarial(references)
    opening()
    vocabularies()

    for reference in references:
        reference.process.stdin.close()
        reference.process.wait()

    print('\nbelow the goal: %s' % ('; '.join(missed) or 'nothing'))

    with open(out, 'w') as f:
        json.dump({'vocabulary': MAIN, 'cells': cells}, f, indent=1)
        f.write('\n')

    chart.write(picture, cells)


main()
