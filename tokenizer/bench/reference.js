/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Measures an npm package as bench.c measures the library:
 *
 *     reference.js tiktoken|gpt-tokenizer VOCABULARY
 *
 * answers lines of words with tabs between them on standard input,
 *
 *     fresh BLOCK A B         with "MB/s TOKENS"
 *     run UNIT BYTES          with "MS TOKENS"
 */

'use strict';

const fs = require('fs');
const readline = require('readline');

const count = counter(...process.argv.slice(2));


function counter(name, vocabulary) {
    if (name === 'tiktoken') {
        const enc = require('tiktoken').get_encoding(vocabulary);
        return (text) => enc.encode_ordinary(text).length;
    }

    return require(`${name}/encoding/${vocabulary}`).countTokens;
}


/* blocks as bench.c cuts them, but decoded before the clock starts */

function blocks(path, size) {
    const data = fs.readFileSync(path);
    const found = [];

    for (let at = 0; at < data.length; ) {
        let end = Math.min(at + size, data.length);

        while (end < data.length && (data[end] & 0xc0) === 0x80) {
            end++;
        }

        found.push(data.toString('utf8', at, end));
        at = end;
    }

    return found;
}

function countAll(list) {
    let n = 0;

    for (const text of list) {
        n += count(text);
    }

    return n;
}

/* processor time, as there */

function timed(list) {
    const start = process.cpuUsage();
    const tokens = countAll(list);
    const used = process.cpuUsage(start);

    return { ms: (used.user + used.system) / 1e3, tokens };
}

function fresh(block, a, b) {
    const list = blocks(b, Number(block));

    countAll(blocks(a, 1 << 20).slice(0, 1));

    const { ms, tokens } = timed(list);

    console.log(`${(fs.statSync(b).size / 1e3 / ms).toFixed(3)} ${tokens}`);
}

function run(unit, bytes) {
    let text = '';
    let seed = 12345;

    for (let n = 0; n < Number(bytes); ) {
        if (unit) {
            text += unit;
            n += Buffer.byteLength(unit);

        } else {
            seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
            text += String.fromCharCode(97 + (seed >>> 16) % 26);
            n++;
        }
    }

    const { ms, tokens } = timed([text]);

    console.log(`${ms.toFixed(3)} ${tokens}`);
}


readline.createInterface({ input: process.stdin }).on('line', (line) => {
    const [what, ...args] = line.split('\t');

    (what === 'fresh' ? fresh : run)(...args);
});
