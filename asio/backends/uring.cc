#include "asio/backends/uring.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>

#include <algorithm>

#include "asio/backends/kernel_requests.h"
#include "asio/backends/setup_error.h"
#include "workqueue/check.h"
#include "workqueue/write_signals_blocked.h"

namespace uasio {
namespace {

constexpr unsigned kReapBatchMax = 64;
constexpr unsigned kSlabsMax = 1024;        // Registered; others are slower.
constexpr size_t kSlabBytesMax = 1u << 30;  // The kernel's limit.
constexpr size_t kEntriesMax = 1 << 15;     // IORING_MAX_ENTRIES.

// The kernel's threads for requests that it cannot do asynchronously: on files,
// and on fds without a size (this backend takes none of those).
constexpr unsigned kKernelWorkersMax[2] = {16, 1};

absl::Status UringError(int error) {
  return SetupError(
      "io_uring_setup", error,
      {{EINVAL, "it needs Linux 6.1"},
       {EPERM,
        "kernel.io_uring_disabled (sysctl) or a seccomp filter forbids it"},
       {ENOSYS,
        "the kernel lacks CONFIG_IO_URING, or a seccomp filter hides it"},
       {ENOMEM, "raise RLIMIT_MEMLOCK (ulimit -l)"}});
}

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> UringBackend::Create(
    size_t depth_max) {
  io_uring_params params = {};
  params.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER |
                 IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP;
  const unsigned entries =
      static_cast<unsigned>(std::min(depth_max, kEntriesMax));
  io_uring ring;
  const int error = io_uring_queue_init_params(entries, &ring, &params);
  if (error < 0) return UringError(-error);
  return std::unique_ptr<Backend>(new UringBackend(ring));
}

UringBackend::UringBackend(const io_uring& ring) : ring_(ring) {
  unsigned workers_max[2] = {kKernelWorkersMax[0], kKernelWorkersMax[1]};
  io_uring_register_iowq_max_workers(&ring_, workers_max);
  has_buffer_table_ = io_uring_register_buffers_sparse(&ring_, kSlabsMax) == 0;
}

UringBackend::~UringBackend() { io_uring_queue_exit(&ring_); }

bool UringBackend::Takes(const Request& request) const {
  return request.op == Op::kNoOp ? request.flags == 0 : IsForKernel(request);
}

void UringBackend::Reserve(size_t requests_max) {
  jobs_.Reserve(requests_max);
  finished_.Reserve(requests_max);
}

size_t UringBackend::Start(absl::Span<Request* const> batch) {
  const WriteSignalsBlocked signals_blocked(HasWrites(batch) &&
                                            MayReachFileSizeLimit());
  PrepareAll(batch);
  Submit();
  return finished_.size();
}

// Reap() submits, and waits in the same system call.  It does not block the
// signals of writes.
size_t UringBackend::StartBeforeReap(absl::Span<Request* const> batch) {
  if (HasWrites(batch)) return Start(batch);
  PrepareAll(batch);
  return finished_.size();
}

size_t UringBackend::Reap(absl::Span<Completion> out, size_t min,
                          Deadline deadline) {
  size_t count = finished_.MoveTo(out);
  while (count < out.size()) {
    const size_t missing = count < min ? min - count : 0;
    if (missing == 0) Submit();  // Else WaitForCompletions() does.
    if (ReapFromKernel() == 0 && finished_.size() == 0 &&
        (missing == 0 || !WaitForCompletions(missing, deadline)))
      break;
    count += finished_.MoveTo(out.subspan(count));
  }
  if (!kernel_signals_ && jobs_.in_flight() > 0 && count < out.size()) Signal();
  return count;
}

void UringBackend::Cancel(Request* request) {
  Job* job = jobs_.Find(request);
  if (job == nullptr) return;  // It waits for Reap().
  io_uring_sqe* sqe = NextSqe();
  io_uring_prep_cancel(sqe, job, 0);
  io_uring_sqe_set_data(sqe, nullptr);
  Submit();
}

// If the kernel refuses to register the eventfd, Reap() writes to it instead.
void UringBackend::Attach(int event_fd) {
  event_fd_ = event_fd;
  kernel_signals_ = io_uring_register_eventfd(&ring_, event_fd) == 0;
}

// A refusal, for example by RLIMIT_MEMLOCK, only makes the I/O slower.
void UringBackend::AddBuffers(char* data, size_t size) {
  const unsigned index = FreeSlabIndex();
  if (!has_buffer_table_ || index == kSlabsMax || size > kSlabBytesMax) return;
  if (index == slabs_.size()) slabs_.push_back({nullptr, 0});
  if (RegisterSlab(index, data, size)) slabs_[index] = {data, size};
}

// The kernel pins registered pages, so they are not free before.
bool UringBackend::RemoveBuffers(char* data, size_t size) {
  const int index = SlabOf(data, size);
  if (index < 0) return true;
  if (!RegisterSlab(static_cast<unsigned>(index), nullptr, 0)) return false;
  slabs_[static_cast<size_t>(index)] = {nullptr, 0};
  return true;
}

// No request on another fd comes here; and the kernel may let go of a file
// late, so the reader of a pipe would meet its end late.
void UringBackend::AddFile(int fd) {
  if ((fcntl(fd, F_GETFL) & O_DIRECT) != 0) files_.Add(&ring_, fd);
}

unsigned UringBackend::FreeSlabIndex() const {
  unsigned index = 0;
  while (index < slabs_.size() && slabs_[index].data != nullptr) ++index;
  return index;
}

// No data: removes the slab of that index.
bool UringBackend::RegisterSlab(unsigned index, char* data, size_t size) {
  const iovec slab = {data, size};
  const __u64 tag = 0;
  return io_uring_register_buffers_update_tag(&ring_, index, &slab, &tag, 1) ==
         1;
}

// Each Start() tries again, since a failure may pass.  EBADFD: an earlier try
// has enabled the ring, but could not enter it.
void UringBackend::EnableRing() {
  // io_uring_enable_rings() is missing from liburing 2.3's shared object.
  const int error = io_uring_register(ring_.ring_fd,
                                      IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  enabled_ = (error == 0 || error == -EBADFD) &&
             io_uring_enter(ring_.ring_fd, 0, 0, 0, nullptr) == 0;
}

// Prepares the batch, and submits if it is long.
void UringBackend::PrepareAll(absl::Span<Request* const> batch) {
  if (!enabled_) EnableRing();
  for (Request* request : batch) {
    if (enabled_) {
      Prepare(jobs_.New(request));
      if (io_uring_sq_ready(&ring_) == kSubmitBatchMax) Submit();
    } else {
      AddCompletion(request, kRefused, &finished_);
    }
  }
}

// Fills an sqe with the part of the request that is not yet transferred.
void UringBackend::Prepare(Job* job) {
  const Request& r = *job->request;
  UASIO_CHECK(IsOp(r.op), "Backend: there is no such op");
  io_uring_sqe* sqe = NextSqe();
  switch (r.op) {
    case Op::kRead:
    case Op::kWrite:
    case Op::kWriteBack:
      PrepareScalar(sqe, r);
      break;
    case Op::kReadv:
      io_uring_prep_readv(sqe, r.fd, r.iovecs, r.iovec_count, r.offset);
      break;
    case Op::kWritev:
      io_uring_prep_writev(sqe, r.fd, r.iovecs, r.iovec_count, r.offset);
      break;
    case Op::kFsync:
      io_uring_prep_fsync(sqe, r.fd, 0);
      break;
    case Op::kFdatasync:
      io_uring_prep_fsync(sqe, r.fd, IORING_FSYNC_DATASYNC);
      break;
    case Op::kNoOp:
      io_uring_prep_nop(sqe);
      break;
  }
  if (IsRead(r.op) || IsWrite(r.op)) sqe->rw_flags = r.flags;
  if (r.op != Op::kNoOp && files_.Has(r.fd)) sqe->flags |= IOSQE_FIXED_FILE;
  io_uring_sqe_set_data(sqe, job);
}

// A read, a write or a write-back.
void UringBackend::PrepareScalar(io_uring_sqe* sqe, const Request& r) const {
  char* data = r.buffer + r.transferred;
  const int64_t offset = r.offset + static_cast<int64_t>(r.transferred);
  const unsigned length = static_cast<unsigned>(r.length - r.transferred);
  const int slab = SlabOf(data, length);
  if (IsRead(r.op)) {
    if (slab < 0) return io_uring_prep_read(sqe, r.fd, data, length, offset);
    io_uring_prep_read_fixed(sqe, r.fd, data, length, offset, slab);
  } else {
    if (slab < 0) return io_uring_prep_write(sqe, r.fd, data, length, offset);
    io_uring_prep_write_fixed(sqe, r.fd, data, length, offset, slab);
  }
}

// Empties the submission ring: the kernel takes or refuses each entry.  Ends,
// since each round removes an entry unless a signal interrupts it.
void UringBackend::Submit() {
  while (io_uring_sq_ready(&ring_) > 0) {
    const int count = io_uring_submit(&ring_);
    if (count <= 0 && count != -EINTR) return RefuseUnsubmitted();
  }
}

void UringBackend::Signal() {
  if (event_fd_ >= 0) eventfd_write(event_fd_, 1);
}

// Refuses the requests in the submission ring, and drops its cancels.  The
// kernel reads the ring only inside calls to this backend, so its tail may move
// back.
void UringBackend::RefuseUnsubmitted() {
  io_uring_sq& sq = ring_.sq;
  for (unsigned i = *sq.khead; i != *sq.ktail; ++i) {
    Job* job = reinterpret_cast<Job*>(
        static_cast<uintptr_t>(sq.sqes[i & *sq.kring_mask].user_data));
    if (job == nullptr) continue;
    AddCompletion(job->request, kRefused, &finished_);
    jobs_.Recycle(job);
  }
  *sq.ktail = sq.sqe_head = sq.sqe_tail = *sq.khead;
}

// The index of the slab that contains all `size` bytes; -1: none does.
int UringBackend::SlabOf(const char* data, size_t size) const {
  for (size_t i = 0; i < slabs_.size(); ++i) {
    const Slab& slab = slabs_[i];
    if (slab.data != nullptr && data >= slab.data &&
        data + size <= slab.data + slab.size) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

io_uring_sqe* UringBackend::NextSqe() {
  if (io_uring_sq_space_left(&ring_) == 0) Submit();
  return io_uring_get_sqe(&ring_);
}

size_t UringBackend::ReapFromKernel() {
  io_uring_cqe* cqes[kReapBatchMax];
  const unsigned count = io_uring_peek_batch_cqe(&ring_, cqes, kReapBatchMax);
  for (unsigned i = 0; i < count; ++i) HandleCqe(*cqes[i]);
  io_uring_cq_advance(&ring_, count);
  return count;
}

void UringBackend::HandleCqe(const io_uring_cqe& cqe) {
  Job* job = static_cast<Job*>(io_uring_cqe_get_data(&cqe));
  if (job == nullptr) return;  // The cqe of a cancel.
  AddCompletion(job->request, cqe.res, &finished_);
  jobs_.Recycle(job);
}

// Submits what StartBeforeReap() has left, and blocks until `count` completions
// can be reaped; false: `deadline` has passed.  EBUSY: the completion ring has
// overflowed; there is something to reap.
bool UringBackend::WaitForCompletions(size_t count, Deadline deadline) {
  int result;
  do {
    timespec storage;
    const timespec* left = TimeLeft(deadline, &storage);
    __kernel_timespec timeout = {};
    if (left != nullptr) timeout = {left->tv_sec, left->tv_nsec};
    io_uring_cqe* cqe;
    result = io_uring_submit_and_wait_timeout(
        &ring_, &cqe, static_cast<unsigned>(count),
        left == nullptr ? nullptr : &timeout, nullptr);
  } while (result == -EINTR);
  const bool refused =
      result < 0 && result != -ETIME && io_uring_sq_ready(&ring_) > 0;
  if (refused) {
    RefuseUnsubmitted();
    return true;
  }
  UASIO_CHECK(result >= 0 || result == -ETIME || result == -EBUSY,
              "uring: io_uring_enter() failed with requests in flight");
  return result != -ETIME;
}

}  // namespace uasio
