# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# What estimates are worth, over two nodes with one Redis: the answers that one
# of them had correct the counts of the other, each of them once.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use IO::Socket::INET ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

my $PATIENCE = 20;
my $MODEL = 'grok-z';

my $json = JSON::PP->new->canonical;
my $dir = File::Temp->newdir('llm-learn-XXXXXX', TMPDIR => 1);
my $upstream = start_upstream_server("$dir");
my ($server, $redis_port, $redis) = start_redis_server("$dir");

my ($one, $two) = map { node($_) } 'one', 'two';

# what is counted around the words

my $around = counted($one, 'grok-other', 10, 1) - 10;

# answers of twice what is counted, and ten more

says($one, 10 * $_) for 1 .. 8;
my $plain = says($two, 20);

is($plain, 20 + $around, 'a count that nobody has corrected');
ok(wait_until(sub { answers($two) == 9 }), 'the other has heard of all')
    or diag(answers($two));
ok(wait_until(sub { answers($one) == 9 }), 'and so has the first');

my ($list, @more) = grep { redis_command($redis, 'LLEN', $_) == 9 }
                    grep { /^\{llm:\}t:[0-9a-f]{16}$/ }
                    @{redis_command($redis, 'KEYS', '{llm:}t:*')};
ok($list && !@more, 'each is there once');
is(says($two, 20), 2 * $plain + 10, 'what one was told corrects the other');

# figures that are none are not taken, and what follows of others is bounded

redis_command($redis, 'LPUSH', $list, $_)
    for ('1 100000000 1') x 60, 'x', '1 2', '-5 1 1', '1 99999999999999 1';
redis_command($redis, 'HSET', '{llm:}t:n', 'n', 2000);
redis_command($redis, 'ZADD', '{llm:}t', 1000, $list =~ /([^:]+)$/);
redis_command($redis, 'ZADD', '{llm:}t', 1001, 'not a key');
redis_command($redis, 'RPUSH', '{llm:}t:not a key', '1 1 1');

ok(wait_until(sub { answers($two) >= 60 }), 'what is left of it is taken');
cmp_ok(says($two, 20), '<=', 4 * $plain + 100_000, 'within bounds');

# a Redis that has lost them takes nothing from who knows

my $known = answers($two);

redis_command($redis, 'DEL', '{llm:}t:n', '{llm:}t', $list);
says($one, 10);

ok(wait_until(sub { redis_command($redis, 'LLEN', $list) == 1 }),
   'it is told of new ones');
cmp_ok(answers($two), '>=', $known, 'nothing is forgotten');

for my $node ($one, $two) {
    is(join("\n", stop_nginx($node)), '', 'nginx leaves nothing behind');
}

done_testing;


sub node {
    my $name = shift;

    return start_nginx("$dir/$name", workers => 2, http => <<END);
    llm_redis 127.0.0.1:$redis_port timeout=5s;
    llm_price $MODEL input=1 output=1;

    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            add_header X-Counted \$llm_counted_tokens;
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


# a request of so many words: how it was counted

sub counted {
    my ($node, $model, $words, $reported) = @_;

    my $body = $json->encode({ model => $model, messages => [
        { role => 'user', content => join(' ', ('word') x $words) }] });

    my $answer = http($node, 'POST', '/v1/chat/completions', $body,
                      "X-Test-Prompt-Tokens: $reported");
    my ($n) = $answer =~ /^X-Counted: (\d+)/m;

    return $n;
}


sub says {
    my ($node, $words) = @_;

    return counted($node, $MODEL, $words, 2 * ($words + $around) + 10);
}


sub http {
    my ($node, $method, $path, $body, @headers) = @_;

    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $node->{port}) or die $!;

    print $socket join "\r\n", "$method $path HTTP/1.0", @headers,
                  'Content-Length: ' . length $body, '', $body;

    local $/;
    return readline($socket) // '';
}


# how many answers a node knows

sub answers {
    my $node = shift;

    my $models = http($node, 'GET', '/llm/models', '');
    my ($counts) = $models =~ /"$MODEL".*?"counts":(\d+)/s;

    return $counts // 0;
}


sub wait_until {
    my $ready = shift;

    my $end = time + $PATIENCE;

    while (!$ready->()) {
        return 0 if time > $end;
        sleep 0.02;
    }

    return 1;
}
