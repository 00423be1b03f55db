// asio_cp copies exactly, from and to all kinds of files.

#include <linux/loop.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <utility>

#include "tools/cp/asio_cp_testing.h"

namespace uasio {
namespace {

using testing::ElementsAre;

constexpr size_t kMiB = 1 << 20;

using AsioCpContentsTest = AsioCpTest;

TEST_P(AsioCpContentsTest, FilesOfAllSizesAreCopiedExactly) {
  for (size_t size : {size_t{0}, size_t{1}, size_t{511}, size_t{4095},
                      size_t{4096}, size_t{4097}, kMiB + 1, 9 * kMiB + 12345}) {
    const std::string data = Pattern(size);
    ExpectSuccess(Cp({NewFile("source", data), Path("copy")}));
    EXPECT_TRUE(Contents(Path("copy")) == data) << size;
  }
  EXPECT_THAT(Names(), ElementsAre("copy", "source"));
}

TEST_P(AsioCpContentsTest, CopiesWithAllBufferSizesAndDepths) {
  const std::string data = Pattern(3 * kMiB + 12345);
  const std::string source = NewFile("source", data);
  for (const char* buffer : {"--buffer=4k", "--buffer=12k", "--buffer=16m"}) {
    for (const char* depth : {"--depth=1", "--depth=64"}) {
      ExpectSuccess(Cp({buffer, depth, source, Path("copy")}));
      EXPECT_TRUE(Contents(Path("copy")) == data) << buffer << " " << depth;
    }
  }
}

TEST_P(AsioCpContentsTest, CopiesFromAndToTmpfs) {
  if (access("/dev/shm", W_OK) != 0) GTEST_SKIP() << "no writable /dev/shm";
  const std::string data = Pattern(3 * kMiB + 5);
  const Scratch memory("/dev/shm");
  const std::string source = memory.NewFile("source", data);
  ExpectSuccess(Cp({"--sync", "--verify", source, Path("disk")}));
  EXPECT_TRUE(Contents(Path("disk")) == data);
  ExpectSuccess(Cp({"--sync", "--verify", Path("disk"), memory.Path("copy")}));
  EXPECT_TRUE(Contents(memory.Path("copy")) == data);
}

TEST_P(AsioCpContentsTest, AnOldDstOfAnySizeIsReplaced) {
  for (size_t size : {size_t{0}, size_t{10}, kMiB, 3 * kMiB}) {
    const std::string data = Pattern(kMiB + 1);
    const std::string target = NewFile("target", std::string(size, 'o'));
    ExpectSuccess(Cp({NewFile("source", data), target}));
    EXPECT_TRUE(Contents(target) == data) << size;
  }
}

TEST_P(AsioCpContentsTest, AFileWhoseSizeIsToldAs0IsCopiedWhole) {
  ExpectSuccess(Cp({"--verify", "/proc/version", Path("copy")}));
  EXPECT_EQ(Contents(Path("copy")), Contents("/proc/version"));
}

TEST_P(AsioCpContentsTest, DstGetsThePermissionBitsOfSrc) {
  const std::string source = NewFile("source", "x");
  for (mode_t mode : {0600, 0644, 0755, 0444, 0666}) {
    const std::string copy = Path("copy" + std::to_string(mode));
    ASSERT_EQ(chmod(source.c_str(), mode), 0);
    ExpectSuccess(Cp({source, copy}));
    EXPECT_EQ(ModeOf(copy), mode);
  }
}

TEST_P(AsioCpContentsTest, SetuidAndSetgidAreNotCopied) {
  const std::string source = NewFile("source", "x");
  ASSERT_EQ(chmod(source.c_str(), 06755), 0);
  ExpectSuccess(Cp({source, Path("copy")}));
  EXPECT_EQ(ModeOf(Path("copy")), 0755u);
}

TEST_P(AsioCpContentsTest, HolesStayHoles) {
  const std::string source = NewFile("source", "begin");
  const int64_t size = 16 * kMiB + 77;
  ASSERT_EQ(truncate(source.c_str(), size), 0);
  const Fd fd(open(source.c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(pwrite(fd.get(), "middle", 6, 7 * kMiB + 5000), 6);
  ASSERT_LT(StatOf(source).st_blocks, 1000) << "no holes on this file system";
  ExpectSuccess(Cp({source, Path("copy")}));
  EXPECT_EQ(StatOf(Path("copy")).st_size, size);
  EXPECT_LT(StatOf(Path("copy")).st_blocks, 1000);
  EXPECT_TRUE(Contents(Path("copy")) == Contents(source));
}

// With data across 2 GiB and 4 GiB, and a partial block at the end.
TEST_P(AsioCpContentsTest, FilesMayBeLargerThanFourGibibytes) {
  const int64_t kGib = int64_t{1} << 30;
  const int64_t size = 5 * kGib + 77;
  const int64_t offsets[] = {0, 2 * kGib - 3, 4 * kGib - 3, size - 6};
  const std::string source = NewFile("source", "");
  ASSERT_EQ(truncate(source.c_str(), size), 0);
  const Fd in(open(source.c_str(), O_WRONLY | O_CLOEXEC));
  for (const int64_t offset : offsets) {
    ASSERT_EQ(pwrite(in.get(), "middle", 6, offset), 6);
  }
  ExpectSuccess(Cp({source, Path("copy")}));
  EXPECT_EQ(StatOf(Path("copy")).st_size, size);
  EXPECT_LT(StatOf(Path("copy")).st_blocks, 1000);
  const Fd out(open(Path("copy").c_str(), O_RDONLY | O_CLOEXEC));
  for (const int64_t offset : offsets) {
    char bytes[8] = {};
    EXPECT_GE(pread(out.get(), bytes, 6, offset), 6);
    EXPECT_STREQ(bytes, "middle") << offset;
  }
}

TEST_P(AsioCpContentsTest, StandardInputMayBeAPipeOrAFile) {
  const std::string data = Pattern(2 * kMiB + 77);
  Pipe pipe;
  std::thread writer([&] {
    pipe.Put(data);
    pipe.write_end.Close();
  });
  ProgramOptions options;
  options.in = pipe.read_end.get();
  ExpectSuccess(Cp({"-", Path("of_pipe")}, options));
  writer.join();
  EXPECT_TRUE(Contents(Path("of_pipe")) == data);

  const Fd file(open(NewFile("source", data).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(lseek(file.get(), 5, SEEK_SET), 5);
  options.in = file.get();
  ExpectSuccess(Cp({"-", Path("of_file")}, options));
  EXPECT_TRUE(Contents(Path("of_file")) == data.substr(5));
  EXPECT_EQ(lseek(file.get(), 0, SEEK_CUR), static_cast<off_t>(data.size()));
}

TEST_P(AsioCpContentsTest, FromStandardInputDstHasTheModeOfANewFile) {
  const std::string source = NewFile("source", "x");
  ASSERT_EQ(chmod(source.c_str(), 0777), 0);
  const Fd in(open(source.c_str(), O_RDONLY | O_CLOEXEC));
  ProgramOptions options;
  options.in = in.get();
  options.in_child = [] { umask(027); };
  ExpectSuccess(Cp({"-", Path("copy")}, options));
  EXPECT_EQ(ModeOf(Path("copy")), 0640u);
}

TEST_P(AsioCpContentsTest, StandardOutputMayBeAPipeOrAFile) {
  const std::string data = Pattern(2 * kMiB + 77);
  const std::string source = NewFile("source", data);
  Outcome outcome = Cp({source, "-"});
  ExpectSuccess(outcome);
  EXPECT_TRUE(outcome.out == data);

  Pipe pipe;
  ProgramOptions options;
  options.out = pipe.write_end.get();
  Program program(Command({source, "-"}), options);
  pipe.write_end.Close();
  std::string got;
  char buffer[4096];
  ssize_t n;
  while ((n = read(pipe.read_end.get(), buffer, sizeof(buffer))) > 0) {
    got.append(buffer, static_cast<size_t>(n));
  }
  ExpectSuccess(program.Wait());
  EXPECT_TRUE(got == data);
}

TEST_P(AsioCpContentsTest, CopiesStandardInputToStandardOutputWithAppend) {
  const std::string data = Pattern(kMiB + 77);
  const Fd in(open(NewFile("source", data).c_str(), O_RDONLY | O_CLOEXEC));
  const Fd out(
      open(NewFile("target", "old").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  ProgramOptions options;
  options.in = in.get();
  options.out = out.get();
  ExpectSuccess(Cp({"-", "-"}, options));
  EXPECT_TRUE(Contents(Path("target")) == "old" + data);
}

TEST_P(AsioCpContentsTest, CopiesStandardFdsWithODirectExactly) {
  const std::string data = Pattern(kMiB + 77);
  const std::string target = NewFile("target", "");
  const Fd in(
      open(NewFile("source", data).c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  const Fd out(open(target.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC));
  if (in.get() < 0) GTEST_SKIP() << "no O_DIRECT where the tests are";
  ProgramOptions options;
  options.in = in.get();
  options.out = out.get();
  ExpectSuccess(Cp({"-", "-"}, options));
  EXPECT_TRUE(Contents(target) == data);
}

TEST_P(AsioCpContentsTest, HolesAreWrittenToAStreamAsZeros) {
  const std::string source = NewFile("source", "begin");
  ASSERT_EQ(truncate(source.c_str(), 3 * kMiB + 1), 0);
  const Outcome outcome = Cp({source, "-"});
  ExpectSuccess(outcome);
  EXPECT_TRUE(outcome.out == Contents(source));
}

TEST_P(AsioCpContentsTest, AFifoIsReadAndWritten) {
  const std::string data = Pattern(kMiB + 77);
  const std::string fifo = Path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  Program writer(Command({NewFile("source", data), fifo}));
  ExpectSuccess(Cp({fifo, Path("copy")}));
  ExpectSuccess(writer.Wait());
  EXPECT_TRUE(Contents(Path("copy")) == data);
  EXPECT_TRUE(S_ISFIFO(StatOf(fifo).st_mode));
  EXPECT_THAT(Names(), ElementsAre("copy", "fifo", "source"));
}

TEST_P(AsioCpContentsTest, PathsMayNameFds) {
  const std::string data = Pattern(1000);
  Pipe in, out;
  in.Put(data);
  in.write_end.Close();
  ProgramOptions options;
  options.in = in.read_end.get();
  options.out = out.write_end.get();
  ExpectSuccess(Cp({"/proc/self/fd/0", "/proc/self/fd/1"}, options));
  std::string got(data.size(), '\0');
  ASSERT_EQ(out.Waiting(), data.size());
  EXPECT_EQ(read(out.read_end.get(), got.data(), got.size()),
            static_cast<ssize_t>(got.size()));
  EXPECT_EQ(got, data);
}

TEST_P(AsioCpContentsTest, DevicesAreReadAndWritten) {
  ExpectSuccess(Cp({"--sync", NewFile("source", Pattern(kMiB)), "/dev/null"}));
  EXPECT_TRUE(S_ISCHR(StatOf("/dev/null").st_mode));
  ExpectSuccess(Cp({"/dev/null", Path("copy")}));
  EXPECT_EQ(Contents(Path("copy")), "");
}

TEST_P(AsioCpContentsTest, AFileOfProcWithSizeZeroIsCopied) {
  ExpectSuccess(Cp({"/proc/version", Path("copy")}));
  EXPECT_EQ(Contents(Path("copy")), Contents("/proc/version"));
}

TEST_P(AsioCpContentsTest, ALinkStaysALink) {
  NewFile("target", "old");
  ASSERT_EQ(symlink("target", Path("link").c_str()), 0);
  ExpectSuccess(Cp({NewFile("source", "new"), Path("link")}));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link")));
  EXPECT_EQ(Contents(Path("target")), "new");
  EXPECT_THAT(Names(), ElementsAre("link", "source", "target"));
}

TEST_P(AsioCpContentsTest, NamesMayBeLongAndOdd) {
  const std::string names[] = {std::string(255, 'n'), "-dash", " ", "a\nb"};
  const std::string source = NewFile("source", "new");
  for (const std::string& name : names) {
    ExpectSuccess(Cp({source, Path(name)}));
    EXPECT_EQ(Contents(Path(name)), "new") << name;
  }
  ProgramOptions options;
  const std::string folder = Path("");
  options.in_child = [&] { EXPECT_EQ(chdir(folder.c_str()), 0); };
  ExpectSuccess(Cp({"--", "-dash", "--dash"}, options));
  EXPECT_EQ(Contents(Path("--dash")), "new");
}

TEST_P(AsioCpContentsTest, SyncAndVerifyWorkForFilesOfAllSizes) {
  for (size_t size : {size_t{0}, size_t{1}, size_t{4096}, 2 * kMiB + 77}) {
    const std::string data = Pattern(size);
    const std::string source = NewFile("source", data);
    ExpectSuccess(Cp({"--verify", "--sync", source, Path("copy")}));
    EXPECT_TRUE(Contents(Path("copy")) == data) << size;
  }
}

// Opens a loop device on the file at `path`; closing it detaches the file.
Fd NewDisk(const std::string& path, std::string* name) {
  const Fd control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
  *name = "/dev/loop" + std::to_string(number);
  const Fd file(open(path.c_str(), O_RDWR | O_CLOEXEC));
  loop_config config = {};
  config.fd = static_cast<uint32_t>(file.get());
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
  Fd disk(number < 0 ? -1 : open(name->c_str(), O_RDWR | O_CLOEXEC));
  if (ioctl(disk.get(), LOOP_CONFIGURE, &config) != 0) disk.Close();
  return disk;
}

TEST_P(AsioCpContentsTest, ADiskIsWrittenInPlaceAndHolesAreZeros) {
  std::string disk;
  const Fd holder = NewDisk(NewFile("disk", Pattern(4 * kMiB)), &disk);
  if (holder.get() < 0) GTEST_SKIP() << "no loop device is available";
  const std::string source = NewFile("source", "begin");
  ASSERT_EQ(truncate(source.c_str(), 2 * kMiB + 512), 0);
  ExpectSuccess(Cp({"--sync", source, disk}));
  const std::string got = Contents(disk);
  EXPECT_TRUE(got.substr(0, 2 * kMiB + 512) == Contents(source));
  EXPECT_TRUE(got.substr(2 * kMiB + 512) ==
              Pattern(4 * kMiB).substr(2 * kMiB + 512));
  ExpectSuccess(Cp({disk, Path("copy")}));
  EXPECT_TRUE(Contents(Path("copy")) == got);
}

UASIO_INSTANTIATE_ASIO_CP(AsioCpContentsTest);

}  // namespace
}  // namespace uasio
