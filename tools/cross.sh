#!/bin/bash
# Builds the core's unit tests for another architecture and runs them here,
# under qemu-user, on Debian.
#
#   tools/cross.sh [arm64|s390x]       default: arm64; s390x is big-endian
#   tools/cross.sh arm64 asio_internal_order_test ...     these only
#   FOLDER=/big/disk tools/cross.sh    libraries, build and logs are there;
#                                      default: /var/tmp/uasio-cross
#   JOBS=1 tools/cross.sh              compilers at a time; default: all CPUs
#
# The compiler and the emulator are Debian's packages.  The libraries are, too,
# but unpacked to FOLDER only: apt's own lists and the system stay as they are.
# Delete FOLDER for new ones.
set -euo pipefail
cd "$(dirname "$0")/.."

arch=${1:-arm64}
case $arch in
  arm64) machine=aarch64 ;;
  s390x) machine=s390x ;;
  --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' tools/cross.sh; exit ;;
  *) echo "usage: tools/cross.sh [arm64|s390x [TEST...]]" >&2; exit 2 ;;
esac
[[ $# -eq 0 ]] || shift
triplet=$machine-linux-gnu
folder=${FOLDER:-/var/tmp/uasio-cross}/$arch
root=$folder/root
build=$folder/build

have_command() { command -v "$1" >/dev/null; }

install_missing() {
  local missing=()
  have_command "$triplet-g++" || missing+=("g++-$triplet")
  have_command "qemu-$machine" || missing+=(qemu-user)
  have_command cmake || missing+=(cmake)
  have_command ninja || missing+=(ninja-build)
  have_command pkg-config || missing+=(pkg-config)
  [[ ${#missing[@]} -gt 0 ]] || return 0
  if [[ $(id -u) -ne 0 ]]; then
    echo "cross.sh: run as root: apt-get install ${missing[*]}" >&2
    return 1
  fi
  echo "cross.sh: installing ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 install \
    --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}

# apt-get as on a machine of that architecture with nothing installed.
foreign_apt() {
  apt-get -qq -y -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
    -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=1 \
    -o Dir::State::Lists="$folder/lists" -o Dir::Cache="$folder/cache" \
    -o Dir::State::status="$folder/status" "$@"
}

# Nothing is installed, so no package's scripts run.
unpack_libraries() {
  [[ ! -e $folder/complete ]] || return 0
  rm -rf "$folder"
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial" \
    "$root/usr/lib"
  ln -s usr/lib "$root/lib"
  touch "$folder/status"
  echo "cross.sh: unpacking libraries of $arch to $root"
  foreign_apt update
  foreign_apt --no-install-recommends --download-only install \
    libabsl-dev libgmock-dev libgtest-dev liburing-dev >/dev/null
  local package
  for package in "$folder"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" |
      tar -x --keep-directory-symlink -C "$root"
  done
  touch "$folder/complete"
}

configure() {
  local prefix=CMAKE_FIND_ROOT_PATH
  # CMake refuses a build folder of another clone.
  grep -qsx "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD/tests/cross" \
    "$build/CMakeCache.txt" || rm -rf "$build"
  export PKG_CONFIG_SYSROOT_DIR=$root
  export PKG_CONFIG_LIBDIR=$root/usr/lib/$triplet/pkgconfig
  cmake -G Ninja -S tests/cross -B "$build" -DCMAKE_SYSTEM_NAME=Linux \
    -DCMAKE_SYSTEM_PROCESSOR="$machine" -DCMAKE_SYSROOT="$root" \
    -DCMAKE_C_COMPILER="$triplet-gcc" -DCMAKE_CXX_COMPILER="$triplet-g++" \
    -D$prefix="$root" -D${prefix}_MODE_PROGRAM=NEVER \
    -D${prefix}_MODE_PACKAGE=ONLY -D${prefix}_MODE_LIBRARY=ONLY \
    -D${prefix}_MODE_INCLUDE=ONLY -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DUASIO_BUILD_TOOLS=OFF
}

# The tests that need what qemu-user has not, by what that is.
declare -A not_run=(
  ["starting the emulated program again"]="*DeathTest.*\
:WorkQueueTest.WorkOfAnotherQueueMustNotBeTakenBack"
  ["refusing threads to the program alone"]="PoolThreadsTest.AMoment*\
:PoolThreadsTest.SubmitOrRun*:WorkerPoolTest.ACallableRunsInTheCallerIfThereIs*\
:WorkerPoolTest.WhenNoThreadCanStart*"
  ["signals that it leaves alone"]="WorkerPoolTest.AllSignalsAreBlockedInTheThreads"
  ["fork(2) of a process with threads"]="ForkTest.*:HeapForkTest.*\
:ProcessPoolTest.AForkedChildMakesItsOwn"
  ["the architecture's own numbers in /proc/self/syscall"]="PerformInterruptTest.*\
:WorkerCancelTest.ARunningReadReturnsItsRealResult"
  ["preadv2(2) and pwritev2(2)"]="PerformTest.FlagsArePassedToTheCall\
:PerformNonBlockingTest.AnEmptyTransferIsReady\
:PerformNonBlockingTest.ErrorsAreNotReportedAsNotReady"
  ["statx(2) with STATX_DIOALIGN"]="TransferTest.FilesCanBeDirect*\
:PerformTest.ADirectReadEndsWhereAFileEndedBeforeItGrew"
)

# Prints a test's cases from its log, one a line, "passed", "failed" or
# "skipped" first.  A program without cases, or one that failed although none of
# its cases did, counts as one.
cases() {
  local name=$1 status=$2
  awk -v name="$name" -v status="$status" '
    { test = $4; sub(/,$/, "", test) }
    /^\[       OK \].* ms\)/ { print "passed", test; cases++ }
    /^\[  FAILED  \].* ms\)/ { print "failed", test; cases++; failed++ }
    /: Skipped$/ { getline reason }
    /^\[  SKIPPED \].* ms\)/ { print "skipped", test ": " reason; cases++ }
    END {
      if (status != 0 && !failed) print "failed", name, "(status " status ")"
      if (status == 0 && !cases) print "passed", name
    }' "$build/$name.log"
}

run_all() {
  local program name status filter
  filter=-$(IFS=: && echo "${not_run[*]}")
  for program in "$build"/*_test; do
    name=${program##*/}
    [[ $# -eq 0 || " $* " == *" $name "* ]] || continue
    status=0
    GTEST_FILTER=$filter timeout 300 "qemu-$machine" -L "$root" "$program" \
      >"$build/$name.log" 2>&1 </dev/null || status=$?
    cases "$name" "$status"
  done
}

install_missing
unpack_libraries
if ! { configure && cmake --build "$build" -j "${JOBS:-$(nproc)}" \
  ${*:+--target "$@"}; } >"$folder/build.log" 2>&1; then
  grep -E -m 10 'error|Error' "$folder/build.log" >&2 || true
  echo "cross.sh: the build failed; see $folder/build.log" >&2
  exit 1
fi
run_all "$@" >"$folder/cases"
# Not `grep -c`: it fails if the count is 0.
count() { awk -v r="$1" '$1 == r { n++ } END { print n + 0 }' "$folder/cases"; }
for what in "${!not_run[@]}"; do
  echo "not run: ${not_run[$what]}: qemu-user lacks $what"
done
sed -n 's/^skipped /skipped: /p; s/^failed /FAILED: /p' "$folder/cases"
total="$(count passed) passed, $(count failed) failed"
[[ $(count skipped) -eq 0 ]] || total+=", $(count skipped) skipped"
echo "$total"
[[ $(count failed) -eq 0 && $(count passed) -gt 0 ]]
