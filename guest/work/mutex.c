// SPDX-License-Identifier: GPL-2.0
/*
 * Work under locks that a group contends for.
 *
 * The word is not 0 while somebody has the lock. Who finds it taken sets its bit and
 * waits for it; who gives the lock back wakes one, the next in the round, so that
 * it is known who has been woken and when. Anybody may take it until that one runs, unless
 * it is passed on: then it is never free, and the word is another one.
 */
#include <errno.h>
#include "work.h"

static void take(struct work_self *self)
{
	/* A lock that two have is none: then nothing that was measured is what it says. */
	if (atomic_exchange(&self->seat.shared->owner, self->seat.side + 1))
		work_fail(self, WORKER_SETUP_LOCK, EBUSY);
}

static bool try_lock(struct work_self *self)
{
	uint32_t free = 0;

	if (!atomic_compare_exchange_strong(&self->seat.shared->word, &free, 1))
		return false;
	take(self);
	return true;
}

bool work_lock(struct work_self *self)
{
	struct work_shared *shared = self->seat.shared;
	uint32_t bit = 1U << self->seat.side, seen;
	bool got;

	if (try_lock(self))
		return true;
	atomic_fetch_or(&shared->waiting, bit);
	for (;;) {
		work_expect_wake(self);
		seen = atomic_load(&shared->word);
		got = try_lock(self) || atomic_load(&shared->owner) == self->seat.side + 1;
		if (got || work_stopped(self))
			break;
		work_block(self);
		work_futex_wait(self, seen, bit);
		work_after_wake(self);
	}
	atomic_fetch_and(&shared->waiting, ~bit);
	return got;
}

/* The next side that waits, from our own on. */
static unsigned int next_waiting(struct work_self *self)
{
	uint32_t waiting = atomic_load(&self->seat.shared->waiting);
	unsigned int i, side;

	for (i = 1; i < self->seat.size; i++) {
		side = (self->seat.side + i) % self->seat.size;
		if (waiting & 1U << side)
			return side;
	}
	return self->seat.side;
}

void work_unlock(struct work_self *self, bool pass_on)
{
	struct work_shared *shared = self->seat.shared;
	unsigned int side = pass_on ? next_waiting(self) : self->seat.side;
	bool passed = side != self->seat.side;

	if (atomic_exchange(&shared->owner, passed ? side + 1 : 0) != self->seat.side + 1)
		work_fail(self, WORKER_SETUP_LOCK, EPERM);
	if (passed) {
		/* Who has looked before, and not yet gone to sleep, must not. */
		atomic_fetch_add(&shared->word, 1);
	} else {
		atomic_store(&shared->word, 0);
		/* Also one that came too late to have it passed on. */
		side = next_waiting(self);
		if (side == self->seat.side)
			return;
	}
	work_note_wake(self, side);
	work_futex_wake(self, 1, 1U << side);
}

void work_run_mutex_contention(struct work_self *self)
{
	while (!work_stopped(self)) {
		work_unit(self);
		if (!work_lock(self))
			return;
		work_spin(self, self->work.hold);
		work_unlock(self, false);
		self->page->rep.iterations++;
	}
}

/*
 * Who has the lock keeps it while it waits for its disk: the others queue up behind it, and
 * each hand-over costs a wake-up. They have it by turns: by whom else it could be taken would
 * be a matter of chance. Only what is done with it counts, so that one who waits in vain is
 * starved.
 */
void work_run_io_convoy(struct work_self *self)
{
	int fd = work_io_open(self);

	while (!work_stopped(self)) {
		work_spin(self, self->work.spin);
		if (!work_lock(self))
			return;
		work_io(self, fd);
		work_sleep_until(self, self->base_ns + self->work.sleep_us * NSEC_PER_USEC);
		work_unlock(self, true);
		self->page->rep.iterations++;
	}
}
