#!/bin/sh
# SPDX-License-Identifier: MIT
# The lock-free parts hold in every schedule up to a bound, and what is wrong
# on purpose is found. `make explore` goes on to higher bounds.
. "$(dirname "$0")/common"

folder=$MNEME_BUILD/schedule
"$here/../schedule/build" "$folder" || fail "it does not compile"
"$folder/heap" || fail "the heap, in the schedule above"
"$folder/lock" || fail "the lock, in the schedule above"
"$folder/gate" || fail "the gate of a collector, in the schedule above"
"$folder/pool" || fail "a pool, in the schedule above"
"$folder/move" || fail "a mover of many threads, in the schedule above"
"$folder/arc" || fail "shared references, in the schedule above"
checked "the heap, locks, pools and shared references"
"$here/../schedule/mutants" "$folder" || fail "a mutant was not found"
checked "mutants"
