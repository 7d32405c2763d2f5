# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Sums that anyone can check by hand, through nginx, on both stores: what 1,000
# calls cost at four prices, and what three repeats in six questions save.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use JSON::PP ();
use List::Util qw( sum );
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

my $PATIENCE = 20;

# USD of 1,000 calls of 500 input and 200 output tokens

my %cost = (
    'gpt-4o-2024-05-13'       => '5.5',         #  5    and 15
    'gpt-4o-mini'             => '0.195',       #  0.15 and  0.60
    'claude-3-haiku-20240307' => '0.375',       #  0.25 and  1.25
    'deepseek-coder'          => '0.126',       #  0.14 and  0.28
);

my $json = JSON::PP->new->canonical;
my $dir = File::Temp->newdir('llm-known-XXXXXX', TMPDIR => 1);
my $upstream = start_upstream_server("$dir");
my ($server, $redis_port, $redis) = start_redis_server("$dir");

calls('zone', 1000);
calls('redis', 100);

redis_command($redis, 'FLUSHALL');

repeats('zone');
repeats('redis');

done_testing;


sub instance {
    my ($name, $store, $directives) = @_;

    my $redis = $store eq 'redis' ? "llm_redis 127.0.0.1:$redis_port "
                                    . 'timeout=5s;' : '';

    return start_nginx("$dir/$name-$store", workers => 2, http => <<END);
    $redis

    upstream models {
        server 127.0.0.1:$upstream;
        keepalive 64;
    }

    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            $directives
            proxy_pass http://models;
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


sub ask {
    my ($nginx, $connections, @plan) = @_;

    write_file("$dir/plan", join '', map { $json->encode($_) . "\n" } @plan);

    my ($load) = start_process('python3', '-B',
        project_dir() . '/t/util/load.py', "$dir/plan", "$dir/results",
        $connections, $nginx->{port});

    readline $load->{out};

    return map { $json->decode($_) } split /^/, read_file("$dir/results");
}


# the summary, when it has so many requests

sub summary {
    my ($nginx, $requests) = @_;

    my $end = time + $PATIENCE;
    my $summary;

    do {
        sleep 0.01;
        $summary = api_get($nginx->{port}, 'usage/summary');
    } until $summary->{total_requests} >= $requests || time > $end;

    return $summary;
}


sub calls {
    my ($store, $calls) = @_;

    my %nano = map { $_ => nano($cost{$_}) * $calls / 1000 } keys %cost;
    my $total = sum(values %nano);
    my $nginx = instance('calls', $store,
        'llm_budget all limit=1000usd period=total;'
        . 'llm_budget model key=$llm_model limit=1000usd period=total;');

    my @plan = map {
        my $i = $_;
        map { {
            headers => { 'X-Test-Prompt-Tokens'     => 500,
                         'X-Test-Completion-Tokens' => 200,
                         'X-Test-Content'           => 'ok' },
            body    => { model    => $_,
                         messages => [{ role => 'user', content => "no $i" }],
                         $i % 2 ? () : (stream => JSON::PP::true) },
        } } sort keys %cost
    } 1 .. $calls;

    my @refused = grep { ($_->{status} // 0) != 200 }
                  ask($nginx, 32, @plan);
    is scalar @refused, 0, "$store: all are answered"
        or diag explain $refused[0];

    my $summary = summary($nginx, scalar @plan);
    my %by_model = map { $_ => { count  => $calls, input => 500 * $calls,
                                 output => 200 * $calls, cost => $nano{$_} } }
                       keys %cost;

    $_->{cost} = nano($_->{cost}) for values %{$summary->{by_model}};

    is_deeply $summary->{by_model}, \%by_model, "$store: cost of each model";
    is nano($summary->{total_cost_usd}), $total, "$store: cost of all";

    my %counter = ('all||1970-01-01T00:00:00Z|usd' => $total);
    $counter{"model|$_|1970-01-01T00:00:00Z|usd"} = $nano{$_} for keys %cost;

    my $seen = api_counters($nginx->{port});
    is_deeply { map { $_ => $seen->{$_}{spent} } keys %$seen }, \%counter,
              "$store: counters as llm_api shows them";

    if ($store eq 'redis') {
        my $kept = redis_counters($redis);
        is_deeply { map { $_ => $kept->{$_}{spent} } keys %$kept }, \%counter,
                  "$store: counters as Redis has them";
    }

    is join("\n", stop_nginx($nginx)), '', "$store: nginx leaves nothing";
    is_deeply log_counters(log_entries("$nginx->{dir}/access.log")),
              \%counter, "$store: the log adds up to the same";
}


sub repeats {
    my $store = shift;

    my $nginx = instance('repeats', $store, 'llm_cache on;'
        . 'llm_budget all limit=1usd period=total;');
    my $before = upstream_calls();

    my @plan = map { {
        headers => { 'Authorization' => 'Bearer test' },
        body    => { model    => 'gpt-4o-mini',
                     messages => [{ role => 'user', content => $_ }] },
    } } ('one?', 'two?', 'one?', 'three?', 'two?', 'one?');

    is_deeply [map { $_->{headers}{'x-cache'} } ask($nginx, 1, @plan)],
              [qw( MISS MISS HIT MISS HIT HIT )], "$store: three are hits";
    is upstream_calls() - $before, 3, "$store: three upstream calls";

    # 10 input and 5 output tokens, each

    my %hits = (hits => 3, misses => 3, total => 6, hit_rate => '0.5000',
                saved_cost_usd => '0.0000135');
    my $summary = summary($nginx, 6);

    is_deeply $summary->{cache}, { %hits, api_calls => 3 },
              "$store: summary of the cache";
    is $summary->{total_cost_usd}, '0.0000135', "$store: three are paid";

    my $stats = api_get($nginx->{port}, 'cache/stats');
    is_deeply { map { $_ => $stats->{$_} } keys %hits }, \%hits,
              "$store: statistics of the cache";

    is join("\n", stop_nginx($nginx)), '', "$store: nginx leaves nothing";
}


sub upstream_calls {
    return scalar(() = read_file("$dir/requests.jsonl") =~ /\n/g);
}
