// libucw's asio on the work queues of "ucw/workqueue.h", and a pool of one
// thread.
//
// The one thread keeps the order: it performs the requests of all queues one by
// one, each at the fd's own position.  UcwRequest::state is used only by the
// thread that uses the queue.

#define CONFIG_UCW_CLEAN_ABI

#include "ucw/asio.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "asio/buffer.h"
#include "asio/compat/ucw/plain_names.h"
#include "asio/errors.h"
#include "asio/request.h"
#include "asio/syscalls/transfer.h"
#include "ucw/uasio-writeback.h"
#include "workqueue/check.h"
#include "workqueue/mutex.h"
#include "workqueue/per_process.h"
#include "workqueue/signals_blocked.h"

namespace uasio {
namespace {

constexpr unsigned kStackBytes = 64 << 10;

// The state of an asio_request.
enum class UcwState {
  kIdle,     // On idle_list.
  kOwned,    // The caller's, from asio_get() or asio_wait().
  kRunning,  // Submitted and not reaped; or passed to the handler.
  kDone,     // On done_list.
};

// An asio_request as asio_get() allocates it.
struct UcwRequest : asio_request {
  UcwState state = UcwState::kIdle;
  Buffer memory;          // What `buffer` points to.
  int64_t began_at = -1;  // Offset of a failed write-back; -1: unknown.
};

// The pool of all queues of a process.
struct SharedPool {
  Mutex mutex;
  unsigned users ABSL_GUARDED_BY(mutex) = 0;
  worker_pool pool = {};  // Has one thread, while users > 0.
};
PerProcess<SharedPool> shared_pool;

std::atomic<asio_writeback_handler*> writeback_handler{nullptr};
thread_local bool in_writeback_handler = false;

worker_pool* AcquirePool() {
  SharedPool* const shared = shared_pool.Get();
  MutexLock lock(&shared->mutex);
  if (shared->users++ == 0) {
    shared->pool.num_threads = 1;
    shared->pool.stack_size = kStackBytes;
    const SignalsBlocked no_eintr;  // The thread inherits the mask.
    worker_pool_init(&shared->pool);
  }
  return &shared->pool;
}

// False in a forked child, for a queue of its parent.
bool IsOfThisProcess(const asio_queue& q) {
  SharedPool* const shared = shared_pool.GetIfMade();
  return shared != nullptr && q.queue.pool == &shared->pool;
}

void ReleasePool() {
  SharedPool* const shared = shared_pool.Get();
  MutexLock lock(&shared->mutex);
  if (--shared->users == 0) worker_pool_cleanup(&shared->pool);
}

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "uasio: %s\n", why.c_str());
  std::exit(1);
}

UcwRequest* RequestOf(cnode* node) {
  return static_cast<UcwRequest*>(reinterpret_cast<asio_request*>(node));
}

UcwRequest* NewRequest(asio_queue* q) {
  auto* r = new UcwRequest();
  r->queue = q;
  r->memory = Buffer::Allocate(q->buffer_size);
  if (r->memory.empty()) {
    Die(absl::StrCat("asio_get: no memory for a buffer of ", q->buffer_size,
                     " bytes"));
  }
  return r;
}

bool HasFailed(const asio_request& r) {
  return r.status < 0 || static_cast<unsigned>(r.status) != r.len;
}

// Where the failed write of `r` began, or -1.
int64_t BeganAt(const asio_request& r) {
  const bool appended_nothing =
      r.status <= 0 && (fcntl(r.fd, F_GETFL) & O_APPEND) != 0;
  const off_t position = lseek(r.fd, 0, SEEK_CUR);
  if (appended_nothing || position < 0) return -1;
  return r.status < 0 ? position : position - r.status;
}

// Runs in the pool's thread.
void PerformRequest(worker_thread*, work* w) {
  UcwRequest* r = RequestOf(&w->n);
  const ssize_t n = r->op == ASIO_READ ? read(r->fd, r->buffer, r->len)
                                       : write(r->fd, r->buffer, r->len);
  r->returned_errno = n < 0 ? errno : 0;
  r->status = static_cast<int>(n);
  if (r->op == ASIO_WRITE_BACK && HasFailed(*r)) r->began_at = BeganAt(*r);
}

std::string FailureMessage(const UcwRequest& r) {
  if (r.status < 0) {
    Request failed;
    failed.op = Op::kWriteBack;
    failed.fd = r.fd;
    failed.offset = r.began_at >= 0 ? r.began_at : kFilePosition;
    failed.buffer = reinterpret_cast<char*>(r.buffer);
    failed.length = r.len;
    failed.result = -r.returned_errno;
    failed.traits = GetFdTraits(r.fd);
    return std::string(failed.status().message());
  }
  const std::string where = r.began_at >= 0
                                ? absl::StrCat("offset ", r.began_at)
                                : "the file position";
  return absl::StrCat("write-back of ", r.len, " bytes at ", where, " on ",
                      FdWords(r.fd), ": only ", r.status,
                      " were written; the disk is full, or the file is at its "
                      "size limit");
}

void ReportFailure(UcwRequest* r) {
  asio_writeback_handler* handler = writeback_handler.load();
  if (handler == nullptr) Die(FailureMessage(*r));
  in_writeback_handler = true;
  handler(r, r->began_at);
  in_writeback_handler = false;
}

void Recycle(UcwRequest* r) {
  r->state = UcwState::kIdle;
  --r->queue->allocated_requests;
  clist_add_tail(&r->queue->idle_list, &r->work.n);
}

// Waits for the next request to finish, and moves it to done_list, or to
// idle_list if it is a write-back.  False: nothing is running.
bool Reap(asio_queue* q) {
  UASIO_CHECK(!in_writeback_handler,
              "asio: the handler of failed write-backs must not wait");
  work* w = work_wait(&q->queue);
  if (w == nullptr) return false;
  UcwRequest* r = RequestOf(&w->n);
  --q->running_requests;
  if (r->op != ASIO_WRITE_BACK) {
    r->submitted = 0;
    r->state = UcwState::kDone;
    clist_add_tail(&q->done_list, &r->work.n);
    return true;
  }
  --q->running_writebacks;
  if (HasFailed(*r)) ReportFailure(r);
  r->submitted = 0;
  Recycle(r);
  return true;
}

// In C an enum may hold any number; C++ must not read such a number as an enum.
bool IsOperation(const asio_op& op) {
  int number;
  std::memcpy(&number, &op, sizeof(number));
  return number == ASIO_READ || number == ASIO_WRITE ||
         number == ASIO_WRITE_BACK;
}

// Not checked if the caller set another buffer, whose size is not known here.
bool FitsBuffer(const UcwRequest& r) {
  if (reinterpret_cast<char*>(r.buffer) != r.memory.data()) return true;
  return r.len <= r.queue->buffer_size && r.len <= r.memory.size();
}

void CheckSubmit(const UcwRequest& r) {
  UASIO_CHECK(r.state != UcwState::kRunning,
              "asio_submit: the request is running; it was submitted before");
  UASIO_CHECK(
      r.state == UcwState::kOwned,
      "asio_submit: the request is not yours; asio_get() or asio_wait() "
      "it first");
  UASIO_CHECK(IsOperation(r.op),
              "asio_submit: op must be ASIO_READ, ASIO_WRITE or "
              "ASIO_WRITE_BACK");
  UASIO_CHECK(FitsBuffer(r),
              "asio_submit: len exceeds the queue's buffer_size");
}

void WaitForRoom(asio_queue* q) {
  UASIO_CHECK(q->max_writebacks > 0,
              "asio_submit: a write-back, but the queue's max_writebacks is 0");
  while (q->running_writebacks >= q->max_writebacks) Reap(q);
  ++q->running_writebacks;
}

}  // namespace
}  // namespace uasio

using uasio::UcwRequest;
using uasio::UcwState;

void asio_init_queue(struct asio_queue* q) {
  UASIO_CHECK(q->buffer_size > 0, "asio_init_queue: buffer_size must not be 0");
  q->allocated_requests = q->running_requests = q->running_writebacks = 0;
  q->use_count = 0;
  clist_init(&q->idle_list);
  clist_init(&q->done_list);
  work_queue_init(uasio::AcquirePool(), &q->queue);
}

void asio_cleanup_queue(struct asio_queue* q) {
  const bool is_ours = uasio::IsOfThisProcess(*q);
  UASIO_CHECK(!is_ours || q->running_requests == 0,
              "asio_cleanup_queue: requests are running; asio_sync() first");
  UASIO_CHECK(
      !is_ours || q->allocated_requests == 0,
      "asio_cleanup_queue: requests were not put; asio_put() them first");
  while (void* node = clist_remove_head(&q->idle_list)) {
    delete uasio::RequestOf(static_cast<cnode*>(node));
  }
  work_queue_cleanup(&q->queue);
  if (is_ours) uasio::ReleasePool();
}

struct asio_request* asio_get(struct asio_queue* q) {
  UASIO_CHECK(uasio::IsOfThisProcess(*q),
              "asio_get: a forked child must not use its parent's queue");
  void* node = clist_remove_head(&q->idle_list);
  UcwRequest* r = node != nullptr ? uasio::RequestOf(static_cast<cnode*>(node))
                                  : uasio::NewRequest(q);
  r->state = UcwState::kOwned;
  r->buffer = reinterpret_cast<byte*>(r->memory.data());
  r->fd = -1;
  r->op = ASIO_FREE;
  r->len = 0;
  r->status = -1;
  r->returned_errno = -1;
  r->submitted = 0;
  ++q->allocated_requests;
  return r;
}

void asio_submit(struct asio_request* request) {
  UcwRequest* r = static_cast<UcwRequest*>(request);
  uasio::CheckSubmit(*r);
  asio_queue* q = r->queue;
  if (r->op == ASIO_WRITE_BACK) uasio::WaitForRoom(q);
  r->state = UcwState::kRunning;
  r->submitted = 1;
  r->work.priority = 0;
  r->work.go = &uasio::PerformRequest;
  ++q->running_requests;
  work_submit(&q->queue, &r->work);
}

struct asio_request* asio_wait(struct asio_queue* q) {
  void* node;
  while ((node = clist_remove_head(&q->done_list)) == nullptr) {
    if (!uasio::Reap(q)) return nullptr;
  }
  UcwRequest* r = uasio::RequestOf(static_cast<cnode*>(node));
  r->state = UcwState::kOwned;
  return r;
}

void asio_put(struct asio_request* request) {
  UcwRequest* r = static_cast<UcwRequest*>(request);
  UASIO_CHECK(r->state != UcwState::kRunning,
              "asio_put: the request is running");
  UASIO_CHECK(r->state != UcwState::kDone,
              "asio_put: the request is finished, but not waited for");
  UASIO_CHECK(r->state == UcwState::kOwned,
              "asio_put: the request was put before");
  uasio::Recycle(r);
}

void asio_sync(struct asio_queue* q) {
  while (uasio::Reap(q)) {
  }
}

asio_writeback_handler* asio_on_failed_writeback(
    asio_writeback_handler* handler) {
  return uasio::writeback_handler.exchange(handler);
}

UCW_ALSO_PLAIN(asio_cleanup_queue);
UCW_ALSO_PLAIN(asio_get);
UCW_ALSO_PLAIN(asio_init_queue);
UCW_ALSO_PLAIN(asio_on_failed_writeback);
UCW_ALSO_PLAIN(asio_put);
UCW_ALSO_PLAIN(asio_submit);
UCW_ALSO_PLAIN(asio_sync);
UCW_ALSO_PLAIN(asio_wait);
