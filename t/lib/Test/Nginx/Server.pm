package Test::Nginx::Server;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The nginx under test: its root, its configuration, its start, its end, and
# what must never be in its logs.

use strict;
use warnings;

use Exporter qw( import );
use File::Path qw( make_path remove_tree );
use IO::Socket::INET ();
use POSIX qw( :sys_wait_h );
use Test::More ();
use Time::HiRes qw( time );

use Test::Nginx::Util;

our @EXPORT_OK = qw(
    prepare_root write_user_files write_config start stop reload
    start_expecting_death
    running_pid error_log_lines access_log_lines rewind_logs log_complaints
);

# time that nginx has to leave after QUIT
my $QUIT_TIME = 5;

# what no block may leave in a log, unless its error_log section expects it

my $BAD_LINE = qr/\[alert\]|\[emerg\]|open\ socket\ \#\d+\ left
                  |zero\ size\ buf|AddressSanitizer|LeakSanitizer
                  |UndefinedBehaviorSanitizer|:\ runtime\ error:\ 
                  |\bAssertion\ .*failed/x;

my $pid;
my $config_version = 0;
my $error_log_pos = 0;


sub stderr_file {
    return server_root . '/logs/stderr.log';
}


sub prepare_root {
    my $root = server_root;

    # never remove what is not a server root of ours

    if (-d $root) {
        remove_tree(glob("$root/conf $root/html $root/logs $root/*_cache "
                         . "$root/*_temp"), { keep_root => 0 });
    }

    make_path("$root/conf", "$root/html", "$root/logs");

    write_file("$root/html/index.html",
               '<html><head><title>It works!</title></head>'
               . '<body>It works!</body></html>');

    $error_log_pos = 0;
}


sub write_file {
    my ($path, $text) = @_;

    open my $out, '>', $path or bail_out("cannot write $path: $!");
    binmode $out;
    print $out $text;
    close $out;
}


# --- user_files: ">>> name [touch time]" and text, or [[name, text, time]]

sub write_user_files {
    my $block = shift;

    my $files = $block->user_files or return;

    if (!ref $files) {
        my @parsed;

        for my $line (split /^/, $files) {
            if ($line =~ /^>>> (\S+)(?:\s+(.+))?/) {
                push @parsed, [$1, '', $2];

            } elsif (@parsed) {
                $parsed[-1][1] .= $line;
            }
        }

        $files = \@parsed;
    }

    for my $file (@$files) {
        my ($name, $text, $date) = @$file;

        my $path = $name =~ m{^/} ? $name : html_dir . "/$name";

        make_path($1) if $path =~ m{(.*)/} && !-d $1;

        write_file($path, expand_env($text // '', $block->name));

        if ($date) {
            local $ENV{TZ} = 'GMT';
            system('touch', '-t', $date, $path) == 0
                or bail_out($block->name . " - bad date of $name");
        }
    }
}


sub write_config {
    my ($block, $config) = @_;

    my $root = server_root;
    my $name = $block->name;
    my $level = $block->log_level;
    $level ||= setting('log_level');
    my $port = setting('port');

    my $text = sub {
        my $section = shift;
        return expand_env(scalar $block->$section, $name) // '';
    };

    my $main = $text->('main_config');
    my $http = $text->('http_config');
    my $post = $text->('post_main_config');
    my $server_name = $text->('server_name') || setting('server_name');
    my $error_log = $text->('error_log_file') || error_log_file;

    my $env = join '', map { /\s/ ? "env '$_';\n" : "env $_;\n" }
                           @{setting('env')};
    my $modules = join '', map { "load_module $_;\n" } @{setting('modules')};
    my $user = $> == 0 ? "user root;\n" : '';

    my $temp = join '', map { "    ${_}_temp_path $root/${_}_temp;\n" }
                            grep { $http !~ /\b${_}_temp_path\b/ }
                            qw( client_body proxy ),
                            grep { has_module($_) }
                            qw( fastcgi scgi uwsgi );

    $temp .= '    postpone_output ' . setting('postpone_output') . ";\n"
        if defined setting('postpone_output')
           && $http !~ /\bpostpone_output\b/;

    my $location = setting('no_root_location') ? '' : <<END;
        location / {
            root $root/html;
            index index.html index.htm;
        }
END

    my $probe = setting('use_hup') ? <<END : '';
    server {
        listen $port;
        server_name 'Test-Nginx';
        location = /ver { return 200 '@{[ ++$config_version ]}'; }
    }
END

    my $use = setting('event_type') ? "use @{[ setting('event_type') ]};"
                                    : '';

    write_file("$root/conf/nginx.conf", <<END);
${modules}worker_processes @{[ setting('workers') ]};
daemon off;
master_process @{[ master_process_enabled() ]};
error_log $error_log $level;
pid $root/logs/nginx.pid;
env ASAN_OPTIONS;
env UBSAN_OPTIONS;
env LSAN_OPTIONS;
$env$user
$main

http {
    access_log $root/logs/access.log;
$temp
    default_type text/plain;
    keepalive_timeout 68s;

$http

    server {
        listen $port;
        server_name '$server_name';
        client_max_body_size 30M;

@{[ setting('preamble') ]}
$config

$location    }
$probe}

$post

events {
    accept_mutex off;
    worker_connections @{[ setting('worker_conns') ]};
    $use
}
END
}


sub spawn {
    my %env = @_;
    my $root = server_root;

    unlink "$root/logs/nginx.pid";

    my $child = fork();
    bail_out("fork: $!") if !defined $child;

    return $child if $child;

    # the child: its stderr is where sanitizers report

    open STDERR, '>>', stderr_file();
    open STDOUT, '>&', \*STDERR;
    open STDIN, '<', '/dev/null';

    $ENV{$_} = $env{$_} for keys %env;

    exec { setting('binary') } setting('binary'), '-e', error_log_file(),
         '-p', "$root/", '-c', "$root/conf/nginx.conf"
        or POSIX::_exit(127);
}


# Starts nginx and waits for its pid file, which it writes after it listens.
# Anything that keeps the port busy for a moment is waited for.  A start that
# fails is a failed test.

sub start {
    my $block = shift;

    my $file = server_root . '/logs/nginx.pid';
    my $end = time() + 30;
    my $status;

    while (time() < $end) {
        undef $status;
        $pid = spawn();

        wait_until {
            if (waitpid($pid, WNOHANG) == $pid) {
                $status = $?;
                return 1;
            }
            return -s $file;
        } 30;

        return 1 if !defined $status;

        undef $pid;
        last if slurp(error_log_file()) !~ /98: Address already in use/;

        write_file(error_log_file(), '');
        select undef, undef, undef, 0.2;
    }

    my $text = slurp(stderr_file()) . slurp(error_log_file());
    $text =~ s/^.*\[(?:debug|notice)\].*\n//mg;

    Test::More::fail($block->name . ' - nginx starts');
    Test::More::diag($text);

    return 0;
}


# For must_die blocks: the exit status, or undef when it had to be killed.
# nginx frees nothing when it refuses a configuration, so leaks say nothing.

sub start_expecting_death {
    my $child = spawn(ASAN_OPTIONS => join ':', $ENV{ASAN_OPTIONS} // (),
                                                'detect_leaks=0');
    my $file = server_root . '/logs/nginx.pid';
    my $status;

    wait_until {
        if (waitpid($child, WNOHANG) == $child) {
            $status = $?;
            return 1;
        }
        return -s $file;
    } 30;

    if (!defined $status) {
        kill 'KILL', $child;
        waitpid $child, 0;
    }

    return $status;
}


sub running_pid {
    return $pid;
}


# QUIT, and the whole of the end: a process that stays or dies badly and bad
# lines in the logs are complaints, returned as a list of texts.

sub stop {
    my $block = shift;

    return if !defined $pid;

    my @complaints;
    my @workers = child_pids($pid);
    my $status;

    my $left = sub {
        return 1 if defined $status;
        $status = $? if waitpid($pid, WNOHANG) == $pid;
        return defined $status;
    };

    kill 'QUIT', $pid;

    if (!wait_until { $left->() } $QUIT_TIME) {
        push @complaints, "nginx has not left ${QUIT_TIME}s after QUIT";
        kill 'TERM', $pid;
    }

    if (!wait_until { $left->() } 2) {
        kill 'KILL', $pid, @workers;
        waitpid $pid, 0;
        $status = $?;
    }

    push @complaints, sprintf 'nginx ended with status %d, signal %d',
                              $status >> 8, $status & 127
        if $status && !@complaints;

    undef $pid;

    return (@complaints, log_complaints($block));
}


sub child_pids {
    my $parent = shift;

    my $text = slurp("/proc/$parent/task/$parent/children");
    return split ' ', $text;
}


sub log_complaints {
    my $block = shift;

    my @lines = (split(/^/, slurp(error_log_file())),
                 split(/^/, slurp(stderr_file())));
    my @expected = $block ? expected_patterns($block) : ();
    my @complaints;

    LINE: for my $i (0 .. $#lines) {
        my $line = $lines[$i];

        next if $line !~ $BAD_LINE;

        for my $pattern (@expected) {
            next LINE if ref $pattern ? $line =~ $pattern
                                      : index($line, $pattern) >= 0;
        }

        chomp $line;
        push @complaints, $line;

        # a sanitizer's report is only worth something with its stack

        if ($line =~ /Sanitizer|runtime error/) {
            my $last = $i + 60 > $#lines ? $#lines : $i + 60;
            Test::More::diag(join '', @lines[$i .. $last]);
            last;
        }

        last if @complaints == 5;
    }

    return @complaints;
}


sub expected_patterns {
    my $block = shift;

    my @patterns;

    for my $section (qw( error_log shutdown_error_log grep_error_log )) {
        my $value = $block->$section;
        next if !defined $value;

        push @patterns, ref $value eq 'ARRAY' ? grep({ defined } @$value)
                        : ref $value ? $value
                        : grep { /\S/ } split /\n+/, $value;
    }

    return @patterns;
}


# A new configuration without a restart; true when the new generation answers

sub reload {
    my $wanted = $config_version;

    kill 'HUP', $pid;

    return wait_until {
        my $socket = IO::Socket::INET->new(
            PeerAddr => '127.0.0.1',
            PeerPort => setting('port'),
            Timeout  => 2,
        ) or return;

        print $socket "GET /ver HTTP/1.0\r\nHost: Test-Nginx\r\n\r\n";
        my $answer = do { local $/; <$socket> } // '';
        return $answer =~ /\r\n\r\n\Q$wanted\E$/;
    } 10;
}


sub slurp {
    my $path = shift;

    open my $in, '<', $path or return '';
    local $/;
    return <$in> // '';
}


sub rewind_logs {
    $error_log_pos = 0;
}


# The lines of error.log since the position; ($lines, $new_position)

sub error_log_lines {
    my $advance = shift;

    open my $in, '<', error_log_file or return [];

    seek $in, $error_log_pos, 0 if !setting('accum_error_log');

    my @lines = <$in>;

    $error_log_pos = tell $in if $advance && !setting('accum_error_log');

    return \@lines;
}


sub access_log_lines {
    return [split /^/, slurp(access_log_file)];
}


END {
    # a test file that died must not leave its nginx behind

    if (defined $pid) {
        local $?;
        kill 'TERM', $pid;
        waitpid $pid, 0;
    }
}

1;
