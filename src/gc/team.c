/* SPDX-License-Identifier: MIT */
/* team.c -- several threads that mark at once.
 *
 * Each has a short stack of its own. The collector's stack is common to them:
 * who has nothing takes some from there, and who sees that another one has
 * nothing puts half of its own there, the older half, which leads to more. All
 * is marked when nobody works and the common stack is empty.
 *
 * Helpers sleep between collections, end if none comes, and serve all
 * collectors of the process, one at a time. They touch a collector only while
 * they are counted as working for it, so nobody has to wait for one that
 * oversleeps the end.
 */
#include "gc/team.h"

#include "base/atomic.h"
#include "os/lock.h"
#include "os/os.h"

enum {
    TEAM_STAY = 500000000
}; /* nanoseconds that a helper has nothing to do */

static struct {
    struct mni_lock lock; /* of all that follows, and the common stack */
    struct mni_gc *gc;    /* that is marked, or NULL */
    uint32_t turn;        /* how often something was marked */
    uint32_t working;     /* markers that have something, or look for it */
    uint32_t idle;        /* markers that have nothing, and helpers */
    uint32_t threads;     /* helpers that there are */
    uint32_t begun;       /* markers that have come; their stacks' numbers */
    uint32_t most;        /* that are to come */
    /* What those sleep on who have nothing to do: it changes when there may be
     * something, and at the end. */
    _Atomic uint32_t changed;
    _Atomic uint32_t wanted; /* somebody found nothing, and nobody gave */
} team = {.lock = {.order = MNI_LOCK_MARKERS}};

static void team_lock(void)
{
    if (!mni_lock_enter(&team.lock))
        mni_stop("a collection in a signal handler that interrupted one");
}

/* Relaxed: it changes under the lock, where who sleeps has looked before, and
 * looks again. */
static void team_tell(void)
{
    (void)mn_atomic_add_relaxed(&team.changed, 1);
    if (team.idle != 0)
        mni_os_wake(&team.changed);
}

/* False if nothing changed for as long, or what woke us was no change. */
static bool team_sleep(uint64_t nanoseconds)
{
    uint32_t seen = mn_atomic_load_relaxed(&team.changed);

    team.idle++;
    mni_lock_leave(&team.lock);
    mni_os_wait(&team.changed, seen, nanoseconds);
    team_lock();
    team.idle--;
    bool changed = mn_atomic_load_relaxed(&team.changed) != seen;
    /* The system wakes one, and what there is may do for more. */
    if (team.idle != 0 && changed)
        mni_os_wake(&team.changed);
    return changed;
}

/* Have the marker something to do; false if all is marked. Requires: the lock,
 * and that the marker works. */
static bool team_find(struct mni_gc_marker *marker)
{
    uint32_t turn = team.turn;

    while (!mni_gc_take_some(marker)) {
        if (--team.working == 0) {
            team.gc = NULL;
            team_tell();
            return false;
        }
        /* Relaxed: a hint. */
        mn_atomic_store_relaxed(&team.wanted, 1);
        while (team.turn == turn && team.gc != NULL
               && marker->gc->marker.top == 0)
            (void)team_sleep(MNI_OS_FOREVER);
        if (team.turn != turn || team.gc == NULL)
            return false;
        team.working++;
    }
    return true;
}

/* Take part in what goes on, until all is marked. Requires: the lock, which is
 * left meanwhile, and that this marker is counted: it works from now on. */
static void team_work(struct mni_gc *gc, uint32_t number)
{
    size_t offset = (size_t)number * MNI_GC_MARKER_BYTES;
    struct mni_gc_marker marker = {
        .gc = gc,
        .stack = (size_t *)(void *)(gc->marker_table.start + offset),
        .capacity = MNI_GC_MARKER_BYTES / sizeof(size_t),
        .shared = true,
    };

    while (team_find(&marker)) {
        mni_lock_leave(&team.lock);
        mni_gc_mark_shared(&marker);
        team_lock();
    }
}

/* A helper that has nothing to do for long ends: a process whose other threads
 * have all ended would live on with it. */
static void team_run(void)
{
    team_lock();
    for (bool stays = true; stays;) {
        if (team.gc != NULL && team.begun != team.most) {
            team.working++;
            team_work(team.gc, team.begun++);
        } else {
            stays = team_sleep(TEAM_STAY);
        }
    }
    team.threads--;
    mni_lock_leave(&team.lock);
}

/* Have the team begin; false if it cannot. Requires: the lock. */
static bool team_begin(struct mni_gc *gc, uint32_t count)
{
    if (team.gc != NULL
        || !mni_gc_grow(gc, &gc->marker_table,
                        (size_t)count * MNI_GC_MARKER_BYTES))
        return false;
    team.gc = gc;
    team.turn++;
    team.working = team.begun = 1; /* who collects */
    team.most = count;
    mn_atomic_store_relaxed(&team.wanted, 0);
    return true;
}

bool mni_gc_team_mark(struct mni_gc *gc)
{
    uint32_t count = gc->options.markers;
    uint32_t missing = 0;

    if (count > MNI_GC_MARKERS)
        count = MNI_GC_MARKERS;
    team_lock();
    bool begun = team_begin(gc, count);
    if (begun && team.threads < count - 1) {
        missing = count - 1 - team.threads;
        team.threads += missing;
    }
    mni_lock_leave(&team.lock);
    /* Where the system refuses one, there are fewer, and the next collection
     * does not try again. */
    for (; missing > 0; missing--)
        (void)mni_os_start_thread(team_run);
    if (!begun)
        return false;
    team_lock();
    team_tell();
    team_work(gc, 0);
    mni_lock_leave(&team.lock);
    return true;
}

bool mni_gc_team_give(struct mni_gc_marker *marker)
{
    team_lock();
    bool given = mni_gc_give(marker);
    mn_atomic_store_relaxed(&team.wanted, 0);
    if (given)
        team_tell();
    mni_lock_leave(&team.lock);
    return given;
}

bool mni_gc_team_is_asked_for(void)
{
    return mn_atomic_load_relaxed(&team.wanted) != 0;
}

void mni_gc_team_forked(void)
{
    (void)mni_lock_after_fork(&team.lock);
    team.gc = NULL;
    team.threads = team.idle = team.working = 0;
}
