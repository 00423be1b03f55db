// A copy that fails prints one line and changes no file.

#include <sys/resource.h>

#include "asio/testing/mount.h"
#include "tools/cp/asio_cp_testing.h"

namespace uasio {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr size_t kMiB = 1 << 20;

class AsioCpFailureTest : public AsioCpTest {
 protected:
  // Expects an error with `words`, and that neither `target` nor the names in
  // its folder have changed.
  void ExpectRefused(const Words& args, const Words& words,
                     const std::string& target,
                     const ProgramOptions& options = {}) const {
    const std::string folder = std::filesystem::path(target).parent_path();
    const Words before = Names(folder);
    const std::string contents = Contents(target);
    ExpectFailure(Cp(args, options), 1, words);
    EXPECT_TRUE(Contents(target) == contents);
    EXPECT_EQ(Names(folder), before);
  }
};

TEST_P(AsioCpFailureTest, ASrcThatCannotBeCopiedIsNamed) {
  const std::string target = NewFile("target", "old");
  ASSERT_EQ(mkdir(Path("folder").c_str(), 0755), 0);
  const std::string none = Path("none");
  ExpectRefused({none, target}, {none, "ENOENT"}, target);
  ExpectRefused({Path("folder"), target}, {Path("folder"), "EISDIR"}, target);
  ExpectRefused({"/proc/self/mem", target}, {"mem", target, "EIO"}, target);
  ExpectRefused({target + "/x", target}, {target + "/x", "ENOTDIR"}, target);
  ExpectRefused({"", target}, {"the name is empty", "ENOENT"}, target);
}

TEST_P(AsioCpFailureTest, ADstThatCannotBeWrittenIsNamed) {
  const std::string source = NewFile("source", "new");
  ASSERT_EQ(mkdir(Path("folder").c_str(), 0755), 0);
  ASSERT_EQ(symlink("nowhere", Path("link").c_str()), 0);
  const std::string none = Path("none/target");
  ExpectRefused({source, Path("folder")}, {Path("folder"), "EISDIR"}, source);
  ExpectRefused({source, none}, {none, "ENOENT"}, source);
  ExpectRefused({source, source + "/x"}, {source + "/x", "ENOTDIR"}, source);
  ExpectRefused({source, Path("link")}, {Path("link"), "ENOENT"}, source);
  ExpectRefused({source, ""},
                {"cannot write \"\" (the name is empty)", "ENOENT"}, source);
  const std::string long_name(256, 'n');
  ExpectRefused({source, Path(long_name)}, {long_name, "ENAMETOOLONG"}, source);
  EXPECT_THAT(Names(Path("folder")), ElementsAre());
}

TEST_P(AsioCpFailureTest, AFileIsNotCopiedOntoItself) {
  const std::string file = NewFile("file", "old");
  ASSERT_EQ(link(file.c_str(), Path("hard").c_str()), 0);
  ASSERT_EQ(symlink("file", Path("soft").c_str()), 0);
  for (const char* name : {"file", "hard", "soft", "./file"}) {
    ExpectRefused({file, Path(name)}, {file, Path(name), "the same file"},
                  file);
    ExpectRefused({Path(name), file}, {file, Path(name), "the same file"},
                  file);
  }
}

TEST_P(AsioCpFailureTest, StandardInputAndOutputAreNotCopiedOntoThemselves) {
  const std::string file = NewFile("file", "old");
  const Fd in(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  const Fd out(open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  ProgramOptions options;
  options.in = in.get();
  options.out = out.get();
  ExpectRefused({"-", file}, {"standard input", "the same file"}, file,
                options);
  ExpectRefused({file, "-"}, {file, "the same file"}, file, options);
  ExpectRefused({"-", "-"}, {"standard input", "the same file"}, file, options);
}

TEST_P(AsioCpFailureTest, AnUnreadableSrcIsNamed) {
  const std::string source = NewFile("source", "new");
  const std::string target = NewFile("target", "old");
  ASSERT_EQ(chmod(source.c_str(), 0), 0);
  ProgramOptions options;
  options.in_child = &ObeyPermissions;
  ExpectRefused({source, target}, {source, "EACCES"}, target, options);
}

TEST_P(AsioCpFailureTest, AnUnwritableDstOrFolderIsReported) {
  const std::string source = NewFile("source", "new");
  ASSERT_EQ(mkdir(Path("folder").c_str(), 0755), 0);
  const std::string target = NewFile("folder/target", "old");
  ProgramOptions options;
  options.in_child = &ObeyPermissions;
  ASSERT_EQ(chmod(target.c_str(), 0444), 0);
  ExpectRefused({source, target}, {target, "EACCES"}, target, options);
  ASSERT_EQ(chmod(target.c_str(), 0644), 0);
  ASSERT_EQ(chmod(Path("folder").c_str(), 0555), 0);
  ExpectRefused({source, target}, {target, "EACCES"}, target, options);
  ASSERT_EQ(chmod(Path("folder").c_str(), 0755), 0);
}

TEST_P(AsioCpFailureTest, AReadOnlyFileSystemIsReported) {
  const SmallFileSystem small("1m");
  if (!small.why_not().empty()) GTEST_SKIP() << small.why_not();
  const std::string target = small.Path("target");
  { const Fd file(open(target.c_str(), O_CREAT | O_WRONLY, 0644)); }
  small.MakeReadOnly();
  const std::string source = NewFile("source", "new");
  ExpectRefused({source, target}, {target, "EROFS"}, target);
  ExpectRefused({source, small.Path("x")}, {small.Path("x"), "EROFS"}, target);
}

TEST_P(AsioCpFailureTest, AFullDiskIsReported) {
  const SmallFileSystem small("256k");
  if (!small.why_not().empty()) GTEST_SKIP() << small.why_not();
  const std::string target = small.Path("target");
  const Fd file(open(target.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
  ASSERT_EQ(write(file.get(), "old", 3), 3);
  const std::string source = NewFile("source", Pattern(3 * kMiB));
  ExpectRefused({source, target}, {source, target, "reserve", "ENOSPC"},
                target);
  const Fd in(open(source.c_str(), O_RDONLY | O_CLOEXEC));
  ProgramOptions options;
  options.in = in.get();
  ExpectRefused({"--buffer=64k", "-", target}, {target, "write", "ENOSPC"},
                target, options);
  ExpectRefused({source, "/dev/full"}, {"/dev/full", "ENOSPC"}, target);
}

TEST_P(AsioCpFailureTest, ExceedingTheFileSizeLimitIsReported) {
  const std::string source = NewFile("source", Pattern(6 * kMiB));
  const std::string target = NewFile("target", "old");
  const Fd in(open(source.c_str(), O_RDONLY | O_CLOEXEC));
  ProgramOptions options;
  options.in = in.get();
  options.in_child = [] {
    const rlimit limit = {4 * kMiB, 4 * kMiB};
    setrlimit(RLIMIT_FSIZE, &limit);
  };
  ExpectRefused({source, target}, {target, "EFBIG"}, target, options);
  ExpectRefused({"-", target}, {target, "EFBIG"}, target, options);
}

TEST_P(AsioCpFailureTest, AClosedReadEndIsReported) {
  const std::string source = NewFile("source", Pattern(kMiB));
  Pipe pipe;
  pipe.read_end.Close();
  ProgramOptions options;
  options.out = pipe.write_end.get();
  ExpectRefused({source, "-"}, {source, "EPIPE"}, source, options);
}

TEST_P(AsioCpFailureTest, ClosedStandardFdsAreReported) {
  const std::string source = NewFile("source", "new");
  ProgramOptions options;
  options.in_child = [] { close(0), close(1); };
  ExpectRefused({"-", Path("x")}, {Path("x"), "EBADF"}, source, options);
  ExpectRefused({source, "-"}, {source, "EBADF"}, source, options);
  ExpectSuccess(Cp({source, Path("copy")}, options));
  EXPECT_EQ(Contents(Path("copy")), "new");
}

TEST_P(AsioCpFailureTest, VerifyRefusesWhatItCannotReadAgain) {
  const std::string source = NewFile("source", "new");
  const std::string target = NewFile("target", "old");
  ExpectRefused({"--verify", source, "/dev/null"}, {"--verify"}, target);
  ExpectRefused({"--verify", "/dev/null", target}, {"--verify"}, target);
}

TEST_P(AsioCpFailureTest, VerifyFindsACopyThatDiffers) {
  // It has other contents each time that it is read.
  const std::string source = "/proc/sys/kernel/random/uuid";
  const std::string target = NewFile("target", "old");
  ExpectRefused({"--verify", source, target}, {source, target, "differ"},
                target);
}

TEST_P(AsioCpFailureTest, WrongUsageExitsWith2) {
  const std::string source = NewFile("source", "new");
  const std::string target = Path("target");
  const Words cases[] = {
      {},
      {source},
      {source, target, target},
      {"--nonsense", source, target},
      {"--backend=steam", source, target},
      {"--buffer=0", source, target},
      {"--buffer=1000", source, target},
      {"--buffer=2g", source, target},
      {"--buffer=huge", source, target},
      {"--depth=0", source, target},
      {"--depth=1025", source, target},
      {"--depth=-1", source, target},
      {"--progress=sometimes", source, target},
      {"--verify", "-", target},
      {"--verify", source, "-"},
      {source, target, "--depth"},
  };
  for (const Words& args : cases) {
    ExpectFailure(Cp(args), 2, {"; see --help"});
  }
  EXPECT_THAT(Names(), ElementsAre("source"));
}

TEST_P(AsioCpFailureTest, HelpExitsWith0) {
  const Outcome outcome = Cp({"--help"});
  ExpectSuccess(outcome);
  EXPECT_THAT(outcome.out, testing::StartsWith("usage: asio_cp "));
  for (const std::string& backend : BackendNames()) {
    EXPECT_THAT(outcome.out, HasSubstr(backend));
  }
}

UASIO_INSTANTIATE_ASIO_CP(AsioCpFailureTest);

}  // namespace
}  // namespace uasio
