#!/bin/bash
# Runs the checks that tools/test.sh does not:
#
#   asan         the tests built by clang, thread-safety warnings as errors, under
#                AddressSanitizer, LeakSanitizer and UBSan
#   tsan         the tests under ThreadSanitizer
#   clang-format the format of all C and C++ files
#   buildifier   the format of all Bazel files
#
#   tools/check.sh            runs all of them, even if one fails
#   tools/check.sh tsan ...   runs these only
#
# The exit status is the number of checks that failed.  Set BAZEL to use another
# Bazel, or start-up options, as for tools/test.sh.
# shellcheck disable=SC2317  # The checks are called by name.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

readonly all_checks=(asan tsan clang-format buildifier)
readonly buildifier_version=8.2.1

# Each configuration has an output folder of its own, so that none overwrites
# the objects of another or of the plain build.  gold warns of each function of
# clang's ASan in each program; these thousands of lines are left out.
run_tests() {
  local name=$1
  shift
  local bazel
  read -ra bazel <<<"${BAZEL:-$(command -v bazel || command -v bazelisk)}"
  "${bazel[@]}" test --keep_going --platform_suffix="-$name" \
    --test_tag_filters=-no-sanitizers --build_tests_only=false \
    --experimental_convenience_symlinks=ignore "$@" //... </dev/null \
    2> >(grep --line-buffered -v 'Cannot export local symbol' >&2)
}

check_asan() {
  run_tests asan --config=asan --config=ubsan --config=clang \
    --test_env=ASAN_OPTIONS=detect_leaks=1 \
    --test_env=UBSAN_OPTIONS=print_stacktrace=1
}

check_tsan() { run_tests tsan --config=tsan; }

# Prints the files that match, committed or new, each followed by a zero byte.
files() {
  local file
  git ls-files -z --cached --others --exclude-standard "$@" |
    while IFS= read -r -d '' file; do
      if [[ -f $file ]]; then printf '%s\0' "$file"; fi
    done
}

check_clang-format() {
  files '*.cc' '*.h' '*.c' | xargs -0 -r clang-format --dry-run --Werror
}

check_buildifier() {
  local cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}
  local folder=$cache/uasio/buildifier-$buildifier_version
  local program=$folder/node_modules/.bin/buildifier
  if [[ ! -x $program ]]; then
    mkdir -p "$folder"
    npm install --prefix "$folder" --no-audit --no-fund --loglevel=error \
      "@bazel/buildifier@$buildifier_version" </dev/null || return 1
  fi
  files BUILD '*/BUILD' '*.bazel' '*.bzl' WORKSPACE WORKSPACE.bzlmod |
    xargs -0 -r "$program" -mode=check -lint=warn
}

if [[ ${1-} == --help ]]; then
  sed -n '2,/^[^#]/{/^# shellcheck/d;s/^# \{0,1\}//p}' tools/check.sh
  exit
fi

checks=("$@")
[[ $# -gt 0 ]] || checks=("${all_checks[@]}")
for check in "${checks[@]}"; do
  if [[ " ${all_checks[*]} " != *" $check "* ]]; then
    echo "check.sh: no check \"$check\"; there are: ${all_checks[*]}" >&2
    exit 1
  fi
done

tools/setup.sh --check-tools || exit 1

failed=()
for check in "${checks[@]}"; do
  echo "== check: $check"
  seconds=$SECONDS
  if "check_$check"; then
    echo "== $check: passed in $((SECONDS - seconds)) s"
  else
    echo "== $check: FAILED in $((SECONDS - seconds)) s"
    failed+=("$check")
  fi
done
if [[ ${#failed[@]} -gt 0 ]]; then
  echo "Failed checks: ${failed[*]}"
else
  echo "All checks passed: ${checks[*]}"
fi
exit "${#failed[@]}"
