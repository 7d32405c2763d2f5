# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Work that goes on when its request is over, and the logs: whatever happens
# when it is settled, they are the counters.  Two nodes are told of it while
# Redis is away; the worker that has settled it dies before it logs; nginx is
# killed before Redis has heard.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use HTTP::Tiny ();
use IO::Socket::INET ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

require './t/suite/background.pl';

my $dir = File::Temp->newdir('llm-logged-XXXXXX', TMPDIR => 1);
my $json = JSON::PP->new->canonical;
my $http = HTTP::Tiny->new(timeout => 10);
my $upstream = start_upstream_server("$dir");
my $tools = $ENV{LLM_TOOLS} // ($ENV{LLM_BUILD} // 'build') . '/tools';

write_file("$dir/script.json", background_script());

my ($server, $port, $redis) = start_redis_server("$dir");
my ($redis_pid) = redis_command($redis, 'INFO', 'server')
                  =~ /process_id:(\d+)/;

my $STORE = "llm_redis unix:$redis timeout=1s;";

END { kill 'CONT', $redis_pid if $redis_pid }

away();
died('zone', '');
died('redis', "llm_redis unix:$redis timeout=5s;");
killed();

done_testing;


# Both have to take it for theirs.  Redis charges it once, whoever reads logs
# can tell, and a third node that is asked later is late.

sub away {
    my @nodes = map { node("away-$_", $STORE) } 1 .. 3;

    is(ask($nodes[0], 'begin'), 200, 'away: begun');
    is(ask($_, 'wait'), 200, 'away: known') for @nodes;

    leaves(@nodes[0, 1]);
    is(ask($_, 'end'), 200, 'away: told') for @nodes[0, 1];

    my @lines;

    ok(wait_until(sub {
        @lines = grep { $_->{cost} =~ /[1-9]/ } logs('access', @nodes);
        return @lines == 2;
    }), 'away: each has it in its log');

    is($lines[0]{work}, $lines[1]{work}, 'away: and says of which work');

    kill 'CONT', $redis_pid;

    ok(wait_until(sub {
        @{redis_command($redis, 'KEYS', "{llm:}hs:$lines[0]{work}")} == 1;
    }), 'away: the fleet is told when Redis is back');

    is(ask($nodes[2], 'end'), 200, 'away: asked for once more');
    agree('away', @nodes);

    is(scalar(grep { $_->{cost} =~ /[1-9]/ } logs('access', @nodes)), 2,
       'away: nobody else settles it');

    my $report = $json->decode(scalar
        `$tools/llm-report --format json @{[map "$_->{dir}/access.log", @nodes]}`);

    is($report->{total}{cost_usd}, '0.0004', 'away: on the bill it is once');
    is($report->{again}, 1, 'away: which is said');

    ends($_) for @nodes;
}


# the rest of the answer waits: it has been settled, and is not logged

sub died {
    my ($name, $store) = @_;

    redis_command($redis, 'FLUSHALL');

    my $node = node("died-$name", $store);

    is(ask($node, 'begin'), 200, "$name: begun");

    my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $node->{port}) or die $!;

    print $client join "\r\n", 'GET /v1/responses/resp_1 HTTP/1.1',
                       'Host: x', 'Authorization: Bearer x', 'X-Slow: 1',
                       'X-Test-Script: end', '', '';

    ok(wait_until(sub { money($node)->{spent} == 400_000 }), "$name: settled");
    is(scalar(grep { $_->{cost} =~ /[1-9]/ } logs('access', $node)), 0,
       "$name: and not logged yet");

    my $master = int read_file("$node->{dir}/nginx.pid");

    kill 'KILL', split ' ', `ps -o pid= --ppid $master`;

    ok(wait_until(sub { logs('ledger', $node) }), "$name: another one does it");

    my ($line) = logs('ledger', $node);

    is($line->{cost}, '0.000400000', "$name: what it cost");
    is($line->{usage_source}, 'upstream', "$name: who says so");
    like($line->{work}, qr/^[0-9a-f]{32}:\d+:\d+$/, "$name: which work");

    agree($name, $node);
    is(ask($node, 'end'), 200, "$name: asked for again");
    agree("$name, later", $node);
    is(scalar(() = logs('ledger', $node)), 1, "$name: one line");

    ends($node, qr/exited on signal 9/);
}


# Redis has not heard of it, and who was to tell it is gone

sub killed {
    redis_command($redis, 'FLUSHALL');

    my $state = "llm_zone zone=llm:32m state=$dir/killed.state;";
    my $node = node('killed', "$state $STORE");

    is(ask($node, 'begin'), 200, 'killed: begun');
    leaves($node);
    is(ask($node, 'end'), 200, 'killed: told');

    ok(wait_until(sub { grep { $_->{cost} =~ /[1-9]/ } logs('access', $node) }),
       'killed: logged');

    my $master = int read_file("$node->{dir}/nginx.pid");
    my @workers = split ' ', `ps -o pid= --ppid $master`;

    kill 'KILL', $master, @workers;
    ok(wait_until(sub { !grep { kill 0, $_ } @workers }), 'killed: all of it');
    kill 'CONT', $redis_pid;

    my $next = node('killed', "$state $STORE");

    agree('killed', $next);
    ends($next);
}


sub node {
    my ($name, $main) = @_;

    # a record has room for all of them, as long as they may be

    my $long = 'x' x 26;

    return start_nginx("$dir/$name", http => <<END);
    $main
    llm_ledger_log $dir/$name/ledger.log;
    llm_price m input=0 output=8;
    map \$http_x_slow \$rate { 1 64; default 0; }
    map \$uri \$long { default @{['k' x 64]}; }

    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            llm_budget money_$long key=\$long limit=1usd period=total;
            llm_budget words_$long key=\$long limit=100000tokens period=total;
            llm_budget calls_$long key=\$long limit=100requests period=total;
            proxy_pass http://127.0.0.1:$upstream;
            limit_rate \$rate;
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


# Redis does not answer any more, and these nodes have noticed

sub leaves {
    my @nodes = @_;

    kill 'STOP', $redis_pid;

    ok(wait_until(sub {
        ask($_, 'wait') for @nodes;
        return !grep { $http->get("http://127.0.0.1:$_->{port}/llm/health")
                            ->{status} != 503 } @nodes;
    }), 'Redis is away');
}


sub logs {
    my ($which, @nodes) = @_;

    return map { -s "$_->{dir}/$which.log"
                 ? log_entries("$_->{dir}/$which.log") : () } @nodes;
}


# of the budget in usd

sub money {
    my $node = shift;

    my $counters = eval { api_counters($node->{port}) } // {};
    my ($money) = grep { /^money/ } keys %$counters;

    return $money ? $counters->{$money} : { spent => -1, reserved => -1 };
}


sub agree {
    my ($name, @nodes) = @_;

    my $text = '';
    my @logs = grep { -s } map { glob "$_->{dir}/{access,ledger}.log" } @nodes;

    ok(wait_until(sub {
        $text = `tools/llm-ledger --api http://127.0.0.1:$nodes[-1]{port}/llm/ @logs 2>&1`;
        return $? == 0 && $text =~ /^money\S* .* 0\.000400000 +0\.000400000 /m
               && money($nodes[-1])->{reserved} == 0;
    }), "$name: the logs are the counters") or diag $text;
}


sub wait_until {
    my $ready = shift;

    my $end = time + 20;

    while (!$ready->()) {
        return 0 if time > $end;
        sleep 0.05;
    }

    return 1;
}


sub ends {
    my ($node, @allow) = @_;

    my @left = grep { my $l = $_; !grep { $l =~ $_ } @allow }
               stop_nginx($node);

    is(join("\n", @left), '', 'nginx leaves nothing behind');
}
