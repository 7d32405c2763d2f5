/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * The first tokens of tiktoken's JSON as lines of base64 and rank:
 *
 *     small-ranks.js FILE COUNT
 */

'use strict';

const [file, count] = process.argv.slice(2);
const { bpe_ranks: ranks } = JSON.parse(require('fs').readFileSync(file));

ranks.split(' ').slice(2, 2 + Number(count)).forEach((token, rank) => {
    console.log(token, rank);
});
