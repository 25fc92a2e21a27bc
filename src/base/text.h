/* SPDX-License-Identifier: MIT */
/* text.h -- building short texts in a fixed buffer, without the C library.
 *
 * What does not fit is cut off; the text always ends in a zero byte.
 */
#ifndef MNI_TEXT_H
#define MNI_TEXT_H

#include <mn/base.h>

struct mni_text {
    char *start;
    size_t size; /* of the buffer */
    size_t used; /* without the final zero; below size */
};

/* Requires: size > 0. */
void mni_text_init(struct mni_text *text, char *buffer, size_t size);
void mni_text_put(struct mni_text *text, const char *string);
void mni_text_put_count(struct mni_text *text, uint64_t number);
void mni_text_put_address(struct mni_text *text, const void *address);

/* Whether two strings are the same. */
bool mni_text_same(const char *a, const char *b);

#endif
