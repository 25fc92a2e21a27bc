#!/bin/sh
# SPDX-License-Identifier: MIT
# Lost blocks: `mneme leaks` and MNEME=leaks=exit find those that Valgrind finds.
. "$(dirname "$0")/common"
need valgrind perl
lost=$programs/lost

# looks STATUS WORDS COMMAND...: what `mneme leaks` says and ends with.
looks() {
    expected=$1 words=$2
    shift 2
    says "$expected" "$words" "$mneme" leaks "$@"
}

looks 7 'at exit no block is lost, of [0-9]* that are out' "$lost"
looks 123 'at exit 20 blocks are lost, ' "$lost" 5
grep -q ' lost: 5 blocks of 48 bytes, 240 in all, the first at 0x' err &&
    grep -q ' lost: 10 blocks of 48 bytes, 480 in all, led to by' err ||
    fail "groups: $(cat err)"
looks 123 'at exit 4 blocks are lost, ' "$lost" 1 thread
looks 7 'no block is lost' "$lost" 0 thread
looks 7 'no block is lost' "$lost" 0 bare
looks 7 'no block is lost' "$lost" 0 inner
checked "direct and indirect, and what a thread keeps"

# blocks NAME: how many Valgrind counts so.
blocks() {
    sed -n "s/.*$1 lost: .* bytes in \([0-9,]*\) blocks/\1/p" own | tr -d ,
}
for count in 0 1 3 40; do
    valgrind --leak-check=full "$lost" $count >own 2>&1 || [ $? -eq 7 ]
    # A number that happens to be an address in a large block makes it possibly
    # lost; one that the program points into is, always.
    direct=$(blocks definitely) indirect=$(blocks indirectly)
    possible=$(blocks possibly)
    sum=$((${direct:-0} + ${indirect:-0} + ${possible:-0} - 1))
    [ "$sum" -eq $((4 * count)) ] || fail "Valgrind finds $sum: $(cat own)"
    [ "$sum" -ne 0 ] || sum=no
    "$mneme" leaks "$lost" $count 2>err || true
    grep -q "at exit $sum block" err || fail "$count: $(cat err)"
done
checked "as many as Valgrind"

MNEME=leaks=exit "$mneme" run "$lost" 2 2>err || [ $? -eq 7 ]
grep -q '^mneme: at exit 8 blocks are lost' err || fail "$(cat err)"
MNEME=leaks=report "$mneme" run --report=report "$lost" 2>err || [ $? -eq 7 ]
[ ! -s err ] && grep -q '^leaks at exit no block' report || fail "$(cat err)"
checked "the option leaks"

looks 137 'leaks were not looked for' -- perl -e 'kill 9, $$'
looks 125 'leaks were not looked for' -- perl -MPOSIX=_exit -e '_exit 0'
refuses 127 'no-such-program' "$mneme" leaks no-such-program
refuses 125 'leaks=' "$mneme" run -o leaks=yes -- true
checked "a program that leaves nothing to look through"
