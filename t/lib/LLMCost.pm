package LLMCost;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# The preset of this project's suites:
#
#   use lib 't/lib';
#   use LLMCost;                                 # or: redis => 1, fakeredis => 1
#   run_tests();
#
# It loads the module and its data, starts the helper servers of the file and
# adds sections (docs/testing.md).  It stands on hooks that the original
# Test::Nginx::Socket has too; with TEST_NGINX_LIB=DIR the original in DIR
# runs the same files.

use strict;
use warnings;

use Cwd qw( abs_path );
use File::Basename qw( dirname );
use File::Temp ();
use JSON::PP ();
use Test::More ();
use Time::HiRes qw( sleep time );

use LLMCost::Process;
use LLMCost::Redis;

# Patience for what happens after the client has its answer: settlement, logs

my $PATIENCE = 5;

my $root = abs_path(dirname(__FILE__) . '/../..');
my $build = $ENV{LLM_BUILD} // "$root/build";
my $dir = File::Temp->newdir('llm-cost-XXXXXX', TMPDIR => 1);
my $json = JSON::PP->new->ascii->canonical->allow_nonref;

my ($upstream, $redis_server, $fake);
my $block_id = 0;
my $nginx_port;


sub import {
    my ($class, %option) = @_;

    $ENV{TEST_NGINX_LOAD_MODULES} //= "$build/module/ngx_llm_cost_module.so";
    $ENV{LLM_DATA_PATH} //= $build;
    $ENV{TEST_NGINX_DATA_PATH} = $ENV{LLM_DATA_PATH};
    $ENV{TEST_NGINX_PROJECT} = $root;

    start_upstream();
    start_redis() if $option{redis};
    start_fakeredis() if $option{fakeredis};

    unshift @INC, $ENV{TEST_NGINX_LIB} if $ENV{TEST_NGINX_LIB};

    require Test::Nginx::Socket;

    eval q{ package main; Test::Nginx::Socket->import('no_plan'); 1 }
        or die $@;

    {
        no strict 'refs';
        *{"main::$_"} = \&$_ for qw( redis release upstream_requests
                                     nginx_pid wait_for project
                                     example_http );
    }

    $ENV{TEST_NGINX_HTML_DIR} = Test::Nginx::Socket::html_dir();
    $nginx_port = Test::Nginx::Socket::server_port();

    Test::Nginx::Socket::add_block_preprocessor(\&before_block);
    Test::Nginx::Socket::add_test_cleanup_handler(\&after_block);
    Test::Nginx::Socket::add_cleanup_handler(\&stop_processes);
}


sub start_upstream {
    ($upstream, my @ports)
        = start_process('python3', '-B', "$root/t/util/upstream.py", "$dir");

    $ENV{TEST_NGINX_UPSTREAM_PORT} = $ports[0];
    $ENV{TEST_NGINX_RELAY_PORT} = $ports[1];
}


sub start_redis {
    ($redis_server, my ($port, $socket)) = start_redis_server("$dir");

    $ENV{TEST_NGINX_REDIS_PORT} = $port;
    $ENV{TEST_NGINX_REDIS_SOCKET} = $socket;
}


sub start_fakeredis {
    ($fake, my $port)
        = start_process('python3', '-B', "$root/t/util/fakeredis.py", "$dir",
                        $ENV{TEST_NGINX_REDIS_SOCKET} // "$dir/none");

    $ENV{TEST_NGINX_FAKEREDIS_PORT} = $port;
}


# For test files

sub project { $root }

# what stands in http{} of a configuration in examples/nginx/

sub example_http {
    my ($http) = read_file("$root/examples/nginx/$_[0]")
                     =~ /^http \{\n(.*)^\}\n/ms;
    return $http // die "no http{} in $_[0]\n";
}

sub redis { redis_command($ENV{TEST_NGINX_REDIS_SOCKET}, @_) }

sub release { write_file("$dir/release.$_[0]", '') }

sub upstream_requests {
    return grep { !$_->{event} } records('requests.jsonl');
}

sub nginx_pid {
    my $pid = read_file(Test::Nginx::Socket::server_root()
                        . '/logs/nginx.pid');
    chomp $pid;
    return $pid;
}

sub wait_for (&) {
    my $code = shift;

    my $end = time() + $PATIENCE;

    while (1) {
        my $value = $code->();
        return $value if $value || time() > $end;
        sleep 0.01;
    }
}


sub before_block {
    my $block = shift;

    $block_id++;
    unlink glob "$dir/release.*";

    module_directives($block);
    write_script($block);

    if ($redis_server) {
        redis('FLUSHALL');
        redis(@$_) for commands($block);
    }

    write_fakeredis($block) if $fake;
}


# Every block knows where the data is; one that says so itself, or that wants
# a bare configuration, is left alone.

sub module_directives {
    my $block = shift;

    my $http = $block->http_config;
    $http //= '';

    return if $http =~ /\bllm_data_path\b/ || defined $block->bare;

    $block->set_value(http_config => "llm_data_path "
                                     . "\$TEST_NGINX_DATA_PATH;\n$http");
}


sub write_script {
    my $block = shift;

    my $script = { block => $block_id, nginx => $nginx_port };
    my $answers = $block->upstream;

    if (defined $answers && !ref $answers) {
        $answers = { body => $answers };
    }

    $script->{answers} = prepared($answers) if defined $answers;

    my $leaves = $block->client_leaves;

    $script->{leaves} = (split_words($leaves))[0] if defined $leaves;

    my $h2 = defined $block->h2;
    my $text = $json->encode($script);

    if ($h2) {
        $script->{h2} = free_port();
        my $config = $block->config;
        $block->set_value(config => 'listen 127.0.0.1:'
                                    . "$script->{h2} http2;\n$config");
    }

    # The client goes through the relay only where that is needed, and always
    # under the original runner, whose client takes no unannounced trailers.

    my $relay = $h2 || defined $block->trailers || $text =~ /"seen"/
                || defined $leaves || defined $block->trailers_like || $ENV{TEST_NGINX_LIB};

    Test::Nginx::Socket::server_port_for_client(
        $relay ? $ENV{TEST_NGINX_RELAY_PORT} : $nginx_port);

    write_file("$dir/script.json", $json->encode($script));
}


# Answers with "json" or "sse" are spelled out for the upstream

sub prepared {
    my $answer = shift;

    return [map { prepared($_) } @$answer] if ref $answer eq 'ARRAY';

    if ($answer->{scripts}) {
        my %scripts = %{$answer->{scripts}};
        $scripts{$_} = prepared($scripts{$_}) for keys %scripts;
        return { %$answer, scripts => \%scripts };
    }

    my %out = %$answer;

    if (exists $out{json}) {
        $out{body} = $json->encode(delete $out{json});
    }

    if (exists $out{sse}) {
        my $done = delete $out{done} // 1;

        $out{headers} //= { 'Content-Type' => 'text/event-stream' };
        $out{body} = [map({ event($_) } @{delete $out{sse}}),
                      $done ? "data: [DONE]\n\n" : ()];
    }

    return \%out;
}


# An event: a hash is JSON data, a text too, a reference to a hash a step

sub event {
    my $event = shift;

    return ${$event} if ref $event eq 'REF';
    return "data: $event\n\n" if !ref $event;
    return 'data: ' . $json->encode($event) . "\n\n";
}


sub commands {
    my $block = shift;

    my $commands = $block->redis_cmd;

    return if !defined $commands;
    return @$commands if ref $commands;
    return map { [split_words($_)] } grep { /\S/ } split /\n/, $commands;
}


sub write_fakeredis {
    my $block = shift;

    my $rules = $block->fakeredis;
    $rules = "# block $block_id\n" . ($rules // '');

    unlink "$dir/fakeredis.log";
    write_file("$dir/fakeredis", $rules);

    wait_for { read_file("$dir/fakeredis.state") eq $rules }
        or Test::More::fail('fakeredis follows its rules');
}


sub records {
    my $file = shift;

    return grep { $_->{block} == $block_id }
           map { $json->decode($_) }
           grep { /\n$/ } split /^/, read_file("$dir/$file");
}


# What the block expects of the helpers.  All that may come late is waited for.

sub after_block {
    my $block = shift;

    return if defined $block->SKIP || is_skipped($block);

    check_upstream($block);
    check_trailers($block);
    check_redis($block) if $redis_server;
    check_fakeredis($block) if $fake;

    for my $record (records('requests.jsonl')) {
        my $event = $record->{event} // '';
        Test::More::fail($block->name . " - upstream: $record->{text}")
            if $event eq 'error' || $event eq 'curl';
    }

    stop_nginx() if $ENV{TEST_NGINX_LIB};
}


# The original stops a block's nginx once the next block is prepared.  Nothing
# that the leaving one says to Redis may meet, or count for, the rules of that.

sub stop_nginx {
    my $file = Test::Nginx::Socket::server_root() . '/logs/nginx.pid';
    my ($pid) = read_file($file) =~ /^(\d+)/ or return;

    # the master removes the file when it has no worker any more

    kill 'QUIT', $pid or return;
    wait_for { !-e $file };
}


# The runner does not tell that it has skipped a block

sub is_skipped {
    my $block = shift;

    my $text = $block->skip_eval;

    if (defined $text && $text =~ /^\s*\d+\s*:\s*(.*)/s) {
        return 1 if eval $1;
    }

    $text = $block->skip_nginx;

    if (defined $text && $text =~ /:\s*([<>]=?)\s*(\d+)\.(\d+)\.(\d+)/) {
        no warnings 'once';
        my $version = sprintf '%d.%03d%03d', $2, $3, $4;
        return eval "$Test::Nginx::Util::NginxVersion $1 $version";
    }

    return 0;
}


sub check_upstream {
    my $block = shift;

    my $name = $block->name;
    my $count = $block->upstream_count;

    if (defined $count) {
        $count =~ s/\s+$//;
        wait_for { upstream_requests() >= $count };
        Test::More::is(scalar(my @all = upstream_requests()), $count,
                       "$name - upstream_count");
    }

    if (defined $block->upstream_abort) {
        my $aborts = sub { grep { ($_->{event} // '') eq 'abort' }
                                records('requests.jsonl') };
        Test::More::ok(wait_for(sub { scalar $aborts->() }),
                       "$name - nginx left the upstream");
    }

    check_requests($block, 'upstream_requests_like');
    check_requests($block, 'upstream_requests_unlike');
}


# like: pattern N is for request N; unlike: no pattern for any request.
# A text is one pattern a line, literal as in error_log; a list may hold
# regular expressions.

sub check_requests {
    my ($block, $section) = @_;

    my $patterns = $block->$section;
    return if !defined $patterns;

    my $name = $block->name . " - $section";
    my @patterns = map { ref $_ ? $_ : qr/\Q$_\E/ }
                   ref $patterns eq 'ARRAY' ? @$patterns
                   : ref $patterns ? $patterns
                   : grep { $_ ne '' } split /\n/, $patterns;

    my $unlike = $section =~ /unlike/;

    my $needed = ref $patterns eq 'ARRAY' ? @patterns : 1;

    wait_for { upstream_requests() >= $needed } if !$unlike;

    my @texts = map { "$_->{head}\r\n$_->{body}" } upstream_requests();

    if ($unlike) {
        for my $pattern (@patterns) {
            Test::More::unlike($_, $pattern, $name) for @texts;
        }

    } elsif (ref $patterns eq 'ARRAY') {
        for my $i (0 .. $#patterns) {
            next if !defined $patterns->[$i];
            Test::More::like($texts[$i], $patterns[$i], "$name $i");
        }

    } else {
        Test::More::like($texts[0], $_, $name) for @patterns;
    }
}


sub check_trailers {
    my $block = shift;

    for my $section (qw( trailers trailers_like )) {
        my $text = $block->$section;
        next if !defined $text;

        my $records = wait_for { my @all = records('relay.jsonl');
                                 @all ? \@all : undef };
        my %got = map { lc $_->[0] => $_->[1] }
                      @{$records ? $records->[-1]{trailers} : []};

        for my $line (grep { /\S/ } split /\n/, $text) {
            my ($key, $value) = split /\s*:\s*/, $line, 2;
            my $name = $block->name . " - trailer $key";

            if ($key =~ s/^!\s*//) {
                Test::More::ok(!exists $got{lc $key}, $name);

            } elsif ($section eq 'trailers') {
                Test::More::is($got{lc $key}, $value, $name);

            } else {
                Test::More::like($got{lc $key} // '', qr/^$value$/, $name);
            }
        }
    }
}


# --- redis_like: "COMMAND => regex", one a line; lists are joined by blanks

sub check_redis {
    my $block = shift;

    my $text = $block->redis_like;
    return if !defined $text;

    for my $line (grep { /\S/ } split /\n/, $text) {
        my ($command, $pattern) = split /\s*=>\s*/, $line, 2;
        my @words = split_words($command);
        my $got;

        # a script fails on a key that is not there yet

        wait_for {
            $got = eval { flat(redis(@words)) } // $@;
            $got =~ /$pattern/;
        };

        Test::More::like($got, qr/$pattern/, $block->name . " - $command");
    }
}


sub flat {
    my $reply = shift;

    return '(nil)' if !defined $reply;
    return ref $reply ? join(' ', map { flat($_) } @$reply) : $reply;
}


# --- fakeredis_count: "COMMAND: N", one a line

sub check_fakeredis {
    my $block = shift;

    my $text = $block->fakeredis_count;
    return if !defined $text;

    for my $line (grep { /\S/ } split /\n/, $text) {
        my ($command, $count) = split /\s*:\s*/, $line, 2;

        my $seen = sub {
            scalar(() = read_file("$dir/fakeredis.log") =~ /^$command$/mg)
        };

        wait_for { $seen->() >= $count };

        Test::More::is($seen->(), $count,
                       $block->name . " - $command through fakeredis");
    }
}

1;
