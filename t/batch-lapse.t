# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Work that nobody asks for in time is charged at its most, and the ledger log
# has a line for it, once; what is told of it after all corrects both.  The
# counters are the sums of the logs at each moment.  libfaketime turns the clocks
# of the nodes; Redis is told that a reservation's time is over.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use POSIX qw( strftime );
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

require './t/suite/background.pl';

my ($library) = grep { -e } glob '/usr/lib/*/faketime/libfaketime.so.1';

plan skip_all => 'libfaketime does not go with sanitizers'
    if $ENV{LSAN_OPTIONS};
plan skip_all => 'faketime is not installed' if !$library;

my $dir = File::Temp->newdir('llm-lapse-XXXXXX', TMPDIR => 1);
my $upstream = start_upstream_server("$dir");
my $clock = "$dir/clock";

write_file("$dir/script.json", background_script());

my $began = int time;
my ($server, $port, $redis) = start_redis_server("$dir");

lapses('zone', 1, '');
lapses('redis', 2, "llm_redis unix:$redis timeout=5s;");

done_testing;


sub fake {
    return (TZ => 'UTC', LD_PRELOAD => $library, FAKETIME_NO_CACHE => 1,
            FAKETIME_TIMESTAMP_FILE => $clock,
            FAKETIME_DONT_FAKE_MONOTONIC => 1);
}


# work in the background is held for an hour

sub turn {
    my $seconds = shift;

    write_file($clock, strftime('%Y-%m-%d %H:%M:%S', gmtime $began + $seconds)
                       . "\n");
}


sub lapses {
    my ($name, $n, $store) = @_;

    turn(0);

    my @nodes = map { node("$dir/$name-$_", $store) } 1 .. $n;

    is(ask($nodes[0], 'begin'), 200, "$name: begun");
    agree($name, 0, 8_000_000, @nodes);
    is(ask($nodes[-1], 'wait'), 200, "$name: another node knows of it");

    turn(3590);
    agree("$name, before its time is over", 0, 8_000_000, @nodes);

    turn(3620);

    if ($store) {
        my @holds = @{redis_command($redis, qw( ZRANGE {llm:}r 0 -1 ))};

        is(scalar @holds, 1, "$name: one reservation");
        redis_command($redis, 'ZADD', '{llm:}r', 1, @holds);
    }

    agree("$name, behind it", 8_000_000, 0, @nodes);

    my @lines = ledger(@nodes);

    is(scalar(grep { $_->{cost} eq '0.008000000' } @lines), @lines,
       "$name: each line has all of it");
    is(scalar keys %{{ map { $_->{request_id} => 1 } @lines }}, 1,
       "$name: of one work");
    like($lines[0]{why}, qr/not asked for/, "$name: and says why");

    turn(7200);
    is(ask($nodes[0], 'wait'), 200, "$name: still going on");
    agree("$name, later", 8_000_000, 0, @nodes);

    is(ask($nodes[-1], 'end'), 200, "$name: asked for after all");
    agree("$name, in the end", 400_000, 0, @nodes);

    is(ask($nodes[0], 'end'), 200, "$name: and again");
    turn(7300);
    agree("$name, for good", 400_000, 0, @nodes);

    for (@nodes) {
        is(join("\n", stop_nginx($_)), '', "$name: nothing is left behind");
    }
}


sub node {
    my ($where, $store) = @_;

    local %ENV = (%ENV, fake());

    return start_nginx($where, main => <<'MAIN', http => <<END);
env TZ;
env FAKETIME_TIMESTAMP_FILE;
env FAKETIME_NO_CACHE;
env FAKETIME_DONT_FAKE_MONOTONIC;
MAIN
    $store
    llm_ledger_log $where/ledger.log;
    llm_price m input=0 output=8;

    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            llm_budget money limit=1usd period=total;
            llm_budget words limit=100000tokens period=total;
            llm_budget calls limit=100requests period=total;
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


sub ledger {
    return map { -s "$_->{dir}/ledger.log"
                 ? log_entries("$_->{dir}/ledger.log") : () } @_;
}


# what is spent and held, and that the logs have it, each work once

sub agree {
    my ($what, $spent, $held, @nodes) = @_;

    my ($counters, $sums);
    my $end = time + 20;

    while (1) {
        my %seen;
        my @lines = grep { !$seen{$_->{request_id}}++ }
                    ledger(@nodes),
                    map { log_entries("$_->{dir}/access.log") } @nodes;

        $counters = api_counters($nodes[0]{port});
        $sums = log_counters(@lines);

        my ($money) = grep { /^money/ } keys %$counters;

        last if $counters->{$money}{spent} == $spent
                && $counters->{$money}{reserved} == $held
                && !grep { $counters->{$_}{spent} != ($sums->{$_} // 0) }
                         keys %$counters;
        last if time > $end;

        sleep 0.05;
    }

    my ($money) = grep { /^money/ } keys %$counters;

    is("$counters->{$money}{spent} $counters->{$money}{reserved}",
       "$spent $held", "$what: what is spent and held");
    is_deeply({ map { $_ => $sums->{$_} // 0 } keys %$counters },
              { map { $_ => $counters->{$_}{spent} } keys %$counters },
              "$what: the logs are the counters");
}
