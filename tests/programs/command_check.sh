#!/bin/sh
# SPDX-License-Identifier: MIT
# The promises of `mneme check` and of the option `check`.
. "$(dirname "$0")/common"
need perl python3

# check STATUS WORDS COMMAND...: what `mneme check` says and ends with.
check() {
    expected=$1 words=$2
    shift 2
    says "$expected" "$words" "$mneme" check "$@"
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

# begin OPTION COMMAND...: one that runs until its input ends; its number is in
# $process.
begin() {
    option=$1
    shift
    rm -f fifo number
    mkfifo fifo
    "$mneme" run -o "$option" -- sh -c 'echo $$ >number; exec "$@"' - "$@" \
        <fifo >/dev/null &
    runner=$!
    exec 3>fifo
    for wait in $(seq 100); do
        sleep 0.05
        [ ! -s number ] || break
    done
    sleep 0.3
    process=$(cat number)
}

end() {
    exec 3>&-
    wait "$runner" || fail "the program was disturbed: status $?"
}

# asked STATUS WORDS: what is said of the process.
asked() {
    status=0
    "$mneme" check "$process" >out 2>&1 || status=$?
    [ "$status" -eq "$1" ] || fail "$process: status $status: $(cat out)"
    grep -q "$2" out || fail "$process: $(cat out)"
}

begin check=demand perl -e 'my @a = map { "x$_" } 1 .. 50000; <STDIN>'
asked 0 "^The heap of perl, process $process, is right: [0-9]* blocks out"
asked 0 'is right: '
"$mneme" check "$process" >one &
other=$!
"$mneme" check "$process" >two
wait "$other"
grep -q 'is right' one && grep -q 'is right' two || fail "two at a time"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    cp "$mneme" mneme-copy
    chmod 755 . mneme-copy
    refuses 125 "may not be read" setpriv --reuid=65534 --clear-groups \
        ./mneme-copy check "$process"
fi
end
checked "a process that runs"

begin check=demand perl -e 'if (my $p = fork) { waitpid($p, 0); exit $? >> 8 }
    open my $f, ">", "number"; print $f "$$\n"; close $f;
    my @a = map { "x$_" } 1 .. 50000; <STDIN>'
sleep 0.3
process=$(cat number)
asked 0 'is right: '
end
checked "its child"

begin check=demand "$programs/borrowed"
asked 0 'is right: '
end
checked "a process whose child by vfork allocated first"

begin check=demand python3 -c 'import sys, threading
def work():
    while not over: [bytearray(n) for n in range(0, 100000, 700)]
over = False
threads = [threading.Thread(target=work) for n in range(3)]
for thread in threads: thread.start()
sys.stdin.read()
over = True'
for round in 1 2 3 4 5 6 7 8; do
    asked 0 'is right: '
done
end
checked "a process that is busy"

begin check=demand "$damage" libmneme.so wait
asked 124 'is damaged: the record of a span'
end
checked "a process with a damaged heap"

begin check=off "$damage" libmneme.so wait
asked 125 'not started with MNEME=check=demand'
end
sleep 5 & process=$!
asked 125 'Mneme'
kill "$process"
wait "$process" || true
asked 125 'no process'
checked "a process that does not answer"
