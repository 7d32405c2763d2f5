# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Faults of nginx, with the zone as the store.

use strict;
use warnings;

use JSON::PP ();

use LLMCost::Faults;
use LLMCost::Process;


fault 'zone: no fault';

fault 'zone: kill -9 of a worker every second',
    brief => 3,
    every => [1, sub { $_[0]->kill_worker(0) }];

fault 'zone: reload every 100 ms',
    brief => 2,
    every => [0.1, sub { $_[0]->reload(0) }];


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

    my $lines = 0;
    my $sent = () = $run->file('requests.jsonl') =~ /\n/g;

    $lines += () = read_file("$_->{dir}/access.log") =~ /\n/g
        for @{$run->{nodes}};

    $run->release('decided') if $lines + $sent >= $AT_ONCE;
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
