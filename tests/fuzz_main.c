// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_main.c - the main() of every tests/fuzz_*.c where there is no libFuzzer
 *
 *	fuzz_x [-r RUNS] [-s SECONDS] [--seed N] [FILE...]
 *
 * With only files: tries each of them once. Else changes inputs at random:
 * the files, and what the target's fuzz_seed_input() makes. If the code under test
 * is built with -fsanitize-coverage=trace-pc, inputs that reach something new
 * are kept and changed further. An input that kills the target or takes
 * longer than HANG_S is written to "<program>.crash".
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../lib/log.h"

#define MAX_INPUT	65536
#define MAX_CORPUS	2048
#define NR_SEEDS	64
#define MAP_SIZE	16384	/* a power of two */
#define HANG_S		20
#define DEFAULT_RUNS	100000UL
#define EXIT_DRIVER	3	/* the driver itself failed; no sanitizer uses it */

#ifdef __clang__
#define __no_coverage	__attribute__((no_sanitize("coverage")))
#else
#define __no_coverage	__attribute__((no_sanitize_coverage))
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __sanitizer_cov_trace_pc(void);

/* A valid input, to be changed: else nothing gets past magic numbers and checksums. */
size_t fuzz_seed_input(uint8_t *buf, size_t size, uint64_t seed) __weak;

/* Between the process that runs inputs and the one that watches it. */
struct shared {
	_Atomic uint64_t runs;
	_Atomic unsigned int kept;
	size_t len;
	uint8_t data[MAX_INPUT];
};

struct options {
	uint64_t runs;
	double seconds;
	uint64_t seed;
	char **files;
	int nr_files;
};

struct input {
	uint8_t *data;
	size_t len;
};

struct fuzzer {
	struct shared *shared;
	uint64_t rng;
	unsigned int nr_corpus;
	struct input corpus[MAX_CORPUS];
	uint8_t seen[MAP_SIZE];
};

/* The one place that the compiler's hook can reach. */
static struct {
	uintptr_t last;
	uint8_t hits[MAP_SIZE];
} coverage;

/* Counts edges: where from, where to. */
__no_coverage void __sanitizer_cov_trace_pc(void)
{
	uintptr_t pc = (uintptr_t)__builtin_return_address(0);
	uint8_t *hit = &coverage.hits[(pc ^ coverage.last) & (MAP_SIZE - 1)];

	if (*hit < 255)
		(*hit)++;
	coverage.last = pc >> 1;
}

/* Has the last input done something new? Counts by powers of two, so that loops end to be news. */
static bool coverage_is_new(struct fuzzer *f)
{
	bool news = false;
	unsigned int i;

	for (i = 0; i < MAP_SIZE; i++) {
		uint8_t bit;

		if (!coverage.hits[i])
			continue;
		bit = 1U << (31 - __builtin_clz(coverage.hits[i]));
		if (bit & ~f->seen[i])
			news = true;
		f->seen[i] |= bit;
	}
	return news;
}

/* xorshift64* */
static uint32_t rnd(struct fuzzer *f, uint32_t bound)
{
	f->rng ^= f->rng >> 12;
	f->rng ^= f->rng << 25;
	f->rng ^= f->rng >> 27;
	return (uint32_t)((f->rng * 0x2545f4914f6cdd1dULL) >> 32) % bound;
}

static int keep(struct fuzzer *f, const uint8_t *data, size_t len)
{
	struct input *in;

	/* When full, something old makes room. */
	if (f->nr_corpus < MAX_CORPUS) {
		in = &f->corpus[f->nr_corpus++];
	} else {
		in = &f->corpus[rnd(f, MAX_CORPUS)];
		free(in->data);
	}
	in->len = len;
	in->data = malloc(len ? len : 1);
	if (!in->data)
		return -ENOMEM;
	memcpy(in->data, data, len);
	atomic_store(&f->shared->kept, f->nr_corpus);
	return 0;
}

static void overwrite_number(struct fuzzer *f, uint8_t *buf, size_t len)
{
	static const uint64_t nice[] = {
		0, 1, 2, 7, 8, 15, 16, 63, 64, 127, 255, 4096, 8192, 32768, 65535, 1 << 20,
		INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX,
	};
	uint64_t v = nice[rnd(f, ARRAY_SIZE(nice))] + rnd(f, 3) - 1;
	size_t size = 1U << rnd(f, 4);

	if (len >= size)
		memcpy(buf + rnd(f, len - size + 1), &v, size);
}

static void change_byte(struct fuzzer *f, uint8_t *buf, size_t len)
{
	static const char text[] = "0123456789abcdef nlct,-;@#\n\r";
	uint8_t *p = &buf[rnd(f, len)];

	switch (rnd(f, 3)) {
	case 0:
		*p ^= 1U << rnd(f, 8);
		break;
	case 1:
		*p = rnd(f, 256);
		break;
	case 2:
		*p = text[rnd(f, sizeof(text))];
		break;
	}
}

/* Make room for some bytes at a random place and fill it from @from, or with one byte. */
static size_t insert(struct fuzzer *f, uint8_t *buf, size_t len, const struct input *from)
{
	size_t max_n = from ? from->len : 32;
	size_t n = max_n ? 1 + rnd(f, max_n) : 0;
	size_t at = rnd(f, len + 1);

	if (n > MAX_INPUT - len)
		return len;
	memmove(buf + at + n, buf + at, len - at);
	if (from)
		memcpy(buf + at, from->data + rnd(f, max_n - n + 1), n);
	else
		memset(buf + at, rnd(f, 256), n);
	return len + n;
}

static size_t mutate(struct fuzzer *f, uint8_t *buf, size_t len)
{
	/* None at all now and then: what is valid must stay fine. */
	unsigned int n = rnd(f, 16) ? 1U << rnd(f, 4) : 0;
	size_t at, cut;

	while (n--) {
		if (!len) {
			len = insert(f, buf, len, NULL);
			continue;
		}
		switch (rnd(f, 8)) {
		case 0:
		case 1:
		case 2:
			change_byte(f, buf, len);
			break;
		case 3:
		case 4:
			overwrite_number(f, buf, len);
			break;
		case 5:
			len = insert(f, buf, len, NULL);
			break;
		case 6:
			len = insert(f, buf, len, &f->corpus[rnd(f, f->nr_corpus)]);
			break;
		case 7:
			at = rnd(f, len);
			cut = 1 + rnd(f, rnd(f, 4) ? min(len - at, (size_t)16) : len - at);
			memmove(buf + at, buf + at + cut, len - at - cut);
			len -= cut;
			break;
		}
	}
	return len;
}

/* Run what lies in the shared buffer. */
static int run_one(struct fuzzer *f)
{
	size_t len = f->shared->len;
	uint8_t *exact = malloc(len ? len : 1);

	/* A block of exactly that size, so that reading behind its end is seen. */
	if (!exact)
		return -ENOMEM;
	memcpy(exact, f->shared->data, len);
	coverage.last = 0;
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	atomic_fetch_add(&f->shared->runs, 1);
	return 0;
}

static int add_files(struct fuzzer *f, const struct options *opt)
{
	size_t len;
	char *buf;
	int i, ret;

	for (i = 0; i < opt->nr_files; i++) {
		ret = read_file_alloc(opt->files[i], MAX_INPUT, &buf, &len);
		if (ret) {
			fprintf(stderr, "%s: %s\n", opt->files[i], strerror(-ret));
			return ret;
		}
		memcpy(f->shared->data, buf, len);
		f->shared->len = len;
		ret = keep(f, (uint8_t *)buf, len);
		free(buf);
		if (!ret)
			ret = run_one(f);
		if (ret)
			return ret;
	}
	return 0;
}

static int add_seeds(struct fuzzer *f, const struct options *opt)
{
	uint64_t i;
	int ret;

	if (!fuzz_seed_input)
		return keep(f, (const uint8_t *)"", 0);
	for (i = 0; i < NR_SEEDS; i++) {
		f->shared->len = fuzz_seed_input(f->shared->data, MAX_INPUT,
						 opt->seed * NR_SEEDS + i);
		ret = keep(f, f->shared->data, f->shared->len);
		if (!ret)
			ret = run_one(f);
		if (ret)
			return ret;
	}
	return 0;
}

static int fuzz(struct fuzzer *f, const struct options *opt)
{
	uint64_t end = now_ns() + opt->seconds * NSEC_PER_SEC;
	struct shared *shared = f->shared;
	uint64_t i;
	int ret;

	f->rng = opt->seed * 2 + 1;
	ret = add_files(f, opt);
	if (ret || (!opt->runs && opt->seconds <= 0))
		return ret;
	ret = add_seeds(f, opt);

	for (i = 0; !ret && (!opt->runs || i < opt->runs); i++) {
		const struct input *in = &f->corpus[rnd(f, f->nr_corpus)];

		if (opt->seconds > 0 && i % 64 == 0 && now_ns() >= end)
			break;
		memcpy(shared->data, in->data, in->len);
		shared->len = mutate(f, shared->data, in->len);
		memset(coverage.hits, 0, sizeof(coverage.hits));
		ret = run_one(f);
		if (!ret && coverage_is_new(f))
			ret = keep(f, shared->data, shared->len);
	}
	return ret;
}

/* What the child does; it leaves by exit(), so that leaks are found. */
static int child_main(struct shared *shared, const struct options *opt)
{
	struct fuzzer *f = calloc(1, sizeof(*f));
	int ret = -ENOMEM;

	if (f) {
		f->shared = shared;
		ret = fuzz(f, opt);
		while (f->nr_corpus)
			free(f->corpus[--f->nr_corpus].data);
		free(f);
	}
	if (ret)
		fprintf(stderr, "cannot go on: %s\n", strerror(-ret));
	return ret ? EXIT_DRIVER : EXIT_SUCCESS;
}

/* Wait for the child. A message if it did not end well, else NULL; @input: for its last input. */
static const char *await_child(pid_t pid, struct shared *shared, bool *input)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
	bool hung = false;
	uint64_t runs = 0;
	int status, ret;

	*input = false;
	if (pidfd < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		return "cannot watch it";
	}
	for (;;) {
		ret = poll(&pfd, 1, HANG_S * MSEC_PER_SEC);
		if (ret > 0)
			break;
		if (ret < 0 && errno == EINTR)
			continue;
		if (atomic_load(&shared->runs) == runs) {
			hung = true;
			kill(pid, SIGKILL);
			break;
		}
		runs = atomic_load(&shared->runs);
	}
	close(pidfd);
	if (waitpid(pid, &status, 0) != pid)
		return "cannot wait for it";
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
		return NULL;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DRIVER)
		return "the driver failed";
	*input = true;
	if (hung)
		return "an input took too long";
	return WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "a sanitizer ended it";
}

static void save_input(const char *name, const struct shared *shared)
{
	char path[256];
	int fd, ret;

	snprintf(path, sizeof(path), "%s.crash", name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ret = fd < 0 ? -errno : write_all(fd, shared->data, shared->len);
	if (fd >= 0 && close(fd) && !ret)
		ret = -errno;
	if (ret)
		printf("# cannot save the input in %s: %s\n", path, strerror(-ret));
	else
		printf("# the input is in ./%s; give it as FILE to run it again\n", path);
}

static bool parse_options(int argc, char **argv, struct options *opt)
{
	static const struct option longs[] = {
		{ "runs", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'e' },
		{ },
	};
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "r:s:", longs, NULL)) != -1) {
		switch (c) {
		case 'r':
			opt->runs = strtoull(optarg, &end, 0);
			break;
		case 's':
			opt->seconds = strtod(optarg, &end);
			break;
		case 'e':
			opt->seed = strtoull(optarg, &end, 0);
			break;
		default:
			return false;
		}
		if (end == optarg || *end) {
			fprintf(stderr, "%s: \"%s\" is not a number\n", argv[0], optarg);
			return false;
		}
	}
	opt->files = argv + optind;
	opt->nr_files = argc - optind;
	if (!opt->nr_files && !opt->runs && opt->seconds <= 0)
		opt->runs = DEFAULT_RUNS;
	return true;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	struct options opt = { .seed = 1 };
	struct shared *shared;
	pid_t pid, parent = getpid();
	const char *why;
	bool input = false;

	if (!parse_options(argc, argv, &opt)) {
		fprintf(stderr, "usage: %s [-r RUNS] [-s SECONDS] [--seed N] [FILE...]\n", name);
		return EXIT_FAILURE;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED) {
		fprintf(stderr, "%s: mmap: %s\n", name, strerror(errno));
		return EXIT_FAILURE;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..1\n");

	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EXIT_FAILURE);
		exit(child_main(shared, &opt));
	}
	why = pid < 0 ? strerror(errno) : await_child(pid, shared, &input);

	printf("# %llu executions, %u inputs kept, seed %llu\n",
	       (unsigned long long)atomic_load(&shared->runs), atomic_load(&shared->kept),
	       (unsigned long long)opt.seed);
	if (why) {
		printf("# %s\n", why);
		if (input)
			save_input(name, shared);
	}
	printf("%sok 1 %s\n", why ? "not " : "", name);
	munmap(shared, sizeof(*shared));
	return why ? EXIT_FAILURE : EXIT_SUCCESS;
}
