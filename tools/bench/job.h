// A Job describes the work of one measurement, the same for every engine.

#ifndef UASIO_TOOLS_BENCH_JOB_H_
#define UASIO_TOOLS_BENCH_JOB_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "asio/queue.h"

namespace uasio::bench {

class SmallFiles;

enum class Workload {
  kNop,
  kSeqRead,
  kSeqWrite,
  kRandRead,
  kRandWrite,
  kRandRw,      // Each operation is a read or a write with equal probability.
  kCopy,        // Reads a block from one file and writes it to another.
  kScatter,     // As kCopy, but writes to kScatterPlaces round-robin.
  kSmallFiles,  // Reads many files of one block each, once per round.
  kSmallRead,   // Opens a file of one block, reads it whole, and closes it.
  kSmallWrite,  // Writes it instead.
  kLines,       // As kSmallWrite, in lines of kLineBytes, with std::endl.
};

// "nop", "seqread", ...; in the order of the enum.
const std::vector<std::string>& WorkloadNames();
const std::string& WorkloadName(Workload workload);

// "1 queue", "2 queues".
std::string QueuesText(size_t queues);

// False: no workload has that name.
bool ParseWorkload(absl::string_view name, Workload* workload);

// As in an external sort: the first file is read sequentially, and each place
// of the second file is written sequentially.
inline constexpr size_t kScatterPlaces = 16;

// Requests that the queue of streams needs for kScatter: two for each of the
// kScatterPlaces + 1 streams (one of the two may be in flight), and 2 * depth
// for blocks in flight.
inline size_t ScatterRequests(size_t depth) {
  return 2 * (kScatterPlaces + 1 + depth);
}

// Whether the workload uses the scratch file.
inline bool HasAFile(Workload workload) {
  return workload != Workload::kNop && workload != Workload::kSmallFiles;
}

// Whether the workload uses a second scratch file.
inline bool HasTwoFiles(Workload workload) {
  return workload == Workload::kCopy || workload == Workload::kScatter;
}

// Whether an operation is a whole file, from open to close.
inline bool IsSmallStream(Workload workload) {
  return workload == Workload::kSmallRead ||
         workload == Workload::kSmallWrite || workload == Workload::kLines;
}

// Of kLines; the last line of a file may be shorter.
inline constexpr size_t kLineBytes = 20;

struct Job {
  Workload workload = Workload::kRandRead;
  size_t block_bytes = 4096;
  size_t depth = 32;    // Operations in flight, for each queue.
  size_t threads = 32;  // Of the pool, or that call pread(2).
  size_t queues = 1;    // Submitting threads, each with a queue of `depth`.
  bool direct = true;
  bool cold = true;
  Order order = Order::kRange;  // Of our queues.

  uint64_t file_bytes = 0;
  int fd = -1;       // A file of file_bytes, opened with O_DIRECT if `direct`.
  std::string path;  // Under which another program can open that file.
  int copy_fd = -1;  // A second such file, if HasTwoFiles().

  const SmallFiles* small_files = nullptr;  // For kSmallFiles.

  // Operations are measured for `duration`, after all threads have been running
  // for `ramp`.
  absl::Duration duration = absl::Seconds(1);
  absl::Duration ramp = absl::Milliseconds(100);
  uint64_t seed = 1;  // Of the random offsets: one per round, for all engines.
};

}  // namespace uasio::bench

#endif  // UASIO_TOOLS_BENCH_JOB_H_
