#include "tools/bench/small_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <memory>
#include <random>
#include <system_error>
#include <thread>

#include "absl/strings/str_cat.h"
#include "asio/errors.h"
#include "asio/syslets/builder.h"
#include "tools/bench/schedule.h"

namespace uasio::bench {
namespace {

constexpr size_t kFilesInAFolder = 256;

absl::Status WriteFile(const std::string& path, const std::string& contents) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, absl::StrCat("cannot create ", path));
  const ssize_t written = write(fd, contents.data(), contents.size());
  const int error = written < 0 ? errno : ENOSPC;
  close(fd);
  if (written == static_cast<ssize_t>(contents.size())) return absl::OkStatus();
  return ErrnoStatus(error, absl::StrCat("cannot write ", path));
}

absl::Status ReadError(const std::string& path, long result) {
  if (result < 0) {
    return ErrnoStatus(static_cast<int>(-result),
                       absl::StrCat("cannot read ", path));
  }
  return absl::DataLossError(absl::StrCat("cannot read ", path, ": only ",
                                          result, " bytes were read"));
}

// The system calls that every way of reading makes.
absl::Status ReadFile(const std::string& path, char* buffer, size_t bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ReadError(path, -errno);
  struct stat info;
  ssize_t n = fstat(fd, &info);
  if (n == 0) n = read(fd, buffer, bytes);
  const int error = errno;
  close(fd);
  if (n == static_cast<ssize_t>(bytes)) return absl::OkStatus();
  return ReadError(path, n < 0 ? -error : n);
}

// ReadFile() as a syslet, for one file after another.
class SysletReader {
 public:
  explicit SysletReader(size_t bytes) : bytes_(bytes), buffer_(bytes, '\0') {
    using syslets::Var;
    SysletBuilder builder;
    builder.Call(SYS_openat, {AT_FDCWD, Var(&path_), O_RDONLY | O_CLOEXEC})
        .Returns(&fd_)
        .If(SYSLET_STOP_ON_NEGATIVE)
        .Private(this);
    builder.Call(SYS_fstat, {Var(&fd_), &info_}).Private(this);
    builder.Call(SYS_read, {Var(&fd_), buffer_.data(), bytes})
        .Returns(&result_)
        .Private(this);
    builder.Call(SYS_close, {Var(&fd_)}).Private(this);
    syslet_ = builder.Build();
  }

  syslet_uatom* Read(const std::string& path) {
    begun_ns_ = NowNs();
    path_ = path.c_str();
    result_ = 0;
    return syslet_.first();
  }
  int64_t begun_ns() const { return begun_ns_; }
  absl::Status status() const {
    if (fd_ >= 0 && result_ == static_cast<long>(bytes_)) {
      return absl::OkStatus();
    }
    return ReadError(path_, fd_ < 0 ? fd_ : result_);
  }

 private:
  const size_t bytes_;
  std::string buffer_;
  const char* path_ = nullptr;
  int64_t begun_ns_ = 0;
  long fd_ = 0;
  struct stat info_;
  long result_ = 0;
  Syslet syslet_;
};

// Reads all paths with `depth` readers.
class SysletReaders {
 public:
  SysletReaders(const std::vector<std::string>& paths, size_t bytes,
                size_t depth, Histogram* latency)
      : paths_(paths), latency_(latency) {
    for (size_t i = 0; i < depth; ++i) readers_.emplace_back(bytes);
  }

  absl::Status ReadAll(SysletHead* head) {
    for (SysletReader& reader : readers_) StartNext(head, &reader);
    // A quarter at a time: this thread wakes up less often than once per file,
    // and the workers do not run out of syslets.
    while (running_ > 0) {
      head->Wait(std::max<size_t>(running_ / 4, 1));
      while (syslet_uatom* last = head->Take()) {
        --running_;
        SysletReader* reader = static_cast<SysletReader*>(last->private_);
        Finish(*reader);
        StartNext(head, reader);
      }
    }
    return status_;
  }

 private:
  // Reads files until one does not complete inside Exec().
  void StartNext(SysletHead* head, SysletReader* reader) {
    while (next_ < paths_.size() && status_.ok()) {
      absl::StatusOr<syslet_uatom*> last =
          head->Exec(reader->Read(paths_[next_++]));
      status_.Update(last.status());
      if (!last.ok()) return;
      if (*last == nullptr) {
        ++running_;
        return;
      }
      Finish(*reader);
    }
  }

  void Finish(const SysletReader& reader) {
    status_.Update(reader.status());
    if (latency_ != nullptr) latency_->Add(NowNs() - reader.begun_ns());
  }

  const std::vector<std::string>& paths_;
  Histogram* const latency_;
  std::deque<SysletReader> readers_;
  size_t next_ = 0;
  size_t running_ = 0;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<SmallFiles> SmallFiles::Create(const std::string& parent,
                                              size_t count, size_t bytes) {
  std::string folder = parent + "/asio_bench_XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    return ErrnoStatus(errno, absl::StrCat("cannot create ", folder));
  }
  SmallFiles files(folder, bytes);
  const absl::Status status = files.Write(count);
  if (!status.ok()) return status;
  return files;
}

SmallFiles::~SmallFiles() {
  std::error_code ignored;  // A destructor cannot report it.
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

absl::Status SmallFiles::Write(size_t count) {
  std::mt19937_64 random;
  std::string contents(bytes_, '\0');
  std::string folder;
  for (size_t i = 0; i < count; ++i) {
    if (i % kFilesInAFolder == 0) {
      folder = absl::StrCat(folder_, "/", i / kFilesInAFolder);
      if (mkdir(folder.c_str(), 0700) != 0) {
        return ErrnoStatus(errno, absl::StrCat("cannot create ", folder));
      }
    }
    std::generate(contents.begin(), contents.end(),
                  [&] { return static_cast<char>(random()); });
    paths_.push_back(absl::StrCat(folder, "/", i % kFilesInAFolder));
    const absl::Status status = WriteFile(paths_.back(), contents);
    if (!status.ok()) return status;
  }
  std::shuffle(paths_.begin(), paths_.end(), random);
  return absl::OkStatus();
}

absl::Status SmallFiles::DropCaches() {
  sync();
  constexpr char kPath[] = "/proc/sys/vm/drop_caches";
  const int fd = open(kPath, O_WRONLY | O_CLOEXEC);
  const bool dropped = fd >= 0 && write(fd, "3", 1) == 1;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (dropped) return absl::OkStatus();
  return ErrnoStatus(error, absl::StrCat("cannot write ", kPath));
}

absl::Status SmallFiles::ReadTimed(const std::string& path, std::string* buffer,
                                   Histogram* latency) const {
  const int64_t begin_ns = NowNs();
  buffer->resize(bytes_);
  const absl::Status status = ReadFile(path, buffer->data(), bytes_);
  if (latency != nullptr) latency->Add(NowNs() - begin_ns);
  return status;
}

absl::Status SmallFiles::ReadInTurn(Histogram* latency) const {
  std::string buffer;
  for (const std::string& path : paths_) {
    const absl::Status status = ReadTimed(path, &buffer, latency);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SmallFiles::ReadByThreads(size_t threads,
                                       Histogram* latency) const {
  std::atomic<size_t> next{0};
  std::vector<absl::Status> statuses(threads);
  std::vector<Histogram> latencies(threads);
  std::vector<std::thread> running;
  for (size_t i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      std::string buffer;
      size_t file;
      while (statuses[i].ok() && (file = next.fetch_add(1)) < paths_.size()) {
        statuses[i] = ReadTimed(paths_[file], &buffer, &latencies[i]);
      }
    });
  }
  absl::Status all;
  for (size_t i = 0; i < threads; ++i) {
    running[i].join();
    all.Update(statuses[i]);
    if (latency != nullptr) latency->Merge(latencies[i]);
  }
  return all;
}

absl::Status SmallFiles::ReadBySyslets(size_t depth, size_t workers,
                                       Histogram* latency) const {
  SysletHeadOptions options;
  options.slots = depth;
  options.threads_max = workers;
  absl::StatusOr<std::unique_ptr<SysletHead>> head =
      SysletHead::Register(options);
  if (!head.ok()) return head.status();
  return SysletReaders(paths_, bytes_, depth, latency).ReadAll(head->get());
}

}  // namespace uasio::bench
