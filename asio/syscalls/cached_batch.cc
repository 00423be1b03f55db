#include "asio/syscalls/cached_batch.h"

#include <errno.h>

#include "asio/syscalls/perform.h"
#include "workqueue/check.h"

namespace uasio {
namespace {

// Whether it is the fault of the read, and not of the call as such.
bool IsOfOneRead(long error) {
  return error == EBADF || error == EINVAL || error == EOPNOTSUPP ||
         error == EFAULT;
}

}  // namespace

bool CachedBatch::Suits(const Transfer& t) {
  return t.op == Op::kRead && t.flags == 0 && t.offset >= 0 &&
         SuitsReadIfCached(t);
}

bool CachedBatch::IsWorth(size_t count) {
  if (count < kReadsMin) return false;
  if (seen_ < kReadsBeforeSetup) {
    seen_ += count;
    if (seen_ >= kReadsBeforeSetup) context_.Create(kReadsMax);
  }
  return context_.has_ring() && !refused_;
}

void CachedBatch::Read(Transfer* const* reads, size_t count, int64_t* results) {
  iocb iocbs[kReadsMax];
  for (size_t i = 0; i < count; ++i) {
    Fill(*reads[i], i, &iocbs[i]);
    results[i] = -EAGAIN;
  }
  size_t missing = Submit(iocbs, count);
  const auto handle = [&](const io_event& event) {
    results[event.data] = FinishReadIfCached(reads[event.data], event.res);
  };
  if (reads_ring_) missing -= context_.ReapRing(missing, handle);
  while (missing > 0) {
    io_event events[kReadsMax];
    const long reaped = context_.GetEvents(missing, missing, events, nullptr);
    if (reaped == -EINTR) continue;
    UASIO_CHECK(reaped > 0, "io_getevents() failed with reads in flight");
    for (long i = 0; i < reaped; ++i) handle(events[i]);
    missing -= static_cast<size_t>(reaped);
  }
}

// Returns how many complete.  An error concerns the first one only.
size_t CachedBatch::Submit(iocb* iocbs, size_t count) {
  iocb* pointers[kReadsMax];
  for (size_t i = 0; i < count; ++i) pointers[i] = &iocbs[i];
  size_t submitted = 0;
  for (size_t i = 0; i < count && !refused_;) {
    const long n = context_.Submit(pointers + i, count - i);
    refused_ = n < 0 && !IsOfOneRead(-n);
    if (n > 0) submitted += static_cast<size_t>(n);
    i += n > 0 ? static_cast<size_t>(n) : 1;  // Refused: not now.
  }
  return submitted;
}

void CachedBatch::Fill(const Transfer& t, size_t index, iocb* read) {
  *read = {};
  read->aio_data = index;
  read->aio_lio_opcode = IOCB_CMD_PREAD;
  read->aio_fildes = static_cast<uint32_t>(t.fd);
  read->aio_buf = reinterpret_cast<uintptr_t>(t.buffer + t.done);
  read->aio_nbytes = t.length - t.done;
  read->aio_offset = t.offset + static_cast<int64_t>(t.done);
  read->aio_rw_flags = RWF_NOWAIT;
}

}  // namespace uasio
