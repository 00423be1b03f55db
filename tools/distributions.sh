#!/bin/bash
# Runs the README's two commands in bare Debian systems, as root and as an
# ordinary user, and prints a table.  Takes about an hour a system.
#
#   tools/distributions.sh                  bookworm, trixie and testing
#   tools/distributions.sh trixie ...       these only
#   FOLDER=/big/disk tools/distributions.sh     the systems are made there;
#                                           default: /var/tmp/uasio-distributions
#   COMMANDS="try" tools/distributions.sh   one of the commands only (try, test)
#   MOUNTS=few tools/distributions.sh       without /sys, /dev/pts, /dev/shm and
#                                           disks; default: all
#
# Needs root, debootstrap, and the package source that this machine's apt uses.
# What is committed is tested.  A system that is there is used again; delete its
# folder for a bare one.  The logs stand beside it.  Mounts and processes live
# in namespaces that end with the script, also if it is killed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

if [[ ${1-} == --help ]]; then
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' tools/distributions.sh
  exit
fi
folder=${FOLDER:-/var/tmp/uasio-distributions}
commands=${COMMANDS:-try test}
mounts=${MOUNTS:-all}
names=("$@")
[[ $# -gt 0 ]] || names=(bookworm trixie testing)

if [[ ! "$commands $mounts" =~ ^(try|test|try test)\ (all|few)$ ]]; then
  echo "distributions.sh: wrong COMMANDS or MOUNTS; see its top" >&2
  exit 2
fi
if [[ $(id -u) -ne 0 ]]; then
  echo "distributions.sh: must be run as root" >&2
  exit 1
fi
if ! command -v debootstrap >/dev/null; then
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y install debootstrap \
    </dev/null >/dev/null || exit 1
fi
if [[ ${UASIO_IN_NAMESPACE-} != yes ]]; then
  # Not by exec: until its child ends, unshare ignores signals.
  UASIO_IN_NAMESPACE=yes setpriv --pdeathsig KILL \
    unshare --mount --pid --fork --kill-child --propagation private \
    tools/distributions.sh "$@" &
  trap 'kill -KILL $!; exit 1' INT TERM HUP
  wait $!
  exit
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
    mount -t tmpfs tmpfs "$root/tmp" || return
  if [[ $mounts == all ]]; then
    mount --rbind /sys "$root/sys" && mount --rbind /dev "$root/dev"
  else
    mount -t tmpfs -o mode=755 tmpfs "$root/dev" &&
      cp -a /dev/{null,zero,full,random,urandom,tty} "$root/dev"
  fi
}

# Makes a fresh clone of this repository in the system.  The builds of root and
# of the user share a cache, which must be the user's own: Bazel 7 sets the times
# of its files.  Without the option the user would be given root's test results,
# too.
clone() {
  local root=$1 home=$2 cache=$1/var/cache/uasio
  mkdir -p "$cache"
  rm -rf "${root:?}/$home/uasio"
  git clone -q . "$root/$home/uasio" &&
    printf '%s\n' "build --disk_cache=/var/cache/uasio" \
      "test --nocache_test_results" >"$root/$home/uasio/user.bazelrc" &&
    chown -R --reference="$root/$home" "$root/$home/uasio" "$cache"
}

# Runs a command as that user in the clone.
run_as() {
  local root=$1 user=$2 home=$3
  shift 3
  chroot "$root" su "$user" -s /bin/bash -c "
    cd /$home/uasio; export HOME=/$home LC_ALL=C.UTF-8; $*" </dev/null
}

row() {
  printf '%-10s %-6s %-8s %-8s %-10s %s\n' "$@"
}

failed=0
test_as() {
  local name=$1 root=$2 user=$3 home=$4 log=$folder/$1-$3
  local try=- test=- bazel compiler
  clone "$root" "$home" || { failed=1; return; }
  if [[ $commands == *try* ]]; then
    try=ok
    run_as "$root" "$user" "$home" tools/try.sh >"$log-try.log" 2>&1 ||
      try=FAILED failed=1
  fi
  if [[ $commands == *test* ]]; then
    run_as "$root" "$user" "$home" tools/test.sh >"$log-test.log" 2>&1 ||
      failed=1
    test=$(tail -n 1 "$log-test.log")
  fi
  bazel=$(run_as "$root" "$user" "$home" bazel --version | awk '{ print $2 }')
  # Debian's Bazel 4 does not tell.
  # shellcheck disable=SC2016  # dpkg-query expands it.
  [[ $bazel != no_version ]] ||
    bazel=$(chroot "$root" dpkg-query -W -f '${Version}' bazel-bootstrap |
      cut -d+ -f1)
  compiler=$(run_as "$root" "$user" "$home" g++ -dumpfullversion)
  run_as "$root" "$user" "$home" bazel shutdown 2>/dev/null
  row "$name" "$user" "$bazel" "$compiler" "$try" "$test"
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
