# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# A worker dies, and nginx is stopped before anybody has looked for what it has
# left: who leaves last writes the line.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use IO::Socket::INET ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Nginx;
use LLMCost::Process;

my $dir = File::Temp->newdir('llm-died-XXXXXX', TMPDIR => 1);
my $json = JSON::PP->new->canonical;
my $upstream = start_upstream_server("$dir");

write_file("$dir/script.json", $json->encode({
    block => 'died', answers => {
        headers => { 'Content-Type' => 'text/event-stream' },
        body    => ["data: {\"choices\":[{\"index\":0,\"delta\":"
                    . "{\"content\":\"Hello\"}}]}\n\n",
                    { wait => 'never' }] } }));

my $nginx = start_nginx("$dir/nginx", http => <<END);
    llm_ledger_log $dir/ledger.log;

    server {
        listen 127.0.0.1:PORT;

        location / {
            llm_cost on;
            llm_budget all limit=1usd period=total;
            proxy_pass http://127.0.0.1:$upstream;
        }
    }
END

my $client = IO::Socket::INET->new("127.0.0.1:$nginx->{port}") or die $!;
my $body = $json->encode({ model => 'gpt-4o-mini', stream => JSON::PP::true,
                           messages => [{ role => 'user',
                                          content => 'Hi' }] });

print $client "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
              . 'Content-Length: ' . length($body) . "\r\n\r\n$body";

my $line;

1 while defined($line = <$client>) && $line !~ /Hello/;
ok($line, 'an answer is on its way');

my $master = int read_file("$nginx->{dir}/nginx.pid");
my ($worker) = workers();

kill 'KILL', $worker;

my $patience = time + 20;

sleep 0.005 until (grep { $_ != $worker } workers()) || time > $patience;
cmp_ok(time, '<', $patience, 'its worker dies, and there is another one');

is(join("\n", grep { !/exited on signal 9/ } stop_nginx($nginx)), '',
   'nginx is stopped at once');

my @lines = map { $json->decode($_) } split /^/, read_file("$dir/ledger.log");

is(scalar @lines, 1, 'the request has its line');
is($lines[0]{why}, 'worker died', 'which says why');
like($lines[0]{budgets}, qr/^all\|\|.*\|usd\|0\.00000[1-9]/, 'and what it cost');

done_testing;


sub workers { return split ' ', `ps -o pid= --ppid $master` }
