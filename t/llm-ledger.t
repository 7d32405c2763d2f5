# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# tools/llm-ledger: the counters of a running nginx are the sums of its log,
# on both stores; what it says when they are not; a Redis that has lost its
# data is filled from the logs.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use HTTP::Tiny ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

plan skip_all => 'the tool is not what sanitizers look at'
    if $ENV{LSAN_OPTIONS};

my $dir = File::Temp->newdir('llm-ledger-XXXXXX', TMPDIR => 1);
my $http = HTTP::Tiny->new(timeout => 10);
my $upstream = start_upstream_server("$dir");
my ($server, $redis_port, $socket) = start_redis_server("$dir");
my $json = JSON::PP->new->canonical;
my $N = 5;


sub instance {
    my $store = shift;

    my $redis = $store eq 'redis' ? "llm_redis unix:$socket timeout=5s;" : '';

    return start_nginx("$dir/$store", http => <<END);
    $redis
    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            llm_budget money limit=1usd period=month timezone=Europe/Kyiv;
            llm_budget user key=\$http_x_user limit=1usd period=day;
            llm_budget words limit=100000tokens period=total;
            llm_budget calls key=\$http_x_user limit=1000requests period=hour;
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


sub ask {
    my ($nginx, $user) = @_;

    my $answer = $http->post(
        "http://127.0.0.1:$nginx->{port}/v1/chat/completions",
        { headers => { 'X-User' => $user },
          content => $json->encode({
              model => 'gpt-4o-mini', max_tokens => 10,
              messages => [{ role => 'user', content => 'hi' }] }) });

    is $answer->{status}, 200, "an answer for $user";
}


sub ledger {
    my @args = @_;

    my $text = `tools/llm-ledger @args 2>&1`;

    return ($? >> 8, $text);
}


sub quiet {
    my ($nginx, $want) = @_;

    my $log = "$nginx->{dir}/access.log";

    for (1 .. 1000) {
        last if (() = read_file($log) =~ /\n/g) >= $want;
        sleep 0.01;
    }
}


for my $store ('zone', 'redis') {
    my $nginx = instance($store);
    my $log = "$nginx->{dir}/access.log";
    my $where = $store eq 'zone' ? "--api http://127.0.0.1:$nginx->{port}/llm/"
                                 : "--redis unix:$socket";

    ask($nginx, "joe, $_") for map { $_ % 2 } 1 .. $N;
    quiet($nginx, $N);

    my ($code, $text);

    for (1 .. 300) {
        ($code, $text) = ledger($where, $log);
        last if $code == 0;
        sleep 0.01;
    }

    is $code, 0, "$store: they agree" or diag $text;
    like $text, qr/^money +- +\S+T2[12]:00:00Z +usd +0\.000022500 +0\.000022500 +0\.000000000$/m,
         "$store: the whole budget";
    like $text, qr/^user +joe%2C%201 +\S+ +usd +0\.000013500 +0\.000013500/m,
         "$store: a key as the log has it";
    like $text, qr/^words +- +1970-01-01T00:00:00Z +tokens +75 +75 +0$/m,
         "$store: tokens";
    like $text, qr/^calls +joe%2C%200 +\S+ +requests +2 +2 +0$/m,
         "$store: requests";
    like $text, qr/^5 requests, 0 lines more than once, 0 lines that cannot/m,
         "$store: what was read";

    # the same lines again, and one in a ledger log

    my ($line) = read_file($log) =~ /^(.*)\n/;
    my $entry = $json->decode($line);
    write_file("$dir/again.log",
               $json->encode({ request_id => $entry->{request_id},
                               budgets => $entry->{budgets} }) . "\n{torn\n");

    system 'gzip', '-kf', $log;
    ($code, $text) = ledger($where, $log, "$log.gz", "$dir/again.log");
    is $code, 0, "$store: a request counts once" or diag $text;
    like $text, qr/^5 requests, 6 lines more than once, 1 lines that cannot/m,
         "$store: what was read twice";
    like $text, qr/again\.log:2: not a line of a log/, "$store: what is torn";

    # a line that is missing, and one that says something else

    write_file("$dir/short.log",
               read_file($log) =~ s/^.*\n//r);
    ($code, $text) = ledger($where, "$dir/short.log");
    is $code, 1, "$store: a missing line is found";
    like $text, qr/^money .* 0\.000022500 +0\.000018000 +-0\.000004500$/m,
         "$store: by how much";
    like $text, qr/ 4 counters that differ$/m, "$store: in how many counters";

    write_file("$dir/other.log",
               $line =~ s/usd\|0\.0000045/usd|0.0000046/r . "\n");
    ($code, $text) = ledger($where, $log, "$dir/other.log");
    is $code, 1, "$store: two lines that contradict each other";
    like $text, qr/other\.log:1: another line of this request or work says otherwise/,
         "$store: which";

    # a path that is not UTF-8 takes no request off the bill

    write_file("$dir/bytes.log",
               read_file($log) =~ s/"uri":"[^"]+/"uri":"\xff\xed\xa0\x80/gr);
    ($code, $text) = ledger($where, "$dir/bytes.log");
    is $code, 0, "$store: a path that is not UTF-8" or diag $text;

    # a window that is over is not asked of the store

    write_file("$dir/old.log", $json->encode({
        request_id => 'old', budgets => 'user|joe|2026-01-01T00:00:00Z|usd|1' })
        . "\n");
    ($code, $text) = ledger($where, $log, "$dir/old.log");
    is $code, 0, "$store: a window that is over" or diag $text;

    $nginx = rebuilt($nginx, $log) if $store eq 'redis';

    is join("\n", stop_nginx($nginx)), '', "$store: nginx leaves nothing";
}

my ($code, $text) = ledger('--api http://127.0.0.1:1/llm/', '/dev/null');
is $code, 2, 'a store that is not there';

($code, $text) = ledger('--redis 127.0.0.1:1', '/dev/null');
is $code, 2, 'a Redis that is not there';

done_testing;


sub rebuilt {
    my ($nginx, $log) = @_;

    my $before = redis_counters($socket);
    my $where = "--redis unix:$socket";

    # a running node would bring back what it knows

    is join("\n", stop_nginx($nginx)), '', 'lost: no node is left';
    redis_command($socket, 'FLUSHALL');

    my ($code, $text) = ledger($where, $log);
    is $code, 1, 'lost: all counters are missing';
    like $text, qr/^words +- +\S+ +tokens +- +75 +75$/m, 'lost: it is said';

    ($code, $text) = ledger($where, '--rebuild', $log);
    is $code, 2, 'lost: of what period a counter was, no log says';
    like $text, qr/period of budget "\w+" is not known: --period \w+=day/,
         'lost: what is to be done';

    my @periods = ('--period money=month,Europe/Kyiv', '--period user=day',
                   '--period words=total', '--period calls=hour');

    ($code, $text) = ledger($where, '--rebuild', @periods, $log);
    is $code, 0, 'rebuilt: they agree' or diag $text;

    my $after = redis_counters($socket);
    is_deeply { map { $_ => $after->{$_}{spent} } keys %$after },
              { map { $_ => $before->{$_}{spent} } keys %$before },
              'rebuilt: as it was';

    # nginx goes on from there, and what is too low is raised

    $nginx = instance('redis');
    ask($nginx, 'joe, 1');
    quiet($nginx, $N + 1);

    for (1 .. 300) {
        ($code, $text) = ledger($where, $log);
        last if $code == 0;
        sleep 0.01;
    }

    is $code, 0, 'rebuilt: nginx goes on' or diag $text;

    my ($key) = grep { /:money:/ }
                @{redis_command($socket, 'KEYS', '{llm:}b:*')};
    redis_command($socket, 'HINCRBY', $key, 'spent', -1000);
    is((ledger($where, $log))[0], 1, 'a counter is too low');
    is((ledger($where, '--rebuild', $log))[0], 0, 'and is raised');

    return $nginx;
}
