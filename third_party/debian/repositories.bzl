"""Debian's Bazel, without a network: the dependencies from Debian's packages.

    apt-get install bazel-bootstrap pkg-config \
        libabsl-dev libbenchmark-dev libgmock-dev libgtest-dev liburing-dev \
        libssl-dev

Debian's Bazel is built without a release number, and is meant for builds that
download nothing.  With that Bazel, and with no other, the repositories below
take the place of the archives in //:deps.bzl, under the same names and labels.
This is for WORKSPACE; for MODULE.bazel, tools/setup.sh does the same.
"""

load("@bazel_tools//tools/build_defs/repo:utils.bzl", "maybe")

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

def _system_module_impl(rctx):
    result = rctx.execute(["bash", rctx.path(rctx.attr._script), ".", rctx.attr.module])
    if result.return_code != 0:
        fail("{}: {}".format(rctx.attr.module, result.stderr))

system_module = repository_rule(
    implementation = _system_module_impl,
    attrs = {
        "module": attr.string(doc = "Its name in the registry.", mandatory = True),
        "_script": attr.label(default = "//third_party/debian:modules.sh"),
    },
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
        maybe(system_module, name = "com_google_absl", module = "abseil-cpp")

def debian_dev_deps():
    """Declares what //:deps.bzl's uasio_dev_deps() needs, if this is Debian's Bazel."""
    if _is_debian_bazel():
        maybe(system_module, name = "com_google_googletest", module = "googletest")
        maybe(system_module, name = "com_github_google_benchmark", module = "google_benchmark")
