// Syslets in C++: a SysletBuilder writes a program, a SysletHead executes it.
//
// Threads:   a SysletHead: the one that registered it; a Syslet: one at a time,
//            and nobody while it runs.
// Ownership: a Syslet owns its atoms and the arguments that are values; what
//            Var() and Returns() point to is borrowed.
// Blocks:    as in syslet.h; so does the destructor of a SysletHead.
// Errors:    absl::Status for what is asked of the head; of a system call, its
//            atom's result.
//
//   long fd, bytes;
//   SysletBuilder builder;
//   builder.Call(SYS_openat, {AT_FDCWD, path, O_RDONLY})
//       .Returns(&fd)
//       .If(SYSLET_STOP_ON_NEGATIVE);
//   builder.Call(SYS_read, {Var(&fd), buffer, size}).Returns(&bytes);
//   builder.Call(SYS_close, {Var(&fd)});
//   Syslet syslet = builder.Build();
//
//   auto head = SysletHead::Register({});  // And look at its status.
//   absl::StatusOr<syslet_uatom*> last = (*head)->Exec(syslet.first());
//   if (last.ok() && *last == nullptr) {  // It has gone to a worker.
//     (*head)->Wait(1);
//     last = (*head)->Take();
//   }
//   // Here `fd` tells how the open went, and `bytes` the read.

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

// An argument of a system call: a number or an address, or what Var() makes.
struct SysletArgument {
  template <typename T, std::enable_if_t<std::is_integral_v<T>, int> = 0>
  SysletArgument(T number)  // NOLINT: it stands for the number.
      : value(static_cast<unsigned long>(number)) {}
  SysletArgument(const void* address)  // NOLINT: it stands for the address.
      : value(reinterpret_cast<unsigned long>(address)) {}

  unsigned long value;
  unsigned long* variable = nullptr;  // Holds the value, if it is set.
};

// What `variable` holds when the atom is run: a result, a size, an address.
template <typename T>
SysletArgument Var(T* variable) {
  static_assert(sizeof(T) == sizeof(long), "an argument is as large as a long");
  SysletArgument argument(0);
  argument.variable = reinterpret_cast<unsigned long*>(variable);
  return argument;
}

// A program, which stays where it is in memory also when it is moved.  Its
// atoms point to each other and to its values, so that a copy would run the
// original.
class Syslet {
 public:
  Syslet() = default;
  Syslet(Syslet&&) = default;
  Syslet& operator=(Syslet&&) = default;

  syslet_uatom* first() { return atoms_.data(); }
  syslet_uatom* at(size_t index) { return &atoms_[index]; }
  size_t size() const { return atoms_.size(); }

  // Of an atom of this program, such as the final one.
  size_t IndexOf(const syslet_uatom* atom) const {
    return static_cast<size_t>(atom - atoms_.data());
  }

 private:
  friend class SysletBuilder;

  std::vector<syslet_uatom> atoms_;
  std::deque<unsigned long> values_;  // Where arg_ptrs point.
};

// Atoms stand in memory, and follow each other, in the order of the calls.
class SysletBuilder {
 public:
  class Atom {
   public:
    // Where the result goes.
    Atom& Returns(long* result);
    // Both add flags: If() reads well with SYSLET_STOP_..., With() else.
    Atom& If(unsigned long flags) { return With(flags); }
    Atom& With(unsigned long flags);
    // The index of the atom to be run next, instead of the following one.
    Atom& Then(size_t index);
    // None is run next.
    Atom& Ends();
    // Kept in the atom for the user.
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
  // REQUIRES: six arguments at the most.
  Atom Call(unsigned long nr, std::initializer_list<SysletArgument> arguments);

  // Of the atom that is added next.
  size_t index() const { return next_.size(); }

  // The program, after which the builder is empty.
  // REQUIRES: indices given to Then() are of atoms of the program; the last
  // atom does not skip to one behind it.
  Syslet Build();

 private:
  static constexpr size_t kNone = ~size_t{0};
  static constexpr size_t kFollowing = kNone - 1;  // Or none, of the last.

  Syslet syslet_;
  std::vector<size_t> next_;  // Of each atom: an index, or one of these.
};

struct SysletHeadOptions {
  size_t slots = 256;                           // Of the ring.
  size_t threads_max = 0;                       // 0: SYSLET_THREADS_DEFAULT.
  size_t atoms_max = SYSLET_ATOMS_MAX_DEFAULT;  // In each execution.
};

// A thread's head, with its ring.
class SysletHead {
 public:
  // Fails if the thread has a head.
  static absl::StatusOr<std::unique_ptr<SysletHead>> Register(
      const SysletHeadOptions& options);
  ~SysletHead();

  SysletHead(const SysletHead&) = delete;
  SysletHead& operator=(const SysletHead&) = delete;

  // The final atom; or nullptr: it has gone to a worker, and Take() will return
  // it (without SYSLET_NO_COMPLETE); or why nothing has run: unavailable, if
  // there is no room in the ring until Take() is called.
  absl::StatusOr<syslet_uatom*> Exec(syslet_uatom* first);

  // Waits for `min` completions to be taken, or for all there will be; how many
  // there are.
  size_t Wait(size_t min);

  // The next completion, or nullptr: there is none yet.
  syslet_uatom* Take();

  // Readable when completions have come since it was last read; the head's own.
  absl::StatusOr<int> event_fd();

 private:
  explicit SysletHead(const SysletHeadOptions& options);
  void CheckCaller() const;

  const Owner owner_;
  std::vector<syslet_uatom*> ring_;
  async_head_user head_;
  unsigned long index_ = 0;  // Of the slot that Take() looks at.
};

}  // namespace uasio

#endif  // UASIO_ASIO_SYSLETS_BUILDER_H_
