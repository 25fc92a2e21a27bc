#!/bin/sh
# SPDX-License-Identifier: MIT
# Where address space is limited, programs run, or fail as they would without
# Mneme. A limit on what is mapped counts reservations too.
. "$(dirname "$0")/common"
need cc

lib=$MNEME_BUILD/lib/libmneme.so
echo 'int main(void) { return 0; }' >true.c
for mebibytes in 4096 2048 1024 512 200 100; do
    for command in true 'echo text | cat' 'seq 100000 | sort -n | tail -n 1' \
        'cc -c -O1 true.c'; do
        limited="ulimit -v $((mebibytes * 1024)) && $command"
        sh -c "$limited" >own 2>&1 || continue
        LD_PRELOAD=$lib sh -c "$limited" >mneme 2>&1 || {
            cat mneme >&2
            fail "ulimit -v $mebibytes MiB: $command"
        }
        same own mneme "$command in $mebibytes MiB"
        (ulimit -v $((mebibytes * 1024)) && "$mneme" run -- sh -c "$command") \
            >mneme 2>&1 || {
            cat mneme >&2
            fail "mneme run in ulimit -v $mebibytes MiB: $command"
        }
        same own mneme "mneme run -- $command in $mebibytes MiB"
    done
    checked "programs in $mebibytes MiB of addresses"
done

# What does not fit is refused with NULL, and the program goes on.
status=0
LD_PRELOAD=$lib sh -c 'ulimit -v 204800; exec "$0"' \
    "$programs/exhaust" >out 2>&1 || status=$?
[ "$status" -eq 0 ] || fail "exhaust: status $status: $(cat out)"
checked "$(cat out)"

# What the smaller ones took up serves the larger ones.
status=0
LD_PRELOAD=$lib sh -c 'ulimit -v 1048576; exec "$0" 500' \
    "$programs/exhaust" >out 2>&1 || status=$?
[ "$status" -eq 0 ] || fail "1 GiB of addresses: status $status: $(cat out)"
checked "1 GiB of addresses: $(cat out)"
