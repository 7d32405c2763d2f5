# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Gemini's dialect: the model in the path, usage in every event, the last of
# them counts; streams of events and streams that are one array.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

no_long_string();
all_ways();
log_llm();

my $json = JSON::PP->new->ascii->canonical;

sub candidate {
    my ($text, %more) = @_;
    return [{ content => { role => 'model', parts => [{ text => $text }] },
              %more }];
}

# in=17+3 of which 5 cached, out=6+4: 15 * 300 + 5 * 30 + 10 * 2500

our $usage = { promptTokenCount => 17, toolUsePromptTokenCount => 3,
               cachedContentTokenCount => 5, candidatesTokenCount => 6,
               thoughtsTokenCount => 4, totalTokenCount => 30 };

our @events = (
    { candidates => candidate('Hel'), modelVersion => 'gemini-2.5-flash',
      usageMetadata => { promptTokenCount => 20, totalTokenCount => 20 } },
    { candidates => candidate("lo w\x{f6}rld"),
      usageMetadata => { promptTokenCount => 20, candidatesTokenCount => 99,
                         totalTokenCount => 119 } },
    { candidates => candidate('!', finishReason => 'STOP'),
      usageMetadata => $usage },
);

our $answer = { candidates => candidate('Hello', finishReason => 'STOP'),
                usageMetadata => $usage };

sub sse { join '', map { "data: " . $json->encode($_) . "\r\n\r\n" } @_ }
sub array { '[' . join("\n,\r\n", map { $json->encode($_) } @_) . ']' }

sub typed {
    my ($type, $text, %more) = @_;
    return main::ways({ headers => { 'Content-Type' => $type },
                        body => [$text], %more });
}

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(config => <<'END') if !defined $block->config;
    location /v1beta/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
END

    # arguments: what is asked of the model

    if (defined $block->ask) {
        my ($path, $body) = split /\n/, $block->ask, 2;
        $block->set_value(request => "POST /v1beta/models/$path\n"
            . ($body || '{"contents":[{"parts":[{"text":"hi"}]}]}'));
    }
});

run_tests();

__DATA__

=== TEST 1: an answer
--- ask
gemini-2.5-flash:generateContent
--- upstream eval
main::ways({ json => $main::answer })
--- response_headers
X-Model: gemini-2.5-flash
X-Input-Tokens: 20
X-Output-Tokens: 10
X-Cost-USD: 0.000029650
--- log_lines
200 in=20 out=10 cost=0.000029650 src=upstream



=== TEST 2: a stream of events
--- ask
gemini-2.5-flash:streamGenerateContent?alt=sse
--- upstream eval
main::typed('text/event-stream', main::sse(@main::events))
--- response_body eval
main::sse(@main::events)
--- trailers
X-Output-Tokens: 10
X-Cost-USD: 0.000029650
--- log_lines
200 in=20 out=10 cost=0.000029650 src=upstream



=== TEST 3: a stream that is one array
--- ask
gemini-2.5-flash:streamGenerateContent
--- upstream eval
main::typed('application/json; charset=UTF-8', main::array(@main::events))
--- response_body eval
main::array(@main::events)
--- trailers
X-Output-Tokens: 10
X-Cost-USD: 0.000029650
--- log_lines
200 in=20 out=10 cost=0.000029650 src=upstream



=== TEST 4: an element is passed on before the array ends
--- ask
gemini-2.5-flash:streamGenerateContent
--- upstream eval
{ headers => { 'Content-Type' => 'application/json' },
  body => [CORE::substr(main::array(@main::events), 0, 150),
           { seen => 'modelVersion' },
           CORE::substr(main::array(@main::events), 150)] }
--- response_body eval
main::array(@main::events)
--- log_lines
200 in=20 out=10 cost=0.000029650 src=upstream



=== TEST 5: gzip
--- ask
gemini-2.5-flash:streamGenerateContent?alt=sse
--- more_headers
Accept-Encoding: gzip
--- upstream eval
main::typed('text/event-stream', main::sse(@main::events), gzip => 1)
--- ignore_response
--- log_lines
200 in=20 out=10 cost=0.000029650 src=upstream



=== TEST 6: an error as JSON that is called an event stream
--- ask
gemini-2.5-flash:streamGenerateContent?alt=sse
--- upstream eval
main::typed('text/event-stream',
            qq({\n"error": {"code": 400, "status": "INVALID_ARGUMENT"}}),
            status => 400)
--- error_code: 400
--- response_body chomp
{
"error": {"code": 400, "status": "INVALID_ARGUMENT"}}
--- log_lines
400 in=0 out=0 cost=0.000000000 src=none



=== TEST 7: ... with status 200: nothing was produced
--- ask
gemini-2.5-flash:streamGenerateContent?alt=sse
--- upstream eval
main::typed('text/event-stream',
            qq({\n"error": {"code": 400, "status": "INVALID_ARGUMENT"}}))
--- response_body chomp
{
"error": {"code": 400, "status": "INVALID_ARGUMENT"}}
--- log_lines
200 in=2 out=0 cost=0.000000600 src=lost



=== TEST 8: an error in the middle of a stream: what came is billed
--- ask
gemini-2.5-flash:streamGenerateContent?alt=sse
--- upstream eval
main::typed('text/event-stream', main::sse(@main::events[0, 1],
            { error => { code => 503, status => 'UNAVAILABLE' } }))
--- response_body_like: UNAVAILABLE
--- log_lines
200 in=20 out=99 cost=0.000253500 src=lost



=== TEST 9: a stream that is cut
--- ask
gemini-2.5-flash:streamGenerateContent
--- upstream eval
main::ways({ headers => { 'Content-Type' => 'application/json' },
             body => [CORE::substr(main::array(@main::events), 0, -60),
                      { close => 1 }] })
--- ignore_response
--- error_log
upstream prematurely closed connection
--- log_lines
200 in=20 out=99 cost=0.000253500 src=lost



=== TEST 10: a page where an answer should be
--- ask
gemini-2.5-flash:streamGenerateContent
{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":10}}
--- upstream eval
main::typed('application/json', '<html>{"usageMetadata":{}}</html>')
--- response_body chomp
<html>{"usageMetadata":{}}</html>
--- log_lines
200 in=34 out=10 cost=0.000035200 src=lost



=== TEST 11: no usage: counted, and marked
--- ask
gemini-2.0-flash:generateContent
--- upstream eval
main::ways({ json => { candidates => main::candidate('tok tok tok',
                                                     finishReason => 'STOP') } })
--- log_lines eval
qr/^200 in=1 out=[3-6] cost=0\.0000\d+ src=counted$/



=== TEST 12: the path of Vertex AI
--- config
    location /v1/ {
        llm_cost on;
        add_header X-Vendor $llm_provider;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- request
POST /v1/projects/p/locations/global/publishers/google/models/gemini-2.5-flash:generateContent
{"contents":[{"parts":[{"text":"hi"}]}]}
--- upstream eval
main::ways({ json => $main::answer })
--- response_headers
X-Vendor: vertex_ai
X-Cost-USD: 0.000029650
--- log_lines
200 in=20 out=10 cost=0.000029650 src=upstream



=== TEST 13: embeddings
--- ask
gemini-embedding-001:batchEmbedContents
{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"hi"}]}}]}
--- upstream eval
main::ways({ json => { embeddings => [{ values => [0.5, -1] }],
                       usageMetadata => { promptTokenCount => 4 } } })
--- response_headers
X-Input-Tokens: 4
X-Output-Tokens: 0
X-Cost-USD: 0.000000600
--- log_lines
200 in=4 out=0 cost=0.000000600 src=upstream



=== TEST 14: fit writes a maximum
--- config
    location /v1beta/ {
        llm_cost on;
        llm_budget daily limit=0.001usd period=total;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- ask
gemini-2.5-flash:generateContent
--- upstream eval
main::ways({ json => $main::answer })
--- upstream_requests_like eval
[(qr/"maxOutputTokens":\d/) x 6]
--- response_headers_like
X-Budget-Fit: \d+
