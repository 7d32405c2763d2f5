# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# A real Prometheus scrapes nginx, with either store, and what it says is what
# was spent; the rules and the dashboard of examples/ use what is there, and
# docs/metrics.md lists it.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use HTTP::Tiny ();
use IO::Socket::INET ();
use JSON::PP ();
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;
use Socket qw( SOL_SOCKET SO_LINGER );
use Test::More;
use Time::HiRes qw( sleep time );

# to start, to scrape, to evaluate
my $PATIENCE = 30;

my ($promtool, $prometheus) = map {
    my $name = $_;
    (grep { -x } map { "$_/$name" } split /:/, $ENV{PATH})[0]
} qw( promtool prometheus );

plan skip_all => 'Prometheus is not installed' if !$promtool || !$prometheus;

my $root = project_dir();
my $json = JSON::PP->new->utf8->canonical;
my $http = HTTP::Tiny->new(timeout => $PATIENCE);
my $dir = File::Temp->newdir('llm-cost-XXXXXX', TMPDIR => 1);
my $upstream = start_upstream_server("$dir");
my ($redis, $redis_port) = start_redis_server("$dir");

is(output('check', 'rules', 'llm-alerts.yml'), 0, 'the rules are rules');
is(output('check', 'config', 'prometheus.yml'), 0, 'the configuration is one');
is(output('test', 'rules', 'llm-alerts.test.yml'), 0,
   'the rules do as they should');

my %nginx = map { $_ => instance($_) } qw( zone redis );
my %spent = map { $_ => spend($nginx{$_}, $_) } qw( zone redis );
my $server = scrape();

for my $store (qw( zone redis )) {
    sums($store, $spent{$store});
}

leave($_) for values %nginx;
rules();
dashboard();
documentation(map { $_->{page} } values %spent);

is(join("\n", stop_nginx($_)), '', 'nginx leaves nothing behind')
    for values %nginx;

done_testing;


sub output {
    my @command = ($promtool, @_);

    my $text = `cd $root/examples/prometheus && @command 2>&1`;
    diag($text) if $?;

    return $?;
}


sub instance {
    my $store = shift;

    # so many counters that they are read in more than one slice

    my $more = CORE::join ' ', map { "llm_budget b$_ key=\$llm_user "
                                     . 'limit=1000requests period=day;' }
                                   1 .. 14;
    my $directive = $store eq 'redis' ? "llm_redis 127.0.0.1:$redis_port "
                                        . 'timeout=5s;' : '';

    return start_nginx("$dir/$store", workers => 2, http => <<END);
    $directive

    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            llm_cache on;
            llm_tag team \$http_x_team;
            llm_budget daily limit=1usd period=day;
            llm_budget user key=\$llm_user limit=1000tokens period=total;
            $more
            llm_unknown_model allow;
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; }
    }
END
}


# requests over both workers, by users and for models with names made to hurt

sub spend {
    my ($nginx, $store) = @_;

    my @users = ('ann', 'a"b\\c', "\\n", "{x=\"y\"}", "ctl\x01\x7f", 'other',
                 map { "u$_" } 1 .. 94);
    my @plan;

    for my $i (0 .. $#users) {
        my $stream = $i % 3 == 2;

        push @plan, $json->encode({
            headers => { 'X-User-ID' => $users[$i], 'X-Team' => "t$i",
                         Authorization => "Bearer $i" },
            body => { model => ('gpt-4o', 'gpt-4o-mini', 'm"\\')[$i % 3],
                      messages => [{ role => 'user', content => 'hi' }],
                      max_tokens => 9,
                      $stream ? (stream => JSON::PP::true) : () } });
    }

    write_file("$dir/plan", CORE::join '', map { "$_\n" } @plan, $plan[0]);

    my ($load) = start_process('python3', '-B', "$root/t/util/load.py",
                               "$dir/plan", "$dir/results", 10,
                               $nginx->{port});

    readline $load->{out};

    my @results = map { $json->decode($_) } split /^/,
                      read_file("$dir/results");
    my ($page, $summary);

    is(scalar(grep { ($_->{status} // 0) == 200 } @results), @users + 1,
       "$store: all are answered");

    wait_until(sub {
        $page = get($nginx->{port}, '/llm/metrics');
        $summary = $json->decode(get($nginx->{port}, '/llm/usage/summary'));
        $summary->{total_requests} == @users + 1
            && total($page, 'llm_requests_total') == @users + 1;
    });

    return { n => @users + 1, page => $page, summary => $summary };
}


sub get {
    my ($port, $path) = @_;

    return $http->get("http://127.0.0.1:$port$path")->{content} // '';
}


# scrapers that go before all counters are read

sub leave {
    my $nginx = shift;

    for (1 .. 20) {
        my $socket = IO::Socket::INET->new("127.0.0.1:$nginx->{port}");

        print $socket "GET /llm/metrics HTTP/1.0\r\n\r\n";
        setsockopt $socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
        close $socket;
    }

    like(get($nginx->{port}, '/llm/metrics'), qr/^llm_budget_keys/m,
         'scrapers that leave do no harm');
}


sub total {
    my ($page, $name) = @_;

    my $sum = 0;
    $sum += $_ for $page =~ /^\Q$name\E\{.*\} (\S+)$/mg;

    return $sum;
}


sub wait_until {
    my $ready = shift;

    my $end = time + $PATIENCE;

    while (!$ready->()) {
        return 0 if time > $end;
        sleep 0.05;
    }

    return 1;
}


# a Prometheus that ends with this test; its port

sub scrape {
    my $targets = CORE::join '', map { <<END } sort keys %nginx;
      - targets: ["127.0.0.1:$nginx{$_}{port}"]
        labels: {store_kind: $_}
END

    write_file("$dir/prometheus.yml", <<END);
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: ["$root/examples/prometheus/llm-alerts.yml"]
scrape_configs:
  - job_name: llm-cost
    metrics_path: /llm/metrics
    static_configs:
$targets
END

    my $port = free_port();
    my $script = '"$@" > "$0" 2>&1 & echo started; read x; kill -9 $!; wait';

    start_process('sh', '-c', $script, "$dir/prometheus.log", $prometheus,
                  "--config.file=$dir/prometheus.yml",
                  "--storage.tsdb.path=$dir/data",
                  "--web.listen-address=127.0.0.1:$port");

    ok(wait_until(sub {
        my $n = query($port, 'count(up == 1)');
        $n && $n == 2;
    }), 'Prometheus scrapes both') or diag(read_file("$dir/prometheus.log"));

    return $port;
}


# the only value of a query; undef where there is none

sub query {
    my ($port, $query) = @_;

    my $answer = ask($port, $query);

    return $answer->{data}{result}[0]{value}[1];
}


sub ask {
    my ($port, $query) = @_;

    my $args = $http->www_form_urlencode({ query => $query });
    my $answer = $http->get("http://127.0.0.1:$port/api/v1/query?$args");

    return eval { $json->decode($answer->{content}) } // {};
}


sub sums {
    my ($store, $spent) = @_;

    my $cost = $spent->{summary}{total_cost_usd};
    my $only = "{store_kind=\"$store\"}";
    my $of = sub { query($server, "sum($_[0]$only)") // 'nothing' };
    my $about = sub { sprintf '%.9f', $_[0] };

    ok($cost > 0, "$store: something was spent");

    ok(wait_until(sub { $of->('llm_requests_total') eq $spent->{n} }),
       "$store: requests");
    is($about->($of->('llm_cost_usd_total')), $about->($cost),
       "$store: cost");
    is($about->($of->('llm_user_cost_usd_total')), $about->($cost),
       "$store: cost by user");
    is($about->($of->('llm_tag_cost_usd_total')), $about->($cost),
       "$store: cost by tag");
    is($of->('gen_ai_client_token_usage_sum'),
       $spent->{summary}{total_input_tokens}
       + $spent->{summary}{total_output_tokens}, "$store: tokens");
    is($of->('gen_ai_client_operation_duration_seconds_count'),
       $of->('llm_upstream_requests_total'), "$store: calls");
    is($of->('llm_overhead_seconds_count'), $spent->{n}, "$store: waits");

    # Redis hears of the last settlements after the statistics do

    my $counter;

    wait_until(sub {
        $counter = $about->(query($server,
                                  'llm_budget_spent_usd{budget="daily",'
                                  . "store_kind=\"$store\"}") // 0);
        $counter eq $about->($cost)
    });

    is($counter, $about->($cost), "$store: spent of the budget");
    is($of->('llm_budget_keys'), 15 * ($spent->{n} - 1) + 1,
       "$store: counters");
    is(query($server, "count(llm_user_requests_total$only)"), 65,
       "$store: 64 users, and others");
    is(query($server, "llm_store_up$only"), 1, "$store: up");

    # the limit of a place: nobody is named who spent more than that

    my $missed = $of->('llm_user_missed_usd');
    ok($missed > 0 && $missed <= $cost / 64, "$store: the bound holds");
}


sub rules {
    my @rules;

    ok(wait_until(sub {
        my $answer = $http->get("http://127.0.0.1:$server/api/v1/rules");
        @rules = map { @{$_->{rules}} }
                 @{$json->decode($answer->{content})->{data}{groups}};
        !grep { $_->{health} eq 'unknown' } @rules;
    }), 'the rules are evaluated');

    is(join("\n", map { $_->{lastError} // () } @rules), '',
       'none of them fails');
    is(join(' ', sort map { $_->{name} } grep { $_->{state} eq 'firing' }
                 @rules), '', 'none of them fires');
}


# Grafana is in no Debian: its dashboard is held to its own rules

sub dashboard {
    my $board = $json->decode(read_file("$root/examples/grafana/"
                                        . 'llm-cost.json'));
    my (%id, %place, @wrong);

    like($board->{schemaVersion}, qr/^[1-9]\d$/, 'a version of the schema');

    for my $panel (@{$board->{panels}}) {
        my ($x, $y, $w, $h) = @{$panel->{gridPos}}{qw( x y w h )};

        push @wrong, "id $panel->{id}" if $id{$panel->{id}}++;
        push @wrong, "$panel->{title}: too wide" if $x + $w > 24;

        for my $i ($x .. $x + $w - 1) {
            for my $k ($y .. $y + $h - 1) {
                push @wrong, "$panel->{title}: on another"
                    if $place{"$i,$k"}++;
            }
        }

        next if $panel->{type} eq 'row';

        push @wrong, "$panel->{title}: type"
            if $panel->{type}
               !~ /^(?:stat|timeseries|piechart|bargauge|table)$/;
        push @wrong, "$panel->{title}: no query" if !@{$panel->{targets}};

        for my $target (@{$panel->{targets}}) {
            push @wrong, "$panel->{title}: refId" if !$target->{refId};
            push @wrong, "$panel->{title}: " . fault($target->{expr});
        }
    }

    push @wrong, fault(m/label_values\((\w+), \w+\)/ ? $1 : $_)
        for map { $_->{definition} // () } @{$board->{templating}{list}};

    is(join("\n", grep { !/: $/ && $_ ne '' } @wrong), '',
       'every panel of the dashboard has its place and its series');
}


# what Prometheus has against a query, or a name in it that nobody exports

sub fault {
    my $expr = shift;

    my %value = (job => '.*', model => '.*', __range => '1h',
                 __rate_interval => '1m');
    (my $query = $expr) =~ s/\$(\w+)/$value{$1} \/\/ '?'/ge;

    my $answer = ask($server, $query);

    return "$expr: $answer->{error}"
        if ($answer->{status} // '') ne 'success';

    for my $name ($expr =~ /\b((?:llm|gen_ai_client)_\w+)(?=[\{\s)]|$)/g) {
        return "$name is not exported"
            if !defined query($server, "count($name)");
    }

    return '';
}


# names of the page and of the documentation are the same

sub documentation {
    my $doc = read_file("$root/docs/metrics.md");
    my %page = map { map { $_ => 1 } /^# TYPE (\S+)/mg } @_;
    my %type = map { /^# TYPE (\S+) (\S+)/mg } @_;
    my (%listed, @wrong);

    for my $row ($doc =~ /^\| (`(?:llm|gen_ai_client)_.*)$/mg) {
        my ($names, $type) = split / \| /, $row;

        for my $name ($names =~ /`(\w+)`/g) {
            $listed{$name} = 1;
            push @wrong, "$name is no $type"
                if ($type{$name} // $type) ne $type;
        }
    }

    is(join(' ', grep { !$listed{$_} } sort keys %page), '',
       'docs/metrics.md has all of them');
    is(join(' ', grep { !$page{$_} } sort keys %listed), '',
       'and no others');
    is(join(' ', @wrong), '', 'and their types');

    my ($queries) = $doc =~ /^## Questions.*?^```\n(.*?)^```/ms;
    my @queries = map { s/\s+# .*//r } split /\n/, $queries // '';

    ok(@queries > 5, 'it has queries');
    is(join("\n", grep { fault($_) } @queries), '', 'which can be asked');
}
