// SPDX-License-Identifier: GPL-2.0
/*
 * A limit on how long a worker may wait is only one if the worker lives for longer: no scenario
 * has another. All scenarios are linked in.
 */
#include <stdio.h>
#include <string.h>
#include "declare.h"
#include "kselftest_harness.h"

#define MAX_ALIVE	256
#define MAX_MADE	32

struct alive {
	const char *cgroup;	/* NULL: outside of any */
	const struct work *work;
	double from_ms;
	bool passing;		/* one of those that a loop starts */
};

/* A test that is played on paper, with a clock. */
struct play {
	const struct ktstr_test *test;
	double now_ms;
	struct alive alive[MAX_ALIVE];
	unsigned int nr_alive;
	const char *made[MAX_MADE];	/* by the step at hand, with which they go */
	unsigned int nr_made;
	bool looping;
	char *wrong;			/* the first thing that is, or "" */
	size_t size;
};

/*
 * Some come and go all the time, and are there for what that does to others: what a loop starts
 * or ends may have lived for less.
 */
static void dies(struct play *p, const struct alive *a)
{
	unsigned int limit = a->work->max_gap_ms ? a->work->max_gap_ms : p->test->expect.max_gap_ms;
	/* Rounded: three thirds are the whole. */
	unsigned int ms = p->now_ms - a->from_ms + .5;

	limit = limit ? limit : EXPECT_GAP_MS;
	if (limit == EXPECT_GAP_OFF || limit < ms || a->passing || p->looping || *p->wrong)
		return;
	snprintf(p->wrong, p->size, "%s: workers in %s live %u ms, limit of a gap %u ms",
		 p->test->name, a->cgroup ? a->cgroup : "no cgroup", ms, limit);
}

static bool is_below(const char *name, const char *top)
{
	size_t len = strlen(top);

	return !strncmp(name, top, len) && (!name[len] || name[len] == '/');
}

/* All in or below @top; NULL: all. */
static void end_workers(struct play *p, const char *top)
{
	unsigned int i, nr = 0;

	for (i = 0; i < p->nr_alive; i++) {
		if (!top || (p->alive[i].cgroup && is_below(p->alive[i].cgroup, top)))
			dies(p, &p->alive[i]);
		else
			p->alive[nr++] = p->alive[i];
	}
	p->nr_alive = nr;
}

static void start(struct play *p, const char *cgroup, const struct work *work)
{
	if (p->nr_alive == MAX_ALIVE)
		snprintf(p->wrong, p->size, "%s: too many workers", p->test->name);
	else
		p->alive[p->nr_alive++] = (struct alive){ cgroup, work, p->now_ms, p->looping };
}

static void made(struct play *p, const char *cgroup, bool keep)
{
	if (keep)
		return;
	if (p->nr_made == MAX_MADE)
		snprintf(p->wrong, p->size, "%s: too many cgroups", p->test->name);
	else
		p->made[p->nr_made++] = cgroup;
}

static void start_def(struct play *p, const struct cgroup_def *def, bool keep)
{
	unsigned int i;

	for (i = 0; i < WORK_LIST_MAX && def->work[i].type != WORK_NONE; i++)
		start(p, def->name, &def->work[i]);
	made(p, def->name, keep);
}

static void play_op(struct play *p, const struct op *op, bool keep)
{
	unsigned int i;

	switch (op->kind) {
	case OP_ADD_CGROUP:
		made(p, op->name, keep);
		break;
	case OP_ADD_CGROUP_DEF:
		start_def(p, op->def, keep);
		break;
	case OP_SPAWN:
	case OP_SPAWN_ROOT:
		start(p, op->name, &op->work);
		break;
	case OP_STOP_CGROUP:
	case OP_REMOVE_CGROUP:
		end_workers(p, op->name);
		break;
	case OP_MOVE_TASKS:
		for (i = 0; i < p->nr_alive; i++) {
			if (p->alive[i].cgroup && !strcmp(p->alive[i].cgroup, op->name))
				p->alive[i].cgroup = op->other;
		}
		break;
	case OP_WAIT_PAYLOAD:
		p->now_ms += op->ms;
		break;
	default:
		break;
	}
}

static void play_ops(struct play *p, const struct step *step)
{
	const struct op *op;

	for (op = step->ops; op && op->kind != OP_NONE; op++)
		play_op(p, op, step->keep);
}

static void play_loop(struct play *p, const struct step *step, double duration)
{
	p->looping = true;
	while (p->now_ms + step->hold.ms < duration) {
		p->now_ms += step->hold.ms;
		play_ops(p, step);
	}
	p->looping = false;
	if (p->now_ms < duration)
		p->now_ms = duration;
}

static void hold(struct play *p, const struct step *step, double duration)
{
	if (step->hold.kind == HOLD_KIND_FRAC)
		p->now_ms += step->hold.frac * duration;
	if (step->hold.kind == HOLD_KIND_FIXED)
		p->now_ms += step->hold.ms;
	if (step == p->test->steps)
		p->now_ms += p->test->settle_ms;
	if (step->hold.kind == HOLD_KIND_LOOP)
		play_loop(p, step, duration);
}

static void play(struct play *p)
{
	double duration = p->test->duration_ms ? p->test->duration_ms : KTSTR_DURATION_MS;
	const struct cgroup_def *def;
	const struct step *step;

	for (def = p->test->backdrop; def && def->name; def++)
		start_def(p, def, true);
	for (step = p->test->steps; step->hold.kind != HOLD_KIND_NONE; step++) {
		/* A loop begins with what it does over and over. */
		p->looping = step->hold.kind == HOLD_KIND_LOOP;
		play_ops(p, step);
		p->looping = false;
		for (def = step->cgroups; def && def->name; def++)
			start_def(p, def, step->keep);
		hold(p, step, duration);
		while (p->nr_made)
			end_workers(p, p->made[--p->nr_made]);
	}
	end_workers(p, NULL);
}

/* Which limit of @test nobody can exceed, as a text; "" if there is none. */
static const char *futile(const struct ktstr_test *test, char *buf, size_t size)
{
	struct play p = { .test = test, .wrong = buf, .size = size };

	buf[0] = '\0';
	if (test->steps && !test->expect.no_starvation_check &&
	    test->expect.max_gap_ms != EXPECT_GAP_OFF && test->expect_fail.cause == CAUSE_NONE)
		play(&p);
	return buf;
}

/* --- this itself ---------------------------------------------------------- */

#define ASSERT_FUTILE(_text, ...) do {					\
	struct ktstr_test _t = TEST_OF(__VA_ARGS__);			\
	char _buf[256];							\
	ASSERT_STREQ(_text, futile(&_t, _buf, sizeof(_buf)));		\
} while (0)

#define ONE(...)	{ "cg", CPUSET_NONE, WORKERS(CPU_SPIN, 1, ##__VA_ARGS__) }
#define FULL(...)	.steps = STEPS({ .cgroups = CGROUPS(ONE(__VA_ARGS__)), .hold = HOLD_FULL })

TEST(limits)
{
	ASSERT_FUTILE("t: workers in cg live 2000 ms, limit of a gap 2000 ms", FULL());
	ASSERT_FUTILE("", FULL(), .duration_ms = 2001);
	ASSERT_FUTILE("", FULL(), .settle_ms = 1);
	ASSERT_FUTILE("", FULL(), .expect.max_gap_ms = 1999);
	ASSERT_FUTILE("", FULL(), .expect.max_gap_ms = EXPECT_GAP_OFF);
	ASSERT_FUTILE("", FULL(), .expect.no_starvation_check = true);
	ASSERT_FUTILE("", FULL(), .expect_fail.cause = CAUSE_STUCK);
	ASSERT_FUTILE("", .steps = STEPS({ .hold = HOLD_FULL }));

	ASSERT_FUTILE("t: workers in cg live 2000 ms, limit of a gap 2500 ms",
		      FULL(.max_gap_ms = 2500), .expect.max_gap_ms = 1000);
	ASSERT_FUTILE("", FULL(.max_gap_ms = 1999));
	ASSERT_FUTILE("", FULL(.max_gap_ms = EXPECT_GAP_OFF));
	ASSERT_FUTILE("", FULL(.max_gap_ms = 2500), .expect.max_gap_ms = EXPECT_GAP_OFF);
}

#define HALVES(_first, ...)							\
	.steps = STEPS({ .cgroups = CGROUPS(ONE()), .hold = HOLD_FRAC(.5), _first }, \
		       { .ops = OPS(__VA_ARGS__), .hold = HOLD_FRAC(.5) }),	\
	.expect.max_gap_ms = 1000

TEST(steps)
{
	static const char half[] = "t: workers in cg live 1000 ms, limit of a gap 1000 ms";

	ASSERT_FUTILE(half, HALVES(.keep = false, ADD_CGROUP("cg_2")));
	ASSERT_FUTILE("", HALVES(.keep = true, ADD_CGROUP("cg_2")));
	ASSERT_FUTILE(half, HALVES(.keep = true, STOP_CGROUP("cg")));
	ASSERT_FUTILE(half, HALVES(.keep = true, REMOVE_CGROUP("cg")));
	ASSERT_FUTILE("t: workers in no cgroup live 1000 ms, limit of a gap 1000 ms",
		      HALVES(.keep = true, SPAWN_ROOT(CPU_SPIN, 1)));
	ASSERT_FUTILE(half, HALVES(.keep = true, STOP_CGROUP("cg"), ADD_CGROUP_DEF(ONE())));
	ASSERT_FUTILE("", HALVES(.keep = true, ADD_CGROUP("cg_2"), MOVE_TASKS("cg", "cg_2"),
				 STOP_CGROUP("cg")));
	/* A payload may end at once, or as late as it may. */
	ASSERT_FUTILE("", HALVES(.keep = true, SPAWN_ROOT(CPU_SPIN, 1), WAIT_PAYLOAD(NULL, 1)));
}

TEST(loops)
{
	ASSERT_FUTILE("", .backdrop = CGROUPS(ONE()),
		      .steps = STEPS({ .ops = OPS(REMOVE_CGROUP("x"), SPAWN("x", CPU_SPIN, 1)),
				       .hold = HOLD_LOOP(500) }),
		      .expect.max_gap_ms = 500);
	ASSERT_FUTILE("t: workers in cg live 2000 ms, limit of a gap 2000 ms",
		      .backdrop = CGROUPS(ONE()),
		      .steps = STEPS({ .ops = OPS(SPAWN("x", CPU_SPIN, 1), STOP_CGROUP("x")),
				       .hold = HOLD_LOOP(300) }));
}

/* --- the scenarios -------------------------------------------------------- */

TEST(scenarios)
{
	const struct ktstr_test *const *pos;
	unsigned int nr = 0;
	char buf[256];

	for_each_test(pos) {
		nr++;
		EXPECT_STREQ("", futile(*pos, buf, sizeof(buf)));
	}
	EXPECT_LT(100, nr);
}

TEST_HARNESS_MAIN
