// Copyright (C) 2026 the ngx_llm_cost_module authors
//
// One entry of the cache, asked for as JSON and as a stream: the official SDKs
// make the same of both.  (more/forms.test.mjs does so with recorded answers.)

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Gateway, sdk } from './gateway.mjs';

const OpenAI = sdk('openai');
const { Anthropic } = sdk('@anthropic-ai/sdk');

const gateway = new Gateway();

before(() => gateway.start(`
    location / {
        llm_cost on;
        llm_cache on;
        proxy_pass UPSTREAM;
    }`));

after(async () => {
    const { code, bad } = await gateway.stop();

    assert.equal(code, 0);
    assert.deepEqual(bad, []);
});


const openai = () => new OpenAI({ apiKey: 'k', baseURL: `${gateway.url}/v1` });
const anthropic = () => new Anthropic({ apiKey: 'k', baseURL: gateway.url });

// the upstream writes a byte a character

const bytes = value => Buffer.from(JSON.stringify(value)).toString('latin1');

const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

const CALLS = ['one', 'two'].map((name, index) => ({
    id: `call_${index}`, type: 'function',
    function: { name, arguments: `{"of":"${name} \\u00e9\\n"}` } }));

const MESSAGE = { role: 'assistant', content: 'Hi \u{1f600}', refusal: null,
                  tool_calls: CALLS };

const ANSWER = { id: 'chatcmpl-1', object: 'chat.completion',
                 created: 1700000000, model: 'gpt-4o-mini',
                 choices: [{ index: 0, message: MESSAGE, logprobs: null,
                             finish_reason: 'tool_calls' }], usage: USAGE };

const chunk = (delta, finish_reason = null, more = {}) => ({
    ...ANSWER, object: 'chat.completion.chunk', usage: null,
    choices: delta ? [{ index: 0, delta, logprobs: null, finish_reason }] : [],
    ...more });

const CHUNKS = [
    chunk({ role: 'assistant', content: '', refusal: null }),
    chunk({ content: 'Hi ' }), chunk({ content: '\u{1f600}' }),
    ...CALLS.flatMap(({ function: f, ...call }, index) => [
        chunk({ tool_calls: [{ index, ...call, function:
            { name: f.name, arguments: '' } }] }),
        chunk({ tool_calls: [{ index, function:
            { arguments: f.arguments.slice(0, 5) } }] }),
        chunk({ tool_calls: [{ index, function:
            { arguments: f.arguments.slice(5) } }] })]),
    chunk({}, 'tool_calls'), chunk(null, null, { usage: USAGE })];


function of(completion) {
    const { message, finish_reason } = completion.choices[0];

    return { finish_reason, content: message.content, usage: completion.usage,
             tools: message.tool_calls.map(({ id, function: f }) =>
                 ({ id, name: f.name, arguments: f.arguments })) };
}


for (const [name, script] of [
    ['JSON', { body: bytes(ANSWER) }],
    ['a stream', { headers: { 'Content-Type': 'text/event-stream' },
                   body: [...CHUNKS.map(bytes), '[DONE]']
                       .map(data => `data: ${data}\n\n`) }]])
{
    test(`chat that came as ${name}`, async () => {
        gateway.script(script);

        const question = { model: 'gpt-4o-mini',
                           messages: [{ role: 'user', content: name }] };
        const json = async () => of(
            await openai().chat.completions.create(question));
        const stream = async () => of(await openai().chat.completions.stream(
            { ...question, stream_options: { include_usage: true } })
            .finalChatCompletion());

        const [first, second] = name === 'JSON' ? [json, stream]
                                                : [stream, json];
        const expected = await first();

        assert.deepEqual(expected.usage, USAGE);
        assert.deepEqual(await second(), expected);
        assert.equal(gateway.upstreamRequests().length, 1);

        const log = await gateway.log(2);
        assert.equal(log[1].usage_source, 'cache');
    });
}


test('a message that came as JSON', async () => {
    const message = { id: 'm', type: 'message', role: 'assistant',
                      model: 'claude-haiku-4-5', stop_reason: 'tool_use',
                      stop_sequence: null,
                      content: [{ type: 'text', text: 'Hi \u{1f600}' },
                                { type: 'tool_use', id: 't', name: 'f',
                                  input: { x: [1, 'é"\n'] } }],
                      usage: { input_tokens: 10, output_tokens: 5 } };

    gateway.script({ body: bytes(message) });

    const question = { model: 'claude-haiku-4-5', max_tokens: 50,
                       messages: [{ role: 'user', content: 'hi' }] };

    assert.deepEqual({ ...await anthropic().messages.create(question) },
                     message);

    // the SDK adds members of its own

    const streamed = await anthropic().messages.stream(question)
        .finalMessage();

    for (const name of Object.keys(message).filter(n => n !== 'content')) {
        assert.deepEqual(streamed[name], message[name]);
    }

    const [text, call] = streamed.content;

    assert.equal(text.text, message.content[0].text);
    assert.deepEqual(call.input, message.content[1].input);
    assert.equal(call.name, 'f');
    assert.equal(gateway.upstreamRequests().length, 1);
});
