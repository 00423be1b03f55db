// The public headers compile without a warning, as a user's compiler sees them:
// all in one file with g++ and clang++, in C++17 to C++23, with and without
// exceptions and RTTI; each of them alone in C++17 and C++20; the C headers as
// C99 to C17, too.  No name of ours is global but the C drop-ins' own.

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr char kWarnings[] =
    " -fsyntax-only -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion"
    " -Wsign-conversion -I. -Iasio/compat ";
constexpr char kCxxWarnings[] =
    "-Wold-style-cast -Wzero-as-null-pointer-constant ";

// The lines of tests/public_headers, which Bazel's rule genquery() writes:
// "//asio:queue.h" is "asio/queue.h".
std::vector<std::string> PublicHeaders() {
  std::vector<std::string> headers;
  std::ifstream labels("tests/public_headers");
  for (std::string label; std::getline(labels, label);) {
    const size_t colon = label.find(':');
    if (label.compare(0, 2, "//") != 0 || colon == std::string::npos) continue;
    headers.push_back(label.substr(2, colon - 2) + "/" +
                      label.substr(colon + 1));
  }
  return headers;
}

bool IsOfTheDropIn(const std::string& header) {
  return header.compare(0, 16, "asio/compat/ucw/") == 0;
}

bool IsC(const std::string& header) {
  return IsOfTheDropIn(header) || header == "asio/syslets/syslet.h";
}

// As a user writes it.
std::string IncludeOf(const std::string& header) {
  const std::string name = IsOfTheDropIn(header)
                               ? header.substr(sizeof("asio/compat/") - 1)
                               : header;
  return "#include \"" + name + "\"\n";
}

// What the compiler says; "" if all is well.
std::string Compile(const std::string& command, const std::string& text,
                    const std::string& suffix) {
  const Scratch scratch;
  const std::string source = scratch.NewFile("source" + suffix, text);
  const std::string said = scratch.Path("said");
  const int status = std::system((command + source + " 2> " + said).c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return "";
  return command + "\n" + text + Contents(said);
}

struct Way {
  const char* name;
  const char* compiler;
  const char* options;
};

class HeadersTest : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    const std::string why =
        Compile(command(), "#include \"absl/status/status.h\"\n", ".cc");
    if (!why.empty()) {
      GTEST_SKIP() << GetParam().compiler << " " << GetParam().options
                   << " does not compile Abseil's headers here";
    }
    ASSERT_GT(PublicHeaders().size(), 20u);
  }

  std::string command() const {
    return std::string(GetParam().compiler) + " -x c++ " + GetParam().options +
           kWarnings + kCxxWarnings;
  }

  static std::string All() {
    std::string text;
    for (const std::string& header : PublicHeaders()) {
      if (!IsOfTheDropIn(header)) text += IncludeOf(header);
    }
    return text;
  }
};

INSTANTIATE_TEST_SUITE_P(
    Compilers, HeadersTest,
    testing::Values(Way{"gcc17", "g++", "-std=c++17 -fno-exceptions -fno-rtti"},
                    Way{"gcc20", "g++", "-std=c++20"},
                    Way{"gcc23", "g++", "-std=c++2b"},
                    Way{"clang17", "clang++", "-std=c++17"},
                    Way{"clang20", "clang++",
                        "-std=c++20 -fno-exceptions -fno-rtti"},
                    Way{"clang23", "clang++", "-std=c++2b"}),
    [](const testing::TestParamInfo<Way>& info) { return info.param.name; });

// What does not depend on the standard is tried in two ways only, to save time.
class TwoWaysTest : public HeadersTest {};

INSTANTIATE_TEST_SUITE_P(
    Compilers, TwoWaysTest,
    testing::Values(Way{"gcc17", "g++", "-std=c++17 -fno-exceptions -fno-rtti"},
                    Way{"clang20", "clang++",
                        "-std=c++20 -fno-exceptions -fno-rtti"}),
    [](const testing::TestParamInfo<Way>& info) { return info.param.name; });

TEST_P(TwoWaysTest, EachHeaderCompilesAlone) {
  for (const std::string& header : PublicHeaders()) {
    EXPECT_EQ(Compile(command(), IncludeOf(header), ".cc"), "");
  }
}

constexpr char kUsersOwn[] =
    "struct work { int mine; };\n"
    "struct cnode { int mine; };\n"
    "struct clist { int mine; };\n"
    "struct worker_thread { int mine; };\n"
    "struct work_queue { int mine; };\n"
    "struct raw_queue { int mine; };\n"
    "struct worker_pool { int mine; };\n";

TEST_P(HeadersTest, AllCompileWithoutAWarning) {
  EXPECT_EQ(Compile(command(), All(), ".cc"), "");
}

TEST_P(TwoWaysTest, AUsersOwnNamesCompileBefore) {
  EXPECT_EQ(Compile(command(), kUsersOwn + All(), ".cc"), "");
}

TEST_P(TwoWaysTest, AUsersOwnNamesCompileBehind) {
  EXPECT_EQ(Compile(command(), All() + kUsersOwn, ".cc"), "");
}

class CHeadersTest : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Compilers, CHeadersTest,
                         testing::Values("gcc", "clang"),
                         [](const testing::TestParamInfo<const char*>& info) {
                           return std::string(info.param);
                         });

TEST_P(CHeadersTest, CompileAsC99ToC17) {
  const std::string compiler = GetParam();
  if (std::system((compiler + " --version >/dev/null 2>&1").c_str()) != 0) {
    GTEST_SKIP() << compiler << " does not run here";
  }
  for (const char* standard : {"c99", "c11", "c17"}) {
    for (const std::string& header : PublicHeaders()) {
      if (!IsC(header)) continue;
      EXPECT_EQ(
          Compile(compiler + " -D_GNU_SOURCE -std=" + standard + kWarnings,
                  IncludeOf(header), ".c"),
          "");
    }
  }
}

}  // namespace
}  // namespace uasio
