# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Who the payer is: the configurations of docs/security.md, examples/nginx/
# payer_*.conf, each with somebody who is it and somebody who says so.

use lib 't/lib';
use LLMCost;

use Digest::SHA qw( hmac_sha256 );
use File::Temp ();
use LLMCost::Process;
use MIME::Base64 qw( encode_base64url );

no_long_string();

my $dir = File::Temp->newdir('llm-payer-XXXXXX', TMPDIR => 1);
my $root = project();

our $CHAT = '{"model":"gpt-4o-mini",'
            . '"messages":[{"role":"user","content":"hi"}]}';

write_file("$dir/secret", "a secret of both\n");
write_file("$dir/provider_key.conf",
           'proxy_set_header Authorization "Bearer sk-provider";');

my (undef, $verifier) = start_process('python3', '-B',
                                      "$root/examples/verify_jwt.py",
                                      "$dir/secret");

certificates();


sub certificates {
    my $run = "cd $dir && openssl";
    my $new = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';

    for my $ca ('ca', 'other') {
        system "$run req -x509 $new -keyout $ca.key -out $ca.crt -days 2"
               . " -subj /CN=$ca 2>/dev/null";
    }

    for (['server', 'ca'], ['blue', 'ca'], ['red', 'ca'], ['blue2', 'other']) {
        my ($name, $ca) = @$_;
        my $subject = '/O=Org/CN=' . $name =~ s/2//r;

        system "$run req $new -keyout $name.key -out $name.csr"
               . " -subj $subject 2>/dev/null && openssl x509 -req"
               . " -in $name.csr -CA $ca.crt -CAkey $ca.key -CAcreateserial"
               . " -days 2 -out $name.crt 2>/dev/null";
    }
}


# An example, with the names of the outside replaced, and what is asked of it:
# a server of its own in http{}, at RAND_PORT_1.

sub example {
    my $name = shift;

    my $text = example_http($name);

    $text =~ s{https://api\.openai\.com}
              {http://127.0.0.1:$ENV{TEST_NGINX_UPSTREAM_PORT}}g;
    $text =~ s{listen (?:8443|8080)}{listen 127.0.0.1:\$TEST_NGINX_RAND_PORT_1};
    $text =~ s{/etc/nginx/clients-ca}{$dir/ca}g;
    $text =~ s{/etc/nginx/}{$dir/}g;
    $text =~ s{127\.0\.0\.1:9000}{127.0.0.1:$_[0]}g if @_;

    return $text . read_file("$root/examples/nginx/log_format.conf")
           . "access_log logs/access.log llm;\n";
}


sub verifier { $verifier }

sub dir { "$dir" }

sub token {
    my ($claims, %option) = @_;

    my $alg = $option{alg} // 'HS256';
    my $text = encode_base64url(qq({"alg":"$alg","typ":"JWT"})) . '.'
               . encode_base64url($claims);
    my $key = $option{key} // 'a secret of both';

    return "$text." . ($alg eq 'none' ? ''
                       : encode_base64url(hmac_sha256($text, $key)));
}

sub claims { sprintf '{"sub":"%s","exp":%d}', $_[0], time + ($_[1] // 600) }

run_tests();

__DATA__

=== TEST 1: an X-User-ID that the client sends is no boundary
--- config
    location /v1/ {
        llm_cost on;
        llm_budget user key=$http_x_user_id limit=1requests period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- more_headers eval
["X-User-ID: a", "X-User-ID: a", "X-User-ID: b", "X-User-ID: c"]
--- request eval
[("POST /v1/chat/completions\n$::CHAT") x 4]
--- error_code eval
[200, 429, 200, 200]



=== TEST 2: auth_request: the service names the payer, not the client
--- http_config eval
main::example('payer_auth_request.conf', '$TEST_NGINX_RAND_PORT_2') . <<'END'
map $http_authorization $who { "Bearer k1" ann; "Bearer k2" bob; }
map $http_authorization $known { "Bearer k1" 1; "Bearer k2" 1;
                                 "Bearer k3" 1; }
server {
    listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
    add_header X-Payer $who;
    location / { if ($known) { return 200; } return 401; }
}
END
--- config
    location /v1/ {
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    }
    location /llm/ { llm_api; }
--- more_headers eval
["Authorization: Bearer k1\nX-User-ID: bob\nX-Payer: bob",
 "Authorization: Bearer k2\nX-Payer: ann", "Authorization: Bearer k4",
 "X-Payer: ann", "Authorization: Bearer k3\nX-Payer: ann", ""]
--- request eval
[(map { "POST /v1/chat/completions\n$::CHAT" } 1 .. 5), 'GET /llm/budgets']
--- error_code eval
[200, 200, 401, 401, 403, 200]
--- response_body_like eval
[qr/usage/, qr/usage/, qr/401/, qr/401/, qr/names nobody who pays/,
 qr/^(?=.*"key":"ann",.*?"spent":0\.0000045,)(?=.*"key":"bob",.*?"spent":0\.0000045,)(?!.*"key".*"key".*"key")/s]
--- upstream_count: 2
--- upstream_requests_unlike
X-User-ID
X-Payer



=== TEST 3: a claim of a JWT that was verified
--- http_config eval
main::example('payer_jwt.conf', main::verifier())
--- config
    location /v1/ {
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    }
    location /llm/ { llm_api; }
--- more_headers eval
my $ann = main::claims('ann');
[map({ "Authorization: Bearer $_\nX-JWT-Sub: bob" }
     main::token($ann), main::token($ann, key => 'another'),
     main::token($ann, alg => 'none'), main::token(main::claims('ann', -1)),
     main::token('{"sub":"ann"}'), 'nonsense', 'a.b.c'),
 "X-JWT-Sub: bob", ""]
--- request eval
[(map { "POST /v1/chat/completions\n$::CHAT" } 1 .. 8), 'GET /llm/budgets']
--- error_code eval
[200, (401) x 7, 200]
--- response_body_like eval
[qr/usage/, (qr/401/) x 7,
 qr/^\[\{"name":"user","key":"ann",[^{}]*"spent":0\.0000045,[^{}]*\}\]$/]
--- upstream_count: 1
--- upstream_requests_like
Authorization: Bearer sk-provider



=== TEST 4: mutual TLS: whom the certificate names, and which one it is
--- http_config eval
main::example('payer_mtls.conf')
--- config eval
my $dir = main::dir();
CORE::join '', map({ my $who = $_; <<"END" } qw( blue red blue2 )), <<'END';
    location /$who/ {
        proxy_pass https://127.0.0.1:\$TEST_NGINX_RAND_PORT_1/;
        proxy_ssl_certificate $dir/$who.crt;
        proxy_ssl_certificate_key $dir/$who.key;
        proxy_ssl_session_reuse off;
    }
END
    location /nobody/ {
        proxy_pass https://127.0.0.1:$TEST_NGINX_RAND_PORT_1/;
        proxy_ssl_session_reuse off;
    }
    location /llm/ { llm_api; }
END
--- more_headers
X-User-ID: CN=red,O=Org
--- request eval
[(map { "POST /$_/v1/chat/completions\n$::CHAT" } qw( blue red blue2 nobody )),
 'GET /llm/budgets?name=team', 'GET /llm/budgets?name=device']
--- error_code eval
[200, 200, 400, 400, 200, 200]
--- response_body_like eval
[qr/usage/, qr/usage/, qr/SSL certificate/, qr/No required SSL certificate/,
 qr/^(?=.*"key":"CN=blue,O=Org",.*?"spent":0\.0000045,)(?=.*"key":"CN=red,O=Org",.*?"spent":0\.0000045,)(?!.*"key".*"key".*"key")/s,
 qr/^\[\{"name":"device","key":"[0-9a-f]{40}",.*"key":"[0-9a-f]{40}",/s]
--- upstream_count: 2



=== TEST 5: nginx has the provider's key, and its clients keys of its own
--- http_config eval
main::example('payer_injected_key.conf')
--- config
    location /v1/ {
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    }
    location /llm/ { llm_api; }
--- more_headers eval
["Authorization: Bearer team-blue-4f7d0c2e91\nX-User-ID: red",
 "Authorization: Bearer team-nobody", "Authorization: Bearer sk-provider",
 "X-User-ID: red", ""]
--- request eval
[(map { "POST /v1/chat/completions\n$::CHAT" } 1 .. 4), 'GET /llm/budgets']
--- error_code eval
[200, 401, 401, 401, 200]
--- response_body_like eval
[qr/usage/, (qr/401/) x 3,
 qr/^\[\{"name":"team","key":"blue",[^{}]*"spent":0\.0000045,[^{}]*\}\]$/]
--- upstream_count: 1
--- upstream_requests_like
Authorization: Bearer sk-provider
