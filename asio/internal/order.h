// The order of the requests on one fd: which must wait for which, so that the
// file ends up as if they had run one by one.
//
// Threads:   one at a time.
// Ownership: nodes are the caller's; one is listed here from Add() to Remove().
// Units:     bytes; a range is [begin, end).
// Cost:      a read on an fd that nobody writes to: O(1).  While somebody does,
//            O(log n) and the overlaps, for each of n in flight.  An exclusive
//            one: O(1).
// Errors:    none.
//
// Reads and writes wait for every earlier one that they overlap, if one of the
// two writes.  An exclusive one overlaps everything; what comes after it is not
// even looked at until it is done.  A sync waits for every earlier write.

#ifndef UASIO_ASIO_INTERNAL_ORDER_H_
#define UASIO_ASIO_INTERNAL_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <tuple>

#include "absl/container/btree_set.h"
#include "clists/clist.h"

namespace uasio::internal {

struct OrderNode {
  enum class Kind : uint8_t { kRead, kWrite, kExclusive, kSync };

  Kind kind = Kind::kRead;
  int64_t begin = 0;
  int64_t end = 0;

  // FileOrder's own.
  enum class Place : uint8_t { kNowhere, kWaiting, kAdmitted };
  Place place = Place::kNowhere;
  uint64_t sequence = 0;  // Of its Add().
  size_t blockers = 0;    // Admitted ones that it waits for.
  Cnode node = {nullptr, nullptr};
};

class FileOrder {
 public:
  using NodeList = Clist<OrderNode, &OrderNode::node>;

  FileOrder() = default;
  FileOrder(const FileOrder&) = delete;
  FileOrder& operator=(const FileOrder&) = delete;

  // Takes note of the next one in the order.  True: it may start now.  False:
  // it is held until a Remove() releases it.
  bool Add(OrderNode* node);

  // Forgets one that is done, or was held and will not be, and calls
  // release(node) for each one that it was the last to hold up.
  template <typename Release>
  void Remove(OrderNode* node, Release release);

 private:
  using Kind = OrderNode::Kind;
  using Place = OrderNode::Place;

  // Ranges of like size stand together, so that whatever overlaps a given one
  // is found next to it: a range of size class c, 2^(c-1) <= size < 2^c,
  // begins less than 2^c bytes before what it overlaps.
  struct Entry {
    int size_class;
    OrderNode* node;
    bool operator<(const Entry& other) const {
      return std::tie(size_class, node->begin, node->sequence) <
             std::tie(other.size_class, other.node->begin,
                      other.node->sequence);
    }
  };

  bool Admit(OrderNode* node);
  bool AdmitRange(OrderNode* node);
  void Leave(OrderNode* node);
  void UseIndex();
  void DropIndexIfReadsAlone();
  template <typename Visit>
  void VisitOverlaps(const OrderNode& node, Visit visit);
  static bool Conflict(const OrderNode& a, const OrderNode& b);
  static Entry EntryOf(OrderNode* node);
  bool SyncMayStart(const OrderNode& sync) const;
  OrderNode* NextToAdmit();

  uint64_t sequence_ = 0;
  NodeList waiting_;  // In order, behind an exclusive one that runs or waits.
  OrderNode* exclusive_ = nullptr;  // The one that runs.
  NodeList reads_;                  // Admitted: running, or held by blockers.
  NodeList writes_;                 // Likewise, in order.
  NodeList syncs_;                  // Held, in order.

  // Of reads_ and writes_: made when a write comes, and dropped once reads have
  // been alone for long enough to have earned the making of the next.
  absl::btree_set<Entry> index_;
  uint64_t size_classes_ = 0;  // A bit for each that index_ has met.
  bool indexed_ = false;
  size_t reads_since_write_ = 0;
};

template <typename Visit>
void FileOrder::VisitOverlaps(const OrderNode& node, Visit visit) {
  for (uint64_t left = size_classes_; left != 0; left &= left - 1) {
    const int size_class = __builtin_ctzll(left);
    const int64_t reach = (uint64_t{1} << size_class) - 1;
    OrderNode first;
    first.begin = node.begin < reach ? 0 : node.begin - reach;
    auto entry = index_.lower_bound({size_class, &first});
    for (; entry != index_.end() && entry->size_class == size_class &&
           entry->node->begin < node.end;
         ++entry) {
      if (entry->node->end > node.begin) visit(entry->node);
    }
  }
}

template <typename Release>
void FileOrder::Remove(OrderNode* node, Release release) {
  const Place place = node->place;
  Leave(node);
  if (place == Place::kAdmitted && indexed_ && node->kind != Kind::kSync) {
    VisitOverlaps(*node, [&](OrderNode* later) {
      if (later->sequence < node->sequence || !Conflict(*node, *later)) return;
      if (--later->blockers == 0) release(later);
    });
  }
  while (!syncs_.empty() && SyncMayStart(*syncs_.head())) {
    OrderNode* sync = syncs_.RemoveHead();
    sync->place = Place::kNowhere;
    release(sync);
  }
  while (OrderNode* next = NextToAdmit()) {
    if (Admit(next)) release(next);
  }
}

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_ORDER_H_
