// For tests of a Backend: makes, starts and reaps requests as a queue would.

#ifndef UASIO_ASIO_TESTING_BACKEND_H_
#define UASIO_ASIO_TESTING_BACKEND_H_

#include <poll.h>
#include <sys/eventfd.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "asio/backend.h"
#include "asio/syscalls/transfer.h"
#include "gtest/gtest.h"

namespace uasio {

// A request as a queue passes it to a backend.
inline Request MakeRequest(Op op, int fd, int64_t offset, char* buffer,
                           size_t length) {
  Request request;
  request.op = op;
  request.fd = fd;
  request.offset = offset;
  request.buffer = buffer;
  request.length = length;
  if (op != Op::kNoOp) request.traits = GetFdTraits(fd);
  return request;
}

inline Request MakeNoOp() { return MakeRequest(Op::kNoOp, -1, 0, nullptr, 0); }

inline void StartOne(Backend* backend, Request* request) {
  backend->Start(absl::MakeConstSpan(&request, 1));
}

// Blocks for exactly `count` completions, and copies their results into their
// requests.
inline std::vector<Completion> ReapAll(Backend* backend, size_t count) {
  std::vector<Completion> out(count);
  EXPECT_EQ(backend->Reap(absl::MakeSpan(out), count, kNoDeadline), count);
  for (const Completion& completion : out) {
    completion.request->result = completion.result;
    completion.request->transferred = completion.transferred;
  }
  return out;
}

// Expects that Reap() returns `request` without blocking; nullptr: nothing.
inline void ExpectFinished(Backend* backend, Request* request) {
  Completion out = {};
  EXPECT_EQ(backend->Reap(absl::MakeSpan(&out, 1), 0, kDontWait),
            request == nullptr ? 0u : 1u);
  EXPECT_EQ(out.request, request);
  if (out.request != nullptr) request->result = out.result;
}

// Waits up to `timeout_ms` until the eventfd is readable, and reads it.  False:
// it was not readable.
inline bool TakeSignal(int event_fd, int timeout_ms) {
  pollfd in = {event_fd, POLLIN, 0};
  if (poll(&in, 1, timeout_ms) != 1) return false;
  eventfd_t count;
  return eventfd_read(event_fd, &count) == 0;
}

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_BACKEND_H_
