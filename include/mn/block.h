/* SPDX-License-Identifier: MIT */
/* mn/block.h -- the model: a block B = (a, s, p, t) of the memory space.
 *
 * A block is a range of addresses with one permission and one state. Blocks
 * never overlap. Every layer describes its memory in these terms, and
 * docs/theory.md states what may be relied on.
 */
#ifndef MN_BLOCK_H
#define MN_BLOCK_H

#include <mn/base.h>

MN_BEGIN

/* t: who may use the block. */
enum mn_state {
    MN_FREE,      /* nobody: it can be handed out */
    MN_ALLOCATED, /* the program, until it gives the block back */
    MN_RESERVED   /* the system: not yet committed, or Mneme's own records */
};

/* p: bits of permission. */
enum {
    MN_PERM_NONE = 0,
    MN_PERM_READ = 1,
    MN_PERM_WRITE = 2,
    MN_PERM_EXEC = 4,
    MN_PERM_RW = MN_PERM_READ | MN_PERM_WRITE
};

struct mn_block {
    void *start;         /* a: its first byte */
    size_t size;         /* s: bytes, never 0 */
    unsigned perm;       /* p: MN_PERM_ bits */
    enum mn_state state; /* t */
};

/* Called with each block of a walk; return false to end the walk. It must not
 * allocate from or release to what is being walked. */
typedef bool (*mn_block_fn)(const struct mn_block *block, void *context);

/* "free", "allocated" or "reserved". Any thread. */
MN_API const char *mn_state_name(enum mn_state state);

MN_END

#endif
