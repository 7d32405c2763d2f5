# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# What clients send that cannot be right: a 400 in OpenAI's dialect that says
# what and where, one line in the log, nothing sent upstream, nothing charged.

use lib 't/lib';
use LLMCost;

no_long_string();

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(config => <<'END');
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
    location /llm/ { llm_api; }
END

    if (defined $block->refused) {
        my $text = $block->refused;
        $text = qr/\Q$text\E/ if !ref $text && chomp $text;
        $block->set_value(error_code => 400);
        $block->set_value(upstream_count => 0);
        $block->set_value(response_body_like => qr/"message":"$text/);
        $block->set_value(error_log => 'llm request refused: ');
        $block->set_value(no_error_log => "[error]\n[crit]\n[alert]");
    }
});

run_tests();

__DATA__

=== TEST 1: no body
--- request
POST /v1/chat/completions
--- refused
The request body is not valid JSON: 



=== TEST 2: not JSON
--- request
POST /v1/chat/completions
model=gpt-4o-mini
--- refused
The request body is not valid JSON: 



=== TEST 3: JSON cut off, with the place
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[
--- refused eval
qr/The request body is not valid JSON: .* at byte 35"/



=== TEST 4: an array
--- request
POST /v1/chat/completions
[]
--- refused



=== TEST 5: a string
--- request
POST /v1/chat/completions
"gpt-4o-mini"
--- refused



=== TEST 6: two values
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]} {}
--- refused
The request body is not valid JSON: 



=== TEST 7: no model
--- request
POST /v1/chat/completions
{"messages":[{"role":"user","content":"hi"}]}
--- refused
Invalid 'model': 



=== TEST 8: a model that is a number
--- request
POST /v1/chat/completions
{"model":4,"messages":[{"role":"user","content":"hi"}]}
--- refused
Invalid 'model': 



=== TEST 9: an empty model
--- request
POST /v1/chat/completions
{"model":"","messages":[{"role":"user","content":"hi"}]}
--- refused
Invalid 'model': 



=== TEST 10: a model of 10,000 characters
--- request eval
'POST /v1/chat/completions
{"model":"' . ('x' x 10000) . '","messages":[{"role":"user","content":"hi"}]}'
--- refused
Invalid 'model': 



=== TEST 11: a model with a line end in it
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini\r\nX-Evil: 1","messages":[{"role":"user","content":"hi"}]}
--- refused
Invalid 'model': 



=== TEST 12: no messages
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini"}
--- refused
Invalid 'messages': 



=== TEST 13: messages that are no array
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":"hi"}
--- refused
Invalid 'messages': 



=== TEST 14: messages that are no objects
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":["hi"]}
--- refused
Invalid 'messages



=== TEST 15: a thousand levels
--- request eval
'POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":' . ('[' x 1000) . (']' x 1000) . '}'
--- refused
The request body cannot be read: nested too deeply



=== TEST 16: the model twice
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}],"model":"o1-pro"}
--- refused
Invalid 'model': 



=== TEST 17: the maximum twice, once escaped
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":1,"messages":[{"role":"user","content":"hi"}],"max\u005ftokens":100000}
--- refused
Invalid 'max_tokens': 



=== TEST 18: stream twice
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":false,"stream":true,"messages":[{"role":"user","content":"hi"}]}
--- refused
Invalid 'stream': 



=== TEST 19: invalid UTF-8
--- request eval
"POST /v1/chat/completions\n"
. '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"' . "\xff\xfe"
. '"}]}'
--- refused
The request body is not valid JSON: 



=== TEST 20: a NUL byte
--- request eval
"POST /v1/chat/completions\n"
. '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"' . "a\0b"
. '"}]}'
--- refused
The request body is not valid JSON: 



=== TEST 21: lone surrogates and an escaped NUL are characters
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"\ud800 \udc00 \u0000"}]}
--- response_body_like: usage
--- upstream_count: 1



=== TEST 22: max_tokens that is nothing
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":0,"messages":[{"role":"user","content":"hi"}]}
--- refused
Invalid 'max_tokens': must be at least 1



=== TEST 23: ... negative
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_completion_tokens":-5,"messages":[{"role":"user","content":"hi"}]}
--- refused
Invalid 'max_completion_tokens': must be at least 1



=== TEST 24: ... 1e400
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":1e400,"messages":[{"role":"user","content":"hi"}]}
--- refused
Invalid 'max_tokens': 



=== TEST 25: ... a fraction
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":1.5,"messages":[{"role":"user","content":"hi"}]}
--- refused
Invalid 'max_tokens': 



=== TEST 26: ... a string
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":"100","messages":[{"role":"user","content":"hi"}]}
--- refused
Invalid 'max_tokens': 



=== TEST 27: ... null is none
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":null,"messages":[{"role":"user","content":"hi"}]}
--- response_body_like: usage
--- upstream_count: 1



=== TEST 28: a billion answers
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","n":1000000000,"messages":[{"role":"user","content":"hi"}]}
--- refused
Invalid 'n': 



=== TEST 29: stream that is a string
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":"yes","messages":[{"role":"user","content":"hi"}]}
--- refused
Invalid 'stream': 



=== TEST 30: embeddings of nothing
--- request
POST /v1/embeddings
{"model":"text-embedding-3-small"}
--- refused
Invalid 'input': 



=== TEST 31: a user that tries to write a header
--- raw_request eval
my $body = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}';
"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
. "Connection: close\r\nX-User-ID: joe\r X-Evil: 1\r\n"
. "Content-Length: " . length($body) . "\r\n\r\n$body"
--- error_code: 400
--- upstream_count: 0



=== TEST 32: a body of nothing but tiny values
--- http_config
client_max_body_size 8m;
--- request eval
'POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[],"x":[' . ('[],' x 1_100_000) . '1]}'
--- refused eval
qr/The request body cannot be read: too many values at byte 31457\d\d"/



=== TEST 33: one more than may be
--- http_config
client_max_body_size 8m;
--- request eval
'POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}],"x":['
. ('1,' x (1024 * 1024 - 12)) . '1]}'
--- refused
The request body cannot be read: too many values at byte 2097201



=== TEST 34: as many as may be, so that it is read on
--- http_config
client_max_body_size 8m;
--- request eval
'POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[],"max_tokens":-1,"x":['
. ('1,' x (1024 * 1024 - 10)) . '1]}'
--- refused
Invalid 'max_tokens': 
