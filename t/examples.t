# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Every configuration of examples/nginx/ is started as it stands, with this
# machine's addresses and directories (example_config() of LLMCost::Nginx says
# what is replaced), and answers.  Who the payer is: t/payer.t.

use strict;
use warnings;

use lib 't/lib';

use Digest::SHA qw( hmac_sha256 );
use File::Path qw( make_path );
use File::Temp ();
use IO::Socket::INET ();
use JSON::PP qw( decode_json encode_json );
use MIME::Base64 qw( encode_base64url );
use Test::More;
use Time::HiRes qw( sleep time );

use LLMCost::Nginx qw( :DEFAULT example_config );
use LLMCost::Process;
use LLMCost::Redis;

# of a machine that has more to do; nothing waits as long

my $PATIENCE = 30;

$ENV{UPSTREAM_PATIENCE} = $PATIENCE;

my $dir = File::Temp->newdir('llm-examples-XXXXXX', TMPDIR => 1);
make_path("$dir/up", map { "$dir/$_" } my @examples = examples());

my $upstream = '127.0.0.1:' . start_upstream_server("$dir/up");
my $hello = [{ role => 'user', content => 'hi' }];
my %seen;


sub examples {
    return map { m{([^/]+\.conf)$} } grep { !/log_format|stunnel_/ }
           glob project_dir() . '/examples/nginx/*.conf';
}


# What upstream answers where it is not OpenAI's: in=10 out=5 in each dialect

sub scripted {
    return { headers => { 'Content-Type' => 'application/json' },
             body => encode_json($_[0]) };
}

write_file("$dir/up/script.json", encode_json({ block => 1, answers => {
    scripts => {
        anthropic => scripted({
            type => 'message', id => 'msg_1', role => 'assistant',
            model => 'claude-haiku-4-5', stop_reason => 'end_turn',
            content => [{ type => 'text', text => 'Hello' }],
            usage => { input_tokens => 10, output_tokens => 5 } }),
        gemini => scripted({
            modelVersion => 'gemini-2.5-flash',
            candidates => [{ finishReason => 'STOP', content => {
                role => 'model', parts => [{ text => 'Hello' }] } }],
            usageMetadata => { promptTokenCount => 10,
                               candidatesTokenCount => 5,
                               totalTokenCount => 15 } }),
        ollama => scripted({
            model => 'llama3.2', done => \1, done_reason => 'stop',
            message => { role => 'assistant', content => 'Hello' },
            prompt_eval_count => 10, eval_count => 5 }),
    } } }));


sub start {
    my ($name, %address) = @_;

    $seen{$name} = 1;

    return start_nginx("$dir/$name", config => sub {
        example_config("$dir/$name", $_[0], $name, https => $upstream,
                       %address);
    });
}


sub request {
    my ($nginx, $method, $path, $body, %header) = @_;

    my $text = ref $body ? encode_json($body) : '';
    my $socket = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1', PeerPort => $nginx->{port},
        Timeout => $PATIENCE) or die "connect: $!\n";

    $header{'Content-Length'} = length $text;
    print $socket "$method $path HTTP/1.0\r\n",
          map({ "$_: $header{$_}\r\n" } keys %header), "\r\n", $text;

    return $socket;
}

sub answer {
    my $socket = shift;

    local $/;
    my ($head, $body) = split /\r\n\r\n/, <$socket> // '', 2;

    return { status => ($head // '') =~ m{^HTTP/\S+ (\d+)} ? $1 : 0,
             body => $body,
             map { /^([\w-]+):\s*(.*?)\r?$/ ? (lc $1, $2) : () }
             split /\n/, $head // '' };
}

sub ask { answer(request(@_)) }

sub wait_for {
    my $code = shift;

    my $end = time() + $PATIENCE;

    while (time() < $end) {
        my $value = $code->();
        return $value if $value;
        sleep 0.02;
    }
}

sub upstream_requests {
    return map { decode_json($_) } split /\n/, read_file("$dir/up/requests.jsonl");
}

sub end_of {
    my ($nginx, $name) = @_;

    is(join("\n", stop_nginx($nginx)), '', "$name: ends, with nothing to tell");
}


# One request, what its answer says of it, and what the counters say

sub simple {
    my ($name, %want) = @_;

    my $nginx = start($name, %{$want{address} // {}});
    my $answer = ask($nginx, 'POST', $want{path}, $want{body},
                     %{$want{header} // {}});

    is($answer->{status}, 200, "$name: answers");
    is($answer->{'x-cost-usd'}, $want{cost}, "$name: and says the cost");
    is($answer->{'x-model'}, $want{model}, "$name: of the model");

    if (!$want{no_api}) {
        my $sum = decode_json(ask($nginx, 'GET', '/llm/usage/summary')->{body});

        is($sum->{total_requests}, 1, "$name: counted once");
        is($sum->{total_input_tokens}, $want{input} // 10, "$name: input");

        my $budgets = decode_json(ask($nginx, 'GET', '/llm/budgets')->{body});

        is(join(' ', sort map { $_->{name} } @$budgets), $want{budgets},
           "$name: budgets");
    }

    end_of($nginx, $name);
}


my $bearer = { Authorization => 'Bearer sk-test' };
my $mini = { model => 'gpt-4o-mini', messages => $hello };

simple('openai.conf', path => '/v1/chat/completions', body => $mini,
       header => $bearer, cost => '0.000004500', model => 'gpt-4o-mini',
       budgets => 'daily monthly user');

simple('anthropic.conf', path => '/v1/messages',
       body => { model => 'claude-haiku-4-5', max_tokens => 100,
                 messages => $hello },
       header => { 'x-api-key' => 'sk-ant', 'X-Test-Script' => 'anthropic' },
       cost => '0.000035000', model => 'claude-haiku-4-5',
       budgets => 'daily user');

simple('gemini.conf',
       path => '/v1beta/models/gemini-2.5-flash:generateContent?key=abc',
       body => { contents => [{ parts => [{ text => 'hi' }] }] },
       header => { 'X-Test-Script' => 'gemini' },
       cost => '0.000015500', model => 'gemini-2.5-flash',
       budgets => 'daily user');

simple('azure.conf',
       path => '/openai/deployments/prod-chat/chat/completions'
               . '?api-version=2024-10-21',
       body => { messages => $hello, max_tokens => 100 },
       header => { 'api-key' => 'abc' },
       cost => '0.000075000', model => 'prod-chat', budgets => 'daily user');

simple('vllm.conf', path => '/v1/chat/completions',
       body => { model => 'house-qwen', messages => $hello },
       header => $bearer, address => { '127.0.0.1:8000' => $upstream },
       cost => '0.000005528', model => 'house-qwen',
       budgets => 'minute month user');

simple('ollama.conf', path => '/api/chat',
       body => { model => 'llama3.2', messages => $hello, stream => \0 },
       header => { 'X-Test-Script' => 'ollama' },
       address => { '127.0.0.1:11434' => $upstream },
       cost => '0.000000000', model => 'llama3.2',
       budgets => 'requests tokens');


# Several providers: the model chooses host and key

sub providers_by_model {
    my $name = 'providers_by_model.conf';

    write_file("$dir/$name/provider_keys.conf", <<'END');
map $backend $provider_key {
    openai   "Bearer sk-openai";
    mistral  "Bearer sk-mistral";
    groq     "Bearer sk-groq";
}
END

    my $nginx = start($name, 'https://$backend' => 'http://$backend',
                      map { $_ => $upstream } qw( api.openai.com:443
                                      api.mistral.ai:443 api.groq.com:443 ));

    for ([qw( gpt-4o-mini openai api.openai.com /v1 0.000004500 )],
         [qw( mistral-small-latest mistral api.mistral.ai /v1 0.000004500 )],
         [qw( llama-3.3-70b-versatile groq api.groq.com /openai/v1 0.000009850 )])
    {
        my ($model, $who, $host, $path, $cost) = @$_;
        my $answer = ask($nginx, 'POST', '/v1/chat/completions',
                         { model => $model, messages => $hello,
                           max_tokens => 50 },
                         Authorization => 'Bearer team-blue-4f7d0c2e91');
        my $sent = (upstream_requests())[-1];

        is($answer->{status}, 200, "$model: answers");
        is($answer->{'x-cost-usd'}, $cost, "$model: its price");
        is($sent->{target}, "$path/chat/completions", "$model: the path");
        like($sent->{head}, qr/^Host: $host\r?$/m, "$model: the host");
        like($sent->{head}, qr/^Authorization: Bearer sk-$who\r?$/m,
             "$model: the key");
        unlike($sent->{head}, qr/team-blue/, "$model: no key of ours");
    }

    is(ask($nginx, 'POST', '/v1/chat/completions', $mini)->{status}, 401,
       "$name: nobody");
    end_of($nginx, $name);
}

providers_by_model();


# Keys that nginx has, teams of a JWT, and the other two of t/payer.t

sub token {
    my $text = join '.', map { encode_base64url($_) }
                   '{"alg":"HS256","typ":"JWT"}', encode_json($_[0]);

    return "$text." . encode_base64url(hmac_sha256($text, 'secret'));
}

for my $name ('payer_injected_key.conf', 'payer_jwt.conf') {
    write_file("$dir/$name/provider_key.conf",
               'proxy_set_header Authorization "Bearer sk-provider";');
}

simple('payer_injected_key.conf', path => '/v1/chat/completions',
       body => $mini, no_api => 1, cost => '0.000004500',
       model => 'gpt-4o-mini',
       header => { Authorization => 'Bearer team-blue-4f7d0c2e91' });

like((upstream_requests())[-1]{head}, qr/^Authorization: Bearer sk-provider\r?$/m,
     'the key of the provider is injected');

sub teams_with_jwt {
    write_file("$dir/secret", 'secret');

    my (undef, $port) = start_process(
        'python3', '-B', project_dir() . '/examples/verify_jwt.py',
        "$dir/secret");
    my $nginx = start('payer_jwt.conf', '127.0.0.1:9000' => "127.0.0.1:$port",
                      'location = /jwt' => "location /llm/ { llm_api; }\n"
                                           . 'location = /jwt');

    for my $claims ({ sub => 'ann', team => 'research' },
                    { sub => 'bob', team => 'sales' }, { sub => 'eve' })
    {
        my $answer = ask($nginx, 'POST', '/v1/chat/completions', $mini,
                         Authorization => 'Bearer ' . token(
                             { %$claims, exp => int(time) + 600 }));
        is($answer->{status}, 200, "JWT of $claims->{sub}");
    }

    my $budgets = decode_json(ask($nginx, 'GET', '/llm/budgets')->{body});

    is(join(' ', sort map { "$_->{name}:$_->{key}:" . $_->{limit} } @$budgets),
       'team:research:500 team:sales:100 user:ann:1 user:bob:1 user:eve:1',
       'each team its limit, each member one');

    like(ask($nginx, 'GET', '/llm/usage/summary?by=tag:team')->{body},
         qr/"research":\{/, 'and what each team spent');

    end_of($nginx, 'payer_jwt.conf');
}

teams_with_jwt();


# Redis behind stunnel, both ends of it

sub start_stunnel {
    my ($file, %address) = @_;

    my $text = read_file(project_dir() . "/examples/nginx/$file");

    $text =~ s{= \Q$_\E$}{= $address{$_}}m for keys %address;
    $text =~ s{/etc/stunnel/}{$dir/}g;
    write_file("$dir/$file", $text);

    my ($process) = start_process('sh', '-c', 'stunnel4 "$0" > "$0.log" 2>&1 &'
                                  . ' echo started; read x; kill $!; wait',
                                  "$dir/$file");
    return $process;
}

sub certificates {
    my $run = "cd $dir && openssl";
    my $new = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';

    system "$run req -x509 $new -keyout ca.key -out ca.crt -days 2 -subj /CN=ca"
           . ' 2>/dev/null';

    for (['redis', 'redis.example.com'], ['node', 'node1.example.com']) {
        my ($file, $name) = @$_;

        write_file("$dir/$file.ext", "subjectAltName=DNS:$name");
        system "$run req $new -keyout $file.key -out $file.csr -subj /CN=$name"
               . " 2>/dev/null && openssl x509 -req -in $file.csr -CA ca.crt"
               . " -CAkey ca.key -CAcreateserial -days 2 -extfile $file.ext"
               . " -out $file.crt 2>/dev/null";
    }
}

sub redis_behind_stunnel {
    my $name = 'redis_stunnel.conf';
    my (undef, $redis, $socket) = start_redis_server("$dir");
    my ($tls, $plain) = map { '127.0.0.1:' . free_port() } 1, 2;

    redis_command($socket, qw( CONFIG SET requirepass secret ));
    write_file("$dir/$name/redis.pass", "secret\n");
    certificates();

    start_stunnel('stunnel_redis.conf', '10.0.0.5:6379' => $tls,
                  '127.0.0.1:6379' => "127.0.0.1:$redis");
    my $near = start_stunnel('stunnel_node.conf', '127.0.0.1:6380' => $plain,
                             'redis.example.com:6379' => $tls);
    my $nginx = start($name, '127.0.0.1:6380' => $plain);

    # the first request makes the connection: until then it is refused

    my $answer;

    ok(wait_for(sub {
        $answer = ask($nginx, 'POST', '/v1/chat/completions', $mini, %$bearer);
        return $answer->{status} == 200;
    }), "$name: answers") or diag(map { read_file("$dir/stunnel_$_.conf.log") }
                                  qw( node redis ));
    is($answer->{'x-cost-usd'}, '0.000004500', "$name: the cost");
    is(decode_json(ask($nginx, 'GET', '/llm/health')->{body})->{store},
       'redis', "$name: the store is Redis");
    ok(wait_for(sub {
        my ($key) = grep { /b:daily::usd/ }
                    @{redis_command($socket, 'KEYS', '*')};
        return ($key && redis_command($socket, 'HGET', $key, 'spent') // 0)
               eq '4500';
    }), "$name: what was spent is there, behind TLS");

    # a node whose stunnel has ended: closed is closed

    close $near->{in};
    waitpid $near->{pid}, 0;

    is(ask($nginx, 'POST', '/v1/chat/completions', $mini, %$bearer)->{status},
       503, "$name: without stunnel nothing is spent");

    end_of($nginx, $name);
}

redis_behind_stunnel();


# Four at a time for each key

sub limit_conn {
    my $name = 'limit_conn.conf';
    my $nginx = start($name);
    my $before = () = upstream_requests();
    my @waiting = map { request($nginx, 'POST', '/v1/chat/completions', $mini,
                                %$bearer, 'X-Test-Wait' => 'places') } 1 .. 4;

    ok(wait_for(sub { (() = upstream_requests()) == $before + 4 }),
       "$name: four are on their way");
    is(ask($nginx, 'POST', '/v1/chat/completions', $mini, %$bearer)->{status},
       429, "$name: the fifth is not");
    is(ask($nginx, 'POST', '/v1/chat/completions', $mini,
           Authorization => 'Bearer other')->{status},
       200, "$name: somebody else's is");

    write_file("$dir/up/release.places", '');

    is(join(' ', map { answer($_)->{status} } @waiting), '200 200 200 200',
       "$name: the four are answered");
    ok(wait_for(sub {
        ask($nginx, 'POST', '/v1/chat/completions', $mini, %$bearer)->{status}
            == 200;
    }), "$name: there is a place again");

    my $sum = decode_json(ask($nginx, 'GET', '/llm/usage/summary')->{body});

    is($sum->{total_requests}, 6, "$name: what was refused is not counted");
    end_of($nginx, $name);
}

limit_conn();


# t/payer.t asks these, with certificates and a service

$seen{$_} = 1 for qw( payer_auth_request.conf payer_mtls.conf );

is(join(' ', grep { !$seen{$_} } @examples), '', 'no example is left out');

done_testing();
