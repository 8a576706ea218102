// SPDX-License-Identifier: GPL-2.0
/*
 * report.c - KTAP on standard output, safe against what is printed
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "kselftest.h"
#include "report.h"

_Static_assert(EXIT_PASS == KSFT_PASS && EXIT_FAIL == KSFT_FAIL && EXIT_SKIP == KSFT_SKIP,
	       "report.h and kselftest.h must agree");

/* Text of one line of output; log collectors cut lines somewhere above this. */
#define LINE_LEN	500
#define NAME_LEN	256

/* What parsers look for at the start of a line, some of them behind any "# " and blanks. */
static const char *const ktap_words[] = {
	"ok", "not ok", "TAP version", "KTAP version", "Bail out!", "Subtest:", "pragma",
	"---", "...",
};

static bool looks_like_ktap(const char *prefix, const char *text)
{
	const char *p = prefix + strspn(prefix, "# \t");
	size_t i;

	if (!*p)
		p = text + strspn(text, "# \t");
	for (i = 0; i < ARRAY_SIZE(ktap_words); i++)
		if (!strncasecmp(p, ktap_words[i], strlen(ktap_words[i])))
			return true;
	/* A plan. */
	i = strspn(p, "0123456789");
	return i && !strncmp(p + i, "..", 2);
}

/*
 * Nothing but printable ASCII leaves here: an escape sequence could rewrite a
 * terminal, and a byte that is not UTF-8 stops some parsers.
 */
static void print_piece(const char *prefix, const char *more, const char *text, size_t len)
{
	const char *mark = "";
	char line[LINE_LEN + 1];
	size_t i;

	for (i = 0; i < len && i < LINE_LEN; i++) {
		if (text[i] == '\t')
			line[i] = ' ';
		else
			line[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	}
	line[i] = '\0';
	if (looks_like_ktap(prefix, *more ? more : line))
		mark = "| ";
	ksft_print_msg("%s%s%s%s\n", mark, prefix, more, line);
}

static void print_line(const char *prefix, const char *text, size_t len)
{
	const char *more = "";

	/* Consoles end their lines with "\r\n". */
	while (len && text[len - 1] == '\r')
		len--;
	while (len > LINE_LEN) {
		print_piece(prefix, more, text, LINE_LEN);
		text += LINE_LEN;
		len -= LINE_LEN;
		more = "+ ";
	}
	print_piece(prefix, more, text, len);
}

static void print_lines(const char *prefix, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		print_line(prefix, text, len);
		text += len;
		if (*text)
			text++;
	}
}

void report_header(void)
{
	ksft_print_header();
}

void report_plan(unsigned int nr)
{
	ksft_set_plan(nr);
}

void report_diag(const char *prefix, const char *fmt, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0) {
		print_lines(prefix, "a line could not be formatted:");
		print_lines(prefix, fmt);
		return;
	}
	print_lines(prefix, text);
	free(text);
}

/* One line of printable characters; @bad are replaced as well. Returns @buf. */
static const char *clean(const char *text, const char *bad, char *buf, size_t size)
{
	size_t i;

	for (i = 0; text[i] && i < size - 1; i++) {
		bool good = text[i] >= ' ' && text[i] <= '~' && !strchr(bad, text[i]);

		buf[i] = good ? text[i] : '_';
	}
	buf[i] = '\0';
	return buf;
}

void report_result(const char *name, enum verdict verdict, bool no_skip)
{
	char buf[NAME_LEN];

	/* A blank would end the name and a '#' begin a directive. */
	name = clean(name, " #\\", buf, sizeof(buf));
	switch (verdict) {
	case VERDICT_PASS:
		ksft_test_result_pass("%s\n", name);
		return;
	case VERDICT_SKIP:
	case VERDICT_INCONCLUSIVE:
		if (!no_skip) {
			ksft_test_result_skip("%s\n", name);
			return;
		}
		break;
	default:
		break;
	}
	ksft_test_result_fail("%s\n", name);
}

int report_skip_all(const char *fmt, ...)
{
	char text[LINE_LEN], buf[LINE_LEN];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printf("1..0 # SKIP %s\n", clean(text, "", buf, sizeof(buf)));
	return fflush(stdout) || ferror(stdout) ? EXIT_FAIL : EXIT_SKIP;
}

void report_bail_out(const char *reason)
{
	char buf[LINE_LEN];

	printf("Bail out! %s\n", clean(reason, "", buf, sizeof(buf)));
	fflush(stdout);
	/* Whatever was printed before, a run that did not end by itself is no success. */
	ksft_inc_error_cnt();
}

int report_finish(void)
{
	ksft_print_cnts();
	if (fflush(stdout) || ferror(stdout))
		return EXIT_FAIL;
	if (ksft_get_fail_cnt() || ksft_get_error_cnt() || ksft_plan != ksft_test_num())
		return EXIT_FAIL;
	return ksft_get_pass_cnt() ? EXIT_PASS : EXIT_SKIP;
}
