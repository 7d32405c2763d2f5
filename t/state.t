# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# llm_zone state=: what a start, a stop, a test of the configuration and a
# reload do with the file.  Kills and upgrades under load are in t/faults/.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use IO::Socket::INET ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw( sleep );

use LLMCost::Ledger;
use LLMCost::Nginx qw( :DEFAULT nginx_config nginx_binary );
use LLMCost::Process;

my $dir = File::Temp->newdir('llm-state-XXXXXX', TMPDIR => 1);
my $upstream = start_upstream_server("$dir");
my $http = HTTP::Tiny->new(timeout => 10);
my ($state, $runs) = ("$dir/llm.state", 0);


sub conf {
    my $zone = shift;

    return <<END;
    $zone
    server {
        listen 127.0.0.1:PORT;
        location /v1/ {
            llm_cost on;
            llm_budget daily limit=1usd period=total;
            llm_budget user key=\$http_x_user_id limit=1usd period=total;
            proxy_pass http://127.0.0.1:$upstream;
        }
        location /llm/ { llm_api; access_log off; }
    }
END
}


sub zone { sprintf 'llm_zone zone=llm:%s state=%s;', $_[0], $_[1] // $state }


sub start {
    my $zone = shift;

    return start_nginx("$dir/" . ++$runs, workers => 2, http => conf($zone));
}


sub ask {
    my ($nginx, $user) = @_;

    my $answer = $http->post("http://127.0.0.1:$nginx->{port}"
                             . '/v1/chat/completions', {
        headers => { 'X-User-ID' => $user },
        content => '{"model":"gpt-4o-mini","max_tokens":10,'
                   . '"messages":[{"role":"user","content":"hi"}]}',
    });

    is $answer->{status}, 200, "$user is served" or diag $answer->{content};
}


# what every request costs: 10 tokens of input, 5 of output

my $COST = 4500;

# upstream's next answers, then none; undef: one that does not come

sub batch_answers {
    my @answers = map { {
        headers => { 'Content-Type' => 'application/json' },
        body    => [$_ ? JSON::PP->new->canonical->encode($_)
                       : { wait => 'abort' }],
    } } @_;

    write_file("$dir/script.json", JSON::PP->new->encode(
        { block => 1, answers => \@answers }));
}


sub spent_is {
    my ($nginx, $requests, $name) = @_;

    my $counters = api_counters($nginx->{port});

    is $counters->{'daily||1970-01-01T00:00:00Z|usd'}{spent},
       $requests ? $requests * $COST : undef, $name;
}


sub stop {
    my $nginx = shift;

    is join("\n", stop_nginx($nginx)), '', 'nginx leaves nothing behind';
}


sub log_like {
    my ($nginx, $pattern, $name) = @_;

    my $log;

    for (1 .. 300) {
        $log = read_file("$nginx->{dir}/error.log");
        last if $log =~ $pattern;
        sleep 0.01;
    }

    like $log, $pattern, $name;
}


# nginx with this configuration does not start; what it says

sub refused {
    my ($zone, $pattern, $name) = @_;

    my $text = eval { stop_nginx(start($zone)); 'it starts' } // $@;

    like $text, $pattern, $name;
}


# A configuration with another zone, tested or loaded by a running nginx

sub configure {
    my ($nginx, $zone) = @_;

    write_file("$nginx->{dir}/nginx.conf",
               nginx_config($nginx->{dir}, $nginx->{port}, workers => 2,
                            http => conf($zone)));
}


sub reload {
    my ($nginx, $pattern, $name) = @_;

    unlink "$nginx->{dir}/error.log.old";
    rename "$nginx->{dir}/error.log", "$nginx->{dir}/error.log.old";
    my $pid = read_file("$nginx->{dir}/nginx.pid");
    chomp $pid;
    kill 'USR1', $pid;
    sleep 0.05 while !-e "$nginx->{dir}/error.log";
    kill 'HUP', $pid;

    log_like($nginx, $pattern, $name);
}


my $nginx = start(zone('4m'));

log_like($nginx, qr/llm\.state" is new: the ledger starts empty/,
         'a new file says so');
ok -s $state > 2 * 1024 * 1024, 'the file is allocated';
is sprintf('%o', (stat $state)[2] & 07777), '600', 'and nobody else reads it';
ask($nginx, "u$_") for 1 .. 3;
spent_is($nginx, 3, 'three requests');

# somebody else, and a test of the configuration

refused(zone('4m'), qr/llm\.state" of llm_zone cannot be used: another nginx/,
        'a second nginx is refused');

# (a running nginx writes to it once a second: its times tell nothing)

my @before = (stat $state)[1, 7];
my $test = `@{[ nginx_binary() ]} -t -p $nginx->{dir}/ -c nginx.conf 2>&1`;

like $test, qr/test is successful/, 'nginx -t passes while nginx runs';
is_deeply [(stat $state)[1, 7]], \@before, 'and does not touch the file';
spent_is($nginx, 3, 'nor the ledger');

# reloads

reload($nginx, qr/start worker processes/, 'a reload');
ask($nginx, 'u4');
spent_is($nginx, 4, 'goes on');

configure($nginx, zone('8m'));
reload($nginx, qr/keeps its size while processes have it/,
       'a reload with another size keeps the file as it is');
log_like($nginx, qr/start worker processes/, 'and succeeds');
ask($nginx, 'u5');
spent_is($nginx, 5, 'and goes on');

configure($nginx, zone('8m', "$dir/other.state"));
reload($nginx, qr/state= of llm_zone cannot be changed by a reload/,
       'a reload with another file is refused');
configure($nginx, 'llm_zone zone=llm:8m;');
reload($nginx, qr/cannot be taken away by a reload/,
       'a reload without the file is refused');
configure($nginx, 'llm_zone zone=llm:4m;');
reload($nginx, qr/cannot be taken away by a reload/,
       'with another size as well');
configure($nginx, zone('8m'));
reload($nginx, qr/start worker processes/, 'and what was refused left nothing');
spent_is($nginx, 5, 'in the ledger either');
kill 'QUIT', read_file("$nginx->{dir}/nginx.pid");
stop_expected($nginx);


# the end of one whose log has what was refused above

sub stop_expected {
    my $nginx = shift;

    write_file("$nginx->{dir}/error.log", '');
    stop($nginx);
}


# starts

$nginx = start(zone('8m'));
log_like($nginx, qr/was copied into another size/, 'a start takes the size');
spent_is($nginx, 5, 'and the ledger');
ask($nginx, 'u6');
stop($nginx);

unlink "$dir/other.state";
rename $state, "$dir/moved";
symlink "$dir/moved", $state;
refused(zone('8m'), qr/it is a symbolic link/, 'a symbolic link is refused');
unlink $state;
rename "$dir/moved", $state;

chmod 0666, $state;
refused(zone('8m'), qr/others may write to it: chmod 600/,
        'a file that others may write to is refused');
chmod 0600, $state;

refused(zone('8m', "$dir/no/such/directory"), qr/No such file or directory/,
        'a missing directory is named');

$nginx = start(zone('2m'));
spent_is($nginx, 6, 'a smaller zone has it too');

# a batch outlives nginx: its reservation, and what settles it; a request that
# was open does not

batch_answers({ id => 'msgbatch_1', processing_status => 'in_progress' },
              undef,
              { result => { type => 'succeeded', message => {
                    model => 'claude-haiku-4-5', type => 'message',
                    usage => { input_tokens => 1000,
                               output_tokens => 100 } } } });

my $batch = $http->post("http://127.0.0.1:$nginx->{port}/v1/messages/batches", {
    headers => { 'X-User-ID' => 'u1' },
    content => '{"requests":[{"custom_id":"a","params":{"model":'
               . '"claude-haiku-4-5","max_tokens":1000,"messages":['
               . '{"role":"user","content":"hi"}]}}]}',
});

is $batch->{status}, 200, 'a batch is sent' or diag $batch->{content};

my $daily = 'daily||1970-01-01T00:00:00Z|usd';
my $before = api_counters($nginx->{port})->{$daily};
my $open = IO::Socket::INET->new("127.0.0.1:$nginx->{port}") or die $!;
my $body = '{"model":"gpt-4o-mini","max_tokens":10,"messages":[{"role":"user",'
           . '"content":"hi"}]}';

print $open "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
            . "X-User-ID: u1\r\n"
            . 'Content-Length: ' . length($body) . "\r\n\r\n$body";

for (1 .. 300) {
    last if api_counters($nginx->{port})->{$daily}{reserved}
            > $before->{reserved};
    sleep 0.01;
}

my $master = int read_file("$nginx->{dir}/nginx.pid");
kill 'KILL', $master, split ' ', `ps -o pid= --ppid $master`;

$nginx = start(zone('2m'));
log_like($nginx, qr/ 1 requests were left without their worker/,
         'a request that was open is nobody\'s');

$before = api_counters($nginx->{port})->{$daily};
is $before->{spent}, 6 * $COST + 7200,
   'it is charged as it was reserved, the batch is not';
cmp_ok $before->{reserved}, '>=', 2500000, 'its reservation is there';

$batch = $http->get("http://127.0.0.1:$nginx->{port}"
                    . '/v1/messages/batches/msgbatch_1/results',
                    { headers => { 'X-User-ID' => 'u1' } });

is $batch->{status}, 200, 'its results are read' or diag $batch->{content};

my $after = api_counters($nginx->{port})->{$daily};

is_deeply [@$after{qw( spent reserved )}], [$before->{spent} + 750000, 0],
          'they settle it after a restart';
unlink "$dir/script.json";
stop($nginx);

# without

$nginx = start('llm_zone zone=llm:4m;');
log_like($nginx, qr/its ledger starts empty, as nothing is kept/,
         'without a file a start says that it begins with nothing');
ask($nginx, 'u1');
spent_is($nginx, 1, 'and so it does');

# added by a reload

configure($nginx, zone('4m', "$dir/added.state"));
reload($nginx, qr/has state= now: its ledger is that of the file/,
       'a file that is added says what stays behind');
log_like($nginx, qr/start worker processes/, 'and is used');
stop($nginx);
ok -s "$dir/added.state", 'there it is';

done_testing;
