# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# A worker dies, or all of a node, and nginx is stopped before anybody has
# looked for what was left: who leaves last writes the line.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use IO::Socket::INET ();
use JSON::PP ();
use Socket qw( SOL_SOCKET SO_RCVBUF );
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

my $dir = File::Temp->newdir('llm-died-XXXXXX', TMPDIR => 1);
my $json = JSON::PP->new->canonical;
my $upstream = start_upstream_server("$dir");
my ($server, $port, $redis) = start_redis_server("$dir");

my %answers = (
    died => { headers => { 'Content-Type' => 'text/event-stream' },
              body    => ["data: {\"choices\":[{\"index\":0,\"delta\":"
                          . "{\"content\":\"Hello\"}}]}\n\n",
                          { wait => 'never' }] },

    # more than sockets take: it is held, and paid, before the client has it

    read => { headers => { 'Content-Type' => 'application/json' },
              body    => [$json->encode({
                  object  => 'chat.completion',
                  choices => [{ index => 0, message => {
                      role => 'assistant', content => 'x' x 1_000_000 } }],
                  usage   => { prompt_tokens => 10, completion_tokens => 10,
                               total_tokens => 20 } })] },
);


sub node {
    my ($name, $store) = @_;

    return start_nginx("$dir/$name", http => <<END);
    llm_ledger_log $dir/$name/ledger.log;
    $store

    server {
        listen 127.0.0.1:PORT sndbuf=16k;

        location /v1/ {
            llm_cost on;
            llm_budget all limit=1usd period=total;
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


sub ask {
    my ($nginx, $which) = @_;

    write_file("$dir/script.json", $json->encode({
        block => $which, answers => $answers{$which} }));

    my $client = IO::Socket::INET->new("127.0.0.1:$nginx->{port}") or die $!;
    my $body = $json->encode({ model => 'gpt-4o-mini',
                               messages => [{ role => 'user',
                                              content => 'Hi' }],
                               $which eq 'died'
                               ? (stream => JSON::PP::true) : () });

    setsockopt $client, SOL_SOCKET, SO_RCVBUF, 4096;

    print $client "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
                  . 'Content-Length: ' . length($body) . "\r\n\r\n$body";

    return $client;
}


sub await {
    my ($ready, $what) = @_;

    my $patience = time + 20;

    sleep 0.005 until $ready->() || time > $patience;
    cmp_ok(time, '<', $patience, $what);
}


# The shell that has started it does not leave before all of it has

sub stop {
    my $nginx = shift;

    return is(join("\n", grep { !/exited on signal 9/ } stop_nginx($nginx)), '',
              'nginx is stopped at once');
}


sub workers { return split ' ', `ps -o pid= --ppid $_[0]` }


sub lines {
    my $name = shift;

    return map { $json->decode($_) }
           split /^/, read_file("$dir/$name/ledger.log");
}


sub counter {
    my $counters = redis_counters($redis);

    return [map { @$_{qw( spent reserved )} } values %$counters];
}


# One that has an answer on its way, when there is another worker already

sub worker_dies {
    my ($name, $store) = @_;

    my $nginx = node($name, $store);
    my $client = ask($nginx, 'died');
    my $line;

    1 while defined($line = <$client>) && $line !~ /Hello/;
    ok($line, 'an answer is on its way');

    my $master = int read_file("$nginx->{dir}/nginx.pid");
    my ($worker) = workers($master);

    kill 'KILL', $worker;
    await(sub { grep { $_ != $worker } workers($master) },
          'its worker dies, and there is another one');
    stop($nginx);

    my @lines = lines($name);

    is(scalar @lines, 1, 'the request has its line');
    is($lines[0]{why}, 'worker died', 'which says why');
    like($lines[0]{budgets}, qr/^all\|\|.*\|usd\|0\.00000[1-9]/,
         'and what it cost');
}


subtest 'a worker, the store is the zone' => sub { worker_dies('zone', '') };


subtest 'a worker, the store is Redis' => sub {
    worker_dies('redis', "llm_redis 127.0.0.1:$port timeout=5s;");
};


# Settled, but its client has not read the answer: no access log has a line

subtest 'a node that is started again, the store is Redis' => sub {
    redis_command($redis, 'FLUSHALL');

    my $nginx = node('node', my $store = "llm_redis 127.0.0.1:$port "
                                         . 'timeout=5s; llm_zone zone=llm:8m '
                                         . "state=$dir/llm.state;");
    my $client = ask($nginx, 'read');

    await(sub { join(' ', @{counter()}) =~ /^[1-9]\d* 0$/ },
          'an answer is paid, and not read');

    my $master = int read_file("$nginx->{dir}/nginx.pid");

    kill 'KILL', $master, workers($master);
    await(sub { read_file("/proc/$master/stat") !~ /\) [^Z]/ },
          'all of it dies');

    stop(node('node', $store));

    my @lines = lines('node');

    is(scalar @lines, 1, 'the request has its line');
    is_deeply(counter(), [nano($lines[0]{cost}), 0], 'of what Redis has');
};

done_testing;
