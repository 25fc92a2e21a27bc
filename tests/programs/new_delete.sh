#!/bin/sh
# SPDX-License-Identifier: MIT
# A C++ program that uses every form of operator new and delete.
. "$(dirname "$0")/common"
both "new and delete: aligned, nothrow, sized, bad_alloc, handler" \
    "$programs/new_delete"
