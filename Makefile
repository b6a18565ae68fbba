# What people do with this repository. `make` alone lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup build demo casebook test bench fmt
# Where rustup puts cargo, for the shell that has just installed it.
export PATH := $(PATH):$(HOME)/.cargo/bin

say = @printf '\n\033[1m%s\033[0m\n' "$(1)"

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## install what is missing (asks for sudo by name when it needs it)
	$(call say,What building and testing need)
	@./setup.sh

build: setup ## build target/release/jostle
	$(call say,The release build)
	cargo build --release -p jostle

demo: build ## watch a broken service for six seconds and see both sides of its races
	$(call say,A Go service as it ran in production: a plain go build with nothing added)
	@make -s -C casebook/half-atomics build/broken
	$(call say,Watch it for six seconds)
	@scripts/demo

cases := half-atomics swapped-returns early-finalizer shared-middleware

casebook: ## build all cases, and install the languages they are made of
	$(call say,What the casebook needs)
	@./setup.sh --with-casebook
	$(call say,The casebook: real incidents rebuilt)
	@for case in $(cases); do echo "casebook/$$case"; $(MAKE) -s -C "casebook/$$case" all || exit 1; done

test: casebook ## everything that continuous integration runs
	$(call say,The layout of the code)
	cargo fmt --check
	$(call say,The lints)
	cargo clippy --workspace --all-targets -- -D warnings
	$(call say,The documentation)
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
	$(call say,The specimens: tiny programs with one race and their healthy twins)
	make -C tests/specimens all
	$(call say,The tests of the cases themselves)
	@for case in $(cases); do echo "casebook/$$case"; $(MAKE) -s -C "casebook/$$case" test || exit 1; done
	$(call say,The tests)
	cargo test --workspace --no-fail-fast

bench: ## measure against the peers, side by side
	$(call say,What measuring needs)
	@./setup.sh --with-bench
	$(call say,The measurements)
	bench/run

fmt: ## lay the code out
	$(call say,Laying out Rust and Go)
	cargo fmt
	gofmt -w casebook crates tests
