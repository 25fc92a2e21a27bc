/* SPDX-License-Identifier: MIT */
/* half_fit.c -- half fit keeps what the bookkeeping asks of every strategy.
 *
 * Only the prover reads this.
 */
#include "region/tiles_half_fit.h"
