// SPDX-License-Identifier: GPL-2.0
/*
 * unsupported.c - the only program on an architecture that ktstr does not know yet
 *
 * A collection without a program is reported as failed, one that says why it skips is not.
 */
#include "kselftest.h"

int main(void)
{
	ksft_print_header();
	ksft_exit_skip("ktstr does not support this architecture yet\n");
}
