#!/usr/bin/python3

# Copyright (C) 2026 the ngx_llm_cost_module authors

"""Many requests over a fixed number of connections that are kept open.

load.py [--seconds=N] PLAN RESULTS CONNECTIONS PORT ...

PLAN has a JSON object a line: {"headers": {...}, "body": {...}} and perhaps
"path", or "leave": 1 for a client that goes away at the first bytes of the
answer's body.  Connections take the next line when they are done with one;
they are spread over the PORTs; one with a slash is a socket's path.

RESULTS has one for each line of the plan, in its order: {"status": ...,
"headers": {...}, "trailers": {...}, "body": "..."}, "left": 1 where the client
left, or "error": "..." where the answer broke off, with what there was of a
body in chunks.  Header names are in lower case.

With --seconds the plan is repeated for so long, or until there is a file
PLAN.over, by clients that go on after a server is gone; RESULTS then has what was answered or broke off, in that order,
each with the number of its line as "n", and without what was in it.

Prints a line when the first request goes out, and ends with the last, or when
stdin ends.
"""

import asyncio
import itertools
import json
import os
import sys

# an answer that takes longer has failed
PATIENCE = float(os.environ.get("LOAD_PATIENCE", 30))


class Connection:

    def __init__(self, port):
        self.port = port
        self.reader = None
        self.writer = None

    async def ask(self, request):
        if self.writer is None:
            if "/" in self.port:
                self.reader, self.writer \
                    = await asyncio.open_unix_connection(self.port)
            else:
                self.reader, self.writer = await asyncio.open_connection(
                    "127.0.0.1", int(self.port))

        body = json.dumps(request["body"]).encode()
        head = [f"POST {request.get('path', '/v1/chat/completions')} HTTP/1.1",
                "Host: localhost", "Content-Type: application/json",
                f"Content-Length: {len(body)}"]
        head += [f"{name}: {value}"
                 for name, value in request["headers"].items()]

        self.writer.write("\r\n".join(head + ["", ""]).encode() + body)

        answer = {}
        try:
            await asyncio.wait_for(self.answer(request, answer), PATIENCE)
        except (asyncio.IncompleteReadError, asyncio.TimeoutError,
                ConnectionError) as error:
            answer["error"] = repr(error)

        if "left" in answer or "error" in answer \
                or answer["headers"].get("connection") == "close":
            self.writer.close()
            self.writer = None

        return answer

    async def answer(self, request, answer):
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1") \
            .split("\r\n")
        answer["status"] = int(lines[0].split(" ")[1])
        answer["headers"] = headers = fields(lines[1:])
        answer["trailers"] = {}

        if request.get("leave") and answer["status"] == 200:
            answer["left"] = len(await self.reader.read(1))
            return

        if headers.get("transfer-encoding") != "chunked":
            body = await self.reader.readexactly(
                int(headers.get("content-length", 0)))
        else:
            body = await self.chunks(answer)
            answer["trailers"] = fields(await self.lines())

        answer["body"] = body.decode("latin-1")

    async def chunks(self, answer):
        body = b""

        try:
            while True:
                size = int(await self.reader.readuntil(b"\r\n"), 16)
                if size == 0:
                    return body
                body += (await self.reader.readexactly(size + 2))[:-2]
        finally:
            answer["body"] = body.decode("latin-1")

    async def lines(self):
        lines = []

        while True:
            line = (await self.reader.readuntil(b"\r\n")).decode("latin-1")
            if line == "\r\n":
                return lines
            lines.append(line)


def fields(lines):
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, value in pairs}


async def worker(port, plan, results):
    connection = Connection(port)

    for i, request in plan:
        results[i] = await connection.ask(request)

    if connection.writer:
        connection.writer.close()


async def stubborn(port, plan, results, end, over):
    connection = Connection(port)
    loop = asyncio.get_running_loop()

    for i, request in plan:
        if loop.time() > end or os.path.exists(over):
            break
        try:
            answer = await connection.ask(request)
            results.write(json.dumps({"n": i, **{
                what: answer[what] for what in ("status", "left", "error")
                if what in answer}}) + "\n")
        except ConnectionError:
            # nobody is there to ask: that is no request
            await asyncio.sleep(0.02)

    if connection.writer:
        connection.writer.close()


async def main():
    seconds = 0
    args = sys.argv[1:]

    if args[0].startswith("--seconds="):
        seconds = float(args.pop(0).split("=")[1])

    plan_name, results_name, connections, *ports = args

    with open(plan_name) as lines:
        requests = [json.loads(line) for line in lines]

    asyncio.get_running_loop().run_in_executor(
        None, lambda: sys.stdin.read() or os._exit(1))

    print("started", flush=True)

    # one iterator for all: each takes what is next

    with open(results_name, "w") as out:
        if seconds:
            end = asyncio.get_running_loop().time() + seconds
            ask = [stubborn, itertools.cycle(enumerate(requests)), out, end,
                   plan_name + ".over"]
        else:
            results = [None] * len(requests)
            ask = [worker, iter(enumerate(requests)), results]

        await asyncio.gather(*(
            ask[0](ports[i % len(ports)], *ask[1:])
            for i in range(int(connections))))

        if not seconds:
            out.writelines(json.dumps(result) + "\n" for result in results)

    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
