/* SPDX-License-Identifier: MIT */
/* observe.h -- what tests of the heap look at from outside. */
#ifndef OBSERVE_H
#define OBSERVE_H

#include <mn/stats.h>

#include <dirent.h>

#include "test.h"

/* Statistics, whose causes add up to what is committed. */
static inline struct mn_stats observe_stats(void)
{
    struct mn_stats stats;
    size_t sum = 0;

    EXPECT(mn_stats(&stats));
    for (unsigned i = 0; i < mn_stats_cause_count(); i++)
        sum += mn_stats_cause(&stats, i);
    EXPECT(sum == stats.committed);
    return stats;
}

/* Threads of this process, Mneme's own among them. */
static inline unsigned observe_threads(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/task");

    EXPECT(folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    (void)closedir(folder);
    return count;
}

#endif
