package LLMCost::Ways;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# An answer in all the ways it may come from upstream:
#
#   --- upstream eval
#   main::ways({ json => {...} })
#
# is a list of answers that differ in the size of upstream's writes and in
# whether nginx buffers (X-Accel-Buffering is upstream's proxy_buffering).  A
# file that uses it asks for as many repetitions, so that each is one way.
#
#   --- log_lines
#   200 in=10 ...
#
# says what every line of the block's log must be (or is a list, or a pattern).

use strict;
use warnings;

use Exporter qw( import );
use Test::LongString qw( is_string );
use Test::More ();
use Test::Nginx::Socket ();

our @EXPORT = qw( ways all_ways log_llm );

my @splits = (0, 1, 7);
my @buffering = ('yes', 'no');


sub all_ways {
    Test::Nginx::Socket::repeat_each(@splits * @buffering);
}


# Options: splits => [0, 1000] for what is too long for single bytes

sub ways {
    my ($answer, %option) = @_;

    my @list;

    for my $split (@{$option{splits} // \@splits}) {
        for my $buffering (@buffering) {
            my %type = $answer->{sse}
                       ? ('Content-Type' => 'text/event-stream') : ();

            push @list, {
                %$answer,
                split   => $split,
                headers => { %type, %{$answer->{headers} // {}},
                             'X-Accel-Buffering' => $buffering },
            };
        }
    }

    # fewer splits than repetitions: start again

    return [map { $list[$_ % @list] } 0 .. @splits * @buffering - 1];
}


# The log line that log_lines is about

sub log_llm {
    Test::Nginx::Socket::add_block_preprocessor(sub {
        my $block = shift;

        my $config = $block->http_config // '';
        $block->set_value(http_config => <<'END' . $config);
    log_format llm '$status in=$llm_input_tokens out=$llm_output_tokens '
                   'cost=$llm_cost src=$llm_usage_source';
    access_log logs/llm.log llm;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
END
    });

    Test::Nginx::Socket::add_test_cleanup_handler(\&check_lines);
}


sub check_lines {
    my $block = shift;

    my $wanted = $block->log_lines;
    return if !defined $wanted;

    my $n = Test::Nginx::Socket::repeat_each();
    my @wanted = ref $wanted eq 'ARRAY' ? @$wanted : ($wanted) x $n;
    my $lines;

    main::wait_for(sub {
        $lines = log_lines();
        return @$lines >= @wanted;
    });

    my $name = $block->name . ' - log_lines';

    if (ref $wanted[0]) {
        Test::More::is(scalar @$lines, scalar @wanted, $name);
        Test::More::like($lines->[$_], $wanted[$_], $name) for 0 .. $#wanted;
        return;
    }

    s/\s+$// for @wanted;

    is_string(join("\n", @$lines), join("\n", @wanted), $name);
}


sub log_lines {
    my $name = Test::Nginx::Socket::server_root() . '/logs/llm.log';

    open my $in, '<', $name or return [];
    my @lines = <$in>;
    close $in;

    chomp @lines;

    return \@lines;
}

1;
