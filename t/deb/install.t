# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# install.t DIRECTORY-OF-PACKAGES [ROOT]
#
# The Debian packages in a Debian of their own, a chroot: installed, started,
# asked, installed again over themselves, removed, purged.  Run as root by
# make test-deb; an upstream of t/util answers on this machine's loopback.
# ROOT is a chroot that is there already, and is left there.

use strict;
use warnings;

use Cwd qw( abs_path );
use File::Temp ();
use HTTP::Tiny ();
use Test::More;

use LLMCost::Nginx;
use LLMCost::Process;

my ($packages, $root) = @ARGV;

plan skip_all => 'only root may chroot' if $> != 0;

$packages = abs_path($packages);

my $dir = File::Temp->newdir('llm-deb-XXXXXX', TMPDIR => 1);
my $module = 'libnginx-mod-http-llm-cost';
my $chat = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hi"}]}';
my $port = free_port();
my $upstream = start_upstream_server("$dir");

$root //= new_root();


# The release of this machine, from this machine's package sources

sub new_root {
    my ($codename) = read_file('/etc/os-release')
                         =~ /^VERSION_CODENAME=(\w+)/m;
    my @sources = grep { /\.(list|sources)$/ && read_file($_) =~ /\b$codename\b/ }
                  '/etc/apt/sources.list', glob '/etc/apt/sources.list.d/*';

    note "mmdebstrap $codename @sources";

    system('mmdebstrap', '--quiet', '--variant=minbase',
           '--include=ca-certificates', $codename, "$dir/root", @sources) == 0
        or BAIL_OUT('no chroot: mmdebstrap failed');

    return "$dir/root";
}


# what a command in the chroot prints; $? is its status

sub inside {
    my $command = shift;

    return scalar readpipe "DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8"
                           . " chroot $root sh -c '$command' 2>&1 < /dev/null";
}

sub inside_ok {
    my ($command, $name) = @_;

    my $text = inside($command);

    is($?, 0, $name) or diag($text);
    return $text;
}

sub ask {
    my ($method, $path, $body) = @_;

    return HTTP::Tiny->new->request($method, "http://127.0.0.1:$port$path", {
        headers => { Authorization => 'Bearer sk-test',
                     'Content-Type' => 'application/json' },
        content => $body // '',
    });
}

sub stop {
    my $pid = read_file("$root/run/nginx.pid") =~ s/\s//gr or return;

    kill 'QUIT', $pid;

    for (1 .. 1000) {
        return if !kill 0, $pid;
        select undef, undef, undef, 0.01;
    }
}

END { stop() if $root }


# Installed: nothing of ours runs or listens, the module can be loaded

system "mkdir -p $root/packages && cp $packages/*.deb $root/packages/";

inside_ok('apt-get -q update', 'the lists of packages');
inside_ok('rm -f packages/*-dbgsym_* && apt-get -q install -y'
          . ' --no-install-recommends nginx ./packages/*.deb',
          'the packages are installed');

ok(-l "$root/etc/nginx/modules-enabled/50-mod-http-llm-cost.conf",
   'the module is enabled');
ok(-f "$root/etc/nginx/sites-available/llm-cost", 'the example is there');
ok(!-e "$root/etc/nginx/sites-enabled/llm-cost", 'the example is disabled');

like(inside_ok('nginx -t', 'nginx starts'), qr/test is successful/,
     'nginx with the module and none of its directives');
like(inside('dpkg -s ' . $module), qr/^Depends:.*nginx-abi-/m,
     'the package depends on the ABI of nginx');

unlink "$root/etc/nginx/sites-enabled/default";


# Started: the example with this machine's names

my $site = read_file("$root/etc/nginx/sites-available/llm-cost");

$site =~ s{https://api\.openai\.com}{http://127.0.0.1:$upstream};
$site =~ s{127\.0\.0\.1:8080}{127.0.0.1:$port};

write_file("$root/etc/nginx/sites-available/mine", $site);
symlink '/etc/nginx/sites-available/mine', "$root/etc/nginx/sites-enabled/mine";

inside_ok('nginx', 'nginx with the example');

my $answer = ask('POST', '/v1/chat/completions', $chat);

is($answer->{status}, 200, 'a request is answered');
is($answer->{headers}{'x-cost-usd'}, '0.000004500', 'and priced');
is($answer->{headers}{'x-cache'}, 'MISS', 'and looked for');
like(ask('GET', '/llm/usage/summary')->{content}, qr/"total_requests":1,/,
     'and counted');


# The tools find their data

like(inside_ok('echo hello world | llm-tokens -m gpt-4o', 'llm-tokens'),
     qr/^\s*3\b/m, 'three tokens');
like(inside_ok('llm-cost monthly --daily-requests 1000 --input 500'
               . ' --output 200 --model gpt-4o-mini', 'llm-cost'),
     qr/\b5\.85\b/, 'a month of 5.85 usd');
inside_ok("$_ --help", "$_ --help") for qw( llm-report llm-ledger );
like(inside('llm-vocab'), qr/usage: llm-vocab/, 'llm-vocab');


# Installed over itself while it runs

inside_ok("dpkg -i packages/*.deb", 'the same packages again');
inside_ok('nginx -s reload', 'reloaded');
is(ask('POST', '/v1/chat/completions', $chat)->{headers}{'x-cache'}, 'HIT',
   'the answer is in the cache that a reload keeps');


# Removed: nginx runs without it, and is told by -t what is missing

inside_ok("apt-get -q remove -y $module", 'removed');
ok(!-e "$root/usr/lib/nginx/modules/ngx_llm_cost_module.so",
   'the module is gone');
like(inside('nginx -t'), qr/unknown directive "llm_zone"/,
     'a configuration that needs it is refused');

stop();
unlink map { "$root/etc/nginx/sites-$_/mine" } qw( enabled available );
like(inside_ok('nginx -t', 'nginx starts without it'),
     qr/test is successful/, 'nothing of it is left in the configuration');

inside_ok("apt-get -q purge -y $module llm-cost-tools llm-cost-data",
          'purged');
is(inside('find / -xdev \( -name "*llm*cost*" -o -name "llm-*" \)'
          . ' -not -path "/packages/*" -not -path "/var/lib/apt/*"'),
   '', 'nothing is left');

done_testing();
