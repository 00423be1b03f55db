#include "tools/bench/scratch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <random>

#include "absl/strings/str_cat.h"
#include "asio/buffer.h"
#include "asio/errors.h"

namespace uasio::bench {
namespace {

constexpr size_t kFillBytes = 1 << 20;  // Per write, or read.

// Creates a file and unlinks it.
absl::StatusOr<File> CreateNameless(const std::string& path) {
  struct stat info;
  std::string name = path;
  int fd;
  if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    name += "/asio_bench_XXXXXX";
    fd = mkostemp(name.data(), O_CLOEXEC);
  } else {
    fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  }
  if (fd < 0) {
    return ErrnoStatus(errno, absl::StrCat("cannot create ", PathWords(name)));
  }
  unlink(name.c_str());
  return File::Adopt(fd, name);
}

std::string ProcPath(const File& file) {
  return absl::StrCat("/proc/", getpid(), "/fd/", file.fd());
}

// Random bytes that differ in every block, so that no file system can compress
// or deduplicate them.
absl::Status Fill(const File& file, uint64_t size) {
  const Buffer buffer = Buffer::Allocate(kFillBytes);
  if (buffer.empty()) return absl::ResourceExhaustedError("no memory");
  std::mt19937_64 random;
  uint64_t* words = reinterpret_cast<uint64_t*>(buffer.data());
  const size_t word_count = kFillBytes / sizeof(uint64_t);
  std::generate(words, words + word_count, std::ref(random));
  for (uint64_t done = 0; done < size;) {
    for (size_t i = 0; i < word_count; i += 64) words[i] ^= random();
    const ssize_t written = pwrite(file.fd(), buffer.data(),
                                   std::min<uint64_t>(kFillBytes, size - done),
                                   static_cast<off_t>(done));
    if (written <= 0) {
      return ErrnoStatus(errno, absl::StrCat("cannot write ", file.path()));
    }
    done += static_cast<uint64_t>(written);
  }
  if (fsync(file.fd()) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("cannot sync ", file.path()));
}

}  // namespace

absl::StatusOr<ScratchFile> ScratchFile::Create(const std::string& path,
                                                uint64_t size, bool direct) {
  absl::StatusOr<File> nameless = CreateNameless(path);
  if (!nameless.ok()) return nameless.status();
  const absl::Status status = Fill(*nameless, size);
  if (!status.ok()) return status;
  const int flags = O_RDWR | O_CLOEXEC | (direct ? O_DIRECT : 0);
  const int fd = open(ProcPath(*nameless).c_str(), flags);
  if (fd < 0 && direct) {
    return ErrnoStatus(
        errno, absl::StrCat("no direct I/O on ", path, "; use --buffered"));
  }
  if (fd < 0) return ErrnoStatus(errno, absl::StrCat("cannot open ", path));
  return ScratchFile(File::Adopt(fd, nameless->path()));
}

std::string ScratchFile::path() const { return ProcPath(file_); }

absl::Status ScratchFile::MakeCold() const {
  if (fsync(fd()) != 0) return ErrnoStatus(errno, "cannot sync the file");
  const int error = posix_fadvise(fd(), 0, 0, POSIX_FADV_DONTNEED);
  return error == 0 ? absl::OkStatus() : ErrnoStatus(error, "posix_fadvise");
}

absl::Status ScratchFile::MakeWarm() const {
  const Buffer buffer = Buffer::Allocate(kFillBytes);
  ssize_t count;
  off_t offset = 0;
  while ((count = pread(fd(), buffer.data(), kFillBytes, offset)) > 0) {
    offset += count;
  }
  return count == 0 ? absl::OkStatus() : ErrnoStatus(errno, "cannot read");
}

}  // namespace uasio::bench
