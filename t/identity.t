# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Whom a request is for: user, tags, the name of the credential.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways ();

no_long_string();

our $CHAT = '{"model":"gpt-4o-mini",'
            . '"messages":[{"role":"user","content":"hi"}]}';

add_block_preprocessor(sub {
    my $block = shift;

    my $config = $block->http_config // '';
    $block->set_value(http_config => <<'END' . $config);
    log_format llm 'user=$llm_user key=$llm_api_key_id team=$llm_tag_team '
                   'feature=$llm_tag_feature provider=$llm_provider '
                   'model=$llm_model response=$llm_response_model '
                   'stream=$llm_stream counted=$llm_counted_tokens '
                   'cached=$llm_cached_tokens reasoning=$llm_reasoning_tokens '
                   'tier=$llm_service_tier';
    access_log logs/access.log llm;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
END

    $block->set_value(config => <<'END') if !defined $block->config;
    location /v1/ {
        llm_cost on;
        llm_tag team $http_x_team;
        llm_tag feature $arg_feature;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
END

    $block->set_value(request => "POST /v1/chat/completions\n" . $CHAT)
        if !defined $block->request;
});

add_test_cleanup_handler(\&LLMCost::Ways::check_lines);

run_tests();

__DATA__

=== TEST 1: nobody
--- access_log
user=anonymous key=- team=- feature=- provider=openai model=gpt-4o-mini response=gpt-4o-mini



=== TEST 2: a user, a bearer, tags
--- more_headers
X-User-ID: joe
X-Team: blue
Authorization: Bearer abc
--- request eval
"POST /v1/chat/completions?feature=chat\n" . $::CHAT
--- access_log
user=joe key=ba7816bf8f01cfea414140de5dae2223 team=blue feature=chat



=== TEST 3: x-api-key
--- more_headers
x-api-key: abc
--- access_log
key=ba7816bf8f01cfea414140de5dae2223



=== TEST 4: api-key
--- more_headers
api-key: abc
--- access_log
key=ba7816bf8f01cfea414140de5dae2223



=== TEST 5: x-goog-api-key
--- more_headers
x-goog-api-key: abc
--- access_log
key=ba7816bf8f01cfea414140de5dae2223



=== TEST 6: an argument
--- request eval
"POST /v1/chat/completions?key=abc\n" . $::CHAT
--- access_log
key=ba7816bf8f01cfea414140de5dae2223



=== TEST 7: the key id of a signature
--- more_headers
Authorization: AWS4-HMAC-SHA256 Credential=abc/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=00
--- access_log
key=ba7816bf8f01cfea414140de5dae2223



=== TEST 8: basic authorization is no provider's credential
--- more_headers
Authorization: Basic am9lOnNlY3JldA==
--- access_log
key=- 



=== TEST 9: a salt
--- http_config
    llm_key_salt_file $TEST_NGINX_HTML_DIR/salt;
--- user_files
>>> salt
a
--- more_headers
Authorization: Bearer bc
--- access_log
key=ba7816bf8f01cfea414140de5dae2223



=== TEST 10: a configured user
--- config
    location /v1/ {
        llm_cost on;
        llm_user "$http_x_team/$remote_addr";
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers
X-Team: blue
X-User-ID: joe
--- access_log
user=blue/127.0.0.1 



=== TEST 11: a user of 10,000 characters is cut
--- more_headers eval
"X-User-ID: " . ("x" x 1000)
--- access_log eval
qr/^user=x{256} /



=== TEST 12: what the answer says
--- more_headers
X-Test-Cached-Tokens: 4
X-Test-Reasoning-Tokens: 3
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","stream":false,"messages":[{"role":"user","content":"Hello, world!"}]}
--- access_log eval
qr/stream=0 counted=11 cached=4 reasoning=3/



=== TEST 13: the key id needs no metering
--- config
    location /plain { return 200 "$llm_api_key_id\n"; }
--- more_headers
Authorization: Bearer abc
--- request
GET /plain
--- response_body
ba7816bf8f01cfea414140de5dae2223



=== TEST 14: a user and a tag by model
--- http_config
    map $llm_model $family { default other; ~^gpt gpt; }
--- config
    location /v1/ {
        llm_cost on;
        llm_user $family;
        llm_tag team $family-team;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- access_log
user=gpt key=- team=gpt-team



=== TEST 15: who sends what cannot be read
--- more_headers
X-User-ID: joe
X-Team: blue
Authorization: Bearer abc
--- request
POST /v1/chat/completions
{"model":
--- error_code: 400
--- access_log
user=joe key=ba7816bf8f01cfea414140de5dae2223 team=blue



=== TEST 16: who asks for a path that is not known
--- http_config
    llm_unknown_path reject;
--- more_headers
X-User-ID: joe
X-Team: blue
--- request
POST /v1/nothing
{}
--- error_code: 404
--- access_log
user=joe key=- team=blue



=== TEST 17: who leaves before the body has come
--- config
    location /v1/ {
        llm_cost on;
        llm_tag team $http_x_team;
        llm_tag feature $arg_feature;
        access_log logs/llm.log llm;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- raw_request eval
"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-User-ID: joe\r\n"
. "X-Team: blue\r\nContent-Length: 100\r\n\r\n{"
--- abort
--- timeout: 200ms
--- ignore_response
--- log_lines eval
[qr/^user=joe key=- team=blue /]


=== TEST 18: a user and a tag that are not UTF-8
--- more_headers eval
"X-User-ID: a\xff\xe2\x82b\nX-Team: \xed\xa0\x80\xc3\xa9\n"
--- access_log eval
qr/^user=a\?\?\?b~56435a5403333db9c96d3c67cea6bbe5 key=- team=\?\?\?\\xC3\\xA9~e735d000df46d8ed6614cbd75d6ee94b /m
