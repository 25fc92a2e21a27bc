#!/bin/sh
# SPDX-License-Identifier: MIT
# AddressSanitizer and Valgrind see the objects of a pool as if each came from
# malloc: their reports tell where it was allocated, and where released.
. "$(dirname "$0")/common"
need valgrind gcc clang-19

source=$here/../watch/pool.c
headers=$here/../../include
library=$MNEME_BUILD/lib/libmneme.a

# The compiler's own malloc is before Mneme's, and the library is the one that
# ships.
for compiler in gcc clang-19; do
    $compiler -g -O1 -fno-omit-frame-pointer -fsanitize=address \
        -I"$headers" "$source" "$library" -pthread -o "asan-$compiler"
done
gcc -g -O1 -I"$headers" "$source" "$library" -pthread -o plain
export ASAN_OPTIONS=abort_on_error=0:detect_leaks=0
ulimit -c 0

# sees WORDS...: the last report has them all.
sees() {
    for words in "$@"; do
        grep -qE -e "$words" out || {
            cat out >&2
            fail "$tool, $kind, $error: does not say \"$words\""
        }
    done
}

run() {
    error=$1
    shift
    status=0
    { "$@" "$kind" "$error" >out 2>&1 </dev/null || status=$?; } 2>/dev/null
}

asan() {
    run "$1" "./$tool"
    shift
    [ "$status" -ne 0 ] || fail "$tool, $kind, $error: status 0"
    sees "$@"
}

memcheck() {
    run "$1" valgrind --error-exitcode=9 --leak-check=full \
        --errors-for-leak-kinds=definite ./plain
    shift
    [ "$status" -ne 0 ] || fail "$tool, $kind, $error: status 0"
    sees "$@"
}

for kind in fixed growing; do
    for tool in asan-gcc asan-clang-19; do
        run none "./$tool"
        [ "$status" -eq 0 ] || fail "$tool, $kind: $(cat out)"
        poison=use-after-poison
        asan after_release $poison 'freed by thread' 'allocated by thread'
        asan overflow $poison 'allocated by thread'
        asan underflow $poison 'allocated by thread'
        asan after_clear $poison 'freed by thread' 'allocated by thread'
        asan double_release 'freed by thread' 'allocated by thread' \
            'mneme: release of 0x.*: object is already free'
    done
    tool=asan-gcc # whose frames have names without another program
    asan after_release 'in allocate_here' 'in release_here'
    asan overflow 'in allocate_here'
    asan double_release 'in allocate_here' 'in release_here'

    tool=memcheck
    run none valgrind --error-exitcode=9 ./plain
    [ "$status" -eq 0 ] || fail "$tool, $kind: $(cat out)"
    memcheck after_release 'Invalid read of size 1' \
        "is 0 bytes inside a block of size 40 free'd" ': release_here' \
        ': allocate_here'
    memcheck overflow 'Invalid write' ': allocate_here' \
        "is 0 bytes after a block of size 40 alloc'd"
    memcheck underflow 'Invalid write' ': allocate_here' \
        "is (1 bytes before|23 bytes after) a block of size 40 alloc'd"
    memcheck after_clear 'Invalid read' \
        "is 1 bytes inside a block of size 40 free'd"
    memcheck double_release 'Invalid free' ': release_here' \
        'mneme: release of 0x.*: object is already free'
    memcheck uninitialized 'depends on uninitialised value'
    memcheck leak 'definitely lost' ': allocate_here'
    checked "$kind"
done
