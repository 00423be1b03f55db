#include "asio/internal/order.h"

#include <utility>

namespace uasio::internal {

bool FileOrder::Add(OrderNode* node) {
  node->sequence = ++sequence_;
  if (exclusive_ == nullptr && waiting_.empty()) {
    if (node->kind != Kind::kExclusive || (reads_.empty() && writes_.empty())) {
      return Admit(node);
    }
  }
  node->place = Place::kWaiting;
  waiting_.AddTail(node);
  return false;
}

bool FileOrder::Admit(OrderNode* node) {
  node->place = Place::kAdmitted;
  switch (node->kind) {
    case Kind::kRead:
    case Kind::kWrite:
      return AdmitRange(node);
    case Kind::kExclusive:
      exclusive_ = node;
      return true;
    case Kind::kSync:
      if (!SyncMayStart(*node)) return syncs_.AddTail(node), false;
  }
  node->place = Place::kNowhere;
  return true;
}

bool FileOrder::AdmitRange(OrderNode* node) {
  node->blockers = 0;
  if (node->begin >= node->end) {
    node->place = Place::kNowhere;
    return true;
  }
  if (node->kind == Kind::kWrite) {
    BuildIndex();
  } else {
    DropIndexIfOnlyReads();
  }
  if (indexed_) {
    node->blockers = CountPredecessors(*node);
    Insert(node);
  }
  (node->kind == Kind::kRead ? reads_ : writes_).AddTail(node);
  return node->blockers == 0;
}

void FileOrder::Unlink(OrderNode* node) {
  const Place place = node->place;
  node->place = Place::kNowhere;
  if (place == Place::kNowhere) return;
  if (node == exclusive_) {
    exclusive_ = nullptr;
    return;
  }
  NodeList::Remove(node);
  if (place == Place::kWaiting || node->kind == Kind::kSync || !indexed_) {
    return;
  }
  Erase(node);
  if (read_index_.empty() && write_index_.empty()) size_classes_ = 0;
}

void FileOrder::BuildIndex() {
  reads_since_write_ = 0;
  if (indexed_) return;
  indexed_ = true;
  for (OrderNode& read : reads_) Insert(&read);
}

void FileOrder::Insert(OrderNode* node) {
  const Entry entry = EntryOf(node);
  node->unused.value() = entry;
  node->entry = IndexOf(*node)->insert(std::move(node->unused)).position;
  size_classes_ |= uint64_t{1} << entry.size_class;
}

void FileOrder::Erase(OrderNode* node) {
  node->unused = IndexOf(*node)->extract(node->entry);
}

void FileOrder::DropIndexIfOnlyReads() {
  if (!indexed_ || !writes_.empty()) return;
  if (++reads_since_write_ <= read_index_.size()) return;
  for (OrderNode& read : reads_) Erase(&read);
  size_classes_ = 0;
  indexed_ = false;
}

// The number of its direct predecessors.
size_t FileOrder::CountPredecessors(const OrderNode& node) {
  size_t count = 0;
  VisitRanges(write_index_, node, [&](Index::const_iterator) { ++count; });
  if (node.kind == Kind::kRead) return count;
  VisitRanges(read_index_, node, [&](Index::const_iterator at) {
    Entry range = *at;
    range.sequence = UINT64_MAX;
    count += CountBetween(read_index_, range, LastWrite(range), UINT64_MAX);
  });
  return count;
}

// The sequence of the last write before `of` with the same range; 0: none.
uint64_t FileOrder::LastWrite(const Entry& of) const {
  auto at = write_index_.lower_bound(of);
  if (at == write_index_.begin()) return 0;
  --at;
  return at->HasRangeOf(of) ? at->sequence : 0;
}

FileOrder::Neighbours FileOrder::NeighboursOf(OrderNode* node) const {
  const Entry own = EntryOf(node);
  const auto next = write_index_.upper_bound(own);
  const bool is_next = next != write_index_.end() && next->HasRangeOf(own);
  const uint64_t last = LastWrite(own);
  return {is_next ? next->sequence : UINT64_MAX, last != 0 ? 1u : 0u,
          node->kind == Kind::kRead
              ? 0
              : CountBetween(read_index_, own, last, own.sequence)};
}

// The number of entries of that range with a sequence above `after` and below
// `before`.
size_t FileOrder::CountBetween(const Index& index, Entry range, uint64_t after,
                               uint64_t before) {
  range.sequence = after;
  size_t count = 0;
  for (auto at = index.upper_bound(range);
       at != index.end() && at->HasRangeOf(range) && at->sequence < before;
       ++at) {
    ++count;
  }
  return count;
}

FileOrder::Entry FileOrder::EntryOf(OrderNode* node) {
  const uint64_t size = static_cast<uint64_t>(node->end - node->begin);
  return {64 - __builtin_clzll(size), node->begin, node->end, node->sequence,
          node};
}

bool FileOrder::SyncMayStart(const OrderNode& sync) const {
  return writes_.empty() || sync.sequence < writes_.head()->sequence;
}

OrderNode* FileOrder::PopNextToAdmit() {
  OrderNode* next = waiting_.head();
  if (next == nullptr || exclusive_ != nullptr) return nullptr;
  if (next->kind == Kind::kExclusive && !(reads_.empty() && writes_.empty())) {
    return nullptr;
  }
  NodeList::Remove(next);
  return next;
}

}  // namespace uasio::internal
