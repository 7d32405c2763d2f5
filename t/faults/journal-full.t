# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Redis is away, and so much has been spent meanwhile that journal= is full.
# Requests are refused by then; work that was begun before is told of all the
# same.  What it has used stays in its record, and Redis hears of it as soon as
# there is room: while the worker that could not tell lives.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use HTTP::Tiny ();
use IO::Socket::INET ();
use JSON::PP ();
use Test::More;

use LLMCost::Flights qw( wait_until );
use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

# their settlements need more than what requests have to leave free

my $WORKS = 450;

# of 50 tokens at 8 usd a million

my $COST = 400_000;

my $dir = File::Temp->newdir('llm-full-XXXXXX', TMPDIR => 1);
my $json = JSON::PP->new->canonical;
my $http = HTTP::Tiny->new(timeout => 10);
my $upstream = start_upstream_server("$dir");
my ($server, $port, $redis) = start_redis_server("$dir");
my ($redis_pid) = redis_command($redis, 'INFO', 'server')
                  =~ /process_id:(\d+)/;

END { kill 'CONT', $redis_pid if $redis_pid }

write_file("$dir/script.json", $json->encode({
    block => 0, answers => { scripts => {
        request => { body => $json->encode({ object => 'chat.completion', model => 'f',
                               choices => [], usage => {
                                   prompt_tokens => 1, completion_tokens => 1,
                                   total_tokens => 2 } }) },
        map { ("begin_$_" => work($_, 'queued'),
               "end_$_"   => work($_, 'completed', 50)) } 1 .. $WORKS } } }));

my $node = instance();

is(scalar(grep { begin($_) == 200 } 1 .. $WORKS), $WORKS, 'work has begun');
is(request(), 200, 'and something is in the cache');

kill 'STOP', $redis_pid;

my $n = 0;
my $end = time + 60;

$n++ while request() == 200 && time < $end;

is(request(), 503, "no room for another one after $n");

# each waits for Redis a moment, all at once

my @told = map { told($_) } 1 .. $WORKS;

is(scalar(grep { read_rest($_) =~ /"completed"/ } @told), $WORKS,
   'work has ended');

my $full = () = read_file("$node->{dir}/error.log") =~ /for settlements/g;

is $full, 1, 'no room for settlements, which is said once';

kill 'CONT', $redis_pid;

my $counters;

ok(wait_until(sub {
    $counters = eval { api_counters($node->{port}) } // return 0;
    return !grep { $_->{reserved} } values %$counters;
}), 'Redis hears of each of them');

my $logged = log_counters(log_entries("$node->{dir}/access.log"));
my %spent = map { $_ => $counters->{$_}{spent} } keys %$counters;

is_deeply \%spent, $logged, 'the log is the counters';
is_deeply [map { $spent{$_} } grep { /\|usd$/ } keys %spent],
          [($WORKS * $COST) x 6], 'each is charged once';

is(join("\n", grep { !/for settlements/ } stop_nginx($node)), '',
   'nginx leaves nothing behind');

done_testing;


# as many budgets as a request can have, and long names, fill it soon

sub instance {
    my @units = qw( usd tokens requests );

    my $budgets = join "\n", map {
        my $unit = $units[$_ % 3];
        sprintf 'llm_budget %s%02d key=$long limit=%s%s period=total;',
                'b' x 30, $_, $unit eq 'usd' ? 1000 : 1_000_000_000, $unit;
    } 0 .. 15;

    return start_nginx("$dir/node", http => <<END);
    llm_zone zone=llm:64m;
    llm_redis unix:$redis timeout=100ms journal=4m;
    llm_price m input=0 output=8;
    llm_price f input=0 output=0;
    map \$uri \$long { default @{['k' x 64]}; }

    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            llm_store_failure open;
            llm_cache on;
            $budgets
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


sub work {
    my ($i, $status, $out) = @_;

    return { body => $json->encode({
        id => "resp_$i", object => 'response', status => $status,
        model => 'm', output => [],
        usage => $out && { input_tokens => 9, output_tokens => $out,
                           total_tokens => 9 + $out } }) };
}


sub begin {
    my $i = shift;

    return post("begin_$i", 'responses', model => 'm', input => 'hi',
                max_output_tokens => 1000, background => JSON::PP::true);
}


sub request {
    return post('request', 'chat/completions', model => 'f', max_tokens => 1,
                messages => [{ role => 'user', content => 'hi' }]);
}


sub told {
    my $i = shift;

    my $client = IO::Socket::INET->new("127.0.0.1:$node->{port}") or die $!;

    print $client join "\r\n", "GET /v1/responses/resp_$i HTTP/1.1",
                       'Host: x', 'Connection: close',
                       'Authorization: Bearer x', "X-Test-Script: end_$i",
                       '', '';

    return $client;
}


sub read_rest {
    my $client = shift;

    local $/;
    return readline($client) // '';
}


sub post {
    my ($script, $path, %body) = @_;

    return $http->post("http://127.0.0.1:$node->{port}/v1/$path",
                       { headers => headers($script),
                         content => $json->encode(\%body) })->{status};
}


sub headers {
    return { 'X-Test-Script' => shift, Authorization => 'Bearer x' };
}
