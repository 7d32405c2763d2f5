# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# tables.pl PAGE DIRECTORY: puts measured rows into the tables of a page.
#
# A table of PAGE between "<!-- rows: NAME -->" and "<!-- end -->" keeps its two
# lines of head; its rows are those of the file NAME in DIRECTORY.  A table
# without a file, and a file without a table, are errors.

use strict;
use warnings;

my ($page, $dir) = @ARGV;

my %rows = map { m{([^/]+)$}; ($1 => slurp($_)) } glob "$dir/*";
my $text = slurp($page);

$text =~ s{(<!-- rows: (\S+) -->\n\n?(?:\|.*\n){2})(?:\|.*\n)*}
          {$1 . (delete $rows{$2} // die "nothing measured: $2\n")}eg;

die 'no table: ', join(' ', sort keys %rows), "\n" if %rows;

open my $out, '>', $page or die "$page: $!\n";
print $out $text;
close $out or die "$page: $!\n";


sub slurp {
    my $path = shift;

    open my $in, '<', $path or die "$path: $!\n";
    local $/;
    return scalar readline $in;
}
