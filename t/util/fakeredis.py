#!/usr/bin/python3

# Copyright (C) 2026 the ngx_llm_cost_module authors

"""A faulty Redis: a proxy in front of a real one that misbehaves on order.

fakeredis.py DIRECTORY BACKEND_SOCKET

Prints its port and serves until its stdin ends.  DIRECTORY/fakeredis holds
the rules of the block, one a line: "COMMAND [N]: ACTION".  COMMAND is a Redis
command or *; N means only its Nth occurrence in the block.  What the module
says to stay in touch is JOIN (join.lua) or LEARN (learn.lua), no EVALSHA.  By its
script a command is called script.NAME as well, and script.join.PHASE.  Actions:

  error TEXT   answer -TEXT, the backend never sees the command
  reply TEXT   answer TEXT as it is (\\r and \\n are understood)
  stall        no answer, the backend never sees the command
  swallow      the backend does it, the answer is lost; after either there is
               no answer to what follows on that connection, as there is none
               out of turn
  skip         the backend does it, and the next answer is the first to come
  close        close the connection instead
  garbage      bytes that are no reply
  cut N        only the first N bytes of the answer, then close
  delay MS     the answer comes late
  late         it comes when the client has given the connection up
  wait NAME    it comes when there is a file DIRECTORY/release.NAME
  bytewise     the answer comes byte by byte

"connect: refuse" closes the listening socket.  Commands without a rule go to
the backend.  DIRECTORY/fakeredis.log gets each command's name, fakeredis.done
each rule that is followed.
"""

import asyncio
import hashlib
import os
import sys

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../ngx_llm_cost_module/scripts")


def script_hash(*names):
    text = b""

    for name in names:
        with open(os.path.join(SCRIPTS, name + ".lua"), "rb") as file:
            text += file.read()

    return hashlib.sha1(text).hexdigest().encode()


ASIDE = {script_hash("common", "join"): "JOIN", script_hash("learn"): "LEARN"}

NAMED = {script_hash("common", "join"): "JOIN",
         script_hash("common", "balance"): "BALANCE",
         script_hash("common", "usage", "settle"): "SETTLE",
         script_hash("look", "common", "admit"): "ADMIT"}

JOIN_PHASE = 3 + 5 + 3              # EVALSHA, hash, 5 keys, then the 4th


class FakeRedis:

    def __init__(self, directory, backend):
        self.directory = directory
        self.path = os.path.join(directory, "fakeredis")
        self.log_path = self.path + ".log"
        self.backend = backend
        self.text = None
        self.rules = []
        self.counts = {}
        self.server = None
        self.clients = set()        # asyncio itself forgets who only waits
        self.port = 0

    def load(self):
        try:
            with open(self.path) as file:
                text = file.read()
        except FileNotFoundError:
            text = ""

        if text != self.text:
            self.text = text
            self.counts = {}
            lines = [line.split(":", 1) for line in text.split("\n")
                     if ":" in line and not line.startswith("#")]
            self.rules = [(words.split(), action.strip())
                          for words, action in lines]

    def action(self, name, script):
        self.load()

        for known in filter(None, (name, script)):
            self.counts[known] = self.counts.get(known, 0) + 1

        with open(self.log_path, "a") as log:
            log.write(name + "\n")

        for words, action in self.rules:
            rule = words[0].upper()
            if rule not in (name, script, "*"):
                continue
            if rule == "*":
                rule = name
            if len(words) > 1 and int(words[1]) != self.counts[rule]:
                continue

            with open(self.path + ".done", "a") as done:
                done.write(f"{' '.join(words)}: {action}\n")

            return action

        return "pass"

    def refusing(self):
        self.load()
        return any(words == ["connect"] for words, _ in self.rules)

    async def listen(self):
        self.server = await asyncio.start_server(
            self.serve, "127.0.0.1", self.port, limit=64 << 20)
        self.port = self.server.sockets[0].getsockname()[1]

    async def watch(self):
        """opens and closes the door as the rules say"""

        while True:
            await asyncio.sleep(0.005)

            if self.refusing():
                if self.server:
                    self.server.close()
                    self.server = None
            elif not self.server:
                await self.listen()

            # the runner waits for this before it starts nginx

            with open(self.path + ".state", "w") as state:
                state.write(self.text)

    async def serve(self, reader, writer):
        backend = None
        client = asyncio.current_task()
        self.clients.add(client)

        try:
            if os.path.exists(self.backend):
                backend = await asyncio.open_unix_connection(
                    self.backend, limit=64 << 20)

            while True:
                command = await read_value(reader)
                await self.one(command, backend, reader, writer)
                await writer.drain()

        except (ConnectionError, asyncio.IncompleteReadError):
            pass

        finally:
            self.clients.discard(client)
            writer.close()
            if backend:
                backend[1].close()

    async def one(self, command, backend, reader, writer):
        words = command.split(b"\r\n", 5)
        name = words[2].decode("latin-1").upper()

        script = None

        if name == "EVALSHA":
            script = script_name(words[4], command)
            name = ASIDE.get(words[4], name)

        verb, _, text = self.action(name, script).partition(" ")

        if verb == "error":
            writer.write(b"-" + text.encode() + b"\r\n")
        elif verb == "reply":
            writer.write(text.encode("latin-1").decode("unicode_escape")
                         .encode("latin-1"))
        elif verb == "close":
            raise ConnectionError()
        elif verb == "garbage":
            writer.write(b"\x00\xffHTTP/1.1 200 OK\r\n\r\n")
        elif verb == "stall":
            await self.deaf(reader)
        else:
            answer = await self.answer(command, backend, verb, text)

            if verb in ("late", "swallow"):
                await self.deaf(reader)

            await self.send(answer, writer, verb, text)

    async def deaf(self, reader):
        while await reader.read(65536):
            pass

    async def answer(self, command, backend, verb, text):
        if not backend:
            return b"-ERR no backend\r\n"

        backend[1].write(command)
        reply = await read_value(backend[0])

        if verb == "delay":
            await asyncio.sleep(float(text) / 1000)

        while verb == "wait" and not os.path.exists(
                os.path.join(self.directory, "release." + text)):
            await asyncio.sleep(0.005)

        return reply

    async def send(self, reply, writer, verb, text):
        if verb == "swallow":
            raise ConnectionError()

        if verb == "skip":
            return

        if verb == "cut":
            writer.write(reply[:int(text)])
            await writer.drain()
            raise ConnectionError()

        if verb == "bytewise":
            for i in range(len(reply)):
                writer.write(reply[i:i + 1])
                await writer.drain()
                await asyncio.sleep(0)
            return

        writer.write(reply)


def script_name(sha, command):
    """SCRIPT.SETTLE; SCRIPT.JOIN.1, for the phase that it says"""

    name = NAMED.get(sha)

    if name == "JOIN":
        name += "." + command.split(b"\r\n")[2::2][JOIN_PHASE].decode()

    return name and "SCRIPT." + name


async def read_value(reader):
    """the bytes of one RESP value"""

    line = await reader.readuntil(b"\r\n")
    kind, size = line[:1], line[1:-2]

    if kind == b"$" and int(size) >= 0:
        return line + await reader.readexactly(int(size) + 2)

    if kind == b"*":
        for _ in range(max(0, int(size))):
            line += await read_value(reader)

    return line


async def main():
    fake = FakeRedis(sys.argv[1], sys.argv[2])

    await fake.listen()
    print(fake.port, flush=True)

    asyncio.ensure_future(fake.watch())

    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
