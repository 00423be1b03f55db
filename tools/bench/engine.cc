#include "tools/bench/engine.h"

#include "absl/status/status.h"
#include "tools/bench/driver.h"
#include "tools/bench/drivers.h"
#include "tools/bench/emulated_libaio_engine.h"
#include "tools/bench/fio.h"
#include "tools/bench/queue_engine.h"
#include "tools/bench/small_files_engine.h"
#include "tools/bench/small_streams_engine.h"
#include "tools/bench/stream_engine.h"

namespace uasio::bench {
namespace {

enum class Scope { kEverything, kFiles, kNopOnly };

class DriverEngine final : public Engine {
 public:
  DriverEngine(Scope scope, std::unique_ptr<Driver> (*factory)())
      : scope_(scope), factory_(factory) {}

  absl::Status Supports(const Job& job) const override {
    const bool is_nop = job.workload == Workload::kNop;
    if (is_nop && scope_ == Scope::kFiles) {
      return absl::UnimplementedError("the interface has no no-op");
    }
    if (!is_nop && scope_ == Scope::kNopOnly) {
      return absl::UnimplementedError("supports only the workload nop");
    }
    return TryPrepare(job, factory_);
  }

  absl::StatusOr<Measurement> Measure(const Job& job) override {
    return MeasureDrivers(job, factory_);
  }

 private:
  const Scope scope_;
  std::unique_ptr<Driver> (*const factory_)();
};

template <Scope kScope, std::unique_ptr<Driver> (*kFactory)()>
std::unique_ptr<Engine> Peer() {
  return std::make_unique<DriverEngine>(kScope, kFactory);
}

struct Entry {
  const char* name;
  std::unique_ptr<Engine> (*make)();
};

constexpr Entry kEngines[] = {
    {"worker", [] { return NewQueueEngine("worker"); }},
    {"kaio", [] { return NewQueueEngine("kaio"); }},
    {"uring", [] { return NewQueueEngine("uring"); }},
    {"sync", [] { return NewQueueEngine("sync"); }},
    {"submit_and_wait_worker",
     [] { return NewQueueEngine("worker", Waits::kForAll); }},
    {"submit_and_wait_uring",
     [] { return NewQueueEngine("uring", Waits::kForAll); }},
    {"stream_worker", [] { return NewStreamEngine("worker"); }},
    {"stream_kaio", [] { return NewStreamEngine("kaio"); }},
    {"stream_uring", [] { return NewStreamEngine("uring"); }},
    {"stream_default", [] { return NewStreamEngine(""); }},
    {"emulated_libaio", NewEmulatedLibaioEngine},
    {"syslets", [] { return NewSmallFilesEngine("syslets"); }},
    {"fstream", [] { return NewSmallStreamsEngine("fstream"); }},
    {"pread", Peer<Scope::kFiles, NewPreadDriver>},
    {"pread_threads", Peer<Scope::kFiles, NewPreadThreadsDriver>},
    {"posix_aio", Peer<Scope::kFiles, NewPosixAioDriver>},
    {"io_submit", Peer<Scope::kFiles, NewIoSubmitDriver>},
    {"liburing", Peer<Scope::kEverything, NewLiburingDriver>},
    {"liburing_fixed", Peer<Scope::kEverything, NewLiburingFixedDriver>},
    {"mutex_queue", Peer<Scope::kNopOnly, NewMutexQueueDriver>},
    {"fio_libaio",
     [] {
       return NewFioEngine({"libaio", false});
     }},
    {"fio_emulated_libaio",
     [] {
       return NewFioEngine({"libaio", false, true});
     }},
    {"fio_io_uring",
     [] {
       return NewFioEngine({"io_uring", false});
     }},
    {"fio_io_uring_fixed",
     [] {
       return NewFioEngine({"io_uring", true});
     }},
    {"fio_pread_threads",
     [] {
       return NewFioEngine({"psync", false});
     }},
};

}  // namespace

std::vector<std::string> EngineNames() {
  std::vector<std::string> names;
  for (const Entry& entry : kEngines) names.emplace_back(entry.name);
  return names;
}

std::unique_ptr<Engine> NewEngine(absl::string_view name) {
  for (const Entry& entry : kEngines) {
    if (name == entry.name) return entry.make();
  }
  return nullptr;
}

}  // namespace uasio::bench
