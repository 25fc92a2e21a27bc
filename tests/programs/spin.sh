#!/bin/sh
# SPDX-License-Identifier: MIT
# The models of the lock-free protocols hold, and their mutants do not.
. "$(dirname "$0")/common"
need spin

"$here/../../proofs/spin/run" "$work/spin" || fail "a model, as above"
checked "the models"
