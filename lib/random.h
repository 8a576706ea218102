/* SPDX-License-Identifier: GPL-2.0 */
/*
 * random.h - numbers that follow from a seed
 */
#ifndef KTSTR_LIB_RANDOM_H
#define KTSTR_LIB_RANDOM_H

#include <stdint.h>

/*
 * splitmix64 - the next number, of 64 good bits; *@state may begin as anything (Steele, Lea, Flood:
 * "Fast Splittable Pseudorandom Number Generators", 2014).
 */
static inline uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

#endif /* KTSTR_LIB_RANDOM_H */
