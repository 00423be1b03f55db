// Checks a syslet, and runs it, atom by atom, in the caller or in a worker.
//
// Threads:   each Run in one at a time; each Checker in one.
// Ownership: the atoms, and what they point to, are borrowed.
// Blocks:    in a worker, as the system calls do; in the caller, only in atoms
//            under SYSLET_SYNC.

#ifndef UASIO_ASIO_SYSLETS_INTERNAL_PROGRAM_H_
#define UASIO_ASIO_SYSLETS_INTERNAL_PROGRAM_H_

#include <vector>

#include "absl/container/flat_hash_set.h"
#include "asio/syslets/internal/attempts.h"
#include "asio/syslets/syslet.h"

namespace uasio {
namespace syslets {

// Whether an atom with these flags may go on with the next atom in memory.
constexpr bool MaySkip(unsigned long flags) {
  return (flags & SYSLET_SKIP_TO_NEXT_ON_STOP) != 0 &&
         (flags & SYSLET_STOP_MASK) != 0;
}

// One execution of a syslet.
struct Run {
  syslet_uatom* atom = nullptr;  // The next to run; at the end, the final one.
  unsigned long atoms_left = 0;
  bool silent = false;  // The final atom has SYSLET_NO_COMPLETE.
};

// Runs atoms in this thread.  True: the syslet has ended.  False: it is to go
// on in a worker, with run->atom.
bool RunInCaller(Run* run, AttemptHeuristics* heuristics);

// Runs atoms until the syslet has ended.
void RunInWorker(Run* run);

// Finds errors in a syslet before anything runs.
class Checker {
 public:
  // Returns 0, or
  // - -EPERM: an atom's call is refused;
  // - -EINVAL: an atom has unknown or contradictory flags.
  // O(atoms that can be reached from `first`).  Without memory the process
  // ends: Abseil's set is broken after an exception.
  long Check(const syslet_uatom* first) noexcept;

 private:
  // Empty between calls; members, so that their memory is reused.
  absl::flat_hash_set<const syslet_uatom*> seen_;
  std::vector<const syslet_uatom*> branches_;
};

}  // namespace syslets
}  // namespace uasio

#endif  // UASIO_ASIO_SYSLETS_INTERNAL_PROGRAM_H_
