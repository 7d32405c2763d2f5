#!/usr/bin/python3

# Copyright (C) 2026 the ngx_llm_cost_module authors

"""Pairs of requests, made of recorded ones: which share a key of the cache?

cache_keys.py TRAFFIC_DIR CACHE_KEYS DOCS PAIRS [SEED]

CACHE_KEYS is t/util/cache_keys.c, built: the module's canonical form.  What it
says of a pair is held against a form of this program's own, made of Python's
JSON and of the table in DOCS (docs/cache.md).  Prints "ok TEXT" or "not ok
TEXT", and pairs that are judged in two ways as "# TEXT" lines.

A pair is one request, written twice: with members in another order, other
escapes, other spellings of numbers, other values of members of the table; and
in every other pair with something else changed, too: a value, a type, an
order where it matters, a name that comes twice, a reference.
"""

import gzip
import json
import os
import random
import re
import subprocess
import sys

BATCH = 2000
SHOWN = 5
LONGEST = 3000
SHORT = 500                  # nine of ten are not longer: they take less time

GEMINI = "/v1beta/models/gemini-2.0-flash:generateContent"

# dialect of the table, its name in the module, path
APIS = {
    "openai.chat": ("openai", "openai", "/v1/chat/completions"),
    "openai.completions": ("openai", "openai", "/v1/completions"),
    "openai.embeddings": ("openai", "openai", "/v1/embeddings"),
    "openai.responses": ("responses", "openai", "/v1/responses"),
    "anthropic.messages": ("anthropic", "anthropic", "/v1/messages"),
    "gemini.generateContent": ("gemini", "gemini", GEMINI),
    "gemini.stream": ("gemini", "gemini", GEMINI),
    "bedrock.converse": ("bedrock", "bedrock",
                         "/model/amazon.nova-lite-v1:0/converse"),
    "cohere.chat": ("cohere", "cohere", "/v2/chat"),
    "ollama": ("ollama", "ollama", "/api/chat"),
}


class Number(str):
    """A number as it is spelled."""


class Object(list):
    """Pairs of an object, in their order, a name twice or not."""


def read(text):
    return json.loads(text, object_pairs_hook=Object, parse_int=Number,
                      parse_float=Number)


class Table:
    """Rows "| dialect | less | verbatim | state |" of the documentation."""

    def __init__(self, path):
        self.rows = {}
        with open(path, encoding="utf8") as f:
            for line in f:
                cells = line.strip().strip("|").split("|")
                if len(cells) == 4 and cells[0].strip().isalpha():
                    self.rows[cells[0].strip()] = tuple(
                        frozenset(re.findall(r"`([^`]+)`", cell))
                        for cell in cells[1:])


class Declined(Exception):
    pass


# The oracle

def number(text):
    """sign, digits and power of ten: equal numbers are equal"""
    match = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?", text)
    sign, whole, part, power = match.groups("")

    if len(power.lstrip("+-")) > 15:
        raise Declined

    digits = (whole + part).lstrip("0")
    exponent = int(power or 0) - len(part)
    stripped = digits.rstrip("0")

    if not stripped:
        return (0,)

    return (sign, stripped, exponent + len(digits) - len(stripped))


def form(value, row, verbatim=False, root=False):
    less, kept, state = row

    if isinstance(value, Number):
        return ("as is", str(value)) if verbatim else number(value)

    if isinstance(value, Object):
        if verbatim:
            return ("ordered", tuple((k, form(v, row, True))
                                     for k, v in value))

        members = {}
        for name, v in value:
            if root and name in less:
                continue
            if name in state and v is not None:
                raise Declined
            if name in members:
                raise Declined
            members[name] = form(v, row, name in kept)

        return ("object", tuple(sorted(members.items())))

    if isinstance(value, list):
        return ("array", tuple(form(v, row, verbatim) for v in value))

    return (type(value).__name__, value)


def canonical(text, row):
    try:
        return form(read(text), row, root=True)
    except Declined:
        return None


# Requests, written in another way

def spell(dice, value):
    """the same number in other words"""
    text = str(value)
    match = re.fullmatch(r"(-?\d+)(\.\d+)?", text)

    if not match or dice.random() < 0.5:
        return text

    if match.group(2):
        return text + "0" * dice.randrange(1, 3)

    return dice.choice([text + ".0", text + "e0", text + "0e-1",
                        text + ".00E+0"])


def quote(dice, text):
    out = json.dumps(text, ensure_ascii=dice.random() < 0.5)

    if dice.random() < 0.3 and len(text) < 200:
        i = dice.randrange(len(text) + 1)
        if i < len(text) and 0x20 < ord(text[i]) < 0x7f \
                and text[i] not in '"\\':
            out = (json.dumps(text[:i])[:-1] + f"\\u{ord(text[i]):04x}"
                   + json.dumps(text[i + 1:])[1:])

    return out


def write(dice, value, row, verbatim=False):
    if isinstance(value, Number):
        return str(value) if verbatim else spell(dice, value)

    if isinstance(value, Object):
        members = list(value)
        if not verbatim:
            dice.shuffle(members)
        comma = dice.choice([",", ", ", ",\n  "])
        return "{" + comma.join(
            f"{quote(dice, k)}:{write(dice, v, row, verbatim or k in row[1])}"
            for k, v in members) + "}"

    if isinstance(value, list):
        return "[" + dice.choice([",", " , "]).join(
            write(dice, v, row, verbatim) for v in value) + "]"

    if isinstance(value, str):
        return quote(dice, value)

    return json.dumps(value)


# Requests, changed

def containers(value, verbatim, row, out):
    """every object and list with what is in it, and whether its order counts"""
    if isinstance(value, Object):
        out.append((value, verbatim))
        for name, v in value:
            containers(v, verbatim or name in row[1], row, out)
    elif isinstance(value, list):
        out.append((value, verbatim))
        for v in value:
            containers(v, verbatim, row, out)


def copy(value):
    if isinstance(value, Object):
        return Object((k, copy(v)) for k, v in value)
    if isinstance(value, list):
        return [copy(v) for v in value]
    return value


def other(dice, value):
    """a value that is not the same, of this type or of another"""
    if isinstance(value, Number):
        return dice.choice([Number(value + "1"), Number("7e400"),
                            Number("-" + value.lstrip("-")), str(value),
                            Number("1e1234567890123456789")])
    if isinstance(value, str):
        return dice.choice([value + " ", value + "\u0041", value[1:], None])
    if isinstance(value, bool):
        return not value
    return dice.choice([[], Object(), "", Number("0"), [value]])


def change(dice, root, row):
    """one change, in place, anywhere"""
    places = []
    containers(root, False, row, places)
    where, _ = dice.choice(places)
    kind = dice.randrange(7)

    if kind == 0 and len(where) > 1:
        i = dice.randrange(len(where) - 1)
        where[i], where[i + 1] = where[i + 1], where[i]
    elif kind == 1 and where:
        del where[dice.randrange(len(where))]
    elif kind == 2 and isinstance(where, Object) and where:
        where.append((dice.choice(where)[0], "twice"))
    elif kind == 3 and isinstance(where, Object):
        name = dice.choice(sorted(row[0] | row[1] | row[2]) + ["fresh"])
        where.append((name, dice.choice(["x", None, Number("1")])))
    elif where:
        i = dice.randrange(len(where))
        if isinstance(where, Object):
            where[i] = (where[i][0], other(dice, where[i][1]))
        else:
            where[i] = other(dice, where[i])


def neutral(dice, root, row):
    """members of the table come, go and change"""
    less = row[0] - {"model", "stream", "store", "stream_options"}

    for name in less:
        if dice.random() < 0.3:
            root[:] = [m for m in root if m[0] != name]
            if dice.random() < 0.7:
                root.append((name, dice.choice(["a", "b"])))


def nested(dice, row):
    """a part of a request that is deep"""
    value = Number("1")
    for _ in range(dice.randrange(1, 140)):
        value = [value] if dice.random() < 0.5 else Object([("d", value)])
    return value


def pair(dice, root, row):
    one = copy(root)
    two = copy(root)

    if dice.random() < 0.02:
        deep = nested(dice, row)
        one.append(("deep", deep))
        two.append(("deep", copy(deep)))

    neutral(dice, one, row)
    neutral(dice, two, row)

    if dice.random() < 0.5:
        for _ in range(dice.choice([1, 1, 2])):
            change(dice, two, row)

    return write(dice, one, row), write(dice, two, row)


def requests(directory):
    found = []
    with gzip.open(os.path.join(directory, "open.jsonl.gz"), "rt",
                   encoding="utf8") as f:
        for line in f:
            record = json.loads(line)
            body = record.get("request_body")
            if record["api"] not in APIS or not body \
                    or record.get("request_base64") or len(body) > LONGEST \
                    or "\ufffd" in body or re.search(r"\\u[dD][89a-fA-F]",
                                                     body):
                continue
            try:
                root = read(body)
            except ValueError:
                continue
            if isinstance(root, Object):
                found.append((APIS[record["api"]], root, len(body)))
    return found


def keys(program, batch):
    data = b"".join(f"{name} {path} {len(text)}\n".encode() + text
                    for name, path, text in batch)
    lines = subprocess.run([program], input=data, stdout=subprocess.PIPE,
                           check=True).stdout.decode().split()
    assert len(lines) == len(batch)
    return lines


def main(directory, program, docs, pairs, seed="1"):
    dice = random.Random(int(seed))
    table = Table(docs)
    recorded = requests(directory)
    short = [r for r in recorded if r[2] <= SHORT]
    wrong = same = differ = declined = bad = 0

    for start in range(0, int(pairs), BATCH):
        batch = []
        texts = []

        for _ in range(min(BATCH, int(pairs) - start)):
            (dialect, name, path), root, _ = dice.choice(
                short if dice.random() < 0.9 else recorded)
            one, two = pair(dice, root, table.rows[dialect])
            texts.append((dialect, one, two))
            batch += [(name, path, one.encode()), (name, path, two.encode())]

        said = keys(program, batch)

        for i, (dialect, one, two) in enumerate(texts):
            a, b = said[2 * i:2 * i + 2]

            if "!" in (a, b):
                bad += 1
                continue

            row = table.rows[dialect]
            x, y = canonical(one, row), canonical(two, row)

            good = (a == "-") == (x is None) and (b == "-") == (y is None)

            if x is None or y is None:
                declined += 1
            elif x == y:
                same += 1
                good = good and a == b
            else:
                differ += 1
                good = good and a != b

            if not good:
                wrong += 1
                if wrong <= SHOWN:
                    print(f"# {dialect} {a} {b} {x == y} {x is None} "
                          f"{y is None}\n# {one}\n# {two}")

    print(f"# {len(recorded)} requests, {pairs} pairs: {same} the same, "
          f"{differ} not, {declined} without a key, {bad} refused")
    ok = not wrong and min(same, differ, declined) > int(pairs) // 50
    print(f"{'' if ok else 'not '}ok {pairs} pairs of requests share a key "
          f"if and only if they differ only in fields of the table")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
