# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# No memory.  One request after the other, and of each another allocation
# fails: the first, the second, and so on until none is left to fail.
#
# Only the nginx with sanitizers can have allocations fail (t/util/nomem.c),
# and there each that is made of a pool is one of its own.

use strict;
use warnings;

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

# A request that needs no more than this does not need less by accident

my $MANY = 40;

my $dir = File::Temp->newdir('llm-memory-XXXXXX', TMPDIR => 1);
my $json = JSON::PP->new->canonical;
my $upstream = start_upstream_server("$dir");
my ($server, $redis_port, $socket) = start_redis_server("$dir");


# starves(KIND => { ... }, ...) on an nginx without and on one with Redis.  Of a
# kind: answers => sub { what upstream says at the N-th }, before => sub { what
# precedes it }, ask => sub { the request }, after => sub { what follows }, and
# wrong => sub { what is wrong with an answer that has cost so much, or undef }.

sub starves {
    my %kinds = @_;

    for my $store (qw( zone redis )) {
        my $file = "$dir/$store.memory";
        write_file($file, "\0" x 16);
        chmod 0666, $file;

        local $ENV{LLM_NOMEM} = $file;
        my $nginx = instance($store);

        for my $kind (sort keys %kinds) {
            my ($n, @wrong) = starve($nginx, $file, $kind, $kinds{$kind});

            is_deeply \@wrong, [], "$store, $kind: each allocation may fail";
            cmp_ok $n, '>', $MANY, "$store, $kind: there are many";
        }

        unlike read_file("$nginx->{dir}/error.log"), qr/have expired/,
               "$store: no reservation has expired";
        is join("\n", grep { !/Cannot allocate memory|for settlements/ }
                      stop_nginx($nginx)), '', "$store: nginx leaves nothing";
    }
}


# Returns how many allocations a request of this kind makes, and what went
# wrong at which

sub starve {
    my ($nginx, $file, $kind, $try) = @_;

    my @wrong;
    my $n = 0;

    while ($n++ < 5000) {
        my $spent = spent($nginx);

        write_file("$dir/script.json",
                   $json->encode({ block => "$file $kind $n",
                                   answers => $try->{answers}->($n) }));
        $try->{before}->($nginx, $n) if $try->{before};

        fail_at($file, $n);
        my $answer = $try->{ask}->($nginx, $n);
        my $more = left($file);
        fail_at($file, 0);

        $try->{after}->($nginx, $n) if $try->{after};

        my $paid = spent($nginx);
        my $wrong = defined $paid ? $try->{wrong}->($answer, $paid - $spent)
                                  : 'something is held, or nginx is gone';

        push @wrong, "$n: $wrong" if $wrong;

        last if $more || !defined $paid || @wrong > 9;
    }

    return ($n, @wrong);
}


sub instance {
    my $store = shift;

    my $redis = $store eq 'redis' ? "llm_redis unix:$socket timeout=5s;" : '';

    return start_nginx("$dir/$store", main => 'env LLM_NOMEM;', http => <<END);
    $redis
    llm_reservation_ttl 60s;
    llm_price m input=0 output=8;
    llm_price claude-a input=0 output=8;

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


# the whole answer, as far as it came

sub ask {
    my ($nginx, $what, $body) = @_;

    my $client = IO::Socket::INET->new("127.0.0.1:$nginx->{port}")
        or return '';
    my $text = $body ? $json->encode($body) : '';

    print $client "$what HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                  . "Authorization: Bearer key\r\nX-User-ID: ann\r\n"
                  . "X-Team: red\r\nContent-Length: "
                  . length($text) . "\r\n\r\n$text";

    local $/;
    return readline($client) // '';
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

1;
