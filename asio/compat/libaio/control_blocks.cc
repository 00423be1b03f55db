#include "asio/compat/libaio/control_blocks.h"

#include "asio/compat/libaio/user_memory.h"

namespace uasio {
namespace libaio {

bool ReadBlock(iocb* const* pointer, iocb** user_block, iocb* block) {
  return CopyIn(user_block, pointer, sizeof(*user_block)) &&
         CopyIn(block, *user_block, sizeof(*block));
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
