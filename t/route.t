# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Which dialect a request is in and who sends the bill, before its body is
# read.

use lib 't/lib';
use LLMCost;

no_long_string();

add_block_preprocessor(sub {
    my $block = shift;

    my $config = $block->http_config // '';
    $block->set_value(http_config => <<'END' . $config);
    log_format llm '$status vendor=$llm_provider model=$llm_model '
                   'cost=$llm_cost ref=$llm_refusal';
    access_log logs/access.log llm;
    llm_price groq/fast input=1 output=2;
    llm_price together_ai/fast input=3 output=4;
    llm_price azure/fast input=5 output=6;
END
});

run_tests();

__DATA__

=== TEST 1: the vendor is told from the host in proxy_pass
--- http_config
    upstream api.groq.com { server 127.0.0.1:$TEST_NGINX_UPSTREAM_PORT; }
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://api.groq.com;
    }
--- request
POST /v1/chat/completions
{"model":"fast","messages":[{"role":"user","content":"hi"}]}
--- access_log
200 vendor=groq model=fast cost=0.000020000 ref=-
--- upstream_count: 1



=== TEST 2: a host that is not known is its dialect's maker: no price, refused
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"fast","messages":[{"role":"user","content":"hi"}]}
--- error_code: 400
--- access_log
400 vendor=openai model=fast cost=0.000000000 ref=model_not_priced
--- upstream_count: 0



=== TEST 3: llm_provider names a vendor where proxy_pass has variables
--- config
    location /v1/ {
        llm_cost on;
        llm_provider together_ai;
        llm_budget daily limit=1usd period=day;
        set $port $TEST_NGINX_UPSTREAM_PORT;
        proxy_pass http://127.0.0.1:$port;
    }
--- request
POST /v1/chat/completions
{"model":"fast","messages":[{"role":"user","content":"hi"}]}
--- access_log
200 vendor=together_ai model=fast cost=0.000050000 ref=-
--- upstream_count: 1



=== TEST 4: llm_provider auto at an inner level forgets the vendor
--- config
    llm_provider together_ai;
    location /v1/ {
        llm_cost on;
        llm_provider auto;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- access_log
200 vendor=openai model=gpt-4o-mini cost=0.000004500 ref=-



=== TEST 5: Azure's path says both vendor and model
--- config
    location /openai/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /openai/deployments/fast/chat/completions?api-version=1
{"model":"dear","messages":[{"role":"user","content":"hi"}]}
--- access_log
200 vendor=azure model=fast cost=0.000080000 ref=-
--- upstream_count: 1



=== TEST 6: a path that upstream may resolve to something else is not known
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request eval
my $body = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}';
[map { "POST $_\n$body" }
     '/v1/x/../chat/completions', '/v1/x/%2e%2E/chat/completions',
     '/v1/x%2f..%2Fchat/completions', '/v1/./chat/completions',
     '/v1/chat/completions/.', '/v1/chat/completions?x=/../',
     '/v1/.x/..y/chat/completions']
--- error_code eval
[404, 404, 404, 404, 404, 200, 200]
--- upstream_count: 2



=== TEST 7: what a path is, found once, depends on what was looked at for it
--- config
    location ~ ^/(v1|openai)/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        llm_reserve_output 100;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request eval
["POST /v1/files\n{}", "POST /v1/files\n{}", "POST /v1/files\n{}",
 map { "POST /openai/deployments/$_/chat/completions?api-version=1\n"
       . '{"messages":[{"role":"user","content":"hi"}]}' } qw(fast slow fast)]
--- more_headers eval
['', 'anthropic-version: 2023-06-01', '', '', '', '']
--- error_code eval
[400, 404, 400, 200, 400, 200]
--- response_body_like eval
['error', '', 'error', 'usage', 'slow', 'usage']
--- raw_response_headers_like eval
['400', '404', '400', 'X-Model: fast\r\n.*X-Cost-USD: 0.000080000', '400',
 'X-Model: fast\r\n.*X-Cost-USD: 0.000080000']
--- upstream_count: 3



=== TEST 8: of a vendor's dialects one is asked first for a path, and not alone
--- config
    location /v1/ {
        llm_cost on;
        llm_provider together_ai;
        llm_budget daily limit=1usd period=day;
        set $port $TEST_NGINX_UPSTREAM_PORT;
        proxy_pass http://127.0.0.1:$port;
    }
--- request eval
["POST /v1/messages\n"
 . '{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"a"}]}',
 "POST /v1/nothing\n{}"]
--- upstream eval
{ json => { type => 'message', model => 'fast', content => [],
            stop_reason => 'end_turn',
            usage => { input_tokens => 10, output_tokens => 20 } } }
--- error_code eval
[200, 404]
--- access_log
200 vendor=together_ai model=fast cost=0.000110000 ref=-
--- upstream_count: 1
