# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Windows crossed under load, at clocks that libfaketime sets: midnights of
# three zones, days of 23 and 25 hours, an hour that occurs twice, half an hour
# that is skipped, ends of months and years, minutes.  In each of them a request
# begins before the end of its window and ends behind it.  No request is lost,
# none is counted twice, each is in the window in which it began, and nothing
# is reset by anybody.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use HTTP::Tiny ();
use IO::Socket::INET ();
use JSON::PP ();
use POSIX qw( strftime );
use Test::More;
use Time::Local qw( timegm );
use Time::HiRes qw( sleep time );

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;

my ($library) = grep { -e } glob '/usr/lib/*/faketime/libfaketime.so.1';

plan skip_all => 'libfaketime does not go with sanitizers'
    if $ENV{LSAN_OPTIONS};
plan skip_all => 'faketime is not installed' if !$library;

my $dir = File::Temp->newdir('llm-windows-XXXXXX', TMPDIR => 1);
my $json = JSON::PP->new->canonical;
my $http = HTTP::Tiny->new(timeout => 10);
my $upstream = start_upstream_server("$dir");

# zone, end of the window (UTC), period, start of the window before and after

my @cases = (
    ['Europe/Kyiv', '2026-06-10 21:00:00', 'day',
     '2026-06-09T21:00:00Z', '2026-06-10T21:00:00Z'],
    ['America/New_York', '2026-06-11 04:00:00', 'day',
     '2026-06-10T04:00:00Z', '2026-06-11T04:00:00Z'],
    ['Australia/Lord_Howe', '2026-06-10 13:30:00', 'day',
     '2026-06-09T13:30:00Z', '2026-06-10T13:30:00Z'],

    # days of 23 and 25 hours, and of half an hour more or less

    ['Europe/Kyiv', '2026-03-29 21:00:00', 'day',
     '2026-03-28T22:00:00Z', '2026-03-29T21:00:00Z'],
    ['Europe/Kyiv', '2026-10-25 22:00:00', 'day',
     '2026-10-24T21:00:00Z', '2026-10-25T22:00:00Z'],
    ['America/New_York', '2026-03-09 04:00:00', 'day',
     '2026-03-08T05:00:00Z', '2026-03-09T04:00:00Z'],
    ['America/New_York', '2026-11-02 05:00:00', 'day',
     '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z'],
    ['Australia/Lord_Howe', '2026-10-04 13:00:00', 'day',
     '2026-10-03T13:30:00Z', '2026-10-04T13:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-05 13:30:00', 'day',
     '2026-04-04T13:00:00Z', '2026-04-05T13:30:00Z'],

    # an hour that occurs twice is two, one that is skipped is none, and a
    # clock that goes back by half an hour cuts one short

    ['Europe/Kyiv', '2026-10-25 01:00:00', 'hour',
     '2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z'],
    ['America/New_York', '2026-03-08 07:00:00', 'hour',
     '2026-03-08T06:00:00Z', '2026-03-08T07:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-04 15:00:00', 'hour',
     '2026-04-04T14:00:00Z', '2026-04-04T15:00:00Z'],

    # ends of months, of a leap February, of a year, of a week, of a minute

    ['Europe/Kyiv', '2026-10-31 22:00:00', 'month',
     '2026-09-30T21:00:00Z', '2026-10-31T22:00:00Z'],
    ['America/New_York', '2028-03-01 05:00:00', 'month',
     '2028-02-01T05:00:00Z', '2028-03-01T05:00:00Z'],
    ['Australia/Lord_Howe', '2026-12-31 13:00:00', 'month',
     '2026-11-30T13:00:00Z', '2026-12-31T13:00:00Z'],
    ['Europe/Kyiv', '2026-03-29 21:00:00', 'week',
     '2026-03-22T22:00:00Z', '2026-03-29T21:00:00Z'],
    ['UTC', '2026-06-10 12:34:00', 'minute',
     '2026-06-10T12:33:00Z', '2026-06-10T12:34:00Z'],
);

my $block = 0;

my @running = map { begin($_) } @cases;

load(@running);
check($_) for @running;

done_testing;


# an nginx whose clock stands where a file says

sub begin {
    my $case = shift;

    my ($zone, $end, $period) = @$case;
    my $clock = "$dir/clock." . $block++;

    local $ENV{TZ} = 'UTC';
    local $ENV{LD_PRELOAD} = $library;
    local $ENV{FAKETIME_TIMESTAMP_FILE} = $clock;
    local $ENV{FAKETIME_NO_CACHE} = 1;
    local $ENV{FAKETIME_DONT_FAKE_MONOTONIC} = 1;

    write_file($clock, clock($end, -1) . "\n");

    my $nginx = start_nginx("$dir/$block", main => <<'MAIN', http => <<END);
env TZ;
env FAKETIME_TIMESTAMP_FILE;
env FAKETIME_NO_CACHE;
env FAKETIME_DONT_FAKE_MONOTONIC;
MAIN
    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            llm_budget money limit=1usd period=$period timezone=$zone;
            llm_budget calls limit=1000requests period=total;
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; access_log off; }
    }
END

    return { nginx => $nginx, case => $case, clock => $clock,
             statuses => {} };
}


# "2026-06-10 21:00:00" and so many seconds

sub clock {
    my ($end, $seconds) = @_;

    my ($year, $month, $day, $h, $m) = $end =~ /(\d+)/g;
    my $t = timegm(0, $m, $h, $day, $month - 1, $year) + $seconds;

    return strftime('%Y-%m-%d %H:%M:%S', gmtime $t);
}


my $body;

BEGIN {
    $body = '{"model":"gpt-4o-mini","max_tokens":10,"messages":'
            . '[{"role":"user","content":"hi"}]}';
}


sub request {
    my ($run, $more) = @_;

    my $port = $run->{nginx}{port};
    my $socket = IO::Socket::INET->new("127.0.0.1:$port") or die "nginx: $!\n";

    print $socket "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                  . "Connection: close\r\n" . ($more // '')
                  . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
    $socket->flush;

    return $socket;
}


sub finish {
    my ($run, $socket) = @_;

    local $/;
    my $answer = <$socket> // '';

    $run->{statuses}{$answer =~ m{^HTTP/1.1 (\d+)} ? $1 : 'none'}++;
}


# Three requests of each before the end of its window, three behind it, and two
# that run while the clock goes on: they are answered behind the end.

sub load {
    my @runs = @_;

    my $script = { block => 0, answers => { scripts => {
        long => { before => [{ wait => 'late' }], body => $json->encode({
            object => 'chat.completion', model => 'gpt-4o-mini',
            choices => [{ index => 0, finish_reason => 'stop',
                          message => { role => 'assistant',
                                       content => 'a' } }],
            usage => { prompt_tokens => 8, completion_tokens => 2 } }) } } } };

    write_file("$dir/script.json", $json->encode($script));

    for my $run (@runs) {
        $run->{long} = [map { request($run, "X-Test-Script: long\r\n") } 1, 2];
        finish($run, request($run)) for 1 .. 3;
    }

    await(sub { (() = read_file("$dir/requests.jsonl") =~ /\n/g)
                >= 5 * @runs });

    write_file($_->{clock}, clock($_->{case}[1], 1) . "\n") for @runs;

    for my $run (@runs) {
        await(sub { now($run) ge $run->{case}[4] });
        finish($run, request($run)) for 1 .. 3;
    }

    write_file("$dir/release.late", '');

    for my $run (@runs) {
        finish($run, $_) for @{$run->{long}};
    }
}


sub await {
    my $code = shift;

    my $end = time + 20;

    sleep 0.01 until $code->() || time > $end;
}


# the time of nginx, by its own header

sub now {
    my $run = shift;

    my $answer = $http->get("http://127.0.0.1:$run->{nginx}{port}/llm/health");
    my ($day, $name, $year, $clock)
        = $answer->{headers}{date} =~ /, (\d\d) (\w{3}) (\d{4}) ([\d:]+) GMT/;
    my $month = index('JanFebMarAprMayJunJulAugSepOctNovDec', $name) / 3 + 1;

    return sprintf '%04d-%02d-%02dT%sZ', $year, $month, $day, $clock;
}


sub check {
    my $run = shift;

    my ($zone, $end, $period, $first, $second) = @{$run->{case}};
    my $nginx = $run->{nginx};
    my $what = "$period in $zone until $end";
    my ($counters, @lines);

    # windows that are over are not shown: the log has them

    await(sub {
        $counters = api_counters($nginx->{port});
        @lines = log_entries("$nginx->{dir}/access.log");
        return @lines >= 8 && !grep { $_->{reserved} } values %$counters;
    });

    my $log = log_counters(@lines);
    my @windows = sort map { (split /\|/)[2] } grep { /^money/ } keys %$log;

    is_deeply \@windows, [$first, $second], "$what: the windows";
    is_deeply [keys %{$run->{statuses}}], [200], "$what: every answer";

    my ($live) = grep { /^money/ } keys %$counters;
    is $live, "money||$second|usd", "$what: the new window is the live one";
    is $counters->{$live}{spent}, $log->{$live}, "$what: counter and log";

    my ($old) = grep { /^money\|\|\Q$first\E/ } keys %$log;
    is $log->{$old}, 3 * 4500 + 2 * 2400,
       "$what: who began before its end is in the old window";
    is $log->{$live}, 3 * 4500, "$what: ... and nobody else";

    my ($calls) = grep { /^calls/ } keys %$counters;
    is $counters->{$calls}{spent}, 8, "$what: every request once";

    is join("\n", stop_nginx($nginx)), '', "$what: nginx leaves nothing";
}
