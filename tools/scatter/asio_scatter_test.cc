// Runs asio_scatter as a user does: splitting and merging restores the file.

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "asio/testing/fd.h"
#include "asio/testing/fuse.h"
#include "asio/testing/mount.h"
#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/common/program_testing.h"

namespace uasio {
namespace {

using testing::HasSubstr;

class AsioScatterTest : public testing::Test {
 protected:
  using Words = std::vector<std::string>;

  std::string Path(const std::string& name) const {
    return scratch_.Path(name);
  }

  static Outcome Scatter(Words args, const ProgramOptions& options = {}) {
    args.insert(args.begin(), "asio_scatter");
    return RunProgram(args, options);
  }

  static void ExpectSuccess(const Outcome& outcome) {
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "");
  }

  // Expects one line on stderr that contains all of `words`.
  static void ExpectFailure(const Outcome& outcome, int exit_code,
                            const Words& words) {
    EXPECT_EQ(outcome.exit_code, exit_code);
    EXPECT_THAT(outcome.err, testing::StartsWith("asio_scatter: "));
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
    for (const std::string& word : words) {
      EXPECT_THAT(outcome.err, HasSubstr(word));
    }
  }

  std::string Part(size_t i, size_t parts = 4) const {
    return Path(absl::StrCat("part-0000", i, "-of-0000", parts));
  }

  // Expects that splitting and merging with `flags` restores `contents`.
  void ExpectRestored(const std::string& contents, const Words& flags) const {
    const Scratch folder;
    const std::string prefix = folder.Path("part");
    Words split = {folder.NewFile("source", contents), prefix};
    Words merge = {"--merge", prefix, folder.Path("merged")};
    split.insert(split.begin(), flags.begin(), flags.end());
    merge.insert(merge.begin(), flags.begin(), flags.end());
    ExpectSuccess(Scatter(split));
    ExpectSuccess(Scatter(merge));
    EXPECT_TRUE(Contents(folder.Path("merged")) == contents);
  }

  static std::string Lines(size_t count) {
    std::string lines;
    for (size_t i = 0; i < count; ++i) {
      absl::StrAppend(&lines, i * i % 1000, Pattern(i % 97), "\n");
    }
    return lines;
  }

  size_t FilesLeft() const {
    size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(scratch_.Path(""))) {
      count += entry.is_regular_file();
    }
    return count;
  }

  const Scratch scratch_;
};

TEST_F(AsioScatterTest, SplittingAndMergingRestoresTheFile) {
  const std::string lines = Lines(5000);
  for (const char* by : {"--by=turns", "--by=hash"}) {
    for (const char* parts : {"--parts=1", "--parts=4", "--parts=100"}) {
      ExpectRestored(lines, {by, parts});
      ExpectRestored(lines + "no newline", {by, parts, "--buffer=4k"});
      ExpectRestored(lines, {by, parts, "--record=100", "--buffer=4k"});
      ExpectRestored(lines, {by, parts, "--record=8191", "--buffer=4k"});
    }
    ExpectRestored("", {by});
    ExpectRestored("\n", {by});
    ExpectRestored("x", {by, "--record=7"});
  }
}

// FUSE answers reads with any length, and a size may be wrong.
TEST_F(AsioScatterTest, AFuseFileIsSplitExactly) {
  FuseOptions odd;
  odd.contents = Lines(2000);
  odd.read_bytes_max = 1000;
  for (const int64_t told_size : {-1, 0, 4096, 40960, 1 << 20}) {
    odd.told_size = told_size;
    const FuseFile served(odd);
    if (!served.why_not().empty()) GTEST_SKIP() << served.why_not();
    const Scratch folder;
    const std::string prefix = folder.Path("part");
    ExpectSuccess(Scatter({served.path(), prefix}));
    ExpectSuccess(Scatter({"--merge", prefix, folder.Path("merged")}));
    EXPECT_TRUE(Contents(folder.Path("merged")) == odd.contents) << told_size;
  }
}

TEST_F(AsioScatterTest, ByTurnsDistributesTheRecordsEvenly) {
  scratch_.NewFile("source", "a\nb\nc\nd\ne\nf");
  ExpectSuccess(Scatter({"--parts=4", Path("source"), Path("part")}));
  EXPECT_EQ(Contents(Part(0)), "a\ne\n");
  EXPECT_EQ(Contents(Part(1)), "b\nf");
  EXPECT_EQ(Contents(Part(3)), "d\n");
}

TEST_F(AsioScatterTest, ByHashEqualRecordsGoToOnePartAndAllPartsGetSome) {
  const std::string lines = Lines(20000) + Lines(20000);
  scratch_.NewFile("source", lines);
  ExpectSuccess(
      Scatter({"--parts=8", "--by=hash", Path("source"), Path("part")}));
  std::map<std::string, size_t> where;
  for (size_t i = 0; i < 8; ++i) {
    std::istringstream part(Contents(Part(i, 8)));
    size_t count = 0;
    for (std::string line; std::getline(part, line); ++count) {
      EXPECT_EQ(where.emplace(line, i).first->second, i) << line;
    }
    EXPECT_GT(count, 3000u);
  }
}

// The expected parts are from other implementations of MurmurHash64A.
TEST_F(AsioScatterTest, TheHashNeverChanges) {
  scratch_.NewFile("source", "a\n12345678\nhello, world\na");
  ExpectSuccess(
      Scatter({"--parts=8", "--by=hash", Path("source"), Path("part")}));
  EXPECT_EQ(Contents(Part(1, 8)), "a\na");
  EXPECT_EQ(Contents(Part(2, 8)), "12345678\n");
  EXPECT_EQ(Contents(Part(7, 8)), "hello, world\n");
}

TEST_F(AsioScatterTest, ReadsAndWritesPipes) {
  const std::string lines = Lines(20000);
  std::signal(SIGPIPE, SIG_IGN);
  Pipe in, out;
  ASSERT_GT(lines.size(), 4 * in.Capacity());
  std::thread feeds([&] {
    in.Put(lines);
    in.write_end.Close();
  });
  ProgramOptions options;
  options.in = in.read_end.get();
  ExpectSuccess(Scatter({"--buffer=4k", "-", Path("part")}, options));
  in.read_end.Close();  // So that `feeds` ends even if not all was read.
  feeds.join();
  std::string merged;
  std::thread drains([&] {
    char buffer[1000];
    ssize_t n;
    while ((n = read(out.read_end.get(), buffer, sizeof(buffer))) > 0) {
      merged.append(buffer, static_cast<size_t>(n));
    }
  });
  options = {};
  options.out = out.write_end.get();
  ExpectSuccess(
      Scatter({"--merge", "--buffer=4k", Path("part"), "-"}, options));
  out.write_end.Close();
  drains.join();
  EXPECT_TRUE(merged == lines);
}

TEST_F(AsioScatterTest, StandardInputMayBeAFile) {
  const std::string lines = Lines(1000);
  scratch_.NewFile("source", lines);
  const Fd in(open(Path("source").c_str(), O_RDONLY | O_CLOEXEC));
  ProgramOptions options;
  options.in = in.get();
  ExpectSuccess(Scatter({"-", Path("part")}, options));
  const Outcome merged = Scatter({"--merge", Path("part"), "-"});
  ExpectSuccess(merged);
  EXPECT_TRUE(merged.out == lines);
}

TEST_F(AsioScatterTest, AnExistingPartIsKeptAndNewOnesAreRemoved) {
  scratch_.NewFile("source", Lines(100));
  scratch_.NewFile("part-00002-of-00004", "precious");
  ExpectFailure(Scatter({"--parts=4", Path("source"), Path("part")}), 1,
                {"cannot split", Part(2), "EEXIST"});
  EXPECT_EQ(Contents(Part(2)), "precious");
  EXPECT_EQ(FilesLeft(), 2u);
}

// The signal comes when some parts are written.
TEST_F(AsioScatterTest, AFatalSignalLeavesNoParts) {
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    const Pipe pipe;
    ProgramOptions options;
    options.in = pipe.read_end.get();
    Program program({"asio_scatter", "--parts=8", "--by=hash", "--buffer=4k",
                     "-", Path("part")},
                    options);
    const std::string lines = Lines(100);
    for (size_t put = 0; put < 2 * pipe.Capacity(); put += lines.size()) {
      pipe.Put(lines);
    }
    EXPECT_EQ(FilesLeft(), 9u);
    program.Kill(signal);
    const Outcome outcome = program.Wait();
    EXPECT_EQ(outcome.signal, signal);
    EXPECT_EQ(outcome.err, "");
    ASSERT_EQ(FilesLeft(), 0u);
  }
}

TEST_F(AsioScatterTest, ALineThatIsTooLongIsNamedByItsOffset) {
  scratch_.NewFile("source", "ab\n" + Pattern(5000) + "\n");
  ExpectFailure(Scatter({"--line-max=5000", Path("source"), Path("part")}), 1,
                {Path("source"), "the line at offset 3 is longer than 5000"});
  EXPECT_EQ(FilesLeft(), 1u);
  ExpectSuccess(Scatter({"--line-max=5001", Path("source"), Path("part")}));
}

TEST_F(AsioScatterTest, AWrongNumberOfPartsIsNotMerged) {
  scratch_.NewFile("source", Lines(100));
  ExpectSuccess(Scatter({"--parts=4", Path("source"), Path("part")}));
  ExpectFailure(Scatter({"--merge", "--parts=3", Path("part"), Path("merged")}),
                1, {"cannot merge", "part-00000-of-00003", "ENOENT"});
  EXPECT_FALSE(std::filesystem::exists(Path("merged")));
}

TEST_F(AsioScatterTest, MissingAndExtraRecordsAreReported) {
  scratch_.NewFile("source", Lines(100));
  for (const char* by : {"--by=turns", "--by=hash"}) {
    const Words split = {by, "--parts=4", Path("source"), Path("part")};
    const Words merge = {by, "--merge", "--parts=4", Path("part"),
                         Path("merged")};
    ExpectSuccess(Scatter(split));
    const std::string before = Contents(Part(1));
    std::ofstream(Part(1), std::ios::app) << "one\nmore\n";
    ExpectFailure(Scatter(merge), 1, {"has more records than it should"});
    std::ofstream(Part(1)) << before.substr(0, before.find('\n') + 1);
    ExpectFailure(Scatter(merge), 1, {"part-0000", "-of-00004"});
    for (size_t i = 0; i < 4; ++i) unlink(Part(i).c_str());
  }
}

TEST_F(AsioScatterTest, APartCutWithinARecordIsReported) {
  scratch_.NewFile("source", "a\nb\nc\nd\ne\nf\ng\nh\n");
  for (const char* by : {"--by=turns", "--by=hash"}) {
    for (const char* record : {"--record=line", "--record=2"}) {
      const Words split = {by, record, "--parts=2", Path("source"),
                           Path("part")};
      const Words merge = {by,          record,       "--merge",
                           "--parts=2", Path("part"), Path("merged")};
      ExpectSuccess(Scatter(split));
      // Cuts the part that does not have the last record.
      const size_t cut =
          Contents(Part(0, 2)).find('h') == std::string::npos ? 0 : 1;
      const size_t bytes = Contents(Part(cut, 2)).size();
      ASSERT_EQ(truncate(Part(cut, 2).c_str(), static_cast<off_t>(bytes - 1)),
                0);
      ExpectFailure(Scatter(merge), 1,
                    {Part(cut, 2), "ends within a record, at offset ",
                     absl::StrCat(bytes - 1)});
      for (size_t i = 0; i < 2; ++i) unlink(Part(i, 2).c_str());
      unlink(Path("part-order").c_str());
    }
  }
}

TEST_F(AsioScatterTest, ACutOrderFileIsReported) {
  scratch_.NewFile("source", Lines(100));
  ExpectSuccess(
      Scatter({"--by=hash", "--parts=4", Path("source"), Path("part")}));
  ASSERT_EQ(truncate(Path("part-order").c_str(), 51), 0);
  ExpectFailure(Scatter({"--by=hash", "--merge", "--parts=4", Path("part"),
                         Path("merged")}),
                1,
                {Path("part-order"), "no valid part number before offset 51"});
}

TEST_F(AsioScatterTest, AnUnreadableSourceIsNamed) {
  ExpectFailure(Scatter({"/no/such", Path("part")}), 1, {"/no/such: ENOENT"});
  ExpectFailure(Scatter({"", Path("part")}), 1,
                {"cannot split \"\" (the name is empty) to ", "ENOENT"});
  ExpectFailure(Scatter({Path(""), Path("part")}), 1,
                {"cannot read " + Path("") + ": EISDIR (Is a directory)"});
  EXPECT_EQ(FilesLeft(), 0u);
}

TEST_F(AsioScatterTest, AFullDiskAtStandardOutputIsReported) {
  scratch_.NewFile("source", Lines(1000));
  ExpectSuccess(Scatter({Path("source"), Path("part")}));
  const Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  ProgramOptions options;
  options.out = full.get();
  ExpectFailure(Scatter({"--merge", Path("part"), "-"}, options), 1,
                {"standard output", "ENOSPC"});
}

TEST_F(AsioScatterTest, RaisesTheLimitOfOpenFiles) {
  scratch_.NewFile("source", Lines(1000));
  const auto with_limits = [](rlim_t soft, rlim_t hard) {
    ProgramOptions options;
    options.in_child = [=] {
      const struct rlimit limit = {soft, hard};
      setrlimit(RLIMIT_NOFILE, &limit);
    };
    return options;
  };
  const Words split = {"--parts=300", Path("source"), Path("part")};
  const Words merge = {"--merge", "--parts=300", Path("part"), Path("merged")};
  const Words words = {"300 parts need as many open files, but the limit is 64",
                       "(ulimit -Hn)"};
  ExpectFailure(Scatter(split, with_limits(64, 64)), 1, words);
  EXPECT_EQ(FilesLeft(), 1u);
  ExpectSuccess(Scatter(split, with_limits(64, 512)));
  ExpectFailure(Scatter(merge, with_limits(64, 64)), 1, words);
  ExpectSuccess(Scatter(merge, with_limits(64, 512)));
  EXPECT_TRUE(Contents(Path("merged")) == Lines(1000));
}

TEST_F(AsioScatterTest, AFullDiskLeavesNoParts) {
  const SmallFileSystem small("64k");
  if (!small.why_not().empty()) GTEST_SKIP() << small.why_not();
  scratch_.NewFile("source", Lines(5000));
  for (const char* by : {"--by=turns", "--by=hash"}) {
    ExpectFailure(Scatter({by, "--parts=4", "--buffer=4k", Path("source"),
                           small.Path("part")}),
                  1, {"cannot split", small.Path("part"), "ENOSPC"});
    EXPECT_TRUE(std::filesystem::is_empty(small.path()));
  }
}

TEST_F(AsioScatterTest, WrongUsageExitsWith2) {
  const std::vector<Words> wrong = {{},
                                    {"a"},
                                    {"a", "b", "c"},
                                    {"--parts=0", "a", "b"},
                                    {"--parts=16385", "a", "b"},
                                    {"--by=name", "a", "b"},
                                    {"--record=0", "a", "b"},
                                    {"--record=word", "a", "b"},
                                    {"--line-max=0", "a", "b"},
                                    {"--buffer=5000", "a", "b"},
                                    {"--depth=0", "a", "b"},
                                    {"--backend=floppy", "a", "b"},
                                    {"--frobnicate", "a", "b"}};
  for (const Words& args : wrong) {
    ExpectFailure(Scatter(args), 2, {"; see --help"});
  }
  const Outcome help = Scatter({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("usage: asio_scatter [FLAGS] SRC PREFIX"));
}

}  // namespace
}  // namespace uasio
