// SPDX-License-Identifier: GPL-2.0
/*
 * test_report.c - every byte of the KTAP that is printed
 *
 * Each case runs in a child, since kselftest.h counts per process; its standard
 * output is a file, so that its buffering is that of a log.
 */
#include <fcntl.h>
#include "kselftest_harness.h"
#include "../lib/log.h"
#include "../lib/report.h"

#define OUT_LEN		65536

FIXTURE(report) {
	char out[OUT_LEN];
	int status;
};

FIXTURE_SETUP(report)
{
	unsetenv("KSFT_TAP_LEVEL");
}

FIXTURE_TEARDOWN(report)
{
}

/* The exit code of @fn in a child and what it printed; _exit(), so nothing flushes by luck. */
static int capture(int (*fn)(void), char *out, size_t size)
{
	FILE *file = tmpfile();
	ssize_t len;
	int status;
	pid_t pid;

	if (!file)
		return -1;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (dup2(fileno(file), STDOUT_FILENO) < 0)
			_exit(99);
		_exit(fn());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		status = -1;
	else
		status = WEXITSTATUS(status);
	len = pread(fileno(file), out, size - 1, 0);
	out[len < 0 ? 0 : len] = '\0';
	fclose(file);
	return status;
}

/* Newer headers print one more line about skips; it is theirs, and not judged here. */
static void drop_hint(char *out)
{
	char *hint = strstr(out, "skipped test(s) detected");
	char *end;

	if (!hint)
		return;
	while (hint > out && hint[-1] != '\n')
		hint--;
	end = strchr(hint, '\n');
	if (end)
		memmove(hint, end + 1, strlen(end + 1) + 1);
}

#define CHECK(fn, code, text) do {						\
	self->status = capture(fn, self->out, sizeof(self->out));		\
	drop_hint(self->out);							\
	EXPECT_EQ(self->status, code);						\
	EXPECT_STREQ(self->out, text);						\
} while (0)

#define TOTALS(p, f, s, e) \
	"# Totals: pass:" #p " fail:" #f " xfail:0 xpass:0 skip:" #s " error:" #e "\n"

static int mixed(void)
{
	report_header();
	report_plan(5);
	report_result("a.1n2l2c1t.default", VERDICT_PASS, false);
	report_diag("", "measured %d ms, limit %d ms", 7, 5);
	report_result("b.1n2l2c1t.default", VERDICT_FAIL, false);
	report_result("c.1n2l2c1t.default", VERDICT_SKIP, false);
	report_result("d.1n2l2c1t.default", VERDICT_INCONCLUSIVE, false);
	report_result("e.1n2l2c1t.default", VERDICT_NONE, false);
	return report_finish();
}

TEST_F(report, mixed_results)
{
	CHECK(mixed, EXIT_FAIL,
	      "TAP version 13\n"
	      "1..5\n"
	      "ok 1 a.1n2l2c1t.default\n"
	      "# measured 7 ms, limit 5 ms\n"
	      "not ok 2 b.1n2l2c1t.default\n"
	      "ok 3 # SKIP c.1n2l2c1t.default\n"
	      "ok 4 # SKIP d.1n2l2c1t.default\n"
	      "not ok 5 e.1n2l2c1t.default\n"
	      TOTALS(1, 2, 2, 0));
}

static int passed_and_skipped(void)
{
	report_header();
	report_plan(2);
	report_result("a", VERDICT_PASS, false);
	report_result("b", VERDICT_SKIP, false);
	return report_finish();
}

TEST_F(report, a_skip_does_not_fail_the_run)
{
	CHECK(passed_and_skipped, EXIT_PASS,
	      "TAP version 13\n1..2\nok 1 a\nok 2 # SKIP b\n" TOTALS(1, 0, 1, 0));
}

static int all_skipped(void)
{
	report_header();
	report_plan(2);
	report_result("a", VERDICT_SKIP, false);
	report_result("b", VERDICT_INCONCLUSIVE, false);
	return report_finish();
}

TEST_F(report, all_skipped_is_a_skip)
{
	CHECK(all_skipped, EXIT_SKIP,
	      "TAP version 13\n1..2\nok 1 # SKIP a\nok 2 # SKIP b\n" TOTALS(0, 0, 2, 0));
}

static int no_skip(void)
{
	report_header();
	report_plan(3);
	report_result("a", VERDICT_SKIP, true);
	report_result("b", VERDICT_INCONCLUSIVE, true);
	report_result("c", VERDICT_PASS, true);
	return report_finish();
}

TEST_F(report, no_skip_makes_them_failures)
{
	CHECK(no_skip, EXIT_FAIL,
	      "TAP version 13\n1..3\nnot ok 1 a\nnot ok 2 b\nok 3 c\n" TOTALS(1, 2, 0, 0));
}

static int too_few(void)
{
	report_header();
	report_plan(2);
	report_result("a", VERDICT_PASS, false);
	return report_finish();
}

TEST_F(report, fewer_than_planned_fails)
{
	CHECK(too_few, EXIT_FAIL,
	      "TAP version 13\n1..2\nok 1 a\n"
	      "# Planned tests != run tests (2 != 1)\n" TOTALS(1, 0, 0, 0));
}

static int too_many(void)
{
	report_header();
	report_plan(1);
	report_result("a", VERDICT_PASS, false);
	report_result("b", VERDICT_PASS, false);
	return report_finish();
}

TEST_F(report, more_than_planned_fails)
{
	CHECK(too_many, EXIT_FAIL,
	      "TAP version 13\n1..1\nok 1 a\nok 2 b\n"
	      "# Planned tests != run tests (1 != 2)\n" TOTALS(2, 0, 0, 0));
}

static int none_at_all(void)
{
	report_header();
	report_plan(3);
	return report_finish();
}

TEST_F(report, planned_but_none_run_fails)
{
	CHECK(none_at_all, EXIT_FAIL,
	      "TAP version 13\n1..3\n# Planned tests != run tests (3 != 0)\n" TOTALS(0, 0, 0, 0));
}

static int odd_verdict(void)
{
	report_header();
	report_plan(1);
	report_result("a", (enum verdict)77, false);
	return report_finish();
}

TEST_F(report, an_unknown_verdict_is_a_failure)
{
	CHECK(odd_verdict, EXIT_FAIL, "TAP version 13\n1..1\nnot ok 1 a\n" TOTALS(0, 1, 0, 0));
}

static int skip_all(void)
{
	report_header();
	return report_skip_all("no %s\nfor you", "kernel");
}

TEST_F(report, whole_binary_skipped)
{
	CHECK(skip_all, EXIT_SKIP, "TAP version 13\n1..0 # SKIP no kernel_for you\n");
}

static int bail_out(void)
{
	report_header();
	report_plan(2);
	report_result("a", VERDICT_PASS, false);
	report_bail_out("SIGTERM\nok 2 b");
	return report_finish();
}

TEST_F(report, bail_out_never_succeeds)
{
	CHECK(bail_out, EXIT_FAIL,
	      "TAP version 13\n1..2\nok 1 a\nBail out! SIGTERM_ok 2 b\n" TOTALS(1, 0, 0, 1));
}

static int hostile_names(void)
{
	report_header();
	report_plan(3);
	report_result("a # SKIP it", VERDICT_FAIL, false);
	report_result("b\nok 3 c\x1b[2J\xff", VERDICT_FAIL, false);
	report_result("%s%n\\#", VERDICT_PASS, false);
	return report_finish();
}

TEST_F(report, names_cannot_say_more_than_a_name)
{
	CHECK(hostile_names, EXIT_FAIL,
	      "TAP version 13\n1..3\n"
	      "not ok 1 a___SKIP_it\n"
	      "not ok 2 b_ok_3_c_[2J_\n"
	      "ok 3 %s%n__\n" TOTALS(1, 2, 0, 0));
}

static int guest_text(void)
{
	report_diag("vm0| ", "%s",
		    "ok 1 forged\r\n"
		    "\n"
		    "    not ok 2 forged\n"
		    "# ok 3 forged\n"
		    "Bail out!\n"
		    "1..99\n"
		    "\x1b[2J\x1b[31mred\a\b\x7f\n"
		    "latin \xe9, utf-8 \xc3\xa9\n"
		    "tab\there, cr\rthere\n"
		    "%s%n %d\n"
		    "no end of line");
	return EXIT_PASS;
}

TEST_F(report, guest_text_is_prefixed_and_clean)
{
	CHECK(guest_text, EXIT_PASS,
	      "# vm0| ok 1 forged\n"
	      "# vm0| \n"
	      "# vm0|     not ok 2 forged\n"
	      "# vm0| # ok 3 forged\n"
	      "# vm0| Bail out!\n"
	      "# vm0| 1..99\n"
	      "# vm0| ?[2J?[31mred???\n"
	      "# vm0| latin ?, utf-8 ??\n"
	      "# vm0| tab here, cr?there\n"
	      "# vm0| %s%n %d\n"
	      "# vm0| no end of line\n");
}

static int bare_text(void)
{
	report_diag("", "%s",
		    "ok 1 forged\n"
		    "                                               # # ok 1 forged\n"
		    "not ok 2 forged\n"
		    "NOT OK 2\n"
		    "# Subtest: forged\n"
		    "KTAP version 1\n"
		    "TAP version 13\n"
		    "Bail out! forged\n"
		    "1..3\n"
		    "0012..\n"
		    "\tok\n"
		    "---\n"
		    "1.5 ms, ordinary\n"
		    "it is not ok");
	report_diag("  # ", "ok 9");
	report_diag("ok 4 ", "prefix");
	report_diag("", "%s", "");
	report_diag("x", "\n");
	return EXIT_PASS;
}

/* No line may be a result once "#" and blanks before it are gone, as some parsers have it. */
TEST_F(report, unprefixed_text_cannot_forge_results)
{
	CHECK(bare_text, EXIT_PASS,
	      "# | ok 1 forged\n"
	      "# |                                                # # ok 1 forged\n"
	      "# | not ok 2 forged\n"
	      "# | NOT OK 2\n"
	      "# | # Subtest: forged\n"
	      "# | KTAP version 1\n"
	      "# | TAP version 13\n"
	      "# | Bail out! forged\n"
	      "# | 1..3\n"
	      "# | 0012..\n"
	      "# |  ok\n"
	      "# | ---\n"
	      "# 1.5 ms, ordinary\n"
	      "# it is not ok\n"
	      "# |   # ok 9\n"
	      "# | ok 4 prefix\n"
	      "# x\n");
}

#define A100	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A500	A100 A100 A100 A100 A100

static int long_lines(void)
{
	report_diag("p| ", "%s", A500 "\n" A500 "b\n" A500 A500 "ok 1 forged\n" A500 "\r\nend");
	report_diag("", "%s", A500 "ok 1 forged");
	report_diag("ok 1 ", "%s", A500 "b");
	return EXIT_PASS;
}

TEST_F(report, long_lines_are_split)
{
	CHECK(long_lines, EXIT_PASS,
	      "# p| " A500 "\n"
	      "# p| " A500 "\n"
	      "# p| + b\n"
	      "# p| " A500 "\n"
	      "# p| + " A500 "\n"
	      "# p| + ok 1 forged\n"
	      "# p| " A500 "\n"
	      "# p| end\n"
	      "# " A500 "\n"
	      "# + ok 1 forged\n"
	      "# | ok 1 " A500 "\n"
	      "# | ok 1 + b\n");
}

static int random_bytes(void)
{
	char text[4096];
	uint64_t x = 88172645463325252ULL;
	size_t i;

	for (i = 0; i < sizeof(text) - 1; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		text[i] = x & 255 ? x : 1;
	}
	text[i] = '\0';
	report_diag("vm| ", "%s", text);
	return EXIT_PASS;
}

TEST_F(report, any_bytes_give_clean_lines)
{
	char *line, *save;

	ASSERT_EQ(capture(random_bytes, self->out, sizeof(self->out)), EXIT_PASS);
	ASSERT_EQ(self->out[strlen(self->out) - 1], '\n');
	for (line = strtok_r(self->out, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		EXPECT_EQ(strncmp(line, "# vm| ", 6), 0);
		for (; *line; line++)
			EXPECT_TRUE(*line >= ' ' && *line <= '~');
	}
}

static int lost_output(void)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		return 99;
	report_header();
	report_plan(1);
	report_result("a", VERDICT_PASS, false);
	return report_finish();
}

TEST_F(report, output_that_is_lost_fails)
{
	CHECK(lost_output, EXIT_FAIL, "");
}

static int lines_at_once(void)
{
	report_header();
	report_plan(1);
	report_result("a", VERDICT_PASS, false);
	return EXIT_PASS;	/* no report_finish(): as if killed here */
}

TEST_F(report, each_line_is_out_at_once)
{
	CHECK(lines_at_once, EXIT_PASS, "TAP version 13\n1..1\nok 1 a\n");
}

/* --- log.h ---------------------------------------------------------------- */

TEST(first_error_wins_and_is_one_line)
{
	struct err err = { "" };
	char text[1000];

	EXPECT_EQ(err_set(&err, -EINVAL, "bad \"%s\"", "a\nb\x1b[m"), -EINVAL);
	EXPECT_STREQ(err.msg, "bad \"a b [m\"");
	EXPECT_EQ(err_set(&err, -EIO, "later"), -EIO);
	EXPECT_STREQ(err.msg, "bad \"a b [m\"");
	EXPECT_EQ(err_set(NULL, -EIO, "nobody listens"), -EIO);

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err.msg[0] = '\0';
	err_set(&err, -EINVAL, "%s", text);
	EXPECT_EQ(strlen(err.msg), sizeof(err.msg) - 1);
	EXPECT_STREQ(err.msg + sizeof(err.msg) - 5, "x...");
}

FIXTURE(file) {
	char path[32];
	int fd;
};

FIXTURE_SETUP(file)
{
	/* A file that has a path, and is gone with the process. */
	self->fd = memfd_create("ktstr_test", MFD_CLOEXEC);
	ASSERT_GE(self->fd, 0);
	snprintf(self->path, sizeof(self->path), "/proc/self/fd/%d", self->fd);
}

FIXTURE_TEARDOWN(file)
{
	close(self->fd);
}

TEST_F(file, read_into_a_buffer)
{
	char buf[8];

	ASSERT_EQ(write_all(self->fd, "0123456789", 10), 0);
	EXPECT_EQ(read_file(self->path, buf, sizeof(buf)), 7);
	EXPECT_STREQ(buf, "0123456");
	EXPECT_EQ(read_file(self->path, buf, 1), 0);
	EXPECT_STREQ(buf, "");
	EXPECT_EQ(read_file(self->path, buf, 0), -EINVAL);
	EXPECT_EQ(read_file("/no/such/file", buf, sizeof(buf)), -ENOENT);
	EXPECT_EQ(read_file("/", buf, sizeof(buf)), -EISDIR);
	EXPECT_STREQ(buf, "");
}

TEST_F(file, read_all_with_a_limit)
{
	static const size_t sizes[] = { 0, 1, 4094, 4095, 4096, 4097, 100000 };
	static char data[100000];
	size_t len, i;
	char *buf;

	memset(data, 'd', sizeof(data));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(ftruncate(self->fd, 0), 0);
		ASSERT_EQ(lseek(self->fd, 0, SEEK_SET), 0);
		ASSERT_EQ(write_all(self->fd, data, sizes[i]), 0);
		ASSERT_EQ(read_file_alloc(self->path, sizes[i], &buf, &len), 0);
		EXPECT_EQ(len, sizes[i]);
		EXPECT_EQ(strlen(buf), sizes[i]);
		free(buf);
		ASSERT_EQ(read_file_alloc(self->path, SIZE_MAX / 4, &buf, &len), 0);
		EXPECT_EQ(len, sizes[i]);
		free(buf);
		if (sizes[i]) {
			EXPECT_EQ(read_file_alloc(self->path, sizes[i] - 1, &buf, &len), -EFBIG);
			EXPECT_EQ(read_file_alloc(self->path, 0, &buf, &len), -EFBIG);
		}
	}
	/* Kernel files have no size. */
	ASSERT_EQ(read_file_alloc("/proc/self/maps", 1 << 24, &buf, &len), 0);
	EXPECT_GT(len, 0);
	free(buf);
	EXPECT_EQ(read_file_alloc("/dev/zero", 100, &buf, &len), -EFBIG);
	EXPECT_EQ(read_file_alloc("/no/such/file", 100, &buf, &len), -ENOENT);
	EXPECT_EQ(read_file_alloc("/", 100, &buf, &len), -EISDIR);
}

TEST_F(file, write_reports_errors)
{
	char buf[16];

	EXPECT_EQ(write_file(self->path, "text"), 0);
	EXPECT_EQ(read_file(self->path, buf, sizeof(buf)), 4);
	EXPECT_STREQ(buf, "text");
	EXPECT_EQ(write_file("/dev/full", "text"), -ENOSPC);
	EXPECT_EQ(write_file("/no/such/file", "text"), -ENOENT);
	EXPECT_EQ(write_all(-1, "", 0), -EBADF);
}

TEST_HARNESS_MAIN
