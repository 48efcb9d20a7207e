# What people and CI type. docs/testing.md says what stands behind it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

export PATH := $(CURDIR)/target/tools/bin:$(PATH)
SUITES := bookworm bullseye trixie
SCRIPTS = tests/hosts/hosts tools/package tools/setup .ci/run \
	$(shell find providers src tests benches tools -name '*.sh' 2>/dev/null | sort)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

.PHONY: demo setup-demo
demo: setup-demo ## the whole job on a throw-away server, in a minute
	cargo build --quiet --locked
	files=; if [[ -e target/demo/shop.tar ]]; then files='--shop-files target/demo/shop.tar'; fi; \
	target/debug/stagepass demo $$files

setup-demo:
	tools/setup demo

.PHONY: setup setup-tools trees
setup: setup-tools trees ## what the tests need: packages, tools, the trees of the throw-away servers

setup-tools:
	tools/setup test

trees: setup-tools
	tests/hosts/hosts trees $(SUITES)

.PHONY: build
build: ## the program, for trying it out
	cargo build --locked

.PHONY: build-tests
build-tests: setup-tools
	cargo build --locked --all-targets

.PHONY: check check-format check-scripts check-code check-fuzz check-docs check-figures check-dependencies
check: check-format check-scripts check-code check-fuzz check-docs check-figures check-dependencies ## everything that needs no server

check-format:
	cargo fmt --check

check-scripts:
	shellcheck --severity=style $(SCRIPTS)

check-code:
	cargo clippy --locked --all-targets -- -D warnings

# That `make fuzz` can be built: its manifest, its versions and every target. Nothing is linked, so libFuzzer is not needed here.
check-fuzz:
	cp Cargo.lock fuzz/Cargo.lock
	CUSTOM_LIBFUZZER_PATH=$(CURDIR)/target/libnone.a cargo check --quiet --manifest-path fuzz/Cargo.toml --target-dir=target --bins

PROSE := $(filter-out docs/commands.md docs/benchmarks.md docs/reliability.md docs/shops.md,$(wildcard *.md docs/*.md))
check-docs:
	tools/wrapped $(PROSE)
	RUSTDOCFLAGS='-D warnings -A rustdoc::private_intra_doc_links' cargo doc --quiet --locked --no-deps --document-private-items

# The figures come from a run, and from nobody's pen.
check-figures:
	tools/reliability --check
	tools/shops --check

check-dependencies:
	cargo deny check bans licenses sources

# The trees are built while cargo builds; the checks come before the tests because they are quick.
.PHONY: test
test: ## everything, on real servers; needs root
	$(MAKE) setup-tools
	$(MAKE) check-format check-scripts check-figures check-dependencies
	$(MAKE) --jobs=2 build-tests trees
	$(MAKE) check-code check-fuzz check-docs
	$(MAKE) run-tests

# The provider scripts alone: a process for each part, all on servers of their own. The processors are the limit: `make test`
# runs the attacks, and what a booted systemd is needed for, on each Debian, and every other part on one of the three;
# `make test-matrix` runs every part on each. The long ones first, and before them those that mostly wait for a minute of cron.
ATTACKS := booted red red_gate red_dropbear
ONCE := gate_and_failsafe-trixie key_lines-bullseye account_ends-trixie shared_ends-bookworm account_lives-bookworm \
	differences-bookworm shared_sessions-bullseye other_shells-bookworm \
	ps_nowhere-trixie \
	web_ends-bookworm web_lives-bookworm web_guards-bookworm web_booted-bookworm \
	wp_ends-bullseye wp_breaks_and_lies-bookworm wp_guards-bookworm wp_lives-trixie wp_settings_of_php-bullseye oc_nowhere-bookworm magento_nowhere-trixie magento_settings-bullseye
PROVIDER_RUNS := $(addprefix run-red-,$(SUITES)) $(addprefix run-,$(ONCE)) \
	$(foreach part,$(filter-out red,$(ATTACKS)),$(addprefix run-$(part)-,$(SUITES)))
OTHER_RUNS := $(filter-out $(PROVIDER_RUNS),$(foreach run,$(filter-out other_shells%,$(ONCE)),\
	$(addprefix run-$(firstword $(subst -, ,$(run)))-,$(SUITES))))
.PHONY: run-tests run-providers run-providers-matrix $(PROVIDER_RUNS) $(OTHER_RUNS)
$(PROVIDER_RUNS) $(OTHER_RUNS): run-%:
	@part=$*; suite=$${part##*-}; part=$${part%-*}; \
	if [[ ! -e target/hosts/trees/$$suite.gone ]]; then STAGEPASS_TEST_CASES=$$part tests/providers/run.sh $$suite; fi
run-providers:
	$(MAKE) --jobs=6 --output-sync=target $(PROVIDER_RUNS)
run-providers-matrix:
	$(MAKE) --jobs=6 --output-sync=target $(PROVIDER_RUNS) $(OTHER_RUNS)
run-tests:
	tests/hosts/hosts clean
	$(MAKE) run-providers
	benches/run --smoke
	tools/reliability --begin
	cargo nextest run --locked
	tools/reliability --print

# Every fault at every step, a thousand kills at random moments, and the page that says how it went.
.PHONY: reliability
KILLS ?= 1000
STRIDE ?= 1
CUTS ?= 12
reliability: setup ## faults by the thousand; writes docs/reliability.md; two or three hours
	tools/reliability --begin --kills $(KILLS) --stride $(STRIDE)
	ended=0; STAGEPASS_TEST_KILLS=$(KILLS) STAGEPASS_TEST_STRIDE=$(STRIDE) STAGEPASS_TEST_CUTS=$(CUTS) \
		STAGEPASS_TEST_LAKES=1 STAGEPASS_TEST_WORKERS=4 cargo nextest run --locked --profile reliability \
		-E 'test(/^(faults|cut|lake|matrix|clock|job|grants)::/)' || ended=$$?; \
	tools/reliability --write --ended $$ended; exit $$ended

# Each shop has its folder in a variable: docs/testing.md. What was not named is said to be not run.
.PHONY: test-shops
SHOP_SUITE ?= bookworm
test-shops: setup build-tests ## real shops whose folders STAGEPASS_SHOP_OPENCART, …_MAGENTO and …_PRESTASHOP name; writes docs/shops.md
	tools/shops --begin
	STAGEPASS_TEST_CASES=prestashop tests/providers/run.sh $(SHOP_SUITE)
	[[ -z "$${STAGEPASS_SHOP_PRESTASHOP:-}" ]] || STAGEPASS_TEST_SUITE=$(SHOP_SUITE) cargo nextest run --locked --run-ignored only -E 'test(a_user_of_a_real_prestashop)'
	STAGEPASS_TEST_CASES=opencart tests/providers/run.sh $(SHOP_SUITE)
	[[ -z "$${STAGEPASS_SHOP_OPENCART:-}" ]] || STAGEPASS_TEST_SUITE=$(SHOP_SUITE) cargo nextest run --locked --run-ignored only -E 'test(a_user_of_a_real_opencart)'
	STAGEPASS_TEST_CASES=magento tests/providers/run.sh $(SHOP_SUITE)
	[[ -z "$${STAGEPASS_SHOP_MAGENTO:-}" ]] || STAGEPASS_TEST_SUITE=$(SHOP_SUITE) cargo nextest run --locked --run-ignored only -E 'test(a_user_of_a_real_magento)'
	tools/shops --write

.PHONY: test-matrix
test-matrix: setup build-tests ## every test with each Debian as the server it talks to
	$(MAKE) run-providers-matrix
	for suite in $(SUITES); do \
		if [[ -e target/hosts/trees/$$suite.gone ]]; then continue; fi; \
		STAGEPASS_TEST_SUITE=$$suite cargo nextest run --locked; \
	done

# Each reader of what others wrote, for so many seconds. What is found stays in target/fuzz/found,
# and what was learned on the way in target/fuzz/corpus.
FUZZ_SECONDS ?= 20
FUZZ_TARGETS ?= $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))
.PHONY: fuzz setup-fuzz
fuzz: setup-fuzz ## every reader of what others wrote, FUZZ_SECONDS=20 each
	cp Cargo.lock fuzz/Cargo.lock
	cargo fuzz build --sanitizer=none --target-dir=target/fuzz
	failed=; for target in $(FUZZ_TARGETS); do \
		mkdir -p target/fuzz/corpus/$$target target/fuzz/found; \
		printf '%s\n' "-- $$target"; \
		cargo fuzz run --sanitizer=none --target-dir=target/fuzz $$target \
			target/fuzz/corpus/$$target fuzz/corpus/$$target -- \
			-artifact_prefix=target/fuzz/found/$$target- -max_len=4096 -timeout=5 \
			-rss_limit_mb=1024 -verbosity=0 -print_final_stats=1 -max_total_time=$(FUZZ_SECONDS) || failed="$$failed $$target"; \
	done; \
	[[ -z $$failed ]] || { printf 'failed:%s\n' "$$failed" >&2; exit 1; }

setup-fuzz:
	tools/setup fuzz

.PHONY: bench
bench: setup ## against ssh and Ansible, in one run; writes docs/benchmarks.md
	benches/setup.sh
	cargo build --locked --release
	benches/run

# The package is of this machine's C library or a newer one: on Debian 12 it is made for 12 and 13.
.PHONY: dist test-dist
dist: ## a Debian package, in target/dist
	cargo build --locked --release
	tools/package

test-dist: setup dist ## installs the package on throw-away Debian 12 and 13, does the main job with it, and removes it
	tests/dist.sh bookworm trixie

.PHONY: clean-hosts
clean-hosts: ## takes every throw-away server away
	tests/hosts/hosts clean --all
