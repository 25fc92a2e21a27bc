/* SPDX-License-Identifier: MIT */
/* biased.pml -- one shared object, its owner, and two other threads.
 *
 * References pass from thread to thread at any time. The owner clones, drops,
 * looks at its notes, ends, and begins again with the same number, as the next
 * thread that gets it does. Nothing may use the object after its end or its
 * memory after it was freed, and when all references are gone it has ended.
 *
 * Each step of the model is one atomic operation of the code, which is named
 * behind it, with what the same thread does before the next one and others do
 * not see. A compare-and-exchange that succeeds is one step: that it fails and
 * is tried again makes no difference. Steps are in one order for all
 * (sequential consistency).
 *
 * That the owner is told once only saves notes, and is no mutant. These must be
 * refuted: CLEAR_LAST, NO_HOLD, NO_LAST_LOOK, NO_SECOND_LOOK, NO_NOTE.
 */
#ifndef STEPS
#define STEPS 3                 /* of each other thread; the owner: one more */
#endif
#define OWNER 0

bool owned = true;              /* head->own has the number, not NOBODY */
byte own = 3;                   /* its count */
short count;                    /* head->shared: the count of the others */
byte weak = 1;                  /* its weak references, and one for the life */
bool merged, queued;            /* its flags */
byte notes;                     /* in owners[number].notes */
bool living = true;             /* owners[number].living */
bool lock;                      /* owner_lock */
byte has[3] = 1;                /* references of each thread; ghost */
bool ended, freed;              /* ghost */
byte done;                      /* other threads that have no step left */

#define TOTAL (has[0] + has[1] + has[2])
#define MEMORY assert(!freed)
#define OBJECT assert(!freed && !ended)

/* arc.c mni_arc_weak_release */
inline weak_release()
{
    atomic {
        MEMORY;
        assert(weak > 0);
        weak--;
        if
        :: weak == 0 -> assert(ended && notes == 0); freed = true
        :: else
        fi
    }
}

/* end.c mni_arc_end: nobody has a reference, then or ever again */
inline end()
{
    atomic { OBJECT; assert(TOTAL == 0); ended = true; last = false };
    weak_release()
}

/* arc.c mni_arc_merge */
inline merge(number_count)
{
#ifndef CLEAR_LAST
    atomic { MEMORY; owned = false }; /* MNI_ARC_STORE(&head->own, NOBODY) */
#endif
    atomic {                    /* cas_acq_rel(shared) */
        MEMORY;
        assert(!merged);
        count = count + number_count;
        merged = true;
        queued = false;
        last = count == 0
    };
#ifdef CLEAR_LAST
    atomic { MEMORY; owned = false }
#endif
}

/* arc_owner.c owner_take, owner_merge; the rest is owner_finish */
inline take_and_merge()
{
    atomic { got = notes; notes = 0 }; /* exchange_acquire(&notes, NULL) */
    if
    :: got != 0 && owned -> merge(own)
    :: else
    fi
}

inline finish()
{
    do
    :: got == 0 -> break
    :: got != 0 ->
       if
       :: last -> end()
       :: else
       fi;
       weak_release();
       got--
    od
}

/* arc_owner.c owner_stand_in */
inline stand_in()
{
    atomic { !lock -> lock = true };
    if
#ifdef NO_SECOND_LOOK
    :: true -> take_and_merge()
#else
    :: !living -> take_and_merge()
    :: else
#endif
    fi;
    lock = false;
    finish()
}

/* arc.c arc_drop_merged */
inline drop_merged()
{
    atomic {                    /* add_acq_rel(shared, -1) */
        OBJECT;
        has[self]--;
        count--;
        assert(count >= 0);
        last = count == 0
    };
    if
    :: last -> end()
    :: else
    fi
}

/* arc.c arc_try_drop, and arc_owner.c mni_arc_tell */
inline drop_shared()
{
    atomic { OBJECT; number = owned }; /* MNI_ARC_LOAD(&head->own) */
    if
    :: merged -> drop_merged()
    :: else ->
       atomic {                 /* cas_acq_rel(shared), if it is not merged */
           if
           :: merged -> tell = false; again = true
           :: else ->
              OBJECT;
              has[self]--;
              count--;
              tell = count < 0 && number && !queued;
#ifdef NO_NOTE
              tell = false;
#endif
              if
              :: tell ->
                 queued = true;
#ifndef NO_HOLD
                 weak++
#endif
              :: else
              fi;
              again = false
           fi
       };
       if
       :: again -> again = false; drop_merged()
       :: else ->
          if
          :: tell ->
             tell = false;
             notes++;           /* cas_release(&notes) */
             if
             :: living          /* mn_atomic_fence, load(&living) */
             :: !living -> stand_in()
             fi
          :: else
          fi
       fi
    fi
}

/* The program hands a reference over. */
inline give(to)
{
    atomic { has[self] > 0 -> has[self]--; has[to]++ }
}

proctype Other(byte self)
{
    byte steps, got;
    bool last, number, tell, again;

    do
    :: steps < STEPS && has[self] > 0 ->
       steps++;
       if
       :: drop_shared()
       :: has[self] < 2 ->
          atomic { OBJECT; has[self]++; count++ } /* arc_clone_shared */
       :: give(OWNER)
       fi
    :: steps == STEPS || has[self] == 0 -> break
    od;
    do                          /* nothing is kept for ever */
    :: has[self] == 0 -> break
    :: has[self] > 0 -> drop_shared()
    od;
    done++
}

/* arc.c mni_arc_release by the owner */
inline drop_owner()
{
    if
    :: owned && own > 1 ->
       atomic { OBJECT; own--; has[self]-- }
    :: owned && own == 1 ->
       atomic { OBJECT; has[self]-- };
       merge(0);
       if
       :: last -> end()
       :: else
       fi
    :: !owned -> drop_shared()
    fi
}

active proctype Owner()
{
    byte self = OWNER, steps, got;
    bool last, number, tell, again;

    atomic { run Other(1); run Other(2) };
    do
    :: steps <= STEPS ->
       steps++;
       if
       :: has[self] > 0 -> drop_owner()
       :: has[self] > 0 && has[self] < 2 && owned ->
          atomic { OBJECT; own++; has[self]++ } /* mni_arc_count */
       :: take_and_merge(); finish() /* owner_look */
       :: atomic { !lock -> lock = true }; /* owner_ended */
          living = false;
          lock = false;
#ifndef NO_LAST_LOOK
          if
          :: notes != 0 -> stand_in()
          :: else
          fi;
#endif
          /* What it has goes to the next thread with the number. */
          if
          :: atomic { !lock -> lock = true }; /* owner_begin */
             living = true;
             lock = false
          :: steps = STEPS + 1; break
          fi
       fi
    :: break
    od;
    /* Alive to the end: it looks once more; or it has ended. */
    done == 2;
    do
    :: has[self] == 0 -> break
    :: has[self] > 0 && living -> drop_owner()
    :: has[self] > 0 && !living -> drop_shared()
    od;
    if
    :: living -> take_and_merge(); finish()
    :: else
    fi;
    assert(TOTAL == 0 && ended && freed)
}
