/* SPDX-License-Identifier: GPL-2.0 */
/*
 * util.h - the little that everything shares
 */
#ifndef KTSTR_LIB_UTIL_H
#define KTSTR_LIB_UTIL_H

#include <stddef.h>
#include <stdint.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(arr) (sizeof(arr) / sizeof((arr)[0]))
#endif

#ifndef min
#define min(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a < _b ? _a : _b; })
#define max(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a > _b ? _a : _b; })
#endif
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))

#define BIT(nr)			(1U << (nr))
#define BIT_ULL(nr)		(1ULL << (nr))

/* @a must be a power of two. */
#define ALIGN_UP(x, a)		(((x) + (__typeof__(x))(a) - 1) & ~((__typeof__(x))(a) - 1))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))

/* Spelled as in kselftest.h, which defines it too: only so may both be included. */
#define __printf(a, b)   __attribute__((format(printf, a, b)))
#define __packed		__attribute__((packed))
#define __maybe_unused __attribute__((__unused__))
#define __noreturn		__attribute__((__noreturn__))
#define __weak			__attribute__((weak))
#define __used			__attribute__((used))
#define __section(name)		__attribute__((section(name)))
#define __aligned(x)		__attribute__((aligned(x)))

#define KIB			1024UL
#define MIB			(1024UL * KIB)
#define GIB			(1024UL * MIB)

#define NSEC_PER_USEC		1000ULL
#define NSEC_PER_MSEC		1000000ULL
#define NSEC_PER_SEC		1000000000ULL
#define MSEC_PER_SEC		1000ULL

/* Of a lower-case hex digit, or -1. */
static inline int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

#endif /* KTSTR_LIB_UTIL_H */
