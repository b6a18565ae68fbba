#!/usr/bin/env bash
# Brings what building and testing need, as far as it is missing. Running it again changes nothing.
#
#   ./setup.sh                   what `make demo` needs
#   ./setup.sh --with-casebook   what `make casebook` and `make test` need as well: the languages of the cases
#   ./setup.sh --with-bench      valgrind as well, one of the peers that `make bench` asks
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PATH="$PATH:$HOME/.cargo/bin"

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
has() { command -v "$1" > /dev/null; }
# Whether version $1 is at least $2.
at_least() { [[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" == "$2" ]]; }
wanted_rust() { sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml; }
# The newest Go that any of our modules asks for.
wanted_go() { find . -name go.mod -not -path '*/target/*' -exec sed -n 's/^go //p' {} + | sort -V | tail -n 1; }

# The packages of Debian and its kin that bring the named commands, those that are missing only.
missing_packages() {
  local pair command package
  for pair in gcc:gcc g++:g++ make:make readelf:binutils python3:python3 "${bench[@]}"; do
    command=${pair%%:*} package=${pair##*:}
    has "$command" || echo "$package"
  done
  has go || echo golang-go
  if [[ $casebook ]]; then missing_casebook_packages; fi
  # A static C library and its headers: one specimen is linked statically.
  if has gcc && [[ ! -e "$(gcc -print-file-name=libc.a)" ]]; then echo libc6-dev; fi
}

# What the cases are made of, beside Go, C++ and Rust.
missing_casebook_packages() {
  local pair
  for pair in ruby:ruby puma:puma php:php-cli node:nodejs java:default-jdk-headless mvn:maven; do
    has "${pair%%:*}" || echo "${pair##*:}"
  done
  if ! ruby -e 'require "rack"; require "minitest"' 2> /dev/null; then echo ruby-rack ruby-minitest | xargs -n 1; fi
  python3 -c 'import ensurepip, venv' 2> /dev/null || echo python3-venv
  [[ -e /usr/share/php/Amp/autoload.php ]] || echo php-amphp-amp
  [[ -e /usr/share/php/GuzzleHttp/Psr7/autoload.php ]] || echo php-guzzlehttp-psr7
  [[ -e /usr/include/nlohmann/json.hpp ]] || echo nlohmann-json3-dev
  compgen -G '/usr/lib/postgresql/*/bin/postgres' > /dev/null || echo postgresql
}

install() {
  has apt-get || fail "please install, by the means of this system: $*"
  if [[ $EUID -ne 0 ]]; then
    fail "please run: sudo apt-get install -y $*"
  fi
  say "installing $*"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" > /dev/null
}

check_go() {
  local wanted found
  wanted=$(wanted_go)
  # From 1.21 on, Go fetches the version that a module asks for by itself.
  found=$(GOTOOLCHAIN=local go env GOVERSION)
  found=${found#go}
  at_least "$found" "$wanted" && return
  if at_least "$found" 1.21 && (cd casebook/half-atomics && GOTOOLCHAIN=auto go version > /dev/null 2>&1); then
    return
  fi
  fail "Go $found is too old; install Go $wanted or newer (https://go.dev/dl) and put it on the PATH"
}

# The toolchain that cargo runs, with the parts that `make test` asks for.
check_rust() {
  local wanted found
  wanted=$(wanted_rust)
  if ! has cargo; then
    has curl || fail "cargo is missing; install Rust $wanted or newer (https://rustup.rs)"
    say "installing Rust by rustup"
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal > /dev/null 2>&1 ||
      fail "rustup could not be fetched; install Rust $wanted or newer (https://rustup.rs)"
  fi
  found=$(rustc --version | cut -d ' ' -f 2)
  at_least "$found" "$wanted" || fail "Rust $found is too old; run: rustup toolchain install stable"
  if ! cargo fmt --version > /dev/null 2>&1 || ! cargo clippy --version > /dev/null 2>&1; then
    has rustup || fail "please install rustfmt and clippy beside cargo"
    say "adding rustfmt and clippy"
    rustup --quiet component add rustfmt clippy
  fi
}

check_machine() {
  [[ "$(uname -sm)" == "Linux x86_64" ]] || fail "Jostle runs on x86-64 Linux; this is $(uname -sm)"
  has python3 && python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    say "note: Python is older than 3.11; only the checks against peers and the measurements need it"
}

bench=() casebook=""
case "${1:-}" in
  "") ;;
  --with-casebook) casebook=yes ;;
  --with-bench) bench=(valgrind:valgrind) ;;
  *) fail "usage: setup.sh [--with-casebook | --with-bench]" ;;
esac

mapfile -t missing < <(missing_packages)
if ((${#missing[@]})); then install "${missing[@]}"; fi
check_machine
check_go
check_rust
say "all there: $(gcc --version | head -n 1 | sed 's/ (.*) / /'), Go $(go env GOVERSION | sed s/go//), Rust $(rustc --version | cut -d ' ' -f 2)"
