/* SPDX-License-Identifier: MIT */
/* mixed.c -- what a server does with memory, in small.
 *
 * Two threads serve requests. A request builds strings that grow as they are
 * appended to, small structures of a few fixed sizes, and now and then a large
 * buffer; nearly all of it is released when the request ends. Some objects
 * live as long as a session of many requests, and a few go into a cache that
 * both threads share, where another thread's object makes room for them.
 */
#include "load.h"

enum {
    MIXED_THREADS = 2,
    MIXED_REQUESTS = 60000,
    MIXED_STRINGS = 24,
    MIXED_STRUCTS = 40,
    MIXED_OBJECTS = MIXED_STRINGS + MIXED_STRUCTS + 1,
    MIXED_SESSIONS = 2000,
    MIXED_SESSION_OBJECTS = 8,
    MIXED_CACHE = 4096,
    MIXED_LARGE_LEAST = 4 * LOAD_KIB,
    MIXED_LARGE_DOUBLINGS = 6
};

static const size_t mixed_struct_sizes[] = {24, 32, 40, 48, 56, 72, 96, 160};
static const size_t mixed_struct_kinds =
    sizeof mixed_struct_sizes / sizeof mixed_struct_sizes[0];

static pthread_mutex_t mixed_lock = PTHREAD_MUTEX_INITIALIZER;
static void *mixed_cache[MIXED_CACHE]; /* under mixed_lock */

struct mixed {
    void *sessions[MIXED_SESSIONS][MIXED_SESSION_OBJECTS];
    uint64_t random;
};

static void *mixed_string(uint64_t *random)
{
    void *string = load_new(load_between(random, 16, 40));

    for (unsigned more = load_next(random) % 4; more > 0; more--) {
        size_t size = load_check(string) + load_between(random, 1, 60);
        string = realloc(string, size);
        load_write(string, size);
    }
    return string;
}

static void *mixed_struct(uint64_t *random)
{
    return load_new(mixed_struct_sizes[load_next(random) % mixed_struct_kinds]);
}

static void mixed_publish(void *object, size_t at)
{
    load_expect(pthread_mutex_lock(&mixed_lock) == 0);
    void *former = mixed_cache[at];
    mixed_cache[at] = object;
    load_expect(pthread_mutex_unlock(&mixed_lock) == 0);
    load_drop(former);
}

static void mixed_renew(struct mixed *mixed)
{
    void **session =
        mixed->sessions[load_next(&mixed->random) % MIXED_SESSIONS];

    for (int i = 0; i < MIXED_SESSION_OBJECTS; i++) {
        load_drop(session[i]);
        session[i] = i % 2 == 0 ? mixed_string(&mixed->random)
                                : mixed_struct(&mixed->random);
    }
}

static void mixed_request(struct mixed *mixed)
{
    void *objects[MIXED_OBJECTS] = {NULL};
    uint64_t *random = &mixed->random;
    int count = 0;

    for (int i = 0; i < MIXED_STRINGS; i++)
        objects[count++] = mixed_string(random);
    for (int i = 0; i < MIXED_STRUCTS; i++)
        objects[count++] = mixed_struct(random);
    if (load_next(random) % 8 == 0)
        objects[count++] = load_new(
            load_spread(random, MIXED_LARGE_LEAST, MIXED_LARGE_DOUBLINGS));
    if (load_next(random) % 4 == 0)
        mixed_renew(mixed);
    mixed_publish(objects[--count], load_next(random) % MIXED_CACHE);
    while (count > 0)
        load_drop(objects[--count]);
}

static void *mixed_work(void *number)
{
    static struct mixed threads[MIXED_THREADS];
    struct mixed *mixed = &threads[(uintptr_t)number];

    mixed->random = load_seed((unsigned)(uintptr_t)number);
    for (int i = 0; i < MIXED_REQUESTS; i++)
        mixed_request(mixed);
    return NULL;
}

int main(void)
{
    load_threads(mixed_work, MIXED_THREADS);
    load_tell("end");
    return 0;
}
