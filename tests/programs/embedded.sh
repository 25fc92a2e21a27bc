#!/bin/sh
# SPDX-License-Identifier: MIT
# The freestanding profile runs on processors without a system, in qemu, and
# is as large and as fast there as its manual says.
set -eu
exec tests/embedded/run
