#!/bin/bash
# Runs real clients of libaio on our libaio.so.1, with their own verification:
#
#   fio        random reads and writes with --verify=crc32c: direct and buffered,
#              reaping by call and from the ring, threads, processes, vectors
#   sysbench   fileio, asynchronous; with --validate only if it does not read:
#              it has one buffer for all requests, so it finds wrong sums
#              whenever I/O is really asynchronous, also with the kernel
#   qemu-io    native AIO on a raw image; qemu reaps from the ring
#
#   asio/compat/libaio/clients.sh [FOLDER]
#
# FOLDER must exist (default: $TMPDIR, or /tmp).  The script puts up to 100 MiB
# of files there, and removes them.  A client that is not installed is named and
# skipped.  UASIO_LIBAIO is the path of a library that is built already.  The
# last line is "N passed, N failed"; the exit status is 0 if something ran and
# nothing failed.
set -uo pipefail

where=${1:-${TMPDIR:-/tmp}}
if [[ $# -gt 1 || ! -d $where ]]; then
  echo "usage: clients.sh [FOLDER]; the folder must exist" >&2
  exit 2
fi
where=$(cd -- "$where" >/dev/null && pwd) || exit 1
cd "$(dirname "$0")/../../.." || exit 1

library=${UASIO_LIBAIO-}
if [[ -z $library ]]; then
  read -ra bazel <<<"${BAZEL:-$(command -v bazel || command -v bazelisk)}"
  target=//asio/compat/libaio:libaio.so.1
  "${bazel[@]}" build -c opt "$target" </dev/null || exit 1
  library=$("${bazel[@]}" info -c opt bazel-bin </dev/null 2>/dev/null) || exit 1
  library+=/asio/compat/libaio/libaio.so.1
fi

folder=$(mktemp -d "$where/uasio_clients_XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT

passed=0 failed=0 missing=()

# run NAME COMMAND...: runs it on the library, in the folder, for at most 60 s.
run() {
  local name=$1 log=$folder/log
  shift
  if (cd "$folder" && timeout 60 env LD_PRELOAD="$library" "$@") \
    >"$log" 2>&1 </dev/null; then
    echo "passed: $name"
    passed=$((passed + 1))
  else
    echo "FAILED: $name"
    sed 's/^/    /' "$log"
    failed=$((failed + 1))
  fi
}

have() {
  command -v "$1" >/dev/null && return
  missing+=("$1 ($2)")
  return 1
}

fio_job() {
  local name=$1
  shift
  run "fio: $name" fio --name=job --ioengine=libaio --rw=randrw --bs=4k \
    --size=8m --iodepth=32 --verify=crc32c --verify_fatal=1 --group_reporting \
    "$@"
  rm -f "$folder"/job*
}

if have fio fio; then
  for direct in 0 1; do
    for reap in 0 1; do
      fio_job "direct=$direct userspace_reap=$reap" \
        --direct=$direct --userspace_reap=$reap
    done
    fio_job "direct=$direct, 4 threads" --direct=$direct --thread --numjobs=4
    fio_job "direct=$direct, 4 processes" --direct=$direct --numjobs=4
    fio_job "direct=$direct, batches" --direct=$direct --iodepth_batch=8 \
      --iodepth_batch_complete_min=1 --iodepth_batch_complete_max=32
    fio_job "direct=$direct, blocks of all sizes" --direct=$direct \
      --bsrange=512-128k --blockalign=512
    fio_job "direct=$direct, fsync" --direct=$direct --fsync=16
  done
fi

if have sysbench sysbench; then
  for flags in "" direct; do
    for mode in rndrw rndwr seqrewr; do
      validate=on
      [[ $mode != rndrw ]] || validate=off
      options=(fileio --file-num=4 --file-total-size=16M --file-io-mode=async
        --file-test-mode="$mode" --file-extra-flags="$flags" --threads=4
        --validate="$validate" --time=2)
      run "sysbench: prepare, validate=$validate, ${flags:-buffered}" sysbench "${options[@]}" prepare
      run "sysbench: $mode, ${flags:-buffered}" sysbench "${options[@]}" run
      rm -f "$folder"/test_file*
    done
  done
fi

if have qemu-io qemu-utils; then
  truncate -s 16M "$folder/image"
  commands=()
  for i in {0..15}; do
    commands+=(-c "aio_write -P $((i + 1)) ${i}M 1M")
  done
  commands+=(-c aio_flush)
  for i in {0..15}; do commands+=(-c "aio_read -P $((i + 1)) ${i}M 1M"); done
  commands+=(-c aio_flush -c "writev -P 77 512 512 1024 4096"
    -c "readv -v -P 77 512 1024 4608" -c flush)
  run "qemu-io: native AIO" qemu-io -n -t none -i native -f raw \
    "${commands[@]}" image
  # qemu-io prints mismatches but exits with 0.
  if grep -q -i -E "verification failed|error" "$folder/log"; then
    echo "FAILED: qemu-io did not read the data that it wrote"
    failed=$((failed + 1))
  fi
  # Another program reads the same data.
  # shellcheck disable=SC2016  # The inner shell expands.
  run "the image, read by cmp" bash -c '
    for i in {1..15}; do
      cmp <(tail -c +$((i * 1048576 + 1)) image | head -c 1048576) \
        <(head -c 1048576 /dev/zero | tr "\0" "\\$(printf %o $((i + 1)))") ||
        exit 1
    done'
fi

for client in "${missing[@]}"; do echo "not installed: $client"; done
echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
