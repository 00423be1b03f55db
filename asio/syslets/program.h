// Runs a syslet, atom by atom, in the caller or in a worker; and looks it over
// before.
//
// Threads:   each Run in one at a time; a Check in one.
// Ownership: the atoms, and what they point to, are borrowed.
// Blocks:    in a worker, as the system calls do; in the caller, only in atoms
//            under SYSLET_SYNC.

#ifndef UASIO_ASIO_SYSLETS_PROGRAM_H_
#define UASIO_ASIO_SYSLETS_PROGRAM_H_

#include <vector>

#include "absl/container/flat_hash_set.h"
#include "asio/syslets/attempts.h"
#include "asio/syslets/syslet.h"

namespace uasio {

// Whether an atom with these flags may go on with the one behind it in memory.
constexpr bool MaySkip(unsigned long flags) {
  return (flags & SYSLET_SKIP_TO_NEXT_ON_STOP) != 0 &&
         (flags & SYSLET_STOP_MASK) != 0;
}

// One execution of a syslet.
struct Run {
  syslet_uatom* atom = nullptr;  // To be run next, or the final one.
  unsigned long atoms_left = 0;
  bool silent = false;  // The final atom has SYSLET_NO_COMPLETE.
};

// Runs atoms until the syslet has ended: true; or until one that is not to be
// run in the caller, which is run->atom then: false.
bool RunInCaller(Run* run, Experience* experience);

// Runs atoms until the syslet has ended.
void RunInWorker(Run* run);

// Tells what is wrong with a syslet, before anything runs.
class Checker {
 public:
  // 0; -EPERM: an atom's call is refused; -EINVAL: an atom has unknown flags,
  // or contradictory ones.  O(atoms that can be reached from `first`).
  // Without memory the process ends: Abseil's set would not survive that.
  long Check(const syslet_uatom* first) noexcept;

 private:
  // Kept for their memory's sake.
  absl::flat_hash_set<const syslet_uatom*> seen_;
  std::vector<const syslet_uatom*> branches_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_SYSLETS_PROGRAM_H_
