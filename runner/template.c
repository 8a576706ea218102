// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "template.h"

int template_open(struct template *tmpl, struct err *err)
{
	int ret;

	tmpl->known = mmap(NULL, monitor_known_size(), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tmpl->known == MAP_FAILED)
		return err_set(err, -errno, "mmap: %s", strerror(errno));
	ret = vm_image_open(&tmpl->image, err);
	if (ret)
		munmap(tmpl->known, monitor_known_size());
	return ret;
}

void template_close(struct template *tmpl)
{
	vm_image_close(&tmpl->image);
	munmap(tmpl->known, monitor_known_size());
}
