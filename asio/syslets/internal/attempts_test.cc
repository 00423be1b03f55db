// Which calls are made in the caller and which are left to a worker; and that
// both give the system call's own result.

#include "asio/syslets/internal/attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "asio/syscalls/perform.h"
#include "asio/syslets/internal/calls.h"
#include "asio/syslets/syslet.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace syslets {
namespace {

constexpr size_t kPage = 4096;

template <typename... Args>
Call CallOf(long nr, Args... args) {
  Call call;
  call.nr = static_cast<unsigned long>(nr);
  size_t i = 0;
  ((call.args[i++] = (unsigned long)(args)), ...);
  return call;
}

// The result, if the call is made in the caller.
template <typename... Args>
std::optional<long> Try(Attempts* attempts, long nr, Args... args) {
  long result = 0;
  if (!attempts->Try(CallOf(nr, args...), &result)) return std::nullopt;
  return result;
}
template <typename... Args>
std::optional<long> Try(long nr, Args... args) {
  AttemptHeuristics heuristics;
  Attempts attempts(&heuristics);
  return Try(&attempts, nr, args...);
}

bool SupportsNowait(int fd) {
  char byte;
  const iovec one = {&byte, 1};
  return preadv2(fd, &one, 1, 0, RWF_NOWAIT) >= 0 || errno != EOPNOTSUPP;
}

// Drops the file from the page cache.
void DropFromCache(int fd) {
  EXPECT_EQ(fsync(fd), 0);
  EXPECT_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0);
  EXPECT_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
}

class ReadTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!SupportsNowait(fd_.get())) GTEST_SKIP() << "no RWF_NOWAIT here";
  }
  off_t Position() const { return lseek(fd_.get(), 0, SEEK_CUR); }

  // Leaves one page of the file in the page cache.  False: that did not work.
  bool KeepTheFirstPageOnly() {
    DropFromCache(fd_.get());
    EXPECT_EQ(pread(fd_.get(), back_, kPage, 0), static_cast<ssize_t>(kPage));
    void* map =
        mmap(nullptr, text_.size(), PROT_READ, MAP_SHARED, fd_.get(), 0);
    unsigned char cached[kPages] = {};
    EXPECT_EQ(mincore(map, text_.size(), cached), 0);
    munmap(map, text_.size());
    return (cached[0] & 1) != 0 && (cached[kPages - 1] & 1) == 0;
  }

  // The kernel starts to fetch what is missing, and may have it in time: such
  // a read is whole, and is tried again.
  void ExpectLeftToAWorker(long nr) {
    for (int i = 0; i < 20; ++i) {
      KeepTheFirstPageOnly();
      ASSERT_EQ(lseek(fd_.get(), 0, SEEK_SET), 0);
      const auto result = Try(nr, fd_.get(), back_, text_.size(), 0);
      if (!result.has_value()) {
        EXPECT_EQ(Position(), 0);  // Although a page of it was read.
        return;
      }
      ASSERT_EQ(*result, static_cast<long>(text_.size()));
    }
    ADD_FAILURE() << "system call " << nr << ": no worker is needed";
  }

  static constexpr size_t kPages = 16;
  const Scratch scratch_;
  const std::string text_ = Pattern(kPages * kPage);
  const Fd fd_ = scratch_.Open("data", text_);
  char back_[32 * kPage] = {};
};

TEST_F(ReadTest, CachedDataIsReadInTheCaller) {
  EXPECT_EQ(Try(SYS_read, fd_.get(), back_, 100), 100);
  EXPECT_EQ(Try(SYS_read, fd_.get(), back_ + 100, 100), 100);
  EXPECT_EQ(std::string(back_, 200), text_.substr(0, 200));
  EXPECT_EQ(Position(), 200);
  EXPECT_EQ(Try(SYS_pread64, fd_.get(), back_, 64 << 10, 0), 64 << 10);
  EXPECT_EQ(std::string(back_, 64 << 10), text_);
  EXPECT_EQ(Position(), 200);
}

TEST_F(ReadTest, EndOfFileIsFoundInTheCaller) {
  EXPECT_EQ(Try(SYS_pread64, fd_.get(), back_, 64 << 10, 60 << 10), 4 << 10);
  EXPECT_EQ(std::string(back_, 4 << 10), text_.substr(60 << 10));
  EXPECT_EQ(Try(SYS_pread64, fd_.get(), back_, 10, 64 << 10), 0);
  EXPECT_EQ(lseek(fd_.get(), 60 << 10, SEEK_SET), 60 << 10);
  EXPECT_EQ(Try(SYS_read, fd_.get(), back_, 64 << 10), 4 << 10);
  EXPECT_EQ(Position(), 64 << 10);
  EXPECT_EQ(Try(SYS_read, fd_.get(), back_, 10), 0);
}

TEST_F(ReadTest, APartlyCachedReadIsLeftToAWorkerAtTheSamePosition) {
  if (sysconf(_SC_PAGESIZE) != long{kPage}) {
    GTEST_SKIP() << "pages do not have 4096 bytes here";
  }
  if (!KeepTheFirstPageOnly()) {
    GTEST_SKIP() << "cannot drop all but one page from the page cache";
  }
  ExpectLeftToAWorker(SYS_read);
  ExpectLeftToAWorker(SYS_pread64);
}

TEST_F(ReadTest, LargeAndDirectReadsAreLeftToAWorker) {
  EXPECT_EQ(Try(SYS_pread64, fd_.get(), back_, kCachedBytesMax + 1, 0),
            std::nullopt);
  const Fd direct(open(scratch_.Path("data").c_str(), O_RDONLY | O_DIRECT));
  if (direct.get() < 0) GTEST_SKIP() << "no O_DIRECT here";
  alignas(kPage) char block[kPage];
  EXPECT_EQ(Try(SYS_pread64, direct.get(), block, kPage, 0), std::nullopt);
}

TEST_F(ReadTest, InvalidReadsFailAsTheSystemCallDoes) {
  EXPECT_EQ(Try(SYS_read, -1, back_, 10), -EBADF);
  EXPECT_EQ(Try(SYS_pread64, fd_.get(), back_, 10, -1), std::nullopt);
  EXPECT_EQ(Try(SYS_pread64, fd_.get(), nullptr, 10, 0), std::nullopt);
  EXPECT_EQ(MakeCall(CallOf(SYS_pread64, fd_.get(), back_, 10, -1)), -EINVAL);
  EXPECT_EQ(MakeCall(CallOf(SYS_pread64, fd_.get(), 0, 10, 0)), -EFAULT);
  EXPECT_EQ(Try(SYS_read, fd_.get(), back_, 0), 0);
}

// How many bytes can be read at once: all that a pipe has, or a socket's next
// datagram.
int ReadableBytes(int fd) {
  int bytes = -1;
  EXPECT_EQ(ioctl(fd, FIONREAD, &bytes), 0);
  return bytes;
}

// A read that was left to a worker must not have taken any bytes.
TEST_F(ReadTest, AnEmptyPipeDoesNotBlockAndNoByteIsLost) {
  const Pipe pipe;
  const int fd = pipe.read_end.get();
  EXPECT_EQ(Try(SYS_read, fd, back_, 10), std::nullopt);
  pipe.Put("abcdef");
  const int64_t four = Try(SYS_read, fd, back_, 4).value_or(0);
  EXPECT_TRUE(four == 4 || four == 0) << four;
  EXPECT_EQ(four + ReadableBytes(fd), 6);
  const int64_t rest = Try(SYS_read, fd, back_, 10).value_or(0);
  EXPECT_EQ(four + rest + ReadableBytes(fd), 6);
}

TEST_F(ReadTest, OneDatagramIsNotJoinedToTheNext) {
  const SocketPair sockets(SOCK_DGRAM);
  ASSERT_EQ(write(sockets.here.get(), "abc", 3), 3);
  ASSERT_EQ(write(sockets.here.get(), "defg", 4), 4);
  const int64_t got = Try(SYS_read, sockets.there.get(), back_, 10).value_or(0);
  EXPECT_TRUE(got == 3 || got == 0) << got;
  EXPECT_EQ(ReadableBytes(sockets.there.get()), got == 3 ? 4 : 3);
}

TEST_F(ReadTest, AfterRepeatedFailuresOneReadInSixteenIsAttempted) {
  AttemptHeuristics heuristics;
  const Pipe pipe;
  const auto read = [&](int fd) {
    Attempts attempts(&heuristics);
    return Try(&attempts, SYS_read, fd, back_, 1);
  };
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(read(pipe.read_end.get()), std::nullopt);
  }
  int left = 0;
  while (read(fd_.get()) == std::nullopt && left < 100) ++left;
  EXPECT_EQ(left, 15);
  EXPECT_EQ(read(fd_.get()), 1);
}

TEST_F(ReadTest, UnsuitableReadsDoNotCountAsFailures) {
  AttemptHeuristics heuristics;
  const auto read = [&](int fd, size_t bytes) {
    Attempts attempts(&heuristics);
    return Try(&attempts, SYS_pread64, fd, back_, bytes, 0);
  };
  const Fd direct(open(scratch_.Path("data").c_str(), O_RDONLY | O_DIRECT));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(read(fd_.get(), (64 << 10) + 1), std::nullopt);
    if (direct.get() < 0) continue;  // None on this file system.
    EXPECT_EQ(read(direct.get(), 1), std::nullopt);
  }
  for (int i = 0; i < 10; ++i) EXPECT_EQ(read(fd_.get(), 1), 1);
}

TEST_F(ReadTest, AfterCloseTheFlagsOfTheFdAreForgotten) {
  AttemptHeuristics heuristics;
  Attempts attempts(&heuristics);
  const std::string path = scratch_.Path("data");
  const std::optional<long> fd =
      Try(&attempts, SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY);
  ASSERT_TRUE(fd.has_value());
  EXPECT_EQ(Try(&attempts, SYS_read, *fd, back_, kPage), kPage);
  EXPECT_EQ(Try(&attempts, SYS_close, *fd), 0);
  EXPECT_EQ(Try(&attempts, SYS_close, *fd), -EBADF);
}

TEST(OpenTest, ACachedPathIsOpenedInTheCaller) {
  const Scratch scratch;
  const std::string path = scratch.NewFile("data", "abc");
  for (const int flags : {O_RDONLY, O_RDWR, O_RDONLY | O_CLOEXEC}) {
    const auto fd = Try(SYS_openat, AT_FDCWD, path.c_str(), flags, 0666);
    if (!fd.has_value()) GTEST_SKIP() << "no RESOLVE_CACHED here";
    EXPECT_EQ(fcntl(static_cast<int>(*fd), F_GETFL) & O_ACCMODE,
              flags & O_ACCMODE);
    EXPECT_EQ(fcntl(static_cast<int>(*fd), F_GETFD),
              (flags & O_CLOEXEC) != 0 ? FD_CLOEXEC : 0);
    close(static_cast<int>(*fd));
  }
#ifdef SYS_open
  const auto fd = Try(SYS_open, path.c_str(), O_RDONLY);
  EXPECT_GE(fd.value_or(-1), 0);
  close(static_cast<int>(fd.value_or(-1)));
#endif
}

TEST(OpenTest, ACachedMissingNameFailsWithENOENT) {
  const Scratch scratch;
  const std::string path = scratch.Path("nothing");
  EXPECT_NE(access(path.c_str(), F_OK), 0);
  EXPECT_EQ(Try(SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY).value_or(-ENOENT),
            -ENOENT);
}

TEST(OpenTest, CreatingOrTruncatingIsLeftToAWorker) {
  const Scratch scratch;
  const std::string path = scratch.NewFile("data", "abc");
  for (const int flags : {O_CREAT, O_TRUNC | O_WRONLY, O_TMPFILE | O_RDWR}) {
    EXPECT_EQ(Try(SYS_openat, AT_FDCWD, path.c_str(), flags, 0600),
              std::nullopt);
  }
  EXPECT_EQ(std::filesystem::file_size(path), 3u);
}

TEST(OpenTest, ABadPathFailsAsTheSystemCallDoes) {
  const long expected = MakeCall(CallOf(SYS_openat, AT_FDCWD, 0, O_RDONLY));
  EXPECT_EQ(expected, -EFAULT);
  EXPECT_EQ(Try(SYS_openat, AT_FDCWD, nullptr, O_RDONLY).value_or(expected),
            expected);
}

TEST(CloseTest, OnlyAReadOnlyFdIsClosedInTheCaller) {
  const Scratch scratch;
  const Fd written = scratch.Open("data", "abc");
  EXPECT_EQ(Try(SYS_close, written.get()), std::nullopt);
  EXPECT_EQ(Try(SYS_close, dup(written.get())), std::nullopt);
  EXPECT_EQ(
      Try(SYS_close, open(scratch.Path("data").c_str(), O_RDONLY | O_CLOEXEC)),
      0);
  const Fd socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(Try(SYS_close, socket_fd.get()), std::nullopt);
  EXPECT_EQ(Try(SYS_close, -1), -EBADF);
}

// The last close may free the blocks of a removed file, or wait for others.
TEST(CloseTest, RemovedFilesAndSpecialFdsAreLeftToAWorker) {
  const Scratch scratch;
  const std::string path = scratch.NewFile("data", "abc");
  const Fd gone(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::filesystem::remove(path);
  EXPECT_EQ(Try(SYS_close, gone.get()), std::nullopt);
  const Fd watch(inotify_init1(IN_CLOEXEC));
  EXPECT_EQ(Try(SYS_close, watch.get()), std::nullopt);
  const Fd device(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(Try(SYS_close, device.get()), std::nullopt);
  EXPECT_EQ(fcntl(gone.get(), F_GETFD), FD_CLOEXEC);  // Nothing was done.
  const int folder =
      open(scratch.Path(".").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EXPECT_EQ(Try(SYS_close, folder), 0);
  const Pipe pipe;
  EXPECT_EQ(Try(SYS_close, dup(pipe.read_end.get())), 0);
}

TEST(TryTest, CallKindsAndArgumentsDecideWhatRunsInTheCaller) {
  const Scratch scratch;
  const Fd fd = scratch.Open("data", "abc");
  struct stat info = {};
  EXPECT_EQ(Try(SYS_fstat, fd.get(), &info), 0);
  EXPECT_EQ(info.st_size, 3);
  EXPECT_EQ(Try(SYS_lseek, fd.get(), 2, SEEK_SET), 2);
  EXPECT_EQ(Try(SYS_lseek, fd.get(), -1, SEEK_END), 2);
  EXPECT_EQ(Try(SYS_lseek, fd.get(), 0, SEEK_DATA), std::nullopt);
  EXPECT_EQ(Try(SYS_fcntl, fd.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(Try(SYS_fcntl, fd.get(), F_SETLKW, nullptr), std::nullopt);
  EXPECT_EQ(Try(SYS_getpid), getpid());
  EXPECT_EQ(Try(SYS_write, fd.get(), "x", 1), std::nullopt);
  EXPECT_EQ(Try(SYS_nanosleep, nullptr, nullptr), std::nullopt);
  EXPECT_EQ(Try(469), std::nullopt);
  EXPECT_EQ(Try(470), -ENOSYS);
  EXPECT_EQ(Try(SYS_exit_group, 0), -EPERM);
  EXPECT_EQ(MakeCall(CallOf(SYS_exit_group, 0)), -EPERM);
  EXPECT_EQ(MakeCall(CallOf(4711)), -ENOSYS);
  unsigned long number = 1;
  EXPECT_EQ(Try(SYSLET_NR_UMEM_ADD, &number, 2), 3);
  EXPECT_EQ(MakeCall(CallOf(SYSLET_NR_UMEM_ADD, &number, 2)), 5);
}

// Calls that not all architectures have.
const std::vector<long> kRefusedHereOnly = {
#if defined(SYS_fork)
    SYS_fork,       SYS_vfork,       SYS_pause,
#endif
#if defined(SYS_arch_prctl)
    SYS_arch_prctl, SYS_modify_ldt,  SYS_set_thread_area, SYS_iopl, SYS_ioperm,
#endif
#if defined(SYS_sigreturn)
    SYS_sigreturn,  SYS_sigprocmask, SYS_sigsuspend,
#endif
};

// Calls on the C library's thread data, credentials, signal masks, confinement.
TEST(CallsTest, CallsThatBreakAWorkerOrTheProcessAreRefused) {
  for (const long nr : {SYS_exit,
                        SYS_exit_group,
                        SYS_execve,
                        SYS_execveat,
                        SYS_clone,
                        SYS_clone3,
                        SYS_rt_sigreturn,
                        SYS_set_tid_address,
                        SYS_set_robust_list,
                        SYS_rseq,
                        SYS_setuid,
                        SYS_setgid,
                        SYS_setreuid,
                        SYS_setregid,
                        SYS_setresuid,
                        SYS_setresgid,
                        SYS_setfsuid,
                        SYS_setfsgid,
                        SYS_setgroups,
                        SYS_capset,
                        SYS_keyctl,
                        460,
                        SYS_prctl,
                        SYS_seccomp,
                        SYS_landlock_restrict_self,
                        SYS_ptrace,
                        SYS_personality,
                        SYS_unshare,
                        SYS_setns,
                        SYS_close_range,
                        SYS_rt_sigprocmask,
                        SYS_rt_sigsuspend,
                        SYS_add_key,
                        SYS_request_key,
                        SYS_sigaltstack,
                        SYS_sched_setaffinity,
                        SYS_sched_setparam,
                        SYS_sched_setscheduler,
                        SYS_sched_setattr,
                        SYS_setpriority,
                        SYS_ioprio_set,
                        SYS_set_mempolicy,
                        SYS_pkey_alloc}) {
    EXPECT_EQ(KindOf(static_cast<unsigned long>(nr)), CallKind::kRefused) << nr;
  }
  for (const long nr : kRefusedHereOnly) {
    EXPECT_EQ(KindOf(static_cast<unsigned long>(nr)), CallKind::kRefused) << nr;
  }
}

}  // namespace
}  // namespace syslets
}  // namespace uasio
