# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The module loads into Debian's nginx, whatever is configured around it.
# Unresolved symbols of the .so show here first.

use lib 't/lib';
use LLMCost;

no_shuffle();


# nginx -t on a configuration of one's own: the runner always writes http{}

sub nginx_test {
    my ($config, $name) = @_;

    my $binary = $ENV{TEST_NGINX_BINARY} || 'nginx';
    my $dir = File::Temp->newdir;
    my $modules = join "\n", map { "load_module $_;" }
                                 split ' ', $ENV{TEST_NGINX_LOAD_MODULES};

    # leaks of a process that only reads its configuration say nothing

    local $ENV{ASAN_OPTIONS} = join ':', $ENV{ASAN_OPTIONS} // (),
                                         'detect_leaks=0';

    open my $out, '>', "$dir/nginx.conf" or die "$dir: $!\n";
    print $out "$modules\npid $dir/nginx.pid;\n$config\n";
    close $out;

    my $text = `$binary -t -e $dir/error.log -p $dir/ -c $dir/nginx.conf 2>&1`;

    like($text, qr/test is successful/, $name);
    unlike($text, qr/Sanitizer|runtime error/, "$name, sanitizers silent");
}


nginx_test('events {}', 'no http block');

nginx_test('events {} http {}', 'an empty http block');

nginx_test("events {} http { access_log off; llm_data_path $ENV{LLM_DATA_PATH};
            server { location / { llm_cost on; } } }", 'llm_cost on');

run_tests();

__DATA__

=== TEST 1: loaded and unused, requests pass
--- bare
--- config
location /t { return 200 "ok\n"; }
--- request
GET /t
--- response_body
ok
--- no_error_log
[error]

=== TEST 2: off, an upstream is passed through untouched
--- config
location /v1/ {
    llm_cost off;
    proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
}
--- request
POST /v1/chat/completions
{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}
--- response_body_like: "usage"
--- response_headers
! X-Cost-USD
! X-Model
--- upstream_count: 1

=== TEST 3: a bad value is refused with the directive's name
--- config
location /v1/ { llm_cost maybe; }
--- request
GET /
--- must_die
--- error_log
"llm_cost"
--- no_error_log
[alert]
