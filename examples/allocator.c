/* SPDX-License-Identifier: MIT */
/* allocator.c -- an allocator of one's own for a whole program.
 *
 * Static memory, divided by the buddy strategy; above it a count of what is
 * out, and a limit that throws away what can be made again. The program knows
 * only `memory`: to have another allocator is to write another allocator_begin.
 * The program counts words, and keeps a cache that nobody needs. */
#include <mn/guard.h>
#include <mn/strategy.h>
#include <stdio.h>
#include <string.h>

/* ---- the allocator ---- */

enum { SIZE = 1 << 15, CONTROL = 1 << 15, GRANULE = 16, MOST = 4096 };

static struct {
    _Alignas(GRANULE) unsigned char bytes[SIZE];
    _Alignas(8) unsigned char control[CONTROL];
    struct mn_tiled buddy;
    struct mn_count count;
    struct mn_limit limit;
} allocator;

static struct mn_region *memory; /* of all that the program allocates */

static bool throw_away(struct mn_limit *limit, enum mn_limit_event event,
                       size_t size, void *context);

static enum mn_status allocator_begin(void)
{
    const struct mn_tiled_place place = {
        .memory = allocator.bytes,
        .memory_size = SIZE,
        .granule = GRANULE,
        .control = allocator.control,
        .control_size = CONTROL,
        .strategy = &mn_buddy,
    };
    enum mn_status status = mn_tiled_init(&allocator.buddy, &place);

    if (status != MN_OK)
        return status;
    mn_count_init(&allocator.count, &allocator.buddy.region);
    mn_limit_init(&allocator.limit, &allocator.count.region, SIZE_MAX, MOST);
    mn_limit_watch(&allocator.limit, throw_away, NULL);
    memory = &allocator.limit.region;
    return MN_OK;
}

/* ---- the program ---- */

struct word {
    struct word *next;
    unsigned count;
    char text[];
};

static struct word *words;
static void *cache[8];
static unsigned thrown;

static bool throw_away(struct mn_limit *limit, enum mn_limit_event event,
                       size_t size, void *context)
{
    (void)limit;
    (void)size;
    (void)context;
    for (int i = 0; event != MN_LIMIT_SOFT && i < 8; i++)
        if (cache[i] != NULL) {
            mn_region_free(memory, cache[i]);
            cache[i] = NULL;
            thrown++;
            return true; /* try again */
        }
    return false;
}

/* False if there is no memory. */
static bool count_word(const char *text, size_t length)
{
    struct word *word = words;

    while (word != NULL
           && (strlen(word->text) != length
               || memcmp(word->text, text, length) != 0))
        word = word->next;
    if (word == NULL) {
        word = mn_region_alloc(memory, sizeof *word + length + 1,
                               _Alignof(struct word));
        if (word == NULL)
            return false;
        memcpy(word->text, text, length);
        word->text[length] = '\0';
        word->count = 0;
        word->next = words;
        words = word;
    }
    word->count++;
    return true;
}

static bool count_words(const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (length > 0 && !count_word(text, length))
            return false;
        text += length + (text[length] == ' ');
    }
    return true;
}

int main(void)
{
    static const char text[] = "the more the memory the more the words and the "
                               "more words the less memory is free";

    if (allocator_begin() != MN_OK)
        return 1;
    for (int i = 0; i < 8; i++) /* up to the limit */
        cache[i] = mn_region_alloc(memory, MOST / 8, GRANULE);
    if (!count_words(text))
        return 1;
    for (const struct word *word = words; word != NULL; word = word->next)
        printf("%u %s\n", word->count, word->text);
    /* No cache is left to throw away: this one is refused. */
    if (mn_region_alloc(memory, MOST, 1) != NULL)
        return 1;

    while (words != NULL) {
        struct word *word = words;
        words = word->next;
        mn_region_free(memory, word);
    }
    const struct mn_count *count = &allocator.count;
    printf("%zu allocated, %zu released, %zu bytes at most, %u thrown away\n",
           count->alloc_count, count->free_count, count->out_max.size, thrown);
    printf("%zu bytes out, %s\n", count->out.size,
           mn_region_check(memory) ? "all is well" : "damaged");
    return count->out.size == 0 && thrown == 8 ? 0 : 1;
}
