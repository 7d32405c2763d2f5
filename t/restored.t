# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# A state file that has gone back, by a power loss or since it was restored,
# knows less than Redis: numbers of reservations that it takes for free were
# given to others.  What is asked then is counted all the same.

use strict;
use warnings;

use lib 't/lib';

use File::Copy qw( copy );
use File::Temp ();
use HTTP::Tiny ();
use Test::More;

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

my $dir = File::Temp->newdir('llm-restored-XXXXXX', TMPDIR => 1);
my $state = "$dir/llm.state";
my $http = HTTP::Tiny->new;
my $upstream = start_upstream_server("$dir");
my ($server, $port, $redis) = start_redis_server("$dir");


# As many requests as that, by an nginx of its own

sub ask {
    my $n = shift;

    my $nginx = start_nginx("$dir/nginx", http => <<END);
    llm_redis 127.0.0.1:$port timeout=10s;
    llm_zone zone=llm:8m state=$state;
    llm_store_failure closed;

    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            llm_budget all limit=1usd period=total;
            proxy_pass http://127.0.0.1:$upstream;
        }
    }
END

    my $url = "http://127.0.0.1:$nginx->{port}/v1/chat/completions";
    my %status;

    $status{$http->post($url, {
        content => '{"model":"gpt-4o-mini","max_tokens":100,"messages":'
                   . '[{"role":"user","content":"hi"}]}',
        headers => { 'X-Test-Prompt-Tokens'     => 8,
                     'X-Test-Completion-Tokens' => 100 } })->{status}}++
        for 1 .. $n;

    is(join("\n", stop_nginx($nginx)), '', 'nginx leaves nothing behind');

    return \%status;
}


sub is_whole {
    my $what = shift;

    my $logged = log_counters(log_entries("$dir/nginx/access.log"));
    my $counters = redis_counters($redis);

    is_deeply({ map { $_ => $counters->{$_}{spent} } keys %$counters },
              $logged, $what);
}


subtest 'a backup takes the place of the file' => sub {
    ask(3);
    copy($state, "$dir/backup") or die $!;
    ask(5);
    copy("$dir/backup", $state) or die $!;

    is_deeply(ask(9), { 200 => 9 }, 'nobody is refused');
    is_whole('all is counted');
};


# A copy has another inode, and is looked at as after a boot

subtest 'power is lost' => sub {
    copy($state, "$dir/copy") or die $!;
    ask(5);
    rename "$dir/copy", $state or die $!;

    is_deeply(ask(9), { 200 => 9 }, 'nobody is refused');
    is_whole('all is counted');
};

done_testing;
