# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Refusals in each dialect's own words, which its SDKs raise and do not repeat;
# calls that cost nothing, calls that cannot be metered, keys in arguments.

use lib 't/lib';
use LLMCost;

no_long_string();

add_block_preprocessor(sub {
    my $block = shift;

    # one request of each payer: the second is refused

    my $budget = $block->budget // 'limit=1requests period=total';

    $block->set_value(config => <<"END") if !defined $block->config;
    location ~ ^/(v1beta|v1|v2|model|guardrail|api)/ {
        llm_cost on;
        llm_budget all $budget;
        llm_fit off;
        proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
    }
END

    if (defined $block->twice) {
        my ($path, $body) = split /\n/, $block->twice, 2;
        chomp $body;
        my $request = "POST $path\n$body";

        $block->set_value(request => [$request, $request]);
        $block->set_value(upstream_count => 1);
        my $like = $block->refused;
        chomp $like;
        $block->set_value(response_body_like => [qr/./, qr/$like/]);
    }
});

run_tests();

__DATA__

=== TEST 1: Gemini
--- twice
/v1beta/models/gemini-2.5-flash:generateContent
{"contents":[{"parts":[{"text":"hi"}]}]}
--- upstream: {"usageMetadata":{"promptTokenCount":1}}
--- error_code eval
[200, 429]
--- refused
^\{"error":\{"code":429,"message":"[^"]+","status":"RESOURCE_EXHAUSTED",.*"reason":"budget_exceeded"



=== TEST 2: Gemini, more than the budget can ever hold
--- budget: limit=0.00002usd period=day
--- request
POST /v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse
{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":100}}
--- error_code: 400
--- upstream_count: 0
--- response_headers
Content-Type: application/json
--- response_body_like chomp
^\{"error":\{"code":400,"message":"[^"]+","status":"INVALID_ARGUMENT",.*"reason":"request_exceeds_budget"



=== TEST 3: Gemini, a call that cannot be metered
--- request
POST /v1beta/models/lyria-3:predictLongRunning
{}
--- error_code: 404
--- upstream_count: 0
--- response_body_like chomp
^\{"error":\{"code":404,"message":"[^"]+","status":"NOT_FOUND",.*"reason":"unknown_path"



=== TEST 4: counting tokens costs nothing
--- request eval
["POST /v1beta/models/gemini-2.5-flash:countTokens\n{}",
 "POST /model/amazon.nova-lite-v1:0/count-tokens\n{}"]
--- upstream: {"totalTokens":7}
--- error_code eval
[200, 200]
--- response_headers eval
["! X-Cost-USD", "! X-Cost-USD"]



=== TEST 5: Bedrock: a 429 would be repeated by every AWS SDK
--- twice
/model/amazon.nova-lite-v1%3A0/converse
{"messages":[]}
--- upstream: {"usage":{"inputTokens":1,"outputTokens":1}}
--- error_code eval
[200, 400]
--- refused
^\{"__type":"ServiceQuotaExceededException","message":"[^"]+","reason":"budget_exceeded"\}$



=== TEST 6: Bedrock: a signed request is not changed to fit
--- config
    location /model/ {
        llm_cost on;
        llm_budget daily limit=0.0001usd period=total;
        llm_reserve_output 100;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /model/amazon.nova-lite-v1:0/converse
{"messages":[{"role":"user","content":[{"text":"hi"}]}]}
--- more_headers
Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=00
--- error_code: 400
--- upstream_count: 0
--- response_body_like: "__type":"ValidationException".*request_exceeds_budget



=== TEST 7: Bedrock: a guardrail of nothing cannot be metered
--- request
POST /guardrail/g/version/1/apply
{}
--- error_code: 404
--- upstream_count: 0
--- response_body_like chomp
^\{"__type":"ResourceNotFoundException"



=== TEST 8: Bedrock: the access key is the payer
--- config
    location /model/ {
        llm_cost on;
        add_header X-Key-Id $llm_api_key_id;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /model/amazon.nova-lite-v1:0/converse
{"messages":[]}
--- more_headers
Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=00
--- upstream: {"usage":{"inputTokens":1,"outputTokens":1}}
--- response_headers
X-Key-Id: 7a898e50dbd5b8305149c34046d159f7



=== TEST 9: a key among the arguments is in no log
--- config
    location /v1beta/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        access_log logs/combined.log combined;
        add_header X-Request $request;
        add_header X-Key-Id $llm_api_key_id;
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    }
--- request
POST /v1beta/models/gemini-2.5-flash:generateContent?a=b&key=AIzaSecret&c=d
{"contents":[]}
--- error_code: 502
--- response_body_like: 502
--- error_log eval
[qr/connect\(\) failed.*request: "POST [^ ]*key=\*+&c=d HTTP/,
 qr/upstream: "http:[^ ]*key=\*+&c=d"/]
--- log_level: info
--- no_error_log
AIzaSecret



=== TEST 10: ... and reaches upstream
--- config
    location /v1beta/ {
        llm_cost on;
        add_header X-Request $request;
        add_header X-Key-Id $llm_api_key_id;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1beta/models/gemini-2.5-flash:generateContent?key=AIzaSecret
{"contents":[]}
--- upstream: {"usageMetadata":{"promptTokenCount":1}}
--- upstream_requests_like: key=AIzaSecret HTTP
--- response_headers
X-Request: POST /v1beta/models/gemini-2.5-flash:generateContent?key=********** HTTP/1.1
X-Key-Id: 41e87c8e5951c2d08a4fdc1407d79d93



=== TEST 11: Cohere: a 429 would be repeated by its SDKs
--- config
    location ~ ^/(v2|api)/ {
        llm_cost on;
        llm_unknown_model input=1 output=1;
        llm_budget all limit=1requests period=total;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- twice
/v2/chat
{"model":"command-r-plus","messages":[]}
--- upstream: {"usage":{"billed_units":{"input_tokens":1,"output_tokens":1}}}
--- error_code eval
[200, 402]
--- refused
^\{"message":"[^"]+","code":"budget_exceeded"\}$



=== TEST 12: Ollama
--- config
    location ~ ^/(v2|api)/ {
        llm_cost on;
        llm_unknown_model input=1 output=1;
        llm_budget all limit=1requests period=total;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- twice
/api/chat
{"model":"llama3","messages":[]}
--- upstream: {"done":true,"prompt_eval_count":1,"eval_count":1}
--- error_code eval
[200, 429]
--- refused
^\{"error":"[^"]+","code":"budget_exceeded"\}$



=== TEST 13: clients that repeat every 429 get a 402
--- request eval
[("POST /v1/messages\n" . '{"model":"claude-haiku-4-5","max_tokens":5,'
  . '"messages":[{"role":"user","content":"hi"}]}') x 5]
--- more_headers eval
["anthropic-version: 2023-06-01",
 "User-Agent: ai/6.0.325 ai-sdk/anthropic/3.0.140 runtime/node.js/v20",
 "User-Agent: langchainjs-openai/1.0.0 (node/v20)", "User-Agent: curl/8",
 "User-Agent: google-genai-sdk/2.32.0 gl-python/3.12"]
--- upstream: {"usage":{"input_tokens":1,"output_tokens":1}}
--- error_code eval
[200, 402, 402, 429, 429]
--- response_body_like eval
[qr/./, qr/"billing_error".*"budget_exceeded"/,
 qr/"billing_error".*"budget_exceeded"/,
 qr/"rate_limit_error".*"budget_exceeded"/,
 qr/"rate_limit_error".*"budget_exceeded"/]
--- upstream_count: 1



=== TEST 14: an interaction, whose client repeats a 429
--- twice
/v1beta/interactions
{"model":"gemini-2.5-flash","input":"hi"}
--- upstream: {"id":"i","status":"completed","usage":{"total_input_tokens":1}}
--- error_code eval
[200, 402]
--- refused
^\{"error":\{"code":402,"message":"[^"]+","status":"RESOURCE_EXHAUSTED",.*"reason":"budget_exceeded"
