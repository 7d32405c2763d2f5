package Test::Nginx::Socket;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# A runner for test files in the format of Test::Nginx::Socket, on Debian's
# Test::Base.  Per block: write a configuration, start nginx, send requests,
# compare, stop nginx.  docs/testing.md says what the format is and in what
# this runner is stricter than the original.

use Test::Base -Base;

use Time::HiRes qw( sleep );
use List::Util qw( shuffle );

use Test::Nginx::Client qw( requests_of_block send_request parse_response );
use Test::Nginx::Expect qw( check_answer check_logs check_shutdown_log );
use Test::Nginx::Mock qw( start_mock stop_mock );
use Test::Nginx::Server qw( prepare_root write_user_files write_config start
                            stop reload start_expecting_death running_pid
                            rewind_logs log_complaints );
use Test::Nginx::Util;

our @EXPORT = qw(
    plan run_tests
    env_to_nginx timeout no_long_string no_shuffle no_root_location
    use_hup repeat_each worker_connections workers log_level master_on
    master_off master_process_enabled check_accum_error_log config_preamble
    server_name server_addr server_port server_port_for_client server_root
    html_dir add_block_preprocessor add_cleanup_handler
    add_test_cleanup_handler add_response_body_check bail_out
);

my $previous_config;


sub run_tests () {
    nginx_version();

    my @blocks = setting('no_shuffle') ? blocks() : shuffle blocks();

    for my $block (@blocks) {
        $_->($block) for block_preprocessors();

        $block->set_value('name', $0 . ' ' . $block->name);

        run_block($block);

        $_->($block) for test_cleanup_handlers();

        stop_nginx($block) if !setting('use_hup');
    }

    stop_nginx() if setting('use_hup');

    $_->() for cleanup_handlers();
}


sub run_block ($) {
    my $block = shift;

    return if defined $block->SKIP;

    my ($n, $reason) = skip_reason($block);

    if (defined $n) {
        SKIP: {
            skip $block->name . " - $reason", $n * repeat_each;
        }
        return;
    }

    reset_rand_ports();

    my $config = expand_env(scalar $block->config, $block->name)
                 // $previous_config
                 // bail_out($block->name . ' - no config');

    $previous_config = $config;

    prepare($block, $config);

    if (defined $block->must_die) {
        expect_death($block);
        return;
    }

    return if !start_nginx($block);

    if (defined $block->init) {
        eval $block->init;
        bail_out($block->name . " - init: $@") if $@;
    }

    rewind_logs();

    for my $repetition (0 .. repeat_each() - 1) {
        write_user_files($block) if $repetition;

        start_mock($block);
        run_requests($block, $repetition);
        stop_mock($block);
    }
}


sub prepare ($$) {
    my ($block, $config) = @_;

    # under HUP the root belongs to a running nginx

    prepare_root() if !running_pid();
    write_user_files($block);
    write_config($block, $config);
}


sub start_nginx ($) {
    my $block = shift;

    return start($block) if !running_pid();

    return 1 if reload($block);

    fail($block->name . ' - the new configuration does not answer');
    return 0;
}


sub stop_nginx (;$) {
    my $block = shift;

    my $name = $block ? $block->name : $0;

    fail("$name - $_") for stop($block);

    check_shutdown_log($block) if $block && !defined $block->SKIP;
}


sub run_requests ($$) {
    my ($block, $repetition) = @_;

    my @requests = requests_of_block($block);
    my $pipelined = $block->pipelined_requests;
    my $several = @requests > 1 || defined $pipelined;
    my $wait = parse_time(scalar $block->wait);
    my $i = 0;

    for my $packets (@requests) {
        my $bytes = send_request($block, $packets);
        my $is_head = $packets->[0]{value} =~ /^\s*HEAD\s/;
        my $count = defined $pipelined ? @$pipelined : 1;

        for (1 .. $count) {
            if (!defined $block->ignore_response) {
                my $answer = parse_response($block->name, $bytes, $is_head);

                check_answer($block, $answer, $i, $several, $repetition);
                $bytes = $answer->{left};
            }

            $i++;

            sleep $wait if $wait;
            check_logs($block, $repetition);
        }

        diag($block->name . ' - ' . length($bytes)
             . ' unexpected bytes after the answer')
            if $bytes ne '' && !defined $block->ignore_response;
    }
}


# --- must_die: nginx must not start, for the reason that error_log gives

sub expect_death ($) {
    my $block = shift;

    my $wanted = $block->must_die;
    my $status = start_expecting_death($block);

    if (!defined $status) {
        fail($block->name . ' - nginx must die and does not');

    } elsif ($status & 127) {
        fail($block->name . ' - nginx killed by signal ' . ($status & 127));

    } elsif ($wanted =~ /^\s*(\d+)\s*$/) {
        is($status >> 8, $1, $block->name . ' - exit code');

    } else {
        ok($status != 0, $block->name . ' - dies as expected');
    }

    rewind_logs();
    check_logs($block, 0);

    # it says [emerg] by design, but must not leak or overrun on the way out

    fail($block->name . " - $_")
        for grep { /Sanitizer|runtime error/ } log_complaints($block);
}

1;
