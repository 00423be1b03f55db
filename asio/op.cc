#include "asio/op.h"

namespace uasio {

const char* OpName(Op op) {
  switch (op) {
    case Op::kRead:
      return "read";
    case Op::kWrite:
      return "write";
    case Op::kWriteBack:
      return "write-back";
    case Op::kReadv:
      return "readv";
    case Op::kWritev:
      return "writev";
    case Op::kFsync:
      return "fsync";
    case Op::kFdatasync:
      return "fdatasync";
    case Op::kNoOp:
      return "no-op";
  }
  return "unknown operation";
}

}  // namespace uasio
