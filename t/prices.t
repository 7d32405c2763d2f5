# Copyright (C) 2026 the ngx_llm_cost_module authors

use strict;
use warnings;

use lib 't/lib';

use LLMCost;

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value('http_config',
        "log_format cost '\$llm_cost reported=\$llm_reported_cost "
        . "reserved=\$llm_reserved_cost source=\$llm_usage_source';\n"
        . ($block->http_config // ''));

    $block->set_value('config', <<"CONF");
        location /v1/ {
            llm_cost on;
            access_log logs/cost.log cost;
            access_log logs/access.log cost;
            @{[ $block->location // '' ]}
            proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
        }
CONF
});

# an answer of 1,000 and 100 tokens with what else its usage says

sub answer {
    my ($more, %top) = @_;

    return { json => {
        id => 'x', object => 'chat.completion', model => 'm', %top,
        choices => [ { index => 0, finish_reason => 'stop', message =>
                       { role => 'assistant', content => 'Hello' } } ],
        usage => { prompt_tokens => 1000, completion_tokens => 100,
                   total_tokens => 1100, %$more },
    } };
}

sub chat {
    my ($model, $more) = @_;

    return "POST /v1/chat/completions\n"
           . '{"model":"' . $model . '","max_tokens":100,'
           . ($more // '')
           . '"messages":[{"role":"user","content":"hi"}]}';
}

no_long_string();
run_tests();

__DATA__

=== TEST 1: a cost that upstream reports stands beside ours
--- http_config
llm_price m input=1 output=2;
--- upstream eval
main::answer({ cost => 0.0012345678 })
--- request eval
main::chat('m')
--- access_log
0.001200000 reported=0.001234568 reserved=



=== TEST 2: and is billed if it is trusted
--- http_config
llm_price m input=1 output=2;
--- location
llm_trust_reported_cost on;
--- upstream eval
main::answer({ cost => 0.0012345678 })
--- request eval
main::chat('m')
--- access_log
0.001234568 reported=0.001234568 reserved=



=== TEST 3: ticks of 10^-10 usd
--- http_config
llm_price m input=1 output=2;
--- upstream eval
main::answer({ cost_in_usd_ticks => 37756000 })
--- request eval
main::chat('m')
--- access_log
0.001200000 reported=0.003775600 reserved=



=== TEST 4: an object with a total
--- http_config
llm_price m input=1 output=2;
--- upstream eval
main::answer({ cost => { total_cost => 0.005, currency => 'USD' } })
--- request eval
main::chat('m')
--- access_log
0.001200000 reported=0.005000000 reserved=



=== TEST 5: what is no cost is not believed, trusted or not
--- http_config
llm_price m input=1 output=2;
--- location
llm_trust_reported_cost on;
--- upstream eval
[map { main::answer({ cost => $_ }) } -1, 'NaN', 1e30, '', [1], undef]
--- request eval
[map { main::chat('m') } 1 .. 6]
--- access_log
0.001200000 reported=- 



=== TEST 6: the tier that the answer names is what is charged
--- http_config
llm_price m input=1 output=2 input_priority=3 output_priority=4
          input_flex=0.5 output_flex=1;
--- upstream eval
[main::answer({}, service_tier => 'priority'),
 main::answer({}, service_tier => 'flex'),
 main::answer({}, service_tier => 'default')]
--- request eval
[main::chat('m'), main::chat('m', '"service_tier":"flex",'),
 main::chat('m', '"service_tier":"priority",')]
--- response_headers eval
['X-Cost-USD: 0.003400000', 'X-Cost-USD: 0.000600000',
 'X-Cost-USD: 0.001200000']



=== TEST 7: plain text does not reserve what only marks of a cache cost
--- http_config
llm_price m input=1 output=0 cache_write_1h=1000 audio_input=1000
          image_input=1000 search=1;
--- upstream eval
main::answer({})
--- request eval
main::chat('m')
--- access_log
reserved=0.000042000



=== TEST 8: a request with a mark does, however it is written
--- http_config
llm_price m input=1 output=0 cache_write_1h=1000;
--- upstream eval
main::answer({})
--- request eval
main::chat('m', '"x":{"cache\u005fcontrol":{"ttl":"1h"}},')
--- access_log
reserved=0.042000000



=== TEST 9: a request that searches is charged one search
--- http_config
llm_price m     input=1 output=0 search_low=1 search_medium=2 search_high=3;
llm_price sonar input=1 output=0 search_low=1 search_medium=2 search_high=3;
--- upstream eval
[main::answer({}), main::answer({ search_context_size => 'low' }),
 main::answer({})]
--- request eval
[main::chat('m', '"web_search_options":{"search_context_size":"medium"},'),
 main::chat('sonar'), main::chat('m')]
--- response_headers eval
['X-Cost-USD: 2.001000000', 'X-Cost-USD: 1.001000000',
 'X-Cost-USD: 0.001000000']



=== TEST 10: ... at the dearest size, where none is said
--- http_config
llm_price sonar input=1 output=0 search_low=1 search_medium=2 search_high=3;
--- upstream eval
main::answer({ search_context_size => 'low' })
--- request eval
main::chat('sonar')
--- response_headers
X-Cost-USD: 1.001000000
--- access_log
reserved=3.000042000



=== TEST 11: searches that nobody bounds: eight of them
--- http_config
llm_price sonar-deep-research input=1 output=0 search=1;
--- upstream eval
main::answer({ num_search_queries => 21 })
--- request eval
main::chat('sonar-deep-research')
--- response_headers
X-Cost-USD: 21.001000000
--- access_log
reserved=8.000042000



=== TEST 12: a machine by the hour
--- http_config
llm_price m gpu_hour=3.6;
--- upstream eval
main::answer({})
--- request eval
main::chat('m')
--- access_log eval
qr/^0\.0[0-9]{8} reported/



=== TEST 13: a model that is charged by the page has no price for a chat
--- http_config
llm_price m page=0.01;
--- location
llm_budget daily limit=1usd period=day;
--- request eval
main::chat('m')
--- error_code: 400
--- response_body_like: has no price here



=== TEST 14: a price of a map that is not understood is told of once
--- http_config
llm_prices $TEST_NGINX_HTML_DIR/prices.json;
--- user_files
>>> prices.json
{"m":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,
"input_cost_per_smell":1,"colour_pricing":{"red":1}},
"n":{"input_cost_per_smell":2,"input_dbu_cost_per_token":1}}
--- upstream eval
main::answer({})
--- request eval
main::chat('m')
--- response_headers
X-Cost-USD: 0.001200000
--- grep_error_log eval
qr/prices\.json" lists .*?smell".*?pricing"/
--- grep_error_log_out
prices.json" lists 3 prices that are not understood and not charged, under "input_cost_per_smell", "colour_pricing"



=== TEST 15: the map that ships has none
--- upstream eval
main::answer({})
--- request eval
main::chat('gpt-4o')
--- access_log
0.003500000 reported=
--- no_error_log
not understood



=== TEST 16: what a host takes for searches of its own, whosever the model is
--- http_config
llm_price m      input=1 output=0;
llm_price dear/m input=1 output=0 search=0.5;
--- location
llm_provider openrouter;
--- upstream eval
[main::answer({}),
 main::answer({}),
 main::answer({ server_tool_use => { web_search_requests => 2 } }),
 main::answer({ server_tool_use_details => { tool_calls_executed => 3 } }),
 main::answer({ server_tool_use => { web_search_requests => 2 } })]
--- request eval
[main::chat('m:online'),
 main::chat('m', '"plugins":[{"id":"web","engine":"exa","max_results":15}],'),
 main::chat('m', '"tools":[{"type":"openrouter:web_search","parameters":'
                 . '{"mode":"deep","max_results":12}}],'),
 main::chat('m', '"tools":[{"type":"openrouter:web_fetch"}],'),
 main::chat('dear/m', '"tools":[{"type":"openrouter:web_search"}],')]
--- response_headers eval
['X-Cost-USD: 0.008000000', 'X-Cost-USD: 0.013000000',
 'X-Cost-USD: 0.029000000', 'X-Cost-USD: 0.004000000',
 'X-Cost-USD: 1.001000000']



=== TEST 17: ... is reserved as often as the request allows
--- http_config
llm_price m input=0 output=0;
--- location
llm_provider openrouter;
--- upstream eval
main::answer({})
--- request eval
main::chat('m', '"max_tool_calls":3,"tools":[{"type":"openrouter:web_search",'
                . '"parameters":{"mode":"deep-reasoning"}}],')
--- response_headers
X-Cost-USD: 0.000000000
--- access_log
reserved=0.045000000



=== TEST 18: ... and may be said in the configuration
--- http_config
llm_price m                  input=1 output=0;
llm_price openrouter/(tools) search=0.25;
--- location
llm_provider openrouter;
--- upstream eval
main::answer({})
--- request eval
main::chat('m', '"plugins":[{"id":"web"}],')
--- response_headers
X-Cost-USD: 0.251000000
