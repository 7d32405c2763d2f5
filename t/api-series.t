# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# llm_api: usage/series, on both stores.

use lib 't/lib';
use LLMCost redis => 1;

no_long_string();

our $NOW = int(time / 3600);
our $DAY = $NOW - $NOW % 24;


sub chat {
    my $model = shift;

    return "POST /v1/chat/completions\n"
           . "{\"model\":\"$model\",\"messages\":[{\"role\":\"user\","
           . "\"content\":\"hi\"}]}";
}


add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(http_config =>
                      'llm_redis unix:$TEST_NGINX_REDIS_SOCKET timeout=5s;')
        if defined $block->redis_cmd;

    $block->set_value(config => <<"END");
    location /v1/ {
        llm_cost on;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
    }
    location /llm/ { llm_api; }
END
});

run_tests();

__DATA__

=== TEST 1: zeros when empty, an hour a step
--- request
GET /llm/usage/series?from=2026-11-20T00:00:00Z&to=2026-11-20T02:00:00Z
--- response_body
{"from":"2026-11-20T00:00:00Z","to":"2026-11-20T02:00:00Z","step_hours":1,"points":[{"from":"2026-11-20T00:00:00Z","requests":0,"input":0,"output":0,"cost_usd":0,"hits":0,"misses":0,"saved_cost_usd":0},
{"from":"2026-11-20T01:00:00Z","requests":0,"input":0,"output":0,"cost_usd":0,"hits":0,"misses":0,"saved_cost_usd":0}]}



=== TEST 2: the running hour, by model
--- request eval
[main::chat('gpt-4o-mini'), main::chat('gpt-4o'),
 'GET /llm/usage/series?hours=3&by=model']
--- response_body_like eval
['', '', '"step_hours":1,"points":\[.*"requests":0,.*"by":\{\}\},\n'
 . '.*"requests":0,.*"by":\{\}\},\n.*"requests":2,"input":20,"output":10,'
 . '"cost_usd":0\.0000795,.*"by":\{"gpt-4o":\{"input":10,"output":5,'
 . '"cost":0\.000075,"count":1\},"gpt-4o-mini":\{"input":10,"output":5,'
 . '"cost":0\.0000045,"count":1\}\}\}\]\}']



=== TEST 3: the last step may be short
--- request
GET /llm/usage/series?from=2026-11-20T00:00:00Z&to=2026-11-20T05:00:00Z&step=4h
--- response_body_like eval
qr/"to":"2026-11-20T05:00:00Z","step_hours":4,"points":\[\{"from":"2026-11-20T00:00:00Z"[^}]*\},
\{"from":"2026-11-20T04:00:00Z"[^}]*\}\]\}$/



=== TEST 4: by user, whole days
--- request eval
[main::chat('gpt-4o-mini'), 'GET /llm/usage/series?hours=30&by=user']
--- more_headers
X-User-ID: ann
--- response_body_like eval
['', '"from":"[-0-9]+T00:00:00Z".*"step_hours":24.*"by":\{"ann":\{"input":10,']



=== TEST 5: no more than 20 names, the others together
--- request eval
[map({ main::chat('gpt-4o-mini') } 1 .. 23),
 'GET /llm/usage/series?hours=1&step=1d&by=user']
--- more_headers eval
[map({ "X-User-ID: u$_" } 1 .. 23), '']
--- response_body_like eval
[map({ '' } 1 .. 23),
 '"by":\{("u\d+":\{"input":10,"output":5,"cost":0\.0000045,"count":1\},){20}'
 . '"other":\{"input":30,"output":15,"cost":0\.0000135,"count":3\}\}\}']



=== TEST 6: from Redis, what other nodes have written
--- redis_cmd eval
CORE::join "\n", map {
    my ($hour, $n) = @$_;
    ("hmset {llm:}u:$hour count $n input 10 output 5 cost 1000",
     "hmset {llm:}u:$hour:model count:m $n input:m 10 output:m 5 cost:m 1000")
} [$::NOW - 2, 2], [$::NOW, 7]
--- request eval
sprintf('GET /llm/usage/series?from=%d&to=%d&by=model', ($::NOW - 2) * 3600,
        ($::NOW + 1) * 3600)
--- response_body_like eval
qr/"points":\[\{[^}]*"requests":2,"input":10,"output":5,"cost_usd":0\.000001,
[^}]*"by":\{"m":\{"input":10,"output":5,"cost":0\.000001,"count":2\}\}\},
\n\{[^}]*"requests":0[^}]*"by":\{\}\},
\n\{[^}]*"requests":7.*"by":\{"m":\{"input":10,"output":5,"cost":0\.000001,
"count":7\}\}\}\]\}/x



=== TEST 7: from Redis, by user
--- redis_cmd eval
("hmset {llm:}u:$::DAY count 3 input 10 output 5 cost 1000\n"
 . "hmset {llm:}u:$::DAY:user count:ann 3 input:ann 10 output:ann 5 cost:ann 1000")
--- request eval
sprintf('GET /llm/usage/series?from=%d&to=%d&by=user&step=1d', $::DAY * 3600,
        ($::DAY + 24) * 3600)
--- response_body_like eval
qr/"requests":3,.*"by":\{"ann":\{"input":10,"output":5,"cost":0\.000001,"count":3\}\}/



=== TEST 8: what makes no sense
--- request eval
['GET /llm/usage/series?step=0h', 'GET /llm/usage/series?step=1',
 'GET /llm/usage/series?step=abc', 'GET /llm/usage/series?step=1e9h',
 'GET /llm/usage/series?by=user&step=3h', 'GET /llm/usage/series?by=color',
 'GET /llm/usage/series?hours=100&by=model&step=1h',
 'GET /llm/usage/series?user=ann',
 map { "GET /llm/usage/series?hours=$_" } 0, -1, 'abc', '1e9', 745]
--- error_code eval
[(400) x 13]
--- response_body_like eval
[('step must be a number of hours or days') x 4,
 'step must be a number of days', 'by must be', 'step is too short',
 'knows no user=',
 ('hours must be a whole number from 1 to 744') x 5]
