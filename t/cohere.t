# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Cohere, of both versions, and Ollama: what is billed of what was counted,
# events and lines.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

no_long_string();
all_ways();
log_llm();

my $json = JSON::PP->new->ascii->canonical;

# 40 * 2500 + 20 * 10000, command-r-plus

our $usage = { billed_units => { input_tokens => 40, output_tokens => 20 },
               tokens => { input_tokens => 502, output_tokens => 24 },
               cached_tokens => 448 };

sub event {
    my ($type, %more) = @_;
    return "event: $type\ndata: "
           . $json->encode({ type => $type, %more }) . "\n\n";
}

our @events = (
    event('message-start', id => '1'),
    event('content-delta', index => 0,
          delta => { message => { content => { text => 'Hello' } } }),
    event('message-end',
          delta => { finish_reason => 'COMPLETE', usage => $usage }),
);

our @lines = map { $json->encode($_) . "\n" } (
    { event_type => 'text-generation', is_finished => JSON::PP::false,
      text => 'Hello' },
    { event_type => 'stream-end', is_finished => JSON::PP::true,
      finish_reason => 'COMPLETE', response => { meta => $usage } },
);

our @ollama = map { $json->encode({ model => 'llama3', %$_ }) . "\n" } (
    { message => { content => 'Hello' }, done => JSON::PP::false },
    { message => { content => ' there' }, done => JSON::PP::false },
    { message => { content => '' }, done => JSON::PP::true,
      done_reason => 'stop', prompt_eval_count => 15, eval_count => 50 },
);

sub typed {
    my ($type, $body, %more) = @_;
    return main::ways({ headers => { 'Content-Type' => $type },
                        body => $body, %more });
}

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(config => <<'END');
    location ~ ^/(v1|v2|api|rerank) {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
END

    $block->set_value(http_config => <<'END' . ($block->http_config // ''));
    llm_price llama3 input=1 output=2;
    llm_price rerank-test query=0.002;
    llm_price voyage-test input=1 output=0;
    llm_price rerank input=1 output=0;
END
});

run_tests();

__DATA__

=== TEST 1: chat: what is billed, not what the model saw
--- request
POST /v2/chat
{"model":"command-r-plus","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::ways({ json => { finish_reason => 'COMPLETE', usage => $main::usage } })
--- response_headers
X-Input-Tokens: 40
X-Output-Tokens: 20
X-Cost-USD: 0.000300000
--- log_lines
200 in=40 out=20 cost=0.000300000 src=upstream



=== TEST 2: a stream of events
--- request
POST /v2/chat
{"model":"command-r-plus","messages":[{"role":"user","content":"hi"}],"stream":true}
--- upstream eval
main::typed('text/event-stream', [CORE::join '', @main::events])
--- response_body eval
CORE::join '', @main::events
--- log_lines
200 in=40 out=20 cost=0.000300000 src=upstream



=== TEST 3: ... of lines, in the first version
--- request
POST /v1/chat
{"model":"command-r-plus","message":"hi","stream":true}
--- upstream eval
main::typed('application/stream+json', [CORE::join '', @main::lines])
--- response_body eval
CORE::join '', @main::lines
--- log_lines
200 in=40 out=20 cost=0.000300000 src=upstream



=== TEST 4: ... cut off
--- request
POST /v2/chat
{"model":"command-r-plus","messages":[{"role":"user","content":"hi"}],"stream":true}
--- upstream eval
main::typed('text/event-stream', [$main::events[1], { close => 1 }])
--- ignore_response
--- error_log
upstream prematurely closed connection
--- log_lines
200 in=1 out=1 cost=0.000012500 src=lost



=== TEST 5: Ollama streams unless told not to
--- request
POST /api/chat
{"model":"llama3","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::typed('application/x-ndjson', [CORE::join '', @main::ollama])
--- response_body eval
CORE::join '', @main::ollama
--- trailers
X-Output-Tokens: 50
X-Cost-USD: 0.000115000
--- log_lines
200 in=15 out=50 cost=0.000115000 src=upstream



=== TEST 6: Ollama, gzip
--- request
POST /api/chat
{"model":"llama3","messages":[{"role":"user","content":"hi"}]}
--- more_headers
Accept-Encoding: gzip
--- upstream eval
main::typed('application/x-ndjson', [CORE::join '', @main::ollama], gzip => 1)
--- ignore_response
--- log_lines
200 in=15 out=50 cost=0.000115000 src=upstream



=== TEST 7: Ollama without the count of the prompt: counted, and marked
--- request
POST /api/generate
{"model":"llama3","prompt":"hi","stream":false}
--- upstream eval
main::ways({ json => { response => 'x', done => JSON::PP::true,
                       eval_count => 50 } })
--- log_lines
200 in=11 out=50 cost=0.000111000 src=counted



=== TEST 8: an error in the middle of lines
--- request
POST /api/chat
{"model":"llama3","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::typed('application/x-ndjson', [$main::ollama[0] . qq({"error":"gone"}\n)])
--- log_lines
200 in=11 out=1 cost=0.000013000 src=lost



=== TEST 9: a ranking is billed by searches, not by tokens
--- request
POST /v2/rerank
{"model":"rerank-test","query":"q","documents":["a","b"]}
--- upstream eval
main::ways({ json => { results => [],
             meta => { billed_units => { search_units => 3 } } } })
--- response_headers
X-Cost-USD: 0.006000000
--- log_lines
200 in=0 out=0 cost=0.006000000 src=upstream



=== TEST 10: Voyage's rankings are billed by the token, the query with each text
--- request
POST /v1/rerank
{"model":"voyage-test","query":"q","documents":["a","b"]}
--- upstream eval
main::ways({ json => { data => [], usage => { total_tokens => 26 } } })
--- response_headers
X-Cost-USD: 0.000026000
--- log_lines
200 in=26 out=0 cost=0.000026000 src=upstream



=== TEST 11: ... and its vectors of pictures, which are tokens
--- request
POST /v1/multimodalembeddings
{"model":"voyage-test","inputs":[{"content":[{"type":"text","text":"a"},{"type":"image_url","image_url":"https://a/b"}]}]}
--- upstream eval
main::ways({ json => { object => 'list', data => [], model => 'voyage-test',
             usage => { text_tokens => 5, image_pixels => 2000000,
                        total_tokens => 3576 } } })
--- response_headers
X-Cost-USD: 0.003576000
--- log_lines
200 in=3576 out=0 cost=0.003576000 src=upstream



=== TEST 12: a server of one model for rankings has the price of "rerank"
--- request
POST /rerank
{"query":"q","texts":["a","b"]}
--- upstream eval
main::ways({ json => [{ index => 0, score => 0.9 }] })
--- log_lines
200 in=4 out=0 cost=0.000004000 src=counted
