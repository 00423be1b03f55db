#include "asio/compat/libaio/control_blocks.h"

#include <algorithm>

#include "asio/compat/libaio/user_memory.h"

namespace uasio {
namespace libaio {

bool ControlBlocks::Next(const iocb** block, iocb** user_block) {
  if (next_ == fetched_) {
    next_ = 0;
    fetched_ = static_cast<int>(std::min<int64_t>(left_, kAtOnce));
    if (!Fetch(fetched_)) {
      fetched_ = 1;  // Which of them it is, shows one by one.
      if (!Fetch(1)) return fetched_ = 0, false;
    }
    pointers_ += fetched_;
    left_ -= fetched_;
  }
  *block = &blocks_[next_];
  *user_block = user_blocks_[next_];
  ++next_;
  return true;
}

bool ControlBlocks::Fetch(int count) {
  if (!CopyIn(user_blocks_, pointers_,
              static_cast<size_t>(count) * sizeof(iocb*))) {
    return false;
  }
  iovec places[kAtOnce];
  for (int i = 0; i < count; ++i) places[i] = {user_blocks_[i], sizeof(iocb)};
  return Gather(blocks_, places, count);
}

bool WriteKey(const iocb& block, iocb* user_block) {
  return block.aio_key == kIocbKey ||
         CopyOut(&user_block->aio_key, &kIocbKey, sizeof(kIocbKey));
}

bool ReadKey(const iocb* user_block, uint32_t* key) {
  return CopyIn(key, &user_block->aio_key, sizeof(*key));
}

}  // namespace libaio
}  // namespace uasio
