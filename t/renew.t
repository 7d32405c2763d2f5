# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# A stream that takes longer than llm_reservation_ttl: what it holds is renewed
# as long as its worker lives, on both stores, and settled at its end; also where
# the node's clock is put back, and Redis's is not.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use HTTP::Tiny ();
use IO::Socket::INET ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

# seconds; nobody renews anything while more than half of it is left

my $TTL = 3;

my $dir = File::Temp->newdir('llm-renew-XXXXXX', TMPDIR => 1);
my $http = HTTP::Tiny->new(timeout => 10);
my $json = JSON::PP->new->canonical;
my $upstream = start_upstream_server("$dir");
my ($server, $redis_port, $socket) = start_redis_server("$dir");

my @events = map { 'data: ' . (ref $_ ? $json->encode($_) : $_) . "\n\n" } (
    { choices => [{ index => 0, delta => { content => 'Hello' } }] },
    { choices => [], usage => { prompt_tokens => 8, completion_tokens => 1,
                                total_tokens => 9 } }, '[DONE]');

write_file("$dir/script.json", $json->encode({ block => 1, answers => {
    headers => { 'Content-Type' => 'text/event-stream' },
    body => [$events[0], { wait => 'end' }, @events[1, 2]] } }));

my ($faketime) = grep { -e && !$ENV{LSAN_OPTIONS} }
                 glob '/usr/lib/*/faketime/libfaketime.so.1';
my $clock = "$dir/clock.now";

turn(0);

my %nginx = map { $_ => instance($_) } qw( zone redis ),
            $faketime ? 'clock' : ();
my %stream = map { $_ => ask($nginx{$_}) } sort keys %nginx;

for my $store (sort keys %nginx) {
    my $line = readline $stream{$store};

    like $line, qr/^HTTP\/1\.1 200/, "$store: the stream has begun";
}

turn(-3600);

# twice as long as a reservation that nobody renews would last

my $end = time + 2 * $TTL;
my %wrong;

while (time < $end) {
    for my $store (sort keys %nginx) {
        my $b = budget($nginx{$store});

        $wrong{$store} //= $b if $b->{spent} != 0 || $b->{reserved} == 0;
    }

    sleep 0.2;
}

for my $store (sort keys %nginx) {
    is $wrong{$store}, undef, "$store: it holds its reservation all the time"
        or diag $json->encode($wrong{$store});
}

write_file("$dir/release.end", '');

for my $store (sort keys %nginx) {
    my $text = do { local $/; readline $stream{$store} };

    like $text, qr/\[DONE\]/, "$store: the stream has ended";

    my $b;

    for (1 .. 500) {
        $b = budget($nginx{$store});
        last if $b->{reserved} == 0;
        sleep 0.01;
    }

    is $b->{reserved}, 0, "$store: nothing is held";
    is sprintf('%.9f', $b->{spent}), '0.000001800', "$store: it is settled";

    unlike read_file("$nginx{$store}{dir}/error.log"), qr/have expired/,
           "$store: none has expired";
    is join("\n", stop_nginx($nginx{$store})), '',
       "$store: nginx leaves nothing";
}

done_testing;


# the clock of one of them

sub turn {
    my $seconds = shift;

    write_file($clock, sprintf "%+d\n", $seconds);
}


sub instance {
    my $store = shift;

    my $redis = $store eq 'zone' ? ''
                : "llm_redis unix:$socket timeout=5s prefix=$store:;";

    local %ENV = (%ENV, $store ne 'clock' ? ()
                        : (TZ => 'UTC', LD_PRELOAD => $faketime,
                           FAKETIME_NO_CACHE => 1,
                           FAKETIME_TIMESTAMP_FILE => $clock,
                           FAKETIME_DONT_FAKE_MONOTONIC => 1));

    return start_nginx("$dir/$store", main => <<'MAIN', http => <<END);
env TZ;
env FAKETIME_TIMESTAMP_FILE;
env FAKETIME_NO_CACHE;
env FAKETIME_DONT_FAKE_MONOTONIC;
MAIN
    $redis
    llm_reservation_ttl ${TTL}s charge;

    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            llm_budget daily limit=1usd period=total;
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


sub ask {
    my $nginx = shift;

    my $body = $json->encode({
        model => 'gpt-4o-mini', stream => JSON::PP::true,
        messages => [{ role => 'user', content => 'hi' }] });
    my $client = IO::Socket::INET->new("127.0.0.1:$nginx->{port}")
        or die "connect: $!";

    print $client "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
                  . "Connection: close\r\nContent-Length: " . length($body)
                  . "\r\n\r\n$body";

    return $client;
}


sub budget {
    my $nginx = shift;

    my $answer = $http->get("http://127.0.0.1:$nginx->{port}/llm/budgets");

    return $json->decode($answer->{content})->[0];
}
