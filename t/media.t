# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Pictures, speech and transcriptions: forms and JSON, prices by the token, the
# picture, the character and the second.

use lib 't/lib';
use LLMCost;
use LLMCost::Ways;

no_long_string();
log_llm();

sub part {
    my ($name, $value, $file) = @_;

    $file = $file ? "; filename=\"a\"\r\nContent-Type: audio/wav" : '';
    return "--b\r\nContent-Disposition: form-data; name=\"$name\"$file"
           . "\r\n\r\n$value\r\n";
}

# two seconds of 100 Hz, 8 bits

our $wav = 'RIFF' . "\0" x 4 . 'WAVEfmt '
           . pack('VvvVVvv', 16, 1, 1, 100, 100, 1, 8)
           . 'data' . pack('V', 200) . 'A' x 200;

our $form = part('model', 'whisper-1') . part('file', $wav, 1) . "--b--\r\n";

our %image = (
    created => 1, data => [ { b64_json => 'x' x 100 } ],
    usage   => { total_tokens => 4170, input_tokens => 10,
                 input_tokens_details => { text_tokens => 10,
                                           image_tokens => 0 },
                 output_tokens => 4160 });

sub typed {
    my ($type, $body) = @_;
    return { headers => { 'Content-Type' => $type }, body => $body };
}

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(config => <<'END');
    location /v1/ {
        llm_cost on;
        llm_budget daily limit=$budget period=day;
        client_max_body_size 32m;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
END

    $block->set_value(http_config => <<'END' . ($block->http_config // ''));
    map $http_x_budget $budget { default $http_x_budget; '' 100usd; }
END
});

run_tests();

__DATA__

=== TEST 1: a picture at the price of its size and quality
--- request
POST /v1/images/generations
{"model":"dall-e-3","prompt":"a cat","quality":"hd","size":"1792x1024"}
--- upstream eval
{ json => { created => 1, data => [ { url => 'x' } ] } }
--- log_lines
200 in=0 out=0 cost=0.119991174 src=counted



=== TEST 2: pictures of which fewer came than were asked for
--- request
POST /v1/images/generations
{"model":"dall-e-2","prompt":"a cat","n":4,"size":"256x256"}
--- upstream eval
{ json => { created => 1, data => [ { url => 'x' }, {} ] } }
--- log_lines
200 in=0 out=0 cost=0.031999919 src=counted



=== TEST 3: tokens of a picture, 10 * 5000 + 4160 * 40000
--- request
POST /v1/images/generations
{"model":"gpt-image-1","prompt":"a cat","size":"1024x1024","quality":"high"}
--- upstream eval
{ json => \%main::image }
--- log_lines
200 in=10 out=4160 cost=0.166450000 src=upstream



=== TEST 4: a form goes to upstream as it came
--- request eval
"POST /v1/audio/transcriptions
$main::form"
--- more_headers
Content-Type: multipart/form-data; boundary=b
--- upstream eval
{ json => { text => 'hi', usage => { type => 'duration', seconds => 7 } } }
--- upstream_requests_like eval
"Content-Type: multipart/form-data; boundary=b\n"
. CORE::join "\n", grep { /[A-Za-z]/ && !/RIFF/ } split /\r\n/, $main::form
--- log_lines
200 in=0 out=0 cost=0.000700000 src=upstream



=== TEST 5: nobody says how long it was but the file
--- request eval
"POST /v1/audio/transcriptions
$main::form"
--- more_headers
Content-Type: multipart/form-data; boundary=b
--- upstream eval
{ json => { text => 'hi' } }
--- log_lines
200 in=0 out=0 cost=0.000200000 src=counted



=== TEST 6: ... nor an answer that is no JSON
--- request eval
"POST /v1/audio/translations
$main::form"
--- more_headers
Content-Type: multipart/form-data; boundary=b
--- upstream eval
main::typed('text/plain', 'hi there')
--- response_body chomp
hi there
--- log_lines
200 in=0 out=0 cost=0.000200000 src=counted



=== TEST 7: speech by the character: 5 * 15000
--- request
POST /v1/audio/speech
{"model":"tts-1","input":"Hallo","voice":"alloy"}
--- upstream eval
main::typed('audio/mpeg', "\xff\xfb\x90\x00" x 100)
--- log_lines
200 in=0 out=0 cost=0.000075000 src=counted



=== TEST 8: speech as a stream of events: 4 * 600 + 30 * 12000
--- request
POST /v1/audio/speech
{"model":"gpt-4o-mini-tts","input":"Hallo","voice":"a","stream_format":"sse"}
--- upstream eval
{ sse => [
    '{"type":"speech.audio.delta","audio":"AAAA"}',
    '{"type":"speech.audio.done","usage":{"input_tokens":4,'
    . '"output_tokens":30,"total_tokens":34}}'
], done => 0, split => 7 }
--- log_lines
200 in=4 out=30 cost=0.000362400 src=upstream



=== TEST 9: a stream of a picture, whose last event is long
--- request
POST /v1/images/generations
{"model":"gpt-image-1","prompt":"a cat","stream":true,"partial_images":1}
--- upstream eval
{ sse => [
    '{"type":"image_generation.partial_image","b64_json":"AAAA"}',
    '{"type":"image_generation.completed","b64_json":"' . 'A' x 1200000
    . '","usage":{"total_tokens":110,"input_tokens":10,"output_tokens":100,'
    . '"input_tokens_details":{"text_tokens":10,"image_tokens":0}}}'
], done => 0, split => 50000 }
--- log_lines
200 in=10 out=100 cost=0.004050000 src=upstream



=== TEST 10: a picture that is too large to be held still has a usage
--- request
POST /v1/images/generations
{"model":"gpt-image-1","prompt":"a cat"}
--- upstream eval
{ json => { %main::image, data => [ { b64_json => 'A' x 2200000 } ] },
  split => 50000 }
--- log_lines
200 in=10 out=4160 cost=0.166450000 src=upstream



=== TEST 11: what it can cost at most has to fit: 4 pictures of 6496 tokens
--- request
POST /v1/images/generations
{"model":"gpt-image-1","prompt":"a cat","n":4}
--- more_headers
X-Budget: 1usd
--- error_code: 400
--- response_body_like: "code":"request_exceeds_budget"
--- upstream_count: 0



=== TEST 12: a recording of which nobody says how long it is, at its most
--- request eval
"POST /v1/audio/transcriptions
" . main::part('model', 'whisper-1')
  . main::part('file', "\x1a\x45\xdf\xa3" . 'A' x 15000, 1) . "--b--\r\n"
--- more_headers
Content-Type: multipart/form-data; boundary=b
X-Budget: 0.002usd
--- error_code: 400
--- response_body_like: "code":"request_exceeds_budget"
--- upstream_count: 0



=== TEST 13: no model, which only the server could choose
--- request
POST /v1/images/generations
{"prompt":"a cat"}
--- error_code: 400
--- response_body_like: Invalid 'model': is required.*"param":"model"
--- upstream_count: 0



=== TEST 14: ten pictures to the ninth
--- request
POST /v1/images/generations
{"model":"gpt-image-1","prompt":"a cat","n":1000000000}
--- error_code: 400
--- response_body_like: Invalid 'n': is too large.*"param":"n"
--- upstream_count: 0



=== TEST 15: a form that is cut short
--- request eval
"POST /v1/audio/transcriptions
" . substr($main::form, 0, -8)
--- more_headers
Content-Type: multipart/form-data; boundary=b
--- error_code: 400
--- response_body_like: Invalid 'body': is cut short
--- upstream_count: 0



=== TEST 16: a form with two models
--- request eval
"POST /v1/audio/transcriptions
" . main::part('model', 'free') . $main::form
--- more_headers
Content-Type: multipart/form-data; boundary=b
--- error_code: 400
--- response_body_like: Invalid 'model': must not occur more than once
--- upstream_count: 0



=== TEST 17: upstream's own error costs nothing
--- request
POST /v1/images/generations
{"model":"dall-e-3","prompt":"a cat"}
--- upstream eval
{ status => 400, json => { error => { message => 'no' } } }
--- error_code: 400
--- log_lines
400 in=0 out=0 cost=0.000000000 src=none



=== TEST 18: xAI's speech names no model: its price is that of "tts"
--- http_config
    llm_price tts base=tts-1;
--- request
POST /v1/tts
{"text":"hello","voice_id":"eve"}
--- upstream eval: main::typed('audio/mpeg', 'x' x 100)
--- log_lines eval
qr/^200 in=\d+ out=\d+ cost=0\.000075000/



=== TEST 19: ... which it has not by itself
--- request
POST /v1/tts
{"text":"hello","voice_id":"eve"}
--- error_code: 400
--- response_body_like: The model 'tts' has no price here
--- upstream_count: 0



=== TEST 20: xAI's transcriptions: the seconds that the answer says
--- request eval
"POST /v1/stt
" . main::part('language', 'en') . main::part('file', $main::wav, 1)
  . "--b--\r\n"
--- more_headers
Content-Type: multipart/form-data; boundary=b
--- upstream eval: { json => { text => 'hi', duration => 3 } }
--- log_lines eval
qr/^200 in=\S+ out=\S+ cost=0\.000083340/



=== TEST 21: ... of several channels are refused
--- request eval
"POST /v1/stt
" . main::part('multichannel', 'true') . main::part('file', $main::wav, 1)
  . "--b--\r\n"
--- more_headers
Content-Type: multipart/form-data; boundary=b
--- error_code: 404
--- response_body_like: cannot be metered here
--- upstream_count: 0



=== TEST 22: Fireworks' pictures, which are charged by the step
--- request eval
["POST /v1/workflows/accounts/f/models/flux/text_to_image\n" . '{"prompt":"a"}',
 "POST /v1/image_generation/accounts/f/models/sdxl\n" . '{"prompt":"a"}',
 "POST /v1/workflows/accounts/f/models/flux/get_result\n" . '{"id":"1"}']
--- upstream: {"status":"Pending"}
--- error_code eval
[404, 404, 200]
--- upstream_count: 1



=== TEST 23: OpenRouter's pictures: what is sent along is reserved
--- request
POST /v1/images
{"model":"gpt-image-1","prompt":"a cat","size":"1024x1024","quality":"low","input_references":[{"type":"image_url"}]}
--- more_headers
X-Budget: 0.025usd
--- error_code: 400
--- response_body_like: "code":"request_exceeds_budget"
--- upstream_count: 0



=== TEST 24: ... and billed by its usage
--- request
POST /v1/images
{"model":"gpt-image-1","prompt":"a cat","size":"1024x1024","quality":"low"}
--- more_headers
X-Budget: 0.025usd
--- upstream eval
{ json => { data => [{ b64_json => 'x' }],
            usage => { prompt_tokens => 10, completion_tokens => 272,
                       total_tokens => 282 } } }
--- log_lines
200 in=10 out=272 cost=0.010930000 src=upstream



=== TEST 25: ... what is none of these passes by as what it is
--- request
POST /v1/images
{"url":"a"}
--- error_code: 404
--- response_body_like: cannot be metered here
--- upstream_count: 0



=== TEST 26: xAI's pictures by their resolution, at the lowest quality
--- request eval
[map { "POST /v1/images/generations
" . qq({"model":"grok-imagine-image-2.0","prompt":"a cat"$_}) }
    '', ',"resolution":"2k"', ',"quality":"high","resolution":"1k"']
--- upstream eval
[({ json => { created => 1, data => [ { url => 'x' } ] } }) x 3]
--- log_lines eval
[map { "200 in=0 out=0 cost=0.0${_}0000000 src=counted" } 4, 6, 6]
