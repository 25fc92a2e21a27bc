/* SPDX-License-Identifier: MIT */
/* glibc.c -- glibc's extensions: what it tells about the heap, told truly.
 *
 * Every figure comes from the one partition of mn/stats.h.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>

#include <mn/stats.h>

#include "override/override.h"

/* Large blocks are in `hblks` with glibc only if they are mappings of their
 * own; ours never are. */
MN_API struct mallinfo2 mallinfo2(void)
{
    struct mallinfo2 info = {0};
    struct mn_stats stats;

    if (!mn_stats(&stats))
        return info;
    info.arena = stats.committed;
    info.uordblks = stats.payload + stats.rounding;
    info.fordblks = stats.in_hand + stats.in_spans + stats.spans
                    + stats.purgeable + stats.untouched;
    info.ordblks = stats.span_count;
    info.keepcost = stats.spans + stats.purgeable;
    info.usmblks = stats.committed_peak;
    return info;
}

static int glibc_to_int(size_t value)
{
    return value > INT_MAX ? INT_MAX : (int)value;
}

MN_API struct mallinfo mallinfo(void)
{
    struct mallinfo2 wide = mallinfo2();
    struct mallinfo info = {0};

    info.arena = glibc_to_int(wide.arena);
    info.uordblks = glibc_to_int(wide.uordblks);
    info.fordblks = glibc_to_int(wide.fordblks);
    info.ordblks = glibc_to_int(wide.ordblks);
    info.keepcost = glibc_to_int(wide.keepcost);
    info.usmblks = glibc_to_int(wide.usmblks);
    return info;
}

static void glibc_write(const char *text, size_t size, void *context)
{
    (void)fwrite(text, 1, size, context);
}

MN_API void malloc_stats(void)
{
    struct mn_stats stats;

    if (mn_stats(&stats))
        mn_stats_write(&stats, false, glibc_write, stderr);
}

MN_API int malloc_info(int options, FILE *stream)
{
    struct mn_stats stats;

    if (options != 0 || !mn_stats(&stats)) {
        errno = EINVAL;
        return -1;
    }
    (void)fprintf(stream, "<malloc version=\"mneme-1\">\n");
    for (unsigned i = 0; i < mn_stats_cause_count(); i++)
        (void)fprintf(stream, "<cause name=\"%s\" size=\"%zu\"/>\n",
                      mn_stats_cause_name(i), mn_stats_cause(&stats, i));
    (void)fprintf(stream,
                  "<total type=\"blocks\" count=\"%zu\" size=\"%zu\"/>\n"
                  "<system type=\"current\" size=\"%zu\"/>\n"
                  "<system type=\"max\" size=\"%zu\"/>\n"
                  "<aspace type=\"total\" size=\"%zu\"/>\n"
                  "</malloc>\n",
                  stats.block_count, stats.payload + stats.rounding,
                  stats.committed, stats.committed_peak, stats.reserved);
    return 0;
}

/* `pad` bytes may stay free at the top of glibc's heap; ours has no top. */
MN_API int malloc_trim(size_t pad)
{
    (void)pad;
    return mn_trim() ? 1 : 0;
}

/* None of glibc's parameters has a counterpart; what they tune is not there.
 * 1 is success: a program that sets them is no worse off. */
MN_API int mallopt(int parameter, int value)
{
    (void)parameter;
    (void)value;
    return 1;
}
