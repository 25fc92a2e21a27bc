#!/bin/sh
# SPDX-License-Identifier: MIT
# The promises of `mneme run`: status, refusals, proof that Mneme serves.
. "$(dirname "$0")/common"
need cc perl

# ---- the exit status ----

for status in 0 1 2 125 126 127 200 255; do
    got=0
    "$mneme" run -- sh -c "exit $status" || got=$?
    [ "$got" -eq "$status" ] || fail "exit $status became $got"
done
for signal in 1 2 3 6 9 11 13 15; do
    got=0
    "$mneme" run -- sh -c "ulimit -c 0; kill -$signal \$\$" || got=$?
    [ "$got" -eq $((128 + signal)) ] || fail "signal $signal became $got"
done
checked "the exit status is passed on, signals as 128 + n"

# ---- signals that are sent to the command ----

"$mneme" run -- sh -c 'trap "exit 42" TERM; echo ready >ready
    while :; do sleep 0.05; done' &
while [ ! -s ready ]; do sleep 0.02; done
kill -TERM $!
got=0
wait $! || got=$?
[ "$got" -eq 42 ] || fail "SIGTERM did not reach the program: $got"
checked "signals go on to the program"
for command in '' "$mneme run --"; do
    perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' \
        $command grep SigIgn /proc/self/status >ignored
    grep -q '1....$' ignored || fail "SIGCHLD, ignored: $(cat ignored)"
done
checked "SIGCHLD may be ignored"

# ---- arguments, input, environment ----

printf '%s\n' 'a b' '' '--stats' "*" >wanted
"$mneme" run printf '%s\n' 'a b' '' --stats '*' >got
same wanted got "arguments"
echo text | "$mneme" run -- cat >got
echo text | cmp -s - got || fail "standard input"
LD_PRELOAD=$MNEME_BUILD/lib/libmneme.so "$mneme" run -- \
    sh -c 'echo "$LD_PRELOAD"' >got
case $(cat got) in
*/libmneme.so*:$MNEME_BUILD/lib/libmneme.so) ;;
*) fail "LD_PRELOAD was not kept: $(cat got)" ;;
esac
"$mneme" run -- sh -c 'ls -l /proc/self/fd | wc -l' >got
sh -c 'ls -l /proc/self/fd | wc -l' >wanted
same wanted got "open descriptors"
checked "arguments, input, LD_PRELOAD and descriptors"

printf '#! /bin/sh\nexit 7\n' >script
printf 'exit 8\n' >bare
chmod +x script bare
refuses 7 "" "$mneme" run ./script
refuses 8 "" "$mneme" run ./bare
checked "scripts, with #! and without"

# ---- what cannot work is refused ----

refuses 127 "no such program" "$mneme" run -- ./missing
refuses 127 "no such program" "$mneme" run -- no-such-program-at-all
refuses 125 "which program?" "$mneme" run
touch plain
refuses 126 "cannot be run" "$mneme" run -- ./plain
refuses 126 "cannot be run" "$mneme" run -- /tmp
printf '#!/no/such/interpreter\n' >lost
chmod +x lost
refuses 127 "its interpreter /no/such/interpreter" "$mneme" run -- ./lost
printf '\177ELF' >broken
chmod +x broken
refuses 125 "./broken" "$mneme" run -- ./broken

echo 'int main(void) { return 0; }' >static.c
cc -static -o static static.c
refuses 125 "statically linked" "$mneme" run -- ./static
cc -static-pie -o pie static.c
refuses 125 "statically linked" "$mneme" run -- ./pie
checked "static programs are refused"

# The first byte after the magic is the class; the machine is at byte 18.
cc -o dynamic static.c
cp dynamic other
printf '\001' | dd of=other bs=1 seek=4 conv=notrunc 2>/dev/null
refuses 125 "is a 32-bit program" "$mneme" run -- ./other
cp dynamic other
printf '\363' | dd of=other bs=1 seek=18 conv=notrunc 2>/dev/null
refuses 125 "is for another processor" "$mneme" run -- ./other
checked "programs for other processors are refused"

if [ "$(id -u)" -eq 0 ]; then
    cp dynamic elevated
    chown 65534 elevated
    chmod 4755 elevated
    refuses 125 "is set-user-ID" "$mneme" run -- ./elevated
    checked "a set-user-ID program is refused"
else
    for elevated in /usr/bin/passwd /usr/bin/su /bin/su /usr/bin/mount; do
        if [ -u "$elevated" ]; then
            refuses 125 "is set-user-ID" "$mneme" run -- "$elevated"
            checked "$elevated is refused, which is set-user-ID"
            break
        fi
    done
fi

# ---- a library that does not serve is noticed ----

echo 'int nothing;' >empty.c
cc -shared -fPIC -o empty.so empty.c
refuses 125 "ran WITHOUT Mneme" "$mneme" run --lib=./empty.so -- true
refuses 125 "--lib=PATH names" "$mneme" run --lib=./absent.so -- true
refuses 125 "is not a library" "$mneme" run --lib=./script -- true
mkdir 'a b'
cp "$MNEME_BUILD/lib/libmneme.so" 'a b/libmneme.so'
refuses 125 "spaces or colons" "$mneme" run --lib='a b/libmneme.so' -- true
checked "a run without Mneme fails, with a reason"

# ---- what is shown at the end ----

"$mneme" run --stats -- perl -e 'exit 5' 2>err && fail "status lost"
for word in payload rounding metadata committed 'at its peak'; do
    grep -q "$word" err || fail "--stats does not show $word: $(cat err)"
done
"$mneme" run --stats=json -- true 2>err
grep -q '^{"program": "true".*"peak": {.*"end": {.*}}$' err ||
    fail "--stats=json: $(cat err)"
"$mneme" run --report=report -- true
[ "$(head -n 1 report)" = "mneme-report 1" ] || fail "--report: $(cat report)"
"$mneme" run -o report=mine --report=report -- \
    perl -e 'system "perl", "-e", "1"'
[ "$(cat mine.* | grep -c '^mneme-report 1')" -ge 2 ] ||
    fail "-o report= leaves no report of each process"
"$mneme" run --time -- true 2>err
grep -q 'wall time' err || fail "--time: $(cat err)"
"$mneme" run --stats -- sh -c 'kill -9 $$' 2>err && fail "status lost"
grep -q 'left no statistics' err || fail "killed: $(cat err)"
checked "--stats, --report and --time"

awk -F= '/^peak\./ && $1 != "peak.committed_peak" &&
    $1 !~ /reserved|_count|\.committed$/ { sum += $2 }
    $1 == "peak.committed" { whole = $2 }
    END { exit sum != whole }' report || fail "the causes do not add up"
checked "the causes of a report add up to what is committed"

# ---- nothing is left behind ----

mkdir temporary
TMPDIR=$work/temporary "$mneme" run --stats -- true 2>/dev/null
[ -z "$(ls -A temporary)" ] || fail "left behind: $(ls -A temporary)"
TMPDIR=$work/no/such/folder "$mneme" run -- true
checked "no file is left behind"

# ---- the command itself ----

refuses 125 'did you mean "run"' "$mneme" rnu -- true
refuses 125 'unknown command "xyzzyxyzzy"' "$mneme" xyzzyxyzzy
refuses 125 "Usage: mneme" "$mneme"
refuses 0 "Usage: mneme run" "$mneme" help run
refuses 0 "mneme 0." "$mneme" --version
for command in run compare stat options; do
    refuses 0 "Usage: mneme $command" "$mneme" help "$command"
done
checked "help, version and unknown commands"

refuses 0 "peak resident" "$mneme" compare -n 1 -- sh -c 'exit 0'
refuses 0 "the same" "$mneme" compare -n 1 -- echo text
refuses 1 "ended with status" "$mneme" compare -n 1 -- \
    sh -c '[ -n "${LD_PRELOAD-}" ]'
refuses 125 "expected 1 to" "$mneme" compare -n 0 -- true
checked "mneme compare"
