# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Faults of nginx, with the zone as the store.

use strict;
use warnings;

use JSON::PP ();

use LLMCost::Faults;
use LLMCost::Process;


my $STATE = 'llm_zone zone=llm:8m state=DIR/llm.state;';

for (['zone', '', 0], ['state file', $STATE, 1]) {
    my ($name, $http, $state) = @$_;

    fault "$name: no fault",
        http => $http;

    fault "$name: kill -9 of a worker every second",
        http  => $http,
        brief => !$state && 2,
        every => [1, sub { $_[0]->kill_worker(0) }];

    fault "$name: kill -9 of a worker every 100 ms",
        http  => $http,
        every => [0.1, sub { $_[0]->kill_worker(0) }];

    fault "$name: reload every 100 ms",
        http  => $http,
        brief => !$state && 2,
        every => [0.1, sub { $_[0]->reload(0) }];

    fault "$name: a full zone, users without end",
        http    => 'llm_zone zone=llm:1m'
                   . ($state ? ' state=DIR/llm.state;' : ';'),
        budgets => join('', map { "llm_budget b$_ key=\$http_x_user_id "
                                  . "limit=1usd period=total;\n" } 1 .. 16),
        plan    => sub { endless_users() },
        allow   => qr/has no room for another live counter/,
        check   => sub {
            my ($run, $result, $results) = @_;
            my $full = grep { /"status": 503\b/ } @$results;

            $run->complain("$full refused, $result->{admitted} admitted")
                if $full < 100 || $result->{admitted} < 100;
        };
}


# With a file, what survives is the ledger itself

fault 'state file: kill -9 of all every second',
    http  => $STATE,
    brief => 2,
    every => [1, sub { $_[0]->restart(0) }];

fault 'state file: binary upgrade (USR2) every second',
    http  => $STATE,
    brief => 2,
    every => [1, sub { $_[0]->upgrade(0) }];

fault 'state file: kill -9 of all, and another size',
    http  => $STATE,
    every => [1, sub {
        my $run = shift;
        my $size = (3, 8, 16)[rand 3] . 'm';

        $run->kill_all(0);
        $run->configure(0, "llm_zone zone=llm:$size state=DIR/llm.state;");
        $run->start_node(0);
    }];

fault 'state file: kill -9 of all, reload, upgrade, at random',
    http    => $STATE,
    seconds => 30,
    every   => [0.3, sub {
        my $run = shift;
        my $what = (qw( restart reload upgrade kill_worker ))[rand 4];

        $run->$what(0);
    }];


sub endless_users {
    return [map { {
        headers => { 'X-User-ID' => "u$_" },
        body    => { model => 'gpt-4o-mini', max_tokens => 10,
                     messages => [{ role => 'user', content => 'hi' }] },
    } } 1 .. 2000];
}


# A thousand requests at once, and upstream answers nobody before all of them
# are decided.

my $AT_ONCE = 1000;

sub burst {
    my ($name, $budget, %spec) = @_;

    my $users = $spec{users} // 1;

    fault "zone: $AT_ONCE at once, $name",
        once    => 1,
        budgets => $budget,
        plan    => sub { [map { request("u" . $_ % $users, $_) }
                          1 .. $AT_ONCE] },
        every   => [0.05, sub { decided($_[0]) }],
        check   => sub {
            my ($run, $result) = @_;
            my $admitted = $spec{admitted};

            $run->complain("$result->{admitted} admitted, not $admitted")
                if $result->{admitted} != $admitted;
        },
        $spec{brief} ? (brief => 1) : ();
}


sub request {
    my ($user, $i) = @_;

    return {
        headers => { 'X-User-ID' => $user, 'X-Test-Wait' => 'decided' },
        body    => { model => 'gpt-4o-mini', max_tokens => 100,
                     messages => [{ role => 'user', content => "hi $i" }],
                     $i % 2 ? (stream => JSON::PP::true) : () },
    };
}


# whoever was refused has a line in the log, whoever was admitted is upstream

sub decided {
    my $run = shift;

    my $sent = () = $run->file('requests.jsonl') =~ /\n/g;

    $run->release('decided') if $run->books->{asked} + $sent >= $AT_ONCE;
}


# 8 tokens of input and 100 of output are 61,200 nano-dollars; nine for those
# whose number has two tokens

burst('10 requests', 'llm_budget few limit=10requests period=total;',
      admitted => 10, brief => 1);

burst('usd for 10', 'llm_budget few limit=0.000615usd period=total;',
      admitted => 10);

burst('100 new users with 5 requests each',
      'llm_budget few key=$http_x_user_id limit=5requests period=total;',
      admitted => 500, users => 100);

burst('100 new users with usd for 5 each',
      'llm_budget few key=$http_x_user_id limit=0.000309usd period=total;',
      admitted => 500, users => 100);

1;
