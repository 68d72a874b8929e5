# audition - which language model do I ship on this board?
#
# Two commands do everything on a fresh machine: `make run`, `make test`.
# `make help` lists the rest.

.DEFAULT_GOAL := all
ifeq ($(origin CC),default)
CC       := gcc
endif
PREFIX   ?= /usr/local
B        ?= build
PACKAGES := libcurl jansson sqlite3 yaml-0.1 libutf8proc libcrypto \
            libpcre2-8 zlib

STD      := -std=c17 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla
CFLAGS   ?= -O2 -g
SAFE     := -fstack-protector-strong -D_FORTIFY_SOURCE=2
ifneq ($(SANITIZE),)
SAFE     := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
            -fno-omit-frame-pointer
endif
ifneq ($(CI),)
ifeq ($(SANITIZE),)
WARN     += -Werror    # gcc's flow warnings are noisy under sanitizers
endif
endif

PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES))
# libcsv and libunistring have no pkg-config file.
PKG_LIBS   = $(shell pkg-config --libs $(PACKAGES)) -lcsv -lunistring -lm \
             -lpthread
# V=1 shows whole command lines.
SAY        = @echo "  $@";
ifneq ($(V),)
SAY        =
endif
COMPILE    = $(SAY)$(CC) $(STD) $(WARN) $(CFLAGS) $(SAFE) -Isrc -I$(B) $(PKG_CFLAGS)
LINK       = $(SAY)$(CC) $(CFLAGS) $(SAFE) $(LDFLAGS)

SOURCES := $(sort $(wildcard src/*.c src/*/*.c))
OBJECTS := $(SOURCES:src/%.c=$(B)/obj/%.o)
CORE    := $(filter-out $(B)/obj/main.o,$(OBJECTS))
UNITS   := $(sort $(wildcard tests/unit/test_*.c tests/contract/test_*.c))
TESTS   := $(UNITS:tests/%.c=$(B)/tests/%)
FUZZERS := $(patsubst fuzz/%.c,%,$(sort $(wildcard fuzz/fuzz_*.c)))

all: $(B)/audition ## build build/audition

$(B)/audition: $(OBJECTS)
	$(LINK) -o $@ $^ $(PKG_LIBS)

$(B)/libaudition.a: $(CORE)
	@rm -f $@ && ar rcs $@ $^

$(B)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

$(B)/obj/store.o: $(B)/schema.inc
$(B)/schema.inc: src/schema.sql
	@mkdir -p $(@D)
	sed 's/\\/\\\\/g; s/"/\\"/g; s/^.*$$/"&\\n"/' $< > $@

$(B)/tests/%: tests/%.c $(B)/libaudition.a
	@mkdir -p $(@D)
	$(COMPILE) -Itests -MMD -MP -o $@ $< $(B)/libaudition.a $(PKG_LIBS) -lcmocka

$(B)/fuzz/%: fuzz/%.c $(B)/libaudition.a
	@mkdir -p $(@D)
	$(COMPILE) -fsanitize=fuzzer -Itests -o $@ $< $(B)/libaudition.a $(PKG_LIBS)

# ---- the two commands of the README ---------------------------------------

run: packages ## everything from nothing: audition three real models
	@$(MAKE) --no-print-directory all
	@tools/engine.sh >/dev/null
	@tools/models.sh
	$(B)/audition run $(ARGS) examples/demo.yaml

test: packages-test ## every test that needs no model and no engine
	@$(MAKE) --no-print-directory check

# ---- parts of them ---------------------------------------------------------

packages: ; @tools/packages.sh build
packages-test: ; @tools/packages.sh build test
engine: packages ## build llama.cpp into the user's cache, once
	@tools/engine.sh
models: packages ## fetch the three demo models into the user's cache
	@tools/models.sh

tests: $(B)/audition $(TESTS) $(B)/tests/fake_server $(B)/tests/e2e/e2e
check: tests
	B=$(B) tools/run-tests.sh $(TESTS) $(B)/tests/e2e/e2e

test-live: packages-test ## the program against the real engine and models
	@$(MAKE) --no-print-directory tests
	@tools/engine.sh >/dev/null && tools/models.sh
	B=$(B) tests/live.sh

test-servers: packages-test ## a second real server, and Ollama where there is one
	@$(MAKE) --no-print-directory tests && tools/models.sh
	B=$(B) tests/servers.sh

test-memory: packages-test all ## predicted memory beside the engine's own log
	@tools/engine.sh >/dev/null && tools/models.sh
	B=$(B) tests/memory.sh

test-synth: packages-test all ## synthetic models in the real engine
	@tools/engine.sh >/dev/null && tools/models.sh
	B=$(B) tests/synth.sh

test-fixtures: packages-test all $(B)/tests/fixtures ## FIXTURES=DIR: the probe on copied boards
	$(B)/tests/fixtures $(B)/audition $(FIXTURES)

test-faults: packages-test ## engines that really fail, one after another
	@$(MAKE) --no-print-directory tests $(B)/tests/faults/mixed
	@tools/engine.sh >/dev/null && tools/models.sh
	B=$(B) tests/faults.sh

test-originals: packages-test all ## BFCL, IFEval: fresh cases, graded by the originals too
	B=$(B) tests/originals/agree.sh

test-bundle: bundle ## the bundle in an empty chroot
	tests/bundle.sh $(B)/audition-*.tar.gz

asan: packages-test ## the tests under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory B=build-asan CFLAGS="-O1 -g" \
	    SANITIZE=address,undefined check

valgrind: packages-test tests ## the unit tests under valgrind
	B=$(B) WRAP="valgrind -q --error-exitcode=99 --leak-check=full \
	    --show-leak-kinds=definite" tools/run-tests.sh $(TESTS)

SECONDS ?= 60
fuzz: packages-test ## every fuzz target for SECONDS (60) each
	@$(MAKE) --no-print-directory B=build-fuzz CC=clang-14 CFLAGS="-O1 -g" \
	    SANITIZE=fuzzer-no-link,address,undefined \
	    $(FUZZERS:%=build-fuzz/fuzz/%)
	tools/run-fuzz.sh $(SECONDS) $(FUZZERS)

bench: all tests $(B)/tests/bench/outside_client \
    $(B)/tests/bench/read_header ## figures of this program itself, as ratios in one run
	@tools/engine.sh >/dev/null && tools/models.sh
	B=$(B) tests/bench.sh
	B=$(B) tests/bench_accuracy.sh
	B=$(B) tests/bench_sampler.sh
	B=$(B) tests/bench_originals.sh

$(B)/fit: $(wildcard tools/fit*.c tools/fit.h) $(B)/libaudition.a
	$(COMPILE) -Itools -o $@ $(filter %.c,$^) $(B)/libaudition.a $(PKG_LIBS) \
	    $(shell pkg-config --libs gsl)

fit: packages-test $(B)/fit ## constants of prediction from published measurements
	$(B)/fit --out share/prediction.json share/measurements/*.csv

report-card: all ## predictions beside published measurements
	$(B)/audition predict --table share/measurements/published.csv

check-style: ## lines, files, functions, banned calls, who may include whom
	tools/check-style.sh

check-docs: $(B)/audition ## what the documents promise is there
	B=$(B) tools/check-docs.sh

golden-update: tests ## rewrite the golden files, then look at git diff
	GOLDEN_UPDATE=1 AUDITION_DATA=share TEST_DIR=tests $(B)/tests/unit/test_report

$(B)/bundle/audition: $(OBJECTS)
	@mkdir -p $(@D)
	$(LINK) '-Wl,--disable-new-dtags,-rpath,$$ORIGIN' -o $@ $^ $(PKG_LIBS)

bundle: packages $(B)/bundle/audition ## one tarball for a bare board
	@B=$(B) CC='$(CC)' tools/bundle.sh

docs/audition.1: $(B)/audition
	$(B)/audition --man > $@

docs/orin-nx.md: $(B)/audition
	B=$(B) tools/plan-doc.sh > $@

install: all docs/audition.1 ## into $(DESTDIR)$(PREFIX)
	install -D -m 755 -s $(B)/audition $(DESTDIR)$(PREFIX)/bin/audition
	install -D -m 644 docs/audition.1 \
	    $(DESTDIR)$(PREFIX)/share/man/man1/audition.1
	cd share && find . -type f -exec install -D -m 644 {} \
	    $(DESTDIR)$(PREFIX)/share/audition/{} \;
	$(B)/audition --completion > $(B)/completion
	install -D -m 644 $(B)/completion \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/audition

clean: ## remove what make built; the cache stays
	rm -rf build build-asan build-fuzz build-clang

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' \
	    $(firstword $(MAKEFILE_LIST))

-include $(OBJECTS:.o=.d) $(TESTS:%=%.d)
-include $(B)/tests/fake_server.d $(B)/tests/e2e/e2e.d
-include $(B)/tests/fixtures.d $(B)/tests/faults/mixed.d
.PHONY: all run test packages packages-test engine models tests check \
    test-live test-servers test-memory test-synth test-originals \
    test-bundle test-fixtures test-faults \
    asan valgrind \
    fuzz bench check-style check-docs golden-update \
    install clean help bundle fit report-card
.SECONDARY:
