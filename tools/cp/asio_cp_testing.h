// For tests of asio_cp: a fixture that runs it on each backend, with a folder
// for its files.

#ifndef UASIO_TOOLS_CP_ASIO_CP_TESTING_H_
#define UASIO_TOOLS_CP_ASIO_CP_TESTING_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "asio/backends/table.h"
#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/common/program_testing.h"

namespace uasio {

class AsioCpTest : public testing::TestWithParam<std::string> {
 protected:
  using Words = std::vector<std::string>;

  void SetUp() override {
    const auto backend = NewBackend(GetParam(), 1);
    if (!backend.ok()) GTEST_SKIP() << backend.status();
  }

  std::string Path(const std::string& name) const {
    return scratch_.Path(name);
  }
  std::string NewFile(const std::string& name,
                      const std::string& contents) const {
    return scratch_.NewFile(name, contents);
  }

  // The command line of asio_cp with this backend and these arguments.
  Words Command(Words args) const {
    args.insert(args.begin(), {"asio_cp", "--backend=" + GetParam()});
    return args;
  }
  Outcome Cp(const Words& args, const ProgramOptions& options = {}) const {
    return RunProgram(Command(args), options);
  }

  void ExpectSuccess(const Outcome& outcome) const {
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "");
  }

  // Expects one line on stderr that contains all of `words`.
  void ExpectFailure(const Outcome& outcome, int exit_code,
                     const Words& words) const {
    EXPECT_EQ(outcome.exit_code, exit_code);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, testing::StartsWith("asio_cp: "));
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
    for (const std::string& word : words) {
      EXPECT_THAT(outcome.err, testing::HasSubstr(word));
    }
  }

  // The sorted names of the files in a folder.
  static Words Names(const std::string& folder) {
    Words names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  Words Names() const { return Names(Path("")); }

  static struct stat StatOf(const std::string& path) {
    struct stat info = {};
    EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
    return info;
  }
  static mode_t ModeOf(const std::string& path) {
    return StatOf(path).st_mode & 07777;
  }

 private:
  const Scratch scratch_;
};

#define UASIO_INSTANTIATE_ASIO_CP(suite)                                       \
  INSTANTIATE_TEST_SUITE_P(Backends, suite, testing::ValuesIn(BackendNames()), \
                           [](const auto& info) { return info.param; })

}  // namespace uasio

#endif  // UASIO_TOOLS_CP_ASIO_CP_TESTING_H_
