/* SPDX-License-Identifier: MIT */
/* mn/key_inline.h -- from a key to its object, and keys by type. Part of
 * mn/key.h. */
#ifndef MN_KEY_INLINE_H
#define MN_KEY_INLINE_H

#include <mn/key.h>

MN_BEGIN

struct mn_keys_place {
    unsigned char *base; /* the objects of its segment */
    uintptr_t index;     /* its number there */
};

/* Requires: index < keys->fresh. */
MN_ALWAYS_INLINE struct mn_keys_place mn_keys_place(const struct mn_keys *keys,
                                                    uintptr_t index)
{
    struct mn_keys_place result = {keys->at[index / MN_KEYS_SEGMENT],
                                   index % MN_KEYS_SEGMENT};
    return result;
}

MN_ALWAYS_INLINE uintptr_t *mn_keys_word(struct mn_keys_place place)
{
    return (uintptr_t *)(void *)place.base + (intptr_t)~place.index;
}

/* Requires: size is that of the type. */
MN_MUST_USE MN_ALWAYS_INLINE void *mn_keys_find(const struct mn_keys *keys,
                                                struct mn_key key, size_t size)
{
    uintptr_t index = key.bits & keys->mask;

    if (__builtin_expect(index >= keys->fresh, 0))
        return NULL;
    /* The word of a free slot has the number of another one, so that no key
     * there is equals it. */
    struct mn_keys_place place = mn_keys_place(keys, index);
    if (__builtin_expect(*mn_keys_word(place) != key.bits, 0))
        return NULL;
    return place.base + place.index * size;
}

/* The object of `key`, or NULL if it was removed, or if the key is none that
 * this table ever gave. Valid until it is removed. O(1), no loop. */
MN_MUST_USE MN_ALWAYS_INLINE void *mn_keys_get(const struct mn_keys *keys,
                                               struct mn_key key)
{
    return mn_keys_find(keys, key, keys->type->size);
}

/* The same, and stop the program where that would be NULL. */
MN_MUST_USE MN_ALWAYS_INLINE void *mn_keys_expect(const struct mn_keys *keys,
                                                  struct mn_key key)
{
    void *object = mn_keys_get(keys, key);

    if (__builtin_expect(object == NULL, 0))
        mn_keys_stop(keys, key);
    return object;
}

/* How many objects there are. */
MN_ALWAYS_INLINE size_t mn_keys_count(const struct mn_keys *keys)
{
    return keys->count;
}

MN_END

#ifndef __cplusplus
/* Define struct `tag`_key, of one word, for members of any struct. */
#define MN_KEY(tag)                                                            \
    struct tag##_key {                                                         \
        struct mn_key key;                                                     \
    }

/* Define struct `tag`_keys, whose member `keys` is for the functions of
 * mn/key.h, and `tag`_keys_init, _finish, _alloc, _insert, _get, _expect and
 * _remove, which take and lead to nothing but a struct `tag`. _insert copies an
 * object, and its key is of nothing where _alloc would answer NULL;
 * `tag`_key_is_none tells. Requires: MN_TYPE_DECLARE(tag), MN_KEY(tag), and the
 * struct complete. */
/* clang-format off */
#define MN_KEYS(tag)                                                           \
    struct tag##_keys {                                                        \
        struct mn_keys keys;                                                   \
    };                                                                         \
    MNI_KEYS_INLINE bool tag##_key_is_none(struct tag##_key self)              \
    {                                                                          \
        return self.key.bits == 0;                                             \
    }                                                                          \
    MN_MUST_USE MNI_KEYS_INLINE enum mn_status tag##_keys_init(                \
        struct tag##_keys *self, const struct mn_keys_options *options)        \
    {                                                                          \
        struct mn_keys_options own = *options;                                 \
                                                                               \
        own.type = &tag##_type;                                                \
        return mn_keys_init(&self->keys, &own);                                \
    }                                                                          \
    MNI_KEYS_INLINE void tag##_keys_finish(struct tag##_keys *self)            \
    {                                                                          \
        mn_keys_finish(&self->keys);                                           \
    }                                                                          \
    MN_MUST_USE MNI_KEYS_INLINE struct tag *tag##_keys_alloc(                  \
        struct tag##_keys *self, struct tag##_key *key)                        \
    {                                                                          \
        return (struct tag *)mn_keys_alloc(&self->keys, &key->key);            \
    }                                                                          \
    MN_MUST_USE MNI_KEYS_INLINE struct tag##_key tag##_keys_insert(            \
        struct tag##_keys *self, const struct tag *value)                      \
    {                                                                          \
        struct tag##_key key;                                                  \
        struct tag *object = tag##_keys_alloc(self, &key);                     \
                                                                               \
        if (object != NULL)                                                    \
            *object = *value;                                                  \
        return key;                                                            \
    }                                                                          \
    MN_MUST_USE MNI_KEYS_INLINE struct tag *tag##_keys_get(                    \
        const struct tag##_keys *self, struct tag##_key key)                   \
    {                                                                          \
        return (struct tag *)mn_keys_find(&self->keys, key.key,                \
                                          sizeof(struct tag));                 \
    }                                                                          \
    MN_MUST_USE MNI_KEYS_INLINE struct tag *tag##_keys_expect(                 \
        const struct tag##_keys *self, struct tag##_key key)                   \
    {                                                                          \
        struct tag *object = tag##_keys_get(self, key);                        \
                                                                               \
        if (__builtin_expect(object == NULL, 0))                               \
            mn_keys_stop(&self->keys, key.key);                                \
        return object;                                                         \
    }                                                                          \
    MNI_KEYS_INLINE bool tag##_keys_remove(struct tag##_keys *self,            \
                                           struct tag##_key key)               \
    {                                                                          \
        return mn_keys_remove(&self->keys, key.key);                           \
    }                                                                          \
    struct tag##_keys /* so that a semicolon follows */
/* Nobody needs all of them. */
#define MNI_KEYS_INLINE MN_ATTRIBUTE(unused) static inline
/* clang-format on */
#endif
#endif
