# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# What nginx -t refuses, and what it says: file, line, value, and what to
# write instead.

use lib 't/lib';
use File::Temp ();
use LLMCost;

# a data directory in which a vocabulary that nobody names is damaged

my $data = File::Temp->newdir('llm-data-XXXXXX', TMPDIR => 1);

mkdir "$data/vocab" or die "mkdir $data/vocab: $!";

for ('prices', 'vocab/o200k_base.llmv', 'vocab/cl100k_base.llmv') {
    symlink "$ENV{TEST_NGINX_DATA_PATH}/$_", "$data/$_" or die "$_: $!";
}

open my $file, '>', "$data/vocab/llama3.llmv" or die "llama3: $!";
print $file 'LLMVOCAB' x 100;
close $file or die "llama3: $!";

$ENV{TEST_NGINX_DAMAGED_PATH} = "$data";

no_long_string();
run_tests();

__DATA__

=== TEST 1: a limit without a unit
--- config
    location /v1/ { llm_cost on; llm_budget daily limit=50 period=day; }
--- must_die
--- error_log eval
qr/invalid limit "50" of budget "daily", write for example "50usd".* in \S+nginx\.conf:\d+/



=== TEST 2: an unknown unit
--- config
    location /v1/ { llm_cost on; llm_budget daily limit=50eur period=day; }
--- must_die
--- error_log
invalid limit "50eur" of budget "daily"



=== TEST 3: a limit above nine million dollars
--- config
    location /v1/ { llm_cost on; llm_budget daily limit=9000001usd period=day; }
--- must_die
--- error_log
(at most 9000000)



=== TEST 4: a negative limit
--- config
    location /v1/ { llm_cost on; llm_budget daily limit=-1usd period=day; }
--- must_die
--- error_log
invalid limit "-1usd" of budget "daily"



=== TEST 5: no limit
--- config
    location /v1/ { llm_cost on; llm_budget daily period=day; }
--- must_die
--- error_log
budget "daily" has no limit



=== TEST 6: no period
--- config
    location /v1/ { llm_cost on; llm_budget daily limit=1usd; }
--- must_die
--- error_log
budget "daily" has no period



=== TEST 7: an unknown period
--- config
    location /v1/ { llm_cost on; llm_budget daily limit=1usd period=fortnight; }
--- must_die
--- error_log
invalid parameter "period=fortnight" of budget "daily"



=== TEST 8: an unknown time zone
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day timezone=Europe/Atlantis;
    }
--- must_die
--- error_log
timezone "Europe/Atlantis" of budget "daily"



=== TEST 9: a time zone that leaves its folder
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day timezone=../../../etc/passwd;
    }
--- must_die
--- error_log
timezone "../../../etc/passwd" of budget "daily"



=== TEST 10: alerts that do not ascend
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day alert=90%,80%;
    }
--- must_die
--- error_log
invalid alert "90%,80%" of budget "daily"



=== TEST 11: one name, two periods
--- config
    location /a { llm_cost on; llm_budget x limit=1usd period=day; }
    location /b { llm_cost on; llm_budget x limit=1usd period=hour; }
--- must_die
--- error_log
budget "x" was given before with another unit, period or timezone



=== TEST 12: one name, two units
--- config
    location /a { llm_cost on; llm_budget x limit=1usd period=day; }
    location /b { llm_cost on; llm_budget x limit=1tokens period=day; }
--- must_die
--- error_log
budget "x" was given before with another unit, period or timezone



=== TEST 13: one name twice on one level
--- config
    location /v1/ {
        llm_cost on;
        llm_budget x limit=1usd period=day;
        llm_budget x limit=2usd period=day;
    }
--- must_die
--- error_log
budget "x" is given twice on this level



=== TEST 14: more than sixteen budgets
--- config eval
"location /v1/ { llm_cost on; "
. CORE::join(' ', map "llm_budget b$_ limit=1usd period=day;", 1 .. 17) . " }"
--- must_die
--- error_log
more than 16 budgets apply to one location



=== TEST 15: a zone without a size
--- http_config
    llm_zone zone=llm;
--- config
    location /v1/ { llm_cost on; }
--- must_die
--- error_log
invalid zone "zone=llm", it must be "zone=name:size"



=== TEST 16: a zone that is too small
--- http_config
    llm_zone zone=llm:64k;
--- config
    location /v1/ { llm_cost on; }
--- must_die
--- error_log
is too small, it must be at least 1m



=== TEST 17: Redis by a name that does not resolve
--- http_config
    llm_redis name.invalid:6379;
--- config
    location /v1/ { llm_cost on; }
--- must_die
--- error_log
host not found in Redis address "name.invalid:6379"



=== TEST 18: an unknown parameter of Redis
--- http_config
    llm_redis 127.0.0.1:6379 speed=11;
--- config
    location /v1/ { llm_cost on; }
--- must_die
--- error_log
invalid parameter "speed=11", known are username=



=== a journal that is too small
--- http_config
    llm_redis 127.0.0.1:6379 journal=1m;
--- config
    location /v1/ { llm_cost on; }
--- must_die
--- error_log
invalid size of the journal "1m", write 4m or more



=== TEST 19: a password file that is not there
--- http_config
    llm_redis 127.0.0.1:6379 password_file=none;
--- config
    location /v1/ { llm_cost on; }
--- must_die
--- error_log eval
qr/open\(\) "\S+none" failed/



=== TEST 20: a price file that is not there
--- http_config
    llm_prices none.json;
--- config
    location /v1/ { llm_cost on; }
--- must_die
--- error_log eval
qr/price file: open\(\) "\S+none.json" failed/



=== TEST 21: a price file that is not JSON
--- http_config
    llm_prices $TEST_NGINX_HTML_DIR/prices.json;
--- user_files
>>> prices.json
{"my-model": {"input_cost_per_token": 1e-6,}}
--- config
    location /v1/ { llm_cost on; }
--- must_die
--- error_log eval
qr/price file "\S+prices.json": .*line 1/



=== TEST 22: a price that is no number
--- http_config
    llm_price my-model input=cheap;
--- config
    location /v1/ { llm_cost on; }
--- must_die
--- error_log eval
qr/llm_price "my-model": .*cheap.* in \S+nginx\.conf:\d+/



=== TEST 23: the base of a price that does not exist
--- http_config
    llm_price my-model base=never-heard-of-it;
--- config
    location /v1/ { llm_cost on; }
--- must_die
--- error_log eval
qr/llm_price "my-model": .*never-heard-of-it/



=== TEST 24: a vocabulary that is not there
--- http_config
    llm_tokenizer my-model no_such_base;
--- config
    location /v1/ { llm_cost on; }
--- must_die
--- error_log
vocabulary "no_such_base"



=== TEST 25: a bad regular expression
--- http_config
    llm_tokenizer ~gpt( o200k_base;
--- config
    location /v1/ { llm_cost on; }
--- must_die
--- error_log
missing closing parenthesis



=== TEST 26: an unknown provider
--- config
    location /v1/ { llm_cost on; llm_provider acme; }
--- must_die
--- error_log
unknown provider "acme"



=== TEST 27: a bad llm_fit
--- config
    location /v1/ { llm_cost on; llm_fit maybe; }
--- must_die
--- error_log
invalid value "maybe", it must be "missing", "on" or "off"



=== TEST 28: a bad llm_store_failure
--- config
    location /v1/ { llm_cost on; llm_store_failure local=lots; }
--- must_die
--- error_log
invalid value "local=lots", it must be "local", "local=5usd", "open" or "closed"



=== TEST 29: a bad llm_unknown_model
--- config
    location /v1/ { llm_cost on; llm_unknown_model guess; }
--- must_die
--- error_log
invalid value "guess", it must be "reject", "allow" or "input=N output=N"



=== TEST 30: a bad tag name
--- config
    location /v1/ { llm_cost on; llm_tag Team-Name x; }
--- must_die
--- error_log
invalid tag name "Team-Name", it must have 1 to 32 of a-z, 0-9 and _



=== TEST 31: more than eight tags
--- config eval
"location /v1/ { llm_cost on; " . CORE::join(' ', map "llm_tag t$_ x;", 1 .. 9) . " }"
--- must_die
--- error_log
is given more than 8 times



=== TEST 32: a reservation time of nothing
--- http_config
    llm_reservation_ttl 0s;
--- config
    location /v1/ { llm_cost on; }
--- must_die
--- error_log
invalid time "0s", it must be at least 1s



=== TEST 33: everything that may be said, said
--- http_config
    llm_zone zone=money:8m;
    llm_redis 127.0.0.1:6379 db=1 prefix=x: timeout=50ms
              connect_timeout=500ms connections=2 username=u journal=8m
              password_file=$TEST_NGINX_HTML_DIR/secret;
    llm_cache_redis unix:/nowhere.sock cache=1024m;
    llm_prices $TEST_NGINX_HTML_DIR/prices.json;
    llm_price my-finetune base=gpt-4o-mini input=3.00;
    llm_price ~^acme- input=1 output=2 cached_input=0.1;
    llm_tokenizer my-finetune o200k_base;
    llm_tokenizer ~^acme- cl100k_base;
    llm_key_salt_file $TEST_NGINX_HTML_DIR/secret;
    llm_ledger_log logs/ledger.log;
    llm_reservation_ttl 5m release;
    llm_user $remote_user;
    llm_tag team $http_x_team;
--- user_files
>>> prices.json
{"my-model": {"input_cost_per_token": "1e-6", "output_cost_per_token": 2e-6}}
>>> secret
s3cret
--- config
    location /v1/ {
        llm_cost on;
        llm_provider openai;
        llm_unknown_model input=1 output=2;
        llm_budget daily limit=50usd period=day timezone=Europe/Kyiv
                   alert=50%,80%,100% mode=observe;
        llm_budget user key=$llm_api_key_id limit=$arg_l period=total
                   empty=skip;
        llm_reserve_output 1000;
        llm_fit on min=5;
        llm_store_failure local=5usd;
        llm_client_abort reserve;
        llm_upstream_lost zero;
        llm_cache on;
        llm_cache_ttl 5m;
        llm_cache_key $arg_k;
        llm_cache_scope shared;
        llm_cache_bypass $arg_b;
        llm_no_cache $arg_n;
        llm_cache_max_size 10k;
        llm_cache_lock off;
        llm_cache_lock_timeout 5s;
        llm_usage_inject off;
        llm_headers off;
        llm_max_body 1m;
        llm_max_response 1m;
        llm_unknown_path allow;
        llm_trust_reported_cost on;
    }
    location /llm/ { llm_api write=on; }
--- request
GET /v1/models
--- error_code: 404



=== TEST 34: two ledger logs
--- http_config
    llm_ledger_log logs/a.log;
    llm_ledger_log logs/b.log;
--- config
--- must_die
--- error_log
"llm_ledger_log" directive is duplicate



=== TEST 35: a ledger log that cannot be opened
--- http_config
    llm_ledger_log no/such/directory/a.log;
--- config
--- must_die
--- error_log
no/such/directory/a.log" failed



=== TEST 36: a drain that could be minutes or megabytes
--- config
    location /v1/ { llm_cost on; llm_client_abort drain=10m; }
--- must_die
--- error_log
invalid value "drain=10m", it must be "bill", "drain", "drain=30s", "drain=64k", "drain=1M" or "reserve"



=== TEST 37: a drain of what is no number
--- config
    location /v1/ { llm_cost on; llm_client_abort drain=xs; }
--- must_die
--- error_log
invalid value "drain=xs"



=== TEST 38: a zone with something else than state=
--- http_config
    llm_zone zone=llm:1m store=x;
--- config
--- must_die
--- error_log
invalid parameter "store=x", it must be "state=file"



=== TEST 39: a state file without a name
--- http_config
    llm_zone zone=llm:1m state=;
--- config
--- must_die
--- error_log
"state=" has no file name



=== TEST 40: a vocabulary that nobody names, damaged
--- http_config
    llm_data_path $TEST_NGINX_DAMAGED_PATH;
--- config
    location /v1/ { llm_cost on; }
    location = /ready { return 204; }
--- request
GET /ready
--- error_code: 204
--- error_log
[warn]
vocabulary "llama3": 



=== TEST 41: the same, named
--- http_config
    llm_data_path $TEST_NGINX_DAMAGED_PATH;
    llm_tokenizer ~^llama llama3;
--- config
    location /v1/ { llm_cost on; }
--- must_die
--- error_log
vocabulary "llama3": 



=== TEST 42: the other things that may be said, said
--- http_config
    llm_reservation_ttl 5m charge;
--- config
    location /v1/ {
        llm_cost on;
        llm_provider auto;
        llm_unknown_model allow;
        llm_budget daily limit=none period=day alert=off mode=enforce;
        llm_budget user key=$llm_api_key_id limit=1usd period=hour
                   empty=reject over=reject;
        llm_budget word key=$llm_user limit=5tokens period=week empty=TEXT;
        llm_reserve_output model;
        llm_fit off;
        llm_store_failure closed;
        llm_client_abort bill;
        llm_upstream_lost reserve;
        llm_cache_scope payer;
    }
    location /v2/ {
        llm_cost on;
        llm_budget none;
        llm_reserve_output expected;
        llm_fit missing;
        llm_store_failure open;
        llm_client_abort drain;
        llm_upstream_lost counted;
        llm_unknown_path allow;
    }
    location = /ready { return 204; }
--- request
GET /ready
--- error_code: 204
--- no_error_log
[warn]
[error]



=== TEST 43: a ledger log that is nowhere
--- http_config
    llm_ledger_log off;
--- config
--- must_die
--- error_log
llm_ledger_log: "off" is not a file, write the name of one, without variables, or leave it out



=== TEST 44: a ledger log elsewhere
--- http_config
    llm_ledger_log syslog:server=127.0.0.1;
--- config
--- must_die
--- error_log
llm_ledger_log: "syslog:server=127.0.0.1" is not a file



=== TEST 45: a ledger log of a host
--- http_config
    llm_ledger_log logs/$host.log;
--- config
--- must_die
--- error_log
llm_ledger_log: "logs/$host.log" is not a file
