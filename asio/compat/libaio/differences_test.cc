// Runs all cases on the kernel and on libaio.so.1, and compares the answers
// with the table in docs/libaio.md: exactly the cases of the table must differ.

#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

namespace uasio {
namespace libaio {
namespace {

constexpr char kCases[] = "asio/compat/libaio/cases/cases";
constexpr char kLibrary[] = "asio/compat/libaio/libaio.so.1";
constexpr char kTable[] = "docs/libaio.md";

using Answers = std::map<std::string, std::string>;

Answers RunCases(const std::string& api) {
  Answers answers;
  FILE* program = popen((std::string(kCases) + " " + api).c_str(), "r");
  char line[4096];
  while (std::fgets(line, sizeof(line), program) != nullptr) {
    const std::string text = line;
    const size_t tab = text.find('\t');
    answers[text.substr(0, tab)] = text.substr(tab + 1);
  }
  EXPECT_EQ(pclose(program), 0) << kCases << " " << api;
  return answers;
}

std::set<std::string> DocumentedDifferences() {
  std::set<std::string> names;
  std::ifstream file(kTable);
  std::string line;
  bool inside = false;
  const std::string row = "| `";
  while (std::getline(file, line)) {
    if (line.rfind("## ", 0) == 0) {
      inside = line == "## Differences from the kernel";
    }
    if (!inside || line.rfind(row, 0) != 0) continue;
    names.insert(
        line.substr(row.size(), line.find('`', row.size()) - row.size()));
  }
  return names;
}

// Why KAIO is unavailable here; empty if it is available.
std::string WhyNoKaio() {
  aio_context_t context = 0;
  if (syscall(SYS_io_setup, 1, &context) != 0) return std::strerror(errno);
  syscall(SYS_io_destroy, context);
  return "";
}

TEST(DifferencesTest, ExactlyTheDocumentedCasesDiffer) {
  const std::string why = WhyNoKaio();
  if (!why.empty()) GTEST_SKIP() << "the kernel's io_setup: " << why;
  const Answers kernel = RunCases("kernel");
  const Answers ours = RunCases(kLibrary);
  const std::set<std::string> documented = DocumentedDifferences();
  EXPECT_GT(kernel.size(), 70u);
  EXPECT_FALSE(documented.empty());
  for (const auto& [name, answer] : kernel) {
    ASSERT_EQ(ours.count(name), 1u) << name;
    if (documented.count(name) == 0) {
      EXPECT_EQ(ours.at(name), answer) << name;
    } else {
      EXPECT_NE(ours.at(name), answer) << name << " does not differ any more";
    }
  }
  for (const std::string& name : documented) {
    EXPECT_EQ(kernel.count(name), 1u) << name << " is no case";
  }
}

}  // namespace
}  // namespace libaio
}  // namespace uasio
