// Copyright (C) 2026 the ngx_llm_cost_module authors
//
// What takes several requests, through the official SDKs: files and batches,
// runs of assistants, batches of messages.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Gateway, sdk } from './gateway.mjs';

const OpenAI = sdk('openai');
const Anthropic = sdk('@anthropic-ai/sdk');

const gateway = new Gateway();

const HI = [{ role: 'user', content: 'hi' }];


before(() => gateway.start(`
    llm_budget all limit=1usd period=total;

    location /v1/ { llm_cost on; proxy_pass UPSTREAM; }`));

after(async () => {
    assert.deepEqual(await gateway.stop(), { code: 0, bad: [] });
});


const json = value => ({ headers: { 'Content-Type': 'application/json' },
                         body: [JSON.stringify(value)] });

const lines = (type, ...values) => ({
    headers: { 'Content-Type': type },
    body: values.map(v => JSON.stringify(v) + '\n') });

const costs = async n => (await gateway.log(n)).map(line => line.cost);


test('a batch of OpenAI: uploaded, made, polled, read', async () => {
    const openai = new OpenAI({ apiKey: 'sk-test',
                                baseURL: `${gateway.url}/v1` });
    const batch = (status, file = null) => json({
        id: 'batch_1', object: 'batch', status, input_file_id: 'file-1',
        output_file_id: file, endpoint: '/v1/chat/completions' });

    gateway.script([
        json({ id: 'file-1', object: 'file', purpose: 'batch' }),
        batch('validating'), batch('in_progress'),
        batch('completed', 'file-2'),
        lines('application/octet-stream', {
            custom_id: 'a', error: null, response: { status_code: 200, body: {
                object: 'chat.completion', model: 'gpt-4o-mini',
                usage: { prompt_tokens: 1000, completion_tokens: 100,
                         total_tokens: 1100 } } } })]);

    const file = await openai.files.create({
        file: await OpenAI.toFile(Buffer.from(JSON.stringify({
            custom_id: 'a', method: 'POST', url: '/v1/chat/completions',
            body: { model: 'gpt-4o-mini', messages: HI, max_tokens: 500 }
        })), 'requests.jsonl'), purpose: 'batch' });

    const { id } = await openai.batches.create({
        input_file_id: file.id, endpoint: '/v1/chat/completions',
        completion_window: '24h' });

    assert.equal((await openai.batches.retrieve(id)).status, 'in_progress');

    const done = await openai.batches.retrieve(id);
    const text = await (await openai.files.content(done.output_file_id)).text();

    assert.match(text, /"completion_tokens":100/);

    // half of 0.15 and 0.60 a million

    assert.deepEqual(await costs(5), ['0.000000000', '0.000000000',
                                      '0.000000000', '0.000000000',
                                      '0.000105000']);
});


test('a file of somebody else is refused, once', async () => {
    const openai = new OpenAI({ apiKey: 'sk-other',
                                baseURL: `${gateway.url}/v1` });

    gateway.script([]);

    await assert.rejects(openai.batches.create({
        input_file_id: 'file-1', endpoint: '/v1/chat/completions',
        completion_window: '24h' }), OpenAI.BadRequestError);

    assert.equal((await gateway.log()).length, 1);
    assert.equal(gateway.upstreamRequests().length, 0);
});


test('runs of an assistant: polled, and as a stream', async () => {
    const openai = new OpenAI({ apiKey: 'sk-test',
                                baseURL: `${gateway.url}/v1` });
    const run = (id, status, usage = null) => ({
        id, object: 'thread.run', status, thread_id: 'thread_1',
        model: 'gpt-4o-mini', usage });
    const usage = { prompt_tokens: 1000, completion_tokens: 100,
                    total_tokens: 1100 };
    const event = (type, data) => `event: ${type}\ndata: ${
        JSON.stringify(data)}\n\n`;
    const params = { assistant_id: 'asst_1', model: 'gpt-4o-mini',
                     max_prompt_tokens: 2000, max_completion_tokens: 500 };

    gateway.script([json(run('run_1', 'queued')),
                    json(run('run_1', 'completed', usage))]);

    const polled = await openai.beta.threads.runs.createAndPoll(
        'thread_1', params, { pollIntervalMs: 1 });

    assert.equal(polled.usage.completion_tokens, 100);
    assert.deepEqual(await costs(2), ['0.000000000', '0.000210000']);

    gateway.script([{
        headers: { 'Content-Type': 'text/event-stream' },
        body: [event('thread.run.created', run('run_2', 'queued')),
               event('thread.run.completed',
                     run('run_2', 'completed', usage)),
               'event: done\ndata: [DONE]\n\n'] }]);

    const stream = openai.beta.threads.runs.stream('thread_1', params);

    assert.equal((await stream.finalRun()).status, 'completed');
    assert.deepEqual(await costs(1), ['0.000210000']);
});


test('a batch of messages of Anthropic', async () => {
    const anthropic = new Anthropic({ apiKey: 'sk-ant',
                                      baseURL: gateway.url });
    const batch = (status, succeeded) => json({
        id: 'msgbatch_1', type: 'message_batch', processing_status: status,
        request_counts: { succeeded, processing: 0, errored: 0, canceled: 0,
                          expired: 0 },
        results_url: `${gateway.url}/v1/messages/batches/msgbatch_1/results`
    });

    gateway.script([
        batch('in_progress', 0), batch('ended', 1), batch('ended', 1),
        lines('application/x-jsonl', {
            custom_id: 'a', result: { type: 'succeeded', message: {
                model: 'claude-haiku-4-5', type: 'message', content: [],
                role: 'assistant', stop_reason: 'end_turn',
                usage: { input_tokens: 1000, output_tokens: 100 } } } })]);

    const { id } = await anthropic.messages.batches.create({ requests: [
        { custom_id: 'a', params: { model: 'claude-haiku-4-5', messages: HI,
                                    max_tokens: 500 } }] });

    assert.equal((await anthropic.messages.batches.retrieve(id))
        .processing_status, 'ended');

    for await (const line of await anthropic.messages.batches.results(id)) {
        assert.equal(line.result.message.usage.output_tokens, 100);
    }

    // half of 1 and 5 a million

    const paid = (await gateway.log(4)).map(line => line.cost);
    assert.deepEqual(paid.slice(-1), ['0.000750000']);
});
