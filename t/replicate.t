# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Replicate: work that is held until its state is told, unless it was waited
# for; by tokens, by pictures, by seconds of a machine or of a film.

use lib 't/lib';
use LLMCost;

require './t/suite/batch.pl';

our $HASH = '5797a99edc939ea0' x 4;

my $json = JSON::PP->new->ascii->canonical;

sub ask {
    my ($model, $input, %more) = @_;

    return "POST /v1/models/r/$model/predictions\n"
           . $json->encode({ input => $input, %more });
}

# its files have no purpose

sub picture_file {
    return "POST /v1/files\n"
           . "--x\r\nContent-Disposition: form-data; name=\"content\"; "
           . "filename=\"f\"\r\nContent-Type: image/png\r\n\r\n\x00x\r\n"
           . "--x\r\nContent-Disposition: form-data; name=\"metadata\"; "
           . "filename=\"blob\"\r\nContent-Type: application/json\r\n\r\n"
           . "{}\r\n--x--\r\n";
}

sub version {
    return "POST /v1/predictions\n"
           . $json->encode({ version => shift, input => { prompt => 'hi' } });
}

sub prediction {
    my ($id, $status, %more) = @_;

    return { status => $status eq 'starting' ? 201 : 200,
             json => { id => $id, model => 'r/x', version => 'hidden',
                       input => {}, logs => '', error => undef,
                       output => undef, started_at => '2026-01-01T00:00:00Z',
                       status => $status, urls => { get => 'x' }, %more } };
}

sub made {
    my ($id, $metrics, $output) = @_;

    return main::prediction($id, 'succeeded', metrics => $metrics,
                            output => $output // 'x');
}

batch_blocks(<<END);
    llm_price r/text input=1 output=8;
    llm_price r/picture output_image=0.003;
    llm_price r/edit output_image=0.003 input_image=0.001;
    llm_price r/film video_output_second=0.01;
    llm_price r/machine second=0.001;
    llm_price r/sound input_chars=15;
    llm_price $HASH second=0.002;
END

run_tests();

__DATA__

=== TEST 1: text: held at its most, billed once by the poll that shows its end
--- request eval
[main::ask('text', { prompt => 'hi', max_tokens => 1000 },
           stream => JSON::PP::true),
 'GET /llm/budgets', 'GET /v1/predictions/p1', 'GET /llm/budgets',
 'GET /v1/predictions/p1', 'GET /llm/budgets', 'GET /v1/predictions/p1',
 'GET /llm/budgets']
--- upstream eval
[main::prediction('p1', 'starting'),
 main::prediction('p1', 'processing', output => ['Hel']),
 (main::made('p1', { input_token_count => 9, output_token_count => 50,
                     predict_time => 2.5 })) x 2]
--- error_code eval
[201, (200) x 7]
--- response_body_like eval
['', main::sums(0, 8033), '', main::sums(0, 8033), '', main::sums(409, 0),
 '', main::sums(409, 0)]
--- response_headers eval
['X-Cost-USD: 0.000000000', '', '', '', 'X-Cost-USD: 0.000409000', '', '',
 '']
--- log_lines eval
[map { qr/^$_$/ }
 '201 in=0 out=0 cost=0.000000000 src=none',
 '200 in=\S+ out=\S+ cost=0.000000000 src=none',
 '200 in=9 out=50 cost=0.000409000 src=upstream',
 '200 in=- out=- cost=- src=none']



=== TEST 2: who waits for it gets it, and it is billed at once
--- request eval
[main::ask('text', { prompt => 'hi', max_tokens => 1000 }), 'GET /llm/budgets',
 'GET /v1/predictions/p1', 'GET /llm/budgets']
--- more_headers
Prefer: wait
--- upstream eval
[(main::made('p1', { input_token_count => 9, output_token_count => 50 })) x 2]
--- response_body_like eval
['', main::sums(409, 0), '', main::sums(409, 0)]



=== TEST 3: ... before its end is known: what is not said is counted
--- request eval
[main::ask('text', { prompt => 'hi', max_tokens => 1000 }),
 'GET /llm/budgets']
--- more_headers
Prefer: wait
--- upstream eval
main::prediction('p1', 'processing', output => ['Hello', ' wide', ' world'])
--- log_lines
200 in=1 out=3 cost=0.000025000 src=counted
--- response_body_like eval
['', main::sums(25, 0)]



=== TEST 4: ... and not done in time: held
--- request eval
[main::ask('text', { prompt => 'hi', max_tokens => 1000 }),
 'GET /llm/budgets', 'POST /v1/predictions/p1/cancel', 'GET /llm/budgets']
--- upstream eval
[main::prediction('p1', 'processing'),
 main::prediction('p1', 'canceled', metrics => {
     input_token_count => 1, output_token_count => 20 })]
--- response_body_like eval
['', main::sums(0, 8033), '', main::sums(161, 0)]



=== TEST 5: ... an answer that names nothing to ask for: its most at once
--- request eval
[main::ask('text', { prompt => 'hi', max_tokens => 1000 }), 'GET /llm/budgets']
--- upstream: {"status":"starting"}
--- log_lines
200 in=33 out=1000 cost=0.008033000 src=counted
--- response_body_like eval
['', main::sums(8033, 0)]



=== TEST 6: pictures: as many as came, or as are said
--- request eval
[map { (main::ask('picture', { prompt => 'hi', num_outputs => 4 }),
        'GET /llm/budgets', "GET /v1/predictions/$_", 'GET /llm/budgets') }
 'p1', 'p2']
--- upstream eval
[main::prediction('p1', 'starting'),
 main::made('p1', { predict_time => 1 }, ['https://a', 'https://b']),
 main::prediction('p2', 'starting'),
 main::made('p2', { image_output_count => 3 }, ['https://a'])]
--- error_code eval
[201, 200, 200, 200, 201, 200, 200, 200]
--- response_body_like eval
['', main::sums(0, 12000), '', main::sums(6000, 0),
 '', main::sums(6000, 12000), '', main::sums(15000, 0)]



=== TEST 7: ... waited for, with pictures that were sent
--- request eval
[main::ask('edit', { prompt => 'hi', image => 'data:image/png;base64,AA' }),
 'GET /llm/budgets']
--- upstream eval
main::prediction('p1', 'processing', output => 'https://a',
                 input => { image => 'data:image/png;base64,AA' })
--- log_lines
200 in=0 out=0 cost=0.004000000 src=upstream
--- response_body_like eval
['', main::sums(4000, 0)]



=== TEST 8: ... that nobody can count are not free: held, or billed at the most
--- request eval
[main::ask('picture', { num_outputs => 2 }), 'GET /v1/predictions/p1',
 'GET /llm/budgets', main::ask('picture', { num_outputs => 2 }),
 'GET /llm/budgets']
--- upstream eval
[main::prediction('p1', 'starting'), main::made('p1', {}, ['text']),
 main::prediction('p2', 'processing', output => { a => 'text' })]
--- error_code eval
[201, 200, 200, 200, 200]
--- response_body_like eval
['', '', main::sums(0, 6000), '', main::sums(6000, 6000)]



=== TEST 9: a machine: its seconds, and not those of the requests
--- request eval
[main::version('r/machine:abc'), 'GET /llm/budgets', 'GET /v1/predictions/p1',
 'GET /llm/budgets', main::version($main::HASH), 'GET /llm/budgets',
 'GET /v1/predictions/p2', 'GET /llm/budgets']
--- upstream eval
[main::prediction('p1', 'starting'), main::made('p1', { predict_time => 90 }),
 main::prediction('p2', 'starting'), main::made('p2', { predict_time => 2.5 })]
--- error_code eval
[201, 200, 200, 200, 201, 200, 200, 200]
--- response_body_like eval
['', main::sums(0, 600000), '', main::sums(90000, 0),
 '', main::sums(90000, 1200000), '', main::sums(95000, 0)]
--- location
llm_budget daily limit=5usd period=day;



=== TEST 10: ... waited for, cancelled, failed, and never begun
--- request eval
[map { (main::ask('machine', {}), 'GET /llm/budgets') } 1 .. 4]
--- upstream eval
[main::made('p1', { predict_time => 3 }),
 main::prediction('p2', 'canceled', metrics => { predict_time => 1 }),
 main::prediction('p3', 'failed', metrics => { predict_time => 2 },
                  error => 'out of memory'),
 main::prediction('p4', 'aborted', started_at => undef)]
--- response_body_like eval
['', main::sums(3000, 0), '', main::sums(4000, 0), '', main::sums(6000, 0),
 '', main::sums(6000, 0)]



=== TEST 11: ... that does not say them is held; its most is what it may take
--- request eval
[main::ask('machine', {}), 'GET /v1/predictions/p1', 'GET /llm/budgets']
--- more_headers
Cancel-After: 1m30s
--- upstream eval
[main::prediction('p1', 'starting'),
 main::made('p1', { input_token_count => 9, output_token_count => 5 })]
--- error_code eval
[201, 200, 200]
--- response_body_like eval
['', '', main::sums(0, 90000)]



=== TEST 12: a film, by the seconds that it has
--- request eval
[main::ask('film', { prompt => 'a', duration => 5 }), 'GET /llm/budgets',
 'GET /v1/predictions/p1', 'GET /llm/budgets', main::ask('film', {}),
 'GET /llm/budgets', 'GET /v1/predictions/p2', 'GET /llm/budgets']
--- upstream eval
[main::prediction('p1', 'starting'),
 main::made('p1', { video_output_duration_seconds => 5.042 }, 'https://a'),
 main::prediction('p2', 'starting'), main::made('p2', {}, 'https://a')]
--- error_code eval
[201, 200, 200, 200, 201, 200, 200, 200]
--- response_body_like eval
['', main::sums(0, 50000), '', main::sums(50420, 0), '',
 main::sums(50420, 150000), '', main::sums(50420, 150000)]



=== TEST 13: what was cancelled before it began costs nothing
--- request eval
[main::ask('text', { prompt => 'hi', max_tokens => 1000 }),
 'POST /v1/predictions/p1/cancel', 'GET /llm/budgets']
--- upstream eval
[main::prediction('p1', 'starting', started_at => undef),
 main::prediction('p1', 'canceled', started_at => undef)]
--- error_code eval
[201, 200, 200]
--- response_body_like eval
['', '', main::sums(0, 0)]



=== TEST 14: a model without a price, and one of which nothing is known
--- request eval
[main::ask('none', {}), main::ask('sound', { text => 'hi' }),
 main::version('b' x 64)]
--- upstream_count: 0
--- error_code eval
[400, 400, 400]
--- response_body_like eval
[qr/^\{"title":"model_not_priced","detail":"[^"]*r\/none[^"]*","status":400\}$/,
 qr/"title":"request_exceeds_budget"/, qr/model_not_priced/]



=== TEST 15: what is not well-formed
--- request eval
["POST /v1/predictions\n{}", "POST /v1/models/r/text/predictions\n[]",
 main::ask('text', []), "POST /v1/predictions\n" . '{"version":"r/text"}']
--- upstream_count: 0
--- error_code eval
[(400) x 4]
--- response_body_like eval
[qr/^\{"title":"invalid_request","detail":"[^"]*version[^"]*","status":400\}$/,
 ('"status":400') x 3]



=== TEST 16: a spent budget: a status that its SDK does not repeat
--- location
llm_budget daily limit=1requests period=day;
--- request eval
[(main::ask('text', { prompt => 'hi' })) x 2]
--- upstream eval
main::made('p1', { input_token_count => 9, output_token_count => 50 })
--- upstream_count: 1
--- error_code eval
[200, 402]
--- response_body_like eval
['', qr/^\{"title":"budget_exceeded","detail":"[^"]+","status":402\}$/]



=== TEST 17: what costs nothing, what cannot be metered, what nobody knows
--- request eval
['GET /v1/predictions', 'GET /v1/models/r/text', 'GET /v1/hardware',
 'GET /v1/collections/a', 'GET /v1/predictions/unknown',
 'POST /v1/predictions/unknown/cancel',
 "POST /v1/deployments\n{}", "POST /v1/models/a/b/versions/c/trainings\n{}",
 "POST /v1/models/a/b/c/predictions\n{}"]
--- upstream: {}
--- upstream_count: 6
--- error_code eval
[(200) x 6, (404) x 3]



=== TEST 18: a file that is sent ahead, to a dialect that is named
--- location
llm_provider replicate;
llm_budget daily limit=1usd period=day;
--- request eval
[main::picture_file(), 'GET /v1/files', main::ask('text', {})]
--- more_headers eval
[$main::FORM, '', '']
--- upstream eval
[{ status => 201, json => { id => 'f' } }, { json => {} },
 main::made('p1', { input_token_count => 9, output_token_count => 50 })]
--- error_code eval
[201, 200, 200]
--- log_lines eval
[(qr/src=-$/) x 2, qr/^200 in=9 out=50 cost=0.000409000 src=upstream$/]



=== TEST 19: ... and to one that is not
--- request eval
main::picture_file()
--- more_headers eval
$main::FORM
--- upstream: {}
