package LLMCost::Chats;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Chats with an nginx that stay open for as long as a test wants: each has a
# connection of its own.  The upstream is t/util/openai_answer.py, whose headers say
# what it answers, and when.

use strict;
use warnings;

use Exporter qw( import );
use IO::Socket::INET ();
use Test::More ();
use Time::HiRes qw( sleep time );

our @EXPORT = qw( send_chat chat_status await );

my $PATIENCE = 120;


sub send_chat {
    my ($port, $headers) = @_;

    my $socket = IO::Socket::INET->new("127.0.0.1:$port")
        or die "nginx: $!\n";
    my $body = '{"model":"gpt-4o-mini","max_tokens":100,"messages":'
               . '[{"role":"user","content":"hi"}]}';

    print $socket "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                  . "Connection: close\r\nX-Test-Prompt-Tokens: 8\r\n"
                  . "X-Test-Completion-Tokens: 100\r\n$headers"
                  . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
    $socket->flush;

    return $socket;
}


# when it has ended

sub chat_status {
    my $socket = shift;

    local $/;
    my ($status) = (<$socket> // '') =~ m{^HTTP/1.1 (\d+)};
    close $socket;

    return $status // 0;
}


# The code may die while it is not so

sub await {
    my ($ready, $what) = @_;

    my $end = time + $PATIENCE;

    until (eval { $ready->() }) {
        return Test::More::fail("$what, in time") if time > $end;
        sleep 0.01;
    }
}

1;
