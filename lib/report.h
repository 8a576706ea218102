/* SPDX-License-Identifier: GPL-2.0 */
/*
 * report.h - KTAP on standard output
 *
 * The only user of kselftest.h in scenario binaries, since that header keeps
 * its counters in file-static variables. Output is flat: one line an instance,
 * diagnostics as "# " lines before it. Whatever came out of a guest goes through
 * report_diag(), which splits it into lines, prefixes each so that no KTAP
 * parser can take it for a result, and replaces control characters.
 */
#ifndef KTSTR_LIB_REPORT_H
#define KTSTR_LIB_REPORT_H

#include "util.h"
#include "wire.h"

/* The kselftest exit codes that are used here (tools/testing/selftests/kselftest.h). */
#define EXIT_PASS	0
#define EXIT_FAIL	1
#define EXIT_SKIP	4

/* report_header - "TAP version 13"; makes standard output line-buffered. */
void report_header(void);
void report_plan(unsigned int nr);

/* report_diag - "# <prefix>line" for each line of the text. @prefix may be "". */
void report_diag(const char *prefix, const char *fmt, ...) __printf(2, 3);

/*
 * report_result - the KTAP line of one instance. VERDICT_SKIP and
 * VERDICT_INCONCLUSIVE are skips, or failures with @no_skip; the reason belongs
 * in a report_diag() line before, the directive stays empty so that the name of
 * the instance stays the same for every parser.
 */
void report_result(const char *name, enum verdict verdict, bool no_skip);

/* report_skip_all - "1..0 # SKIP <reason>"; returns EXIT_SKIP. */
int report_skip_all(const char *fmt, ...) __printf(1, 2);

/* report_bail_out - "Bail out! <reason>", for a run that was ended from outside. */
void report_bail_out(const char *reason);

/*
 * report_finish - the totals line. EXIT_FAIL if anything failed or fewer results than
 * planned were printed, EXIT_SKIP if all were skipped, else EXIT_PASS.
 */
int report_finish(void);

#endif /* KTSTR_LIB_REPORT_H */
