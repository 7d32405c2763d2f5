package LLMCost::Nginx;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# An nginx with the module, for test files that need more than the one of a
# Test::Nginx block: several at once, several workers.
#
#   my $nginx = start_nginx("$dir/a", workers => 2, http => <<'CONF');
#       server { listen 127.0.0.1:PORT; ... }
#   CONF
#   # $nginx->{port}, $nginx->{dir}
#   is join("\n", stop_nginx($nginx)), '', 'nginx leaves nothing behind';
#
# PORT is replaced by a free one; with config => sub { ... } in place of http
# the whole text is what that makes of a port.  Every file that it writes is in its
# directory: error.log, access.log, stderr.log.

use strict;
use warnings;

use Cwd qw( abs_path );
use Exporter qw( import );
use File::Basename qw( dirname );
use File::Path qw( make_path );
use Time::HiRes qw( sleep );

use LLMCost::Process;

our @EXPORT = qw( start_nginx stop_nginx start_upstream_server project_dir );
our @EXPORT_OK = qw( nginx_config nginx_complaints nginx_binary
                     start_daemon example_config );

# time that nginx has to leave after QUIT
my $QUIT_TIME = 10;

my $BAD_LINE = qr/\[alert\]|\[emerg\]|open\ socket\ \#\d+\ left
                  |zero\ size\ buf|Sanitizer|:\ runtime\ error:\ 
                  |\bAssertion\ .*failed/x;

my $root = abs_path(dirname(__FILE__) . '/../../..');
my $build = $ENV{LLM_BUILD} // "$root/build";
my $binary = $ENV{TEST_NGINX_BINARY} || 'nginx';


sub project_dir { $root }

# with its path: an upgrade starts it by that

sub nginx_binary {
    return $binary if $binary =~ m{/};
    return (grep { -x } map { "$_/$binary" } split(/:/, $ENV{PATH}),
            '/usr/sbin')[0];
}


# the port of t/util/upstream.py, whose files are in DIR

sub start_upstream_server {
    my $dir = shift;

    # what waits there may do so while a whole load goes on

    local $ENV{UPSTREAM_PATIENCE} = $ENV{UPSTREAM_PATIENCE} // 60;

    my ($process, $port)
        = start_process('python3', '-B', "$root/t/util/upstream.py", $dir);

    return $port;
}


sub start_nginx {
    my ($dir, %option) = @_;

    make_path($dir);

    # nginx does not end with its stdin, so a shell stands in between

    my $script = '"$@" > "$0/stderr.log" 2>&1 & echo started; '
                 . 'read x; kill -QUIT $! 2> /dev/null; wait $!; echo $?';

    for (1 .. 5) {
        my $port = free_port();

        unlink "$dir/error.log", "$dir/nginx.pid";
        write_file("$dir/nginx.conf",
                   $option{config} ? $option{config}->($port)
                                   : nginx_config($dir, $port, %option));

        my ($process) = start_process('sh', '-c', $script, $dir, $binary,
                                      '-e', "$dir/error.log", '-p', "$dir/",
                                      '-c', "$dir/nginx.conf");

        for (1 .. 3000) {
            return { process => $process, port => $port, dir => $dir }
                if -s "$dir/nginx.pid";
            last if read_file("$dir/stderr.log") =~ /\[emerg\]/;
            sleep 0.01;
        }

        last if read_file("$dir/error.log") !~ /98: Address already in use/;
    }

    die "nginx does not start:\n", read_file("$dir/stderr.log"),
        read_file("$dir/error.log");
}


sub nginx_config {
    my ($dir, $port, %option) = @_;

    my $connections = $option{connections} // 1024;
    my ($main, $http) = nginx_surroundings($dir, %option);
    (my $text = $option{http}) =~ s/\bPORT\b/$port/g;

    return <<END;
$main
events { worker_connections $connections; }

http {
$http
    proxy_http_version 1.1;
    proxy_set_header Connection "";
$text
}
END
}


# What makes a configuration one of the test's: for the main block, and for
# http{}

sub nginx_surroundings {
    my ($dir, %option) = @_;

    my $modules = $ENV{TEST_NGINX_LOAD_MODULES}
                  // "$build/module/ngx_llm_cost_module.so";
    my $data = $ENV{LLM_DATA_PATH} // $build;
    my $workers = $option{workers} // 1;
    my $main = $option{main} // '';
    my $daemon = $option{daemon} ? 'on' : 'off';
    my $load = join '', map { "load_module $_;\n" } split ' ', $modules;
    my $user = $> == 0 ? 'user root;' : '';
    my $built = `$binary -V 2>&1`;
    my $temp = join '', map { "    ${_}_temp_path $dir/${_}_temp;\n" }
                        qw( client_body proxy ),
                        grep { $built !~ /--without-http_${_}_module/ }
                        qw( fastcgi scgi uwsgi );

    return (<<MAIN, <<HTTP);
${load}$user
worker_processes $workers;
daemon $daemon;
error_log $dir/error.log info;
pid $dir/nginx.pid;
env ASAN_OPTIONS;
env UBSAN_OPTIONS;
env LSAN_OPTIONS;
$main
MAIN
    llm_data_path $data;
    include $root/examples/nginx/log_format.conf;
    access_log $dir/access.log llm;
$temp
HTTP
}


# A file of examples/ as it is, but for its addresses: NAME of those in
# %address is ADDRESS here, any other https server is $address{https}, and
# what it listens on is PORT; files are taken from $dir and not from /etc.

sub example_config {
    my ($dir, $port, $name, %address) = @_;

    my ($main, $http) = nginx_surroundings($dir);
    my $text = read_file("$root/examples/nginx/$name");
    my $https = delete $address{https};

    $text =~ s{\Q$_\E}{$address{$_}}g for keys %address;
    $text =~ s{https://[\w.-]+}{http://$https}g;
    $text =~ s{listen (?:127\.0\.0\.1:)?(?:8080|8443)}{listen 127.0.0.1:$port};
    $text =~ s{/etc/(?:nginx|stunnel)/}{$dir/}g;
    $text =~ s{^load_module modules/ngx_llm_cost_module\.so;\n}{$main}m;
    $text =~ s/^http \{\n/http {\n$http/m;

    return $text;
}


# Returns what is wrong with its end or its logs, as a list of texts

sub stop_nginx {
    my $nginx = shift;

    my ($dir, $process) = @$nginx{qw( dir process )};
    my $pid = read_file("$dir/nginx.pid");
    my @complaints;

    local $SIG{ALRM} = sub {
        kill @complaints ? 'KILL' : 'TERM', $pid;
        push @complaints, "nginx has not left ${QUIT_TIME}s after QUIT"
            if !@complaints;
        alarm 2;
    };

    alarm $QUIT_TIME;
    close $process->{in};
    my $status = readline($process->{out}) // '';
    alarm 0;

    chomp $status;
    push @complaints, "nginx ended with status $status" if $status ne '0';

    return (@complaints, nginx_complaints($dir));
}


# As $dir/nginx.conf has it, which says "daemon on", since nginx takes no USR2 from
# under a parent; its pid.  It ends with this process.

sub start_daemon {
    my $dir = shift;

    my $script = '"$@" 2> "$0/stderr.log"; until [ -s "$0/nginx.pid" ]; '
                 . 'do sleep 0.01; done; echo started; read x; '
                 . 'exec 2> /dev/null; kill -9 -$(cat "$0/nginx.pid")';

    start_process('sh', '-c', $script, $dir, nginx_binary(), '-e',
                  "$dir/error.log", '-p', "$dir/", '-c', "$dir/nginx.conf");

    return int read_file("$dir/nginx.pid");
}


# lines of its logs that must not be there

sub nginx_complaints {
    my $dir = shift;

    return grep { /$BAD_LINE/ }
           map { split /^/, read_file("$dir/$_") } qw( error.log stderr.log );
}

1;
