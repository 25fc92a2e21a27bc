#!/bin/sh
# SPDX-License-Identifier: MIT
# 250 MiB of small blocks that are freed come back while the program sleeps, by
# the options that say so, and stay by those that say otherwise.
. "$(dirname "$0")/common"

idle=$programs/idle
limit=20480 # KiB

"$mneme" run -- "$idle" back $limit 60 >out || fail "by default: $(cat out)"
"$mneme" run -o decay=50 -- "$idle" back $limit 60 >out ||
    fail "decay=50: $(cat out)"
"$mneme" run -o decay=0 -- "$idle" back $limit 60 >out ||
    fail "decay=0: $(cat out)"
"$mneme" run -o decay=0,purge=ticks -- "$idle" back $limit 60 >out ||
    fail "decay=0,purge=ticks: $(cat out)"
checked "a sleeping program has at most 20 MiB"

for option in purge=ticks purge=off decay=0,purge=off decay=3600000; do
    "$mneme" run -o "$option" -- "$idle" stay 200000 2 >out ||
        fail "$option: $(cat out)"
done
# Without pressure the system takes nothing, but here there may be some.
"$mneme" run -o return=lazy -- "$idle" back 0 2 >out && fail "return=lazy"
[ "$(cat out)" = stays ] || fail "return=lazy: $(cat out)"
checked "by ticks, without a purge and by a long decay time, all stays"

"$mneme" run -o purge=ticks,stats=text -- "$idle" stay 200000 1 >out 2>err ||
    fail "ticks: $(cat out)"
grep -q '^spans' err || fail "no statistics: $(cat err)"
checked "statistics of what waits"
