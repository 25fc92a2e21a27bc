#!/bin/sh
# SPDX-License-Identifier: MIT
# Every example of the manual compiles without a warning, and succeeds.
set -eu
build=${MNEME_BUILD:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for source in examples/*.c; do
    ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror -Iinclude -Isrc \
        "$source" -o "$work/example" "$build/lib/libmneme.a" -pthread
    echo "$source:"
    "$work/example"
done
