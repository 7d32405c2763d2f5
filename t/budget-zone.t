# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Budgets with the zone as the store: the suite that both stores pass.

use lib 't/lib';
use LLMCost;

require './t/suite/budget.pl';

suite();

__DATA__
