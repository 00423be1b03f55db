#include "tools/common/command_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "asio/errors.h"
#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

ABSL_FLAG(int32_t, two_words, 0, "a number");
ABSL_FLAG(std::string, color, "red", "a word");
ABSL_FLAG(int, count, 3, "a number");
ABSL_FLAG(bool, loud, false, "a switch");
ABSL_FLAG(bool, nodding, true, "a switch whose name begins with no");
ABSL_FLAG(bool, x, false, "a letter");
ABSL_FLAG(bool, y, false, "another letter");
ABSL_FLAG(int, z, 0, "a letter that is no switch");
ABSL_FLAG(uasio::Bytes, room, uasio::Bytes{1 << 20}, "an amount");

namespace uasio {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::ExitedWithCode;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Words = std::vector<std::string>;

Words Parse(Words args) {
  args.insert(args.begin(), "/some/where/tool");
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  return ParseCommandLine(static_cast<int>(argv.size()), argv.data(), "usage");
}

class CommandLineTest : public testing::Test {
 private:
  absl::FlagSaver saver_;
};
using CommandLineDeathTest = CommandLineTest;

TEST_F(CommandLineTest, WithoutArgumentsFlagsHaveTheirDefaults) {
  EXPECT_THAT(Parse({}), IsEmpty());
  EXPECT_EQ(absl::GetFlag(FLAGS_color), "red");
  EXPECT_EQ(absl::GetFlag(FLAGS_room).count, 1u << 20);
}

TEST_F(CommandLineTest, AValueIsAfterAnEqualsSignOrTheNextArgument) {
  EXPECT_THAT(Parse({"--color=blue", "--count", "-7"}), IsEmpty());
  EXPECT_EQ(absl::GetFlag(FLAGS_color), "blue");
  EXPECT_EQ(absl::GetFlag(FLAGS_count), -7);
}

TEST_F(CommandLineTest, AValueMayBeEmptyOrHaveEqualsSignsOrDashes) {
  Parse({"--color=a=b"});
  EXPECT_EQ(absl::GetFlag(FLAGS_color), "a=b");
  Parse({"--color", "--"});
  EXPECT_EQ(absl::GetFlag(FLAGS_color), "--");
  Parse({"--color="});
  EXPECT_EQ(absl::GetFlag(FLAGS_color), "");
}

TEST_F(CommandLineTest, OneDashWorksLikeTwo) {
  EXPECT_THAT(Parse({"-color=blue", "-loud"}), IsEmpty());
  EXPECT_EQ(absl::GetFlag(FLAGS_color), "blue");
  EXPECT_TRUE(absl::GetFlag(FLAGS_loud));
}

TEST_F(CommandLineTest, SwitchesOfOneLetterCombine) {
  EXPECT_THAT(Parse({"-x"}), IsEmpty());
  EXPECT_TRUE(absl::GetFlag(FLAGS_x));
  EXPECT_FALSE(absl::GetFlag(FLAGS_y));
  absl::SetFlag(&FLAGS_x, false);
  EXPECT_THAT(Parse({"-yx", "a"}), ElementsAre("a"));
  EXPECT_TRUE(absl::GetFlag(FLAGS_x));
  EXPECT_TRUE(absl::GetFlag(FLAGS_y));
}

TEST_F(CommandLineTest, SeveralWordsAreJoinedByHyphensOrUnderscores) {
  Parse({"--two-words=1"});
  EXPECT_EQ(absl::GetFlag(FLAGS_two_words), 1);
  Parse({"--two_words", "2"});
  EXPECT_EQ(absl::GetFlag(FLAGS_two_words), 2);
}

TEST_F(CommandLineTest, ASwitchDoesNotConsumeTheNextArgument) {
  EXPECT_THAT(Parse({"--loud", "false"}), ElementsAre("false"));
  EXPECT_TRUE(absl::GetFlag(FLAGS_loud));
  Parse({"--noloud"});
  EXPECT_FALSE(absl::GetFlag(FLAGS_loud));
  Parse({"--loud=true"});
  EXPECT_TRUE(absl::GetFlag(FLAGS_loud));
  Parse({"--loud=false"});
  EXPECT_FALSE(absl::GetFlag(FLAGS_loud));
}

TEST_F(CommandLineTest, ANameMayBeginWithNo) {
  Parse({"--nodding=false"});
  EXPECT_FALSE(absl::GetFlag(FLAGS_nodding));
  Parse({"--nodding"});
  EXPECT_TRUE(absl::GetFlag(FLAGS_nodding));
  Parse({"--nonodding"});
  EXPECT_FALSE(absl::GetFlag(FLAGS_nodding));
}

TEST_F(CommandLineTest, FlagsAndOtherArgumentsMix) {
  EXPECT_THAT(Parse({"a", "--loud", "-", "b", "--count=1", ""}),
              ElementsAre("a", "-", "b", ""));
  EXPECT_TRUE(absl::GetFlag(FLAGS_loud));
}

TEST_F(CommandLineTest, AfterTwoDashesThereAreNoFlags) {
  EXPECT_THAT(Parse({"--loud", "--", "--count=9", "--", "-"}),
              ElementsAre("--count=9", "--", "-"));
  EXPECT_EQ(absl::GetFlag(FLAGS_count), 3);
}

TEST_F(CommandLineDeathTest, ABadFlagIsOneLineAndExitCode2) {
  const auto exits = ExitedWithCode(2);
  EXPECT_EXIT(Parse({"--colour=x"}), exits,
              "^tool: no flag --colour; see --he"
              "lp\n$");
  EXPECT_EXIT(Parse({"--nocolor"}), exits, "^tool: no flag --nocolor;");
  EXPECT_EXIT(Parse({"--noloud=1"}), exits, "^tool: no flag --noloud;");
  EXPECT_EXIT(Parse({"--=1"}), exits, "^tool: no flag --;");
  EXPECT_EXIT(Parse({"--color"}), exits, "^tool: --color needs a value; see ");
  EXPECT_EXIT(Parse({"-xn"}), exits, "^tool: no flag --xn;");
  EXPECT_EXIT(Parse({"-xz"}), exits, "^tool: no flag --xz;");
  EXPECT_EXIT(Parse({"--xy"}), exits, "^tool: no flag --xy;");
}

TEST_F(CommandLineDeathTest, AbseilsOwnFlagsAreRefused) {
  EXPECT_EXIT(Parse({"--flagfile=/dev/null"}), ExitedWithCode(2),
              "^tool: no flag --flagfile;");
}

TEST_F(CommandLineDeathTest, ABadValueIsOneLineAndExitCode2) {
  const auto exits = ExitedWithCode(2);
  EXPECT_EXIT(Parse({"--count=many"}), exits,
              "^tool: [^\n]*'many'[^\n]*'count'[^\n]*; see --help\n$");
  EXPECT_EXIT(Parse({"--loud=perhaps"}), exits,
              "^tool: [^\n]*'perhaps'[^\n]*'loud'[^\n]*; see --help\n$");
  EXPECT_EXIT(Parse({"--room", "9x"}), exits,
              "^tool: [^\n]*'9x'[^\n]*not a number of bytes[^\n]*; see --");
}

TEST_F(CommandLineDeathTest, HelpExitsWith0AndListsOurFlagsOnly) {
  const auto lists_ours =
      AllOf(HasSubstr("usage\n"), HasSubstr("\n  --color: a word (default: "),
            HasSubstr("\n  --room: an amount (default: 1m)\n"),
            HasSubstr("\n  -x: a letter (default: false)\n"),
            Not(HasSubstr("flagfile")), Not(HasSubstr("--help")));
  for (const char* help : {"--help", "-help", "-h"}) {
    EXPECT_EXIT((dup2(STDERR_FILENO, STDOUT_FILENO), Parse({"x", help})),
                ExitedWithCode(0), lists_ours);
  }
}

TEST_F(CommandLineDeathTest, ControlCharactersInAMessageAreEscaped) {
  EXPECT_EXIT(Parse({"--a\nb\x1b[31m"}), ExitedWithCode(2),
              "^tool: no flag --a\\\\x0ab\\\\x1b\\[31m; see --help\n$");
}

TEST_F(CommandLineDeathTest, ExitCodeIs0OrOneLineAnd1) {
  EXPECT_EXIT(exit(ExitCode(absl::OkStatus())), ExitedWithCode(0), "^$");
  EXPECT_EXIT((Parse({}), exit(ExitCode(ErrnoStatus(EIO, "cannot\tfly")))),
              ExitedWithCode(1), "^tool: cannot\\\\x09fly: EIO \\([^\n]*\n$");
}

void WriteToAFullDisk(const char* text) {
  dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
  std::printf("%s", text);
}

TEST_F(CommandLineDeathTest, AFailedWriteToStdoutIsOneLineAndExitCode1) {
  constexpr char kFull[] =
      "^tool: cannot write to standard output: ENOSPC \\([^\n]*\n$";
  EXPECT_EXIT(
      (Parse({}), WriteToAFullDisk("result"), exit(ExitCode(absl::OkStatus()))),
      ExitedWithCode(1), kFull);
  EXPECT_EXIT((WriteToAFullDisk(""), Parse({"--help"})), ExitedWithCode(1),
              kFull);
  EXPECT_EXIT((WriteToAFullDisk(""), exit(ExitCode(absl::OkStatus()))),
              ExitedWithCode(0), "^$");
}

TEST_F(CommandLineDeathTest, TheToolsErrorIsPrintedBeforeStdouts) {
  EXPECT_EXIT((Parse({}), WriteToAFullDisk("result"),
               exit(ExitCode(ErrnoStatus(EIO, "cannot fly")))),
              ExitedWithCode(1),
              "^tool: cannot fly: EIO [^\n]*\ntool: cannot write [^\n]*\n$");
}

// Exits with 0 if Parse() changes the directory from `from` to `to`, when a
// user in `user` has called `bazel run`.
void ExitWith0IfItChanges(const std::string& from, const std::string& user,
                          const std::string& to) {
  setenv("BUILD_WORKING_DIRECTORY", user.c_str(), 1);
  if (chdir(from.c_str()) != 0) exit(7);
  Parse({});
  char* here = get_current_dir_name();
  char* there = realpath(to.c_str(), nullptr);
  exit(here != nullptr && there != nullptr && std::string(here) == there ? 0
                                                                         : 1);
}

TEST_F(CommandLineDeathTest, UnderBazelRunRelativePathsAreTheUsers) {
  const Scratch scratch;
  const std::string runfiles = scratch.Path("tool.runfiles");
  const std::string inside = runfiles + "/_main";
  ASSERT_EQ(mkdir(runfiles.c_str(), 0755), 0);
  ASSERT_EQ(mkdir(inside.c_str(), 0755), 0);
  EXPECT_EXIT(ExitWith0IfItChanges(inside, scratch.Path(""), scratch.Path("")),
              ExitedWithCode(0), "^$");
  EXPECT_EXIT(ExitWith0IfItChanges(inside, scratch.Path("none"), inside),
              ExitedWithCode(2), "^tool: cannot change to [^\n]*No such file");
}

TEST_F(CommandLineDeathTest, OutsideOfRunfilesTheDirectoryStays) {
  const Scratch scratch;
  EXPECT_EXIT(ExitWith0IfItChanges(scratch.Path(""), "/", scratch.Path("")),
              ExitedWithCode(0), "^$");
}

TEST_F(CommandLineDeathTest, AClosedStandardFdIsOccupiedButUnusable) {
  EXPECT_EXIT((close(0), Parse({}), exit(read(0, nullptr, 0) < 0 ? 0 : 1)),
              ExitedWithCode(0), "");
  EXPECT_EXIT((close(1), Parse({}), exit(write(1, "x", 1) < 0 ? 0 : 1)),
              ExitedWithCode(0), "");
  EXPECT_EXIT((close(0), close(2), Parse({}),
               exit(open("/dev/null", O_RDONLY) > 2 ? 0 : 1)),
              ExitedWithCode(0), "");
}

// The count, or -1 for a parse error.
int64_t BytesIn(absl::string_view text) {
  Bytes bytes = {0};
  std::string error;
  if (AbslParseFlag(text, &bytes, &error)) {
    EXPECT_EQ(error, "");
    return static_cast<int64_t>(bytes.count);
  }
  EXPECT_THAT(error, HasSubstr("not a number of bytes"));
  return -1;
}

TEST(BytesTest, ANumberMayHaveAUnit) {
  EXPECT_EQ(BytesIn("0"), 0);
  EXPECT_EQ(BytesIn("4096"), 4096);
  EXPECT_EQ(BytesIn("3k"), 3 << 10);
  EXPECT_EQ(BytesIn("3K"), 3 << 10);
  EXPECT_EQ(BytesIn("5m"), 5 << 20);
  EXPECT_EQ(BytesIn("5M"), 5 << 20);
  EXPECT_EQ(BytesIn("2g"), int64_t{2} << 30);
  EXPECT_EQ(BytesIn("2G"), int64_t{2} << 30);
}

TEST(BytesTest, OtherTextIsNoNumber) {
  for (const char* text : {"", "k", "-1", "-1k", "1.5m", "1kk", "1t", "1kb",
                           "0x10", "m1", "one"}) {
    EXPECT_EQ(BytesIn(text), -1) << text;
  }
}

TEST(BytesTest, MoreThan64BitsIsNoNumber) {
  Bytes bytes;
  std::string error;
  EXPECT_TRUE(AbslParseFlag("18446744073709551615", &bytes, &error));
  EXPECT_EQ(bytes.count, UINT64_MAX);
  EXPECT_TRUE(AbslParseFlag("17179869183g", &bytes, &error));
  EXPECT_EQ(bytes.count, UINT64_MAX >> 30 << 30);
  EXPECT_EQ(BytesIn("18446744073709551616"), -1);
  EXPECT_EQ(BytesIn("17179869184g"), -1);
  EXPECT_EQ(BytesIn("18014398509481984k"), -1);
}

TEST(BytesTest, IsUnparsedWithTheLargestUnitThatFits) {
  EXPECT_EQ(AbslUnparseFlag(Bytes{0}), "0");
  EXPECT_EQ(AbslUnparseFlag(Bytes{1023}), "1023");
  EXPECT_EQ(AbslUnparseFlag(Bytes{1024}), "1k");
  EXPECT_EQ(AbslUnparseFlag(Bytes{1536 << 10}), "1536k");
  EXPECT_EQ(AbslUnparseFlag(Bytes{uint64_t{1} << 40}), "1024g");
}

}  // namespace
}  // namespace uasio
