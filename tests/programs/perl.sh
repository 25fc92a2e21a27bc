#!/bin/sh
# SPDX-License-Identifier: MIT
# perl: hashes, strings, sorting, regular expressions, processes.
. "$(dirname "$0")/common"
need perl

export PERL_HASH_SEED=0 PERL_PERTURB_KEYS=0
cat >job.pl <<'EOF'
use strict;
use warnings;
my (%count, @lists);
my $state = 12345;
sub number { $state = ($state * 1103515245 + 12345) % 2147483648; $state }
for my $i (1 .. 200_000) {
    my $key = "key" . number() % 30_000;
    $count{$key} .= chr(97 + $i % 26);
    delete $count{"key" . number() % 30_000} if $i % 3 == 0;
}
for my $key (sort { length $count{$a} <=> length $count{$b} || $a cmp $b }
             keys %count) {
    push @lists, [$key, split //, $count{$key}];
}
print scalar(@lists), " ", join(",", @{$lists[-1]}), "\n";
my $text = join " ", map { "@$_" } @lists;
my $words = () = $text =~ /\bkey(\d+)\b/g;
(my $upper = $text) =~ s/([a-z])\1/uc "$1$1"/ge;
print "$words ", length $upper, " ", unpack("%32C*", $upper), "\n";
my $long = "x" x 1_000_000;
$long .= $long for 1 .. 4;
print length $long, "\n";
for my $child (1 .. 8) {
    my $pid = open my $pipe, "-|";
    if (!$pid) { print "child $child ", scalar keys %count, "\n"; exit 0 }
    print <$pipe>;
    close $pipe or die;
}
EOF
both "perl: hashes, strings, sorting, regular expressions, forks" perl job.pl
