# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Redis hangs while a client polls what it has begun: one look waits for the
# answer, and no other, whichever worker has it.  Redis itself counts them once
# it goes on.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use JSON::PP ();
use Test::More;

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

require './t/suite/background.pl';

my $POLLS = 24;

my $dir = File::Temp->newdir('llm-hung-XXXXXX', TMPDIR => 1);
my $upstream = start_upstream_server("$dir");
my ($server, $redis_port, $socket) = start_redis_server("$dir");

write_file("$dir/script.json", background_script());

# every command is slow: so it is in a log

redis_command($socket, qw( CONFIG SET slowlog-log-slower-than 0
                           slowlog-max-len 10000 ));

# reuseport: each worker gets its part of the clients

my $node = start_nginx("$dir/nginx", workers => 2, http => <<END);
    llm_redis unix:$socket timeout=2s;
    llm_price m input=0 output=8;

    server {
        listen 127.0.0.1:PORT reuseport;
        keepalive_timeout 0;

        location / {
            llm_cost on;
            llm_budget daily limit=1usd period=day;
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; access_log off; }
    }
END

is ask($node, 'begin'), 200, 'begun';

# both workers have asked Redis

ask($node, 'wait') for 1 .. $POLLS;

cmp_ok looks(), '==', $POLLS, 'Redis is asked by each poll';

my ($redis) = redis_command($socket, qw( INFO server )) =~ /process_id:(\d+)/;

redis_command($socket, qw( SLOWLOG RESET ));
ok kill('STOP', $redis), 'Redis hangs';

my %status;

$status{ask($node, 'wait')}++ for 1 .. $POLLS;

kill 'CONT', $redis;

is_deeply \%status, { 200 => $POLLS }, 'each poll is answered';
cmp_ok looks(), '<=', 1, 'one has waited for Redis';
is ask($node, 'end'), 200, 'over';

is_deeply [stop_nginx($node)], [], 'nginx leaves nothing behind';
is scalar(grep { ($_->{cost} // '') =~ /[1-9]/ }
          log_entries("$node->{dir}/access.log")), 1, 'billed once';

done_testing;


# what Redis has been asked of work since the log of slow commands was emptied

sub looks {
    return scalar grep { "@{$_->[3]}" =~ /^GET \{llm:\}h:/ }
                  @{redis_command($socket, qw( SLOWLOG GET -1 ))};
}
