// SPDX-License-Identifier: GPL-2.0
/*
 * nested.c - run a command in a guest in which KVM works, on a host where it does not
 *
 *	ktstr_nested -k VMLINUZ [-M MODULE]... [-m MIB] [-c CPUS] [-t SECONDS] [-s SHIFT] [-r]
 *		[-x] [-l LOG] FILE[:NAME]... -- COMMAND [ARG]...
 *
 * The guest (L1) is QEMU's TCG with SVM, so that KVM in it runs real guests (L2) at the
 * speed of TCG. Its PID 1 is this program. FILEs lie at /NAME there, programs with the
 * libraries that they need; modules are loaded in the order given. What the command prints
 * comes back as it is printed, stdout and stderr apart; the kernel's warnings are among the
 * latter. The exit status is the command's, 128 + N if signal N ended it, 124 if the time
 * was over, 125 with one line on stderr if it could not be run.
 *
 * Now and then the kernel of L1 dies in QEMU's hands while it boots. That says nothing about a
 * command that was not yet started: it is told, and L1 boots again, MAX_BOOTS times in all.
 *
 * The clock of L1 counts instructions (-icount), so that neither L1 nor its guests see how
 * busy the host is. -r turns that off. An instruction takes 2^SHIFT ns; SHIFT is 3. To the timers
 * of a guest with hundreds of CPUs that is slow, and they leave little time for anything else: with 0
 * one was seen to boot. With -x CPUs have XSAVE, of which guests must not make use by themselves.
 *
 * Nothing is left behind, whatever ends this process: QEMU dies with it, and there are no
 * files but LOG, which gets a copy of stderr and what the kernel logged.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "../lib/log.h"
#include "../vmm/initramfs.h"
#include "nested_irq.h"

#define QEMU		"qemu-system-x86_64"
#define COMMAND_FILE	"/.command"	/* NUL-terminated words */
#define MODULE_FILE	"/.module-%u"
#define PORT_STATUS	0xe9		/* a byte once PID 1 runs, then the command's exit status */
#define PORT_END	0xf4		/* a byte ends QEMU */
#define L1_SHIFT	"3"
#define L1_CPU		"max,+svm,-erms,-fsrm"
/*
 * QEMU's SVM does not intercept XSETBV, so that KVM cannot keep L1's XCR0 from L2's: neither may
 * have XSAVE, or anything that needs it, where L2 is a kernel.
 */
#define L1_NO_XSAVE								\
	",-xsave,-xsaveopt,-xgetbv1,-avx,-avx2,-fma,-f16c,-vaes,-vpclmulqdq,-pku,-mpx"
#define EXIT_TIME	124
#define EXIT_SELF	125
#define MAX_MODULES	8
#define MAX_BOOTS	3
#define L1_DIED		-1		/* instead of an exit status, which nobody said */
#define L1_NOT_UP	-2		/* nor was a command started */

/* --- PID 1 of L1 -------------------------------------------------------------- */

/* Commands do not get at ports: they are ours for this one byte. */
static void l1_out(unsigned char byte, unsigned short port)
{
	if (iopl(3))
		return;
	outb(byte, port);
	iopl(0);
}

static __noreturn void l1_end(int status)
{
	sync();
	l1_out(status, PORT_STATUS);
	l1_out(0, PORT_END);
	/* Without ports: a panic, and QEMU is told not to reboot. */
	_exit(status);
}

/* A serial port as a plain pipe. Lines come out as they are printed, since it is a terminal. */
static int l1_open_tty(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY);
	struct termios tio;

	if (fd < 0 || tcgetattr(fd, &tio))
		return -1;
	cfmakeraw(&tio);
	tio.c_cflag |= CLOCAL;
	/* The default of 9600 is kept, and holds up whoever prints. */
	cfsetspeed(&tio, B115200);
	tcsetattr(fd, TCSANOW, &tio);
	return fd;
}

static void l1_mount(void)
{
	static const struct {
		const char *path, *type;
	} mounts[] = {
		{ "/proc", "proc" }, { "/sys", "sysfs" }, { "/dev", "devtmpfs" },
		{ "/dev/shm", "tmpfs" }, { "/tmp", "tmpfs" }, { "/run", "tmpfs" },
		{ "/sys/fs/cgroup", "cgroup2" }, { "/sys/kernel/debug", "debugfs" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mounts); i++) {
		mkdir(mounts[i].path, 0755);
		if (mount(mounts[i].type, mounts[i].path, mounts[i].type, 0, NULL))
			fprintf(stderr, "nested: mount %s: %s\n", mounts[i].path, strerror(errno));
	}
}

static void l1_load_modules(void)
{
	char path[32];
	unsigned int i;
	int fd;

	for (i = 0; i < MAX_MODULES; i++) {
		snprintf(path, sizeof(path), MODULE_FILE, i);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return;
		if (syscall(SYS_finit_module, fd, "", 0))
			fprintf(stderr, "nested: module %u: %s\n", i, strerror(errno));
		close(fd);
	}
}

/* Each guest that boots writes to registers that KVM has not; it is no news. */
static void l1_quiet_kvm(void)
{
	write_file("/sys/module/kvm/parameters/report_ignored_msrs", "0");
}

static __noreturn void l1_exec(char **argv)
{
	setsid();
	clearenv();
	setenv("PATH", "/:/bin:/usr/bin:/sbin:/usr/sbin", 1);
	setenv("HOME", "/tmp", 1);
	/* For tests that do to L1 what is not to be done to a host. */
	setenv("KTSTR_NESTED", "1", 1);
	execvp(argv[0], argv);
	fprintf(stderr, "nested: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* As PID 1 we get everybody's orphans. True once @pid is among the dead. */
static bool l1_reap(pid_t pid, int *status)
{
	bool done = false;
	pid_t dead;
	int st;

	while ((dead = waitpid(-1, &st, WNOHANG)) > 0)
		if (dead == pid) {
			*status = st;
			done = true;
		}
	return done;
}

static void l1_drain(int fd)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		write_all(2, buf, n);
}

/*
 * stderr goes through a pipe: on a terminal programs show progress, and nobody looks at
 * this one.
 */
static int l1_run(char **argv)
{
	int status = 0, fds[2];
	sigset_t chld, old;
	struct pollfd pfd[2];
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &old);
	pfd[0] = (struct pollfd){ .fd = signalfd(-1, &chld, SFD_CLOEXEC), .events = POLLIN };
	if (pfd[0].fd < 0 || pipe2(fds, O_CLOEXEC))
		return EXIT_SELF;
	pid = fork();
	if (!pid) {
		sigprocmask(SIG_SETMASK, &old, NULL);
		dup2(fds[1], 2);
		l1_exec(argv);
	}
	close(fds[1]);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	pfd[1] = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	do {
		struct signalfd_siginfo info;

		if (poll(pfd, 2, -1) < 0 && errno != EINTR)
			return EXIT_SELF;
		l1_drain(fds[0]);
		if (pfd[1].revents & POLLHUP)
			pfd[1].fd = -1;
		if (pfd[0].revents && read(pfd[0].fd, &info, sizeof(info)) < 0)
			return EXIT_SELF;
	} while (!l1_reap(pid, &status));
	l1_drain(fds[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static __noreturn void l1_main(void)
{
	char *command, *argv[512], *p;
	int fd, status, ret, i = 0;
	size_t len;

	l1_out(0, PORT_STATUS);
	l1_mount();
	fd = l1_open_tty("/dev/ttyS0");
	dup2(fd, 1);
	fd = l1_open_tty("/dev/ttyS1");
	dup2(fd, 2);
	fd = open("/dev/null", O_RDWR);
	dup2(fd, 0);
	syscall(SYS_close_range, 3, ~0U, 0);
	l1_load_modules();
	l1_quiet_kvm();
	ret = nested_irq_init();
	if (ret)
		fprintf(stderr, "nested: interrupts may come twice: %s\n", strerror(-ret));
	if (read_file_alloc(COMMAND_FILE, MIB, &command, &len))
		l1_end(EXIT_SELF);
	for (p = command; p < command + len && i < (int)ARRAY_SIZE(argv) - 1; p += strlen(p) + 1)
		argv[i++] = p;
	argv[i] = NULL;
	status = l1_run(argv);
	tcdrain(1);
	tcdrain(2);
	l1_end(status);
}

/* --- the host ----------------------------------------------------------------- */

struct nested {
	const char *kernel, *log;
	const char *modules[MAX_MODULES];
	unsigned int nr_modules, mem_mib, cpus, seconds;
	const char *shift;		/* of the clock of instructions; one digit */
	bool real_time;
	bool xsave;
	char **files, **command;
	int initramfs;			/* memfd */
	int log_fd;
};

/* A pipe from L1: what comes out of it is copied. */
struct stream {
	int from, to, log;
};

static int usage(void)
{
	fputs("usage: nested.sh [-m MIB] [-c CPUS] [-t SECONDS] [-s SHIFT] [-r] [-x] [-l LOG] FILE[:NAME]... -- COMMAND...\n",
	      stderr);
	return EXIT_SELF;
}

/* PATH[:NAME], and PATH ends at the colon from now on. */
static int add_file(struct initramfs *ird, char *path, struct err *err)
{
	char *colon = strrchr(path, ':'), *slash = strrchr(path, '/');
	const char *name = colon ? colon + 1 : slash ? slash + 1 : path;
	struct err why = { "" };
	int ret = -ENOEXEC;

	if (colon)
		*colon = 0;
	if (!access(path, X_OK))
		ret = initramfs_add_program(ird, name, path, &why);
	if (ret == -ENOEXEC)
		return initramfs_add_file(ird, name, path, err);
	return ret ? err_set(err, ret, "%s", why.msg) : 0;
}

static int fill_initramfs(const struct nested *n, struct initramfs *ird, struct err *err)
{
	char path[PATH_MAX], *words = NULL;
	size_t len = 0, word;
	unsigned int i;
	int ret;

	ret = initramfs_add_program(ird, "/init", "/proc/self/exe", err);
	for (i = 0; !ret && i < n->nr_modules; i++) {
		snprintf(path, sizeof(path), MODULE_FILE, i);
		ret = initramfs_add_file(ird, path, n->modules[i], err);
	}
	for (i = 0; !ret && n->files[i]; i++)
		ret = add_file(ird, n->files[i], err);
	if (ret)
		return ret;
	for (i = 0; n->command[i]; i++) {
		word = strlen(n->command[i]) + 1;
		words = realloc(words, len + word);
		if (!words)
			return err_set(err, -ENOMEM, "out of memory");
		memcpy(words + len, n->command[i], word);
		len += word;
	}
	ret = initramfs_add_data(ird, COMMAND_FILE, 0444, words, len);
	free(words);
	/* What PID 1 has before it has mounted anything. */
	if (!ret)
		ret = initramfs_add_node(ird, "/dev/console", S_IFCHR | 0600, 5, 1);
	if (!ret)
		ret = initramfs_add_dir(ird, "/root");
	if (!ret)
		ret = initramfs_finish(ird);
	return ret ? err_set(err, ret, "the initramfs: %s", strerror(-ret)) : 0;
}

static int make_initramfs(struct nested *n, struct err *err)
{
	struct initramfs ird;
	int ret;

	initramfs_init(&ird);
	ret = fill_initramfs(n, &ird, err);
	if (!ret) {
		n->initramfs = memfd_create("nested-initramfs", 0);
		ret = n->initramfs < 0 ? -errno : write_all(n->initramfs, ird.data, ird.len);
		if (ret)
			err_set(err, ret, "the initramfs: %s", strerror(-ret));
	}
	initramfs_free(&ird);
	return ret;
}

static void exec_qemu(const struct nested *n, pid_t parent, const int *pipes)
{
	char mem[32], smp[32], icount[64], initrd[64], com[3][64], cmdline[512];
	const char *argv[64];
	unsigned int i, c = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_SELF);
	snprintf(mem, sizeof(mem), "%uM", n->mem_mib);
	snprintf(smp, sizeof(smp), "%u", n->cpus);
	snprintf(initrd, sizeof(initrd), "/proc/self/fd/%d", n->initramfs);
	for (i = 0; i < 3; i++)
		snprintf(com[i], sizeof(com[i]), "file,id=com%u,path=/proc/self/fd/%d", i,
			 pipes[i]);
	snprintf(cmdline, sizeof(cmdline),
		 "console=ttyS1,115200 loglevel=5 panic=-1 oops=panic mitigations=off edd=off cryptomgr.notests 8250.nr_uarts=2 %s",
		 n->real_time ? "" : "tsc_early_khz=1000000 tsc=reliable");

#define ARG(...) do {								\
	const char *const words[] = { __VA_ARGS__ };				\
	for (unsigned int _i = 0; _i < ARRAY_SIZE(words); _i++)			\
		argv[c++] = words[_i];						\
} while (0)
	ARG(QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot");
	ARG("-machine", "microvm,pit=on,pic=on,rtc=on,isa-serial=off");
	ARG("-accel", "tcg,thread=single", "-m", mem, "-smp", smp);
	ARG("-cpu", n->xsave ? L1_CPU : L1_CPU L1_NO_XSAVE);
	ARG("-kernel", n->kernel, "-initrd", initrd, "-append", cmdline);
	for (i = 0; i < 3; i++)
		ARG("-chardev", com[i]);
	ARG("-device", "isa-serial,chardev=com0,index=0");
	ARG("-device", "isa-serial,chardev=com1,index=1");
	ARG("-device", "isa-debugcon,chardev=com2,iobase=0xe9");
	ARG("-device", "isa-debug-exit,iobase=0xf4,iosize=1");
	ARG("-rtc", "base=utc,clock=vm");
	snprintf(icount, sizeof(icount), "shift=%s,sleep=off", n->shift);
	if (!n->real_time)
		ARG("-icount", icount);
	argv[c] = NULL;
#undef ARG
	execvp(QEMU, (char *const *)argv);
	if (errno == ENOENT)
		fprintf(stderr, "nested: " QEMU " is not installed\n");
	else
		fprintf(stderr, "nested: " QEMU ": %s\n", strerror(errno));
	_exit(EXIT_SELF);
}

/* What there is now. False at the end. */
static bool copy(const struct stream *s)
{
	char buf[64 * KIB];
	ssize_t n = read(s->from, buf, sizeof(buf));

	if (n <= 0)
		return n < 0 && errno == EINTR;
	if (write_all(s->to, buf, n) == -EPIPE)
		exit(EXIT_SELF);	/* nobody listens any more */
	if (s->log >= 0)
		write_all(s->log, buf, n);
	return true;
}

/* The command's exit status, one of our own, L1_DIED or L1_NOT_UP. */
static int pump(const struct nested *n, const struct stream *streams, int status_fd)
{
	uint64_t end = now_ns() + n->seconds * NSEC_PER_SEC;
	struct pollfd pfd[2];
	uint8_t said[2];	/* PORT_STATUS */
	int i, open = 2;

	for (i = 0; i < 2; i++)
		pfd[i] = (struct pollfd){ .fd = streams[i].from, .events = POLLIN };
	while (open) {
		uint64_t now = now_ns();

		if (now >= end) {
			fprintf(stderr, "nested: no end within %u s\n", n->seconds);
			return EXIT_TIME;
		}
		if (poll(pfd, 2, (end - now) / NSEC_PER_MSEC + 1) < 0 && errno != EINTR)
			return EXIT_SELF;
		for (i = 0; i < 2; i++)
			if (pfd[i].fd >= 0 && pfd[i].revents && !copy(&streams[i])) {
				pfd[i].fd = -1;
				open--;
			}
	}
	switch (read(status_fd, said, sizeof(said))) {
	case 2:
		return said[1];
	case 1:
		return L1_DIED;
	default:
		return L1_NOT_UP;
	}
}

static int run_qemu(const struct nested *n)
{
	int pipes[3][2], writers[3], status, i, ret;
	struct stream streams[2] = { { .to = 1, .log = -1 }, { .to = 2, .log = n->log_fd } };
	const pid_t parent = getpid();
	pid_t qemu;

	for (i = 0; i < 3; i++) {
		if (pipe(pipes[i])) {
			fprintf(stderr, "nested: pipe: %s\n", strerror(errno));
			return EXIT_SELF;
		}
		fcntl(pipes[i][0], F_SETFD, FD_CLOEXEC);
		writers[i] = pipes[i][1];
	}
	qemu = fork();
	if (qemu < 0) {
		fprintf(stderr, "nested: fork: %s\n", strerror(errno));
		return EXIT_SELF;
	}
	if (!qemu)
		exec_qemu(n, parent, writers);
	for (i = 0; i < 3; i++)
		close(writers[i]);
	streams[0].from = pipes[0][0];
	streams[1].from = pipes[1][0];
	ret = pump(n, streams, pipes[2][0]);
	if (ret >= 0)
		kill(qemu, SIGKILL);
	waitpid(qemu, &status, 0);
	for (i = 0; i < 3; i++)
		close(pipes[i][0]);
	/* A QEMU that cannot start will not do so later; what ends L1 is all well to it. */
	return ret == L1_NOT_UP && status ? L1_DIED : ret;
}

static int run(const struct nested *n)
{
	int boots = 1, ret;

	while ((ret = run_qemu(n)) == L1_NOT_UP && boots++ < MAX_BOOTS)
		fprintf(stderr, "nested: the kernel of L1 died as it booted: once more\n");
	if (ret >= 0)
		return ret;
	fprintf(stderr, "nested: L1 ended without saying how its command did\n");
	return EXIT_SELF;
}

static bool open_log(struct nested *n)
{
	n->log_fd = -1;
	if (!n->log)
		return true;
	n->log_fd = open(n->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (n->log_fd < 0)
		fprintf(stderr, "nested: %s: %s\n", n->log, strerror(errno));
	return n->log_fd >= 0;
}

static unsigned int number(const char *arg)
{
	char *end;
	unsigned long val = strtoul(arg, &end, 10);

	return *arg && !*end && val <= 1000000 ? val : 0;
}

int main(int argc, char **argv)
{
	struct nested n = { .mem_mib = 2048, .cpus = 2, .seconds = 600, .shift = L1_SHIFT };
	struct err err = { "" };
	int opt, split;

	if (getpid() == 1 && !strcmp(argv[0], "/init"))
		l1_main();
	for (split = 1; split < argc && strcmp(argv[split], "--"); split++)
		;
	if (split >= argc - 1)
		return usage();
	argv[split] = NULL;
	n.command = argv + split + 1;
	while ((opt = getopt(split, argv, "+k:M:m:c:t:l:s:rx")) != -1) {
		switch (opt) {
		case 'k':
			n.kernel = optarg;
			break;
		case 'M':
			if (n.nr_modules == MAX_MODULES)
				return usage();
			n.modules[n.nr_modules++] = optarg;
			break;
		case 'm':
			n.mem_mib = number(optarg);
			break;
		case 'c':
			n.cpus = number(optarg);
			break;
		case 't':
			n.seconds = number(optarg);
			break;
		case 'l':
			n.log = optarg;
			break;
		case 's':
			n.shift = optarg;
			break;
		case 'r':
			n.real_time = true;
			break;
		case 'x':
			n.xsave = true;
			break;
		default:
			return usage();
		}
	}
	n.files = argv + optind;
	if (!n.kernel || !n.mem_mib || !n.cpus || !n.seconds || strlen(n.shift) != 1 ||
	    !isdigit((unsigned char)*n.shift))
		return usage();
	signal(SIGPIPE, SIG_IGN);
	if (access(n.kernel, R_OK)) {
		fprintf(stderr, "nested: %s: %s\n", n.kernel, strerror(errno));
		return EXIT_SELF;
	}
	if (make_initramfs(&n, &err)) {
		fprintf(stderr, "nested: %s\n", err.msg);
		return EXIT_SELF;
	}
	return open_log(&n) ? run(&n) : EXIT_SELF;
}
