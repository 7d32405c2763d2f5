# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# What the README and the examples show works: with the provider's name
# replaced by the test upstream's address, nginx starts with it and answers.

use lib 't/lib';
use LLMCost;

no_long_string();

sub text_of {
    my $file = shift;
    open my $f, '<', project() . "/$file" or die "$file: $!";
    local $/;
    return <$f>;
}

# what stands in http{}, with the names of the outside replaced

sub local_text {
    my $text = shift;
    $text =~ s{https://[\w.-]+}
              {http://127.0.0.1:$ENV{TEST_NGINX_UPSTREAM_PORT}}g;
    $text =~ s{include /etc/nginx/[^;]*;}{proxy_set_header api-key az;}g;
    $text =~ s{listen\s+(?:127\.0\.0\.1:)?8080;}
              {listen 127.0.0.1:\$TEST_NGINX_RAND_PORT_1;}g;
    return $text;
}

sub readme_servers {
    my ($http) = text_of('README.md')
                     =~ /```nginx\n.*?http \{\n(.*)^\}\n```/ms;
    return local_text($http);
}

# what the page about LiteLLM shows

sub migrated {
    my ($http) = text_of('docs/migrating-from-litellm.md')
                     =~ /```nginx\n(.*?)^```/ms;
    return local_text($http);
}

our $CHAT = '{"model":"gpt-4o-mini",'
            . '"messages":[{"role":"user","content":"Hi"}]}';

run_tests();

__DATA__

=== TEST 1: the smallest real configuration
--- http_config eval
main::readme_servers()
--- config
    location /v1/ {
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        proxy_set_header Host localhost;
    }
    location /llm/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- more_headers
Authorization: Bearer sk-test
X-Test-Prompt-Tokens: 8
X-Test-Completion-Tokens: 9
--- request eval
["POST /v1/chat/completions\n$::CHAT", 'GET /llm/usage/summary']
--- response_headers eval
["X-Model: gpt-4o-mini
X-Input-Tokens: 8
X-Output-Tokens: 9
X-Cost-USD: 0.000006600
X-Budget-Name: user
X-Budget-Remaining-USD: 0.999993400", ""]
--- response_body_like eval
["chat.completion", '"total_requests":1,']



=== TEST 2: OpenAI, with a cache and the log line
--- http_config eval
main::local_text(main::example_http('openai.conf'))
. main::text_of('examples/nginx/log_format.conf')
. "access_log logs/access.log llm;\n"
--- config
    location /v1/ {
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        proxy_set_header Host localhost;
    }
--- more_headers
Authorization: Bearer sk-test
--- request eval
["POST /v1/chat/completions\n$::CHAT", "POST /v1/chat/completions\n$::CHAT"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- access_log eval
qr/"model":"gpt-4o-mini".*"usage_source":"upstream","reserved_cost":"0\.\d{9}","cost":"0\.000004500"/



=== TEST 3: LiteLLM's configuration, as it is here
--- http_config eval
main::migrated()
--- config
    location ~ ^/(openai|llm)/ {
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        proxy_set_header Host localhost;
    }
--- more_headers eval
["Authorization: Bearer team-blue-4f7d0c2e91", "Authorization: Bearer x", ""]
--- request eval
[("POST /openai/deployments/prod-chat/chat/completions?api-version=1\n$::CHAT")
 x 2, 'GET /llm/budgets']
--- error_code eval
[200, 401, 200]
--- response_body_like eval
[qr/chat.completion/, qr/401/,
 qr/"name":"all".*"spent":0\.000075,.*"name":"team","key":"blue",.*"spent":0\.000075,/s]
--- upstream_requests_like
api-key: az
--- upstream_count: 1
