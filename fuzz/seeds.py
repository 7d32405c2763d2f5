#!/usr/bin/python3

# Copyright (C) 2026 the ngx_llm_cost_module authors

"""seeds.py DIR: recorded requests and answers as seeds of the fuzzers.

Writes DIR/dialects/*: the number of a way of fuzz/dialects.c, that of what is
read there, and the body; in front of an answer the request that it is for, and
a zero.  Without recordings in TRAFFIC_DIR there are few.  And
DIR/words/DIALECT: the names that the sources of a dialect know.
"""

import glob
import gzip
import hashlib
import json
import os
import re
import sys

MOST = 16384

# whose names a dialect reads, beside those in files of its own name
SOURCES = {
    "openai": "openai responses media video batch thinks",
    "anthropic": "anthropic batch",
    "gemini": "gemini interactions video batch",
    "bedrock": "bedrock anthropic media",
    "cohere": "cohere bedrock",
    "ollama": "ollama openai_template",
    "watsonx": "watsonx openai cohere",
    "mistral": "mistral openai media",
}

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

# of what there are no recordings: a part of the path, what it is, the text
WRITTEN = [
    ("/ml/v1/text/generation\"", REQUEST,
     '{"model_id":"ibm/granite","input":"hi",'
     '"parameters":{"max_new_tokens":9}}'),
    ("/ml/v1/text/generation\"", ANSWER,
     '{"model_id":"ibm/granite","results":[{"generated_text":"a",'
     '"generated_token_count":2,"input_token_count":3,'
     '"stop_reason":"eos_token"}]}'),
    ("generation_stream", EVENTS,
     '{"results":[{"generated_text":"a","generated_token_count":1,'
     '"input_token_count":3,"stop_reason":"NOT_FINISHED"}]}\n'
     '{"results":[{"generated_text":"b","generated_token_count":2,'
     '"input_token_count":0,"stop_reason":"max_tokens"}]}'),
    ("/ml/v1/text/rerank", REQUEST,
     '{"model_id":"m","query":"q","inputs":[{"text":"a"}]}'),
    ("mistralai/models/m:streamRawPredict", REQUEST,
     '{"messages":[{"role":"user","content":"hi"}],"max_tokens":9}'),
    ("/v1/conversations\"", REQUEST,
     '{"model":"m","inputs":[{"role":"user","content":"a"}],"stream":true,'
     '"completion_args":{"max_tokens":9},"tools":[{"type":"web_search"}]}'),
    ("/v1/conversations\"", ANSWER,
     '{"object":"conversation.response","outputs":[{"type":"message.output",'
     '"model":"m","content":[{"type":"text","text":"a"}]}],"usage":'
     '{"prompt_tokens":1,"completion_tokens":2,"total_tokens":9,'
     '"connector_tokens":6,"connectors":{"web_search":1}}}'),
    ("/v1/conversations/c", EVENTS,
     '{"type":"message.output.delta","model":"m","content":{"text":"a"}}\n'
     '{"type":"conversation.response.done","usage":{"prompt_tokens":1}}'),
    ("/v1/moderations", REQUEST, '{"model":"mistral-moderation","input":"a"}'),
    ("/v1/responses\"", REQUEST,
     '{"model":"m","multi_agent":{"enabled":true},"input":[{"type":'
     '"additional_tools","tools":[{"type":"web_search"},{"type":'
     '"image_generation","partial_images":2}]}]}'),
    ("/v1/messages\"", REQUEST,
     '{"model":"m","max_tokens":9,"fallbacks":"default","thread":{"type":'
     '"create"},"messages":[{"role":"system","content":[{"type":'
     '"tool_addition","tool":{"type":"tool_definition","definition":{"type":'
     '"advisor_20260301","model":"a"}}}]}]}'),
    ("m:generateContent", REQUEST,
     '{"contents":[],"generationConfig":{"routingConfig":{"manualMode":'
     '{"modelName":"m"}}}}'),
]


def rows():
    source = os.path.join(os.path.dirname(__file__), "dialects.c")
    with open(source, encoding="utf8") as text:
        return re.findall(r"\{ &llm_\w+, (\"[^\"]+\")", text.read())


def way_of(part):
    return next(i for i, row in enumerate(rows()) if part in row)


def words(out):
    os.makedirs(out, exist_ok=True)
    source = os.path.join(os.path.dirname(__file__),
                          "../ngx_llm_cost_module/providers")

    for dialect, parts in SOURCES.items():
        names = set()
        for part in parts.split():
            for file in glob.glob(f"{source}/llm_{part}*.c"):
                with open(file, encoding="utf8") as text:
                    names.update(re.findall(r'"([\w./-]{1,48})"',
                                            text.read()))
        with open(os.path.join(out, dialect), "w", encoding="utf8") as f:
            f.writelines(f"{name}\n" for name in sorted(names))


def write(out, way, what, body, asked=""):
    seed = bytes((way, what))
    if asked:
        seed += asked.encode("utf8", "replace")[:MOST] + bytes(1)
    seed += body.encode("utf8", "replace")[:MOST]
    name = hashlib.sha1(seed).hexdigest()
    with open(os.path.join(out, name), "wb") as f:
        f.write(seed)


def events(text):
    """an event a line, "@type " in front where its own line says it"""

    lines = []
    kind = ""

    for line in text.splitlines():
        if line.startswith("event:"):
            kind = line[6:].strip()
        elif line.startswith("data:"):
            lines.append((f"@{kind} " if kind else "") + line[5:].strip())
        elif not line:
            kind = ""

    return "\n".join(lines)


def read(record):
    answer = record.get("response_body") or ""

    if record.get("response_base64"):
        return ANSWER, ""

    if not answer.lstrip().startswith("{"):
        return EVENTS, events(answer)

    try:
        json.loads(answer)
        return ANSWER, answer
    except ValueError:
        return EVENTS, answer                         # a value a line


def main():
    out = os.path.join(sys.argv[1], "dialects")
    traffic = os.environ.get("TRAFFIC_DIR", "../shared/traffic")
    path = os.path.join(traffic, "open.jsonl.gz")
    way = {api: way_of(part) for api, part in APIS.items()}
    os.makedirs(out, exist_ok=True)

    words(os.path.join(sys.argv[1], "words"))

    for part, what, body in WRITTEN:
        write(out, way_of(part), what, body)

    if not os.path.exists(path):
        print(f"no recordings in {traffic}: no seeds of them")
        return

    with gzip.open(path, "rt", encoding="utf8", errors="replace") as lines:
        for line in lines:
            record = json.loads(line)
            if record["api"] not in way:
                continue

            asked = record.get("request_body") or ""
            kind, answer = read(record)

            if asked:
                write(out, way[record["api"]], REQUEST, asked)

            if answer:
                write(out, way[record["api"]], kind, answer)
                write(out, way[record["api"]], kind, answer, asked)


if __name__ == "__main__":
    main()
