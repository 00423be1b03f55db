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
    VisitOverlaps(*node, [node](OrderNode* earlier) {
      if (Conflict(*node, *earlier)) ++node->blockers;
    });
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
  if (index_.empty()) size_classes_ = 0;
}

void FileOrder::BuildIndex() {
  reads_since_write_ = 0;
  if (indexed_) return;
  indexed_ = true;
  for (OrderNode& read : reads_) Insert(&read);
}

void FileOrder::DropIndexIfOnlyReads() {
  if (!indexed_ || !writes_.empty()) return;
  if (++reads_since_write_ <= index_.size()) return;
  for (OrderNode& read : reads_) Erase(&read);
  size_classes_ = 0;
  indexed_ = false;
}

bool FileOrder::Conflict(const OrderNode& a, const OrderNode& b) {
  return a.kind == Kind::kWrite || b.kind == Kind::kWrite;
}

void FileOrder::Insert(OrderNode* node) {
  const uint64_t size = static_cast<uint64_t>(node->end - node->begin);
  const int size_class = 64 - __builtin_clzll(size);
  node->unused.value() = {size_class, node->begin, node->sequence, node};
  node->entry = index_.insert(std::move(node->unused)).position;
  size_classes_ |= uint64_t{1} << size_class;
}

void FileOrder::Erase(OrderNode* node) {
  node->unused = index_.extract(node->entry);
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
