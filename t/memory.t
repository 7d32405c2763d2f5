# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# No memory (t/suite/memory.pl) for a chat.  Whatever becomes of the request,
# nginx stays, nothing is held when it is over, and a client that has the whole
# answer has paid for it exactly.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

require './t/suite/memory.pl';

# 8 tokens and 1 of gpt-4o-mini

my $COST = 1800;

my $json = JSON::PP->new->canonical;

my $usage = { prompt_tokens => 8, completion_tokens => 1, total_tokens => 9 };

my %answers = (
    json => {
        body => $json->encode({
            id => 'x', object => 'chat.completion', model => 'gpt-4o-mini',
            usage => $usage,
            choices => [{ index => 0, finish_reason => 'stop',
                          message => { role => 'assistant',
                                       content => 'Hello' } }] }) },
    stream => {
        headers => { 'Content-Type' => 'text/event-stream' },
        body => [map { 'data: ' . (ref $_ ? $json->encode($_) : $_) . "\n\n" }
                 { choices => [{ index => 0, delta => { content => 'Hello' },
                                 finish_reason => 'stop' }] },
                 { choices => [], usage => $usage }, '[DONE]'] },
    refused => {});

my %whole = (
    json    => qr/^HTTP\S+ 200 .*\}\]\S*\}\s*$/s,
    stream  => qr/^HTTP\S+ 200 .*\[DONE\]/s,
    refused => qr/^HTTP\S+ 4/);

starves(map { chat($_) } keys %answers);

done_testing;


# each time another text, so that no answer is there already

sub chat {
    my $kind = shift;

    return $kind => {
        answers => sub { return $answers{$kind} },
        ask     => sub { ask($_[0], 'POST /v1/chat/completions', {
            model => 'gpt-4o-mini',
            $kind eq 'refused' ? (max_tokens => 16000, n => 128) : (),
            $kind eq 'stream' ? (stream => JSON::PP::true) : (),
            messages => [{ role => 'user', content => "say $kind $_[1]" }] }) },
        wrong   => sub {
            my ($answer, $paid) = @_;

            return $answer =~ $whole{$kind}
                   && $paid != ($kind eq 'refused' ? 0 : $COST)
                   ? "the whole answer cost $paid" : undef;
        },
    };
}
