# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# No memory (t/suite/memory.pl) for work that goes on when its request is over:
# a response in the background and a batch, when they begin and when somebody is
# told what they have used.  Nothing is held once that has been told, and it is
# charged once.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

require './t/suite/memory.pl';

# 50 tokens of 1,000 at 8 USD a million; half of that in a batch

my $COST = 400_000;
my $MOST = 8_000_000;

my $json = JSON::PP->new->canonical;

my %response = (
    begin => sub { ask($_[0], 'POST /v1/responses', {
        model => 'm', input => 'hi', max_output_tokens => 1000,
        background => JSON::PP::true }) },
    end   => sub { ask($_[0], "GET /v1/responses/$_[1]") },
    answers => sub { return [
        response($_[0], 'queued'), (response($_[0], 'completed', 50)) x 2] },
    cost  => $COST,
    most  => $MOST,
);

my %batch = (
    begin => sub { ask($_[0], 'POST /v1/messages/batches', {
        requests => [map { { custom_id => "$_", params => {
            model => 'claude-a', max_tokens => 500,
            messages => [{ role => 'user', content => 'hi' }] } } } 1, 2] }) },
    end   => sub { ask($_[0], "GET /v1/messages/batches/$_[1]/results") },
    answers => sub { return [batch($_[0]), (results(40, 60)) x 2] },
    cost  => $COST,
    most  => $MOST / 2,
);

starves(map { work($_->[0], %{$_->[1]}) } ['response', \%response],
                                          ['batch', \%batch]);

done_testing;


# who begins it knows its id, whoever was told; no two have the same

sub work {
    my ($name, %work) = @_;

    my $old = sub { $work{end}->($_[0], "old_$_[1]") };
    my $new = sub { $work{end}->($_[0], "new_$_[1]") };

    return (
        "$name begins" => {
            answers => sub { $work{answers}->("new_$_[0]") },
            ask     => $work{begin},
            after   => $new,
            wrong   => sub {
                my ($answer, $paid) = @_;

                return $paid == $work{cost} || $paid == $work{most}
                       || ($paid == 0 && $answer !~ /^HTTP\S+ 200/)
                       ? undef : "it cost $paid: $answer";
            },
        },
        "$name ends" => {
            answers => sub { $work{answers}->("old_$_[0]") },
            before  => $work{begin},
            ask     => $old,
            after   => $old,
            wrong   => sub {
                my ($answer, $paid) = @_;

                return $paid == $work{cost} ? undef : "it cost $paid: $answer";
            },
        });
}


sub response {
    my ($id, $status, $out) = @_;

    return { body => $json->encode({
        id => $id, object => 'response', status => $status, model => 'm',
        output => [],
        usage => $out && { input_tokens => 9, output_tokens => $out,
                           total_tokens => 9 + $out } }) };
}


sub batch {
    return { body => $json->encode({ id => shift, type => 'message_batch',
                       processing_status => 'in_progress',
                       request_counts => { succeeded => 0 } }) };
}


sub results {
    return { headers => { 'Content-Type' => 'application/x-jsonl' },
             body => join '', map { $json->encode({
                 custom_id => 'a', result => {
                     type => 'succeeded', message => {
                         model => 'claude-a', type => 'message',
                         role => 'assistant', content => [],
                         usage => { input_tokens => 9, output_tokens => $_,
                                    service_tier => 'batch' } } } }) . "\n" }
                 @_ };
}
