// SPDX-License-Identifier: GPL-2.0
/*
 * rq.c - reads the run queues: one function a CPU
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rq.h"

#define PATH_ALT	2

/* Paths in struct rq, tried in order, and the sizes that we can read. */
static const struct {
	const char *name;
	const char *path[PATH_ALT];
	uint32_t size, size_alt;
} readings[NR_READINGS] = {
	[RD_CPU]		= { "cpu",		{ "cpu" }, 4, 4 },
	[RD_NR_RUNNING]		= { "nr_running",	{ "nr_running" }, 4, 8 },
	[RD_CLOCK]		= { "clock",		{ "clock" }, 8, 8 },
	[RD_CURR]		= { "curr",		{ "curr" }, 8, 8 },
	[RD_IDLE]		= { "idle",		{ "idle" }, 8, 8 },
	[RD_SCX_NR_RUNNING]	= { "scx.nr_running",	{ "scx.nr_running" }, 4, 4 },
	[RD_SCX_FLAGS]		= { "scx.flags",	{ "scx.flags" }, 4, 4 },
	[RD_DSQ_NR]		= { "scx.local_dsq.nr",	{ "scx.local_dsq.nr" }, 4, 4 },
	[RD_ONLINE]		= { "online",		{ "online" }, 4, 4 },
};

int rq_layout(const struct btf *btf, struct rq_layout *layout, char *off, size_t off_size,
	      struct err *err)
{
	static const char *const must[] = { "cpu", NULL };
	size_t len = 0;
	unsigned int i, j;
	int id;

	memset(layout, 0, sizeof(*layout));
	off[0] = '\0';
	id = layout_struct(btf, "rq", must);
	if (id < 0)
		return err_set(err, -ENODATA, "BTF has no struct rq with a member cpu");

	for (i = 0; i < NR_READINGS; i++) {
		struct field *f = &layout->field[i];

		for (j = 0; j < PATH_ALT && readings[i].path[j] && !layout->have[i]; j++) {
			if (layout_field(btf, id, readings[i].path[j], f))
				continue;
			layout->have[i] = f->size == readings[i].size ||
					  f->size == readings[i].size_alt;
		}
		if (!layout->have[i] && len < off_size)
			len += snprintf(off + len, off_size - len, "%srq.%s", len ? ", " : "",
					readings[i].name);
	}
	if (!layout->have[RD_CPU])
		return err_set(err, -ENODATA, "rq.cpu is no 32-bit number in this kernel");
	return 0;
}

static int rq_resolve(struct rq_reader *r, const struct kernel *k, unsigned int cpu)
{
	uint64_t va;
	uint32_t id;
	unsigned int i;
	int ret;

	ret = kernel_percpu(k, SYM_RUNQUEUES, cpu, &va);
	for (i = 0; !ret && i < NR_READINGS; i++) {
		if (r->layout.have[i])
			ret = kernel_translate(k, va + r->layout.field[i].off, &r->gpa[cpu][i]);
	}
	if (!ret)
		ret = gmem_read_u32(r->gm, r->gpa[cpu][RD_CPU], &id);
	if (!ret && id != cpu)
		ret = -EBADMSG;
	return ret;
}

int rq_open(struct rq_reader *r, const struct kernel *k, const struct rq_layout *layout,
	    unsigned int nr_cpus, struct err *err)
{
	unsigned int cpu;
	int ret;

	memset(r, 0, sizeof(*r));
	r->gm = k->gm;
	r->layout = *layout;
	r->nr_cpus = nr_cpus;
	r->gpa = calloc(nr_cpus, sizeof(*r->gpa));
	if (!r->gpa)
		return err_set(err, -ENOMEM, "no memory for %u CPUs", nr_cpus);

	for (cpu = 0; cpu < nr_cpus; cpu++) {
		ret = rq_resolve(r, k, cpu);
		if (!ret)
			continue;
		rq_close(r);
		if (ret == -EBADMSG)
			return err_set(err, -EAGAIN, "rq.cpu of CPU %u is another number", cpu);
		return err_set(err, -EAGAIN, "run queue of CPU %u: %s", cpu, strerror(-ret));
	}
	return 0;
}

void rq_close(struct rq_reader *r)
{
	free(r->gpa);
	r->gpa = NULL;
	r->nr_cpus = 0;
}

static int read_one(const struct rq_reader *r, unsigned int cpu, enum reading rd, uint64_t *val)
{
	uint32_t val32;
	int ret;

	*val = 0;
	if (!r->layout.have[rd])
		return 0;
	if (r->layout.field[rd].size == 8)
		return gmem_read_u64(r->gm, r->gpa[cpu][rd], val);
	ret = gmem_read_u32(r->gm, r->gpa[cpu][rd], &val32);
	if (!ret)
		*val = val32;
	return ret;
}

int rq_read(const struct rq_reader *r, unsigned int cpu, struct cpu_sample *s)
{
	uint64_t val[NR_READINGS];
	unsigned int i;
	int ret;

	if (cpu >= r->nr_cpus)
		return -EINVAL;
	for (i = 0; i < NR_READINGS; i++) {
		ret = read_one(r, cpu, i, &val[i]);
		if (ret)
			return ret;
	}
	if (val[RD_CPU] != cpu)
		return -EBADMSG;
	s->offline = r->layout.have[RD_ONLINE] && !val[RD_ONLINE];
	s->nr_running = val[RD_NR_RUNNING];
	s->clock = val[RD_CLOCK];
	s->scx_nr_running = (uint32_t)val[RD_SCX_NR_RUNNING];
	s->scx_flags = (uint32_t)val[RD_SCX_FLAGS];
	s->dsq_nr = (uint32_t)val[RD_DSQ_NR];
	s->idle = r->layout.have[RD_CURR] && r->layout.have[RD_IDLE] &&
		  val[RD_CURR] == val[RD_IDLE];
	return 0;
}
