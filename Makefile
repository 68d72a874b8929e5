# audition - which language model do I ship on this board?
#
# Two commands do everything on a fresh machine: `make run`, `make test`.
# `make help` lists the rest.

.DEFAULT_GOAL := all
CC       ?= gcc
PREFIX   ?= /usr/local
B        ?= build
PACKAGES := libcurl jansson sqlite3 yaml-0.1 libpcre2-8 libutf8proc libcrypto

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
WARN     += -Werror
endif

PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES))
PKG_LIBS   = $(shell pkg-config --libs $(PACKAGES)) -lm -lpthread
COMPILE    = $(CC) $(STD) $(WARN) $(CFLAGS) $(SAFE) -Isrc -I$(B) $(PKG_CFLAGS)
LINK       = $(CC) $(CFLAGS) $(SAFE) $(LDFLAGS)

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
	rm -f $@ && ar rcs $@ $^

$(B)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

$(B)/obj/store_schema.o $(B)/obj/store.o: $(B)/schema.inc
$(B)/schema.inc: src/schema.sql
	@mkdir -p $(@D)
	sed 's/\\/\\\\/g; s/"/\\"/g; s/^.*$$/"&\\n"/' $< > $@

$(B)/tests/%: tests/%.c $(B)/libaudition.a
	@mkdir -p $(@D)
	$(COMPILE) -Itests -MMD -MP -o $@ $< $(B)/libaudition.a $(PKG_LIBS) -lcmocka

-include $(OBJECTS:.o=.d) $(TESTS:%=%.d)
.PHONY: all
