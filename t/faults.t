# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The brief run of t/faults/: what breaks under load leaves the ledger whole.
# make test-faults runs all of it.
#
# SEED=N repeats a run's requests.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use LLMCost::Faults;

my $seed = $ENV{SEED} // time ^ $$;

note "SEED=$seed";
srand $seed;

for my $spec (grep { $_->{brief} } load_faults()) {
    my $result = run_fault($spec, brief => 1);

    is join("\n", @{$result->{complaints}}), '', $spec->{name};
    note fault_line($result);
}

done_testing;
