// Copyright (C) 2026 the ngx_llm_cost_module authors
//
// The official SDKs of Google, Amazon, Cohere and Mistral through nginx: what
// works without it works with it, and a refusal is the SDK's own error, raised
// once.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { crc32 } from './crc32.mjs';

import { Gateway } from '../gateway.mjs';
import { collect, json, load, loadFile, require } from './sdk.mjs';

const { GoogleGenAI, ApiError } = await load('@google/genai');
const { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand,
        InvokeModelWithResponseStreamCommand, ServiceQuotaExceededException,
        ValidationException } = require('@aws-sdk/client-bedrock-runtime');
const { NodeHttpHandler } = require('@smithy/node-http-handler');
const { CohereClientV2, CohereError } = require('cohere-ai');
const { Mistral } = await loadFile('@mistralai/mistralai/esm/index.js');

const gateway = new Gateway();


// one request of each payer: the second is refused

async function refused(call) {
    await call();
    await gateway.log();
    gateway.script(gateway.answers);

    const error = await call().then(() => assert.fail('no error'), e => e);

    assert.equal((await gateway.log()).length, 1, 'one request, no retry');
    assert.equal(gateway.upstreamRequests().length, 0);

    return error;
}


function answers(script) {
    gateway.answers = script;
    gateway.script(script);
}


function sse(events, end = '') {
    return { headers: { 'Content-Type': 'text/event-stream' },
             body: events.map(e => `data: ${JSON.stringify(e)}\r\n\r\n`)
                 .join('') + end };
}


before(() => gateway.start(`
    location ~ ^/once(/.*)$ {
        llm_cost on;
        llm_budget once key=$llm_api_key_id limit=1requests period=total;
        proxy_pass UPSTREAM$1$is_args$args;
    }
    location / { llm_cost on; proxy_pass UPSTREAM; }`));

beforeEach(() => answers());

after(async () => {
    assert.deepEqual(await gateway.stop(), { code: 0, bad: [] });
});


// Google

const GEMINI = {
    candidates: [{ content: { role: 'model', parts: [{ text: 'Hello' }] },
                   finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 20, candidatesTokenCount: 10,
                     totalTokenCount: 30 } };

const ASK = { model: 'gemini-2.5-flash', contents: 'hi' };


function google(location = '', apiKey = 'key-1') {
    return new GoogleGenAI({ apiKey, httpOptions: {
        baseUrl: gateway.url + location } });
}


test('Google: an answer', async () => {
    answers(json(GEMINI));

    const answer = await google().models.generateContent(ASK);
    assert.equal(answer.text, 'Hello');

    const [log] = await gateway.log();
    assert.equal(log.cost, '0.000031000');
});


test('Google: a stream', async () => {
    answers(sse([{ candidates: [{ content: { parts: [{ text: 'one' }] } }],
                   usageMetadata: { promptTokenCount: 20 } }, GEMINI]));

    const chunks = await collect(
        await google().models.generateContentStream(ASK));
    assert.equal(chunks.map(c => c.text).join(''), 'oneHello');

    const [log] = await gateway.log();
    assert.equal(log.cost, '0.000031000');
    assert.equal(log.usage_source, 'upstream');
});


test('Google: a spent budget is an ApiError, once', async () => {
    answers(json(GEMINI));

    const error = await refused(() => google('/once', 'key-2')
        .models.generateContent(ASK));

    assert.ok(error instanceof ApiError);
    assert.equal(error.status, 429);
    assert.match(error.message, /RESOURCE_EXHAUSTED/);
});


test('Google: a client that leaves pays for what has come', async () => {
    answers({ headers: { 'Content-Type': 'text/event-stream' },
              body: ['data: ' + JSON.stringify({
                  candidates: [{ content: { parts: [{ text: 'one two' }] } }]
              }) + '\r\n\r\n', { wait: 'abort' }] });

    const abort = new AbortController();
    const stream = await google().models.generateContentStream(
        { ...ASK, model: 'gemini-2.0-flash',           // which never thinks
          config: { abortSignal: abort.signal } });

    await assert.rejects(async () => {
        for await (const chunk of stream) {
            assert.equal(chunk.text, 'one two');
            abort.abort();
        }
    });

    const [log] = await gateway.log();
    assert.equal(log.usage_source, 'counted');
    assert.equal(log.output_tokens, '2');
});


// Amazon

function message(type, payload, kind = 'event') {
    const head = Buffer.concat(Object.entries({
        [kind === 'event' ? ':event-type' : ':exception-type']: type,
        ':content-type': 'application/json', ':message-type': kind,
    }).map(([name, value]) => Buffer.concat([
        Buffer.from([name.length]), Buffer.from(name),
        Buffer.from([7, 0, value.length]), Buffer.from(value)])));
    const body = Buffer.from(JSON.stringify(payload));
    const out = Buffer.alloc(16 + head.length + body.length);

    out.writeUInt32BE(out.length, 0);
    out.writeUInt32BE(head.length, 4);
    out.writeUInt32BE(crc32(out.subarray(0, 8)), 8);
    head.copy(out, 12);
    body.copy(out, 12 + head.length);
    out.writeUInt32BE(crc32(out.subarray(0, -4)), out.length - 4);

    return out.toString('latin1');
}


function frames(...messages) {
    return { headers: { 'Content-Type': 'application/vnd.amazon.eventstream' },
             body: messages.join('') };
}


// by itself it would speak HTTP/2, which nginx has with TLS only

function amazon(location = '', accessKeyId = 'AKID1') {
    return new BedrockRuntimeClient({
        region: 'us-east-1', endpoint: gateway.url + location,
        requestHandler: new NodeHttpHandler(),
        credentials: { accessKeyId, secretAccessKey: 'secret' } });
}


const CONVERSE = { modelId: 'amazon.nova-lite-v1:0',
                   messages: [{ role: 'user', content: [{ text: 'hi' }] }] };

const USAGE = { inputTokens: 100, outputTokens: 20, totalTokens: 120 };

const CONVERSED = { output: { message: { role: 'assistant',
                                         content: [{ text: 'Hello' }] } },
                    stopReason: 'end_turn', usage: USAGE,
                    metrics: { latencyMs: 7 } };


test('Amazon: converse', async () => {
    answers(json(CONVERSED));

    const answer = await amazon().send(new ConverseCommand(CONVERSE));
    assert.equal(answer.output.message.content[0].text, 'Hello');

    const [log] = await gateway.log();
    assert.equal(log.cost, '0.000010800');
    assert.equal(gateway.upstreamRequests().length, 1);
});


test('Amazon: a binary stream', async () => {
    answers(frames(
        message('messageStart', { role: 'assistant' }),
        message('contentBlockDelta', { contentBlockIndex: 0,
                                       delta: { text: 'Hello' } }),
        message('contentBlockStop', { contentBlockIndex: 0 }),
        message('messageStop', { stopReason: 'end_turn' }),
        message('metadata', { usage: USAGE, metrics: { latencyMs: 7 } })));

    const answer = await amazon().send(new ConverseStreamCommand(CONVERSE));
    const events = await collect(answer.stream);
    assert.equal(events[1].contentBlockDelta.delta.text, 'Hello');
    assert.equal(events.at(-1).metadata.usage.outputTokens, 20);

    const [log] = await gateway.log();
    assert.equal(log.cost, '0.000010800');
});


test('Amazon: chunks of invoke', async () => {
    const chunk = what => message('chunk', {
        bytes: Buffer.from(JSON.stringify(what)).toString('base64') });

    answers(frames(
        chunk({ type: 'content_block_delta', delta: { text: 'Hello' } }),
        chunk({ type: 'message_stop', 'amazon-bedrock-invocationMetrics': {
            inputTokenCount: 12, outputTokenCount: 30 } })));

    const answer = await amazon().send(
        new InvokeModelWithResponseStreamCommand({
            modelId: 'anthropic.claude-3-haiku-20240307-v1:0',
            contentType: 'application/json',
            body: JSON.stringify({ anthropic_version: 'bedrock-2023-05-31',
                max_tokens: 100,
                messages: [{ role: 'user', content: 'hi' }] }) }));
    const events = await collect(answer.body);
    assert.equal(JSON.parse(Buffer.from(events[0].chunk.bytes)).delta.text,
                 'Hello');

    const [log] = await gateway.log();
    assert.equal(log.cost, '0.000040500');
});


test('Amazon: a spent budget is its own exception, once', async () => {
    answers(json(CONVERSED));

    const error = await refused(() => amazon('/once', 'AKID2')
        .send(new ConverseCommand(CONVERSE)));

    assert.ok(error instanceof ServiceQuotaExceededException, `${error}`);
    assert.equal(error.$metadata.attempts, 1);
    assert.match(error.message, /budget/);
});


test('Amazon: a maximum that cannot be: ValidationException', async () => {
    const error = await amazon().send(new ConverseCommand({
        ...CONVERSE, inferenceConfig: { maxTokens: -1 } }))
        .then(() => assert.fail('no error'), e => e);

    assert.ok(error instanceof ValidationException, `${error}`);
});


// Cohere

const COHERE = { model: 'command-r-plus',
                 messages: [{ role: 'user', content: 'hi' }] };

const BILLED = { billed_units: { input_tokens: 40, output_tokens: 20 },
                 tokens: { input_tokens: 502, output_tokens: 24 } };

const COHERED = { id: '1', finish_reason: 'COMPLETE',
                  message: { role: 'assistant',
                             content: [{ type: 'text', text: 'Hello' }] },
                  usage: BILLED };


function cohere(location = '', token = 'co-1') {
    return new CohereClientV2({ token, environment: gateway.url + location });
}


test('Cohere: an answer', async () => {
    answers(json(COHERED));

    const answer = await cohere().chat(COHERE);
    assert.equal(answer.message.content[0].text, 'Hello');

    const [log] = await gateway.log();
    assert.equal(log.cost, '0.000300000');
});


test('Cohere: a stream', async () => {
    answers({ headers: { 'Content-Type': 'text/event-stream' },
              body: [{ type: 'message-start', id: '1', delta: {} },
                     { type: 'content-delta', index: 0, delta: {
                         message: { content: { text: 'Hello' } } } },
                     { type: 'message-end', delta: {
                         finish_reason: 'COMPLETE', usage: BILLED } }]
                  .map(e => `event: ${e.type}\ndata: ${JSON.stringify(e)}\n\n`)
                  .join('') + 'data: [DONE]\n\n' });

    const events = await collect(await cohere().chatStream(COHERE));
    assert.equal(events.find(e => e.type === 'content-delta')
        .delta.message.content.text, 'Hello');

    const [log] = await gateway.log();
    assert.equal(log.cost, '0.000300000');
});


test('Cohere: a spent budget is a CohereError, once', async () => {
    answers(json(COHERED));

    const error = await refused(() => cohere('/once', 'co-2').chat(COHERE));

    assert.ok(error instanceof CohereError, `${error}`);
    assert.equal(error.statusCode, 402);
    assert.match(error.message, /budget/);
});


// Mistral

const MISTRAL = { model: 'mistral-small-latest',
                  messages: [{ role: 'user', content: 'hi' }] };


function mistral(location = '', apiKey = 'mi-1') {
    return new Mistral({ apiKey, serverURL: gateway.url + location });
}


function mistraled(delta) {
    const text = { role: 'assistant', content: 'Hello' };

    return { id: '1', object: 'chat.completion', created: 1700000000,
             model: 'mistral-small-latest',
             choices: [{ index: 0, finish_reason: 'stop',
                         [delta ? 'delta' : 'message']: text }],
             usage: { prompt_tokens: 10, completion_tokens: 5,
                      total_tokens: 15 } };
}


test('Mistral: an answer', async () => {
    answers(json(mistraled()));

    const answer = await mistral().chat.complete(MISTRAL);
    assert.equal(answer.choices[0].message.content, 'Hello');

    const [log] = await gateway.log();
    assert.equal(log.usage_source, 'upstream');
    assert.equal(log.output_tokens, '5');
});


test('Mistral: a stream', async () => {
    answers(sse([mistraled(true)], 'data: [DONE]\n\n'));

    const events = await collect(await mistral().chat.stream(MISTRAL));
    assert.equal(events[0].data.choices[0].delta.content, 'Hello');

    const [log] = await gateway.log();
    assert.equal(log.output_tokens, '5');
});


test('Mistral: a spent budget is an error of status 429, once', async () => {
    answers(json(mistraled()));

    const error = await refused(() => mistral('/once', 'mi-2')
        .chat.complete(MISTRAL));

    assert.equal(error.statusCode, 429);
    assert.match(error.body, /budget_exceeded/);
});
