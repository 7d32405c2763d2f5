# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Faults of Redis, and of three nodes that share one.  Whatever Redis loses,
# the counters are in the end what the logs of all nodes say.

use strict;
use warnings;

use HTTP::Tiny ();
use List::Util qw( sum0 );
use Time::HiRes qw( sleep time );

use LLMCost::Faults;
use LLMCost::Ledger;
use LLMCost::Process;
use LLMCost::Redis;

# What the connections of the load may hold at once: in "local", other nodes may
# have spent it since this one heard of a counter

my $ON_THE_WAY = 24 * 261_000;

# a worker that is told to leave while Redis is away leaves its connections
my $http = HTTP::Tiny->new(timeout => 5);


# A redis-server that can be killed: its pid, port and socket

sub redis_up {
    my ($run, $name, @options) = @_;

    my $r = $run->{redis}{$name} //= { dir => "$run->{dir}/$name",
                                       port => free_port(),
                                       options => \@options };

    mkdir $r->{dir};
    $r->{socket} = "$r->{dir}/redis.sock";

    my $script = 'redis-server "$@" >> "$0/redis.log" 2>&1 & echo $!; '
                 . 'read x; kill -9 $! 2> /dev/null; wait';

    ($r->{process}, $r->{pid}) = start_process('sh', '-c', $script, $r->{dir},
        '--port', $r->{port}, '--bind', '127.0.0.1', '--unixsocket',
        $r->{socket}, '--save', '', '--appendonly', 'no', '--dir', $r->{dir},
        '--maxmemory-policy', 'noeviction', '--enable-debug-command', 'yes',
        '--repl-diskless-sync-delay', 0, @{$r->{options}});

    $run->until(sub {
        (eval { redis_command($r->{socket}, 'PING') } // '') eq 'PONG'
    }) or die "redis-server does not start:\n",
              read_file("$r->{dir}/redis.log");

    return $r;
}

sub redis_kill {
    my ($run, $name) = @_;

    my $stat = "/proc/$run->{redis}{$name}{pid}/stat";

    kill 'KILL', $run->{redis}{$name}{pid};

    # the shell that has started it does not wait for it before its own end

    $run->until(sub { !-e $stat || read_file($stat) =~ /\) Z / });
}

sub ask {
    my ($run, @words) = @_;

    return redis_command($run->{redis}{main}{socket}, @words);
}


# nodes that have nothing left to tell Redis

sub all_well {
    my $run = shift;

    # a record of many minutes may have to be repeated

    my $patience = 20 + $run->{seconds} / 5;

    $run->until(sub {
        for my $node (@{$run->{nodes}}) {
            my $answer = $http->get("http://127.0.0.1:$node->{port}"
                                    . '/llm/metrics');
            return 0 if $answer->{content} !~ /^llm_store_up\{.*\} 1$/m
                     || $answer->{content} !~ /^llm_store_unconfirmed 0$/m;
        }
        return 1;
    }, $patience) or $run->complain('a node has not come back to Redis');
}


# A scenario of three nodes; "redis" are options of the server, "break" is what
# happens to it, once, at a third of the time, unless "every" is given

sub redis_fault {
    my ($name, %spec) = @_;

    my $start = $spec{start};
    my $break = delete $spec{break};
    my @options = @{delete $spec{redis} // []};
    my $policy = delete $spec{policy} // 'local';
    my $more = delete $spec{more} // '';
    my $timeout = delete $spec{timeout} // '300ms';
    my $done;

    my $once = sub {
        my $run = shift;
        return if $done || time < $run->{began} + $run->{seconds} / 3;
        $done = 1;
        $break->($run);
    };

    fault "redis: $name",
        nodes    => 3,
        seconds  => 8,
        bound    => $break ? $ON_THE_WAY : 0,
        every    => $break ? [0.05, $once] : [],
        counters => sub { redis_counters($_[0]{redis}{main}{socket}) },
        http     => sub {
            my $run = shift;
            return "llm_store_failure $policy;\n$more\n"
                   . 'llm_redis 127.0.0.1:'
                   . ($run->{address} // $run->{redis}{main}{port})
                   . " timeout=$timeout;\n";
        },
        %spec,
        start    => sub {
            my $run = shift;
            $done = 0;
            redis_up($run, 'main', @options);
            $start->($run) if $start;
            $run->{began} = time;
        },
        end      => sub {
            my $run = shift;
            $run->complain('nothing was broken') if $break && !$done;
            $_->[1]->($run) for splice @{$run->{later} //= []};
            all_well($run);
        };
}


# Redis itself

redis_fault 'no fault';

redis_fault 'kill -9, append-only file',
    redis => ['--appendonly', 'yes'],
    break => sub {
        my $run = shift;
        redis_kill($run, 'main');
        sleep 0.3;
        redis_up($run, 'main');
    };

redis_fault 'kill -9, back with an older file',
    brief => 5,
    break => sub {
        my $run = shift;
        ask($run, 'SAVE');
        sleep 1;
        redis_kill($run, 'main');
        redis_up($run, 'main');
    };

redis_fault 'kill -9, back empty',
    break => sub {
        my $run = shift;
        redis_kill($run, 'main');
        redis_up($run, 'main');
    };

redis_fault 'FLUSHALL',
    break => sub { ask($_[0], 'FLUSHALL') };

redis_fault 'DEBUG RELOAD of an older file',
    break => sub {
        my $run = shift;
        ask($run, 'SAVE');
        sleep 1;
        ask($run, 'DEBUG', 'RELOAD', 'NOSAVE');
    };

redis_fault 'SCRIPT FLUSH every 100 ms',
    every => [0.1, sub { ask($_[0], 'SCRIPT', 'FLUSH') }];

redis_fault 'SIGSTOP for 3 s',
    seconds => 10,
    break   => sub { away($_[0], 3) };

redis_fault 'away for 2 s, closed',
    policy => 'closed',
    bound  => 0,
    break  => sub { away($_[0], 2) };

redis_fault 'away for 2 s, open',
    policy => 'open',
    bound  => 1e9,
    break  => sub { away($_[0], 2) };

redis_fault 'not there at first',
    break => sub {
        my $run = shift;
        redis_up($run, 'main');
    },
    start => sub { redis_kill($_[0], 'main') };


# One budget for all, used up while Redis is away: the shares of three nodes
# are not more than what was left, but for what was on the way when they last
# heard of it

redis_fault 'away for 3 s, local, used up',
    seconds => 9,
    policy  => 'local',
    budgets => 'llm_budget few limit=0.03usd period=total;',
    break   => sub { away($_[0], 3) };


# Used up before: nothing is on the way and nothing is left to share, so that
# each node may go as far as its allowance, once (docs/budgets.md)

my @away = (3, 5, 7);

redis_fault 'used up, then away 3 times, local=0.0005usd',
    seconds => 9,
    policy  => 'local=0.0005usd',
    budgets => 'llm_budget few limit=0.002usd period=total;',
    bound   => 3 * 500_000,
    every   => [0.05, sub {
        my $run = shift;
        my $next = $away[$run->{times} // 0] // return;
        return if time < $run->{began} + $next;
        $run->{times}++;
        away($run, 1);
    }],
    check   => sub {
        my ($run, $result) = @_;
        $run->complain('not so often') if $run->{times} < @away;
        $run->complain('nothing was admitted meanwhile')
            if $result->{overspend} <= 0;
    };

sub away {
    my ($run, $seconds) = @_;

    my $pid = $run->{redis}{main}{pid};

    kill 'STOP', $pid;
    system "(sleep $seconds; kill -CONT $pid) &";
}


# A replica takes over behind the same address; it has not heard of what its
# primary confirmed in the last second

sub with_replica {
    my $run = shift;

    for my $gate (qw( clients link )) {
        write_file("$run->{dir}/gate.$gate", $run->{redis}{main}{port});
        (undef, $run->{$gate}) = start_process('python3', '-B',
            LLMCost::Nginx::project_dir() . '/t/util/gate.py',
            "$run->{dir}/gate.$gate");
    }

    $run->{address} = $run->{clients};
    redis_up($run, 'replica', '--replicaof', "127.0.0.1 $run->{link}");
    $run->until(sub {
        redis_command($run->{redis}{replica}{socket}, 'INFO', 'replication')
            =~ /master_link_status:up/
    }) or die "no replica\n";
}

sub promote {
    my ($run, $keep) = @_;

    my $replica = $run->{redis}{replica};

    write_file("$run->{dir}/gate.link", '');
    sleep 1;
    redis_command($replica->{socket}, 'REPLICAOF', 'NO', 'ONE');
    write_file("$run->{dir}/gate.clients", $replica->{port} . $keep);
}

redis_fault 'promotion of a replica, its link cut 1 s before',
    brief => 6,
    start => \&with_replica,
    break => sub {
        my $run = shift;
        promote($run, '');
        redis_kill($run, 'main');
        $run->{redis}{main} = $run->{redis}{replica};
    };

# The old primary lives on, and whoever has a connection to it keeps that: a
# node learns of the new one by its new worker

redis_fault 'promotion of a replica, the old one still answers',
    start => \&with_replica,
    break => sub {
        my $run = shift;
        promote($run, ' keep');
        $run->{redis}{main} = $run->{redis}{replica};
        $run->kill_worker($_) for 0 .. 2;
    };


# Answers that are lost, late, or cut

sub behind_proxy {
    my @actions = @_;

    return (
        bound => $ON_THE_WAY,
        start => sub {
            my $run = shift;
            my $at = 20;

            # of each node's connections together

            my $rules = join '', map {
                $at += 20 + int rand 60;
                "EVALSHA $at: $actions[rand @actions]\n";
            } 1 .. 40;

            write_file("$run->{dir}/fakeredis", $rules);
            (undef, $run->{address}) = start_process('python3', '-B',
                LLMCost::Nginx::project_dir() . '/t/util/fakeredis.py',
                "$run->{dir}", $run->{redis}{main}{socket});
        },
    );
}

redis_fault 'answers lost after the command ran',
    brief => 3,
    behind_proxy('swallow');

redis_fault 'answers later than the timeout', timeout => '100ms',
    behind_proxy('delay 300');

redis_fault 'answers cut in the middle', behind_proxy('cut 3', 'cut 40');

redis_fault 'connections closed, commands lost', behind_proxy('close', 'stall');


# nginx, with Redis as the store

redis_fault 'kill -9 of a worker every second',
    every => [1, sub { $_[0]->kill_worker(int rand 3) }];

redis_fault 'reload every 100 ms',
    every => [0.1, sub { $_[0]->reload(int rand 3) }];

# Upstream is silent for three times as long as a reservation lives

redis_fault 'silent for longer than a reservation lives',
    once    => 1,
    more    => 'llm_reservation_ttl 2s charge;',
    budgets => 'llm_budget few limit=1usd period=total;',
    plan    => sub { [map { request("u$_", $_) } 1 .. 20] },
    every   => [0.1, sub {
        my $run = shift;
        my $counters = eval { $run->counters } // {};

        $run->{asked} //= time if %$counters;
        return if !$run->{asked} || $run->{released};

        $run->complain('a reservation has expired')
            if grep { $_->{spent} } values %$counters;

        if (time > $run->{asked} + 6) {
            $run->{released} = 1;
            $run->release('decided');
        }
    }];

redis_fault 'kill -9 of a node',
    seconds    => 10,
    more       => 'llm_reservation_ttl 2s release;',
    difference => $ON_THE_WAY,
    break      => sub { $_[0]->restart(0) };

redis_fault 'kill -9 of a worker while Redis is away',
    break => sub {
        my $run = shift;
        my $pid = $run->{redis}{main}{pid};
        kill 'STOP', $pid;
        sleep 0.5;
        $run->kill_worker($_) for 0 .. 2;
        system "(sleep 1; kill -CONT $pid) &";
    };


# With the zones in files, what was spent meanwhile survives all processes

redis_fault 'kill -9 of all nodes while Redis is away, state file',
    seconds => 10,
    policy  => 'open',
    bound   => 1e9,
    more    => 'llm_zone zone=llm:8m state=DIR/llm.state;',
    break   => sub {
        my $run = shift;
        my $pid = $run->{redis}{main}{pid};
        kill 'STOP', $pid;
        sleep 1.5;
        $run->restart($_) for 0 .. 2;
        sleep 0.5;
        kill 'CONT', $pid;
    };


# Nothing is on record any more, and all of it is in the zones: what was spent
# through Redis and confirmed, and what was spent while it was away

redis_fault 'kill -9 of all nodes while Redis is away, back empty',
    brief   => 6,
    seconds => 8,
    policy  => 'open',
    bound   => 1e9,
    more    => 'llm_zone zone=llm:8m state=DIR/llm.state;',
    break   => sub {
        my $run = shift;
        my $pid = $run->{redis}{main}{pid};
        kill 'STOP', $pid;
        sleep 1;
        $run->restart($_) for 0 .. 2;
        sleep 0.5;
        redis_kill($run, 'main');
        redis_up($run, 'main');
    };

# Two binaries, each with a record of its own, one ledger

redis_fault 'FLUSHALL and binary upgrades, state file',
    bound => $ON_THE_WAY,
    more  => 'llm_zone zone=llm:8m state=DIR/llm.state;',
    every => [0.9, sub { ask($_[0], 'FLUSHALL') },
              0.7, sub { $_[0]->upgrade(int rand 3) }];


# A thousand requests at once, on three nodes; upstream answers when all are
# decided (zone.pl)

sub burst_of_three {
    my ($name, $budget, $admitted, $users) = @_;

    redis_fault "1000 at once, $name",
        once    => 1,
        timeout => '10s',
        budgets => $budget,
        plan    => sub { [map { request('u' . $_ % $users, $_) } 1 .. 1000] },
        every   => [0.05, sub { decided($_[0]) }],
        check   => sub {
            my ($run, $result) = @_;
            $run->complain("$result->{admitted} admitted, not $admitted")
                if $result->{admitted} != $admitted;
        };
}

burst_of_three('10 requests', 'llm_budget few limit=10requests period=total;',
               10, 1);

burst_of_three('usd for 10', 'llm_budget few limit=0.000615usd period=total;',
               10, 1);

burst_of_three('100 new users with 5 requests each',
    'llm_budget few key=$http_x_user_id limit=5requests period=total;',
    500, 100);

burst_of_three('100 new users with usd for 5 each',
    'llm_budget few key=$http_x_user_id limit=0.000309usd period=total;',
    500, 100);


# All of it, at random, and not one after the other only: what takes its time
# ends while something else begins.

sub later {
    my ($run, $seconds, $code) = @_;

    push @{$run->{later}}, [time + $seconds, $code];
}

sub gate {
    my ($run, $more) = @_;

    write_file("$run->{dir}/gate.clients",
               $run->{redis}{main}{port} . ($more // ''));
}

# Redis is asked for its counters by this process as well

sub redis_stop {
    my ($run, $seconds) = @_;

    my $pid = $run->{redis}{main}{pid};

    return if $run->{blind};

    $run->{blind} = 1;
    kill 'STOP', $pid;
    later($run, $seconds, sub {
        kill 'CONT', $pid;
        $run->{blind} = 0;
    });
}

sub redis_crash {
    my ($run, $seconds) = @_;

    return if $run->{blind};

    $run->{blind} = 1;
    redis_kill($run, 'main');
    later($run, $seconds, sub {
        redis_up($run, 'main');
        $run->{blind} = 0;
    });
}

sub redis_says {
    my ($run, @words) = @_;

    ask($run, @words) if !$run->{blind};
}

sub answers {
    my ($run, $fault) = @_;

    gate($run, " keep $fault");
    later($run, rand 0.3, sub { gate($run, ' keep') });
}

my %mishaps = (
    'a worker killed'      => sub { $_[0]->kill_worker(int rand 3) },
    'a node killed'        => sub { $_[0]->restart(int rand 3) },
    'a reload'             => sub { $_[0]->reload(int rand 3) },
    'an upgrade'           => sub { $_[0]->upgrade(int rand 3) },
    'SCRIPT FLUSH'         => sub { redis_says($_[0], 'SCRIPT', 'FLUSH') },
    'FLUSHALL'             => sub { redis_says($_[0], 'FLUSHALL') },
    'SAVE'                 => sub { redis_says($_[0], 'SAVE') },
    'an older file'        => sub {
        redis_says($_[0], qw( DEBUG RELOAD NOSAVE ));
    },
    'Redis killed'         => sub { redis_crash($_[0], rand 0.5) },
    'Redis stopped'        => sub { redis_stop($_[0], rand 3) },
    'connections cut'      => sub {
        my $run = shift;
        write_file("$run->{dir}/gate.clients", '');
        later($run, rand 0.3, sub { gate($run) });
    },
    'answers lost'         => sub { answers($_[0], 'lose') },
    'answers late'         => sub { answers($_[0], 'late') },
    'answers cut'          => sub { answers($_[0], 'cut') },
);

my $soak = $ENV{SOAK} || 20;
my $mix = $ENV{SOAK_MIX} // '';


# one at random, after a time of its own

sub mishap {
    my $run = shift;

    for my $event (splice @{$run->{later}}) {
        $event->[0] < time ? $event->[1]->($run)
                           : push @{$run->{later}}, $event;
    }

    return if time < ($run->{next} //= time + 1);

    my @names = grep { /$mix/ } sort keys %mishaps;
    my $name = $names[rand @names];

    $run->{mishaps}{$name}++;
    $mishaps{$name}->($run);
    $run->{next} = time + ($ENV{SOAK_PAUSE} // 2.5) * 2 * rand;
}


# which store the nodes admit by

my $quick = HTTP::Tiny->new(timeout => 0.3);

sub look_at_modes {
    my $run = shift;

    for my $i (0 .. $#{$run->{nodes}}) {
        my $answer = $quick->get('http://127.0.0.1:'
                                 . "$run->{nodes}[$i]{port}/llm/health");

        $run->{modes}[$i]{$answer->{content} =~ /"status":"([^"]*)"/
                          ? $1 : 'no answer'}++;
    }
}

sub tell_modes {
    my $run = shift;

    for my $i (0 .. $#{$run->{modes}}) {
        my $modes = $run->{modes}[$i];
        my $all = sum0(values %$modes);

        $run->note("node $i: " . join ', ', map {
            sprintf '%s %.0f %%', $_, 100 * $modes->{$_} / $all
        } sort { $modes->{$b} <=> $modes->{$a} } keys %$modes);

        $run->complain("node $i was away for too long")
            if ($modes->{ok} // 0) < $all / 2;
    }

    $run->note(join ', ', map { "$_: $run->{mishaps}{$_}" }
                          sort keys %{$run->{mishaps}});
}

# who has not let go of what, since when, and what each node has to tell

sub tell_left {
    my $run = shift;

    my $socket = $run->{redis}{main}{socket};
    my %due = @{redis_command($socket, qw( ZRANGE {llm:}r 0 -1 WITHSCORES ))};

    for my $hold (sort keys %due) {
        my %hold = @{redis_command($socket, 'HGETALL', $hold)};

        $run->note(sprintf '%s, due in %d s: %s', $hold, $due{$hold} - time,
                   join ' ', map { "$_=$hold{$_}" } sort keys %hold);
    }

    for my $node (@{$run->{nodes}}) {
        my $answer = $quick->get("http://127.0.0.1:$node->{port}/llm/metrics");

        $run->note(join ', ', "port $node->{port}", $answer->{content}
                              =~ /^(llm_(?:store|zone)_[a-z_]+ \d+)$/mg);
    }
}

redis_fault 'soak',
    seconds => $soak,
    policy  => 'local',
    timeout => '1s',
    more    => 'llm_zone zone=llm:8m state=DIR/llm.state;',
    budgets => 'llm_budget daily limit=' . 0.02 * $soak . 'usd period=total;'
               . 'llm_budget user key=$http_x_user_id limit=0.02usd'
               . ' period=minute;'
               . 'llm_budget calls key=$http_x_user_id limit=100000requests'
               . ' period=total;',
    bound   => $ON_THE_WAY,
    counters => sub {
        my $run = shift;
        die "not now\n" if $run->{blind};
        return redis_counters($run->{redis}{main}{socket});
    },
    start   => sub {
        my $run = shift;
        ask($run, 'SAVE');
        gate($run);
        (undef, $run->{address}) = start_process('python3', '-B',
            LLMCost::Nginx::project_dir() . '/t/util/gate.py',
            "$run->{dir}/gate.clients");
    },
    every   => [0.02, \&mishap, 0.25, \&look_at_modes],
    left    => \&tell_left,
    check   => \&tell_modes;

1;
