#include "asio/compat/libaio/control_blocks.h"

#include <cstddef>

#include "asio/compat/libaio/user_memory.h"

namespace uasio {
namespace libaio {
namespace {

// Where the key is, of a block that may be nowhere.
char* KeyOf(const iocb* user_block) {
  return reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(user_block) +
                                 offsetof(iocb, aio_key));
}

}  // namespace

bool ReadBlock(iocb* const* pointer, iocb** user_block, iocb* block) {
  return CopyIn(user_block, pointer, sizeof(*user_block)) &&
         CopyIn(block, *user_block, sizeof(*block));
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
