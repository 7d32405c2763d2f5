#!/usr/bin/python3

# Copyright (C) 2026 the ngx_llm_cost_module authors

"""The upstream of the test suites: OpenAI's dialect, scripted by the block.

upstream.py DIRECTORY

Prints "PORT RELAY_PORT" and serves until its stdin ends, so that it never
outlives the test file that started it.  In DIRECTORY:

  script.json     what to do in this block; read at each request
  requests.jsonl  what came: one line a request, in order of arrival;
                  {"event": "abort"} when nginx left before the answer's end;
                  {"event": "error"} when a script could not be followed
  release.NAME    a file that lets {"wait": NAME} go on

docs/testing.md lists the keys of an answer and its steps.  Without a script
for a request, the answer is the one of openai_answer(), shaped by X-Test-*
request headers.  The relay (relay.py) lives in this process, so that an
answer can wait until the client has seen what was sent before.
"""

import asyncio
import json
import os
import struct
import socket
import sys
import time
import zlib

from openai_answer import openai_answer
from relay import Relay

# a wait that takes longer has failed; no test may depend on it
PATIENCE = float(os.environ.get("UPSTREAM_PATIENCE", 5))

REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized",
           404: "Not Found", 429: "Too Many Requests",
           500: "Internal Server Error", 502: "Bad Gateway",
           503: "Service Unavailable"}


class Closed(Exception):
    """the connection is over, wanted or not"""


class Upstream:

    def __init__(self, directory):
        self.directory = directory
        self.log = open(os.path.join(directory, "requests.jsonl"), "a")
        self.used = {}
        self.connections = 0
        self.released = set()
        self.relay = Relay(self)

    def script(self):
        path = os.path.join(self.directory, "script.json")
        try:
            with open(path) as script:
                return json.load(script)
        except FileNotFoundError:
            return {"block": 0}

    def record(self, block, **fields):
        fields["block"] = block
        self.log.write(json.dumps(fields) + "\n")
        self.log.flush()

    def choose(self, request):
        """the answer for a request: a list is used up, a hash stays"""

        script = self.script()
        answers = script.get("answers")
        name = request.header("x-test-script")

        if isinstance(answers, dict) and "scripts" in answers:
            answers = answers["scripts"].get(name)

        if isinstance(answers, list):
            key = (script["block"], name)
            n = self.used.get(key, 0)
            self.used[key] = n + 1
            answers = answers[n] if n < len(answers) else None

        return openai_answer(request) if answers is None else answers

    async def serve(self, reader, writer):
        self.connections += 1
        connection = self.connections
        block = 0

        try:
            while True:
                request = await read_request(reader)
                if request is None:
                    break

                block = self.script()["block"]
                self.record(block, method=request.method, target=request.target,
                            head=request.head, body=request.body,
                            connection=connection)

                if request.target.startswith("/test/release/"):
                    self.released.add(request.target.split("/")[-1])

                answer = Answer(self, block, request, reader, writer)
                await answer.send(self.choose(request))

                if not answer.keep:
                    break

        except (Closed, ConnectionError, asyncio.IncompleteReadError):
            pass

        except Exception as error:
            self.record(block, event="error", text=repr(error))
            raise

        finally:
            writer.close()


class Request:

    def __init__(self, head, body):
        self.head = head
        self.body = body
        lines = head.split("\r\n")
        self.method, self.target, self.version = lines[0].split(" ", 2)
        self.headers = [line.split(":", 1) for line in lines[1:] if line]

    def header(self, name, default=None):
        for key, value in self.headers:
            if key.lower() == name:
                return value.strip()
        return default

    def json(self):
        try:
            root = json.loads(self.body.encode("latin-1"))
        except ValueError:
            return {}
        return root if isinstance(root, dict) else {}


async def read_request(reader):
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None

    request = Request(head.decode("latin-1")[:-2], "")
    body = b""

    if "chunked" in request.header("transfer-encoding", ""):
        while True:
            size = int(await reader.readuntil(b"\r\n"), 16)
            body += (await reader.readexactly(size + 2))[:-2]
            if size == 0:
                break
    else:
        body = await reader.readexactly(
            int(request.header("content-length", "0")))

    request.body = body.decode("latin-1")
    return request


class Answer:
    """one answer on its way; turns steps into bytes at the right moment"""

    def __init__(self, upstream, block, request, reader, writer):
        self.upstream = upstream
        self.block = block
        self.request = request
        self.reader = reader
        self.writer = writer
        self.keep = request.header("connection", "").lower() != "close" \
            and request.version == "HTTP/1.1"
        self.chunked = False
        self.split = 0
        self.gap = 0
        self.gzip = None

    async def send(self, answer):
        self.split = int(answer.get("split", 0))
        self.gap = float(answer.get("gap", 0)) / 1000

        if "before" in answer:
            await self.steps(answer["before"], raw=True)

        if "raw" in answer:
            self.keep = False
            await self.steps(answer["raw"], raw=True)
            return

        steps = as_list(answer.get("body", ""))
        whole = not isinstance(answer.get("body", ""), list)
        framing = answer.get("framing", "length" if whole else "chunked")

        if answer.get("gzip"):
            self.gzip = zlib.compressobj(wbits=31)
            if framing == "length":
                text = steps[0].encode("latin-1")
                steps = [(self.gzip.compress(text)
                          + self.gzip.flush()).decode("latin-1")]
                self.gzip = None

        await self.head(answer, steps, framing)

        if self.request.method == "HEAD":
            return

        await self.steps(steps)

        if self.gzip:
            end, self.gzip = self.gzip.flush(), None
            await self.write(end)

        if self.chunked:
            await self.bytes(b"0\r\n" + b"".join(
                f"{name}: {value}\r\n".encode("latin-1")
                for name, value in answer.get("trailers", {}).items())
                + b"\r\n")

    async def head(self, answer, steps, framing):
        status = int(answer.get("status", 200))
        reason = answer.get("reason", REASONS.get(status, "Status"))
        headers = answer.get("headers", {})

        if isinstance(headers, dict):
            headers = [f"{name}: {value}" for name, value in headers.items()]

        if not any(h.lower().startswith("content-type:") for h in headers):
            headers = headers + ["Content-Type: application/json"]

        if answer.get("gzip"):
            headers = headers + ["Content-Encoding: gzip"]

        if framing == "length":
            headers = headers + [f"Content-Length: {len(steps[0])}"]
        elif framing == "chunked":
            headers = headers + ["Transfer-Encoding: chunked"]
            self.chunked = True

        if framing in ("close", "none"):
            self.keep = False

        if not self.keep:
            headers = headers + ["Connection: close"]

        self.writer.write("\r\n".join(
            [f"HTTP/1.1 {status} {reason}"] + headers + ["", ""])
            .encode("latin-1"))
        await self.writer.drain()

    async def steps(self, steps, raw=False):
        for step in as_list(steps):
            if isinstance(step, str):
                data = step.encode("latin-1")
                await (self.bytes(data) if raw else self.write(data))
            elif "delay" in step:
                await asyncio.sleep(float(step["delay"]) / 1000)
            elif "wait" in step:
                await self.wait(step["wait"])
            elif "seen" in step:
                await self.until(lambda: self.upstream.relay.has_seen(
                    step["seen"].encode("latin-1")),
                    "the client has not seen " + step["seen"])
            elif "close" in step:
                self.writer.close()
                raise Closed()
            elif "rst" in step:
                self.reset()
            else:
                raise ValueError(f"unknown step {step}")

    async def wait(self, name):
        if name == "abort":
            # nginx leaves: its end of the connection is closed
            try:
                data = await asyncio.wait_for(self.reader.read(1), PATIENCE)
            except asyncio.TimeoutError:
                self.event("error", "nginx has not left")
                raise Closed() from None
            except ConnectionError:
                data = b""
            if not data:
                self.event("abort")
            raise Closed()

        path = os.path.join(self.upstream.directory, "release." + name)

        await self.until(lambda: name in self.upstream.released
                         or os.path.exists(path), f"no release of {name}")

    async def until(self, ready, message):
        end = time.monotonic() + PATIENCE

        while not ready():
            if time.monotonic() > end:
                self.event("error", message)
                self.reset()
            await asyncio.sleep(0.002)

    def event(self, name, text=""):
        self.upstream.record(self.block, event=name, text=text)

    def reset(self):
        self.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        raise Closed()

    async def write(self, data):
        """body bytes: coded, then cut, each piece a chunk of its own"""

        if self.gzip and data:
            data = self.gzip.compress(data) \
                + self.gzip.flush(zlib.Z_SYNC_FLUSH)

        for piece in self.pieces(data):
            if self.chunked:
                piece = b"%x\r\n%s\r\n" % (len(piece), piece)
            await self.flush(piece)

    async def bytes(self, data):
        for piece in self.pieces(data):
            await self.flush(piece)

    def pieces(self, data):
        step = self.split or len(data) or 1
        return [data[i:i + step] for i in range(0, len(data), step)]

    async def flush(self, data):
        if self.writer.is_closing() or self.reader.at_eof():
            self.event("abort")
            raise Closed()

        self.writer.write(data)
        await self.writer.drain()

        if self.gap:
            await asyncio.sleep(self.gap)
        elif self.split:
            # long enough for nginx to wake up and read the piece alone
            time.sleep(0.0001)
            await asyncio.sleep(0)


def as_list(value):
    return value if isinstance(value, list) else [value]


async def main():
    upstream = Upstream(sys.argv[1])

    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0,
                                        limit=64 << 20)
    relay = await asyncio.start_server(upstream.relay.serve, "127.0.0.1", 0,
                                       limit=64 << 20)

    print(server.sockets[0].getsockname()[1],
          relay.sockets[0].getsockname()[1], flush=True)

    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
