package LLMCost::Scripts;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The Redis scripts on a private Redis, called as the module calls them.

use strict;
use warnings;

use Exporter qw( import );
use File::Temp ();
use Time::HiRes ();

use LLMCost::Process;
use LLMCost::Redis;

our @EXPORT = qw( redis redis_list empty evalsha budget counter fields
                  keys_of admit settle put purge sums stored usage_of join_as
                  saved go_back $socket $known $seen $DAY $TODAY $FITS $SHORT
                  $NEVER $CLOSED $HELLO $REPLAYED $BALANCED $MERGED );

my $SCRIPTS = 'ngx_llm_cost_module/scripts';

our $DAY = 86400;
our $TODAY = int(time / $DAY) * $DAY;

# what admit.lua decides, and phases of join.lua

our ($FITS, $SHORT, $NEVER, $CLOSED) = (0, 1, 2, 6);
our ($HELLO, $REPLAYED, $BALANCED, $MERGED) = 0 .. 3;

# the incarnation that the caller knows, and the highest stamp it has seen of it;
# whether another one may have been told what is said next

our ($known, $seen) = ('0123456789abcdef', 0);
our $told = 0;

# package variables: a file's own ones are gone when it has been read

our $dir = File::Temp->newdir('llm-scripts-XXXXXX', TMPDIR => 1);
our ($server, $port, $socket) = start_redis_server("$dir");

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
}

my %guarded = map { $_ => 1 } qw( admit settle renew join balance );


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
    push @args, $told, $call, sprintf('%020d', $seen), $known if $guarded{$name};

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

    local $told = $o{told} // 0;
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


# all that the server has, and back to it

sub saved { return { map { $_ => redis('DUMP', $_) } redis_list('KEYS', '*') } }

sub go_back {
    my $file = shift;
    redis('FLUSHDB');
    redis('RESTORE', $_, 0, $file->{$_}) for keys %$file;
}

1;
