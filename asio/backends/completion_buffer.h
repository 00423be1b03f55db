// A CompletionBuffer holds a backend's completions, in order, until Reap().
//
// Threads:   one at a time.
// Bounds:    as many as the requests in flight.
// Cost:      O(1); no allocation while at most as many are stored as were
//            reserved.

#ifndef UASIO_ASIO_BACKENDS_COMPLETION_BUFFER_H_
#define UASIO_ASIO_BACKENDS_COMPLETION_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/types/span.h"
#include "asio/backend.h"

namespace uasio {

class CompletionBuffer {
 public:
  // Allocates memory for `count` completions.  Throws std::bad_alloc.
  void Reserve(size_t count) { completions_.reserve(2 * count); }

  void Add(Request* request, int64_t result, size_t transferred) {
    const bool full = completions_.size() == completions_.capacity();
    if (full && 2 * moved_ >= completions_.size()) DropMoved();
    completions_.push_back({request, result, transferred});
  }

  size_t size() const { return completions_.size() - moved_; }

  // Moves the oldest completions to `out`, as many as fit; returns how many.
  size_t MoveTo(absl::Span<Completion> out) {
    const size_t count = std::min(out.size(), size());
    std::copy_n(completions_.data() + moved_, count, out.begin());
    moved_ += count;
    if (size() == 0) {
      completions_.clear();
      moved_ = 0;
    }
    return count;
  }

 private:
  // O(1) for each, if at least half have been moved.
  void DropMoved() {
    completions_.erase(completions_.begin(),
                       completions_.begin() + static_cast<ptrdiff_t>(moved_));
    moved_ = 0;
  }

  std::vector<Completion> completions_;
  size_t moved_ = 0;  // From the front.
};

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_COMPLETION_BUFFER_H_
