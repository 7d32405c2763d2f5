# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# A cheaper model instead of a refusal, with the zone as the store.

use lib 't/lib';
use LLMCost;

require './t/suite/budget.pl';

suite('', 'over');

__DATA__
