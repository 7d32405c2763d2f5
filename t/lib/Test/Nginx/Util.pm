package Test::Nginx::Util;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# What the parts of the runner share: settings, paths, ports, the
# TEST_NGINX_* words in section texts, versions, time.

use strict;
use warnings;

use Exporter qw( import );
use File::Spec ();
use IO::Socket::INET ();
use Test::More ();
use Time::HiRes qw( sleep time );

our @EXPORT = qw(
    setting is_running nginx_version has_module
    env_to_nginx timeout no_long_string no_shuffle no_root_location
    use_hup repeat_each worker_connections workers log_level master_on
    master_off master_process_enabled check_accum_error_log config_preamble
    server_name server_addr server_port server_port_for_client server_root
    html_dir error_log_file access_log_file
    add_block_preprocessor add_cleanup_handler add_test_cleanup_handler
    add_response_body_check block_preprocessors cleanup_handlers
    test_cleanup_handlers response_body_checks
    expand_env reset_rand_ports parse_time wait_until bail_out verbose
    skip_reason
);

# what the nginx-version comparisons of skip_eval sections may look at
our $NginxVersion;

# The original runs nginx as a single process.  Here a master is the default:
# only a worker of a master leaves gracefully, and so shows a timer or a
# connection that was forgotten.

my %set = (
    binary            => $ENV{TEST_NGINX_BINARY} || 'nginx',
    modules           => [split ' ', $ENV{TEST_NGINX_LOAD_MODULES} // ''],
    timeout           => $ENV{TEST_NGINX_TIMEOUT} || 3,
    no_shuffle        => $ENV{TEST_NGINX_NO_SHUFFLE} || 0,
    use_hup           => $ENV{TEST_NGINX_USE_HUP} || 0,
    verbose           => $ENV{TEST_NGINX_VERBOSE} || 0,
    log_level         => $ENV{TEST_NGINX_LOG_LEVEL} || 'debug',
    postpone_output   => $ENV{TEST_NGINX_POSTPONE_OUTPUT},
    event_type        => $ENV{TEST_NGINX_EVENT_TYPE},
    repeat_each       => 1,
    workers           => 1,
    worker_conns      => 64,
    master            => $ENV{TEST_NGINX_MASTER_PROCESS} || 'on',
    no_root_location  => 0,
    accum_error_log   => $ENV{TEST_NGINX_CHECK_ACCUM_ERR_LOG} || 0,
    preamble          => '',
    server_name       => 'localhost',
    server_addr       => '127.0.0.1',
    env               => [],
);

my (@preprocessors, @cleanups, @test_cleanups, @body_checks);
my %rand_ports;

# A UDP socket on the same number is the lock on a port: the kernel frees it
# whatever happens to us, so that files run side by side (prove -j, two people
# on one machine) never meet.

my $port_lock;

choose_port();
choose_root();


sub choose_port {
    my $first = $ENV{TEST_NGINX_SERVER_PORT} || $ENV{TEST_NGINX_PORT}
                || 1984;

    for my $port ($first .. $first + 115) {
        $port_lock = IO::Socket::INET->new(
            LocalAddr => '127.0.0.1',
            LocalPort => $port,
            Proto     => 'udp',
        ) or next;

        my $probe = IO::Socket::INET->new(
            LocalAddr => '0.0.0.0',
            LocalPort => $port,
            Listen    => 1,
            ReuseAddr => 1,
        ) or next;

        close $probe;

        $set{first_port} = $first;
        $set{port} = $port;
        $set{client_port} = $ENV{TEST_NGINX_CLIENT_PORT} || $port;
        $ENV{TEST_NGINX_SERVER_PORT} = $port;
        return;
    }

    die "no free port from $first on\n";
}


sub choose_root {
    my $root = $ENV{TEST_NGINX_SERVROOT};

    if (!$root) {
        $root = $set{port} == $set{first_port} && !$ENV{TEST_NGINX_RANDOMIZE}
                ? 't/servroot' : "t/servroot_$set{port}";
    }

    $root = File::Spec->rel2abs($root);

    $set{root} = $root;
    $ENV{TEST_NGINX_SERVER_ROOT} = $root;
    $ENV{TEST_NGINX_HTML_DIR} = "$root/html";
}


# Settings, under the names that test files use

sub setting { $set{$_[0]} }

sub no_long_string ()       { }
sub no_shuffle ()           { $set{no_shuffle} = 1 }
sub no_root_location ()     { $set{no_root_location} = 1 }
sub use_hup ()              { $set{use_hup} = 1 }
sub master_on ()            { $set{master} = 'on' }
sub master_off ()           { $set{master} = 'off' }
sub check_accum_error_log (){ $set{accum_error_log} = 1 }
sub config_preamble ($)     { $set{preamble} = shift }
sub env_to_nginx (@)        { push @{$set{env}}, @_ }
sub verbose ()              { $set{verbose} }
sub server_root ()          { $set{root} }
sub html_dir ()             { "$set{root}/html" }
sub error_log_file ()       { "$set{root}/logs/error.log" }
sub access_log_file ()      { "$set{root}/logs/access.log" }

sub get_or_set {
    my ($name, @value) = @_;

    $set{$name} = $value[0] if @value;
    return $set{$name};
}

sub timeout (@)                { get_or_set('timeout', @_) }
sub repeat_each (@)            { get_or_set('repeat_each', @_) }
sub worker_connections (@)     { get_or_set('worker_conns', @_) }
sub workers (@)                { get_or_set('workers', @_) }
sub log_level (@)              { get_or_set('log_level', @_) }
sub server_name (@)            { get_or_set('server_name', @_) }
sub server_addr (@)            { get_or_set('server_addr', @_) }
sub server_port (@)            { get_or_set('port', @_) }
sub server_port_for_client (@) { get_or_set('client_port', @_) }

sub master_process_enabled (@) {
    return $set{master} if !@_;
    $set{master} = $_[0] ? 'on' : 'off';
}


# Hooks: the last one added runs first

sub add_block_preprocessor (&)   { unshift @preprocessors, shift }
sub add_cleanup_handler ($)      { unshift @cleanups, shift }
sub add_test_cleanup_handler ($) { unshift @test_cleanups, shift }
sub add_response_body_check ($)  { push @body_checks, shift }

sub block_preprocessors { @preprocessors }
sub cleanup_handlers { @cleanups }
sub test_cleanup_handlers { @test_cleanups }
sub response_body_checks { @body_checks }


# Ends this file, and only this file: a "Bail out!" would end the whole run

sub bail_out (@) {
    Test::More::fail(join '', @_);
    exit 255;
}


sub is_running ($) {
    my $pid = shift;
    return kill 0, $pid;
}


sub parse_time ($) {
    my $time = shift;

    return undef if !defined $time;

    $time =~ s/\s+$//;

    return $1 / 1000 if $time =~ /^([\d.]+)ms$/;
    return $1 if $time =~ /^([\d.]+)s?$/;

    bail_out("bad time \"$time\"");
}


# Calls code until it returns true or the time is up; returns its last value.
# This is what keeps the tests independent of the speed of the machine.

sub wait_until (&$) {
    my ($code, $seconds) = @_;

    my $end = time() + $seconds;
    my $step = 0.002;

    while (1) {
        my $value = $code->();
        return $value if $value || time() > $end;

        sleep $step;
        $step = $step * 1.5 > 0.05 ? 0.05 : $step * 1.5;
    }
}


sub reset_rand_ports () {
    %rand_ports = ();
}


sub rand_port {
    my $name = shift;

    # the kernel's own choice: free now, and not given again soon

    if (!$rand_ports{$name}) {
        my $socket = IO::Socket::INET->new(
            LocalAddr => '127.0.0.1',
            LocalPort => 0,
            Listen    => 1,
            ReuseAddr => 1,
        ) or bail_out("no free port: $!");

        $rand_ports{$name} = $socket->sockport;
    }

    return $rand_ports{$name};
}


sub env_word {
    my ($word, $name) = @_;

    return rand_port($word) if $word =~ /^TEST_NGINX_RAND_PORT_\d+$/;

    return $ENV{$word} // bail_out("$name - No environment $word defined");
}


sub expand_env ($$) {
    my ($text, $name) = @_;

    return $text if !defined $text || ref $text;

    $text =~ s{\$(TEST_NGINX_[_A-Z0-9]+)}{ env_word("$1", $name) }ge;

    return $text;
}


sub canonical_version {
    return sprintf '%d.%03d%03d', @_;
}


sub nginx_version () {
    if (!defined $NginxVersion) {
        my $text = `$set{binary} -V 2>&1` // '';

        $text =~ m{/(\d+)\.(\d+)\.(\d+)}
            or bail_out("cannot run $set{binary} -V: $text");

        $NginxVersion = canonical_version($1, $2, $3);
        $set{options} = $text;
    }

    return $NginxVersion;
}


# Whether the nginx under test was built with one of its standard modules

sub has_module ($) {
    my $name = shift;

    nginx_version();
    return $set{options} !~ /--without-http_${name}_module/;
}


sub compare_version {
    my ($op, @version) = @_;

    my $wanted = canonical_version(@version);

    return nginx_version() <  $wanted if $op eq '<';
    return nginx_version() <= $wanted if $op eq '<=';
    return nginx_version() >  $wanted if $op eq '>';
    return nginx_version() >= $wanted if $op eq '>=';
    return nginx_version() == $wanted;
}


# (number of tests, reason) when the block asks not to be run here

sub skip_reason ($) {
    my $block = shift;

    my $version = qr/([<>]=?|=)\s*(\d+)\.(\d+)\.(\d+)/;
    my $name = $block->name;

    if (defined(my $text = $block->skip_eval)) {
        my ($n, $code) = $text =~ /^\s*(\d+)\s*:\s*(.*)/s
            or bail_out("$name - bad skip_eval");

        my $skip = eval $code;
        bail_out("$name - skip_eval: $@") if $@;
        return ($n, 'skip_eval') if $skip;
    }

    if (defined(my $text = $block->skip_nginx)) {
        $text =~ /^\s*(\d+)\s*:\s*$version\s*(?::\s*(.*?))?\s*$/
            or bail_out("$name - bad skip_nginx");

        my ($n, $reason) = ($1, $6 || "nginx version $2 $3.$4.$5");
        return ($n, $reason) if compare_version($2, $3, $4, $5);
    }

    if (defined(my $text = $block->skip_nginx2)) {
        $text =~ /^\s*(\d+)\s*:\s*$version\s*(or|and)\s*$version\s*
                  (?::\s*(.*?))?\s*$/x
            or bail_out("$name - bad skip_nginx2");

        my ($n, $reason) = ($1, $11 || 'nginx version');
        my ($word, @b) = ($6, $7, $8, $9, $10);
        my $a = compare_version($2, $3, $4, $5);

        return ($n, $reason)
            if $word eq 'or' ? $a || compare_version(@b)
                             : $a && compare_version(@b);
    }

    return;
}

1;
