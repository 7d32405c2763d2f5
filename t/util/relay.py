# Copyright (C) 2026 the ngx_llm_cost_module authors

"""Between the runner's client and nginx, for the blocks that ask for it.

It records what the client gets, so that an upstream script can wait until
something has arrived ({"seen": TEXT}); it writes trailers down, which the
client of Test::Nginx does not report, and hands that client what it can bear:
the announced ones, each, in order; it can carry the request over HTTP/2, which
that client does not speak; it leaves nginx once fakeredis.py has got a command.

relay.jsonl, one line a connection: {"block": id, "trailers": [[name, value]]}
"""

import asyncio
import json
import os
import tempfile


class Relay:

    def __init__(self, upstream):
        self.upstream = upstream
        self.block = None
        self.answers = []
        self.log = open(os.path.join(upstream.directory, "relay.jsonl"), "a")

    def has_seen(self, text):
        return any(text in answer for answer in self.answers)

    def record(self, trailers):
        self.log.write(json.dumps({"block": self.block,
                                   "trailers": trailers}) + "\n")
        self.log.flush()

    async def serve(self, reader, writer):
        script = self.upstream.script()
        leaves = script.get("leaves")

        if script["block"] != self.block:
            self.block = script["block"]
            self.answers = []

        try:
            if script.get("h2"):
                await self.over_h2(reader, writer, script["h2"])
            else:
                await self.over_tcp(reader, writer, script["nginx"], leaves)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def over_tcp(self, reader, writer, port, leaves):
        from_nginx, to_nginx = await asyncio.open_connection("127.0.0.1",
                                                             port)
        trailers = TrailerReader()
        self.answers.append(trailers.text)

        async def up():
            try:
                while data := await reader.read(65536):
                    to_nginx.write(data)
                    await to_nginx.drain()
            except ConnectionError:
                pass
            # The client is gone, or has closed its half: nginx sees the same

            if not down.done():
                to_nginx.write_eof()

        async def down_stream():
            while data := await from_nginx.read(65536):
                writer.write(trailers.feed(data))
                await writer.drain()

        down = asyncio.ensure_future(down_stream())
        pump = asyncio.ensure_future(up())

        async def leave():
            while not self.asked(leaves):
                await asyncio.sleep(0.002)
            down.cancel()

        leaving = leaves and asyncio.ensure_future(leave())

        try:
            await down
        except asyncio.CancelledError:
            pass
        finally:
            pump.cancel()
            if leaving:
                leaving.cancel()
            to_nginx.close()
            self.record(trailers.trailers)

    def asked(self, command):
        path = os.path.join(self.upstream.directory, "fakeredis.log")

        try:
            with open(path) as log:
                return command in log.read().split()
        except FileNotFoundError:
            return False

    async def over_h2(self, reader, writer, port):
        """one HTTP/1.1 request in, curl over h2c, an HTTP/1.1 answer out"""

        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = [line for line in lines[1:] if line]
        length = 0
        command = ["curl", "-sS", "-N", "--http2-prior-knowledge",
                   "--path-as-is", "-X", method]

        for line in headers:
            name, value = line.split(":", 1)
            if name.lower() == "content-length":
                length = int(value)
            elif name.lower() not in ("connection", "transfer-encoding"):
                command += ["-H", line]

        if method == "HEAD":
            command.append("-I")

        with tempfile.TemporaryDirectory() as directory:
            if length:
                path = os.path.join(directory, "body")
                with open(path, "wb") as body:
                    body.write(await reader.readexactly(length))
                # no Expect and no form type from curl
                command += ["--data-binary", "@" + path, "-H", "Expect:"]
                if not any(h.lower().startswith("content-type:")
                           for h in headers):
                    command += ["-H", "Content-Type:"]

            dump = os.path.join(directory, "head")
            command += ["-D", dump, f"http://127.0.0.1:{port}{target}"]

            await self.run_curl(command, dump, reader, writer)

    async def run_curl(self, command, dump, reader, writer):
        curl = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE)

        async def watch_client():
            # the client leaves: so does curl
            if not await reader.read(1):
                curl.terminate()

        watch = asyncio.ensure_future(watch_client())
        body = bytearray()
        self.answers.append(body)

        while data := await curl.stdout.read(65536):
            body += data

        text = (await curl.stderr.read()).decode()
        status = await curl.wait()
        watch.cancel()

        if status > 0:
            self.upstream.record(self.block, event="curl", text=text.strip())
            return

        with open(dump, encoding="latin-1", newline="") as file:
            head, _, rest = file.read().partition("\r\n\r\n")

        lines = head.split("\r\n")
        code = lines[0].split(" ")[1]
        headers = [h for h in lines[1:]
                   if not h.lower().startswith("content-length:")]
        trailers = [line.split(":", 1) for line in rest.split("\r\n") if line]

        self.record([[name, value.strip()] for name, value in trailers])

        writer.write("\r\n".join(
            [f"HTTP/1.1 {code} OK"] + headers
            + [f"Content-Length: {len(body)}", "", ""]).encode("latin-1")
            + body)
        await writer.drain()


class TrailerReader:
    """Passes HTTP/1.1 answers through, with the trailers that were announced:
    none else, and an empty one for one that did not come.

    Bytes go on as they come; only the end of a chunked body is held until it
    is whole.  text is the decoded body so far.
    """

    def __init__(self):
        self.state = "head"
        self.buffer = b""
        self.left = 0
        self.trailers = []
        self.announced = []
        self.text = bytearray()

    def feed(self, data):
        self.buffer += data
        out = b""

        while True:
            part = getattr(self, "in_" + self.state)()
            if part is None:
                return out
            out += part

    def in_head(self):
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return None

        lines = self.buffer[:end].split(b"\r\n")
        self.buffer = self.buffer[end + 4:]
        lower = [line.lower().replace(b" ", b"") for line in lines]
        chunked = b"transfer-encoding:chunked" in lower
        self.state = "size" if chunked else "rest"

        self.announced = [line.split(b":")[1].strip() for line in lines
                          if line.lower().startswith(b"trailer:")]

        return b"\r\n".join(lines) + b"\r\n\r\n"

    def in_rest(self):
        data, self.buffer = self.buffer, b""
        self.text += data
        return data or None

    def in_size(self):
        end = self.buffer.find(b"\r\n")
        if end < 0:
            return None

        line = self.buffer[:end + 2]

        try:
            self.left = int(line.split(b";")[0], 16)
        except ValueError:
            self.state = "rest"
            return b""

        self.buffer = self.buffer[end + 2:]

        if self.left == 0:
            self.state = "trailers"
            return b""

        self.left += 2
        self.state = "chunk"
        return line

    def in_chunk(self):
        data = self.buffer[:self.left]
        self.buffer = self.buffer[len(data):]
        self.text += data[:max(0, self.left - 2)]
        self.left -= len(data)

        if self.left == 0:
            self.state = "size"

        return data or None

    def in_trailers(self):
        if self.buffer.startswith(b"\r\n"):
            text, end = b"", 2
        else:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return None
            text, end = self.buffer[:end], end + 4

        self.buffer = self.buffer[end:]

        for line in text.decode("latin-1").split("\r\n"):
            name, _, value = line.partition(":")
            if name:
                self.trailers.append([name, value.strip()])

        self.state = "rest"

        values = dict(self.trailers)

        return b"0\r\n" + b"".join(
            name + b": " + values.get(name.decode("latin-1"), "")
            .encode("latin-1") + b"\r\n" for name in self.announced) + b"\r\n"
