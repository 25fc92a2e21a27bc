/* SPDX-License-Identifier: MIT */
/* front.c -- the one collector behind libgc's functions, and its lock. */
#include "front/front.h"

#include "os/os.h"

struct mni_front mni_front = {.lock = {.order = MNI_LOCK_FRONT}};

void *GC_least_plausible_heap_addr;
void *GC_greatest_plausible_heap_addr;
GC_word GC_gc_no;

static void front_tell(GC_EventType event)
{
    GC_on_collection_event_proc call = GC_get_on_collection_event();

    if (call != NULL)
        call(event);
}

static bool front_allows(struct mni_gc *gc)
{
    (void)gc;
    return GC_dont_gc == 0;
}

static void front_phase(struct mn_gc *gc, enum mn_gc_phase phase, void *context)
{
    (void)context;
    switch (phase) {
    case MN_GC_BEGIN:
        mni_front.total +=
            mni_gc_fresh(mni_gc(gc)) - mni_gc_open_bytes(mni_gc(gc));
        mni_front.released = 0;
        if (GC_get_start_callback() != NULL)
            GC_get_start_callback()();
        front_tell(GC_EVENT_START);
        mni_front_gather_roots();
        mni_front_stop_others();
        front_tell(GC_EVENT_MARK_START);
        break;
    case MN_GC_MARKED:
        /* The others find room for objects only behind the lock. */
        mni_front_start_others();
        front_tell(GC_EVENT_MARK_END);
        front_tell(GC_EVENT_RECLAIM_START);
        break;
    case MN_GC_ENDED:
        GC_gc_no++;
        front_tell(GC_EVENT_RECLAIM_END);
        front_tell(GC_EVENT_END);
        break;
    }
}

static const struct mni_gc_beside front_beside = {
    .allows = front_allows,
    .roots = mni_front_push_roots,
    .marked = mni_front_find_dead,
};

static void front_before_fork(void)
{
    MN_CHECK(mni_lock_enter(&mni_front.lock),
             "a fork inside a function of libgc");
}

/* A size such as 64M, or 0. */
static size_t front_size(const char *text)
{
    static const char units[] = "kmg";
    size_t size = 0;

    for (; text != NULL && *text >= '0' && *text <= '9'; text++)
        if (!mni_multiply(size, 10, &size)
            || __builtin_add_overflow(size, (size_t)(*text - '0'), &size))
            return 0;
    for (unsigned i = 0; text != NULL && *text != 0 && units[i] != 0; i++)
        if ((*text | 0x20) == units[i]
            && !mni_multiply(size, (size_t)1 << 10 * (i + 1), &size))
            return 0;
    return size;
}

static void front_begin(void)
{
    struct mn_gc_options options = {
        .interior = true,
        .phase = front_phase,
        .limit = front_size(mni_os_variable("GC_MAXIMUM_HEAP_SIZE")),
        .reserve = front_size(mni_os_variable("GC_INITIAL_HEAP_SIZE")),
    };
    struct mn_gc *gc = mn_gc_create(&options);

    MN_CHECK(gc != NULL, "no memory for a collector");
    if (mni_os_variable("GC_DONT_GC") != NULL)
        GC_dont_gc = 1;
    mni_front.gc = mni_gc(gc);
    mni_front.gc->beside = &front_beside;
    mni_front.extra = GC_all_interior_pointers != 0;
    GC_least_plausible_heap_addr = mni_front.gc->heap.start;
    GC_greatest_plausible_heap_addr =
        mni_front.gc->heap.start + mni_front.gc->size;
    mni_front_set_pace();
    mni_front_begin_roots();
    MN_CHECK(mni_front_join(mni_front_stack_base())
                 && mni_os_at_fork(front_before_fork, mni_front_unlock,
                                   mni_front_after_fork),
             "no memory for a collector");
}

struct mni_gc *mni_front_enter(void)
{
    MN_CHECK(mni_lock_enter(&mni_front.lock),
             "libgc is used while it is in use by the same thread");
    if (mni_front.gc == NULL)
        front_begin();
    MN_CHECK(mni_front_is_known(),
             "libgc is used by a thread that it does not know: make it by"
             " GC_pthread_create, or call GC_register_my_thread");
    return mni_front.gc;
}

void mni_front_unlock(void)
{
    mni_lock_leave(&mni_front.lock);
}

void mni_front_leave(void)
{
    bool due = mni_front.ready_count != 0 && !mni_front.invoking;
    bool tell = due && GC_finalize_on_demand && !mni_front.told;

    if (tell)
        mni_front.told = true;
    mni_front_unlock();
    if (tell && GC_finalizer_notifier != NULL)
        GC_finalizer_notifier();
    else if (due && !GC_finalize_on_demand)
        GC_invoke_finalizers();
}

/* ---- collections, and the lock for programs ---- */

void GC_init(void)
{
    (void)mni_front_enter();
    mni_front_leave();
}

int GC_is_init_called(void)
{
    return mni_front.gc != NULL;
}

void GC_gcollect(void)
{
    struct mni_gc *gc = mni_front_enter();

    mn_gc_collect(&gc->front, true);
    mni_front_leave();
}

void GC_gcollect_and_unmap(void)
{
    struct mni_gc *gc = mni_front_enter();

    mn_gc_collect(&gc->front, true);
    mn_gc_trim(&gc->front);
    mni_front_leave();
}

int GC_try_to_collect(GC_stop_func stop)
{
    if (GC_dont_gc || stop())
        return 0;
    GC_gcollect();
    return 1;
}

/* There is nothing that could be done by steps. */
int GC_collect_a_little(void)
{
    return 0;
}

void GC_enable(void)
{
    (void)mni_front_enter();
    GC_dont_gc--;
    mni_front_leave();
}

void GC_disable(void)
{
    (void)mni_front_enter();
    GC_dont_gc++;
    mni_front_leave();
}

int GC_is_disabled(void)
{
    return GC_dont_gc != 0;
}

void *GC_call_with_alloc_lock(GC_fn_type function, void *data)
{
    (void)mni_front_enter();
    void *result = function(data);
    mni_front_unlock();
    return result;
}

void GC_alloc_lock(void)
{
    (void)mni_front_enter();
}

void GC_alloc_unlock(void)
{
    mni_front_unlock();
}
