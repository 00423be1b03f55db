#!/bin/bash
# Writes Bazel packages that stand for the libraries of the system's packages.
#
#   third_party/debian/modules.sh FOLDER MODULE   the packages of one module
#   third_party/debian/modules.sh FOLDER          all modules, in folders of
#                                 FOLDER, which must be an absolute path; prints
#                                 the lines for a .bazelrc which use them
#
# WORKSPACE builds run it by repositories.bzl.  For MODULE.bazel, tools/setup.sh
# runs it: Bazel resolves all modules before it runs any rule.
set -euo pipefail

# Abseil's label and the pkg-config module of the same library.
readonly absl="
  absl/algorithm:container absl_algorithm_container
  absl/base:base absl_base
  absl/base:config absl_config
  absl/base:core_headers absl_core_headers
  absl/cleanup:cleanup absl_cleanup
  absl/container:btree absl_btree
  absl/container:fixed_array absl_fixed_array
  absl/container:flat_hash_map absl_flat_hash_map
  absl/container:flat_hash_set absl_flat_hash_set
  absl/container:inlined_vector absl_inlined_vector
  absl/debugging:failure_signal_handler absl_failure_signal_handler
  absl/debugging:symbolize absl_symbolize
  absl/flags:flag absl_flags
  absl/flags:marshalling absl_flags_marshalling
  absl/flags:parse absl_flags_parse
  absl/flags:reflection absl_flags_reflection
  absl/flags:usage absl_flags_usage
  absl/functional:any_invocable absl_any_invocable
  absl/functional:function_ref absl_function_ref
  absl/hash:hash absl_hash
  absl/memory:memory absl_memory
  absl/meta:type_traits absl_type_traits
  absl/numeric:bits absl_bits
  absl/random:random absl_random_random
  absl/status:status absl_status
  absl/status:statusor absl_statusor
  absl/strings:cord absl_cord
  absl/strings:str_format absl_str_format
  absl/strings:strings absl_strings
  absl/synchronization:synchronization absl_synchronization
  absl/time:time absl_time
  absl/types:optional absl_optional
  absl/types:span absl_span
  absl/utility:utility absl_utility
"

# Debian's Bazel 7 asks the registry for these, too, but uses nothing of them to
# build C++.  Its /etc/bazel/bazelrc overrides the others that it asks for.
readonly unused="apple_support buildozer protobuf zlib"

# cc_library FOLDER NAME DEPS [LINKOPTS...]: adds to the package in FOLDER.
cc_library() {
  local folder=$1 build=$1/BUILD.bazel name=$2 deps=$3
  shift 3
  if [[ ! -f $build ]]; then
    mkdir -p "$folder"
    cat >"$build" <<'END'
load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])
END
  fi
  {
    printf '\ncc_library(\n    name = "%s",\n    linkopts = [' "$name"
    # Not --as-needed: tests are linked against shared objects, whose own needs
    # gold does not count.
    printf '"%s",' "$@"
    printf '],\n    deps = [%s],\n)\n' "$deps"
  } >>"$build"
}

write_absl() {
  local folder=$1 label module libs
  while read -r label module; do
    [[ -n $label ]] || continue
    read -ra libs <<<"$(pkg-config --libs "$module")"
    cc_library "$folder/${label%:*}" "${label#*:}" "" "${libs[@]}"
  done <<<"$absl"
}

# Writes the packages of a module.
write_module() {
  local folder=$1
  case $2 in
    abseil-cpp) write_absl "$folder" ;;
    googletest)
      cc_library "$folder" gtest "" -lgmock -lgtest -lpthread
      cc_library "$folder" gtest_main '":gtest"' -lgmock_main
      ;;
    google_benchmark)
      cc_library "$folder" benchmark "" -lbenchmark
      cc_library "$folder" benchmark_main '":benchmark"' -lbenchmark_main
      ;;
    liburing) cc_library "$folder" liburing "" -luring ;;
    *) echo "modules.sh: no module $2" >&2; exit 1 ;;
  esac
}

if [[ $# -eq 2 ]]; then
  write_module "$1" "$2"
  exit
fi

# Bazel 7 would also evaluate a WORKSPACE of its own, which downloads.
echo "common --noenable_workspace"

rm -rf "$1"
for module in abseil-cpp googletest google_benchmark liburing $unused; do
  mkdir -p "$1/$module"
  echo "module(name = \"$module\")" >"$1/$module/MODULE.bazel"
  echo "common --override_module=$module=$1/$module"
done

# What the rule of tests would download, and uses for coverage only.
mkdir -p "$1/remote_coverage_tools"
cat >"$1/remote_coverage_tools/BUILD" <<'END'
filegroup(
    name = "coverage_report_generator",
    visibility = ["//visibility:public"],
)
END
echo 'module(name = "remote_coverage_tools")' \
  >"$1/remote_coverage_tools/MODULE.bazel"
extension=bazel_tools~remote_coverage_tools_extension
echo "common --override_repository=$extension~remote_coverage_tools=$1/remote_coverage_tools"

for module in abseil-cpp googletest google_benchmark liburing; do
  echo 'bazel_dep(name = "rules_cc", version = "0.0.1")' \
    >>"$1/$module/MODULE.bazel"
  write_module "$1/$module" "$module"
done
