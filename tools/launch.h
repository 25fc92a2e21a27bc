/* SPDX-License-Identifier: MIT */
/* launch.h -- running a program, on Mneme or as it is, until it ends. */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct launch {
    const char *path;    /* of the program */
    char **arguments;    /* with its name first */
    const char *library; /* to preload, or NULL to run it as it is */
    const char *options; /* of MNEME, or NULL */
    int output;          /* for its standard output and error, or -1 */
};

struct launch_result {
    pid_t process;
    int status;        /* as a shell gives it: 128 + n after signal n */
    bool served;       /* Mneme announced itself from inside */
    double wall;       /* seconds */
    double cpu;        /* of the program */
    double cpu_tree;   /* of all that it waited for, too */
    size_t peak_bytes; /* resident, of the largest process in that tree */
};

/* Run it and wait. Signals sent to us go on to it. Fails, with the status that
 * shells use, if it cannot be started. */
void launch_run(const struct launch *launch, struct launch_result *result);

/* Fail if Mneme did not serve the program. */
void launch_check(const struct launch *launch,
                  const struct launch_result *result);

#endif
