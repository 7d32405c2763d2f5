# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# llm_api: Prometheus metrics, read by promtool where Debian's prometheus is
# installed.

use lib 't/lib';
use LLMCost;

no_long_string();


sub chat {
    my $model = shift;

    return "POST /v1/chat/completions\n"
           . "{\"model\":\"$model\",\"messages\":[{\"role\":\"user\","
           . '"content":"hi"}],"max_tokens":1000}';
}


# promtool's opinion of a page: empty when it has none

sub promtool {
    my $page = shift;

    require File::Temp;
    my $file = File::Temp->new;
    print $file $page;
    close $file;

    my $opinion = `promtool check metrics < $file 2>&1`;
    return $? == 0 ? '' : "promtool: $opinion";
}

my $promtool = grep { -x "$_/promtool" } split /:/, $ENV{PATH};


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
    location /llm/ { llm_api; }
END
});


# lines of a page, each of them somewhere in it

sub lines {
    my $block = shift;

    return [map { (my $line = $_) =~ s/^\s+//; $line }
                split /\n/, $block->page // ''];
}

add_response_body_check(sub {
    my ($block, $body, $i) = @_;

    return if $body !~ /^# HELP/;

    SKIP: {
        Test::More::skip('promtool is not installed', 1) if !$promtool;
        Test::More::is(promtool($body), '', $block->name . ' - promtool');
    }

    my %seen;
    my @twice = grep { $seen{$_}++ } $body =~ /^([^#]\S*(?:\{.*\})?) \S+$/mg;
    Test::More::is("@twice", '', $block->name . ' - no series twice');

    # page: lines that are in the page; "!" before those that are not, and
    # "..." for a number that is not known

    for my $line (@{lines($block)}) {
        my $not = $line =~ s/^! //;
        my $like = CORE::join '\\S+', map quotemeta, split /\.\.\./, $line, -1;
        my $found = $body =~ /^$like$/m || 0;

        Test::More::is($found, $not ? 0 : 1, $block->name . " - $line");
    }
});

run_tests();

__DATA__

=== TEST 1: an empty page is a page
--- request
GET /llm/metrics
--- response_headers
Content-Type: text/plain; version=0.0.4; charset=utf-8
Cache-Control: no-store
--- response_body_like eval
qr/^llm_cache_hits_total 0\n.*^llm_store_up\{store="zone"\} 1\n/ms



=== TEST 2: requests, tokens, cost, cache, budgets
--- location
llm_budget daily limit=1usd period=day;
llm_budget user key=$http_x_user_id limit=2usd period=day;
llm_budget calls limit=100requests period=total;
--- request eval
[main::chat('gpt-4o-mini'), main::chat('gpt-4o-mini'), main::chat('gpt-4o'),
 'GET /llm/metrics']
--- more_headers eval
["Authorization: Bearer 1\nX-User-ID: a", "Authorization: Bearer 1\nX-User-ID: a",
 "Authorization: Bearer 1\nX-User-ID: b", '']
--- response_body_like eval
['', '', '', CORE::join '.*', '(?m)', map { "^\Q$_\E\n" }
 'llm_requests_total{provider="openai",model="gpt-4o",status="2xx"} 1',
 'llm_cost_usd_total{provider="openai",model="gpt-4o-mini",status="2xx"} 0.0000045',
 'llm_upstream_requests_total 2',
 'llm_cache_hits_total 1', 'llm_cache_misses_total 2',
 'llm_cache_saved_usd_total 0.0000045', 'llm_cache_entries 2',
 'llm_budget_spent_usd{budget="daily",period="day"} 0.0000795',
 'llm_budget_spent_usd{budget="user",period="day"} 0.0000795',
 'llm_budget_limit_usd{budget="user",period="day"} 2',
 'llm_budget_spent_requests{budget="calls",period="total"} 3',
 'llm_budget_keys{budget="user",period="day"} 2']



=== TEST 3: labels that have to be escaped
--- location
llm_unknown_model allow;
--- request eval
[main::chat('a\"b\\\\c'), 'GET /llm/metrics']
--- more_headers eval
['Authorization: Bearer 1', '']
--- response_body_like eval
['', 'model="a\\\\"b\\\\\\\\c"']



=== TEST 4: refusals by code, errors by status
--- location
llm_budget daily limit=0.0001usd period=day;
--- upstream eval
[{ status => 500, json => { error => { message => 'x' } } }]
--- request eval
['POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}],"max_tokens":10}',
 main::chat('gpt-4o-mini'), main::chat('nobody-knows'), 'GET /llm/metrics']
--- error_code eval
[500, 400, 400, 200]
--- response_body_like eval
['', '', '', CORE::join '.*', '(?m)', map { "^\Q$_\E\n" }
 'llm_requests_total{provider="openai",model="gpt-4o-mini",status="5xx"} 1',
 'llm_refusals_total{code="request_exceeds_budget"} 1',
 'llm_refusals_total{code="model_not_priced"} 1']



=== TEST 5: calls by the names of OpenTelemetry
--- request eval
[main::chat('gpt-4o-mini'), main::chat('gpt-4o-mini'), 'POST /v1/embeddings
{"model":"text-embedding-3-small","input":"hi"}', 'GET /llm/metrics']
--- more_headers eval
["Authorization: Bearer 1\nX-Test-Prompt-Tokens: 500\nX-Test-Completion-Tokens: 65",
 "Authorization: Bearer 1", "X-Test-Prompt-Tokens: 3", '']
--- error_code eval
[200, 200, 200, 200]
--- page
# TYPE gen_ai_client_token_usage histogram
gen_ai_client_token_usage_bucket{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",gen_ai_token_type="input",le="256"} 0
gen_ai_client_token_usage_bucket{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",gen_ai_token_type="input",le="1024"} 1
gen_ai_client_token_usage_bucket{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",gen_ai_token_type="input",le="67108864"} 1
gen_ai_client_token_usage_bucket{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",gen_ai_token_type="input",le="+Inf"} 1
gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",gen_ai_token_type="input"} 500
gen_ai_client_token_usage_bucket{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",gen_ai_token_type="output",le="64"} 0
gen_ai_client_token_usage_count{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",gen_ai_token_type="output"} 1
gen_ai_client_token_usage_count{gen_ai_operation_name="embeddings",gen_ai_provider_name="openai",gen_ai_request_model="text-embedding-3-small",gen_ai_token_type="input"} 1
! gen_ai_client_token_usage_count{gen_ai_operation_name="embeddings",gen_ai_provider_name="openai",gen_ai_request_model="text-embedding-3-small",gen_ai_token_type="output"} ...
# TYPE gen_ai_client_operation_duration_seconds histogram
gen_ai_client_operation_duration_seconds_bucket{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",le="81.92"} 1
gen_ai_client_operation_duration_seconds_sum{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini"} ...
gen_ai_client_operation_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini"} 1
! gen_ai_client_operation_time_to_first_chunk_seconds_count{...
llm_overhead_seconds_bucket{le="+Inf"} 3
llm_overhead_seconds_count 3



=== TEST 6: a stream, and its chunks
--- upstream eval
{ sse => ['{"choices":[{"index":0,"delta":{"content":"a"}}]}', \{ seen => '"a"' }, \{ delay => 30 },
          '{"choices":[{"index":0,"delta":{"content":"b"}}]}', \{ seen => '"b"' },
          '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
          '{"choices":[],"usage":{"prompt_tokens":8,"completion_tokens":2,"total_tokens":10}}'] }
--- request eval
['POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}', 'GET /llm/metrics']
--- error_code eval
[200, 200]
--- page
gen_ai_client_operation_time_to_first_chunk_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini"} 1
gen_ai_client_operation_time_per_output_chunk_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini"} 3
! gen_ai_client_operation_time_per_output_chunk_seconds_bucket{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",le="0.01"} 3
gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",gen_ai_token_type="output"} 2



=== TEST 7: errors of upstream, and an answer that breaks off
--- upstream eval
[{ status => 429, json => { error => { message => 'x' } } },
 { headers => { 'Content-Type' => 'text/event-stream' },
   body => ["data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n", { close => 1 }] }]
--- request eval
[main::chat('gpt-4o-mini'), 'POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}', 'GET /llm/metrics']
--- error_code eval
[429, 200, 200]
--- ignore_response
--- page
gen_ai_client_operation_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",error_type="429"} 1
gen_ai_client_operation_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",error_type="lost"} 1
gen_ai_client_token_usage_count{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",gen_ai_token_type="input"} 1



=== TEST 8: users and tags, with names that are made to hurt
--- location
llm_user $http_x_user_id;
llm_tag team $http_x_team;
llm_unknown_model allow;
--- request eval
[(main::chat('gpt-4o')) x 6, main::chat('m\"\\\\\u20ac'), 'GET /llm/metrics']
--- more_headers eval
["X-User-ID: a\"b\\c\nX-Team: red", "X-User-ID: \xff\nX-Team: red", "X-User-ID: \xfe\nX-Team: \xe2\x82\xac",
 "X-User-ID: other", "X-User-ID: \xd0\x9e\xd0\xbb\xd1\x8f", '', '', '']
--- error_code eval
[(200) x 8]
--- page
llm_user_requests_total{user="a\"b\\c"} 1
llm_user_cost_usd_total{user="a\"b\\c"} 0.000075
llm_user_requests_total{user="?~a8100ae6aa1940d0b663bb31cd466142"} 1
llm_user_requests_total{user="?~aa687b58b0e73e2e383f8c500d75b591"} 1
llm_user_requests_total{user="Оля"} 1
llm_user_requests_total{user="anonymous"} 2
llm_user_requests_total{user="other"} 1
llm_user_input_tokens_total{user="?~a8100ae6aa1940d0b663bb31cd466142"} 10
llm_user_output_tokens_total{user="?~a8100ae6aa1940d0b663bb31cd466142"} 5
llm_user_missed_usd 0
llm_tag_requests_total{tag="team",value="red"} 2
llm_tag_requests_total{tag="team",value="€"} 1
llm_tag_requests_total{tag="team",value="other"} 4
llm_tag_cost_usd_total{tag="team",value="red"} 0.00015
llm_requests_total{provider="openai",model="m\"\\€",status="2xx"} 1
