// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "acpi.h"
#include "engines.h"
#include "hot.h"
#include "loader.h"
#include "sparse.h"
#include "starved.h"
#include "vm.h"

/*
 * Never "loglevel=0": a panic raises the level only from above zero (kernel/printk/printk.c,
 * console_verbose()). 6 is the least with which the kernel's banner is printed, the first sign of
 * life. Nor another level for those who want to see more: what is printed takes guest time, and a
 * run that is looked at must be the same as one that is not. Self-tests of ciphers would go on
 * after boot, where that is emulated for ten seconds, beside what is measured.
 */
static const char cmdline_base[] =
	"console=ttyS0 8250.nr_uarts=2 reboot=a panic=-1 pci=off loglevel=6 cryptomgr.notests rdinit=/init initramfs_options=size=90% LD_LIBRARY_PATH=/lib";

static int memfd(const char *name, struct err *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	return fd < 0 ? err_set(err, -errno, "memfd_create(%s): %s", name, strerror(errno)) : fd;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* An empty VM: nothing in RAM, no engine. */
static int vm_alloc(const struct vm_config *cfg, struct vm **out, struct err *err)
{
	struct vm *vm;

	if (cfg->mem_bytes < VM_MIN_MEM || cfg->mem_bytes % (2 * MIB))
		return err_set(err, -EINVAL,
			       "%llu bytes of memory: a multiple of 2 MiB and at least %lu MiB are needed",
			       (unsigned long long)cfg->mem_bytes, VM_MIN_MEM / MIB);
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return err_set(err, -ENOMEM, "out of memory");
	vm->cfg = *cfg;
	vm->engine = cfg->engine;
	vm->time = cfg->engine->time;
	vm->ram_size = cfg->mem_bytes;
	vm->low_size = ram_low_size(vm->ram_size);
	vm->ram_fd = -1;
	vm->hot_fd = -1;
	vm->console_fd[0] = -1;
	vm->console_fd[1] = -1;
	*out = vm;
	return 0;
}

static int vm_map_ram(struct vm *vm, int fd, struct err *err)
{
	void *ram;

	if (fd < 0) {
		vm->ram_fd = memfd("ktstr-ram", err);
		if (vm->ram_fd < 0)
			return vm->ram_fd;
	} else {
		vm->ram_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (vm->ram_fd < 0)
			return err_set(err, -errno, "RAM: %s", strerror(errno));
	}
	if (ftruncate(vm->ram_fd, vm->ram_size))
		return err_set(err, -errno, "RAM of %llu MiB: %s",
			       (unsigned long long)(vm->ram_size / MIB), strerror(errno));
	ram = mmap(NULL, vm->ram_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
		   vm->ram_fd, 0);
	if (ram == MAP_FAILED)
		return err_set(err, -errno, "mapping %llu MiB of RAM: %s",
			       (unsigned long long)(vm->ram_size / MIB), strerror(errno));
	vm->ram = ram;
	return 0;
}

/* Only what the guest writes to becomes its own. */
static int vm_map_private(struct vm *vm, const struct vm_image *image, struct err *err)
{
	void *ram = mmap(NULL, vm->ram_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
			 image->ram_fd, 0);

	if (ram == MAP_FAILED)
		return err_set(err, -errno, "mapping %llu MiB of a frozen guest: %s",
			       (unsigned long long)(vm->ram_size / MIB), strerror(errno));
	vm->ram = ram;
	vm->pages = PERF_PAGES_SMALL;
	vm->hot_fd = fcntl(image->hot_fd, F_DUPFD_CLOEXEC, 3);
	if (vm->hot_fd >= 0)
		hot_populate(vm->hot_fd, ram, vm->ram_size);
	return 0;
}

/*
 * A memfd where another process runs the CPUs. Else anonymous memory: a memfd has small pages on
 * most hosts (shmem_enabled is "never"), and the first touch of each is a fault of a guest that
 * boots. To touch 256 MiB took 3.1 times as long (make bench, "ram"). What is frozen is copied to a
 * memfd, once; a thawed guest has a private mapping of it.
 */
static int vm_make_ram(struct vm *vm, int image_ram, struct err *err)
{
	const struct vm_perf *perf = vm->cfg.perf;

	if (!vm->engine->private_ram && !perf)
		return vm_map_ram(vm, image_ram, err);
	if (!perf)
		return ram_map_anon(vm->ram_size, &vm->ram, &vm->pages, err);
	if (vm->template || !vm->engine->can_perf || perf->nr_cpus != topology_nr_cpus(&vm->cfg.topo))
		return err_set(err, -EINVAL, "a guest that cannot be measured");
	return perf_map_ram(vm->ram_size, perf->node, &vm->ram, &vm->pages, err);
}

static int vm_make_consoles(struct vm *vm, struct err *err)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		vm->console_fd[i] = memfd("ktstr-console", err);
		if (vm->console_fd[i] < 0)
			return vm->console_fd[i];
	}
	return 0;
}

static char *vm_cmdline(const struct vm *vm)
{
	const char *extra = vm->cfg.append ?: "";
	const char *own = vm->engine->cmdline ?: "";
	char *line;

	if (asprintf(&line, "%s%s%s " CMDLINE_SHM "%#llx,%#lx " CMDLINE_TIME "%s%s%s",
		     cmdline_base, *own ? " " : "", own,
		     (unsigned long long)ram_window_gpa(vm->ram_size), SHM_SIZE,
		     vm->time == VM_TIME_VIRTUAL ? "virtual" : "real",
		     *extra ? " " : "", extra) < 0)
		return NULL;
	return line;
}

/* Map a whole file; *@map is NULL for an empty one. */
static int map_file(const char *path, void **map, size_t *len, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int ret = 0;

	*map = NULL;
	*len = 0;
	if (fd < 0)
		return err_set(err, -errno, "kernel %s: %s", path, strerror(errno));
	if (fstat(fd, &st)) {
		ret = err_set(err, -errno, "kernel %s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		ret = err_set(err, -ENOEXEC, "kernel %s: not a regular file", path);
	} else if (st.st_size) {
		*map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		*len = st.st_size;
		if (*map == MAP_FAILED) {
			*map = NULL;
			ret = err_set(err, -errno, "kernel %s: %s", path, strerror(errno));
		}
	}
	close(fd);
	return ret;
}

static int load_kernel(const struct loader *ld, const char *path, struct kernel_image *img,
		       struct err *err)
{
	struct err why = { "" };
	size_t len;
	void *file;
	int ret;

	ret = map_file(path, &file, &len, err);
	if (ret)
		return ret;
	ret = kernel_load(ld, file, len, img, &why);
	if (ret)
		err_set(err, ret, "kernel %s: %s", path, why.msg);
	if (file)
		munmap(file, len);
	return ret;
}

void *vm_kernel_unpack(const char *path, size_t *len)
{
	void *file, *out = NULL;
	size_t file_len;

	*len = 0;
	if (map_file(path, &file, &file_len, NULL))
		return NULL;
	if (file) {
		kernel_unpack(file, file_len, &out, len);
		munmap(file, file_len);
	}
	return out;
}

static int vm_load(struct vm *vm, struct err *err)
{
	const struct acpi_config acpi = {
		.topo = &vm->cfg.topo, .ram_size = vm->ram_size, .low_size = vm->low_size,
	};
	const struct loader ld = {
		.ram = vm->ram, .ram_size = vm->ram_size, .low_size = vm->low_size,
		.top = ram_window_gpa(vm->ram_size),
		.unpack = vm->cfg.unpacked || vm->engine->unpacks,
		.no_kaslr = vm->cfg.append && strstr(vm->cfg.append, "nokaslr"),
		.seed = vm->cfg.seed,
		.unpacked = vm->cfg.unpacked, .unpacked_len = vm->cfg.unpacked_len,
	};
	struct boot_config boot = {
		.initramfs = vm->cfg.initramfs, .initramfs_len = vm->cfg.initramfs_len,
		.rsdp = GPA_ACPI, .seed = vm->cfg.seed,
	};
	struct kernel_image img;
	char *cmdline;
	int ret;

	ret = load_kernel(&ld, vm->cfg.kernel, &img, err);
	if (ret)
		return ret;
	if (acpi_build(&acpi, ld.ram + GPA_ACPI, GPA_ACPI_END - GPA_ACPI, GPA_ACPI) < 0)
		return err_set(err, -ENOSPC, "%u CPUs: their ACPI tables do not fit",
			       topology_nr_cpus(acpi.topo));
	cmdline = vm_cmdline(vm);
	if (!cmdline)
		return err_set(err, -ENOMEM, "out of memory");
	boot.cmdline = cmdline;
	ret = boot_setup(&ld, &img, &boot, err);
	free(cmdline);
	vm->entry = img.entry;
	return ret;
}

static void *window(struct vm *vm)
{
	return (char *)vm->ram + ram_window_gpa(vm->ram_size);
}

int vm_create(const struct vm_config *cfg, int image_ram, struct vm **out, struct err *err)
{
	struct vm *vm;
	int ret;

	ret = vm_alloc(cfg, &vm, err);
	if (ret)
		return ret;
	vm->template = image_ram >= 0;
	ret = vm_make_ram(vm, image_ram, err);
	if (!ret)
		ret = vm_make_consoles(vm, err);
	if (!ret)
		ret = vm_load(vm, err);
	if (!ret) {
		shm_format(&vm->shm, window(vm));
		ret = vm->engine->create(vm, NULL, err);
	}
	if (ret) {
		vm_destroy(vm);
		return ret;
	}
	*out = vm;
	return 0;
}

static int copy_console(int from, int to, struct err *err)
{
	char buf[16 * KIB];
	off_t off = 0;
	ssize_t n;

	while ((n = pread(from, buf, sizeof(buf), off)) > 0) {
		int ret = write_all(to, buf, n);

		if (ret)
			return err_set(err, ret, "copying a console: %s", strerror(-ret));
		off += n;
	}
	return n ? err_set(err, -errno, "reading a console: %s", strerror(errno)) : 0;
}

int vm_thaw(const struct vm_config *cfg, const struct vm_image *image, struct vm **out,
	    struct err *err)
{
	unsigned int i;
	struct vm *vm;
	int ret;

	ret = vm_alloc(cfg, &vm, err);
	if (ret)
		return ret;
	ret = cfg->engine->private_ram ? vm_map_private(vm, image, err) :
					 vm_map_ram(vm, -1, err);
	if (!ret)
		ret = vm_make_consoles(vm, err);
	for (i = 0; !ret && i < 2; i++)
		ret = copy_console(image->console_fd[i], vm->console_fd[i], err);
	/* An engine gets going while its RAM is copied. */
	if (!ret)
		ret = vm->engine->create(vm, image, err);
	if (!ret && !cfg->engine->private_ram)
		ret = sparse_copy(image->ram_fd, vm->ram_fd, vm->ram_size, err);
	if (!ret)
		shm_adopt(&vm->shm, window(vm));
	if (ret) {
		vm_destroy(vm);
		return ret;
	}
	*out = vm;
	return 0;
}

int vm_run(struct vm *vm, struct err *err)
{
	return vm->engine->run(vm, err);
}

enum vm_event vm_wait(struct vm *vm, int timeout_ms)
{
	return vm->engine->wait(vm, timeout_ms);
}

const char *vm_engine_text(struct vm *vm)
{
	return vm->engine->text(vm);
}

uint64_t vm_starved_ns(struct vm *vm)
{
	pid_t pid = vm->engine->process(vm);

	return pid ? starved_ns(pid) : 0;
}

int vm_cpus(struct vm *vm, struct vm_cpu *cpu, unsigned int nr, struct err *err)
{
	if (!vm->engine->cpus)
		return err_set(err, -EOPNOTSUPP, "the %s engine does not say where its CPUs are",
			       vm->engine->name);
	return vm->engine->cpus(vm, cpu, nr, err);
}

bool vm_leaves_out(struct vm *vm)
{
	return vm->engine->leaves_out && vm->engine->leaves_out(vm);
}

void vm_looked(struct vm *vm, bool on)
{
	if (vm->engine->looked)
		vm->engine->looked(vm, on);
}

void vm_stats(struct vm *vm, char *buf, size_t size)
{
	buf[0] = '\0';
	if (vm->engine->stats)
		vm->engine->stats(vm, buf, size);
}

int vm_image_open(struct vm_image *image, struct err *err)
{
	*image = (struct vm_image){
		.ram_fd = -1, .hot_fd = -1, .state_fd = -1, .console_fd = { -1, -1 },
	};
	image->ram_fd = memfd("ktstr-image-ram", err);
	image->hot_fd = memfd("ktstr-image-hot", err);
	image->state_fd = memfd("ktstr-image-state", err);
	image->console_fd[0] = memfd("ktstr-image-com1", err);
	image->console_fd[1] = memfd("ktstr-image-com2", err);
	if (image->ram_fd < 0 || image->hot_fd < 0 || image->state_fd < 0 ||
	    image->console_fd[0] < 0 || image->console_fd[1] < 0) {
		vm_image_close(image);
		return -EMFILE;
	}
	return 0;
}

int vm_freeze(struct vm *vm, struct vm_image *image, struct err *err)
{
	unsigned int i;
	int ret;

	ret = vm->engine->freeze(vm, image, err);
	if (!ret && vm->engine->private_ram)
		ret = sparse_save(vm->ram, image->ram_fd, vm->ram_size, err);
	for (i = 0; !ret && i < 2; i++)
		ret = copy_console(vm->console_fd[i], image->console_fd[i], err);
	return ret;
}

void vm_image_close(struct vm_image *image)
{
	close_fd(&image->ram_fd);
	close_fd(&image->hot_fd);
	close_fd(&image->state_fd);
	close_fd(&image->console_fd[0]);
	close_fd(&image->console_fd[1]);
}

int vm_console(struct vm *vm, unsigned int port, char **text, size_t *len)
{
	struct stat st;
	ssize_t n;
	char *buf;
	int ret;

	if (fstat(vm->console_fd[port], &st))
		return -errno;
	buf = malloc(st.st_size + 1);
	if (!buf)
		return -ENOMEM;
	n = pread(vm->console_fd[port], buf, st.st_size, 0);
	if (n < 0) {
		ret = -errno;
		free(buf);
		return ret;
	}
	buf[n] = 0;
	*text = buf;
	*len = n;
	return 0;
}

static void save_hot(struct vm *vm)
{
	if (vm->ram && vm->hot_fd >= 0)
		hot_save(vm->hot_fd, vm->ram, vm->ram_size);
}

void vm_leave(struct vm *vm)
{
	if (!vm)
		return;
	if (!vm->engine->leave) {
		vm_destroy(vm);
		return;
	}
	save_hot(vm);
	if (vm->priv)
		vm->engine->leave(vm);
}

void vm_destroy(struct vm *vm)
{
	if (!vm)
		return;
	if (vm->priv)
		vm->engine->destroy(vm);
	save_hot(vm);
	if (vm->ram)
		munmap(vm->ram, vm->ram_size);
	close_fd(&vm->ram_fd);
	close_fd(&vm->hot_fd);
	close_fd(&vm->console_fd[0]);
	close_fd(&vm->console_fd[1]);
	free(vm);
}

int vm_kernel_info(const char *path, char *version, size_t size, struct err *err)
{
	const uint64_t most = 512 * MIB;	/* more than any kernel needs to start */
	struct loader ld = { .ram_size = most, .low_size = most, .top = most };
	struct kernel_image img;
	size_t len;
	void *file;
	int ret;

	ld.ram = mmap(NULL, most, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ld.ram == MAP_FAILED)
		return err_set(err, -errno, "mapping memory: %s", strerror(errno));
	version[0] = 0;
	ret = load_kernel(&ld, path, &img, err);
	if (!ret)
		ret = map_file(path, &file, &len, err);
	if (!ret) {
		kernel_version(file, len, version, size);
		munmap(file, len);
	}
	munmap(ld.ram, most);
	return ret;
}
