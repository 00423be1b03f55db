// io_submit(2): the blocks that it refuses, and how many it accepts.

#include <sys/epoll.h>
#include <sys/inotify.h>

#include <utility>

#include "asio/compat/libaio/cases/case.h"

namespace uasio {
namespace libaio {
namespace cases {
namespace {

// Submits a valid read once for each change, after that change.
void SubmitChanged(
    const Api& api, Notes* notes,
    const std::vector<std::pair<const char*, void (*)(iocb*)>>& changes) {
  const Context context(api);
  const int fd = NewFile("0123456789");
  char back[10];
  for (const auto& change : changes) {
    iocb block = Block(IOCB_CMD_PREAD, fd, back, 10);
    change.second(&block);
    context.Do(block, notes, change.first);
  }
  close(fd);
}

iocb* BadBlock() { return reinterpret_cast<iocb*>(8); }

// Reads, writes and syncs `fd`, and closes it.
void TryFd(const Api& api, Notes* notes, const char* what, int fd) {
  const Context context(api);
  char back[8] = {};
  context.Do(Block(IOCB_CMD_PREAD, fd, back, 8), notes,
             std::string(what) + " read");
  context.Do(Block(IOCB_CMD_PWRITE, fd, back, 8), notes,
             std::string(what) + " write");
  context.Do(Block(IOCB_CMD_FSYNC, fd), notes, std::string(what) + " fsync");
  close(fd);
}

}  // namespace

std::vector<Case> SubmitCases() {
  return {
      {"submit-nothing",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         (*notes)("0", api.submit(context.id(), 0, nullptr));
         (*notes)("-1", api.submit(context.id(), -1, nullptr));
       }},
      {"submit-bad-pointers",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const GuardPage guard;
         iocb* bad = BadBlock();
         iocb* half = reinterpret_cast<iocb*>(guard.Before(sizeof(iocb) / 2));
         (*notes)("array", api.submit(context.id(), 1, nullptr));
         (*notes)("unmapped",
                  api.submit(context.id(), 1,
                             reinterpret_cast<iocb**>(guard.begin())));
         (*notes)("block", api.submit(context.id(), 1, &bad));
         (*notes)("half a block", api.submit(context.id(), 1, &half));
       }},
      {"submit-is-partial",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("0123456789");
         char back[3];
         iocb good = Block(IOCB_CMD_PREAD, fd, back, 1);
         iocb closed = Block(IOCB_CMD_PREAD, -1, back, 1);
         (*notes)("good, EBADF", context.Submit({&good, &closed, &good}));
         context.Wait(1);
         (*notes)("EBADF, good", context.Submit({&closed, &good}));
         (*notes)("good, EFAULT", context.Submit({&good, BadBlock()}));
         context.Wait(1);
         close(fd);
       }},
      {"submit-until-pointers-end",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const GuardPage guard;
         const int fd = NewFile("0123456789");
         char back;
         iocb block = Block(IOCB_CMD_PREAD, fd, &back, 1);
         iocb** two = reinterpret_cast<iocb**>(guard.Before(2 * sizeof(iocb*)));
         two[0] = two[1] = &block;
         (*notes)("submit", api.submit(context.id(), 5, two));
         (*notes)("events", static_cast<int64_t>(context.Wait(2).size()));
         close(fd);
       }},
      {"submit-stops-at-a-block-that-is-half-mapped",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const GuardPage guard;
         const int fd = NewFile("0123456789");
         char back;
         iocb* whole = reinterpret_cast<iocb*>(guard.Before(sizeof(iocb)));
         iocb* half = reinterpret_cast<iocb*>(guard.Before(sizeof(iocb) / 2));
         *whole = Block(IOCB_CMD_PREAD, fd, &back, 1);
         (*notes)("submit", context.Submit({whole, whole, half}));
         (*notes)("events", static_cast<int64_t>(context.Wait(2).size()));
         (*notes)("alone", context.Submit({half}));
         close(fd);
       }},
      {"submit-bad-fields",
       [](const Api& api, Notes* notes) {
         SubmitChanged(
             api, notes,
             {{"reserved", [](iocb* b) { b->aio_reserved2 = 1; }},
              {"bytes", [](iocb* b) { b->aio_nbytes = ~uint64_t{0}; }},
              {"offset", [](iocb* b) { b->aio_offset = -1; }},
              {"far offset", [](iocb* b) { b->aio_offset = INT64_MIN; }},
              {"NOOP", [](iocb* b) { b->aio_lio_opcode = IOCB_CMD_NOOP; }},
              {"PREADX", [](iocb* b) { b->aio_lio_opcode = 4; }},
              {"opcode", [](iocb* b) { b->aio_lio_opcode = 4711; }},
              {"fd", [](iocb* b) { b->aio_fildes = 999999; }},
              {"key", [](iocb* b) { b->aio_key = 99; }},
              {"unknown flags", [](iocb* b) { b->aio_flags = 0xfc; }},
              {"priority unused", [](iocb* b) { b->aio_reqprio = -1; }}});
       }},
      {"submit-which-error-first",
       [](const Api& api, Notes* notes) {
         SubmitChanged(
             api, notes,
             {{"reserved, fd",
               [](iocb* b) { b->aio_reserved2 = b->aio_fildes = 99999; }},
              {"fd, opcode",
               [](iocb* b) { b->aio_fildes = b->aio_lio_opcode = 9999; }},
              {"eventfd, opcode",
               [](iocb* b) {
                 b->aio_flags = IOCB_FLAG_RESFD;
                 b->aio_resfd = 999999;
                 b->aio_lio_opcode = 99;
               }},
              {"address, offset", [](iocb* b) {
                 b->aio_buf = ~uint64_t{0};
                 b->aio_offset = -1;
               }}});
       }},
      {"submit-priorities",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("0123456789");
         char back[10];
         for (int priority : {0, 1, 7, 1 << 13, 2 << 13, (2 << 13) + 7, 3 << 13,
                              (3 << 13) + 7, -8192, -1}) {
           iocb block = Block(IOCB_CMD_PREAD, fd, back, 10);
           block.aio_flags = IOCB_FLAG_IOPRIO;
           block.aio_reqprio = static_cast<int16_t>(priority);
           context.Do(block, notes, std::to_string(priority));
         }
         close(fd);
       }},
      {"submit-key-is-zeroed",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("0123456789");
         char back[10];
         iocb block = Block(IOCB_CMD_PREAD, fd, back, 10);
         block.aio_key = 4711;
         (*notes)("submit", context.Submit({&block}));
         (*notes)("key", block.aio_key);
         context.Wait(1);
         close(fd);
       }},
      {"submit-block-in-read-only-memory",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("0123456789");
         char back[10];
         void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
         iocb* block = static_cast<iocb*>(page);
         *block = Block(IOCB_CMD_PREAD, fd, back, 10);
         mprotect(page, 4096, PROT_READ);
         const int accepted = context.Submit({block});
         (*notes)("submit", accepted);
         if (accepted == 1) context.Wait(1);
         munmap(page, 4096);
         close(fd);
       }},
      {"submit-on-the-wrong-mode",
       [](const Api& api, Notes* notes) {
         TryFd(api, notes, "O_RDONLY", NewFile("x", O_RDONLY));
         TryFd(api, notes, "O_WRONLY", NewFile("x", O_WRONLY));
         TryFd(api, notes, "O_PATH", NewFile("x", O_PATH));
       }},
      {"submit-on-directories-and-devices",
       [](const Api& api, Notes* notes) {
         TryFd(api, notes, "folder", open("/", O_RDONLY | O_DIRECTORY));
         TryFd(api, notes, "null", open("/dev/null", O_RDWR));
         TryFd(api, notes, "zero", open("/dev/zero", O_RDWR));
       }},
      {"submit-on-files-without-aio",
       [](const Api& api, Notes* notes) {
         TryFd(api, notes, "full", open("/dev/full", O_RDWR | O_CLOEXEC));
         TryFd(api, notes, "epoll", epoll_create1(EPOLL_CLOEXEC));
         TryFd(api, notes, "inotify", inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
         TryFd(api, notes, "eventfd", eventfd(7, EFD_CLOEXEC));
       }},
      {"submit-when-full",
       [](const Api& api, Notes* notes) {
         const Context context(api, 20);
         const Pipe pipe;
         iocb poll = Block(IOCB_CMD_POLL, pipe.read_end.get());
         poll.aio_buf = POLLIN;
         int accepted = 0;
         int result;
         while ((result = context.Submit({&poll})) == 1) ++accepted;
         (*notes)("accepted", accepted >= 20 ? "enough" : "too few");
         (*notes)("full", result);
         if (write(pipe.write_end.get(), "x", 1) == 1) context.Wait(accepted);
         (*notes)("afterwards", context.Submit({&poll}));
         context.Wait(1);
       }},
      {"submit-more-than-fit",
       [](const Api& api, Notes* notes) {
         const Context context(api, 1);
         const int fd = NewFile("0123456789");
         char back;
         iocb block = Block(IOCB_CMD_PREAD, fd, &back, 1);
         std::vector<iocb*> many(100000, &block);
         const int accepted = context.Submit(many);
         (*notes)("submit", accepted > 0 && accepted < 100000 ? "some" : "?");
         (*notes)("again", context.Submit({&block}));
         context.Wait(accepted);
         close(fd);
       }},
  };
}

}  // namespace cases
}  // namespace libaio
}  // namespace uasio
