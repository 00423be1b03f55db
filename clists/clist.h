// A Clist<T, &T::node> is an intrusive circular doubly-linked list of T.
//
// Threads:   none of its own; the caller serialises.
// Ownership: the list owns nothing and allocates nothing; its elements stay
//            where they are and must outlive their time on the list.
// Cost:      every operation is O(1), except size() and iteration.
// Errors:    none; a broken REQUIRES is not detected.
//
// A struct can have several Cnodes and so be on several lists at once.
//
//   struct Job {
//     int id;
//     Cnode by_age;
//   };
//   Clist<Job, &Job::by_age> jobs;
//   Job a = {1}, b = {2};
//   jobs.AddTail(&a);
//   jobs.AddHead(&b);
//   for (const Job& job : jobs) Print(job.id);            // 2, 1
//   for (Job& job : jobs.removable()) jobs.Remove(&job);  // May be removed.

#ifndef UASIO_CLISTS_CLIST_H_
#define UASIO_CLISTS_CLIST_H_

#include <cstddef>
#include <cstring>
#include <iterator>
#include <type_traits>

namespace uasio {

// A member of each struct that goes on a list.
struct Cnode {
  Cnode* next;
  Cnode* prev;
};

template <typename T, Cnode T::*kNode>
class Clist {
 public:
  template <typename Value>
  class Iterator;
  class RemovableRange;

  using value_type = T;
  using reference = T&;
  using const_reference = const T&;
  using difference_type = std::ptrdiff_t;
  using iterator = Iterator<T>;
  using const_iterator = Iterator<const T>;
  using reverse_iterator = std::reverse_iterator<iterator>;
  using const_reverse_iterator = std::reverse_iterator<const_iterator>;

  Clist() noexcept { Clear(); }
  Clist(const Clist&) = delete;
  Clist& operator=(const Clist&) = delete;

  [[nodiscard]] bool empty() const noexcept { return head_.next == &head_; }

  // The number of elements: O(n).
  [[nodiscard]] size_t size() const noexcept;

  // The first and the last element, or nullptr when the list is empty.
  [[nodiscard]] T* head() const noexcept { return ElementOrNull(head_.next); }
  [[nodiscard]] T* tail() const noexcept { return ElementOrNull(head_.prev); }

  // The neighbours of `element`, or nullptr at the list's end.
  // REQUIRES: `element` is on this list.
  [[nodiscard]] T* next(const T* element) const noexcept {
    return ElementOrNull(NodeOf(element)->next);
  }
  [[nodiscard]] T* prev(const T* element) const noexcept {
    return ElementOrNull(NodeOf(element)->prev);
  }

  // REQUIRES, for the next four: `element` is on no list by this node;
  // `position` is on this list.
  void AddHead(T* element) noexcept { Link(&head_, Node(element)); }
  void AddTail(T* element) noexcept { Link(head_.prev, Node(element)); }
  void InsertAfter(T* element, T* position) noexcept {
    Link(Node(position), Node(element));
  }
  void InsertBefore(T* element, T* position) noexcept {
    Link(Node(position)->prev, Node(element));
  }

  // Takes `element` off its list, and sets the pointers of its node to null, so
  // that IsLinked() is false.
  // REQUIRES: `element` is on a list by this node.
  static void Remove(T* element) noexcept;

  // Takes the first or the last element off and returns it, or nullptr when
  // the list is empty.
  T* RemoveHead() noexcept { return RemoveOrNull(head()); }
  T* RemoveTail() noexcept { return RemoveOrNull(tail()); }

  // True while `element` is on a list.
  // REQUIRES: its node was initialised to null pointers before its first use.
  [[nodiscard]] static bool IsLinked(const T* element) noexcept {
    return NodeOf(element)->next != nullptr;
  }

  // Moves all of `from` into this list, in order, and leaves `from` empty: at
  // the head, at the tail, or right after `position`, which is on this list.
  // REQUIRES: `from` is another list.
  void InsertListHead(Clist* from) noexcept { InsertList(from, &head_); }
  void InsertListTail(Clist* from) noexcept { InsertList(from, head_.prev); }
  void InsertListAfter(Clist* from, T* position) noexcept {
    InsertList(from, Node(position));
  }

  // Moves all of `from` into this list, in order, and leaves `from` empty.
  // REQUIRES: this list is empty; `from` is another list.
  void MoveFrom(Clist* from) noexcept { InsertListHead(from); }

  // Empties the list; the nodes of its elements stay as they are.
  void Clear() noexcept { head_.next = head_.prev = &head_; }

  // Bidirectional iterators, as std::list has them.  An iterator stays valid
  // until its element is removed; end() stays valid as long as the list.
  iterator begin() noexcept { return iterator(head_.next); }
  iterator end() noexcept { return iterator(&head_); }
  const_iterator begin() const noexcept { return const_iterator(head_.next); }
  const_iterator end() const noexcept { return const_iterator(&head_); }
  const_iterator cbegin() const noexcept { return begin(); }
  const_iterator cend() const noexcept { return end(); }
  reverse_iterator rbegin() noexcept { return reverse_iterator(end()); }
  reverse_iterator rend() noexcept { return reverse_iterator(begin()); }
  const_reverse_iterator rbegin() const noexcept {
    return const_reverse_iterator(end());
  }
  const_reverse_iterator rend() const noexcept {
    return const_reverse_iterator(begin());
  }
  const_reverse_iterator crbegin() const noexcept { return rbegin(); }
  const_reverse_iterator crend() const noexcept { return rend(); }

  // For a range-for that removes (and may free) the current element; the one
  // after it must stay.
  [[nodiscard]] RemovableRange removable() noexcept {
    return RemovableRange(&head_);
  }

 private:
  static Cnode* Node(T* element) noexcept { return &(element->*kNode); }
  static const Cnode* NodeOf(const T* element) noexcept {
    return &(element->*kNode);
  }
  static T* Element(Cnode* node) noexcept;
  T* ElementOrNull(Cnode* node) const noexcept {
    return node == &head_ ? nullptr : Element(node);
  }
  static void Link(Cnode* after, Cnode* node) noexcept;
  static T* RemoveOrNull(T* element) noexcept;
  static void InsertList(Clist* from, Cnode* after) noexcept;

  Cnode head_;  // Closes the circle; points to itself in an empty list.
};

// `Value` is T or const T.
template <typename T, Cnode T::*kNode>
template <typename Value>
class Clist<T, kNode>::Iterator {
 public:
  using iterator_category = std::bidirectional_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using pointer = Value*;
  using reference = Value&;

  Iterator() = default;
  // An iterator converts to a const_iterator.
  template <typename Other,
            typename = std::enable_if_t<std::is_same_v<const Other, Value>>>
  Iterator(const Iterator<Other>& other) noexcept : node_(other.node_) {}

  Value& operator*() const noexcept {
    return *Element(const_cast<Cnode*>(node_));
  }
  Value* operator->() const noexcept { return &**this; }
  Iterator& operator++() noexcept { return node_ = node_->next, *this; }
  Iterator& operator--() noexcept { return node_ = node_->prev, *this; }
  Iterator operator++(int) noexcept { return Iterator(Step(node_->next)); }
  Iterator operator--(int) noexcept { return Iterator(Step(node_->prev)); }
  friend bool operator==(Iterator a, Iterator b) noexcept {
    return a.node_ == b.node_;
  }
  friend bool operator!=(Iterator a, Iterator b) noexcept {
    return a.node_ != b.node_;
  }

 private:
  friend class Clist;
  template <typename Other>
  friend class Iterator;

  explicit Iterator(const Cnode* node) noexcept : node_(node) {}
  // Moves to `to`; returns where it was.
  const Cnode* Step(const Cnode* to) noexcept {
    const Cnode* const from = node_;
    node_ = to;
    return from;
  }

  const Cnode* node_ = nullptr;
};

template <typename T, Cnode T::*kNode>
class Clist<T, kNode>::RemovableRange {
 public:
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = T*;
    using reference = T&;

    explicit iterator(Cnode* node) noexcept : node_(node), next_(node->next) {}
    T& operator*() const noexcept { return *Element(node_); }
    iterator& operator++() noexcept { return *this = iterator(next_); }
    bool operator==(const iterator& other) const noexcept {
      return node_ == other.node_;
    }
    bool operator!=(const iterator& other) const noexcept {
      return node_ != other.node_;
    }

   private:
    Cnode* node_;
    Cnode* next_;  // Read before the element may be removed.
  };

  iterator begin() const noexcept { return iterator(head_->next); }
  iterator end() const noexcept { return iterator(head_); }

 private:
  friend class Clist;
  explicit RemovableRange(Cnode* head) noexcept : head_(head) {}

  Cnode* head_;
};

// In the Itanium C++ ABI, which Linux uses, a pointer to a data member is the
// member's offset.
template <typename T, Cnode T::*kNode>
T* Clist<T, kNode>::Element(Cnode* node) noexcept {
  constexpr Cnode T::*kMember = kNode;
  std::ptrdiff_t offset;
  static_assert(sizeof(kMember) == sizeof(offset), "not the Itanium C++ ABI");
  std::memcpy(&offset, &kMember, sizeof(offset));
  return reinterpret_cast<T*>(reinterpret_cast<char*>(node) - offset);
}

template <typename T, Cnode T::*kNode>
size_t Clist<T, kNode>::size() const noexcept {
  size_t count = 0;
  for (const Cnode* node = head_.next; node != &head_; node = node->next) {
    ++count;
  }
  return count;
}

template <typename T, Cnode T::*kNode>
void Clist<T, kNode>::Link(Cnode* after, Cnode* node) noexcept {
  node->next = after->next;
  node->prev = after;
  after->next->prev = node;
  after->next = node;
}

template <typename T, Cnode T::*kNode>
void Clist<T, kNode>::Remove(T* element) noexcept {
  Cnode* node = Node(element);
  node->prev->next = node->next;
  node->next->prev = node->prev;
  node->next = node->prev = nullptr;
}

template <typename T, Cnode T::*kNode>
T* Clist<T, kNode>::RemoveOrNull(T* element) noexcept {
  if (element != nullptr) Remove(element);
  return element;
}

template <typename T, Cnode T::*kNode>
void Clist<T, kNode>::InsertList(Clist* from, Cnode* after) noexcept {
  if (from->empty()) return;
  Cnode* first = from->head_.next;
  Cnode* last = from->head_.prev;
  first->prev = after;
  last->next = after->next;
  after->next->prev = last;
  after->next = first;
  from->Clear();
}

}  // namespace uasio

#endif  // UASIO_CLISTS_CLIST_H_
