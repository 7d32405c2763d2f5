# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# When a request is read and charged: after every access handler, never
# before, never twice, and none escapes.

use lib 't/lib';
use LLMCost;

no_long_string();

add_block_preprocessor(sub {
    my $block = shift;

    my $config = $block->http_config // '';
    $block->set_value(http_config => <<'END' . $config);
    log_format llm '$status in=$llm_input_tokens out=$llm_output_tokens '
                   'cost=$llm_cost src=$llm_usage_source '
                   'ref=$llm_refusal budgets=$llm_budgets';
    access_log logs/access.log llm;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
END
});

run_tests();

__DATA__

=== TEST 1: auth_basic refuses before the body is read
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        auth_basic "llm";
        auth_basic_user_file $TEST_NGINX_HTML_DIR/users;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- user_files
>>> users
joe:{PLAIN}secret
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- error_code: 401
--- upstream_count: 0
--- access_log
401 in=- out=- cost=- src=- ref=- budgets=-



=== TEST 2: satisfy any, granted by allow: charged all the same
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        satisfy any;
        allow all;
        auth_basic "llm";
        auth_basic_user_file $TEST_NGINX_HTML_DIR/users;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- user_files
>>> users
joe:{PLAIN}secret
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- access_log
200 in=10 out=5 cost=0.000004500 src=upstream
--- upstream_count: 1



=== TEST 3: satisfy any, granted by a password
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        satisfy any;
        deny all;
        auth_basic "llm";
        auth_basic_user_file $TEST_NGINX_HTML_DIR/users;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- user_files
>>> users
joe:{PLAIN}secret
--- more_headers
Authorization: Basic am9lOnNlY3JldA==
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- access_log
200 in=10 out=5 cost=0.000004500 src=upstream
--- upstream_count: 1



=== TEST 4: satisfy any, granted by nobody
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        satisfy any;
        deny all;
        auth_basic "llm";
        auth_basic_user_file $TEST_NGINX_HTML_DIR/users;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- user_files
>>> users
joe:{PLAIN}secret
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- error_code: 401
--- access_log
401 in=- out=- cost=-
--- upstream_count: 0



=== TEST 5: auth_request refuses: nothing is read or charged
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        auth_request /auth;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
    location = /auth { internal; return 403; }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- error_code: 403
--- access_log
403 in=- out=- cost=-
--- upstream_count: 0



=== TEST 6: auth_request agrees and names the payer
--- config
    location /v1/ {
        llm_cost on;
        auth_request /auth;
        auth_request_set $team $upstream_http_x_team;
        llm_budget team key=$team limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
    location = /auth {
        internal;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/who;
    }
    location = /who { add_header X-Team blue; return 204; }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- access_log eval
qr/200 in=10 out=5 .* budgets=team\|blue\|\d{4}-\d\d-\d\dT00:00:00Z\|usd\|0\.000004500/
--- upstream_count: 1



=== TEST 7: a body of two packets, one of them late
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- raw_request eval
my $body = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}';
["POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
 . "Content-Length: " . length($body) . "\r\n\r\n" . substr($body, 0, 20),
 substr($body, 20)]
--- raw_request_middle_delay: 0.05
--- access_log
200 in=10 out=5 cost=0.000004500
--- upstream_count: 1



=== TEST 8: a chunked body is sent on with its length
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
Transfer-Encoding: chunked
--- request eval
my $a = '{"model":"gpt-4o-mini","messages":[';
my $b = '{"role":"user","content":"hi"}]}';
"POST /v1/chat/completions\n"
. sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", length $a, $a, length $b, $b)
--- access_log
200 in=10 out=5 cost=0.000004500
--- upstream_requests_like eval
qr/Content-Length: 67\r\n/i



=== TEST 9: a chunked body above client_max_body_size ends at once
--- config
    location /v1/ {
        llm_cost on;
        client_max_body_size 100;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
Transfer-Encoding: chunked
--- request eval
"POST /v1/chat/completions\n" . sprintf("%x\r\n%s\r\n0\r\n\r\n", 200, "x" x 200)
--- error_code: 413
--- upstream_count: 0



=== TEST 10: a body in a temporary file is counted
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=10usd period=day;
        client_body_buffer_size 1k;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request eval
"POST /v1/chat/completions\n"
. '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"'
. ("hello " x 5000) . '"}]}'
--- access_log
200 in=10 out=5 cost=0.000004500
--- upstream_requests_like eval
qr/(?:hello ){5000}"\}\]\}$/



=== TEST 11: two requests on one connection, the first refused
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- pipelined_requests eval
['POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}],"max_tokens":-1}',
'POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}']
--- error_code eval
[400, 200]
--- upstream_count: 1



=== TEST 12: a fallback location gets the whole body, and is no second request
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_intercept_errors on;
        error_page 502 503 504 = @fallback;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
    location @fallback {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- upstream eval
[{ status => 503, body => 'no' }]
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream_count: 2
--- access_log eval
qr/200 in=10 out=5 cost=0\.000004500 src=upstream ref=- budgets=daily\|\|[^|]+\|usd\|0\.000004500$/



=== TEST 13: a retry gets the rewritten body from its first byte
--- http_config
    upstream two {
        server 127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
        server localhost:$TEST_NGINX_UPSTREAM_PORT;
    }
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        llm_reserve_output 77;
        proxy_next_upstream http_503 non_idempotent;
        proxy_pass http://two;
    }
--- upstream eval
[{ status => 503, body => 'no' }]
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream_count: 2
--- upstream_requests_like eval
my $body = '{"max_tokens":77,"model":"gpt-4o-mini",'
           . '"messages":[{"role":"user","content":"hi"}]}';
[qr/Content-Length: 83\r\n(?:.*\r\n)?\r\n\Q$body\E$/s, qr/\r\n\r\n\Q$body\E$/s]
--- access_log
200 in=10 out=5 cost=0.000004500 src=upstream



=== TEST 14: a mirror into an enforced location is refused, the request is not
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        mirror /mirror;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
    location /mirror {
        internal;
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- access_log
200 in=10 out=5 cost=0.000004500 src=upstream
--- upstream_count: 1
--- error_log
subrequest into a location with an enforced llm_budget is forbidden



=== TEST 15: OPTIONS, HEAD and free paths pass uncharged
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request eval
["OPTIONS /v1/chat/completions", "HEAD /v1/chat/completions", "GET /v1/models"]
--- error_code eval
[200, 200, 200]
--- upstream_count: 3
--- no_access_log
src=upstream



=== TEST 16: an unknown path is refused under an enforced budget
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/surprise
{}
--- error_code: 404
--- response_body_like: "code":"unknown_path"
--- access_log
404 in=- out=- cost=0.000000000 src=none ref=unknown_path
--- upstream_count: 0



=== TEST 17: an unknown path passes where it is allowed
--- config
    location /v1/ {
        llm_cost on;
        llm_unknown_path allow;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- upstream eval
{ body => 'surprise' }
--- request
POST /v1/surprise
{}
--- response_body: surprise
--- upstream_count: 1



=== TEST 18: a WebSocket is refused
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
Upgrade: websocket
--- request
GET /v1/models
--- error_code: 400
--- response_body_like: upgrade_not_supported
--- upstream_count: 0



=== TEST 19: a compressed request body is refused
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
Content-Encoding: gzip
--- request
POST /v1/chat/completions
xxxx
--- error_code: 415
--- response_body_like: unsupported_encoding
--- upstream_count: 0



=== TEST 20: a body above llm_max_body
--- config
    location /v1/ {
        llm_cost on;
        llm_max_body 50;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- error_code: 413
--- response_body_like: request_too_large
--- upstream_count: 0



=== TEST 21: upstream's own error costs nothing
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
X-Test-Status: 429
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- error_code: 429
--- access_log
429 in=0 out=0 cost=0.000000000 src=none



=== TEST 22: no upstream to be reached: nothing is charged
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:1;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- error_code: 502
--- access_log
502 in=- out=- cost=0.000000000 src=none



=== TEST 23: a variable in a location without metering
--- config
    location /plain { return 200 "cost=$llm_cost\n"; }
--- request
GET /plain
--- response_body
cost=



=== TEST 24: an upstream's own error, then one that cannot be reached
--- http_config
    upstream two {
        server 127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
        server 127.0.0.1:1 backup;
    }
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_next_upstream error http_503 non_idempotent;
        proxy_pass http://two;
    }
--- upstream eval
[{ status => 503, body => 'no' }]
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- error_code: 502
--- access_log
502 in=- out=- cost=0.000000000 src=none
--- upstream_count: 1
