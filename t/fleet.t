# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Three nodes and one Redis: what has to be one over all of them.  Alerts are
# raised once, whichever nodes cross a threshold; a limit that was patched on
# one node holds on all, also when Redis has lost it; who starts without Redis
# joins it when it comes.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use HTTP::Tiny ();
use IO::Select ();
use IO::Socket::INET ();
use IO::Socket::UNIX ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

my $NODES = 3;

my $dir = File::Temp->newdir('llm-fleet-XXXXXX', TMPDIR => 1);
my $json = JSON::PP->new->canonical;
my $http = HTTP::Tiny->new(timeout => 20);
my $upstream = start_upstream_server("$dir");
my ($server, $port, $redis) = start_redis_server("$dir");

my @nodes = map { start_nginx("$dir/$_", workers => 2, http => <<END) }
    llm_redis 127.0.0.1:$port timeout=10s;

    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            llm_budget spend limit=0.001usd period=total alert=10%,80%,100%;
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /calls/v1/ {
            llm_cost on;
            llm_budget calls key=\$http_x_user limit=2requests period=total
                       alert=off;
            proxy_pass http://127.0.0.1:$upstream/v1/;
        }

        location /llm/ { llm_api write=on; }
    }
END
    1 .. $NODES;

my $body = '{"model":"gpt-4o-mini","max_tokens":100,"messages":'
           . '[{"role":"user","content":"hi"}]}';


# one request, the socket on which its answer comes

sub request {
    my ($node, $path, $user) = @_;

    my $to = "127.0.0.1:" . (ref $node ? $node : $nodes[$node])->{port};
    my $socket = IO::Socket::INET->new($to) or die "nginx: $!\n";

    print $socket "POST $path/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                  . "Connection: close\r\nX-User: $user\r\n"
                  . "X-Test-Prompt-Tokens: 8\r\n"
                  . "X-Test-Completion-Tokens: 100\r\n"
                  . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
    $socket->flush;

    return $socket;
}

sub status {
    my $socket = shift;

    local $/;
    return <$socket> =~ m{^HTTP/1.1 (\d+)} ? $1 : 'none';
}

sub await {
    my $code = shift;

    my $end = time + 20;

    sleep 0.01 until $code->() || time > $end;
}

sub api {
    my ($node, $path, $method, $content) = @_;

    my $url = "http://127.0.0.1:$nodes[$node]{port}/llm/$path";
    my $answer = $http->request($method // 'GET', $url,
                                { $content ? (content => $content) : () });

    return $answer->{status} == 200 ? $json->decode($answer->{content})
                                    : $answer->{status};
}


subtest 'alerts' => sub {
    my $listener = IO::Socket::UNIX->new(Peer => $redis);

    print $listener "SUBSCRIBE {llm:}alerts\r\n";
    $listener->flush;
    <$listener> for 1 .. 6;

    # all at once, again and again, until one is refused on every node

    my %refused;
    my $rounds = 0;

    while (keys %refused < $NODES && $rounds++ < 50) {
        my @asked = map { [$_, request($_, '/v1', 'u')] }
                    (0 .. $NODES - 1) x 2;
        status($_->[1]) eq '429' and $refused{$_->[0]} = 1 for @asked;
    }

    is_deeply [sort keys %refused], [0 .. $NODES - 1], 'it is used up on all';

    my (@published, @lines);

    await(sub {
        my $data = '';

        while (IO::Select->new($listener)->can_read(0)) {
            sysread($listener, $data, 65536, length $data) or last;
        }

        push @published, $data =~ /"threshold":(\d+)/g;
        @lines = map { read_file("$_->{dir}/error.log")
                       =~ /llm cost: spend budget (\d+)% used/g } @nodes;
        return @published >= 3 && @lines >= 3;
    });

    is "@{[sort { $a <=> $b } @published]}", '10 80 100', 'published once';
    is "@{[sort { $a <=> $b } @lines]}", '10 80 100', 'logged once';
    is redis_command($redis, 'XLEN', '{llm:}a'), 3, 'kept once';
    is "@{[sort { $a <=> $b } map { $_->{threshold} } @{api($_, 'alerts')}]}",
        '10 80 100', "shown by node $_" for 0 .. $NODES - 1;
};


subtest 'a limit that was patched' => sub {
    my $ask = sub { status(request($_[0], '/calls/v1', $_[1])) };
    my $lost = 0;

    is $ask->(0, 'joe'), 200, 'one of two';
    is api(1, 'budgets?name=calls&key=joe', 'PATCH', '{"limit":4}')->{limit},
        4, 'raised on node 1';
    is $ask->(2, 'joe'), 200, 'node 2 hears of it';

    redis_command($redis, 'FLUSHALL');

    # of a payer that it does not know a node asks Redis only

    for my $node (0 .. $NODES - 1) {
        await(sub { $ask->($node, 'ann' . $lost++) eq '200' });
    }

    is $ask->(0, 'joe'), 200, 'more than was configured';
    is $ask->(1, 'joe'), 200, 'as much as was raised';
    is $ask->(2, 'joe'), 429, 'and no more';
    is api($_, 'budgets?name=calls&key=joe')->[0]{limit}, 4, "node $_"
        for 0 .. $NODES - 1;
};


# A worker tries to connect every 0.48 seconds at most, so that it shares within
# one.  What is measured is what nginx itself takes for a second: a timer of
# two that begins when Redis comes, in the same process, has not ended when
# the first request has been admitted by Redis.

subtest 'a start without Redis' => sub {
    write_file("$dir/gate", '');

    my ($gate, $gate_port) = start_process('python3', '-B',
        project_dir() . '/t/util/gate.py', "$dir/gate");

    push @nodes, start_nginx("$dir/late", http => <<END);
    llm_redis 127.0.0.1:$gate_port timeout=10s;
    llm_store_failure closed;

    server {
        listen 127.0.0.1:PORT;

        location /late/v1/ {
            llm_cost on;
            llm_budget late limit=1requests period=total;
            proxy_pass http://127.0.0.1:$upstream/v1/;
        }

        location /ruler/v1/ {
            proxy_pass http://127.0.0.1:$upstream/v1/;
            proxy_set_header X-Test-Wait never;
            proxy_read_timeout 2s;
        }
    }
END

    my $ask = sub { status(request($nodes[-1], '/late/v1', 'u')) };
    is $ask->(), 503, 'nobody is admitted';

    # it has tried often enough to take its time now

    await(sub { (() = read_file("$dir/gate.log") =~ /\n/g) > 6 });

    my $began = time;
    my $status;
    my $ruler = request($nodes[-1], '/ruler/v1', 'u');
    write_file("$dir/gate", $port);

    await(sub { ($status = $ask->()) ne '503' });
    note sprintf '%.3f seconds', time - $began;

    is $status, 200, 'until Redis is there';
    ok !IO::Select->new($ruler)->can_read(0), 'which is noticed in time';
    await(sub { redis_command($redis, 'HGET',
                              '{llm:}b:late::requests:total:0', 'spent') });
    is $ask->(), 429, 'and counts for all';
};


# With a zone in a file nginx may be killed, all of it, while Redis is away: what
# was spent meanwhile is told to Redis by the next one, before it admits.

subtest 'killed while Redis is away' => sub {
    write_file("$dir/gate", $port);

    my ($gate, $gate_port) = start_process('python3', '-B',
        project_dir() . '/t/util/gate.py', "$dir/gate");

    my $start = sub { start_nginx("$dir/killed", workers => 2, http => <<END) };
    llm_zone zone=llm:8m state=$dir/killed.state;
    llm_redis 127.0.0.1:$gate_port timeout=10s;
    llm_store_failure open;

    server {
        listen 127.0.0.1:PORT;

        location /kept/v1/ {
            llm_cost on;
            llm_budget kept limit=0.01usd period=total;
            llm_budget knocks limit=1000requests period=total;
            proxy_pass http://127.0.0.1:$upstream/v1/;
        }

        location /llm/ { llm_api; }
    }
END

    my $spent = sub { redis_command($redis, 'HGET',
                                    "{llm:}b:$_[0]:total:0", 'spent') // 0 };
    my $node = $start->();
    my $ask = sub { status(request($node, '/kept/v1', 'u')) };
    my $one;

    is $ask->(), 200, 'one that Redis hears of';
    await(sub { $one = $spent->('kept::usd') });

    write_file("$dir/gate", '');
    is $ask->(), 200, "one of three that it does not" for 1 .. 3;

    kill_nginx($node);
    $node = $start->();
    is $ask->(), 200, 'and one of the next nginx';

    write_file("$dir/gate", $port);
    await(sub { $spent->('knocks::requests') == 5 });

    is $spent->('knocks::requests'), 5, 'each of them once';
    is $spent->('kept::usd'), 5 * $one, 'in its full amount';
    is redis_command($redis, 'ZCARD', '{llm:}r'), 0, 'and nothing is held';
    is $ask->(), 200, 'it goes on';
    await(sub { $spent->('kept::usd') == 6 * $one });
    is $spent->('kept::usd'), 6 * $one, 'as before';

    push @nodes, $node;
};


# A node that is cut off again and again in one window has one share of what was
# left, and one allowance, as though it had been away all the time; it knows so
# after a restart as well.

subtest 'cut off three times' => sub {
    write_file("$dir/gate", $port);

    my ($gate, $gate_port) = start_process('python3', '-B',
        project_dir() . '/t/util/gate.py', "$dir/gate");

    my $start = sub {
        my ($name, $at) = @_;

        return start_nginx("$dir/$name", workers => 2, http => <<END);
    llm_zone zone=llm:8m state=$dir/$name.state;
    llm_redis 127.0.0.1:$at timeout=10s prefix=cut:;
    llm_store_failure local=0.0002usd;

    server {
        listen 127.0.0.1:PORT;

        location /cut/v1/ {
            llm_cost on;
            llm_budget cut limit=0.002usd period=total;
            llm_budget each key=\$http_x_user limit=1usd period=total;
            proxy_pass http://127.0.0.1:$upstream/v1/;
        }

        location /llm/ { llm_api; }
    }
END
    };

    my $cut = $start->('cut', $gate_port);
    my $other = $start->('other', $port);
    my $ask = sub { status(request($_[0], '/cut/v1', $_[1] // 'u')) };
    my $spent = sub { redis_command($redis, 'HGET',
                                    '{cut:}b:cut::usd:total:0', 'spent') };
    my $says = sub {
        my $url = "http://127.0.0.1:$cut->{port}/llm/metrics";
        my @patterns = @_;

        await(sub { my $text = $http->get($url)->{content};
                    !grep { $text !~ /^llm_store_$_$/m } @patterns });
    };
    my $alone = sub {
        my $n = 0;

        write_file("$dir/gate", '');
        $says->('up\{.*\} 0');
        $n++ while $n < 40 && $ask->($cut) eq '200';

        return $n;
    };
    my $back = sub {
        write_file("$dir/gate", $port);
        $says->('up\{.*\} 1', 'unconfirmed 0');
    };

    # 61,200 nano-dollars each: then 1,694,000 are left, for two nodes, and
    # 200,000 each beyond

    is $ask->($other), 200, 'one that the other has admitted' for 1 .. 4;
    is $ask->($cut), 200, 'and one of its own';
    await(sub { $spent->() == 5 * 61_200 });
    $says->('nodes 2');

    is $alone->(), 17, 'its half, and the allowance';
    $back->();
    is $spent->(), 22 * 61_200, 'are merged';

    is $alone->(), 0, 'nothing the second time';
    is $ask->($other), 200, 'the other goes on' for 1 .. 10;
    is $ask->($other), 429, 'as far as it may';
    $back->();
    is $spent->(), 32 * 61_200, 'which is the limit here';

    write_file("$dir/gate", '');
    kill_nginx($cut);
    $cut = $start->('cut', $gate_port);

    is $ask->($cut, 'new'), 503, 'nothing after a restart';
    is $ask->($cut), 503, 'whoever asks';
    unlike read_file("$dir/cut/error.log"), qr/100% used/,
        'which says nothing of the budgets';
    $back->();
    is $spent->(), 32 * 61_200, 'and nothing is merged';

    push @nodes, $cut, $other;
};


# Redis goes back while nobody is there to see it.  Who comes first knows
# nothing of what it had, or has it in its file; what only others know is
# repeated when they come.

subtest 'Redis goes back, unseen' => sub {
    write_file("$dir/gate", $port);

    my ($gate, $gate_port) = start_process('python3', '-B',
        project_dir() . '/t/util/gate.py', "$dir/gate");

    my $start = sub {
        my ($name, $at, $zone) = @_;

        return start_nginx("$dir/$name", workers => 2, http => <<END);
    llm_zone zone=llm:8m $zone;
    llm_redis 127.0.0.1:$at timeout=10s prefix=back:;

    server {
        listen 127.0.0.1:PORT;

        location /back/v1/ {
            llm_cost on;
            llm_budget back limit=1000requests period=total;
            proxy_pass http://127.0.0.1:$upstream/v1/;
        }
    }
END
    };

    my $saved = sub { redis_saved($redis, '{back:}*') };
    my $go_back = sub { redis_go_back($redis, '{back:}*', $_[0]) };
    my $spent = sub { redis_command($redis, 'HGET',
                          '{back:}b:back::requests:total:0', 'spent') // 0 };
    my $is = sub {
        my ($sum, $name) = @_;
        await(sub { $spent->() == $sum
                    && !redis_command($redis, 'ZCARD', '{back:}r') });
        is $spent->(), $sum, $name;
    };
    my $ask = sub {
        my ($node, $n) = @_;
        return scalar grep { status(request($node, '/back/v1', 'u')) eq '200' }
                      1 .. $n;
    };

    my $one = $start->('one', $gate_port, '');
    is $ask->($one, 2), 2, 'a node, two requests';
    $is->(2, 'settled');
    my $file = $saved->();
    is $ask->($one, 3), 3, 'three more';
    $is->(5, 'settled');

    write_file("$dir/gate", '');
    $go_back->($file);
    my $two = $start->('two', $port, "state=$dir/two.state");
    is $ask->($two, 7), 7, 'a node that has seen none of them';
    $is->(9, 'finds the first two');
    $file = $saved->();
    write_file("$dir/gate", $port);
    $is->(12, 'and the others when the first one has come back');

    # a file of what it is now, from before that was repeated

    my %new = @{redis_command($redis, 'HGETALL', '{back:}i')};
    delete @new{'gap', grep { /^p:/ } keys %new};
    redis_command($redis, 'HSET', 'new', %new, n => $new{first});
    $go_back->({%$file, '{back:}i' => redis_command($redis, 'DUMP', 'new')});
    $is->(12, 'and when it has lost what was repeated');

    write_file("$dir/gate", '');
    $file = $saved->();
    is $ask->($two, 4), 4, 'four more';
    $is->(16, 'settled');
    kill_nginx($two);
    $go_back->($file);
    $two = $start->('two', $port, "state=$dir/two.state");
    $is->(16, 'which a file remembers, and how far Redis was');

    write_file("$dir/gate", $port);
    is $ask->($two, 1), 1, 'it goes on';
    $is->(17, 'as before');

    # all of it, and files of moments before that had been restored

    kill_nginx($two);
    $two = $start->('two', $port, "state=$dir/two.state");
    $go_back->({});
    $is->(17, 'what is lost is restored');

    for (1 .. 2) {
        await(sub { redis_command($redis, 'HGET', '{back:}i', 'whole') });

        %new = @{redis_command($redis, 'HGETALL', '{back:}i')};
        my $n = $new{gap};
        delete @new{'gap', 'deep', 'whole', grep { /^p:/ } keys %new};
        redis_command($redis, 'DEL', 'new');
        redis_command($redis, 'HSET', 'new', %new, n => $n);
        sleep 0.5;
        $go_back->({'{back:}i' => redis_command($redis, 'DUMP', 'new')});
        $is->(17, 'again where that is lost');
    }

    push @nodes, $one, $two;
};


sub kill_nginx {
    my $node = shift;

    my $master = int read_file("$node->{dir}/nginx.pid");
    my @pids = ($master, split ' ',
                read_file("/proc/$master/task/$master/children"));

    kill 'KILL', @pids;
    await(sub { !grep { read_file("/proc/$_/stat") =~ /\) [^Z]/ } @pids });
}


is join("\n", map { stop_nginx($_) } @nodes), '', 'nginx leaves nothing';

done_testing;
