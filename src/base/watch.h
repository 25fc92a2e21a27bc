/* SPDX-License-Identifier: MIT */
/* watch.h -- telling AddressSanitizer and Valgrind which memory is in use.
 *
 * Which of them the program runs under is found at run time, so one build
 * serves all: the sanitizer by its functions, which are there or not, Valgrind
 * by a sequence of instructions that does nothing on a processor. Where there
 * is neither, callers remember so and come here no more.
 */
#ifndef MNI_WATCH_H
#define MNI_WATCH_H

#include <stdbool.h>
#include <stddef.h>

enum mni_tool { MNI_TOOL_NONE, MNI_TOOL_ASAN, MNI_TOOL_VALGRIND };

/* Bytes of a zone that keep what runs over one object from the next. */
enum { MNI_WATCH_ZONE = 16 };

/* A row of equal objects, and how they were told of. */
struct mni_watched {
    enum mni_tool tool;
    size_t size;   /* of an object */
    size_t zone;   /* before each of them, and behind it */
    size_t stride; /* from one to the next */
};

enum mni_tool mni_watch_tool(void);

/* From now on nobody is to touch this memory, or anybody may, who finds no
 * content in it; or whoever does finds content. */
void mni_watch_close(enum mni_tool tool, void *memory, size_t size);
void mni_watch_open(enum mni_tool tool, void *memory, size_t size);
void mni_watch_keep(enum mni_tool tool, void *memory, size_t size);

/* An object in closed memory is handed out, as by malloc; and the same object
 * is released, as by free. `stacks` is of mni_stacks_new. */
struct mni_stacks;
void mni_watch_alloc(const struct mni_watched *watched,
                     struct mni_stacks *stacks, void *object);
void mni_watch_free(const struct mni_watched *watched,
                    struct mni_stacks *stacks, void *object);

/* A release of `object` is about to end the program: have the tool say what it
 * knows of it. */
void mni_watch_refuse(const struct mni_watched *watched,
                      struct mni_stacks *stacks, const void *object);

/* ---- watch_stacks.c: for AddressSanitizer ---- */

bool mni_stacks_has_asan(void);
void mni_stacks_poison(const void *memory, size_t size);
void mni_stacks_unpoison(const void *memory, size_t size);

/* Remember the call stacks of `count` objects from `first` on; NULL if that
 * cannot be, and then they are not remembered. */
struct mni_stacks *mni_stacks_new(const struct mni_watched *watched,
                                  void *first, size_t count);
void mni_stacks_end(struct mni_stacks *stacks);

/* A row of such that grows by one at its end; NULL for a row that cannot be,
 * and then it is empty for ever. */
struct mni_stacks **mni_stacks_append(struct mni_stacks **row, size_t count,
                                      struct mni_stacks *stacks);
void mni_stacks_end_row(struct mni_stacks **row, size_t count);

/* The object is handed out, or is released, by the present call stack. */
void mni_stacks_allocated(struct mni_stacks *stacks, const void *object);
void mni_stacks_released(struct mni_stacks *stacks, const void *object);
void mni_stacks_describe(struct mni_stacks *stacks, const void *object);

#endif
