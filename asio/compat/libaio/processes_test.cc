// libaio.so.1 in a process that exits, forks, closes the library, and so on.
// client.cc is the program.

#include <sys/wait.h>

#include <cstdio>
#include <string>

#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace libaio {
namespace {

constexpr char kClient[] = "asio/compat/libaio/client";
constexpr char kLibrary[] = "asio/compat/libaio/libaio.so.1";

struct Outcome {
  int status;
  std::string out;  // Standard output and standard error.
};

class ProcessesTest : public testing::Test {
 protected:
  // `environment` is "NAME=VALUE ...".
  Outcome Run(const std::string& mode, const std::string& environment = "",
              const std::string& library = kLibrary) const {
    const std::string command = environment + " " + kClient + " " + library +
                                " " + mode + " " + path_ + " 2>&1";
    Outcome outcome = {};
    FILE* program = popen(command.c_str(), "r");
    char line[1024];
    while (std::fgets(line, sizeof(line), program) != nullptr) {
      outcome.out += line;
    }
    const int status = pclose(program);
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
  }

  // Expects success, no output, and a file that the client has filled.
  void ExpectWorks(const std::string& mode, const std::string& environment = "",
                   const std::string& library = kLibrary) const {
    const Outcome outcome = Run(mode, environment, library);
    EXPECT_EQ(outcome.status, 0) << outcome.out;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(Contents(path_) == std::string(64 << 16, 'x'));
  }

  void ExpectEnds(const std::string& mode) const {
    const Outcome outcome = Run(mode);
    EXPECT_EQ(outcome.status, 0) << outcome.out;
    EXPECT_EQ(outcome.out, "");
  }

 private:
  const Scratch scratch_;
  const std::string path_ = scratch_.Path("data");
};

TEST_F(ProcessesTest, WorksBesideAbseil) { ExpectWorks("work"); }

TEST_F(ProcessesTest, WorksByPreload) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer must be loaded first";
  ExpectWorks("work", std::string("LD_PRELOAD=./") + kLibrary, "-");
}

TEST_F(ProcessesTest, ExitWaitsForTransfersInFlight) {
  ExpectWorks("exit", "UASIO_THREADS_MAX=1");
}

TEST_F(ProcessesTest, ExitWaitsForTransfersOfAtexitHandlers) {
  ExpectWorks("atexit", "UASIO_THREADS_MAX=1");
}

TEST_F(ProcessesTest, ExitDoesNotWaitForPipesAndPolls) {
  ExpectEnds("waiting");
}

TEST_F(ProcessesTest, ExecWorksWithRequestsInFlight) { ExpectEnds("exec"); }

TEST_F(ProcessesTest, ForkedChildrenSetUpTheirOwnContexts) {
  if (kThreadSanitized) {
    GTEST_SKIP() << "ThreadSanitizer lets no child of fork() start threads";
  }
  if (kSanitized) {
    GTEST_SKIP() << "a child of fork() may inherit the lock of "
                    "AddressSanitizer's allocator from a starting thread";
  }
  ExpectWorks("fork");
}

TEST_F(ProcessesTest, StaysLoadedAfterDlclose) { ExpectWorks("close"); }

TEST_F(ProcessesTest, KeepsErrno) { ExpectWorks("errno"); }

TEST_F(ProcessesTest, CallsAreNoCancellationPoints) { ExpectWorks("cancel"); }

TEST_F(ProcessesTest, QueueFunctionsAndOldVersionsWork) { ExpectEnds("queue"); }

TEST_F(ProcessesTest, WorksUnderASeccompFilter) { ExpectWorks("filtered"); }

TEST_F(ProcessesTest, TakesOneFdForEachEventfd) { ExpectEnds("doorbells"); }

TEST_F(ProcessesTest, BadAddressesReturnEfault) { ExpectEnds("bad-addresses"); }

TEST_F(ProcessesTest, WorksWhenTheMainThreadHasEnded) {
  ExpectWorks("leader-gone");
}

TEST_F(ProcessesTest, WorksOnASmallStack) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer needs more stack";
  ExpectWorks("small-stack");
}

TEST_F(ProcessesTest, PrintsASummaryOnRequest) {
  const Outcome outcome = Run("work", "UASIO_SUMMARY=1");
  EXPECT_NE(outcome.out.find("1 contexts, 64 requests: 0 reads (0 cached), 64 "
                             "writes, 0 syncs, 0 polls; 0 failed\n"),
            std::string::npos)
      << outcome.out;
}

TEST_F(ProcessesTest, ReportsInvalidSettings) {
  for (const char* value :
       {"0", "-1", "many", "''", "4097", "1x", "99999999999999999999"}) {
    const Outcome outcome =
        Run("work", std::string("UASIO_THREADS_MAX=") + value);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_NE(outcome.out.find("uasio: UASIO_THREADS_MAX=\""),
              std::string::npos)
        << value << ": " << outcome.out;
    EXPECT_NE(outcome.out.find("from 1 to 4096; 64 is used\n"),
              std::string::npos)
        << outcome.out;
  }
}

TEST_F(ProcessesTest, SettingsTakeEffect) {
  const Outcome outcome = Run("work", "UASIO_AIO_MAX_NR=127");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "client: check failed: io_setup\n");
  ExpectWorks("work", "UASIO_AIO_MAX_NR=128 UASIO_CACHED_READS=0");
}

}  // namespace
}  // namespace libaio
}  // namespace uasio
