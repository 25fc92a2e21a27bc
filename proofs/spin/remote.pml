/* SPDX-License-Identifier: MIT */
/* remote.pml -- slots that come back to a slab from other threads, and the
 * return of the slab's record once all have.
 *
 * One slab of three slots in two words; slots 0 and 1 share word 0. The owner
 * hands slots out again and again, to other threads, which release them. When
 * it finds the slab empty and quiet it gives the record back, and takes a new
 * one: nobody may be about to use the old one then.
 *
 * Each step of the model is one atomic operation of the code, which is named
 * behind it, with what the same thread does before the next one and others do
 * not see: `own` and `owed` are the owner's alone. Steps are in one order for
 * all (sequential consistency).
 *
 * Mutants, which must be refuted: TOLD_FIRST, CLEAR_LAST, NOT_QUIET,
 * SPLIT_EXCHANGE, SPLIT_PENDING.
 */
#define THREADS 2
#ifndef RELEASES
#define RELEASES 2              /* of each thread */
#endif
#define WORDS 2
#define SLOTS 3
#define WORD(s) ((s) / 2)
#define BIT(s) (1 << ((s) % 2))
#define NOBODY 9

byte own[WORDS];                /* slab->bits, the owner's words: free slots */
byte remote[WORDS];             /* slab->bits, the words of all others */
byte pending, told, owed;       /* the fields of that name */
byte users;                     /* who will still use the record; ghost */
byte stacked;                   /* times the slab is in heap->pending */
byte holder[SLOTS] = NOBODY;    /* who has the slot; ghost */
byte done;                      /* threads that have released all; ghost */

/* free.c free_remote, slab.c mni_slab_return_any, lists.c mni_slab_tell */
proctype Other(byte self)
{
    byte slot, count;
    bool first, push;

    do
    :: count == RELEASES -> break
    :: count < RELEASES ->
       /* The program gave it the slot, and so it sees all that came before. */
       atomic {                 /* mn_atomic_or_acq_rel(remote, bit) */
           if
           :: holder[0] == self -> slot = 0
           :: holder[1] == self -> slot = 1
           :: holder[2] == self -> slot = 2
           fi;
           first = remote[WORD(slot)] == 0;
           assert((remote[WORD(slot)] & BIT(slot)) == 0);
           remote[WORD(slot)] = remote[WORD(slot)] | BIT(slot);
           holder[slot] = NOBODY;
           slot = 0;
           count++;
           if
           :: first
           :: else -> users--   /* MNI_RETURNED: touch nothing any more */
           fi
       };
       if
       :: first ->              /* MNI_RETURNED_FIRST */
#ifdef TOLD_FIRST
          told++;
#endif
#ifdef SPLIT_PENDING
          push = pending == 0;
          pending = 1;
#else
          atomic { push = pending == 0; pending = 1 }; /* exchange_acq_rel */
#endif
          if
          :: push ->            /* lists_push_pending: the loop that ends */
             atomic { stacked++; push = false; assert(stacked == 1) }
          :: else
          fi;
#ifdef TOLD_FIRST
          atomic { users--; first = false }
#else
          atomic { told++; users--; first = false } /* add_release */
#endif
       :: else
       fi
    od;
    done++
}

/* slab.c mni_slab_drain_owner, one word. Whether it is 0 is looked at first,
 * which makes no difference: only the owner makes it 0. */
inline drain_word(w)
{
#ifdef SPLIT_EXCHANGE
    got = remote[w];
    remote[w] = 0;
#else
    atomic { got = remote[w]; remote[w] = 0 }; /* exchange_acq_rel */
#endif
    atomic {
        assert((own[w] & got) == 0); /* "a block was released twice" */
        own[w] = own[w] | got;
        owed = owed + (got != 0);
        got = 0
    }
}

inline drain() { drain_word(0); drain_word(1) }

#define IS_EMPTY (own[0] == 3 && own[1] == 1)
#ifdef NOT_QUIET
#define TOLD_ALL true
#else
#define TOLD_ALL (told == owed)
#endif

/* lists.c mni_slab_release_if_empty, mni_stock_return; then alloc_new_slab.
 * Quiet: slab.c mni_slab_is_quiet_owner, with its two loads in order. */
inline release_if_empty()
{
    if
    :: IS_EMPTY && TOLD_ALL ->
       atomic {
           if
           :: pending == 0 ->
              assert(users == 0 && stacked == 0);
              assert(remote[0] == 0 && remote[1] == 0);
              told = 0; owed = 0
           :: else
           fi
       }
    :: else
    fi
}

/* lists.c mni_heap_drain, lists_receive, lists_take_in */
inline drain_heap()
{
    if
    :: stacked == 0             /* mn_atomic_load_relaxed(&heap->pending) */
    :: stacked != 0 ->
       stacked = 0;             /* mn_atomic_exchange_acquire(&pending, NULL) */
#ifdef CLEAR_LAST
       drain();
       pending = 0;
#else
       pending = 0;             /* mn_atomic_exchange_acq_rel(&pending, 0) */
       drain();
#endif
       release_if_empty()
    fi
}

inline hand_out(slot)
{
    atomic {
        (own[WORD(slot)] & BIT(slot)) != 0 ->
        assert(holder[slot] == NOBODY); /* nothing is handed out twice */
        own[WORD(slot)] = own[WORD(slot)] & ~BIT(slot);
        users++;
        if
        :: holder[slot] = 0
        :: holder[slot] = 1
        fi
    }
}

active proctype Owner()
{
    byte w, got;

    atomic { own[0] = 3; own[1] = 1; run Other(0); run Other(1) };
    do
    :: hand_out(0)              /* fast.h mni_bin_take */
    :: hand_out(1)
    :: hand_out(2)
    :: drain_heap()             /* alloc.c alloc_refill */
    :: drain(); release_if_empty() /* lists.c mni_heap_collect */
    :: done == THREADS -> break
    od;
    /* Nothing is lost: what lies in a remote word is in the stack, too. */
    assert(stacked == pending);
    assert(remote[0] == 0 && remote[1] == 0 || stacked == 1);
    assert(told == owed + (remote[0] != 0) + (remote[1] != 0));
    drain_heap();
    w = 0;
    do
    :: w == SLOTS -> break
    :: w < SLOTS ->
       assert((holder[w] != NOBODY) != ((own[WORD(w)] & BIT(w)) != 0));
       w++
    od
}
