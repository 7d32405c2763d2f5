# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# t/suite/batch.blocks with a store: batches('llm_redis ...;'), or batches()
# for the zone.  batch_blocks() is for a file that has blocks of its own.
#
# Output of "m" is 8 USD a million tokens, 4 in a batch, its input is free.

use strict;
use warnings;

use LLMCost::Ways;

my $json = JSON::PP->new->ascii->canonical;

our $BUDGET = 'llm_budget daily limit=1usd period=day;';

# a line of a file of requests

sub line {
    my ($max, %more) = @_;
    my $body = { model => 'm', max_tokens => $max,
                 messages => [{ role => 'user', content => 'hi' }],
                 %{$more{body} // {}} };

    delete $more{body};

    return $json->encode({ custom_id => 'a', method => 'POST',
                           url => '/v1/chat/completions', body => $body,
                           %more }) . "\n";
}

# ... and its upload

sub upload {
    my ($text, $purpose) = @_;

    $purpose //= 'batch';

    return "POST /v1/files\n"
           . "--x\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n"
           . "$purpose\r\n--x\r\n"
           . 'Content-Disposition: form-data; name="file"; filename="f"'
           . "\r\n\r\n$text\r\n--x--\r\n";
}

our $FORM = 'Content-Type: multipart/form-data; boundary=x';

sub file {
    return { json => { id => shift, object => 'file', purpose => 'batch' } };
}

sub start {
    my $file = shift // 'file-1';
    return "POST /v1/batches\n"
           . $json->encode({ input_file_id => $file,
                             endpoint => '/v1/chat/completions',
                             completion_window => '24h', @_ });
}

sub batch {
    my ($id, $status, @more) = @_;
    return { json => { id => $id, object => 'batch', status => $status,
                       input_file_id => 'file-1', output_file_id => undef,
                       error_file_id => undef, @more } };
}

# lines of a file of results

sub result {
    my ($in, $out) = @_;
    return $json->encode({
        custom_id => 'a', error => undef,
        response => { status_code => 200, body => {
            object => 'chat.completion', model => 'm-2026',
            choices => [{ index => 0, finish_reason => 'stop',
                          message => { content => 'x' } }],
            usage => { prompt_tokens => $in, completion_tokens => $out,
                       total_tokens => $in + $out } } } }) . "\n";
}

sub failed {
    return $json->encode({
        custom_id => 'a', error => undef,
        response => { status_code => 429, body => { error => {} } } }) . "\n";
}

sub content {
    return { headers => { 'Content-Type' => 'application/octet-stream' },
             body => join('', @_), split => 50 };
}

# Anthropic's and Mistral's hold their requests

sub messages {
    return "POST /v1/messages/batches\n" . $json->encode({ requests => [
        map { { custom_id => 'a', params => {
                model => $_->[0], max_tokens => $_->[1],
                messages => [{ role => 'user', content => 'hi' }] } } } @_
    ] });
}

sub msgbatch {
    my ($status, $succeeded) = @_;
    return { json => { id => 'msgbatch_1', type => 'message_batch',
                       processing_status => $status,
                       request_counts => { succeeded => $succeeded } } };
}

sub message {
    my ($model, $out) = @_;
    return $json->encode({ custom_id => 'a', result => {
        type => 'succeeded', message => {
            model => $model, type => 'message', role => 'assistant',
            content => [], usage => { input_tokens => 9,
                                      output_tokens => $out,
                                      service_tier => 'batch' } } } }) . "\n";
}

sub job {
    return "POST /v1/batch/jobs\n" . $json->encode({
        endpoint => '/v1/chat/completions', model => 'm', requests => [
            map { { custom_id => 'a', body => {
                    max_tokens => $_,
                    messages => [{ role => 'user', content => 'hi' }] } } } @_
        ] });
}

# ... or those of a file are Mistral's: lines without url and model

sub bare {
    return $json->encode({ custom_id => 'a', body => {
        @_, messages => [{ role => 'user', content => 'hi' }] } }) . "\n";
}

sub job_of {
    my ($file, %more) = @_;
    return "POST /v1/batch/jobs\n" . $json->encode({
        endpoint => '/v1/chat/completions', model => 'm',
        input_files => [$file], %more });
}

# Gemini's hold their requests, and in the end what has come of them

sub gemini_batch {
    return "POST /v1beta/models/m:batchGenerateContent\n"
           . $json->encode({ batch => { inputConfig => { requests => {
               requests => [map { { metadata => { key => 'a' }, request => {
                   contents => [{ parts => [{ text => 'hi' }] }],
                   generationConfig => { maxOutputTokens => $_ } } } } @_]
           } } } });
}

sub gemini_state {
    my $done = shift;
    return { json => { name => 'batches/b1', metadata => {},
        $done ? (done => JSON::PP::true, response => { inlinedResponses => {
            inlinedResponses => [map {
                $_ ? { response => { usageMetadata => {
                           promptTokenCount => 9, candidatesTokenCount => $_,
                           totalTokenCount => 9 + $_ } } }
                   : { error => { code => 3, message => 'no' } } } @_]
        } }) : () } };
}

# runs of assistants

sub begin_run {
    return "POST /v1/threads/thread_1/runs\n"
           . $json->encode({ assistant_id => 'asst_1', model => 'm',
                             max_completion_tokens => 1000, @_ });
}

sub thread_run {
    my ($status, $out) = @_;
    return { id => 'run_1', object => 'thread.run', status => $status,
             usage => defined $out ? { prompt_tokens => 9,
                                       completion_tokens => $out,
                                       total_tokens => 9 + $out } : undef };
}

sub told { return { json => thread_run(@_) } }

sub run_stream {
    return { headers => { 'Content-Type' => 'text/event-stream' }, split => 7,
             body => join('', map { "event: thread.run.$_->[0]\ndata: "
                                    . $json->encode(thread_run(@$_))
                                    . "\n\n" } @_)
                     . "event: done\ndata: [DONE]\n\n" };
}

# responses and interactions in the background

sub begin_response {
    return "POST /v1/responses\n"
           . $json->encode({ model => 'm', input => 'hi', background => \1,
                             max_output_tokens => 1000, @_ });
}

sub response {
    my ($status, $out, @more) = @_;
    return { id => 'resp_1', object => 'response', status => $status,
             model => 'm', output => [], error => undef, @more,
             usage => defined $out ? { input_tokens => 9,
                                       output_tokens => $out,
                                       total_tokens => 9 + $out } : undef };
}

sub answer { return { json => response(@_) } }

sub response_stream {
    return join '', map { "event: response.$_->[0]\ndata: " . $json->encode({
                              type => "response.$_->[0]",
                              response => response(@$_[1 .. $#$_]) })
                          . "\n\n" } @_;
}

sub interaction {
    my ($status, $out) = @_;
    return { json => { id => 'v1_1', status => $status, model => 'm',
                       defined $out ? (usage => { total_input_tokens => 9,
                                           total_output_tokens => $out,
                                           total_tokens => 9 + $out })
                                    : () } };
}

# what is spent and held, in micro-USD

sub sums {
    my ($spent, $held) = @_;
    $_ = sprintf '%.7f', $_ / 1e6 for $spent, $held;
    s/\.?0+$// for $spent, $held;
    return qr/"spent":\Q$spent\E(?:\.0+)?,"reserved":\Q$held\E(?:\.0+)?,/;
}

sub batches {
    batch_blocks(@_);
    spec_file('t/suite/batch.blocks');
    run_tests();
}

sub batch_blocks {
    my $store = shift // '';

    no_long_string();
    no_shuffle();
    log_llm();

    add_block_preprocessor(sub {
        my $block = shift;

        my $config = $block->http_config // '';
        $block->set_value(http_config => <<"END" . $config);
    $store
    llm_price m input=0 output=8;
    llm_price claude-a input=0 output=8;
    llm_price claude-b input=0 output=2;
END
        my $location = $block->location // '';
        $location .= $BUDGET if $location !~ /llm_budget|llm_cost/;

        $block->set_value(config => <<"END") if !defined $block->config;
    location /v1/ {
        llm_cost on;
        $location
        proxy_pass http://127.0.0.1:\$TEST_NGINX_UPSTREAM_PORT;
    }
    location /llm/ { llm_api; access_log off; }
END
    });
}

1;
