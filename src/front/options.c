/* SPDX-License-Identifier: MIT */
/* options.c -- what programs set, as variables and by functions. */
#include "front/front.h"

#include <unistd.h>

#include "base/text.h"
#include "os/os.h"

enum {
    OPTIONS_GROWTH = 120, /* percent, divided by the divisor: 40 as a rule */
    OPTIONS_LINE = 256
};

#define OPTIONS_VALUE(type, name, initial)                                     \
    type GC_##name = initial;                                                  \
    void GC_set_##name(type value)                                             \
    {                                                                          \
        GC_##name = value;                                                     \
    }                                                                          \
    type GC_get_##name(void)                                                   \
    {                                                                          \
        return GC_##name;                                                      \
    }

/* What has no variable that programs see. */
#define OPTIONS_HIDDEN(type, name, initial)                                    \
    static type options_##name = initial;                                      \
    void GC_set_##name(type value)                                             \
    {                                                                          \
        options_##name = value;                                                \
    }                                                                          \
    type GC_get_##name(void)                                                   \
    {                                                                          \
        return options_##name;                                                 \
    }

static void *options_no_memory(size_t size)
{
    (void)size;
    return NULL;
}

/* printf's format with one number for most warnings; it is enough to show. */
static void options_warn(char *words, GC_word value)
{
    char line[OPTIONS_LINE];
    struct mni_text text;

    mni_text_init(&text, line, sizeof line);
    mni_text_put(&text, "mneme: libgc: ");
    mni_text_put(&text, words);
    mni_text_put_address(&text, (const void *)value);
    mni_text_put(&text, "\n");
    mni_front_write(text.start, text.used);
}

static _Noreturn void options_abort(const char *words)
{
    mni_stop(words);
}

OPTIONS_VALUE(int, all_interior_pointers, 1)
OPTIONS_VALUE(int, finalize_on_demand, 0)
OPTIONS_VALUE(int, java_finalization, 0)
OPTIONS_VALUE(GC_finalizer_notifier_proc, finalizer_notifier, NULL)
OPTIONS_VALUE(int, no_dls, 0)
OPTIONS_VALUE(GC_word, non_gc_bytes, 0)
OPTIONS_VALUE(GC_push_other_roots_proc, push_other_roots, NULL)
OPTIONS_VALUE(GC_on_heap_resize_proc, on_heap_resize, NULL)
OPTIONS_VALUE(int, dont_expand, 0)
OPTIONS_VALUE(int, dont_precollect, 0)
OPTIONS_VALUE(int, find_leak, 0)
OPTIONS_VALUE(int, full_freq, 19)
OPTIONS_VALUE(GC_word, max_retries, 0)
OPTIONS_VALUE(unsigned long, time_limit, 50)
OPTIONS_HIDDEN(GC_warn_proc, warn_proc, options_warn)
OPTIONS_HIDDEN(GC_abort_func, abort_func, options_abort)
OPTIONS_HIDDEN(GC_start_callback_proc, start_callback, NULL)
OPTIONS_HIDDEN(GC_on_collection_event_proc, on_collection_event, NULL)
OPTIONS_HIDDEN(int, rate, 10)

int GC_dont_gc;
int GC_parallel;
int GC_use_entire_heap;
char *GC_stackbottom;
GC_oom_func GC_oom_fn = options_no_memory;
GC_word GC_free_space_divisor = 3;

void GC_set_oom_fn(GC_oom_func function)
{
    GC_oom_fn = function;
}

/* A program may have set the variable to nothing. */
GC_oom_func GC_get_oom_fn(void)
{
    return GC_oom_fn == NULL ? options_no_memory : GC_oom_fn;
}

int GC_get_parallel(void)
{
    return GC_parallel;
}

void GC_set_markers_count(unsigned count)
{
    (void)count;
}

void GC_set_handle_fork(int value)
{
    (void)value;
}

/* The whole is done at once. */
void GC_enable_incremental(void)
{
}

int GC_is_incremental_mode(void)
{
    return 0;
}

void GC_ignore_warn_proc(char *words, GC_word value)
{
    (void)words;
    (void)value;
}

void GC_abort_on_oom(void)
{
    GC_get_abort_func()("libgc: out of memory");
}

void mni_front_write(const char *text, size_t size)
{
    mni_os_write(STDERR_FILENO, text, size);
}

void mni_front_warn(const char *words, uintptr_t value)
{
    /* By its published type it takes words that it could change. */
    union {
        const char *given;
        char *taken;
    } text = {words};

    GC_get_warn_proc()(text.taken, value);
}

/* ---- how the heap grows ---- */

void mni_front_set_pace(void)
{
    GC_word divisor = GC_free_space_divisor;

    if (divisor == 0 || divisor > OPTIONS_GROWTH)
        divisor = OPTIONS_GROWTH;
    mni_front.gc->options.growth = (unsigned)(OPTIONS_GROWTH / divisor);
}

void GC_set_free_space_divisor(GC_word value)
{
    MN_CHECK(value > 0, "a free space divisor of 0");
    (void)mni_front_enter();
    GC_free_space_divisor = value;
    mni_front_set_pace();
    mni_front_leave();
}

GC_word GC_get_free_space_divisor(void)
{
    return GC_free_space_divisor;
}

void GC_set_max_heap_size(GC_word size)
{
    struct mni_gc *gc = mni_front_enter();

    if (size == 0 || size > gc->size)
        size = gc->size;
    gc->options.limit = size < gc->used ? gc->used : size;
    mni_front_leave();
}

/* So much more can be handed out before the next collection. */
int GC_expand_hp(size_t size)
{
    struct mni_gc *gc = mni_front_enter();

    if (gc->budget < SIZE_MAX - size)
        gc->budget += size;
    mni_front_leave();
    return 1;
}
