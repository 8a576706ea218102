# SPDX-License-Identifier: GPL-2.0
#
# Lives at tools/testing/selftests/ktstr. Outside of a tree the rules are the
# same ones, read from a tree that scripts/standalone.mk finds.

ifneq ($(wildcard ../lib.mk),)
KSFT_LIBMK := ../lib.mk
else
include scripts/standalone.mk
endif

# lib.mk leaves OUTPUT empty below another make.
OUTPUT ?= $(CURDIR)
override OUTPUT := $(abspath $(OUTPUT))
B := $(OUTPUT)/build

# The architecture that programs are for, as far as we can tell without a compiler.
ifneq ($(ARCH),)
KTSTR_ARCH := $(filter x86 x86_64,$(ARCH))
else ifneq ($(CROSS_COMPILE),)
KTSTR_ARCH := $(filter x86_64-%,$(notdir $(CROSS_COMPILE)))
else
KTSTR_ARCH := $(filter x86_64,$(shell uname -m))
endif

GROUPS := $(patsubst scenarios/%.c,%,$(filter-out %.bpf.c,$(sort $(wildcard scenarios/*.c))))

ifneq ($(KTSTR_ARCH),)
TEST_GEN_PROGS := $(GROUPS:%=ktstr_%)
TEST_GEN_PROGS_EXTENDED := ktstr
else
TEST_GEN_PROGS := ktstr_unsupported
endif

# All that is generated besides the programs lies in one directory: OUTPUT may be where the sources are.
EXTRA_CLEAN := $B

OVERRIDE_TARGETS := 1

# Without a tree there is nothing to build with; scripts/standalone.mk says so then.
ifneq ($(KSFT_LIBMK),)
include $(KSFT_LIBMK)

TREE := $(abspath $(dir $(KSFT_LIBMK))../../..)
BPFDIR := $(TREE)/tools/lib/bpf
BPFTOOLDIR := $(TREE)/tools/bpf/bpftool

LIB_SRCS := $(sort $(wildcard lib/*.c vmm/*.c vmm/*.S monitor/*.c guest/*.c guest/work/*.c runner/*.c))
BPF_SRCS := $(sort $(wildcard scenarios/*.bpf.c))
TEST_SRCS := $(sort $(wildcard tests/test_*.c))
FUZZ_SRCS := $(filter-out tests/fuzz_main.c,$(sort $(wildcard tests/fuzz_*.c)))

BPFOBJ := $B/libbpf/libbpf.a
SKELS := $(BPF_SRCS:scenarios/%.bpf.c=$B/bpf/%.skel.h)

# "make kselftest" passes -rR, which takes make's own AR away.
ifneq ($(filter undefined default,$(origin AR)),)
AR := $(if $(LLVM),$(LLVM_PREFIX)llvm-ar$(LLVM_SUFFIX),$(CROSS_COMPILE)ar)
endif

# -D_GNU_SOURCE= is spelled as in lib.mk, so that it is not a redefinition.
KTSTR_CFLAGS := -std=gnu11 -g -O2 -Wall -Wextra $(if $(filter 1,$(WERROR)),-Werror)	\
		-D_GNU_SOURCE= -fPIC -pthread -MMD -MP					\
		-I$B/bpf -isystem $B/include -isystem $(TREE)/tools/testing/selftests	\
		$(KHDR_INCLUDES)
# The program is packed into each guest: what only a debugger reads stays in build/. DEBUG=1 keeps it.
KTSTR_LDFLAGS := -pthread $(if $(filter 1,$(DEBUG)),,-Wl,--strip-debug)
SAN_CFLAGS := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
# Calls a function of tests/fuzz_main.c, or the empty one of tests/trace_pc.c.
COV_CFLAGS := -fsanitize-coverage=trace-pc

objs = $(patsubst %.S,$B/$(1)/%.o,$(patsubst %.c,$B/$(1)/%.o,$(2)))
to_bin = $(patsubst tests/%.c,$B/$(1)/%,$(2))

LIB := $B/obj/libktstr.a
SAN_LIB := $B/san/libktstr.a

.DELETE_ON_ERROR:

comma := ,

# --- objects ------------------------------------------------------------------

$B/obj/%.o: %.c | $(BPFOBJ)
	$(call msg,CC,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(KTSTR_CFLAGS) $(CFLAGS) -c $< -o $@

# Runs in another program, which may come with another C library: names none, needs none.
$B/lockstep.so: vmm/qemu/lockstep.c vmm/qemu/lockstep.h
	$(call msg,CC,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(KTSTR_CFLAGS) $(CFLAGS) -U_FORTIFY_SOURCE -fno-stack-protector -g0	\
		-shared -nostdlib $(LDFLAGS) $< -o $@

$B/obj/vmm/lockstep.o $B/san/vmm/lockstep.o: $B/lockstep.so
$B/obj/vmm/lockstep.o $B/san/vmm/lockstep.o: KTSTR_CFLAGS += -DLOCKSTEP_SO='"$B/lockstep.so"'

$B/obj/%.o: %.S
	$(call msg,AS,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(KTSTR_CFLAGS) $(CFLAGS) -c $< -o $@

$B/san/%.o: %.c | $(BPFOBJ)
	$(call msg,CC,san,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(KTSTR_CFLAGS) $(CFLAGS) $(SAN_CFLAGS) $(COV_CFLAGS) -c $< -o $@

$B/san/%.o: %.S
	$(call msg,AS,san,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(KTSTR_CFLAGS) $(CFLAGS) -c $< -o $@

$B/obj/guest/builtin.o $B/san/guest/builtin.o: $(SKELS)

$B/obj/vmm/payload.o $B/san/vmm/payload.o: $B/libs
$B/obj/vmm/payload.o $B/san/vmm/payload.o: KTSTR_CFLAGS += $$(grep -q lzstd $B/libs && echo -DKTSTR_ZSTD)

# Where a kernel that is built with O= will be; asked only if it is still there.
KTSTR_OBJTREE := $(abspath $(firstword $(O) $(KBUILD_OUTPUT)))
$B/obj/runner/kernel.o $B/san/runner/kernel.o: KTSTR_CFLAGS +=				\
	$(if $(KTSTR_OBJTREE),-DKTSTR_BUILD_DIR='"$(KTSTR_OBJTREE)"')

# Only the library: scenarios register through an ELF section and must be linked as objects.
$(LIB): $(call objs,obj,$(LIB_SRCS))
$(SAN_LIB): $(call objs,san,$(LIB_SRCS))
$(LIB) $(SAN_LIB):
	$(call msg,AR,,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

# --- programs -----------------------------------------------------------------

# $(1): more flags, $(2): file with the libraries
link = $(CC) $(KTSTR_CFLAGS) $(CFLAGS) $(KTSTR_LDFLAGS) $(LDFLAGS) $(1)	\
	-o $@ $(filter %.o,$^) $(filter %.a,$^) @$(2)

ifneq ($(KTSTR_ARCH),)
$(GROUPS:%=$(OUTPUT)/ktstr_%): $(OUTPUT)/ktstr_%: $B/obj/ktstr.o $B/obj/scenarios/%.o $(LIB) $(BPFOBJ) $B/libs
	$(call msg,LINK,,$@)
	$(Q)$(call link,,$B/libs)

$(OUTPUT)/ktstr: $B/obj/ktstr.o $(GROUPS:%=$B/obj/scenarios/%.o) $(LIB) $(BPFOBJ) $B/libs
	$(call msg,LINK,,$@)
	$(Q)$(call link,,$B/libs)
endif

$(OUTPUT)/ktstr_unsupported: unsupported.c
	$(call msg,CC,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -I$(TREE)/tools/testing/selftests $(LDFLAGS) $< -o $@

# --- the framework's own tests: "make tests" ----------------------------------

TEST_PROGRAMS := $(call to_bin,tests,$(TEST_SRCS))
SAN_PROGRAMS := $(call to_bin,tests-san,$(TEST_SRCS))
FUZZ_PROGRAMS := $(call to_bin,fuzz,$(FUZZ_SRCS))
CONTROLS := $(patsubst tests/%.c,$B/tests/ktstr_%,$(wildcard tests/controls*.c tests/matrix.c))

tests: $(TEST_PROGRAMS) $(CONTROLS) $B/tests/payload
tests-san: $(SAN_PROGRAMS) $(FUZZ_PROGRAMS)
.PHONY: tests tests-san

# Whose calls of the kernel can be made to fail, see tests/inject.h.
INJECTED := $(addprefix tests/,test_kvm_failures test_kvm_report test_perf)
$(INJECTED:%=$B/%): $B/obj/tests/inject.o
$(INJECTED:tests/%=$B/tests-san/%): $B/san/tests/inject.o
$(INJECTED:%=$B/%) $(INJECTED:tests/%=$B/tests-san/%): INJECT :=			\
	$(patsubst %,-Wl$(comma)--wrap=%,open ioctl mmap ftruncate pwrite memfd_create	\
					 pthread_create pthread_kill)

# Has all scenarios. Named here, they come behind the library, which is linked last for that.
$B/tests/test_limits: $(GROUPS:%=$B/obj/scenarios/%.o)
$B/tests-san/test_limits: $(GROUPS:%=$B/san/scenarios/%.o)

$(TEST_PROGRAMS): $B/tests/%: $B/obj/tests/%.o $(LIB) $(BPFOBJ) $B/libs
	$(call msg,LINK,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call link,$(INJECT),$B/libs)

$(CONTROLS): $B/tests/ktstr_%: $B/obj/ktstr.o $B/obj/tests/%.o $(LIB) $(BPFOBJ) $B/libs
	$(call msg,LINK,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call link,,$B/libs)

# Runs in guests of the controls.
$B/tests/payload: $B/obj/tests/payload.o
	$(call msg,LINK,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $< -o $@

# Its guests run scenarios of the group basic.
BENCH := $B/tests/ktstr_bench
tests: $(BENCH)
$(BENCH): $(call objs,obj,$(wildcard tests/bench*.c)) $B/obj/scenarios/basic.o $(LIB) $(BPFOBJ) $B/libs
	$(call msg,LINK,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call link,,$B/libs)

# Runs a command in a guest in which KVM works, see scripts/nested.sh.
NESTED := $B/tests/ktstr_nested
tests: $(NESTED)
$(NESTED): $B/obj/tests/nested.o $B/obj/tests/nested_irq.o $(LIB) $(BPFOBJ) $B/libs
	$(call msg,LINK,,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call link,,$B/libs)

# No static program can be sanitized.
$(SAN_PROGRAMS): $B/tests-san/%: $B/san/tests/%.o $B/obj/tests/trace_pc.o $(SAN_LIB) $(BPFOBJ) $B/libs
	$(call msg,LINK,san,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN_CFLAGS) -pthread $(INJECT) $(LDFLAGS) -o $@	\
		$(filter %.o,$^) $(filter %.a,$^) $$(sed 's/-static//' $B/libs)

$(FUZZ_PROGRAMS): $B/fuzz/%: $B/san/tests/%.o $B/obj/tests/fuzz_main.o $(SAN_LIB) $(BPFOBJ) $B/libs
	$(call msg,LINK,fuzz,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN_CFLAGS) -pthread $(LDFLAGS) -o $@ $(filter %.o %.a,$^)	\
		$$(sed 's/-static//' $B/libs)

# --- libbpf and the libraries below it ----------------------------------------

# What a submake of the tree must not inherit: kbuild's srctree is relative to where it builds. V=0 keeps it
# quiet.
SUBMAKE = +$(Q)$(MAKE) $(if $(filter 1,$(V)),,-s) --no-print-directory	\
	O= KDIR= srctree=$(TREE) WERROR=0 feature_display=0 CC="$(CC)"

# Those of libbpf's own age. $(TOOLS_INCLUDES) as a whole is only fit for programs of tools/.
BPF_UAPI := bpf.h bpf_common.h btf.h

$(BPFOBJ): $(wildcard $(BPFDIR)/*.[ch] $(BPFDIR)/Makefile)
	$(call msg,MAKE,,$@)
	+$(Q)mkdir -p $(@D)
	$(SUBMAKE) -C $(BPFDIR) OUTPUT=$(@D)/ DESTDIR=$B prefix= EXTRA_CFLAGS='-g -O2 -fPIC' $@ install_headers
	$(Q)mkdir -p $B/include/linux
	$(Q)cp $(BPF_UAPI:%=$(TREE)/tools/include/uapi/linux/%) $B/include/linux

# The program is PID 1 of a guest, so it is static where static libraries are; newer ones of libelf need
# zstd, and where it is there, kernels are unpacked with it. Otherwise it is dynamic and takes its libraries
# along.
LIBS_TRY := "-static -lelf -lz -lzstd" "-static -lelf -lz" "-lelf -lz -lzstd" "-lelf -lz"
LIBS_PROBE := void *elf_strptr(void), *bpf_object__open(void), *btf__parse(void);	\
	int main(void) { return elf_strptr() && bpf_object__open() && btf__parse(); }

$B/libs: $(BPFOBJ) Makefile
	$(call msg,PROBE,,$@)
	$(Q)for try in $(LIBS_TRY); do							\
		if echo '$(LIBS_PROBE)' | $(CC) $(CFLAGS) -w -pthread -x c - -x none	\
		   $(LDFLAGS) $(BPFOBJ) $$try -lm -o $@.probe 2>$@.log; then		\
			rm -f $@.probe $@.log; echo "$$try -lm" >$@; exit 0;		\
		fi;									\
	done; cat $@.log; echo "ktstr needs the development files of libelf and zlib" >&2; exit 1

# --- built-in schedulers: optional --------------------------------------------

# Without clang >= 16 with a BPF backend or without bpftool the header says so instead, and what needs a
# built-in scheduler is skipped by name at run time.
BPF_CLANGS := $(CLANG) clang $(foreach v,22 21 20 19 18 17 16,clang-$(v))

$B/bpf/clang:
	$(Q)mkdir -p $(@D)
	$(Q)for cc in $(BPF_CLANGS); do							\
		v=$$(echo __clang_major__ | $$cc -E -P -x c - 2>/dev/null) || continue;	\
		[ "$$v" -ge 16 ] 2>/dev/null || continue;				\
		echo 'int x;' | $$cc -target bpf -x c -c - -o /dev/null 2>/dev/null || continue;	\
		echo $$cc >$@; exit 0;							\
	done; : >$@

# Only the bootstrap variant: it needs what we need, and no more. BPFTOOL= names another one.
$B/bpf/bpftool: $(wildcard $(BPFTOOLDIR)/*.[ch] $(BPFTOOLDIR)/Makefile)
	$(call msg,MAKE,,$@)
	+$(Q)rm -rf $B/bpftool && mkdir -p $(@D) $B/bpftool
ifneq ($(BPFTOOL),)
	$(Q)ln -sf "$$(command -v $(BPFTOOL) || echo /bin/false)" $@
else
	$(SUBMAKE) -C $(BPFTOOLDIR) OUTPUT=$B/bpftool/ ARCH= CROSS_COMPILE=		\
		SKIP_CRYPTO=1 SKIP_LLVM=1 SKIP_LIBBFD=1 bootstrap >$B/bpftool/log 2>&1	\
		&& ln -sf ../bpftool/bootstrap/bpftool $@				\
		|| { echo "bpftool cannot be built, see $B/bpftool/log" >&2; ln -sf /bin/false $@; }
endif

BPF_CFLAGS := -target bpf -g -O2 -mcpu=v3 -Wall -Wno-unknown-warning-option -D__TARGET_ARCH_x86	\
	-MMD -MP -Iscenarios -isystem $B/include

$B/bpf/%.skel.h: scenarios/%.bpf.c $B/bpf/clang $B/bpf/bpftool | $(BPFOBJ)
	$(call msg,BPF,,$@)
	$(Q)clang=$$(cat $B/bpf/clang); bpftool=$B/bpf/bpftool; obj=$B/bpf/$*;		\
	if [ -z "$$clang" ]; then							\
		echo '#define KTSTR_NO_BPF "built without clang >= 16"' >$@;		\
	elif ! $$bpftool version >/dev/null 2>&1; then					\
		echo '#define KTSTR_NO_BPF "built without bpftool"' >$@;		\
	else										\
		$$clang $(BPF_CFLAGS) -MT $@ -MF $$obj.d -c $< -o $$obj.bpf.o &&	\
		$$bpftool gen object $$obj.linked.o $$obj.bpf.o &&			\
		$$bpftool gen skeleton $$obj.linked.o name $*_bpf >$@;			\
	fi

HARNESS_SRCS := $(TEST_SRCS) $(wildcard tests/bench*.c)		\
	$(addprefix tests/,controls.c controls_lifecycle.c fuzz_main.c inject.c matrix.c nested.c	\
		nested_irq.c payload.c trace_pc.c)
-include $(patsubst %.o,%.d,$(call objs,obj,ktstr.c $(LIB_SRCS) $(GROUPS:%=scenarios/%.c) $(HARNESS_SRCS)))
-include $(patsubst %.o,%.d,$(call objs,san,$(LIB_SRCS) $(GROUPS:%=scenarios/%.c) $(TEST_SRCS)	\
	$(FUZZ_SRCS) tests/inject.c))
-include $(SKELS:.skel.h=.d)

endif # KSFT_LIBMK
