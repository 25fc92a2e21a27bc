/* SPDX-License-Identifier: MIT */
/* stats.c -- where the memory is, cause by cause. */
#include <mn/stats.h>
#include <stdio.h>

static void print(const char *text, size_t size, void *context)
{
    fwrite(text, 1, size, context);
}

int main(void)
{
    struct mn_stats stats;
    void *blocks[1000];
    size_t sum = 0;

    for (int i = 0; i < 1000; i++)
        blocks[i] = mn_alloc(300);
    if (!mn_stats(&stats))
        return 1;
    mn_stats_write(&stats, false, print, stdout);
    for (unsigned i = 0; i < mn_stats_cause_count(); i++)
        sum += mn_stats_cause(&stats, i);
    for (int i = 0; i < 1000; i++)
        mn_free(blocks[i]);
    return sum == stats.committed ? 0 : 1;
}
