// IOCB_CMD_POLL and io_cancel(2).

#include <sys/stat.h>

#include <cstdlib>

#include "asio/compat/libaio/cases/case.h"

namespace uasio {
namespace libaio {
namespace cases {
namespace {

iocb Poll(int fd, uint64_t events) {
  iocb block = Block(IOCB_CMD_POLL, fd);
  block.aio_buf = events;
  return block;
}

}  // namespace

std::vector<Case> PollCases() {
  return {
      {"poll-of-what-is-ready",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Pipe pipe;
         const int fd = NewFile("x");
         context.Do(Poll(pipe.write_end.get(), POLLOUT), notes, "pipe");
         context.Do(Poll(pipe.write_end.get(), POLLOUT | POLLWRNORM), notes,
                    "pipe norm");
         context.Do(Poll(fd, POLLIN), notes, "file in");
         context.Do(Poll(fd, POLLIN | POLLOUT), notes, "file both");
         close(fd);
       }},
      {"poll-waits",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Pipe pipe;
         iocb poll = Poll(pipe.read_end.get(), POLLIN);
         io_event event;
         timespec none = {0, 0};
         (*notes)("submit", context.Submit({&poll}));
         (*notes)("not yet", api.getevents(context.id(), 1, 1, &event, &none));
         if (write(pipe.write_end.get(), "x", 1) != 1) return;
         (*notes)("res", context.Wait(1)[0].res & POLLIN);
       }},
      {"poll-tells-what-was-asked-for",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Pipe pipe;
         iocb poll = Poll(pipe.read_end.get(), POLLIN);
         context.Submit({&poll});
         if (write(pipe.write_end.get(), "x", 1) != 1) return;
         (*notes)("res", context.Wait(1)[0].res);
       }},
      {"poll-of-hang-ups-and-errors",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         int fds[2];
         if (pipe2(fds, O_CLOEXEC) != 0) return;
         iocb poll = Poll(fds[0], 0);
         (*notes)("submit", context.Submit({&poll}));
         close(fds[1]);
         (*notes)("res", context.Wait(1)[0].res);
         close(fds[0]);
         if (pipe2(fds, O_CLOEXEC) != 0) return;
         close(fds[0]);
         context.Do(Poll(fds[1], POLLOUT), notes, "error");
         close(fds[1]);
       }},
      {"poll-of-several-on-one-fd",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         SocketPair sockets;
         const int fd = sockets.here.get();
         iocb in = Poll(fd, POLLIN), again = Poll(fd, POLLIN);
         iocb priority = Poll(fd, POLLRDHUP);
         in.aio_data = 1, again.aio_data = 2, priority.aio_data = 3;
         (*notes)("submit", context.Submit({&in, &again, &priority}));
         if (write(sockets.there.get(), "x", 1) != 1) return;
         for (const io_event& event : context.Wait(2)) {
           (*notes)(std::to_string(event.data), event.res & POLLIN);
         }
         sockets.there.Close();
         (*notes)("hang-up", context.Wait(1)[0].res & POLLRDHUP);
       }},
      {"poll-refused",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Pipe pipe;
         const int fd = NewFile("x");
         context.Do(Poll(-1, POLLIN), notes, "closed");
         context.Do(Poll(pipe.read_end.get(), 1 << 16), notes, "events");
         iocb block = Poll(pipe.write_end.get(), POLLOUT);
         block.aio_offset = 1;
         context.Do(block, notes, "offset");
         block = Poll(pipe.write_end.get(), POLLOUT);
         block.aio_nbytes = 1;
         context.Do(block, notes, "bytes");
         block = Poll(pipe.write_end.get(), POLLOUT);
         block.aio_rw_flags = RWF_SYNC;
         context.Do(block, notes, "flags");
         context.Do(Poll(fd, 0), notes, "file, nothing");
         context.Do(Poll(fd, POLLPRI), notes, "file, priority");
         close(fd);
       }},
      {"poll-of-a-fifo-open-for-both",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const char* folder = std::getenv("TEST_TMPDIR");
         const std::string path =
             std::string(folder != nullptr ? folder : "/tmp") + "/uasio_fifo" +
             std::to_string(getpid());
         mkfifo(path.c_str(), 0600);
         const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
         unlink(path.c_str());
         iocb poll = Poll(fd, POLLIN);
         (*notes)("submit", context.Submit({&poll}));
         close(fd);
       }},
      {"poll-of-an-fd-that-is-closed",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Pipe pipe;
         const int fd = dup(pipe.read_end.get());
         iocb poll = Poll(fd, POLLIN);
         (*notes)("submit", context.Submit({&poll}));
         close(fd);
         if (write(pipe.write_end.get(), "x", 1) != 1) return;
         (*notes)("res", context.Wait(1)[0].res);
       }},
      {"cancel-of-a-poll",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Pipe pipe;
         iocb poll = Poll(pipe.read_end.get(), POLLIN);
         io_event event = {1, 2, 3, 4};
         (*notes)("submit", context.Submit({&poll}));
         (*notes)("cancel", api.cancel(context.id(), &poll, &event));
         (*notes)("untouched", event.data == 1 ? "yes" : "no");
         (*notes)("res", context.Wait(1)[0].res);
         (*notes)("again", api.cancel(context.id(), &poll, &event));
       }},
      {"cancel-of-the-first-of-two",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Pipe pipe, other;
         iocb poll = Poll(pipe.read_end.get(), POLLIN);
         poll.aio_data = 1;
         context.Submit({&poll});
         poll = Poll(other.read_end.get(), POLLIN);
         poll.aio_data = 2;
         context.Submit({&poll});
         (*notes)("cancel", api.cancel(context.id(), &poll, nullptr));
         (*notes)("data", static_cast<int64_t>(context.Wait(1)[0].data));
         (*notes)("cancel", api.cancel(context.id(), &poll, nullptr));
         (*notes)("data", static_cast<int64_t>(context.Wait(1)[0].data));
         (*notes)("cancel", api.cancel(context.id(), &poll, nullptr));
       }},
      {"cancel-of-other-requests",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const int fd = NewFile("0123456789");
         char back[10];
         iocb read = Block(IOCB_CMD_PREAD, fd, back, 10);
         io_event event;
         (*notes)("never submitted", api.cancel(context.id(), &read, &event));
         context.Submit({&read});
         (*notes)("read", api.cancel(context.id(), &read, &event));
         context.Wait(1);
         close(fd);
       }},
      {"cancel-refused",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const GuardPage guard;
         iocb block = {};
         io_event event;
         (*notes)("null", api.cancel(context.id(), nullptr, &event));
         (*notes)("unmapped",
                  api.cancel(context.id(),
                             reinterpret_cast<iocb*>(guard.begin()), &event));
         block.aio_key = 5;
         (*notes)("key", api.cancel(context.id(), &block, &event));
         (*notes)("key, no context", api.cancel(0, &block, &event));
       }},
  };
}

}  // namespace cases
}  // namespace libaio
}  // namespace uasio
