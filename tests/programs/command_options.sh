#!/bin/sh
# SPDX-License-Identifier: MIT
# The promises of MNEME and of `mneme options`: bounds, typos, sources.
. "$(dirname "$0")/common"
need perl

# value NAME: what `mneme options` shows, and from where.
value() {
    "$mneme" options 2>err | awk -v name="$1" '$1 == name { print $2, $3 }'
}

expect() {
    got=$(value "$1")
    [ "$got" = "$2" ] || fail "MNEME=${MNEME-}: $1 is \"$got\", not \"$2\""
}

expect decay "1000 default"
expect purge "thread default"
expect return "now default"
expect reserve "1024 default"
expect limit "0 default"
expect stats "off default"
expect check "off default"
expect report "- default"
checked "defaults"

for valid in decay=0 decay=3600000 decay=007 reserve=1 reserve=1048576 \
    purge=thread purge=ticks purge=off return=now return=lazy \
    limit=0 limit=16777216 check=off check=exit check=report stats=off stats=text stats=json report=/tmp/x report= '' , ,,decay=5,,; do
    export MNEME="$valid"
    value decay >/dev/null
    [ ! -s err ] || fail "MNEME=$valid: $(cat err)"
    "$mneme" run -o "$valid" -- true >/dev/null 2>&1 || fail "-o $valid"
done
MNEME=decay=3600000 expect decay "3600000 MNEME"
MNEME=decay=5,decay=6 expect decay "6 MNEME"
MNEME=purge=off,purge=ticks expect purge "ticks MNEME"
MNEME=report=a=b expect report "a=b MNEME"
checked "valid values at their bounds; the last one counts"

unset MNEME
for bad in decay=-1 decay=3600001 decay=1.5 decay=1x decay= decay decay=+1 \
    'decay= 1' limit=-1 limit=16777217 limit=1G limit= limit check=on check= reserve=0 reserve=1048577 stats=on stats= stats=textt \
    decay=18446744073709551616 decay=99999999999999999999999999999 =5 = \
    DECAY=5 purge=on purge= purge=thread\|ticks return=1 return=later; do
    MNEME=$bad value decay >/dev/null
    [ "$(wc -l <err)" -eq 1 ] || fail "MNEME=$bad: $(cat err)"
    grep -q '`mneme options`' err || fail "MNEME=$bad: $(cat err)"
    refuses 125 "-o: " "$mneme" run -o "$bad" -- true
    refuses 125 "MNEME: " env MNEME="$bad" "$mneme" run -- true
done
MNEME=decay=x,reserve=0 expect decay "1000 default"
MNEME=decay=x,reserve=7 expect reserve "7 MNEME"
checked "a bad value is named and its option keeps the default"

for typo in dekay:decay deacy:decay ecay:decay decayy:decay reservr:reserve \
    limits:limit limt:limit \
    resrve:reserve stat:stats sttas:stats repot:report \
    prge:purge retrun:return; do
    MNEME=${typo%:*}=1 value decay >/dev/null
    grep -q "unknown option \"${typo%:*}\"; did you mean \"${typo#*:}\"?" \
        err || fail "$typo: $(cat err)"
done
MNEME=xyzzy=1 value decay >/dev/null
grep -q 'unknown option "xyzzy" (' err || fail "xyzzy: $(cat err)"
checked "the nearest name is offered, and none that is far"

long=$(printf '%0600d' 0)
MNEME=report=$long value report >/dev/null
[ "$(wc -c <err)" -lt 300 ] || fail "a long value: $(wc -c <err) bytes"
grep -q '\.\.\."; expected report=PATH' err || fail "long: $(cat err)"
MNEME=$long value report >/dev/null
grep -q 'unknown option' err || fail "a long name: $(cat err)"
MNEME=$(printf 'a\033[31mb\001=1') value report >/dev/null
grep -q 'a?\[31mb?' err || fail "control characters: $(cat -v err)"
checked "long items are cut off, control characters shown as ?"

# In a program that is not the command: it goes on, and says one line.
LD_PRELOAD=$MNEME_BUILD/lib/libmneme.so MNEME=dekay=1 \
    sh -c 'echo works' >out 2>err
[ "$(cat out)" = works ] || fail "a typo stopped a program"
grep -q 'did you mean "decay"' err || fail "no word of a typo: $(cat err)"
[ "$(wc -l <err)" -eq 1 ] || fail "more than one line: $(cat err)"
checked "a typo stops no program"

LD_PRELOAD=$MNEME_BUILD/lib/libmneme.so MNEME=stats=text perl -e 1 2>err
grep -q '^payload' err || fail "stats=text: $(cat err)"
LD_PRELOAD=$MNEME_BUILD/lib/libmneme.so MNEME=stats=json perl -e 1 2>err
grep -q '^{"committed": ' err || fail "stats=json: $(cat err)"
LD_PRELOAD=$MNEME_BUILD/lib/libmneme.so MNEME=report=no/such/folder \
    perl -e 1 2>err
grep -q 'cannot write the report no/such/folder\.' err ||
    fail "a report that cannot be written: $(cat err)"
checked "options without the command"
