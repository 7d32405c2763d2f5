# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# PATCH budgets with the redis as the store.

use lib 't/lib';
use LLMCost redis => 1;

require './t/suite/budget.pl';

suite('llm_redis unix:$TEST_NGINX_REDIS_SOCKET timeout=5s;', 'patch');

__DATA__
