#include "asio/backends/kaio.h"

#include <errno.h>
#include <sys/eventfd.h>

#include <algorithm>

#include "asio/backends/kernel_requests.h"
#include "asio/backends/setup_error.h"
#include "workqueue/check.h"
#include "workqueue/write_signals_blocked.h"

namespace uasio {
namespace {

constexpr size_t kReapBatchMax = 64;

uint16_t Opcode(Op op) {
  UASIO_CHECK(IsOp(op), "Backend: there is no such op");
  switch (op) {
    case Op::kRead:
      return IOCB_CMD_PREAD;
    case Op::kWrite:
    case Op::kWriteBack:
      return IOCB_CMD_PWRITE;
    case Op::kReadv:
      return IOCB_CMD_PREADV;
    case Op::kWritev:
      return IOCB_CMD_PWRITEV;
    case Op::kFsync:
      return IOCB_CMD_FSYNC;
    case Op::kFdatasync:
      return IOCB_CMD_FDSYNC;
    case Op::kNoOp:
      break;
  }
  return IOCB_CMD_NOOP;
}

template <typename T>
uint64_t Address(const T* pointer) {
  return reinterpret_cast<uintptr_t>(pointer);
}

absl::Status KaioError(const char* call, int error) {
  return SetupError(
      call, error,
      {{EAGAIN, "all of fs.aio-max-nr (sysctl) is in use: raise it"},
       {EPERM, "a seccomp filter forbids it"},
       {ENOSYS, "the kernel lacks CONFIG_AIO, or a seccomp filter hides it"}});
}

}  // namespace

struct KaioBackend::Job : iocb, Recyclable<Job> {
  Request* request;
};

absl::StatusOr<std::unique_ptr<Backend>> KaioBackend::CreateWith(
    size_t depth_max, bool reads_ring) {
  unsigned depth = static_cast<unsigned>(std::min<size_t>(depth_max, 1 << 20));
  std::unique_ptr<KaioBackend> backend(new KaioBackend());
  AioContext* const context = &backend->context_;
  while (const int error = context->Create(depth)) {
    // EAGAIN: fs.aio-max-nr leaves no room for so many; try fewer.
    if (error != EAGAIN || depth <= 1) return KaioError("io_setup", error);
    depth /= 2;
  }
  if (!reads_ring) context->ForgetRing();
  // If this fails, Reap() would fail later.
  long n;
  do {
    n = context->GetEvents(0, 0, nullptr, nullptr);
  } while (n == -EINTR);
  if (n < 0) return KaioError("io_getevents", static_cast<int>(-n));
  return backend;
}

bool KaioBackend::Takes(const Request& request) const {
  return request.op != Op::kNoOp && IsForKernel(request);
}

void KaioBackend::Reserve(size_t requests_max) {
  jobs_.Reserve(requests_max);
  filled_.reserve(requests_max);
  finished_.Reserve(requests_max);
}

size_t KaioBackend::Start(absl::Span<Request* const> batch) {
  for (Request* request : batch) {
    FillIocb(jobs_.New(request));
  }
  {
    const WriteSignalsBlocked signals_blocked(HasWrites(batch) &&
                                              MayReachFileSizeLimit());
    SubmitFilled();
  }
  // Writes that would wait have failed already.
  ReapFromKernel(0, kDontWait);
  return finished_.size();
}

size_t KaioBackend::Reap(absl::Span<Completion> out, size_t min,
                         Deadline deadline) {
  size_t count = finished_.MoveTo(out);
  while (count < out.size()) {
    const size_t missing = count < min ? min - count : 0;
    const size_t reaped = ReapFromKernel(missing, deadline);
    count += finished_.MoveTo(out.subspan(count));
    if (reaped == 0) break;
  }
  if (unsignaled_ > 0 && count < out.size()) eventfd_write(event_fd_, 1);
  return count;
}

void KaioBackend::Attach(int event_fd) {
  event_fd_ = event_fd;
  unsignaled_ = in_kernel_;
}

// Linux can cancel only polls so far, so this has no effect yet.  The request
// comes back in any case.
void KaioBackend::Cancel(Request* request) {
  iocb* job = jobs_.Find(request);
  if (job != nullptr) context_.Cancel(job);
}

// Makes the iocb for the part of the request that is not yet transferred.
void KaioBackend::FillIocb(Job* job) {
  const Request& r = *job->request;
  static_cast<iocb&>(*job) = {};
  job->aio_data = Address(job);
  job->aio_lio_opcode = Opcode(r.op);
  job->aio_fildes = static_cast<uint32_t>(r.fd);
  filled_.push_back(job);
  if (event_fd_ >= 0) {
    job->aio_flags = IOCB_FLAG_RESFD;
    job->aio_resfd = static_cast<uint32_t>(event_fd_);
  }
  if (IsSync(r.op)) return;
  // Without RWF_NOWAIT, a write that extends the file blocks io_submit().
  job->aio_rw_flags = r.flags | (IsWrite(r.op) ? RWF_NOWAIT : 0);
  job->aio_offset = r.offset + static_cast<int64_t>(r.transferred);
  job->aio_buf =
      IsVectored(r.op) ? Address(r.iovecs) : Address(r.buffer + r.transferred);
  job->aio_nbytes = IsVectored(r.op) ? r.iovec_count : r.length - r.transferred;
}

// An error concerns the first iocb only; try the rest.
void KaioBackend::SubmitFilled() {
  size_t begin = 0;
  while (begin < filled_.size()) {
    const size_t part = std::min(filled_.size() - begin, kSubmitBatchMax);
    const long count = context_.Submit(filled_.data() + begin, part);
    if (count > 0) {
      begin += count;
      in_kernel_ += count;
    } else {
      Finish(static_cast<Job*>(filled_[begin++]), kRefused);
    }
  }
  filled_.clear();
}

size_t KaioBackend::ReapFromKernel(size_t min, Deadline deadline) {
  if (in_kernel_ == 0) return 0;
  const auto handle = [this](const io_event& event) { HandleEvent(event); };
  size_t count = context_.has_ring() ? context_.ReapRing(kReapBatchMax, handle)
                                     : ReapBySyscall(0, deadline);
  if (count == 0 && min > 0) count = ReapBySyscall(min, deadline);
  in_kernel_ -= count;
  return count;
}

size_t KaioBackend::ReapBySyscall(size_t min, Deadline deadline) {
  io_event events[kReapBatchMax];
  min = std::min({min, kReapBatchMax, in_kernel_});
  long count;
  do {
    timespec storage = {};
    timespec* const timeout = min > 0 ? TimeLeft(deadline, &storage) : &storage;
    count = context_.GetEvents(min, kReapBatchMax, events, timeout);
  } while (count == -EINTR);
  UASIO_CHECK(count >= 0,
              "kaio: io_getevents() failed with requests in flight");
  for (long i = 0; i < count; ++i) HandleEvent(events[i]);
  return count;
}

void KaioBackend::HandleEvent(const io_event& event) {
  Job* job = reinterpret_cast<Job*>(static_cast<uintptr_t>(event.data));
  if (unsignaled_ > 0 && job->aio_flags == 0) --unsignaled_;
  Finish(job, event.res);
}

void KaioBackend::Finish(Job* job, int64_t result) {
  AddCompletion(job->request, result, &finished_);
  jobs_.Recycle(job);
}

}  // namespace uasio
