# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The Redis scripts alone: cached answers, what they weigh, and purges.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use LLMCost::Scripts;


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

done_testing();
