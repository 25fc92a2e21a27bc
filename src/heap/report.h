/* SPDX-License-Identifier: MIT */
/* report.h -- what a process tells about its memory when it ends.
 *
 * By the option `report`, a file with its statistics at their peak and at the
 * end; by the option `stats`, the latter on standard error. Nothing allocates.
 * docs/manual/command.md describes the file.
 */
#ifndef MNI_REPORT_H
#define MNI_REPORT_H

#include <mn/base.h>

/* When the process starts, after mni_options_load. By the option `announce`,
 * tell the command that Mneme serves this process. */
void mni_report_begin(void);

/* When `committed` has grown. */
void mni_report_tick(void);

/* When the process ends. Only the first call does anything. */
void mni_report_end(void);

/* This process will tell nothing. */
void mni_report_cancel(void);

#endif
