#!/usr/bin/env python3
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Gathers the texts of the benchmark from what the system has installed:
# documentation, headers and scripts, manual pages, message catalogues.
#
#     texts.py DIRECTORY
#
# writes KIND.a and KIND.b, two different parts of one corpus, B of 1 MiB:
# english prose, code, chinese, and mixed (30 languages in turn).

import glob
import gzip
import os
import random
import re
import struct
import sys

A_BYTES = 6 << 20
B_BYTES = 1 << 20

LANGUAGES = ('ar bg bn cs da de el es fa fi fr he hi hu id it ja ka ko nl pl '
             'pt_BR ro ru sv ta th tr uk vi zh_CN').split()


def read(path):
    opener = gzip.open if path.endswith('.gz') else open

    try:
        with opener(path, 'rb') as f:
            return f.read(4 << 20).decode('utf-8', 'strict')
    except (OSError, UnicodeDecodeError, EOFError):
        return ''


def files(*patterns):
    found = []

    for pattern in patterns:
        found += glob.glob(pattern, recursive=True)

    return sorted(set(os.path.realpath(f) for f in found
                      if os.path.isfile(f)))


def catalogue(path):
    """The translations of a GNU message catalogue."""

    try:
        with open(path, 'rb') as f:
            data = f.read()
    except OSError:
        return

    if len(data) < 28 or struct.unpack_from('<I', data)[0] != 0x950412de:
        return

    n, _, table = struct.unpack_from('<III', data, 8)

    for i in range(1, n):
        size, at = struct.unpack_from('<II', data, table + 8 * i)

        try:
            yield data[at:at + size].replace(b'\0', b'\n').decode('utf-8')
        except UnicodeDecodeError:
            return


def messages(language, least):
    pattern = '/usr/share/locale*/%s/LC_MESSAGES/*.mo' % language

    for path in files(pattern):
        for text in catalogue(path):
            if len(text) >= least:
                yield text + '\n'


def english():
    markup = re.compile(r'[A-Z]<+ ?([^<>]*) ?>+')

    for path in files('/usr/share/perl/**/*.pod', '/usr/share/perl/**/*.pm',
                      '/usr/share/doc/**/*.md', '/usr/share/doc/**/*.txt',
                      '/usr/share/doc/**/*.gz'):
        for part in read(path).split('\n\n'):
            words = part.split()

            if (len(part) > 200 and part[0].isalpha() and part.isascii()
                    and sum(w.isalpha() for w in words) > 0.75 * len(words)):
                yield markup.sub(r'\1', part) + '\n\n'


def code():
    for path in files('/usr/include/**/*.h', '/usr/lib/python3*/**/*.py',
                      '/usr/share/perl/**/*.pl', '/usr/share/**/*.js',
                      '/usr/share/**/*.sh', '/usr/lib/go*/**/*.go'):
        text = read(path)

        if 500 < len(text) < 100000:
            yield text


def chinese():
    macro = re.compile(r'^\..*$|\\f[BIRP]|\\-|\\&', re.M)

    def mostly_han(text):
        han = sum('\u4e00' <= c <= '\u9fff' for c in text)
        return han >= 0.6 * len(text.replace(' ', ''))

    for path in files('/usr/share/man/zh_*/man*/*'):
        for line in macro.sub('', read(path)).split('\n'):
            if len(line) > 8 and mostly_han(line):
                yield line + '\n'

    for language in 'zh_CN', 'zh_TW':
        for text in messages(language, 8):
            if mostly_han(text):
                yield text


def distinct(parts):
    return list(dict.fromkeys(parts))


def language_texts(language):
    """Paragraphs, or where there are too few of them also shorter texts."""

    for least in 60, 20:
        found = distinct(messages(language, least))

        if sum(len(text.encode('utf-8')) for text in found) > B_BYTES // 15:
            break

    return found


def mixed():
    """As many bytes of each language for as long as it has any, from the end
    on: so B has all of them, and those that lack some do in A."""

    used = dict.fromkeys(LANGUAGES, 0)
    sources = {language: language_texts(language) for language in LANGUAGES}
    found = []

    while any(sources.values()):
        language = min((name for name in sources if sources[name]),
                       key=used.get)
        found.append(sources[language].pop())
        used[language] += len(found[-1].encode('utf-8'))

    return reversed(found)


def write(directory, kind, parts):
    parts = distinct(parts)

    if kind != 'mixed':
        random.Random(1).shuffle(parts)

    text = ''.join(parts).encode('utf-8')
    cut = max(len(text) - B_BYTES, len(text) // 2)
    first = text[max(0, cut - A_BYTES):cut]

    for suffix, data in ('a', first), ('b', text[cut:cut + B_BYTES]):
        data = data.decode('utf-8', 'ignore').encode('utf-8')

        with open('%s/%s.%s' % (directory, kind, suffix), 'wb') as f:
            f.write(data)

        print('%s.%s: %d bytes' % (kind, suffix, len(data)))


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)

    for kind, source in (('english', english), ('code', code),
                         ('chinese', chinese), ('mixed', mixed)):
        write(directory, kind, source())


main()
