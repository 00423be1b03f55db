// What uasio-aio catches.

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/aio/uasio_aio_testing.h"

namespace uasio {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kOurs[] = "io_setup: 0, threads: default\n";
constexpr char kStubs[] = "io_setup: -38, threads: default\n";
constexpr char kNotLinked[] =
    " does not link libaio.so.1: only libraries that it loads later and "
    "programs that it starts can be caught\n";

TEST_F(UasioAioTest, CatchesLibaioByBothNames) {
  for (const char* name : {"libaio.so.1", "libaio.so.1t64"}) {
    const std::string program = ProgramOf(name);
    EXPECT_EQ(RunProgram({program, "7"}).out, kStubs) << name;
    const Outcome outcome = Run({program, "7"});
    EXPECT_EQ(outcome.out, kOurs) << name;
    EXPECT_EQ(outcome.err, "") << name;
    EXPECT_EQ(outcome.exit_code, 7) << name;
  }
}

TEST_F(UasioAioTest, CatchesLibrariesThatUseLibaio) {
  NewStub("libaio.so.1");
  ASSERT_TRUE(
      TryToCompile("libuser.so -shared -fPIC -Dmain=user "
                   "tools/aio/program_of_libaio.c -l:libaio.so.1"));
  scratch_.NewFile(
      "main.c",
      "int user(int, char**);\n"
      "int main(int argc, char** argv) { return user(argc, argv); }");
  ASSERT_TRUE(TryToCompile("program " + scratch_.Path("main.c") + " -luser"));
  const Outcome outcome = Run({scratch_.Path("program"), "7"});
  EXPECT_EQ(outcome.out, kOurs);
  EXPECT_EQ(outcome.err, "");
}

TEST_F(UasioAioTest, CatchesALibaioThatIsLoadedLater) {
  NewStub("libaio.so.1");
  const std::string program = Compile("program", "-DLIBAIO='\"libaio.so.1\"'");
  EXPECT_EQ(RunProgram({program, "0"}).out, kStubs);
  const Outcome outcome = Run({program, "0"});
  EXPECT_EQ(outcome.out, kOurs);
  EXPECT_EQ(outcome.err, "uasio-aio: " + program + kNotLinked);
}

TEST_F(UasioAioTest, CatchesWhatAScriptStarts) {
  const std::string program = ProgramOf("libaio.so.1");
  const std::string script =
      scratch_.NewFile("script", "#! /bin/sh -e\n" + program + " 7\n");
  chmod(script.c_str(), 0755);
  const Outcome outcome = Run({script});
  EXPECT_EQ(outcome.out, kOurs);
  EXPECT_EQ(outcome.err, std::string("uasio-aio: /bin/sh") + kNotLinked);
  EXPECT_EQ(outcome.exit_code, 7);
}

TEST_F(UasioAioTest, SaysThatCallsBySyscallAreNotCaught) {
  const std::string program = Compile("program", "-DBY_SYSCALL");
  const Outcome outcome = Run({program, "0"});
  EXPECT_THAT(outcome.out, StartsWith("io_setup: -1"));
  EXPECT_EQ(outcome.err,
            "uasio-aio: " + program + kNotLinked + "uasio-aio: " + program +
                " has syscall(2): io_setup and the others that it calls by "
                "that reach the kernel\n");
}

TEST_F(UasioAioTest, FlagsBecomeSettings) {
  const std::string program = ProgramOf("libaio.so.1");
  const Outcome outcome = Run({"--threads", "3", "--summary", program, "7"});
  EXPECT_EQ(outcome.out, "io_setup: 0, threads: 3\n");
  EXPECT_THAT(outcome.err, HasSubstr("1 contexts, 0 requests"));
  EXPECT_EQ(Run({"--threads=3", "--", program, "7"}).out,
            "io_setup: 0, threads: 3\n");
}

TEST_F(UasioAioTest, FlagsAfterTheProgramAreTheProgramsOwn) {
  const std::string program = ProgramOf("libaio.so.1");
  EXPECT_EQ(Run({program, "--summary"}).err, "");
  EXPECT_EQ(Run({program, "--no_such_flag"}).exit_code, 0);
}

TEST_F(UasioAioTest, KeepsWhatIsPreloadedAlready) {
  NewStub("libaio.so.1");
  ProgramOptions options;
  options.in_child = [] {
    setenv("LD_PRELOAD", "/nowhere/a.so", 1);
    setenv("LD_LIBRARY_PATH", "/nowhere", 1);
  };
  const Outcome outcome = RunProgram(
      {"uasio-aio", "sh", "-c", "echo $LD_PRELOAD; echo $LD_LIBRARY_PATH"},
      options);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("/libaio.so.1:/nowhere/a.so\n"),
                                 EndsWith(":/nowhere\n")));
}

TEST_F(CopiedTest, FindsTheLibraryBesideItself) {
  const std::string program = ProgramOf("libaio.so.1");
  CopyTo(scratch_.Path("bin"));
  CopyLibraryTo(scratch_.Path("bin"));
  const Outcome outcome =
      RunProgram({scratch_.Path("bin/uasio-aio"), program, "0"});
  EXPECT_EQ(outcome.out, kOurs) << outcome.err;
}

TEST_F(CopiedTest, ServesALaterLoadByTheOtherNameIfItIsThere) {
  NewStub("libaio.so.1t64");
  const std::string program =
      Compile("program", "-DLIBAIO='\"libaio.so.1t64\"'");
  CopyTo(scratch_.Path("bin"));
  CopyLibraryTo(scratch_.Path("bin"));
  std::filesystem::create_symlink("libaio.so.1",
                                  scratch_.Path("bin/libaio.so.1t64"));
  const Outcome outcome =
      RunProgram({scratch_.Path("bin/uasio-aio"), program, "0"});
  EXPECT_EQ(outcome.out, kOurs) << outcome.err;
}

TEST_F(UasioAioTest, HelpHasTheExitCodes) {
  const Outcome outcome = Run({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("\nExit status: "), HasSubstr("--threads:"),
                    HasSubstr("--summary:")));
}

}  // namespace
}  // namespace uasio
