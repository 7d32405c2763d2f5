# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Anthropic's messages: usage in two events of a stream, member by member the
# later one; cache writes for five minutes and for an hour; errors of its own.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

no_long_string();
log_llm();

my $json = JSON::PP->new->ascii->canonical;

sub message {
    return { type => 'message', id => 'msg_1', role => 'assistant',
             model => 'claude-test-1', stop_reason => 'end_turn',
             content => [{ type => 'text', text => 'Hello wide world' }], @_ };
}

sub event {
    my %event = @_;
    return "event: $event{type}\ndata: " . $json->encode(\%event) . "\n\n";
}

sub delta {
    my $text = $json->encode($_[0]);
    my $pad = ' ' x length $_[0];

    return "event: content_block_delta\ndata: {\"type\":"
           . '"content_block_delta","index":0,"delta":{"type":"text_delta",'
           . "\"text\":$text}$pad}\n\n";
}

our $usage = { input_tokens => 100, cache_read_input_tokens => 200,
               cache_creation_input_tokens => 50, output_tokens => 3,
               cache_creation => { ephemeral_5m_input_tokens => 10,
                                   ephemeral_1h_input_tokens => 40 },
               service_tier => 'standard' };

our $start = event(type => 'message_start',
                   message => message(content => [], stop_reason => undef,
                                      usage => $usage));

our @text = (event(type => 'content_block_start', index => 0,
                   content_block => { type => 'text', text => '' }),
             event(type => 'ping'),
             map { delta($_) } 'Hello', ' wide', ' world');

our @end = (event(type => 'content_block_stop', index => 0),
            event(type => 'message_delta', delta => { stop_reason => 'end_turn'
                  }, usage => { output_tokens => 20 }),
            event(type => 'message_stop'));

# a stream in pieces of 7 bytes

sub stream {
    return { headers => { 'Content-Type' => 'text/event-stream' },
             body => [join '', @_], split => 7 };
}

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(http_config => ($block->http_config // '') . <<'END');
    llm_price claude-test-1 input=1 output=5 cached_input=0.1 cache_write=1.25
              cache_write_1h=2;
END

    my $more = $block->location // '';
    $more .= 'llm_budget daily limit=1usd period=day;'
        if $more !~ /llm_budget/;

    $block->set_value(config => <<END);
    location /v1/ {
        llm_cost on;
        $more
        proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
    }
END

    if (defined $block->refused) {
        my $text = $block->refused;
        chomp $text;
        $block->set_value(error_code => 400);
        $block->set_value(upstream_count => 0);
        $block->set_value(response_body_like =>
            qr/^\{"type":"error","error":\{"type":"invalid_request_error","message":"\Q$text\E/);
    }
});

run_tests();

__DATA__

=== TEST 1: usage of a JSON answer, each rate for its tokens
--- upstream eval
{ json => main::message(usage => { %$main::usage, output_tokens => 20 }) }
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- response_headers
X-Input-Tokens: 350
X-Output-Tokens: 20
X-Cost-USD: 0.000312500
--- log_lines
200 in=350 out=20 cost=0.000312500 src=upstream



=== TEST 2: a stream: input from its begin, output from its end
--- upstream eval
main::stream($main::start, @main::text, @main::end)
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"hi"}]}
--- response_body eval
CORE::join('', $main::start, @main::text, @main::end)
--- trailers
X-Cost-USD: 0.000312500
--- log_lines
200 in=350 out=20 cost=0.000312500 src=upstream



=== TEST 3: what the end repeats is larger, and holds
--- upstream eval
main::stream($main::start, @main::text,
    main::event(type => 'message_delta', delta => {}, usage => {
        input_tokens => 1100, output_tokens => 20,
        server_tool_use => { web_search_requests => 1 } }),
    main::event(type => 'message_stop'))
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"hi"}]}
--- log_lines
200 in=1350 out=20 cost=0.001312500 src=upstream



=== TEST 4: an error in the stream: input as said, the text is counted
--- upstream eval
main::stream($main::start, @main::text,
    main::event(type => 'error', error => { type => 'overloaded_error',
                                            message => 'Overloaded' }))
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"hi"}]}
--- log_lines
200 in=350 out=3 cost=0.000227500 src=lost



=== TEST 5: an advisor is billed beside it, at its own model's price
--- http_config
    llm_price claude-wise input=10 output=50;
--- upstream eval
{ json => main::message(usage => { input_tokens => 100, output_tokens => 20,
    iterations => [
        { type => 'message', input_tokens => 60, output_tokens => 10 },
        { type => 'advisor_message', model => 'claude-wise',
          input_tokens => 30, output_tokens => 4 },
        { type => 'message', input_tokens => 40, output_tokens => 10 }] }) }
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- log_lines
200 in=100 out=20 cost=0.000700000 src=upstream



=== TEST 6: passes that compact are not in the totals
--- upstream eval
{ json => main::message(usage => { input_tokens => 100, output_tokens => 20,
    iterations => [
        { type => 'compaction', input_tokens => 900, output_tokens => 80 },
        { type => 'message', input_tokens => 100, output_tokens => 20 }] }) }
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- log_lines
200 in=1000 out=100 cost=0.001500000 src=upstream



=== TEST 7: counting and looking at batches is free, one that holds nothing is none
--- upstream eval
{ json => { input_tokens => 5 } }
--- request eval
['POST /v1/messages/count_tokens
{"model":"claude-test-1","messages":[]}', 'GET /v1/messages/batches/b/results',
 'POST /v1/messages/batches
{"requests":[]}']
--- error_code eval
[200, 200, 400]
--- upstream_count: 2



=== TEST 8: a budget that is spent: 429, and no second try
--- location
llm_budget daily limit=0.0005usd period=day;
llm_fit off;
--- upstream eval
{ json => main::message(usage => { %$main::usage, output_tokens => 20 }) }
--- request eval
['POST /v1/messages
{"model":"claude-test-1","max_tokens":50,"messages":[{"role":"user","content":"hi"}]}',
 'POST /v1/messages
{"model":"claude-test-1","max_tokens":50,"messages":[{"role":"user","content":"hi"}]}']
--- error_code eval
[200, 429]
--- response_headers eval
['X-Input-Tokens: 350', 'x-should-retry: false']
--- response_body_like eval
['"message"', '^\{"type":"error","error":\{"type":"rate_limit_error","message":".*","code":"budget_exceeded"\}\}$']



=== TEST 9: marks of the cache make the reserve dearer
--- location
llm_budget daily limit=1usd period=day;
add_header X-Reserved $llm_reserved_cost;
--- upstream eval
{ json => main::message(usage => $main::usage) }
--- request eval
[map { 'POST /v1/messages
{"model":"claude-test-1","max_tokens":100,"messages":[{"role":"user","content":[{"type":"text","text":"hi"' . $_ . '}]}]}' }
 '', ',"cache_control":{"type":"ephemeral"}',
 ',"cache_control":{"type":"ephemeral","ttl":"1h"}']
--- error_code eval
[200, 200, 200]
--- response_headers eval
['X-Reserved: 0.000542000', 'X-Reserved: 0.000552500', 'X-Reserved: 0.000584000']



=== TEST 10: Vertex: the path says the model
--- location
llm_budget daily limit=1usd period=day;
llm_unknown_model reject;
--- upstream eval
{ json => main::message(usage => { %$main::usage, output_tokens => 20 }) }
--- request
POST /v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-test-1@20250101:rawPredict
{"anthropic_version":"vertex-2023-10-16","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- log_lines
200 in=350 out=20 cost=0.000312500 src=upstream



=== TEST 11: usage that cannot be is not believed, and never 0
--- upstream eval
{ json => main::message(usage => { input_tokens => -1,
                                   output_tokens => 'many' }) }
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- log_lines
200 in=8 out=3 cost=0.000023000 src=counted



=== TEST 12: no usage at all: counted
--- upstream eval
{ json => main::message() }
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- log_lines
200 in=8 out=3 cost=0.000023000 src=counted



=== TEST 13: no model
--- request
POST /v1/messages
{"max_tokens":5,"messages":[]}
--- refused
Invalid 'model': is required



=== TEST 14: no messages
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":5}
--- refused
Invalid 'messages': is required



=== TEST 15: messages of another type
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":5,"messages":["hi"]}
--- refused
Invalid 'messages': must be an array of objects



=== TEST 16: content of another type
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":5,"messages":[{"role":"user","content":7}]}
--- refused
Invalid 'messages.content': must be a string or an array



=== TEST 17: a maximum that is none
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":-1,"messages":[]}
--- refused
Invalid 'max_tokens': must not be negative



=== TEST 18: a maximum as text
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":"5","messages":[]}
--- refused
Invalid 'max_tokens': must be an integer



=== TEST 19: a member twice
--- request
POST /v1/messages
{"model":"claude-test-1","model":"claude-wise","max_tokens":5,"messages":[]}
--- refused
Invalid 'model': must not occur more than once



=== TEST 20: tools of another type
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":5,"messages":[],"tools":"all"}
--- refused
Invalid 'tools': must be an array



=== TEST 21: what was thought before a stream broke off is not known
--- upstream eval
{ headers => { 'Content-Type' => 'text/event-stream' },
  body => [CORE::join('', $main::start, @main::text), { close => 1 }] }
--- request
POST /v1/messages
{"model":"claude-test-1","max_tokens":100,"stream":true,"thinking":{"type":"enabled","budget_tokens":50},"messages":[{"role":"user","content":"hi"}]}
--- ignore_response
--- error_log
upstream prematurely closed connection
--- log_lines
200 in=77 out=100 cost=0.000577000 src=lost
