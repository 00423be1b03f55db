"""Debian's Bazel, without a network: the dependencies from Debian's packages.

    apt-get install bazel-bootstrap pkg-config \
        libabsl-dev libbenchmark-dev libgmock-dev libgtest-dev liburing-dev \
        libssl-dev

Debian's Bazel is built without a release number, and is meant for builds that
download nothing.  With that Bazel, and with no other, the repositories below
take the place of the archives in //:deps.bzl, under the same names and labels.
"""

load("@bazel_tools//tools/build_defs/repo:utils.bzl", "maybe")

# Abseil's label -> the pkg-config module of the same library.
_ABSL = {
    "absl/algorithm:container": "absl_algorithm_container",
    "absl/base": "absl_base",
    "absl/base:config": "absl_config",
    "absl/base:core_headers": "absl_core_headers",
    "absl/cleanup": "absl_cleanup",
    "absl/container:btree": "absl_btree",
    "absl/container:fixed_array": "absl_fixed_array",
    "absl/container:flat_hash_map": "absl_flat_hash_map",
    "absl/container:flat_hash_set": "absl_flat_hash_set",
    "absl/container:inlined_vector": "absl_inlined_vector",
    "absl/debugging:failure_signal_handler": "absl_failure_signal_handler",
    "absl/debugging:symbolize": "absl_symbolize",
    "absl/flags:flag": "absl_flags",
    "absl/flags:marshalling": "absl_flags_marshalling",
    "absl/flags:parse": "absl_flags_parse",
    "absl/flags:reflection": "absl_flags_reflection",
    "absl/flags:usage": "absl_flags_usage",
    "absl/functional:any_invocable": "absl_any_invocable",
    "absl/functional:function_ref": "absl_function_ref",
    "absl/hash": "absl_hash",
    "absl/memory": "absl_memory",
    "absl/meta:type_traits": "absl_type_traits",
    "absl/numeric:bits": "absl_bits",
    "absl/random": "absl_random_random",
    "absl/status": "absl_status",
    "absl/status:statusor": "absl_statusor",
    "absl/strings": "absl_strings",
    "absl/strings:cord": "absl_cord",
    "absl/strings:str_format": "absl_str_format",
    "absl/synchronization": "absl_synchronization",
    "absl/time": "absl_time",
    "absl/types:optional": "absl_optional",
    "absl/types:span": "absl_span",
    "absl/utility": "absl_utility",
}

_GOOGLETEST = """
load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])

cc_library(
    name = "gtest",
    linkopts = ["-lgmock", "-lgtest", "-lpthread"],
)

cc_library(
    name = "gtest_main",
    linkopts = ["-lgmock_main"],
    deps = [":gtest"],
)
"""

_BENCHMARK = """
load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])

cc_library(
    name = "benchmark",
    linkopts = ["-lbenchmark"],
)

cc_library(
    name = "benchmark_main",
    linkopts = ["-lbenchmark_main"],
    deps = [":benchmark"],
)
"""

# Bazel 4 would download the next three before it compiles anything.
_RULES_CC = """
cc_binary = native.cc_binary
cc_import = native.cc_import
cc_library = native.cc_library
cc_proto_library = native.cc_proto_library
cc_test = native.cc_test
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
objc_library = native.objc_library
"""

_RULES_JAVA = """
java_binary = native.java_binary
java_import = native.java_import
java_library = native.java_library
java_runtime = native.java_runtime
java_test = native.java_test
java_toolchain = native.java_toolchain
"""

_COVERAGE_TOOLS = """
filegroup(
    name = "coverage_report_generator",
    visibility = ["//visibility:public"],
)
"""

def _files_impl(rctx):
    for path, content in rctx.attr.files.items():
        rctx.file(path, content)

_files = repository_rule(
    implementation = _files_impl,
    attrs = {"files": attr.string_dict(doc = "Path -> content.", mandatory = True)},
)

def _absl_impl(rctx):
    packages = {}
    for label, module in _ABSL.items():
        result = rctx.execute(["pkg-config", "--libs", module])
        if result.return_code != 0:
            fail("pkg-config --libs {}: {}".format(module, result.stderr))
        libs = result.stdout.strip().split(" ")
        package, _, name = label.partition(":")
        packages.setdefault(package, []).append("""
cc_library(
    name = "{name}",
    linkopts = {linkopts},
    visibility = ["//visibility:public"],
)
""".format(
            name = name or package.split("/")[-1],
            # Not --as-needed: tests are linked against shared objects, whose
            # own needs gold does not count.
            linkopts = [lib for lib in libs if lib],
        ))
    for package, rules in packages.items():
        rctx.file(
            package + "/BUILD.bazel",
            'load("@rules_cc//cc:defs.bzl", "cc_library")\n' + "".join(rules),
        )

_absl = repository_rule(
    implementation = _absl_impl,
    local = True,  # Look again when the Bazel server starts: Debian may have been upgraded.
)

def _is_debian_bazel():
    return not native.bazel_version

def debian_deps():
    """Declares what //:deps.bzl's uasio_deps() needs, if this is Debian's Bazel."""
    if _is_debian_bazel():
        maybe(_files, name = "rules_cc", files = {"cc/BUILD": "", "cc/defs.bzl": _RULES_CC})
        maybe(_files, name = "rules_java", files = {"java/BUILD": "", "java/defs.bzl": _RULES_JAVA})
        maybe(_files, name = "remote_coverage_tools", files = {"BUILD": _COVERAGE_TOOLS})
        maybe(_absl, name = "com_google_absl")

def debian_dev_deps():
    """Declares what //:deps.bzl's uasio_dev_deps() needs, if this is Debian's Bazel."""
    if _is_debian_bazel():
        maybe(_files, name = "com_google_googletest", files = {"BUILD": _GOOGLETEST})
        maybe(_files, name = "com_github_google_benchmark", files = {"BUILD": _BENCHMARK})
