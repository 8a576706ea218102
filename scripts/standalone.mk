# SPDX-License-Identifier: GPL-2.0
#
# Outside of a kernel tree: KDIR=<tree>, else the tree that "make tree" put into the cache.
# Sets KSFT_LIBMK; empty when there is no tree.

KTSTR_CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ktstr

# A build directory knows its source by a link.
KTSTR_TREES := $(if $(KDIR),$(abspath $(KDIR)) $(abspath $(KDIR))/source,$(KTSTR_CACHE)/tree)
KSFT_LIBMK := $(firstword $(wildcard $(addsuffix /tools/testing/selftests/lib.mk,$(KTSTR_TREES))))

# runner.sh of a foreign tree does not find our settings, and would give a program 45 s.
ifeq ($(kselftest_override_timeout),)
export kselftest_override_timeout := $(shell sed -n s/^timeout=//p settings)
endif

.DEFAULT_GOAL := all

ifeq ($(KSFT_LIBMK),)
all tests tests-san install run_tests:
	@echo "ktstr: no kernel tree in $(or $(KDIR),$(KTSTR_CACHE)/tree): 'make tree' fetches one, KDIR=<tree> names one" >&2
	@exit 1

clean:
	rm -rf $(addprefix $(OUTPUT)/,$(TEST_GEN_PROGS) $(TEST_GEN_PROGS_EXTENDED)) $(EXTRA_CLEAN)
endif

help:
	@echo "make         build; make KDIR=<tree> against that kernel tree"
	@echo "make demo    fetch what is needed, build, run a tour of scenarios"
	@echo "make check   fetch what is needed, build, test the framework on two kernels"
	@echo "make bench   measure boot, instance and monitor costs"
	@echo "make deps    install packages (root)"
	@echo "make tree    fetch a kernel tree into the cache"
	@echo "make kernel  fetch a kernel image into the cache (SERIES=6.18, default the newest)"

deps:
	@scripts/install-deps.sh

tree:
	@scripts/fetch-tree.sh

kernel:
	@scripts/fetch-kernel.sh $(SERIES)

demo check bench:
	+@MAKE="$(MAKE)" scripts/$@.sh

.PHONY: all tests tests-san install run_tests clean help deps tree kernel demo check bench
