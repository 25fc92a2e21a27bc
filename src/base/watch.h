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

enum mni_tool mni_watch_tool(void);

/* From now on nobody is to touch this memory, or anybody may, who finds no
 * content in it. */
void mni_watch_close(enum mni_tool tool, void *memory, size_t size);
void mni_watch_open(enum mni_tool tool, void *memory, size_t size);

/* There is content in it. */
void mni_watch_keep(enum mni_tool tool, void *memory, size_t size);

/* An object in closed memory is handed out, as by malloc; `zone` bytes on both
 * sides stay closed. And the same object is released, as by free. */
void mni_watch_alloc(enum mni_tool tool, void *object, size_t size,
                     size_t zone);
void mni_watch_free(enum mni_tool tool, void *object, size_t size, size_t zone);

#endif
