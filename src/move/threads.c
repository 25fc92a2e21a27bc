/* SPDX-License-Identifier: MIT */
/* threads.c -- movers of many threads: what takes the lock.
 *
 * A block that is freed while threads have pinned it stays as it is, on a list
 * through the words of the entries, until their pins are gone: an allocation or
 * a step looks.
 */
#include "move/threads.h"
#include "os/lock.h"

_Static_assert(sizeof(struct mni_lock)
                   <= sizeof(((struct mn_shared_mover *)NULL)->lock),
               "it is cast");

static void threads_enter(struct mn_shared_mover *shared)
{
    MN_CHECK(mni_lock_enter((void *)shared->lock),
             "a mover is changed by its own callback");
}

static void threads_leave(struct mn_shared_mover *shared)
{
    mni_lock_leave((void *)shared->lock);
}

enum mn_status mn_shared_mover_init(struct mn_shared_mover *shared,
                                    const struct mn_mover_options *options)
{
    bool given = options->memory != NULL || options->control != NULL
                 || options->region != NULL;

    if (options->untouched)
        return MN_ERR_INVALID;
    *shared = (struct mn_shared_mover){.lock = {0}};
    ((struct mni_lock *)(void *)shared->lock)->order = MNI_LOCK_MOVER;
    enum mn_status status = given ? mn_mover_init(&shared->mover, options)
                                  : mn_mover_create(&shared->mover, options);
    shared->mover.threads = &mni_threads;
    shared->leaving = shared->mover.mask;
    return status;
}

/* Whether a pin is left of those that a freed block had. */
static bool threads_is_pinned(const struct mn_mover *mover, uint32_t number)
{
    return mni_mover_pins(mover, mni_mover_entry(mover, number)) != 0;
}

/* Release the blocks on the list whose pins are gone. */
static void threads_sweep(struct mn_shared_mover *shared)
{
    struct mn_mover *mover = &shared->mover;
    uintptr_t at = shared->leaving;

    shared->leaving = mover->mask;
    while (at != mover->mask) {
        uint32_t number = mni_mover_number(at);
        struct mn_mover_entry *entry = mni_mover_entry(mover, number);
        uintptr_t next = entry->word & mover->mask;
        if (threads_is_pinned(mover, number)) {
            mni_mover_set_word(mover, entry,
                               (entry->word & ~mover->mask) | shared->leaving);
            shared->leaving = at;
        } else {
            mover->leaving--;
            mni_mover_release(mover, number);
        }
        at = next;
    }
}

void mn_shared_mover_finish(struct mn_shared_mover *shared)
{
    threads_enter(shared);
    threads_sweep(shared);
    threads_leave(shared);
    mn_mover_finish(&shared->mover);
}

struct mn_handle mn_shared_mover_alloc(struct mn_shared_mover *shared,
                                       size_t size, const struct mn_type *type)
{
    threads_enter(shared);
    threads_sweep(shared);
    struct mn_handle handle = mn_mover_alloc(&shared->mover, size, type);
    threads_leave(shared);
    return handle;
}

void mn_shared_mover_free(struct mn_shared_mover *shared,
                          struct mn_handle handle)
{
    struct mn_mover *mover = &shared->mover;

    if (handle.bits == 0)
        return;
    threads_enter(shared);
    uint32_t number = mni_mover_expect(mover, handle);
    mni_mover_unname(mover, number, shared->leaving);
    if (threads_is_pinned(mover, number)) {
        mover->leaving++;
        shared->leaving = handle.bits & mover->mask;
    } else {
        mni_mover_release(mover, number);
    }
    threads_leave(shared);
}

enum mn_status mn_shared_mover_resize(struct mn_shared_mover *shared,
                                      struct mn_handle handle, size_t size)
{
    threads_enter(shared);
    threads_sweep(shared);
    enum mn_status status = mn_mover_resize(&shared->mover, handle, size);
    threads_leave(shared);
    return status;
}

size_t mn_shared_mover_size(struct mn_shared_mover *shared,
                            struct mn_handle handle)
{
    threads_enter(shared);
    size_t size = mn_mover_size(&shared->mover, handle);
    threads_leave(shared);
    return size;
}

bool mn_shared_mover_step(struct mn_shared_mover *shared,
                          const struct mn_move_goal *goal, size_t size)
{
    threads_enter(shared);
    threads_sweep(shared);
    bool more = mn_mover_step(&shared->mover, goal, size);
    threads_leave(shared);
    return more;
}

void mn_shared_mover_read_stats(struct mn_shared_mover *shared,
                                struct mn_mover_stats *stats)
{
    threads_enter(shared);
    mn_mover_read_stats(&shared->mover, stats);
    threads_leave(shared);
}

bool mn_shared_mover_walk(struct mn_shared_mover *shared, mn_mover_fn visit,
                          void *context)
{
    threads_enter(shared);
    bool ended = mn_mover_walk(&shared->mover, visit, context);
    threads_leave(shared);
    return ended;
}

bool mn_shared_mover_check(struct mn_shared_mover *shared)
{
    threads_enter(shared);
    bool is_sound = mn_mover_check(&shared->mover);
    threads_leave(shared);
    return is_sound;
}
