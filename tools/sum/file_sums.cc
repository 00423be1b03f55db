// One file's syslet.  It reads until its buffer is half full, so that a read
// always fits, and ends there with the file open, to be gone on with when the
// bytes are in the checksum; at the end of the file it closes it.
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
#include "tools/sum/conveyor.h"
#include "tools/sum/sha256.h"
#include "workqueue/check.h"

namespace uasio {
namespace {

// One that is as long is worth a call that has the kernel read further ahead.
constexpr off_t kLongFileBytes = 1 << 20;

// How many files are begun before those that have finished are seen to: files
// that are cached are done at once, and would keep the others waiting.
constexpr size_t kBeginMax = 64;

constexpr absl::string_view kStandardInput = "-";

using Files = Conveyor<FileToSum, FileSum>;

// A file on its way, and then another one.
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

  // Returns the atom to be executed.
  syslet_uatom* Begin(Files::Ticket ticket) {
    ticket_ = std::move(ticket);
    fd_ = bytes_ = 0;
    Rewind();
    if (ticket_.thing.name != kStandardInput) {
      path_ = ticket_.thing.name.c_str();
      return syslet_.first();
    }
    info_.st_size = 0;
    // The syslet closes what it has read.
    fd_ = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    if (fd_ < 0) fd_ = -errno;
    return syslet_.at(fd_ < 0 ? kClose : kRead);
  }

  // With the final atom of an execution: the atom to be executed next; nullptr:
  // the file is done.
  syslet_uatom* GoOn(const syslet_uatom* last) {
    sum_.Add(buffer_.get(), static_cast<size_t>(cursor_ - buffer_.get()));
    if (syslet_.IndexOf(last) != kFilled) return nullptr;
    if (std::exchange(info_.st_size, 0) >= kLongFileBytes) {
      posix_fadvise(static_cast<int>(fd_), 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    Rewind();
    return syslet_.at(kRead);
  }

  // REQUIRES: it is done.
  void Return(Files* files) {
    FileSum sum;
    sum.digest = sum_.Finish();
    sum.error = static_cast<int>(-std::min({fd_, bytes_, 0L}));
    sum.file = std::move(ticket_.thing);
    files->Return(ticket_.number, std::move(sum));
  }

 private:
  // Indices of atoms, in the order in which they stand in memory: behind the
  // two that skip, there is what they skip to.
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
  struct stat info_;  // st_size: 0 again once the kernel is advised.
  long bytes_ = 0;
  char* cursor_ = nullptr;
  long excess_ = 0;
};

// A thread that keeps its slots busy, and computes.
class Summer {
 public:
  Summer(Files* files, size_t depth) : files_(files), depth_(depth) {}

  absl::Status Run() {
    SysletHeadOptions options;
    options.slots = depth_;
    absl::StatusOr<std::unique_ptr<SysletHead>> head =
        SysletHead::Register(options);
    if (!head.ok()) return head.status();
    while (true) {
      const Begun begun = BeginMore(head->get());
      if (begun == Begun::kAll && running_ == 0) return absl::OkStatus();
      // Some at a time, so that this thread does not wake for each.
      const size_t min = std::max<size_t>(running_ / 2, 1);
      (*head)->Wait(begun == Begun::kSome ? 0 : min);
      TakeFinished(head->get());
    }
  }

 private:
  enum class Begun {
    kSome,    // More could be, but it is time to see what has finished.
    kEnough,  // As many as can be now.
    kAll,     // There are no more files.
  };

  Begun BeginMore(SysletHead* head) {
    for (size_t i = 0; running_ < depth_; ++i) {
      if (i >= kBeginMax && running_ > 0) return Begun::kSome;
      Files::Ticket ticket;
      const Taken taken = files_->Take(/*may_wait=*/running_ == 0, &ticket);
      if (taken == Taken::kEnd) return Begun::kAll;
      if (taken == Taken::kLater) return Begun::kEnough;
      Slot* slot = TakeIdle();
      Drive(head, slot, slot->Begin(std::move(ticket)));
    }
    return Begun::kEnough;
  }

  // A new one, if there is none: there are no more than have been needed.
  Slot* TakeIdle() {
    if (idle_.empty()) return &slots_.emplace_back();
    Slot* slot = idle_.back();
    idle_.pop_back();
    return slot;
  }

  void TakeFinished(SysletHead* head) {
    while (syslet_uatom* last = head->Take()) {
      --running_;
      Slot* slot = static_cast<Slot*>(last->private_);
      Drive(head, slot, slot->GoOn(last));
    }
  }

  // Executes what is next in the slot, until that has gone to a worker or the
  // file is done.
  void Drive(SysletHead* head, Slot* slot, syslet_uatom* next) {
    while (next != nullptr) {
      const absl::StatusOr<syslet_uatom*> last = head->Exec(next);
      UASIO_CHECK(last.ok(),
                  "asio_sum: a head with as many slots as files in flight has "
                  "room for each");
      if (*last == nullptr) {
        ++running_;
        return;
      }
      next = slot->GoOn(*last);
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

// The files up to the second one that is standard input, which two must not
// read at a time; after NextPart(), those that follow.
class Parts {
 public:
  explicit Parts(std::function<std::optional<FileToSum>()> next)
      : next_(std::move(next)) {}

  std::optional<FileToSum> Next() {
    if (held_.has_value()) return std::nullopt;
    if (first_.has_value()) return std::exchange(first_, std::nullopt);
    std::optional<FileToSum> file = next_();
    if (!file.has_value() || !NamesStandardInput(file->name)) return file;
    if (!std::exchange(has_standard_input_, true)) return file;
    held_ = std::move(file);
    return std::nullopt;
  }

  // False: there is none.
  bool NextPart() {
    first_ = std::exchange(held_, std::nullopt);
    return first_.has_value();
  }

 private:
  const std::function<std::optional<FileToSum>()> next_;
  std::optional<FileToSum> held_;   // For the next part,
  std::optional<FileToSum> first_;  // which begins with it.
  bool has_standard_input_ = false;
};

absl::Status SumPart(const SumOptions& options, Parts* parts,
                     const std::function<void(const FileSum& sum)>& deliver) {
  Files files(
      std::max(kSumsAheadMax, options.depth), [parts] { return parts->Next(); },
      deliver);
  const size_t threads = std::min(options.threads, options.depth);
  std::vector<absl::Status> statuses(threads);
  std::vector<std::thread> running;
  for (absl::Status& status : statuses) {
    running.emplace_back([&files, &status, depth = options.depth / threads] {
      status = Summer(&files, depth).Run();
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

bool NamesStandardInput(absl::string_view name) {
  return name == kStandardInput || name == "/dev/stdin" ||
         name == "/dev/fd/0" || name == "/proc/self/fd/0";
}

absl::Status SumFiles(const SumOptions& options,
                      std::function<std::optional<FileToSum>()> next,
                      std::function<void(const FileSum& sum)> deliver) {
  Parts parts(std::move(next));
  absl::Status status;
  do {
    status = SumPart(options, &parts, deliver);
  } while (status.ok() && parts.NextPart());
  return status;
}

}  // namespace uasio
