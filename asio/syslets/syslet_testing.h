// Helpers of the syslet tests: atoms in one line, and a head to run them.

#ifndef UASIO_ASIO_SYSLETS_SYSLET_TESTING_H_
#define UASIO_ASIO_SYSLETS_SYSLET_TESTING_H_

#include <sys/syscall.h>

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <vector>

#include "asio/syslets/syslet.h"
#include "asio/testing/fd.h"
#include "gtest/gtest.h"

namespace uasio {
namespace syslet_testing {

// A call that might block, so that it leaves the caller.  With kBadFd it only
// fails, with EBADF.
inline constexpr unsigned long kMightBlock = SYS_fsync;
inline constexpr unsigned long kBadFd = ~0UL;

// Registers a head for the calling thread, and unregisters it when destroyed.
class TestHead {
 public:
  explicit TestHead(size_t slots = 16, unsigned long threads = ~0UL)
      : ring_(slots), head_{ring_.data(), slots * sizeof(ring_[0]), threads} {
    EXPECT_EQ(syslet_register(&head_), 0);
  }
  ~TestHead() { syslet_unregister(); }

  async_head_user* get() { return &head_; }
  syslet_uatom* Slot(size_t i) const {
    return __atomic_load_n(&ring_[i], __ATOMIC_ACQUIRE);
  }
  void SetNull(size_t i) { ring_[i] = nullptr; }
  syslet_uatom* Take() { return syslet_take(&head_, &index_); }

  // Waits for the next completion and takes it; nullptr: there will be none.
  syslet_uatom* WaitAndTake() {
    syslet_wait(1);
    return Take();
  }
  // Runs a syslet to its end and returns its final atom; nullptr: that ran in a
  // worker and has SYSLET_NO_COMPLETE.
  syslet_uatom* RunToEnd(syslet_uatom* first) {
    syslet_uatom* last = syslet_exec(first);
    EXPECT_EQ(syslet_error(last), 0);
    return last != nullptr ? last : WaitAndTake();
  }

 private:
  std::vector<syslet_uatom*> ring_;
  async_head_user head_;
  unsigned long index_ = 0;
};

// Owns the values that atoms point to.
class Values {
 public:
  unsigned long* Of(unsigned long value) {
    return &values_.emplace_back(value);
  }
  template <typename T>
  unsigned long* Of(T* address) {
    return Of(reinterpret_cast<unsigned long>(address));
  }

 private:
  std::deque<unsigned long> values_;
};

inline syslet_uatom Atom(unsigned long nr,
                         std::initializer_list<unsigned long*> arguments = {},
                         long* result = nullptr, unsigned long flags = 0) {
  syslet_uatom atom = {};
  atom.nr = nr;
  atom.ret_ptr = result;
  atom.flags = flags;
  size_t i = 0;
  for (unsigned long* argument : arguments) atom.arg_ptr[i++] = argument;
  return atom;
}

// Adds *increment to **number when it runs.
inline syslet_uatom Add(unsigned long** number, unsigned long* increment,
                        unsigned long flags = 0) {
  return Atom(SYSLET_NR_UMEM_ADD,
              {reinterpret_cast<unsigned long*>(number), increment}, nullptr,
              flags);
}

// An atom that reads one byte from a pipe; it blocks until Release().
class BlockedRead {
 public:
  explicit BlockedRead(unsigned long flags = 0)
      : atom(Atom(SYS_read,
                  {values_.Of(static_cast<unsigned long>(pipe_.read_end.get())),
                   values_.Of(&byte_), values_.Of(1ul)},
                  &result, flags)) {}
  void Release() { pipe_.Put("x"); }

 private:
  Pipe pipe_;
  Values values_;
  char byte_ = 0;

 public:
  long result = 0;
  syslet_uatom atom;
};

}  // namespace syslet_testing
}  // namespace uasio

#endif  // UASIO_ASIO_SYSLETS_SYSLET_TESTING_H_
