#!/bin/sh
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# What the compiler refuses, and with which words; what llm-tokens prints.
#
#     test-vocab.sh LLM_VOCAB LLM_TOKENS VOCABULARIES

set -eu

compiler=$1
tokens=$2
LLM_VOCAB_DIR=$3
export LLM_VOCAB_DIR

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0


# $1 what the message must say, $2 the file's content, the rest options

refused() {
    want=$1
    printf '%b' "$2" > "$dir/in"
    shift 2

    if said=$("$compiler" "$@" -n x -o "$dir/out" "$dir/in" 2>&1) \
       || [ -e "$dir/out" ]
    then
        echo "not ok - accepted: $want"
        failed=1

    elif ! echo "$said" | grep -qF -- "$want"; then
        echo "not ok - \"$said\" does not say \"$want\""
        failed=1

    else
        echo "ok - $want"
    fi
}


# $1 what standard output must be, $2 the text, the rest options

prints() {
    want=$1
    text=$2
    shift 2
    said=$(printf '%b' "$text" | "$tokens" "$@" 2>/dev/null)

    if [ "$said" = "$want" ]; then
        echo "ok - llm-tokens $*"

    else
        echo "not ok - llm-tokens $*: \"$said\", not \"$want\""
        failed=1
    fi
}


refused 'are the same bytes' 'YQ== 0\nYQ== 1\n' -g o200k
refused 'is there twice' 'YQ== 0\nYg== 0\n' -g o200k
refused 'byte 0x00 is no token' 'YQ== 0\n' -g o200k
refused 'byte 0x00 is no token' '' -g o200k
refused 'line 1 is no' 'YQ==\n' -g o200k
refused 'does not name its split pattern' 'YQ== 0\n'
refused 'no scanner for its split pattern: x+' '{"pat_str":"x+"}'
refused 'kind "Unigram" is not supported' '{"model":{"type":"Unigram"}}'
refused 'kind "WordPiece" is not' '{"model":{"vocab":{},"type":"WordPiece"}}'
refused 'kind "" is not' '{"model":null}'
refused 'has no "bpe_ranks"' '{"a":"b"}' -g o200k
refused 'not the JSON' '{"pat_str":'
refused 'a string has no end' '{"pat_str":"x'
refused 'has 300 bytes' "$(printf '%0400d' 0) 1\n" -g o200k

all=$(awk 'BEGIN {
    a = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (i = 0; i < 256; i++) {
        printf "%s%s== %d\\n", substr(a, int(i / 4) + 1, 1),
               substr(a, i % 4 * 16 + 1, 1), i
    }
}')

refused 'cannot be reached by merging' "${all}YWJj 256\\n" -g o200k

printf '%b' "${all}YWI= 256\\nYWJj 257\\n" > "$dir/in"
"$compiler" -g cl100k -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '257 256 120 10' 'abcabx\n' -v "$dir/small.llmv" --ids
prints '24912 2375' 'hello world' --ids -m gpt-4o
prints '15339 1917' 'hello world' --ids -m gpt-4
prints '      2 -' 'hello world'
prints '{"vocabulary":"o200k_base","estimate":true,"files":[{"file":"-",'\
'"bytes":2,"tokens":1}],"tokens":1}' 'hi' --json -m unheard-of

exit $failed
