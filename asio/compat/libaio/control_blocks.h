// ControlBlocks reads the control blocks that are handed to io_submit(), some
// at a time, and writes the field of theirs that is the kernel's.
//
// Threads:   one.
// Errors:    false, for EFAULT.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_CONTROL_BLOCKS_H_
#define UASIO_ASIO_COMPAT_LIBAIO_CONTROL_BLOCKS_H_

#include <linux/aio_abi.h>

#include <cstdint>

namespace uasio {
namespace libaio {

class ControlBlocks {
 public:
  // The client's array of `count` pointers.
  ControlBlocks(iocb* const* pointers, int64_t count)
      : pointers_(pointers), left_(count) {}
  ControlBlocks(const ControlBlocks&) = delete;
  ControlBlocks& operator=(const ControlBlocks&) = delete;

  // The next: a copy, which lives until the next call, and where the client
  // has it.  REQUIRES: there is one left.
  bool Next(const iocb** block, iocb** user_block);

 private:
  static constexpr int kAtOnce = 32;

  bool Fetch(int count);

  iocb* const* pointers_;  // To those that have not been fetched.
  int64_t left_;           // Of those.
  int fetched_ = 0;
  int next_ = 0;  // Of the fetched.
  iocb* user_blocks_[kAtOnce];
  iocb blocks_[kAtOnce];
};

// Sets aio_key to what the kernel sets it to.  A block that has that already is
// not written, which nobody can tell but one who has it in read-only memory.
bool WriteKey(const iocb& block, iocb* user_block);

// The key of a block that is to be cancelled.
bool ReadKey(const iocb* user_block, uint32_t* key);

inline constexpr uint32_t kIocbKey = 0;

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_CONTROL_BLOCKS_H_
