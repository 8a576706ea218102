// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "../monitor/monitor.h"
#include "handoff.h"

#define BULK_ALIGN	8

void handoff_symreq(struct vm *vm)
{
	struct bulk_header *bulk = shm_bulk(&vm->shm);
	size_t off = ALIGN_UP(sizeof(*bulk), BULK_ALIGN);

	bulk->entry[BULK_SYMREQ].off = off;
	bulk->entry[BULK_SYMREQ].len = monitor_symreq((char *)bulk + off, SHM_BULK_SIZE - off);
	bulk->magic = BULK_MAGIC;
}

void handoff_job(struct vm *vm, const struct job *job)
{
	struct job *dst = shm_job(&vm->shm);

	/* The magic, which comes last, tells PID 1 that the rest is there. */
	memcpy((char *)dst + sizeof(dst->magic), (const char *)job + sizeof(job->magic),
	       sizeof(*job) - sizeof(job->magic));
	atomic_store_explicit(&dst->magic, JOB_MAGIC, memory_order_release);
}

void handoff_later(struct vm *vm)
{
	atomic_fetch_or(&shm_header(&vm->shm)->request, SHM_REQ_WAIT);
}
