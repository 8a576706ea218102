// SPDX-License-Identifier: GPL-2.0
/*
 * tcg.c - QEMU's TCG as a CPU, and nothing else of QEMU
 *
 * RAM is ours, the ROM is ours, no firmware runs and no file is loaded. The
 * clock counts instructions (-icount), idle time is skipped, everything that
 * could bring in a value from outside is off: two cold runs of one guest are the
 * same to the byte. One thread for all vCPUs, since multi-threaded TCG loses
 * patches of the guest's text.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "engines.h"
#include "qemu/lockstep.h"
#include "qmp.h"

#define QEMU		"qemu-system-x86_64"
#define QMP_TIMEOUT_MS	30000
#define MAX_APIC_ID	254	/* no x2APIC, nor a kernel that would use it without an IOMMU */

/*
 * How long an instruction takes: 2^shift ns. All CPUs share what there is, and with more of them
 * than that the ticks of all would leave nothing to any.
 */
#define MANY_CPUS	128
#define ICOUNT(shift)	"shift=" #shift ",sleep=off"

/* The child's file descriptors, by number on its command line. */
enum {
	FD_RAM = 10,
	FD_ROM,
	FD_COM1,
	FD_COM2,
	FD_QMP,
	FD_STATE,
	FD_LOCKSTEP,
	FD_PACE = LOCKSTEP_PACE_FD,
	FD_END,
};

_Static_assert(FD_PACE == FD_LOCKSTEP + 1, "no two may have the same number");

/* isa-debug-exit ends QEMU with (value << 1) | 1. */
#define STATUS_OF(value)	((value) << 1 | 1)

struct tcg {
	pid_t pid;		/* 0: not started, or reaped */
	int pidfd;
	int rom_fd;
	int lockstep_fd;	/* the library that is preloaded into it */
	int pace_fd;		/* shared with that library */
	struct lockstep_pace *pace;
	int state_fd;		/* the state to continue from, or -1 */
	int log_fd;		/* what QEMU itself said */
	struct qmp qmp;
	bool greeted;		/* it was told what it needs to know */
	enum vm_event event;	/* how it ended, once it did */
	char text[512];
};

extern const uint8_t boot_rom_start[], boot_rom_end[];
extern const uint8_t lockstep_start[], lockstep_end[];

static bool find_program(const char *name, char *path, size_t size)
{
	const char *dirs = getenv("PATH") ?: "/usr/local/bin:/usr/bin:/bin";

	while (*dirs) {
		size_t len = strcspn(dirs, ":");

		if (snprintf(path, size, "%.*s/%s", (int)len, dirs, name) < (int)size &&
		    !access(path, X_OK))
			return true;
		dirs += len;
		dirs += *dirs == ':';
	}
	return false;
}

static int tcg_probe(struct err *err)
{
	char path[4096];

	if (!find_program(QEMU, path, sizeof(path)))
		return err_set(err, -ENOENT,
			       QEMU " is not installed (Debian: apt-get install qemu-system-x86)");
	return 0;
}

/* A memfd of @size bytes that ends with [@start, @end). */
static int make_file(const char *name, const uint8_t *start, const uint8_t *end, size_t size,
		     struct err *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	size_t len = end - start;

	if (fd < 0)
		return err_set(err, -errno, "memfd_create(%s): %s", name, strerror(errno));
	if (ftruncate(fd, size) || pwrite(fd, start, len, size - len) != (ssize_t)len) {
		close(fd);
		return err_set(err, -EIO, "writing %s: %s", name, strerror(errno));
	}
	return fd;
}

static int make_files(struct tcg *tcg, struct err *err)
{
	tcg->rom_fd = make_file("ktstr-rom", boot_rom_start, boot_rom_end, BOOT_ROM_SIZE, err);
	if (tcg->rom_fd < 0)
		return tcg->rom_fd;
	tcg->lockstep_fd = make_file("ktstr-lockstep", lockstep_start, lockstep_end,
				     lockstep_end - lockstep_start, err);
	if (tcg->lockstep_fd < 0)
		return tcg->lockstep_fd;
	tcg->pace_fd = make_file("ktstr-pace", NULL, NULL, sizeof(*tcg->pace), err);
	if (tcg->pace_fd < 0)
		return tcg->pace_fd;
	tcg->pace = mmap(NULL, sizeof(*tcg->pace), PROT_READ | PROT_WRITE, MAP_SHARED,
			 tcg->pace_fd, 0);
	if (tcg->pace == MAP_FAILED) {
		tcg->pace = NULL;
		return err_set(err, -errno, "mmap(ktstr-pace): %s", strerror(errno));
	}
	tcg->log_fd = memfd_create("ktstr-qemu-log", MFD_CLOEXEC);
	if (tcg->log_fd < 0)
		return err_set(err, -errno, "memfd_create(ktstr-qemu-log): %s", strerror(errno));
	return 0;
}

/* Ours, with lockstep.c before all libraries. The array is malloc()ed, the strings are not. */
static char **child_environ(char *preload)
{
	size_t n = 0, kept = 0;
	char **env;

	while (environ[n])
		n++;
	env = calloc(n + 2, sizeof(*env));
	if (!env)
		return NULL;
	for (n = 0; environ[n]; n++)
		if (strncmp(environ[n], "LD_PRELOAD=", strlen("LD_PRELOAD=")))
			env[kept++] = environ[n];
	env[kept] = preload;
	return env;
}

/* In the child, between fork and exec: only async-signal-safe calls. */
static void child_exec(const struct vm *vm, const struct tcg *tcg, int qmp_fd, pid_t parent,
		       const char *path, char *const *argv, char *const *env)
{
	const int fds[][2] = {
		{ vm->ram_fd, FD_RAM }, { tcg->rom_fd, FD_ROM },
		{ vm->console_fd[0], FD_COM1 }, { vm->console_fd[1], FD_COM2 },
		{ qmp_fd, FD_QMP }, { tcg->state_fd, FD_STATE },
		{ tcg->lockstep_fd, FD_LOCKSTEP }, { tcg->pace_fd, FD_PACE },
	};
	const struct rlimit fsize = { VM_CONSOLE_CAP, VM_CONSOLE_CAP };
	const struct rlimit core = { 0, 0 };
	int moved[ARRAY_SIZE(fds)];
	unsigned int i;
	sigset_t none;
	int null;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	/* A guest that floods its console fills the cap, and then writes into the void. */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setrlimit(RLIMIT_FSIZE, &fsize);
	setrlimit(RLIMIT_CORE, &core);
	/* A process group of its own: a Ctrl-C at the terminal is for the runner to handle. */
	setpgid(0, 0);

	/* First out of the way of each other, then to where they belong. */
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		moved[i] = fds[i][0] < 0 ? -1 : fcntl(fds[i][0], F_DUPFD, FD_END);
	null = open("/dev/null", O_RDONLY);
	if (null < 0 || dup2(null, 0) < 0 || dup2(tcg->log_fd, 1) < 0 || dup2(tcg->log_fd, 2) < 0)
		_exit(126);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i][0] >= 0 && (moved[i] < 0 || dup2(moved[i], fds[i][1]) < 0))
			_exit(126);
	syscall(SYS_close_range, 3, FD_RAM - 1, 0);
	syscall(SYS_close_range, FD_END, ~0U, 0);
	execve(path, argv, env);
	dprintf(2, "exec %s: %s\n", path, strerror(errno));
	_exit(127);
}

/*
 * What a guest that is frozen or thawed needs to be told: RAM is shared and does
 * not migrate.
 */
static int tcg_greet(struct tcg *tcg, struct err *err)
{
	char json[512];
	int ret;

	snprintf(json, sizeof(json),
		 "{\"execute\":\"qmp_capabilities\"}\n"
		 "{\"execute\":\"migrate-set-capabilities\",\"arguments\":{\"capabilities\":["
		 "{\"capability\":\"x-ignore-shared\",\"state\":true},"
		 "{\"capability\":\"events\",\"state\":true}]}}\n"
		 /* Timers of real time would bound how long a CPU runs before the next. */
		 "{\"execute\":\"migrate-set-parameters\",\"arguments\":{\"announce-rounds\":0}}\n");
	if (tcg->state_fd >= 0)
		snprintf(json + strlen(json), sizeof(json) - strlen(json),
			 "{\"execute\":\"migrate-incoming\",\"arguments\":{\"uri\":\"fd:%d\"}}\n",
			 FD_STATE);
	ret = qmp_send(&tcg->qmp, json, -1);
	/* The state says "guest panicked", and that is what it is loaded to. */
	if (!ret && tcg->state_fd >= 0)
		ret = qmp_expect(&tcg->qmp, "\"completed\"", QMP_TIMEOUT_MS, err);
	return ret;
}

static int tcg_spawn(struct vm *vm, struct err *err)
{
	struct tcg *tcg = vm->priv;
	char path[4096], ram[128], mem[32], smp[128], preload[64], fds[4][64];
	const struct topology *topo = &vm->cfg.topo;
	const pid_t parent = getpid();
	char **env;
	int sv[2] = { -1, -1 };
	const char *argv[64];
	unsigned int n = 0;
	pid_t pid;

	if (!find_program(QEMU, path, sizeof(path)))
		return tcg_probe(err);
	/* An LLC is a package: the microvm machine has no dies. */
	snprintf(smp, sizeof(smp), "cpus=%u,sockets=%u,cores=%u,threads=%u", topology_nr_cpus(topo),
		 topo->nr_llcs, topo->cores_per_llc, topo->threads_per_core);
	snprintf(preload, sizeof(preload), "LD_PRELOAD=/proc/self/fd/%d", FD_LOCKSTEP);
	snprintf(ram, sizeof(ram),
		 "memory-backend-file,id=ram,size=%llu,mem-path=/proc/self/fd/%d,share=on",
		 (unsigned long long)vm->ram_size, FD_RAM);
	snprintf(mem, sizeof(mem), "%lluM", (unsigned long long)(vm->ram_size / MIB));
	snprintf(fds[0], sizeof(fds[0]), "/proc/self/fd/%d", FD_ROM);
	snprintf(fds[1], sizeof(fds[1]), "file,id=com1,path=/proc/self/fd/%d,append=on", FD_COM1);
	snprintf(fds[2], sizeof(fds[2]), "file,id=com2,path=/proc/self/fd/%d,append=on", FD_COM2);

#define ARG(...) do {								\
	const char *const words[] = { __VA_ARGS__ };				\
	for (unsigned int _i = 0; _i < ARRAY_SIZE(words); _i++)			\
		argv[n++] = words[_i];						\
} while (0)
	ARG(QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot");
	ARG("-machine", "microvm,acpi=off,pit=off,pic=off,rtc=on,isa-serial=off,x-option-roms=off,auto-kernel-cmdline=off,memory-backend=ram");
	/* Kernels read the RTC even where FADT has none, and then wait a second for it. */
	ARG("-rtc", "base=2000-01-01,clock=vm");
	ARG("-accel", "tcg,thread=single", "-icount",
	    topology_nr_cpus(topo) > MANY_CPUS ? ICOUNT(1) : ICOUNT(3), "-seed", "1");
	/*
	 * Intel's cache leaves carry the LLCs; no instruction may bring in entropy of the host.
	 * That model of the family has a constant TSC: of others, each CPU calibrates a delay loop.
	 */
	ARG("-cpu", "max,vendor=GenuineIntel,model=6,rdrand=off,rdseed=off,la57=off");
	ARG("-smp", smp, "-m", mem, "-object", ram, "-bios", fds[0]);
	ARG("-chardev", fds[1], "-device", "isa-serial,index=0,chardev=com1");
	ARG("-chardev", fds[2], "-device", "isa-serial,index=1,chardev=com2");
	ARG("-device", "isa-debug-exit,iobase=0xf4,iosize=1");
	ARG("-device", "pvpanic,ioport=0x505,events=1", "-action", "panic=pause");
	if (tcg->state_fd >= 0)
		ARG("-incoming", "defer");
	else if (vm->template)
		ARG("-S");	/* until the monitor listens for the doorbell */
	/* No monitor in a cold run: it wakes QEMU's main loop. */
	if (vm->template || vm->cfg.doorbell || tcg->state_fd >= 0) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv))
			return err_set(err, -errno, "socketpair: %s", strerror(errno));
		snprintf(fds[3], sizeof(fds[3]), "socket,id=qmp,fd=%d", FD_QMP);
		ARG("-chardev", fds[3], "-mon", "chardev=qmp,mode=control");
	}
	argv[n] = NULL;
#undef ARG

	tcg->qmp.fd = sv[0];
	env = child_environ(preload);
	pid = env ? fork() : -1;
	if (!pid)
		child_exec(vm, tcg, sv[1], parent, path, (char *const *)argv, env);
	if (pid < 0)
		err_set(err, -errno, "fork: %s", strerror(errno));
	free(env);
	if (sv[1] >= 0)
		close(sv[1]);
	if (pid < 0)
		return -EAGAIN;
	tcg->pid = pid;
	tcg->pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (tcg->pidfd < 0)
		return err_set(err, -errno, "pidfd_open: %s", strerror(errno));
	return 0;
}

static int tcg_create(struct vm *vm, const struct vm_image *image, struct err *err)
{
	unsigned int nr_cpus = topology_nr_cpus(&vm->cfg.topo);
	unsigned int last = topology_apic_id(&vm->cfg.topo, nr_cpus - 1);
	struct tcg *tcg;
	int ret;

	if (last > MAX_APIC_ID)
		return err_set(err, -ERANGE,
			       "%u CPUs in this topology have APIC ids up to %u: the tcg engine has none above %u",
			       nr_cpus, last, MAX_APIC_ID);
	tcg = calloc(1, sizeof(*tcg));
	if (!tcg)
		return err_set(err, -ENOMEM, "out of memory");
	vm->priv = tcg;
	tcg->pidfd = -1;
	tcg->rom_fd = -1;
	tcg->lockstep_fd = -1;
	tcg->pace_fd = -1;
	tcg->state_fd = -1;
	tcg->log_fd = -1;
	tcg->qmp.fd = -1;
	ret = make_files(tcg, err);
	if (ret)
		return ret;
	if (image) {
		char path[64];

		/* An open file of its own: many may read the state at once. */
		snprintf(path, sizeof(path), "/proc/self/fd/%d", image->state_fd);
		tcg->state_fd = open(path, O_RDONLY | O_CLOEXEC);
		if (tcg->state_fd < 0)
			return err_set(err, -errno, "opening a frozen guest: %s", strerror(errno));
		/* It takes a while to start, and needs no RAM before it is told to continue. */
		return tcg_spawn(vm, err);
	}
	return 0;
}

static int tcg_run(struct vm *vm, struct err *err)
{
	struct tcg *tcg = vm->priv;
	int ret = tcg->pid ? 0 : tcg_spawn(vm, err);

	if (ret || tcg->qmp.fd < 0)
		return ret;
	if (!tcg->greeted)
		ret = tcg_greet(tcg, err);
	if (!ret)
		ret = qmp_send(&tcg->qmp, "{\"execute\":\"cont\"}\n", -1);
	tcg->greeted = true;
	return ret ? err_set(err, ret, QEMU " does not listen: %s", strerror(-ret)) : 0;
}

/* The last line that QEMU itself printed. */
static void last_words(struct tcg *tcg, char *buf, size_t size)
{
	char log[2048], *line;
	off_t len = lseek(tcg->log_fd, 0, SEEK_END);
	ssize_t n = pread(tcg->log_fd, log, sizeof(log) - 1,
			  len < (off_t)sizeof(log) ? 0 : len - (off_t)sizeof(log) + 1);

	buf[0] = 0;
	if (n <= 0)
		return;
	while (n && log[n - 1] == '\n')
		n--;
	log[n] = 0;
	line = strrchr(log, '\n');
	line = line ? line + 1 : log;
	if (strcmp(line, LOCKSTEP_TURNS))
		snprintf(buf, size, "%.*s", (int)size - 1, line);
}

static bool tcg_leaves_out(struct vm *vm)
{
	char said[sizeof(LOCKSTEP_TURNS)] = "";
	struct tcg *tcg = vm->priv;

	pread(tcg->log_fd, said, sizeof(said) - 1, 0);
	return strcmp(said, LOCKSTEP_TURNS);
}

static void tcg_looked(struct vm *vm, bool on)
{
	struct tcg *tcg = vm->priv;
	const uint32_t looks = on ? tcg->pace->looks + 1 : 0;

	tcg->pace->looks = on && !looks ? 1 : looks;
	syscall(SYS_futex, &tcg->pace->looks, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* QEMU is gone: what did that mean? */
static void tcg_reap(struct tcg *tcg)
{
	char words[256];
	int status;
	pid_t pid;

	do {
		pid = waitpid(tcg->pid, &status, 0);
	} while (pid < 0 && errno == EINTR);
	tcg->pid = 0;
	last_words(tcg, words, sizeof(words));
	if (pid < 0) {
		tcg->event = VM_EVENT_ENGINE;
		snprintf(tcg->text, sizeof(tcg->text), QEMU " was reaped by someone else");
	} else if (WIFSIGNALED(status)) {
		tcg->event = VM_EVENT_ENGINE;
		snprintf(tcg->text, sizeof(tcg->text), QEMU " was killed by signal %d (%s)%s%s",
			 WTERMSIG(status), strsignal(WTERMSIG(status)), *words ? ": " : "", words);
	} else if (WEXITSTATUS(status) == STATUS_OF(DEBUG_EXIT_DONE)) {
		tcg->event = VM_EVENT_EXIT;
		snprintf(tcg->text, sizeof(tcg->text), "the guest ended by itself");
	} else if (WEXITSTATUS(status) == STATUS_OF(DEBUG_EXIT_RESET)) {
		tcg->event = VM_EVENT_RESET;
		snprintf(tcg->text, sizeof(tcg->text),
			 "the kernel reset the machine (panic or reboot)");
	} else if (!WEXITSTATUS(status) && strstr(words, "terminating on signal")) {
		/* SIGTERM from outside looks like a triple fault, but for what QEMU says. */
		tcg->event = VM_EVENT_ENGINE;
		snprintf(tcg->text, sizeof(tcg->text), "%s", words);
	} else if (!WEXITSTATUS(status)) {
		tcg->event = VM_EVENT_RESET;
		snprintf(tcg->text, sizeof(tcg->text), "triple fault");
	} else {
		tcg->event = VM_EVENT_ENGINE;
		snprintf(tcg->text, sizeof(tcg->text), QEMU " exited with status %d%s%s",
			 WEXITSTATUS(status), *words ? ": " : "", words);
	}
}

static enum vm_event tcg_wait(struct vm *vm, int timeout_ms)
{
	struct tcg *tcg = vm->priv;
	struct pollfd pfd = { .fd = tcg->pidfd, .events = POLLIN };

	if (tcg->event)
		return tcg->event;
	if (!tcg->pid)
		return VM_EVENT_ENGINE;
	if (tcg->qmp.fd >= 0) {
		struct err why = { "" };
		int ret = qmp_expect(&tcg->qmp, "\"GUEST_PANICKED\"", timeout_ms, &why);

		if (ret == -ETIMEDOUT)
			return VM_EVENT_NONE;
		/* Only then all CPUs stand still, and state may be saved. */
		if (!ret)
			ret = qmp_expect(&tcg->qmp, "\"STOP\"", QMP_TIMEOUT_MS, &why);
		if (!ret)
			return VM_EVENT_DOORBELL;
		if (ret == -ETIMEDOUT) {
			snprintf(tcg->text, sizeof(tcg->text),
				 QEMU " did not stop at the doorbell");
			return tcg->event = VM_EVENT_ENGINE;
		}
		if (ret == -EPROTO) {
			snprintf(tcg->text, sizeof(tcg->text), "%s", why.msg);
			return tcg->event = VM_EVENT_ENGINE;
		}
		/* The socket closes a moment before the process can be reaped. */
		timeout_ms = max(timeout_ms, 1000);
	}
	if (poll(&pfd, 1, timeout_ms) <= 0)
		return VM_EVENT_NONE;
	tcg_reap(tcg);
	return tcg->event;
}

static int tcg_freeze(struct vm *vm, struct vm_image *image, struct err *err)
{
	struct tcg *tcg = vm->priv;
	struct qmp *q = &tcg->qmp;
	int ret;

	ret = qmp_send(q, "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"state\"}}\n",
		       image->state_fd);
	if (!ret)
		ret = qmp_expect(q, "\"return\"", QMP_TIMEOUT_MS, err);
	if (!ret)
		ret = qmp_send(q,
			       "{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"fd:state\"}}\n",
			       -1);
	if (!ret)
		ret = qmp_expect(q, "\"completed\"", QMP_TIMEOUT_MS, err);
	if (ret)
		err_set(err, ret, "freezing the guest: %s", strerror(-ret));
	return ret;
}

static const char *tcg_text(struct vm *vm)
{
	struct tcg *tcg = vm->priv;

	return tcg ? tcg->text : "";
}

static pid_t tcg_process(struct vm *vm)
{
	struct tcg *tcg = vm->priv;

	return tcg ? tcg->pid : 0;
}

static void tcg_destroy(struct vm *vm)
{
	struct tcg *tcg = vm->priv;
	const int fds[] = {
		tcg->pidfd, tcg->rom_fd, tcg->lockstep_fd, tcg->pace_fd, tcg->state_fd, tcg->log_fd,
		tcg->qmp.fd,
	};
	unsigned int i;

	if (tcg->pid > 0) {
		kill(tcg->pid, SIGKILL);
		tcg_reap(tcg);
	}
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (tcg->pace)
		munmap(tcg->pace, sizeof(*tcg->pace));
	free(tcg);
	vm->priv = NULL;
}

const struct vm_engine vm_engine_tcg = {
	.name = "tcg",
	.probe = tcg_probe,
	.create = tcg_create,
	.run = tcg_run,
	.wait = tcg_wait,
	.freeze = tcg_freeze,
	.text = tcg_text,
	.leaves_out = tcg_leaves_out,
	.looked = tcg_looked,
	.process = tcg_process,
	.destroy = tcg_destroy,
	.time = VM_TIME_VIRTUAL,
	.unpacks = true,
	/* Under -icount the TSC counts virtual nanoseconds: 1 GHz. */
	.cmdline = "tsc_early_khz=1000000 tsc=reliable",
};
