# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Who leaves when, and what it costs: clients that go away and upstreams that
# break off at every event of ten streams, in every mode of llm_client_abort and
# llm_upstream_lost, before the answer and in JSON; timeouts, failed
# connections, retries; on both stores.  README.md, "When something fails".

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use IO::Socket::INET ();
use IPC::Open2 qw( open2 );
use JSON::PP ();
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

my $PATIENCE = 10;

my $json = JSON::PP->new->canonical;
my $dir = File::Temp->newdir('llm-faults-XXXXXX', TMPDIR => 1);
my $upstream = start_upstream_server("$dir");
my ($server, $redis_port, $redis) = start_redis_server("$dir");
my $nobody = free_port();
my ($block, $h2) = (0, free_port());

# 8 input tokens are counted, upstream would say 10; the output, counted, is a
# token a word, upstream would say 5; the most is 100.  0.15 and 0.60 usd.

my $INPUT  = '0.000001200';
my $WORDS  = '0.000002400';     #  8 and 2
my $THREE  = '0.000003000';     #  8 and 3
my $USAGE  = '0.000004500';     # 10 and 5
my $WORST  = '0.000061200';     #  8 and 100
my $FREE   = '0.000000000';

my @first = chunk({ role => 'assistant', content => '' });
my @middle = (@first, map { chunk({ content => $_ }) } 'one', ' two');
my @words = (@middle, chunk({ content => ' three' }), chunk({}, 'stop'));
my @usage = (@words, usage_event());
my @all = (@usage, "data: [DONE]\n\n");

my $gone = { wait => 'abort' };
my $answer = { id => 'chatcmpl-1', object => 'chat.completion',
               created => 1700000000, model => 'gpt-4o-mini',
               choices => [{ index => 0, finish_reason => 'stop',
                             message => { role => 'assistant',
                                          content => 'one two' } }] };
my $whole = { %$answer, usage => { prompt_tokens => 10,
                                   completion_tokens => 5,
                                   total_tokens => 15 } };
my $half = substr $json->encode($answer), 0, 60;
my $most = substr $json->encode($answer), 0, -40;

# name; location; request; upstream's answer; what the client waits for before
# it leaves ("" is upstream's having the request); the log line: status, source,
# input, output, cost

my @cases = (
    ['client leaves before the answer', '/bill',
     stream => { before => [$gone] }, '', "499 counted 8 0 $INPUT"],
    ['client leaves at the first event', '/bill', stream => sse(@first, $gone),
     'assistant', "200 counted 8 0 $INPUT"],
    ['client leaves in the middle', '/bill', stream => sse(@middle, $gone),
     'two', "200 counted 8 2 $WORDS"],
    ['client leaves at the last event', '/bill', stream => sse(@words, $gone),
     '"stop"', "200 counted 8 3 $THREE"],
    ['client leaves after the usage', '/bill', usage => sse(@usage, $gone),
     '"usage":{', "200 counted 10 5 $USAGE"],
    ['client leaves after [DONE]', '/bill', usage => sse(@all, $gone),
     '[DONE]', "200 counted 10 5 $USAGE"],
    ['client leaves, its reservation is kept', '/reserve',
     stream => sse(@middle, $gone), 'two', "200 counted 8 100 $WORST"],
    ['client does not wait for JSON, its reservation is kept', '/reserve',
     json => { before => [$gone] }, '', "499 counted 8 100 $WORST"],
    ['client does not wait for JSON, which does not end in time', '/brief',
     json => { before => [$gone] }, '', "499 counted 8 100 $WORST"],
    ['client leaves a stream, which does not end in time', '/brief',
     stream => sse(@middle, $gone), 'two', "200 counted 8 2 $WORDS"],
    ['client leaves a stream, which is too long to be drained', '/small',
     stream => sse(@middle, { wait => 'gone' },
                   (': ' . 'x' x 700 . "\n\n") x 2, $gone),
     'two', "200 counted 8 2 $WORDS"],

    map({
        my ($location, $mode) = @$_;
        ["$mode: client does not wait for JSON", $location,
         json => { before => [{ wait => 'gone' }],
                   body => $json->encode($whole) },
         '', "499 upstream 10 5 $USAGE"],
        ["$mode: client leaves while JSON is held", $location,
         json => { body => [substr($json->encode($whole), 0, 60),
                            { wait => 'gone' },
                            substr $json->encode($whole), 60] },
         '', "499 upstream 10 5 $USAGE"],
        ["$mode: client has left JSON, and upstream breaks off", $location,
         json => { body => [$most, { wait => 'gone' }, { close => 1 }] },
         '', "499 lost 8 2 $WORDS"],
    } ['/bill', 'bill'], ['/drain', 'drain']),

    ['drain: client leaves before the answer', '/drain',
     stream => { before => [{ wait => 'gone' }], %{sse(@all)} },
     '', "499 upstream 10 5 $USAGE"],
    ['drain: client leaves before upstream refuses', '/drain',
     stream => { before => [{ wait => 'gone' }], status => 500, body => '{}' },
     '', "499 none 0 0 $FREE"],
    ['drain: client has left, and upstream closes', '/drain',
     stream => sse(@middle, { wait => 'gone' }, { close => 1 }),
     'two', "200 lost 8 2 $WORDS"],
    ['drain: client leaves an answer that is too long to be held', '/long',
     json => { body => [$json->encode($whole), { wait => 'gone' },
                        ' ' x 3000] },
     '"usage"', "200 upstream 10 5 $USAGE"],
    ['drain: client leaves an answer that cannot be read', '/drain',
     json => { headers => { 'Content-Type' => 'text/plain' },
               body => ['a', { wait => 'gone' }, 'b'] },
     'a', "200 counted 8 100 $WORST"],

    ['drain: client stays, and takes nothing', '/stall',
     stream => sse(@middle, (': ' . 'x' x 65536 . "\n\n") x 256,
                   { wait => 'gone' }, @all[@middle .. $#all]), 'nothing',
     "200 upstream 10 5 $USAGE"],

    ['h2, bill: client leaves in the middle', 'h2:/bill',
     stream => sse(@middle, $gone), 'two', "200 counted 8 2 $WORDS"],
    ['h2, bill: client does not wait for JSON', 'h2:/bill',
     json => { before => [{ wait => 'gone' }], body => $json->encode($whole) },
     '', "499 upstream 10 5 $USAGE"],
    ['h2, drain: client leaves in the middle', 'h2:/drain',
     stream => sse(@middle, { wait => 'gone' }, @all[@middle .. $#all]), 'two',
     "200 upstream 10 5 $USAGE"],
    ['h2, drain: client leaves before the answer', 'h2:/drain',
     stream => { before => [{ wait => 'gone' }], %{sse(@all)} }, '',
     "499 upstream 10 5 $USAGE"],
    ['h2, drain: client leaves while JSON is held', 'h2:/drain',
     json => { body => [substr($json->encode($whole), 0, 60),
                        { wait => 'gone' },
                        substr $json->encode($whole), 60] },
     '', "499 upstream 10 5 $USAGE"],

    ['a client asks for no usage, and is billed by it', '/bill',
     refuse => sse(@all), undef, "200 upstream 10 5 $USAGE"],
    ['a model that thinks unseen: client leaves before the answer', '/bill',
     think => { before => [$gone] }, '', '499 counted 7 100 0.000447700'],
    ['a model that thinks unseen: client leaves in the middle', '/bill',
     think => sse(@middle, $gone), 'two', '200 counted 7 100 0.000447700'],
    ['a model that thinks past a timeout', '/hasty',
     think => { before => [$gone] }, undef, '504 lost 7 100 0.000447700'],
    ['a model that thinks unseen, and says no usage', '/bill',
     think => sse(@words, $all[-1]), undef, '200 counted 7 100 0.000447700'],
    ['a model that thinks unseen: drained', '/drain',
     think => sse(@first, { wait => 'gone' }, @all[1 .. $#all]), 'assistant',
     '200 upstream 10 5 0.000033000'],

    ['the second attempt is answered and billed', '/retry',
     json => [{ raw => [{ close => 1 }] }, { body => $json->encode($whole) }],
     undef, "200 upstream 10 5 $USAGE", 2],
    ['the second attempt breaks off, too', '/retry',
     json => { raw => [{ close => 1 }] }, undef, "502 lost 8 0 $INPUT", 2],
    ['the first attempt was refused, the second is answered', '/retry',
     json => [{ status => 503, body => '{}' },
              { body => $json->encode($whole) }],
     undef, "200 upstream 10 5 $USAGE", 2],

    map({
        my ($how, $end) = @$_;
        ["$how before the answer", '/bill', stream => { raw => [$end] },
         undef, "502 lost 8 0 $INPUT"],
        ["$how at the first event", '/bill', stream => sse(@first, $end),
         undef, "200 lost 8 0 $INPUT"],
        ["$how in the middle", '/bill', stream => sse(@middle, $end),
         undef, "200 lost 8 2 $WORDS"],
        ["$how at the last event", '/bill', stream => sse(@words, $end),
         undef, "200 lost 8 3 $THREE"],
        ["$how after the usage", '/bill', stream => sse(@usage, $end),
         undef, "200 lost 10 5 $USAGE"],
        ["$how after [DONE]", '/bill', stream => sse(@all, $end),
         undef, "200 lost 10 5 $USAGE"],
        ["$how in JSON", '/bill', json => { body => [$half, $end] },
         undef, "502 lost 8 0 $INPUT"],
        ["$how in JSON, after the words", '/bill',
         json => { body => [$most, $end] }, undef, "502 lost 8 2 $WORDS"],
    } ['upstream closes', { close => 1 }], ['upstream resets', { rst => 1 }]),

    ['upstream closes, its reservation is kept', '/reserve',
     stream => sse(@middle, { close => 1 }), undef, "200 lost 8 100 $WORST"],
    ['upstream closes, at no cost', '/zero',
     stream => sse(@middle, { close => 1 }), undef, "200 lost 0 0 $FREE"],
    ['upstream closes in JSON, its reservation is kept', '/reserve',
     json => { body => [$half, { close => 1 }] }, undef,
     "502 lost 8 100 $WORST"],
    ['upstream closes in JSON, at no cost', '/zero',
     json => { body => [$half, { close => 1 }] }, undef,
     "502 lost 0 0 $FREE"],

    ['upstream says nothing', '/hasty', stream => { before => [$gone] },
     undef, "504 lost 8 0 $INPUT"],
    ['upstream says nothing to JSON', '/hasty', json => { before => [$gone] },
     undef, "504 lost 8 0 $INPUT"],
    ['upstream stops in the middle', '/bill', stream => sse(@middle, $gone),
     undef, "200 lost 8 2 $WORDS"],
    ['upstream stops in JSON', '/bill', json => { body => [$half, $gone] },
     undef, "502 lost 8 0 $INPUT"],

    ['upstream is not there', '/nobody', json => {}, undef,
     "502 none   $FREE"],
    ['upstream refuses', '/bill', json => { status => 400, body => '{}' },
     undef, "400 none 0 0 $FREE"],
    ['upstream fails', '/bill', json => { status => 500, body => 'oh' },
     undef, "500 none 0 0 $FREE"],
    ['upstream fails, and breaks off', '/bill',
     json => { status => 500, framing => 'chunked',
               body => ['oh', { close => 1 }] },
     undef, "500 none 0 0 $FREE"],

    ['no usage in JSON', '/bill', json => { body => $json->encode($answer) },
     undef, "200 counted 8 2 $WORDS"],
    ['no usage in a stream', '/bill', stream => sse(@words, $all[-1]),
     undef, "200 counted 8 3 $THREE"],
    ['the usage', '/bill', stream => sse(@all), undef,
     "200 upstream 10 5 $USAGE"],
);

for my $store ('zone', 'redis') {
    my $nginx = instance($store);

    run_case($nginx, $store, @$_)
        for @cases, $store eq 'zone' ? everywhere() : ();
    ledger($nginx, $store);

    is join("\n", stop_nginx($nginx)), '', "$store: nginx leaves nothing";
}

done_testing;


# Ten streams: what the client asks for, and events with the words (so many
# tokens) and the output of a usage that they bring.

sub streams {
    my $word = sub { [chunk({ content => $_[0] }), 1] };
    my $said = sub { { prompt_tokens => 10, completion_tokens => $_[0] } };
    my $role = [chunk({ role => 'assistant', content => '' }), 0];
    my $stop = [chunk({}, 'stop'), 0];
    my @three = map { $word->($_) } 'one', ' two', ' three';
    my @end = ([usage_event(), 0, 5], ["data: [DONE]\n\n", 0]);

    return (
        ['plain', stream => $role, @three, $stop, @end],
        ['asked for', usage => $role, @three, $stop, @end],
        ['not wanted', refuse => $role, @three, $stop, @end],
        ['without a role', stream => @three, $stop, @end],
        ['with comments', stream => $role,
         map({ ([": hello\n\n", 0], $_) } @three), $stop, @end],
        ['two words an event', stream => $role,
         [chunk({ content => 'one two' }), 2], $three[2], $stop, @end],
        ['usage with the last word', stream => $role, @three[0, 1],
         [chunk({ content => ' three' }, 'stop', $said->(5)), 1, 5], $end[1]],
        ['usage all the time', stream =>
         map({ [chunk({ content => $_->[0] }, undef, $said->($_->[1])), 1,
                $_->[1]] } ['one', 1], [' two', 2], [' three', 3]),
         [chunk({}, 'stop', $said->(5)), 0, 5], $end[1]],
        ['reasoning that is shown', stream => $role,
         [chunk({ reasoning_content => 'one' }), 1],
         [chunk({ reasoning_content => ' two' }), 1],
         [chunk({ content => 'three' }), 1], $stop, @end],
        ['lines that end in CR LF', stream =>
         map { my ($text, @rest) = @$_; [$text =~ s/\n/\r\n/gr, @rest] }
         $role, @three, $stop, @end],
    );
}


# The client leaves, or upstream breaks off, when an event has come, in each
# mode.  A usage that has come is believed where it is more than was seen.  The
# client knows by a comment that everything has come, be it shown or not.

sub everywhere {
    my @list;

    for my $stream (streams()) {
        my ($name, $kind, @events) = @$stream;
        my ($words, $said) = (0, 0);

        for my $n (0 .. $#events) {
            my (undef, $more, $usage) = @{$events[$n]};

            $words += $more;
            $said = $usage // $said;

            my @text = map { $_->[0] } @events;
            my @until = (@text[0 .. $n], ": here\n\n");
            my $input = $said ? 10 : 8;
            my $output = $words > $said ? $words : $said;
            my $seen = "$input $output " . price($input, $output);
            my $what = "event $n of a stream $name";

            push @list,
                ["bill: client leaves at $what", '/bill',
                 $kind => sse(@until, $gone), ': here', "200 counted $seen"],
                ["drain: client leaves at $what", '/drain',
                 $kind => sse(@until, { wait => 'gone' },
                              @text[$n + 1 .. $#text]),
                 ': here', "200 upstream 10 5 $USAGE"],
                ["reserve: client leaves at $what", '/reserve',
                 $kind => sse(@until, $gone), ': here',
                 "200 counted 8 100 $WORST"],
                ["counted: upstream closes at $what", '/bill',
                 $kind => sse(@until, { close => 1 }), undef,
                 "200 lost $seen"],
                ["reserve: upstream closes at $what", '/reserve',
                 $kind => sse(@until, { close => 1 }), undef,
                 "200 lost 8 100 $WORST"],
                ["zero: upstream closes at $what", '/zero',
                 $kind => sse(@until, { close => 1 }), undef,
                 "200 lost 0 0 $FREE"];
        }
    }

    return @list;
}


# 0.15 and 0.60 usd for a million, in nano-dollars

sub price {
    my ($input, $output) = @_;

    return sprintf '0.%09d', 150 * $input + 600 * $output;
}


sub chunk {
    my ($delta, $finish, $usage) = @_;

    return event({ id => 'chatcmpl-1', object => 'chat.completion.chunk',
                   created => 1700000000, model => 'gpt-4o-mini',
                   choices => [{ index => 0, delta => $delta,
                                 finish_reason => $finish }],
                   $usage ? (usage => $usage) : () });
}


sub usage_event {
    return event({ id => 'chatcmpl-1', object => 'chat.completion.chunk',
                   created => 1700000000, model => 'gpt-4o-mini',
                   choices => [],
                   usage => { prompt_tokens => 10, completion_tokens => 5,
                              total_tokens => 15 } });
}


sub event { 'data: ' . $json->encode($_[0]) . "\n\n" }


sub sse {
    return { headers => { 'Content-Type' => 'text/event-stream' },
             body => [@_] };
}


sub instance {
    my $store = shift;

    my $redis = $store eq 'redis' ? "llm_redis 127.0.0.1:$redis_port "
                                    . 'timeout=5s;' : '';

    return start_nginx("$dir/$store", http => <<END);
    $redis
    llm_cost on;
    llm_budget money limit=1usd period=total;
    llm_budget words limit=100000tokens period=total;
    llm_budget calls limit=1000requests period=total;
    proxy_read_timeout 1s;

    upstream both {
        server 127.0.0.1:$upstream max_fails=0;
        server 127.0.0.1:$upstream max_fails=0;
    }

    server {
        listen 127.0.0.1:PORT;
        listen 127.0.0.1:$h2 http2;

        location /bill/ { proxy_pass http://127.0.0.1:$upstream/; }

        location /reserve/ {
            llm_client_abort reserve;
            llm_upstream_lost reserve;
            proxy_pass http://127.0.0.1:$upstream/;
        }

        location /drain/ {
            llm_client_abort drain;
            proxy_pass http://127.0.0.1:$upstream/;
        }

        location /brief/ {
            llm_client_abort drain=50ms;
            proxy_pass http://127.0.0.1:$upstream/;
        }

        location /small/ {
            llm_client_abort drain=1k;
            proxy_pass http://127.0.0.1:$upstream/;
        }

        location /stall/ {
            llm_client_abort drain=32M;
            send_timeout 100ms;
            proxy_read_timeout 10s;
            proxy_pass http://127.0.0.1:$upstream/;
        }

        location /long/ {
            llm_client_abort drain;
            llm_max_response 100;
            proxy_pass http://127.0.0.1:$upstream/;
        }

        location /retry/ {
            proxy_next_upstream error timeout http_503 non_idempotent;

            # a connection that was kept would be an attempt more

            proxy_http_version 1.0;
            proxy_pass http://both/;
        }

        location /zero/ {
            llm_upstream_lost zero;
            proxy_pass http://127.0.0.1:$upstream/;
        }

        location /hasty/ {
            proxy_read_timeout 100ms;
            proxy_pass http://127.0.0.1:$upstream/;
        }

        location /nobody/ { proxy_pass http://127.0.0.1:$nobody/; }

        location /llm/ { llm_cost off; llm_api; access_log off; }
    }
END
}


sub run_case {
    my ($nginx, $store, $name, $location, $kind, $script, $seen, $wanted,
        $attempts) = @_;

    my %from = map { $_ => -s "$nginx->{dir}/$_" } 'access.log', 'error.log';

    $block++;
    unlink "$dir/release.gone";
    write_file("$dir/script.json",
               $json->encode({ block => $block, answers => $script }));

    my ($client, $leave) = $location =~ s/^h2:// ? h2_client($location, $kind)
                           : client($nginx, $location, $kind);

    wait_for(sub { upstream_has_it() }) if defined $seen && $seen eq '';
    read_until($client, $seen) if ($seen // '') ne 'nothing';
    $leave->() if ($seen // '') ne 'nothing';

    if ($json->encode($script) =~ /"wait":"gone"/) {
        wait_for(sub { since($nginx, \%from, 'error.log')
                       =~ /its answer is read on to the usage/ });
        write_file("$dir/release.gone", '');
    }

    my $line = '';

    wait_for(sub { ($line = since($nginx, \%from, 'access.log')) =~ /\n/ });

    my $log = $line ? $json->decode($line) : {};

    is join(' ', map { $log->{$_} } qw( status usage_source input_tokens
                                        output_tokens cost )),
       $wanted, "$store: $name";

    is $log->{attempts}, $attempts, "$store: $name: attempts"
        if $attempts;
}


# what is to be read, and how the client leaves

sub client {
    my ($nginx, $location, $kind) = @_;

    my $socket = IO::Socket::INET->new("127.0.0.1:$nginx->{port}")
        or die "nginx: $!\n";

    print $socket request($location, $kind);

    return ($socket, sub { close $socket });
}


sub h2_client {
    my ($location, $kind) = @_;

    my ($body) = request($location, $kind) =~ /\r\n\r\n(.*)/s;
    my $pid = open2(my $out, undef, 'curl', '-sN', '--http2-prior-knowledge',
                    '-d', $body,
                    "http://127.0.0.1:$h2$location/v1/chat/completions");

    return ($out, sub { kill 'KILL', $pid; waitpid $pid, 0 });
}


# what a log has got since then

sub since {
    my ($nginx, $from, $file) = @_;

    open my $in, '<', "$nginx->{dir}/$file" or return '';
    seek $in, $from->{$file}, 0;
    local $/;

    return <$in> // '';
}


sub request {
    my ($location, $kind) = @_;

    my $body = $json->encode({
        model      => $kind eq 'think' ? 'o4-mini' : 'gpt-4o-mini',
        messages   => [{ role => 'user', content => 'hi' }],
        max_completion_tokens => 100,
        $kind eq 'json' ? () : (stream => JSON::PP::true),
        $kind eq 'usage'
            ? (stream_options => { include_usage => JSON::PP::true }) : (),
        $kind eq 'refuse'
            ? (stream_options => { include_usage => JSON::PP::false }) : (),
    });

    return "POST $location/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
           . "Connection: close\r\nContent-Type: application/json\r\n"
           . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
}


# to the end, or until the client has seen enough

sub read_until {
    my ($socket, $seen) = @_;

    my $text = '';

    while (!defined $seen || index($text, $seen) < 0) {
        last if !sysread $socket, $text, 65536, length $text;
    }
}


sub upstream_has_it {
    return read_file("$dir/requests.jsonl") =~ /"block": $block\b/;
}


sub wait_for {
    my $code = shift;

    my $end = time + $PATIENCE;

    sleep 0.005 until $code->() || time > $end;
}


# Whatever happened, the counters are what the log says, and nothing is held

sub ledger {
    my ($nginx, $store) = @_;

    my $read = sub { $store eq 'redis' ? redis_counters($redis)
                                       : api_counters($nginx->{port}) };
    my $counters;

    wait_for(sub {
        $counters = $read->();
        return !grep { $_->{reserved} } values %$counters;
    });

    is_deeply { map { $_ => $counters->{$_}{spent} } keys %$counters },
              log_counters(log_entries("$nginx->{dir}/access.log")),
              "$store: counters are the sums of the log";
    is_deeply [grep { $_->{reserved} } values %$counters], [],
              "$store: nothing is reserved";
}
