// CMake builds the sources and installs the headers that Bazel's targets have.

#include <cstddef>
#include <regex>
#include <set>
#include <string>

#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using Files = std::set<std::string>;

// The matches of `pattern`, where ":" of a label becomes "/".
Files Find(const std::string& path, const std::string& pattern) {
  const std::string text = Contents(path);
  const std::regex regex(pattern);
  Files files;
  for (std::sregex_iterator i(text.begin(), text.end(), regex), end; i != end;
       ++i) {
    files.insert(std::regex_replace((*i)[1].str(), std::regex(":"), "/"));
  }
  return files;
}

// The CMake files have one file a line.
Files OfCMake(const std::string& file, const std::string& suffix) {
  return Find("cmake/" + file, "\n +([^ \n)]+\\." + suffix + ")(?=[)\n])");
}

// genquery(1) writes one label a line.
Files OfBazel(const std::string& query, const std::string& suffix) {
  return Find("tests/" + query, "//([^\n]+\\." + suffix + ")(?=\n)");
}

Files Minus(Files files, const Files& others) {
  for (const std::string& other : others) files.erase(other);
  return files;
}

void ExpectEqual(const Files& cmake, const Files& bazel, size_t min) {
  EXPECT_GT(bazel.size(), min);
  EXPECT_EQ(Minus(bazel, cmake), Files()) << "only Bazel has them";
  EXPECT_EQ(Minus(cmake, bazel), Files()) << "only CMake has them";
}

TEST(CMakeSourcesTest, TheSourcesAreBazels) {
  ExpectEqual(OfCMake("sources.cmake", "cc?"), OfBazel("sources", "cc?"), 90);
}

TEST(CMakeSourcesTest, TheHeadersAreBazelsPublicOnes) {
  ExpectEqual(OfCMake("sources.cmake", "h"), OfBazel("public_headers", "h"),
              30);
}

TEST(CMakeSourcesTest, TheContractTestIsBazels) {
  ExpectEqual(OfCMake("tests.cmake", "cc"), OfBazel("contract_sources", "cc"),
              10);
}

}  // namespace
}  // namespace uasio
