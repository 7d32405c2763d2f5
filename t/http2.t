# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The same over HTTP/2: bodies with and without a length, trailers, refusals.

use lib 't/lib';
use LLMCost;

no_long_string();

add_block_preprocessor(sub {
    my $block = shift;

    my $config = $block->http_config // '';
    $block->set_value(http_config => <<'END' . $config);
    log_format llm '$server_protocol $status in=$llm_input_tokens '
                   'out=$llm_output_tokens cost=$llm_cost '
                   'src=$llm_usage_source ref=$llm_refusal';
    access_log logs/access.log llm;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
END

    $block->set_value(config => <<'END');
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=0.01usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
END
});

run_tests();

__DATA__

=== TEST 1: a JSON request
--- h2
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- response_headers
X-Input-Tokens: 10
X-Output-Tokens: 5
X-Cost-USD: 0.000004500
--- access_log
HTTP/2.0 200 in=10 out=5 cost=0.000004500 src=upstream



=== TEST 2: a body of 60 KB
--- h2
--- request eval
"POST /v1/chat/completions\n"
. '{"model":"gpt-4o-mini","max_tokens":10,"messages":[{"role":"user","content":"'
. ("hello " x 10000) . '"}]}'
--- response_headers
X-Cost-USD: 0.000004500
--- upstream_requests_like eval
qr/(?:hello ){10000}"\}\]\}$/



=== TEST 3: a stream, with its cost in trailers
--- h2
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- response_body_like: ^(?!.*prompt_tokens).*data: \[DONE\]\n\n$
--- trailers
X-Output-Tokens: 5
X-Cost-USD: 0.000004500
--- access_log
HTTP/2.0 200 in=10 out=5 cost=0.000004500 src=upstream



=== TEST 4: a refusal
--- h2
--- request
POST /v1/chat/completions
{"model":"gpt-4o","max_tokens":100000,"messages":[{"role":"user","content":"hi"}]}
--- error_code: 400
--- response_body_like: "code":"request_exceeds_budget"
--- upstream_count: 0



=== TEST 5: a body that is not JSON
--- h2
--- request
POST /v1/chat/completions
hello
--- error_code: 400
--- response_body_like: not valid JSON
--- upstream_count: 0
