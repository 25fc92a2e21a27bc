#!/bin/sh
# SPDX-License-Identifier: MIT
# AddressSanitizer and Valgrind see the objects of pools as if each came from
# malloc: their reports tell where it was allocated, and where released.
. "$(dirname "$0")/common"
need valgrind gcc clang-19

headers=$here/../../include
library=$MNEME_BUILD/lib/libmneme.a

# The compiler's own malloc is before Mneme's, and the library is the one that
# ships.
build() {
    source=$here/../watch/$1.c
    for compiler in gcc clang-19; do
        $compiler -g -O1 -fno-omit-frame-pointer -fsanitize=address \
            -I"$headers" "$source" "$library" -pthread -o "asan-$compiler"
    done
    gcc -g -O1 -I"$headers" "$source" "$library" -pthread -o plain
}
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

# Valgrind describes one of the two objects that the zone lies between.
beyond="is (0 bytes after|24 bytes before) a block of size 40 alloc'd"

build pool
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
        "$beyond"
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

# Stacks of a bounded pool would take the sanitizer's malloc, in handlers.
build pools
for kind in shared bounded keys; do
    freed='freed by thread'
    allocated='allocated by thread'
    [ "$kind" != bounded ] || freed=ERROR allocated=ERROR
    for tool in asan-gcc asan-clang-19; do
        run none "./$tool"
        [ "$status" -eq 0 ] || fail "$tool, $kind: $(cat out)"
        asan after_release $poison "$freed" "$allocated"
        [ "$kind" = bounded ] ||
            asan after_clear $poison "$freed" "$allocated"
    done
    tool=memcheck
    run none valgrind --error-exitcode=9 ./plain
    [ "$status" -eq 0 ] || fail "$tool, $kind: $(cat out)"
    # Where objects adjoin, it may be the one before that is described.
    where='0 bytes (inside|after) a .*block of size 40'
    [ "$kind" != shared ] ||
        where="0 bytes inside a block of size 40 free'd"
    memcheck after_release 'Invalid read of size 1' "$where" ': allocate_here'
    [ "$kind" = bounded ] ||
        memcheck after_clear 'Invalid read' 'a block of size 40'
    memcheck uninitialized 'uninitialised (value|byte)'
    checked "$kind"
done

kind=shared
for tool in asan-gcc asan-clang-19; do
    asan after_thread $poison "freed by thread T[1-9]" 'allocated by thread T0'
    asan overflow $poison 'allocated by thread'
    asan double_release 'freed by thread' 'allocated by thread' \
        'mneme: release of 0x.*: block is already free'
done
tool=asan-gcc
asan after_thread 'in release_there' 'in allocate_here'
tool=memcheck
memcheck overflow 'Invalid write' ': allocate_here' \
    "$beyond"
memcheck double_release 'Invalid free' ': release_here' \
    'mneme: release of 0x.*: block is already free'
memcheck after_release ': release_here'
kind=bounded
memcheck double_release 'Invalid free' ': release_here' \
    'mneme: release of 0x.*: block is already free'
kind=keys
tool=asan-gcc
asan key_after_release 'in release_here' 'in allocate_here' \
    'mneme: use of key .*: its object was removed'
checked 'errors of one kind'
