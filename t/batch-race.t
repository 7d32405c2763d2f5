# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The results of a batch, read twice at once: both requests have found the work
# before either has settled it, and it is billed, counted and logged once.  And
# a worker that is told to leave while it counts a file counts it to its end.

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

for my $store (q(), "llm_redis 127.0.0.1:$redis_port timeout=5s;") {
    once($store ? 'redis' : 'zone', $store);
}

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


sub once {
    my ($name, $store) = @_;

    my $node = flights_node("node-$name", location => $BUDGET,
                            http => "$store llm_price m input=0 output=8;");

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

    my @readers = map { ask($node, 'results',
                            "GET /v1/files/file-out/content\n") } 0 .. 1;

    ok(wait_until(sub { asked() == 5 }), "$name: both have been passed on");
    release('go');
    is(status($_), 200, "$name: read") for @readers;

    my %budget = budgets($node);

    is(nano($budget{daily}{spent}), 400_000, "$name: charged once");

    my @bills = grep { ($_->{cost} // '') =~ /[1-9]/ }
                log_entries("$node->{dir}/access.log");

    is(scalar @bills, 1, "$name: one line of the log has it");

    my $usage = api_get($node->{port}, 'usage/summary?hours=1');

    is(nano($usage->{total_cost_usd}), 400_000, "$name: counted once");

    ends($node);
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
