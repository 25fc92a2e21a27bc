/* SPDX-License-Identifier: MIT */
/* world.c -- the threads of a collector: who they are, and how they stop.
 *
 * Nothing is done to a thread from outside. It is asked, by a word in its
 * handle that it reads now and then, and leaves through the gate until the
 * collection is over; a thread that may wait for something else is outside all
 * that time. So it never stands still where anything is half done.
 */
#include "gc/world.h"

#include "gc/team.h"

#include "base/atomic.h"
#include "os/os.h"

#include <mn/gc_threads.h>

/* A handle that a thread attaches by. */
struct world_handle {
    struct mn_gc front;
    struct mni_gc_thread thread;
};

/* The handles of this thread that end with it, by `same`. Its address also
 * tells threads apart. */
static _Thread_local struct mni_gc_thread *world_mine
    __attribute__((tls_model("initial-exec")));

/* ---- standing still ---- */

void mni_gc_world_lock(struct mni_gc *gc, bool enter)
{
    struct mni_gc_world *world = mni_gc_world(gc);

    if (enter && mni_lock_is_mine(&world->lock))
        world->nested++;
    else if (enter && !mni_lock_enter(&world->lock))
        mni_stop("a collector is used in a signal handler that interrupted "
                 "Mneme");
    else if (!enter && world->nested != 0)
        world->nested--;
    else if (!enter)
        mni_lock_leave(&world->lock);
}

static void world_leave_and_enter(void *context)
{
    struct mni_gc_world *world = context;

    mni_gate_leave(&world->gate);
    mni_gate_enter(&world->gate);
}

void mni_gc_world_pause(struct mni_gc_thread *self)
{
    struct mni_gc_world *world = mni_gc_world(self->gc);

    MN_CHECK(!self->outside, "a thread outside its collector uses it");
    self->owner = &world_mine;
    mni_gc_spill(self, world_leave_and_enter, world);
}

/* Under the lock: whoever attaches sees the gate closed, or is in the list. */
static void world_ask(struct mni_gc_world *world,
                      const struct mni_gc_thread *self, bool asked)
{
    struct mni_gc_thread *thread = world->gc.threads;

    /* Relaxed: it says only that there is something to look at. */
    for (; thread != NULL; thread = thread->next)
        mn_atomic_store_plain(&thread->front->asked, asked && thread != self);
}

/* Or this thread would wait for itself. */
static void world_check_own(const struct mni_gc_thread *self)
{
    const struct mni_gc_thread *mine = world_mine;

    for (; mine != NULL; mine = mine->same)
        MN_CHECK(mine == self || mine->gc != self->gc || mine->outside,
                 "a thread has two handles of a collector, and one waits for"
                 " the other");
}

void mni_gc_world_stop(struct mni_gc_thread *self)
{
    struct mni_gc_world *world = mni_gc_world(self->gc);

    MN_CHECK(!self->gc->busy, "the collector is used while it collects");
    MN_CHECK(!self->outside, "a thread outside its collector uses it");
    self->owner = &world_mine;
    world_check_own(self);
    while (!mni_gate_close(&world->gate))
        mni_gc_world_pause(self);
    mni_gc_world_lock(self->gc, true);
    world_ask(world, self, true);
    mni_gc_world_lock(self->gc, false);
    mni_gate_wait(&world->gate);
    mni_gc_world_lock(self->gc, true);
}

void mni_gc_world_resume(struct mni_gc_thread *self)
{
    struct mni_gc_world *world = mni_gc_world(self->gc);

    world_ask(world, self, false);
    mni_gc_world_lock(self->gc, false);
    mni_gate_open(&world->gate);
}

/* ---- outside ---- */

struct world_call {
    struct mni_gc_thread *self;
    void (*call)(void *context);
    void *context;
};

static void world_call_outside(void *context)
{
    const struct world_call *call = context;
    struct mni_gc_world *world = mni_gc_world(call->self->gc);

    call->self->outside = true;
    mni_gate_leave(&world->gate);
    call->call(call->context);
    mni_gate_enter(&world->gate);
    call->self->outside = false;
}

void mn_gc_outside(struct mn_gc *gc, void (*call)(void *context), void *context)
{
    struct mni_gc_thread *self = gc->self;
    struct world_call what = {self, call, context};

    MN_CHECK(!self->gc->busy, "the collector is used while it collects");
    MN_CHECK(!self->outside, "a thread outside its collector leaves it");
    self->owner = &world_mine;
    if (self->gc->system == NULL)
        call(context);
    else
        mni_gc_spill(self, world_call_outside, &what);
}

/* ---- coming and going ---- */

static void world_unlink(struct mni_gc_thread *self)
{
    struct mni_gc_thread **link = &world_mine;

    while (*link != NULL && *link != self)
        link = &(*link)->same;
    MN_CHECK(*link != NULL, "a thread detaches a handle that is not its own");
    *link = self->same;
}

/* Requires: the lock. */
static void world_let_go(struct mni_gc_world *world, struct mni_gc_thread *self)
{
    self->attached = self->outside = false;
    self->front->frames = NULL;
    self->stack = NULL;
    self->same = world->idle;
    world->idle = self;
}

static void world_detach(struct mni_gc_thread *self)
{
    struct mni_gc_world *world = mni_gc_world(self->gc);

    world_unlink(self);
    if (self->outside)
        mni_gate_enter(&world->gate);
    mni_gc_world_lock(self->gc, true);
    world_let_go(world, self);
    mni_gc_world_lock(self->gc, false);
    mni_gate_leave(&world->gate);
}

static void world_thread_ended(void *unused)
{
    (void)unused;
    while (world_mine != NULL)
        world_detach(world_mine);
}

/* A record for another thread; NULL if there is no memory. Requires: the
 * lock. */
static struct mni_gc_thread *world_take(struct mni_gc_world *world)
{
    struct mni_gc_thread *thread = world->idle;

    if (thread != NULL) {
        world->idle = thread->same;
        thread->attached = true;
        return thread;
    }
    struct world_handle *handle = mni_gc_record(&world->gc, sizeof *handle);
    if (handle == NULL)
        return NULL;
    mni_gc_begin_thread(&world->gc, &handle->thread, &handle->front);
    return &handle->thread;
}

struct mn_gc *mn_gc_attach(struct mn_gc *any, const void *stack)
{
    struct mni_gc *gc = mni_gc(any);
    struct mni_gc_world *world = mni_gc_world(gc);

    if (gc->system == NULL
        || !mni_os_at_thread_end(world_thread_ended, &world_mine))
        return NULL;
    mni_gate_enter(&world->gate);
    mni_gc_world_lock(gc, true);
    struct mni_gc_thread *self = world_take(world);
    if (self != NULL) {
        self->stack = stack;
        self->owner = &world_mine;
        /* Who closed the gate since may have asked all others already. */
        mn_atomic_store_plain(&self->front->asked,
                              mni_gate_is_closed(&world->gate));
    }
    mni_gc_world_lock(gc, false);
    if (self == NULL) {
        mni_gate_leave(&world->gate);
        return NULL;
    }
    self->same = world_mine;
    world_mine = self;
    return self->front;
}

void mn_gc_detach(struct mn_gc *gc)
{
    MN_CHECK(gc->frames == NULL, "a thread detaches inside a frame");
    MN_CHECK(!gc->self->outside, "a thread detaches outside its collector");
    world_detach(gc->self);
}

/* ---- forks ---- */

/* Of the list. */
static struct mni_lock world_lock = {.order = MNI_LOCK_COLLECTORS};
static struct mni_gc_world *worlds;

static void world_before_fork(void)
{
    uint32_t orders = mni_lock_orders();

    (void)mni_lock_enter_to_fork(&world_lock, orders);
    for (struct mni_gc_world *world = worlds; world != NULL;
         world = world->next) {
        (void)mni_lock_enter_to_fork(&world->lock, orders);
        /* Not if the forking thread collects, and forks in a callback. */
        world->fork_held = mni_lock_is_by_fork(&world->lock);
    }
}

static void world_after_fork(void)
{
    for (struct mni_gc_world *world = worlds; world != NULL;
         world = world->next)
        mni_lock_leave_after_fork(&world->lock);
    mni_lock_leave_after_fork(&world_lock);
}

/* Those of threads that are not there any more do not hold the others up, and
 * keep nothing. */
static void world_forget_threads(struct mni_gc_world *world)
{
    struct mni_gc_thread *thread = world->gc.threads;
    uint32_t inside = 0;

    for (; thread != NULL; thread = thread->next) {
        if (thread->attached && thread->owner != &world_mine)
            world_let_go(world, thread);
        inside += thread->attached && !thread->outside;
    }
    /* What they were about to note is not known. */
    world->gc.log_lost = true;
    mni_gate_reset(&world->gate, inside, !world->fork_held);
}

/* A single one goes on, whichever thread used it. If that was another one, it
 * may have been about to stop, or to note something, or outside. */
static void world_take_over(struct mni_gc_world *world)
{
    struct mni_gc_thread *thread = world->gc.threads;

    while (thread != NULL && !thread->attached)
        thread = thread->next;
    if (thread == NULL)
        return;
    bool closed = mni_gate_is_closed(&world->gate); /* by this thread */
    if (thread->owner != &world_mine) {
        thread->owner = &world_mine;
        thread->outside = closed = false;
        world->gc.log_lost = true;
    }
    /* Others may have come in, to attach. */
    mni_gate_reset(&world->gate, !thread->outside, closed);
}

static void world_in_child(void)
{
    mni_gc_team_forked();
    (void)mni_lock_after_fork(&world_lock);
    for (struct mni_gc_world *world = worlds; world != NULL;
         world = world->next) {
        const struct mni_gc_thread *thread = world->gc.threads;
        uint32_t count = 0;
        (void)mni_lock_after_fork(&world->lock);
        for (; thread != NULL; thread = thread->next)
            count += thread->attached;
        if (count > 1)
            world_forget_threads(world);
        else
            world_take_over(world);
    }
    world_after_fork();
}

void mni_gc_world_begin(struct mni_gc_world *world)
{
    static bool told; /* under the lock */

    world->lock.order = MNI_LOCK_COLLECTOR;
    world->gc.first.owner = &world_mine;
    mni_gate_enter(&world->gate);
    if (!mni_lock_enter(&world_lock))
        mni_stop("a collector is made in a signal handler that interrupted "
                 "another one");
    /* Where the system refuses, only children of several threads are at
     * risk. */
    if (!told)
        told =
            mni_os_at_fork(world_before_fork, world_after_fork, world_in_child);
    world->next = worlds;
    world->link = &worlds;
    if (worlds != NULL)
        worlds->link = &world->next;
    worlds = world;
    mni_lock_leave(&world_lock);
}

void mni_gc_world_end(struct mni_gc_world *world)
{
    struct mni_gc_thread **mine = &world_mine;

    /* The one that destroys it may have attached: in the child of a fork. */
    while (*mine != NULL)
        if ((*mine)->gc == &world->gc)
            *mine = (*mine)->same;
        else
            mine = &(*mine)->same;
    if (!mni_lock_enter(&world_lock))
        mni_stop("a collector ends in a signal handler that interrupted one");
    *world->link = world->next;
    if (world->next != NULL)
        world->next->link = world->link;
    mni_lock_leave(&world_lock);
}
