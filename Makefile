# tenk: server concurrency models, compared.  `make help` lists what can be made.
#
# Everything is built into $(BUILD). The include paths enforce who may know whom:
#   common knows nothing of ours; servers, clients and bench know only common.

BUILD   ?= build
CC      ?= gcc
PREFIX  ?= /usr/local
DESTDIR ?=
CFLAGS  ?= -O2 -g
SANITIZE  ?=
DEVELOPER ?=
COVERAGE  ?=
TEST_TIMEOUT ?= 300

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith \
	-Wwrite-strings -Wundef -Wformat=2 -Wcast-qual -Wno-missing-field-initializers
TENK_CFLAGS := -std=c17 -D_GNU_SOURCE $(WARNINGS) -pthread -fno-common $(CFLAGS)
# Symbols are bound at the start: a forked child would otherwise look up each function again that its parent
# has not called yet, and the first request of any server would pay for it.
TENK_LDFLAGS := -pthread -Wl,-z,relro,-z,now $(LDFLAGS)

ifneq ($(DEVELOPER),)
TENK_CFLAGS += -Werror
endif
ifneq ($(SANITIZE),)
TENK_CFLAGS += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
TENK_LDFLAGS += -fsanitize=$(SANITIZE)
endif
ifneq ($(COVERAGE),)
TENK_CFLAGS += --coverage -DCOUNTS_LINES
TENK_LDFLAGS += --coverage
endif

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' '$(1)' '$(2)')

# ---- models on a library: without it they are listed as unavailable ("make LIBUV=" leaves one out) ----

comma := ,

# The archive, because the mappings of a shared object would make fork(2) slower; else what pkg-config says.
library = $(or $(filter /%,$(shell $(CC) -print-file-name=$(1))),$(shell pkg-config --libs $(2) 2>/dev/null))

LIBEVENT := $(call library,libevent_core.a,libevent_core)
LIBUV    := $(call library,libuv_a.a,libuv)
LIBURING := $(call library,liburing.a,liburing)

TENK_CFLAGS += $(if $(LIBEVENT),-DWITH_LIBEVENT) $(if $(LIBUV),-DWITH_LIBUV) $(if $(LIBURING),-DWITH_LIBURING)

# ---- a lean server ----

# fork(2) copies every mapping, and a child takes a page fault for each it touches: one program without shared
# objects forks a quarter cheaper (docs/models.md). getaddrinfo(3) finds names without them since glibc 2.34,
# which ld does not know. Sanitizers want shared objects; `make STATIC=` links as usual.
STATIC ?= $(if $(SANITIZE)$(COVERAGE),,$(if $(filter /%,$(shell $(CC) -print-file-name=libc.a)),-static))
LDFLAGS_tenk-serve := $(STATIC) $(if $(filter -static,$(STATIC)),-Wl$(comma)--no-warnings)

# ---- what is built from what ----

PROGRAMS := tenk-serve tenk-load tenk-get tenk-echo tenk-probe tenk-ping tenk-bench tenk-compare tenk-advise tenk-report tenk

SOURCES_tenk-serve := $(wildcard servers/*.c)
SOURCES_tenk-load  := $(wildcard clients/load*.c)
SOURCES_tenk-get   := clients/get.c
SOURCES_tenk-echo  := clients/echo.c clients/echo_records.c
SOURCES_tenk-probe := clients/probe.c
SOURCES_tenk-ping  := clients/ping.c
SOURCES_tenk-bench := bench/bench.c
SOURCES_tenk-compare := bench/compare.c
SOURCES_tenk-advise := bench/advise.c
SOURCES_tenk-report := $(wildcard bench/report/*.c)
SOURCES_tenk       := bench/tenk.c

# The same client under mpirun: "make MPI=1" (Debian: libopenmpi-dev, openmpi-bin).
ifneq ($(MPI),)
PROGRAMS += tenk-load-mpi
SOURCES_tenk-load-mpi := $(wildcard clients/mpi/*.c) $(filter-out clients/load.c,$(SOURCES_tenk-load))
LDLIBS_tenk-load-mpi   = $(LDLIBS_tenk-load) $(shell pkg-config --libs ompi-c)
$(BUILD)/obj/clients/mpi/%.o: TENK_CFLAGS += $(patsubst -I%,-isystem %,$(shell pkg-config --cflags ompi-c))
endif

LDLIBS_tenk-serve := $(LIBEVENT) $(LIBUV) $(LIBURING)
LDLIBS_tenk-load  := -ljansson -lz -lm
LDLIBS_tenk-bench := -ljansson -linih -lz -lm
LDLIBS_tenk-compare := $(LDLIBS_tenk-bench)
LDLIBS_tenk-advise := $(LDLIBS_tenk-bench)
LDLIBS_tenk-report := $(LDLIBS_tenk-bench)

COMMON_SOURCES := $(wildcard common/*.c)
COMMON_LIBRARY := $(BUILD)/libcommon.a

# What the programs of bench share: everything there but the files with a main().
BENCH_MAINS   := bench/bench.c bench/compare.c bench/advise.c bench/tenk.c
BENCH_SOURCES := $(filter-out $(BENCH_MAINS),$(wildcard bench/*.c))
BENCH_LIBRARY := $(BUILD)/libbench.a
LIBRARY_tenk-bench := $(BENCH_LIBRARY)
LIBRARY_tenk-compare := $(BENCH_LIBRARY)
LIBRARY_tenk-advise := $(BENCH_LIBRARY)
LIBRARY_tenk-report := $(BENCH_LIBRARY)

INCLUDES_common  := -Icommon
INCLUDES_servers := -Iservers -Icommon
INCLUDES_clients := -Iclients -Icommon
INCLUDES_bench   := -Ibench -Icommon
INCLUDES_tests   := -Itests -Iservers -Iclients -Icommon

# The bare loops that models are held against (bench/limits/): one file each, no library.
LIMIT_SOURCES  := $(wildcard bench/limits/*.c)
LIMIT_PROGRAMS  = $(patsubst bench/limits/%.c,$(BUILD)/limits/%,$(LIMIT_SOURCES))

# Two of them need a library, and are built where it is installed: one is the library that people embed, one a client.
LDLIBS_limits/microhttpd := $(shell pkg-config --libs libmicrohttpd 2>/dev/null)
LDLIBS_limits/client := $(LIBURING)
LIMIT_SOURCES := $(filter-out $(foreach name,microhttpd client,$(if $(LDLIBS_limits/$(name)),,bench/limits/$(name).c)),$(LIMIT_SOURCES))

# Two more builds of the server, for the cost suite only (tests/counted/): one that counts what it allocates, and the
# same with a system call planted in one model.
wrap = $(1:%=-Wl,--wrap=%)
ALLOCATORS := malloc calloc realloc reallocarray aligned_alloc posix_memalign
COUNTED_SERVERS := $(BUILD)/counted/tenk-serve $(BUILD)/planted/tenk-serve

PROGRAM_FILES := $(PROGRAMS:%=$(BUILD)/%)
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

# Each tests/test_*.c is one Criterion program; the other files there are shared by all of them.
TEST_SOURCES := $(wildcard tests/test_*.c)
TEST_SHARED  := $(filter-out $(TEST_SOURCES),$(wildcard tests/*.c))
TEST_PROGRAMS := $(TEST_SOURCES:tests/%.c=$(BUILD)/tests/%)

# The server whose calls can be made to fail (tests/faults/): tenk-serve's own objects, linked once more.
FAULTS_SERVER := $(BUILD)/tenk-serve-faults
WRAPPED_CALLS := $(shell sed -n 's/^C[A-Z]*(\(.*\))$$/-Wl,--wrap=\1/p' tests/faults/calls.def)

ALL_SOURCES := $(COMMON_SOURCES) $(wildcard servers/*.c clients/*.c clients/mpi/*.c bench/*.c bench/report/*.c tests/*.c tests/*/*.c)

.DELETE_ON_ERROR:
.PHONY: all deps test baseline bench bench-full bench-limits bench-transports limits selfcheck selfcheck-load witnesses stress soak suites valgrind slowhttp asan tsan lint analyze format coverage readme docs bench-published idle-memory tuning publish install deb clean help
.SECONDARY:

all: $(PROGRAM_FILES) ## build every program into build/ (V=1 shows the commands)

$(COMMON_LIBRARY): $(call objects,$(COMMON_SOURCES))
$(BENCH_LIBRARY): $(call objects,$(BENCH_SOURCES))
$(COMMON_LIBRARY) $(BENCH_LIBRARY):
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Children leave through _exit(2), which writes no counts: tests/gcov/exit.c.
ifneq ($(COVERAGE),)
LIBRARY_tenk-serve += $(BUILD)/obj/tests/gcov/exit.o
LDLIBS_tenk-serve += -Wl,--wrap=_exit
endif

# One link rule for all programs: the objects come from SOURCES_name, our own archive beside the common one
# from LIBRARY_name, the libraries from LDLIBS_name.
define program_rule
$(BUILD)/$(1): $(call objects,$(SOURCES_$(1))) $(LIBRARY_$(1)) $(COMMON_LIBRARY)
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) $$(TENK_LDFLAGS) $(LDFLAGS_$(1)) -o $$@ $$^ $(LDLIBS_$(1))
endef
$(foreach program,$(PROGRAMS),$(eval $(call program_rule,$(program))))

# Every run records the compiler and the flags it was measured with.
$(BUILD)/obj/bench/environment.o: TENK_CFLAGS += -DTENK_BUILD='"$(CC) $(CFLAGS)"'

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(TENK_CFLAGS) $(INCLUDES_$(firstword $(subst /, ,$<))) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call objects,$(TEST_SHARED)) $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TENK_LDFLAGS) -o $@ $^ -lcriterion -ljansson -lz -lm

$(FAULTS_SERVER): $(call objects,$(SOURCES_tenk-serve) tests/faults/wrap.c) $(LIBRARY_tenk-serve) $(COMMON_LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TENK_LDFLAGS) $(WRAPPED_CALLS) -o $@ $^ $(LDLIBS_tenk-serve)

$(BUILD)/tests/test_faults_calls $(BUILD)/tests/test_faults_clock: | $(FAULTS_SERVER)

$(BUILD)/tests/test_cost_baseline: | $(COUNTED_SERVERS)

$(BUILD)/planted/tenk-serve: $(call objects,tests/counted/planted.c)
$(BUILD)/planted/tenk-serve: PLANTED := conn_progress
$(COUNTED_SERVERS): $(call objects,tests/counted/allocations.c $(SOURCES_tenk-serve)) $(LIBRARY_tenk-serve) $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TENK_LDFLAGS) $(call wrap,$(ALLOCATORS) $(PLANTED)) -o $@ $(filter %.o,$^) $(COMMON_LIBRARY) $(LDLIBS_tenk-serve)

# And one that selfcheck makes dearer by a known amount.
HANDICAP := $(BUILD)/handicap/tenk-serve
$(HANDICAP): $(call objects,bench/handicap/handicap.c $(SOURCES_tenk-serve)) $(LIBRARY_tenk-serve) $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TENK_LDFLAGS) $(call wrap,send) -o $@ $^ $(LDLIBS_tenk-serve)

$(BUILD)/limits/%: bench/limits/%.c bench/limits/limit.h Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(TENK_CFLAGS) $(TENK_LDFLAGS) -o $@ $< $(LDLIBS_limits/$(*F))

include tests/fuzz/rules.mk

-include $(patsubst %.c,$(BUILD)/obj/%.d,$(ALL_SOURCES))

# ---- what people call ----

deps: ## install the missing Debian packages (root), or print the line that does
	$(Q).ci/deps packages.txt

test: all $(TEST_PROGRAMS) ## run the Criterion suites (TEST=conformance runs one)
	$(Q)tests/run $(BUILD) $(TEST)

bench: all ## measure every model in under 5 minutes; results/<time>-<host>-<revision>/
	$(Q)$(BUILD)/tenk-bench bench/scenarios/quick.ini

bench-full: all ## the long version: more rounds, more connections
	$(Q)$(BUILD)/tenk-bench bench/scenarios/full.ini

limits: $(LIMIT_PROGRAMS) ## build the bare loops of bench/limits

bench-limits: all limits ## measure models against the bare loop of their shape
	$(Q)$(BUILD)/tenk-bench bench/scenarios/limits.ini

bench-transports: all limits ## measure models over every transport, and datagram servers against a bare loop
	$(Q)$(BUILD)/tenk-bench bench/scenarios/transports.ini

selfcheck: all $(HANDICAP) ## are the verdicts right? false alarms, planted differences, then selfcheck-load (seven minutes)
	$(Q)bench/selfcheck.sh $(BUILD) results/selfcheck
	$(Q)$(MAKE) --no-print-directory selfcheck-load

selfcheck-load: all ## does tenk-load measure what it says? a stopped server, lateness, overload (a minute)
	$(Q)TENK_BIN=$(BUILD) tests/selfcheck_load

stress: all $(TEST_PROGRAMS) ## the fault suites with every error, a thousand slow clients, 200 lives each
	$(Q)TENK_STRESS=1 TEST_TIMEOUT=900 tests/run $(BUILD) faults

suites: all ## keep what `make test TEST=conformance` and `make stress` said of each model, for docs/models.md
	$(Q)tests/survey $(BUILD) > $(BUILD)/suites.tsv && cp $(BUILD)/suites.tsv tests/baseline/suites.tsv

SOAK_SECONDS ?= 600
soak: all $(BUILD)/tests/test_faults_soak ## honest and hostile clients for SOAK_SECONDS (600), all models in turn
	$(Q)SOAK_SECONDS=$(SOAK_SECONDS) TEST_TIMEOUT=$$(($(SOAK_SECONDS) * 2 + 300)) tests/run $(BUILD) faults_soak

valgrind: ## memcheck over a pass of each model, descriptors tracked (not static: it replaces malloc)
	$(Q)$(MAKE) BUILD=build/valgrind STATIC= CFLAGS='-O1 -g' all
	$(Q)tests/valgrind build/valgrind

slowhttp: all ## slowhttptest with 1000 connections against each concurrent model (15 minutes; goes on where it was cut short)
	$(Q)tests/slowhttp $(BUILD)

baseline: all $(BUILD)/tests/test_cost_baseline ## renew tests/baseline: what each model costs per request; the diff shows it
	$(Q)TENK_BASELINE_RENEW=1 tests/run $(BUILD) cost_baseline
	$(Q)git --no-pager diff --stat -- tests/baseline 2>/dev/null || :

asan: ## the whole suite with address and undefined-behaviour sanitizers
	$(Q)$(MAKE) BUILD=build/asan SANITIZE=address,undefined CFLAGS='-O1 -g' test

# Criterion itself does not run under the thread sanitizer: plain tests drive programs that do.
tsan: ## servers and clients under the thread sanitizer, driven by the suites of conformance, faults, load and clients
	$(Q)$(MAKE) BUILD=build/tsan SANITIZE=thread CFLAGS='-O1 -g' all build/tsan/tenk-serve-faults
	$(Q)$(MAKE) BUILD=build/tsan-tests CFLAGS='$(CFLAGS) -DSERVERS_UNDER_TSAN' TENK_SERVERS=build/tsan tsan-tests
tsan-tests: all $(TEST_PROGRAMS)
	$(Q)status=0; for suites in conformance faults test_load test_clients; do \
	    TENK_BIN=$(TENK_SERVERS) tests/run $(BUILD) $$suites || status=1; done; exit $$status

lint: ## warnings as errors with gcc and clang, formatting, static analysis
	$(Q)tests/lint

# Without clients/mpi, which needs MPI, and the limits whose library is missing.
ANALYZED = $(COMMON_SOURCES) $(wildcard servers/*.c clients/*.c bench/*.c) $(filter-out bench/limits/%,$(wildcard bench/*/*.c)) $(LIMIT_SOURCES)
analyze: ## gcc's static analyzer (-fanalyzer) over common, servers, clients and bench: no finding
	$(Q)CC='$(CC)' CFLAGS='$(TENK_CFLAGS)' tests/analyze $(ANALYZED)

format: ## rewrite the sources with clang-format
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

# The counts of the run before would be added. Who has given up root (--user) adds his as nobody: hence the umask. What
# libgcov says when strace fails its own writes is no word of a server.
coverage: ## line coverage of common and servers, children included: fails below 90 %
	$(Q)! test -d build/coverage || find build/coverage -name '*.gcda' -delete
	$(Q)umask 0; GCOV_ERROR_FILE=/dev/null $(MAKE) BUILD=build/coverage COVERAGE=1 CFLAGS='-O0 -g' test; \
		tests=$$?; tests/coverage build/coverage && exit $$tests

SHARE := $(DESTDIR)$(PREFIX)/share
COMPLETIONS := $(SHARE)/bash-completion/completions

$(BUILD)/tenk.bash: bench/completion $(PROGRAM_FILES)
	$(call say,GEN,$@)
	$(Q)bench/completion $(BUILD) > $@

install: all $(BUILD)/tenk.bash ## install into DESTDIR/PREFIX: programs, scenarios, manual pages, completion
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/tenk/report $(SHARE)/man/man1 $(COMPLETIONS)
	install -m 755 $(PROGRAM_FILES) $(DESTDIR)$(PREFIX)/bin
	cp -R bench/scenarios bench/wrk $(SHARE)/tenk
	install -m 644 $(addprefix bench/report/report.,html css js) $(SHARE)/tenk/report
	install -m 644 $(wildcard docs/*.1) $(SHARE)/man/man1
	install -m 644 $(BUILD)/tenk.bash $(COMPLETIONS)/tenk
	for program in $(filter-out tenk,$(PROGRAMS)); do ln -sf tenk $(COMPLETIONS)/$$program; done

deb: all ## a Debian package of what install installs, in build/
	$(Q).ci/deb $(BUILD)

# The pages with marked blocks; README.md has two that name no run and are filled from RUN.
SPLICED := $(shell grep -ls '^<!-- run: ' docs/*.md bench/README.md)

readme: all ## fill the marked blocks of README.md, those that name no run from RUN=results/...
	$(Q)TENK_REPORT=$(BUILD)/tenk-report bench/readme/splice README.md $(RUN)

docs: ## fill the marked blocks of the other pages from the runs that they name
	$(Q)for file in $(SPLICED); do bench/readme/splice $$file || exit; done

# What the pages quote: the front page, the field guide, what waits and idles, and the transports. Three quarters of an hour.
PUBLISHED := 'quick' '-n 8 models limits limits_churn nginx nginx_pipeline nginx_churn libraries' \
	'-n 8 idle' '-n 6 --no-cost waiting' '-n 3 --no-cost pool cpu churn body large pipeline' 'transports'
bench-published: all limits ## the runs that the pages quote; afterwards `make publish RUN=...` for each that it names
	$(Q)for words in $(PUBLISHED); do $(BUILD)/tenk-bench $$words || exit; done

idle-memory: all ## count what an idle connection costs each event loop
	$(Q)bench/idle_memory > $(BUILD)/idle_memory.md

tuning: all ## what each step of tuning brings: the server without it beside the server as it is (six minutes)
	$(Q)bench/tuning/measure $(BUILD)

# The table is made of what there is, also when a target is missed.
WITNESS_ROUNDS ?= 15
witnesses: all limits ## how much load a core makes with tenk-load, wrk, ab and two bare clients (six minutes)
	$(Q)rm -f $(BUILD)/witnesses.csv; bench/witnesses -n $(WITNESS_ROUNDS) -o $(BUILD)/witnesses.csv; \
		status=$$?; bench/witnesses -r $(BUILD)/witnesses.csv > $(BUILD)/witnesses.md && exit $$status

# Tables that one of the targets above makes: slowhttp, selfcheck, idle-memory (idle_memory), tuning or witnesses.
ifneq ($(TABLE),)
publish: ## the pages quote RUN=results/..., in every block about a scenario of it, or TABLE=slowhttp as made last
	$(Q)cp $(wildcard $(BUILD)/$(TABLE).csv) $(BUILD)/$(TABLE).md results/
	$(Q)$(MAKE) --no-print-directory docs
else
publish: all
	$(Q)bench/readme/retarget $(RUN) README.md $(SPLICED)
	$(Q)$(MAKE) --no-print-directory docs
	$(Q)git add -f $(addprefix $(RUN)/,run.json samples.jsonl results.csv results.json results.md scenarios cells raw)
endif

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
