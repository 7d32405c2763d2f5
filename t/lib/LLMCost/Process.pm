package LLMCost::Process;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Helper processes of a test file, and small files.  A helper ends when its
# stdin does: however this process dies, none stays behind.

use strict;
use warnings;

use Exporter qw( import );
use IO::Socket::INET ();
use IPC::Open2 qw( open2 );

our @EXPORT = qw( start_process stop_processes free_port
                  read_file write_file split_words );

my @running;
my @locks;
my $owner = $$;


# Returns the process and the words of the first line that it prints

sub start_process {
    my @command = @_;

    my $pid = open2(my $out, my $in, @command);
    my $line = <$out> // die "$command[0] does not start\n";

    my $process = { pid => $pid, in => $in, out => $out };
    push @running, $process;

    return ($process, split ' ', $line);
}


sub stop_processes {
    return if $$ != $owner;

    # closed first, all of them, then awaited: they end side by side

    my @ending = splice @running;

    close $_->{in} for @ending;

    for my $process (@ending) {
        local $SIG{ALRM} = sub { kill 'KILL', $process->{pid} };
        alarm 5;
        waitpid $process->{pid}, 0;
        alarm 0;
    }
}


END {
    local $?;
    stop_processes();
}


# Below the ports that the kernel gives to connections, one of which might have
# it before our server does; a UDP socket on the same number keeps it from other
# test files, as long as this process lives

sub free_port {
    for (1 .. 1000) {
        my $port = 10_240 + int rand 22_528;

        my $lock = IO::Socket::INET->new(
            LocalAddr => '127.0.0.1',
            LocalPort => $port,
            Proto     => 'udp',
        ) or next;

        IO::Socket::INET->new(
            LocalAddr => '127.0.0.1',
            LocalPort => $port,
            Listen    => 1,
            ReuseAddr => 1,
        ) or next;

        push @locks, $lock;

        return $port;
    }

    die "no free port\n";
}


sub read_file {
    my $path = shift;

    open my $in, '<', $path or return '';
    local $/;
    return <$in> // '';
}


# Whole or not at all: the helpers read these files at any moment

sub write_file {
    my ($path, $text) = @_;

    open my $out, '>', "$path.new" or die "$path: $!\n";
    print $out $text;
    close $out;

    rename "$path.new", $path or die "$path: $!\n";
}


# Words of a command line; "double quotes" keep blanks

sub split_words {
    my $text = shift;

    my @words;

    while ($text =~ /\G\s*(?:"((?:[^"\\]|\\.)*)"|(\S+))/gc) {
        my ($quoted, $plain) = ($1, $2);
        $quoted =~ s/\\(.)/$1/g if defined $quoted;
        push @words, $quoted // $plain;
    }

    return @words;
}

1;
