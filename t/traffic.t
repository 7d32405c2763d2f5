# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Every recorded answer of every dialect through nginx.  The recordings are no
# part of the project: TRAFFIC_DIR says where they are.  TRAFFIC_WAYS, a list
# such as "1-gzip all-plain", says how they are sent; "make test-traffic" sends
# them in every way.

use lib 't/lib';
use LLMCost;
use LLMCost::Process;

my $ways = $ENV{TRAFFIC_WAYS} // 'all-gzip 1-plain';
my $dir = $ENV{TRAFFIC_DIR} // project() . '/../shared/traffic';

if (!-f "$dir/open.jsonl.gz") {
    SKIP: { skip("no recordings in $dir", 1) }
    exit 0;
}

$ENV{TEST_NGINX_TRAFFIC_PORT} = free_port();

no_long_string();
log_level('error');

add_test_cleanup_handler(sub {
    my @lines = qx{python3 -B t/util/traffic.py '$dir' \\
                   $ENV{TEST_NGINX_TRAFFIC_PORT} @{[server_port()]} \\
                   '@{[server_root()]}/logs/traffic.log' \\
                   $ways};

    is($?, 0, 'traffic.py ends well');

    for my $line (@lines) {
        chomp $line;

        if ($line =~ s/^(not )?ok //) {
            ok(!$1, $line);
        } else {
            diag($line);
        }
    }
});

run_tests();

__DATA__

=== TEST 1: recorded usage in the log, recorded bytes at the client
--- http_config
    log_format traffic '$http_x_way $llm_usage_source $llm_input_tokens '
                       '$llm_output_tokens $llm_cached_tokens '
                       '$llm_cache_write_tokens $llm_reasoning_tokens';
    upstream recorded {
        server 127.0.0.1:$TEST_NGINX_TRAFFIC_PORT;
        keepalive 16;
    }
--- config
    location ~ ^/. {
        llm_cost on;
        llm_usage_inject off;
        llm_max_body 16m;
        client_max_body_size 16m;
        keepalive_requests 100000;
        access_log logs/traffic.log traffic;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass http://recorded;
    }
    location = /ready { return 204; }
--- request
GET /ready
--- error_code: 204
--- timeout: 60s
