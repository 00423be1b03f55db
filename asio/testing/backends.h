// The backends that the queue's contract is tested on: those of the table, and
// the fault backend over some.  kaio and uring take direct requests only and
// leave others to the workers, so tests of what they do themselves run on
// DirectBackends().

#ifndef UASIO_ASIO_TESTING_BACKENDS_H_
#define UASIO_ASIO_TESTING_BACKENDS_H_

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "asio/backend.h"
#include "asio/backends/fault.h"
#include "asio/backends/kaio.h"
#include "asio/backends/table.h"
#include "asio/queue.h"
#include "asio/testing/block_file.h"
#include "asio/testing/counting_backend.h"
#include "asio/testing/one_call_backend.h"
#include "asio/testing/seed.h"
#include "gtest/gtest.h"

namespace uasio {

struct BackendCase {
  std::string name;

  // Returns nullptr for the workers.
  std::function<std::unique_ptr<Backend>()> make;

  // Submit() finishes each request before it returns: nothing is ever in
  // flight, and a read of an empty pipe blocks in Submit().
  bool performs_at_submit = false;

  // Why it does not work on this system; "" if it does.
  std::function<std::string()> why_not = [] { return std::string(); };

  // As QueueOptions::cached_reads: reads of files would else complete before
  // they can be cancelled, held or waited for.
  bool cached_reads = false;

  // MakeFile() makes direct files, rather than buffered ones.
  bool direct = false;

  friend std::ostream& operator<<(std::ostream& out, const BackendCase& c) {
    return out << c.name;
  }
};

// At least the depth_max of any test.
inline constexpr size_t kDepth = 64;

// Why that backend does not work on this system; "" if it does.
inline std::string WhyNot(absl::string_view name) {
  for (const BackendVerdict& verdict : ProbeBackends()) {
    if (verdict.name == name) return std::string(verdict.status.message());
  }
  return "no such backend";
}

// Retries for a while: the kernel frees a destroyed backend's resources late,
// and counts them against its limits until then.
inline std::unique_ptr<Backend> Create(
    const std::function<absl::StatusOr<std::unique_ptr<Backend>>()>& create) {
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (true) {
    absl::StatusOr<std::unique_ptr<Backend>> backend = create();
    if (backend.ok()) return *std::move(backend);
    if (absl::Now() > deadline) {
      ADD_FAILURE() << backend.status();
      return nullptr;
    }
    std::this_thread::yield();
  }
}

// Faults that the queue recovers from, so that results do not show them.
inline FaultOptions RecoverableFaults() {
  FaultOptions options;
  options.rates[static_cast<size_t>(Fault::kShort)] = 0.3;
  options.rates[static_cast<size_t>(Fault::kInterrupted)] = 0.1;
  options.rates[static_cast<size_t>(Fault::kDelayed)] = 0.1;
  options.reorder = true;
  options.seed = TestSeed(1);
  return options;
}

// The backend of that name in the table.
inline BackendCase TableCase(const std::string& name) {
  BackendCase c;
  c.name = name;
  c.make = [name] {
    return Create([&name] { return NewBackend(name, kDepth); });
  };
  c.why_not = [name] { return WhyNot(name); };
  c.performs_at_submit = name == "sync";
  return c;
}

inline BackendCase FaultOver(BackendCase wrapped) {
  BackendCase c = wrapped;
  c.name = "fault_" + wrapped.name;
  c.make = [make = std::move(wrapped.make)]() -> std::unique_ptr<Backend> {
    return std::make_unique<FaultBackend>(RecoverableFaults(), make());
  };
  return c;
}

inline std::vector<BackendCase> Backends() {
  std::vector<BackendCase> cases;
  for (const std::string& name : BackendNames()) {
    cases.push_back(TableCase(name));
  }
  BackendCase one_call = TableCase("sync");
  one_call.make = [] { return std::make_unique<OneCallBackend>(); };
  cases.push_back(FaultOver(std::move(one_call)));
  cases.back().name = "fault";
  cases.push_back(TableCase("worker"));
  cases.back().name = "worker_cached";
  cases.back().cached_reads = true;
  return cases;
}

// The workers, and the backends that take requests on direct files.
inline std::vector<BackendCase> DirectBackends() {
  std::vector<BackendCase> cases;
  for (const std::string& name : BackendNames()) {
    const BackendCase c = TableCase(name);
    if (c.performs_at_submit) continue;
    cases.push_back(c);
    if (name != "worker") cases.push_back(FaultOver(c));
  }
  BackendCase without_ring = TableCase("kaio");
  without_ring.name = "kaio_without_ring";
  without_ring.make = [] {
    return Create([] { return KaioBackend::CreateWithoutRing(kDepth); });
  };
  cases.push_back(std::move(without_ring));
  for (BackendCase& c : cases) c.direct = true;
  return cases;
}

// A suite derived from BackendTest runs on each of the backends:
//
//   class WaitingTest : public BackendTest {};
//   UASIO_INSTANTIATE_BACKENDS(WaitingTest);
//   UASIO_INSTANTIATE_DIRECT_BACKENDS(WaitingTest);
//
// Offsets and lengths on a file of MakeFile() are counted in its blocks.
class BackendTest : public testing::TestWithParam<BackendCase> {
 protected:
  void SetUp() override {
    const std::string why_not = GetParam().why_not();
    if (!why_not.empty()) GTEST_SKIP() << GetParam().name << ": " << why_not;
    if (!GetParam().direct) return;
    const BlockFile file(/*direct=*/true, "");
    if (!file.why_buffered().empty()) GTEST_SKIP() << file.why_buffered();
  }

  // Fails unless the backend itself, not only the workers, completed requests.
  void TearDown() override {
    if (IsSkipped() || !files_made_ || !counted() || answered() > 0) return;
    const bool kaio = absl::StrContains(GetParam().name, "kaio");
    if (kaio && counts_.not_writes == 0 && !SupportsNowaitWrites()) {
      GTEST_SKIP() << "the workers did every request: the file system of "
                   << ScratchFolder() << " does not support RWF_NOWAIT";
    }
    ADD_FAILURE() << GetParam().name << " has completed no request itself";
  }

  std::unique_ptr<Queue> MakeQueue(const QueueOptions& options = {}) {
    std::unique_ptr<Backend> backend = GetParam().make();
    if (counted()) {
      backend = std::make_unique<CountingBackend>(std::move(backend), &counts_);
    }
    QueueOptions own = options;
    own.cached_reads = GetParam().cached_reads;
    return std::make_unique<Queue>(own, std::move(backend));
  }

  BlockFile MakeFile(const std::string& text) {
    files_made_ = true;
    return BlockFile(GetParam().direct, text);
  }

  size_t block() const { return BlockBytes(GetParam().direct); }
  int64_t At(size_t block_number) const {
    return static_cast<int64_t>(block_number * block());
  }
  std::string Blocks(const std::string& text) const {
    return ExpandBlocks(text, block());
  }
  std::string TextOf(const std::string& bytes) const {
    return CollapseBlocks(bytes, block());
  }

  // How many requests the backend has completed itself; 0 unless counted().
  size_t answered() const { return counts_.answered; }
  bool counted() const {
    return GetParam().direct && GetParam().name != "worker";
  }

 private:
  BackendCounts counts_;
  bool files_made_ = false;
};

// For tests in which a request must stay in flight.
#define UASIO_SKIP_IF_PERFORMED_AT_SUBMIT() \
  if (GetParam().performs_at_submit)        \
  GTEST_SKIP() << GetParam().name           \
               << " performs requests in Submit(), which would block"

inline std::string NameOf(const testing::TestParamInfo<BackendCase>& info) {
  return info.param.name;
}

#define UASIO_INSTANTIATE_BACKENDS(suite)                                  \
  INSTANTIATE_TEST_SUITE_P(Backends, suite, testing::ValuesIn(Backends()), \
                           &NameOf)
#define UASIO_INSTANTIATE_DIRECT_BACKENDS(suite)                               \
  INSTANTIATE_TEST_SUITE_P(Direct, suite, testing::ValuesIn(DirectBackends()), \
                           &NameOf)

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_BACKENDS_H_
