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


# $1 what the message must say, of $dir/in; the rest options

refused_in() {
    want=$1
    shift

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


# $1 what the message must say, $2 the file's content, the rest options

refused() {
    said=$1
    printf '%b' "$2" > "$dir/in"
    shift 2
    refused_in "$said" "$@"
}


# writes a tokenizer.json: $1 normalizer, $2 pre_tokenizer, $3 more of the
# model, $4 more of the vocabulary, $5 merges

bytes=$(awk 'BEGIN {
    for (i = n = 0; i < 256; i++) {
        c = i < 33 || i > 126 && i < 161 || i == 173 ? 256 + n++ : i;
        printf "%s\"\\u%04x\":%d", i ? "," : "", c, 1000 - i
    }
}')

hf() {
    cat > "$dir/in" <<END
{"version":"1.0","added_tokens":[{"id":2000,"content":"<s>","special":true}],
"normalizer":$1,"pre_tokenizer":$2,"decoder":{"a":[{"b":null},-1.5e3,true]},
"model":{"type":"BPE",$3"vocab":{$bytes$4},"merges":[$5]}}
END
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
refused 'split pattern is not supported: missing closing' '{"pat_str":"(x"}'
refused 'at byte 2 of "x**+"' '{"pat_str":"x**+"}'
refused 'kind "Unigram" is not supported' '{"model":{"type":"Unigram"}}'
refused 'kind "WordPiece" is not' '{"model":{"vocab":{},"type":"WordPiece"}}'
refused 'kind "" is not' '{"model":null}'
refused 'has no "bpe_ranks"' '{"a":"b"}' -g o200k
refused 'not the JSON' '{"pat_str":'
refused 'a string has no end' '{"pat_str":"x'
refused 'has 1500 bytes' "$(printf '%02000d' 0) 1\n" -g o200k
printf '%013981014d 1\n' 0 > "$dir/in"
refused_in 'has 10485760 bytes' -g o200k

all=$(awk 'BEGIN {
    a = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (i = 0; i < 256; i++) {
        printf "%s%s== %d\\n", substr(a, int(i / 4) + 1, 1),
               substr(a, i % 4 * 16 + 1, 1), i
    }
}')

refused 'cannot be reached by merging' "${all}YWJj 256\\n" -g o200k

refused 'line 257 is no' "${all}=\\n" -g gpt2

printf '%b' "${all}YWI= 256\\n= 258\\nYWJj 257\\n" > "$dir/in"
"$compiler" -g cl100k -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '257 256 120 10' 'abcabx\n' -v "$dir/small.llmv" --ids

# ranks with holes between them, special tokens of an option

printf '%b' "${all}YWI= 300\nYWJj 70000\n" > "$dir/in"
"$compiler" -g cl100k -s '<|x|>=70001' -s '<|y|>=299' -n small \
    -o "$dir/holes.llmv" "$dir/in" > /dev/null
prints '70000 300 120 10' 'abcabx\n' -v "$dir/holes.llmv" --ids
prints '60 124 120 124 62' '<|x|>' -v "$dir/holes.llmv" --ids
refused_in '-s x is not TEXT=ID' -g cl100k -s x
refused_in '-s x=1y is not TEXT=ID' -g cl100k -s x=1y
prints '24912 2375' 'hello world' --ids -m gpt-4o
prints '15339 1917' 'hello world' --ids -m gpt-4
prints '      2 -' 'hello world'
prints '{"vocabulary":"o200k_base","files":[{"file":"-","bytes":2,'\
'"tokens":1}],"tokens":1,"estimate":true}' 'hi' --json -m unheard-of

# a tokenizer.json: what is wrong with it is said by name

bytelevel='{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}'
gpt2='{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}'
x=',"ab":5,"abc":6,"bc":7,"abcd":8'

hf '{"type":"Lowercase"}' "$gpt2" '' '' ''
refused_in 'normalizer "Lowercase" is not supported'
hf null '{"type":"BertPreTokenizer"}' '' '' ''
refused_in 'pre_tokenizer "BertPreTokenizer" is not supported'
hf null '{"type":"Metaspace","replacement":"_"}' '' '' ''
refused_in 'Metaspace with another replacement is not supported'
hf null null '' '' ''
refused_in 'BPE that is not ByteLevel, nor has U+2581 for spaces, is not'
hf '{"type":"Prepend","prepend":"_"}' "$gpt2" '' '' ''
refused_in 'normalizer "Prepend" is not supported'
hf '{"type":"Replace","pattern":{"String":"a"},"content":"b"}' "$gpt2" '' '' ''
refused_in 'normalizer "Replace" is not supported'
hf null '{"type":"ByteLevel","add_prefix_space":true}' '' '' ''
refused_in 'add_prefix_space is not supported'
split='{"type":"Split","pattern":{"Regex":"x+"},"behavior":"Isolated"}'
hf null "$split" '' '' ''
refused_in 'BPE that is not ByteLevel'
hf null '{"type":"Sequence","pretokenizers":['"$split"',{"type":"ByteLevel",'\
'"use_regex":false}]}' '' '' ''
"$compiler" -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '880 880 903' 'xxa' -v "$dir/small.llmv" --ids
rm -f "$dir/out"
hf null "$gpt2" '"byte_fallback":true,' '' ''
refused_in 'ByteLevel with U+2581 or byte_fallback is not supported'
hf null "$gpt2" '"dropout":0.1,' '' ''
refused_in 'BPE with dropout is not supported'
hf null "$gpt2" '' "$x" '"a b","ab x"'
refused_in 'merge 1 does not make a token'
hf null "$gpt2" '' "$x" '"a b","ab zz"'
refused_in 'merge 1 is of something that is no token'
hf null "$gpt2" '' "$x" '"ab"'
refused_in 'merge 0 is not of two tokens'
hf null "$gpt2" '' "$x" '["a","b"' && sed -i 's/\]}}$//' "$dir/in"
refused_in 'not the JSON of a vocabulary'
hf null "$gpt2" '' ',"ab":1000' '"a b"'
refused_in 'id 1000 is there twice'
hf null "$gpt2" '' ',"ab":5,"\u0061b":6' '"a b"'
refused_in 'are the same bytes'
hf null "$gpt2" '' ',"\ud800":5' ''
refused_in 'half of a surrogate pair'
hf null "$gpt2" '' ',"a\q":5' ''
refused_in 'an escape that JSON does not have'
hf null "$gpt2" '' ',"a":99999999999' ''
refused_in 'an id is too large'
hf null "$gpt2" '' ",\"$(printf '%01025d' 0)\":5" ''
refused_in 'has 1025 bytes'
hf "$(printf '%0100d' 0 | tr 0 '[')" "$gpt2" '' '' ''
refused_in 'nested more than 64 deep'
hf null "$gpt2" '' '' '' && sed -i 's/u0061":903/u0062b":903/' "$dir/in"
refused_in 'byte 0x61 is no token'

# b and c join first; "abcd", which no merge makes, is one token if it is alone

hf null "$gpt2" '' "$x" '"b c",["a","b"],"a bc"'
"$compiler" -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '6 5 902' 'abcabb' -v "$dir/small.llmv" --ids
prints '6 900' 'abcd' -v "$dir/small.llmv" --ids
hf null "$gpt2" '"ignore_merges":true,' "$x" '"b c",["a","b"],"a bc"'
"$compiler" -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '8' 'abcd' -v "$dir/small.llmv" --ids
prints '6 900 903' 'abcda' -v "$dir/small.llmv" --ids

# the merge of "ab" and "c" is wanted before "a" and "b" are: not in "abab"

x=',"ab":5,"abc":6,"abca":7,"ca":9'
hf null "$gpt2" '' "$x" '"ab c","abc a","a b","c a"'
"$compiler" -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '7' 'abca' -v "$dir/small.llmv" --ids
prints '7 902' 'abcab' -v "$dir/small.llmv" --ids
prints '7 902 9' 'abcabca' -v "$dir/small.llmv" --ids
prints '7 902 901 5' 'abcabcab' -v "$dir/small.llmv" --ids

# patterns that have no scanner; one in a sequence sees a piece of the one
# before

rule='{"type":"Split","behavior":"Isolated","pattern":'
other="{\"type\":\"Sequence\",\"pretokenizers\":[$rule{\"String\":\"a|b\"}},"\
"$rule{\"Regex\":\"\\\\p{L}+\\\\z|[^b]\"}},$bytelevel]}"
hf null "$other" '' ',"ab":5,"aba":6' '"a b","ab a"'
"$compiler" -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '6' 'aba' -v "$dir/small.llmv" --ids
prints '903 902 903 961 5' 'aba'"'"'ab' -v "$dir/small.llmv" --ids
prints '5 903 876 902 6' 'aba|baba' -v "$dir/small.llmv" --ids
hf null '{"type":"Sequence","pretokenizers":[{"type":"Digits",'\
'"individual_digits":true},{"type":"Punctuation"},'"$bytelevel]}" '' \
    ',"12":5,"ab":6,"..":7' '"1 2","a b",". ."'
"$compiler" -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '951 950 954 954 6' '12..ab' -v "$dir/small.llmv" --ids
hf null "$rule"'{"Regex":"a"}}' '' '' ''
sed -i 's/"Isolated"/"MergedWithNext"/' "$dir/in"
refused_in 'Split with behavior "MergedWithNext" is not supported'
hf null "{\"type\":\"Sequence\",\"pretokenizers\":[$rule{\"Regex\":\"(a\"}},"\
"$bytelevel]}" '' '' ''
refused_in 'its split pattern is not supported: missing closing parenthesis'

# what PCRE2 takes for something else, and what would be found before the rest

for regex in '[a[bc]]+' '[^]x[b]' '[[:digit:]a&&[b]]'; do
    hf null "{\"type\":\"Sequence\",\"pretokenizers\":[$rule"\
"{\"Regex\":\"$regex\"}},$bytelevel]}" '' '' ''
    refused_in 'a class in a class at byte'
done

hf null "{\"type\":\"Sequence\",\"pretokenizers\":[$rule"\
"{\"Regex\":\"[][:digit:]\\\\[&]|\\\\Q[[\\\\E\"}},$bytelevel]}" '' '' ''
"$compiler" -n small -o "$dir/small.llmv" "$dir/in" > /dev/null \
    || { echo 'not ok - no class in a class'; failed=1; }

hf null "{\"type\":\"Sequence\",\"pretokenizers\":[$bytelevel,"\
"{\"type\":\"Digits\"}]}" '' '' ''
refused_in 'a step after ByteLevel is not supported'
hf null "$gpt2" '' '' ''
sed -i 's/"<s>","special":true/"    ","special":false/' "$dir/in"
refused_in 'added token 2000, of white space only, is not supported'

# a pattern that tries for ever is stopped, the piece cut, and the count says so

hf null '{"type":"Sequence","pretokenizers":['"$rule"'{"Regex":'\
'"(a|b|ab)+c|."}},'"$bytelevel]}" '' ',"ab":5' '"a b"'
"$compiler" -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '5 5 901 968' 'ababc ' -v "$dir/small.llmv" --ids
said=$(awk 'BEGIN { for (i = 0; i < 50000; i++) printf "ab" }' \
       | "$tokens" --json -v "$dir/small.llmv" 2> /dev/null | sed 's/.*\],//')

case $said in
'"tokens":50'*',"estimate":true}') echo 'ok - a limit of PCRE2' ;;
*) echo "not ok - a limit of PCRE2: $said"; failed=1 ;;
esac

# no pattern: all of the text is one piece

hf null "$bytelevel" '' ',"\u0120b":5,"a\u0120b":6,"ab":7' \
    '"\u0120 b","a \u0120b","a b"'
"$compiler" -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '6 7 968 5' 'a bab  b' -v "$dir/small.llmv" --ids
hf null "$bytelevel" '"ignore_merges":true,' '' ''
refused_in 'ignore_merges without a split pattern is not supported'
hf '{"type":"NFC"}' "$bytelevel" '' '' ''
refused_in 'a normalization form without a split pattern is not supported'

# SentencePiece's style: characters, U+2581, bytes for what has no token

fallback=$(awk 'BEGIN {
    for (i = 0; i < 256; i++) {
        printf "%s\"<0x%02X>\":%d", i ? "," : "", i, 1000 + i
    }
}')

# $1 normalizer, $2 pre_tokenizer, $3 added tokens, $4 more of the vocabulary,
# $5 merges

sp() {
    cat > "$dir/in" <<END
{"added_tokens":[{"id":0,"content":"<s>","special":true}$3],
"normalizer":$1,"pre_tokenizer":$2,"model":{"type":"BPE","unk_token":"<unk>",
"fuse_unk":true,"byte_fallback":true,"vocab":{"<s>":0,"\u2581":1,"a":2,"b":3,
"\u2581a":4,"\u2581ab":5,"\u00e9":6,"\u4e2d":7,"\u4e2da":8,"\u2581\u2581":9,
$fallback$4},"merges":["\u2581 a","\u2581a b","\u4e2d a",
["\u2581","\u2581"]$5]}}
END
}

replace='{"type":"Replace","pattern":{"String":" "},"content":"\u2581"}'
prepend='{"type":"Prepend","prepend":"\u2581"}'
both="{\"type\":\"Sequence\",\"normalizers\":[$prepend,$replace]}"

sp "$replace" null '' '' ''
"$compiler" -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '2 5 3 1 4' 'a abb  a' -v "$dir/small.llmv" --ids
prints '4 9 4' '\0342\0226\0201a  \0342\0226\0201a' -v "$dir/small.llmv" --ids
prints '8 1228 1184 1147 7 7' '\0344\0270\0255a\0344\0270\0223\0344\0270\0255'\
'\0344\0270\0255' -v "$dir/small.llmv" --ids
prints '6 1239 1191 1189 1000 1010 1064' '\0303\0251\0303\0\n@' \
    -v "$dir/small.llmv" --ids
prints '1060 1115 1062' '<s>' -v "$dir/small.llmv" --ids
prints '' '' -v "$dir/small.llmv" --ids

sp "$both" null '' '' ''
"$compiler" -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '5 4' 'ab a' -v "$dir/small.llmv" --ids
prints '1 4 7' ' a\0344\0270\0255' -v "$dir/small.llmv" --ids
prints '1 7' '\0344\0270\0255' -v "$dir/small.llmv" --ids
prints '' '' -v "$dir/small.llmv" --ids

sp null '{"type":"Metaspace","replacement":"\u2581","prepend_scheme":"first",'\
'"split":false}' '' '' ''
"$compiler" -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '5 1 4' 'ab  a' -v "$dir/small.llmv" --ids
prints '4' ' a' -v "$dir/small.llmv" --ids
sp null '{"type":"Metaspace","replacement":"\u2581"}' '' '' ''
"$compiler" -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '5 1 4' 'ab  a' -v "$dir/small.llmv" --ids

# symbols: the longest at the first place, before anything else

symbol=',{"id":20,"content":"<b>","special":false},{"id":21,"content":"<b",'\
'"special":false},{"id":9,"content":"\u2581\u2581","special":false}'
sp "$replace" '{"type":"Split","pattern":{"String":" "},'\
'"behavior":"MergedWithPrevious"}' "$symbol" ',"<b>":20,"<b":21' ''
"$compiler" -n small -o "$dir/small.llmv" "$dir/in" > /dev/null
prints '20 4 21 2 20 3' '<b> a<ba<b>b' -v "$dir/small.llmv" --ids
prints '9 4 1060 1060' '\0342\0226\0201\0342\0226\0201\0342\0226\0201a<<' \
    -v "$dir/small.llmv" --ids
sp "$replace" null ',{"id":20,"content":"x","lstrip":true}' ',"x":20' ''
refused_in 'an added token with lstrip is not supported'
sp "$replace" null '' '' ',"a <0x41>"'
refused_in 'is of something that is no token'
sp "$replace" null '' '' '' && sed -i 's/"<0xE4>":1228,//' "$dir/in"
refused_in 'byte 0xe4 has no token'
sp "$replace" null '' '' '' && sed -i 's/"byte_fallback":true,//' "$dir/in"
refused_in 'U+2581 for spaces without byte_fallback is not supported'
sp "$replace" "$gpt2" '' '' ''
refused_in 'ByteLevel with U+2581'
sp "$replace" "$split" '' '' ''
refused_in 'U+2581 for spaces with a split pattern is not supported'

exit $failed
