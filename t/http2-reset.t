# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# A client over HTTP/2 that takes a stream back in each phase of a request, or
# leaves with several of them: in the end nothing is held, and the counters are
# the sums of the log, in both stores.

use strict;
use warnings;

use lib 't/lib';

use IO::Select ();
use IO::Socket::UNIX ();
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Flights;
use LLMCost::Ledger;
use LLMCost::Redis;

my ($DATA, $HEADERS, $RST, $SETTINGS, $PING, $GOAWAY, $WINDOW)
    = (0, 1, 3, 4, 6, 7, 8);
my ($END_STREAM, $END_HEADERS, $ACK) = (1, 4, 1);
my $CANCEL = 8;

flights_start();

my ($redis_pid) = redis_command($redis, 'INFO', 'server')
                  =~ /process_id:(\d+)/;

END { kill 'CONT', $redis_pid if $redis_pid }

my $asked = 0;
my $BUDGETS = 'llm_budget daily limit=1usd period=day;'
              . 'llm_budget calls limit=1000requests period=day;';

for my $store ('zone', 'redis') {
    for my $abort (qw( bill drain reserve )) {
        phases($store, $abort);
    }
}

done_testing;


sub phases {
    my ($store, $abort) = @_;

    forget_redis();

    my $http = $store eq 'zone' ? ''
               : "llm_redis unix:$redis timeout=20s;";
    my $node = flights_node("node-$store-$abort", http => $http,
                            location => "$BUDGETS llm_client_abort $abort;");
    my $c = connect_h2($node);
    my $is = "$store, $abort";

    # one that is not disturbed, before: Redis is known

    script(stream_of(3));
    is(whole($c, ask($c)), 1, "$is: a stream");

    script(stream_of(3));

    my $body = question();
    my $id = headers($c, length $body);

    frame($c, $DATA, 0, $id, substr $body, 0, 50);
    reset_stream($c, $id);
    books($is, 'its body is read', $node);

    # the body's last byte does not say that it is the last

    $id = headers($c, length $body);
    frame($c, $DATA, 0, $id, $body);
    reset_stream($c, $id);
    books($is, 'it has all of its body, and no end', $node);

    $id = headers($c);
    frame($c, $DATA, 0, $id, $body = question());
    sleep 0.02;
    frame($c, $DATA, $END_STREAM, $id, '');
    is(whole($c, $id), 1, "$is: an end of its own");

    if ($store eq 'redis') {
        kill 'STOP', $redis_pid;
        $id = ask($c);
        pong($c);
        reset_stream($c, $id);
        pong($c);
        kill 'CONT', $redis_pid;
        books($is, 'Redis is to admit it', $node);
    }

    script(stream_of(3, {}, before => [{ wait => 'go+' }]));
    $id = ask($c);
    wait_until(sub { asked() == 1 });
    reset_stream($c, $id);
    pong($c);
    release('go');
    books($is, 'upstream has not begun', $node);

    # events 0 .. 2 have text, then the end, the usage, and that it is done

    for my $at (1, 3, 4, 5) {
        script(stream_of(3, { $at => [{ wait => 'go+' }] }));
        $id = ask($c);
        read_h2($c, sub { events($c, $id) >= $at });
        reset_stream($c, $id);
        pong($c);
        release('go');
        books($is, "$at events have come", $node);
    }

    if ($store eq 'redis') {
        script(stream_of(3, { 5 => [{ wait => 'go+' }] }));
        $id = ask($c);
        read_h2($c, sub { events($c, $id) >= 5 });
        kill 'STOP', $redis_pid;
        release('go');
        is(whole($c, $id), 1, "$is: whole");
        reset_stream($c, $id);
        pong($c);
        kill 'CONT', $redis_pid;
        books($is, 'its settlement is on its way', $node);
    }

    for my $how ('GOAWAY', 'the connection is cut') {
        several($c, $how);
        books($is, "several streams, $how", $node);
        $c = connect_h2($node);
    }

    close $c->{socket};
    ends($node);
}


# one that waits for its body, some for upstream, some in their streams, and one
# that wants what another one is getting

sub several {
    my ($c, $how) = @_;

    script(stream_of(3, { 2 => [{ wait => 'go+' }] }));

    my $same = question();

    headers($c, 100);
    ask($c) for 1 .. 3;
    ask($c, $same);

    my $id = ask($c, $same);

    read_h2($c, sub { events($c, $id) >= 2 });

    frame($c, $GOAWAY, 0, 0, pack 'NN', 0, 0) if $how eq 'GOAWAY';
    close $c->{socket};
    sleep 0.05;
    release('go');
}


# what is held, what is spent, and what is in the log

sub books {
    my ($is, $phase, $node) = @_;

    my ($spent, $log);

    ok(wait_until(sub {
        my $counters = eval { api_counters($node->{port}) } // return 0;

        return 0 if grep { $_->{reserved} != 0 } values %$counters;

        $spent = { map { $_ => $counters->{$_}{spent} } keys %$counters };
        $log = log_counters(log_entries("$node->{dir}/access.log"));

        return same_sums($spent, $log);
    }), "$is: reset while $phase") or diag explain [$spent, $log];
}


sub same_sums {
    my ($spent, $log) = @_;

    return !grep { ($spent->{$_} // 0) != ($log->{$_} // 0) }
           keys %$spent, keys %$log;
}


sub connect_h2 {
    my $node = shift;

    my $socket = IO::Socket::UNIX->new(Peer => "$node->{socket}.h2") or die $!;
    my $c = { socket => $socket, id => -1, text => '', streams => {} };

    syswrite $socket, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    frame($c, $SETTINGS, 0, 0, '');

    return $c;
}


sub frame {
    my ($c, $type, $flags, $id, $payload) = @_;

    my $n = length $payload;

    syswrite $c->{socket},
             pack('CnCCN', $n >> 16, $n & 0xffff, $type, $flags, $id)
             . $payload;
}


# a question that nobody has asked

sub question {
    return $json->encode({ %body, %stream, messages => [
        { role => 'user', content => 'question ' . $asked++ }] });
}


# literal fields without indexing

sub headers {
    my ($c, $length) = @_;

    my @fields = (':method' => 'POST', ':scheme' => 'http',
                  ':path' => '/v1/chat/completions', ':authority' => 'x',
                  defined $length ? ('content-length' => $length) : ());
    my $block = '';

    while (my ($name, $value) = splice @fields, 0, 2) {
        $block .= pack 'C C/a* C/a*', 0, $name, $value;
    }

    $c->{id} += 2;
    frame($c, $HEADERS, $END_HEADERS, $c->{id}, $block);

    return $c->{id};
}


sub ask {
    my ($c, $body) = @_;

    $body //= question();

    my $id = headers($c, length $body);

    frame($c, $DATA, $END_STREAM, $id, $body);

    return $id;
}


sub reset_stream {
    my ($c, $id) = @_;

    frame($c, $RST, 0, $id, pack 'N', $CANCEL);
}


# nginx has read all that was sent before

sub pong {
    my $c = shift;

    my $n = ++$c->{pings};

    frame($c, $PING, 0, 0, pack 'Q>', $n);
    read_h2($c, sub { ($c->{pongs} // 0) >= $n });
}


sub whole {
    my ($c, $id) = @_;

    read_h2($c, sub { $c->{streams}{$id}{end} });

    return $c->{streams}{$id}{end};
}


sub events {
    my ($c, $id) = @_;

    return scalar(() = ($c->{streams}{$id}{data} // '') =~ /^data: /mg);
}


sub read_h2 {
    my ($c, $enough) = @_;

    my $select = IO::Select->new($c->{socket});
    my $end = time + 40;

    until ($enough->()) {
        next if take_frame($c);
        die "nothing comes\n" if time > $end || !$select->can_read(40);
        sysread $c->{socket}, $c->{text}, 65536, length $c->{text}
            or die "it is closed\n";
    }
}


sub take_frame {
    my $c = shift;

    return 0 if length $c->{text} < 9;

    my ($high, $low, $type, $flags, $id) = unpack 'CnCCN', $c->{text};
    my $n = $high << 16 | $low;

    return 0 if length $c->{text} < 9 + $n;

    my $payload = substr $c->{text}, 9, $n;
    my $stream = $c->{streams}{$id} //= {};

    substr $c->{text}, 0, 9 + $n, '';

    frame($c, $SETTINGS, $ACK, 0, '') if $type == $SETTINGS && !($flags & $ACK);
    $c->{pongs} = unpack 'Q>', $payload if $type == $PING;
    $stream->{data} .= $payload if $type == $DATA;
    $stream->{end} = 1 if $type <= $HEADERS && $flags & $END_STREAM;

    frame($c, $WINDOW, 0, 0, pack 'N', $n) if $type == $DATA && $n;

    return 1;
}
