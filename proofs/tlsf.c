/* SPDX-License-Identifier: MIT */
/* tlsf.c -- the strategy tlsf keeps what the bookkeeping asks of every one.
 *
 * Only the prover reads this.
 */
#include "region/tiles_tlsf.h"
