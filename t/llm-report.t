# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# llm-report: what it makes of a log, of a broken one and of another format.

use strict;
use warnings;

use File::Temp qw( tempdir );
use JSON::PP;
use Test::More;

my $build = $ENV{LLM_BUILD} // 'build';
my $tools = $ENV{LLM_TOOLS} // "$build/tools";
my $tool = "$tools/llm-report";
my $dir = tempdir(CLEANUP => 1);

# what a tool has allocated ends with it

local $ENV{ASAN_OPTIONS} = ($ENV{ASAN_OPTIONS} // '') . ':detect_leaks=0';

my %line = (
    time => '2026-11-20T10:00:00+00:00', status => 200,
    uri => '/v1/chat/completions', provider => 'openai', model => 'gpt-4o',
    user => 'ann', api_key_id => 'k1', usage_source => 'upstream',
    cache => '', refusal => '', input_tokens => '1000',
    cached_tokens => '0', output_tokens => '100', cost => '0.003500000',
    saved_cost => '', request_digest => '', prefix_digest => '',
    tag_team => 'blue',
);


sub report {
    my ($lines, @args) = @_;

    open my $out, '>', "$dir/log" or die;
    print $out ref $_ ? encode_json({ %line, %$_ }) : $_, "\n" for @$lines;
    close $out;

    my $text = `$tool --prices prices/prices.json @args $dir/log 2>$dir/err`;
    my $code = $? >> 8;

    open my $in, '<', "$dir/err" or die;
    local $/;

    return ($text, $code, scalar <$in>);
}


sub figures {
    my ($text, $code) = report(@_);
    is($code, 0, 'exit status');
    return decode_json($text);
}


# work that two nodes were told of

my $work = 'fab79d2dc81ed7b1c64d54f8e00e71b1:1795711565:';
my $told = figures([{ work => "${work}1" }, { work => '' }, {},
                    { work => "${work}2" }, { work => "${work}1" }],
                   '--format json');

is($told->{total}{requests}, 4, 'work counts once');
is($told->{again}, 1, '... and it is said');
like((report([{ work => $work }, { work => $work }]))[0],
     qr/^1 lines of work that another line has/m, '... to people, too');


# sums

my $r = figures([
    {}, { user => 'bob', cost => '0.000000001', output_tokens => '' },
    { cache => 'HIT', cost => '0.000000000', saved_cost => '0.003500000',
      input_tokens => '0', output_tokens => '0' },
    { refusal => 'budget_exceeded', status => 429, cost => '' },
    { cost => '', usage_source => 'lost', status => 502 },
    { provider => '', model => '', cost => '', uri => '/v1/models' },
], '--format json --by user --by tag:team --by day');

is($r->{total}{requests}, 4, 'requests: refusals are none');
is($r->{total}{refused}, 1, 'refused');
is($r->{total}{hits}, 1, 'hits');
is($r->{total}{unpriced}, 1, 'an unknown cost is counted, not added');
is($r->{total}{failed}, 1, 'failed');
is($r->{total}{estimated}, 1, 'lost usage is an estimate');
is($r->{unmetered}, 1, 'what was passed at no cost is no request');
like(join(' ', report([{}, { cost => '0.000000001' }], '--format csv')),
     qr/^"total",.*,0\.003500001,0\.000000000\r$/m, 'to the nano-dollar');
is_deeply([map { $_->{name} } @{ $r->{by}{user}{rows} }], ['ann', 'bob'],
          'by user, the dearest first');
is($r->{by}{'tag:team'}{rows}[0]{name}, 'blue', 'by tag');
is($r->{by}{day}{rows}[0]{name}, '2026-11-20', 'by day');


# times: a day is UTC's, bounds leave out what is not in them

$r = figures([
    { time => '2026-11-20T23:30:00-02:00' },
    { time => '2026-11-22T00:30:00+05:45' },
], '--format json --by day --from 2026-11-21 --to 2026-11-21T12:00:00Z');

is_deeply([map { $_->{name} } @{ $r->{by}{day}{rows} }], ['2026-11-21'],
          'the offset of a time counts, and so do --from and --to');


# forecast: 8 dollars so far, seven days of 1 dollar, 10.5 days to come

$r = figures([
    map({ { time => sprintf('2026-11-%02dT06:00:00Z', $_),
            cost => '1.000000000' } } 13 .. 20),
    { time => '2026-11-20T12:00:00Z', cost => '0.000000000' },
], '--format json');

is($r->{month}{spent_usd}, 8, 'spent so far');
is($r->{month}{days}, 6, 'whole days: neither the first nor the last');
is($r->{month}{per_day_usd}, 1, 'a day');
is($r->{month}{forecast_usd}, 18.5, 'spent + a day x days left');


# waste

$r = figures([
    { request_digest => 'aa' },
    { request_digest => 'aa', time => '2026-11-20T10:59:00Z' },
    { request_digest => 'aa', time => '2026-11-20T12:30:00Z' },
    { request_digest => 'aa', user => 'bob' },
    { request_digest => 'aa', cache => 'HIT', cost => '0.000000000' },
    { request_digest => 'aa', status => 500 },
], '--format json');

is($r->{waste}[0]{requests}, 1,
   'repeated: the same payer, within the time, not a hit, not a failure');
is($r->{waste}[0]{saving_usd}, 0.0035, 'repeated: what it cost');
is($r->{waste}[1]{requests}, undef, 'no beginnings in the log: not known');

$r = figures([
    map { { prefix_digest => 'bb', input_tokens => '2000', model => $_ } }
        ('gpt-4o') x 3, 'no-such-model',
], '--format json');

is($r->{waste}[1]{requests}, 2, 'beginnings: the second and the third');
is($r->{waste}[1]{saving_usd}, 0.00256, 'beginnings: 1,024 x 1.25 a million');

$r = figures([
    { input_tokens => '900', output_tokens => '10', cost => '0.002350000' },
    { input_tokens => '900', output_tokens => '10', cost => '0.000141000',
      model => 'gpt-4o-mini' },
    { input_tokens => '9000', output_tokens => '10', cost => '0.022600000' },
], '--format json');

is($r->{waste}[2]{requests}, 1, 'small requests to a dear model');
is($r->{waste}[2]{saving_usd}, 0.002209, 'at the cheaper model of the log');


# hostile lines

my $long = '{"time":"' . 'x' x 3_000_000 . '"}';

$r = figures([
    {}, 'no json', '{"time":', '[]', '{"other":"format"}', $long, '',
    { cost => '-1' }, { cost => '1e3' }, { time => 'yesterday' },
    { time => '2026-13-01' }, { input_tokens => '1.5' }, "\0\0\0", {},
], '--format json');

is($r->{total}{requests}, 2, 'broken lines: the others count');
is($r->{broken}, 10, 'broken lines are counted');
is($r->{foreign}, 1, 'lines of another format, too');

# numbers that no request has had, and sums that no number can hold

$r = figures([{}, { input_tokens => '1000000000001' },
              { cost => '9000000.000000001' },
              ({ cost => '9000000.000000000' }) x 1100], '--format json');

is($r->{broken}, 2, 'more tokens, or money, than a request can have');
is($r->{total}{requests}, 1101, '... others count');
cmp_ok($r->{total}{cost_usd}, '>', 9.2e9, '... and no sum becomes negative');

# a path, or what another server logged, that is not UTF-8

$r = figures([
    encode_json({ %line, user => 'a_b' }) =~ s/a_b/a\xff\xe2\x82b/r,
    encode_json({ %line, uri => '/v1/_' }) =~ s{v1/_}{v1/\xed\xa0\x80}r,
], '--format json --by user --by endpoint');

is($r->{total}{requests}, 2, 'bytes that are not UTF-8: the request counts');
is($r->{broken}, 0, '... the line is not broken');
is_deeply([sort map { $_->{name} } @{ $r->{by}{user}{rows} }],
          ['a???b', 'ann'], '... and they are question marks');

# as long as a line may be, and its model is decoded for the sums and for --by

$long = encode_json(\%line);
$long =~ s/gpt-4o/'\u0041' x ((65_536 - length($long)) \/ 6)/e;

$r = figures([$long], '--format json --by model');

is($r->{total}{requests}, 1, 'as long as a line may be');
like($r->{by}{model}{rows}[0]{name}, qr/^A+$/, '... a name in it twice');

my ($text, $code, $err) = report(['1.2.3.4 - - "GET /" 200', '{"a":1}']);
is($code, 2, 'another format is refused');
like($err, qr/log_format\.conf/, '... and the hint says which is read');

($text, $code, $err) = report([{}], '--by nonsense');
is($code, 2, 'an unknown breakdown is refused');
like($err, qr/nonsense: not model, user/, '... with those there are');

($text, $code, $err) = report([{}], '--by user --by user');
is($code, 2, 'a breakdown that is named twice');
like($err, qr/--by user: is there twice/, '... is told of');

($text, $code, $err) = report([{}], '--from tomorrow');
like($err, qr/--from tomorrow: not a time/, 'a bound that is no time');


# names that mean something to a page, a spreadsheet, a terminal

my @evil = ({ user => '<script>alert(1)</script>' },
            { user => '=cmd|calc' }, { user => "\e[2Jx" });

($text) = report(\@evil, '--format html --by user');
unlike($text, qr/<script>alert/, 'a name is no script of the page');
unlike($text, qr{(?:src|href)="?http}, 'the page asks nobody for anything');
like($text, qr/&lt;script&gt;alert/, '... but text');

($text) = report(\@evil, '--format csv --by user');
like($text, qr/^"user","'=cmd\|calc"/m, 'a name is no formula');

($text) = report(\@evil, '--by user');
unlike($text, qr/\e/, 'a name does not steer the terminal');


# bounded: more names than there is room for are "other", and all add up

$r = figures([map { { user => "u$_" } } 1 .. 70_000],
             '--format json --by user --top 3');

is($r->{by}{user}{names}, 65536, 'so many names');
is($r->{by}{user}{other}{requests}, 69_997, 'the others are "other"');


# gzip

system("gzip -kf $dir/log") == 0 or die;
$r = decode_json(`$tool --format json $dir/log.gz`);
is($r->{total}{requests}, 70_000, 'a gzipped log');

done_testing();
