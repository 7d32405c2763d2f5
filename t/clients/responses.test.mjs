// Copyright (C) 2026 the ngx_llm_cost_module authors
//
// The official OpenAI SDK's Responses through nginx.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { Gateway, sdk } from './gateway.mjs';

const OpenAI = sdk('openai');

const gateway = new Gateway();

const HI = { model: 'gpt-4o-mini', input: 'hi' };

const RESPONSE = { id: 'resp_1', object: 'response', created_at: 1700000000,
                   model: 'gpt-4o-mini-2024-07-18', status: 'completed',
                   error: null, incomplete_details: null,
                   output: [{ type: 'message', id: 'msg_1', role: 'assistant',
                              status: 'completed', content: [
                                  { type: 'output_text', text: 'Hello',
                                    annotations: [] }] }],
                   usage: { input_tokens: 10, output_tokens: 5,
                            total_tokens: 15,
                            input_tokens_details: { cached_tokens: 0 },
                            output_tokens_details: {
                                reasoning_tokens: 0 } } };

// 10 input and 5 output tokens at 0.15 and 0.60
const COST = '0.000004500';


function client(location = '', options = {}) {
    return new OpenAI({ apiKey: 'sk-test',
                        baseURL: `${gateway.url}${location}/v1`, ...options });
}


function event(type, more) {
    return `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
}


function sse(...body) {
    return { headers: { 'Content-Type': 'text/event-stream' }, body };
}


const BEGIN = event('response.created', { sequence_number: 0, response: {
    ...RESPONSE, status: 'in_progress', output: [], usage: null } });

function delta(text, n) {
    return event('response.output_text.delta', {
        sequence_number: n, item_id: 'msg_1', output_index: 0,
        content_index: 0, delta: text, logprobs: [] });
}


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
        llm_budget small limit=0.00002usd period=total;
        llm_fit off;
        proxy_pass UPSTREAM/v1/;
    }`));

beforeEach(() => gateway.script({ body: JSON.stringify(RESPONSE) }));

after(async () => {
    assert.deepEqual(await gateway.stop(), { code: 0, bad: [] });
});


test('a response, and its cost in the headers', async () => {
    const { data, response } = await client().responses.create(HI)
        .withResponse();

    assert.equal(data.output_text, 'Hello');
    assert.equal(response.headers.get('x-cost-usd'), COST);

    const [log] = await gateway.log();
    assert.equal(log.cost, COST);
});


test('a stream: every event, and the usage of the last', async () => {
    gateway.script(sse(BEGIN, delta('Hel', 1), delta('lo', 2),
                       event('response.completed', { sequence_number: 3,
                                                     response: RESPONSE })));

    const seen = [];
    let text = '';

    for await (const e of await client().responses.create({
        ...HI, stream: true }))
    {
        seen.push(e.type);
        text += e.delta ?? '';
    }

    assert.equal(text, 'Hello');
    assert.equal(seen.at(-1), 'response.completed');
    assert.equal(seen.length, 4);

    const [log] = await gateway.log();
    assert.equal(log.cost, COST);
    assert.doesNotMatch(gateway.upstreamRequests()[0].body, /stream_options/);
});


test('a tool is called', async () => {
    const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1',
                   name: 'weather', arguments: '{"city":"Lviv"}',
                   status: 'completed' };

    gateway.script({ body: JSON.stringify({ ...RESPONSE, output: [call] }) });

    const answer = await client().responses.create({
        ...HI,
        tools: [{ type: 'function', name: 'weather', strict: false,
                  parameters: { type: 'object', properties: {
                      city: { type: 'string' } } } }] });

    assert.deepEqual(answer.output[0].arguments, call.arguments);

    const [log] = await gateway.log();
    assert.ok(Number(log.counted_tokens) > 20, 'the tools are counted');
});


test('polling a response in the background costs nothing', async () => {
    await client().responses.retrieve('resp_1');

    const [log] = await gateway.log();
    assert.equal(log.cost, '');
});


test('the client leaves a stream: what was said is billed', async () => {
    gateway.script(sse(BEGIN, delta('Hello', 1), { wait: 'abort' }));

    const stream = await client().responses.create({ ...HI, stream: true });

    for await (const e of stream) {
        if (e.type === 'response.output_text.delta') {
            stream.controller.abort();
            break;
        }
    }

    const [log] = await gateway.log();
    assert.equal(log.usage_source, 'counted');
    assert.equal(log.output_tokens, '1');
});


test('budget spent: RateLimitError, once, a stream or not', async () => {
    const small = { ...HI, max_output_tokens: 16 };

    gateway.script({ body: JSON.stringify({ ...RESPONSE, usage: {
        ...RESPONSE.usage, output_tokens: 16 } }) });

    await client('/small').responses.create(small);
    await gateway.log();

    for (const stream of [false, true]) {
        gateway.script();

        const { error, log } = await refusal(
            client('/small').responses.create({ ...small, stream }),
            OpenAI.RateLimitError);

        assert.equal(error.code, 'budget_exceeded');
        assert.equal(log.refusal, 'budget_exceeded');
    }
});


test('what cannot be: BadRequestError, once', async () => {
    const { error } = await refusal(
        client().responses.create({ ...HI, max_output_tokens: 0 }),
        OpenAI.BadRequestError);

    assert.equal(error.param, 'max_output_tokens');
});
