# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# llm-cost: known figures, each with the formula it prints, and wrong options.

use strict;
use warnings;

use Test::More;

my $build = $ENV{LLM_BUILD} // 'build';
my $data = $ENV{LLM_DATA_PATH} // $build;
my $tools = $ENV{LLM_TOOLS} // "$build/tools";

# what a tool has allocated ends with it

local $ENV{ASAN_OPTIONS} = ($ENV{ASAN_OPTIONS} // '') . ':detect_leaks=0';



sub cost {
    my ($input, $command, @args) = @_;

    local $ENV{INPUT} = $input;

    my $text = `printf %s "\$INPUT" | $tools/llm-cost $command \\
                --data $data @args 2>&1`;

    return wantarray ? ($text, $? >> 8) : $text;
}


my $daily = '--daily-requests 10000 --input 500 --output 300';

like(cost('', 'monthly', "--model gpt-4o $daily"),
     qr/^gpt-4o: \$1275\.00 a month\n.*= 10000 requests a day x 30 days x \$0/,
     'monthly: 2.50 and 10');
like(cost('', 'monthly', "--model gpt-4o-mini $daily"),
     qr/^gpt-4o-mini: \$76\.50 a month/, 'monthly: 0.15 and 0.60');
like(cost('', 'monthly', "--model claude-3-5-haiku-20241022 $daily"),
     qr/: \$480\.00 a month/, 'monthly: 0.80 and 4.00');
like(cost('', 'monthly', '--model gpt-4o-mini --daily-requests 1000 '
                         . '--input 500 --output 200'),
     qr/: \$5\.85 a month/, 'monthly: a thousand a day');

like(cost('', 'breakeven', '--model gpt-4o --input 500 --output 300 '
                           . '--gpu-hour 2.50 --daily-requests 100'),
     qr/: \$1800\.00 .*: 423530 requests a month, .* 0\.17 a second.*: the API/s,
     'breakeven: 720 hours x 2.50 / 0.00425');

like(cost('', 'roi', '--saving 500 --invest 3000'),
     qr/return in 12 months: 100\.0 %.*paid back after 6\.0 months/s,
     'roi: a purchase, 12 months');
like(cost('', 'roi', '--saving 400 --hours 40 --rate 100'),
     qr/cost: \$4000\.00.*return in 36 months: 260\.0 %.*after 10\.0 months/s,
     'roi: work, three years');
like(cost('', 'roi', '--saving 100 --invest 6000'),
     qr/return in 12 months: -80\.0 %/, 'roi: a loss');

like(cost('hello world', 'estimate', '--model gpt-4o --output 10'),
     qr/^-: 2 input tokens\ngpt-4o: \$0\.000105\n/, 'estimate: a text');
like(cost('{"model":"gpt-4o-mini","messages":'
          . '[{"role":"user","content":"hi"}]}', 'estimate', '--output 10'),
     qr/^-: 8 input tokens\ngpt-4o-mini: \$0\.0000072\n/,
     'estimate: a request, framing included');

my $map = "$data/llm-cost.$$.json";

open my $fh, '>', $map or die "$map: $!";
print $fh '{"m":{"input_cost_per_token":1e-6,"output_cost_per_token":0,',
          '"input_cost_per_smell":1},',
          '"speech":{"input_cost_per_character":15e-6},',
          '"vectors":{"input_cost_per_token":1e-8,"output_cost_per_token":0},',
          '"words":{"input_cost_per_token":1e-8,"output_cost_per_token":1e-8}}';
close $fh;

my ($unread) = cost('', 'estimate', "--prices $map --model m --input 5 "
                                    . '--output 1');

like($unread, qr/that are not understood, under "input_cost_per_smell"\n/,
     'estimate: prices that nobody reads are told of');
like($unread, qr/m: its "input_cost_per_smell" is not charged\n/,
     '... of the row, too');
like($unread, qr/^m: \$0\.000005\n/m, '... and it has a cost');

my ($text, $code) = cost('', 'estimate', "--prices $map --model speech "
                                         . '--input 5');

is($code, 1, 'estimate: characters that nobody has counted are not free');
like($text, qr/^llm-cost: speech: the price map has no rate for this$/m,
     '... and it says so');

($text) = cost('', 'compare', "--prices $map --input 5 --output 5");

is(join(',', $text =~ /^(\S+) +\$/mg), 'words',
   'compare: what answers in words, at a price that is known');

unlink $map;

my ($table) = cost('', 'compare', '--input 500 --output 200');
my @costs = $table =~ /^\S+ +\$([\d.]+) /mg;

cmp_ok(scalar @costs, '>', 100, 'compare: every model');
is_deeply(\@costs, [sort { $a <=> $b } @costs], '... the cheapest first');

for (['estimate', '--model no-such-model --input 5', 'no such model'],
     ['estimate', '--input 5', 'which --model'],
     ['monthly', '--model gpt-4o --input 5', 'needs --daily-requests'],
     ['roi', '--saving 0 --invest 5', 'needs --saving'],
     ['roi', '--saving -1 --invest 5', '--saving -1: not an amount'],
     ['roi', '--saving 1e3 --invest 5', 'not an amount'],
     ['breakeven', '--model gpt-4o --input x --gpu-hour 1', '--input x: not'],
     ['monthly', '--model gpt-4o --daily-requests 1000000000000 --input '
                 . '1000000000', 'no rate|more than'],
     ['breakeven', '--model gpt-4o --input 5 --output 5 --gpu-hour 9000000 '
                   . '--gpus 1000000000000', 'more than 9,000,000 USD a month'],
     ['roi', '--saving 1 --hours 1000000000000 --rate 9000000',
      'more than 9,000,000'],
     ['nonsense', '', 'usage: llm-cost'])
{
    my ($command, $args, $message) = @$_;
    my ($text, $code) = cost('', $command, $args);

    isnt($code, 0, "$command $args: fails");
    like($text, qr/$message/, '... and says why');
}

for my $command ('estimate', 'compare', 'monthly', 'breakeven', 'roi') {
    is((cost('', $command, '--help'))[1], 0, "$command --help");
}

done_testing();
