/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Writes a tokenizer.json whose way of splitting text nobody published, made of
 * the tokens of one that is:
 *
 *     node other-pattern.js tokenizer.json [NORMALIZER] > other.json
 */

'use strict';

const fs = require('fs');

const json = JSON.parse(fs.readFileSync(process.argv[2]));

json.normalizer = process.argv[3] ? { type: process.argv[3] } : null;
json.added_tokens = [];
json.pre_tokenizer = {
    type: 'Sequence',
    pretokenizers: [
        { type: 'Split', pattern: { String: '://' }, behavior: 'Isolated' },
        { type: 'Split', pattern: { Regex: '\\p{N}+' }, behavior: 'Isolated' },
        {
            type: 'Split',
            pattern: {
                Regex: '(?:[A-Z][a-z]+)+(?![a-z])|[\\p{L}\\p{M}]+|[?!.]+(?= |$)'
                       + '| ?[^\\s\\p{L}\\p{M}]{1,4}|\\s+(?!\\S)|\\s',
            },
            behavior: 'Isolated',
        },
        { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
    ],
};

process.stdout.write(JSON.stringify(json));
