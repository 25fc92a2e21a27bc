# SPDX-License-Identifier: MIT
# The short way in; CMakeLists.txt is the build. Each target first installs
# the packages it lacks, which needs root or sudo.
#
#   make build      the libraries, the command and the headers, in build/
#   make run        show the command on a program; PROG="command line" for yours
#   make test       build and check everything
#   make install    PREFIX=/usr/local DESTDIR=
#   make bench      measure and compare; OPTIONS="--quick", and others
#   make soak       work on memory for SECONDS=600, and check all the while
#   make prove      replay the proofs
#   make prove-all  prove everything anew, and that broken versions fail
#   make explore    more schedules of the lock-free parts than the tests run
#   make fuzz       search long for inputs that break something
#   make format     lay out every source file
#   make clean      remove build/
BUILD = build
PREFIX = /usr/local
JOBS := $(shell nproc 2>/dev/null || echo 2)
FUZZ_SECONDS = 600
SECONDS = 600
OPTIONS =

# A build folder keeps the generator that it was made with.
configure = cmake --preset $(1) -B $(BUILD) \
	$$(test -f $(BUILD)/CMakeCache.txt || \
	{ command -v ninja >/dev/null && echo -G Ninja; })

export MNEME_BUILD = $(abspath $(BUILD))
export PROG
export CMAKE_BUILD_PARALLEL_LEVEL = $(JOBS)

.PHONY: build run test tests install bench soak prove prove-all explore fuzz \
	format clean

build:
	@scripts/install-packages build
	@$(call configure,release) >/dev/null
	@cmake --build $(BUILD) --target product

run: build
	@scripts/main-job

tests:
	@scripts/install-packages test
	@$(call configure,test) >/dev/null
	@cmake --build $(BUILD)

test: tests
	@ctest --test-dir $(BUILD) --output-on-failure --no-label-summary \
		-j $(JOBS)

install: build
	@DESTDIR=$(DESTDIR) cmake --install $(BUILD) --prefix $(PREFIX)

bench: build
	@scripts/install-packages bench
	@bench/run $(OPTIONS)
	@bench/movers/run $(filter --quick,$(OPTIONS))

soak:
	@scripts/install-packages test
	@$(call configure,test) >/dev/null
	@cmake --build $(BUILD) --target stress.soak.release
	@MNEME_SOAK_SECONDS=$(SECONDS) CK_FORK=no $(BUILD)/tests/stress.soak.release

prove:
	@scripts/install-packages test
	@proofs/run

prove-all:
	@scripts/install-packages test
	@proofs/run --fresh
	@proofs/run --mutants

explore:
	@scripts/install-packages build
	@tests/schedule/build $(MNEME_BUILD)/schedule
	@$(MNEME_BUILD)/schedule/heap +1
	@$(MNEME_BUILD)/schedule/pool +1
	@$(MNEME_BUILD)/schedule/lock +1
	@$(MNEME_BUILD)/schedule/arc +1
	@$(MNEME_BUILD)/schedule/gate +1

fuzz: tests
	@scripts/fuzz $(FUZZ_SECONDS)

format:
	@scripts/install-packages test
	@scripts/check-format --fix

clean:
	@rm -rf $(BUILD)
