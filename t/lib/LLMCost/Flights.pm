package LLMCost::Flights;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# What the tests of llm_cache_lock share: one question, its answer as a
# document and as a stream, an upstream that holds either back until a test
# lets it go, many clients at once, and what they were answered.
#
# A name that an upstream waits for and that ends with "+" is its block's own:
# release() lets those of the current one go.

use strict;
use warnings;

use Exporter qw( import );
use File::Temp ();
use IO::Select ();
use IO::Socket::INET ();
use IO::Socket::UNIX ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Ledger;
use LLMCost::Nginx;
use LLMCost::Process;
use LLMCost::Redis;

our @EXPORT = qw( flights_start script release wait_until asked connections
                  start_load load_results statuses same ends budgets
                  open_request open_h2 close_h2 read_until read_rest answer_of stream_of
                  flights_node send_request forget_redis
                  $json $dir $upstream $redis_port $redis %body %stream $PRICE );

our $PRICE = 1950;                      # of one answer, nano-USD
our $json = JSON::PP->new->canonical;
our ($dir, $upstream, $redis_port, $redis);
our %body = (model => 'gpt-4o-mini', max_tokens => 100,
             messages => [{ role => 'user', content => 'the same' }]);
our %stream = (stream => JSON::PP::true,
               stream_options => { include_usage => JSON::PP::true });

my $PATIENCE = 40;
my $block = 0;
my %usage = (prompt_tokens => 9, completion_tokens => 1, total_tokens => 10);


sub flights_start {
    $dir = File::Temp->newdir('llm-flights-XXXXXX', TMPDIR => 1);
    $ENV{UPSTREAM_PATIENCE} = 120;
    $ENV{LOAD_PATIENCE} = 120;
    $upstream = start_upstream_server("$dir");
    (my $server, $redis_port, $redis) = start_redis_server("$dir");
}


# A node: http is for http{}, location for the location that is asked.  It is
# asked over a socket, too: a key has the port in it, and nodes of a fleet have
# the same.

sub flights_node {
    my ($name, %o) = @_;

    my $socket = "$dir/$name.sock";
    my $node = start_nginx("$dir/$name", workers => $o{workers} // 2,
                           connections => 2048, http => <<END);
    @{[ $o{http} // '' ]}

    server {
        listen 127.0.0.1:PORT;
        listen unix:$socket backlog=1024;
        listen unix:$socket.h2 http2;

        location /v1/ {
            llm_cost on;
            llm_cache on;
            llm_cache_scope shared;
            @{[ $o{location} // '' ]}
            proxy_pass http://127.0.0.1:$upstream;
        }

        location /llm/ { llm_api; access_log off; }
        location /status { stub_status; access_log off; }
    }
END
    $node->{socket} = $socket;

    return $node;
}


# the answer as a document

sub answer_of {
    my %more = @_;

    return { headers => { 'Content-Type' => 'application/json' },
             body => $json->encode({
        id => 'x', object => 'chat.completion', model => 'gpt-4o-mini',
        choices => [{ index => 0, finish_reason => 'stop',
                      message => { role => 'assistant', content => 'yes' } }],
        usage => \%usage }), %more };
}


# ... as a stream of n events with text, which are $text$i; steps{i} are taken
# in front of the i-th, steps{n} behind the last one

sub stream_of {
    my ($n, $steps, %more) = @_;

    my @events = map {
        $json->encode({ id => 'x', model => 'gpt-4o-mini', usage => undef,
            choices => [{ index => 0, finish_reason => undef,
                          delta => { content => "text$_ " } }] })
    } 0 .. $n - 1;

    push @events,
        $json->encode({ id => 'x', model => 'gpt-4o-mini', usage => undef,
            choices => [{ index => 0, finish_reason => 'stop',
                          delta => {} }] }),
        $json->encode({ id => 'x', model => 'gpt-4o-mini', choices => [],
                        usage => \%usage }),
        '[DONE]';

    my @body = map { my $e = "data: $events[$_]\n\n";
                     (@{ $steps->{$_} // [] }, $e) } 0 .. $#events;

    return { headers => { 'Content-Type' => 'text/event-stream' },
             body => \@body, %more };
}


sub forget_redis { redis_command($redis, 'FLUSHALL') }


sub script {
    my $answers = shift;

    $block++;

    my $text = $json->encode({ block => $block, answers => $answers });

    $text =~ s/("wait":"\w+)\+"/$1$block"/g;
    write_file("$dir/script.json", $text);
}


sub release { write_file("$dir/release.$_$block", '') for @_ }


sub wait_until {
    my $ready = shift;

    my $end = time + $PATIENCE;

    while (!$ready->()) {
        return 0 if time > $end;
        sleep 0.02;
    }

    return 1;
}


# requests that have reached upstream in this block

sub asked {
    my $n = grep { $_->{block} == $block && !$_->{event} }
            map { $json->decode($_) } split /^/,
            -f "$dir/requests.jsonl" ? read_file("$dir/requests.jsonl") : '';

    return $n;
}


# of clients that are with the nodes

sub connections {
    my $n = 0;

    for my $node (@_) {
        my $socket = IO::Socket::UNIX->new(Peer => $node->{socket}) or next;

        print $socket "GET /status HTTP/1.0\r\n\r\n";
        local $/;
        $n += $1 - 1
            if (readline($socket) // '') =~ /Active connections: (\d+)/;
    }

    return $n;
}


sub start_load {
    my ($n, $more, @to) = @_;

    my $plan = $json->encode({ headers => {}, body => { %body, %$more } });

    write_file("$dir/plan", "$plan\n" x $n);

    my ($load) = start_process('python3', '-B',
        project_dir() . '/t/util/load.py', "$dir/plan", "$dir/results",
        $n, map { $_->{socket} } @to);

    return $load;
}


sub load_results {
    my $load = shift;

    readline $load->{out};
    readline $load->{out};

    return map { $json->decode($_) } split /^/, read_file("$dir/results");
}


sub statuses {
    my %n;

    for (@_) {
        $n{$_->{error} ? 'broken' : "$_->{status} "
                                    . ($_->{headers}{'x-cache'} // '-')}++;
    }

    return join ', ', map { "$n{$_} x $_" } sort keys %n;
}


sub same {
    my ($name, @results) = @_;

    my %body = map { $_->{body} => 1 } @results;

    is(scalar keys %body, 1, "$name: the same for all");
}


# by name, once they can be asked for, and nothing is reserved any more

sub budgets {
    my $node = shift;

    my %budget;

    wait_until(sub {
        my $list = eval { api_get($node->{port}, 'budgets') } or return 0;

        %budget = map { $_->{name} => $_ } @$list;
        return !grep { $_->{reserved} } @$list;
    });

    return %budget;
}


sub ends {
    my ($node, @allow) = @_;

    my @left = grep { my $l = $_; !grep { $l =~ $_ } @allow }
               stop_nginx($node);

    is(join("\n", @left), '', 'nginx leaves nothing behind');
}


# One client that is looked at while its answer goes on

sub open_request {
    my ($node, $more, @headers) = @_;

    my $socket = IO::Socket::UNIX->new(Peer => $node->{socket}) or die $!;
    my $client = { socket => $socket, text => '' };

    send_request($client, $more, @headers);

    return $client;
}


# the same over HTTP/2; $client->{whole} once it is closed

sub open_h2 {
    my ($node, $more) = @_;

    open my $pipe, '-|', 'curl', '-s', '-N', '-i', '--http2-prior-knowledge',
        '--unix-socket', "$node->{socket}.h2", '-d',
        $json->encode({ %body, %$more }),
        'http://localhost/v1/chat/completions' or die $!;

    return { socket => $pipe, text => '' };
}


sub close_h2 {
    my $client = shift;

    my $text = read_until($client, qr/(?!)/);

    $client->{whole} = close $client->{socket};

    return (split /\r\n\r\n/, $text, 2)[1];
}


sub send_request {
    my ($client, $more, @headers) = @_;

    my $text = $json->encode({ %body, %$more });

    print { $client->{socket} } join "\r\n",
        'POST /v1/chat/completions HTTP/1.1', 'Host: localhost', @headers,
        'Content-Length: ' . length $text, '', $text;
    $client->{socket}->flush;
}


# what has come once the pattern is in it, or so many bytes, or what a function
# asks for; or all that comes before the end

sub read_until {
    my ($client, $what) = @_;

    my $select = IO::Select->new($client->{socket});
    my $end = time + $PATIENCE;
    my $enough = ref $what eq 'CODE' ? $what
               : ref $what ? sub { $client->{text} =~ $what }
                           : sub { length $client->{text} >= $what };

    while (!$enough->() && !$client->{eof} && time < $end) {
        next if !$select->can_read(0.5);

        my $n = sysread $client->{socket}, $client->{text}, 65536,
                        length $client->{text};
        $client->{eof} = 1 if !$n;
    }

    return $client->{text};
}


# its body without chunks; $client->{whole} if it came to its end

sub read_rest {
    my $client = shift;

    my ($head) = split /\r\n\r\n/, read_until($client, qr/\r\n\r\n/);
    my $start = length($head) + 4;

    $client->{head} = $head;

    if ($head =~ /^Content-Length: (\d+)/mi) {
        my $end = $start + $1;

        $client->{whole} = length read_until($client, $end) >= $end;

        return substr $client->{text}, $start, $1;
    }

    read_until($client, sub {
        substr($client->{text}, -400) =~ /\r\n0\r\n(?:[^\r\n]+\r\n)*\r\n\z/
    });

    my $rest = substr $client->{text}, $start;
    my $body = '';

    $client->{whole} = 0;

    while ($rest =~ /\G([0-9a-f]+)\r\n/gc) {
        my $n = hex $1;

        if ($n == 0) {
            $client->{whole} = 1;
            last;
        }

        $body .= substr $rest, pos $rest, $n;
        last if pos($rest) + $n + 2 > length $rest;
        pos($rest) += $n + 2;
    }

    return $body;
}

1;
