/* SPDX-License-Identifier: MIT */
/* A handle is used twice in a state machine of the user's own.
 * gcc: use-after-free
 * gcc-analyzer: double-free
 * clang-analyzer: unix.Malloc
 */
#include <mn/state.h>

void file_close(struct mn_allocated *file) MN_TAKES(file, 1) MN_NONNULL(1);
struct mn_allocated *file_open(void) MN_MUST_USE MN_GIVES(file)
    MN_FREED_BY(file_close, 1);
void program(void);
void program(void)
{
    struct mn_allocated *file = file_open();

    if (file == NULL)
        return;
    file_close(file);
#if MISUSE
    file_close(file);
#endif
}
