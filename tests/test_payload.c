// SPDX-License-Identifier: GPL-2.0
/*
 * Payloads: what is known of them before they run.
 */
#include <stdlib.h>
#include <string.h>
#include "../guest/payload.h"
#include "kselftest_harness.h"

static const struct ktstr_payload one = { .name = "one", .program = "p", .cure = "c" };
static const struct ktstr_payload other = { .name = "other", .program = "p", .cure = "c" };
static const struct ktstr_payload as_other = { .name = "other", .program = "q", .cure = "c" };

KTSTR_TEST(registered,
	.desc = "what a program has: its names are taken",
	.steps = STEPS({ .ops = OPS(RUN_PAYLOAD(&one, NULL)), .hold = HOLD_FRAC(.5) },
		       { .ops = OPS(ADD_CGROUP("a"), RUN_PAYLOAD(&other, NULL)),
			 .hold = HOLD_FRAC(.5) }));

static const struct ktstr_test empty = { .name = "empty" };

TEST(names_are_not_shared)
{
	const struct ktstr_test both = {
		.name = "both",
		.steps = STEPS({ .ops = OPS(RUN_PAYLOAD(&as_other, NULL),
					    WAIT_PAYLOAD(&as_other, 1),
					    RUN_PAYLOAD(&other, NULL)), .hold = HOLD_FULL }),
	};
	struct err err = { "" };

	/* The same one may run in any test. */
	EXPECT_EQ(0, payload_check(&ktstr_test_registered, &one, &err));
	EXPECT_EQ(0, payload_check(&empty, &other, &err));
	EXPECT_STREQ("", err.msg);
	EXPECT_EQ(-EINVAL, payload_check(&empty, &as_other, &err));
	EXPECT_STREQ("payload other: one of test registered has its name", err.msg);
	err.msg[0] = '\0';
	EXPECT_EQ(-EINVAL, payload_check(&both, &other, &err));
	EXPECT_STREQ("payload other: another one of this test has its name", err.msg);
}

static int check_files(struct err *err, const char *const *files)
{
	const struct ktstr_payload def = {
		.name = "files", .program = "../bin/p", .cure = "c", .files = files,
	};

	err->msg[0] = '\0';
	return payload_check(&empty, &def, err);
}

TEST(files_are_not_in_each_others_place)
{
	struct err err = { "" };

	EXPECT_EQ(0, check_files(&err, WORDS("a", "x/b", "pp", "y/p.conf")));
	EXPECT_STREQ("", err.msg);
	EXPECT_EQ(-EINVAL, check_files(&err, WORDS("a", "x/b", "y/a")));
	EXPECT_STREQ("payload files: y/a: another one of its files is called that", err.msg);
	EXPECT_EQ(-EINVAL, check_files(&err, WORDS("a", "lib/p")));
	EXPECT_STREQ("payload files: lib/p: another one of its files is called that", err.msg);
	EXPECT_EQ(-EINVAL, check_files(&err, WORDS("a/")));
	EXPECT_STREQ("payload files: a/: that is no file", err.msg);
}

TEST(all_arguments_are_passed)
{
	enum { NR = 200 };
	const char *args[NR + 1] = { };
	const struct ktstr_payload def = { .name = "many", .args = args };
	char buf[] = "/payload/many/p", *path = buf, **argv;
	unsigned int i;

	for (i = 0; i < NR; i++)
		args[i] = i % 2 ? "odd" : "even";
	argv = payload_argv(&def, path);
	ASSERT_NE(NULL, argv);
	EXPECT_EQ(path, argv[0]);
	for (i = 0; i < NR; i++)
		EXPECT_EQ(args[i], argv[1 + i]);
	EXPECT_EQ(NULL, argv[1 + NR]);
	free(argv);

	argv = payload_argv(&one, path);
	ASSERT_NE(NULL, argv);
	EXPECT_EQ(path, argv[0]);
	EXPECT_EQ(NULL, argv[1]);
	free(argv);
}

TEST_HARNESS_MAIN
