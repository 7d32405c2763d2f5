# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Vercel's AI Gateway as its SDK speaks to it: the model in the header, parts
# of a stream, and what the gateway itself says that it takes.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

no_long_string();
all_ways();
log_llm();

# 100 * 1 + 50 * 2, of tokens; part of the input was read from a cache

our $usage = { inputTokens => { total => 100, noCache => 60, cacheRead => 40 },
               outputTokens => { total => 50, reasoning => 10 },
               raw => { prompt_tokens => 100 } };

our $paid = { gateway => { cost => '0.000345',
                           routing => { canonicalSlug => 'a/small' } } };

sub json {
    return JSON::PP->new->ascii->canonical->encode($_[0]);
}

sub stream {
    return main::ways({ sse => [@_] });
}

sub whole {
    my (%more) = @_;

    return main::ways({ json => {
        content => [{ type => 'text', text => 'Hello' }],
        finishReason => 'stop', usage => $usage,
        providerMetadata => $paid, %more } });
}

sub asked {
    my (%more) = @_;

    return "POST /v3/ai/language-model\n" . main::json({
        prompt => [{ role => 'user',
                     content => [{ type => 'text', text => 'hi' }] }],
        maxOutputTokens => 50, %more });
}

our @said = ({ type => 'stream-start', warnings => [] },
             { type => 'response-metadata', modelId => 'small-2026' },
             { type => 'text-delta', id => '0', delta => 'Hello' });

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(config => <<"END");
    location ~ ^/v[34]/ {
        llm_cost on;
        llm_budget daily limit=@{[$block->limit // '1usd']} period=day
                   @{[$block->mode // '']};
        @{[$block->more // '']}
        proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
    }
END

    $block->set_value(more_headers => <<'END') if !$block->more_headers;
ai-language-model-id: a/small
END

    $block->set_value(http_config => <<'END' . ($block->http_config // ''));
    llm_price a/small input=1 output=2;
    llm_price b/large input=10 output=20;
    llm_price vercel_ai_gateway/c/here input=3 output=3;
    llm_price a/rank query=0.002;
END
});

run_tests();

__DATA__

=== TEST 1: an answer
--- request eval: main::asked()
--- upstream eval: main::whole()
--- response_body_like: Hello
--- log_lines
200 in=100 out=50 cost=0.000200000 src=upstream



=== TEST 2: a stream, which the header asks for
--- more_headers
ai-language-model-id: a/small
ai-language-model-streaming: true
--- request eval: main::asked()
--- upstream eval
main::stream(@main::said, { type => 'finish', finishReason => 'stop',
                            usage => $main::usage,
                            providerMetadata => $main::paid })
--- log_lines
200 in=100 out=50 cost=0.000200000 src=upstream



=== TEST 3: ... that breaks off is counted
--- more_headers
ai-language-model-id: a/small
ai-language-model-streaming: true
--- request eval: main::asked()
--- upstream eval
main::stream(@main::said)
--- log_lines
200 in=5 out=1 cost=0.000007000 src=lost



=== TEST 4: what the gateway takes, where that is trusted
--- more: llm_trust_reported_cost on;
--- request eval: main::asked()
--- upstream eval: main::whole()
--- log_lines
200 in=100 out=50 cost=0.000345000 src=upstream



=== TEST 5: the price is that of the gateway's row
--- more_headers
ai-language-model-id: c/here
--- request eval: main::asked()
--- upstream eval: main::whole()
--- log_lines
200 in=100 out=50 cost=0.000450000 src=upstream



=== TEST 6: of two requests to one path each has its own model
--- more_headers eval
["ai-language-model-id: b/large\n", "ai-language-model-id: a/small\n"]
--- request eval
[main::asked(), main::asked()]
--- upstream eval
[({ json => { content => [], finishReason => 'stop',
              usage => $main::usage } }) x 12]
--- log_lines eval
[("200 in=100 out=50 cost=0.002000000 src=upstream",
  "200 in=100 out=50 cost=0.000200000 src=upstream") x 6]



=== TEST 7: models that may answer instead: the dearest is reserved
--- limit: 0.0005usd
--- request eval
main::asked(providerOptions => { gateway => { models => ['b/large'] } })
--- error_code: 400
--- response_body_like: "type":"invalid_request_error"
--- upstream_count: 0



=== TEST 8: ... and the one that did is billed
--- request eval
main::asked(providerOptions => { gateway => { models => ['b/large'] } })
--- upstream eval
main::whole(providerMetadata => { gateway => {
    routing => { canonicalSlug => 'b/large' } } })
--- log_lines
200 in=100 out=50 cost=0.002000000 src=upstream



=== TEST 9: what is thought on top of the maximum is reserved
--- limit: 0.0005usd
--- request eval
main::asked(providerOptions => {
    anthropic => { thinking => { type => 'enabled', budgetTokens => 1000 } }
})
--- error_code: 400
--- upstream_count: 0



=== TEST 10: a model is named in the header, or the request is refused
--- more_headers
x: y
--- request eval: main::asked()
--- error_code: 400
--- response_body_like: ai-language-model-id
--- upstream_count: 0



=== TEST 11: a model without a price has an error of its own
--- more_headers
ai-language-model-id: who/knows
--- request eval: main::asked()
--- error_code: 400
--- response_body_like: "type":"model_not_found"
--- upstream_count: 0



=== TEST 12: vectors
--- more_headers
ai-model-id: a/small
--- request
POST /v3/ai/embedding-model
{"values":["a","b"]}
--- upstream eval
main::ways({ json => { embeddings => [[1], [2]],
                       usage => { tokens => 30 } } })
--- log_lines
200 in=30 out=0 cost=0.000030000 src=upstream



=== TEST 13: a ranking says nothing, and is a search
--- more_headers
ai-model-id: a/rank
--- request
POST /v3/ai/reranking-model
{"query":"q","documents":{"type":"text","values":["a","b"]}}
--- upstream eval
main::ways({ json => { ranking => [{ index => 0, relevanceScore => 0.5 }] } })
--- log_lines eval
qr/^200 in=\d+ out=0 cost=0\.002000000 src=counted/



=== TEST 14: a decision
--- more_headers
ai-model-id: a/small
--- request
POST /v4/ai/decision-model
{"stateParts":[{"type":"text","text":"hello"}],"questions":{"a":{"type":"boolean"}},"maxOutputTokens":50}
--- upstream eval
main::ways({ json => { answers => { a => { type => 'boolean',
                                           probability => 0.5 } },
                       usage => { inputTokens => 100, outputTokens => 50 } } })
--- log_lines
200 in=100 out=50 cost=0.000200000 src=upstream



=== TEST 15: pictures are refused where a budget is enforced
--- request
POST /v3/ai/image-model
{"prompt":"a","n":1}
--- error_code: 404
--- response_body_like: cannot be metered here
--- upstream_count: 0



=== TEST 16: ... and pass where none is
--- mode: mode=observe
--- request
POST /v3/ai/image-model
{"prompt":"a","n":1}
--- upstream: {"images":[]}
--- response_body: {"images":[]}

