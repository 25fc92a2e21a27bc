/* SPDX-License-Identifier: MIT */
/* same.c -- pairs of functions that must become the same instructions: NAME by
 * the abstraction, NAME_plain by hand. tests/typestate/same compares them. */
#include <mn/build.h>
#include <mn/ref.h>
#include <mn/state.h>

#define PLAIN mn_build(.size = 65536, .align = 64)
#define LIMITED mn_build(.size = 65536, .limit = 4096)
#define ZEROED mn_build(.size = 65536, .zero = true)

void *build_alloc(struct mn_built *built, size_t size);
void *build_alloc(struct mn_built *built, size_t size)
{
    return mn_build_alloc(PLAIN, built, size);
}

void *build_alloc_plain(struct mn_built *built, size_t size);
void *build_alloc_plain(struct mn_built *built, size_t size)
{
    return mn_region_alloc(&built->tiled.region, size, 64);
}

void build_free(struct mn_built *built, void *block);
void build_free(struct mn_built *built, void *block)
{
    mn_build_free(PLAIN, built, block);
}

void build_free_plain(struct mn_built *built, void *block);
void build_free_plain(struct mn_built *built, void *block)
{
    mn_region_free(&built->tiled.region, block);
}

void *build_limit(struct mn_built *built, size_t size);
void *build_limit(struct mn_built *built, size_t size)
{
    return mn_build_alloc(LIMITED, built, size);
}

void *build_limit_plain(struct mn_built *built, size_t size);
void *build_limit_plain(struct mn_built *built, size_t size)
{
    return mn_region_alloc(&built->limit.region, size, 16);
}

void *build_zero(struct mn_built *built, size_t size);
void *build_zero(struct mn_built *built, size_t size)
{
    return mn_build_alloc(ZEROED, built, size);
}

void *build_zero_plain(struct mn_built *built, size_t size);
void *build_zero_plain(struct mn_built *built, size_t size)
{
    void *block = mn_region_alloc(&built->tiled.region, size, 16);

    if (block != NULL)
        __builtin_memset(block, 0, size);
    return block;
}

/* ---- a state machine of its own: a list of free slots ---- */

struct slot {
    struct slot *next;
};

static struct mn_allocated *slot_take(struct mn_unallocated *right)
{
    struct slot **list = (void *)right;
    struct slot *slot = *list;

    if (slot == NULL)
        return NULL;
    *list = slot->next;
    return mn_state_as_allocated(slot);
}

static struct mn_freed *slot_put(struct slot **list, struct mn_allocated *block)
{
    struct slot *slot = mn_state_memory(block);

    slot->next = *list;
    *list = slot;
    return mn_state_as_freed(slot);
}

/* A slot is taken, written and put back. */
int state_machine(struct slot **list, int value);
int state_machine(struct slot **list, int value)
{
    struct mn_allocated *block = slot_take(mn_state_as_unallocated(list));

    if (block == NULL)
        return -1;
    *(int *)mn_state_memory(block) = value;
    struct mn_freed *freed = slot_put(list, block);
    return mn_state_of(freed) == MN_STATE_FREED ? value : -2;
}

int state_machine_plain(struct slot **list, int value);
int state_machine_plain(struct slot **list, int value)
{
    struct slot *slot = *list;

    if (slot == NULL)
        return -1;
    *list = slot->next;
    *(int *)(void *)slot = value;
    slot->next = *list;
    *list = slot;
    return value;
}

int state_query(const struct mn_corrupted *block);
int state_query(const struct mn_corrupted *block)
{
    (void)block;
    return mn_state_of(block) == MN_STATE_CORRUPTED ? 7 : 8;
}

int state_query_plain(const void *block);
int state_query_plain(const void *block)
{
    (void)block;
    return 7;
}

int state_read(const struct mn_region *region, const struct mn_allocated *block,
               size_t offset, void *to, size_t size);
int state_read(const struct mn_region *region, const struct mn_allocated *block,
               size_t offset, void *to, size_t size)
{
    return mn_state_read(region, block, offset, to, size) == MN_OK;
}

int state_read_plain(const struct mn_region *region, const void *block,
                     size_t offset, void *to, size_t size);
int state_read_plain(const struct mn_region *region, const void *block,
                     size_t offset, void *to, size_t size)
{
    return mn_state_copy_from(region, block, offset, to, size) == MN_OK;
}

/* ---- what src/guard/state.c is to be, next to the region's own ---- */

void *mn_state_allocate_plain(struct mn_region *region, size_t size,
                              size_t align);
void *mn_state_allocate_plain(struct mn_region *region, size_t size,
                              size_t align)
{
    return mn_region_alloc(region, size, align);
}

enum mn_status mn_state_check_plain(const struct mn_region *region,
                                    const void *block);
enum mn_status mn_state_check_plain(const struct mn_region *region,
                                    const void *block)
{
    return mn_region_examine(region, block);
}

/* ---- references: a count before the object, and a look at its sign ---- */

MN_TYPE_DECLARE(same_node);
MN_REFS(same_node);
struct same_node {
    struct same_node_ref next;
};
MN_REF_FUNCTIONS(same_node)

struct same_node_ref ref_clone(struct same_node_ref node);
struct same_node_ref ref_clone(struct same_node_ref node)
{
    return same_node_ref_clone(node);
}

void *ref_clone_plain(void *node);
void *ref_clone_plain(void *node)
{
    if (node != NULL) {
        unsigned *count = (unsigned *)node - 2;
        if (__builtin_expect((int)++*count < 0, 0))
            mn_ref_clone_rare(node);
    }
    return node;
}

void ref_drop(struct same_node_ref node);
void ref_drop(struct same_node_ref node)
{
    same_node_ref_drop(&node);
}

void ref_drop_plain(void *node);
void ref_drop_plain(void *node)
{
    if (node != NULL) {
        unsigned *count = (unsigned *)node - 2;
        if (__builtin_expect((int)--*count < 0, 0))
            mn_ref_drop_rare(node, &same_node_type);
    }
}
