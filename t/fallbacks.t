# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Requests that name several models: the one that answers has the price, and
# what is reserved is enough for each of them.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

no_long_string();
log_llm();

add_block_preprocessor(sub {
    my $block = shift;

    my $limit = $block->limit // 1;
    chomp $limit;

    $block->set_value(http_config => <<'END');
    llm_price cheap input=1 output=2;
    llm_price dear input=10 output=20;
    llm_price lab/cheap-2 base=cheap;
END
    $block->set_value(config => <<"END");
    location /v1/ {
        llm_cost on;
        llm_fit off;
        llm_budget daily limit=${limit}usd period=day;
        proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
    }
END
});


sub chat {
    my ($who) = @_;

    return "POST /v1/chat/completions\n"
           . qq({$who,"max_tokens":100,"messages":)
           . qq([{"role":"user","content":"hi"}]});
}

sub chatted {
    my ($model) = @_;

    return { json => { model => $model, choices => [
                 { index => 0, finish_reason => 'stop',
                   message => { role => 'assistant', content => 'a' } }],
             usage => { prompt_tokens => 8, completion_tokens => 100,
                        total_tokens => 108 } } };
}

sub message {
    my ($fallbacks) = @_;

    return "POST /v1/messages\n"
           . qq({"model":"cheap","max_tokens":10,"fallbacks":$fallbacks,)
           . qq("messages":[{"role":"user","content":"hi"}]});
}

sub routed {
    my ($mode) = @_;

    return "POST /v1/models/cheap:generateContent\n"
           . qq({"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":)
           . qq({"maxOutputTokens":100,"routingConfig":{$mode}}});
}

sub generated {
    my ($model) = @_;

    return { json => { modelVersion => $model, candidates => [
                 { finishReason => 'STOP',
                   content => { parts => [{ text => 'a' }] } }],
             usageMetadata => { promptTokenCount => 8,
                                candidatesTokenCount => 100,
                                totalTokenCount => 108 } } };
}

sub messaged {
    my ($model) = @_;

    return { json => { type => 'message', model => 'cheap', content => [],
             stop_reason => 'end_turn',
             usage => { input_tokens => 8, output_tokens => 100,
                        iterations => [
                            { type => 'message', model => 'cheap',
                              input_tokens => 8, output_tokens => 1 },
                            { type => 'fallback_message', model => $model,
                              input_tokens => 8, output_tokens => 100 }] } } };
}

run_tests();

__DATA__

=== TEST 1: the model that has answered has the price
--- request eval
[main::chat('"model":"cheap","models":["cheap","dear"]'),
 main::chat('"model":"cheap","models":["dear"]'),
 main::chat('"models":["cheap","dear"]')]
--- upstream eval
[main::chatted('dear'), main::chatted('cheap'), main::chatted('cheap')]
--- error_code eval
[200, 200, 200]
--- log_lines eval
['200 in=8 out=100 cost=0.002080000 src=upstream',
 '200 in=8 out=100 cost=0.000208000 src=upstream',
 '200 in=8 out=100 cost=0.000208000 src=upstream']



=== TEST 2: by a name that has no row it is the dearest of those allowed
--- request eval
[main::chat('"model":"cheap","models":["dear"]'),
 main::chat('"model":"cheap","models":["lab/cheap-2"]')]
--- upstream eval
[main::chatted('somebody-else'), main::chatted('lab/cheap-2-20260101')]
--- error_code eval
[200, 200]
--- log_lines eval
['200 in=8 out=100 cost=0.002080000 src=upstream',
 '200 in=8 out=100 cost=0.000208000 src=upstream']



=== TEST 3: one of them has no price: it is named, and nothing is sent
--- request eval
[main::chat('"model":"cheap","models":["cheap","free-lunch"]'),
 main::message('[{"model":"free-lunch"}]')]
--- error_code eval
[400, 400]
--- response_body_like eval
[qr/The model 'free-lunch' has no price here/,
 qr/The model 'free-lunch' has no price here/]
--- upstream_count: 0



=== TEST 4: not a list of models
--- request eval
[main::chat('"model":"cheap","models":"dear"'),
 main::chat('"model":"cheap","models":[7]'),
 main::chat('"model":"cheap","models":[' . CORE::join(',', ('"dear"') x 9)
            . ']'),
 main::chat('"model":"cheap","models":["cheap"],"models":["dear"]'),
 main::message('{"model":"dear"}'), main::message('[{}]'),
 main::message('[{"model":"dear","max_tokens":"1"}]')]
--- error_code eval
[(400) x 7]
--- response_body_like eval
[qr/'models': must be an array/, qr/'models': must be a string/,
 qr/'models': must name at most 8 models/,
 qr/'models': must not occur more than once/,
 qr/'fallbacks': must be an array/, qr/'fallbacks\.model': is required/,
 qr/'fallbacks\.max_tokens': must be an integer/]
--- upstream_count: 0



=== TEST 5: Anthropic's that stands in, named or not
--- request eval
[main::message('[{"model":"dear"}]'), main::message('"default"')]
--- upstream eval
[main::messaged('dear'), main::messaged('dear')]
--- error_code eval
[200, 200]
--- log_lines eval
['200 in=8 out=100 cost=0.002080000 src=upstream',
 '200 in=8 out=100 cost=0.002080000 src=upstream']



=== TEST 6: the dearest of them has to fit, with a maximum of its own
--- limit: 0.002
--- request eval
[main::chat('"model":"cheap"'),
 main::chat('"model":"cheap","models":["cheap","dear"]'),
 main::message('[{"model":"dear"}]'),
 main::message('[{"model":"dear","max_tokens":100}]')]
--- upstream eval
[main::chatted('cheap'), main::messaged('cheap')]
--- error_code eval
[200, 400, 200, 400]



=== TEST 7: by "default" the dearest that is known to stand in has to fit
--- limit: 0.0002
--- request eval
[main::message('"default"'), main::message('null')]
--- upstream eval
[main::messaged('cheap')]
--- error_code eval
[400, 200]
--- upstream_count: 1



=== TEST 8: Vertex AI may give a request to another model
--- request eval
[main::routed('"manualMode":{"modelName":"dear"}'),
 main::routed('"manualMode":{"modelName":"free-lunch"}'),
 main::routed('"autoMode":{}')]
--- upstream eval
[main::generated('dear')]
--- error_code eval
[200, 400, 400]
--- response_body_like eval
[qr/dear/, qr/The model 'free-lunch' has no price here/,
 qr/The model '\(routed\)' has no price here/]
--- upstream_count: 1



=== TEST 9: ... whose price has to fit
--- limit: 0.002
--- request eval
main::routed('"manualMode":{"modelName":"dear"}')
--- error_code: 400
--- upstream_count: 0
