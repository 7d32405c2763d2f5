# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Other modules of nginx in the same location: the bill is the same whatever
# they do to a request before it comes to us and to an answer after it.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

no_long_string();
log_llm();

our $hi = '"messages":[{"role":"user","content":"hi"}]';
our $json = qq({"model":"gpt-4o-mini",$hi});
our $sse = qq({"model":"gpt-4o-mini","stream":true,$hi});

our $answer = '{"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":'
            . '"assistant","content":"a tok"},"finish_reason":"stop"}],'
            . '"usage":{"prompt_tokens":7,"completion_tokens":11}}';

# the same, of a stream of the test upstream

our $usage = "X-Test-Prompt-Tokens: 7\nX-Test-Completion-Tokens: 11";

sub whole {
    return { body => $answer,
             headers => { 'Content-Type' => 'application/json' } };
}

sub chat { "POST /v1/chat/completions\n" . shift }

# the records of a FastCGI answer

sub fastcgi {
    my $text = "Content-Type: application/json\r\n\r\n" . shift;

    my $record = sub {
        my ($type, $data) = @_;
        return pack 'CCnnCx a*', 1, $type, 1, length $data, 0, $data;
    };

    return $record->(6, $text) . $record->(6, '')
           . $record->(3, "\0" x 8);
}

# with: what the metered location has besides

add_block_preprocessor(sub {
    my $block = shift;

    return if defined $block->config;

    my $with = $block->with // '';

    $block->set_value(config => <<END);
    location /v1/ {
        llm_cost on;
        $with
        proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
    }
    location /llm/ { llm_api; }
END
});

run_tests();

__DATA__

=== TEST 1: sub_filter rewrites an answer
--- with
sub_filter_types *;
sub_filter_once off;
sub_filter tok token;
--- request eval
main::chat($main::json)
--- upstream eval
main::whole()
--- response_body_like: "content":"a token"
--- response_headers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 2: sub_filter rewrites a stream
--- with
sub_filter_types *;
sub_filter_once off;
sub_filter tok token;
--- request eval
main::chat($main::sse)
--- more_headers eval
$main::usage
--- response_body_like: ^(?!.*"prompt_tokens").*token
--- trailers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 3: addition puts something behind an answer
--- config
    location /v1/ {
        llm_cost on;
        addition_types *;
        add_after_body /after;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
    location /after { return 200 "\n"; }
--- request eval
main::chat($main::json)
--- upstream eval
main::whole()
--- response_body_like: "completion_tokens":11\}\}
--- response_headers
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 4: a metered location as another one's subrequest
--- config
    location = /page {
        llm_cost on;
        addition_types *;
        add_after_body /v1/chat/completions;
        return 200 "page ";
    }
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_method POST;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
GET /page
--- error_code: 200
--- response_body_like: ^page



=== TEST 5: bodies in a file, and a stream's usage asked for in it
--- with
client_body_in_file_only clean;
--- request eval
main::chat($main::sse)
--- more_headers eval
$main::usage
--- upstream_requests_like
"include_usage":true
--- trailers
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 6: bodies in one buffer, of sixteen bytes, through threads
--- http_config
    aio threads;
    sendfile on;
    client_body_buffer_size 16;
    client_body_in_single_buffer on;
--- request eval
main::chat($main::sse)
--- more_headers eval
$main::usage
--- upstream_requests_like
"include_usage":true
--- trailers
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 7: a client that waits for 100 Continue
--- raw_request eval
["POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
 . "Expect: 100-continue\r\nContent-Length: " . length($main::json)
 . "\r\nX-Test-Prompt-Tokens: 7\r\nX-Test-Completion-Tokens: 11\r\n\r\n",
 $main::json]
--- raw_request_middle_delay: 0.1
--- ignore_response
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 8: a body that does not come in time holds nothing
--- with
llm_budget daily limit=1usd period=day;
client_body_timeout 100ms;
--- raw_request eval
"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
. "Content-Length: 100\r\n\r\n{"
--- ignore_response
--- log_lines
408 in=- out=- cost=0.000000000 src=none
--- upstream_count: 0



=== TEST 9: what post_action asks for later is not the answer
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        post_action /later;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
    location = /later {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT/v1/later;
    }
    location /llm/ { llm_api; }
--- request eval
[main::chat($main::json), 'GET /llm/budgets']
--- more_headers eval
$main::usage
--- response_body_like eval
['"usage"', '"spent":0.00000765,"reserved":0,']



=== TEST 10: limit_rate holds the answer back
--- with
limit_rate 4k;
--- request eval
main::chat($main::sse)
--- more_headers eval
$main::usage
--- trailers
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 11: SCGI
--- config
    location /v1/ {
        llm_cost on;
        scgi_param REQUEST_METHOD $request_method;
        scgi_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_reply eval
"Status: 200 OK\r\nContent-Type: application/json\r\n\r\n$main::answer"
--- request eval
main::chat($main::json)
--- response_body eval
$main::answer
--- response_headers
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 12: uwsgi
--- config
    location /v1/ {
        llm_cost on;
        uwsgi_param REQUEST_METHOD $request_method;
        uwsgi_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_reply eval
"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n$main::answer"
--- request eval
main::chat($main::json)
--- response_body eval
$main::answer
--- response_headers
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 13: FastCGI
--- config
    location /v1/ {
        llm_cost on;
        fastcgi_param REQUEST_METHOD $request_method;
        fastcgi_param CONTENT_LENGTH $content_length;
        fastcgi_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_reply eval
main::fastcgi($main::answer)
--- request eval
main::chat($main::json)
--- response_body eval
$main::answer
--- response_headers
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 14: there are no ranges of an answer
--- with
proxy_force_ranges on;
--- request eval
main::chat($main::json)
--- more_headers
Range: bytes=0-8
--- upstream eval
main::whole()
--- response_body eval
$main::answer
--- response_headers
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 15: a named location, and a path that is rewritten
--- config
    location /openai/ {
        rewrite ^/openai(/.*)$ $1 break;
        try_files /none @llm;
    }
    location @llm {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request eval
"POST /openai/v1/chat/completions\n$main::json"
--- upstream eval
main::whole()
--- response_headers
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 16: auth_basic says who pays
--- with
llm_user $remote_user;
llm_budget user key=$remote_user limit=1usd period=day;
auth_basic llm;
auth_basic_user_file ../html/users;
--- user_files
>>> users
ann:{PLAIN}pw
--- request eval
[main::chat($main::json), main::chat($main::json), 'GET /llm/budgets']
--- more_headers eval
["Authorization: Basic YW5uOnB3", "Authorization: Basic YW5uOng=", ""]
--- upstream eval
main::whole()
--- error_code eval
[200, 401, 200]
--- response_body_like eval
['usage', '401', '"key":"ann".*"spent":0.00000765,"reserved":0,']
--- upstream_count: 1



=== TEST 17: no chunks in an answer of HTTP/1.1, hence no trailers
--- with
chunked_transfer_encoding off;
--- request eval
main::chat($main::sse)
--- more_headers eval
$main::usage
--- response_body_like: \[DONE\]
--- response_headers
! Trailer
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 18: trailers of others beside ours
--- with
add_trailer X-Of-Others $upstream_status;
--- request eval
main::chat($main::sse)
--- more_headers eval
$main::usage
--- trailers
X-Of-Others: 200
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 19: limit_req refuses before we ask
--- http_config
    limit_req_zone $server_name zone=r:64k rate=1r/m;
--- with
llm_budget daily limit=1usd period=day;
limit_req zone=r;
limit_req_status 429;
--- request eval
[main::chat($main::json), main::chat($main::json)]
--- upstream eval
main::whole()
--- error_code eval
[200, 429]
--- upstream_count: 1
--- log_lines eval
['200 in=7 out=11 cost=0.000007650 src=upstream',
 '429 in=- out=- cost=- src=-']

