// A RequestShare distributes the requests of one queue among its streams: when
// a stream has none, another one gives up a block that it has read ahead.
//
// Threads:   the queue's.
// Ownership: the first Join() creates it, the last Leave() destroys it.  The
//            queue must outlive it.
// Blocks:    GetOrReclaim(), WaitForHandler(), WaitForOthersOnFile().  They run
//            due handlers, also those of explicit requests.
// Bounds:    a queue of N requests serves N streams.  The requests that are
//            left serve for read-ahead and for more blocks being written.

#ifndef UASIO_ASIO_STREAMS_INTERNAL_SHARE_H_
#define UASIO_ASIO_STREAMS_INTERNAL_SHARE_H_

#include <cstddef>
#include <vector>

#include "asio/queue.h"

namespace uasio::internal {

// A stream that holds requests that it can release.
class Reclaimable {
 public:
  virtual ~Reclaimable() = default;

  // How many these are.
  virtual size_t spare_requests() const = 0;

  // Puts one of them; if it is in flight, its handler does so: see
  // AddReturningSoon().
  // REQUIRES: spare_requests() > 0.
  virtual void ReleaseOne() = 0;
};

class Stream;

class RequestShare {
 public:
  // Returns the share of `queue`, and adds `stream` to it.
  // REQUIRES: the thread is the queue's.
  static RequestShare* Join(Queue* queue, Stream* stream);

  // Removes `stream`.
  // REQUIRES: the thread is that of Join(), or this is a forked child.
  void Leave(Stream* stream);

  RequestShare(const RequestShare&) = delete;
  RequestShare& operator=(const RequestShare&) = delete;

  void Add(Reclaimable* reclaimable) { reclaimables_.push_back(reclaimable); }
  void Remove(Reclaimable* reclaimable);

  // Returns a request.  If none is free, first waits for requests that return
  // soon, then makes streams release some, and last waits for those that return
  // late.  nullptr: there are none of these either, or there is no memory.
  Request* GetOrReclaim();

  // Waits until a handler is due, and runs those that are.
  // REQUIRES: a request of a stream is in flight.
  void WaitForHandler() { internal::WaitForHandler(queue_); }

  // Waits until no other stream has anything in flight on the file of `stream`.
  void WaitForOthersOnFile(const Stream& stream);

  // Count requests in flight that their handlers will Put().  "Late" ones, as
  // writes to a pipe, may take arbitrarily long.
  void AddReturningSoon() { ++returning_soon_; }
  void RemoveReturningSoon() { --returning_soon_; }
  void AddReturningLate() { ++returning_late_; }
  void RemoveReturningLate() { --returning_late_; }

  Queue* queue() const { return queue_; }

 private:
  explicit RequestShare(Queue* queue) : queue_(queue) {}
  bool ReclaimOne();

  Queue* const queue_;
  std::vector<Stream*> streams_;
  size_t returning_soon_ = 0;
  size_t returning_late_ = 0;
  std::vector<Reclaimable*> reclaimables_;
  RequestShare* next_ = nullptr;  // In the list of this thread.
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_STREAMS_INTERNAL_SHARE_H_
