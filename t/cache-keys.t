# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Pairs of requests, made of recorded ones: which share a key of the cache?
# t/util/cache_keys.py says how that is decided twice.  "make test-keys" has a
# million of them.

use strict;
use warnings;

use Test::More;

my $build = $ENV{LLM_BUILD} // 'build';
my $dir = $ENV{TRAFFIC_DIR} // '../shared/traffic';

plan skip_all => "no recordings in $dir" if !-f "$dir/open.jsonl.gz";

# there is no nginx in it that could have sanitizers

plan skip_all => 'is the same with every nginx' if $ENV{TEST_NGINX_BINARY};

my @lines = qx{python3 -B t/util/cache_keys.py '$dir' $build/tools/cache-keys \\
               docs/cache.md 2000};

is($?, 0, 'cache_keys.py ends well');

for my $line (@lines) {
    chomp $line;

    if ($line =~ s/^(not )?ok //) {
        ok(!$1, $line);
    } else {
        diag($line);
    }
}

done_testing();
