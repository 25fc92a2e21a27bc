/* SPDX-License-Identifier: MIT */
/* handover.pml -- a slab that moves between the heaps of threads that end, the
 * common heap and those who adopt it, while slots of it come back.
 *
 * Heaps H and K belong to threads that end and, in the case of H, to a new
 * thread that gets the same heap; C is the common heap. The slab starts full
 * in H. Two threads without a heap release a slot each, by telling; the thread
 * of K releases one, and so may adopt the slab.
 *
 * Each step is one atomic operation or lock of the code, named behind it, in
 * one order for all. The fences in mni_slab_tell and thread_ended are what
 * makes that order true of the push and the kind; tests/schedule explores
 * the code with late stores.
 *
 * Mutants, which must be refuted: LOOK_FIRST, NO_LAST_DRAIN, NO_PASS,
 * NO_SECOND_LOOK, TAKE_ANY.
 */
#define H 0
#define K 1
#define C 2
#define SLOTS 3                 /* 0 and 1 of the tellers, 2 of K's thread */
#define FULL_WORD 7
#define NOBODY 9

mtype = { THREAD, IDLE, COMMON };

mtype kind[3];                  /* heap->kind */
byte stacked[3];                /* times the slab is in heap->pending */
byte heap;                      /* slab->heap */
byte own, remote;               /* the slab's words */
byte pending, told, owed;       /* the fields of that name */
bool gone;                      /* the record was given back; ghost */
byte lock = NOBODY;             /* the common lock: the process that has it */
byte over;                      /* threads that are done; ghost */

#define USE assert(!gone)
#define FREE_HEAP(x) (kind[x] == IDLE || kind[x] == COMMON)

inline enter() { atomic { lock == NOBODY -> lock = _pid } }
inline leave() { lock = NOBODY }

/* lists.c lists_push_pending, the loop that ends */
inline push(x) { atomic { USE; stacked[x]++; assert(stacked[x] == 1) } }

/* slab.c mni_slab_drain_owner */
inline drain_slab()
{
    atomic {
        USE;
        if
        :: remote != 0 -> assert((own & remote) == 0);
           own = own | remote; remote = 0; owed++
        :: else
        fi
    }
}

/* lists.c lists_take_in, and mni_slab_release_if_empty with its two looks */
inline take_in()
{
    atomic { USE; pending = 0 }; /* exchange_acq_rel(&slab->pending, 0) */
    drain_slab();
    atomic {
        USE;
        if
        :: own == FULL_WORD && told == owed && pending == 0 -> gone = true
        :: else
        fi
    }
}

/* lists.c lists_receive under the common lock, for a heap that is idle or the
 * common one: what it passes on goes to a heap whose thread lives. */
inline receive_locked(x)
{
    owner = heap;               /* mn_atomic_load_acquire(&slab->heap) */
    if
    :: x == C && owner == C -> take_in()
    :: !(x == C && owner == C) && FREE_HEAP(owner) ->
       heap = C;                /* mn_atomic_store_release(&slab->heap) */
       take_in()
    :: !(x == C && owner == C) && !FREE_HEAP(owner) -> push(owner)
    fi
}

/* lists.c mni_heap_drain, the same */
inline drain_locked(x)
{
    atomic { got = stacked[x]; stacked[x] = 0 }; /* exchange_acquire */
    if
    :: got != 0 -> got = 0; receive_locked(x)
    :: else
    fi
}

/* thread.c mni_common_unlock */
inline unlock() { drain_locked(C); leave() }

/* lists.c lists_help by a thread that does not hold the lock */
inline help(x)
{
    if
    :: FREE_HEAP(x) ->          /* mn_atomic_load_acquire(&heap->kind) */
       enter();
       if
       :: FREE_HEAP(x) -> drain_locked(x)
       :: else
       fi;
       unlock()
    :: else
    fi
}

/* lists.c lists_help by the thread that holds the lock */
inline help_holding(x)
{
#ifdef NO_PASS
    skip
#else
    if
    :: kind[x] == IDLE ->       /* lists_pass_to_common */
       atomic { got = stacked[x]; stacked[x] = 0 };
       if
       :: got != 0 -> got = 0; push(C)
       :: else
       fi
    :: else
    fi
#endif
}

/* slab.c mni_slab_return_any and lists.c mni_slab_tell */
inline return_and_tell(slot)
{
    atomic {                    /* mn_atomic_or_acq_rel(remote, bit) */
        USE; first = (remote == 0); remote = remote | (1 << slot)
    };
    if
    :: first ->
       atomic { USE; told_heap = heap }; /* load_acquire(&slab->heap) */
#ifdef LOOK_FIRST
       looked = FREE_HEAP(told_heap);
#endif
       atomic { USE; pushed = (pending == 0); pending = 1 }; /* exchange */
       if
       :: pushed -> push(told_heap)
       :: else
       fi;
       atomic { USE; told++ };  /* mn_atomic_add_release(&slab->told, 1) */
#ifdef LOOK_FIRST
       if
       :: pushed && looked -> help(told_heap)
       :: else
       fi
#else
       if
       :: pushed -> help(told_heap)
       :: else
       fi
#endif
    :: else
    fi
}

proctype Teller(byte slot)
{
    byte owner, got, told_heap;
    bool first, pushed, looked;

    return_and_tell(slot);
    over++
}

/* lists.c lists_receive and mni_heap_drain by the heap's own thread, which
 * holds the lock if it is about to end */
inline drain_own(x, holding)
{
    atomic { got = stacked[x]; stacked[x] = 0 };
    if
    :: got != 0 -> got = 0;
       owner = heap;
       if
#ifdef TAKE_ANY
       :: true -> take_in()
#else
       :: owner == x -> take_in()
       :: owner != x ->
          push(owner);
          if
          :: holding -> help_holding(owner)
          :: !holding -> help(owner)
          fi
#endif
       fi
    :: else
    fi
}

/* thread.c thread_ended, thread_hand_over; lists.c mni_heap_collect. A slab
 * with free slots is listed, and moves; a full one stays. */
inline thread_ends(x)
{
    enter();
    drain_own(x, true);
    if
    :: !gone && heap == x && own != 0 ->
       if
       :: own == FULL_WORD && told == owed && pending == 0 -> gone = true
       :: !(own == FULL_WORD && told == owed && pending == 0) ->
          heap = C              /* mn_atomic_store_release(&slab->heap) */
       fi
    :: else
    fi;
    kind[x] = IDLE;             /* mn_atomic_store_release(&heap->kind) */
#ifndef NO_LAST_DRAIN
    drain_locked(x);
#endif
    unlock()
}

/* The thread of H ends. Later a new thread has the same heap, looks what other
 * threads returned, and ends, too. */
proctype ThreadOfH()
{
    byte owner, got;

    thread_ends(H);
    enter();                    /* thread.c mni_thread_heap */
    kind[H] = THREAD;
    unlock();
    drain_own(H, false);        /* alloc.c alloc_refill */
    thread_ends(H);
    over++
}

/* The thread of K releases slot 2, uses up what free slots it then has, and
 * ends. */
proctype ThreadOfK()
{
    byte owner, got, told_heap;
    bool first, pushed, looked, mine;

    /* free.c free_is_own, thread.c mni_common_adopt */
    atomic { USE; owner = heap };
    if
    :: FREE_HEAP(owner) ->
       enter();
#ifdef NO_SECOND_LOOK
       heap = K; mine = true; drain_slab();
#else
       if
       :: FREE_HEAP(heap) -> heap = K; mine = true; drain_slab()
       :: else
       fi;
#endif
       unlock()
    :: else
    fi;
    if
    :: mine ->                  /* mni_free_owner */
       assert(heap == K);
       own = own | 4;
       atomic {
           if
           :: own == FULL_WORD && told == owed && pending == 0 -> gone = true
           :: else
           fi
       };
       if
       :: !gone && own != FULL_WORD -> own = 0 /* handed out again: full */
       :: true                  /* not */
       fi
    :: else -> return_and_tell(2)
    fi;
    drain_own(K, false);
    thread_ends(K);
    over++
}

init {
    byte in;

    atomic {
        kind[H] = THREAD; kind[K] = THREAD; kind[C] = COMMON;
        heap = H;
        run Teller(0); run Teller(1); run ThreadOfH(); run ThreadOfK()
    };
    over == 4;
    /* Nothing is lost: no thread is left that would drain any of these. */
    in = stacked[H] + stacked[K] + stacked[C];
    assert(in == 0);
    assert(gone || pending == 0);
    assert(gone || remote == 0);
    assert(gone || told == owed);
    /* A slab with free slots is where others look for slots. */
    assert(gone || own == 0 || heap == C)
}
