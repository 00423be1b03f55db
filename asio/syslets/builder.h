// Syslets in C++: a SysletBuilder makes a program, a SysletHead executes it.
//
// Threads:   a SysletHead: only the thread that registered it; a Syslet: one at
//            a time, and none while the Syslet runs.
// Ownership: a Syslet owns its atoms and the arguments that are plain values;
//            what Var() and Returns() point to is borrowed.
// Blocks:    as in syslet.h; the destructor of a SysletHead, too.
// Errors:    the head's own are an absl::Status; a system call's is its atom's
//            result.
//
//   long fd, bytes;
//   SysletBuilder builder;
//   builder.Call(SYS_openat, {AT_FDCWD, path, O_RDONLY})
//       .Returns(&fd)
//       .If(SYSLET_STOP_ON_NEGATIVE);
//   builder.Call(SYS_read, {syslets::Var(&fd), buffer, size}).Returns(&bytes);
//   builder.Call(SYS_close, {syslets::Var(&fd)});
//   Syslet syslet = builder.Build();
//
//   auto head = SysletHead::Register({});  // Check its status, too.
//   absl::StatusOr<syslet_uatom*> last = (*head)->Exec(syslet.first());
//   if (last.ok() && *last == nullptr) {  // The syslet went to a worker.
//     (*head)->Wait(1);
//     last = (*head)->Take();
//   }
//   // Now `fd` has the result of the open, and `bytes` that of the read.

#ifndef UASIO_ASIO_SYSLETS_BUILDER_H_
#define UASIO_ASIO_SYSLETS_BUILDER_H_

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "asio/syslets/syslet.h"
#include "workqueue/owner.h"

namespace uasio {

// An argument of a system call: a number, an address, or a Var().
struct SysletArgument {
  template <typename T, std::enable_if_t<std::is_integral_v<T>, int> = 0>
  SysletArgument(T number)  // NOLINT: implicit on purpose.
      : value(static_cast<unsigned long>(number)) {}
  SysletArgument(const void* address)  // NOLINT: implicit on purpose.
      : value(reinterpret_cast<unsigned long>(address)) {}

  unsigned long value;
  unsigned long* variable = nullptr;  // If set, it replaces `value`.
};

namespace syslets {

// The value that `variable` has when the atom runs: a result, a size, an
// address.
template <typename T>
SysletArgument Var(T* variable) {
  static_assert(sizeof(T) == sizeof(long), "an argument is as large as a long");
  SysletArgument argument(0);
  argument.variable = reinterpret_cast<unsigned long*>(variable);
  return argument;
}

}  // namespace syslets

// A program.  Moving it does not move its atoms in memory.  It cannot be
// copied: the atoms point to each other and to the values, so a copy would run
// the original.
class Syslet {
 public:
  Syslet() = default;
  Syslet(Syslet&&) = default;
  Syslet& operator=(Syslet&&) = default;

  syslet_uatom* first() { return atoms_.data(); }
  syslet_uatom* at(size_t index) { return &atoms_[index]; }
  size_t size() const { return atoms_.size(); }

  // The index of an atom of this program, such as the final one.
  size_t IndexOf(const syslet_uatom* atom) const {
    return static_cast<size_t>(atom - atoms_.data());
  }

 private:
  friend class SysletBuilder;

  std::vector<syslet_uatom> atoms_;
  std::deque<unsigned long> values_;  // What arg_ptrs point to.
};

// Atoms are in memory, and by default run, in the order of the Call()s.
class SysletBuilder {
 public:
  class Atom {
   public:
    // Stores the atom's result to *result.
    Atom& Returns(long* result);
    // Both add flags: write If() for SYSLET_STOP_..., With() for the others.
    Atom& If(unsigned long flags) { return With(flags); }
    Atom& With(unsigned long flags);
    // Runs the atom of this index next, instead of the following one.
    Atom& Then(size_t index);
    // Runs no atom next.
    Atom& Ends();
    // Sets the atom's private_, which is for the user.
    Atom& Private(void* data);

   private:
    friend class SysletBuilder;
    Atom(SysletBuilder* builder, size_t index)
        : builder_(builder), index_(index) {}
    syslet_uatom& get() { return builder_->syslet_.atoms_[index_]; }

    SysletBuilder* builder_;
    size_t index_;
  };

  // Adds an atom.
  // REQUIRES: at most six arguments.
  Atom Call(unsigned long nr, std::initializer_list<SysletArgument> arguments);

  // The index of the atom that the next Call() adds.
  size_t index() const { return next_.size(); }

  // Returns the program and empties the builder.
  // REQUIRES: there is an atom; each index given to Then() is of an atom of the
  // program; the last atom does not skip to the next one in memory.
  Syslet Build();

 private:
  static constexpr size_t kNone = ~size_t{0};
  static constexpr size_t kFollowing = kNone - 1;  // Of the last atom: none.

  Syslet syslet_;
  std::vector<size_t> next_;  // Per atom: an index, kNone or kFollowing.
};

struct SysletHeadOptions {
  size_t slots = 256;                           // Of the completion ring.
  size_t threads_max = 0;                       // 0: SYSLET_THREADS_DEFAULT.
  size_t atoms_max = SYSLET_ATOMS_MAX_DEFAULT;  // That one Exec() may run.
};

// A thread's head and its completion ring.
class SysletHead {
 public:
  // Fails if the thread already has a head.
  static absl::StatusOr<std::unique_ptr<SysletHead>> Register(
      const SysletHeadOptions& options);
  ~SysletHead();

  SysletHead(const SysletHead&) = delete;
  SysletHead& operator=(const SysletHead&) = delete;

  // Runs a syslet.  Returns
  // - its final atom, if it has ended without a worker;
  // - nullptr, if it went to a worker: Take() will return the final atom,
  //   unless that has SYSLET_NO_COMPLETE;
  // - an error, if nothing has run: unavailable if the ring is full, in which
  //   Take() makes room.
  absl::StatusOr<syslet_uatom*> Exec(syslet_uatom* first);

  // Waits until `min` completions can be taken, or no syslet runs that could
  // add one.  Returns how many can be taken.
  size_t Wait(size_t min);

  // Takes the next completion; nullptr: there is none yet.
  syslet_uatom* Take();

  // Readable if a completion has come since it was last read.  The head owns
  // it.
  absl::StatusOr<int> event_fd();

 private:
  explicit SysletHead(const SysletHeadOptions& options);
  void CheckCaller() const;

  const Owner owner_;
  std::vector<syslet_uatom*> ring_;
  async_head_user head_;
  unsigned long index_ = 0;  // Of the slot that Take() looks at next.
};

}  // namespace uasio

#endif  // UASIO_ASIO_SYSLETS_BUILDER_H_
