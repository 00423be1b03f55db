// Which programs uasio-aio does not run, and what it says then.

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/aio/uasio_aio_testing.h"
#include "tools/common/program_testing.h"

namespace uasio {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

void ExpectRefused(const std::string& program, int exit_code,
                   const std::string& message) {
  const Outcome outcome = RunProgram({"uasio-aio", program, "0"});
  EXPECT_EQ(outcome.exit_code, exit_code) << program;
  EXPECT_THAT(outcome.err, AllOf(StartsWith("uasio-aio: "), HasSubstr(message),
                                 EndsWith("\n")));
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST_F(CopiedTest, WithoutTheLibraryItExitsWith125) {
  CopyTo(scratch_.Path("a/b/bin"));
  const Outcome outcome =
      RunProgram({scratch_.Path("a/b/bin/uasio-aio"), "true"});
  EXPECT_EQ(outcome.exit_code, 125);
  EXPECT_THAT(outcome.err, AllOf(StartsWith("uasio-aio: there is no "),
                                 HasSubstr("/a/b/bin/libaio.so.1 or "),
                                 EndsWith("/libaio.so.1\n")));
}

TEST_F(CopiedTest, AFolderThatLdPreloadCannotNameExitsWith125) {
  CopyTo(scratch_.Path("a folder"));
  CopyLibraryTo(scratch_.Path("a folder"));
  const Outcome outcome =
      RunProgram({scratch_.Path("a folder/uasio-aio"), "true"});
  EXPECT_EQ(outcome.exit_code, 125);
  EXPECT_THAT(outcome.err, HasSubstr("LD_PRELOAD cannot name "));
}

TEST_F(UasioAioTest, AWrongCommandLineExitsWith2) {
  for (const std::vector<std::string>& args : {std::vector<std::string>{},
                                               {"--no_such_flag", "true"},
                                               {"--threads=many", "true"},
                                               {"--threads=-1", "true"},
                                               {"--threads=4097", "true"},
                                               {"--threads"}}) {
    const Outcome outcome = Run(args);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, EndsWith("; see --help\n"));
  }
}

TEST_F(UasioAioTest, AMissingProgramExitsWith127) {
  ExpectRefused("no-such-program", 127, "no program no-such-program in PATH");
  ExpectRefused("/no/such/program", 127, "ENOENT");
  ExpectRefused("", 127, "no program \"\" (the name is empty) in PATH");
  const std::string script = scratch_.NewFile("script", "#!/no/shell\n");
  chmod(script.c_str(), 0755);
  ExpectRefused(script, 127, "cannot run /no/shell: ENOENT");
}

TEST_F(UasioAioTest, AProgramThatCannotBeRunExitsWith126) {
  ExpectRefused("/", 126, "cannot run /: EACCES");
  const std::string text = scratch_.NewFile("text", "true\n");
  ExpectRefused(text, 126, "EACCES");
  chmod(text.c_str(), 0755);
  ExpectRefused(text, 126, "is neither an ELF file nor a script");
}

TEST_F(UasioAioTest, AStaticProgramIsRefused) {
  if (!TryToCompile("program -static -DBY_SYSCALL "
                    "tools/aio/program_of_libaio.c")) {
    GTEST_SKIP() << "no static C library";
  }
  ExpectRefused(scratch_.Path("program"), 126, "is linked statically");
}

TEST_F(UasioAioTest, AnotherCLibrarysProgramIsRefused) {
  const std::string program =
      Compile("program", "-DBY_SYSCALL -Wl,--dynamic-linker=/lib/ld-musl.so.1");
  ExpectRefused(program, 126, "is loaded by /lib/ld-musl.so.1, and");
}

// Byte 4 of the file is the word size, 5 the byte order, 18 the machine.
TEST_F(UasioAioTest, AnotherMachinesProgramIsRefused) {
  const std::string program = Compile("program", "-DBY_SYSCALL");
  const std::string right = Contents(program);
  for (const size_t byte : {4, 5, 18}) {
    std::string wrong = right;
    wrong[byte] = static_cast<char>(wrong[byte] ^ 3);
    scratch_.NewFile("program", wrong);
    ExpectRefused(program, 126, "is for another machine");
  }
}

TEST_F(UasioAioTest, ADamagedProgramIsRefused) {
  const std::string program = Compile("program", "-DBY_SYSCALL");
  const std::string whole = Contents(program);
  for (const size_t bytes : {size_t{0}, size_t{4}, size_t{63}, size_t{64}}) {
    scratch_.NewFile("program", whole.substr(0, bytes));
    ExpectRefused(program, 126, "program is ");
  }
}

TEST_F(UasioAioTest, AProgramWithOtherPrivilegesIsRefused) {
  const std::string program = Compile("program", "-DBY_SYSCALL");
  if (chown(program.c_str(), 1, 1) != 0) {
    GTEST_SKIP() << "cannot give a file to another user: "
                 << std::strerror(errno);
  }
  for (const mode_t mode : {04755, 02755}) {
    ASSERT_EQ(chmod(program.c_str(), mode), 0);
    ExpectRefused(program, 126, "runs with other privileges");
  }
}

}  // namespace
}  // namespace uasio
