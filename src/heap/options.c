/* SPDX-License-Identifier: MIT */
/* options.c -- the table of options, and reading a list of them.
 *
 * The table is the only place that knows an option's name, values and help.
 */
#include "heap/options.h"

#include <string.h>

#include "base/text.h"
#include "os/os.h"

enum {
    OPTIONS_TEXT_SIZE = 512,    /* of a text value, with its end */
    OPTIONS_MESSAGE_SIZE = 256, /* of what a user is told */
    OPTIONS_QUOTE_MAX = 60,     /* characters of a bad item in it */
    OPTIONS_WORD_MAX = 32,      /* longer words are near to no name */
    OPTIONS_STDERR = 2
};

enum options_kind { OPTIONS_NUMBER, OPTIONS_NAME, OPTIONS_TEXT };

struct options_rule {
    const char *name;
    enum options_kind kind;
    bool internal; /* set by the command for its own use */
    uint64_t fallback;
    uint64_t min;
    uint64_t max;
    const char *unit;
    const char *names; /* of the values 0, 1, ..., with | between them */
    const char *help;
};

static const struct options_rule options_rules[MNI_OPTION_COUNT] = {
    [MNI_OPTION_DECAY] =
        {
            .name = "decay",
            .kind = OPTIONS_NUMBER,
            .fallback = 1000,
            .max = 3600000,
            .unit = "ms",
            .help = "how long memory stays free before the system gets it back",
        },
    [MNI_OPTION_PURGE] =
        {
            .name = "purge",
            .kind = OPTIONS_NAME,
            .names = "thread|ticks|off",
            .help = "who looks at ages: a thread, or calls that free memory",
        },
    [MNI_OPTION_PRESSURE] =
        {
            .name = "pressure",
            .kind = OPTIONS_NUMBER,
            .fallback = 0,
            .max = 100,
            .unit = "%",
            .help = "of waiting for memory, from which on all that is free "
                    "goes back; 0 for never",
        },
    [MNI_OPTION_RETURN] =
        {
            .name = "return",
            .kind = OPTIONS_NAME,
            .names = "now|lazy",
            .help = "give it at once, or when the system needs it",
        },
    [MNI_OPTION_HUGE] =
        {
            .name = "huge",
            .kind = OPTIONS_NAME,
            .names = "dense|off",
            .help = "huge pages where memory is written to throughout, or none",
        },
    [MNI_OPTION_RESERVE] =
        {
            .name = "reserve",
            .kind = OPTIONS_NUMBER,
            .fallback = 1024,
            .min = 1,
            .max = 1048576,
            .unit = "MiB",
            .help = "addresses reserved at first; no memory is used by that",
        },
    [MNI_OPTION_LIMIT] =
        {
            .name = "limit",
            .kind = OPTIONS_NUMBER,
            .fallback = 0,
            .max = 16777216,
            .unit = "MiB",
            .help = "of spans in use at most, then no memory; 0 for no limit",
        },
    [MNI_OPTION_STATS] =
        {
            .name = "stats",
            .kind = OPTIONS_NAME,
            .names = "off|text|json",
            .help = "at exit, tell on standard error where the memory is",
        },
    [MNI_OPTION_CHECK] =
        {
            .name = "check",
            .kind = OPTIONS_NAME,
            .names = "off|exit|report|demand",
            .help = "at exit, check the heap, and tell so or write it to the "
                    "report; or when `mneme check` asks",
        },
    [MNI_OPTION_LEAKS] =
        {
            .name = "leaks",
            .kind = OPTIONS_NAME,
            .names = "off|exit|report",
            .help = "at exit, look for blocks that nothing leads to, and tell "
                    "likewise",
        },
    [MNI_OPTION_REPORT] =
        {
            .name = "report",
            .kind = OPTIONS_TEXT,
            .help = "at exit, write the memory's peak and end to PATH.PID",
        },
    [MNI_OPTION_ANNOUNCE] =
        {
            .name = "announce",
            .kind = OPTIONS_TEXT,
            .internal = true,
            .help = "a file that process PID makes when Mneme serves it",
        },
};

static struct {
    bool loaded;
    bool given[MNI_OPTION_COUNT];
    uint64_t number[MNI_OPTION_COUNT];
    /* Copies, because a program may change its environment. */
    char text[MNI_OPTION_COUNT][OPTIONS_TEXT_SIZE];
} options;

/* A part of a list, which does not end in a zero byte. */
struct options_part {
    const char *start;
    size_t size;
};

struct options_reader {
    bool store;
    bool valid;
    mni_complain_fn complain;
    void *context;
};

uint64_t mni_option(enum mni_option_id id)
{
    return options.given[id] ? options.number[id] : options_rules[id].fallback;
}

const char *mni_option_text(enum mni_option_id id)
{
    return options.text[id];
}

/* ---- the nearest name ---- */

static unsigned options_min(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many characters to insert, delete, change or swap with the next one, to
 * make one word of the other. Requires: both within OPTIONS_WORD_MAX. */
static unsigned options_distance(struct options_part word, const char *name)
{
    unsigned rows[3][OPTIONS_WORD_MAX + 1];
    unsigned *above = rows[0], *last = rows[1], *row = rows[2];
    size_t size = strlen(name);

    for (unsigned j = 0; j <= size; j++)
        above[j] = last[j] = j;
    for (size_t i = 0; i < word.size; i++) {
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < size; j++) {
            bool same = word.start[i] == name[j];
            row[j + 1] = options_min(last[j] + !same,
                                     options_min(last[j + 1], row[j]) + 1);
            if (i > 0 && j > 0 && word.start[i] == name[j - 1]
                && word.start[i - 1] == name[j])
                row[j + 1] = options_min(row[j + 1], above[j - 1] + 1);
        }
        unsigned *spare = above;
        above = last;
        last = row;
        row = spare;
    }
    return last[size];
}

const char *mni_nearest_name(const char *word, size_t size, mni_name_fn name)
{
    struct options_part part = {word, size};
    const char *nearest = NULL;
    unsigned least = 1 + (unsigned)size / 2;

    if (size > OPTIONS_WORD_MAX)
        return NULL;
    for (unsigned i = 0; name(i) != NULL; i++) {
        unsigned distance = strlen(name(i)) > OPTIONS_WORD_MAX
                                ? least
                                : options_distance(part, name(i));
        if (distance < least) {
            least = distance;
            nearest = name(i);
        }
    }
    return nearest;
}

static const char *options_user_name(unsigned index)
{
    return index < MNI_OPTION_COUNT && !options_rules[index].internal
               ? options_rules[index].name
               : NULL;
}

/* ---- telling what is wrong ---- */

/* Bytes that would confuse a terminal appear as question marks. */
static void options_put_part(struct mni_text *text, struct options_part part)
{
    for (size_t i = 0; i < part.size && i < OPTIONS_QUOTE_MAX; i++) {
        char c = part.start[i];
        char one[2] = {c < ' ' || c == 127 ? '?' : c, '\0'};
        mni_text_put(text, one);
    }
    if (part.size > OPTIONS_QUOTE_MAX)
        mni_text_put(text, "...");
}

static void options_put_values(struct mni_text *text,
                               const struct options_rule *rule)
{
    if (rule->kind == OPTIONS_NUMBER) {
        mni_text_put_count(text, rule->min);
        mni_text_put(text, "..");
        mni_text_put_count(text, rule->max);
        mni_text_put(text, rule->unit[0] == '\0' ? "" : " ");
        mni_text_put(text, rule->unit);
    } else {
        mni_text_put(text, rule->kind == OPTIONS_NAME ? rule->names : "PATH");
    }
}

static void options_put_number(struct mni_text *text,
                               const struct options_rule *rule, uint64_t number)
{
    if (rule->kind == OPTIONS_NUMBER) {
        mni_text_put_count(text, number);
        return;
    }
    const char *name = rule->names;
    for (uint64_t i = 0; i < number; i++)
        name += strcspn(name, "|") + 1;
    options_put_part(text, (struct options_part){name, strcspn(name, "|")});
}

static void options_bad_name(struct options_reader *reader,
                             struct options_part name)
{
    char buffer[OPTIONS_MESSAGE_SIZE];
    struct mni_text text;
    const char *nearest =
        mni_nearest_name(name.start, name.size, options_user_name);

    mni_text_init(&text, buffer, sizeof buffer);
    mni_text_put(&text, "unknown option \"");
    options_put_part(&text, name);
    mni_text_put(&text, "\"");
    if (nearest != NULL) {
        mni_text_put(&text, "; did you mean \"");
        mni_text_put(&text, nearest);
        mni_text_put(&text, "\"?");
    }
    mni_text_put(&text, " (`mneme options` lists all)");
    reader->valid = false;
    reader->complain(buffer, reader->context);
}

static void options_bad_value(struct options_reader *reader,
                              const struct options_rule *rule,
                              struct options_part item)
{
    char buffer[OPTIONS_MESSAGE_SIZE];
    struct mni_text text;

    mni_text_init(&text, buffer, sizeof buffer);
    mni_text_put(&text, "bad value in \"");
    options_put_part(&text, item);
    mni_text_put(&text, "\"; expected ");
    mni_text_put(&text, rule->name);
    mni_text_put(&text, "=");
    options_put_values(&text, rule);
    mni_text_put(&text, " (`mneme options` lists all)");
    reader->valid = false;
    reader->complain(buffer, reader->context);
}

/* ---- reading ---- */

static bool options_read_number(const struct options_rule *rule,
                                struct options_part value, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < value.size; i++) {
        char c = value.start[i];
        if (c < '0' || c > '9' || *number > rule->max)
            return false;
        *number = 10 * *number + (uint64_t)(c - '0');
    }
    return value.size > 0 && *number >= rule->min && *number <= rule->max;
}

static bool options_read_name(const struct options_rule *rule,
                              struct options_part value, uint64_t *number)
{
    const char *name = rule->names;

    for (*number = 0;; ++*number) {
        size_t size = strcspn(name, "|");
        if (size == value.size && memcmp(name, value.start, size) == 0)
            return true;
        if (name[size] == '\0')
            return false;
        name += size + 1;
    }
}

static void options_read_value(struct options_reader *reader, unsigned id,
                               struct options_part item,
                               struct options_part value)
{
    const struct options_rule *rule = &options_rules[id];
    uint64_t number = 0;
    bool valid =
        rule->kind == OPTIONS_NUMBER ? options_read_number(rule, value, &number)
        : rule->kind == OPTIONS_NAME ? options_read_name(rule, value, &number)
                                     : value.size < OPTIONS_TEXT_SIZE;

    if (!valid) {
        options_bad_value(reader, rule, item);
    } else if (reader->store) {
        options.given[id] = true;
        options.number[id] = number;
        if (rule->kind == OPTIONS_TEXT) {
            memcpy(options.text[id], value.start, value.size);
            options.text[id][value.size] = '\0';
        }
    }
}

static void options_read_item(struct options_reader *reader,
                              struct options_part item)
{
    const char *equals = memchr(item.start, '=', item.size);
    struct options_part name = item;
    struct options_part value = {item.start + item.size, 0};

    if (equals != NULL) {
        name.size = (size_t)(equals - item.start);
        value.start = equals + 1;
        value.size = item.size - name.size - 1;
    }
    for (unsigned id = 0; id < MNI_OPTION_COUNT; id++)
        if (strlen(options_rules[id].name) == name.size
            && memcmp(options_rules[id].name, name.start, name.size) == 0) {
            if (equals == NULL)
                options_bad_value(reader, &options_rules[id], item);
            else
                options_read_value(reader, id, item, value);
            return;
        }
    options_bad_name(reader, name);
}

static void options_read(struct options_reader *reader, const char *list)
{
    while (*list != '\0') {
        struct options_part item = {list, strcspn(list, ",")};
        if (item.size > 0)
            options_read_item(reader, item);
        list += item.size;
        list += *list == ',';
    }
}

bool mni_options_check(const char *list, mni_complain_fn complain,
                       void *context)
{
    struct options_reader reader = {false, true, complain, context};

    options_read(&reader, list);
    return reader.valid;
}

static void options_complain(const char *what, void *context)
{
    char buffer[OPTIONS_MESSAGE_SIZE + 32];
    struct mni_text text;

    (void)context;
    mni_text_init(&text, buffer, sizeof buffer);
    mni_text_put(&text, "mneme: ignored in MNEME: ");
    mni_text_put(&text, what);
    mni_text_put(&text, "\n");
    mni_os_write(OPTIONS_STDERR, buffer, text.used);
}

void mni_options_load(void)
{
    struct options_reader reader = {true, true, options_complain, NULL};
    const char *list = mni_os_variable("MNEME");

    if (options.loaded)
        return;
    options.loaded = true;
    if (list != NULL)
        options_read(&reader, list);
}

bool mni_option_describe(unsigned index,
                         struct mni_option_description *description)
{
    struct mni_text text;

    if (index >= MNI_OPTION_COUNT || options_rules[index].internal)
        return false;
    const struct options_rule *rule = &options_rules[index];
    description->name = rule->name;
    description->help = rule->help;
    description->unit = rule->unit == NULL ? "" : rule->unit;
    description->from_mneme = options.given[index];

    mni_text_init(&text, description->values, sizeof description->values);
    options_put_values(&text, rule);
    mni_text_init(&text, description->fallback, sizeof description->fallback);
    if (rule->kind != OPTIONS_TEXT)
        options_put_number(&text, rule, rule->fallback);
    mni_text_init(&text, description->value, sizeof description->value);
    if (rule->kind == OPTIONS_TEXT)
        mni_text_put(&text, options.text[index]);
    else
        options_put_number(&text, rule, mni_option((enum mni_option_id)index));
    return true;
}
