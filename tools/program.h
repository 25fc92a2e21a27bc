/* SPDX-License-Identifier: MIT */
/* program.h -- finding a program, and telling whether Mneme can serve it. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <limits.h>

/* The file that the name stands for, as execvp would choose it. Fails with
 * the exit status that shells use. */
void program_find(const char *name, char path[PATH_MAX]);

/* Fail with a clear message if the dynamic linker would not load `library`
 * into the program. */
void program_check(const char *path, const char *library);

/* The library of this installation, or `given` if that is not NULL. Fails if
 * there is none, or if its path cannot stand in LD_PRELOAD. */
void program_library(const char *given, char path[PATH_MAX]);

#endif
