// The syslet of a file.  It reads until its buffer is half full (so that the
// next read would fit) and ends there; the file stays open.  When the bytes are
// in the checksum, it is executed again, from its read on.  At the end of file
// it closes the file.
//
//   open --> fstat --> read --> cursor += bytes --> excess += bytes
//     |                 ^  |                          |        |
//   failed              |  nothing, or failed         |   not negative:
//                       |  '--> close                 |   half full
//                       '------------- negative ------'

#include "tools/sum/file_sums.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "asio/syslets/builder.h"
#include "tools/sum/ordered_dispatcher.h"
#include "tools/sum/sha256.h"
#include "workqueue/check.h"

namespace uasio {
namespace {

// From this size on, a file is worth a posix_fadvise(2), for more read-ahead.
constexpr off_t kLongFileBytes = 1 << 20;

// How many files are started before completions are reaped.  Cached files
// finish when they are started; an unlimited run of them would delay the
// others.
constexpr size_t kBatchMax = 64;

constexpr absl::string_view kStandardInput = "-";

using Files = OrderedDispatcher<FileToSum, FileSum>;

// A syslet, its buffer and its checksum: sums one file, and then the next.
class Slot {
 public:
  Slot() : buffer_(new char[2 * kSumReadBytes]) {
    using syslets::Var;
    SysletBuilder builder;
    builder.Call(SYS_openat, {AT_FDCWD, Var(&path_), O_RDONLY | O_CLOEXEC})
        .Returns(&fd_)
        .If(SYSLET_STOP_ON_NEGATIVE);
    builder.Call(SYS_fstat, {Var(&fd_), &info_}).Then(kRead);
    builder.Call(SYSLET_NR_UMEM_ADD, {&cursor_, Var(&bytes_)});
    builder.Call(SYSLET_NR_UMEM_ADD, {&excess_, Var(&bytes_)})
        .If(SYSLET_STOP_ON_NEGATIVE | SYSLET_SKIP_TO_NEXT_ON_STOP)
        .Ends();
    builder.Call(SYS_read, {Var(&fd_), Var(&cursor_), kSumReadBytes})
        .Returns(&bytes_)
        .If(SYSLET_STOP_ON_NON_POSITIVE | SYSLET_SKIP_TO_NEXT_ON_STOP)
        .Then(kAdvance);
    builder.Call(SYS_close, {Var(&fd_)});
    syslet_ = builder.Build();
    for (size_t i = 0; i < syslet_.size(); ++i) syslet_.at(i)->private_ = this;
  }

  // Returns the atom to execute.
  syslet_uatom* Start(Files::Ticket ticket) {
    ticket_ = std::move(ticket);
    fd_ = bytes_ = 0;
    Rewind();
    if (ticket_.item.name != kStandardInput) {
      path_ = ticket_.item.name.c_str();
      return syslet_.first();
    }
    info_.st_size = 0;
    // A duplicate, because the syslet closes its fd.
    fd_ = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    if (fd_ < 0) fd_ = -errno;
    return syslet_.at(fd_ < 0 ? kClose : kRead);
  }

  // Takes the final atom of an execution.  Returns the atom to execute next, or
  // nullptr if the file is done.
  syslet_uatom* Continue(const syslet_uatom* last) {
    sum_.Add(buffer_.get(), static_cast<size_t>(cursor_ - buffer_.get()));
    if (syslet_.IndexOf(last) != kFilled) return nullptr;
    if (std::exchange(info_.st_size, 0) >= kLongFileBytes) {
      posix_fadvise(static_cast<int>(fd_), 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    Rewind();
    return syslet_.at(kRead);
  }

  // Returns the file's result.
  // REQUIRES: the file is done.
  void Return(Files* files) {
    FileSum sum;
    sum.digest = sum_.Finish();
    sum.error = static_cast<int>(-std::min({fd_, bytes_, 0L}));
    sum.file = std::move(ticket_.item);
    files->Return(ticket_.number, std::move(sum));
  }

 private:
  // Indices of atoms, in the order of memory.  The two that skip are followed
  // by the atom that they skip to.
  static constexpr size_t kAdvance = 2;
  static constexpr size_t kFilled = 3;
  static constexpr size_t kRead = 4;
  static constexpr size_t kClose = 5;

  void Rewind() {
    cursor_ = buffer_.get();
    excess_ = -static_cast<long>(kSumReadBytes);
  }

  const std::unique_ptr<char[]> buffer_;
  Files::Ticket ticket_;
  Sha256 sum_;
  Syslet syslet_;
  const char* path_ = nullptr;
  long fd_ = 0;
  struct stat info_;  // st_size is 0 after the posix_fadvise().
  long bytes_ = 0;
  char* cursor_ = nullptr;
  long excess_ = 0;
};

// What each thread runs: keeps up to `depth` files in flight, and computes the
// checksums.
class Hasher {
 public:
  Hasher(Files* files, size_t depth) : files_(files), depth_(depth) {}

  absl::Status Run() {
    SysletHeadOptions options;
    options.slots = depth_;
    absl::StatusOr<std::unique_ptr<SysletHead>> head =
        SysletHead::Register(options);
    if (!head.ok()) return head.status();
    while (true) {
      const Started started = StartMore(head->get());
      if (started == Started::kAll && running_ == 0) return absl::OkStatus();
      // Waits for several, to have fewer wake-ups.
      const size_t min = std::max<size_t>(running_ / 2, 1);
      (*head)->Wait(started == Started::kBatch ? 0 : min);
      ReapFinished(head->get());
    }
  }

 private:
  enum class Started {
    kBatch,    // kBatchMax files; more could be started.
    kAtBound,  // As many as the bounds allow.
    kAll,      // There are no more files.
  };

  Started StartMore(SysletHead* head) {
    for (size_t i = 0; running_ < depth_; ++i) {
      if (i >= kBatchMax && running_ > 0) return Started::kBatch;
      Files::Ticket ticket;
      const Taken taken = files_->Take(/*may_wait=*/running_ == 0, &ticket);
      if (taken == Taken::kEnd) return Started::kAll;
      if (taken == Taken::kAtBound) return Started::kAtBound;
      Slot* slot = GetIdleSlot();
      Execute(head, slot, slot->Start(std::move(ticket)));
    }
    return Started::kAtBound;
  }

  // Makes a new slot if none is idle.
  Slot* GetIdleSlot() {
    if (idle_.empty()) return &slots_.emplace_back();
    Slot* slot = idle_.back();
    idle_.pop_back();
    return slot;
  }

  void ReapFinished(SysletHead* head) {
    while (syslet_uatom* last = head->Take()) {
      --running_;
      Slot* slot = static_cast<Slot*>(last->private_);
      Execute(head, slot, slot->Continue(last));
    }
  }

  // Executes the slot's syslet from `next` on, until it has gone to a worker or
  // the file is done.
  void Execute(SysletHead* head, Slot* slot, syslet_uatom* next) {
    while (next != nullptr) {
      const absl::StatusOr<syslet_uatom*> last = head->Exec(next);
      UASIO_CHECK(last.ok(),
                  "asio_sum: the syslet head has a slot for each file in "
                  "flight");
      if (*last == nullptr) {
        ++running_;
        return;
      }
      next = slot->Continue(*last);
    }
    slot->Return(files_);
    idle_.push_back(slot);
  }

  Files* const files_;
  const size_t depth_;
  std::deque<Slot> slots_;
  std::vector<Slot*> idle_;
  size_t running_ = 0;
};

// Splits the files into groups, so that each has standard input at most once:
// two syslets must not read it at the same time.
class FileGroups {
 public:
  explicit FileGroups(std::function<std::optional<FileToSum>()> next)
      : next_(std::move(next)) {}

  // Returns the next file of the group; nullopt: there is none.
  std::optional<FileToSum> Next() {
    if (held_.has_value()) return std::nullopt;
    if (first_.has_value()) return std::exchange(first_, std::nullopt);
    std::optional<FileToSum> file = next_();
    if (!file.has_value() || !IsStandardInput(file->name)) return file;
    if (!std::exchange(has_standard_input_, true)) return file;
    held_ = std::move(file);
    return std::nullopt;
  }

  // Starts the next group.  Returns false if there is none.
  bool NextGroup() {
    first_ = std::exchange(held_, std::nullopt);
    return first_.has_value();
  }

 private:
  const std::function<std::optional<FileToSum>()> next_;
  std::optional<FileToSum> held_;   // The first file of the next group.
  std::optional<FileToSum> first_;  // That of this group, until it is returned.
  bool has_standard_input_ = false;
};

absl::Status SumGroup(const SumOptions& options, FileGroups* groups,
                      const std::function<void(const FileSum& sum)>& deliver) {
  Files files(
      std::max(kSumsAheadMax, options.depth),
      [groups] { return groups->Next(); }, deliver);
  const size_t threads = std::min(options.threads, options.depth);
  std::vector<absl::Status> statuses(threads);
  std::vector<std::thread> running;
  for (absl::Status& status : statuses) {
    running.emplace_back([&files, &status, depth = options.depth / threads] {
      status = Hasher(&files, depth).Run();
    });
  }
  absl::Status all;
  for (size_t i = 0; i < threads; ++i) {
    running[i].join();
    all.Update(statuses[i]);
  }
  return all;
}

}  // namespace

bool IsStandardInput(absl::string_view name) {
  return name == kStandardInput || name == "/dev/stdin" ||
         name == "/dev/fd/0" || name == "/proc/self/fd/0";
}

absl::Status SumFiles(const SumOptions& options,
                      std::function<std::optional<FileToSum>()> next,
                      std::function<void(const FileSum& sum)> deliver) {
  FileGroups groups(std::move(next));
  absl::Status status;
  do {
    status = SumGroup(options, &groups, deliver);
  } while (status.ok() && groups.NextGroup());
  return status;
}

}  // namespace uasio
