# Fuzz targets: with a plain main they replay files, with libFuzzer ("make fuzz") they look for new ones. Included by
# the Makefile. What compares us with llhttp is built where Debian's node-llhttp has put its C sources.

LLHTTP ?= $(patsubst %/llhttp.c,%,$(wildcard /usr/share/llhttp/llhttp.c))
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := $(filter-out $(if $(LLHTTP),,llhttp),$(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_REPLAYS := $(FUZZ_TARGETS:%=$(BUILD)/fuzz/replay_%) $(if $(LLHTTP),$(BUILD)/fuzz/llhttp_cases)
FUZZERS      := $(FUZZ_TARGETS:%=$(BUILD)/fuzz/fuzz_%)
LLHTTP_OBJECTS := $(patsubst %,$(BUILD)/obj/llhttp/%.o,api http llhttp) \
	$(patsubst %,$(BUILD)/obj/tests/fuzz/readings_%.o,ours llhttp)
FUZZ_EXTRA_llhttp := $(LLHTTP_OBJECTS)
FUZZ_FLAGS_conn := -Wl,--wrap=handler_spin

$(BUILD)/obj/tests/fuzz/%.o: TENK_CFLAGS += -Itests/fuzz -Ibench -isystem /usr/share/include

$(BUILD)/obj/llhttp/%.o: $(LLHTTP)/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(TENK_CFLAGS) -w -DLLHTTP_STRICT_MODE=1 -isystem /usr/share/include/llhttp -c -o $@ $<

define fuzz_rule
$(BUILD)/fuzz/replay_$(1): $(BUILD)/obj/tests/fuzz/fuzz_$(1).o $(BUILD)/obj/tests/fuzz/replay.o
$(BUILD)/fuzz/fuzz_$(1): $(BUILD)/obj/tests/fuzz/fuzz_$(1).o
$(BUILD)/fuzz/replay_$(1) $(BUILD)/fuzz/fuzz_$(1): $(FUZZ_EXTRA_$(1)) $(BENCH_LIBRARY) $(COMMON_LIBRARY)
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) $$(TENK_LDFLAGS) $(FUZZ_FLAGS_$(1)) $$(if $$(findstring replay_,$$@),,-fsanitize=fuzzer) -o $$@ \
		$$(filter %.o,$$^) $(BENCH_LIBRARY) $(COMMON_LIBRARY) -ljansson -linih -lz -lm
endef
$(foreach target,$(FUZZ_TARGETS),$(eval $(call fuzz_rule,$(target))))

$(BUILD)/fuzz/llhttp_cases: $(BUILD)/obj/tests/fuzz/llhttp_cases.o $(BUILD)/obj/tests/rfc_cases.o $(LLHTTP_OBJECTS) \
		$(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TENK_LDFLAGS) -o $@ $^

$(BUILD)/tests/test_fuzz: | $(FUZZ_REPLAYS)

.PHONY: fuzz fuzzing
fuzz: ## libFuzzer on every target of tests/fuzz, FUZZ_SECONDS=60 each (clang)
	$(Q)$(MAKE) BUILD=build/fuzzing CC=clang SANITIZE=fuzzer-no-link,address,undefined CFLAGS='-O1 -g' fuzzing
fuzzing: $(FUZZERS)
	$(Q)tests/fuzz/run $(BUILD)/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)
