#!/usr/bin/python3

# Copyright (C) 2026 the ngx_llm_cost_module authors

"""An address behind which servers change.

gate.py FILE

Prints its port and serves until its stdin ends.  FILE holds the path of a Unix
socket or the port of a server on 127.0.0.1, to which connections are passed
on; when its text changes, all connections are closed, but for "PORT keep",
where they stay with the server that they have.  An empty FILE lets nobody
through.  FILE.log gets a line for each connection.

Behind "PORT keep" may stand what becomes of answers, while it does: "lose"
drops them, "late" has them wait for 1.2 s, "cut" sends the first half of one,
and closes the connection.
"""

import asyncio
import os
import sys


class Gate:

    def __init__(self, path):
        self.path = path
        self.text = self.read()
        self.target = self.text.partition(" ")[0]
        self.fault = ""
        self.open = set()

    def read(self):
        try:
            with open(self.path) as file:
                return file.read().strip()
        except FileNotFoundError:
            return ""

    async def watch(self):
        while True:
            await asyncio.sleep(0.005)
            text = self.read()

            if text != self.text:
                self.text = text
                self.target, keep, self.fault = (text.split() + [""] * 3)[:3]
                for writer in list(() if keep else self.open):
                    writer.transport.abort()

    async def serve(self, reader, writer):
        self.open.add(writer)

        with open(self.path + ".log", "a") as log:
            log.write(self.target + "\n")

        try:
            if not self.target:
                return

            if self.target.startswith("/"):
                there = await asyncio.open_unix_connection(self.target)
            else:
                there = await asyncio.open_connection("127.0.0.1",
                                                      int(self.target))

            self.open.add(there[1])
            await asyncio.gather(pump(reader, there[1]),
                                 pump(there[0], writer, self))
            self.open.discard(there[1])

        except OSError:
            pass

        finally:
            self.open.discard(writer)
            writer.close()


async def pump(reader, writer, gate=None):
    try:
        while True:
            data = await reader.read(65536)
            fault = gate.fault if gate else ""
            if not data:
                break
            if fault == "lose":
                continue
            if fault == "late":
                await asyncio.sleep(1.2)
            if fault == "cut":
                writer.write(data[:len(data) // 2])
                await writer.drain()
                break
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


async def main():
    gate = Gate(sys.argv[1])
    server = await asyncio.start_server(gate.serve, "127.0.0.1", 0)

    print(server.sockets[0].getsockname()[1], flush=True)

    asyncio.ensure_future(gate.watch())

    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
