// tools/setup.sh on systems that lack something: it names what is missing or
// too old and the command to run, or writes the options that do without.

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/common/program_testing.h"

namespace uasio {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

// A folder of commands, which is all that the script finds, and a copy of the
// script.  At first it is a Debian 12 that has everything, without sudo, with
// an ordinary user.
class SetupTest : public testing::Test {
 protected:
  SetupTest() {
    fs::create_directories(scratch_.Path("bin"));
    fs::create_directories(scratch_.Path("tools"));
    fs::create_directories(scratch_.Path("third_party/debian"));
    fs::copy_file("tools/setup.sh", scratch_.Path("tools/setup.sh"));
    for (const char* name : {"awk", "bash", "cat", "cut", "dirname", "env",
                             "grep", "head", "rm", "sed", "sort"}) {
      Link(name);
    }
    Command("third_party/debian/modules.sh",
            "echo 'build --modules-of '$1\n"
            "echo 'common --override_module=googletest='$1");
    HasCompilerWithout("");
    HasBazel("no_version");
    Command("bin/dpkg", "");
    Command("bin/dpkg-query", "echo bazel-bootstrap: $2");
    Command("bin/id", "echo 1000");
    Command("bin/apt-get", "exit 1");
    Command("bin/pkg-config", "");
  }

  void Command(const std::string& path, const std::string& lines) {
    const std::string file =
        scratch_.NewFile(path, absl::StrCat("#!/bin/bash\n", lines, "\n"));
    fs::permissions(file, fs::perms::owner_all);
  }

  void Link(const std::string& name) {
    for (const char* folder : {"/usr/bin/", "/bin/"}) {
      if (!fs::exists(folder + name)) continue;
      fs::create_symlink(folder + name, scratch_.Path("bin/" + name));
      return;
    }
    ADD_FAILURE() << "no " << name;
  }

  void HasNo(const std::string& name) {
    fs::remove(scratch_.Path("bin/" + name));
  }

  // The compiler refuses what has this text; "": nothing.
  void HasCompilerWithout(const std::string& text) {
    Command("bin/g++", text.empty() ? "cat >/dev/null"
                                    : absl::StrCat("! grep -qF '", text, "'"));
  }

  void HasBazel(const std::string& version) {
    Command("bin/bazel", absl::StrCat("echo bazel ", version));
  }

  void BazelIsNotDebians() { Command("bin/dpkg-query", "exit 1"); }

  Outcome Run(const std::vector<std::string>& flags = {}) {
    std::vector<std::string> args = {"/bin/bash",
                                     scratch_.Path("tools/setup.sh")};
    args.insert(args.end(), flags.begin(), flags.end());
    ProgramOptions options;
    options.in_child = [this] {
      setenv("PATH", scratch_.Path("bin").c_str(), 1);
      unsetenv("BAZEL");
    };
    return RunProgram(args, options);
  }

  // What the script wrote for .bazelrc; "" if the file is not there.
  std::string Options(const std::string& name = "setup.bazelrc") const {
    const std::string file = scratch_.Path(name);
    return fs::exists(file) ? Contents(file) : "";
  }

  void ExpectTooOld(const std::string& what) {
    const Outcome outcome = Run();
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.err.find("setup.sh: older than uasio needs; at least:"),
              0u)
        << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("\n  " + what));
  }

  const Scratch scratch_;
};

TEST_F(SetupTest, NothingIsMissing) {
  scratch_.NewFile("setup.bazelrc", "of an earlier system");
  const Outcome outcome = Run();
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err + outcome.out, "");
  EXPECT_EQ(Options(), "");
}

TEST_F(SetupTest, AnUnknownFlag) {
  const Outcome outcome = Run({"--chek-tools"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.err, "usage: tools/setup.sh [--check-tools]\n");
}

TEST_F(SetupTest, OldVersionsAreNamed) {
  const struct {
    const char *refused, *named;
  } kCases[] = {
      {"__GNUC__ < 11", "g++ 11"},
      {"__GLIBC_PREREQ(2, 34)", "glibc 2.34"},
      {"STATX_DIOALIGN", "Linux 6.1's headers"},
      {"EVP_MD_CTX_new", "OpenSSL 1.1"},
      {"ABSL_LTS_RELEASE_VERSION", "Abseil 20220623"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.named);
    HasCompilerWithout(c.refused);
    ExpectTooOld(c.named);
  }
}

TEST_F(SetupTest, AnOldSystemIsNamedBeforeAnythingIsInstalled) {
  Command("bin/id", "echo 0");
  HasNo("bazel");
  HasCompilerWithout("STATX_DIOALIGN");
  ExpectTooOld("Linux 6.1's headers");
  EXPECT_EQ(Run().out, "");
}

TEST_F(SetupTest, OldBazelsAreNamed) {
  HasBazel("3.7.2");
  ExpectTooOld("Bazel 4");
  BazelIsNotDebians();
  HasBazel("7.2.0");
  ExpectTooOld("Bazel 7.2.1");
  HasBazel("7.2.1");
  EXPECT_EQ(Run().exit_code, 0);
  HasBazel("8.0.0-pre.1");
  EXPECT_EQ(Run().exit_code, 0);
}

TEST_F(SetupTest, AnOldLiburingIsDoneWithout) {
  HasCompilerWithout("io_uring_register_sync_cancel");
  const Outcome outcome = Run();
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err,
            "setup.sh: no liburing 2.3: without the backend uring\n");
  EXPECT_THAT(Options(), HasSubstr("build --define=uasio_liburing=none\n"));
}

TEST_F(SetupTest, OnlyDebiansBazel7GetsDebiansModules) {
  HasBazel("7.7.0");
  EXPECT_EQ(Run().exit_code, 0);
  EXPECT_THAT(Options(), HasSubstr("build --modules-of " +
                                   scratch_.Path("third_party/debian/")));
  EXPECT_THAT(Options(), Not(HasSubstr("googletest")));
  EXPECT_THAT(Options("setup_tests.bazelrc"),
              HasSubstr("common --override_module=googletest="));
  EXPECT_THAT(Options("setup_tests.bazelrc"), Not(HasSubstr("modules-of")));
  BazelIsNotDebians();
  EXPECT_EQ(Run().exit_code, 0);
  EXPECT_EQ(Options(), "");
  EXPECT_EQ(Options("setup_tests.bazelrc"), "");
}

TEST_F(SetupTest, WithoutRightsTheCommandIsNamed) {
  HasCompilerWithout("__has_include(<liburing.h>)");
  const Outcome outcome = Run();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err,
            "setup.sh: no sudo; run as root: apt-get install "
            "--no-install-recommends liburing-dev\n");
}

TEST_F(SetupTest, OnAnotherSystemTheNeedsAreNamed) {
  HasCompilerWithout("__has_include(<openssl/evp.h>)");
  HasNo("apt-get");
  const Outcome outcome = Run();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("not found here (Debian's package "
                                     "names):\n  libssl-dev\n"));
  EXPECT_THAT(outcome.err, HasSubstr("OpenSSL 1.1 or newer"));
}

TEST_F(SetupTest, AFailedInstallationNamesItsCommand) {
  Command("bin/id", "echo 0");
  HasNo("bazel");
  const Outcome outcome = Run();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("using the old package lists"));
  EXPECT_THAT(outcome.err, HasSubstr("failed; run as root: apt-get install "
                                     "--no-install-recommends bazel-bootstra"));
}

TEST_F(SetupTest, WhatInstallingDidNotBringIsNamed) {
  Command("bin/id", "echo 0");
  Command("bin/apt-get", "");
  HasCompilerWithout("__has_include(<asio.hpp>)");
  const Outcome outcome = Run();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.out,
            "setup.sh: installing libasio-dev\n"
            "setup.sh: installing libasio-dev\n");
  EXPECT_EQ(outcome.err,
            "setup.sh: installed, but still not found: libasio-dev\n");
}

TEST_F(SetupTest, OnlyDebiansBazelNeedsDebiansLibraries) {
  BazelIsNotDebians();
  HasBazel("8.1.0");
  HasCompilerWithout("gtest/gtest.h");
  EXPECT_EQ(Run().exit_code, 0);
}

}  // namespace
}  // namespace uasio
