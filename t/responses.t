# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# OpenAI's Responses: stateful, with usage in the last event of a stream and
# nothing to ask for.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

no_long_string();
log_llm();

my $json = JSON::PP->new->ascii->canonical;

our $usage = { input_tokens => 100, output_tokens => 20, total_tokens => 120,
               input_tokens_details => { cached_tokens => 40 },
               output_tokens_details => { reasoning_tokens => 5 } };

sub response {
    return { id => 'resp_1', object => 'response', status => 'completed',
             model => 'gpt-4o-mini-2024-07-18', service_tier => 'default',
             output => [], usage => $usage, @_ };
}

sub event {
    my %event = @_;
    return "event: $event{type}\ndata: " . $json->encode(\%event) . "\n\n";
}

our @begin = (
    event(type => 'response.created',
          response => response(status => 'in_progress', usage => undef)),
    map { event(type => 'response.output_text.delta', output_index => 0,
                content_index => 0, item_id => 'msg_1', delta => $_,
                sequence_number => length) } 'Hello', ' wide', ' world');

# a stream in pieces of 7 bytes

sub stream {
    return { headers => { 'Content-Type' => 'text/event-stream' },
             body => [join '', @_], split => 7 };
}

add_block_preprocessor(sub {
    my $block = shift;

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
        $block->set_value(response_body_like => qr/"message":"\Q$text\E/);
    }
});

run_tests();

__DATA__

=== TEST 1: usage of a JSON answer
--- upstream eval
{ json => main::response() }
--- request
POST /v1/responses
{"model":"gpt-4o-mini","input":"hi"}
--- response_headers
X-Input-Tokens: 100
X-Output-Tokens: 20
X-Cost-USD: 0.000024000
--- log_lines
200 in=100 out=20 cost=0.000024000 src=upstream
--- upstream_requests_unlike
stream_options



=== TEST 2: usage in the last event, nothing asked for, every byte passed on
--- upstream eval
main::stream(@main::begin, main::event(type => 'response.completed',
                                       response => main::response()))
--- request
POST /v1/responses
{"model":"gpt-4o-mini","input":"hi","stream":true}
--- response_body eval
CORE::join('', @main::begin, main::event(type => 'response.completed',
                                         response => main::response()))
--- trailers
X-Cost-USD: 0.000024000
--- log_lines
200 in=100 out=20 cost=0.000024000 src=upstream
--- upstream_requests_unlike
stream_options



=== TEST 3: incomplete and failed responses cost what they say
--- upstream eval
[main::stream(@main::begin, main::event(type => 'response.incomplete',
     response => main::response(status => 'incomplete',
                incomplete_details => { reason => 'max_output_tokens' }))),
 main::stream(@main::begin, main::event(type => 'response.failed',
     response => main::response(status => 'failed',
                error => { code => 'server_error', message => 'no' })))]
--- request eval
['POST /v1/responses
{"model":"gpt-4o-mini","input":"hi","stream":true}',
 'POST /v1/responses
{"model":"gpt-4o-mini","input":"hi","stream":true}']
--- error_code eval
[200, 200]
--- log_lines eval
['200 in=100 out=20 cost=0.000024000 src=upstream',
 '200 in=100 out=20 cost=0.000024000 src=upstream']



=== TEST 4: an error event and no usage: the text is counted
--- upstream eval
main::stream(@main::begin, main::event(type => 'error', code => 'server_error',
                                       message => 'no'))
--- request
POST /v1/responses
{"model":"gpt-4o-mini","input":"hi","stream":true}
--- log_lines
200 in=8 out=3 cost=0.000003000 src=lost



=== TEST 5: in the background, and without a name: its most is billed at once
--- upstream eval
{ json => main::response(status => 'queued', usage => undef, id => undef) }
--- request
POST /v1/responses
{"model":"gpt-4o-mini","input":"hi","background":true,"max_output_tokens":500}
--- log_lines
200 in=8 out=500 cost=0.000301200 src=counted



=== TEST 6: polling what did not begin here, and all else, costs nothing
--- upstream eval
{ json => main::response() }
--- request eval
['GET /v1/responses/resp_1', 'POST /v1/responses/resp_1/cancel
{}', 'GET /v1/responses/resp_1/input_items', 'DELETE /v1/responses/resp_1',
 'POST /v1/responses/input_tokens
{"model":"gpt-4o-mini","input":"hi"}']
--- error_code eval
[200, 200, 200, 200, 200]
--- log_lines eval
['200 in=- out=- cost=- src=none', '200 in=- out=- cost=- src=none',
 ('200 in=- out=- cost=- src=-') x 3]



=== TEST 7: compacting is charged
--- upstream eval
{ json => { id => 'resp_2', object => 'response.compaction', output => [],
            usage => $main::usage } }
--- request
POST /v1/responses/compact
{"model":"gpt-4o-mini","input":"hi"}
--- log_lines
200 in=100 out=20 cost=0.000024000 src=upstream



=== TEST 8: not cached: the server has a state, or runs a tool
--- location
llm_cache on;
llm_cache_scope shared;
--- upstream eval
{ json => main::response() }
--- request eval
[map { ("POST /v1/responses\n{\"model\":\"gpt-4o-mini\",$_}") x 2 }
 '"input":"hi","store":true', '"input":"hi","previous_response_id":"r"',
 '"input":"hi","conversation":{"id":"c"}', '"input":"hi","background":true',
 '"input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]',
 '"input":[{"type":"item_reference","id":"i"}]',
 '"input":"hi","tools":[{"type":"web_search"}]',
 '"input":"hi","prompt":{"id":"p"}']
--- response_headers eval
[('X-Cache: BYPASS') x 16]
--- upstream_count: 16



=== TEST 9: fit writes a maximum, and nothing else changes
--- location
llm_budget daily limit=0.001usd period=day;
--- upstream eval
{ json => main::response() }
--- request
POST /v1/responses
{ "model" : "gpt-4o-mini", "input" : "hi", "metadata":{"a":"\u00e9"} }
--- upstream_requests_like eval
[qr/^\{"max_output_tokens":\d+, "model" : "gpt-4o-mini", "input" : "hi", "metadata":\{"a":"\\u00e9"\} \}$/m]
--- upstream_count: 1



=== TEST 10: over budget: the error that the SDK raises without another try
--- location
llm_budget daily limit=0.000001usd period=day;
--- request
POST /v1/responses
{"model":"gpt-4o-mini","input":"hi"}
--- error_code: 400
--- response_headers
x-should-retry: false
--- response_body_like: "type":"invalid_request_error","param":.*,"code":"request_exceeds_budget"
--- upstream_count: 0



=== TEST 11: usage that cannot be is not believed, and never 0
--- upstream eval
{ json => main::response(usage => { input_tokens => -5,
                                    output_tokens => 1.5 },
      output => [{ type => 'message', content => [
                   { type => 'output_text', text => 'Hello wide world' }] }]) }
--- request
POST /v1/responses
{"model":"gpt-4o-mini","input":"hi"}
--- log_lines
200 in=8 out=3 cost=0.000003000 src=counted



=== TEST 12: a body that is no JSON, with status 200: the reserve
--- upstream eval
{ headers => { 'Content-Type' => 'text/html' }, body => '<html>no</html>' }
--- request
POST /v1/responses
{"model":"gpt-4o-mini","input":"hi","max_output_tokens":100}
--- log_lines
200 in=8 out=100 cost=0.000061200 src=counted



=== TEST 13: no model
--- request
POST /v1/responses
{"input":"hi"}
--- refused
Invalid 'model': is required



=== TEST 14: no input
--- request
POST /v1/responses
{"model":"gpt-4o-mini"}
--- refused
Invalid 'input': is required



=== TEST 15: input of another type
--- request
POST /v1/responses
{"model":"gpt-4o-mini","input":5}
--- refused
Invalid 'input': must be a string or an array



=== TEST 16: input with what is no item
--- request
POST /v1/responses
{"model":"gpt-4o-mini","input":["a"]}
--- refused
Invalid 'input': must be an array of objects



=== TEST 17: a maximum that is none
--- request
POST /v1/responses
{"model":"gpt-4o-mini","input":"hi","max_output_tokens":0}
--- refused
Invalid 'max_output_tokens': must be at least 1



=== TEST 18: a maximum that is said twice
--- request
POST /v1/responses
{"model":"gpt-4o-mini","input":"hi","max_output_tokens":1,"max_output_tokens":9}
--- refused
Invalid 'max_output_tokens': must not occur more than once



=== TEST 19: stream is no word
--- request
POST /v1/responses
{"model":"gpt-4o-mini","input":"hi","stream":"yes"}
--- refused
Invalid 'stream': must be true or false



=== TEST 20: tools of another type
--- request
POST /v1/responses
{"model":"gpt-4o-mini","input":"hi","tools":{}}
--- refused
Invalid 'tools': must be an array



=== TEST 21: a prompt by name may choose the model: no price, under a budget
--- request
POST /v1/responses
{"prompt":{"id":"pmpt_1"}}
--- refused
The model '(prompt)' has no price here



=== TEST 22: ... and without one it is read all the same
--- location
llm_budget daily limit=1usd period=day mode=observe;
--- upstream eval
{ json => main::response() }
--- request
POST /v1/responses
{"prompt":{"id":"pmpt_1"}}
--- log_lines
200 in=100 out=20 cost=- src=upstream



=== TEST 23: searches before a stream breaks off are charged with its text
--- upstream eval
main::stream(@main::begin,
    main::event(type => 'response.output_item.done', output_index => 1,
                item => { type => 'web_search_call', status => 'completed',
                          action => { type => 'search', query => 'x' } }),
    main::event(type => 'error', code => 'server_error', message => 'no'))
--- request
POST /v1/responses
{"model":"gpt-4o-mini","input":"hi","stream":true}
--- log_lines
200 in=8 out=3 cost=0.025003000 src=lost



=== TEST 24: calls of tools are reserved: as many as may be made
--- location
llm_budget daily limit=0.03usd period=day;
--- upstream eval
{ json => main::response(output => [{ type => 'file_search_call' }]) }
--- request eval
['POST /v1/responses
{"model":"gpt-4o-mini","input":"hi","max_output_tokens":16,"tools":[{"type":"web_search_preview"}]}',
 'POST /v1/responses
{"model":"gpt-4o-mini","input":"hi","max_output_tokens":16,"max_tool_calls":1,"tools":[{"type":"file_search"}]}']
--- error_code eval
[400, 200]
--- log_lines eval
['400 in=- out=- cost=0.000000000 src=none',
 '200 in=100 out=20 cost=0.002524000 src=upstream']



=== TEST 25: what a cache keeps for 12 hours has a price of its own
--- http_config
    llm_price kept input=1 output=1 cache_write=2 cache_write_day=4;
--- upstream eval
{ json => main::response(usage => { input_tokens => 100, output_tokens => 20,
    input_tokens_details => { cached_tokens => 0, cache_write_tokens => 30,
        cache_write_tokens_details => { ttl_30m_tokens => 10,
                                        ttl_12h_tokens => 20 } } }) }
--- request
POST /v1/responses
{"model":"kept","input":"hi","prompt_cache_options":{"ttl":"12h"}}
--- log_lines
200 in=100 out=20 cost=0.000190000 src=upstream



=== TEST 26: a decision: its questions are read with its input, at its own rate
--- http_config
    llm_price luna input=1 output=1 output_decisions=0 max_output=100;
--- upstream eval
{ json => { model => 'luna',
            usage => { input_tokens => 100, output_tokens => 20,
                       input_tokens_details => { cached_tokens => 0 } },
            answers => [{ type => 'predicate', name => 'a',
                          probability => 0.5 }] } }
--- request
POST /v1/decisions
{"model":"luna","input":[{"role":"user","content":[{"type":"input_json","data":{"a":1}}]}],"questions":[{"type":"predicate","name":"a","instructions":"is it?"}]}
--- log_lines
200 in=100 out=20 cost=0.000100000 src=upstream



=== TEST 27: ... in other words is none that is known
--- location
llm_budget daily limit=1usd period=day;
--- request
POST /v1/decisions
{"model":"luna","state":"a","choices":["b"]}
--- error_code: 404
--- response_body_like: cannot be metered here
--- upstream_count: 0



=== TEST 28: ... OpenRouter calls its input a state
--- http_config
    llm_price luna input=1 output=1 max_output=100;
--- upstream eval
{ json => { model => 'luna', answers => { a => { type => 'noul' } },
            usage => { input_tokens => 100, output_tokens => 20,
                       cost => 0.5 } } }
--- request
POST /v1/decisions
{"model":"luna","state":[{"type":"text","text":"hello"}],"questions":{"a":{"type":"noul"}}}
--- log_lines
200 in=100 out=20 cost=0.000120000 src=upstream
