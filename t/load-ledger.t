# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# 2,000 requests of 40 users over 64 connections, JSON and SSE, some of whose
# clients leave and some of which fail: in the end every counter is the sum of
# the access logs, to the nano-dollar, and at no moment was more spent and
# reserved than a limit allows.  On Redis with two instances, and on the zone.
#
# SEED=N repeats a run's requests.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use IO::Select ();
use JSON::PP ();
use List::Util qw( sum0 );
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

my $REQUESTS = 2000;
my $CONNECTIONS = 64;
my $USERS = 40;
my $PATIENCE = 20;

# nano-dollars per token of gpt-4o-mini
my ($INPUT, $OUTPUT) = (150, 600);

my $seed = $ENV{SEED} // time ^ $$;
my $json = JSON::PP->new->canonical;
my $dir = File::Temp->newdir('llm-load-XXXXXX', TMPDIR => 1);
my $upstream = start_upstream_server("$dir");
my ($server, $redis_port, $redis) = start_redis_server("$dir");

note "SEED=$seed";
srand $seed;

store('zone', 1, '', sub { });
store('redis', 2, "llm_redis 127.0.0.1:$redis_port timeout=5s;",
      sub { redis_counters($redis) });

done_testing;


# A day that does not end while this runs: there it is noon now.  (The sign of
# these names is that of POSIX.)

sub noon {
    my $offset = 12 - int(time / 3600) % 24;

    return 'UTC' if $offset == 0;
    return sprintf 'Etc/GMT%s%d', $offset > 0 ? '-' : '+', abs $offset;
}


sub config {
    my $store = shift;

    my $zone = noon();

    return <<END;
    $store

    upstream models {
        server 127.0.0.1:$upstream;
        keepalive 64;
    }

    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            llm_cache on;

            llm_budget daily limit=0.03usd period=day timezone=$zone;
            llm_budget user key=\$http_x_user_id limit=0.004usd period=total;
            llm_budget team key=\$http_x_team limit=40000tokens period=total;
            llm_budget calls key=\$http_x_user_id limit=60requests
                       period=total;
            llm_budget seen limit=0.01usd period=total mode=observe;

            proxy_pass http://models;
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


# What the clients ask, and what upstream is to report: never more input than
# the words of the prompt, never more output than the request allows.  A
# request without a maximum may have it cut to 16 tokens.

sub requests {
    my @plan;

    for my $i (1 .. $REQUESTS) {
        my $user = int(rand() ** 1.5 * $USERS);
        my $words = 1 + int rand 60;
        my $max = rand() < 0.9 ? 20 + int rand 380 : undef;
        my $kind = rand();

        my %headers = (
            'X-User-ID'                => "u$user",
            'X-Team'                   => 't' . $user % 8,
            'X-Test-Prompt-Tokens'     => 1 + int rand $words,
            'X-Test-Completion-Tokens' => 1 + int rand($max // 16),
            'X-Test-Content'           => 'one two three',
            'X-Test-Chunk'             => 400,
            'X-Test-Gap'               => 2,
        );

        my %body = (
            model    => 'gpt-4o-mini',
            messages => [{ role    => 'user',
                           content => join ' ', $i, ('word') x $words }],
            rand() < 0.5 ? (stream => JSON::PP::true) : (),
            defined $max ? (max_tokens => $max) : (),
        );

        my $request = { headers => \%headers, body => \%body };

        if ($kind < 0.04) {
            $headers{'X-User-ID'} = 'leaver';
            $headers{'X-Test-Content'} = join ' ', ('word') x 100;
            $body{stream} = JSON::PP::true;
            $request->{leave} = 1;

        } elsif ($kind < 0.08) {
            $headers{'X-Test-Status'} = 500;

        } elsif ($kind < 0.16 && $i > 1) {
            # asked before; a hit if that has been answered
            my $other = $plan[rand @plan];
            $request = $other if !$other->{leave};
        }

        push @plan, $request;
    }

    return \@plan;
}


sub store {
    my ($name, $instances, $store, $from_redis) = @_;

    my $plan = requests();
    my @nginx = map {
        start_nginx("$dir/$name$_", workers => 2, http => config($store))
    } 1 .. $instances;

    my ($results, $samples)
        = run($name, $plan, [map { $_->{port} } @nginx], $from_redis);
    my @log = logged(map { "$_->{dir}/access.log" } @nginx);
    my $counters = settled($nginx[0]{port}, $from_redis);

    is scalar @log, $REQUESTS, "$name: every request has its line";

    my $outcome = outcome($name, $plan, $results, \@log);
    my $difference = same_amounts($name, $counters, \@log, \@nginx);

    ledger_of_plan($name, $plan, $results, \@log);
    my $over = rule_3($name, $samples, \@log, $counters);

    is join("\n", map { stop_nginx($_) } @nginx), '',
       "$name: nginx leaves nothing behind";

    diag sprintf '%s: %d requests, %d admitted (%d hits), %d refused, '
                 . '%s usd spent, ledger difference %s usd, overspend %s usd, '
                 . '%d samples', $name, $REQUESTS,
                 @$outcome{qw( admitted hits refused )},
                 usd(sum0(map { nano($_->{cost}) } @log)), usd($difference),
                 usd($over), scalar @$samples;
}


# Sends the requests, and looks at the counters all the time

sub run {
    my ($name, $plan, $ports, $from_redis) = @_;

    write_file("$dir/plan", join '', map { $json->encode($_) . "\n" } @$plan);

    my ($load) = start_process('python3', '-B',
        project_dir() . '/t/util/load.py', "$dir/plan", "$dir/$name.results",
        $CONNECTIONS, @$ports);

    my $ended = IO::Select->new($load->{out});
    my @samples;

    do {
        push @samples, $from_redis->() || ();
        push @samples, map { api_counters($_) } @$ports;
    } until $ended->can_read(0.005);

    return [map { $json->decode($_) }
            split /^/, read_file("$dir/$name.results")], \@samples;
}


sub logged {
    my @files = @_;

    my $end = time + $PATIENCE;
    my $lines;

    do {
        sleep 0.01;
        $lines = sum0(map { read_file($_) =~ tr/\n// } @files);
    } until $lines >= $REQUESTS || time > $end;

    return log_entries(@files);
}


# the counters once nothing is reserved any more

sub settled {
    my ($port, $from_redis) = @_;

    my $end = time + $PATIENCE;
    my $counters;

    do {
        sleep 0.01;
        $counters = $from_redis->() || api_counters($port);
    } until !grep({ $_->{reserved} } values %$counters) || time > $end;

    return $counters;
}


sub outcome {
    my ($name, $plan, $results, $log) = @_;

    my @broken = grep { $_->{error} } @$results;
    is scalar @broken, 0, "$name: every answer is whole"
        or diag explain $broken[0];

    my %outcome = (admitted => 0, refused => 0, hits => 0);

    for my $entry (@$log) {
        if ($entry->{refusal} eq 'budget_exceeded') {
            $outcome{refused}++;
        } elsif ($entry->{refusal} eq '') {
            $outcome{admitted}++;
        }

        $outcome{hits}++ if $entry->{cache} eq 'HIT';
    }

    is $outcome{admitted} + $outcome{refused}, $REQUESTS,
       "$name: admitted and refused are all";
    is scalar(grep { ($_->{status} // 0) == 429 } @$results),
       $outcome{refused}, "$name: the refused have a 429";
    cmp_ok $outcome{admitted}, '>', 300, "$name: many are admitted";
    cmp_ok $outcome{refused}, '>', 200, "$name: many are refused";
    cmp_ok $outcome{hits}, '>', 10, "$name: some are hits";

    my ($left, $failed) = (0, 0);

    for my $i (0 .. $#$plan) {
        $left++ if $results->[$i]{left};
        $failed++ if ($results->[$i]{status} // 0) == 500;
    }

    cmp_ok $left, '>', 10, "$name: some have left";
    cmp_ok $failed, '>', 10, "$name: some have failed";

    return \%outcome;
}


# Every counter, wherever it can be read, is the sum of the log.  Returns the
# differences in usd, added up.

sub same_amounts {
    my ($name, $counters, $log, $nginx) = @_;

    my $sums = log_counters(@$log);

    is_deeply { map { $_ => $counters->{$_}{spent} } keys %$counters }, $sums,
              "$name: every counter is the sum of its log lines";
    is_deeply [grep { $counters->{$_}{reserved} } keys %$counters], [],
              "$name: nothing is reserved in the end";

    for my $i (0 .. $#$nginx) {
        my $seen = api_counters($nginx->[$i]{port});

        is_deeply $seen, $counters, "$name: instance $i shows the counters";
    }

    return sum0(map { abs(($counters->{$_}{spent} // 0) - $sums->{$_}) }
                grep { /usd$/ } keys %$sums);
}


# What upstream has reported is what was billed, by client and by log

sub ledger_of_plan {
    my ($name, $plan, $results, $log) = @_;

    my ($expected, @wrong) = (0);

    for my $i (0 .. $#$plan) {
        my $result = $results->[$i];

        next if $result->{left} || $result->{status} != 200;

        my $sent = $plan->[$i]{headers};
        my $hit = ($result->{headers}{'x-cache'} // '') eq 'HIT';
        my $cost = $hit ? 0 : $sent->{'X-Test-Prompt-Tokens'} * $INPUT
                              + $sent->{'X-Test-Completion-Tokens'} * $OUTPUT;
        my $shown = $result->{headers}{'x-cost-usd'}
                    // $result->{trailers}{'x-cost-usd'};

        $expected += $cost;
        push @wrong, { %$result, expected => $cost }
            if ($shown // '') ne usd($cost);
    }

    is scalar @wrong, 0, "$name: every answer tells its cost"
        or diag explain $wrong[0];
    is sum0(map { nano($_->{cost}) } grep { $_->{user} ne 'leaver' } @$log),
       $expected, "$name: the log has what upstream has reported";
}


# Returns the worst overspend that any sample or the log shows

sub rule_3 {
    my ($name, $samples, $log, $counters) = @_;

    my ($worst, $held, @wrong) = (0, 0);
    my $sums = log_counters(@$log);

    my %settled = map { $_ => { %{$counters->{$_}}, spent => $sums->{$_},
                                reserved => 0 } } keys %$sums;

    for my $sample (@$samples, \%settled) {
        for my $id (keys %$sample) {
            my $c = $sample->{$id};
            my $over = $c->{spent} + $c->{reserved} - $c->{limit};

            next if $c->{mode} ne 'enforce';

            $held++ if $c->{reserved};

            if ($over > 0) {
                push @wrong, "$id: $c->{spent} + $c->{reserved} "
                             . "> $c->{limit}";
                $worst = $over if $over > $worst && $id =~ /usd$/;
            }
        }
    }

    is join("\n", splice @wrong, 0, 5), '',
       "$name: spent and reserved stay within every limit";
    cmp_ok scalar @$samples, '>=', 5, "$name: it was looked at";
    cmp_ok $held, '>', 0, "$name: with reservations";

    return $worst;
}
