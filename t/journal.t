# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Redis is away: so many requests are admitted as journal= has room for the ends
# of, however large those are.  Here each has as many budgets as there can be,
# with the longest names, so that the ends of 1,000 do not fit into 4m.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use HTTP::Tiny ();
use IO::Socket::INET ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw( sleep );

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;

my $REQUESTS = 1000;

my $dir = File::Temp->newdir('llm-journal-XXXXXX', TMPDIR => 1);
my $json = JSON::PP->new->canonical;

# nobody accepts for as long as requests come: they are open all at once

my $upstream = IO::Socket::INET->new(Listen => $REQUESTS,
                                     LocalAddr => '127.0.0.1') or die $!;
my $node = instance();
my @clients = map { ask() } 1 .. $REQUESTS;

# those that are refused are answered at once

my $open = 0;

for (1 .. 2000) {
    $open = open_requests();
    last if $open + refused() == $REQUESTS;
    sleep 0.01;
}

cmp_ok $open, '>', 300, "$open of $REQUESTS have room";
cmp_ok $open, '<', $REQUESTS, '... and others have none';

answer() for 1 .. $open;

ok read_all(), 'all are answered';
is open_requests(), 0, 'nothing is held';

my $short = () = read_file("$node->{dir}/error.log") =~ /for settlements/g;

is $short, 0, 'who was admitted had the room';
is join('', stop_nginx($node)), '', 'nginx leaves nothing behind';

done_testing;


sub instance {
    my $budgets = join "\n", map {
        sprintf 'llm_budget %s%02d key=$long limit=1000000000requests '
                . 'period=minute alert=80%%,90%%,95%%,100%%;', 'b' x 30, $_
    } 0 .. 15;

    return start_nginx("$dir/node", connections => 4096, http => <<END);
    llm_redis 127.0.0.1:@{[ free_port() ]} journal=4m;
    llm_price m input=0 output=8;
    map \$uri \$long { default @{['k' x 64]}; }

    server {
        listen 127.0.0.1:PORT backlog=4096;

        location /v1/ {
            llm_cost on;
            llm_store_failure open;
            $budgets
            proxy_pass http://127.0.0.1:@{[ $upstream->sockport ]};
        }

        location /llm/ { llm_api; access_log off; }
    }
END
}


sub ask {
    my $body = $json->encode({ model => 'm', max_tokens => 10,
                               messages => [{ role => 'user',
                                              content => 'hi' }] });
    my $client = IO::Socket::INET->new("127.0.0.1:$node->{port}") or die $!;

    print $client join "\r\n", 'POST /v1/chat/completions HTTP/1.1', 'Host: x',
        'Connection: close', 'Content-Length: ' . length $body, '', $body;
    $client->flush;

    return $client;
}


sub answer {
    my $body = $json->encode({ object => 'chat.completion', choices => [],
                               usage => { prompt_tokens => 1,
                                          completion_tokens => 1,
                                          total_tokens => 2 } });
    my $server = $upstream->accept or die $!;

    sysread $server, my $request, 65536;
    print $server join "\r\n", 'HTTP/1.1 200 OK', 'Connection: close',
        'Content-Type: application/json', 'Content-Length: ' . length $body,
        '', $body;
}


# requests that the zone holds something for

sub open_requests {
    my $text = HTTP::Tiny->new(timeout => 10)
               ->get("http://127.0.0.1:$node->{port}/llm/metrics")->{content};

    return $text =~ /^llm_zone_reservations\S* (\d+)/m ? $1 : -1;
}


sub refused {
    return scalar(() = read_file("$node->{dir}/access.log")
                       =~ /"status":\s*"?503/g);
}


sub read_all {
    for my $client (@clients) {
        local $/;
        my $text = readline($client) // '';

        close $client;
        return 0 if $text !~ m{^HTTP/1\.1 (?:200|503) };
    }

    return 1;
}
