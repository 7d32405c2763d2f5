# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# llm_api: usage/summary, models, health, and how it may be asked.

use lib 't/lib';
use LLMCost;

no_long_string();


sub chat {
    my ($model, $more) = @_;

    $more = defined $more ? ",$more" : '';

    return "POST /v1/chat/completions\n"
           . "{\"model\":\"$model\",\"messages\":[{\"role\":\"user\","
           . "\"content\":\"hi\"}]$more}";
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

=== TEST 1: zeros when empty
--- request
GET /llm/usage/summary
--- response_headers
Content-Type: application/json
Cache-Control: no-store
--- response_body_like eval
qr/^\{"period_hours":24,"from":"[^"]+","to":"[^"]+","total_requests":0,
"total_input_tokens":0,"total_output_tokens":0,"total_cost_usd":0,
"by_model":\{\},"by_user":\{\},"cache":\{"hits":0,"misses":0,"total":0,
"hit_rate":0\.0000,"api_calls":0,"saved_cost_usd":0\}\}$/x



=== TEST 2: by model and user
--- request eval
[main::chat('gpt-4o-mini'), main::chat('gpt-4o-mini'), main::chat('gpt-4o'),
 'GET /llm/usage/summary?hours=2']
--- more_headers eval
['X-User-ID: alice', 'X-User-ID: bob', 'X-User-ID: alice', '']
--- response_body_like eval
['', '', '', '"period_hours":2,.*"total_requests":3,"total_input_tokens":30,'
 . '"total_output_tokens":15,"total_cost_usd":0\.000084,"by_model":'
 . '\{"gpt-4o":\{"input":10,"output":5,"cost":0\.000075,"count":1\},'
 . '"gpt-4o-mini":\{"input":20,"output":10,"cost":0\.000009,"count":2\}\},'
 . '"by_user":\{"alice":\{"input":20,"output":10,"cost":0\.0000795,"count":2\},'
 . '"bob":\{"input":10,"output":5,"cost":0\.0000045,"count":1\}\},'
 . '"cache":\{"hits":0,"misses":0,"total":0,"hit_rate":0\.0000,'
 . '"api_calls":3,"saved_cost_usd":0\}\}']



=== TEST 3: by tag, endpoint and provider
--- location
llm_tag team $http_x_team;
--- request eval
[main::chat('gpt-4o-mini'), main::chat('gpt-4o-mini'),
 'GET /llm/usage/summary?by=tag:team', 'GET /llm/usage/summary?by=tag%3Ateam',
 'GET /llm/usage/summary?by=endpoint', 'GET /llm/usage/summary?by=provider',
 'GET /llm/usage/summary?by=tag:none', 'GET /llm/usage/summary?by=shoe']
--- more_headers eval
['X-Team: red', 'X-Team: blue "x"', ('') x 6]
--- error_code eval
[(200) x 7, 400]
--- response_body_like eval
['', '',
 '"by_tag":\{.*"red":\{"input":10,"output":5,"cost":0\.0000045,"count":1\}',
 '"by_tag":\{.*"blue \\\\"x\\\\"":\{"input":10,',
 '"by_endpoint":\{"/v1/chat/completions":\{"input":20,"output":10,',
 '"by_provider":\{"openai":\{"input":20,"output":10,',
 '"by_tag":\{"other":\{"input":20,', '"message":"by must be']



=== TEST 4: of one user
--- request eval
[main::chat('gpt-4o-mini'), main::chat('gpt-4o'),
 'GET /llm/usage/summary?user=al%20ice', 'GET /llm/usage/summary?user=nobody']
--- more_headers eval
['X-User-ID: al ice', 'X-User-ID: bob', '', '']
--- response_body_like eval
['', '', '"total_requests":1,"total_input_tokens":10,"total_output_tokens":5,'
 . '"total_cost_usd":0\.0000045,"by_user":\{"al ice":\{"input":10,"output":5,'
 . '"cost":0\.0000045,"count":1\}\}\}',
 '"total_requests":0,.*"by_user":\{\}\}']



=== TEST 5: names that JSON has to escape
--- request eval
[main::chat('gpt-4o-mini'), 'GET /llm/usage/summary']
--- more_headers eval
["X-User-ID: a\"b\\c\xff", '']
--- response_body_like eval
['', qr/"by_user":\{"a\\"b\\\\c\?~[0-9a-f]{32}":\{"input":10/]



=== TEST 6: hours out of range
--- request eval
[map { "GET /llm/usage/summary?hours=$_" }
     '0', '-1', 'abc', '1e9', '745', '', '99999999999999999999', '1', '744']
--- error_code eval
[(400) x 7, 200, 200]
--- response_body_like eval
[('"message":"hours must be a whole number from 1 to 744".*"param":"hours"') x 7,
 '"period_hours":1,', '"period_hours":744,']



=== TEST 7: from and to
--- request eval
[map { "GET /llm/usage/summary?$_" }
     'from=2026-01-01T00:30:00Z&to=2026-01-01T02:30:00Z',
     'from=1767227400&to=1767234600', 'from=2026-02-01T00:00:00Z',
     'from=yesterday', 'from=2026-13-01T00:00:00Z',
     'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
     'to=2024-02-29T12:00:00Z&hours=12']
--- error_code eval
[200, 200, 400, 400, 400, 400, 200]
--- response_body_like eval
[('"period_hours":3,"from":"2026-01-01T00:00:00Z",'
  . '"to":"2026-01-01T03:00:00Z",') x 2,
 '744 hours', 'seconds since 1970', 'seconds since 1970', 'before to',
 '"from":"2024-02-29T00:00:00Z","to":"2024-02-29T12:00:00Z"']



=== TEST 8: methods and paths
--- request eval
['POST /llm/usage/summary', 'DELETE /llm/usage/summary', 'GET /llm/cache',
 'GET /llm/nothing', 'GET /llm/', 'GET /llm/xhealth', 'GET /llm/health']
--- error_code eval
[405, 405, 405, 404, 404, 404, 200]
--- response_body_like eval
[('') x 6, '^\{"status":"ok","store":"zone"\}$']



=== TEST 9: HEAD has the length and no body
--- request
HEAD /llm/health
--- response_headers
Content-Length: 31
--- response_body:



=== TEST 10: models that were seen, and what is known of them
--- http_config
llm_price my-model base=gpt-4o-mini input=3.00;
--- request eval
[main::chat('gpt-4o-mini-2024-07-18'), main::chat('my-model'),
 main::chat('strange'), 'GET /llm/models']
--- response_body_like eval
['', '', '',
 '^\[\{"model":"my-model","requests":1,"vocabulary":"o200k_base",'
 . '"estimate":false(?:,"learned":\[[^]]+\])?,"price_row":"my-model","input":3,"output":0\.6,'
 . '"source":null,"date":null,"match":"name"\},'
 . '\{"model":"gpt-4o-mini-2024-07-18","requests":1,'
 . '"vocabulary":"o200k_base","estimate":false(?:,"learned":\[[^]]+\])?,"price_row":"gpt-4o-mini.*",'
 . '"input":0\.15,"output":0\.6,"source":"litellm [0-9.]+",'
 . '"date":"\d{4}-\d\d-\d\d","match":"\w+"\},'
 . '\{"model":"strange","requests":1,"vocabulary":"\w+","estimate":true,'
 . '(?:"learned":\[[^]]+\],)?"price_row":null\}\]$']



=== TEST 11: a hit counts, a refusal does not
--- location
llm_budget tiny limit=0.00001usd period=day;
llm_reserve_output 10;
--- request eval
[main::chat('gpt-4o-mini'), main::chat('gpt-4o-mini', '"max_tokens":10'),
 'GET /llm/usage/summary']
--- more_headers eval
['X-Test-Completion-Tokens: 10', '', '']
--- error_code eval
[200, 429, 200]
--- response_body_like eval
['', 'budget_exceeded', '"total_requests":1,']



=== TEST 12: a bad parameter of llm_api
--- config
location /llm/ { llm_api write=maybe; }
--- request
GET /
--- must_die
--- error_log
"write=on" or "write=off"
--- no_error_log
[alert]



=== TEST 13: vocabularies that are there need no line
--- request eval
[(map { main::chat($_) } qw( llama-3.3-70b-versatile qwen3-32b deepseek-v3
                             claude-2.1 open-mistral-7b claude-sonnet-4-5 )),
 'GET /llm/models']
--- response_body_like eval
[('') x 6, '^' . CORE::join('', map { my ($model, $vocabulary) = split;
    '(?=.*"model":"' . $model . '","requests":1,"vocabulary":"' . $vocabulary
    . '","estimate":' . ($model =~ /sonnet/ ? 'true' : 'false') . '\b)' }
    'llama-3.3-70b-versatile llama3', 'qwen3-32b qwen3',
    'deepseek-v3 deepseek_v3', 'claude-2.1 claude',
    'open-mistral-7b mistral', 'claude-sonnet-4-5 o200k_base')]
