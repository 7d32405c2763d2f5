# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Streams: passed on at once and byte for byte, read from any split, the usage
# that was asked for by us hidden from who did not ask.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

no_long_string();
all_ways();
log_llm();

our @events = (
    { model => 'gpt-4o-mini-2024-07-18', choices => [{ index => 0,
      delta => { role => 'assistant', content => '' } }] },
    { model => 'gpt-4o-mini-2024-07-18', choices => [{ index => 0,
      delta => { content => 'Hello' } }] },
    { model => 'gpt-4o-mini-2024-07-18', choices => [{ index => 0,
      delta => { content => " w\x{f6}rld" } }] },
    { model => 'gpt-4o-mini-2024-07-18', choices => [{ index => 0,
      delta => {}, finish_reason => 'stop' }] },
);

our $usage = { model => 'gpt-4o-mini-2024-07-18', choices => [],
               usage => { prompt_tokens => 7, completion_tokens => 11 } };

my $json = JSON::PP->new->ascii->canonical;

sub lines {
    my ($end, @events) = @_;
    return map { 'data: ' . (ref $_ ? $json->encode($_) : $_) . $end x 2 }
               @events;
}

# the stream as upstream sends it, and as who did not ask for usage gets it

sub full { join '', lines($_[0] // "\n", @events, $usage, '[DONE]') }
sub bare { join '', lines($_[0] // "\n", @events, '[DONE]') }

# upstream's answer: one text, so that its writes are cut as ways() says

sub sse {
    my ($text, %more) = @_;

    my %option = exists $more{splits} ? (splits => delete $more{splits}) : ();

    return main::ways({ headers => { 'Content-Type' => 'text/event-stream' },
                        body => [$text], %more }, %option);
}

# ... and in one write, as a chunk for each text

sub chunks {
    my $body = join '', map { sprintf "%x\r\n%s\r\n", length, $_ } @_;

    return { raw => "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                    . "Transfer-Encoding: chunked\r\n\r\n${body}0\r\n\r\n" };
}

run_tests();

__DATA__

=== TEST 1: the client asked for usage: nothing is touched
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","max_tokens":50,"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse(main::full())
--- response_headers
Content-Type: text/event-stream
X-Model: gpt-4o-mini
X-Input-Tokens: 8
X-Budget-Name: daily
! X-Output-Tokens
! X-Cost-USD
--- response_body eval
main::full()
--- trailers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 2: the client did not ask: the usage event is cut out, nothing else
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse(main::full())
--- upstream_requests_like: "include_usage":true
--- response_body eval
main::bare()
--- trailers
X-Output-Tokens: 11
X-Cost-USD: 0.000007650
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 3: CRLF
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse(main::full("\r\n"))
--- response_body eval
main::bare("\r\n")
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 4: a lone CR ends lines
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse(main::full("\r"))
--- response_body eval
main::bare("\r")
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 5: comments, other fields, a mark in front, data in several lines
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
@main::e = main::lines("\n", @main::events);
$main::before = "\xef\xbb\xbf: hello\n\n$main::e[0]: ping\n\nid: 7\n$main::e[1]"
            . "data: {\"choices\":\ndata: []}\n\n$main::e[3]: ping\n";
$main::after = ": bye\n\n" . CORE::join('', main::lines("\n", '[DONE]'));
main::sse($main::before . "\n" . CORE::join('', main::lines("\n", $main::usage))
          . $main::after)
--- response_body eval
$main::before . "\n" . $main::after
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 6: usage with the last choice is not cut out
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
$main::last = { %{$main::events[3]}, usage => $main::usage->{usage} };
$main::all = CORE::join '', main::lines("\n", @main::events[0 .. 2], $main::last,
                                      '[DONE]');
main::sse($main::all)
--- response_body eval
$main::all
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 7: the stream ends in the middle of the usage event
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
$main::text = CORE::join '', main::lines("\n", @main::events, $main::usage);
main::sse(substr $main::text, 0, -2)
--- response_body eval
CORE::join '', main::lines("\n", @main::events)
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 8: ... and of another one
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse(main::full() . 'data: {"ch')
--- response_body eval
main::bare() . 'data: {"ch'
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 9: no usage at all: counted, and marked
--- config
    location /v1/ {
        llm_cost on;
        llm_usage_inject off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse(main::bare())
--- upstream_requests_unlike: include_usage
--- response_body eval
main::bare()
--- trailers_like
X-Output-Tokens: [34567]
--- log_lines eval
qr/^200 in=8 out=[34567] cost=0\.00000\d+ src=counted$/



=== TEST 10: an event longer than what is kept back
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
$main::long = { choices => [{ index => 0, delta => { content => 'a' x 100000 }
            }] };
$main::text = CORE::join '', main::lines("\n", $main::events[0], $main::long,
                                       $main::usage, '[DONE]');
main::sse($main::text, splits => [0, 1000])
--- response_body eval
$main::text
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 11: an endless line
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ headers => { 'Content-Type' => 'text/event-stream' },
             body => ['data: ' . 'x' x 100000 . "\n\n" . main::full()] },
           splits => [0, 20000])
--- response_body_like: \[DONE\]
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 12: upstream breaks off
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ headers => { 'Content-Type' => 'text/event-stream' },
             body => [main::lines("\n", @main::events[0 .. 2]),
                      { close => 1 }] })
--- ignore_response
--- error_log
upstream prematurely closed connection
--- log_lines eval
qr/^200 in=8 out=[34567] cost=0\.00000\d+ src=lost$/



=== TEST 13: ... without saying so: no [DONE], no reason to finish
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse(CORE::join('', main::lines("\n", @main::events[0 .. 2])),
          framing => 'close')
--- response_body eval
CORE::join('', main::lines("\n", @main::events[0 .. 2]))
--- log_lines eval
qr/^200 in=8 out=[34567] cost=0\.00000\d+ src=lost$/



=== TEST 14: an error in the middle
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
$main::text = CORE::join '', main::lines("\n", @main::events[0 .. 1],
                                       { error => { message => 'oh' } });
main::sse($main::text)
--- response_body eval
$main::text
--- log_lines eval
qr/^200 in=8 out=[1-5] cost=0\.00000\d+ src=lost$/



=== TEST 15: events that are not JSON
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse("data: {{{\n\ndata:\n\ndata: \x00\xff\n\nevent\n\n" . main::full())
--- response_body eval
"data: {{{\n\ndata:\n\ndata: \x00\xff\n\nevent\n\n" . main::bare()
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 16: an empty stream
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse('')
--- response_body chomp
--- log_lines
200 in=8 out=0 cost=0.000001200 src=lost



=== TEST 17: each event arrives before the next one is sent
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
@main::l = main::lines("\n", map { { choices => [{ index => 0, delta =>
            { content => "word$_" } }] } } 1 .. 4);
main::ways({ headers => { 'Content-Type' => 'text/event-stream' },
    body => [(map { ($main::l[$_ - 1], { seen => "word$_" }) } 1 .. 4),
             ": heartbeat\n\n", { seen => 'heartbeat' },
             main::lines("\n", $main::usage, '[DONE]')] })
--- response_body eval
CORE::join '', @main::l, ": heartbeat\n\n", main::lines("\n", '[DONE]')
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 18: the client leaves: what came is billed
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ headers => { 'Content-Type' => 'text/event-stream' },
             body => [main::lines("\n", @main::events[0 .. 2]),
                      { wait => 'abort' }] })
--- abort
--- timeout: 800ms
--- ignore_response
--- upstream_abort
--- log_lines eval
qr/^\d+ in=8 out=[34567] cost=0\.00000\d+ src=counted$/



=== TEST 19: more events than any buffer holds
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
$main::many = CORE::join('', main::lines("\n", $main::events[1])) x 1000;
main::ways({ headers => { 'Content-Type' => 'text/event-stream' },
             body => [$main::many . main::full()] }, splits => [0, 5000])
--- response_body eval
$main::many . main::bare()
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 20: ... with nothing to hide, and no chunks to tell them apart
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
@main::l = main::lines("\n", map { { choices => [{ index => 0, delta =>
            { content => "word$_" } }] } } 1 .. 4);
main::ways({ headers => { 'Content-Type' => 'text/event-stream' },
    body => [(map { ($main::l[$_ - 1], { seen => "word$_" }) } 1 .. 4),
             ": heartbeat\n\n", { seen => 'heartbeat' },
             main::lines("\n", $main::usage, '[DONE]')], framing => 'close' })
--- response_body eval
CORE::join '', @main::l, ": heartbeat\n\n",
              main::lines("\n", $main::usage, '[DONE]')
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 21: what is kept for the cache is what the client got
--- config
    location /v1/ {
        llm_cost on;
        llm_cache on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
Authorization: Bearer x
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
[main::sse(main::full())->[4]]
--- response_body eval
main::bare()
--- log_lines eval
['200 in=7 out=11 cost=0.000007650 src=upstream',
 ('200 in=7 out=11 cost=0.000000000 src=cache') x 5]
--- upstream_count: 1



=== TEST 22: a stream that broke off is not kept
--- config
    location /v1/ {
        llm_cost on;
        llm_cache on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
Authorization: Bearer x
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::sse(CORE::join('', main::lines("\n", @main::events[0 .. 2])),
          framing => 'close')
--- response_body eval
CORE::join('', main::lines("\n", @main::events[0 .. 2]))
--- log_lines eval
qr/^200 in=8 out=[34567] cost=0\.00000\d+ src=lost$/



=== TEST 23: an event longer than what is kept back, in many buffers at once
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
$main::long = { choices => [{ index => 0, delta => { content => 'a' x 100000 }
            }] };
$main::text = CORE::join '', main::lines("\n", $main::events[0], $main::long,
                                       $main::usage, '[DONE]');
main::chunks($main::text =~ /(.{1,100})/gs)
--- response_body eval
$main::text
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream



=== TEST 24: the usage has a buffer of its own behind others that wait
--- config
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::chunks(main::lines("\n", @main::events, $main::usage, '[DONE]'))
--- response_body eval
main::bare()
--- log_lines
200 in=7 out=11 cost=0.000007650 src=upstream
