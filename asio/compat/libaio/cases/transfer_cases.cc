// Transfers and syncs: their results, their data and their eventfds.

#include <sys/inotify.h>
#include <sys/socket.h>

#include <climits>

#include "asio/compat/libaio/cases/case.h"
#include "asio/testing/scratch.h"

namespace uasio {
namespace libaio {
namespace cases {
namespace {

// Reads a file of 10 bytes into `parts`.
void ReadVector(const Context& context, Notes* notes, const char* what,
                const iovec* parts, uint64_t count) {
  const int fd = NewFile("0123456789");
  context.Do(Block(IOCB_CMD_PREADV, fd, parts, count), notes, what);
  close(fd);
}

// Writes no bytes to a socket in each way, and counts the messages.
void WriteEmptyMessages(const Context& context, Notes* notes, int type) {
  const SocketPair sockets(type);
  const int here = sockets.here.get(), there = sockets.there.get();
  const iovec empty = {const_cast<char*>("x"), 0};
  context.Do(Block(IOCB_CMD_PWRITE, here, "x", 0), notes, "write");
  context.Do(Block(IOCB_CMD_PWRITEV, here, &empty, 1), notes, "vector");
  context.Do(Block(IOCB_CMD_PWRITEV, here, &empty, 0), notes, "no vector");
  int messages = 0;
  char byte;
  while (recv(there, &byte, 1, MSG_DONTWAIT) == 0) ++messages;
  (*notes)("messages", messages);
}

volatile sig_atomic_t file_size_signals = 0;

void CountFileSizeSignal(int) { file_size_signals = file_size_signals + 1; }

}  // namespace

std::vector<Case> TransferCases() {
  return {
      {"empty-messages",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         for (const int type : {SOCK_DGRAM, SOCK_SEQPACKET}) {
           for (const int flags : {0, int{SOCK_NONBLOCK}}) {
             WriteEmptyMessages(context, notes, type | flags);
           }
         }
       }},
      {"read-and-write",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("");
         char back[20] = {};
         context.Do(Block(IOCB_CMD_PWRITE, fd, "abcdef", 6, 3), notes, "write");
         context.Do(Block(IOCB_CMD_PREAD, fd, back, 4, 5), notes, "read");
         (*notes)("data", back);
         context.Do(Block(IOCB_CMD_PREAD, fd, back, 20, 5), notes,
                    "to the end");
         context.Do(Block(IOCB_CMD_PREAD, fd, back, 20, 99), notes, "beyond");
         context.Do(Block(IOCB_CMD_PREAD, fd, back, 0, 0), notes, "nothing");
         (*notes)("position", lseek(fd, 0, SEEK_CUR));
         (*notes)("size", lseek(fd, 0, SEEK_END));
         close(fd);
       }},
      {"vectors",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("");
         char a[] = "abc", b[] = "defg";
         const iovec out[] = {{a, 3}, {nullptr, 0}, {b, 4}};
         context.Do(Block(IOCB_CMD_PWRITEV, fd, out, 3, 1), notes, "writev");
         char c[3] = {}, d[9] = {};
         const iovec in[] = {{c, 2}, {d, 8}};
         context.Do(Block(IOCB_CMD_PREADV, fd, in, 2, 1), notes, "readv");
         (*notes)("data", std::string(c) + "|" + d);
         close(fd);
       }},
      {"vectors-that-are-refused",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         char byte;
         const std::vector<iovec> many(IOV_MAX + 1, {&byte, 1});
         const iovec huge[] = {{&byte, 1}, {&byte, ~size_t{0}}};
         const iovec far[] = {{&byte, 1}, {reinterpret_cast<void*>(-4096L), 1}};
         const iovec bad[] = {{&byte, 1}, {reinterpret_cast<void*>(8), 1}};
         ReadVector(context, notes, "none", many.data(), 0);
         ReadVector(context, notes, "most", many.data(), IOV_MAX);
         ReadVector(context, notes, "too many", many.data(), IOV_MAX + 1);
         ReadVector(context, notes, "unmapped", reinterpret_cast<iovec*>(8), 2);
         ReadVector(context, notes, "huge", huge, 2);
         ReadVector(context, notes, "kernel's", far, 2);
         ReadVector(context, notes, "bad place", bad, 2);
       }},
      {"vector-may-go-after-submit",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("0123456789");
         char back[10] = {};
         iovec part = {back, 10};
         iocb block = Block(IOCB_CMD_PREADV, fd, &part, 1);
         (*notes)("submit", context.Submit({&block}));
         part = {nullptr, 999};
         block = Block(99, -1);
         (*notes)("res", context.Wait(1)[0].res);
         (*notes)("data", std::string(back, 10));
         close(fd);
       }},
      {"bad-buffers",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const GuardPage guard;
         const int fd = NewFile("0123456789");
         context.Do(Block(IOCB_CMD_PREAD, fd, nullptr, 10), notes, "null read");
         context.Do(Block(IOCB_CMD_PWRITE, fd, nullptr, 10), notes,
                    "null write");
         context.Do(Block(IOCB_CMD_PREAD, fd, guard.begin(), 10), notes,
                    "unmapped");
         context.Do(
             Block(IOCB_CMD_PREAD, fd, reinterpret_cast<void*>(-4096L), 10),
             notes, "kernel's");
         context.Do(Block(IOCB_CMD_PREAD, fd, nullptr, 0), notes, "no bytes");
         (*notes)("file", Contents(fd));
         close(fd);
       }},
      {"far-offsets",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("0123456789");
         char back[4];
         context.Do(Block(IOCB_CMD_PREAD, fd, back, 4, INT64_MAX - 4), notes,
                    "read");
         context.Do(Block(IOCB_CMD_PWRITE, fd, back, 4, INT64_MAX - 2), notes,
                    "write");
         close(fd);
       }},
      {"append",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("abc", O_RDWR | O_APPEND);
         context.Do(Block(IOCB_CMD_PWRITE, fd, "def", 3, 0), notes);
         (*notes)("file", Contents(fd));
         close(fd);
       }},
      {"flags",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("abc");
         const int append_fd = NewFile("abc", O_RDWR | O_APPEND);
         char back[3];
         for (int flags :
              {RWF_HIPRI, RWF_DSYNC, RWF_SYNC, RWF_APPEND, 0x30, 0x40000000}) {
           iocb write = Block(IOCB_CMD_PWRITE, fd, "xyz", 3, 0);
           write.aio_rw_flags = flags;
           context.Do(write, notes, "write " + std::to_string(flags));
         }
         (*notes)("file", Contents(fd));
         iocb read = Block(IOCB_CMD_PREAD, fd, back, 3);
         read.aio_rw_flags = 0x40;  // RWF_ATOMIC, which is for writes.
         context.Do(read, notes, "atomic read");
         close(append_fd);
         close(fd);
       }},
      {"nowait-of-what-is-cached",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("0123456789");
         char back[10] = {};
         iocb read = Block(IOCB_CMD_PREAD, fd, back, 10);
         read.aio_rw_flags = RWF_NOWAIT;
         context.Do(read, notes);
         (*notes)("data", std::string(back, 10));
         close(fd);
       }},
      {"nowait-on-an-empty-pipe",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Pipe pipe;
         char back[10] = {};
         iocb read = Block(IOCB_CMD_PREAD, pipe.read_end.get(), back, 10);
         read.aio_rw_flags = RWF_NOWAIT;
         context.Do(read, notes);
       }},
      {"syncs",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("abc");
         const int read_only = NewFile("abc", O_RDONLY);
         context.Do(Block(IOCB_CMD_FSYNC, fd), notes, "fsync");
         context.Do(Block(IOCB_CMD_FDSYNC, fd), notes, "fdsync");
         context.Do(Block(IOCB_CMD_FSYNC, read_only), notes, "read-only");
         context.Do(Block(IOCB_CMD_FSYNC, -1), notes, "closed");
         context.Do(Block(IOCB_CMD_FSYNC, fd, &context), notes, "buffer");
         context.Do(Block(IOCB_CMD_FSYNC, fd, nullptr, 1), notes, "bytes");
         context.Do(Block(IOCB_CMD_FDSYNC, fd, nullptr, 0, 1), notes, "offset");
         iocb flags = Block(IOCB_CMD_FSYNC, fd);
         flags.aio_rw_flags = RWF_SYNC;
         context.Do(flags, notes, "flags");
         close(read_only);
         close(fd);
       }},
      {"pipes",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Pipe pipe;
         char back[10] = {};
         context.Do(Block(IOCB_CMD_PWRITE, pipe.write_end.get(), "abc", 3, 7),
                    notes, "write");
         context.Do(Block(IOCB_CMD_PREAD, pipe.read_end.get(), back, 10, 7),
                    notes, "read");
         (*notes)("data", back);
         context.Do(Block(IOCB_CMD_PREAD, pipe.read_end.get(), back, 10, -1),
                    notes, "negative offset");
         context.Do(Block(IOCB_CMD_PREAD, pipe.write_end.get(), back, 10),
                    notes, "wrong end");
         context.Do(Block(IOCB_CMD_FSYNC, pipe.write_end.get()), notes,
                    "fsync");
       }},
      {"nonblocking-pipes",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Pipe pipe;
         fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK);
         fcntl(pipe.write_end.get(), F_SETFL, O_NONBLOCK);
         std::string much(1 << 20, 'x');
         context.Do(Block(IOCB_CMD_PREAD, pipe.read_end.get(), much.data(), 10),
                    notes, "empty");
         context.Do(Block(IOCB_CMD_PWRITE, pipe.write_end.get(), much.data(),
                          much.size()),
                    notes, "much");
         context.Do(Block(IOCB_CMD_PWRITE, pipe.write_end.get(), much.data(),
                          much.size()),
                    notes, "full");
       }},
      {"direct",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile(std::string(5000, 'x'), O_RDWR | O_DIRECT);
         if (fd < 0) return (*notes)("skipped", "no O_DIRECT");
         alignas(4096) static char page[8192];
         context.Do(Block(IOCB_CMD_PREAD, fd, page, 8192), notes, "read");
         context.Do(Block(IOCB_CMD_PWRITE, fd, page, 4096), notes, "write");
         context.Do(Block(IOCB_CMD_PREAD, fd, page, 100), notes, "length");
         context.Do(Block(IOCB_CMD_PREAD, fd, page, 4096, 7), notes, "offset");
         close(fd);
       }},
      {"eventfd-is-signalled",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("0123456789");
         const int bell = eventfd(0, EFD_CLOEXEC);
         char back[10];
         iocb block = Block(IOCB_CMD_PREAD, fd, back, 10);
         block.aio_flags = IOCB_FLAG_RESFD;
         block.aio_resfd = static_cast<uint32_t>(bell);
         (*notes)("submit", context.Submit({&block, &block, &block}));
         context.Wait(3);
         uint64_t count = 0;
         for (eventfd_t n; count < 3 && eventfd_read(bell, &n) == 0;)
           count += n;
         (*notes)("count", static_cast<int64_t>(count));
         close(bell);
         close(fd);
       }},
      {"eventfd-may-be-closed-after-submit",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Pipe pipe;
         const int bell = eventfd(0, EFD_CLOEXEC);
         const int other = dup(bell);
         iocb block = Block(IOCB_CMD_POLL, pipe.read_end.get());
         block.aio_buf = POLLIN;
         block.aio_flags = IOCB_FLAG_RESFD;
         block.aio_resfd = static_cast<uint32_t>(bell);
         (*notes)("submit", context.Submit({&block}));
         close(bell);
         if (write(pipe.write_end.get(), "x", 1) != 1) return;
         eventfd_t count = 0;
         eventfd_read(other, &count);
         (*notes)("count", static_cast<int64_t>(count));
         context.Wait(1);
         close(other);
       }},
      {"eventfd-at-its-limit",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("0123456789");
         const int bell = eventfd(0, EFD_CLOEXEC);
         eventfd_write(bell, UINT64_MAX - 1);
         char back[10];
         iocb block = Block(IOCB_CMD_PREAD, fd, back, 10);
         block.aio_flags = IOCB_FLAG_RESFD;
         block.aio_resfd = static_cast<uint32_t>(bell);
         context.Do(block, notes);
         close(bell);
         close(fd);
       }},
      {"eventfds-that-are-refused",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Pipe pipe;
         const int fd = NewFile("0123456789");
         char back[10];
         iocb block = Block(IOCB_CMD_PREAD, fd, back, 10);
         block.aio_flags = IOCB_FLAG_RESFD;
         for (int bell : {fd, pipe.write_end.get(), -1, 999999}) {
           block.aio_resfd = static_cast<uint32_t>(bell);
           context.Do(block, notes);
         }
         const int watcher = inotify_init1(IN_CLOEXEC);
         block.aio_resfd = static_cast<uint32_t>(watcher);
         context.Do(block, notes, "inotify");
         close(watcher);
         close(fd);
       }},
      {"write-beyond-the-file-size-limit",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("");
         const FileSizeLimit limit(6, CountFileSizeSignal);
         context.Do(Block(IOCB_CMD_PWRITE, fd, "0123456789", 10), notes,
                    "half");
         context.Do(Block(IOCB_CMD_PWRITE, fd, "0123456789", 10, 6), notes,
                    "none");
         close(fd);
       }},
      {"signal-of-the-file-size-limit",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("");
         file_size_signals = 0;
         const FileSizeLimit limit(6, CountFileSizeSignal);
         context.Do(Block(IOCB_CMD_PWRITE, fd, "0123456789", 10, 6), notes);
         (*notes)("signals", file_size_signals);
         close(fd);
       }},
  };
}

}  // namespace cases
}  // namespace libaio
}  // namespace uasio
