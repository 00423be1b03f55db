// Reads and writes control blocks (struct iocb) in the client's memory.
//
// Threads:   any; one at a time for an IocbReader.
// Errors:    false: the kernel would return EFAULT.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_CONTROL_BLOCKS_H_
#define UASIO_ASIO_COMPAT_LIBAIO_CONTROL_BLOCKS_H_

#include <linux/aio_abi.h>

#include <cstdint>

#include "asio/compat/libaio/user_memory.h"

namespace uasio {
namespace libaio {

// The value that the kernel stores in aio_key.
inline constexpr uint32_t kIocbKey = 0;

// Reads the blocks of one io_submit().
class IocbReader {
 public:
  // Copies the pointer at `pointer` and the block that it points to; both are
  // in the client's memory.
  bool Read(iocb* const* pointer, iocb** user_block, iocb* block);

 private:
  UserReader pointers_, blocks_;
};

// Sets aio_key of `user_block`, whose copy is `block`.  Skips the write if the
// key is set already, so a block in read-only memory may be accepted.
bool WriteKey(const iocb& block, iocb* user_block);

bool ReadKey(const iocb* user_block, uint32_t* key);

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_CONTROL_BLOCKS_H_
