// Copyright (C) 2026 the ngx_llm_cost_module authors
//
// The Vercel AI SDK and LangChain.js through nginx: answers, streams and tools
// as without it, and a refusal that is an error of their own, sent once.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { Gateway } from '../gateway.mjs';
import { json, load, sse } from './sdk.mjs';

const { APICallError, createGateway, embed, generateText, jsonSchema,
        streamText, tool } = await load('ai');
const { createOpenAI } = await load('@ai-sdk/openai');
const { createAnthropic } = await load('@ai-sdk/anthropic');
const { ChatOpenAI } = await load('@langchain/openai');

const gateway = new Gateway();

const SCHEMA = { type: 'object', properties: { city: { type: 'string' } },
                 required: ['city'] };


before(() => gateway.start(`
    location ~ ^/once(/.*)$ {
        llm_cost on;
        llm_budget once key=$llm_api_key_id limit=1requests period=total;
        proxy_pass UPSTREAM$1$is_args$args;
    }
    location / { llm_cost on; proxy_pass UPSTREAM; }`));

beforeEach(() => gateway.script());

after(async () => {
    assert.deepEqual(await gateway.stop(), { code: 0, bad: [] });
});


// the second request of a payer is refused, and sent once, though both of these
// repeat a 429: they get a 402

async function refused(call) {
    await call();
    await gateway.log();
    gateway.script();

    const error = await call().then(() => assert.fail('no error'), e => e);
    const log = await gateway.log();

    assert.equal(log.length, 1, 'one request, no retry');
    assert.equal(log[0].refusal, 'budget_exceeded');
    assert.equal(gateway.upstreamRequests().length, 0);

    return error;
}


// the chat of OpenAI: upstream's own answer is 10 tokens in, 5 out

const CHAT = '0.000004500';


function openai(location = '', apiKey = 'sk-ai') {
    return createOpenAI({ apiKey, baseURL: `${gateway.url}${location}/v1` });
}


test('AI SDK, OpenAI chat: an answer', async () => {
    const { text, usage } = await generateText({
        model: openai().chat('gpt-4o-mini'), prompt: 'hi' });

    assert.ok(text.length > 0);
    assert.equal(usage.inputTokens, 10);

    const [log] = await gateway.log();
    assert.equal(log.cost, CHAT);
    assert.equal(log.usage_source, 'upstream');
});


test('AI SDK, OpenAI chat: a stream', async () => {
    const { textStream, usage } = streamText({
        model: openai().chat('gpt-4o-mini'), prompt: 'hi' });
    let text = '';

    for await (const piece of textStream) {
        text += piece;
    }

    assert.ok(text.length > 0);
    assert.equal((await usage).outputTokens, 5);

    const [log] = await gateway.log();
    assert.equal(log.cost, CHAT);
});


const CALL = { id: 'call_1', type: 'function',
               function: { name: 'weather', arguments: '{"city":"Kyiv"}' } };

const CALLED = json({
    id: 'chatcmpl-1', object: 'chat.completion', created: 1700000000,
    model: 'gpt-4o-mini',
    choices: [{ index: 0, finish_reason: 'tool_calls',
                message: { role: 'assistant', content: null,
                           tool_calls: [CALL] } }],
    usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 } });


test('AI SDK, OpenAI chat: a tool is called', async () => {
    gateway.script(CALLED);

    const { toolCalls } = await generateText({
        model: openai().chat('gpt-4o-mini'), prompt: 'hi',
        tools: { weather: tool({ description: 'weather of a city',
                                 inputSchema: jsonSchema(SCHEMA) }) } });

    assert.deepEqual(toolCalls[0].input, { city: 'Kyiv' });

    const [log] = await gateway.log();
    assert.equal(log.cost, '0.000027000');
});


const RESPONSE = {
    id: 'resp_1', object: 'response', created_at: 1700000000,
    status: 'completed', model: 'gpt-4o-mini',
    output: [{ type: 'message', id: 'msg_1', status: 'completed',
               role: 'assistant',
               content: [{ type: 'output_text', text: 'Hello',
                           annotations: [] }] }],
    usage: { input_tokens: 10, input_tokens_details: { cached_tokens: 0 },
             output_tokens: 5, output_tokens_details: { reasoning_tokens: 0 },
             total_tokens: 15 } };


test('AI SDK, Responses: an answer and a stream', async () => {
    gateway.script(json(RESPONSE));

    const { text } = await generateText({ model: openai()('gpt-4o-mini'),
                                          prompt: 'hi' });
    assert.equal(text, 'Hello');
    assert.equal((await gateway.log())[0].cost, CHAT);

    gateway.script(sse([
        { type: 'response.created', response: { ...RESPONSE, output: [],
                                                usage: null } },
        { type: 'response.output_item.added', output_index: 0,
          item: { ...RESPONSE.output[0], content: [] } },
        { type: 'response.output_text.delta', item_id: 'msg_1',
          output_index: 0, content_index: 0, delta: 'Hello' },
        { type: 'response.output_item.done', output_index: 0,
          item: RESPONSE.output[0] },
        { type: 'response.completed', response: RESPONSE }]));

    const stream = streamText({ model: openai()('gpt-4o-mini'),
                                prompt: 'hi' });

    assert.equal(await stream.text, 'Hello');
    assert.equal((await gateway.log())[0].cost, CHAT);
});


test('AI SDK, OpenAI: a refusal is an APICallError, once', async () => {
    const model = openai('/once', 'sk-spent').chat('gpt-4o-mini');
    const error = await refused(() => generateText({
        model, prompt: 'hi' }));

    assert.ok(APICallError.isInstance(error), `${error}`);
    assert.equal(error.statusCode, 402);
    assert.match(error.responseBody, /"code":"budget_exceeded"/);
});


// Anthropic

const MESSAGE = {
    id: 'msg_1', type: 'message', role: 'assistant',
    model: 'claude-sonnet-4-5', stop_reason: 'end_turn', stop_sequence: null,
    content: [{ type: 'text', text: 'Hello' }],
    usage: { input_tokens: 20, output_tokens: 10 } };

const CLAUDE = '0.000210000';


function anthropic(location = '', apiKey = 'sk-ant') {
    return createAnthropic({ apiKey, baseURL: `${gateway.url}${location}/v1` });
}


test('AI SDK, Anthropic: an answer', async () => {
    gateway.script(json(MESSAGE));

    const { text } = await generateText({
        model: anthropic()('claude-sonnet-4-5'), prompt: 'hi' });

    assert.equal(text, 'Hello');
    assert.equal((await gateway.log())[0].cost, CLAUDE);
});


test('AI SDK, Anthropic: a stream', async () => {
    gateway.script(sse([
        { type: 'message_start', message: { ...MESSAGE, content: [],
              stop_reason: null,
              usage: { input_tokens: 20, output_tokens: 1 } } },
        { type: 'content_block_start', index: 0,
          content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 0,
          delta: { type: 'text_delta', text: 'Hello' } },
        { type: 'content_block_stop', index: 0 },
        { type: 'message_delta', usage: { output_tokens: 10 },
          delta: { stop_reason: 'end_turn', stop_sequence: null } },
        { type: 'message_stop' }]));

    const stream = streamText({ model: anthropic()('claude-sonnet-4-5'),
                                prompt: 'hi' });

    assert.equal(await stream.text, 'Hello');
    assert.equal((await gateway.log())[0].cost, CLAUDE);
});


test('AI SDK, Anthropic: a tool is called', async () => {
    gateway.script(json({ ...MESSAGE, stop_reason: 'tool_use',
        content: [{ type: 'tool_use', id: 'toolu_1', name: 'weather',
                    input: { city: 'Kyiv' } }] }));

    const { toolCalls } = await generateText({
        model: anthropic()('claude-sonnet-4-5'), prompt: 'hi',
        tools: { weather: tool({ description: 'weather of a city',
                                 inputSchema: jsonSchema(SCHEMA) }) } });

    assert.deepEqual(toolCalls[0].input, { city: 'Kyiv' });
    assert.equal((await gateway.log())[0].cost, CLAUDE);
});


test('AI SDK, Anthropic: a refusal is an APICallError, once', async () => {
    const model = anthropic('/once', 'sk-ant-spent')('claude-sonnet-4-5');

    gateway.script(json(MESSAGE));

    const error = await refused(() => generateText({
        model, prompt: 'hi' }));

    assert.ok(APICallError.isInstance(error), `${error}`);
    assert.equal(error.statusCode, 402);
    assert.match(error.responseBody, /"type":"billing_error"/);
});


// Vercel's AI Gateway, in its own dialect

const ROUTED = {
    content: [{ type: 'text', text: 'Hello' }],
    finishReason: { unified: 'stop', raw: 'stop' }, warnings: [],
    usage: { inputTokens: { total: 20, noCache: 20, cacheRead: 0 },
             outputTokens: { total: 10, text: 10, reasoning: 0 } },
    providerMetadata: { gateway: { cost: '0.00021' } } };


function vercel(location = '', apiKey = 'vck-1') {
    return createGateway({ apiKey,
                           baseURL: `${gateway.url}${location}/v3/ai` });
}


test('AI SDK, AI Gateway: an answer', async () => {
    gateway.script(json(ROUTED));

    const { text, usage } = await generateText({
        model: vercel()('anthropic/claude-sonnet-4.5'), prompt: 'hi' });

    assert.equal(text, 'Hello');
    assert.equal(usage.outputTokens, 10);

    const [log] = await gateway.log();
    assert.equal(log.cost, CLAUDE);
    assert.equal(log.model, 'anthropic/claude-sonnet-4.5');
});


test('AI SDK, AI Gateway: a stream', async () => {
    gateway.script(sse([
        { type: 'stream-start', warnings: [] },
        { type: 'text-start', id: '0' },
        { type: 'text-delta', id: '0', delta: 'Hello' },
        { type: 'text-end', id: '0' },
        { type: 'finish', ...ROUTED, content: undefined }]));

    const stream = streamText({
        model: vercel()('anthropic/claude-sonnet-4.5'), prompt: 'hi' });

    assert.equal(await stream.text, 'Hello');

    const [log] = await gateway.log();
    assert.equal(log.cost, CLAUDE);
    assert.equal(log.usage_source, 'upstream');
});


test('AI SDK, AI Gateway: vectors', async () => {
    gateway.script(json({ embeddings: [[0.5, 0.5]], usage: { tokens: 100 } }));

    const { embedding } = await embed({ value: 'hi',
        model: vercel().embeddingModel('openai/text-embedding-3-small') });

    assert.equal(embedding.length, 2);
    assert.equal((await gateway.log())[0].cost, '0.000002000');
});


test('AI SDK, AI Gateway: a refusal is of its own type, once', async () => {
    const model = vercel('/once', 'vck-spent')('anthropic/claude-sonnet-4.5');

    gateway.script(json(ROUTED));

    const error = await refused(() => generateText({ model, prompt: 'hi' }));

    assert.equal(error.name, 'GatewayRateLimitError');
    assert.equal(error.statusCode, 402);
    assert.match(error.message, /budget/);
});


// LangChain

function langchain(location = '', apiKey = 'sk-lc', more = {}) {
    return new ChatOpenAI({ apiKey, model: 'gpt-4o-mini', ...more,
        configuration: { baseURL: `${gateway.url}${location}/v1` } });
}


test('LangChain: an answer', async () => {
    const answer = await langchain().invoke('hi');

    assert.ok(answer.content.length > 0);
    assert.equal(answer.usage_metadata.input_tokens, 10);
    assert.equal((await gateway.log())[0].cost, CHAT);
});


test('LangChain: a stream', async () => {
    let text = '';

    for await (const piece of await langchain().stream('hi')) {
        text += piece.content;
    }

    assert.ok(text.length > 0);
    assert.equal((await gateway.log())[0].cost, CHAT);
});


test('LangChain: a tool is called', async () => {
    gateway.script(CALLED);

    const model = langchain().bindTools([{ type: 'function',
        function: { name: 'weather', description: 'weather of a city',
                    parameters: SCHEMA } }]);
    const answer = await model.invoke('hi');

    assert.deepEqual(answer.tool_calls[0].args, { city: 'Kyiv' });
    assert.equal((await gateway.log())[0].cost, '0.000027000');
});


test('LangChain: a refusal is an error of status 402, once', async () => {
    const model = langchain('/once', 'sk-lc-spent');
    const error = await refused(() => model.invoke('hi'));

    assert.equal(error.status, 402);
    assert.match(error.message, /budget/);
});
