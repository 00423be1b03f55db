// A FileOrder decides which requests on one fd must wait for which, so that the
// file ends up as if they had run one by one.
//
// Threads:   one at a time.
// Ownership: the caller owns the nodes, and keeps each alive from Add() to
//            Remove().
// Units:     bytes; a range is [begin, end).
// Cost:      O(1) for a read while nothing writes to the fd, and for an
//            exclusive request; else O(log n) for each other range that it
//            overlaps, with n in flight, and O(1) for each direct predecessor.
// Errors:    none; only the constructor of OrderNode allocates memory.
//
// A read or write waits for every earlier read or write that it overlaps, if
// one of the two writes.  It counts only its direct predecessors: for each
// range that it overlaps, the last write of that range and, if it writes
// itself, the reads of that range after that write.  That last write waits for
// all earlier requests of its range.  An exclusive request overlaps everything;
// later requests are not looked at until it is done.  A sync waits for every
// earlier write.

#ifndef UASIO_ASIO_INTERNAL_ORDER_H_
#define UASIO_ASIO_INTERNAL_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <tuple>

#include "clists/clist.h"

namespace uasio::internal {

struct OrderNode;

// An index entry of a read or write.  Sorted by size class, then by begin.  A
// range of size class c, 2^(c-1) <= size < 2^c, begins less than 2^c bytes
// before what it overlaps, so the overlaps of one class are found by a short
// scan.  The entries of one range are neighbours, in order.
struct OrderEntry {
  int size_class;
  int64_t begin;
  int64_t end;
  uint64_t sequence;
  OrderNode* node;
  bool operator<(const OrderEntry& other) const {
    return std::tie(size_class, begin, end, sequence) <
           std::tie(other.size_class, other.begin, other.end, other.sequence);
  }
  bool HasRangeOf(const OrderEntry& other) const {
    return begin == other.begin && end == other.end;
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
  size_t blockers = 0;    // Admitted direct predecessors.
  Cnode node = {nullptr, nullptr};
  Index::node_type unused = NewEntry();  // The entry, while in no index.
  Index::iterator entry;                 // The entry, while in an index.

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

  using Entry = OrderEntry;
  using Index = OrderNode::Index;

  // The neighbours of a node among those of its own range.
  struct Neighbours {
    uint64_t next_write;   // Sequence of the next write; UINT64_MAX: none.
    size_t writes_before;  // Writes that are direct predecessors: 0 or 1.
    size_t reads_before;   // Reads that are: those after the last write.
  };

  bool Admit(OrderNode* node);
  bool AdmitRange(OrderNode* node);
  void Unlink(OrderNode* node);
  void BuildIndex();
  void DropIndexIfOnlyReads();
  template <typename Visit>
  void VisitRanges(const Index& index, const OrderNode& node, Visit visit);
  template <typename Visit>
  void VisitLater(const OrderNode& node, Visit visit);
  size_t CountPredecessors(const OrderNode& node);
  uint64_t LastWrite(const Entry& of) const;
  Neighbours NeighboursOf(OrderNode* node) const;
  static size_t CountBetween(const Index& index, Entry range, uint64_t after,
                             uint64_t before);
  void Insert(OrderNode* node);
  void Erase(OrderNode* node);
  Index* IndexOf(const OrderNode& node) {
    return node.kind == Kind::kWrite ? &write_index_ : &read_index_;
  }
  static Entry EntryOf(OrderNode* node);
  bool SyncMayStart(const OrderNode& sync) const;
  OrderNode* PopNextToAdmit();

  uint64_t sequence_ = 0;
  NodeList waiting_;                // In order; behind an exclusive request.
  OrderNode* exclusive_ = nullptr;  // The exclusive request that runs.
  NodeList reads_;                  // Admitted: running, or held by blockers.
  NodeList writes_;                 // Likewise, in order.
  NodeList syncs_;                  // Held, in order.

  // The entries of reads_ and of writes_.  A write builds the indexes if there
  // are none.  They are dropped after as many reads without a write as they
  // have entries, which amortizes rebuilding them.
  Index read_index_;
  Index write_index_;
  uint64_t size_classes_ = 0;  // One bit per size class; 0: no such entries.
  bool indexed_ = false;
  size_t reads_since_write_ = 0;
};

// Calls visit() with the first entry of each range in `index` that overlaps the
// range of `node`.
template <typename Visit>
void FileOrder::VisitRanges(const Index& index, const OrderNode& node,
                            Visit visit) {
  for (uint64_t left = size_classes_; left != 0; left &= left - 1) {
    const int size_class = __builtin_ctzll(left);
    const int64_t reach = (uint64_t{1} << size_class) - 1;
    const int64_t first = node.begin < reach ? 0 : node.begin - reach;
    auto at = index.lower_bound({size_class, first, 0, 0, nullptr});
    while (at != index.end() && at->size_class == size_class &&
           at->begin < node.end) {
      Entry range = *at;
      if (range.end > node.begin) visit(at);
      if (++at == index.end() || !at->HasRangeOf(range)) continue;
      range.sequence = UINT64_MAX;
      at = index.upper_bound(range);
    }
  }
}

// Calls visit() with the later requests that overlap `node`: range by range,
// and in order within a range.  False: skips the rest of that range.
template <typename Visit>
void FileOrder::VisitLater(const OrderNode& node, Visit visit) {
  const auto visit_later = [&](const Index& index) {
    VisitRanges(index, node, [&](Index::const_iterator at) {
      Entry range = *at;
      range.sequence = node.sequence;
      if (at->sequence < node.sequence) at = index.upper_bound(range);
      while (at != index.end() && at->HasRangeOf(range) && visit(at->node)) {
        ++at;
      }
    });
  };
  visit_later(write_index_);
  if (node.kind == Kind::kWrite) visit_later(read_index_);
}

template <typename Release>
void FileOrder::Remove(OrderNode* node, Release release) {
  const Place place = node->place;
  Unlink(node);
  if (place == Place::kAdmitted && indexed_ && node->kind <= Kind::kWrite) {
    std::optional<Neighbours> own;  // Most nodes have no successor.
    VisitLater(*node, [&](OrderNode* later) {
      if (!own) own = NeighboursOf(node);
      if (later->sequence > own->next_write) return false;
      // A held write was cancelled: its successors inherit its predecessors.
      if (node->kind == Kind::kWrite) {
        later->blockers += own->writes_before;
        if (later->kind == Kind::kWrite) later->blockers += own->reads_before;
      }
      if (--later->blockers == 0) release(later);
      return true;
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
