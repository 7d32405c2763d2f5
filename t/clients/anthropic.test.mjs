// Copyright (C) 2026 the ngx_llm_cost_module authors
//
// The official Anthropic SDK through nginx: what works without it works with
// it, and refusals are the SDK's own errors, raised once.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { Gateway, sdk } from './gateway.mjs';

const { Anthropic, ...errors } = sdk('@anthropic-ai/sdk');

const gateway = new Gateway();

const HI = { model: 'claude-haiku-4-5', max_tokens: 100,
             messages: [{ role: 'user', content: 'hi' }] };

const MESSAGE = { id: 'msg_1', type: 'message', role: 'assistant',
                  model: 'claude-haiku-4-5-20251001', stop_reason: 'end_turn',
                  stop_sequence: null,
                  content: [{ type: 'text', text: 'Hello' }],
                  usage: { input_tokens: 10, output_tokens: 5,
                           cache_creation_input_tokens: 0,
                           cache_read_input_tokens: 0 } };

// 10 input and 5 output tokens at 1 and 5
const COST = '0.000035000';


function client(location = '', options = {}) {
    return new Anthropic({ apiKey: 'sk-ant-test',
                           baseURL: gateway.url + location, ...options });
}


function event(type, more) {
    return `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
}


function sse(...body) {
    return { headers: { 'Content-Type': 'text/event-stream' }, body };
}


function start(usage = { input_tokens: 10, output_tokens: 1 }) {
    return event('message_start', {
        message: { ...MESSAGE, content: [], stop_reason: null, usage } });
}


function block(index, content_block, ...deltas) {
    return event('content_block_start', { index, content_block })
        + deltas.map(delta => event('content_block_delta', { index, delta }))
            .join('')
        + event('content_block_stop', { index });
}


function end(usage = { output_tokens: 5 }) {
    return event('message_delta', { delta: { stop_reason: 'end_turn',
                                             stop_sequence: null }, usage })
        + event('message_stop');
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
        llm_budget small limit=0.00056usd period=total;
        llm_fit off;
        proxy_pass UPSTREAM/v1/;
    }`));

beforeEach(() => gateway.script({ body: JSON.stringify(MESSAGE) }));

after(async () => {
    assert.deepEqual(await gateway.stop(), { code: 0, bad: [] });
});


test('a message, and its cost in the headers', async () => {
    const { data, response } = await client().messages.create(HI)
        .withResponse();

    assert.equal(data.content[0].text, 'Hello');
    assert.equal(response.headers.get('x-cost-usd'), COST);
    assert.equal(response.headers.get('x-input-tokens'), '10');

    const [log] = await gateway.log();
    assert.equal(log.cost, COST);
    assert.equal(log.usage_source, 'upstream');
});


test('a stream, put together by the SDK', async () => {
    gateway.script(sse(start(),
        block(0, { type: 'text', text: '' },
              { type: 'text_delta', text: 'Hel' },
              { type: 'text_delta', text: 'lo' }), end()));

    const message = await client().messages.stream(HI).finalMessage();

    assert.equal(message.content[0].text, 'Hello');
    assert.equal(message.usage.output_tokens, 5);

    const [log] = await gateway.log();
    assert.equal(log.cost, COST);
});


test('a tool is called, in pieces', async () => {
    gateway.script(sse(start({ input_tokens: 600, output_tokens: 1 }),
        block(0, { type: 'tool_use', id: 'toolu_1', name: 'weather',
                   input: {} },
              { type: 'input_json_delta', partial_json: '{"city":' },
              { type: 'input_json_delta', partial_json: '"Lviv"}' }),
        end({ output_tokens: 20 })));

    const message = await client().messages.stream({
        ...HI,
        tools: [{ name: 'weather', description: 'Weather of a city',
                  input_schema: { type: 'object', properties: {
                      city: { type: 'string' } } } }] }).finalMessage();

    assert.deepEqual(message.content[0].input, { city: 'Lviv' });

    const [log] = await gateway.log();
    assert.equal(log.cost, '0.000700000');
    assert.ok(Number(log.counted_tokens) > 400, 'the tools are counted');
});


test('the client leaves a stream: what was said is billed', async () => {
    gateway.script(sse(start(),
        event('content_block_start',
              { index: 0, content_block: { type: 'text', text: '' } }),
        event('content_block_delta',
              { index: 0, delta: { type: 'text_delta', text: 'Hello' } }),
        { wait: 'abort' }));

    const stream = client().messages.stream(HI);

    for await (const e of stream) {
        if (e.type === 'content_block_delta') {
            stream.abort();
            break;
        }
    }

    const [log] = await gateway.log();
    assert.equal(log.usage_source, 'counted');
    assert.equal(log.input_tokens, '10');
    assert.equal(log.output_tokens, '1');
});


test('an error in a stream is an error of the SDK', async () => {
    gateway.script(sse(start(), event('error', {
        error: { type: 'overloaded_error', message: 'Overloaded' } })));

    await assert.rejects(client().messages.stream(HI).finalMessage(),
                         errors.APIError ?? Anthropic.APIError);
    await gateway.log();
});


test("upstream's own error costs nothing", async () => {
    gateway.script({ status: 400, body: JSON.stringify({
        type: 'error', error: { type: 'invalid_request_error',
                                message: 'no' } }) });

    await assert.rejects(client().messages.create(HI),
                         Anthropic.BadRequestError);

    const [log] = await gateway.log();
    assert.equal(log.cost, '0.000000000');
});


test('counting tokens costs nothing', async () => {
    gateway.script({ body: JSON.stringify({ input_tokens: 8 }) });

    const { input_tokens } = await client().messages.countTokens({
        model: HI.model, messages: HI.messages });

    assert.equal(input_tokens, 8);
    const [log] = await gateway.log();
    assert.equal(log.cost, '');
});


test('budget spent: RateLimitError, once, a stream or not', async () => {
    await client('/small').messages.create(HI);
    await gateway.log();

    for (const stream of [false, true]) {
        gateway.script();

        const { error, log } = await refusal(
            client('/small').messages.create({ ...HI, stream }),
            Anthropic.RateLimitError);

        assert.equal(error.status, 429);
        assert.equal(error.error.error.type, 'rate_limit_error');
        assert.equal(error.error.error.code, 'budget_exceeded');
        assert.equal(error.headers.get('x-should-retry'), 'false');
        assert.equal(log.refusal, 'budget_exceeded');
    }
});


test('more than the budget ever holds: BadRequestError, once', async () => {
    const { error } = await refusal(
        client('/small').messages.create({ ...HI, max_tokens: 5000 }),
        Anthropic.BadRequestError);

    assert.equal(error.error.error.code, 'request_exceeds_budget');
});


test('a model without a price: BadRequestError, once', async () => {
    await refusal(client().messages.create({ ...HI, model: 'claude-next' }),
                  Anthropic.BadRequestError);
});


test('a batch of nothing: BadRequestError', async () => {
    await refusal(client().messages.batches.create({ requests: [] }),
                  Anthropic.BadRequestError);
});
