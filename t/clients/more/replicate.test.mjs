// Copyright (C) 2026 the ngx_llm_cost_module authors
//
// Replicate's SDK through nginx: work that is waited for, polled, cancelled,
// whose output comes before its end; a refusal, which it does not repeat.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Gateway } from '../gateway.mjs';
import { json, logged, refused, require } from './sdk.mjs';

const Replicate = require('replicate');

const gateway = new Gateway();

const TEXT = 'meta/llama-2-70b-chat';
const PICTURE = 'a/picture';
const HASH = '5797a99edc939ea0'.repeat(4);

// 10 and 20 tokens of 0.65 and 2.75 usd a million

const TEXT_COST = '0.000061500';


before(() => gateway.start(`
    location ~ ^/once(/.*)$ {
        llm_cost on;
        llm_budget once key=$llm_api_key_id limit=1requests period=total;
        proxy_pass UPSTREAM$1$is_args$args;
    }
    location / { llm_cost on; proxy_pass UPSTREAM; }`, `
    llm_price a/picture output_image=0.003;
    llm_price ${HASH} second=0.001;`));

after(async () => {
    assert.deepEqual(await gateway.stop(), { code: 0, bad: [] });
});


function replicate(location = '', auth = 'r8-1') {
    return new Replicate({ auth, baseUrl: `${gateway.url}${location}/v1`,
                           useFileOutput: false });
}


function prediction(status, more = {}) {
    return json({ id: 'p1', model: 'm', version: 'hidden', input: {},
                  logs: '', error: null, output: null, status,
                  started_at: '2026-01-01T00:00:00Z',
                  urls: { get: 'https://api.replicate.com/' }, ...more });
}

const SAID = prediction('succeeded', {
    output: ['Hel', 'lo'],
    metrics: { input_token_count: 10, output_token_count: 20,
               predict_time: 0.5 } });


test('run() waits', async () => {
    gateway.script(SAID);

    const output = await replicate().run(TEXT, { input: { prompt: 'hi' } });
    assert.deepEqual(output, ['Hel', 'lo']);

    const log = await logged(gateway);
    assert.equal(log.cost, TEXT_COST);
    assert.equal(log.usage_source, 'upstream');
    assert.equal(log.model, TEXT);
});


test('... and asks no further for what has an output', async () => {
    gateway.script(prediction('processing', { output: ['https://x/a.png',
                                                       'https://x/b.png'] }));

    const output = await replicate().run(PICTURE, {
        input: { prompt: 'hi', num_outputs: 2 } });
    assert.equal(output.length, 2);

    assert.equal((await logged(gateway)).cost, '0.006000000');
});


test('run() polls', async () => {
    gateway.script([prediction('starting'), prediction('processing'), SAID]);

    const output = await replicate().run(TEXT, {
        input: { prompt: 'hi' }, wait: { mode: 'poll', interval: 1 } });
    assert.deepEqual(output, ['Hel', 'lo']);

    const costs = (await gateway.log(3)).map(line => line.cost);
    assert.deepEqual(costs, ['0.000000000', '0.000000000', TEXT_COST]);
});


test('a version that is a hash, cancelled', async () => {
    gateway.script([prediction('starting', { id: 'p2' }),
                    prediction('canceled', {
                        id: 'p2', metrics: { predict_time: 2.5 } })]);

    const { id } = await replicate().predictions.create({
        version: HASH, input: { prompt: 'hi' } });
    const { status } = await replicate().predictions.cancel(id);
    assert.equal(status, 'canceled');

    const costs = (await gateway.log(2)).map(line => line.cost);
    assert.deepEqual(costs, ['0.000000000', '0.002500000']);
});


test('a deployment', async () => {
    gateway.script(SAID);

    await replicate().deployments.predictions.create('us', 'ours', {
        input: { prompt: 'hi' } });

    assert.equal((await logged(gateway)).model, 'us/ours');
});


test('what costs nothing', async () => {
    gateway.script(json({ results: [] }));

    assert.deepEqual(await replicate().predictions.list(), { results: [] });
    assert.equal((await logged(gateway)).cost, '');
});


test('a refusal is its ApiError, once', async () => {
    const client = replicate('/once', 'r8-2');
    const error = await refused(gateway, SAID, () => client.run(TEXT, {
        input: { prompt: 'hi' } }));

    assert.equal(error.name, 'ApiError');
    assert.equal(error.response.status, 402);
    assert.match(error.message, /"title":"budget_exceeded"/);
});
