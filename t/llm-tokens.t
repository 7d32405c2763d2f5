# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# llm-tokens --chat: the parts of an API request, as the module counts them.

use strict;
use warnings;

use File::Temp qw( tempdir );
use JSON::PP;
use Test::More;

my $build = $ENV{LLM_BUILD} // 'build';
my $tools = $ENV{LLM_TOOLS} // "$build/tools";
my $tool = "$tools/llm-tokens";
my $dir = tempdir(CLEANUP => 1);

$ENV{LLM_VOCAB_DIR} = "$build/vocab";


sub chat {
    my ($body, @args) = @_;

    open my $out, '>', "$dir/body" or die;
    print $out ref $body ? encode_json($body) : $body;
    close $out;

    my $text = `$tool --chat @args $dir/body 2>$dir/err`;
    my $status = $? >> 8;
    my %part;

    for (split /\n/, $text) {
        $part{$2} = $1 if /^ *(\d+) ([a-z ]+)$/;
        @part{qw( total about )} = ($1, $2) if /^ *(\d+) .*\((.*)\)$/;
    }

    open my $in, '<', "$dir/err" or die;
    local $/;

    return (\%part, $status, scalar <$in>);
}


my $image = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAf'
            . 'FcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
my $tool_of = { type => 'function', function => { name => 'get_weather',
    parameters => { type => 'object',
                    properties => { city => { type => 'string' } } } } };
my @hi = ({ role => 'user', content => 'hi' });

# 3 around each message, 3 that begin the reply; the role is text

my ($p, $code) = chat({ model => 'gpt-4o', messages => [@hi] });

is($code, 0, 'exit status');
is($p->{messages}, 2, 'texts');
is($p->{framing}, 6, 'framing');
is($p->{total}, 8, 'total');
is($p->{about}, 'gpt-4o, o200k_base', 'model and vocabulary');
is($p->{tools} // 0, 0, 'no tools');

# a part is what it adds

my ($q) = chat({ model => 'gpt-4o', messages => [@hi], tools => [$tool_of] });

cmp_ok($q->{tools}, '>', 20, 'tools');
is($q->{total}, 8 + $q->{tools}, 'tools are apart');

($q) = chat({ model => 'gpt-4o', messages => [@hi],
              response_format => { type => 'json_schema', json_schema => {
                  name => 'x', schema => { type => 'object' } } } });

cmp_ok($q->{'response format'}, '>', 10, 'schema');
is($q->{total}, 8 + $q->{'response format'}, 'the schema is apart');

($q) = chat({ model => 'gpt-4o', messages => [{ role => 'user', content => [
    { type => 'text', text => 'hi' },
    { type => 'image_url', image_url => { url => $image, detail => 'low' } },
]}] });

is($q->{images}, 85, 'images');
is($q->{total}, 8 + 85, 'images are apart');

# other requests, models and vocabularies

($q) = chat({ model => 'text-embedding-3-small', input => 'hello there' });
is($q->{total}, 2, 'embeddings');
is($q->{about}, 'text-embedding-3-small, cl100k_base', 'its vocabulary');

($q) = chat({ contents => [{ role => 'user', parts => [{ text => 'hi' }] }] },
            '-m gemini-2.5-flash -v cl100k_base');
like($q->{about}, qr/^gemini-2.5-flash, cl100k_base/, 'a model of an option');

($q) = chat({ model => 'nobody-knows', messages => [@hi] });
like($q->{about}, qr/estimate$/, 'an estimate');

# what is none

for (['{"messages":', qr/unexpected end/], ['[1]', qr/no JSON object/],
     ['{"messages":[{"role":"user","content":"x"}]}', qr/names no model/],
     ['{"model":"gpt-4o","messages":1}', qr/body: \S/])
{
    my ($none, $status, $err) = chat($_->[0]);
    is($status, 1, "refused: $_->[0]");
    like($err, $_->[1], 'and why');
}

# the list

my $list = `$tool --list`;
like($list, qr/^o200k_base +\d+ ids/m, 'vocabularies');
like($list, qr/^o200k_base +estimate +\.\*claude\.\*/m, 'models');

done_testing();
