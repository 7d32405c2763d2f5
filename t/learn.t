# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Counts by estimate, corrected by what answers say.

use strict;
use warnings;

use lib 't/lib';

use LLMCost;

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value('config', <<"CONF");
        location /v1/ {
            llm_cost on;
            add_header X-Counted \$llm_counted_tokens;
            add_header X-Reserved \$llm_reserved_cost;
            proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
        }
        location /llm/ { llm_api; }
CONF
});

sub chat {
    my ($model, $words) = @_;

    return "POST /v1/chat/completions\n"
           . '{"model":"' . $model . '","max_tokens":1,"messages":[{"role":'
           . '"user","content":"' . join(' ', ('word') x $words) . '"}]}';
}

# an answer that says so many tokens of input

sub answer {
    return { json => {
        id => 'x', object => 'chat.completion', model => 'm',
        choices => [ { index => 0, finish_reason => 'stop', message =>
                       { role => 'assistant', content => 'Hello' } } ],
        usage => { prompt_tokens => $_[0], completion_tokens => 20,
                   total_tokens => $_[0] + 20 },
    } };
}

run_tests();

__DATA__

=== TEST 1: after some answers a count is what answers say; more is held, first a quarter
--- http_config
llm_price grok-x input=1 output=0;
--- upstream eval
[map { main::answer(200 + 10 * $_) } 1 .. 8, 20]
--- request eval
[(map { main::chat('grok-x', 10 * $_) } 1 .. 8, 20), 'GET /llm/models']
--- response_headers_like eval
["X-Counted: 163\nX-Reserved: 0\\.000235000", ('X-Counted: \d+') x 7,
 "X-Counted: 400\nX-Reserved: 0\\.00048\\d000",
 '']
--- response_body_like eval
[('') x 9,
 '"learned":\[\{"provider":"openai","class":"text","counts":9,'
 . '"slope":1(?:\.\d+)?,"offset":\d+,"output":20\}\]']



=== TEST 2: an exact count is left alone
--- http_config
llm_price gpt-4o-mini input=1 output=0;
--- upstream eval
main::answer(5000)
--- request eval
[(main::chat('gpt-4o-mini', 10)) x 9, 'GET /llm/models']
--- response_headers_like eval
[('X-Counted: 17') x 9, '']
--- response_body_like eval
[('') x 9,
 '"estimate":false,"learned":\[\{"provider":"openai","class":"text",'
 . '"counts":0,"output":20\}\]']



=== TEST 3: what is expected to come is held, once that is known
--- http_config
llm_price grok-y input=0 output=1 max_output=1000;
llm_reserve_output expected;
--- upstream eval
[map { main::answer(10) } 1 .. 6]
--- request eval
[(("POST /v1/chat/completions\n" . '{"model":"grok-y","messages":[{"role":'
   . '"user","content":"hi"}]}') x 6)]
--- response_headers eval
[('X-Reserved: 0.001000000') x 4, ('X-Reserved: 0.000020000') x 2]
