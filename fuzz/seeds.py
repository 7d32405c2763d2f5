#!/usr/bin/python3

# Copyright (C) 2026 the ngx_llm_cost_module authors

"""seeds.py DIR: recorded requests and answers as seeds of the fuzzers.

Writes DIR/dialects/*: the number of a way of fuzz/dialects.c, that of what is
read there, and the body.  Without recordings in TRAFFIC_DIR there are none.
"""

import gzip
import hashlib
import json
import os
import re
import sys

MOST = 16384

# of each API the ways that its paths have in fuzz/dialects.c
APIS = {
    "gemini.generateContent": "generateContent",
    "gemini.stream": "streamGenerateContent",
    "gemini.embed": "embedContent",
    "gemini.interactions": "interactions",
    "bedrock.converse": "/converse\"",
    "bedrock.invoke": "/invoke\"",
    "cohere.chat": "/v2/chat",
    "rerank": "rerank",
    "ollama": "/api/chat",
    "openai.responses": "/v1/responses\"",
    "openai.chat": "/v1/chat/completions",
    "openai.completions": "/v1/completions",
    "openai.embeddings": "/v1/embeddings",
    "openai.images": "images/generations",
    "anthropic.messages": "/v1/messages",
    "anthropic.complete": "/v1/complete",
    "anthropic.batches": "/v1/messages/batches",
    "cohere.embed": "/v2/embed",
    "cohere.generate": "/v1/generate",
    "groq.chat": "/v1/chat/completions",
    "mistral.chat": "/v1/chat/completions",
    "mistral.embeddings": "/v1/embeddings",
    "openai.audio": "/v1/audio/speech",
    "openai.responses.compact": "/v1/responses/compact",
}

REQUEST, ANSWER, EVENTS = 0, 1, 3


def ways():
    source = os.path.join(os.path.dirname(__file__), "dialects.c")
    with open(source, encoding="utf8") as text:
        rows = re.findall(r"\{ &llm_\w+, (\"[^\"]+\")", text.read())

    return {api: next(i for i, row in enumerate(rows) if part in row)
            for api, part in APIS.items()}


def main():
    out = os.path.join(sys.argv[1], "dialects")
    traffic = os.environ.get("TRAFFIC_DIR", "../shared/traffic")
    path = os.path.join(traffic, "open.jsonl.gz")
    way = ways()
    os.makedirs(out, exist_ok=True)

    if not os.path.exists(path):
        print(f"no recordings in {traffic}: no seeds")
        return

    with gzip.open(path, "rt", encoding="utf8", errors="replace") as lines:
        for line in lines:
            record = json.loads(line)
            if record["api"] not in way:
                continue

            answer = record.get("response_body") or ""
            kind = ANSWER if answer.lstrip().startswith("{") else EVENTS

            if record.get("response_base64"):
                answer = ""

            if kind == EVENTS:
                answer = "\n".join(re.findall(r"^data: ?(.*)$", answer, re.M))

            for what, body in ((REQUEST, record.get("request_body") or ""),
                               (kind, answer)):
                if body:
                    seed = (bytes((way[record["api"]], what))
                            + body.encode("utf8", "replace")[:MOST])
                    name = hashlib.sha1(seed).hexdigest()
                    with open(os.path.join(out, name), "wb") as f:
                        f.write(seed)


if __name__ == "__main__":
    main()
