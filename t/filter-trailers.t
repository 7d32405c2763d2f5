# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Trailers: on HTTP/1.1 in chunks and on HTTP/2; nothing of it elsewhere.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

no_long_string();
log_llm();

our $stream = 'data: {"model":"gpt-4o-mini","choices":[{"index":0,"delta":'
            . '{"content":"tok"},"finish_reason":"stop"}]}' . "\n\n"
            . 'data: {"choices":[],"usage":{"prompt_tokens":7,'
            . '"completion_tokens":11}}' . "\n\ndata: [DONE]\n\n";

our $bare = $stream;
$bare =~ s/data: \{"choices":\[\],.*?\n\n//;

sub sse {
    my %more = @_;

    return { body => $stream, framing => 'chunked', %more,
             headers => { 'Content-Type' => 'text/event-stream',
                          %{$more{headers} // {}} } };
}

run_tests();

__DATA__

=== TEST 1: announced, one line a name
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse()
--- raw_response_headers_like eval
"\r\nTrailer: X-Output-Tokens\r\nTrailer: X-Cost-USD\r\n"
--- response_headers
Transfer-Encoding: chunked
! Content-Length
--- response_body eval
$main::bare
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 2: and sent
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse()
--- trailers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650
! X-Model



=== TEST 3: HTTP/2
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- h2
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse()
--- response_headers
X-Model: gpt-4o-mini
--- response_body eval
$main::bare
--- trailers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 4: HTTP/2, JSON: headers, no trailers
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- h2
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- response_headers
X-Output-Tokens: 5
X-Cost-USD: 0.000004500
--- trailers
! X-Output-Tokens
--- log_lines
200 in=10 out=5 cost=0.000004500 src=upstream



=== TEST 5: HTTP/1.0
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions HTTP/1.0
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse()
--- response_headers
! Trailer
! Transfer-Encoding
! Content-Length
X-Input-Tokens: 8
--- response_body eval
$main::bare
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 6: chunks are turned off
--- config
    location /v1/ {
        llm_cost on;
        chunked_transfer_encoding off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse()
--- response_headers
! Trailer
! Transfer-Encoding
--- response_body eval
$main::bare
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 7: headers are turned off
--- config
    location /v1/ {
        llm_cost on;
        llm_headers off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse()
--- response_headers
! Trailer
! X-Model
--- response_body eval
$main::bare
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 8: a stream of known length
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse(framing => 'length', headers => { ETag => '"1"' })
--- response_headers
! Content-Length
! ETag
--- response_body eval
$main::bare
--- trailers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650



=== TEST 9: ... with no end of chunks to put trailers at, and a part cut out
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions HTTP/1.0
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse(framing => 'length')
--- response_headers
! Content-Length
--- response_body eval
$main::bare



=== TEST 10: nothing is cut out: the length stays where trailers do not go
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions HTTP/1.0
{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse(framing => 'length')
--- response_headers eval
'Content-Length: ' . length $main::stream
--- response_body eval
$main::stream



=== TEST 11: a price that is not known has no trailer
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"my-own","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse()
--- trailers
X-Output-Tokens: 11
! X-Cost-USD
--- log_lines
200 in=7 out=11 cost=- src=upstream



=== TEST 12: upstream's own trailers do not pass for ours
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse(trailers => { 'X-Cost-USD' => '5', 'X-Output-Tokens' => '5' })
--- trailers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650



=== TEST 13: keep-alive goes on behind a stream
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
    location /next { return 200 "next\n"; }
--- pipelined_requests eval
["POST /v1/chat/completions\n" . '{"model":"gpt-4o-mini","stream":true,'
 . '"messages":[{"role":"user","content":"hi"}]}', 'GET /next']
--- upstream eval
main::sse()
--- response_body eval
[$main::bare, "next\n"]
