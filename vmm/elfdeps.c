// SPDX-License-Identifier: GPL-2.0
/*
 * elfdeps.c - a program and the shared libraries it needs
 *
 * All libraries go to /lib of the guest, whose programs run with
 * LD_LIBRARY_PATH=/lib: one place, whatever the distribution's layout.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <glob.h>
#include <libelf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "initramfs.h"

#define MAX_DEPTH	32
#define MAX_DIRS	256

struct search {
	char *dir[MAX_DIRS];
	unsigned int nr;
};

static void search_add(struct search *s, const char *dir, size_t len)
{
	if (len && s->nr < MAX_DIRS) {
		s->dir[s->nr] = strndup(dir, len);
		if (s->dir[s->nr])
			s->nr++;
	}
}

/* A colon-separated list; $ORIGIN and ${ORIGIN} are the directory of the file (ld.so(8)). */
static void search_add_path(struct search *s, const char *path, const char *origin)
{
	while (path && *path) {
		size_t len = strcspn(path, ":");
		const char *rest = NULL;
		char full[PATH_MAX];

		if (!strncmp(path, "$ORIGIN", 7))
			rest = path + 7;
		else if (!strncmp(path, "${ORIGIN}", 9))
			rest = path + 9;
		if (rest && rest <= path + len) {
			int n = snprintf(full, sizeof(full), "%s%.*s", origin,
					 (int)(path + len - rest), rest);

			if (n > 0 && n < (int)sizeof(full))
				search_add(s, full, n);
		} else {
			search_add(s, path, len);
		}
		path += len;
		path += *path == ':';
	}
}

/* The directories that ldconfig(8) looks into. */
static void search_add_conf(struct search *s, const char *pattern, int depth)
{
	char line[PATH_MAX];
	glob_t g;
	size_t i;
	FILE *f;

	if (depth > 4 || glob(pattern, 0, NULL, &g))
		return;
	for (i = 0; i < g.gl_pathc; i++) {
		f = fopen(g.gl_pathv[i], "re");
		if (!f)
			continue;
		while (fgets(line, sizeof(line), f)) {
			char *p = line + strspn(line, " \t");

			p[strcspn(p, "#\n")] = 0;
			if (!strncmp(p, "include ", 8))
				search_add_conf(s, p + 8 + strspn(p + 8, " \t"), depth + 1);
			else if (*p == '/')
				search_add(s, p, strcspn(p, " \t"));
		}
		fclose(f);
	}
	globfree(&g);
}

static void search_free(struct search *s)
{
	while (s->nr)
		free(s->dir[--s->nr]);
}

static int add_elf(struct initramfs *ird, const char *path, const char *host_path,
		   int depth, struct err *err);

/* An x86-64 library of that name? Others of the same name lie about on multilib systems. */
static bool is_elf64(const char *path)
{
	unsigned char head[20];
	bool ok = false;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, head, sizeof(head)) == sizeof(head))
		ok = !memcmp(head, ELFMAG, SELFMAG) && head[EI_CLASS] == ELFCLASS64 &&
		     (head[18] | head[19] << 8) == EM_X86_64;
	close(fd);
	return ok;
}

static int add_library(struct initramfs *ird, const char *soname, const struct search *s,
		       const char *needed_by, int depth, struct err *err)
{
	char guest[PATH_MAX], host[PATH_MAX];
	unsigned int i;

	if (strchr(soname, '/'))
		return err_set(err, -ENOEXEC,
			       "%s: needs a library by path (%s), which is not supported",
			       needed_by, soname);
	if (snprintf(guest, sizeof(guest), "/lib/%s", soname) >= (int)sizeof(guest))
		return -ENAMETOOLONG;
	for (i = 0; i < s->nr; i++) {
		if (snprintf(host, sizeof(host), "%s/%s", s->dir[i], soname) >= (int)sizeof(host))
			continue;
		if (is_elf64(host))
			return add_elf(ird, guest, host, depth + 1, err);
	}
	return err_set(err, -ENOENT,
		       "%s: needs the library %s, which is not on this machine: install it, or set LD_LIBRARY_PATH",
		       needed_by, soname);
}

static int add_dynamic(struct initramfs *ird, Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh,
		       const char *host_path, int depth, struct err *err)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t nr = sh->sh_entsize ? sh->sh_size / sh->sh_entsize : 0, i;
	const char *rpath = NULL, *runpath = NULL;
	char origin[PATH_MAX], *slash;
	struct search s = { .nr = 0 };
	int ret = 0;
	GElf_Dyn dyn;

	if (!data || !realpath(host_path, origin))
		return err_set(err, -ENOEXEC, "%s: its dynamic section cannot be read", host_path);
	slash = strrchr(origin, '/');
	slash[slash == origin] = 0;

	for (i = 0; i < nr && gelf_getdyn(data, i, &dyn); i++) {
		if (dyn.d_tag == DT_RPATH)
			rpath = elf_strptr(elf, sh->sh_link, dyn.d_un.d_val);
		if (dyn.d_tag == DT_RUNPATH)
			runpath = elf_strptr(elf, sh->sh_link, dyn.d_un.d_val);
	}
	/* The order of ld.so(8); its cache stands for the directories of ld.so.conf. */
	if (!runpath)
		search_add_path(&s, rpath, origin);
	search_add_path(&s, getenv("LD_LIBRARY_PATH"), origin);
	search_add_path(&s, runpath, origin);
	search_add_conf(&s, "/etc/ld.so.conf", 0);
	search_add_path(&s, "/lib64:/usr/lib64:/lib:/usr/lib:/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu",
			origin);

	for (i = 0; !ret && i < nr && gelf_getdyn(data, i, &dyn); i++) {
		const char *soname;

		if (dyn.d_tag != DT_NEEDED)
			continue;
		soname = elf_strptr(elf, sh->sh_link, dyn.d_un.d_val);
		if (!soname)
			ret = err_set(err, -ENOEXEC, "%s: a damaged ELF file", host_path);
		else
			ret = add_library(ird, soname, &s, host_path, depth, err);
	}
	search_free(&s);
	return ret;
}

/* Segments must lie in the file: half a program dies in the guest, where nobody sees why. */
static int add_segments(struct initramfs *ird, Elf *elf, const char *host_path, struct err *err)
{
	const char *raw, *interp = NULL;
	size_t nr, size, i;
	GElf_Phdr ph;

	raw = elf_rawfile(elf, &size);
	if (elf_getphdrnum(elf, &nr) || !raw)
		return err_set(err, -ENOEXEC, "%s: a damaged ELF file", host_path);
	for (i = 0; i < nr; i++) {
		if (!gelf_getphdr(elf, i, &ph))
			return err_set(err, -ENOEXEC, "%s: a damaged ELF file", host_path);
		if (ph.p_type != PT_LOAD && ph.p_type != PT_INTERP)
			continue;
		if (ph.p_offset > size || ph.p_filesz > size - ph.p_offset)
			return err_set(err, -ENOEXEC, "%s: a truncated ELF file (%zu bytes)",
				       host_path, size);
		if (ph.p_type != PT_INTERP)
			continue;
		interp = raw + ph.p_offset;
		if (!ph.p_filesz || *interp != '/' || interp[ph.p_filesz - 1])
			return err_set(err, -ENOEXEC, "%s: its interpreter is no path", host_path);
	}
	return interp ? initramfs_add_file(ird, interp, interp, err) : 0;
}

static int add_elf(struct initramfs *ird, const char *path, const char *host_path,
		   int depth, struct err *err)
{
	unsigned int before = ird->nr_names;
	Elf_Scn *scn = NULL;
	GElf_Ehdr eh;
	GElf_Shdr sh;
	Elf *elf;
	int fd, ret;

	if (depth > MAX_DEPTH)
		return err_set(err, -ELOOP, "%s: libraries nested too deeply", host_path);
	ret = initramfs_add_file(ird, path, host_path, err);
	if (ret || ird->nr_names == before)
		return ret;

	fd = open(host_path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, "%s: %s", host_path, strerror(errno));
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &eh)) {
		ret = err_set(err, -ENOEXEC,
			      "%s: not an ELF program (scripts cannot run in the guest)",
			      host_path);
		goto out;
	}
	if (eh.e_machine != EM_X86_64 || eh.e_ident[EI_CLASS] != ELFCLASS64) {
		ret = err_set(err, -ENOEXEC,
			      "%s: built for another machine: an x86-64 program is needed",
			      host_path);
		goto out;
	}
	ret = add_segments(ird, elf, host_path, err);
	while (!ret && (scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_DYNAMIC)
			ret = add_dynamic(ird, elf, scn, &sh, host_path, depth, err);
out:
	elf_end(elf);
	close(fd);
	return ret;
}

int initramfs_add_program(struct initramfs *ird, const char *path, const char *host_path,
			  struct err *err)
{
	elf_version(EV_CURRENT);
	return add_elf(ird, path, host_path, 0, err);
}
