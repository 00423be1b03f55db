#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "asio/testing/scratch.h"
#include "asio/testing/seccomp.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/common/program_testing.h"

namespace uasio {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// Parses JSON made of objects, strings and numbers.
class Json {
 public:
  explicit Json(const std::string& text) : text_(text) {}

  // True if the text is exactly one value.
  bool IsComplete() { return Value() && (Skip(), at_ == text_.size()); }

  // The keys in order of appearance, as "outer.inner".
  std::vector<std::string> keys;

 private:
  void Skip() {
    while (at_ < text_.size() && std::isspace(text_[at_])) ++at_;
  }
  bool Take(char c) {
    Skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool String(std::string* string) {
    if (!Take('"')) return false;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (static_cast<unsigned char>(text_[at_]) < ' ') return false;
      if (text_[at_] == '\\') ++at_;
      *string += text_[at_];
    }
    return Take('"');
  }
  bool Value() {
    Skip();
    if (at_ >= text_.size()) return false;
    if (text_[at_] == '{') return Object();
    std::string string;
    if (text_[at_] == '"') return String(&string);
    const size_t begin = at_;
    while (at_ < text_.size() && std::isdigit(text_[at_])) ++at_;
    return at_ > begin;
  }
  bool Object() {
    const std::string outer = path_;
    if (!Take('{')) return false;
    do {
      std::string key;
      if (!String(&key) || !Take(':')) return false;
      keys.push_back(outer + key);
      path_ = outer + key + ".";
      if (!Value()) return false;
      path_ = outer;
    } while (Take(','));
    return Take('}');
  }

  const std::string text_;
  size_t at_ = 0;
  std::string path_;
};

Outcome Probe(const std::vector<std::string>& args,
              const std::vector<RefusedCall>& refused = {}) {
  std::vector<std::string> all = {"asio_probe"};
  all.insert(all.end(), args.begin(), args.end());
  ProgramOptions options;
  options.in_child = [&refused] { RefuseCalls(refused); };
  return RunProgram(all, options);
}

TEST(AsioProbeTest, WithoutAPathItReportsTheSystem) {
  const Outcome outcome = Probe({});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("uring "), HasSubstr("kaio "),
                    HasSubstr("worker                   works\n"),
                    HasSubstr("sync                     works\n"),
                    HasSubstr("auto takes"), HasSubstr("fs.aio-max-nr"),
                    HasSubstr("kernel.io_uring_disabled"),
                    HasSubstr("RLIMIT_MEMLOCK"), Not(HasSubstr("O_DIRECT"))));
  EXPECT_THAT(outcome.err, IsEmpty());
}

TEST(AsioProbeTest, AReportThatCannotBeWrittenIsAnError) {
  for (const char* flag : {"--nojson", "--json", "--help"}) {
    const Outcome outcome = RunProgramOnAFullDisk({"asio_probe", flag});
    EXPECT_EQ(outcome.exit_code, 1) << flag;
    EXPECT_THAT(
        outcome.err,
        StartsWith("asio_probe: cannot write to standard output: ENOSPC"));
  }
}

TEST(AsioProbeTest, RefusesACharacterDevice) {
  const Outcome outcome = Probe({"/dev/null"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err,
              HasSubstr("cannot probe /dev/null: it is neither a directory, a "
                        "regular file nor a block device\n"));
}

TEST(AsioProbeTest, ProbesAFolderAndLeavesNothingThere) {
  const Scratch scratch;
  const Outcome outcome = Probe({scratch.Path("")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("file system "),
                    // In a chroot, mountinfo need not have its mount.
                    AnyOf(HasSubstr(" on "), HasSubstr(" of statfs(2)")),
                    HasSubstr("O_DIRECT "), HasSubstr("RWF_NOWAIT there"),
                    HasSubstr("buffered read "), HasSubstr("buffered write "),
                    HasSubstr("backends there")));
  EXPECT_TRUE(std::filesystem::is_empty(scratch.Path("")));
}

TEST(AsioProbeTest, ProbesTheFolderOfAFile) {
  const Scratch scratch;
  const std::string path = scratch.NewFile("data", "contents");
  const Outcome outcome = Probe({path});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\n" + path + "\n"));
  EXPECT_EQ(Contents(path), "contents");
}

TEST(AsioProbeTest, FollowsLinks) {
  const Scratch scratch;
  std::filesystem::create_symlink("/proc/version", scratch.Path("link"));
  const Outcome outcome = Probe({scratch.Path("link")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err,
              HasSubstr("cannot make a temporary file in /proc: "));
}

TEST(AsioProbeTest, ReportsWhyNoFileCanBeCreated) {
  const Outcome missing = Probe({"/nowhere/at all"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, AllOf(HasSubstr("cannot probe /nowhere/at all"),
                                 HasSubstr("ENOENT")));
  EXPECT_THAT(Probe({""}).err,
              HasSubstr("cannot probe \"\" (the name is empty): ENOENT"));
  const Outcome text = Probe({"/proc"});
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_THAT(text.err, HasSubstr("cannot make a temporary file in /proc: "));
  EXPECT_THAT(text.out, AllOf(HasSubstr("auto takes"), HasSubstr("settings"),
                              Not(HasSubstr("O_DIRECT"))));
  const Outcome proc = Probe({"--json", "/proc"});
  EXPECT_EQ(proc.exit_code, 1);
  EXPECT_THAT(proc.err, HasSubstr("cannot make a temporary file in /proc: "));
  EXPECT_THAT(proc.out, IsEmpty());
}

TEST(AsioProbeTest, ReportsThatItMayNotWrite) {
  const Scratch scratch;
  const std::string folder = std::filesystem::canonical(scratch.Path("."));
  ASSERT_EQ(chmod(folder.c_str(), 0500), 0);
  ProgramOptions options;
  options.in_child = ObeyPermissions;
  const Outcome outcome = RunProgram({"asio_probe", folder}, options);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("cannot make a temporary file in " +
                                     folder + ": EACCES"));
}

TEST(AsioProbeTest, TwoPathsAndUnknownFlagsExitWith2) {
  for (const char* wrong : {"b", "--no_such_flag"}) {
    const Outcome outcome = Probe({"a", wrong});
    EXPECT_EQ(outcome.exit_code, 2) << wrong;
    EXPECT_THAT(outcome.err, Not(IsEmpty()));
    EXPECT_THAT(outcome.out, IsEmpty());
  }
}

TEST(AsioProbeTest, JsonIsCompleteAndHasTheKeys) {
  const Scratch scratch;
  std::filesystem::create_directory(scratch.Path("a \"b\"\n\\"));
  const Outcome outcome = Probe({"--json", scratch.Path("a \"b\"\n\\")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  Json json(outcome.out);
  EXPECT_TRUE(json.IsComplete()) << outcome.out;
  EXPECT_THAT(json.keys,
              testing::IsSupersetOf(
                  {"backends.uring", "backends.kaio", "backends.worker",
                   "backends.sync", "auto", "settings.fs.aio-max-nr",
                   "settings.kernel.io_uring_disabled", "path.path",
                   "path.file_system", "path.direct",
                   "path.nowait.buffered read", "path.backends.worker"}));
  const Outcome system = Probe({"--json"});
  EXPECT_TRUE(Json(system.out).IsComplete()) << system.out;
  EXPECT_THAT(system.out, Not(HasSubstr("\"path\"")));
}

// kaio writes with RWF_NOWAIT, which disks support and tmpfs does not.
TEST(AsioProbeTest, ReportsWhyKaioLeavesWritesToTheWorkers) {
  const Scratch disk;
  constexpr char kNoWaitWorks[] = "direct write             works\n";
  for (const std::string& folder : {disk.Path(""), std::string("/dev/shm")}) {
    if (access(folder.c_str(), W_OK) != 0) continue;
    const Outcome text = Probe({folder});
    const Outcome json = Probe({"--json", folder});
    ASSERT_EQ(text.exit_code, 0) << text.err;
    const std::string there = text.out.substr(text.out.find("\n" + folder));
    if (there.find("direct write ") == std::string::npos ||
        text.out.find("kaio                     works\n") >
            text.out.find(folder)) {
      std::printf("neither direct I/O in %s nor kaio\n", folder.c_str());
    } else if (there.find(kNoWaitWorks) != std::string::npos) {
      EXPECT_THAT(there, HasSubstr("kaio                     works\n"));
      EXPECT_THAT(json.out, Not(HasSubstr("workers do its")));
    } else {
      EXPECT_THAT(there, HasSubstr("kaio                     works, but the "
                                   "workers do its writes: RWF_NOWAIT: E"));
      EXPECT_THAT(json.out, HasSubstr("\"kaio\": \"works, but the workers do "
                                      "its writes: RWF_NOWAIT: E"));
    }
    EXPECT_THAT(there, Not(HasSubstr("workers do its reads")));
  }
}

TEST(AsioProbeTest, RefusedSystemCallsAreNamedWithErrnoAndSetting) {
  const Outcome both =
      Probe({}, {{SYS_io_uring_setup, EPERM}, {SYS_io_setup, EPERM}});
  EXPECT_EQ(both.exit_code, 0) << both.err;
  EXPECT_THAT(both.out,
              AllOf(HasSubstr("io_uring_setup: EPERM "),
                    HasSubstr("kernel.io_uring_disabled (sysctl)"),
                    HasSubstr("io_setup: EPERM "), HasSubstr("seccomp"),
                    HasSubstr("auto takes               worker\n")));
  const Outcome none =
      Probe({}, {{SYS_io_uring_setup, ENOSYS}, {SYS_io_setup, ENOSYS}});
  EXPECT_THAT(
      none.out,
      AllOf(HasSubstr("io_uring_setup: ENOSYS "), HasSubstr("CONFIG_IO_URING"),
            HasSubstr("io_setup: ENOSYS "), HasSubstr("CONFIG_AIO"),
            HasSubstr("auto takes               worker\n")));
  const Outcome spent = Probe({"--json"}, {{SYS_io_setup, EAGAIN}});
  EXPECT_THAT(spent.out, AllOf(HasSubstr("io_setup: EAGAIN "),
                               HasSubstr("fs.aio-max-nr (sysctl)")));
}

}  // namespace
}  // namespace uasio
