#include "tools/bench/emulated_libaio_engine.h"

#include "asio/compat/libaio/aio.h"
#include "tools/bench/io_submit_loop.h"

namespace uasio::bench {
namespace {

struct EmulatedCalls {
  int64_t Setup(unsigned events, aio_context_t* context) const {
    return aio->Setup(events, context);
  }
  int64_t Destroy(aio_context_t context) const { return aio->Destroy(context); }
  int64_t Submit(aio_context_t context, int64_t count, iocb** iocbs) const {
    return aio->Submit(context, count, iocbs);
  }
  int64_t GetEvents(aio_context_t context, int64_t min, int64_t max,
                    io_event* events, const timespec* timeout) const {
    return aio->GetEvents(context, min, max, events, timeout);
  }

  libaio::Aio* aio;
};

class EmulatedLibaioEngine final : public Engine {
 public:
  absl::Status Supports(const Job& job) const override {
    if (job.workload != Workload::kNop) return absl::OkStatus();
    return absl::UnimplementedError("the interface has no no-op");
  }

  absl::StatusOr<Measurement> Measure(const Job& job) override {
    libaio::AioOptions options;
    options.threads_max = job.threads;
    libaio::Aio aio(options);
    return MeasureDrivers(job, [&aio] {
      return std::make_unique<IoSubmitLoop<EmulatedCalls>>(EmulatedCalls{&aio});
    });
  }
};

}  // namespace

std::unique_ptr<Engine> NewEmulatedLibaioEngine() {
  return std::make_unique<EmulatedLibaioEngine>();
}

}  // namespace uasio::bench
