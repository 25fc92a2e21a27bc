/* SPDX-License-Identifier: MIT */
/* tlsf.c -- the strategy tlsf keeps what the bookkeeping asks of every one.
 *
 * Only the prover reads this.
 */
#include "region/tiles_tlsf.h"

/* ---- what follows from the invariant: no free block is lost ---- */

/*@ // Block j is met on the way from block i along the links to the next.
    inductive leads(struct mni_tiles t, integer i, integer j) {
      case leads_here: \forall struct mni_tiles t, integer i; leads(t, i, i);
      case leads_on: \forall struct mni_tiles t, integer i, j;
        t.record[i].next != 0 && leads(t, t.record[i].next, j) ==>
        leads(t, i, j);
    }

    // A name for times that there are.
    axiomatic Chosen {
      logic times times_in(struct mni_tiles t);
      logic integer now_in(struct mni_tiles t);
      axiom chosen: \forall struct mni_tiles t, times s, integer now;
        timed(t, s, now) ==> timed(t, times_in(t), now_in(t));
    }
*/

/* The first block of the list that free block `i` is on: the head of its
 * class, from which the links lead to `i`. */
/*@ requires \valid_read(tiles) && inv(*tiles) && isfree(*tiles, i);
    assigns \nothing;
    ensures head: \result == tiles->head[tiles->record[i].list];
    ensures reached: leads(*tiles, \result, i);
*/
uint32_t tlsf_first_before(const struct mni_tiles *tiles, uint32_t i);

uint32_t tlsf_first_before(const struct mni_tiles *tiles, uint32_t i)
{
    uint32_t first = i;

    //@ assert timed: timed(*tiles, times_in(*tiles), now_in(*tiles));
    /*@ loop invariant isfree(*tiles, first)
          && tiles->record[first].list == tiles->record[i].list
          && leads(*tiles, first, i);
        loop assigns first;
        loop variant now_in(*tiles) - time_of(times_in(*tiles), first);
    */
    while (tiles->record[first].prev != 0)
        first = tiles->record[first].prev;
    return first;
}

/* A walk from the head of a list meets free blocks of its class alone, and
 * ends. */
/*@ requires \valid_read(tiles) && inv(*tiles) && c < MNI_TILES_HEADS;
    assigns \nothing;
*/
void tlsf_walk(const struct mni_tiles *tiles, uint32_t c);

void tlsf_walk(const struct mni_tiles *tiles, uint32_t c)
{
    uint32_t i = tiles->head[c];

    //@ assert timed: timed(*tiles, times_in(*tiles), now_in(*tiles));
    /*@ loop invariant i == 0
          || (isfree(*tiles, i) && tiles->record[i].list == c);
        loop assigns i;
        loop variant i == 0 ? -1 : time_of(times_in(*tiles), i);
    */
    while (i != 0)
        i = tiles->record[i].next;
}
