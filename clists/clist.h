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
//   for (Job& job : jobs) {  // 2, 1
//     jobs.Remove(&job);     // The element under the iterator may be removed.
//   }

#ifndef UASIO_CLISTS_CLIST_H_
#define UASIO_CLISTS_CLIST_H_

#include <cstddef>
#include <cstring>
#include <iterator>

namespace uasio {

// A member of each struct that goes on a list.
struct Cnode {
  Cnode* next;
  Cnode* prev;
};

template <typename T, Cnode T::*kNode>
class Clist {
 public:
  class iterator;

  Clist() { Clear(); }
  Clist(const Clist&) = delete;
  Clist& operator=(const Clist&) = delete;

  bool empty() const { return head_.next == &head_; }

  // The number of elements: O(n).
  size_t size() const;

  // The first and the last element, or nullptr when the list is empty.
  T* head() const { return ElementOrNull(head_.next); }
  T* tail() const { return ElementOrNull(head_.prev); }

  // The neighbours of `element`, or nullptr at the list's end.
  // REQUIRES: `element` is on this list.
  T* next(const T* element) const {
    return ElementOrNull(NodeOf(element)->next);
  }
  T* prev(const T* element) const {
    return ElementOrNull(NodeOf(element)->prev);
  }

  // REQUIRES, for the next four: `element` is on no list by this node;
  // `position` is on this list.
  void AddHead(T* element) { Link(&head_, Node(element)); }
  void AddTail(T* element) { Link(head_.prev, Node(element)); }
  void InsertAfter(T* element, T* position) {
    Link(Node(position), Node(element));
  }
  void InsertBefore(T* element, T* position) {
    Link(Node(position)->prev, Node(element));
  }

  // Takes `element` off its list, and sets the pointers of its node to null, so
  // that IsLinked() is false.
  // REQUIRES: `element` is on a list by this node.
  static void Remove(T* element);

  // Takes the first or the last element off and returns it, or nullptr when
  // the list is empty.
  T* RemoveHead() { return RemoveOrNull(head()); }
  T* RemoveTail() { return RemoveOrNull(tail()); }

  // True while `element` is on a list.
  // REQUIRES: its node was initialised to null pointers before its first use.
  static bool IsLinked(const T* element) {
    return NodeOf(element)->next != nullptr;
  }

  // Moves all of `from` into this list, in order, and leaves `from` empty: at
  // the head, at the tail, or right after `position`, which is on this list.
  // REQUIRES: `from` is another list.
  void InsertListHead(Clist* from) { InsertList(from, &head_); }
  void InsertListTail(Clist* from) { InsertList(from, head_.prev); }
  void InsertListAfter(Clist* from, T* position) {
    InsertList(from, Node(position));
  }

  // Moves all of `from` into this list, in order, and leaves `from` empty.
  // REQUIRES: this list is empty; `from` is another list.
  void MoveFrom(Clist* from) { InsertListHead(from); }

  // Empties the list; the nodes of its elements stay as they are.
  void Clear() { head_.next = head_.prev = &head_; }

  // Iteration in order, by reference.  The current element may be removed (and
  // freed); the one after it must stay.
  iterator begin() const { return iterator(head_.next); }
  iterator end() const { return iterator(&head_); }

 private:
  static Cnode* Node(T* element) { return &(element->*kNode); }
  static const Cnode* NodeOf(const T* element) { return &(element->*kNode); }
  static T* Element(Cnode* node);
  T* ElementOrNull(Cnode* node) const {
    return node == &head_ ? nullptr : Element(node);
  }
  static void Link(Cnode* after, Cnode* node);
  static T* RemoveOrNull(T* element);
  static void InsertList(Clist* from, Cnode* after);

  Cnode head_;  // Closes the circle; points to itself in an empty list.
};

template <typename T, Cnode T::*kNode>
class Clist<T, kNode>::iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using pointer = T*;
  using reference = T&;

  explicit iterator(const Cnode* node)
      : node_(const_cast<Cnode*>(node)), next_(node->next) {}
  T& operator*() const { return *Element(node_); }
  T* operator->() const { return Element(node_); }
  iterator& operator++() {
    node_ = next_;
    next_ = node_->next;
    return *this;
  }
  iterator operator++(int) {
    iterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const iterator& other) const { return node_ == other.node_; }
  bool operator!=(const iterator& other) const { return node_ != other.node_; }

 private:
  Cnode* node_;
  Cnode* next_;  // Read before the element may be removed.
};

// In the Itanium C++ ABI, which Linux uses, a pointer to a data member is the
// member's offset.
template <typename T, Cnode T::*kNode>
T* Clist<T, kNode>::Element(Cnode* node) {
  constexpr Cnode T::*kMember = kNode;
  std::ptrdiff_t offset;
  static_assert(sizeof(kMember) == sizeof(offset), "not the Itanium C++ ABI");
  std::memcpy(&offset, &kMember, sizeof(offset));
  return reinterpret_cast<T*>(reinterpret_cast<char*>(node) - offset);
}

template <typename T, Cnode T::*kNode>
size_t Clist<T, kNode>::size() const {
  size_t count = 0;
  for (const Cnode* node = head_.next; node != &head_; node = node->next) {
    ++count;
  }
  return count;
}

template <typename T, Cnode T::*kNode>
void Clist<T, kNode>::Link(Cnode* after, Cnode* node) {
  node->next = after->next;
  node->prev = after;
  after->next->prev = node;
  after->next = node;
}

template <typename T, Cnode T::*kNode>
void Clist<T, kNode>::Remove(T* element) {
  Cnode* node = Node(element);
  node->prev->next = node->next;
  node->next->prev = node->prev;
  node->next = node->prev = nullptr;
}

template <typename T, Cnode T::*kNode>
T* Clist<T, kNode>::RemoveOrNull(T* element) {
  if (element != nullptr) Remove(element);
  return element;
}

template <typename T, Cnode T::*kNode>
void Clist<T, kNode>::InsertList(Clist* from, Cnode* after) {
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
