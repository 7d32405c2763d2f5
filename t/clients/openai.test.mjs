// Copyright (C) 2026 the ngx_llm_cost_module authors
//
// The official OpenAI SDK through nginx: what works without it works with it,
// and refusals are the SDK's own errors, raised once.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { Gateway, sdk } from './gateway.mjs';

const OpenAI = sdk('openai');

const gateway = new Gateway();

const HI = { model: 'gpt-4o-mini',
             messages: [{ role: 'user', content: 'hi' }] };

// upstream's own answer: 10 input and 5 output tokens at 0.15 and 0.60
const COST = '0.000004500';


function client(location = '', options = {}) {
    return new OpenAI({ apiKey: 'sk-test',
                        baseURL: `${gateway.url}${location}/v1`, ...options });
}


// an answer to come, as the SDK's headers and trailers steer it

function steered(headers) {
    return { headers: Object.fromEntries(
        Object.entries(headers).map(([k, v]) => [`X-Test-${k}`, String(v)])) };
}


async function collect(stream) {
    const chunks = [];

    for await (const chunk of stream) {
        chunks.push(chunk);
    }

    return chunks;
}


function textOf(chunks) {
    return chunks.map(c => c.choices[0]?.delta.content ?? '').join('');
}


function chunk(delta, more = {}) {
    return 'data: ' + JSON.stringify({
        id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1700000000,
        model: 'gpt-4o-mini',
        choices: delta ? [{ index: 0, delta, finish_reason: null }] : [],
        ...more }) + '\n\n';
}


function sse(...body) {
    return { headers: { 'Content-Type': 'text/event-stream' }, body };
}


// the error of a call, which must be of a class, and how often it was sent

async function refusal(call, type) {
    const error = await call.then(() => assert.fail('no error'), e => e);

    assert.ok(error instanceof type, `${error} is a ${type.name}`);

    const log = await gateway.log();
    assert.equal(log.length, 1, 'one request, no retry');
    assert.equal(gateway.upstreamRequests().length, 0);

    return { error, log: log[0] };
}


before(() => gateway.start(`
    llm_budget all limit=10usd period=total;

    location /v1/ { llm_cost on; proxy_pass UPSTREAM; }

    location /small/v1/ {
        llm_cost on;
        llm_budget small key=$llm_api_key_id limit=0.00002usd period=total;
        llm_fit off;
        proxy_pass UPSTREAM/v1/;
    }

    location /fit/v1/ {
        llm_cost on;
        llm_budget fit limit=0.001usd period=total;
        proxy_pass UPSTREAM/v1/;
    }

    location /keyed/v1/ {
        llm_cost on;
        llm_budget keyed key=$http_x_team limit=1usd period=day;
        proxy_pass UPSTREAM/v1/;
    }

    location /cached/v1/ {
        llm_cost on;
        llm_cache on;
        proxy_pass UPSTREAM/v1/;
    }`));

beforeEach(() => gateway.script());

after(async () => {
    assert.deepEqual(await gateway.stop(), { code: 0, bad: [] });
});


test('chat: the answer, and its cost in the headers', async () => {
    const { data, response }
        = await client().chat.completions.create(HI).withResponse();

    assert.equal(data.choices[0].message.content, 'tok '.repeat(5));
    assert.deepEqual([data.usage.prompt_tokens, data.usage.completion_tokens],
                     [10, 5]);
    assert.equal(response.headers.get('x-cost-usd'), COST);
    assert.equal(response.headers.get('x-model'), 'gpt-4o-mini');
    assert.equal(response.headers.get('x-input-tokens'), '10');
    assert.equal(response.headers.get('x-output-tokens'), '5');
    assert.equal(response.headers.get('x-budget-name'), 'all');
    assert.match(response.headers.get('x-budget-remaining-usd'),
                 /^9\.\d{9}$/);

    const [log] = await gateway.log();
    assert.equal(log.cost, COST);
    assert.equal(log.usage_source, 'upstream');
});


test('chat: tools and a schema in, a tool call out', async () => {
    const call = { id: 'call_1', type: 'function',
                   function: { name: 'weather',
                               arguments: '{"city":"Lviv"}' } };

    gateway.script({ body: JSON.stringify({
        id: 'chatcmpl-1', object: 'chat.completion', created: 1700000000,
        model: 'gpt-4o-mini',
        choices: [{ index: 0, finish_reason: 'tool_calls',
                    message: { role: 'assistant', content: null,
                               tool_calls: [call] } }],
        usage: { prompt_tokens: 60, completion_tokens: 20,
                 total_tokens: 80 } }) });

    const answer = await client().chat.completions.create({
        ...HI,
        tools: [{ type: 'function', function: {
            name: 'weather', description: 'Weather of a city',
            parameters: { type: 'object', required: ['city'],
                          properties: { city: { type: 'string' } } } } }],
        response_format: { type: 'json_object' } });

    assert.deepEqual(answer.choices[0].message.tool_calls, [call]);

    const [log] = await gateway.log();
    assert.equal(log.cost, '0.000021000');
    assert.ok(Number(log.counted_tokens) > 20, 'the tools are counted');
});


test('stream: no usage for who did not ask, billed all the same', async () => {
    const { data, response } = await client().chat.completions
        .create({ ...HI, stream: true }).withResponse();
    const chunks = await collect(data);

    assert.equal(textOf(chunks), 'tok '.repeat(5));
    assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
    assert.ok(chunks.every(c => c.choices.length === 1 && !c.usage));
    assert.equal(response.headers.get('x-model'), 'gpt-4o-mini');
    assert.equal(response.headers.get('x-input-tokens'), '8');

    const [log] = await gateway.log();
    assert.equal(log.cost, COST);
    assert.equal(log.usage_source, 'upstream');
    assert.match(gateway.upstreamRequests()[0].body, /"include_usage": ?true/);
});


test('stream: usage for who asked', async () => {
    const chunks = await collect(await client().chat.completions.create(
        { ...HI, stream: true, stream_options: { include_usage: true } }));

    assert.equal(textOf(chunks), 'tok '.repeat(5));
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.equal(chunks.at(-1).usage.total_tokens, 15);

    const [log] = await gateway.log();
    assert.equal(log.cost, COST);
});


test('stream: false is respected, and billed by the usage', async () => {
    const chunks = await collect(await client().chat.completions.create(
        { ...HI, stream: true, stream_options: { include_usage: false } }));

    assert.ok(chunks.every(c => c.choices.length && !c.usage));

    const [log] = await gateway.log();
    assert.equal(log.usage_source, 'upstream');
    assert.equal(log.cost, COST);
    assert.match(gateway.upstreamRequests()[0].body,
                 /"include_usage": ?true/);
});


test('stream: a tool call in pieces, put together by the SDK', async () => {
    const part = more => chunk({ tool_calls: [{ index: 0, ...more }] });

    gateway.script(sse(
        chunk({ role: 'assistant', content: null }),
        part({ id: 'call_1', type: 'function',
               function: { name: 'weather', arguments: '' } }),
        part({ function: { arguments: '{"city":' } }),
        part({ function: { arguments: '"Lviv"}' } }),
        chunk({}, { choices: [{ index: 0, delta: {},
                                finish_reason: 'tool_calls' }] }),
        chunk(null, { usage: { prompt_tokens: 40, completion_tokens: 12,
                               total_tokens: 52 } }),
        'data: [DONE]\n\n'));

    const answer = await client().chat.completions.stream({
        ...HI,
        tools: [{ type: 'function', function: {
            name: 'weather', parameters: { type: 'object',
                properties: { city: { type: 'string' } } } } }],
    }).finalChatCompletion();

    const [call] = answer.choices[0].message.tool_calls;
    assert.equal(call.function.arguments, '{"city":"Lviv"}');
    assert.equal(call.function.name, 'weather');

    const [log] = await gateway.log();
    assert.equal(log.cost, '0.000013200');
});


test('embeddings: floats, and the base64 that the SDK asks for', async () => {
    const floats = await client().embeddings.create({
        model: 'text-embedding-3-small', input: ['one', 'two'],
        encoding_format: 'float' }, steered({ 'Prompt-Tokens': 2 }));

    assert.equal(floats.data.length, 2);
    assert.deepEqual(floats.data[1].embedding, [0.5, -0.25]);

    const [log] = await gateway.log();
    assert.equal(log.cost, '0.000000040');

    const bytes = Buffer.from(new Float32Array([0.5, -0.25]).buffer);

    gateway.script({ body: JSON.stringify({
        object: 'list', model: 'text-embedding-3-small',
        data: [{ object: 'embedding', index: 0,
                 embedding: bytes.toString('base64') }],
        usage: { prompt_tokens: 1, total_tokens: 1 } }) });

    const decoded = await client().embeddings.create(
        { model: 'text-embedding-3-small', input: 'one' });

    assert.deepEqual([...decoded.data[0].embedding], [0.5, -0.25]);
    assert.match(gateway.upstreamRequests()[0].body, /base64/);
});


test('models: the list costs nothing', async () => {
    const models = await client().models.list();

    assert.equal(models.data[0].id, 'gpt-4o-mini');
    const [log] = await gateway.log();
    assert.equal(log.cost, '');
    assert.equal(log.budgets, '');
});


// A client whose budget of 20,000 nano-dollars has room for one request like
// that: 8 * 150 + 20 * 600 at most, 10 * 150 + 20 * 600 in the end

const SMALL = { ...HI, max_tokens: 20 };

async function spentClient(apiKey) {
    const openai = client('/small', { apiKey });

    await openai.chat.completions.create(
        SMALL, steered({ 'Completion-Tokens': 20 }));
    await gateway.log();
    gateway.script();

    return openai;
}


test('budget spent: RateLimitError, once', async () => {
    const openai = await spentClient('sk-json');
    const { error, log } = await refusal(
        openai.chat.completions.create(SMALL), OpenAI.RateLimitError);

    assert.equal(error.status, 429);
    assert.equal(error.code, 'budget_exceeded');
    assert.equal(error.type, 'insufficient_quota');
    assert.match(error.message, /budget/);
    assert.equal(error.headers.get('x-should-retry'), 'false');
    assert.equal(log.refusal, 'budget_exceeded');
});


test('budget spent, a stream: RateLimitError, once', async () => {
    const openai = await spentClient('sk-stream');
    const { error } = await refusal(
        openai.chat.completions.create({ ...SMALL, stream: true }),
        OpenAI.RateLimitError);

    assert.equal(error.code, 'budget_exceeded');
});


test("upstream's own 429 is retried by the SDK, at no cost", async () => {
    gateway.script({ status: 429, headers: { 'retry-after-ms': '1' },
                     body: '{"error":{"message":"slow down"}}' });

    await assert.rejects(
        client('', { maxRetries: 2 }).chat.completions.create(HI),
        OpenAI.RateLimitError);

    const log = await gateway.log(3);
    assert.equal(log.length, 3);
    assert.equal(gateway.upstreamRequests().length, 3);
    assert.deepEqual(log.map(line => line.cost), Array(3).fill('0.000000000'));
});


test('worst case above the limit: BadRequestError says what fits', async () => {
    const { error } = await refusal(
        client('/small').chat.completions.create(
            { ...HI, max_tokens: 5000 }), OpenAI.BadRequestError);

    assert.equal(error.code, 'request_exceeds_budget');
    assert.match(error.message, /\b31\b/);      // (20000 - 8 * 150) / 600
});


test('a maximum that cannot be: BadRequestError', async () => {
    const { error } = await refusal(
        client().chat.completions.create({ ...HI, max_tokens: -1 }),
        OpenAI.BadRequestError);

    assert.equal(error.code, 'invalid_request');
    assert.match(error.message, /max_tokens/);
});


test('a model without a price: BadRequestError', async () => {
    const { error } = await refusal(
        client().chat.completions.create({ ...HI, model: 'no-such-model' }),
        OpenAI.BadRequestError);

    assert.equal(error.code, 'model_not_priced');
    assert.match(error.message, /no-such-model/);
});


test('a budget without its key: PermissionDeniedError', async () => {
    const { error } = await refusal(
        client('/keyed').chat.completions.create(HI),
        OpenAI.PermissionDeniedError);

    assert.equal(error.code, 'budget_key_missing');
});


test('a path that cannot be metered: NotFoundError', async () => {
    const { error } = await refusal(
        client().fineTuning.jobs.create({ model: 'gpt-4o-mini',
                                          training_file: 'file-1' }),
        OpenAI.NotFoundError);

    assert.equal(error.code, 'unknown_path');
});


test('fit: a request without a maximum gets one', async () => {
    const { data, response } = await client('/fit').chat.completions
        .create(HI).withResponse();

    const max = (1000000 - 8 * 150) / 600;

    assert.equal(response.headers.get('x-budget-fit'),
                 String(Math.floor(max)));
    assert.equal(data.usage.completion_tokens, 5);
    assert.match(gateway.upstreamRequests()[0].body,
                 new RegExp(`"max_(completion_)?tokens": ?${Math.floor(max)}`));
});


test("upstream's error is the SDK's, and costs nothing", async () => {
    gateway.script({ status: 401, body: JSON.stringify({ error: {
        message: 'Incorrect API key provided', type: 'invalid_request_error',
        param: null, code: 'invalid_api_key' } }) });

    await assert.rejects(client().chat.completions.create(HI), error =>
        error instanceof OpenAI.AuthenticationError
        && error.code === 'invalid_api_key');

    assert.equal((await gateway.log())[0].cost, '0.000000000');
});


test('an error event in a stream: APIError', async () => {
    gateway.script(sse(
        chunk({ role: 'assistant', content: 'one' }),
        'data: {"error":{"message":"overloaded","type":"server_error"}}\n\n'));

    const stream = await client().chat.completions.create(
        { ...HI, stream: true });

    await assert.rejects(collect(stream), error =>
        error instanceof OpenAI.APIError && /overloaded/.test(error.message));
});


test('a stream that upstream cuts: the SDK raises', async () => {
    gateway.script(sse(chunk({ role: 'assistant', content: 'one' }),
                       chunk({ content: ' two' }), { close: 1 }));

    const stream = await client().chat.completions.create(
        { ...HI, stream: true });
    const chunks = [];

    await assert.rejects(async () => {
        for await (const part of stream) {
            chunks.push(part);
        }
    });

    assert.equal(textOf(chunks), 'one two');

    const [log] = await gateway.log();
    assert.equal(log.usage_source, 'lost');
    assert.equal(log.output_tokens, '2');
    assert.equal(log.cost, '0.000002400');      // 8 * 150 + 2 * 600
});


test('an answer that upstream cuts: InternalServerError', async () => {
    gateway.script({ framing: 'chunked', body: ['{"id":"1",', { close: 1 }] });

    await assert.rejects(
        client('', { maxRetries: 0 }).chat.completions.create(HI),
        error => error instanceof OpenAI.InternalServerError
                 && error.status === 502);

    const [log] = await gateway.log();
    assert.equal(log.usage_source, 'lost');
    assert.equal(log.cost, '0.000001200');      // 8 * 150
});


test('a client that leaves a stream pays for what has come', async () => {
    gateway.script(sse(chunk({ role: 'assistant', content: 'one' }),
                       chunk({ content: ' two' }), { wait: 'abort' }));

    const stream = await client().chat.completions.create(
        { ...HI, stream: true });
    let text = '';

    for await (const part of stream) {
        text += part.choices[0].delta.content;

        if (text === 'one two') {
            stream.controller.abort();
        }
    }

    const [log] = await gateway.log();
    assert.equal(log.usage_source, 'counted');
    assert.equal(log.output_tokens, '2');
    assert.equal(log.cost, '0.000002400');
});


test('cache: the same answer again, from nginx', async () => {
    const openai = client('/cached');
    const first = await openai.chat.completions.create(HI).withResponse();
    const second = await openai.chat.completions.create(HI).withResponse();

    assert.equal(first.response.headers.get('x-cache'), 'MISS');
    assert.equal(second.response.headers.get('x-cache'), 'HIT');
    assert.deepEqual(second.data, first.data);

    const log = await gateway.log(2);
    assert.equal(gateway.upstreamRequests().length, 1);
    assert.deepEqual(log.map(line => line.cost), [COST, '0.000000000']);
    assert.equal(log[1].saved_cost, COST);
});


test('cache: the same stream again, and another key none', async () => {
    const ask = { ...HI, stream: true, seed: 7 };
    const openai = client('/cached');
    const first = await collect(await openai.chat.completions.create(ask));
    const second = await openai.chat.completions.create(ask).withResponse();

    assert.equal(second.response.headers.get('x-cache'), 'HIT');
    assert.deepEqual(await collect(second.data), first);

    const other = await client('/cached', { apiKey: 'sk-other' })
        .chat.completions.create(ask).withResponse();

    assert.equal(other.response.headers.get('x-cache'), 'MISS');
    await collect(other.data);
    assert.equal(gateway.upstreamRequests().length, 2);
});
