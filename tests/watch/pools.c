/* SPDX-License-Identifier: MIT */
/* Pools for many threads, bounded ones and tables with keys, and one error with
 * one of them; the arguments name both. tests/programs/watch.sh runs it under
 * AddressSanitizer and Valgrind. */
#include <mn/mn.h>
#include <pthread.h>
#include <string.h>

MN_TYPE_DECLARE(node);
struct node {
    char bytes[40];
};
MN_TYPE(node, .drop = NULL);
MN_SHARED_POOL(node);
MN_BOUNDED(node, 40);
MN_KEY(node);
MN_KEYS(node);

enum { COUNT = 20 };
static struct node_shared_pool shared;
static struct node_bounded bounded;
static struct node_keys keys;
static struct node_key given[COUNT];
static unsigned char memory[4096];

/* ---- what the kinds have in common ---- */

struct kind {
    const char *name;
    enum mn_status (*init)(void);
    struct node *(*alloc)(int i);
    void (*release)(int i, struct node *node);
    void (*clear)(void);
    void (*finish)(void);
};

static enum mn_status shared_init(void)
{
    return node_shared_pool_init(&shared, NULL);
}

static struct node *shared_alloc(int i)
{
    (void)i;
    return node_shared_pool_alloc(&shared);
}

static void shared_release(int i, struct node *node)
{
    (void)i;
    node_shared_pool_release(&shared, node);
}

static void shared_clear(void)
{
    mn_shared_pool_clear(&shared.pool);
}

static void shared_finish(void)
{
    node_shared_pool_finish(&shared);
}

static enum mn_status bounded_init(void)
{
    return node_bounded_init(&bounded, NULL, NULL);
}

static struct node *bounded_alloc(int i)
{
    (void)i;
    return node_bounded_alloc(&bounded);
}

static void bounded_release(int i, struct node *node)
{
    (void)i;
    node_bounded_release(&bounded, node);
}

static void bounded_finish(void)
{
    node_bounded_finish(&bounded);
    memset(&bounded, 1, sizeof bounded); /* it is nobody's again */
}

static enum mn_status keys_init(void)
{
    struct mn_keys_options options = {.memory = memory,
                                      .memory_size = sizeof memory};

    return node_keys_init(&keys, &options);
}

static struct node *keys_alloc(int i)
{
    return node_keys_alloc(&keys, &given[i]);
}

static void keys_release(int i, struct node *node)
{
    (void)node;
    (void)node_keys_remove(&keys, given[i]);
}

static void keys_clear(void)
{
    mn_keys_clear(&keys.keys);
}

static void keys_finish(void)
{
    node_keys_finish(&keys);
    memset(memory, 1, sizeof memory);
}

static const struct kind kinds[] = {
    {"shared", shared_init, shared_alloc, shared_release, shared_clear,
     shared_finish},
    {"bounded", bounded_init, bounded_alloc, bounded_release, NULL,
     bounded_finish},
    {"keys", keys_init, keys_alloc, keys_release, keys_clear, keys_finish},
};
static const struct kind *kind;

/* ---- looked for in the reports ---- */

__attribute__((noinline)) static struct node *allocate_here(int i)
{
    return kind->alloc(i);
}

__attribute__((noinline)) static void release_here(int i, struct node *node)
{
    kind->release(i, node);
}

static void *release_there(void *node)
{
    release_here(1, node);
    return NULL;
}

static void release_in_thread(struct node *node)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, release_there, node) == 0)
        (void)pthread_join(thread, NULL);
}

/* ---- errors ---- */

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static int err(const char *error, struct node *node, struct node *other)
{
    volatile char *bytes = node->bytes;

    if (is(error, "after_release")) {
        release_here(1, node);
        return bytes[0];
    }
    if (is(error, "after_thread")) {
        release_in_thread(node);
        return bytes[0];
    }
    if (is(error, "overflow"))
        bytes[sizeof node->bytes] = 1;
    if (is(error, "double_release")) {
        release_here(1, node);
        release_here(1, node);
    }
    if (is(error, "key_after_release")) {
        release_here(1, node);
        return node_keys_expect(&keys, given[1])->bytes[0];
    }
    if (is(error, "after_clear")) {
        kind->clear();
        return bytes[1];
    }
    if (is(error, "uninitialized") && ((volatile char *)other->bytes)[1])
        return 1;
    return 0;
}

/* All come back and are taken again: nothing of this is an error. */
static int run(const char *error)
{
    struct node *nodes[COUNT];

    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < COUNT; i++) {
            nodes[i] = allocate_here(i);
            memset(nodes[i], i, round < 4 || i == 1 ? sizeof *nodes[i] : 1);
        }
        if (round == 4)
            break;
        for (int i = 0; i < COUNT; i++)
            if (i % 2 != 0 || kind->name[0] == 'k')
                release_here(i, nodes[i]);
            else
                release_in_thread(nodes[i]);
    }
    int result = err(error, nodes[1], nodes[2]);
    kind->finish();
    return result != 0;
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (is(arguments[1], kinds[i].name))
            kind = &kinds[i];
    return kind == NULL || kind->init() != MN_OK ? 2 : run(arguments[2]);
}
