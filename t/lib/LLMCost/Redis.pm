package LLMCost::Redis;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# A private redis-server for a test file, and a client for it.

use strict;
use warnings;

use Exporter qw( import );
use IO::Socket::UNIX ();
use Time::HiRes qw( sleep );

use LLMCost::Process;

our @EXPORT = qw( start_redis_server redis_command redis_saved
                  redis_go_back );

my %connection;


# Nothing of it is kept.  redis-server does not end with its stdin, so a shell
# stands in between that ends it.

sub start_redis_server {
    my $dir = shift;

    my $socket = "$dir/redis.sock";
    my $script = 'redis-server "$@" > "$0/redis.log" 2>&1 & echo started; '
                 . 'read x; kill $!; wait';

    for (1 .. 5) {
        my $port = free_port();

        my ($process) = start_process('sh', '-c', $script, $dir,
            '--port', $port, '--bind', '127.0.0.1', '--unixsocket', $socket,
            '--save', '', '--appendonly', 'no', '--dir', $dir,
            '--maxmemory-policy', 'noeviction');

        for (1 .. 500) {
            my $answer = eval { redis_command($socket, 'PING') };
            return ($process, $port, $socket) if ($answer // '') eq 'PONG';
            last if read_file("$dir/redis.log") =~ /already in use/;
            sleep 0.01;
        }
    }

    die "redis-server does not start:\n", read_file("$dir/redis.log");
}


# Dies on an error reply; undef is a nil, a list a reference

sub redis_command {
    my ($path, @words) = @_;

    my $socket = $connection{$path}
        //= IO::Socket::UNIX->new(Peer => $path) // die "$path: $!\n";

    my $ok = eval {
        local $SIG{PIPE} = 'IGNORE';

        print $socket join '', '*' . @words . "\r\n",
                      map { '$' . length($_) . "\r\n$_\r\n" } @words;
        $socket->flush;
        1;
    };

    my $reply = $ok ? read_reply($socket) : undef;

    if (!$reply) {
        delete $connection{$path};
        die "redis is gone\n";
    }

    die "redis: $words[0]: $reply->{error}\n" if exists $reply->{error};

    return $reply->{value};
}


# What keys that match a pattern are, at one moment, and back to that

sub redis_saved {
    my ($path, $pattern) = @_;

    return { @{redis_command($path, 'EVAL', <<'END', 0, $pattern)} };
        local saved = {}
        for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
            saved[#saved + 1] = key
            saved[#saved + 1] = redis.call('DUMP', key)
        end
        return saved
END
}

sub redis_go_back {
    my ($path, $pattern, $saved) = @_;

    redis_command($path, 'EVAL', <<'END', 0, $pattern, %$saved);
        for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
            redis.call('DEL', key)
        end
        for i = 2, #ARGV, 2 do
            redis.call('RESTORE', ARGV[i], 0, ARGV[i + 1], 'REPLACE')
        end
END
}


sub read_reply {
    my $socket = shift;

    my $line = <$socket> // return;
    $line =~ s/\r\n$//;

    my ($kind, $text) = (substr($line, 0, 1), substr $line, 1);

    return { error => $text } if $kind eq '-';
    return { value => $text } if $kind eq '+' || $kind eq ':';
    return { value => undef } if $text < 0;

    if ($kind eq '$') {
        read $socket, my $bytes, $text + 2;
        return { value => substr $bytes, 0, $text };
    }

    my @list;

    for (1 .. $text) {
        my $reply = read_reply($socket) // return;
        push @list, $reply->{error} // $reply->{value};
    }

    return { value => \@list };
}

1;
