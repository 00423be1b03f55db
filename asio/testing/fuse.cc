#include "asio/testing/fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "asio/testing/mount.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr uint64_t kFileNode = 2;
constexpr uint32_t kWriteBytesMax = 128 << 10;
constexpr size_t kMessageBytes = 1 << 20;
constexpr time_t kCommandSeconds = 10;

// In a process of its own: if the test dies, the server's death ends the
// connection, and with it what the test's threads still wait for.
class Server {
 public:
  Server(FuseOptions options, int device, int commands)
      : options_(std::move(options)), device_(device), commands_(commands) {}

  // Until the file system is unmounted.
  void Serve() {
    pollfd fds[] = {{device_, POLLIN, 0}, {commands_, POLLIN, 0}};
    while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
      if (fds[0].revents != 0 && !HandleRequest()) return;
      if (fds[1].revents != 0 && !HandleCommand()) return;
    }
  }

 private:
  struct Read {
    uint64_t offset;
    size_t length;
  };

  bool HandleCommand() {
    const ssize_t n = recv(commands_, message_.data(), message_.size(), 0);
    if (n <= 0) return false;
    const std::string command(message_.data(), static_cast<size_t>(n));
    awaits_poll_ = command[0] == 'p';
    if (command[0] == 'm') muted_ = true;
    if (command[0] == 'r') Release();
    if (command[0] == 'a') options_.contents += command.substr(1);
    AnswerReads();
    if (polled_ != 0 && !options_.contents.empty()) {
      const fuse_notify_poll_wakeup_out wakeup = {std::exchange(polled_, 0)};
      Reply(/*unique=*/0, FUSE_NOTIFY_POLL, &wakeup, sizeof(wakeup));
    }
    return awaits_poll_ && polled_ == 0 ? true : Acknowledge();
  }

  void Release() {
    options_.holds_reads = muted_ = false;
    for (const std::string& message : std::exchange(unheard_, {})) {
      HandleMessage(message.data());
    }
  }

  bool Acknowledge() {
    awaits_poll_ = false;
    return send(commands_, "", 1, MSG_NOSIGNAL) == 1;
  }

  bool HandleRequest() {
    const ssize_t n = read(device_, message_.data(), message_.size());
    if (n < 0) return errno == EINTR || errno == EAGAIN || errno == ENOENT;
    if (muted_) {
      unheard_.emplace_back(message_.data(), static_cast<size_t>(n));
    } else {
      HandleMessage(message_.data());
    }
    return true;
  }

  void HandleMessage(const char* message) {
    fuse_in_header in;
    std::memcpy(&in, message, sizeof(in));
    Handle(in, message + sizeof(in));
  }

  void Handle(const fuse_in_header& in, const char* body) {
    switch (in.opcode) {
      case FUSE_INIT:
        return Init(in, body);
      case FUSE_LOOKUP:
        return Lookup(in, body);
      case FUSE_GETATTR: {
        fuse_attr_out attr = {};
        attr.attr = Attributes(in.nodeid);
        return Reply(in, attr);
      }
      case FUSE_OPEN: {
        fuse_open_out open = {};
        open.open_flags = FOPEN_DIRECT_IO;  // Each read comes here as it is.
        return Reply(in, open);
      }
      case FUSE_STATFS:
        return Reply(in, fuse_statfs_out());
      case FUSE_READ: {
        const auto* read = reinterpret_cast<const fuse_read_in*>(body);
        reads_[in.unique] = {read->offset, read->size};
        return AnswerReads();
      }
      case FUSE_INTERRUPT:
        return Interrupt(*reinterpret_cast<const fuse_interrupt_in*>(body));
      case FUSE_POLL:
        return Poll(in, *reinterpret_cast<const fuse_poll_in*>(body));
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

  void Init(const fuse_in_header& in, const char* body) {
    fuse_init_out out = {};
    out.major = FUSE_KERNEL_VERSION;
    out.minor = FUSE_KERNEL_MINOR_VERSION;
    out.max_readahead =
        reinterpret_cast<const fuse_init_in*>(body)->max_readahead;
    out.max_write = kWriteBytesMax;
    Reply(in, out);
  }

  void Lookup(const fuse_in_header& in, const char* name) {
    if (std::strcmp(name, "file") != 0) {
      return Reply(in.unique, -ENOENT, nullptr, 0);
    }
    fuse_entry_out entry = {};
    entry.nodeid = kFileNode;
    entry.attr = Attributes(kFileNode);
    Reply(in, entry);
  }

  fuse_attr Attributes(uint64_t node) const {
    fuse_attr attr = {};
    attr.ino = node;
    attr.nlink = 1;
    attr.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644;
    attr.size = options_.told_size >= 0
                    ? static_cast<uint64_t>(options_.told_size)
                    : options_.contents.size();
    attr.blocks = (attr.size + 511) / 512;
    return attr;
  }

  void Interrupt(const fuse_interrupt_in& in) {
    if (reads_.erase(in.unique) > 0) Reply(in.unique, -EINTR, nullptr, 0);
  }

  void Poll(const fuse_in_header& in, const fuse_poll_in& poll) {
    if (!options_.is_log) return Reply(in.unique, -ENOSYS, nullptr, 0);
    if (poll.flags & FUSE_POLL_SCHEDULE_NOTIFY) polled_ = poll.kh;
    fuse_poll_out out = {};
    if (!options_.contents.empty()) out.revents = POLLIN;
    Reply(in, out);
    if (awaits_poll_ && polled_ != 0) Acknowledge();
  }

  bool MayAnswerRead() const {
    return !options_.holds_reads &&
           !(options_.is_log && options_.contents.empty());
  }

  void AnswerReads() {
    while (!reads_.empty() && MayAnswerRead()) {
      const auto [unique, read] = *reads_.begin();
      reads_.erase(reads_.begin());
      if (read.offset == static_cast<uint64_t>(options_.error_at)) {
        Reply(unique, -EIO, nullptr, 0);
        continue;
      }
      std::string& all = options_.contents;
      const size_t begin =
          options_.is_log ? 0 : std::min<size_t>(read.offset, all.size());
      const size_t bytes =
          std::min({read.length, options_.read_bytes_max, all.size() - begin});
      Reply(unique, 0, all.data() + begin, bytes);
      if (options_.is_log) all.erase(0, bytes);
    }
  }

  template <typename T>
  void Reply(const fuse_in_header& in, const T& out) const {
    Reply(in.unique, 0, &out, sizeof(out));
  }

  // A notice, if `unique` is 0: `error` is its number then.
  void Reply(uint64_t unique, int error, const void* data, size_t size) const {
    fuse_out_header header = {};
    header.unique = unique;
    header.error = error;
    header.len = static_cast<uint32_t>(sizeof(header) + size);
    const iovec parts[] = {{&header, sizeof(header)},
                           {const_cast<void*>(data), size}};
    // ENOENT: the kernel does not wait for it any more.
    if (writev(device_, parts, 2) < 0) return;
  }

  FuseOptions options_;
  const int device_;
  const int commands_;
  std::vector<char> message_ = std::vector<char>(kMessageBytes);
  std::map<uint64_t, Read> reads_;  // Not yet answered.
  bool muted_ = false;              // Messages are kept in unheard_.
  std::vector<std::string> unheard_;
  uint64_t polled_ = 0;       // The kernel's handle of a poll that waits.
  bool awaits_poll_ = false;  // The command "p" is not acknowledged.
};

// An fd for the server; -1, with errno set: it cannot be mounted.
int Mount(const std::string& folder) {
  Fd device(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  const std::string options = "fd=" + std::to_string(device.get()) +
                              ",rootmode=40000,user_id=0,group_id=0";
  if (device.get() < 0 || mount("uasio", folder.c_str(), "fuse",
                                MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
    return -1;
  }
  return fcntl(device.get(), F_DUPFD_CLOEXEC, 0);
}

}  // namespace

FuseFile::FuseFile(const FuseOptions& options)
    : why_not_(EnterMountNamespace()) {
  if (!why_not_.empty()) return;
  const Fd device(Mount(folder_.Path("")));
  if (device.get() < 0) {
    why_not_ = MayNot("mount a FUSE file system");
    return;
  }
  SocketPair sockets(SOCK_SEQPACKET);
  commands_ = std::move(sockets.here);
  server_ = fork();
  if (server_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  Server(options, device.get(), sockets.there.get()).Serve();
  _exit(0);
}

FuseFile::~FuseFile() {
  if (server_ < 0) return;
  umount2(folder_.Path("").c_str(), MNT_FORCE | MNT_DETACH);
  commands_.Close();
  EXPECT_EQ(waitpid(server_, nullptr, 0), server_);
}

void FuseFile::Command(const std::string& command) const {
  const timeval timeout = {kCommandSeconds, 0};
  setsockopt(commands_.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout,
             sizeof(timeout));
  const ssize_t size = static_cast<ssize_t>(command.size());
  EXPECT_EQ(send(commands_.get(), command.data(), command.size(), 0), size);
  char done;
  EXPECT_EQ(recv(commands_.get(), &done, 1, 0), 1)
      << "the server does not answer \"" << command << '"';
}

}  // namespace uasio
