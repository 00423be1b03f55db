// Shortcuts for tests: prepare, submit and finish a request in one line.

#ifndef UASIO_ASIO_TESTING_REQUESTS_H_
#define UASIO_ASIO_TESTING_REQUESTS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "asio/queue.h"
#include "gtest/gtest.h"

namespace uasio {

// When a test stops waiting and fails: 30 seconds from now.
inline absl::Time TestDeadline() { return absl::Now() + absl::Seconds(30); }

// A filled-in request, not submitted.
inline Request* Prepare(Queue* queue, Op op, int fd = -1, int64_t offset = 0,
                        size_t length = 0) {
  Request* r = queue->Get();
  if (r == nullptr) {
    ADD_FAILURE() << "Get() returned nullptr";
    std::abort();  // The test cannot go on.
  }
  r->op = op;
  r->fd = fd;
  r->offset = offset;
  r->length = length;
  return r;
}

// A filled-in write or write-back of `bytes`, not submitted.
inline Request* PrepareWrite(Queue* queue, Op op, int fd, int64_t offset,
                             const std::string& bytes) {
  Request* r = Prepare(queue, op, fd, offset, bytes.size());
  std::memcpy(r->buffer, bytes.data(), bytes.size());
  return r;
}

inline Request* Submit(Queue* queue, Op op, int fd = -1, int64_t offset = 0,
                       size_t length = 0) {
  Request* r = Prepare(queue, op, fd, offset, length);
  queue->Submit(r);
  return r;
}

inline Request* SubmitWrite(Queue* queue, Op op, int fd, int64_t offset,
                            const std::string& bytes) {
  Request* r = PrepareWrite(queue, op, fd, offset, bytes);
  queue->Submit(r);
  return r;
}

// The bytes that a finished read has read; its status if it failed.
inline std::string BytesOf(const Request& r) {
  if (r.result < 0) return r.status().ToString();
  return std::string(r.buffer, static_cast<size_t>(r.result));
}

// Waits for the next request, which must be `r`; puts it; returns its result.
inline int64_t Finish(Queue* queue, Request* r) {
  Request* back = queue->WaitUntil(TestDeadline());
  EXPECT_EQ(back, r);
  if (back == nullptr) return INT64_MIN;
  const int64_t result = back->result;
  queue->Put(back);
  return result;
}

// Waits for and puts all requests in flight; returns how many that were.
inline size_t FinishAll(Queue* queue) {
  size_t count = 0;
  while (Request* r = queue->WaitUntil(TestDeadline())) {
    queue->Put(r);
    ++count;
  }
  return count;
}

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_REQUESTS_H_
