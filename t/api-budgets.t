# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# llm_api: budgets and alerts; and the log lines of alerts.

use lib 't/lib';
use LLMCost;

no_long_string();


sub chat {
    my $more = shift;

    $more = defined $more ? ",$more" : '';

    return "POST /v1/chat/completions\n"
           . '{"model":"gpt-4o-mini","messages":[{"role":"user","content":'
           . "\"hi\"}],\"max_tokens\":1000$more}";
}


add_block_preprocessor(sub {
    my $block = shift;

    my $more = $block->location // '';

    $block->set_value(config => <<"END") if !defined $block->config;
    location /v1/ {
        llm_cost on;
        $more
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
    }
    location /llm/ { llm_api; }
END
});

run_tests();

__DATA__

=== TEST 1: none
--- request eval
['GET /llm/budgets', 'GET /llm/alerts']
--- response_headers eval
[("Content-Type: application/json\nCache-Control: no-store") x 2]
--- response_body eval
["[]\n", "[]\n"]



=== TEST 2: ... where everything else is metered
--- http_config
    llm_cost on;
    llm_budget daily limit=1usd period=day;
--- config
    location /llm/ { llm_api; }
--- request
GET /llm/budgets
--- response_body
[]



=== TEST 3: amounts of all units, exact
--- location
llm_budget daily limit=1usd period=day;
llm_budget volume limit=10000tokens period=month;
llm_budget calls limit=10requests period=hour mode=observe;
llm_budget ever limit=0.5usd period=total;
--- request eval
[main::chat(), 'GET /llm/budgets?name=daily', 'GET /llm/budgets?name=volume',
 'GET /llm/budgets?name=calls', 'GET /llm/budgets?name=ever',
 'GET /llm/budgets?name=nothing', 'GET /llm/budgets?key=a',
 'GET /llm/budgets?key=']
--- response_body_like eval
['',
 '^\[\{"name":"daily","key":"","period":"day",'
 . '"window":"\d{4}-\d\d-\d\dT00:00:00Z","unit":"usd","limit":1,'
 . '"spent":0\.0000045,"reserved":0,"remaining":0\.9999955,'
 . '"resets_at":"\d{4}-\d\d-\d\dT00:00:00Z","mode":"enforce","alerts":\[80,100\]\}\]$',
 '^\[\{"name":"volume".*"window":"\d{4}-\d\d-01T00:00:00Z","unit":"tokens",'
 . '"limit":10000,"spent":15,"reserved":0,"remaining":9985,',
 '"period":"hour","window":"\d{4}-\d\d-\d\dT\d\d:00:00Z","unit":"requests",'
 . '"limit":10,"spent":1,"reserved":0,"remaining":9,.*"mode":"observe"',
 '"period":"total","window":"1970-01-01T00:00:00Z","unit":"usd",'
 . '"limit":0\.5,.*"resets_at":null,',
 '^\[\]$', '^\[\]$', '(?:"name".*){4}']



=== TEST 4: a counter for each key
--- location
llm_budget user key=$http_x_user_id limit=1usd period=day;
--- request eval
[main::chat(), main::chat(), 'GET /llm/budgets?name=user&key=alice',
 'GET /llm/budgets?key=a%22b', 'GET /llm/budgets']
--- more_headers eval
['X-User-ID: alice', 'X-User-ID: a"b', '', '', '']
--- response_body_like eval
['', '', '^\[\{"name":"user","key":"alice",[^{]*\}\]$',
 '^\[\{"name":"user","key":"a\\\\"b",[^{]*\}\]$', '\},\{']



=== TEST 5: no limit is null
--- location
llm_budget user limit=$http_x_limit period=day;
--- request eval
[main::chat(), 'GET /llm/budgets']
--- more_headers eval
['X-Limit: none', '']
--- response_body_like eval
['', '"limit":null,"spent":0\.0000045,"reserved":0,"remaining":null,']



=== TEST 6: 80 percent is a warning, once
--- location
llm_budget daily limit=50usd period=day;
--- request eval
[main::chat(), main::chat(), main::chat(), 'GET /llm/alerts']
--- more_headers eval
['X-Test-Prompt-Tokens: 266666667', 'X-Test-Prompt-Tokens: 660000', '', '']
--- response_body_like eval
['', '', '',
 '^\[\{"time":"[^"]+","level":"warning","budget":"daily","key":"",'
 . '"window":"\d{4}-\d\d-\d\dT00:00:00Z","threshold":80,"spent":40\.\d+,'
 . '"limit":50,"text":"daily budget 80% used \(\$40\.\d\d/\$50\.00\)"\}\]$']


=== TEST 7: and a line in the log
--- location
llm_budget daily limit=50usd period=day;
--- request eval
main::chat()
--- more_headers
X-Test-Prompt-Tokens: 266666667
--- error_log eval
qr/\[warn\] .*llm cost: daily budget 80% used \(\$40\.00\/\$50\.00\)/
--- no_error_log
budget 100%



=== TEST 8: 100 percent is an error, of a key
--- location
llm_budget user key=$http_x_user_id limit=0.01usd period=day;
--- request eval
[main::chat(), 'GET /llm/alerts']
--- more_headers eval
["X-User-ID: eve\"\nX-Test-Prompt-Tokens: 100000", '']
--- response_body_like eval
['', '"level":"error","budget":"user","key":"eve\\\\"",.*"threshold":100,'
 . '"spent":0\.015003,"limit":0\.01,'
 . '"text":"user budget 100% used \(\$0\.015003/\$0\.01\)"\},'
 . '\{.*"threshold":80,']


=== TEST 9: the key's line in the log is one line
--- location
llm_budget user key=$arg_user limit=0.01usd period=day;
--- request eval
my $chat = main::chat();
$chat =~ s/completions/completions?user=e"v%0ae/;
$chat
--- more_headers
X-Test-Prompt-Tokens: 100000
--- error_log
user budget 80% used ($0.015003/$0.01), key "e?v%0ae"
user budget 100% used ($0.015003/$0.01), key "e?v%0ae"



=== TEST 10: the first refusal counts as 100 percent, once
--- location
llm_budget daily limit=0.001usd period=day;
--- request eval
[main::chat(), main::chat(), main::chat(), 'GET /llm/alerts']
--- more_headers eval
['X-Test-Prompt-Tokens: 3333', '', '', '']
--- error_code eval
[200, 429, 429, 200]
--- response_body_like eval
['', 'budget_exceeded', 'budget_exceeded',
 '^\[\{[^{}]*"level":"error"[^{}]*"threshold":100[^{}]*\}\]$']



=== TEST 11: thresholds of one's own
--- location
llm_budget calls limit=4requests period=day alert=25%,50%;
--- request eval
[main::chat(), main::chat(), 'GET /llm/alerts']
--- response_body_like eval
['', '', '"text":"calls budget 50% used \(2/4 requests\)".*'
 . '"text":"calls budget 25% used \(1/4 requests\)"']
