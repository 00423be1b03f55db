#include "asio/syslets/builder.h"

#include "asio/errors.h"
#include "asio/syslets/internal/program.h"
#include "workqueue/check.h"

namespace uasio {

SysletBuilder::Atom& SysletBuilder::Atom::Returns(long* result) {
  get().ret_ptr = result;
  return *this;
}

SysletBuilder::Atom& SysletBuilder::Atom::With(unsigned long flags) {
  get().flags |= flags;
  return *this;
}

SysletBuilder::Atom& SysletBuilder::Atom::Then(size_t index) {
  builder_->next_[index_] = index;
  return *this;
}

SysletBuilder::Atom& SysletBuilder::Atom::Ends() { return Then(kNone); }

SysletBuilder::Atom& SysletBuilder::Atom::Private(void* data) {
  get().private_ = data;
  return *this;
}

SysletBuilder::Atom SysletBuilder::Call(
    unsigned long nr, std::initializer_list<SysletArgument> arguments) {
  UASIO_CHECK(arguments.size() <= 6,
              "SysletBuilder: a system call takes at most six arguments");
  syslet_uatom atom = {};
  atom.nr = nr;
  unsigned long** arg_ptr = atom.arg_ptr;
  for (const SysletArgument& argument : arguments) {
    *arg_ptr = argument.variable;
    if (*arg_ptr == nullptr) {
      *arg_ptr = &syslet_.values_.emplace_back(argument.value);
    }
    ++arg_ptr;
  }
  syslet_.atoms_.push_back(atom);
  next_.push_back(kFollowing);
  return Atom(this, next_.size() - 1);
}

Syslet SysletBuilder::Build() {
  UASIO_CHECK(!next_.empty(),
              "SysletBuilder: a syslet needs at least one atom");
  next_.back() = next_.back() == kFollowing ? kNone : next_.back();
  for (size_t i = 0; i < next_.size(); ++i) {
    const size_t next = next_[i] == kFollowing ? i + 1 : next_[i];
    if (next == kNone) continue;
    UASIO_CHECK(next < next_.size(),
                "SysletBuilder: Then() must name an atom of the program");
    syslet_.atoms_[i].next = syslet_.at(next);
  }
  UASIO_CHECK(!syslets::MaySkip(syslet_.atoms_.back().flags),
              "SysletBuilder: the last atom must not skip: no atom follows it");
  next_.clear();
  return std::exchange(syslet_, Syslet());
}

absl::StatusOr<std::unique_ptr<SysletHead>> SysletHead::Register(
    const SysletHeadOptions& options) {
  UASIO_CHECK(options.slots > 0, "SysletHead: slots must not be 0");
  UASIO_CHECK(options.atoms_max > 0, "SysletHead: atoms_max must not be 0");
  // Not make_unique: the constructor is private.
  std::unique_ptr<SysletHead> head(new SysletHead(options));
  const long error = syslet_register(&head->head_);
  if (error != 0) {
    head->head_.completion_ring = nullptr;
    return ErrnoStatus(static_cast<int>(-error),
                       "cannot register a syslet head");
  }
  syslet_set_atoms_max(options.atoms_max);
  return head;
}

SysletHead::SysletHead(const SysletHeadOptions& options)
    : ring_(options.slots),
      head_{ring_.data(), ring_.size() * sizeof(ring_[0]),
            options.threads_max == 0 ? ~0UL : options.threads_max} {}

SysletHead::~SysletHead() {
  if (head_.completion_ring == nullptr) return;  // Never registered.
  if (!owner_.IsThisProcess()) return;           // A forked child has no head.
  CheckCaller();
  syslet_unregister();
}

absl::StatusOr<syslet_uatom*> SysletHead::Exec(syslet_uatom* first) {
  CheckCaller();
  syslet_uatom* last = syslet_exec(first);
  const long error = syslet_error(last);
  if (error == 0) return last;
  return ErrnoStatus(static_cast<int>(-error), "cannot execute a syslet");
}

size_t SysletHead::Wait(size_t min) {
  CheckCaller();
  return static_cast<size_t>(syslet_wait(min));
}

syslet_uatom* SysletHead::Take() {
  CheckCaller();
  return syslet_take(&head_, &index_);
}

absl::StatusOr<int> SysletHead::event_fd() {
  CheckCaller();
  const long fd = syslet_event_fd();
  if (fd >= 0) return static_cast<int>(fd);
  return ErrnoStatus(static_cast<int>(-fd), "cannot create an eventfd");
}

void SysletHead::CheckCaller() const {
  UASIO_CHECK(owner_.IsThisProcess(),
              "SysletHead: a forked child must not use its parent's head");
  UASIO_CHECK(owner_.IsThisThread(),
              "SysletHead: only the thread that registered it may use it");
}

}  // namespace uasio
