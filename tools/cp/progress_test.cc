#include "tools/cp/progress.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/time/clock.h"
#include "asio/testing/fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int64_t kMiB = 1 << 20;

// Runs `body` with stderr redirected to `fd`, and returns what it printed, read
// from `from`.
template <typename Body>
std::string Printed(const Fd& fd, const Fd& from, Body body) {
  const Fd before(dup(STDERR_FILENO));
  dup2(fd.get(), STDERR_FILENO);
  body();
  dup2(before.get(), STDERR_FILENO);
  std::string text;
  char buffer[4096];
  ssize_t n;
  while ((n = read(from.get(), buffer, sizeof(buffer))) > 0) {
    text.append(buffer, static_cast<size_t>(n));
  }
  return text;
}

template <typename Body>
std::string PrintedToPipe(Body body) {
  Pipe pipe(O_NONBLOCK);
  return Printed(pipe.write_end, pipe.read_end, body);
}

template <typename Body>
std::string PrintedTo(const Terminal& terminal, Body body) {
  return Printed(terminal.slave, terminal.master, body);
}

void SimulateCopy(Progress::When when) {
  Progress progress(when);
  progress.Begin("copying", 100 * kMiB);
  progress.Update(50 * kMiB);
}

TEST(ProgressLineTest, HasBarShareAmountRateAndTimeLeft) {
  EXPECT_EQ(
      ProgressLine("copying", 512 * kMiB, 2048 * kMiB, absl::Milliseconds(500)),
      "copying [======                  ]  25%  512.0 MiB  1024 MiB/s  "
      "2s left");
}

TEST(ProgressLineTest, ALongTimeIsInHoursAndMinutes) {
  EXPECT_THAT(ProgressLine("copying", kMiB, 7500 * kMiB, absl::Seconds(1)),
              EndsWith("  1 MiB/s  2h4m59s left"));
}

TEST(ProgressLineTest, AtTheEndNoTimeIsLeft) {
  EXPECT_EQ(ProgressLine("verifying", 3 * kMiB, 3 * kMiB, absl::Seconds(3)),
            "verifying [========================] 100%  3.0 MiB  1 MiB/s");
}

TEST(ProgressLineTest, WithoutATotalThereIsNoBar) {
  EXPECT_EQ(ProgressLine("copying", 3 * kMiB, 0, absl::Seconds(1)),
            "copying  3.0 MiB  3 MiB/s");
}

TEST(ProgressLineTest, BeyondTheTotalTheBarIsFull) {
  EXPECT_EQ(ProgressLine("copying", 4 * kMiB, 2 * kMiB, absl::Seconds(1)),
            "copying [========================] 100%  4.0 MiB  4 MiB/s");
}

TEST(ProgressLineTest, AtTheStartThereIsNoTimeLeft) {
  EXPECT_EQ(ProgressLine("copying", 0, kMiB, absl::ZeroDuration()),
            "copying [                        ]   0%  0.0 MiB  0 MiB/s");
}

TEST(ProgressTest, DrawsAndErasesOnATerminal) {
  const Terminal terminal(O_NONBLOCK);
  if (!terminal.why_not().empty()) GTEST_SKIP() << terminal.why_not();
  const std::string text =
      PrintedTo(terminal, [] { SimulateCopy(Progress::When::kAuto); });
  EXPECT_THAT(text, StartsWith("\rcopying [ "));
  EXPECT_THAT(text, EndsWith("\r\033[K"));
}

TEST(ProgressTest, PrintsNothingToAPipe) {
  EXPECT_EQ(PrintedToPipe([] { SimulateCopy(Progress::When::kAuto); }), "");
}

TEST(ProgressTest, TheFlagOverridesWhetherItIsATerminal) {
  EXPECT_THAT(PrintedToPipe([] { SimulateCopy(Progress::When::kAlways); }),
              HasSubstr("copying ["));
  const Terminal terminal(O_NONBLOCK);
  if (!terminal.why_not().empty()) GTEST_SKIP() << terminal.why_not();
  EXPECT_EQ(PrintedTo(terminal, [] { SimulateCopy(Progress::When::kNever); }),
            "");
}

TEST(ProgressTest, DrawsAtMostTenTimesASecond) {
  const absl::Time begun = absl::Now();
  const std::string text = PrintedToPipe([] {
    Progress progress(Progress::When::kAlways);
    progress.Begin("copying", 100000);
    for (int64_t i = 0; i < 100000; ++i) progress.Update(i);
  });
  // Plus the first one, and one that erases it.
  const auto most = 2 + (absl::Now() - begun) / absl::Milliseconds(100);
  EXPECT_LE(std::count(text.begin(), text.end(), '\r'), most);
}

TEST(ProgressTest, EachBeginStartsANewLine) {
  const std::string text = PrintedToPipe([] {
    Progress progress(Progress::When::kAlways);
    progress.Begin("copying", 10);
    progress.Begin("verifying", 10);
  });
  EXPECT_THAT(text, HasSubstr("\rcopying ["));
  EXPECT_THAT(text, HasSubstr("\rverifying ["));
}

TEST(ProgressTest, TheFlagIsAutoAlwaysOrNever) {
  for (const char* word : {"auto", "always", "never"}) {
    Progress::When when;
    std::string error;
    EXPECT_TRUE(AbslParseFlag(word, &when, &error)) << word;
    EXPECT_EQ(AbslUnparseFlag(when), word);
  }
  Progress::When when;
  std::string error;
  EXPECT_FALSE(AbslParseFlag("sometimes", &when, &error));
  EXPECT_EQ(error, "it must be auto, always or never");
}

}  // namespace
}  // namespace uasio
