#!/bin/bash
# Runs the README's two commands in bare Debian systems, as root and as an
# ordinary user, and prints a table.  Takes about an hour a system.
#
#   tools/distributions.sh                  bookworm, trixie and testing
#   tools/distributions.sh trixie ...       these only
#   FOLDER=/big/disk tools/distributions.sh     the systems are made there;
#                                           default: /var/tmp/uasio-distributions
#   COMMANDS="try" tools/distributions.sh   one of the commands only (try, test)
#
# Needs root, debootstrap, and the package source that this machine's apt uses.
# What is committed is tested.  A system that is there is used again; delete its
# folder for a bare one.  The logs stand beside it.  Mounts live in a namespace
# that ends with the script.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

if [[ ${1-} == --help ]]; then
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' tools/distributions.sh
  exit
fi
folder=${FOLDER:-/var/tmp/uasio-distributions}
commands=${COMMANDS:-try test}
names=("$@")
[[ $# -gt 0 ]] || names=(bookworm trixie testing)

if [[ $(id -u) -ne 0 ]]; then
  echo "distributions.sh: must be run as root" >&2
  exit 1
fi
if ! command -v debootstrap >/dev/null; then
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y install debootstrap \
    </dev/null >/dev/null || exit 1
fi
if [[ ${UASIO_IN_NAMESPACE-} != yes ]]; then
  UASIO_IN_NAMESPACE=yes exec unshare --mount --pid --fork --kill-child \
    --propagation private "$0" "$@"
fi

# The URI of this machine's own package source.
mirror() {
  # shellcheck disable=SC2016  # apt-get expands it.
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    grep -m 1 '/debian/\{0,1\}$'
}

make_system() {
  local name=$1 root=$2
  [[ ! -e $root/complete ]] || return 0
  rm -rf --one-file-system "$root"
  debootstrap --variant=minbase "$name" "$root" "$(mirror)" &&
    chroot "$root" useradd --create-home --shell /bin/bash user &&
    touch "$root/complete"
}

mount_system() {
  local root=$1
  mount -t proc proc "$root/proc" &&
    mount --rbind /sys "$root/sys" &&
    mount --rbind /dev "$root/dev" &&
    mount -t tmpfs tmpfs "$root/tmp"
}

# What a fresh clone of this repository is in the system.  The builds of root
# and of the user share a cache.
clone() {
  local root=$1 home=$2 cache=$1/var/cache/uasio
  mkdir -p "$cache"
  chmod 1777 "$cache"
  rm -rf "${root:?}/$home/uasio"
  git clone -q . "$root/$home/uasio" &&
    echo "build --disk_cache=/var/cache/uasio" \
      >"$root/$home/uasio/user.bazelrc" &&
    chown -R --reference="$root/$home" "$root/$home/uasio" &&
    chmod -R a+rwX "$cache"
}

# Runs a command as that user in the clone.
run_as() {
  local root=$1 user=$2 home=$3
  shift 3
  chroot "$root" su "$user" -s /bin/bash -c "
    umask 000; cd /$home/uasio; export HOME=/$home LC_ALL=C.UTF-8; $*" </dev/null
}

row() {
  printf '%-10s %-6s %-8s %-8s %-10s %s\n' "$@"
}

failed=0
test_as() {
  local name=$1 root=$2 user=$3 home=$4 log=$folder/$1-$3
  local try=- test=- bazel compiler
  clone "$root" "$home" || return 1
  if [[ $commands == *try* ]]; then
    try=ok
    run_as "$root" "$user" "$home" tools/try.sh >"$log-try.log" 2>&1 ||
      try=FAILED
  fi
  if [[ $commands == *test* ]]; then
    run_as "$root" "$user" "$home" tools/test.sh >"$log-test.log" 2>&1
    test=$(tail -n 1 "$log-test.log")
  fi
  bazel=$(run_as "$root" "$user" "$home" bazel --version | awk '{ print $2 }')
  compiler=$(run_as "$root" "$user" "$home" g++ -dumpfullversion)
  row "$name" "$user" "$bazel" "$compiler" "$try" "$test"
  [[ $try != FAILED && $test =~ ^(-|.*[^0-9]0 failed.*)$ ]] || failed=1
}

mkdir -p "$folder"
for name in "${names[@]}"; do
  root=$folder/$name
  if ! { make_system "$name" "$root" && mount_system "$root"; } \
    >"$folder/$name.log" 2>&1; then
    echo "distributions.sh: $name: no system; see $folder/$name.log" >&2
    failed=1
    continue
  fi
  [[ $name != "${names[0]}" ]] ||
    row distribution user Bazel g++ try.sh test.sh
  test_as "$name" "$root" root root # First: it installs what is missing.
  test_as "$name" "$root" user home/user
done
exit "$failed"
