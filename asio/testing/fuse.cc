#include "asio/testing/fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "asio/testing/mount.h"

namespace uasio {
namespace {

constexpr uint64_t kFileNode = 2;
constexpr size_t kMaxWrite = 128 << 10;
constexpr size_t kMessageBytes = 1 << 20;

fuse_attr Attributes(uint64_t node, const FuseOptions& options) {
  fuse_attr attr = {};
  attr.ino = node;
  attr.nlink = 1;
  attr.blksize = 4096;
  attr.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644;
  attr.size = options.told_size >= 0 ? static_cast<uint64_t>(options.told_size)
                                     : options.contents.size();
  attr.blocks = (attr.size + 511) / 512;
  return attr;
}

fuse_init_out InitAnswer(const fuse_init_in& in) {
  fuse_init_out out = {};
  out.major = FUSE_KERNEL_VERSION;
  out.minor = FUSE_KERNEL_MINOR_VERSION;
  out.max_readahead = in.max_readahead;
  out.flags = in.flags & FUSE_ASYNC_READ;
  out.max_write = kMaxWrite;
  return out;
}

}  // namespace

FuseFile::FuseFile(FuseOptions options)
    : why_not_(EnterMountNamespace()), options_(std::move(options)) {
  if (why_not_.empty()) Mount();
  if (why_not_.empty()) server_ = std::thread([this] { Serve(); });
}

FuseFile::~FuseFile() {
  if (!server_.joinable()) return;
  // Ends the connection, so that Serve() reads ENODEV.
  umount2(folder_.Path("").c_str(), MNT_FORCE | MNT_DETACH);
  server_.join();
}

void FuseFile::Append(const std::string& bytes) {
  MutexLock lock(&mutex_);
  options_.contents += bytes;
  AnswerReads();
  if (polled_ == 0) return;
  const fuse_notify_poll_wakeup_out wakeup = {std::exchange(polled_, 0)};
  Reply(/*unique=*/0, FUSE_NOTIFY_POLL, &wakeup, sizeof(wakeup));
}

void FuseFile::Release() {
  MutexLock lock(&mutex_);
  options_.holds_reads = false;
  AnswerReads();
}

void FuseFile::Mount() {
  device_ = Fd(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (device_.get() < 0) {
    why_not_ = MayNot("open /dev/fuse");
    return;
  }
  const std::string options = "fd=" + std::to_string(device_.get()) +
                              ",rootmode=40000,user_id=0,group_id=0";
  if (mount("uasio", folder_.Path("").c_str(), "fuse", MS_NOSUID | MS_NODEV,
            options.c_str()) != 0) {
    why_not_ = MayNot("mount a FUSE file system");
  }
}

void FuseFile::Serve() {
  std::vector<char> message(kMessageBytes);
  while (true) {
    const ssize_t n = read(device_.get(), message.data(), message.size());
    if (n < 0 && errno != EINTR && errno != EAGAIN && errno != ENOENT) return;
    if (n < static_cast<ssize_t>(sizeof(fuse_in_header))) continue;
    fuse_in_header in;
    std::memcpy(&in, message.data(), sizeof(in));
    MutexLock lock(&mutex_);
    Handle(in, message.data() + sizeof(in));
  }
}

template <typename T>
void FuseFile::Reply(const fuse_in_header& in, const T& out) const {
  Reply(in.unique, 0, &out, sizeof(out));
}

// A notice, if `unique` is 0: `error` is its number then.
void FuseFile::Reply(uint64_t unique, int error, const void* data,
                     size_t size) const {
  fuse_out_header header = {};
  header.unique = unique;
  header.error = error;
  header.len = static_cast<uint32_t>(sizeof(header) + size);
  const iovec parts[] = {{&header, sizeof(header)},
                         {const_cast<void*>(data), size}};
  // ENOENT: the kernel does not wait for it any more.
  if (writev(device_.get(), parts, 2) < 0) return;
}

bool FuseFile::MayAnswerRead() const {
  return !options_.holds_reads &&
         !(options_.is_log && options_.contents.empty());
}

void FuseFile::AnswerReads() {
  while (!reads_.empty() && MayAnswerRead()) {
    const auto [unique, read] = *reads_.begin();
    reads_.erase(reads_.begin());
    std::string& all = options_.contents;
    const size_t begin =
        options_.is_log ? 0 : std::min<size_t>(read.offset, all.size());
    const size_t bytes =
        std::min({read.length, options_.read_bytes_max, all.size() - begin});
    Reply(unique, 0, all.data() + begin, bytes);
    if (options_.is_log) all.erase(0, bytes);
  }
}

void FuseFile::Handle(const fuse_in_header& in, const char* body) {
  switch (in.opcode) {
    case FUSE_INIT:
      return Reply(in,
                   InitAnswer(*reinterpret_cast<const fuse_init_in*>(body)));
    case FUSE_LOOKUP: {
      if (std::strcmp(body, "file") != 0) {
        return Reply(in.unique, -ENOENT, nullptr, 0);
      }
      fuse_entry_out entry = {};
      entry.nodeid = kFileNode;
      entry.attr = Attributes(kFileNode, options_);
      return Reply(in, entry);
    }
    case FUSE_GETATTR: {
      fuse_attr_out attr = {};
      attr.attr = Attributes(in.nodeid, options_);
      return Reply(in, attr);
    }
    case FUSE_STATFS:
      return Reply(in, fuse_statfs_out());
    case FUSE_OPEN: {
      fuse_open_out open = {};
      if (options_.bypasses_cache) open.open_flags = FOPEN_DIRECT_IO;
      return Reply(in, open);
    }
    case FUSE_READ: {
      const auto* read = reinterpret_cast<const fuse_read_in*>(body);
      reads_[in.unique] = {read->offset, read->size};
      return AnswerReads();
    }
    case FUSE_POLL: {
      const auto* poll = reinterpret_cast<const fuse_poll_in*>(body);
      if (!options_.is_log) return Reply(in.unique, -ENOSYS, nullptr, 0);
      if (poll->flags & FUSE_POLL_SCHEDULE_NOTIFY) polled_ = poll->kh;
      fuse_poll_out out = {};
      if (!options_.contents.empty()) out.revents = POLLIN;
      return Reply(in, out);
    }
    case FUSE_INTERRUPT: {
      const auto* interrupt = reinterpret_cast<const fuse_interrupt_in*>(body);
      if (reads_.erase(interrupt->unique) == 0) return;
      return Reply(interrupt->unique, -EINTR, nullptr, 0);
    }
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
      return;  // They have no answer.
    case FUSE_FLUSH:
    case FUSE_RELEASE:
      return Reply(in.unique, 0, nullptr, 0);
    default:
      return Reply(in.unique, -ENOSYS, nullptr, 0);
  }
}

}  // namespace uasio
