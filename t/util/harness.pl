#!/usr/bin/perl

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# harness.pl [--build DIR] [--jobs N] SUITE ... [FILE ...]
#
# Runs suites one after the other and ends with the names of the tests that
# failed, if any, and one line that counts all of them: "N passed, N failed,
# N skipped".  Suites:
#
#   unit       the cmocka programs in DIR/unit
#   tokenizer  make test in tokenizer/
#   nginx      t/*.t, or FILEs, with the nginx of this machine
#   clients    t/clients/*.test.mjs: real SDKs through nginx
#   more-clients  t/clients/more/*.test.mjs: those that are large to install
#   asan       as nginx, with the nginx of tools/build-asan.sh
#
# Whatever does not speak TAP cleanly goes through tap-merge.pl.

use strict;
use warnings;

use Cwd qw( abs_path );
use FindBin;
use Getopt::Long;
use TAP::Harness;

my $build = 'build';
my $jobs = 2;

GetOptions('build=s' => \$build, 'jobs=i' => \$jobs) or exit 2;

chdir "$FindBin::Bin/../.." or die "chdir: $!\n";

$build = abs_path($build) // $build;
$ENV{LLM_BUILD} = $build;

# a make that a suite runs has none of this one's places for jobs

delete @ENV{qw( MAKEFLAGS MFLAGS )};

# build/ has the layout of the data directory: vocab/, prices/

$ENV{LLM_DATA_PATH} = $build;

my @files = grep { /[.\/]/ } @ARGV;
my @suites = grep { !/[.\/]/ } @ARGV;

my $merge = "$FindBin::Bin/tap-merge.pl";
my %count = (passed => 0, failed => 0, skipped => 0);
my ($running, @failed);

my %suite = (
    unit           => \&unit_suite,
    tokenizer      => \&tokenizer_suite,
    nginx          => \&nginx_suite,
    clients        => \&clients_suite,
    'more-clients' => \&more_clients_suite,
    asan           => \&asan_suite,
);

for my $name (@suites) {
    my $code = $suite{$name} or die "no suite \"$name\"\n";
    print "\n== $name\n";
    $running = $name;
    $code->();
}

# the end of a log is what is kept of a run elsewhere

print "\n", map { "not ok: $_\n" } @failed if @failed;

print "\n$count{passed} passed, $count{failed} failed, ",
      "$count{skipped} skipped\n";

exit($count{failed} ? 1 : 0);


sub unit_suite {
    local $ENV{CMOCKA_MESSAGE_OUTPUT} = 'TAP';
    local $ENV{ASAN_OPTIONS} = 'detect_leaks=1';
    local $ENV{UBSAN_OPTIONS} = 'print_stacktrace=1';

    my @programs;

    for my $source (glob 'ngx_llm_cost_module/tests/test_*.c') {
        my ($base) = $source =~ m{([^/]+)\.c$};
        push @programs, ["$build/unit/$base", $base];
    }

    run([@programs], sub { [$^X, $merge, 'timeout', 300, $_[0]] });
}


sub tokenizer_suite {
    return if ! -f 'tokenizer/Makefile';

    local $ENV{CMOCKA_MESSAGE_OUTPUT} = 'TAP';

    my @make = ('make', '--no-print-directory', '-C', 'tokenizer',
                "BUILD=$build", 'test');

    run([['tokenizer', 'tokenizer']], sub { [$^X, $merge, @make] });
}


sub nginx_suite {
    my @tests = @files ? @files : sort glob 't/*.t';

    # every file takes its own ports and server root

    local $ENV{TEST_NGINX_RANDOMIZE} = $jobs > 1 ? 1 : 0;

    # what has to come comes late on a busy machine, and is then no failure

    local $ENV{TEST_NGINX_TIMEOUT} = $ENV{TEST_NGINX_TIMEOUT} || 10;

    run([map { [$_, $_] } @tests], sub { [$^X, '-It/lib', $_[0]] });
}


sub more_clients_suite {
    clients_suite('t/clients/more', 'clients-more');
}


sub clients_suite {
    my ($from, $to) = @_ ? @_ : ('t/clients', 'clients');

    my @tests = sort glob "$from/*.test.mjs";

    if (grep { system("command -v $_ > /dev/null") } qw( node npm )) {
        run([map { [$_, $_] } @tests],
            sub { ['echo', '1..0 # SKIP node and npm are not installed'] });
        return;
    }

    # without the SDKs the tests fail, and say so

    system('t/clients/install.sh', "$build/$to", $from);

    run([map { [$_, $_] } @tests], sub {
        [$^X, $merge, 'timeout', 300,
         'node', '--test', '--test-reporter=tap', $_[0]]
    });
}


sub asan_suite {
    my $dir = "$build/asan";

    my $supp = "$FindBin::Bin/../../tools/lsan.supp";

    # the module stays mapped (-z nodelete), so that a leak in it has names

    local $ENV{TEST_NGINX_BINARY} = "$dir/nginx";
    local $ENV{TEST_NGINX_LOAD_MODULES} = "$dir/ngx_llm_cost_module.so";
    local $ENV{LLM_TOOLS} = "$dir/tools";

    # every dynamic module of nginx defines the same three names (ODR)

    local $ENV{ASAN_OPTIONS}
        = 'detect_leaks=1:detect_odr_violation=0:exitcode=99';
    local $ENV{UBSAN_OPTIONS} = 'print_stacktrace=1';
    local $ENV{LSAN_OPTIONS} = "suppressions=$supp:print_suppressions=0";

    nginx_suite();
}


sub run {
    my ($tests, $exec) = @_;

    return if !@$tests;

    my $harness = TAP::Harness->new({
        jobs => $jobs,
        merge => 0,
        timer => 1,
        color => 0,
        exec => sub { $exec->($_[1]) },
    });

    $harness->callback(parser_args => sub {
        my ($args, $job) = @_;
        my $file = $job->[1];

        $args->{callbacks}{test} = sub {
            my ($test) = @_;

            push @failed, "$running, $file: " . $test->as_string
                if !$test->is_ok;
        };
    });

    my $result = $harness->runtests(@$tests);

    my $failed = $result->failed;

    # a file that died, broke its plan or wrote nonsense counts as one more

    for my $name ($result->descriptions) {
        my ($parser) = $result->parsers($name);

        if ($parser->has_problems && !$parser->failed) {
            my $exit = $parser->exit // '?';

            push @failed, "$running, $name: exit $exit, "
                          . join('; ', $parser->parse_errors);
            $failed++;
        }

        if ($parser->skip_all) {
            $count{skipped}++;
        }
    }

    $count{passed} += $result->passed - $result->skipped;
    $count{skipped} += $result->skipped;
    $count{failed} += $failed;
}
