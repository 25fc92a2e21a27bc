/* SPDX-License-Identifier: MIT */
/* program.c -- finding a program, and telling whether Mneme can serve it.
 *
 * The dynamic linker silently leaves out a library that it may not or cannot
 * load, and a static program has no dynamic linker. So the file is looked at
 * before it is run, through scripts down to the interpreter that runs them.
 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tool.h"

enum { PROGRAM_LINE_SIZE = 256, PROGRAM_SCRIPTS_MAX = 5 };

/* ---- finding ---- */

/* 0 if the file can be run, else the reason. */
static int program_access(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return S_ISDIR(status.st_mode) ? EISDIR : EACCES;
    return access(path, X_OK) == 0 ? 0 : errno;
}

static int program_search(const char *name, char path[PATH_MAX])
{
    const char *folders = getenv("PATH");
    int worst = ENOENT;

    if (folders == NULL)
        folders = "/bin:/usr/bin";
    for (;;) {
        size_t size = strcspn(folders, ":");
        tool_print(path, PATH_MAX, "%.*s%s%s", (int)size, folders,
                   size > 0 ? "/" : "", name);
        int error = program_access(path);
        if (error == 0)
            return 0;
        if (error == EACCES)
            worst = EACCES;
        if (folders[size] == '\0')
            return worst;
        folders += size + 1;
    }
}

void program_find(const char *name, char path[PATH_MAX])
{
    int error = ENOENT;

    if (strchr(name, '/') != NULL) {
        tool_print(path, PATH_MAX, "%s", name);
        error = program_access(path);
    } else if (name[0] != '\0') {
        error = program_search(name, path);
    }
    if (error == ENOENT || error == ENOTDIR)
        tool_fail(TOOL_NOT_FOUND, "%s: no such program", name);
    if (error != 0)
        tool_fail(TOOL_NOT_EXECUTABLE, "%s: cannot be run: %s", name,
                  strerror(error));
}

/* ---- looking ---- */

/* Read the start of a file; fewer bytes than asked for leave zeroes. */
static size_t program_read(const char *path, off_t offset, void *data,
                           size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;

    memset(data, 0, size);
    if (file >= 0) {
        got = pread(file, data, size, offset);
        (void)close(file);
    }
    return got > 0 ? (size_t)got : 0;
}

/* If `line` is the first of a script, leave only its interpreter. */
static bool program_interpreter(char line[PROGRAM_LINE_SIZE])
{
    if (line[0] != '#' || line[1] != '!')
        return false;
    char *start = line + 2 + strspn(line + 2, " \t");
    size_t size = strcspn(start, " \t\r\n");
    memmove(line, start, size);
    line[size] = '\0';
    return size > 0;
}

/* The dynamic linker that an ELF file asks for; false if it has none. */
static bool program_linker(const char *path, char linker[PATH_MAX])
{
    ElfW(Ehdr) header;
    ElfW(Phdr) part;

    (void)program_read(path, 0, &header, sizeof header);
    for (unsigned i = 0; i < header.e_phnum; i++) {
        off_t offset = (off_t)(header.e_phoff + i * sizeof part);
        if (program_read(path, offset, &part, sizeof part) == sizeof part
            && part.p_type == PT_INTERP) {
            (void)program_read(path, (off_t)part.p_offset, linker, PATH_MAX);
            linker[PATH_MAX - 1] = '\0';
            return true;
        }
    }
    return false;
}

static void program_check_linker(const char *path)
{
    char linker[PATH_MAX];
    char own[PATH_MAX];

    if (!program_linker(path, linker))
        tool_fail(TOOL_FAILED,
                  "%s: is statically linked, so nothing can be preloaded; "
                  "link it with libmneme.a instead",
                  path);
    if (program_linker("/proc/self/exe", own)
        && strcmp(basename(own), basename(linker)) != 0)
        tool_fail(TOOL_FAILED,
                  "%s: belongs to another C library: its dynamic linker is "
                  "%s, not %s",
                  path, basename(linker), basename(own));
}

static void program_check_machine(const char *path, const ElfW(Ehdr) * header,
                                  const char *library)
{
    ElfW(Ehdr) ours;

    if (program_read(library, 0, &ours, sizeof ours) != sizeof ours
        || memcmp(ours.e_ident, ELFMAG, SELFMAG) != 0)
        tool_fail(TOOL_FAILED, "%s: is not a library", library);
    if (header->e_ident[EI_CLASS] != ours.e_ident[EI_CLASS])
        tool_fail(TOOL_FAILED, "%s: is a %s-bit program, and %s is %s-bit",
                  path, header->e_ident[EI_CLASS] == ELFCLASS32 ? "32" : "64",
                  library, ours.e_ident[EI_CLASS] == ELFCLASS32 ? "32" : "64");
    if (header->e_ident[EI_DATA] != ours.e_ident[EI_DATA]
        || header->e_machine != ours.e_machine)
        tool_fail(TOOL_FAILED, "%s: is for another processor than %s", path,
                  library);
}

/* A program that starts with more rights than its user has ignores
 * LD_PRELOAD, and Mneme ignores MNEME in it. */
static void program_check_rights(const char *path)
{
    struct stat status;
    struct statvfs system;
    const char *what = NULL;
    bool set_user;
    bool set_group;

    if (stat(path, &status) != 0)
        return;
    set_user = (status.st_mode & S_ISUID) != 0 && status.st_uid != getuid();
    set_group = (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)
                && status.st_gid != getgid();
    if (set_user)
        what = "is set-user-ID";
    else if (set_group)
        what = "is set-group-ID";
    else if (getuid() != 0
             && getxattr(path, "security.capability", NULL, 0) > 0)
        what = "has file capabilities";
    if (what == NULL
        || (statvfs(path, &system) == 0 && (system.f_flag & ST_NOSUID) != 0))
        return;
    tool_fail(TOOL_FAILED,
              "%s: %s, so the system lets nothing be preloaded into it", path,
              what);
}

void program_check(const char *path, const char *library)
{
    char line[PROGRAM_LINE_SIZE];
    ElfW(Ehdr) header;

    for (unsigned scripts = 0; scripts < PROGRAM_SCRIPTS_MAX; scripts++) {
        size_t size = program_read(path, 0, line, sizeof line - 1);
        line[sizeof line - 1] = '\0';
        if (size == 0)
            return; /* may be run and not read: we shall see what it does */
        if (memcmp(line, ELFMAG, SELFMAG) == 0) {
            memcpy(&header, line, sizeof header);
            program_check_machine(path, &header, library);
            program_check_linker(path);
            program_check_rights(path);
            return;
        }
        /* Without #! it is for the shell, as execvp has it. */
        if (!program_interpreter(line))
            tool_print(line, sizeof line, "/bin/sh");
        int error = program_access(line);
        if (error != 0)
            tool_fail(error == ENOENT ? TOOL_NOT_FOUND : TOOL_NOT_EXECUTABLE,
                      "%s: its interpreter %s cannot be run: %s", path, line,
                      strerror(error));
        path = strdupa(line);
    }
}

/* ---- the library ---- */

void program_library(const char *given, char path[PATH_MAX])
{
    char own[PATH_MAX];
    char wanted[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);

    if (given != NULL) {
        tool_print(wanted, sizeof wanted, "%s", given);
    } else {
        if (size <= 0)
            tool_fail(TOOL_FAILED, "cannot tell where this command lies: %s",
                      strerror(errno));
        own[size] = '\0';
        tool_print(wanted, sizeof wanted, "%s/../lib/libmneme.so",
                   dirname(own));
    }
    if (realpath(wanted, path) == NULL)
        tool_fail(TOOL_FAILED, "%s: %s; --lib=PATH names the library", wanted,
                  strerror(errno));
    if (strpbrk(path, ": ") != NULL)
        tool_fail(TOOL_FAILED,
                  "%s: LD_PRELOAD cannot hold a path with spaces or colons",
                  path);
}
