package LLMCost::Faults;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Faults under load.  A scenario is one call in a file of t/faults/:
#
#   fault 'zone: kill -9 of a worker every second',
#       http  => 'llm_zone zone=llm:8m;',
#       every => [1, sub { $_[0]->kill_worker(0) }];
#
# nginx runs with budgets and a test upstream, load.py keeps asking, something
# breaks; then the load ends, and the counters are compared with the access
# logs and ledger logs of all nodes, line by line.  One line tells the result:
# name, requests, admitted, spent, ledger difference, overspend.
#
#   http       directives for http{}; DIR is the node's directory
#   nodes      nginx instances (1), each with two workers
#   seconds    of load (10); brief: of load in the short run, which leaves out
#              scenarios without it
#   plan       sub that returns requests for load.py; PLAN repeats
#   once       the plan is sent once, by as many connections as it has requests
#   budgets    replaces the budgets of the location
#   env        sub that returns what nginx has in its environment
#   start, end, every
#              subs that get the run: before the load, after it, and again and
#              again with that many seconds in between (a list of pairs)
#   counters   sub that returns the counters (LLMCost::Ledger); API of node 0
#   left       sub that notes what it knows of reservations that are left
#   bound      nano-dollars that may be overspent (0)
#   difference by how much a counter may differ from the logs (0)
#   check      sub that gets run, result and the lines of load.py, and may
#              complain
#   allow      pattern of log lines that may be there

use strict;
use warnings;

use Exporter qw( import );
use File::Path qw( make_path );
use File::Temp ();
use IO::Select ();
use JSON::PP ();
use List::Util qw( sum0 max );
use Time::HiRes qw( sleep time );

use LLMCost::Books;
use LLMCost::Ledger;
use LLMCost::Nginx qw( nginx_config nginx_complaints nginx_binary
                       project_dir );
use LLMCost::Process;

our @EXPORT = qw( fault faults load_faults run_fault fault_line noon );

my $PATIENCE = 20;
my $CONNECTIONS = 24;
my $SAMPLE = 0.05;

# what nginx itself says of a worker that was killed
my $KILLED = qr/worker process \d+ exited on signal 9/;

my $json = JSON::PP->new->canonical;
my @faults;


sub fault {
    my ($name, %spec) = @_;

    push @faults, { name => $name, seconds => 10, nodes => 1, bound => 0,
                    %spec };
}


sub faults { return @faults }


# The scenarios of t/faults/, in the order of the files

sub load_faults {
    for my $file (sort glob project_dir() . '/t/faults/*.pl') {
        do $file or die $@ || "$file: $!\n";
    }

    return @faults;
}


sub fault_line {
    my $result = shift;

    return sprintf '%-48s %8s requests %8s admitted %14s spent '
                   . '%12s difference %12s overspend', $result->{name},
                   map({ $result->{$_} // '-' } qw( requests admitted )),
                   usd($result->{spent} // 0),
                   usd(sum0(map { abs } values %{$result->{difference} // {}})),
                   usd($result->{overspend} // 0);
}


# A zone in which it is noon now: its day does not end while this runs

sub noon {
    my $offset = 12 - int(time / 3600) % 24;

    return 'UTC' if $offset == 0;
    return sprintf 'Etc/GMT%s%d', $offset > 0 ? '-' : '+', abs $offset;
}


# Runs a scenario; the result has its figures and, in complaints, its faults

sub run_fault {
    my ($spec, %option) = @_;

    my $self = bless { spec => $spec, complaints => [], notes => [],
                       overspend => 0,
                       dir => File::Temp->newdir('llm-fault-XXXXXX',
                                                 TMPDIR => 1) };

    $self->{seconds} = $option{brief} ? $spec->{brief} : $spec->{seconds};

    my $result = eval {
        $self->start;
        $self->load;
        $self->finish;
    };

    $self->complain("died: $@") if $@;
    $self->kill_all($_) for 0 .. $#{$self->{nodes} // []};
    stop_processes();

    return { name => $spec->{name}, %{$result // {}}, notes => $self->{notes},
             complaints => $self->{complaints} };
}


# something to be printed below the line, that is no fault

sub note {
    my ($self, $text) = @_;

    push @{$self->{notes}}, $text;
}


sub complain {
    my ($self, $text) = @_;

    chomp $text;
    push @{$self->{complaints}}, $text;
}


sub start {
    my $self = shift;

    my $spec = $self->{spec};

    local $ENV{UPSTREAM_PATIENCE} = 60;

    (my $process, $self->{upstream})
        = start_process('python3', '-B',
                        project_dir() . '/t/util/upstream.py', "$self->{dir}");

    $spec->{start}->($self) if $spec->{start};

    for my $i (0 .. $spec->{nodes} - 1) {
        $self->{nodes}[$i] = { dir  => "$self->{dir}/node$i",
                               port => free_port() };
        make_path($self->{nodes}[$i]{dir});
        $self->configure($i);
        $self->start_node($i);
    }
}


# Writes a node's configuration; http replaces that of the scenario

sub configure {
    my ($self, $i, $http) = @_;

    my $spec = $self->{spec};
    my $node = $self->{nodes}[$i];
    my $zone = noon();
    my $budgets = $spec->{budgets} // <<END;
            llm_budget daily limit=0.2usd period=day timezone=$zone;
            llm_budget user key=\$http_x_user_id limit=0.01usd period=total;
            llm_budget team key=\$http_x_team limit=400000tokens period=total;
            llm_budget calls key=\$http_x_user_id limit=1000requests
                       period=total;
            llm_budget seen limit=0.01usd period=total mode=observe;
END

    my %env = $self->environment;

    $http //= $spec->{http} // '';
    $http = $http->($self, $i) if ref $http;
    $http =~ s/\bDIR\b/$node->{dir}/g;

    write_file("$node->{dir}/nginx.conf", nginx_config(
        $node->{dir}, $node->{port}, workers => 2, connections => 4096,
        daemon => 1, main => join('', map { "env $_;\n" } sort keys %env),
        http => <<END));
    $http
    llm_ledger_log $node->{dir}/ledger.log;

    upstream models {
        server 127.0.0.1:$self->{upstream};
        keepalive 64;
    }

    server {
        listen 127.0.0.1:PORT backlog=4096;

        location /v1/ {
            llm_cost on;
            llm_cache on;
            llm_cache_bypass \$http_x_fresh;
            $budgets
            proxy_pass http://models;
            proxy_read_timeout 60s;
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


sub environment {
    my $self = shift;

    return $self->{spec}{env} ? $self->{spec}{env}->($self) : ();
}


# A node is a daemon, since nginx takes no USR2 from under a parent.  All of it
# is one process group, the binaries of an upgrade as well; it ends when this
# process does.  A daemon's parent leaves before its pid is in the file.

sub start_node {
    my ($self, $i) = @_;

    my $node = $self->{nodes}[$i];
    my $script = 'n=1000; "$@" >> "$0/stderr.log" 2>&1 || n=0; '
                 . 'until [ -s "$0/nginx.pid" ] || [ $n = 0 ]; '
                 . 'do n=$((n - 1)); sleep 0.01; done; '
                 . 'pid=$(cat "$0/nginx.pid"); '
                 . 'echo started; read x; kill -9 -$pid 2> /dev/null';

    unlink "$node->{dir}/nginx.pid";

    local %ENV = (%ENV, $self->environment);

    start_process('sh', '-c', $script, $node->{dir}, nginx_binary(),
                  '-e', "$node->{dir}/error.log", '-p', "$node->{dir}/",
                  '-c', "$node->{dir}/nginx.conf");

    $node->{group} = $self->master($i)
        or die "node $i does not start:\n",
               read_file("$node->{dir}/stderr.log"),
               read_file("$node->{dir}/error.log");
}


sub until {
    my ($self, $ready, $patience) = @_;

    my $end = time + ($patience // $PATIENCE);

    while (!$ready->()) {
        return 0 if time > $end;
        sleep 0.01;
    }

    return 1;
}


# The upstream's waits, and files of the run's directory

sub release {
    my ($self, $name) = @_;

    write_file("$self->{dir}/release.$name", '');
}


# The load has gone on for long enough

sub over {
    my $self = shift;

    write_file("$self->{dir}/plan.over", '');
}


sub file {
    my ($self, $name) = @_;

    return read_file("$self->{dir}/$name");
}


# What may happen to a node

sub master {
    my ($self, $i) = @_;

    return int(read_file("$self->{nodes}[$i]{dir}/nginx.pid") || 0);
}


sub workers {
    my ($self, $i) = @_;

    my $master = $self->master($i) or return;
    my $children = read_file("/proc/$master/task/$master/children");

    # the binary of an upgrade is a child as well

    return grep { read_file("/proc/$_/cmdline") =~ /worker process/ }
           split ' ', $children;
}


sub kill_worker {
    my ($self, $i) = @_;

    my @workers = $self->workers($i) or return;

    kill 'KILL', $workers[rand @workers];
}


sub kill_all {
    my ($self, $i) = @_;

    my $group = $self->{nodes}[$i]{group} or return;

    kill 'KILL', -$group;
    $self->until(sub { !group_alive($group) });
}


sub restart {
    my ($self, $i) = @_;

    $self->kill_all($i);
    $self->start_node($i);
}


sub reload {
    my ($self, $i) = @_;

    kill 'HUP', $self->master($i) || return;
}


# USR2, and QUIT for the old binary once the new one has its workers

sub upgrade {
    my ($self, $i) = @_;

    my $pid_file = "$self->{nodes}[$i]{dir}/nginx.pid";
    my $old = $self->master($i) or return;

    # one after the other: until the old one has left, nginx takes no USR2

    return if -e "$pid_file.oldbin";

    kill 'USR2', $old;

    $self->until(sub { -s $pid_file && $self->master($i) != $old
                       && (() = $self->workers($i)) == 2 })
        or return $self->complain('the new binary does not start');

    kill 'QUIT', $old;
}


# zombies of killed masters may have nobody to reap them

sub group_alive {
    my $group = shift;

    for my $file (glob '/proc/[0-9]*/stat') {
        my ($state, $pgrp) = read_file($file) =~ /\) (\S) \d+ (\d+) /
            or next;
        return 1 if $pgrp == $group && $state ne 'Z';
    }

    return 0;
}


# The load, and the fault

sub load {
    my $self = shift;

    my $spec = $self->{spec};
    my @plan = @{$spec->{plan} ? $spec->{plan}->($self) : plan()};
    my @mode = $spec->{once} ? () : "--seconds=$self->{seconds}";

    write_file("$self->{dir}/plan",
               join '', map { $json->encode($_) . "\n" } @plan);

    ($self->{load})
        = start_process('python3', '-B', project_dir() . '/t/util/load.py',
                        @mode, "$self->{dir}/plan", "$self->{dir}/results",
                        $spec->{once} ? scalar @plan : $CONNECTIONS,
                        map { $_->{port} } @{$self->{nodes}});

    my $ended = IO::Select->new($self->{load}{out});
    my $patience = time + $self->{seconds} + 3 * $PATIENCE;
    my $sample = 0;
    my @every;

    for (my $k = 0; $k < @{$spec->{every} // []}; $k += 2) {
        my ($interval, $code) = @{$spec->{every}}[$k, $k + 1];
        push @every, { interval => $interval, code => $code,
                       next => time + $interval };
    }

    until ($ended->can_read(0.005)) {
        for my $event (grep { $_->{next} < time } @every) {
            $event->{code}->($self);
            $event->{next} = time + $event->{interval};
        }

        if ($sample < time) {
            $self->sample;
            $self->books;
            $sample = time + $SAMPLE;
        }

        if (time > $patience) {
            $self->complain('requests are left waiting');
            last;
        }
    }

    $self->sample;
    $spec->{end}->($self) if $spec->{end};
}


# What the logs of all nodes say by now (LLMCost::Books)

sub books {
    my $self = shift;

    $self->{books} //= LLMCost::Books->new(map { $_->{dir} } @{$self->{nodes}});

    return $self->{books}->read;
}


sub counters {
    my $self = shift;

    return $self->{spec}{counters} ? $self->{spec}{counters}->($self)
                                   : api_counters($self->{nodes}[0]{port});
}


# a node that is away now has nothing to show

sub sample {
    my $self = shift;

    my $counters = eval { $self->counters };

    $self->look_at($counters) if $counters && %$counters;
}


# By how much an enforced limit was passed, at most

sub look_at {
    my ($self, $counters) = @_;

    $self->{overspend} = max($self->{overspend},
                             map { $_->{spent} + $_->{reserved} - $_->{limit} }
                             grep { $_->{mode} eq 'enforce' }
                             values %$counters);
}


# Everything that was asked has ended: what do the books say

sub finish {
    my $self = shift;

    my $spec = $self->{spec};
    my $counters;

    $self->until(sub {
        $counters = eval { $self->counters };
        return $counters && %$counters
               && !grep { $_->{reserved} } values %$counters;
    }) or do {
        $self->complain('reservations are left: ' . join ', ',
                        grep { $counters->{$_}{reserved} } keys %$counters);
        $spec->{left}->($self) if $spec->{left};
    };

    $self->quit;
    $self->look_at($counters);

    # a line each, as load.py has written it

    my @results = split /^/, read_file("$self->{dir}/results");
    my $books = $self->books;
    my %id = map { $_ => 1 } keys %{$books->{sum}}, keys %$counters;
    my %difference;

    for my $id (keys %id) {
        my $spent = $counters->{$id} ? $counters->{$id}{spent} : 0;
        my $delta = $spent - ($books->{sum}{$id} // 0);
        $difference{$id} = $delta if abs $delta > ($spec->{difference} // 0);
    }

    my $result = {
        requests   => scalar @results,
        admitted   => $books->{admitted},
        spent      => $books->{spent},
        difference => \%difference,
        overspend  => $self->{overspend},
    };

    $self->judge($result, \@results);
    $spec->{check}->($self, $result, \@results)
        if $spec->{check};

    return $result;
}


sub judge {
    my ($self, $result, $results) = @_;

    my $spec = $self->{spec};
    my $difference = $result->{difference};
    my $waiting = grep { /"error": "[^"]*Timeout/ } @$results;

    $self->complain("$waiting requests were left waiting") if $waiting;
    $self->complain("overspend of " . usd($result->{overspend}))
        if $result->{overspend} > $spec->{bound};
    $self->complain("$_: counter - log = $difference->{$_}")
        for (sort keys %$difference)[0 .. (keys(%$difference) > 4 ? 3
                                           : keys(%$difference) - 1)];
    $self->complain('nothing was admitted') if !$result->{admitted};

    for my $node (@{$self->{nodes}}) {
        $self->complain($_)
            for grep { !/$KILLED/ && !($spec->{allow} && /$spec->{allow}/) }
                nginx_complaints($node->{dir});
    }
}


# QUIT: a node ends when its last request has

sub quit {
    my $self = shift;

    for my $i (0 .. $#{$self->{nodes}}) {
        my $group = $self->{nodes}[$i]{group};

        kill 'QUIT', $self->master($i) || next;
        $self->until(sub { !group_alive($group) })
            or $self->complain("node $i has not left after QUIT");
    }
}


# What is asked, again and again: streams and answers in one piece, hits,
# upstream's failures, clients that leave

sub plan {
    my @plan;

    for my $i (1 .. 2000) {
        my $user = int(rand() ** 1.5 * 20);
        my $words = 1 + int rand 60;
        my $max = 20 + int rand 380;
        my $kind = rand();

        my %headers = (
            'X-User-ID'                => "u$user",
            'X-Team'                   => 't' . $user % 5,
            'X-Test-Prompt-Tokens'     => 1 + int rand $words,
            'X-Test-Completion-Tokens' => 1 + int rand $max,
            'X-Test-Content'           => join(' ', ('word') x 30),
            'X-Test-Chunk'             => 400,
            'X-Test-Gap'               => 4,
            rand() < 0.9 ? ('X-Fresh'  => 1) : (),
        );

        my %body = (
            model      => 'gpt-4o-mini',
            max_tokens => $max,
            messages   => [{ role    => 'user',
                             content => join ' ', $i, ('word') x $words }],
            rand() < 0.6 ? (stream => JSON::PP::true) : (),
        );

        my $request = { headers => \%headers, body => \%body };

        if ($kind < 0.05) {
            $body{stream} = JSON::PP::true;
            $request->{leave} = 1;
        } elsif ($kind < 0.1) {
            $headers{'X-Test-Status'} = 500;
        }

        push @plan, $request;
    }

    return \@plan;
}

1;
