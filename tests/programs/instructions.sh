#!/bin/sh
# SPDX-License-Identifier: MIT
# A malloc and its free of 16 to 256 bytes stay within their instructions.
set -eu
exec bench/gate
