/* SPDX-License-Identifier: MIT */
/* A damaged block is read.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/state.h>
enum mn_status program(struct mn_region *region, struct mn_allocated *block);
enum mn_status program(struct mn_region *region, struct mn_allocated *block)
{
    struct mn_block found = {.size = 0};
    struct mn_corrupted *bad = mn_state_condemn(block);
#if MISUSE
    enum mn_status status =
        mn_state_read(region, bad, 0, &found, sizeof(found));
#else
    enum mn_status status = mn_state_inspect(region, bad, &found);
#endif
    mn_state_end_corrupted(bad);
    return status;
}
