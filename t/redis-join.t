# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The Redis scripts alone: which store it is, a store that has gone back, and how
# nodes join it.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use LLMCost::Scripts;

my $SEED = $ENV{SEED} // time ^ $$;


subtest 'which store it is' => sub {
    redis('FLUSHDB');
    $known = '';

    my $j = join_as('n1', $HELLO, candidate => 'aaaaaaaaaaaaaaaa');
    is $j->{id}, 'aaaaaaaaaaaaaaaa', 'the first node names it';
    is $j->{base}, 0, 'it is new';
    is join_as('n2', $HELLO, run => '')->{id}, $j->{id}, 'the others take it';

    ($known, $seen) = @$j{qw( id stamp )};
    my $b = budget();
    my $a = admit(1, [$b]);
    is $a->{what}, $FITS, 'who knows it may ask';
    my $first = settle(1, [$b], [70, 0, 1])->{stamp};
    is settle(1, [$b], [70, 0, 1])->{stamp}, $first + 1, 'stamps ascend';

    $known = 'bbbbbbbbbbbbbbbb';
    is admit(2, [$b])->{what}, -7, 'who knows another one may not';
    is settle(2, [$b], [70, 0, 1])->{done}, -7, 'nor settle';
    is stored($b), '70 0', 'and nothing changes';
    $known = $j->{id};

    my $other = join_as('n1', $HELLO, run => 'r2',
                        candidate => 'cccccccccccccccc');
    is $other->{id}, 'cccccccccccccccc', 'another process: another store';
    is $other->{base}, $first + 1, 'which had come so far';
    cmp_ok $other->{stamp}, '>', $first + 2, 'and goes on elsewhere';
    is admit(2, [$b])->{what}, -7, 'nobody goes on as before';
};

subtest 'a store that goes back' => sub {
    empty();
    my $b = budget();

    admit($_, [$b], most => [1, 0, 1]) for 1 .. 5;
    $seen = 3;
    is admit(6, [$b], most => [1, 0, 1])->{what}, $FITS, 'it has come further';

    redis('HSET', '{llm:}i', 'n', 2);
    is admit(7, [$b], most => [1, 0, 1])->{what}, -7, 'it was seen further';
    $seen = 0;
    is admit(8, [$b], most => [1, 0, 1])->{what}, -7,
        'it is nobody\'s until somebody joins';
    is stored($b), '0 6', 'and nothing was counted';

    my $j = join_as('n1', $HELLO, candidate => 'dddddddddddddddd');
    is $j->{id}, 'dddddddddddddddd', 'it gets a new id';
    is $j->{base}, 2, 'and says where it was';

    $known = $j->{id};
    $j = join_as('n1', $HELLO, lost => $known,
                 candidate => 'eeeeeeeeeeeeeeee');
    is $j->{id}, 'eeeeeeeeeeeeeeee', 'a node may have seen it going back';
    is join_as('n1', $HELLO, lost => $known)->{id}, $j->{id}, 'it did once';
    redis('DEL', '{llm:}i');
    is admit(9, [$b])->{what}, -7, 'FLUSHALL';
};

subtest 'a store that goes back by more than one incarnation' => sub {
    empty();

    my $hello = sub {
        my ($node, $candidate) = @_;
        return join_as($node, $HELLO, candidate => $candidate x 16);
    };

    # two nodes are in the first one, and a file is written

    join_as($_, $MERGED, deep => 1) for 'n1', 'n2';
    my @file = (redis('DUMP', '{llm:}i'), redis('DUMP', '{llm:}l'));
    my $first = $known;

    # all is lost, they are in the next one, and the file comes back

    redis('FLUSHDB');
    ($known, $seen) = @{$hello->('n1', 'g')}{qw( id stamp )};
    isnt $known, $first, 'another one';
    join_as('n1', $MERGED);

    redis('DEL', '{llm:}i', '{llm:}l');
    redis('RESTORE', '{llm:}i', 0, $file[0]);
    redis('RESTORE', '{llm:}l', 0, $file[1]);

    my $j = $hello->('n1', 'h');
    is $j->{id}, 'h' x 16, 'what was before does not go on';
    is $j->{phase}, $HELLO, 'nor is a node as far as it was then';
    is $j->{nodes}, 0, 'and nobody is there';
    cmp_ok $j->{stamp}, '>', $seen, 'it begins behind all of them';
    is $hello->('n2', 'i')->{id}, $j->{id}, 'and the others take it';

    # who knows of none has seen nothing

    ($known, $seen) = ('', 0);
    is $hello->('n3', 'j')->{id}, $j->{id}, 'so does a new one';
};

# one node after the other, as each knows the store

my %node;

sub as_node { ($known, $seen) = @{$node{$_[0]} // ['', 0]}; return $_[0] }

sub node_hello {
    my ($name, %o) = @_;
    my $j = join_as(as_node($name), $HELLO, candidate => $name x 8, %o);
    $node{$name} = [@$j{qw( id stamp )}];
    return $j;
}

sub node_spends {
    my ($name, $b, @seqs) = @_;

    as_node($name);

    for my $seq (@seqs) {
        my $s = settle($seq, [$b], [1, 0, 1], node => $name);
        return $s->{done} if $s->{done} < 0;
        $seen = $s->{stamp};
    }

    $node{$name} = [$known, $seen];
    return 1;
}

subtest 'a store that goes back, and who comes first cannot know' => sub {
    my $b = budget();

    # a node that goes on at once, or one that asks first who is there, after
    # few operations of the other, or many

    for my $case (map { ["n1 $_->[0], n3 after $_->[1]", @$_] }
                  ['spends', 2], ['spends', 9], ['asks', 2], ['asks', 9])
    {
        my ($name, $what, $many) = @$case;

        empty();
        %node = ();
        node_hello($_) for 'n1', 'n2';
        node_spends('n1', $b, 1 .. 3);
        join_as(as_node($_), $MERGED) for 'n1', 'n2';
        my $at = $node{n1}[1];
        my $file = saved();

        node_spends('n1', $b, 4 .. 8);
        my $lost = $node{n1};
        go_back($file);

        my $j = node_hello('n3');
        is $j->{id}, $lost->[0], "$name: it looks as it was";
        is node_spends('n3', $b, 1 .. $many), 1, 'and is, to n3';
        is node_spends('n2', $b, 1), 1, 'and to who has lost nothing'
            if $what eq 'asks';
        my $far = $node{$what eq 'asks' ? 'n2' : 'n3'}[1];

        is $what eq 'spends' ? node_spends('n1', $b, 9)
                             : join_as(as_node('n1'), $MERGED)->{what}, -7,
            'not to who was there';

        $j = join_as(as_node('n1'), $HELLO, candidate => 'f' x 16);
        isnt $j->{id}, $lost->[0], 'it is another one';
        is $j->{base}, $at, 'that has what there was before';
        is $j->{phase}, $HELLO, 'and nobody is in it';
        is node_spends('n3', $b, 20), -7, 'nor goes on';
        is node_hello('n3')->{base}, $far, 'what came since is there';
        is stored($b), 3 + $many + ($what eq 'asks') . ' 0', 'counted';
    }
};

subtest 'a store that goes back, and a crowd comes first' => sub {
    my $b = budget();

    empty();
    %node = ();
    node_hello('n1');
    my $file = saved();
    node_spends('n1', $b, 1);
    go_back($file);

    node_hello("m$_") for 1 .. 400;
    cmp_ok redis('ZCARD', '{llm:}g'), '<=', 256, 'not each of it is remembered';
    is node_spends('n1', $b, 2), -7, 'but who was there is not forgotten';
};

subtest 'a store that goes back, to before some of its nodes' => sub {
    my $b = budget();

    empty();
    %node = ();
    node_hello('n1');
    node_spends('n1', $b, 1 .. 3);
    my $file = saved();

    # n2 comes in the incarnation after that

    redis('FLUSHDB');
    node_hello('n2');
    node_spends('n2', $b, 1 .. 3);
    join_as(as_node('n2'), $MERGED);
    join_as(as_node('n1'), $HELLO);
    @{$node{n1}} = @{$node{n2}};
    node_spends('n1', $b, 4 .. 5);
    my ($n1, $n2) = @node{'n1', 'n2'};
    go_back($file);

    my $first = redis('HGET', '{llm:}i', 'id');
    is node_hello('n3')->{id}, $first, 'of which n3 knows nothing';
    node_spends('n3', $b, 1);

    my $j = join_as(as_node('n2'), $HELLO, candidate => 'f' x 16);
    is $j->{id}, 'f' x 16, 'n2 knows that it has been further';
    cmp_ok $j->{base}, '<', $n2->[1], 'and repeats what it has done since';
    is join_as(as_node('n1'), $HELLO)->{id}, $j->{id}, 'n1 comes to it';
    is join_as(as_node('n1'), $HELLO)->{phase}, $HELLO, 'as one that is new';
};

subtest 'a store that goes back while a node joins it' => sub {
    empty();
    %node = ();
    node_hello('n1');
    my ($id, $at) = @{$node{n1}};

    # it is told of something in another one, which is lost

    my $file = saved();
    my $j = join_as(as_node('n1'), $HELLO, run => 'r2', candidate => 'g' x 16);
    is $j->{id}, 'g' x 16, 'another one';
    go_back($file);

    $j = join_as(as_node('n1'), $HELLO, top => $j->{stamp} + 1,
                 candidate => 'h' x 16);
    is $j->{id}, 'h' x 16, 'what it had been told has to be told again';
    is $j->{base}, $at, 'and is behind this';
    is join_as(as_node('n1'), $HELLO, top => $j->{stamp})->{id}, $j->{id},
        'it did once';
};

subtest 'what a store has of an earlier incarnation' => sub {
    empty();
    my $b = budget();
    my @id = ($known, map { $_ x 16 } 'a' .. 'e');

    settle($_, [$b], [1, 0, 1]) for 1 .. 5;
    my $end = join_as('n1', $HELLO, run => 'r2', candidate => $id[1])->{base};
    is $end, 5, 'of the one before';

    $known = $id[1];
    my $next = settle(6, [$b], [1, 0, 1])->{stamp};
    is join_as('n1', $HELLO, run => 'r3', candidate => $id[2])->{base}, $next,
        'again';

    # n2 slept meanwhile

    $known = $id[0];
    is join_as('n2', $HELLO, run => 'r3')->{base}, $end,
        'and of the one before that';

    # n3 has seen one that came between, of which the store knows nothing

    ($known, $seen) = ('?' x 16, $end + 1);
    is join_as('n3', $HELLO, run => 'r3')->{base}, $end,
        'one that is forgotten has begun behind an end';
    $seen = 3;
    is join_as('n3', $HELLO, run => 'r3')->{base}, 0, 'or before all';

    for my $n (1 .. 40) {
        $known = '';
        join_as('n1', $HELLO, run => "s$n",
                candidate => sprintf 'incarnation %4d', $n);
    }

    my @ends = grep { /^e:/ } @{redis('HKEYS', '{llm:}i')};
    is @ends, 16, 'the last ends only';
    ok !(grep { $_ eq "e:$id[0]" } @ends), 'not the first';
};

subtest 'nodes wait for each other' => sub {
    empty();

    is join_as('n1', $REPLAYED)->{come}, 1, 'one has come';
    is join_as('n2', $REPLAYED, deep => 1)->{come}, 2, 'two';
    is join_as('n1', $REPLAYED)->{deep}, 1, 'a record does not reach back';
    is join_as('n1', $HELLO)->{phase}, $REPLAYED, 'each learns where it was';
    my $j = join_as('n1', $MERGED);
    is join_as('n2', $HELLO)->{nodes}, 1, 'one is done';
    is join_as('n2', $HELLO)->{recent}, 1, 'just now';
    is join_as('n2', $MERGED, since => $j->{time} + 1e9)->{come}, 0,
        'none since then';
    join_as('n1', $MERGED, heard => $j->{time});
    is join_as('n2', $MERGED, since => $j->{time}, heard => $j->{time})->{come},
        2, 'both are';
    is join_as('n1', $MERGED)->{nodes}, 2, 'and alive';
    join_as('n1', $MERGED, heard => $j->{time});
    is join_as('n2', $MERGED, since => $j->{time}, heard => $j->{time} - 1)
           ->{come}, 1, 'not by what was on the way since before';
    is join_as('n1', $MERGED, heard => $j->{time} - 5e6)->{recent}, 1,
        'nor is it here now';

    redis('ZADD', '{llm:}l', 1, 'n3');
    redis('HSET', '{llm:}i', 'p:n3', 3);
    is join_as('n1', $MERGED)->{nodes}, 2, 'a node long silent has left';
    is redis('HGET', '{llm:}i', 'p:n3'), undef, 'for good';
};

subtest 'made again' => sub {
    empty();
    my $b = budget(limit => 150);

    admit(1, [$b], again => 1) for 1 .. 2;
    is stored($b), '0 100', 'once';
    is admit(2, [$b], again => 1)->{what}, $FITS, 'whatever fits';
    is stored($b), '0 200', 'because it was admitted before';
    settle(1, [$b], [10, 0, 1]);
    admit(1, [$b], again => 1);
    is stored($b), '10 100', 'not when it is over';
};

subtest 'a copy of what was refused' => sub {
    empty();
    my $b = budget(limit => 150);

    admit(1, [$b]);
    is admit(2, [$b])->{what}, $SHORT, 'refused';
    settle(1, [$b], undef);
    is admit(2, [$b])->{what}, $CLOSED, 'nobody waits for it any more';
    is stored($b), '0 0', 'and nothing is held for ever';
};

subtest 'what a node has spent is not lost' => sub {
    empty();
    my $b = budget();
    my $c = budget(name => 'other');
    my $own = sub {
        my $node = shift;
        evalsha('balance', keys_of(0, $node, $b, $c), 2, 0, fields($b, $c),
                map { ($_, 0, $_, '') } @_)
    };

    admit(1, [$b]);
    settle(1, [$b], [70, 0, 1]);
    is $own->('n1', 70, 0), 0, 'the store has it';
    is $own->('n1', 60, 500), 1, 'one was behind';
    is stored($b), '70 0', 'not this one';
    is stored($c), '500 0', 'this one was missing';
    is redis('HGET', counter($c), 'limit'), 1000, 'and is a counter now';

    is $own->('n1', 90, 500), 1, 'by as much as is missing';
    is $own->('n2', 15, 40), 2, 'what another node has comes on top';
    is stored($b) . ' ' . stored($c), '105 0 540 0', 'all of it';
    is $own->('n2', 15, 40), 0, 'once';

    # what was charged when it expired, and comes after all, is the node's

    admit(2, [$b], ttl => 1);
    redis('ZADD', '{llm:}r', 1, '{llm:}r:n1:2');
    admit(3, [$c]);
    is stored($b), '205 0', 'expired';
    settle(2, [$b], [20, 0, 1]);
    is redis('HGET', counter($b), 's:n1'), 110, 'settled in full';
    is stored($b), '125 0', 'by the difference';

    my $calls = budget(name => 'calls', unit => 'requests');
    admit(4, [$calls], hit => 1);
    settle(4, [$calls], [0, 0, 1]);
    is redis('HGET', counter($calls), 's:n1'), 1, 'a hit is, too';
};

subtest 'nor is what others have that are gone' => sub {
    empty();
    my $b = budget();
    my $round = sub {
        my ($node, $second, $spent, $unsure) = @_;
        evalsha('balance', keys_of(0, $node, $b), 1, $second, fields($b),
                $spent, $unsure, 0, '')
    };

    $round->('n1', 0, 60, 0);
    $round->('n2', 0, 20, 5);
    is $round->('n1', 1, 80, 0), 0, 'there is nothing more';
    is $round->('n1', 1, 85, 5), 0, 'nor is what is still to be told of';
    is stored($b), '80 0', 'it will be';
    is $round->('n2', 1, 86, 5), 1, 'more than that was somebody else\'s';
    is $round->('n1', 1, 85, 5), 0, 'the highest holds';
    is stored($b), '86 0', 'of all nodes';
    is join_as('n3', $HELLO)->{phase}, $REPLAYED, 'who comes late';
    is $round->('n3', 0, 5, 0), 1, 'has a part, too';
    is stored($b), '86 0', 'which is in there';
    $round->('n3', 0, 9, 0);
    is stored($b), '89 0', 'but for what is more';

    $known = join_as('n1', $HELLO, run => 'r2', candidate => 'f' x 16)->{id};
    is $round->('n1', 1, 92, 0), 1, 'what was pending once is no more';
};

# The others have waited long enough, and go on while it still repeats

subtest 'a node whose record comes late' => sub {
    empty();
    my $b = budget();
    my $round = sub {
        my ($node, $second, $spent) = @_;
        evalsha('balance', keys_of(0, $node, $b), 1, $second, fields($b),
                $spent, 0, 0, '')
    };
    my $rest = sub { redis('HGET', counter($b), 'rest') // 0 };

    join_as('n3', $HELLO);
    settle(1, [$b], [40, 0, 1], node => 'n3');
    $round->('n1', 0, 20);
    $round->('n1', 1, 90);
    is stored($b) . ' ' . $rest->(), '90 0 30', 'what it has not repeated';

    settle(2, [$b], [25, 0, 1], node => 'n3', told => 1);
    is stored($b) . ' ' . $rest->(), '90 0 5', 'is in there already';
    settle(3, [$b], [8, 0, 1], node => 'n3', told => 1);
    is stored($b) . ' ' . $rest->(), '93 0 0', 'but for what is more';
    is redis('HGET', counter($b), 's:n3'), 73, 'all of it is its own';
    is $round->('n3', 0, 73), 0, 'and nothing is missing';

    $round->('n1', 1, 100);
    settle(4, [$b], [6, 0, 1], node => 'n3');
    is stored($b) . ' ' . $rest->(), '106 0 7',
        'what no store was told of is new';

    join_as('n3', $REPLAYED);
    settle(5, [$b], [4, 0, 1], node => 'n3', told => 1);
    is stored($b) . ' ' . $rest->(), '106 0 3',
        'what one was told of is not, however far the node has come';

    admit(6, [$b], node => 'n3', again => 1);
    settle(6, [$b], [2, 0, 1], node => 'n3', told => 1);
    is stored($b) . ' ' . $rest->(), '106 0 1', 'nor where it is held again';

    $known = join_as('n1', $HELLO, run => 'r2', candidate => 'f' x 16)->{id};
    settle(7, [$b], [1, 0, 1], node => 'n3', told => 1);
    is stored($b) . ' ' . $rest->(), '107 0 1',
        'what was nobody\'s in another incarnation it does not take';
};

subtest 'reservations of which nothing is on record' => sub {
    empty();
    my ($b, $n) = (budget(), 'n1');

    admit($_, [$b]) for 1 .. 3;
    settle(1, [$b], [10, 0, 1]);
    is stored($b), '10 200', 'two are open';
    $known = join_as('n1', $HELLO, lost => $known,
                     candidate => 'f' x 16)->{id};

    join_as('n2', $REPLAYED, deep => 1);
    is stored($b), '10 200', 'not those of another node';
    join_as('n1', $REPLAYED);
    is stored($b), '10 200', 'nor where the record reaches back';
    admit(4, [$b]);
    join_as('n1', $REPLAYED, deep => 1);
    is stored($b), '10 100', 'they are let go, but not what came since';
    admit(2, [$b], again => 1);
    join_as('n1', $REPLAYED, deep => 1);
    is stored($b), '10 200', 'and what is open is made again, for good';
};

subtest 'patched limits come back' => sub {
    empty();
    my $b = budget();
    my $give = sub {
        my ($spent, $limit) = @_;
        evalsha('balance', keys_of(0, 'n1', $b), 1, 0, fields($b), -1, 0,
                $spent, $limit);
        return join ' ', map { $_ // '-' } @{redis('HMGET', counter($b),
                                                   'patched', 'spent')};
    };

    is $give->(70, ''), '- -', 'nothing is known';
    is $give->(70, 150), '150 -', 'a node has heard of one';
    is redis('HGET', counter($b), 'limit'), 1000, 'and it is a counter now';
    is $give->(60, 90), '150 -', 'one has heard of another before';
    is $give->(80, 200), '200 -', 'one has since';
    is $give->(80, 190), '190 -', 'of two as old the lower';

    redis('HSET', counter($b), 'spent', 85);
    evalsha('patch', [counter($b)], 400);
    is $give->(80, 150), '400 85', 'one that was made here is newer';
    is $give->(86, 300), '300 85', 'unless the store has lost a newer one';
};

# Nodes that come, and a store that goes back, at random: in the end all that
# any of them was told is done has been counted, once.  Those that are there
# have just heard of it (docs/redis.md has what may be lost if they have not).

subtest "back and forth (SEED=$SEED)" => sub {
    srand $SEED;

    my $b = budget();

    for my $round (1 .. 20) {
        my (%record, $file, $total);

        my $new = sub { sprintf '%016d', rand 1e9 };

        # it joins, and repeats what is not there any more

        my $join = sub {
            my $name = shift;
            my $j = node_hello($name, candidate => $new->());

            $file = saved() if rand 4 < 1;

            # what is there from now on is of now

            for my $op (grep { $_->[1] > $j->{base} } @{$record{$name}}) {
                node_spends($name, $b, $op->[0]);
                $op->[1] = $node{$name}[1];
            }
        };
        my $ping = sub {
            my $name = shift;
            my $j = join_as(as_node($name), $MERGED, candidate => $new->());
            return $join->($name) if $j->{what} < 0;
            $node{$name}[1] = $j->{stamp};
        };
        my $spend = sub {
            my $name = shift;
            my $seq = 1 + @{$record{$name}};

            $join->($name) until node_spends($name, $b, $seq) == 1;
            push @{$record{$name}}, [$seq, $node{$name}[1]];
            $total++;
        };
        my $come = sub {
            my $name = 'n' . (1 + keys %record);
            $record{$name} = [];
            node_hello($name);
        };

        empty();
        %node = ();
        $total = 0;
        $come->() for 1 .. 2;

        for (1 .. 40) {
            my $name = (keys %record)[rand keys %record];
            my $what = rand 10;

            if ($what < 6) {
                $spend->($name);
            } elsif ($what < 7) {
                $ping->($name);
            } elsif ($what < 8) {
                $come->() if keys %record < 5;
            } elsif ($what < 9) {
                $ping->($_) for (keys %record) x 3;
                $file = saved();
            } else {
                $ping->($_) for (keys %record) x 2;
                go_back($file // {});
            }
        }

        for (1 .. 3) {
            $ping->($_) for keys %record;
        }

        is stored($b), "$total 0", "round $round" or last;
    }
};

done_testing();
