#!/bin/bash
# Compares fio on our libaio.so.1 with fio on the kernel's asynchronous I/O:
# 4 KiB random reads at depth 32, buffered with a cold page cache, and direct.
#
#   asio/compat/libaio/compare.sh FILE [ROUNDS [FIO OPTIONS...]]
#
# If FILE does not exist, the script makes it, of 1 GiB, and leaves it.  Kernel
# and library alternate for ROUNDS rounds (7); before each run the file is
# dropped from the page cache, and a run reads no block twice.  Prints the
# requests per second of each round, the medians and their ratio.  UASIO_LIBAIO
# is the path of a library that is built already.
set -euo pipefail

if [[ $# -eq 0 || $1 == -* ]]; then
  echo "usage: compare.sh FILE [ROUNDS [FIO OPTIONS...]]" >&2
  exit 2
fi
file=$(realpath "$1")
rounds=${2:-7}
shift $(($# < 2 ? $# : 2))
command -v fio >/dev/null || { echo "compare.sh: fio is not installed" >&2; exit 1; }
cd "$(dirname "$0")/../../.."

library=${UASIO_LIBAIO-}
if [[ -z $library ]]; then
  read -ra bazel <<<"${BAZEL:-$(command -v bazel || command -v bazelisk)}"
  "${bazel[@]}" build -c opt //asio/compat/libaio:libaio.so.1 </dev/null
  library=$("${bazel[@]}" info -c opt bazel-bin </dev/null 2>/dev/null)
  library+=/asio/compat/libaio/libaio.so.1
fi

if [[ ! -e $file ]]; then
  fio --name=make --filename="$file" --size=1g --rw=write --bs=1m --direct=0 \
    --end_fsync=1 >/dev/null
fi

# The requests per second of one run.
measure() {
  local preload=$1 direct=$2
  shift 2
  LD_PRELOAD=$preload fio --name=read --filename="$file" --rw=randread \
    --bs=4k --ioengine=libaio --iodepth=32 --direct="$direct" --invalidate=1 \
    --size=1g --io_size=256m --randrepeat=0 --output-format=terse "$@" |
    cut -d';' -f8
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for direct in 0 1; do
  kernel=() ours=()
  for ((i = 0; i < rounds; ++i)); do
    kernel+=("$(measure "" $direct "$@")")
    ours+=("$(measure "$library" $direct "$@")")
  done
  k=$(printf '%s\n' "${kernel[@]}" | median)
  o=$(printf '%s\n' "${ours[@]}" | median)
  echo "direct=$direct kernel: ${kernel[*]}"
  echo "direct=$direct ours:   ${ours[*]}"
  awk -v d=$direct -v k="$k" -v o="$o" 'BEGIN {
    printf "direct=%d medians: kernel %d, ours %d, ratio %.2f\n", d, k, o, o / k
  }'
done
