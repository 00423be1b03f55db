#!/bin/bash
# Checks what building and testing need, and installs what is missing.
#
#   tools/setup.sh                for tools/test.sh
#   tools/setup.sh --check-tools  for tools/test.sh and tools/check.sh
#
# On Debian and Ubuntu it installs packages with apt-get, as root or with sudo.
# Where it may not, and elsewhere, it prints what is missing or too old, and
# fails.  It writes setup.bazelrc, which .bazelrc reads, if this system needs
# options: with Debian's Bazel 7, the libraries are those of Debian's packages;
# without liburing 2.3, there is no backend uring.  What only tests need is in
# setup_tests.bazelrc: Bazel refuses it in a dependent that has no such modules.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  echo "usage: tools/setup.sh [--check-tools]" >&2
  exit 2
}

have_command() { command -v "$1" >/dev/null; }

# Whether the lines compile.
compiles() {
  printf '%s\n' "$@" |
    g++ -std=c++17 -fsyntax-only -x c++ - >/dev/null 2>&1
}

have_header() { compiles "#if !__has_include(<$1>)" "#error" "#endif"; }

# The function is new in 2.3.
have_liburing() {
  compiles '#include <liburing.h>' 'auto* cancel = &io_uring_register_sync_cancel;'
}

bazel=()
find_bazel() {
  read -ra bazel <<<"${BAZEL:-$(command -v bazel || command -v bazelisk)}" ||
    true
}

have_bazel() { [[ ${#bazel[@]} -gt 0 ]] && have_command "${bazel[0]}"; }

# "4.2.3", for example.  Debian's Bazel 4 says "no_version" instead.
bazel_version() {
  local version
  version=$("${bazel[0]}" --version 2>/dev/null | awk '{ print $2 }')
  [[ $version != no_version ]] || version=4
  echo "${version%%[!0-9.]*}"
}

# Debian's Bazel is built for builds that download nothing: the libraries come
# from Debian's packages.  Any other Bazel fetches what MODULE.bazel or deps.bzl
# pins.
is_debian_bazel() {
  [[ $(dpkg-query -S "$(command -v "${bazel[0]}")" 2>/dev/null) == bazel-* ]]
}

have_clang_runtime() {
  echo "int main() {}" |
    clang++ -fsanitize=address -x c++ - -o /dev/null 2>/dev/null
}

# Sets `missing` to the Debian packages whose contents are not installed.
missing=()
find_missing() {
  missing=()
  find_bazel
  have_command g++ || missing+=(g++)
  have_header liburing.h || missing+=(liburing-dev)
  have_header openssl/evp.h || missing+=(libssl-dev)
  have_header asio.hpp || missing+=(libasio-dev)  # For an example.
  have_bazel || missing+=(bazel-bootstrap)
  if ! have_bazel || is_debian_bazel; then
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

too_old=()
at_least() {
  local what=$1
  shift
  "$@" || too_old+=("$what")
}

bazel_is_new_enough() { [[ $(bazel_version | cut -d. -f1) -ge 4 ]]; }
bazel_reads_modules() { [[ $(bazel_version | cut -d. -f1) -ge 7 ]]; }
not_an_old_bazel_7() {
  [[ $(printf '%s\n' "$(bazel_version)" 7.2.1 | sort -V | head -n 1) == 7.2.1 ]]
}

exit_if_too_old() {
  [[ ${#too_old[@]} -gt 0 ]] || return 0
  echo "setup.sh: older than uasio needs; at least:" >&2
  printf '  %s\n' "${too_old[@]}" >&2
  exit 1
}

# What comes with the system's release, and cannot build uasio.
check_system() {
  at_least "g++ 11 (coroutines, for tests and examples)" compiles \
    '#if __GNUC__ < 11' '#error' '#endif'
  at_least "glibc 2.34 (its headers: libc6-dev)" compiles \
    '#include <features.h>' '#if !__GLIBC_PREREQ(2, 34)' '#error' '#endif'
  at_least "Linux 6.1's headers (linux-libc-dev; see README.md)" compiles \
    '#include <linux/openat2.h>' '#include <linux/stat.h>' \
    'int flag = STATX_DIOALIGN;'
  exit_if_too_old
}

# What is installed, but cannot build uasio: it says so before Bazel does.
check_versions() {
  at_least "OpenSSL 1.1 (libssl-dev)" compiles '#include <openssl/evp.h>' \
    'auto* make = &EVP_MD_CTX_new;'
  at_least "Bazel 4" bazel_is_new_enough
  if is_debian_bazel; then
    at_least "Abseil 20220623 (libabsl-dev)" compiles \
      '#include <absl/base/config.h>' \
      '#if ABSL_LTS_RELEASE_VERSION < 20220623' '#error' '#endif'
  elif bazel_reads_modules; then
    at_least "Bazel 7.2.1" not_an_old_bazel_7
  fi
  exit_if_too_old
}

# write_options FILE LINES: writes the file anew, or removes it.
write_options() {
  if [[ -n $2 ]]; then
    printf '# Written by tools/setup.sh.\n%s\n' "$2" >"$1"
  else
    rm -f "$1"
  fi
}

write_bazelrc() {
  local lines of_tests="override_module=google\(test\|_benchmark\)="
  lines=$(
    if is_debian_bazel && bazel_reads_modules; then
      third_party/debian/modules.sh "$PWD/third_party/debian/modules"
    fi
    if ! have_liburing; then
      echo "setup.sh: no liburing 2.3: without the backend uring" >&2
      echo "build --define=uasio_liburing=none"
    fi
  )
  write_options setup.bazelrc "$(grep -v "$of_tests" <<<"$lines")"
  write_options setup_tests.bazelrc "$(grep "$of_tests" <<<"$lines")"
}

is_debian() { have_command apt-get && have_command dpkg; }

apt() {
  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    as_root=(sudo)
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
    -o Dpkg::Use-Pty=0 "$@" </dev/null >/dev/null
}

may_install() { [[ $(id -u) -eq 0 ]] || have_command sudo; }

print_what_is_needed() {
  cat >&2 <<END
setup.sh: not found here (Debian's package names):
  ${missing[*]}
This script installs packages on Debian and Ubuntu only.  Elsewhere, install:
  Bazel 7.2.1 or newer (or bazelisk), g++ 11 or newer, and with their headers
  glibc 2.34, Linux 6.1, liburing 2.3, Asio (asio.hpp), OpenSSL 1.1 or newer
  for tools/check.sh also: clang with its sanitizers, clang-format, npm
END
}

install_missing() {
  local install=(install --no-install-recommends "${missing[@]}")
  if ! is_debian; then
    print_what_is_needed
    exit 1
  fi
  if ! may_install; then
    echo "setup.sh: no sudo; run as root: apt-get ${install[*]}" >&2
    exit 1
  fi
  echo "setup.sh: installing ${missing[*]}"
  if [[ $1 == 1 ]] && ! apt update; then
    echo "setup.sh: apt-get update failed; using the old package lists" >&2
  fi
  if ! apt "${install[@]}"; then
    echo "setup.sh: failed; run as root: apt-get ${install[*]}" >&2
    exit 1
  fi
}

check_tools=no
case "$#${1-}" in
  0) ;;
  1--check-tools) check_tools=yes ;;
  1--help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' tools/setup.sh; exit ;;
  *) usage ;;
esac

! have_command g++ || check_system  # Before anything is installed.
# Twice, because the package of clang's runtime depends on clang's version.
for round in 1 2; do
  find_missing
  [[ ${#missing[@]} -gt 0 ]] || break
  install_missing "$round"
done
find_missing
if [[ ${#missing[@]} -gt 0 ]]; then
  echo "setup.sh: installed, but still not found: ${missing[*]}" >&2
  exit 1
fi
check_system
check_versions
write_bazelrc
