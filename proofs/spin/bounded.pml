/* SPDX-License-Identifier: MIT */
/* bounded.pml -- threads and handlers that take and release slots of a bounded
 * pool with as many slots as there are users.
 *
 * Three slots in two words; slots 0 and 1 share word 0. Each of three users
 * holds one slot at a time, or is about to have released it. So a slot is free
 * whenever one of them looks for one, but not always the same slot: no call may
 * answer NULL, and no slot may have two holders. Where a call looks first is
 * left open, as a hint may be of any age.
 *
 * Each step is one atomic operation of src/pool/bounded.c, named behind it, in
 * one order for all, which the code asks for by seq_cst.
 *
 * Mutants, which must be refuted: NO_SECOND_LOOK, NO_COUNT, COUNT_FIRST,
 * LATE_SEARCHER, SPLIT_AND, SPLIT_OR, TRUST_HINT.
 */
#define USERS 3
#ifndef ROUNDS
#define ROUNDS 2                /* of each user */
#endif
#define WORDS 2
#define NONE 9
#define WORD(s) ((s) / 2)
#define BIT(s) (1 << ((s) % 2))

byte word[WORDS];               /* pool->words: a bit for each free slot */
byte searchers, moved;          /* the fields of that name */
byte holder[3] = NONE;          /* who has the slot; ghost */

/* bounded_take, of word `at` */
inline take(at)
{
    atomic {                    /* mni_word_load(&pool->words[at]) */
        seen = word[at]; own = seen & (4 - seen)
    };
    do
    :: atomic { seen == 0 || mine != NONE -> seen = 0; own = 0; break }
#ifdef SPLIT_AND
    :: seen != 0 && mine == NONE ->
       seen = word[at];
       atomic {
           word[at] = seen & (3 - own);
#else
    :: atomic {                 /* mni_word_and(word, ~bit) */
           seen != 0 && mine == NONE ->
           seen = word[at];
           word[at] = word[at] & (3 - own);
#endif
           if
           :: seen & own ->
              mine = 2 * at + own - 1;
              assert(holder[mine] == NONE);
              holder[mine] = self
           :: else              /* another call was faster */
           fi;
           own = seen & (4 - seen)
       }
    od
}

/* bounded_search */
inline search()
{
#ifndef LATE_SEARCHER
    searchers++;                /* mni_word_add(&pool->searchers, 1) */
#endif
    do
    :: before = moved;          /* mni_word_load_in_order(&pool->moved) */
       take(0);
       if
       :: mine == NONE -> take(1)
       :: else
       fi;
#ifdef NO_SECOND_LOOK
       break
#else
       if
       :: mine != NONE || moved == before -> break
       :: else
       fi
#endif
    od;
#ifndef LATE_SEARCHER
    searchers--                 /* mni_word_add(&pool->searchers, -1) */
#endif
}

proctype User(byte self)
{
    byte seen, own, mine, before, at, round;

    do
    :: round == ROUNDS -> break
    :: round < ROUNDS ->
       atomic {                 /* mn_bounded_alloc, at any hint */
           round++; mine = NONE;
           if
           :: at = 0
           :: at = 1
           fi
       };
       take(at);
#ifndef TRUST_HINT
       if
       :: mine == NONE -> search()
       :: else
       fi;
#endif
       assert(mine != NONE);
#ifdef COUNT_FIRST
       before = searchers;
#endif
#ifdef SPLIT_OR
       atomic { holder[mine] = NONE; seen = word[WORD(mine)] };
       atomic { word[WORD(mine)] = seen | BIT(mine); seen = 0 };
#else
       atomic {                 /* mni_word_or(word, bit) */
           holder[mine] = NONE;
           assert((word[WORD(mine)] & BIT(mine)) == 0);
           word[WORD(mine)] = word[WORD(mine)] | BIT(mine)
       };
#endif
#ifndef NO_COUNT
#ifndef COUNT_FIRST
       before = searchers;      /* load_in_order(&pool->searchers) */
#endif
       if
       :: before != 0 -> moved++ /* mni_word_add(&pool->moved, 1) */
       :: else
       fi;
#endif
       atomic { before = 0; mine = NONE; at = 0 }
    od
}

init {
    atomic {
        word[0] = 3; word[1] = 1;
        run User(0); run User(1); run User(2)
    }
}
