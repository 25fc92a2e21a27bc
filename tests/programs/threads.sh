#!/bin/sh
# SPDX-License-Identifier: MIT
# A program with many short-lived threads, forks, dlopen and dlclose.
. "$(dirname "$0")/common"
need cc

cat >plugin.c <<'EOF'
#include <stdlib.h>
#include <string.h>

static _Thread_local char buffer[500];
static char *kept;

__attribute__((constructor)) static void begin(void)
{
    kept = malloc(100000);
}

__attribute__((destructor)) static void end(void)
{
    free(kept);
}

void *plugin_make(size_t size)
{
    buffer[size % sizeof buffer] = 1;
    return memset(malloc(size), 1, size);
}

void plugin_drop(void *block)
{
    free(block);
}
EOF
cc -shared -fPIC -o plugin.so plugin.c
both "threads, forks, dlopen and dlclose" "$programs/threads" ./plugin.so
for round in 1 2 3 4 5; do
    "$mneme" run -o decay=0 -- "$programs/threads" ./plugin.so >mneme ||
        fail "round $round with decay=0"
done
checked "the same five times, with all memory purged at once"
