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

# Likewise by the option: malloc answers ENOMEM.
status=0
MNEME=limit=200 LD_PRELOAD=$lib "$programs/exhaust" >out 2>&1 || status=$?
[ "$status" -eq 0 ] || fail "limit=200: status $status: $(cat out)"
checked "limit=200: $(cat out)"

MNEME=limit=8 "$mneme" run -- sh -c 'seq 100000 | sort -n | tail -n 1' >out
[ "$(cat out)" = 100000 ] || fail "limit=8: $(cat out)"
status=0
MNEME=limit=1 "$mneme" run -- "$programs/exhaust" >out 2>&1 || status=$?
[ "$status" -eq 1 ] && grep -q 'only .* bytes' out \
    || fail "limit=1: status $status: $(cat out)"
checked "the option limit is for the program, not for the command"

# What the smaller ones took up serves the larger ones.
status=0
LD_PRELOAD=$lib sh -c 'ulimit -v 1048576; exec "$0" 500' \
    "$programs/exhaust" >out 2>&1 || status=$?
[ "$status" -eq 0 ] || fail "1 GiB of addresses: status $status: $(cat out)"
checked "1 GiB of addresses: $(cat out)"
