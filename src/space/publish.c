/* SPDX-License-Identifier: MIT */
/* publish.c -- letting the map answer for memory that came from elsewhere.
 *
 * Whole cells of a publication lead to it directly. A cell at either end may
 * hold other things too, so it leads to a shared record: the publications
 * that touch the cell, and who owned the cell before, who is asked last.
 * Readers of a shared record take the space lock; nobody else does.
 */
#include <mn/space.h>

#include "base/bits.h"
#include "os/os.h"
#include "space/map.h"
#include "space/meta.h"

struct publish_shared {
    struct mn_owner owner;
    struct mn_publication *first;
    struct mn_owner *below;
};

/* The cells of a publication: its two ends, and the whole ones between. */
struct publish_cells {
    unsigned char *end[2]; /* starts of the end cells, the same if only one */
    unsigned char *whole;
    size_t whole_size; /* 0 if there is none */
};

static bool publish_shared_block_at(const struct mn_owner *owner,
                                    const void *address,
                                    struct mn_block *block);

static bool publish_holds(const struct mn_publication *publication,
                          const void *address)
{
    return (uintptr_t)address - (uintptr_t)publication->start
           < publication->size;
}

static bool publish_block_at(const struct mn_owner *owner, const void *address,
                             struct mn_block *block)
{
    const struct mn_publication *publication =
        (const struct mn_publication *)owner;

    return publish_holds(publication, address)
           && publication->block_at(publication->context, address, block);
}

static struct publish_cells
publish_cells(const struct mn_publication *publication)
{
    uintptr_t start = (uintptr_t)publication->start;
    uintptr_t last = start + publication->size - 1;
    uintptr_t from = mni_round_up(start, MNI_CELL_SIZE);
    uintptr_t to = mni_round_down(last + 1, MNI_CELL_SIZE);
    struct publish_cells cells;

    cells.end[0] = publication->start - start % MNI_CELL_SIZE;
    cells.end[1] =
        publication->start + (publication->size - 1) - last % MNI_CELL_SIZE;
    cells.whole = publication->start + (from - start);
    cells.whole_size = to > from ? to - from : 0;
    return cells;
}

/* Whether the cell at `start` is only touched, and not covered, by it. */
static bool publish_is_part(const struct publish_cells *cells,
                            const unsigned char *start)
{
    return (uintptr_t)start - (uintptr_t)cells->whole >= cells->whole_size;
}

static struct publish_shared *publish_as_shared(struct mn_owner *owner)
{
    return owner != NULL && owner->block_at == publish_shared_block_at
               ? (struct publish_shared *)owner
               : NULL;
}

/* In a shared cell, the smallest publication that holds the address.
 * Requires: the space lock. */
static const struct mn_publication *
publish_find(const struct publish_shared *shared, const void *address)
{
    const struct mn_publication *found = NULL;
    const struct mn_publication *at = shared->first;
    uintptr_t cell = mni_round_down((uintptr_t)address, MNI_CELL_SIZE);

    while (at != NULL) {
        if (publish_holds(at, address)
            && (found == NULL || at->size < found->size))
            found = at;
        struct publish_cells cells = publish_cells(at);
        at = at->next[(uintptr_t)cells.end[0] == cell ? 0 : 1];
    }
    return found;
}

static bool publish_shared_block_at(const struct mn_owner *owner,
                                    const void *address, struct mn_block *block)
{
    bool known = false;

    (void)owner;
    if (!mni_space_lock())
        return false;
    /* Again, now that it cannot change. */
    struct mn_owner *now = mni_map_get(address);
    const struct publish_shared *shared = publish_as_shared(now);
    if (shared != NULL) {
        const struct mn_publication *found = publish_find(shared, address);
        now = found == NULL ? shared->below : NULL;
        if (found != NULL)
            known = publish_block_at(&found->owner, address, block);
    }
    if (now != NULL)
        known = now->block_at(now, address, block);
    mni_space_unlock();
    return known;
}

struct mn_owner *mni_map_ground(const void *address)
{
    struct mn_owner *owner = mni_map_get(address);

    if (owner == NULL)
        return NULL;
    /* NULL: the record of a cell that is shared no longer, and is about to be
     * another cell's. */
    bool (*block_at)(const struct mn_owner *, const void *, struct mn_block *) =
        mn_atomic_load_plain(&owner->block_at);
    if (block_at != NULL && block_at != publish_shared_block_at
        && block_at != publish_block_at)
        return owner;
    /* If this thread has the lock, it forked, or a handler interrupted it. What
     * is followed below is right between any two instructions of a holder. */
    bool locked = mni_space_lock();
    owner = mni_map_get(address);
    while (owner != NULL) {
        struct publish_shared *shared = publish_as_shared(owner);
        if (shared != NULL)
            owner = shared->below;
        else if (owner->block_at == publish_block_at)
            owner = ((struct mn_publication *)owner)->below;
        else
            break;
    }
    if (locked)
        mni_space_unlock();
    return owner;
}

/* Make the cell a shared one, if it is not yet. */
static struct publish_shared *publish_share(unsigned char *cell)
{
    struct mn_owner *owner = mni_map_get(cell);
    struct publish_shared *shared = publish_as_shared(owner);

    if (shared != NULL)
        return shared;
    shared = mni_meta_alloc(sizeof *shared);
    if (shared == NULL)
        return NULL;
    mn_atomic_store_plain(&shared->owner.block_at, publish_shared_block_at);
    shared->below = owner;
    mni_map_set(cell, MNI_CELL_SIZE, &shared->owner);
    return shared;
}

/* Undo publish_share for a cell that nothing is published in. */
static void publish_unshare(unsigned char *cell)
{
    struct publish_shared *shared = publish_as_shared(mni_map_get(cell));

    if (shared == NULL || shared->first != NULL)
        return;
    mni_map_set(cell, MNI_CELL_SIZE, shared->below);
    mni_meta_free(shared, sizeof *shared);
}

static bool publish_enter(struct mn_publication *publication)
{
    struct publish_cells cells = publish_cells(publication);
    struct publish_shared *shared[2] = {NULL, NULL};
    int ends = cells.end[0] == cells.end[1] ? 1 : 2;

    if (!mni_map_cover(publication->start, publication->size))
        return false;
    for (int i = 0; i < ends; i++) {
        if (!publish_is_part(&cells, cells.end[i]))
            continue;
        shared[i] = publish_share(cells.end[i]);
        if (shared[i] == NULL) {
            if (shared[0] != NULL)
                publish_unshare(cells.end[0]);
            return false;
        }
    }
    for (int i = 0; i < ends; i++) {
        if (shared[i] == NULL)
            continue;
        publication->next[i] = shared[i]->first;
        shared[i]->first = publication;
    }
    if (cells.whole_size != 0) {
        publication->below = mni_map_get(cells.whole);
        mni_map_set(cells.whole, cells.whole_size, &publication->owner);
    }
    return true;
}

enum mn_status mn_publish(struct mn_publication *publication, void *memory,
                          size_t size, mn_block_at_fn block_at,
                          const void *context)
{
    if (memory == NULL || size == 0 || size > PTRDIFF_MAX
        || (uintptr_t)memory + (size - 1) < (uintptr_t)memory
        || block_at == NULL)
        return MN_ERR_INVALID;
    if (!mni_space_lock())
        return MN_ERR_NOMEM;
    *publication = (struct mn_publication){
        .owner = {.block_at = publish_block_at},
        .start = memory,
        .size = size,
        .block_at = block_at,
        .context = context,
    };
    bool entered = publish_enter(publication);
    mni_space_unlock();
    return entered ? MN_OK : MN_ERR_NOMEM;
}

/* Where the pointer to `publication` stands in the list of a shared cell. */
static struct mn_publication **
publish_link(struct publish_shared *shared, const unsigned char *cell,
             const struct mn_publication *publication)
{
    struct mn_publication **link = &shared->first;

    while (*link != publication) {
        MN_CHECK(*link != NULL, "unpublish of what is not published");
        struct publish_cells cells = publish_cells(*link);
        link = &(*link)->next[cells.end[0] == cell ? 0 : 1];
    }
    return link;
}

void mn_unpublish(struct mn_publication *publication)
{
    struct publish_cells cells = publish_cells(publication);
    int ends = cells.end[0] == cells.end[1] ? 1 : 2;

    if (!mni_space_lock())
        mni_stop("unpublish in a signal handler that interrupted Mneme");
    for (int i = 0; i < ends; i++) {
        struct publish_shared *shared =
            publish_as_shared(mni_map_get(cells.end[i]));
        if (!publish_is_part(&cells, cells.end[i]))
            continue;
        MN_CHECK(shared != NULL, "unpublish of what is not published");
        *publish_link(shared, cells.end[i], publication) = publication->next[i];
        publish_unshare(cells.end[i]);
    }
    if (cells.whole_size != 0)
        mni_map_set(cells.whole, cells.whole_size, publication->below);
    mni_space_unlock();
}
