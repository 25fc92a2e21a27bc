#!/bin/sh
# SPDX-License-Identifier: MIT
# The promises of `mneme map`: what a program wrote is drawn, in a terminal and
# as SVG, and what is damaged is refused.
. "$(dirname "$0")/common"

cat >map.txt <<'END'
mneme map be<fore
size 4096
blocks 3
live 1500
holes 1
free 2048
largest 1024
pinned 1
moved 0
cells 8
#5..b@3.
mneme map after
size 4096
blocks 3
live 1500
holes 0
free 2048
largest 2048
pinned 0
moved 700
cells 8
####....
END
"$mneme" map --svg=map.svg map.txt >out || fail "a map is refused"
grep -q '^be<fore: 3 blocks, .* 50.0 % of what is free; 1 pinned' out ||
    fail "the first map is not described: $(cat out)"
grep -q '^  #5..b@3.$' out || fail "the first map is not drawn"
grep -q '^  ####....$' out || fail "the second map is not drawn"
"$mneme" map - <map.txt | cmp -s - out || fail "standard input is not read"
checked "text"

grep -q 'be&#60;fore' map.svg || fail "a name is not escaped"
[ "$(grep -c '<rect' map.svg)" -eq 17 ] || fail "cells are missing in the SVG"
[ "$(grep -c 'c0392b' map.svg)" -eq 2 ] || fail "pinned cells are not red"
tail -1 map.svg | grep -q '^</svg>$' || fail "the SVG has no end"
checked "svg"

refused() {
    status=0
    "$mneme" map "$@" >out 2>err || status=$?
    [ "$status" -eq 125 ] || fail "status $status for $*"
    [ "$(wc -l <err)" -eq 1 ] || fail "not one line for $*: $(cat err)"
}
refused /nowhere
refused --svg=/nowhere/x map.txt
: >empty
refused empty
for edit in 's/size 4096/size x/' 's/^holes/hole/' 's/cells 8/cells 9/' \
    's/cells 8/cells 99999/' 's/#5/!5/' '1s/map/mop/' '$d' 's/live 1500/live/'; do
    sed "$edit" map.txt >damaged
    refused damaged
done
for i in 1 2 3 4 5 6 7 8 9; do cat map.txt; done >many
refused many
checked "damage"
