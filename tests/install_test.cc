// A user without Bazel builds and installs uasio by CMake, and uses it from an
// empty folder by CMake, by Meson and by make.  Takes minutes; bazel test
// //tests:install_test runs it, //... does not.

#include <cstdlib>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <thread>

#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

namespace fs = std::filesystem;

bool HasCommand(const std::string& name) {
  return std::system(("command -v " + name + " >/dev/null").c_str()) == 0;
}

struct Outcome {
  bool ok;
  std::string output;
};

Outcome Shell(const std::string& command) {
  const Scratch scratch;
  const std::string log = scratch.Path("log");
  const int status = std::system(
      ("{ " + command + "\n} >" + log + " 2>&1 </dev/null").c_str());
  return {status == 0, command + "\n" + Contents(log)};
}

// The repository: the test's data are links to its files.
std::string Sources() {
  return fs::canonical("CMakeLists.txt").parent_path().string();
}

std::string Quoted(const std::string& path) { return "'" + path + "'"; }

Outcome Configure(const std::string& build, const std::string& options,
                  const std::string& environment = "") {
  return Shell(
      environment + " cmake -S " + Quoted(Sources()) + " -B " + Quoted(build) +
      " -DCMAKE_BUILD_TYPE=Debug -DCMAKE_INSTALL_LIBDIR=lib " + options);
}

// A build that is installed in prefix().
class Installation {
 public:
  explicit Installation(const std::string& options) {
    const std::string build = Quoted(scratch_.Path("build"));
    const std::string jobs =
        std::to_string(std::thread::hardware_concurrency());
    for (const Outcome& step : {Configure(scratch_.Path("build"), options),
                                Shell("cmake --build " + build + " -j" + jobs),
                                Shell("cmake --install " + build +
                                      " --prefix " + Quoted(prefix()))}) {
      if (!step.ok) error_ += step.output;
    }
  }

  std::string prefix() const { return scratch_.Path("installed"); }
  const std::string& error() const { return error_; }  // "": all is well.

 private:
  const Scratch scratch_;
  std::string error_;
};

struct Kind {
  const char* name;
  const char* options;
};

const Installation& InstallationOf(const Kind& kind) {
  static std::map<std::string, Installation> all;
  return all.try_emplace(kind.name, kind.options).first->second;
}

class InstallTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (!HasCommand("cmake")) GTEST_SKIP() << "cmake is not installed";
    ASSERT_EQ(InstallationOf(GetParam()).error(), "");
    for (const auto& file : fs::directory_iterator("tests/install")) {
      fs::copy_file(file.path(), scratch_.Path(file.path().filename()));
    }
  }

  std::string prefix() const { return InstallationOf(GetParam()).prefix(); }

  // Runs the commands in the folder of the user's program, and then the
  // program.
  void BuildAndCopy(const std::string& commands, const std::string& program) {
    const std::string text = Pattern(1234567);
    const std::string from = scratch_.NewFile("from", text);
    const std::string enter =
        "cd " + Quoted(scratch_.Path("")) +
        " && export PKG_CONFIG_PATH=" + Quoted(prefix() + "/lib/pkgconfig") +
        " LD_LIBRARY_PATH=" + Quoted(prefix() + "/lib") + " && ";
    const Outcome outcome =
        Shell(enter + commands + " && " + program + " from streams queue");
    EXPECT_TRUE(outcome.ok) << outcome.output;
    EXPECT_EQ(Contents(scratch_.Path("streams")) == text, true);
    EXPECT_EQ(Contents(scratch_.Path("queue")) == text, true);
  }

  const Scratch scratch_;
};

INSTANTIATE_TEST_SUITE_P(
    Kinds, InstallTest,
    testing::Values(Kind{"static", ""},
                    Kind{"shared",
                         "-DBUILD_SHARED_LIBS=ON -DUASIO_BUILD_TOOLS=OFF"},
                    Kind{"without_liburing",
                         "-DUASIO_WITH_LIBURING=OFF -DUASIO_BUILD_TOOLS=OFF "
                         "-DUASIO_BUILD_DROPINS=OFF"}),
    [](const testing::TestParamInfo<Kind>& info) { return info.param.name; });

TEST_P(InstallTest, IsFoundByCMake) {
  BuildAndCopy("cmake -B build -DCMAKE_PREFIX_PATH=" + Quoted(prefix()) +
                   " . && cmake --build build",
               "build/copy");
}

TEST_P(InstallTest, IsFoundByMeson) {
  if (!HasCommand("meson")) GTEST_SKIP() << "meson is not installed";
  BuildAndCopy("meson setup build && ninja -C build", "build/copy");
}

TEST_P(InstallTest, IsFoundByMake) {
  if (!HasCommand("make")) GTEST_SKIP() << "make is not installed";
  if (!HasCommand("pkg-config")) GTEST_SKIP() << "pkg-config is not installed";
  BuildAndCopy("make", "./copy");
}

std::set<std::string> FilesBelow(const std::string& folder) {
  std::set<std::string> files;
  for (const auto& file : fs::recursive_directory_iterator(folder)) {
    if (file.is_directory()) continue;
    files.insert(fs::relative(file.path(), folder).string());
  }
  return files;
}

TEST_P(InstallTest, InstallsHeadersInAFolderOfTheirOwn) {
  for (const std::string& file : FilesBelow(prefix() + "/include")) {
    EXPECT_EQ(file.compare(0, 6, "uasio/"), 0) << file;
  }
}

class ToolsTest : public InstallTest {};

INSTANTIATE_TEST_SUITE_P(Kinds, ToolsTest, testing::Values(Kind{"static", ""}),
                         [](const testing::TestParamInfo<Kind>& info) {
                           return info.param.name;
                         });

TEST_P(ToolsTest, EachProgramHasAManualPage) {
  const std::set<std::string> programs = FilesBelow(prefix() + "/bin");
  EXPECT_EQ(programs.count("asio_cp"), 1u);
  for (const std::string& program : programs) {
    const std::string page =
        Contents(prefix() + "/share/man/man1/" + program + ".1");
    for (const char* part :
         {".SH NAME\n", ".SH SYNOPSIS\n", ".SH OPTIONS\n.TP\n.B \\-"}) {
      EXPECT_NE(page.find(part), std::string::npos) << program << ": " << part;
    }
  }
}

TEST_P(ToolsTest, AProgramRunsAndHasItsFlags) {
  const std::string cp = Quoted(prefix() + "/bin/asio_cp");
  const std::string from = scratch_.NewFile("from", Pattern(100000));
  const std::string to = scratch_.Path("to");
  const Outcome outcome = Shell(cp + " --verify " + from + " " + to);
  EXPECT_TRUE(outcome.ok) << outcome.output;
  EXPECT_EQ(Contents(to), Pattern(100000));
}

TEST_P(ToolsTest, TheDropInNeedsOnlyTheCLibrary) {
  if (!HasCommand("readelf")) GTEST_SKIP() << "readelf is not installed";
  const Outcome outcome =
      Shell("readelf -d " + Quoted(prefix() + "/lib/uasio/libaio.so.1"));
  ASSERT_TRUE(outcome.ok) << outcome.output;
  EXPECT_NE(outcome.output.find("soname: [libaio.so.1]"), std::string::npos);
  const std::regex needed("NEEDED.*\\[(.*)\\]");
  for (std::sregex_iterator
           i(outcome.output.begin(), outcome.output.end(), needed),
       end;
       i != end; ++i) {
    EXPECT_TRUE(std::regex_match((*i)[1].str(),
                                 std::regex("(libc|ld-linux.*)\\.so\\.[0-9]")))
        << (*i)[1];
  }
}

TEST_P(ToolsTest, UasioAioFindsTheDropInThatIsInstalled) {
  const Outcome outcome = Shell(Quoted(prefix() + "/bin/uasio-aio") +
                                " sh -c 'echo [$LD_PRELOAD]'");
  const std::string library = prefix() + "/lib/uasio/libaio.so.1";
  EXPECT_NE(outcome.output.find("[" + library + "]\n"), std::string::npos)
      << outcome.output;
  EXPECT_TRUE(fs::equivalent(library, library + "t64"));
}

class ConfigureTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HasCommand("cmake")) GTEST_SKIP() << "cmake is not installed";
  }

  void ExpectStops(const std::string& options, const std::string& message) {
    const Outcome outcome = Configure(scratch_.Path("build"), options);
    EXPECT_FALSE(outcome.ok);
    EXPECT_NE(outcome.output.find(message), std::string::npos)
        << outcome.output;
  }

  const Scratch scratch_;
};

TEST_F(ConfigureTest, NamesThePackageOfAbseil) {
  ExpectStops("-DCMAKE_DISABLE_FIND_PACKAGE_absl=ON",
              "Abseil: apt-get install libabsl-dev");
}

// An include path in which linux/stat.h is an older kernel's.
TEST_F(ConfigureTest, NamesTheKernelHeadersThatAreTooOld) {
  fs::create_directory(scratch_.Path("linux"));
  scratch_.NewFile("linux/stat.h");
  ExpectStops("-DCMAKE_CXX_FLAGS=-isystem" + scratch_.Path(""),
              "Linux 6.1's headers");
}

TEST_F(ConfigureTest, SaysWhatIsLeftOutIfLiburingIsTooOld) {
  scratch_.NewFile("liburing.pc",
                   "Name: liburing\nDescription: old\nVersion: 2.1\n");
  const Outcome outcome =
      Configure(scratch_.Path("build"), "",
                "PKG_CONFIG_LIBDIR=" + Quoted(scratch_.Path("")));
  EXPECT_TRUE(outcome.ok) << outcome.output;
  EXPECT_NE(outcome.output.find("apt-get install pkg-config liburing-dev"),
            std::string::npos)
      << outcome.output;
}

}  // namespace
}  // namespace uasio
