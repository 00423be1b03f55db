#include "asio/syslets/internal/program.h"

#include <errno.h>

#include "asio/syslets/internal/attempts.h"
#include "asio/syslets/internal/calls.h"
#include "workqueue/write_signals_blocked.h"

namespace uasio {
namespace syslets {
namespace {

constexpr unsigned long kPlaceMask = SYSLET_ASYNC | SYSLET_SYNC;
constexpr unsigned long kKnownFlags = kPlaceMask | SYSLET_NO_COMPLETE |
                                      SYSLET_STOP_MASK |
                                      SYSLET_SKIP_TO_NEXT_ON_STOP;

bool Stops(unsigned long flags, long result) {
  return ((flags & SYSLET_STOP_ON_NONZERO) != 0 && result != 0) ||
         ((flags & SYSLET_STOP_ON_ZERO) != 0 && result == 0) ||
         ((flags & SYSLET_STOP_ON_NEGATIVE) != 0 && result < 0) ||
         ((flags & SYSLET_STOP_ON_NON_POSITIVE) != 0 && result <= 0);
}

Call CallOf(const syslet_uatom& atom) {
  Call call;
  call.nr = atom.nr;
  for (int i = 0; i < 6 && atom.arg_ptr[i] != nullptr; ++i) {
    call.args[i] = *atom.arg_ptr[i];
  }
  return call;
}

// Runs atoms until the syslet has ended (true), or until make(flags, call,
// &result) returns false: that call must not be made in this thread.
template <typename Maker>
bool RunAtoms(Run* run, const Maker& make) {
  for (;;) {
    syslet_uatom* const atom = run->atom;
    const unsigned long flags = atom->flags;
    long* const ret_ptr = atom->ret_ptr;
    syslet_uatom* const next = atom->next;
    long result = -ELOOP;
    const bool too_many = run->atoms_left == 0;
    if (!too_many && !make(flags, CallOf(*atom), &result)) return false;
    if (ret_ptr != nullptr) *ret_ptr = result;
    syslet_uatom* follower = next;
    if (Stops(flags, result)) follower = MaySkip(flags) ? atom + 1 : nullptr;
    if (too_many || follower == nullptr) {
      run->silent = (flags & SYSLET_NO_COMPLETE) != 0;
      return true;
    }
    --run->atoms_left;
    run->atom = follower;
  }
}

long CheckAtom(const syslet_uatom& atom) {
  if ((atom.flags & ~kKnownFlags) != 0) return -EINVAL;
  if ((atom.flags & kPlaceMask) == kPlaceMask) return -EINVAL;
  return KindOf(atom.nr) == CallKind::kRefused ? -EPERM : 0;
}

}  // namespace

bool RunInCaller(Run* run, AttemptHeuristics* heuristics) {
  Attempts attempts(heuristics);
  bool stay = false;  // SYSLET_SYNC holds, from an earlier atom or this one.
  return RunAtoms(run, [&](unsigned long flags, const Call& call,
                           long* result) {
    if ((flags & SYSLET_ASYNC) != 0) return false;
    stay = stay || (flags & SYSLET_SYNC) != 0;
    if (!stay) return attempts.Try(call, result);
    const WriteSignalsBlocked signals_blocked(MayRaiseWriteSignals(call.nr));
    *result = MakeCall(call);
    return true;
  });
}

void RunInWorker(Run* run) {
  RunAtoms(run, [](unsigned long, const Call& call, long* result) {
    *result = MakeCall(call);
    return true;
  });
}

long Checker::Check(const syslet_uatom* first) noexcept {
  seen_.clear();
  branches_.assign(1, first);
  while (!branches_.empty()) {
    const syslet_uatom* atom = branches_.back();
    branches_.pop_back();
    for (; atom != nullptr && seen_.insert(atom).second; atom = atom->next) {
      if (const long error = CheckAtom(*atom)) return error;
      if (MaySkip(atom->flags)) branches_.push_back(atom + 1);
    }
  }
  return 0;
}

}  // namespace syslets
}  // namespace uasio
