// A Job is one thing to be measured: the same work for every engine.

#ifndef UASIO_TOOLS_BENCH_JOB_H_
#define UASIO_TOOLS_BENCH_JOB_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "asio/queue.h"

namespace uasio {

class SmallFiles;

enum class Workload {
  kNop,
  kSeqRead,
  kSeqWrite,
  kRandRead,
  kRandWrite,
  kRandRw,      // Every other block, by chance, is written.
  kCopy,        // A block is read from one file and written to another.
  kScatter,     // The same, but blocks go to kScatterPlaces in turn.
  kSmallFiles,  // Many files are read whole, each of a block, once in a round.
};

// "nop", "seqread", ...; in the order of the enum.
const std::vector<std::string>& WorkloadNames();
const std::string& WorkloadName(Workload workload);

// "1 queue", "2 queues".
std::string QueuesText(size_t queues);

// False: there is no workload of that name.
bool ParseWorkload(absl::string_view name, Workload* workload);

// As in an external sort: a file is read from its beginning to its end, and
// each of these is written from its beginning to its end.
inline constexpr size_t kScatterPlaces = 16;

// Requests of a queue of streams that does it: two for each stream, of which
// one may be on its way, and two for each that is ahead.
inline size_t ScatterRequests(size_t depth) {
  return 2 * (kScatterPlaces + 1 + depth);
}

// Whether it works on a file at all.
inline bool HasAFile(Workload workload) {
  return workload != Workload::kNop && workload != Workload::kSmallFiles;
}

// Whether there is a second file.
inline bool HasTwoFiles(Workload workload) {
  return workload == Workload::kCopy || workload == Workload::kScatter;
}

struct Job {
  Workload workload = Workload::kRandRead;
  size_t block_bytes = 4096;
  size_t depth = 32;    // In flight at a time, for each queue.
  size_t threads = 32;  // Of the pool, or that pread.
  size_t queues = 1;    // As many threads, each with `depth` of its own.
  bool direct = true;
  bool cold = true;
  Order order = Order::kRange;  // Of our queues.

  uint64_t file_bytes = 0;
  int fd = -1;       // Of a file of file_bytes, opened as `direct` says,
  std::string path;  // by which another program can open it.
  int copy_fd = -1;  // Of another such file, if HasTwoFiles().

  const SmallFiles* small_files = nullptr;  // For kSmallFiles.

  // Operations are counted for `length`, which begins when everybody has been
  // at work for `ramp`.
  absl::Duration length = absl::Seconds(1);
  absl::Duration ramp = absl::Milliseconds(100);
  uint64_t seed = 1;  // Of the random offsets: the same for all in a round.
};

}  // namespace uasio

#endif  // UASIO_TOOLS_BENCH_JOB_H_
