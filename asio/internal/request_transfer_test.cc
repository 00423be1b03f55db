#include "asio/internal/request_transfer.h"

#include <sys/uio.h>

#include "gtest/gtest.h"

namespace uasio::internal {
namespace {

TEST(RequestTransferTest, MakeTransferCopiesTheRequestAndItsProgress) {
  char byte;
  const iovec vector = {&byte, 1};
  Request request;
  request.op = Op::kReadv;
  request.fd = 4711;
  request.offset = 512;
  request.length = 4096;
  request.buffer = &byte;
  request.iovecs = &vector;
  request.iovec_count = 1;
  request.traits.append = true;
  request.transferred = 7;
  request.flags = RWF_DSYNC;
  const Transfer transfer = MakeTransfer(request);
  EXPECT_EQ(transfer.op, Op::kReadv);
  EXPECT_EQ(transfer.fd, 4711);
  EXPECT_EQ(transfer.offset, 512);
  EXPECT_EQ(transfer.buffer, &byte);
  EXPECT_EQ(transfer.iovecs, &vector);
  EXPECT_EQ(transfer.iovec_count, 1);
  EXPECT_EQ(transfer.length, 4096u);
  EXPECT_EQ(transfer.done, 7u);
  EXPECT_TRUE(transfer.traits.append);
  EXPECT_EQ(transfer.flags, RWF_DSYNC);
}

}  // namespace
}  // namespace uasio::internal
