// An OrderedDispatcher hands out items to threads, and delivers the threads'
// results in the order of the items.
//
// Threads:   any.
// Bounds:    at most `ahead_max` items are handed out and not yet delivered.
// Blocks:    Take() at that bound, if it may wait; Take() and Return() while
//            another thread is in `next` or `deliver`.
//
//   OrderedDispatcher<std::string, int> names(100, next_name, print_result);
//   // In each thread:
//   OrderedDispatcher<std::string, int>::Ticket ticket;
//   while (names.Take(/*may_wait=*/true, &ticket) == Taken::kItem) {
//     names.Return(ticket.number, Work(ticket.item));
//   }

#ifndef UASIO_TOOLS_SUM_ORDERED_DISPATCHER_H_
#define UASIO_TOOLS_SUM_ORDERED_DISPATCHER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "workqueue/mutex.h"

namespace uasio {

enum class Taken {
  kItem,
  kAtBound,  // Return a result first.
  kEnd,      // There are no more items.
};

template <typename Item, typename Result>
class OrderedDispatcher {
 public:
  struct Ticket {
    uint64_t number = 0;
    Item item;
  };
  using Next = std::function<std::optional<Item>()>;
  using Deliver = std::function<void(const Result& result)>;

  // `next` returns the items, and nullopt at their end.  It and `deliver` are
  // called in the threads, one at a time.
  OrderedDispatcher(size_t ahead_max, Next next, Deliver deliver)
      : ahead_max_(ahead_max),
        next_(std::move(next)),
        deliver_(std::move(deliver)) {}

  // Takes the next item.  If `may_wait`, waits instead of returning kAtBound.
  // REQUIRES: if `may_wait`, this thread has returned all that it has taken.
  Taken Take(bool may_wait, Ticket* ticket) {
    MutexLock lock(&mutex_);
    while (taken_ - delivered_ >= ahead_max_) {
      if (!may_wait) return Taken::kAtBound;
      returned_.Wait(&mutex_);
    }
    std::optional<Item> item;
    if (!ended_) item = next_();
    ended_ = !item.has_value();
    if (ended_) return Taken::kEnd;
    ticket->number = taken_++;
    ticket->item = *std::move(item);
    return Taken::kItem;
  }

  // Takes the result of the item with that number, and delivers each result
  // whose predecessors are delivered.
  void Return(uint64_t number, Result result) {
    MutexLock lock(&mutex_);
    results_.emplace(number, std::move(result));
    while (!results_.empty() && results_.begin()->first == delivered_) {
      deliver_(results_.begin()->second);
      results_.erase(results_.begin());
      ++delivered_;
    }
    returned_.NotifyAll();
  }

 private:
  const size_t ahead_max_;
  const Next next_;
  const Deliver deliver_;

  Mutex mutex_;
  CondVar returned_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t delivered_ ABSL_GUARDED_BY(mutex_) = 0;

  // By number; each waits for the result of an earlier item.
  std::map<uint64_t, Result> results_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace uasio

#endif  // UASIO_TOOLS_SUM_ORDERED_DISPATCHER_H_
