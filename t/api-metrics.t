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
