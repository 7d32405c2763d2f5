# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Compressed answers: read beside their way, passed on as they are.  What
# cannot be read is not asked for.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

use Compress::Zlib ();

no_long_string();
all_ways();
log_llm();

our $answer = '{"model":"gpt-4o-mini","choices":[{"index":0,"message":{'
            . '"role":"assistant","content":"' . 'tok ' x 50 . '"},'
            . '"finish_reason":"stop"}],"usage":{"prompt_tokens":7,'
            . '"completion_tokens":11}}';

our $stream = 'data: {"model":"gpt-4o-mini","choices":[{"index":0,"delta":'
            . '{"content":"tok"},"finish_reason":"stop"}]}' . "\n\n"
            . 'data: {"choices":[],"usage":{"prompt_tokens":7,'
            . '"completion_tokens":11}}' . "\n\ndata: [DONE]\n\n";

sub gz { Compress::Zlib::memGzip($_[0]) }
sub zl { Compress::Zlib::compress($_[0]) }

# an answer that is coded already

sub coded {
    my ($coding, $bytes, %more) = @_;

    my %option = exists $more{splits} ? (splits => delete $more{splits}) : ();

    return main::ways({ %more, body => $bytes,
                        headers => { 'Content-Encoding' => $coding,
                                     %{$more{headers} // {}} } }, %option);
}

our $sse = { headers => { 'Content-Type' => 'text/event-stream' } };

run_tests();

__DATA__

=== TEST 1: gzip, length known
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
Accept-Encoding: gzip
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::coded('gzip', main::gz($main::answer))
--- upstream_requests_like: Accept-Encoding: gzip
--- response_headers eval
CORE::join "\n", 'Content-Encoding: gzip', 'X-Output-Tokens: 11',
    'X-Cost-USD: 0.000007650',
    'Content-Length: ' . length main::gz($main::answer)
--- response_body eval
main::gz($main::answer)
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 2: gzip in chunks, in several members
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
Accept-Encoding: gzip
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::coded('x-gzip', [main::gz(substr $main::answer, 0, 30)
                       . main::gz(substr $main::answer, 30)])
--- response_headers
X-Output-Tokens: 11
--- response_body eval
main::gz(substr $main::answer, 0, 30) . main::gz(substr $main::answer, 30)
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 3: deflate, and nothing but padding behind gzip's end
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
Accept-Encoding: gzip
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
[@{main::coded('deflate', main::zl($main::answer))}[0, 1, 4],
 @{main::coded('gzip', main::gz($main::answer) . "\0" x 20)}[0, 1, 4]]
--- response_headers
X-Output-Tokens: 11
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 4: the client takes no gzip, gunzip does it
--- config
    location /v1/ {
        llm_cost on;
        gunzip on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::coded('gzip', main::gz($main::answer))
--- response_headers
! Content-Encoding
X-Output-Tokens: 11
--- response_body eval
$main::answer
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 5: ... with a client that would, but only weighs it with 0
--- config
    location /v1/ {
        llm_cost on;
        gunzip on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
Accept-Encoding: br, gzip;q=0
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::coded('gzip', main::gz($main::answer))
--- upstream_requests_like
Accept-Encoding: gzip;q=0
--- response_headers
! Content-Encoding
X-Output-Tokens: 11
--- response_body eval
$main::answer
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 6: upstream's answer is plain, nginx compresses it for the client
--- config
    location /v1/ {
        llm_cost on;
        gzip on;
        gzip_types application/json;
        gzip_min_length 1;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
Accept-Encoding: br, gzip
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => $main::answer })
--- upstream_requests_like
Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
X-Output-Tokens: 11
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 7: codings that cannot be read are not asked for
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request eval
"POST /v1/chat/completions\n" . '{"model":"gpt-4o-mini","messages":'
. '[{"role":"user","content":"hi"}]}'
--- more_headers
Accept-Encoding: br;q=1.0, zstd , gzip;q=0.8,*;q=0.1, GZIPPED,, identity
accept-encoding: deflate
--- upstream eval
main::ways({ body => $main::answer })
--- upstream_requests_like eval
qr/\r\nAccept-Encoding: gzip;q=0.8, identity\r\naccept-encoding: identity\r\n/
--- response_body eval
$main::answer



=== TEST 8: without the header none is made up
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ body => $main::answer })
--- upstream_requests_unlike eval
[qr/accept-encoding/i]
--- response_body eval
$main::answer



=== TEST 9: a compressed stream
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
Accept-Encoding: gzip
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::coded('gzip', [main::gz($main::stream)], %$main::sse)
--- upstream_requests_like
Accept-Encoding: gzip
--- response_body eval
main::gz($main::stream)
--- trailers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 10: each event of it arrives before the next one is sent
--- config
    location /v1/ {
        llm_cost on;
        llm_usage_inject off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
Accept-Encoding: gzip
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
my ($first, $rest) = $main::stream =~ /^(.*?\n\n)(.*)$/s;
main::ways({ %$main::sse, gzip => 1,
             body => [$first, { seen => "\x1f\x8b" }, $rest] })
--- response_headers
Content-Encoding: gzip
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 11: a stream that usage is cut out of is not asked for compressed
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
Accept-Encoding: gzip, br
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ %$main::sse, body => [$main::stream] })
--- upstream_requests_like
Accept-Encoding: identity
--- response_body_like: ^data: (?!.*usage).*\[DONE\]\n\n$
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 12: and if it comes compressed all the same, it is read
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::coded('gzip', [main::gz($main::stream)], %$main::sse)
--- response_body eval
main::gz($main::stream)
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 13: not what it says
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::coded('gzip', $main::answer)
--- response_body eval
$main::answer
--- error_log
answer is not read any further: it is invalid
--- log_lines
200 in=8 out=100 cost=0.000061200 src=counted



=== TEST 14: cut before gzip's end, where nothing else tells
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::coded('gzip', [substr main::gz($main::answer), 0, -10],
            framing => 'close')
--- error_code: 502
--- response_headers
! Content-Encoding
--- response_body_like: ^\{"error":
--- error_log
upstream closed the connection in the middle
--- log_lines eval
qr/^502 in=7 out=[1-9]\d* cost=0\.0000[0-5]\d+ src=lost$/



=== TEST 15: it swells too much: passed on, not read to the end
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::coded('gzip', main::gz('{"a":"' . ' ' x 20_000_000 . '"}'),
            splits => [0])
--- response_body eval
main::gz('{"a":"' . ' ' x 20_000_000 . '"}')
--- error_log
answer is not read any further: it swells too much
--- log_lines
200 in=8 out=100 cost=0.000061200 src=counted



=== TEST 16: small as it came, too large to be held decoded: usage is read
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
$main::big = $main::answer;
$main::big =~ s/tok /tok / && $main::big =~ s/"content":"/'"content":"' . 'tok ' x 25000/e;
main::coded('gzip', main::gz($main::big))
--- response_headers
X-Output-Tokens: 11
--- response_body eval
main::gz($main::big)
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 17: a compressed answer that is too large to be held
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
$main::x = 1;
$main::noise = CORE::join '', map {
    $main::x = ($main::x * 1103515245 + 12345) % 2 ** 31;
    chr 97 + ($main::x >> 16) % 26 } 1 .. 5000;
$main::big = $main::answer;
$main::big =~ s/"content":"/"content":"$main::noise/;
main::coded('gzip', [main::gz($main::big)])
--- timeout: 15s
--- response_body eval
main::gz($main::big)
--- trailers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 18: the second member is broken: what is missing cannot be known
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
$main::broken = main::gz('x' x 100);
substr $main::broken, -8, 4, "\xff\xff\xff\xff";
main::coded('gzip', main::gz($main::answer) . $main::broken)
--- error_log
answer is not read any further: it is invalid
--- log_lines
200 in=8 out=100 cost=0.000061200 src=counted
