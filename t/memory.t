# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# No memory.  One request after the other, and of each another allocation
# fails: the first, the second, and so on until none is left to fail.  Whatever
# becomes of the request, nginx stays, nothing is held when it is over, and a
# client that has the whole answer has paid for it exactly.
#
# Only the nginx with sanitizers can have allocations fail (t/util/nomem.c),
# and there each that is made of a pool is one of its own.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use IO::Socket::INET ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw( sleep );

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

plan skip_all => 'only with the nginx of tools/build-asan.sh'
    if !$ENV{LSAN_OPTIONS};

# 8 tokens and 1 of gpt-4o-mini

my $COST = 1800;

# A request that needs no more than this does not need less by accident

my $MANY = 40;

my $dir = File::Temp->newdir('llm-memory-XXXXXX', TMPDIR => 1);
my $json = JSON::PP->new->canonical;
my $upstream = start_upstream_server("$dir");
my ($server, $redis_port, $socket) = start_redis_server("$dir");

my $usage = { prompt_tokens => 8, completion_tokens => 1, total_tokens => 9 };

my %answers = (
    json => {
        body => $json->encode({
            id => 'x', object => 'chat.completion', model => 'gpt-4o-mini',
            usage => $usage,
            choices => [{ index => 0, finish_reason => 'stop',
                          message => { role => 'assistant',
                                       content => 'Hello' } }] }) },
    stream => {
        headers => { 'Content-Type' => 'text/event-stream' },
        body => [map { 'data: ' . (ref $_ ? $json->encode($_) : $_) . "\n\n" }
                 { choices => [{ index => 0, delta => { content => 'Hello' },
                                 finish_reason => 'stop' }] },
                 { choices => [], usage => $usage }, '[DONE]'] });

for my $store (qw( zone redis )) {
    my $file = "$dir/$store.memory";
    write_file($file, "\0" x 16);
    chmod 0666, $file;

    local $ENV{LLM_NOMEM} = $file;
    my $nginx = instance($store);

    for my $kind (qw( json stream refused )) {
        my ($n, @wrong) = starve($nginx, $file, $kind);

        is_deeply \@wrong, [], "$store, $kind: each allocation may fail";
        cmp_ok $n, '>', $MANY, "$store, $kind: there are many";
    }

    unlike read_file("$nginx->{dir}/error.log"), qr/have expired/,
           "$store: no reservation has expired";
    is join("\n", grep { !/Cannot allocate memory|for a settlement/ }
                  stop_nginx($nginx)), '', "$store: nginx leaves nothing";
}

done_testing;


# Returns how many allocations a request of this kind makes, and what went
# wrong at which

sub starve {
    my ($nginx, $file, $kind) = @_;

    my @wrong;
    my $n = 0;

    write_file("$dir/script.json",
               $json->encode({ block => "$file $kind",
                               answers => $answers{$kind} // {} }));
    while ($n < 5000) {
        my $before = spent($nginx);

        fail_at($file, ++$n);
        my $answer = ask($nginx, $kind, $n);
        my $more = left($file);
        fail_at($file, 0);

        my $paid = spent($nginx);
        $paid = defined $paid ? $paid - $before : 'unknown';

        push @wrong, "$n: the whole answer cost $paid"
            if whole($answer, $kind)
               && $paid ne ($kind eq 'refused' ? 0 : $COST);
        push @wrong, "$n: something is held, or nginx is gone"
            if $paid eq 'unknown';

        last if $more || $paid eq 'unknown' || @wrong > 9;
    }

    return ($n, @wrong);
}


sub instance {
    my $store = shift;

    my $redis = $store eq 'redis' ? "llm_redis unix:$socket timeout=5s;" : '';

    return start_nginx("$dir/$store", main => 'env LLM_NOMEM;', http => <<END);
    $redis
    llm_reservation_ttl 60s;

    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            llm_budget all limit=1000usd period=total;
            llm_budget user key=\$http_x_user_id limit=1usd period=total;
            llm_budget calls limit=1000000requests period=total;
            llm_tag team \$http_x_team;
            llm_cache on;
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


# each time another text, so that no answer is there already

sub ask {
    my ($nginx, $kind, $n) = @_;

    my $body = $json->encode({
        model => 'gpt-4o-mini',
        $kind eq 'refused' ? (max_tokens => 16000, n => 128) : (),
        $kind eq 'stream' ? (stream => JSON::PP::true) : (),
        messages => [{ role => 'user', content => "say $kind $n" }] });
    my $client = IO::Socket::INET->new("127.0.0.1:$nginx->{port}")
        or return '';

    print $client "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
                  . "Connection: close\r\nAuthorization: Bearer key\r\n"
                  . "X-User-ID: ann\r\nX-Team: red\r\nContent-Length: "
                  . length($body) . "\r\n\r\n$body";

    local $/;
    return readline($client) // '';
}


sub whole {
    my ($answer, $kind) = @_;

    return $answer =~ ($kind eq 'json' ? qr/^HTTP\S+ 200 .*\}\]\S*\}\s*$/s
                       : $kind eq 'stream' ? qr/^HTTP\S+ 200 .*\[DONE\]/s
                       : qr/^HTTP\S+ 4/);
}


# of everybody, in nano-dollars, as soon as nothing is held any more

sub spent {
    my $nginx = shift;

    for (1 .. 500) {
        my $counters = eval { api_counters($nginx->{port}) } or next;

        next if grep { $_->{reserved} } values %$counters;

        my ($all) = grep { /^all\|/ } keys %$counters;

        return $all ? $counters->{$all}{spent} : 0;

    } continue {
        sleep 0.01;
    }

    return;
}


sub fail_at {
    my ($file, $n) = @_;

    open my $out, '+<', $file or die "$file: $!";
    print $out pack 'L', $n;
    close $out or die "$file: $!";
}


sub left { return unpack 'L', read_file($_[0]) }
