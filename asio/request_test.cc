#include "asio/request.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/uio.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "asio/buffer.h"
#include "asio/errors.h"
#include "asio/file.h"
#include "asio/syscalls/transfer.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using ::testing::EndsWith;

constexpr int kNoFd = 1 << 20;  // Not open, so that /proc has no name for it.

Request Failed(Op op, int error) {
  Request request;
  request.op = op;
  request.fd = kNoFd;
  request.offset = 512;
  request.length = 4096;
  request.result = -error;
  return request;
}

std::string Words(const Request& request) {
  return std::string(request.status().message());
}

TEST(RequestTest, ASuccessIsOk) {
  Request request = Failed(Op::kRead, EIO);
  request.result = 0;
  EXPECT_TRUE(request.status().ok());
  request.result = 4096;
  EXPECT_TRUE(request.status().ok());
}

TEST(RequestTest, StatusNamesEachOperationAndWhere) {
  const std::string where = " of 4096 bytes at offset 512 on fd 1048576: ";
  const std::string why = "EIO (Input/output error)";
  EXPECT_EQ(Words(Failed(Op::kRead, EIO)), "read" + where + why);
  EXPECT_EQ(Words(Failed(Op::kWrite, EIO)), "write" + where + why);
  EXPECT_EQ(Words(Failed(Op::kWriteBack, EIO)), "write-back" + where + why);
  EXPECT_EQ(Words(Failed(Op::kReadv, EIO)), "readv" + where + why);
  EXPECT_EQ(Words(Failed(Op::kWritev, EIO)), "writev" + where + why);
  EXPECT_EQ(Words(Failed(Op::kFsync, EIO)), "fsync on fd 1048576: " + why);
  EXPECT_EQ(Words(Failed(Op::kFdatasync, EIO)),
            "fdatasync on fd 1048576: " + why);
  EXPECT_EQ(Words(Failed(Op::kNoOp, ECANCELED)),
            "no-op: ECANCELED (Operation canceled)");
}

TEST(RequestTest, StatusHasTheCodeOfTheErrno) {
  EXPECT_EQ(Failed(Op::kRead, ECANCELED).status().code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(Failed(Op::kWrite, ENOSPC).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(RequestTest, StatusNamesTheFilePosition) {
  Request request = Failed(Op::kRead, EIO);
  request.offset = kFilePosition;
  EXPECT_EQ(Words(request),
            "read of 4096 bytes at the file position on fd 1048576: "
            "EIO (Input/output error)");
}

TEST(RequestTest, StatusSaysHowMuchWasTransferred) {
  Request request = Failed(Op::kWrite, ENOSPC);
  request.transferred = 100;
  EXPECT_TRUE(absl::EndsWith(
      Words(request), ": ENOSPC (No space left on device) after 100 bytes"))
      << Words(request);
}

// Requests that fail with EINVAL, on a file that is open for direct I/O.
class MisalignedTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(file_.ok()) << file_.status();
    if (!file_->direct()) GTEST_SKIP() << file_->why_buffered();
    if (file_->alignment().offset_bytes < 2 ||
        file_->alignment().memory_bytes < 2) {
      GTEST_SKIP() << "nothing can be misaligned on this file system";
    }
    request_ = Failed(Op::kRead, EINVAL);
    request_.fd = file_->fd();
    request_.offset = 0;
    request_.buffer = buffer_.data();
    request_.traits = GetFdTraits(file_->fd());
  }

  std::string Offsets() const {
    return " is not a multiple of " +
           std::to_string(file_->alignment().offset_bytes);
  }
  std::string Addresses(const char* address) const {
    return absl::StrCat("0x", absl::Hex(reinterpret_cast<uintptr_t>(address)),
                        " is not a multiple of ") +
           std::to_string(file_->alignment().memory_bytes);
  }

  const Scratch scratch_;
  const absl::StatusOr<File> file_ =
      File::Open(scratch_.Path("data"), O_RDWR | O_CREAT);
  const Buffer buffer_ = Buffer::Allocate(8192);
  const std::string einval_ = ": EINVAL (Invalid argument)";
  Request request_;
};

TEST_F(MisalignedTest, StatusNamesTheFile) {
  const std::string name =
      std::filesystem::canonical(scratch_.Path("data")).string();
  EXPECT_TRUE(absl::StrContains(Words(request_), " (" + name + "): "))
      << Words(request_);
}

TEST_F(MisalignedTest, StatusNamesNoCauseIfNothingIsMisaligned) {
  EXPECT_TRUE(absl::EndsWith(Words(request_), einval_)) << Words(request_);
}

TEST_F(MisalignedTest, StatusNamesTheOffset) {
  request_.offset = 7;
  EXPECT_TRUE(
      absl::EndsWith(Words(request_), einval_ + "; offset 7" + Offsets()))
      << Words(request_);
}

TEST_F(MisalignedTest, StatusNamesTheLength) {
  request_.length = 100;
  EXPECT_TRUE(
      absl::EndsWith(Words(request_), einval_ + "; length 100" + Offsets()))
      << Words(request_);
}

TEST_F(MisalignedTest, StatusNamesTheAddress) {
  request_.buffer = buffer_.data() + 1;
  EXPECT_TRUE(absl::EndsWith(
      Words(request_), einval_ + "; address " + Addresses(buffer_.data() + 1)))
      << Words(request_);
}

TEST_F(MisalignedTest, StatusNamesAllThree) {
  request_.offset = 7;
  request_.length = 100;
  request_.buffer = buffer_.data() + 1;
  EXPECT_TRUE(absl::EndsWith(
      Words(request_), einval_ + "; offset 7" + Offsets() + "; length 100" +
                           Offsets() + "; address " +
                           Addresses(buffer_.data() + 1)))
      << Words(request_);
}

TEST_F(MisalignedTest, StatusNamesTheFirstMisalignedIovec) {
  const iovec by_length[] = {{buffer_.data(), 4096}, {buffer_.data(), 100}};
  request_.op = Op::kReadv;
  request_.iovecs = by_length;
  request_.iovec_count = 2;
  EXPECT_TRUE(absl::EndsWith(Words(request_),
                             einval_ + "; an iovec's length 100" + Offsets()))
      << Words(request_);
  const iovec by_address[] = {{buffer_.data(), 4096},
                              {buffer_.data() + 1, 4096}};
  request_.iovecs = by_address;
  EXPECT_TRUE(absl::EndsWith(
      Words(request_),
      einval_ + "; an iovec's address " + Addresses(buffer_.data() + 1)))
      << Words(request_);
}

TEST_F(MisalignedTest, StatusSaysThatTheOffsetIsNegative) {
  request_.offset = -7;
  EXPECT_TRUE(
      absl::EndsWith(Words(request_), einval_ + "; the offset is negative"))
      << Words(request_);
}

TEST_F(MisalignedTest, StatusNamesTheFilePosition) {
  request_.offset = kFilePosition;
  EXPECT_TRUE(absl::EndsWith(Words(request_), einval_)) << Words(request_);
  ASSERT_EQ(lseek(file_->fd(), 7, SEEK_SET), 7);
  EXPECT_TRUE(absl::EndsWith(Words(request_),
                             einval_ + "; the file position 7" + Offsets()))
      << Words(request_);
}

// The message of a request that failed with `error`.
std::string WordsOf(Op op, int fd, int error) {
  Request request;
  request.op = op;
  request.fd = fd;
  request.result = -error;
  return std::string(request.status().message());
}

TEST(CauseTest, StatusNamesAWrongOpenModeOffsetOrBuffer) {
  const File null = *File::Open("/dev/null", O_RDONLY);
  EXPECT_TRUE(absl::EndsWith(WordsOf(Op::kWrite, null.fd(), EBADF),
                             "; it is not open for writing"));
  EXPECT_TRUE(absl::EndsWith(WordsOf(Op::kRead, null.fd(), ESPIPE),
                             "; it takes offset kFilePosition"));
  EXPECT_TRUE(absl::EndsWith(WordsOf(Op::kRead, null.fd(), EFAULT),
                             "; the buffer is null"));
  EXPECT_TRUE(absl::EndsWith(WordsOf(Op::kRead, kNoFd, EBADF), "descriptor)"));
}

TEST(CauseTest, StatusGivesAnImpossibleLengthInBytes) {
  for (const int error : {EINVAL, EFAULT}) {
    Request request = Failed(Op::kWrite, error);
    request.length = SIZE_MAX;
    request.buffer = reinterpret_cast<char*>(&request);
    EXPECT_EQ(Words(request),
              "write of 18446744073709551615 bytes at offset 512 on fd "
              "1048576: " +
                  ErrnoWords(error) +
                  "; the length exceeds SSIZE_MAX (9223372036854775807)");
  }
}

TEST(CauseTest, StatusSaysThatTheFdIsAPath) {
  const Scratch scratch;
  const Fd path(open(scratch.NewFile("data").c_str(), O_PATH | O_CLOEXEC));
  for (const Op op : {Op::kRead, Op::kWrite, Op::kFsync, Op::kFdatasync}) {
    const std::string words = WordsOf(op, path.get(), EBADF);
    EXPECT_TRUE(absl::EndsWith(words, "; it is opened by O_PATH")) << words;
  }
}

TEST(CauseTest, StatusClaimsNoOpenModeThatIsNotTheCause) {
  const File null = *File::Open("/dev/null", O_RDWR);
  for (const Op op : {Op::kRead, Op::kWrite, Op::kFsync}) {
    const std::string words = WordsOf(op, null.fd(), EBADF);
    EXPECT_TRUE(absl::EndsWith(words, "(Bad file descriptor)")) << words;
  }
}

TEST(CauseTest, StatusNamesANonblockingFdThatIsNotReady) {
  const Pipe pipe(O_NONBLOCK);
  Request request = Failed(Op::kRead, EAGAIN);
  request.fd = pipe.read_end.get();
  request.traits = GetFdTraits(request.fd);
  EXPECT_TRUE(
      absl::EndsWith(Words(request), "; it is O_NONBLOCK and not ready"))
      << Words(request);
}

// The message of a readv that failed with EINVAL.
std::string WordsOf(const iovec* iovecs, int count, size_t length) {
  Request request = Failed(Op::kReadv, EINVAL);
  request.iovecs = iovecs;
  request.iovec_count = count;
  request.length = length;
  return Words(request);
}

TEST(CauseTest, StatusNamesWhatIsImpossibleInAVector) {
  const std::string where = " iovecs at offset 512 on fd 1048576: ";
  const std::string einval = "EINVAL (Invalid argument); ";
  EXPECT_EQ(
      WordsOf(nullptr, 2000, SIZE_MAX),
      "readv of 2000" + where + einval + "2000 iovecs exceed IOV_MAX (1024)");
  EXPECT_EQ(
      WordsOf(nullptr, -1, SIZE_MAX),
      "readv of -1" + where + einval + "the number of iovecs is negative");
  const std::string bound = " SSIZE_MAX (9223372036854775807)";
  const iovec one_huge[] = {{nullptr, 1}, {nullptr, SIZE_MAX}};
  EXPECT_EQ(WordsOf(one_huge, 2, SIZE_MAX),
            "readv of 2" + where + einval +
                "an iovec's length 18446744073709551615 exceeds" + bound);
  const iovec sum[] = {{nullptr, SSIZE_MAX}, {nullptr, 1}};
  EXPECT_EQ(WordsOf(sum, 2, size_t{SSIZE_MAX} + 1),
            "readv of 2" + where + einval +
                "the iovecs' lengths together exceed" + bound);
}

TEST_F(MisalignedTest, OnlyEinvalOnADirectFileIsExplainedByMisalignment) {
  request_.offset = 7;
  request_.traits.direct = false;
  EXPECT_TRUE(absl::EndsWith(Words(request_), einval_)) << Words(request_);
  request_.traits.direct = true;
  request_.result = -EIO;
  EXPECT_TRUE(absl::EndsWith(Words(request_), "(Input/output error)"))
      << Words(request_);
}

// A request whose every field was used by an operation before.
struct UsedRequest : Request {
  UsedRequest() {
    op = Op::kWriteBack;
    fd = 1;
    offset = 2;
    buffer = &byte;
    length = 3;
    iovecs = &one;
    iovec_count = 4;
    flags = RWF_DSYNC;
    queue_buffer = own;
    priority = 5;
    user_data = this;
  }
  // "read fd 7 at 512: 4096 bytes in the queue's buffer, 0 iovecs"
  std::string Fields() const {
    const char* const where = buffer == own     ? "the queue's buffer"
                              : buffer == &byte ? "the caller's memory"
                                                : "another place";
    return absl::StrCat(OpName(op), " fd ", fd, " at ", offset, ": ", length,
                        " bytes in ", where, ", ", iovec_count, " iovecs",
                        (iovecs == nullptr) == (iovec_count == 0) ? "" : " ?",
                        flags == 0 ? "" : " flags");
  }
  char byte = 'x';
  char own[1] = {};
  iovec one = {&byte, 1};
};

TEST(RequestTest, FillingInAnOperationForgetsNoField) {
  UsedRequest r;
  const std::string own = "the queue's buffer, 0 iovecs";
  const std::string lent = "the caller's memory, 0 iovecs";
  const auto fields = [&r](Request* filled) {
    EXPECT_EQ(filled, &r);
    return r.Fields();
  };
  EXPECT_EQ(fields(r.Writev(7, 512, absl::MakeConstSpan(&r.one, 1))),
            "writev fd 7 at 512: 0 bytes in the queue's buffer, 1 iovecs");
  EXPECT_EQ(fields(r.Read(7, 512, absl::MakeSpan(&r.byte, 1))),
            "read fd 7 at 512: 1 bytes in " + lent);
  EXPECT_EQ(fields(r.Read(7, 512, 4096)),
            "read fd 7 at 512: 4096 bytes in " + own);
  EXPECT_EQ(fields(r.Write(7, 512, absl::string_view(&r.byte, 1))),
            "write fd 7 at 512: 1 bytes in " + lent);
  EXPECT_EQ(fields(r.Write(7, 512, 4096)),
            "write fd 7 at 512: 4096 bytes in " + own);
  EXPECT_EQ(fields(r.WriteBack(7, 512, 4096)),
            "write-back fd 7 at 512: 4096 bytes in " + own);
  EXPECT_EQ(fields(r.Readv(7, 512, absl::MakeConstSpan(&r.one, 1))),
            "readv fd 7 at 512: 0 bytes in the queue's buffer, 1 iovecs");
  EXPECT_EQ(fields(r.Fsync(7)), "fsync fd 7 at 0: 0 bytes in " + own);
  EXPECT_EQ(fields(r.Fdatasync(8)), "fdatasync fd 8 at 0: 0 bytes in " + own);
  EXPECT_EQ(fields(r.NoOp()), "no-op fd -1 at 0: 0 bytes in " + own);
  EXPECT_EQ(r.priority, 5u);
  EXPECT_EQ(r.user_data, &r);
}

TEST(RequestTest, StatusSaysWhichFlagsCausedTheError) {
  const auto words = [](Op op, int flags, int error) {
    Request request = Failed(op, error);
    request.flags = flags;
    return Words(request);
  };
  constexpr int kAll = (1 << 9) - 1;
  EXPECT_THAT(words(Op::kWrite, kAll, EOPNOTSUPP),
              EndsWith("; the kernel or the file system does not support "
                       "RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | "
                       "RWF_APPEND | RWF_NOAPPEND | RWF_ATOMIC | "
                       "RWF_DONTCACHE | 0x100 here"));
  EXPECT_THAT(words(Op::kFsync, RWF_SYNC, EINVAL),
              EndsWith("; it takes no flags, but has RWF_SYNC"));
  EXPECT_THAT(words(Op::kRead, RWF_NOWAIT, EAGAIN),
              EndsWith("; it would have to wait, but has RWF_NOWAIT"));
  EXPECT_THAT(words(Op::kRead, RWF_HIPRI, EAGAIN),
              EndsWith("(Resource temporarily unavailable)"));
  EXPECT_THAT(words(Op::kRead, 0, EOPNOTSUPP),
              EndsWith("(Operation not supported)"));
}

TEST(RequestTest, AppendsByItsFdOrItsFlags) {
  constexpr int kNoAppend = 0x20;  // RWF_NOAPPEND, Linux 6.9.
  Request r;
  r.op = Op::kWrite;
  EXPECT_FALSE(Appends(r));
  r.flags = RWF_APPEND;
  EXPECT_TRUE(Appends(r));
  r.flags = 0;
  r.traits.append = true;
  EXPECT_TRUE(Appends(r));
  r.flags = kNoAppend;
  EXPECT_FALSE(Appends(r));
  r.flags = RWF_APPEND;
  r.op = Op::kRead;
  EXPECT_FALSE(Appends(r));
}

TEST(RequestTest, AFileDoesForAnFd) {
  UsedRequest r;
  const ScratchFile scratch;
  const File file = File::Adopt(dup(scratch.fd()), "file");
  EXPECT_EQ(r.Read(file, 0, 1)->fd, file.fd());
  EXPECT_EQ(r.Fsync(File())->fd, -1);
}

}  // namespace
}  // namespace uasio
