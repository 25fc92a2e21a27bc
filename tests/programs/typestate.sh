#!/bin/sh
# SPDX-License-Identifier: MIT
# Misuse is flagged by each compiler as the manual says, correct programs are
# not, and the abstractions become the code that is written by hand.
set -eu
tests/typestate/run
tests/typestate/same
