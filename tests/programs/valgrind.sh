#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs on Mneme run under valgrind's tools that keep the program's malloc.
. "$(dirname "$0")/common"
need valgrind perl

for tool in none callgrind; do
    MNEME=stats=json "$mneme" run -- valgrind -q --tool=$tool \
        --log-file=log.%p perl -e 'for $i (0 .. 1999) {
            $a[$i % 77] .= $i } print length $a[5], "\n"' >mneme 2>err ||
        fail "valgrind --tool=$tool: $(cat err log.*)"
    [ "$(cat mneme)" = 88 ] || fail "--tool=$tool: $(cat mneme err)"
    grep -q '"committed"' err || fail "--tool=$tool did not run on Mneme"
    checked "valgrind --tool=$tool"
done
