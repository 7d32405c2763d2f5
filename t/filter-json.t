# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# JSON answers: held until they are whole, every header there, the bytes as
# upstream sent them; an answer that breaks off is a 502.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

no_long_string();
all_ways();
log_llm();

our $usage = '"usage" : { "prompt_tokens":7, "completion_tokens": 11 }';

our $start = '{ "model":"gpt-4o-mini-2024-07-18", "choices":[ {"index":0,'
           . '"message":{"role":"assistant","content":"tok tok \u00e9 \ud83d'
           . '\ude00 \"}"},  "finish_reason":"stop"} ]';

our $answer = "$start,\n  $usage }\r\n";

# with a text of n bytes in front of the usage

sub answer_of {
    my $n = shift;

    my $text = 'and "so" on, {[: ' x ($n / 17 + 1);
    $text = substr $text, 0, $n;
    $text =~ s/"/\\"/g;

    return qq({"model":"gpt-4o-mini","choices":[{"index":0,"message":)
           . qq({"role":"assistant","content":"$text "},)
           . qq("finish_reason":"stop"}],$usage});
}

run_tests();

__DATA__

=== TEST 1: every header, and the bytes as they came
--- config
    location /v1/ {
        llm_cost on;
        llm_budget user key=$http_authorization limit=1usd period=day;
        llm_budget all limit=2usd period=day;
        llm_budget seen limit=0.1usd period=day mode=observe;
        llm_budget some limit=1000tokens period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
        add_header X-Added $llm_cost;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":50,"messages":[{"role":"user","content":"hi"}]}
--- more_headers
Authorization: Bearer x
--- upstream eval
main::ways({ body => $main::answer })
--- response_headers eval
CORE::join "\n", 'X-Model: gpt-4o-mini', 'X-Input-Tokens: 7',
    'X-Output-Tokens: 11', 'X-Cost-USD: 0.000007650', 'X-Budget-Name: user',
    'X-Added: 0.000007650', 'Content-Type: application/json',
    '! X-Cache', '! Trailer', '! X-Budget-Fit',
    'Content-Length: ' . length $main::answer
--- raw_response_headers_like: X-Budget-Remaining-USD: 0\.9999\d{5}\r\n
--- response_body eval
$main::answer
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 2: in chunks: no length, nothing else differs
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => [$main::answer] })
--- response_headers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650
! Content-Length
! Trailer
! X-Budget-Name
! X-Budget-Remaining-USD
--- response_body eval
$main::answer
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 3: until upstream closes
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => $main::answer, framing => 'close' })
--- response_headers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650
--- response_body eval
$main::answer
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 4: cut before its announced length: 502 in the client's dialect
--- config
    location /v1/ {
        llm_cost on;
        llm_budget all limit=2usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ headers => { 'Content-Length' => 100 }, framing => 'none',
             body => ['{"model":"a', { close => 1 }] })
--- error_code: 502
--- response_headers
X-Model: gpt-4o-mini
Content-Type: application/json
--- response_body_like: ^\{"error":\{"message":"The upstream server broke off .*
--- error_log
upstream prematurely closed connection
--- log_lines
502 in=8 out=0 cost=0.000001200 src=lost



=== TEST 5: cut inside a chunk
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => [$main::start, { close => 1 }] })
--- error_code: 502
--- response_body_like: ^\{"error":\{"message":"The upstream server broke off .*
--- error_log
upstream prematurely closed connection
--- log_lines eval
qr/^502 in=8 out=([3-9]|1\d) cost=0\.00000[2-9]\d+ src=lost$/



=== TEST 6: cut where only the JSON tells
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => $main::start, framing => 'close' })
--- error_code: 502
--- response_body_like: ^\{"error":\{"message":"The upstream server broke off .*
--- error_log
upstream closed the connection in the middle of a JSON answer
--- log_lines eval
qr/^502 in=8 out=([3-9]|1\d) cost=0\.00000[2-9]\d+ src=lost$/



=== TEST 7: reset
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => [$main::start, { rst => 1 }] })
--- error_code: 502
--- response_body_like: ^\{"error":\{"message":"The upstream server broke off .*
--- log_lines eval
qr/^502 in=8 out=([3-9]|1\d) cost=0\.00000[2-9]\d+ src=lost$/



=== TEST 8: upstream falls silent
--- config
    location /v1/ {
        llm_cost on;
        proxy_read_timeout 1s;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => [$main::start, { wait => 'abort' }] })
--- error_code: 502
--- response_body_like: ^\{"error":\{"message":"The upstream server broke off .*
--- error_log
upstream timed out
--- log_lines eval
qr/^502 in=8 out=([3-9]|1\d) cost=0\.00000[2-9]\d+ src=lost$/



=== TEST 9: cut: an error page does not take the place of the 502
--- config
    error_page 502 = @other;
    location @other {
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => [$main::start, { close => 1 }] })
--- error_code: 502
--- response_headers
X-Input-Tokens: 8
--- response_body_like: ^\{"error":\{"message":"The upstream server broke off .*
--- error_log
upstream prematurely closed connection
--- log_lines eval
qr/^502 in=8 out=([3-9]|1\d) cost=0\.00000[2-9]\d+ src=lost$/



=== TEST 10: one upstream fails, another answers: that answer is billed, once
--- config
    location /v1/ {
        llm_cost on;
        llm_budget all limit=2usd period=day;
        error_page 503 = @other;
        proxy_intercept_errors on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
        proxy_set_header X-Test-Script first;
    }
    location @other {
        llm_cost on;
        llm_budget all limit=2usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
        proxy_set_header X-Test-Script second;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
+{ scripts => {
    first => main::ways({ status => 503, body => $main::answer }),
    second => main::ways({ body => $main::answer }),
} }
--- response_headers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650
--- response_body eval
$main::answer
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 11: upstream's own error is passed as it is, and costs nothing
--- config
    location /v1/ {
        llm_cost on;
        llm_budget all limit=2usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ status => 429, body => $main::answer,
             headers => { 'Retry-After' => 7 } })
--- error_code: 429
--- response_headers
X-Model: gpt-4o-mini
Retry-After: 7
--- response_body eval
$main::answer
--- log_lines
429 in=0 out=0 cost=0.000000000 src=none



=== TEST 12: an error without JSON
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ status => 500, headers => { 'Content-Type' => 'text/html' },
             body => ['<html>no</html>'] })
--- error_code: 500
--- response_body chomp
<html>no</html>
--- log_lines
500 in=0 out=0 cost=0.000000000 src=none



=== TEST 13: what cannot be read is passed, and billed as reserved
--- config
    location /v1/ {
        llm_cost on;
        llm_budget all limit=2usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ headers => { 'Content-Type' => 'text/html' },
             body => '<html>portal</html>' })
--- response_headers
X-Model: gpt-4o-mini
! X-Cost-USD
--- response_body chomp
<html>portal</html>
--- log_lines
200 in=8 out=100 cost=0.000061200 src=counted



=== TEST 14: a coding that cannot be read
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ headers => { 'Content-Encoding' => 'br' }, body => 'xyz' })
--- response_headers
Content-Encoding: br
! X-Cost-USD
--- response_body chomp
xyz
--- log_lines
200 in=8 out=100 cost=0.000061200 src=counted



=== TEST 15: not JSON although it says so, but whole
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => "{'model': 1" })
--- response_body chomp
{'model': 1
--- log_lines
200 in=8 out=100 cost=0.000061200 src=counted



=== TEST 16: an empty answer
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => '' })
--- response_headers
Content-Length: 0
--- response_body chomp
--- log_lines
200 in=8 out=100 cost=0.000061200 src=counted



=== TEST 17: an empty answer in no chunks
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => [] })
--- response_body chomp
--- log_lines
200 in=8 out=100 cost=0.000061200 src=counted



=== TEST 18: 204
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ status => 204, framing => 'none', body => '' })
--- error_code: 204
--- response_headers
X-Model: gpt-4o-mini
--- log_lines
204 in=8 out=100 cost=0.000061200 src=counted



=== TEST 19: no usage: counted here, and marked
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ json => { model => 'gpt-4o-mini', choices => [{ index => 0,
    message => { role => 'assistant', content => 'Hello world' },
    finish_reason => 'stop' }], usage => undef } })
--- response_headers_like
X-Output-Tokens: [2-9]
X-Cost-USD: 0\.00000\d+
--- log_lines eval
qr/^200 in=8 out=[2-9] cost=0\.00000\d+ src=counted$/
--- no_error_log
[alert]
[error]



=== TEST 20: usage that nobody can have had
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
[ map { +{ body => qq({"model":"m","choices":[],"usage":$_}) } }
      '{"prompt_tokens":-1,"completion_tokens":-5}',
      '{"prompt_tokens":"7","completion_tokens":1e18}',
      '{"prompt_tokens":7.5,"completion_tokens":1e400}',
      '[1,2]', '"many"', '{"prompt_tokens":{}}' ]
--- response_body_like: ^\{"model":"m"
--- no_error_log
[alert]
[crit]



=== TEST 21: longer than what is held: passed on, usage in a trailer
--- config
    location /v1/ {
        llm_cost on;
        llm_max_response 4k;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => [main::answer_of(30000)] }, splits => [0, 1000, 4096])
--- response_headers
X-Model: gpt-4o-mini
X-Input-Tokens: 8
! X-Output-Tokens
! X-Cost-USD
--- trailers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650
--- response_body eval
main::answer_of(30000)
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 22: the same, and its length is known: it stays
--- config
    location /v1/ {
        llm_cost on;
        llm_max_response 4k;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => main::answer_of(30000) }, splits => [0, 1000, 4096])
--- response_headers eval
CORE::join "\n", 'X-Model: gpt-4o-mini', '! Trailer', '! X-Cost-USD',
     'Content-Length: ' . length main::answer_of(30000)
--- response_body eval
main::answer_of(30000)
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 23: as long as may be held, to the byte
--- config
    location /v1/ {
        llm_cost on;
        llm_max_response 4k;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
our $n = 3000 + 4096 - length main::answer_of(3000);
$n-- while length main::answer_of($n) > 4096;
main::ways({ body => [main::answer_of($n) . ' ' x (4096 -
             length main::answer_of($n))] }, splits => [0, 100, 1024])
--- response_headers
X-Output-Tokens: 11
! Trailer
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 24: too long, and cut
--- config
    location /v1/ {
        llm_cost on;
        llm_max_response 4k;
        llm_budget all limit=2usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => [substr(main::answer_of(30000), 0, 20000),
                      { close => 1 }] }, splits => [0, 1000])
--- ignore_response
--- error_log
upstream prematurely closed connection
--- log_lines
200 in=8 out=100 cost=0.000061200 src=lost



=== TEST 25: 100 KB through small buffers
--- config
    location /v1/ {
        llm_cost on;
        proxy_buffers 8 4k;
        proxy_buffer_size 4k;
        proxy_busy_buffers_size 4k;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => main::answer_of(100000) }, splits => [0, 4096])
--- response_headers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650
--- response_body eval
main::answer_of(100000)
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 26: embeddings
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/embeddings
{"model":"text-embedding-3-small","input":"hello"}
--- upstream eval
main::ways({ body => '{"object":"list","data":[{"object":"embedding","index":'
           . '0,"embedding":[' . CORE::join(',', map { $_ / 7 } 1 .. 3000)
           . ']}],"model":"text-embedding-3-small","usage":{"prompt_tokens":4,'
           . '"total_tokens":4}}' }, splits => [0, 1000])
--- response_headers
X-Input-Tokens: 4
X-Output-Tokens: 0
X-Cost-USD: 0.000000080
--- log_lines
200 in=4 out=0 cost=0.000000080 src=upstream



=== TEST 27: no header of ours comes from upstream, none holds what it must not
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"a\u00e9 b","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => $main::answer, headers => {
    'X-Cost-USD' => '1000', 'x-budget-name' => 'none', 'X-Cache' => 'HIT' } })
--- raw_response_headers_like: X-Model: a b\r\n
--- raw_response_headers_unlike: (?i)1000|x-budget-name|X-Cache
--- response_body eval
$main::answer



=== TEST 28: llm_headers off: nothing is added, nothing is removed
--- config
    location /v1/ {
        llm_cost on;
        llm_headers off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => $main::answer, headers => { 'X-Cost-USD' => '1000' } })
--- response_headers
X-Cost-USD: 1000
! X-Model
! X-Input-Tokens
! X-Output-Tokens
--- response_body eval
$main::answer
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 29: an answer of nginx's own cache costs nothing
--- http_config
    proxy_cache_path html/cache keys_zone=c:1m;
--- config
    location /v1/ {
        llm_cost on;
        llm_budget all limit=2usd period=day;
        proxy_cache c;
        proxy_cache_methods POST;
        proxy_cache_key $request_uri;
        proxy_cache_valid 200 1h;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
[{ body => main::answer_of(100000) }]
--- response_body eval
main::answer_of(100000)
--- log_lines eval
['200 in=7 out=11 cost=0.000007650 src=upstream',
 ('200 in=0 out=0 cost=0.000000000 src=none') x 5]
--- upstream_count: 1



=== TEST 30: X-Accel-Redirect: what is sent instead is not upstream's answer
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
    location /inner { internal; return 200 "inner\n"; }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => $main::answer,
             headers => { 'X-Accel-Redirect' => '/inner' } })
--- response_body
inner
--- response_headers
! X-Cost-USD
--- log_lines
200 in=8 out=0 cost=0.000001200 src=lost



=== TEST 31: upstream's error behind proxy_intercept_errors
--- config
    error_page 500 /broken.html;
    location = /broken.html { return 500 "broken\n"; }
    location /v1/ {
        llm_cost on;
        llm_budget all limit=2usd period=day;
        proxy_intercept_errors on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ status => 500, body => $main::answer })
--- error_code: 500
--- response_body
broken
--- log_lines
500 in=0 out=0 cost=0.000000000 src=none



=== TEST 32: HTTP/1.0
--- config
    location /v1/ {
        llm_cost on;
        llm_max_response 1k;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions HTTP/1.0
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => [main::answer_of(3000)] }, splits => [0, 100])
--- response_headers
! Trailer
! Transfer-Encoding
--- response_body eval
main::answer_of(3000)
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 33: trailers are announced, a line a name
--- config
    location /v1/ {
        llm_cost on;
        llm_max_response 1k;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => [main::answer_of(3000)] }, splits => [0, 100])
--- raw_response_headers_like eval
"\r\nTrailer: X-Output-Tokens\r\nTrailer: X-Cost-USD\r\n"
--- response_body eval
main::answer_of(3000)



=== TEST 34: a client that leaves while its answer is held
--- config
    location /v1/ {
        llm_cost on;
        llm_client_abort drain=50ms;
        llm_budget all limit=2usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => [$main::start, { wait => 'abort' }] })
--- abort
--- timeout: 300ms
--- ignore_response
--- log_lines
499 in=8 out=100 cost=0.000061200 src=counted
