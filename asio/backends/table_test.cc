// Which backend is taken, and what the status of the others says, when the
// system refuses them.

#include "asio/backends/table.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "asio/backends/choice_testing.h"
#include "asio/backends/kernel_testing.h"
#include "asio/queue.h"
#include "asio/testing/fd.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/seccomp.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ExitedWithCode;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(TableTest, NamesAreInOrderOfPreference) {
  EXPECT_THAT(BackendNames(), ElementsAre("uring", "kaio", "worker", "sync"));
}

TEST(TableTest, NewBackendMakesTheBackendOfThatName) {
  for (const BackendVerdict& verdict : ProbeBackends()) {
    if (!verdict.status.ok()) continue;
    auto backend = NewBackend(verdict.name, 8);
    ASSERT_TRUE(backend.ok()) << backend.status();
    if (verdict.name == "worker") {
      EXPECT_EQ(*backend, nullptr);  // Every queue has its workers.
    } else {
      EXPECT_EQ((*backend)->name(), verdict.name);
    }
  }
}

TEST(TableTest, TheErrorForAnUnknownNameListsTheKnownOnes) {
  const auto backend = NewBackend("urring", 8);
  EXPECT_EQ(backend.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      backend.status().message(),
      "unknown backend \"urring\"; known: auto, uring, kaio, worker, sync");
}

TEST(TableTest, EachBackendHasAVerdict) {
  const std::vector<BackendVerdict> verdicts = ProbeBackends();
  ASSERT_EQ(verdicts.size(), BackendNames().size());
  for (size_t i = 0; i < verdicts.size(); ++i) {
    EXPECT_EQ(verdicts[i].name, BackendNames()[i]);
  }
}

TEST(TableTest, AutoTakesTheFirstThatWorks) {
  const BackendChoice choice = NewAutoBackend(8);
  const size_t passed_over = choice.passed_over.size();
  ASSERT_LT(passed_over, BackendNames().size());
  EXPECT_EQ(choice.name, BackendNames()[passed_over]);
  for (size_t i = 0; i < passed_over; ++i) {
    EXPECT_FALSE(ProbeBackends()[i].status.ok());
  }
  EXPECT_TRUE(NewBackend("auto", 8).ok());
}

// Runs in a child process, since a process probes the backends only once.
class RefusedTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!CanRefuseCalls()) GTEST_SKIP() << "no seccomp here";
    testing::FLAGS_gtest_death_test_style = "threadsafe";
  }

  static void RefuseAndReport(const std::vector<RefusedCall>& calls) {
    RefuseCalls(calls);
    ReportChoice();
  }
};
using RefusedDeathTest = RefusedTest;

// Whether this build has liburing, whatever the system says to it.
bool HasUring() {
  return !absl::StrContains(NewBackend("uring", 8).status().message(),
                            "built without liburing");
}

TEST_F(RefusedDeathTest, NothingRefusedMeansUring) {
  for (const BackendVerdict& verdict : ProbeBackends()) {
    if (!verdict.status.ok()) GTEST_SKIP() << verdict.status;
  }
  EXPECT_EXIT(ReportChoice(), ExitedWithCode(0),
              AllOf(HasSubstr("took uring."), Not(HasSubstr("passed over"))));
}

TEST_F(RefusedDeathTest, WithoutIoUringSetupKaioIsTakenAndTheSettingNamed) {
  if (!HasUring()) GTEST_SKIP() << "built without liburing";
  if (!NewBackend("kaio", 8).ok()) GTEST_SKIP() << "kaio does not work here";
  EXPECT_EXIT(RefuseAndReport({{SYS_io_uring_setup, EPERM}}), ExitedWithCode(0),
              AllOf(HasSubstr("passed over uring: io_uring_setup: EPERM "),
                    HasSubstr("kernel.io_uring_disabled (sysctl)"),
                    HasSubstr("seccomp"), HasSubstr("took kaio.")));
  EXPECT_EXIT(RefuseAndReport({{SYS_io_uring_setup, ENOSYS}}),
              ExitedWithCode(0),
              AllOf(HasSubstr("passed over uring: io_uring_setup: ENOSYS "),
                    HasSubstr("CONFIG_IO_URING"), HasSubstr("seccomp"),
                    HasSubstr("took kaio.")));
}

TEST_F(RefusedDeathTest, WithoutIoSetupUringIsTaken) {
  if (!NewBackend("uring", 8).ok()) GTEST_SKIP() << "uring does not work here";
  EXPECT_EXIT(RefuseAndReport({{SYS_io_setup, EPERM}}), ExitedWithCode(0),
              AllOf(HasSubstr("took uring."),
                    HasSubstr("kaio does not work: io_setup: EPERM "),
                    HasSubstr("seccomp")));
}

TEST_F(RefusedDeathTest, WithoutBothTheWorkersAreTaken) {
  if (!HasUring()) GTEST_SKIP() << "built without liburing";
  for (const unsigned error : {EPERM, ENOSYS}) {
    EXPECT_EXIT(
        RefuseAndReport({{SYS_io_uring_setup, error}, {SYS_io_setup, error}}),
        ExitedWithCode(0),
        AllOf(HasSubstr("passed over uring: io_uring_setup: E"),
              HasSubstr("passed over kaio: io_setup: E"),
              HasSubstr(error == EPERM ? "EPERM" : "CONFIG_AIO"),
              HasSubstr("took worker.")));
  }
}

// The setup succeeds, but the calls after it fail.  A queue on such a backend
// must not wait for ever.
TEST_F(RefusedDeathTest, ABackendThatSetsUpButCannotReadIsPassedOver) {
  for (const char* name : {"uring", "kaio"}) {
    if (!NewBackend(name, 8).ok())
      GTEST_SKIP() << name << " does not work here";
  }
  for (const unsigned call : {SYS_io_uring_enter, SYS_io_uring_register}) {
    EXPECT_EXIT(
        RefuseAndReport({{call, EPERM}, {SYS_io_submit, EPERM}}),
        ExitedWithCode(0),
        AllOf(HasSubstr("passed over uring: the kernel refuses a test read"),
              HasSubstr("passed over kaio: the kernel refuses a test read"),
              HasSubstr("seccomp"), HasSubstr("took worker.")));
  }
}

TEST_F(RefusedDeathTest, KaioWithoutIoGetEventsIsPassedOver) {
  if (!NewBackend("kaio", 8).ok()) GTEST_SKIP() << "kaio does not work here";
  EXPECT_EXIT(
      RefuseAndReport({{SYS_io_uring_setup, EPERM}, {SYS_io_getevents, EPERM}}),
      ExitedWithCode(0),
      AllOf(HasSubstr("passed over kaio: io_getevents: EPERM "),
            HasSubstr("seccomp"), HasSubstr("took worker.")));
}

TEST_F(RefusedDeathTest, ABackendThatRefusesEverythingLeavesItToTheWorkers) {
  for (const char* name : {"uring", "kaio"}) {
    if (!NewBackend(name, 8).ok()) continue;
    EXPECT_EXIT(
        {
          RefuseCalls({{SYS_io_uring_enter, EPERM}, {SYS_io_submit, EPERM}});
          exit(DoesIo(*NewBackend(name, 8)) ? 0 : 1);
        },
        ExitedWithCode(0), "");
  }
}

// Exits with 0 if the backends work once there are fds again.
[[noreturn]] void ProbeWithoutFdsThenWithThem() {
  {
    const FdLimit none(0);
    for (const BackendVerdict& verdict : ProbeBackends()) {
      if (verdict.name == "uring" && verdict.status.ok()) exit(2);
    }
    if (NewAutoBackend(8).name == "uring") exit(3);
  }
  for (const BackendVerdict& verdict : ProbeBackends()) {
    std::fprintf(stderr, "%s: %s\n", verdict.name.c_str(),
                 verdict.status.ToString().c_str());
    if (!verdict.status.ok()) exit(1);
  }
  exit(NewAutoBackend(8).name == "uring" ? 0 : 4);
}

TEST_F(RefusedDeathTest, AMomentWithoutFdsRulesNoBackendOutForGood) {
  if (kAddressSanitized) {
    GTEST_SKIP() << "UBSan, which runs with ASan, needs fds to check a vptr";
  }
  for (const char* name : {"uring", "kaio"}) {
    const absl::Status status = NewBackend(name, 8).status();
    if (!status.ok()) GTEST_SKIP() << status;
  }
  EXPECT_EXIT(ProbeWithoutFdsThenWithThem(), ExitedWithCode(0), "uring: OK");
}

// Creates kaio in a storm of signals; exits with 0 if that always succeeds.
[[noreturn]] void CreateKaioInterrupted() {
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  sigaction(SIGALRM, &action, nullptr);
  const itimerval storm = {{0, 50}, {0, 50}};  // Microseconds.
  setitimer(ITIMER_REAL, &storm, nullptr);
  absl::Status status;
  for (int i = 0; i < 40; ++i) status.Update(NewBackend("kaio", 1).status());
  const itimerval calm = {};
  setitimer(ITIMER_REAL, &calm, nullptr);
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  exit(status.ok() ? 0 : 1);
}

TEST_F(RefusedDeathTest, SignalsDoNotRuleKaioOut) {
  if (!NewBackend("kaio", 8).ok()) GTEST_SKIP() << "kaio does not work here";
  EXPECT_EXIT(CreateKaioInterrupted(), ExitedWithCode(0), "OK");
}

[[noreturn]] void ReportAsNobody() {
  const rlimit none = {0, 0};
  if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || setuid(kNobody) != 0) exit(2);
  ReportChoice();
}

TEST_F(RefusedDeathTest, AnUnprivilegedUserWithoutLockedMemoryGetsABackend) {
  if (!MayBecomeNobody()) GTEST_SKIP() << "cannot become an unprivileged user";
  EXPECT_EXIT(ReportAsNobody(), ExitedWithCode(0), HasSubstr("took "));
}

}  // namespace
}  // namespace uasio
