#include "asio/compat/libaio/submission.h"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

#include "asio/compat/libaio/admission.h"
#include "asio/compat/libaio/control_blocks.h"
#include "asio/syscalls/perform.h"
#include "workqueue/write_signals_blocked.h"

namespace uasio {
namespace libaio {
namespace {

// One call of io_submit().  Keeps the facts of the last fd, and hands all jobs
// for the pool over in one batch, at its end.
class Submission {
 public:
  explicit Submission(Context* context) : context_(context) {}
  ~Submission() {
    if (!batch_.empty()) context_->engine()->pool.Submit(&batch_);
  }

  // Returns 0 or an errno; after an error nothing is submitted.
  int SubmitOne(const iocb& block, iocb* user_block);

 private:
  int Prepare(const iocb& block, iocb* user_block, Job* job);
  int Start(Job* job);
  void Count(const Job& job);

  Context* const context_;
  FdFacts facts_ = {-1, 0, 0, 0, false};
  WorkList batch_;
};

int Submission::SubmitOne(const iocb& block, iocb* user_block) {
  if (int error = CheckFields(block)) return error;
  Job* job;
  if (int error = context_->NewJob(&job)) return error;
  int error = Prepare(block, user_block, job);
  if (error == 0) error = Start(job);
  if (error != 0) context_->Drop(job);
  return error;
}

int Submission::Prepare(const iocb& block, iocb* user_block, Job* job) {
  const int fd = static_cast<int>(block.aio_fildes);
  if (fd != facts_.fd || fd < 0) {
    if (int error = GetFdFacts(fd, &facts_)) return error;
  }
  if ((block.aio_flags & IOCB_FLAG_RESFD) != 0) {
    const int event_fd = static_cast<int>(block.aio_resfd);
    if (int error = context_->AddDoorbell(job, event_fd)) return error;
  }
  if (!WriteKey(block, user_block)) return EFAULT;
  job->event = {block.aio_data, reinterpret_cast<uint64_t>(user_block), 0, 0};
  return Admit(block, facts_, job);
}

// The errno that the kernel returns for a poll that cannot be watched.
int PollError(int error) {
  if (error == 0 || error == EBADF) return error;
  return error == EPERM ? EINVAL : EAGAIN;
}

// Completes cached reads and RWF_NOWAIT transfers inline; all else goes to the
// epoll thread or the pool.  On O_DIRECT RWF_NOWAIT waits for the device all
// the same, so the pool performs it.
int Submission::Start(Job* job) {
  Engine* const engine = context_->engine();
  if (job->kind == Job::Kind::kPoll) {
    const int error = context_->StartPoll(job);
    if (error == 0) Engine::Count(&engine->polls);
    return PollError(error);
  }
  Transfer* const t = &job->transfer;
  if ((t->flags & RWF_NOWAIT) != 0 && !t->traits.direct) {
    const WriteSignalsBlocked signals_blocked(IsWrite(t->op));
    const int64_t result = Perform(t);
    if (result == -EOPNOTSUPP) return EOPNOTSUPP;
    Count(*job);
    context_->Finish(job, t->done > 0 ? static_cast<int64_t>(t->done) : result);
    return 0;
  }
  Count(*job);
  if (engine->options.cached_reads && SuitsReadIfCached(*t) &&
      context_->cached_reads()->IsWorthTrying()) {
    const int64_t result = ReadIfCached(t);
    context_->cached_reads()->Learn(result >= 0);
    if (result >= 0) {
      Engine::Count(&engine->cached);
      context_->Finish(job, result);
      return 0;
    }
  }
  job->priority = 0;
  job->reply_to = nullptr;
  batch_.AddTail(job);
  return 0;
}

void Submission::Count(const Job& job) {
  Engine* const engine = context_->engine();
  const Op op = job.transfer.op;
  Engine::Count(IsRead(op)    ? &engine->reads
                : IsWrite(op) ? &engine->writes
                              : &engine->syncs);
}

}  // namespace

int64_t Submit(Context* context, int64_t count, iocb* const* user_blocks) {
  if (count < 0) return -EINVAL;
  count = std::min<int64_t>(count, context->capacity() + 1);
  Submission submission(context);
  IocbReader reader;
  for (int64_t i = 0; i < count; ++i) {
    iocb block;
    iocb* user_block;
    const int error = reader.Read(user_blocks + i, &user_block, &block)
                          ? submission.SubmitOne(block, user_block)
                          : EFAULT;
    if (error != 0) return i > 0 ? i : -error;
  }
  return count;
}

}  // namespace libaio
}  // namespace uasio
