# Copyright (C) 2026 the ngx_llm_cost_module authors

"""What the test upstream answers by itself, in OpenAI's shapes.

Request headers steer it: X-Test-Prompt-Tokens (10), X-Test-Cached-Tokens (0),
X-Test-Completion-Tokens (5), X-Test-Reasoning-Tokens (0), X-Test-Content,
X-Test-Status, X-Test-Gzip, X-Test-Chunk (bytes a piece), X-Test-Gap (ms),
X-Test-Wait (a name that must be released before the answer begins).
"""

import json


def openai_answer(request):
    status = number(request, "status", 200)
    path = request.target.split("?")[0]

    if status >= 400:
        answer = error(status, "scripted status")
    elif path.endswith("/chat/completions"):
        answer = chat(request)
    elif path.endswith("/embeddings"):
        answer = embeddings(request)
    elif path.endswith("/models"):
        answer = whole({"object": "list", "data": [
            {"id": "gpt-4o-mini", "object": "model", "created": 1700000000,
             "owned_by": "test"}]})
    elif path.startswith("/test/release/"):
        answer = whole({})
    else:
        answer = error(404, f"no {request.method} {path} here")

    answer["gzip"] = number(request, "gzip", 0)
    answer["split"] = number(request, "chunk", 0)
    answer["gap"] = number(request, "gap", 0)

    if request.header("x-test-wait"):
        answer["before"] = [{"wait": request.header("x-test-wait")}]

    return answer


def number(request, name, default):
    return int(request.header("x-test-" + name, default))


def whole(root, status=200):
    return {"status": status, "body": json.dumps(root)}


def error(status, message):
    return whole({"error": {"message": message, "type": "server_error",
                            "param": None, "code": None}}, status)


def usage(request):
    prompt = number(request, "prompt-tokens", 10)
    completion = number(request, "completion-tokens", 5)

    return {"prompt_tokens": prompt, "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {
                "cached_tokens": number(request, "cached-tokens", 0),
                "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": number(request, "reasoning-tokens", 0),
                "audio_tokens": 0}}


def chat(request):
    root = request.json()
    base = {"id": "chatcmpl-test", "object": "chat.completion",
            "created": 1700000000, "model": root.get("model", "unknown"),
            "service_tier": "default", "system_fingerprint": "fp_test"}
    content = request.header("x-test-content",
                             "tok " * number(request, "completion-tokens", 5))

    if root.get("stream"):
        return stream(request, root, base, content)

    base["choices"] = [{
        "index": i, "logprobs": None, "finish_reason": "stop",
        "message": {"role": "assistant", "content": content,
                    "refusal": None}} for i in range(root.get("n") or 1)]
    base["usage"] = usage(request)

    return whole(base)


def stream(request, root, base, content):
    base["object"] = "chat.completion.chunk"
    options = root.get("stream_options") or {}
    wanted = options.get("include_usage")

    def event(choices, counted=None):
        chunk = dict(base, choices=choices)
        if wanted:
            chunk["usage"] = counted
        return "data: " + json.dumps(chunk) + "\n\n"

    def choice(delta, reason=None):
        return [{"index": 0, "delta": delta, "logprobs": None,
                 "finish_reason": reason}]

    events = [event(choice({"role": "assistant", "content": ""}))]
    events += [event(choice({"content": word + " "}))
               for word in content.split()]
    events.append(event(choice({}, "stop")))

    if wanted:
        events.append(event([], usage(request)))

    events.append("data: [DONE]\n\n")

    return {"headers": {"Content-Type": "text/event-stream"},
            "body": events}


def embeddings(request):
    root = request.json()
    texts = root.get("input", "")
    n = len(texts) if isinstance(texts, list) else 1
    prompt = number(request, "prompt-tokens", 10)

    return whole({"object": "list", "model": root.get("model", "unknown"),
                  "data": [{"object": "embedding", "index": i,
                            "embedding": [0.5, -0.25]} for i in range(n)],
                  "usage": {"prompt_tokens": prompt,
                            "total_tokens": prompt}})
