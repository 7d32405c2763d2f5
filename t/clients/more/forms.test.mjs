// Copyright (C) 2026 the ngx_llm_cost_module authors
//
// Recorded answers out of the cache, in the form in which they came and in the
// others: the official SDKs make the same of all of them.  The recordings are no
// part of the project: TRAFFIC_DIR says where they are.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync, inflateSync } from 'node:zlib';

import { Gateway } from '../gateway.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const build = process.env.LLM_BUILD ?? join(root, 'build');
const traffic = join(process.env.TRAFFIC_DIR ?? join(root, '../shared/traffic'),
                     'open.jsonl.gz');
const skip = existsSync(traffic) ? false : `no recordings: ${traffic}`;

const load = (dir, name) => import(pathToFileURL(
    createRequire(join(build, dir, '/')).resolve(name)));

const OpenAI = (await load('clients', 'openai')).default;
const Anthropic = (await load('clients', '@anthropic-ai/sdk')).default;
const { GoogleGenAI } = await load('clients-more', '@google/genai');

const gateway = new Gateway();

let upstream;
let recording;               // that upstream answers with
let cached;                  // X-Cache of the last answer


// every SDK fetches through this

async function fetchNoted(url, options) {
    const response = await fetch(url, options);

    cached = response.headers.get('x-cache');

    return response;
}


// the bytes of a recorded answer

function bytesOf(record) {
    const body = record.response_body ?? '';

    if (record.response_base64) {
        const raw = Buffer.from(body, 'base64');
        const coding = record.response_encoding ?? '';

        return coding === 'gzip' ? gunzipSync(raw)
            : coding && coding !== 'binary' ? inflateSync(raw) : raw;
    }

    if (record.framing?.framing !== 'chunk-lines') {
        return Buffer.from(body);
    }

    const named = ['anthropic.messages', 'openai.responses']
        .includes(record.api);

    return Buffer.from(body.split('\n').filter(line => line.trim())
        .map(line => (named ? `event: ${JSON.parse(line).type}\n` : '')
                     + `data: ${line}\n\n`).join('')
        + (record.api === 'openai.chat' ? 'data: [DONE]\n\n' : ''));
}


// What upstream says who asks it to show the usage, as we do.  Those who did
// not were recorded without.

const USED = 'data: {"choices":[],"usage":{"prompt_tokens":1,'
    + '"completion_tokens":1,"total_tokens":2}}\n\n';

function answer(request, response) {
    const { record } = recording;
    let body = bytesOf(record);


    if (record.stream && record.api.endsWith('.chat') && !record.usage) {
        const text = String(body);
        const end = text.lastIndexOf('data: [DONE]');

        body = Buffer.from(end < 0 ? text + USED
            : text.slice(0, end) + USED + text.slice(end));
    }

    recording.asked++;

    request.resume().on('end', () => response.writeHead(200, {
        'content-type': record.stream && record.api !== 'gemini.stream'
            ? 'text/event-stream'
            : record.response_content_type ?? 'application/json',
        'content-length': body.length }).end(body));
}


before(async () => {
    if (skip) {
        return;
    }

    upstream = createServer(answer).listen(0, '127.0.0.1');
    await new Promise(resolve => upstream.once('listening', resolve));

    await gateway.start(`
        location / {
            llm_cost on;
            llm_cache on;
            llm_cache_scope shared;
            llm_max_response 4m;
            client_max_body_size 4m;
            keepalive_requests 100000;
            proxy_pass http://127.0.0.1:${upstream.address().port};
        }`);
});

after(async () => {
    if (skip) {
        return;
    }

    const { code, bad } = await gateway.stop();
    upstream.close();

    assert.equal(code, 0);
    assert.deepEqual(bad, []);
});


// without what is null, empty, or put there by the SDK

function bare(value) {
    if (Array.isArray(value)) {
        return value.map(bare);
    }

    if (value === null || typeof value !== 'object') {
        return value;
    }

    return Object.fromEntries(Object.entries(value)
        .filter(([name, v]) => v !== null && v !== undefined
            && !['parsed', 'parsed_arguments', 'output_parsed', 'output_text',
                 '_request_id'].includes(name))
        .map(([name, v]) => [name, bare(v)]));
}


function chatOf(completion) {
    return bare({
        choices: completion.choices.map(({ index, message, finish_reason }) => ({
            index, finish_reason,
            content: message.content || null,
            refusal: message.refusal || null,
            function_call: message.function_call,
            tools: (message.tool_calls ?? []).map(({ id, function: f }) =>
                ({ id, name: f?.name, arguments: f?.arguments })) })),
        usage: completion.usage });
}


// (the SDK's stream leaves out what else is around them)

function messageOf({ id, model, role, content, stop_reason, stop_sequence,
                     usage }) {
    const { input_tokens, output_tokens, cache_creation_input_tokens,
            cache_read_input_tokens, server_tool_use, service_tier } = usage;

    // what it does not put together out of a real stream, either
    content.forEach(block => {
        if (block.type === 'mcp_tool_use') {
            delete block.input;
        }
    });

    return bare({ id, model, role, content, stop_reason, stop_sequence,
                  usage: { input_tokens, output_tokens,
                           cache_creation_input_tokens,
                           cache_read_input_tokens, server_tool_use,
                           service_tier } });
}


function geminiOf(chunks) {
    const candidates = [];
    let usage;

    for (const chunk of chunks) {
        usage = chunk.usageMetadata ?? usage;

        for (const c of chunk.candidates ?? []) {
            const into = candidates[c.index ?? 0]
                ??= { text: '', thought: '', parts: [] };

            into.finish = c.finishReason ?? into.finish;

            for (const part of c.content?.parts ?? []) {
                const { text, thought, ...rest } = part;

                into[thought ? 'thought' : 'text'] += text ?? '';

                if (Object.keys(rest).length) {
                    into.parts.push(rest);
                }
            }
        }
    }

    return bare({ candidates, usage });
}


async function collect(stream) {
    const all = [];

    for await (const one of stream) {
        all.push(one);
    }

    return all;
}


// How an API is asked: forms by name, each gives what is to be the same.  The
// first of a document, the second of a stream is how it was recorded.

const openai = () => new OpenAI({ apiKey: 'k', maxRetries: 0,
                                  baseURL: `${gateway.url}/v1`,
                                  fetch: fetchNoted });
const anthropic = () => new Anthropic({ apiKey: 'k', maxRetries: 0,
                                        baseURL: gateway.url,
                                        fetch: fetchNoted });
const google = () => new GoogleGenAI({ apiKey: 'k', httpOptions:
    { baseUrl: gateway.url } });

const said = id => [{ role: 'user', content: id }];

const chat = {
    json: async id => chatOf(await openai().chat.completions.create(
        { model: 'm', messages: said(id) })),
    stream: async id => {
        const stream = openai().chat.completions.stream(
            { model: 'm', messages: said(id),
              stream_options: { include_usage: true } });
        let usage;

        // the SDK forgets it where a chunk without one follows
        stream.on('chunk', chunk => { usage = chunk.usage ?? usage; });

        return chatOf({ ...await stream.finalChatCompletion(), usage });
    },
};

const responses = {
    json: async id => bare(await openai().responses.create(
        { model: 'm', input: id })),

    // every text must have come in deltas, too

    stream: async id => {
        const texts = {};
        const stream = openai().responses.stream({ model: 'm', input: id });
        let cut;

        stream.on('event', e => {
            // the SDK goes on as if such a one had not ended
            cut = e.type === 'response.incomplete' ? e.response : cut;

            if (e.type === 'response.output_text.delta') {
                const at = `${e.output_index} ${e.content_index}`;
                texts[at] = (texts[at] ?? '') + e.delta;
            }
        });

        const last = await stream.finalResponse();
        const response = cut ?? last;

        response.output.forEach((item, i) => item.type === 'message'
            && item.content.forEach((part, k) => part.type === 'output_text'
                && assert.equal(texts[`${i} ${k}`] ?? '', part.text)));

        return bare(response);
    },
};

const messages = {
    json: async id => messageOf(await anthropic().messages.create(
        { model: 'm', max_tokens: 9, messages: said(id) })),
    stream: async id => messageOf(await anthropic().messages.stream(
        { model: 'm', max_tokens: 9, messages: said(id) }).finalMessage()),
};

const contents = id => ({ model: 'gemini-2.5-flash', contents: id });

const generate = {
    json: async id => geminiOf([await google().models.generateContent(
        contents(id))]),
    stream: async id => geminiOf(await collect(
        await google().models.generateContentStream(contents(id)))),
    array: async id => geminiOf(await (await fetchNoted(gateway.url
        + '/v1beta/models/gemini-2.5-flash:streamGenerateContent',
        { method: 'POST', headers: { 'x-goog-api-key': 'k' },
          body: JSON.stringify({ contents: [{ parts: [{ text: id }],
                                              role: 'user' }] }) })).json()),
};


function recordsOf(apis) {
    return String(gunzipSync(readFileSync(traffic))).split('\n')
        .filter(line => apis.some(api => line.includes(`"${api}"`)))
        .map(line => JSON.parse(line))
        .filter(r => apis.includes(r.api) && r.status === 200
                     && !r.suspect_synthetic);
}


// one recording: kept, and the same in every form that it has

async function replay(record, forms, count) {
    const own = record.stream ? 'stream' : 'json';
    let first;

    recording = { record, asked: 0 };
    count.recorded++;

    try {
        first = await forms[own](record.id);
    } catch (e) {
        count.unread++;
        return;
    }

    assert.deepEqual(await forms[own](record.id), first,
                     `${record.id}: from the cache`);

    if (cached !== 'HIT') {
        count.unkept++;
        return;
    }

    count.kept++;

    for (const form of Object.keys(forms).filter(form => form !== own)) {
        const { asked } = recording;
        const other = await forms[form](record.id).catch(e => e);

        if (recording.asked > asked) {
            count.single++;
            return;
        }

        assert.equal(cached, 'HIT');
        assert.deepEqual(other, first, `${record.id}: as ${form}`);
    }

    count.same++;
}


const MATRIX = [
    ['OpenAI chat', ['openai.chat', 'groq.chat'], chat, 1300],
    ['OpenAI Responses', ['openai.responses'], responses, 550],
    ['Anthropic messages', ['anthropic.messages'], messages, 520],
    ['Gemini', ['gemini.generateContent', 'gemini.stream'], generate, 500],
];

for (const [name, apis, forms, least] of MATRIX) {
    test(`${name}: the same in every form`, { skip }, async t => {
        const count = { recorded: 0, unread: 0, unkept: 0, kept: 0,
                        single: 0, same: 0 };
        const native = globalThis.fetch;

        // the SDK of Google's takes whatever fetch there is

        globalThis.fetch = async (...args) => {
            const response = await native(...args);
            cached = response.headers.get('x-cache');
            return response;
        };

        try {
            for (const record of recordsOf(apis)) {
                await replay(record, forms, count);
            }
        } finally {
            globalThis.fetch = native;
        }

        t.diagnostic(`${name}: ${JSON.stringify(count)}`);
        assert.ok(count.same >= least);
    });
}
