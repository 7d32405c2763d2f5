# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Bedrock: binary event streams, usage in metadata, in what a chunk holds, or in
# the header alone; requests that are signed and must not be changed.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

use Compress::Zlib qw( crc32 );
use MIME::Base64 qw( encode_base64 );

no_long_string();
all_ways();
log_llm();

my $json = JSON::PP->new->ascii->canonical;

sub message {
    my ($type, $payload, $kind) = @_;

    my %head = (':message-type' => $kind // 'event',
                ':content-type' => 'application/json',
                ($kind ? ':exception-type' : ':event-type') => $type);
    my $head = join '', map { pack('C/a* C n/a*', $_, 7, $head{$_}) }
                        sort keys %head;
    my $body = ref $payload ? $json->encode($payload) : $payload;
    my $prelude = pack 'N N', 16 + length($head) + length($body),
                       length $head;

    my $message = $prelude . pack('N', crc32($prelude)) . $head . $body;

    return $message . pack 'N', crc32($message);
}

sub chunk {
    my ($what) = @_;
    return message('chunk',
                   { bytes => encode_base64($json->encode($what), ''),
                     p => 'abcdef' });
}

# 100 * 60 + 50 * 15 + 20 * 240, nova-lite

our $usage = { inputTokens => 100, outputTokens => 20, totalTokens => 170,
               cacheReadInputTokens => 50, cacheWriteInputTokens => 0 };

our @events = (
    message('messageStart', { role => 'assistant' }),
    message('contentBlockDelta', { contentBlockIndex => 0,
                                   delta => { text => 'Hello' } }),
    message('contentBlockDelta', { contentBlockIndex => 0,
                                   delta => { text => ' there' } }),
    message('contentBlockStop', { contentBlockIndex => 0 }),
    message('messageStop', { stopReason => 'end_turn' }),
    message('metadata', { usage => $usage, metrics => { latencyMs => 7 } }),
);

our $stream = join '', @events;

our @chunks = (
    chunk({ type => 'message_start', message => { model => 'claude-3-haiku',
            usage => { input_tokens => 12, output_tokens => 1 } } }),
    chunk({ type => 'content_block_delta', delta => { text => 'Hello' } }),
    chunk({ type => 'message_delta', delta => { stop_reason => 'end_turn' },
            usage => { output_tokens => 30 } }),
    chunk({ type => 'message_stop', 'amazon-bedrock-invocationMetrics' => {
            inputTokenCount => 12, outputTokenCount => 30 } }),
);

sub frames {
    my ($body, %more) = @_;
    return main::ways({
        headers => { 'Content-Type' => 'application/vnd.amazon.eventstream' },
        body => ref $body ? $body : [$body], %more });
}

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(config => <<'END') if !defined $block->config;
    location ~ ^/(model/|rerank|guardrail/) {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
END

    if (defined $block->ask) {
        my ($path, $body) = split /\n/, $block->ask, 2;
        $block->set_value(request => "POST /model/$path\n"
            . ($body || '{"messages":[{"role":"user",'
                        . '"content":[{"text":"hi"}]}]}'));
    }
});

run_tests();

__DATA__

=== TEST 1: converse
--- ask
amazon.nova-lite-v1%3A0/converse
--- upstream eval
main::ways({ json => { stopReason => 'end_turn', usage => $main::usage } })
--- response_headers
X-Model: amazon.nova-lite-v1:0
X-Input-Tokens: 150
X-Output-Tokens: 20
X-Cost-USD: 0.000011550
--- log_lines
200 in=150 out=20 cost=0.000011550 src=upstream



=== TEST 2: converse-stream: byte for byte, read from any split
--- ask
amazon.nova-lite-v1:0/converse-stream
--- upstream eval
main::frames($main::stream)
--- response_body eval
$main::stream
--- trailers
X-Output-Tokens: 20
X-Cost-USD: 0.000011550
--- log_lines
200 in=150 out=20 cost=0.000011550 src=upstream



=== TEST 3: invoke with a stream of chunks
--- ask
anthropic.claude-3-haiku-20240307-v1:0/invoke-with-response-stream
{"anthropic_version":"bedrock-2023-05-31","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}
--- upstream eval
main::frames(CORE::join '', @main::chunks)
--- response_body eval
CORE::join '', @main::chunks
--- log_lines
200 in=12 out=30 cost=0.000040500 src=upstream



=== TEST 4: usage in the header and nowhere else
--- ask
anthropic.claude-instant-v1/invoke
{"prompt":"\n\nHuman: hi\n\nAssistant:","max_tokens_to_sample":50}
--- upstream eval
main::ways({ headers => { 'X-Amzn-Bedrock-Input-Token-Count' => 23,
                          'X-Amzn-Bedrock-Output-Token-Count' => 32 },
             json => { completion => 'x', stop_reason => 'stop' } })
--- response_headers
X-Input-Tokens: 23
X-Output-Tokens: 32
--- log_lines eval
qr/^200 in=23 out=32 cost=0\.0000\d+ src=upstream$/



=== TEST 5: embeddings
--- ask
amazon.titan-embed-text-v2:0/invoke
{"inputText":"hi"}
--- upstream eval
main::ways({ json => { embedding => [0.5], inputTextTokenCount => 50 } })
--- log_lines
200 in=50 out=0 cost=0.000001000 src=upstream



=== TEST 6: a checksum that is wrong: the bytes go on, the reserve is billed
--- ask
amazon.nova-lite-v1:0/converse-stream
{"messages":[{"role":"user","content":[{"text":"hi"}]}],"inferenceConfig":{"maxTokens":1000}}
--- upstream eval
$main::bad = $main::stream;
CORE::substr($main::bad, 60, 1) ^= "\x01";
main::frames($main::bad)
--- response_body eval
$main::bad
--- log_lines eval
qr/^200 in=\d\d out=1000 cost=0\.00024\d+ src=lost$/



=== TEST 7: cut off
--- ask
amazon.nova-lite-v1:0/converse-stream
--- upstream eval
main::frames([CORE::join('', @main::events[0 .. 2]), { close => 1 }])
--- ignore_response
--- error_log
upstream prematurely closed connection
--- log_lines eval
qr/^200 in=\d out=[2-4] cost=0\.00000\d+ src=lost$/



=== TEST 8: an exception in the middle: what came is billed
--- ask
amazon.nova-lite-v1:0/converse-stream
--- upstream eval
main::frames(CORE::join('', @main::events[0 .. 2],
             main::message('throttlingException', { message => 'slow' },
                           'exception')))
--- log_lines eval
qr/^200 in=\d out=[2-4] cost=0\.00000\d+ src=lost$/



=== TEST 9: gzip
--- ask
amazon.nova-lite-v1:0/converse-stream
--- more_headers
Accept-Encoding: gzip
--- upstream eval
main::frames($main::stream, gzip => 1)
--- ignore_response
--- log_lines
200 in=150 out=20 cost=0.000011550 src=upstream



=== TEST 10: rankings of the agents' runtime: the body names the model
--- more_headers
Authorization: AWS4-HMAC-SHA256 Credential=AKID/20260101/us-west-2/bedrock/aws4_request, SignedHeaders=host, Signature=0
--- request
POST /rerank
{"queries":[{"type":"TEXT","textQuery":{"text":"q"}}],"sources":[{"type":"INLINE","inlineDocumentSource":{"type":"TEXT","textDocument":{"text":"a"}}}],"rerankingConfiguration":{"type":"BEDROCK_RERANKING_MODEL","bedrockRerankingConfiguration":{"modelConfiguration":{"modelArn":"arn:aws:bedrock:us-west-2::foundation-model/amazon.rerank-v1:0"}}}}
--- upstream eval
main::ways({ json => { results => [{ index => 0, relevanceScore => 0.5 }] } })
--- log_lines
200 in=5 out=0 cost=0.001000000 src=counted



=== TEST 11: ... of whom it is not signed by, the path is not known
--- request
POST /rerank
{"queries":[],"sources":[]}
--- error_code: 404
--- upstream_count: 0



=== TEST 12: a guardrail by itself: units of its policies, which have a price
--- http_config
    llm_price guardrail query=0.001;
--- request
POST /guardrail/g/version/1/apply
{"source":"INPUT","content":[{"text":{"text":"hello"}}]}
--- upstream eval
main::ways({ json => { action => 'NONE', usage => {
    topicPolicyUnits => 1, contentPolicyUnits => 1, wordPolicyUnits => 1 } } })
--- log_lines
200 in=1 out=0 cost=0.002000000 src=counted



=== TEST 13: ... or are refused
--- request
POST /guardrail/g/version/1/apply
{"source":"INPUT","content":[{"text":{"text":"hello"}}]}
--- error_code: 400
--- response_body_like: The model 'guardrail' has no price here
--- upstream_count: 0



=== TEST 14: a router of prompts: reserved at its price, billed at the chosen one's
--- http_config
    llm_price maker:1 input=9 output=90;
    llm_price maker.m input=1 output=10;
--- request
POST /model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Adefault-prompt-router%2Fmaker%3A1/converse
{"messages":[{"role":"user","content":[{"text":"hi"}]}],"inferenceConfig":{"maxTokens":100}}
--- upstream eval
main::ways({ json => { stopReason => 'end_turn',
    usage => { inputTokens => 1000, outputTokens => 100, totalTokens => 1100 },
    trace => { promptRouter => { invokedModelId =>
        'arn:aws:bedrock:us-east-1::foundation-model/maker.m' } } } })
--- log_lines
200 in=1000 out=100 cost=0.002000000 src=upstream
