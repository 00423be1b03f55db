// asio_cp can be killed while it runs, and shows its progress.

#include <signal.h>
#include <sys/inotify.h>

#include "tools/cp/asio_cp_testing.h"

namespace uasio {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

class AsioCpRunningTest : public AsioCpTest {
 protected:
  // Starts to copy a pipe that stays open, and sends `signal` when the
  // temporary file exists.
  Outcome KillMidway(const std::string& target, int signal) const {
    const Fd watch(inotify_init1(IN_CLOEXEC));
    EXPECT_GE(inotify_add_watch(watch.get(), Path("").c_str(), IN_CREATE), 0);
    Pipe pipe;
    ProgramOptions options;
    options.in = pipe.read_end.get();
    Program program(Command({"-", target}), options);
    pipe.Put("new");
    char event[sizeof(inotify_event) + NAME_MAX + 1];
    EXPECT_GT(read(watch.get(), event, sizeof(event)), 0);
    program.Kill(signal);
    return program.Wait();
  }
};

TEST_P(AsioCpRunningTest, AFatalSignalLeavesOnlyTheOldDst) {
  const std::string target = NewFile("target", "old");
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    const Outcome outcome = KillMidway(target, signal);
    EXPECT_EQ(outcome.signal, signal);
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(Contents(target), "old");
    EXPECT_THAT(Names(), ElementsAre("target"));
  }
}

TEST_P(AsioCpRunningTest, AFatalSignalLeavesNoNewDst) {
  EXPECT_EQ(KillMidway(Path("target"), SIGTERM).signal, SIGTERM);
  EXPECT_THAT(Names(), ElementsAre());
}

TEST_P(AsioCpRunningTest, SigkillLeavesTheOldDst) {
  const std::string target = NewFile("target", "old");
  EXPECT_EQ(KillMidway(target, SIGKILL).signal, SIGKILL);
  EXPECT_EQ(Contents(target), "old");
}

TEST_P(AsioCpRunningTest, ShowsProgressInAPipeOnlyWithAlways) {
  const std::string source = NewFile("source", Pattern(5 << 20));
  for (const char* when : {"--progress=auto", "--progress=never"}) {
    ExpectSuccess(Cp({when, source, Path("copy")}));
  }
  const Outcome outcome =
      Cp({"--progress=always", "--verify", source, Path("copy")});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("\rcopying [ "));
  EXPECT_THAT(outcome.err, HasSubstr("\rverifying [ "));
  EXPECT_THAT(outcome.err, EndsWith("\r\033[K"));
}

TEST_P(AsioCpRunningTest, ShowsProgressOnATerminalExceptWithNever) {
  const std::string source = NewFile("source", Pattern(5 << 20));
  for (const char* when :
       {"--progress=auto", "--progress=always", "--progress=never"}) {
    const Terminal terminal(O_NONBLOCK);
    if (!terminal.why_not().empty()) GTEST_SKIP() << terminal.why_not();
    ProgramOptions options;
    options.err = terminal.slave.get();
    EXPECT_EQ(Cp({when, source, Path("copy")}, options).exit_code, 0);
    char shown[4096] = {};
    const ssize_t n = read(terminal.master.get(), shown, sizeof(shown) - 1);
    if (std::string(when) == "--progress=never") {
      EXPECT_LT(n, 0) << shown;
    } else {
      EXPECT_THAT(shown, HasSubstr("\rcopying [ "));
    }
  }
}

TEST_P(AsioCpRunningTest, StatsSayWhatWasDone) {
  const std::string source = NewFile("source", Pattern(3 << 20));
  const Outcome outcome = Cp({"--stats", source, Path("copy")});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("asio_cp: on " + GetParam() + "\n"));
  EXPECT_THAT(outcome.err, HasSubstr("read: "));
  EXPECT_THAT(outcome.err, HasSubstr("write-back: 3 completed, 3145728 bytes"));
  EXPECT_THAT(outcome.err, HasSubstr("latency: 50 % below "));
}

UASIO_INSTANTIATE_ASIO_CP(AsioCpRunningTest);

}  // namespace
}  // namespace uasio
