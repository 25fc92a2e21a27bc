/* SPDX-License-Identifier: MIT */
/* os_linux.c -- the contract of os.h on Linux with glibc.
 *
 * errno belongs to the program: each function leaves it as it found it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/bits.h"
#include "os/os.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

enum {
    OS_SECOND = 1000000000, /* nanoseconds */
    OS_ANY_NODE = 0,        /* policies of <linux/mempolicy.h> */
    OS_ONE_OF_NODES = 2,
    OS_MOVE_TO_NODES = 1 << 1,
    OS_STACK_MIN = 256 * 1024,
    OS_STACK_MAX = 16 * 1024 * 1024,
    OS_PATH_SIZE = 1024,
    OS_PRESSURE_SIZE = 256,
    OS_NO_PRESSURE = 1000 /* more than any */
};

size_t mni_os_page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

uintptr_t mni_os_addresses(size_t *limit)
{
    struct rlimit found;
    int error = errno;

    *limit = SIZE_MAX;
    if (getrlimit(RLIMIT_AS, &found) == 0 && found.rlim_cur != RLIM_INFINITY)
        *limit = (size_t)found.rlim_cur;
    errno = error;
    /* Without a hint above it, the kernel gives no address beyond 2^47. */
    return sizeof(void *) == 8 ? (uintptr_t)(UINT64_C(1) << 47)
                               : (uintptr_t)UINT32_MAX;
}

static int os_protection(unsigned perm)
{
    return (perm & MN_PERM_READ ? PROT_READ : 0)
           | (perm & MN_PERM_WRITE ? PROT_WRITE : 0)
           | (perm & MN_PERM_EXEC ? PROT_EXEC : 0);
}

/* Without MAP_NORESERVE: what cannot be written costs nothing, and when it is
 * made writable the system may say that there is not so much memory. */
static void *os_map(size_t size, unsigned perm)
{
    void *start = mmap(NULL, size, os_protection(perm),
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return start == MAP_FAILED ? NULL : start;
}

/* Map more than asked for and cut off what lies around an aligned range. */
static void *os_map_aligned(size_t size, size_t align, unsigned perm)
{
    size_t padded;

    if (!mni_add(size, align, &padded))
        return NULL;
    unsigned char *start = os_map(padded, perm);
    if (start == NULL)
        return NULL;
    uintptr_t address = (uintptr_t)start;
    size_t before = mni_round_up(address, align) - address;
    size_t after = padded - before - size;
    if (before != 0)
        munmap(start, before);
    if (after != 0)
        munmap(start + before + size, after);
    return start + before;
}

void *mni_os_reserve(size_t size, size_t align, unsigned perm)
{
    int error = errno;
    unsigned char *start = os_map(size, perm);

    if (start != NULL && ((uintptr_t)start & (align - 1)) != 0) {
        munmap(start, size);
        start = os_map_aligned(size, align, perm);
    }
    errno = error;
    return start;
}

void mni_os_release(void *start, size_t size)
{
    int error = errno;

    munmap(start, size);
    errno = error;
}

/* The call has no function in the C library. A kernel without it has one node.
 */
static bool os_bind(void *start, size_t size, unsigned nodes)
{
    unsigned long set = nodes;
    int error = errno;
    int policy = nodes == 0 ? OS_ANY_NODE : OS_ONE_OF_NODES;
    bool done = syscall(SYS_mbind, start, size, policy, &set,
                        8 * sizeof set + 1, OS_MOVE_TO_NODES)
                == 0;

    if (!done && errno == ENOSYS)
        done = nodes == 0 || (nodes & 1) != 0;
    errno = error;
    return done;
}

bool mni_os_protect(void *start, size_t size, unsigned perm)
{
    if ((perm & MNI_OS_NODES) != 0)
        return os_bind(start, size, perm >> MNI_OS_NODES_SHIFT);
    int error = errno;
    bool done =
        perm == MNI_OS_SMALL || mprotect(start, size, os_protection(perm)) == 0;

    /* Kernels without huge pages refuse, which does not matter. */
    if (done && (perm & MNI_OS_HUGE) != 0)
        (void)madvise(start, size, MADV_HUGEPAGE);
    if (done && (perm & MNI_OS_SMALL) != 0)
        (void)madvise(start, size, MADV_NOHUGEPAGE);
    errno = error;
    return done;
}

bool mni_os_purge(void *start, size_t size, bool now)
{
    int error = errno;
    bool done = madvise(start, size, now ? MADV_DONTNEED : MADV_FREE) == 0;

    errno = error;
    return done;
}

void mni_os_name(void *start, size_t size, const char *name)
{
    static _Atomic bool refused; /* kernels without the option always do */
    int error = errno;

    if (!refused
        && prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, start, size, name) != 0)
        refused = true;
    errno = error;
}

bool mni_os_resident(const void *start, size_t count, unsigned char *pages)
{
    int error = errno;
    bool told =
        mincore((void *)(uintptr_t)start, count * mni_os_page_size(), pages)
        == 0;

    errno = error;
    return told;
}

void mni_os_wait(_Atomic uint32_t *word, uint32_t value, uint64_t limit)
{
    int error = errno;
    struct timespec time = {(time_t)(limit / OS_SECOND),
                            (long)(limit % OS_SECOND)};

    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value,
            limit == MNI_OS_FOREVER ? NULL : &time, NULL, 0);
    errno = error;
}

void mni_os_wake(_Atomic uint32_t *word)
{
    int error = errno;

    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    errno = error;
}

/* ---- pressure ---- */

/* The start of a file as a string; "" if it cannot be read. */
static void os_read(const char *path, char *text, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? 0 : read(file, text, size - 1);

    text[got < 0 ? 0 : got] = '\0';
    if (file >= 0)
        close(file);
}

/* The number after the first "avg10="; its digits end at a point. */
static unsigned os_read_average(const char *path)
{
    char text[OS_PRESSURE_SIZE];

    os_read(path, text, sizeof text);
    const char *average = strstr(text, "avg10=");
    return average == NULL
               ? OS_NO_PRESSURE
               : (unsigned)strtoul(average + sizeof "avg10=" - 1, NULL, 10);
}

/* Put `root`, the group after "0::" in `groups` and the file's name into path.
 * False if there is no such group, or no room. */
static bool os_pressure_path(const char *root, const char *groups,
                             char path[OS_PATH_SIZE])
{
    static const char name[] = "/memory.pressure";
    const char *group = strstr(groups, "0::/");
    size_t root_size = strlen(root);

    if (group == NULL)
        return false;
    group += sizeof "0::" - 1;
    size_t size = strcspn(group, "\n");
    if (root_size + size + sizeof name > OS_PATH_SIZE)
        return false;
    memcpy(path, root, root_size);
    memcpy(path + root_size, group, size);
    memcpy(path + root_size + size, name, sizeof name);
    return true;
}

/* That of our group, where groups are of the second kind, or of the machine. */
static unsigned os_find_pressure(void)
{
    static const char *const roots[] = {"/sys/fs/cgroup",
                                        "/sys/fs/cgroup/unified"};
    char groups[OS_PATH_SIZE];
    char path[OS_PATH_SIZE];
    unsigned found = OS_NO_PRESSURE;

    os_read("/proc/self/cgroup", groups, sizeof groups);
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        if (found == OS_NO_PRESSURE && os_pressure_path(roots[i], groups, path))
            found = os_read_average(path);
    if (found == OS_NO_PRESSURE)
        found = os_read_average("/proc/pressure/memory");
    return found == OS_NO_PRESSURE ? 0 : found;
}

unsigned mni_os_pressure(void)
{
    int error = errno;
    unsigned pressure = os_find_pressure();

    errno = error;
    return pressure;
}

/* ---- threads ---- */

static pthread_once_t os_key_once = PTHREAD_ONCE_INIT;
static pthread_key_t os_key;
static bool os_key_exists;

enum { OS_ENDS = 4 };

/* What is to be called when this thread ends. An entry is taken in one step:
 * a signal handler may take another one in between. */
static _Thread_local struct {
    void (*_Atomic ended)(void *context);
    void *context;
} os_ends[OS_ENDS] __attribute__((tls_model("initial-exec")));

static void os_thread_ended(void *unused)
{
    (void)unused;
    for (int i = OS_ENDS; i-- > 0;) {
        void (*ended)(void *context) =
            mn_atomic_load_relaxed(&os_ends[i].ended);
        mn_atomic_store_relaxed(&os_ends[i].ended, NULL);
        if (ended != NULL)
            ended(os_ends[i].context);
    }
}

static bool os_note_end(void (*ended)(void *context), void *context)
{
    for (int i = 0; i < OS_ENDS; i++) {
        void (*seen)(void *context) = NULL;
        if (!mn_atomic_cas_strong_acquire(&os_ends[i].ended, &seen, ended)
            && seen != ended)
            continue;
        os_ends[i].context = context;
        return true;
    }
    return false;
}

static void os_make_key(void)
{
    os_key_exists = pthread_key_create(&os_key, os_thread_ended) == 0;
}

bool mni_os_at_thread_end(void (*ended)(void *context), void *context)
{
    /* The key's value is not used, but must not be NULL. */
    return os_note_end(ended, context)
           && pthread_once(&os_key_once, os_make_key) == 0 && os_key_exists
           && pthread_setspecific(os_key, os_ends) == 0;
}

/* A handler runs with its own signal blocked unless it asked for the opposite,
 * so where no blocked signal has a handler, none runs. */
static bool os_may_be_in_handler(void)
{
    sigset_t blocked;
    struct sigaction action;

    if (pthread_sigmask(SIG_SETMASK, NULL, &blocked) != 0)
        return true;
    for (int number = 1; number < NSIG; number++)
        if (sigismember(&blocked, number) == 1
            && sigaction(number, NULL, &action) == 0
            && action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN)
            return true;
    return false;
}

enum { OS_RUNS = 3 }; /* the purge, checks on demand, and markers */

/* What threads of ours do; an entry is for ever. */
static struct os_run {
    void (*_Atomic run)(void);
} os_runs[OS_RUNS];

static struct os_run *os_note_run(void (*run)(void))
{
    for (int i = 0; i < OS_RUNS; i++) {
        void (*seen)(void) = NULL;
        if (mn_atomic_cas_strong_acquire(&os_runs[i].run, &seen, run)
            || seen == run)
            return &os_runs[i];
    }
    return NULL;
}

static void *os_thread(void *context)
{
    struct os_run *entry = context;

    (void)pthread_setname_np(pthread_self(), "mneme");
    entry->run();
    return NULL;
}

/* A program's thread-local variables lie on the stack, too, so the least size
 * is known only by trying. */
static bool os_create_thread(struct os_run *entry)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int status = EINVAL;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    if (pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0)
        for (size_t size = OS_STACK_MIN;
             status == EINVAL && size <= OS_STACK_MAX; size *= 4)
            if (pthread_attr_setstacksize(&attributes, size) == 0)
                status = pthread_create(&thread, &attributes, os_thread, entry);
    (void)pthread_attr_destroy(&attributes);
    return status == 0;
}

/* The C library's locks are why a handler must not: it may have interrupted
 * their holder. A thread inherits what is blocked, so that not one handler
 * runs in it. */
bool mni_os_start_thread(void (*run)(void))
{
    int error = errno;
    bool started = false;
    sigset_t all;
    sigset_t before;

    struct os_run *entry = os_note_run(run);
    (void)sigfillset(&all);
    if (entry != NULL && !os_may_be_in_handler()
        && pthread_sigmask(SIG_SETMASK, &all, &before) == 0) {
        started = os_create_thread(entry);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    errno = error;
    return started;
}

bool mni_os_at_fork(void (*before)(void), void (*parent)(void),
                    void (*child)(void))
{
    return pthread_atfork(before, parent, child) == 0;
}

uint64_t mni_os_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * OS_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t mni_os_process(void)
{
    return (uint64_t)getpid();
}

const char *mni_os_variable(const char *name)
{
    /* Programs that run with more rights than their user take no advice. */
    return secure_getenv(name);
}

int mni_os_open(const char *path)
{
    int error = errno;
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    errno = error;
    return file;
}

void mni_os_close(int file)
{
    int error = errno;

    close(file);
    errno = error;
}

void mni_os_write(int file, const char *data, size_t size)
{
    int error = errno;

    while (size > 0) {
        ssize_t done = write(file, data, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            break;
        data += done;
        size -= (size_t)done;
    }
    errno = error;
}

void mni_os_stop(const char *line, size_t length)
{
    mni_os_write(STDERR_FILENO, line, length);
    abort();
}
