# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The cache of two nodes with one Redis: what one has asked the other has, and
# what is purged is gone on both.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use IO::Socket::UNIX ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

my $PATIENCE = 20;

my $json = JSON::PP->new->canonical;
my $dir = File::Temp->newdir('llm-nodes-XXXXXX', TMPDIR => 1);
my $upstream = start_upstream_server("$dir");
my ($server, $redis_port, $redis) = start_redis_server("$dir");
my $number = 0;

levels();
spoilt();
purged();
gone();

done_testing;


# Two nodes, which are asked over sockets: a key has the port in it, and nodes
# of a fleet have the same.

sub nodes {
    my ($directives, $http) = @_;

    $number++;
    redis_command($redis, 'FLUSHALL');

    return map { my $socket = "$dir/$number-$_.sock";
                 my $node = start_nginx("$dir/$number-$_", workers => 2,
                                        http => <<END);
    llm_redis 127.0.0.1:$redis_port timeout=5s;
    $http

    server {
        listen 127.0.0.1:PORT;
        listen unix:$socket;

        location /v1/ {
            llm_cost on;
            llm_cache on;
            llm_budget daily limit=1usd period=day;
            $directives
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api write=on; access_log off; }
    }
END
                 $node->{socket} = $socket;
                 $node } 'a', 'b';
}


sub ask {
    my ($node, $text, %o) = @_;

    my $body = $json->encode({ model => $o{model} // 'gpt-4o-mini',
        messages => [{ role => 'user', content => $text }] });

    return http($node, 'POST', '/v1/chat/completions', $body,
                'Authorization: Bearer ' . ($o{as} // 'one'));
}


sub http {
    my ($node, $method, $path, $body, @headers) = @_;

    my $socket = IO::Socket::UNIX->new(Peer => $node->{socket}) or die $!;

    print $socket join "\r\n", "$method $path HTTP/1.0", @headers,
                  'Content-Length: ' . length($body // ''), '', $body // '';

    my $answer = do { local $/; readline $socket } // '';
    my ($status) = $answer =~ m{^HTTP/1.1 (\d+)};
    my ($cache) = $answer =~ /^X-Cache: (\S+)/m;
    my ($key) = $answer =~ /^X-Cache-Key: (\S+)/m;
    my ($text) = $answer =~ /\r\n\r\n(.*)/s;

    return { status => $status, cache => $cache // '', key => $key,
             body => $text // '' };
}


sub wait_until {
    my $ready = shift;

    my $end = time + $PATIENCE;

    while (!$ready->()) {
        return 0 if time > $end;
        sleep 0.02;
    }

    return 1;
}


# all that was put is in Redis

sub kept {
    my $n = shift;

    return wait_until(sub { redis_command($redis, 'ZCARD', '{llm:}c') == $n });
}


sub ends {
    for my $node (@_) {
        is(join("\n", stop_nginx($node)), '', 'nginx leaves nothing behind');
    }
}


sub stats {
    my $node = shift;

    my $stats = $json->decode(http($node, 'GET', '/llm/cache/stats')->{body});

    return map { "$_ $stats->{levels}{$_}{entries}" }
           sort keys %{$stats->{levels}};
}


sub levels {
    my ($a, $b) = nodes('llm_budget calls limit=5requests period=day;', '');

    is(ask($a, 'hi')->{cache}, 'MISS', 'the first one asks');
    ok(kept(1), 'Redis has it');
    cmp_ok(redis_command($redis, 'TTL', map { "{llm:}c:$_" }
           map { /c:(.*)/ } @{redis_command($redis, 'KEYS', '{llm:}c:*')}),
           '>=', 3600 * 0.9 - 5, 'for an hour, or a tenth less');
    is(ask($b, 'hi')->{cache}, 'HIT', 'the other node finds it');
    is_deeply([stats($b)], ['redis 1', 'zone 1'], 'and has a copy');

    redis_command($redis, 'UNLINK',
                  @{redis_command($redis, 'KEYS', '{llm:}c:*')});
    is(ask($b, 'hi')->{cache}, 'HIT', 'which is enough');
    is(ask($a, 'hi')->{cache}, 'HIT', 'as is what the first one kept');
    is(ask($b, 'hi')->{cache}, 'HIT', 'as long as requests are left');
    is(ask($b, 'hi')->{status}, 429, 'then it is refused');

    # an answer does not wait for its end to be counted

    my %budget;

    ok(wait_until(sub {
           %budget = map { $_->{name} => $_ } @{ api_get($a->{port},
                                                         'budgets') };
           $budget{calls}{spent} == 5;
       }), 'hits are requests');
    is($budget{daily}{spent}, '0.0000045', 'and cost nothing');

    ends($a, $b);
}


# what is in Redis is not what was put there

sub spoilt {
    my ($a, $b) = nodes('llm_budget calls limit=50requests period=day;', '');

    ask($a, 'hi');
    kept(1);

    my ($key) = @{redis_command($redis, 'KEYS', '{llm:}c:*')};
    my $value = redis_command($redis, 'GET', $key);
    my $asked = 1;

    for my $case (['a flipped bit', 'SET', $value ^ "\0" x 100 . "\4"],
                  ['a cut value', 'SET', substr $value, 0, 90],
                  ['an older version', 'SET', "llmc\0" . substr $value, 5],
                  ['a foreign value', 'SET', 'hello'],
                  ['an empty value', 'SET', ''],
                  ['another type', 'RPUSH', 'hello'])
    {
        my ($name, $command, $bytes) = @$case;

        # the copies go, Redis stays as it is

        redis_command($redis, 'DEL', '{llm:}cp');
        redis_command($redis, 'INCR', '{llm:}ce');

        for my $node ($a, $b) {
            wait_until(sub { (stats($node))[1] eq 'zone 0' });
        }

        redis_command($redis, 'DEL', $key);
        redis_command($redis, $command, $key, $bytes);

        is(ask($b, 'hi')->{cache}, 'MISS', "$name is a miss");
        ok(wait_until(sub {
            redis_command($redis, 'TYPE', $key) eq 'string'
                && redis_command($redis, 'STRLEN', $key) == length $value
        }), "$name is replaced");
        is(ask($a, 'hi')->{cache}, 'HIT', "$name: a hit again");
        $asked += 2;
    }

    my %budget;

    ok(wait_until(sub {
        %budget = map { $_->{name} => $_ } @{ api_get($a->{port}, 'budgets') };
        $budget{calls}{reserved} == 0 && $budget{calls}{spent} == $asked
    }), 'each is one request') or diag explain \%budget;

    my $log = log_counters(log_entries(
        map { "$_->{dir}/access.log" } $a, $b));

    is((map { $log->{$_} } grep { /^calls\|/ } keys %$log)[0], $asked,
       'and the logs say so');

    ends($a, $b);
}


sub purged {
    my ($a, $b) = nodes('', '');

    ask($a, "q$_") for 1 .. 4;
    kept(4);

    my @asked = map { ask($b, "q$_") } 1 .. 4;

    is(join(' ', map { $_->{cache} } @asked), 'HIT HIT HIT HIT',
       'what one node has asked is on both');

    my $purge = sub {
        my ($args, $n, $what) = @_;

        is(http($a, 'DELETE', "/llm/cache$args")->{body},
           "{\"deleted\":$n}\n", "$what: the answer");
    };

    $purge->("?key=$asked[0]{key}", 1, 'by key');
    is((stats($a))[1], 'zone 3', 'by key: at once on the node that was told');
    ok(wait_until(sub { (stats($b))[1] eq 'zone 3' }), 'and soon on the other');
    is(ask($b, 'q1')->{cache}, 'MISS', 'by key: gone');
    is(ask($b, 'q2')->{cache}, 'HIT', 'by key: others are not');

    $purge->('?model=gpt-4o', 0, 'another model');
    $purge->('?payer=nobody', 0, 'another payer');
    ask($a, 'q5', as => 'two');
    kept(5);
    $purge->('?older_than=1h', 0, 'by age');

    # a node that hears of more purges than are written down forgets all

    redis_command($redis, 'LTRIM', '{llm:}cp', 0, 0);
    redis_command($redis, 'INCR', '{llm:}ce');
    ok(wait_until(sub { (stats($b))[1] eq 'zone 0' }), 'a gap: all copies go');

    is(ask($b, 'q2')->{cache}, 'HIT', 'a gap: Redis has it still');
    is((stats($b))[1], 'zone 1', 'a gap: and it is copied again');

    redis_command($redis, 'DEL', '{llm:}cp');
    redis_command($redis, 'INCR', '{llm:}ce');
    ok(wait_until(sub { (stats($b))[1] eq 'zone 0' }), 'no list: all copies go');

    is(ask($b, 'q2')->{cache}, 'HIT', 'no list: Redis has it still');
    is((stats($b))[1], 'zone 1', 'no list: and it is copied again');

    $purge->('', 5, 'everything');
    is(ask($_->[0], "q$_->[1]")->{cache}, 'MISS', 'all are gone')
        for [$a, 2], [$b, 3];

    ends($a, $b);
}


# A node that was away hears of what was purged meanwhile before it serves
# anything that it reads

sub gone {
    my ($a, $b) = nodes('', '');

    ask($a, 'hi');
    kept(1);
    is(ask($b, 'hi')->{cache}, 'HIT', 'the other node has a copy');

    my @workers = workers($b);

    kill 'STOP', @workers;
    is(http($a, 'DELETE', '/llm/cache')->{body}, "{\"deleted\":1}\n",
       'a purge');
    kill 'CONT', @workers;
    ok(wait_until(sub { (stats($b))[1] eq 'zone 0' }), 'reaches it later');

    ends($a, $b);
}


sub workers {
    my $node = shift;

    my $pid = int read_file("$node->{socket}" =~ s/\.sock$/\/nginx.pid/r);

    return split ' ', read_file("/proc/$pid/task/$pid/children");
}
