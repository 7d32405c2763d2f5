# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Hosts that take OpenAI's chat at paths of their own: Databricks, Snowflake's
# Cortex, watsonx, Cloudflare's Workers AI, Writer; what else some of them take,
# and what those take that have a few paths of their own.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

no_long_string();
all_ways();
log_llm();

our $usage = { prompt_tokens => 40, completion_tokens => 20,
               total_tokens => 60 };

sub chunks {
    return [CORE::join '', map { 'data: ' . (ref $_ ? main::json($_) : $_) . "\n\n" }
            @_];
}

sub json {
    return JSON::PP->new->ascii->canonical->encode($_[0]);
}

sub stream {
    return main::ways({ headers => { 'Content-Type' => 'text/event-stream' },
                        body => main::chunks(@_) });
}

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(config => <<"END");
    location ~ ^/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day @{[$block->mode // '']};
        proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
    }
END

    $block->set_value(http_config => <<'END' . ($block->http_config // ''));
    llm_price dbrx input=1 output=2;
    llm_price ours input=1 output=2;
    llm_price vertex_ai/mistral-x@1 input=1 output=2;
    llm_price ibm/granite input=1 output=2;
    llm_price watsonx/dep-1 input=10 output=20;
    llm_price cloudflare/@cf/meta/llama input=1 output=2;
    llm_price palmyra input=1 output=2;
    llm_price luminous input=1 output=2;
    llm_price generate input=1 output=2;
END
});

run_tests();

__DATA__

=== TEST 1: Databricks: the path names the model, and the stream is not changed
--- request
POST /serving-endpoints/dbrx/invocations
{"messages":[{"role":"user","content":"hi"}],"max_tokens":50,"stream":true}
--- upstream eval
main::stream({ choices => [{ index => 0, delta => { content => 'Hi' } }],
               usage => { prompt_tokens => 40, completion_tokens => 1,
                          total_tokens => 41 } },
             { choices => [{ index => 0, delta => {},
                             finish_reason => 'stop' }],
               usage => $main::usage }, '[DONE]')
--- upstream_requests_unlike: stream_options
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream



=== TEST 2: ... a prompt
--- request
POST /serving-endpoints/dbrx/invocations
{"prompt":"a"}
--- upstream eval
main::ways({ json => { choices => [{ text => 'b' }], usage => $main::usage } })
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream



=== TEST 3: ... what is no text is refused where a budget is enforced
--- request
POST /serving-endpoints/dbrx/invocations
{"dataframe_split":{"columns":["a"],"data":[[1]]}}
--- error_code: 404
--- response_body_like: cannot be metered here
--- upstream_count: 0



=== TEST 4: ... and passes where none is
--- mode: mode=observe
--- request
POST /serving-endpoints/dbrx/invocations
{"dataframe_split":{"columns":["a"],"data":[[1]]}}
--- upstream: {"predictions":[1]}
--- response_body: {"predictions":[1]}



=== TEST 5: Snowflake
--- request
POST /api/v2/cortex/inference:complete
{"model":"ours","messages":[{"content":"hi"}],"max_tokens":50}
--- upstream eval
main::stream({ choices => [{ delta => { type => 'text', content => 'Hi',
                                        text => 'Hi' } }],
               usage => {} },
             { choices => [{ delta => { type => 'text', content => '!' } }],
               usage => $main::usage })
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream



=== TEST 6: watsonx: the model is in the body, the path asks for a stream
--- request
POST /ml/v1/text/chat_stream?version=2024-10-08
{"model_id":"ibm/granite","project_id":"p","messages":[{"role":"user","content":"hi"}],"max_tokens":50}
--- upstream eval
main::stream({ model_id => 'ibm/granite',
               choices => [{ index => 0, delta => { content => 'Hi' },
                             finish_reason => 'stop' }] },
             { model_id => 'ibm/granite', choices => [],
               usage => $main::usage })
--- upstream_requests_unlike: stream_options
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream



=== TEST 7: ... a deployment has a price of its own
--- request
POST /ml/v1/deployments/dep-1/text/chat
{"messages":[{"role":"user","content":"hi"}],"max_tokens":50}
--- upstream eval
main::ways({ json => { choices => [{ message => { content => 'Hi' } }],
                       usage => $main::usage } })
--- log_lines
200 in=40 out=20 cost=0.000800000 src=upstream



=== TEST 8: Cloudflare: what a model says is in an envelope
--- request
POST /client/v4/accounts/a/ai/run/@cf/meta/llama
{"messages":[{"role":"user","content":"hi"}],"max_tokens":50}
--- upstream eval
main::ways({ json => { success => JSON::PP::true, errors => [],
                       result => { response => 'Hi',
                                   usage => $main::usage } } })
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream



=== TEST 9: ... of a stream it is not, and is counted where no usage is said
--- request
POST /client/v4/accounts/a/ai/run/@cf/meta/llama
{"prompt":"hi","max_tokens":50,"stream":true}
--- upstream eval
main::stream({ response => 'Hello' }, { response => ' there' }, '[DONE]')
--- log_lines
200 in=1 out=2 cost=0.000005000 src=counted



=== TEST 10: ... pictures are not metered
--- request
POST /client/v4/accounts/a/ai/run/@cf/meta/llama
{"prompt":"a cat","num_steps":20}
--- error_code: 404
--- upstream_count: 0



=== TEST 11: vectors of Databricks
--- request
POST /serving-endpoints/dbrx/invocations
{"input":["a","b"]}
--- upstream eval
main::ways({ json => { object => 'list', data => [],
                       usage => { prompt_tokens => 7, total_tokens => 7 } } })
--- log_lines
200 in=7 out=0 cost=0.000007000 src=upstream



=== TEST 12: watsonx: text from a prompt
--- request
POST /ml/v1/text/generation
{"model_id":"ibm/granite","input":"hi","parameters":{"max_new_tokens":30}}
--- upstream eval
main::ways({ json => { model_id => 'ibm/granite', results => [
                 { generated_text => 'Hi', generated_token_count => 20,
                   input_token_count => 40, stop_reason => 'eos_token' }] } })
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream



=== TEST 13: ... a stream says what was made so far, and once what was read
--- request
POST /ml/v1/text/generation_stream
{"model_id":"ibm/granite","input":"hi"}
--- upstream eval
main::stream({ results => [{ generated_text => '', input_token_count => 40,
                             generated_token_count => 0,
                             stop_reason => 'NOT_FINISHED' }] },
             { results => [{ generated_text => 'Hi', input_token_count => 0,
                             generated_token_count => 12,
                             stop_reason => 'not_finished' }] },
             { results => [{ generated_text => '!', input_token_count => 0,
                             generated_token_count => 20,
                             stop_reason => 'eos_token' }] })
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream



=== TEST 14: ... vectors
--- request
POST /ml/v1/text/embeddings
{"model_id":"ibm/granite","inputs":["a","b"]}
--- upstream eval
main::ways({ json => { model_id => 'ibm/granite', results => [],
                       input_token_count => 40 } })
--- log_lines
200 in=40 out=0 cost=0.000040000 src=upstream



=== TEST 15: ... a ranking
--- request
POST /ml/v1/text/rerank
{"model_id":"ibm/granite","query":"q","inputs":[{"text":"a"}]}
--- upstream eval
main::ways({ json => { model_id => 'ibm/granite', results => [],
                       input_token_count => 40 } })
--- log_lines
200 in=40 out=0 cost=0.000040000 src=upstream



=== TEST 16: ... what an SDK of IBM's finds in a refusal
--- mode: limit=0.000001usd
--- request
POST /ml/v1/text/generation
{"model_id":"ibm/granite","input":"hi","parameters":{"max_new_tokens":900}}
--- error_code: 400
--- response_body_like: ^\{"errors":\[\{"code":"request_exceeds_budget","message":"
--- upstream_count: 0



=== TEST 17: Vertex AI: Mistral's chat, whose model is in the path
--- request
POST /v1/projects/p/locations/us/publishers/mistralai/models/mistral-x@1:rawPredict
{"model":"dear","messages":[{"role":"user","content":"hi"}],"max_tokens":30}
--- upstream eval
main::ways({ json => { model => 'mistral-x', choices => [
                 { index => 0, finish_reason => 'stop',
                   message => { role => 'assistant', content => 'a' } }],
             usage => $main::usage } })
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream



=== TEST 18: ... a stream is not asked for its usage
--- request
POST /v1/projects/p/locations/us/publishers/mistralai/models/mistral-x@1:streamRawPredict
{"stream":true,"messages":[{"role":"user","content":"hi"}],"max_tokens":30}
--- upstream eval
main::stream({ choices => [{ index => 0, delta => { content => 'Hi' } }] },
             { choices => [{ index => 0, delta => {},
                             finish_reason => 'stop' }],
               usage => $main::usage }, '[DONE]')
--- upstream_requests_unlike: stream_options
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream



=== TEST 19: ... what is no text is refused
--- request
POST /v1/projects/p/locations/us/publishers/mistralai/models/mistral-x@1:rawPredict
{"model":"mistral-ocr","document":{"type":"document_url"}}
--- error_code: 404
--- upstream_count: 0



=== TEST 20: Writer: chat at the path of Cohere's, which is asked for its usage
--- request
POST /v1/chat
{"model":"palmyra","stream":true,"messages":[{"role":"user","content":"hi"}],"max_tokens":30}
--- upstream eval
main::stream({ choices => [{ index => 0, delta => { content => 'Hi' },
                             finish_reason => 'stop' }] },
             { choices => [], usage => $main::usage }, '[DONE]')
--- upstream_requests_like: include_usage
--- response_body_unlike: usage
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream



=== TEST 21: ... all of its answers are reserved, and refused in its words
--- mode: limit=0.0001usd
--- request
POST /v1/chat
{"model":"palmyra","n":3,"messages":[{"role":"user","content":"hi"}],"max_tokens":20}
--- error_code: 400
--- response_body_like: ^\{"error":\{"message":"
--- upstream_count: 0



=== TEST 22: Aleph Alpha: the end of a stream has the sums of all answers
--- request
POST /complete
{"model":"luminous","prompt":[{"type":"text","data":"hi"}],"maximum_tokens":20,"n":2,"stream":true}
--- upstream eval
main::stream({ type => 'stream_chunk', index => 0, completion => ' you' },
             { type => 'stream_chunk', index => 1, completion => ' all' },
             { type => 'stream_summary', index => 0, model_version => 'x',
               finish_reason => 'end_of_text' },
             { type => 'completion_summary', num_tokens_prompt_total => 40,
               num_tokens_generated => 20 })
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream



=== TEST 23: ... vectors
--- request
POST /semantic_embed
{"model":"luminous","prompt":[{"type":"text","data":"hi"}],"representation":"symmetric"}
--- upstream eval
main::ways({ json => { model_version => 'x', embedding => [0.5],
                       num_tokens_prompt_total => 40 } })
--- log_lines
200 in=40 out=0 cost=0.000040000 src=upstream



=== TEST 24: ... all answers are reserved, and its client does not repeat it
--- mode: limit=0.00005usd
--- request
POST /complete
{"model":"luminous","prompt":"hi","maximum_tokens":20,"best_of":2}
--- error_code: 400
--- response_body_like: ^\{"error":"[^"]+","code":"request_exceeds_budget"\}
--- upstream_count: 0



=== TEST 25: a server of one model, at its root
--- request
POST /
{"inputs":"hi","parameters":{"max_new_tokens":20,"details":true}}
--- upstream eval
main::ways({ json => [{ generated_text => 'Hi', details => {
                 generated_tokens => 20, prefill => [],
                 finish_reason => 'length' } }],
             headers => { 'X-Prompt-Tokens' => 40,
                          'X-Generated-Tokens' => 20 } })
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream



=== TEST 26: ... what is not known to be text
--- request
POST /
{"inputs":"hi"}
--- error_code: 404
--- upstream_count: 0



=== TEST 27: watsonx, as it was before
--- request
POST /ml/v1-beta/generation/text?version=2023-05-29
{"model_id":"ibm/granite","input":"hi","parameters":{"max_new_tokens":30}}
--- upstream eval
main::ways({ json => { model_id => 'ibm/granite', results => [
                 { generated_text => 'Hi', generated_token_count => 20,
                   input_token_count => 40, stop_reason => 'eos_token' }] } })
--- log_lines
200 in=40 out=20 cost=0.000080000 src=upstream
