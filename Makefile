# Copyright (C) 2026 the ngx_llm_cost_module authors
#
#   make              the module, the tokenizer's tools, the vocabularies;
#                     NGX_SRC= for an nginx that is not Debian's
#   make vocab-all    vocabularies whose packages are large, too
#   make install      DESTDIR= MODULES= DATADIR=
#   make deb          Debian packages, in build/deb
#   make test-deb     installs, starts and removes them in a chroot, as root
#   make test         everything; ends with "N passed, N failed, N skipped"
#   make test-unit    C unit tests only
#   make test-nginx   t/ only; FILES="t/000-load.t ..." chooses
#   make test-traffic recorded traffic of TRAFFIC_DIR, in every way; writes the
#                     tables of docs/accuracy.md
#   make test-keys    a million pairs of requests: which share a cached answer
#   make test-clients SDKs through nginx only
#   make test-asan    t/ against an nginx built with sanitizers; FILES= too
#   make test-versions  t/ on the nginx of Debian 12 and of 13; FILES= too,
#                     NGINX_SOURCES= for more
#   make test-flights  500 requests for one answer over two nodes, and a flood
#                      of 1,000,000 keys through the cache
#   make test-long    the tokenizer against 10^8 bytes for each vocabulary;
#                     hours the first time, what it has done is kept
#   make test-faults  what breaks under load, minutes; FAULT= a pattern,
#                     SOAK= seconds of everything at random (20)
#   make fuzz         clang-14's libFuzzer, FUZZ_SECONDS= (1800) for each of
#                     FUZZERS=, seeded from TRAFFIC_DIR where there is one
#   make bench bench-tokenizer demo clean
#
# V=1 shows the commands.

BUILD    = build
CC       = gcc
NGINX    = nginx
TRAFFIC  = $(or $(TRAFFIC_DIR),../shared/traffic)
NGX_SRC  = /usr/share/nginx/src
DATADIR  = /usr/share/llm-cost
PREFIX   = /usr
MODULES  = $(shell $(NGINX) -V 2>&1 \
             | sed -n 's/.*--modules-path=\([^ ]*\).*/\1/p')
FILES    =
JOBS     = 2

# What Debian builds its nginx with, less the paths of its build machine.

MODULE_CFLAGS  = -g -O2 -fPIC -fstack-protector-strong -Wformat \
                 -Werror=format-security -D_FORTIFY_SOURCE=2
MODULE_LDFLAGS = -Wl,-z,relro -Wl,-z,now -fPIC

export CC MODULE_CFLAGS MODULE_LDFLAGS

# two at a time, unless make was told how many

ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(JOBS)
endif

V ?= 0
Q  = $(if $(filter 1,$(V)),,@)

root      = $(CURDIR)
out       = $(abspath $(BUILD))
module    = $(BUILD)/module/ngx_llm_cost_module.so
setup     = $(BUILD)/setup.done
prices    = $(patsubst %,$(BUILD)/%,$(wildcard prices/*.json))
tokenizer = $(MAKE) --no-print-directory -C tokenizer \
                BUILD=$(out)
harness   = perl t/util/harness.pl --build $(out) --jobs $(JOBS)

.PHONY: all setup module vocab vocab-all tokenizer tools install clean
.PHONY: test test-unit test-nginx test-asan test-traffic test-faults
.PHONY: test-flights test-keys test-long
.PHONY: test-versions deb test-deb
.PHONY: bench bench-tokenizer demo unit asan fuzz fuzz-gateway

all: module vocab tokenizer tools


# Set-up

$(setup): tools/packages.txt tools/setup.sh
	$(Q)mkdir -p $(BUILD)
	$(Q)tools/setup.sh
	$(Q)touch $@

setup: $(setup)


# What knows neither nginx nor Redis: unit tests and tools link it

pure_srcs = $(wildcard ngx_llm_cost_module/llm_*.c \
                       ngx_llm_cost_module/providers/*.c tokenizer/src/*.c)


# The module

addon_files = config config.make tools/configure-module.sh
addon_srcs  = $(wildcard ngx_llm_cost_module/*.[ch] \
                         ngx_llm_cost_module/providers/*.[ch] \
                         ngx_llm_cost_module/scripts/*.lua \
                         tokenizer/include/*.h tokenizer/src/*.[ch])

inputs = $(NGX_SRC) $(DATADIR) $(CC) $(MODULE_CFLAGS) $(MODULE_LDFLAGS) \
         $(addon_srcs)

# nginx's configure globs the sources and writes flags and paths into its
# makefile: it runs again when a file comes or goes, or an input changes

$(BUILD)/sources.list: $(setup) FORCE
	$(Q)echo "$(inputs)" | cmp -s - $@ || echo "$(inputs)" > $@

$(BUILD)/module/Makefile: $(BUILD)/sources.list $(addon_files)
	$(Q)rm -rf $(BUILD)/module
	$(Q)LLM_DATA_DIR=$(DATADIR) \
	    tools/configure-module.sh $(NGX_SRC) $(BUILD)/module

module: $(BUILD)/module/Makefile
	$(Q)$(MAKE) --no-print-directory -C $(NGX_SRC) \
	    -f $(out)/module/Makefile modules $(if $(filter 1,$(V)),,>/dev/null)

FORCE:


# Data: build/ has the layout of the data directory

tokenizer: $(setup)
	+$(Q)test ! -f tokenizer/Makefile || $(tokenizer) lib tools

# the compiler and the tool are linked with one library: one after the other

vocab: tokenizer $(setup) $(prices)
	+$(Q)test ! -f tokenizer/Makefile || $(tokenizer) vocab

vocab-all: vocab
	+$(Q)$(tokenizer) vocab-all

$(BUILD)/prices/%.json: prices/%.json
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

# Command line tools: a line each, and the pure sources; cache-keys is the other
# side of t/util/cache_keys.py

tool_llm-report = $(wildcard tools/report/*.c)
tool_llm-tokens = tokenizer/tools/llm_tokens.c $(wildcard tools/tokens/*.c)
tool_llm-cost   = $(wildcard tools/cost/*.c tools/tokens/*.c)
tool_cache-keys = t/util/cache_keys.c
tool_names      = llm-report llm-tokens llm-cost cache-keys
tool_asan       = llm-report llm-tokens llm-cost

TOOL_DEFS   = -I$(BUILD)/tools -DLLM_DATA_DIR='"$(DATADIR)"'
TOOL_CFLAGS = -g -O2 $(CPPFLAGS) $(CFLAGS) -std=gnu11 -Wall -Wextra -Werror \
              -MMD -MP -Ingx_llm_cost_module -Ingx_llm_cost_module/providers \
              -Itokenizer/include -Itokenizer/src $(TOOL_DEFS)
TOOL_LIBS   = -lpcre2-8 -lz -lcrypto -lm

tool_lib    = $(BUILD)/tools/libllm_pure.a
dygraphs    = /usr/share/javascript/dygraphs

$(BUILD)/tools/%.o: %.c $(BUILD)/sources.list | $(setup)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_CFLAGS) -c -o $@ $<

$(tool_lib): $(pure_srcs:%.c=$(BUILD)/tools/%.o)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/tools/report_page.h: tools/report/report.js tools/report/report.css \
    tools/embed-scripts | $(setup)
	$(Q)mkdir -p $(@D)
	$(Q)tools/embed-scripts $(dygraphs)/dygraph.min.js \
	    $(dygraphs)/dygraph.min.css $(filter-out tools/embed-scripts,$^) > $@

$(BUILD)/tools/tools/report/report_html.o: $(BUILD)/tools/report_page.h

.SECONDEXPANSION:

$(tool_names:%=$(BUILD)/tools/%): $(BUILD)/tools/%: $(tool_lib) \
    $$(addprefix $(BUILD)/tools/,$$(addsuffix .o,$$(basename $$(tool_$$*))))
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(tool_lib) $(TOOL_LIBS)

tools: $(tool_names:%=$(BUILD)/tools/%)

-include $(shell find $(BUILD)/tools -name '*.d' 2>/dev/null)


install: all
	install -d $(DESTDIR)$(MODULES) $(DESTDIR)$(DATADIR)/vocab \
	    $(DESTDIR)$(DATADIR)/prices
	install -m 644 $(module) $(DESTDIR)$(MODULES)/
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(BUILD)/tools/llm-tokens $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(BUILD)/tools/llm-report $(BUILD)/tools/llm-cost \
	    tools/llm-ledger $(BUILD)/tokenizer/llm-vocab \
	    $(DESTDIR)$(PREFIX)/bin/
	install -m 644 tokenizer/tools/llm-tokens.1 tools/report/llm-report.1 \
	    tools/cost/llm-cost.1 tools/llm-ledger.1 tokenizer/tools/llm-vocab.1 \
	    $(DESTDIR)$(PREFIX)/share/man/man1/
	for f in $(BUILD)/vocab/*.llmv; do [ ! -f $$f ] \
	    || install -m 644 $$f $(DESTDIR)$(DATADIR)/vocab/ || exit 1; done
	for f in prices/*.json; do [ ! -f $$f ] \
	    || install -m 644 $$f $(DESTDIR)$(DATADIR)/prices/ || exit 1; done


# Debian packages

deb: vocab
	$(Q)tools/setup.sh tools/packages-deb.txt
	$(Q)tools/build-deb.sh $(BUILD)

test-deb: deb
	$(Q)perl -It/lib t/deb/install.t $(out)/deb


# C unit tests: the pure sources once, as a library, then a program per file

UNIT_CFLAGS = -g -O1 -std=gnu11 -Wall -Wextra -Werror -MMD -MP \
              -fsanitize=address,undefined -fno-sanitize-recover=all \
              -fno-omit-frame-pointer -Ingx_llm_cost_module \
              -Ingx_llm_cost_module/providers -Itokenizer/include \
              -Itokenizer/src
comma = ,
UNIT_LIBS   = -ljansson -lpcre2-8 -lz -lcrypto -lcmocka -lm

pure_objs = $(pure_srcs:%.c=$(BUILD)/unit/%.o)
pure_lib  = $(BUILD)/unit/libllm_pure.a
unit_bins = $(patsubst ngx_llm_cost_module/tests/%.c,$(BUILD)/unit/%,\
                $(wildcard ngx_llm_cost_module/tests/test_*.c))

$(BUILD)/unit/%.o: %.c | $(setup)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CFLAGS) -c -o $@ $<

$(pure_lib): $(pure_objs)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(pure_objs)

$(filter-out %/test_llm_steps,$(unit_bins)): $(BUILD)/unit/%: \
    $(BUILD)/unit/ngx_llm_cost_module/tests/%.o $(pure_lib)
	$(Q)$(CC) -fsanitize=address,undefined -o $@ $^ $(UNIT_LIBS)

# what is asked of a body is written down

$(BUILD)/unit/test_llm_shapes: UNIT_LIBS += \
    $(addprefix -Wl$(comma)--wrap=llm_,json_member json_members json_fields \
                                       json_is json_begins needs_types)

.PRECIOUS: $(BUILD)/unit/ngx_llm_cost_module/tests/%.o

# and once more, with what it does counted

STEPS_FLAGS = $(filter-out -fsanitize=% -fno-sanitize%,$(UNIT_CFLAGS)) \
              -fno-builtin
steps_lib   = $(BUILD)/unit/steps/libllm_pure.a

$(BUILD)/unit/steps/%.o: %.c | $(setup)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(STEPS_FLAGS) -fsanitize-coverage=trace-pc -c -o $@ $<

$(steps_lib): $(pure_srcs:%.c=$(BUILD)/unit/steps/%.o)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/unit/test_llm_steps: ngx_llm_cost_module/tests/test_llm_steps.c \
    $(steps_lib)
	$(Q)$(CC) $(STEPS_FLAGS) -o $@ $< $(steps_lib) \
	    -Wl,--wrap=memcpy,--wrap=memchr,--wrap=memcmp $(UNIT_LIBS)

unit: $(unit_bins)

# the tools with sanitizers, for the suites that run them

$(BUILD)/unit/tools/%.o: UNIT_CFLAGS += $(TOOL_DEFS)
$(BUILD)/unit/tokenizer/tools/%.o: UNIT_CFLAGS += $(TOOL_DEFS)
$(BUILD)/unit/tools/report/report_html.o: $(BUILD)/tools/report_page.h

$(tool_asan:%=$(BUILD)/asan/tools/%): $(BUILD)/asan/tools/%: $(pure_lib) \
    $$(addprefix $(BUILD)/unit/,$$(addsuffix .o,$$(basename $$(tool_$$*))))
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -fsanitize=address,undefined -o $@ $(filter %.o,$^) \
	    $(pure_lib) $(TOOL_LIBS)

-include $(shell find $(BUILD)/unit -name '*.d' 2>/dev/null)


# Tests

asan: $(setup) $(tool_asan:%=$(BUILD)/asan/tools/%)
	+$(Q)tools/build-asan.sh $(BUILD)

test: all unit asan
	$(Q)$(harness) unit tokenizer nginx clients more-clients asan

test-unit: unit vocab
	$(Q)$(harness) unit

test-nginx: all
	$(Q)$(harness) nginx $(FILES)

test-flights: all unit
	$(Q)KEYS=1000000 $(BUILD)/unit/test_llm_cache
	$(Q)CLIENTS=500 ROUNDS=3 prove -It/lib t/cache-flights.t

# the rows that are measured go into the tables of the page on accuracy, which
# are those of all vocabularies

test-traffic: export TRAFFIC_TABLES = $(out)/traffic
test-traffic: all vocab-all unit
	$(Q)rm -rf $(TRAFFIC_TABLES)
	$(Q)mkdir -p $(TRAFFIC_TABLES)
	$(Q)failed=; for t in $(foreach t,$(unit_bins),$(if $(findstring \
	    /test_traffic_,$t),$t)); do $$t || failed="$$failed $${t##*/}"; \
	done; \
	TRAFFIC_WAYS= $(harness) nginx t/traffic.t \
	    || failed="$$failed t/traffic.t"; \
	test ! -f $(TRAFFIC_TABLES)/usage \
	    || perl t/util/tables.pl docs/accuracy.md $(TRAFFIC_TABLES); \
	test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

test-keys: all
	$(Q)python3 -B t/util/cache_keys.py $(TRAFFIC) $(BUILD)/tools/cache-keys \
	    docs/cache.md 1000000

test-clients: all
	$(Q)$(harness) clients more-clients

test-asan: all asan
	$(Q)$(harness) asan $(FILES)

test-versions: all
	+$(Q)JOBS=$(JOBS) tools/test-versions.sh $(BUILD) $(FILES)

test-faults: all
	$(Q)LLM_BUILD=$(out) LLM_DATA_PATH=$(out) t/faults/run \
	    -- '$(FAULT)'
	$(Q)test -n '$(FAULT)' || LLM_BUILD=$(out) LLM_DATA_PATH=$(out) \
	    prove -It/lib t/faults/*.t


# Fuzzers: a short run of the one of dialects is a unit test

FUZZ_CC      = clang-14
FUZZ_SECONDS = 1800
FUZZ_LEN     = 8192
FUZZ_BINS    = $(filter-out tokenizer_%,\
                   $(patsubst fuzz/%.c,%,$(wildcard fuzz/*.c)))
FUZZ_KINDS   = request answer stream
FUZZ_PARTS   = openai responses media batch anthropic gemini bedrock cohere \
               ollama watsonx mistral vercel huggingface

# dialects:P:K is the one of dialects for a part of it and a kind of input

FUZZERS      = $(filter-out dialects,$(FUZZ_BINS)) \
               $(foreach p,$(FUZZ_PARTS),\
                   $(FUZZ_KINDS:%=dialects:$p:%))
FUZZ_FLAGS   = -g -O1 -std=gnu11 -fno-sanitize-recover=all -MMD -MP \
               -Ingx_llm_cost_module -Ingx_llm_cost_module/providers \
               -Itokenizer/include -Itokenizer/src
FUZZ_SAN     = address,undefined

# not what is compared: the names are given, and it takes half of the time

FUZZ_COVERS  = inline-8bit-counters,pc-table,trace-pc-guard

fuzz_lib     = $(BUILD)/fuzz/libllm_pure.a

$(BUILD)/fuzz/%.o: %.c | $(setup)
	$(Q)mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=$(FUZZ_SAN) \
	    -fsanitize-coverage=$(FUZZ_COVERS) -c -o $@ $<

# libFuzzer has the names of the calls that count steps for itself

$(fuzz_lib): $(pure_srcs:%.c=$(BUILD)/fuzz/%.o)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^
	$(Q)objcopy --redefine-sym __sanitizer_cov_trace_pc_guard=steps_guard \
	    --redefine-sym __sanitizer_cov_trace_pc_guard_init=steps_guards $@

$(FUZZ_BINS:%=$(BUILD)/fuzz/%): $(BUILD)/fuzz/%: fuzz/%.c $(wildcard fuzz/*.h) \
    $(fuzz_lib)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer,$(FUZZ_SAN) -o $@ $< \
	    $(fuzz_lib) -ljansson -lpcre2-8 -lz -lcrypto -lm

-include $(shell find $(BUILD)/fuzz -name '*.d' 2>/dev/null)

fuzz: vocab $(FUZZ_BINS:%=$(BUILD)/fuzz/%)
	$(Q)fuzz/seeds.py $(BUILD)/fuzz/seeds
	$(Q)for f in $(FUZZERS); do \
	    bin=$${f%%:*}; way=$${f#*:}; name=$$(echo $$f | tr : -); \
	    [ $$way != $$f ] || way=:; \
	    mkdir -p $(BUILD)/fuzz/$$name.corpus; \
	    FUZZ_DIALECT=$${way%%:*} FUZZ_KIND=$${way#*:} \
	    FUZZ_WORDS=$(BUILD)/fuzz/seeds/words/$${way%%:*} \
	    LLM_VOCAB=$(BUILD)/vocab/cl100k_base.llmv \
	        $(BUILD)/fuzz/$$bin -max_total_time=$(FUZZ_SECONDS) \
	        -max_len=$(FUZZ_LEN) -print_final_stats=1 \
	        -artifact_prefix=$(BUILD)/fuzz/$$name- \
	        $(BUILD)/fuzz/$$name.corpus $(BUILD)/fuzz/seeds/$$name* \
	        || exit 1; \
	done

fuzz-gateway: all asan
	$(Q)for store in zone redis; do \
	    for memory in 0 1000; do \
	        BUILD=$(out) fuzz/gateway --store $$store --memory $$memory \
	            --seconds $(FUZZ_SECONDS) || exit 1; \
	    done; \
	done


# The rest

bench: all
	$(Q)BUILD=$(out) bench/run
	$(Q)BUILD=$(out) bench/stream
	$(Q)BUILD=$(out) bench/counting parse
	$(Q)BUILD=$(out) bench/counting memo

bench-tokenizer test-long: tokenizer vocab
	+$(Q)$(tokenizer) $@

demo: all
	$(Q)test -x tools/demo/run || { echo "no tools/demo/run"; exit 1; }
	$(Q)KEEP=$(KEEP) UPSTREAM=$(UPSTREAM) BUILD=$(out) tools/demo/run

clean:
	rm -rf $(BUILD) t/servroot*
