/* SPDX-License-Identifier: MIT */
/* Tests of collectors without memory: each call of the system fails in turn,
 * or all of them from some point on. What is refused is NULL; the rest is as it
 * was, and a collection is as exact as ever. */
#include <mn/root.h>

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/os_fake.h"
#include "test.h"

enum { LISTS = 8, ROUNDS = 40, CALLS_MIN = 12, LEAF = 30000 };

MN_TYPE_DECLARE(node);
struct node {
    struct node *next;
    struct node *more;
    size_t number;
};
MN_TYPE(node, MN_REFERENCES(MN_MEMBER_IS(GC, node, next, node),
                            MN_MEMBER_IS(GC, node, more, node)));

static struct node *lists[LISTS];
static size_t lengths[LISTS];
static size_t refused;

/* A list grows at its head, which is young, and at its second node. */
static void grow(struct mn_gc *gc, size_t i)
{
    struct node *node = mn_gc_new(gc, &node_type);

    if (node == NULL) {
        refused++;
        return;
    }
    node->number = i;
    node->next = lists[i];
    lists[i] = node;
    lengths[i]++;
    node = mn_gc_new(gc, &node_type);
    if (node != NULL)
        mn_gc_store(gc, lists[i], &lists[i]->more, node);
    if (mn_gc_new_leaf(gc, LEAF) == NULL)
        refused++;
}

static size_t expect_lists(void)
{
    size_t count = 0;

    for (size_t i = 0; i < LISTS; i++) {
        size_t length = 0;
        for (struct node *node = lists[i]; node != NULL; node = node->next) {
            EXPECT(node->number == i);
            count += node->more != NULL;
            length++;
        }
        EXPECT(length == lengths[i]);
        count += length;
    }
    return count;
}

static void work(struct mn_gc *gc)
{
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < LISTS; i++)
            for (int k = 0; k < 30; k++)
                grow(gc, i);
        EXPECT(mn_gc_check(gc));
        (void)expect_lists();
        mn_gc_collect(gc, round % 10 == 0);
        lists[(size_t)round % LISTS] = NULL;
        lengths[(size_t)round % LISTS] = 0;
    }
    mn_gc_collect(gc, true);
    struct mn_gc_stats stats;
    mn_gc_read_stats(gc, &stats);
    EXPECT(stats.object_count == expect_lists());
}

/* Work while the calls from `first` to `last` fail; how many there were. */
static uint64_t run(uint64_t first, uint64_t last)
{
    struct mn_gc_options options = {.generational = true, .nursery = 1 << 20};
    struct mn_gc_root root;

    mni_fake_fail(first, last);
    struct mn_gc *gc = mn_gc_create(&options);
    if (gc == NULL) {
        uint64_t calls = mni_fake_calls();
        EXPECT(first != 0 && calls >= first);
        return calls;
    }
    mn_gc_root_begin(gc, &root, MN_GC_EXACT, lists, LISTS);
    work(gc);
    uint64_t calls = mni_fake_calls();
    mni_fake_fail(0, 0);
    refused = 0;
    work(gc);
    EXPECT(refused == 0);
    mn_gc_root_end(&root);
    mn_gc_destroy(gc);
    memset(lists, 0, sizeof lists);
    memset(lengths, 0, sizeof lengths);
    return calls;
}

static void run_apart(uint64_t first, uint64_t last)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        (void)run(first, last);
        _exit(0);
    }
    EXPECT(child > 0 && waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(each_call_of_the_system_may_fail)
{
    uint64_t calls = run(0, 0);

    EXPECT(calls >= CALLS_MIN);
    for (uint64_t call = 1; call <= calls; call++)
        run_apart(call, call);
}

TEST(all_calls_of_the_system_may_fail_from_some_point_on)
{
    uint64_t calls = run(0, 0);

    for (uint64_t call = 1; call <= calls; call++)
        run_apart(call, UINT64_MAX);
}

/* Arrays that lead to the next one by their entry 63, and to small objects by
 * the others: what was pushed last is followed first, so the others of each
 * wait on the stack. Add `most` of them, or as many as there is room for. */
static size_t chain(struct mn_gc *gc, void ***top, size_t most)
{
    enum { WORDS = 100, NEXT = 63 };
    size_t count = 0;

    for (size_t n = 0; n < most; n++) {
        void **array = mn_gc_new_untyped(gc, WORDS * sizeof(void *));
        if (array == NULL)
            break;
        array[NEXT] = *top;
        *top = array;
        count++;
        for (int i = 0; i < WORDS; i++) {
            if (i == NEXT)
                continue;
            array[i] = mn_gc_new_leaf(gc, MN_GC_GRANULE);
            count += array[i] != NULL;
        }
    }
    return count;
}

static void expect_overflow(struct mn_gc *gc, void ***top, size_t count)
{
    struct mn_gc_stats stats;

    mn_gc_read_stats(gc, &stats);
    uint64_t before = stats.overflow_count;
    for (int i = 0; i < 3; i++) {
        mn_gc_collect(gc, true);
        mn_gc_read_stats(gc, &stats);
        EXPECT(stats.object_count == count && mn_gc_check(gc));
    }
    EXPECT(stats.overflow_count > before);
    *top = (*top)[63];
    mn_gc_collect(gc, true);
    mn_gc_read_stats(gc, &stats);
    EXPECT(stats.object_count == count - 100);
}

TEST(a_stack_that_cannot_grow_is_no_failure)
{
    struct mn_gc *gc = mn_gc_create(NULL);
    struct mn_gc_root root;
    void **top = NULL;

    EXPECT(gc != NULL);
    mn_gc_root_begin(gc, &root, MN_GC_EXACT, &top, 1);
    size_t count = chain(gc, &top, 1000);
    EXPECT(count == 1000 * 100);
    mni_fake_fail(1, UINT64_MAX);
    expect_overflow(gc, &top, count);
    mni_fake_fail(0, 0);
    mn_gc_root_end(&root);
    mn_gc_destroy(gc);
}

TEST(a_stack_in_a_full_buffer_is_no_failure)
{
    static unsigned char buffer[128 * 1024];
    struct mn_gc *gc = mn_gc_init(buffer, sizeof buffer, NULL);
    struct mn_gc_root root;
    void **top = NULL;

    EXPECT(gc != NULL);
    mn_gc_root_begin(gc, &root, MN_GC_EXACT, &top, 1);
    size_t count = chain(gc, &top, 30);
    EXPECT(count == 30 * 100);
    expect_overflow(gc, &top, count);
    mn_gc_root_end(&root);
}
