// SPDX-License-Identifier: GPL-2.0
/*
 * test_symbols.c - symbols out of text and ELF files, and PID 1's search of /proc/kallsyms
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>
#include "kselftest_harness.h"
#include "../guest/handover.h"
#include "../monitor/symbols.h"

/*
 * This very binary stands in for a vmlinux: an ELF file with a symbol table, a
 * build-id, and the variables that are looked for.
 */
static const char linux_banner[] __attribute_used__ =
	"Linux version 1.2.3-test (build) #1\n";
static uint64_t jiffies_64 __attribute_used__ = (1ULL << 32) - 300 * 250;

static unsigned int parse(struct symbols *sym, const char *text)
{
	memset(sym, 0, sizeof(*sym));
	return symbols_parse(sym, text, strlen(text));
}

TEST(kallsyms_and_system_map)
{
	struct symbols sym;

	EXPECT_EQ(3U, parse(&sym, "ffffffff81000000 T _text\n"
				  "0000000000032c40 A runqueues\n"
				  "ffffffff82a00000 jiffies_64\n"));
	EXPECT_EQ(0xffffffff81000000ULL, sym.addr[SYM_TEXT]);
	EXPECT_EQ(0x32c40U, sym.addr[SYM_RUNQUEUES]);
	EXPECT_EQ(0xffffffff82a00000ULL, sym.addr[SYM_JIFFIES]);
	/* No newline at the end, and a name that replaces another. */
	EXPECT_EQ(1U, parse(&sym, "ffffffff82a00000 D jiffies"));
	EXPECT_EQ(0xffffffff82a00000ULL, sym.addr[SYM_JIFFIES]);
}

TEST(lines_that_are_none)
{
	static const char *const lines[] = {
		"", "\n", "\n\n\n", " ", "_text", "ffffffff81000000", "ffffffff81000000 ",
		"ffffffff81000000 T", "ffffffff81000000 T ", "ffffffff81000000  _text",
		"ffffffff81000000 T _tex", "ffffffff81000000 T _text2", "ffffffff81000000 T  _text",
		"fffffffff81000000 T _text",		/* 17 digits */
		"0xfffffff81000000 T _text", "FFFFFFFF81000000 T _text", "g T _text",
		"ffffffff81000000 T _text\t[module]", "ffffffff81000000 T _text more",
		"0000000000000000 T _text",		/* kptr_restrict */
	};
	struct symbols sym;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lines); i++)
		EXPECT_EQ(0U, parse(&sym, lines[i]));
}

TEST(first_line_of_a_name_counts)
{
	struct symbols sym;

	EXPECT_EQ(1U, parse(&sym, "1000 T _text\n2000 T _text\n"));
	EXPECT_EQ(0x1000U, sym.addr[SYM_TEXT]);
}

TEST(any_bytes)
{
	struct symbols sym = { .linked = false };
	unsigned int i, j, seed = 1;
	char *text = malloc(256);

	ASSERT_NE(NULL, text);
	for (i = 0; i < 10000; i++) {
		for (j = 0; j < 256; j++)
			text[j] = "0123456789abcdef T_tex\n\t\0\xff"[rand_r(&seed) % 26];
		symbols_parse(&sym, text + i % 256, 256 - i % 256);
	}
	free(text);
}

TEST(request_names_all)
{
	char buf[512], small[8];
	struct symbols sym = { .linked = false };
	size_t len = symbols_request(buf, sizeof(buf));
	unsigned int nr = 0;
	char *pos;

	ASSERT_LT(0U, len);
	EXPECT_EQ('\0', buf[len - 1]);
	/* What is asked for is what is understood. */
	for (pos = buf; pos < buf + len; pos += strlen(pos) + 1) {
		char line[128];
		int n = snprintf(line, sizeof(line), "ffffffff81000000 %s\n", pos);

		nr = symbols_parse(&sym, line, n);
	}
	EXPECT_EQ((unsigned int)NR_SYMS, nr);
	EXPECT_EQ(0U, symbols_request(small, sizeof(small)));
	EXPECT_EQ(len, symbols_request(buf, len));
	EXPECT_EQ(0U, symbols_request(buf, len - 1));
}

TEST(hz_of_initial_jiffies)
{
	EXPECT_EQ(100U, symbols_hz((1ULL << 32) - 300 * 100));
	EXPECT_EQ(250U, symbols_hz((1ULL << 32) - 300 * 250));
	EXPECT_EQ(300U, symbols_hz((1ULL << 32) - 300 * 300));
	EXPECT_EQ(1000U, symbols_hz((1ULL << 32) - 300 * 1000));
	EXPECT_EQ(0U, symbols_hz(0));
	EXPECT_EQ(0U, symbols_hz(1ULL << 32));
	EXPECT_EQ(0U, symbols_hz(UINT64_MAX));
	EXPECT_EQ(0U, symbols_hz((1ULL << 32) - 300 * 250 + 1));
	EXPECT_EQ(0U, symbols_hz((1ULL << 32) - 300));
}

TEST(build_id_in_notes)
{
	static const uint32_t notes[] = {
		4, 5, 1, 0x00786558, 1, 2,		/* another note, its name and 5 bytes */
		4, 4, 3, 0x00555858, 9,			/* of this type, but not GNU's */
		4, 8, 3, 0x00554e47, 0x11111111, 0x22222222,
	};
	struct build_id id = { 0 }, other = { 0 };
	uint32_t bad[6];
	size_t len;

	ASSERT_EQ(0, notes_build_id(notes, sizeof(notes), &id));
	EXPECT_EQ(8U, id.len);
	EXPECT_EQ(0, memcmp(id.bytes, "\x11\x11\x11\x11\"\"\"\"", 8));
	for (len = 0; len < sizeof(notes); len++) {
		void *copy = malloc(len);

		memcpy(copy, notes, len);
		EXPECT_EQ(-ENOENT, notes_build_id(copy, len, &other));
		free(copy);
	}
	/* Sizes that wrap. */
	memcpy(bad, notes + 11, sizeof(bad));
	bad[0] = UINT32_MAX;
	EXPECT_EQ(-ENOENT, notes_build_id(bad, sizeof(bad), &other));
	bad[0] = 4;
	bad[1] = UINT32_MAX - 2;
	EXPECT_EQ(-ENOENT, notes_build_id(bad, sizeof(bad), &other));
	bad[1] = 0;
	EXPECT_EQ(-ENOENT, notes_build_id(bad, sizeof(bad), &other));

	EXPECT_FALSE(build_id_differ(&id, &id));
	EXPECT_FALSE(build_id_differ(&id, &other));	/* one is unknown */
	other = id;
	other.bytes[7] ^= 1;
	EXPECT_TRUE(build_id_differ(&id, &other));
	other = id;
	other.len--;
	EXPECT_TRUE(build_id_differ(&id, &other));
}

TEST(elf_file)
{
	struct symbols sym;

	ASSERT_EQ(0, symbols_read_vmlinux(&sym, "/proc/self/exe", NULL));
	EXPECT_TRUE(sym.linked);
	EXPECT_NE(0U, sym.addr[SYM_BANNER]);
	EXPECT_NE(0U, sym.addr[SYM_JIFFIES]);
	EXPECT_EQ(0U, sym.addr[SYM_RUNQUEUES]);
	EXPECT_EQ(250U, sym.hz);
	EXPECT_EQ(strlen(linux_banner), sym.banner_len);
	EXPECT_EQ(0, memcmp(sym.banner, linux_banner, sym.banner_len));
}

TEST(no_elf_file)
{
	char path[] = "/tmp/test_symbols.XXXXXX";
	struct err err = { "" };
	struct symbols sym;
	char head[4096];
	FILE *self;
	size_t len;
	int fd;

	EXPECT_EQ(-ENOENT, symbols_read_vmlinux(&sym, "/no/such/vmlinux", &err));
	EXPECT_NE(NULL, strstr(err.msg, "/no/such/vmlinux"));
	EXPECT_EQ(-ENOEXEC, symbols_read_vmlinux(&sym, "/dev/null", NULL));
	EXPECT_GT(0, symbols_read_vmlinux(&sym, "/", NULL));

	/* The first bytes of one: every length must be refused, and none may crash. */
	self = fopen("/proc/self/exe", "r");
	ASSERT_NE(NULL, self);
	ASSERT_EQ(sizeof(head), fread(head, 1, sizeof(head), self));
	fclose(self);
	fd = mkstemp(path);
	ASSERT_LE(0, fd);
	for (len = 0; len < sizeof(head); len += 61) {
		ASSERT_EQ(0, ftruncate(fd, 0));
		ASSERT_EQ((ssize_t)len, pwrite(fd, head, len, 0));
		EXPECT_GT(0, symbols_read_vmlinux(&sym, path, NULL));
	}
	close(fd);
	unlink(path);
}

/* What PID 1 finds, in pieces of every size. */
static const char kallsyms[] =
	"0000000000000000 A fixed_percpu_data\n"
	"0000000000032c40 A runqueues\n"
	"ffffffff81000000 T _text\n"
	"ffffffff81000000 T _stext\n"
	"ffffffff81000040 t runqueue_\n"
	"ffffffff81000080 t xrunqueues\n"
	"ffffffff82000000 D linux_banner\n"
	"ffffffff82000040 d __a_very_long_name_that_nobody_asked_for_and_that_is_longer_than_64_bytes\n"
	"ffffffffc0000000 t _text\t[module]\n"
	"ffffffffc0000100 b jiffies_64\n";

static const char wanted[] = "_text\0runqueues\0linux_banner\0no_such_name";

TEST(kallsyms_in_pieces)
{
	static const char expect[] = "0000000000032c40 runqueues\n"
				     "ffffffff81000000 _text\n"
				     "ffffffff82000000 linux_banner\n";
	struct kallsyms_scan *scan = malloc(sizeof(*scan));
	size_t step, pos;
	char out[256];

	ASSERT_NE(NULL, scan);
	for (step = 1; step <= sizeof(kallsyms); step++) {
		kallsyms_init(scan, wanted, sizeof(wanted), out, sizeof(out));
		EXPECT_EQ(4U, scan->nr_names);
		for (pos = 0; pos < sizeof(kallsyms) - 1; pos += step)
			EXPECT_FALSE(kallsyms_feed(scan, kallsyms + pos,
						   min(step, sizeof(kallsyms) - 1 - pos)));
		ASSERT_EQ(strlen(expect), scan->out_len);
		EXPECT_EQ(0, memcmp(out, expect, scan->out_len));
	}
	free(scan);
}

TEST(kallsyms_ends_early)
{
	static const char two[] = "_text\0runqueues";
	struct kallsyms_scan *scan = malloc(sizeof(*scan));
	char out[256];

	ASSERT_NE(NULL, scan);
	kallsyms_init(scan, two, sizeof(two), out, sizeof(out));
	EXPECT_TRUE(kallsyms_feed(scan, kallsyms, sizeof(kallsyms) - 1));
	/* Nothing is wanted: not "all found". */
	kallsyms_init(scan, "", 0, out, sizeof(out));
	EXPECT_FALSE(kallsyms_feed(scan, kallsyms, sizeof(kallsyms) - 1));
	EXPECT_EQ(0U, scan->out_len);
	free(scan);
}

TEST(kallsyms_hostile)
{
	struct kallsyms_scan *scan = malloc(sizeof(*scan));
	char out[24], names[200], *endless;
	unsigned int i;

	ASSERT_NE(NULL, scan);
	/* No room: left out, not cut. */
	kallsyms_init(scan, wanted, sizeof(wanted), out, sizeof(out));
	kallsyms_feed(scan, kallsyms, sizeof(kallsyms) - 1);
	EXPECT_EQ(23U, scan->out_len);
	EXPECT_EQ(0, memcmp(out, "ffffffff81000000 _text\n", 23));

	/* A line that never ends. */
	endless = malloc(3000);
	ASSERT_NE(NULL, endless);
	memset(endless, 'x', 3000);
	kallsyms_init(scan, wanted, sizeof(wanted), out, sizeof(out));
	for (i = 0; i < 10; i++)
		EXPECT_FALSE(kallsyms_feed(scan, endless, 3000));
	EXPECT_FALSE(kallsyms_feed(scan, kallsyms, sizeof(kallsyms) - 1));
	EXPECT_EQ(23U, scan->out_len);
	free(endless);

	/* More names than there is room for, and one without its NUL. */
	memset(names, 'a', sizeof(names));
	for (i = 1; i < sizeof(names); i += 2)
		names[i] = '\0';
	kallsyms_init(scan, names, sizeof(names), out, sizeof(out));
	EXPECT_EQ((unsigned int)KALLSYMS_NAMES, scan->nr_names);
	kallsyms_init(scan, "_text", 5, out, sizeof(out));
	EXPECT_EQ(0U, scan->nr_names);
	free(scan);
}

/* Where something was linked to, wherever it is now. */
static uint64_t linked(const void *ptr)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr eh = { 0 };
	ssize_t n = read(fd, &eh, sizeof(eh));

	close(fd);
	return n == sizeof(eh) ? (uintptr_t)ptr - (getauxval(AT_ENTRY) - eh.e_entry) : 0;
}

TEST(an_address_has_a_name)
{
	const char *self = "/proc/self/exe";
	char name[64] = "";
	uint64_t off = 0;

	ASSERT_EQ(0, symbols_lookup_vmlinux(self, linked(linked) + 1, name, sizeof(name), &off));
	EXPECT_STREQ("linked", name);
	EXPECT_EQ(1U, off);
	/* Data is no function, and neither is what no section has. */
	EXPECT_EQ(-ENOENT, symbols_lookup_vmlinux(self, linked(&jiffies_64), name, sizeof(name),
						  &off));
	EXPECT_EQ(-ENOENT, symbols_lookup_vmlinux(self, 1, name, sizeof(name), &off));
	EXPECT_EQ(-ENOENT, symbols_lookup_vmlinux("/dev/null", 1, name, sizeof(name), &off));
	EXPECT_EQ(-ENOENT, symbols_lookup_vmlinux("/nowhere", 1, name, sizeof(name), &off));
}

TEST_HARNESS_MAIN
