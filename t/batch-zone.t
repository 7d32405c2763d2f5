# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Batches: what outlives its request, with the zone as the store.

use lib 't/lib';
use LLMCost;

require './t/suite/batch.pl';

batches();

__DATA__
