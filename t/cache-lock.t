# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# llm_cache_lock: of many requests for one answer, over two workers, one goes
# upstream.  Upstream holds its answer back until all of them are there.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use IO::Socket::INET;
use JSON::PP ();
use List::Util qw( sum );
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

my $CLIENTS = 40;
my $PATIENCE = 20;

my $json = JSON::PP->new->canonical;
my $dir = File::Temp->newdir('llm-lock-XXXXXX', TMPDIR => 1);
my $upstream = start_upstream_server("$dir");
my ($server, $redis_port, $redis) = start_redis_server("$dir");
my $block = 0;

my %body = (model => 'gpt-4o-mini', max_tokens => 100,
            messages => [{ role => 'user', content => 'the same' }]);
my %answer = (headers => { 'Content-Type' => 'application/json' },
              body => $json->encode({
    id => 'x', object => 'chat.completion', model => 'gpt-4o-mini',
    choices => [{ index => 0, finish_reason => 'stop',
                  message => { role => 'assistant', content => 'yes' } }],
    usage => { prompt_tokens => 9, completion_tokens => 1,
               total_tokens => 10 } }));
my $sse = { headers => { 'Content-Type' => 'text/event-stream' },
            body => join '', map { "data: $_\n\n" }
                    '{"id":"x","model":"gpt-4o-mini","choices":[{"index":0,'
                    . '"delta":{"content":"yes"},"finish_reason":"stop"}]}',
                    '{"id":"x","model":"gpt-4o-mini","choices":[],"usage":'
                    . '{"prompt_tokens":9,"completion_tokens":1,'
                    . '"total_tokens":10}}', '[DONE]' };

for my $store (qw( zone redis )) {
    one($store, 'JSON', {});
    one($store, 'a stream', { stream => JSON::PP::true,
                              stream_options => { include_usage =>
                                                  JSON::PP::true } });
}

failed();
leader_leaves();
unfit();
off();
short();

done_testing;


sub instance {
    my ($name, $store, $directives) = @_;

    my $redis = $store eq 'redis' ? "llm_redis 127.0.0.1:$redis_port "
                                    . 'timeout=5s;' : '';

    return start_nginx("$dir/$name", workers => 2, http => <<END);
    $redis

    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            llm_cache on;
            llm_cache_scope shared;
            $directives
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; access_log off; }
        location /status { stub_status; access_log off; }
    }
END
}


sub script {
    my $answers = shift;

    $block++;
    write_file("$dir/script.json.new",
               $json->encode({ block => $block, answers => $answers }));
    rename "$dir/script.json.new", "$dir/script.json" or die;
}


# an answer that begins once it is released; a name is released for good

sub held {
    return { @_, before => [{ wait => 'go' . ($block + 1) }] };
}


sub http_get {
    my ($port, $path) = @_;

    my $socket = IO::Socket::INET->new("127.0.0.1:$port") or return '';

    print $socket "GET $path HTTP/1.0\r\n\r\n";
    local $/;

    return scalar readline $socket;
}


sub wait_until {
    my $ready = shift;

    my $end = time + $PATIENCE;

    while (!$ready->()) {
        return 0 if time > $end;
        sleep 0.01;
    }

    return 1;
}


sub asked {
    my $n = grep { $_->{block} == $block && !$_->{event}
                   && $_->{target} !~ m{^/test/} }
            map { $json->decode($_) } split /^/,
            -f "$dir/requests.jsonl" ? read_file("$dir/requests.jsonl") : '';

    return $n;
}


# all are with nginx before upstream answers, if any is held

sub together {
    my ($nginx, $n, %more) = @_;

    my $plan = $json->encode({ headers => {}, body => { %body, %more } });

    write_file("$dir/plan", "$plan\n" x $n);

    my ($load) = start_process('python3', '-B',
        project_dir() . '/t/util/load.py', "$dir/plan", "$dir/results",
        $n, $nginx->{port});

    ok(wait_until(sub {
        http_get($nginx->{port}, '/status') =~ /Active connections: (\d+)/
            && $1 > $n && asked() >= 1
    }), 'all are there');

    http_get($upstream, "/test/release/go$block");
    readline $load->{out};
    readline $load->{out};

    return map { $json->decode($_) } split /^/, read_file("$dir/results");
}


sub statuses {
    my %n;

    $n{$_->{status} . ' ' . ($_->{headers}{'x-cache'} // '-')}++ for @_;

    return join ', ', map { "$n{$_} x $_" } sort keys %n;
}


sub ends {
    my $nginx = shift;

    is(join("\n", stop_nginx($nginx)), '', 'nginx leaves nothing behind');
}


sub one {
    my ($store, $form, $more) = @_;

    my $name = "$store, $form";
    my $nginx = instance("one-$store-" . (%$more ? 's' : 'j'), $store,
        'llm_budget daily limit=1usd period=day; '
        . 'llm_budget calls limit=1000requests period=day;');

    redis_command($redis, 'FLUSHALL');
    script(held(%$more ? %$sse : %answer));

    my @results = together($nginx, $CLIENTS, %$more);

    is(asked(), 1, "$name: one upstream call");
    is(statuses(@results), $CLIENTS - 1 . ' x 200 HIT, 1 x 200 MISS',
       "$name: one answer, the others from the cache");
    is(scalar(grep { $_->{body} eq $results[0]{body} } @results), $CLIENTS,
       "$name: the same for all");

    my %budget;

    wait_until(sub {
        %budget = map { $_->{name} => $_ }
                  @{ api_get($nginx->{port}, 'budgets') };
        $budget{daily}{reserved} == 0 && $budget{calls}{reserved} == 0
    });

    is($budget{daily}{spent}, '0.00000195', "$name: one charge");
    is($budget{daily}{reserved}, 0, "$name: nothing held");
    is($budget{calls}{spent}, $CLIENTS, "$name: every request counts");

    ends($nginx);
}


# the leader's answer is an error: somebody else asks, once

sub failed {
    my $nginx = instance('failed', 'zone', '');

    script([held(%answer, status => 500, body => '{"error":{}}'), \%answer]);

    my @results = together($nginx, $CLIENTS);

    is(asked(), 2, 'failed: one more call');
    is(statuses(@results), $CLIENTS - 2 . ' x 200 HIT, 1 x 200 MISS, '
                           . '1 x 500 MISS', 'failed: for all but the first');
    ends($nginx);
}


sub leader_leaves {
    my $nginx = instance('leaves', 'zone', '');

    script([{ before => [{ wait => 'abort' }], %answer }, \%answer]);

    my $body = $json->encode(\%body);
    my $leader = IO::Socket::INET->new("127.0.0.1:$nginx->{port}");

    print $leader "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n"
                  . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
    ok(wait_until(sub { asked() == 1 }), 'leaves: the first is on its way');

    my $plan = $json->encode({ headers => {}, body => \%body });

    write_file("$dir/plan", "$plan\n" x 10);

    my ($load) = start_process('python3', '-B',
        project_dir() . '/t/util/load.py', "$dir/plan", "$dir/results", 10,
        $nginx->{port});

    ok(wait_until(sub {
        http_get($nginx->{port}, '/status') =~ /Active connections: (\d+)/
            && $1 > 11 }), 'leaves: the others are there');

    close $leader;
    readline $load->{out};
    readline $load->{out};

    my @results = map { $json->decode($_) } split /^/,
                  read_file("$dir/results");

    is(asked(), 2, 'leaves: one more call');
    is(statuses(@results), '9 x 200 HIT, 1 x 200 MISS', 'leaves: for all');
    ends($nginx);
}


# an answer that is never kept is nothing to wait for, one after the other

sub unfit {
    my $nginx = instance('unfit', 'zone', 'llm_cache_max_size 10;');

    script(held(%answer));

    my @results = together($nginx, 10);

    is(asked(), 10, 'unfit: everybody asks');
    is(statuses(@results), '10 x 200 MISS', 'unfit: and is answered');
    ends($nginx);
}


sub off {
    my $nginx = instance('off', 'zone', 'llm_cache_lock off;');

    script(held(%answer));

    my @results = together($nginx, 10);

    is(asked(), 10, 'off: everybody asks');
    ends($nginx);
}


# a budget for one call is enough for all that wait for it

sub short {
    my $nginx = instance('short', 'zone',
                         'llm_budget tiny limit=0.000066usd period=day;');

    script(held(%answer));

    my @results = together($nginx, 10);

    is(asked(), 1, 'short: one call');
    is(statuses(@results), '9 x 200 HIT, 1 x 200 MISS', 'short: for all');
    ends($nginx);
}
