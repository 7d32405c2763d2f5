# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# First contact: whatever nginx -t refuses, it says in one line which
# directive, which value, and what to write instead; and what does not go
# together with "llm_cost on" is warned about, once a location.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use LLMCost::Nginx qw( nginx_config nginx_binary );
use LLMCost::Process;
use Test::More;

my $dir = File::Temp->newdir('llm-cost-XXXXXX', TMPDIR => 1);
my $port = free_port();

write_file("$dir/empty", "\n");
write_file("$dir/secret", "s3cret\n");
write_file("$dir/broken.json", "{\n\"a\": {,}}\n");


# a directive of http{}, or of a location; the value that has to be named; and
# what is to be written instead

my @http = (
    ['llm_zone llm:32m', 'llm:32m', '"zone=name:size"'],
    ['llm_zone zone=llm', 'zone=llm', '"zone=name:size"'],
    ['llm_zone zone=llm:big', 'big', '"zone=llm:32m"'],
    ['llm_zone zone=llm:64k', 'zone=llm:64k', 'at least 1m'],
    ['llm_zone zone=llm:2m file=x', 'file=x', '"state=file"'],
    ['llm_zone zone=llm:2m state=', 'state=', 'write for example'],
    ['llm_redis 127.0.0.1:port', '127.0.0.1:port', '"host:port"'],
    ['llm_redis 127.0.0.1:6379 db=-1', 'db=-1', 'known are username='],
    ['llm_redis 127.0.0.1:6379 timeout=soon', 'timeout=soon', 'timeout='],
    ['llm_redis 127.0.0.1:6379 connections=0', 'connections=0',
     'connections=1\.\.64'],
    ['llm_redis 127.0.0.1:6379 "prefix={x}"', '\{x\}', 'no braces'],
    ['llm_redis 127.0.0.1:6379 journal=1k', '1k', '4m or more'],
    ['llm_redis 127.0.0.1:6379 password_file=DIR/none', 'DIR/none',
     'name of a file'],
    ['llm_cache_redis unix:', 'unix:', '"unix:/path"'],
    ['llm_key_salt_file DIR/none', 'DIR/none', 'name of a file'],
    ['llm_key_salt_file DIR/empty', 'DIR/empty', 'write the secret'],
    ['llm_prices DIR/none', 'DIR/none', 'say where it is'],
    ['llm_prices DIR/broken.json', 'DIR/broken.json', 'docs/prices\.md'],
    ['llm_price x input=cheap', 'cheap', 'input=2\.50'],
    ['llm_price x colour=1', 'colour', 'docs/prices\.md'],
    ['llm_price x base=never-heard', 'never-heard', 'base=gpt-4o-mini'],
    ['llm_price ~x( input=1', 'x\(', 'write for example'],
    ['llm_tokenizer x no_such', 'no_such', 'llm-tokens --list'],
    ['llm_tokenizer ~x( o200k_base', 'x\(', 'regular expression'],
    ['llm_reservation_ttl soon', 'soon', 'write for example "10m"'],
    ['llm_reservation_ttl 10m keep', 'keep', '"charge" or "release"'],
);

my @location = (
    ['llm_budget "" limit=1usd period=day', '""', '1 to 32'],
    ['llm_budget "a|b" limit=1usd period=day', 'a\|b', "without ':'"],
    ['llm_budget "a,b" limit=1usd period=day', 'a,b', "without ':'"],
    ['llm_budget "a\\\\b" limit=1usd period=day', 'a\\\\b', "without ':'"],
    ['llm_cost yes', 'yes', '"on" or "off"'],
    ['llm_provider acme', 'acme', 'known are "auto", "bedrock"'],
    ['llm_tag Team x', 'Team', 'a-z, 0-9'],
    ['llm_fit maybe', 'maybe', '"missing", "on" or "off"'],
    ['llm_fit on min=0', 'min=0', '"min=N" with 1 to 1000000'],
    ['llm_reserve_output lots', 'lots', 'or 1 to 100000000'],
    ['llm_store_failure local=lots', 'local=lots', '"local=5usd"'],
    ['llm_client_abort drain=x', 'drain=x', '"drain=30s"'],
    ['llm_upstream_lost free', 'free', '"counted", "reserve" or "zero"'],
    ['llm_unknown_model guess', 'guess', '"reject", "allow" or "input=N'],
    ['llm_unknown_model input=1 output=x', 'x', 'write for example'],
    ['llm_unknown_path maybe', 'maybe', '"reject" or "allow"'],
    ['llm_cache maybe', 'maybe', '"on" or "off"'],
    ['llm_cache_ttl soon', 'soon', 'write a time such as "30s"'],
    ['llm_cache_scope all', 'all', '"payer" or "shared"'],
    ['llm_cache_max_size big', 'big', 'write a size such as "64k"'],
    ['llm_cache_lock_timeout soon', 'soon', 'write a time such as'],
    ['llm_max_body big', 'big', 'write a size'],
    ['llm_max_response 1t', '1t', 'write a size'],
    ['llm_api write=maybe', 'write=maybe', '"write=on" or "write=off"'],
    ['llm_budget x limit=5 period=day', '5', 'write for example "50usd"'],
    ['llm_budget x limit=5usd', 'x', 'write for example "period=day"'],
    ['llm_budget x period=day', 'x', 'write for example "limit=50usd"'],
    ['llm_budget x limit=5usd period=age', 'period=age', 'known are key='],
    ['llm_budget x limit=5usd period=day zone=UTC', 'zone=UTC', 'timezone='],
    ['llm_budget x limit=5usd period=day mode=off', 'mode=off', 'observe'],
    ['llm_budget x limit=5usd period=day alert=101%,9%', '101%,9%',
     '"80%,100%"'],
    ['llm_budget x limit=5usd period=day timezone=Mars', 'Mars',
     'Europe/Kyiv'],
    ['llm_budget x limit=5usd period=day over=cheap', 'cheap',
     '"model:NAME"'],
    ['llm_budget x limit=5usd period=day over=model:none', 'none',
     'give it one with llm_price'],
    ['llm_budget x:y limit=5usd period=day', 'x:y', "without ':'"],
    ["llm_budget x limit=5usd period=day; llm_budget x limit=6usd period=day",
     'x', 'another name'],
    ["llm_budget x limit=5usd period=day; } location /b { llm_cost on;\n"
     . ' llm_budget x limit=6usd period=hour', 'x', 'another name'],
    [CORE::join('; ', map { "llm_budget b$_ limit=5usd period=day" } 1 .. 17),
     '16', '"llm_budget none"'],
);

for my $row (@http) {
    refused($row, "$row->[0]; server { listen 127.0.0.1:PORT; "
                  . "location / { llm_cost on; } }");
}

for my $row (@location) {
    my $on = $row->[0] =~ /^llm_cost / ? '' : 'llm_cost on;';

    refused($row, "server { listen 127.0.0.1:PORT; "
                  . "location / { $on $row->[0]; } }");
}

# what may be said once on a level

for my $once ('llm_zone zone=a:1m', 'llm_redis 127.0.0.1', 'llm_ledger_log x',
              'llm_cache_redis 127.0.0.1', 'llm_key_salt_file DIR/secret',
              'llm_reservation_ttl 5m', 'llm_data_path /')
{
    refused([$once, '', 'is duplicate'], "$once; $once; server { "
            . 'listen 127.0.0.1:PORT; location / { llm_cost on; } }');
}

for my $once ('llm_cost on', 'llm_provider auto', 'llm_unknown_model allow',
              'llm_unknown_path allow', 'llm_reserve_output model',
              'llm_fit off', 'llm_store_failure open', 'llm_client_abort bill',
              'llm_upstream_lost zero', 'llm_user x', 'llm_cache on',
              'llm_cache_ttl 1h', 'llm_cache_scope payer', 'llm_headers on',
              'llm_max_body 1m', 'llm_api', 'llm_trust_reported_cost on')
{
    refused([$once, '', 'is duplicate'], 'server { listen 127.0.0.1:PORT; '
            . "location / { $once; $once; } }");
}

warned('', '');
warned('proxy_set_body "$http_x";', 'proxy_set_body', 'remove it');
warned('proxy_pass_request_body off;', 'proxy_pass_request_body off',
       'remove it');
warned('proxy_request_buffering off;', 'proxy_request_buffering off',
       'remove it');
warned('proxy_set_header Accept-Encoding "gzip, br";', 'Accept-Encoding',
       'write "gzip" or ""');
warned('proxy_set_header Accept-Encoding gzip;', '');
warned('proxy_set_header Accept-Encoding "";', '');
warned('proxy_set_header Accept-Encoding $http_accept_encoding;', '');
warned('proxy_cache c; proxy_cache_methods POST;', 'proxy_cache',
       'write "llm_cache on"');
warned('proxy_cache c; proxy_cache_methods POST; '
       . 'proxy_cache_background_update on;',
       'proxy_cache_background_update', 'write "llm_cache on"');
warned('proxy_cache c; proxy_cache_background_update on;', '');
warned('proxy_read_timeout 10s;', 'proxy_read_timeout', 'write "600s"');
warned('proxy_read_timeout 600s;', '');

inherited();

done_testing;


sub check {
    my $http = shift;

    $http =~ s/DIR/$dir/g;
    write_file("$dir/nginx.conf", nginx_config("$dir", $port, http => $http));

    my $binary = nginx_binary();
    local $ENV{ASAN_OPTIONS} = ($ENV{ASAN_OPTIONS} // '')
                               . ':detect_leaks=0';
    my $output = `$binary -t -e $dir/error.log -p $dir/ -c $dir/nginx.conf 2>&1`;

    # what a vocabulary lacks is another matter

    return ($? >> 8, grep { /\[(?:emerg|warn|alert|error|crit)\]/
                            && !/\[warn\] llm_tokenizer/ }
                     split /\n/, $output);
}


sub refused {
    my ($row, $http) = @_;

    my ($directive, $value, $instead) = @$row;
    my ($status, @lines) = check($http);
    my ($name) = $directive =~ /^(\w+)/;

    s/DIR/$dir/g for $value;

    my $line = CORE::join "\n", @lines;
    my @missing = ($status ? () : 'a refusal',
                   @lines == 1 ? () : 'a single line',
                   $line =~ /\Q$name\E/ ? () : 'the directive',
                   $line =~ /$value/ ? () : 'the value',
                   $line =~ /$instead/ ? () : 'what to write');

    is(CORE::join(', ', @missing), '', substr($directive, 0, 60))
        or diag("missing in: $line");
}


sub warned {
    my ($directives, $what, $instead) = @_;

    my ($status, @lines) = check(<<END);
        proxy_cache_path cache keys_zone=c:1m;
        server {
            listen 127.0.0.1:PORT;
            location /v1/ {
                llm_cost on;
                $directives
                if (\$http_x_none) { set \$x 1; }
                proxy_pass http://127.0.0.1:9;
            }
            location /free/ { $directives proxy_pass http://127.0.0.1:9; }
        }
END

    my $name = $directives || 'nothing';

    is($status, 0, "$name: is taken");
    is(scalar(@lines), $what ? 1 : 0, "$name: warned about, once")
        or diag(CORE::join "\n", @lines);

    return if !$what;

    like($lines[0], qr{\Qllm_cost in location "/v1/"\E.*\Q$what\E},
         "$name: where and what");
    like($lines[0], qr/\Q$instead\E/, "$name: what to write");
}


# set for a server, metered in two of its locations and in one of those

sub inherited {
    my ($status, @lines) = check(<<'END');
        server {
            listen 127.0.0.1:PORT;
            proxy_request_buffering off;
            location /a/ {
                llm_cost on;
                location /a/b/ { proxy_pass http://127.0.0.1:9; }
                location /a/c/ {
                    proxy_request_buffering on;
                    proxy_pass http://127.0.0.1:9;
                }
            }
            location ~ ^/d { llm_cost on; proxy_pass http://127.0.0.1:9; }
            location /e/ { proxy_pass http://127.0.0.1:9; }
            location /static/ { llm_cost on; }
        }
END

    is($status, 0, 'inherited: is taken');
    is(CORE::join(' ', sort map { /location "(.*?)"/ ? $1 : $_ } @lines),
       '/a/b/ ^/d', 'inherited: where it holds');
}
