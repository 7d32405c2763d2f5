# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# llm_cache_lock: of many requests for one answer, over two workers, one goes
# upstream.  Upstream holds its answer back until all of them are there.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use LLMCost::Flights;
use LLMCost::Ledger;
use LLMCost::Process;

my $CLIENTS = 40;
my $number = 0;

flights_start();

for my $store (qw( zone redis )) {
    one($store, 'JSON', {});
    one($store, 'a stream', \%stream);
}

failed();
leader_leaves();
unfit();
off();
short();

done_testing;


sub instance {
    my ($store, $location) = @_;

    return flights_node($number++, location => $location,
        http => $store eq 'redis' ? "llm_redis 127.0.0.1:$redis_port "
                                    . 'timeout=5s;' : '');
}


# begins once it is released

sub held { return (before => [{ wait => 'go+' }]) }


# all are with nginx before upstream answers, if any is held

sub together {
    my ($node, $n, $more) = @_;

    my $load = start_load($n, $more, $node);

    ok(wait_until(sub { connections($node) >= $n && asked() }),
       'all are there');
    release('go');

    return load_results($load);
}


sub one {
    my ($store, $form, $more) = @_;

    my $name = "$store, $form";
    my $node = instance($store, 'llm_budget daily limit=1usd period=day; '
        . 'llm_budget calls limit=1000requests period=day;');

    forget_redis();
    script(%$more ? stream_of(1, {}, held()) : answer_of(held()));

    my @results = together($node, $CLIENTS, $more);

    is(asked(), 1, "$name: one upstream call");
    is(statuses(@results), $CLIENTS - 1 . ' x 200 HIT, 1 x 200 MISS',
       "$name: one answer, the others are hits");
    same($name, @results);

    my %budget = budgets($node);

    is(nano($budget{daily}{spent}), $PRICE, "$name: one charge");
    is($budget{daily}{reserved}, 0, "$name: nothing held");
    is($budget{calls}{spent}, $CLIENTS, "$name: every request counts");

    ends($node);
}


# the leader's answer is an error: somebody else asks, once

sub failed {
    my $node = instance('zone');

    script([answer_of(held(), status => 500, body => '{"error":{}}'),
            answer_of()]);

    my @results = together($node, $CLIENTS, {});

    is(asked(), 2, 'failed: one more call');
    is(statuses(@results), $CLIENTS - 2 . ' x 200 HIT, 1 x 200 MISS, '
                           . '1 x 500 MISS', 'failed: for all but the first');
    ends($node);
}


sub leader_leaves {
    my $node = instance('zone');

    script(answer_of(held()));

    my $leader = open_request($node, {});
    ok(wait_until(sub { asked() == 1 }), 'leaves: the first is on its way');

    my $load = start_load(10, {}, $node);

    ok(wait_until(sub { connections($node) >= 11 }),
       'leaves: the others are there');

    close $leader->{socket};
    ok(wait_until(sub { read_file("$node->{dir}/error.log")
                        =~ /its answer is read on/ }),
       'leaves: its client leaves');
    release('go');

    my @results = load_results($load);

    is(asked(), 1, 'leaves: one call');
    is(statuses(@results), '10 x 200 HIT', 'leaves: for all');
    ends($node);
}


# an answer that is never kept is nothing to wait for, one after the other

sub unfit {
    my $node = instance('zone', 'llm_cache_max_size 10;');

    script(answer_of(held()));

    my @results = together($node, 10, {});

    is(asked(), 10, 'unfit: everybody asks');
    is(statuses(@results), '10 x 200 MISS', 'unfit: and is answered');
    ends($node);
}


sub off {
    my $node = instance('zone', 'llm_cache_lock off;');

    script(answer_of(held()));

    my @results = together($node, 10, {});

    is(asked(), 10, 'off: everybody asks');
    ends($node);
}


# a budget for one call is enough for all that wait for it

sub short {
    my $node = instance('zone',
                        'llm_budget tiny limit=0.000066usd period=day;');

    script(answer_of(held()));

    my @results = together($node, 10, {});

    is(asked(), 1, 'short: one call');
    is(statuses(@results), '9 x 200 HIT, 1 x 200 MISS', 'short: for all');
    ends($node);
}
