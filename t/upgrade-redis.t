# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# kill -USR2 with state= and Redis: both binaries serve, with one ledger and a
# record each, and Redis goes back to a moment at which requests of both were open
# that have ended since.  Whichever comes first tells what is on its record; of
# what was on that of the other one nothing is lost, and nothing stays reserved.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use HTTP::Tiny ();
use Test::More;

use LLMCost::Chats;
use LLMCost::Ledger;
use LLMCost::Nginx qw( :DEFAULT nginx_config nginx_complaints start_daemon );
use LLMCost::Process;
use LLMCost::Redis;

$ENV{UPSTREAM_PATIENCE} = 600;


my $dir = File::Temp->newdir('llm-binaries-XXXXXX', TMPDIR => 1);
my $http = HTTP::Tiny->new(timeout => 20);
my $upstream = start_upstream_server("$dir");
my ($server, $redis_port, $redis) = start_redis_server("$dir");
my $asked = 0;

# a port for the clients of each

my %port = (old => free_port(), new => free_port());
my %master;

configure('old');
$master{old} = start_daemon("$dir");
ask($_) for ('old') x 2;

configure('new');
kill 'USR2', $master{old};
await(sub { -e "$dir/nginx.pid.oldbin" && -s "$dir/nginx.pid" && workers('new') },
      'the new binary starts');
ask($_) for ('new') x 2;

# The second time each has come to an incarnation, and has on record what was since

for my $round (1, 2) {
    for my $first ('old', 'new') {
        my $second = $first eq 'old' ? 'new' : 'old';

        await(sub { reserved() == 0 }, 'nothing is open');

        my %open = map { $_ => open_request($_) } 'old', 'new';

        await(sub { reserved() == 2 }, 'both have one open');

        my $file = redis_saved($redis, '{llm:}*');

        is_answered($open{$_}) for 'old', 'new';
        ask($_) for 'old', 'new';
        await(sub { reserved() == 0 }, 'both are settled');

        my %changes = map { $_ => changes($_) } 'old', 'new';

        kill 'STOP', workers($second);
        redis_go_back($redis, '{llm:}*', $file);
        await(sub { changes($first) > $changes{$first} },
              "the $first one comes back");
        kill 'CONT', workers($second);
        await(sub { changes($second) > $changes{$second} },
              'so does the other one');

        is_right("round $round, the $first one first");
    }
}

# What was on record of one that has left

my $open = open_request('old');
await(sub { reserved() == 1 }, 'one is open');

my $file = redis_saved($redis, '{llm:}*');
my $changes = changes('new');

is_answered($open);
ask('old');
await(sub { reserved() == 0 }, 'it is settled');
kill 'QUIT', $master{old};
await(sub { !-e "$dir/nginx.pid.oldbin" }, 'the old binary leaves');

redis_go_back($redis, '{llm:}*', $file);
await(sub { changes('new') > $changes }, 'the new one comes back');
is_right('the old one has left');

kill 'QUIT', int read_file("$dir/nginx.pid");
await(sub { !-e "$dir/nginx.pid" }, 'nginx leaves');
is join('', nginx_complaints("$dir")), '', '... and nothing behind';

done_testing;


sub configure {
    my $name = shift;

    write_file("$dir/nginx.conf", nginx_config("$dir", $port{$name},
                                               daemon => 1, http => <<END));
    llm_zone zone=llm:4m state=$dir/llm.state;
    llm_redis 127.0.0.1:$redis_port timeout=10s;

    server {
        listen 127.0.0.1:PORT;

        location /v1/ {
            llm_cost on;
            llm_budget all limit=1000requests period=total;
            proxy_pass http://127.0.0.1:$upstream;
            proxy_read_timeout 600s;
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


# of the binary, as it is a child of the other one

sub workers {
    my $name = shift;

    $master{new} = int read_file("$dir/nginx.pid");

    return grep { read_file("/proc/$_/cmdline") =~ /worker process/ }
           split ' ', read_file("/proc/$master{$name}/task/$master{$name}"
                                . '/children');
}


sub ask {
    my $name = shift;

    $asked++;
    fail('it is answered') if chat_status(send_chat($port{$name}, '')) != 200;
}


sub open_request {
    my $port = $port{$_[0]};
    my $name = 'r' . $asked++;

    return [send_chat($port, "X-Test-Wait: $name\r\n"), $name];
}


sub is_answered {
    my ($socket, $name) = @{$_[0]};

    write_file("$dir/release.$name", '');
    fail('it is answered') if chat_status($socket) != 200;
}


sub counters { values %{redis_counters($redis)} }

sub reserved { (counters())[0]{reserved} }


# A request has its line a moment after its client has the answer

sub is_right {
    my $what = shift;

    my $logged = sub {
        return (values %{log_counters(log_entries("$dir/access.log"))})[0];
    };
    my $spent = sub { (counters())[0]{spent} };

    await(sub { $logged->() == $asked && reserved() == 0 },
          'all is logged, and nothing reserved');
    is $spent->(), $asked, $what;
}


# how often its store has gone and come

sub changes {
    my $name = shift;

    my $text = $http->get("http://127.0.0.1:$port{$name}/llm/metrics")
                    ->{content};

    return $text =~ /^llm_store_up\{.*\} 1$/m
           && $text =~ /^llm_store_unconfirmed 0$/m
           && $text =~ /^llm_store_changes_total (\d+)$/m ? $1 : 0;
}
