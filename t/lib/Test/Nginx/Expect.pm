package Test::Nginx::Expect;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# What a block expects of the answer and of the logs.

use strict;
use warnings;

use Exporter qw( import );
use Test::LongString qw( is_string );
use Test::More ();
use Time::HiRes qw( sleep );

use Test::Nginx::Client ();
use Test::Nginx::Server qw( error_log_lines access_log_lines running_pid );
use Test::Nginx::Util;

our @EXPORT_OK = qw( check_answer check_logs check_shutdown_log );

# How long to wait for a line that must come, and how long before a line that
# must not come counts as absent: nginx logs after the client has its answer.

my $PATIENCE = 3;
my $SETTLE = 0.02;


# One value per request when there are several requests

sub indexed {
    my ($block, $section, $i, $several) = @_;

    my $value = $block->$section;

    if (ref $value ne 'ARRAY') {
        bail_out($block->name, " - several requests need a list in $section")
            if $several;
        return $value;
    }

    return $value->[$i];
}


sub check_answer {
    my ($block, $answer, $i, $several, $repetition) = @_;

    check_status($block, $answer, $i, $several);
    check_raw_headers($block, $answer, $i, $several);
    check_headers($block, $answer, $i, $several);
    check_body($block, $answer, $i, $several);

    for my $check (response_body_checks()) {
        $check->($block, $answer->{body}, $i, $repetition, 0);
    }
}


sub check_status {
    my ($block, $answer, $i, $several) = @_;

    my $name = $block->name . ' - status code ok';

    if (defined $block->error_code_like) {
        my $pattern = indexed($block, 'error_code_like', $i, $several);
        return Test::More::like($answer->{code}, qr/$pattern/sm, $name);
    }

    my $expected = defined $block->error_code
                   ? indexed($block, 'error_code', $i, $several) : 200;

    Test::More::is($answer->{code}, $expected // '', $name);
}


sub check_raw_headers {
    my ($block, $answer, $i, $several) = @_;

    my $raw = $answer->{raw_headers};

    if (defined $block->raw_response_headers_like) {
        my $pattern = indexed($block, 'raw_response_headers_like', $i,
                              $several);
        Test::More::like($raw, qr/$pattern/s,
                         $block->name . ' - raw headers like');
    }

    if (defined $block->raw_response_headers_unlike) {
        my $pattern = indexed($block, 'raw_response_headers_unlike', $i,
                              $several);
        Test::More::unlike($raw, qr/$pattern/s,
                           $block->name . ' - raw headers unlike');
    }
}


sub check_headers {
    my ($block, $answer, $i, $several) = @_;

    my $like = !defined $block->response_headers;
    my $section = $like ? 'response_headers_like' : 'response_headers';

    return if !defined $block->$section;

    my $text = indexed($block, $section, $i, $several);

    for my $line (grep { /\S/ } split /\n/, $text // '') {
        $line =~ s/^\s+|\s+$//g;

        if ($line =~ s/^!\s*// && !$like) {
            Test::More::unlike($answer->{raw_headers},
                               qr/^\s*\Q$line\E\s*:/m,
                               $block->name . " - no header $line");
            next;
        }

        my ($key, $expected) = split /\s*:\s*/, $line, 2;
        my $value = Test::Nginx::Client::header($answer, $key) // '';

        $expected = port_words($expected // '');

        if ($like) {
            Test::More::like($value, qr/^$expected$/,
                             $block->name . " - header $key like");
        } else {
            Test::More::is($value, $expected,
                           $block->name . " - header $key");
        }
    }
}


sub port_words {
    my $text = shift;

    my ($port, $client) = (server_port, server_port_for_client);

    $text =~ s/\$ServerPort\b/$port/g;
    $text =~ s/\$ServerPortForClient\b/$client/g;

    return $text;
}


sub check_body {
    my ($block, $answer, $i, $several) = @_;

    my $name = $block->name . " - body of request $i";
    my $body = $answer->{body};

    # the original looks at the first and says nothing of the others

    my @ways = grep { defined $block->$_ } qw( response_body
                       response_body_like response_body_unlike );

    return Test::More::fail("$name: only one of @ways is looked at")
        if @ways > 1;

    if (defined $block->response_body) {
        my $expected = indexed($block, 'response_body', $i, $several);

        return Test::More::like($body, $expected, $name) if ref $expected;

        if (defined $expected) {
            $expected = expand_env(port_words($expected), $block->name);
        }

        return is_string($body, $expected, $name);
    }

    if (defined $block->response_body_like) {
        my $pattern = port_words(indexed($block, 'response_body_like', $i,
                                         $several));
        return Test::More::like($body, qr/$pattern/s, $name);
    }

    if (defined $block->response_body_unlike) {
        my $pattern = port_words(indexed($block, 'response_body_unlike', $i,
                                         $several));
        return Test::More::unlike($body, qr/$pattern/s, $name);
    }
}


# Patterns of a log section: a text of literal lines, a regex, or a list

sub patterns {
    my ($block, $section) = @_;

    my $value = $block->$section;

    return if !defined $value;
    return $value if ref $value eq 'Regexp';
    return grep { defined } @$value if ref $value eq 'ARRAY';

    return grep { $_ ne '' } split /\n+/, $value;
}


sub hits {
    my ($line, $pattern) = @_;

    return ref $pattern ? $line =~ $pattern : index($line, $pattern) >= 0;
}


sub check_logs {
    my ($block, $repetition) = @_;

    my @wanted = patterns($block, 'error_log');
    my $grep = grep_of($block, $repetition);

    # lines that must come may come late, unless nginx is gone

    wait_until {
        my $lines = error_log_lines();

        return all_hit($lines, @wanted)
               && (!$grep || $grep->{expected} eq ''
                   || grep_matches($grep, $lines));
    } running_pid() ? $PATIENCE : 0;

    sleep $SETTLE if defined $block->no_error_log || $grep;

    my $lines = error_log_lines('advance');

    check_grep($block, $grep, $lines, $repetition) if $grep;
    check_present($block, 'error_log', $lines, $repetition, @wanted);
    check_absent($block, 'no_error_log', $lines, $repetition);

    return if defined $block->ignore_response;

    check_access_log($block, $repetition);
}


sub check_access_log {
    my ($block, $repetition) = @_;

    my @wanted = patterns($block, 'access_log');

    return if !@wanted && !defined $block->no_access_log;

    wait_until { all_hit(access_log_lines(), @wanted) } $PATIENCE;
    sleep $SETTLE if defined $block->no_access_log;

    my $lines = access_log_lines();

    check_present($block, 'access_log', $lines, $repetition, @wanted);
    check_absent($block, 'no_access_log', $lines, $repetition);
}


sub all_hit {
    my ($lines, @patterns) = @_;

    for my $pattern (@patterns) {
        return 0 if !grep { hits($_, $pattern) } @$lines;
    }

    return 1;
}


sub check_present {
    my ($block, $section, $lines, $repetition, @patterns) = @_;

    for my $pattern (@patterns) {
        Test::More::ok(scalar(grep { hits($_, $pattern) } @$lines),
                       $block->name . " - $section has \"$pattern\""
                       . " (req $repetition)")
            or Test::More::diag(excerpt($lines));
    }
}


sub check_absent {
    my ($block, $section, $lines, $repetition) = @_;

    for my $pattern (patterns($block, $section)) {
        my ($line) = grep { hits($_, $pattern) } @$lines;

        Test::More::ok(!defined $line,
                       $block->name . " - $section \"$pattern\""
                       . " (req $repetition)")
            or Test::More::diag($line);
    }
}


# What a reader wants to see of a log that lacks a line: no debug lines

sub excerpt {
    my $lines = shift;

    my @shown = grep { !/\[debug\]/ } @$lines;
    splice @shown, 0, @shown - 15 if @shown > 15;

    return join '', 'last lines of the log (less [debug]):', "\n", @shown;
}


sub grep_of {
    my ($block, $repetition) = @_;

    my $pattern = $block->grep_error_log;
    my $expected = $block->grep_error_log_out;

    $pattern = $pattern->[$repetition] if ref $pattern eq 'ARRAY';
    return if !defined $pattern;

    bail_out($block->name, ' - grep_error_log without grep_error_log_out')
        if !defined $expected;

    $expected = $expected->[$repetition] if ref $expected eq 'ARRAY';

    return { pattern  => ref $pattern ? $pattern : qr/\Q$pattern\E/,
             expected => expand_env($expected, $block->name) // '' };
}


sub grep_text {
    my ($grep, $lines) = @_;

    my $text = '';

    for my $line (@$lines) {
        next if $line !~ $grep->{pattern};
        $text .= "$&\n" if $& !~ /\n/;
    }

    return $text;
}


sub grep_matches {
    my ($grep, $lines) = @_;

    my $text = grep_text($grep, $lines);

    return ref $grep->{expected} ? $text =~ $grep->{expected}
                                 : $text eq $grep->{expected};
}


sub check_grep {
    my ($block, $grep, $lines, $repetition) = @_;

    my $text = grep_text($grep, $lines);
    my $name = $block->name . " - grep_error_log_out (req $repetition)";

    return ref $grep->{expected}
           ? Test::More::like($text, $grep->{expected}, $name)
           : is_string($text, $grep->{expected}, $name);
}


# After nginx is gone

sub check_shutdown_log {
    my $block = shift;

    my @wanted = patterns($block, 'shutdown_error_log');

    return if !@wanted && !defined $block->no_shutdown_error_log;

    my $lines = error_log_lines('advance');

    check_present($block, 'shutdown_error_log', $lines, 0, @wanted);
    check_absent($block, 'no_shutdown_error_log', $lines, 0);
}

1;
