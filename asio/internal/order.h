// A FileOrder decides which requests on one fd must wait for which, so that the
// file ends up as if they had run one by one.
//
// Threads:   one at a time.
// Ownership: the caller owns the nodes, and keeps each alive from Add() to
//            Remove().
// Units:     bytes; a range is [begin, end).
// Cost:      O(1) for a read while nothing writes to the fd, and for an
//            exclusive request; else O(log n + overlaps), with n in flight.
// Errors:    none; only making a node allocates memory.
//
// A read or write waits for every earlier read or write that it overlaps, if
// one of the two writes.  An exclusive request overlaps everything; later
// requests are not looked at until it is done.  A sync waits for every earlier
// write.

#ifndef UASIO_ASIO_INTERNAL_ORDER_H_
#define UASIO_ASIO_INTERNAL_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <tuple>

#include "clists/clist.h"

namespace uasio::internal {

struct OrderNode;

// An index entry of a read or write.  Sorted by size class, then by begin.  A
// range of size class c, 2^(c-1) <= size < 2^c, begins less than 2^c bytes
// before what it overlaps, so the overlaps of one class are found by a short
// scan.
struct OrderEntry {
  int size_class;
  int64_t begin;
  uint64_t sequence;
  OrderNode* node;
  bool operator<(const OrderEntry& other) const {
    return std::tie(size_class, begin, sequence) <
           std::tie(other.size_class, other.begin, other.sequence);
  }
};

struct OrderNode {
  using Index = std::set<OrderEntry>;
  enum class Kind : uint8_t { kRead, kWrite, kExclusive, kSync };

  Kind kind = Kind::kRead;
  int64_t begin = 0;
  int64_t end = 0;

  // Only FileOrder uses what follows.
  enum class Place : uint8_t {
    kNowhere,   // On no list.
    kWaiting,   // On waiting_: not looked at yet.
    kAdmitted,  // On reads_, writes_ or syncs_, or exclusive_.
  };
  Place place = Place::kNowhere;
  uint64_t sequence = 0;  // Counts the Add()s.
  size_t blockers = 0;    // Admitted requests that it waits for.
  Cnode node = {nullptr, nullptr};
  Index::node_type unused = NewEntry();  // Empty while it is in the index.
  Index::iterator entry;                 // Where it is there.

 private:
  static Index::node_type NewEntry() {
    Index index;
    index.insert(OrderEntry());
    return index.extract(index.begin());
  }
};

class FileOrder {
 public:
  using NodeList = Clist<OrderNode, &OrderNode::node>;

  FileOrder() = default;
  FileOrder(const FileOrder&) = delete;
  FileOrder& operator=(const FileOrder&) = delete;

  // Adds the next request.  Returns
  //   true:  it may start now;
  //   false: it is held until a Remove() releases it.
  bool Add(OrderNode* node);

  // Removes a request that is done, or that was cancelled while it was held.
  // Calls release(other) for each held request that may start now.
  template <typename Release>
  void Remove(OrderNode* node, Release release);

 private:
  using Kind = OrderNode::Kind;
  using Place = OrderNode::Place;

  bool Admit(OrderNode* node);
  bool AdmitRange(OrderNode* node);
  void Unlink(OrderNode* node);
  void BuildIndex();
  void DropIndexIfOnlyReads();
  template <typename Visit>
  void VisitOverlaps(const OrderNode& node, Visit visit);
  static bool Conflict(const OrderNode& a, const OrderNode& b);
  void Insert(OrderNode* node);
  void Erase(OrderNode* node);
  bool SyncMayStart(const OrderNode& sync) const;
  OrderNode* PopNextToAdmit();

  uint64_t sequence_ = 0;
  NodeList waiting_;                // In order; behind an exclusive request.
  OrderNode* exclusive_ = nullptr;  // The exclusive request that runs.
  NodeList reads_;                  // Admitted: running, or held by blockers.
  NodeList writes_;                 // Likewise, in order.
  NodeList syncs_;                  // Held, in order.

  // The entries of reads_ and writes_.  A write builds the index if there is
  // none.  It is dropped when as many reads as it has entries came without a
  // write, which amortizes rebuilding it.
  OrderNode::Index index_;
  uint64_t size_classes_ = 0;  // A bit for each class that index_ may contain.
  bool indexed_ = false;
  size_t reads_since_write_ = 0;
};

template <typename Visit>
void FileOrder::VisitOverlaps(const OrderNode& node, Visit visit) {
  for (uint64_t left = size_classes_; left != 0; left &= left - 1) {
    const int size_class = __builtin_ctzll(left);
    const int64_t reach = (uint64_t{1} << size_class) - 1;
    const int64_t first = node.begin < reach ? 0 : node.begin - reach;
    auto entry = index_.lower_bound({size_class, first, 0, nullptr});
    for (; entry != index_.end() && entry->size_class == size_class &&
           entry->begin < node.end;
         ++entry) {
      if (entry->node->end > node.begin) visit(entry->node);
    }
  }
}

template <typename Release>
void FileOrder::Remove(OrderNode* node, Release release) {
  const Place place = node->place;
  Unlink(node);
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
  while (OrderNode* next = PopNextToAdmit()) {
    if (Admit(next)) release(next);
  }
}

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_ORDER_H_
