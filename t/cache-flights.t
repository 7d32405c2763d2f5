# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# One flight over two nodes with two workers each, which share a Redis: of many
# identical requests at once one goes upstream, whatever becomes of it.
#
# CLIENTS=500 is the run of make test-flights.

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

my $CLIENTS = $ENV{CLIENTS} // 60;
my $PATIENCE = 40;
my $PRICE = 1950;                       # of one call, nano-USD

my $json = JSON::PP->new->canonical;
my $dir = File::Temp->newdir('llm-flights-XXXXXX', TMPDIR => 1);
$ENV{UPSTREAM_PATIENCE} = 120;
$ENV{LOAD_PATIENCE} = 120;

my $upstream = start_upstream_server("$dir");
my ($server, $redis_port, $redis) = start_redis_server("$dir");
my ($number, $block) = (0, 0);
my @nodes;

my %body = (model => 'gpt-4o-mini', max_tokens => 100,
            messages => [{ role => 'user', content => 'the same' }]);
my %answer = (headers => { 'Content-Type' => 'application/json' },
              body => $json->encode({
    id => 'x', object => 'chat.completion', model => 'gpt-4o-mini',
    choices => [{ index => 0, finish_reason => 'stop',
                  message => { role => 'assistant', content => 'yes' } }],
    usage => { prompt_tokens => 9, completion_tokens => 1,
               total_tokens => 10 } }));
my %stream = (stream => JSON::PP::true,
              stream_options => { include_usage => JSON::PP::true });
my @events = map { "data: $_\n\n" }
    '{"id":"x","model":"gpt-4o-mini","choices":[{"index":0,'
    . '"delta":{"role":"assistant","content":"yes"},"finish_reason":null}]}',
    '{"id":"x","model":"gpt-4o-mini","choices":[{"index":0,'
    . '"delta":{},"finish_reason":"stop"}]}',
    '{"id":"x","model":"gpt-4o-mini","choices":[],"usage":'
    . '{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}',
    '[DONE]';

one('an answer', {});
one('a stream', \%stream);
failed();
leaves('an answer', {});
leaves('a stream', \%stream);
killed();
gone();

done_testing;


sub nodes {
    $number++;
    redis_command($redis, 'FLUSHALL');

    @nodes = map {
        my $socket = "$dir/$number-$_.sock";
        my $node = start_nginx("$dir/$number-$_", workers => 2,
                               connections => 2048, http => <<END);
    llm_redis 127.0.0.1:$redis_port timeout=5s;

    server {
        listen 127.0.0.1:PORT;
        listen unix:$socket backlog=1024;

        location /v1/ {
            llm_cost on;
            llm_cache on;
            llm_cache_scope shared;
            llm_budget daily limit=1usd period=day;
            llm_budget calls limit=10000requests period=day;
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; access_log off; }
        location /status { stub_status; access_log off; }
    }
END
        $node->{socket} = $socket;
        $node;
    } 'a', 'b';
}


sub script {
    my $answers = shift;

    $block++;
    write_file("$dir/script.json.new",
               $json->encode({ block => $block, answers => $answers }));
    rename "$dir/script.json.new", "$dir/script.json" or die;
}


# begins once it is released; of a stream the rest waits for a second name

sub held {
    my ($more) = @_;

    my @before = (before => [{ wait => "go$block+" }]);

    return { %answer, @before } if !%$more;
    return { headers => { 'Content-Type' => 'text/event-stream' }, @before,
             body => [$events[0], { wait => "on$block+" }, @events[1 .. 3]] };
}


sub names {
    my $text = $json->encode(shift);

    my $next = $block + 1;
    $text =~ s/(go|on)\d+\+/$1$next/g;

    return $json->decode($text);
}


sub release { write_file("$dir/release.$_[0]$block", "") }


sub http_get {
    my ($to, $path) = @_;

    my $socket = $to =~ m{/} ? IO::Socket::UNIX->new(Peer => $to)
                             : IO::Socket::INET->new($to);

    return '' if !$socket;

    print $socket "GET $path HTTP/1.0\r\n\r\n";
    local $/;

    return scalar(readline $socket) // '';
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


sub records {
    return grep { $_->{block} == $block && ($_->{target} // '') !~ m{^/test/} }
           map { $json->decode($_) } split /^/,
           -f "$dir/requests.jsonl" ? read_file("$dir/requests.jsonl") : '';
}


sub asked { scalar grep { !$_->{event} } records() }


sub waiting {
    my $n = 0;

    for my $node (@nodes) {
        $n += $1 if http_get($node->{socket}, '/status')
                    =~ /Active connections: (\d+)/;
    }

    return $n - @nodes;
}


sub start_load {
    my ($n, $more, @to) = @_;

    my $plan = $json->encode({ headers => {}, body => { %body, %$more } });

    write_file("$dir/plan", "$plan\n" x $n);

    my ($load) = start_process('python3', '-B',
        project_dir() . '/t/util/load.py', "$dir/plan", "$dir/results",
        $n, map { $_->{socket} } @to ? @to : @nodes);

    return $load;
}


sub results {
    my $load = shift;

    readline $load->{out};
    readline $load->{out};

    return map { $json->decode($_) } split /^/, read_file("$dir/results");
}


sub statuses {
    my %n;

    for (@_) {
        $n{$_->{error} ? 'broken' : "$_->{status} "
                                    . ($_->{headers}{'x-cache'} // '-')}++;
    }

    return join ', ', map { "$n{$_} x $_" } sort keys %n;
}


sub same {
    my ($name, @results) = @_;

    my %body = map { $_->{body} => 1 } grep { !$_->{error} } @results;

    is(scalar keys %body, 1, "$name: the same for all");
}


# what was spent in the end: calls, and requests

sub charged {
    my ($name, $calls, $requests) = @_;

    my %budget;

    wait_until(sub {
        %budget = map { $_->{name} => $_ }
                  @{ api_get($nodes[0]{port}, 'budgets') };
        !grep { $_->{reserved} } values %budget
    });

    is(nano($budget{daily}{spent}), $calls * $PRICE, "$name: charges")
        if defined $calls;
    is($budget{daily}{reserved}, 0, "$name: nothing held");
    is($budget{calls}{spent}, $requests, "$name: every request counts")
        if defined $requests;

    return $budget{daily}{spent};
}


sub ends {
    my @allow = @_;

    for my $node (@nodes) {
        my @left = grep { my $l = $_; !grep { $l =~ $_ } @allow }
                   stop_nginx($node);

        is(join("\n", @left), '', 'nginx leaves nothing behind');
    }
}


sub one {
    my ($name, $more) = @_;

    nodes();
    script(names(held($more)));

    my $load = start_load($CLIENTS, $more);

    ok(wait_until(sub { waiting() >= $CLIENTS && asked() }),
       "$name: all are there");
    release('go');
    release('on');

    my @results = results($load);

    is(asked(), 1, "$name: one upstream call");
    is(statuses(@results), $CLIENTS - 1 . ' x 200 HIT, 1 x 200 MISS',
       "$name: one answer, the others from the cache");
    same($name, @results);
    charged($name, 1, $CLIENTS);
    ends();
}


sub failed {
    nodes();
    script([names({ %{held({})}, status => 500, body => '{"error":{}}' }),
            \%answer]);

    my $load = start_load($CLIENTS, {});

    ok(wait_until(sub { waiting() >= $CLIENTS && asked() }),
       'failed: all are there');
    release('go');

    my @results = results($load);

    is(asked(), 2, 'failed: one more call');
    is(statuses(@results), $CLIENTS - 2 . ' x 200 HIT, 1 x 200 MISS, '
                           . '1 x 500 MISS', 'failed: for all but the first');
    charged('failed', 1, undef);
    ends();
}


# the leader's client leaves while others wait on its node and on the other

sub leaves {
    my ($name, $more) = @_;

    nodes();
    script(names(held($more)));

    my $body = $json->encode({ %body, %$more });
    my $leader = IO::Socket::UNIX->new(Peer => $nodes[0]{socket});

    print $leader "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                  . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
    ok(wait_until(sub { asked() == 1 }), "$name: the first is on its way");

    my $load = start_load(20, $more, $nodes[1]);

    ok(wait_until(sub { waiting() >= 21 }), "$name: the others are there");
    ok(wait_until(sub {
        redis_command($redis, 'EVAL', 'for _, k in ipairs(redis.call("KEYS", '
            . '"{llm:}f:*")) do if redis.call("HGET", k, "waited") then '
            . 'return 1 end end return 0', 0)
    }), "$name: and wait for it");

    if (%$more) {
        release('go');
        readline $leader for 1 .. 12;
    }

    close $leader;
    ok(wait_until(sub { read_file("$nodes[0]{dir}/error.log")
                        =~ /its answer is read on/ }),
       "$name: its client leaves, the flight goes on");
    release('go');
    release('on');

    my @results = results($load);

    is(asked(), 1, "$name: one upstream call");
    is(statuses(@results), '20 x 200 HIT', "$name: for all");
    same($name, @results);
    charged($name, 1, 21);
    ends();
}


# the worker that leads is killed: each call is charged, the others are served

sub killed {
    nodes();
    script([names(held({})), \%answer]);

    my $load = start_load($CLIENTS, {});

    ok(wait_until(sub { waiting() >= $CLIENTS && asked() }),
       'killed: all are there');

    # which of the four it is shows in its connection to upstream

    my ($victim) = grep {
        my $pid = $_;
        grep { (readlink // '') =~ /socket:\[(\d+)\]/ && upstream_socket($1) }
             glob "/proc/$pid/fd/*"
    } map { workers($_) } @nodes;

    ok($victim, 'killed: one of the workers leads');
    kill 'KILL', $victim;

    my @results = results($load);
    my @whole = grep { !$_->{error} } @results;

    is(asked(), 2, 'killed: one more call');
    cmp_ok(scalar @whole, '>=', int $CLIENTS / 5, 'killed: others are served');
    like(statuses(@whole), qr/^\d+ x 200 HIT, 1 x 200 MISS$/,
         'killed: by one of them');
    same('killed', @whole);
    charged('killed', undef, undef);
    release('go');
    ends(qr/exited on signal 9/);
}


sub upstream_socket {
    my $inode = shift;

    my $port = sprintf '%04X', $upstream;

    return read_file('/proc/net/tcp')
           =~ /^\s*\d+: \S+ 0100007F:$port 01 .* $inode /m;
}


sub workers {
    my $node = shift;

    my $pid = int read_file("$node->{dir}/nginx.pid");

    return split ' ', read_file("/proc/$pid/task/$pid/children");
}


# Redis dies while all wait: a call of each node at most, and no error

sub gone {
    nodes();
    script(names(held({})));

    my $load = start_load($CLIENTS, {});

    ok(wait_until(sub { waiting() >= $CLIENTS && asked() }),
       'gone: all are there');
    eval { redis_command($redis, 'SHUTDOWN', 'NOSAVE') };
    ok(wait_until(sub { asked() == 2 }), 'gone: the other node asks itself');
    release('go');

    my @results = results($load);

    is(asked(), 2, 'gone: a call of each node');
    is(statuses(@results), $CLIENTS - 2 . ' x 200 HIT, 2 x 200 MISS',
       'gone: for all');
    same('gone', @results);
    ends(qr/./);
}
