# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The results of a batch, read twice at once, from one node and from two: both
# requests have found the work before either has settled it, and it is billed,
# counted and logged once.  And a worker that is told to leave while it counts a
# file counts it to its end.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use LLMCost::Flights;
use LLMCost::Ledger;
use LLMCost::Process;

require './t/suite/batch.pl';

our ($BUDGET, $FORM);

flights_start();

my $store = "llm_redis 127.0.0.1:$redis_port timeout=5s;";

once('zone', q(), 1);
once('redis', $store, 1);
once('fleet', $store, 2);
once('no budget', $store, 2, '');
elsewhere();

leaving();

done_testing;


sub leaving {
    my $node = flights_node('node-leaving', location => $BUDGET,
                            http => 'llm_price m input=0 output=8;');

    script({ scripts => { file => document(main::file('file-1')) } });

    my $master = int read_file("$node->{dir}/nginx.pid");
    my $file = main::upload(CORE::join '', (main::line(1)) x 6000);

    # before it counts, while it does, and afterwards

    for my $i (1 .. 8) {
        my $client = ask($node, 'file', $file, $FORM);

        select undef, undef, undef, 0.01 * $i;
        kill 'QUIT', split ' ', `ps -o pid= --ppid $master`;

        is(status($client), 200, "leaving: counted to the end, $i");
    }

    ends($node);
}


# ... by a node that has never heard of the batch

sub elsewhere {
    my ($here, $there) = nodes('elsewhere', $store, 2);

    begin('elsewhere', $here);
    release('go');
    is(status(ask($there, 'results', "GET /v1/files/file-out/content\n")), 200,
       'elsewhere: read');

    ok(wait_until(sub {
        my %budget = budgets($here);

        return nano($budget{daily}{spent}) == 400_000;
    }), 'elsewhere: charged');

    ends($_) for $here, $there;
}


sub once {
    my ($name, $store, $n, $budget) = @_;

    my @nodes = nodes($name, $store, $n, $budget);

    begin($name, $nodes[0]);

    my @readers = map { ask($_, 'results',
                            "GET /v1/files/file-out/content\n") }
                  @nodes[0, $n - 1];

    ok(wait_until(sub { asked() == 5 }), "$name: both have been passed on");
    release('go');
    is(status($_), 200, "$name: read") for @readers;

    if (!defined $budget) {
        my %budget = budgets($nodes[0]);

        is(nano($budget{daily}{spent}), 400_000, "$name: charged once");
    }

    my @lines;

    ok(wait_until(sub {
        @lines = map { log_entries("$_->{dir}/access.log") } @nodes;
        @lines == 5;
    }), "$name: all are in the log");
    is(scalar(grep { ($_->{cost} // '') =~ /[1-9]/ } @lines), 1,
       "$name: one line of the log has it");
    is(scalar(grep { ($_->{budgets} // '') =~ /\|usd\|0[.]0004/ } @lines),
       defined $budget ? 0 : 1, "$name: one has its budgets");

    my $usage = api_get($nodes[0]{port}, 'usage/summary?hours=1');

    is(nano($usage->{total_cost_usd}), 400_000, "$name: counted once");

    ends($_) for @nodes;
}


sub nodes {
    my ($name, $store, $n, $budget) = @_;

    my $price = 'llm_price m input=0 output=8;';

    $name =~ tr/ /-/;
    forget_redis();

    return map { flights_node("node-$name-$_",
                              location => $budget // $BUDGET,
                              http => "$store $price") } 1 .. $n;
}


# a batch that is over; its results wait to be let go

sub begin {
    my ($name, $node) = @_;

    script({ scripts => {
        file    => document(main::file('file-1')),
        start   => document(main::batch('batch_1', 'validating')),
        state   => document(main::batch('batch_1', 'completed',
                                        output_file_id => 'file-out')),
        results => { %{ main::content(main::result(10, 100)) },
                     before => [{ wait => 'go+' }] } } });

    is(status(ask($node, 'file', main::upload(main::line(1000)),
                  $FORM)), 200, "$name: uploaded");
    is(status(ask($node, 'start', main::start())), 200, "$name: begun");
    is(status(ask($node, 'state', "GET /v1/batches/batch_1\n")), 200,
       "$name: over");
}


sub document {
    return { headers => { 'Content-Type' => 'application/json' },
             body => $json->encode($_[0]{json}) };
}


# one request of the form of Test::Nginx's, under way

sub ask {
    my ($node, $script, $request, @headers) = @_;

    my ($line, $body) = split /\n/, $request, 2;
    my $socket = IO::Socket::UNIX->new(Peer => $node->{socket}) or die $!;

    $body =~ s/\s*\z// if $line =~ /^GET/;

    print $socket join "\r\n", "$line HTTP/1.1", 'Host: localhost',
        'Authorization: Bearer x', "X-Test-Script: $script", @headers,
        'Content-Length: ' . length $body, '', $body;
    $socket->flush;

    return { socket => $socket, text => '' };
}


sub status {
    my $client = shift;

    read_rest($client);

    return $client->{head} =~ m{^HTTP/1.1 (\d+)} ? $1 : $client->{head};
}
