/* SPDX-License-Identifier: MIT */
/* tool.c -- messages, numbers and the folder for files of one run. */
#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "heap/options.h"

enum { TOOL_TEXTS = 16, TOOL_TEXT_SIZE = 32, TOOL_COLUMNS = 80 };

const char *tool_name = "mneme";

__attribute__((format(printf, 1, 0))) static void
tool_say_list(const char *format, va_list list)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s: ", tool_name);
    (void)vfprintf(stderr, format, list);
    (void)fputc('\n', stderr);
}

void tool_say(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    tool_say_list(format, list);
    va_end(list);
}

void tool_fail(int status, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    tool_say_list(format, list);
    va_end(list);
    exit(status);
}

void tool_print(char *text, size_t size, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    int length = vsnprintf(text, size, format, list);
    va_end(list);
    if (length < 0 || (size_t)length >= size)
        tool_fail(TOOL_FAILED, "a name is too long: %s...", text);
}

static void tool_complain(const char *what, void *context)
{
    tool_say("%s: %s", (const char *)context, what);
}

void tool_check_options(const char *source, const char *list)
{
    char where[TOOL_TEXT_SIZE];

    (void)snprintf(where, sizeof where, "%s", source);
    if (!mni_options_check(list, tool_complain, where))
        exit(TOOL_FAILED);
}

void tool_add_option(char *list, size_t size, const char *item)
{
    size_t used = strlen(list);

    tool_check_options("-o", item);
    tool_print(list + used, size - used, "%s%s", used > 0 ? "," : "", item);
}

/* ---- the folder ---- */

static char tool_folder_path[PATH_MAX];
static pid_t tool_process; /* a forked child must not remove it */

static void tool_remove_folder(void)
{
    DIR *folder = getpid() == tool_process ? opendir(tool_folder_path) : NULL;

    if (folder == NULL)
        return;
    for (struct dirent *e = readdir(folder); e != NULL; e = readdir(folder))
        if (e->d_name[0] != '.')
            (void)unlinkat(dirfd(folder), e->d_name, 0);
    (void)closedir(folder);
    (void)rmdir(tool_folder_path);
}

static bool tool_make_folder(const char *parent)
{
    if (parent == NULL || parent[0] != '/' || strlen(parent) > 256
        || strchr(parent, ',') != NULL)
        return false;
    tool_print(tool_folder_path, sizeof tool_folder_path, "%s/mneme-XXXXXX",
               parent);
    return mkdtemp(tool_folder_path) != NULL;
}

const char *tool_folder(void)
{
    if (tool_process != 0)
        return tool_folder_path;
    if (!tool_make_folder(getenv("TMPDIR")) && !tool_make_folder("/tmp")
        && !tool_make_folder("/dev/shm"))
        tool_fail(TOOL_FAILED,
                  "cannot make a folder in TMPDIR, /tmp or /dev/shm: %s",
                  strerror(errno));
    tool_process = getpid();
    (void)atexit(tool_remove_folder);
    return tool_folder_path;
}

/* ---- numbers and the terminal ---- */

static char *tool_next_text(void)
{
    static char texts[TOOL_TEXTS][TOOL_TEXT_SIZE];
    static unsigned next;

    next = (next + 1) % TOOL_TEXTS;
    return texts[next];
}

const char *tool_size(uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    char *text = tool_next_text();
    double value = (double)bytes / 1024;
    unsigned unit = 0;

    if (bytes == 0)
        return "0";
    while (value >= 1023.95 && unit < 4) {
        value /= 1024;
        unit++;
    }
    (void)snprintf(text, TOOL_TEXT_SIZE, "%.1f %s", value, units[unit]);
    return text;
}

const char *tool_count(uint64_t count)
{
    char *text = tool_next_text();
    char *end = text + TOOL_TEXT_SIZE - 1;
    unsigned digits = 0;

    *end = '\0';
    do {
        if (digits > 0 && digits % 3 == 0)
            *--end = ',';
        *--end = (char)('0' + count % 10);
        count /= 10;
        digits++;
    } while (count > 0);
    return end;
}

bool tool_is_utf8(void)
{
    const char *terminal = getenv("TERM");

    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0
           && (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

unsigned tool_columns(void)
{
    struct winsize window;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
        return window.ws_col;
    return TOOL_COLUMNS;
}
