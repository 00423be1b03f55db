// Backends under system settings that disable them.  The settings hold for
// every process, so this test runs alone, and restores them even if it is
// killed.

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "asio/backends/choice_testing.h"
#include "asio/testing/fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using ::testing::AllOf;
using ::testing::ExitedWithCode;
using ::testing::HasSubstr;

// Changes a setting under /proc/sys for the object's lifetime.  A child process
// restores the old value when this process destroys the object or dies.
class Setting {
 public:
  Setting(const std::string& path, const std::string& value)
      : fd_(open(path.c_str(), O_RDWR)) {
    if (fd_.get() < 0) {
      why_not_ = path + ": " + std::strerror(errno);
      return;
    }
    old_.resize(64);
    const ssize_t n = pread(fd_.get(), old_.data(), old_.size(), 0);
    old_.resize(n > 0 ? static_cast<size_t>(n) : 0);
    watcher_ = fork();
    if (watcher_ == 0) Watch();
    alive_.read_end.Close();
    if (!Write(value)) why_not_ = path + ": " + std::strerror(errno);
  }
  ~Setting() {
    alive_.write_end.Close();
    if (watcher_ > 0) waitpid(watcher_, nullptr, 0);
  }

  // Why it cannot be set; "" if it is.
  const std::string& why_not() const { return why_not_; }

 private:
  [[noreturn]] void Watch() {
    setsid();  // Must survive a kill of its parent's process group.
    alive_.write_end.Close();
    char byte;
    while (read(alive_.read_end.get(), &byte, 1) < 0 && errno == EINTR) {
    }
    _exit(Write(old_) ? 0 : 1);
  }

  bool Write(const std::string& value) const {
    return pwrite(fd_.get(), value.data(), value.size(), 0) ==
           static_cast<ssize_t>(value.size());
  }

  const Fd fd_;
  Pipe alive_{O_CLOEXEC};
  std::string old_;
  std::string why_not_;
  pid_t watcher_ = -1;
};

// This process must not call ProbeBackends(), which probes only once: a forked
// child would inherit the results.
class SettingsDeathTest : public testing::Test {
 protected:
  void SetUp() override {
    // A "threadsafe" child would run the test again and set the setting twice.
    testing::FLAGS_gtest_death_test_style = "fast";
    for (const char* name : {"uring", "kaio"}) {
      const auto backend = NewBackend(name, 1);
      if (!backend.ok()) GTEST_SKIP() << backend.status();
    }
  }
};

constexpr char kIoUringDisabled[] = "/proc/sys/kernel/io_uring_disabled";
constexpr char kAioMaxNr[] = "/proc/sys/fs/aio-max-nr";

TEST_F(SettingsDeathTest, WithIoUringDisabledKaioIsTaken) {
  const Setting disabled(kIoUringDisabled, "2");
  if (!disabled.why_not().empty()) GTEST_SKIP() << disabled.why_not();
  EXPECT_EXIT(ReportChoice(), ExitedWithCode(0),
              AllOf(HasSubstr("passed over uring: io_uring_setup: EPERM "),
                    HasSubstr("kernel.io_uring_disabled (sysctl)"),
                    HasSubstr("took kaio.")));
}

TEST_F(SettingsDeathTest, WithoutAioContextsKaioNamesTheSetting) {
  const Setting none(kAioMaxNr, "0");
  if (!none.why_not().empty()) GTEST_SKIP() << none.why_not();
  EXPECT_EXIT(
      ReportChoice(), ExitedWithCode(0),
      AllOf(HasSubstr("kaio does not work: io_setup: EAGAIN "),
            HasSubstr("fs.aio-max-nr (sysctl)"), HasSubstr("took uring.")));
}

TEST_F(SettingsDeathTest, WithoutIoUringAndAioContextsTheWorkersAreTaken) {
  const Setting none(kAioMaxNr, "0");
  const Setting disabled(kIoUringDisabled, "2");
  if (!none.why_not().empty()) GTEST_SKIP() << none.why_not();
  if (!disabled.why_not().empty()) GTEST_SKIP() << disabled.why_not();
  EXPECT_EXIT(ReportChoice(), ExitedWithCode(0),
              AllOf(HasSubstr("io_uring_setup: EPERM "),
                    HasSubstr("io_setup: EAGAIN "), HasSubstr("took worker.")));
}

// Holds as many KAIO contexts as the system allows, in this process.
class AllContexts {
 public:
  AllContexts() {
    for (long events = 1 << 16; events > 0;) {
      aio_context_t context = 0;
      if (syscall(SYS_io_setup, events, &context) == 0) {
        contexts_.push_back(context);
      } else {
        events /= 2;
      }
    }
  }
  ~AllContexts() {
    for (const aio_context_t c : contexts_) syscall(SYS_io_destroy, c);
  }

 private:
  std::vector<aio_context_t> contexts_;
};

TEST_F(SettingsDeathTest, ContextsOfAnotherProcessCountTowardsTheLimit) {
  const AllContexts spent;
  EXPECT_EXIT(
      ReportChoice(), ExitedWithCode(0),
      AllOf(HasSubstr("kaio does not work: io_setup: EAGAIN "),
            HasSubstr("fs.aio-max-nr (sysctl)"), HasSubstr("took uring.")));
}

}  // namespace
}  // namespace uasio
