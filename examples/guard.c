/* SPDX-License-Identifier: MIT */
/* guard.c -- a limit over red zones over a region, all in three buffers. */
#include <mn/guard.h>
#include <mn/strategy.h>
#include <stdio.h>

enum { SIZE = 4096 };

static _Alignas(16) unsigned char memory[SIZE];
static _Alignas(8) unsigned char control[8192];
static _Alignas(8) unsigned char records[1024];

static bool full(struct mn_limit *limit, enum mn_limit_event event, size_t size,
                 void *context)
{
    (void)event;
    (void)context;
    printf("%zu more than %zu is too much\n", size, mn_limit_size(limit));
    return false; /* there is nothing that could be released */
}

int main(void)
{
    struct mn_tiled tiled;
    struct mn_redzone redzone;
    struct mn_limit limit;
    struct mn_region *region = &limit.region; /* all else uses only this */

    if (mn_tiled_init(&tiled,
                      &(struct mn_tiled_place){
                          .memory = memory,
                          .memory_size = SIZE,
                          .granule = 16,
                          .control = control,
                          .control_size = sizeof control,
                          .strategy = &mn_tlsf,
                      })
            != MN_OK
        || mn_redzone_init(&redzone, &tiled.region, 16, records, sizeof records)
               != MN_OK)
        return 1;
    mn_limit_init(&limit, &redzone.region, SIZE_MAX, 1000);
    mn_limit_watch(&limit, full, NULL);

    char *text = mn_region_alloc(region, 5, 1);
    if (text == NULL || mn_region_alloc(region, 996, 1) != NULL)
        return 1;
    for (int i = 0; i <= 5; i++) /* one too many */
        text[i] = 0;
    printf("%s\n", mn_status_name(mn_region_examine(region, text)));
    return 0;
}
