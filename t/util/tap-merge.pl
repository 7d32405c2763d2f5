#!/usr/bin/perl

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# tap-merge.pl COMMAND ...
#
# Runs a command that prints several TAP streams one after the other, mixed
# with other text (make, cmocka, node --test), and prints one clean stream:
# results renumbered, cmocka's "not ok # SKIP" made "ok # SKIP", everything
# else a comment.  A command that fails without a failed test is one.

use strict;
use warnings;

open my $in, '-|', @ARGV or die "$ARGV[0]: $!\n";

my ($n, $failed) = (0, 0);

while (my $line = <$in>) {
    if ($line =~ /^(not )?ok\b\s*\d*\s*(.*)/) {
        my ($not, $text) = ($1 // '', $2);

        $not = '' if $text =~ /#\s*skip/i;
        $failed++ if $not ne '' && $text !~ /#\s*todo/i;

        printf "%sok %d %s\n", $not, ++$n, $text;
        next;
    }

    # kept visible when something is wrong, silent to TAP

    print $line =~ /^\s*#/ ? $line : "# $line";
}

close $in;

if ($? != 0 && !$failed) {
    printf "not ok %d - %s: exit status %d, signal %d\n",
           ++$n, join(' ', @ARGV), $? >> 8, $? & 127;

} elsif ($n == 0) {
    printf "ok %d - %s\n", ++$n, join(' ', @ARGV);
}

print "1..$n\n";
