#include "asio/request.h"

#include <errno.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "asio/errors.h"
#include "asio/file.h"

namespace uasio {
namespace {

// "read of 4096 bytes at offset 512 on fd 7 (/tmp/data)"
std::string Words(const Request& r) {
  std::string words = OpName(r.op);
  if (IsRead(r.op) || IsWrite(r.op)) {
    absl::StrAppend(&words, " of ", r.length, " bytes at ");
    if (r.offset == kFilePosition) {
      absl::StrAppend(&words, "the file position");
    } else {
      absl::StrAppend(&words, "offset ", r.offset);
    }
  }
  if (r.op != Op::kNoOp) absl::StrAppend(&words, " on ", FdWords(r.fd));
  return words;
}

void SayIfMisaligned(const char* what, uint64_t value, size_t alignment,
                     std::string* words) {
  if (alignment == 0 || value % alignment == 0) return;
  absl::StrAppend(words, "; ", what, " ", value, " is not a multiple of ",
                  alignment);
}

// Why a direct request may have been refused with EINVAL.
std::string MisalignmentWords(const Request& r) {
  std::string words;
  const Alignment alignment = DirectAlignment(r.fd);
  if (r.offset >= 0) {
    SayIfMisaligned("offset", r.offset, alignment.offset_bytes, &words);
  }
  if (!IsVectored(r.op)) {
    SayIfMisaligned("length", r.length, alignment.offset_bytes, &words);
    SayIfMisaligned("address", reinterpret_cast<uintptr_t>(r.buffer),
                    alignment.memory_bytes, &words);
    return words;
  }
  for (int i = 0; i < r.iovec_count && words.empty(); ++i) {
    SayIfMisaligned("an iovec's length", r.iovecs[i].iov_len,
                    alignment.offset_bytes, &words);
    SayIfMisaligned("an iovec's address",
                    reinterpret_cast<uintptr_t>(r.iovecs[i].iov_base),
                    alignment.memory_bytes, &words);
  }
  return words;
}

}  // namespace

absl::Status Request::status() const {
  if (result >= 0) return absl::OkStatus();
  const int error = static_cast<int>(-result);
  std::string why = ErrnoWords(error);
  if (transferred > 0) absl::StrAppend(&why, " after ", transferred, " bytes");
  if (error == EINVAL && traits.direct) why += MisalignmentWords(*this);
  return absl::Status(absl::ErrnoToStatusCode(error),
                      absl::StrCat(Words(*this), ": ", why));
}

Transfer MakeTransfer(const Request& request) {
  Transfer t;
  t.op = request.op;
  t.traits = request.traits;
  t.fd = request.fd;
  t.offset = request.offset;
  t.buffer = request.buffer;
  t.iovecs = request.iovecs;
  t.iovec_count = request.iovec_count;
  t.length = request.length;
  t.done = request.transferred;
  return t;
}

}  // namespace uasio
