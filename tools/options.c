/* SPDX-License-Identifier: MIT */
/* options.c -- `mneme options`: what MNEME and -o set, and to what. */
#include "heap/options.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "tool.h"

static const char options_doc[] =
    "List the options of Mneme, their values and where these come from."
    "\vOptions are set by the environment, as in "
    "MNEME=decay=100,stats=text, or by `mneme run -o decay=100`.\n";

static void options_row(const struct mni_option_description *option)
{
    (void)printf("%-9s %-14s %-8s %s%s%s\n%-9s %s\n", option->name,
                 option->value[0] == '\0' ? "-" : option->value,
                 option->from_mneme ? "MNEME" : "default", option->values,
                 option->fallback[0] == '\0' ? "" : ", default ",
                 option->fallback, "", option->help);
}

int options_main(int count, char **arguments)
{
    static const struct argp argp = {.doc = options_doc};
    struct mni_option_description option;

    if (argp_parse(&argp, count, arguments, 0, NULL, NULL) != 0)
        return TOOL_FAILED;
    mni_options_load();
    (void)printf("%-9s %-14s %-8s %s\n", "option", "value", "from", "values");
    for (unsigned i = 0; mni_option_describe(i, &option); i++)
        options_row(&option);
    return EXIT_SUCCESS;
}
