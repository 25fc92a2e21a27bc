/* SPDX-License-Identifier: MIT */
/* mn/handle.h -- scopes of pins, and handles by type. Part of mn/move.h.
 *
 *     MN_TYPE_DECLARE(node);
 *     MN_HANDLE(node);                        struct node_handle, node_pin
 *     struct node { long value; struct node_handle next; };
 *     MN_TYPE(node, .drop = NULL);
 *     MN_HANDLES(node);                       their functions
 *
 *     struct node_handle a = node_handle_new(&mover);
 *     MN_PINNED(node, pin, &mover, a);
 *     pin.at->value = 1;
 */
#ifndef MN_HANDLE_H
#define MN_HANDLE_H

#include <mn/pin.h>

#ifndef __cplusplus
/* clang-format off */
/* A pin that ends with its scope. */
#define MN_PIN(name, mover, handle)                                            \
    MN_ATTRIBUTE(unused, cleanup(mn_unpin)) struct mn_pin name =               \
        mn_mover_pin(mover, handle)
#define MN_PINNED(tag, name, mover, handle)                                    \
    MN_ATTRIBUTE(unused, cleanup(tag##_unpin)) struct tag##_pin name =         \
        tag##_handle_pin(mover, handle)

/* Define struct `tag`_handle, of one word, and struct `tag`_pin, whose `at` is
 * a struct `tag` *. */
#define MN_HANDLE(tag)                                                         \
    struct tag##_handle {                                                      \
        struct mn_handle handle;                                               \
    };                                                                         \
    struct tag##_pin {                                                         \
        struct tag *at;                                                        \
        struct mn_mover_entry *entry;                                          \
    }

/* Define `tag`_handle_new, _free, _pin, _try_pin and `tag`_unpin, which take
 * and lead to nothing but a struct `tag`. Requires: MN_TYPE_DECLARE(tag),
 * MN_HANDLE(tag), and the struct complete. */
#define MN_HANDLES(tag)                                                        \
    MNI_HANDLES_INLINE MN_MUST_USE struct tag##_handle                         \
        tag##_handle_new(struct mn_mover *in_mover)                            \
    {                                                                          \
        struct tag##_handle self = {                                           \
            mn_mover_alloc(in_mover, sizeof(struct tag), &tag##_type)};        \
                                                                               \
        return self;                                                           \
    }                                                                          \
    MNI_HANDLES_INLINE void tag##_handle_free(struct mn_mover *in_mover,       \
                                              struct tag##_handle self)        \
    {                                                                          \
        mn_mover_free(in_mover, self.handle);                                  \
    }                                                                          \
    MNI_HANDLES_INLINE MN_MUST_USE struct tag##_pin tag##_handle_pin(          \
        const struct mn_mover *in_mover, struct tag##_handle self)             \
    {                                                                          \
        struct mn_pin pin = mn_mover_pin(in_mover, self.handle);               \
        struct tag##_pin typed = {(struct tag *)pin.at, pin.entry};            \
                                                                               \
        return typed;                                                          \
    }                                                                          \
    MNI_HANDLES_INLINE MN_MUST_USE struct tag##_pin tag##_handle_try_pin(      \
        const struct mn_mover *in_mover, struct tag##_handle self)             \
    {                                                                          \
        struct mn_pin pin = mn_mover_try_pin(in_mover, self.handle);           \
        struct tag##_pin typed = {(struct tag *)pin.at, pin.entry};            \
                                                                               \
        return typed;                                                          \
    }                                                                          \
    MNI_HANDLES_INLINE void tag##_unpin(struct tag##_pin *typed)               \
    {                                                                          \
        struct mn_pin pin = {typed->at, typed->entry};                         \
                                                                               \
        mn_unpin(&pin);                                                        \
        typed->at = NULL;                                                      \
        typed->entry = NULL;                                                   \
    }                                                                          \
    struct tag##_handle /* so that a semicolon follows */
#define MNI_HANDLES_INLINE MN_ATTRIBUTE(unused) static inline
/* clang-format on */
#endif
#endif
