// SPDX-License-Identifier: GPL-2.0
/*
 * trace_pc.c - for sanitized unit tests, which share their objects with the
 * fuzz targets: the coverage hook that fuzz_main.c has does nothing here.
 */
void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void)
{
}
