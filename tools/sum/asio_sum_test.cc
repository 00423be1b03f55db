// Runs asio_sum as a program and compares it with sha256sum.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "asio/testing/fd.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "asio/testing/seed.h"
#include "gtest/gtest.h"
#include "tools/common/program_testing.h"
#include "tools/sum/file_sums.h"

namespace uasio {
namespace {

constexpr char kSha256sum[] = "/usr/bin/sha256sum";

class SumTest : public testing::Test {
 protected:
  void SetUp() override {
    if (access(kSha256sum, X_OK) != 0) GTEST_SKIP() << "no " << kSha256sum;
  }

  ProgramOptions Here() {
    ProgramOptions options;
    options.in_child = [this] {
      if (chdir(scratch_.Path(".").c_str()) != 0) _exit(126);
    };
    return options;
  }
  Outcome Run(const std::string& program, std::vector<std::string> args,
              const ProgramOptions& options) {
    args.insert(args.begin(), program);
    return RunProgram(args, options);
  }
  Outcome Ours(const std::vector<std::string>& args) {
    return Run("asio_sum", args, Here());
  }
  Outcome OursWithInput(const std::vector<std::string>& args,
                        const std::string& input) {
    return WithInput("asio_sum", args, input);
  }
  Outcome WithInput(const std::string& program,
                    const std::vector<std::string>& args,
                    const std::string& input) {
    const Fd in = scratch_.Open("input", input);
    ProgramOptions options = Here();
    options.in = in.get();
    Outcome outcome = Run(program, args, options);
    std::filesystem::remove(scratch_.Path("input"));
    return outcome;
  }
  Outcome Theirs(const std::vector<std::string>& args) {
    return Run(kSha256sum, args, Here());
  }

  // Expects the same output and exit code of both, and errors of both or none.
  void ExpectSame(const std::vector<std::string>& args) {
    const Outcome ours = Ours(args), theirs = Theirs(args);
    EXPECT_EQ(ours.out, AsByNewCoreutils(theirs.out));
    EXPECT_EQ(ours.exit_code, theirs.exit_code) << ours.err << theirs.err;
    EXPECT_EQ(ours.err.empty(), theirs.err.empty()) << ours.err << theirs.err;
  }

  // Before coreutils 9.2, --check escapes only names with newlines.
  static std::string AsByNewCoreutils(const std::string& out) {
    return absl::StrReplaceAll(
        out, {{"x\\y: ", "\\x\\\\y: "}, {"a\r: ", "\\a\\r: "}});
  }

  // Makes files of sizes near each bound and between them; returns their names.
  std::vector<std::string> NewTree(size_t count) {
    std::mt19937_64 random(TestSeed(1));
    std::vector<std::string> names;
    const size_t near[] = {
        0, 1, 4096, kSumReadBytes, 2 * kSumReadBytes, 3 * kSumReadBytes};
    for (size_t i = 0; i < count; ++i) {
      size_t size = random() % 20000;
      if (random() % 4 == 0) size = near[random() % 6] + random() % 3 - 1;
      if (size == SIZE_MAX) size = 0;
      if (random() % 50 == 0) size = 2000000 + random() % 1000;
      names.push_back("f" + std::to_string(i));
      scratch_.NewFile(names.back(), Pattern(size));
    }
    return names;
  }

  const Scratch scratch_;
};

std::string Joined(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += name + '\0';
  return list;
}

TEST_F(SumTest, SumsOfManyFilesAreInTheOrderOfTheNames) {
  const std::vector<std::string> names =
      NewTree(static_cast<size_t>(Scaled(2000)));
  const Outcome theirs = Theirs(names);
  EXPECT_EQ(Ours(names).out, theirs.out);
  scratch_.NewFile("list", Joined(names));
  for (const std::string how : {"--depth=1", "--depth=3", "--threads=1",
                                "--threads=5", "--depth=100"}) {
    const Outcome ours = Ours({"--files0-from=list", how});
    EXPECT_EQ(ours.out, theirs.out) << how;
    EXPECT_EQ(ours.err, "");
    EXPECT_EQ(ours.exit_code, 0);
  }
  EXPECT_EQ(OursWithInput({"--files0-from", "-"}, Joined(names)).out,
            theirs.out);
}

TEST_F(SumTest, OddNamesAreEscapedAsBySha256sum) {
  std::vector<std::string> names;
  for (const std::string name :
       {"x\\y", "n\nl", "c\rr", " blank", "*star", "\\", "é", "a  b"}) {
    scratch_.NewFile(name, name);
    names.push_back(name);
  }
  ExpectSame(names);
  names.push_back("--zero");
  ExpectSame(names);
}

TEST_F(SumTest, AnUnreadableFileIsNamedAndOthersAreSummed) {
  scratch_.NewFile("a", "a");
  scratch_.NewFile("z", "z");
  std::filesystem::create_directory(scratch_.Path("folder"));
  ExpectSame({"a", "nothing", "folder", "z"});
  const Outcome ours = Ours({"a", "nothing", "folder", "z"});
  EXPECT_EQ(ours.err,
            "asio_sum: nothing: ENOENT (No such file or directory)\n"
            "asio_sum: folder: EISDIR (Is a directory)\n");
  EXPECT_EQ(ours.exit_code, 1);
}

TEST_F(SumTest, AnEmptyNameIsCalledEmpty) {
  const std::string error =
      "asio_sum: \"\" (the name is empty): ENOENT (No such file or "
      "directory)\n";
  EXPECT_EQ(Ours({""}).err, error);
  EXPECT_EQ(Ours({"--check", ""}).err, error);
}

TEST_F(SumTest, StandardInputMayBeAmongTheFiles) {
  scratch_.NewFile("a", "a");
  const std::string long_text = Pattern(300000);
  scratch_.NewFile("b", long_text);
  const std::string digest = Theirs({"b"}).out.substr(0, 64);
  EXPECT_EQ(OursWithInput({}, long_text).out, digest + "  -\n");
  EXPECT_EQ(OursWithInput({"-"}, long_text).out, digest + "  -\n");
  const std::string a = Theirs({"a"}).out;
  EXPECT_EQ(OursWithInput({"a", "-", "a"}, long_text).out,
            a + digest + "  -\n" + a);
}

TEST_F(SumTest, StandardInputNamedTwiceIsReadOneAfterTheOther) {
  scratch_.NewFile("a", "a");
  const std::string text = Pattern(3000000);
  const bool in_dev = std::filesystem::is_symlink("/dev/stdin");
  const std::string path = in_dev ? "/dev/stdin" : "/proc/self/fd/0";
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"-", "-"},
                                             {"-", "a", "-"},
                                             {"-", "-", "-", "a"},
                                             {"a", "-", "a", path}}) {
    const Outcome ours = OursWithInput(args, text);
    EXPECT_EQ(ours.out, WithInput(kSha256sum, args, text).out);
    EXPECT_EQ(ours.exit_code, 0) << ours.err;
  }
}

TEST_F(SumTest, APipeIsReadToItsEnd) {
  const std::string text = Pattern(10000);
  scratch_.NewFile("a", text);
  const Pipe pipe;
  ProgramOptions options = Here();
  options.in = pipe.read_end.get();
  Program program({"asio_sum"}, options);
  for (size_t i = 0; i < text.size(); i += 1000) pipe.Put(text.substr(i, 1000));
  const_cast<Fd&>(pipe.write_end).Close();
  EXPECT_EQ(program.Wait().out, Theirs({"a"}).out.substr(0, 64) + "  -\n");
}

TEST_F(SumTest, FilesWithoutASizeAreReadToTheirEnd) {
  ExpectSame({"/proc/version", "/proc/cpuinfo", "/dev/null"});
}

TEST_F(SumTest, ChecksSumsInAllFormats) {
  std::vector<std::string> names = NewTree(100);
  scratch_.NewFile("n\nl", "x");
  names.push_back("n\nl");
  for (const std::string form : {"", "--tag", "--binary"}) {
    std::vector<std::string> args = names;
    if (!form.empty()) args.insert(args.begin(), form);
    scratch_.NewFile("sums", Theirs(args).out);
    ExpectSame({"--check", "sums"});
    EXPECT_EQ(Ours({"-c", "sums"}).exit_code, 0);
  }
  scratch_.NewFile("sums", Ours(names).out);
  EXPECT_EQ(Theirs({"--check", "--quiet", "--strict", "sums"}).exit_code, 0);
}

TEST_F(SumTest, ChecksNamesAfterOneBlankAndTheFormatOfOpenssl) {
  for (const std::string name : {"a", " a", "*a"}) scratch_.NewFile(name, "a");
  const std::string digest = Theirs({"a"}).out.substr(0, 64);
  scratch_.NewFile("one", digest + " a\n" + digest + "  a\n");
  scratch_.NewFile("two", digest + "  a\n" + digest + " a\n");
  ExpectSame({"--check", "one"});
  ExpectSame({"--check", "two"});
  ExpectSame({"--check", "one", "two"});
  ExpectSame({"--check", "two", "one"});
  EXPECT_EQ(Ours({"--check", "one"}).out, "a: OK\n a: OK\n");
  scratch_.NewFile("openssl", "SHA2-256(a)= " + digest + "\n");
  EXPECT_EQ(Ours({"--check", "openssl"}).out, "a: OK\n");
}

TEST_F(SumTest, MismatchesAreReportedAsBySha256sum) {
  scratch_.NewFile("a", "a");
  scratch_.NewFile("b", "b");
  scratch_.NewFile("gone", "c");
  scratch_.NewFile(
      "sums", "# A comment.\n" + Theirs({"a", "b", "gone"}).out + "no line\n");
  scratch_.NewFile("b", "B");
  std::filesystem::remove(scratch_.Path("gone"));
  scratch_.NewFile("bad", "no line\n");
  scratch_.NewFile("empty", "");
  scratch_.NewFile("all_gone", std::string(64, '0') + "  gone\n");
  for (const std::string list :
       {"sums", "bad", "empty", "all_gone", "nothing", "folder"}) {
    for (const std::vector<std::string>& how :
         std::vector<std::vector<std::string>>{
             {},
             {"--quiet"},
             {"--status"},
             {"--strict"},
             {"-w"},
             {"--ignore-missing"},
             {"--ignore-missing", "--strict"}}) {
      std::vector<std::string> args = {"--check", list};
      args.insert(args.end(), how.begin(), how.end());
      SCOPED_TRACE(list + " " + (how.empty() ? "" : how[0]));
      ExpectSame(args);
    }
  }
  EXPECT_EQ(Ours({"-c", "sums"}).err,
            "asio_sum: gone: ENOENT (No such file or directory)\n"
            "asio_sum: WARNING: 1 line is improperly formatted\n"
            "asio_sum: WARNING: 1 listed file could not be read\n"
            "asio_sum: WARNING: 1 computed checksum did NOT match\n");
  EXPECT_EQ(Ours({"-c", "bad", "--warn"}).err,
            "asio_sum: bad: 1: improperly formatted SHA256 checksum line\n"
            "asio_sum: bad: no properly formatted checksum lines found\n");
}

TEST_F(SumTest, ListsAreParsedAsBySha256sum) {
  scratch_.NewFile("a", "a");
  scratch_.NewFile("x\\y", "x");
  const std::string a = Theirs({"a"}).out, d = a.substr(0, 64);
  for (const std::string& list :
       {d + "  a\r\n", "\n\r\n" + a + "\n", std::string("\n"),
        "SHA256 (a)= " + d + "\n", "SHA256(a)= " + d + "\n",
        "SHA256  (a) = " + d + "\n", "SHA256 (a)\t=" + d + "\r\n",
        " \t" + Theirs({"x\\y"}).out, "\\ " + a, "  \n" + a, "#\r\n" + a,
        d + "  a\r\r\n"}) {
    SCOPED_TRACE(list);
    scratch_.NewFile("sums", list);
    ExpectSame({"--check", "--strict", "--warn", "sums"});
  }
}

TEST_F(SumTest, WithIgnoreMissingAtLeastOneFileMustMatch) {
  scratch_.NewFile("a", "a");
  const std::string a = Theirs({"a"}).out;
  const std::string wrong = std::string(64, '0') + "  a\n";
  const std::string message = "sums: no file was verified\n";
  for (const std::string& list : {wrong, a + wrong, a, wrong + wrong}) {
    SCOPED_TRACE(list);
    scratch_.NewFile("sums", list);
    ExpectSame({"--check", "--ignore-missing", "sums"});
    ExpectSame({"--check", "--ignore-missing", "--status", "sums"});
    const std::vector<std::string> args = {"-c", "--ignore-missing", "sums"};
    EXPECT_EQ(Ours(args).err.find(message) == std::string::npos,
              Theirs(args).err.find(message) == std::string::npos);
  }
}

TEST_F(SumTest, AListOnStandardInputCannotNameStandardInput) {
  scratch_.NewFile("a", "a");
  const std::string a = Theirs({"a"}).out, d = a.substr(0, 64);
  for (const std::string& list :
       {d + "  -\n" + a, a + d + "  -\n" + a + a, d + "  -\n"}) {
    for (const std::string how : {"--warn", "--strict"}) {
      const std::vector<std::string> args = {"--check", how, "-"};
      const Outcome ours = OursWithInput(args, list);
      const Outcome theirs = WithInput(kSha256sum, args, list);
      EXPECT_EQ(ours.out, theirs.out);
      EXPECT_EQ(ours.exit_code, theirs.exit_code) << ours.err << theirs.err;
    }
  }
  EXPECT_EQ(OursWithInput({"-c", "-w", "-"}, a + d + "  /dev/stdin\n").err,
            "asio_sum: standard input: 2: improperly formatted SHA256 checksum "
            "line\nasio_sum: WARNING: 1 line is improperly formatted\n");
}

TEST_F(SumTest, ALowLimitOfOpenFilesIsEnough) {
  const std::vector<std::string> names = NewTree(300);
  scratch_.NewFile("list", Joined(names));
  ProgramOptions options = Here();
  options.in_child = [go = options.in_child] {
    go();
    const rlimit limit = {40, 40};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) _exit(126);
  };
  const Outcome ours = Run("asio_sum", {"--files0-from=list"}, options);
  EXPECT_EQ(ours.err, "");
  EXPECT_EQ(ours.out, Theirs(names).out);
}

TEST_F(SumTest, BadNamesInAListAreReported) {
  scratch_.NewFile("a", "a");
  const std::string a = Theirs({"a"}).out;
  const Outcome ours =
      OursWithInput({"--files0-from=-"}, Joined({"a", "", "-"}) + "a");
  EXPECT_EQ(ours.out, a + a);  // The last one needs no NUL.
  EXPECT_EQ(ours.err,
            "asio_sum: standard input: name 2 is empty\n"
            "asio_sum: the names come from standard input, so - cannot be "
            "summed\n");
  EXPECT_EQ(ours.exit_code, 1);
  EXPECT_EQ(Ours({"--files0-from=nothing"}).exit_code, 1);
}

TEST_F(SumTest, AFullDiskIsReported) {
  scratch_.NewFile("a", "a");
  const Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  ProgramOptions options = Here();
  options.out = full.get();
  const Outcome ours = Run("asio_sum", {"a"}, options);
  EXPECT_EQ(ours.err,
            "asio_sum: cannot write to standard output: ENOSPC (No space left "
            "on device)\n");
  EXPECT_EQ(ours.exit_code, 1);
}

TEST_F(SumTest, WrongUsageExitsWith2) {
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"--depth=0"},
                                             {"--depth=70000"},
                                             {"--threads=0"},
                                             {"--threads=65"},
                                             {"--files0-from=a", "b"},
                                             {"--check", "--zero"},
                                             {"--check", "--files0-from=a"},
                                             {"--quiet"},
                                             {"--no-such-flag"}}) {
    const Outcome ours = Ours(args);
    EXPECT_EQ(ours.exit_code, 2) << args[0];
    EXPECT_EQ(ours.out, "");
    EXPECT_NE(ours.err.find("see --help"), std::string::npos) << ours.err;
  }
}

}  // namespace
}  // namespace uasio
