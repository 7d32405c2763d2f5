package Test::Nginx::Client;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The client's side: from sections to bytes, and from bytes to an answer.

use strict;
use warnings;

use Exporter qw( import );
use IO::Select ();
use IO::Socket::INET ();
use Test::More ();
use Time::HiRes qw( sleep time );

use Test::Nginx::Util;

our @EXPORT_OK = qw( requests_of_block send_request parse_response );


# The requests of a block: a list, each a list of packets, each a hash with
# "value" and perhaps "delay_before".

sub requests_of_block {
    my $block = shift;

    my $name = $block->name;
    my $raw = $block->raw_request;

    if (defined $raw) {
        return [map { { value => $_ } } ref $raw ? @$raw : $raw];
    }

    my $pipelined = $block->pipelined_requests;

    if (defined $pipelined) {
        return pipelined_request($block, $pipelined);
    }

    my $request = $block->request;

    bail_out("$name - no request") if !defined $request;

    if (!ref $request) {
        # leading blank lines and comments
        1 while $request =~ s/^\s*\#[^\n]+\s+|^\s+//gs;

        $request = [$request];
    }

    my @list;

    for my $i (0 .. $#$request) {
        my $one = $request->[$i];

        my @packets = map { ref $_ ? { %$_ } : { value => $_ } }
                          ref $one eq 'ARRAY' ? @$one : $one;

        push @list, build_request($name, \@packets,
                                  more_headers($block, $i), 'close');
    }

    return @list;
}


sub pipelined_request {
    my ($block, $requests) = @_;

    my $bytes = '';

    for my $i (0 .. $#$requests) {
        my $text = expand_env($requests->[$i], $block->name);
        my $packets = build_request($block->name, [{ value => $text }],
                                    more_headers($block, $i),
                                    $i == $#$requests ? 'close'
                                                      : 'keep-alive');
        $bytes .= $packets->[0]{value};
    }

    return [{ value => $bytes }];
}


sub more_headers {
    my ($block, $i) = @_;

    my $text = $block->more_headers;
    return '' if !defined $text;

    if (ref $text) {
        $text = $text->[$i]
                // bail_out($block->name . " - no more_headers for $i");
    }

    my $out = '';

    for my $line (split /\n+/, $text) {
        next if $line =~ /^\s*\#/;

        my ($key, $value) = split /:\s*/, $line, 2;
        $out .= "$key: " . ($value // '') . "\r\n";
    }

    return $out;
}


# The first line of a request may leave out URL and version.  The body is
# trimmed and measured, unless the headers say how long it is themselves.
# What was cut into packets stays cut at the same places of the body.

sub build_request {
    my ($name, $packets, $more, $connection) = @_;

    my $text = join '', map { $_->{value} } @$packets;

    $text =~ /^\s*(\S+)(?:[ ]+(\S+))?(?:[ ]+(\S+))?[ ]*\r?(?:\n|\z)/
        or bail_out("$name - bad request line in \"$text\"");

    my ($line_end, $line) = ($+[0], join ' ', $1, $2 // '/',
                                              $3 // 'HTTP/1.1');
    my $body = substr $text, $line_end;
    my ($before, $after) = (0, 0);

    my $headers = '';
    $headers .= 'Host: ' . server_name . "\r\n" if $more !~ /^Host:/mi;
    $headers .= "Connection: $connection\r\n" if $more !~ /^Connection/mi;
    $headers .= $more;

    if ($body ne '' && $more !~ /^Content-Length:/m
        && $more !~ /^Transfer-Encoding:\ chunked\r$/mi)
    {
        $before = length $1 if $body =~ /^(\s+)/;
        $after = length $1 if $before < length $body && $body =~ /(\s+)$/;

        my $length = length($body) - $before - $after;
        $headers .= "Content-Length: $length\r\n";
    }

    # cut the body again where the packets were cut

    my ($start, $stop) = ($line_end + $before, length($text) - $after);
    my ($from, $head) = (0, "$line\r\n$headers\r\n");
    my @out;

    for my $packet (@$packets) {
        my $to = $from + length $packet->{value};
        my $a = $from < $start ? $start : $from;
        my $b = $to > $stop ? $stop : $to;
        my $piece = $a < $b ? substr($text, $a, $b - $a) : '';

        $from = $to;

        # packets that end inside the first line wait for its end

        next if $to < $line_end && $packet != $packets->[-1];

        push @out, { %$packet, value => $head . $piece };
        $head = '';
    }

    return [@out];
}


# Sends packets, reads until the connection ends.  Returns the bytes.

sub send_request {
    my ($block, $packets) = @_;

    my $timeout = parse_time(scalar $block->timeout) // timeout;
    my $delay = parse_time(scalar $block->raw_request_middle_delay);
    my $socket = connect_nginx($block, $timeout);
    my $answer = '';

    if (!$socket) {
        Test::More::fail($block->name . " - cannot connect: $!");
        return '';
    }

    local $SIG{PIPE} = 'IGNORE';

    my @queue = @$packets;
    my $out = (shift @queue)->{value};
    my $read = IO::Select->new($socket);
    my $write = IO::Select->new($socket);

    while (1) {
        my ($readable, $writable)
            = IO::Select->select($read, $write->count ? $write : undef,
                                 undef, $timeout);

        if (!$readable && !$writable) {
            close $socket;
            Test::More::fail($block->name . ' - client timed out')
                if !defined $block->abort;
            last;
        }

        if (@{$readable || []}) {
            my $n = sysread $socket, $answer, 65536, length $answer;

            if (!defined $n) {
                next if $!{EAGAIN} || $!{EINTR};
                Test::More::diag($block->name . " - read: $!");
                last;
            }

            last if $n == 0;
        }

        if (@{$writable || []}) {
            my $n = syswrite $socket, $out;

            if (!defined $n && !$!{EAGAIN} && !$!{EINTR}) {
                # an early answer may still be there to read
                $write->remove($socket);
                next;
            }

            substr $out, 0, $n // 0, '';
            next if $out ne '';

            my $packet = shift @queue;

            if (!$packet) {
                $write->remove($socket);
                half_close($block, $socket);
                next;
            }

            my $wait = parse_time($packet->{delay_before}) // $delay;
            sleep $wait if $wait;
            $out = $packet->{value};
        }
    }

    close $socket;

    return $answer;
}


sub half_close {
    my ($block, $socket) = @_;

    my $how = $block->shutdown;
    return if !defined $how;

    shutdown $socket, $how =~ /^\s*$/ ? 1 : $how;
}


sub connect_nginx {
    my ($block, $timeout) = @_;

    my $address = $block->server_addr_for_client;

    return wait_until {
        IO::Socket::INET->new(
            PeerAddr => $address // server_addr,
            PeerPort => server_port_for_client,
            Timeout  => $timeout,
        );
    } 10;
}


# The first answer in $bytes as a hash: code, raw_headers, headers (list of
# [name, value]), body, trailers (text), left (bytes after it).

sub parse_response {
    my ($name, $bytes, $is_head) = @_;

    my %answer = (code => '', raw_headers => '', headers => [], body => '',
                  trailers => '', left => '');

    # HTTP::Response, which the original builds on, takes a missing or bad
    # status line for no code and everything else for the body

    if ($bytes !~ m{^HTTP/\d+\.\d+[ ](\d\d\d)\b}) {
        $answer{body} = $bytes;
        return \%answer;
    }

    $answer{code} = $1;

    my $end = index $bytes, "\r\n\r\n";
    return \%answer if $end < 0;

    $answer{raw_headers} = substr $bytes, 0, $end + 2;

    my (undef, @lines) = split /\r\n/, $answer{raw_headers};
    $answer{headers} = [map { [split /[ \t]*:[ \t]*/, $_, 2] } @lines];

    my $rest = substr $bytes, $end + 4;

    return \%answer if $answer{code} == 304 || $answer{code} == 101;

    my $coding = header(\%answer, 'Transfer-Encoding') // '';
    my $length = header(\%answer, 'Content-Length') // '';

    if ($coding eq 'chunked') {
        if ($is_head && $rest eq '') {
            return \%answer;
        }

        dechunk($name, \%answer, $rest);

    } elsif ($length =~ /^\d+$/) {
        Test::More::diag("$name - answer cut: $length announced, "
                         . length($rest) . ' came')
            if length $rest < $length && !$is_head;

        $answer{body} = substr $rest, 0, $length;
        $answer{left} = length $rest > $length ? substr($rest, $length) : '';

    } else {
        $answer{body} = $rest;
    }

    return \%answer;
}


sub dechunk {
    my ($name, $answer, $bytes) = @_;

    my $at = 0;

    while (1) {
        pos($bytes) = $at;

        if ($bytes !~ /\G[ \t]*([0-9A-Fa-f]+)[ \t]*\r\n/gc) {
            Test::More::fail("$name - chunked answer is cut or broken");
            return;
        }

        my $size = hex $1;
        $at = pos $bytes;

        last if $size == 0;

        if (substr($bytes, $at + $size, 2) ne "\r\n") {
            Test::More::fail("$name - chunk of $size bytes is cut");
            return;
        }

        $answer->{body} .= substr $bytes, $at, $size;
        $at += $size + 2;
    }

    pos($bytes) = $at;

    if ($bytes !~ /\G((?:[^\r\n]+\r\n)*)\r\n/gc) {
        Test::More::fail("$name - no end of the chunked answer");
        return;
    }

    $answer->{trailers} = $1;
    $answer->{left} = substr $bytes, pos $bytes;
}


sub header {
    my ($answer, $name) = @_;

    my @values = map { $_->[1] // '' }
                     grep { lc $_->[0] eq lc $name } @{$answer->{headers}};

    return @values ? join(', ', @values) : undef;
}

1;
