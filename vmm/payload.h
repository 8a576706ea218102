/* SPDX-License-Identifier: GPL-2.0 */
/*
 * payload.h - the kernel proper, out of a bzImage
 *
 * What a guest would do with its decompressor, done before it starts: emulated, that takes a
 * quarter of the time of a boot.
 */
#ifndef KTSTR_VMM_PAYLOAD_H
#define KTSTR_VMM_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

struct setup_header;

/*
 * payload_unpack - decompress the payload of a bzImage of @len bytes, whose protected-mode part
 * starts at @setup. *@out is malloc()ed, the caller's to free: an ELF file, and perhaps relocations
 * behind it. -EOPNOTSUPP if this program does not know the compression, -EBADMSG if it is damaged,
 * -E2BIG if it holds more than the header's init_size. Source: boot.rst, "payload_offset".
 */
int payload_unpack(const void *file, size_t len, uint64_t setup, const struct setup_header *hdr,
		   void **out, size_t *out_len);

/*
 * payload_relocate - move all addresses of an unpacked kernel @delta bytes up, as
 * arch/x86/boot/compressed/misc.c does. @ram has @ram_size bytes, with the kernel's segments where
 * they are linked to. -ENOENT if there are no relocations, -EBADMSG if they make no sense, and then
 * some have been applied.
 */
int payload_relocate(const void *elf, size_t len, uint8_t *ram, uint64_t ram_size, uint64_t delta);

/* payload_slots - how many multiples of @align such a kernel may be moved up by, 0 included. */
uint64_t payload_slots(uint64_t load_address, uint64_t size, uint64_t align);

#endif /* KTSTR_VMM_PAYLOAD_H */
