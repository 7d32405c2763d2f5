package LLMCost::Books;

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Access logs and ledger logs, added up while they are written: each line is
# read once and not kept, so that a million of them take no more than their
# request ids.  A request that has lines in both logs, or two, counts once.
#
#   my $books = LLMCost::Books->new(@directories);
#   $books->read;           # what is new
#
#   sum       the counters, as LLMCost::Ledger has them
#   asked     lines of access logs
#   admitted  requests that were, hits as well
#   spent     by them, nano-dollars
#   ledger    lines that no access log has

use strict;
use warnings;

use JSON::PP ();

use LLMCost::Ledger;

my $json = JSON::PP->new->utf8;
my @FIELDS = qw( request_id usage_source cost cache refusal budgets why );
my $FIELD = join '|', @FIELDS;


sub new {
    my ($class, @dirs) = @_;

    return bless { sum => {}, asked => 0, admitted => 0, spent => 0,
                   ledger => 0, seen => {},
                   files => [map { my $dir = $_;
                                   map { { path => "$dir/$_.log", at => 0 } }
                                       qw( access ledger ) } @dirs] }, $class;
}


sub read {
    my $self = shift;

    for my $file (@{$self->{files}}) {
        open my $in, '<', $file->{path} or next;
        seek $in, $file->{at}, 0;

        while (my $line = <$in>) {
            last if $line !~ /\n\z/;

            $file->{at} += length $line;
            $self->line($line);
            $self->{asked}++ if $file->{path} =~ m{/access\.log\z};
        }
    }

    return $self;
}


sub line {
    my ($self, $line) = @_;

    # whatever has to be decoded is rare

    my %entry = $line =~ /\\/ ? %{$json->decode($line)}
                              : $line =~ /"($FIELD)":"([^"]*)"/go;
    my $id = pack 'H*', $entry{request_id};

    return if $id !~ /^\0+\z/ && $self->{seen}{$id}++;

    $self->{ledger}++ if $entry{why};
    $self->{spent} += nano($entry{cost}) if $entry{cost};

    return if ($entry{budgets} // '') eq '';

    for my $budget (split /,/, $entry{budgets}) {
        my ($counter, $unit, $amount) = $budget =~ /^(.*\|(\w+))\|([\d.]+)$/
            or die "not a budget: \"$budget\"\n";
        $self->{sum}{$counter} += $unit eq 'usd' ? nano($amount) : $amount;
    }

    $self->{admitted}++ if ($entry{refusal} // '') eq ''
                           && ($entry{usage_source} ne 'none'
                               || ($entry{cache} // '') ne '');
}

1;
