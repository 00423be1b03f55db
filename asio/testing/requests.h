// Short cuts for tests: a request in one line.

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

// How long a test waits before it says that something never happens.
inline absl::Time SoonEnough() { return absl::Now() + absl::Seconds(30); }

// A filled-in request, not submitted.
inline Request* Prepare(Queue* queue, Op op, int fd = -1, int64_t offset = 0,
                        size_t length = 0) {
  Request* r = queue->Get();
  if (r == nullptr) {
    ADD_FAILURE() << "Get() answers nullptr";
    std::abort();  // Nothing that follows would make sense.
  }
  r->op = op;
  r->fd = fd;
  r->offset = offset;
  r->length = length;
  return r;
}

// A write, write-back, ... of `bytes`.
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

// What a finished read has read.
inline std::string BytesOf(const Request& r) {
  if (r.result < 0) return r.status().ToString();
  return std::string(r.buffer, static_cast<size_t>(r.result));
}

// The result of the next request to come back, which must be `r`; puts it.
inline int64_t Finish(Queue* queue, Request* r) {
  Request* back = queue->WaitUntil(SoonEnough());
  EXPECT_EQ(back, r);
  if (back == nullptr) return INT64_MIN;
  const int64_t result = back->result;
  queue->Put(back);
  return result;
}

// Waits for everything there is, and puts it; how many that was.
inline size_t FinishAll(Queue* queue) {
  size_t count = 0;
  while (Request* r = queue->WaitUntil(SoonEnough())) {
    queue->Put(r);
    ++count;
  }
  return count;
}

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_REQUESTS_H_
