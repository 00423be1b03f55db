#include "asio/syscalls/transfer.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <string>

#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

TEST(TransferTest, EveryOpHasItsNameAndKind) {
  EXPECT_STREQ(OpName(Op::kRead), "read");
  EXPECT_STREQ(OpName(Op::kWrite), "write");
  EXPECT_STREQ(OpName(Op::kWriteBack), "write-back");
  EXPECT_STREQ(OpName(Op::kReadv), "readv");
  EXPECT_STREQ(OpName(Op::kWritev), "writev");
  EXPECT_STREQ(OpName(Op::kFsync), "fsync");
  EXPECT_STREQ(OpName(Op::kFdatasync), "fdatasync");
  EXPECT_STREQ(OpName(Op::kNoOp), "no-op");
  EXPECT_STREQ(OpName(static_cast<Op>(200)), "unknown operation");
  for (int i = 0; i <= static_cast<int>(Op::kNoOp); ++i) {
    const Op op = static_cast<Op>(i);
    EXPECT_EQ(IsRead(op) + IsWrite(op) + IsSync(op), op != Op::kNoOp) << i;
    EXPECT_EQ(IsVectored(op), op == Op::kReadv || op == Op::kWritev) << i;
  }
  EXPECT_TRUE(IsWrite(Op::kWriteBack));
}

TEST(TransferTest, FilesAndDirectoriesHaveASize) {
  const Scratch scratch;
  EXPECT_TRUE(GetFdTraits(scratch.Open("file").get()).sized);
  const Fd folder(open(scratch.Path("").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(GetFdTraits(folder.get()).sized);
  const Fd memory(memfd_create("memory", MFD_CLOEXEC));
  EXPECT_TRUE(GetFdTraits(memory.get()).sized);
}

TEST(TransferTest, PipesSocketsAndDevicesHaveNoSize) {
  const Pipe pipe;
  EXPECT_FALSE(GetFdTraits(pipe.read_end.get()).sized);
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_FALSE(GetFdTraits(socket.get()).sized);
  const Fd event(eventfd(0, EFD_CLOEXEC));
  EXPECT_FALSE(GetFdTraits(event.get()).sized);
  const Fd zero(open("/dev/zero", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(GetFdTraits(zero.get()).sized);
}

TEST(TransferTest, EachFlagSetsItsOwnTrait) {
  const Scratch scratch;
  const FdTraits plain = GetFdTraits(scratch.Open("plain").get());
  EXPECT_FALSE(plain.direct || plain.append || plain.nonblocking);
  const FdTraits append = GetFdTraits(scratch.Open("a", "", O_APPEND).get());
  EXPECT_TRUE(append.append);
  EXPECT_FALSE(append.direct || append.nonblocking);
  const Pipe pipe(O_NONBLOCK);
  const FdTraits nonblocking = GetFdTraits(pipe.read_end.get());
  EXPECT_TRUE(nonblocking.nonblocking);
  EXPECT_FALSE(nonblocking.direct || nonblocking.append);
}

TEST(TransferTest, FilesCanBeDirectButPacketPipesCannot) {
  const Scratch scratch;
  const Fd file(
      open(scratch.NewFile("file").c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  EXPECT_EQ(GetFdTraits(file.get()).direct, file.get() >= 0);
  const Pipe packets(O_DIRECT);
  EXPECT_FALSE(GetFdTraits(packets.write_end.get()).direct);
}

TEST(TransferTest, AnInvalidFdHasTheTraitsOfAFile) {
  const FdTraits traits = GetFdTraits(-1);
  EXPECT_TRUE(traits.sized);
  EXPECT_FALSE(traits.direct || traits.append || traits.nonblocking);
}

}  // namespace
}  // namespace uasio
