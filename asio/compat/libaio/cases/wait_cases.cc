// io_getevents(2) and io_pgetevents(2).

#include <atomic>
#include <climits>
#include <cstring>
#include <thread>

#include "asio/compat/libaio/cases/case.h"

namespace uasio {
namespace libaio {
namespace cases {
namespace {

// A context with `count` events in its ring.
class Filled {
 public:
  Filled(const Api& api, int count) : context_(api, 64), fd_(NewFile("0123")) {
    iocb block = Block(IOCB_CMD_PREAD, fd_, &byte_, 1);
    std::vector<iocb*> blocks(static_cast<size_t>(count), &block);
    if (count > 0 && context_.Submit(blocks) != count) std::abort();
    const std::atomic<unsigned>& tail = RingOf(context_)->tail;
    while (tail.load(std::memory_order_acquire) !=
           static_cast<unsigned>(count)) {
      std::this_thread::yield();
    }
  }
  ~Filled() { close(fd_); }

  aio_context_t id() const { return context_.id(); }

 private:
  Context context_;
  int fd_;
  char byte_ = 0;
};

void Get(const Api& api, Notes* notes, const std::string& what, int filled,
         long min, long max, timespec* timeout) {
  const Filled context(api, filled);
  io_event events[16];
  (*notes)(what, api.getevents(context.id(), min, max, events, timeout));
}

int64_t Milliseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

volatile sig_atomic_t signals = 0;
void CountSignal(int) { signals = signals + 1; }

// While it lives, SIGALRM comes every 5 ms and is counted in `signals`.  One
// signal is not enough: it may come before the thread waits.
class Alarms {
 public:
  explicit Alarms(int flags) {
    signals = 0;
    struct sigaction action = {};
    action.sa_handler = &CountSignal;
    action.sa_flags = flags;
    sigaction(SIGALRM, &action, &before_);
    sigevent event = {};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGALRM;
    timer_create(CLOCK_MONOTONIC, &event, &timer_);
    const itimerspec often = {{0, 5000000}, {0, 5000000}};
    timer_settime(timer_, 0, &often, nullptr);
  }
  ~Alarms() {
    timer_delete(timer_);
    sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  struct sigaction before_;
  timer_t timer_;
};

}  // namespace

std::vector<Case> WaitCases() {
  return {
      {"getevents-min-and-max",
       [](const Api& api, Notes* notes) {
         Get(api, notes, "3: 0 to 0", 3, 0, 0, nullptr);
         Get(api, notes, "3: 0 to 2", 3, 0, 2, nullptr);
         Get(api, notes, "3: 1 to 2", 3, 1, 2, nullptr);
         Get(api, notes, "3: 3 to 3", 3, 3, 3, nullptr);
         Get(api, notes, "3: 0 to 16", 3, 0, 16, nullptr);
         Get(api, notes, "0: 0 to 16", 0, 0, 16, nullptr);
         Get(api, notes, "2 to 1", 3, 2, 1, nullptr);
         Get(api, notes, "-1 to 1", 3, -1, 1, nullptr);
         Get(api, notes, "0 to -1", 3, 0, -1, nullptr);
         Get(api, notes, "-2 to -1", 3, -2, -1, nullptr);
       }},
      {"getevents-timeouts",
       [](const Api& api, Notes* notes) {
         for (timespec t :
              {timespec{0, 0}, timespec{0, 1000000}, timespec{0, 1001000000},
               timespec{-1, 1001000000}, timespec{LONG_MIN, 0}}) {
           timespec timeout = t;
           Get(api, notes, "nothing", 0, 1, 2, &timeout);
           Get(api, notes, "some", 1, 2, 3, &timeout);
           Get(api, notes, "enough", 3, 2, 3, &timeout);
         }
       }},
      {"getevents-timeout-is-waited-for",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         io_event event;
         const int64_t before = Milliseconds();
         timespec timeout = {0, 50000000};
         (*notes)("get", api.getevents(context.id(), 1, 1, &event, &timeout));
         (*notes)("waited", Milliseconds() - before >= 49 ? "yes" : "no");
       }},
      {"getevents-long-timeouts",
       [](const Api& api, Notes* notes) {
         timespec for_ever = {LONG_MAX, LONG_MAX};
         timespec nearly = {LONG_MAX / 1000000000 - 1, 0};
         Get(api, notes, "for ever", 2, 2, 2, &for_ever);
         Get(api, notes, "nearly", 2, 2, 2, &nearly);
       }},
      {"getevents-negative-timeouts",
       [](const Api& api, Notes* notes) {
         for (timespec timeout : {timespec{-1, 0}, timespec{0, -1}}) {
           const Filled context(api, 1);
           io_event events[3];
           (*notes)("enough",
                    api.getevents(context.id(), 1, 2, events, &timeout));
           const Alarms alarms(0);
           (*notes)("for ever",
                    api.getevents(context.id(), 1, 2, events, &timeout));
         }
       }},
      {"getevents-bad-memory",
       [](const Api& api, Notes* notes) {
         const GuardPage guard;
         const Filled context(api, 3);
         io_event events[4];
         auto* bad_timeout = reinterpret_cast<timespec*>(guard.begin());
         auto* bad_events = reinterpret_cast<io_event*>(guard.begin());
         (*notes)("timeout",
                  api.getevents(context.id(), 0, 1, events, bad_timeout));
         (*notes)("timeout of nothing",
                  api.getevents(0, 0, 1, events, bad_timeout));
         (*notes)("null", api.getevents(context.id(), 1, 1, nullptr, nullptr));
         (*notes)("events",
                  api.getevents(context.id(), 1, 1, bad_events, nullptr));
         auto* partly =
             reinterpret_cast<io_event*>(guard.Before(sizeof(io_event)));
         (*notes)("partly", api.getevents(context.id(), 2, 2, partly, nullptr));
         (*notes)("still there",
                  api.getevents(context.id(), 0, 4, events, nullptr));
         (*notes)("nothing there",
                  api.getevents(context.id(), 0, 1, bad_events, nullptr));
       }},
      {"getevents-is-interrupted",
       [](const Api& api, Notes* notes) {
         for (int flags : {0, SA_RESTART}) {
           const Context context(api);
           const Alarms alarms(flags);
           io_event event;
           timespec minute = {60, 0};
           (*notes)("for ever",
                    api.getevents(context.id(), 1, 1, &event, nullptr));
           (*notes)("a minute",
                    api.getevents(context.id(), 1, 1, &event, &minute));
           (*notes)("handled", signals > 0 ? "yes" : "no");
         }
       }},
      {"getevents-interrupted-with-some",
       [](const Api& api, Notes* notes) {
         const Filled context(api, 1);
         const Alarms alarms(0);
         io_event events[2];
         (*notes)("get", api.getevents(context.id(), 2, 2, events, nullptr));
       }},
      {"getevents-of-a-context-that-is-destroyed",
       [](const Api& api, Notes* notes) {
         aio_context_t id = 0;
         api.setup(8, &id);
         int result = 0;
         std::thread waiter([&api, &result, id] {
           io_event event;
           result = api.getevents(id, 1, 1, &event, nullptr);
         });
         (*notes)("destroy", api.destroy(id));
         waiter.join();
         (*notes)("get", result);
       }},
      {"getevents-wakes-all-who-have-enough",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Pipe pipe;
         int results[2] = {};
         auto wait = [&api, &context](int* result) {
           io_event event;
           *result = api.getevents(context.id(), 1, 1, &event, nullptr);
         };
         std::thread first(wait, &results[0]), second(wait, &results[1]);
         iocb poll = Block(IOCB_CMD_POLL, pipe.read_end.get());
         poll.aio_buf = POLLIN;
         (*notes)("submit", context.Submit({&poll, &poll}));
         if (write(pipe.write_end.get(), "x", 1) != 1) return;
         first.join();
         second.join();
         (*notes)("results", results[0] + results[1]);
       }},
      {"pgetevents-without-a-mask",
       [](const Api& api, Notes* notes) {
         const Filled context(api, 2);
         io_event events[2];
         timespec none = {0, 0};
         (*notes)("two",
                  api.pgetevents(context.id(), 2, 2, events, nullptr, nullptr));
         (*notes)("none",
                  api.pgetevents(context.id(), 1, 2, events, &none, nullptr));
       }},
      {"pgetevents-lets-a-pending-signal-through",
       [](const Api& api, Notes* notes) {
         for (int flags : {0, SA_RESTART}) {
           const Context context(api);
           sigset_t blocked, before, open;
           sigemptyset(&blocked);
           sigaddset(&blocked, SIGUSR1);
           sigprocmask(SIG_BLOCK, &blocked, &before);
           sigemptyset(&open);
           signals = 0;
           struct sigaction action = {}, old;
           action.sa_handler = &CountSignal;
           action.sa_flags = flags;
           sigaction(SIGUSR1, &action, &old);
           raise(SIGUSR1);
           io_event event;
           (*notes)("for ever",
                    api.pgetevents(context.id(), 1, 1, &event, nullptr, &open));
           (*notes)("handled", signals);
           raise(SIGUSR1);
           timespec none = {0, 0};
           (*notes)("at once",
                    api.pgetevents(context.id(), 1, 1, &event, &none, &open));
           (*notes)("handled", signals);
           sigset_t after;
           sigprocmask(SIG_SETMASK, nullptr, &after);
           (*notes)("blocked", sigismember(&after, SIGUSR1));
           sigprocmask(SIG_SETMASK, &before, nullptr);
           sigaction(SIGUSR1, &old, nullptr);
         }
       }},
      {"pgetevents-with-events-and-a-signal",
       [](const Api& api, Notes* notes) {
         const Filled context(api, 1);
         sigset_t blocked, before, open;
         sigemptyset(&blocked);
         sigaddset(&blocked, SIGUSR1);
         sigprocmask(SIG_BLOCK, &blocked, &before);
         sigemptyset(&open);
         signals = 0;
         const auto old = signal(SIGUSR1, &CountSignal);
         raise(SIGUSR1);
         io_event event;
         (*notes)("get",
                  api.pgetevents(context.id(), 1, 1, &event, nullptr, &open));
         (*notes)("handled", signals);
         sigprocmask(SIG_SETMASK, &before, nullptr);
         signal(SIGUSR1, old);
       }},
      {"pgetevents-keeps-signals-out",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Alarms alarms(0);
         sigset_t closed;
         sigfillset(&closed);
         io_event event;
         timespec timeout = {0, 50000000};
         (*notes)("get", api.pgetevents(context.id(), 1, 1, &event, &timeout,
                                        &closed));
       }},
      {"pgetevents-wakes-for-events",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const Pipe pipe;
         iocb poll = Block(IOCB_CMD_POLL, pipe.read_end.get());
         poll.aio_buf = POLLIN;
         (*notes)("submit", context.Submit({&poll}));
         std::thread writer([&pipe] {
           if (write(pipe.write_end.get(), "x", 1) != 1) std::abort();
         });
         sigset_t open;
         sigemptyset(&open);
         io_event event = {};
         (*notes)("get",
                  api.pgetevents(context.id(), 1, 1, &event, nullptr, &open));
         (*notes)("res", event.res & POLLIN);
         writer.join();
       }},
      {"pgetevents-bad-memory",
       [](const Api& api, Notes* notes) {
         const Context context(api);
         const GuardPage guard;
         sigset_t open;
         sigemptyset(&open);
         io_event event;
         timespec none = {0, 0};
         (*notes)("mask",
                  api.pgetevents(context.id(), 0, 1, &event, &none,
                                 reinterpret_cast<sigset_t*>(guard.begin())));
         std::memset(guard.Before(8), 0, 8);
         (*notes)("all of a mask",
                  api.pgetevents(context.id(), 0, 1, &event, &none,
                                 reinterpret_cast<sigset_t*>(guard.Before(8))));
         (*notes)(
             "timeout",
             api.pgetevents(context.id(), 0, 1, &event,
                            reinterpret_cast<timespec*>(guard.begin()), &open));
       }},
  };
}

}  // namespace cases
}  // namespace libaio
}  // namespace uasio
