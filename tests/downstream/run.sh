#!/bin/bash
# Builds and tests a dependent's workspace, which has uasio beside it.
#
#   tests/downstream/run.sh              all of the configurations below
#   tests/downstream/run.sh opt clang    these only
#   ABSEIL=/folder tests/downstream/run.sh   with that Abseil instead of uasio's
#
# Set BAZEL as for tools/test.sh.  By MODULE.bazel if Bazel reads it, and by
# WORKSPACE otherwise or with MODE=WORKSPACE.  It takes minutes, and so is not a
# part of tools/test.sh.  Debian's Abseil is built with exceptions, as they are in
# its headers; -fno-exceptions is for the dependent's files.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

if [[ ${1-} == --help ]]; then
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' tests/downstream/run.sh
  exit
fi
configurations=("$@")
[[ $# -gt 0 ]] || configurations=(opt asan tsan no-exceptions clang)
uasio=$PWD
tools/setup.sh || exit 1
read -ra bazel <<<"${BAZEL:-$(command -v bazel || command -v bazelisk)}"
version=$("${bazel[@]}" --version | awk '{ print $2 }')
mode=${MODE:-MODULE}
[[ $version =~ ^[7-9]|^[1-9][0-9] ]] || mode=WORKSPACE

scratch=$(mktemp -d)
trap 'cd /; rm -rf "$scratch"' EXIT
cp tests/downstream/workspace/* "$scratch"
cd "$scratch" || exit 1

write_module() {
  cat >MODULE.bazel <<END
module(name = "downstream")

bazel_dep(name = "rules_cc", version = "0.2.17")
bazel_dep(name = "uasio")
local_path_override(module_name = "uasio", path = "$uasio")

bazel_dep(name = "abseil-cpp", version = "20250814.1", repo_name = "com_google_absl")
END
  [[ -z ${ABSEIL-} ]] || cat >>MODULE.bazel <<END
local_path_override(module_name = "abseil-cpp", path = "$ABSEIL")
END
}

write_workspace() {
  : >WORKSPACE
  [[ -z ${ABSEIL-} ]] ||
    echo "local_repository(name = \"com_google_absl\", path = \"$ABSEIL\")" \
      >WORKSPACE
  cat >>WORKSPACE <<END
local_repository(name = "uasio", path = "$uasio")

load("@uasio//:deps.bzl", "uasio_deps")

uasio_deps()
END
}

write_bazelrc() {
  cat >.bazelrc <<END
build --cxxopt=-std=c++17 --nosandbox_debug
build:asan --copt=-fsanitize=address --linkopt=-fsanitize=address --strip=never
build:tsan --copt=-fsanitize=thread --linkopt=-fsanitize=thread --strip=never
build:no-exceptions --cxxopt=-fno-exceptions
build:clang --repo_env=CC=clang
build:opt --compilation_mode=opt
try-import $uasio/setup.bazelrc
END
}

if [[ $mode == MODULE ]]; then
  write_module
else
  write_workspace
  [[ ! $version =~ ^[7-9] ]] || common=(--noenable_bzlmod --enable_workspace)
fi
write_bazelrc

failed=0
for configuration in "${configurations[@]}"; do
  if "${bazel[@]}" test --config="$configuration" ${common[@]+"${common[@]}"} \
    --noshow_progress --test_output=errors //... </dev/null; then
    echo "== $mode $configuration: passed"
  else
    echo "== $mode $configuration: FAILED"
    failed=$((failed + 1))
  fi
done
"${bazel[@]}" clean --expunge </dev/null >/dev/null 2>&1
exit "$failed"
