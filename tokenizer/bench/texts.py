#!/usr/bin/env python3
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Gathers the texts of the benchmark from what the system has installed:
# documentation, headers and scripts, manual pages, message catalogues, and
# from GNOME's manual.
#
#     texts.py DIRECTORY HELP-FILES
#
# writes KIND.a and KIND.b, two different parts of one corpus, B of 1 MiB:
# english prose, code, chinese, and mixed: 30 languages of GNOME's manual in
# HELP-FILES, or of message catalogues where there is none.

import glob
import gzip
import html
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


def size(parts):
    return sum(len(part.encode('utf-8')) for part in parts)


def paragraphs(help_files, language):
    """Those of GNOME's manual."""

    element = re.compile(r'<(p|title)\b[^>]*>(.*?)</\1>', re.S)

    for path in files('%s/%s/gnome-help/*.page' % (help_files, language)):
        for _, text in element.findall(read(path)):
            text = ' '.join(html.unescape(re.sub('<[^>]*>', '', text)).split())

            if text:
                yield text + '\n'


def languages(help_files):
    """Of 30, what is translated: the manual, or the system's messages."""

    english_too = set(paragraphs(help_files, 'C'))

    found = {name: [text for text in distinct(paragraphs(help_files, name))
                    if text not in english_too]
             for name in os.listdir(help_files) if name != 'C'} \
            if english_too else \
            {name: distinct(messages(name, 40)) for name in LANGUAGES}

    largest = sorted(found, key=lambda name: (-size(found[name]), name))[:30]

    return {name: found[name] for name in largest}


def mixed(help_files):
    """As much of each language as there is, until there is enough."""

    sources = languages(help_files)
    used = dict.fromkeys(sources, 0)
    found = []

    while any(sources.values()) and sum(used.values()) < A_BYTES + B_BYTES:
        name = min((name for name in sources if sources[name]), key=used.get)
        found.append(sources[name].pop())
        used[name] += size(found[-1:])

    return found


def write(directory, kind, parts):
    parts = distinct(parts)
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
    directory, help_files = sys.argv[1:]
    os.makedirs(directory, exist_ok=True)

    for kind, source in (('english', english), ('code', code),
                         ('chinese', chinese), ('mixed', lambda: mixed(help_files))):
        write(directory, kind, source())


main()
