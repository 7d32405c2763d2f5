# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# $llm_request_digest, $llm_prefix_digest: what was asked twice, without a
# word of it.

use lib 't/lib';
use LLMCost;

no_long_string();

add_block_preprocessor(sub {
    my $block = shift;

    my $config = $block->http_config // '';
    $block->set_value(http_config => <<'END' . $config);
    log_format llm 'request=$llm_request_digest prefix=$llm_prefix_digest.';
    access_log logs/access.log llm;
END

    $block->set_value(config => <<'END') if !defined $block->config;
    location /v1/ {
        llm_cost on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
END
});

run_tests();

__DATA__

=== TEST 1: a question; it is too short to have a beginning
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- access_log
request=b0c3e27f3f5482dfbd1593ccd6221b9f prefix=-.



=== TEST 2: the same question, written in another way
--- request
POST /v1/chat/completions
{ "messages": [{"content":"h\u0069","role":"user"}], "model":"gpt-4o-mini" }
--- access_log
request=b0c3e27f3f5482dfbd1593ccd6221b9f prefix=-.



=== TEST 3: another question
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"ho"}]}
--- access_log
request=
--- no_access_log
request=b0c3e27f3f5482dfbd1593ccd6221b9f
request=-



=== TEST 4: 4,096 bytes are a beginning
--- request eval
"POST /v1/chat/completions\n"
. '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"'
. 'a ' x 2100 . '1"}]}'
--- access_log
prefix=be08cdc60befb64f0d17c64a76212c96.



=== TEST 5: the same beginning of another question
--- request eval
"POST /v1/chat/completions\n"
. '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"'
. 'a ' x 2100 . '2"}]}'
--- access_log
prefix=be08cdc60befb64f0d17c64a76212c96.



=== TEST 6: a salt makes them another node's guesswork
--- user_files
>>> salt
pepper
--- http_config
llm_key_salt_file $TEST_NGINX_SERVER_ROOT/html/salt;
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- access_log
request=
--- no_access_log
request=b0c3e27f3f5482dfbd1593ccd6221b9f
request=-



=== TEST 7: no question, no digest
--- request
GET /v1/models
--- access_log
request=- prefix=-.



=== TEST 8: a question that was refused as it is no JSON
--- request
POST /v1/chat/completions
{"model":
--- error_code: 400
--- access_log
request=- prefix=-.
