/* SPDX-License-Identifier: MIT */
/* span.h -- a run of whole cells with one owner; its record lies elsewhere. */
#ifndef MNI_SPAN_H
#define MNI_SPAN_H

#include <mn/space.h>

enum mni_span_kind {
    MNI_SPAN_NEW,   /* taken, and not ready for anybody */
    MNI_SPAN_SLAB,  /* cut into equal slots */
    MNI_SPAN_LARGE, /* one block */
    MNI_SPAN_CACHED /* none, and kept for the next one */
};

struct mni_span {
    struct mn_owner owner; /* first: the map leads here */
    unsigned char *start;
    size_t size;          /* bytes, whole cells */
    void *source;         /* where it goes back to */
    uint32_t record_size; /* bytes of the record that begins with this */
    _Atomic uint32_t kind;
};

#endif
