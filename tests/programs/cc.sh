#!/bin/sh
# SPDX-License-Identifier: MIT
# The compiler makes the same object code on Mneme.
. "$(dirname "$0")/common"
need cc

root=$(cd "$here/../.." && pwd)
mkdir own.d mneme.d
count=0
for source in "$root"/src/region/*.c "$root"/src/slab/*.c; do
    object=$(basename "$source" .c).o
    set -- cc -std=gnu11 -O2 -I"$root/include" -I"$root/src" -c "$source"
    "$@" -o "own.d/$object" || fail "cc without Mneme: $source"
    "$mneme" run -- "$@" -o "mneme.d/$object" || fail "cc: $source"
    cmp "own.d/$object" "mneme.d/$object" || fail "$object is not the same"
    count=$((count + 1))
done
checked "cc -O2: $count objects, byte by byte"

# A source that makes the compiler use some memory.
awk 'BEGIN {
    for (i = 0; i < 2000; i++)
        printf "int f%d(int x) { return x * %d + (x %% %d); }\n", i, i, i + 1
    print "int (*const all[])(int) = {"
    for (i = 0; i < 2000; i++)
        printf "f%d,", i
    print "};"
}' >large.c
cc -O2 -S -o own.s large.c
"$mneme" run -- cc -O2 -S -o mneme.s large.c
same own.s mneme.s "large.c"
cc -o own.exe -x c - <<'EOF'
#include <stdio.h>
int main(void) { return puts("linked") < 0; }
EOF
"$mneme" run -- cc -o mneme.exe -x c - <<'EOF'
#include <stdio.h>
int main(void) { return puts("linked") < 0; }
EOF
[ "$(./mneme.exe)" = linked ] || fail "linked on Mneme, it does not run"
checked "a large source, and the linker"
