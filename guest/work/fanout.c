// SPDX-License-Identifier: GPL-2.0
/*
 * Work in groups that wake each other by futex: in a ring, or one all the others.
 *
 * Whoever wakes somebody leaves the time for it, unless one is there already: the
 * first that a sleeper was woken at is the one that counts, however late it runs.
 */
#include <limits.h>
#include "work.h"

#define MULTIPLY_SLICE	1024	/* between two checkpoints */
#define CALLER_SPIN	256	/* what one that wakes others does beside its own unit */

void work_expect_wake(struct work_self *self)
{
	atomic_store(&self->seat.shared->wake_ns[self->seat.side], 0);
}

void work_note_wake(struct work_self *self, unsigned int side)
{
	uint64_t none = 0;

	atomic_compare_exchange_strong(&self->seat.shared->wake_ns[side], &none, now_ns());
}

void work_after_wake(struct work_self *self)
{
	uint64_t stamp = atomic_load(&self->seat.shared->wake_ns[self->seat.side]);

	/* There is none if the call came between our two looks. */
	if (stamp)
		work_woken(self, stamp);
	else
		work_unblock(self);
}

void work_run_wake_chain(struct work_self *self)
{
	unsigned int side = self->seat.side, next = (side + 1) % self->seat.size;
	struct work_shared *shared = self->seat.shared;
	uint32_t turn;

	while (!work_stopped(self)) {
		work_expect_wake(self);
		turn = atomic_load(&shared->word);
		if (turn != side) {
			work_block(self);
			do {
				work_futex_wait(self, turn, 1U << side);
				if (work_stopped(self))
					return;
				turn = atomic_load(&shared->word);
			} while (turn != side);
			work_after_wake(self);
		}
		work_unit(self);
		work_note_wake(self, next);
		atomic_store(&shared->word, next);
		work_futex_wake(self, 1, 1U << next);
		self->page->rep.iterations++;
	}
}

static void call_all(struct work_self *self)
{
	unsigned int side;

	for (side = 1; side < self->seat.size; side++)
		work_note_wake(self, side);
	atomic_fetch_add(&self->seat.shared->word, 1);
	work_futex_wake(self, INT_MAX, WORK_ALL_BITS);
	self->page->rep.iterations++;
}

/* Wait for a round after *@seen. False: told to stop. */
static bool await_call(struct work_self *self, uint32_t *seen)
{
	struct work_shared *shared = self->seat.shared;
	uint32_t round;

	work_expect_wake(self);
	round = atomic_load(&shared->word);
	if (round == *seen) {
		work_block(self);
		do {
			work_futex_wait(self, *seen, WORK_ALL_BITS);
			if (work_stopped(self))
				return false;
			round = atomic_load(&shared->word);
		} while (round == *seen);
		work_after_wake(self);
	}
	*seen = round;
	self->page->rep.iterations++;
	return true;
}

void work_run_futex_fan_out(struct work_self *self)
{
	uint32_t seen = atomic_load(&self->seat.shared->word);

	while (!work_stopped(self)) {
		if (self->seat.side && !await_call(self, &seen))
			return;
		work_unit(self);
		if (!self->seat.side) {
			work_spin(self, CALLER_SPIN);
			call_all(self);
		}
	}
}

void work_run_thundering_herd(struct work_self *self)
{
	uint32_t seen = atomic_load(&self->seat.shared->word);
	uint64_t pause = self->work.sleep_us * NSEC_PER_USEC;

	while (!work_stopped(self)) {
		if (self->seat.side) {
			if (!await_call(self, &seen))
				return;
		} else if (work_sleep_until(self, self->base_ns + pause)) {
			call_all(self);
		}
		work_unit(self);
	}
}

struct matrix {
	unsigned long *a, *b, *product;
	unsigned int n;
};

/* Three square ones in .size_kb. Of integers, which no emulator is slow at. */
static void matrix_init(struct work_self *self, struct matrix *m)
{
	size_t room = self->work.size_kb * KIB / (3 * sizeof(*m->a));
	size_t i, nr;

	for (m->n = 1; (size_t)(m->n + 1) * (m->n + 1) <= room; m->n++)
		;
	nr = (size_t)m->n * m->n;
	m->a = work_alloc(self, 3 * nr * sizeof(*m->a));
	m->b = m->a + nr;
	m->product = m->b + nr;
	for (i = 0; i < 2 * nr; i++)
		m->a[i] = work_random(self, 1 << 16);
}

static void multiply(struct work_self *self, struct matrix *m)
{
	unsigned int i, j, k, since = 0;
	unsigned long sum;

	for (i = 0; i < m->n * m->n && !work_stopped(self); i++) {
		sum = 0;
		for (j = i % m->n, k = 0; k < m->n; k++)
			sum += m->a[i - j + k] * m->b[k * m->n + j];
		WRITE_ONCE(m->product[i], sum);
		since += m->n;
		if (since >= MULTIPLY_SLICE) {
			since = 0;
			work_checkpoint(self);
		}
	}
	work_checkpoint(self);
	self->page->rep.units++;
}

void work_run_fan_out_compute(struct work_self *self)
{
	uint32_t seen = atomic_load(&self->seat.shared->word);
	struct matrix m;
	unsigned int i;

	if (!self->seat.side) {
		work_run_futex_fan_out(self);
		return;
	}
	matrix_init(self, &m);
	while (await_call(self, &seen)) {
		work_sleep_until(self, self->base_ns + self->work.sleep_us * NSEC_PER_USEC);
		for (i = 0; i < self->work.ops && !work_stopped(self); i++)
			multiply(self, &m);
	}
}
