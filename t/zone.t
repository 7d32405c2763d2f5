# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The shared memory zone: what a reload keeps, what becomes of the requests of
# a worker that was killed, and sizes.

use lib 't/lib';
use LLMCost;

use IO::Socket::INET;

no_long_string();
master_on();
workers(2);


my $chat = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":'
           . '"hi"}],"max_tokens":1000}';

sub chat { "POST /v1/chat/completions\n$chat" }


add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(config => <<'END') if !defined $block->config;
    location /v1/ {
        llm_cost on;
        llm_cache on;
        llm_budget daily limit=1usd period=day;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
    location /llm/ { llm_api; }
END
});


# after: what is done between a block's requests, by name

add_response_body_check(sub {
    my ($block, $body, $i) = @_;

    my $after = $block->after or return;
    my $name = ref $after ? $after->[$i] : $after;
    return if !$name;

    $name =~ s/\s+$//;

    no strict 'refs';
    &{"main::$name"}($block);
});


sub workers_of {
    my $master = shift;

    return split ' ', `ps -o pid= --ppid $master`;
}


sub reload {
    my $block = shift;

    my $master = nginx_pid();
    my %old = map { $_ => 1 } workers_of($master);

    kill 'HUP', $master;

    Test::More::ok(wait_for(sub { 2 == grep { !$old{$_} }
                                            workers_of($master) }),
                   $block->name . ' - new workers');
    Test::More::ok(wait_for(sub { !grep { $old{$_} } workers_of($master) }),
                   $block->name . ' - old ones have left');
}


sub get {
    my $path = shift;

    my $socket = connection() or return '';
    print $socket "GET $path HTTP/1.0\r\n\r\n";

    local $/;
    return <$socket> // '';
}


sub connection {
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                 PeerPort => server_port());
}


# A request whose answer has no end, and then the end of all workers

sub kill_workers {
    my $block = shift;

    end_workers($block, sub { kill 'KILL', workers_of(nginx_pid()) });
}


# nginx closes what is left of the requests of a worker that has to go

sub replace_workers {
    my $block = shift;

    end_workers($block, sub { reload($block) });
}


sub end_workers {
    my ($block, $end) = @_;

    my $socket = connection();
    my $body = $chat;
    my $stream = defined $block->stream;

    $body =~ s/}$/,"stream":true}/ if $stream;

    print $socket "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                  . "Content-Length: " . length($body) . "\r\n\r\n$body";

    wait_for { upstream_requests() };
    wait_for { $socket->sysread(my $part, 4096) } if $stream;

    Test::More::like(get('/llm/budgets'), qr/"spent":0,"reserved":0\.000\d/,
                     $block->name . ' - reserved');

    $end->();

    Test::More::ok(wait_for(sub { get('/llm/budgets') =~ /"reserved":0,/ }),
                   $block->name . ' - settled by a worker that lives');
    Test::More::like(get('/llm/budgets'), qr/${\$block->spent}/,
                     $block->name . ' - spent');

    my $line = $block->ledger_line or return;

    Test::More::like(ledger_log(), qr/$line/, $block->name . ' - its line');
    Test::More::is(scalar(my @lines = split /^/, ledger_log()), 1,
                   $block->name . ' - and no other');
}


sub ledger_log {
    open my $in, '<', Test::Nginx::Util::server_root() . '/logs/ledger.log'
        or return '';
    local $/;
    return <$in> // '';
}


# USR1, and what dies afterwards is written into a new file

sub reopen_and_kill {
    my $block = shift;

    my $log = Test::Nginx::Util::server_root() . '/logs/ledger.log';

    rename $log, "$log.old" or die;
    kill 'USR1', nginx_pid();
    Test::More::ok(wait_for(sub { -e $log }), $block->name . ' - reopened');

    kill_workers($block);
    Test::More::is(-s "$log.old", 0, $block->name . ' - not into the old one');
}

run_tests();

__DATA__

=== TEST 1: a reload keeps counters, statistics and cached answers
--- request eval
[main::chat(), main::chat(), 'GET /llm/usage/summary', 'GET /llm/budgets']
--- more_headers
Authorization: Bearer one
--- after eval
['reload', 'reload']
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "", ""]
--- response_body_like eval
['', '', '"total_requests":2,.*"total_cost_usd":0\.0000045,',
 '"spent":0\.0000045,"reserved":0,']
--- upstream_count: 1



=== TEST 2: a killed worker's request is settled by another, with its line
A client that leaves an answer in one piece owes all that was reserved.
--- http_config
llm_ledger_log logs/ledger.log;
--- upstream eval
[{ before => [{ wait => 'abort' }], body => '' }]
--- request
GET /llm/health
--- after: kill_workers
--- spent chomp
"spent":0\.0006012,"reserved":0,
--- ledger_line chomp
^{"time":"[^"]+","request_id":"[0-9a-f]{32}","usage_source":"lost","cost":"0\.000601200","why":"worker died","budgets":"daily\|\|\d{4}-\d\d-\d\dT00:00:00Z\|usd\|0\.000601200"}$
--- error_log
exited on signal 9
left without their worker



=== TEST 3: a stream with the output that was seen, also where what expires is released
--- http_config
llm_reservation_ttl 10m release;
llm_ledger_log logs/ledger.log;
--- upstream eval
[{ sse => [{ choices => [{ index => 0, delta => { content => 'Hello' } }] },
           \{ wait => 'abort' }] }]
--- request
GET /llm/health
--- stream
--- after: reopen_and_kill
--- spent chomp
"spent":0\.0000012,"reserved":0,
--- ledger_line chomp
"cost":"0\.000001200","why":"worker died"
--- error_log
exited on signal 9
left without their worker



=== TEST 4: worker_shutdown_timeout ends a stream: its worker settles it itself
--- main_config
worker_shutdown_timeout 100ms;
--- http_config
llm_ledger_log logs/ledger.log;
--- upstream eval
[{ sse => [{ choices => [{ index => 0, delta => { content => 'Hello' } }] },
           \{ wait => 'abort' }] }]
--- request
GET /llm/health
--- stream
--- after: replace_workers
--- spent chomp
"spent":0\.0000018,"reserved":0,
--- no_error_log
left without their worker



=== TEST 5: a text that was counted before counts the same, in each vocabulary
--- config
    location /v1/ {
        llm_cost on;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
--- upstream eval
{ json => { model => 'gpt-4o-mini', choices => [{ index => 0,
    message => { role => 'assistant', content => 'Hello' },
    finish_reason => 'stop' }] } }
--- request eval
[map { "POST /v1/chat/completions\n" . qq({"model":"$_","messages":)
       . '[{"role":"user","content":"The same words come again with every '
       . 'turn of a conversation, and 每一轮对话都会再次发送相同的文字。 '
       . 'They are counted once."}]}' } ('gpt-4o-mini', 'gpt-4') x 4]
--- after eval
['', '', '', 'reload', '', '', '', '']
--- response_headers eval
[('X-Input-Tokens: 38', 'X-Input-Tokens: 43') x 4]
--- no_error_log
[alert]
[error]



=== TEST 5: $request_id is one, whoever asks for it first
--- http_config
llm_ledger_log logs/ledger.log;
--- config
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_set_header X-Sent $request_id;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
        add_header X-Ids "$request_id $request_id";
    }
    location /early/v1/ {
        set $early $request_id;
        llm_cost on;
        llm_budget daily limit=1usd period=day;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT/v1/;
        add_header X-Ids "$early $request_id";
    }
--- request eval
[::chat(), ::chat() =~ s{/v1}{/early/v1}r]
--- raw_response_headers_like eval
[(qr/\r\nX-Ids: ([0-9a-f]{32}) \1\r\n/) x 2]
--- upstream_requests_like eval: [qr/^X-Sent: [0-9a-f]{32}\r?$/m]
--- no_error_log
[alert]
[error]
