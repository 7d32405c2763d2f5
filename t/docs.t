# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Documentation and what it is about: links lead somewhere; directives,
# variables, alerts and files are all there, and no others; and sources have the
# form that CONTRIBUTING.md says.

use strict;
use warnings;

use lib 't/lib';

use File::Basename qw( basename dirname );
use Test::More;

use LLMCost::Nginx;
use LLMCost::Process;

my $root = project_dir();

chdir $root or die "$root: $!\n";


sub same {
    my ($got, $want, $name) = @_;

    my %count = ((map { $_ => 1 } @$got));
    my %want = map { $_ => 1 } @$want;

    is(join(' ', sort grep { !$want{$_} } keys %count), '', "$name: no others");
    is(join(' ', sort grep { !$count{$_} } keys %want), '', "$name: all");
}

sub found {
    my ($file, $pattern) = @_;

    my $text = read_file($file);
    my @all = $text =~ /$pattern/g;

    return @all;
}

sub section {
    my ($file, $title) = @_;

    my ($text) = read_file($file) =~ /^## \Q$title\E\n(.*?)(?=^## |\z)/ms;
    return $text // die "$file has no section \"$title\"\n";
}


# Links

# a heading's anchor, as GitHub and others make it

sub anchors {
    my $text = read_file($_[0]);

    $text =~ s/^```.*?^```//msg;

    return map { my $anchor = lc;
                 $anchor =~ s/\[([^\]]*)\]\([^)]*\)/$1/g;
                 $anchor =~ s/[^\w\- ]//g;
                 $anchor =~ s/ /-/g;
                 $anchor => 1 } $text =~ /^#+ (.*?)\s*$/mg;
}

for my $file (glob '*.md docs/*.md') {
    my $text = read_file($file);
    my @broken;

    $text =~ s/^```.*?^```//msg;
    $text =~ s/`[^`\n]*`//g;

    while ($text =~ /\]\(([^()\s]+)\)/g) {
        my ($path, $anchor) = split /#/, $1, 2;

        next if $1 =~ m{^https://[\w.-]+\.\w+(/|$)};

        my $target = $path eq '' ? $file : dirname($file) . "/$path";

        push @broken, $1 if !-e $target || $path =~ /^\w+:/
            || defined $anchor && !{ anchors($target) }->{$anchor};
    }

    is("@broken", '', "$file: its links lead somewhere");
}

# files that a page names in passing

for my $file (glob '*.md docs/*.md') {
    my @named = read_file($file) =~ m{`((?:docs|examples|t|tools|bench)/[\w./-]+\.\w+)`}g;

    is(join(' ', grep { !-e && !-e "tokenizer/$_" && $_ ne 't/x.t' } @named), '',
       "$file: what it names is there");
}


# Directives

my $module = 'ngx_llm_cost_module/ngx_http_llm_cost';
my @directives = found("${module}_module.c", qr/ngx_string\("(llm_\w+)"\)/);
my %known = map { $_ => 1 } @directives;

cmp_ok(scalar @directives, '>', 30, 'the table of directives was read');
same([grep { $known{$_} || !/^llm_(?:cost_|zone_)/ }
      found('docs/directives.md', qr/`(llm_\w+)`/)], \@directives,
     'docs/directives.md');

my $reference = section('README.md', 'Directives');

same([$reference =~ /^### (llm_\w+)$/mg, $reference =~ /^    (llm_\w+) /mg],
     \@directives, 'README, Directives');

for my $name ($reference =~ /^### (llm_\w+)$/mg) {
    my ($text) = $reference =~ /^### $name\n(.*?)(?=^### |\z)/ms;

    like($text, qr/^    Syntax:  $name\b.*?^    Default: .*?^    Context: [HSL]/ms,
         "README: $name has syntax, default and context");
}


# Variables

my @variables = map { s/_$/_NAME/r }
                found("${module}_variables.c",
                      qr/(?:ngx_string|_text|_number|_money)\("(llm_\w+)"/);

cmp_ok(scalar @variables, '>', 20, 'the table of variables was read');
same([found('docs/variables.md', qr/^\| `\$(llm_\w+)`/m)], \@variables,
     'docs/variables.md');
same([section('README.md', 'Variables') =~ /`\$(llm_\w+)`/g], \@variables,
     'README, Variables');


# Alerts: what to do about each

same([section('docs/operations.md', 'When you are paged') =~ /^### (\w+)$/mg],
     [found('examples/prometheus/llm-alerts.yml', qr/^\s*- alert: (\w+)/m)],
     'docs/operations.md, alerts');


# Examples

same([map { basename($_) } found('docs/providers.md',
                                 qr{\]\(\.\./examples/nginx/([\w.]+)\)})],
     [grep { !/^(?:log_format|stunnel_)/ }
      map { basename($_) } glob 'examples/nginx/*.conf'],
     'docs/providers.md, examples');


# Files

my @globs = map { s/^_/ngx_http_llm_cost_/r }
            section('docs/architecture.md', 'The files') =~ /`([\w.\/*]+)`/g;
my @names = map { s/\*/.*/gr } map { s/\./\\./gr } @globs;

for my $file (glob 'ngx_llm_cost_module/*.[ch] ngx_llm_cost_module/providers/*.[ch]'
                   . ' ngx_llm_cost_module/scripts/*.lua tokenizer/src/*.[ch]')
{
    my $name = $file =~ s{^ngx_llm_cost_module/}{}r;

    ok(scalar(grep { $name =~ /^$_$/ } @names),
       "docs/architecture.md: $name is there");
}

is(join(' ', grep { /^[\w.\/]+\.\w+$/ && !/^(?:tokenizer|docs|t)\//
                    && !-e "ngx_llm_cost_module/$_"
                    && !-e "ngx_llm_cost_module/providers/$_" } @globs), '',
   'docs/architecture.md: what it names is there');

# every folder but those of tests

same([grep { -d && $_ ne 'docs' }
      section('docs/architecture.md', 'The rooms') =~ m{`(\w+)/}g],
     [grep { -d && $_ ne 'build' && $_ ne 'docs' } glob '*'],
     'docs/architecture.md, folders');



# Form

my (%long, %large);

for my $file (map { glob "$_/*.[ch]" }
              qw( ngx_llm_cost_module ngx_llm_cost_module/* tokenizer/*
                  tools/* t/util bench fuzz ))
{
    my $n = 0;

    for my $line (split /\n/, read_file($file)) {
        $n++;
        utf8::decode($line);
        $long{"$file:$n"} = 1 if length $line > 80 || $line =~ /\t| \z/;
    }

    # but for the maps that headers are, tests, and tables that a tool makes

    $large{$file} = 1
        if $n > 600 && $file !~ m{\.h\z|/tests/|_data\.c\z|_class\.c\z};
}

is(join(' ', sort keys %long), '', 'C: 80 columns, no tabs, no blanks behind');
is(join(' ', sort keys %large), '', 'C: 600 lines a file at most');

done_testing();
