# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# What is asked for rarely: interactions, predict, OCR, agents, infilling, old
# completions, conversations.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

no_long_string();
log_llm();

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(config => <<'END');
    location ~ ^/v1 {
        llm_cost on;
        llm_budget daily limit=10usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
END

    $block->set_value(http_config => <<'END' . ($block->http_config // ''));
    llm_price ag:1:x base=mistral-large-latest input=2 output=6;
    llm_price claude-2.1 input=8 output=24;
    llm_price imagegeneration@006 output_image=0.02;
END
});

run_tests();

__DATA__

=== TEST 1: an interaction, 12 * 300 + 40 * 2500
--- request
POST /v1beta/interactions
{"model":"gemini-2.5-flash","input":"hi","stream":true}
--- upstream eval
{ sse => [
    '{"event_type":"interaction.created","interaction":'
    . '{"status":"in_progress"},"metadata":{"usage":{"total_tokens":9,'
    . '"total_input_tokens":9,"total_output_tokens":0}}}',
    '{"event_type":"interaction.completed","interaction":'
    . '{"status":"completed","usage":{"total_tokens":52,'
    . '"total_input_tokens":9,"total_tool_use_tokens":3,'
    . '"total_output_tokens":10,"total_thought_tokens":30}}}'
  ], split => 7 }
--- log_lines
200 in=12 out=40 cost=0.000103600 src=upstream



=== TEST 2: vectors that say their tokens among many numbers
--- request
POST /v1/projects/p/locations/us/publishers/google/models/gemini-embedding-001:predict
{"instances":[{"content":"one"},{"content":"two"}]}
--- upstream eval
{ json => { predictions => [ map {
    { embeddings => { values => [ (0.125) x 3000 ],
                      statistics => { token_count => $_ } } } } 4, 5 ] } }
--- log_lines
200 in=9 out=0 cost=0.000001350 src=upstream



=== TEST 3: pictures of which one was held back
--- request
POST /v1/projects/p/locations/us/publishers/google/models/imagegeneration@006:predict
{"instances":[{"prompt":"a cat"}],"parameters":{"sampleCount":2}}
--- upstream eval
{ json => { predictions => [ { bytesBase64Encoded => 'x' },
                             { raiFilteredReason => 'no' } ] } }
--- log_lines
200 in=0 out=0 cost=0.020000000 src=counted



=== TEST 4: pages
--- request
POST /v1/ocr
{"model":"mistral-ocr-2512","document":{"document_url":"x"}}
--- upstream eval
{ json => { pages => [], usage_info => { pages_processed => 29 } } }
--- log_lines
200 in=0 out=0 cost=0.058000000 src=upstream



=== TEST 5: ... more of them than a budget holds
--- request
POST /v1/ocr
{"model":"mistral-ocr-4","document":{"document_url":"x"},
 "document_annotation_format":{}}
--- error_code: 200
--- upstream eval
{ json => { pages => [], usage_info => { pages_processed => 3 } } }
--- log_lines
200 in=0 out=0 cost=0.015000000 src=upstream



=== TEST 6: an agent in the place of a model
--- request
POST /v1/agents/completions
{"agent_id":"ag:1:x","messages":[{"role":"user","content":"hi"}]}
--- upstream eval
{ json => { choices => [ { message => { content => 'x' },
                           finish_reason => 'stop' } ],
            usage => { prompt_tokens => 500, completion_tokens => 200 } } }
--- log_lines
200 in=500 out=200 cost=0.002200000 src=upstream



=== TEST 7: an old completion has no usage
--- request
POST /v1/complete
{"model":"claude-2.1","prompt":"\n\nHuman: hi\n\nAssistant:","max_tokens_to_sample":10}
--- upstream eval
{ json => { completion => ' Hello there.', stop_reason => 'stop_sequence' } }
--- log_lines eval
[qr/^200 in=[1-9]\d* out=[1-9]\d* cost=0\.000[1-9]\d* src=counted$/]



=== TEST 8: pictures of Bedrock's models are charged by their number
--- request
POST /v1/model/amazon.titan-image-generator-v2:0/invoke
{"taskType":"TEXT_IMAGE","textToImageParams":{"text":"a cat"},"imageGenerationConfig":{"numberOfImages":3}}
--- upstream eval
{ json => { images => ['a', 'b'], error => undef } }
--- log_lines
200 in=0 out=0 cost=0.016000000 src=counted



=== TEST 9: ... more of them than a budget holds
--- request
POST /v1/model/stability.stable-image-ultra-v1:1/invoke
{"prompt":"a cat","samples":100}
--- error_code: 400
--- log_lines
400 in=- out=- cost=0.000000000 src=none



=== TEST 10: pictures that a tool of a response makes, beside the response
--- request
POST /v1/responses
{"model":"gpt-5","input":"draw","max_output_tokens":50,"tools":[{"type":"image_generation"}]}
--- upstream eval
{ json => { id => 'r', status => 'completed', model => 'gpt-5', output => [],
            usage => { input_tokens => 10, output_tokens => 5,
                       total_tokens => 15 },
            tool_usage => { image_gen => { input_tokens => 100,
                input_tokens_details => { image_tokens => 60,
                                          text_tokens => 40 },
                output_tokens => 1056, total_tokens => 1156 } } } }
--- log_lines
200 in=10 out=5 cost=0.032422500 src=upstream



=== TEST 11: a batch that gets its requests later is of no file
--- request
POST /v1/batches
{"name":"later"}
--- error_code: 400
--- response_body_like: were not counted here



=== TEST 12: Mistral's conversations: one begins, 40 * 700 + 20 * 2100
--- request
POST /v1/conversations
{"model":"mistral-large-latest","inputs":"hi","completion_args":{"max_tokens":50}}
--- upstream eval
{ json => { object => 'conversation.response', conversation_id => 'conv_1',
            outputs => [{ type => 'message.output', content => 'Hi',
                          model => 'mistral-large-latest' }],
            usage => { prompt_tokens => 10, completion_tokens => 20,
                       total_tokens => 60, connector_tokens => 30 } } }
--- log_lines
200 in=40 out=20 cost=0.000070000 src=upstream



=== TEST 13: ... and goes on, at the price of the model that answers
--- http_config
    llm_price (conversation) base=mistral-large-latest output=100;
--- request
POST /v1/conversations/conv_1
{"inputs":"more","stream":true}
--- upstream eval
{ sse => [
    '{"type":"message.output.delta","content":"Hi",'
    . '"model":"mistral-large-latest"}',
    '{"type":"conversation.response.done","usage":{"prompt_tokens":40,'
    . '"completion_tokens":20,"total_tokens":60}}' ], split => 7 }
--- log_lines
200 in=40 out=20 cost=0.000070000 src=upstream



=== TEST 14: ... which has none by itself: only Mistral knows which it is
--- request
POST /v1/conversations/conv_1
{"inputs":"more"}
--- error_code: 400
--- response_body_like: The model '\(conversation\)' has no price here
--- upstream_count: 0



=== TEST 15: OpenAI's, and its moderations, cost nothing; Mistral's do
--- request eval
["POST /v1/conversations\n{}",
 "POST /v1/conversations/conv_1\n" . '{"metadata":{"a":"b"}}',
 "POST /v1/moderations\n" . '{"model":"omni-moderation-latest","input":"a"}',
 "POST /v1/moderations\n" . '{"model":"mistral-moderation-2","input":"a"}',
 "POST /v1/chat/moderations\n" . '{"model":"mistral-moderation-2","input":[]}']
--- upstream eval
[({ json => {} }) x 3]
--- error_code eval
[200, 200, 200, 400, 400]
--- upstream_count: 3



=== TEST 16: Gemini's decisions
--- http_config
    llm_price g-decides base=gemini-2.5-flash output_decisions=1;
--- request
POST /v1beta/decisions
{"model":"g-decides","input":[{"type":"text","text":"hi"}],"questions":{"a":{"type":"noul","instructions":"is it?"}}}
--- upstream eval
{ json => { answers => { a => { type => 'noul', noul => 0.5 } },
            usage => { total_input_tokens => 100, total_output_tokens => 20,
                       total_tokens => 120 } } }
--- upstream_requests_unlike: generation_config
--- log_lines
200 in=100 out=20 cost=0.000050000 src=upstream



=== TEST 17: Azure's router chooses a model, and nobody knows which it will be
--- request
POST /v1/openai/deployments/model-router/chat/completions
{"messages":[{"role":"user","content":"hi"}],"max_tokens":9}
--- error_code: 404
--- response_body_like: "code":"unknown_path"
--- upstream_count: 0



=== TEST 18: ... where it may pass, that model is billed, and a fee: 1000 * 0.14
--- http_config
    llm_unknown_path allow;
    llm_price azure/chosen input=1 output=10;
--- request
POST /v1/openai/deployments/model-router/chat/completions
{"messages":[{"role":"user","content":"hi"}],"max_tokens":9}
--- upstream eval
{ json => { model => 'chosen', choices => [],
            usage => { prompt_tokens => 1000, completion_tokens => 100,
                       total_tokens => 1100 } } }
--- log_lines
200 in=1000 out=100 cost=0.002140000 src=upstream
