# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Hugging Face's servers and its API in their own words: text from a prompt,
# vectors, and what the header of an answer says of them.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

no_long_string();
all_ways();
log_llm();

our @pieces = (
    { index => 1, token => { id => 1, text => 'Hello' },
      generated_text => undef, details => undef },
    { index => 2, token => { id => 2, text => '</s>', special => 1 },
      generated_text => 'Hello',
      details => { finish_reason => 'eos_token', generated_tokens => 20,
                   input_length => 40 } });

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(config => <<"END");
    location ~ ^/(generate|embed|rerank|hf-inference|models) {
        llm_cost on;
        llm_budget daily limit=1usd period=day @{[$block->mode // '']};
        proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
    }
END

    $block->set_value(http_config => <<'END' . ($block->http_config // ''));
    llm_price generate input=1 output=2 max_output=100;
    llm_price embed input=1 output=0;
    llm_price rerank input=1 output=0;
    llm_price org/name input=1 output=2;
END
});

run_tests();

__DATA__

=== TEST 1: text: the header says what was used
--- request
POST /generate
{"inputs":"hi","parameters":{"max_new_tokens":50}}
--- upstream eval
main::ways({ json => { generated_text => 'Hello' },
             headers => { 'x-prompt-tokens' => 40,
                          'x-generated-tokens' => 20 } })
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream



=== TEST 2: ... without one it is counted
--- request
POST /generate
{"inputs":"hi","parameters":{"max_new_tokens":50}}
--- upstream eval
main::ways({ json => { generated_text => 'Hello' } })
--- log_lines
200 in=1 out=1 cost=0.000003000 src=counted



=== TEST 3: a stream
--- request
POST /generate_stream
{"inputs":"hi","parameters":{"max_new_tokens":50}}
--- upstream eval: main::ways({ sse => [@main::pieces], done => 0 })
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream



=== TEST 4: ... that breaks off
--- request
POST /generate_stream
{"inputs":"hi","parameters":{"max_new_tokens":50}}
--- upstream eval: main::ways({ sse => [$main::pieces[0]], done => 0 })
--- log_lines
200 in=1 out=1 cost=0.000003000 src=lost



=== TEST 5: vectors
--- request
POST /embed
{"inputs":["a","b"]}
--- upstream eval
main::ways({ headers => { 'Content-Type' => 'application/json',
                          'x-compute-tokens' => 30 },
             body => '[[0.5,0.25],[0.125,0.5]]' })
--- log_lines
200 in=30 out=0 cost=0.000030000 src=upstream



=== TEST 6: a ranking of TEI says its tokens in the header, too
--- request
POST /rerank
{"query":"q","texts":["a","b"]}
--- upstream eval
main::ways({ headers => { 'Content-Type' => 'application/json',
                          'x-compute-tokens' => 30 },
             body => '[{"index":0,"score":0.5}]' })
--- log_lines
200 in=30 out=0 cost=0.000030000 src=upstream



=== TEST 7: the API: the path names the model, the maximum its task
--- request
POST /hf-inference/models/org/name
{"inputs":"hi","parameters":{"max_new_tokens":50}}
--- upstream eval
main::ways({ headers => { 'Content-Type' => 'application/json' },
             body => '[{"generated_text":"Hello"}]' })
--- log_lines
200 in=1 out=1 cost=0.000003000 src=counted



=== TEST 8: ... other tasks are refused where a budget is enforced
--- request
POST /hf-inference/models/org/name
{"inputs":{"question":"a","context":"b"}}
--- error_code: 404
--- response_body_like: cannot be metered here
--- upstream_count: 0



=== TEST 9: ... and pass where none is
--- mode: mode=observe
--- request
POST /hf-inference/models/org/name
{"inputs":{"question":"a","context":"b"}}
--- upstream: {"answer":"b"}
--- response_body: {"answer":"b"}



=== TEST 10: ... so does what is no JSON
--- mode: mode=observe
--- more_headers
Content-Type: audio/flac
--- request
POST /hf-inference/models/org/name
fLaC
--- upstream: {"text":"b"}
--- response_body: {"text":"b"}
