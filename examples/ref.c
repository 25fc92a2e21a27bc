/* SPDX-License-Identifier: MIT */
/* ref.c -- references: shared, weak, copied before a change, and in a cycle. */
#include <mn/ref.h>
#include <stdio.h>
#include <string.h>

MN_TYPE_DECLARE(song);
MN_REFS(song);
struct song {
    char title[24];
    struct song_ref next;   /* of a playlist */
    struct song_weak cover; /* of which this is one */
};
MN_REF_CYCLE_FUNCTIONS(song)

static void song_end(struct song *song)
{
    printf("  %s ends\n", song->title);
}

static bool song_same(struct song *to, const struct song *from)
{
    memcpy(to->title, from->title, sizeof to->title);
    to->next = song_ref_clone(from->next);
    to->cover = song_weak_clone(from->cover);
    return true;
}

MN_DROP(song, song_end)
MN_COPY(song, song_same)
MN_TYPE(song, .drop = song_drop,
        MN_REFERENCES(MN_MEMBER_IS(REF, song, next, song),
                      MN_MEMBER_IS(WEAK, song, cover, song)));

static struct song_ref song_named(const char *title)
{
    struct song_ref song = song_ref_new();

    if (song.at != NULL)
        (void)snprintf(song.at->title, sizeof song.at->title, "%s", title);
    return song;
}

static void show(const char *what, struct song_ref song)
{
    printf("%s: %zu references to %s\n", what, song_ref_count(song),
           song.at->title);
}

static int play(void)
{
    MN_AUTO(song_ref) first = song_named("Yesterday");
    MN_AUTO(song_ref) second = song_named("Help!");

    if (first.at == NULL || second.at == NULL)
        return 1; /* what there is of both is dropped */
    show("made", first);
    MN_AUTO(song_ref) mine = song_ref_clone(first);
    show("cloned", first);

    /* Others see it, so a change is made to a copy. */
    if (song_ref_make_mut_by(&mine, song_copy) == NULL)
        return 1;
    strcpy(mine.at->title, "Yesterday, live");
    mine.at->cover = song_ref_weak(first);
    show("copied", first);
    show("copied", mine);

    MN_AUTO(song_ref) original = song_weak_upgrade(mine.at->cover);
    show("upgraded", original);

    /* A playlist that repeats refers to itself. */
    first.at->next = song_ref_clone(second);
    second.at->next = song_ref_clone(first);
    show("in a circle", first);
    printf("the scope ends\n");
    return 0;
}

int main(void)
{
    if (play() != 0)
        return 1;
    printf("%zu candidates\n", mn_ref_candidates());
    size_t count = mn_ref_collect();
    printf("%zu objects collected\n", count);
    return count == 2 ? 0 : 1;
}
