// Copyright (C) 2026 the ngx_llm_cost_module authors
//
// What came last, through nginx: guardrails of Amazon by themselves, decisions
// of OpenAI, and Hugging Face's client, which asks a server at its own address.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Gateway } from '../gateway.mjs';
import { collect, json, load, logged, refused, require, sse } from './sdk.mjs';

const { ApplyGuardrailCommand, BedrockRuntimeClient,
        ServiceQuotaExceededException }
    = require('@aws-sdk/client-bedrock-runtime');
const { NodeHttpHandler } = require('@smithy/node-http-handler');
const { OpenAI } = require('openai');
const { InferenceClient, InferenceClientProviderApiError }
    = await load('@huggingface/inference');

const gateway = new Gateway();


before(() => gateway.start(`
    location ~ ^/once(/.*)$ {
        llm_cost on;
        llm_budget once key=$llm_api_key_id limit=1requests period=total;
        proxy_pass UPSTREAM$1$is_args$args;
    }
    location / { llm_cost on; proxy_pass UPSTREAM; }`, `
    llm_price guardrail query=0.001;
    llm_price decider input=1 output=2 max_output=100;
    llm_price embed input=1;`));

after(async () => {
    assert.deepEqual(await gateway.stop(), { code: 0, bad: [] });
});


// Amazon

const GUARDED = { action: 'NONE', outputs: [], assessments: [],
                  usage: { topicPolicyUnits: 1, contentPolicyUnits: 2,
                           wordPolicyUnits: 1,
                           sensitiveInformationPolicyUnits: 0,
                           sensitiveInformationPolicyFreeUnits: 1,
                           contextualGroundingPolicyUnits: 0 } };


function guard(location = '', accessKeyId = 'AKID1') {
    return new BedrockRuntimeClient({
        region: 'us-east-1', endpoint: gateway.url + location,
        requestHandler: new NodeHttpHandler(),
        credentials: { accessKeyId, secretAccessKey: 'secret' } }).send(
        new ApplyGuardrailCommand({ guardrailIdentifier: 'g1',
            guardrailVersion: '1', source: 'INPUT',
            content: [{ text: { text: 'hello' } }] }));
}


test('Amazon: a guardrail', async () => {
    gateway.script(json(GUARDED));

    assert.equal((await guard()).usage.contentPolicyUnits, 2);

    const log = await logged(gateway);
    assert.equal(log.model, 'guardrail');
    assert.equal(log.cost, '0.003000000');
});


test('Amazon: ... a refusal is its own exception, once', async () => {
    const error = await refused(gateway, json(GUARDED),
                                () => guard('/once', 'AKID2'));

    assert.ok(error instanceof ServiceQuotaExceededException, `${error}`);
    assert.equal(error.$metadata.attempts, 1);
});


// OpenAI: by the path, for SDKs that have no name for it yet

const DECIDED = { id: 'dec_1', object: 'decision', model: 'decider',
                  output: [], usage: { input_tokens: 100, output_tokens: 20,
                                       total_tokens: 120 } };


function decide(location = '', apiKey = 'sk-1') {
    return new OpenAI({ apiKey, baseURL: `${gateway.url}${location}/v1` })
        .post('/decisions', { body: { model: 'decider', input: 'hi',
            questions: [{ name: 'q', type: 'boolean' }] } });
}


test('OpenAI: a decision', async () => {
    gateway.script(json(DECIDED));

    assert.equal((await decide()).id, 'dec_1');

    const log = await logged(gateway);
    assert.equal(log.model, 'decider');
    assert.equal(log.cost, '0.000140000');
});


test('OpenAI: ... a refusal is a RateLimitError, once', async () => {
    const error = await refused(gateway, json(DECIDED),
                                () => decide('/once', 'sk-2'));

    assert.ok(error instanceof OpenAI.RateLimitError, `${error}`);
    assert.equal(error.code, 'budget_exceeded');
});


// Hugging Face: chat and texts are OpenAI's at a server's address, and have
// that for a model unless one is named; vectors are asked for at the address

const SERVED = { id: '1', object: 'chat.completion', created: 1,
                 model: 'served', choices: [{ index: 0, finish_reason: 'stop',
                     message: { role: 'assistant', content: 'Hello' } }],
                 usage: { prompt_tokens: 100, completion_tokens: 20,
                          total_tokens: 120 } };

const CHAT = { model: 'served', messages: [{ role: 'user', content: 'hi' }],
               max_tokens: 50 };


function huggingface(location = '', token = 'hf_1') {
    return new InferenceClient(token,
                               { endpointUrl: gateway.url + location });
}


test('Hugging Face: a chat', async () => {
    gateway.script(json(SERVED));

    const answer = await huggingface().chatCompletion(CHAT);
    assert.equal(answer.choices[0].message.content, 'Hello');

    const log = await logged(gateway);
    assert.equal(log.usage_source, 'upstream');
    assert.equal(log.output_tokens, '20');
});


test('Hugging Face: ... as a stream', async () => {
    gateway.script(sse([
        { id: '1', object: 'chat.completion.chunk', created: 1,
          model: 'served', choices: [{ index: 0, finish_reason: 'stop',
              delta: { role: 'assistant', content: 'Hello' } }] },
        { id: '1', object: 'chat.completion.chunk', created: 1,
          model: 'served', choices: [], usage: SERVED.usage }],
        'data: [DONE]\n\n'));

    const chunks = await collect(huggingface().chatCompletionStream(CHAT));
    assert.equal(chunks[0].choices[0].delta.content, 'Hello');

    assert.equal((await logged(gateway)).output_tokens, '20');
});


test('Hugging Face: a text', async () => {
    gateway.script(json({ id: '1', object: 'text_completion', created: 1,
                          model: 'served', choices: [{ index: 0, text: 'Hello',
                                                       finish_reason: 'stop' }],
                          usage: SERVED.usage }));

    const answer = await huggingface().textGeneration({
        inputs: 'hi', parameters: { max_new_tokens: 50 } });
    assert.equal(answer.generated_text, 'Hello');

    const log = await logged(gateway);
    assert.equal(log.model, gateway.url);
    assert.equal(log.output_tokens, '20');
});


test('Hugging Face: vectors', async () => {
    const answer = json([[0.1, 0.2]]);

    answer.headers['x-compute-tokens'] = '3';
    gateway.script(answer);

    const vectors = await huggingface('/embed').featureExtraction(
        { inputs: 'hi' });
    assert.deepEqual(vectors, [[0.1, 0.2]]);

    const log = await logged(gateway);
    assert.equal(log.model, 'embed');
    assert.equal(log.cost, '0.000003000');
});


test('Hugging Face: a refusal is of its own type, once', async () => {
    const error = await refused(gateway, json(SERVED),
        () => huggingface('/once', 'hf_2').chatCompletion(CHAT));

    assert.ok(error instanceof InferenceClientProviderApiError, `${error}`);
    assert.equal(error.httpResponse.status, 429);
});
