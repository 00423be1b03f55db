#!/bin/bash
# Installs the missing packages that building and testing need.
#
#   tools/setup.sh                for tools/test.sh
#   tools/setup.sh --check-tools  for tools/test.sh and tools/check.sh
#
# On Debian and Ubuntu it installs packages with apt-get, as root or with sudo.
# Elsewhere it prints what is missing, and fails if anything is.
set -euo pipefail

usage() {
  echo "usage: tools/setup.sh [--check-tools]" >&2
  exit 2
}

have_command() { command -v "$1" >/dev/null; }

have_header() {
  echo "#include <$1>" | g++ -std=c++17 -E -x c++ - >/dev/null 2>&1
}

have_bazel() { have_command bazel || have_command bazelisk; }

# Debian's Bazel has no version.  Any other Bazel fetches the libraries that
# MODULE.bazel or deps.bzl pins.
bazel_fetches_libraries() {
  local bazel
  bazel=$(command -v bazel || command -v bazelisk) || return 1
  [[ $("$bazel" --version 2>/dev/null) != *no_version* ]]
}

have_clang_runtime() {
  echo "int main() {}" |
    clang++ -fsanitize=address -x c++ - -o /dev/null 2>/dev/null
}

# Sets `missing` to the Debian packages whose contents are not installed.
missing=()
find_missing() {
  missing=()
  have_command g++ || missing+=(g++)
  have_header liburing.h || missing+=(liburing-dev)
  have_header openssl/evp.h || missing+=(libssl-dev)
  have_bazel || missing+=(bazel-bootstrap)
  if ! bazel_fetches_libraries; then
    have_command pkg-config || missing+=(pkg-config)
    have_header absl/base/config.h || missing+=(libabsl-dev)
    have_header gtest/gtest.h || missing+=(libgtest-dev)
    have_header gmock/gmock.h || missing+=(libgmock-dev)
    have_header benchmark/benchmark.h || missing+=(libbenchmark-dev)
  fi
  [[ $check_tools == yes ]] || return 0
  have_command git || missing+=(git)
  have_command clang++ || missing+=(clang)
  have_command clang-format || missing+=(clang-format)
  have_command npm || missing+=(npm)  # Buildifier comes from there.
  if have_command clang++ && ! have_clang_runtime; then
    missing+=("libclang-rt-$(clang++ -dumpversion | cut -d. -f1)-dev")
  fi
}

is_debian() { have_command apt-get && have_command dpkg; }

apt() {
  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    if ! have_command sudo; then
      echo "setup.sh: no sudo; run as root: apt-get install ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
    -o Dpkg::Use-Pty=0 "$@" </dev/null >/dev/null
}

print_what_is_needed() {
  cat >&2 <<EOF
setup.sh: not found here (Debian's package names):
  ${missing[*]}
This script installs packages on Debian and Ubuntu only.  Elsewhere, install:
  Bazel 7 or newer (or bazelisk), g++ 9 or newer, and with their headers
  liburing and OpenSSL 1.1 or newer
  for tools/check.sh also: clang with its sanitizers, clang-format, npm
EOF
}

check_tools=no
case "$#${1-}" in
  0) ;;
  1--check-tools) check_tools=yes ;;
  1--help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit ;;
  *) usage ;;
esac

# Twice, because the package of clang's runtime depends on clang's version.
for round in 1 2; do
  find_missing
  [[ ${#missing[@]} -gt 0 ]] || exit 0
  if ! is_debian; then
    print_what_is_needed
    exit 1
  fi
  echo "setup.sh: installing ${missing[*]}"
  if [[ $round == 1 ]] && ! apt update; then
    echo "setup.sh: apt-get update failed; using the old package lists" >&2
  fi
  apt install --no-install-recommends "${missing[@]}"
done

find_missing
if [[ ${#missing[@]} -gt 0 ]]; then
  echo "setup.sh: installed, but still not found: ${missing[*]}" >&2
  exit 1
fi
