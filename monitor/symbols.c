// SPDX-License-Identifier: GPL-2.0
/*
 * symbols.c - where the kernel's own variables are, by name
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "symbols.h"

#define SYSTEM_MAP_MAX	(64 * MIB)
#define NAME_ALT	2

/* Names changed over time; the first that exists is taken. */
static const char *const sym_names[NR_SYMS][NAME_ALT] = {
	[SYM_TEXT]		= { "_text" },
	[SYM_BANNER]		= { "linux_banner" },
	[SYM_PHYS_BASE]		= { "phys_base" },
	[SYM_PGD]		= { "init_top_pgt" },
	[SYM_PER_CPU_OFFSET]	= { "__per_cpu_offset" },
	[SYM_RUNQUEUES]		= { "runqueues" },
	[SYM_JIFFIES]		= { "jiffies_64", "jiffies" },
	[SYM_SCX_ROOT]		= { "scx_root" },
	[SYM_SCX_EVENTS]	= { "event_stats_cpu" },
	[SYM_INIT_TASK]		= { "init_task" },
	[SYM_EXT_CLASS]		= { "ext_sched_class" },
};

const char *symbols_name(enum sym sym)
{
	return sym_names[sym][0];
}

size_t symbols_request(char *buf, size_t size)
{
	size_t len = 0;
	unsigned int i, j;

	for (i = 0; i < NR_SYMS; i++) {
		for (j = 0; j < NAME_ALT && sym_names[i][j]; j++) {
			size_t n = strlen(sym_names[i][j]) + 1;

			if (n > size - len)
				return 0;
			memcpy(buf + len, sym_names[i][j], n);
			len += n;
		}
	}
	return len;
}

/* Called for every symbol of a kernel: the first character rules most of them out. */
static unsigned int symbols_find(const char *name, size_t len)
{
	unsigned int i, j;

	for (i = 0; len && i < NR_SYMS; i++) {
		for (j = 0; j < NAME_ALT && sym_names[i][j]; j++) {
			const char *want = sym_names[i][j];

			if (want[0] == name[0] && strlen(want) == len && !memcmp(want, name, len))
				return i;
		}
	}
	return NR_SYMS;
}

bool symbols_wanted(const char *name, size_t len)
{
	return symbols_find(name, len) < NR_SYMS;
}

void symbols_add(struct symbols *sym, const char *name, size_t len, uint64_t addr)
{
	unsigned int i = symbols_find(name, len);

	if (i < NR_SYMS && !sym->addr[i])
		sym->addr[i] = addr;
}

static unsigned int symbols_count(const struct symbols *sym)
{
	unsigned int i, nr = 0;

	for (i = 0; i < NR_SYMS; i++)
		nr += !!sym->addr[i];
	return nr;
}

static void symbols_line(struct symbols *sym, const char *line, size_t len)
{
	uint64_t addr = 0;
	size_t pos, n;

	for (pos = 0; pos < len && hex_value(line[pos]) >= 0; pos++)
		addr = addr << 4 | (uint64_t)hex_value(line[pos]);
	if (pos < 1 || pos > 16 || pos >= len || line[pos] != ' ')
		return;
	pos++;
	if (len - pos > 2 && line[pos + 1] == ' ')
		pos += 2;
	for (n = 0; pos + n < len && line[pos + n] > ' '; n++)
		;
	/* A tab and more after the name: a module's symbol. */
	if (n && pos + n == len)
		symbols_add(sym, line + pos, n, addr);
}

unsigned int symbols_parse(struct symbols *sym, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *nl = memchr(text, '\n', end - text);
		const char *stop = nl ? nl : end;

		symbols_line(sym, text, stop - text);
		text = stop + 1;
	}
	return symbols_count(sym);
}

unsigned int symbols_hz(uint64_t initial_jiffies)
{
	/* INITIAL_JIFFIES: five minutes before 32 bits wrap. */
	uint64_t before = (1ULL << 32) - initial_jiffies;

	if (initial_jiffies >> 32 || before % 300 || before / 300 < 24 || before / 300 > 10000)
		return 0;
	return before / 300;
}

int notes_build_id(const void *notes, size_t len, struct build_id *id)
{
	const char *pos = notes;

	while (len >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr hdr;
		size_t name, desc;

		memcpy(&hdr, pos, sizeof(hdr));
		pos += sizeof(hdr);
		len -= sizeof(hdr);
		name = ALIGN_UP((size_t)hdr.n_namesz, 4);
		desc = ALIGN_UP((size_t)hdr.n_descsz, 4);
		if (name > len || desc > len - name)
			break;
		if (hdr.n_type == NT_GNU_BUILD_ID && hdr.n_namesz == sizeof(ELF_NOTE_GNU) &&
		    !memcmp(pos, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) &&
		    hdr.n_descsz && hdr.n_descsz <= BUILD_ID_MAX) {
			id->len = hdr.n_descsz;
			memcpy(id->bytes, pos + name, id->len);
			return 0;
		}
		pos += name + desc;
		len -= name + desc;
	}
	return -ENOENT;
}

bool build_id_differ(const struct build_id *a, const struct build_id *b)
{
	if (!a->len || !b->len)
		return false;
	return a->len != b->len || memcmp(a->bytes, b->bytes, a->len);
}

/* The bytes that the file holds for an address and how many there are; NULL if none. */
static const void *elf_bytes(Elf *elf, uint64_t addr, size_t *len)
{
	Elf_Scn *scn = NULL;

	while (addr && (scn = elf_nextscn(elf, scn))) {
		Elf_Data *data;
		GElf_Shdr sh;

		if (!gelf_getshdr(scn, &sh) || !(sh.sh_flags & SHF_ALLOC) ||
		    sh.sh_type == SHT_NOBITS)
			continue;
		if (addr < sh.sh_addr || addr - sh.sh_addr >= sh.sh_size)
			continue;
		data = elf_rawdata(scn, NULL);
		if (!data || !data->d_buf || addr - sh.sh_addr >= data->d_size)
			continue;
		*len = data->d_size - (addr - sh.sh_addr);
		return (const char *)data->d_buf + (addr - sh.sh_addr);
	}
	return NULL;
}

static bool elf_read_symtab(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, struct symbols *sym)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t i, nr;

	if (!data || !sh->sh_entsize)
		return false;
	nr = data->d_size / sh->sh_entsize;
	for (i = 0; i < nr && i <= INT32_MAX; i++) {
		const char *name;
		GElf_Sym es;

		if (!gelf_getsym(data, (int)i, &es) || es.st_shndx == SHN_UNDEF)
			continue;
		name = elf_strptr(elf, sh->sh_link, es.st_name);
		if (name && name[0])
			symbols_add(sym, name, strlen(name), es.st_value);
	}
	return true;
}

static void elf_read_notes(Elf_Scn *scn, const GElf_Shdr *sh, struct symbols *sym)
{
	Elf_Data *data = elf_rawdata(scn, NULL);

	if (!data || !data->d_buf || sym->build_id.len)
		return;
	if (notes_build_id(data->d_buf, data->d_size, &sym->build_id))
		return;
	sym->notes_addr = sh->sh_addr;
	sym->notes_len = data->d_size;
}

static int read_system_map(struct symbols *sym, const char *vmlinux)
{
	const char *slash = strrchr(vmlinux, '/');
	char *path, *text;
	size_t len;
	int ret;

	if (asprintf(&path, "%.*sSystem.map", slash ? (int)(slash + 1 - vmlinux) : 0, vmlinux) < 0)
		return -ENOMEM;
	ret = read_file_alloc(path, SYSTEM_MAP_MAX, &text, &len);
	free(path);
	if (ret < 0)
		return ret;
	symbols_parse(sym, text, len);
	free(text);
	return 0;
}

/* What the file says at the addresses of symbols. */
static void elf_read_values(Elf *elf, struct symbols *sym)
{
	uint64_t jiffies;
	const void *bytes;
	size_t len;

	bytes = elf_bytes(elf, sym->addr[SYM_JIFFIES], &len);
	if (bytes && len >= sizeof(jiffies)) {
		memcpy(&jiffies, bytes, sizeof(jiffies));
		sym->hz = symbols_hz(jiffies);
	}
	bytes = elf_bytes(elf, sym->addr[SYM_BANNER], &len);
	if (bytes) {
		len = strnlen(bytes, min(len, sizeof(sym->banner)));
		if (len < sizeof(sym->banner) && len > strlen(BANNER_PREFIX) &&
		    !memcmp(bytes, BANNER_PREFIX, strlen(BANNER_PREFIX))) {
			memcpy(sym->banner, bytes, len);
			sym->banner_len = len;
		}
	}
}

int symbols_read_vmlinux(struct symbols *sym, const char *path, struct err *err)
{
	Elf_Scn *scn = NULL;
	bool found = false;
	GElf_Ehdr eh;
	Elf *elf;
	int fd, ret;

	memset(sym, 0, sizeof(*sym));
	sym->linked = true;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &eh) ||
	    eh.e_machine != EM_X86_64 || eh.e_ident[EI_CLASS] != ELFCLASS64) {
		ret = err_set(err, -ENOEXEC, "%s: not an x86-64 ELF file", path);
		goto out;
	}
	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr sh;

		if (!gelf_getshdr(scn, &sh))
			continue;
		if (sh.sh_type == SHT_SYMTAB)
			found |= elf_read_symtab(elf, scn, &sh, sym);
		else if (sh.sh_type == SHT_NOTE && (sh.sh_flags & SHF_ALLOC))
			elf_read_notes(scn, &sh, sym);
	}
	if (!found)
		read_system_map(sym, path);
	if (!symbols_count(sym)) {
		ret = err_set(err, -ENODATA, "%s: no symbols, nor a System.map beside it",
			      path);
		goto out;
	}
	elf_read_values(elf, sym);
	ret = 0;
out:
	if (elf)
		elf_end(elf);
	close(fd);
	return ret;
}

static int elf_lookup(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, uint64_t addr, char *name,
		      size_t size, uint64_t *off)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t i, nr = data && sh->sh_entsize ? data->d_size / sh->sh_entsize : 0;
	const char *text;
	GElf_Sym es;

	for (i = 0; i < nr && i <= INT32_MAX; i++) {
		if (!gelf_getsym(data, (int)i, &es) || es.st_shndx == SHN_UNDEF ||
		    GELF_ST_TYPE(es.st_info) != STT_FUNC)
			continue;
		if (addr < es.st_value || addr - es.st_value >= es.st_size)
			continue;
		text = elf_strptr(elf, sh->sh_link, es.st_name);
		if (!text || !text[0])
			continue;
		snprintf(name, size, "%s", text);
		*off = addr - es.st_value;
		return 0;
	}
	return -ENOENT;
}

int symbols_lookup_vmlinux(const char *path, uint64_t addr, char *name, size_t size,
			   uint64_t *off)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = -ENOENT;
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	Elf *elf;

	if (fd < 0)
		return -errno;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	while (ret && elf && (scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_SYMTAB)
			ret = elf_lookup(elf, scn, &sh, addr, name, size, off);
	if (elf)
		elf_end(elf);
	close(fd);
	return ret;
}
