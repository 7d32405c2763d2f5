package LLMCost::Ledger;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The counters of budgets from the three places where they can be read: access
# logs in the format of examples/nginx/log_format.conf, llm_api, Redis.  All
# come as { "name|key|start of window|unit" => ... }, with usd amounts as whole
# nano-dollars.

use strict;
use warnings;

use Exporter qw( import );
use HTTP::Tiny ();
use JSON::PP ();
use POSIX qw( strftime );

use LLMCost::Process;
use LLMCost::Redis;

our @EXPORT = qw( nano usd log_entries log_counters api_get api_counters
                  redis_counters );

my $json = JSON::PP->new->utf8;
my $http = HTTP::Tiny->new(timeout => 10);

# every counter in one step: what it returns was true at one moment

my $READ = <<'END';
local out = {}
for i, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    out[i] = redis.call('HMGET', key, 'name', 'key', 'start', 'unit',
                        'spent', 'reserved', 'limit', 'mode')
end
return out
END


sub nano {
    my $text = shift;

    my ($sign, $whole, $part) = $text =~ /^(-?)(\d+)(?:\.(\d{1,9}))?$/
        or die "not an amount: \"$text\"\n";

    my $nano = $whole * 1_000_000_000 + substr(($part // '') . '0' x 9, 0, 9);

    return $sign ? -$nano : $nano;
}


sub usd {
    my $nano = shift;

    my $sign = $nano < 0 ? '-' : '';
    $nano = abs $nano;

    return sprintf '%s%d.%09d', $sign, int($nano / 1_000_000_000),
                   $nano % 1_000_000_000;
}


sub amount {
    my ($unit, $text) = @_;

    return $unit eq 'usd' ? nano($text) : $text;
}


sub log_entries {
    return map { $json->decode($_) }
           map { split /^/, read_file($_) } @_;
}


# the sums of all lines

sub log_counters {
    my %sum;

    for my $entry (@_) {
        for my $budget (split /,/, $entry->{budgets}) {
            my ($id, $unit, $amount) = $budget =~ /^(.*\|(\w+))\|(-?[\d.]+)$/
                or die "not a budget: \"$budget\"\n";
            $sum{$id} += amount($unit, $amount);
        }
    }

    return \%sum;
}


# Numbers are kept as the text that came: a binary float is no money

sub api_get {
    my ($port, $path) = @_;

    my $answer = $http->get("http://127.0.0.1:$port/llm/$path");

    die "GET $path: $answer->{status} $answer->{content}\n"
        if $answer->{status} != 200;

    my $text = $answer->{content};
    $text =~ s/("(?:[^"\\]|\\.)*")|(-?\d[\d.]*)/$1 || qq{"$2"}/ge;

    return $json->decode($text);
}


sub api_counters {
    my $port = shift;

    my %counter;

    for my $row (@{api_get($port, 'budgets')}) {
        my $unit = $row->{unit};
        my $id = join '|', @$row{qw( name key window unit )};

        die "two counters of $id\n" if $counter{$id};

        $counter{$id} = { mode => $row->{mode},
                          map { $_ => amount($unit, $row->{$_}) }
                              qw( limit spent reserved ) };
    }

    return \%counter;
}


sub redis_counters {
    my $socket = shift;

    my %counter;

    for my $row (@{redis_command($socket, 'EVAL', $READ, 1, '{llm:}b')}) {
        my ($name, $key, $start, $unit, $spent, $reserved, $limit, $mode)
            = @$row;
        my $window = strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $start);

        $counter{"$name|$key|$window|$unit"}
            = { mode => $mode, limit => $limit, spent => $spent // 0,
                reserved => $reserved // 0 };
    }

    return \%counter;
}

1;
