// A FreeList makes objects and keeps those that are given back for the next
// caller.
//
// Threads:   one at a time; the caller serialises.
// Ownership: the list owns all objects that it has made, which stay where they
//            are until it is destroyed.
// Bounds:    as many objects as were out at a time.
// Cost:      O(1), without an allocation if an object has been given back or
//            reserved.
//
//   struct Job : Recyclable<Job> { ... };
//   FreeList<Job> jobs;
//   Job* job = jobs.Take();  // As its last user left it.
//   jobs.GiveBack(job);

#ifndef UASIO_WORKQUEUE_FREE_LIST_H_
#define UASIO_WORKQUEUE_FREE_LIST_H_

#include <cstddef>
#include <new>

namespace uasio {

// A base of what a FreeList<T> makes; the list's own.
template <typename T>
struct Recyclable {
  T* next_made = nullptr;
  T* next_idle = nullptr;
};

template <typename T>
class FreeList {
 public:
  FreeList() = default;
  ~FreeList() {
    while (T* object = made_) {
      made_ = Links(object).next_made;
      delete object;
    }
  }
  FreeList(const FreeList&) = delete;
  FreeList& operator=(const FreeList&) = delete;

  // Makes objects until there are `count`, with those that are out.  False:
  // there is no memory.
  [[nodiscard]] bool Reserve(size_t count) {
    while (made_count_ < count) {
      T* object = Make();
      if (object == nullptr) return false;
      Links(object).next_idle = idle_;
      idle_ = object;
    }
    return true;
  }

  // The object that was given back last, or a new one, value-initialised.
  // nullptr: there is no memory.
  [[nodiscard]] T* Take() {
    if (T* object = TakeIdle()) return object;
    T* object = Make();
    if (object != nullptr) ++out_;
    return object;
  }

  // The object that was given back last.  nullptr: all are out.
  [[nodiscard]] T* TakeIdle() noexcept {
    T* object = idle_;
    if (object == nullptr) return nullptr;
    idle_ = Links(object).next_idle;
    ++out_;
    return object;
  }

  // REQUIRES: `object` came from Take() and was not given back since.
  void GiveBack(T* object) noexcept {
    Links(object).next_idle = idle_;
    idle_ = object;
    --out_;
  }

  // How many were taken and not given back.
  [[nodiscard]] size_t out() const noexcept { return out_; }

  // The first object, out or not, for which matches(*object); or nullptr: O(n).
  template <typename Matches>
  [[nodiscard]] T* Find(const Matches& matches) const {
    T* object = made_;
    while (object != nullptr && !matches(*object)) {
      object = Links(object).next_made;
    }
    return object;
  }

 private:
  static Recyclable<T>& Links(T* object) { return *object; }

  T* Make() {
    T* object = new (std::nothrow) T();
    if (object == nullptr) return nullptr;
    Links(object).next_made = made_;
    made_ = object;
    ++made_count_;
    return object;
  }

  T* made_ = nullptr;  // All of them.
  size_t made_count_ = 0;
  T* idle_ = nullptr;  // The last that was given back.
  size_t out_ = 0;
};

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_FREE_LIST_H_
