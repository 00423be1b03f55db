// The layouts are the kernel's and libaio's, on every 64-bit machine, whatever
// its byte order and its pages.

#include <endian.h>
#include <linux/aio_abi.h>

#include <cstddef>
#include <cstring>

#include "asio/compat/libaio/control_blocks.h"
#include "asio/compat/libaio/ring.h"
#include "asio/syscalls/aio_ring.h"
#include "gtest/gtest.h"

namespace uasio {
namespace libaio {
namespace {

constexpr bool kBigEndian = __BYTE_ORDER == __BIG_ENDIAN;

static_assert(sizeof(iocb) == 64);
static_assert(offsetof(iocb, aio_data) == 0);
static_assert(offsetof(iocb, aio_key) == (kBigEndian ? 12 : 8));
static_assert(offsetof(iocb, aio_rw_flags) == (kBigEndian ? 8 : 12));
static_assert(offsetof(iocb, aio_lio_opcode) == 16);
static_assert(offsetof(iocb, aio_reqprio) == 18);
static_assert(offsetof(iocb, aio_fildes) == 20);
static_assert(offsetof(iocb, aio_buf) == 24);
static_assert(offsetof(iocb, aio_nbytes) == 32);
static_assert(offsetof(iocb, aio_offset) == 40);
static_assert(offsetof(iocb, aio_flags) == 56);
static_assert(offsetof(iocb, aio_resfd) == 60);

static_assert(sizeof(io_event) == 32);
static_assert(offsetof(io_event, data) == 0);
static_assert(offsetof(io_event, obj) == 8);
static_assert(offsetof(io_event, res) == 16);
static_assert(offsetof(io_event, res2) == 24);

static_assert(offsetof(AioRing, id) == 0);
static_assert(offsetof(AioRing, nr) == 4);
static_assert(offsetof(AioRing, head) == 8);
static_assert(offsetof(AioRing, tail) == 12);
static_assert(offsetof(AioRing, magic) == 16);
static_assert(offsetof(AioRing, compatible_features) == 20);
static_assert(offsetof(AioRing, incompatible_features) == 24);
static_assert(offsetof(AioRing, header_bytes) == 28);

TEST(LayoutTest, TheKeyIsTheLowHalfOfTheSecondWord) {
  iocb block;
  std::memset(&block, 0xff, sizeof(block));
  ASSERT_TRUE(WriteKey(block, &block));
  uint64_t words[2];
  std::memcpy(words, &block, sizeof(words));
  EXPECT_EQ(words[0], UINT64_MAX);
  EXPECT_EQ(words[1], UINT64_MAX << 32);
  uint32_t key = 1;
  EXPECT_TRUE(ReadKey(&block, &key));
  EXPECT_EQ(key, kIocbKey);
}

TEST(LayoutTest, ARingHasTheEventsThatClientsReadBehindItsHeader) {
  Ring ring(3);
  ASSERT_TRUE(ring.ok());
  ring.Put(io_event{1, 2, -3, 4});
  uint32_t header[8];
  const char* const at = reinterpret_cast<const char*>(ring.id());
  std::memcpy(header, at, sizeof(header));
  EXPECT_EQ(header[2], 0u);
  EXPECT_EQ(header[3], 1u);
  EXPECT_EQ(header[4], 0xa10a10a1u);
  int64_t event[4];
  std::memcpy(event, at + sizeof(header), sizeof(event));
  EXPECT_EQ(event[0], 1);
  EXPECT_EQ(event[1], 2);
  EXPECT_EQ(event[2], -3);
  EXPECT_EQ(event[3], 4);
}

}  // namespace
}  // namespace libaio
}  // namespace uasio
