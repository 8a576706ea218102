// SPDX-License-Identifier: GPL-2.0
/*
 * test_aside.c - what is closed aside is closed
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>
#include "../vmm/aside.h"
#include "kselftest_harness.h"

#define WAIT_MS	30000

/* The reader of a pipe hears of it when the last writer is closed. */
static bool hears_of_the_end(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, WAIT_MS) == 1 && pfd.revents == POLLHUP;
}

static int lowest_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

TEST(by_the_kernel)
{
	int before = lowest_fd(), fds[2];

	ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
	if (!close_aside(fds[1]))
		SKIP(return, "no io_uring here");
	EXPECT_TRUE(hears_of_the_end(fds[0]));
	close(fds[0]);
	EXPECT_EQ(lowest_fd(), before);
}

/* No descriptor is left for a ring. */
TEST(without_a_ring)
{
	struct rlimit old, now;
	int fds[2];

	ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
	ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
	now = old;
	now.rlim_cur = lowest_fd();
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &now), 0);
	EXPECT_FALSE(close_aside(fds[1]));
	setrlimit(RLIMIT_NOFILE, &old);
	EXPECT_TRUE(hears_of_the_end(fds[0]));
	close(fds[0]);
}

TEST_HARNESS_MAIN
