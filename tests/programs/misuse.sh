#!/bin/sh
# SPDX-License-Identifier: MIT
# Each program of tests/misuse has one memory error. Run on Mneme, it must be
# stopped by an abort, after one line on standard error with the words that its
# source names after "stops:". With "runs", the error does no harm to Mneme.
set -eu
build=${MNEME_BUILD:-build}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failures=0
count=0

fail() {
    echo "misuse: $1: $2"
    sed 's/^/    /' "$out/stderr"
    failures=$((failures + 1))
}

for source in tests/misuse/*.c; do
    name=$(basename "$source" .c)
    words=$(sed -n 's|^/\* stops: \(.*\) \*/$|\1|p' "$source")
    status=0
    { # outside: what the shell says of the signal
        (
            ulimit -c 0
            LD_PRELOAD=$build/lib/libmneme.so exec "$build/tests/misuse/$name"
        ) 2>"$out/stderr" || status=$?
    } 2>/dev/null
    count=$((count + 1))
    if grep -q '^/\* runs \*/$' "$source"; then
        [ "$status" -eq 0 ] || fail "$name" "status $status instead of 0"
        continue
    fi
    [ -n "$words" ] || fail "$name" "names no words"
    # 128 and SIGABRT
    [ "$status" -eq 134 ] || fail "$name" "status $status instead of 134"
    [ "$(wc -l <"$out/stderr")" -eq 1 ] || fail "$name" "not one line"
    grep -q '^mneme: ' "$out/stderr" || fail "$name" "not our line"
    grep -qF -- "$words" "$out/stderr" || fail "$name" "not the words: $words"
done

echo "misuse: $count programs, $failures problems"
[ "$count" -gt 0 ] && [ "$failures" -eq 0 ]
