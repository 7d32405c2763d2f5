# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Windows that end under load, on three nodes that share a Redis: the days on
# which clocks are changed, in three zones, hour by hour.  Every hour ends with
# requests on their way; what happens to the clock waits for requests, not the
# other way round.

use strict;
use warnings;

use List::Util qw( uniq );
use POSIX qw( strftime tzset );
use Time::Local qw( timegm );

use LLMCost::Faults;
use LLMCost::Ledger;
use LLMCost::Process;

my %FORMAT = (hour => '%Y-%m-%d %H %z', day => '%Y-%m-%d');

# More than twice as many as there are connections: some of them have begun in
# the window, and at least one whose budget was not used up
my $ANSWERS = 50;

my ($library) = grep { -e } glob '/usr/lib/*/faketime/libfaketime.so.1';

for my $case (['Europe/Kyiv', 2026, 3, 29], ['Europe/Kyiv', 2026, 10, 25],
              ['America/New_York', 2026, 3, 8],
              ['America/New_York', 2026, 11, 1],
              ['Australia/Lord_Howe', 2026, 10, 4],
              ['Australia/Lord_Howe', 2026, 4, 5])
{
    my ($zone, $year, $month, $day) = @$case;
    my $name = sprintf '%s, %04d-%02d-%02d', $zone, $year, $month, $day;
    my $first = window($zone, timegm(0, 0, 12, $day, $month - 1, $year), 'day');

    # from the hour before the day to the one after it

    my @hours = uniq(map { window($zone, $first + 1800 * $_, 'hour') }
                     -1 .. 53);
    pop @hours while window($zone, $hours[-2], 'day') > $first;

    redis_fault "windows of $name",
        seconds => 120,
        budgets => join('', map { "llm_budget $_->[0] key=\$http_x_user_id "
                                  . "limit=$_->[1] period=$_->[0] "
                                  . "timezone=$zone;\n" }
                            ['hour', '20requests'], ['day', '0.004usd']),
        start   => sub {
            my $run = shift;
            $run->{hours} = [@hours];
            $run->{lines} = 0;
            set_clock($run);
        },
        env     => sub {
            my $run = shift;
            return (TZ => 'UTC', LD_PRELOAD => $library,
                    FAKETIME_TIMESTAMP_FILE => "$run->{dir}/clock",
                    FAKETIME_NO_CACHE => 1,
                    FAKETIME_DONT_FAKE_MONOTONIC => 1);
        },
        every   => [0.03, sub { pass_time($_[0]) }],
        counters => sub { seen_counters($_[0]) },
        check   => sub {
            my $run = shift;
            my @sums = keys %{$run->books->{sum}};

            for my $period (sort keys %FORMAT) {
                my @may = uniq(map { iso(window($zone, $_, $period)) } @hours);
                my @is = uniq(map { (split /\|/)[2] }
                              grep { /^$period\|/ } @sums);

                $run->complain("windows of a $period: @{[sort @is]}, not @may")
                    if "@{[sort @is]}" ne "@may";
            }
        };
}


# with those that Redis has forgotten, a day after the end of their windows

sub seen_counters {
    my $run = shift;

    my $now = redis_counters($run->{redis}{main}{socket});

    return $run->{seen} = { %{$run->{seen} // {}}, %$now };
}


# once there were enough answers, the next hour begins

sub pass_time {
    my $run = shift;

    my $lines = $run->books->{asked};

    return if $lines < $run->{lines} + $ANSWERS;

    $run->{lines} = $lines;
    set_clock($run) or $run->over;
}


sub set_clock {
    my $run = shift;

    my $t = shift @{$run->{hours}} // return 0;

    write_file("$run->{dir}/clock",
               strftime('%Y-%m-%d %H:%M:%S', gmtime $t + 1) . "\n");

    return 1;
}


# where the clock of the zone began to show the hour, or the day, that it shows

sub window {
    my ($zone, $t, $period) = @_;

    my $format = $FORMAT{$period};

    {
        local $ENV{TZ} = $zone;
        tzset();

        my $shown = strftime($format, localtime $t);

        $t -= $t % 60;
        $t -= 60 while strftime($format, localtime $t - 60) eq $shown;
    }

    tzset();

    return $t;
}


sub iso { return strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $_[0]) }

1;
