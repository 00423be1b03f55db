// The ring in the client's memory, and contexts in a forked child.

#include <sys/wait.h>

#include <thread>

#include "asio/compat/libaio/cases/case.h"

namespace uasio {
namespace libaio {
namespace cases {
std::vector<Case> RingCases() {
  return {
      {"ring-layout",
       [](const Api& api, Notes* notes) {
         const Context context(api, 300);
         const ClientRing* ring = RingOf(context);
         (*notes)("magic", ring->magic);
         (*notes)("incompatible", ring->incompatible);
         (*notes)("compatible", ring->compatible);
         (*notes)("header", ring->header_length);
         (*notes)("room", ring->nr > 300 ? "enough" : "too little");
         (*notes)("head", ring->head);
         (*notes)("tail", ring->tail);
       }},
      {"ring-is-reaped-by-the-client",
       [](const Api& api, Notes* notes) {
         const Context context(api, 4);
         ClientRing* ring = RingOf(context);
         const int fd = NewFile("0123456789");
         char back[10];
         int reaped = 0;
         for (unsigned round = 0; round < 3 * ring->nr; ++round) {
           iocb block = Block(IOCB_CMD_PREAD, fd, back, 10);
           block.aio_data = round;
           if (context.Submit({&block}) != 1) break;
           while (ring->tail.load(std::memory_order_acquire) == ring->head) {
             std::this_thread::yield();
           }
           const io_event& event = ring->events[ring->head];
           if (event.data != round || event.res != 10) break;
           ring->head = (ring->head + 1) % ring->nr;
           ++reaped;
         }
         (*notes)("all",
                  reaped == static_cast<int>(3 * ring->nr) ? "yes" : "no");
         timespec none = {0, 0};
         io_event event;
         (*notes)("left", api.getevents(context.id(), 0, 1, &event, &none));
         close(fd);
       }},
      {"ring-with-a-wild-head",
       [](const Api& api, Notes* notes) {
         const Context context(api, 4);
         ClientRing* ring = RingOf(context);
         const int fd = NewFile("0123456789");
         char back[10];
         iocb block = Block(IOCB_CMD_PREAD, fd, back, 10);
         context.Submit({&block});
         while (ring->tail.load(std::memory_order_acquire) == 0) {
           std::this_thread::yield();
         }
         ring->head = 7 * ring->nr;
         io_event event = {};
         (*notes)("get", api.getevents(context.id(), 1, 1, &event, nullptr));
         (*notes)("res", event.res);
         close(fd);
       }},
      {"contexts-in-a-forked-child",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const pid_t child = fork();
         if (child == 0) {
           io_event event;
           timespec none = {0, 0};
           iocb block = {};
           iocb* blocks[] = {&block};
           aio_context_t own = 0;
           const int fd = NewFile("0123456789");
           char back[10];
           block = Block(IOCB_CMD_PREAD, fd, back, 10);
           const bool refused =
               api.getevents(context.id(), 0, 1, &event, &none) == -EINVAL &&
               api.submit(context.id(), 1, blocks) == -EINVAL &&
               api.cancel(context.id(), &block, &event) == -EINVAL &&
               api.destroy(context.id()) == -EINVAL;
           const bool works = api.setup(8, &own) == 0 &&
                              api.submit(own, 1, blocks) == 1 &&
                              api.getevents(own, 1, 1, &event, nullptr) == 1 &&
                              event.res == 10 && api.destroy(own) == 0;
           _exit((refused ? 1 : 0) + (works ? 2 : 0));
         }
         int status = 0;
         waitpid(child, &status, 0);
         (*notes)("child", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
         const int fd = NewFile("0123456789");
         char back[10];
         context.Do(Block(IOCB_CMD_PREAD, fd, back, 10), notes, "parent");
         close(fd);
       }},
  };
}

}  // namespace cases
}  // namespace libaio
}  // namespace uasio
