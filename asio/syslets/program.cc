#include "asio/syslets/program.h"

#include <errno.h>

#include "asio/syslets/attempts.h"
#include "asio/syslets/calls.h"

namespace uasio {
namespace {

constexpr unsigned long kPlace = SYSLET_ASYNC | SYSLET_SYNC;
constexpr unsigned long kKnownFlags = kPlace | SYSLET_NO_COMPLETE |
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

// make(flags, call, &result) makes the call, or answers false: not here.
template <typename MakeCall>
bool RunAtoms(Run* run, const MakeCall& make) {
  for (;;) {
    syslet_uatom* const atom = run->atom;
    const unsigned long flags = atom->flags;
    long* const ret_ptr = atom->ret_ptr;
    syslet_uatom* const next = atom->next;
    long result = -ELOOP;
    const bool spent = run->atoms_left == 0;
    if (!spent && !make(flags, CallOf(*atom), &result)) return false;
    if (ret_ptr != nullptr) *ret_ptr = result;
    syslet_uatom* then = next;
    if (Stops(flags, result)) then = MaySkip(flags) ? atom + 1 : nullptr;
    if (spent || then == nullptr) {
      run->silent = (flags & SYSLET_NO_COMPLETE) != 0;
      return true;
    }
    --run->atoms_left;
    run->atom = then;
  }
}

long CheckAtom(const syslet_uatom& atom) {
  if ((atom.flags & ~kKnownFlags) != 0) return -EINVAL;
  if ((atom.flags & kPlace) == kPlace) return -EINVAL;
  return KindOf(atom.nr) == CallKind::kRefused ? -EPERM : 0;
}

}  // namespace

bool RunInCaller(Run* run, Experience* experience) {
  Attempts attempts(experience);
  bool stay = false;  // An atom before has said so.
  return RunAtoms(run,
                  [&](unsigned long flags, const Call& call, long* result) {
                    if ((flags & SYSLET_ASYNC) != 0) return false;
                    stay = stay || (flags & SYSLET_SYNC) != 0;
                    if (!stay) return attempts.Try(call, result);
                    *result = Make(call);
                    return true;
                  });
}

void RunInWorker(Run* run) {
  RunAtoms(run, [](unsigned long, const Call& call, long* result) {
    *result = Make(call);
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

}  // namespace uasio
