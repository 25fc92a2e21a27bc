/* SPDX-License-Identifier: MIT */
/* options.h -- what MNEME=name=value,name=value in the environment sets.
 *
 * A malloc must not end a program because of a typo: what is wrong is named in
 * one line on standard error, and its option keeps the default. The command
 * asks mni_options_check first and refuses. Nothing here allocates.
 */
#ifndef MNI_OPTIONS_H
#define MNI_OPTIONS_H

#include <mn/base.h>

enum mni_option_id {
    MNI_OPTION_DECAY,
    MNI_OPTION_PURGE, /* an enum mni_option_purge */
    MNI_OPTION_PRESSURE,
    MNI_OPTION_RETURN, /* an enum mni_option_return */
    MNI_OPTION_HUGE,   /* an enum mni_option_huge */
    MNI_OPTION_RESERVE,
    MNI_OPTION_LIMIT,
    MNI_OPTION_STATS, /* an enum mni_option_stats */
    MNI_OPTION_CHECK, /* an enum mni_option_check */
    MNI_OPTION_LEAKS, /* an enum mni_option_check, too */
    MNI_OPTION_REPORT,
    MNI_OPTION_ANNOUNCE,
    MNI_OPTION_COUNT
};

/* Who looks at the ages of what is free. */
enum mni_option_purge {
    MNI_OPTION_PURGE_THREAD,
    MNI_OPTION_PURGE_TICKS,
    MNI_OPTION_PURGE_OFF
};

/* When the system takes what is purged. */
enum mni_option_return { MNI_OPTION_RETURN_NOW, MNI_OPTION_RETURN_LAZY };

/* Where huge pages are asked for. */
enum mni_option_huge { MNI_OPTION_HUGE_DENSE, MNI_OPTION_HUGE_OFF };

enum mni_option_stats {
    MNI_OPTION_STATS_OFF,
    MNI_OPTION_STATS_TEXT,
    MNI_OPTION_STATS_JSON
};

enum mni_option_check {
    MNI_OPTION_CHECK_OFF,
    MNI_OPTION_CHECK_EXIT,
    MNI_OPTION_CHECK_REPORT,
    MNI_OPTION_CHECK_DEMAND
};

/* Read MNEME. Only the first call does anything; until then, and where MNEME
 * says nothing, options have their defaults. */
void mni_options_load(void);

/* The value of an option whose values are numbers or names. */
uint64_t mni_option(enum mni_option_id id);

/* The value of an option whose values are texts; "" for none. */
const char *mni_option_text(enum mni_option_id id);

/* ---- for the command ---- */

/* Called with what is wrong with one item of a list. */
typedef void (*mni_complain_fn)(const char *what, void *context);

/* Whether `list` has only valid items. It sets nothing. */
bool mni_options_check(const char *list, mni_complain_fn complain,
                       void *context);

struct mni_option_description {
    const char *name;
    const char *help;
    const char *unit; /* of numbers, or "" */
    bool from_mneme;  /* where the value comes from */
    char values[48];  /* that are valid */
    char fallback[32];
    char value[64]; /* perhaps cut off */
};

/* Describe the option of this number, in the order of enum mni_option_id.
 * False beyond the last one that is for users. */
bool mni_option_describe(unsigned index,
                         struct mni_option_description *description);

/* A list of names: the one of this number, NULL beyond the last. */
typedef const char *(*mni_name_fn)(unsigned index);

/* Of the names, the one nearest to the word of `size` characters, or NULL if
 * none is so near that it may have been meant. */
const char *mni_nearest_name(const char *word, size_t size, mni_name_fn name);

#endif
