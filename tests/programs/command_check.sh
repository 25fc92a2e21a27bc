#!/bin/sh
# SPDX-License-Identifier: MIT
# The promises of `mneme check` and of the option `check`.
. "$(dirname "$0")/common"
need perl

# check STATUS WORDS COMMAND...: what `mneme check` says and ends with.
check() {
    expected=$1 words=$2
    shift 2
    status=0
    "$mneme" check "$@" >out 2>err || status=$?
    [ "$status" -eq "$expected" ] || fail "$*: status $status: $(cat err)"
    grep -q "$words" err || fail "$*: $(cat err)"
}

check 0 'at exit the heap is right: [0-9]* blocks out, in [0-9]* spans' \
    -- perl -e 'my @a = map { "x$_" } 1 .. 10000; print scalar @a'
[ "$(cat out)" = 10000 ] || fail "what it prints: $(cat out)"
check 7 'the heap is right' -- perl -e 'exit 7'
check 0 'the heap is right' -o decay=0 seq 1000
checked "a heap that is right"

damage="$programs/damage"
check 124 'the heap is damaged: the record of a span' "$damage" libmneme.so
checked "a heap that is damaged"

check 137 'was not checked' -- perl -e 'kill 9, $$'
check 125 'was not checked' -- perl -MPOSIX=_exit -e '_exit 0'
refuses 127 'no-such-program' "$mneme" check no-such-program
refuses 125 'check=' "$mneme" run -o check=yes -- true
checked "a program that leaves nothing to check"

MNEME=check=exit "$mneme" run perl -e 1 2>err
grep -q '^mneme: at exit the heap is right: ' err || fail "$(cat err)"
MNEME=check=exit "$mneme" run "$damage" libmneme.so 2>err
grep -q '^mneme: at exit the heap is damaged: ' err || fail "$(cat err)"
MNEME=check=report "$mneme" run --report=report perl -e 1 2>err
[ ! -s err ] && grep -q '^check right: ' report || fail "$(cat err report)"
checked "the option check"
