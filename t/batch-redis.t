# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Batches: what outlives its request, with Redis as the store.

use lib 't/lib';
use LLMCost redis => 1;

require './t/suite/batch.pl';

batches('llm_redis unix:$TEST_NGINX_REDIS_SOCKET timeout=5s;');

__DATA__
