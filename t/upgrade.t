# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# kill -USR2 with state=: for as long as both binaries serve, and after it, what
# one of them has begun the other one settles, once.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use HTTP::Tiny ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw( sleep );

use LLMCost::Ledger;
use LLMCost::Nginx qw( :DEFAULT nginx_config nginx_complaints start_daemon );
use LLMCost::Process;

my $dir = File::Temp->newdir('llm-upgrade-XXXXXX', TMPDIR => 1);
my $json = JSON::PP->new->canonical;
my $upstream = start_upstream_server("$dir");

# a port for each binary's clients

my ($port, $other) = (free_port(), free_port());

configure($port);
my $old = start_daemon("$dir");

is ask_for('begin', 'resp_1'), 200, 'one begins before the upgrade';

configure($other);
kill 'USR2', $old;
ok wait_for(sub { -e "$dir/nginx.pid.oldbin" && -s "$dir/nginx.pid"
                  && log_count('start worker processes') == 2 }),
   'the new binary has started';

my ($before, $after) = ($port, $other);

held_is($after, 8_000_000, 'its ledger has the reservation');

is ask_for('begin', 'resp_2', $before), 200, 'one begins with the old binary';
is ask_for('begin', 'resp_3', $after), 200, '... and one with the new one';

is ask_for('end', 'resp_1', $after), 200, 'the new one settles the first';
is ask_for('end', 'resp_3', $before), 200, '... the old one that of the new one';
is ask_for('end', $_, $before), 200, "$_ again, asked of the old one"
    for qw( resp_1 resp_3 );

held_is($after, 8_000_000, 'one is open');

kill 'QUIT', $old;
ok wait_for(sub { !-e "$dir/nginx.pid.oldbin" }), 'the old binary leaves';
is ask_for('end', 'resp_2', $after), 200, 'the new one settles what it had begun';
held_is($after, 0, 'nothing is held');

is budget($after)->{spent}, '0.0012', 'each was charged as it was used';

kill 'QUIT', int read_file("$dir/nginx.pid");
ok wait_for(sub { !-e "$dir/nginx.pid" }), 'nginx leaves';

is scalar(grep { ($_->{cost} // '') =~ /[1-9]/ }
          log_entries("$dir/access.log")), 3, 'each is in the log once';
is join('', nginx_complaints("$dir")), '', 'nginx leaves nothing behind';

done_testing;


sub configure {
    my $port = shift;

    write_file("$dir/nginx.conf", nginx_config("$dir", $port, daemon => 1,
                                               workers => 2, http => <<END));
    llm_zone zone=llm:4m state=$dir/llm.state;
    llm_price m input=0 output=8;

    server {
        listen 127.0.0.1:PORT;

        location / {
            llm_cost on;
            llm_budget daily limit=1usd period=day;
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


# a response in the background of 8 USD a million tokens is begun, at its most
# 1,000 of them, or ends after 50

sub ask_for {
    my ($what, $id, $to) = @_;

    my $ends = $what eq 'end';

    write_file("$dir/script.json", $json->encode({ block => 0, answers => {
        headers => { 'Content-Type' => 'application/json' },
        body => $json->encode({
            id => $id, object => 'response', model => 'm', output => [],
            status => $ends ? 'completed' : 'queued',
            usage => $ends ? { input_tokens => 9, output_tokens => 50,
                               total_tokens => 59 } : undef }) } }));

    my $url = sprintf 'http://127.0.0.1:%d/v1/responses', $to // $port;
    my $http = HTTP::Tiny->new(timeout => 10, keep_alive => 0);
    my %headers = (Authorization => 'Bearer x');

    my $answer = $ends
        ? $http->get("$url/$id", { headers => \%headers })
        : $http->post($url, { headers => \%headers, content => $json->encode({
              model => 'm', input => 'hi', max_output_tokens => 1000,
              background => JSON::PP::true }) });

    return $answer->{status};
}


sub budget {
    my $port = shift;

    return api_get($port, 'budgets')->[0] || { reserved => 0, spent => 0 };
}


sub held_is {
    my ($port, $nano, $name) = @_;

    ok wait_for(sub { nano(budget($port)->{reserved}) == $nano }), $name
        or diag $json->encode(budget($port));
}


sub log_count {
    my $what = shift;

    return scalar(() = read_file("$dir/error.log") =~ /$what/g);
}


sub wait_for {
    my $ready = shift;

    for (1 .. 1000) {
        return 1 if $ready->();
        sleep 0.01;
    }

    return 0;
}
