// QueueStats counts what a queue has done since it was created.
//
// Threads:   one at a time; Queue::stats() returns it in the queue's thread.
// Units:     requests, unless a comment says otherwise.
// Errors:    none; a count that exceeds its type begins at 0 again.
//
// A slow queue shows where its time goes:
//   held, depth_reached   its own order or depth_max holds requests back;
//   workers               the backend does not take them, or gives them back;
//   waits                 the thread has nothing to do but wait.

#ifndef UASIO_ASIO_STATS_H_
#define UASIO_ASIO_STATS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "asio/op.h"

namespace uasio {

struct OpStats {
  uint64_t completed = 0;  // With any result.
  uint64_t failed = 0;     // Of these: with an error, cancelled ones included.
  uint64_t bytes = 0;      // Transferred by these.
};

// Counts durations by powers of two: count[i] is of those of at least 2^i and
// less than 2^(i + 1) nanoseconds; count[0] has shorter ones, too.
struct LatencyHistogram {
  std::array<uint64_t, 63> count = {};

  void Add(int64_t nanoseconds) noexcept;
  [[nodiscard]] uint64_t total() const noexcept;

  // A bound that the given share of the durations, from 0 to 1, is below, at
  // most twice too long.  Zero if there are none.
  [[nodiscard]] absl::Duration Percentile(double share) const noexcept;
};

struct QueueStats {
  std::array<OpStats, kOps> ops;  // By Op; see of().
  uint64_t submitted = 0;
  uint64_t cancelled = 0;  // Completed with -ECANCELED.

  uint64_t held = 0;  // Had to wait for others on their fd; see Order.

  // Times that the queue looked for requests to start, and depth_max held some
  // back; one request may be counted often.  Cached reads that it starts then
  // may have made room in the same call.
  uint64_t depth_reached = 0;

  uint64_t waits = 0;  // Times that a call was ready to block for a completion.

  // Starts; a request that is resubmitted, or that the workers get from the
  // backend, is started twice.
  uint64_t backend = 0;  // By the queue's backend.
  uint64_t workers = 0;  // By the worker backend.
  uint64_t cached = 0;   // Of these: not by its threads, but at once; see
                         // QueueOptions::cached_reads.
  uint64_t owner = 0;    // By the queue's thread, in SubmitAndWait().

  uint64_t resubmitted = 0;  // For the rest of a short transfer, or for EINTR.

  // Given from the backend to the workers because
  uint64_t refused = 0;        // the backend or the kernel refused them;
  uint64_t would_block = 0;    // the submitter would have had to wait;
  uint64_t not_supported = 0;  // the file has no such operation;
  uint64_t unfinished = 0;     // the rest is for them; see Backend.

  // From Submit() to completion; empty unless QueueOptions::measure_latency.
  LatencyHistogram latency;

  [[nodiscard]] const OpStats& of(Op op) const noexcept {
    return ops[static_cast<size_t>(op)];
  }

  // A few lines of text, without what is 0.
  [[nodiscard]] std::string ToString() const;
};

}  // namespace uasio

#endif  // UASIO_ASIO_STATS_H_
