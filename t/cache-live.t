# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# llm_cache_lock: a stream on its way is joined by others of its worker.  One
# worker, so that all of them are of one; upstream holds back what follows until
# the clients have seen what came before.

use strict;
use warnings;

use lib 't/lib';

use IO::Uncompress::Gunzip qw( gunzip );
use Test::More;

use LLMCost::Flights;
use LLMCost::Ledger;
use LLMCost::Process;
use LLMCost::Redis;

flights_start();

my ($redis_pid) = redis_command($redis, 'INFO', 'server')
                  =~ /process_id:(\d+)/;

END { kill 'CONT', $redis_pid if $redis_pid }

my $number = 0;
my $BUDGETS = 'llm_budget daily limit=1usd period=day; '
              . 'llm_budget calls limit=1000requests period=day;';

# asked for without the usage, which the module asks for and hides
my %plain = (stream => JSON::PP::true);

for my $store (qw( zone redis )) {
    live($store, 'with usage', \%stream, \%stream);
    live($store, 'without', \%plain, \%plain);
}

live('zone', 'with, beside without', \%plain, \%stream);
meanwhile();
other_form();
leaves();
breaks();
short();
slow();
slow_leader();
outgrown();
not_shared();
coded();
compressed();
pieces();
h2();
large();

done_testing;


sub node {
    my ($name, $store, $location) = @_;

    return flights_node($name . $number++, workers => 1, http => $store eq 'redis'
        ? "llm_redis 127.0.0.1:$redis_port timeout=5s;" : '',
        location => $location);
}


sub log_lines {
    my $node = shift;

    return log_entries("$node->{dir}/access.log");
}


# what came before it joined comes at once, then each event; it is a hit

sub live {
    my ($store, $form, $first, $second) = @_;

    my $name = "$store, $form";
    my $node = node("live-$store", $store, $BUDGETS);

    forget_redis();
    script(stream_of(4, { 2 => [{ wait => 'two+' }],
                          3 => [{ wait => 'three+' }] }));

    my $leader = open_request($node, $first);
    like(read_until($leader, qr/text1/), qr/X-Cache: MISS/,
         "$name: one leads");

    my @others = map { open_request($node, $second) } 1 .. 3;

    for (@others) {
        like(read_until($_, qr/text1/), qr/text0.*text1/s,
             "$name: what came so far comes at once");
    }

    my $head = $others[0]{text};

    like($head, qr{^HTTP/1.1 200 OK\r\n}, "$name: status");
    like($head, qr/^X-Cache: HIT\r$/m, "$name: a hit");
    like($head, qr/^X-Cost-USD: 0.000000000\r$/m, "$name: that costs nothing");
    like($head, qr/^Age: 0\r$/m, "$name: and is fresh");
    like($head, qr{^Content-Type: text/event-stream\r$}m, "$name: type");

    release('two');

    for ($leader, @others) {
        like(read_until($_, qr/text2/), qr/text2/, "$name: then each event");
    }

    release('three');

    my @texts = map { read_rest($_) } $leader, @others;

    is(scalar(grep { $_->{whole} } $leader, @others), 4,
       "$name: they end as they should");
    is(scalar(grep { $_ eq $texts[1] } @texts[1 .. 3]), 3,
       "$name: the same for those who have joined");
    is($texts[1] eq $texts[0], $first == $second,
       "$name: and for who wants the same");
    is($texts[1] =~ /"usage":\{/, $second == \%stream,
       "$name: usage only for who asks for it");

    my $late = open_request($node, $second);
    is(read_rest($late) eq $texts[1], 1, "$name: an entry says the same");

    is(asked(), 1, "$name: one upstream call");

    my %budget = budgets($node);

    is(nano($budget{daily}{spent}), $PRICE, "$name: one charge");
    is($budget{calls}{spent}, 5, "$name: every request counts");

    ends($node);

    my @saved = map { nano($_->{saved_cost}) }
                grep { $_->{cache} eq 'HIT' } log_lines($node);

    is("@saved", join(' ', ($PRICE) x 4), "$name: and says what it has saved");
}


# it began while the store was asked for who wants the same

sub meanwhile {
    my $node = node('meanwhile', 'redis', $BUDGETS);

    forget_redis();
    script(stream_of(3, { 2 => [{ wait => 'go+' }] },
                     before => [{ wait => 'head+' }]));

    my $leader = open_request($node, \%stream);
    ok(wait_until(sub { asked() == 1 }), 'meanwhile: one leads');

    kill 'STOP', $redis_pid;

    my $other = open_request($node, \%stream);
    ok(wait_until(sub { connections($node) == 2 }), 'meanwhile: one more');

    release('head');
    like(read_until($leader, qr/text1/), qr/X-Cache: MISS/,
         'meanwhile: it has begun');

    kill 'CONT', $redis_pid;

    like(read_until($other, qr/text1/), qr/X-Cache: HIT.*text1/s,
         'meanwhile: the other joins');

    release('go');

    is(read_rest($other), read_rest($leader), 'meanwhile: the same');
    is(asked(), 1, 'meanwhile: one upstream call');

    ends($node);
}


# who wants a document waits for it; who wants a stream of a document, too

sub other_form {
    my $node = node('other', 'zone', $BUDGETS);

    script(stream_of(2, { 1 => [{ wait => 'go+' }] }));

    my $leader = open_request($node, \%stream);
    read_until($leader, qr/text0/);

    my $document = open_request($node, {});
    my $joins = open_request($node, \%stream);

    read_until($joins, qr/text0/);
    is($document->{text}, '', 'other form: who wants a document waits');
    release('go');

    like(read_until($document, qr/\}\]?\}\z/), qr/X-Cache: HIT.*text0 text1 /s,
         'other form: for the entry');
    read_rest($_) for $leader, $joins;
    is(asked(), 1, 'other form: one upstream call');

    my %budget = budgets($node);
    is($budget{calls}{spent}, 3, 'other form: every request counts');

    ends($node);
}


# the leader's client leaves, and the answer goes on, beyond what is read for
# nobody

sub leaves {
    my $node = node('leaves', 'zone', "$BUDGETS llm_client_abort drain=1k;");

    script(stream_of(100, { 50 => [{ wait => 'go+' }] }));

    my $leader = open_request($node, \%stream);
    read_until($leader, qr/text49/);

    my $joins = open_request($node, \%stream);
    read_until($joins, qr/text49/);

    close $leader->{socket};
    ok(wait_until(sub { read_file("$node->{dir}/error.log")
                        =~ /its answer is read on/ }),
       'leaves: the answer is read on');
    release('go');

    my $text = read_rest($joins);
    ok($joins->{whole}, 'leaves: whole');
    like($text, qr/text99.*"usage":\{.*\[DONE\]/s, 'leaves: to its end');
    is(asked(), 1, 'leaves: one upstream call');

    my %budget = budgets($node);
    is(nano($budget{daily}{spent}), $PRICE, 'leaves: one charge');

    # those who have joined leave as well, one after the other

    script(stream_of(4, { 2 => [{ wait => 'go+' }] }));

    my %ask = (%stream, seed => 1);
    my @clients = map { open_request($node, \%ask) } 1 .. 3;

    read_until($_, qr/text1/) for @clients;
    close $_->{socket} for @clients;
    release('go');

    ok(wait_until(sub { @{[log_lines($node)]} == 5 }),
       'leaves: every request ends');
    %budget = budgets($node);
    is($budget{daily}{reserved}, 0, 'leaves: and holds nothing');

    ends($node);
}


# the stream breaks off: so it does for all who have got a part of it; who waits
# for a document asks anew

sub breaks {
    my $node = node('breaks', 'zone', $BUDGETS);

    script([stream_of(4, { 2 => [{ wait => 'go+' }, { close => 1 }] }),
            answer_of()]);

    my $leader = open_request($node, \%stream);
    read_until($leader, qr/text1/);

    my @others = map { open_request($node, \%stream) } 1 .. 3;
    read_until($_, qr/text1/) for @others;

    my $document = open_request($node, {});

    ok(wait_until(sub { connections($node) == 5 }), 'breaks: all are there');
    release('go');

    my @texts = map { read_rest($_) } $leader, @others;

    is(scalar(grep { $_->{whole} } $leader, @others), 0,
       'breaks: nobody takes it for whole');
    is(scalar(grep { $_ eq $texts[0] } @texts), 4, 'breaks: all have the same');
    like(read_until($document, qr/\}\z/), qr/200 OK.*X-Cache: MISS/s,
         'breaks: who had nothing asks anew');
    is(asked(), 2, 'breaks: that makes two calls');

    ends($node);

    my @saved = map { $_->{saved_cost} } grep { $_->{cache} eq 'HIT' }
                log_lines($node);
    is(scalar(grep { nano($_ || 0) } @saved), 0, 'breaks: nothing is saved');
}


# a hit takes one of a requests budget: where there is none left it is refused

sub short {
    my $node = node('short', 'zone',
                    'llm_budget calls limit=2requests period=day;');

    script(stream_of(2, { 1 => [{ wait => 'go+' }] }));

    my $leader = open_request($node, \%stream);
    read_until($leader, qr/text0/);

    my @others = map { open_request($node, \%stream) } 1 .. 2;

    like(read_until($others[0], qr/text0/), qr/X-Cache: HIT/,
         'short: the second joins');
    like(read_until($others[1], qr/\}\z/), qr/ 429 .*budget_exceeded/s,
         'short: the third is refused at once');
    release('go');
    read_rest($_) for $leader, $others[0];

    ends($node);
}


# A client that does not read holds nobody up, and gets all of it later

sub slow {
    my $node = node('slow', 'zone', "$BUDGETS llm_cache_max_size 4m;");

    my $big = 'x' x 20000;
    my $answer = stream_of(2, { 1 => [{ wait => 'go+' },
        map { "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":"
              . "{\"content\":\"$big\"}}]}\n\n" } 1 .. 100] });

    script($answer);

    my $leader = open_request($node, \%stream);
    read_until($leader, qr/text0/);

    my @others = map { open_request($node, \%stream) } 1 .. 2;
    read_until($_, qr/text0/) for @others;
    release('go');

    my $text = read_rest($leader);
    ok($leader->{whole}, 'slow: the leader ends');
    is(read_rest($others[0]) eq $text, 1, 'slow: the other one, too');
    is(read_rest($others[1]) eq $text, 1, 'slow: who did not read has all');
    ok($others[1]{whole}, 'slow: to its end');

    ends($node);
}


# A leader that reads nothing holds up neither who has joined nor what is kept;
# what is too large to be kept waits for it in the end

sub slow_leader {
    for my $kept (1, 0) {
        my $size = $kept ? '4m' : '400k';
        my $name = "slow leader, $size";
        my $node = node("slow-leader-$size", 'zone',
                        "$BUDGETS llm_cache_max_size $size;");

        my $big = '"big":"' . 'x' x 60000 . '"';

        script(stream_of(16, { 1 => [{ wait => 'go+' }],
                               map { $_ => ["data: {$big}\n\n"] } 2 .. 15 }));

        my $leader = open_request($node, \%plain);
        read_until($leader, qr/text0/);

        my @others = map { open_request($node, \%stream) } 1 .. 2;
        read_until($_, qr/text0/) for @others;
        release('go');

        # a socket holds some 200k

        for (@others) {
            $kept ? read_rest($_) : read_until($_, qr/text8 /);
        }

        if ($kept) {
            is(scalar(grep { $_->{whole} } @others), 2,
               "$name: the others have all");
            like(read_rest(open_request($node, \%plain)), qr/text15 /,
                 "$name: so has the cache");
        }

        for my $i (1 .. 15) {
            read_until($_, qr/text$i /) for $leader, @others;
        }

        is(scalar(grep { read_rest($_) =~ /text15 / && $_->{whole} }
                  $leader, @others), 3, "$name: all get all");
        is(asked(), 1, "$name: one call");

        ends($node);
    }
}


# Larger than what is kept: those who have joined go on, nobody joins any more;
# who is too far behind is left

sub outgrown {
    my $node = node('outgrown', 'zone', "$BUDGETS llm_cache_max_size 100k;");

    my $big = '"big":"' . 'x' x 60000 . '"';
    my %more = map { $_ => [{ wait => "on$_+" }, "data: {$big}\n\n"] } 1 .. 20;

    script([stream_of(21, \%more), stream_of(1, {})]);

    my $leader = open_request($node, \%stream);
    read_until($leader, qr/text0/);

    my @others = map { open_request($node, \%stream) } 1 .. 2;
    my $late;

    read_until($_, qr/text0/) for @others;

    # the first of them reads along with the leader, the second one does not

    for my $i (1 .. 20) {
        release("on$i");
        read_until($_, qr/text$i /) for $leader, $others[0];

        if ($i == 2) {
            $late = open_request($node, \%stream);
            ok(wait_until(sub { connections($node) == 4 }),
               'outgrown: a late one');
        }
    }

    my $text = read_rest($leader);
    ok($leader->{whole}, 'outgrown: the leader ends');
    is(read_rest($others[0]) eq $text, 1, 'outgrown: who reads along has all');
    ok($others[0]{whole}, 'outgrown: to its end');

    my $left = read_rest($others[1]);
    ok(!$others[1]{whole}, 'outgrown: who does not is left');
    is(index($text, $left), 0, 'outgrown: with what it had');
    like(read_file("$node->{dir}/error.log"), qr/too far behind/,
         'outgrown: for that reason');
    like(read_rest($late), qr/text0/, 'outgrown: who came late asks itself');
    is(asked(), 2, 'outgrown: two calls');

    ends($node);
}


# what is known not to be kept is not shared

sub not_shared {
    my $node = node('private', 'zone', 'llm_no_cache $http_x_private;');

    script(stream_of(2, { 1 => [{ wait => 'go+' }] }));

    my $leader = open_request($node, \%stream, 'X-Private: 1');
    read_until($leader, qr/text0/);

    my $other = open_request($node, \%stream);
    my $rude = open_request($node, \%stream, 'Cache-Control: no-cache',
                            'X-Private: 1');

    like(read_until($rude, qr/text0/), qr/X-Cache: BYPASS/,
         'not shared: no-cache asks itself');
    is($other->{text}, '', 'not shared: who could join waits');
    release('go');
    like(read_rest($other), qr/text1/, 'not shared: and asks itself');
    read_rest($_) for $leader, $rude;
    is(asked(), 3, 'not shared: three calls');

    ends($node);
}


# a coded stream goes on as it is to its client, and decoded to others

sub coded {
    my $node = node('coded', 'zone', 'proxy_set_header Accept-Encoding gzip;'
                    . 'llm_usage_inject off;');

    script(stream_of(2, { 1 => [{ wait => 'go+' }] }, gzip => 1));

    my $leader = open_request($node, \%stream, 'Accept-Encoding: gzip');
    like(read_until($leader, qr/\r\n\r\n./), qr/Content-Encoding: gzip/,
         'coded: the first one gets it coded');

    my $other = open_request($node, \%stream);
    unlike(read_until($other, qr/text0/), qr/Content-Encoding/,
           'coded: the other one not');
    release('go');
    like(read_rest($other), qr/text0.*text1.*\[DONE\]\n\n\z/s, 'coded: all');
    ok($other->{whole}, 'coded: whole');
    read_rest($leader);
    is(asked(), 1, 'coded: one call');

    ends($node);
}


# compressed here, for who wants it, it still comes event by event

sub compressed {
    my $node = node('compressed', 'zone', 'gzip on; gzip_http_version 1.0; '
                    . 'gzip_types text/event-stream; gzip_min_length 0; '
                    . 'gzip_proxied any;');

    script(stream_of(3, { 1 => [{ wait => 'one+' }], 2 => [{ wait => 'two+' }] }));

    my $leader = open_request($node, \%stream);
    read_until($leader, qr/text0/);

    my $other = open_request($node, \%stream, 'Accept-Encoding: gzip');

    like(read_until($other, qr/\r\n\r\n.{20}/s), qr/Content-Encoding: gzip/,
         'compressed: what came so far');

    for my $name (qw( one two )) {
        my $had = length $other->{text};

        release($name);
        read_until($other, $had + 10);
        cmp_ok(length $other->{text}, '>', $had, 'compressed: and each event');
    }

    my $text = read_rest($leader);
    my $coded = read_rest($other);

    gunzip(\$coded, \my $plain);
    is($plain, $text, 'compressed: the same');
    ends($node);
}


# events in pieces of one byte, with an end of line that is cut in two

sub pieces {
    my $node = node('pieces', 'zone', '');

    my $answer = stream_of(3, { 1 => [{ wait => 'go+' }] }, split => 1);
    s/\n\n\z/\r\n\r\n/ for grep { !ref } @{ $answer->{body} };
    script($answer);

    my $leader = open_request($node, \%plain);
    read_until($leader, qr/text0/);

    my @others = map { open_request($node, $_) } \%plain, \%stream;
    read_until($_, qr/text0/) for @others;
    release('go');

    my ($plain, @texts) = map { read_rest($_) } $leader, @others;

    is($texts[0], $plain, 'pieces: the same without the usage');
    like($texts[1], qr/"usage":\{/, 'pieces: and with it');
    (my $cut = $texts[1]) =~ s/data: \{"choices":\[\][^\r]*\r\n\r\n//;
    is($cut, $plain, 'pieces: which is the only difference');

    ends($node);
}


# over HTTP/2 as over HTTP/1.1; what is cut is an error of the stream

sub h2 {
    my $node = node('h2', 'zone', $BUDGETS);

    script([stream_of(3, { 2 => [{ wait => 'go+' }] }),
            stream_of(3, { 2 => [{ wait => 'on+' }, { close => 1 }] })]);

    my $leader = open_request($node, \%stream);
    read_until($leader, qr/text1/);

    my @others = map { open_h2($node, \%stream) } 1 .. 2;

    like(read_until($_, qr/text1/),
         qr{^HTTP/2 200.*^x-cache: HIT\r\n.*text0.*text1}ims,
         'HTTP/2: joins') for @others;
    release('go');

    my $text = read_rest($leader);

    for (@others) {
        is(close_h2($_), $text, 'HTTP/2: the same');
        ok($_->{whole}, 'HTTP/2: whole');
    }

    my %ask = (%stream, seed => 1);

    $leader = open_h2($node, \%ask);
    read_until($leader, qr/text1/);

    my $other = open_h2($node, \%ask);
    read_until($other, qr/text1/);
    release('on');

    is(close_h2($other), close_h2($leader), 'HTTP/2: cut alike');
    ok(!$other->{whole} && !$leader->{whole}, 'HTTP/2: and both know');
    is(asked(), 2, 'HTTP/2: two calls');

    ends($node);
}


# 10 MB go through as they are, and are not kept

sub large {
    my $node = node('large', 'zone', $BUDGETS);

    my $pad = '"pad":"' . 'x' x 1e5 . '"';
    my $document = '{' . join(',', ($pad) x 100) . '}';
    my $stream = stream_of(1, { 1 => [("data: {$pad}\n\n") x 100] });

    script([(answer_of(body => $document)) x 2, ($stream) x 2]);

    for (1 .. 2) {
        my $client = open_request($node, {});

        is(read_rest($client) eq $document, 1, 'large: a document');
        like($client->{head}, qr/X-Cache: MISS/, 'large: which is not kept');
    }

    my $text = join '', grep { !ref } @{ $stream->{body} };

    for (1 .. 2) {
        my $client = open_request($node, \%stream);

        is(read_rest($client) eq $text, 1, 'large: a stream');
        like($client->{head}, qr/X-Cache: MISS/, 'large: which is not kept');
    }

    is(asked(), 4, 'large: four calls');
    ends($node);
}
