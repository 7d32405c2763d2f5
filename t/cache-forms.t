# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# One entry of the exact cache in every form of its dialect.  (OpenAI's chats
# are in cache-zone.t, what becomes of recorded answers in traffic and clients.)

use lib 't/lib';
use LLMCost;

no_long_string();

sub ask {
    my ($path, $body) = @_;
    return "POST $path\n$body";
}

our $claude = '{"model":"claude-haiku-4-5","max_tokens":50,"messages":'
              . '[{"role":"user","content":"hi"}]';
our $gemini = '{"contents":[{"parts":[{"text":"hi"}]}]}';
our $model = '/v1beta/models/gemini-2.5-flash';

our %parts = (
    candidates => [{ index => 0, finishReason => 'STOP', content =>
        { role => 'model', parts => [{ text => 'Hello' }] } }],
    modelVersion => 'gemini-2.5-flash',
    usageMetadata => { promptTokenCount => 3, candidatesTokenCount => 4 });

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value(config => <<'END');
    location ~ ^/v1 {
        llm_cost on;
        llm_cache on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_UPSTREAM_PORT;
    }
END

    $block->set_value(more_headers => 'Authorization: Bearer one');
});

run_tests();

__DATA__

=== TEST 1: a message of Anthropic's, as a stream
--- upstream eval
{ json => { id => 'm', type => 'message', role => 'assistant',
            model => 'claude-haiku-4-5', stop_reason => 'tool_use',
            content => [{ type => 'text', text => 'Hello' },
                        { type => 'tool_use', id => 't', name => 'f',
                          input => { x => 1 } }],
            usage => { input_tokens => 7, output_tokens => 30 } } }
--- request eval
[map { main::ask('/v1/messages', "$main::claude$_}") } '', ',"stream":true']
--- response_headers eval
["X-Cache: MISS\nX-Output-Tokens: 30\nX-Model: claude-haiku-4-5",
 "X-Cache: HIT\nX-Output-Tokens: 30\nX-Model: claude-haiku-4-5\n"
 . "Content-Type: text/event-stream; charset=utf-8"]
--- response_body_like eval
['"tool_use"', '^event: message_start\ndata: \{.*"text_delta","text":"Hello".*'
 . '"input_json_delta","partial_json":"\{\\\\"x\\\\":1\}".*'
 . 'event: message_stop\ndata: \{"type":"message_stop"\}\n\n$']
--- upstream_count: 1



=== TEST 2: a stream of Anthropic's, as a message
--- upstream eval
{ headers => { 'Content-Type' => 'text/event-stream' },
  body => CORE::join '', map { "event: $_->{type}\ndata: "
      . JSON::PP->new->canonical->encode($_) . "\n\n" }
    { type => 'message_start',
      message => { id => 'm', type => 'message', role => 'assistant',
                   model => 'claude-haiku-4-5', content => [],
                   stop_reason => undef,
                   usage => { input_tokens => 7, output_tokens => 1 } } },
    { type => 'content_block_start', index => 0,
      content_block => { type => 'text', text => '' } },
    (map { { type => 'content_block_delta', index => 0,
             delta => { type => 'text_delta', text => $_ } } } 'Hel', 'lo'),
    { type => 'content_block_stop', index => 0 },
    { type => 'message_delta', delta => { stop_reason => 'end_turn' },
      usage => { output_tokens => 30 } },
    { type => 'message_stop' } }
--- request eval
[map { main::ask('/v1/messages', "$main::claude$_}") } ',"stream":true', '']
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nX-Output-Tokens: 30\nX-Input-Tokens: 7\n"
 . "Content-Type: application/json"]
--- response_body_like eval
['message_stop', '^\{.*"content":\[\{"text":"Hello","type":"text"\}\].*'
 . '"stop_reason":"end_turn".*"output_tokens":30\}\}$']
--- upstream_count: 1



=== TEST 3: Gemini's answer, as events and as an array
--- upstream eval
{ json => \%main::parts }
--- request eval
[map { main::ask("$main::model:$_", $main::gemini) }
 'generateContent', 'streamGenerateContent?alt=sse', 'streamGenerateContent',
 'generateContent?key=x']
--- response_headers eval
["X-Cache: MISS",
 "X-Cache: HIT\nContent-Type: text/event-stream; charset=utf-8\n"
 . "X-Output-Tokens: 4",
 "X-Cache: HIT\nContent-Type: application/json\nX-Output-Tokens: 4",
 "X-Cache: HIT\nContent-Type: application/json"]
--- response_body_like eval
['^\{', '^data: \{"[^\n]*"Hello"[^\n]*\r\n\r\n$', '^\[\{.*"Hello".*\}\]$', '^\{']
--- upstream_count: 1



=== TEST 4: Gemini's events, as an array and as one answer
--- upstream eval
{ headers => { 'Content-Type' => 'text/event-stream' },
  body => CORE::join '', map { 'data: ' . JSON::PP->new->encode($_) . "\r\n\r\n" }
      { candidates => [{ index => 0, content => { role => 'model',
                         parts => [{ text => 'A ' }] } }],
        usageMetadata => { promptTokenCount => 3 } },
      \%main::parts }
--- request eval
[map { main::ask("$main::model:$_", $main::gemini) }
 'streamGenerateContent?alt=sse', 'streamGenerateContent', 'generateContent']
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Type: application/json",
 "X-Cache: HIT\nContent-Type: application/json\nX-Output-Tokens: 4"]
--- response_body_like eval
['Hello', '^\[\{.*"A ".*\},\r\n\{.*"Hello".*\}\]$',
 '^\{"candidates":\[.*"parts":\[\{"text":"A Hello"\}\].*'
 . '"candidatesTokenCount":4']
--- upstream_count: 1



=== TEST 5: what is asked for in words that nobody knows is an entry of its own
--- upstream eval
{ json => \%main::parts }
--- request eval
[map { main::ask("$main::model:$_", $main::gemini) }
 'generateContent', 'generateContent?alt=proto', 'generateContent?$alt=sse']
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS"]
--- upstream_count: 3



=== TEST 6: a response, as a stream and again
--- upstream eval
{ json => { id => 'r', object => 'response', status => 'completed',
            model => 'gpt-4o-mini', output => [{ type => 'message',
              id => 'm', status => 'completed', role => 'assistant',
              content => [{ type => 'output_text', text => 'Hello',
                            annotations => [] }] }],
            usage => { input_tokens => 5, output_tokens => 6,
                       total_tokens => 11 } } }
--- request eval
[map { main::ask('/v1/responses', qq({"model":"gpt-4o-mini","input":"hi"$_})) }
 '', ',"stream":true', ',"stream":true,"user":"u"', ',"store":false']
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nX-Output-Tokens: 6\n"
 . "Content-Type: text/event-stream; charset=utf-8",
 "X-Cache: HIT", "X-Cache: MISS"]
--- response_body_like eval
['^\{', ('^event: response.created\n.*"delta":"Hello".*'
 . 'event: response.completed\ndata: .*\}\n\n$') x 2, '^\{']
--- upstream_count: 2



=== TEST 7: files, tools of Google's, contents by name: not cached
--- upstream eval
{ json => \%main::parts }
--- request eval
[map { main::ask("$main::model:generateContent", "{$_}") }
 '"contents":[{"parts":[{"fileData":{"fileUri":"f"}}]}]',
 '"contents":[],"tools":[{"googleSearch":{}}]',
 '"contents":[],"cachedContent":"c"',
 '"contents":[],"tools":[{"functionDeclarations":[]}]']
--- response_headers eval
[('X-Cache: BYPASS') x 3, 'X-Cache: MISS']
--- upstream_count: 4
