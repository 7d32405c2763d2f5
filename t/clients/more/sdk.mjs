// Copyright (C) 2026 the ngx_llm_cost_module authors
//
// What the tests of further SDKs share: where those are, and what upstream
// answers them.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';

const build = process.env.LLM_BUILD
    ?? fileURLToPath(new URL('../../../build', import.meta.url));


// an SDK that install.sh has put into build/clients-more, as CommonJS

export const require = createRequire(join(build, 'clients-more/'));


// ... as a module, or a file of it that it does not export

export const load = name => import(pathToFileURL(require.resolve(name)));

export const loadFile = path =>
    import(pathToFileURL(join(build, 'clients-more/node_modules', path)));


export async function collect(stream) {
    const all = [];

    for await (const one of stream) {
        all.push(one);
    }

    return all;
}


// what the access log says of the one request since it was read last

export async function logged(gateway) {
    const log = await gateway.log();

    assert.equal(log.length, 1);
    assert.equal(log[0].status, 200);

    return log[0];
}


export function json(body) {
    return { headers: { 'Content-Type': 'application/json' },
             body: JSON.stringify(body) };
}


export function sse(events, end = '') {
    return { headers: { 'Content-Type': 'text/event-stream' },
             body: events.map(e => (e.type ? `event: ${e.type}\n` : '')
                 + `data: ${JSON.stringify(e)}\n\n`).join('') + end };
}


// the second request of a payer is refused, by the SDK's own error, and is sent
// once; answer is that of the first one

export async function refused(gateway, answer, call) {
    gateway.script(answer);
    await call();
    await gateway.log();

    gateway.script(answer);

    const error = await call().then(() => assert.fail('no error'), e => e);
    const log = await gateway.log();

    assert.equal(log.length, 1, 'one request, no retry');
    assert.equal(log[0].refusal, 'budget_exceeded');
    assert.equal(gateway.upstreamRequests().length, 0);

    return error;
}
