# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The bar chart of the benchmark, for run.py.

import datetime

NAMES = {'english': 'English', 'code': 'code', 'chinese': 'Chinese',
         'mixed': '30 languages'}
BARS = (('', 'this library', '#1f6feb'),
        (', npm gpt-tokenizer', 'npm gpt-tokenizer', '#d29922'),
        (', npm tiktoken', 'npm tiktoken', '#8b949e'))
LEFT, TOP, WIDE, BAR, GAP = 120, 78, 560, 16, 18


def processor():
    with open('/proc/cpuinfo') as f:
        for line in f:
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()

    return 'unknown processor'


def text(x, y, words, more=''):
    return '<text x="%g" y="%g"%s>%s</text>' % (x, y, more, words)


def bars(cells, most):
    y = TOP

    for kind, name in NAMES.items():
        for size in '1 MB', '1 KB':
            yield text(LEFT - 8, y + 1.8 * BAR,
                       '%s, %s' % (name, size), ' text-anchor="end"')

            for suffix, _, colour in BARS:
                value = cells['fresh %s %s%s' % (size, kind, suffix)]
                wide = max(1, WIDE * value / most)
                yield ('<rect x="%d" y="%d" width="%.1f" height="%d" '
                       'fill="%s"/>' % (LEFT, y, wide, BAR - 2, colour))
                yield text(LEFT + wide + 5, y + BAR - 4,
                           '%.1f' % value if value < 10 else '%.0f' % value)
                y += BAR

            y += GAP


def write(path, cells):
    most = max(value for name, value in cells.items()
               if name.startswith('fresh') and '/' not in name)
    high = TOP + 8 * (len(BARS) * BAR + GAP)
    x = LEFT
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" width="760" '
             'height="%d" font-family="sans-serif" font-size="12">' % high,
             '<rect width="100%" height="100%" fill="#ffffff"/>',
             text(LEFT, 24, 'Counting text that was not seen before, '
                  'o200k_base, MB/s', ' font-size="15"'),
             text(LEFT, 42, 'one core of %s, %s, in calls of 1 MB and of 1 KB'
                  % (processor(), datetime.date.today()))]

    for _, name, colour in BARS:
        lines.append('<rect x="%d" y="54" width="10" height="10" fill="%s"/>'
                     % (x, colour))
        lines.append(text(x + 15, 63, name))
        x += 150

    lines += bars(cells, most)
    lines.append('</svg>')

    with open(path, 'w') as f:
        f.write('\n'.join(lines) + '\n')
