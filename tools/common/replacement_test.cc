#include "tools/common/replacement.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ReplacementTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const {
    return scratch_.Path(name);
  }
  std::string Old(const std::string& name) const {
    return scratch_.NewFile(name, "old");
  }

  // The names of the files in the folder.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(Path(""))) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

 private:
  const Scratch scratch_;
};
using ReplacementDeathTest = ReplacementTest;

absl::StatusOr<Replacement> New(const std::string& target) {
  absl::StatusOr<Replacement> made = Replacement::Create(target);
  EXPECT_TRUE(made.ok()) << made.status();
  if (made.ok() && !made->in_place()) {
    // Not a multiple of a block, like the end of a direct copy.
    EXPECT_EQ(ftruncate(made->file().fd(), 3), 0);
  }
  return made;
}

mode_t ModeOf(const std::string& path) {
  struct stat info = {};
  EXPECT_EQ(stat(path.c_str(), &info), 0);
  return info.st_mode;
}

// The contents that New() wrote.
std::string NewContents() { return std::string(3, '\0'); }

TEST_F(ReplacementTest, TheTargetIsUnchangedUntilCommit) {
  const std::string target = Old("x");
  absl::StatusOr<Replacement> made = New(target);
  EXPECT_FALSE(made->in_place());
  EXPECT_EQ(Contents(target), "old");
  EXPECT_EQ(Names().size(), 2u);
  EXPECT_TRUE(made->Commit(0640, false).ok());
  EXPECT_EQ(Contents(target), NewContents());
  EXPECT_EQ(ModeOf(target), S_IFREG | 0640u);
  EXPECT_THAT(Names(), ElementsAre("x"));
}

TEST_F(ReplacementTest, ANewTargetAppearsWithCommit) {
  absl::StatusOr<Replacement> made = New(Path("x"));
  EXPECT_FALSE(std::filesystem::exists(Path("x")));
  EXPECT_TRUE(made->Commit(0755, true).ok());
  EXPECT_EQ(Contents(Path("x")), NewContents());
  EXPECT_THAT(Names(), ElementsAre("x"));
}

TEST_F(ReplacementTest, OnlyTheOwnerMayReadItBeforeCommit) {
  absl::StatusOr<Replacement> made = New(Path("x"));
  EXPECT_EQ(ModeOf(made->file().path()), S_IFREG | 0600u);
}

TEST_F(ReplacementTest, WithoutCommitNothingIsLeft) {
  const std::string target = Old("x");
  { const absl::StatusOr<Replacement> made = New(target); }
  EXPECT_EQ(Contents(target), "old");
  EXPECT_THAT(Names(), ElementsAre("x"));
}

TEST_F(ReplacementTest, MovingTransfersTheTemporaryFile) {
  absl::StatusOr<Replacement> made = New(Path("x"));
  { Replacement moved = *std::move(made); }
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(ReplacementTest, ACommitThatFailsLeavesNothing) {
  {
    absl::StatusOr<Replacement> made = New(Path("x"));
    ASSERT_EQ(mkdir(Path("x").c_str(), 0755), 0);
    const absl::Status status = made->Commit(0644, false);
    EXPECT_THAT(std::string(status.message()), HasSubstr("cannot rename"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("EISDIR"));
  }
  EXPECT_THAT(Names(), ElementsAre("x"));
  EXPECT_THAT(std::filesystem::is_empty(Path("x")), true);
}

TEST_F(ReplacementTest, TheFileThatALinkLeadsToIsReplaced) {
  ASSERT_EQ(mkdir(Path("folder").c_str(), 0755), 0);
  const std::string target = Old("folder/x");
  ASSERT_EQ(symlink("folder/x", Path("link").c_str()), 0);
  ASSERT_EQ(symlink("link", Path("second").c_str()), 0);
  EXPECT_TRUE(New(Path("second"))->Commit(0644, false).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link")));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("second")));
  EXPECT_EQ(Contents(target), NewContents());
  EXPECT_THAT(Names(), UnorderedElementsAre("folder", "link", "second"));
}

TEST_F(ReplacementTest, ADanglingLinkIsRefused) {
  ASSERT_EQ(symlink("nowhere", Path("link").c_str()), 0);
  ASSERT_EQ(symlink("loop", Path("loop").c_str()), 0);
  EXPECT_THAT(std::string(Replacement::Create(Path("link")).status().message()),
              HasSubstr("link: ENOENT"));
  EXPECT_THAT(std::string(Replacement::Create(Path("loop")).status().message()),
              HasSubstr("cannot write " + Path("loop") + ": ELOOP"));
  EXPECT_THAT(Names(), UnorderedElementsAre("link", "loop"));
}

TEST_F(ReplacementTest, ATargetThatCannotBeAFileIsRefusedAtOnce) {
  const std::string file = Old("x");
  const std::pair<std::string, std::string> cases[] = {
      {Path(""), "EISDIR"},
      {"", "ENOENT"},
      {Path("none/x"), "ENOENT"},
      {file + "/x", "ENOTDIR"},
      {Path(std::string(256, 'n')), "ENAMETOOLONG"},
  };
  for (const auto& [target, error] : cases) {
    const absl::Status status = Replacement::Create(target).status();
    EXPECT_THAT(
        std::string(status.message()),
        HasSubstr("cannot write " +
                  (target.empty() ? "\"\" (the name is empty)" : target)));
    EXPECT_THAT(std::string(status.message()), HasSubstr(error));
  }
  EXPECT_THAT(Names(), ElementsAre("x"));
}

TEST_F(ReplacementTest, ANameMayHaveTheMaximumLength) {
  const std::string name(255, 'n');
  EXPECT_TRUE(New(Path(name))->Commit(0644, false).ok());
  EXPECT_THAT(Names(), ElementsAre(name));
}

TEST_F(ReplacementTest, APathMayBeRelative) {
  const std::string before = std::filesystem::current_path();
  ASSERT_EQ(chdir(Path("").c_str()), 0);
  EXPECT_TRUE(New("x")->Commit(0644, true).ok());
  ASSERT_EQ(chdir(before.c_str()), 0);
  EXPECT_THAT(Names(), ElementsAre("x"));
}

TEST_F(ReplacementTest, AFifoIsWrittenInPlace) {
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0640), 0);
  const Fd reader(
      open(Path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  absl::StatusOr<Replacement> made = New(Path("fifo"));
  EXPECT_TRUE(made->in_place());
  EXPECT_EQ(write(made->file().fd(), "new", 3), 3);
  EXPECT_TRUE(made->Commit(0600, true).ok());
  char buffer[4] = {};
  EXPECT_EQ(read(reader.get(), buffer, 3), 3);
  EXPECT_STREQ(buffer, "new");
  EXPECT_EQ(ModeOf(Path("fifo")), S_IFIFO | 0640u);
  EXPECT_THAT(Names(), ElementsAre("fifo"));
}

TEST_F(ReplacementTest, AnOpenFileIsWrittenInPlaceAndClosed) {
  absl::StatusOr<File> file = File::Open(Old("x"), O_WRONLY);
  ASSERT_TRUE(file.ok());
  const int fd = file->fd();
  Replacement made = Replacement::InPlace(*std::move(file));
  EXPECT_TRUE(made.in_place());
  EXPECT_TRUE(made.Commit(0600, true).ok());
  EXPECT_EQ(fcntl(fd, F_GETFD), -1);
  EXPECT_EQ(Contents(Path("x")), "old");
  EXPECT_EQ(ModeOf(Path("x")) & 0700u, 0600u);
}

TEST_F(ReplacementDeathTest, AFatalSignalLeavesOnlyTheOldFile) {
  const std::string target = Old("x");
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    EXPECT_EXIT(
        {
          const absl::StatusOr<Replacement> made = New(target);
          raise(number);
        },
        testing::KilledBySignal(number), "");
    EXPECT_EQ(Contents(target), "old");
    EXPECT_THAT(Names(), ElementsAre("x"));
  }
}

TEST_F(ReplacementDeathTest, AFatalSignalAfterCommitLeavesTheNewFile) {
  const std::string target = Old("x");
  EXPECT_EXIT(
      {
        absl::StatusOr<Replacement> made = New(target);
        if (!made->Commit(0644, false).ok()) exit(1);
        raise(SIGTERM);
      },
      testing::KilledBySignal(SIGTERM), "");
  EXPECT_EQ(Contents(target), NewContents());
}

TEST_F(ReplacementDeathTest, AnIgnoredSignalStaysIgnored) {
  const std::string target = Old("x");
  EXPECT_EXIT(
      {
        signal(SIGHUP, SIG_IGN);
        absl::StatusOr<Replacement> made = New(target);
        raise(SIGHUP);
        exit(made->Commit(0644, false).ok() ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EQ(Contents(target), NewContents());
}

}  // namespace
}  // namespace uasio
