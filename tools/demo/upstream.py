#!/usr/bin/python3

# Copyright (C) 2026 the ngx_llm_cost_module authors

"""A local upstream for the demo and the benchmarks: OpenAI's dialect.

upstream.py PORT [--pace MS] [--words N]

POST /v1/chat/completions (JSON and SSE), POST /v1/embeddings, GET /v1/models.
The answers are our own samples in the shapes of the real ones.  A stream
comes word by word, --pace milliseconds apart.  Failures on demand, by the
request header X-Demo-Fail: 429, 500 (an error answer), cut (the connection
breaks in the middle), hang (nothing comes for 30 seconds).
"""

import argparse
import asyncio
import json
import time

SAMPLES = {
    "What is nginx?":
        "nginx is a web server that also serves as a reverse proxy, a load "
        "balancer and a cache. It handles many connections in few processes.",
    "Write a haiku about budgets.":
        "Coins fall one by one\nthe ledger knows every leaf\nspring spends "
        "nothing twice",
    "Name three prime numbers.":
        "Two, three and five are prime numbers.",
}

DEFAULT = ("This is a sample answer of the local upstream. It stands for what "
           "a model would say, has a few sentences, and ends normally.")


def tokens(text):
    """near enough for a sample: what matters is that it is reported"""

    return max(1, (len(text) + 3) // 4)


class Upstream:

    def __init__(self, pace, words):
        self.pace = pace / 1000
        self.words = words
        self.requests = 0

    async def serve(self, reader, writer):
        try:
            while await self.one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def one(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = {}

        for line in lines[1:]:
            if ":" in line:
                name, value = line.split(":", 1)
                headers[name.strip().lower()] = value.strip()

        body = await reader.readexactly(int(headers.get("content-length", 0)))
        fail = headers.get("x-demo-fail", "")
        self.requests += 1

        if fail == "hang":
            await asyncio.sleep(30)
            return False

        if fail in ("429", "500"):
            await self.json(writer, int(fail), {"error": {
                "message": "the upstream was asked to fail",
                "type": "server_error", "param": None, "code": None}})
            return True

        path = target.split("?")[0]

        if method == "GET" and path.endswith("/models"):
            await self.json(writer, 200, {"object": "list", "data": [
                {"id": "gpt-4o-mini", "object": "model",
                 "created": 1700000000, "owned_by": "demo"}]})
            return True

        root = json.loads(body or b"{}")

        if path.endswith("/embeddings"):
            await self.embeddings(writer, root)
            return True

        return await self.chat(writer, root, fail)

    async def json(self, writer, status, root):
        body = json.dumps(root).encode()
        writer.write(b"HTTP/1.1 %d Sample\r\nContent-Type: application/json\r\n"
                     b"Content-Length: %d\r\n\r\n" % (status, len(body)) + body)
        await writer.drain()

    async def embeddings(self, writer, root):
        texts = root.get("input", "")
        texts = [texts] if isinstance(texts, str) else texts
        used = sum(tokens(str(text)) for text in texts)

        await self.json(writer, 200, {
            "object": "list", "model": root.get("model"),
            "data": [{"object": "embedding", "index": i,
                      "embedding": [0.0125, -0.5, 0.25]}
                     for i in range(len(texts))],
            "usage": {"prompt_tokens": used, "total_tokens": used}})

    async def chat(self, writer, root, fail):
        question = root["messages"][-1].get("content") or ""
        answer = SAMPLES.get(question, DEFAULT)

        if self.words:
            answer = " ".join(DEFAULT.split() * (self.words // 8 + 1))
            answer = " ".join(answer.split()[:self.words])

        used = sum(tokens(str(m.get("content") or "")) + 3
                   for m in root["messages"]) + 3
        usage = {"prompt_tokens": used, "completion_tokens": tokens(answer),
                 "total_tokens": used + tokens(answer),
                 "prompt_tokens_details": {"cached_tokens": 0,
                                           "audio_tokens": 0},
                 "completion_tokens_details": {"reasoning_tokens": 0,
                                               "audio_tokens": 0}}

        base = {"id": "chatcmpl-%d" % self.requests,
                "created": int(time.time()),
                "model": root.get("model", "") + "-2024-07-18",
                "service_tier": "default", "system_fingerprint": "fp_demo"}

        if root.get("stream"):
            return await self.stream(writer, root, base, answer, usage, fail)

        body = dict(base, object="chat.completion", usage=usage, choices=[
            {"index": 0, "logprobs": None, "finish_reason": "stop",
             "message": {"role": "assistant", "content": answer,
                         "refusal": None}}])

        if fail == "cut":
            text = json.dumps(body).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json"
                         b"\r\nContent-Length: %d\r\n\r\n" % len(text)
                         + text[:len(text) // 2])
            await writer.drain()
            return False

        await self.json(writer, 200, body)
        return True

    async def stream(self, writer, root, base, answer, usage, fail):
        asked = (root.get("stream_options") or {}).get("include_usage")
        base = dict(base, object="chat.completion.chunk")

        if asked:
            base["usage"] = None

        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                     b"Cache-Control: no-cache\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n")

        def send(event):
            data = event if isinstance(event, str) else json.dumps(event)
            data = ("data: %s\n\n" % data).encode()
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))

        def choice(delta, finish=None):
            return dict(base, choices=[{"index": 0, "delta": delta,
                                        "logprobs": None,
                                        "finish_reason": finish}])

        send(choice({"role": "assistant", "content": "", "refusal": None}))
        pieces = answer.split(" ")

        for i, piece in enumerate(pieces):
            await writer.drain()

            if self.pace:
                await asyncio.sleep(self.pace)

            if fail == "cut" and i == len(pieces) // 2:
                return False

            send(choice({"content": (" " if i else "") + piece}))

        send(choice({}, "stop"))

        if asked:
            send(dict(base, choices=[], usage=usage))

        send("[DONE]")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--pace", type=float, default=0)
    parser.add_argument("--words", type=int, default=0)
    args = parser.parse_args()

    upstream = Upstream(args.pace, args.words)
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", args.port,
                                        backlog=1024)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
