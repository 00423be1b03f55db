#include "asio/compat/libaio/control_blocks.h"

#include <cstddef>

namespace uasio {
namespace libaio {
namespace {

// The address of the key; `user_block` may be unmapped.
char* KeyOf(const iocb* user_block) {
  return reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(user_block) +
                                 offsetof(iocb, aio_key));
}

}  // namespace

bool IocbReader::Read(iocb* const* pointer, iocb** user_block, iocb* block) {
  return pointers_.CopyIn(user_block, pointer, sizeof(*user_block)) &&
         blocks_.CopyIn(block, *user_block, sizeof(*block));
}

bool WriteKey(const iocb& block, iocb* user_block) {
  return block.aio_key == kIocbKey ||
         CopyOut(KeyOf(user_block), &kIocbKey, sizeof(kIocbKey));
}

bool ReadKey(const iocb* user_block, uint32_t* key) {
  return CopyIn(key, KeyOf(user_block), sizeof(*key));
}

}  // namespace libaio
}  // namespace uasio
