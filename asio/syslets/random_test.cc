// Random programs of atoms, with loops and branches, against a model that
// implements the rules a second time, with indices instead of pointers.
//
// UASIO_SYSLET_PROGRAMS=N runs N programs; the default, 10,000, takes less than
// a second.

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "asio/syslets/syslet.h"
#include "asio/syslets/syslet_testing.h"
#include "asio/testing/fd.h"
#include "asio/testing/sanitizers.h"
#include "asio/testing/seed.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using syslet_testing::kBadFd;
using syslet_testing::kMightBlock;
using syslet_testing::TestHead;

constexpr size_t kCells = 8;
constexpr size_t kAtomsMax = 200;  // Per syslet.
constexpr unsigned long kNoSuchCall = 400;
constexpr std::array<long, 4> kOffsets = {-1, 0, 8, 24};

enum class Op {
  kAdd,
  kAddToNothing,
  kYield,
  kBadDup,
  kMightBlock,
  kUnknown,
  kSeek,
  kWrite,
  kCount
};

// An atom of the model.  All references are indices.
struct Step {
  Op op;
  unsigned long flags;
  size_t cell;       // That is added to, or written; for kSeek, any number.
  size_t increment;  // The cell to add; kCells: the argument is missing.
  size_t result;     // The cell for the result; kCells or more: none.
  int next;          // The next step; -1: none.
};
using Script = std::vector<Step>;

struct World {
  std::array<long, kCells> cells = {};
  std::string file;
  size_t position = 0;
};

enum class Place {
  kCaller,      // Until a call might block.
  kCallerSync,  // SYSLET_SYNC holds.
  kWorker,
};

struct Outcome {
  World world;
  size_t last = 0;           // The final step.
  bool left_caller = false;  // It went to a worker.
  bool entered_ring = false;
};

// ---- The model -------------------------------------------------------------

long Write(World* w, long value) {
  if (w->file.size() < w->position + sizeof(value)) {
    w->file.resize(w->position + sizeof(value));
  }
  std::memcpy(&w->file[w->position], &value, sizeof(value));
  w->position += sizeof(value);
  return sizeof(value);
}

long Seek(World* w, long offset) {
  if (offset < 0) return -EINVAL;
  w->position = static_cast<size_t>(offset);
  return offset;
}

long Effect(const Step& s, World* w) {
  switch (s.op) {
    case Op::kAdd: {
      const unsigned long more =
          s.increment == kCells
              ? 0
              : static_cast<unsigned long>(w->cells[s.increment]);
      return w->cells[s.cell] = static_cast<long>(
                 static_cast<unsigned long>(w->cells[s.cell]) + more);
    }
    case Op::kAddToNothing:
      return -EFAULT;
    case Op::kYield:
      return 0;
    case Op::kUnknown:
      return -ENOSYS;
    case Op::kSeek:
      return Seek(w, kOffsets[s.cell % kOffsets.size()]);
    case Op::kWrite:
      return Write(w, w->cells[s.cell]);
    default:
      return -EBADF;
  }
}

Place After(Place place, const Step& s) {
  if (place == Place::kWorker) return place;
  if ((s.flags & SYSLET_ASYNC) != 0) return Place::kWorker;
  if ((s.flags & SYSLET_SYNC) != 0) return Place::kCallerSync;
  const bool might_block = s.op == Op::kMightBlock || s.op == Op::kWrite;
  return place == Place::kCaller && might_block ? Place::kWorker : place;
}

// The step that runs after step `index` with this result; -1: none.
int Follow(const Step& s, int index, long result) {
  static const std::map<unsigned long, std::function<bool(long)>> conditions = {
      {0x08, [](long r) { return r != 0; }},
      {0x10, [](long r) { return r == 0; }},
      {0x20, [](long r) { return r < 0; }},
      {0x40, [](long r) { return r < 1; }},
  };
  for (const auto& [flag, holds] : conditions) {
    if ((s.flags & flag) == 0 || !holds(result)) continue;
    return (s.flags & 0x80) != 0 ? index + 1 : -1;
  }
  return s.next;
}

Outcome Expected(const Script& script) {
  Outcome out;
  Place place = Place::kCaller;
  int at = 0;
  for (size_t run = 0; at >= 0; ++run) {
    const Step& step = script[static_cast<size_t>(at)];
    out.last = static_cast<size_t>(at);
    long result = -ELOOP;
    if (run < kAtomsMax) {
      place = After(place, step);
      result = Effect(step, &out.world);
    }
    if (step.result < kCells) out.world.cells[step.result] = result;
    at = run < kAtomsMax ? Follow(step, at, result) : -1;
  }
  out.left_caller = place == Place::kWorker;
  out.entered_ring =
      out.left_caller && (script[out.last].flags & SYSLET_NO_COMPLETE) == 0;
  return out;
}

// ---- The syslets -----------------------------------------------------------

class SysletRunner {
 public:
  explicit SysletRunner(const Script& script)
      : fd_(memfd_create("file", MFD_CLOEXEC)),
        fd_argument_(static_cast<unsigned long>(fd_.get())),
        atoms_(script.size()) {
    for (size_t i = 0; i < kCells; ++i) addresses_[i] = &cells_[i];
    for (size_t i = 0; i < script.size(); ++i) Translate(script[i], &atoms_[i]);
  }

  Outcome Run(TestHead* head) {
    Outcome out;
    syslet_uatom* last = syslet_exec(atoms_.data());
    EXPECT_EQ(syslet_error(last), 0);
    out.left_caller = last == nullptr;
    if (out.left_caller) {
      syslet_wait(1);  // Returns without a completion, too.
      last = head->Take();
      out.entered_ring = last != nullptr;
      EXPECT_EQ(head->Take(), nullptr);
    }
    out.last = last == nullptr ? atoms_.size()
                               : static_cast<size_t>(last - atoms_.data());
    out.world.cells = cells_;
    out.world.file.resize(static_cast<size_t>(lseek(fd_.get(), 0, SEEK_END)));
    EXPECT_EQ(pread(fd_.get(), out.world.file.data(), out.world.file.size(), 0),
              static_cast<ssize_t>(out.world.file.size()));
    return out;
  }

 private:
  unsigned long* Cell(size_t i) {
    return reinterpret_cast<unsigned long*>(&cells_[i]);
  }
  unsigned long* Address(size_t i) {
    return reinterpret_cast<unsigned long*>(&addresses_[i]);
  }

  void Translate(const Step& s, syslet_uatom* atom) {
    *atom = {};
    atom->flags = s.flags;
    atom->ret_ptr = s.result < kCells ? &cells_[s.result] : nullptr;
    atom->next = s.next < 0 ? nullptr : &atoms_[static_cast<size_t>(s.next)];
    unsigned long** args = atom->arg_ptr;
    switch (s.op) {
      case Op::kAdd:
        atom->nr = SYSLET_NR_UMEM_ADD;
        args[0] = Address(s.cell);
        if (s.increment < kCells) args[1] = Cell(s.increment);
        break;
      case Op::kAddToNothing:
        atom->nr = SYSLET_NR_UMEM_ADD;
        break;
      case Op::kYield:
        atom->nr = SYS_sched_yield;
        break;
      case Op::kBadDup:
        atom->nr = SYS_dup;
        args[0] = &bad_fd_;
        break;
      case Op::kUnknown:
        atom->nr = kNoSuchCall;
        break;
      case Op::kSeek:
        atom->nr = SYS_lseek;
        args[0] = &fd_argument_;
        args[1] = &offsets_[s.cell % kOffsets.size()];
        break;  // The third argument is missing: SEEK_SET.
      case Op::kWrite:
        atom->nr = SYS_write;
        args[0] = &fd_argument_;
        args[1] = Address(s.cell);
        args[2] = &size_;
        break;
      default:
        atom->nr = kMightBlock;
        args[0] = &bad_fd_;
    }
  }

  Fd fd_;
  unsigned long fd_argument_;
  unsigned long bad_fd_ = kBadFd;
  unsigned long size_ = sizeof(long);
  std::array<unsigned long, 4> offsets_ = {~0UL, 0, 8, 24};
  std::array<long, kCells> cells_ = {};
  std::array<long*, kCells> addresses_ = {};
  std::vector<syslet_uatom> atoms_;
};

// ---- Random scripts --------------------------------------------------------

class ScriptGenerator {
 public:
  explicit ScriptGenerator(uint64_t seed) : random_(seed) {}

  Script NewScript() {
    Script script(2 + Below(12));
    for (Step& step : script) step = NewStep(script.size());
    // No step follows the last one.
    script.back().flags &= ~(unsigned long){SYSLET_SKIP_TO_NEXT_ON_STOP};
    return script;
  }

 private:
  size_t Below(size_t bound) { return random_() % bound; }

  Step NewStep(size_t steps) {
    Step s;
    s.op = static_cast<Op>(Below(static_cast<size_t>(Op::kCount)));
    if (Below(3) == 0) s.op = Op::kAdd;
    s.flags = random_() & 0xfc;
    if (Below(2) == 0) s.flags &= 0x84;  // Most conditions would stop early.
    const size_t place = Below(10);
    if (place == 0) s.flags |= SYSLET_ASYNC;
    if (place == 1) s.flags |= SYSLET_SYNC;
    s.cell = Below(kCells);
    s.increment = Below(kCells + 1);
    s.result = Below(kCells + 2);
    s.next = static_cast<int>(Below(steps + 1)) - 1;
    return s;
  }

  std::mt19937_64 random_;
};

size_t Programs() {
  const char* text = std::getenv("UASIO_SYSLET_PROGRAMS");
  if (text != nullptr) return std::strtoul(text, nullptr, 10);
  return static_cast<size_t>(Scaled(10000));
}

TEST(RandomTest, RandomProgramsAgreeWithTheModel) {
  const uint64_t seed = TestSeed(1);
  TestHead head;
  ASSERT_EQ(syslet_set_atoms_max(kAtomsMax), 0);
  size_t left = 0, looped = 0;
  for (uint64_t i = 0; i < Programs(); ++i) {
    SCOPED_TRACE(testing::Message() << "UASIO_SEED=" << seed + i);
    const Script script = ScriptGenerator(seed + i).NewScript();
    const Outcome expected = Expected(script);
    const Outcome got = SysletRunner(script).Run(&head);
    ASSERT_EQ(got.world.cells, expected.world.cells);
    ASSERT_EQ(got.world.file, expected.world.file);
    ASSERT_EQ(got.left_caller, expected.left_caller);
    ASSERT_EQ(got.entered_ring, expected.entered_ring);
    if (!got.left_caller || got.entered_ring) {
      ASSERT_EQ(got.last, expected.last);
    }
    left += got.left_caller ? 1 : 0;
    const size_t cell = script[expected.last].result;
    looped += cell < kCells && expected.world.cells[cell] == -ELOOP ? 1 : 0;
  }
  EXPECT_GT(left, Programs() / 10);
  EXPECT_GT(looped, Programs() / 100);
}

}  // namespace
}  // namespace uasio
