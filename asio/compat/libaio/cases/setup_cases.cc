// io_setup(2) and io_destroy(2).

#include <climits>

#include "asio/compat/libaio/cases/case.h"

namespace uasio {
namespace libaio {
namespace cases {
namespace {

void Setup(const Api& api, unsigned events, Notes* notes) {
  aio_context_t id = 0;
  const int result = api.setup(events, &id);
  (*notes)(std::to_string(events), result);
  (*notes)("id", id != 0 ? "set" : "0");
  if (result == 0) (*notes)("destroy", api.destroy(id));
}

}  // namespace

std::vector<Case> SetupCases() {
  return {
      {"setup-and-destroy",
       [](const Api& api, Notes* notes) {
         Setup(api, 1, notes);
         Setup(api, 128, notes);
         Setup(api, 4097, notes);
       }},
      {"setup-of-none",
       [](const Api& api, Notes* notes) { Setup(api, 0, notes); }},
      {"setup-of-too-many",
       [](const Api& api, Notes* notes) {
         Setup(api, UINT_MAX, notes);
         Setup(api, 1u << 31, notes);
         Setup(api, 100 << 20, notes);
       }},
      {"setup-beyond-aio-max-nr",
       [](const Api& api, Notes* notes) { Setup(api, 4 << 20, notes); }},
      {"setup-over-a-context",
       [](const Api& api, Notes* notes) {
         aio_context_t id = 17;
         (*notes)("setup", api.setup(8, &id));
         (*notes)("id", static_cast<int64_t>(id));
       }},
      {"setup-into-bad-memory",
       [](const Api& api, Notes* notes) {
         const GuardPage guard;
         (*notes)("null", api.setup(8, nullptr));
         (*notes)(
             "unmapped",
             api.setup(8, reinterpret_cast<aio_context_t*>(guard.begin())));
         (*notes)("kernel", api.setup(8, reinterpret_cast<aio_context_t*>(
                                             ~uintptr_t{0} - 4095)));
       }},
      {"setup-into-read-only-memory",
       [](const Api& api, Notes* notes) {
         void* page =
             mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
         (*notes)("setup", api.setup(8, static_cast<aio_context_t*>(page)));
         munmap(page, 4096);
       }},
      {"calls-on-no-context",
       [](const Api& api, Notes* notes) {
         int local = 0;
         iocb block = Block(IOCB_CMD_PREAD, 0);
         iocb* blocks[] = {&block};
         io_event event;
         for (aio_context_t id :
              {aio_context_t{0}, aio_context_t{1}, ~aio_context_t{0},
               reinterpret_cast<aio_context_t>(&local)}) {
           (*notes)("destroy", api.destroy(id));
           (*notes)("submit", api.submit(id, 1, blocks));
           (*notes)("none", api.submit(id, 0, blocks));
           (*notes)("cancel", api.cancel(id, &block, &event));
           (*notes)("getevents", api.getevents(id, 0, 1, &event, nullptr));
         }
       }},
      {"calls-on-a-destroyed-context",
       [](const Api& api, Notes* notes) {
         aio_context_t id = 0;
         iocb block = Block(IOCB_CMD_PREAD, 0);
         iocb* blocks[] = {&block};
         io_event event;
         api.setup(8, &id);
         (*notes)("destroy", api.destroy(id));
         (*notes)("again", api.destroy(id));
         (*notes)("submit", api.submit(id, 1, blocks));
         (*notes)("cancel", api.cancel(id, &block, &event));
         (*notes)("getevents", api.getevents(id, 0, 1, &event, nullptr));
       }},
      {"destroy-with-requests-in-flight",
       [](const Api& api, Notes* notes) {
         aio_context_t id = 0;
         const int fd = NewFile("");
         const Pipe pipe;
         const std::string text(1 << 16, 'x');
         api.setup(8, &id);
         iocb write = Block(IOCB_CMD_PWRITE, fd, text.data(), text.size());
         iocb poll = Block(IOCB_CMD_POLL, pipe.read_end.get());
         poll.aio_buf = POLLIN;
         iocb* blocks[] = {&write, &poll};
         (*notes)("submit", api.submit(id, 2, blocks));
         (*notes)("destroy", api.destroy(id));
         (*notes)("file", Contents(fd) == text ? "whole" : "cut");
         close(fd);
       }},
  };
}

}  // namespace cases
}  // namespace libaio
}  // namespace uasio
