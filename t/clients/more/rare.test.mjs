// Copyright (C) 2026 the ngx_llm_cost_module authors
//
// What the official SDKs ask for rarely, through nginx: Mistral's conversations
// and judgements, Claude on Vertex AI, rankings of Amazon, watsonx, Gemini's
// batches and interactions, xAI.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Gateway } from '../gateway.mjs';
import { collect, json, load, loadFile, logged, refused, require, sse }
    from './sdk.mjs';

const { Mistral } = await loadFile('@mistralai/mistralai/esm/index.js');
const { AnthropicVertex } = require('@anthropic-ai/vertex-sdk');
const { BedrockAgentRuntimeClient, RerankCommand,
        ServiceQuotaExceededException }
    = require('@aws-sdk/client-bedrock-agent-runtime');
const { NodeHttpHandler } = require('@smithy/node-http-handler');
const { WatsonXAI } = require('@ibm-cloud/watsonx-ai');
const { BearerTokenAuthenticator } = require('ibm-cloud-sdk-core');
const { GoogleGenAI } = await load('@google/genai');
const { APICallError, generateText, streamText } = await load('ai');
const { createXai } = await load('@ai-sdk/xai');

const gateway = new Gateway();


before(() => gateway.start(`
    location ~ ^/once(/.*)$ {
        llm_cost on;
        llm_budget once key=$llm_api_key_id limit=1requests period=total;
        proxy_pass UPSTREAM$1$is_args$args;
    }
    location ~ ^/usd(/.*)$ {
        llm_cost on;
        llm_budget usd key=$llm_api_key_id limit=1usd period=total;
        proxy_pass UPSTREAM$1$is_args$args;
    }
    location / { llm_cost on; proxy_pass UPSTREAM; }`));

after(async () => {
    assert.deepEqual(await gateway.stop(), { code: 0, bad: [] });
});


// Mistral

const CONVERSED = {
    object: 'conversation.response', conversation_id: 'conv_1',
    outputs: [{ object: 'entry', type: 'message.output', role: 'assistant',
                model: 'mistral-small-latest', content: 'Hello' }],
    usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 } };

const START = { model: 'mistral-small-latest', inputs: 'hi' };


function mistral(location = '', apiKey = 'mi-1') {
    return new Mistral({ apiKey, serverURL: gateway.url + location });
}


test('Mistral: a conversation', async () => {
    gateway.script(json(CONVERSED));

    const answer = await mistral().beta.conversations.start(START);
    assert.equal(answer.outputs[0].content, 'Hello');

    const log = await logged(gateway);
    assert.equal(log.usage_source, 'upstream');
    assert.equal(log.output_tokens, '20');
});


test('Mistral: ... as a stream', async () => {
    gateway.script(sse([
        { type: 'conversation.response.started', conversation_id: 'conv_1' },
        { type: 'message.output.delta', id: 'm', content: 'Hello' },
        { type: 'conversation.response.done', usage: CONVERSED.usage }]));

    const events = await collect(
        await mistral().beta.conversations.startStream(START));
    assert.equal(events[1].data.content, 'Hello');

    assert.equal((await logged(gateway)).output_tokens, '20');
});


test('Mistral: ... goes on', async () => {
    gateway.script(json(CONVERSED));

    await mistral().beta.conversations.append({ conversationId: 'conv_1',
        conversationAppendRequest: { inputs: 'and?' } });

    const log = await logged(gateway);
    assert.equal(log.model, '(conversation)');
    assert.equal(log.output_tokens, '20');
});


test('Mistral: judgements', async () => {
    gateway.script(json({ id: '1', model: 'mistral-moderation-latest',
                          results: [{ categories: { pii: false },
                                      category_scores: { pii: 0.1 } }] }));

    const answer = await mistral().classifiers.moderate({
        model: 'mistral-moderation-latest', inputs: ['hello'] });
    assert.equal(answer.results[0].categories.pii, false);

    assert.equal((await logged(gateway)).usage_source, 'counted');
});


test('Mistral: a refusal of a conversation, once', async () => {
    const client = mistral('/once', 'mi-2');
    const error = await refused(gateway, json(CONVERSED),
        () => client.beta.conversations.start(START));

    assert.equal(error.statusCode, 429);
    assert.match(error.body, /budget_exceeded/);
});


// Claude on Vertex AI

const MESSAGE = {
    id: 'msg_1', type: 'message', role: 'assistant',
    model: 'claude-sonnet-4-5', stop_reason: 'end_turn', stop_sequence: null,
    content: [{ type: 'text', text: 'Hello' }],
    usage: { input_tokens: 20, output_tokens: 10 } };

const ASK = { model: 'claude-sonnet-4-5@20250929', max_tokens: 100,
              messages: [{ role: 'user', content: 'hi' }] };


// a region of its own takes a tenth more

const REGIONAL = '0.000231000';


function vertex(location = '', token = 'ya-1') {
    const authClient = {
        projectId: 'p',
        getRequestHeaders: async () =>
            new Headers({ Authorization: `Bearer ${token}` }) };

    return new AnthropicVertex({ region: 'us-east5', projectId: 'p',
        authClient, baseURL: `${gateway.url}${location}/v1` });
}


test('Vertex AI: Claude', async () => {
    gateway.script(json(MESSAGE));

    const answer = await vertex().messages.create(ASK);
    assert.equal(answer.content[0].text, 'Hello');

    const log = await logged(gateway);
    assert.equal(log.provider, 'vertex_ai');
    assert.equal(log.cost, REGIONAL);
});


test('Vertex AI: ... as a stream', async () => {
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

    const answer = await vertex().messages.stream(ASK).finalMessage();
    assert.equal(answer.content[0].text, 'Hello');

    assert.equal((await logged(gateway)).cost, REGIONAL);
});


test('Vertex AI: counting is free', async () => {
    gateway.script(json({ input_tokens: 9 }));

    const { input_tokens: n } = await vertex('/once', 'ya-2').messages
        .countTokens({ model: ASK.model, messages: ASK.messages });
    assert.equal(n, 9);
});


test('Vertex AI: a refusal is a RateLimitError, once', async () => {
    const client = vertex('/once', 'ya-3');
    const error = await refused(gateway, json(MESSAGE),
                                () => client.messages.create(ASK));

    assert.equal(error.status, 429);
    assert.equal(error.constructor.name, 'RateLimitError');
});


// Amazon's rankings

const RANK = {
    queries: [{ type: 'TEXT', textQuery: { text: 'q' } }],
    sources: ['a', 'b'].map(text => ({
        type: 'INLINE', inlineDocumentSource: {
            type: 'TEXT', textDocument: { text } } })),
    rerankingConfiguration: {
        type: 'BEDROCK_RERANKING_MODEL',
        bedrockRerankingConfiguration: { modelConfiguration: {
            modelArn: 'arn:aws:bedrock:us-west-2::foundation-model/'
                + 'amazon.rerank-v1:0' } } } };

const RANKED = { results: [{ index: 0, relevanceScore: 0.5 }] };


function amazon(location = '', accessKeyId = 'AKID1') {
    return new BedrockAgentRuntimeClient({
        region: 'us-west-2', endpoint: gateway.url + location,
        requestHandler: new NodeHttpHandler(),
        credentials: { accessKeyId, secretAccessKey: 'secret' } });
}


test('Amazon: a ranking', async () => {
    gateway.script(json(RANKED));

    const answer = await amazon().send(new RerankCommand(RANK));
    assert.equal(answer.results[0].relevanceScore, 0.5);

    assert.equal((await logged(gateway)).cost, '0.001000000');
});


test('Amazon: a refusal is its own exception, once', async () => {
    const client = amazon('/once', 'AKID2');
    const error = await refused(gateway, json(RANKED),
                                () => client.send(new RerankCommand(RANK)));

    assert.ok(error instanceof ServiceQuotaExceededException, `${error}`);
    assert.equal(error.$metadata.attempts, 1);
});


// watsonx

const GRANITE = 'ibm/granite-3-8b-instruct';

const USAGE = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };


function watsonx(location = '', bearerToken = 'wx-1') {
    return WatsonXAI.newInstance({
        version: '2024-05-31', serviceUrl: gateway.url + location,
        authenticator: new BearerTokenAuthenticator({ bearerToken }) });
}


const CHAT = { modelId: GRANITE, projectId: 'p', maxTokens: 50,
               messages: [{ role: 'user', content: 'hi' }] };

const CHATTED = { id: '1', model_id: GRANITE, created: 1, usage: USAGE,
                  choices: [{ index: 0, finish_reason: 'stop',
                              message: { role: 'assistant',
                                         content: 'Hello' } }] };

// 100 and 20 tokens of 0.2 usd a million

const GRANITE_COST = '0.000024000';


test('watsonx: a chat', async () => {
    gateway.script(json(CHATTED));

    const { result } = await watsonx().textChat(CHAT);
    assert.equal(result.choices[0].message.content, 'Hello');

    assert.equal((await logged(gateway)).cost, GRANITE_COST);
});


test('watsonx: ... as a stream', async () => {
    gateway.script(sse([
        { id: '1', model_id: GRANITE, created: 1,
          choices: [{ index: 0, finish_reason: 'stop',
                      delta: { role: 'assistant', content: 'Hello' } }] },
        { id: '1', model_id: GRANITE, created: 1, choices: [],
          usage: USAGE }]));

    const events = await collect(
        await watsonx().textChatStream({ ...CHAT, returnObject: true }));
    assert.equal(events[0].data.choices[0].delta.content, 'Hello');

    assert.equal((await logged(gateway)).cost, GRANITE_COST);
});


test('watsonx: a text from a prompt', async () => {
    gateway.script(json({ model_id: GRANITE, created_at: '2026-01-01T00:00Z',
        results: [{ generated_text: 'Hello', generated_token_count: 20,
                    input_token_count: 100, stop_reason: 'eos_token' }] }));

    const { result } = await watsonx().generateText({
        modelId: GRANITE, projectId: 'p', input: 'hi',
        parameters: { max_new_tokens: 50 } });
    assert.equal(result.results[0].generated_text, 'Hello');

    assert.equal((await logged(gateway)).cost, GRANITE_COST);
});


test('watsonx: a refusal, once', async () => {
    const client = watsonx('/once', 'wx-2');
    const error = await refused(gateway, json(CHATTED),
                                () => client.textChat(CHAT));

    assert.equal(error.status, 429);
    assert.match(String(error.body), /budget_exceeded/);
});


// Google

const CONTENTS = [{ role: 'user', parts: [{ text: 'hi' }] }];

const GENERATED = {
    candidates: [{ content: { role: 'model', parts: [{ text: 'Hello' }] },
                   finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 20, candidatesTokenCount: 10,
                     totalTokenCount: 30 } };


function google(location = '', apiKey = 'key-1') {
    return new GoogleGenAI({ apiKey, httpOptions: {
        baseUrl: gateway.url + location } });
}


test('Google: a batch is held, and settled by what came of it', async () => {
    const client = google('/usd', 'key-batch');
    const metadata = { '@type': 'GenerateContentBatch',
                       model: 'models/gemini-2.5-flash' };

    gateway.script(json({ name: 'batches/b1', metadata: {
        ...metadata, state: 'BATCH_STATE_PENDING' } }));

    const job = await client.batches.create({ model: 'gemini-2.5-flash',
        src: [{ contents: CONTENTS, config: { maxOutputTokens: 50 } }] });
    assert.equal(job.name, 'batches/b1');
    assert.equal((await logged(gateway)).cost, '0.000000000');

    gateway.script(json({ name: 'batches/b1', done: true,
        metadata: { ...metadata, state: 'BATCH_STATE_SUCCEEDED' },
        response: { inlinedResponses: { inlinedResponses: [
            { response: GENERATED }] } } }));

    const over = await client.batches.get({ name: job.name });
    assert.equal(over.state, 'JOB_STATE_SUCCEEDED');

    // half of what it would have been

    assert.equal((await logged(gateway)).cost, '0.000015500');
});


const INTERACTED = {
    id: 'i1', status: 'completed', model: 'gemini-2.5-flash',
    steps: [{ type: 'model_output', content: [{ type: 'text',
                                                text: 'Hello' }] }],
    usage: { total_input_tokens: 20, total_output_tokens: 10,
             total_tokens: 30 } };

const INTERACT = { model: 'gemini-2.5-flash', input: 'hi' };


test('Google: an interaction', async () => {
    gateway.script(json(INTERACTED));

    const answer = await google().interactions.create(INTERACT);
    assert.equal(answer.status, 'completed');

    assert.equal((await logged(gateway)).cost, '0.000031000');
});


test('Google: ... as a stream', async () => {
    gateway.script(sse([
        { event_type: 'interaction.created',
          interaction: { id: 'i1', status: 'in_progress' } },
        { event_type: 'step.delta', index: 0,
          delta: { type: 'text', text: 'Hello' } },
        { event_type: 'interaction.completed', interaction: INTERACTED }]));

    const events = await collect(
        await google().interactions.create({ ...INTERACT, stream: true }));
    assert.equal(events[1].delta.text, 'Hello');

    assert.equal((await logged(gateway)).cost, '0.000031000');
});


test('Google: an interaction is refused once', async () => {
    const client = google('/once', 'key-spent');
    const error = await refused(gateway, json(INTERACTED),
                                () => client.interactions.create(INTERACT));

    assert.equal(error.status ?? error.statusCode, 402);
    assert.match(error.message, /budget/i);
});


// xAI

const GROK = 'grok-4-1-fast-non-reasoning';

const GROKKED = { id: '1', object: 'chat.completion', created: 1, model: GROK,
                  choices: [{ index: 0, finish_reason: 'stop',
                              message: { role: 'assistant',
                                         content: 'Hello' } }],
                  usage: USAGE };


function xai(location = '', apiKey = 'xai-1') {
    return createXai({ apiKey, baseURL: `${gateway.url}${location}/v1` });
}


test('xAI: a chat with its search', async () => {
    gateway.script(json({ ...GROKKED,
                          usage: { ...USAGE, num_sources_used: 2 } }));

    const { text } = await generateText({
        model: xai().chat(GROK), prompt: 'hi', maxOutputTokens: 50,
        providerOptions: { xai: { searchParameters: { mode: 'on' } } } });
    assert.equal(text, 'Hello');

    const log = await logged(gateway);
    assert.equal(log.output_tokens, '20');
    assert.equal(log.usage_source, 'upstream');
});


test('xAI: ... as a stream', async () => {
    gateway.script(sse([
        { id: '1', object: 'chat.completion.chunk', created: 1, model: GROK,
          choices: [{ index: 0, delta: { role: 'assistant',
                                         content: 'Hello' },
                      finish_reason: 'stop' }] },
        { id: '1', object: 'chat.completion.chunk', created: 1, model: GROK,
          choices: [], usage: USAGE }], 'data: [DONE]\n\n'));

    const stream = streamText({ model: xai().chat(GROK), prompt: 'hi' });
    assert.equal(await stream.text, 'Hello');

    assert.equal((await logged(gateway)).output_tokens, '20');
});


test('xAI: a refusal is an APICallError, once', async () => {
    const model = xai('/once', 'xai-2').chat(GROK);
    const error = await refused(gateway, json(GROKKED),
                                () => generateText({ model, prompt: 'hi' }));

    assert.ok(APICallError.isInstance(error), `${error}`);
    assert.equal(error.statusCode, 402);
});
