package Test::Nginx::Mock;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# --- tcp_listen: a server for one connection and one answer.

use strict;
use warnings;

use Exporter qw( import );
use File::Temp ();
use IO::Socket::INET ();
use IO::Socket::UNIX ();
use POSIX ();
use Test::LongString qw( is_string );
use Test::More ();
use Time::HiRes qw( sleep );

use Test::Nginx::Util;

our @EXPORT_OK = qw( start_mock stop_mock );

my ($pid, $query_file);


sub start_mock {
    my $block = shift;

    my $target = $block->tcp_listen;
    return if !defined $target;

    $target = expand_env($target, $block->name);
    $target =~ s/\s+$//;

    my $socket = wait_until { listen_on($target) } 5
        or bail_out($block->name . " - cannot listen on $target: $!");

    $query_file = File::Temp->new(SUFFIX => '.query');

    $pid = fork() // bail_out("fork: $!");

    if ($pid == 0) {
        # _exit: nothing of the parent's ends may run here
        eval { serve($block, $socket) };
        warn $@ if $@;
        POSIX::_exit($@ ? 1 : 0);
    }

    close $socket;
}


sub listen_on {
    my $target = shift;

    if ($target =~ /^\d+$/) {
        return IO::Socket::INET->new(
            LocalHost => '127.0.0.1',
            LocalPort => $target,
            ReuseAddr => 1,
            Listen    => 5,
        );
    }

    unlink $target;
    return IO::Socket::UNIX->new(Local => $target, Listen => 5);
}


sub serve {
    my ($block, $socket) = @_;

    my $client = $socket->accept or die "accept: $!\n";
    my $shutdown = $block->tcp_shutdown;
    my $query = '';

    if (defined $shutdown) {
        my $delay = parse_time(scalar $block->tcp_shutdown_delay);
        sleep $delay if $delay;
        shutdown $client, $shutdown;
    }

    if (!defined $shutdown || $shutdown == 1) {
        $query = read_query($block, $client);
    }

    my $delay = parse_time(scalar $block->tcp_reply_delay);
    sleep $delay if $delay;

    if (!defined $shutdown || $shutdown == 0) {
        my $reply = $block->tcp_reply;
        $reply = $reply->($query) if ref $reply eq 'CODE';

        for my $piece (ref $reply ? @$reply : $reply // ()) {
            syswrite $client, $piece;
        }
    }

    if (defined $block->tcp_no_close) {
        sleep 1 while getppid() != 1;
    }
}


# One read, or until the wanted length; what came is in the file at once

sub read_query {
    my ($block, $client) = @_;

    my $length = $block->tcp_query_len;
    my $wanted = $block->tcp_query;

    $length = length $wanted if !defined $length && defined $wanted;

    my $query = '';

    while (sysread $client, my $bytes, 65536) {
        $query .= $bytes;

        open my $out, '>', "$query_file.new" or die "$query_file: $!\n";
        print $out $query;
        close $out;
        rename "$query_file.new", "$query_file";

        last if !$length || length $query >= $length;
    }

    return $query;
}


sub stop_mock {
    my $block = shift;

    return if !defined $pid;

    my $expected = $block->tcp_query;
    my $length = $block->tcp_query_len;
    my $query = do { local (@ARGV, $/) = ("$query_file"); <> } // '';

    is_string($query, $expected, $block->name . ' - tcp_query ok')
        if defined $expected;

    Test::More::is(length $query, $length,
                   $block->name . ' - TCP query length ok')
        if defined $length;

    kill 'TERM', $pid;
    waitpid $pid, 0;
    undef $pid;
}

1;
