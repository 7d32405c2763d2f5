# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# A client that invents a user with every request fills the zone.  Those who
# are in it go on, new ones are refused, and the log says so, once.

use lib 't/lib';
use LLMCost;

no_long_string();

our $CHAT = '{"model":"gpt-4o-mini",'
            . '"messages":[{"role":"user","content":"hi"}]}';

# sixteen counters a request fill the smallest zone soon

our $BUDGETS = CORE::join("\n",
    map "llm_budget b$_ key=\$http_x_user limit=1usd period=day;", 1 .. 16);

run_tests();

__DATA__

=== TEST 1: new payers are refused, the first one is served
--- http_config
    llm_zone zone=llm:1m;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
--- config eval
"location /v1/ {
    llm_cost on;
    $::BUDGETS
    proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
}
location /llm/ { llm_api; }"
--- more_headers eval
[(map "X-User: $_", 1 .. 300), "X-User: 1"]
--- request eval
[("POST /v1/chat/completions\n$::CHAT") x 301]
--- error_code_like eval
["200", ("200|503") x 298, "503", "200"]
--- response_body_like eval
["usage", ("usage|budget_store_unavailable") x 298,
 "There is no room to account for another payer now", "usage"]



=== TEST 2: budgets that only observe refuse nobody
--- http_config
    llm_zone zone=llm:1m;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
--- config eval
my $budgets = $::BUDGETS;
$budgets =~ s/;/ mode=observe;/g;
"location /v1/ {
    llm_cost on;
    $budgets
    proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
}"
--- more_headers eval
[map "X-User: $_", 1 .. 300]
--- request eval
[("POST /v1/chat/completions\n$::CHAT") x 300]
--- error_code eval
[(200) x 300]
