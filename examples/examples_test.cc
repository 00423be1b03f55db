// Builds and runs each example.

#include <sys/wait.h>

#include <cstdlib>
#include <string>

#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr int kSkipped = 77;

// The exit status of an example; what it prints goes to `out`.
int RunExample(const std::string& command, const std::string& out) {
  const int status =
      std::system(("examples/" + command + " > " + out + " 2>&1").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string Lines(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += std::string(i % 100, 'x') + "\n";
  return text;
}

TEST(ExamplesTest, CoroutineCountsLines) {
  const Scratch scratch;
  const std::string one = scratch.NewFile("one", Lines(12345));
  const std::string two = scratch.NewFile("two", "no newline");
  const std::string out = scratch.Path("out");
  EXPECT_EQ(RunExample("coroutine " + one + " " + two, out), 0);
  const std::string said = Contents(out);
  EXPECT_NE(said.find("12345 " + one + "\n"), std::string::npos) << said;
  EXPECT_NE(said.find("0 " + two + "\n"), std::string::npos) << said;
}

TEST(ExamplesTest, CoroutineTellsWhatFailed) {
  const Scratch scratch;
  const std::string out = scratch.Path("out");
  EXPECT_EQ(RunExample("coroutine /no/such/file", out), 1);
  EXPECT_NE(Contents(out).find("/no/such/file"), std::string::npos);
  EXPECT_EQ(RunExample("coroutine /proc/self/mem", out), 1);
  EXPECT_NE(Contents(out).find("/mem"), std::string::npos) << Contents(out);
}

TEST(ExamplesTest, CoroutineAsioCopies) {
  const Scratch scratch;
  const std::string from = scratch.NewFile("from", Lines(12345));
  const std::string out = scratch.Path("out");
  const int status =
      RunExample("coroutine_asio " + from + " " + scratch.Path("to"), out);
  if (status == kSkipped) GTEST_SKIP() << Contents(out);
  EXPECT_EQ(status, 0) << Contents(out);
  EXPECT_EQ(Contents(scratch.Path("to")), Contents(from));
}

}  // namespace
}  // namespace uasio
