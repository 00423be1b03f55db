#include "asio/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "asio/buffer.h"
#include "asio/errors.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

bool HasODirect(const File& file) {
  return (fcntl(file.fd(), F_GETFL) & O_DIRECT) != 0;
}

void ExpectBuffered(const File& file, const std::string& why) {
  EXPECT_FALSE(file.direct());
  EXPECT_FALSE(HasODirect(file));
  EXPECT_EQ(file.alignment().memory_bytes, 1u);
  EXPECT_EQ(file.alignment().offset_bytes, 1u);
  EXPECT_TRUE(absl::StrContains(file.why_buffered(), why))
      << file.why_buffered();
}

bool IsInMemory(const std::string& path) {
  struct statfs info;
  EXPECT_EQ(statfs(path.c_str(), &info), 0);
  return info.f_type == TMPFS_MAGIC;
}

TEST(FileTest, IsDirectOnADisk) {
  const Scratch scratch;
  const std::string path = scratch.NewFile("data", Pattern(8192));
  absl::StatusOr<File> file = File::Open(path, O_RDWR);
  ASSERT_TRUE(file.ok()) << file.status();
  if (!file->direct()) GTEST_SKIP() << path << ": " << file->why_buffered();
  EXPECT_TRUE(HasODirect(*file));
  EXPECT_EQ(file->why_buffered(), "");
  EXPECT_EQ(file->path(), path);
  EXPECT_NE(fcntl(file->fd(), F_GETFD) & FD_CLOEXEC, 0);
}

absl::StatusOr<File> OpenAuto(const std::string& path, int flags) {
  return File::Open(path, flags, 0, File::Mode::kAuto);
}

TEST(FileTest, AutoReadsASmallFileBuffered) {
  const Scratch scratch;
  const std::string path = scratch.NewFile("data", "small");
  absl::StatusOr<File> file = OpenAuto(path, O_RDONLY);
  ASSERT_TRUE(file.ok()) << file.status();
  ExpectBuffered(*file,
                 "with 5 bytes it is read faster through the page cache");
}

TEST(FileTest, AutoReadsALargeFileDirectUnlessItIsCached) {
  const Scratch scratch;
  const std::string path =
      scratch.NewFile("data", Pattern(size_t{File::kDirectBytesMin}));
  {
    absl::StatusOr<File> file = File::Open(path, O_RDONLY);
    if (!file->direct()) GTEST_SKIP() << path << ": " << file->why_buffered();
  }
  EXPECT_EQ(Contents(path).size(), size_t{File::kDirectBytesMin});
  absl::StatusOr<File> cached = OpenAuto(path, O_RDONLY);
  ASSERT_TRUE(cached.ok()) << cached.status();
  ExpectBuffered(*cached, "it is in the page cache");
  ASSERT_EQ(fdatasync(cached->fd()), 0);
  ASSERT_EQ(posix_fadvise(cached->fd(), 0, 0, POSIX_FADV_DONTNEED), 0);
  absl::StatusOr<File> dropped = OpenAuto(path, O_RDONLY);
  ASSERT_TRUE(dropped.ok()) << dropped.status();
  if (IsInMemory(path)) GTEST_SKIP() << path << ": tmpfs is a page cache";
  EXPECT_TRUE(dropped->direct()) << dropped->why_buffered();
  // Without read-ahead, so that only the first page is cached.
  ASSERT_EQ(posix_fadvise(cached->fd(), 0, 0, POSIX_FADV_RANDOM), 0);
  char byte;
  ASSERT_EQ(pread(cached->fd(), &byte, 1, 0), 1);
  absl::StatusOr<File> partly = OpenAuto(path, O_RDONLY);
  ASSERT_TRUE(partly.ok()) << partly.status();
  EXPECT_TRUE(partly->direct()) << partly->why_buffered();
}

TEST(FileTest, AutoNamesTheKindOfADevice) {
  absl::StatusOr<File> file = OpenAuto("/dev/null", O_RDONLY);
  ASSERT_TRUE(file.ok()) << file.status();
  ExpectBuffered(*file, "it is neither a regular file nor a block device");
}

TEST(FileTest, AutoIsDirectForWriting) {
  const Scratch scratch;
  const std::string path = scratch.NewFile("data", "small");
  absl::StatusOr<File> direct = File::Open(path, O_RDWR);
  absl::StatusOr<File> file = OpenAuto(path, O_RDWR);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->direct(), direct->direct()) << file->why_buffered();
}

TEST(FileTest, DirectReadsSucceedAtTheAlignmentAndFailBelowIt) {
  const Scratch scratch;
  absl::StatusOr<File> file =
      File::Open(scratch.NewFile("data", Pattern(16384)), O_RDONLY);
  ASSERT_TRUE(file.ok()) << file.status();
  if (!file->direct()) GTEST_SKIP() << file->why_buffered();
  const Alignment needed = file->alignment();
  const Buffer buffer = Buffer::Allocate(16384);
  const ssize_t bytes = static_cast<ssize_t>(needed.offset_bytes);
  EXPECT_EQ(pread(file->fd(), buffer.data() + needed.memory_bytes,
                  needed.offset_bytes, bytes),
            bytes)
      << errno;
  struct statx info;
  if (statx(file->fd(), "", AT_EMPTY_PATH, STATX_DIOALIGN, &info) != 0 ||
      (info.stx_mask & STATX_DIOALIGN) == 0) {
    GTEST_SKIP() << "statx reports no alignment, so kBufferAlignment is used";
  }
  EXPECT_EQ(pread(file->fd(), buffer.data(), needed.offset_bytes, bytes / 2),
            -1);
}

TEST(FileTest, AFileOpenedAsBufferedHasNoReasonForIt) {
  const Scratch scratch;
  absl::StatusOr<File> file = File::Open(
      scratch.NewFile("data"), O_RDWR | O_DIRECT, 0, File::Mode::kBuffered);
  ASSERT_TRUE(file.ok()) << file.status();
  ExpectBuffered(*file, "");
  EXPECT_EQ(file->why_buffered(), "");
}

TEST(FileTest, AFileOnTmpfsIsReadableDirectOrBuffered) {
  if (access("/dev/shm", W_OK) != 0) GTEST_SKIP() << "no writable /dev/shm";
  const Scratch scratch("/dev/shm");
  absl::StatusOr<File> file =
      File::Open(scratch.NewFile("data", Pattern(5000)), O_RDWR);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->direct(), HasODirect(*file));
  EXPECT_EQ(file->direct(), file->why_buffered().empty());
  const Buffer buffer = Buffer::Allocate(8192);
  EXPECT_EQ(pread(file->fd(), buffer.data(), 8192, 0), 5000);
}

TEST(FileTest, AFileSystemThatRefusesDirectIoIsReadBuffered) {
  absl::StatusOr<File> file = File::Open("/proc/self/status", O_RDONLY);
  ASSERT_TRUE(file.ok()) << file.status();
  ExpectBuffered(*file, "the file system");
  char byte;
  EXPECT_EQ(pread(file->fd(), &byte, 1, 0), 1);
}

TEST(FileTest, AFifoIsNotSwitchedToPacketMode) {
  const Scratch scratch;
  const std::string path = scratch.Path("fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  absl::StatusOr<File> file = File::Open(path, O_RDWR);
  ASSERT_TRUE(file.ok()) << file.status();
  ExpectBuffered(*file, "neither a regular file nor a block device");
  ASSERT_EQ(write(file->fd(), "ab", 2), 2);
  ASSERT_EQ(write(file->fd(), "cd", 2), 2);
  char bytes[4];
  EXPECT_EQ(read(file->fd(), bytes, 4), 4);  // 2 in packet mode.
}

// A first open(2) with O_DIRECT would fail, but only after it has woken the
// writer, who would then write to a FIFO without a reader.
TEST(FileTest, AFifoIsOpenedOnce) {
  const Scratch scratch;
  const std::string path = scratch.Path("fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  for (int i = 0; i < 50; ++i) {
    std::thread writer([&path] {
      const Fd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
      EXPECT_EQ(write(fd.get(), "x", 1), 1) << errno;
    });
    absl::StatusOr<File> file = File::Open(path, O_RDONLY);
    ASSERT_TRUE(file.ok()) << file.status();
    char byte = '\0';
    EXPECT_EQ(read(file->fd(), &byte, 1), 1);
    writer.join();
  }
}

TEST(FileTest, ADirectoryIsBuffered) {
  const Scratch scratch;
  absl::StatusOr<File> file =
      File::Open(scratch.Path(""), O_RDONLY | O_DIRECTORY);
  ASSERT_TRUE(file.ok()) << file.status();
  ExpectBuffered(*file, "neither a regular file nor a block device");
}

TEST(FileTest, AFailureNamesThePathAndTheReason) {
  const Scratch scratch;
  const std::string path = scratch.Path("nowhere");
  absl::Status status = File::Open(path, O_RDONLY).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(),
            "cannot open " + path + ": ENOENT (No such file or directory)");
  status = File::Open(scratch.Path(""), O_RDWR).status();
  EXPECT_TRUE(absl::StrContains(status.message(), "EISDIR")) << status;
}

TEST(FileTest, OpenSaysThatTheNameIsEmpty) {
  for (const int flags : {O_RDONLY, O_RDWR | O_CREAT}) {
    EXPECT_EQ(File::Open("", flags).status().message(),
              "cannot open \"\" (the name is empty): ENOENT (No such file or "
              "directory)");
  }
}

TEST(FileTest, AnAdoptedFileWithoutANameIsCalledByItsFd) {
  const Pipe pipe;
  File file = File::Adopt(dup(pipe.read_end.get()), "");
  EXPECT_EQ(file.path(), FdWords(file.fd()));
  EXPECT_TRUE(absl::StartsWith(file.Size().status().message(), "fd "));
}

TEST(FileTest, OpenSaysWhatOfAFifoOrSocketIsMissing) {
  const Scratch scratch;
  const std::string fifo = scratch.Path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(File::Open(fifo, O_WRONLY | O_NONBLOCK).status().message(),
            "cannot open " + fifo +
                ": ENXIO (No such device or address); nobody has the FIFO open "
                "for reading");
  const std::string socket_path = scratch.Path("socket");
  ASSERT_EQ(mknod(socket_path.c_str(), S_IFSOCK | 0600, 0), 0);
  EXPECT_EQ(File::Open(socket_path, O_RDWR).status().message(),
            "cannot open " + socket_path +
                ": ENXIO (No such device or address); a socket is not opened "
                "by its name");
}

// Opens the file in a thread without capabilities, as root may read any file.
TEST(FileTest, AnUnreadableFileIsDenied) {
  const Scratch scratch;
  const std::string path = scratch.NewFile("secret", "secret");
  ASSERT_EQ(chmod(path.c_str(), 0), 0);
  absl::Status status;
  std::thread([&] {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[2] = {};
    EXPECT_EQ(syscall(SYS_capset, &header, none), 0);
    status = File::Open(path, O_RDONLY).status();
  }).join();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "EACCES")) << status;
}

TEST(FileTest, CreatesExclusivelyAndWithTheModeLessTheUmask) {
  const Scratch scratch;
  const std::string path = scratch.Path("new");
  const mode_t before = umask(022);
  absl::StatusOr<File> file = File::Open(path, O_RDWR | O_CREAT | O_EXCL, 0666);
  umask(before);
  ASSERT_TRUE(file.ok()) << file.status();
  struct stat info;
  ASSERT_EQ(fstat(file->fd(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, mode_t{0644});
  const absl::Status again =
      File::Open(path, O_RDWR | O_CREAT | O_EXCL).status();
  EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(File::Open(path, O_RDWR | O_CREAT).ok());
}

// Only the open(2) that creates such a file may open it for writing.
TEST(FileTest, CreatesAReadOnlyFileOpenForWriting) {
  const Scratch scratch;
  absl::StatusOr<File> file =
      File::Open(scratch.Path("new"), O_WRONLY | O_CREAT | O_EXCL, 0444);
  ASSERT_TRUE(file.ok()) << file.status();
  const Buffer buffer = Buffer::Allocate(4096);
  EXPECT_EQ(write(file->fd(), buffer.data(), 4096), 4096);
}

TEST(FileTest, AdoptLeavesTheFlagsOfTheFdUnchanged) {
  const Scratch scratch;
  File buffered = File::Adopt(
      open(scratch.NewFile("data").c_str(), O_RDWR | O_CLOEXEC), "my data");
  EXPECT_EQ(buffered.path(), "my data");
  ExpectBuffered(buffered, "");
  absl::StatusOr<File> opened = File::Open(scratch.Path("data"), O_RDWR);
  ASSERT_TRUE(opened.ok());
  const bool direct = opened->direct();
  const Alignment alignment = opened->alignment();
  const File adopted = File::Adopt(opened->Release(), "my data");
  EXPECT_EQ(adopted.direct(), direct);
  EXPECT_EQ(adopted.alignment().memory_bytes, alignment.memory_bytes);
  EXPECT_EQ(adopted.alignment().offset_bytes, alignment.offset_bytes);
}

TEST(FileTest, AnAdoptedPacketPipeIsNotDirectIo) {
  Pipe pipe(O_DIRECT);
  const File file = File::Adopt(dup(pipe.write_end.get()), "packets");
  EXPECT_FALSE(file.direct());
  EXPECT_EQ(file.alignment().offset_bytes, 1u);
  EXPECT_TRUE(HasODirect(file));  // The flag is unchanged.
}

TEST(FileTest, ReleaseLeavesTheFdOpen) {
  const Scratch scratch;
  Fd fd;
  {
    absl::StatusOr<File> file = File::Open(scratch.NewFile("data"), O_RDWR);
    ASSERT_TRUE(file.ok());
    fd = Fd(file->Release());
    EXPECT_FALSE(file->is_open());
    EXPECT_EQ(file->fd(), -1);
  }
  EXPECT_GE(fcntl(fd.get(), F_GETFD), 0);
}

TEST(FileTest, SizeIsTheCurrentOneAndAnErrorForAPipe) {
  const Scratch scratch;
  absl::StatusOr<File> file =
      File::Open(scratch.NewFile("data", Pattern(100)), O_RDWR);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->Size().value_or(-1), 100);
  ASSERT_EQ(ftruncate(file->fd(), int64_t{5} << 30), 0);
  EXPECT_EQ(file->Size().value_or(-1), int64_t{5} << 30);
  Pipe pipe;
  const File end = File::Adopt(dup(pipe.read_end.get()), "the pipe");
  EXPECT_EQ(end.Size().status().message(), "the pipe has no size");
  EXPECT_FALSE(File().Size().ok());
}

TEST(FileTest, SizeOfABlockDeviceDoesNotMoveTheFilePosition) {
  const Scratch scratch;
  struct stat info;
  ASSERT_EQ(stat(scratch.Path("").c_str(), &info), 0);
  const std::string path = "/sys/dev/block/" +
                           std::to_string(major(info.st_dev)) + ":" +
                           std::to_string(minor(info.st_dev));
  std::error_code error;
  const auto device =
      "/dev" / std::filesystem::canonical(path, error).filename();
  absl::StatusOr<File> file = File::Open(device.string(), O_RDONLY);
  if (error || !file.ok()) GTEST_SKIP() << path << ": " << file.status();
  ASSERT_EQ(lseek(file->fd(), 4096, SEEK_SET), 4096);
  EXPECT_GT(file->Size().value_or(-1), 0);
  EXPECT_EQ(lseek(file->fd(), 0, SEEK_CUR), 4096);
}

TEST(FileTest, AMoveTakesTheFdAndLeavesNone) {
  const Scratch scratch;
  absl::StatusOr<File> opened = File::Open(scratch.NewFile("data"), O_RDWR);
  ASSERT_TRUE(opened.ok());
  const int fd = opened->fd();
  File file = std::move(*opened);
  EXPECT_EQ(file.fd(), fd);
  EXPECT_EQ(file.path(), scratch.Path("data"));
  EXPECT_FALSE(opened->is_open());
  EXPECT_TRUE(opened->Close().ok());
  EXPECT_GE(fcntl(fd, F_GETFD), 0);  // Close() of the moved-from File did not.
}

TEST(FileTest, CloseAndTheDestructorCloseOnce) {
  const Scratch scratch;
  const std::string path = scratch.NewFile("data");
  int fd;
  {
    absl::StatusOr<File> file = File::Open(path, O_RDWR);
    ASSERT_TRUE(file.ok());
    fd = file->fd();
    EXPECT_TRUE(file->Close().ok());
    EXPECT_FALSE(file->is_open());
    EXPECT_EQ(fcntl(fd, F_GETFD), -1);
    EXPECT_TRUE(file->Close().ok());
    file = File::Open(path, O_RDWR);
    ASSERT_TRUE(file.ok());
    fd = file->fd();
  }
  EXPECT_EQ(fcntl(fd, F_GETFD), -1);
}

TEST(FileTest, CloseReportsTheErrorOfClose) {
  File file = File::Adopt(1 << 20, "no fd at all");
  EXPECT_EQ(file.Close().message(),
            "cannot close no fd at all: EBADF (Bad file descriptor)");
}

}  // namespace
}  // namespace uasio
