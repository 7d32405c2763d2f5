/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Measures npm's tiktoken as bench.c measures the library; answers lines
 *
 *     fresh BLOCK A B
 *
 * on standard input with "MB/s TOKENS".
 */

'use strict';

const fs = require('fs');
const readline = require('readline');
const { get_encoding } = require('tiktoken');

const enc = get_encoding(process.argv[2]);


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

function count(list) {
    let n = 0;

    for (const text of list) {
        n += enc.encode_ordinary(text).length;
    }

    return n;
}


readline.createInterface({ input: process.stdin }).on('line', (line) => {
    const [, block, a, b] = line.split(' ');
    const text = blocks(b, Number(block));

    count(blocks(a, 1 << 20).slice(0, 1));

    /* processor time, as there */

    const start = process.cpuUsage();
    const tokens = count(text);
    const used = process.cpuUsage(start);
    const ms = (used.user + used.system) / 1e3;

    console.log(`${(fs.statSync(b).size / 1e3 / ms).toFixed(3)} ${tokens}`);
});
