# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Batches and responses in the background while Redis does not answer: who may
# settle one is claimed with a SET, the second after the one that keeps it.

use lib 't/lib';
use LLMCost redis => 1, fakeredis => 1;

require './t/suite/batch.pl';

our @BACKGROUND = (main::begin_response(), 'GET /v1/responses/resp_1');
our @ANSWERS = (main::answer('queued'), main::answer('completed', 50));
our @LINES = ('200 in=0 out=0 cost=0.000000000 src=none',
             '200 in=9 out=50 cost=0.000400000 src=upstream');

batch_blocks('llm_redis 127.0.0.1:$TEST_NGINX_FAKEREDIS_PORT timeout=500ms;');
run_tests();

__DATA__

=== a claim that is not answered: billed here, and claimed when Redis is back
--- fakeredis: SET 2: stall
--- request eval: \@::BACKGROUND
--- upstream eval: \@::ANSWERS
--- error_code eval: [200, 200]
--- log_lines eval: \@::LINES
--- redis_like
KEYS {llm:}hs:* => ^{llm:}hs:
EVAL "return redis.call('HMGET', redis.call('KEYS', '{llm:}b:daily:*')[1], 'spent', 'reserved')" 0 => ^400000 0$



=== ... that Redis has heard of
--- fakeredis: SET 2: swallow
--- request eval: \@::BACKGROUND
--- upstream eval: \@::ANSWERS
--- error_code eval: [200, 200]
--- log_lines eval: \@::LINES
--- redis_like
KEYS {llm:}hs:* => ^{llm:}hs:



=== ... or has not taken
--- fakeredis: SET 2: error ERR something
--- request eval: \@::BACKGROUND
--- upstream eval: \@::ANSWERS
--- error_code eval: [200, 200]
--- log_lines eval: \@::LINES
--- redis_like
KEYS {llm:}hs:* => ^{llm:}hs:
