// A Conveyor hands things out to threads and gives what they make of them to
// one place, in the order in which they were handed out.
//
// Threads:   any.
// Bounds:    no thing is handed out that is more than `ahead_max` behind the
//            first one whose result is missing.
// Blocks:    Take(), if it may; Return(), while others' results are delivered;
//            both as long as `next` or `deliver` does.
//
//   Conveyor<std::string, int> conveyor(100, next_name, print_result);
//   // In each thread:
//   while (conveyor.Take(true, &ticket) == Taken::kThing) {
//     conveyor.Return(ticket.number, Work(ticket.thing));
//   }

#ifndef UASIO_TOOLS_SUM_CONVEYOR_H_
#define UASIO_TOOLS_SUM_CONVEYOR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "workqueue/mutex.h"

namespace uasio {

enum class Taken {
  kThing,
  kLater,  // Too far ahead: return something first.
  kEnd,    // There are no more.
};

template <typename Thing, typename Result>
class Conveyor {
 public:
  struct Ticket {
    uint64_t number = 0;
    Thing thing;
  };
  using Next = std::function<std::optional<Thing>()>;
  using Deliver = std::function<void(const Result& result)>;

  // `next` and `deliver` are called in the threads, one at a time: while one of
  // them blocks, nothing is handed out or delivered.
  Conveyor(size_t ahead_max, Next next, Deliver deliver)
      : ahead_max_(ahead_max),
        next_(std::move(next)),
        deliver_(std::move(deliver)) {}

  // kLater is not returned if it `may_wait`: for that, all things that this
  // thread has taken must have been returned.
  Taken Take(bool may_wait, Ticket* ticket) {
    MutexLock lock(&mutex_);
    while (taken_ - delivered_ >= ahead_max_) {
      if (!may_wait) return Taken::kLater;
      moved_.Wait(&mutex_);
    }
    std::optional<Thing> thing;
    if (!ended_) thing = next_();
    ended_ = !thing.has_value();
    if (ended_) return Taken::kEnd;
    ticket->number = taken_++;
    ticket->thing = *std::move(thing);
    return Taken::kThing;
  }

  void Return(uint64_t number, Result result) {
    MutexLock lock(&mutex_);
    results_.emplace(number, std::move(result));
    while (!results_.empty() && results_.begin()->first == delivered_) {
      deliver_(results_.begin()->second);
      results_.erase(results_.begin());
      ++delivered_;
    }
    moved_.NotifyAll();
  }

 private:
  const size_t ahead_max_;
  const Next next_;
  const Deliver deliver_;

  Mutex mutex_;
  CondVar moved_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t delivered_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, Result> results_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace uasio

#endif  // UASIO_TOOLS_SUM_CONVEYOR_H_
