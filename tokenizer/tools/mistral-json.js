/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Writes what the script of mistral-tokenizer-js holds as a tokenizer.json:
 *
 *     node tools/mistral-json.js mistral-tokenizer.js > mistral.json
 *
 * The script is read, not run: the names of the tokens in lines, and pairs of
 * ids with 16 bits, which are the merges in their order, both in base64.
 */

'use strict';

const fs = require('fs');

const script = fs.readFileSync(process.argv[2], 'utf8');


function constant(name) {
    const at = script.match(new RegExp(`const ${name} = "([A-Za-z0-9+/=]+)"`));

    if (!at) {
        throw new Error(`there is no "${name}" in ${process.argv[2]}`);
    }

    return Buffer.from(at[1], 'base64');
}


const names = constant('vocab_base64').toString('utf8').split('\n');
const pairs = constant('merges_binary');
const merges = [];

for (let i = 0; i + 4 <= pairs.length; i += 4) {
    merges.push([names[pairs.readUInt16LE(i)], names[pairs.readUInt16LE(i + 2)]]);
}

process.stdout.write(JSON.stringify({
    added_tokens: ['<unk>', '<s>', '</s>'].map((content) => ({
        id: names.indexOf(content), content, special: true,
    })),
    normalizer: {
        type: 'Sequence',
        normalizers: [
            { type: 'Prepend', prepend: '\u2581' },
            { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' },
        ],
    },
    pre_tokenizer: null,
    model: {
        type: 'BPE', unk_token: '<unk>', fuse_unk: true, byte_fallback: true,
        vocab: Object.fromEntries(names.map((name, id) => [name, id])),
        merges,
    },
}));
