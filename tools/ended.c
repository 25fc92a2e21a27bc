/* SPDX-License-Identifier: MIT */
/* ended.c -- running a program for what its report says when it has ended. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ended.h"
#include "tool.h"

const struct argp_option ended_options[] = {
    PRELOAD_OPTION_SET,
    PRELOAD_OPTION_LIB,
    {0},
};

void ended_run(struct ended *ended, const char *items,
               struct launch_result *result)
{
    struct preload_paths paths;
    char prefix[PATH_MAX];
    char item[PATH_MAX + 64];

    preload_find(&ended->preload, &paths);
    tool_print(prefix, sizeof prefix, "%s/report", tool_folder());
    tool_print(item, sizeof item, "%s,report=%s", items, prefix);
    tool_add_option(ended->preload.options, sizeof ended->preload.options,
                    item);
    preload_run(&ended->preload, &paths, result);
    tool_print(ended->report, sizeof ended->report, "%s.%ld", prefix,
               (long)result->process);
}

size_t ended_read(const struct ended *ended, const char *word,
                  void (*tell)(const char *line, void *context), void *context)
{
    char line[ENDED_LINE];
    size_t length = strlen(word);
    size_t count = 0;
    FILE *file = fopen(ended->report, "re");

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, word, length) != 0 || line[length] != ' ')
            continue;
        tell(line + length + 1, context);
        count++;
    }
    (void)fclose(file);
    return count;
}
