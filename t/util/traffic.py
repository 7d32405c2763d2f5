#!/usr/bin/python3

# Copyright (C) 2026 the ngx_llm_cost_module authors

"""Recorded answers through nginx: both ends of it, and the judge.

traffic.py TRAFFIC_DIR UPSTREAM_PORT NGINX_PORT LOG WAY...

Serves on UPSTREAM_PORT what the recordings hold, asks nginx for each in every
way ("1-gzip": pieces of one byte, gzipped), and compares: the bytes that the
client gets with those that were sent, the usage in nginx's log with the one
recorded.  Prints a line a way and API, "ok TEXT" or "not ok TEXT", and what
differs as "# TEXT" lines.  An API is a row of APIS.

A split is made with chunks of so many bytes: each is a buffer of its own to
nginx's filters, in a fraction of the time that writes would take.  (Writes,
one by one, are the business of filter-*.t.)
"""

import asyncio
import gzip
import json
import os
import sys

SPLITS = (0, 1, 7)
CONNECTIONS = 16

# longer answers are taken in larger pieces only
SPLIT_MAX = 200000


# what the log must say, in its order
FIELDS = ("input", "output", "cached", "written", "reasoning")


def first(*values):
    return next((v for v in values if v is not None), None)


def openai_chat(usage):
    tokens = usage.get("prompt_tokens")
    if tokens is None:
        return None

    details = usage.get("prompt_tokens_details") or {}
    parts = usage.get("completion_tokens_details") or {}

    cached = first(details.get("cached_tokens"),
                   usage.get("prompt_cache_hit_tokens"),
                   usage.get("cached_tokens"),
                   usage.get("num_cached_tokens"))
    reasoning = first(parts.get("reasoning_tokens"),
                      usage.get("reasoning_tokens"))

    # reasoning may be left out of the one and not of the other
    said = usage.get("completion_tokens") or 0
    output = max(said, (usage.get("total_tokens") or 0) - tokens)

    # sound that is billed by the second is in the total alone
    if usage.get("prompt_audio_seconds"):
        output = said

    # Vercel has it beside both, Azure's Grok what is cached beside the input
    if "market_cost" in usage and output == said:
        output += reasoning or 0

    if (cached or 0) > tokens:
        tokens += cached

    return {
        "input": tokens,
        "output": output,
        "cached": cached,
        "written": first(details.get("cache_write_tokens"),
                         usage.get("cache_creation_input_tokens")),
        "reasoning": reasoning}


def openai_embeddings(usage):
    tokens = usage.get("prompt_tokens", usage.get("total_tokens"))
    return {"input": tokens, "output": 0}


def gemini(usage):
    def total(*names):
        return sum(usage.get(name) or 0 for name in names)

    return {
        "input": total("promptTokenCount", "toolUsePromptTokenCount"),
        "output": total("candidatesTokenCount", "thoughtsTokenCount"),
        "cached": usage.get("cachedContentTokenCount"),
        "reasoning": usage.get("thoughtsTokenCount")}


def cohere(usage):
    billed = usage.get("billed_units") or {}
    tokens = usage.get("tokens") or {}
    if "output_tokens" not in billed:
        return None

    return {"input": billed.get("input_tokens"),
            "output": billed["output_tokens"],
            "reasoning": tokens.get("reasoning_tokens")}


def cohere_vectors(usage):
    billed = usage.get("billed_units") or {}
    if not billed:
        return None

    return {"input": (billed.get("input_tokens") or 0)
                     + (billed.get("image_tokens") or 0),
            "output": 0}


def rerank(usage):
    return {"input": usage.get("total_tokens", 0), "output": 0}


def cohere_request(record):
    return {"model": record.get("model_requested") or "command-r-plus",
            "stream": bool(record.get("stream")), "message": "text",
            "messages": [{"role": "user", "content": "text"}]}


def vectors_request(record):
    return {"model": record.get("model_requested") or "embed-v4.0",
            "texts": ["text"]}


def ollama(usage):
    embed = "eval_count" not in usage and "prompt_eval_count" in usage
    return {"input": usage.get("prompt_eval_count"),
            "output": 0 if embed else usage.get("eval_count")}


def bedrock_usage(record):
    """the last usage, what only the first one says, and the header's"""

    names = {"input": "inputTokens", "output": "outputTokens",
             "cache-read-input": "cacheReadInputTokens",
             "cache-write-input": "cacheWriteInputTokens"}
    headers = record.get("usage_headers") or {}
    found = {key: value for key, value in
             (record.get("usage_first") or {}).items() if "ache" in key}

    for part, name in names.items():
        value = headers.get(f"x-amzn-bedrock-{part}-token-count")
        if value is not None:
            found[name] = int(value)

    found.update(record.get("usage") or {})
    return found or None


def bedrock(usage):
    def of(*names):
        return first(*(usage.get(name) for name in names))

    tokens = of("inputTokens", "inputTokenCount", "input_tokens",
                "inputTextTokenCount", "prompt_token_count", "prompt_tokens")
    output = of("outputTokens", "outputTokenCount", "output_tokens",
                "totalOutputTextTokenCount", "generation_token_count",
                "completion_tokens")
    results = [result.get("tokenCount") or 0
               for result in usage.get("results") or []]
    details = usage.get("output_tokens_details") or {}
    cached = of("cacheReadInputTokens", "cacheReadInputTokenCount",
                "cache_read_input_tokens")
    written = of("cacheWriteInputTokens", "cacheWriteInputTokenCount",
                 "cache_creation_input_tokens")

    if tokens is None:
        return None

    tokens += (cached or 0) + (written or 0)

    # what is kept for longer is apart
    hour = (usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens")
    for part in usage.get("cacheDetails") or []:
        if part.get("ttl") == "1h":
            hour = (hour or 0) + part["inputTokens"]
    if hour:
        written -= hour

    return {
        "input": tokens,
        "output": sum(results) if output is None else output,
        "cached": cached, "written": written,
        "reasoning": details.get("thinking_tokens")}


def bedrock_request(_):
    return {"messages": [{"role": "user", "content": [{"text": "text"}]}]}


def media(usage):
    tokens = first(usage.get("input_tokens"), usage.get("prompt_tokens"))
    if tokens is None:
        return None

    details = usage.get("prompt_tokens_details") or {}

    return {"input": tokens,
            "output": first(usage.get("output_tokens"),
                            usage.get("completion_tokens")),
            "cached": details.get("cached_tokens")}


def picture_request(record):
    return {"model": record.get("model_requested") or "gpt-image-1",
            "prompt": "text"}


def sound_request(record):
    return {"model": record.get("model_requested") or "whisper-1"}


def interaction(usage):
    def total(*names):
        return sum(usage.get(f"total_{name}_tokens") or 0 for name in names)

    return {
        "input": total("input", "tool_use"),
        "output": total("output", "thought"),
        "cached": usage.get("total_cached_tokens"),
        "reasoning": usage.get("total_thought_tokens")}


def interaction_request(_):
    return {"model": "gemini-2.5-flash", "input": "text"}


def gemini_request(_):
    return {"contents": [{"parts": [{"text": "text"}]}]}


def openai_responses(usage):
    details = usage.get("input_tokens_details") or {}
    parts = usage.get("output_tokens_details") or {}

    return {"input": usage.get("input_tokens"),
            "output": usage.get("output_tokens"),
            "cached": details.get("cached_tokens"),
            "written": details.get("cache_write_tokens"),
            "reasoning": parts.get("reasoning_tokens")}


def anthropic(usage):
    written = usage.get("cache_creation_input_tokens")
    hour = (usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens")
    details = usage.get("output_tokens_details") or {}

    return {"input": sum(usage.get(name) or 0 for name in (
                "input_tokens", "cache_creation_input_tokens",
                "cache_read_input_tokens")),
            "output": usage.get("output_tokens"),
            "cached": usage.get("cache_read_input_tokens"),
            "written": None if written is None else written - (hour or 0),
            "reasoning": details.get("thinking_tokens")}


def messages_request(record):
    return dict(chat_request(record), max_tokens=1000)


def chat_request(record):
    return {"model": record.get("model_requested") or "gpt-4o-mini",
            "messages": [{"role": "user", "content": "text"}],
            "stream": bool(record.get("stream"))}


def prompt_request(record):
    return {"model": record.get("model_requested") or "gpt-3.5-turbo-instruct",
            "prompt": "text", "stream": bool(record.get("stream"))}


def input_request(record):
    return {"model": record.get("model_requested") or "gpt-4o-mini",
            "input": "text"}


# where the recording names no path, what stands for a request that it lacks,
# and what its usage is in the terms of the log
CHAT = ("/v1/chat/completions", chat_request, openai_chat)

GEMINI = "/v1beta/models/gemini-2.0-flash:"

APIS = {
    "openai.chat": CHAT,
    "groq.chat": CHAT,
    "mistral.chat": CHAT,
    "openai.embeddings": ("/v1/embeddings", input_request, openai_embeddings),
    "gemini.generateContent": (GEMINI + "generateContent", gemini_request,
                               gemini),
    "gemini.stream": (GEMINI + "streamGenerateContent?alt=sse",
                      gemini_request, gemini),
    "cohere.chat": ("/v2/chat", cohere_request, cohere),
    "cohere.embed": ("/v2/embed", vectors_request, cohere_vectors),
    "cohere.generate": ("/v1/generate", cohere_request, cohere),
    "rerank": ("/v2/rerank", cohere_request, rerank),
    "ollama": ("/api/chat", chat_request, ollama),
    "bedrock.converse": ("/model/amazon.nova-lite-v1:0/converse",
                         bedrock_request, bedrock),
    "bedrock.invoke": ("/model/amazon.nova-lite-v1:0/invoke",
                       bedrock_request, bedrock),
    "gemini.embed": (GEMINI + "embedContent", gemini_request, gemini),
    "mistral.embeddings": ("/v1/embeddings", input_request,
                           openai_embeddings),
    "openai.completions": ("/v1/completions", prompt_request, openai_chat),
    "openai.responses": ("/v1/responses", input_request, openai_responses),
    "gemini.interactions": ("/v1beta/interactions", interaction_request,
                            interaction),
    "anthropic.complete": ("/v1/complete", prompt_request, lambda _: None),
    "openai.images": ("/v1/images/generations", picture_request, media),
    "openai.audio": ("/v1/audio/transcriptions", sound_request, media),
    "anthropic.messages": ("/v1/messages", messages_request, anthropic),
    "openai.responses.compact": ("/v1/responses/compact", input_request,
                                 openai_responses),
}


class Record:

    def __init__(self, record, wire):
        self.id = record["id"]
        self.api = record["api"]
        self.path, self.substitute, self.meaning = APIS[self.api]
        self.path = record.get("url_path") or self.path
        self.status = int(record["status"])
        self.usage = record.get("usage")
        if self.api.startswith("bedrock."):
            self.usage = bedrock_usage(record)

        if self.api.startswith("anthropic") and self.usage:
            # what only the first event of a stream says holds
            self.usage = {**(record.get("usage_first") or {}), **self.usage}

        self.request = self.request_of(record, wire)
        self.headers = {key: value for key, value in
                        (record.get("usage_headers") or {}).items()
                        if key.lower().startswith("x-amzn-bedrock")}
        self.plain, headers = wire.response_bytes(record, plain=True)
        self.type = headers["content-type"]
        self.stream = "event-stream" in self.type \
            or "eventstream" in self.type or "ndjson" in self.type

        if not self.stream and self.plain.lstrip().startswith(
                (b"data:", b"event:", b":")):
            # the recorder lost the header, or the server had it wrong
            self.stream = True
            self.type = "text/event-stream"

        if not self.type:
            self.type = "application/json"

    def request_of(self, record, wire):
        """the recorded request, or one of its kind"""

        body = wire.request_bytes(record)

        try:
            root = json.loads(body)

            # a prompt by name at a gateway: only that knows the model
            if isinstance(root, dict) and (self.api != "openai.completions"
                                           or "model" in root):
                return body
        except ValueError:
            pass

        return json.dumps(self.substitute(record)).encode()

    def waits(self):
        """it goes on in the background: who polls will see what it used"""

        return json.loads(self.request).get("background") is True

    def seconds(self):
        """they are what is billed, unless the model is priced by the token"""

        return isinstance(self.usage, dict) and "seconds" in self.usage

    def expected(self):
        """what the log must say, "-" for what is not said, or None"""

        if not isinstance(self.usage, dict) or self.status != 200:
            return None

        want = self.meaning(self.usage)

        if want is None or want.get("input") is None:
            return None

        # a part that is larger than its whole is billed as all of it

        for part, whole in (("cached", "input"), ("reasoning", "output")):
            if want.get(part) is not None:
                want[part] = min(want[part], want[whole])

        return ["-" if want.get(field) is None else str(int(want[field]))
                for field in FIELDS]


def load(directory):
    sys.path.insert(0, directory)
    import wire

    records = []

    with gzip.open(os.path.join(directory, "open.jsonl.gz"), "rt",
                   encoding="utf8", errors="surrogatepass") as lines:
        for line in lines:
            record = json.loads(line)
            if record["api"] in APIS and record["method"] == "POST" \
                    and not record.get("suspect_synthetic"):
                records.append(Record(record, wire))

    return records


class Way:

    def __init__(self, split, coded):
        self.split = split
        self.coded = coded
        self.name = f"{split or 'all'}-{'gzip' if coded else 'plain'}"

    def body(self, record):
        if self.coded:
            return gzip.compress(record.plain, 6, mtime=0)
        return record.plain

    def answer(self, record):
        body = self.body(record)
        head = [f"HTTP/1.1 {record.status} Recorded",
                f"Content-Type: {record.type}"]

        head += [f"{key}: {value}" for key, value in record.headers.items()]

        if self.coded:
            head.append("Content-Encoding: gzip")

        if self.split == 0 and not record.stream:
            head.append(f"Content-Length: {len(body)}")
        else:
            head.append("Transfer-Encoding: chunked")
            step = self.split if len(body) <= SPLIT_MAX else 4096
            body = chunks(body, step or len(body) or 1)

        return "\r\n".join(head + ["", ""]).encode("latin-1") + body


def chunks(body, step):
    out = [b"%x\r\n%s\r\n" % (len(body[i:i + step]), body[i:i + step])
           for i in range(0, len(body), step)]
    return b"".join(out) + b"0\r\n\r\n"


WAYS = {way.name: way for way in (Way(split, coded) for split in SPLITS
                                  for coded in (False, True))}


async def read_head(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    return lines[0], {key.lower(): value.strip() for key, _, value in
                      (line.partition(":") for line in lines[1:] if line)}


async def upstream(reader, writer, records):
    try:
        while True:
            _, headers = await read_head(reader)
            await reader.readexactly(int(headers.get("content-length", 0)))
            way, index = headers["x-way"].split("/")
            writer.write(WAYS[way].answer(records[int(index)]))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def read_body(reader, headers):
    if "chunked" not in headers.get("transfer-encoding", ""):
        return await reader.readexactly(int(headers["content-length"]))

    body = []

    while True:
        size = int(await reader.readuntil(b"\r\n"), 16)
        if size == 0:
            break
        body.append(await reader.readexactly(size))
        await reader.readexactly(2)

    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass

    return b"".join(body)


async def client(port, jobs, records, failures):
    reader, writer = await asyncio.open_connection("127.0.0.1", port,
                                                   limit=1 << 20)

    while jobs:
        way, index = jobs.pop()
        record = records[index]
        writer.write((f"POST {record.path} HTTP/1.1\r\nHost: test\r\n"
                      f"X-Way: {way}/{index}\r\n"
                      f"Accept-Encoding: gzip\r\n"
                      f"Content-Length: {len(record.request)}\r\n\r\n")
                     .encode() + record.request)

        line, headers = await read_head(reader)
        body = await read_body(reader, headers)

        if int(line.split()[1]) != record.status:
            failures.append((way, record, line + " " + body[:200].decode(
                "utf8", "replace")))
        elif body != WAYS[way].body(record):
            failures.append((way, record, "the bytes differ"))

    writer.close()


def check_log(path, total, records, failures):
    """a line a request: WAY/INDEX SOURCE INPUT OUTPUT CACHED ..."""

    seen = set()

    with open(path) as log:
        for line in log:
            key, source, *figures = line.split()
            seen.add(key)
            way, index = key.split("/")
            record = records[int(index)]
            want = record.expected()

            if record.status != 200:
                good = source == "none"
            elif want is None and record.seconds():
                good = (source == "upstream" and figures[:2] == ["0", "0"]
                        or source == "counted" and "-" not in figures[:2])
            elif want is None and record.waits():
                good = source == "none" and figures[0] == "0"
            elif want is None:
                good = source in ("counted", "lost") and figures[0] != "-"
            else:
                good = source == "upstream" and figures == want

            if not good:
                failures.append((way, record,
                                 f"{source} {figures} in the log, "
                                 f"recorded: {want}"))

    if len(seen) != total:
        failures.append(("all", None, f"{len(seen)} lines in the log for "
                                      f"{total} requests"))


async def main():
    directory, upstream_port, nginx_port, log = sys.argv[1:5]
    ways = sys.argv[5:] or list(WAYS)
    records = load(directory)

    server = await asyncio.start_server(
        lambda r, w: upstream(r, w, records), "127.0.0.1", int(upstream_port),
        limit=1 << 20)

    jobs = [(way, index) for way in ways for index in range(len(records))]
    total = len(jobs)
    failures = []

    await asyncio.gather(*(client(int(nginx_port), jobs, records, failures)
                           for _ in range(CONNECTIONS)))
    server.close()

    # the last lines are written after the last answers are read
    for _ in range(500):
        with open(log) as lines:
            if sum(1 for _ in lines) >= total:
                break
        await asyncio.sleep(0.01)

    check_log(log, total, records, failures)
    report(records, ways, failures)

    # nginx keeps connections to the upstream: they are not waited for
    sys.stdout.flush()
    os._exit(0)


def report(records, ways, failures):
    for api in sorted({record.api for record in records}):
        n = sum(record.api == api for record in records)

        for way in ways:
            bad = [f for f in failures
                   if f[0] == way and f[1].api == api]
            print(f"{'not ok' if bad else 'ok'} {api} {way}: {n} recordings")
            for _, record, text in bad[:10]:
                print(f"# {record.id}: {text}")

    for _, _, text in [f for f in failures if f[1] is None]:
        print(f"not ok {text}")

    if os.environ.get("TRAFFIC_TABLES"):
        table(records, ways, failures)


def table(records, ways, failures):
    """the rows of a table: of each API those that came right in each way"""

    path = os.path.join(os.environ["TRAFFIC_TABLES"], "ways")
    bad = {(way, record.id) for way, record, _ in failures if record}

    with open(path, "w", encoding="utf8") as out:
        for api in sorted({record.api for record in records}) + ["all"]:
            ids = [record.id for record in records
                   if api in (record.api, "all")]
            right = [str(sum((way, name) not in bad for name in ids))
                     for way in ways]
            print("|", " | ".join([api, str(len(ids))] + right), "|",
                  file=out)


if __name__ == "__main__":
    asyncio.run(main())
