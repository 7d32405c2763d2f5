#!/usr/bin/python3

# Copyright (C) 2026 the ngx_llm_cost_module authors

"""seeds.py DIR: what the fuzzers begin with, a folder of DIR for each.

DIR/dialects-PART-KIND/*: the number of a way of fuzz/dialects_ways.h, that of
what is read there, and the body; in front of an answer the request that it is
for, and a zero.  They are the recordings in TRAFFIC_DIR, the bodies of the C
tests and those of fuzz/written.tsv: a part of the path, the kind, the request
where that is "asked:" and a kind, and the body or the events, or a form's
lines, with tabs between.  DIR/frames, json, openai_answer and openai_request
come of the same; DIR/price_map of the map that is shipped and of the C tests.
And DIR/words/PART: the names that the sources of a part know.
"""

import base64
import glob
import gzip
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
MODULE = os.path.join(HERE, "../ngx_llm_cost_module")
MOST = 8000                     # bytes: a longer one has its strings shortened
STRING = 160                    # characters that are left of a long string

# whose names a part reads, beside those in files of its own name
SOURCES = {
    "openai": "openai template vendor",
    "responses": "responses openai thinks",
    "media": "media openai video",
    "batch": "openai batch",
    "anthropic": "anthropic batch",
    "gemini": "gemini interactions video batch",
    "bedrock": "bedrock anthropic media",
    "cohere": "cohere bedrock",
    "ollama": "ollama openai_template",
    "watsonx": "watsonx aleph_alpha openai cohere replicate",
    "mistral": "mistral openai media",
    "vercel": "vercel openai anthropic",
    "huggingface": "huggingface openai",
}

# whose bodies the C tests have that are not named after a part
TESTS = {
    "openai": "openai cases templated tools brought needs vendor pictures rare",
    "responses": "responses rare tools cases pictures",
    "media": "media audio pictures multipart variants rare",
    "batch": "batch marks rare",
    "anthropic": "anthropic openai_claude cases needs batch brought rare",
    "bedrock": "bedrock cases pictures rare",
    "gemini": "gemini batch media rare pictures brought",
    "vercel": "vercel rare",
    "watsonx": "watsonx aleph_alpha replicate",
}

# of each API the ways that its paths have
APIS = {
    "gemini.generateContent": [":generateContent", "2.5-flash", "3-pro"],
    "gemini.stream": [":streamGenerateContent"],
    "gemini.embed": ["embedContent", "batchEmbedContents"],
    "gemini.interactions": ["interactions\"", "interactions/i"],
    "vertex.predict": ["embedding-001:predict"],
    "bedrock.converse": ["/converse\"", "/converse-stream", "claude-sonnet",
                         "gpt-oss", "llama3", "qwen"],
    "bedrock.invoke": ["m/invoke\"", "/invoke-with", "m-rerank"],
    "cohere.chat": ["/v2/chat", "/v1/chat\""],
    "rerank": ["v2/rerank", "m-rerank", "text/rerank", "reranking"],
    "ollama": ["/api/chat", "/api/generate"],
    "openai.responses": ["/v1/responses\"", "GET /v1/responses/r"],
    "openai.chat": ["/v1/chat/completions", "serving-endpoints",
                    "chat_stream", "/ai/run", "cortex", "language-model",
                    "/v1/conversations\""],
    "openai.completions": ["/v1/completions", "prompts/p", "/generate\"",
                           "text/generation\""],
    "openai.embeddings": ["/v1/embeddings", "embedding-model", "/embed\""],
    "openai.images": ["images/generations", "/v1/images\""],
    "openai.moderations": ["/v1/moderations"],
    "openai.assistants": ["threads/t/runs\"", "/v1/threads/runs", "runs/r"],
    "anthropic.messages": ["/v1/messages\"", "anthropic/models/m:rawPredict",
                           "streamRawPredict", "invoke-with"],
    "anthropic.complete": ["/v1/complete\""],
    "anthropic.batches": ["/v1/messages/batches\"", "batches/b\""],
    "cohere.embed": ["/v2/embed"],
    "cohere.generate": ["/v1/generate"],
    "groq.chat": ["/v1/chat/completions"],
    "mistral.chat": ["/v1/chat/completions", "mistralai", "/v1/agents",
                     "/v1/conversations\""],
    "mistral.embeddings": ["/v1/embeddings"],
    "openai.audio": ["/v1/audio/speech", "/v1/tts"],
    "openai.responses.compact": ["/v1/responses/compact"],
    "replicate": ["/v1/predictions\"", "a/b/predictions",
                  "GET /v1/predictions"],
}

# of other paths that are recorded
PATHS = [
    ("/batches/", ["/v1/batches/b", "v1beta/batches", "jobs/j"]),
    ("/batches", ["/v1/batches\""]),
    ("/batch/jobs", ["/v1/batch/jobs\""]),
    ("/content", ["files/f/content"]),
    ("/files", ["/v1/files\""]),
    ("predictLongRunning", ["predictLongRunning"]),
    ("/operations/", ["/operations/"]),
    ("/videos/", ["/v1/videos/"]),
    ("/generation/text_stream", ["generation_stream"]),
    ("/generation/text", ["text/generation\""]),
    ("huggingface", ["/models/m/n", "/generate\""]),
    ("/responses/", ["GET /v1/responses/r"]),
]

# fields of a form that are files

FILES = ["file", "image", "mask"]

KINDS = {"request": 0, "answer": 1, "stream": 3}


def table():
    path = os.path.join(HERE, "dialects_ways.h")
    with open(path, encoding="utf8") as text:
        return re.findall(r"\{ &llm_\w+, \"(\w+)\",\s*(\"[^\"]+\"),"
                          r"\s*\"[^\"]*\",\s*(\w+)", text.read())


class Seeds:
    def __init__(self, out):
        self.out = out
        self.rows = table()
        self.left = 0
        self.turn = 0

    def ways(self, parts):
        """the numbers of the ways whose paths have one of these in them"""

        found = [i for part in parts for i, row in enumerate(self.rows)
                 if part in row[1]]
        if not found:
            sys.exit(f"no such way: {parts}")
        return found

    def write(self, folder, seed):
        folder = os.path.join(self.out, folder)
        os.makedirs(folder, exist_ok=True)
        name = hashlib.sha1(seed).hexdigest()
        with open(os.path.join(folder, name), "wb") as f:
            f.write(seed)

    def body(self, way, kind, body, asked=b""):
        if len(body) + len(asked) > MOST:
            self.left += 1
            return
        head = bytes((way, KINDS[kind]))
        asked += bytes(1) if asked else b""
        self.write(f"dialects-{self.rows[way][0]}-{kind}", head + asked + body)

    def form(self, way, body):
        """as a form: what is in it, and as the file that is sent; its parts
        end as fuzz/dialects.c says, in one of its ways"""

        for parts in forms(body):
            self.turn += 1
            body = b"".join(b"--b\r\nContent-Disposition: form-data; " + head
                            + b"\r\n\r\n" + value + b"\r\n"
                            for head, value in parts) + b"--b--\r\n"
            if len(body) <= MOST:
                head = bytes((way, self.turn % 3 << 2))
                self.write(f"dialects-{self.rows[way][0]}-request",
                           head + body)

    def exchange(self, ways, kind, asked, answer):
        """an answer with its request and without, and the request, to the
        first of the ways and to each other one in its turn"""

        self.turn += 1
        for way in {ways[0], ways[self.turn % len(ways)]}:
            if asked:
                self.body(way, "request", asked)
            if answer:
                self.body(way, kind, answer)
            if answer and asked and b"\0" not in asked:
                self.body(way, kind, answer, asked)


def forms(body):
    """the parts of forms that say what a body says: head, value"""

    try:
        value = json.loads(body)
    except ValueError:
        return
    if not isinstance(value, dict):
        return

    def part(name, value):
        if isinstance(value, list) and value:
            return [p for v in value for p in part(f"{name}[]", v)]
        text = value if isinstance(value, str) else json.dumps(value)
        file = "; filename=a" if name.strip("[]") in FILES else ""
        return [(f'name="{name}"{file}'.encode("utf8", "replace"),
                 text.encode("utf8", "replace"))]

    parts = [p for name in value for p in part(name, value[name])]
    for name in FILES[:2]:
        yield parts + ([] if name in value else part(name, "RIFF"))

    line = body if "body" in value else json.dumps({
        "url": "/v1/chat/completions", "body": value}).encode()
    yield part("purpose", "batch") + part("file", f"{line.decode()}\n" * 2)


def shorter(value):
    if isinstance(value, str):
        return value if len(value) <= STRING else value[:STRING]
    if isinstance(value, list):
        return [shorter(v) for v in value[:40]]
    if isinstance(value, dict):
        return {k: shorter(v) for k, v in value.items()}
    return value


def short(text, most=MOST // 2):
    """the text, or where it is too long what is left of it, still JSON"""

    if len(text) > most:
        try:
            text = json.dumps(shorter(json.loads(text)), ensure_ascii=False)
        except ValueError:
            pass
    return text.encode("utf8", "replace")


def few(lines):
    """the first events, and the last: between them they are alike"""

    lines = [short(line, 1000) for line in lines]
    size = 0
    head = []
    for line in lines[:-6]:
        size += len(line)
        if size > MOST // 4 or len(head) == 24:
            break
        head.append(line)
    return b"\n".join(head + lines[-6:])


def messages(raw):
    """the messages of application/vnd.amazon.eventstream: type, payload"""

    while len(raw) >= 16:
        size, headers = struct.unpack(">II", raw[:8])
        if size < 16 or size > len(raw) or headers > size - 16:
            return
        known = re.search(rb":event-type\x07\0(.)", raw[12:12 + headers],
                          re.S)
        at = 12 + known.end() if known else 0
        kind = raw[at:at + known.group(1)[0]] if known else b"error"
        yield kind.decode("utf8", "replace"), raw[12 + headers:size - 4], size
        raw = raw[size:]


def sse(text):
    """an event a line, "@type " in front where its own line says it"""

    kind = ""
    for line in text.splitlines():
        if line.startswith("event:"):
            kind = line[6:].strip()
        elif line.startswith("data:"):
            yield (f"@{kind} " if kind else "") + line[5:].strip()
        elif not line:
            kind = ""


def plain(record):
    """the answer's bytes, and whether they are frames of AWS"""

    raw = record.get("response_body") or ""
    if not record.get("response_base64"):
        return raw.encode("utf8", "surrogatepass"), False
    raw = base64.b64decode(raw)
    if record.get("response_encoding") == "gzip":
        return gzip.decompress(raw), False
    if record.get("response_encoding") == "deflate":
        return zlib.decompress(raw), False
    return raw, raw[:2] == b"\0\0"


def read(record):
    """the kind of an answer, the text, and the bytes with their framing"""

    raw, aws = plain(record)
    if aws:
        events = [f"@{kind} {text.decode('utf8', 'replace')}"
                  for kind, text, size in messages(raw)]
        return "stream", few(events), raw, 0

    text = raw.decode("utf8", "replace")
    try:
        json.loads(text)
        return "answer", short(text), raw, 2
    except ValueError:
        pass
    if text.lstrip()[:1] == "{":                      # a value a line
        return "stream", few(text.splitlines()), raw, 1
    return "stream", few(list(sse(text))), raw, 3


def frames(seeds, framing, raw):
    """the bytes up to an event's end: fuzz/frames.c, openai_answer.c"""

    if framing == 0:
        size = 0
        for _, _, n in messages(raw):
            if size + n > MOST:
                break
            size += n
        raw = raw[:size]
    elif len(raw) > MOST:
        raw = raw[:raw.rfind(b"\n", 0, MOST) + 1]

    if raw:
        for piece in (0, 7):
            seeds.write("frames", bytes((framing, piece)) + raw)


def ways_of(record):
    if record["api"] in APIS:
        return APIS[record["api"]]
    where = (record.get("host") or "") + (record.get("url_path") or "")
    return next((ways for part, ways in PATHS if part in where), None)


def recorded(seeds, path):
    with gzip.open(path, "rt", encoding="utf8", errors="replace") as lines:
        for line in lines:
            record = json.loads(line)
            kind, answer, raw, framing = read(record)
            asked = short(record.get("request_body") or "")
            api = record["api"]

            if kind == "stream":
                frames(seeds, framing, raw)
            elif len(answer) <= MOST:
                seeds.write("json", answer)

            if api.startswith("openai.") and len(raw) <= MOST:
                seeds.write("openai_answer", b"\0" + raw)

            if asked and len(asked) <= MOST:
                seeds.write("json", asked)

            if api in ("openai.chat", "openai.embeddings") and asked:
                seeds.write("openai_request", bytes((
                    0 if api == "openai.chat" else 2,)) + asked)

            if ways_of(record):
                seeds.exchange(seeds.ways(ways_of(record)), kind, asked,
                               answer)


ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f",
           "0": "\0"}
ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]+)|(.))", re.S)


def unescaped(match):
    if match[1]:
        return chr(int(match[1][-2:], 16))
    return ESCAPES.get(match[2], match[2])


def strings(path):
    """the strings of a C file, put together where they adjoin, with what its
    macros make of them"""

    source = subprocess.run(
        [os.environ.get("CC", "cc"), "-E", "-P", f"-I{MODULE}",
         f"-I{MODULE}/providers", f"-I{MODULE}/../tokenizer/include", path],
        stdout=subprocess.PIPE, check=True).stdout.decode("utf8")

    for run in re.findall(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*',
                          source):
        yield "".join(
            ESCAPE.sub(unescaped, part).encode("latin1", "replace").decode(
                "utf8", "replace")
            for part in re.findall(r'"((?:[^"\\\n]|\\.)*)"', run))


def literals(path):
    """the bodies in them: JSON, and the events of streams, one a line"""

    for text in strings(path):
        if re.match(r"(?::.*\s+)?(?:data|event): ?\S", text):
            yield "\n".join(sse(text)).encode("utf8", "replace")
        elif text[:1] in ("{", "[") and len(text) > 8:
            try:
                for line in text.splitlines():
                    json.loads(line)
            except ValueError:
                try:
                    json.loads(text)
                except ValueError:
                    continue
            yield text.encode("utf8", "replace")


def tested(seeds):
    """bodies of the C tests, each to some ways of the part, as each kind"""

    for part in SOURCES:
        ways = [i for i, row in enumerate(seeds.rows) if row[0] == part]
        files = {file for name in TESTS.get(part, part).split()
                 for file in glob.glob(f"{MODULE}/tests/test_llm_{name}*.c")}

        for i, body in enumerate(b for f in sorted(files)
                                 for b in literals(f)):
            for way in {ways[(i + k * 5) % len(ways)] for k in range(4)}:
                for kind in KINDS:
                    seeds.body(way, kind, body)
                if seeds.rows[way][2] == "FORM":
                    seeds.form(way, body)

    for file in glob.glob(f"{MODULE}/tests/test_llm_price*.c"):
        for body in literals(file):
            seeds.write("price_map", body)


def written(seeds):
    with open(os.path.join(HERE, "written.tsv"), encoding="utf8") as lines:
        for line in lines:
            path, kind, *events = line.rstrip("\n").split("\t")
            asked = b""
            if kind == "form":
                for way in seeds.ways([path]):
                    if seeds.rows[way][2] == "FORM":
                        seeds.body(way, "request",
                                   "\r\n".join(events).encode("utf8"))
                continue
            if kind.startswith("asked:"):
                kind = kind[len("asked:"):]
                asked = events.pop(0).encode("utf8")
            for way in seeds.ways([path]):
                seeds.body(way, kind, "\n".join(events).encode("utf8"),
                           asked)


def prices(seeds):
    """rows of the map by the members that they have, under the names that
    fuzz/price_map.c looks for"""

    path = os.path.join(HERE, "../prices/prices.json")
    with open(path, encoding="utf8") as text:
        rows = json.load(text)

    seen = set()
    for row in rows.values():
        if isinstance(row, dict) and tuple(sorted(row)) not in seen:
            seen.add(tuple(sorted(row)))
            for name in ("m", "gpt-4o", "p/m"):
                seeds.write("price_map", json.dumps({name: row}).encode())

    for file in glob.glob(f"{MODULE}/tests/test_llm_price*.c"):
        with open(file, encoding="utf8") as text:
            for row in re.findall(r'"((?:[a-z]\w*=[^" ]+ ?)+)"', text.read()):
                seeds.write("price_map", f"=m {row.strip()}".encode())


def words(out):
    os.makedirs(out, exist_ok=True)

    for part, names in SOURCES.items():
        found = set()
        for name in names.split():
            for file in glob.glob(f"{MODULE}/providers/llm_{name}*.c"):
                with open(file, encoding="utf8") as text:
                    found.update(re.findall(r'"([\w./-]{1,48})"',
                                            text.read()))
        with open(os.path.join(out, part), "w", encoding="utf8") as f:
            f.writelines(f"{name}\n" for name in sorted(found))


def main():
    seeds = Seeds(sys.argv[1])
    traffic = os.environ.get("TRAFFIC_DIR",
                             os.path.join(HERE, "../../shared/traffic"))
    path = os.path.join(traffic, "open.jsonl.gz")

    words(os.path.join(sys.argv[1], "words"))
    written(seeds)
    tested(seeds)
    prices(seeds)

    if not os.path.exists(path):
        print(f"no recordings in {traffic}: no seeds of them")
        return

    recorded(seeds, path)

    if seeds.left:
        print(f"{seeds.left} seeds are too long even when they are shortened")


if __name__ == "__main__":
    main()
