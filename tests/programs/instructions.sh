#!/bin/sh
# SPDX-License-Identifier: MIT
# Each pattern of malloc and free stays within its instructions.
set -eu
exec bench/gate
