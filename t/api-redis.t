# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# llm_api with Redis as the store: what the whole fleet has done.  The other
# nodes are played by what a block writes into Redis.

use lib 't/lib';
use LLMCost redis => 1, fakeredis => 1;

no_long_string();

our $HOUR = int(time / 3600);     # one for all, should the next one begin
our $DAY = $HOUR - $HOUR % 24;


sub chat {
    my ($text, $model) = @_;

    $model //= 'gpt-4o-mini';

    return "POST /v1/chat/completions\n"
           . "{\"model\":\"$model\",\"messages\":[{\"role\":\"user\","
           . "\"content\":\"$text\"}],\"max_tokens\":1000}";
}


add_block_preprocessor(sub {
    my $block = shift;

    my $more = $block->location // '';
    my $http = $block->http_config // '';

    $block->set_value(http_config => $http =~ /llm_redis/ ? $http
        : "llm_redis unix:\$TEST_NGINX_REDIS_SOCKET timeout=5s;\n$http");

    $block->set_value(config => <<"END") if !defined $block->config;
    location /v1/ {
        llm_cost on;
        llm_cache on;
        $more
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
    }
    location /llm/ { llm_api write=on; }
END
});


# a settlement is on its way when the client has its answer: before a request
# that reads, wait until Redis has all of them

add_response_body_check(sub {
    my ($block, $body, $i) = @_;

    my $settled = $block->settled // return;
    my $hour = int(time / 3600);

    wait_for { my $n = 0;
               $n += redis('HGET', "{llm:}u:$_", 'count') // 0
                   for $hour - 1 .. $hour;
               $n >= $i + 1 } if $i < $settled;
});

run_tests();

__DATA__

=== TEST 1: zeros when empty
--- request eval
['GET /llm/usage/summary', 'GET /llm/budgets', 'GET /llm/alerts',
 'GET /llm/cache/stats', 'GET /llm/health', 'GET /llm/usage/summary?hours=744']
--- response_body_like eval
['^\{"period_hours":24,.*"total_requests":0,"total_input_tokens":0,'
 . '"total_output_tokens":0,"total_cost_usd":0,"by_model":\{\},"by_user":\{\},'
 . '"cache":\{"hits":0,"misses":0,"total":0,"hit_rate":0\.0000,"api_calls":0,'
 . '"saved_cost_usd":0\}\}$',
 '^\[\]$', '^\[\]$', '"cache_size":0,', '^\{"status":"ok","store":"redis"\}$',
 '"period_hours":744,']



=== TEST 2: usage by model, user, tag
--- location
llm_tag team $http_x_team;
--- settled: 4
--- request eval
[main::chat('a'), main::chat('a'), main::chat('b', 'gpt-4o'),
 main::chat('c'), 'GET /llm/usage/summary',
 'GET /llm/usage/summary?by=tag:team', 'GET /llm/usage/summary?by=provider',
 'GET /llm/usage/summary?user=alice', 'GET /llm/usage/summary?user=nobody']
--- more_headers eval
[("Authorization: Bearer 1\nX-User-ID: alice\nX-Team: red") x 2,
 "Authorization: Bearer 1\nX-User-ID: bob \"x\"\nX-Team: blue",
 "Authorization: Bearer 1\nX-User-ID: alice", ('') x 5]
--- response_body_like eval
['', '', '', '', '"total_requests":4,"total_input_tokens":30,'
 . '"total_output_tokens":15,"total_cost_usd":0\.000084,"by_model":'
 . '\{"gpt-4o":\{"input":10,"output":5,"cost":0\.000075,"count":1\},'
 . '"gpt-4o-mini":\{"input":20,"output":10,"cost":0\.000009,"count":3\}\},'
 . '"by_user":\{"bob \\\\"x\\\\"":\{"input":10,"output":5,"cost":0\.000075,'
 . '"count":1\},'
 . '"alice":\{"input":20,"output":10,"cost":0\.000009,"count":3\}\},'
 . '"cache":\{"hits":1,"misses":3,"total":4,"hit_rate":0\.2500,'
 . '"api_calls":3,"saved_cost_usd":0\.0000045\}\}',
 '"by_tag":\{.*"blue":\{"input":10,"output":5,"cost":0\.000075,"count":1\}',
 '"by_provider":\{"openai":\{"input":30,"output":15,"cost":0\.000084,',
 '"total_requests":3,"total_input_tokens":20,"total_output_tokens":10,'
 . '"total_cost_usd":0\.000009,"by_user":\{"alice":\{[^}]*\}\}\}',
 '"total_requests":0,.*"by_user":\{\}\}']



=== TEST 3: what other nodes have written, and what has no row
--- redis_cmd eval
my ($hour, $day) = ($::HOUR, $::DAY);
my $near = $hour == $day ? $hour + 1 : $hour - 1;   # of the same day
[map { [split ' '] }
 "HSET {llm:}u:$hour count 10 input 100 output 50 cost 9007199254740900 hits 4",
 "HSET {llm:}u:$hour:model count:m1 6 input:m1 60 output:m1 30 cost:m1 5",
 "HSET {llm:}u:$near count 1 cost 2",
 "HSET {llm:}u:$day:user count:u1 3 cost:u1 7"]
--- request eval
my $first = $::HOUR == $::DAY ? $::HOUR : $::HOUR - 1;
[sprintf('GET /llm/usage/summary?from=%d&to=%d', $::HOUR * 3600,
         ($::HOUR + 1) * 3600),
 sprintf('GET /llm/usage/summary?from=%d&to=%d', $first * 3600,
         ($first + 2) * 3600)]
--- response_body_like eval
['"total_requests":10,"total_input_tokens":100,"total_output_tokens":50,'
 . '"total_cost_usd":9007199\.2547409,"by_model":\{"other":\{"input":40,'
 . '"output":20,"cost":9007199\.254740895,"count":4\},"m1":\{"input":60,'
 . '"output":30,"cost":0\.000000005,"count":6\}\},"by_user":\{"other":\{"input":100,'
 . '"output":50,"cost":9007199\.254740895,"count":8\},'
 . '"u1":\{"input":0,"output":0,"cost":0\.000000007,"count":3\}\}',
 '"total_requests":11,.*"total_cost_usd":9007199\.254740902,']



=== TEST 4: budgets, narrowed, over more than one page
--- location
llm_budget user key=$arg_u limit=1usd period=day;
llm_budget ever limit=none period=total;
llm_budget volume limit=100000tokens period=month mode=observe;
--- redis_cmd eval
my $day = int(time / 86400) * 86400;
[map { my $key = "{llm:}b:many:k$_:usd:day:$day";
       (['HSET', $key, 'name', 'many', 'key', "k$_", 'unit', 'usd',
         'period', 'day', 'start', $day, 'end', $day + 86400, 'limit', 5,
         'mode', 'enforce', 'spent', 3, 'reserved', 1],
        ['ZADD', '{llm:}b', $day + 86400, $key]) } 1 .. 250]
--- settled: 1
--- request eval
['POST /v1/chat/completions?u=al%22ice
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}',
 'GET /llm/budgets?name=user', 'GET /llm/budgets?name=ever',
 'GET /llm/budgets?name=volume', 'GET /llm/budgets?name=many',
 'GET /llm/budgets?name=many&key=k77', 'GET /llm/budgets?key=none']
--- response_body_like eval
['', '^\[\{"name":"user","key":"al%22ice","period":"day",'
 . '"window":"\d{4}-\d\d-\d\dT00:00:00Z","unit":"usd","limit":1,'
 . '"spent":0\.0000045,"reserved":0,"remaining":0\.9999955,'
 . '"resets_at":"\d{4}-\d\d-\d\dT00:00:00Z","mode":"enforce","alerts":\[80,100\]\}\]$',
 '"period":"total",.*"limit":null,"spent":0\.0000045,"reserved":0,'
 . '"remaining":null,"resets_at":null,',
 '"unit":"tokens","limit":100000,"spent":15,.*"mode":"observe"',
 '^\[(?:\{"name":"many","key":"k\d+",[^{}]*\},?){250}\]$',
 '^\[\{"name":"many","key":"k77","period":"day",[^{}]*"unit":"usd",'
 . '"limit":0\.000000005,"spent":0\.000000003,"reserved":0\.000000001,'
 . '"remaining":0\.000000001,[^{}]*\}\]$', '^\[\]$']



=== TEST 5: alerts
--- location
llm_budget daily limit=50usd period=day;
--- settled: 1
--- request eval
[main::chat('hi'), 'GET /llm/alerts']
--- more_headers eval
['X-Test-Prompt-Tokens: 266666667', '']
--- response_body_like eval
['', '^\[\{"time":"[^"]+","level":"warning","budget":"daily","key":"",'
 . '"window":"\d{4}-\d\d-\d\dT00:00:00Z","threshold":80,"spent":40\.\d+,'
 . '"limit":50,"text":"daily budget 80% used \(\$40\.00/\$50\.00\)"\}\]$']



=== TEST 6: cached answers of all, and the end of them
--- settled: 2
--- request eval
[main::chat('a'), main::chat('b'), 'GET /llm/cache/stats',
 'DELETE /llm/cache', 'GET /llm/cache/stats', main::chat('a')]
--- more_headers eval
[("Authorization: Bearer 1") x 6]
--- response_headers eval
['X-Cache: MISS', 'X-Cache: MISS', ('') x 3, 'X-Cache: MISS']
--- response_body_like eval
['', '', '"cache_size":2,', '^\{"deleted":2\}$', '"cache_size":0,', '']



=== TEST 7: many of them
--- redis_cmd eval
[map { (['SET', "{llm:}c:$_", 'x'],
        ['ZADD', '{llm:}c', time + 100, "{llm:}c:$_"],
        ['HSET', '{llm:}cm', "{llm:}c:$_", '1 1 m1 m']) } 1 .. 1001]
--- request
DELETE /llm/cache
--- response_body
{"deleted":1001}
--- redis_like
KEYS {llm:}c:* => ^$
ZCARD {llm:}c => ^0$
LLEN {llm:}cp => ^1$



=== TEST 8: the store is away
--- http_config
llm_redis 127.0.0.1:$TEST_NGINX_FAKEREDIS_PORT connect_timeout=50ms;
--- fakeredis
connect: refuse
--- request eval
['GET /llm/health', 'GET /llm/usage/summary', 'GET /llm/budgets',
 'GET /llm/alerts', 'DELETE /llm/cache', 'GET /llm/metrics']
--- error_code_like eval
['503|200', '503', '503', '503', '503', '200']
--- response_body_like eval
['redis', ('"message":"the store does not answer","type":"server_error"') x 4,
 'llm_store_up\{store="redis"\} [01]']



=== TEST 9: a reply of another shape
--- http_config
llm_redis 127.0.0.1:$TEST_NGINX_FAKEREDIS_PORT timeout=2s;
--- fakeredis
EVALSHA: reply *2\r\n:-1\r\n$3\r\nfoo\r\n
--- request
GET /llm/budgets
--- error_code: 503
--- response_body_like: "the store does not answer"
--- error_log
Redis sent what is not an answer to llm_api



=== TEST 10: usage of another shape
--- http_config
llm_redis 127.0.0.1:$TEST_NGINX_FAKEREDIS_PORT timeout=2s;
--- fakeredis
EVALSHA: reply *1\r\n$3\r\nfoo\r\n
--- request
GET /llm/usage/summary
--- error_code: 503
--- error_log
Redis sent what is not an answer to llm_api



=== TEST 11: alerts of another shape
--- http_config
llm_redis 127.0.0.1:$TEST_NGINX_FAKEREDIS_PORT timeout=2s;
--- fakeredis
XREVRANGE: reply *1\r\n*2\r\n$1\r\n1\r\n*1\r\n$1\r\nx\r\n
--- request
GET /llm/alerts
--- error_code: 503
--- error_log
Redis sent what is not an answer to llm_api



=== TEST 12: the client leaves while it waits
--- http_config
llm_redis 127.0.0.1:$TEST_NGINX_FAKEREDIS_PORT timeout=2s;
--- fakeredis
EVALSHA: stall
--- request
GET /llm/budgets
--- client_leaves: EVALSHA
--- ignore_response
--- error_log
client prematurely closed connection



=== TEST 13: hits are told in sums, and before anybody asks for them here
--- location
llm_tag team $http_x_team;
--- request eval
[(main::chat('a')) x 7, 'GET /llm/usage/summary',
 'GET /llm/usage/summary?by=tag:team']
--- more_headers eval
[map({ "Authorization: Bearer 1\nX-Team: $_" } qw(red red red blue red blue red)),
 '', '']
--- response_headers eval
["X-Cache: MISS", ("X-Cache: HIT") x 6, '', '']
--- response_body_like eval
[('') x 7, '"total_requests":7,.*"gpt-4o-mini":\{"input":10,[^}]*"count":7\}'
 . '.*"cache":\{"hits":6,"misses":1,"total":7,"hit_rate":0\.8571,'
 . '"api_calls":1,"saved_cost_usd":0\.000027\}\}',
 '"red":\{[^}]*"count":5\}.*"blue":\{[^}]*"count":2\}'
 . '|"blue":\{[^}]*"count":2\}.*"red":\{[^}]*"count":5\}']
