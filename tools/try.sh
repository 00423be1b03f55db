#!/bin/bash
# Tries the main job on real data: installs what is missing, builds, creates a
# file of 256 MiB, copies it with every backend, with cp and with dd, and prints
# the time of each copy and whether it is correct.
#
#   tools/try.sh [FOLDER]    the files are created in a temporary folder in
#                            FOLDER; default: the current one
#
# MIB=1024 tools/try.sh creates a larger file.  Every time includes the fsync.
# Set BAZEL to use another Bazel, or start-up options, as for tools/test.sh.
set -euo pipefail

usage() {
  echo "usage: tools/try.sh [FOLDER]; see the top of the script" >&2
  exit 2
}

if [[ ${1-} == --help ]]; then
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
  exit
fi
[[ $# -le 1 && ${1-} != -* ]] || usage
if [[ ! -d ${1:-.} ]]; then
  echo "try.sh: no folder ${1:-.}" >&2
  exit 2
fi
folder=$(cd -- "${1:-.}" >/dev/null && pwd) || exit 1
mib=${MIB:-256}
[[ $mib =~ ^[1-9][0-9]*$ ]] || usage
cd "$(dirname "$0")/.."

tools/setup.sh
read -ra bazel <<<"${BAZEL:-$(command -v bazel || command -v bazelisk)}"
echo "Building asio_cp and asio_probe (minutes, the first time)."
"${bazel[@]}" build -c opt --ui_event_filters=-info --noshow_progress \
  --show_result=0 //tools:asio_cp //tools:asio_probe </dev/null
tools=$("${bazel[@]}" info -c opt bazel-bin 2>/dev/null)/tools
# The backends that work here.
backends=$("$tools/probe/asio_probe" |
  awk '$1 == "settings" { exit } $2 == "works" { print $1 }')

scratch=$(mktemp -d "$folder/uasio-try.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
echo "Making a file of $mib MiB in $scratch."
dd if=/dev/urandom of="$scratch/source" bs=1M count="$mib" conv=fsync \
  status=none

failed=0
# Runs a command that copies `source` to `copy`, and prints a line of the table.
row() {
  local name=$1 begun ended verified=yes
  shift
  rm -f "$scratch/copy"
  # Asks the kernel to drop the source from the page cache; it may not do so.
  dd if="$scratch/source" iflag=nocache count=0 status=none
  begun=$(date +%s%N)
  "$@" || verified=FAILED
  ended=$(date +%s%N)
  cmp -s "$scratch/source" "$scratch/copy" || verified=NO
  [[ $verified == yes ]] || failed=1
  awk -v name="$name" -v ns=$((ended - begun)) -v mib="$mib" -v ok="$verified" \
    'BEGIN { printf "%-16s %8.2f %8.0f  %s\n", name, ns / 1e9, mib * 1e9 / ns, ok }'
}

# shellcheck disable=SC2317  # Called by row.
cp_and_sync() { cp "$1" "$2" && sync "$2"; }

printf '%-16s %8s %8s  %s\n' backend seconds MiB/s verified
for backend in $backends; do
  row "$backend" "$tools/cp/asio_cp" --backend="$backend" --sync \
    "$scratch/source" "$scratch/copy"
done
row "cp + sync" cp_and_sync "$scratch/source" "$scratch/copy"
row "dd direct" dd if="$scratch/source" of="$scratch/copy" bs=1M \
  iflag=direct oflag=direct conv=fsync status=none
exit "$failed"
