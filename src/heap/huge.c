/* SPDX-License-Identifier: MIT */
/* huge.c -- huge pages, where the program writes to all of its memory.
 *
 * Only the first touch of memory can be made cheaper, so what will be written
 * to throughout must be guessed before: as what was handed out just before it
 * was.
 */
#include "heap/arena.h"

#include "base/bits.h"
#include "heap/cells.h"
#include "heap/options.h"
#include "os/os.h"

enum {
    HUGE_DENSE = 4 * 1024 * 1024, /* bytes that are looked at */
    HUGE_PAGES = HUGE_DENSE / 4096,
    HUGE_HOLES = 16, /* of so many pages, one may be untouched */
    HUGE_SHARE = 4   /* a part of what there is, to be guessed at once */
};

/* Whether nearly all pages below byte `end` have memory. */
static bool huge_is_dense(const struct mni_arena *arena, size_t end)
{
    unsigned char pages[HUGE_PAGES];
    size_t count = HUGE_DENSE / mni_os_page_size();
    size_t resident = 0;

    if (end < HUGE_DENSE || count > HUGE_PAGES
        || !mni_os_resident(arena->start + end - HUGE_DENSE, count, pages))
        return false;
    for (size_t i = 0; i < count; i++)
        resident += pages[i] & 1;
    return resident >= count - count / HUGE_HOLES;
}

/* Ask for huge pages behind the cells [from, end), which are free but for those
 * of the block. */
static void huge_ask(struct mni_arena *arena,
                     const struct mni_arena_block *block, size_t from,
                     size_t end)
{
    unsigned char *place = arena->start + from * MNI_CELL_SIZE;
    size_t size = (end - from) * MNI_CELL_SIZE;

    if (!mni_os_protect(place, size, MN_PERM_RW | MNI_OS_HUGE))
        return;
    if (arena->huge_size == 0)
        arena->huge = place;
    arena->huge_size = (size_t)(place + size - arena->huge);
    /* Who touches one of them may make all of them resident. */
    mni_cells_set(arena->dirty, from, block->first < end ? block->first : end);
    mni_cells_set(arena->dirty, block->end > from ? block->end : from, end);
}

/* Memory begins at byte `from` that nobody has touched. If what lies below the
 * block that made us commit it was written to throughout, so will it be: huge
 * pages save most of the faults. But for no more than a step, or a part of what
 * there is, whatever the size of the block: the guess may be wrong. */
void mni_arena_prefer_huge(struct mni_arena *arena,
                           const struct mni_arena_block *block, size_t from,
                           size_t step)
{
    uintptr_t start = (uintptr_t)arena->start;
    size_t ahead = from / HUGE_SHARE > step ? from / HUGE_SHARE : step;
    size_t most =
        arena->committed - from < ahead ? arena->committed : from + ahead;
    size_t first = mni_round_up(start + from, MNI_ARENA_HUGE) - start;
    size_t end = mni_round_down(start + most, MNI_ARENA_HUGE) - start;

    if (first < end && mni_option(MNI_OPTION_HUGE) == MNI_OPTION_HUGE_DENSE
        && huge_is_dense(arena, block->first * MNI_CELL_SIZE))
        huge_ask(arena, block, first / MNI_CELL_SIZE, end / MNI_CELL_SIZE);
}

void mni_arena_loosen(struct mni_arena *arena)
{
    if (arena->huge_size == 0)
        return;
    /* If it is refused, it was no use to begin with. */
    (void)mni_os_protect(arena->huge, arena->huge_size, MNI_OS_SMALL);
    arena->huge_size = 0;
}
