# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Redis as it should not be: every fault leaves the request to
# llm_store_failure, and the counter right in the end.

use lib 't/lib';
use LLMCost redis => 1, fakeredis => 1;
use LLMCost::Process;
use POSIX ();
use Test::More;

our $CHAT = '{"model":"gpt-4o-mini","max_tokens":300,'
            . '"messages":[{"role":"user","content":"hi"}]}';
our $POST = "POST /v1/chat/completions\n$CHAT";

# Every answer costs 0.000195 usd, every reservation up to 0.000182

add_block_preprocessor(sub {
    my $block = shift;

    my $redis = 'llm_redis 127.0.0.1:$TEST_NGINX_FAKEREDIS_PORT '
                . ($block->redis // 'timeout=2s') . ';';
    my $http = $block->http_config // '';
    my $budgets = $block->budgets
                  // 'llm_budget all limit=1usd period=total; '
                     . 'llm_store_failure local=1usd;';

    $block->set_value(http_config => "$redis\n"
        . "proxy_http_version 1.1;\nproxy_set_header Connection '';\n$http");
    $block->set_value(config => <<"END" . ($block->config // ''));
    location /v1/ {
        llm_cost on;
        $budgets
        proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
    }
END
    $block->set_value(more_headers => "X-Test-Prompt-Tokens: 500\n"
                                      . "X-Test-Completion-Tokens: 200")
        if !defined $block->more_headers;

    # the client waits longer than nginx does for Redis

    $block->set_value(timeout => 10);
});

# Something that happens beside the block's requests, once that has come which
# it waits for

my @beside;

sub beside {
    my ($come, $code) = @_;

    my $owner = $$;
    my $pid = fork() // die "fork: $!";

    if ($pid) {
        push @beside, $pid;
        return;
    }

    # prove waits for all that write to its pipe: none outlives this file

    until ($come->()) {
        POSIX::_exit(0) if getppid() != $owner;
        select undef, undef, undef, 0.005;
    }

    eval { $code->() };
    warn $@ if $@;
    POSIX::_exit(0);
}

# and nothing of a block happens in the next

add_block_preprocessor(sub {
    for my $pid (splice @beside) {
        kill KILL => $pid;
        waitpid $pid, 0;
    }
});

# once Redis has seen the reservation

sub when_reserved {
    my $code = shift;

    my $cli = "redis-cli -s $ENV{TEST_NGINX_REDIS_SOCKET}";

    beside(sub { `$cli exists '{llm:}r' 2>/dev/null` =~ /1/ }, $code);
}

# and once a line of the access log says so

sub when_logged {
    my ($what, $code) = @_;

    beside(sub { read_file(server_root() . '/logs/access.log') =~ /$what/ },
           $code);
}

sub nginx_workers {
    my $pid = nginx_pid();
    return grep { $_ } split ' ', `ps -o pid= --ppid $pid`;
}

# Every time that Redis went away, and why, is one line in the log; a block
# that does not expect any has none.

add_test_cleanup_handler(sub {
    my $block = shift;

    return if ($block->away // '') =~ /^\*/;

    my @want = split /\n/, $block->away // '';
    my @got;

    wait_for {
        open my $in, '<', server_root() . '/logs/error.log' or die $!;
        @got = map { / is away: (.*); / ? $1 : () } <$in>;
        close $in;
        return @got >= @want;
    };

    is scalar(@got), scalar(@want), $block->name . ' - went away';
    like $got[$_] // '', qr/\Q$want[$_]\E/, $block->name . " - why ($_)"
        for 0 .. $#want;
});

no_long_string();
master_on();
no_shuffle();
run_tests();

__DATA__

=== refused, closed: no request that a budget applies to
--- fakeredis: connect: refuse
--- budgets
llm_budget all limit=1usd period=total;
llm_store_failure closed;
--- request eval
[$::POST, $::POST, $::POST]
--- error_code eval
[503, 503, 503]
--- response_body_like eval
[qr/"error":/, qr/"error":/, qr/"error":/]
--- away
connect
--- upstream_count: 0



=== refused, closed, but only observed
--- fakeredis: connect: refuse
--- budgets
llm_budget all limit=1usd period=total mode=observe;
llm_store_failure closed;
--- request eval: $::POST
--- error_code: 200
--- away
connect



=== refused, open: everything, whatever it costs
--- fakeredis: connect: refuse
--- budgets
llm_budget all limit=0.0002usd period=total;
llm_store_failure open;
--- request eval
[$::POST, $::POST, $::POST]
--- error_code eval
[200, 200, 200]
--- away
connect



=== refused, local: of a counter of which nothing is known there is no share
--- fakeredis: connect: refuse
--- request eval
[$::POST, $::POST]
--- budgets
llm_budget all limit=1usd period=total;
--- error_code eval
[503, 503]
--- response_body_like eval
[qr/Budgets cannot be checked now/, qr/error/]
--- upstream_count: 0
--- away
connect



=== local, with an allowance
--- fakeredis: connect: refuse
--- budgets
llm_budget all limit=0.0004usd period=total;
llm_store_failure local=0.0003usd;
--- request eval
[$::POST, $::POST]
--- error_code eval
[200, 503]
--- response_body_like eval
[qr/usage/, qr/error/]
--- away
connect



=== local goes on from the last known balance, and is merged
--- fakeredis
EVALSHA 3: close
CONFIG 2: stall
--- budgets
llm_budget all limit=0.0004usd period=total;
--- request eval
[$::POST, $::POST, $::POST]
--- error_code eval
[200, 200, 429]
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^390000 0$
--- away
connection lost



=== what was admitted in the zone is merged once Redis takes it
--- fakeredis
CONFIG 1: error LOADING Redis is loading the dataset in memory
--- request eval: $::POST
--- error_code: 200
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent => ^195000$
--- away
LOADING



=== a replica
--- fakeredis
EVAL 1: error READONLY You can't write against a read only replica.
--- request eval: $::POST
--- error_code: 200
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent => ^195000$
--- away
READONLY



=== a password is wanted
--- fakeredis: CONFIG: error NOAUTH Authentication required.
--- request eval: $::POST
--- error_code: 200
--- away
NOAUTH



=== the password is wrong
--- user_files
>>> secret
let me in
--- redis: timeout=2s username=app password_file=../html/secret
--- fakeredis: AUTH: error WRONGPASS invalid username-password pair
--- request eval: $::POST
--- error_code: 200
--- away
WRONGPASS
--- no_error_log: let me in



=== the password is right, and so is the database
--- user_files
>>> secret
let me in
--- redis: timeout=2s password_file=../html/secret db=3
--- fakeredis: AUTH: reply +OK\r\n
--- request eval: $::POST
--- error_code: 200
--- redis_cmd
SELECT 3
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^195000 0$
SELECT 0 => OK



=== out of memory
--- fakeredis
EVALSHA 1: error OOM command not allowed when used memory > 'maxmemory'.
--- request eval: $::POST
--- error_code: 200
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent => ^195000$
--- away
OOM



=== a server that may evict counters
--- fakeredis
CONFIG: reply *2\r\n$16\r\nmaxmemory-policy\r\n$11\r\nallkeys-lru\r\n
--- budgets
llm_budget all limit=1usd period=total;
llm_store_failure closed;
--- request eval: $::POST
--- error_code: 503
--- response_body_like: error
--- away
its maxmemory-policy may evict counters



=== keys as another version of the module has them
--- redis_cmd
HSET {llm:}i layout 2 id 0123456789abcdef
--- budgets
llm_budget all limit=1usd period=total;
llm_store_failure closed;
--- request eval: $::POST
--- error_code: 503
--- response_body_like: error
--- away
LAYOUT its keys are of version 2, and this module knows 1: nodes of both need a prefix= each
--- redis_like
HGETALL {llm:}i => ^layout 2 id 0123456789abcdef$



=== one that evicts only what has a time to live
--- fakeredis
CONFIG: reply *2\r\n$16\r\nmaxmemory-policy\r\n$12\r\nvolatile-lru\r\n
--- request eval: $::POST
--- error_code: 200
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^195000 0$



=== CONFIG is forbidden, INFO says it
--- fakeredis
CONFIG: error NOPERM this user has no permissions to run the 'config|get' command
--- request eval: $::POST
--- error_code: 200
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^195000 0$



=== neither is allowed
--- fakeredis
CONFIG: error ERR unknown command 'CONFIG'
INFO: error NOPERM this user has no permissions to run the 'info' command
--- request eval: $::POST
--- error_code: 200
--- away
NOPERM



=== no answer in time, and it never was done
--- fakeredis: EVALSHA 1: stall
--- request eval: $::POST
--- error_code: 200
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent => ^195000$
--- away
no reply in time



=== no answer in time, but it was done: cancelled by its identity
--- fakeredis: EVALSHA 1: swallow
--- request eval: $::POST
--- error_code: 200
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^195000 (0|\(nil\))$
ZCARD {llm:}r => ^0$
--- away
no reply in time



=== the answer comes too late
--- fakeredis: EVALSHA 1: late
--- request eval: $::POST
--- error_code: 200
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^195000 (0|\(nil\))$
ZCARD {llm:}r => ^0$
--- away
no reply in time



=== a hit from the zone, counted by Redis, which could not say so: one request
--- fakeredis: EVALSHA 4: swallow
--- budgets
llm_budget calls limit=9requests period=total;
llm_store_failure local=1usd;
llm_cache on;
llm_cache_scope shared;
llm_cache_lock off;
--- request eval
[$::POST, $::POST, $::POST]
--- error_code eval
[200, 200, 200]
--- raw_response_headers_like eval
[qr/X-Cache: MISS/, qr/X-Cache: HIT/, qr/X-Cache: HIT/]
--- redis_like
HMGET {llm:}b:calls::requests:total:0 spent reserved => ^3 0$
ZCARD {llm:}r => ^0$
--- upstream_count: 1
--- away
no reply in time



=== a hit from Redis, the answer comes too late: one request
--- http_config: llm_zone zone=llm:1m;
--- fakeredis: EVALSHA 4: late
--- budgets
llm_budget calls limit=9requests period=total;
llm_store_failure local=1usd;
llm_cache on;
llm_cache_scope shared;
llm_cache_lock off;
--- upstream eval
{ json => { id => 'x', object => 'chat.completion', model => 'gpt-4o-mini',
            choices => [{ index => 0, finish_reason => 'stop',
                          message => { role => 'assistant',
                                       content => 'x' x 60_000 } }],
            usage => { prompt_tokens => 500, completion_tokens => 200,
                       total_tokens => 700 } } }
--- request eval
[$::POST, $::POST]
--- error_code eval
[200, 200]
--- raw_response_headers_like eval
[qr/X-Cache: MISS/, qr/X-Cache: MISS/]
--- response_body_like eval
[qr/x{30000}/, qr/x{30000}/]
--- redis_like
HMGET {llm:}b:calls::requests:total:0 spent reserved => ^2 0$
ZCARD {llm:}r => ^0$
--- upstream_count: 2
--- away
no reply in time



=== the answer to a settlement is lost: it is settled once
--- fakeredis: EVALSHA 2: skip
--- request eval: $::POST
--- error_code: 200
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^195000 0$
LLEN nothing => ^0$
--- fakeredis_count
EVALSHA: 3
--- away
the reply to something else



=== the settlement itself is lost
--- fakeredis: EVALSHA 2: close
--- request eval: $::POST
--- error_code: 200
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^195000 0$
--- away
connection lost



=== closed, mid-bulk, garbage: each request once
--- fakeredis
EVALSHA 1: close
EVALSHA 4: cut 3
EVALSHA 7: garbage
--- request eval
[$::POST, "GET /pause", $::POST, "GET /pause", $::POST, "GET /pause", $::POST]
--- config
location /pause { return 204; }
--- error_code eval
[200, 204, 200, 204, 200, 204, 200]
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent => ^780000$
--- away
*



=== an answer that is no answer of ours
--- fakeredis
EVALSHA 1: reply :7\r\n
--- request eval: $::POST
--- error_code: 200
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent => ^195000$
--- away
the reply to something else
--- no_error_log: [alert]



=== an array of nothing
--- fakeredis
EVALSHA 1: reply *6\r\n:0\r\n:99\r\n:0\r\n$-1\r\n+x\r\n:-5\r\n
--- request eval: $::POST
--- error_code: 200
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent => ^195000$
--- away
the reply to something else
--- no_error_log: [alert]



=== byte by byte
--- fakeredis: *: bytewise
--- redis: timeout=20s connect_timeout=20s
--- request eval: $::POST
--- error_code: 200
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^195000 0$



=== a Redis that has forgotten the scripts
--- fakeredis
EVALSHA 1: error NOSCRIPT No matching script. Please use EVAL.
EVALSHA 4: error NOSCRIPT No matching script. Please use EVAL.
--- request eval
[$::POST, $::POST]
--- error_code eval
[200, 200]
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^390000 0$
--- fakeredis_count
EVALSHA: 4
EVAL: 3



=== SCRIPT is forbidden
--- redis_cmd
SCRIPT FLUSH
--- fakeredis
SCRIPT: error NOPERM this user has no permissions to run the 'script|load' command
--- request eval
[$::POST, $::POST]
--- error_code eval
[200, 200]
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^390000 0$



=== a script that fails
--- redis_cmd
SET {llm:}b:all::usd:total:0 text
--- request eval: $::POST
--- error_code: 200
--- error_log: WRONGTYPE



=== 300 KB from the cache
--- budgets
llm_budget all limit=1usd period=total;
llm_cache on;
llm_cache_scope shared;
--- upstream eval
{ json => { id => 'x', object => 'chat.completion', model => 'gpt-4o-mini',
            choices => [{ index => 0, finish_reason => 'stop',
                          message => { role => 'assistant',
                                       content => 'x' x 300_000 } }],
            usage => { prompt_tokens => 500, completion_tokens => 200,
                       total_tokens => 700 } } }
--- request eval
[$::POST, $::POST]
--- error_code eval
[200, 200]
--- raw_response_headers_like eval
[qr/X-Cache: MISS/, qr/X-Cache: HIT/]
--- response_body_like eval
[qr/x{30000}/, qr/x{30000}/]
--- upstream_count: 1
--- no_error_log: [error]



=== look-ups that are nearly always hits ask for nothing but the answer
--- http_config: llm_zone zone=llm:1m;
--- budgets
llm_budget all limit=1usd period=total;
llm_cache on;
llm_cache_scope shared;
llm_cache_lock off;
--- upstream eval
{ json => { id => 'x', object => 'chat.completion', model => 'gpt-4o-mini',
            choices => [{ index => 0, finish_reason => 'stop',
                          message => { role => 'assistant',
                                       content => 'x' x 60_000 } }],
            usage => { prompt_tokens => 500, completion_tokens => 200,
                       total_tokens => 700 } } }
--- request eval
[($::POST) x 27, ("POST /v1/chat/completions\n" . $::CHAT =~ s/hi/other/r) x 2]
--- error_code eval
[(200) x 29]
--- raw_response_headers_like eval
[qr/X-Cache: MISS/, (qr/X-Cache: HIT/) x 26, qr/X-Cache: MISS/,
 qr/X-Cache: HIT/]
--- response_body_like eval
[(qr/x{30000}/) x 29]
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^390000 0$
ZCARD {llm:}r => ^0$
HGET {llm:}b:all::usd:total:0 name => ^all$
--- fakeredis_count
MGET: 4
--- upstream_count: 2



=== cached answers on a server of their own
--- http_config
llm_cache_redis 127.0.0.1:$TEST_NGINX_REDIS_PORT db=1 prefix=answers: connections=4;
--- budgets
llm_budget all limit=1usd period=total;
llm_budget calls limit=3requests period=total;
llm_cache on;
llm_cache_scope shared;
--- request eval
["POST /v1/chat/completions\n" . $::CHAT =~ s/hi/first/r,
 $::POST, $::POST, $::POST]
--- error_code eval
[200, 200, 200, 429]
--- raw_response_headers_like eval
[qr/X-Cache: MISS/, qr/X-Cache: MISS/, qr/X-Cache: HIT/, qr/429/]
--- response_body_like eval
[qr/usage/, qr/usage/, qr/usage/, qr/error/]
--- upstream_count: 2
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^390000 0$
HMGET {llm:}b:calls::requests:total:0 spent reserved => ^3 0$
KEYS {llm:}c* => ^$
SELECT 1 => OK
ZCARD {answers:}c => ^2$
SELECT 0 => OK



=== the server of cached answers is away: what the zone has is enough
--- http_config
llm_cache_redis 127.0.0.1:1;
--- budgets
llm_budget all limit=1usd period=total;
llm_store_failure closed;
llm_cache on;
llm_cache_scope shared;
--- request eval
[$::POST, $::POST]
--- error_code eval
[200, 200]
--- raw_response_headers_like eval
[qr/X-Cache: MISS/, qr/X-Cache: HIT/]
--- response_body_like eval
[qr/usage/, qr/usage/]
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^195000 0$
--- away
connect() failed



=== cached answers without a budget
--- budgets
llm_cache on;
llm_cache_scope shared;
--- request eval
["POST /v1/chat/completions\n" . $::CHAT =~ s/hi/first/r,
 $::POST, $::POST]
--- error_code eval
[200, 200, 200]
--- raw_response_headers_like eval
[qr/X-Cache: MISS/, qr/X-Cache: MISS/, qr/X-Cache: HIT/]
--- response_body_like eval
[qr/usage/, qr/usage/, qr/usage/]
--- upstream_count: 2



=== a client that leaves while its reservation is on the way
--- redis_cmd
HSET {llm:}b:all::usd:total:0 spent 0 reserved 0
--- fakeredis: EVALSHA 1: wait left
--- init
main::when_logged(' 499 ', sub { main::release('left') });
--- request eval: $::POST
--- client_leaves: EVALSHA
--- ignore_response
--- redis_like
ZCARD {llm:}r => ^0$
HGET {llm:}b:all::usd:total:0 reserved => ^0$
--- upstream_count: 0
--- no_error_log: [error]



=== a reload while a request waits
--- fakeredis: EVALSHA 1: swallow
--- away: *
--- init
main::when_reserved(sub { kill HUP => main::nginx_pid() })
--- request eval: $::POST
--- error_code: 200
--- redis_like
HMGET {llm:}b:all::usd:total:0 spent reserved => ^195000 0$
--- error_log eval
[qr/reconfiguring/]
--- no_error_log: open socket
--- log_level: notice



=== a worker is killed with a request on its way
--- upstream eval
{ before => [{ wait => 'abort' }], body => 'x' }
--- init
main::when_reserved(sub { kill KILL => main::nginx_workers() })
--- request eval: $::POST
--- ignore_response
--- redis_like
ZCARD {llm:}r => ^0$
HMGET {llm:}b:all::usd:total:0 spent reserved => ^(\(nil\)|0|18\d{4}) 0$
--- error_log: exited on signal 9
--- log_level: notice



=== amounts that nobody can have spent
--- redis_cmd
HSET {llm:}b:all::usd:total:0 spent -9223372036854774784 reserved 9223372036854774784
--- request eval
[$::POST, $::POST]
--- error_code eval
[200, 200]



=== nor reserved
--- redis_cmd
HSET {llm:}b:all::usd:total:0 spent 9223372036854774784 reserved 9223372036854774784
--- request eval: $::POST
--- error_code: 429
