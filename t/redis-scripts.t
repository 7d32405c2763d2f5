# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The Redis scripts alone, on a private Redis: what they promise of budgets,
# identities, expiry and usage, with copies and in any order.

use strict;
use warnings;

use lib 't/lib';

use Digest::SHA qw( sha1_hex );
use File::Temp ();
use IO::Select ();
use IO::Socket::UNIX ();
use JSON::PP ();
use Test::More;
use Time::HiRes ();

use LLMCost::Process;
use LLMCost::Redis;

my $SCRIPTS = 'ngx_llm_cost_module/scripts';
my $DAY = 86400;
my $TODAY = int(time / $DAY) * $DAY;
my $SEED = $ENV{SEED} // time ^ $$;

my $dir = File::Temp->newdir('llm-scripts-XXXXXX', TMPDIR => 1);
my ($server, $port, $socket) = start_redis_server("$dir");

my %parts = (admit => ['look', 'common'], settle => ['common', 'usage'],
             renew => ['common'], budgets => ['common'],
             put => ['answers'], purge => ['answers'],
             summary => ['common', 'usage'], join => ['common'],
             balance => ['common'], patch => [], learn => []);
my %sha;

for my $name (keys %parts) {
    my $text = join '', map { read_file("$SCRIPTS/$_.lua") }
                        @{$parts{$name}}, $name;
    $sha{$name} = redis('SCRIPT', 'LOAD', $text);
    is $sha{$name}, sha1_hex($text), "$name.lua compiles";
}


subtest 'what a user must be allowed' => sub {
    my ($said) = read_file('docs/redis.md') =~ /^- An ACL needs (.*?)^- /ms;
    my %said = map { uc $_ => 1 } $said =~ /\+([a-z]+)/g;
    my %calls;

    $calls{$_}++ for map { read_file($_) =~ /redis\.p?call\('([A-Z]+)'/g }
                     glob "$SCRIPTS/*.lua";

    is join(' ', grep { !$said{$_} } sort keys %calls), '', 'is in the docs';
};

my %guarded = map { $_ => 1 } qw( admit settle renew join balance );
my ($known, $seen) = ('0123456789abcdef', 0);


sub redis { redis_command($socket, @_) }

# a store of the incarnation that is known

sub empty {
    redis('FLUSHDB');
    ($known, $seen) = ('0123456789abcdef', 0);
    redis('HSET', '{llm:}i', 'id', $known, 'last', $known, 'n', 0,
          'run', 'r1');
}

sub evalsha {
    my ($name, $keys, @args) = @_;

    my $call = sprintf '%016d', 1 + int rand 1e9;
    push @args, $call, sprintf('%020d', $seen), $known if $guarded{$name};

    my $reply = redis('EVALSHA', $sha{$name}, scalar @$keys, @$keys, @args);

    die "$name does not say which call it answers\n"
        if $guarded{$name} && pop @$reply ne $call;

    return @$reply == 1 ? $reply->[0] : $reply if $name =~ /renew|balance/;
    return $reply;
}


# a budget as C gives it to the scripts

sub budget {
    my (%b) = (name => 'daily', key => '', unit => 'usd', period => 'day',
               start => $TODAY, end => $TODAY + $DAY, limit => 1000,
               mode => 'enforce', alerts => '80,100,', @_);
    return \%b;
}

sub counter { my $b = shift; '{llm:}b:' . join ':', @$b{qw( name key unit
                                                            period start )} }

sub fields { map { @$_{qw( name key unit period start end limit mode
                           alerts )} } @_ }

sub keys_of {
    my ($seq, $node, @budgets) = @_;

    return [map({ "{llm:}$_" } qw( b r n u a )), "{llm:}n:$node",
            "{llm:}r:$node:$seq", map { counter($_) } @budgets];
}


# most and least are [usd, tokens, requests]

sub admit {
    my ($seq, $budgets, %o) = @_;

    my $keys = keys_of($seq, $o{node} // 'n1', @$budgets);
    push @$keys, $o{cached}, '{llm:}ce' if $o{cached};

    my @most = @{$o{most} // [100, 0, 1]};
    my $reply = evalsha('admit', $keys, $o{now} // time, $o{ttl} // 600, $seq,
                        scalar @$budgets, $o{charge} // 1,
                        $o{again} ? 2 : $o{look} ? 3 : $o{hit} // 0,
                        @most, @{$o{least} // \@most}, fields(@$budgets));
    return { what => 5, purge => $reply->[1], entry => $reply->[2] }
        if $reply->[0] eq '5';

    return { what => $reply->[0] } if @$reply == 1 && $reply->[0] eq '-7';

    unshift @$reply, unpack 'q<*', shift @$reply;

    my %a = (what => shift @$reply, refused => shift @$reply,
             hit => shift @$reply, granted => [splice @$reply, 0, 3]);
    my $stamp = shift @$reply;

    $a{balances} = [map { [splice @$reply, 0, 4] } @$budgets];
    ($a{purge}, $a{entry}) = @$reply if @$reply;

    return \%a;
}


sub redis_list { @{redis(@_) // []} }

my @ANSWERS = map { "{llm:}$_" } qw( c cm cs ce cp );

sub put {
    my ($key, $answer, %o) = @_;

    return evalsha('put', [@ANSWERS, "{llm:}c:$key"], $o{ttl} // 60, $answer,
                   $o{stored} // 1, $o{names} // 'm1', $o{model} // 'm',
                   $o{budget} // 0, $o{shared} // 0);
}

sub purge {
    my ($args, $key, $cursor) = @_;

    return evalsha('purge', [@ANSWERS, defined $key ? "{llm:}c:$key" : ()],
                   $cursor // 0, 100, @$args, '0 0 0 ');
}

sub sums { return { redis_list('HGETALL', '{llm:}cs') } }


# spent undef: cancelled

sub settle {
    my ($seq, $budgets, $spent, %o) = @_;

    my $reply = evalsha('settle', keys_of($seq, $o{node} // 'n1', @$budgets),
                        $o{now} // time, $seq, scalar @$budgets,
                        $spent ? @$spent : ('', '', ''),
                        $o{usage} ? 1 : 0, fields(@$budgets),
                        @{$o{usage} // []});

    return { done => $reply->[0] } if $reply->[0] eq '-7';

    @$reply = unpack 'q<*', $reply->[0];

    return { done => shift @$reply, stamp => shift @$reply,
             balances => [map { [splice @$reply, 0, 4] } @$budgets] };
}


# spent and reserved as they are stored

sub stored {
    my $b = shift;

    my $f = redis('HMGET', counter($b), 'spent', 'reserved');
    return join ' ', map { $_ // 0 } @$f;
}

sub usage_of {
    my (%u) = (time => time, count => 1, input => 10, output => 5, cost => 100,
               model => 'm', user => 'u', tags => [], @_);

    return [$u{time}, @u{qw( count input output cost )}, 0, 0, 0, 0, 1, 1, 0,
            $u{model}, 'openai', '/v1/chat', $u{user}, @{$u{tags}} / 2,
            @{$u{tags}}];
}


my ($FITS, $SHORT, $NEVER, $CLOSED) = (0, 1, 2, 6);


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

subtest 'a cached answer' => sub {
    empty();
    my @b = (budget(limit => 100),
             budget(name => 'calls', unit => 'requests', limit => 2));

    put('k', "llmc\0\r\n");
    cmp_ok redis('TTL', '{llm:}c:k'), '>', 50, 'kept for a time';
    is redis('ZCARD', '{llm:}c'), 1, 'counted';

    admit(1, \@b);
    my $a = admit(2, \@b, cached => '{llm:}c:k');
    is $a->{what}, $FITS, 'served on a used up budget';
    is $a->{hit}, 1, 'as a hit';
    is $a->{entry}, "llmc\0\r\n", 'the answer';
    is $a->{purge}, 0, 'nothing was purged before';
    is_deeply [map { stored($_) } @b], ['0 100', '0 2'], 'a request only';
    settle(2, \@b, [0, 0, 1]);
    is_deeply [map { stored($_) } @b], ['0 100', '1 1'], 'that has ended';
    is admit(2, \@b, cached => '{llm:}c:k')->{what}, $CLOSED, 'once';

    $a = admit(3, \@b, cached => '{llm:}c:k');
    is $a->{what}, $SHORT, 'not without a request left';
    is $a->{entry}, undef, 'and no answer then';

    $a = admit(4, [$b[0]], cached => '{llm:}c:none');
    is $a->{hit}, 0, 'no answer, no hit';
    is $a->{what}, $SHORT, 'and no money';
    is admit(5, [$b[0]], hit => 1)->{what}, $FITS, 'a hit found elsewhere';

    redis('SET', '{llm:}c:k', 'foreign');
    redis('HSET', '{llm:}c:l', 'of', 'another type');

    for my $key (qw( k l )) {
        $a = admit(6 + ($key eq 'l'), [budget(name => 'more')],
                   cached => "{llm:}c:$key");
        is $a->{hit}, 0, "what is no answer is no hit, $key";
        is redis('EXISTS', "{llm:}c:$key"), 0, 'and is removed';
    }
};

subtest 'a hit that takes nothing' => sub {
    empty();
    my $b = budget(limit => 100);

    put('k', "llmc\0\r\n");
    admit(1, [$b]);

    my %before = map { $_ => 1 } redis_list('KEYS', '*');
    my $stamp = redis('HGET', '{llm:}i', 'n');

    is_deeply admit(2, [$b], cached => '{llm:}c:k', look => 1),
              { what => 5, purge => 0, entry => "llmc\0\r\n" }, 'is told';
    is_deeply { map { $_ => 1 } redis_list('KEYS', '*') }, \%before,
              'and leaves nothing behind';
    is redis('HGET', '{llm:}i', 'n'), $stamp, 'no step of the store';
    is stored($b), '0 100', 'no money';

    redis('SET', '{llm:}ce', 7);
    is admit(2, [$b], cached => '{llm:}c:k', look => 1)->{purge}, 7,
       'with the number of the last purge';

    my $more = budget(name => 'more');
    is admit(2, [$more], cached => '{llm:}c:none', look => 1)->{what}, $FITS,
       'without an answer it is an admission, in the same step';
    is stored($more), '0 100', 'which holds what it may take';

    redis('HSET', '{llm:}c:l', 'of', 'another type');
    redis('SET', '{llm:}c:m', 'foreign');

    for my $key (qw( l m )) {
        my $a = admit($key eq 'l' ? 3 : 4, [budget(name => $key)],
                      cached => "{llm:}c:$key", look => 1);
        is "@$a{qw( what hit )}", "$FITS 0", "what is no answer is no hit, $key";
        is redis('EXISTS', "{llm:}c:$key"), 0, 'and is removed';
    }
};

subtest 'the books of the answers' => sub {
    empty();

    put('a', 'llmc' x 25, names => 'm7,11,12', model => 'one');
    put('b', 'llmc' x 50, names => 'm7,11', model => 'one');
    put('c', 'llmc' x 75, names => 'm8,12', model => 'two');
    is_deeply sums(), { n => 3, b => 600, 'n:one' => 2, 'b:one' => 300,
                        'n:two' => 1, 'b:two' => 300 }, 'by model';

    put('b', 'llmc' x 10, names => 'm7,11', model => 'one');
    is sums()->{b}, 440, 'one that is kept again';

    put('b', '');
    is_deeply sums(), { n => 2, b => 400, 'n:one' => 1, 'b:one' => 100,
                        'n:two' => 1, 'b:two' => 300 }, 'one that is not';
    is redis('EXISTS', '{llm:}c:b'), 0, 'is forgotten';

    redis('ZADD', '{llm:}c', 1, '{llm:}c:a');
    put('d', 'llmc', model => 'two');
    is_deeply sums(), { n => 2, b => 304, 'n:two' => 2, 'b:two' => 304 },
              'and one whose time is over';
};

subtest 'a byte budget of their own' => sub {
    empty();

    for my $n (1 .. 20) {
        is put($n, 'llmc' x 250, ttl => 60 + $n, budget => 10 * 1256), 1,
           "$n is kept";
    }

    is_deeply sums(), { n => 10, b => 10000, v => 10, 'n:m' => 10,
                        'b:m' => 10000, 'v:m' => 10 }, 'ten have room';
    is join(' ', sort { $a <=> $b } map { /(\d+)$/ }
            redis_list('KEYS', '{llm:}c:*')),
       '11 12 13 14 15 16 17 18 19 20', 'those that live longest';
    is put('large', 'x' x 12000, budget => 10000), 0, 'one without room';
    is redis('EXISTS', '{llm:}c:large'), 0, 'is not kept';
};

subtest 'memory is short on a server that counts money' => sub {
    empty();
    my $b = budget();

    put($_, 'x' x 100_000, ttl => 60 + $_) for 1 .. 10;

    my ($used) = redis('INFO', 'memory') =~ /used_memory:(\d+)/;

    redis('CONFIG', 'SET', 'maxmemory', int($used / 0.9));
    is put('more', 'x' x 100_000, shared => 1), 1, 'an older one makes room';
    is redis('EXISTS', '{llm:}c:1'), 0, 'which is gone';
    is put('huge', 'x' x 3_000_000, shared => 1), 0, 'a tenth stays free';

    redis('CONFIG', 'SET', 'maxmemory', int($used / 2));
    is put('none', 'x' x 1000), 0, 'no memory at all: not kept, no error';

    redis('CONFIG', 'SET', 'maxmemory', 0);
    is admit(1, [$b])->{what}, $FITS, 'money is counted';
};

subtest 'a purge' => sub {
    my $fill = sub {
        empty();
        put('a', 'llmc', names => 'm7,11', stored => 100);
        put('b', 'llmc', names => 'm7,12', stored => 200);
        put('c', 'llmc', names => 'm8,12', stored => 300);
    };

    for my $case (['all', ['', '', ''], ''],
                  ['by model', ['m7', '', ''], 'c'],
                  ['by payer', ['', '12', ''], 'a'],
                  ['by both', ['m7', '12', ''], 'ac'],
                  ['by a part of a name', ['', '1', ''], 'abc'],
                  ['by age', ['', '', '201'], 'c'])
    {
        my ($name, $args, $left) = @$case;

        $fill->();
        is_deeply purge($args), [0, 3 - length $left], "$name: the number";
        is join('', sort map { /(.)$/ } redis_list('KEYS', '{llm:}c:*')),
           $left, "$name: what is left";
        is redis('HLEN', '{llm:}cm'), length $left, "$name: in the books";
    }

    $fill->();
    is_deeply purge(['', '', ''], 'b'), [0, 1], 'by key';
    is_deeply purge(['', '', ''], 'b'), [0, 0], 'once';
    is_deeply purge(['', '', ''], 'z'), [0, 0], 'an unknown one';

    my @log = map { [split ' '] } redis_list('LRANGE', '{llm:}cp', 0, -1);

    is $log[0][1], $log[1][0], 'each is written down, behind the one before';
    cmp_ok $log[0][0], '>', $log[1][0], 'with a number that ascends';
    is $log[0][0], redis('GET', '{llm:}ce'), 'which is known';
    is $log[2][1], 0, 'the first is behind none';

    purge(['', '', '']) for 1 .. 100;
    is redis('LLEN', '{llm:}cp'), 64, 'no more than can be read at once';

    empty();
    put("many$_", 'llmc') for 1 .. 1500;

    my ($pages, $deleted, $cursor) = (0, 0, 0);

    do {
        my $reply = purge(['', '', ''], undef, $cursor);

        is redis('EXISTS', '{llm:}ce'), $reply->[0] eq '0' ? 1 : 0,
           'numbered at its end' if $pages++ < 20;
        ($cursor, $deleted) = ($reply->[0], $deleted + $reply->[1]);
    } while $cursor;

    cmp_ok $pages, '>', 1, 'in pages';
    is $deleted, 1500, 'all of many';
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

# join.lua; phases as there

my ($HELLO, $REPLAYED, $BALANCED, $MERGED) = 0 .. 3;

sub join_as {
    my ($node, $phase, %o) = @_;

    my $reply = evalsha('join', [map { "{llm:}$_" } qw( b r n u a )], $node,
                        $o{candidate} // 'new-id-new-id-ne', $o{run} // 'r1',
                        $phase, $o{deep} // 0, $o{since} // 0, $o{lost} // '',
                        $o{heard} // int(1e6 * Time::HiRes::time),
                        $o{top} // 0);
    my %j;

    @j{qw( what id stamp base time come deep nodes recent phase )} =
        @$reply;
    return \%j;
}


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

# all that the server has, and back to it

sub saved { return { map { $_ => redis('DUMP', $_) } redis_list('KEYS', '*') } }

sub go_back {
    my $file = shift;
    redis('FLUSHDB');
    redis('RESTORE', $_, 0, $file->{$_}) for keys %$file;
}

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

    settle(2, [$b], [25, 0, 1], node => 'n3');
    is stored($b) . ' ' . $rest->(), '90 0 5', 'is in there already';
    settle(3, [$b], [8, 0, 1], node => 'n3');
    is stored($b) . ' ' . $rest->(), '93 0 0', 'but for what is more';
    is redis('HGET', counter($b), 's:n3'), 73, 'all of it is its own';
    is $round->('n3', 0, 73), 0, 'and nothing is missing';

    join_as('n3', $REPLAYED);
    $round->('n1', 1, 100);
    settle(4, [$b], [6, 0, 1], node => 'n3');
    is stored($b) . ' ' . $rest->(), '106 0 7',
        'what it tells of later is new';
};

subtest 'reservations of which nothing is on record' => sub {
    empty();
    my ($b, $n) = (budget(), 'n1');

    admit($_, [$b]) for 1 .. 3;
    settle(1, [$b], [10, 0, 1]);
    is stored($b), '10 200', 'two are open';
    join_as('n2', $REPLAYED, deep => 1);
    is stored($b), '10 200', 'not those of another node';
    join_as('n1', $REPLAYED);
    is stored($b), '10 200', 'nor where the record reaches back';
    redis('HDEL', '{llm:}i', 'p:n1');
    join_as('n1', $REPLAYED, deep => 1);
    is stored($b), '10 0', 'they are let go';
    admit(2, [$b], again => 1);
    join_as('n1', $REPLAYED, deep => 1);
    is stored($b), '10 100', 'and what is open is made again, for good';
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
