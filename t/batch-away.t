# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Responses in the background while Redis does not answer: who may settle one is
# claimed with a SET, the second after the one that keeps it.  However that fails,
# it is billed here, once, and claimed when Redis is back.

use lib 't/lib';
use LLMCost redis => 1, fakeredis => 1;

require './t/suite/batch.pl';

add_block_preprocessor(sub {
    my $block = shift;

    my %same = (
        request    => [main::begin_response(), 'GET /v1/responses/resp_1'],
        upstream   => [main::answer('queued'), main::answer('completed', 50)],
        error_code => [200, 200],
        timeout    => 10,
        log_lines  => ['200 in=0 out=0 cost=0.000000000 src=none',
                       '200 in=9 out=50 cost=0.000400000 src=upstream'],
        redis_like => <<'END',
KEYS {llm:}hs:* => ^{llm:}hs:
EVAL "return redis.call('HMGET', redis.call('KEYS', '{llm:}b:daily:*')[1], 'spent', 'reserved')" 0 => ^400000 0$
END
    );

    $block->set_value($_ => $same{$_}) for keys %same;
});

batch_blocks('llm_redis 127.0.0.1:$TEST_NGINX_FAKEREDIS_PORT timeout=2s;');
run_tests();

__DATA__

=== a claim that is not answered
--- fakeredis: SET 2: stall



=== ... that Redis has heard of
--- fakeredis: SET 2: swallow



=== ... or has not taken
--- fakeredis: SET 2: error ERR something
