# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# A node is killed while it joins a Redis that has lost everything, at each place
# where it asks something: before Redis has done it, and before the answer has
# come.  The other node knows the counters as a whole, with what Redis had taken
# from the first one and never answered, and makes them whole alone: after that, or
# before, and then they have something of a node that is gone for good as well.
# Some of what the first one will tell, no store was told of.  When it has been
# started again counters are what logs say.

use strict;
use warnings;

use lib 't/lib';

use File::Path qw( make_path );
use File::Temp ();
use HTTP::Tiny ();
use Test::More;

use LLMCost::Chats;
use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

$ENV{UPSTREAM_PATIENCE} = 600;

my $COST = 61_200;
my $GONE = 7_777;

my $fleets = 0;

# What the first one asks, in this order: of its record two ends, what is open,
# three ends that Redis has not confirmed, of which it had done the first, counters,
# twice; after each of these, who else is as far.

my @PLACES = ('settle 1', 'join.1 1', 'admit 1', 'settle 3', 'settle 5',
              'balance 1', 'join.2 1', 'balance 2', 'join.3 1');

# The other one has gone on without it: it repeats no record any more

my @LATE = ('join.1 1', 'admit 1', 'settle 1', 'settle 3', 'balance 1',
            'join.2 1', 'balance 2', 'join.3 1');

my $dir = File::Temp->newdir('llm-killed-XXXXXX', TMPDIR => 1);
my $http = HTTP::Tiny->new(timeout => 20);
my $upstream = start_upstream_server("$dir");
my ($server, $port, $redis) = start_redis_server("$dir");


sub redis { redis_command($redis, @_) }


sub start_node {
    my ($fleet, $name, $at) = @_;

    my $home = "$dir/$fleet->{n}$name";

    make_path($home);

    return start_nginx($home, http => <<END);
    llm_zone zone=llm:8m state=$home/state;
    llm_redis 127.0.0.1:$at timeout=10s prefix=$fleet->{n}: journal=4m;
    llm_store_failure open;
    llm_ledger_log $home/ledger.log;

    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            llm_budget all limit=1usd period=total;
            llm_budget calls limit=100000requests period=total;
            $fleet->{budgets}
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


sub send_request { send_chat($_[0]{port}, $_[1]) }


sub is_answered { fail('it is answered') if chat_status(@_) != 200 }


sub ask {
    my ($node, $n) = @_;

    is_answered(send_request($node, '')) for 1 .. $n;
}


sub says {
    my ($node, @patterns) = @_;

    my $text = $http->get("http://127.0.0.1:$node->{port}/llm/metrics")
                    ->{content};

    return !grep { $text !~ /^llm_store_$_$/m } @patterns;
}


sub counter {
    my ($fleet, $name, $field) = @_;

    return redis('HGET', "{$fleet->{n}:}b:$name:total:0", $field) // 0;
}


sub rules {
    my ($fleet, $text) = @_;

    write_file("$fleet->{home}/fakeredis", $text);
    await(sub { read_file("$fleet->{home}/fakeredis.state") eq $text },
          'a proxy reads its rules');
}


sub followed {
    my ($fleet, $rule) = @_;

    return index(read_file("$fleet->{home}/fakeredis.done"), $rule) >= 0;
}


# what it holds is from before that

sub go_back {
    my ($fleet, $file) = @_;

    redis_go_back($redis, "{$fleet->{n}:}*", $file);
}


sub flush { go_back($_[0], {}) }


# master and workers

sub pids {
    my $node = shift;

    my $master = int read_file("$node->{dir}/nginx.pid");

    return ($master,
            split ' ', read_file("/proc/$master/task/$master/children"));
}


sub kill_nginx {
    my @pids = pids(@_);

    kill 'KILL', @pids;
    await(sub { !grep { read_file("/proc/$_/stat") =~ /\) [^Z]/ } @pids },
          'nginx is killed');
}


# A node behind a proxy, and one that is not.  The first one will be killed at a
# place, before the other one begins (early) or after it has gone on (late), or is
# late only.

sub start_fleet {
    my ($when, $place, $action, $budgets) = @_;

    my $late = $when eq 'late';
    my $name = 'f' . ++$fleets;
    my %fleet = (n => $name, home => "$dir/$name", late => $late,
                 gone => $late ? $GONE : 0, calls => $late ? 1 : 0,
                 budgets => $budgets // '',
                 name => "$when, " . ($place // 'not killed'),
                 rule => $place ? "script.$place: $action" : '');

    make_path($fleet{home});
    ($fleet{proxy}, $fleet{port}) = start_process('python3', '-B',
        project_dir() . '/t/util/fakeredis.py', $fleet{home}, $redis);

    $fleet{a} = start_node(\%fleet, 'a', $fleet{port});
    $fleet{b} = start_node(\%fleet, 'b', $port);

    return \%fleet;
}


# What both have spent, and a third one (unless what the first one will tell before
# the counters are made whole hides that: docs/redis.md); an answer is lost

sub spend {
    my $fleet = shift;

    my $spent = sub {
        my $sum = shift;
        await(sub { counter($fleet, 'all::usd', 'spent') == $sum },
              'settled');
    };

    ask($fleet->{a}, 2);
    ask($fleet->{b}, 1);
    $spent->(3 * $COST);

    for my $field ('spent', 's:00000000deadbeef') {
        redis('HINCRBY', "{$fleet->{n}:}b:all::usd:total:0", $field,
              $fleet->{gone});
        redis('HINCRBY', "{$fleet->{n}:}b:calls::requests:total:0", $field,
              $fleet->{calls});
    }

    $fleet->{open} = send_request($fleet->{a}, "X-Test-Wait: $fleet->{n}\r\n");
    await(sub { counter($fleet, 'all::usd', 'reserved') > 0 }, 'one is open');

    rules($fleet, "script.settle: cut 0\nconnect: refuse\n");
    ask($fleet->{a}, 1);
    $spent->(4 * $COST + $fleet->{gone});
    ask($fleet->{b}, 1);
    $spent->(5 * $COST + $fleet->{gone});

    await(sub { says($fleet->{a}, 'up\{.*\} 0') }, 'the answer is lost');
    ask($fleet->{a}, 2);
}


# Whose counters are whole: b has gone on

sub is_whole {
    my $fleet = shift;

    return redis('HEXISTS', "{$fleet->{n}:}i", 'whole')
           && says($fleet->{b}, 'up\{.*\} 1', 'unconfirmed 0');
}


sub is_back {
    my $fleet = shift;

    await(sub {
        my %store = @{redis('HGETALL', "{$fleet->{n}:}i")};

        return $store{whole}
               && 2 == (grep { /^p:/ && $store{$_} == 3 } keys %store)
               && says($fleet->{a}, 'up\{.*\} 1', 'unconfirmed 0')
               && says($fleet->{b}, 'up\{.*\} 1', 'unconfirmed 0');
    }, 'both are back');
}


sub is_right {
    my ($fleet, $what) = @_;

    await(sub { !counter($fleet, 'all::usd', 'reserved') }, 'all is settled');

    my $logged = log_counters(log_entries(map {
        my $node = $_;
        map { "$fleet->{home}$node/$_.log" } 'access', 'ledger'
    } 'a', 'b'));
    my %sum;

    $sum{(split /\|/)[0]} += $logged->{$_} for keys %$logged;

    my @there = map { ("$_ " . counter($fleet, $_, 'spent'),
                       "$_ " . counter($fleet, $_, 'reserved')) }
                'all::usd', 'calls::requests';

    is_deeply(\@there,
              ['all::usd ' . ($sum{all} + $fleet->{gone}), 'all::usd 0',
               'calls::requests ' . ($sum{calls} + $fleet->{calls}), 'calls::requests 0'],
              "$fleet->{name}: $what");
}


# all of them side by side

sub try {
    my @fleets = map { start_fleet(@$_) } @_;

    spend($_) for @fleets;

    for my $fleet (@fleets) {
        kill 'STOP', pids($fleet->{b}) if !$fleet->{late};
        flush($fleet);
        rules($fleet, $fleet->{rule}) if !$fleet->{late};
    }

    for my $fleet (grep { $_->{late} } @fleets) {
        await(sub { is_whole($fleet) }, 'the other one goes on');
        rules($fleet, $fleet->{rule});
    }

    for my $fleet (grep { $_->{rule} } @fleets) {
        await(sub { followed($fleet, $fleet->{rule}) },
              "$fleet->{name}: it comes there");
        kill_nginx($fleet->{a});
        kill 'CONT', pids($fleet->{b});
    }

    for my $fleet (@fleets) {
        await(sub { is_whole($fleet) }, 'the other one goes on');
        write_file("$dir/release.$fleet->{n}", '');
        is_answered($fleet->{open}) if !$fleet->{rule};
        ask($fleet->{b}, 1);
        rules($fleet, '');
        $fleet->{a} = start_node($fleet, 'a', $fleet->{port})
            if $fleet->{rule};
    }

    for my $fleet (@fleets) {
        is_back($fleet);
        is_right($fleet, 'counters are what was spent');
        ask($fleet->{$_}, 1) for 'a', 'b';
    }

    # what is in them is whose it was

    await(sub { !counter($_, 'all::usd', 'reserved') }, 'all is settled')
        for @fleets;
    flush($_) for @fleets;

    for my $fleet (@fleets) {
        is_back($fleet);
        is_right($fleet, 'once more');
    }

    is join("\n", map { stop_nginx($_) } map { @$_{'a', 'b'} } @fleets), '',
        'nginx leaves nothing';
}


subtest 'not done' => sub { try(map { ['early', $_, 'stall'] } @PLACES) };

subtest 'not answered' => sub {
    try(map { ['early', $_, 'wait never'] } @PLACES);
};

subtest 'late' => sub {
    try(['late'], map { ['late', $_, 'wait never'] } @LATE);
};

# It stays at the first place until what it has on record is no more, as there are
# so many ends that Redis has not confirmed; then it is refused that there are more

subtest 'for long' => sub {
    my $budgets = join '', map {
        "llm_budget more$_ key=\$more limit=1000usd period=total;\n"
    } 1 .. 12;

    my $fleet = start_fleet('for long', undef, '',
                            'set $more ' . 'x' x 60 . ";\n$budgets");

    my $reserved = sub { counter($fleet, 'calls::requests', 'reserved') };

    ask($fleet->{a}, 2);
    await(sub { $reserved->() == 0 }, 'two are settled');
    my $open = send_request($fleet->{a}, "X-Test-Wait: $fleet->{n}\r\n");
    await(sub { $reserved->() == 1 }, 'one is open');

    my $file = redis_saved($redis, "{$fleet->{n}:}*");

    write_file("$dir/release.$fleet->{n}", '');
    is_answered($open);
    ask($fleet->{a}, 100);
    await(sub { $reserved->() == 0 }, 'settled');

    rules($fleet, "script.settle: stall\n");
    go_back($fleet, $file);
    await(sub { followed($fleet, 'script.settle: stall') }, 'it repeats them');

    my $n = 0;

    $n++ until chat_status(send_request($fleet->{a}, '')) != 200 || $n > 9999;
    cmp_ok $n, '>', 100, 'many are admitted without Redis';
    rules($fleet, '');

    await(sub { says($fleet->{a}, 'up\{.*\} 1', 'unconfirmed 0') },
          'it comes back');
    is_right($fleet, 'nothing is lost, and nothing reserved');
    is join("\n", map { stop_nginx($fleet->{$_}) } 'a', 'b'), '',
        'nginx leaves nothing';
};

done_testing;
