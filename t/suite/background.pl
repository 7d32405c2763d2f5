# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# A response in the background, which is begun by one request and told by
# others what has become of it.  Its output is 8 USD a million tokens, and 1,000
# of them are held.

use strict;
use warnings;

use HTTP::Tiny ();
use JSON::PP ();

my $json = JSON::PP->new->canonical;
my $http = HTTP::Tiny->new(timeout => 10);


# what upstream says to each of ask()'s

sub background_script {
    return $json->encode({ block => 0, answers => { scripts => {
        begin => background('queued'), wait => background('in_progress'),
        end => background('completed', 50) } } });
}


sub background {
    my ($status, $out) = @_;

    return { body => $json->encode({
        id => 'resp_1', object => 'response', status => $status, model => 'm',
        output => [],
        usage => $out && { input_tokens => 9, output_tokens => $out,
                           total_tokens => 9 + $out } }) };
}


sub ask {
    my ($node, $script) = @_;

    my $url = "http://127.0.0.1:$node->{port}/v1/responses";
    my %headers = ('X-Test-Script' => $script, Authorization => 'Bearer x');

    my $answer = $script eq 'begin'
        ? $http->post($url, { headers => \%headers, content => $json->encode({
                          model => 'm', input => 'hi', max_output_tokens => 1000,
                          background => JSON::PP::true }) })
        : $http->get("$url/resp_1", { headers => \%headers });

    return $answer->{status};
}

1;
