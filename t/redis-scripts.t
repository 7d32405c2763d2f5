# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The Redis scripts alone: what they promise of budgets, identities, expiry and
# usage, with copies and in any order.

use strict;
use warnings;

use lib 't/lib';

use IO::Select ();
use IO::Socket::UNIX ();
use JSON::PP ();
use Test::More;

use LLMCost::Process;
use LLMCost::Scripts;

my $SEED = $ENV{SEED} // time ^ $$;


subtest 'what a user must be allowed' => sub {
    my ($said) = read_file('docs/redis.md') =~ /^- An ACL needs (.*?)^- /ms;
    my %said = map { uc $_ => 1 } $said =~ /\+([a-z]+)/g;
    my %calls;

    $calls{$_}++ for map { read_file($_) =~ /redis\.p?call\('([A-Z]+)'/g }
                     glob 'ngx_llm_cost_module/scripts/*.lua';

    is join(' ', grep { !$said{$_} } sort keys %calls), '', 'is in the docs';
};

subtest 'reserve, settle, each once' => sub {
    empty();
    my $b = budget();

    my $a = admit(1, [$b]);
    is $a->{what}, $FITS, 'fits';
    is_deeply $a->{granted}, [100, 0, 1], 'granted';
    is_deeply $a->{balances}, [[0, 100, 1000, 0]], 'balance after';
    is_deeply admit(1, [$b]), $a, 'a copy gets the same answer';
    is stored($b), '0 100', 'reserved once';

    is settle(1, [$b], [70, 0, 1])->{done}, 1, 'settled';
    is settle(1, [$b], [70, 0, 1])->{done}, 0, 'once';
    is settle(1, [$b], undef)->{done}, 0, 'not cancelled any more';
    is admit(1, [$b])->{what}, $CLOSED, 'a late copy reserves nothing';
    is stored($b), '70 0', 'spent once';
};

subtest 'cancelled before it arrives' => sub {
    empty();
    my $b = budget();

    is settle(1, [$b], undef)->{done}, 1, 'cancelled';
    is admit(1, [$b])->{what}, $CLOSED, 'refused when it comes';
    is settle(1, [$b], [70, 0, 1])->{done}, 0, 'not settled';
    is stored($b), '0 0', 'nothing in the counter';

    admit(2, [$b]);
    settle(2, [$b], undef) for 1 .. 2;
    is stored($b), '0 0', 'cancelled once';
};

subtest 'an identity is that of a node' => sub {
    empty();
    my $b = budget();

    admit(1, [$b], node => $_) for qw( n1 n2 );
    is stored($b), '0 200', 'two nodes, two reservations';
    settle(1, [$b], [10, 0, 1], node => 'n1');
    is stored($b), '10 100', 'one is settled';
};

subtest 'settled without a reservation' => sub {
    empty();
    my $b = budget();
    my $r = budget(name => 'calls', unit => 'requests', limit => 10);

    settle(7, [$b, $r], [250, 3, 1]) for 1 .. 2;
    is stored($b), '250 0', 'what the zone admitted is added in full, once';
    is stored($r), '1 0', 'and is a request';
    is admit(7, [$b, $r])->{what}, $CLOSED, 'and reserves nothing';
    is redis('ZSCORE', '{llm:}b', counter($b)), $TODAY + $DAY, 'in the index';
};

subtest 'all budgets or none' => sub {
    empty();
    my @b = (budget(name => 'a'), budget(name => 'b', limit => 150),
             budget(name => 'c', unit => 'requests', limit => 5));

    is admit(1, \@b)->{what}, $FITS, 'first';
    my $a = admit(2, \@b);
    is $a->{what}, $SHORT, 'second is short';
    is $a->{refused}, 1, 'of b';
    is_deeply $a->{granted}, [0, 0, 0], 'nothing granted';
    is_deeply [map { stored($_) } @b], ['0 100', '0 100', '0 1'], 'or held';
    is_deeply $a->{balances}[0], [0, 100, 1000, 0], 'balances of before';
    is redis('EXISTS', '{llm:}r:n1:2'), 0, 'no reservation';
};

subtest 'to the last nano-dollar' => sub {
    my $limit = 8_999_999_999_999_999;
    my $b;

    empty();
    $b = budget(limit => $limit);
    is admit(1, [$b], most => [$limit - 1, 0, 1])->{what}, $FITS, 'all but 1';
    is admit(2, [$b], most => [2, 0, 1])->{what}, $SHORT, '2 do not fit';
    is admit(3, [$b], most => [1, 0, 1])->{what}, $FITS, '1 does';
    is stored($b), "0 $limit", 'exact';
    settle(1, [$b], [$limit - 1, 0, 1]);
    settle(3, [$b], [1, 0, 1]);
    is stored($b), "$limit 0", 'exact when it is spent';
    is admit(4, [$b], most => [0, 0, 1])->{what}, $FITS, '0 always fits';
};

subtest 'as much as fits' => sub {
    empty();
    my @b = (budget(name => 'a', limit => 80), budget(name => 'b'),
             budget(name => 't', unit => 'tokens', limit => 50));

    my $a = admit(1, \@b, most => [100, 40, 1], least => [30, 10, 1]);
    is $a->{what}, $FITS, 'fits in part';
    is_deeply $a->{granted}, [80, 40, 1], 'the same in all of its unit';
    is_deeply [map { stored($_) } @b], ['0 80', '0 80', '0 40'], 'held';

    $a = admit(2, \@b, most => [100, 40, 1], least => [0, 10, 1]);
    is_deeply $a->{granted}, [0, 10, 1], 'down to least';
    $a = admit(3, \@b, most => [100, 40, 1], least => [0, 1, 1]);
    is $a->{what}, $SHORT, 'no further';
    is $a->{refused}, 2, 'of tokens';
};

subtest 'never, and which one' => sub {
    empty();
    my @b = (budget(name => 'a', limit => 10),
             budget(name => 'b', limit => 99),
             budget(name => 'w', period => 'week', limit => 150,
                    end => $TODAY + 7 * $DAY),
             budget(name => 't', period => 'total', start => 0, end => 0,
                    limit => 150));

    my $a = admit(1, \@b);
    is $a->{what}, $NEVER, 'above the limit itself';
    is $a->{refused}, 0, 'the first';

    admit(2, [@b[2, 3]]);
    $a = admit(3, [budget(name => 'd', limit => 100), @b[2, 3]]);
    is $a->{what}, $SHORT, 'short of two';
    is $a->{refused}, 2, 'the last to end';
    is redis('ZSCORE', '{llm:}b', counter($b[3])), 'inf', 'a total never ends';
};

subtest 'observed and unlimited' => sub {
    empty();
    my @b = (budget(name => 'o', mode => 'observe', limit => 10),
             budget(name => 'n', limit => -1));

    is admit(1, \@b)->{what}, $FITS, 'never refuse';
    is_deeply [map { stored($_) } @b], ['0 100', '0 100'], 'but count';
};

subtest 'a limit that was patched' => sub {
    empty();
    my $b = budget(limit => 50);

    is admit(1, [$b])->{what}, $NEVER, 'above the limit';
    redis('HSET', counter($b), 'patched', 120);
    my $a = admit(2, [$b]);
    is $a->{what}, $FITS, 'raised';
    is $a->{balances}[0][2], 120, 'the limit in force';
    is settle(2, [$b], [96, 0, 1])->{balances}[0][3], 1, 'alerts follow it';
};

subtest 'expired and charged' => sub {
    empty();
    my $b = budget();
    my $r = budget(name => 'calls', unit => 'requests', limit => 10);

    admit(1, [$b, $r], ttl => -1);
    admit(2, [$b]);
    is stored($b), '100 100', 'what it held is spent';
    settle(1, [$b, $r], [30, 0, 1]);
    is stored($b), '30 100', 'its settlement is applied in full';
    settle(1, [$b, $r], [30, 0, 1]);
    is stored($b), '30 100', 'once';
    is stored($r), '1 0', 'one request';

    admit(3, [$b], ttl => -1);
    admit(4, [$b]);
    settle(3, [$b], undef);
    is stored($b), '30 200', 'cancelled after all';
    admit(3, [$b]);
    is stored($b), '30 200', 'for good';
};

subtest 'expired and released' => sub {
    empty();
    my $b = budget();
    my $r = budget(name => 'calls', unit => 'requests', limit => 10);

    admit(1, [$b, $r], ttl => -1, charge => 0);
    admit(2, [$b], most => [1, 0, 1]);
    is stored($b), '0 1', 'what it held is let go';
    is stored($r), '1 0', 'a request it was';
    settle(1, [$b, $r], [130, 0, 1]);
    is stored($b), '130 1', 'its settlement is applied in full';
    is stored($r), '1 0', 'one request';
};

subtest 'an expired one is forgotten after a day' => sub {
    empty();
    my $b = budget();

    admit(1, [$b], ttl => -1);
    admit(2, [$b]);
    redis('ZADD', '{llm:}r', 1, '{llm:}r:n1:1');
    admit(3, [$b]);
    is redis('EXISTS', '{llm:}r:n1:1'), 0, 'the record has left';
    is redis('ZSCORE', '{llm:}r', '{llm:}r:n1:1'), undef, 'and the index';
    settle(1, [$b], [30, 0, 1]);
    is stored($b), '100 200', 'and nothing comes after that';
};

subtest 'a live one is renewed' => sub {
    empty();
    my $b = budget();

    admit(1, [$b], ttl => 1);
    is evalsha('renew', keys_of(1, 'n1'), 600), 1, 'renewed';
    cmp_ok redis('ZSCORE', '{llm:}r', '{llm:}r:n1:1'), '>', time + 500,
        'expires later';
    settle(1, [$b], [1, 0, 1]);
    is evalsha('renew', keys_of(1, 'n1'), 600), 0, 'not when it is over';
    is redis('ZCARD', '{llm:}r'), 0, 'nothing in the index';
};

subtest 'a bounded sweep, all of it in the end' => sub {
    empty();
    my $b = budget(limit => 1_000_000);
    my $other = budget(name => 'other');

    # made while nothing has expired yet

    admit($_, [$b]) for 1 .. 50;
    redis('ZADD', '{llm:}r', 1, "{llm:}r:n1:$_") for 1 .. 50;

    admit(51, [$other]);
    is stored($b), '1600 3400', '16 in one call';
    admit($_, [$other], most => [1, 0, 1]) for 52 .. 54;
    is stored($b), '5000 0', 'all of them after four';
};

subtest 'windows leave a day after their end' => sub {
    empty();
    my $old = budget(start => $TODAY - 3 * $DAY, end => $TODAY - 2 * $DAY);
    my $held = budget(name => 'held', start => $TODAY - 3 * $DAY,
                      end => $TODAY - 2 * $DAY);
    my $recent = budget(name => 'recent', start => $TODAY - $DAY,
                        end => $TODAY);
    my $b = budget(name => 'live');

    admit(1, [$old, $held, $recent], now => $TODAY - 2.5 * $DAY);
    admit(2, [$held], now => $TODAY - 2.5 * $DAY);
    settle(1, [$old, $held, $recent], [5, 0, 1], now => $TODAY - 2.5 * $DAY);

    # one call of sixteen looks after them

    admit(16, [$b], now => $TODAY - 2.5 * $DAY);
    is redis('EXISTS', counter($old)), 1, 'not by a clock that is behind';
    admit(32, [$b], now => $TODAY + 1000 * $DAY);
    is redis('EXISTS', counter($recent)), 1, 'nor by one that is ahead';
    is redis('EXISTS', counter($old)), 0, 'an old one has left';
    is redis('ZSCORE', '{llm:}b', counter($old)), undef, 'and the index';
    is stored($held), '5 100', 'one that holds something stays';

    settle(2, [$held], [7, 0, 1]);
    is stored($held), '12 0', 'until that is settled';
};

subtest 'no time to live on what is counted' => sub {
    empty();
    my $b = budget();

    admit($_, [$b], usage => usage_of()) for 1 .. 3;
    settle(1, [$b], [900, 0, 1], usage => usage_of());

    my @ttl = grep { redis('TTL', $_) != -1 } @{redis('KEYS', '*')};
    is "@ttl", '', 'none';
    my @untagged = grep { !/^\{llm:\}/ } @{redis('KEYS', '*')};
    is "@untagged", '', 'one hash tag';
};

subtest 'memory of identities' => sub {
    empty();
    my $b = budget(limit => -1);

    settle(5, [$b], [1, 0, 1]);
    settle($_ * 8192 + 3, [$b], [1, 0, 1]) for 1 .. 300;

    my @chunks = @{redis('KEYS', '{llm:}n:n1:*')};
    cmp_ok @chunks, '<=', 128, '128 KB of a node';
    is settle(5, [$b], [1, 0, 1])->{done}, 0, 'what is too old is over';
    is settle(299 * 8192 + 3, [$b], [1, 0, 1])->{done}, 0, 'as what is known';
    is settle(299 * 8192 + 4, [$b], [1, 0, 1])->{done}, 1, 'but not a new one';
    is stored($b), '302 0', 'each once';

    redis('ZADD', '{llm:}n', 1, '{llm:}n:n1');
    settle(16, [$b], undef, node => 'n2');
    is_deeply redis('KEYS', '{llm:}n:n1*'), [], 'a node long gone leaves';
};

subtest 'alerts once in a window' => sub {
    empty();
    my $b = budget(limit => 999, alerts => '50,80,100,');
    my $spend = sub {
        my ($seq, $n, $node) = @_;
        admit($seq, [$b], most => [$n, 0, 1], node => $node // 'n1');
        return settle($seq, [$b], [$n, 0, 1], node => $node // 'n1')
               ->{balances}[0][3];
    };

    is $spend->(1, 499), 0, '499 of 999 is not half';
    is $spend->(2, 1), 1, '500 is';
    is $spend->(3, 299, 'n2'), 0, '799 is not 80 percent';
    is $spend->(4, 200, 'n2'), 6, '999 is, and all of it';
    is $spend->(5, 0), 0, 'never again';

    my $a = admit(6, [$b], most => [1, 0, 1]);
    is $a->{balances}[0][3], 0, 'nor by a refusal';
    is redis('XLEN', '{llm:}a'), 3, 'three in the list';

    my $c = budget(name => 'c', limit => 10);
    admit(7, [$c], most => [10, 0, 1]);
    $a = admit(8, [$c], most => [1, 0, 1]);
    is $a->{balances}[0][3], 1, 'the first refusal raises it';
    $a = admit(9, [$c], most => [1, 0, 1]);
    is $a->{balances}[0][3], 0, 'the second does not';
    is settle(7, [$c], [10, 0, 1])->{balances}[0][3], 1,
        'settled spend: 80 percent only';
};

subtest 'alerts are published' => sub {
    empty();
    my $b = budget(limit => 100, key => 'say "hi"', alerts => '80,');
    my $sub = IO::Socket::UNIX->new(Peer => $socket);

    print $sub "SUBSCRIBE {llm:}alerts\r\n";
    $sub->flush;
    <$sub> for 1 .. 6;

    admit(1, [$b]);
    settle(1, [$b], [85, 0, 1]);

    my @lines = map { scalar <$sub> } 1 .. 7;
    my $m = JSON::PP::decode_json($lines[6]);
    is $m->{level}, 'warning', 'a warning';
    is_deeply [@$m{qw( budget key unit period window resets_at threshold spent
                       limit )}],
        ['daily', 'say "hi"', 'usd', 'day', $TODAY, $TODAY + $DAY, 80, 85, 100],
        'with its amounts';

    settle(2, [$b], [5, 0, 1]);
    ok !IO::Select->new($sub)->can_read(0.05), 'once';
};

subtest 'a counter that an operator deletes' => sub {
    empty();
    my $b = budget();

    admit(1, [$b]);
    redis('DEL', counter($b));
    settle(1, [$b], [30, 0, 1]);
    is stored($b), '30 0', 'starts again, with nothing held';
};

subtest 'usage' => sub {
    empty();
    my $b = budget(limit => -1);
    my $hour = int(time / 3600);
    my $read = sub {
        evalsha('summary', [map { "{llm:}$_" } qw( b r n u a )], @_)
    };
    my $rows = sub {
        my $flat = shift;
        my %rows;
        while (my ($name, @n) = splice @$flat, 0, 5) { $rows{$name} = "@n" }
        return \%rows;
    };

    for (1 .. 2) {
        settle(1, [$b], [1, 0, 1],
               usage => usage_of(model => 'x:y', tags => [team => 'a']));
    }
    settle(0, [], undef, usage => usage_of(model => '', cost => 0));

    my $s = $read->($hour, $hour + 1, 'model', 'tag:team');
    is_deeply [@$s[0 .. 10]], [2, 20, 10, 100, 0, 0, 0, 0, 2, 2, 0], 'totals';
    is_deeply $rows->($s->[11]), { 'x:y' => '1 10 5 100', '' => '1 10 5 0' },
        'by model';
    is_deeply $rows->($s->[12]), { a => '1 10 5 100' }, 'by tag';
    is redis('ZSCORE', '{llm:}u', "{llm:}u:$hour"), $hour * 3600 + 33 * $DAY,
        'leaves after 33 days';

    # several that are alike, at once; new ones and more of the same

    settle(0, [], undef, usage => usage_of(count => 5, input => 0, output => 0,
                                           model => $_, cost => 0))
        for qw( y y x:y );

    $s = $read->($hour, $hour + 1, 'model');
    is_deeply [@$s[0 .. 3]], [17, 20, 10, 100], 'totals of several';
    is_deeply $rows->($s->[11]), { 'x:y' => '6 10 5 100', '' => '1 10 5 0',
                                   y => '10 0 0 0' }, 'and rows';
    is redis('HGET', "{llm:}u:$hour:model", 'rows'), 3, 'each counted once';
    redis('FLUSHDB');
    empty();

    settle(0, [], undef, usage => usage_of(model => $_)) for 'x:y', '';

    # more names and more users than there are rows

    settle(0, [], undef, usage => usage_of(model => "m$_", user => "u$_",
                                           cost => 1000 + $_))
        for 1 .. 1200;

    $s = $read->($hour, $hour + 1, 'model');
    is $s->[0], 1202, 'totals have all';
    is scalar(keys %{$rows->($s->[11])}), 1000, '1,000 rows of models';

    my $day = $hour - $hour % 24;
    $s = $read->($day, $day + 1, 'user');
    my $users = $rows->($s->[11]);
    is scalar(keys %$users), 1000, '1,000 rows of users';
    ok exists $users->{$_}, "$_ has one" for qw( u1200 u201 );
    ok !exists $users->{$_}, "$_ has none" for qw( u u1 u200 );
    is redis('ZCARD', "{llm:}u:$day:rank"), 1000, 'and no more in the rank';
};

subtest 'pages of counters' => sub {
    empty();
    my @b = map { budget(name => 'user', key => "k:$_") } 1 .. 25;
    my $total = budget(name => 'all', period => 'total', start => 0, end => 0);
    my $over = budget(name => 'over', start => $TODAY - $DAY, end => $TODAY);

    admit($_ + 1, [$b[$_], $total, $over], most => [1, 0, 1]) for 0 .. 24;

    my ($rank, %seen) = (0);
    my $pages = 0;

    while ($rank >= 0) {
        my $page = evalsha('budgets', [map { "{llm:}$_" } qw( b r n u a )],
                           time, $rank, 10, '', '');
        $rank = shift @$page;
        $pages++;
        while (my @f = splice @$page, 0, 10) { $seen{"$f[0] $f[1]"} = \@f }
    }

    is $pages, 3, 'three pages';
    is scalar(keys %seen), 26, 'every live counter';
    is_deeply $seen{'all '}, ['all', '', 'usd', 'total', 0, 0, 1000, 'enforce',
                              0, 25], 'as it is';

    my $page = evalsha('budgets', [map { "{llm:}$_" } qw( b r n u a )],
                       time, 0, 100, '=user', '=k:7');
    is_deeply [@$page[1, 2]], ['user', 'k:7'], 'one of them';
    is scalar(@$page), 11, 'only';
};

# Commands in any order and any number: the first that ends an identity
# decides, and what is left adds up.

subtest "copies in any order (SEED=$SEED)" => sub {
    srand $SEED;

    for my $round (1 .. 20) {
        empty();
        my @b = (budget(limit => 100_000), budget(name => 'two', key => 'k'));
        my @ops;

        for my $seq (1 .. 8) {
            my @amount = (int rand 90, 0, 1);
            push @ops, ([admit => $seq]) x (1 + rand 3);
            push @ops, ([settle => $seq, \@amount]) x rand 3;
            push @ops, ([cancel => $seq]) x rand 2;
        }

        @ops = map { $_->[1] } sort { $a->[0] <=> $b->[0] }
               map { [rand, $_] } @ops;

        my (%open, %over, %spent);

        for my $op (@ops) {
            my ($what, $seq, $amount) = @$op;

            if ($what eq 'admit') {
                my $a = admit($seq, \@b, most => [50, 0, 1]);
                $open{$seq} = 1 if $a->{what} == $FITS && !$over{$seq};
                next;
            }

            settle($seq, \@b, $what eq 'settle' ? $amount : undef);
            next if $over{$seq}++;

            delete $open{$seq};
            $spent{$seq} = $what eq 'settle' ? $amount->[0] : 0;
        }

        my $sum = 0;
        $sum += $_ for values %spent;

        my $held = 50 * keys %open;
        is_deeply [map { stored($_) } @b], ["$sum $held", "$sum $held"],
            "round $round" or last;
    }
};

done_testing();
