# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# PATCH budgets with the zone as the store.

use lib 't/lib';
use LLMCost;

require './t/suite/budget.pl';

suite('', 'patch');

__DATA__
