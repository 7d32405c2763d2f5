# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# One flight over two nodes with two workers each, which share a Redis: of many
# identical requests at once one goes upstream, whatever becomes of it, and at
# whichever event of its stream.
#
# CLIENTS=500 ROUNDS=3 is the run of make test-flights; SEED=N repeats one.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use LLMCost::Flights;
use LLMCost::Ledger;
use LLMCost::Process;
use LLMCost::Redis;

my $CLIENTS = $ENV{CLIENTS} // 60;
my $EVENTS = 20;
my $SEED = $ENV{SEED} // int rand 2 ** 31;

my $number = 0;
my @nodes;

srand $SEED;
diag("SEED=$SEED");
flights_start();

one('an answer', {});
one('a stream', \%stream);
failed();
leaves('an answer', {});
killed('an answer', {});

for (1 .. $ENV{ROUNDS} // 1) {
    leaves(at(), \%stream);
    breaks(at());
    killed(at(), \%stream);
    stopped(at());
}

gone(at());

done_testing;


# a moment of the stream: its first event or any other one

sub at { return 1 + int rand $EVENTS }


sub nodes {
    my $timeout = shift // '5s';

    $number++;
    forget_redis();

    @nodes = map { flights_node("$number-$_",
        http => "llm_redis 127.0.0.1:$redis_port timeout=$timeout;",
        location => 'llm_budget daily limit=1usd period=day; '
                    . 'llm_budget calls limit=10000requests period=day;') }
        'a', 'b';
}


# the answer to the first one begins when it is released; of a stream what is
# behind so many events comes when that is released

sub held {
    my ($at, @end) = @_;

    my @before = (before => [{ wait => 'go+' }]);

    return $at =~ /^\d+$/
           ? stream_of($EVENTS, { $at => [{ wait => 'on+' }, @end] }, @before)
           : answer_of(@before);
}


# One client that leads, of which more is seen, and the others behind it.
# Returns both when all of them are there.

sub all_there {
    my ($name, $more) = @_;

    my $leader = open_request($nodes[0], $more);

    ok(wait_until(sub { asked() == 1 }), "$name: one leads");

    my $load = start_load($CLIENTS - 1, $more, @nodes);

    ok(wait_until(sub { connections(@nodes) >= $CLIENTS && fleet_waits() }),
       "$name: all are there");

    return ($leader, $load);
}


# the other node has found the lock of the fleet taken

sub fleet_waits {
    return redis_command($redis, 'EVAL', <<'END', 0);
for _, key in ipairs(redis.call('KEYS', '{llm:}f:*')) do
    if redis.call('HGET', key, 'waited') then
        return 1
    end
end
return 0
END
}


# ... and so many events of the stream are out

sub on_its_way {
    my ($name, $at) = @_;

    my ($leader, $load) = all_there($name, \%stream);

    release('go');
    read_until($leader, qr/text@{[$at - 1]} /);

    return ($leader, $load);
}


sub result_of {
    my $client = shift;

    my $body = read_rest($client);
    my ($status) = $client->{text} =~ m{^HTTP/1.1 (\d+)};
    my ($cache) = $client->{text} =~ /^X-Cache: (\S+)/m;

    return { status => $status, headers => { 'x-cache' => $cache },
             body => $body, $client->{whole} ? () : (error => 'cut') };
}


sub charged {
    my ($name, $calls, $requests) = @_;

    my %budget = budgets($nodes[0]);

    is($budget{daily}{reserved} + $budget{calls}{reserved}, 0,
       "$name: nothing is held");
    is(nano($budget{daily}{spent}), $calls * $PRICE, "$name: charges")
        if defined $calls;
    is($budget{calls}{spent}, $requests, "$name: every request counts")
        if defined $requests;

    return nano($budget{daily}{spent});
}


sub one {
    my ($name, $more) = @_;

    nodes();
    script(held(%$more ? $EVENTS : ''));

    my ($leader, $load) = all_there($name, $more);

    release('go', 'on');

    my @results = (result_of($leader), load_results($load));

    is(asked(), 1, "$name: one upstream call");
    is(statuses(@results), $CLIENTS - 1 . ' x 200 HIT, 1 x 200 MISS',
       "$name: one answer, the others are hits");
    same($name, @results);
    charged($name, 1, $CLIENTS);
    ends($_) for @nodes;
}


# upstream refuses

sub failed {
    nodes();
    script([{ %{held('')}, status => 500, body => '{"error":{}}' },
            answer_of()]);

    my ($leader, $load) = all_there('failed', {});

    release('go');

    my @results = load_results($load);

    is(result_of($leader)->{status}, 500, 'failed: the first one');
    is(asked(), 2, 'failed: one more call');
    is(statuses(@results), $CLIENTS - 2 . ' x 200 HIT, 1 x 200 MISS',
       'failed: for all others');
    same('failed', @results);
    charged('failed', 1, $CLIENTS);
    ends($_) for @nodes;
}


# the leader's client leaves, others wait on the other node and have joined

sub leaves {
    my ($at, $more) = @_;

    my $name = "client leaves at $at";

    nodes();
    script(held($at));

    my ($leader, $load) = %$more ? on_its_way($name, $at)
                                 : all_there($name, $more);

    close $leader->{socket};
    ok(wait_until(sub { read_file("$nodes[0]{dir}/error.log")
                        =~ /its answer is read on/ }),
       "$name: the flight goes on");
    release('go', 'on');

    my @results = load_results($load);

    is(asked(), 1, "$name: one upstream call");
    is(statuses(@results), $CLIENTS - 1 . ' x 200 HIT', "$name: for all");
    same($name, @results);
    charged($name, 1, $CLIENTS);
    ends($_) for @nodes;
}


# upstream breaks off: so does the stream of those who have joined it; all
# others have one more call

sub breaks {
    my $at = shift;

    my $name = "upstream breaks off at $at";

    nodes();
    script([held($at, { close => 1 }), stream_of($EVENTS, {})]);

    my ($leader, $load) = on_its_way($name, $at);

    release('on');

    my $first = result_of($leader);
    my @results = load_results($load);
    my @whole = grep { !$_->{error} } @results;

    ok($first->{error}, "$name: the first one's is cut");
    is(asked(), 2, "$name: one more call");
    cmp_ok(scalar @whole, '>=', int $CLIENTS / 3, "$name: others are served");
    like(statuses(@whole), qr/^\d+ x 200 HIT, 1 x 200 MISS$/,
         "$name: by one of them");
    same($name, @whole);
    same("$name, cut", $first, grep { $_->{error} } @results);

    my $spent = charged($name, undef, $CLIENTS);

    cmp_ok($spent, '>', $PRICE, "$name: what had come is charged");
    cmp_ok($spent, '<', 40 * $PRICE, "$name: and no more");
    ends($_) for @nodes;
}


# the worker that leads is killed, and with it all of its clients

sub killed {
    my ($at, $more) = @_;

    my $name = "killed at $at";

    nodes();
    script([held($at), %$more ? stream_of($EVENTS, {}) : answer_of()]);

    my ($leader, $load) = %$more ? on_its_way($name, $at)
                                 : all_there($name, $more);

    my $victim;

    ok(wait_until(sub { $victim = leading_worker() }),
       "$name: one of the workers leads");
    kill 'KILL', $victim;

    my @results = load_results($load);
    my @whole = grep { !$_->{error} } @results;

    is(asked(), 2, "$name: one more call");
    cmp_ok(scalar @whole, '>=', int $CLIENTS / 3, "$name: others are served");
    like(statuses(@whole), qr/^\d+ x 200 HIT, 1 x 200 MISS$/,
         "$name: by one of them");
    same($name, @whole);

    my ($text) = map { $_->{body} } @whole;

    is(scalar(grep { index $text, $_->{body} // '' } @results), 0,
       "$name: who was cut had the same");

    my $spent = charged($name);

    cmp_ok($spent, '>', $PRICE, "$name: what was noted is charged");
    cmp_ok($spent, '<', 40 * $PRICE, "$name: and no more");
    release('go', 'on');
    ends($_, qr/exited on signal 9/) for @nodes;
}


# Which of the two it is shows in its connection to upstream.  The list of
# connections is read page by page, so that one may be missed while others come
# and go.

sub leading_worker {
    my $port = sprintf '%04X', $upstream;

    my %upstream = map { ("socket:[$_]" => 1) } read_file('/proc/net/tcp')
        =~ /^\s*\d+: \S+ 0100007F:$port 01 \S+ \S+ \S+ +\d+ +\d+ (\d+) /mg;

    my ($leads) = grep {
        grep { $upstream{readlink($_) // ''} } glob "/proc/$_/fd/*"
    } workers($nodes[0]);

    return $leads;
}


sub workers {
    my $node = shift;

    my $pid = int read_file("$node->{dir}/nginx.pid");

    return split ' ', read_file("/proc/$pid/task/$pid/children");
}


# Redis stops while the stream is on its way: a call of each node at most, and no
# error; when it is back, each is charged

sub stopped {
    my $at = shift;

    my $name = "Redis stops at $at";
    my $pid = redis_pid();

    nodes('1s');
    script(held($at));

    my ($leader, $load) = on_its_way($name, $at);

    kill 'STOP', $pid;
    ok(wait_until(sub { asked() == 2 }), "$name: the other node asks itself");
    release('on');

    my @results = (result_of($leader), load_results($load));

    is(asked(), 2, "$name: a call of each node");
    is(statuses(@results), $CLIENTS - 2 . ' x 200 HIT, 2 x 200 MISS',
       "$name: for all");
    same($name, @results);

    kill 'CONT', $pid;
    ok(wait_until(sub { !grep {
        my %budget = budgets($_);
        nano($budget{daily}{spent}) != 2 * $PRICE
    } @nodes }), "$name: it is back, and knows of both");
    charged($name, 2);

    # one that Redis had counted, and could not say so, is counted once more;
    # hits are told of after the others

    my %budget;

    ok(wait_until(sub {
        %budget = budgets($nodes[0]);
        return $budget{calls}{spent} >= $CLIENTS;
    }), "$name: every request counts") or diag $budget{calls}{spent};
    cmp_ok($budget{calls}{spent}, '<', 2 * $CLIENTS, "$name: about once");
    ends($_) for @nodes;
}


# Redis dies

sub gone {
    my $at = shift;

    my $name = "Redis dies at $at";

    nodes();
    script(held($at));

    my ($leader, $load) = on_its_way($name, $at);

    kill 'KILL', redis_pid();
    ok(wait_until(sub { asked() == 2 }), "$name: the other node asks itself");
    release('on');

    my @results = (result_of($leader), load_results($load));

    is(asked(), 2, "$name: a call of each node");
    is(statuses(@results), $CLIENTS - 2 . ' x 200 HIT, 2 x 200 MISS',
       "$name: for all");
    same($name, @results);
    ends($_, qr/./) for @nodes;
}


sub redis_pid {
    my ($pid) = redis_command($redis, 'INFO', 'server') =~ /^process_id:(\d+)/m;

    return $pid;
}
