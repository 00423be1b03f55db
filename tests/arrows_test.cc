// The arrows between the folders point down only, and no public header shows
// what is internal.

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

// From the bottom up: a target uses those of its own row and of rows above it
// in this list.  Each entry is a prefix: "//asio/streams:" matches every target
// of that folder.  The first match counts.
const std::vector<std::pair<std::string, int>>& Storeys() {
  static const auto* const storeys =
      new std::vector<std::pair<std::string, int>>{
          {"@", 0},
          {"//third_party/", 0},
          {"//clists:", 1},
          {"//workqueue:", 2},
          {"//asio:op", 3},
          {"//asio/syscalls:", 4},
          {"//asio:interface", 5},
          {"//asio/internal:", 6},
          {"//asio:asio", 7},
          {"//asio/backends:", 8},
          {"//asio/streams:interface", 9},
          {"//asio/streams/internal:", 10},
          {"//asio/streams:", 11},
          {"//asio/syslets:interface", 9},
          {"//asio/syslets/internal:", 10},
          {"//asio/syslets:", 11},
          {"//asio/compat/", 12},
          {"//tools/common:", 13},
          {"//tools/", 14},
          {"//tools:", 15},
      };
  return *storeys;
}

int StoreyOf(const std::string& label) {
  for (const auto& [prefix, storey] : Storeys()) {
    if (label.compare(0, prefix.size(), prefix) == 0) return storey;
  }
  return -1;
}

// The edges of Bazel's graph, without tests.
std::vector<std::pair<std::string, std::string>> Edges() {
  std::vector<std::pair<std::string, std::string>> edges;
  std::ifstream graph("tests/dependencies");
  const std::regex edge("\"([^\"]+)\" -> \"([^\"]+)\"");
  for (std::string line; std::getline(graph, line);) {
    std::smatch match;
    if (std::regex_search(line, match, edge)) {
      edges.emplace_back(match[1], match[2]);
    }
  }
  return edges;
}

bool IsFile(const std::string& label) {
  return std::regex_search(label, std::regex("\\.(h|c|cc|lds|bzl)$"));
}

TEST(ArrowsTest, NoDependencyPointsUp) {
  size_t checked = 0;
  for (const auto& [from, to] : Edges()) {
    if (IsFile(from) || IsFile(to) || from[0] == '@') continue;
    ++checked;
    EXPECT_GE(StoreyOf(from), 0) << from << " has no storey";
    EXPECT_GE(StoreyOf(to), 0) << to << " has no storey";
    EXPECT_GE(StoreyOf(from), StoreyOf(to)) << from << " uses " << to;
  }
  EXPECT_GT(checked, 100u);
}

std::vector<std::string> PublicHeaders() {
  std::vector<std::string> headers;
  std::ifstream labels("tests/public_headers");
  for (std::string label; std::getline(labels, label);) {
    if (label.compare(0, 2, "//") != 0) continue;
    std::replace(label.begin(), label.end(), ':', '/');
    headers.push_back(label.substr(2));
  }
  return headers;
}

// The drop-in's headers include each other as "ucw/NAME.h".
std::string PathOf(const std::string& included) {
  return included.compare(0, 4, "ucw/") == 0 ? "asio/compat/" + included
                                             : included;
}

TEST(ArrowsTest, PublicHeadersIncludePublicHeadersOnly) {
  const std::vector<std::string> list = PublicHeaders();
  const std::set<std::string> headers(list.begin(), list.end());
  ASSERT_GT(headers.size(), 20u);
  const std::regex include("#include \"([^\"]+)\"");
  for (const std::string& header : headers) {
    const std::string text = Contents(header);
    EXPECT_FALSE(text.empty()) << header;
    for (std::sregex_iterator i(text.begin(), text.end(), include), end;
         i != end; ++i) {
      const std::string included = (*i)[1];
      if (included.compare(0, 5, "absl/") == 0) continue;
      EXPECT_EQ(headers.count(PathOf(included)), 1u)
          << header << " includes " << included;
    }
  }
}

}  // namespace
}  // namespace uasio
