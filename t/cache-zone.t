# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The exact cache in shared memory: which requests are the same, what is kept,
# and what a hit looks like.  A request of the upstream's own answer costs
# 10 * 0.15 + 5 * 0.60 USD per million: 0.0000045 USD.

use lib 't/lib';
use LLMCost;

no_long_string();


# POST of a chat question; further members come from the caller

sub chat {
    my ($text, $more) = @_;

    $more = defined $more ? ",$more" : '';

    return "POST /v1/chat/completions\n"
           . '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"'
           . "$text\"}]$more}";
}

# a metered location with the cache on, unless a block has its own config

add_block_preprocessor(sub {
    my $block = shift;

    my $more = $block->location // '';

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
    location /ro/ { llm_api; }
END

    $block->set_value(more_headers => 'Authorization: Bearer one')
        if !defined $block->more_headers;
});

run_tests();

__DATA__

=== TEST 1: asked again, answered from the cache, at no cost
--- request eval
[main::chat('hi'), main::chat('hi')]
--- response_headers eval
["X-Cache: MISS\nX-Cost-USD: 0.000004500\nX-Model: gpt-4o-mini",
 "X-Cache: HIT\nX-Cost-USD: 0.000000000\nX-Model: gpt-4o-mini\n"
 . "X-Input-Tokens: 10\nX-Output-Tokens: 5\nContent-Type: application/json"]
--- response_body_like eval
['"usage"', '"usage"']
--- upstream_count: 1



=== TEST 2: white space, order and escapes do not matter
--- request eval
[main::chat('A'),
 'POST /v1/chat/completions
{ "messages" : [ { "content" : "\u0041" , "role" : "user" } ] ,
 "model" : "gpt-4o-mini" }']
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- upstream_count: 1



=== TEST 3: what can change the answer does matter
--- request eval
[main::chat('hi'), main::chat('hi '), main::chat('hi', '"temperature":1'),
 main::chat('hi', '"max_tokens":9'), main::chat('hi', '"n":2')]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS",
 "X-Cache: MISS"]
--- upstream_count: 5



=== TEST 4: another credential never gets the entry
--- request eval
[main::chat('hi'), main::chat('hi'), main::chat('hi')]
--- more_headers eval
["Authorization: Bearer one", "Authorization: Bearer two",
 "Authorization: Bearer one"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- upstream_count: 2



=== TEST 5: nor does another user of the same credential
--- request eval
[main::chat('hi'), main::chat('hi'), main::chat('hi')]
--- more_headers eval
["Authorization: Bearer one\nX-User-ID: alice",
 "Authorization: Bearer one\nX-User-ID: bob",
 "Authorization: Bearer one\nX-User-ID: alice"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- upstream_count: 2



=== TEST 6: nobody to pay, nothing cached; what a client calls itself is nobody
--- request eval
[main::chat('hi'), main::chat('hi')]
--- more_headers
X-User-ID: alice
--- response_headers eval
["X-Cache: BYPASS", "X-Cache: BYPASS"]
--- upstream_count: 2



=== TEST 7: the key of a budget is a payer
--- location
llm_budget user key=$http_x_payer limit=1usd period=day;
--- request eval
[main::chat('hi'), main::chat('hi'), main::chat('hi')]
--- more_headers eval
["X-Payer: a", "X-Payer: b", "X-Payer: a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- upstream_count: 2



=== TEST 8: so is a configured llm_user
--- location
llm_user $http_x_team;
--- request eval
[main::chat('hi'), main::chat('hi'), main::chat('hi')]
--- more_headers eval
["X-Team: a", "X-Team: b", "X-Team: a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- upstream_count: 2



=== TEST 9: shared between all, when that is asked for
--- location
llm_cache_scope shared;
--- request eval
[main::chat('hi'), main::chat('hi')]
--- more_headers eval
["Authorization: Bearer one\nX-User-ID: alice", "X-User-ID: bob"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- upstream_count: 1



=== TEST 10: llm_cache_key adds to the key
--- location
llm_cache_key $http_x_region;
--- request eval
[main::chat('hi'), main::chat('hi'), main::chat('hi')]
--- more_headers eval
["Authorization: Bearer one\nX-Region: a",
 "Authorization: Bearer one\nX-Region: b",
 "Authorization: Bearer one\nX-Region: a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- upstream_count: 2



=== TEST 11: two servers have no entry in common
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        server_name other;
        location /v1/ {
            llm_cost on;
            llm_cache on;
            proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
        }
    }
--- config
    location /v1/ {
        llm_cost on;
        llm_cache on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
    location /other/ {
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/;
    }
--- request eval
my $chat = main::chat('hi');
my $other = $chat;
$other =~ s,/v1/,/other/v1/,;
[$chat, $other, $other, $chat]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT"]
--- upstream_count: 2



=== TEST 12: llm_cache_bypass asks upstream and keeps the fresh answer
--- location
llm_cache_bypass $http_x_fresh;
--- upstream eval
[map { { json => { id => $_, model => 'gpt-4o-mini',
                   choices => [{ index => 0, finish_reason => 'stop',
                                 message => { role => 'assistant',
                                              content => $_ } }],
                   usage => { prompt_tokens => 10, completion_tokens => 5,
                              total_tokens => 15 } } } } qw( old new )]
--- request eval
[main::chat('hi'), main::chat('hi'), main::chat('hi')]
--- more_headers eval
["Authorization: Bearer one", "Authorization: Bearer one\nX-Fresh: 1",
 "Authorization: Bearer one"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: BYPASS", "X-Cache: HIT"]
--- response_body_like eval
['old', 'new', 'new']
--- upstream_count: 2



=== TEST 13: llm_no_cache keeps nothing
--- location
llm_no_cache $http_x_private;
--- request eval
[main::chat('hi'), main::chat('hi')]
--- more_headers eval
["Authorization: Bearer one\nX-Private: 1", "Authorization: Bearer one"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS"]
--- upstream_count: 2



=== TEST 14: an answer above llm_cache_max_size is not kept
--- location
llm_cache_max_size 100;
--- request eval
[main::chat('hi'), main::chat('hi')]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS"]
--- upstream_count: 2



=== TEST 15: a time of zero keeps nothing
--- location
llm_cache_ttl 0;
--- request eval
[main::chat('hi'), main::chat('hi')]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS"]
--- upstream_count: 2



=== TEST 16: errors are not kept
--- upstream eval
[{ status => 500, json => { error => { message => 'no' } } },
 { status => 429, json => { error => { message => 'no' } } }]
--- request eval
[main::chat('hi'), main::chat('hi'), main::chat('hi'), main::chat('hi')]
--- error_code eval
[500, 429, 200, 200]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- upstream_count: 3



=== TEST 17: a 200 that is no answer is not kept
--- upstream eval
[{ body => '<html>busy</html>', headers => { 'Content-Type' => 'text/html' } },
 { body => '{"choices":[]', headers => { 'Content-Type' => 'application/json' } }]
--- request eval
[main::chat('hi'), main::chat('hi'), main::chat('hi')]
--- error_code_like eval
['200', '...', '200']
--- response_headers eval
["", "", "X-Cache: MISS"]
--- upstream_count: 3



=== TEST 18: a stream is replayed byte for byte
--- upstream eval
[{ sse => [{ id => 'c', model => 'gpt-4o-mini',
             choices => [{ index => 0, delta => { content => 'one' } }] },
           { id => 'c', model => 'gpt-4o-mini',
             choices => [{ index => 0, delta => {},
                           finish_reason => 'stop' }] },
           { id => 'c', model => 'gpt-4o-mini', choices => [],
             usage => { prompt_tokens => 10, completion_tokens => 5,
                        total_tokens => 15 } }] }]
--- request eval
[(main::chat('hi', '"stream":true,"stream_options":{"include_usage":true}')) x 2]
--- response_headers eval
["X-Cache: MISS\nContent-Type: text/event-stream",
 "X-Cache: HIT\nContent-Type: text/event-stream\nX-Cost-USD: 0.000000000"]
--- response_body_like eval
[('^data: .*"one".*\n\ndata: .*"stop".*\n\ndata: .*"usage".*\n\n'
  . 'data: \[DONE\]\n\n$') x 2]
--- upstream_count: 1



=== TEST 19: of one entry, a stream and a whole answer
--- request eval
[main::chat('hi'), main::chat('hi', '"stream":true'),
 main::chat('ho', '"stream":true'), main::chat('ho')]
--- response_headers eval
["X-Cache: MISS\nContent-Type: application/json",
 "X-Cache: HIT\nContent-Type: text/event-stream; charset=utf-8\n"
 . "X-Model: gpt-4o-mini\nX-Input-Tokens: 10\nX-Output-Tokens: 5",
 "X-Cache: MISS\nContent-Type: text/event-stream",
 "X-Cache: HIT\nContent-Type: application/json\n"
 . "X-Model: gpt-4o-mini\nX-Input-Tokens: 10\nX-Output-Tokens: 5"]
--- response_body_like eval
['"message"', '^(data: \{.*"delta".*\}\n\n)+data: \[DONE\]\n\n$', 'DONE',
 '^\{.*"message":\{"role":"assistant","content":"(tok )+.*"usage":\{.*\}$']
--- upstream_count: 2



=== TEST 20: usage that was hidden stays hidden, who asks for it gets it
--- request eval
[main::chat('hi', '"stream":true'),
 main::chat('hi', '"stream":true,"stream_options":{"include_usage":true}'),
 main::chat('hi', '"stream":true'),
 main::chat('hi', '"stream":true,"stream_options":{"include_usage":true}')]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body_like eval
[('^(?!.*"prompt_tokens").*DONE', '"prompt_tokens"') x 2]
--- upstream_count: 1



=== TEST 21: a stream without its end is not kept
--- upstream eval
[{ sse => [{ id => 'c', model => 'gpt-4o-mini',
             choices => [{ index => 0, delta => { content => 'one' } }] }],
   done => 0 }]
--- request eval
[main::chat('hi', '"stream":true'), main::chat('hi', '"stream":true')]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS"]
--- upstream_count: 2



=== TEST 22: embeddings are cached too
--- request eval
[('POST /v1/embeddings
{"model":"text-embedding-3-small","input":"hi"}') x 2]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- upstream_count: 1



=== TEST 23: a stateful request is never cached
--- request eval
[(main::chat('hi', '"store":true')) x 2]
--- response_headers eval
["X-Cache: BYPASS", "X-Cache: BYPASS"]
--- upstream_count: 2



=== TEST 24: a hit is served on an exhausted budget
--- location
llm_budget daily limit=0.0001usd period=day;
llm_reserve_output 100;
--- request eval
[main::chat('hi'), main::chat('again', '"max_tokens":150'), main::chat('hi')]
--- more_headers eval
["Authorization: Bearer one",
 "Authorization: Bearer one\nX-Test-Completion-Tokens: 150",
 "Authorization: Bearer one"]
--- error_code eval
[200, 200, 200]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- upstream_count: 2



=== TEST 25: a hit is one request of a requests budget, and refused like one
--- location
llm_budget calls limit=2requests period=day;
--- request eval
[main::chat('hi'), main::chat('hi'), main::chat('hi')]
--- error_code eval
[200, 200, 429]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", ""]
--- upstream_count: 1



=== TEST 26: three repeats in six questions are three hits
--- request eval
[main::chat('a'), main::chat('b'), main::chat('a'), main::chat('c'),
 main::chat('b'), main::chat('a'), 'GET /llm/usage/summary',
 'GET /llm/cache/stats']
--- response_body_like eval
[('"usage"') x 6,
 '"total_requests":6,"total_input_tokens":30,"total_output_tokens":15,'
 . '"total_cost_usd":0\.0000135,.*"cache":\{"hits":3,"misses":3,"total":6,'
 . '"hit_rate":0\.5000,"api_calls":3,"saved_cost_usd":0\.0000135\}\}',
 '\{"hits":3,"misses":3,"total":6,"hit_rate":0\.5000,"cache_size":3,'
 . '"cache_bytes":(\d+),"saved_cost_usd":0\.0000135,"room":\d+,"purged":0,'
 . '"levels":(\{"zone":\{"entries":3,"bytes":\1,"hits":3,"evictions":0\}\}),'
 . '"by_model":\{"gpt-4o-mini":\2\}\}$']
--- upstream_count: 3



=== TEST 27: DELETE cache forgets all, and needs write=on
--- request eval
[main::chat('a'), main::chat('b'), 'DELETE /ro/cache', main::chat('a'),
 'DELETE /llm/cache', main::chat('a'), 'GET /llm/cache/stats']
--- error_code eval
[200, 200, 403, 200, 200, 200, 200]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "", "X-Cache: HIT", "", "X-Cache: MISS",
 ""]
--- response_body_like eval
['', '', 'write=on', '', '^\{"deleted":2\}$', '', '"cache_size":1,']
--- upstream_count: 3



=== TEST 28: the smallest zone works, and forgets the oldest
--- http_config
llm_zone zone=small:1m;
--- upstream eval
[map { { json => { id => $_, model => 'gpt-4o-mini',
                   choices => [{ index => 0, finish_reason => 'stop',
                                 message => { role => 'assistant',
                                              content => 'y' x 30000 } }],
                   usage => { prompt_tokens => 10, completion_tokens => 5,
                              total_tokens => 15 } } } } 1 .. 21]
--- request eval
[map { main::chat("question $_") } 1 .. 20, 20, 1]
--- response_headers eval
[('X-Cache: MISS') x 20, 'X-Cache: HIT', 'X-Cache: MISS']
--- upstream_count: 21



=== TEST 29: a zone that is too small is refused
--- http_config
llm_zone zone=small:512k;
--- must_die
--- error_log
1m
--- no_error_log
[alert]



=== TEST 30: a client that wants a fresh answer gets one, and it is kept
--- request eval
[main::chat('hi'), main::chat('hi'), main::chat('hi'), main::chat('hi')]
--- more_headers eval
["Authorization: Bearer one",
 "Authorization: Bearer one\nCache-Control: foo, no-cache",
 "Authorization: Bearer one\nCache-Control: max-age=0",
 "Authorization: Bearer one\nCache-Control: max-age=x, no-cachet"]
--- response_headers eval
["X-Cache: MISS\n! Age\n! X-Cache-Key", "X-Cache: BYPASS\n! Age",
 "X-Cache: BYPASS", "X-Cache: HIT"]
--- response_headers_like eval
['', '', '', "Age: [0-2]\nX-Cache-Key: [0-9a-f]{64}"]
--- upstream_count: 3



=== TEST 31: no-store: neither looked for nor kept
--- request eval
[main::chat('hi'), main::chat('hi'), main::chat('hi')]
--- more_headers eval
["Authorization: Bearer one\nCache-Control: no-store",
 "Authorization: Bearer one", "Authorization: Bearer one\nCache-Control: no-store"]
--- response_headers eval
["X-Cache: BYPASS", "X-Cache: MISS", "X-Cache: BYPASS"]
--- upstream_count: 3



=== TEST 32: an answer that has no other form is fetched in it, and kept
--- location
llm_budget calls limit=9requests period=day;
--- upstream eval
[{ json => { id => 'c', model => 'gpt-4o-mini',
             choices => [{ index => 0, finish_reason => 'stop',
                           message => { role => 'assistant',
                                        content => [{ text => 'x' }] } }],
             usage => { prompt_tokens => 10, completion_tokens => 5,
                        total_tokens => 15 } } },
 { sse => [{ id => 'c', model => 'gpt-4o-mini',
             choices => [{ index => 0, delta => { content => 'one' },
                           finish_reason => 'stop' }],
             usage => { prompt_tokens => 10, completion_tokens => 5,
                        total_tokens => 15 } }] }]
--- request eval
[main::chat('hi'), main::chat('hi', '"stream":true'),
 main::chat('hi', '"stream":true'), main::chat('hi'),
 'GET /llm/usage/summary', 'GET /llm/budgets']
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS\nContent-Type: text/event-stream",
 "X-Cache: HIT", "X-Cache: HIT\nContent-Type: application/json", "", ""]
--- response_body_like eval
['"text"', '"one"', '"one"', '"content":"one"',
 '"total_requests":4,.*"cache":\{"hits":2,"misses":2,', '"spent":4,']
--- upstream_count: 2



=== TEST 33: DELETE cache of a model, a payer, a key
--- request eval
[main::chat('a'), main::chat('b'), main::chat('a') =~ s/-mini//r,
 'DELETE /llm/cache?model=gpt-4o', 'DELETE /llm/cache?model=gpt-4o',
 'DELETE /llm/cache?payer=bob&model=gpt-4o-mini',
 'DELETE /llm/cache?payer=nobody', main::chat('a'), main::chat('b'),
 'DELETE /llm/cache?older_than=1h', 'DELETE /llm/cache?older_than=0']
--- more_headers eval
["Authorization: Bearer one\nX-User-ID: alice",
 "Authorization: Bearer one\nX-User-ID: bob",
 ("Authorization: Bearer one\nX-User-ID: alice") x 6,
 "Authorization: Bearer one\nX-User-ID: bob", ('') x 2]
--- response_headers eval
[('X-Cache: MISS') x 3, ('') x 4, 'X-Cache: HIT', 'X-Cache: MISS', ('') x 2]
--- response_body_like eval
[('usage') x 3, '^\{"deleted":1\}$', '^\{"deleted":0\}$',
 '^\{"deleted":1\}$', '^\{"deleted":0\}$', ('usage') x 2,
 '^\{"deleted":0\}$', '^\{"deleted":2\}$']
--- upstream_count: 4



=== TEST 34: a key that nobody has, and a slip of the pen
--- request eval
[main::chat('a'), map { "DELETE /llm/cache?$_" }
 'key=' . 'ab' x 32, 'key=abc', 'key=' . 'xy' x 32, 'key=', 'modle=x',
 'older_than=soon', 'model=x&all', 'model=&key=']
--- error_code eval
[200, 404, 400, 400, 400, 400, 400, 400, 400]
--- response_body_like eval
['usage', 'no answer is kept under this key', ('64 hexadecimal') x 2,
 ('narrowed by model=') x 2, 'older_than must be',
 ('narrowed by model=') x 2]



=== TEST 35: no older than the client wants it
--- request eval
[(main::chat('hi')) x 6]
--- more_headers eval
[map { "Authorization: Bearer one\nCache-Control: $_" }
 'private', 'max-age=3600', 'Max-Age="60"', 'max-stale=1, max-age=060',
 'max-age=00', 'max-age=99999999999999999999']
--- response_headers eval
["X-Cache: MISS", ("X-Cache: HIT") x 3, "X-Cache: BYPASS", "X-Cache: HIT"]
--- upstream_count: 2



=== TEST 36: what is cached, or nothing
--- location
llm_budget daily limit=1usd period=day;
--- request eval
[main::chat('hi'), main::chat('hi'), main::chat('hi'), main::chat('hi'),
 'GET /llm/budgets']
--- more_headers eval
["Authorization: Bearer one\nCache-Control: only-if-cached",
 "Authorization: Bearer one",
 "Authorization: Bearer one\nCache-Control: only-if-cached",
 "Authorization: Bearer one\nCache-Control: only-if-cached, no-store", ""]
--- error_code eval
[504, 200, 200, 504, 200]
--- response_headers eval
["X-Cache: MISS\nx-should-retry: false", "X-Cache: MISS", "X-Cache: HIT",
 "X-Cache: BYPASS", ""]
--- response_body_like eval
['^\{"error":\{"message":"There is no cached answer.*"type":"api_error".*"code":"not_cached"\}\}',
 'usage', 'usage', 'not_cached', '"spent":0.0000045,"reserved":0,']
--- upstream_count: 1



=== TEST 37: what a hit would have taken is counted for who asks
--- location
add_header X-Counted $llm_counted_tokens;
add_header X-Asked $llm_request_digest;
--- request eval
[main::chat('hi'), main::chat('hi')]
--- response_headers eval
["X-Cache: MISS\nX-Input-Tokens: 10\nX-Counted: 8",
 "X-Cache: HIT\nX-Input-Tokens: 10\nX-Counted: 8"]
--- raw_response_headers_like eval
['X-Asked: [0-9a-f]{32}\r\n', 'X-Asked: [0-9a-f]{32}\r\n']



=== TEST 38: the same words to another model, and of another client
--- config
location /v1beta/ {
    llm_cost on;
    llm_cache on;
    llm_provider gemini;
    proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
}
--- upstream eval
{ json => { candidates => [{ index => 0, finishReason => 'STOP',
                             content => { parts => [{ text => 'A' }] } }],
            usageMetadata => { promptTokenCount => 3, candidatesTokenCount => 1,
                               totalTokenCount => 4 } } }
--- request eval
[map { "POST /v1beta/models/gemini-2.5-$_:generateContent\n"
       . '{"contents":[{"parts":[{"text":"hi"}]}]}' }
 qw(flash pro flash pro flash)]
--- more_headers eval
[(map { "x-goog-api-key: $_" } qw(one one one one two))]
--- response_headers eval
["X-Cache: MISS\nX-Model: gemini-2.5-flash",
 "X-Cache: MISS\nX-Model: gemini-2.5-pro",
 "X-Cache: HIT\nX-Model: gemini-2.5-flash",
 "X-Cache: HIT\nX-Model: gemini-2.5-pro", "X-Cache: MISS"]
--- upstream_count: 3



=== TEST 39: nor is usage of an answer of one form for who did not ask
--- request eval
[map { main::chat('hi', '"modalities":["text","audio"],"audio":{"voice":"ash",'
                        . '"format":"pcm16"},"stream":true' . $_) }
 '', '', (',"stream_options":{"include_usage":true}') x 2]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nX-Output-Tokens: 5", "X-Cache: MISS",
 "X-Cache: HIT"]
--- response_body_like eval
[('^(?!.*"prompt_tokens").*DONE') x 2, ('"prompt_tokens"') x 2]
--- upstream_count: 2
