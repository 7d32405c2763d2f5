# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The worst case is the worst case: what is reserved is at the dearest rate that
# can apply, and never less than what the dearest answer then costs.

use lib 't/lib';
use LLMCost;

no_long_string();

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(http_config => <<'END');
    llm_prices $TEST_NGINX_HTML_DIR/prices.json;
    log_format llm 'reserved=$llm_reserved_cost cost=$llm_cost '
                   'in=$llm_counted_tokens';
    access_log logs/access.log llm;
    proxy_http_version 1.1;
END
    $block->set_value(config => <<'END');
    location /v1/ {
        llm_cost on;
        llm_fit off;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
END
    $block->set_value(user_files => <<'END');
>>> prices.json
{"plain": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6},
 "steps": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,
           "input_cost_per_token_above_1k_tokens": 3e-6,
           "output_cost_per_token_above_1k_tokens": 5e-6},
 "tiers": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,
           "input_cost_per_token_priority": 4e-6,
           "output_cost_per_token_priority": 6e-6,
           "input_cost_per_token_flex": 0.5e-6,
           "output_cost_per_token_flex": 1e-6},
 "cache": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,
           "cache_read_input_token_cost": 0.1e-6,
           "cache_creation_input_token_cost": 1.25e-6},
 "thinks": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,
            "output_cost_per_reasoning_token": 7e-6},
 "paints": {"input_cost_per_token": 5e-6, "input_cost_per_image_token": 10e-6,
            "output_cost_per_image_token": 40e-6},
 "hears": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,
           "input_cost_per_audio_token": 40e-6,
           "output_cost_per_audio_token": 80e-6}}
END
});


sub chat {
    my ($model, $more, $content) = @_;

    $content //= '"hi"';

    return "POST /v1/chat/completions\n"
           . qq({"model":"$model",$more"messages":)
           . qq([{"role":"user","content":$content}]});
}

sub draw {
    my ($more, $tool) = @_;

    return "POST /v1/responses\n"
           . qq({"model":"plain","max_output_tokens":100,$more"input":"hi",)
           . qq("tools":[{"type":"image_generation","model":"paints"$tool}]});
}


sub advised {
    my ($tool) = @_;

    return "POST /v1/messages\n"
           . qq({"model":"plain","max_tokens":50,"messages":[{"role":"user",)
           . qq("content":"hi"}],"tools":[{"type":"advisor_20260301",)
           . qq("name":"advisor","model":"steps"$tool}]});
}

run_tests();

__DATA__

=== TEST 1: eight tokens, which may be 42 of a model not known yet, and a hundred
--- request eval
main::chat('plain', '"max_tokens":100,')
--- more_headers
X-Test-Prompt-Tokens: 42
X-Test-Completion-Tokens: 100
--- access_log
reserved=0.000242000 cost=0.000242000 in=8



=== TEST 2: n answers are n times the maximum
--- request eval
main::chat('plain', '"max_tokens":100,"n":3,')
--- more_headers
X-Test-Prompt-Tokens: 42
X-Test-Completion-Tokens: 300
--- access_log
reserved=0.000642000 cost=0.000642000 in=8



=== TEST 3: a prompt below a step of context length
--- request eval
main::chat('steps', '"max_tokens":100,', '"' . 'hi ' x 600 . '"')
--- more_headers
X-Test-Prompt-Tokens: 600
X-Test-Completion-Tokens: 100
--- access_log eval
qr/reserved=0\.00099\d{4} cost=0\.000800000 in=6\d\d$/



=== TEST 4: ... and above it, for input and output
--- request eval
main::chat('steps', '"max_tokens":100,', '"' . 'hi ' x 1100 . '"')
--- more_headers
X-Test-Prompt-Tokens: 1417
X-Test-Completion-Tokens: 100
--- access_log
reserved=0.004751000 cost=0.004751000 in=1108



=== TEST 5: the service tier that was asked for
--- request eval
main::chat('tiers', '"max_tokens":100,"service_tier":"priority",')
--- upstream eval
{ json => { object => 'chat.completion', model => 'tiers',
            service_tier => 'priority',
            choices => [{ index => 0, finish_reason => 'stop',
                          message => { role => 'assistant',
                                       content => 'a' } }],
            usage => { prompt_tokens => 42, completion_tokens => 100 } } }
--- access_log
reserved=0.000768000 cost=0.000768000 in=8



=== TEST 6: a cheaper tier may not be had: the default is reserved
--- request eval
main::chat('tiers', '"max_tokens":100,"service_tier":"flex",')
--- more_headers
X-Test-Prompt-Tokens: 42
X-Test-Completion-Tokens: 100
--- access_log eval
qr/reserved=0\.000242000 cost=0\.000(242|121)000 in=8/



=== TEST 7: output that is all reasoning, at its own rate
--- request eval
main::chat('thinks', '"max_tokens":100,')
--- more_headers
X-Test-Prompt-Tokens: 42
X-Test-Completion-Tokens: 100
X-Test-Reasoning-Tokens: 100
--- access_log
reserved=0.000742000 cost=0.000742000 in=8



=== TEST 8: input that is written to a cache
--- request eval
main::chat('cache', '"max_tokens":100,')
--- upstream eval
{ json => { object => 'chat.completion', model => 'cache',
            choices => [{ index => 0, finish_reason => 'stop',
                          message => { role => 'assistant',
                                       content => 'a' } }],
            usage => { prompt_tokens => 42, completion_tokens => 100,
                       prompt_tokens_details => {
                           cached_tokens => 0, cache_write_tokens => 42 } } } }
--- access_log
reserved=0.000252500 cost=0.000252500 in=8



=== TEST 9: audio, in and out
--- request eval
main::chat('hears', '"max_tokens":100,"modalities":["text","audio"],',
           '[{"type":"input_audio","input_audio":{"data":"AAAA",'
           . '"format":"wav"}}]')
--- more_headers
X-Test-Prompt-Tokens: 8
X-Test-Completion-Tokens: 100
--- access_log eval
qr/reserved=0\.009600000 cost=0\.000208000 in=8$/



=== TEST 10: the largest maximum that fits is said, and fits
--- request eval
[main::chat('plain', '"max_tokens":600000,'),
 main::chat('plain', '"max_tokens":499979,')]
--- error_code eval
[400, 200]
--- response_body_like eval
[qr/needs up to \$1\.200042; the largest maximum of output tokens that fits is 499979/,
 qr/usage/]



=== TEST 11: a picture that a tool makes, of the size and quality it is asked for
--- request eval
main::draw('"max_tool_calls":1,', ',"size":"1024x1024","quality":"low"')
--- upstream: {"usage":{"input_tokens":5,"output_tokens":5}}
--- access_log
reserved=0.032892000 cost=0.000015000 in=1040



=== TEST 12: ... as many as it may call, of any size, with those that were made
--- request eval
main::draw('"max_tool_calls":2,', '')
--- upstream: {"usage":{"input_tokens":5,"output_tokens":5}}
--- access_log
reserved=0.751137000 cost=0.000015000 in=1028



=== TEST 13: ... by a model that has no price
--- request eval
main::draw('', '') =~ s/paints/nobody/r
--- error_code: 400
--- response_body_like: The model 'nobody' has no price here
--- upstream_count: 0



=== TEST 14: an advisor reads all that was said, as often as it is asked
--- request eval
main::advised(',"max_uses":2,"max_tokens":100')
--- upstream: {"usage":{"input_tokens":5,"output_tokens":5}}
--- access_log
reserved=0.016569000 cost=0.000015000 in=1708



=== TEST 15: ... and says as much as its model can, where nothing bounds it
--- request eval
main::advised('')
--- error_code: 400
--- response_body_like: request_exceeds_budget
--- upstream_count: 0
