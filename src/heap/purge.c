/* SPDX-License-Identifier: MIT */
/* purge.c -- memory that was free for the decay time goes back to the system.
 *
 * A look at the free cells comes twice in a decay time. What it finds free for
 * the third time in a row is purged: that was free for one decay time at
 * least, and for one and a half at most. Looks are taken by a thread of our
 * own, which sleeps for as long as nothing waits to be purged, so that memory
 * comes back when the program never calls again. Where there is no such thread
 * they are ticks: taken by whoever returns a span.
 *
 * The thread comes when the stock has become large, and where a span is taken,
 * not returned: the C library frees while it holds locks that it needs to
 * start a thread. It allocates nothing, and has no heap.
 */
#include "heap/purge.h"

#include "heap/ages.h"
#include "heap/arena.h"
#include "heap/heap.h"
#include "heap/options.h"
#include "heap/returned.h"
#include "os/os.h"

enum {
    PURGE_MILLISECOND = 1000000,
    PURGE_LARGE = 16 * 1024 * 1024, /* bytes of a stock with a thread */
    PURGE_GLANCE = 1000 * PURGE_MILLISECOND, /* at the pressure */
    PURGE_STEP = 64, /* cells that are purged before others have a turn */
    PURGE_STEP_LOOK = 4096, /* words that are looked at likewise */
    PURGE_PATIENCE = 256    /* spans until a start that failed is tried again */
};

enum purge_state { PURGE_STOPPED, PURGE_STARTING, PURGE_RUNS };

/* Changes from asleep to awake without the lock. */
_Atomic uint32_t mni_purge_word;

/* All under the lock of the process's stock. */
static struct {
    enum purge_state state;
    bool by_age;       /* from the start of the process on */
    uint64_t period;   /* nanoseconds from one look to the next */
    size_t large;      /* bytes from which on there is a thread, 0 for none */
    uint64_t process;  /* that may have it: not a child by vfork */
    unsigned pressure; /* at which nothing free is kept, 0 for none */
    uint32_t patience;
    bool news; /* cells were returned since a look began */
} purge;

/* ---- looks ---- */

static struct mni_look purge_look(bool everything)
{
    return (struct mni_look){
        .everything = everything,
        .lazy = !everything
                && mni_option(MNI_OPTION_RETURN) == MNI_OPTION_RETURN_LAZY,
    };
}

/* Go on with a look until `cells` more are purged. True if it is over. */
static bool purge_go_on(struct mni_stock *stock, struct mni_look *look,
                        size_t cells)
{
    uint32_t count = mn_atomic_load_relaxed(&stock->arena_count);
    size_t enough = look->purged + cells;
    size_t words = 0;

    for (; look->arena < count; look->arena++, look->word = 0)
        while (mni_arena_look(stock->arenas[look->arena], look))
            if (look->purged >= enough || ++words == PURGE_STEP_LOOK)
                return false;
    return true;
}

/* A whole look, without a break. */
static struct mni_look purge_look_at_once(struct mni_stock *stock,
                                          bool everything)
{
    struct mni_look look = purge_look(everything);

    while (!purge_go_on(stock, &look, SIZE_MAX / 2))
        continue;
    return look;
}

/* The same for slots in partly used slabs. True if any were purged. */
static bool purge_slots_at_once(bool everything)
{
    struct mni_ages_look look = {
        .everything = everything,
        .lazy = purge_look(everything).lazy,
    };

    if (mni_ages_begin(&look))
        while (!mni_ages_go_on(&look))
            continue;
    return look.any;
}

bool mni_stock_purge(struct mni_stock *stock)
{
    if (!mni_stock_lock(stock))
        return false;
    bool any = purge_slots_at_once(true);
    struct mni_look look = purge_look_at_once(stock, true);
    mni_stock_unlock(stock);
    return any || look.purged > 0;
}

static void purge_tick(struct mni_stock *stock)
{
    uint64_t now = mni_os_now();

    if (stock->looked == 0)
        stock->looked = now; /* nothing was free before */
    if (now - stock->looked < purge.period)
        return;
    stock->looked = now;
    (void)purge_look_at_once(stock, purge.period == 0);
    /* Without a decay time, that would be at each span returned. */
    if (purge.period != 0)
        (void)purge_slots_at_once(false);
}

/* ---- the thread ---- */

/* Relaxed, as everywhere: it is the lock that says what there is to do. */
static uint32_t purge_word(void)
{
    return mn_atomic_load_relaxed(&mni_purge_word);
}

static void purge_change_word(uint32_t word)
{
    mn_atomic_store_relaxed(&mni_purge_word, word);
    mni_os_wake(&mni_purge_word);
}

void mni_purge_returned(struct mni_stock *stock)
{
    if (stock->fixed || !purge.by_age)
        return;
    if (purge.state != PURGE_RUNS) {
        purge_tick(stock);
        return;
    }
    purge.news = true;
    if (purge_word() == MNI_PURGE_ASLEEP)
        purge_change_word(MNI_PURGE_AWAKE);
}

void mni_purge_wake(void)
{
    uint32_t asleep = MNI_PURGE_ASLEEP;

    if (mn_atomic_cas_strong_acquire(&mni_purge_word, &asleep, MNI_PURGE_AWAKE))
        mni_os_wake(&mni_purge_word);
}

void mni_purge_alone(void)
{
    if (!mni_stock_lock(&mni_stock))
        return;
    if (purge.state != PURGE_STOPPED)
        purge_change_word(MNI_PURGE_ENDS);
    mni_stock_unlock(&mni_stock);
}

/* The thread is the only one that holds the lock here, so it is not refused:
 * no handler runs in it. */
static void purge_lock(void)
{
    if (!mni_stock_lock(&mni_stock))
        mni_stop("the purge was interrupted");
}

/* Whether memory is so scarce that all that is free goes back, whatever its
 * age. */
static bool purge_is_pressed(void)
{
    return purge.pressure != 0 && mni_os_pressure() >= purge.pressure;
}

/* Look at what heaps have that their threads may be in no need of. True if
 * there is something for another look. */
static bool purge_look_at_heaps(const struct mni_look *look)
{
    bool held = false;

    /* Or a fork could come between a cache and the stock. */
    if (mni_common_lock()) {
        (void)mni_cache_age(look->everything);
        held = mni_cache_holds();
        mni_common_unlock();
    }
    purge_lock();
    struct mni_sleepers sleepers = mni_returned_look();
    mni_stock_unlock(&mni_stock);
    if (look->everything || sleepers.due)
        (void)mni_returned_purge(look->everything, !look->lazy);
    return held || sleepers.waiting;
}

/* The same at slots in partly used slabs. */
static bool purge_look_at_slots(const struct mni_look *cells)
{
    struct mni_ages_look look = {
        .everything = cells->everything,
        .lazy = cells->lazy,
    };
    bool over;

    purge_lock();
    over = !mni_ages_begin(&look);
    mni_stock_unlock(&mni_stock);
    while (!over) {
        purge_lock();
        over = mni_ages_go_on(&look);
        mni_stock_unlock(&mni_stock);
    }
    return look.waiting;
}

/* A look in steps, between which others have the lock. True if there is
 * something for another one. Without, the thread is noted as asleep. */
static bool purge_look_in_steps(void)
{
    struct mni_look look = purge_look(purge_is_pressed());
    bool over;
    bool more;

    purge_lock();
    purge.news = false;
    mni_stock_unlock(&mni_stock);
    bool waiting = purge_look_at_heaps(&look);
    waiting |= purge_look_at_slots(&look);
    do {
        purge_lock();
        over = purge_go_on(&mni_stock, &look, PURGE_STEP);
        more = look.waiting || purge.news || waiting;
        if (over && !more && purge_word() == MNI_PURGE_AWAKE)
            mn_atomic_store_relaxed(&mni_purge_word, MNI_PURGE_ASLEEP);
        mni_stock_unlock(&mni_stock);
    } while (!over);
    /* Who tells a heap does so before a fence and a look at the word, and we
     * the other way round: one of us sees the other. */
    mn_atomic_fence();
    if (!more && (mni_returned_news() || mni_cache_holds() || mni_ages_news()))
        mni_purge_told();
    return more;
}

/* Until then, or the end. */
static void purge_sleep_until(uint64_t until)
{
    for (uint64_t now = mni_os_now();
         now < until && purge_word() != MNI_PURGE_ENDS; now = mni_os_now())
        mni_os_wait(&mni_purge_word, MNI_PURGE_AWAKE, until - now);
}

/* For so long, or until memory is scarce. */
static void purge_sleep(uint64_t time)
{
    uint64_t now = mni_os_now();
    uint64_t until = now + time;

    while (purge.pressure != 0 && until - now > PURGE_GLANCE) {
        purge_sleep_until(now + PURGE_GLANCE);
        now += PURGE_GLANCE;
        if (purge_word() == MNI_PURGE_ENDS || purge_is_pressed())
            return;
    }
    purge_sleep_until(until);
}

/* The system ends the process with its last thread, which must not be this. So
 * when there is no thread that allocates any more, this one ends. */
static void purge_run(void)
{
    purge_lock();
    bool mine = purge.state == PURGE_STARTING;
    if (mine)
        purge.state = PURGE_RUNS;
    mni_stock_unlock(&mni_stock);
    if (!mine)
        return;
    while (purge_word() != MNI_PURGE_ENDS) {
        if (purge_look_in_steps())
            purge_sleep(purge.period);
        while (purge_word() == MNI_PURGE_ASLEEP)
            mni_os_wait(&mni_purge_word, MNI_PURGE_ASLEEP, MNI_OS_FOREVER);
    }
    purge_lock();
    purge.state = PURGE_STOPPED;
    mn_atomic_store_relaxed(&mni_purge_word, MNI_PURGE_AWAKE);
    mni_stock_unlock(&mni_stock);
}

bool mni_purge_wants_start(size_t committed)
{
    if (purge.state != PURGE_STOPPED || purge.large == 0
        || committed < purge.large || mni_thread_count() == 0)
        return false;
    if (purge.patience > 0) {
        purge.patience--;
        return false;
    }
    purge.state = PURGE_STARTING;
    return true;
}

void mni_purge_start(void)
{
    if (mni_os_process() == purge.process && mni_os_start_thread(purge_run))
        return;
    if (!mni_stock_lock(&mni_stock))
        return; /* in a handler: there never is a thread, only ticks */
    purge.state = PURGE_STOPPED;
    purge.patience = PURGE_PATIENCE;
    mni_stock_unlock(&mni_stock);
}

/* ---- the process ---- */

void mni_purge_begin(void)
{
    uint64_t mode = mni_option(MNI_OPTION_PURGE);

    if (mode == MNI_OPTION_PURGE_OFF || !mni_stock_lock(&mni_stock))
        return;
    purge.by_age = true;
    purge.period = mni_option(MNI_OPTION_DECAY) * PURGE_MILLISECOND / 2;
    purge.process = mni_os_process();
    purge.pressure = (unsigned)mni_option(MNI_OPTION_PRESSURE);
    /* What goes back at once needs no clock. */
    if (mode == MNI_OPTION_PURGE_THREAD && purge.period != 0)
        purge.large = PURGE_LARGE;
    mni_stock_unlock(&mni_stock);
}

void mni_purge_end(void)
{
    if (!mni_stock_lock(&mni_stock))
        return;
    purge.large = 0;
    mni_stock_unlock(&mni_stock);
}

void mni_purge_forked(bool others)
{
    purge.state = PURGE_STOPPED;
    purge.patience = 0;
    mn_atomic_store_relaxed(&mni_purge_word, MNI_PURGE_AWAKE);
    mni_stock.looked = 0;
    /* Locks of the C library may be held by threads that are gone. */
    if (others)
        purge.large = 0;
    else
        purge.process = mni_os_process();
}
