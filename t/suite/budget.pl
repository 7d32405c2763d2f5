# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# t/suite/budget.blocks with a store: suite('llm_redis ...;'), or suite() for
# the zone; or other blocks of that folder: suite($store, 'over').

use strict;
use warnings;

our $CHAT = '{"model":"gpt-4o-mini",'
            . '"messages":[{"role":"user","content":"hi"}]}';

our $CHAT_300 = '{"model":"gpt-4o-mini","max_tokens":300,'
                . '"messages":[{"role":"user","content":"hi"}]}';

our $DEAR = '{"model":"gpt-4o","max_tokens":300,'
            . '"messages":[{"role":"user","content":"hi"}]}';

sub suite {
    my $store = shift // '';
    my $blocks = shift // 'budget';

    no_long_string();
    no_shuffle();

    add_block_preprocessor(sub {
        my $block = shift;

        my $config = $block->http_config // '';
        $block->set_value(http_config => <<"END" . $config);
    $store
    log_format llm '\$status in=\$llm_input_tokens out=\$llm_output_tokens '
                   'cost=\$llm_cost src=\$llm_usage_source '
                   'ref=\$llm_refusal budgets=\$llm_budgets '
                   'reserved=\$llm_reserved_cost '
                   'model=\$llm_model asked=\$llm_asked_model';
    access_log logs/access.log llm;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
END
    });

    spec_file("t/suite/$blocks.blocks");
    run_tests();
}

1;
