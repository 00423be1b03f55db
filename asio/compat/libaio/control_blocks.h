// Control blocks as the client's memory holds them, read and written as the
// kernel does.
//
// Threads:   any; a BlockReader: one.
// Errors:    false, for EFAULT.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_CONTROL_BLOCKS_H_
#define UASIO_ASIO_COMPAT_LIBAIO_CONTROL_BLOCKS_H_

#include <linux/aio_abi.h>

#include <cstdint>

#include "asio/compat/libaio/user_memory.h"

namespace uasio {
namespace libaio {

// What the kernel sets aio_key to.
inline constexpr uint32_t kIocbKey = 0;

// Reads the blocks of one io_submit().
class BlockReader {
 public:
  // Copies the block that `*pointer`, in the client's memory too, points to.
  bool Read(iocb* const* pointer, iocb** user_block, iocb* block);

 private:
  UserReader pointers_, blocks_;
};

// Sets aio_key.  A block that has the right one already is not written, which
// nobody can tell but one who has it in read-only memory.
bool WriteKey(const iocb& block, iocb* user_block);

// The key of a block that is to be cancelled.
bool ReadKey(const iocb* user_block, uint32_t* key);

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_CONTROL_BLOCKS_H_
